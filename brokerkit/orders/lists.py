"""What became of orders, as a broker's lists show it: one order, those that stand, those of some days, a whole day.

An adapter gives pages of rows. Which row is which order, what its status is and what its handle says is judged here.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import groupby
from typing import Any, NamedTuple

from pydantic import ValidationError

from brokerkit import clock
from brokerkit.errors import IncompleteListing, WireError
from brokerkit.logs import about
from brokerkit.market.markets import market_named
from brokerkit.models import Order
from brokerkit.models.handles import Handle, can_stand_in_a_handle, is_number
from brokerkit.orders.building import is_time
from brokerkit.orders.intents import key_of
from brokerkit.orders.listing import EARLY, SKEW, Listed, Sending, Unread, is_same
from brokerkit.part import Part
from brokerkit.replies import OrderPage, OrderReply
from brokerkit.transport import OddRow
from brokerkit.words import OrderStatus, Venue

logger = logging.getLogger("brokerkit")

_LOOK = "It may be of the day before. Refresh the orders that you know, or look at the broker's own list."
IsOver = Callable[[dt.date, Venue | None], bool]
"""Says whether regular trading of a day at a venue has ended, so that what is neither filled nor left has expired."""
SentOn = Callable[[dt.date], Iterable[Sending]]
"""Tells when the broker took the orders of a trading day that the journal knows, as far as their times can tell."""


class _Found(NamedTuple):
    """A row of a list, and of which trading day of its market it is."""

    page: OrderPage
    row: OrderReply
    day: dt.date
    """Its trading day where that is sure, else the date under which the list shows it."""
    moments: tuple[dt.datetime, ...]
    """When the broker may have taken it; none where that may be any time."""
    is_sure: bool

    @property
    def time(self) -> dt.datetime | None:
        """When the broker took it, where that is sure."""
        return self.moments[0] if len(self.moments) == 1 else None


_Sent = dict[str, list[Sending]]
"""What was sent on a day, by its number."""
_OfADay = tuple[dt.date, OrderReply, Order]


def _day_of(told: _OfADay) -> dt.date:
    return told[0]


class _Odd(NamedTuple):
    """A row of a list that is not as documented."""

    page: OrderPage
    row: OddRow


@dataclass
class _Changes:
    """Which orders other rows amended or cancelled; one that was refused has changed nothing."""

    differ: int
    """By how many days the row of a change may be dated later than that of its order."""
    _branches: dict[tuple[dt.date, str | None], set[str]] = field(default_factory=lambda: defaultdict(set))
    _seen: set[tuple[dt.date, str | None]] = field(default_factory=set)
    """The rows that there are."""

    def add(self, found: _Found) -> None:
        self._seen.add((found.day, key_of(found.row.id)))
        original = found.row.fact("original_id")
        if original and not found.row.fact("is_refused"):
            self._branches[found.day, key_of(original)].add(found.row.fact("branch"))

    def changed(self, found: _Found) -> bool:
        """Say whether the order of a row was changed by a row of its branch."""
        own, number, days = found.row.fact("branch"), key_of(found.row.id), [found.day]
        if not found.is_sure:
            later = [found.day + dt.timedelta(count) for count in range(1, self.differ + 1)]
            # What changed the order that has the number on a later day is another change.
            days += [day for day in later if (day, number) not in self._seen]
        return any(_is_one_branch(own, other) for day in days for other in self._branches.get((day, number), ()))


class OrderLists:
    """The lists of orders of one part of an account.

    Where lists may date orders by another calendar than that of the market, the days around those that are meant are
    asked for too. An order is of the day to which its moment belongs; one whose row tells no moment is of the day under
    which the list shows it, and that this is so is not sure. Where a row may be of several moments, the orders of which
    the journal knows when they were sent show how the broker dates and times its rows.
    """

    def __init__(self, part: Part[Any], is_over: IsOver, sent_on: SentOn) -> None:
        self._part = part
        self._is_over = is_over
        self._sent_on = sent_on
        self._market = market_named(part.market)
        self._differ = self._market.days_differ

    def find(self, order: Order) -> Order | None:
        """Return the order as its row shows it, under the number and the handle that the caller has.

        None too where more than one row could be it: numbers come again on other days; and of a venue that is in no
        list, of which nothing is asked.
        """
        if order.venue in self._part.unlisted_venues:
            words = "%s lists no orders of %s: what became of order %s its own app shows"
            logger.warning(
                words,
                self._part.broker,
                order.venue,
                order.id,
                extra=about("venue_unlisted", broker=self._part.broker, venue=order.venue, order=order.id),
            )
            return None
        handle = self._part.handle_of(order)
        changes = _Changes(self._differ)
        odd: list[_Odd] = []
        rows: list[_Found] = []
        doubtful: list[int] = []
        pages = self._part.rows(*self._dated(handle.day, handle.day), symbol=order.symbol, number=handle.number)
        for found in self._rows_of(pages, handle.day):
            if isinstance(found, _Odd):
                odd.append(found)
                continue
            rows.append(found)
            if not self._may_be_row_of(found, handle):
                changes.add(found)
            elif same := self._same(order, handle, self._order(found, changes)):
                if found.is_sure and found.day == handle.day:
                    return same
                doubtful.append(len(rows) - 1)
        for unread in odd:
            if unread.row.may_be(handle.number, *unread.row.names_of("id")):
                raise self._odd(unread)
        left = self._sent_then(doubtful, rows, handle)
        if len(left) > 1:
            words = "%s lists %d orders like %s, and which one is of %s is not sure"
            logger.warning(
                words,
                handle.broker,
                len(left),
                handle.number,
                handle.day,
                extra=about(
                    "order_not_told", broker=handle.broker, order=handle.number, day=handle.day, count=len(left)
                ),
            )
        return self._same(order, handle, self._order(left[0], changes)) if len(left) == 1 else None

    def working(self) -> list[Order]:
        """Return the orders that stand, oldest first."""
        today = self._market.today()
        pages = self._part.rows(*self._dated(today, today), open_only=True)
        working = [
            self._order(found, _Changes(self._differ))
            for found in self._sound(pages, today)
            if not self._is_past(found, today)
        ]
        return sorted(working, key=self._age(working))

    def history(self, start: dt.date, end: dt.date, symbol: str | None) -> list[Order]:
        """Return the orders and amendments of days, oldest first; a cancellation shows in the order it cancelled."""
        return [order for _, _, order in self.listed(start, end, symbol)]

    def listed(self, start: dt.date, end: dt.date, symbol: str | None) -> list[_OfADay]:
        """Return them with their days and rows."""
        shown: set[dt.date] = set()
        listed: list[_Found] = []
        changes = _Changes(self._differ)
        for page in self._part.rows(*self._dated(start, end), symbol=symbol):
            if not page.shows_all and page.day in shown:
                continue  # it stands in for a list of the day that shows nothing
            if not page.is_dated and self._part.environment in self._part.lists_prove_absence:
                continue  # the list of the day shows every order, and this one may show those of another day
            for found in self._sound([page], start):
                if not page.is_dated:
                    raise self._undated(found)
                listed.append(found)
                if page.shows_all:
                    shown.add(found.day)
        listed = self._as_sent(listed)
        for found in listed:
            changes.add(found)
        told = [
            (found.day, found.row, self._order(found, changes))
            for found in _each_once(listed)
            if not found.row.fact("is_cancellation") and symbol in (None, found.row.symbol)
            if not self._differ or start <= found.day <= end
        ]
        days = groupby(sorted(told, key=_day_of), key=_day_of)
        return [each for _, rows in days for each in self._of_a_day(list(rows))]

    def _of_a_day(self, rows: list[_OfADay]) -> list[_OfADay]:
        age = self._age([order for _, _, order in rows])
        return sorted(rows, key=lambda each: age(each[2]))

    def _age(self, orders: Iterable[Order]) -> Callable[[Order], Any]:
        """Return what sorts orders of one day: by time, and where one tells none by their numbers, if these ascend."""
        if all(order.submitted_at for order in orders):
            return lambda order: (order.submitted_at, len(order.id), order.id)
        return lambda order: (len(order.id), order.id) if self._part.numbers_ascend else ()

    def everything(self, day: dt.date) -> list[Listed | Unread]:
        """Return every row that there is of a day; IncompleteListing if no list shows all of it.

        Where the lists may date orders otherwise, those of the days around that may be of this day are among them.
        """
        rows: list[_Found] = []
        unread: list[Unread] = []
        changes = _Changes(self._differ)
        shows_all = False
        for page in self._part.rows(*self._dated(day, day)):
            shows_all = shows_all or page.shows_all
            for found in self._rows_of([page], day):
                if isinstance(found, _Odd):
                    unread.append(Unread(found.row.fault, _number_of(found.row)))
                else:
                    rows.append(found)
        if not shows_all:
            raise IncompleteListing(f"No list shows every order of {day}.", broker=self._part.broker)
        rows = self._as_sent(rows)
        for found in rows:
            changes.add(found)
        listed = (self._listed(found, day, changes) for found in _each_once(rows) if self._may_be_of(found, day))
        return [*listed, *unread]

    def _dated(self, start: dt.date, end: dt.date) -> tuple[dt.date, dt.date]:
        """Return under which dates a list may show the orders of some days: under none that has come nowhere yet."""
        around = dt.timedelta(self._differ)
        newest = max(self._market.today(), clock.today())
        return start - around, max(end, min(end + around, newest))

    def _listed(self, found: _Found, day: dt.date, changes: _Changes) -> Listed:
        row = found.row
        return Listed(
            self._order(found, changes),
            is_cancellation=row.fact("is_cancellation"),
            is_elsewhere=row.fact("is_elsewhere"),
            tells_original=row.fact("tells_original"),
            is_dated=found.page.is_dated and (found.day == day or not self._differ),
            is_in_full=found.page.shows_all,
            branch=row.fact("branch"),
            day=found.day if self._differ else None,
            is_sure=found.is_sure,
            moments=found.moments,
        )

    def _sound(self, pages: Iterable[OrderPage], day: dt.date) -> Iterator[_Found]:
        """Yield rows with their days; a WireError at one that is not as documented."""
        for found in self._rows_of(pages, day):
            if isinstance(found, _Odd):
                raise self._odd(found)
            yield found

    def _rows_of(self, pages: Iterable[OrderPage], day: dt.date) -> Iterator[_Found | _Odd]:
        for page in pages:
            for row in page.rows:
                if isinstance(row, OddRow):
                    yield _Odd(page, row)
                    continue
                if fault := _fault_of(row):
                    raise self._wrong(page, row, fault)
                yield self._placed(page, row, day)

    def _placed(self, page: OrderPage, row: OrderReply, asked: dt.date) -> _Found:
        """Return a row with its day: moments of one day tell it, and a date alone where no list dates otherwise."""
        told, dated = row.fact("clock"), row.fact("day") or page.day
        if isinstance(told, dt.datetime):
            day = self._market.day_of(told)
            if dated is not None and abs(day - dated).days > self._differ:
                raise self._wrong(page, row, "clock")
            return _Found(page, row, day, (told,), is_sure=True)
        dated = dated or asked
        time = None if told is None else dt.datetime.combine(dated, told, clock.KST)
        if not self._differ:
            return _Found(page, row, dated, () if time is None else (time,), is_sure=True)
        # Where trading goes on after midnight in Korea, a time of day belongs to one day or to the day before.
        if time is not None and self._market.day_of(time) == dated:
            return _Found(page, row, dated, (time,), is_sure=True)
        return self._at(_Found(page, row, dated, (), is_sure=False), row.fact("moments").values())

    def _at(self, found: _Found, moments: Iterable[dt.datetime]) -> _Found:
        """Return a row that is of one of these moments: where they are of one day, that is its day."""
        possible = tuple(dict.fromkeys(moments))
        days = {self._market.day_of(moment) for moment in possible}
        day = days.pop() if len(days) == 1 else found.day
        return found._replace(moments=possible, day=day, is_sure=bool(possible) and not days)

    def _as_sent(self, rows: Sequence[_Found]) -> list[_Found]:
        """Return rows with those of their moments that are left when it is known how the broker dates and times rows.

        It does so in one way: in which one, the rows of orders show of which the journal knows when they were sent.
        """
        if all(len(found.moments) < 2 for found in rows):
            return [*rows]
        known: frozenset[str] | None = None
        sent = self._sent_around(found.day for found in rows)
        for found in rows:
            ways = found.row.fact("moments")
            own = _sent_as(found, [sent[day] for day in self._around(found.day)])
            fitting = frozenset(way for way in ways if any(sending.could_be(ways[way]) for sending in own))
            if fitting:
                known = fitting if known is None else known & fitting
        if not known:
            return [*rows]  # none of them is known, or they contradict each other
        return [self._in_ways(found, known) for found in rows]

    def _in_ways(self, found: _Found, known: frozenset[str]) -> _Found:
        ways = found.row.fact("moments")
        left = [ways[way] for way in ways if way in known]
        return self._at(found, left) if left and len(found.moments) > 1 else found

    def _sent_then(self, doubtful: Sequence[int], rows: Sequence[_Found], handle: Handle) -> list[_Found]:
        """Return which of these rows can be those of an order, by what the journal knows of when it was sent."""
        if not doubtful:
            return []
        read = self._as_sent(rows)
        left = [found for found in map(read.__getitem__, doubtful) if self._may_be_row_of(found, handle)]
        sent = self._sent_around([handle.day])
        own = sent.pop(handle.day)
        if key_of(handle.number) in own:
            left = [found for found in left if not found.moments or _is_taken_as(found, _sent_as(found, [own]))]
            # The same order may have been sent a day before, at the same hour, and have got the same number.
            left = [found for found in left if not _is_taken_as(found, _sent_as(found, sent.values()))]
        return [found for found in left if found.is_sure and found.day == handle.day][:1] or left

    def _sent_around(self, days: Iterable[dt.date]) -> dict[dt.date, _Sent]:
        """Return what was sent on some days and on those around them."""
        sent: dict[dt.date, _Sent] = {each: defaultdict(list) for day in set(days) for each in self._around(day)}
        for day, numbered in sent.items():
            for sending in self._sent_on(day):
                numbered[sending.number].append(sending)
        return sent

    def _around(self, day: dt.date) -> list[dt.date]:
        return [day + dt.timedelta(count) for count in range(-self._differ, self._differ + 1)]

    def _may_be_of(self, found: _Found, day: dt.date) -> bool:
        """Say whether a row may be of a trading day: at its turn the clocks may differ."""
        if not self._differ:
            return True
        if not found.moments:
            return abs(found.day - day).days <= self._differ
        turns = (-SKEW - EARLY, dt.timedelta(0), SKEW + EARLY)
        return day in {self._market.day_of(moment + turn) for moment in found.moments for turn in turns}

    def _may_be_row_of(self, found: _Found, handle: Handle) -> bool:
        is_number = key_of(found.row.id) == key_of(handle.number)
        is_day = found.day == handle.day or (bool(self._differ) and self._may_be_of(found, handle.day))
        return is_number and is_day and _is_one_branch(found.row.fact("branch"), handle.branch or "")

    def _is_past(self, found: _Found, today: dt.date) -> bool:
        """Say whether a row of an open order is surely of a day that is over: no exchange order outlives its day."""
        return bool(self._differ) and found.is_sure and found.day < today

    def _same(self, order: Order, handle: Handle, listed: Order) -> Order | None:
        """Return an order as a row with its number shows it, None if that is another order."""
        if not is_same(order, listed, number=handle.number):
            logger.warning(
                "%s lists another order under the number %s of %s",
                handle.broker,
                handle.number,
                handle.day,
                extra=about("order_differs", broker=handle.broker, order=handle.number, day=handle.day),
            )
            return None
        # It is amended and cancelled as it was sent, wherever the list says that it rests.
        venue = order.venue if order.venue is Venue.SOR else listed.venue
        own = {"id": order.id, "original_id": order.original_id, "handle": order.handle, "venue": venue}
        return listed.model_copy(update={**own, "name": listed.name or order.name})

    def _order(self, found: _Found, changes: _Changes) -> Order:
        """Return the order of a row; its status needs the rows that changed it."""
        page, row = found.page, found.row
        known: Mapping[str, object] = {
            "name": getattr(row, "name", None) or None,
            "status": self._status(found, changes),
            "submitted_at": found.time,
            "handle": str(self._part.handle(found.day, row.fact("branch"), row.id)),
        }
        try:
            return row.to_model(**known)
        except ValidationError as error:
            fault = ".".join(map(str, error.errors(include_input=False)[0]["loc"]))
        raise self._wrong(page, row, fault)

    def _status(self, found: _Found, changes: _Changes) -> OrderStatus:
        """Judge by the quantities, never by a broker's word alone."""
        page, row, today = found.page, found.row, self._market.today()
        filled, remaining = row.fact("filled_quantity"), row.fact("remaining_quantity")
        if row.fact("is_rejected"):
            return OrderStatus.REJECTED
        # What a list of open orders shows as left can be cancelled, whatever else stands in the row.
        is_whole = page.shows_all or not remaining
        if filled is not None and filled >= row.quantity > 0 and is_whole:
            return OrderStatus.FILLED
        if remaining is None:
            return row.fact("state") or OrderStatus.UNKNOWN
        # No exchange order outlives its day, whatever is listed as left.
        latest = found.day if found.is_sure else found.day + dt.timedelta(self._differ)
        if remaining > 0 and latest >= today:
            if found.day < today and page.shows_all:
                return OrderStatus.UNKNOWN  # of today or of the day before: that is not told
            has_fills = row.fact("has_fills")
            return OrderStatus.PARTIALLY_FILLED if filled or has_fills else OrderStatus.WORKING
        if row.fact("is_canceled") or (not remaining and changes.changed(found)):
            return OrderStatus.CANCELED
        # What ended it a list of open or filled orders does not show.
        is_over = page.shows_all and self._is_over(latest, getattr(row, "venue", None))
        return OrderStatus.EXPIRED if is_over else OrderStatus.UNKNOWN

    def _undated(self, found: _Found) -> IncompleteListing:
        """Return the error for a row that may be of another day, where the list of the day shows nothing."""
        page, row = found.page, found.row
        where = None if page.endpoint is None else str(page.endpoint)
        words = f"The list of {found.day} is empty, and order {row.id} stands in a list that tells no day."
        return IncompleteListing(words, broker=self._part.broker, endpoint=where, advice=_LOOK)

    def _wrong(self, page: OrderPage, row: OrderReply, fault: str) -> WireError:
        number = row.id if is_number(row.id) else "no number"
        return self._part.wrong(page.endpoint, f"in the row of {number}, {fault} cannot be what it says")

    def _odd(self, found: _Odd) -> WireError:
        words = f"in the row of {_number_of(found.row) or 'no number'}, {found.row.fault}"
        return self._part.wrong(found.page.endpoint, words)


