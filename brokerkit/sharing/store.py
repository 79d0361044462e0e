"""One Redis that hosts share. Its commands are given in a thread of its own, so that no interrupt cuts one in two.

What it is asked to do may be done twice, where its answer was lost. A Redis that cannot be had is a `StateLost`, which
heals; one that will never do (a wrong password, too old, one that throws keys away) is a ConfigError.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import secrets
import threading
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, Protocol, TypeVar
from weakref import ReferenceType, ref

from pydantic import SecretStr

from brokerkit import watching
from brokerkit.errors import BrokerError, ConfigError
from brokerkit.logs import about
from brokerkit.sharing.addresses import Address, read_address
from brokerkit.sharing.clerk import Busy, Clerk, Job
from brokerkit.sharing.clocks import FarClock
from brokerkit.sharing.file_window import new_holder
from brokerkit.sharing.hosts import host_id, host_name, program
from brokerkit.sharing.windows import Unavailable
from brokerkit.text import sanitize

if TYPE_CHECKING:
    from redis import Redis

logger = logging.getLogger("brokerkit")

T = TypeVar("T")
PREFIX = "brokerkit:1:"
"""How all keys begin."""
OLDEST = (6, 2)
"""Versions before this one have no access lists or lack commands."""
CONNECT_SECONDS = 2.0
ANSWER_SECONDS = 3.0
DO_SECONDS = 6.0
"""Longest wait for what was asked, with all that was asked before it."""
AGAIN_SECONDS = 1.0
"""After this time one that could not be had is tried again."""
CHECK_SECONDS = 2.0
"""So often it is looked whether a Redis is still fit."""
BEAT_SECONDS = 0.6
"""So often a process gives a sign of life and renews what it holds."""
ALIVE_SECONDS = 2.0
"""Without a sign of life a process counts as dead, and what it held is free."""
KEEPS_ALL = "noeviction"
MEND = "See the page about several hosts in the documents."

_BEAT = """
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
local held = {}
for each = 2, #KEYS do
  if redis.call('GET', KEYS[each]) == ARGV[each * 2 - 1] then
    redis.call('PEXPIRE', KEYS[each], ARGV[each * 2])
    held[each - 1] = 1
  else
    held[each - 1] = 0
  end
end
return {redis.call('TIME'), held}
"""
_TAKE = """
local found = redis.call('GET', KEYS[1])
if found and found ~= ARGV[1] then return found end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return false
"""
_LET_GO = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"


class StateLost(Unavailable):
    """What hosts share cannot be had at this moment; says why, and what to do."""


class Shared(Protocol):
    """What of a profile's settings names a Redis."""

    @property
    def state(self) -> SecretStr | None:
        """URL of the Redis, None where only this host's processes share."""

    @property
    def ca_file(self) -> Path | None:
        """Certificates that are trusted instead of the usual ones."""


class Follower(Protocol):
    """What looks after something of its own in a Redis with each sign of life."""

    def hear(self, redis: Redis) -> None:
        """Look, in the thread of the store."""


@dataclass(frozen=True)
class Held:
    """A key that is this process's for as long as it gives signs of life."""

    value: str
    seconds: float


