"""What a stream costs beside a client that only splits texts: reading, receiving, delivering, delay, and playing back.

Run it with `python -m benchmarks.streams`. It takes about a minute and talks to this machine only: a process of its own
(`benchmarks.ticks`) sends frames of KIS as fast as they are taken. The measure is a client of `websockets` that splits
each text and does nothing else. `--frames` says how many are played back: 20 million are a busy day.

Other work on the machine makes rates lower and delays longer; seconds of the processor hardly feel that.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles

from websockets.sync.client import connect

from benchmarks.cores import cores, use
from benchmarks.ticks import TOPIC, VOLUME, Ticks, captured
from brokerkit import Gap, TradeEvent, Venue, clock, get_broker
from brokerkit.broker import Broker
from brokerkit.stream.feed import Rows
from brokerkit.stream.topics import StreamKind, Topic

FRAMES = 200_000
A_SECOND = 1_000
SECONDS = 3
ROUNDS = 300
MOST_RATIO = 2.7
LEAST_EVENTS = 150_000
MOST_DELAY = 2.0
"""Milliseconds, of 99 of 100 events."""
STREAMS = 500


@contextmanager
def kis(ticks: Ticks) -> Iterator[Broker]:
    """Yield a broker whose frames come from there."""
    options = {"hts_id": "SANDBOX-bench"}
    with get_broker(
        "kis",
        environment="sandbox",
        base_url=ticks.url,
        app_key="SANDBOX-bench-key",
        app_secret="SANDBOX-bench-secret",  # noqa: S106 - it opens nothing
        account="5001234501",
        options=options,
    ) as broker:
        yield broker


# One trade


def reading(frames: list[str]) -> tuple[float, float]:
    """Return microseconds to split the text of a trade, and to make an event of it."""
    with get_broker("kis", environment="sandbox") as broker:
        feed = broker.adapter.feed
        assert feed is not None  # noqa: S101 - KIS has one
        symbols = {text.split("^", 1)[0].rpartition("|")[2] for text in frames}
        topics = [Topic(StreamKind.TRADES, symbol, Venue.KRX) for symbol in symbols]
        feed.register([feed.registration(topic) for topic in topics])
        read, trade, now = feed.read, feed.channel(topics[0]).read, clock.now()

        def typed() -> None:
            for text in frames:
                for received in read(text):
                    if type(received) is Rows:
                        for row in received.rows:
                            trade(row, Venue.KRX, now)

        def split() -> None:
            for text in frames:
                text.split("^")

        rounds = [(took(split, len(frames)), took(typed, len(frames))) for _ in range(ROUNDS)]
        return min(each for each, _ in rounds), min(each for _, each in rounds)


def took(work: Callable[[], None], count: int) -> float:
    """Return microseconds of processor time of one of so many."""
    begun = time.thread_time()
    work()
    return (time.thread_time() - begun) / count * 1e6


# Over a socket


def received(ticks: Ticks, count: int) -> tuple[float, float]:
    """Return how many events come out of a stream in a second, and in one of the processor."""
    with kis(ticks) as broker, broker.stream() as stream:
        stream.trades(*ticks.symbols)
        ticks.send(count)
        seen, begun = 0, _clocks()
        for event in stream:
            if seen == 0:
                begun = _clocks()
            seen += 1 if type(event) is TradeEvent else getattr(event, "number", 0)
            if seen >= count:
                return _rates(count, begun)
    raise RuntimeError("The stream ended before all had come.")


def split(ticks: Ticks, count: int) -> tuple[float, float]:
    """Return how many texts a bare client receives and splits in a second, and in one of the processor."""
    with connect(f"ws{ticks.url.removeprefix('http')}/tryitout", compression=None) as socket:
        socket.send(TOPIC)
        socket.recv()
        ticks.send(count)
        begun = _clocks()
        for number, text in enumerate(socket):
            if number == 0:
                begun = _clocks()
            text.split("^")  # type: ignore[arg-type]
            if number + 1 == count:
                return _rates(count, begun)
    raise RuntimeError("The socket was closed before all had come.")


def _clocks() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def _rates(count: int, begun: tuple[float, float]) -> tuple[float, float]:
    now = _clocks()
    return count / (now[0] - begun[0]), count / (now[1] - begun[1])


def delays(ticks: Ticks, count: int) -> list[float]:
    """Return milliseconds from the sending of each frame to its event."""
    with kis(ticks) as broker, broker.stream() as stream:
        stream.trades(*ticks.symbols)
        ticks.send(count, a_second=A_SECOND)
        found = []
        for event in stream:
            if type(event) is TradeEvent and event.volume is not None:
                found.append(_since(int(event.volume)))
            if len(found) == count:
                return found
    raise RuntimeError("The stream ended before all had come.")


def bare_delays(ticks: Ticks, count: int) -> list[float]:
    """Return milliseconds from the sending of each frame to its text in a bare client."""
    with connect(f"ws{ticks.url.removeprefix('http')}/tryitout", compression=None) as socket:
        socket.send(TOPIC)
        socket.recv()
        ticks.send(count, a_second=A_SECOND)
        return [_since(int(str(socket.recv()).split("^")[VOLUME])) for _ in range(count)]


def _since(microseconds: int) -> float:
    """Return milliseconds since a moment of the clock that all processes of a machine share."""
    return (time.monotonic_ns() // 1000 - microseconds) / 1000


def shared(ticks: Ticks) -> tuple[int, int]:
    """Return how many connections and frames so many streams of one key need beyond the first of them."""
    with kis(ticks) as broker:
        first = broker.stream()
        first.trades(*ticks.symbols)
        before = ticks.seen()
        for _ in range(STREAMS - 1):
            broker.stream().trades(*ticks.symbols)
        after = ticks.seen()
        return after[0] - before[0], after[1] - before[1]


# Playing back


def played(frames: list[str], count: int) -> tuple[float, int, int]:
    """Return frames played back a second, kilobytes held more at the end, and how many gaps there were."""
    symbols = sorted({text.split("^", 1)[0].rpartition("|")[2] for text in frames})
    head = {"format": "brokerkit stream 1", "broker": "kis", "environment": "real", "brokerkit": "0"}
    at = clock.now().isoformat()
    with tempfile.TemporaryDirectory(prefix="brokerkit-") as folder:
        path = Path(folder) / "day.jsonl"
        with path.open("w", encoding="utf-8") as file:
            file.write(json.dumps(head) + "\n")
            file.write(json.dumps({"topics": [["TRADES", symbol, "KRX", symbol] for symbol in symbols]}) + "\n")
            lines = [json.dumps({"at": at, "frame": text}) + "\n" for text in frames]
            for number in range(count):
                file.write(lines[number % len(lines)])
        with get_broker("kis", environment="sandbox") as broker, broker.stream() as stream:
            begun = time.perf_counter()
            unreadable = sum(type(event) is Gap for event in stream.replay(path))
            rate = count / (time.perf_counter() - begun)
            return rate, _growth(stream.replay(path), min(count, 50_000)), unreadable


def _growth(events: Iterator[object], count: int) -> int:
    """Return by how many kilobytes more is held after all events than after a tenth of them."""
    tracemalloc.start()
    try:
        for number, _ in enumerate(events, 1):
            if number == count // 10:
                before = tracemalloc.get_traced_memory()[0]
            if number == count:
                break
        return (tracemalloc.get_traced_memory()[0] - before) // 1024
    finally:
        tracemalloc.stop()


def main(arguments: list[str]) -> int:
    """Print all figures; 1 if one is missed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--frames", type=int, default=FRAMES)
    count = parser.parse_args(arguments).frames
    logging.getLogger("brokerkit").setLevel(logging.ERROR)
    usable = cores()
    frames = captured()
    if len(usable) > 1:
        use(usable[0])
    print(f"{'streams of KIS':<44}{'found':>12}{'splitting':>12}{'ratio':>8}{'target':>12}")
    bare, typed = reading(frames)
    enough = _row("a trade read and typed, microseconds", typed, bare, f"<= {MOST_RATIO}", typed / bare <= MOST_RATIO)
    with Ticks(frames, core=usable[1] if len(usable) > 1 else None) as ticks:
        bares, all_ours = [[measure(ticks, min(count, FRAMES)) for _ in range(3)] for measure in (split, received)]
        for place, what in enumerate(("a second", "a second of the processor")):
            bare, ours = (median(each[place] for each in rates) for rates in (bares, all_ours))
            is_enough = ours >= LEAST_EVENTS
            enough &= _row(f"events delivered {what}", ours, bare, f">= {LEAST_EVENTS}", is_enough)
        bare = quantiles(bare_delays(ticks, A_SECOND * SECONDS), n=100)[98]
        ours = quantiles(delays(ticks, A_SECOND * SECONDS), n=100)[98]
        enough &= _row(
            f"p99 of the delay at {A_SECOND} a second, ms", ours, bare, f"<= {MOST_DELAY}", ours <= MOST_DELAY
        )
        connections, sent = shared(ticks)
        enough &= _row(f"more connections of {STREAMS} streams", connections, None, "0", connections == 0)
        enough &= _row("more frames of them", sent, None, "0", sent == 0)
    rate, growth, unreadable = played(frames, count)
    enough &= _row("frames played back a second", rate, None, "", True)
    enough &= _row("kilobytes more at the end of that", growth, None, "<= 64", growth <= 64)
    enough &= _row("frames of it that are unreadable", unreadable, None, "0", unreadable == 0)
    return 0 if enough else 1


def _row(what: str, found: float, bare: float | None, target: str, is_met: bool) -> bool:
    shown = f"{found:,.2f}" if isinstance(found, float) and found < 1_000 else f"{found:,.0f}"
    measure = "" if bare is None else f"{bare:,.2f}" if bare < 1_000 else f"{bare:,.0f}"
    ratio = "" if not bare else f"{found / bare:.2f}"
    print(f"{what:<44}{shown:>12}{measure:>12}{ratio:>8}{target:>12}{'' if is_met else '  missed'}")
    return is_met


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
