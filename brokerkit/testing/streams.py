"""The contract of streams: what happens at the exchange is told as it happens, and nothing else."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from brokerkit.broker import Broker
from brokerkit.errors import InvalidRequest, Unsupported
from brokerkit.languages import ENGLISH
from brokerkit.market.markets import KOREA, market_named
from brokerkit.market.sessions import Phase
from brokerkit.sandbox import Sandbox
from brokerkit.sandbox.exchange import Trade
from brokerkit.sandbox.face import Face
from brokerkit.sandbox.ranks import screened
from brokerkit.sandbox.streaming import FaceStream, Line
from brokerkit.stream.events import BookEvent, ConditionEvent, QuoteEvent, SessionEvent, TradeEvent
from brokerkit.stream.feed import Feed
from brokerkit.stream.stream import Stream, Subscription
from brokerkit.stream.topics import StreamKind
from brokerkit.testing.base import Contract, agree, raising
from brokerkit.testing.declared import Declared, needs
from brokerkit.testing.indices import KOSPI
from brokerkit.testing.truth import shown
from brokerkit.testing.undeclared import is_unsupported
from brokerkit.words import SecurityType, Side, Venue

SECONDS = 60.0
"""So long something is waited for that has to come."""
MORE_SECONDS = 3.0
"""So long another event is waited for, where the last one is not what the exchange knows."""
UNTRADED = "무거래"
"""The saved condition of what nobody has traded today."""
FIGURES = ("price", "change", "change_percent", "open", "high", "low", "volume", "turnover")

FOLLOW: dict[StreamKind, Callable[[Stream, str, Venue | None], object]] = {
    StreamKind.TRADES: lambda stream, symbol, venue: stream.trades(symbol, venue=venue),
    StreamKind.ORDER_BOOK: lambda stream, symbol, venue: stream.order_book(symbol, venue=venue),
    StreamKind.QUOTES: lambda stream, symbol, venue: stream.quotes(symbol, venue=venue),
    StreamKind.INDEX: lambda stream, symbol, venue: stream.index(KOSPI),
    StreamKind.ORDERS: lambda stream, symbol, venue: stream.orders(),
    StreamKind.SESSION: lambda stream, symbol, venue: stream.session(venue=venue),
    StreamKind.CONDITION: lambda stream, symbol, venue: stream.condition("0"),
    StreamKind.RAW: lambda stream, symbol, venue: stream.raw("0"),
}
"""How each kind of topic is followed."""
OF_VENUES = (StreamKind.TRADES, StreamKind.ORDER_BOOK, StreamKind.QUOTES, StreamKind.SESSION)


def socket_of(face: Face) -> FaceStream:
    """Return the WebSocket side of a face."""
    assert face.stream is not None, "The adapter has a Feed, and its face has no Stream."
    return face.stream


def feed_of(trader: Broker) -> Feed[Any]:
    """Return what a broker's adapter tells the broker's own market with."""
    feed = trader.adapter.feed_for(trader.adapter.home)
    assert feed is not None
    return feed


def untold_of(trader: Broker, kind: StreamKind) -> frozenset[str]:
    """Return the fields of an event that are not told in a broker's own market."""
    return feed_of(trader).not_told.get((trader.adapter.home, kind), frozenset())


def until(what: str, is_so: Callable[[], bool]) -> None:
    """Wait for something that has to become so; `what` says what it is."""
    deadline = time.monotonic() + SECONDS
    while not is_so():
        assert time.monotonic() < deadline, f"{what}: that is not so after {SECONDS:.0f} s."
        time.sleep(0.01)


@contextmanager
def heard_by(socket: FaceStream) -> Iterator[list[str]]:
    """Yield what clients send to the WebSocket side of a face meanwhile."""
    heard: list[str] = []
    received = socket.received

    def hear(line: Line, text: str) -> None:
        heard.append(text)
        received(line, text)

    with mock.patch.object(socket, "received", hear):
        yield heard


def told_once(subscription: Subscription[Any] | Stream, kind: type[Any], seconds: float = SECONDS) -> Any:
    """Return the next event, which has to be of a kind."""
    event = subscription.next(timeout=seconds)
    assert event is not None, f"Nothing is told within {seconds:.0f} s, where a {kind.__name__} has to come."
    assert isinstance(event, kind), f"A {kind.__name__} has to come, and this does: {event.told(ENGLISH)}."
    return event


