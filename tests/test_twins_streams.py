"""The same story told by the streams of both brokers gives the same events, but for what is each one's own."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from brokerkit import Broker, Side, TimeInForce, get_broker
from brokerkit.market.sessions import Phase
from brokerkit.sandbox import Sandbox
from brokerkit.stream.events import OrderEvent, TradeEvent
from brokerkit.stream.stream import Stream
from brokerkit.testing.inside import hurry

SYMBOL, OTHER = "005930", "000660"
APPLE, COCA_COLA = "US:AAPL", "US:KO"
CENT = Decimal("0.01")
SECONDS = 60.0
OWN = ("received_at", "time", "order_id", "original_id", "intent", "source")
"""Numbers and moments; which of two sandboxes is opened first is chance, and so is whether a list is first."""
Story = Callable[[Broker, Sandbox, Stream], list[Any]]


def told(name: str, story: Story) -> list[dict[str, Any]]:
    with (
        Sandbox(seed=7) as sandbox,
        get_broker(name, environment="sandbox", sandbox=sandbox) as broker,
        broker.stream() as stream,
        pytest.MonkeyPatch.context() as patch,
    ):
        hurry(broker, patch)
        sandbox.face(name).window.calls = 10**6
        events = story(broker, sandbox, stream)
    numbers = [*dict.fromkeys(event.order_id for event in events if isinstance(event, OrderEvent))]

    def comparable(event: Any) -> dict[str, Any]:
        fields = {key: value for key, value in event._asdict().items() if key not in OWN}
        if isinstance(event, OrderEvent):
            named = event.original_id
            fields["order"] = numbers.index(event.order_id)
            fields["original"] = numbers.index(named) if named in numbers else named
        return fields

    return [comparable(event) for event in events]


def assert_twins(story: Story) -> None:
    kis, kiwoom = told("kis", story), told("kiwoom", story)
    assert kis
    assert kis == kiwoom


def following(subscription: Any, number: int) -> list[Any]:
    events = [subscription.next(timeout=SECONDS) for _ in range(number)]
    assert None not in events, events
    return events


def test_trades_are_twins() -> None:
    def story(broker: Broker, sandbox: Sandbox, stream: Stream) -> list[Any]:
        followed = stream.trades(SYMBOL, OTHER)
        for symbol, side, quantity in ((SYMBOL, Side.BUY, 7), (OTHER, Side.SELL, 3), (SYMBOL, Side.SELL, 900)):
            sandbox.exchange.trade(symbol, side, Decimal(quantity))
        events: list[Any] = []
        while sum(event.quantity for event in events) < 910:
            events += following(followed, 1)
        assert all(isinstance(event, TradeEvent) for event in events)
        return events

    assert_twins(story)


def test_books_and_running_prices_are_twins() -> None:
    def story(broker: Broker, sandbox: Sandbox, stream: Stream) -> list[Any]:
        books, quotes = stream.order_book(SYMBOL), stream.quotes(SYMBOL)
        events: list[Any] = []
        for side in Side:
            sandbox.exchange.trade(SYMBOL, side, Decimal(11))
            (book,), (quote,) = following(books, 1), following(quotes, 1)
            # Kiwoom tells the turnover in millions.
            events += [book._replace(asks=[*book.asks], bids=[*book.bids]), quote._replace(turnover=None)]
        return events

    assert_twins(story)


def test_phases_are_twins() -> None:
    def story(broker: Broker, sandbox: Sandbox, stream: Stream) -> list[Any]:
        followed = stream.session()
        for phase in (Phase.CLOSING_AUCTION, Phase.CLOSED):
            sandbox.exchange.phase = phase
        while (event := following(followed, 1)[0]).phase is not Phase.CLOSED:
            pass
        return [event._replace(code="")]

    assert_twins(story)


def test_own_orders_are_twins() -> None:
    def story(broker: Broker, sandbox: Sandbox, stream: Stream) -> list[Any]:
        followed = stream.orders()
        bid, ask = (side[0].price for side in (broker.order_book(SYMBOL).bids, broker.order_book(SYMBOL).asks))
        events: list[Any] = []
        broker.buy(SYMBOL, 6, price=ask)
        events += following(followed, 2)
        waiting = broker.buy(SYMBOL, 20, price=bid)
        before = sandbox.exchange.order_book(SYMBOL).bids[0].quantity - 20
        sandbox.exchange.trade(SYMBOL, Side.SELL, before + 3)
        sandbox.exchange.trade(SYMBOL, Side.SELL, Decimal(5))
        events += following(followed, 3)
        moved = broker.amend(broker.refresh(waiting), price=bid - 1000)
        events += following(followed, 1)
        broker.cancel(broker.refresh(moved))
        events += following(followed, 1)
        broker.sell(SYMBOL, 4, price=ask + 500, time_in_force=TimeInForce.IOC)
        return events + following(followed, 2)

    assert_twins(story)


# Shares of the US


def test_trades_of_the_us_are_twins() -> None:
    def story(broker: Broker, sandbox: Sandbox, stream: Stream) -> list[Any]:
        followed, exchange = stream.trades(APPLE, COCA_COLA), sandbox.exchanges["US"]
        first = sum(level.quantity for level in exchange.order_book(APPLE).asks[:2]) + 1
        for symbol, side, quantity in ((APPLE, Side.BUY, first), (COCA_COLA, Side.SELL, 3), (APPLE, Side.SELL, 900)):
            exchange.trade(symbol, side, Decimal(quantity))
        events: list[Any] = []
        while sum(event.quantity for event in events) < first + 903:
            events += following(followed, 1)
        assert all(isinstance(event, TradeEvent) and event.side is None for event in events)
        assert len(events) > 3
        return events

    assert_twins(story)


def test_books_and_running_prices_of_the_us_are_twins() -> None:
    def story(broker: Broker, sandbox: Sandbox, stream: Stream) -> list[Any]:
        books, quotes = stream.order_book(APPLE), stream.quotes(APPLE)
        events: list[Any] = []
        for side in Side:
            sandbox.exchanges["US"].trade(APPLE, side, Decimal(11))
            (book,), (quote,) = following(books, 1), following(quotes, 1)
            # Kiwoom tells the turnover in thousands of dollars.
            events += [book._replace(asks=[*book.asks], bids=[*book.bids]), quote._replace(turnover=None)]
        return events

    assert_twins(story)


def test_own_orders_of_the_us_are_twins() -> None:
    def story(broker: Broker, sandbox: Sandbox, stream: Stream) -> list[Any]:
        followed, exchange = stream.orders(market="US"), sandbox.exchanges["US"]
        bid, ask = (side[0].price for side in (broker.order_book(APPLE).bids, broker.order_book(APPLE).asks))
        events: list[Any] = []
        broker.buy(APPLE, 6, price=ask)
        events += following(followed, 2)
        waiting = broker.buy(APPLE, 20, price=bid)
        before = exchange.order_book(APPLE).bids[0].quantity - 20
        exchange.trade(APPLE, Side.SELL, before + 3)
        events += following(followed, 2)
        exchange.trade(APPLE, Side.SELL, Decimal(5))
        (later,) = following(followed, 1)
        # Whether what Kiwoom tells of a later fill is the fill's own or all so far nobody says, so it has no price.
        assert later.last_price == (None if broker.name == "kiwoom" else bid)
        events += [later._replace(last_price=bid)]
        moved = broker.amend(broker.refresh(waiting), price=bid - 10 * CENT)
        events += following(followed, 1)
        broker.cancel(broker.refresh(moved))
        events += following(followed, 1)
        exchange.reject_next(sandbox.face(broker.name).credentials.account)
        broker.sell(APPLE, 4, price=ask + CENT)
        return events + following(followed, 1)

    assert_twins(story)
