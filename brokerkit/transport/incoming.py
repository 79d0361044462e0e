"""What comes in on a connection: one answer, within its time, framed as HTTP says, and whether more came than that.

The readers of `http.client` and urllib3 take what Python's int() takes for a length ("-5", "+5", "5_0"), and forget
what they have read beyond an answer. Here such an answer fails, and such a connection is known.
"""

from __future__ import annotations

import io
import re
import socket
import time
from http.client import HTTPException, HTTPResponse, IncompleteRead
from typing import Any

from brokerkit.transport.heads import plain_head

LONGEST_LINE = 4096
"""Bytes of a line between chunks."""
MOST_TRAILERS = 32
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]*)?\r\n")


class Malformed(HTTPException):
    """An answer that is not framed as HTTP says. The words are ours: nothing that was read is in them."""


class Incoming(io.RawIOBase):
    """The bytes of one answer until `deadline`. A read timeout alone is reset by every byte that drips in."""

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self.has_more: bool | None = None
        """Whether something was read beyond the answer; None while it is not known."""
        self._sock = sock
        self._kept_open = sock.makefile("rb", buffering=0)  # while the answer is read, whoever closes the connection
        self._deadline = deadline

    def makefile(self, mode: str) -> io.BufferedReader:
        """Return the reader that `http.client` reads from."""
        return _Buffer(self)

    def readable(self) -> bool:
        """Say yes."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Read what is there, or wait for it until the deadline."""
        if self.has_more is not None:
            return None  # nothing new is asked for, while a reader looks what it has left
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        timeout = self._sock.gettimeout()
        if timeout is None or left < timeout:
            self._sock.settimeout(left)
        return self._sock.recv_into(buffer)

    def ends(self, reader: io.BufferedReader) -> None:
        """Look whether the reader, or TLS below it, holds more than the answer."""
        self.has_more = True
        pending = getattr(self._sock, "pending", None)
        self.has_more = bool(reader.peek()) or bool(pending is not None and pending())

    def close(self) -> None:
        """Let go of the socket."""
        self._kept_open.close()
        super().close()


class _Buffer(io.BufferedReader):
    """Tells before it is closed, which is when the answer ends, whether something is left in it."""

    def close(self) -> None:
        if not self.closed and isinstance(self.raw, Incoming):
            self.raw.ends(self)
        super().close()


class RawResponse(HTTPResponse):
    """An answer whose length is a number, or whose chunks are told by numbers, and never both."""

    def __init__(self, incoming: Incoming, **how: Any) -> None:
        super().__init__(incoming, **how)  # type: ignore[arg-type]
        self.incoming = incoming
        self._has_body = how.get("method") != "HEAD"

    def begin(self) -> None:
        """Read the headers; chunks are taken apart here, so that nobody else does it more generously."""
        if self.headers is not None:
            return
        if not self._begins_plainly():
            super().begin()
        if not self.chunked:
            return
        if "content-length" in self.headers:
            raise Malformed("the answer tells its length and comes in chunks")
        del self.headers["transfer-encoding"]
        self.chunked = False
        if self.length is None:
            self.fp = io.BufferedReader(_Chunks(self.fp))

    def _begins_plainly(self) -> bool:
        """Read a plain head; of any other nothing is taken from the reader."""
        head = plain_head(self.fp.peek()) if self._has_body else None
        if head is None:
            return False
        self.fp.read(head.size)
        self.version, self.status, self.code, self.reason = 11, head.status, head.status, head.reason
        self.headers = self.msg = head.fields
        self.chunked, self.length = False, head.length
        self.will_close = "close" in head.fields.get("connection", "").lower()
        return True


def check_framing(headers: Any) -> None:
    """Refuse an answer of which two readers could read different lengths."""
    if "transfer-encoding" in headers:
        raise Malformed("the answer comes in an encoding other than chunks")
    length = headers.get("content-length")
    if length is None:
        return
    told = {part.strip(" \t") for part in length.split(",")}
    if len(told) != 1 or not all(part.isascii() and part.isdigit() and len(part) <= 18 for part in told):
        raise Malformed("the length of the answer is no number")


class _Chunks(io.RawIOBase):
    """The body of an answer in chunks, without what frames them."""

    def __init__(self, source: io.BufferedReader) -> None:
        self._source = source
        self._left = 0
        self._is_over = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self._left == 0 and not self._is_over:
            self._begin_chunk()
        if self._is_over:
            return 0
        count = self._source.readinto1(memoryview(buffer)[: self._left])
        if not count:
            raise IncompleteRead(b"")
        self._left -= count
        if self._left == 0 and self._source.read(2) != b"\r\n":
            raise Malformed("a chunk is longer than it says")
        return count

    def close(self) -> None:
        self._source.close()
        super().close()

    def _begin_chunk(self) -> None:
        size = _CHUNK.fullmatch(self._line())
        if size is None:
            raise Malformed("the size of a chunk is no number")
        self._left = int(size[1], 16)
        if self._left == 0:
            self._skip_trailers()

    def _skip_trailers(self) -> None:
        for _ in range(MOST_TRAILERS):
            if self._line() == b"\r\n":
                self._is_over = True
                return
        raise Malformed("too much follows the last chunk")

    def _line(self) -> bytes:
        line = self._source.readline(LONGEST_LINE)
        if not line.endswith(b"\n"):
            raise IncompleteRead(b"") if len(line) < LONGEST_LINE else Malformed("a line between chunks is too long")
        return line
