"""What a key may call is shared by all processes of a host: no more than the limit, in turn, and nothing is lost."""

from __future__ import annotations

import fcntl
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brokerkit import files
from brokerkit.sharing import file_window as file_windows
from brokerkit.sharing.file_window import FileWindow, file_window, is_there
from brokerkit.sharing.packing import packed, unpacked
from brokerkit.sharing.windows import MARGIN, STALE_SECONDS, Limit, Priority, StartId, Unavailable, Window
from brokerkit.transport import limits
from brokerkit.transport.limits import Careful, InMemory, Limiter, limiter_for, part_of
from tests.test_limits import Clock, call, elsewhere, most_in_a_window

pytestmark = pytest.mark.skipif(os.name != "posix", reason="processes share nothing on this system")

LIMIT = Limit("all", 2, 0.3)
ONE = Limit("all", 1, 0.3)
PROGRAM = """
import os, signal, sys, time
from pathlib import Path
from brokerkit.sharing.windows import Limit
from brokerkit.transport.limits import limiter_for

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
WAITS = """
import threading
threading.Thread(target=limiter.acquire, args=(600,), daemon=True).start()
while not limiter._counted.change(lambda window, now: window.waiting):
    time.sleep(0.005)
print("waits", flush=True)
time.sleep(600)
"""
LOCKS = """
import fcntl
(path,) = Path({folder!r}).glob("*.window")
file = path.open("r+b")
fcntl.flock(file, fcntl.LOCK_EX)
print("locked", flush=True)
time.sleep(600)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "limits"


@pytest.fixture(autouse=True)
def _nothing_was_told() -> Iterator[None]:
    yield
    limits._lost_places.clear()
    limits._limiters.clear()


def program(folder: Path, body: str, limit: Limit = LIMIT) -> subprocess.Popen[str]:
    body = body.replace("{folder!r}", repr(str(folder)))
    code = PROGRAM.format(folder=str(folder), calls=limit.calls, seconds=limit.seconds, body=body)
    return subprocess.Popen(  # noqa: S603 - a program of this file
        [sys.executable, "-c", code], stdout=subprocess.PIPE, encoding="utf-8"
    )


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def window_of_another(folder: Path, limit: Limit = LIMIT) -> FileWindow:
    """Return the window as another process has it, which lives as long as this one."""
    window = file_window(folder, "key", limit)
    window.holder ^= len(str(folder)) << 3 | next(_others)
    return window


_others = iter(range(1, 10**6))


def another(folder: Path, limit: Limit = LIMIT) -> Limiter:
    """Return the limiter that another process would have."""
    return Limiter(limit, window_of_another(folder, limit))


def waits(limiter: Limiter, name: str, order: list[str], priority: Priority = Priority.QUERY) -> threading.Thread:
    """Let a thread wait for a start, and return when it does."""

    def work() -> None:
        start = limiter.acquire(60, priority=priority)
        assert start is not None
        order.append(name)
        limiter.ended(start, sent=True)

    def places() -> list[int]:
        holder = limiter._counted.holder
        return limiter._counted.change(
            lambda window, now: [each.priority for each in window.waiting if each.holder == holder]
        )

    already = len(limiter._waiting)
    thread = threading.Thread(target=work)
    thread.start()
    until = time.monotonic() + 60
    while time.monotonic() < until and not order:
        if len(limiter._waiting) > already and places():
            break
        time.sleep(0.001)
    return thread


# Together


def test_processes_together_never_make_more_calls_than_the_limit(folder: Path) -> None:
    running = [program(folder, CALLS) for _ in range(4)]
    lines = [line.split() for each in running for line in each.communicate(timeout=100)[0].splitlines()]
    assert [each.returncode for each in running] == [0] * 4
    assert len(lines) == 32
    for moment in (0, 1):  # a call reaches the broker between its start and its answer
        assert most_in_a_window([float(line[moment]) for line in lines], LIMIT.seconds) <= LIMIT.calls


