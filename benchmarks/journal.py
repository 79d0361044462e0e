"""What writing an order down costs: commits of the journal, and an order with and without journal and limits.

Run it with `python -m benchmarks.journal [folder ...]`. It takes less than a minute, talks to this machine only and
writes in a temporary folder of each given one, by default where temporary files lie. Other work on the machine makes
the slowest commits slower; the two kinds of orders take turns, and feel it alike.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from statistics import median, quantiles
from unittest import mock

from benchmarks.calls import wide_limits
from benchmarks.cores import cores, use
from benchmarks.process import serving
from benchmarks.serving import BROKERS
from brokerkit import Broker, OrderRequest, OrderType, Side, clock, get_broker
from brokerkit.orders.intents import Intent, IntentKind, IntentState, new_id
from brokerkit.orders.journal import Journal
from brokerkit.orders.limits import Limits
from brokerkit.orders.storage import WRITE
from brokerkit.sandbox.sandbox import Connection
from brokerkit.testing.inside import keep

COMMITS = 500
EARLIER = 20_000
"""Rows of earlier days in a journal that has been in use for long."""
ROUNDS = 20
ORDERS = 10
"""Of each kind in one round."""
COMMIT_TARGET, ORDER_TARGET = 1.5, 3.0
"""How many times as long as a bare SQLite file needs to commit a row of the same length a commit of the journal takes,
and what an order costs more with a journal, which it commits twice to, and with limits."""
SYMBOL = "005930"
LIMITS = Limits(
    max_order_quantity=Decimal(10**6),
    max_order_value=Decimal(10**12),
    max_daily_value=Decimal(10**15),
    max_orders_per_minute=1_000,
    max_orders_per_day=10**6,
    price_collar_percent=Decimal(50),
    symbols=frozenset({SYMBOL}),
)
"""Every limit that there is, none of them reached."""


@dataclass
class Times:
    """Milliseconds that something took, again and again."""

    found: list[float] = field(default_factory=list)

    @contextmanager
    def measured(self) -> Iterator[None]:
        """Take the time of what is done inside."""
        began = time.perf_counter()
        yield
        self.found.append((time.perf_counter() - began) * 1_000)

    @property
    def middle(self) -> float:
        """The median."""
        return median(self.found)

    @property
    def slow(self) -> float:
        """The time that one in a hundred exceeds."""
        return quantiles(self.found, n=100)[98]


def intent_of(day: dt.date, number: int) -> Intent:
    """Return an order that is to be written down."""
    request = OrderRequest(
        symbol=SYMBOL, side=Side.BUY, quantity=Decimal(1), type=OrderType.LIMIT, price=Decimal(50_000 + number)
    )
    return Intent(
        id=new_id(),
        kind=IntentKind.ORDER,
        day=day,
        symbol=request.symbol,
        side=request.side,
        quantity=request.quantity,
        price=request.price,
        request=request,
        created_at=clock.now(),
    )


def commits(folder: Path, *, earlier: int = 0, count: int = COMMITS) -> tuple[Times, Times]:
    """Return the times of `begin` and of `decide`, in a journal with so many rows of earlier days."""
    began, decided = Times(), Times()
    with tempfile.TemporaryDirectory(dir=folder) as name:
        journal = Journal(Path(name) / "journal.sqlite3")
        fill(journal, earlier)
        for number in range(count):
            intent = intent_of(clock.today(), number)
            with began.measured():
                intent = journal.begin(intent, limits=LIMITS, value=Decimal(50_000), check=lambda: None, seconds=15)
            answered = intent.moved(IntentState.ACKED, "the broker answered", order_id=str(number + 1), answer="{}")
            with decided.measured():
                journal.decide(answered)
        journal.close()
    return began, decided


def bare_commits(folder: Path, *, count: int = COMMITS) -> Times:
    """Return the times that SQLite itself needs to commit a row as durably as the journal does."""
    times = Times()
    with tempfile.TemporaryDirectory(dir=folder) as name:
        file = sqlite3.connect(Path(name) / "bare.sqlite3", isolation_level=None)
        file.executescript(
            "PRAGMA journal_mode = TRUNCATE; PRAGMA synchronous = EXTRA; CREATE TABLE rows (content TEXT)"
        )
        for number in range(count):
            content = intent_of(clock.today(), number).model_dump_json()
            with times.measured():
                file.execute("BEGIN IMMEDIATE")
                file.execute("INSERT INTO rows VALUES (?)", (content,))
                file.execute("COMMIT")
        file.close()
    return times


def flushes(folder: Path, *, count: int = COMMITS) -> Times:
    """Return the times that the disk itself needs to keep one page; a commit of the journal needs several of these."""
    times = Times()
    with tempfile.TemporaryFile(dir=folder) as file:
        for _ in range(count):
            file.seek(0)
            file.write(bytes(4_096))
            file.flush()
            with times.measured():
                os.fsync(file.fileno())
    return times


def fill(journal: Journal, rows: int) -> None:
    """Write rows of earlier days, a hundred a day, each as long as a real one."""

    def written() -> Iterator[dict[str, object]]:
        for number in range(rows):
            day = clock.today() - dt.timedelta(days=1 + number // 100)
            sent = dt.datetime.combine(day, dt.time(10), clock.KST)
            intent = intent_of(day, number).moved(
                IntentState.ACKED, "the broker answered", order_id=str(number + 1), answer="x" * 300, sent_at=sent
            )
            yield {**journal._row(intent, None), "monotonic": 0.0}

    journal._write(lambda file: file.executemany(WRITE, written()).rowcount)


def orders(name: str, given: Connection, *, rounds: int = ROUNDS) -> tuple[Times, Times]:
    """Return the times of orders with a journal on the disk and all limits, and with neither."""
    with ExitStack() as opened:
        kinds = [(opened.enter_context(trading(name, given, limits)), Times()) for limits in (LIMITS, None)]
        calls = [(buying(broker), times) for broker, times in kinds]
        for call, _ in calls:
            call()
        for _ in range(rounds):
            for call, times in calls:
                for _ in range(ORDERS):
                    with times.measured():
                        call()
    return kinds[0][1], kinds[1][1]


@contextmanager
def trading(name: str, given: Connection, limits: Limits | None) -> Iterator[Broker]:
    """Open a broker whose journal lies on the disk; without limits it is kept in memory."""
    broker = get_broker(
        name,
        environment="sandbox",
        base_url=given.base_url,
        app_key=given.app_key,
        app_secret=given.app_secret,
        account=given.account,
        limits=limits,
    )
    with broker, wide_limits(broker):
        if limits is None:
            keep(broker, Journal(None))
        yield broker


def buying(broker: Broker) -> Callable[[], object]:
    """Return the order that is sent again and again, at a price at which it rests."""
    price = broker.quote(SYMBOL).lower_limit
    return lambda: broker.buy(SYMBOL, 1, price=price)


def print_commits(folders: list[Path]) -> bool:
    """Print the times of the commits in each folder; return whether they are short enough."""
    print(_line("milliseconds of a commit", "median", "p99", "by a bare one"))
    enough = True
    for folder in folders:
        page = flushes(folder)
        print(_line(f"{folder}: one page written and flushed", f"{page.middle:.2f}", f"{page.slow:.2f}"))
        for earlier in (0, EARLIER):
            bare = bare_commits(folder)
            print(_line("a bare SQLite file", f"{bare.middle:.2f}", f"{bare.slow:.2f}"))
            began, decided = commits(folder, earlier=earlier)
            for what, times in (("before the first byte", began), ("after the answer", decided)):
                ratio = times.middle / bare.middle
                enough &= ratio <= COMMIT_TARGET
                where = f"{what}, {earlier:,} earlier rows"
                verdict = f"{ratio:.2f} <= {COMMIT_TARGET:g}"
                print(_line(where, f"{times.middle:.2f}", f"{times.slow:.2f}", verdict))
    return enough


def print_orders(core: int | None) -> bool:
    """Print what journal and limits cost an order; return whether it is little enough."""
    print("\n" + _line("milliseconds of an order", "median", "p99", "target"))
    enough = True
    for name in BROKERS:
        with tempfile.TemporaryDirectory() as folder, ExitStack() as opened:
            state = {"BROKERKIT_STATE_DIR": f"{folder}/state", "BROKERKIT_CACHE_DIR": f"{folder}/cache"}
            opened.enter_context(mock.patch.dict("os.environ", state))
            server = opened.enter_context(serving(core, "--keys"))
            kept, bare = orders(name, Connection(**server.told[name]))
            commit = bare_commits(Path(folder)).middle
        more = (kept.middle - bare.middle) / commit
        enough &= more <= ORDER_TARGET
        print(_line(f"{name}: journal on the disk, all limits", f"{kept.middle:.2f}", f"{kept.slow:.2f}"))
        print(_line(f"{name}: journal in memory, no limits", f"{bare.middle:.2f}", f"{bare.slow:.2f}"))
        print(_line(f"{name}: more, in commits of a bare SQLite file", f"{more:.2f}", "", f"<= {ORDER_TARGET:g}"))
        print(_line(f"{name}: ratio", f"{kept.middle / bare.middle:.2f}"))
    return enough


def _line(what: str, found: str, slow: str = "", target: str = "") -> str:
    return f"{what:<52}{found:>9}{slow:>9}{target:>13}".rstrip()


def main() -> int:
    """Print all figures; 1 if one is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="*", type=Path, metavar="folder", help="on the disks that are measured")
    quick = print_commits(parser.parse_args().folders or [Path(tempfile.gettempdir())])
    usable = cores()
    core = usable[1] if len(usable) > 1 else None
    if core is not None:
        use(usable[0])
    cheap = print_orders(core)
    return 0 if quick and cheap else 1


if __name__ == "__main__":
    sys.exit(main())
