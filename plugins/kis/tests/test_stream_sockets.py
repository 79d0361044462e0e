"""KIS's streams over real sockets: what only KIS has, between the feed, the core and the face."""

from __future__ import annotations

import json
import queue
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

import pytest
from brokerkit_kis.client import KisClient
from brokerkit_kis.sandbox.stream import KisStream
from websockets.sync.client import connect as raw_line

from brokerkit import (
    AuthError,
    BrokerError,
    InvalidRequest,
    OrderRequest,
    OrderType,
    Side,
    UnknownSymbol,
    Venue,
    get_broker,
)
from brokerkit.broker import Broker
from brokerkit.errors import KeyInUse
from brokerkit.sandbox import Sandbox
from brokerkit.stream.connection import Connection, connect
from brokerkit.stream.events import BookEvent, Gap, Notice, OrderChange, QuoteEvent, TradeEvent
from brokerkit.stream.stream import Subscription
from brokerkit.stream.topics import StreamKind, Topic

SAMSUNG, HYNIX = "005930", "000660"
ORDERS = Topic(StreamKind.ORDERS)
SECONDS = 60.0
"""So long something is waited for that has to come."""


class Taken:
    """Takes what a connection brings."""

    def __init__(self) -> None:
        self.told: queue.Queue[Any] = queue.Queue()

    def take(self, topic: Topic, events: Sequence[Any]) -> None:
        for event in events:
            self.told.put(event)

    def missed(self, gap: Gap) -> None:
        self.told.put(gap)

    def failed(self, error: BrokerError) -> None:
        self.told.put(error)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def broker(sandbox: Sandbox) -> Iterator[Broker]:
    with get_broker("kis", environment="sandbox", sandbox=sandbox) as broker:
        yield broker


@pytest.fixture
def connection(broker: Broker) -> Iterator[Connection]:
    assert broker.adapter.feed is not None
    connection = connect(broker.adapter.feed, phase_of=lambda venue: None)
    try:
        yield connection
    finally:
        connection.close()


def follow(connection: Connection, broker: Broker, *topics: Topic) -> Taken:
    taken = Taken()
    assert broker.adapter.feed is not None
    connection.subscribe(topics, taker=taken, feed=broker.adapter.feed)
    return taken


def socket_of(sandbox: Sandbox) -> KisStream:
    stream = sandbox.face("kis").stream
    assert isinstance(stream, KisStream)
    return stream


def test_prices_are_those_of_the_exchange(broker: Broker, sandbox: Sandbox) -> None:
    with broker.stream() as stream:
        followed: list[Subscription[Any]] = [stream.trades(SAMSUNG), stream.order_book(SAMSUNG), stream.quotes(SAMSUNG)]
        limit = broker.quote(SAMSUNG).upper_limit
        assert limit is not None
        broker.buy(SAMSUNG, 3, price=limit)
        trade, book, quote = (each.next(timeout=SECONDS) for each in followed)
    bought, told = sandbox.exchange.trades(SAMSUNG)[-1], sandbox.exchange.quote(SAMSUNG)
    assert isinstance(trade, TradeEvent)
    assert (trade.symbol, trade.venue, trade.price, trade.quantity, trade.side) == (
        *(SAMSUNG, Venue.KRX, bought.price, bought.quantity, bought.side),
    )
    assert (trade.volume, trade.time) == (told.volume, bought.time.replace(microsecond=0))
    assert isinstance(quote, QuoteEvent)
    assert (quote.price, quote.change, quote.open, quote.high, quote.low, quote.volume, quote.turnover) == (
        *(told.price, told.change, told.open, told.high, told.low, told.volume, told.turnover),
    )
    there = sandbox.exchange.order_book(SAMSUNG)
    assert isinstance(book, BookEvent)
    assert book.asks == tuple((level.price, level.quantity) for level in there.asks[:10])
    assert book.bids == tuple((level.price, level.quantity) for level in there.bids[:10])


