"""What a stream that ten processes share delivers, beside one process alone.

Run it with `python -m benchmarks.sharing_streams`. A process of its own (`benchmarks.ticks`) sends frames of KIS; the
process that has the connection serves nine others over a local socket. All of them follow the same symbols, and each
takes all events out of its stream: a delivery is an event that a program has got. Frames come in bursts, each once
everybody has got the one before. Other work on the machine makes that slower; what one second of the processor
delivers, of all the processes together, hardly feels it.

Delays are those of 99 of 100 events at 1,000 a second, in the process that is told last.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from statistics import median, quantiles
from typing import Any, Self

from benchmarks.streams import kis
from benchmarks.ticks import Ticks, captured
from brokerkit import TradeEvent

PROCESSES = 10
BURST = 5_000
BURSTS = 20
LEAST_DELIVERIES = 100_000
A_SECOND = 1_000
QUIET_SECONDS = 30.0
"""After which a process that is told nothing has lost something."""


class Member:
    """A process that follows all symbols, and counts."""

    def __init__(self, ticks: Ticks) -> None:
        command = [sys.executable, "-m", "benchmarks.sharing_streams", "--member", ticks.url, *ticks.symbols]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603
        self.hear()

    def say(self, words: Any) -> None:
        """Let it count so many events."""
        assert self._process.stdin is not None  # noqa: S101 - it is a pipe
        self._process.stdin.write(json.dumps(words) + "\n")
        self._process.stdin.flush()

    def hear(self) -> Any:
        """Return what it has counted."""
        assert self._process.stdout is not None  # noqa: S101 - it is a pipe
        return json.loads(self._process.stdout.readline())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._process.communicate(timeout=30)


class Place:
    """Where `benchmarks.ticks` listens, as a process that did not start it knows it."""

    def __init__(self, url: str) -> None:
        self.url = url


def member(url: str, symbols: list[str]) -> None:
    """Follow symbols, and count what comes whenever it is told to."""
    with kis(Place(url)) as broker, broker.stream() as stream:  # type: ignore[arg-type]
        stream.trades(*symbols)
        print(json.dumps("ready"), flush=True)
        for line in sys.stdin:
            count, seen, delays, begun = json.loads(line), 0, [], time.process_time()
            while seen < count:
                event = stream.next(timeout=QUIET_SECONDS)
                if type(event) is not TradeEvent:
                    raise RuntimeError(f"{event} came, and not all that was sent")
                seen += 1
                if count != BURST:
                    delays.append(time.monotonic_ns() // 1000 - int(event.volume or 0))
            worst = quantiles(delays, n=100)[98] / 1000 if delays else 0.0
            print(json.dumps([time.process_time() - begun, worst]), flush=True)


def delivered(ticks: Ticks, members: list[Member]) -> tuple[float, float]:
    """Return how many events all members together get in a second, and in one of the processor."""
    begun, used = time.monotonic(), 0.0
    for _ in range(BURSTS):
        for each in members:
            each.say(BURST)
        ticks.send(BURST)
        used += sum(each.hear()[0] for each in members)
    count = BURST * BURSTS * len(members)
    return count / (time.monotonic() - begun), count / used


def delay(ticks: Ticks, members: list[Member]) -> float:
    """Return the milliseconds of the member that is told last, of 99 of 100 events."""
    count = A_SECOND * 3
    for each in members:
        each.say(count)
    ticks.send(count, a_second=A_SECOND)
    return max(float(each.hear()[1]) for each in members)


def main(arguments: list[str]) -> int:
    """Print the figures; 1 if they are missed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--member", nargs="+")
    given = parser.parse_args(arguments)
    logging.getLogger("brokerkit").setLevel(logging.ERROR)
    if given.member:
        member(given.member[0], given.member[1:])
        return 0
    frames = captured()
    found = {}
    with tempfile.TemporaryDirectory(prefix="brokerkit-") as folder:
        os.environ["BROKERKIT_CACHE_DIR"] = folder
        for number in (1, PROCESSES):
            with Ticks(frames, core=None) as ticks, ExitStack() as stack:
                members = [stack.enter_context(Member(ticks)) for _ in range(number)]
                delivered(ticks, members)  # whatever is done once is done now
                rates = [delivered(ticks, members) for _ in range(3)]
                best = max(each for each, _ in rates), median(each for _, each in rates)
                found[number] = (*best, delay(ticks, members), ticks.seen()[0])
    one, all_of_them = found[1], found[PROCESSES]
    print(f"{'streams of KIS':<52}{'one':>12}{PROCESSES:>12}{'ratio':>8}")
    for place, what in enumerate(("deliveries a second", "deliveries a second of the processor")):
        print(f"{what:<52}{one[place]:>12,.0f}{all_of_them[place]:>12,.0f}{all_of_them[place] / one[place]:>8.2f}")
    print(f"{f'p99 of the delay at {A_SECOND} a second, ms':<52}{one[2]:>12.1f}{all_of_them[2]:>12.1f}")
    print(f"{'connections':<52}{one[3]:>12}{all_of_them[3]:>12}")
    is_met = all_of_them[0] >= LEAST_DELIVERIES and all_of_them[3] == 1
    print(f"target: {LEAST_DELIVERIES:,} deliveries a second over one connection: {'met' if is_met else 'missed'}")
    return 0 if is_met else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
