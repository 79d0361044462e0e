"""Random stories at the simulated exchange: nothing gets lost, and a saved exchange goes on like the one it was."""

# mypy: disable-error-code="comparison-overlap"
# Decimals are compared with ints on purpose.

import datetime as dt
import json
import threading
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brokerkit.market.sessions import CONTINUOUS, Phase
from brokerkit.models import OrderRequest
from brokerkit.sandbox.exchange import Exchange, ExchangeRefusal, Refusal
from brokerkit.words import OrderType, Side
from tests.stories import ACCOUNTS, CASH, SAMSUNG, SHARES, STEPS, TODAY, Step, opened, picture, play


@settings(max_examples=120, deadline=None)
@given(STEPS)
def test_quantities_cash_and_shares_are_conserved(steps: list[Step]) -> None:
    exchange = opened()
    for step in steps:
        play(exchange, step)
        for account in ACCOUNTS:
            check_rows(exchange, account)
            check_account(exchange, account)
        check_market(exchange)
    exchange.phase = Phase.CLOSED
    for account in ACCOUNTS:
        state = exchange.account(account)
        assert not any(row.remaining for row in exchange.orders(account))
        assert state.orderable == state.cash_d2
        assert all(holding.sellable == holding.quantity for holding in state.holdings)


def check_rows(exchange: Exchange, account: str) -> None:
    rows = exchange.orders(account)
    for row in rows:
        parts = (row.filled, row.remaining, row.canceled, row.amended, row.expired, row.rejected)
        assert min(parts) >= 0
        assert sum(parts) == (0 if row.action == "CANCEL" else row.quantity)
        assert row.filled == sum(fill.quantity for fill in row.executions)
    numbers = [row.number for row in rows]
    assert numbers == sorted(set(numbers))
    for row in rows:
        named = [other for other in rows if other.original == row.number]
        assert row.amended == sum(other.quantity for other in named if other.action == "AMEND")
        by_market = row.canceled - sum(other.quantity for other in named if other.action == "CANCEL")
        assert by_market >= 0
    assert rows == exchange.history(account, TODAY, TODAY)


def check_account(exchange: Exchange, account: str) -> None:
    state = exchange.account(account)
    rows = exchange.orders(account)
    cash, shares, fees = Decimal(CASH), SHARES, Decimal(0)
    for row in rows:
        for fill in row.executions:
            amount = fill.price * fill.quantity
            bought = row.request.side is Side.BUY
            cash += -amount if bought else amount
            shares += int(fill.quantity if bought else -fill.quantity)
            fees += amount * Decimal("0.00015") // 10 * 10 + (0 if bought else amount * Decimal("0.002") // 1)
    assert (state.cash_d2, state.fees_today) == (cash - fees, fees)
    holding = next(iter(state.holdings))
    assert holding.quantity == shares
    selling = sum(row.remaining for row in rows if row.request.side is Side.SELL)
    assert holding.sellable == holding.quantity - selling >= 0
    buying = [row for row in rows if row.request.side is Side.BUY and row.remaining]
    assert 0 <= state.orderable <= state.cash_d2
    assert (state.orderable == state.cash_d2) is not bool(buying)


def check_market(exchange: Exchange) -> None:
    quote, book, trades = exchange.quote(SAMSUNG), exchange.order_book(SAMSUNG), exchange.trades(SAMSUNG)
    if exchange.phase in CONTINUOUS and book.asks and book.bids:
        assert book.bids[0].price < book.asks[0].price
    assert quote.low is not None
    assert quote.high is not None
    assert quote.low <= quote.price <= quote.high
    assert trades[-1].price == quote.price
    assert trades[-1].volume == quote.volume == sum(trade.quantity for trade in trades)
    assert quote.turnover == sum(trade.quantity * trade.price for trade in trades)


def test_nothing_is_lost_when_threads_amend_cancel_and_trade_at_once() -> None:
    exchange = opened()
    bid = exchange.order_book(SAMSUNG).bids[1].price
    refused: list[Refusal] = []

    def trade(account: str) -> None:
        for turn in range(40):
            request = OrderRequest(symbol=SAMSUNG, side=Side.BUY, quantity=Decimal(3), type=OrderType.LIMIT, price=bid)
            try:
                row = exchange.submit(account, request)
                exchange.trade(SAMSUNG, Side.SELL, Decimal(2))
                row = exchange.amend(account, row.number, price=bid + 100 * (turn % 3))
                exchange.cancel(account, row.number)
            except ExchangeRefusal as refusal:
                refused.append(refusal.reason)

    threads = [threading.Thread(target=trade, args=(account,)) for account in ACCOUNTS * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(refused) <= {Refusal.NOTHING_TO_CANCEL, Refusal.INSUFFICIENT_CASH}
    for account in ACCOUNTS:
        check_rows(exchange, account)
        check_account(exchange, account)
    check_market(exchange)


def saved(exchange: Exchange, today: dt.date | None = None) -> Exchange:
    return Exchange.load(json.loads(json.dumps(exchange.dump())), today=today)


@pytest.mark.slow
@settings(max_examples=30, deadline=None)
@given(STEPS, STEPS)
def test_a_loaded_exchange_is_equal_and_goes_on_alike(before: list[Step], after: list[Step]) -> None:
    exchange = opened()
    for step in before:
        play(exchange, step)
    other = saved(exchange)
    assert picture(other) == picture(exchange)
    for step in after:
        assert play(other, step) is play(exchange, step)
    assert picture(other) == picture(exchange)


@pytest.mark.slow
@settings(max_examples=15, deadline=None)
@given(STEPS, st.integers(1, 10))
def test_on_a_later_day_nothing_is_lost_either(steps: list[Step], days: int) -> None:
    exchange = opened()
    for step in steps:
        play(exchange, step)
    later = saved(exchange, TODAY + dt.timedelta(days=days))
    for account in ACCOUNTS:
        was, now = exchange.account(account), later.account(account)
        assert now.cash_d2 == now.orderable == was.cash_d2
        assert {holding.symbol: (holding.quantity, holding.cost) for holding in now.holdings} == {
            holding.symbol: (holding.quantity, holding.cost) for holding in was.holdings if holding.quantity
        }
        rows = later.history(account, TODAY, TODAY)
        assert later.orders(account) == []
        assert [row.number for row in rows] == [row.number for row in exchange.orders(account)]
        for row, old in zip(rows, exchange.orders(account), strict=True):
            assert (row.remaining, row.expired) == (0, old.expired + old.remaining)
            assert row.executions == old.executions
    assert later.order_book(SAMSUNG).bids
