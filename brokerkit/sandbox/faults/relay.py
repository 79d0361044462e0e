"""A relay in front of a face: it reads whole requests, lets the rules break some of them, and hands on the rest.

Threads and plain sockets, on this machine only. Each request goes to the face on a connection of its own, so what
happens on the client's line never reaches the face.
"""

from __future__ import annotations

import contextlib
import http.client
import selectors
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from brokerkit.errors import ConfigError
from brokerkit.sandbox.controls import PREFIX, controlled
from brokerkit.sandbox.face import Face, Purpose
from brokerkit.sandbox.faults import answers, lines, listings
from brokerkit.sandbox.faults.gate import FaultyGate
from brokerkit.sandbox.faults.relayed import (
    BARE,
    LENGTH,
    ClientLine,
    HttpAnswer,
    Message,
    Relayed,
    RelayMemory,
    fields,
    spelled,
)
from brokerkit.sandbox.faults.rules import Applied, Draw, Faults, Rule
from brokerkit.sandbox.server import Server
from brokerkit.sandbox.sockets import NO_LINGER, bound_socket, url_of

EDITS = {**answers.FAULTS, **listings.FAULTS}
ORDERS_KEPT = 10_000
HANDSHAKE_SECONDS = 10.0
HEAD_CAP = 1_000_000
BODY_CAP = 16_000_000
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
NOT_UNDERSTOOD = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Relay:
    """A face served behind a relay, until `close`. With `tls` (certificate and key) the relay speaks https."""

    def __init__(
        self,
        face: Face,
        faults: Faults,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        tls: tuple[Path, Path] | None = None,
    ) -> None:
        self._face = face
        self._faults = faults
        self._host = host
        self._context = _context(tls)
        self._behind = Server(controlled(face), host=host)
        try:
            self._listener = bound_socket(host, port)
        except ConfigError:
            self._behind.close()
            raise
        self.port: int = self._listener.getsockname()[1]
        self._memory = RelayMemory()
        self._stopped = threading.Event()
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._refusing = threading.Lock()
        self._pause = 0.0
        self._port_closed = threading.Event()
        self._bell, self._hears = socket.socketpair()
        self._listener.listen(128)
        if (stream := face.stream) is not None:
            stream.gate_of = lambda line: FaultyGate(line, stream, faults, self.restart)
        self._start(self._listen)

    @property
    def url(self) -> str:
        return url_of("https" if self._context else "http", self._host, self.port)

    def close(self) -> None:
        """Stop serving at once, whatever is being played, and give the port back."""
        self._stopped.set()
        self._port_closed.set()
        self._bell.send(b"!")
        with self._lock:
            for sock in self._open:
                _hang_up(sock)
            threads = list(self._threads)
        for thread in threads:
            thread.join(timeout=10)
        for sock in (self._listener, self._bell, self._hears):
            sock.close()
        self._behind.close()

    def _start(self, work: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, name=f"relay-{self.port}", daemon=True)
        with self._lock:
            self._threads = [*(each for each in self._threads if each.is_alive()), thread]
        thread.start()

    def _listen(self) -> None:
        while not self._stopped.is_set():
            with selectors.DefaultSelector() as selector:
                for sock in (self._listener, self._hears):
                    selector.register(sock, selectors.EVENT_READ)
                ready = [key.fileobj for key, _ in selector.select()]
            if self._hears in ready:
                self._hears.recv(1)
                self._close_port()
            else:
                with contextlib.suppress(OSError):
                    sock, _ = self._listener.accept()
                    self._start(self._serve, sock)

    def _close_port(self) -> None:
        if self._stopped.is_set():
            return
        self._listener.close()
        # Bound and not listening: connections are refused, and nobody else can take the port.
        self._listener = self._bound_again()
        self._port_closed.set()
        self._stopped.wait(self._pause)
        self._listener.listen(128)

    def _bound_again(self) -> socket.socket:
        while True:
            try:
                return bound_socket(self._host, self.port)
            except ConfigError:
                # Somebody's outgoing connection got the port as its own number: it is free again in a moment.
                if self._stopped.wait(0.05):
                    return socket.socket()

    def refuse(self, seconds: float) -> None:
        """Close the port for some seconds; return when it is closed."""
        with self._refusing:
            self._pause = seconds
            self._port_closed.clear()
            if not self._stopped.is_set():
                self._bell.send(b"!")
                self._port_closed.wait()

    def restart(self, seconds: float) -> None:
        """Close the port for some seconds and cut every WebSocket; return at once."""
        self._start(self._restart, seconds)

    def _restart(self, seconds: float) -> None:
        self.refuse(seconds)
        for line in list(self._face.stream.lines if self._face.stream else ()):
            line.cut()

    @contextmanager
    def _kept(self, sock: socket.socket) -> Iterator[socket.socket]:
        """Keep a socket where `close` finds it, and close it at the end."""
        with self._lock:
            self._open.add(sock)
        try:
            if self._stopped.is_set():
                raise ConnectionAbortedError
            yield sock
        finally:
            with self._lock:
                self._open.discard(sock)
            sock.close()

    def _serve(self, sock: socket.socket) -> None:
        with contextlib.suppress(OSError, http.client.HTTPException), self._kept(sock):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._context is None:
                self._converse(ClientLine(sock, self._stopped))
                return
            sock.settimeout(HANDSHAKE_SECONDS)
            secured = self._context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
            with self._kept(secured):
                secured.do_handshake()
                secured.settimeout(None)
                self._converse(ClientLine(secured, self._stopped))

    def _converse(self, line: ClientLine) -> None:
        unread = b""
        while True:
            try:
                message, unread = _read(line.sock, unread)
            except ValueError:
                line.send(NOT_UNDERSTOOD)
                return
            if message is not None and message.headers.get("upgrade", "").lower() == "websocket":
                self._hand_on(message.raw + unread, line)
                return
            if message is None or not self._reply(message, line) or not message.keeps:
                return

    def _hand_on(self, data: bytes, line: ClientLine) -> None:
        """Carry the bytes of a WebSocket both ways until one side ends; faults of streams strike at the face."""
        with self._kept(socket.create_connection((self._host, self._behind.port))) as behind:
            behind.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            behind.sendall(data)
            try:
                _carry_both_ways(line.sock, behind)
            except ConnectionResetError:  # one side was cut: so is the other
                for sock in (line.sock, behind):
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
                    sock.close()

    def _reply(self, message: Message, line: ClientLine) -> bool:
        if message.path.startswith(PREFIX):
            return line.send(self._carry(message).raw())  # controls are no requests to a broker: nothing breaks them
        return self._play(self._turn(message, line))

    def _turn(self, message: Message, line: ClientLine) -> _Played:
        face = self._face
        purpose = face.purpose(message.method, message.path, message.headers)
        if purpose is Purpose.LISTING:
            name, value = face.wording.further
            line.page = line.page + 1 if message.headers.get(name) == value else 1
        draw = self._faults.next(face.name, purpose, message.raw, line.page)
        return _Played(
            message=message,
            line=line,
            wording=face.wording,
            memory=self._memory,
            random=draw.random,
            previous=self._memory.previous,
            draw=draw,
            faults=self._faults,
            relay=self,
        )

    def _play(self, relayed: _Played) -> bool:
        for rule in relayed.draw.rules:
            if rule.kind in lines.FAULTS:
                relayed.note(rule)
                return lines.FAULTS[rule.kind].does(relayed, rule.measure)
        answer = relayed.answer()
        if relayed.draw.purpose is Purpose.LISTING:
            relayed.line.listed = answer
        return relayed.line.send(answer.raw())

    def ask(self, relayed: _Played) -> HttpAnswer:
        """Hand a relayed request to the face, and remember the answer and the order in it."""
        answer = self._carry(relayed.message)
        self._memory.previous = answer
        if relayed.draw.purpose is Purpose.ORDER:
            self._remember(relayed, answer)
        return answer

    def _carry(self, message: Message) -> HttpAnswer:
        """Hand a request on to the face and return its answer."""
        with self._kept(socket.create_connection((self._host, self._behind.port))) as sock:
            sock.sendall(message.raw)
            with http.client.HTTPResponse(sock, method=message.method) as response:
                response.begin()
                body = response.read()
                bodiless = message.method == "HEAD"
                return HttpAnswer(response.status, response.reason, tuple(response.headers.items()), body, bodiless)

    def _remember(self, relayed: _Played, answer: HttpAnswer) -> None:
        numbers = [str(owner[name]) for owner, name in fields(answer.json()) if name == self._face.wording.number]
        if not numbers:
            return
        relayed.order_id = numbers[0]
        with self._memory.lock:
            orders = self._memory.orders
            orders[spelled(numbers[0])] = time.monotonic()
            if len(orders) > ORDERS_KEPT:
                del orders[next(iter(orders))]