class Store:
    """One Redis, as one process uses it. Any thread may call it; made by `store_for`."""

    def __init__(self, address: Address, ca_file: Path | None = None) -> None:
        self.address = address
        self.holder = new_holder()
        """This process, among those that share the Redis."""
        self.clock = FarClock()
        self.lost_words: str | None = None
        """Why it could not be had when that was last tried; None where it could."""
        self._lost: StateLost | ConfigError | None = None
        self._again_at = float("-inf")
        self._beat_at = float("-inf")
        self._held: dict[str, Held] = {}
        self._gone: set[str] = set()
        self._hashes: dict[str, str] = {}
        self._followers: list[ReferenceType[Follower]] = []
        self._ca_file = ca_file
        self._client: Redis | None = None
        self._checked_at = float("-inf")
        self._clerk = Clerk(self._beats, name="brokerkit-state")
        self._process = os.getpid()

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"{type(self).__name__} holds a connection and cannot be pickled.")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.address}>"

    @cached_property
    def host(self) -> str:
        """This machine, see `host_id`."""
        return host_id()

    @cached_property
    def sign(self) -> str:
        """This machine among those that give signs of life: `host`, or what is this process's alone without one."""
        try:
            return self.host
        except ConfigError:
            return secrets.token_hex(16)

    @property
    def is_lost(self) -> bool:
        """Whether it could not be had when that was last tried."""
        return self._lost is not None

    # What is asked

    def do(self, work: Callable[[Redis], T], *, seconds: float = DO_SECONDS) -> T:
        """Let `work` give commands and return what it returns; StateLost or ConfigError where it cannot be had.

        It may be done twice. Where the wait is interrupted, it is done or not.
        """
        self._check()
        try:
            result: T = self._clerk.do(partial(self._taken, work), seconds)
        except Busy:
            pass
        else:
            return result
        raise self._unanswered(seconds)

    def insist(self, work: Callable[[Redis], T], *, seconds: float = DO_SECONDS) -> T:
        """Let `work` give commands even to a Redis that is known to be lost or judged unfit: raises as `do`.

        It is for what must be tried in any case, such as the kill switch.
        """

        def insisted(job: Job[T]) -> T:
            if not job.take():
                raise Busy
            fault = None
            for _ in range(2):  # the line may have been closed while nobody used it
                try:
                    return work(self._connected())
                except Exception as error:
                    fault = self._fault(error)
                    if fault is None:
                        raise
                    if type(error).__name__ != "ConnectionError":
                        break
            assert fault is not None  # noqa: S101 - else it has returned, or raised
            raise fault

        try:
            result: T = self._clerk.do(insisted, seconds)
        except Busy:
            pass
        else:
            return result
        raise self._unanswered(seconds)

    def post(self, work: Callable[[Redis], object]) -> None:
        """Let `work` give commands after all that was asked before. Nobody waits, and what fails is told as lost."""
        self._clerk.post(lambda job: self._tried(work), DO_SECONDS)

    def script(self, text: str, keys: Sequence[str], arguments: Sequence[bytes | str | float] = ()) -> Any:
        """Run a script, whose `keys` get our prefix, and return its answer."""
        return self.do(lambda redis: self.run(redis, text, keys, arguments))

    def run(self, redis: Redis, text: str, keys: Sequence[str], arguments: Sequence[bytes | str | float] = ()) -> Any:
        """Run a script inside of `do` or `post`."""
        from redis.exceptions import NoScriptError

        named = [PREFIX + key for key in keys]
        known = self._hashes.get(text)
        if known is None:
            known = self._hashes[text] = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
        line = redis.connection
        if line is None:
            return redis.eval(text, len(named), *named, *arguments)
        # What the client does around a command takes twice the time of the command.
        try:
            line.send_command("EVALSHA", known, len(named), *named, *arguments)  # type: ignore[no-untyped-call]
            return line.read_response()
        except NoScriptError:
            line.send_command("EVAL", text, len(named), *named, *arguments)  # type: ignore[no-untyped-call]
            return line.read_response()

    def line(self) -> Redis:
        """Return a connection that its caller alone uses, and closes: for who waits for what others publish."""
        return _connected(self.address, self._ca_file)

    def follow(self, follower: Follower) -> None:
        """Let somebody look with each sign of life, for as long as there is somebody."""
        self._followers = [each for each in self._followers if each() is not None] + [ref(follower)]

    # What is held for as long as this process lives

    def take(self, key: str, value: str, seconds: float = ALIVE_SECONDS) -> str | None:
        """Take a key that nobody has and return None, else what its holder wrote there.

        It is renewed until `let_go`, and free `seconds` after this process has given its last sign of life.
        """
        found = self.script(_TAKE, [key], [value, round(seconds * 1000)])
        if found is not None:
            return str(bytes(found).decode("utf-8", errors="replace"))
        self._gone.discard(key)
        self._held[key] = Held(value, seconds)
        return None

    def holds(self, key: str) -> bool:
        """Say whether a key was still this process's at its last sign of life."""
        return key in self._held and key not in self._gone

    def let_go(self, key: str) -> None:
        """Give a key back, without waiting for that."""
        held = self._held.pop(key, None)
        self._gone.discard(key)
        if held is not None:
            self.post(lambda redis: self.run(redis, _LET_GO, [key], [held.value]))

    def are_alive(self, holders: Collection[int]) -> set[int]:
        """Return those processes that have given a sign of life lately."""
        named = sorted(holders)
        return self.do(lambda redis: self.living(redis, named)) if named else set()

    def living(self, redis: Redis, holders: Sequence[int]) -> set[int]:
        """See `are_alive`, inside of `do` or `post`."""
        found = redis.mget([f"{PREFIX}alive:{each}" for each in holders])
        return {holder for holder, sign in zip(holders, found, strict=True) if sign is not None}

    def now(self) -> float:
        """Return what the clock of Redis says, in seconds, as near as a question tells; asks where it never told."""
        if not self.clock.is_known:
            self.do(lambda redis: None)
        return self.clock.now()

    # How it is done, in the clerk's thread

    def _check(self) -> None:
        """Raise what was wrong when it was last tried: only the clerk tries again, so that nobody waits for that."""
        if (lost := self._lost) is not None:
            raise _copied(lost)

    def _unanswered(self, seconds: float) -> StateLost:
        return StateLost(f"{self.address} has not answered in {seconds:g} s", "It may be overloaded or far away.")

    def _taken(self, work: Callable[[Redis], T], job: Job[T]) -> T:
        if not job.take():
            raise Busy  # nobody waits for it any more
        return self._done(work)

    def _tried(self, work: Callable[[Redis], object]) -> None:
        try:
            self._done(work)
        except (StateLost, ConfigError) as error:
            words, address = "What was to be told to %s is lost: %s", str(self.address)
            logger.debug(words, address, type(error).__name__, extra=about("state_untold", error, address=address))

    def _done(self, work: Callable[[Redis], T]) -> T:
        if time.monotonic() < self._again_at:
            self._check()
        done: list[T] = []
        fault, is_cut = self._attempt(done, work)
        if is_cut and self._lost is None:  # a line that was closed while nobody used it, by a Redis that is there again
            fault, _ = self._attempt(done, work)
        if fault is not None:
            self._lose(fault)
            raise _copied(fault)
        self._found()
        return done[0]

    def _attempt(self, done: list[T], work: Callable[[Redis], T]) -> tuple[StateLost | ConfigError | None, bool]:
        """Do some work once. Return what is wrong with the Redis, and whether its line was just cut."""
        try:
            redis = self._ready()
            self._beat(redis)
            done.append(work(redis))
        except BrokerError:
            raise
        except Exception as error:
            fault = self._fault(error)
            if fault is None:
                raise
            self._checked_at = float("-inf")
            return fault, type(error).__name__ == "ConnectionError"  # and neither a timeout nor a refusal
        return None, False

    def _ready(self) -> Redis:
        client, now = self._connected(), time.monotonic()
        if now - self._checked_at >= CHECK_SECONDS:  # it may be set otherwise, or be another one, without a word
            if fault := _unfit(client, self.address):
                self._lose(fault)
                raise _copied(fault)
            self._checked_at = now
        return client

    def _connected(self) -> Redis:
        if self._client is None:
            self._client = _connected(self.address, self._ca_file, is_single=True)
            self._clerk.remind()  # from here on signs of life are given
        return self._client

    def _beats(self) -> bool:
        """Give a sign of life where nothing is asked. Called by the clerk again and again, once it was begun."""
        if time.monotonic() >= self._again_at and time.monotonic() - self._beat_at >= BEAT_SECONDS:
            self._tried(lambda redis: None)
        return True

    def _beat(self, redis: Redis) -> None:
        sent = time.monotonic()
        if sent - self._beat_at < BEAT_SECONDS:
            return
        sign = {"host": self.sign, "name": host_name(), "process": os.getpid(), "program": program()}
        held = {**self._held}
        arguments: list[str | int] = [json.dumps(sign), round(ALIVE_SECONDS * 1000)]
        for each in held.values():
            arguments += [each.value, round(each.seconds * 1000)]
        (seconds, micros), kept = self.run(redis, _BEAT, [f"alive:{self.holder}", *held], arguments)
        self.clock.note(sent, time.monotonic(), int(seconds) + int(micros) / 1_000_000)
        self._gone.update(key for key, is_held in zip(held, kept, strict=True) if not is_held)
        self._beat_at = sent
        for known in self._followers:
            if (follower := known()) is not None:
                follower.hear(redis)

    def _found(self) -> None:
        if self._lost is not None:
            address = str(self.address)
            logger.info("%s is there again.", address, extra=about("state_found", address=address))
            if watching.observers:
                watching.tell(watching.Shared("found"))
            self._lost = self.lost_words = None

    def _lose(self, fault: StateLost | ConfigError) -> None:
        self._again_at = time.monotonic() + AGAIN_SECONDS
        self._beat_at = float("-inf")
        words = fault.words
        if self.lost_words != words:
            told, address = words.rstrip("."), str(self.address)
            logger.warning("What hosts share is lost: %s.", told, extra=about("state_lost", fault, address=address))
            if watching.observers and self._lost is None:
                watching.tell(watching.Shared("lost"))
        self._lost, self.lost_words = fault, words

    def _fault(self, error: Exception) -> StateLost | ConfigError | None:
        """Return what an error of the library means; None for one that is not of Redis."""
        from redis import exceptions

        if not isinstance(error, exceptions.RedisError | OSError):
            return None
        words = sanitize(str(error), limit=120).rstrip(".")
        if isinstance(error, exceptions.AuthenticationError | exceptions.AuthorizationError) or words.startswith(
            ("NOAUTH", "WRONGPASS")
        ):
            return ConfigError(
                f"{self.address} does not let {self.address.user} in: user or password is wrong.",
                advice="Correct state in the profile. Nothing was sent to the broker.",
            )
        if isinstance(error, exceptions.NoPermissionError):
            return ConfigError(
                f"The user {self.address.user} of {self.address} may not do what is needed: {words}.",
                advice=f"Its access list needs ~{PREFIX}* &{PREFIX}* +@all -@admin, and +info. {MEND}",
            )
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            return ConfigError(
                f"The certificate of {self.address} is not one that is trusted.",
                advice="Name its issuer as ca_file, or correct the host in state. It is never trusted unseen.",
            )
        if "DB index is out of range" in words:
            return ConfigError(
                f"{self.address} has no database of that number.", advice="Correct the number at the end of state."
            )
        kinds: dict[type[Exception], str] = {
            exceptions.OutOfMemoryError: f"{self.address}: it is full: it takes nothing more",
            exceptions.ReadOnlyError: f"{self.address}: it is a replica that takes nothing: it is just failing over",
            exceptions.BusyLoadingError: f"{self.address}: it is just starting",
            exceptions.TimeoutError: self._silence(),
        }
        plain = f"{self.address}: {words or type(error).__name__}"
        told = next((told for kind, told in kinds.items() if isinstance(error, kind)), plain)
        return StateLost(told, "Look after the Redis; it is used again as soon as it answers.")

    def _silence(self) -> str:
        is_new = self.address.is_secret and not self.clock.is_known
        if is_new:
            return f"{self.address}: no answer in {ANSWER_SECONDS:g} s; does it speak TLS at this port?"
        return f"{self.address}: no answer in {ANSWER_SECONDS:g} s"


