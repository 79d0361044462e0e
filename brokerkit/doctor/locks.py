"""Who holds a lock, without touching it: to try it would keep the program out that wants it at that very moment."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

LOCKS = Path("/proc/locks")
"""What Linux tells of all file locks. Those of other containers are not in it."""


def are_told() -> bool:
    """Say whether this system tells who holds a lock."""
    return os.access(LOCKS, os.R_OK)


def holder_of(path: Path) -> int | None:
    """Return the number of the process that holds the lock of a file; None where nobody does, or that is not told."""
    try:
        state = os.stat(path)
        lines = LOCKS.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return None
    for line in lines:
        words = line.split()
        if len(words) < 6 or words[1] != "FLOCK":  # those that wait have an arrow there
            continue
        process, place = words[4], words[5].split(":")
        if place[-1] == str(state.st_ino) and (_device(place) == state.st_dev or _has_open(process, state)):
            return int(process)
    return None


def program_of(process: int) -> str:
    """Return the name of a program without its arguments, which may be anything; blank where it is not told."""
    with suppress(OSError):
        return Path(f"/proc/{process}/comm").read_text(encoding="utf-8", errors="replace").strip()
    return ""


def _device(place: list[str]) -> int | None:
    with suppress(ValueError, IndexError):
        return os.makedev(int(place[0], 16), int(place[1], 16))
    return None


def _has_open(process: str, state: os.stat_result) -> bool:
    """Say whether a process has a file open: on stacked file systems the table of locks names another device."""
    with suppress(OSError):
        for each in os.scandir(f"/proc/{process}/fd"):
            with suppress(OSError):
                if os.path.samestat(os.stat(each.path), state):
                    return True
    return False
