"""Which process sends: told by an advisory file lock that ends with it, not by a process number that comes again."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from brokerkit.errors import JournalError

if TYPE_CHECKING:
    from filelock import BaseFileLock


class Owner:
    """This process, as the rows of a journal name it. The lock is held until the process ends."""

    def __init__(self, folder: Path) -> None:
        self.name = secrets.token_hex(8)
        self._folder = folder
        self._lock = _lock(self._path(self.name))
        try:
            self._lock.acquire(timeout=0)
        except OSError as error:
            reason = getattr(error, "strerror", None) or type(error).__name__
            raise JournalError(
                f"The lock of this process in {folder} cannot be taken: {reason}.",
                advice="Nothing was sent. Make the folder writable, or set BROKERKIT_STATE_DIR to one that is.",
            ) from None

    def is_alive(self, name: str) -> bool:
        """Say whether the process of that name still runs."""
        if name == self.name:
            return True
        path = self._path(name)
        if not path.exists():
            return False
        lock = _lock(path)
        try:
            lock.acquire(timeout=0)
        except OSError:  # a Timeout is one
            return True
        lock.release()
        with suppress(OSError):  # somebody else may look at this very moment
            path.unlink()
        return False

    def _path(self, name: str) -> Path:
        return self._folder / f"{os.path.basename(name)}.owner"


def _lock(path: Path) -> BaseFileLock:
    from filelock import FileLock  # only who orders needs it, and it costs 5 ms

    return FileLock(path, mode=0o600)
