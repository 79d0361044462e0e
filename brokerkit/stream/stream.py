"""A stream as programs see it: topics that it follows, and events that are taken out of it one by one."""

from __future__ import annotations

import datetime as dt
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from os import PathLike
from typing import TYPE_CHECKING, Any, Generic, NoReturn, Protocol, Self, TypeVar

from brokerkit.arguments import check_condition, check_venue, plain
from brokerkit.errors import BrokerError, InvalidRequest, StreamError
from brokerkit.market.markets import market_named, market_of
from brokerkit.models import Condition, Instrument
from brokerkit.stream.events import (
    BookEvent,
    ConditionEvent,
    Dropped,
    Event,
    Gap,
    OrderEvent,
    QuoteEvent,
    RawEvent,
    SessionEvent,
    Stopped,
    TradeEvent,
)
from brokerkit.stream.feed import Feed
from brokerkit.stream.inbox import Follower, Inbox
from brokerkit.stream.mailbox import END, Mailbox
from brokerkit.stream.recording import Recording, replay
from brokerkit.stream.takers import Taker
from brokerkit.stream.topics import StreamKind, Topic
from brokerkit.symbols import check_symbol
from brokerkit.text import sanitize
from brokerkit.values import exact_seconds
from brokerkit.words import Venue

if TYPE_CHECKING:
    from brokerkit.stream.twin import AsyncStream

E = TypeVar("E")
INDICES = "INDEX"
"""The market of indices."""


Listener = Callable[[str, Sequence[str], dt.datetime], None]
"""Hears the texts that were received, at which socket, and when."""


class Sources(Protocol):
    """What a stream has of its broker. Nothing is opened before the first topic."""

    @property
    def feeds(self) -> Mapping[str, Feed[Any]]:
        """The realtime sides, each with a socket of its own; the main one has a blank name."""

    def socket_of(self, topic: Topic) -> str:
        """Return the name of the realtime side that tells of a topic."""

    def order_topics(self, market: str | None) -> Sequence[Topic]:
        """Return the topics of own orders in a market; or in all of which the main socket tells."""

    def subscribe(self, topics: Sequence[Topic], taker: Taker) -> None:
        """Register topics, all or none; return once the broker has acknowledged them."""

    def unsubscribe(self, topics: Sequence[Topic], taker: Taker) -> None:
        """Send a taker nothing of topics any more."""

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Let somebody hear all that is received from now on, in the connections' threads; return how to end that."""

    def close(self) -> None:
        """Give back what was opened, so that it ends with the last stream that has it."""


class Subscription(Generic[E]):
    """Topics that a stream follows until this is closed; `with` closes it.

    Its events come out of the stream, unless they are taken here: from then on it keeps them for itself.
    """

    def __init__(self, stream: Stream, follower: Follower) -> None:
        self._stream = stream
        self._follower = follower
        self._is_closed = False

    @property
    def topics(self) -> tuple[Topic, ...]:
        """What is followed."""
        return self._follower.topics

    def next(self, timeout: float | None = None) -> E | None:
        """Return the next event; None if none comes within `timeout` seconds. A StreamError once it is closed.

        Raises KeyInUse and AuthError where the line cannot heal.
        """
        event = self._mailbox.take(None if timeout is None else exact_seconds(timeout))
        if event is END:
            raise StreamError("The subscription is closed.", broker=self._stream.broker)
        found: E | None = event
        return found

    def __iter__(self) -> Iterator[E]:
        """Yield events until the subscription or its stream is closed; raises as that of the stream."""
        mailbox = self._mailbox
        while (event := mailbox.take()) is not END:
            yield event

    @property
    def _mailbox(self) -> Mailbox:
        self._stream._check_process()
        return self._stream._inbox.part(self._follower)

    def close(self) -> None:
        """Follow these topics no more, but for those that others follow too; what waits of them is forgotten."""
        if not self._is_closed:
            self._is_closed = True
            self._stream._drop(self._follower)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"{type(self).__name__} is part of a connection and cannot be pickled.")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {len(self.topics)} topics>"


