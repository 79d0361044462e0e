"""Serving the faces of the sandbox over real HTTP on 127.0.0.1, inside this process."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import secrets
import socket
import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from email.utils import formatdate
from enum import StrEnum
from pathlib import Path
from typing import ClassVar

import uvicorn
from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from brokerkit.config import MARK as MARK
from brokerkit.errors import ConfigError
from brokerkit.sandbox.exchange import Exchange
from brokerkit.sandbox.sockets import bound_socket, url_of

NOT_PLAYED: Mapping[str, str] = {"X-Brokerkit-Sandbox": "not-played"}
"""Header of a refusal that is ours: the broker has the call, this sandbox does not play it."""
LARGEST_BODY = 65_536
"""Bytes of a request's body; those of the brokers' calls have some hundreds."""
DEEPEST_BODY = 32
"""Objects and lists within each other in a body; those of the brokers' calls have one."""


@dataclass(frozen=True)
class Credentials:
    """What a client needs to log in to a face. They open nothing outside this process."""

    app_key: str
    app_secret: str
    account: str
    hts_id: str | None = None


def visible_key(length: int) -> str:
    """Return a random key of the broker's real length that anybody can see is a sandbox key."""
    return (MARK + secrets.token_hex(length))[:length]


class Cased(bytes):
    """A header name whose letters the server leaves as they are; it lower-cases every other one."""

    def lower(self) -> Cased:
        return self

    def __eq__(self, other: object) -> bool:
        return bytes.lower(self) == other

    def __hash__(self) -> int:
        return hash(bytes.lower(self))


