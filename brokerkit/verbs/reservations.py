"""Reserved orders: what the broker keeps, and sends to the exchange by itself when its market opens (예약주문)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from brokerkit import clock
from brokerkit.arguments import check_day, check_days, check_request, check_reservation
from brokerkit.asking.inquiries import offers
from brokerkit.errors import InvalidRequest, NothingToCancel
from brokerkit.market.markets import market_of
from brokerkit.models import OrderRequest, Reservation, Table
from brokerkit.part import Part
from brokerkit.transport.preparing import preparing
from brokerkit.values import Amount, exact_decimal
from brokerkit.verbs.asking import Asking, ordering
from brokerkit.words import ReservationStatus

if TYPE_CHECKING:
    from brokerkit.orders.desk import OrderDesk

T = TypeVar("T")
DAYS = dt.timedelta(days=30)
"""So far back reserved orders are looked for where no day is named: one for several days is asked for long before."""
_OVER = frozenset({ReservationStatus.ORDERED, ReservationStatus.CANCELED, ReservationStatus.REJECTED})


class Reservations(Asking):
    """Verbs about reserved orders."""

    if TYPE_CHECKING:

        @property
        def _desk(self) -> OrderDesk: ...

        def _sending(self, what: str, send: Callable[[], T]) -> T: ...

    def reserve(self, request: OrderRequest, *, until: dt.date | None = None, key: str | None = None) -> Reservation:
        """Let the broker keep an order, and send it when its market opens (예약주문).

        With `until` the broker sends it on each day to then. Sent from here once and written down like an order, with
        the same limits, errors and `key`. It becomes an order of another number; that nobody here cancels it by then
        does not stop it, nor does `halt()`. Raises as `order`.

        Example::

            request = OrderRequest(symbol="005930", side=Side.BUY, quantity=1, price=70_000)
            reservation = broker.reserve(request)
        """
        check_request(request)
        what = f"reserve {ordering(request)}"
        with self._asking(what):
            last = None if until is None else check_day(until)
            part = self._inquiries.offering("reserve", market_of(request.symbol))
            intent = self._desk.reserving(request, last, key)
            if (stands := self._desk.reserved_answer(intent)) is not None:
                return stands
            self._check_reserved(request, last, part)
        return self._sending(what, lambda: self._desk.reserve(intent, request))

    def reservations(
        self, start: dt.date | None = None, end: dt.date | None = None, *, market: str | None = None
    ) -> Table[Reservation]:
        """Return what was reserved from `start` (default: 30 days before) to `end` (default: today) (예약주문 조회).

        Oldest first. Those that became orders or were cancelled are among them; the days are those on which the broker
        took them, in Korea. Of one market, or of all of the account in which the broker keeps orders. Raises
        InvalidRequest, Unsupported, IncompleteListing, NetworkError.
        """
        last, now = clock.today() if end is None else end, clock.now()
        with self._asking("reserved orders"):
            first, last = check_days(check_day(last) - DAYS if start is None else start, last)
            meant = self._inquiries.markets(market)
            # One that keeps orders and cannot show them is an error: no list is silently short.
            served = [each for each in meant if self._reserves(each.name)] or meant[:1]
            found = [each for market in served for each in self._desk.reservations(market, first, last)]
            return Table(Reservation, sorted(found, key=lambda each: (each.submitted_at or now, len(each.id), each.id)))

    def amend_reservation(
        self,
        reservation: Reservation,
        *,
        quantity: Amount | None = None,
        price: Amount | None = None,
        key: str | None = None,
    ) -> Reservation:
        """Let a reserved order be for another `quantity`, all in all, or at another `price` (예약주문 정정).

        Its number stays. Raises NothingToCancel where it is known to wait no more, else as `order`.
        """
        check_reservation(reservation, "amend_reservation")
        what = f"amend reserved order {reservation.id} ({reservation.symbol})"
        with self._asking(what):
            part = self._inquiries.offering("amend_reservation", market_of(reservation.symbol))
            part.reservation_handle_of(reservation)
            request = _amended(reservation, quantity, price)
            intent = self._desk.amending_reservation(reservation, request, key)
            if (stands := self._desk.reserved_answer(intent)) is not None:
                return stands
            _check_waits(reservation)
            self._check_reserved(request, reservation.until, part)
        return self._sending(what, lambda: self._desk.amend_reservation(intent, reservation, request))

    def cancel_reservation(self, reservation: Reservation, *, key: str | None = None) -> Reservation:
        """Take a reserved order back (예약주문 취소). It is CANCELED only once `reservations` says so.

        Raises NothingToCancel where it is known to wait no more: what became an order is cancelled as an order. Else as
        `order`.
        """
        check_reservation(reservation, "cancel_reservation")
        what = f"cancel reserved order {reservation.id} ({reservation.symbol})"
        with self._asking(what):
            part = self._inquiries.offering("cancel_reservation", market_of(reservation.symbol))
            part.reservation_handle_of(reservation)
            intent = self._desk.canceling_reservation(reservation, key)
            if (stands := self._desk.reserved_answer(intent)) is not None:
                return stands
            _check_waits(reservation)
        return self._sending(what, lambda: self._desk.cancel_reservation(intent, reservation))

    def _check_reserved(self, request: OrderRequest, until: dt.date | None, part: Part[Any]) -> None:
        with preparing("the step of its price"):
            self._checks.check_reserved(request, until, part)

    def _reserves(self, market: str) -> bool:
        part = self._inquiries.adapter.served[market]
        return any(offers(part, verb, part.environment) for verb in ("reserve", "reservations"))


def _check_waits(reservation: Reservation) -> None:
    if reservation.status in _OVER:
        became = f"It has become order {reservation.order_id}: that can be amended and cancelled."
        advice = became if reservation.order_id else "reservations() tells its state."
        raise NothingToCancel(f"The reserved order is {reservation.status}; nothing was sent.", advice=advice)


def _amended(reservation: Reservation, quantity: Amount | None, price: Amount | None) -> OrderRequest:
    """Return what a reserved order is to be."""
    if quantity is None and price is None:
        raise InvalidRequest("An amendment of a reserved order needs a quantity or a price.")
    if reservation.type is None:
        advice = "Nothing was sent. Use cancel_reservation and reserve anew."
        raise InvalidRequest(f"The type of reserved order {reservation.id} is not known.", advice=advice)
    return OrderRequest(
        symbol=reservation.symbol,
        side=reservation.side,
        type=reservation.type,
        quantity=reservation.quantity if quantity is None else exact_decimal(quantity),
        price=reservation.price if price is None else exact_decimal(price),
        venue=reservation.venue,
    )
