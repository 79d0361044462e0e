"""A window that all processes of this host share: a small file that each of them reads and writes under a lock.

Times in it are those of the monotonic clock, which is the host's. What a process that died has left behind is let go
of by the others. Nothing in it is worth keeping: what cannot be read counts as a window that was just used up.
"""

from __future__ import annotations

import os
import secrets
import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

from brokerkit import files
from brokerkit.transport.windows import MARGIN, Limit, Place, StartId, Window

try:
    import fcntl
except ImportError:
    IS_SHARED = False
    """Whether processes share anything; where files have no such locks, each of them counts for itself."""
else:
    IS_SHARED = True

T = TypeVar("T")

FORM = b"bkwindow"
MOST_WAITING = 64
"""Processes that wait at one limit. Those that find no place any more go on asking."""
MOST_OPEN = 64
"""Starts beyond two windows of them that are on their way at once; older ones count as answered."""
LARGEST = 65_536
"""Bytes of a file."""
DEAD_LOOK_SECONDS = 0.5
"""How often it is looked whether the others are still there."""
LOCK_SECONDS = 2.0
"""Nobody needs the lock so long: who has it was stopped in the middle."""
PAUSE_SECONDS = 0.0002
SALT_BITS = 20

_HEAD = struct.Struct("<8sII")
_COUNTS = 6
_FLAGS = os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)


class Unavailable(files.Unfit):
    """What processes share cannot be had at this moment."""


class SharedWindow:
    """See `brokerkit.transport.limits.Counted`. A process makes one for each file, and keeps none open."""

    is_shared = True

    def __init__(self, path: Path, limit: Limit) -> None:
        self._path = path
        self._limit = limit
        self.holder = os.getpid() << SALT_BITS | secrets.randbits(SALT_BITS)
        self._most_open = limit.calls * 2 + MOST_OPEN
        self._lock = threading.RLock()
        self._descriptor: int | None = None
        """Of the file, while a change is under way."""
        self._inner: list[Callable[[Window], object]] = []
        """Steps that signal handlers took while another one was under way."""
        self._looked_at = float("-inf")

    def change(self, step: Callable[[Window], T]) -> T:
        """Let a step look at the window and change it, while no other thread and no other process does."""
        with self._lock:
            if self._descriptor is not None:  # in a signal handler, within another change of this thread
                self._inner.append(step)
                return self._done(self._descriptor, step)
            with self._opened() as descriptor:
                self._inner.clear()
                result = self._done(descriptor, step)
                while self._inner:  # what was written above may have been read before these were done
                    self._done(descriptor, self._inner.pop(0))
                return result

    @contextmanager
    def _opened(self) -> Iterator[int]:
        """Open the file and hold its lock."""
        descriptor = os.open(self._path, _FLAGS, 0o600)
        try:
            files.judge_private(self._path, os.fstat(descriptor))
            _locked(descriptor)
            self._descriptor = descriptor
            yield descriptor
        finally:
            self._descriptor = None
            os.close(descriptor)

    def _done(self, descriptor: int, step: Callable[[Window], T]) -> T:
        window = self._read(descriptor)
        self._let_go_of_dead(window)
        result = step(window)
        self._write(descriptor, window)
        return result

    def _let_go_of_dead(self, window: Window) -> None:
        now = time.monotonic()
        if now - self._looked_at < DEAD_LOOK_SECONDS:
            return
        self._looked_at = now
        others = {start.holder for start in window.open} | {place.holder for place in window.waiting}
        for holder in others - {self.holder}:
            if not is_there(holder >> SALT_BITS):
                window.let_go(holder, now)

    # What stands in the file: how long it is, what it adds up to, and numbers

    def _read(self, descriptor: int) -> Window:
        window = Window(self._limit)
        content = os.pread(descriptor, LARGEST, 0)
        if not content:
            return window
        form, length, check = _HEAD.unpack_from(content) if len(content) >= _HEAD.size else (b"", 0, 0)
        numbers = content[_HEAD.size : _HEAD.size + length]
        if form == FORM and zlib.crc32(numbers) == check and _fill(window, numbers, time.monotonic()):
            return window
        used_up = Window(self._limit)  # it is of another version, or its writer was killed in the middle of it
        used_up.not_before = time.monotonic() + self._limit.seconds + MARGIN
        return used_up

    def _write(self, descriptor: int, window: Window) -> None:
        while len(window.open) > self._most_open:
            window.end(next(iter(window.open)), time.monotonic(), sent=True)
        del window.waiting[MOST_WAITING:]
        numbers = _numbers(window)
        os.pwrite(descriptor, _HEAD.pack(FORM, len(numbers), zlib.crc32(numbers)) + numbers, 0)


def _numbers(window: Window) -> bytes:
    counts = (len(window.answered), len(window.open), len(window.waiting))
    opened = (number for (holder, start), since in window.open.items() for number in (holder, start, since))
    waiting = (number for place in window.waiting for number in place)
    values = (window.allowed, window.slowed_at, window.not_before, *counts, *window.answered, *opened, *waiting)
    return struct.pack(f"<{len(values)}d", *values)


def _fill(window: Window, numbers: bytes, now: float) -> bool:
    """Put into a window what a file says; False if that is nothing of this limit.

    Times to come are of before the host was started anew: they count as now.
    """
    values = struct.unpack(f"<{len(numbers) // 8}d", numbers)
    if len(values) < _COUNTS or not 1 <= values[0] <= window.limit.calls:
        return False
    window.allowed, window.slowed_at = int(values[0]), min(values[1], now)
    window.not_before = min(values[2], now + window.limit.seconds + MARGIN)
    answered, opened, waiting = (int(each) for each in values[3:_COUNTS])
    first, second = _COUNTS + answered, _COUNTS + answered + 3 * opened
    window.answered = [min(each, now) for each in values[_COUNTS:first]]
    for place in range(first, second, 3):
        window.open[StartId(int(values[place]), int(values[place + 1]))] = min(values[place + 2], now)
    window.waiting = [Place(int(values[at]), bool(values[at + 1])) for at in range(second, second + 2 * waiting, 2)]
    return True


def is_there(process: int) -> bool:
    """Say whether a process lives. Who is wrongly said to be gone only counts its calls twice."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True  # another user's
    try:
        state = Path(f"/proc/{process}/stat").read_bytes()
    except OSError:
        return True
    return state.rpartition(b")")[2].split()[:1] != [b"Z"]  # dead, and nobody has asked for its end yet


def _locked(descriptor: int) -> None:
    """Lock a file, however short; Unavailable if somebody does not let go of it."""
    until = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                raise Unavailable("another process holds its lock and does nothing") from None
            time.sleep(PAUSE_SECONDS)
        else:
            return


def shared_window(folder: Path, owner: str, limit: Limit) -> SharedWindow:
    """Return the window of an owner's limit in a folder; an OSError says why it cannot be shared."""
    _check_folder(folder)
    name = sha256(repr((owner, *limit)).encode()).hexdigest()[:24]
    window = SharedWindow(folder / f"{name}.window", limit)
    window.change(lambda found: found.allowed)
    return window


@lru_cache(maxsize=64)
def _check_folder(folder: Path) -> None:
    files.private_folder(folder)
    if kind := files.network_file_system(folder):
        raise Unavailable(f"it lies on a network file system ({kind})")
