"""Limits: never more than so many in any window, first come first served, slower when the broker says so."""

from __future__ import annotations

import threading
import time
from collections import deque

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brokerkit.transport import Limit, limits
from brokerkit.transport.limits import MARGIN, RECOVERY, Limiter, limiter_for

WINDOW = 0.2


def most_in_a_window(starts: list[float], seconds: float) -> int:
    """Return the most starts that any window of that length has, its end not included."""
    ordered = sorted(starts)
    return max(sum(first <= start < first + seconds for start in ordered) for first in ordered)


class Clock:
    """Time that passes only when told to, or when somebody waits."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(limits, "time", clock)
    return clock


def starts_now(limiter: Limiter) -> int:
    """Return how many starts are free at this moment, and use them up."""
    count = 0
    while limiter.acquire(0):
        count += 1
    return count


class Recorded(deque[float]):
    """The starts of a limiter, of which `all` forgets none."""

    def __init__(self, size: int) -> None:
        super().__init__(maxlen=size)
        self.all: list[float] = []

    def append(self, start: float) -> None:
        self.all.append(start)
        super().append(start)


def test_eight_threads_never_start_more_than_the_limit_in_any_window() -> None:
    limiter = Limiter(Limit("all", 10, WINDOW))
    limiter._starts = starts = Recorded(10)
    until = time.monotonic() + 1.0

    def work() -> None:
        while time.monotonic() < until:
            limiter.acquire(0.5)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(3)
    assert most_in_a_window(starts.all, WINDOW) == 10
    assert len(starts.all) >= 20


def test_a_pause_does_not_earn_a_double_allowance(clock: Clock) -> None:
    limiter = Limiter(Limit("all", 5, 1.0))
    clock.now += 100
    assert starts_now(limiter) == 5
    clock.now += 1.0
    assert starts_now(limiter) == 0
    clock.now += 2 * MARGIN
    assert starts_now(limiter) == 5


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 6), st.lists(st.floats(0, 0.7), min_size=1, max_size=60))
def test_no_rhythm_of_calls_passes_the_limit(calls: int, pauses: list[float]) -> None:
    clock = Clock()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(limits, "time", clock)
        limiter = Limiter(Limit("all", calls, 1.0))
        starts = []
        for pause in pauses:
            clock.now += pause
            if limiter.acquire(0):
                starts.append(clock.now)
        assert most_in_a_window(starts, 1.0) <= calls


def test_who_comes_first_is_served_first() -> None:
    limiter = Limiter(Limit("all", 1, 0.04))
    assert limiter.acquire(0)
    served: list[int] = []
    threads = []
    for number in range(8):

        def work(number: int = number) -> None:
            if limiter.acquire(2):
                served.append(number)

        threads.append(threading.Thread(target=work))
        threads[-1].start()
        while len(limiter._waiting) + len(served) <= number:
            time.sleep(0.001)
    for thread in threads:
        thread.join(3)
    assert served == list(range(8))


def test_a_timeout_uses_nothing_up_and_leaves_the_queue() -> None:
    limiter = Limiter(Limit("all", 1, WINDOW))
    assert limiter.acquire(0)
    began = time.monotonic()
    assert not limiter.acquire(0.05)
    assert time.monotonic() - began < 0.15
    assert (len(limiter._starts), len(limiter._waiting)) == (1, 0)
    assert limiter.acquire(1)
    assert time.monotonic() - began < 0.6


def test_a_queue_goes_on_when_somebody_gives_up() -> None:
    limiter = Limiter(Limit("all", 1, WINDOW))
    assert limiter.acquire(0)
    given_up: list[float | None] = []
    first = threading.Thread(target=lambda: given_up.append(limiter.acquire(0.05)))
    first.start()
    assert limiter.acquire(2)
    first.join(2)
    assert given_up == [None]


def test_a_complaint_makes_calls_fewer_and_pauses_them(clock: Clock) -> None:
    limiter = Limiter(Limit("all", 10, 1.0))
    limiter.slow_down()
    assert limiter.allowed == 8
    assert starts_now(limiter) == 0
    clock.now += 1.0 + 2 * MARGIN
    assert starts_now(limiter) == 8


def test_complaints_never_stop_calls_altogether(clock: Clock) -> None:
    limiter = Limiter(Limit("all", 10, 1.0))
    for _ in range(50):
        limiter.slow_down()
    limiter.slow_down(0)
    assert limiter.allowed == 1


@pytest.mark.parametrize(("told", "allowed"), [(3, 3), (10, 10), (50, 10), (1, 1)])
def test_a_limit_that_the_broker_names_is_taken_but_never_raised(told: int, allowed: int, clock: Clock) -> None:
    limiter = Limiter(Limit("all", 10, 1.0))
    limiter.slow_down(told)
    assert limiter.allowed == allowed
    clock.now += 2
    assert starts_now(limiter) == allowed


def test_calls_recover_one_by_one_up_to_the_limit(clock: Clock) -> None:
    limiter = Limiter(Limit("all", 5, 1.0))
    limiter.slow_down(3)
    allowed = []
    for _ in range(4):
        clock.now += RECOVERY - 1
        starts_now(limiter)
        allowed.append(limiter.allowed)
        clock.now += 2
        starts_now(limiter)
        allowed.append(limiter.allowed)
    assert allowed == [3, 4, 4, 5, 5, 5, 5, 5]


def test_a_new_complaint_starts_the_recovery_again(clock: Clock) -> None:
    limiter = Limiter(Limit("all", 5, 1.0))
    limiter.slow_down(3)
    clock.now += RECOVERY - 1
    limiter.slow_down(3)
    clock.now += RECOVERY - 1
    starts_now(limiter)
    assert limiter.allowed == 3


def test_a_complaint_holds_those_who_wait_already() -> None:
    limiter = Limiter(Limit("all", 1, WINDOW))
    assert limiter.acquire(0)
    began = time.monotonic()
    starts: list[float] = []
    waiting = threading.Thread(target=lambda: starts.append(time.monotonic()) if limiter.acquire(2) else None)
    waiting.start()
    while not limiter._waiting:
        time.sleep(0.001)
    time.sleep(0.1)
    limiter.slow_down()
    waiting.join(3)
    assert starts[0] - began >= 0.1 + WINDOW


def test_clients_of_one_key_share_a_limit_and_others_do_not() -> None:
    limit = Limit("all", 2)
    assert limiter_for("one", limit) is limiter_for("one", Limit("all", 2))
    assert limiter_for("one", limit) is not limiter_for("two", limit)
    assert limiter_for("one", limit) is not limiter_for("one", Limit("other", 2))
    found: list[Limiter] = []
    barrier = threading.Barrier(8)

    def work() -> None:
        barrier.wait(5)
        found.append(limiter_for("cold", limit))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert len(found) == 8
    assert len(set(map(id, found))) == 1


def test_a_start_counts_from_the_moment_its_first_byte_leaves() -> None:
    limiter = Limiter(Limit("slow line", 1, 0.2))
    start = limiter.acquire(0)
    assert start is not None
    time.sleep(0.1)
    limiter.leaves(start)
    left = time.monotonic()
    assert limiter.acquire(1)
    assert time.monotonic() - left >= 0.2
