"""Which process sends: told by an advisory file lock that ends with it, not by a process number that comes again."""

from __future__ import annotations

import os
import secrets
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from brokerkit import files
from brokerkit.errors import JournalError

if TYPE_CHECKING:
    from filelock import BaseFileLock

STARTING_SECONDS = 60.0
SUFFIX = ".process"
OLD_SUFFIX = ".owner"
"""Of processes whose brokerkit writes journals of format 1."""


class Owner:
    """This process, as the rows of a journal name it. The lock is held until the process ends."""

    def __init__(self, folder: Path) -> None:
        self.name = secrets.token_hex(8)
        self._folder = folder
        self._lock = _lock(self._path(self.name))
        try:
            files.make_private(self._path(self.name))  # whatever the umask, so that other processes can ask for it
            self._lock.acquire(timeout=0)
        except OSError as error:
            reason = getattr(error, "strerror", None) or type(error).__name__
            raise JournalError(
                f"The lock of this process in {folder} cannot be taken: {reason}.",
                advice="Nothing was sent. Make the folder writable, or set BROKERKIT_STATE_DIR to one that is.",
            ) from None
        self._clear_away()

    def is_alive(self, name: str) -> bool:
        """Say whether the process of that name still runs."""
        if name == self.name:
            return True
        path = self._path(name)
        return path.exists() and _is_held(path)

    def _clear_away(self) -> None:
        """Remove the files of processes that are gone; a young one may be about to be locked."""
        oldest = time.time() - STARTING_SECONDS
        for path in (*self._folder.glob(f"*{SUFFIX}"), *self._folder.glob(f"*{OLD_SUFFIX}")):
            with suppress(OSError):  # somebody else may clear away at this very moment
                if path.stat().st_mtime < oldest:
                    _is_held(path)

    def _path(self, name: str) -> Path:
        return self._folder / f"{os.path.basename(name)}{SUFFIX}"


def old_processes(folder: Path) -> list[Path]:
    """Return the locks of living processes whose brokerkit writes journals of format 1."""
    return [path for path in folder.glob(f"*{OLD_SUFFIX}") if _is_held(path)]


def _is_held(path: Path) -> bool:
    """Say whether a process holds the lock, and remove the file if none does: its name never comes again."""
    lock = _lock(path)
    try:
        lock.acquire(timeout=0)
    except OSError:  # a Timeout is one
        return True
    lock.release()
    with suppress(OSError):
        path.unlink()
    return False


def _lock(path: Path) -> BaseFileLock:
    from filelock import FileLock  # only who orders needs it, and it costs 5 ms

    return FileLock(path, mode=0o600, thread_local=False)  # of the process, whichever thread asks
