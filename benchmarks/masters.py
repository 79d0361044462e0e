"""Seconds in which the symbol master files of KIS are read, and milliseconds of a search in them.

Run it with `python -m benchmarks.masters`. It takes some seconds, and talks to this machine only: the face writes
4,300 symbols, as many as there are, in the layout of the true files.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from unittest import mock

from brokerkit import get_broker
from brokerkit.broker import Broker
from brokerkit.market.markets import KOREA
from brokerkit.sandbox import Sandbox
from brokerkit.sandbox.exchange import Exchange, Instrument

SYMBOLS = 4_300
READ_SECONDS, SEARCH_SECONDS = 0.3, 0.005
TEXTS = ("삼성", "삼성전자", "kodex 레버리지", "005930", "ㅅㅅㅈㅈ", "no such name")
TRIES = 5


def listed(exchange: Exchange) -> dict[str, Instrument]:
    """Return the instruments of the exchange, and of companies like them so many more that it is the whole market."""
    real = list(exchange.instruments.values())

    def more() -> Iterator[Instrument]:
        for number in range(SYMBOLS - len(real)):
            like = real[number % len(real)]
            symbol = f"{number // 10:03}{'ABCDEFGHJK'[number % 10]}10"
            yield replace(like, symbol=symbol, name=f"{like.name} {number}호")

    return {each.symbol: each for each in (*real, *more())}


def best(run: Callable[[], object]) -> float:
    """Return the shortest of some runs, in seconds of one core: others may want it meanwhile."""

    def took() -> float:
        begun = time.process_time()
        run()
        return time.process_time() - begun

    return min(took() for _ in range(TRIES))


def read(broker: Broker, files: dict[str, bytes]) -> None:
    """Read files that are there, as if they had just been fetched, and keep no copy."""
    from brokerkit.asking.listing import copy_of

    with mock.patch.object(broker.client, "download", lambda endpoint: files[endpoint.path]):
        found = copy_of(broker.adapter.served[KOREA.name], KOREA).instruments
    if len(found) != SYMBOLS:
        raise RuntimeError(f"{len(found)} symbols were read instead of {SYMBOLS}.")


def main() -> int:
    """Print the figures; 1 if one of them is missed."""
    from brokerkit_kis.sandbox.masters import MASTERS, master_file

    with Sandbox() as sandbox, get_broker("kis", environment="sandbox", sandbox=sandbox) as broker:
        everything = MappingProxyType(listed(sandbox.exchange))
        with mock.patch.object(Exchange, "instruments", everything):
            files = {path: master_file(sandbox.exchange, master) for path, master in MASTERS.items()}
            broker.instruments()
        rows = [(f"read {SYMBOLS:,} symbols", best(lambda: read(broker, files)), READ_SECONDS)]
        for text in TEXTS:
            broker.search(text)  # initials are reckoned once
            rows.append((f"search {text!r}", best(partial(broker.search, text)), SEARCH_SECONDS))
    print(f"{'':<28}{'ms':>9}{'at most':>9}")
    for what, took, most in rows:
        print(f"{what:<28}{took * 1000:>9.2f}{most * 1000:>9.0f}")
    return int(any(took > most for _, took, most in rows))


if __name__ == "__main__":
    sys.exit(main())
