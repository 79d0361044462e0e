"""Which registrations are silent although they should not be: judged by the calendar and by what they told before."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from brokerkit.errors import BrokerError
from brokerkit.market.sessions import Phase
from brokerkit.stream.pace import Times
from brokerkit.stream.registrations import Entry
from brokerkit.words import Venue


class Silence:
    """Knows the phases of the venues, and how long what was registered has been silent in them."""

    def __init__(self, phase_of: Callable[[Venue], Phase | None], times: Times) -> None:
        """`phase_of` returns None where nobody knows."""
        self._phase_of = phase_of
        self._times = times
        self._phases: dict[Venue, tuple[Phase | None, float]] = {}
        """What each venue does, and since when as far as was seen."""

    def spoke(self, entry: Entry, last: float, now: float) -> None:
        """Note a silence that was longer than those before, if it lies in one phase."""
        if last >= self._phases.get(entry.venue, (None, float("inf")))[1]:
            entry.longest = now - last
        entry.is_doubted = False

    def too_long(self, entries: Iterable[Entry], now: float) -> Iterator[tuple[Entry, float]]:
        """Yield what has been silent for too long, and for how long; the next time only after as long again."""
        entries = [*entries]
        for venue in {entry.venue for entry in entries}:
            phase, last = self._ask(venue), self._phases.get(venue)
            if last is None or phase is not last[0]:
                self._phases[venue] = (phase, now)
        for entry in entries:
            phase, since = self._phases[entry.venue]
            if entry.last_at is None or not entry.may_be_judged(phase, since):
                continue
            quiet = now - max(entry.last_at, since, entry.judged_at)
            patience = max(self._times.patience, 10 * entry.longest) * 2**entry.doublings
            if quiet >= patience:
                entry.judged_at = now
                yield entry, quiet

    def _ask(self, venue: Venue) -> Phase | None:
        try:
            return self._phase_of(venue)
        except BrokerError:  # of days of which nothing is known
            return None
