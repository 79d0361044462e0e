"""Orders over faults: every kind of order at both brokers, every kind of fault, and not one lost or sent twice."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import cycle, islice
from multiprocessing import get_context
from typing import TypeVar

from brokerkit.orders.intents import STANDING, Intent, keys_of
from brokerkit.sandbox import Rule
from brokerkit.sandbox.faults import KINDS, OF_REQUESTS
from brokerkit.symbols import HOME
from proof.figures import Figure, at_least, none, say
from proof.oracles import ABSENT, Seen, Violations, is_like, violations
from proof.trading import BROKERS, MARKETS, SECONDS, Step, Trader, patiently, quick, trading

J = TypeVar("J")
R = TypeVar("R")
PROCESSES = 10
"""More than there are cores: most of the time is waiting."""
BATCH = 12
"""Orders between two reconciliations."""
OF_LISTS = tuple(kind for kind in KINDS if KINDS[kind].strikes == "listing")
OF_OTHERS = ("number_already_used", "previous_answer")
"""They give an order the number of an earlier one: one that the journal knows already, or nobody could tell."""
SEEN_LATE = 12.0
DECIDED = STANDING | ABSENT
UNCERTAIN = ("processed_then_reset", "unprocessed_silence", "html_200", "late_acceptance")
"""Faults of the orders that are then looked for in lists that lie."""


@dataclass
class Tally:
    """What a run came to; runs are added up."""

    orders: int = 0
    uncertain: int = 0
    """Calls whose caller was told that the order may stand."""
    decided: int = 0
    """Of these, decided by the broker's lists."""
    unresolved: int = 0
    """Of these, listed as unresolved."""
    called: int = 0
    """Orders sent by the broker's own fields."""
    raw: int = 0
    """Of these, such as no list settles."""
    asked: int = 0
    """Of these, settled by a person."""
    faults: Counter[str] = field(default_factory=Counter)
    states: Counter[str] = field(default_factory=Counter)
    found: dict[str, list[str]] = field(default_factory=dict)

    def add(self, other: Tally) -> None:
        """Add another run."""
        for name in ("orders", "uncertain", "decided", "unresolved", "called", "raw", "asked"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.faults += other.faults
        self.states += other.states
        for name, words in other.found.items():
            self.found[name] = list(dict.fromkeys([*self.found.get(name, ()), *words]))


@dataclass(frozen=True)
class Job:
    """One run: a broker, a market, a seed, and how many orders."""

    broker: str
    seed: int
    orders: int
    market: str = "KR"


def run(release: bool) -> list[Figure]:
    """Play the orders and return the figures: 1,000 orders in each market, or 10,000 with 20 seeds for a release."""
    return [figure for market in MARKETS for figure in _figures(market, release)]


def _figures(market: str, release: bool) -> list[Figure]:
    """Play the orders of a market."""
    title = TITLES[market]
    count, kinds = (10_000, 24) if release else (1_000, 24)
    seeds = range(1, 21) if release else range(1, 9)
    size = -(-count // len(seeds) // len(BROKERS))
    tally = Tally()
    for part in parallel(play, [Job(name, seed, size, market) for seed in seeds for name in BROKERS]):
        tally.add(part)
        say(f"{title}: {tally.orders:,} of {count:,}, {dict(tally.states)}")
    return [
        at_least(f"{title}: orders, amendments and cancellations sent", tally.orders, count),
        at_least(f"{title}: kinds of faults that were played", len(tally.faults), kinds),
        *(none(f"{title}: {words}", tally.found[name]) for name, words in WORDS.items()),
        Figure(
            f"{title}: uncertain outcomes resolved or reported",
            f"{tally.uncertain:,}: {tally.decided:,} resolved, {tally.unresolved:,} reported as unresolved",
            "all",
            tally.uncertain == tally.decided + tally.unresolved and tally.uncertain > 0,
        ),
        *(_of_calls(title, tally, count) if market == HOME else ()),
    ]


def _of_calls(title: str, tally: Tally, count: int) -> list[Figure]:
    """Return that raw calls were among the orders: chance decides which."""
    return [
        at_least(f"{title}: sent by the broker's own fields", tally.called, count // 20),
        at_least(f"{title}: of these on credit, which no list settles", tally.raw, count // 100),
        at_least(f"{title}: of these settled by a person", tally.asked, 1),
    ]


TITLES = {"KR": "orders over faults", "US": "US orders over faults"}
WORDS = {
    "duplicated": "sent twice, sent unwritten, or one number twice",
    "lost": "lost: at the exchange, and nothing says so",
    "denied": "said to be absent, refused or not sent, and standing",
    "imagined": "said to stand, and not at the exchange",
    "wrong": "taken for another order",
    "wrong_probable": "taken for another order, as probable",
    "hidden": "not known, and not listed as unresolved",
    "slandered": "ours, reported as somebody else's",
}


def parallel(work: Callable[[J], R], jobs: Iterable[J]) -> Iterator[R]:
    """Yield what the jobs come to, done in processes of their own."""
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        yield from pool.map(work, jobs)


def play(job: Job) -> Tally:
    """Play one run and return what it came to."""
    tally = Tally()
    reported: set[str] = set()
    with quick(), trading(job.broker, job.seed, exclusive=True, market=job.market) as trader:
        kinds = _kinds(trader.random)
        while tally.orders < job.orders:
            sent = _batch(trader, list(islice(kinds, BATCH)))
            tally.orders += sum(len(step.intents) for step in sent)
            reported |= trader.reconcile(wait=True, timeout=SEEN_LATE)
            left = trader.broker.unresolved()
            tally.add(_outcomes(sent, {intent.id: intent for intent in trader.journal()}, left))
            found = violations(seen_by(trader, reported))
            tally.add(Tally(found=_named(job, found)))
            decide(trader, left)
            tally.asked += sum(intent.is_raw for intent in left)
        trader.wait_for_late_ones()
        trader.faults.clear()
        reported |= trader.reconcile(wait=False)
        tally.faults = Counter(entry.kind for entry in trader.faults.log)
        tally.states = Counter(str(intent.state) for intent in trader.journal())
        tally.called = sum(intent.api is not None for intent in trader.journal())
        tally.raw = sum(intent.is_raw for intent in trader.journal())
        tally.add(Tally(found=_named(job, violations(seen_by(trader, reported)))))
    return tally


def _outcomes(sent: Iterable[Step], journal: Mapping[str, Intent], left: Iterable[Intent]) -> Tally:
    """Count what became of the calls whose outcome was uncertain."""
    open_ones = {intent.id for intent in left}
    uncertain = [step.intents for step in sent if step.is_uncertain]
    ids = [intents[0] for intents in uncertain if intents]
    return Tally(
        uncertain=len(uncertain),
        decided=sum(journal[each].state in DECIDED and each not in open_ones for each in ids),
        unresolved=sum(each in open_ones for each in ids),
    )


def _named(job: Job, found: Violations) -> dict[str, list[str]]:
    return {
        name: [f"{job.broker}, {job.market}, seed {job.seed}: {words}" for words in getattr(found, name)]
        for name in WORDS
    }


def decide(trader: Trader, intents: Iterable[Intent]) -> None:
    """Decide what was left open as a person does, who sees in the broker's own app what stands."""
    own = {step.intents[0]: trader.own_number(step) for step in trader.steps if step.intents}
    for intent in intents:
        number = own.get(intent.id) or _unaccounted(trader, intent)
        if number is None:
            trader.broker.resolve(intent, absent=True, reason="the exchange has no such order")
        else:
            trader.broker.resolve(intent, order_id=number)


def _unaccounted(trader: Trader, intent: Intent) -> str | None:
    """Return the number of an order like an intent of which the journal knows nothing.

    An order on which no fault was played is uncertain too where the machine was too busy to answer it in time.
    """
    known = keys_of(each.order_id for each in trader.journal())
    return next(
        (number for number, row in trader.truth().items() if number not in known and is_like(intent, row)), None
    )


def seen_by(trader: Trader, reported: Iterable[str]) -> Seen:
    """Return what the exchange, the server, the journal and the reports say."""
    own = {step.intents[0]: number for step in trader.steps if step.intents and (number := trader.own_number(step))}
    posts = {intent: step.posts for step in trader.steps for intent in step.intents[:1]}
    return Seen(
        truth=trader.truth(),
        journal=trader.journal(),
        unresolved=frozenset(intent.id for intent in trader.broker.unresolved()),
        reported=frozenset(reported),
        foreign=frozenset(str(number) for number in trader.foreign),
        posts=posts,
        strays=sum(step.posts for step in trader.steps if not step.intents),
        own=own,
    )


def _kinds(chance: random.Random) -> Iterator[str]:
    """Yield kinds of faults, each as often as the others, and every ninth time none."""
    kinds = [*OF_REQUESTS]
    chance.shuffle(kinds)
    for number, kind in enumerate(cycle(kinds)):
        if number % 9 == 0:
            yield ""
        yield kind


def _batch(trader: Trader, kinds: list[str]) -> list[Step]:
    """Send an order, amendment or cancellation for each kind of fault; those of lists are played in `reconcile`."""
    trader.faults.clear()
    working = list(patiently(trader.broker.orders))
    trader.random.shuffle(working)
    sides = trader.free_sides()
    sent = []
    for kind in sorted(kinds, key=lambda kind: kind not in OF_OTHERS):
        fault = trader.random.choice(UNCERTAIN) if kind in OF_LISTS else kind
        if kind in OF_OTHERS:
            sent.append(trader.submit(trader.sending(trader.request(*sides.pop()))))
        changes = working and trader.random.random() < 0.45
        call = trader.change(working.pop()) if changes else trader.sending(trader.request(*sides.pop()))
        sent.append(trader.submit(call, fault))
    trader.faults.clear()
    for kind in kinds:
        if kind in OF_LISTS:
            trader.faults.add(Rule(kind, rate=None if kind == "lag" else 0.5, seconds=SECONDS.get(kind)))
    return sent
