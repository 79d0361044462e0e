"""What registrations may have missed, and when it is told to whom."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence

from brokerkit import watching
from brokerkit.stream.events import Gap, GapReason
from brokerkit.stream.pace import Moment, Times
from brokerkit.stream.registrations import Entry, Missed
from brokerkit.stream.takers import Taker
from brokerkit.stream.topics import Topic
from brokerkit.text import sanitize


class Gaps:
    """Notes what is missed, and hands each taker one gap for all of his topics that missed the same."""

    def __init__(self, times: Times, announce: Callable[[Taker, Gap], None]) -> None:
        self._times = times
        self._announce = announce

    def miss(self, entries: Iterable[Entry], since: dt.datetime, reason: GapReason, detail: str) -> None:
        """Note that registrations that were taken may miss something from now on."""
        for entry in entries:
            if entry.is_known and entry.missed is None:
                entry.missed, entry.is_told = Missed(since, reason, sanitize(detail)), False

    def end(self, entries: Iterable[Entry], moment: Moment) -> None:
        """Tell what was missed up to now."""
        found = [(entry, entry.missed) for entry in dict.fromkeys(entries) if entry.missed is not None]
        self._tell(found, moment, is_over=True)
        for entry, _ in found:
            entry.missed = None

    def begin(self, entries: Iterable[Entry], moment: Moment) -> None:
        """Tell what is being missed, once: when it ends is told later."""
        found = [(entry, entry.missed) for entry in entries if entry.missed is not None and not entry.is_told]
        self._tell(found, moment, is_over=False)
        for entry, _ in found:
            entry.is_told = True

    def garble(self, entries: Sequence[Entry], words: str, since: dt.datetime, moment: Moment) -> None:
        """Tell that something could not be read: at once, and then again and again, but not for every row."""
        for entry in entries:
            if entry.garbled is None:
                entry.garbled = Missed(entry.last_time or since, GapReason.UNREADABLE, sanitize(words))
        self.tell_garbled(entries, moment)

    def tell_garbled(self, entries: Iterable[Entry], moment: Moment) -> None:
        """Tell what could not be read where that was not told for a while."""
        found = []
        for entry in entries:
            pause = self._times.again_orders if entry.has_orders else self._times.again
            if entry.garbled is not None and moment.seconds - entry.garbled_at >= pause:
                found.append((entry, entry.garbled))
                entry.garbled, entry.garbled_at = None, moment.seconds
        self._tell(found, moment, is_over=True)

    def _tell(self, found: Sequence[tuple[Entry, Missed]], moment: Moment, *, is_over: bool) -> None:
        topics: dict[tuple[int, Missed], dict[Topic, None]] = {}
        takers: dict[int, Taker] = {}
        for entry, missed in found:
            for taker, topic in entry.takers():
                takers[id(taker)] = taker
                topics.setdefault((id(taker), missed), {})[topic] = None
        until = moment.time if is_over else None
        for (number, missed), each in topics.items():
            gap = Gap(tuple(each), missed.since, until, missed.reason, moment.time, missed.detail)
            self._announce(takers[number], gap)


def tell_gap(broker: str, environment: str, gap: Gap) -> None:
    """Tell who watches of a gap that is over."""
    if gap.until is not None:
        seconds = max(0.0, (gap.until - gap.since).total_seconds())
        watching.tell(watching.Missed(broker, environment, gap.reason.value, seconds))
