"""The same story told through both brokers gives the same models, less what a broker declares that it cannot tell."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from brokerkit import Broker, OrderType, RankingKind, Side, get_broker
from brokerkit.models import Flow, Model, OrderRequest
from brokerkit.sandbox import Sandbox
from tests.twins import MARKETS, TWINS, Act, account, assert_twins, ground, refusal, told


@pytest.mark.parametrize("market", MARKETS)
def test_quotes_are_twins(market: str) -> None:
    def story(broker: Broker, sandbox: Sandbox) -> list[Model]:
        symbols = list(sandbox.exchange.instruments)
        some = symbols[:: len(symbols) // 15]
        return [*(broker.quote(symbol) for symbol in some), *broker.quotes(symbols[:12])]

    assert_twins(story, market)


@pytest.mark.parametrize("market", MARKETS)
def test_books_are_twins(market: str) -> None:
    def story(broker: Broker, sandbox: Sandbox) -> list[Model]:
        symbols = list(sandbox.exchange.instruments)
        return [broker.order_book(symbol) for symbol in symbols[:: len(symbols) // 8]]

    assert_twins(story, market)


@pytest.mark.parametrize("market", MARKETS)
def test_instruments_are_twins(market: str) -> None:
    def story(broker: Broker, sandbox: Sandbox) -> list[Model]:
        return sorted(broker.instruments(market), key=lambda each: each.symbol)

    assert_twins(story, market)


def test_a_partial_fill_and_its_cancellation_are_twins() -> None:
    def story(broker: Broker, sandbox: Sandbox) -> list[Model]:
        quote = broker.quote("005930")
        order = broker.refresh(broker.buy("005930", 950, price=quote.price))
        canceled = broker.cancel(order, quantity=3)
        part = broker.refresh(canceled)
        rest = broker.refresh(broker.cancel(part))
        return [quote, order, part, rest, broker.quote("005930"), broker.balance()]

    assert_twins(story)


def test_market_orders_and_holdings_are_twins() -> None:
    def story(broker: Broker, sandbox: Sandbox) -> list[Model]:
        bought = broker.refresh(broker.buy("000660", 200, type=OrderType.MARKET))
        fund = broker.refresh(broker.buy("069500", 40, type=OrderType.MARKET))
        sold = broker.refresh(broker.sell("069500", 15, type=OrderType.MARKET))
        sandbox.exchange.trade("000660", Side.SELL, Decimal(900))
        return [bought, fund, sold, broker.balance()]

    assert_twins(story)


@pytest.mark.parametrize("market", MARKETS)
def test_an_order_that_fills_in_parts_is_a_twin(market: str) -> None:
    def story(broker: Broker, sandbox: Sandbox) -> list[Model]:
        at = ground(sandbox)
        best = sandbox.exchange.order_book(at.stock).asks[0]
        order = broker.buy(at.stock, best.quantity + 20, price=best.price)
        part = broker.refresh(order)
        sandbox.exchange.trade(at.stock, Side.SELL, Decimal(7), best.price)
        more = broker.refresh(part)
        working = broker.orders()
        cancellation = broker.cancel(more)
        sold = broker.sell(at.stock, 4, price=sandbox.exchange.order_book(at.stock).bids[1].price)
        rows = [broker.refresh(each) for each in (order, sold)]
        assert [row.filled_quantity for row in rows] == [best.quantity + 7, 4]
        history = broker.order_history(sandbox.exchange.today)
        return [order, part, more, *working, cancellation, *rows, *history, *broker.fills(), broker.balance()]

    assert_twins(story, market)


@pytest.mark.parametrize("market", MARKETS)
def test_fills_and_realized_profits_are_twins(market: str) -> None:
    def story(broker: Broker, sandbox: Sandbox) -> list[Model]:
        at = ground(sandbox)
        days = sandbox.exchange.daily_candles(at.stock, days=4)
        yesterday = days[-2].time.date()
        request = OrderRequest(symbol=at.more[0], side=Side.SELL, quantity=9, price=at.amount(50_000))
        sandbox.exchange.remember(
            account(broker, sandbox), yesterday, request, filled=Decimal(9), cost=at.amount(445_500)
        )
        broker.buy(at.another, 200, price=sandbox.exchange.order_book(at.another).asks[-1].price)
        broker.sell(at.another, 33, price=sandbox.exchange.order_book(at.another).bids[-1].price)
        # The sales of the day that goes on KIS does not tell of the US.
        return [*broker.fills(yesterday), *broker.realized_pnl(yesterday, yesterday)]

    assert_twins(story, market)


@pytest.mark.parametrize("kind", RankingKind)
def test_rankings_are_twins(kind: RankingKind) -> None:
    def story(broker: Broker, sandbox: Sandbox) -> list[Model]:
        return [place for market in ("KOSPI", "KOSDAQ", None) for place in broker.rankings(kind, market=market)]

    left, right = (told(name, story, "KR").models for name in TWINS)
    assert [(place.rank, place.symbol) for place in left] == [(place.rank, place.symbol) for place in right]  # type: ignore[attr-defined]
    for one, other in zip(left, right, strict=True):
        pairs = {name: (value, getattr(other, name)) for name, value in one if name != "computed"}
        both = {name: pair for name, pair in pairs.items() if None not in pair}
        assert {"name", "date", "final"} < set(both)
        for name, (value, twin) in both.items():
            assert value == twin or (name == "turnover" and value // 1_000_000 == twin // 1_000_000), name


def test_investor_flow_is_a_twin() -> None:
    def story(broker: Broker, sandbox: Sandbox) -> list[Model]:
        sandbox.exchange.forward(dt.timedelta(hours=6))  # before 15:40 KIS tells the three groups alone
        days = [day.date for day in sandbox.exchange.investor_flow("035720")]
        newest = broker.investor_flow("035720", detail=True)
        part = broker.investor_flow("035720", start=days[-20], end=days[-11], detail=True)
        assert len(newest) == 30
        assert len(part) == 10
        return [*newest, *part]

    assert_twins(story)


def test_nets_are_the_same_without_detail() -> None:
    def story(broker: Broker, sandbox: Sandbox) -> list[Model]:
        return [
            Flow(net_quantity=day.foreign.net_quantity, net_amount=day.foreign.net_amount)
            for day in broker.investor_flow("005930")
        ]

    assert_twins(story)


def price_of(broker: Broker, sandbox: Sandbox) -> Decimal:
    return sandbox.exchange.quote(ground(sandbox).stock).price


def close_and_buy(broker: Broker, sandbox: Sandbox) -> object:
    sandbox.exchange.market_open = False
    return broker.buy(ground(sandbox).stock, 1, price=price_of(broker, sandbox))


def cancel_twice(broker: Broker, sandbox: Sandbox) -> object:
    order = broker.buy(ground(sandbox).stock, 1, price=price_of(broker, sandbox) - 10 * ground(sandbox).step)
    broker.cancel(order)
    return broker.cancel(order)


def amend_filled(broker: Broker, sandbox: Sandbox) -> object:
    price = price_of(broker, sandbox)
    return broker.amend(broker.buy(ground(sandbox).stock, 1, price=price), price=price - ground(sandbox).step)


def trade_halted(broker: Broker, sandbox: Sandbox) -> object:
    sandbox.exchange.halt(ground(sandbox).stock)
    return broker.buy(ground(sandbox).stock, 1, price=price_of(broker, sandbox))


@pytest.mark.parametrize(
    "act",
    [
        lambda broker, sandbox: broker.quote(ground(sandbox).unlisted),
        lambda broker, sandbox: broker.order_book(ground(sandbox).unlisted),
        lambda broker, sandbox: broker.buy(ground(sandbox).unlisted, 1, price=1000),
        lambda broker, sandbox: broker.buying_power(ground(sandbox).unlisted, price=1000),
        lambda broker, sandbox: broker.buy(ground(sandbox).stock, 10**7, price=price_of(broker, sandbox)),
        lambda broker, sandbox: broker.sell(ground(sandbox).stock, 1, price=price_of(broker, sandbox)),
        close_and_buy,
        cancel_twice,
        amend_filled,
        trade_halted,
    ],
    ids=["quote", "book", "unknown", "power", "cash", "shares", "closed", "canceled", "filled", "halted"],
)
def test_a_refusal_is_the_same_class_at_both_and_in_both_markets(act: Act) -> None:
    assert len({refusal(name, act, market) for name in TWINS for market in MARKETS}) == 1


@pytest.mark.parametrize(
    "act",
    [
        lambda broker, sandbox: broker.buy("005930", 1, price=100),
        lambda broker, sandbox: broker.investor_flow("005930", start=dt.date(2010, 1, 4)),
    ],
    ids=["limits", "history"],
)
def test_a_refusal_of_korea_is_the_same_class_at_both(act: Act) -> None:
    assert refusal("kis", act) is refusal("kiwoom", act)


def test_an_order_at_one_broker_moves_the_price_at_the_other() -> None:
    with (
        Sandbox() as sandbox,
        get_broker("kis", environment="sandbox", sandbox=sandbox) as kis,
        get_broker("kiwoom", environment="sandbox", sandbox=sandbox) as kiwoom,
    ):
        before = kiwoom.quote("005930").price
        kis.buy("005930", 1000, price=before + 200)
        after = kiwoom.quote("005930").price
        assert after > before
        assert after == kis.quote("005930").price
