"""Prints and the figures of the day; also those before the sandbox starts, made from the seed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from itertools import pairwise
from random import Random

from brokerkit.sandbox.bourse import Bourse
from brokerkit.sandbox.instruments import Instrument
from brokerkit.words import Side

PRINTS = 120
"""They fill the time of regular trading before the sandbox starts: in Korea an hour, one each half minute."""


@dataclass(frozen=True)
class Trade:
    """A print."""

    time: dt.datetime
    price: Decimal
    quantity: Decimal
    side: Side
    """Of the order that came in and met one that waited; at the end of an auction the way the price went."""
    volume: Decimal
    """Of the day so far, this trade included."""


@dataclass
class Day:
    """Prices and volume of the day so far."""

    price: int
    open: int
    high: int
    low: int
    volume: int
    turnover: int
    close: int | None = None
    """Price at the end of regular trading, once it is over: what the evening trades never becomes a close."""
    seeded: bool = True
    """Whether the prints of the hour before the start are among its trades."""

    def add(self, price: int, quantity: int) -> None:
        """Count a trade."""
        if not self.volume:
            self.open = self.high = self.low = price
        self.price = price
        self.high = max(self.high, price)
        self.low = min(self.low, price)
        self.volume += quantity
        self.turnover += price * quantity


def opening_day(bourse: Bourse, random: Random, instrument: Instrument) -> Day:
    """Return the day as it stands at the start, without turnover: that is the sum of the prints."""
    near = partial(_near, bourse, random, instrument)
    first = near(bourse.units(instrument.previous_close), 0.02)
    last = near(first, 0.02)
    high = max(first, last, near(max(first, last), 0.01))
    low = min(first, last, near(min(first, last), 0.01))
    return Day(price=last, open=first, high=high, low=low, volume=likely_volume(random, instrument), turnover=0)


def untraded_day(bourse: Bourse, instrument: Instrument) -> Day:
    """Return a day on which nobody has traded yet: it stands at the base price."""
    base = bourse.units(instrument.previous_close)
    return Day(price=base, open=base, high=base, low=base, volume=0, turnover=0, seeded=False)


def likely_volume(random: Random, instrument: Instrument) -> int:
    """Return a plausible volume of a day."""
    return max(1_000, int(float(instrument.listed_shares) * random.uniform(0.001, 0.01)))


def opening_prints(bourse: Bourse, seed: str, instrument: Instrument, day: Day, today: dt.date) -> Sequence[Trade]:
    """Return prints that begin at the day's open, touch its high and low, end at its price and add up to its volume."""
    random = Random(seed)  # noqa: S311 - repeatable on purpose
    prices = _path(bourse, random, instrument, day)
    begun = bourse.opens(today)
    seconds = int((bourse.begins(today) - begun).total_seconds()) // PRINTS
    trades: list[Trade] = []
    volume = 0
    before = bourse.units(instrument.previous_close)
    for index, (price, quantity) in enumerate(zip(prices, _quantities(random, day.volume), strict=True)):
        volume += quantity
        time = begun + dt.timedelta(seconds=index * seconds + random.randrange(seconds))
        side = random.choice(tuple(Side)) if price == before else Side.BUY if price > before else Side.SELL
        trades.append(Trade(time, bourse.money(price), Decimal(quantity), side, Decimal(volume)))
        before = price
    return trades


def _path(bourse: Bourse, random: Random, instrument: Instrument, day: Day) -> list[int]:
    """Return prices on the step that wander from the open over high and low to the last price."""
    one, other = sorted(random.sample(range(1, PRINTS - 1), 2))
    extremes = (day.high, day.low) if random.random() < 0.5 else (day.low, day.high)
    anchors = [(0, day.open), (one, extremes[0]), (other, extremes[1]), (PRINTS - 1, day.price)]
    prices = [day.open]
    for (since, begun), (until, ended) in pairwise(anchors):
        for index in range(since + 1, until):
            straight = begun + (ended - begun) * (index - since) / (until - since)
            wanted = int(straight + random.uniform(-0.2, 0.2) * (day.high - day.low))
            price = min(max(wanted, day.low), day.high)
            prices.append(max(day.low, price - price % bourse.step(price, instrument.kind)))
        prices.append(ended)
    return prices


def _quantities(random: Random, volume: int) -> list[int]:
    """Divide the volume; what the division leaves over is the opening auction's."""
    weights = [random.uniform(0.2, 1.8) for _ in range(PRINTS)]
    total = sum(weights)
    quantities = [1 + int((volume - PRINTS) * weight / total) for weight in weights]
    quantities[0] += volume - sum(quantities)
    return quantities


def _near(bourse: Bourse, random: Random, instrument: Instrument, price: int, spread: float) -> int:
    """Return a price on the step within a fraction of the given one and within the day's limits."""
    wanted = Decimal(round(price * (1 + random.uniform(-spread, spread))))
    found = int(bourse.rounded(max(wanted, Decimal(1)), instrument.kind, up=True))
    # The limits are on the step themselves.
    return min(max(found, bourse.units(instrument.lower_limit)), bourse.units(instrument.upper_limit))
