"""The order book of one symbol: who waits at which price, who meets whom, and the day's prices.

Everything here is in whole shares and whole won, so plain ints: the exchange turns them into Decimals at its edge.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random
from typing import Generic, TypeVar

from brokerkit.market.ticks import Kind, round_to_tick, tick_size
from brokerkit.models import Side
from brokerkit.sandbox.instruments import Instrument

LEVELS = 10
"""Prices a side that the market tells."""

_DEAR = 100_000
"""Above this price the waiting orders get smaller."""

Owner = TypeVar("Owner")


@dataclass(eq=False)
class Resting(Generic[Owner]):
    """An order, or what is left of it, that waits in the book. No owner: somebody else's."""

    side: Side
    price: int
    remaining: int
    owner: Owner | None = None


@dataclass(frozen=True)
class Match(Generic[Owner]):
    """A trade: the incoming order met this resting one, at its price."""

    resting: Resting[Owner]
    price: int
    quantity: int


@dataclass
class Day:
    """Prices and volume of the day so far."""

    price: int
    open: int
    high: int
    low: int
    volume: int
    turnover: int

    def add(self, price: int, quantity: int) -> None:
        """Count a trade."""
        self.price = price
        self.high = max(self.high, price)
        self.low = min(self.low, price)
        self.volume += quantity
        self.turnover += price * quantity


@dataclass
class _Half(Generic[Owner]):
    """The orders of one side: a queue for each price, oldest first."""

    side: Side
    queues: dict[int, deque[Resting[Owner]]] = field(default_factory=dict)

    def prices(self) -> list[int]:
        """Return the prices with orders, best first."""
        return sorted(self.queues, reverse=self.side is Side.BUY)

    def reaches(self, price: int, limit: int | None) -> bool:
        """Return whether somebody of the other side with this limit takes this price."""
        return limit is None or (price >= limit if self.side is Side.BUY else price <= limit)


class Book(Generic[Owner]):
    """Waiting orders of one symbol, matched by price and then by time, and its day."""

    def __init__(self, day: Day) -> None:
        self.day = day
        self._halves: dict[Side, _Half[Owner]] = {side: _Half(side) for side in Side}

    def rest(self, order: Resting[Owner]) -> None:
        """Let an order wait behind those of the same price."""
        self._halves[order.side].queues.setdefault(order.price, deque()).append(order)

    def withdraw(self, order: Resting[Owner], quantity: int) -> None:
        """Take back part of a waiting order, or all of it; the rest keeps its place."""
        order.remaining -= quantity
        if not order.remaining:
            self._forget(order)

    def available(self, side: Side, limit: int | None) -> int:
        """Return how many shares an incoming order of that side and limit (None: any price) would find."""
        half = self._halves[_opposite(side)]
        return sum(
            order.remaining for price, queue in half.queues.items() if half.reaches(price, limit) for order in queue
        )

    def match(self, side: Side, quantity: int, limit: int | None) -> Sequence[Match[Owner]]:
        """Trade an incoming order against the other side until it is filled or nothing more fits its limit."""
        half = self._halves[_opposite(side)]
        matches: list[Match[Owner]] = []
        for price in half.prices():
            if not half.reaches(price, limit):
                break
            for order in tuple(half.queues[price]):
                traded = min(quantity, order.remaining)
                if not traded:
                    return matches
                quantity -= traded
                self.withdraw(order, traded)
                self.day.add(price, traded)
                matches.append(Match(order, price, traded))
        return matches

    def best(self, side: Side) -> int | None:
        """Return the best price of a side, None when nobody waits there."""
        return next(iter(self._halves[side].prices()), None)

    def levels(self, side: Side) -> Sequence[tuple[int, int]]:
        """Return price and waiting quantity of the best ten prices of a side, best first."""
        half = self._halves[side]
        return [(price, sum(order.remaining for order in half.queues[price])) for price in half.prices()[:LEVELS]]

    def _forget(self, order: Resting[Owner]) -> None:
        queues = self._halves[order.side].queues
        queues[order.price].remove(order)
        if not queues[order.price]:
            del queues[order.price]


def open_book(seed: int, instrument: Instrument) -> Book[Owner]:
    """Return the book as it stands when the sandbox starts, the same for the same seed and symbol.

    The best ask is the last price and the best bid one tick below, so what buys at the last price is filled at once.
    """
    random = Random(f"{seed}/{instrument.symbol}/book")  # noqa: S311 - repeatable on purpose
    day = _opening_day(random, instrument)
    book: Book[Owner] = Book(day)
    lower, upper = int(instrument.lower_limit), int(instrument.upper_limit)
    ask, bid = day.price, step_down(day.price, instrument.kind)
    for _ in range(LEVELS):
        if ask <= upper:
            book.rest(Resting(Side.SELL, ask, _level_size(random, ask)))
            ask = step_up(ask, instrument.kind)
        if bid >= lower:
            book.rest(Resting(Side.BUY, bid, _level_size(random, bid)))
            bid = step_down(bid, instrument.kind)
    return book


def step_up(price: int, kind: Kind) -> int:
    """Return the next price above one that is on the step."""
    return price + int(tick_size(Decimal(price), kind))


def step_down(price: int, kind: Kind) -> int:
    """Return the next price below one that is on the step; 0 below the lowest."""
    return price - int(tick_size(Decimal(price - 1), kind)) if price > 1 else 0


def _opposite(side: Side) -> Side:
    return Side.SELL if side is Side.BUY else Side.BUY


def _level_size(random: Random, price: int) -> int:
    cheapness = min(1.0, _DEAR / price)
    least = max(5, int(50 * cheapness))
    return random.randint(least, max(least + 5, int(900 * cheapness)))


def _opening_day(random: Random, instrument: Instrument) -> Day:
    base = int(instrument.previous_close)
    first = _near(random, instrument, base, 0.02)
    last = _near(random, instrument, first, 0.02)
    high = max(first, last, _near(random, instrument, max(first, last), 0.01))
    low = min(first, last, _near(random, instrument, min(first, last), 0.01))
    volume = max(1_000, int(float(instrument.listed_shares) * random.uniform(0.001, 0.01)))
    turnover = volume * (first + high + low + last) // 4
    return Day(price=last, open=first, high=high, low=low, volume=volume, turnover=turnover)


def _near(random: Random, instrument: Instrument, price: int, spread: float) -> int:
    """Return a price on the step within a fraction of the given one and within the day's limits."""
    wanted = Decimal(round(price * (1 + random.uniform(-spread, spread))))
    found = round_to_tick(max(wanted, Decimal(1)), instrument.kind, up=True)
    # The limits are on the step themselves.
    return int(min(max(found, instrument.lower_limit), instrument.upper_limit))
