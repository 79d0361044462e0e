"""One request on the wire: bytes counted, time limited as a whole, nothing leaked.

An exception class does not tell whether an order left this machine; a byte counter does. Exactly 0 bytes: not sent.
None (somebody else's transport) and anything above 0 mean that the order may stand. TLS handshakes do not count.
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import logging
import os
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, Retry
from urllib3.connection import HTTPConnection, HTTPSConnection

CONNECT_SECONDS = 3.0
READ_SECONDS = 10.0
TOTAL_SECONDS = 15.0
FRESH_SECONDS = 2.0
"""A connection that was idle longer is not used for an order: the far end may be about to close it."""


class GateClosed(Exception):
    """The last check before the first byte said no."""


class Attempt:
    """What happens to one request: bytes sent so far, its deadline, the socket it uses."""

    def __init__(self, *, deadline: float, fresh: bool, gate: Callable[[], None] | None) -> None:
        self.sent: int | None = None
        self.deadline = deadline
        self.fresh = fresh
        self.gate = gate
        self.reused = False
        self.cut = False
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()

    def begins(self, sock: socket.socket) -> None:
        """Check the deadline and the gate before the first byte."""
        if time.monotonic() >= self.deadline:
            raise GateClosed("the time limit passed before anything was sent")
        if self.gate is not None:
            self.gate()
        # The socket, not the connection: that one lets go of it when the server announces to close.
        with self._lock:
            self._socket = sock
        _watchdog.watch(self)

    def ends(self) -> None:
        """Let go of the socket: from here on nothing is cut."""
        with self._lock:
            self._socket = None

    def expire(self) -> None:
        """Cut the connection, whatever it is waiting for."""
        with self._lock:
            if self._socket is None:
                return
            self.cut = True
            with contextlib.suppress(OSError):
                # The plain shutdown also for TLS: SSLSocket's own one frees what the reading thread is using.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


class _Watchdog:
    """Cuts attempts that outlive their deadline. A read timeout alone is reset by every byte that drips in."""

    def __init__(self) -> None:
        self.start_over()

    def start_over(self) -> None:
        """Begin without a thread and with new locks: a forked process has neither the one nor good use for the old."""
        self._queue: list[tuple[float, int, Attempt]] = []
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def watch(self, attempt: Attempt) -> None:
        with self._changed:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="brokerkit-deadlines", daemon=True)
                self._thread.start()
            heapq.heappush(self._queue, (attempt.deadline, next(self._numbers), attempt))
            if self._queue[0][2] is attempt:
                self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._queue or self._queue[0][0] > time.monotonic():
                    self._changed.wait(self._queue[0][0] - time.monotonic() if self._queue else None)
                attempt = heapq.heappop(self._queue)[2]
            attempt.expire()


_watchdog = _Watchdog()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_watchdog.start_over)
_present = threading.local()


def _attempt() -> Attempt | None:
    return getattr(_present, "attempt", None)


class _Counted(HTTPConnection):
    """Counts the bytes of the present attempt and never prints them."""

    debuglevel = 0
    used_at = 0.0

    def set_debuglevel(self, level: int) -> None:
        """Ignore the wish: http.client would print headers and body."""

    def send(self, data: Any) -> None:
        attempt = _attempt()
        if attempt is not None:
            if self.sock is None:
                self.connect()
            if not attempt.sent:
                attempt.begins(self.sock)
            attempt.sent = (attempt.sent or 0) + len(data)
            self.used_at = time.monotonic()
        super().send(data)


class _CountedTLS(_Counted, HTTPSConnection):
    """The same over TLS; the handshake is not counted."""


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Counted

    def _get_conn(self, timeout: float | None = None) -> Any:
        connection: Any = super()._get_conn(timeout)
        attempt = _attempt()
        if attempt is not None:
            if attempt.fresh and time.monotonic() - connection.used_at > FRESH_SECONDS:
                connection.close()
            attempt.reused = connection.sock is not None
            attempt.sent = 0
        return connection


class _PoolTLS(_Pool, HTTPSConnectionPool):
    ConnectionCls = _CountedTLS


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _PoolTLS}


def new_line() -> HTTPAdapter:
    """Return what sends the requests of one thread, over one kept connection, each once.

    There is no session on top: that is what redirects, cookies, proxies of the environment and netrc come from.
    """
    return _Adapter(max_retries=Retry(False), pool_connections=2, pool_maxsize=1)


@dataclass(frozen=True)
class Answer:
    """What the server answered; header names are looked up without regard to case. Its text shows no content."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class Failure:
    """Why no answer came, in words without content of the request. `sent` is the byte counter."""

    words: str
    sent: int | None
    stale: bool = False
    interrupt: BaseException | None = None


