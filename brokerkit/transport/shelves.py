"""Where an access token lies for all who share it: in a file that only its owner can read."""

from __future__ import annotations

import datetime as dt
import logging
import os
from collections.abc import Hashable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, Protocol

from pydantic import AwareDatetime, BaseModel, ConfigDict, SecretBytes, SecretStr, ValidationError, field_serializer

from brokerkit import clock, files
from brokerkit.errors import AuthError, ConfigError
from brokerkit.logs import about

logger = logging.getLogger("brokerkit")

RENEW_BEFORE = dt.timedelta(minutes=10)
LOCK_SECONDS = 30.0
LARGEST = 65_536
"""Bytes of a token file."""


@dataclass(frozen=True)
class Token:
    """An access token and the moment in Korean time at which it ends."""

    value: SecretStr
    expires_at: dt.datetime
    issued_at: dt.datetime = field(default_factory=clock.now)
    is_shared: bool = False
    """Whether other hosts have it too."""

    def is_alive(self) -> bool:
        """Say whether the token has not run out yet."""
        return clock.now() < self.expires_at

    def is_due(self) -> bool:
        """Say whether to ask for a new one: shortly before the end, and not again and again if that changed nothing."""
        now = clock.now()
        return now >= self.expires_at or (
            now >= self.expires_at - RENEW_BEFORE and now - self.issued_at > dt.timedelta(minutes=1)
        )


class Refusal(NamedTuple):
    """That the broker refused a token as asked for too soon: when, and from when on one can be had."""

    refused_at: dt.datetime
    ends_at: dt.datetime


class Shelf(Protocol):
    """Where the token of one app key and the last refusal of one lie, for all who use that key."""

    @property
    def place(self) -> Hashable:
        """What tells this shelf from others."""

    def locked(self, seconds: float | None = None, *, or_written: bool = False) -> AbstractContextManager[bool]:
        """Hold off all others that would read, write or ask for a token.

        Yields whether that was possible within `seconds`. Without them somebody who has the lock for LOCK_SECONDS is an
        AuthError. With `or_written` it may be False too as soon as somebody has written a token.
        """

    def glance(self) -> Token | None:
        """Return the token without holding anybody off; None also where that is not possible."""

    def read(self) -> Token | None:
        """Return the token, with the lock held."""

    def write(self, token: Token) -> Token:
        """Put a token there, with the lock held. Return the one that lies there then: that of a later writer stays."""

    def remove(self) -> None:
        """Take the token away, with the lock held."""

    def mark(self) -> object:
        """Return what tells the token that lies there now from those before and after it; None for none."""

    def refusal(self) -> Refusal | None:
        """Return the last refusal."""

    def remember(self, refusal: Refusal) -> None:
        """Keep a refusal for all."""

    def forget_refusal(self) -> None:
        """Let everybody ask for a token again."""


class _Kept(BaseModel):
    """A token as it is written."""

    model_config = ConfigDict(
        frozen=True, strict=True, hide_input_in_errors=True, cache_strings="keys", defer_build=True
    )

    identity: str
    token: SecretStr
    expires_at: AwareDatetime
    issued_at: AwareDatetime
    is_shared: bool = False

    @field_serializer("token", when_used="json")
    def _open(self, token: SecretStr) -> str:
        return token.get_secret_value()


