"""Prints and the figures of the day; also those before the sandbox starts, one every half minute from the seed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from random import Random

from brokerkit.clock import KST
from brokerkit.market.ticks import round_to_tick, tick_size
from brokerkit.sandbox.instruments import Instrument
from brokerkit.words import Side

DAY_BEGINS = dt.time(9)
PRINTS = 120
_SECONDS = 30
"""Between two prints; together they fill the hour before the sandbox starts."""


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


def opening_day(random: Random, instrument: Instrument) -> Day:
    """Return the day as it stands at the start, without turnover: that is the sum of the prints."""
    base = int(instrument.previous_close)
    first = _near(random, instrument, base, 0.02)
    last = _near(random, instrument, first, 0.02)
    high = max(first, last, _near(random, instrument, max(first, last), 0.01))
    low = min(first, last, _near(random, instrument, min(first, last), 0.01))
    return Day(price=last, open=first, high=high, low=low, volume=likely_volume(random, instrument), turnover=0)


def untraded_day(instrument: Instrument) -> Day:
    """Return a day on which nobody has traded yet: it stands at the base price."""
    base = int(instrument.previous_close)
    return Day(price=base, open=base, high=base, low=base, volume=0, turnover=0, seeded=False)


def likely_volume(random: Random, instrument: Instrument) -> int:
    """Return a plausible volume of a day."""
    return max(1_000, int(float(instrument.listed_shares) * random.uniform(0.001, 0.01)))


def opening_prints(seed: str, instrument: Instrument, day: Day, today: dt.date) -> Sequence[Trade]:
    """Return prints that begin at the day's open, touch its high and low, end at its price and add up to its volume."""
    random = Random(seed)  # noqa: S311 - repeatable on purpose
    prices = _path(random, instrument, day)
    begun = dt.datetime.combine(today, DAY_BEGINS, KST)
    trades: list[Trade] = []
    volume = 0
    before = int(instrument.previous_close)
    for index, (price, quantity) in enumerate(zip(prices, _quantities(random, day.volume), strict=True)):
        volume += quantity
        time = begun + dt.timedelta(seconds=index * _SECONDS + random.randrange(_SECONDS))
        side = random.choice(tuple(Side)) if price == before else Side.BUY if price > before else Side.SELL
        trades.append(Trade(time, Decimal(price), Decimal(quantity), side, Decimal(volume)))
        before = price
    return trades


def _path(random: Random, instrument: Instrument, day: Day) -> list[int]:
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
            prices.append(max(day.low, price - price % int(tick_size(Decimal(price), instrument.kind))))
        prices.append(ended)
    return prices


def _quantities(random: Random, volume: int) -> list[int]:
    """Divide the volume; what the division leaves over is the opening auction's."""
    weights = [random.uniform(0.2, 1.8) for _ in range(PRINTS)]
    total = sum(weights)
    quantities = [1 + int((volume - PRINTS) * weight / total) for weight in weights]
    quantities[0] += volume - sum(quantities)
    return quantities


def _near(random: Random, instrument: Instrument, price: int, spread: float) -> int:
    """Return a price on the step within a fraction of the given one and within the day's limits."""
    wanted = Decimal(round(price * (1 + random.uniform(-spread, spread))))
    found = round_to_tick(max(wanted, Decimal(1)), instrument.kind, up=True)
    # The limits are on the step themselves.
    return int(min(max(found, instrument.lower_limit), instrument.upper_limit))