def test_who_makes_many_calls_lets_others_in_between(folder: Path) -> None:
    one, other = another(folder), another(folder)
    order: list[str] = []
    while call(one):
        pass
    threads = [waits(one, "one", order) for _ in range(4)]
    threads.append(waits(other, "other", order))
    for thread in threads:
        thread.join(60)
    assert len(order) == 5
    assert order.index("other") <= 2, order


def test_an_order_goes_before_queries_of_other_processes_and_an_urgent_call_before_both(folder: Path) -> None:
    limit = ONE._replace(seconds=1.0)
    one, two, three = another(folder, limit), another(folder, limit), another(folder, limit)
    assert call(one)
    order: list[str] = []
    threads = [waits(one, "query", order), waits(two, "order", order, Priority.ORDER)]
    threads.append(waits(three, "urgent", order, Priority.URGENT))
    for thread in threads:
        thread.join(60)
    assert order == ["urgent", "order", "query"]


def test_an_order_goes_before_queries_of_its_own_process_that_wait_before_it(folder: Path) -> None:
    one, other = another(folder, ONE), another(folder, ONE)
    assert call(one)
    order: list[str] = []
    threads = [waits(other, "elsewhere", order), waits(one, "query", order), waits(one, "order", order, Priority.ORDER)]
    for thread in threads:
        thread.join(60)
    assert order[0] == "order"
    assert sorted(order) == ["elsewhere", "order", "query"]


