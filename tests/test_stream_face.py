"""`Broker.stream` at both brokers, over real sockets to their faces: threads, tasks, own orders, and no rest of it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from brokerkit_kis.adapter import KisAdapter
from brokerkit_kis.stream.feed import KisFeed

from brokerkit import (
    Broker,
    ConfigError,
    Gap,
    InvalidRequest,
    OrderChange,
    OrderEvent,
    Side,
    StreamError,
    TradeEvent,
    Unsupported,
    Venue,
    get_broker,
)
from brokerkit.sandbox import Sandbox
from brokerkit.sandbox.streaming import Line
from brokerkit.stream.stream import Stream
from brokerkit.stream.topics import StreamKind, Topic, orders_in
from brokerkit.verbs.streams import OrderSource
from tests.fakes import Fake

BROKERS = ("kis", "kiwoom")
SYMBOL = "005930"


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture(params=BROKERS)
def broker(request: pytest.FixtureRequest, box: Sandbox) -> Iterator[Broker]:
    with get_broker(request.param, environment="sandbox", sandbox=box) as opened:
        yield opened
    left = [each for each in threading.enumerate() if "stream" in each.name or "orders" in each.name]
    for thread in left:
        thread.join(30)  # one that has given its answer may not have ended yet
    assert not any(thread.is_alive() for thread in left), left


def lines(box: Sandbox, broker: Broker) -> list[Line]:
    stream = box.face(broker.name).stream
    assert stream is not None
    return list(stream.lines)


def trade(box: Sandbox, shares: int, symbol: str = SYMBOL) -> None:
    box.exchange.trade(symbol, Side.BUY, Decimal(shares))


def test_a_trade_of_another_comes_out_of_the_stream(box: Sandbox, broker: Broker) -> None:
    with broker.stream() as stream:
        stream.trades(SYMBOL)
        trade(box, 5)
        event = stream.next(timeout=30)
    assert isinstance(event, TradeEvent)
    assert (event.symbol, event.venue, event.quantity) == (SYMBOL, Venue.KRX, 5)
    assert event.price == box.exchange.quote(SYMBOL).price


def test_own_orders_come_once_to_every_stream_that_follows_them(box: Sandbox, broker: Broker) -> None:
    with broker.stream() as one, broker.stream() as other:
        for stream in (one, other):
            stream.orders()
        order = broker.buy(SYMBOL, 3, price=broker.quote(SYMBOL).price)
        found = [[stream.next(timeout=30) for _ in range(2)] for stream in (one, other)]
        one.close()
        broker.cancel(broker.buy(SYMBOL, 1, price=broker.quote(SYMBOL).lower_limit))
        changes = [other.next(timeout=30) for _ in range(2)]
    assert found[0] == found[1]
    accepted, filled = found[0]
    assert isinstance(accepted, OrderEvent)
    assert isinstance(filled, OrderEvent)
    assert (accepted.change, filled.change) == (OrderChange.ACCEPTED, OrderChange.FILLED)
    assert {accepted.order_id, filled.order_id} == {order.id}
    assert (accepted.filled_quantity, filled.filled_quantity, filled.last_quantity) == (0, 3, 3)
    assert filled.intent is not None
    assert [getattr(each, "change", None) for each in changes] == [OrderChange.ACCEPTED, OrderChange.CANCELED]


def test_the_asyncio_face_gives_the_same(box: Sandbox, broker: Broker) -> None:
    async def main() -> list[Any]:
        async with broker.stream() as stream:
            await stream.orders()
            trades = await stream.trades(SYMBOL)
            await asyncio.to_thread(trade, box, 5)
            found: list[Any] = []
            async for event in trades:
                found.append(event)
                break
            await asyncio.to_thread(broker.buy, SYMBOL, 3, price=broker.quote(SYMBOL).price)
            return [*found, await stream.next(timeout=30), await stream.next(timeout=30)]

    first, *own = asyncio.run(main())
    assert (type(first), first.quantity) == (TradeEvent, 5)
    assert [each.change for each in own] == [OrderChange.ACCEPTED, OrderChange.FILLED]


def test_many_streams_share_one_connection_and_the_second_costs_no_frame(box: Sandbox, broker: Broker) -> None:
    streams = [broker.stream() for _ in range(500)]
    streams[0].trades(SYMBOL)
    face = box.face(broker.name).stream
    assert face is not None
    heard: list[str] = []
    received = face.received
    face.received = lambda line, text: (heard.append(text), received(line, text))[1]  # type: ignore[method-assign]
    for stream in streams[1:]:
        stream.trades(SYMBOL)
    assert heard == []
    assert len(lines(box, broker)) == 1
    trade(box, 7)
    events = [stream.next(timeout=60) for stream in streams]
    assert {each.quantity for each in events if isinstance(each, TradeEvent)} == {Decimal(7)}
    for stream in streams[:-1]:
        stream.close()
    assert heard == []
    trade(box, 9)
    last = streams[-1].next(timeout=60)
    assert isinstance(last, TradeEvent)
    assert last.quantity == 9


def test_closing_the_broker_closes_its_streams(box: Sandbox, broker: Broker) -> None:
    stream = broker.stream()
    stream.trades(SYMBOL)
    ended: list[Any] = []
    thread = threading.Thread(target=lambda: ended.extend(stream))
    thread.start()
    broker.close()
    thread.join()
    with pytest.raises(StreamError, match="closed"):
        stream.next()
    assert ended == []


def test_closing_ends_the_wait_for_what_is_just_being_registered(box: Sandbox, broker: Broker) -> None:
    face = box.face(broker.name).stream
    assert face is not None
    for follow in (lambda stream: stream.orders(), lambda stream: stream.trades(SYMBOL)):
        asked, ended = threading.Event(), []
        face.received = lambda line, text, asked=asked: asked.set()  # type: ignore[method-assign, misc]

        def wait(stream: Stream, follow: Any = follow, ended: list[Any] = ended) -> None:
            try:
                follow(stream)
            except StreamError as error:
                ended.append(error.message)

        stream = broker.stream()
        thread = threading.Thread(target=wait, args=(stream,))
        thread.start()
        assert asked.wait(60)
        stream.close()
        thread.join()
        assert ended == ["The stream was closed."]


def test_a_stream_that_is_closed_just_as_its_own_orders_begin_follows_nothing() -> None:
    class Own(list[Any]):
        """Is closed by another thread before it has noted who follows."""

        def follow(self, taker: Any, *, hears_switch: bool) -> None:
            source.unsubscribe([], taker)
            self.append(taker)

        def unfollow(self, taker: Any) -> None:
            self[:] = [each for each in self if each is not taker]

    own: Any = Own()
    connection: Any = SimpleNamespace(
        subscribe=lambda topics, taker, feed: None, unsubscribe=lambda topics, taker: None, close=lambda: None
    )
    source = OrderSource(lambda: own, lambda: connection)
    taker: Any = object()
    source.subscribe([], taker, SimpleNamespace())  # type: ignore[arg-type]
    source.unsubscribe([], taker)  # as a stream does that finds itself closed
    assert own == []


def test_what_was_recorded_at_the_broker_is_played_back(box: Sandbox, broker: Broker, tmp_path: Path) -> None:
    path = tmp_path / "day.jsonl"
    with broker.stream() as stream:
        stream.record(path)
        stream.trades(SYMBOL)
        stream.orders()
        broker.buy(SYMBOL, 3, price=broker.quote(SYMBOL).price)
        trade(box, 5)
        found = [stream.next(timeout=30) for _ in range(4)]
    account = box.connect(broker.name).account
    text = path.read_text()
    for secret in (account, account.replace("-", ""), box.connect(broker.name).app_key):
        assert secret not in text
    with broker.stream() as again:
        played = [*again.replay(path)]
    assert sorted(map(str, played)) == sorted(map(str, found))
    assert [each for each in played if isinstance(each, OrderEvent)] == [
        each for each in found if isinstance(each, OrderEvent)
    ]


def test_every_kind_that_a_broker_tells_plays_back(box: Sandbox, broker: Broker, tmp_path: Path) -> None:
    path = tmp_path / "day.jsonl"
    found: list[Any] = []
    with broker.stream() as stream:
        stream.record(path)
        stream.trades(SYMBOL)
        stream.quotes(SYMBOL)
        stream.session()
        with stream.order_book(SYMBOL), stream.index("INDEX:KOSPI"):
            trade(box, 5)
            while not {"TradeEvent", "QuoteEvent", "BookEvent"} <= {type(each).__name__ for each in found}:
                found.append(stream.next(timeout=30))
                assert found[-1] is not None
        trade(box, 2)
        while sum(isinstance(each, TradeEvent) for each in found) < 2:
            found.append(stream.next(timeout=30))
    with broker.stream() as again:
        played = [*again.replay(path)]
    assert not [each for each in played if isinstance(each, Gap)]
    assert [each for each in played if isinstance(each, TradeEvent)] == [
        each for each in found if isinstance(each, TradeEvent)
    ]
    assert [each for each in found if each not in played] == []  # of books the stream has told the newest alone


def test_what_a_broker_streams_is_told_without_asking(broker: Broker) -> None:
    assert broker.supports("stream.trades")
    assert broker.supports("stream.trades", venue=Venue.NXT)
    assert broker.supports("stream.orders")
    assert broker.supports("stream.index")
    assert not broker.supports("stream.index", market="KR")
    assert {"trades", "order_book", "quotes", "orders"} <= set(broker.capabilities()[0].streams)
    with pytest.raises(InvalidRequest, match=r"Did you mean 'stream\.trades'"):
        broker.supports("stream.trade")


def test_errors_of_a_stream_name_what_was_asked(broker: Broker) -> None:
    with broker.stream() as stream:
        with pytest.raises(InvalidRequest, match=f"^{broker.name}, trades of 5930 by stream: '5930' is not a symbol"):
            stream.trades("5930")
        with pytest.raises(Unsupported, match=f"^{broker.name}, trades of US:AAPL at KRX by stream: "):
            stream.trades("US:AAPL", venue=Venue.KRX)


def test_a_broker_without_a_realtime_side_says_so() -> None:
    broker = Fake().opened()
    assert not broker.supports("stream.trades")
    assert broker.capabilities()[0].streams == ()
    with pytest.raises(Unsupported, match=r"fake, a stream: fake has no realtime side"):
        broker.stream()
    with pytest.raises(Unsupported, match=r"no realtime side"), broker.adapter.served["KR"].ask():
        pytest.fail("there is nothing to ask over")


@pytest.mark.parametrize("library", ["websockets", "no_such_library"])
def test_a_missing_library_names_the_extra(library: str, broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    from brokerkit.verbs import streams

    monkeypatch.setattr(type(broker.adapter.feed), "extra", "no_such_library" if library != "websockets" else None)
    monkeypatch.setattr(streams, "find_spec", lambda name: None if name == library else object())
    with pytest.raises(ConfigError, match=rf"\[stream\] extra of brokerkit-kr \({library} is missing\)"):
        broker.stream()


# Several sockets and markets


class SecondFeed(KisFeed):
    """A realtime side with a socket of its own, for US stocks."""

    channels = {("US", kind): venues for (market, kind), venues in KisFeed.channels.items() if market == "KR"}


def test_a_market_with_a_socket_of_its_own_is_followed_there(box: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(KisAdapter, "feeds_of", {"US": SecondFeed})
    with get_broker("kis", environment="sandbox", sandbox=box) as broker:
        asked: list[str] = []
        connect = broker._connection
        monkeypatch.setattr(broker, "_connection", lambda market: asked.append(market) or connect(market))
        sources = broker.stream()._sources
        assert set(sources.feeds) == {"", "US"}
        assert [sources.socket_of(each) for each in (Topic(StreamKind.TRADES, "US:AAPL"), orders_in("US"))] == [
            "US"
        ] * 2
        assert sources.socket_of(Topic(StreamKind.TRADES, "005930")) == ""
        assert sources.order_topics(None) == [orders_in("KR")]  # another socket is opened only for who names it
        assert sources.order_topics("US") == [orders_in("US")]
        with broker.stream() as stream:
            stream.trades(SYMBOL)
            assert asked == [""]
