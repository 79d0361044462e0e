"""Access tokens: one issue at a time over all threads and processes, kept in a file that only its owner can read."""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
import math
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from pydantic import AwareDatetime, BaseModel, ConfigDict, SecretBytes, SecretStr, ValidationError, field_serializer

from brokerkit import clock, files
from brokerkit.errors import AuthError, ConfigError, NetworkError, RateLimited, WireError
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

    def is_alive(self) -> bool:
        """Say whether the token has not run out yet."""
        return clock.now() < self.expires_at

    def is_due(self) -> bool:
        """Say whether to ask for a new one: shortly before the end, and not again and again if that changed nothing."""
        now = clock.now()
        return now >= self.expires_at or (
            now >= self.expires_at - RENEW_BEFORE and now - self.issued_at > dt.timedelta(minutes=1)
        )


class _Kept(BaseModel):
    """A token as its file holds it."""

    model_config = ConfigDict(
        frozen=True, strict=True, hide_input_in_errors=True, cache_strings="keys", defer_build=True
    )

    identity: str
    token: SecretStr
    expires_at: AwareDatetime
    issued_at: AwareDatetime

    @field_serializer("token", when_used="json")
    def _open(self, token: SecretStr) -> str:
        return token.get_secret_value()


def digest(*parts: str | SecretStr) -> str:
    """Return a short name for `parts` that does not tell them."""
    opened = (part.get_secret_value() if isinstance(part, SecretStr) else part for part in parts)
    return hashlib.sha256("\0".join(opened).encode()).hexdigest()[:24]


def cache_directory(kind: str = "tokens") -> Path:
    """Return the folder of the token files, or of others: in BROKERKIT_CACHE_DIR, else the user's cache directory."""
    try:
        return files.folder_of("BROKERKIT_CACHE_DIR", _usual) / kind
    except files.Unfit as unfit:
        words, advice = unfit.strerror, unfit.advice
    raise ConfigError(f"Access tokens have no place: {words}.", advice=advice)


def _usual() -> Path:
    import platformdirs

    return platformdirs.user_cache_path("brokerkit", appauthor=False)


