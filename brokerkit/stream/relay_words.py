"""What two processes that share a connection say to each other over a local socket.

A message is a kind, its length, and its content: texts of the broker as they came, many at a time, or words of ours as
JSON. Words of ours are a type of their own once they are read: nothing that a broker sends is taken for one.
"""

from __future__ import annotations

import datetime as dt
import json
import struct
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from pydantic import SecretStr

from brokerkit import errors
from brokerkit.errors import BrokerError, Rejected, StreamError
from brokerkit.stream.events import Gap, GapReason
from brokerkit.stream.feed import Answer, Registration
from brokerkit.stream.topics import StreamKind, Topic
from brokerkit.words import Venue

PROTOCOL = 1
"""Both have to speak the same one."""
MOST_BYTES = 2**24
"""Of a message."""
_HEAD = struct.Struct(">cI")
_TEXTS, _TEXT, _WORDS, _ALIVE = b"T", b"S", b"W", b"A"
_BETWEEN = "\x1e"
"""Between texts; one that has it itself goes alone."""


class Words(str):
    """Words of the other process, as JSON."""

    __slots__ = ()


class Odd(Exception):
    """What came is no message of ours."""


# Messages


def alive() -> bytes:
    """Return a sign of life."""
    return _HEAD.pack(_ALIVE, 0)


def said(what: str, **told: Any) -> bytes:
    """Return words of ours."""
    return framed(json.dumps({"say": what, **told}))


def framed(words: str) -> bytes:
    """Return words of ours that are JSON already."""
    return _message(_WORDS, words.encode())


def texts(those: Sequence[str]) -> bytes:
    """Return texts of the broker."""
    together = _BETWEEN.join(those)
    if together.count(_BETWEEN) == len(those) - 1:
        return _message(_TEXTS, together.encode("utf-8", "replace"))
    return b"".join(_message(_TEXT, text.encode("utf-8", "replace")) for text in those)


def _message(kind: bytes, content: bytes) -> bytes:
    return _HEAD.pack(kind, len(content)) + content


class Reader:
    """Makes messages of the bytes that come."""

    def __init__(self, *, most: int = MOST_BYTES) -> None:
        self._most = most
        self._rest = bytearray()

    def read(self, data: bytes) -> list[str]:
        """Return texts of the broker, and words of ours as `Words`; Odd for what is neither."""
        self._rest += data
        found: list[str] = []
        at, size = 0, len(self._rest)
        with memoryview(self._rest) as view:
            while size - at >= _HEAD.size:
                kind, length = _HEAD.unpack_from(view, at)
                if kind not in (_TEXTS, _TEXT, _WORDS, _ALIVE) or length > self._most:
                    raise Odd("what came is no message of brokerkit")
                if size - at - _HEAD.size < length:
                    break
                begin, at = at + _HEAD.size, at + _HEAD.size + length
                if kind == _ALIVE:
                    continue
                content = str(view[begin:at], "utf-8", "replace")
                if kind == _TEXTS:
                    found += content.split(_BETWEEN)
                else:
                    found.append(content if kind == _TEXT else Words(content))
        del self._rest[:at]
        return found


def meant(words: str) -> dict[str, Any]:
    """Return what words of ours say; Odd for what is none."""
    try:
        told = json.loads(words)
    except ValueError:
        raise Odd("what came is no JSON") from None
    if not isinstance(told, dict) or not isinstance(told.get("say"), str):
        raise Odd("what came says nothing")
    return told


# What has a shape of its own


def written(registrations: Iterable[Registration]) -> list[list[str]]:
    """Return registrations as they travel."""
    return [[*each] for each in registrations]


def registrations_of(told: Any) -> list[Registration]:
    """Return registrations that came; Odd for what is none."""
    try:
        found = [Registration(channel, key) for channel, key in told]
    except (TypeError, ValueError):
        raise Odd("what came names no registrations") from None
    if not all(isinstance(part, str) for each in found for part in each):
        raise Odd("what came names no registrations")
    return found


def topic_of(told: Any) -> Topic:
    """Return a topic that came; Odd for what is none."""
    try:
        kind, symbol, venue, channel = told
        return Topic(StreamKind(kind), str(symbol), None if venue is None else Venue(venue), str(channel))
    except (TypeError, ValueError):
        raise Odd("what came names no topic") from None


def error_told(error: BrokerError) -> dict[str, Any]:
    """Return an error as it travels: as the nearest kind that both processes know."""
    kind = next((each for each in type(error).__mro__ if each.__module__ == errors.__name__), StreamError)
    return {
        "kind": kind.__name__,
        "words": error.words,
        "code": error.code,
        "endpoint": error.endpoint,
        "advice": error.remedy,
        "is_wordless": isinstance(error, Rejected) and error.is_wordless,
    }


def error_of(told: Any, broker: str) -> BrokerError:
    """Return an error that came; Odd for what is none."""
    kind = getattr(errors, str(told.get("kind")), None) if isinstance(told, Mapping) else None
    if not (isinstance(kind, type) and issubclass(kind, BrokerError)):
        raise Odd("what came is no error")
    named = {name: None if told.get(name) is None else str(told[name]) for name in ("code", "endpoint", "advice")}
    error = kind(str(told.get("words")), broker=broker, **named)
    if isinstance(error, Rejected):
        error.is_wordless = told.get("is_wordless") is True
    return error


class Lapsed(NamedTuple):
    """What the process that serves has missed of registrations."""

    registrations: Sequence[Registration]
    since: dt.datetime
    until: dt.datetime | None
    """None where it does not come again yet."""
    reason: GapReason
    detail: str


class Failed(NamedTuple):
    """Registrations of which nothing will come any more."""

    registrations: Sequence[Registration]
    error: BrokerError


class Heard(NamedTuple):
    """What the broker said when it took registrations."""

    registrations: Sequence[Registration]
    texts: Sequence[SecretStr]


class Anew(NamedTuple):
    """The broker's line is another one."""


class Replied(NamedTuple):
    """The answer to a question, and the text that it came in."""

    answer: Answer
    text: SecretStr


Ours = Lapsed | Failed | Heard | Anew | Replied
"""What processes say to each other beside what brokers say."""


def gap_told(gap: Gap) -> dict[str, Any]:
    """Return how a gap travels, but for what it is of."""
    return {
        "since": gap.since.isoformat(),
        "until": None if gap.until is None else gap.until.isoformat(),
        "reason": str(gap.reason),
        "detail": gap.detail,
    }


def lapse_of(told: Mapping[str, Any]) -> Lapsed:
    """Return a gap that came; Odd for what is none."""
    try:
        return Lapsed(
            registrations_of(told["of"]),
            dt.datetime.fromisoformat(told["since"]),
            None if told["until"] is None else dt.datetime.fromisoformat(told["until"]),
            GapReason(told["reason"]),
            str(told["detail"]),
        )
    except (KeyError, TypeError, ValueError):
        raise Odd("what came is no gap") from None
