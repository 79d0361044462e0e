"""Limits: never more than so many in any window of the broker, first come first served, slower when it says so."""

from __future__ import annotations

import random
import signal
import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brokerkit.sharing.windows import LOST_SECONDS, MARGIN, RECOVERY, Priority
from brokerkit.transport import Limit, limits
from brokerkit.transport.limits import Limiter, Start, limiter_for

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


def call(limiter: Limiter, timeout: float = 0.0) -> bool:
    """Make a call that is answered at once, if there is a start for it."""
    start = limiter.acquire(timeout)
    if start is not None:
        limiter.ended(start, sent=True)
    return start is not None


def elsewhere(limiter: Limiter) -> Start:
    """Return a start of another thread."""
    found: list[Start | None] = []
    thread = threading.Thread(target=lambda: found.append(limiter.acquire(0)))
    thread.start()
    thread.join(30)
    assert found[0] is not None
    found[0].thread = -1  # numbers of threads come again
    return found[0]


def starts_now(limiter: Limiter) -> int:
    """Return how many starts are free at this moment, and use them up."""
    count = 0
    while call(limiter):
        count += 1
    return count


def test_eight_threads_never_make_more_calls_than_the_limit_in_any_window_of_the_broker() -> None:
    limiter = Limiter(Limit("all", 10, WINDOW))
    came: list[float] = []
    until = time.monotonic() + 1.0

    def work(number: int) -> None:
        lag = random.Random(number)  # noqa: S311 - repeatable on purpose
        while time.monotonic() < until:
            start = limiter.acquire(0.5)
            if start is not None:
                time.sleep(lag.uniform(0, WINDOW / 4))  # on its way
                came.append(time.monotonic())
                time.sleep(lag.uniform(0, WINDOW / 4))  # on its way back
                limiter.ended(start, sent=True)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert most_in_a_window(came, WINDOW) <= 10
    assert len(came) >= 10


def test_a_call_without_an_answer_counts_as_now(clock: Clock) -> None:
    limiter = Limiter(Limit("all", 1, 1.0))
    start = elsewhere(limiter)
    clock.now += 5
    assert not call(limiter)
    limiter.ended(start, sent=True)
    clock.now += 1.0
    assert not call(limiter)
    clock.now += 2 * MARGIN
    assert call(limiter)


def test_a_call_that_was_not_sent_is_not_counted(clock: Clock) -> None:
    limiter = Limiter(Limit("all", 1, 1.0))
    limiter.ended(elsewhere(limiter), sent=False)
    assert call(limiter)


def test_a_start_that_was_lost_comes_back(clock: Clock) -> None:
    limiter = Limiter(Limit("all", 1, 1.0))
    elsewhere(limiter)
    clock.now += LOST_SECONDS - 1
    assert not call(limiter)
    clock.now += 2
    assert not call(limiter)  # it counts as answered now: nobody knows when it was
    clock.now += 1 + 2 * MARGIN
    assert call(limiter)


def test_a_call_inside_one_that_has_not_left_goes_in_its_place_and_that_one_takes_a_turn_of_its_own(
    clock: Clock,
) -> None:
    limiter = Limiter(Limit("all", 1, 1.0))
    outer = limiter.acquire(0)
    assert outer is not None
    assert call(limiter)  # as a signal handler does, in the same thread
    assert not limiter.leaves(outer, 0)
    clock.now += 1 + 2 * MARGIN
    assert limiter.leaves(outer, 0)
    outer.thread = -1
    assert not call(limiter)
    limiter.ended(outer, sent=True)
    clock.now += 1 + 2 * MARGIN
    assert call(limiter)


def test_a_call_inside_one_that_waits_for_its_answer_waits_a_window_and_not_for_that(clock: Clock) -> None:
    limiter = Limiter(Limit("all", 1, 1.0))
    outer = limiter.acquire(0)
    assert outer is not None
    assert limiter.leaves(outer, 0)
    assert not call(limiter)
    clock.now += 1 + 2 * MARGIN
    assert call(limiter)
    limiter.ended(outer, sent=True)
    assert not call(limiter)


def test_orders_go_before_queries_and_urgent_calls_before_both(clock: Clock) -> None:
    limiter = Limiter(Limit("all", 1, 1.0))
    assert call(limiter)
    order: list[str] = []

    def wait(name: str, priority: Priority) -> threading.Thread:
        def work() -> None:
            start = limiter.acquire(60, priority=priority)
            assert start is not None
            order.append(name)
            limiter.ended(start, sent=True)

        already = len(limiter._waiting)
        thread = threading.Thread(target=work)
        thread.start()
        while len(limiter._waiting) == already:
            time.sleep(0.001)
        return thread

    threads = [
        *(wait(name, Priority.QUERY) for name in ("first", "second")),
        *(wait(name, Priority.ORDER) for name in ("order", "amendment")),
        wait("urgent", Priority.URGENT),
    ]
    for number in range(5):
        clock.now += 1 + 2 * MARGIN
        limiter._waiting[0].wake()
        while len(order) <= number:
            time.sleep(0.001)
    for thread in threads:
        thread.join(30)
    assert order == ["urgent", "order", "amendment", "first", "second"]


