"""The order book of one symbol: who waits at which price, who meets whom, and the day's prices.

Everything here is in whole shares and whole units of money, so plain ints: the exchange turns them into Decimals at
its edge.
"""

from __future__ import annotations

import datetime as dt
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import chain
from random import Random
from typing import Generic, TypeAlias, TypeVar

from brokerkit.sandbox.bourse import Bourse
from brokerkit.sandbox.candles import MinuteBars
from brokerkit.sandbox.instruments import Instrument
from brokerkit.sandbox.prints import Day, Trade, opening_day, opening_prints, untraded_day
from brokerkit.words import Side

LEVELS = 10
"""Prices a side that the market tells."""

Owner = TypeVar("Owner")


class Place(StrEnum):
    """Where in the book an order waits."""

    LEVEL = "LEVEL"
    """At its price, seen by all."""
    MARKET = "MARKET"
    """At any price, for the end of an auction."""
    MIDPOINT = "MIDPOINT"
    """Unseen, at the middle of best bid and ask."""
    ASLEEP = "ASLEEP"
    """Unseen, until a trade reaches its stop price."""
    CLOSING_PRICE = "CLOSING_PRICE"
    """In the closing price session."""
    OPENING = "OPENING"
    """Unseen, until regular trading begins."""
    CLOSING = "CLOSING"
    """Unseen, until regular trading ends."""


_SEEN = frozenset({Place.LEVEL, Place.MARKET})


@dataclass(eq=False)
class Resting(Generic[Owner]):
    """An order, or what is left of it, that waits in the book. No owner: somebody else's."""

    side: Side
    price: int
    """0 for orders without a price of their own."""
    remaining: int
    owner: Owner | None = None
    place: Place = Place.LEVEL
    stop: int = 0
    """Of a sleeping order: the price at which it wakes."""

    def wakes(self, low: int, high: int) -> bool:
        """Return whether trades between these prices reach the stop price."""
        return high >= self.stop if self.side is Side.BUY else low <= self.stop


Queue: TypeAlias = OrderedDict[Resting[Owner], None]
"""Orders, oldest first, each of which can be taken out without going through the others."""


@dataclass(frozen=True)
class Match(Generic[Owner]):
    """A trade with a resting order, at a price that both sides take."""

    resting: Resting[Owner]
    price: int
    quantity: int


@dataclass(frozen=True)
class Pair(Generic[Owner]):
    """A trade of two resting orders at the end of an auction."""

    buy: Resting[Owner]
    sell: Resting[Owner]
    price: int
    quantity: int


@dataclass
class _Half(Generic[Owner]):
    """The orders of one side: a queue for each price, oldest first, and those without a price in the book."""

    side: Side
    queues: dict[int, Queue[Owner]] = field(default_factory=dict)
    sizes: dict[int, int] = field(default_factory=dict)
    """Shares that wait at each price."""
    others: dict[Place, Queue[Owner]] = field(
        default_factory=lambda: {place: OrderedDict() for place in Place if place is not Place.LEVEL}
    )

    def prices(self) -> list[int]:
        """Return the prices with orders, best first."""
        return sorted(self.queues, reverse=self.side is Side.BUY)

    def best(self) -> int | None:
        """Return the best price with an order."""
        if not self.queues:
            return None
        return max(self.queues) if self.side is Side.BUY else min(self.queues)

    def reaches(self, price: int, limit: int | None) -> bool:
        """Return whether somebody of the other side with this limit takes this price."""
        return limit is None or (price >= limit if self.side is Side.BUY else price <= limit)

    def add(self, order: Resting[Owner]) -> None:
        """Let an order wait behind those of its place."""
        if order.place is not Place.LEVEL:
            self.others[order.place][order] = None
            return
        self.queues.setdefault(order.price, OrderedDict())[order] = None
        self.sizes[order.price] = self.sizes.get(order.price, 0) + order.remaining

    def take(self, order: Resting[Owner], quantity: int) -> None:
        """Let so much of an order wait no longer."""
        order.remaining -= quantity
        if order.place is Place.LEVEL:
            self.sizes[order.price] -= quantity

    def remove(self, order: Resting[Owner]) -> None:
        """Let an order wait no longer."""
        if order.place is not Place.LEVEL:
            del self.others[order.place][order]
            return
        del self.queues[order.price][order]
        self.sizes[order.price] -= order.remaining
        if not self.queues[order.price]:
            del self.queues[order.price], self.sizes[order.price]

    def in_auction(self) -> Iterator[Resting[Owner]]:
        """Yield what takes part in an auction, the first to be served first: market orders, then the best prices."""
        yield from self.others[Place.MARKET]
        for price in self.prices():
            yield from self.queues[price]

    def wants(self, price: int) -> int:
        """Return how many shares this side would trade at a price in an auction."""
        market = sum(order.remaining for order in self.others[Place.MARKET])
        return market + self.within(price)

    def within(self, limit: int | None) -> int:
        """Return how many shares wait at prices that somebody with this limit takes."""
        return sum(size for price, size in self.sizes.items() if self.reaches(price, limit))


