"""The WebSocket side of a face: lines with clients, heartbeats, and what happens at the exchange as frames.

A face of a broker has a `FaceStream` of its own, with the frames that its clients send and get. Sockets, the way out
of whatever thread the exchange is changed in, heartbeats and ending are here.
"""

from __future__ import annotations

import asyncio
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from itertools import count
from typing import Any, ClassVar, NamedTuple, Protocol

from starlette.types import Receive, Scope, Send

from brokerkit.sandbox.crowd import Crowd
from brokerkit.sandbox.exchange import Exchange
from brokerkit.sandbox.happenings import Happening

PONG = "brokerkit.pong"
"""Message that a client has sent a pong frame, which some do in answer to heartbeats that are texts."""
TRANSPORT = "brokerkit.transport"
"""Extension of the scope of a WebSocket: the transport of its connection, which an application can end at once."""
MOST_WAITING = 100_000
"""Texts that wait for a client that does not read; with one more its line is cut."""
MOST_ACTS = 50
"""Symbols that others trade at a time; where more are watched, each has its turn more rarely."""
NOT_FOUND = 404
NORMAL = 1000


class _Close(NamedTuple):
    code: int
    reason: str


class _Pause(NamedTuple):
    seconds: float


class Gate(Protocol):
    """What stands between a face and one of its lines, to break what goes through. Its methods return at once."""

    def send(self, text: str) -> None:
        """Take a text that the face sends, and `put` on the line what the client shall get."""

    def hear(self, text: str) -> bool:
        """Look at a text that the client has sent; return whether the face gets it."""


class Line:
    """One WebSocket connection at a face. Its methods can be called from any thread and return at once."""

    def __init__(self, path: str, headers: Mapping[str, str], transport: asyncio.Transport) -> None:
        self.path = path
        self.headers = headers
        """Of the handshake, names in lower case."""
        self.opened_at = time.monotonic()
        self.heard_at = self.opened_at
        """When the client sent something last, a pong among it, on the monotonic clock."""
        self.state: dict[str, Any] = {}
        """What a face keeps of it."""
        self.is_closed = False
        self.is_stalled = False
        """Whether nothing goes either way, although the line stands: a fault."""
        self.gate: Gate | None = None
        """What breaks its frames on purpose."""
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._waiting: list[str | _Close | _Pause] = []
        self._lock = threading.Lock()
        self._bell = asyncio.Event()

    def send(self, text: str) -> None:
        """Send a text behind those that wait; on a line that is closed nothing happens."""
        if self.gate is None:
            self.put(text)
        else:
            self.gate.send(text)

    def put(self, text: str) -> None:
        """Send a text as it is, whatever faults there are."""
        if len(self._waiting) >= MOST_WAITING:
            self.cut()
        self._put(text)

    def pause(self, seconds: float) -> None:
        """Let whatever is sent from now on come so much later."""
        self._put(_Pause(seconds))

    def later(self, seconds: float, work: Callable[[], object]) -> None:
        """Do something in the server's thread after a while."""
        self._in_loop(lambda: self._loop.call_later(seconds, work))

    def close(self, code: int = NORMAL, reason: str = "") -> None:
        """Close the line behind what waits to be sent; what is sent later is dropped."""
        self._put(_Close(code, reason))
        self.is_closed = True

    def cut(self) -> None:
        """End the connection at once, without a closing frame; what waits to be sent is lost."""
        self.is_closed = True
        self._in_loop(self._transport.abort)

    def stall(self) -> None:
        """Let nothing go either way any more, not even an answer to a closing frame; the connection stands."""
        self.is_stalled = True
        self._in_loop(self._transport.pause_reading)

    def _put(self, what: str | _Close | _Pause) -> None:
        with self._lock:
            if self.is_closed or self.is_stalled:
                return
            self._waiting.append(what)
            is_first = len(self._waiting) == 1
        if is_first:
            self._in_loop(self._bell.set)

    def _in_loop(self, work: Callable[[], object]) -> None:
        with suppress(RuntimeError):  # the server has ended, and the line with it
            self._loop.call_soon_threadsafe(work)

    async def deliver(self, send: Send) -> None:
        """Send what is put here, in its order, until the line is closed."""
        while True:
            await self._bell.wait()
            self._bell.clear()
            with self._lock:
                batch, self._waiting = self._waiting, []
            for what in batch:
                if isinstance(what, str):
                    await send({"type": "websocket.send", "text": what})
                elif isinstance(what, _Pause):
                    await asyncio.sleep(what.seconds)
                else:
                    await send({"type": "websocket.close", "code": what.code, "reason": what.reason})


