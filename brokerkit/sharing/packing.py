"""A window of calls as bytes, as it stands where several processes share it: what it adds up to, and numbers."""

from __future__ import annotations

import struct
import zlib

from brokerkit.sharing.windows import MARGIN, Limit, Place, StartId, Window

FORM = b"bkwindo2"
MOST_WAITING = 64
"""Processes that wait at one limit. Those that find no place any more go on asking."""
MOST_OPEN = 64
"""Starts beyond two windows of them that are on their way at once; older ones count as answered."""

_HEAD = struct.Struct("<8sII")
_COUNTS = 6


def packed(window: Window, now: float) -> bytes:
    """Return a window as bytes, of a bounded length."""
    while len(window.open) > window.limit.calls * 2 + MOST_OPEN:
        window.end(next(iter(window.open)), now, sent=True)
    del window.waiting[MOST_WAITING:]
    counts = (len(window.answered), len(window.open), len(window.waiting))
    opened = (number for (holder, start), since in window.open.items() for number in (holder, start, since))
    waiting = (number for place in window.waiting for number in place)
    values = (window.allowed, window.slowed_at, window.not_before, *counts, *window.answered, *opened, *waiting)
    numbers = struct.pack(f"<{len(values)}d", *values)
    return _HEAD.pack(FORM, len(numbers), zlib.crc32(numbers)) + numbers


def unpacked(content: bytes, limit: Limit, now: float) -> Window:
    """Return what `packed` made, whatever stands behind it; a window that is used up for all that it has not made."""
    form, length, check = _HEAD.unpack_from(content) if len(content) >= _HEAD.size else (b"", 0, 0)
    numbers = content[_HEAD.size : _HEAD.size + length]
    window = Window(limit)
    if form == FORM and len(numbers) == length and zlib.crc32(numbers) == check and _fill(window, numbers, now):
        return window
    return used_up(limit, now)


def used_up(limit: Limit, now: float) -> Window:
    """Return a window of which nobody knows what was called lately: nothing may be, for as long as it lasts."""
    window = Window(limit)
    window.not_before = now + limit.seconds + MARGIN
    return window


def _fill(window: Window, numbers: bytes, now: float) -> bool:
    """Put into a window what the numbers say; False if that is nothing of this limit.

    Times to come are of before a clock was set, or a host started anew: they count as now.
    """
    values = struct.unpack(f"<{len(numbers) // 8}d", numbers)
    if len(values) < _COUNTS or not 1 <= values[0] <= window.limit.calls:
        return False
    window.allowed, window.slowed_at = int(values[0]), min(values[1], now)
    window.not_before = min(values[2], now + window.limit.seconds + MARGIN)
    answered, opened, waiting = (int(each) for each in values[3:_COUNTS])
    first, second = _COUNTS + answered, _COUNTS + answered + 3 * opened
    if second + 3 * waiting != len(values):
        return False
    window.answered = [min(each, now) for each in values[_COUNTS:first]]
    for at in range(first, second, 3):
        window.open[StartId(int(values[at]), int(values[at + 1]))] = min(values[at + 2], now)
    for at in range(second, len(values), 3):
        window.waiting.append(Place(int(values[at]), int(values[at + 1]), min(values[at + 2], now)))
    return True
