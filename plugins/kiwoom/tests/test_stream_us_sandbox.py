"""Realtime of US shares, from the stream through Kiwoom's socket for the US to the exchange behind it."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from brokerkit import clock, get_broker
from brokerkit.broker import Broker
from brokerkit.errors import UnknownSymbol
from brokerkit.sandbox import Faults, Rule, Sandbox
from brokerkit.stream.events import OrderChange, OrderEvent
from brokerkit.words import OrderStatus, Side

AAPL = "US:AAPL"
SECONDS = 60.0


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def broker(sandbox: Sandbox) -> Iterator[Broker]:
    with get_broker("kiwoom", environment="sandbox", sandbox=sandbox) as broker:
        yield broker


def orders_until(stream: Any, changes: int) -> list[OrderEvent]:
    """Return the events of own orders until so many have come."""
    found: list[OrderEvent] = []
    while len(found) < changes:
        event = stream.next(timeout=SECONDS)
        assert event is not None, found
        if isinstance(event, OrderEvent):
            found.append(event)
    return found


@pytest.mark.parametrize("is_receipt_told", [False, True])
@pytest.mark.parametrize("adds_up", [True, False])
def test_own_orders_come_once_each(sandbox: Sandbox, broker: Broker, is_receipt_told: bool, adds_up: bool) -> None:
    face, exchange = sandbox.face("kiwoom"), sandbox.exchanges["US"]
    face.tells_receipts, face.stream.fills_add_up = is_receipt_told, adds_up  # type: ignore[attr-defined, union-attr]
    with broker.stream() as stream:
        stream.orders(market="US")
        bids = [level.price for level in broker.order_book(AAPL).bids]
        order = broker.buy(AAPL, 10, price=bids[3])
        order = broker.amend(order, price=bids[4])
        broker.cancel(order)
        ask = broker.order_book(AAPL).asks[0].price
        bought = broker.buy(AAPL, 2, price=ask)
        told = orders_until(stream, 5)
    assert [event.change for event in told] == [
        OrderChange.ACCEPTED,
        OrderChange.AMENDED,
        OrderChange.CANCELED,
        OrderChange.ACCEPTED,
        OrderChange.FILLED,
    ]
    assert {event.symbol for event in told} == {AAPL}
    assert (told[1].order_id, told[2].original_id) == (order.id, order.id)
    filled = told[4]
    assert (filled.order_id, filled.filled_quantity, filled.status) == (bought.id, Decimal(2), OrderStatus.FILLED)
    assert (filled.last_quantity, filled.last_price) == (Decimal(2), ask)
    assert exchange.open_orders(face.credentials.account) == []


@pytest.mark.parametrize("adds_up", [True, False])
def test_fills_in_parts_count_once(sandbox: Sandbox, broker: Broker, adds_up: bool) -> None:
    face, exchange = sandbox.face("kiwoom"), sandbox.exchanges["US"]
    face.stream.fills_add_up = adds_up  # type: ignore[union-attr]
    with broker.stream() as stream:
        stream.orders(market="US")
        best = broker.order_book(AAPL).bids[0]
        order = broker.buy(AAPL, 10, price=best.price)
        for shares in (best.quantity + 4, Decimal(6)):
            exchange.trade(AAPL, Side.SELL, shares)
        filled = Decimal(0)
        told: list[OrderEvent] = []
        while filled < 10:
            (event,) = orders_until(stream, 1)
            told.append(event)
            filled = event.filled_quantity
    fills = [event for event in told if event.change is OrderChange.FILLED]
    assert sum(event.last_quantity or 0 for event in fills) == Decimal(10)
    assert {event.order_id for event in told} == {order.id}


@pytest.mark.parametrize(("hour", "is_korean"), [(10, False), (14, True)])
def test_times_are_by_the_clock_of_the_exchange_at_any_hour(
    hour: int, is_korean: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The exchange begins at 10 in New York: what it tells looks like Korea's morning, or New York's midnight."""
    now = clock.now()
    late = now.replace(hour=hour, minute=5) - now
    monkeypatch.setattr(clock, "now", lambda real=clock.now: real() + late)
    with (
        Sandbox() as sandbox,
        get_broker("kiwoom", environment="sandbox", sandbox=sandbox) as broker,
        broker.stream() as stream,
    ):
        exchange = sandbox.exchanges["US"]
        sandbox.face("kiwoom").tells_korean_clock = is_korean  # type: ignore[attr-defined]
        trades, books, orders = stream.trades(AAPL), stream.order_book(AAPL), stream.orders(market="US")
        exchange.trade(AAPL, Side.BUY, Decimal(3))
        trade, book = trades.next(timeout=SECONDS), books.next(timeout=SECONDS)
        broker.buy(AAPL, 3, price=broker.order_book(AAPL).bids[3].price)
        (order,) = orders_until(orders, 1)
        truth, ends = exchange.trades(AAPL)[-1].time.replace(microsecond=0), exchange.now()
    assert (trade.time, trade.received_at.hour) == (truth, hour)
    for event in (book, order):
        assert event.time is not None
        assert truth <= event.time <= ends


def test_the_socket_of_the_us_is_opened_for_who_names_it(sandbox: Sandbox, broker: Broker) -> None:
    stream_side = sandbox.face("kiwoom").stream
    assert stream_side is not None
    with broker.stream() as stream:
        stream.orders()
        assert {line.path for line in stream_side.lines} == {"/api/dostk/websocket"}
        stream.orders(market="US")
        assert {line.path for line in stream_side.lines} == {"/api/dostk/websocket", "/api/us/websocket"}


def test_a_symbol_that_is_not_listed_is_refused(broker: Broker) -> None:
    with broker.stream() as stream, pytest.raises(UnknownSymbol, match="US:NOPE"):
        stream.trades("US:NOPE")


@pytest.mark.parametrize(
    "fault", ["stream_duplicated", "stream_out_of_order", "stream_split", "stream_unknown_columns", "stream_garbage"]
)
def test_broken_frames_change_nothing_of_own_orders(fault: str) -> None:
    with (
        Sandbox(faults=Faults([Rule(fault, every=2)])) as sandbox,
        get_broker("kiwoom", environment="sandbox", sandbox=sandbox) as broker,
        broker.stream() as stream,
    ):
        stream.orders(market="US")
        book = broker.order_book(AAPL)
        waiting = broker.buy(AAPL, 3, price=book.bids[3].price)
        broker.cancel(waiting)
        bought = broker.buy(AAPL, 2, price=book.asks[0].price)
        told = orders_until(stream, 4)
        assert not isinstance(stream.next(timeout=1), OrderEvent)
    of = {
        order.id: [each.change for each in told if order.id in (each.order_id, each.original_id)]
        for order in (waiting, bought)
    }
    assert of[waiting.id] == [OrderChange.ACCEPTED, OrderChange.CANCELED]
    assert of[bought.id] == [OrderChange.ACCEPTED, OrderChange.FILLED]