def test_all_slow_down_together_and_recover_together(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(file_windows, "time", clock)
    limit = Limit("all", 5, 1.0)
    one, other = another(folder, limit), another(folder, limit)
    one.slow_down(3)
    assert (one.allowed, other.allowed) == (3, 3)
    assert not other._counted.change(lambda window, now: window.take(StartId(1, 1), now)).is_taken
    other.slow_down()
    assert (one.allowed, other.allowed) == (2, 2)
    allowed = []
    for _ in range(4):
        clock.now += 61
        assert other._counted.change(lambda window, now: window.take(StartId(2, int(now)), now)).is_taken
        allowed.append((one.allowed, other.allowed))
    assert allowed == [(3, 3), (4, 4), (5, 5), (5, 5)]


def test_keys_limits_and_folders_are_kept_apart(folder: Path, tmp_path: Path) -> None:
    assert call(limiter_for("one", LIMIT, folder))
    for owner, limit, place in (
        ("two", LIMIT, folder),
        ("one", LIMIT._replace(key="other"), folder),
        ("one", LIMIT, tmp_path / "elsewhere"),
    ):
        made = limiter_for(owner, limit, place)
        assert made._counted.change(lambda window, now: window.answered) == []
    assert len(limiter_for("one", LIMIT, folder)._counted.change(lambda window, now: window.answered)) == 1


def test_an_answer_elsewhere_is_found_by_those_who_wait_for_one(folder: Path) -> None:
    limit = Limit("all", 1, 0.01)
    one, other = another(folder, limit), another(folder, limit)
    start = one.acquire(0)
    assert start is not None
    order: list[str] = []
    thread = waits(other, "other", order)
    assert order == []
    one.ended(start, sent=True)
    thread.join(60)
    assert order == ["other"]


# What those who died or stopped have left behind


@pytest.mark.parametrize("is_killed", [True, False])
def test_what_a_dead_process_held_comes_free(folder: Path, is_killed: bool) -> None:
    limit = Limit("all", 1, 0.2)
    with program(folder, HOLDS, limit) as process:
        assert said(process) == "True"
        limiter = limiter_for("key", limit, folder)
        assert not call(limiter)
        (process.kill if is_killed else process.terminate)()
        if is_killed:
            assert call(limiter, 60)  # though nobody has asked how it ended
    assert call(limiter, 60)


def test_a_process_that_ends_gives_back_what_it_held(folder: Path) -> None:
    with program(folder, "limiter.ended(limiter.acquire(60), sent=False)", ONE) as process:
        assert process.wait(60) == 0
    (path,) = folder.glob("*.window")
    window = unpacked(path.read_bytes(), ONE, time.monotonic())
    assert (window.open, window.answered) == ({}, [])


@pytest.mark.parametrize("ends", [signal.SIGSTOP, signal.SIGKILL], ids=["stopped", "killed"])
def test_who_waits_and_is_stopped_or_killed_loses_its_place(folder: Path, ends: signal.Signals) -> None:
    limit = Limit("all", 1, 1.0)
    limiter = limiter_for("key", limit, folder)
    start = limiter.acquire(60)
    assert start is not None
    with program(folder, WAITS, limit) as process:
        try:
            assert said(process) == "waits"
            process.send_signal(ends)
            limiter.ended(start, sent=True)
            assert call(limiter, 60)
        finally:
            process.kill()


def test_a_place_that_nobody_looked_from_is_given_up(folder: Path) -> None:
    window = Window(ONE)
    window.line_up(1, Priority.ORDER, 0.0)
    assert not window.take(StartId(2, 1), STALE_SECONDS).is_taken
    assert window.take(StartId(2, 1), STALE_SECONDS + 0.1).is_taken
    assert window.waiting == []


def test_who_has_the_lock_and_is_stopped_holds_nobody_up_for_good(
    folder: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    limiter = limiter_for("key", LIMIT, folder)
    assert call(limiter)
    caplog.set_level(logging.INFO)
    with program(folder, LOCKS) as process:
        try:
            assert said(process) == "locked"
            process.send_signal(signal.SIGSTOP)
            assert call(limiter, 60)
            assert call(limiter, 60)  # from here on the lock is not waited for
        finally:
            process.kill()
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "does nothing" in caplog.text
    limiter._counted._shared._again_at = 0.0  # type: ignore[attr-defined]
    assert call(limiter, 60)
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    assert "is shared again" in caplog.text


def test_what_was_called_while_nothing_could_be_shared_counts_afterwards(folder: Path) -> None:
    limit = Limit("all", 8, 60.0)
    limiter = limiter_for("key", limit, folder)
    folder.write_text("no folder")
    held = elsewhere(limiter)
    assert call(limiter)
    assert not call(limiter)  # a quarter of it
    folder.unlink()
    limiter._counted._shared._again_at = 0.0  # type: ignore[attr-defined]
    limiter.ended(held, sent=True)
    assert limiter._counted.change(lambda window, now: (len(window.answered), len(window.open))) == (2, 0)


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


def test_forks_amid_changes_leave_no_lock_behind(folder: Path) -> None:
    limit = Limit("all", 10**6, 0.01)
    limiter = limiter_for("key", limit, folder)
    is_over = threading.Event()

    def work() -> None:
        while not is_over.is_set():
            call(limiter, 60)

    thread = threading.Thread(target=work)
    thread.start()
    children = []
    for _ in range(20):
        child = os.fork()
        if child == 0:
            signal.pause()
        children.append(child)
    try:
        assert all(call(another(folder, limit), 60) for _ in range(20))
        assert limits._lost_places == set()
    finally:
        is_over.set()
        for child in children:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
        thread.join(60)


@pytest.mark.parametrize("content", [b"nonsense" * 20, b"bkwindo2" + b"\xff" * 100, b"\0"])
def test_what_cannot_be_read_counts_as_a_window_that_was_just_used_up(folder: Path, content: bytes) -> None:
    limiter = limiter_for("key", LIMIT, folder)
    assert call(limiter)
    limiter._counted.change(lambda window, now: None)
    (path,) = folder.glob("*.window")
    with path.open("r+b") as file:
        file.write(content)
    assert not call(limiter)
    assert call(limiter, 60)


def test_a_folder_that_was_cleared_away_is_made_again(folder: Path) -> None:
    limiter = limiter_for("key", LIMIT, folder)
    assert call(limiter)
    limiter._counted.change(lambda window, now: None)
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    assert call(limiter)
    assert limits._lost_places == set()


def test_after_a_new_start_of_the_host_times_to_come_count_as_now(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    for module in (limits, file_windows):
        monkeypatch.setattr(module, "time", clock)
    limiter = limiter_for("key", LIMIT, folder)
    assert call(limiter)
    assert call(limiter)
    limiter._counted.change(lambda window, now: None)
    clock.now = 5.0
    assert not call(limiter)
    clock.now += LIMIT.seconds + 2 * MARGIN
    assert call(limiter)


# Interrupts and signal handlers


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="there are no timers of this kind")
def test_a_signal_handler_that_calls_amid_a_call_of_its_thread_gets_its_start(folder: Path) -> None:
    limit = Limit("all", 1000, 0.01)
    limiter = limiter_for("key", limit, folder)
    inner: list[bool] = []
    before = signal.signal(signal.SIGALRM, lambda *_: inner.append(call(limiter, 60)))
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.001, 0.0007)
        while len(inner) < 100:
            assert call(limiter, 60)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert all(inner)
    assert limiter._counted.change(lambda window, now: len(window.open)) == 0


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="there are no timers of this kind")
def test_interrupts_at_any_moment_leave_no_start_open_and_no_lock_held(folder: Path) -> None:
    limit = Limit("all", 2, 0.01)
    limiter = limiter_for("key", limit, folder)
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    interrupted = 0
    try:
        for number in range(200):
            try:
                signal.setitimer(signal.ITIMER_REAL, 0.0001 + number * 0.00002)
                try:
                    while True:
                        call(limiter, 60)
                finally:
                    signal.setitimer(signal.ITIMER_REAL, 0)
            except KeyboardInterrupt:
                interrupted += 1
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert interrupted == 200
    assert call(another(folder, limit), 60)
    found: list[bool] = []
    thread = threading.Thread(target=lambda: found.append(call(limiter, 60)))
    thread.start()
    thread.join(60)
    assert found == [True]
    assert limits._lost_places == set()
    assert call(limiter, 60)  # what this thread held is given back by its next call at the latest
    assert limiter._counted.change(lambda window, now: (window.open, window.waiting)) == ({}, [])


