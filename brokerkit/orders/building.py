"""What stands after a broker has taken an order, an amendment, a cancellation or a reserved order."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from brokerkit import clock
from brokerkit.market.markets import market_named
from brokerkit.models import Order, OrderRequest, Reservation
from brokerkit.models.handles import Handle, can_stand_in_a_handle, is_number
from brokerkit.part import Part
from brokerkit.replies import Sent
from brokerkit.words import OrderStatus, ReservationStatus

_STATUS = {
    ReservationStatus.CANCELED: OrderStatus.CANCELED,
    ReservationStatus.REJECTED: OrderStatus.REJECTED,
    ReservationStatus.UNKNOWN: OrderStatus.UNKNOWN,
}


def check_sent(sent: object, *, ascends: bool) -> Sent:
    """Return what a hook answered, a ValueError if it has no number; what else is odd of it counts as not told."""
    if not isinstance(sent, Sent) or not is_number(sent.number, ascends=ascends):
        raise ValueError("no number of an order")
    return Sent(
        sent.number,
        sent.branch if can_stand_in_a_handle(sent.branch) else "",
        sent.time if is_time(sent.time) else None,
        sent.quantity if _is_quantity(sent.quantity) else None,
        sent.original if is_number(sent.original) else None,
    )


def is_time(time: object) -> bool:
    """Say whether it is clear which moment is meant: one with a zone, or a time of day in Korea, which names none."""
    is_moment = isinstance(time, dt.datetime) and time.utcoffset() is not None
    return is_moment or (isinstance(time, dt.time) and time.tzinfo is None)


def _is_quantity(shares: object) -> bool:
    return isinstance(shares, Decimal) and shares.is_finite() and shares > 0


def placed(request: OrderRequest, sent: Sent, part: Part[Any], day: dt.date) -> Order:
    """Return the order that was received for a request on a trading day."""
    return Order(
        id=sent.number,
        symbol=request.symbol,
        side=request.side,
        type=request.type,
        time_in_force=request.time_in_force,
        venue=request.venue,
        quantity=request.quantity,
        price=request.price,
        status=OrderStatus.PENDING,
        submitted_at=_moment(sent.time, part, day),
        handle=str(part.handle(day, sent.branch, sent.number)),
    )


def canceled(order: Order, handle: Handle, sent: Sent) -> Order:
    """Return the order whose cancellation was received, under the number of the cancellation."""
    return order.model_copy(
        update={
            "id": sent.number,
            "original_id": sent.original or handle.number,
            "status": OrderStatus.PENDING,
            "handle": str(handle.after(sent.number)),
        }
    )


def amended(
    order: Order,
    handle: Handle,
    sent: Sent,
    part: Part[Any],
    quantity: Decimal | None,
    price: Decimal,
    day: dt.date,
) -> Order:
    """Return what was moved of an order to another price: an order of its own, at the back of its price."""
    return order.model_copy(
        update={
            "id": sent.number,
            "original_id": sent.original or handle.number,
            "status": OrderStatus.PENDING,
            "quantity": sent.quantity or quantity or order.remaining_quantity or order.quantity,
            "price": price,
            "filled_quantity": None,
            "remaining_quantity": None,
            "average_fill_price": None,
            "submitted_at": _moment(sent.time, part, day),
            "handle": str(part.handle(day, sent.branch, sent.number)),
        }
    )


def _moment(time: dt.datetime | dt.time | None, part: Part[Any], day: dt.date) -> dt.datetime | None:
    if time is None or isinstance(time, dt.datetime):
        return time
    market, moment = market_named(part.market), dt.datetime.combine(day, time, clock.KST)
    # Some days go on after midnight in Korea.
    return moment if market.day_of(moment) == day else moment + dt.timedelta(days=1)


def reserved(request: OrderRequest, until: dt.date | None, sent: Sent, part: Part[Any], day: dt.date) -> Reservation:
    """Return the reserved order that was taken for a request on a day."""
    return Reservation(
        id=sent.number,
        symbol=request.symbol,
        side=request.side,
        type=request.type,
        venue=request.venue,
        quantity=request.quantity,
        price=request.price,
        until=until,
        status=ReservationStatus.PENDING,
        handle=str(part.reservation_handle(day, sent.number)),
    )


def as_order(reservation: Reservation) -> Order:
    """Return a reserved order as the journal keeps it."""
    return Order(
        id=reservation.id,
        symbol=reservation.symbol,
        name=reservation.name,
        side=reservation.side,
        type=reservation.type,
        venue=reservation.venue,
        quantity=reservation.quantity,
        price=reservation.price,
        status=_STATUS.get(reservation.status, OrderStatus.PENDING),
        submitted_at=reservation.submitted_at,
        handle=reservation.handle,
    )


def as_reservation(order: Order, until: dt.date | None) -> Reservation:
    """Return a reserved order that the journal keeps."""
    return Reservation(
        id=order.id,
        symbol=order.symbol,
        name=order.name,
        side=order.side,
        type=order.type,
        venue=order.venue,
        quantity=order.quantity,
        price=order.price,
        until=until,
        status=ReservationStatus.PENDING,
        submitted_at=order.submitted_at,
        handle=order.handle,
    )
