"""The pace of calls where every one of them is delayed on its way: no broker says "too fast", and no start is wasted.

Every key has a sandbox of its own behind a relay that holds each request, and each answer, for a random time. The
sandboxes count calls as they arrive, as the brokers do; what they refuse is what is counted here.
"""

from __future__ import annotations

import math
import random
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from unittest import mock
from urllib.parse import urlsplit

from brokerkit_kis import client as kis
from brokerkit_kiwoom import client as kiwoom

from brokerkit import Broker, BrokerError, clock, get_broker
from brokerkit.sandbox import Sandbox
from brokerkit.sandbox.face import SlidingWindow
from brokerkit.transport import connection, http
from proof.figures import Figure, at_least, none, own_state, say
from proof.orders import parallel

BROKERS = ("kis", "kiwoom")
LONGEST = 0.3
"""Seconds that a call is delayed at most, there and back together."""
KEYS = 3
"""Sandboxes of one process at a time."""
WARM = 2.0
"""Seconds before the starts are counted that are used: the first window is free."""
SYMBOL = "005930"

Ask = Callable[[Broker], object]
QUERIES: dict[str, tuple[Ask, ...]] = {
    "kis": (lambda broker: broker.quote(SYMBOL), lambda broker: broker.order_book(SYMBOL)),
    # Of Kiwoom's ids each has a limit of its own.
    "kiwoom": (
        lambda broker: broker.quote(SYMBOL),
        lambda broker: broker.order_book(SYMBOL),
        lambda broker: broker.buying_power(SYMBOL, price=70_000),
        lambda broker: broker.order_history(clock.today()),
    ),
}
BUSY = {"kis": frozenset({""}), "kiwoom": frozenset({"ka10001", "ka10004", "kt00010", "kt00007"})}
"""What the queries ask, as the limits name it."""


@dataclass(frozen=True)
class Job:
    """One process: a broker, how its calls are made, how long, and whether they are delayed."""

    broker: str
    seed: int
    threads: int
    seconds: float
    longest: float
    keys: int = KEYS


@dataclass
class Paced:
    """What a process came to. `used` is the share of the starts that there could have been."""

    calls: int = 0
    orders: int = 0
    refused: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    used: float = 1.0


class Counting(SlidingWindow):
    """The limit of a face, which keeps whom it refused."""

    def __init__(self, calls: int) -> None:
        super().__init__(calls)
        self.admitted: dict[str, list[float]] = {}
        """When calls came, by id where each has a limit of its own."""
        self.refused: list[str] = []

    def admit(self, key: str) -> bool:
        """Count one call, or return False if there were too many."""
        if super().admit(key):
            self.admitted.setdefault(key.rpartition(":")[2] if ":" in key else "", []).append(time.monotonic())
            return True
        self.refused.append(key.rpartition(":")[2][-7:])
        return False


