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

from brokerkit_kiwoom.sandbox import us_pace

from brokerkit import Broker
from brokerkit.market.markets import market_named
from brokerkit.orders import reconcile
from brokerkit.orders.intents import STANDING, Intent, key_of
from brokerkit.sandbox import Sandbox
from brokerkit.sandbox.exchange import ExchangeOrder
from brokerkit.sandbox.face import SlidingWindow
from brokerkit.symbols import HOME
from brokerkit.testing.inside import journal_of, part_of
from brokerkit.words import SecurityType
from proof.figures import Figure, at_least, none, own_state
from proof.killed import APART, BLOCKED, DONE, MANY, OPEN, ORDERS, READY, Life, limits_of, opened
from proof.oracles import ACTIONS, NOT_STANDING, Seen, violations
from proof.trading import ends_of

BROKERS = ("kis", "kiwoom")
CYCLES = 25
"""Of one account; then comes a new one, so that its lists stay short."""
CYCLES_ABROAD = 8
UNITS = {"KR": Decimal(1), "US": Decimal("0.01")}
"""What prices of a market are counted in."""
CHEAPEST = {"KR": 0, "US": 5}
"""What a share costs at least that is traded: below a dollar the steps are other ones."""
SYMBOLS = 4
HELD = 1_000_000
SOONEST, LATEST = 0.0, 0.2
"""Seconds after which a process is killed."""
AT_THE_START = 0.25
"""Share of the processes that are killed while they look at what an earlier one has left."""
LONGEST_WAIT = 60.0
LOOKS = 1.5
"""Seconds of looking at lists that do not prove that an order is absent; then a person decides."""

Key = tuple[object, ...]


