"""How often an API of US stocks may be called: once a second, twice in a row after a rest, as clients measured."""

from __future__ import annotations

import threading
from time import monotonic

CALLS_PER_SECOND = 1
BURST = 2


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
