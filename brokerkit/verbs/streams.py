"""Realtime: streams of what happens, and questions that brokers answer over their sockets alone."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from brokerkit.adapter import Adapter
from brokerkit.errors import ConfigError, Unsupported
from brokerkit.market.sessions import Phase
from brokerkit.part import Ask
from brokerkit.stream.feed import Feed
from brokerkit.stream.takers import Taker
from brokerkit.stream.topics import StreamKind, Topic
from brokerkit.verbs.asking import Asking
from brokerkit.words import Venue

if TYPE_CHECKING:
    from brokerkit.stream.connection import Connection
    from brokerkit.stream.own_orders import OwnOrders
    from brokerkit.stream.stream import Listener, Source, Stream


class Streams(Asking):
    """Verbs about what happens at this very moment."""

    adapter: Adapter
    _making: threading.RLock
    _streams: set[Stream]
    """Those that are open."""
    _orders_streamed: OrderSource | None = None

    def stream(self) -> Stream:
        """Return a stream of trades, order books, own orders and more: `with` closes it, `async with` is for asyncio.

        Nothing is opened before something is followed. All streams of an app key in a process share one connection.
        Raises Unsupported where the broker has no realtime side, ConfigError where the extra [stream] is missing.
        """
        with self._asking("a stream"):
            feed = self._feed()
            from brokerkit.stream.stream import Stream  # here: who asks for prices needs none of it

            sources = Sources(feed, self._connection, self._order_source())
            stream = Stream(self.name, sources, self._streams.discard)
            self._streams.add(stream)
            return stream

    def _close_streams(self) -> None:
        for stream in [*self._streams]:
            stream.close()

    def _feed(self) -> Feed[Any]:
        """Return the adapter's realtime side, with all that it needs."""
        feed = self.adapter.feed
        if feed is None:
            raise Unsupported(f"{self.name} has no realtime side.", advice="Nothing was sent. Ask for prices instead.")
        for library in filter(None, ("websockets", feed.extra)):
            if find_spec(library) is None:
                raise ConfigError(
                    f"Streams need the [stream] extra of brokerkit-kr ({library} is missing).",
                    advice='In the clone: pip install ".[stream]"',
                )
        return feed

    def _connection(self) -> Connection:
        """Return a share of the connection of the key, for who closes it again."""
        from brokerkit.stream.connection import connect

        return connect(self._feed(), phase_of=self._phase_of())

    def _order_source(self) -> OrderSource:
        with self._making:
            if self._orders_streamed is None or self._orders_streamed.process != os.getpid():
                self._orders_streamed = OrderSource(lambda: self._orders_of_account, self._connection)
            return self._orders_streamed

    @property
    def _orders_of_account(self) -> OwnOrders:
        """What makes events of notices; the broker has it."""
        raise NotImplementedError

    def _phase_of(self) -> Callable[[Venue], Phase | None]:
        """Return what tells whether a venue trades; nothing does for a sandbox that is not in this process."""
        if self.environment == "sandbox" and not self._inquiries.is_told_phase:
            return lambda venue: None
        return self._inquiries.phase_of

    @contextmanager
    def _ask(self) -> Iterator[Ask]:
        """Let a part ask over the socket: over the one that is open, else over one for these questions."""
        connection = self._connection()
        try:
            yield connection.ask
        finally:
            connection.close()


class OrderSource:
    """The account's own orders, for all streams of a broker: they are counted once, over a share of the connection."""

    def __init__(self, own: Callable[[], OwnOrders], connect: Callable[[], Connection]) -> None:
        self.process = os.getpid()
        """Whose connection it has: not that of a child."""
        self._own = own
        self._connect = connect
        self._lock = threading.Lock()
        self._connection: Connection | None = None
        self._beginning: tuple[Taker, Connection] | None = None
        """Who waits for the broker, and over what, while nobody has its events yet."""
        self._following: dict[int, Taker] = {}

    def subscribe(self, topics: Sequence[Topic], taker: Taker, feed: Feed[Any]) -> None:
        """Let somebody have the events of own orders, once the broker has acknowledged that it tells them."""
        own = self._own()
        with self._lock:
            connection = self._connection or self._connect()
            self._beginning = None if self._following else (taker, connection)
            try:
                connection.subscribe(topics, own, feed)
            except BaseException:
                if not self._following:
                    connection.close()
                raise
            finally:
                self._beginning = None
            self._connection = connection
            self._following[id(taker)] = taker
        try:
            own.follow(taker)
        except BaseException:
            self.unsubscribe(topics, taker)
            raise

    def unsubscribe(self, topics: Sequence[Topic], taker: Taker) -> None:
        """Let somebody have them no more; the share is given back with the last one."""
        own = self._own()
        own.unfollow(taker)
        if id(taker) not in self._following:
            beginning = self._beginning
            if beginning is not None and beginning[0] is taker:
                beginning[1].close()  # nobody else has it: the wait is over
            return  # it asks again, should it have begun meanwhile
        with self._lock:
            self._following.pop(id(taker), None)
            connection = self._connection
            if connection is not None:
                connection.unsubscribe(topics, own)
                if not self._following:
                    connection.close()
                    self._connection = None


class Sources:
    """Where a stream gets its events: a share of the connection, taken when the first topic is followed."""

    def __init__(self, feed: Feed[Any], connect: Callable[[], Connection], orders: OrderSource) -> None:
        self.feed = feed
        self._orders = orders
        self._connect = connect
        self._lock = threading.Lock()
        self._connection: Connection | None = None

    def of(self, kind: StreamKind) -> Source:
        """Return where events of a kind come from."""
        return self._orders if kind is StreamKind.ORDERS else self._taken()

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Let somebody hear all that is received from now on; return how to end that."""
        connection = self._taken()

        def sink(texts: Any, moment: Any) -> None:
            listener(texts, moment.time)

        connection.listen(sink)
        return lambda: connection.ignore(sink)

    def close(self) -> None:
        """Give back the share: the connection ends with the last one."""
        with self._lock:
            connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _taken(self) -> Connection:
        with self._lock:
            if self._connection is None:
                self._connection = self._connect()
            return self._connection