@dataclass
class Tally:
    """What the cycles came to."""

    cycles: int = 0
    kills: int = 0
    amid: int = 0
    """Kills after which an order had to be looked for in the broker's lists."""
    rows: int = 0
    left: int = 0
    """Left to a person, because no list proves that an order is absent."""
    missing: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    forgotten: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)
    untrue: list[str] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Add what other cycles came to."""
        for name, counted in vars(other).items():
            setattr(self, name, getattr(self, name) + counted)


def run(release: bool) -> list[Figure]:
    """Kill one process after the other, and then several that trade one account at once; in the US fewer of them."""
    together, abroad = (500, 100) if release else (20, 8)
    us = _tally(2 * abroad, processes=1, market="US")
    us.add(_tally(abroad, processes=3, market="US"))
    return [
        *_figures("kill -9, one process", _tally(100, processes=1), 100),
        *_figures("kill -9, three processes of one account", _tally(together, processes=3), together),
        *_figures("US: kill -9, one process or three of one account", us, 3 * abroad, amid=10),
        Figure(
            "US: kill -9: left to a person, where no list proves that an order is absent",
            f"{us.left} of {us.amid} orders amid which a process was killed",
            "published",
            True,
        ),
    ]


def _figures(what: str, tally: Tally, cycles: int, *, amid: int = 5) -> list[Figure]:
    """Return the figures; of fewer cycles chance asks for less: one kill in `amid` has to hit an order."""
    return [
        at_least(f"{what}: cycles", tally.cycles, cycles),
        at_least(f"{what}: kills amid an order, of {tally.kills}", tally.amid, tally.kills // amid),
        at_least(f"{what}: orders, amendments and cancellations", tally.rows, tally.kills),
        none(f"{what}: at the exchange, no row in the journal", tally.missing),
        none(f"{what}: twice at the exchange", tally.twice),
        none(f"{what}: answered, and not so in the journal", tally.forgotten),
        none(f"{what}: not decided at the end", tally.open),
        none(f"{what}: journal and exchange differ at the end", tally.untrue),
    ]


def _tally(cycles: int, *, processes: int, market: str = HOME) -> Tally:
    """Spread the cycles over accounts at both brokers."""
    tally = Tally()
    most = CYCLES if market == HOME else CYCLES_ABROAD
    most = min(most, -(-cycles // len(BROKERS)))
    for seed in range(-(-cycles // most)):
        many = min(most, cycles - tally.cycles)
        with _account(BROKERS[seed % 2], seed, market) as account:
            for _ in range(many):
                account.cycle(tally, processes)
            account.settle(tally)
    return tally


@contextmanager
def _account(name: str, seed: int, market: str = HOME) -> Iterator[Account]:
    with ExitStack() as stack:
        state = stack.enter_context(own_state())
        stack.enter_context(mock.patch.dict("os.environ", {"BROKERKIT_CACHE_DIR": str(state / "cache")}))
        stack.enter_context(mock.patch.object(reconcile, "APART", dt.timedelta(seconds=APART)))
        stack.enter_context(mock.patch.object(reconcile, "POLL_SECONDS", APART))
        stack.enter_context(mock.patch.multiple(us_pace, CALLS_PER_SECOND=MANY, BURST=MANY))
        sandbox = stack.enter_context(Sandbox(seed=seed, home=market))
        sandbox.face(name).window = SlidingWindow(MANY)
        account = stack.enter_context(Account(name, sandbox, seed, market))
        stack.enter_context(mock.patch.dict(limits_of(account.broker), real=MANY))
        if market != HOME:
            stack.enter_context(mock.patch.object(account.broker.client, "limits", return_value=()))
        yield account


class Account:
    """An account at a served sandbox, whose traders do not live long."""

    def __init__(self, name: str, sandbox: Sandbox, seed: int, market: str) -> None:
        given = sandbox.connect(name)
        self._exchange = sandbox.exchange
        self._number = given.account
        self._chance = random.Random(seed)  # noqa: S311 - repeatable on purpose
        self._lives = 0
        instruments = [each for each in self._exchange.instruments.values() if each.kind is SecurityType.STOCK]
        worth = [each for each in instruments if each.previous_close >= CHEAPEST[market]]
        cheap = sorted(worth, key=lambda each: each.previous_close)[:SYMBOLS]
        for each in cheap:
            self._exchange.give_holding(self._number, each.symbol, Decimal(HELD), Decimal(HELD))
        self._exchange.deposit(self._number, Decimal(HELD))
        ends, unit, tick = [ends_of(each) for each in cheap], UNITS[market], market_named(market).calendar.tick_size
        self._life = Life(
            broker=name,
            keys={key: getattr(given, key) for key in ("base_url", "app_key", "app_secret", "account")},
            seed=0,
            first=0,
            degraded=False,
            symbols=[each.symbol for each in cheap],
            lowest=[int(lowest / unit) for lowest, _ in ends],
            highest=[int(highest / unit) for _, highest in ends],
            steps=[int(tick(highest, SecurityType.STOCK) / unit) for _, highest in ends],
            market=market,
            unit=str(unit),
        )
        self.broker: Broker = opened(name, self._life.keys, market=market)
        part = part_of(self.broker)
        self._is_a_persons = part.environment not in part.lists_prove_absence
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
        if any(word == BLOCKED for lines in told for word, _ in lines) or self._is_a_persons:
            self._reconcile(tally)

    def settle(self, tally: Tally) -> None:
        """Decide all that is still open, and compare once more."""
        foreign = self._reconcile(tally)
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

    def _reconcile(self, tally: Tally) -> frozenset[str]:
        report = self.broker.reconcile(wait=True, timeout=LOOKS if self._is_a_persons else LONGEST_WAIT)
        left = [intent for intent in self.broker.unresolved() if self._is_a_persons or intent.is_raw]
        if left:
            numbers = {_of_row(row): str(row.number) for row in self._exchange.orders(self._number)}
            for intent in left:
                tally.left += 1
                number = numbers.get(_of_intent(intent))
                words = {"absent": True, "reason": "the exchange has none"} if number is None else {"order_id": number}
                self.broker.resolve(intent, **words)
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
    if action == "NEW":
        return (action, intent.symbol, intent.side, intent.quantity, intent.price)
    return (action, key_of(intent.order.id) if intent.order else None)
