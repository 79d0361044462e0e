"""What counts against a limit: calls that are on their way, answers that came lately, and who waits for a start.

A call reaches the broker some time between its first byte and its answer, nobody knows when. So a start that has not
been answered yet counts as now, and an answered one from the arrival of its answer: however long a call was on its way,
the ones that follow it a second later do not meet it there.
"""

from __future__ import annotations

from bisect import bisect_left
from enum import IntEnum
from typing import NamedTuple

MARGIN = 0.01
"""Seconds added to every window: clocks do not run alike."""
RECOVERY = 60.0
"""Seconds without a complaint of the broker after which one more call per window is tried again."""
LOST_SECONDS = 60.0
"""No call takes longer: a start that is still open then was lost, to an interrupt for example."""
STALE_SECONDS = 1.5
"""Who waits and has not looked for so long was stopped or interrupted: its place is given up."""


class Unavailable(Exception):
    """A window cannot be had where it is kept at this moment; says why, and what to do."""

    def __init__(self, words: str, advice: str) -> None:
        super().__init__(words)
        self.words = words
        self.remedy = advice


class Limit(NamedTuple):
    """At most `calls` calls in any `seconds` seconds. Calls with an equal `key` share the limit."""

    key: str
    calls: int
    seconds: float = 1.0


class Priority(IntEnum):
    """Who goes first where there are fewer starts than calls."""

    QUERY = 0
    ORDER = 1
    """An order, its change or cancellation, and what they need before."""
    URGENT = 2
    """A cancellation of all that is left."""


class StartId(NamedTuple):
    """Which start of whom."""

    holder: int
    number: int


class Place(NamedTuple):
    """Who waits for a start, in the order of `Window.waiting`."""

    holder: int
    priority: int
    seen: float
    """When it last looked."""


class Look(NamedTuple):
    """What somebody found who wanted a start."""

    is_taken: bool
    wait: float | None = None
    """Seconds from now until a start is free, as far as is known; None while the answer to a call has to come."""


class Window:
    """The rules of a limit and what they need to know. It has no clock and no lock; holders are numbers.

    `now` is always that of one and the same clock, which is the window's own.
    """

    __slots__ = ("allowed", "answered", "limit", "not_before", "open", "slowed_at", "waiting")

    def __init__(self, limit: Limit) -> None:
        self.limit = limit
        self.allowed = limit.calls
        """Calls per window that are tried at present."""
        self.slowed_at = 0.0
        self.not_before = 0.0
        self.open: dict[StartId, float] = {}
        """Starts without an answer, and since when each is there."""
        self.answered: list[float] = []
        """When the newest answers came, in order."""
        self.waiting: list[Place] = []
        """One place for each holder that waits, those of a higher priority first."""

    def take(self, start: StartId, now: float, *, priority: Priority = Priority.QUERY) -> Look:
        """Open a start if one is free that nobody before its holder waits for."""
        if start in self.open:
            return Look(True)
        ready_at = self._ready_at(now, self._before(start.holder, priority, now))
        if ready_at is None or ready_at > now:
            return _later(ready_at, now)
        self.open[start] = now
        ready_at = self._ready_at(now, own=1)
        if ready_at is None or ready_at > now:
            self.open.pop(start, None)  # a signal handler has called since the look above
            return _later(ready_at, now)
        return Look(True)

    def wait(self, start: StartId, now: float, *, priority: Priority, behind: Priority | None) -> Look:
        """Take a start for a holder that waits, or keep its place; `behind` is what it wants another one for."""
        look = self.take(start, now, priority=priority)
        if look.is_taken:
            self.step_out(start.holder)
            priority = priority if behind is None else behind
        if behind is not None or not look.is_taken:
            self.line_up(start.holder, priority, now)
        return look

    def force(self, start: StartId, now: float) -> None:
        """Open a start whatever is counted."""
        self.open[start] = now

    def end(self, start: StartId, now: float, *, sent: bool) -> None:
        """Count a start from now on: its answer came, or none will. What was not `sent` is not counted at all."""
        self.open.pop(start, None)
        if sent:
            self.answered.append(now)
            old = bisect_left(self.answered, now - self.limit.seconds - MARGIN)
            del self.answered[: max(old, len(self.answered) - self.limit.calls)]

    def count(self, now: float) -> int:
        """Return how many calls count now: those on their way, and those whose answers are not old enough."""
        return len(self.open) + len(self.answered) - bisect_left(self.answered, now - self.limit.seconds - MARGIN)

    def slow_down(self, now: float, told: int | None = None) -> None:
        """Allow fewer calls, or at most as many as the broker has `told`, and none for one window."""
        self.allowed = max(1, min(self.allowed, self.allowed * 4 // 5 if told is None else told))
        self.slowed_at = now
        self.not_before = now + self.limit.seconds + MARGIN

    def line_up(self, holder: int, priority: Priority, now: float) -> None:
        """Put a holder that waits behind the others of its priority; who has such a place keeps it."""
        place = Place(holder, priority, now)
        for index, other in enumerate(self.waiting):
            if (other.holder, other.priority) == (holder, priority):
                self.waiting[index] = place
                return
        self.step_out(holder)
        self.waiting.insert(sum(other.priority >= priority for other in self.waiting), place)

    def step_out(self, holder: int) -> None:
        """Take a holder out of those who wait."""
        self.waiting = [other for other in self.waiting if other.holder != holder]

    def let_go(self, holder: int, now: float) -> None:
        """Forget a holder that is no more. Its calls count as answered now: nobody knows when they were."""
        self.step_out(holder)
        for start in [start for start in self.open if start.holder == holder]:
            self.end(start, now, sent=True)

    def _before(self, holder: int, priority: Priority, now: float) -> int:
        """Return how many wait before a holder; who does not wait yet comes after all of its priority."""
        oldest = now - STALE_SECONDS
        if any(other.seen < oldest for other in self.waiting):
            self.waiting = [other for other in self.waiting if other.seen >= oldest or other.holder == holder]
        before = 0
        for other in self.waiting:
            if priority > other.priority or (other.holder == holder and other.priority == priority):
                break
            before += other.holder != holder
        return before

    def _ready_at(self, now: float, before: int = 0, own: int = 0) -> float | None:
        """Return when a start is free after `before` others, if `own` open ones are not counted."""
        if self.allowed < self.limit.calls and now - self.slowed_at > RECOVERY:
            self.allowed += 1
            self.slowed_at = now
        free = self.allowed - len(self.open) + own - before
        if free <= 0:
            free += self._forget_lost(now)
        if free <= 0:
            return None
        if len(self.answered) < free:
            return self.not_before
        return max(self.not_before, self.answered[-free] + self.limit.seconds + MARGIN)

    def _forget_lost(self, now: float) -> int:
        lost = [start for start, since in self.open.items() if since < now - LOST_SECONDS]
        for start in lost:
            self.end(start, now, sent=True)
        return len(lost)


def _later(ready_at: float | None, now: float) -> Look:
    return Look(False, None if ready_at is None else max(0.0, ready_at - now))
