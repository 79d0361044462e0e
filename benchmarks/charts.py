"""Seconds of long charts beside those that the limits of calls permit: days of many symbols, minutes of one.

Run it with `python -m benchmarks.charts`. It takes about three minutes, and talks to this machine only. The calls are
counted at the server; the least time is that which so many calls take at the broker's limit.
"""

from __future__ import annotations

import datetime as dt
import logging
import sys
import time
from collections.abc import Callable

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


def measured(name: str, ask: Callable[[Broker, list[str]], int]) -> tuple[int, int, int, float]:
    """Return candles, calls, those of them that the limit refused, and seconds."""
    with Sandbox() as sandbox, get_broker(name, environment="sandbox", sandbox=sandbox) as broker:
        symbols = list(sandbox.exchange.instruments)[:SYMBOLS]
        for symbol in symbols:  # what the exchange makes when it is asked the first time is not the client's
            sandbox.exchange.daily_candles(symbol, days=1_500)
        broker.quote(symbols[0])
        face = sandbox.face(name)
        seen = len(face.requests)
        begun = time.perf_counter()
        candles = ask(broker, symbols)
        took = time.perf_counter() - begun
        calls = [
            each for each in face.requests[seen:] if face.purpose(each.method, each.path, each.headers) is Purpose.QUERY
        ]
        return candles, len(calls), sum(each.status in (429, 500) for each in calls), took


def main() -> int:
    """Print a line for each broker and question; 1 if one uses less than it has to, or was refused."""
    logging.getLogger("brokerkit").setLevel(logging.ERROR)
    missed = False
    print(f"{'':<34}{'candles':>9}{'calls':>7}{'refused':>9}{'seconds':>9}{'permitted':>11}{'used':>7}")
    for ask, what in ((days_of_many, f"ten years of days of {SYMBOLS}"), (minutes_of_one, "a year of minutes of one")):
        for name, a_second in CALLS_A_SECOND.items():
            candles, calls, refused, took = measured(name, ask)
            least = (calls - a_second) / a_second  # the first second's calls go at once
            missed |= least / took < LEAST or refused > 0
            print(
                f"{name + ': ' + what:<34}{candles:>9,}{calls:>7}{refused:>9}{took:>9.2f}{least:>11.2f}"
                f"{least / took:>7.0%}"
            )
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