def told_at_last(subscription: Subscription[Any], kind: type[Any], wrongs: Callable[[Any], list[str]]) -> None:
    """Demand that what is told becomes the truth, and soon."""
    event = told_once(subscription, kind)
    while lines := wrongs(event):
        another = subscription.next(timeout=MORE_SECONDS)
        if another is None:
            agree(lines)
        event = another


def trade_lines(event: TradeEvent, real: Trade, symbol: str, venue: Venue, untold: Collection[str] = ()) -> list[str]:
    """Return in words where a trade is not the one of the exchange; fields that are not told have to be None."""
    venues = KOREA.venues if venue is Venue.SOR else (venue,)
    fields: list[tuple[str, object, object]] = [
        ("symbol", event.symbol, symbol),
        ("price", event.price, real.price),
        ("quantity", event.quantity, real.quantity),
        ("side", event.side, None if "side" in untold else real.side),
        ("volume", event.volume, real.volume if event.volume is not None else None),
        ("time", event.time, real.time.replace(microsecond=0) if event.time is not None else None),
    ]
    lines = [f"{name} is {shown(own)}, but in truth {shown(true)}" for name, own, true in fields if own != true]
    return lines + [f"venue is {event.venue}" for _ in range(event.venue not in venues)]


def same_trades(
    told: Sequence[TradeEvent], truth: Sequence[Trade], symbol: str, venue: Venue, untold: Collection[str] = ()
) -> None:
    """Demand these trades, each once and in their order."""
    words = [f"{trade.price} x {trade.quantity}" for trade in told]
    assert len(told) == len(truth), f"{len(told)} trades are told by stream ({words}), and there were {len(truth)}."
    for event, real in zip(told, truth, strict=True):
        agree(trade_lines(event, real, symbol, venue, untold))


