"""Changes of a window that nobody waits for, until it can be had."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable

from brokerkit.sharing.windows import Window

MOST = 1_000

Step = Callable[[Window, float], object]


class Owed:
    """Steps in the order in which they were asked for. Each goes before the changes that were asked for later."""

    def __init__(self) -> None:
        self._numbers = itertools.count()
        self._steps: deque[tuple[int, Step]] = deque(maxlen=MOST)

    def now(self) -> int:
        """Return the number of a change that is asked for now."""
        return next(self._numbers)

    def add(self, step: Step) -> int:
        """Owe a step and return its number."""
        number = self.now()
        self._steps.append((number, step))
        return number

    def is_due(self, number: int) -> bool:
        """Say whether something is owed that was asked for up to a number."""
        return bool(self._steps) and self._steps[0][0] <= number

    def take(self, window: Window, now: float, number: int) -> int:
        """Let all steps up to a number change a window, and return how many they were."""
        due = [step for asked, step in tuple(self._steps) if asked <= number]
        for step in due:
            step(window, now)
        return len(due)

    def paid(self, count: int) -> None:
        """Owe the first so many no more."""
        for _ in range(count):
            self._steps.popleft()