class SlowLine:
    """A relay that passes every request and every answer on after `delay` seconds, asked for each of them."""

    def __init__(self, target: int, delay: Callable[[], float]) -> None:
        self._target = target
        self._delay = delay
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._listen, daemon=True).start()

    def close(self) -> None:
        """Stop; connections end with those who hold them."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(near,), daemon=True).start()

    def _serve(self, near: socket.socket) -> None:
        with suppress(OSError), near, socket.create_connection(("127.0.0.1", self._target)) as far:
            back = threading.Thread(target=self._pass_on, args=(far, near), daemon=True)
            back.start()
            self._pass_on(near, far)
            back.join()

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            target.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while part := source.recv(65536):
                if seconds := self._delay():
                    time.sleep(seconds)
                    with suppress(BlockingIOError):  # the body, which follows its head
                        part += source.recv(65536, socket.MSG_DONTWAIT)
                target.sendall(part)
        with suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)


def run(release: bool) -> list[Figure]:
    """Make 10,000 delayed calls, ten times as many for a release, and as many as the limit allows without delay."""
    seconds = 300.0 if release else 45.0
    jobs = [
        Job(name, seed, threads, seconds, LONGEST) for seed, threads in enumerate((1, 10, 10, 12)) for name in BROKERS
    ]
    delayed = list(parallel(play, jobs))
    straight = list(parallel(play, [Job(name, 9, 10, 10.0, 0.0, keys=1) for name in BROKERS]))
    crowds = [paced for job, paced in zip(jobs, delayed, strict=True) if job.threads > 1]
    calls = sum(paced.calls for paced in delayed)
    used, all_used = min(paced.used for paced in crowds), min(paced.used for paced in straight)
    say(f"pace: {calls} delayed calls, {sum(paced.orders for paced in delayed)} of them orders")
    # How well the starts are used depends on how busy the machine is: that is a figure, and no proof.
    say(f"pace: used {used:.1%} of N / (1 s + mean round trip), without delay {all_used:.1%}; targets 95 % and 97 %")
    return [
        at_least("pace: calls delayed by 0 to 300 ms", calls, 10_000),
        none("pace: refused as too fast", [each for paced in (*delayed, *straight) for each in paced.refused]),
        none(
            "pace: failed with a code of the broker", [each for paced in (*delayed, *straight) for each in paced.failed]
        ),
    ]


def play(job: Job) -> Paced:
    """Make the calls of one process and return what came of them."""
    paced = Paced()
    with own_state() as folder, ExitStack() as stack:
        stack.enter_context(mock.patch.dict("os.environ", {"BROKERKIT_CACHE_DIR": str(folder / "cache")}))
        trips = stack.enter_context(_round_trips())
        lines = [stack.enter_context(_line(job, number)) for number in range(job.keys)]
        for broker, _ in lines:
            broker.account()
            broker.quote(SYMBOL)
        stop = threading.Event()
        threads = [
            threading.Thread(target=_calling, args=(broker, ask, stop, paced))
            for broker, _ in lines
            for ask in QUERIES[job.broker]
            for _ in range(job.threads)
        ]
        threads += [threading.Thread(target=_ordering, args=(broker, stop, paced)) for broker, _ in lines]
        for thread in threads:
            thread.start()
        time.sleep(WARM)
        trips.clear()
        first = time.monotonic()
        time.sleep(job.seconds)
        stop.set()
        cycle, mean = _cycle(job, [window for _, window in lines], first), sum(trips) / len(trips)
        for thread in threads:
            thread.join(60)
        paced.calls = sum(len(times) for _, window in lines for times in window.admitted.values())
        paced.refused = [f"{job.broker} {key}" for _, window in lines for key in window.refused]
        paced.used = (1.0 + mean) / cycle
    return paced


def _cycle(job: Job, windows: Iterable[Counting], since: float) -> float:
    """Return after how many seconds a start was used again, on average, where somebody always waited for one.

    Starts come in swarms, a second apart: to count them between two moments would say little.
    """
    calls = {"kis": kis.CALLS_PER_SECOND, "kiwoom": kiwoom.CALLS_PER_SECOND}[job.broker]["real"]
    found = []
    for window in windows:
        for key in BUSY[job.broker]:
            times = [moment for moment in list(window.admitted.get(key, ())) if moment > since]
            found += [later - earlier for earlier, later in zip(times, times[calls:], strict=False)]
    return sum(found) / len(found) if found else math.inf


@contextmanager
def _round_trips() -> Iterator[list[float]]:
    """Keep how long each request took."""
    trips: list[float] = []

    def timed(*arguments: Any, **options: Any) -> connection.Response | connection.Failure:
        began = time.monotonic()
        result = connection.transmit(*arguments, **options)
        trips.append(time.monotonic() - began)
        return result

    with mock.patch.object(http, "transmit", timed):
        yield trips


@contextmanager
def _line(job: Job, number: int) -> Iterator[tuple[Broker, Counting]]:
    """Yield a broker at a sandbox of its own, behind a slow line, and the limit that counts its calls."""
    with Sandbox(seed=number) as sandbox:
        face, keys = sandbox.face(job.broker), sandbox.connect(job.broker)
        face.window = window = Counting(face.window.calls)
        chance = random.Random(job.seed * 100 + number)  # noqa: S311 - repeatable on purpose
        line = SlowLine(urlsplit(keys.base_url).port or 0, lambda: chance.uniform(0, job.longest / 2))
        with (
            closing(line),
            get_broker(
                job.broker,
                environment="sandbox",
                base_url=f"http://127.0.0.1:{line.port}",
                account=keys.account,
                app_key=keys.app_key,
                app_secret=keys.app_secret,
            ) as broker,
        ):
            yield broker, window


def _calling(broker: Broker, ask: Ask, stop: threading.Event, paced: Paced) -> None:
    with broker:
        while not stop.is_set():
            try:
                ask(broker)
            except BrokerError as error:
                # A machine that is too busy to answer in time is no matter of the pace.
                paced.failed += [str(error)] if error.code else []


def _ordering(broker: Broker, stop: threading.Event, paced: Paced) -> None:
    with broker:
        while not stop.is_set():
            try:
                broker.cancel(broker.buy(SYMBOL, 1, price=broker.quote(SYMBOL).lower_limit))
                paced.orders += 2
            except BrokerError as error:
                # A machine that is too busy to answer in time is no matter of the pace.
                paced.failed += [str(error)] if error.code else []
