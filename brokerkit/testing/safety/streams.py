"""Streams whose line breaks, whose frames are odd and whose broker refuses: a Gap or an error, never silence."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest

from brokerkit.broker import Broker
from brokerkit.errors import BrokerError, KeyInUse, RateLimited
from brokerkit.market.markets import market_named
from brokerkit.sandbox import Faults, Rule, Sandbox
from brokerkit.sandbox.streaming import FaceStream
from brokerkit.stream.events import BookEvent, Gap, GapReason, TradeEvent
from brokerkit.stream.feed import Acknowledged, Ended, Feed, Opened, Refused
from brokerkit.stream.stream import Stream
from brokerkit.stream.topics import StreamKind, Topic
from brokerkit.testing.base import Contract, raising
from brokerkit.testing.declared import Declared, needs
from brokerkit.testing.inside import hurry
from brokerkit.testing.streams import FOLLOW, SECONDS, feed_of, same_trades, socket_of, told_once, untold_of
from brokerkit.words import Side, Venue


class Played:
    """A broker, the WebSocket side that it speaks to, and what breaks what goes between them."""

    def __init__(self, broker: Broker, sandbox: Sandbox, faults: Faults, symbol: str) -> None:
        self.broker, self.sandbox, self.faults, self.symbol = broker, sandbox, faults, symbol
        self.exchange = sandbox.exchange
        self.socket: FaceStream = socket_of(sandbox.face(broker.name))

    def meets(self, kind: str, **measure: Any) -> None:
        """Let what comes next meet a fault."""
        self.faults.add(Rule(kind, times=1, **measure))

    def trade(self, quantity: int, side: Side = Side.BUY) -> None:
        """Let others trade."""
        self.exchange.trade(self.symbol, side, Decimal(quantity))

    def trades_until(self, stream: Stream, quantity: int) -> list[Any]:
        """Return what is told until a trade over so many shares."""
        told: list[Any] = []
        while not (told and isinstance(told[-1], TradeEvent) and told[-1].quantity == quantity):
            event = stream.next(timeout=SECONDS)
            assert event is not None, f"A trade over {quantity} shares is told by nothing within {SECONDS:.0f} s."
            told.append(event)
        return told


class BrokenStreamContract(Contract):
    """What breaks is told and healed; what cannot be had is refused at once."""

    level = 4

    @property
    def topic(self) -> Topic:
        """The trades of the share that checks are about."""
        return Topic(StreamKind.TRADES, self.stock, market_named(self.market).default_venue)

    @pytest.fixture
    def played(self, declared: Declared, monkeypatch: pytest.MonkeyPatch) -> Iterator[Played]:
        """Return a broker whose stream can be broken."""
        faults = Faults()
        with (
            Sandbox(environment=self.environment, faults=faults, home=self.market) as sandbox,
            self.another(sandbox) as broker,
        ):
            monkeypatch.setattr(broker.adapter.Client, "token_interval", 0.0)
            hurry(broker, monkeypatch)
            sandbox.face(self.broker).window.calls = 10**6
            yield Played(broker, sandbox, faults, self.stock)

    @needs(streams=[StreamKind.TRADES])
    @pytest.mark.parametrize("kind", ["stream_unknown_columns", "stream_split"])
    def test_frames_of_another_shape_are_read(self, kind: str, played: Played) -> None:
        with played.broker.stream() as stream:
            stream.trades(self.stock)
            before = len(played.exchange.trades(self.stock))
            for _ in range(3):
                played.meets(kind)
                played.trade(int(played.exchange.order_book(self.stock).asks[0].quantity) + 4)
            played.trade(3)
            told = played.trades_until(stream, 3)
        odd = [each for each in told if not isinstance(each, TradeEvent)]
        assert not odd, f"Frames of another shape can be read, and this is told of them: {odd}."
        truth, untold = played.exchange.trades(self.stock)[before:], untold_of(played.broker, StreamKind.TRADES)
        same_trades(told, truth, self.stock, self.topic.venue or Venue.KRX, untold)

    @needs(streams=[StreamKind.TRADES])
    @pytest.mark.parametrize("kind", ["stream_garbage", "stream_wrong_count"])
    def test_what_cannot_be_read_is_a_gap_and_the_stream_goes_on(self, kind: str, played: Played) -> None:
        with played.broker.stream() as stream:
            stream.trades(self.stock)
            played.meets(kind)
            played.trade(5)
            first = stream.next(timeout=SECONDS)
            if not played.faults.log:  # a broker that counts no records
                assert isinstance(first, TradeEvent)
                return
            assert isinstance(first, Gap), f"A frame was broken, and this is told: {first}."
            assert (first.reason, [*first.topics]) == (GapReason.UNREADABLE, [self.topic])
            played.trade(7)
            told = played.trades_until(stream, 7)
        assert [type(each) for each in told] == [TradeEvent], f"A frame was broken, and then this is told: {told}."

    @needs(streams=[StreamKind.TRADES])
    def test_a_registration_that_the_broker_refuses_is_raised(self, played: Played) -> None:
        with played.broker.stream() as stream:
            played.meets("stream_registration_refused")
            with raising(BrokerError, f"To register the trades of {self.stock} is refused by the broker"):
                stream.trades(self.stock)
            assert played.faults.log, "No frame that registers was recognized: look at refusal_of_registration."
            assert self.stock not in played.socket.watched()
            stream.trades(self.stock)
            played.trade(3)
            assert told_once(stream, TradeEvent).quantity == 3

    @needs(streams=[StreamKind.TRADES])
    def test_a_key_that_is_used_twice_is_told(self, played: Played) -> None:
        pytest.importorskip("websockets")
        feed = feed_of(played.broker)
        with (
            other_line(feed.afresh(feed.environment), self.topic) as hear,
            played.broker.stream() as stream,
        ):
            try:
                follow_in_time(stream, self.stock)
            except KeyInUse:
                return
            told = hear(Ended)
        words = f"Two programs have one key, and neither is told KeyInUse: {told.error!r}."
        assert isinstance(told.error, KeyInUse), words

    @needs(streams=[StreamKind.TRADES])
    def test_a_cut_is_a_gap_and_everything_is_registered_again(self, played: Played, declared: Declared) -> None:
        kinds = [
            each for each in (StreamKind.TRADES, StreamKind.ORDER_BOOK, StreamKind.ORDERS) if declared.streams(each)
        ]
        with played.broker.stream() as stream:
            for kind in kinds:
                FOLLOW[kind](stream, self.stock, None)
            for turn in range(2):
                played.meets("stream_cut")
                played.trade(5 + turn)
                gaps = self.gaps_until(stream, set(kinds))
                assert all(gap.since <= gap.until for gap in gaps if gap.until), f"{gaps} end before they begin."
                played.trade(11 + turn)
                told = [each for each in played.trades_until(stream, 11 + turn) if not isinstance(each, BookEvent)]
                assert [type(each) for each in told] == [TradeEvent], f"After the gap this is told: {told}."

    def gaps_until(self, stream: Stream, kinds: set[StreamKind]) -> list[Gap]:
        """Return the gaps that are told until one that has ended was told of each of these kinds."""
        gaps: list[Gap] = []
        while kinds - {topic.kind for gap in gaps if gap.until for topic in gap.topics}:
            event = stream.next(timeout=SECONDS)
            assert event is not None, f"The line was cut. Of {', '.join(sorted(kinds))} these gaps are told: {gaps}."
            gaps += [event] if isinstance(event, Gap) else []
        assert {gap.reason for gap in gaps} == {GapReason.DISCONNECTED}, f"The line was cut, and {gaps} are told."
        return gaps

    @needs(streams=[StreamKind.TRADES])
    def test_a_key_that_ends_is_had_anew_and_nobody_sees_it(self, played: Played) -> None:
        with played.broker.stream() as stream:
            stream.trades(self.stock)
            played.sandbox.face(self.broker).kill_tokens()
            played.meets("stream_cut")
            played.trade(5)
            self.gaps_until(stream, {StreamKind.TRADES})
            played.trade(6)
            assert told_once(stream, TradeEvent).quantity == 6


def follow_in_time(stream: Stream, symbol: str) -> None:
    """Follow trades; where a key that opens lines was had just before, a little later."""
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            stream.trades(symbol)
        except RateLimited:
            assert time.monotonic() < deadline, f"A key that opens lines cannot be had within {SECONDS:.0f} s."
            time.sleep(0.2)
        else:
            return


@contextmanager
def other_line(feed: Feed[Any], topic: Topic) -> Iterator[Callable[[type[Any]], Any]]:
    """Open another line with a key and register something, as another program does; yields what waits for a word."""
    from websockets.exceptions import ConnectionClosed
    from websockets.sync.client import connect

    with connect(feed.address(), proxy=None, open_timeout=SECONDS) as line:

        def hear(*kinds: type[Any]) -> Any:
            try:
                while True:
                    for item in feed.read(str(line.recv(timeout=SECONDS))):
                        if isinstance(item, (*kinds, Refused, Ended)):
                            return item
            except (ConnectionClosed, TimeoutError) as error:
                pytest.fail(f"Another line with the same key is told nothing: {error!r}.")

        opening = feed.open()
        for frame in opening:
            line.send(frame.get_secret_value())
        if opening:
            assert isinstance(hear(Opened), Opened)
        for frame in feed.register([feed.registration(topic)]):
            line.send(frame.get_secret_value())
            assert isinstance(hear(Acknowledged), Acknowledged)
        yield hear
