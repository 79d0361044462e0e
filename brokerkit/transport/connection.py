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
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from typing import Any

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
    """What happens to one request: bytes sent so far, its deadline, its connection."""

    def __init__(self, *, deadline: float, fresh: bool, gate: Callable[[], None] | None) -> None:
        self.sent: int | None = None
        self.deadline = deadline
        self.fresh = fresh
        self.gate = gate
        self.reused = False
        self.cut = False
        self._connection: HTTPConnection | None = None
        self._lock = threading.Lock()

    def begins(self, connection: HTTPConnection) -> None:
        """Check the deadline and the gate before the first byte."""
        if time.monotonic() >= self.deadline:
            raise GateClosed("the time limit passed before anything was sent")
        if self.gate is not None:
            self.gate()
        with self._lock:
            self._connection = connection
        _watchdog.watch(self)

    def ends(self) -> None:
        with self._lock:
            self._connection = None

    def expire(self) -> None:
        """Cut the connection, whatever it is waiting for."""
        with self._lock:
            sock = self._connection.sock if self._connection is not None else None
            if sock is None:
                return
            self.cut = True
            with contextlib.suppress(OSError):
                # The plain shutdown also for TLS: SSLSocket's own one frees what the reading thread is using.
                socket.socket.shutdown(sock, socket.SHUT_RDWR)


class _Watchdog:
    """Cuts attempts that outlive their deadline. A read timeout alone is reset by every byte that drips in."""

    def __init__(self) -> None:
        self._pid = 0
        self._start_over()

    def _start_over(self) -> None:
        self._queue: list[tuple[float, int, Attempt]] = []
        self._numbers = itertools.count()
        self._changed = threading.Condition()

    def watch(self, attempt: Attempt) -> None:
        if self._pid != os.getpid():
            self._start_over()
            self._pid = os.getpid()
            threading.Thread(target=self._run, name="brokerkit-deadlines", daemon=True).start()
        with self._changed:
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
_present = threading.local()


def _attempt() -> Attempt | None:
    return getattr(_present, "attempt", None)


class _Counted(HTTPConnection):
    """Counts the bytes of the present attempt and never prints them."""

    debuglevel = 0
    used_at = 0.0

    def set_debuglevel(self, level: int) -> None:
        """Ignore the wish: http.client would print headers and body."""

    def connect(self) -> None:
        attempt = _attempt()
        if attempt is not None and attempt.sent is None:
            attempt.sent = 0
        super().connect()

    def send(self, data: Any) -> None:
        attempt = _attempt()
        if attempt is not None:
            if self.sock is None:
                self.connect()
            elif not attempt.sent:
                attempt.reused = self.used_at > 0
            if not attempt.sent:
                attempt.sent = 0
                attempt.begins(self)
            attempt.sent += len(data)
            self.used_at = time.monotonic()
        super().send(data)


class _CountedTLS(_Counted, HTTPSConnection):
    """The same over TLS; the handshake is not counted."""


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Counted

    def _get_conn(self, timeout: float | None = None) -> Any:
        connection = super()._get_conn(timeout)
        attempt = _attempt()
        used_at = getattr(connection, "used_at", 0.0)
        if attempt is not None and attempt.fresh and time.monotonic() - used_at > FRESH_SECONDS:
            connection.close()
        return connection


class _PoolTLS(_Pool, HTTPSConnectionPool):
    ConnectionCls = _CountedTLS


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _PoolTLS}


def new_session() -> requests.Session:
    """Return a session, one per thread, that sends once: no retries, redirects, cookies, proxies or netrc."""
    session = requests.Session()
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.headers.clear()
    adapter = _Adapter(max_retries=Retry(False), pool_connections=2, pool_maxsize=1)
    for scheme in ("http://", "https://"):
        session.mount(scheme, adapter)
    return session


@dataclass(frozen=True)
class Answer:
    """What the server answered; header names are looked up without regard to case."""

    status: int
    headers: Mapping[str, str]
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class Failure:
    """Why no answer came, in words without content of the request. `sent` is the byte counter."""

    words: str
    sent: int | None
    stale: bool = False
    interrupt: BaseException | None = None


def transmit(
    session: requests.Session,
    prepare: Callable[[], requests.PreparedRequest],
    *,
    fresh: bool,
    gate: Callable[[], None] | None,
    cap: int,
) -> Answer | Failure:
    """Send one request once and return what came of it.

    Nothing is raised from here, whatever happens: a traceback through this frame would carry headers and body.
    """
    attempt = Attempt(deadline=time.monotonic() + TOTAL_SECONDS, fresh=fresh, gate=gate)
    _present.attempt = attempt
    try:
        response = session.send(
            prepare(),
            stream=True,
            allow_redirects=False,
            timeout=(CONNECT_SECONDS, READ_SECONDS),
            verify=True,
            proxies={},
        )
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
    return attempt.reused and not attempt.cut and isinstance(error, requests.ConnectionError)


def _words(error: BaseException, attempt: Attempt) -> str:
    if isinstance(error, GateClosed):
        return str(error)
    if attempt.cut or isinstance(error, TimeoutError):
        return f"no complete answer within {TOTAL_SECONDS:g} s"
    names = [type(error).__name__]
    inner: Any = error
    while (inner := _cause(inner)) is not None and len(names) < 6:
        names.append(type(inner).__name__)
    return " <- ".join(dict.fromkeys(names))


def _cause(error: BaseException) -> BaseException | None:
    reason = getattr(error, "reason", None)
    if isinstance(reason, BaseException):
        return reason
    return next((part for part in error.args if isinstance(part, BaseException)), None)


class _Quiet(logging.Filter):
    """Drops what urllib3 would log about our own requests: its lines carry query strings."""

    def filter(self, record: logging.LogRecord) -> bool:
        return _attempt() is None


logging.getLogger("urllib3.connectionpool").addFilter(_Quiet())
