"""The shelf of an access token for all hosts that share a Redis, with this host's file for when that cannot be had."""

from __future__ import annotations

import datetime as dt
import logging
import math
import secrets
import time
from collections.abc import Hashable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from pydantic import SecretBytes, SecretStr

from brokerkit import clock
from brokerkit.errors import AuthError, ConfigError
from brokerkit.logs import about
from brokerkit.sharing.store import PREFIX, Shared, StateLost, Store, lacking, store_for
from brokerkit.transport import shelves
from brokerkit.transport.shelves import FileShelf, Refusal, Shelf, Token, opened, written

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from redis import Redis

logger = logging.getLogger("brokerkit")

SALT = b"brokerkit:1:token"
NONCE = 12
"""Bytes in front of what is sealed, other ones each time."""
HELD_SECONDS = 1.8
"""The lock of a process that is gone is free after this time: a bit before all else that it held."""
AGAIN_SECONDS = 0.02
"""A lock that somebody has is tried again after this time."""
COMPARE_SECONDS = 0.5
"""So old may be what is known of the token that lies in Redis."""
ANSWER_SECONDS = 0.5
"""A call that has a living token waits no longer than this to hear whether there is a newer one."""
OWN_SECONDS = 1.0
"""Who asks with the lock of all hosts waits so long for that of this host's file, which may stand still."""
LIFE_SECONDS = 7 * 24 * 3600
"""What nobody writes any more is gone from Redis after this time."""

_FENCE = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
local time = redis.call('TIME')
local fence = time[1] * 1000000 + time[2]
local last = tonumber(redis.call('HGET', KEYS[2], 'last') or 0)
if fence <= last then fence = last + 1 end
fence = string.format('%.0f', fence)
redis.call('HSET', KEYS[2], 'last', fence)
redis.call('EXPIRE', KEYS[2], ARGV[2])
return fence
"""
"""The next number for who has the lock. It goes by the clock, so that it rises over a Redis that forgot everything."""
_WRITE = """
local fence = redis.call('HGET', KEYS[1], 'fence')
if fence and tonumber(fence) > tonumber(ARGV[1]) then return 0 end
redis.call('HSET', KEYS[1], 'fence', ARGV[1], 'sealed', ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[3])
return 1
"""
_KEEP = """
redis.call('HSET', KEYS[1], 'sealed', ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[2])
"""


class Keyed(Shared, Protocol):
    """What of a profile's settings says where its token lies, and who can open it."""

    @property
    def app_secret(self) -> SecretStr:
        """What belongs to the key."""


class Seal(NamedTuple):
    """What opens and closes the tokens of an app key: known to who has its secret, and to nobody who has the Redis."""

    cipher: AESGCM
    mark: str
    """Tells the secret from others, and nothing about it."""


def seal_of(secret: SecretStr) -> Seal:
    """Return the seal that belongs to an app secret; a ConfigError where the extra is missing."""
    try:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF
    except ImportError:
        missing = True
    else:
        missing = False
    if missing:
        raise lacking("Tokens that hosts share need", "cryptography")

    def derived(purpose: bytes, length: int) -> bytes:
        kept = HKDF(algorithm=SHA256(), length=length, salt=SALT, info=purpose)
        return kept.derive(secret.get_secret_value().encode())

    return Seal(AESGCM(derived(b"seal", 32)), derived(b"mark", 4).hex())


