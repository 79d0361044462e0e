"""A process that is served, as the one that serves it knows it: what it wants, and what waits for it."""

from __future__ import annotations

import socket
import threading
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Protocol

from brokerkit.errors import BrokerError
from brokerkit.stream import relay_words as words
from brokerkit.stream.events import Gap, GapReason
from brokerkit.stream.feed import Registration
from brokerkit.stream.holder import Program
from brokerkit.stream.topics import Topic

MOST_OWED = 8 * 2**20
"""Bytes that may wait for a process; one that takes no more is given up: it comes again, and learns of its gap."""
MOST_ASKED = 2**20
"""Bytes of what a process asks for at once."""


class Client:
    """Another process that is served. Both threads write to it; only that of the relay reads."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self.reader = words.Reader(most=MOST_ASKED)
        self.program: Program | None = None
        """None until it has said who it is."""
        self.wishes: dict[Registration, Wish] = {}
        self.is_gone = False
        self._lock = threading.Lock()
        self._out: deque[bytes | memoryview] = deque()
        self._owed = 0

    @property
    def owes(self) -> bool:
        """Whether something waits for the socket to take it."""
        return bool(self._out)

    def push(self, data: bytes) -> bool:
        """Send something, or let it wait; say whether it is the first that has to wait."""
        with self._lock:
            if self.is_gone:
                return False
            waited = bool(self._out)
            self._out.append(data)
            self._owed += len(data)
            if not waited:
                self._send()
            if self._owed > MOST_OWED:
                self._give_up()
            return bool(self._out) and not waited

    def flush(self) -> None:
        """Send what waits."""
        with self._lock:
            self._send()

    def _send(self) -> None:
        try:
            while self._out:
                first = self._out[0]
                sent = self.socket.send(first)
                self._owed -= sent
                if sent < len(first):
                    self._out[0] = memoryview(first)[sent:]
                else:
                    self._out.popleft()
        except BlockingIOError:
            pass
        except OSError:
            self._give_up()

    def _give_up(self) -> None:
        """Let the relay's thread see the end of it."""
        self.is_gone = True
        self._out.clear()
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the socket."""
        with self._lock:
            self.is_gone = True
            self._out.clear()
        self.socket.close()


class Telling(Protocol):
    """What a wish has of the relay."""

    def tell(self, client: Client, data: bytes) -> None:
        """Send words to one, after the texts before them."""

    def missed(self, client: Client, registrations: Sequence[Registration], gap: Gap) -> None:
        """Tell one what its registrations have missed, before the next text."""


class Wish:
    """What a process asked for at once: takes what the rules of the connection tell of it."""

    def __init__(self, relay: Telling, client: Client, topics: dict[Registration, list[Topic]]) -> None:
        self._relay = relay
        self._client = client
        self.topics = topics

    def take(self, topic: Topic, events: Sequence[Any]) -> None:
        """Take nothing: rows go as the texts that they came in."""

    def missed(self, gap: Gap) -> None:
        """Tell a gap. What cannot be read the other process finds out itself."""
        if gap.reason is not GapReason.UNREADABLE:
            told = [each for each, topics in self.topics.items() if not {*topics}.isdisjoint(gap.topics)]
            self._relay.missed(self._client, told, gap)

    def failed(self, error: BrokerError) -> None:
        """Tell that nothing will come any more."""
        of = words.written(self.topics)
        self._relay.tell(self._client, words.said("failed", of=of, error=words.error_told(error)))
