"""What orders of every market have in common: sides in words, the answers to an order, what can be amended."""

from __future__ import annotations

from pydantic import Field

from brokerkit.errors import Unsupported
from brokerkit.models import Order
from brokerkit.transport import Block, OrderNumber
from brokerkit.words import OrderType, Side


def side_in(words: object) -> Side | None:
    """Read 매도 or 매수: the sign in front of it is a screen colour."""
    if isinstance(words, str) and ("매도" in words) != ("매수" in words):
        return Side.SELL if "매도" in words else Side.BUY
    return None


def has_side(words: str) -> str:
    """Return words that tell a side; ValueError for others."""
    Side(str(side_in(words)))
    return words


class Accepted(Block):
    """An order, amendment or cancellation that was received, not done."""

    number: OrderNumber = Field(alias="ord_no")  # 주문번호


def check_amendable(order: Order) -> None:
    """Raise Unsupported where an amendment might change more than the price."""
    if order.type is not None and order.type not in (OrderType.STOP, OrderType.STOP_LIMIT):
        return
    # A stop order wants its stop price again (mdfy_cond_uv, stop_pric); what a blank one does is not told.
    kind = order.type or "orders of an unknown type"
    raise Unsupported(
        f"Amendments of {kind} are not offered.", advice="Nothing was sent. Use cancel(order) and send a new order."
    )