class Book(Generic[Owner]):
    """Waiting orders of one symbol, matched by price and then by time, and its day."""

    def __init__(self, begins: dt.datetime, day: Day, trades: Sequence[Trade] = ()) -> None:
        """`begins` is when regular trading of the day has begun."""
        self.day = day
        self.trades = list(trades)
        """Today's prints, newest last."""
        self.seeded = len(self.trades)
        """So many of the prints come from the seed."""
        self.minutes = MinuteBars(self.trades, begins)
        self._heard = len(self.trades)
        self.crowd: dict[Side, int] = {}
        """What is left of the others in the closing price session."""
        self.untouched = True
        """Whether it stands as the seed made it."""
        self.symbol = ""
        self.moved: set[str] = set()
        """Gets the symbol when something changes that all can see, or that an auction would count."""
        self._halves: dict[Side, _Half[Owner]] = {side: _Half(side) for side in Side}

    def rest(self, order: Resting[Owner]) -> None:
        """Let an order wait behind those of the same price."""
        self.untouched = False
        self._note(order)
        self._halves[order.side].add(order)

    def withdraw(self, order: Resting[Owner], quantity: int) -> None:
        """Take back part of a waiting order, or all of it; the rest keeps its place."""
        self.untouched = False
        self._note(order)
        self._halves[order.side].take(order, quantity)
        if not order.remaining:
            self.remove(order)

    def remove(self, order: Resting[Owner]) -> None:
        """Let an order wait no longer."""
        self._halves[order.side].remove(order)

    def waiting(self, place: Place | None = None) -> Sequence[Resting[Owner]]:
        """Return what waits in a place, or everything, each queue in its order."""
        found: list[Resting[Owner]] = []
        for half in self._halves.values():
            queues = chain(half.others.values(), (half.queues[price] for price in half.prices()))
            found.extend(order for queue in queues for order in queue if place in (None, order.place))
        return found

    def waiting_for(self, place: Place) -> Sequence[Resting[Owner]]:
        """Return what waits unseen in a place, the oldest first: buys, then sells."""
        return [order for half in self._halves.values() for order in half.others[place]]

    def available(self, side: Side, limit: int | None) -> int:
        """Return how many shares an incoming order of that side and limit (None: any price) would find."""
        half = self._halves[opposite(side)]
        found = half.within(limit)
        middle = self.middle()
        if middle is not None and half.reaches(middle, limit):
            found += sum(order.remaining for order in half.others[Place.MIDPOINT])
        return found

    def match(self, side: Side, quantity: int, limit: int | None) -> Sequence[Match[Owner]]:
        """Trade an incoming order against the other side until it is filled or nothing more fits its limit."""
        half = self._halves[opposite(side)]
        matches: list[Match[Owner]] = []
        middle = self.middle()
        # The middle is never worse than the best price, so those who wait there come first.
        if middle is not None and half.reaches(middle, limit):
            quantity = self._take(half.others[Place.MIDPOINT], middle, quantity, matches)
        for price in half.prices():
            if not quantity or not half.reaches(price, limit):
                break
            quantity = self._take(half.queues[price], price, quantity, matches)
        return matches

    def match_closing_price(self, side: Side, quantity: int, price: int) -> Sequence[Match[Owner]]:
        """Trade an incoming order of the closing price session with those who came before."""
        matches: list[Match[Owner]] = []
        waiting = self._halves[opposite(side)].others[Place.CLOSING_PRICE]
        quantity = self._take(waiting, price, quantity, matches)
        if traded := min(quantity, self.crowd.get(opposite(side), 0)):
            self.untouched = False
            self.crowd[opposite(side)] -= traded
            matches.append(Match(Resting(opposite(side), price, 0), price, traded))
        return matches

    def uncross(self) -> Sequence[Pair[Owner]]:
        """Trade everything that can meet at the one price of an auction, and forget the market orders of others.

        It is the price with most shares; of several the one that leaves fewest over, then the nearest to the last one.
        How the exchange shares out what is left at that price is not told: here the earlier order goes first.
        """
        buys, sells = self._halves[Side.BUY], self._halves[Side.SELL]
        best_bid, best_ask = buys.best(), sells.best()
        crossed = best_bid is not None and best_ask is not None and best_bid >= best_ask
        if not crossed and not buys.others[Place.MARKET] and not sells.others[Place.MARKET]:
            return ()
        price, left = self.auction()
        pairs: list[Pair[Owner]] = []
        while left:
            buy, sell = next(buys.in_auction()), next(sells.in_auction())
            traded = min(left, buy.remaining, sell.remaining)
            left -= traded
            self.withdraw(buy, traded)
            self.withdraw(sell, traded)
            pairs.append(Pair(buy, sell, price, traded))
        for order in self.waiting(Place.MARKET):
            if order.owner is None:
                self.remove(order)
        return pairs

    def record(self, trade: Trade) -> None:
        """Count a trade in the day's figures and prints."""
        self.untouched = False
        self.trades.append(trade)

    def restore(self, day: Day, orders: Sequence[Resting[Owner]], trades: Sequence[Trade]) -> None:
        """Replace what waits and go on from the figures and the further prints of a saved book."""
        self.day = day
        self._halves = {side: _Half(side) for side in Side}
        for order in orders:
            self.rest(order)
        if not day.seeded:
            self.trades.clear()
            self.seeded = 0
        self.trades.extend(trades)
        self._heard = len(self.trades)
        self.untouched = False

    def fresh_trades(self) -> Sequence[Trade]:
        """Return the prints since it was last asked."""
        fresh = self.trades[self._heard :]
        self._heard = len(self.trades)
        return fresh

    def reached(self, low: int, high: int) -> Sequence[Resting[Owner]]:
        """Return the sleeping orders that trades between these prices wake, buys before sells, oldest first."""
        asleep = chain.from_iterable(half.others[Place.ASLEEP] for half in self._halves.values())
        return [order for order in asleep if order.wakes(low, high)]

    def middle(self) -> int | None:
        """Return the middle of best bid and ask, below the smallest unit cut; None without both."""
        bid, ask = self.best(Side.BUY), self.best(Side.SELL)
        return None if bid is None or ask is None else (bid + ask) // 2

    def best(self, side: Side) -> int | None:
        """Return the best price of a side, None when nobody waits there."""
        return self._halves[side].best()

    def levels(self, side: Side) -> Sequence[tuple[int, int]]:
        """Return price and waiting quantity of the best ten prices of a side, best first."""
        half = self._halves[side]
        return [(price, half.sizes[price]) for price in half.prices()[:LEVELS]]

    def _note(self, order: Resting[Owner]) -> None:
        if order.place in _SEEN:
            self.moved.add(self.symbol)

    def auction(self) -> tuple[int, int]:
        """Return at which price an auction would end now, and how many shares would be traded."""
        price = self._auction_price()
        return price, min(half.wants(price) for half in self._halves.values())

    def _take(self, queue: Queue[Owner], price: int, quantity: int, matches: list[Match[Owner]]) -> int:
        """Fill from a queue, oldest first, and return what is left to fill."""
        while quantity and queue:
            order = next(iter(queue))
            traded = min(quantity, order.remaining)
            quantity -= traded
            self.withdraw(order, traded)
            matches.append(Match(order, price, traded))
        return quantity

    def _auction_price(self) -> int:
        buys, sells = self._halves[Side.BUY], self._halves[Side.SELL]
        prices = {*buys.queues, *sells.queues} or {self.day.price}

        def merit(price: int) -> tuple[int, int, int, int]:
            demand, supply = buys.wants(price), sells.wants(price)
            return -min(demand, supply), abs(demand - supply), abs(price - self.day.price), price

        return min(prices, key=merit)


