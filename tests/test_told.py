"""What was told of own orders is compared with the exchange: every way in which it can be wrong is said."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import pytest

from brokerkit import OrderRequest, OrderStatus, Side, Venue
from brokerkit.clock import KST
from brokerkit.sandbox.exchange import Exchange, ExchangeOrder
from brokerkit.stream.events import OrderChange, OrderEvent
from brokerkit.testing.told import wrongs_of

MORNING = dt.datetime(2026, 11, 20, 10, 0, tzinfo=KST)
SYMBOL, ACCOUNT = "005930", "1"
Told = list[OrderEvent]


def traded() -> tuple[Sequence[ExchangeOrder], Told]:
    """Return the rows of an order of ten that was filled in two parts, moved and cancelled, and what is told of it."""
    exchange = Exchange()
    exchange.open_account(ACCOUNT)
    bid = exchange.order_book(SYMBOL).bids[0].price
    request = OrderRequest(symbol=SYMBOL, side=Side.BUY, quantity=10, price=bid)
    number = exchange.submit(ACCOUNT, request).number
    before = exchange.order_book(SYMBOL).bids[0].quantity - 10
    exchange.trade(SYMBOL, Side.SELL, before + 3)
    exchange.trade(SYMBOL, Side.SELL, Decimal(4))
    moved = exchange.amend(ACCOUNT, number, price=bid - 1000)
    canceled = exchange.cancel(ACCOUNT, moved.number)

    def event(change: OrderChange, number: int, original: int | None = None, **told: Any) -> OrderEvent:
        known = {
            "quantity": Decimal(10),
            "price": bid,
            "filled_quantity": Decimal(0),
            "remaining_quantity": None,
            **told,
        }
        return OrderEvent(
            symbol=SYMBOL,
            venue=Venue.KRX,
            time=None,
            received_at=MORNING,
            change=change,
            order_id=str(number),
            original_id=None if original is None else str(original),
            side=Side.BUY,
            status=OrderStatus.WORKING,
            **known,
        )

    def fill(filled: int, last: int) -> OrderEvent:
        told = {"filled_quantity": Decimal(filled), "last_quantity": Decimal(last), "last_price": bid}
        return event(OrderChange.FILLED, number, **told)

    return exchange.orders(ACCOUNT), [
        event(OrderChange.ACCEPTED, number),
        fill(3, 3),
        fill(7, 4),
        event(OrderChange.AMENDED, moved.number, number, quantity=Decimal(3), price=bid - 1000),
        event(
            OrderChange.CANCELED,
            canceled.number,
            moved.number,
            quantity=Decimal(3),
            remaining_quantity=Decimal(0),
        ),
    ]


def wrongs(change: Callable[[Told], Told]) -> str:
    rows, told = traded()
    return "; ".join(wrongs_of(change(told), rows, int))


def test_what_was_told_as_it_was_is_right_also_where_fills_are_told_as_one() -> None:
    assert wrongs(lambda told: told) == ""
    assert wrongs(lambda told: [told[0], told[2]._replace(last_quantity=Decimal(7)), *told[3:]]) == ""


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda told: [told[0], *told[2:]], "with 4 shares, 7 in all, and 4 were told"),
        (lambda told: [*told[:2], *told[3:]], "3 are told as filled, in truth 7"),
        (lambda told: [*told[:2], *told[1:]], "with 3 shares, 3 in all, and 6 were told"),
        (lambda told: [told[1], told[0], *told[2:]], "told as FILLED before the exchange had it"),
        (lambda told: [told[0], *told], "told as ACCEPTED again"),
        (lambda told: told[1:], "nothing says that the exchange has it"),
        (lambda told: told[:-1], "0 are told as cancelled, in truth 3"),
        (lambda told: [*told, told[-1]], "told as CANCELED again"),
        (lambda told: [*told[:3], told[4], told[3]], "told as CANCELED before the exchange had it"),
        (lambda told: [*told[:3], told[3]._replace(original_id=None), told[4]], "of None, in truth of"),
        (lambda told: [*told, told[0]._replace(order_id="777")], "order 777 is told, and it is none of the account's"),
        (lambda told: [told[0]._replace(side=Side.SELL), *told[1:]], "of 005930, SELL, in truth 005930, BUY"),
        (lambda told: [told[0]._replace(quantity=Decimal(9)), *told[1:]], "over 9 at"),
        (lambda told: [*told[:2], told[2]._replace(last_price=Decimal(1)), *told[3:]], "the fills came to"),
        (
            lambda told: [
                told[0],
                told[1]._replace(last_price=None),
                told[2]._replace(last_price=Decimal(1)),
                *told[3:],
            ],
            "with 4 shares at 1, in truth 0",
        ),
        (lambda told: [*told[:2], told[2]._replace(quantity=Decimal(9)), *told[3:]], "of an order over 9, in truth 10"),
        (lambda told: [*told, told[0]._replace(change=OrderChange.REJECTED)], "a refusal was told 1 times"),
        (lambda told: [*told, told[0]._replace(change=OrderChange.EXPIRED)], "1 are told as expired, in truth 0"),
    ],
)
def test_whatever_is_lost_repeated_foreign_or_out_of_order_is_said(change: Callable[[Told], Told], words: str) -> None:
    assert words in wrongs(change)
