"""A broker's realtime side for tests of the face: a feed of plain frames, and a source that sends what a test wants."""

from __future__ import annotations

import datetime as dt
import itertools
import threading
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, ClassVar

from pydantic import SecretStr

from brokerkit.clock import KST
from brokerkit.errors import UnknownSymbol
from brokerkit.stream.events import BookEvent, Gap, GapReason, QuoteEvent, SessionEvent, TradeEvent
from brokerkit.stream.feed import Channel, Feed, Received, Registration, Rows, Unreadable
from brokerkit.stream.stream import Listener, Stream
from brokerkit.stream.takers import Taker
from brokerkit.stream.topics import StreamKind, Topic, orders_in
from brokerkit.words import Venue

MORNING = dt.datetime(2026, 11, 20, 9, 0, tzinfo=KST)
SECRET = "5001234501"


def read_trade(row: Sequence[str], venue: Venue, received_at: dt.datetime) -> TradeEvent:
    symbol, price, quantity = row
    return TradeEvent(symbol, venue, None, received_at, _number(price), _number(quantity))


def read_book(row: Sequence[str], venue: Venue, received_at: dt.datetime) -> BookEvent:
    symbol, ask, bid = row
    return BookEvent(symbol, venue, None, received_at, ((_number(ask), Decimal(1)),), ((_number(bid), Decimal(1)),))


def read_quote(row: Sequence[str], venue: Venue, received_at: dt.datetime) -> QuoteEvent:
    symbol, price, _ = row
    return QuoteEvent(symbol, venue, None, received_at, _number(price))


def read_session(row: Sequence[str], venue: Venue, received_at: dt.datetime) -> SessionEvent | None:
    return SessionEvent(row[0] or None, venue, None, received_at, None, row[1]) if row[1] else None


def _number(text: str) -> Decimal:
    if not text.isdigit():
        raise ValueError(f"{text!r} is no number")
    return Decimal(text)


def everywhere(channel: str, read: Callable[..., Any]) -> dict[Venue | None, Channel]:
    return {
        venue: Channel({"real": f"{channel}@{venue}", "demo": f"{channel}@{venue}"}, read) for venue in (*Venue, None)
    }


class PlainFeed(Feed[Any]):
    """Frames such as `T@KRX|005930|70000|10`: a channel, the key, and two values; several rows after each other."""

    channels: ClassVar = {
        ("KR", StreamKind.TRADES): everywhere("T", read_trade),
        ("KR", StreamKind.ORDER_BOOK): everywhere("B", read_book),
        ("KR", StreamKind.QUOTES): everywhere("T", read_quote),
        ("INDEX", StreamKind.INDEX): everywhere("I", read_quote),
        ("KR", StreamKind.SESSION): everywhere("S", read_session),
        ("KR", StreamKind.ORDERS): everywhere("O", read_trade),
        ("KR", StreamKind.CONDITION): everywhere("C", read_trade),
    }
    most_registrations = 41
    heartbeat_seconds = 60.0

    def address(self) -> str:
        return "ws://127.0.0.1:9"

    def open(self) -> Sequence[SecretStr]:
        return ()

    def register(self, registrations: Sequence[Registration]) -> Sequence[SecretStr]:
        return ()

    def release(self, registrations: Sequence[Registration]) -> Sequence[SecretStr]:
        return ()

    def read(self, text: str) -> Iterable[Received]:
        channel, *values = text.split("|")
        if len(values) % 3 or not values:
            yield Unreadable("a frame with a row that is cut")
            return
        rows = [values[at : at + 3] for at in range(0, len(values), 3)]
        for key, those in itertools.groupby(rows, lambda row: row[0]):
            yield Rows(Registration(channel, key), list(those))

    def key_of(self, topic: Topic) -> str:
        return topic.symbol

    def recorded(self, text: str) -> str | None:
        return None if text.startswith("PING") else text.replace(SECRET, "***")


class FakeSources:
    """The connection that a stream would have; everything is acknowledged at once, but for the symbol 999999."""

    def __init__(self) -> None:
        self.feed: Feed[Any] = PlainFeed(SimpleNamespace(broker="plain"), environment="real")
        self.calls: list[tuple[Any, ...]] = []
        self.takers: dict[Topic, Taker] = {}
        self.listeners: list[Listener] = []
        self.before: Callable[[], object] = lambda: None
        """Called before anything is acknowledged."""

    @property
    def feeds(self) -> dict[str, Feed[Any]]:
        return {"": self.feed}

    def socket_of(self, topic: Topic) -> str:
        return ""

    def order_topics(self, market: str | None) -> Sequence[Topic]:
        return [orders_in(market or "KR")]

    def subscribe(self, topics: Sequence[Topic], taker: Taker) -> None:
        self.calls.append(("subscribe", *topics))
        self.before()
        if any(topic.symbol == "999999" for topic in topics):
            raise UnknownSymbol("There is no such symbol.")
        self.takers.update(dict.fromkeys(topics, taker))

    def unsubscribe(self, topics: Sequence[Topic], taker: Taker) -> None:
        self.calls.append(("unsubscribe", *topics))
        for topic in topics:
            self.takers.pop(topic, None)

    def listen(self, listener: Listener) -> Callable[[], None]:
        self.listeners.append(listener)
        return lambda: self.listeners.remove(listener)

    def close(self) -> None:
        self.calls.append(("close",))

    # What a test lets come

    def receive(self, text: str, at: dt.datetime = MORNING) -> None:
        """Let a frame come, as the connection does it."""
        for listener in self.listeners:
            listener("", [text], at)
        for received in self.feed.read(text):
            if isinstance(received, Rows):
                for topic, taker in list(self.takers.items()):
                    if self.feed.registration(topic) == received.registration:
                        read = self.feed.channel(topic).read
                        taker.take(topic, [read(row, topic.venue or Venue.KRX, at) for row in received.rows])

    def trade(self, price: int, symbol: str = "005930", quantity: int = 1) -> None:
        self.receive(f"T@KRX|{symbol}|{price}|{quantity}")

    def book(self, ask: int, symbol: str = "005930") -> None:
        self.receive(f"B@KRX|{symbol}|{ask}|{max(ask - 100, 0)}")

    def cut(self) -> None:
        """Let the line be cut and made anew."""
        for taker in {id(each): each for each in self.takers.values()}.values():
            topics = tuple(topic for topic, each in self.takers.items() if each is taker)
            taker.missed(Gap(topics, MORNING, MORNING, GapReason.DISCONNECTED, MORNING))

    def soon(self, *acts: Callable[[], object]) -> threading.Thread:
        """Do something in another thread, as what comes from a connection does."""
        thread = threading.Thread(target=lambda: [act() for act in acts])
        thread.start()
        return thread


def opened() -> tuple[Stream, FakeSources]:
    sources = FakeSources()
    return Stream("plain", sources), sources


def trade_topic(symbol: str = "005930") -> Topic:
    return Topic(StreamKind.TRADES, symbol, Venue.KRX)


def prices(events: Iterable[Any]) -> list[int]:
    """Return the prices of trades, and the best ones of those who sell of books."""
    return [int(each.asks[0][0] if isinstance(each, BookEvent) else each.price) for each in events]
