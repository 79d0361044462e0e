"""Which process has the one connection of a key: told by a file lock that ends with the process."""

from __future__ import annotations

import datetime as dt
import json
import os
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from brokerkit import clock, files
from brokerkit.errors import ConfigError, KeyInUse
from brokerkit.sharing.hosts import program
from brokerkit.text import sanitize
from brokerkit.transport.auth import cache_directory, digest

if TYPE_CHECKING:
    from filelock import BaseFileLock

LARGEST = 65_536
"""Bytes of the file that names a process."""
LONGEST_PATH = 100
"""Bytes of the path of a local socket: systems take 103 to 107."""
MOST_NAMED = 100
"""Processes that are named as those that are served."""


class Program(NamedTuple):
    """A process, and the name of its program without what it was given."""

    process: int
    program: str

    def __str__(self) -> str:
        return f"Process {self.process} ({self.program})"


class Holding(NamedTuple):
    """Who has the one connection of a key."""

    owner: Program | None
    """None where it left no name."""
    since: dt.datetime | None
    """None where the process has a brokerkit that does not tell."""
    clients: tuple[Program, ...]
    """The other processes of this host that it serves."""
    socket: Path | None
    """Where it serves them; None where it does not."""


def holder_of(broker: str, identity: str) -> Holding | None:
    """Return who has the connection of a key; None if nobody has. A ConfigError if the folder cannot be used.

    `identity` is the one of the `Key` of a connection. The process itself is not asked: it may not answer.
    """
    holder = Holder(broker, identity)
    if not os.path.lexists(holder.path):
        return None
    if holder.take(is_probe=True):
        holder.release()
        return None
    return holder.told()


class Holder:
    """The right of this process to the one connection of a key at an address, which have the digest `identity`."""

    def __init__(self, broker: str, identity: str) -> None:
        self._broker = broker
        self._identity = identity
        self._lock: BaseFileLock | None = None
        self._since = clock.now()

    @property
    def path(self) -> Path:
        """The file that is locked."""
        return cache_directory("streams") / f"{self._broker}-{self._identity}.lock"

    @property
    def is_held(self) -> bool:
        """Whether this process has the right."""
        return self._lock is not None

    def take(self, *, is_probe: bool = False) -> bool:
        """Take the right, and leave a name unless it is a probe; False if another process has it."""
        if self._lock is not None:
            return True
        from filelock import FileLock, Timeout  # here, because it is slow to import

        path = self.path
        try:
            files.private_folder(path.parent)
            files.make_private(path)
            lock = FileLock(path, timeout=0, mode=0o600, thread_local=False)  # of the process, whichever thread asks
            lock.acquire()
        except Timeout:
            return False
        except OSError as error:
            raise ConfigError(
                f"The lock of the stream in {path.parent} cannot be used: {files.reason(error)}.",
                advice="Make the folder writable or set BROKERKIT_CACHE_DIR to one that is.",
            ) from None
        self._lock = lock
        if not is_probe:
            self._since = clock.now()
            self.note()
        return True

    def note(self, socket: Path | None = None, clients: Sequence[Program] = ()) -> None:
        """Write down who has the right, where he serves others, and whom."""
        me = this_program()
        told = {
            "process": me.process,
            "program": me.program,
            "since": self._since.isoformat(),
            "socket": None if socket is None else str(socket),
            "clients": [each._asdict() for each in clients[:MOST_NAMED]],
        }
        with suppress(OSError):  # a name is of use, but nothing needs it
            files.write_private(self.path.with_suffix(".json"), json.dumps(told))

    def told(self) -> Holding:
        """Return what the process that has the right has written down."""
        try:
            told = json.loads(files.read_private(self.path.with_suffix(".json"), largest=LARGEST))
            return Holding(
                Program(int(told["process"]), sanitize(str(told["program"]), limit=60)),
                dt.datetime.fromisoformat(told["since"]) if told.get("since") else None,
                tuple(
                    Program(int(each["process"]), sanitize(str(each["program"]), limit=60))
                    for each in told.get("clients") or ()
                ),
                Path(told["socket"]) if told.get("socket") else None,
            )
        except (OSError, ValueError, KeyError, TypeError):
            return Holding(None, None, (), None)

    def in_use(self, why: str = "", named: str = "") -> KeyInUse:
        """Return the error of who cannot have the connection and is not served either; it names the one that has it."""
        named = named or str(self.told().owner or "Another process of yours")
        words = f"{named} has the one connection that the broker allows this key."
        if why:
            words = f"{named} has the one connection that the broker allows this key, and {why}."
        return KeyInUse(
            words,
            broker=self._broker,
            advice="Nothing was sent. Let one program follow all that is needed, or use another key for the second.",
        )

    # Lines that were made

    def lines(self, now: float) -> list[float]:
        """Return when processes of this host lately made a line with this key, by the clock that nobody sets."""
        try:
            told = json.loads(files.read_private(self.path.with_suffix(".lines"), largest=LARGEST))
            return sorted(float(each) for each in told if each <= now)  # others are from before the machine began
        except (OSError, ValueError, TypeError):
            return []

    def made(self, lines: Sequence[float]) -> None:
        """Write down when lines were made."""
        with suppress(OSError):  # then this process alone knows
            files.write_private(self.path.with_suffix(".lines"), json.dumps([*lines]))

    # The end

    def release(self) -> None:
        """Give the right back."""
        lock, self._lock = self._lock, None
        if lock is not None:
            with suppress(OSError):
                lock.release()

    def forget(self) -> None:
        """Close what a forked child has of the lock: else it would go on when the parent is gone."""
        lock, self._lock = self._lock, None
        context = getattr(lock, "_context", None)
        descriptor = getattr(context, "lock_file_fd", None)
        if context is not None and descriptor is not None:
            context.lock_file_fd = None  # to release it would take it from the parent
            with suppress(OSError):
                os.close(descriptor)


def this_program() -> Program:
    """Return the number and name of this process, without its arguments: those may be anything."""
    return Program(os.getpid(), program())


def socket_path(lock: Path) -> Path:
    """Return where the holder of a lock serves others: beside it, or in a short folder where that path is too long.

    An OSError if no private folder can be had.
    """
    path = lock.with_suffix(".sock")
    if len(os.fsencode(path)) <= LONGEST_PATH:
        return path
    folder = Path(tempfile.gettempdir()) / f"brokerkit-{os.getuid()}"
    files.private_folder(folder)
    path = folder / f"{digest(str(lock))}.sock"
    if len(os.fsencode(path)) > LONGEST_PATH:
        raise files.Unfit("the path of a local socket would be too long")
    return path