def test_own_orders_come_encrypted_and_nobody_elses(connection: Connection, broker: Broker, sandbox: Sandbox) -> None:
    mine = sandbox.connect("kis").account
    other = f"{mine[:-2]}22"
    sandbox.exchange.open_account(other, cash=Decimal(100_000_000))
    socket_of(sandbox).accounts.add(other)  # of the same login name
    taken = follow(connection, broker, ORDERS)
    limit = broker.quote(SAMSUNG).lower_limit
    assert limit is not None
    foreign = OrderRequest(symbol=SAMSUNG, side=Side.BUY, quantity=Decimal(1), price=limit)
    sandbox.exchange.submit(other, foreign)
    order = broker.buy(SAMSUNG, 3, price=limit)
    moved = broker.amend(order, price=limit + 100)
    broker.cancel(moved)
    notices = [taken.told.get(timeout=SECONDS) for _ in range(3)]
    assert all(isinstance(notice, Notice) for notice in notices)
    assert [(notice.change, notice.quantity) for notice in notices] == [
        (OrderChange.ACCEPTED, 3),
        (OrderChange.AMENDED, 3),
        (OrderChange.CANCELED, 3),
    ]
    assert [notice.order_id for notice in notices[:2]] == [order.id, moved.id]
    assert [notice.original_id for notice in notices] == [None, order.id, moved.id]


def test_a_wrong_login_name_fails_own_orders_and_nothing_else(sandbox: Sandbox) -> None:
    keys = sandbox.connect("kis")
    given = {name: getattr(keys, name) for name in ("base_url", "app_key", "app_secret", "account")}
    with get_broker("kis", environment="sandbox", options={"hts_id": "somebody"}, **given) as broker:
        assert broker.adapter.feed is not None
        connection = connect(broker.adapter.feed, phase_of=lambda venue: None)
        try:
            trades = follow(connection, broker, Topic(StreamKind.TRADES, SAMSUNG, Venue.KRX))
            with pytest.raises(AuthError, match="hts_id"):
                follow(connection, broker, ORDERS)
            gap = trades.told.get(timeout=SECONDS)  # the broker has closed the line, and there is another one
            while gap.until is None:
                gap = trades.told.get(timeout=SECONDS)
            broker.buy(SAMSUNG, 1, type=OrderType.MARKET)
            assert isinstance(trades.told.get(timeout=SECONDS), TradeEvent)
        finally:
            connection.close()


def test_a_key_in_use_elsewhere_is_told_at_once(broker: Broker, sandbox: Sandbox) -> None:
    client, place = broker.adapter.client, sandbox.connect("kis").websocket_url
    assert isinstance(client, KisClient)
    frame = {
        "header": {"approval_key": client.approval_key().get_secret_value(), "custtype": "P", "tr_type": "1"},
        "body": {"input": {"tr_id": "H0STCNT0", "tr_key": HYNIX}},
    }
    with raw_line(place) as other, broker.stream() as stream:
        other.send(json.dumps(frame))
        assert json.loads(other.recv(timeout=SECONDS))["body"]["rt_cd"] == "0"
        with pytest.raises(KeyInUse, match="OPSP8996"):
            stream.trades(SAMSUNG)


def test_a_42nd_registration_is_refused_before_it_is_sent(broker: Broker, sandbox: Sandbox) -> None:
    symbols = [each for each in sandbox.exchange.instruments if each[0] in "0123"][:42]
    with broker.stream() as stream, pytest.raises(InvalidRequest, match="41 registrations"):
        stream.trades(*symbols)
    assert not socket_of(sandbox).lines


def test_a_symbol_that_does_not_exist_is_unknown_and_takes_no_other_with_it(broker: Broker) -> None:
    with broker.stream() as stream:
        known = stream.trades(SAMSUNG)
        with pytest.raises(UnknownSymbol, match="OPSP8992"):
            stream.trades("999999")
        broker.buy(SAMSUNG, 1, type=OrderType.MARKET)
        assert isinstance(known.next(timeout=SECONDS), TradeEvent)
