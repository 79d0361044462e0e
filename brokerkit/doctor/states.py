"""The Redis that hosts share, as a profile names it: whether it is there and fit, who uses it, what it would lose."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING, Any

from brokerkit.doctor.finding import Finding, error, ok, unknown, warning
from brokerkit.errors import NOT_SENT, ConfigError
from brokerkit.orders.halting import halted
from brokerkit.sharing.addresses import Address
from brokerkit.sharing.store import PREFIX, StateLost, Store
from brokerkit.text import sanitize
from brokerkit.transport.outgoing import leads_to_this_machine

if TYPE_CHECKING:
    from redis import Redis

SUBJECT = "state"
PINGS = 5
FULL = 0.9
"""Part of its memory from which on it is told that a Redis fills up."""
SKEW_SECONDS = 2.0
"""By which the clocks of this machine and of Redis may differ untold. Nothing that is shared goes by ours."""
SCANS, SCANNED = 50, 1000
"""How often, and over how many keys, those are looked for that give signs of life."""
REFUSED = "orders are refused until then"
ALONE = "orders go by what this host knows alone until then"


@dataclass
class Told:
    """What a Redis tells of itself; None where its user may not know."""

    seconds: float = 0.0
    """How long an answer takes."""
    ahead: float = 0.0
    """Seconds by which its clock is ahead of this machine's."""
    info: Mapping[str, Any] | None = None
    save: str | None = None
    """When it writes its memory down as a whole; blank for never."""
    signs: list[Mapping[str, Any]] = field(default_factory=list)
    """Of programs that use it, without this one."""
    halted: str | None = None
    """What the kill switch of all hosts says; None where it is off."""


def state(store: Store, *, sends_without: bool) -> Iterator[Finding]:
    """Tell whether the Redis of a profile is there and fit, and what would be lost with it."""
    address = store.address
    facts: dict[str, object] = {"address": str(address), "user": address.user, "tls": address.is_secret}
    try:
        told = store.do(lambda redis: _asked(redis, store.holder))
    except StateLost as lost:
        words = f"{lost.words.rstrip('.')}: {ALONE if sends_without else REFUSED}"
        yield error(SUBJECT, words, "See that it runs and has room, or correct state in the profile.", **facts)
        return
    except ConfigError as failure:
        advice = (failure.remedy or "Correct state in the profile.").removesuffix("Nothing was sent to the broker.")
        yield error(SUBJECT, failure.words.rstrip("."), advice.removeprefix(NOT_SENT).strip(), **facts)
        return
    info = told.info or {}
    facts |= {"version": _text(info.get("redis_version")), "milliseconds": round(told.seconds * 1000, 2)}
    facts |= {"role": _text(info.get("role")), "eviction": _text(info.get("maxmemory_policy"))}
    version = f", Redis {facts['version']}" if facts["version"] else ""
    yield ok(SUBJECT, f"{address} as {address.user}{version}, answers in {told.seconds * 1000:.1f} ms", **facts)
    yield from _line(address)
    yield from _memory(told.info, address)
    yield from _kept(told, address)
    yield from _clock(told.ahead)
    if told.halted is not None:
        words = f"the orders of all hosts are stopped ({told.halted})"
        yield warning(
            f"{SUBJECT} kill switch", words, "`brokerkit resume` ends it, on this host or another.", halted=True
        )
    yield from _hosts(told.signs, store.sign)


def _asked(redis: Redis, own: int) -> Told:
    """Ask a Redis, in the thread of its store. What its user may not know is left out."""
    from redis.exceptions import NoPermissionError, ResponseError

    took = []
    for _ in range(PINGS):
        began = time.monotonic()
        seconds, micros = redis.time()
        took.append(time.monotonic() - began)
    told = Told(median(took), seconds + micros / 1_000_000 + took[-1] / 2 - time.time())
    try:
        told.info = redis.info()
    except NoPermissionError:
        told.info = None
    try:
        told.save = _text(dict(redis.config_get("save")).get("save"))
    except (NoPermissionError, ResponseError):  # as hosted ones answer that have no such command
        told.save = None
    told.signs = list(_signs(redis, own))
    told.halted = halted(redis)
    return told


def _signs(redis: Redis, own: int) -> Iterator[Mapping[str, Any]]:
    cursor, names = 0, set[bytes | str]()
    for _ in range(SCANS):
        cursor, found = redis.scan(cursor, match=f"{PREFIX}alive:*", count=SCANNED)
        names.update(found)
        if not cursor:
            break
    others = [*(names - {f"{PREFIX}alive:{own}".encode()})]
    for each in redis.mget(others) if others else ():
        try:
            sign = json.loads(each or b"")
        except ValueError:  # it ended meanwhile, or is none of ours
            continue
        if isinstance(sign, dict):
            yield sign


