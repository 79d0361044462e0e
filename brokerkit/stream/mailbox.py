"""Where events wait until somebody takes them: in their order, bounded by kind, and nothing dropped in silence."""

from __future__ import annotations

import copy
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from brokerkit import clock, watching
from brokerkit.errors import BrokerError
from brokerkit.stream.events import Dropped
from brokerkit.stream.topics import StreamKind, Topic

NEWEST = frozenset({StreamKind.ORDER_BOOK, StreamKind.QUOTES, StreamKind.INDEX})
"""Kinds of which the newest event tells all: what is older makes room for it."""
MOST = {StreamKind.TRADES: 10_000, StreamKind.RAW: 10_000}
"""How many events of a topic wait at most. Of kinds that stand in neither table nothing is ever dropped."""
END = object()
"""What comes when nothing will, because it was closed."""
_ROOM = 1_000
"""References that may have outlived their events before the order is looked through."""


class Slot:
    """The events of one topic in a mailbox; without a topic those of the stream itself, such as gaps."""

    __slots__ = ("box", "dropped", "events", "is_newest", "marks", "most", "skipped", "topic")

    def __init__(self, box: Mailbox, topic: Topic | None = None) -> None:
        self.box = box
        self.topic = topic
        self.is_newest = topic is not None and topic.kind in NEWEST
        self.most = None if topic is None else MOST.get(topic.kind)
        self.events: deque[Any] = deque()
        self.dropped = 0
        """Events dropped since that was last told."""
        self.marks = 0
        """References in the order of the mailbox that stand for those: at the first of them it is told."""
        self.skipped = 0
        """References that stand for nothing any more; they come before the others of this slot."""


