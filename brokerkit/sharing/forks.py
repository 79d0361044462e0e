"""A fork waits until no shared file is being written: a child that lets go of it undoes what its parent writes."""

from __future__ import annotations

import os
import threading
from functools import cache
from weakref import WeakSet


class Forks:
    """Locks, each of which keeps other threads from forking while it is held."""

    def __init__(self) -> None:
        self._locks: WeakSet[threading.RLock] = WeakSet()
        self._held: list[threading.RLock] = []
        self._forking = threading.Lock()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(before=self._hold, after_in_parent=self._let_go, after_in_child=self._let_go)

    def new_lock(self) -> threading.RLock:
        """Return a lock; while it is held, no other thread forks."""
        lock = threading.RLock()
        self._locks.add(lock)
        return lock

    def _hold(self) -> None:
        self._forking.acquire()
        for lock in tuple(self._locks):
            lock.acquire()
            self._held.append(lock)

    def _let_go(self) -> None:
        while self._held:
            self._held.pop().release()
        self._forking.release()


@cache
def plain() -> Forks:
    """Return the locks of those who wait for nothing else while they hold one."""
    return Forks()


@cache
def beside_filelock() -> Forks:
    """Return the locks of those who may wait for a lock of the library filelock while they hold one."""
    # Its own hook has to be there before ours. Ours is called first then, and waits for those who wait for a lock of
    # that library; the other way round neither would end.
    import filelock  # noqa: F401

    return Forks()
