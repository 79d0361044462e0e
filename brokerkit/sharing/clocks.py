"""The clock of another machine, as far as its answers tell it."""

from __future__ import annotations

import time

DRIFT = 0.001
"""Seconds that two clocks may go apart in a second, at most."""
JUMP = 0.05
"""Seconds by which a clock was set rather than ran."""


class FarClock:
    """What another clock says now, by the answers in which it told. It never goes by the wall clock of this machine."""

    def __init__(self) -> None:
        self._ahead: float | None = None
        self._error = 0.0
        self._noted_at = 0.0
        self.jumps = 0
        """How often it was set, or another machine answered."""

    @property
    def is_known(self) -> bool:
        """Whether it was ever told."""
        return self._ahead is not None

    def note(self, sent: float, received: float, told: float) -> None:
        """Learn that it said `told` between two moments of this machine's monotonic clock."""
        ahead, error = told - (sent + received) / 2, (received - sent) / 2
        doubt = self._error + (received - self._noted_at) * DRIFT
        if self._ahead is not None and abs(ahead - self._ahead) > error + doubt + JUMP:
            self.jumps += 1
        elif self._ahead is not None and error > doubt:
            return  # what is known is better
        self._ahead, self._error, self._noted_at = ahead, error, received

    def now(self) -> float:
        """Return what it says now, within the time that half a question takes."""
        return time.monotonic() + (self._ahead or 0.0)
