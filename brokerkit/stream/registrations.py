"""What is registered at the broker for whom: two topics that share a registration need it once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from brokerkit.errors import InvalidRequest
from brokerkit.market.sessions import CONTINUOUS, Phase
from brokerkit.stream.events import GapReason
from brokerkit.stream.feed import Feed, Registration
from brokerkit.stream.takers import Taker
from brokerkit.stream.topics import StreamKind, Topic
from brokerkit.words import Venue

LIVELY = frozenset({StreamKind.TRADES, StreamKind.ORDER_BOOK, StreamKind.QUOTES, StreamKind.INDEX})
"""Kinds that tell something again and again while their venue trades."""


class Missed(NamedTuple):
    """What a registration may have missed, and has not been told as a gap with an end yet."""

    since: dt.datetime
    reason: GapReason
    detail: str


class Route:
    """Where rows of a registration go: one topic, read in one way, for all who want it so."""

    def __init__(self, topic: Topic, read: Callable[[Any, Venue, dt.datetime], Any]) -> None:
        self.topic = topic
        self.venue = topic.place
        self.read = read
        self.takers: tuple[Taker, ...] = ()
        """Replaced as a whole: the connection's thread goes through it without a lock."""


class Entry:
    """A registration that is wanted, and what is known of it."""

    def __init__(self, registration: Registration) -> None:
        self.registration = registration
        self.routes: tuple[Route, ...] = ()
        self.is_known = False
        """Whether the broker has taken it once."""
        self.last_at: float | None = None
        """When something came of it."""
        self.last_time: dt.datetime | None = None
        self.longest = 0.0
        """Its longest silence so far, within one phase."""
        self.judged_at = float("-inf")
        """When its silence was last found too long."""
        self.is_doubted = False
        """Whether it was registered again since it last told something, because it was silent."""
        self.doublings = 0
        self.missed: Missed | None = None
        self.is_told = False
        """Whether what was missed has been told as a gap without an end."""
        self.broken_lines = 0
        """Lines in a row that ended while the broker was to take it."""
        self._broken_since = 0.0
        self.refused_until = float("-inf")
        self.is_refused = False
        self.is_alone = False
        """Whether it is registered in a frame of its own, as those have to be of which one was refused."""
        self.garbled_at = float("-inf")
        self.garbled: Missed | None = None
        """What could not be read and has not been told yet."""

    def breaks(self, now: float) -> int:
        """Note that another line ended while the broker was to take it; return how many in a row."""
        if not self.broken_lines:
            self._broken_since = now
        self.broken_lines += 1
        return self.broken_lines

    def broken_for(self, now: float) -> float:
        """Return the seconds since the first of these lines ended."""
        return now - self._broken_since

    @property
    def venue(self) -> Venue:
        """Return whose hours its silence is judged by: a raw topic knows none."""
        return next((route.venue for route in self.routes if route.topic.kind is not StreamKind.RAW), Venue.KRX)

    @property
    def has_orders(self) -> bool:
        """Say whether it tells own orders."""
        return any(route.topic.kind is StreamKind.ORDERS for route in self.routes)

    def may_be_judged(self, phase: Phase | None, since: float) -> bool:
        """Say whether it should tell something in a phase that began then.

        Outside the regular hours not all that is listed trades: what has told something in this phase should go on.
        Indices are told in the regular hours alone.
        """
        kinds = {route.topic.kind for route in self.routes}
        if self.last_at is None or phase not in CONTINUOUS or not kinds & LIVELY:
            return False
        return phase is Phase.REGULAR or (self.last_at >= since and StreamKind.INDEX not in kinds)

    def takers(self) -> Iterator[tuple[Taker, Topic]]:
        """Yield who takes what of it."""
        for route in self.routes:
            for taker in route.takers:
                yield taker, route.topic


class Place(NamedTuple):
    """What a topic needs, and how its rows are read."""

    topic: Topic
    registration: Registration
    read: Callable[[Any, Venue, dt.datetime], Any]


def places_of(topics: Sequence[Topic], feed: Feed[Any]) -> list[Place]:
    """Return what topics need; Unsupported, InvalidRequest or ConfigError. A feed may ask the broker for it."""
    return [Place(topic, feed.registration(topic), feed.channel(topic).read) for topic in topics]


class Wanted:
    """All that is wanted of one connection, counted: what several want is registered once."""

    def __init__(self, feed: Feed[Any]) -> None:
        self.feed = feed
        self.entries: dict[Registration, Entry] = {}
        self._places: dict[tuple[Topic, int], tuple[Entry, int]] = {}
        """Topic and taker to what they need, and how often it is wanted."""

    def add(self, found: Sequence[Place], taker: Taker) -> list[Entry]:
        """Want topics for a taker; InvalidRequest if the broker takes no more."""
        new = {registration for _, registration, _ in found} - self.entries.keys()
        if new:
            self._check_number({*self.entries, *new}, len(new))
        entries = []
        for topic, registration, read in found:
            entry = self.entries.get(registration)
            if entry is None:
                entry = self.entries[registration] = Entry(registration)
            self._route(entry, topic, read, taker)
            entries.append(entry)
        return entries

    def _check_number(self, needed: set[Registration], new: int) -> None:
        weight, most = self.feed.weight(needed), self.feed.most_registrations
        if weight > most:
            raise InvalidRequest(
                f"{self.feed.client.broker} takes {most} registrations on one connection, and {weight} would be "
                f"needed: {new} of them new.",
                advice="Nothing was sent. Close subscriptions that are not needed any more, or follow fewer symbols.",
            )

    def _route(self, entry: Entry, topic: Topic, read: Callable[[Any, Venue, dt.datetime], Any], taker: Taker) -> None:
        place = (topic, id(taker))
        if place in self._places:
            self._places[place] = (entry, self._places[place][1] + 1)
            return
        self._places[place] = (entry, 1)
        for route in entry.routes:
            if route.topic == topic and route.read == read:
                route.takers = (*route.takers, taker)
                return
        route = Route(topic, read)
        route.takers = (taker,)
        entry.routes = (*entry.routes, route)

    def remove(self, topics: Iterable[Topic], taker: Taker) -> None:
        """Want topics once less for a taker; what nobody wants any more is forgotten."""
        for topic in topics:
            entry, count = self._places.get((topic, id(taker)), (None, 0))
            if entry is not None and count > 1:
                self._places[topic, id(taker)] = (entry, count - 1)
            elif entry is not None:
                self._unroute(entry, topic, taker)

    def drop(self, taker: Taker) -> None:
        """Want nothing any more for a taker."""
        for topic, owner in [*self._places]:
            if owner == id(taker):
                self._unroute(self._places[topic, owner][0], topic, taker)

    def _unroute(self, entry: Entry, topic: Topic, taker: Taker) -> None:
        self._places.pop((topic, id(taker)), None)
        for route in entry.routes:
            if route.topic == topic:
                route.takers = tuple(each for each in route.takers if each is not taker)
        entry.routes = tuple(route for route in entry.routes if route.takers)
        if not entry.routes:
            self.entries.pop(entry.registration, None)

    def takers(self) -> list[Taker]:
        """Return everybody who takes something, once."""
        return [*{id(taker): taker for entry in self.entries.values() for taker, _ in entry.takers()}.values()]

    def clear(self) -> None:
        """Want nothing any more."""
        self.entries.clear()
        self._places.clear()
