"""One request on the wire: bytes counted, time limited as a whole, nothing leaked.

An exception class does not tell whether an order left this machine; a byte counter does. Exactly 0 bytes: not sent.
None (somebody else's transport) and anything above 0 mean that the order may stand. TLS handshakes do not count.
"""

from __future__ import annotations

import logging
import queue
import re
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, Retry
from urllib3.connection import HTTPConnection, HTTPSConnection

from brokerkit.transport.causes import advice_for, chain_of, words_of
from brokerkit.transport.incoming import Incoming, RawResponse, check_framing

CONNECT_SECONDS = 3.0
READ_SECONDS = 10.0
TOTAL_SECONDS = 15.0
FRESH_SECONDS = 2.0
"""A connection that was idle longer is not used for an order: the far end may be about to close it."""


_PLAIN_FIELD = re.compile(r"[A-Za-z][A-Za-z0-9_-]*: (?!@@@)[!-~](?:[ -~]*[!-~])?")  # urllib3 has words with @@@


class GateClosed(Exception):
    """The last check before the first byte said no."""


class Transmission:
    """What happens to one request: bytes sent so far, its deadline, the connection it uses.

    `fresh` wants a connection that was not idle, `gate` is asked before the first byte.
    """

    def __init__(self, *, fresh: bool, gate: Callable[[], None] | None) -> None:
        self.sent: int | None = 0
        self.deadline = time.monotonic() + TOTAL_SECONDS
        self.fresh = fresh
        self.gate = gate
        self.reused = False
        self.connection: _Counted | None = None
        self.response: RawResponse | None = None

    def is_over(self) -> bool:
        """Say whether the deadline has passed."""
        return time.monotonic() >= self.deadline

    def begins(self) -> None:
        """Check the gate and the deadline before the first byte."""
        if self.gate is not None:
            self.gate()
        if self.is_over():
            raise GateClosed("the time limit passed before anything was sent")

    def is_answered(self) -> None:
        """Let the connection be used again, if the answer was all that came."""
        if self.connection is not None and self.response is not None and self.response.incoming.has_more is False:
            self.connection.owes = False

    def ends(self) -> None:
        """Let go of the connection; one that owes an answer is closed."""
        connection, response = self.connection, self.response
        self.connection = self.response = None
        with suppress(Exception):  # whatever closing stumbles over, what came of the request is known
            if response is not None:
                response.close()  # as it is long ago, unless something went wrong
            if connection is not None and connection.attempt is self:
                connection.attempt = None
                if connection.owes:
                    connection.close()


class _Counted(HTTPConnection):
    """Counts the bytes of the attempt that uses it and never prints them."""

    debuglevel = 0
    used_at = 0.0
    attempt: Transmission | None = None
    owes = False
    """Something was asked on it, and its answer has not been read to the end."""

    def set_debuglevel(self, level: int) -> None:
        """Ignore the wish: http.client would print headers and body."""

    def putheader(self, header: str, *values: Any) -> None:  # type: ignore[override]
        """Write a plain header field as it is; any other is looked at by the standard library."""
        line = f"{header}: {values[0]}" if len(values) == 1 and isinstance(values[0], str) else ""
        if _PLAIN_FIELD.fullmatch(line):
            self._output(line.encode("ascii"))  # type: ignore[attr-defined]
        else:
            super().putheader(header, *values)

    def send(self, data: Any) -> None:
        attempt = self.attempt
        if attempt is None:
            raise GateClosed("nothing leaves uncounted")
        if self.sock is None:
            self.connect()
        if not attempt.sent:
            attempt.begins()
            self.owes = True
        attempt.sent = (attempt.sent or 0) + len(data)
        self.used_at = time.monotonic()
        super().send(data)

    def response_class(self, sock: Any, **how: Any) -> RawResponse:  # type: ignore[override]
        """Return the reader of the answer, which knows how long it may take."""
        attempt = self.attempt
        if attempt is None:
            raise GateClosed("nobody waits for an answer")
        attempt.response = RawResponse(Incoming(sock, attempt.deadline), **how)
        return attempt.response

    def getresponse(self) -> Any:
        """Return the answer, if its headers tell beyond doubt where it ends."""
        response = super().getresponse()
        check_framing(response.headers)
        return response


class _CountedTLS(_Counted, HTTPSConnection):
    """The same over TLS; the handshake is not counted."""


class _KeptConnection:
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

    def qsize(self) -> int:
        """Return how many connections nobody uses."""
        return len(self._free)


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Counted
    QueueCls = _KeptConnection  # type: ignore[assignment]
    attempt: Transmission | None = None
    """For whom the next connection is."""

    def _get_conn(self, timeout: float | None = None) -> Any:
        attempt, self.attempt = self.attempt, None
        if attempt is None:
            raise GateClosed("nothing leaves uncounted")
        connection: Any = super()._get_conn(timeout)
        is_idle = attempt.fresh and time.monotonic() - connection.used_at > FRESH_SECONDS
        if connection.owes or is_idle:
            connection.close()
            connection = self._new_conn()
        attempt.reused = connection.sock is not None
        attempt.connection = connection
        connection.attempt = attempt
        if attempt.sent is None:
            attempt.sent = 0
        return connection