def test_a_start_whose_wait_was_interrupted_is_given_back_at_once(folder: Path) -> None:
    counted = window_of_another(folder, ONE)

    class Interrupting:
        is_shared, holder, look_seconds, post = True, counted.holder, 0.002, counted.post

        def change(self, step: Callable[[Window, float], object]) -> object:
            counted.change(step)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Limiter(ONE, Interrupting()).acquire(0)  # type: ignore[arg-type]
    assert call(another(folder, ONE))


def test_what_is_given_back_while_it_is_taken_is_not_held_for_ever(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = file_window(folder, "key", ONE)
    start = StartId(window.holder, 1)
    opened = window._opened

    def interrupted() -> int:  # the thread that waits for the start is interrupted at this moment
        monkeypatch.undo()
        window.post(lambda found, now: found.end(start, now, sent=False))
        return opened()

    monkeypatch.setattr(window, "_opened", interrupted)
    assert window.change(lambda found, now: found.take(start, now)).is_taken
    assert window.change(lambda found, now: found.open) == {}


# The same as in memory


@settings(max_examples=60, deadline=None)
@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(["take", "wait", "force", "end", "lose", "slow", "out", "go"]),
            st.integers(0, 3),
            st.floats(0, 2),
        ),
        max_size=40,
    )
)
def test_what_was_packed_is_what_was_there(steps: list[tuple[str, int, float]]) -> None:
    limit = Limit("all", 3, 1.0)
    plain, window = Window(limit), Window(limit)
    now = 1_000.0
    for name, number, later in steps:
        now += later
        step = of(name, StartId(number + 1, number))
        window = unpacked(packed(window, now) + b"rest", limit, now)
        assert step(window, now) == step(plain, now)
        for slot in Window.__slots__:
            assert getattr(window, slot) == getattr(plain, slot)


def of(name: str, start: StartId) -> Callable[[Window, float], object]:
    priority = Priority(min(start.number, 2))
    steps: dict[str, Callable[[Window, float], object]] = {
        "take": lambda window, now: window.take(start, now, priority=priority),
        "wait": lambda window, now: window.wait(
            start, now, priority=priority, behind=Priority.QUERY if start.number == 1 else None
        ),
        "force": lambda window, now: window.force(start, now),
        "end": lambda window, now: window.end(start, now, sent=True),
        "lose": lambda window, now: window.end(start, now, sent=False),
        "slow": lambda window, now: window.slow_down(now, start.number or None),
        "out": lambda window, now: window.step_out(start.holder),
        "go": lambda window, now: window.let_go(start.holder, now),
    }
    return steps[name]


