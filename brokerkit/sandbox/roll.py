"""Rows of an order list in their order, of which a page can be read from any row on."""

from __future__ import annotations

import datetime as dt
import math
from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator
from typing import NamedTuple

from brokerkit.sandbox.rows import Entry, ExchangeOrder

Key = tuple[dt.date, int]
"""Day and number of a row: together they are unique."""


class Page(NamedTuple):
    """Some rows of a list."""

    rows: list[ExchangeOrder]
    more: bool
    """Whether others follow."""


class Roll:
    """Rows ascending by day and number."""

    def __init__(self) -> None:
        self._keys: list[Key] = []
        self._rows: dict[Key, Entry] = {}

    def __iter__(self) -> Iterator[Entry]:
        return (self._rows[key] for key in self._keys)

    def add(self, entry: Entry) -> None:
        """Put a row at its place; one that is there already stays."""
        key = entry.key
        if key not in self._rows:
            insort(self._keys, key)
            self._rows[key] = entry

    def discard(self, entry: Entry) -> None:
        """Take a row out, if it is there."""
        if self._rows.pop(entry.key, None) is not None:
            del self._keys[bisect_left(self._keys, entry.key)]

    def walk(
        self, start: dt.date, end: dt.date, *, after: Key | None = None, newest_first: bool = False
    ) -> Iterator[Entry]:
        """Yield the rows of these days that come behind the one with a key, without going through the others."""
        first = bisect_left(self._keys, (start, 0))
        last = bisect_right(self._keys, (end, math.inf))
        if after is not None and newest_first:
            last = min(last, bisect_left(self._keys, after))
        elif after is not None:
            first = max(first, bisect_right(self._keys, after))
        places = range(first, last)
        for place in reversed(places) if newest_first else places:
            yield self._rows[self._keys[place]]
