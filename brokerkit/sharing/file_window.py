"""A window that the processes of this host share: a small file that each of them reads and writes under a lock.

A thread of its own does that, so that no interrupt leaves the lock held. Times are those of the monotonic clock, which
is the host's. What a process that died has left behind is let go of by the others. Nothing in the file is worth
keeping.
"""

from __future__ import annotations

import atexit
import itertools
import os
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

from brokerkit import clock, files
from brokerkit.sharing import forks
from brokerkit.sharing.clerk import Busy, Clerk, Job
from brokerkit.sharing.owed import Owed
from brokerkit.sharing.packing import packed, unpacked
from brokerkit.sharing.windows import Limit, Unavailable, Window

try:
    import fcntl
except ImportError:
    IS_SHARED = False
    """Whether processes share anything; where files have no such locks, each of them counts for itself."""
else:
    IS_SHARED = True

T = TypeVar("T")
Step = Callable[[Window, float], T]

LARGEST = 65_536
"""Bytes that are read at once."""
DEAD_LOOK_SECONDS = 0.5
"""How often it is looked whether the others are still there."""
LOCK_SECONDS, LOCK_TRIES = 1.5, 200
"""Nobody needs the lock so long: who has it was stopped in the middle."""
WAIT_SECONDS, WAITS = 0.95, 2
"""Longest wait for a change, with those that were asked for before it, and how often it is asked for."""
AGAIN_SECONDS = 10.0
"""After this time a file that could not be used is tried again."""
END_SECONDS = 0.5
"""Longest wait at the end of the program for what is still to be written."""
OLD_SECONDS = 86_400.0
"""Files that nobody has written for so long are removed."""
PAUSE_SECONDS = 0.0002
SALT_BITS = 26
ADVICE = "Make the folder writable, or set BROKERKIT_CACHE_DIR to one that is, on a local disk."

_FLAGS = os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)


class Process:
    """What a process has once: its name among the holders, the thread that does its changes, folders that are fit."""

    def __init__(self) -> None:
        self.number = os.getpid()
        self.holder = new_holder()
        self.clerk = Clerk(self._owes, name="brokerkit-limits")
        self.debtors: list[Callable[[bool], bool]] = []
        """What the clerk calls when it has nothing else to do: see `brokerkit.sharing.usage.Meter.settle`."""
        self.fork = forks.plain().new_lock()
        """Held during a change: a child would go on holding the file's lock."""
        self.fit: set[Path] = set()
        atexit.register(self._end)

    def make_fit(self, folder: Path) -> None:
        """Make a folder that is missing, and tidy it up; an OSError says why it cannot be used."""
        files.private_folder(folder)
        if kind := files.network_file_system(folder):
            raise files.Unfit(f"it lies on a network file system ({kind})")
        self.fit.add(folder)
        oldest = clock.now().timestamp() - OLD_SECONDS
        for path in folder.iterdir():
            with suppress(OSError):  # another process may remove it at this very moment
                if path.stat().st_mtime < oldest:
                    path.unlink()

    def _owes(self, at_once: bool = False) -> bool:
        return bool(sum(each(at_once) for each in tuple(self.debtors)))

    def _end(self) -> None:
        """Wait a moment at the end of the program until the others have been told what it gives back."""
        if self.number == os.getpid():
            with suppress(Busy):
                self.clerk.do(lambda job: self._owes(at_once=True), END_SECONDS)


def new_holder() -> int:
    """Return a name for this process that no other of this host has; it tells the number of the process."""
    return os.getpid() << SALT_BITS | secrets.randbits(SALT_BITS)


_processes: dict[int, Process] = {}


def this_process() -> Process:
    """Return what this process has once; a forked one has no part of its parent's."""
    number = os.getpid()
    found = _processes.get(number)
    if found is None:
        for other in [other for other in _processes if other != number]:
            del _processes[other]
        found = _processes.setdefault(number, Process())
    return found


