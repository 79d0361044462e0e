"""Seconds of long charts beside those that the limits of calls permit: days of many symbols, minutes of one.

Run it with `python -m benchmarks.charts`. It takes about three minutes, and talks to this machine only. The calls are
counted at the server. One counts against the limit until a second after its answer, so the least time is a second and
a round trip for as many calls as a second allows; the round trip is that of single calls just before.
"""

from __future__ import annotations

import datetime as dt
import logging
import sys
import time
from collections.abc import Callable
from statistics import median

from brokerkit import clock, get_broker
from brokerkit.broker import Broker
from brokerkit.sandbox import Sandbox
from brokerkit.sandbox.face import Purpose

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


def round_trip(broker: Broker, symbol: str, ask: Callable[[Broker, list[str]], int]) -> float:
    """Return the seconds of one call of the kind that is asked."""
    day = broker.candles(symbol, count=2)[0].time
    start, end = day + dt.timedelta(hours=14), day + dt.timedelta(hours=15, minutes=30)
    seconds = []
    for _ in range(5):
        begun = time.perf_counter()
        if ask is days_of_many:
            broker.candles(symbol, count=100)
        else:
            broker.candles(symbol, "1m", start, end)
        seconds.append(time.perf_counter() - begun)
        time.sleep(1)
    return median(seconds)


def measured(name: str, ask: Callable[[Broker, list[str]], int]) -> tuple[int, int, int, float, float]:
    """Return candles, calls, those of them that the limit refused, seconds, and those of a round trip."""
    with Sandbox() as sandbox, get_broker(name, environment="sandbox", sandbox=sandbox) as broker:
        symbols = list(sandbox.exchange.instruments)[:SYMBOLS]
        for symbol in symbols:  # what the exchange makes when it is asked the first time is not the client's
            sandbox.exchange.daily_candles(symbol, days=1_500)
        single = round_trip(broker, symbols[0], ask)
        face = sandbox.face(name)
        seen = len(face.requests)
        begun = time.perf_counter()
        candles = ask(broker, symbols)
        took = time.perf_counter() - begun
        calls = [
            each for each in face.requests[seen:] if face.purpose(each.method, each.path, each.headers) is Purpose.QUERY
        ]
        return candles, len(calls), sum(each.status in (429, 500) for each in calls), took, single


def main() -> int:
    """Print a line for each broker and question; 1 if one uses less than it has to, or was refused."""
    logging.getLogger("brokerkit").setLevel(logging.ERROR)
    missed = False
    print(f"{'':<34}{'candles':>9}{'calls':>7}{'refused':>9}{'seconds':>9}{'permitted':>11}{'used':>7}")
    for ask, what in ((days_of_many, f"ten years of days of {SYMBOLS}"), (minutes_of_one, "a year of minutes of one")):
        for name, a_second in CALLS_A_SECOND.items():
            candles, calls, refused, took, single = measured(name, ask)
            least = (calls - a_second) / a_second * (1 + single)  # the first second's calls go at once
            missed |= least / took < LEAST or refused > 0
            print(
                f"{name + ': ' + what:<34}{candles:>9,}{calls:>7}{refused:>9}{took:>9.2f}{least:>11.2f}"
                f"{least / took:>7.0%}"
            )
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