@dataclass
class _Played(Relayed):
    """A relayed request with the rules that hit it."""

    draw: Draw
    faults: Faults
    relay: Relay
    entries: list[Applied] = field(default_factory=list)
    processed: bool = False

    def note(self, rule: Rule) -> None:
        """Write into the log that a rule is played on this request."""
        entry = self.faults.note(rule, self.draw)
        entry.processed, entry.order_id = self.processed, self.order_id
        self.entries.append(entry)

    def forward(self) -> HttpAnswer:
        """Let the face carry the request out and return its answer."""
        self.processed = True
        for entry in self.entries:
            entry.processed = True
        answer = self.relay.ask(self)
        for entry in self.entries:
            entry.order_id = self.order_id
        return answer

    def answer(self) -> HttpAnswer:
        """Return the answer to send: the face's, with the faults of answers and lists in it."""
        edits = [(rule, EDITS[rule.kind].does) for rule in self.draw.rules if rule.kind in EDITS]
        answer = BARE if any(rule.processed is False for rule, _ in edits) else self.forward()
        for rule, edit in edits:
            edited = edit(self, rule.measure, answer)
            if edited is not answer:
                self.note(rule)
            answer = edited
        return answer

    def refuse(self, seconds: float) -> None:
        """Close the port for some seconds."""
        self.relay.refuse(seconds)


