"""The assumptions broken on purpose: orders that the broker takes too late, and somebody else's that look like ours.

Nobody can tell then what became of an order. What must hold all the same: nothing is sent twice, nothing is hidden,
and no guess is called exact.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial

from brokerkit import OrderRequest
from brokerkit.orders.intents import Confidence, IntentState
from proof.figures import Figure, at_least, none, say
from proof.oracles import violations
from proof.orders import Job, parallel, seen_by
from proof.trading import BROKERS, Trader, patiently, quick, trading

COUNTS = {"KR": (500, 5_000), "US": (120, 1_200)}
"""Orders of a market, and those of a release."""
SWAPS = {"KR": (4, 20), "US": (1, 4)}
"""Runs in which answers are swapped."""
BATCH = 12
"""Orders at one sandbox: a list that was late once makes the library wait longer, and nothing would be late again."""
SETTLE = 1.0
LATE = 7.0
"""Seconds after which a late order is taken, when the library has called it absent already."""
PATIENCE = 4.0
CHANGES = 2
"""Of the orders are placed to be amended or cancelled."""
PAIRS = 6
FOREIGN = 0.3
"""Share of the other orders that somebody else places as well: a fifth of all."""
KINDS = ("late_acceptance",) * 4 + ("unprocessed_silence", "processed_then_reset", "html_200", "empty", "", "")
WORDS = {
    "duplicated": "sent twice by the library, or one number twice",
    "lost": "late or somebody else's, and not reported",
    "denied": "said to be absent, refused or not sent at the end, and standing",
    "imagined": "said to stand, and not at the exchange",
    "wrong": "taken for another order, and called exact, or unlike it",
    "hidden": "not known, and not listed as unresolved",
}


@dataclass
class Sum:
    """What the runs came to."""

    orders: int = 0
    foreign: int = 0
    foreign_reported: int = 0
    probable: int = 0
    states: Counter[str] = field(default_factory=Counter)
    wrong_probable: list[str] = field(default_factory=list)
    found: dict[str, list[str]] = field(default_factory=dict)

    def add(self, other: Sum) -> None:
        """Add another run."""
        for name in ("orders", "foreign", "foreign_reported", "probable"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.states += other.states
        self.wrong_probable += other.wrong_probable
        for name, words in other.found.items():
            self.found.setdefault(name, []).extend(words)


def run(release: bool) -> list[Figure]:
    """Play the orders of each market, and return the figures."""
    totals = {market: Sum() for market in COUNTS}
    jobs = [job for market, counts in COUNTS.items() for job in _jobs(market, counts[release])]
    for market, part in parallel(_played, jobs):
        totals[market].add(part)
    believed = dict.fromkeys(SWAPS, (0, 0))
    swaps = [job for market in SWAPS for job in _swaps(market, release)]
    for market, (each, sent) in parallel(_swapped, swaps):
        before = believed[market]
        believed[market] = (before[0] + each, before[1] + sent)
    return [
        figure
        for market, counts in COUNTS.items()
        for figure in _figures(market, counts[release], totals[market], *believed[market])
    ]


def _jobs(market: str, count: int) -> list[Job]:
    seeds = range(-(-count // BATCH // len(BROKERS)))
    return [Job(name, seed, BATCH, market) for seed in seeds for name in BROKERS]


def _swaps(market: str, release: bool) -> list[Job]:
    return [Job(name, seed, 2 * PAIRS, market) for seed in range(SWAPS[market][release]) for name in BROKERS]


def _played(job: Job) -> tuple[str, Sum]:
    return job.market, play(job)


def _swapped(job: Job) -> tuple[str, tuple[int, int]]:
    return job.market, swap(job)


def _figures(market: str, count: int, total: Sum, believed: int, sent: int) -> list[Figure]:
    title = "broken promises" if market == "KR" else f"{market} broken promises"
    say(f"{title}: {dict(total.states)}, {total.foreign} of somebody else")
    share = len(total.wrong_probable) / total.probable if total.probable else 0.0
    return [
        at_least(f"{title}: orders, amendments and cancellations sent", total.orders, count),
        at_least(f"{title}: taken after they were called absent", total.states[IntentState.LATE], count // 20),
        at_least(f"{title}: placed by somebody else, just like ours", total.foreign, count // 10),
        *(none(f"{title}: {words}", total.found[name]) for name, words in WORDS.items()),
        Figure(
            f"{title}: somebody else's order taken for ours, and called probable",
            f"{len(total.wrong_probable)} of {total.probable} probable matches ({share:.0%})",
            "published",
            True,
        ),
        Figure(
            f"{title}: somebody else's orders reported as such, not taken for ours or part of an AMBIGUOUS",
            f"{total.foreign_reported} of {total.foreign}",
            "published",
            True,
        ),
        Figure(
            f"{title}: the answer of an order whose own answer was lost, given to the next one and believed for good",
            f"{believed} of {sent}",
            "published",
            True,
        ),
    ]


def swap(job: Job) -> tuple[int, int]:
    """Lose the answer of every other order and give it to the next one; return how many believed it, and of how many.

    Only the broker's list can tell then, and it does where the two orders differ.
    """
    with quick(), trading(job.broker, job.seed, exclusive=True, market=job.market) as trader:
        for number, (symbol, side) in enumerate(trader.free_sides()[: job.orders]):
            call = partial(trader.broker.order, trader.request(symbol, side))
            trader.submit(call, "previous_answer" if number % 2 else "processed_then_reset")
        trader.faults.clear()
        seen = seen_by(trader, trader.reconcile(wait=True, timeout=PATIENCE))
    return len(violations(seen).wrong), job.orders // 2


def play(job: Job) -> Sum:
    """Play one batch and return what it came to."""
    total = Sum()
    with quick(), trading(job.broker, job.seed, exclusive=False, settle=SETTLE, market=job.market) as trader:
        total.orders = sum(map(len, _send(trader, job.orders)))
        reported = trader.reconcile(wait=True, timeout=PATIENCE)
        trader.wait_for_late_ones()
        # Two lists more than a second apart have to show what is late; the second call waits for open ones only.
        reported |= trader.reconcile(wait=False)
        time.sleep(1.1)
        reported |= trader.reconcile(wait=False)
        seen = seen_by(trader, reported)
    found = violations(seen)
    total.foreign = len(seen.foreign)
    total.foreign_reported = len(seen.foreign & seen.reported)
    total.probable = sum(intent.confidence is Confidence.PROBABLE for intent in seen.journal)
    total.states = Counter(str(intent.state) for intent in seen.journal)
    total.wrong_probable = list(found.wrong_probable)
    total.found = {
        name: [f"{job.broker}, {job.market}, seed {job.seed}: {words}" for words in getattr(found, name)]
        for name in WORDS
    }
    return total


def _send(trader: Trader, count: int) -> Iterable[tuple[str, ...]]:
    """Send orders and changes, yield the ids of what each wrote into the journal; some orders have a double."""
    sides = trader.free_sides()
    for _ in range(CHANGES):
        yield trader.submit(partial(trader.broker.order, trader.request(*sides.pop()))).intents
    trader.faults.clear()
    working = list(patiently(trader.broker.orders))
    kinds = [*KINDS]
    trader.random.shuffle(kinds)
    for kind in kinds[: count - CHANGES]:
        if working:
            yield trader.submit(trader.change(working.pop()), kind, seconds=_seconds(kind)).intents
            continue
        request = trader.request(*sides.pop())
        when = trader.random.random() if trader.random.random() < FOREIGN else None
        if when is not None and when < 0.5:
            _place(trader, request)
        yield trader.submit(trader.sending(request), kind, seconds=_seconds(kind)).intents
        if when is not None and when >= 0.5:
            _place(trader, request)


def _seconds(kind: str) -> float | None:
    return LATE if kind == "late_acceptance" else None


def _place(trader: Trader, request: OrderRequest) -> None:
    """Let somebody else place the same order on the same account; one in four is of another quantity."""
    if trader.random.random() < 0.25:
        request = request.model_copy(update={"quantity": request.quantity + 1})
    trader.foreign.add(trader.exchange.submit(trader.account, request).number)
