"""How long the rules of a connection wait, and how often a line is made, whatever the reason.

Brokers block a key and an address that connect or register in a loop.
"""

from __future__ import annotations

import datetime as dt
import random
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple


class Moment(NamedTuple):
    """Now, by both clocks of this machine."""

    seconds: float
    """By the clock that nobody sets."""
    time: dt.datetime


@dataclass(frozen=True)
class Times:
    """Seconds, unless it says otherwise."""

    answer: float = 10.0
    """In which the broker has to answer a frame."""
    outage: float = 5.0
    """After which a gap is told that has no end yet."""
    line: float = 30.0
    """In which a line has to be there for who begins to listen while it is down."""
    shortest_wait: float = 0.5
    longest_wait: float = 30.0
    """Between two lines."""
    steady: float = 60.0
    """After which a line that held is forgiven what was before."""
    most_lines: int | None = 10
    """So many within `span`; then each waits the longest."""
    span: float = 300.0
    patience: float = 60.0
    """Least silence of a topic, while its venue trades, that is no good sign."""
    jump: float = 5.0
    """By which the two clocks may go apart."""
    again: float = 60.0
    """After which what was refused is tried again, and what cannot be read is told again."""
    again_orders: float = 1.0
    """The latter for own orders: each time their lists are read."""


SANDBOX = Times(shortest_wait=0.05, longest_wait=2.0, most_lines=None)
"""A sandbox on this machine blocks nobody."""


SHARED = Times(shortest_wait=0.05, longest_wait=1.0, most_lines=None)
"""So are lines to the process that has the connection."""


class Pace:
    """When the next line may be made: after a wait between the shortest and one that doubles, taken by chance."""

    def __init__(self, times: Times, chance: random.Random | None = None) -> None:
        self.times = times
        self._chance = chance or random.Random()  # noqa: S311 - it spreads clients over time, no more
        self._begun: deque[float] = deque(maxlen=times.most_lines or 1)
        self._lost = 0
        self._from = float("-inf")

    def wait(self, now: float) -> float:
        """Return the seconds until a line may be made."""
        begin = self._from
        times = self.times
        if times.most_lines and len(self._begun) == times.most_lines and now - self._begun[0] < times.span:
            begin = max(begin, self._begun[-1] + times.longest_wait)
        return max(0.0, begin - now)

    @property
    def losses(self) -> int:
        """How many lines were lost in a row, of which none was steady."""
        return self._lost

    @property
    def lines(self) -> list[float]:
        """When lines were made lately, of all that is known."""
        return [*self._begun]

    def learn(self, lines: Sequence[float]) -> None:
        """Learn when lines of the key were made, by this process and by others."""
        known = sorted({*lines, *self._begun})
        self._begun.clear()
        self._begun.extend(known)

    def begins(self, now: float) -> None:
        """Learn that a line is being made."""
        self._begun.append(now)

    def loses(self, now: float) -> None:
        """Learn that a line was lost, or could not be made."""
        times = self.times
        if self._begun and now - self._begun[-1] >= times.steady:
            self._lost = 0
        self._lost += 1
        longest = min(times.longest_wait, times.shortest_wait * 2 ** min(self._lost, 16))
        self._from = now + self._chance.uniform(times.shortest_wait, longest)
