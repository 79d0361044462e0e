"""One line to a broker: a socket, TLS that is verified, and the WebSocket protocol of `websockets`, which has no I/O.

One thread uses a line. No proxies, no redirects, no compression; a message has at most 1 MiB. What goes wrong is a
`LineLost`, in words without anything that was sent or received.
"""

from __future__ import annotations

import errno
import logging
import selectors
import socket
import ssl
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import Literal, NamedTuple

from pydantic import SecretStr
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from websockets.client import ClientProtocol
from websockets.exceptions import WebSocketException
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.uri import parse_uri

from brokerkit.errors import ConfigError
from brokerkit.text import sanitize
from brokerkit.transport.causes import advice_for, words_of
from brokerkit.transport.outgoing import leads_to_this_machine

MOST_BYTES = 2**20
"""Of a message."""
AT_ONCE = 2**18
"""Bytes that are read from the socket at a time."""
CONNECT_SECONDS = 3.0
"""For one address of a host to answer."""
OPEN_SECONDS = 10.0
"""For all that comes before the first frame."""
LOOK_SECONDS = 1.0
"""So often it is asked whether the line is still wanted, while it is being opened."""
_HEAD_BYTES = 2**16
_TEXT = 0x81
"""First byte of a text that is whole."""
# One of its own that nobody can turn on: at the level DEBUG `websockets` writes down whole frames.
_SILENT = logging.Logger("brokerkit.stream.silent", logging.CRITICAL + 1)


class LineLost(Exception):
    """The line cannot be used any more, or could not be opened; says why."""

    def __init__(self, words: str, advice: str | None = None) -> None:
        super().__init__(words)
        self.words = words
        self.advice = advice


class Woken(Exception):
    """Nobody wants the line any more, while it is being opened."""


class Address(NamedTuple):
    """Where a line leads to."""

    url: str
    host: str
    port: int
    is_secret: bool
    """Over TLS."""


def check_address(url: str, *, plain_hosts: Collection[str] = ()) -> Address:
    """Return what a URL says; a ConfigError for one that is not over TLS, unless to this machine or a plain host.

    `plain_hosts` are the hosts, each with its port, that the profile allows to be used without TLS.
    """
    shown = sanitize(url.rpartition("@")[2], limit=80)  # what stands before an @ may be a password
    try:
        parts = parse_uri(url)
    except WebSocketException:
        parts = None
    if parts is None or parts.username is not None or parts.query:
        raise ConfigError(f"The address of the stream, {shown}, is no plain address of a WebSocket.")
    place = f"[{parts.host}]:{parts.port}" if ":" in parts.host else f"{parts.host}:{parts.port}"
    if not parts.secure and place not in plain_hosts and not leads_to_this_machine(f"http://{place}"):
        raise ConfigError(
            f"The stream at {shown} is not encrypted, and this profile does not allow that.",
            advice="Nothing was sent. What travels in clear there, the page of the broker says.",
        )
    return Address(url, parts.host, parts.port, parts.secure)


class Waker:
    """Wakes the one thread that waits, from any other thread."""

    def __init__(self) -> None:
        self._far, self._near = socket.socketpair()
        for each in (self._far, self._near):
            each.setblocking(False)

    def wake(self) -> None:
        """Let the thread that waits go on, now or as soon as it waits."""
        with suppress(OSError):  # full of wishes already, or closed
            self._far.send(b"1")

    def fileno(self) -> int:
        """Return what a selector waits for."""
        return self._near.fileno()

    def clear(self) -> None:
        """Forget that somebody wanted to wake."""
        with suppress(OSError):
            while self._near.recv(4096):
                pass

    def wait(self, seconds: float) -> None:
        """Wait until somebody wakes, or until the time is over."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._near, selectors.EVENT_READ)
            selector.select(max(0.0, seconds))
        self.clear()

    def close(self) -> None:
        """Close both ends."""
        self._far.close()
        self._near.close()

    def forget(self) -> None:
        """Close what a forked child has of it; the parent's stays as it is."""
        self.close()


