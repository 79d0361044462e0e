"""Serving an application over real HTTP on 127.0.0.1, inside this process."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import uvicorn
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame, Opcode
from websockets.http11 import Request

from brokerkit.errors import ConfigError
from brokerkit.sandbox.sockets import bound_socket, url_of
from brokerkit.sandbox.streaming import PONG, TRANSPORT

SHUTDOWN_SECONDS = 5.0
"""Most that closing waits for the applications of WebSockets to see that their connections are gone."""
LARGEST_FRAME = 1_048_576
"""Bytes of a frame of a client; those of the brokers' calls have some hundreds."""


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class _WebSocket(WebSocketsSansIOProtocol):
    """A WebSocket whose application hears of pongs too, and can end the connection without a word."""

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if self.response.status_code == 101:
            # The application has not begun yet: it is a task of its own.
            cast(dict[str, Any], self.scope["extensions"])[TRANSPORT] = self.transport

    def handle_events(self) -> None:
        for event in self.conn.events:
            if isinstance(event, Frame) and event.opcode is Opcode.PONG:
                self.queue.put_nowait(cast(Any, {"type": PONG}))
        super().handle_events()


class _Uvicorn(uvicorn.Server):
    """Uvicorn that stops at once when told to, instead of looking ten times a second."""

    def __init__(self, config: uvicorn.Config, lines: set[asyncio.Task[Any]]) -> None:
        super().__init__(config)
        self._lines = lines
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
        if self._lines:
            await asyncio.wait(self._lines, timeout=SHUTDOWN_SECONDS)

    def stop(self) -> None:
        """Stop serving; callable from any thread."""
        self.should_exit = self.force_exit = True
        if self._loop is not None and self._stop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._stop.set)


def _outliving_clients(app: ASGIApp, lines: set[asyncio.Task[Any]]) -> ASGIApp:
    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket" and (task := asyncio.current_task()):
            lines.add(task)
            task.add_done_callback(lines.discard)
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
        lines: set[asyncio.Task[Any]] = set()
        config = uvicorn.Config(
            _outliving_clients(app, lines),
            interface="asgi3",
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            date_header=False,
            http="httptools",
            ws=_WebSocket,
            # The brokers' own heartbeats are texts, and their frames come as they are.
            ws_ping_interval=None,
            ws_ping_timeout=None,
            ws_per_message_deflate=False,
            ws_max_size=LARGEST_FRAME,
            timeout_graceful_shutdown=1,
            ssl_certfile=tls[0] if tls else None,
            ssl_keyfile=tls[1] if tls else None,
        )
        self._server = _Uvicorn(config, lines)
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
