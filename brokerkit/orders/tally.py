"""What hosts that trade one account keep in a Redis: who trades it, what may be on its way, and what counts.

Each change is one script, so that of two hosts one is first. A script that is run twice does what it does once.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from brokerkit import clock
from brokerkit.orders.counters import counted, hundredths
from brokerkit.orders.halting import HALT, own_switch
from brokerkit.orders.intents import Intent, IntentState
from brokerkit.orders.keys import FREE
from brokerkit.orders.limits import Limits
from brokerkit.orders.records import Counted
from brokerkit.sharing.hosts import host_name
from brokerkit.sharing.store import PREFIX, Store
from brokerkit.text import sanitize

if TYPE_CHECKING:
    from redis import Redis

ROUNDS = 100_000
"""Of what hides the account in the name of a key: an account number alone has too few digits to be hidden by less."""
KEPT_SECONDS = 4 * 86_400
"""So long after the last order of a day its counters are there: a day of any market is over by then."""

KEY_SECONDS = 370 * 86_400
"""So long a key of the caller's is known to other hosts: what is decided once a year comes again within it."""

# A lease is {host, name, fence, since}. It never runs out: whoever was away for long and comes back still has it.
# KEYS: halt, lease. ARGV: host, name, fence that is known, 1 for what takes back, 1 where the fence has to be that one.
_JUDGE = """
local own, fence, takes_back, is_same = ARGV[1], tonumber(ARGV[3]), ARGV[4] == '1', ARGV[5] == '1'
if not takes_back then
  local words = redis.call('GET', KEYS[1])
  if words and string.sub(words, 1, 1) ~= '-' then return {'halted', '0', words} end
end
local host, name, held, since = unpack(redis.call('HMGET', KEYS[2], 'host', 'name', 'fence', 'since'))
held = tonumber(held or '0')
if host and host ~= own then return {'elsewhere', tostring(held), name, since, host} end
if not takes_back and (not host or held < fence) then return {'forgotten', tostring(held)} end
if not takes_back and is_same and held ~= fence then return {'changed', tostring(held)} end
"""
_LOOK = f"{_JUDGE} return {{'ours', tostring(held)}}"
# The first thing that is written needs room, so that a Redis that is full refuses all of it.
# KEYS further: pending, count, minute, key of the caller's. ARGV further: id, text for people, value, limits of the
# minute, day and value, who has the key, blank where it has none.
_BEGIN = f"""
{_JUDGE}
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if ARGV[12] ~= '' then
  local keyed = redis.call('GET', KEYS[6])
  if keyed and string.sub(keyed, 1, #own) ~= own then return {{'keyed', '0', keyed}} end
end
if not takes_back then
  if redis.call('HEXISTS', KEYS[4], ARGV[6]) == 0 then
    local recent = redis.call('ZCOUNT', KEYS[5], now - 59999, '+inf')
    if ARGV[9] ~= '' and recent >= tonumber(ARGV[9]) then return {{'minute', '0'}} end
    local count = redis.call('HLEN', KEYS[4])
    if ARGV[10] ~= '' and count >= tonumber(ARGV[10]) then return {{'day', '0', tostring(count)}} end
    if ARGV[11] ~= '' and ARGV[8] ~= '0' then
      local total = tonumber(ARGV[8])
      for _, value in ipairs(redis.call('HVALS', KEYS[4])) do total = total + tonumber(value) end
      if total > tonumber(ARGV[11]) then return {{'value', '0', string.format('%.0f', total)}} end
    end
  end
  redis.call('HSET', KEYS[4], ARGV[6], ARGV[8])
  redis.call('EXPIRE', KEYS[4], {KEPT_SECONDS})
  redis.call('ZADD', KEYS[5], now, ARGV[6])
  redis.call('ZREMRANGEBYSCORE', KEYS[5], '-inf', now - 60000)
  redis.call('PEXPIRE', KEYS[5], 120000)
end
redis.call('HSET', KEYS[3], ARGV[6], ARGV[7])
if ARGV[12] ~= '' then redis.call('SET', KEYS[6], ARGV[12], 'EX', {KEY_SECONDS}) end
return {{'ours', tostring(held)}}
"""
# KEYS: pending, count, minute, key of the caller's. ARGV: id, state, how it begins who has the key.
_DECIDE = """
redis.call('HDEL', KEYS[1], ARGV[1])
if ARGV[2] == 'NOT_SENT' or ARGV[2] == 'REJECTED' then
  local keyed = redis.call('GET', KEYS[4])
  if keyed and string.sub(keyed, 1, #ARGV[3]) == ARGV[3] then redis.call('DEL', KEYS[4]) end
end
if ARGV[2] == 'NOT_SENT' then
  redis.call('HDEL', KEYS[2], ARGV[1])
  redis.call('ZREM', KEYS[3], ARGV[1])
elseif ARGV[2] == 'REJECTED' and redis.call('HEXISTS', KEYS[2], ARGV[1]) == 1 then
  redis.call('HSET', KEYS[2], ARGV[1], '0')
end
"""
# KEYS: lease, pending. ARGV: host, name, fence that is known, 1 where the risk is accepted, 1 to look only.
# The fence is no less than the clock, so that it goes up also where it was forgotten.
_TAKE = """
local host, name, held, since = unpack(redis.call('HMGET', KEYS[1], 'host', 'name', 'fence', 'since'))
held = tonumber(held or '0')
local others, found = {}, redis.call('HGETALL', KEYS[2])
for each = 2, #found, 2 do
  if string.sub(found[each], 1, #ARGV[1]) ~= ARGV[1] then table.insert(others, found[each]) end
end
local is_ours = host == ARGV[1] and held >= tonumber(ARGV[3])
local status = 'free'
if host then status = is_ours and 'ours' or 'elsewhere' end
if ARGV[5] ~= '1' and not is_ours then
  if #others > 0 and ARGV[4] ~= '1' then
    status = 'pending'
  else
    host, name, since, status = ARGV[1], ARGV[2], redis.call('TIME')[1], 'ours'
    held = string.format('%.0f', math.max(held, tonumber(ARGV[3]), tonumber(since)) + 1)
    redis.call('HSET', KEYS[1], 'host', host, 'name', name, 'since', since, 'fence', held)
  end
end
return {status, tostring(held), name or '', since or '0', host or '', unpack(others)}
"""
# The switch of a host goes into a Redis that has none, unless all were resumed after it was set.
# KEYS: halt, lease. ARGV: what the switch of this host says, and its age in seconds.
_HEAR = """
if ARGV[1] ~= '' then
  local words, time = redis.call('GET', KEYS[1]), redis.call('TIME')
  local set_at = time[1] + time[2] / 1000000 - tonumber(ARGV[2])
  if not words or (string.sub(words, 1, 1) == '-' and set_at > tonumber(string.sub(words, 2))) then
    redis.call('SET', KEYS[1], ARGV[1])
  end
end
local host, fence = unpack(redis.call('HMGET', KEYS[2], 'host', 'fence'))
return {host or '', fence or '0'}
"""


