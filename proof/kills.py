"""Processes that are killed while they trade: whenever it happens, the journal has a row for every order, and one."""

from __future__ import annotations

import datetime as dt
import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from unittest import mock

from brokerkit import Broker
from brokerkit.market.ticks import tick_size
from brokerkit.orders import reconcile
from brokerkit.orders.intents import STANDING, Intent, IntentKind, key_of
from brokerkit.sandbox import Sandbox
from brokerkit.sandbox.exchange import ExchangeOrder
from brokerkit.sandbox.face import SlidingWindow
from brokerkit.testing.inside import journal_of
from brokerkit.words import SecurityType
from proof.figures import Figure, at_least, none, own_state
from proof.killed import APART, BLOCKED, DONE, MANY, OPEN, ORDERS, READY, Life, limits_of, opened
from proof.oracles import ACTIONS, NOT_STANDING, Seen, violations

BROKERS = ("kis", "kiwoom")
CYCLES = 25
"""Of one account; then comes a new one, so that its lists stay short."""
SYMBOLS = 4
HELD = 1_000_000
SOONEST, LATEST = 0.0, 0.2
"""Seconds after which a process is killed."""
AT_THE_START = 0.25
"""Share of the processes that are killed while they look at what an earlier one has left."""
LONGEST_WAIT = 60.0

Key = tuple[object, ...]


@dataclass
class Tally:
    """What the cycles came to."""

    cycles: int = 0
    kills: int = 0
    amid: int = 0
    """Kills after which an order had to be looked for in the broker's lists."""
    rows: int = 0
    missing: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    forgotten: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)
    untrue: list[str] = field(default_factory=list)


def run(release: bool) -> list[Figure]:
    """Kill one process after the other, and then several that trade one account at once."""
    alone = _tally(100, processes=1)
    together = _tally(500 if release else 20, processes=3)
    return [
        *_figures("kill -9, one process", alone, 100),
        *_figures("kill -9, three processes of one account", together, 500 if release else 20),
    ]


