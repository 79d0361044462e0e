"""What a key may call is shared by all processes of a host: no more than the limit, in turn, and nothing is lost."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brokerkit import files
from brokerkit.transport import limits, sharing
from brokerkit.transport.limits import InMemory, Limiter, OfThisHost, limiter_for
from brokerkit.transport.sharing import is_there, shared_window
from brokerkit.transport.windows import MARGIN, Limit, Look, StartId, Window
from tests.test_limits import Clock, call, most_in_a_window

pytestmark = pytest.mark.skipif(os.name != "posix", reason="processes share nothing on this system")

LIMIT = Limit("all", 2, 0.3)
PROGRAM = """
import sys, time
from pathlib import Path
from brokerkit.transport.limits import limiter_for
from brokerkit.transport.windows import Limit

limiter = limiter_for("key", Limit("all", {calls}, {seconds}), Path({folder!r}))
{body}
"""
CALLS = """
for _ in range(8):
    start = limiter.acquire(60)
    began = time.monotonic()
    limiter.ended(start, sent=True)
    print(began, time.monotonic(), flush=True)
"""
HOLDS = """
print(limiter.acquire(60) is not None, flush=True)
time.sleep(600)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "budget"


def program(folder: Path, body: str, limit: Limit = LIMIT) -> subprocess.Popen[str]:
    code = PROGRAM.format(folder=str(folder), calls=limit.calls, seconds=limit.seconds, body=body)
    return subprocess.Popen(  # noqa: S603 - a program of this file
        [sys.executable, "-c", code], stdout=subprocess.PIPE, encoding="utf-8"
    )


def another(folder: Path, limit: Limit = LIMIT) -> Limiter:
    """Return the limiter that another process would have."""
    return Limiter(limit, shared_window(folder, "key", limit))


# Together


def test_processes_together_never_make_more_calls_than_the_limit(folder: Path) -> None:
    running = [program(folder, CALLS) for _ in range(4)]
    lines = [line.split() for each in running for line in each.communicate(timeout=100)[0].splitlines()]
    assert [each.returncode for each in running] == [0] * 4
    assert len(lines) == 32
    for moment in (0, 1):  # a call reaches the broker between its start and its answer
        assert most_in_a_window([float(line[moment]) for line in lines], LIMIT.seconds) <= LIMIT.calls


