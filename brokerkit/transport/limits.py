"""Rate limits: never more than so many calls in any sliding window *of the broker*, slower when it says so.

A `Limiter` is what the threads of this process wait at. What counts against its limit stands in a `Window`, which it
shares with whoever else keeps it in the same place.
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

from brokerkit.errors import ConfigError
from brokerkit.logs import about
from brokerkit.sharing.file_window import IS_SHARED, file_window
from brokerkit.sharing.redis_window import RedisWindow
from brokerkit.sharing.store import Store
from brokerkit.sharing.windows import Limit, Look, Priority, StartId, Unavailable, Window

URGENT_SECONDS = 1.0
"""Longest wait of an urgent call, which then goes whatever was counted."""
LOOK_SECONDS = 1.0
"""How often those who wait look whether the one before them is gone."""
SEEN_SECONDS = 0.5
"""Longest time in which a holder that waits for what others share does not look, and so say that it is there."""

LOOKS = 10
"""How often in a window they look for the answer to a call of another process."""
PARTS = 4
"""What cannot be shared is taken in so many parts."""

T = TypeVar("T")
logger = logging.getLogger("brokerkit")


class Counted(Protocol):
    """Where a window is kept. A step gets the window and the time of the window's own clock."""

    holder: int
    """This process in it."""
    is_shared: bool
    """Whether others change it, too."""
    look_seconds: float
    """How often at most those who wait look for the answer to a call of another process, of which nobody tells."""

    def change(self, step: Callable[[Window, float], T]) -> T:
        """Let a step look at the window and change it, alone. It may be done twice, or fail after it was done."""

    def post(self, step: Callable[[Window, float], object]) -> None:
        """Let a step change the window, after all that was asked for before, as soon as it can be had.

        Nobody waits for it.
        """


class InMemory:
    """The window of one process, whose limiter sees to it that threads come one by one."""

    holder = 0
    is_shared = False
    look_seconds = LOOK_SECONDS

    def __init__(self, limit: Limit) -> None:
        self._window = Window(limit)

    def change(self, step: Callable[[Window, float], T]) -> T:
        """See `Counted`."""
        return step(self._window, time.monotonic())

    def post(self, step: Callable[[Window, float], object]) -> None:
        """See `Counted`."""
        step(self._window, time.monotonic())


class Careful:
    """A window that others share; as long as it is Unavailable, one of a part of its limit."""

    is_shared = True

    def __init__(self, shared: Counted, part: Counted, place: str) -> None:
        """`place` is where others share it, in words: what happens there is told once."""
        self._shared = shared
        self._own = part
        self._place = place
        self._is_lost = False
        self.holder = shared.holder
        self.look_seconds = shared.look_seconds

    def change(self, step: Callable[[Window, float], T]) -> T:
        """See `Counted`."""
        try:
            result = self._shared.change(step)
        except Unavailable as error:
            self._lose(error.words, error.remedy)
        except ConfigError as error:  # it was fit before, so what runs goes on: cancellations above all
            if self._place not in _fit_places:
                raise
            self._lose(error.words, error.remedy or "")
        else:
            self._find()
            return result
        return self._own.change(step)

    def post(self, step: Callable[[Window, float], object]) -> None:
        """See `Counted`. What is called meanwhile counts among the others as soon as they can be told."""
        if self._is_lost:
            self._own.post(step)
        self._shared.post(step)

    def _lose(self, words: str, advice: str) -> None:
        if not self._is_lost and self._place not in _lost_places:
            _lost_places.add(self._place)
            logger.warning(
                "What processes may call together cannot be shared (%s): a quarter of it is taken meanwhile. %s",
                words,
                advice,
                extra=about("limits_not_shared", path=self._place),
            )
        self._is_lost = True

    def _find(self) -> None:
        _fit_places.add(self._place)
        if self._is_lost and self._place in _lost_places:
            _lost_places.discard(self._place)
            logger.info(
                "What processes may call together is shared again (%s).",
                self._place,
                extra=about("limits_shared", path=self._place),
            )
        self._is_lost = False


_lost_places: set[str] = set()
_fit_places: set[str] = set()
"""Where something was shared in this process."""
_numbers = itertools.count()
"""Of the starts of this process: two limiters may keep one window, each beside another Redis."""