def _number_of(row: OddRow) -> str:
    """Return the number that a row tells although it is not as documented; blank if that cannot be read either."""
    return row.number(*row.names_of("id"))


def _each_once(rows: Iterable[_Found]) -> Iterator[_Found]:
    """Yield the rows; of lists that do not show all those alone that were not in another list before."""
    known: dict[tuple[dt.date, str | None], list[tuple[OrderPage, str]]] = defaultdict(list)
    for found in rows:
        page, own, branch = found.page, known[found.day, key_of(found.row.id)], found.row.fact("branch")
        before = (other for there, other in own if there is not page)
        if page.shows_all or not any(_is_one_branch(branch, other) for other in before):
            yield found
        own.append((page, branch))


def _sent_as(found: _Found, sent: Iterable[_Sent]) -> list[Sending]:
    """Return the orders sent that have number, symbol and side of a row."""
    row = found.row
    own = (each for numbered in sent for each in numbered.get(key_of(row.id) or "", ()))
    return [each for each in own if (each.symbol, each.side) == (row.symbol, getattr(row, "side", None))]


def _is_taken_as(found: _Found, sent: Iterable[Sending]) -> bool:
    """Say whether a row tells a moment at which the broker took one of these orders."""
    return any(sending.could_be(moment) for sending in sent for moment in found.moments)