def lacking(what: str, library: str) -> ConfigError:
    """Return the error for a library of the extra that is not there."""
    return ConfigError(
        f"{what} the [redis] extra of brokerkit-kr ({library} is missing).",
        advice='In the clone: pip install ".[redis]"',
    )


def _copied(fault: StateLost | ConfigError) -> StateLost | ConfigError:
    """Return an error that several threads may raise."""
    if isinstance(fault, StateLost):
        return StateLost(fault.words, fault.remedy)
    return ConfigError(fault.words, advice=fault.remedy)


def _connected(address: Address, ca_file: Path | None, *, is_single: bool = False) -> Redis:
    """Return a client that tries nothing again by itself; with `is_single` one that has a line already, and no other.

    Else it connects with the first command.
    """
    try:
        import redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry
    except ImportError:
        missing = True
    else:
        missing = False
    if missing:
        raise lacking("What hosts share needs", "redis")

    class Credentials(redis.CredentialProvider):
        """Opens the password on the wire only."""

        def get_credentials(self) -> tuple[str, str]:
            return address.user, address.password.get_secret_value() if address.password else ""

    secret: dict[str, Any] = {}
    if address.is_secret:
        from requests.utils import DEFAULT_CA_BUNDLE_PATH

        secret = {"ssl": True, "ssl_ca_certs": str(ca_file or DEFAULT_CA_BUNDLE_PATH), "ssl_check_hostname": True}
    return redis.Redis(
        host=address.host,
        port=address.port,
        db=address.database,
        protocol=2,
        credential_provider=Credentials() if address.password is not None else None,
        socket_connect_timeout=CONNECT_SECONDS,
        socket_timeout=ANSWER_SECONDS,
        retry=Retry(NoBackoff(), 0),
        single_connection_client=is_single,
        **secret,
    )


