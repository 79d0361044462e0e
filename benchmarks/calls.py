"""Calls side by side: brokerkit, a bare `requests.Session`, and what other clients of these brokers are installed.

All of them ask the same server, which has a core of its own. They take turns, round by round, so that what slows the
machine down slows all of them down. Processor time is this process's own.
brokerkit's limiter runs as always, with a limit that nobody reaches.
"""

from __future__ import annotations

import gc
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from statistics import median
from unittest import mock

from benchmarks.bare import BARE
from benchmarks.others import OTHERS
from benchmarks.process import serving
from benchmarks.serving import BROKERS, POSITIONS
from brokerkit import get_broker
from brokerkit.broker import Broker
from brokerkit.sandbox.sandbox import Connection

OURS, MEASURE = "brokerkit", "bare session"
TARGETS = {
    "quote": (0.50, 0.85),
    "balance": (0.85, 0.80),
    "flow": (1.30, 1.30),
    "100 candles": (0.95, 0.95),
    "600 candles": (1.30, 1.30),
}
ROWS = {"kis": 100, "kiwoom": 600}
"""Candles in one answer."""
"""By question: how much of a bare session's processor time and wall time a call may take."""
ROUNDS = 15
CALLS = 40
"""Of one side in one round."""
CALLS_PER_SECOND = 5_000
"""A limit that is kept, and never reached."""
SYMBOLS = ("005930", "000660", "035720", "035420")

Ask = Callable[[], object]


@dataclass
class Case:
    """One question over one kind of connection, and what each side's rounds brought."""

    name: str
    question: str
    sides: Mapping[str, Ask]
    wall: dict[str, list[float]] = field(default_factory=dict)
    processor: dict[str, list[float]] = field(default_factory=dict)

    def measure(self) -> None:
        """Run one round: every side in turn."""
        for side, ask in self.sides.items():
            gc.collect()
            wall, processor = time.perf_counter(), time.process_time()
            for _ in range(CALLS):
                ask()
            self.processor.setdefault(side, []).append((time.process_time() - processor) / CALLS)
            self.wall.setdefault(side, []).append((time.perf_counter() - wall) / CALLS)

    def ratio(self, side: str, times: Mapping[str, list[float]]) -> float:
        """Return the median over the rounds of a side's time by that of the bare session in the same round."""
        return median(own / bare for own, bare in zip(times[side], times[MEASURE], strict=True))

    def ratios(self, side: str) -> tuple[float, float]:
        """Return a side's processor time and wall time, in those of the bare session."""
        return self.ratio(side, self.processor), self.ratio(side, self.wall)


@contextmanager
def wide_limits(broker: Broker) -> Iterator[None]:
    """Lift the adapter's limits so far that no call waits; the limiter itself runs as always."""
    table = sys.modules[type(broker.client).__module__].CALLS_PER_SECOND
    with mock.patch.dict(table, dict.fromkeys(table, CALLS_PER_SECOND)):
        yield


@contextmanager
def connected(name: str, given: Connection, certificate: Path | None = None) -> Iterator[Broker]:
    """Open a broker at a served sandbox, with limits that no call reaches."""
    broker = get_broker(
        name,
        environment="sandbox",
        base_url=given.base_url,
        app_key=given.app_key,
        app_secret=given.app_secret,
        account=given.account,
        options={"ca_file": certificate} if certificate else None,
    )
    with broker, wide_limits(broker):
        yield broker


def questions(name: str, given: Connection, certificate: Path | None, opened: ExitStack) -> list[Case]:
    """Return the questions at one broker, each side of which is connected and warm."""
    broker = opened.enter_context(connected(name, given, certificate))
    token = broker.client.token().get_secret_value()
    bare = BARE[name](given, token, str(certificate) if certificate else True)
    opened.callback(bare.close)
    symbol = cycle(SYMBOLS)
    quotes: dict[str, Ask] = {
        OURS: lambda: broker.quote(next(symbol)),
        MEASURE: lambda: bare.quote(next(symbol)),
    }
    for other in OTHERS:
        if other.broker == name and other.is_installed() and (ask := other.opened(given, token)):
            quotes[other.distribution] = lambda ask=ask: ask(next(symbol))  # type: ignore[misc]
    balances: dict[str, Ask] = {OURS: broker.balance, MEASURE: bare.balance}
    flows: dict[str, Ask] = {
        OURS: lambda: broker.investor_flow(SYMBOLS[0]),
        MEASURE: lambda: bare.flow(SYMBOLS[0]),
    }
    rows = ROWS[name]
    charts: dict[str, Ask] = {
        OURS: lambda: broker.candles(SYMBOLS[0], count=rows),
        MEASURE: lambda: bare.chart(SYMBOLS[0]),
    }
    scheme = "TLS" if certificate else "plain"
    return [
        Case(f"{name}: quote, {scheme}", "quote", quotes),
        Case(f"{name}: balance of {POSITIONS}, {scheme}", "balance", balances),
        Case(f"{name}: investor flow of a month, {scheme}", "flow", flows),
        Case(f"{name}: {rows} candles of days, {scheme}", f"{rows} candles", charts),
    ]


@contextmanager
def surroundings(folder: Path, certificate: Path | None) -> Iterator[None]:
    """Keep tokens in `folder`, and let clients that have no setting of their own trust the certificate."""
    settings = {"BROKERKIT_CACHE_DIR": str(folder)}
    if certificate:
        settings |= {"REQUESTS_CA_BUNDLE": str(certificate), "SSL_CERT_FILE": str(certificate)}
    with mock.patch.dict(os.environ, settings):
        yield


def measured(core: int | None, *, rounds: int = ROUNDS) -> list[Case]:
    """Measure all questions, plain and over TLS."""
    found: list[Case] = []
    for tls in (False, True):
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name, ExitStack() as opened:
            folder = Path(name)
            certificate = folder / "certificate.pem" if tls else None
            opened.enter_context(surroundings(folder, certificate))
            given = ["--keys", *(["--certificate", str(certificate)] if certificate else [])]
            server = opened.enter_context(serving(core, *given))
            cases = [
                case
                for broker in BROKERS
                for case in questions(broker, Connection(**server.told[broker]), certificate, opened)
            ]
            for case in cases:
                for ask in case.sides.values():
                    ask()
            for _ in range(rounds):
                for case in cases:
                    case.measure()
            found += cases
    return found
