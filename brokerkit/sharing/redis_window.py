"""The window of a limit that several hosts share, kept in Redis by comparing before it is set.

Times in it are those of Redis' clock. What a process that died has left behind is let go of by the others.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from hashlib import sha256
from typing import TYPE_CHECKING, TypeVar

from brokerkit.sharing.owed import Owed
from brokerkit.sharing.packing import packed, unpacked, used_up
from brokerkit.sharing.store import StateLost, Store
from brokerkit.sharing.windows import Limit, Window

if TYPE_CHECKING:
    from redis import Redis

T = TypeVar("T")
LOOK_SECONDS = 0.005
"""How often who waits looks for the answer to a call of another process."""
DEAD_LOOK_SECONDS = 0.5
"""How often it is looked whether the others are still there."""
KEPT_SECONDS = 3600
"""Nobody needs what was not touched for so long."""
TRIES = 1000

_EXCHANGE = """
local found = redis.call('HMGET', KEYS[1], 'version', 'content')
local version = found[1] or ''
if ARGV[2] ~= '' and version == ARGV[2] then return {1, redis.call('TIME')} end
if version ~= ARGV[1] then return {0, redis.call('TIME'), version, found[2] or ''} end
if ARGV[2] ~= '' then
  redis.call('HSET', KEYS[1], 'version', ARGV[2], 'content', ARGV[3])
  redis.call('EXPIRE', KEYS[1], ARGV[4])
end
return {1, redis.call('TIME')}
"""


class RedisWindow:
    """See `brokerkit.transport.limits.Counted`. StateLost where Redis cannot be had."""

    is_shared = True
    look_seconds = LOOK_SECONDS

    def __init__(self, store: Store, owner: str, limit: Limit) -> None:
        self._store = store
        self._limit = limit
        self._key = f"window:{owner}:{sha256(repr(tuple(limit)).encode()).hexdigest()[:16]}"
        self.holder = store.holder
        self._version = b""
        """Of what is known of the window; blank where nothing is."""
        self._content = b""
        self._jumps = store.clock.jumps
        self._looked_at = float("-inf")
        self._owed = Owed()

    def change(self, step: Callable[[Window, float], T]) -> T:
        """See `Counted`."""
        number = self._owed.now()
        return self._store.do(lambda redis: self._changed(redis, step, number))

    def post(self, step: Callable[[Window, float], object]) -> None:
        """See `Counted`."""
        number = self._owed.add(step)
        self._store.post(lambda redis: self._pay(redis, number))

    # In the thread that has the Redis

    def _pay(self, redis: Redis, number: int) -> None:
        if self._owed.is_due(number):
            self._changed(redis, lambda window, now: None, number)

    def _changed(self, redis: Redis, step: Callable[[Window, float], T], number: int) -> T:
        for _ in range(TRIES):
            now = self._store.clock.now()
            window = self._window(now)
            self._let_go_of_dead(redis, window, now)
            owed = self._owed.take(window, now, number)
            result = step(window, now)
            if self._exchanged(redis, packed(window, now)):
                self._owed.paid(owed)
                return result
        raise StateLost(f"{self._store.address}: too many change one limit at once", "Use fewer programs on a key.")

    def _window(self, now: float) -> Window:
        if self._jumps != self._store.clock.jumps:  # a clock that was set tells nothing of what came before
            self._jumps = self._store.clock.jumps
            return used_up(self._limit, now)
        return unpacked(self._content, self._limit, now) if self._content else Window(self._limit)

    def _let_go_of_dead(self, redis: Redis, window: Window, now: float) -> None:
        seconds = time.monotonic()
        if seconds - self._looked_at < DEAD_LOOK_SECONDS:
            return
        self._looked_at = seconds
        others = {start.holder for start in window.open} | {place.holder for place in window.waiting}
        named = sorted(others - {self.holder})
        for holder in set(named) - self._store.living(redis, named) if named else ():
            window.let_go(holder, now)

    def _exchanged(self, redis: Redis, content: bytes) -> bool:
        """Put another content in the place of what is known; False, and what is there is known, if it is another."""
        is_same = content == self._content and bool(self._version)
        version = b"" if is_same else secrets.token_bytes(8)
        sent = time.monotonic()
        answer = self._store.run(redis, _EXCHANGE, [self._key], [self._version, version, content, KEPT_SECONDS])
        done, (seconds, micros), *found = answer
        self._store.clock.note(sent, time.monotonic(), int(seconds) + int(micros) / 1_000_000)
        if done:
            self._version, self._content = version or self._version, content
            return True
        forgotten = bool(self._version) and not found[0]
        self._version, self._content = found
        if forgotten:  # nobody knows any more what was called lately
            now = self._store.clock.now()
            self._content = packed(used_up(self._limit, now), now)
        return False
