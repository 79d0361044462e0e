"""A day of trading in half an hour: both brokers, faults all the time, and nothing may grow or stay open."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from unittest import mock

from brokerkit import Broker, BrokerError, Order, OrderUncertain, Side, clock, get_broker
from brokerkit.orders.intents import IntentState
from brokerkit.sandbox.faults import OF_REQUESTS
from proof.figures import Figure, at_least, none, own_state

SECONDS = 1_800.0
SHARE = 0.05
"""Of the requests, that meet a fault; each kind as often as the others."""
ROUND_SECONDS = 3.0
"""One order in so many seconds at each broker: some six hundred in half an hour."""
SETTLE = 6.0
OF_A_KIND = {"late_acceptance": 2.0, "refuse": 0.5, "latency": 0.3, "slow_close": 0.3, "lag": 2.0}
"""Seconds of the faults that would otherwise make a list show an order after the settle time, or stop the trading."""
SYMBOLS = ("005930", "000660", "035420", "035720", "051910", "006400", "068270", "105560")
MEBIBYTE = 1024 * 1024
BLOCK = 100
"""Bytes of a block, rather more than they are: most objects are smaller."""
MOST_GROWTH = 1.0
"""Mebibytes an hour."""
PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


@dataclass
class Life:
    """What a process saw of itself while it traded."""

    times: list[float] = field(default_factory=list)
    memory: list[int] = field(default_factory=list)
    """Of the process. It follows the longest list that was read so far, and the lists of a day grow."""
    blocks: list[int] = field(default_factory=list)
    """Of memory that living objects hold. Lists that are being read come and go; the least is what stays."""
    files: list[int] = field(default_factory=list)
    threads: list[int] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    stuck: list[str] = field(default_factory=list)
    """Orders that are UNKNOWN at the end, after lists that could be read."""

    def sample(self) -> None:
        """Write down what the process has got now."""
        self.times.append(time.monotonic())
        self.memory.append(int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * PAGE)
        self.blocks.append(sys.getallocatedblocks())
        self.files.append(len(os.listdir("/proc/self/fd")))
        self.threads.append(threading.active_count())

    def growth(self) -> float:
        """Return the mebibytes an hour by which what stays grew, from the second third to the last one."""
        third = len(self.times) // 3
        grown = (min(self.blocks[2 * third :]) - min(self.blocks[third : 2 * third])) * BLOCK
        return grown / (self.times[2 * third] - self.times[third]) * 3600 / MEBIBYTE


def run(release: bool) -> list[Figure]:
    """Trade at both brokers for half an hour and return what grew; less would say nothing about memory."""
    return figures(SECONDS)


def figures(seconds: float) -> list[Figure]:
    """Trade for so many seconds in a process of its own."""
    with serving() as told, ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        life = pool.submit(trade, told, seconds).result()
    first = len(life.times) // 3
    growth = life.growth()
    process = " and ".join(f"{life.memory[turn] / MEBIBYTE:.0f} MiB" for turn in (first, -1))
    outcomes = ", ".join(f"{name} {count:,}" for name, count in sorted(life.counts.items()))
    return [
        at_least("soak: seconds of trading at both brokers", round(life.times[-1] - life.times[0]), int(seconds * 0.9)),
        at_least("soak: orders, amendments and cancellations asked for", life.counts["orders"], int(seconds / 6)),
        at_least("soak: calls that a fault broke", life.counts["errors"], int(seconds / 60)),
        Figure("soak: what came of the calls", outcomes, "published", True),
        Figure(
            "soak: memory that stays, grown in an hour",
            f"{growth:.2f} MiB",
            f"< {MOST_GROWTH:g} MiB",
            growth < MOST_GROWTH,
        ),
        Figure("soak: memory of the process, at the first third and at the end", process, "published", True),
        _flat("open files", life.files[first:]),
        _flat("threads", life.threads[first:]),
        none("soak: orders that stay UNKNOWN although the lists work", life.stuck),
    ]


def _flat(what: str, counts: list[int]) -> Figure:
    """Return the figure of something that comes and goes: the least of the last third is no more than of the second."""
    half = len(counts) // 2
    before, after = min(counts[:half]), min(counts[half:])
    return Figure(f"soak: {what} that stay", f"{before}, then {after}", "no more than before", after <= before)


@contextmanager
def serving() -> Iterator[dict[str, Any]]:
    """Serve both brokers from a process of its own, which breaks one request in twenty."""
    rate = SHARE / len(OF_REQUESTS)
    rules = ";".join(
        f"{kind}:rate={rate:.6f}" + (f",seconds={OF_A_KIND[kind]}" if kind in OF_A_KIND else "") for kind in OF_REQUESTS
    )
    command = [sys.executable, "-m", "brokerkit", "sandbox", "--json", "--faults", rules]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own command
        try:
            assert process.stdout is not None  # noqa: S101 - it is a pipe
            yield json.loads(process.stdout.readline())
        finally:
            process.terminate()


def trade(told: dict[str, Any], seconds: float) -> Life:
    """Trade at all brokers at once, and sample the process meanwhile."""
    life = Life()
    with own_state() as folder, mock.patch.dict("os.environ", {"BROKERKIT_CACHE_DIR": str(folder / "cache")}):
        ends = time.monotonic() + seconds
        brokers = [_opened(name, keys) for name, keys in told.items()]
        traders = [threading.Thread(target=_trade, args=(broker, life.counts, ends)) for broker in brokers]
        for trader in traders:
            trader.start()
        while time.monotonic() < ends:
            life.sample()
            time.sleep(min(1.0, seconds / 30))
        for trader in traders:
            trader.join()
        for broker in brokers:
            life.stuck += _stuck(broker)
            broker.close()
    return life


def _opened(name: str, keys: dict[str, Any]) -> Broker:
    given = {key: keys[key] for key in ("base_url", "account", "app_key", "app_secret")}
    return get_broker(
        name, environment="sandbox", exclusive=True, degraded=True, options={"settle_seconds": SETTLE}, **given
    )


def _trade(broker: Broker, counts: Counter[str], ends: float) -> None:
    """Do what a program does all day: look, order, change, cancel, and look for what got no answer."""
    chance = random.Random(broker.name)  # noqa: S311 - repeatable on purpose
    while (now := time.monotonic()) < ends:
        symbol = chance.choice(SYMBOLS)
        _ask(counts, lambda symbol=symbol: _order(broker, symbol, chance, counts))
        _ask(counts, chance.choice((broker.balance, broker.orders, lambda: broker.order_history(clock.today()))))
        _ask(counts, lambda symbol=symbol: broker.order_book(symbol))
        if broker.unresolved():
            _ask(counts, lambda: broker.reconcile(wait=True, timeout=SETTLE * 3))
        time.sleep(max(0.0, now + ROUND_SECONDS - time.monotonic()))


def _order(broker: Broker, symbol: str, chance: random.Random, counts: Counter[str]) -> None:
    quote = broker.quote(symbol)
    if quote.lower_limit is None:
        return
    counts["orders"] += 1
    order: Order = broker.buy(symbol, chance.randint(1, 9), price=quote.lower_limit)
    if chance.random() < 0.5:
        counts["orders"] += 1
        price = broker.round_price(symbol, quote.lower_limit + quote.lower_limit / 100, side=Side.BUY)
        order = broker.amend(order, price=price)
    counts["orders"] += 1
    broker.cancel(order)


def _ask(counts: Counter[str], call: Any) -> None:
    try:
        call()
        counts["done"] += 1
    except BrokerError as error:
        counts["errors"] += 1
        counts[type(error).__name__] += 1
        counts["uncertain"] += isinstance(error, OrderUncertain)


def _stuck(broker: Broker) -> list[str]:
    """Return the orders that stay UNKNOWN after several looks; one that several rows could be is for a person."""
    for _ in range(5):
        with suppress(BrokerError):
            broker.reconcile(wait=True, timeout=SETTLE * 3)
    unknown = [intent for intent in broker.unresolved() if intent.state is IntentState.UNKNOWN]
    return [f"{broker.name}: {intent.what}, {intent.evidence[-1]}" for intent in unknown]