def _unfit(redis: Redis, address: Address) -> ConfigError | None:
    """Return why a Redis will never do, None where it does."""
    from redis.exceptions import NoPermissionError, ResponseError

    try:
        hello = redis.execute_command("HELLO", "2")  # type: ignore[no-untyped-call]
    except NoPermissionError:
        raise
    except ResponseError as error:
        if "unknown command" not in str(error).lower():
            raise
        hello = [b"version", b"before 6"]
    told = dict(zip(hello[::2], hello[1::2], strict=False))
    version = _text(told.get(b"version"))
    if _numbers(version) < OLDEST:
        return ConfigError(
            f"{address} is Redis {version}; {'.'.join(map(str, OLDEST))} is the oldest that will do.",
            advice="Update it. Nothing was sent to the broker.",
        )
    if _text(told.get(b"mode")) == "cluster":
        return ConfigError(
            f"{address} is a cluster, whose keys lie on several machines.",
            advice="Use a single Redis; one with replicas is fine.",
        )
    policy = policy_of(redis)
    if policy is None:
        words = "%s does not tell whether it throws keys away: allow +info to its user."
        logger.warning(words, address, extra=about("state_policy_unknown", address=str(address)))
    elif policy != KEEPS_ALL:
        return ConfigError(
            f"{address} throws keys away when it is full ({policy}): a kill switch could vanish.",
            advice=f"Set maxmemory-policy to {KEEPS_ALL}. Nothing was sent to the broker.",
        )
    return None