def test_an_urgent_call_goes_after_its_wait_whatever_is_counted() -> None:
    limiter = Limiter(Limit("all", 1, 60.0))
    assert call(limiter)
    start = limiter.acquire(0.05, priority=Priority.URGENT)
    assert start is not None
    limiter.ended(start, sent=True)
    assert not call(limiter)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="there are no timers of this kind")
def test_a_thread_that_waits_can_be_interrupted_by_a_call_of_its_own() -> None:
    limiter = Limiter(Limit("all", 1, 0.5))
    assert call(limiter)
    inner: list[bool] = []
    before = signal.signal(signal.SIGALRM, lambda *_: inner.append(call(limiter, 5)))
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        assert call(limiter, 20)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert inner == [True]
    assert not limiter._waiting


def test_an_interrupted_wait_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    limiter = Limiter(Limit("all", 1, WINDOW))
    assert call(limiter)

    class Ticket(limits._Ticket):
        def __init__(self, deadline: float, priority: Priority) -> None:
            super().__init__(deadline, priority)
            self.sleep = Interrupting()  # type: ignore[assignment]

    class Interrupting:
        def acquire(self, timeout: float) -> bool:
            raise KeyboardInterrupt

        def release(self) -> None:
            raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr(limits, "_Ticket", Ticket)
        with pytest.raises(KeyboardInterrupt):
            limiter.acquire(5)
    assert call(limiter, 5)


def test_a_place_in_the_queue_that_nobody_holds_any_more_is_passed_over(clock: Clock) -> None:
    limiter = Limiter(Limit("all", 1, 1.0))
    limiter._waiting.append(limits._Ticket(clock.now + 1, Priority.QUERY))  # left behind by an interrupt
    limiter._waiting[0].thread = -1
    assert not call(limiter)
    clock.now += 3
    assert call(limiter)


def test_who_waits_is_woken_for_his_own_turn_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LOOK_SECONDS", 60.0)
    limiter = Limiter(Limit("all", 4, 0.05))
    looks = 0
    first = limiter._first

    def counted(now: float) -> limits._Ticket | None:
        nonlocal looks
        looks += 1
        return first(now)

    monkeypatch.setattr(limiter, "_first", counted)
    threads = [threading.Thread(target=call, args=(limiter, 30)) for _ in range(64)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert looks <= 6 * 64  # a ring of 64 that all look at every start would be 64 * 64


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
            if call(limiter):
                starts.append(clock.now)
        assert most_in_a_window(starts, 1.0) <= calls


def test_who_comes_first_is_served_first() -> None:
    limiter = Limiter(Limit("all", 1, 0.04))
    assert call(limiter)
    served: list[int] = []
    threads = []
    for number in range(8):

        def work(number: int = number) -> None:
            start = limiter.acquire(30)
            if start is not None:
                served.append(number)
                limiter.ended(start, sent=True)

        threads.append(threading.Thread(target=work))
        threads[-1].start()
        while len(limiter._waiting) + len(served) <= number:
            time.sleep(0.001)
    for thread in threads:
        thread.join(30)
    assert served == list(range(8))


def test_a_timeout_uses_nothing_up_and_leaves_the_queue() -> None:
    limiter = Limiter(Limit("all", 1, 30.0))
    assert call(limiter)
    assert not call(limiter, 0.05)
    assert len(limiter._waiting) == 0
    limiter.slow_down(1)
    assert limiter._counted.change(lambda window, now: (len(window.answered), len(window.open))) == (1, 0)


def test_a_queue_goes_on_when_somebody_gives_up() -> None:
    limiter = Limiter(Limit("all", 1, 1.0))
    assert call(limiter)
    given_up: list[bool] = []
    first = threading.Thread(target=lambda: given_up.append(call(limiter, 0.05)))
    first.start()
    assert call(limiter, 30)
    first.join(30)
    assert given_up == [False]


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
    limiter = Limiter(Limit("all", 1, 1.0))
    assert call(limiter)
    starts: list[float] = []
    waiting = threading.Thread(target=lambda: starts.append(time.monotonic()) if call(limiter, 30) else None)
    waiting.start()
    while not limiter._waiting:
        time.sleep(0.001)
    complained = time.monotonic()
    limiter.slow_down()
    waiting.join(30)
    assert starts[0] - complained >= 1.0


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
        thread.join(30)
    assert len(found) == 8
    assert len(set(map(id, found))) == 1
