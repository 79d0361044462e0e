"""How times grow: with the orders of a day, the positions, the entries of the journal, and the threads that call.

Run it with `python -m benchmarks.growth [--quick]`. It takes about three minutes, talks to this machine only and writes
in a temporary folder. The sandbox runs in the same process, so its share is part of the times. An exponent of 1 means
that twice as much takes twice as long; it is fitted to the times from a hundred on, where what a call costs in any case
weighs little. Other work on the machine makes single times larger, and exponents hardly.
"""

from __future__ import annotations

import argparse
import datetime as dt
import math
import sqlite3
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from statistics import linear_regression
from unittest import mock

from benchmarks.journal import LIMITS, fill, intent_of
from benchmarks.serving import BROKERS, unlimited
from brokerkit import Broker, clock, get_broker
from brokerkit.models import OrderRequest
from brokerkit.orders.intents import IntentState
from brokerkit.orders.journal import Journal
from brokerkit.orders.storage import WRITE
from brokerkit.sandbox import Sandbox, past
from brokerkit.sandbox.instruments import Instrument, list_instruments
from brokerkit.sharing.windows import Limit
from brokerkit.testing.inside import journal_of
from brokerkit.transport.limits import Limiter
from brokerkit.words import OrderType, Side

WIDE = LIMITS.model_copy(update={"max_orders_per_minute": 10**6})
SIZES = (10, 100, 1_000, 10_000)
QUICK = (10, 100, 1_000)
FITTED_FROM = 100
SYMBOLS = 50
THREADS = (1, 8, 32, 128)
EXPONENT, USED = 1.2, 0.95
STARTS_PER_SECOND = 400
LASTS = 3.0
"""Seconds that the threads call."""
REPEATED = 3
"""Times that each size is measured; the fastest counts."""


@dataclass(frozen=True)
class Growth:
    """What grew with what: seconds by size."""

    what: str
    seconds: dict[int, float]

    @property
    def exponent(self) -> float:
        """The slope of the times over the sizes, both in logarithms."""
        points = [(math.log(size), math.log(took)) for size, took in self.seconds.items() if size >= FITTED_FROM]
        return linear_regression(*zip(*points, strict=True)).slope

    def row(self) -> str:
        """Return the line of the table."""
        times = " | ".join(f"{took * 1e3:.1f}" for took in self.seconds.values())
        verdict = "met" if self.exponent <= EXPONENT else "missed"
        return f"| {self.what} | {times} | {self.exponent:.2f} | <= {EXPONENT} | {verdict} |"


def fastest(call: Callable[[], object], repeated: int = REPEATED) -> float:
    """Return how many seconds a call took at best."""
    found = []
    for _ in range(repeated):
        began = time.perf_counter()
        call()
        found.append(time.perf_counter() - began)
    return min(found)


@contextmanager
def account(name: str) -> Iterator[tuple[Broker, Sandbox, str]]:
    """Yield a broker at a sandbox of its own without limits of calls, and the number of its account."""
    with Sandbox() as sandbox:
        face = sandbox.face(name)
        face.window.calls = 10**9
        with get_broker(name, environment="sandbox", sandbox=sandbox) as broker, unlimited(broker):
            broker.balance()
            yield broker, sandbox, face.credentials.account


def orders(name: str, sizes: Iterable[int]) -> list[Growth]:
    """Return the times of the lists of orders, all of them working."""
    found: dict[str, dict[int, float]] = {}
    with account(name) as (broker, sandbox, number):
        exchange, placed = sandbox.exchange, 0
        traded = list(exchange.instruments.values())[:SYMBOLS]
        for instrument in traded:
            exchange.give_holding(number, instrument.symbol, Decimal(10_000), Decimal(10_000))
        sales = cycle(
            OrderRequest(
                symbol=each.symbol, side=Side.SELL, quantity=Decimal(1), type=OrderType.LIMIT, price=each.upper_limit
            )
            for each in traded
        )
        _leave_open(journal_of(broker))
        for size in sizes:
            for sale in islice(sales, size - placed):
                exchange.submit(number, sale)
            placed = size
            working = broker.orders()
            if len(working) != size:
                raise AssertionError(f"{len(working)} of {size} orders are listed")
            calls: dict[str, Callable[[], object]] = {
                "orders()": broker.orders,
                "order_history(today)": partial(broker.order_history, clock.today()),
                "refresh(order)": partial(broker.refresh, working[0]),
                "reconcile()": broker.reconcile,
            }
            for what, call in calls.items():
                found.setdefault(what, {})[size] = fastest(call)
    return [Growth(f"{name}: {what}, orders of the day", seconds) for what, seconds in found.items()]


