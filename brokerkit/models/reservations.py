"""Reserved orders: what the broker keeps, and sends to the exchange by itself at a later hour or day (예약주문)."""

from __future__ import annotations

from brokerkit.models.base import Model
from brokerkit.values import Date, Exact, Moment
from brokerkit.words import OrderType, ReservationStatus, Side, Venue


class Reservation(Model):
    """An order that waits at the broker until its market opens (예약주문). Survives as JSON, as an `Order` does.

    It is none at the exchange before the broker sends it: neither cash nor shares are set aside for it, unless the
    broker says so.
    """

    time_field = "submitted_at"

    id: str
    """The broker's number of the reservation (예약번호). The order that it becomes has another one."""
    symbol: str
    """What it will trade (종목코드)."""
    name: str | None = None
    """As the broker writes it (종목명)."""
    side: Side
    """Buy or sell (매매구분)."""
    type: OrderType | None = None
    """How its price is made (주문유형); None where the broker names a type that brokerkit does not know."""
    venue: Venue | None = None
    """Where it will go (거래소)."""
    quantity: Exact
    """Whole shares (주문수량)."""
    price: Exact | None = None
    """Limit price (주문가격); None for types without one."""
    day: Date | None = None
    """The day for which the broker keeps it, as its list tells (주문일자)."""
    until: Date | None = None
    """Last day on which the broker sends it, of one for several days (기간예약)."""
    status: ReservationStatus
    """How it stands (예약상태)."""
    order_id: str | None = None
    """Number of the order that it became, where the list tells (주문번호)."""
    submitted_at: Moment | None = None
    """When the broker took the reservation (접수시각)."""
    handle: str
    """Opaque: what the adapter needs to find, amend or cancel it later, also after a restart. It is no order's."""
