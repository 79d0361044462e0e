"""One request on the wire: bytes counted, time limited as a whole, nothing leaked.

An exception class does not tell whether an order left this machine; a byte counter does. Exactly 0 bytes: not sent.
None (somebody else's transport) and anything above 0 mean that the order may stand. TLS handshakes do not count.
"""

from __future__ import annotations

import contextlib
import logging
import math
import os
import queue
import socket
import ssl
import threading
import time
from collections import deque
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
        _watchdog.release(self)

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
        self._watched: set[Attempt] = set()
        self._wakes_at = math.inf
        # It is entered itself: a condition leaves by Python code, where an interrupt would leave it locked for good.
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._thread: threading.Thread | None = None

    def watch(self, attempt: Attempt) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="brokerkit-deadlines", daemon=True)
                self._thread.start()
            self._watched.add(attempt)
            # It is woken for the first of many calls only: it sleeps until that one's deadline and looks again then.
            if attempt.deadline < self._wakes_at:
                self._changed.notify()

    def release(self, attempt: Attempt) -> None:
        with self._lock:
            self._watched.discard(attempt)

    def _run(self) -> None:
        while True:
            with self._lock:
                self._wakes_at = min((attempt.deadline for attempt in self._watched), default=math.inf)
                left = self._wakes_at - time.monotonic()
                if left > 0:
                    self._changed.wait(left if left < math.inf else None)
                now = time.monotonic()
                late = [attempt for attempt in self._watched if attempt.deadline <= now]
                self._watched.difference_update(late)
            for attempt in late:
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


class _Kept:
    """The connections of a pool, without the lock of a queue: an interrupt could leave that locked for good."""

    def __init__(self, maxsize: int) -> None:
        self._free: deque[Any] = deque()
        self._most = maxsize

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        """Return a connection that nobody uses; queue.Empty if there is none."""
        try:
            return self._free.pop()
        except IndexError:
            raise queue.Empty from None

    def put(self, connection: Any, block: bool = True, timeout: float | None = None) -> None:
        """Keep a connection; queue.Full if there are enough of them."""
        if len(self._free) >= self._most:
            raise queue.Full
        self._free.append(connection)


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Counted
    QueueCls = _Kept  # type: ignore[assignment]

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
    """Looks up once what requests looks up for every call (pool, certificates), and leaves proxies and cookies out."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        self._pool: tuple[object, Any] = (None, None)
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _PoolTLS}

    def get_connection_with_tls_context(
        self, request: requests.PreparedRequest, verify: Any, proxies: Any = None, cert: Any = None
    ) -> Any:
        """Return the pool of the last call if this one goes to the same host and is checked in the same way."""
        key = (_host(request), verify)
        if self._pool[0] != key:
            pool = super().get_connection_with_tls_context(request, verify, proxies, cert)
            super().cert_verify(pool, request.url, verify, cert)  # type: ignore[no-untyped-call]
            self._pool = (key, pool)
        return self._pool[1]

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """Leave the pool as it is: it was given its certificates when it was made."""

    def request_url(self, request: requests.PreparedRequest, proxies: Any) -> str:
        """Return path and query; there are no proxies."""
        return (request.url or "")[len(_host(request)) :]

    def build_response(self, req: requests.PreparedRequest, resp: Any) -> requests.Response:
        """Return the answer without what nobody reads of it: cookies, encoding, history."""
        response = requests.Response()
        response.status_code, response.headers, response.raw = resp.status, resp.headers, resp
        response.request = req
        return response

    def close(self) -> None:
        """Close the connections; the next call opens a new one."""
        self._pool = (None, None)
        super().close()


def _host(request: requests.PreparedRequest) -> str:
    url = request.url or ""
    return url[: url.index("/", len("https://"))]


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
    sent: int | None = None
    """The byte counter of its request."""


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
        return Answer(response.status_code, response.headers, content, attempt.sent)
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
