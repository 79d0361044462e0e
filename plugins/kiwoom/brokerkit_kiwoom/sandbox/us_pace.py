"""How often an API may be called: one of US stocks once a second, twice in a row after a rest, as clients measured."""

from __future__ import annotations

import threading
from collections.abc import Container
from time import monotonic

from brokerkit.sandbox.face import SlidingWindow

CALLS_PER_SECOND = 1
BURST = 2


class Window(SlidingWindow):
    """The limit of each API of an app key, whose keys are `app key:API`.

    Those of US stocks have theirs as long as nobody has changed the window: then that is the limit of all.
    """

    def __init__(self, calls: int, abroad: Container[str]) -> None:
        super().__init__(calls)
        self._usual = (calls, self.seconds)
        self._abroad = abroad
        self._bucket = Bucket()

    def limit_of(self, key: str) -> int:
        """Return how many calls a second there may be."""
        return CALLS_PER_SECOND if self._has_bucket(key) else self.calls

    def admit(self, key: str) -> bool:
        """Count one call, or return False if there were too many."""
        return self._bucket.admit(key) if self._has_bucket(key) else super().admit(key)

    def clear(self) -> None:
        """Forget the calls so far."""
        super().clear()
        self._bucket.clear()

    def _has_bucket(self, key: str) -> bool:
        return (self.calls, self.seconds) == self._usual and key.rpartition(":")[2] in self._abroad


class Bucket:
    """Counts calls of each key: one more is allowed every second, up to so many at once."""

    def __init__(self) -> None:
        self._left: dict[str, tuple[float, float]] = {}
        self._lock = threading.Lock()

    def admit(self, key: str) -> bool:
        """Count one call, or return False if there were too many."""
        now = monotonic()
        with self._lock:
            left, at = self._left.get(key, (float(BURST), now))
            left = min(float(BURST), left + (now - at) * CALLS_PER_SECOND)
            is_admitted = left >= 1
            self._left[key] = (left - is_admitted, now)
            return is_admitted

    def clear(self) -> None:
        """Forget the calls so far."""
        with self._lock:
            self._left.clear()
