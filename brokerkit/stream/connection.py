"""The one connection of an app key: what streams have of it, and how they share it."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, NoReturn

from pydantic import SecretStr

from brokerkit.errors import StreamError
from brokerkit.market.sessions import Phase
from brokerkit.sharing.store import store_for
from brokerkit.stream.feed import Feed
from brokerkit.stream.keeper import Keeper
from brokerkit.stream.line import check_address
from brokerkit.stream.pace import SANDBOX, Pace, Times
from brokerkit.stream.session import Sink
from brokerkit.stream.takers import Taker
from brokerkit.stream.topics import Topic
from brokerkit.transport.auth import digest
from brokerkit.transport.outgoing import leads_to_this_machine
from brokerkit.words import Venue

ASK_SECONDS = 10.0
"""In which the broker has to answer a question."""


class Key(NamedTuple):
    """What has one connection."""

    broker: str
    address: str
    identity: str
    """Digest of all that and the app key."""


class Connection:
    """What one stream has of the connection of its key. It is closed with the last one that has it.

    Any thread may call it. Nothing is opened before something is wanted of it.
    """

    def __init__(self, keeper: Keeper, key: Key) -> None:
        """Only `connect` makes one."""
        self._keeper = keeper
        self._key = key
        self._process = os.getpid()
        self._takers: dict[int, Taker] = {}
        self._sinks: list[Sink] = []
        self._lock = threading.Lock()
        self._is_closed = False

    def subscribe(self, topics: Sequence[Topic], taker: Taker, feed: Feed[Any]) -> None:
        """Send a taker what comes of topics, each read by `feed`; return once the broker has taken all of them.

        All or none: raises what the broker refused, InvalidRequest where it takes no more registrations on a
        connection, NetworkError where it cannot be reached.
        """
        self._check()
        with self._lock:
            self._takers[id(taker)] = taker
        self._keeper.subscribe(topics, taker, feed)
        if self._is_closed:
            self._keeper.session.leave(taker)
            raise self._closed()

    def unsubscribe(self, topics: Sequence[Topic], taker: Taker) -> None:
        """Send a taker no more of topics; what nobody else wants is released soon."""
        if not self._is_foreign():
            self._keeper.unsubscribe(topics, taker)

    def ask(self, frame: str | SecretStr, name: str, timeout: float = ASK_SECONDS) -> Any:
        """Ask the broker something over the socket; return the body of its `Answer` of that name."""
        self._check()
        return self._keeper.ask(frame if isinstance(frame, SecretStr) else SecretStr(frame), name, timeout)

    def listen(self, sink: Sink) -> None:
        """Hand the texts that come to somebody, as they are; in the connection's thread, after the events in them."""
        self._check()
        with self._lock:
            self._sinks.append(sink)
        self._keeper.session.listen(sink)

    def ignore(self, sink: Sink) -> None:
        """Hand somebody no texts any more."""
        self._keeper.session.ignore(sink)

    @property
    def unknown(self) -> dict[str, int]:
        """Channels to the values in each of their rows that are of no column we know."""
        return dict(self._keeper.session.unknown)

    def close(self) -> None:
        """Want nothing any more; the socket is closed with the last one that has the connection."""
        if self._is_foreign():
            return
        with self._lock:
            if self._is_closed:
                return
            self._is_closed = True
            takers, sinks = [*self._takers.values()], [*self._sinks]
        is_last = _give_back(self._key, self._keeper)
        for taker in takers:
            self._keeper.session.leave(taker)
        for sink in sinks:
            self._keeper.session.ignore(sink)
        self._keeper.wake()
        if is_last:
            self._keeper.stop()

    def _is_foreign(self) -> bool:
        """Say whether this is a child of the process whose connection it is."""
        return os.getpid() != self._process

    def _check(self) -> None:
        if self._is_foreign():
            raise StreamError(
                "The connection belongs to the process from which this one was forked.",
                broker=self._key.broker,
                advice="Open a stream in each process, after the fork.",
            )
        if self._is_closed:
            raise self._closed()

    def _closed(self) -> StreamError:
        return StreamError("The stream is closed.", broker=self._key.broker, advice="Open another one.")

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"{type(self).__name__} holds a socket and cannot be pickled.")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._key.broker} {self._key.address}>"


# One connection for a key in a process


class _Shared:
    """The connections of this process."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.keepers: dict[Key, Keeper] = {}
        self.numbers: dict[Keeper, int] = {}
        """How many have it; one that has failed may be had still, while another one has its key."""
        self.last: dict[Key, Keeper] = {}
        """The one of a key that was closed last: it has to be gone before the next one connects."""
        self.paces: dict[Key, Pace] = {}


_shared = _Shared()


def connect(feed: Feed[Any], *, phase_of: Callable[[Venue], Phase | None], times: Times | None = None) -> Connection:
    """Return what a stream has of the connection of its feed's key; ConfigError where the feed may not connect."""
    address = feed.address()
    check_address(address, plain_hosts=feed.plain_hosts())
    key = key_of(feed)
    with _shared.lock:
        keeper = _shared.keepers.get(key)
        if keeper is None or keeper.is_over:
            chosen = times or (SANDBOX if leads_to_this_machine(_http(address)) else Times())
            pace = _shared.paces.setdefault(key, Pace(chosen))
            pace.times = chosen
            previous = keeper or _shared.last.pop(key, None)
            keeper = Keeper(feed, key.identity, pace, phase_of, previous, store_for(feed.client.settings))
            _shared.keepers[key] = keeper
        _shared.numbers[keeper] = _shared.numbers.get(keeper, 0) + 1
    return Connection(keeper, key)


def key_of(feed: Feed[Any]) -> Key:
    """Return what has the connection of a feed; ConfigError where the settings do not allow to use it."""
    broker, address = feed.client.broker, feed.address()
    return Key(broker, address, digest(broker, address, feed.client.settings.app_key))


def _http(address: str) -> str:
    scheme, _, rest = address.partition("://")
    return f"{'https' if scheme == 'wss' else 'http'}://{rest.partition('/')[0]}"


def _give_back(key: Key, keeper: Keeper) -> bool:
    """Have a connection no more; say whether nobody else has it."""
    with _shared.lock:
        _shared.numbers[keeper] -= 1
        if _shared.numbers[keeper]:
            return False
        del _shared.numbers[keeper]
        if _shared.keepers.get(key) is keeper:
            del _shared.keepers[key]
            _shared.last[key] = keeper
        keeper.is_stopped = True
        return True


def _forget() -> None:
    """Close what a forked child has of the sockets: else the broker would not see that its parent closes them."""
    global _shared
    old, _shared = _shared, _Shared()
    for keeper in old.numbers:
        keeper.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
