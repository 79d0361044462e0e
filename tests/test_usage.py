"""Who has called how often in the last minute is told to who asks, by living processes and by those that just ended."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from brokerkit import RateLimited
from brokerkit.sharing import usage
from brokerkit.sharing.addresses import read_address
from brokerkit.sharing.store import Store
from brokerkit.sharing.usage import Meter, meter_for, usage_of
from tests.redises import needs_redis, redis_server
from tests.servers import ORDER, READ, Exchange, ProbeClient, Server, answer, refusal

pytestmark = pytest.mark.skipif(os.name != "posix", reason="processes share nothing on this system")

PROGRAM = """
import signal
from pathlib import Path
from brokerkit.sharing.usage import meter_for

for number in range(5):
    meter_for(Path({folder!r}), "key").count(is_order=number > 2)
print("counted", flush=True)
{then}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    made = tmp_path / "limits"
    made.mkdir(mode=0o700)
    yield made
    usage._meters.clear()


def program(folder: Path, then: str = "") -> subprocess.Popen[str]:
    code = PROGRAM.format(folder=str(folder), then=then)
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, encoding="utf-8")  # noqa: S603


def when(found: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not found():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_a_process_tells_what_it_called_and_what_of_that_were_orders(folder: Path) -> None:
    with program(folder, "signal.pause()") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "counted\n"
        when(lambda: [each.calls for each in usage_of(folder, "key")] == [5])
        (used,) = usage_of(folder, "key")
        process.kill()
    assert (used.process, used.orders, used.slowed) == (process.pid, 2, 0)
    assert abs(time.time() - used.last) < 60
    assert usage_of(folder, "other") == []


def test_who_has_just_ended_is_told_and_forgotten_a_minute_later(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with program(folder) as process:
        assert process.wait(60) == 0
    (used,) = usage_of(folder, "key")
    assert (used.process, used.calls, used.orders) == (process.pid, 5, 2)
    (path,) = folder.iterdir()
    later = time.time() + 61
    monkeypatch.setattr(time, "time", lambda: later)
    assert usage_of(folder, "key") == []
    assert not path.exists()


def test_what_is_older_than_a_minute_is_not_told_of_a_process_that_lives(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    meter = meter_for(folder, "key")
    assert meter is not None
    began = time.time()
    with monkeypatch.context() as patch:
        for seconds, was_too_fast in ((0, False), (30, False), (30, True), (59, False)):
            patch.setattr(time, "time", lambda moment=began + seconds: moment)
            meter.count(was_too_fast=was_too_fast)
    for later, calls, slowed in ((59, 3, 1), (62, 2, 1), (95, 1, 0)):
        monkeypatch.setattr(time, "time", lambda moment=began + later: moment)
        meter._events.append((began - 100, False, False))
        meter.settle(at_once=True)
        (used,) = usage_of(folder, "key")
        assert (used.process, used.calls, used.slowed) == (os.getpid(), calls, slowed)


def test_a_file_that_says_nothing_is_passed_over(folder: Path) -> None:
    meter = meter_for(folder, "key")
    assert meter is not None
    for number, content in enumerate(
        (b"", b"{", b"[]", b"{}", b'{"seconds": [[]]}', b'{"seconds": [[1e12, "a", 0, 0]]}')
    ):
        path = folder / f"key-{(os.getpid() << 26) + number:x}.usage"
        path.write_bytes(content)
        path.chmod(0o600)
    assert usage_of(folder, "key") == []


def test_it_is_written_once_a_second_at_most_and_by_nobody_who_calls(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []
    write = usage.Meter._write

    def counted(self: usage.Meter, content: bytes) -> None:
        written.append(threading.current_thread().name)
        write(self, content)

    monkeypatch.setattr(usage.Meter, "_write", counted)
    monkeypatch.setattr(usage, "WRITE_SECONDS", 60.0)
    meter = meter_for(folder, "key")
    assert meter is not None
    for _ in range(50):
        meter.count()
    when(lambda: bool(written))
    for _ in range(50):
        meter.count()
    meter._process.clerk.do(lambda job: None, 60)
    assert written == ["brokerkit-limits"]
    meter._due = 0.0
    when(lambda: [each.calls for each in usage_of(folder, "key")] == [100])


def test_a_client_counts_what_it_sends_and_what_was_too_fast() -> None:
    def script(exchange: Exchange) -> bool:
        return exchange.send(refusal("busy") if exchange.number == 2 else answer())

    with Server(script) as server, ProbeClient(server.url, remember_token=True) as client:
        client.call(READ)
        with pytest.raises(RateLimited):
            client.call(ORDER, body={})
        client.call(ORDER, body={})
        assert client._budget is not None
        folder, owner = client._budget, client._owner
        when(lambda: [(each.calls, each.orders, each.slowed) for each in usage_of(folder, owner)] == [(3, 2, 1)])


@needs_redis
def test_hosts_that_share_a_redis_tell_each_other(folder: Path, tmp_path: Path) -> None:
    with redis_server() as server:
        store = Store(read_address(server.state))
        meter = Meter(folder, "key", store)
        meter.count(is_order=True)
        elsewhere = tmp_path / "elsewhere"
        when(lambda: bool(usage_of(elsewhere, "key", store) and usage_of(folder, "key")))
        assert usage_of(elsewhere, "key", store) == usage_of(folder, "key") == usage_of(folder, "key", store)
        assert 0 < server.client().ttl("brokerkit:1:usage:key") <= 90