class Line:
    """A WebSocket, from `connect` to `close`, in the thread that connects."""

    def __init__(self, address: Address, verify: str | Literal[True], waker: Waker) -> None:
        """`verify` is what certificates are checked against, as `check_certificates` returns it."""
        self.address = address
        self._verify = verify
        self._waker = waker
        self._protocol = ClientProtocol(parse_uri(address.url), max_size=MOST_BYTES, logger=_SILENT)
        self._socket: socket.socket | None = None
        self._selector: selectors.BaseSelector | None = None
        self._rest = b""
        """What came of a frame that is not whole yet."""
        self._is_early = False
        """Whether frames came together with the answer to the handshake."""
        self._parts: list[bytes] | None = None
        """Of a text that comes in several frames."""
        self._out = bytearray()
        self._end: LineLost | None = None

    # The beginning

    def connect(self, is_wanted: Callable[[], bool] = lambda: True) -> None:
        """Connect and shake hands; LineLost if that fails, Woken if the line is not wanted any more."""
        failure: LineLost | None = None
        try:
            self._opened(time.monotonic() + OPEN_SECONDS, is_wanted)
        except LineLost as lost:
            failure = lost
        except (OSError, WebSocketException, EOFError, ValueError) as error:
            failure = LineLost(
                f"{self.address.host}:{self.address.port} does not answer as a stream does ({words_of(error)})",
                advice_for(error, self._verify),
            )
        except BaseException:
            self.close()
            raise
        if failure is not None:  # raised here, so that nothing of the handshake hangs on it
            self.close()
            raise LineLost(failure.words, failure.advice)

    def _opened(self, until: float, is_wanted: Callable[[], bool]) -> None:
        self._socket = self._connected(until, is_wanted)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        if self.address.is_secret:
            self._encrypt(until, is_wanted)
        self._protocol.send_request(self._protocol.connect())
        self._collect()
        while self._out:
            self._flush()
            if self._out:
                self._wait_for(selectors.EVENT_WRITE, until, is_wanted)
        self._shake_hands(until, is_wanted)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._socket, selectors.EVENT_READ)
        self._selector.register(self._waker, selectors.EVENT_READ)

    def _connected(self, until: float, is_wanted: Callable[[], bool]) -> socket.socket:
        """Return a socket that is connected to the first address that answers."""
        host, port = self.address.host, self.address.port
        failure: Exception = TimeoutError()
        for family, kind, protocol, _, place in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            self._socket = socket.socket(family, kind, protocol)
            self._socket.setblocking(False)
            try:
                code = self._socket.connect_ex(place)
                if code in (errno.EINPROGRESS, errno.EWOULDBLOCK, getattr(errno, "WSAEWOULDBLOCK", -1)):
                    soon = min(until, time.monotonic() + CONNECT_SECONDS)
                    self._wait_for(selectors.EVENT_WRITE, soon, is_wanted)
                    code = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                if code == 0:
                    return self._socket
                failure = OSError(code, errno.errorcode.get(code, str(code)))
            except LineLost:
                failure = TimeoutError()
            self._socket.close()
        name = errno.errorcode.get(getattr(failure, "errno", None) or 0, type(failure).__name__)
        raise LineLost(f"{host}:{port} cannot be reached ({name})")

    def _encrypt(self, until: float, is_wanted: Callable[[], bool]) -> None:
        trusted = DEFAULT_CA_BUNDLE_PATH if self._verify is True else self._verify
        context = ssl.create_default_context(cafile=trusted)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        encrypted = context.wrap_socket(
            self._sure(), server_hostname=self.address.host, do_handshake_on_connect=False, suppress_ragged_eofs=False
        )
        self._socket = encrypted
        while True:
            try:
                return encrypted.do_handshake()
            except ssl.SSLWantReadError:
                self._wait_for(selectors.EVENT_READ, until, is_wanted)
            except ssl.SSLWantWriteError:
                self._wait_for(selectors.EVENT_WRITE, until, is_wanted)

    def _shake_hands(self, until: float, is_wanted: Callable[[], bool]) -> None:
        """Read the answer to the request, and let the protocol check it."""
        head = b""
        while (end := head.find(b"\r\n\r\n")) < 0:
            if len(head) > _HEAD_BYTES:
                raise LineLost("the answer to the handshake does not end")
            data = self._received()
            if data is None:
                self._wait_for(selectors.EVENT_READ, until, is_wanted)
            elif not data:
                raise LineLost(f"{self.address.host}:{self.address.port} closed the line during the handshake")
            else:
                head += data
        status = head.partition(b"\r\n")[0].split(b" ")[1:2]
        if status != [b"101"]:
            told = status[0].decode("ascii", "replace") if status and status[0].isdigit() else "something else"
            raise LineLost(f"{self.address.host}:{self.address.port} answers {told[:20]} where a stream should be")
        self._protocol.receive_data(head[: end + 4])
        if self._protocol.handshake_exc is not None or self._protocol.state is not State.OPEN:
            kind = type(self._protocol.handshake_exc).__name__
            raise LineLost(f"the handshake of {self.address.host}:{self.address.port} is none of a WebSocket ({kind})")
        self._protocol.events_received()
        self._rest = head[end + 4 :]
        self._is_early = bool(self._rest)

    def _wait_for(self, event: int, until: float, is_wanted: Callable[[], bool]) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._sure(), event)
            selector.register(self._waker, selectors.EVENT_READ)
            while True:
                left = until - time.monotonic()
                if left <= 0:
                    raise LineLost(f"{self.address.host}:{self.address.port} does not answer in time")
                found = [key.fileobj for key, _ in selector.select(min(left, LOOK_SECONDS))]
                if self._waker in found:
                    self._waker.clear()
                if not is_wanted():
                    raise Woken
                if any(each is not self._waker for each in found):
                    return

    def _sure(self) -> socket.socket:
        if self._socket is None:
            raise LineLost("the line is closed")
        return self._socket

    # What comes

    def receive(self, seconds: float) -> list[str] | None:
        """Return the texts that have come; none where only signs of life did. None: time is over, or somebody woke."""
        if self._end is not None:
            raise self._end
        data = self._pending()
        if data is None:
            if self._selector is None:
                raise LineLost("the line is closed")
            is_readable = is_woken = False
            for key, events in self._selector.select(max(0.0, seconds)):
                if key.fileobj is self._waker:
                    is_woken = True
                else:
                    is_readable = bool(events & selectors.EVENT_READ)
                    if events & selectors.EVENT_WRITE:
                        self._flush()
            if is_woken:
                self._waker.clear()
            data = self._caught() if is_readable else None
            if data is None:
                return None
        return self._texts(data)

    def _pending(self) -> bytes | None:
        """Return what no selector would tell: what came with the handshake, and what TLS has read ahead."""
        if self._is_early:
            self._is_early = False
            return b""
        if isinstance(self._socket, ssl.SSLSocket) and self._socket.pending():
            return self._caught()
        return None

    def _caught(self) -> bytes | None:
        """Return what the socket has, None for nothing yet; where the line is broken, that is told once all is read."""
        try:
            data = self._received()
        except OSError as error:
            raise LineLost(f"the line broke ({words_of(error)})") from None
        if data == b"":
            raise LineLost(self._closing_words())
        return data

    def _received(self) -> bytes | None:
        try:
            return self._sure().recv(AT_ONCE)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return None
        except ssl.SSLZeroReturnError:
            return b""

    def _texts(self, data: bytes) -> list[str]:
        """Return the texts of the frames that are whole now.

        A frame with a whole text, as nearly all are, is cut out here: that is ten times as fast. Every other one is
        handed to the protocol as a whole, and so is the beginning of one that it has to refuse.
        """
        if self._rest:
            data = self._rest + data
        texts: list[str] = []
        at, size = 0, len(data)
        while size - at >= 2:
            length = data[at + 1]
            begin = at + 2
            if length == 126:
                if size - at < 4:
                    break
                length = data[at + 2] << 8 | data[at + 3]
                begin = at + 4
            elif length > 126:
                begin = at + 10 if length == 127 else at + 2
                if size < begin:
                    break
                length = int.from_bytes(data[at + 2 : at + 10]) if length == 127 else 0
                if length > MOST_BYTES or length == 0:  # too long or masked: the protocol says so
                    self._hand_over(data[at:begin], texts)
                    at = begin if self._end is None else size
                    continue
            end = begin + length
            if end > size:
                break
            if data[at] == _TEXT and self._parts is None:
                texts.append(str(data[begin:end], "utf-8", "replace"))
            else:
                self._hand_over(data[at:end], texts)
                if self._end is not None:
                    at = size
                    break
            at = end
        self._rest = data[at:]
        return texts

    def _hand_over(self, frame: bytes, texts: list[str]) -> None:
        """Let the protocol read a frame, and take out of it what it says."""
        self._protocol.receive_data(frame)
        for event in self._protocol.events_received():
            if isinstance(event, Frame):
                self._take(event, texts)
        self._collect()
        with suppress(LineLost):  # that the line is broken shows when it is read
            self._flush()
        if self._protocol.state is not State.OPEN:
            self._end = LineLost(self._closing_words())

    def _take(self, frame: Frame, texts: list[str]) -> None:
        if frame.opcode in (Opcode.TEXT, Opcode.BINARY):
            self._parts = [bytes(frame.data)]
        elif frame.opcode is Opcode.CONT and self._parts is not None:
            self._parts.append(bytes(frame.data))
        else:
            return
        if frame.fin:
            texts.append(b"".join(self._parts).decode("utf-8", "replace"))
            self._parts = None

    def _closing_words(self) -> str:
        if self._protocol.parser_exc is not None:
            return f"the broker sent what is no WebSocket ({type(self._protocol.parser_exc).__name__})"
        told = self._protocol.close_rcvd
        return f"the broker closed the line ({int(told.code)})" if told is not None else "the broker closed the line"

    # What goes

    def send(self, frame: SecretStr) -> None:
        """Send a text; what the socket does not take at once goes with the next `receive`."""
        words = self._sent(frame)
        if words:
            raise LineLost(words)

    def _sent(self, frame: SecretStr) -> str | None:
        """Return why a text could not be sent. Nothing is raised, for a traceback would hold it."""
        try:
            self._protocol.send_text(frame.get_secret_value().encode())
            self._collect()
            self._flush()
        except LineLost as lost:
            return lost.words
        except Exception as error:  # noqa: BLE001 - of whatever kind, it was not sent
            return f"nothing can be sent any more ({words_of(error)})"
        return None

    @property
    def owes(self) -> int:
        """How many bytes the socket has not taken yet."""
        return len(self._out)

    def _collect(self) -> None:
        for data in self._protocol.data_to_send():
            self._out += data

    def _flush(self) -> None:
        try:
            while self._out:
                del self._out[: self._sure().send(self._out)]
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            pass
        except OSError as error:
            words = f"the line broke ({words_of(error)})"
            self._out.clear()
            raise LineLost(words) from None
        if self._selector is not None:
            wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if self._out else 0)
            if self._selector.get_key(self._sure()).events != wanted:
                self._selector.modify(self._sure(), wanted)

    # The end

    def close(self) -> None:
        """Say that it is the end, and close the socket; nobody waits for an answer."""
        with suppress(Exception):
            if self._protocol.state is State.OPEN:
                self._protocol.send_close(1000)
                self._collect()
                self._flush()
                self._sure().shutdown(socket.SHUT_WR)
        self.forget()

    def forget(self) -> None:
        """Close the socket without a word, as a forked child has to: the line is its parent's."""
        if self._selector is not None:
            self._selector.close()
        if self._socket is not None:
            self._socket.close()
        self._selector = self._socket = None
        self._rest = b""
        self._out.clear()