def _is_one_branch(one: str, other: str) -> bool:
    """Say whether two numbers may be of one branch; where either does not tell its own, the number decides."""
    return not one or not other or one == other


def _fault_of(row: OrderReply) -> str | None:
    """Return the name of what cannot be as a row tells it, None if all can. The model of an order judges the rest."""
    time, day, branch = row.fact("clock"), row.fact("day"), row.fact("branch")
    original, symbol = row.fact("original_id"), row.symbol
    sound = {
        "id": is_number(row.id),
        "symbol": isinstance(symbol, str),
        "quantity": _is_count(row.quantity),
        "filled_quantity": _is_count(row.fact("filled_quantity") or Decimal(0)),
        "filled_amount": _is_count(row.fact("filled_amount") or Decimal(0)),
        "remaining_quantity": _is_count(row.fact("remaining_quantity") or Decimal(0)),
        "clock": time is None or is_time(time),
        "day": day is None or (isinstance(day, dt.date) and not isinstance(day, dt.datetime)),
        "branch": can_stand_in_a_handle(branch),
        "original_id": original is None or isinstance(original, str),
    }
    return next((name for name, is_sound in sound.items() if not is_sound), None)


def _is_count(shares: object) -> bool:
    if isinstance(shares, Decimal):
        return shares.is_finite() and shares >= 0
    return isinstance(shares, int) and shares >= 0