def _text(value: object) -> str | None:
    if value is None:
        return None
    return sanitize(value.decode("utf-8", errors="replace") if isinstance(value, bytes) else str(value), limit=60)


def _line(address: Address) -> Iterator[Finding]:
    """Judge who can listen or come in on the way to it."""
    if leads_to_this_machine(f"http://{f'[{address.host}]' if ':' in address.host else address.host}:{address.port}"):
        return
    if not address.is_secret:
        words = f"what goes to {address}, its password too, can be read on the way"
        yield warning(f"{SUBJECT} TLS", words, "Let it speak TLS, and write state as rediss://...")
    if address.password is None:
        words = f"{address} is open to everybody who reaches it: they could resume orders that were stopped"
        yield warning(f"{SUBJECT} user", words, "Give it a user with a password, and write them into state.")


def _memory(info: Mapping[str, Any] | None, address: Address) -> Iterator[Finding]:
    subject = f"{SUBJECT} memory"
    if info is None:
        words = f"{address} does not tell its user {address.user} how full it is, nor whether it throws keys away"
        yield unknown(subject, words, f"Allow it: ACL SETUSER {address.user} +info")
        return
    used, most = int(info.get("used_memory", 0)), int(info.get("maxmemory", 0))
    facts = {"used": used, "most": most or None}
    if most and used >= most * FULL:
        words = f"{used / most:.0%} of its memory are in use; a full one takes nothing more, and orders are refused"
        yield warning(subject, words, "Raise its maxmemory, or remove what others keep in it.", **facts)
    else:
        words = f"{used / 2**20:,.1f} MB in use; nothing is thrown away"
        if most:
            words = f"{used / 2**20:,.1f} of {most / 2**20:,.0f} MB in use; nothing is thrown away"
        yield ok(subject, words, **facts)


def _kept(told: Told, address: Address) -> Iterator[Finding]:
    """Judge what is left after it was started again."""
    subject, info = f"{SUBJECT} on disk", told.info
    if info is None:
        return  # that it tells nothing has been said
    if _text(info.get("role")) in ("slave", "replica"):
        words = f"{address} is a replica, which takes nothing"
        yield error(subject, words, "Name its primary in state.")
        return
    failed = [name for name in ("rdb_last_bgsave_status", "aof_last_write_status") if info.get(name, "ok") != "ok"]
    is_appended = bool(int(info.get("aof_enabled", 0)))
    facts = {"appendonly": is_appended, "save": told.save, "failed": failed}
    advice = "Set appendonly yes in its configuration, or at once: CONFIG SET appendonly yes, then CONFIG REWRITE."
    if failed:
        words = "it could not write down what it holds when it last tried"
        yield error(subject, words, "Look at its log: mostly the disk is full, or the folder is not its own.", **facts)
    elif is_appended:
        yield ok(subject, "every change is written down (append-only file)", **facts)
    elif told.save is None:
        words = "whether it writes down what it holds is not told; at least it keeps no append-only file"
        yield unknown(subject, words, advice, **facts)
    elif told.save:
        words = "it writes its memory down from time to time: a kill switch of the last minutes is lost with it"
        yield warning(subject, words, advice, **facts)
    else:
        words = "it writes nothing down: started again it has forgotten the kill switch, and who trades an account"
        yield warning(subject, words, advice, **facts)


def _clock(ahead: float) -> Iterator[Finding]:
    subject, facts = f"{SUBJECT} clock", {"ahead": round(ahead, 3)}
    if abs(ahead) < SKEW_SECONDS:
        yield ok(subject, "agrees with this machine's", **facts)
        return
    words = f"its clock is {abs(ahead):.0f} s behind this machine's"
    if ahead > 0:
        words = f"its clock is {ahead:.0f} s ahead of this machine's"
    yield warning(
        subject, words, "Let a time service set both; calls are counted by the clock of Redis alone.", **facts
    )


def _hosts(signs: list[Mapping[str, Any]], own: str) -> Iterator[Finding]:
    """Tell who uses it besides."""
    counted = Counter((str(each.get("host", "")), _text(each.get("name")) or "?") for each in signs)
    told = [{"name": name, "programs": many, "here": host == own} for (host, name), many in counted.items()]
    words = ", ".join(
        f"{each['programs']} on host {each['name']} (this host)"
        if each["here"]
        else f"{each['programs']} on host {each['name']}"
        for each in sorted(told, key=lambda each: not each["here"])
    )
    yield ok(f"{SUBJECT} users", f"programs: {words}" if words else "no program uses it at present", hosts=told)
