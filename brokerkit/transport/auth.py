"""Access tokens: one issue at a time over all threads, and over all who share the shelf on which the token lies."""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
import math
import os
import threading
from collections.abc import Callable, Hashable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path

from pydantic import SecretStr

from brokerkit import clock, files
from brokerkit.errors import AuthError, BrokerError, ConfigError, NetworkError, RateLimited, WireError
from brokerkit.languages import ENGLISH
from brokerkit.logs import about
from brokerkit.transport.shelves import Refusal, Shelf, Token

logger = logging.getLogger("brokerkit")

LIVING_SECONDS = 2.0
"""Who has a living token waits no longer than this for somebody who asks for the next one."""


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
    """The token of one app key at one broker and environment. Without a `shelf` it lives in memory only.

    `minimum_interval` is the least number of seconds between two issues that the broker allows, `too_soon` the code
    with which it refuses one before. Such a refusal is remembered, on the shelf too: until the interval is over nobody
    asks again, because that can cost the key its day.
    """

    def __init__(self, shelf: Shelf | None, *, minimum_interval: float = 0.0, too_soon: str | None = None) -> None:
        self._shelf = shelf
        self._minimum_interval = minimum_interval
        self._too_soon = too_soon
        self._token: Token | None = None
        self._seen: object = None
        """The shelf's mark when the token was read: another one tells that somebody has a newer one, or revoked it."""
        self._refusal: Refusal | None = None
        self._lock = threading.RLock()
        self._process = os.getpid()

    def get(self, issue: Callable[[], Token]) -> SecretStr:
        """Return a living token, from memory, else from the shelf, else by `issue`."""
        token = self._token
        if token is None or token.is_due() or self._is_elsewhere():
            if token is not None and token.is_alive() and self._is_asked_for_here():
                return token.value
            with self._alone():
                token = self._glanced()
                if token is None or token.is_due():
                    token = self._renewed_alone(token, issue)
        return token.value

    def renew(self, refused: SecretStr, issue: Callable[[], Token]) -> SecretStr:
        """Return another token than the one that the broker refused; somebody else may have issued it already."""
        with self._alone():
            token = self._glanced()
            if token is not None and token.value != refused and not token.is_due():
                return token.value
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
                raise self._unasked(
                    f"A token was issued {age:.0f} s ago.",
                    f"Nothing was sent. The next one can be had in {wait} s.",
                )
            return self._store(self._asked(issue)).value

    def kept(self) -> Token | None:
        """Return the token that is kept, alive or not."""
        with self._exclusive():
            return self._load()

    def take(self) -> Token | None:
        """Return the token and forget it, in memory and on the shelf."""
        with self._exclusive():
            token = self._load()
            self._token = self._seen = None
            if self._shelf is not None:
                self._shelf.remove()
            return token

    def _renewed_alone(self, glanced: Token | None, issue: Callable[[], Token]) -> Token:
        """Return another token than the one that is missing or due, and hold the others off meanwhile.

        Where somebody else is at it for long, the due one is used as long as it lives.
        """
        token = glanced
        while True:
            living = token if token is not None and token.is_alive() else None
            seconds = None if living is None else LIVING_SECONDS
            with self._shelf_locked(seconds, or_written=True) as is_ours:
                if is_ours:
                    token = self._load()
                    return self._renewed(token, issue) if token is None or token.is_due() else token
            token = self._glanced()
            if token is not None and not token.is_due():
                return token
            if living is not None:
                return self._old_again(living, AuthError(f"somebody asks for it for {LIVING_SECONDS:g} s"))

    def _old_again(self, old: Token, error: BrokerError) -> Token:
        """Go on with a token that is due, which is so again in a minute."""
        logger.warning(
            "No new token yet (%s); the old one ends at %s.",
            error.told(ENGLISH),
            old.expires_at.isoformat(),
            extra=about("token_not_renewed", error, ends_at=old.expires_at),
        )
        self._token = replace(old, issued_at=clock.now())
        return self._token

    def _renewed(self, old: Token | None, issue: Callable[[], Token]) -> Token:
        try:
            token = self._asked(issue)
        except (NetworkError, RateLimited, WireError) as error:
            if old is None or not old.is_alive():
                raise
            token = self._old_again(old, error)
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
        refusal = self._refusal if self._shelf is None else self._shelf.refusal()
        if refusal is not None and refusal.refused_at <= now < refusal.ends_at:
            age, left = (now - refusal.refused_at).total_seconds(), (refusal.ends_at - now).total_seconds()
            raise self._unasked(
                f"The broker refused a token {age:.0f} s ago, so none is asked for yet.",
                f"A token can be had in {math.ceil(left)} s.",
            )
        try:
            token = issue()
        except RateLimited as error:
            if error.code is not None and error.code == self._too_soon:
                self._remember_refusal()
                error.remedy = f"A token can be had in {math.ceil(self._minimum_interval)} s."
            raise
        self._refusal = None
        if self._shelf is not None:
            self._shelf.forget_refusal()
        return token

    def _unasked(self, words: str, advice: str) -> RateLimited:
        """Return the error with the broker's code for what it would refuse, were it asked."""
        error = RateLimited(words, code=self._too_soon, advice=advice)
        error.is_wordless = True
        return error

    def _remember_refusal(self) -> None:
        now = clock.now()
        self._refusal = Refusal(now, now + dt.timedelta(seconds=self._minimum_interval))
        if self._shelf is not None:
            self._shelf.remember(self._refusal)

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

    def _shelf_locked(self, seconds: float | None = None, *, or_written: bool = False) -> AbstractContextManager[bool]:
        """Hold off the others that use the same shelf."""
        return nullcontext(True) if self._shelf is None else self._shelf.locked(seconds, or_written=or_written)

    @contextmanager
    def _exclusive(self) -> Iterator[None]:
        with self._alone(), self._shelf_locked():
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

    def _glanced(self) -> Token | None:
        """Return the token that lies on the shelf, as far as that can be told without its lock."""
        if self._shelf is not None:
            self._seen = self._shelf.mark()
            self._token = self._shelf.glance()
        return self._token

    def _load(self) -> Token | None:
        if self._shelf is not None:
            self._seen = self._shelf.mark()
            self._token = self._shelf.read()
        return self._token

    def _store(self, token: Token) -> Token:
        if self._shelf is not None:
            token = self._shelf.write(token)
            self._seen = self._shelf.mark()
        self._token = token
        return token

    def _is_elsewhere(self) -> bool:
        """Say whether somebody else has put another token in the place of this one, or has revoked it."""
        return self._shelf is not None and self._shelf.mark() != self._seen


_caches: dict[tuple[int, Hashable, str], TokenCache] = {}


def token_cache(shelf: Shelf | None, identity: str, minimum_interval: float, too_soon: str | None = None) -> TokenCache:
    """Return the cache that all clients with this key in this process share."""
    made = TokenCache(shelf, minimum_interval=minimum_interval, too_soon=too_soon)
    place = None if shelf is None else shelf.place
    return _caches.setdefault((os.getpid(), place, identity), made)
