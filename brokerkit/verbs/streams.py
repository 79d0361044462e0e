"""Realtime: streams of what happens, and questions that brokers answer over their sockets alone."""

from __future__ import annotations

import threading
from collections.abc import Callable
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from brokerkit.adapter import Adapter
from brokerkit.errors import ConfigError, Unsupported
from brokerkit.market.sessions import Phase
from brokerkit.stream.feed import Feed
from brokerkit.stream.topics import StreamKind
from brokerkit.verbs.asking import Asking
from brokerkit.words import Venue

if TYPE_CHECKING:
    from brokerkit.stream.connection import Connection
    from brokerkit.stream.stream import Listener, Source, Stream


class Streams(Asking):
    """Verbs about what happens at this very moment."""

    adapter: Adapter
    _streams: set[Stream]
    """Those that are open."""

    def stream(self) -> Stream:
        """Return a stream of trades, order books, own orders and more: `with` closes it, `async with` is for asyncio.

        Nothing is opened before something is followed. All streams of an app key in a process share one connection.
        Raises Unsupported where the broker has no realtime side, ConfigError where the extra [stream] is missing.
        """
        with self._asking("a stream"):
            feed = self._feed()
            from brokerkit.stream.stream import Stream  # here: who asks for prices needs none of it

            stream = Stream(self.name, Sources(feed, self._connection), self._streams.discard)
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

    def _phase_of(self) -> Callable[[Venue], Phase | None]:
        """Return what tells whether a venue trades; nothing does for a sandbox that is not in this process."""
        if self.environment == "sandbox" and not self._inquiries.is_told_phase:
            return lambda venue: None
        return self._inquiries.phase_of

    def _ask(self, frame: str, name: str) -> Any:
        """Ask something over the socket, for a part: over the one that is open, else over one for this question."""
        connection = self._connection()
        try:
            return connection.ask(frame, name)
        finally:
            connection.close()


class Sources:
    """Where a stream gets its events: a share of the connection, taken when the first topic is followed."""

    def __init__(self, feed: Feed[Any], connect: Callable[[], Connection]) -> None:
        self.feed = feed
        self._connect = connect
        self._lock = threading.Lock()
        self._connection: Connection | None = None

    def of(self, kind: StreamKind) -> Source:
        """Return where events of a kind come from."""
        if kind is StreamKind.ORDERS:
            raise Unsupported(f"{self.feed.client.broker} does not tell own orders by stream yet.")
        return self._taken()

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
