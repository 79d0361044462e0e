"""What processes that share a key's calls pay for that, and how well they use what they may call.

A permit is the way of one call through a limiter where nobody else wants one: waiting for it, and counting its answer.
It is measured in turn with that of a limiter that shares with nobody. Then processes ask one served sandbox over HTTP
as fast as they are let: it must refuse none, hardly a start may be wasted, and none of them may get more than its part.

    python -m benchmarks.sharing [--calls 200]

With a redis-server on this machine the same is measured of two hosts, which are two state directories, that share by
it. It takes about two minutes, and two more with Redis, and talks to this machine only.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median
from typing import Any
from unittest import mock

from pydantic import SecretStr

from brokerkit import BrokerError, get_broker
from brokerkit.sandbox import Sandbox
from brokerkit.sandbox.face import SlidingWindow
from brokerkit.sharing.addresses import read_address
from brokerkit.sharing.file_window import file_window
from brokerkit.sharing.redis_window import RedisWindow
from brokerkit.sharing.store import Store
from brokerkit.sharing.windows import Limit
from brokerkit.transport import connection, http
from brokerkit.transport.limits import Counted, InMemory, Limiter

BROKER, SYMBOL = "kis", "005930"
CALLS_PER_SECOND = 18
LIMIT = Limit("benchmark", CALLS_PER_SECOND, 0.001)
PAUSE_SECONDS = 0.015
"""After this time a whole window of it is free again."""
ROUNDS = 100
PROCESSES, CALLS = 8, 200
ALONE, EMBEDDED, REDIS = "in memory, alone", "embedded", "with Redis"
MOST_MICROSECONDS = {EMBEDDED: 100.0, REDIS: 300.0}
START_SECONDS = 10.0
LEAST_USED, MOST_UNFAIR = 0.95, 1.3


def permits(kinds: Mapping[str, Callable[[], Counted]]) -> dict[str, list[float]]:
    """Return the microseconds of each permit, kinds in turn."""
    limiters = {name: Limiter(LIMIT, make()) for name, make in kinds.items()}
    found: dict[str, list[float]] = {name: [] for name in kinds}
    for _ in range(ROUNDS):
        for name, limiter in limiters.items():
            for _ in range(CALLS_PER_SECOND):
                began = time.perf_counter()
                start = limiter.acquire(60.0)
                assert start is not None  # noqa: S101 - a minute is enough for anything
                limiter.ended(start, sent=True)
                found[name].append((time.perf_counter() - began) * 1e6)
        time.sleep(PAUSE_SECONDS)
    return found


def kinds_of(folder: Path, state: str | None) -> dict[str, Callable[[], Counted]]:
    """Return the kinds of windows that there are on this machine."""
    kinds: dict[str, Callable[[], Counted]] = {
        ALONE: lambda: InMemory(LIMIT),
        EMBEDDED: lambda: file_window(folder, "benchmark", LIMIT),
    }
    if state is not None:
        address = read_address(SecretStr(state))
        kinds[REDIS] = lambda: RedisWindow(Store(address), "benchmark", LIMIT)
    return kinds


@contextmanager
def redis() -> Iterator[str | None]:
    """Run a Redis of its own and yield its URL; None where there is no redis-server."""
    program = shutil.which("redis-server")
    if program is None:
        yield None
        return
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port: int = held.getsockname()[1]
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:  # noqa: S603 - the server of the system
        try:
            until = time.monotonic() + START_SECONDS
            while time.monotonic() < until:
                with socket.socket() as tried:
                    if tried.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.01)
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            process.kill()


@dataclass(frozen=True)
class Crowd:
    """What processes that share a key came to."""

    calls: int
    refused: int
    seconds: float
    used: float
    """Share of the starts that there could have been, as limit and mean round trip permit."""
    unfair: float
    """Most calls of a process by fewest, until the first had made all of its own."""

    def __str__(self) -> str:
        return (
            f"{self.calls} calls in {self.seconds:.1f} s, {self.refused} refused, {self.used:.1%} used, "
            f"max/min {self.unfair:.2f}"
        )


class Seen(SlidingWindow):
    """The limit of a face, which keeps when calls came and how many it refused."""

    def __init__(self, calls: int) -> None:
        super().__init__(calls)
        self.admitted: list[float] = []
        self.refused = 0

    def admit(self, key: str) -> bool:
        """Count one call, or return False if there were too many."""
        is_admitted = super().admit(key)
        if is_admitted:
            self.admitted.append(time.monotonic())
        else:
            self.refused += 1
        return is_admitted


def crowd(calls: int = CALLS, *, state: str | None = None, hosts: int = 1) -> Crowd:
    """Let processes make so many calls each; with `state`, those of several hosts share by it."""
    with Sandbox() as sandbox, tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name, ExitStack() as stack:
        keys = sandbox.connect(BROKER)
        face = sandbox.face(BROKER)
        face.window = seen = Seen(face.window.calls)
        given = {key: getattr(keys, key) for key in ("base_url", "account", "app_key", "app_secret")}
        task = json.dumps({"calls": calls, "given": given | ({"options": {"state": state}} if state else {})})
        workers = [stack.enter_context(_worker(Path(name, str(number % hosts)))) for number in range(PROCESSES)]
        for worker in workers:
            _tell(worker, task)
            _hear(worker)
        time.sleep(1.1)  # what they asked to begin with is forgotten
        seen.admitted.clear()
        for worker in workers:
            _tell(worker, "go")
        told = [json.loads(_hear(worker)) for worker in workers]
    return _judged(told, seen)


def _worker(folder: Path) -> subprocess.Popen[str]:
    variables = {name: value for name, value in os.environ.items() if not name.startswith("BROKERKIT_")}
    own = {"BROKERKIT_CACHE_DIR": str(folder / "cache"), "BROKERKIT_STATE_DIR": str(folder / "state")}
    return subprocess.Popen(
        [sys.executable, "-m", "benchmarks.sharing", "--worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=variables | own,
    )


def _tell(worker: subprocess.Popen[str], line: str) -> None:
    assert worker.stdin is not None  # noqa: S101 - it is a pipe
    worker.stdin.write(line + "\n")
    worker.stdin.flush()


def _hear(worker: subprocess.Popen[str]) -> str:
    assert worker.stdout is not None  # noqa: S101 - it is a pipe
    line = worker.stdout.readline()
    if not line:
        raise RuntimeError("A process that was to call ended early.")
    return line


def _judged(told: Sequence[Mapping[str, Any]], seen: Seen) -> Crowd:
    ended = [each["ended"] for each in told]
    first = min(moments[-1] for moments in ended)
    counts = [sum(moment <= first for moment in moments) for moments in ended]
    # While all of them want more; starts come in swarms, a window apart, so that each is compared with its own next.
    busy = [moment for moment in seen.admitted if moment <= first]
    cycles = [later - earlier for earlier, later in zip(busy, busy[CALLS_PER_SECOND:], strict=False)]
    trip = mean(trip for each in told for trip in each["trips"])
    return Crowd(
        calls=sum(map(len, ended)),
        refused=seen.refused,
        seconds=max(moments[-1] for moments in ended) - min(each["began"] for each in told),
        used=(1.0 + trip) / mean(cycles),
        unfair=max(counts) / min(counts),
    )


def work() -> None:
    """Make calls as the standard input says, and tell when each was answered and how long it was on its way."""
    task = json.loads(sys.stdin.readline())
    trips: list[float] = []
    ended: list[float] = []

    def timed(*arguments: Any, **options: Any) -> connection.Response | connection.Failure:
        sent = time.monotonic()
        result = connection.transmit(*arguments, **options)
        trips.append(time.monotonic() - sent)
        return result

    with get_broker(BROKER, environment="sandbox", **task["given"]) as broker:
        broker.quote(SYMBOL)
        print("ready", flush=True)
        sys.stdin.readline()
        began = time.monotonic()
        with mock.patch.object(http, "transmit", timed):
            for _ in range(task["calls"]):
                try:
                    broker.quote(SYMBOL)
                except BrokerError as error:
                    print(error, file=sys.stderr)
                ended.append(time.monotonic())
    print(json.dumps({"began": began, "ended": ended, "trips": trips}), flush=True)


def main() -> int:
    """Print the figures; 1 if one misses its target."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=CALLS)
    parser.add_argument("--worker", action="store_true")
    given = parser.parse_args()
    if given.worker:
        work()
        return 0
    with redis() as state:
        missed = _paid(state)
        print(f"{PROCESSES} processes, {CALLS_PER_SECOND} calls a second, by a file:")
        missed |= _together(crowd(given.calls))
        if state is None:
            print("There is no redis-server on this machine: two hosts were not measured.")
        else:
            print("as many on two hosts, by Redis:")
            missed |= _together(crowd(given.calls, state=state, hosts=2))
    return int(missed)


def _paid(state: str | None) -> bool:
    """Print what a permit takes; say whether a target is missed."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        found = permits(kinds_of(Path(name, "limits"), state))
    alone, missed = median(found[ALONE]), False
    for kind, times in found.items():
        most = MOST_MICROSECONDS.get(kind)
        missed |= most is not None and median(times) > most
        target = "" if most is None else f", at most {most:.0f}"
        print(f"permit, {kind}: {median(times):.1f} us, {median(times) / alone:.1f} times that of one alone{target}")
    return missed


def _together(found: Crowd) -> bool:
    print(f"  {found}")
    return found.refused > 0 or found.used < LEAST_USED or found.unfair > MOST_UNFAIR


if __name__ == "__main__":
    sys.exit(main())