def policy_of(redis: Redis) -> str | None:
    """Return what a Redis does when it is full; None where its user may not know."""
    from redis.exceptions import NoPermissionError

    try:
        found = redis.info("memory").get("maxmemory_policy")
    except NoPermissionError:
        return None
    return None if found is None else _text(found)


def _text(value: object) -> str:
    return sanitize(value.decode("utf-8", errors="replace") if isinstance(value, bytes) else str(value), limit=40)


def _numbers(version: str) -> tuple[int, ...]:
    parts = version.split(".")[:2]
    return tuple(int(part) for part in parts) if all(part.isdigit() for part in parts) else (0,)


_stores: dict[tuple[Address, Path | None], Store] = {}
_lock = threading.Lock()


def _forget() -> None:
    """In a forked child: connection and clerk are its parent's."""
    global _lock
    _lock = threading.Lock()
    _stores.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


def store_for(settings: Shared) -> Store | None:
    """Return the Redis that a profile names, one for all in this process that name it; None where it names none."""
    if settings.state is None:
        return None
    address = read_address(settings.state)
    known = address, settings.ca_file  # passwords are compared sealed
    with _lock:
        found = _stores.get(known)
        if found is None:
            found = _stores[known] = Store(*known)
        return found


def open_stores() -> tuple[Store, ...]:
    """Return those that this process has used."""
    with _lock:
        return tuple(_stores.values())
