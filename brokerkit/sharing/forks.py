"""A fork waits until no shared file is being written: a child that lets go of it undoes what its parent writes."""

from __future__ import annotations

import os
import threading
from functools import cache
from weakref import WeakSet

_locks: WeakSet[threading.RLock] = WeakSet()
_held: list[threading.RLock] = []
_forking = threading.Lock()


def new_lock() -> threading.RLock:
    """Return a lock; while it is held, no other thread forks."""
    _watch()
    lock = threading.RLock()
    _locks.add(lock)
    return lock


@cache
def _watch() -> None:
    if hasattr(os, "register_at_fork"):
        # Its own hook has to be there before ours. Ours is called first then, and waits for those who wait for a lock
        # of that library; the other way round neither would end.
        import filelock  # noqa: F401

        os.register_at_fork(before=_hold, after_in_parent=_let_go, after_in_child=_let_go)


def _hold() -> None:
    _forking.acquire()
    for lock in tuple(_locks):
        lock.acquire()
        _held.append(lock)


def _let_go() -> None:
    while _held:
        _held.pop().release()
    _forking.release()