def _context(tls: tuple[Path, Path] | None) -> ssl.SSLContext | None:
    if tls is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*tls)
    return context


def _hang_up(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        # The plain shutdown also for TLS: SSLSocket's own one frees what the reading thread is using.
        socket.socket.shutdown(sock, socket.SHUT_RDWR)


def _carry_both_ways(one: socket.socket, other: socket.socket) -> None:
    """Carry bytes between two sockets until one of them has ended."""
    with selectors.DefaultSelector() as selector:
        selector.register(one, selectors.EVENT_READ, other)
        selector.register(other, selectors.EVENT_READ, one)
        while True:
            for key, _ in selector.select():
                sock = one if key.fileobj is one else other
                if not (data := sock.recv(65536)):
                    return
                while isinstance(sock, ssl.SSLSocket) and sock.pending():
                    data += sock.recv(sock.pending())
                key.data.sendall(data)


def _read(sock: socket.socket, data: bytes) -> tuple[Message | None, bytes]:
    """Return one request and what came behind it; None at the end of the line, ValueError if it is no request."""
    received = bytearray(data)
    end = received.find(b"\r\n\r\n")
    while end < 0:
        known = len(received)
        part = sock.recv(65536)
        if not part:
            return None, b""
        received += part
        if known > HEAD_CAP:
            raise ValueError("no end of the headers")
        end = received.find(b"\r\n\r\n", max(known - 3, 0))
    head = bytes(received[:end])
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, version = first.split(" ")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    if "transfer-encoding" in headers:
        raise ValueError("only bodies with a Content-Length are read")
    told = headers.get(LENGTH, "0")
    if not (told.isascii() and told.isdigit()):
        raise ValueError("no length")
    length = int(told[:20])
    if length > BODY_CAP:
        raise ValueError("a body too long for any call")
    if headers.get("expect", "").lower() == "100-continue":
        sock.sendall(CONTINUE)
    ends = end + 4 + length
    while len(received) < ends:
        part = sock.recv(65536)
        if not part:
            return None, b""
        received += part
    wish = headers.get("connection", "").lower()
    keeps = wish != "close" and (version == "HTTP/1.1" or wish == "keep-alive")
    return Message(bytes(received[:ends]), method, target, headers, keeps), bytes(received[ends:])
