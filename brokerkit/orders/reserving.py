"""The part of the order desk that sends reserved orders, and settles what became of them.

They go the one way of every order. In the journal they have numbers, lists and a turn of their own, because a broker
numbers them apart: there each stands as an order with the reservation's number and handle.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

from brokerkit.errors import BrokerError
from brokerkit.languages import ENGLISH
from brokerkit.logs import about
from brokerkit.market.markets import Market, market_of
from brokerkit.models import Order, OrderRequest, Reservation
from brokerkit.orders.attempt import Way
from brokerkit.orders.building import as_order, as_reservation, reserved
from brokerkit.orders.intents import Intent, IntentKind, key_of
from brokerkit.orders.keys import check_key
from brokerkit.orders.listing import Listed, Unread
from brokerkit.orders.reconcile import Reconciliation
from brokerkit.replies import ReservationReply, Sent
from brokerkit.transport import OddRow
from brokerkit.words import ReservationStatus

if TYPE_CHECKING:
    from brokerkit.orders.guard import Guard
    from brokerkit.orders.raw import Carried
    from brokerkit.orders.reconcile import Reconciler
    from brokerkit.orders.trader import Trader

logger = logging.getLogger("brokerkit")

_DAY = dt.timedelta(days=1)


class ReservingDesk:
    """What an order desk does about reserved orders."""

    if TYPE_CHECKING:
        guard: Guard
        _trader: Trader
        shown: Callable[[Intent], Order]
        _account: Callable[[], str]
        _check_account: Callable[[], None]
        _send: Callable[..., Any]
        _intent: Callable[..., Intent]
        answered: Callable[[Intent], Order | None]
        unresolved: Callable[[], tuple[Intent, ...]]
        reconciler: Callable[..., Reconciler]

    def reserving(self, request: OrderRequest, until: dt.date | None, key: str | None) -> Intent:
        """Return the intent of a reserved order."""
        return self._intent(
            IntentKind.RESERVE,
            market_of(request.symbol),
            symbol=request.symbol,
            side=request.side,
            quantity=request.quantity,
            price=request.price,
            request=request,
            until=until,
            key=check_key(key),
        )

    def amending_reservation(self, reservation: Reservation, request: OrderRequest, key: str | None) -> Intent:
        """Return the intent of a change of a reserved order, which is as `request` says then."""
        terms = {"quantity": request.quantity, "price": request.price, "request": request}
        return self._changing_reservation(IntentKind.AMEND_RESERVATION, reservation, key, **terms)

    def canceling_reservation(self, reservation: Reservation, key: str | None) -> Intent:
        """Return the intent that takes a reserved order back."""
        return self._changing_reservation(IntentKind.CANCEL_RESERVATION, reservation, key, quantity=None, price=None)

    def _changing_reservation(
        self, kind: IntentKind, reservation: Reservation, key: str | None, **terms: object
    ) -> Intent:
        return self._intent(
            kind,
            market_of(reservation.symbol),
            symbol=reservation.symbol,
            side=reservation.side,
            order=as_order(reservation),
            until=reservation.until,
            key=check_key(key),
            **terms,
        )

    def reserve(self, intent: Intent, request: OrderRequest, *, raw: Carried | None = None) -> Reservation:
        """Send a reserved order. `raw`: by the broker's own fields, and what is answered is the broker's own too."""
        market = market_of(request.symbol)
        part = self._trader.part(market)
        self.guard.check_armed(self._account, market)
        value = self.guard.check_order(request, market)
        way = self._reserved_way(
            lambda: part.send_reservation(request, intent.until),
            lambda sent, day: as_order(reserved(request, intent.until, sent, part, market.today())),
            lambda order: as_reservation(order, intent.until),
            raw,
        )
        return self._send(intent, way, value)  # type: ignore[no-any-return]

    def amend_reservation(
        self, intent: Intent, reservation: Reservation, request: OrderRequest, *, raw: Carried | None = None
    ) -> Reservation:
        """Send a change of a reserved order. Of its value what it grows by counts."""
        market = market_of(request.symbol)
        part = self._trader.part(market)
        handle = part.reservation_handle_of(reservation)
        self.guard.check_armed(self._account, market)
        value = self.guard.check_order(request, market)
        if value is not None and request.price is not None and reservation.price is not None:
            value = max(Decimal(0), value - reservation.quantity * reservation.price)
        changed = {"quantity": request.quantity, "price": request.price, "status": ReservationStatus.PENDING}
        new = reservation.model_copy(update=changed)
        way = self._reserved_way(
            lambda: part.send_reservation_amend(reservation, handle, request),
            lambda sent, day: as_order(new),
            lambda order: new,
            raw,
        )
        return self._send(intent, way, value)  # type: ignore[no-any-return]

    def cancel_reservation(
        self, intent: Intent, reservation: Reservation, *, raw: Carried | None = None
    ) -> Reservation:
        """Send what takes a reserved order back. The kill switch and the limits do not hold it up."""
        market = market_of(reservation.symbol)
        part = self._trader.part(market)
        handle = part.reservation_handle_of(reservation)
        self.guard.check_armed(self._account, market)
        left = reservation.model_copy(update={"status": ReservationStatus.PENDING})
        way = self._reserved_way(
            lambda: part.send_reservation_cancel(reservation, handle),
            lambda sent, day: as_order(left),
            lambda order: left,
            raw,
        )
        return self._send(intent, way, None)  # type: ignore[no-any-return]

    def _reserved_way(
        self,
        send: Callable[[], Sent],
        build: Callable[[Sent, dt.date], Order],
        answer: Callable[[Order], Reservation],
        raw: Carried | None = None,
    ) -> Way[Reservation]:
        prepare = self._check_account
        if raw is not None:
            own = Way(raw.send, build, raw.answer, raw.stands, prepare=prepare, ascends=False)
            return cast("Way[Reservation]", own)

        def told(order: Order | None) -> Reservation:
            assert order is not None  # noqa: S101 - only raw calls make none
            return answer(order)

        # Whether numbers of reserved orders ascend is told of no broker: times decide what came after what.
        return Way(send, build, told, lambda found: told(self.shown(found)), prepare=prepare, ascends=False)

    # What became of them

    def reserved_answer(self, intent: Intent) -> Reservation | None:
        """Return the reserved order that stands under an intent's key, None if it may be sent."""
        order = self.answered(intent)
        if order is None:
            return None
        market = market_of(intent.symbol)
        stands = as_reservation(order, intent.until)
        try:
            day = self._trader.part(market).reservation_handle_of(stands).day
            return self.find_reservation(stands, market, day) or stands
        except BrokerError as error:
            logger.warning(
                "Reserved order %s is told as it was sent: its list cannot be read: %s",
                order.id,
                error.told(ENGLISH),
                extra=about("list_unreadable", error, order=order.id),
            )
            return stands

    def find_reservation(self, reservation: Reservation, market: Market, day: dt.date) -> Reservation | None:
        """Return a reserved order as the list shows it, None if it is not there."""
        for each in self.reservations(market, day - _DAY, day + _DAY):
            if key_of(each.id) == key_of(reservation.id) and _is_about(each) == _is_about(reservation):
                return each
        return None

    def reservations(self, market: Market, start: dt.date, end: dt.date) -> list[Reservation]:
        """Return what was reserved on some days, as the broker's list shows it."""
        found = []
        for row in self._trader.offering("reservations", market).reservations(start, end):
            if isinstance(row, OddRow):
                raise self._trader.part(market).wrong(None, f"in a row of the list of reserved orders, {row.fault}")
            if start <= row.received <= end:
                found.append(self._reservation(row, market))
        return found

    def reserved_reconcilers(self, markets: Sequence[Market]) -> tuple[list[Reconciler], Reconciliation | None]:
        """Return what looks at the lists of reserved orders of markets, and what is left of those without such a list.

        They are markets with one whose fate is not known: where there is none, nothing is asked.
        """
        looks: list[Reconciler] = []
        left: Reconciliation | None = None
        for market in markets:
            try:
                self._trader.offering("reservations", market)
                looks.append(self.reconciler(market, reserved=True))
            except BrokerError as error:
                own = tuple(each for each in self.unresolved() if each.is_reserved and each.market == market.name)
                found = Reconciliation(unresolved=own, problem=error.words)
                left = found if left is None else left.beside(found)
        return looks, left

    def _reserved_rows(self, market: Market, day: dt.date) -> Iterator[Listed | Unread]:
        """Yield the list of a day and of those beside it: whose days a broker's list counts in is not told."""
        for row in self._trader.offering("reservations", market).reservations(day - _DAY, day + _DAY):
            if isinstance(row, OddRow):
                yield Unread(row.fault, row.number(*row.names_of("id")))
            elif abs(row.received - day) <= _DAY:
                yield Listed(as_order(self._reservation(row, market)))

    def _reservation(self, row: ReservationReply, market: Market) -> Reservation:
        time = row.clock
        return row.to_model(
            submitted_at=None if time is None else market.moments_of(row.received)(time),
            handle=str(self._trader.part(market).reservation_handle(row.received, row.id)),
        )


def is_reserved(order: Order) -> bool:
    """Say whether an order is a reserved one as the journal keeps it: it is none that can be amended or cancelled."""
    return order.handle.split(":")[0].endswith("/reserved")


def _is_about(reservation: Reservation) -> tuple[object, ...]:
    return reservation.symbol, reservation.side
