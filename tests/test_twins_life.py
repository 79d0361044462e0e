"""The whole life of an account, told through both brokers, gives the same models."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest

from brokerkit import Broker, OrderRequest, OrderStatus, OrderType, Side, TimeInForce, TransactionKind, Venue, clock
from brokerkit.market import us
from brokerkit.market.days import previous_trading_day
from brokerkit.market.markets import KOREA
from brokerkit.market.sessions import Phase
from brokerkit.models import Model
from brokerkit.sandbox import Sandbox
from tests.twins import (
    MARKETS,
    TWINS,
    Act,
    Story,
    Telling,
    account,
    assert_alike,
    assert_twins,
    ground,
    opened,
    refusal,
)

SYMBOL = "005930"


@pytest.mark.parametrize("market", MARKETS)
def test_an_order_that_moves_twice_and_is_cancelled_is_a_twin(market: str) -> None:
    def story(broker: Broker, sandbox: Sandbox) -> list[Model]:
        at = ground(sandbox)
        price = broker.quote(at.stock).price - 10 * at.step
        whole = broker.buy(at.stock, 7, price=price)
        moved = broker.amend(whole, price=price + at.step)
        again = broker.amend(broker.refresh(moved), price=price - at.step)
        working = broker.orders()
        assert [order.price for order in working] == [price - at.step]
        cancellation = broker.cancel(again)
        rows = [broker.refresh(order) for order in (whole, moved, again, cancellation)]
        history = broker.order_history(sandbox.exchange.today)
        assert broker.orders() == ()
        return [whole, moved, again, *working, cancellation, *rows, *history]

    assert_twins(story, market)


def test_amendments_of_a_part_and_the_lists_of_them_are_twins() -> None:
    def story(broker: Broker, sandbox: Sandbox) -> list[Model]:
        price = broker.quote(SYMBOL).price
        whole = broker.buy(SYMBOL, 7, price=price - 1000)
        moved = broker.amend(whole, price=price - 900)
        part = broker.amend(broker.refresh(moved), quantity=3, price=price - 800)
        broker.cancel(part, quantity=1)
        rows = [broker.refresh(order) for order in (whole, moved, part)]
        return [*rows, *broker.orders(), *broker.order_history(sandbox.exchange.today)]

    assert_twins(story)


@pytest.mark.parametrize("venue", KOREA.venues)
def test_types_and_venues_are_twins(venue: Venue) -> None:
    def story(broker: Broker, sandbox: Sandbox) -> list[Model]:
        quote = broker.quote(SYMBOL, venue=venue)
        sent = [
            broker.buy(SYMBOL, 3, type=OrderType.BEST_OPPOSITE, venue=venue),
            broker.buy(SYMBOL, 3, type=OrderType.BEST_SAME_SIDE, venue=venue),
            broker.buy(SYMBOL, 3, price=quote.price, time_in_force=TimeInForce.IOC, venue=venue),
            broker.buy(SYMBOL, 3, price=quote.price - 1000, time_in_force=TimeInForce.FOK, venue=venue),
        ]
        return [quote, broker.order_book(SYMBOL, venue=venue), *(broker.refresh(order) for order in sent)]

    assert_twins(story)


def test_history_of_past_days_is_a_twin() -> None:
    def story(broker: Broker, sandbox: Sandbox) -> list[Model]:
        near = previous_trading_day(sandbox.exchange.today)
        far = previous_trading_day(near - dt.timedelta(days=7))
        for day, filled, canceled in ((far, 5, 0), (far, 2, 0), (near, 1, 4), (near, 0, 5)):
            request = OrderRequest(
                symbol=SYMBOL, side=Side.BUY, quantity=Decimal(5), type=OrderType.LIMIT, price=Decimal(60_000)
            )
            sandbox.exchange.remember(
                account(broker, sandbox),
                day,
                request,
                filled=Decimal(filled),
                canceled=Decimal(canceled),
                average_price=Decimal(60_000),
            )
        told = broker.order_history(far, near)
        assert len(told) == 4
        return list(told)

    assert_twins(story)


@pytest.mark.parametrize("market", MARKETS)
def test_rejected_and_expired_orders_are_twins(market: str) -> None:
    def story(broker: Broker, sandbox: Sandbox) -> list[Model]:
        at = ground(sandbox)
        price = broker.quote(at.stock).price - 10 * at.step
        sandbox.exchange.reject_next(account(broker, sandbox))
        rejected = broker.buy(at.stock, 2, price=price)
        left = broker.buy(at.stock, 2, price=price)
        sandbox.exchange.phase = Phase.CLOSED
        told = [broker.refresh(rejected), broker.refresh(left)]
        assert [order.status for order in told] == [OrderStatus.REJECTED, OrderStatus.EXPIRED]
        return told

    assert_twins(story, market)


@pytest.mark.parametrize("market", MARKETS)
def test_quantities_that_can_be_traded_are_twins(market: str) -> None:
    def story(broker: Broker, sandbox: Sandbox) -> list[Model]:
        at = ground(sandbox)
        sandbox.exchange.give_holding(account(broker, sandbox), at.stock, Decimal(10), at.amount(600_000))
        broker.sell(at.stock, 4, price=broker.quote(at.stock).price + 10 * at.step)
        price = at.amount(60_000)
        power = broker.buying_power(at.stock, price=price)
        assert broker.sellable_quantity(at.stock) == 6
        # KIS takes the commission off the dollars, Kiwoom off the shares.
        assert power.quantity * price <= power.cash <= power.quantity * price * Decimal("1.005") + price
        # Commissions differ a little, so the last share may.
        own = {"cash": Decimal(0), "integrated_cash": None, "integrated_quantity": None}
        return [power.model_copy(update={"quantity": power.quantity // 10, **own}), broker.balance()]

    assert_twins(story, market)


def test_the_cash_of_every_currency_is_a_twin() -> None:
    cash = []
    for name in TWINS:
        with opened(name, "KR") as (broker, sandbox):
            broker.buy("US:KO", 10, price=sandbox.exchanges["US"].order_book("US:KO").asks[-1].price)
            cash.append([(each.currency, each.cash, each.cost, len(each.positions)) for each in broker.balances()])
            assert broker.balances()[0] == broker.balance(market="KR")
            assert broker.balances()[1] == broker.balance(market="US")
    assert cash[0] == cash[1]
    assert [each[0] for each in cash[0]] == ["KRW", "USD"]


# What an account did on a day is looked at when that is over and settled: an evening in Korea, a morning in New York.
TRADED, SETTLED = (dt.datetime(2026, 11, day, 23, 40, tzinfo=clock.KST) for day in (18, 23))


def trade(broker: Broker, sandbox: Sandbox) -> None:
    """Buy and sell at several prices; leave orders that were moved, cancelled, filled in part and not at all."""
    at, exchange = ground(sandbox), sandbox.exchange
    broker.buy(at.stock, 12, price=exchange.order_book(at.stock).asks[2].price)
    broker.buy(at.another, 5, price=exchange.order_book(at.another).asks[2].price)
    broker.sell(at.stock, 5, price=exchange.order_book(at.stock).bids[2].price)
    low = exchange.order_book(at.stock).bids[-1].price - 10 * at.step
    broker.cancel(broker.amend(broker.buy(at.stock, 4, price=low), price=low - at.step))
    broker.buy(at.stock, 3, price=low)
    best = exchange.order_book(at.stock).asks[0]
    broker.buy(at.stock, best.quantity + 5, price=best.price)


def looked_back(name: str, market: str, state: Path, monkeypatch: pytest.MonkeyPatch, story: Story) -> Telling:
    monkeypatch.setattr(clock, "now", lambda: TRADED)
    with opened(name, market, state=state) as (broker, sandbox):
        trade(broker, sandbox)
    monkeypatch.setattr(clock, "now", lambda: SETTLED)
    with opened(name, market, state=state) as (broker, sandbox):
        assert sandbox.exchange.today == SETTLED.date()
        return Telling(story(broker, sandbox), broker)


@pytest.mark.parametrize("market", MARKETS)
def test_a_day_that_is_over_and_settled_is_a_twin(market: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def story(broker: Broker, sandbox: Sandbox) -> list[Model]:
        day = TRADED.date()
        history = broker.order_history(day, day)
        assert [order.status for order in history] == STATUSES
        assert broker.order_history(day + dt.timedelta(days=1), SETTLED.date()) == ()
        # Of the past Kiwoom's list of the US names no original order.
        orders = [order.model_copy(update={"original_id": None}) for order in history]
        (sold,) = broker.realized_pnl(day, day)
        assert (sold.quantity, sold.net_pnl) == (5, sold.pnl - sold.costs)
        return [*orders, *broker.fills(day, day), sold, *broker.balance().positions]

    assert_alike(*(looked_back(name, market, tmp_path / name, monkeypatch, story) for name in TWINS))


STATUSES = [
    *(OrderStatus.FILLED, OrderStatus.FILLED, OrderStatus.FILLED),
    *(OrderStatus.CANCELED, OrderStatus.CANCELED, OrderStatus.EXPIRED, OrderStatus.EXPIRED),
]


def test_dollars_that_trades_moved_are_twins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sums: list[dict[object, tuple[Decimal, Decimal]]] = []

    def story(broker: Broker, sandbox: Sandbox) -> list[Model]:
        trades = [each for each in broker.transactions(TRADED.date()) if each.kind in MOVES]
        found: dict[object, tuple[Decimal, Decimal]] = {}
        for each in trades:  # KIS tells each order, Kiwoom what was bought of a symbol on a day
            key = (each.date, each.kind, each.symbol, each.name, each.currency)
            shares, amount = found.get(key, (Decimal(0), Decimal(0)))
            found[key] = (shares + (each.quantity or 0), amount + (each.amount or 0))
        sums.append(found)
        cash, start = broker.balance().cash, sandbox.exchange.bourse.cash
        assert cash == start + sum(amount for _, amount in found.values())
        return [broker.balance()]

    assert_alike(*(looked_back(name, "US", tmp_path / name, monkeypatch, story) for name in TWINS))
    kis, kiwoom = sums
    assert kis == kiwoom
    settled = us.settlement_day(TRADED.date()) + dt.timedelta(days=1)  # in Korea a day later than in New York
    assert kis.keys() == {(settled, *each, "USD") for each in TRADES}


TRADES = (
    (TransactionKind.PURCHASE, "US:AAPL", "애플"),
    (TransactionKind.PURCHASE, "US:MSFT", "마이크로소프트"),
    (TransactionKind.SALE, "US:AAPL", "애플"),
)
MOVES = (TransactionKind.PURCHASE, TransactionKind.SALE)


def amend_filled(broker: Broker, sandbox: Sandbox) -> object:
    return broker.amend(broker.buy(SYMBOL, 1, price=broker.quote(SYMBOL).price), price=60_000)


def trade_halted(broker: Broker, sandbox: Sandbox) -> object:
    sandbox.exchange.halt(SYMBOL)
    return broker.buy(SYMBOL, 1, price=60_000)


def wrong_phase(broker: Broker, sandbox: Sandbox) -> object:
    sandbox.exchange.phase = Phase.AFTER_MARKET
    return broker.buy(SYMBOL, 1, type=OrderType.MARKET)


@pytest.mark.parametrize("act", [amend_filled, trade_halted, wrong_phase])
def test_a_refusal_is_the_same_class_at_both(act: Act) -> None:
    assert refusal("kis", act) is refusal("kiwoom", act)


@pytest.mark.parametrize(
    "act",
    [
        lambda broker, sandbox: broker.order_book("999999"),
        lambda broker, sandbox: broker.quote("069500", venue=Venue.NXT),
        lambda broker, sandbox: broker.order_history(dt.date(2026, 11, 14), dt.date(2026, 11, 15)),
        lambda broker, sandbox: broker.order_history(dt.date(1999, 1, 4)),
        lambda broker, sandbox: broker.buying_power("999999", price=1000),
        lambda broker, sandbox: broker.buy(SYMBOL, 1, type=OrderType.MARKET, venue=Venue.NXT),
        lambda broker, sandbox: broker.amend(broker.buy(SYMBOL, 1, type=OrderType.MARKET), price=60_000),
        lambda broker, sandbox: broker.amend(broker.buy(SYMBOL, 3, price=60_000), quantity=4, price=61_000),
    ],
    ids=["book", "venue", "no trading day", "unknown years", "power", "type", "market amended", "too many"],
)
def test_a_question_is_refused_alike(act: Act) -> None:
    assert refusal("kis", act) is refusal("kiwoom", act)
