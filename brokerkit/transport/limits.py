"""Rate limits: never more than so many calls in any sliding window *of the broker*, slower when it says so.

A call reaches the broker some time between its first byte and its answer, nobody knows when. So a start that has not
been answered yet counts as now, and an answered one from the arrival of its answer: however long a call was on its way,
the ones that follow it a second later do not meet it there.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from typing import NamedTuple

MARGIN = 0.01
"""Seconds added to every window: clocks do not run alike."""
RECOVERY = 60.0
"""Seconds without a complaint of the broker after which one more call per window is tried again."""
URGENT_SECONDS = 1.0
"""Longest wait of an urgent call, which then goes whatever was counted."""
LOST_SECONDS = 60.0
"""No call takes longer: a start that is still open then was lost, to an interrupt for example."""
LOOK_SECONDS = 1.0
"""How often those who wait look whether the one before them is gone."""


class Limit(NamedTuple):
    """At most `calls` calls in any `seconds` seconds. Calls with an equal `key` share the limit."""

    key: str
    calls: int
    seconds: float = 1.0


class Start:
    """Leave for one call at one limiter, open until `ended`."""

    __slots__ = ("has_left", "since", "thread")

    def __init__(self, since: float) -> None:
        self.since = since
        self.thread = threading.get_ident()
        self.has_left = False


class _Ticket:
    """A place in the queue, whose lock is held until somebody wakes it: signal handlers may do so at any moment."""

    __slots__ = ("deadline", "is_timed", "is_urgent", "sleep", "thread")

    def __init__(self, deadline: float, is_urgent: bool) -> None:
        self.deadline = deadline
        self.is_urgent = is_urgent
        self.is_timed = False  # it sleeps until a moment that no answer can bring forward
        self.thread = threading.get_ident()
        self.sleep = threading.Lock()
        self.sleep.acquire()

    def wake(self) -> None:
        with suppress(RuntimeError):  # it is awake
            self.sleep.release()


class Limiter:
    """Gives out starts of calls, first come first served, at most `limit.calls` in any window."""

    def __init__(self, limit: Limit) -> None:
        self.limit = limit
        self._allowed = limit.calls
        self._open: dict[Start, None] = {}
        self._answered: deque[float] = deque(maxlen=limit.calls)
        """When the newest answers came, in order."""
        self._not_before = 0.0
        self._slowed_at = 0.0
        self._waiting: deque[_Ticket] = deque()
        self._lock = threading.RLock()  # a signal handler may call while its own thread holds it

    @property
    def allowed(self) -> int:
        """Calls per window that are tried at present."""
        return self._allowed

    def acquire(self, timeout: float, *, urgent: bool = False) -> Start | None:
        """Wait for a start, at most `timeout` seconds, until `ended`; None: none came free, none was used.

        An urgent call goes before all that wait, and after `timeout` in any case.
        """
        with self._lock:
            self._let_go_of_own()
            if (urgent or not self._waiting) and (start := self._taken()):
                return start
        start = self._waited_for(timeout, urgent)
        if start is None and urgent:
            start = Start(time.monotonic())
            self._open[start] = None
        return start

    def leaves(self, start: Start, timeout: float) -> bool:
        """Say as the first byte leaves whether the start still counts, after a wait for another one if it does not.

        It does not where a call inside this one, of a signal handler for example, has gone in its place.
        """
        start.has_left = True
        if start in self._open:
            return True
        again = self.acquire(timeout)
        if again is None:
            return False
        with self._lock:
            self._open[start] = None
            self._open.pop(again, None)
        return True

    def ended(self, start: Start, *, sent: bool) -> None:
        """Count a start from now on: its answer came, or none will. What was not `sent` is not counted at all."""
        with self._lock:
            self._open.pop(start, None)
            if sent:
                self._answered.append(time.monotonic())
            if self._waiting and not (sent and self._waiting[0].is_timed):
                self._waiting[0].wake()

    def slow_down(self, calls: int | None = None) -> None:
        """Call less often: the broker said that its limit was passed, or that it is `calls` per window."""
        with self._lock:
            now = time.monotonic()
            lower = calls if calls is not None else self._allowed * 4 // 5
            self._allowed = max(1, min(self._allowed, lower))
            self._slowed_at = now
            self._not_before = now + self.limit.seconds + MARGIN

    def _waited_for(self, timeout: float, urgent: bool) -> Start | None:
        ticket = _Ticket(time.monotonic() + timeout, urgent)
        try:
            with self._lock:
                self._line_up(ticket)
            while True:
                with self._lock:
                    now = time.monotonic()
                    is_first = self._first(now) is ticket
                    if is_first and (start := self._taken()):
                        return start
                    if now >= ticket.deadline:
                        return None
                    ready_at = self._ready_at(now) if is_first else None
                    ticket.is_timed = ready_at is not None
                    until = now + LOOK_SECONDS if ready_at is None else ready_at
                ticket.sleep.acquire(timeout=max(0.0, min(until, ticket.deadline) - now))
        finally:
            with self._lock:
                with suppress(ValueError):
                    self._waiting.remove(ticket)
                if self._waiting:
                    self._waiting[0].wake()

    def _line_up(self, ticket: _Ticket) -> None:
        """Put a ticket behind the others, an urgent one before them, and one whose thread waits already to the front.

        What waits further below in the same thread cannot go on before this one has.
        """
        place = len(self._waiting)
        if any(other.thread == ticket.thread for other in self._waiting):
            place = 0
        elif ticket.is_urgent:
            place = sum(other.is_urgent for other in self._waiting)
        self._waiting.insert(place, ticket)

    def _first(self, now: float) -> _Ticket | None:
        """Return whose turn it is; who should have gone long ago was interrupted and does not count."""
        while self._waiting and self._waiting[0].deadline < now - LOOK_SECONDS:
            self._waiting.popleft()
        return self._waiting[0] if self._waiting else None

    def _taken(self) -> Start | None:
        """Return a start if one is free now."""
        now = time.monotonic()
        ready_at = self._ready_at(now)
        if ready_at is None or ready_at > now:
            return None
        start = Start(now)
        self._open[start] = None
        ready_at = self._ready_at(now, own=1)
        if ready_at is None or ready_at > now:
            self._open.pop(start, None)  # a signal handler has called since the look above
            return None
        return start

    def _ready_at(self, now: float, own: int = 0) -> float | None:
        """Return when the next start is free, if `own` open ones are not counted; None while an answer has to come."""
        if self._allowed < self.limit.calls and now - self._slowed_at > RECOVERY:
            self._allowed += 1
            self._slowed_at = now
        free = self._allowed - len(self._open) + own
        if free <= 0:
            free += self._forget_lost(now)
        if free <= 0:
            return None
        if len(self._answered) < free:
            return self._not_before
        return max(self._not_before, self._answered[-free] + self.limit.seconds + MARGIN)

    def _forget_lost(self, now: float) -> int:
        lost = [start for start in self._open if start.since < now - LOST_SECONDS]
        for start in lost:
            self._open.pop(start, None)
            self._answered.append(now)
        return len(lost)

    def _let_go_of_own(self) -> None:
        """Give back what this thread holds: that call is suspended, and would hold up the one that suspended it."""
        thread = threading.get_ident()
        for start in [start for start in self._open if start.thread == thread]:
            self._open.pop(start, None)
            if start.has_left:
                self._answered.append(time.monotonic())


class Turn:
    """Leave for one call from every limit that it counts against. Whatever comes of the call, `ended` is called."""

    def __init__(self, starts: list[tuple[Limiter, Start]]) -> None:
        self._starts = starts

    def leaves(self, timeout: float) -> bool:
        """Say as the first byte leaves whether it may, see `Limiter.leaves`."""
        return all(limiter.leaves(start, timeout) for limiter, start in self._starts)

    def ended(self, *, sent: bool) -> None:
        """Count the call from now on, or not at all."""
        for limiter, start in self._starts:
            limiter.ended(start, sent=sent)


_limiters: dict[tuple[str, Limit], Limiter] = {}
if hasattr(os, "register_at_fork"):
    # The threads that wait in these queues do not exist in the child.
    os.register_at_fork(after_in_child=_limiters.clear)


def limiter_for(owner: str, limit: Limit) -> Limiter:
    """Return the limiter that all clients of `owner` (broker, host and app key) in this process share."""
    return _limiters.get((owner, limit)) or _limiters.setdefault((owner, limit), Limiter(limit))


def take_turn(limiters: Iterable[Limiter], timeout: float, *, urgent: bool = False) -> Turn | None:
    """Wait for a start at every limiter; None: none came free."""
    starts: list[tuple[Limiter, Start]] = []
    turn = Turn(starts)
    try:
        for limiter in limiters:
            start = limiter.acquire(URGENT_SECONDS if urgent else timeout, urgent=urgent)
            if start is None:
                turn.ended(sent=False)
                return None
            starts.append((limiter, start))
    except BaseException:
        turn.ended(sent=False)
        raise
    return turn
