"""A load client: prepared requests over a few connections that stay open, as fast as the server answers."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import cycle
from urllib.parse import urlencode

CONNECTIONS = 4
"""One waits for its answer while the server works for another, so that the server is never idle."""
_HEAD_END = b"\r\n\r\n"
_LENGTH = b"content-length:"
_LEFT_OUT = frozenset({"host", "content-length", "connection", "accept-encoding", "transfer-encoding"})


def prepared(method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str], body: bytes) -> bytes:
    """Return a request as it goes over the wire."""
    target = f"{path}?{urlencode(query)}" if query else path
    lines = [f"{method} {target} HTTP/1.1", "host: 127.0.0.1", f"content-length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items() if name.lower() not in _LEFT_OUT]
    return "\r\n".join(lines).encode() + _HEAD_END + body


class Connection:
    """A connection that stays open and carries one request at a time."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, request: bytes) -> None:
        """Send a request."""
        self._socket.sendall(request)

    def receive(self) -> tuple[bytes, bytes]:
        """Return head and body of the answer; RuntimeError unless it is HTTP 200."""
        found = self._socket.recv(1 << 18)
        while _HEAD_END not in found:
            found += self._more()
        head, _, body = found.partition(_HEAD_END)
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"The sandbox answered {head.splitlines()[0]!r}: {body[:200]!r}")
        length = next(line for line in head.lower().splitlines() if line.startswith(_LENGTH))
        missing = int(length[len(_LENGTH) :]) - len(body)
        parts = [body]
        while missing > 0:
            parts.append(self._more())
            missing -= len(parts[-1])
        return head, b"".join(parts)

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()

    def _more(self) -> bytes:
        part = self._socket.recv(1 << 18)
        if not part:
            raise RuntimeError("The sandbox closed a connection in the middle of an answer.")
        return part


@contextmanager
def connections(port: int) -> Iterator[Sequence[Connection]]:
    """Open the connections, and close them in the end."""
    opened = [Connection(port) for _ in range(CONNECTIONS)]
    try:
        yield opened
    finally:
        for connection in opened:
            connection.close()


def answers(port: int, requests: Sequence[bytes]) -> list[bytes]:
    """Return the body of each answer, one request after the other."""
    found = []
    connection = Connection(port)
    try:
        for request in requests:
            connection.send(request)
            found.append(connection.receive()[1])
    finally:
        connection.close()
    return found


def requests_answered(opened: Sequence[Connection], requests: Sequence[bytes], seconds: float) -> tuple[int, float]:
    """Send the requests over and over for so long; return how many were answered, and in how many seconds."""
    count = 0
    turn = cycle(requests)
    begun = time.perf_counter()
    while time.perf_counter() - begun < seconds:
        for connection in opened:
            connection.send(next(turn))
        for connection in opened:
            connection.receive()
        count += len(opened)
    return count, time.perf_counter() - begun
