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
from typing import Any

from pydantic import ValidationError

from brokerkit import clock
from brokerkit.errors import IncompleteListing, WireError
from brokerkit.models import Order
from brokerkit.models.handles import Handle, can_stand_in_a_handle, is_number
from brokerkit.orders.intents import key_of
from brokerkit.orders.listing import Listed, Unread, is_same
from brokerkit.part import Part
from brokerkit.replies import OrderPage, OrderReply
from brokerkit.transport import OddRow
from brokerkit.words import OrderStatus, Venue

logger = logging.getLogger("brokerkit")

_LOOK = "It may be of the day before. Refresh the orders that you know, or look at the broker's own list."
IsOver = Callable[[dt.date, Venue | None], bool]
"""Says whether regular trading of a day at a venue has ended, so that what is neither filled nor left has expired."""


@dataclass
class _Changes:
    """Which orders other rows amended or cancelled; one that was refused has changed nothing."""

    _branches: dict[tuple[dt.date, str | None], set[str]] = field(default_factory=lambda: defaultdict(set))

    def add(self, row: OrderReply, day: dt.date) -> None:
        original = row.fact("original_id")
        if original and not row.fact("is_refused"):
            self._branches[day, key_of(original)].add(row.fact("branch"))

    def changed(self, row: OrderReply, day: dt.date) -> bool:
        """Say whether the order of a row was changed by a row of its branch."""
        own = row.fact("branch")
        return any(_is_one_branch(own, other) for other in self._branches.get((day, key_of(row.id)), ()))


