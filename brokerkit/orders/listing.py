"""Rows of a broker's list of the day, and what they have to do with an intent."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

from brokerkit.errors import IncompleteListing
from brokerkit.models import Order
from brokerkit.orders.intents import Intent, IntentKind, key_of, number_of

EARLY = dt.timedelta(seconds=2)
WRONG_CLOCK = 60.0
"""Seconds by which our clock may differ from the broker's before times decide nothing, and real money stays."""
SKEW = dt.timedelta(seconds=60)
"""A row that the broker dates further off than this cannot be the intent's; nearer it may be the clocks."""


@dataclass(frozen=True)
class Listed:
    """An order, amendment or cancellation as a broker's list of the day shows it."""

    order: Order
    is_cancellation: bool = False
    is_elsewhere: bool = False
    """The broker shows that it came by another channel than the API."""
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
    def key(self) -> str:
        """Its number, spelt for comparisons."""
        return key_of(self.order.id) or self.order.id


def checked(rows: Iterable[Listed], asked_on: dt.date, answered_on: dt.date) -> tuple[Listed, ...]:
    """Return the rows, each number once; IncompleteListing if they contradict each other or the day changed."""
    if asked_on != answered_on:
        raise IncompleteListing("The day changed while the list was read.")
    found: dict[str, Listed] = {}
    for row in rows:
        known = found.setdefault(row.key, row)
        if _identity(known) != _identity(row):
            raise IncompleteListing(f"Order {row.order.id} stands in the list twice, and differently.")
    return tuple(found.values())


def _identity(row: Listed) -> tuple[object, ...]:
    order = row.order
    return (order.symbol, order.side, order.quantity, order.original_id, row.is_cancellation)


def falls(rows: Iterable[Listed]) -> bool:
    """Say whether a later order has a lower number than an earlier one."""
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
    if (order.symbol, order.side) != (intent.symbol, intent.side):
        return False
    if intent.kind is IntentKind.ORDER:
        return order.original_id is None
    return row.is_cancellation == (intent.kind is IntentKind.CANCEL) and key_of(order.original_id) in chain_of(intent)


def is_related(intent: Intent, row: Listed) -> bool:
    """Say whether a row could have anything to do with an intent: what is left of these explains nothing else."""
    order = row.order
    if (order.symbol, order.side) != (intent.symbol, intent.side):
        return False
    if (order.original_id is None) != (intent.kind is IntentKind.ORDER):
        return False
    number = number_of(order.id)
    if intent.watermark is not None and number is not None and number <= intent.watermark:
        return False
    return row.time is None or intent.sent_at is None or row.time >= intent.sent_at - EARLY - SKEW


def fits(intent: Intent, row: Listed, *, until: dt.datetime | None) -> bool:
    """Say whether a row is just what the intent would have become, at a time at which it could have."""
    order = row.order
    if not is_related(intent, row) or row.is_elsewhere or not _in_time(intent, row, until):
        return False
    if intent.kind is IntentKind.ORDER:
        wanted = intent.request
        assert wanted is not None  # noqa: S101 - an order has a request
        same_type = order.type in (None, wanted.type)
        return order.quantity == wanted.quantity and order.price == wanted.price and same_type
    if row.is_cancellation != (intent.kind is IntentKind.CANCEL) or key_of(order.original_id) not in chain_of(intent):
        return False
    if intent.quantity is not None and order.quantity != intent.quantity:
        return False
    return intent.kind is IntentKind.CANCEL or order.price == intent.price


def _in_time(intent: Intent, row: Listed, until: dt.datetime | None) -> bool:
    if row.time is None or intent.sent_at is None:
        return True
    return intent.sent_at - EARLY <= row.time and (until is None or row.time <= until)


def chain_of(intent: Intent) -> frozenset[str]:
    """Return all numbers under which the order that an intent names may be listed as the original one."""
    if intent.order is None:
        return frozenset()
    named = re.findall(r"[0-9]+", intent.order.handle.partition(":")[2].partition(":")[2])
    numbers = (intent.order.id, intent.order.original_id, *named)
    return frozenset(key for number in numbers if (key := key_of(number)) is not None)


def others(rows: Sequence[Listed], explained: frozenset[str]) -> list[Listed]:
    """Return the rows that no intent accounts for."""
    return [row for row in rows if row.key not in explained]