class Told(NamedTuple):
    """What a script answered."""

    status: str
    """"ours", or why an order may not go."""
    fence: int
    words: tuple[str, ...]


class Tally:
    """What hosts keep of one account. Everything is asked inside of `Store.do` or `Store.post`."""

    def __init__(self, *whose: str) -> None:
        """`whose`: broker, environment, server where that is on this machine, and the account at last."""
        *known, account = whose
        salt = "\0".join((PREFIX, *known)).encode()
        hidden = hashlib.pbkdf2_hmac("sha256", account.encode(), salt, ROUNDS, dklen=28)
        self._name, self._salt = hidden[:12].hex(), hidden[12:]

    def look(self, store: Store, redis: Redis, intent: Intent) -> Told:
        """Say whether an order may go: before it is written down, and with its own fence afterwards."""
        keys = [HALT, f"lease:{self._name}"]
        return _told(store.run(redis, _LOOK, keys, _judged(store, intent, intent.fence or 0)))

    def begin(
        self, store: Store, redis: Redis, intent: Intent, fence: int, limits: Limits, value: Decimal | None
    ) -> Told:
        """Write down that an order is about to leave, and count it, unless it may not go."""
        own = limits.of(intent.currency) or Limits()
        most = (own.max_orders_per_minute, own.max_orders_per_day)
        worth = None if own.max_daily_value is None else hundredths(own.max_daily_value)
        return _told(
            store.run(
                redis,
                _BEGIN,
                [
                    HALT,
                    f"lease:{self._name}",
                    *self._keys(intent.currency, intent.day.isoformat()),
                    self._key(intent.key),
                ],
                [
                    *_judged(store, intent, fence, is_begun=False),
                    intent.id,
                    _text(store, intent),
                    counted(value),
                    *("" if each is None else each for each in (*most, worth)),
                    "" if intent.key is None else _holder(store, intent.id),
                ],
            )
        )

    def decide(self, store: Store, redis: Redis, intent: Intent) -> None:
        """Take away what is decided, and what it counted where it never left."""
        keys = [*self._keys(intent.currency, intent.day.isoformat()), self._key(intent.key)]
        store.run(redis, _DECIDE, keys, [intent.id, intent.state, f"{store.host} {intent.id} "])

    def mend(self, store: Store, redis: Redis, known: Iterable[Intent], count: Iterable[Counted]) -> None:
        """Let what this host has written agree with its journal, which knows better."""
        pending = f"{PREFIX}pending:{self._name}"
        open_ = {intent.id.encode(): _text(store, intent) for intent in known}
        pipe = redis.pipeline(transaction=False)
        found: Any = redis.hgetall(pending)
        for id_, text in found.items():
            if text.startswith(store.host.encode()) and id_ not in open_:
                pipe.hdel(pending, id_)
        for id_, text in open_.items():
            pipe.hsetnx(pending, id_, text)
        for each in count:
            key = PREFIX + self._keys(each.currency, each.day)[1]
            if each.state is IntentState.NOT_SENT:
                pipe.hdel(key, each.id)
            else:
                pipe.hset(key, each.id, "0" if each.state is IntentState.REJECTED else str(each.value))
                pipe.expire(key, KEPT_SECONDS)
            if each.key is not None and each.state not in FREE:
                pipe.set(PREFIX + self._key(each.key), _holder(store, each.id), nx=True, ex=KEY_SECONDS)
        pipe.execute()

    def take(self, store: Store, redis: Redis, fence: int, *, accept_risk: bool, looks: bool = False) -> Told:
        """Let this host trade the account; with `looks` only tell who does.

        Its words are the name of the host that does, since when, its id, and what others have on its way.
        """
        found = _told(
            store.run(
                redis,
                _TAKE,
                [f"lease:{self._name}", f"pending:{self._name}"],
                [store.host, host_name(), fence, int(accept_risk), int(looks)],
            )
        )
        name, since, host, *others = found.words
        return found._replace(words=(name, since, host, *(text.partition(" ")[2] for text in others)))

    def hear(self, store: Store, redis: Redis) -> tuple[str, int]:
        """Return the id of the host that trades and its fence, and let all hosts know that this one is stopped."""
        words, age = own_switch() or ("", 0.0)
        host, fence = store.run(redis, _HEAR, [HALT, f"lease:{self._name}"], [words, age])
        return host.decode("ascii", errors="replace"), int(fence)

    def _key(self, key: str | None) -> str:
        """Return what names a key of the caller's: who does not know the account cannot guess it."""
        return f"key:{self._name}:{hmac.digest(self._salt, (key or '').encode(), 'sha256').hex()}"

    def _keys(self, currency: str, day: str) -> list[str]:
        return [
            f"pending:{self._name}",
            f"count:{self._name}:{currency}:{day}",
            f"minute:{self._name}:{currency}",
        ]


def moment(since: str) -> dt.datetime:
    """Return the moment that a script tells in seconds."""
    return dt.datetime.fromtimestamp(int(since), clock.KST)


def _judged(store: Store, intent: Intent, fence: int, *, is_begun: bool | None = None) -> list[str | int]:
    is_begun = intent.fence is not None if is_begun is None else is_begun
    return [store.host, host_name(), fence, int(intent.is_cancel), int(is_begun)]


def _text(store: Store, intent: Intent) -> str:
    """Return what other hosts are shown of an order, after the id of this one."""
    at = intent.sent_at or intent.created_at
    told = f"{intent.what}, sent by {host_name()} at {at:%Y-%m-%d} {at:%H:%M:%S} ({intent.id})"
    return f"{store.host} {told}"


def _holder(store: Store, intent_id: str) -> str:
    """Return whose a key is: id of the host, id of the intent, and the name of the host for people."""
    return f"{store.host} {intent_id} {host_name()}"


def _told(answer: list[bytes]) -> Told:
    status, fence, *words = (each.decode("utf-8", errors="replace") for each in answer)
    return Told(status, int(fence), tuple(sanitize(each) for each in words))
