"""The head of an answer, read fast where it is plain; any other is left to the reader of the standard library.

That one is a reader of mail and takes a quarter of a warm call. A plain head tells a status with a body, its length
once, and names with visible characters, nothing folded and nothing odd. What is taken here the standard library takes
as well, and reads alike.
"""

from __future__ import annotations

import re
from http.client import HTTPMessage
from typing import NamedTuple

MOST_LINES = 100
_STATUS = re.compile(rb"HTTP/1\.1 (?!204|304)([2-5][0-9]{2}) ([!-~](?:[ -~]*[!-~])?)?\r\n")
_FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*((?:[!-~](?:[ -~]*[!-~])?)?)\r\n")
_LENGTH = re.compile(rb"[0-9]{1,18}")


class Head(NamedTuple):
    """A plain head: `size` are its own bytes, `length` those of the body."""

    status: int
    reason: str
    fields: HTTPMessage
    size: int
    length: int


def plain_head(data: bytes) -> Head | None:
    """Return the head at the beginning of `data`, if it is plain and all there."""
    end = data.find(b"\r\n\r\n") + 2
    status = _STATUS.match(data)
    if end < 2 or status is None:
        return None
    fields = HTTPMessage()
    length: int | None = None
    place = status.end()
    for _ in range(MOST_LINES):
        if place == end:
            break
        field = _FIELD.match(data, place, end)
        if field is None:
            return None
        name, value = field.groups()
        place = field.end()
        told = name.lower()
        if told == b"transfer-encoding" or (told == b"content-length" and length is not None):
            return None
        if told == b"content-length":
            if not _LENGTH.fullmatch(value):
                return None
            length = int(value)
        fields.set_raw(name.decode("ascii"), value.decode("ascii"))
    if place != end or length is None:
        return None
    return Head(int(status[1]), (status[2] or b"").decode("ascii"), fields, end + 2, length)