class TokenCache:
    """The token of one app key at one broker and environment. Without a `path` it lives in memory only.

    `minimum_interval` is the least number of seconds between two issues that the broker allows, `too_soon` the code
    with which it refuses one before. Such a refusal is remembered, in a file beside that of the token: until the
    interval is over nobody asks again, because that can cost the key its day.
    """

    def __init__(
        self, path: Path | None, *, identity: str, minimum_interval: float = 0.0, too_soon: str | None = None
    ) -> None:
        self._path = path
        self._identity = identity
        self._minimum_interval = minimum_interval
        self._too_soon = too_soon
        self._token: Token | None = None
        self._seen: tuple[int, int] | None = None
        """Which file the token was read from: another one tells that another process has a newer one, or revoked it."""
        self._refusal: Token | None = None
        self._lock = threading.RLock()
        self._process = os.getpid()

    def get(self, issue: Callable[[], Token]) -> SecretStr:
        """Return a living token, from memory, else from the file, else by `issue`."""
        token = self._token
        if token is None or token.is_due() or self._is_elsewhere():
            if token is not None and token.is_alive() and self._is_asked_for_here():
                return token.value
            with self._alone():
                token = self._glanced()
                if token is None or token.is_due():
                    with self._file_locked():
                        token = self._load()
                        if token is None or token.is_due():
                            token = self._renewed(token, issue)
        return token.value

    def renew(self, refused: SecretStr, issue: Callable[[], Token]) -> SecretStr:
        """Return another token than the one that the broker refused; somebody else may have issued it already."""
        with self._exclusive():
            token = self._load()
            if token is not None and token.value == refused:
                self._check_interval(token)
                token = None
            if token is None or token.is_due():
                token = self._store(self._asked(issue))
            return token.value

    def issued(self, issue: Callable[[], Token]) -> SecretStr:
        """Return a new token, which is kept; RateLimited where the broker gives none so soon after the last one."""
        with self._exclusive():
            token = self._load()
            age = self._minimum_interval if token is None else (clock.now() - token.issued_at).total_seconds()
            if 0 <= age < self._minimum_interval:
                wait = math.ceil(self._minimum_interval - age)
                raise RateLimited(
                    f"A token was issued {age:.0f} s ago.",
                    code=self._too_soon,
                    advice=f"Nothing was sent. The next one can be had in {wait} s.",
                )
            return self._store(self._asked(issue)).value

    def kept(self) -> Token | None:
        """Return the token that is kept, alive or not."""
        with self._exclusive():
            return self._load()

    def take(self) -> Token | None:
        """Return the token and forget it, in memory and in the file."""
        with self._exclusive():
            token = self._load()
            self._token = self._seen = None
            if self._path is not None:
                self._path.unlink(missing_ok=True)
            return token

    def _renewed(self, old: Token | None, issue: Callable[[], Token]) -> Token:
        try:
            token = self._asked(issue)
        except (NetworkError, RateLimited, WireError) as error:
            if old is None or not old.is_alive():
                raise
            logger.warning(
                "No new token yet (%s); the old one ends at %s.",
                error,
                old.expires_at.isoformat(),
                extra=about("token_not_renewed", error, ends_at=old.expires_at),
            )
            token = replace(old, issued_at=clock.now())
        if old is not None and old.value == token.value:
            logger.info(
                "The token is the same again; it ends at %s.",
                token.expires_at.isoformat(),
                extra=about("token_unchanged", ends_at=token.expires_at),
            )
        return self._store(token)

    def _asked(self, issue: Callable[[], Token]) -> Token:
        """Ask the broker, unless it refused a token as too soon and the time it wants in between is not over."""
        now = clock.now()
        refusal = self._refusal if self._path is None else _read(self._waits(self._path), self._identity)
        if refusal is not None and refusal.issued_at <= now < refusal.expires_at:
            age, left = (now - refusal.issued_at).total_seconds(), (refusal.expires_at - now).total_seconds()
            raise RateLimited(
                f"The broker refused a token {age:.0f} s ago, so none is asked for yet.",
                code=self._too_soon,
                advice=f"A token can be had in {math.ceil(left)} s.",
            )
        try:
            token = issue()
        except RateLimited as error:
            if error.code is not None and error.code == self._too_soon:
                self._remember_refusal()
                error.advice = f"A token can be had in {math.ceil(self._minimum_interval)} s."
            raise
        self._refusal = None
        if self._path is not None:
            self._waits(self._path).unlink(missing_ok=True)
        return token

    def _remember_refusal(self) -> None:
        # It has the form of a token that opens nothing: when it was refused, and from when on one can be had.
        now = clock.now()
        ends = now + dt.timedelta(seconds=self._minimum_interval)
        self._refusal = Token(SecretStr("none"), ends, now)
        if self._path is not None:
            _write(self._waits(self._path), self._identity, self._refusal)

    @staticmethod
    def _waits(path: Path) -> Path:
        return path.with_suffix(".wait")

    def _check_interval(self, token: Token) -> None:
        age = (clock.now() - token.issued_at).total_seconds()
        if 0 <= age < self._minimum_interval:
            wait = self._minimum_interval - age
            raise AuthError(
                f"The broker refuses the token that it issued {age:.0f} s ago.",
                advice=f"It issues one per {self._minimum_interval:.0f} s: try again in {wait:.0f} s.",
            )

    def _is_asked_for_here(self) -> bool:
        """Say whether this call came upon one of its own thread, as a signal handler does, that has the locks."""
        return self._process == os.getpid() and self._lock._is_owned()  # type: ignore[attr-defined]

    @contextmanager
    def _exclusive(self) -> Iterator[None]:
        with self._alone(), self._file_locked():
            yield

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold off the other threads of this process."""
        if self._is_asked_for_here():  # that one goes on only after this one, so that waiting for it is in vain
            raise AuthError(
                "The call that this one came upon is asking for the access token.",
                advice="Nothing was sent. Try again when that call is through.",
            )
        if self._process != os.getpid():  # the thread that held the lock when this process was forked is not here
            self._lock, self._process = threading.RLock(), os.getpid()
        with self._lock:
            yield

    @contextmanager
    def _file_locked(self) -> Iterator[None]:
        """Hold off the other processes that use the same file."""
        if self._path is None:
            yield
            return
        from filelock import FileLock, Timeout  # here, because it is slow to import and few calls need it

        _make_folder(self._path.parent)
        path = self._path.with_suffix(".lock")
        try:
            files.make_private(path)
        except OSError as error:
            raise _no_folder(path.parent, error) from None
        lock = FileLock(path, timeout=LOCK_SECONDS, mode=0o600)
        try:
            lock.acquire()
        except Timeout:
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
            yield
        finally:
            lock.release()

    def _glanced(self) -> Token | None:
        """Return the token of the file without its lock: it is replaced as a whole, so what is read is whole too.

        Not on Windows, where a file that is being read cannot be replaced.
        """
        if self._path is None or os.name == "nt" or not os.path.lexists(self._path):
            return None if self._is_elsewhere() else self._token
        _make_folder(self._path.parent)
        self._seen = self._mark()
        self._token = _read(self._path, self._identity, tell=False)
        return self._token

    def _load(self) -> Token | None:
        if self._path is not None:
            self._seen = self._mark()
            self._token = _read(self._path, self._identity)
        return self._token

    def _store(self, token: Token) -> Token:
        if self._path is not None:
            _write(self._path, self._identity, token)
            self._seen = self._mark()
        self._token = token
        return token

    def _is_elsewhere(self) -> bool:
        """Say whether another process has put another token in the place of this one, or has revoked it."""
        return self._path is not None and self._mark() != self._seen

    def _mark(self) -> tuple[int, int] | None:
        """Return what tells the present file from its successors; None where there is none."""
        try:
            found = os.stat(self._path) if self._path is not None else None
        except OSError:
            return None
        return None if found is None else (found.st_ino, found.st_mtime_ns)


_caches: dict[tuple[int, Path | None, str], TokenCache] = {}


def token_cache(path: Path | None, identity: str, minimum_interval: float, too_soon: str | None = None) -> TokenCache:
    """Return the cache that all clients with this key in this process share."""
    key = (os.getpid(), path, identity)
    made = TokenCache(path, identity=identity, minimum_interval=minimum_interval, too_soon=too_soon)
    return _caches.setdefault(key, made)


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
    try:
        kept = _Kept.model_validate_json(content.get_secret_value())
    except ValidationError:
        kept = None
    if kept is None or kept.identity != identity or not kept.token:
        if tell:
            logger.warning(
                "The token file %s is damaged and will be replaced.", path, extra=about("token_file_damaged", path=path)
            )
        return None
    return Token(kept.token, kept.expires_at, kept.issued_at)


def _write(path: Path, identity: str, token: Token) -> None:
    kept = _Kept(identity=identity, token=token.value, expires_at=token.expires_at, issued_at=token.issued_at)
    try:
        files.write_private(path, SecretStr(kept.model_dump_json()))
    except OSError as error:
        raise ConfigError(
            f"The token file {path} cannot be written: {files.reason(error)}.",
            advice="Free the disk or make the folder writable, or set BROKERKIT_CACHE_DIR.",
        ) from None
