"""The same story told through both brokers gives the same models, less what a broker declares that it cannot tell."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest

from brokerkit import Broker, BrokerError, OrderType, RankingKind, Side, get_broker
from brokerkit.market.days import previous_trading_day
from brokerkit.models import Balance, Fill, Flow, Instrument, Model, Order, OrderRequest, Position, RealizedPnl
from brokerkit.sandbox import Sandbox
from brokerkit.testing.base import not_told
from brokerkit.testing.truth import is_empty

TWINS = ("kis", "kiwoom")
OWN = {
    # The two sandboxes are not opened in the same second; conformance compares times with each exchange's own.
    Order: {"id", "original_id", "handle", "submitted_at"},
    # Commission differs, so what is left of the cash differs too; conformance checks it against the exchange.
    Balance: {"account", "cash_d2", "total_value", "orderable_cash", "withdrawable_cash"},
    # Each broker counts its own commission.
    RealizedPnl: {"commission", "costs", "net_pnl"},
    Fill: {"order_id"},
    # Kiwoom tells one warning a symbol; what goes by those that it hides differs too.
    Instrument: {"liquidation", "alert", "overheated", "caution", "upper_limit", "lower_limit"},
}
ROUNDED = {
    Position: {"average_price"},
    Order: {"average_fill_price"},
    Fill: {"price"},
    RealizedPnl: {"sell_price", "buy_price"},
}
Story = Callable[[Broker, Sandbox], list[Model]]


def told(name: str, story: Story) -> tuple[list[Model], Broker]:
    with Sandbox(seed=7) as sandbox, get_broker(name, environment="sandbox", sandbox=sandbox) as broker:
        return story(broker, sandbox), broker


def comparable(model: Model, skipped: dict[type, set[str]]) -> dict[str, object]:
    fields: dict[str, object] = {}
    for name, value in model:
        if name in skipped.get(type(model), ()):
            continue
        if isinstance(value, tuple):
            fields[name] = [comparable(item, skipped) if isinstance(item, Model) else item for item in value]
        elif name in ROUNDED.get(type(model), ()) and isinstance(value, Decimal):
            fields[name] = value // 1
        else:
            fields[name] = value
    return fields


def assert_twins(story: Story) -> None:
    (left, kis), (right, kiwoom) = told("kis", story), told("kiwoom", story)
    assert left
    skipped: dict[type, set[str]] = {kind: set(names) for kind, names in OWN.items()}
    for broker in (kis, kiwoom):
        for kind, names in not_told(broker).items():
            skipped.setdefault(kind, set()).update(names)
    assert [comparable(model, skipped) for model in left] == [comparable(model, skipped) for model in right]
    for models, broker in ((left, kis), (right, kiwoom)):
        for model in models:
            for name in not_told(broker).get(type(model), ()):
                assert is_empty(getattr(model, name)), f"{broker.name} declares {name} absent but tells it"


def test_quotes_are_twins() -> None:
    assert_twins(lambda broker, sandbox: [broker.quote(symbol) for symbol in list(sandbox.exchange.instruments)[::50]])


def test_instruments_are_twins() -> None:
    assert_twins(lambda broker, sandbox: sorted(broker.instruments(), key=lambda each: each.symbol))


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


def test_fills_and_realized_profits_are_twins() -> None:
    def story(broker: Broker, sandbox: Sandbox) -> list[Model]:
        yesterday = previous_trading_day(sandbox.exchange.today)
        account = sandbox.face(broker.name).credentials.account
        request = OrderRequest(symbol="035720", side=Side.SELL, quantity=9, price=Decimal(50_000))
        sandbox.exchange.remember(account, yesterday, request, filled=Decimal(9), cost=Decimal(444_444))
        broker.buy("000660", 200, type=OrderType.MARKET)
        broker.sell("000660", 33, type=OrderType.MARKET)
        return [*broker.fills(yesterday), *broker.realized_pnl(yesterday)]

    assert_twins(story)


@pytest.mark.parametrize("kind", RankingKind)
def test_rankings_are_twins(kind: RankingKind) -> None:
    def story(broker: Broker, sandbox: Sandbox) -> list[Model]:
        return [place for market in ("KOSPI", "KOSDAQ", None) for place in broker.rankings(kind, market=market)]

    (left, _), (right, _) = told("kis", story), told("kiwoom", story)
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


def refusal(name: str, act: Callable[[Broker, Sandbox], object]) -> type[BrokerError]:
    with Sandbox(seed=7) as sandbox, get_broker(name, environment="sandbox", sandbox=sandbox) as broker:
        with pytest.raises(BrokerError) as caught:
            act(broker, sandbox)
        assert caught.value.broker == name
        assert caught.value.advice
        return type(caught.value)


def close_and_buy(broker: Broker, sandbox: Sandbox) -> object:
    sandbox.exchange.market_open = False
    return broker.buy("005930", 1, price=69000)


def cancel_twice(broker: Broker, sandbox: Sandbox) -> object:
    order = broker.buy("005930", 1, price=60000)
    broker.cancel(order)
    return broker.cancel(order)


@pytest.mark.parametrize(
    "act",
    [
        lambda broker, sandbox: broker.quote("999999"),
        lambda broker, sandbox: broker.buy("999999", 1, price=1000),
        lambda broker, sandbox: broker.buy("005930", 10**7, price=60000),
        lambda broker, sandbox: broker.sell("005930", 1, price=69000),
        lambda broker, sandbox: broker.buy("005930", 1, price=100),
        lambda broker, sandbox: broker.buy("005930", 1, price=69050),
        lambda broker, sandbox: broker.investor_flow("005930", start=dt.date(2010, 1, 4)),
        lambda broker, sandbox: broker.buy("005930", 1, price=69000, venue="NYSE"),
        close_and_buy,
        cancel_twice,
    ],
    ids=["quote", "unknown", "cash", "shares", "limits", "step", "history", "venue", "closed", "canceled"],
)
def test_a_refusal_is_the_same_class_at_both(act: Callable[[Broker, Sandbox], object]) -> None:
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
