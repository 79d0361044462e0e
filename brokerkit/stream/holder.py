"""Which process has the one connection of a key: told by a file lock that ends with the process."""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from brokerkit import files
from brokerkit.errors import ConfigError, KeyInUse
from brokerkit.text import sanitize
from brokerkit.transport.auth import cache_directory

if TYPE_CHECKING:
    from filelock import BaseFileLock

LARGEST = 4096
"""Bytes of the file that names a process."""


class Holder:
    """The right of this process to the one connection of a key at an address, which have the digest `identity`."""

    def __init__(self, broker: str, identity: str) -> None:
        self._broker = broker
        self._identity = identity
        self._lock: BaseFileLock | None = None

    def take(self) -> None:
        """Take the right; KeyInUse if another process has it, with its number and program."""
        if self._lock is not None:
            return
        from filelock import FileLock, Timeout  # here, because it is slow to import

        folder = cache_directory("streams")
        path = folder / f"{self._broker}-{self._identity}.lock"
        try:
            files.private_folder(folder)
            files.make_private(path)
            lock = FileLock(path, timeout=0, mode=0o600, thread_local=False)  # of the process, whichever thread asks
            lock.acquire()
        except Timeout:
            raise self._in_use(path) from None
        except OSError as error:
            raise ConfigError(
                f"The lock of the stream in {folder} cannot be used: {files.reason(error)}.",
                advice="Make the folder writable or set BROKERKIT_CACHE_DIR to one that is.",
            ) from None
        self._lock = lock
        with suppress(OSError):  # a name is of use, but nothing needs it
            files.write_private(path.with_suffix(".json"), json.dumps({"process": os.getpid(), "program": _program()}))

    def _in_use(self, path: Path) -> KeyInUse:
        return KeyInUse(
            f"{self._owner(path)} has the one connection that the broker allows this key.",
            broker=self._broker,
            advice="Nothing was sent. Let one program follow all that is needed, or use another key for the second.",
        )

    def _owner(self, path: Path) -> str:
        try:
            told = json.loads(files.read_private(path.with_suffix(".json"), largest=LARGEST))
            return f"Process {int(told['process'])} ({sanitize(str(told['program']), limit=60)})"
        except (OSError, ValueError, KeyError, TypeError):
            return "Another process of yours"

    def release(self) -> None:
        """Give the right back."""
        lock, self._lock = self._lock, None
        if lock is not None:
            with suppress(OSError):
                lock.release()


def _program() -> str:
    """Return the name of the program, without its arguments: those may be anything."""
    return os.path.basename(sys.argv[0]) if sys.argv and sys.argv[0] not in ("", "-c", "-m") else "python"
