"""A frame of data, `0|H0STCNT0|002|v^v^...`: whether it is encrypted, the channel, the number of rows, the values."""

from __future__ import annotations

import re
from typing import NamedTuple

PLAIN, ENCRYPTED = "0", "1"
_HEAD = re.compile(r"([01])\|([A-Z0-9]{1,16})\|([0-9]{1,6})\|")


class Data(NamedTuple):
    """A frame of data."""

    head: str
    """All before the values."""
    mark: str
    """Whether it is encrypted."""
    channel: str
    rows: int
    """How many there should be, one at least."""
    body: str


def data_of(text: str) -> Data | None:
    """Return a frame of data; None for anything else."""
    found = _HEAD.match(text)
    if found is None or not int(found[3]):
        return None
    return Data(found[0], found[1], found[2], int(found[3]), text[found.end() :])
