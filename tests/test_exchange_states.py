"""Rare states of the simulated exchange: before the first trade, without limits, without a price, in a halt."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from brokerkit.market.days import previous_trading_day
from brokerkit.models import OrderRequest
from brokerkit.sandbox.exchange import Exchange, ExchangeRefusal
from brokerkit.words import OrderType, Side

SYMBOL = "005930"
ACCOUNT = "1"
DAY = dt.date(2026, 11, 20)


@pytest.fixture
def exchange() -> Exchange:
    exchange = Exchange(today=DAY)
    exchange.open_account(ACCOUNT)
    return exchange


def limit(price: Decimal, quantity: int = 5) -> OrderRequest:
    return OrderRequest(symbol=SYMBOL, side=Side.BUY, quantity=quantity, price=price)


def test_before_the_first_trade_there_is_a_price_and_no_day(exchange: Exchange) -> None:
    exchange.unopen(SYMBOL)
    quote = exchange.quote(SYMBOL)
    base = exchange.instruments[SYMBOL].previous_close
    assert (quote.price, quote.change, quote.change_percent) == (base, 0, 0)
    assert (quote.open, quote.high, quote.low) == (None, None, None)
    assert (quote.volume, quote.turnover) == (0, 0)
    assert exchange.trades(SYMBOL) == []
    today = exchange.daily_candles(SYMBOL, days=2)[-1]
    assert (today.open, today.high, today.low, today.close, today.volume) == (base, base, base, base, 0)
    assert exchange.minute_candles(SYMBOL) == []


def test_the_first_trade_is_open_high_and_low(exchange: Exchange) -> None:
    exchange.unopen(SYMBOL)
    ask = exchange.order_book(SYMBOL).asks[1]
    exchange.trade(
        SYMBOL, Side.BUY, exchange.order_book(SYMBOL).asks[0].quantity, exchange.order_book(SYMBOL).asks[0].price
    )
    first = exchange.quote(SYMBOL)
    assert first.open == first.high == first.low == first.price == exchange.instruments[SYMBOL].previous_close
    exchange.trade(SYMBOL, Side.BUY, Decimal(1), ask.price)
    second = exchange.quote(SYMBOL)
    assert (second.open, second.high, second.low) == (first.price, ask.price, first.price)


def test_a_day_that_is_not_open_survives_saving(exchange: Exchange) -> None:
    exchange.unopen(SYMBOL)
    loaded = Exchange.load(exchange.dump())
    assert loaded.quote(SYMBOL).open is None
    assert loaded.trades(SYMBOL) == []
    exchange.trade(SYMBOL, Side.BUY, Decimal(3))
    loaded = Exchange.load(exchange.dump())
    assert [trade.quantity for trade in loaded.trades(SYMBOL)] == [3]
    assert loaded.quote(SYMBOL).volume == 3


def test_what_was_traded_is_not_undone(exchange: Exchange) -> None:
    exchange.trade(SYMBOL, Side.BUY, Decimal(3))
    with pytest.raises(ValueError, match=SYMBOL):
        exchange.unopen(SYMBOL)


def test_without_limits_any_price_is_taken(exchange: Exchange) -> None:
    far = exchange.instruments[SYMBOL].lower_limit // 200 * 100
    with pytest.raises(ExchangeRefusal):
        exchange.submit(ACCOUNT, limit(far))
    exchange.lift_limits(SYMBOL)
    quote = exchange.quote(SYMBOL)
    assert (quote.upper_limit, quote.lower_limit) == (None, None)
    assert exchange.submit(ACCOUNT, limit(far)).remaining == 5
    assert Exchange.load(exchange.dump()).quote(SYMBOL).upper_limit is None


def test_a_symbol_without_a_price_has_one_after_a_trade(exchange: Exchange) -> None:
    exchange.give_holding(ACCOUNT, SYMBOL, Decimal(4), Decimal(100_000))
    exchange.unprice(SYMBOL)
    quote = exchange.quote(SYMBOL)
    assert (quote.price, quote.change, quote.change_percent) == (0, None, None)
    (holding,) = exchange.account(ACCOUNT).holdings
    assert (holding.price, holding.market_value, holding.cost) == (0, 0, 100_000)
    assert Exchange.load(exchange.dump()).quote(SYMBOL).price == 0
    exchange.trade(SYMBOL, Side.BUY, Decimal(1))
    assert exchange.quote(SYMBOL).price > 0
    assert exchange.account(ACCOUNT).holdings[0].market_value == 4 * exchange.quote(SYMBOL).price


def test_the_book_of_a_halted_symbol_shows_nothing(exchange: Exchange) -> None:
    before = exchange.order_book(SYMBOL)
    exchange.halt(SYMBOL)
    assert (exchange.order_book(SYMBOL).asks, exchange.order_book(SYMBOL).bids) == ((), ())
    exchange.resume(SYMBOL)
    assert exchange.order_book(SYMBOL).asks == before.asks


def test_a_cancel_that_is_refused_afterwards_cancels_nothing(exchange: Exchange) -> None:
    order = exchange.submit(ACCOUNT, limit(exchange.order_book(SYMBOL).bids[0].price - 500))
    exchange.reject_next_cancel(ACCOUNT)
    exchange = Exchange.load(exchange.dump())
    refused = exchange.cancel(ACCOUNT, order.number)
    assert (refused.action, refused.quantity, refused.rejected) == ("CANCEL", 5, 5)
    assert exchange.order(ACCOUNT, order.number).remaining == 5
    assert exchange.cancel(ACCOUNT, order.number).rejected == 0
    assert exchange.order(ACCOUNT, order.number).canceled == 5


def test_a_number_comes_again_on_another_day(exchange: Exchange) -> None:
    order = exchange.submit(ACCOUNT, limit(exchange.order_book(SYMBOL).bids[0].price - 500))
    day = previous_trading_day(DAY)
    old = exchange.remember(ACCOUNT, day, order.request, filled=Decimal(5), number=order.number)
    assert (old.number, old.day) == (order.number, day)
    assert [row.filled for row in exchange.history(ACCOUNT, day, DAY)] == [5, 0]
    assert order.request.type is OrderType.LIMIT
