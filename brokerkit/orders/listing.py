"""Rows of a broker's list of the day, and what they have to do with an intent."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple
from urllib.parse import unquote

from brokerkit.errors import IncompleteListing
from brokerkit.models import Order
from brokerkit.orders.intents import Intent, NumberKey, key_of, keys_of, number_of
from brokerkit.symbols import is_symbol
from brokerkit.words import Side

EARLY = dt.timedelta(seconds=2)
WRONG_CLOCK = 60.0
"""Seconds by which our clock may differ from the broker's before times decide nothing, and real money stays."""
SKEW = dt.timedelta(seconds=60)
"""A row that the broker dates further off than this cannot be the intent's; nearer it may be the clocks."""


class Sending(NamedTuple):
    """Between which moments, by the broker's clock, it took an order that the journal knows."""

    number: str
    """As it is spelt for comparisons."""
    symbol: str
    side: Side
    since: dt.datetime
    until: dt.datetime

    def could_be(self, moment: dt.datetime) -> bool:
        """Say whether the broker took it at this moment: the clocks may differ."""
        return self.since - EARLY - SKEW <= moment <= self.until + EARLY + SKEW


@dataclass(frozen=True)
class Listed:
    """An order, amendment or cancellation as a broker's list of the day shows it."""

    order: Order
    is_cancellation: bool = False
    is_elsewhere: bool = False
    """The broker shows that it came by another channel than the API."""
    tells_original: bool = True
    """Whether it would tell which order it amends or cancels: else one without such a number may do so too."""
    is_dated: bool = True
    """Whether its list is of the day that was asked for; else it may be an order of an earlier day."""
    is_in_full: bool = True
    """Whether a list of all orders shows it, and not only one of open or of filled orders."""
    branch: str = ""
    """Where it was numbered: numbers of two branches may be equal. Filled in by the core."""
    day: dt.date | None = None
    """Its trading day, or where `is_sure` is not set the date of its list; None: the one that was asked for."""
    is_sure: bool = True
    """Whether it is known to be of that day: lists of some markets may date an order a day off."""
    moments: tuple[dt.datetime, ...] = ()
    """When the broker may have taken it, where more than one moment is possible."""
    is_noticed: bool = False
    """Whether a notice told it, and no list alone."""
    tells_time: bool = True
    """Whether its time can be compared with our clock."""
    skew: dt.timedelta = dt.timedelta(0)
    """By how much the broker's clock is ahead of ours."""

    @property
    def time(self) -> dt.datetime | None:
        """When the broker took it by our clock, if that can be told."""
        taken = self.order.submitted_at
        return taken - self.skew if taken is not None and self.tells_time else None

    @property
    def times(self) -> tuple[dt.datetime, ...]:
        """When the broker may have taken it by our clock; none where that may be any time."""
        if (time := self.time) is not None:
            return (time,)
        return tuple(moment - self.skew for moment in self.moments) if self.tells_time else ()

    @property
    def number(self) -> str:
        """Its number, spelt for comparisons."""
        return key_of(self.order.id) or self.order.id

    @property
    def key(self) -> NumberKey:
        """What tells it from all other rows of its market and day."""
        return self.number, self.branch


@dataclass(frozen=True)
class Unread:
    """A row of a list that cannot be read: nobody knows whose it is, so nothing can be called absent beside it."""

    words: str
    """What is wrong with it."""
    number: str = ""
    """Its order's number, if that much can be read."""


def is_same(order: Order, row: Order, *, number: str) -> bool:
    """Say whether a row of a list is the order that has this number: numbers come again, on other days for example.

    A symbol that is not understood, and a price that either does not tell, contradict nothing.
    """
    if key_of(row.id) != key_of(number) or order.side is not row.side or not _same_symbol(order.symbol, row.symbol):
        return False
    if None not in (order.price, row.price) and order.price != row.price:
        return False
    # How much an amendment moved is not told by every answer, nor is what its row shows as its quantity.
    return order.original_id is not None or row.quantity == order.quantity


def _same_symbol(known: str, listed: str) -> bool:
    return known == listed or not is_symbol(listed)


def checked(rows: Iterable[Listed], asked_on: dt.date, answered_on: dt.date) -> tuple[Listed, ...]:
    """Return the rows, each number once; IncompleteListing if they contradict each other or the day changed."""
    if asked_on != answered_on:
        raise IncompleteListing("The day changed while the list was read.")
    found: dict[tuple[dt.date | None, NumberKey], Listed] = {}
    for row in rows:
        known = found.setdefault((row.day, row.key), row)
        if _identity(known) != _identity(row):
            raise IncompleteListing(f"Order {row.order.id} stands in the list twice, and differently.")
    return tuple(found.values())


def _identity(row: Listed) -> tuple[object, ...]:
    order = row.order
    return (order.symbol, order.side, order.quantity, order.original_id, row.is_cancellation)


def falls(rows: Sequence[Listed]) -> bool:
    """Say whether a later order may have a lower number than an earlier one: one was seen, or two branches number."""
    if len({row.branch for row in rows if row.branch}) > 1:
        return True
    known = [(row.time, number) for row in rows if row.time and (number := number_of(row.order.id)) is not None]
    highest = 0
    for _, group in groupby(sorted(known), key=itemgetter(0)):
        numbers = [number for _, number in group]
        if numbers[0] < highest:
            return True
        highest = numbers[-1]
    return False


