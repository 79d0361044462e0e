"""Calls that do not depend on each other, several at a time."""

from __future__ import annotations

import threading
from concurrent import futures
from typing import Any

import pytest

from brokerkit.transport.together import AT_ONCE, Together


@pytest.fixture
def together() -> Together:
    return Together()


def test_answers_come_in_the_order_of_the_questions(together: Together) -> None:
    gates = [threading.Event() for _ in range(3)]

    def call(number: int) -> int:
        if number < 2:
            assert gates[number + 1].wait(10)  # the last one answers first
        gates[number].set()
        return number * 10

    assert together.map(call, [0, 1, 2]) == [0, 10, 20]
    together.close()


def test_several_are_on_their_way_at_once_and_no_more_than_that(together: Together) -> None:
    meeting = threading.Barrier(AT_ONCE)
    lock, present, most = threading.Lock(), 0, 0

    def call(number: int) -> None:
        nonlocal present, most
        with lock:
            present += 1
            most = max(most, present)
        meeting.wait(10)
        with lock:
            present -= 1

    together.map(call, range(2 * AT_ONCE))
    assert most == AT_ONCE
    together.close()


def test_threads_are_kept_for_the_next_questions_and_end_with_close(together: Together) -> None:
    meeting = threading.Barrier(AT_ONCE)

    def call(_: int) -> threading.Thread:
        meeting.wait(10)
        return threading.current_thread()

    first = set(together.map(call, range(AT_ONCE)))
    second = set(together.map(lambda _: threading.current_thread(), range(30)))
    assert second <= first
    together.close()
    assert not any(thread.is_alive() for thread in first | second)
    together.close()
    assert together.map(lambda number: number, [1, 2]) == [1, 2]
    together.close()


def test_one_question_needs_no_thread(together: Together) -> None:
    assert together.map(lambda _: threading.current_thread(), [1]) == [threading.current_thread()]
    assert together.map(str, []) == []


def test_the_first_error_ends_it_and_no_further_call_begins(
    together: Together, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[int] = []
    gate = threading.Event()
    real = futures.wait

    def waited(running: Any) -> object:
        gate.set()  # whatever has not begun is cancelled by now
        return real(running)

    def call(number: int) -> None:
        begun.append(number)
        if number == 0:
            raise LookupError("first")
        gate.wait(30)

    monkeypatch.setattr(futures, "wait", waited)
    with pytest.raises(LookupError, match="first"):
        together.map(call, range(100))
    assert len(begun) <= AT_ONCE + 1
    before = len(begun)
    together.close()
    assert len(begun) == before


def test_progress_counts_in_order(together: Together) -> None:
    steps: list[tuple[int, int]] = []
    together.map(str, range(5), lambda done, count: steps.append((done, count)))
    together.map(str, [1], lambda done, count: steps.append((done, count)))
    assert steps == [(1, 5), (2, 5), (3, 5), (4, 5), (5, 5), (1, 1)]
    together.close()