class Stream:
    """What happens at a broker, event by event, for as many topics as one likes. Made by `Broker.stream`.

    Several threads may take events, and add or close topics, at once; each event goes to one of them.
    """

    def __init__(self, broker: str, sources: Sources, closed: Callable[[Stream], None] = lambda stream: None) -> None:
        """`closed` is called when the stream is."""
        self.broker = broker
        """Where things happen."""
        self._sources = sources
        self._closed = closed
        self._process = os.getpid()
        self._registering = threading.Lock()
        self._inbox = Inbox()
        self._recordings: list[tuple[Recording, Callable[[], None]]] = []

    # What is followed

    def trades(
        self, *symbols: str | Instrument, venue: Venue | None = None
    ) -> Subscription[TradeEvent | Gap | Dropped]:
        """Follow the trades of symbols (실시간 체결); return once the broker agrees.

        At a venue (default: the market's own). Prices are in the currency of the market, quantities in shares. 10,000
        of a symbol wait for who takes them; after that the oldest are dropped, and `Dropped` says how many. Raises what
        the broker refuses, and then follows none of them: InvalidRequest, Unsupported, Rejected, KeyInUse, StreamError,
        NetworkError.

        Example::

            with broker.stream() as stream:
                stream.trades("005930")
                event = stream.next(timeout=1)
        """
        return self._followed(StreamKind.TRADES, symbols, venue)

    def order_book(self, *symbols: str | Instrument, venue: Venue | None = None) -> Subscription[BookEvent | Gap]:
        """Follow the order books of symbols (실시간 호가). Of each the newest one waits.

        What is older makes room for it. Raises as `trades`.
        """
        return self._followed(StreamKind.ORDER_BOOK, symbols, venue)

    def quotes(self, *symbols: str | Instrument, venue: Venue | None = None) -> Subscription[QuoteEvent | Gap]:
        """Follow the prices of symbols with the figures of the day (실시간 현재가). Of each the newest one waits.

        Raises as `trades`.
        """
        return self._followed(StreamKind.QUOTES, symbols, venue)

    def index(self, *symbols: str | Instrument) -> Subscription[QuoteEvent | Gap]:
        """Follow indices such as "INDEX:KOSPI", in points (실시간 지수). Of each the newest value waits.

        Raises as `trades`.
        """
        return self._followed(StreamKind.INDEX, symbols, None)

    def orders(self, *, market: str | None = None) -> Subscription[OrderEvent | Gap | Stopped]:
        """Follow the account's own orders, whoever sends them (주문체결통보).

        Each change and each share comes once, none is dropped. After a gap the broker's lists tell what was missed.
        Events are hints: `refresh` tells how an order stands. Without `market` those of every market of which the main
        socket tells; `topics` of the answer names them. Raises as `trades`, and JournalError.

        Example::

            with broker.stream() as stream:
                stream.orders()
                broker.buy("005930", 10, price=70_000)
                print(stream.next(timeout=10))
        """
        with self._asking("own orders by stream"):
            named = None if market is None else market_named(market).name
            return self._follow(self._sources.order_topics(named))

    def session(
        self, symbol: str | Instrument | None = None, *, venue: Venue | None = None
    ) -> Subscription[SessionEvent | Gap]:
        """Follow the phases of a venue, or what happens to the trading of a symbol (장운영정보).

        Raises as `trades`.
        """
        named = symbol or venue
        with self._asking(f"session of {named} by stream" if named else "session of the market by stream"):
            return self._follow([session_topic(symbol, venue)])

    def condition(self, condition: Condition | str) -> Subscription[ConditionEvent | Gap]:
        """Follow which symbols meet a saved condition, given as `conditions()` has it or by its id (조건검색 실시간).

        Those that meet it already come first. Raises as `trades`.
        """
        with self._asking(f"matches of the condition {getattr(condition, 'name', condition)} by stream"):
            return self._follow([condition_topic(condition)])

    def raw(self, channel: str, *keys: str) -> Subscription[RawEvent | Gap | Dropped]:
        """Follow a channel of the broker by its own name or id ("H0STMKO0", "domestic_stock/ccnl_krx", "0B").

        Its events have what was sent, as it was sent. `keys` are symbols and the like as the broker spells them; none
        where the channel has none, or where the profile tells it. 10,000 of a key wait for who takes them; after that
        the oldest are dropped, and `Dropped` says how many. What is known to be wrong raises InvalidRequest before
        anything is sent; else as `trades`.
        """
        from brokerkit.stream.raw import raw_topics  # here: who follows prices needs none of it

        with self._asking(f"{sanitize(str(channel), limit=60)} by stream"):
            return self._follow(raw_topics(self._sources, channel, keys))

    def _followed(
        self, kind: StreamKind, symbols: Sequence[str | Instrument], venue: Venue | None
    ) -> Subscription[Any]:
        shown = ", ".join(str(plain(each)) for each in symbols[:3]) + (", ..." if len(symbols) > 3 else "")
        what = f"{kind.lower()} of {shown} at {venue} by stream" if venue else f"{kind.lower()} of {shown} by stream"
        with self._asking(what):
            return self._follow(topics_of(kind, symbols, venue))

    @contextmanager
    def _asking(self, what: str) -> Iterator[None]:
        """Name in errors what was asked, and of whom."""
        try:
            yield
        except BrokerError as error:
            error.asked = error.asked or what
            error.broker = error.broker or self.broker
            raise

    def _follow(self, topics: Sequence[Topic]) -> Subscription[Any]:
        """Follow topics, all or none of them; return once the broker has acknowledged them."""
        self._check_process()
        for topic in topics:
            # What there is not is told before anything is opened.
            self._sources.feeds[self._sources.socket_of(topic)].registration(topic)
        with self._registering:
            self._check_open()
            followed = self._inbox.topics()
            new = [topic for topic in topics if topic not in followed]
            follower = Follower(topics)
            self._inbox.add(follower)
            self._note_topics()  # before anything comes of them: what the broker sends with its yes counts, too
            try:
                if new:
                    self._begin(new)
            except BaseException:
                self._inbox.remove(follower)
                self._note_topics()
                raise
        return Subscription(self, follower)

    def _begin(self, topics: Sequence[Topic]) -> None:
        """Register topics; a StreamError if the stream is closed meanwhile."""
        self._sources.subscribe(topics, self._inbox)
        try:
            self._check_open()
        except BaseException:
            self._sources.unsubscribe(topics, self._inbox)
            raise

    def _drop(self, follower: Follower) -> None:
        if os.getpid() != self._process:
            return
        with self._registering:
            self._inbox.remove(follower)
            left = self._inbox.topics()
            gone = [topic for topic in follower.topics if topic not in left]
            if gone and not self._inbox.is_closed:
                self._sources.unsubscribe(gone, self._inbox)
                self._note_topics()

    # What is taken

    def next(self, timeout: float | None = None) -> Event | None:
        """Return the next event; None if none comes within `timeout` seconds. A StreamError once it is closed.

        Raises KeyInUse and AuthError where the line cannot heal.
        """
        event = self._mailbox.take(None if timeout is None else exact_seconds(timeout))
        if event is END:
            raise self._gone()
        found: Event | None = event
        return found

    def __iter__(self) -> Iterator[Event]:
        """Yield events until the stream is closed. Raises what cannot heal, once all that came before is taken."""
        mailbox = self._mailbox
        while (event := mailbox.take()) is not END:
            yield event

    @property
    def _mailbox(self) -> Mailbox:
        self._check_process()
        return self._inbox.mailbox

    # What is written down

    def record(self, path: str | PathLike[str]) -> None:
        """Write down what is received until the stream is closed, as lines of JSON without keys and account numbers.

        The file must not be there yet, and nobody else can read it. `replay` plays it back. A disk that fails ends the
        recording, not the stream: it is logged as an error. Raises InvalidRequest for a file that is there or cannot be
        made, StreamError once the stream is closed.
        """
        self._check_process()
        with self._registering:
            self._check_open()
            recording = Recording(path, self.broker, self._sources)
            try:
                recording.follow(self._inbox.topics())
                stop = self._sources.listen(recording.hear)
            except BaseException:
                recording.close()
                raise
            self._recordings.append((recording, stop))
            self._inbox.notes = (*self._inbox.notes, recording.tell)

    def replay(self, path: str | PathLike[str]) -> Iterator[Event]:
        """Return the events that were written down, one after the other as fast as they are taken; nothing is asked.

        A StreamError names the line of a file that was cut off or changed; InvalidRequest one of another broker.
        """
        return replay(path, self.broker, self._sources)

    def _note_topics(self) -> None:
        for recording, _ in self._recordings:
            recording.follow(self._inbox.topics())

    # Its end

    def close(self) -> None:
        """End the stream: iteration ends in every thread, and its connection with the last stream that has it."""
        if os.getpid() != self._process or not self._inbox.close():
            return  # in a child of the process the connection is the parent's
        topics = self._inbox.topics()
        try:
            if topics:
                self._sources.unsubscribe([*topics], self._inbox)
        finally:
            self._sources.close()
            for recording, stop in self._recordings:
                stop()
                recording.close()
            self._closed(self)

    def _gone(self) -> StreamError:
        return StreamError("The stream is closed.", broker=self.broker, advice="Open another one: broker.stream().")

    def _check_process(self) -> None:
        """Raise a StreamError in a child of the process that opened the stream."""
        if os.getpid() != self._process:
            raise StreamError(
                "The stream was opened by another process, from which this one was forked.",
                broker=self.broker,
                advice="Open a stream in each process, after the fork.",
            )

    def _check_open(self) -> None:
        if self._inbox.is_closed:
            raise self._gone()
        self._inbox.check()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    async def __aenter__(self) -> AsyncStream:
        from brokerkit.stream.twin import AsyncStream as Twin  # here: who has no loop needs no asyncio

        self._twin = await Twin(self)._opened()
        return self._twin

    async def __aexit__(self, *error: object) -> None:
        await self._twin.close()

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"{type(self).__name__} is part of a connection and cannot be pickled.")

    def __repr__(self) -> str:
        state = "closed" if self._inbox.is_closed else f"{len(self._inbox.topics())} topics"
        return f"<{type(self).__name__} {self.broker}, {state}>"


