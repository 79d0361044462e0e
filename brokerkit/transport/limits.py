"""Rate limits: never more than so many calls in any sliding window *of the broker*, slower when it says so.

A `Limiter` is what the threads of this process wait at. What counts against its limit stands in a `Window`, which all
processes of this host share where there is a folder for it.
"""

from __future__ import annotations

import itertools
import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Protocol, TypeVar

from brokerkit import files
from brokerkit.transport.sharing import IS_SHARED, SharedWindow, shared_window
from brokerkit.transport.windows import Limit, Look, StartId, Window

URGENT_SECONDS = 1.0
"""Longest wait of an urgent call, which then goes whatever was counted."""
LOOK_SECONDS = 1.0
"""How often those who wait look whether the one before them is gone."""
PARTS = 4
"""What cannot be shared is taken in so many parts."""
SHARED_LOOK_SECONDS = 0.002
"""How often they look for the answer to a call of another process, of which nobody tells them."""

T = TypeVar("T")
logger = logging.getLogger("brokerkit")


class Counted(Protocol):
    """Where a window is kept."""

    holder: int
    """This process in it."""
    is_shared: bool
    """Whether others change it, too."""

    def change(self, step: Callable[[Window], T]) -> T:
        """Let a step look at the window and change it, alone. It may be done twice."""


class InMemory:
    """The window of one process, whose limiter sees to it that threads come one by one."""

    holder = 0
    is_shared = False

    def __init__(self, limit: Limit) -> None:
        self._window = Window(limit)

    def change(self, step: Callable[[Window], T]) -> T:
        """See `Counted`."""
        return step(self._window)


class OfThisHost:
    """The window that the processes of this host share; where that cannot be had, a careful part of it."""

    is_shared = True

    def __init__(self, folder: Path, owner: str, limit: Limit) -> None:
        self._own = Window(_part(limit))
        self._shared: SharedWindow | None = None
        try:
            self._shared = shared_window(folder, owner, limit)
        except OSError as error:
            self._warn(f"{folder}: {files.reason(error)}")
        self.holder = 0 if self._shared is None else self._shared.holder

    def change(self, step: Callable[[Window], T]) -> T:
        """See `Counted`."""
        if self._shared is not None:
            try:
                return self._shared.change(step)
            except OSError as error:
                self._shared = None
                self._warn(files.reason(error))
        return step(self._own)

    def _warn(self, words: str) -> None:
        logger.warning(
            "What processes may call together cannot be shared (%s): this one takes a quarter of it. %s",
            words,
            "Make the folder writable, or set BROKERKIT_CACHE_DIR to one that is, on a local disk.",
        )