class StreamContract(Contract):
    """A stream tells what the exchange does, of each venue that is declared."""

    level = 1

    @pytest.fixture
    def stream(self, trader: Broker) -> Iterator[Stream]:
        with trader.stream() as stream:
            yield stream

    def venues(self, declared: Declared, kind: StreamKind) -> list[Venue]:
        """Return the venues of which a kind of topic is declared."""
        return [venue for venue in self.trading.venues if declared.streams(kind, venue)]

    def open_venues(self, sandbox: Sandbox, declared: Declared, kind: StreamKind) -> list[Venue]:
        """Return those of them that trade now."""
        return [venue for venue in self.venues(declared, kind) if sandbox.exchange.phase in self.phases_of(venue)]

    def phases_of(self, venue: Venue) -> list[Phase]:
        """Return what a venue does on a usual day."""
        rules = self.trading.rules
        assert rules is not None
        return [span.phase for span in rules.sessions_of(venue, rules.last_day)]

    def trades_until(self, followed: Subscription[Any], truth: Sequence[Trade]) -> list[TradeEvent]:
        """Return the trades that are told until as many have come as there were, or the last of them."""
        told: list[TradeEvent] = []
        while len(told) < len(truth) and not (told and told[-1].quantity == truth[-1].quantity):
            told.append(told_once(followed, TradeEvent))
        return told

    def test_what_no_stream_tells_is_not_asked(self, trader: Broker, face: Face, declared: Declared) -> None:
        if declared.adapter.Feed is None:
            is_unsupported(face, "a stream", trader.stream)
            assert not any(trader.supports(f"stream.{kind.lower()}") for kind in StreamKind)
            return
        with trader.stream() as stream:
            others = () if declared.is_home else (StreamKind.INDEX, StreamKind.CONDITION)  # not of this market
            for kind, follow in FOLLOW.items():
                if kind in others:
                    continue
                for venue in self.trading.venues if kind in OF_VENUES else [None]:
                    if not declared.streams(kind, venue):
                        is_unsupported(face, f"{kind} of {venue} by stream", lambda: follow(stream, self.stock, venue))  # noqa: B023
        assert not socket_of(face).lines, "What no stream tells is known before a line is opened."

    @needs(streams=[StreamKind.TRADES])
    def test_trades_are_told_as_they_happen(
        self, trader: Broker, sandbox: Sandbox, stream: Stream, declared: Declared
    ) -> None:
        venues = self.open_venues(sandbox, declared, StreamKind.TRADES)
        followed = {venue: stream.trades(self.stock, venue=venue) for venue in venues}
        before = len(sandbox.exchange.trades(self.stock))
        sweep = sum(level.quantity for level in sandbox.exchange.order_book(self.stock).asks[:3]) + 1
        for side, quantity in ((Side.BUY, 7), (Side.SELL, 5), (Side.BUY, sweep), (Side.SELL, 13)):
            sandbox.exchange.trade(self.stock, side, Decimal(quantity))
        truth = sandbox.exchange.trades(self.stock)[before:]
        untold = untold_of(trader, StreamKind.TRADES)
        for venue, subscription in followed.items():
            same_trades(self.trades_until(subscription, truth), truth, self.stock, venue, untold)

    @needs(streams=[StreamKind.TRADES])
    def test_each_session_is_told_of_the_venues_that_have_it(
        self, trader: Broker, sandbox: Sandbox, stream: Stream, declared: Declared
    ) -> None:
        exchange, venues = sandbox.exchange, self.venues(declared, StreamKind.TRADES)
        followed = {venue: stream.trades(self.stock, venue=venue) for venue in venues}
        truth: dict[Venue, list[Trade]] = {venue: [] for venue in venues}
        for shares, phase in enumerate((Phase.PRE_MARKET, Phase.REGULAR, Phase.AFTER_MARKET, Phase.DAYTIME), start=1):
            now = [venue for venue in venues if phase in self.phases_of(venue)]
            if now:
                exchange.phase = phase
                exchange.trade(self.stock, Side.BUY, Decimal(shares))
            for venue in now:
                truth[venue].append(exchange.trades(self.stock)[-1])
        untold = untold_of(trader, StreamKind.TRADES)
        for venue, subscription in followed.items():
            same_trades(self.trades_until(subscription, truth[venue]), truth[venue], self.stock, venue, untold)

    @needs(streams=[StreamKind.ORDER_BOOK])
    def test_books_are_told_as_they_change(
        self, trader: Broker, sandbox: Sandbox, stream: Stream, declared: Declared
    ) -> None:
        followed = {
            venue: stream.order_book(self.stock, venue=venue)
            for venue in self.open_venues(sandbox, declared, StreamKind.ORDER_BOOK)
        }
        for side in Side:
            sandbox.exchange.trade(self.stock, side, Decimal(11))
            truth = sandbox.exchange.order_book(self.stock)

            def wrongs(told: BookEvent) -> list[str]:
                sides = {"asks": (told.asks, truth.asks), "bids": (told.bids, truth.bids)}  # noqa: B023
                return [
                    f"{name} are {[f'{price} x {quantity}' for price, quantity in own[:2]]} and so on, "
                    f"in truth {[f'{level.price} x {level.quantity}' for level in real[:2]]} and so on"
                    for name, (own, real) in sides.items()
                    if [*own] != [(level.price, level.quantity) for level in real[: len(own)]] or not own
                ]

            for subscription in followed.values():
                told_at_last(subscription, BookEvent, wrongs)

    @needs(streams=[StreamKind.QUOTES])
    def test_running_quotes_tell_the_truth(
        self, trader: Broker, sandbox: Sandbox, stream: Stream, declared: Declared
    ) -> None:
        venues = self.open_venues(sandbox, declared, StreamKind.QUOTES)
        followed = {venue: stream.quotes(self.stock, venue=venue) for venue in venues}
        sandbox.exchange.trade(self.stock, Side.BUY, Decimal(9))
        truth = sandbox.exchange.quote(self.stock)
        for subscription in followed.values():
            told_at_last(subscription, QuoteEvent, lambda told: self.quote_lines(told, truth))

    def quote_lines(self, told: QuoteEvent, truth: Any, fields: Sequence[str] = FIGURES) -> list[str]:
        """Return in words in which figures a running price is not the truth; the turnover may be rounded."""
        lines = [f"symbol is {told.symbol}" for _ in range(told.symbol != truth.symbol)]
        for name in fields:
            own, real = getattr(told, name), getattr(truth, name)
            # Turnovers come in millions of won, or thousands of dollars.
            step = self.ground.unit * 1000 if name == "turnover" else Decimal("0.01")
            is_told = own is not None or name not in ("price", "change")
            if not is_told or (own is not None and abs(own - real) >= step):
                lines.append(f"{name} is {shown(own)}, but in truth {shown(real)}")
        return lines

    @needs(streams=[StreamKind.INDEX])
    def test_an_index_is_told_as_its_shares_trade(self, trader: Broker, sandbox: Sandbox, stream: Stream) -> None:
        followed = stream.index(KOSPI)
        self.rise(sandbox)
        truth = sandbox.exchange.indices.quote(KOSPI)
        figures = ("price", "change", "change_percent", "open", "high", "low")
        told_at_last(followed, QuoteEvent, lambda told: self.quote_lines(told, truth, figures))

    @needs(streams=[StreamKind.SESSION])
    def test_phases_and_halts_are_told_as_they_begin(self, trader: Broker, sandbox: Sandbox, stream: Stream) -> None:
        followed, phases = stream.session(), (Phase.CLOSING_AUCTION, Phase.CLOSED)
        halts: Subscription[Any] | None = None
        try:
            halts = stream.session(self.stock)
        except Unsupported:
            pass
        else:
            sandbox.exchange.halt(self.stock)
            event = told_once(halts, SessionEvent)
            assert (event.symbol, event.is_halted) == (self.stock, True), (
                f"{self.stock} is halted, and this is told: {event.told(ENGLISH)}."
            )
        for phase in phases:
            sandbox.exchange.phase = phase
        told: list[Phase] = []
        while Phase.CLOSED not in told:
            event = told_once(followed, SessionEvent)
            assert event.symbol is None, (
                f"The phases of a venue were asked for, and this is told: {event.told(ENGLISH)}."
            )
            told += [event.phase] if event.phase else []
        assert told in ([*phases], [Phase.CLOSED]), f"{told} are told to begin, where {phases} do."

    @needs("conditions", streams=[StreamKind.CONDITION])
    def test_a_condition_is_told_as_symbols_come_and_go(self, trader: Broker, sandbox: Sandbox, stream: Stream) -> None:
        for symbol in (self.ground.another, self.stock):
            sandbox.exchange.unopen(symbol)
        condition = next(each for each in trader.conditions() if each.name == UNTRADED)
        truth = {instrument.symbol for instrument, _ in screened(sandbox.exchange, UNTRADED)}
        followed = stream.condition(condition)
        told = [told_once(followed, ConditionEvent) for _ in truth]
        assert {each.symbol for each in told if each.is_initial and each.is_entering} == truth, (
            f"{truth} meet the condition when it begins, and this is told: {told}."
        )
        sandbox.exchange.trade(self.stock, Side.BUY, Decimal(1))
        gone = told_once(followed, ConditionEvent)
        assert (gone.symbol, gone.is_entering) == (self.stock, False), (
            f"{self.stock} was traded, and this is told: {gone.told(ENGLISH)}."
        )

    @needs(streams=[StreamKind.TRADES, StreamKind.ORDER_BOOK])
    def test_streams_share_one_line_and_what_is_followed_twice_costs_no_frame(
        self, trader: Broker, sandbox: Sandbox, face: Face
    ) -> None:
        socket = socket_of(face)
        with trader.stream() as first, trader.stream() as second:
            first.trades(self.stock)
            first.order_book(self.stock)
            with heard_by(socket) as heard:
                again = second.trades(self.stock)
                first.close()
                sandbox.exchange.trade(self.stock, Side.BUY, Decimal(3))
                assert told_once(again, TradeEvent).quantity == 3
                of_trades = [text for text in heard if self.stock in text]
            assert len(socket.lines) == 1, f"{len(socket.lines)} lines are open for one key."
            assert len(of_trades) <= 1, f"What is followed already was registered again: {of_trades}."
        until("Nobody follows anything, and the line is closed", lambda: not socket.lines)

    @needs(streams=[StreamKind.TRADES])
    def test_one_registration_too_many_is_refused_before_it_is_sent(
        self, trader: Broker, sandbox: Sandbox, face: Face, stream: Stream
    ) -> None:
        most = feed_of(trader).most_registrations
        instruments = sandbox.exchange.instruments.values()
        symbols = [each.symbol for each in instruments if each.kind is not SecurityType.ETN]
        self.skip_unless(len(symbols) > most, f"no more registrations than the {len(symbols)} symbols of the exchange")
        with raising(InvalidRequest, f"{most + 1} symbols are to be followed where {most} can be") as caught:
            stream.trades(*symbols[: most + 1])
        assert f"{most}" in str(caught.error), "The error does not say how many there can be."
        assert not socket_of(face).lines, "A line was opened for what cannot be registered."

    @needs(streams=[StreamKind.TRADES])
    def test_heartbeats_are_answered_while_nobody_takes_what_is_told(
        self, trader: Broker, sandbox: Sandbox, face: Face, stream: Stream
    ) -> None:
        socket = socket_of(face)
        socket.heartbeat_seconds, socket.silence_seconds = 0.1, 10.0
        followed = stream.trades(self.stock)
        beat = socket.heartbeat(socket.lines[0])
        self.skip_unless(beat is not None, "heartbeats that clients answer")
        before = len(sandbox.exchange.trades(self.stock))
        with heard_by(socket) as heard:
            for number in range(200):
                sandbox.exchange.trade(self.stock, Side.BUY if number % 2 else Side.SELL, Decimal(number % 9 + 1))
            until(
                "Three heartbeats are answered, or the broker ends the line",
                lambda: len(heard) >= 3 or not socket.lines,
            )
        assert len(heard) >= 3, "Heartbeats are not answered, so the broker ended the line: `read` has to give a Reply."
        truth, untold = sandbox.exchange.trades(self.stock)[before:], untold_of(trader, StreamKind.TRADES)
        venue = market_named(self.market).default_venue or Venue.KRX
        same_trades([told_once(followed, TradeEvent) for _ in truth], truth, self.stock, venue, untold)

    @needs(streams=[StreamKind.TRADES])
    def test_what_is_recorded_is_played_back_without_secrets(
        self, trader: Broker, sandbox: Sandbox, face: Face, stream: Stream, declared: Declared, tmp_path: Path
    ) -> None:
        path, keys = tmp_path / "stream.jsonl", face.credentials
        stream.record(path)
        followed: list[Subscription[Any]] = [stream.trades(self.stock)]
        if declared.streams(StreamKind.ORDERS):
            followed.append(stream.orders())
            self.play(sandbox, self.stock, Side.BUY, 3, self.below(sandbox, 5))
        sandbox.exchange.trade(self.stock, Side.SELL, Decimal(4))
        told = [each.next(timeout=SECONDS) for each in followed]
        stream.close()
        secrets = [keys.app_key, keys.app_secret, keys.account, keys.account.replace("-", ""), keys.hts_id]
        text = path.read_text(encoding="utf-8")
        assert not [each for each in secrets if each and each in text], "The recording has a key or a number in it."
        with trader.stream() as another:
            played = [*another.replay(path)]
        assert sorted(map(str, played)) == sorted(map(str, told)), f"{told} was told, and played back is {played}."

    @needs(streams=[StreamKind.TRADES])
    def test_closing_leaves_no_line_and_no_thread(
        self, trader: Broker, sandbox: Sandbox, face: Face, declared: Declared
    ) -> None:
        before, socket = set(threading.enumerate()), socket_of(face)
        stream = trader.stream()
        for kind in (StreamKind.TRADES, StreamKind.ORDERS):
            if declared.streams(kind):
                FOLLOW[kind](stream, self.stock, None)
        assert len(socket.lines) == 1
        assert self.stock in socket.watched(), f"{self.stock} was acknowledged, and the broker has not registered it."
        waiting = threading.Thread(target=lambda: [*stream])
        waiting.start()
        stream.close()
        waiting.join(SECONDS)
        assert not waiting.is_alive(), "The stream is closed, and who takes events of it still waits."
        until("The line is closed", lambda: not socket.lines)
        new = {thread.name for thread in set(threading.enumerate()) - before if thread.name.startswith("brokerkit")}
        left = sorted(new - {"brokerkit-journal"})  # that one is of the broker
        assert not left, f"The stream is closed, and threads go on: {left}."