def _leave_open(journal: Journal) -> None:
    """Write down an order of which nobody knows what became of it."""
    intent = intent_of(clock.today(), 0)
    intent = journal.begin(intent, limits=WIDE, value=None, check=lambda: None, seconds=15.0)
    journal.decide(intent.moved(IntentState.UNKNOWN, "no answer came"))


def positions(name: str, sizes: Iterable[int]) -> Growth:
    """Return the times of the balance. The exchange lists as many symbols as the account holds."""
    seconds = {}
    for size in sizes:
        held = [f"9{index:05}" for index in range(size)]

        def listed(seed: int, held: Sequence[str] = held) -> dict[str, Instrument]:
            known = list_instruments(seed)
            pattern = next(iter(known.values()))
            return {**known, **{symbol: replace(pattern, symbol=symbol) for symbol in held}}

        with mock.patch.object(past, "list_instruments", listed), account(name) as (broker, sandbox, number):
            for symbol in held:
                sandbox.exchange.give_holding(number, symbol, Decimal(1), Decimal(1_000))
            seconds[size] = fastest(broker.balance)
            if len(broker.balance().positions) != size:
                raise AssertionError("the balance is short")
    return Growth(f"{name}: balance(), positions", seconds)


def entries(sizes: Sequence[int]) -> list[Growth]:
    """Return the times of what an order asks of the journal, and of what a look at its fate asks."""
    found: dict[str, dict[int, float]] = {"an order": {}, "unresolved()": {}, "sent again": {}}
    for size in sizes:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            journal = Journal(Path(folder) / "journal.sqlite3")
            fill(journal, size)
            _fill_today(journal, size)
            found["an order"][size] = fastest(partial(_order, journal), 20)
            found["unresolved()"][size] = fastest(journal.unresolved, 20)
            found["sent again"][size] = fastest(partial(_sent_again, journal), 20)
            journal.close()
    return [Growth(f"journal: {what}, entries of today and of before", seconds) for what, seconds in found.items()]


def _fill_today(journal: Journal, rows: int) -> None:
    """Write orders of this morning that the broker has."""
    sent = clock.now() - dt.timedelta(hours=1)

    def written() -> Iterator[dict[str, object]]:
        for number in range(rows):
            intent = intent_of(clock.today(), number).moved(
                IntentState.ACKED, "the broker answered", order_id=str(number + 1), answer="x" * 300, sent_at=sent
            )
            yield {**journal._row(intent, Decimal(50_000)), "monotonic": 0.0}

    def write(file: sqlite3.Connection) -> None:
        file.executemany(WRITE, written())

    journal._write(write)


def _order(journal: Journal, number: int = 0, **known: object) -> str:
    intent = intent_of(clock.today(), number).model_copy(update=known)
    intent = journal.begin(intent, limits=WIDE, value=Decimal(50_000), check=lambda: None, seconds=15.0)
    return journal.decide(intent.moved(IntentState.REJECTED, "the broker refused it", answer="{}")).id


def _sent_again(journal: Journal) -> None:
    _order(journal, previous=_order(journal))


def starts(threads: int, seconds: float = LASTS) -> float:
    """Return which share of the starts so many threads use."""
    limiter = Limiter(Limit("benchmark", STARTS_PER_SECOND))
    until = time.monotonic() + seconds
    taken = []

    def work() -> None:
        while time.monotonic() < until:
            start = limiter.acquire(seconds)
            if start is not None:
                taken.append(time.monotonic())
                limiter.ended(start, sent=True)

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    # The first window is free.
    return sum(1 for moment in taken if until - seconds + 1 < moment < until) / (STARTS_PER_SECOND * (seconds - 1))


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure everything, print the tables, and return 1 if a target is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="sizes up to 1,000 only")
    sizes = QUICK if parser.parse_args(arguments).quick else SIZES
    found = [
        *entries(sizes),
        *(growth for name in BROKERS for growth in (*orders(name, sizes), positions(name, sizes))),
    ]
    print(f"| milliseconds | {' | '.join(f'{size:,}' for size in sizes)} | exponent | target | |")
    print("| --- |" + " ---: |" * (len(sizes) + 2) + " --- |")
    for growth in found:
        print(growth.row(), flush=True)
    used = {threads: starts(threads) for threads in THREADS}
    print("\n| threads | share of the starts that is used | target | |\n| ---: | ---: | --- | --- |")
    for threads, share in used.items():
        print(f"| {threads} | {share:.1%} | >= {USED:.0%} | {'met' if share >= USED else 'missed'} |")
    is_met = all(growth.exponent <= EXPONENT for growth in found) and min(used.values()) >= USED
    return 0 if is_met else 1


if __name__ == "__main__":
    sys.exit(main())
