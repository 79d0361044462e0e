"""A window that all processes of this host share: a small file, mapped into each of them and changed under a lock.

Times in it are those of the monotonic clock, which is the host's. What a process that died has left behind is let go
of by those who wait. Nothing in it is worth keeping: what cannot be read counts as a window that was just used up.
"""

from __future__ import annotations

import atexit
import mmap
import os
import secrets
import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
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
DEAD_LOOK_SECONDS = 0.5
"""How often those who wait look whether the others are still there."""
LOCK_SECONDS = 2.0
"""Nobody needs the lock so long: who has it was stopped in the middle."""
PAUSE_SECONDS = 0.0002

_HEAD = struct.Struct("<8sII")
_COUNTS = 6


class Unavailable(files.Unfit):
    """What processes share cannot be had at this moment."""


class SharedWindow:
    """See `brokerkit.transport.limits.Counted`. A process makes one for each file."""

    is_shared = True

    def __init__(self, path: Path, limit: Limit, presence: Presence) -> None:
        self._limit = limit
        self._presence = presence
        self.holder = presence.number
        self._most_open = limit.calls * 2 + MOST_OPEN
        most = _COUNTS + limit.calls + 3 * self._most_open + 2 * MOST_WAITING
        self._size = _HEAD.size + 8 * most
        self._descriptor = _opened(path)
        if os.fstat(self._descriptor).st_size < self._size:
            os.ftruncate(self._descriptor, self._size)
        self._memory = mmap.mmap(self._descriptor, self._size)
        self._lock = threading.RLock()
        self._depth = 0
        self._inner: list[Callable[[Window], object]] = []
        """Steps that signal handlers took while another one was under way."""
        self._looked_at = float("-inf")

    def let_be(self) -> None:
        """Close it; nothing is changed in it any more."""
        with suppress(OSError, BufferError):
            self._memory.close()
            os.close(self._descriptor)

    def change(self, step: Callable[[Window], T]) -> T:
        """Let a step look at the window and change it, while no other thread and no other process does."""
        with self._lock, self._alone():
            if self._depth > 1:  # in a signal handler, within another change of this thread
                self._inner.append(step)
                return self._done(step)
            self._inner.clear()
            result = self._done(step)
            while self._inner:  # what was written above may have been read before these were done
                self._done(self._inner.pop(0))
            return result

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the lock of the file. It is the process's: a thread within its own change has it already."""
        self._depth += 1
        try:
            if self._depth == 1:
                _locked(self._descriptor)
            yield
        finally:
            self._depth -= 1
            if self._depth == 0:
                fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def _done(self, step: Callable[[Window], T]) -> T:
        window = self._read()
        self._let_go_of_dead(window)
        result = step(window)
        self._write(window)
        return result

    def _let_go_of_dead(self, window: Window) -> None:
        now = time.monotonic()
        if now - self._looked_at < DEAD_LOOK_SECONDS:
            return
        self._looked_at = now
        others = {start.holder for start in window.open} | {place.holder for place in window.waiting}
        for holder in others - {self.holder}:
            if not Presence.sees(self._presence.folder, holder):
                window.let_go(holder, now)

    # What stands in the file: how long it is, what it adds up to, and numbers

    def _read(self) -> Window:
        window = Window(self._limit)
        content = self._memory[:]
        form, length, check = _HEAD.unpack_from(content)
        numbers = content[_HEAD.size : _HEAD.size + length]
        if form == FORM and zlib.crc32(numbers) == check and _fill(window, numbers, time.monotonic()):
            return window
        found = Window(self._limit)
        if any(content):  # of another version, or its writer was killed in the middle of it
            found.not_before = time.monotonic() + self._limit.seconds + MARGIN
        return found

    def _write(self, window: Window) -> None:
        while len(window.open) > self._most_open:
            window.end(next(iter(window.open)), time.monotonic(), sent=True)
        del window.waiting[MOST_WAITING:]
        numbers = _numbers(window)
        head = _HEAD.pack(FORM, len(numbers), zlib.crc32(numbers))
        self._memory[: len(head) + len(numbers)] = head + numbers


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


def _path(folder: Path, number: int) -> Path:
    return folder / f"{number:012x}.alive"


class Presence:
    """Tells this process apart from the others, and whether one of those is still there.

    Each has a file of its own whose lock the system releases when it ends.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.number = secrets.randbits(48) | 1
        self._descriptor = _opened(_path(folder, self.number))
        _locked(self._descriptor)

    @staticmethod
    def sees(folder: Path, number: int) -> bool:
        """Say whether another process is there; the file of one that is not is removed."""
        path = _path(folder, number)
        try:
            descriptor = os.open(path, os.O_RDWR | getattr(os, "O_CLOEXEC", 0))
        except FileNotFoundError:
            return False
        except OSError:
            return True
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
        else:
            path.unlink(missing_ok=True)
            return False
        finally:
            os.close(descriptor)

    def leave(self) -> None:
        """Be there no more."""
        with suppress(OSError):
            _path(self.folder, self.number).unlink(missing_ok=True)
        self.let_be()

    def let_be(self) -> None:
        """Close what a forked process has of it; that of its parent stays."""
        with suppress(OSError):
            os.close(self._descriptor)


def _opened(path: Path) -> int:
    """Open a private file, made if there is none."""
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)
    descriptor = os.open(path, flags, 0o600)
    try:
        files.judge_private(path, os.fstat(descriptor))
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


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


_presences: dict[Path, Presence] = {}
_windows: list[SharedWindow] = []


def shared_window(folder: Path, owner: str, limit: Limit) -> SharedWindow:
    """Return the window of an owner's limit in a folder; an OSError says why it cannot be shared."""
    files.private_folder(folder)
    if kind := files.network_file_system(folder):
        raise Unavailable(f"it lies on a network file system ({kind})")
    presence = _presences.get(folder)
    if presence is None:
        _sweep(folder)
        presence = _presences.setdefault(folder, Presence(folder))
    name = sha256(repr((owner, *limit)).encode()).hexdigest()[:24]
    window = SharedWindow(folder / f"{name}.window", limit, presence)
    _windows.append(window)
    return window


def _sweep(folder: Path) -> None:
    """Remove the files of processes that have ended."""
    for path in folder.glob("*.alive"):
        with suppress(OSError, ValueError):
            Presence.sees(folder, int(path.stem, 16))


def _forget() -> None:
    """Close in a forked process what its parent has open; the locks stay the parent's."""
    for presence in _presences.values():
        presence.let_be()
    for window in _windows:
        window.let_be()
    _presences.clear()
    _windows.clear()


def _leave() -> None:
    for each in _presences.values():
        each.leave()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
atexit.register(_leave)