def _part(limit: Limit) -> Limit:
    """Return a quarter of a limit."""
    if limit.calls >= PARTS:
        return limit._replace(calls=limit.calls // PARTS)
    return limit._replace(calls=1, seconds=limit.seconds * PARTS / limit.calls)


class Start:
    """Leave for one call at one limiter, open until `ended`."""

    __slots__ = ("has_left", "id", "thread")

    def __init__(self, an_id: StartId) -> None:
        self.id = an_id
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

    def __init__(self, limit: Limit, counted: Counted | None = None) -> None:
        """`counted` is where the window is kept, in memory if nothing is said."""
        self.limit = limit
        self._counted = InMemory(limit) if counted is None else counted
        self._numbers = itertools.count()
        self._open: dict[Start, None] = {}
        """Those of this process."""
        self._waiting: deque[_Ticket] = deque()
        self._lock = threading.RLock()  # a signal handler may call while its own thread holds it

    @property
    def allowed(self) -> int:
        """Calls per window that are tried at present."""
        return self._counted.change(lambda window: window.allowed)

    def acquire(self, timeout: float, *, urgent: bool = False) -> Start | None:
        """Wait for a start, at most `timeout` seconds, until `ended`; None: none came free, none was used.

        An urgent call goes before all that wait, and after `timeout` in any case.
        """
        with self._lock:
            self._let_go_of_own()
            if urgent or not self._waiting:
                start = self._new_start()
                if self._take(start, urgent).is_taken:
                    return start
        found = self._waited_for(timeout, urgent)
        if found is None and urgent:
            found = self._new_start()
            self._forced(found)
        return found

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
            start.id = again.id
            self._open[start] = None
            self._open.pop(again, None)
        return True

    def ended(self, start: Start, *, sent: bool) -> None:
        """Count a start from now on: its answer came, or none will. What was not `sent` is not counted at all."""
        with self._lock:
            self._open.pop(start, None)
            self._end(start, sent=sent)
            if self._waiting and not (sent and self._waiting[0].is_timed):
                self._waiting[0].wake()

    def slow_down(self, calls: int | None = None) -> None:
        """Call less often: the broker said that its limit was passed, or that it is `calls` per window."""
        with self._lock:
            now, lower = time.monotonic(), self.allowed * 4 // 5 if calls is None else calls
            self._counted.change(lambda window: window.slow_down(now, lower))

    # What changes the window

    def _new_start(self) -> Start:
        return Start(StartId(self._counted.holder, next(self._numbers)))

    def _take(self, start: Start, urgent: bool) -> Look:
        now = time.monotonic()
        look = self._counted.change(lambda window: window.take(start.id, now, is_urgent=urgent))
        if look.is_taken:
            self._open[start] = None
        return look

    def _forced(self, start: Start) -> None:
        now = time.monotonic()
        self._counted.change(lambda window: window.force(start.id, now))
        self._open[start] = None

    def _end(self, start: Start, *, sent: bool) -> None:
        now = time.monotonic()
        self._counted.change(lambda window: window.end(start.id, now, sent=sent))

    def _let_go_of_own(self) -> None:
        """Give back what this thread holds: that call is suspended, and would hold up the one that suspended it."""
        thread = threading.get_ident()
        for start in [start for start in self._open if start.thread == thread]:
            self._open.pop(start, None)
            self._end(start, sent=start.has_left)

    # Those of this process who wait

    def _waited_for(self, timeout: float, urgent: bool) -> Start | None:
        ticket = _Ticket(time.monotonic() + timeout, urgent)
        start = self._new_start()
        try:
            with self._lock:
                self._line_up(ticket)
            while True:
                with self._lock:
                    now = time.monotonic()
                    is_first = self._first(now) is ticket
                    look = self._look(start, ticket) if is_first else Look(False)
                    if look.is_taken:
                        return start
                    if now >= ticket.deadline:
                        return None
                    ticket.is_timed = is_first and look.ready_at is not None
                    until = self._next_look(now, look.ready_at, is_first=is_first)
                ticket.sleep.acquire(timeout=max(0.0, min(until, ticket.deadline) - now))
        finally:
            with self._lock:
                with suppress(ValueError):
                    self._waiting.remove(ticket)
                if self._waiting:
                    self._waiting[0].wake()
                elif self._counted.is_shared:
                    self._counted.change(lambda window: window.step_out(self._counted.holder))

    def _look(self, start: Start, ticket: _Ticket) -> Look:
        """Take a start for a ticket that is first here; while there is none, its process waits among the others."""
        if not self._counted.is_shared:
            return self._take(start, ticket.is_urgent)
        now, goes_on = time.monotonic(), len(self._waiting) > 1
        look = self._counted.change(
            lambda window: window.wait(start.id, now, is_urgent=ticket.is_urgent, goes_on=goes_on)
        )
        if look.is_taken:
            self._open[start] = None
        return look

    def _next_look(self, now: float, ready_at: float | None, *, is_first: bool) -> float:
        if is_first and self._counted.is_shared:
            return max(now + SHARED_LOOK_SECONDS, ready_at or 0.0)
        return now + LOOK_SECONDS if ready_at is None else ready_at

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


_limiters: dict[tuple[str, Limit, Path | None], Limiter] = {}
if hasattr(os, "register_at_fork"):
    # The threads that wait in these queues do not exist in the child.
    os.register_at_fork(after_in_child=_limiters.clear)


def limiter_for(owner: str, limit: Limit, folder: Path | None = None) -> Limiter:
    """Return the limiter that all clients of `owner` (broker, host and app key) in this process share.

    Those of all processes share it that name the same folder, where the system has what that needs.
    """
    name = (owner, limit, folder)
    found = _limiters.get(name)
    if found is None:
        counted = OfThisHost(folder, owner, limit) if folder is not None and IS_SHARED else None
        found = _limiters.setdefault(name, Limiter(limit, counted))
    return found


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
