"""Seconds of long charts beside those that the limits of calls permit: days of many symbols, minutes of one.

Run it with `python -m benchmarks.charts`. It takes about three minutes, and talks to this machine only; the server is a
process of its own and keeps the brokers' limits. A call counts against the limit until a second after its answer, so
the least time is a second and a round trip for as many calls as a second allows. The round trip is the mean of those
calls themselves.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import mean
from typing import Any
from unittest import mock

from brokerkit import clock, get_broker
from brokerkit.broker import Broker
from brokerkit.sandbox.instruments import list_instruments
from brokerkit.transport import Client

CALLS_A_SECOND = {"kis": 18, "kiwoom": 5}
SYMBOLS = 20
TEN_YEARS = dt.timedelta(days=3652)
LEAST = 0.95
"""What of the permitted pace has to be used."""


def days_of_many(broker: Broker, symbols: list[str]) -> int:
    """Ask for ten years of days of many symbols, and return how many candles that are."""
    found = broker.candles(symbols, "1d", clock.today() - TEN_YEARS)
    return sum(map(len, found.values()))


def minutes_of_one(broker: Broker, symbols: list[str]) -> int:
    """Ask for a year of minutes of one symbol, and return how many candles that are."""
    return len(broker.candles(symbols[0], "1m", clock.today() - dt.timedelta(days=360)))


class Counts:
    """What was sent meanwhile."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        """Of each call, from its sending to its answer."""
        self.refused = 0


@contextmanager
def counted() -> Iterator[Counts]:
    """Yield what is sent meanwhile, and what of it the limit refuses."""
    counts = Counts()
    sent, slowed = Client._sent, Client._slow_down

    def sending(self: Client, *given: Any) -> Any:
        begun = time.perf_counter()
        answer = sent(self, *given)
        counts.seconds.append(time.perf_counter() - begun)
        return answer

    def slowing(self: Client, *given: Any) -> None:
        counts.refused += 1
        slowed(self, *given)

    with mock.patch.object(Client, "_sent", sending), mock.patch.object(Client, "_slow_down", slowing):
        yield counts


@contextmanager
def served() -> Iterator[dict[str, dict[str, str]]]:
    """Yield the addresses and keys of both faces, served by another process."""
    command = [sys.executable, "-m", "brokerkit", "sandbox", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        try:
            assert process.stdout is not None  # noqa: S101 - it is a pipe
            yield json.loads(process.stdout.readline())
        finally:
            process.terminate()


def measured(name: str, ask: Callable[[Broker, list[str]], int]) -> tuple[int, Counts, float]:
    """Return candles, what was sent for them, and seconds."""
    with served() as told:
        keys = {key: told[name][key] for key in ("base_url", "app_key", "app_secret", "account")}
        with get_broker(name, environment="sandbox", **keys) as broker:  # type: ignore[arg-type]
            symbols = list(list_instruments(1))[:SYMBOLS]
            broker.candles(symbols, count=2)  # logged in, with the threads and the days of the exchange there
            time.sleep(1)
            with counted() as counts:
                begun = time.perf_counter()
                candles = ask(broker, symbols)
                return candles, counts, time.perf_counter() - begun


def main() -> int:
    """Print a line for each broker and question; 1 if one uses less than it has to, or was refused."""
    logging.getLogger("brokerkit").setLevel(logging.ERROR)
    missed = False
    print(f"{'':<34}{'candles':>9}{'calls':>7}{'refused':>9}{'trip, ms':>9}{'seconds':>9}{'permitted':>11}{'used':>7}")
    for ask, what in ((days_of_many, f"ten years of days of {SYMBOLS}"), (minutes_of_one, "a year of minutes of one")):
        for name, a_second in CALLS_A_SECOND.items():
            candles, counts, took = measured(name, ask)
            calls, trip = len(counts.seconds), mean(counts.seconds)
            least = (calls - a_second) / a_second * (1 + trip)  # the first second's calls go at once
            missed |= least / took < LEAST or counts.refused > 0
            print(
                f"{name + ': ' + what:<34}{candles:>9,}{calls:>7}{counts.refused:>9}{trip * 1000:>9.0f}{took:>9.2f}"
                f"{least:>11.2f}{least / took:>7.0%}"
            )
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