def test_who_makes_many_calls_lets_others_in_between(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = another(folder), another(folder)
    order: list[str] = []

    def work(limiter: Limiter, name: str) -> None:
        start = limiter.acquire(60)
        assert start is not None
        order.append(name)
        limiter.ended(start, sent=True)

    while call(one):
        pass
    threads = [threading.Thread(target=work, args=(one, "one")) for _ in range(4)]
    for thread in threads:
        thread.start()
    while len(one._waiting) < 4:
        time.sleep(0.001)
    threads.append(threading.Thread(target=work, args=(other, "other")))
    threads[-1].start()
    for thread in threads:
        thread.join(60)
    assert len(order) == 5
    assert order.index("other") <= 2, order


def test_an_urgent_call_goes_before_those_of_other_processes(folder: Path) -> None:
    limit = Limit("all", 1, 0.3)
    one, other = another(folder, limit), another(folder, limit)
    assert call(one)
    order: list[str] = []

    def work() -> None:
        start = one.acquire(60)
        assert start is not None
        order.append("plain")
        one.ended(start, sent=True)

    thread = threading.Thread(target=work)
    thread.start()
    while not one._counted.change(lambda window: window.waiting):
        time.sleep(0.001)
    start = other.acquire(60, urgent=True)
    assert start is not None
    order.append("urgent")
    other.ended(start, sent=True)
    thread.join(60)
    assert order == ["urgent", "plain"]


def test_all_slow_down_together(folder: Path) -> None:
    limit = Limit("all", 10, 1.0)
    one, other = another(folder, limit), another(folder, limit)
    one.slow_down(3)
    assert (one.allowed, other.allowed) == (3, 3)
    assert not call(other)


def test_keys_limits_and_folders_are_kept_apart(folder: Path, tmp_path: Path) -> None:
    assert call(limiter_for("one", LIMIT, folder))
    for owner, limit, place in (
        ("two", LIMIT, folder),
        ("one", LIMIT._replace(key="other"), folder),
        ("one", LIMIT, tmp_path / "elsewhere"),
    ):
        made = limiter_for(owner, limit, place)
        assert made._counted.change(lambda window: window.answered) == []
    assert len(limiter_for("one", LIMIT, folder)._counted.change(lambda window: window.answered)) == 1


# What those who died have left behind


@pytest.mark.parametrize("is_killed", [True, False])
def test_what_a_dead_process_held_comes_free(folder: Path, is_killed: bool) -> None:
    limit = Limit("all", 1, 0.2)
    with program(folder, HOLDS, limit) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "True\n"
        limiter = limiter_for("key", limit, folder)
        assert not call(limiter)
        (process.kill if is_killed else process.terminate)()
        if is_killed:
            assert call(limiter, 60)  # though nobody has asked how it ended
    assert call(limiter, 60)


def test_a_forked_process_counts_for_itself_and_its_parent_stays_there(folder: Path) -> None:
    limiter = limiter_for("key", LIMIT, folder)
    assert call(limiter)
    child = os.fork()
    if child == 0:
        own = limiter_for("key", LIMIT, folder)
        is_good = own._counted.holder != limiter._counted.holder and call(own, 60) and not call(own)
        os._exit(0 if is_good else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert not is_there(child)
    assert call(limiter, 60)


@pytest.mark.parametrize("content", [b"nonsense" * 20, b"bkwindow" + b"\xff" * 100])
def test_what_cannot_be_read_counts_as_a_window_that_was_just_used_up(folder: Path, content: bytes) -> None:
    limiter = limiter_for("key", LIMIT, folder)
    assert call(limiter)
    (path,) = folder.glob("*.window")
    with path.open("r+b") as file:
        file.write(content)
    assert not call(limiter)
    assert call(limiter, 60)


def test_after_a_new_start_of_the_host_times_to_come_count_as_now(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    for module in (limits, sharing):
        monkeypatch.setattr(module, "time", clock)
    limiter = limiter_for("key", LIMIT, folder)
    assert call(limiter)
    assert call(limiter)
    clock.now = 5.0
    assert not call(limiter)
    clock.now += LIMIT.seconds + 2 * MARGIN
    assert call(limiter)


# Within one process


def test_what_a_signal_handler_does_within_a_change_is_not_lost(folder: Path) -> None:
    window = shared_window(folder, "key", LIMIT)
    inner, outer = StartId(window.holder, 1), StartId(window.holder, 2)

    def outside(window_: Window) -> Look:
        looked = window_.take(outer, time.monotonic())
        if inner not in window_.open:
            window.change(lambda again: again.take(inner, time.monotonic()))
        return looked

    assert window.change(outside).is_taken
    assert window.change(lambda found: set(found.open)) == {inner, outer}


@settings(max_examples=60, deadline=None)
@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(["take", "wait", "force", "end", "lose", "slow", "out"]), st.integers(0, 3), st.floats(0, 2)
        ),
        max_size=40,
    )
)
def test_the_file_says_what_memory_would(
    steps: list[tuple[str, int, float]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    limit = Limit("all", 3, 1.0)
    shared = shared_window(tmp_path_factory.mktemp("budget"), "key", limit)
    memory = InMemory(limit)
    now = time.monotonic() - 1_000.0  # times to come would count as now
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sharing, "is_there", lambda process: True)
        for name, number, later in steps:
            now += later
            step = of(name, StartId(number + 1, number), now)
            assert shared.change(step) == memory.change(step)

        def state(window: Window) -> object:
            return (
                window.allowed,
                window.open,
                window.answered,
                window.waiting,
            )

        assert shared.change(state) == memory.change(state)


def of(name: str, start: StartId, now: float) -> Callable[[Window], object]:
    steps: dict[str, Callable[[Window], object]] = {
        "take": lambda window: window.take(start, now),
        "wait": lambda window: window.wait(start, now, is_urgent=start.number == 2, goes_on=start.number == 1),
        "force": lambda window: window.force(start, now),
        "end": lambda window: window.end(start, now, sent=True),
        "lose": lambda window: window.end(start, now, sent=False),
        "slow": lambda window: window.slow_down(now, start.number),
        "out": lambda window: window.step_out(start.holder),
    }
    return steps[name]


def test_no_file_is_kept_open(folder: Path) -> None:
    before = len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").is_dir() else 0
    for number in range(20):
        assert call(limiter_for("key", LIMIT._replace(key=str(number)), folder))
    after = len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").is_dir() else 0
    assert (len([*folder.glob("*.window")]), after - before) == (20, 0)


# Where nothing can be shared


@pytest.mark.parametrize(
    ("calls", "seconds", "left"), [(18, 1.0, Limit("all", 4, 1.0)), (1, 1.0, Limit("all", 1, 4.0))]
)
def test_a_folder_that_cannot_be_used_leaves_a_quarter_and_says_so(
    folder: Path, caplog: pytest.LogCaptureFixture, calls: int, seconds: float, left: Limit
) -> None:
    folder.write_text("no folder")
    with caplog.at_level(logging.WARNING):
        counted = OfThisHost(folder, "key", Limit("all", calls, seconds))
    assert counted.change(lambda window: window.limit) == left
    (record,) = caplog.records
    assert "takes a quarter" in record.message
    assert "BROKERKIT_CACHE_DIR" in record.message


def test_nothing_is_shared_over_a_network(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(files, "_file_system", lambda folder: "nfs4")
    OfThisHost(folder, "key", LIMIT)
    assert "network file system (nfs4)" in caplog.text


def test_a_file_that_others_can_read_is_not_used(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    limiter_for("key", LIMIT, folder)
    (path,) = folder.glob("*.window")
    path.chmod(0o666)
    OfThisHost(folder, "key", LIMIT)
    assert "others can read or write it" in caplog.text


def test_who_has_the_lock_and_does_nothing_holds_nobody_up_for_good(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sharing, "LOCK_SECONDS", 0.05)
    limiter = limiter_for("key", LIMIT, folder)
    assert call(limiter)
    (path,) = folder.glob("*.window")
    with path.open("r+b") as file:
        sharing._locked(file.fileno())
        assert call(limiter, 60)
    assert "does nothing" in caplog.text