# The topics that are meant


def topics_of(kind: StreamKind, symbols: Sequence[str | Instrument], venue: Venue | None) -> list[Topic]:
    """Return the topics of symbols; InvalidRequest for what is none, or if there are none at all."""
    if not symbols:
        raise InvalidRequest("No symbol was given.")
    return list(dict.fromkeys(_topic(kind, symbol, venue) for symbol in symbols))


def _topic(kind: StreamKind, symbol: str | Instrument, venue: Venue | None) -> Topic:
    if isinstance(symbol, list | tuple | set | frozenset):
        raise InvalidRequest(
            "Symbols are given one by one: stream.trades('005930', '000660'), or with a star: *symbols."
        )
    named = check_symbol(plain(symbol))
    market = market_of(named)
    if (kind is StreamKind.INDEX) != (market.name == INDICES):
        wrong = f"{named} is no index. Give one such as INDEX:KOSPI."
        raise InvalidRequest(wrong if kind is StreamKind.INDEX else f"{named} is an index: follow it by index().")
    if venue is None and market.default_venue is None:
        return Topic(kind, named)  # no broker tells anything of it
    return Topic(kind, named, check_venue(market.default_venue if venue is None else venue))


def session_topic(symbol: str | Instrument | None, venue: Venue | None) -> Topic:
    """Return the topic of a venue's phases, or of what happens to a symbol there."""
    if symbol is None:
        return Topic(StreamKind.SESSION, "", check_venue(Venue.KRX if venue is None else venue))
    return _topic(StreamKind.SESSION, symbol, venue)


def condition_topic(condition: Condition | str) -> Topic:
    """Return the topic of a saved condition."""
    named = check_condition(condition)
    return Topic(StreamKind.CONDITION, named.id if isinstance(named, Condition) else named)
