"""Seconds of 2,700 quotes, the whole market, beside those that the limits of calls permit at least.

Run it with `python -m benchmarks.many`. It takes about fifteen seconds, and talks to this machine only. Most of the
symbols are unknown to the sandbox: a call for thirty of them is a call all the same.
"""

from __future__ import annotations

import logging
import sys
import time

from brokerkit import get_broker
from brokerkit.sandbox import Sandbox
from brokerkit.sandbox.face import Purpose

SYMBOLS = [f"{number:06}" for number in range(10, 27_010, 10)]
AT_ONCE = {"kis": (30, 18), "kiwoom": (100, 5)}
"""Symbols in a call, and calls in a second."""
MOST = 1.1
"""Times the permitted minimum."""


def seconds(name: str) -> tuple[float, int, int]:
    """Return how long all quotes took, how many calls that were, and how many of them the limit refused."""
    with Sandbox() as sandbox, get_broker(name, environment="sandbox", sandbox=sandbox) as broker:
        broker.quote("005930")
        face = sandbox.face(name)
        seen = len(face.requests)
        begun = time.perf_counter()
        broker.quotes(SYMBOLS)
        took = time.perf_counter() - begun
        calls = [
            each for each in face.requests[seen:] if face.purpose(each.method, each.path, each.headers) is Purpose.QUERY
        ]
        return took, len(calls), sum(each.status in (429, 500) for each in calls)


def main() -> int:
    """Print a line a broker; 1 if one takes longer than it may."""
    logging.getLogger("brokerkit").setLevel(logging.ERROR)
    missed = False
    print(
        f"{'quotes of ' + str(len(SYMBOLS)):<24}{'calls':>7}{'refused':>9}{'seconds':>9}{'permitted':>11}{'ratio':>7}"
    )
    for name, (at_once, a_second) in AT_ONCE.items():
        took, calls, refused = seconds(name)
        least = (len(SYMBOLS) // at_once - 1) / a_second  # the first second's calls go at once
        missed |= took > MOST * least
        print(f"{name:<24}{calls:>7}{refused:>9}{took:>9.2f}{least:>11.2f}{took / least:>7.2f}")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
