"""What a stream receives, handed out: to the mailbox that all share, and to those of who keeps events for himself."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from brokerkit.errors import BrokerError
from brokerkit.stream.events import Gap
from brokerkit.stream.mailbox import Mailbox, Slot
from brokerkit.stream.topics import StreamKind, Topic


class Follower:
    """Topics that somebody follows."""

    def __init__(self, topics: Sequence[Topic]) -> None:
        self.topics = tuple(topics)
        self.slots: dict[Topic | None, Slot] = {}
        """Where its events wait, once it keeps them for itself; None has what is of no single topic."""


class Inbox:
    """Takes what a connection receives, and lets it wait for who follows it. One lock is for all of its mailboxes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.mailbox = Mailbox(self._lock)
        """Where events wait that nobody keeps for himself."""
        self.notes: tuple[Callable[[Sequence[Any]], None], ...] = ()
        """Who writes down what is made of more than frames."""
        self.abandoned: Callable[[], None] | None = None
        """Looks whether anybody can still take what comes, and ends the stream if not."""
        self.is_closed = False
        self._error: BrokerError | None = None
        self._general = Slot(self.mailbox)
        self._shared: dict[Topic, Slot] = {}
        self._followers: list[Follower] = []
        self._routes: dict[Topic, tuple[Slot, ...]] = {}

    # Who follows what

    def topics(self) -> set[Topic]:
        """Return what is followed."""
        with self._lock:
            return {topic for each in self._followers for topic in each.topics}

    def add(self, follower: Follower) -> None:
        """Let events of its topics wait from now on."""
        with self._lock:
            self._followers.append(follower)
            self._route()

    def remove(self, follower: Follower) -> None:
        """Forget what waits for it alone, and let nothing more wait."""
        with self._lock:
            if follower in self._followers:
                self._followers.remove(follower)
            self.mailbox.clear(self._route())
            if follower.slots:
                follower.slots[None].box.close()

    def part(self, follower: Follower) -> Mailbox:
        """Return a mailbox for a follower alone; what waits for it moves there."""
        with self._lock:
            if not follower.slots:
                box = Mailbox(self._lock)
                follower.slots = {topic: Slot(box, topic) for topic in (None, *follower.topics)}
                if self.is_closed or follower not in self._followers:
                    box.close()
                    return box
                waiting = self.mailbox.drained()
                self._route()
                for slot, event in waiting:
                    self._move(slot.topic, event, follower)
                if self._error is not None:
                    box.fail(self._error)
            return follower.slots[None].box

    def _move(self, topic: Topic | None, event: Any, follower: Follower) -> None:
        """Let an event that waited wait on: for a follower that parts, for the others, or for both."""
        if isinstance(event, Gap):
            self._put_gap(event, follower.slots[None], follower.topics)
            self._put_gap(event, self._general, self._shared)
            return
        for slot in (follower.slots.get(topic), self._general if topic is None else self._shared.get(topic)):
            if slot is not None:
                slot.box.put(slot, [event])

    def _route(self) -> list[Slot]:
        """Say anew which topics go where; return the slots that nobody needs any more. The lock is held."""
        sharing = {topic for each in self._followers if not each.slots for topic in each.topics}
        gone = [self._shared.pop(topic) for topic in [*self._shared] if topic not in sharing]
        for topic in sharing - self._shared.keys():
            self._shared[topic] = Slot(self.mailbox, topic)
        routes: dict[Topic, tuple[Slot, ...]] = {topic: (slot,) for topic, slot in self._shared.items()}
        for each in self._followers:
            for topic in each.topics if each.slots else ():
                routes[topic] = (*routes.get(topic, ()), each.slots[topic])
        self._routes = routes
        return gone

    # What the connection calls, in its thread

    def take(self, topic: Topic, events: Sequence[Any]) -> None:
        """Let events of a topic wait for who follows it."""
        if self.notes and topic.kind is StreamKind.ORDERS:
            self._note(events)
        if self.abandoned is not None:
            self.abandoned()
        with self._lock:
            for slot in self._routes.get(topic, ()):
                slot.box.put(slot, events)

    def missed(self, gap: Gap) -> None:
        """Let a gap be told in its place: once in each mailbox, of all topics there."""
        self._note([gap])
        if self.abandoned is not None:
            self.abandoned()
        with self._lock:
            self._put_gap(gap, self._general, self._shared)
            for each in self._followers:
                if each.slots:
                    self._put_gap(gap, each.slots[None], each.topics)

    def failed(self, error: BrokerError) -> None:
        """Raise an error to all who wait for events, once they have taken what came before."""
        with self._lock:
            self._error = self._error or error
            for box in self._mailboxes():
                box.fail(error)

    def _put_gap(self, gap: Gap, slot: Slot, followed: Iterable[Topic]) -> None:
        known = frozenset(followed)
        if topics := tuple(topic for topic in gap.topics if topic in known):
            slot.box.put(slot, [gap._replace(topics=topics)])

    def _note(self, events: Sequence[Any]) -> None:
        for note in self.notes:
            note(events)

    # Its end

    def close(self) -> bool:
        """Let everybody who waits go away with empty hands; False if that was done before."""
        with self._lock:
            if self.is_closed:
                return False
            self.is_closed = True
            self._routes = {}
            for box in self._mailboxes():
                box.close()
            return True

    def check(self) -> None:
        """Raise what cannot heal."""
        if self._error is not None:
            raise copy.copy(self._error)

    def _mailboxes(self) -> set[Mailbox]:
        return {self.mailbox, *(each.slots[None].box for each in self._followers if each.slots)}