def open_book(
    bourse: Bourse, seed: int, instrument: Instrument, today: dt.date, *, salt: str = "", untraded: bool = False
) -> Book[Owner]:
    """Return the book as it stands when the sandbox starts, the same for the same seed and symbol.

    The best ask is the last price and the best bid one tick below, so what buys at the last price is filled at once.
    The salt makes another day of it. `untraded` is a book in which nobody has traded today.
    """
    random = Random(f"{seed}/{instrument.symbol}/book{salt}")  # noqa: S311 - repeatable on purpose
    day = opening_day(bourse, random, instrument)
    book: Book[Owner]
    if untraded:
        day = untraded_day(bourse, instrument)
        book = Book(bourse.opens(today), day)
    else:
        prints = opening_prints(bourse, f"{seed}/{instrument.symbol}/prints{salt}", instrument, day, today)
        book = Book(bourse.opens(today), day, prints)
        day.turnover = sum(bourse.units(trade.price * trade.quantity) for trade in book.trades)
    lower, upper = bourse.units(instrument.lower_limit), bourse.units(instrument.upper_limit)
    ask, bid = day.price, bourse.step_down(day.price, instrument.kind)
    for _ in range(LEVELS):
        if ask <= upper:
            book.rest(Resting(Side.SELL, ask, _level_size(random, bourse.dear / ask)))
            ask = bourse.step_up(ask, instrument.kind)
        if bid >= lower:
            book.rest(Resting(Side.BUY, bid, _level_size(random, bourse.dear / bid)))
            bid = bourse.step_down(bid, instrument.kind)
    book.untouched = not untraded
    return book


def opposite(side: Side) -> Side:
    """Return the other side."""
    return Side.SELL if side is Side.BUY else Side.BUY


def _level_size(random: Random, cheapness: float) -> int:
    cheapness = min(1.0, cheapness)
    least = max(5, int(50 * cheapness))
    return random.randint(least, max(least + 5, int(900 * cheapness)))
