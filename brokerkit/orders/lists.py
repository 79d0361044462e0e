"""What became of orders, as a broker's lists show it: one order, those that stand, those of some days, a whole day.

An adapter gives pages of rows. Which row is which order, what its status is and what its handle says is judged here.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import groupby
from typing import Any, NamedTuple

from pydantic import ValidationError

from brokerkit import clock
from brokerkit.errors import IncompleteListing, WireError
from brokerkit.market.markets import market_named
from brokerkit.models import Order
from brokerkit.models.handles import Handle, can_stand_in_a_handle, is_number
from brokerkit.orders.building import is_time
from brokerkit.orders.intents import key_of
from brokerkit.orders.listing import EARLY, SKEW, Listed, Unread, is_same
from brokerkit.part import Part
from brokerkit.replies import OrderPage, OrderReply
from brokerkit.transport import OddRow
from brokerkit.words import OrderStatus, Venue

logger = logging.getLogger("brokerkit")

_LOOK = "It may be of the day before. Refresh the orders that you know, or look at the broker's own list."
IsOver = Callable[[dt.date, Venue | None], bool]
"""Says whether regular trading of a day at a venue has ended, so that what is neither filled nor left has expired."""


class _Found(NamedTuple):
    """A row of a list, and of which trading day of its market it is."""

    page: OrderPage
    row: OrderReply
    day: dt.date
    """Its trading day where that is sure, else the date under which the list shows it."""
    time: dt.datetime | None
    """When the broker took it."""
    is_sure: bool


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
    which the list shows it, and that this is so is not sure.
    """

    def __init__(self, part: Part[Any], is_over: IsOver) -> None:
        self._part = part
        self._is_over = is_over
        self._market = market_named(part.market)
        self._differ = self._market.days_differ

    def find(self, order: Order) -> Order | None:
        """Return the order as its row shows it, under the number and the handle that the caller has.

        None too where more than one row could be it: numbers come again on other days; and of a venue that is in no
        list, of which nothing is asked.
        """
        if order.venue in self._part.unlisted_venues:
            words = "%s lists no orders of %s: what became of order %s its own app shows"
            logger.warning(words, self._part.broker, order.venue, order.id)
            return None
        handle = self._part.handle_of(order)
        changes = _Changes(self._differ)
        odd: list[_Odd] = []
        doubtful: list[Order] = []
        pages = self._part.rows(*self._dated(handle.day, handle.day), symbol=order.symbol, number=handle.number)
        for found in self._rows_of(pages, handle.day):
            if isinstance(found, _Odd):
                odd.append(found)
            elif not self._may_be_row_of(found, handle):
                changes.add(found)
            elif same := self._same(order, handle, self._order(found, changes)):
                if found.is_sure and found.day == handle.day:
                    return same
                doubtful.append(same)
        for unread in odd:
            if unread.row.may_be(handle.number, *unread.row.names_of("id")):
                raise self._odd(unread)
        if len(doubtful) > 1:
            logger.warning(
                "%s lists %d orders like %s, and which one is of %s is not sure",
                handle.broker,
                len(doubtful),
                handle.number,
                handle.day,
            )
        return doubtful[0] if len(doubtful) == 1 else None

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
                changes.add(found)
                listed.append(found)
                if page.shows_all:
                    shown.add(found.day)
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
                    changes.add(found)
                    rows.append(found)
        if not shows_all:
            raise IncompleteListing(f"No list shows every order of {day}.", broker=self._part.broker)
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
        """Return a row with its day: a moment tells it, and a date alone where no list dates otherwise."""
        told, dated = row.fact("clock"), row.fact("day") or page.day
        if isinstance(told, dt.datetime):
            day = self._market.day_of(told)
            if dated is not None and abs(day - dated).days > self._differ:
                raise self._wrong(page, row, "clock")
            return _Found(page, row, day, told, is_sure=True)
        dated = dated or asked
        time = None if told is None else dt.datetime.combine(dated, told, clock.KST)
        if not self._differ:
            return _Found(page, row, dated, time, is_sure=True)
        # Where trading goes on after midnight in Korea, a time of day belongs to one day or to the day before.
        if time is not None and self._market.day_of(time) != dated:
            time = None
        return _Found(page, row, dated, time, is_sure=time is not None)

    def _may_be_of(self, found: _Found, day: dt.date) -> bool:
        """Say whether a row may be of a trading day: at its turn the clocks may differ."""
        if not self._differ:
            return True
        moments = found.row.fact("moments") if found.time is None else (found.time,)
        if not moments:
            return abs(found.day - day).days <= self._differ
        around = (moment + turn for moment in moments for turn in (-SKEW - EARLY, dt.timedelta(0), SKEW + EARLY))
        return day in map(self._market.day_of, around)

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
            logger.warning("%s lists another order under the number %s of %s", handle.broker, handle.number, handle.day)
            return None
        # It is amended and cancelled as it was sent, wherever the list says that it rests.
        venue = order.venue if order.venue is Venue.SOR else listed.venue
        own = {"id": order.id, "original_id": order.original_id, "handle": order.handle, "venue": venue}
        return listed.model_copy(update={**own, "name": listed.name or order.name})

    def _order(self, found: _Found, changes: _Changes) -> Order:
        """Return the order of a row; its status needs the rows that changed it."""
        page, row, day, time, _ = found
        known: Mapping[str, object] = {
            "name": getattr(row, "name", None) or None,
            "status": self._status(found, changes),
            "submitted_at": time,
            "handle": str(self._part.handle(day, row.fact("branch"), row.id)),
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
        words = f"The list of {found.day} is empty, and order {row.id} stands in a list that tells no day"
        return IncompleteListing(f"{words}.", broker=self._part.broker, endpoint=where, advice=_LOOK)

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