def could_be(intent: Intent, row: Listed) -> bool:
    """Say whether a row is of the same symbol, side and kind as an intent, and of the same chain of orders."""
    order = row.order
    if order.side is not intent.side or not _same_symbol(intent.symbol, order.symbol):
        return False
    if intent.is_new:
        return _may_be_kind(intent, row)
    is_open = order.original_id is None and not row.tells_original
    return row.is_cancellation == intent.is_cancel if is_open else _is_change(intent, row)


def _may_be_kind(intent: Intent, row: Listed) -> bool:
    """Say whether a row may be a new order where an intent is one, and else a change of one."""
    if row.order.original_id is None and not row.tells_original:
        return not (intent.is_new and row.is_cancellation)
    return (row.order.original_id is None) == intent.is_new


def _is_change(intent: Intent, row: Listed) -> bool:
    """Say whether a row amends or cancels the order that an intent names."""
    return row.is_cancellation == intent.is_cancel and key_of(row.order.original_id) in chain_of(intent, row.branch)


def is_related(intent: Intent, row: Listed) -> bool:
    """Say whether a row could have anything to do with an intent: what is left of these explains nothing else.

    A symbol that is not understood may be its own. What the row of a raw call would be like is not known.
    """
    order = row.order
    if order.side is not intent.side and not (intent.is_raw and intent.side is None):
        return False
    if not _same_symbol(intent.symbol, order.symbol) and not (intent.is_raw and not intent.symbol):
        return False
    if not (intent.is_raw or _may_be_kind(intent, row)):
        return False
    # On another day numbers begin anew.
    number = number_of(order.id) if row.day in (None, intent.day) else None
    if intent.watermark is not None and number is not None and number <= intent.watermark:
        return False
    times = row.times
    return not times or intent.sent_at is None or max(times) >= intent.sent_at - EARLY - SKEW


def fits(intent: Intent, row: Listed, *, until: dt.datetime | None, alone: bool = False) -> bool:
    """Say whether a row is just what the intent would have become, at a time at which it could have.

    `alone`: no order but that of the intent can stand in the lists unexplained, of whatever day.
    """
    order = row.order
    if not is_related(intent, row) or row.is_elsewhere or not _in_time(intent, row, until):
        return False
    if intent.is_raw:
        return True
    is_explained_by_time = alone and bool(row.times) and intent.sent_at is not None
    if order.symbol != intent.symbol or not (_came_after(intent, row) or is_explained_by_time):
        return False
    if intent.is_new:
        wanted = intent.request
        assert wanted is not None  # noqa: S101 - an order has a request
        same_type = order.type in (None, wanted.type)
        return order.quantity == wanted.quantity and order.price == wanted.price and same_type
    if not _is_change(intent, row):
        return False
    if intent.quantity is not None and order.quantity != intent.quantity:
        return False
    return intent.is_cancel or order.price == intent.price


def _in_time(intent: Intent, row: Listed, until: dt.datetime | None) -> bool:
    if not row.times or intent.sent_at is None:
        return True
    return any(intent.sent_at - EARLY <= time and (until is None or time <= until) for time in row.times)


def _came_after(intent: Intent, row: Listed) -> bool:
    """Say whether a row is of an intent's day, or shows by number and time that it came after it all the same."""
    if row.is_dated:
        # A row that tells moments of several days may be of each of them, whatever its number is.
        return row.is_sure or (bool(intent.watermark) and not row.times)
    tells_time = row.is_sure and bool(row.times) and intent.sent_at is not None
    # A moment tells it alone: of days that differ the numbers cannot be compared.
    return tells_time and (bool(intent.watermark) or row.day is not None)


def chain_of(intent: Intent, branch: str = "") -> frozenset[str]:
    """Return all numbers under which the order that an intent names may be listed as the original one.

    `branch` stands in handles too, and is no number of an order.
    """
    if intent.order is None:
        return frozenset()
    parts = [unquote(part) for part in intent.order.handle.split(":")[2:]]
    return keys_of((intent.order.id, intent.order.original_id, *(part for part in parts if part not in ("", branch))))


def others(rows: Sequence[Listed], explained: frozenset[NumberKey]) -> list[Listed]:
    """Return the rows that no intent accounts for."""
    numbers = numbers_in(explained)
    return [row for row in rows if row.number not in numbers or not _is_explained(row, explained)]


def others_of_days(rows: Sequence[Listed], explained: Mapping[dt.date, frozenset[NumberKey]]) -> list[Listed]:
    """Return the rows that no intent of their day accounts for.

    Where the day of a row is not sure, an intent of a day beside it does, unless the number stands under that day too.
    """
    listed = {(row.day, row.number) for row in rows}
    numbers = {day: numbers_in(keys) for day, keys in explained.items()}

    def is_accounted(row: Listed) -> bool:
        days = [day for day in numbers if row.number in numbers[day]]
        meant = [day for day in days if day == row.day or not (row.is_sure or (day, row.number) in listed)]
        return any(_is_explained(row, explained[day]) for day in meant)

    return [row for row in rows if not is_accounted(row)]


def numbers_in(keys: Iterable[NumberKey]) -> frozenset[str]:
    """Return the numbers of these keys, without their branches."""
    return frozenset(number for number, _ in keys)


def _is_explained(row: Listed, explained: frozenset[NumberKey]) -> bool:
    # Where either does not tell its branch, the number decides.
    return not row.branch or (row.number, "") in explained or row.key in explained