def part_of(limit: Limit) -> Limit:
    """Return a quarter of a limit."""
    if limit.calls >= PARTS:
        return limit._replace(calls=limit.calls // PARTS)
    return limit._replace(calls=1, seconds=limit.seconds * PARTS / limit.calls)


class Start:
    """Leave for one call at one limiter, open until `ended`."""

    __slots__ = ("has_left", "id", "priority", "thread")

    def __init__(self, an_id: StartId, priority: Priority) -> None:
        self.id = an_id
        self.priority = priority
        self.thread = threading.get_ident()
        self.has_left = False


class _Ticket:
    """A place in the queue, whose lock is held until somebody wakes it: signal handlers may do so at any moment."""

    __slots__ = ("deadline", "is_timed", "priority", "sleep", "thread")

    def __init__(self, deadline: float, priority: Priority) -> None:
        self.deadline = deadline
        self.priority = priority
        self.is_timed = False  # it sleeps until a moment that no answer can bring forward
        self.thread = threading.get_ident()
        self.sleep = threading.Lock()
        self.sleep.acquire()

    def wake(self) -> None:
        with suppress(RuntimeError):  # it is awake
            self.sleep.release()


class Limiter:
    """Gives out starts of calls, at most `limit.calls` in any window: by priority, and then first come first served."""

    def __init__(self, limit: Limit, counted: Counted | None = None) -> None:
        """`counted` is where the window is kept, in memory if nothing is said."""
        self.limit = limit
        self._counted: Counted = InMemory(limit) if counted is None else counted
        self._open: dict[Start, None] = {}
        """Those of this process."""
        self._waiting: deque[_Ticket] = deque()
        self._lock = threading.RLock()  # a signal handler may call while its own thread holds it

    @property
    def allowed(self) -> int:
        """Calls per window that are tried at present."""
        with self._lock:
            return self._counted.change(lambda window, now: window.allowed)

    @property
    def usage(self) -> tuple[int, int]:
        """Calls per window that are tried at present, and those that count now, of all who share the limit."""
        with self._lock:
            return self._counted.change(lambda window, now: (window.allowed, window.count(now)))

    def acquire(self, timeout: float, *, priority: Priority = Priority.QUERY) -> Start | None:
        """Wait for a start, at most `timeout` seconds, until `ended`; None: none came free, none was used.

        An urgent call goes before all that wait, and after `timeout` in any case.
        """
        with self._lock:
            self._let_go_of_own()
            if not any(other.priority >= priority for other in self._waiting):
                start = self._new_start(priority)
                if self._take(start, lambda window, now: window.take(start.id, now, priority=priority)).is_taken:
                    return start
        found = self._waited_for(timeout, priority)
        if found is None and priority is Priority.URGENT:
            found = self._forced()
        return found

    def leaves(self, start: Start, timeout: float) -> bool:
        """Say as the first byte leaves whether the start still counts, after a wait for another one if it does not.

        It does not where a call inside this one, of a signal handler for example, has gone in its place.
        """
        start.has_left = True
        if start in self._open:
            return True
        again = self.acquire(timeout, priority=min(start.priority, Priority.ORDER))
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
            self._end(start, sent=sent)
            self._open.pop(
                start, None
            )  # after it: what an interrupt leaves here is given back by this thread's next call
            if self._waiting and not (sent and self._waiting[0].is_timed):
                self._waiting[0].wake()

    def slow_down(self, calls: int | None = None) -> None:
        """Call less often: the broker said that its limit was passed, or that it is `calls` per window."""
        with self._lock:
            self._counted.change(lambda window, now: window.slow_down(now, calls))

    # What changes the window

    def _new_start(self, priority: Priority) -> Start:
        return Start(StartId(self._counted.holder, next(_numbers)), priority)

    def _take(self, start: Start, step: Callable[[Window, float], Look]) -> Look:
        """Let a step take a start. It is given back if that is interrupted: it may have been taken already."""
        self._open[start] = None
        look = Look(False)
        try:
            look = self._counted.change(step)
        except BaseException:
            self._end(start, sent=False)
            raise
        finally:
            if not look.is_taken:
                self._open.pop(start, None)
        return look

    def _forced(self) -> Start:
        start = self._new_start(Priority.URGENT)
        with self._lock:
            self._open[start] = None
            self._counted.post(lambda window, now: window.force(start.id, now))
        return start

    def _end(self, start: Start, *, sent: bool) -> None:
        number = start.id
        self._counted.post(lambda window, now: window.end(number, now, sent=sent))

    def _let_go_of_own(self) -> None:
        """Give back what this thread holds: that call is suspended, and would hold up the one that suspended it."""
        thread = threading.get_ident()
        for start in [start for start in self._open if start.thread == thread]:
            self._end(start, sent=start.has_left)
            self._open.pop(start, None)

    # Those of this process who wait

    def _waited_for(self, timeout: float, priority: Priority) -> Start | None:
        ticket = _Ticket(time.monotonic() + timeout, priority)
        start = self._new_start(priority)
        is_taken = False
        try:
            with self._lock:
                self._line_up(ticket)
            while True:
                with self._lock:
                    now = time.monotonic()
                    is_first = self._first(now) is ticket
                    look = self._look(start) if is_first else Look(False)
                    is_taken = look.is_taken
                    if is_taken:
                        return start
                    if now >= ticket.deadline:
                        return None
                    ticket.is_timed = is_first and look.wait is not None
                    pause = self._pause(look) if is_first else LOOK_SECONDS
                ticket.sleep.acquire(timeout=max(0.0, min(pause, ticket.deadline - now)))
        finally:
            with self._lock:
                with suppress(ValueError):
                    self._waiting.remove(ticket)
                if self._waiting:
                    self._waiting[0].wake()
                elif self._counted.is_shared and not is_taken:
                    self._counted.post(lambda window, now: window.step_out(self._counted.holder))

    def _look(self, start: Start) -> Look:
        """Take a start for who is first here; while there is none, its process waits among the others."""
        if not self._counted.is_shared:
            return self._take(start, lambda window, now: window.take(start.id, now))
        priority = max(ticket.priority for ticket in self._waiting)
        others = [ticket.priority for ticket in itertools.islice(self._waiting, 1, None)]
        behind = max(others) if others else None
        return self._take(start, lambda window, now: window.wait(start.id, now, priority=priority, behind=behind))

    def _pause(self, look: Look) -> float:
        """Return the seconds until who is first looks again, if nobody wakes it."""
        if not self._counted.is_shared:
            return LOOK_SECONDS if look.wait is None else look.wait
        if look.wait is not None:
            return min(look.wait, SEEN_SECONDS)
        # What is answered elsewhere is free a whole window later: who finds that a part of it later loses nothing.
        return min(SEEN_SECONDS, max(self._counted.look_seconds, self.limit.seconds / LOOKS))

    def _line_up(self, ticket: _Ticket) -> None:
        """Put a ticket behind the others of its priority, and one whose thread waits already to the front.

        What waits further below in the same thread cannot go on before this one has.
        """
        place = sum(other.priority >= ticket.priority for other in self._waiting)
        if any(other.thread == ticket.thread for other in self._waiting):
            place = 0
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


_limiters: dict[tuple[str, Limit, Path | None, Store | None], Limiter] = {}
if hasattr(os, "register_at_fork"):
    # The threads that wait in these queues do not exist in the child.
    os.register_at_fork(after_in_child=_limiters.clear)


def limiter_for(owner: str, limit: Limit, folder: Path | None = None, store: Store | None = None) -> Limiter:
    """Return the limiter that all clients of `owner` (broker, host and app key) in this process share.

    Those of all processes share it that name the same folder, where the system has what that needs, and those of all
    hosts that name the same store.
    """
    name = (owner, limit, folder, store)
    found = _limiters.get(name)
    if found is None:
        found = _limiters.setdefault(name, Limiter(limit, _counted(owner, limit, folder, store)))
    return found


def _counted(owner: str, limit: Limit, folder: Path | None, store: Store | None) -> Counted:
    """Return where a window is kept. What is lost is replaced by a quarter, among those that can still share it."""
    if store is not None:
        own = _counted(owner, part_of(limit), folder, None)
        return Careful(RedisWindow(store, owner, limit), own, str(store.address))
    if folder is not None and IS_SHARED:
        return Careful(file_window(folder, owner, limit), InMemory(part_of(limit)), str(folder))
    return InMemory(limit)


def take_turn(limiters: Iterable[Limiter], timeout: float, *, priority: Priority = Priority.QUERY) -> Turn | None:
    """Wait for a start at every limiter; None: none came free."""
    starts: list[tuple[Limiter, Start]] = []
    turn = Turn(starts)
    try:
        for limiter in limiters:
            start = limiter.acquire(URGENT_SECONDS if priority is Priority.URGENT else timeout, priority=priority)
            if start is None:
                turn.ended(sent=False)
                return None
            starts.append((limiter, start))
    except BaseException:
        turn.ended(sent=False)
        raise
    return turn
