"""The day's copy of what is listed: asked for once a day, kept in a file that the processes of a user share."""

from __future__ import annotations

import datetime as dt
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from brokerkit import clock, files
from brokerkit.errors import ConfigError, NetworkError, RateLimited
from brokerkit.logs import about
from brokerkit.models import Instrument

logger = logging.getLogger("brokerkit")

REFRESHED = dt.time(8, 10)
"""From then on the lists of the day are there; new listings were seen in them from 06:00 to 07:00 on."""
OLDEST = dt.timedelta(days=7)
"""A copy that is older is not used any more."""
LOCK_SECONDS = 60.0
PAUSE_SECONDS = 60.0
"""How long a broker that could not be asked is left alone while there is an old copy."""
AT_LEAST = dt.timedelta(minutes=1)
"""A list that is younger is not asked for anew, whatever is said of it: the broker would tell the same again."""
LARGEST = 32 * 1024 * 1024
"""Bytes of the file: the whole market takes about two million."""


class Copy(BaseModel):
    """Everything that was listed when the broker was asked."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    format: Literal[1] = 1
    broker: str
    taken_at: AwareDatetime
    passed_over: tuple[str, ...] = ()
    instruments: tuple[Instrument, ...]

    @cached_property
    def by_symbol(self) -> Mapping[str, Instrument]:
        """The instruments by symbol."""
        return {each.symbol: each for each in self.instruments}

    def is_of_today(self) -> bool:
        """Say whether no newer list can be had."""
        now = clock.now()
        turn = dt.datetime.combine(now.date(), REFRESHED, clock.KST)
        return (turn if now >= turn else turn - dt.timedelta(days=1)) <= self.taken_at <= now + dt.timedelta(minutes=1)

    def is_usable(self) -> bool:
        """Say whether the copy is young enough to be shown, with the word that it is not of today."""
        return clock.now() - self.taken_at <= OLDEST


class Copies:
    """Today's copy, from memory, else from the file, else from the broker. Without a `path` there is no file."""

    def __init__(self, path: Path | None, broker: str, ask: Callable[[], Copy]) -> None:
        self._path = path
        self._broker = broker
        self._ask = ask
        self._copy: Copy | None = None
        self._looked_at = self._failed_at = -PAUSE_SECONDS
        self._wrong_at: dt.datetime | None = None
        """When it was said that the list is not right any more."""
        self._lock = threading.RLock()

    def current(self) -> Copy:
        """Return today's copy; one of the last days, with a warning, where the broker cannot be asked."""
        with self._lock:
            if self._copy is None or not self._is_current(self._copy):
                self._copy = self._newest()
            return self._copy

    def has_current(self) -> bool:
        """Say whether today's copy is there; nobody is asked."""
        copy = self.known()
        return copy is not None and self._is_current(copy)

    def forget(self) -> None:
        """Ask the broker anew when the list is next needed, unless it has just been asked."""
        with self._lock:
            copy, now = self.known(), clock.now()
            if copy is not None and now - copy.taken_at >= AT_LEAST:
                self._wrong_at = now

    def _is_current(self, copy: Copy) -> bool:
        return copy.is_of_today() and (self._wrong_at is None or copy.taken_at >= self._wrong_at)

    def known(self) -> Copy | None:
        """Return the copy that is there and young enough, else None; nobody is asked."""
        copy = self._copy
        if copy is None and self._path is not None and time.monotonic() - self._looked_at >= PAUSE_SECONDS:
            with self._lock:
                self._looked_at = time.monotonic()
                copy = self._copy = self._copy or self._read()
        return copy if copy is not None and copy.is_usable() else None

    def _newest(self) -> Copy:
        kept = self._read() or self._copy
        if kept is not None and self._is_current(kept):
            return kept
        if kept is not None and kept.is_usable() and time.monotonic() - self._failed_at < PAUSE_SECONDS:
            return kept
        with self._alone():
            kept = self._read() or kept  # another process may have asked meanwhile
            return kept if kept is not None and self._is_current(kept) else self._asked(kept)

    def _asked(self, kept: Copy | None) -> Copy:
        try:
            copy = self._ask()
        except (NetworkError, RateLimited) as error:
            self._failed_at = time.monotonic()
            if kept is None:
                raise
            if not kept.is_usable():
                words = f"The copy of {kept.taken_at:%Y-%m-%d} is too old to be used."
                error.remedy = f"{words} {error.remedy}" if error.remedy else words
                raise
            logger.warning(
                "%s: today's list of instruments could not be had, that of %s is used: %s",
                self._broker,
                f"{kept.taken_at:%Y-%m-%d %H:%M}",
                error.words,
                extra=about("instruments_old", error, taken_at=kept.taken_at),
            )
            return kept
        self._write(copy)
        return copy

    def _read(self) -> Copy | None:
        if self._path is None:
            return None
        try:
            content = files.read_private(self._path, largest=LARGEST)
            copy = Copy.model_validate_json(content)
        except FileNotFoundError:
            return None
        except (OSError, ValidationError) as error:
            why = files.reason(error) if isinstance(error, OSError) else "it is damaged, or of another version"
            logger.warning(
                "The copy of instruments %s is not used: %s. It will be made anew.",
                self._path,
                why,
                extra=about("instruments_copy_unused", path=self._path),
            )
            return None
        return copy if copy.broker == self._broker else None

    def _write(self, copy: Copy) -> None:
        if self._path is None:
            return
        try:
            files.write_private(self._path, copy.model_dump_json(exclude_none=True))
        except OSError as error:
            logger.warning(
                "The copy of instruments %s cannot be written: %s.",
                self._path,
                files.reason(error),
                extra=about("instruments_copy_unwritten", path=self._path),
            )

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold off the other processes that use the file; whoever waits in vain asks the broker itself."""
        if self._path is None:
            yield
            return
        from filelock import FileLock, Timeout  # here, because it is slow to import and few calls need it

        path = self._path.with_suffix(".lock")
        try:
            files.private_folder(path.parent)
            files.make_private(path)
            lock = FileLock(path, timeout=LOCK_SECONDS, mode=0o600)
            lock.acquire()
        except Timeout:
            logger.warning(
                "Another process asks for the instruments for more than %.0f s.",
                LOCK_SECONDS,
                extra=about("instruments_waiting", broker=self._broker, seconds=LOCK_SECONDS),
            )
            yield
            return
        except OSError as error:
            raise ConfigError(
                f"The folder of the instruments {path.parent} cannot be used: {files.reason(error)}.",
                advice="Set BROKERKIT_CACHE_DIR to a writable folder of your own.",
            ) from None
        try:
            yield
        finally:
            lock.release()
