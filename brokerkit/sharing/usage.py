"""Who has called how often in the last minute: every process writes it down, once a second at most, for who asks.

Nobody waits for that: the thread that changes the windows of this process does it, too.
"""

from __future__ import annotations

import json
import os
import time
from collections import deque
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from brokerkit import files
from brokerkit.sharing.file_window import IS_SHARED, SALT_BITS, is_there, this_process
from brokerkit.sharing.hosts import host_name, program

if TYPE_CHECKING:
    from redis import Redis

    from brokerkit.sharing.store import Store

MINUTE = 60
WRITE_SECONDS = 1.0
"""How often it is written down at most."""
KEPT_SECONDS = 90
"""Redis forgets who has not called for so long."""
SUFFIX = ".usage"


class Usage(NamedTuple):
    """What one process did with a key in the last minute."""

    host: str
    process: int
    program: str
    calls: int
    """Orders among them."""
    orders: int
    slowed: int
    """How often the broker said that it called too fast."""
    last: float
    """When it called last, in seconds since 1970."""


class Meter:
    """Counts the calls of this process with one key."""

    def __init__(self, folder: Path, owner: str, store: Store | None = None) -> None:
        self._process = this_process()
        self._path = folder / f"{owner}-{self._process.holder:x}{SUFFIX}"
        self._owner = owner
        self._store = store
        self._events: deque[tuple[float, bool, bool]] = deque()
        """What was not added up yet: when it was, whether it was an order, and whether it was too fast."""
        self._seconds: dict[int, list[int]] = {}
        self._length = 0
        self._due = float("-inf")
        self._is_reminded = False
        """Whether the clerk looks again by itself as soon as it has nothing else to do."""
        self._process.debtors.append(self.settle)

    def count(self, *, is_order: bool = False, was_too_fast: bool = False) -> None:
        """Count a call that was sent, or one that the broker found too fast, which was counted before."""
        self._events.append((time.time(), is_order, was_too_fast))
        if not self._is_reminded or time.monotonic() >= self._due:
            self._is_reminded = True
            self._process.clerk.remind()

    def settle(self, at_once: bool = False) -> bool:
        """Write down what was counted if it is time for that; say whether something is left. The clerk calls it."""
        self._is_reminded = False
        if not self._events:
            return False
        self._is_reminded = True
        now = time.monotonic()
        if now < self._due and not at_once:
            return True
        self._due = now + WRITE_SECONDS
        while self._events:
            moment, is_order, was_too_fast = self._events.popleft()
            second = self._seconds.setdefault(int(moment), [0, 0, 0])
            second[0] += not was_too_fast
            second[1] += is_order
            second[2] += was_too_fast
        oldest = time.time() - MINUTE
        self._seconds = {second: counts for second, counts in self._seconds.items() if second > oldest}
        told = {
            "host": host_name(),
            "process": self._process.number,
            "program": program(),
            "seconds": [[second, *counts] for second, counts in self._seconds.items()],
        }
        content = json.dumps(told).encode()
        with suppress(OSError):  # the windows lie in the same folder, and say what is wrong with it
            self._write(content)
        if self._store is not None:
            self._store.post(lambda redis: self._tell(redis, content))
        return True

    def _write(self, content: bytes) -> None:
        """Write over what is there: who reads it meanwhile has one or the other, or nothing."""
        if self._path.parent not in self._process.fit:
            self._process.make_fit(self._path.parent)
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
        try:
            self._length = max(self._length, len(content))
            os.pwrite(descriptor, content.ljust(self._length), 0)
        finally:
            os.close(descriptor)

    def _tell(self, redis: Redis, content: bytes) -> None:
        from brokerkit.sharing.store import PREFIX

        key = f"{PREFIX}usage:{self._owner}"
        redis.hset(key, f"{self._process.holder:x}", content)
        redis.expire(key, KEPT_SECONDS)


_meters: dict[tuple[Path, str, Store | None], Meter] = {}
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_meters.clear)


def meter_for(folder: Path | None, owner: str, store: Store | None = None) -> Meter | None:
    """Return what counts the calls of this process with a key; None where it shares nothing."""
    if folder is None or not IS_SHARED:
        return None
    name = (folder, owner, store)
    return _meters.get(name) or _meters.setdefault(name, Meter(folder, owner, store))


def usage_of(folder: Path, owner: str, store: Store | None = None) -> list[Usage]:
    """Return who has called in the last minute, most calls first; with a store, on all hosts that share it.

    Files of processes that are gone are removed when nothing in them is of the last minute. StateLost and ConfigError
    where a store cannot be had.
    """
    oldest = time.time() - MINUTE
    found: dict[str, Usage] = {}
    for path in folder.glob(f"{owner}-*{SUFFIX}"):
        holder = path.stem.rpartition("-")[2]
        with suppress(OSError):
            used = _read(files.read_private(path), oldest)
            if used is not None:
                found[holder] = used
            elif not is_there(int(holder, 16) >> SALT_BITS):
                path.unlink()
    if store is not None:
        from brokerkit.sharing.store import PREFIX

        key = f"{PREFIX}usage:{owner}"
        told: dict[bytes, bytes] = store.do(lambda redis: redis.hgetall(key))  # type: ignore[arg-type, return-value]
        found |= {name.decode(): used for name, each in told.items() if (used := _read(each, oldest)) is not None}
    return sorted(found.values(), key=lambda each: (-each.calls, each.host, each.process))


def _read(content: bytes, oldest: float) -> Usage | None:
    """Return what a process told of the last minute; None if that is nothing, or cannot be read."""
    try:
        told: dict[str, Any] = json.loads(content)
        seconds: Sequence[Iterable[int]] = [each for each in told["seconds"] if each[0] > oldest]
        if not seconds:
            return None
        last, *_ = map(max, zip(*seconds, strict=True))
        _, calls, orders, slowed = map(sum, zip(*seconds, strict=True))
        return Usage(str(told["host"]), int(told["process"]), str(told["program"]), calls, orders, slowed, float(last))
    except (ValueError, TypeError, KeyError, IndexError):
        return None