class JsonResponse(Response):
    """A JSON answer whose header names keep the letter case they are given in."""

    def __init__(self, body: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        # What a client sent can come back in a refusal, and JSON can hold halves of letters that no bytes stand for.
        super().__init__(json.dumps(body, ensure_ascii=False).encode(errors="replace"), status_code=status)
        named = {
            "Content-Type": "application/json;charset=UTF-8",
            "Content-Length": str(len(self.body)),
            "Date": formatdate(usegmt=True),
            "X-Simulation": "brokerkit sandbox",
            **(headers or {}),
        }
        self.raw_headers = [(Cased(name.encode()), value.encode()) for name, value in named.items()]


async def read_body(http: HttpRequest) -> bytes | None:
    """Return the body of a request, or None if it is too large; of that one nothing is kept."""
    parts, size = [], 0
    async for part in http.stream():
        size += len(part)
        if size <= LARGEST_BODY:
            parts.append(part)
        else:
            parts.clear()
    return b"".join(parts) if size <= LARGEST_BODY else None


def json_object(raw: bytes | None) -> dict[str, object] | None:
    """Return a JSON object, or None where the bytes are none: also for NaN, and for one that is nested too deeply."""
    try:
        body = json.loads(raw or b"", parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) and _is_shallow(body) else None


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")


def _is_shallow(body: object) -> bool:
    level = [body]
    for _ in range(DEEPEST_BODY):
        containers = [inner for inner in level if isinstance(inner, dict | list)]
        level = [inner for outer in containers for inner in (outer.values() if isinstance(outer, dict) else outer)]
        if not level:
            return True
    return False


class SlidingWindow:
    """Counts calls: `admit` says whether one more fits into the last `seconds` seconds of real time."""

    def __init__(self, calls: int, seconds: float = 1.0) -> None:
        self.calls = calls
        self.seconds = seconds
        self._starts: dict[str, deque[float]] = {}
        self._lock = threading.Lock()

    def admit(self, key: str) -> bool:
        """Count one call, or return False if there were too many."""
        now = time.monotonic()
        with self._lock:
            starts = self._starts.setdefault(key, deque())
            while starts and now - starts[0] >= self.seconds:
                starts.popleft()
            if len(starts) >= self.calls:
                return False
            starts.append(now)
            return True

    def clear(self) -> None:
        """Forget the calls so far."""
        with self._lock:
            self._starts.clear()


@dataclass
class Request:
    """One request that a face has seen; tests count and read them."""

    method: str
    path: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: Mapping[str, object]
    status: int = 0
    answer: Mapping[str, object] = field(default_factory=dict)


class RequestLog(list[Request]):
    """The newest requests, and of the newest of those what was answered.

    A server that runs for days must not keep all of them: some megabytes are the most.
    """

    kept = 2_000
    """So many at least, and twice as many at most."""
    answers_kept = 100
    largest_body = 4_096
    """In bytes; of a larger one nothing is kept."""

    def append(self, request: Request) -> None:
        if len(self) >= 2 * self.kept:
            del self[: self.kept]
        if len(self) >= self.answers_kept:
            self[-self.answers_kept].answer = {}
        super().append(request)

    def settle(self, request: Request, raw: bytes | None, *, keyed: bool) -> None:
        """Keep a body only if it came with a key that counts here, and if it is as small as the brokers' are."""
        if not keyed or raw is None or len(raw) > self.largest_body:
            request.body = {}


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Purpose(StrEnum):
    """What a request is for, as far as faults tell requests apart."""

    ORDER = "order"
    """Orders, amendments and cancellations."""
    LISTING = "listing"
    """Lists of orders."""
    QUERY = "query"
    LOGIN = "login"


@dataclass(frozen=True)
class Wording:
    """What a fault needs to know of a broker's answers to break them in ways that could happen."""

    success: str = ""
    """Field with the code of success."""
    number: str = ""
    """Field with the number of an order that was taken."""
    row_number: str = ""
    """Field with the number of an order in a list."""
    row_quantity: str = ""
    refusal: Mapping[str, object] = field(default_factory=dict)
    """A refusal that proves that an order was not taken."""
    trouble: Mapping[str, object] = field(default_factory=dict)
    """A refusal that proves nothing."""
    changed: Mapping[str, object] = field(default_factory=dict)
    """The refusal of a further page after the data changed; without it `trouble`."""
    further: tuple[str, str] = ("", "")
    """Header of a request, and its value, that asks for a further page."""
    end_headers: Mapping[str, str] = field(default_factory=dict)
    """Headers of an answer that tell of further pages, as they stand on the last one."""
    end_fields: Mapping[str, str] = field(default_factory=dict)
    """The same for fields of the body."""


class Face(ABC):
    """The server side of one broker over the exchange: its paths, headers, codes, limits and quirks."""

    name: ClassVar[str]
    wording: ClassVar[Wording] = Wording()
    """For faults."""
    window: SlidingWindow
    """The broker's limit of calls; tests may change it."""

    def __init__(
        self, exchange: Exchange, *, environment: str = "real", credentials: Credentials | None = None
    ) -> None:
        """Open an account at the exchange; with `credentials` of an earlier run use those and the account they name."""
        self.exchange = exchange
        self.environment = environment
        self.requests = RequestLog()
        """The requests so far, oldest first."""
        self.before: Callable[[Request], Response | None] | None = None
        """A test may answer a request itself: return None to let the face answer."""

    @property
    @abstractmethod
    def credentials(self) -> Credentials:
        """Keys and account that this face accepts."""

    @property
    @abstractmethod
    def app(self) -> ASGIApp:
        """The ASGI application, at the root of its host."""

    @abstractmethod
    def kill_tokens(self) -> None:
        """Make every token that was issued invalid; a new one can be had at once."""

    def purpose(self, method: str, path: str, headers: Mapping[str, str]) -> Purpose:
        """Return what a request is for; header names come in lower case. Faults ask."""
        return Purpose.QUERY


class _Uvicorn(uvicorn.Server):
    """Uvicorn that stops at once when told to, instead of looking ten times a second."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._stop: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def main_loop(self) -> None:
        self._stop, self._loop = asyncio.Event(), asyncio.get_running_loop()
        if not self.should_exit:
            await self._stop.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # asyncio leaves open for good what it accepted and had not yet turned into a connection: end accepting first.
        with suppress(NotImplementedError):  # an event loop without selectors
            for listener in (each for server in self.servers for each in server.sockets):
                asyncio.get_running_loop().remove_reader(listener.fileno())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        for server in self.servers:
            server.close()
        for each in sockets or []:
            each.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
            connection.transport.close()  # also where the application is still at work
        await asyncio.sleep(0)

    def stop(self) -> None:
        """Stop serving; callable from any thread."""
        self.should_exit = self.force_exit = True
        if self._loop is not None and self._stop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._stop.set)


def _outliving_clients(app: ASGIApp) -> ASGIApp:
    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        with suppress(ClientDisconnect):  # a client that died amid its request is no trouble of the server's
            await app(scope, receive, send)

    return serve


class Server:
    """An ASGI application served on 127.0.0.1 from a thread of its own until `close`."""

    def __init__(
        self, app: ASGIApp, *, host: str = "127.0.0.1", port: int = 0, tls: tuple[Path, Path] | None = None
    ) -> None:
        if not _is_loopback(host):
            raise ConfigError(
                f"The sandbox does not listen on {host}.",
                advice="It is for this machine only: give a loopback address such as 127.0.0.1.",
            )
        self._socket = bound_socket(host, port)
        self._socket.listen(128)
        self._host = host
        self._scheme = "https" if tls else "http"
        self.port: int = self._socket.getsockname()[1]
        config = uvicorn.Config(
            _outliving_clients(app),
            interface="asgi3",
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            date_header=False,
            http="httptools",
            ws="none",
            timeout_graceful_shutdown=1,
            ssl_certfile=tls[0] if tls else None,
            ssl_keyfile=tls[1] if tls else None,
        )
        self._server = _Uvicorn(config)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._socket]}, name=f"sandbox-{self.port}", daemon=True
        )
        self._thread.start()
        deadline = time.monotonic() + 10
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                raise RuntimeError("The sandbox server did not start.")
            time.sleep(0.005)

    @property
    def url(self) -> str:
        return url_of(self._scheme, self._host, self.port)

    def close(self) -> None:
        """Stop serving and give the port back."""
        self._server.stop()
        self._thread.join(timeout=10)
        self._socket.close()