class FileShelf:
    """A shelf for the processes of this host: a file, one for the lock beside it, and one for a refusal."""

    def __init__(self, path: Path, identity: str) -> None:
        self._path = path
        self._identity = identity
        self._waits = path.with_suffix(".wait")

    @property
    def place(self) -> Path:
        """The file."""
        return self._path

    @contextmanager
    def locked(self, seconds: float | None = None, *, or_written: bool = False) -> Iterator[bool]:
        """Hold off the other processes. See `Shelf.locked`.

        The lock is the system's: it ends with the process that has it, and with nothing else. So one that stood still
        for an hour has it still, and nobody has written what it would overwrite with something older.
        """
        from filelock import FileLock, Timeout  # here, because it is slow to import and few calls need it

        _make_folder(self._path.parent)
        path = self._path.with_suffix(".lock")
        try:
            files.make_private(path)
        except OSError as error:
            raise _no_folder(path.parent, error) from None
        lock = FileLock(path, timeout=LOCK_SECONDS if seconds is None else seconds, mode=0o600)
        try:
            lock.acquire()
        except Timeout:
            if seconds is None:
                raise AuthError(
                    f"Another process holds the token lock {path.name} for {LOCK_SECONDS:.0f} s.",
                    advice="It may hang while it asks for a token. End it and try again.",
                ) from None
        except OSError as error:
            raise ConfigError(
                f"The token lock in {path.parent} cannot be used: {error.strerror}.",
                advice="Make the folder writable or set BROKERKIT_CACHE_DIR to one that is.",
            ) from None
        try:
            yield lock.is_locked
        finally:
            lock.release()

    def glance(self) -> Token | None:
        """Return the token without the lock: it is replaced as a whole, so what is read is whole too.

        Not on Windows, where a file that is being read cannot be replaced.
        """
        if os.name == "nt" or not os.path.lexists(self._path):
            return None
        _make_folder(self._path.parent)
        return _read(self._path, self._identity, tell=False)

    def look(self) -> Token | None:
        """Return the token as it lies there; nothing is locked, made or changed. A ConfigError for a damaged file."""
        token = _read(self._path, self._identity, tell=False)
        if token is None and os.path.lexists(self._path):
            raise ConfigError(
                f"The token file {self._path} is damaged.",
                advice="The next call replaces it. Or remove it: the broker is then asked for another token.",
            )
        return token

    def read(self) -> Token | None:
        """Return the token; None for a file that is missing or damaged."""
        return _read(self._path, self._identity)

    def write(self, token: Token) -> Token:
        """Put a token in the place of the last one."""
        _write(self._path, self._identity, token)
        return token

    def remove(self) -> None:
        """Remove the file."""
        self._path.unlink(missing_ok=True)

    def mark(self) -> tuple[int, int] | None:
        """Return what tells the present file from its successors."""
        try:
            found = os.stat(self._path)
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns

    def refusal(self) -> Refusal | None:
        """Return the last refusal."""
        found = _read(self._waits, self._identity)
        return None if found is None else Refusal(found.issued_at, found.expires_at)

    def remember(self, refusal: Refusal) -> None:
        """Keep a refusal, in the form of a token that opens nothing."""
        _write(self._waits, self._identity, Token(SecretStr("none"), refusal.ends_at, refusal.refused_at))

    def forget_refusal(self) -> None:
        """Remove the file of it."""
        self._waits.unlink(missing_ok=True)


def _make_folder(folder: Path) -> None:
    try:
        files.private_folder(folder)
    except OSError as error:
        raise _no_folder(folder, error) from None


def _no_folder(folder: Path, error: OSError) -> ConfigError:
    return ConfigError(
        f"The token folder {folder} cannot be used: {files.reason(error)}.",
        advice="Set BROKERKIT_CACHE_DIR to a writable folder of your own.",
    )


def _read(path: Path, identity: str, *, tell: bool = True) -> Token | None:
    try:
        content = SecretBytes(files.read_private(path, largest=LARGEST))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigError(
            f"The token file {path} cannot be read: {files.reason(error)}.",
            advice="It is not used. Remove it and try again; revoke the token if you do not know why.",
        ) from None
    found = opened(content, identity)
    if found is None and tell:
        logger.warning(
            "The token file %s is damaged and will be replaced.", path, extra=about("token_file_damaged", path=path)
        )
    return found


def _write(path: Path, identity: str, token: Token) -> None:
    try:
        files.write_private(path, written(token, identity))
    except OSError as error:
        raise ConfigError(
            f"The token file {path} cannot be written: {files.reason(error)}.",
            advice="Free the disk or make the folder writable, or set BROKERKIT_CACHE_DIR.",
        ) from None


def written(token: Token, identity: str) -> SecretStr:
    """Return a token as it is written for the key with that identity."""
    kept = _Kept(
        identity=identity,
        token=token.value,
        expires_at=token.expires_at,
        issued_at=token.issued_at,
        is_shared=token.is_shared,
    )
    return SecretStr(kept.model_dump_json(exclude_defaults=True))


def opened(content: SecretBytes, identity: str) -> Token | None:
    """Return the token of what was written; None for anything else, also for another key's."""
    try:
        kept = _Kept.model_validate_json(content.get_secret_value())
    except ValidationError:
        return None
    if kept.identity != identity or not kept.token:
        return None
    return Token(kept.token, kept.expires_at, kept.issued_at, kept.is_shared)
