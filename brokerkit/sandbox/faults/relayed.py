"""One request at a relay: what came, the line to answer on, and the way to the face behind."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from brokerkit.sandbox.face import FaultWording
from brokerkit.sandbox.sockets import NO_LINGER

LENGTH = "content-length"


@dataclass(frozen=True)
class Message:
    """A whole request, as bytes and as what faults ask of it. Header names are in lower case."""

    raw: bytes
    method: str
    target: str
    headers: Mapping[str, str]
    keeps: bool
    """Whether the client wants to go on on this line."""

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]


@dataclass(frozen=True)
class HttpAnswer:
    """A whole answer. Header names keep their letter case."""

    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    bodiless: bool = False
    """Whether it answers HEAD, so that its length is that of a body which never comes."""

    def raw(self) -> bytes:
        """Return it as bytes, with the length that the body has."""
        lines = [f"HTTP/1.1 {self.status} {self.reason}"]
        for name, value in self.headers:
            told = str(len(self.body)) if name.lower() == LENGTH and not self.bodiless else value
            lines.append(f"{name}: {told}")
        if not self.header(LENGTH):
            lines.append(f"Content-Length: {len(self.body)}")
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + self.body

    def header(self, name: str) -> str:
        """Return a header's value, blank if there is none."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")

    def with_headers(self, changes: Mapping[str, str]) -> HttpAnswer:
        """Return the answer with some headers set to other values."""
        left = {name.lower() for name in changes}
        kept = [(name, value) for name, value in self.headers if name.lower() not in left]
        return replace(self, headers=(*kept, *changes.items()))

    def json(self) -> dict[str, Any] | None:
        """Return the body if it is a JSON object."""
        try:
            body = json.loads(self.body)
        except ValueError:
            return None
        return body if isinstance(body, dict) else None

    def with_json(self, body: object) -> HttpAnswer:
        """Return the answer with another body."""
        return replace(self, body=json.dumps(body, ensure_ascii=False).encode())


BARE = HttpAnswer(200, "OK", (("Content-Type", "application/json;charset=UTF-8"),), b"{}")
"""What an answer is made from when the face was not asked."""


class ClientLine:
    """A connection with a client."""

    def __init__(self, sock: socket.socket, stopped: threading.Event) -> None:
        self.sock = sock
        self.stopped = stopped
        self.page = 0
        """Of the list that was asked for last."""
        self.listed: HttpAnswer | None = None
        """The page that was sent last."""

    def send(self, data: bytes) -> bool:
        """Send all of it; True, because the line stays usable."""
        self.sock.sendall(data)
        return True

    def send_pieces(self, data: bytes, size: int, seconds: float) -> bool:
        """Send in pieces with a pause before each. False if the relay stopped meanwhile."""
        for start in range(0, len(data), size):
            if seconds and self.stopped.wait(seconds):
                return False
            self.sock.sendall(data[start : start + size])
        return True

    def send_junk(self, data: bytes) -> None:
        """Send bytes beneath TLS, where there is TLS."""
        socket.socket.sendall(self.sock, data)

    def wait(self, seconds: float) -> bool:
        """Wait; False if the relay stopped meanwhile."""
        return not self.stopped.wait(seconds)

    def hold(self, seconds: float) -> None:
        """Stay silent until the client hangs up, the relay stops, or the time is over."""
        self.sock.settimeout(seconds or 0.001)
        with contextlib.suppress(OSError):
            if self.sock.recv(1):
                self.stopped.wait(seconds)

    def reset(self) -> None:
        """Close with a reset instead of an orderly end."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
        self.sock.close()


class RelayMemory:
    """What a relay knows of the requests so far."""

    def __init__(self) -> None:
        self.previous: HttpAnswer | None = None
        self.orders: dict[str, float] = {}
        """When the face took an order, by its number as `spelled`, on the monotonic clock."""
        self.lock = threading.Lock()


@dataclass
class Relayed(ABC):
    """A request in the hands of the relay, as a fault sees it."""

    message: Message
    line: ClientLine
    wording: FaultWording
    memory: RelayMemory
    random: Random
    """A source of chance of its own."""
    previous: HttpAnswer | None
    """What the relay answered to the request before."""
    order_id: str | None = field(default=None, init=False)
    """The number that the face gave to the order."""

    @abstractmethod
    def forward(self) -> HttpAnswer:
        """Let the face carry the request out and return its answer."""

    @abstractmethod
    def answer(self) -> HttpAnswer:
        """Return the answer to send: the face's, with the faults of answers and lists in it."""

    @abstractmethod
    def refuse(self, seconds: float) -> None:
        """Close the port for some seconds."""


def spelled(number: object) -> str:
    """Return the number of an order in the one spelling in which numbers are compared."""
    text = str(number).strip()
    return str(int(text)) if text.isascii() and text.isdigit() else text


def fields(body: object) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield every object of a JSON body with each of its keys, at any depth."""
    if isinstance(body, dict):
        for name in list(body):
            yield body, name
            if name in body:
                yield from fields(body[name])
    elif isinstance(body, list):
        for item in body:
            yield from fields(item)
