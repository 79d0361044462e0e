"""Realtime: streams of what happens, and questions that brokers answer over their sockets alone."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from brokerkit.adapter import Adapter
from brokerkit.errors import ConfigError, Unsupported
from brokerkit.market.markets import Market
from brokerkit.market.sessions import Phase
from brokerkit.part import Ask
from brokerkit.stream.feed import Feed
from brokerkit.stream.takers import Taker
from brokerkit.stream.topics import StreamKind, Topic, orders_in
from brokerkit.verbs.asking import Asking
from brokerkit.words import Venue

if TYPE_CHECKING:
    from brokerkit.raw.calls import RawCall
    from brokerkit.raw.reply import RawReply
    from brokerkit.stream.connection import Connection
    from brokerkit.stream.own_orders import OwnOrders
    from brokerkit.stream.stream import Listener, Stream


class Streams(Asking):
    """Verbs about what happens at this very moment."""

    adapter: Adapter
    """What speaks to the broker."""
    _making: threading.RLock
    _streams: set[Stream]
    """Those that are open."""
    _order_sources: dict[str, OrderSource]
    """By market."""

    def stream(self) -> Stream:
        """Return a stream of trades, order books, own orders and more (실시간).

        `with` closes it, `async with` is for asyncio. Nothing is opened before something is followed. All streams of an
        app key in a process share one connection. Raises Unsupported where the broker has no realtime side, ConfigError
        where the extra [stream] is missing.

        Example::

            with broker.stream() as stream:
                stream.trades("005930", "000660")
                event = stream.next(timeout=1)
        """
        with self._asking("a stream"):
            for feed in self.adapter.sockets.values():
                self._check_libraries(feed)
            self._feed(self.adapter.home)
            from brokerkit.stream.stream import Stream  # here: who asks for prices needs none of it

            sources = Sources(self.adapter, self._connection, self._order_source, self._inquiries.markets)
            stream = Stream(self.name, sources, self._streams.discard)
            self._streams.add(stream)
            return stream

    def _close_streams(self) -> None:
        for stream in [*self._streams]:
            stream.close()

    def _feed(self, market: str) -> Feed[Any]:
        """Return the realtime side that tells of a market, with all that it needs."""
        feed = self.adapter.feed_for(market)
        if feed is None:
            raise Unsupported(f"{self.name} has no realtime side.", advice="Nothing was sent. Ask for prices instead.")
        self._check_libraries(feed)
        return feed

    def _check_libraries(self, feed: Feed[Any]) -> None:
        for library in filter(None, ("websockets", feed.extra)):
            if find_spec(library) is None:
                raise ConfigError(
                    f"Streams need the [stream] extra of brokerkit-kr ({library} is missing).",
                    advice='In the clone: pip install ".[stream]"',
                )

    def _connection(self, market: str) -> Connection:
        """Return a share of the connection that tells of a market, blank for the main one, for who closes it again."""
        from brokerkit.stream.connection import connect

        return connect(self._feed(market), phase_of=self._phase_of())

    def _order_source(self, market: str) -> OrderSource:
        with self._making:
            source = self._order_sources.get(market)
            if source is None or source.process != os.getpid():
                source = OrderSource(partial(self._orders_of, market), partial(self._connection, market))
                self._order_sources[market] = source
            return source

    def _orders_of(self, market: str) -> OwnOrders:
        """Return what makes events of the notices of a market; the broker has it."""
        raise NotImplementedError

    def _phase_of(self) -> Callable[[Venue], Phase | None]:
        """Return what tells whether a venue trades; nothing does for a sandbox that is not in this process."""
        if self.environment == "sandbox" and not self._inquiries.is_told_phase:
            return lambda venue: None
        return self._inquiries.phase_of

    @contextmanager
    def _ask(self) -> Iterator[Ask]:
        """Let a part ask over the socket: over the one that is open, else over one for these questions."""
        connection = self._connection(self.adapter.home)
        try:
            yield connection.ask
        finally:
            connection.close()

    def _over_socket(self, call: RawCall, most: int) -> RawReply:
        """Ask for what an API tells over the socket that has it: over the one that is open, else over one for this."""
        name = _carrying(self.adapter.sockets, call.api.name)
        feed, connection = self._feed(name), self._connection(name)
        try:
            return call.over_socket(lambda values: feed.pages(call.api, values, connection.ask), most)
        finally:
            connection.close()


def _carrying(feeds: Mapping[str, Feed[Any]], channel: str) -> str:
    """Return the name of the socket over which something of the catalogue comes; the main one's if none has it."""
    return next((name for name, feed in feeds.items() if feed.carries(channel)), "")


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

    def has(self, taker: Taker) -> bool:
        """Say whether somebody has the events."""
        return id(taker) in self._following

    def subscribe(self, topics: Sequence[Topic], taker: Taker, feed: Feed[Any], *, hears_switch: bool = True) -> None:
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
            own.follow(taker, hears_switch=hears_switch)
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
    """Where a stream gets its events: shares of connections, each taken when the first topic of it is followed."""

    def __init__(
        self,
        adapter: Adapter,
        connect: Callable[[str], Connection],
        orders: Callable[[str], OrderSource],
        markets: Callable[[], Sequence[Market]],
    ) -> None:
        """`connect` returns the connection of a socket by its name, `orders` those of a market.

        `markets` tells those in which the account trades.
        """
        self._markets = markets
        self._adapter = adapter
        self._orders = orders
        self._connect = connect
        self._lock = threading.Lock()
        self._connections: dict[str, Connection] = {}

    @property
    def feeds(self) -> Mapping[str, Feed[Any]]:
        """The realtime sides, each with a socket of its own; the main one has a blank name."""
        return self._adapter.sockets

    def socket_of(self, topic: Topic) -> str:
        """Return the name of the realtime side that tells of a topic."""
        if topic.kind is StreamKind.RAW:
            return _carrying(self.feeds, topic.channel)
        return topic.market if topic.market in self._adapter.feeds_of else ""

    def order_topics(self, market: str | None) -> Sequence[Topic]:
        """Return the topics of own orders in a market; or in all of which the main socket tells."""
        if market is not None:
            return [orders_in(market)]
        main, home = self.feeds[""], self._adapter.home
        names = [each.name for each in self._markets()]
        others = [each for each in names if each != home and each not in self._adapter.feeds_of]
        environment = main.environment
        told = [each for each in others if main.offers(StreamKind.ORDERS, each, None, environment)]
        return [orders_in(each) for each in (home, *told)]

    def subscribe(self, topics: Sequence[Topic], taker: Taker) -> None:
        """Register topics, all or none; return once the broker has acknowledged them."""
        begun: list[Sequence[Topic]] = []
        try:
            for source, those in self._sorted(topics):
                begun.append(those)
                feed = self.feeds[self.socket_of(those[0])]
                if isinstance(source, OrderSource):
                    source.subscribe(those, taker, feed, hears_switch=not self._follows_orders(taker))
                else:
                    source.subscribe(those, taker, feed)
        except BaseException:
            for those in begun[:-1]:
                self.unsubscribe(those, taker)
            raise

    def unsubscribe(self, topics: Sequence[Topic], taker: Taker) -> None:
        """Send a taker nothing of topics any more."""
        for source, those in self._sorted(topics):
            source.unsubscribe(those, taker)

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Let somebody hear all that is received from now on; return how to end that."""
        ends = [self._listen(listener, name) for name in self.feeds]

        def end() -> None:
            for each in ends:
                each()

        return end

    def _listen(self, listener: Listener, name: str) -> Callable[[], None]:
        connection = self._taken(name)

        def sink(texts: Any, moment: Any) -> None:
            listener(name, texts, moment.time)

        connection.listen(sink)
        return lambda: connection.ignore(sink)

    def close(self) -> None:
        """Give back the shares: a connection ends with the last one."""
        with self._lock:
            connections, self._connections = self._connections, {}
        for connection in connections.values():
            connection.close()

    def _sorted(self, topics: Sequence[Topic]) -> Iterator[tuple[OrderSource | Connection, Sequence[Topic]]]:
        """Yield the topics by where they come from."""
        found: dict[tuple[bool, str], list[Topic]] = {}
        for topic in topics:
            is_order = topic.kind is StreamKind.ORDERS
            found.setdefault((is_order, topic.market if is_order else self.socket_of(topic)), []).append(topic)
        for (is_order, name), those in found.items():
            yield (self._orders(name) if is_order else self._taken(name)), those

    def _follows_orders(self, taker: Taker) -> bool:
        """Say whether a taker follows own orders of some market already: then it hears of the kill switch there."""
        return any(self._orders(market).has(taker) for market in self._adapter.served)

    def _taken(self, name: str) -> Connection:
        with self._lock:
            if name not in self._connections:
                self._connections[name] = self._connect(name)
            return self._connections[name]
