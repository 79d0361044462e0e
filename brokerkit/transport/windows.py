"""What counts against a limit: calls that are on their way, answers that came lately, and who waits for a start.

A call reaches the broker some time between its first byte and its answer, nobody knows when. So a start that has not
been answered yet counts as now, and an answered one from the arrival of its answer: however long a call was on its way,
the ones that follow it a second later do not meet it there.
"""

from __future__ import annotations

from typing import NamedTuple

MARGIN = 0.01
"""Seconds added to every window: clocks do not run alike."""
RECOVERY = 60.0
"""Seconds without a complaint of the broker after which one more call per window is tried again."""
LOST_SECONDS = 60.0
"""No call takes longer: a start that is still open then was lost, to an interrupt for example."""


class Limit(NamedTuple):
    """At most `calls` calls in any `seconds` seconds. Calls with an equal `key` share the limit."""

    key: str
    calls: int
    seconds: float = 1.0


class StartId(NamedTuple):
    """Which start of whom."""

    holder: int
    number: int


class Place(NamedTuple):
    """Who waits for a start, in the order of `Window.waiting`."""

    holder: int
    is_urgent: bool


class Look(NamedTuple):
    """What somebody found who wanted a start."""

    is_taken: bool
    ready_at: float | None = None
    """When to look again; None while the answer to a call has to come."""


class Window:
    """The rules of a limit and what they need to know. It has no clock and no lock; holders are numbers."""

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
        """One place for each holder that waits, the urgent ones first."""

    def take(self, start: StartId, now: float, *, is_urgent: bool = False) -> Look:
        """Open a start if one is free and nobody is before its holder."""
        if start in self.open:
            return Look(True)
        before = self._before(start.holder, is_urgent)
        ready_at = self._ready_at(now, before)
        if before or ready_at is None or ready_at > now:
            return Look(False, ready_at)
        self.open[start] = now
        ready_at = self._ready_at(now, own=1)
        if ready_at is None or ready_at > now:
            self.open.pop(start, None)  # a signal handler has called since the look above
            return Look(False, ready_at)
        return Look(True)

    def wait(self, start: StartId, now: float, *, is_urgent: bool, goes_on: bool) -> Look:
        """Take a start for a holder that waits, or keep its place; `goes_on` says whether it wants more of them."""
        look = self.take(start, now, is_urgent=is_urgent)
        if look.is_taken:
            self.step_out(start.holder)
        if goes_on or not look.is_taken:
            self.line_up(Place(start.holder, is_urgent))
        return look

    def force(self, start: StartId, now: float) -> None:
        """Open a start whatever is counted."""
        self.open[start] = now

    def end(self, start: StartId, now: float, *, sent: bool) -> None:
        """Count a start from now on: its answer came, or none will. What was not `sent` is not counted at all."""
        self.open.pop(start, None)
        if sent:
            self.answered.append(now)
            del self.answered[: -self.limit.calls]

    def slow_down(self, now: float, allowed: int) -> None:
        """Allow so many calls at most, and none for one window."""
        self.allowed = max(1, min(self.allowed, allowed))
        self.slowed_at = now
        self.not_before = now + self.limit.seconds + MARGIN

    def line_up(self, place: Place) -> None:
        """Put a holder that waits behind the others, an urgent one before those who are not."""
        if place in self.waiting:
            return
        self.step_out(place.holder)
        urgent = sum(other.is_urgent for other in self.waiting)
        self.waiting.insert(urgent if place.is_urgent else len(self.waiting), place)

    def step_out(self, holder: int) -> None:
        """Take a holder out of those who wait."""
        self.waiting = [other for other in self.waiting if other.holder != holder]

    def let_go(self, holder: int, now: float) -> None:
        """Forget a holder that is no more. Its calls count as answered now: nobody knows when they were."""
        self.step_out(holder)
        for start in [start for start in self.open if start.holder == holder]:
            self.end(start, now, sent=True)

    def _before(self, holder: int, is_urgent: bool) -> int:
        """Return how many wait before a holder; who does not wait yet comes after all that are as urgent."""
        before = 0
        for other in self.waiting:
            if is_urgent > other.is_urgent or (other.holder == holder and other.is_urgent == is_urgent):
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
