"""Which process sends: told by an advisory file lock that ends with it, not by a process number that comes again."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from filelock import FileLock, Timeout

from brokerkit.errors import JournalError


class Owner:
    """This process, as the rows of a journal name it. The lock is held until the process ends."""

    def __init__(self, folder: Path) -> None:
        self.name = secrets.token_hex(8)
        self._folder = folder
        self._lock = FileLock(self._path(self.name), mode=0o600)
        try:
            self._lock.acquire(timeout=0)
        except (OSError, Timeout) as error:
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
        lock = FileLock(path, mode=0o600)
        try:
            lock.acquire(timeout=0)
        except (OSError, Timeout):
            return True
        path.unlink(missing_ok=True)
        lock.release()
        return False

    def _path(self, name: str) -> Path:
        return self._folder / f"{os.path.basename(name)}.owner"
