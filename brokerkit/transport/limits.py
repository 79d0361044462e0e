"""Rate limits: never more than so many calls in any sliding window, slower when a broker says so."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

MARGIN = 0.02
"""Seconds added to every window: clocks of both sides and the way there are not exact."""
RECOVERY = 60.0
"""Seconds without a complaint of the broker after which one more call per window is tried again."""


@dataclass(frozen=True)
class Limit:
    """At most `calls` calls in any `seconds` seconds. Calls with an equal `key` share the limit."""

    key: str
    calls: int
    seconds: float = 1.0


class Limiter:
    """Gives out starts of calls, first come first served, at most `limit.calls` in any window."""

    def __init__(self, limit: Limit) -> None:
        self.limit = limit
        self._allowed = limit.calls
        self._starts: deque[float] = deque(maxlen=limit.calls)
        self._not_before = 0.0
        self._slowed_at = 0.0
        self._waiting: deque[object] = deque()
        self._changed = threading.Condition()

    @property
    def allowed(self) -> int:
        """Calls per window that are tried at present."""
        return self._allowed

    def acquire(self, timeout: float) -> float | None:
        """Wait for a start, at most `timeout` seconds, and return its moment; None: none came free, none was used."""
        deadline = time.monotonic() + timeout
        ticket = object()
        with self._changed:
            self._waiting.append(ticket)
            try:
                while True:
                    now = time.monotonic()
                    first = self._waiting[0] is ticket
                    ready_at = self._next_start(now) if first else deadline
                    if first and ready_at <= now:
                        self._starts.append(now)
                        return now
                    if now >= deadline or (first and ready_at > deadline):
                        return None
                    self._changed.wait(min(ready_at, deadline) - now)
            finally:
                self._waiting.remove(ticket)
                self._changed.notify_all()

    def leaves(self, start: float) -> None:
        """Count a start from now on: its first byte leaves only now, after a connection was made."""
        with self._changed:
            if self._starts and self._starts[-1] == start:
                self._starts.pop()
            elif start in self._starts:
                self._starts.remove(start)
            else:
                return
            self._starts.append(time.monotonic())  # the latest of all: the starts stay in order

    def slow_down(self, calls: int | None = None) -> None:
        """Call less often: the broker said that its limit was passed, or that it is `calls` per window."""
        with self._changed:
            now = time.monotonic()
            lower = calls if calls is not None else self._allowed * 4 // 5
            self._allowed = max(1, min(self._allowed, lower))
            self._slowed_at = now
            self._not_before = now + self.limit.seconds + MARGIN
            self._changed.notify_all()

    def _next_start(self, now: float) -> float:
        if self._allowed < self.limit.calls and now - self._slowed_at > RECOVERY:
            self._allowed += 1
            self._slowed_at = now
        if len(self._starts) < self._allowed:
            return self._not_before
        return max(self._not_before, self._starts[-self._allowed] + self.limit.seconds + MARGIN)


_limiters: dict[tuple[str, Limit], Limiter] = {}
if hasattr(os, "register_at_fork"):
    # The threads that wait in these queues do not exist in the child.
    os.register_at_fork(after_in_child=_limiters.clear)


def limiter_for(owner: str, limit: Limit) -> Limiter:
    """Return the limiter that all clients of `owner` (broker, host and app key) in this process share."""
    return _limiters.get((owner, limit)) or _limiters.setdefault((owner, limit), Limiter(limit))


def take_starts(limiters: Iterable[Limiter], timeout: float) -> Callable[[], None] | None:
    """Wait for a start at every limiter and return what to call as the first byte leaves; None: none came free."""
    starts: list[tuple[Limiter, float]] = []
    for limiter in limiters:
        start = limiter.acquire(timeout)
        if start is None:
            return None
        starts.append((limiter, start))

    def leaves() -> None:
        for limiter, start in starts:
            limiter.leaves(start)

    return leaves