class OrderLists:
    """The lists of orders of one part of an account."""

    def __init__(self, part: Part[Any], is_over: IsOver) -> None:
        self._part = part
        self._is_over = is_over

    def find(self, order: Order) -> Order | None:
        """Return the order as its row shows it, under the number and the handle that the caller has."""
        handle = self._part.handle_of(order)
        changes = _Changes()
        odd: list[tuple[OrderPage, OddRow]] = []
        pages = self._part.rows(handle.day, handle.day, symbol=order.symbol, number=handle.number)
        for page, row, day in self._rows_of(pages, handle.day):
            if isinstance(row, OddRow):
                odd.append((page, row))
            elif not self._is_row_of(row, day, handle):
                changes.add(row, day)
            elif found := self._same(order, handle, self._order(page, row, day, changes)):
                return found
        for page, unread in odd:
            if unread.may_be(handle.number, *unread.names_of("id")):
                raise self._odd(page, unread)
        return None

    def working(self) -> list[Order]:
        """Return the orders that stand."""
        today = clock.today()
        return [
            self._order(page, row, day, _Changes())
            for page, row, day in self._sound(self._part.rows(today, today, open_only=True), today)
        ]

    def history(self, start: dt.date, end: dt.date, symbol: str | None) -> list[Order]:
        """Return the orders and amendments of days; a cancellation shows in the order that it cancelled."""
        return [order for _, _, order in self.listed(start, end, symbol)]

    def listed(self, start: dt.date, end: dt.date, symbol: str | None) -> list[tuple[dt.date, OrderReply, Order]]:
        """Return them with their days and rows."""
        shown: set[dt.date] = set()
        listed: list[tuple[OrderPage, OrderReply, dt.date]] = []
        changes = _Changes()
        for page in self._part.rows(start, end, symbol=symbol):
            if not page.shows_all and page.day in shown:
                continue  # it stands in for a list of the day that shows nothing
            if not page.is_dated and self._part.environment in self._part.lists_prove_absence:
                continue  # the list of the day shows every order, and this one may show those of another day
            for _, row, day in self._sound([page], start):
                if not page.is_dated:
                    raise self._undated(page, row, day)
                changes.add(row, day)
                listed.append((page, row, day))
                if page.shows_all:
                    shown.add(day)
        return [
            (day, row, self._order(page, row, day, changes))
            for page, row, day in _each_once(listed)
            if not row.fact("is_cancellation") and symbol in (None, row.symbol)
        ]

    def everything(self, day: dt.date) -> list[Listed | Unread]:
        """Return every row that there is of a day; IncompleteListing if no list shows all of it."""
        found: list[tuple[OrderPage, OrderReply, dt.date]] = []
        unread: list[Unread] = []
        changes = _Changes()
        shows_all = False
        for page in self._part.rows(day, day):
            shows_all = shows_all or page.shows_all
            for _, row, of in self._rows_of([page], day):
                if isinstance(row, OddRow):
                    unread.append(Unread(row.fault, _number_of(row)))
                else:
                    changes.add(row, of)
                    found.append((page, row, of))
        if not shows_all:
            raise IncompleteListing(f"No list shows every order of {day}.", broker=self._part.broker)
        return [*(self._listed(*each, changes) for each in _each_once(found)), *unread]

    def _listed(self, page: OrderPage, row: OrderReply, day: dt.date, changes: _Changes) -> Listed:
        return Listed(
            self._order(page, row, day, changes),
            is_cancellation=row.fact("is_cancellation"),
            is_elsewhere=row.fact("is_elsewhere"),
            is_dated=page.is_dated,
            is_in_full=page.shows_all,
            branch=row.fact("branch"),
        )

    def _sound(self, pages: Iterable[OrderPage], day: dt.date) -> Iterator[tuple[OrderPage, OrderReply, dt.date]]:
        """Yield rows with their pages and days; a WireError at one that is not as documented."""
        for page, row, of in self._rows_of(pages, day):
            if isinstance(row, OddRow):
                raise self._odd(page, row)
            yield page, row, of

    def _rows_of(
        self, pages: Iterable[OrderPage], day: dt.date
    ) -> Iterator[tuple[OrderPage, OrderReply | OddRow, dt.date]]:
        for page in pages:
            for row in page.rows:
                if isinstance(row, OddRow):
                    yield page, row, page.day or day
                    continue
                if fault := _fault_of(row):
                    raise self._wrong(page, row, fault)
                yield page, row, row.fact("day") or page.day or day

    def _is_row_of(self, row: OrderReply, day: dt.date, handle: Handle) -> bool:
        is_number = (key_of(row.id), day) == (key_of(handle.number), handle.day)
        return is_number and _is_one_branch(row.fact("branch"), handle.branch or "")

    def _same(self, order: Order, handle: Handle, listed: Order) -> Order | None:
        """Return an order as a row with its number shows it, None if that is another order."""
        if not is_same(order, listed, number=handle.number):
            logger.warning("%s lists another order under the number %s of %s", handle.broker, handle.number, handle.day)
            return None
        # It is amended and cancelled as it was sent, wherever the list says that it rests.
        venue = order.venue if order.venue is Venue.SOR else listed.venue
        own = {"id": order.id, "original_id": order.original_id, "handle": order.handle, "venue": venue}
        return listed.model_copy(update={**own, "name": listed.name or order.name})

    def _order(self, page: OrderPage, row: OrderReply, day: dt.date, changes: _Changes) -> Order:
        """Return the order of a row; its status needs the rows that changed it."""
        time = row.fact("clock")
        known: Mapping[str, object] = {
            "name": getattr(row, "name", None) or None,
            "status": self._status(page, row, day, changes),
            "submitted_at": None if time is None else dt.datetime.combine(day, time, clock.KST),
            "handle": str(self._part.handle(day, row.fact("branch"), row.id)),
        }
        try:
            return row.to_model(**known)
        except ValidationError as error:
            fault = ".".join(map(str, error.errors(include_input=False)[0]["loc"]))
        raise self._wrong(page, row, fault)

    def _status(self, page: OrderPage, row: OrderReply, day: dt.date, changes: _Changes) -> OrderStatus:
        """Judge by the quantities, never by a broker's word alone."""
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
        if remaining > 0 and day >= clock.today():
            has_fills = row.fact("has_fills")
            return OrderStatus.PARTIALLY_FILLED if filled or has_fills else OrderStatus.WORKING
        if row.fact("is_canceled") or (not remaining and changes.changed(row, day)):
            return OrderStatus.CANCELED
        # What ended it a list of open or filled orders does not show.
        is_over = page.shows_all and self._is_over(day, getattr(row, "venue", None))
        return OrderStatus.EXPIRED if is_over else OrderStatus.UNKNOWN

    def _undated(self, page: OrderPage, row: OrderReply, day: dt.date) -> IncompleteListing:
        """Return the error for a row that may be of another day, where the list of the day shows nothing."""
        where = None if page.endpoint is None else str(page.endpoint)
        words = f"The list of {day} is empty, and order {row.id} stands in a list that tells no day"
        return IncompleteListing(f"{words}.", broker=self._part.broker, endpoint=where, advice=_LOOK)

    def _wrong(self, page: OrderPage, row: OrderReply, fault: str) -> WireError:
        number = row.id if is_number(row.id) else "no number"
        return self._part.wrong(page.endpoint, f"in the row of {number}, {fault} cannot be what it says")

    def _odd(self, page: OrderPage, row: OddRow) -> WireError:
        words = f"in the row of {_number_of(row) or 'no number'}, {row.fault}"
        return self._part.wrong(page.endpoint, words)


def _number_of(row: OddRow) -> str:
    """Return the number that a row tells although it is not as documented; blank if that cannot be read either."""
    return row.number(*row.names_of("id"))


def _each_once(
    rows: Iterable[tuple[OrderPage, OrderReply, dt.date]],
) -> Iterator[tuple[OrderPage, OrderReply, dt.date]]:
    """Yield the rows; of lists that do not show all those alone that were not in another list before."""
    known: dict[tuple[dt.date, str | None], list[tuple[OrderPage, str]]] = defaultdict(list)
    for page, row, day in rows:
        own, branch = known[day, key_of(row.id)], row.fact("branch")
        before = (other for there, other in own if there is not page)
        if page.shows_all or not any(_is_one_branch(branch, other) for other in before):
            yield page, row, day
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
        "clock": time is None or isinstance(time, dt.time),
        "day": day is None or (isinstance(day, dt.date) and not isinstance(day, dt.datetime)),
        "branch": can_stand_in_a_handle(branch),
        "original_id": original is None or isinstance(original, str),
    }
    return next((name for name, is_sound in sound.items() if not is_sound), None)


def _is_count(shares: object) -> bool:
    if isinstance(shares, Decimal):
        return shares.is_finite() and shares >= 0
    return isinstance(shares, int) and shares >= 0