def test_the_file_says_what_memory_would(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    for module in (limits, file_windows):
        monkeypatch.setattr(module, "time", clock)
    monkeypatch.setattr(file_windows, "is_there", lambda process: True)
    shared, memory = file_window(folder, "key", Limit("all", 3, 1.0)), InMemory(Limit("all", 3, 1.0))
    found: list[Any] = []
    for number in range(60):
        clock.now += number % 7 / 5
        step = of(("take", "wait", "end", "take", "slow")[number % 5], StartId(number % 3 + 1, number % 4))
        shared.post(step)
        memory.post(step)

        take = of("take", StartId(9, number))
        looks = shared.change(take), memory.change(take)
        assert looks[0] == looks[1]
        found.append(looks[0])
    assert {each.is_taken for each in found} == {True, False}


def test_no_file_is_kept_open(folder: Path) -> None:
    assert call(limiter_for("key", LIMIT, folder))
    descriptors = Path("/proc/self/fd")
    before = len(os.listdir(descriptors)) if descriptors.is_dir() else 0
    for number in range(20):
        limiter = limiter_for("key", LIMIT._replace(key=str(number)), folder)
        assert call(limiter)
        limiter._counted.change(lambda window, now: None)
    after = len(os.listdir(descriptors)) if descriptors.is_dir() else 0
    assert (len([*folder.glob("*.window")]), after - before) == (21, 0)


# Where nothing can be shared


@pytest.mark.parametrize(
    ("calls", "seconds", "left"), [(18, 1.0, Limit("all", 4, 1.0)), (1, 1.0, Limit("all", 1, 4.0))]
)
def test_a_folder_that_cannot_be_used_leaves_a_quarter_and_says_so_once(
    folder: Path, caplog: pytest.LogCaptureFixture, calls: int, seconds: float, left: Limit
) -> None:
    folder.write_text("no folder")
    for key in ("one", "two"):
        counted = limiter_for("key", Limit(key, calls, seconds), folder)._counted
        assert counted.change(lambda window, now: window.limit) == left._replace(key=key)
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert "a quarter of it is taken" in record.message
    assert str(folder) in record.message
    assert "BROKERKIT_CACHE_DIR" in record.message


def test_nothing_is_shared_over_a_network(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(files, "_file_system", lambda folder: "nfs4")
    assert call(limiter_for("key", LIMIT, folder))
    assert "network file system (nfs4)" in caplog.text


def test_the_folder_of_another_user_is_not_used(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    folder.mkdir(mode=0o700)
    other = os.getuid() + 1
    monkeypatch.setattr(os, "getuid", lambda: other)
    assert call(limiter_for("key", LIMIT, folder))
    assert "it belongs to another user" in caplog.text
    assert "chown" in caplog.text


def test_a_file_that_others_can_read_is_not_used(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    limiter = limiter_for("key", LIMIT, folder)
    limiter._counted.change(lambda window, now: None)
    (path,) = folder.glob("*.window")
    path.chmod(0o666)
    with pytest.raises(Unavailable, match="others can read or write it") as refused:
        file_window(folder, "key", LIMIT).change(lambda window, now: None)
    assert f"chmod 600 '{path}'" in refused.value.remedy


def test_a_lock_is_waited_for_no_longer_than_it_may_take(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_windows, "LOCK_SECONDS", 0.05)
    window = file_window(folder, "key", LIMIT)
    window.change(lambda window, now: None)
    (path,) = folder.glob("*.window")
    with path.open("r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(Unavailable, match="does nothing"):
            window.change(lambda window, now: None)
        assert Careful(window, InMemory(part_of(LIMIT)), "here").change(lambda window, now: window.limit.calls) == 1