class _PoolTLS(_Pool, HTTPSConnectionPool):
    ConnectionCls = _CountedTLS


class Line(HTTPAdapter):
    """Sends the requests of one thread, over one kept connection, each once; one at a time, that of `attempt`.

    Looks up once what requests looks up for every call (pool, certificates), and leaves proxies and cookies out.
    """

    attempt: Transmission | None = None
    _inner: Line | None = None

    def free(self) -> Line:
        """Return this line, or while a call uses it another one: a signal handler, say, calls inside that call."""
        line = self
        while line.attempt is not None:
            if line._inner is None:
                line._inner = new_line()
            line = line._inner
        return line

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
        pool = self._pool[1]
        pool.attempt = self.attempt
        return pool

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
        if self._inner is not None:
            self._inner.close()


_SEND = HTTPAdapter.send


def _host(request: requests.PreparedRequest) -> str:
    url = request.url or ""
    return url[: url.index("/", len("https://"))]


def new_line() -> Line:
    """Return what sends the requests of one thread.

    There is no session on top: that is what redirects, cookies, proxies of the environment and netrc come from.
    """
    return Line(max_retries=Retry(False), pool_connections=2, pool_maxsize=1)


@dataclass(frozen=True)
class Response:
    """What the server answered; header names are looked up without regard to case. Its text shows no content."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    content: bytes = field(repr=False)
    sent: int | None = None
    """The byte counter of its request."""


class Failure(NamedTuple):
    """Why no answer came, in words without content of the request. `sent` is the byte counter."""

    words: str
    sent: int | None
    stale: bool = False
    interrupt: BaseException | None = None
    advice: str | None = None


def transmit(
    line: Line,
    attempt: Transmission,
    prepare: Callable[[], requests.PreparedRequest],
    *,
    cap: int,
    verify: str | Literal[True] = True,
) -> Response | Failure:
    """Send one request once and return what came of it.

    Nothing is raised from here, whatever happens: a traceback through what it calls would carry headers and body.
    """
    line = line.free()
    outer = getattr(_present, "attempt", None)
    try:
        _present.attempt = line.attempt = attempt
        return _exchanged(line, attempt, prepare, cap, verify)
    except Exception as error:  # noqa: BLE001 - of whatever kind, it means that no answer came
        return Failure(
            _words(error, attempt), attempt.sent, stale=_is_stale(error, attempt), advice=advice_for(error, verify)
        )
    except BaseException as error:  # noqa: BLE001 - the caller re-raises an interrupt by the byte counter
        return Failure(type(error).__name__, attempt.sent, interrupt=error)
    finally:
        line.attempt = None
        _present.attempt = outer
        attempt.ends()


def _exchanged(
    line: Line,
    attempt: Transmission,
    prepare: Callable[[], requests.PreparedRequest],
    cap: int,
    verify: str | Literal[True],
) -> Response | Failure:
    prepared = prepare()
    if type(line).send is not _SEND:
        attempt.sent = None  # until a connection of ours counts: the transport is somebody else's
    response = line.send(prepared, stream=True, timeout=(CONNECT_SECONDS, READ_SECONDS), verify=verify, proxies={})
    with response:
        content = _read(response, cap)
    if content is None:
        return Failure(f"the answer is larger than {cap} bytes", attempt.sent)
    attempt.is_answered()
    return Response(response.status_code, response.headers, content, attempt.sent)


def _read(response: requests.Response, cap: int) -> bytes | None:
    parts: list[bytes] = []
    size = 0
    for part in response.iter_content(65536):
        parts.append(part)
        size += len(part)
        if size > cap:
            return None
    return b"".join(parts)


def _is_stale(error: BaseException, attempt: Transmission) -> bool:
    """Say whether a kept connection was closed before a byte of the answer came."""
    closed = (ConnectionError, ssl.SSLEOFError, ssl.SSLZeroReturnError)
    return (
        attempt.reused
        and not attempt.is_over()
        and isinstance(error, requests.ConnectionError)
        and any(isinstance(part, closed) for part in chain_of(error))
    )


def _words(error: Exception, attempt: Transmission) -> str:
    if isinstance(error, GateClosed):
        return str(error)
    if attempt.is_over() or isinstance(error, TimeoutError):
        return f"no complete answer within {TOTAL_SECONDS:g} s"
    return words_of(error)


_present = threading.local()
"""The attempt that this thread is busy with."""


class _Quiet(logging.Filter):
    """Drops what urllib3 would log about our own requests: its lines carry query strings and broken headers."""

    def filter(self, record: logging.LogRecord) -> bool:
        return getattr(_present, "attempt", None) is None


# One by one: a filter does not see what loggers below its own pass up.
for _name in ("connection", "connectionpool", "poolmanager", "response", "util.retry"):
    logging.getLogger(f"urllib3.{_name}").addFilter(_Quiet())
