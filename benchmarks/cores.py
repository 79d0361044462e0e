"""Which processor core a process runs on, where the system lets us choose."""

from __future__ import annotations

import os
import sys


def cores() -> tuple[int, ...]:
    """Return the cores that this process may use; none where the system does not tell."""
    if sys.platform == "linux":
        return tuple(sorted(os.sched_getaffinity(0)))
    return ()


def use(*chosen: int) -> None:
    """Keep this process, and every thread and process that it starts from now on, on these cores."""
    if sys.platform == "linux":
        os.sched_setaffinity(0, chosen)