def transmit(
    line: HTTPAdapter,
    prepare: Callable[[], requests.PreparedRequest],
    *,
    fresh: bool,
    gate: Callable[[], None] | None,
    cap: int,
    verify: str | Literal[True] = True,
) -> Answer | Failure:
    """Send one request once and return what came of it.

    Nothing is raised from here, whatever happens: a traceback through this frame would carry headers and body.
    """
    attempt = Attempt(deadline=time.monotonic() + TOTAL_SECONDS, fresh=fresh, gate=gate)
    _present.attempt = attempt
    try:
        attempt.sent = 0
        prepared = prepare()
        attempt.sent = None  # until a connection of ours counts: the transport may be somebody else's
        response = line.send(prepared, stream=True, timeout=(CONNECT_SECONDS, READ_SECONDS), verify=verify, proxies={})
        with response:
            content = _read(response, attempt, cap)
        if content is None:
            return Failure(f"the answer is larger than {cap} bytes", attempt.sent)
        return Answer(response.status_code, response.headers, content)
    except BaseException as error:  # noqa: BLE001 - the caller re-raises an interrupt by the byte counter
        interrupt = error if not isinstance(error, Exception) else None
        return Failure(_words(error, attempt), attempt.sent, _is_stale(error, attempt), interrupt)
    finally:
        attempt.ends()
        _present.attempt = None


def _read(response: requests.Response, attempt: Attempt, cap: int) -> bytes | None:
    parts: list[bytes] = []
    size = 0
    for part in response.iter_content(65536):
        parts.append(part)
        size += len(part)
        if size > cap:
            return None
        if time.monotonic() > attempt.deadline:
            raise TimeoutError
    if attempt.cut:
        raise TimeoutError
    return b"".join(parts)


def _is_stale(error: BaseException, attempt: Attempt) -> bool:
    """Say whether a kept connection was closed before a byte of the answer came."""
    closed = (ConnectionError, ssl.SSLEOFError, ssl.SSLZeroReturnError)
    return (
        attempt.reused
        and not attempt.cut
        and isinstance(error, requests.ConnectionError)
        and any(isinstance(part, closed) for part in _chain(error))
    )


def _words(error: BaseException, attempt: Attempt) -> str:
    if isinstance(error, GateClosed):
        return str(error)
    if attempt.cut or isinstance(error, TimeoutError):
        return f"no complete answer within {TOTAL_SECONDS:g} s"
    return " <- ".join(dict.fromkeys(type(part).__name__ for part in _chain(error)))


def _chain(error: BaseException) -> list[BaseException]:
    chain = [error]
    while (inner := _cause(chain[-1])) is not None and len(chain) < 6:
        chain.append(inner)
    return chain


def _cause(error: BaseException) -> BaseException | None:
    reason = getattr(error, "reason", None)
    if isinstance(reason, BaseException):
        return reason
    return next((part for part in error.args if isinstance(part, BaseException)), None)


class _Quiet(logging.Filter):
    """Drops what urllib3 would log about our own requests: its lines carry query strings and broken headers."""

    def filter(self, record: logging.LogRecord) -> bool:
        return _attempt() is None


# One by one: a filter does not see what loggers below its own pass up.
for _name in ("connection", "connectionpool", "poolmanager", "response", "util.retry"):
    logging.getLogger(f"urllib3.{_name}").addFilter(_Quiet())
