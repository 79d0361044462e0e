"""Simulated exchanges with two accounts, and orders of them, for tests of the matching."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from brokerkit.models import OrderRequest
from brokerkit.sandbox.exchange import Exchange, ExchangeOrder, ExchangeRefusal, Refusal
from brokerkit.words import OrderType, Side, TimeInForce, Venue

TODAY = dt.date(2026, 11, 20)
SAMSUNG, FUND = "005930", "069500"
BUY, SELL = Side.BUY, Side.SELL
PLENTY = Decimal(1_000_000)

Number = int | Decimal


def opened(seed: int = 1) -> Exchange:
    """Return an exchange with two accounts that have cash alone."""
    exchange = Exchange(seed=seed, today=TODAY)
    exchange.open_account("one")
    exchange.open_account("two")
    return exchange


def stocked() -> Exchange:
    """Return an exchange with two accounts that have shares too."""
    exchange = opened()
    for account in ("one", "two"):
        exchange.give_holding(account, SAMSUNG, Decimal(1_000), Decimal(60_000_000))
    return exchange


def empty_book(exchange: Exchange, symbol: str = SAMSUNG) -> Decimal:
    """Take everything that waits and return the previous close, a price in the middle of the day's range."""
    for side in Side:
        exchange.trade(symbol, side, PLENTY)
    assert exchange.order_book(symbol).asks == exchange.order_book(symbol).bids == ()
    return exchange.instruments[symbol].previous_close


def send(
    exchange: Exchange,
    side: Side,
    quantity: Number,
    price: Number | None = None,
    kind: OrderType | None = None,
    *,
    stop: Number | None = None,
    account: str = "one",
    symbol: str = SAMSUNG,
    time_in_force: TimeInForce = TimeInForce.DAY,
    venue: Venue = Venue.KRX,
) -> ExchangeOrder:
    """Submit an order: without a kind a limit order, or without a price too a market order."""
    request = OrderRequest(
        symbol=symbol,
        side=side,
        quantity=Decimal(quantity),
        type=kind or (OrderType.MARKET if price is None else OrderType.LIMIT),
        price=price,
        stop_price=stop,
        time_in_force=time_in_force,
        venue=venue,
    )
    return exchange.submit(account, request)


def refusal(exchange: Exchange, side: Side, quantity: Number, price: Number | None = None, **other: Any) -> Refusal:
    """Submit an order that is refused, and return the reason."""
    with pytest.raises(ExchangeRefusal) as refused:
        send(exchange, side, quantity, price, **other)
    return refused.value.reason


def others(exchange: Exchange, side: Side, quantity: int, price: Number | None = None) -> None:
    """Let somebody without an account trade."""
    exchange.trade(SAMSUNG, side, Decimal(quantity), None if price is None else Decimal(price))


def parts_of(exchange: Exchange, order: ExchangeOrder, account: str = "one") -> dict[str, int]:
    """Return the parts of the order that are not 0."""
    row = exchange.order(account, order.number)
    names = ("filled", "remaining", "canceled", "amended", "expired", "rejected")
    parts = {name: int(getattr(row, name)) for name in names}
    assert sum(parts.values()) == row.quantity
    return {name: value for name, value in parts.items() if value}
