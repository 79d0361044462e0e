"""The file behind a journal: opened once for each process, read and written by its clerk, whole or not at all."""

from __future__ import annotations

import atexit
import contextlib
import os
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar
from weakref import WeakSet

from brokerkit.errors import JournalError
from brokerkit.orders.intents import Intent
from brokerkit.orders.migration import take_over
from brokerkit.orders.owner import Owner
from brokerkit.orders.storage import commit, is_busy, opened_file
from brokerkit.sharing import forks
from brokerkit.sharing.clerk import Busy, Clerk, Job

T = TypeVar("T")

PATIENCE_SECONDS = 20.0
"""Longest wait for others who write in the same file: as long as an order waits for its turn."""
END_SECONDS = 5.0
"""Longest wait at the end of the program for what could not be written yet."""


class JournalFile(ABC):
    """A file of intents, and those that could not be written in it yet. `path` None: in memory only."""

    def __init__(self, path: Path | None, *, old: Path | None = None, opens: bool = True) -> None:
        """`old`: where it lay in format 1. `opens`: raise now if it cannot be trusted, and not when it is needed."""
        self.path = path
        self._old = old
        self._start_over()
        _living.add(self)
        if opens:
            self._read(lambda file: None)

    def _start_over(self) -> None:
        """Begin without a file: a forked process must not touch its parent's, nor speak in its name."""
        self._lock = forks.beside_filelock().new_lock()
        self._file: sqlite3.Connection | None = None
        self._owner: Owner | None = None
        self._kept: dict[str, Intent] = {}
        self._clerk = Clerk(self._owes)
        self._process = os.getpid()

    def keep(self, intent: Intent) -> Intent:
        """Keep an intent in memory until it can be written, which is tried again and again."""
        self._kept[intent.id] = intent
        self._clerk.remind()
        return intent

    def kept(self) -> tuple[Intent, ...]:
        """Return what is in memory only."""
        return tuple(self._kept.values())

    @property
    def owner(self) -> Owner:
        """This process, as the rows name it."""
        if self._owner is None:
            assert self.path is not None  # noqa: S101 - a journal in memory dies with its process
            self._owner = Owner(self.path.parent)
        return self._owner

    def close(self) -> None:
        """Close the file; what is asked next opens it again."""

        def close(job: Job[None]) -> None:
            with self._lock:
                if self._file is not None and job.take():
                    self._file.close()
                    self._file = None

        if self._process == os.getpid():
            self._do(close, END_SECONDS)

    @abstractmethod
    def _put(self, file: sqlite3.Connection, intent: Intent) -> None:
        """Write down in a transaction what was kept in memory."""

    @abstractmethod
    def _told(self, intent: Intent) -> None:
        """Learn that what was kept in memory is written down now."""

    def _read(self, work: Callable[[sqlite3.Connection], T], patience: float | None = None) -> T:
        """Let the clerk read, and return what it found; it waits for others who are just writing."""

        def read(job: Job[T]) -> T:
            while True:
                with self._lock:
                    try:
                        return work(self._opened())
                    except sqlite3.Error as error:
                        if not is_busy(error):
                            raise
                job.try_again()

        return self._do(read, patience)

    def _write(self, work: Callable[[sqlite3.Connection], T], patience: float | None = None) -> T:
        """Let the clerk do it in one transaction, and return what came of it; all of it is written, or nothing."""

        def write(job: Job[T]) -> T:
            return self._transaction(work, job)

        return self._do(write, patience)

    def _transaction(self, work: Callable[[sqlite3.Connection], T], job: Job[T]) -> T:
        while True:
            with self._lock:
                try:
                    file = self._opened()
                    file.execute("BEGIN IMMEDIATE")
                except sqlite3.Error as error:
                    if not is_busy(error):
                        raise
                else:
                    return self._transacted(file, work, job)
            job.try_again()

    def _transacted(self, file: sqlite3.Connection, work: Callable[[sqlite3.Connection], T], job: Job[T]) -> T:
        """Write in the transaction that has begun, after what could not be written before."""
        try:
            if not job.take():
                raise Busy
            kept = dict(self._kept)
            for intent in kept.values():
                self._put(file, intent)
            found = work(file)
            commit(file)
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                file.execute("ROLLBACK")
            raise
        for intent in kept.values():
            if self._kept.get(intent.id) is intent:
                del self._kept[intent.id]
            self._told(intent)
        return found

    def _owes(self) -> bool:
        """Write what is kept in memory; say whether some of it is left."""
        if self._kept:
            Job[None](lambda job: self._transaction(lambda file: None, job), 0.0).run()
        return bool(self._kept)

    def _do(self, work: Callable[[Job[T]], T], patience: float | None) -> T:
        if self._process != os.getpid():
            self._start_over()
        seconds, place = PATIENCE_SECONDS if patience is None else patience, self.path or "in memory"
        try:
            return self._clerk.do(work, seconds)
        except Busy:
            words = f"The order journal {place} is being written by others and was not free."
            advice = "No order is sent without it. Try again."
        except sqlite3.Error as error:
            words = f"The order journal {place} cannot be used: {error}."
            advice = "No order is sent without it. Free the disk or repair the file; do not delete it."
        raise JournalError(words, advice=advice)

    def _opened(self) -> sqlite3.Connection:
        if self._file is None:
            if self.path is not None and self._old is not None and os.path.lexists(self._old):
                take_over(self._old, self.path)
            self._file = opened_file(self.path)
        if self._file.in_transaction:
            self._file.execute("ROLLBACK")
        return self._file


_living: WeakSet[JournalFile] = WeakSet()


@atexit.register
def _write_what_is_kept() -> None:
    for book in tuple(_living):
        if book._kept and book._process == os.getpid():
            with contextlib.suppress(JournalError):
                book._write(lambda file: None, END_SECONDS)
