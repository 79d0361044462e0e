"""The window of a limit in Redis: one for all hosts, whatever becomes of those who use it and of its clock."""

from __future__ import annotations

import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from brokerkit.errors import ConfigError
from brokerkit.sharing import store
from brokerkit.sharing.addresses import read_address
from brokerkit.sharing.packing import packed, unpacked
from brokerkit.sharing.redis_window import RedisWindow
from brokerkit.sharing.store import StateLost, Store
from brokerkit.sharing.windows import Limit, Place, Priority, StartId, Window
from brokerkit.transport import limits
from brokerkit.transport.limits import Limiter, limiter_for
from tests.redises import RedisServer, needs_redis, redis_server
from tests.test_limits import call

pytestmark = needs_redis
LIMIT = Limit("all", 5, 0.5)


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BROKERKIT_STATE_DIR", str(tmp_path / "state"))


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    with redis_server() as made:
        yield made


def window_at(server: RedisServer, owner: str, limit: Limit = LIMIT) -> RedisWindow:
    """Return a window as a process of its own would have it."""
    return RedisWindow(Store(read_address(server.state)), owner, limit)


def until(true: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come to be"
        time.sleep(0.02)


def taken(window: RedisWindow, number: int) -> bool:
    start = StartId(window.holder, number)
    return window.change(lambda found, now: found.take(start, now).is_taken)


def ended(window: RedisWindow, number: int) -> None:
    start = StartId(window.holder, number)
    window.change(lambda found, now: found.end(start, now, sent=True))


# Bytes


def test_a_window_is_the_same_after_it_was_bytes() -> None:
    window = Window(LIMIT)
    window.allowed, window.slowed_at, window.not_before = 4, 10.0, 11.0
    window.answered, window.open = [10.0, 10.5], {StartId(7, 1): 10.75}
    window.waiting = [Place(8, Priority.ORDER, 10.9)]
    read = unpacked(packed(window, 11.0) + b"of a longer one before", LIMIT, 11.0)
    for name in Window.__slots__:
        assert getattr(read, name) == getattr(window, name)


def test_times_to_come_are_of_another_clock() -> None:
    window = Window(LIMIT)
    window.answered, window.not_before, window.open = [1000.0], 2000.0, {StartId(7, 1): 1000.0}
    read = unpacked(packed(window, 1.0), LIMIT, 5.0)
    assert (read.answered, read.open) == ([5.0], {StartId(7, 1): 5.0})
    assert read.not_before == pytest.approx(5.51)


@pytest.mark.parametrize("cut", [0, 5, 16, 30])
def test_bytes_that_are_no_window_are_one_that_is_used_up(cut: int) -> None:
    whole = bytearray(packed(Window(LIMIT), 1.0))
    whole[20] ^= 1
    for content in (bytes(whole), packed(Window(LIMIT), 1.0)[:cut], packed(Window(Limit("all", 99)), 1.0)):
        assert unpacked(content, LIMIT, 7.0).not_before == pytest.approx(7.51)


def test_bytes_stay_few() -> None:
    window = Window(LIMIT)
    window.open = {StartId(1, number): float(number) for number in range(1000)}
    window.waiting = [Place(number, 0, 1.0) for number in range(1000)]
    assert len(packed(window, 1.0)) < 8192
    assert struct.calcsize("<d") == 8


# One for all


def test_what_one_takes_another_has_not(server: RedisServer) -> None:
    one, other = window_at(server, "two"), window_at(server, "two")
    assert [taken(one, number) for number in range(3)] == [True] * 3
    assert [taken(other, number) for number in range(3)] == [True, True, False]
    ended(one, 0)
    assert not taken(other, 2), "an answer counts for as long as the window"
    look = other.change(lambda found, now: found.take(StartId(other.holder, 2), now))
    assert look.wait is not None
    assert 0 < look.wait < 0.52


def test_many_who_change_it_at_once_never_take_too_many(server: RedisServer) -> None:
    limit = Limit("all", 8, 1.0)
    moments: list[float] = []

    def call() -> None:
        limiter = Limiter(limit, window_at(server, "crowd", limit))
        for _ in range(4):
            start = limiter.acquire(60.0)
            assert start is not None
            moments.append(time.monotonic())
            limiter.ended(start, sent=True)

    threads = [threading.Thread(target=call) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60.0)
    moments.sort()
    assert len(moments) == 32
    # A moment is noted before its call counts as answered, so a late note makes no difference smaller.
    late = [later - first for first, later in zip(moments, moments[8:], strict=False)]
    assert min(late) > 0.9


def test_all_slow_down_together(server: RedisServer) -> None:
    one, other = window_at(server, "slow"), window_at(server, "slow")
    one.change(lambda found, now: found.slow_down(now))
    assert other.change(lambda found, now: found.allowed) == 4
    assert not taken(other, 1), "and for one window nobody calls"


def test_orders_of_one_host_go_before_queries_of_another(server: RedisServer) -> None:
    one, other = window_at(server, "orders"), window_at(server, "orders")
    assert all(taken(one, number) for number in range(5))
    query, order = StartId(one.holder, 10), StartId(other.holder, 10)
    one.change(lambda found, now: found.wait(query, now, priority=Priority.QUERY, behind=None))
    other.change(lambda found, now: found.wait(order, now, priority=Priority.ORDER, behind=None))
    one.change(lambda found, now: [found.end(StartId(one.holder, 0), now, sent=False)])
    assert not one.change(lambda found, now: found.take(query, now, priority=Priority.QUERY)).is_taken
    assert other.change(lambda found, now: found.take(order, now, priority=Priority.ORDER)).is_taken


def test_what_a_dead_one_had_is_free_soon(server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    dead, other = window_at(server, "dead"), window_at(server, "dead")
    assert all(taken(dead, number) for number in range(5))
    monkeypatch.setattr(dead._store, "_again_at", float("inf"))  # it gives no sign of life any more
    died = time.monotonic()
    while not taken(other, 1):
        assert time.monotonic() - died < 60
        time.sleep(0.05)
    assert time.monotonic() - died > 0.5


# When Redis is not what it was


def test_a_redis_that_forgot_lets_nobody_call_for_one_window() -> None:
    with redis_server() as server:
        window = window_at(server, "forgot")
        assert taken(window, 1)
        with server.client() as meddler:
            meddler.flushall()
        assert not taken(window, 2)
        look = window.change(lambda found, now: found.take(StartId(window.holder, 3), now))
        assert look.wait is not None
        assert look.wait > 0


def test_after_a_clock_that_was_set_nobody_calls_for_one_window(server: RedisServer) -> None:
    window = window_at(server, "jump")
    assert taken(window, 1)
    window._store.clock.jumps += 1
    assert not taken(window, 2)


def test_an_answer_that_was_lost_does_not_make_a_change_twice(
    server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = window_at(server, "lost")
    assert taken(window, 1)
    run, lost = window._store.run, []

    def losing(*given: object) -> object:
        answer = run(*given)  # type: ignore[arg-type]
        if not lost and len(answer) == 2 and answer[0] == 1:
            from redis.exceptions import ConnectionError

            lost.append(answer)
            raise ConnectionError("closed")
        return answer

    monkeypatch.setattr(window._store, "run", losing)
    assert taken(window, 2)
    assert lost, "its answer was lost once"
    assert window.change(lambda found, now: len(found.open)) == 2


def test_what_is_ended_while_redis_is_away_is_ended_when_it_is_back() -> None:
    with redis_server("--appendonly", "yes", "--appendfsync", "always") as server:
        window = window_at(server, "away")
        assert taken(window, 1)
        server.kill()
        window.post(lambda found, now: found.end(StartId(window.holder, 1), now, sent=False))
        server.start()
        until(lambda: not window._store.is_lost and opened(window) == 0)


def opened(window: RedisWindow) -> int:
    with suppress(StateLost):
        return window.change(lambda found, now: len(found.open))
    return -1


def test_without_redis_the_programs_of_a_host_share_a_quarter(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    limit = Limit("all", 8, 60.0)
    with redis_server() as server:
        pass
    gone = [limiter_for("quarter", limit, tmp_path / "limits", Store(read_address(server.state))) for _ in range(2)]
    assert gone[0] is not gone[1], "as two programs have them"
    assert [call(limiter) for limiter in gone * 2] == [True, True, False, False]
    assert [record.event for record in caplog.records if hasattr(record, "path")] == ["limits_not_shared"]


def test_what_has_shared_goes_on_where_redis_is_unfit_all_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cancellation is not held up by a password that is just changed; a program that begins is told to mend it."""
    monkeypatch.setattr(store, "CHECK_SECONDS", 0.1)
    limit = Limit("all", 8, 60.0)
    with redis_server() as server, server.client() as meddler:
        shared = Store(read_address(server.state))
        limiter = limiter_for("unfit", limit, tmp_path / "limits", shared)
        assert call(limiter)
        meddler.config_set("maxmemory-policy", "allkeys-lru")
        until(lambda: shared.is_lost)
        assert [call(limiter) for _ in range(3)] == [True, True, False]
        monkeypatch.setattr(limits, "_fit_places", set())
        with pytest.raises(ConfigError, match="allkeys-lru"):
            call(limiter)


def test_without_redis_it_is_lost(server: RedisServer) -> None:
    with redis_server() as gone:
        window = window_at(gone, "gone")
        assert taken(window, 1)
    with pytest.raises(StateLost):
        taken(window, 2)