class FileWindow:
    """See `brokerkit.transport.limits.Counted`; no file is kept open. What cannot be done is Unavailable."""

    is_shared = True
    look_seconds = 0.002

    def __init__(self, path: Path, limit: Limit) -> None:
        self._path = path
        self._limit = limit
        self._process = this_process()
        self.holder = self._process.holder
        self._owed = Owed()
        self._looked_at = float("-inf")
        self._lost = ("", "")
        """Why it could not be had, and what to do."""
        self._again_at = 0.0

    def change(self, step: Step[T]) -> T:
        """Let a step look at the window and change it, while no other thread and no other process does."""
        if self._is_lost():
            raise Unavailable(*self._lost)
        number = self._owed.now()

        def work(job: Job[T]) -> T:
            return self._changed(step, number, job)

        for _ in range(WAITS):  # a machine that stood still has used up one of them, and nobody could do anything
            with suppress(Busy):
                return self._process.clerk.do(work, WAIT_SECONDS)
        raise Unavailable("it is being changed by others and was not free", ADVICE)

    def post(self, step: Step[object]) -> None:
        """Let a step change the window as soon as it can be had, before the next change; nobody waits for it."""
        number = self._owed.add(step)
        if not self._is_lost():
            self._process.clerk.post(partial(self._pay, number), WAIT_SECONDS)

    def _is_lost(self) -> bool:
        return time.monotonic() < self._again_at

    # In the clerk's thread

    def _pay(self, number: int, job: Job[None]) -> None:
        if self._owed.is_due(number) and not self._is_lost():
            self._changed(lambda window, now: None, number, job)

    def _changed(self, step: Step[T], number: int, job: Job[T]) -> T:
        if self._is_lost():
            raise Unavailable(*self._lost)
        try:
            with self._process.fork:
                descriptor = self._opened()
                try:
                    _lock(descriptor)
                    if not job.take():
                        raise Busy
                    return self._transacted(descriptor, step, number)
                finally:
                    fcntl.flock(descriptor, fcntl.LOCK_UN)  # a program that was just started may have a copy of it
                    os.close(descriptor)
        except OSError as error:
            self._lost = (f"{self._path}: {files.reason(error)}", getattr(error, "advice", None) or ADVICE)
            self._again_at = time.monotonic() + AGAIN_SECONDS
        raise Unavailable(*self._lost)

    def _opened(self) -> int:
        folder = self._path.parent
        if folder not in self._process.fit:
            self._process.make_fit(folder)
        try:
            descriptor = os.open(self._path, _FLAGS, 0o600)
        except FileNotFoundError:  # somebody has cleared the folder away
            self._process.make_fit(folder)
            descriptor = os.open(self._path, _FLAGS, 0o600)
        return descriptor

    def _transacted(self, descriptor: int, step: Step[T], number: int) -> T:
        now = time.monotonic()
        found = _content(descriptor)
        window = unpacked(found, self._limit, now) if found else Window(self._limit)
        if now - self._looked_at >= DEAD_LOOK_SECONDS:
            files.judge_private(self._path, os.fstat(descriptor))
            self._looked_at = now
            self._let_go_of_dead(window, now)
        owed = self._owed.take(window, now, number)
        result = step(window, now)
        content = packed(window, now)
        if os.pwrite(descriptor, content, 0) != len(content):
            raise files.Unfit("it cannot be written as a whole: the disk may be full")
        self._owed.paid(owed)
        return result

    def _let_go_of_dead(self, window: Window, now: float) -> None:
        others = {start.holder for start in window.open} | {place.holder for place in window.waiting}
        for holder in others - {self.holder}:
            if not is_there(holder >> SALT_BITS):
                window.let_go(holder, now)


def _content(descriptor: int) -> bytes:
    content = os.pread(descriptor, LARGEST, 0)
    return content if len(content) < LARGEST else os.pread(descriptor, os.fstat(descriptor).st_size, 0)


def _lock(descriptor: int) -> None:
    """Lock a file, however short; an OSError if somebody does not let go of it."""
    until = time.monotonic() + LOCK_SECONDS
    for number in itertools.count():
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if number > LOCK_TRIES and time.monotonic() > until:
                raise files.Unfit("another process holds its lock and does nothing", "End that process.") from None
            time.sleep(PAUSE_SECONDS)
        else:
            return


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


def file_window(folder: Path, owner: str, limit: Limit) -> FileWindow:
    """Return the window of an owner's limit in a folder; nothing is opened yet."""
    name = sha256(repr((owner, *limit)).encode()).hexdigest()[:24]
    return FileWindow(folder / f"{name}.window", limit)