class FaceStream(ABC):
    """The WebSocket side of one broker: its paths, frames, limits and quirks.

    Each hook is called with the exchanges standing still, so hooks never run beside each other, and what one sees at
    an exchange goes before everything that `happened` and `happened_abroad` tell later. These two are called with the
    exchange alone at which it happened, so they ask no other one.
    """

    paths: ClassVar[frozenset[str]] = frozenset()
    """At which the broker takes WebSockets."""
    hangs_up_on_keys: ClassVar[bool] = False
    """Whether the broker closes the line behind the refusal of a key."""

    def __init__(self, face: Any) -> None:
        self.face = face
        """The `Face` that it belongs to, with its keys and tokens. A face imports its stream, so no type is told."""
        self.exchange: Exchange = face.exchange
        """The home one; those abroad are `face.exchanges`."""
        self.accounts = {face.credentials.account}
        """Those of the login, whose orders are told where a broker tells all that a login has; a test may add one."""
        self.heartbeat_seconds = 10.0
        """Between two heartbeats of the server. Tests make it short."""
        self.silence_seconds = 100.0
        """For so long a client may say nothing. Tests make it short."""
        self.lines: list[Line] = []
        """The open ones, oldest first."""
        self.gate_of: Callable[[Line], Gate] | None = None
        """Makes what breaks the frames of a line on purpose; None while nothing does."""
        self.is_lively = False
        """Whether others trade what is `watched`, while a line is open."""
        self.lively_seconds = 0.5
        """Between two trades of a symbol then, about. Tests make it short."""
        self._crowds = [Crowd(exchange) for exchange in face.exchanges.values()]
        self._crowding: asyncio.Task[None] | None = None
        self._stop_listening: list[Callable[[], None]] = []
        self._lock = threading.RLock()
        """Taken behind those of exchanges."""

    def is_path(self, path: str) -> bool:
        """Say whether the broker takes WebSockets at a path."""
        return path in self.paths

    def opened(self, line: Line) -> None:  # noqa: B027 - a broker may say nothing yet
        """Learn of a line that was just opened; it is among `lines`."""

    @abstractmethod
    def received(self, line: Line, text: str) -> None:
        """Answer a text of a client."""

    def closed(self, line: Line) -> None:  # noqa: B027 - a face may keep nothing
        """Learn that a line has ended; it is not among `lines` any more."""

    def heartbeat(self, line: Line) -> str | None:
        """Return what is sent every `heartbeat_seconds`; None for nothing."""
        return None

    def lives(self, line: Line) -> bool:
        """Return whether the client has said something in time; else the line is closed. Asked before a heartbeat."""
        return time.monotonic() - line.heard_at < self.silence_seconds

    def expire(self, line: Line) -> None:
        """Close the line of a client that has been silent for too long."""
        line.close()

    def happened(self, happening: Happening) -> None:  # noqa: B027 - a face may tell nothing
        """Tell the lines that want to know what happened at the home exchange. Called in whatever thread changed it."""

    def happened_abroad(self, market: str, happening: Happening) -> None:  # noqa: B027 - a face may tell nothing
        """The same of what happened at the exchange of another market."""

    def watched(self) -> Collection[str]:
        """Return the symbols, as the exchange calls them, that open lines want to hear of. A lively market asks."""
        return ()

    # What faults ask

    def is_data(self, text: str) -> bool:
        """Return whether a text that goes out tells what happened: no heartbeat, and no answer to the client."""
        return True

    def with_unknown_columns(self, line: Line, text: str) -> str | None:
        """Return a frame of data with values more at the end of each record; None where that cannot be."""
        return None

    def with_wrong_count(self, line: Line, text: str) -> str | None:
        """Return a frame of data that tells another number of records than it has; None where it tells none."""
        return None

    def split(self, line: Line, text: str) -> Sequence[str]:
        """Return the records of a frame of data as frames of their own."""
        return (text,)

    def merged(self, line: Line, first: str, second: str) -> str | None:
        """Return the records of two frames of data as one frame; None where they cannot stand in one."""
        return None

    def refusal_of_registration(self, line: Line, text: str) -> str | None:
        """Return how the broker refuses a text that registers something; None of any other text."""
        return None

    def refusal_of_key(self, line: Line, text: str) -> str | None:
        """Return how the broker refuses the key or token in a text of a client; None of a text without one."""
        return None

    # What all faces share

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection until its end."""
        await receive()  # that somebody wants to connect
        if not self.is_path(scope["path"]):
            await refuse(send)
            return
        await send({"type": "websocket.accept"})
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        line = Line(scope["path"], headers, scope["extensions"][TRANSPORT])
        line.gate = self.gate_of(line) if self.gate_of else None
        tasks = [asyncio.ensure_future(work) for work in (line.deliver(send), self._beat(line))]
        try:
            self._open(line)
            while (message := await receive())["type"] in ("websocket.receive", PONG):
                self._hear(line, message)
        finally:
            self._end(line)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _open(self, line: Line) -> None:
        with self.still():
            self.lines.append(line)
            if not self._stop_listening:
                self._stop_listening = [
                    exchange.listen(partial(self._told, market)) for market, exchange in self.face.exchanges.items()
                ]
            self.opened(line)
        if self.is_lively and self._crowding is None:
            self._crowding = asyncio.create_task(self._keep_lively())

    def _hear(self, line: Line, message: Mapping[str, Any]) -> None:
        if line.is_stalled:
            line.stall()  # the server reads on when a text that waited has been taken
        if line.is_closed or line.is_stalled:
            return
        line.heard_at = time.monotonic()
        text = message.get("text")
        if message["type"] == PONG:
            return
        if text is None:
            text = (message.get("bytes") or b"").decode(errors="replace")
        with self.still():
            if line.gate is None or line.gate.hear(text):
                self.received(line, text)

    def _end(self, line: Line) -> None:
        line.is_closed = True
        with self.still():
            self.lines.remove(line)
            if not self.lines:
                for stop in self._stop_listening:
                    stop()
                self._stop_listening.clear()
            self.closed(line)
        if not self.lines and self._crowding is not None:
            self._crowding.cancel()
            self._crowding = None

    @contextmanager
    def still(self) -> Iterator[None]:
        """Let nothing change at any exchange while the block runs."""
        with ExitStack() as stack:
            for exchange in self.face.exchanges.values():
                stack.enter_context(exchange.still())
            stack.enter_context(self._lock)
            yield

    def _told(self, market: str, happening: Happening) -> None:
        with self._lock:
            if self.face.exchanges[market] is self.exchange:
                self.happened(happening)
            else:
                self.happened_abroad(market, happening)

    async def _keep_lively(self) -> None:
        for turn in count():
            await asyncio.sleep(self.lively_seconds)
            with self.still():
                watched = sorted(self.watched())
            turns = -(-len(watched) // MOST_ACTS) or 1
            for symbol in watched[turn % turns :: turns]:
                for crowd in self._crowds:  # each knows its own symbols
                    crowd.act(symbol)
                await asyncio.sleep(0)  # clients and calls come in between

    async def _beat(self, line: Line) -> None:
        while not line.is_closed:
            await asyncio.sleep(self.heartbeat_seconds)
            with self.still():
                if not self.lives(line):
                    self.expire(line)
                elif text := self.heartbeat(line):
                    line.send(text)


async def refuse(send: Send) -> None:
    """Answer a handshake at a path where nothing takes WebSockets."""
    await send(
        {
            "type": "websocket.http.response.start",
            "status": NOT_FOUND,
            "headers": [(b"x-simulation", b"brokerkit sandbox")],
        }
    )
    await send({"type": "websocket.http.response.body", "body": b"Not Found"})