def _figures(what: str, tally: Tally, cycles: int) -> list[Figure]:
    return [
        at_least(f"{what}: cycles", tally.cycles, cycles),
        at_least(f"{what}: kills amid an order, of {tally.kills}", tally.amid, tally.kills // 5),
        at_least(f"{what}: orders, amendments and cancellations", tally.rows, tally.kills),
        none(f"{what}: at the exchange, no row in the journal", tally.missing),
        none(f"{what}: twice at the exchange", tally.twice),
        none(f"{what}: answered, and not so in the journal", tally.forgotten),
        none(f"{what}: not decided at the end", tally.open),
        none(f"{what}: journal and exchange differ at the end", tally.untrue),
    ]


def _tally(cycles: int, *, processes: int) -> Tally:
    """Spread the cycles over accounts at both brokers."""
    tally = Tally()
    for seed in range(-(-cycles // CYCLES)):
        many = min(CYCLES, cycles - tally.cycles)
        with _account(BROKERS[seed % 2], seed) as account:
            for _ in range(many):
                account.cycle(tally, processes)
            account.settle(tally)
    return tally


@contextmanager
def _account(name: str, seed: int) -> Iterator[Account]:
    with ExitStack() as stack:
        state = stack.enter_context(own_state())
        stack.enter_context(mock.patch.dict("os.environ", {"BROKERKIT_CACHE_DIR": str(state / "cache")}))
        stack.enter_context(mock.patch.object(reconcile, "APART", dt.timedelta(seconds=APART)))
        stack.enter_context(mock.patch.object(reconcile, "POLL_SECONDS", APART))
        sandbox = stack.enter_context(Sandbox(seed=seed))
        sandbox.face(name).window = SlidingWindow(MANY)
        account = stack.enter_context(Account(name, sandbox, seed))
        stack.enter_context(mock.patch.dict(limits_of(account.broker), real=MANY))
        yield account


class Account:
    """An account at a served sandbox, whose traders do not live long."""

    def __init__(self, name: str, sandbox: Sandbox, seed: int) -> None:
        given = sandbox.connect(name)
        self._exchange = sandbox.exchange
        self._number = given.account
        self._chance = random.Random(seed)  # noqa: S311 - repeatable on purpose
        self._lives = 0
        instruments = [each for each in self._exchange.instruments.values() if each.kind is SecurityType.STOCK]
        cheap = sorted(instruments, key=lambda each: each.upper_limit)[:SYMBOLS]
        for each in cheap:
            self._exchange.give_holding(self._number, each.symbol, Decimal(HELD), Decimal(HELD))
        self._life = Life(
            broker=name,
            keys={key: getattr(given, key) for key in ("base_url", "app_key", "app_secret", "account")},
            seed=0,
            first=0,
            degraded=False,
            symbols=[each.symbol for each in cheap],
            lowest=[int(each.lower_limit) for each in cheap],
            highest=[int(each.upper_limit) for each in cheap],
            steps=[int(tick_size(each.upper_limit)) for each in cheap],
        )
        self.broker: Broker = opened(name, self._life.keys)
        self.broker.client.token()  # who dies as it asks for one leaves the others of its key without for a minute
        self._told: list[str] = []

    def __enter__(self) -> Account:
        return self

    def __exit__(self, *error: object) -> None:
        self.broker.close()

    def cycle(self, tally: Tally, processes: int) -> None:
        """Let processes trade, kill each of them, and compare the journal with the exchange."""
        lives = [self._next_life() for _ in range(processes)]
        moments = [self._chance.uniform(SOONEST, LATEST) for _ in lives]
        words = [READY if self._chance.random() < AT_THE_START else OPEN for _ in lives]
        with ThreadPoolExecutor(processes) as pool:
            told = list(pool.map(killed, lives, words, moments))
        journal = list(journal_of(self.broker).everything())
        tally.cycles += 1
        tally.kills += processes
        self._told += [number for lines in told for word, number in lines if number is not None]
        self._compare(tally, journal)
        if any(word == BLOCKED for lines in told for word, _ in lines):
            self._reconcile()

    def settle(self, tally: Tally) -> None:
        """Decide all that is still open, and compare once more."""
        foreign = self._reconcile()
        journal = list(journal_of(self.broker).everything())
        truth = {str(row.number): row for row in self._exchange.orders(self._number)}
        self._compare(tally, journal)
        numbers = {_of_row(row): number for number, row in truth.items()}
        seen = Seen(
            truth=truth,
            journal=journal,
            unresolved=frozenset(intent.id for intent in self.broker.unresolved()),
            reported=foreign,
            own={intent.id: numbers[key] for intent in journal if (key := _of_intent(intent)) in numbers},
        )
        tally.rows += len(truth)
        tally.amid += sum(bool(intent.sightings) for intent in journal)
        tally.open += [f"{intent.what} is {intent.state}" for intent in self.broker.unresolved()]
        found = violations(seen)
        tally.untrue += [f"{kind}: {words}" for kind, listed in vars(found).items() for words in listed]

    def _next_life(self) -> Life:
        self._lives += 1
        return replace(
            self._life,
            seed=self._chance.getrandbits(32),
            first=self._lives * ORDERS,
            degraded=self._chance.random() < 0.5,
        )

    def _reconcile(self) -> frozenset[str]:
        report = self.broker.reconcile(wait=True, timeout=LONGEST_WAIT)
        return frozenset(key for order in report.foreign if (key := key_of(order.id)))

    def _compare(self, tally: Tally, journal: Iterable[Intent]) -> None:
        journal = list(journal)
        rows = Counter(_of_row(row) for row in self._exchange.orders(self._number))
        sent = Counter(_of_intent(intent) for intent in journal if intent.state not in NOT_STANDING)
        tally.missing += [str(key) for key in rows.keys() - sent.keys()]
        tally.twice += [str(key) for key, count in rows.items() if count > 1]
        standing = {intent.order_id for intent in journal if intent.state in STANDING}
        tally.forgotten += [f"order {number}" for number in self._told if number not in standing]


def killed(life: Life, word: str, seconds: float) -> list[tuple[str, str | None]]:
    """Start a process, kill it so many seconds after it has said a word, and return all that it said."""
    process = subprocess.Popen(
        [sys.executable, "-m", "proof.killed"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ
    )
    assert process.stdin is not None  # noqa: S101 - it is a pipe
    assert process.stdout is not None  # noqa: S101 - it is a pipe
    said: list[tuple[str, str | None]] = []
    with process:  # waits for its end, and closes the pipes
        try:
            process.stdin.write(life.dump())
            process.stdin.flush()
            for line in process.stdout:
                said.append(tuple(json.loads(line)))
                if said[-1][0] in (word, BLOCKED, DONE):
                    break
            time.sleep(seconds)
            if process.poll() is not None:
                raise RuntimeError("A process ended by itself.")
        finally:
            process.kill()
        # What it was about to say as it died is not a whole line.
        return said + [tuple(json.loads(line)) for line in process.stdout if line.endswith("\n")]


def _of_row(row: ExchangeOrder) -> Key:
    """Return what tells a row of the exchange from all others, whatever its number."""
    if row.action == "NEW":
        return (row.action, row.request.symbol, row.request.side, row.quantity, row.request.price)
    return (row.action, str(row.original))


def _of_intent(intent: Intent) -> Key:
    """Return the same of an intent: a process changes an order only once."""
    action = ACTIONS[intent.kind]
    if intent.kind is IntentKind.ORDER:
        return (action, intent.symbol, intent.side, intent.quantity, intent.price)
    return (action, key_of(intent.order.id) if intent.order else None)