class RedisShelf:
    """A shelf for all hosts. Who gets its lock gets a number too, and writes only where none with a higher one has.

    So a process that stood still, and lost the lock meanwhile, puts no old token over a newer one.

    The token lies on this host's own shelf too, which serves alone while Redis cannot be had. What was issued in that
    time is put into Redis when it is there again, unless a newer one lies there. Moments are told by the clock of
    Redis, because those of hosts differ.
    """

    def __init__(self, settings: Keyed, identity: str, own: FileShelf) -> None:
        self._settings = settings
        self._identity = identity
        self._own = own
        self._seal = seal_of(settings.app_secret)
        self._key = f"token:{identity}:{self._seal.mark}"
        self._lock = f"{self._key}:lock"
        self._waits = f"{self._key}:refusal"
        self._fence: str | None = None
        """Number of the present lock, None without one."""
        self._mark: bytes | None = None
        self._compared_at = float("-inf")
        self._is_told = False

    @property
    def place(self) -> Hashable:
        """Which Redis, what key in it, and which file."""
        return self._settings.state, self._settings.ca_file, self._key, self._own.place

    def _store(self) -> Store:
        store = store_for(self._settings)  # asked for each time: a forked process has another one
        if store is None:
            raise AssertionError("a shelf in Redis belongs to a profile that names one")
        return store

    @contextmanager
    def locked(self, seconds: float | None = None, *, or_written: bool = False) -> Iterator[bool]:
        """Hold off all hosts; where Redis cannot be had, the other processes of this host. See `Shelf.locked`.

        The lock ends two seconds after the process that has it.
        """
        store = self._store()
        try:
            try:
                is_ours = self._take(store, shelves.LOCK_SECONDS if seconds is None else seconds, or_written)
                if is_ours is False and seconds is None:
                    raise AuthError(
                        f"Another process, of whichever host, holds the token lock in {store.address} "
                        f"for {shelves.LOCK_SECONDS:.0f} s.",
                        advice="It may hang while it asks for a token. End it and try again.",
                    )
                if not is_ours:
                    yield False
                elif self._fence is None:
                    with self._own.locked(seconds) as is_ours:
                        yield is_ours
                else:
                    with self._own.locked(0.0 if self._has_living(store) else OWN_SECONDS):
                        yield True
            finally:
                store.let_go(self._lock)
        finally:  # again, because an interrupt may come before any line of the first time
            self._fence = None
            store.let_go(self._lock)

    def _take(self, store: Store, seconds: float, or_written: bool = False) -> bool | None:
        """Take the lock, and its number; say True without one where Redis is lost.

        False: somebody has it. None: somebody has written since this process last looked, and that was asked for.
        """
        value, until = secrets.token_hex(8), time.monotonic() + seconds
        try:
            while True:
                if store.take(self._lock, value, HELD_SECONDS) is None:
                    fence = store.script(_FENCE, [self._lock, self._key], [value, LIFE_SECONDS])
                    if fence:
                        self._fence, self._is_told = bytes(fence).decode(), False
                        return True
                    store.let_go(self._lock)  # it was lost again before the number was given
                if or_written:
                    seen = self._mark
                    (self._mark,) = store.do(partial(_hash, key=self._key, names=("fence",)))
                    if self._mark != seen:
                        return None
                if time.monotonic() >= until:
                    return False
                time.sleep(AGAIN_SECONDS)
        except StateLost as lost:
            self._tell(store, lost)
            return True

    def _has_living(self, store: Store) -> bool:
        with suppress(StateLost):
            token = self._shared(store)
            return token is not None and token.is_alive()
        return False

    def glance(self) -> Token | None:
        """Return the token without the lock; None where this host has one of its own that the others lack."""
        own = self._own.glance()
        store = self._store()
        if store.is_lost:
            return own
        if own is not None and not own.is_shared and own.is_alive():
            return None
        try:
            token = _if_any(self._shared(store))
        except StateLost:
            return own
        self._copy(token, own)
        return token

    def read(self) -> Token | None:
        """Return the token, and see to it that Redis and this host's shelf have the same."""
        own = self._own.read()
        store = self._store()
        try:
            shared = self._shared(store)
        except StateLost as lost:
            self._tell(store, lost)
            return own
        if own is not None and own.is_alive() and _is_ahead(own, shared):
            return self.write(own)
        token = _if_any(shared)
        if token is None:
            self._own.remove()
        self._copy(token, own)
        return token

    def _copy(self, token: Token | None, own: Token | None) -> None:
        """Have the token of all hosts at hand on this one's shelf."""
        if token is not None and (own is None or own.value != token.value or not own.is_shared):
            self._own.write(token)

    def write(self, token: Token) -> Token:
        """Put a token into Redis and on this host's shelf, unless the holder of a later lock has written."""
        store = self._store()
        token = replace(token, is_shared=True)
        try:
            if self._fence is None:  # Redis could not be had when the lock was taken
                self._take(store, OWN_SECONDS)
            if self._fence is not None:
                if not self._put(store, self._sealed(self._by_redis(store, token), self._fence), self._fence):
                    logger.info(
                        "Somebody has put a newer access token into %s meanwhile.",
                        store.address,
                        extra=about("token_late", address=str(store.address)),
                    )
                    return _if_any(self._shared(store)) or token
                return self._own.write(token)
        except StateLost as lost:
            self._tell(store, lost)
        return self._own.write(replace(token, is_shared=False))

    def remove(self) -> None:
        """Let no token lie there: who has it in memory sees that it is gone."""
        self._own.remove()
        store = self._store()
        try:
            if self._fence is not None:
                self._put(store, b"", self._fence)
        except StateLost as lost:
            self._tell(store, lost)

    def mark(self) -> object:
        """Return what tells the token in Redis from others, within COMPARE_SECONDS; without Redis that of the file."""
        store = self._store()
        if not store.is_lost and time.monotonic() - self._compared_at >= COMPARE_SECONDS:
            self._compared_at = time.monotonic()
            with suppress(StateLost, ConfigError):  # who needs a token hears of it; who has one goes on
                (self._mark,) = store.do(partial(_hash, key=self._key, names=("fence",)), seconds=ANSWER_SECONDS)
        return ("own", self._own.mark()) if store.is_lost else ("redis", self._mark)

    def refusal(self) -> Refusal | None:
        """Return the last refusal, on whichever host."""
        store = self._store()
        try:
            (sealed,) = store.do(partial(_hash, key=self._waits, names=("sealed",)))
            found = None if sealed is None else self._opened(store, sealed, "refusal")
            ahead = self._ahead(store)
        except StateLost as lost:
            self._tell(store, lost)
            return self._own.refusal()
        return self._own.refusal() if found is None else Refusal(found.issued_at - ahead, found.expires_at - ahead)

    def remember(self, refusal: Refusal) -> None:
        """Keep a refusal for all hosts, and on this host's shelf."""
        self._own.remember(refusal)
        store = self._store()
        try:
            ahead = self._ahead(store)
            sealed = self._sealed(
                Token(SecretStr("none"), refusal.ends_at + ahead, refusal.refused_at + ahead), "refusal"
            )
            seconds = max(math.ceil((refusal.ends_at - clock.now()).total_seconds()), 1)
            store.script(_KEEP, [self._waits], [sealed, seconds])
        except StateLost as lost:
            self._tell(store, lost)

    def forget_refusal(self) -> None:
        """Let every host ask again."""
        self._own.forget_refusal()
        self._store().post(lambda redis: redis.delete(PREFIX + self._waits))

    # What lies in Redis

    def _shared(self, store: Store) -> Token | None:
        """Return what lies there; one without a value was taken away at the moment that it tells."""
        fence, sealed = store.do(partial(_hash, key=self._key, names=("fence", "sealed")))
        self._mark, self._compared_at = fence, time.monotonic()
        if fence is None or sealed is None:
            return None
        number = fence.decode("ascii", errors="replace")
        if not sealed and number.isdigit():
            taken_at = dt.datetime.fromtimestamp(int(number) / 1_000_000, clock.KST) - self._ahead(store)
            return Token(SecretStr(""), taken_at, taken_at)
        found = self._opened(store, sealed, number)
        return None if found is None else replace(found, issued_at=found.issued_at - self._ahead(store))

    def _put(self, store: Store, sealed: bytes, fence: str) -> bool:
        is_written = bool(store.script(_WRITE, [self._key], [fence, sealed, LIFE_SECONDS]))
        if is_written:
            self._mark, self._compared_at = fence.encode(), time.monotonic()
        return is_written

    def _by_redis(self, store: Store, token: Token) -> Token:
        """Return a token that tells by the clock of Redis when it was issued; when it ends, the broker has said."""
        return replace(token, issued_at=token.issued_at + self._ahead(store))

    @staticmethod
    def _ahead(store: Store) -> dt.timedelta:
        """Return how far the clock of Redis is ahead of this host's."""
        return dt.datetime.fromtimestamp(store.now(), clock.KST) - clock.now()

    def _sealed(self, token: Token, place: str) -> bytes:
        nonce = secrets.token_bytes(NONCE)
        content = written(token, self._identity)
        return nonce + self._seal.cipher.encrypt(nonce, content.get_secret_value().encode(), self._about(place))

    def _opened(self, store: Store, sealed: bytes, place: str) -> Token | None:
        from cryptography.exceptions import InvalidTag

        found: Token | None = None
        with suppress(InvalidTag, ValueError):
            content = SecretBytes(self._seal.cipher.decrypt(sealed[:NONCE], sealed[NONCE:], self._about(place)))
            found = opened(content, self._identity)
        if found is None:
            logger.warning(
                "The access token in %s is damaged and will be replaced.",
                store.address,
                extra=about("token_damaged", address=str(store.address)),
            )
        return found

    def _about(self, place: str) -> bytes:
        """Return what a sealed text belongs to: elsewhere it cannot be opened."""
        return f"{self._identity}:{place}".encode()

    def _tell(self, store: Store, lost: StateLost) -> None:
        """Say once that this host is alone with its token for now."""
        if not self._is_told:
            self._is_told = True
            logger.warning(
                "The access token is this host's own until Redis is there again: %s.",
                lost.words.rstrip("."),
                extra=about("token_not_shared", lost, address=str(store.address)),
            )


def _hash(redis: Redis, *, key: str, names: Sequence[str]) -> list[bytes | None]:
    """Return fields of a hash, None for those that are not there."""
    found: Any = redis.hmget(PREFIX + key, list(names))
    return list(found)


def _if_any(token: Token | None) -> Token | None:
    """Return a token, and none for one that was taken away."""
    return token if token is not None and token.value else None


def _is_ahead(own: Token, shared: Token | None) -> bool:
    """Say whether Redis lacks the token of this host: it forgot, or could not be had when that one was issued."""
    return shared is None or (not own.is_shared and own.value != shared.value and own.issued_at > shared.issued_at)


def shelf_for(path: Path, identity: str, settings: Keyed) -> Shelf:
    """Return the shelf of an app key: a file, and the Redis that the profile names where it names one."""
    own = FileShelf(path, identity)
    return own if settings.state is None else RedisShelf(settings, identity, own)