class Mailbox:
    """Events of several topics, in the order in which they came. The lock is shared by all mailboxes of a stream.

    The order is a queue of slots, one reference for each event, so that the oldest event of a topic can be dropped, and
    the newest book take the place of the one before it, without a look at the others.
    """

    def __init__(self, lock: threading.Lock) -> None:
        self._lock = lock
        self._order: deque[Slot] = deque()
        self._stale = 0
        self._sleepers: deque[threading.Lock] = deque()
        """Of threads that wait, each its own lock, which is released to wake it."""
        self._watchers: list[Callable[[], None]] = []
        self._is_closed = False
        self._error: BrokerError | None = None

    # For who holds the lock

    def put(self, slot: Slot, events: Sequence[Any]) -> None:
        """Let events of a slot wait."""
        waiting = slot.events
        if slot.is_newest:
            if waiting:
                waiting[0] = events[-1]
                return
            waiting.append(events[-1])
            self._order.append(slot)
        elif len(events) == 1:
            waiting.append(events[0])
            self._order.append(slot)
        else:
            waiting.extend(events)
            self._order.extend([slot] * len(events))
        if slot.most is not None and len(waiting) > slot.most:
            self._drop(slot, len(waiting) - slot.most)
        if self._sleepers or self._watchers:
            self._wake(len(events))

    def clear(self, slots: Iterable[Slot]) -> None:
        """Forget what waits of these slots."""
        for slot in slots:
            slot.skipped += len(slot.events) + slot.marks
            self._stale += len(slot.events) + min(slot.marks, 1)  # the other marks are counted
            slot.dropped = slot.marks = 0
            slot.events.clear()
        self._tidy()

    def drained(self) -> list[tuple[Slot, Any]]:
        """Take out all that waits, with whose it is."""
        found = []
        while self._order:
            slot = self._order.popleft()
            if (event := self._special(slot)) is not None:
                found.append((slot, event))
        return found

    def close(self) -> None:
        """Let everybody who waits go away with empty hands, and all who come."""
        self._is_closed = True
        self._order.clear()
        self._wake(len(self._sleepers))

    def fail(self, error: BrokerError) -> None:
        """Raise an error to all who come, once what waits is taken."""
        self._error = self._error or error
        self._wake(len(self._sleepers))

    # For who takes

    def take(self, timeout: float | None = None) -> Any:
        """Return the next event: None if none comes in time, END once it is closed. Raises what cannot heal."""
        with self._lock:
            event = self._next()
            return self._awaited(timeout) if event is None else event

    def _awaited(self, timeout: float | None) -> Any:
        """Return the next event as soon as it comes. The lock is held, but for the time of waiting."""
        until = None if timeout is None else time.monotonic() + timeout
        while True:
            left = -1 if until is None else until - time.monotonic()
            if until is not None and left <= 0:
                return None
            bell = threading.Lock()
            bell.acquire()
            self._sleepers.append(bell)
            self._lock.release()
            try:
                bell.acquire(timeout=min(left, threading.TIMEOUT_MAX))
            except BaseException:
                self._lock.acquire()
                if bell not in self._sleepers:
                    self._wake(1)  # it was meant for somebody who takes
                raise
            else:
                self._lock.acquire()
            finally:
                if bell in self._sleepers:
                    self._sleepers.remove(bell)
            if (event := self._next()) is not None:
                return event

    def poll(self) -> Any:
        """Return the next event, None if none waits, END once it is closed. Raises what cannot heal."""
        with self._lock:
            return self._next()

    def watch(self, watcher: Callable[[], None]) -> bool:
        """Call a function once, as soon as `poll` has something to say; False if it has already.

        It is called with the lock held, in any thread.
        """
        with self._lock:
            if self._is_closed or self._order or self._error:
                return False
            self._watchers.append(watcher)
            return True

    def unwatch(self, watcher: Callable[[], None]) -> None:
        """Do not call it after all."""
        with self._lock:
            if watcher in self._watchers:
                self._watchers.remove(watcher)

    # Inside

    def _next(self) -> Any:
        order = self._order
        while order:
            slot = order.popleft()
            if not slot.skipped and not slot.dropped:
                return slot.events.popleft()
            if (event := self._special(slot)) is not None:
                return event
        if self._is_closed:
            return END
        if self._error is not None:
            raise copy.copy(self._error)  # each thread gets one of its own, with its own traceback
        return None

    def _special(self, slot: Slot) -> Any:
        """Return what a reference stands for; None if it has outlived its event."""
        if slot.skipped:
            slot.skipped -= 1
            self._stale -= 1
            return None
        if slot.dropped and slot.topic is not None:
            told = Dropped(slot.topic, slot.dropped, clock.now())
            slot.skipped += slot.marks - 1
            slot.dropped = slot.marks = 0
            return told
        return slot.events.popleft()

    def _drop(self, slot: Slot, number: int) -> None:
        for _ in range(number):
            gone = slot.events.popleft()
            slot.dropped += gone.number if type(gone) is Dropped else 1
        if watching.observers and slot.topic is not None:
            watching.tell(watching.Discarded(slot.topic.kind.value, number))
        # The first mark stays: there it is told.
        self._stale += number - (slot.marks == 0)
        slot.marks += number
        self._tidy()

    def _tidy(self) -> None:
        """Take references out that have outlived their events, once they are the most."""
        if self._stale <= _ROOM or self._stale * 2 < len(self._order):
            return
        kept: deque[Slot] = deque()
        seen: dict[Slot, int] = {}
        for slot in self._order:
            place = seen[slot] = seen.get(slot, -1) + 1
            if place == slot.skipped or place >= slot.skipped + slot.marks:
                kept.append(slot)
        for slot in seen:
            slot.skipped, slot.marks = 0, min(slot.marks, 1)
        self._order, self._stale = kept, 0

    def _wake(self, number: int) -> None:
        for _ in range(min(number, len(self._sleepers))):
            self._sleepers.popleft().release()
        if self._watchers:
            watchers, self._watchers = self._watchers, []
            for watcher in watchers:
                watcher()
