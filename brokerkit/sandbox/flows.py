"""Simulated investor flow: who bought and who sold a symbol on each trading day, and the days before that."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from random import Random
from typing import NamedTuple

from brokerkit.market.ticks import round_to_tick
from brokerkit.models import Flow, InvestorFlow
from brokerkit.sandbox.days import KOREA
from brokerkit.sandbox.instruments import Instrument
from brokerkit.sandbox.prints import likely_volume

_MILLION = 1_000_000

_WEIGHTS = {
    "individual": 50.0,
    "foreign": 22.0,
    "resident_foreign": 1.0,
    "financial_investment": 8.0,
    "insurance": 2.0,
    "investment_trust": 4.0,
    "bank": 0.3,
    "other_finance": 0.3,
    "pension": 6.0,
    "private_fund": 3.0,
    "other_corporation": 2.0,
}
"""Share of the trading of each kind, about. Here `foreign` is without the resident foreigners.

There is no government, which the exchange counts within the pension funds, and no other organization.
"""
INSTITUTIONS = (
    "financial_investment",
    "insurance",
    "investment_trust",
    "bank",
    "other_finance",
    "pension",
    "private_fund",
)


class Trading(NamedTuple):
    """What one kind bought and sold: shares, and millions of won."""

    bought: int = 0
    sold: int = 0
    paid: int = 0
    got: int = 0

    def flow(self) -> Flow:
        """Return it as the common model."""
        return Flow(
            net_quantity=Decimal(self.bought - self.sold),
            buy_quantity=Decimal(self.bought),
            sell_quantity=Decimal(self.sold),
            net_amount=Decimal((self.paid - self.got) * _MILLION),
            buy_amount=Decimal(self.paid * _MILLION),
            sell_amount=Decimal(self.got * _MILLION),
        )


NOBODY = Trading()


def together(tradings: Iterable[Trading]) -> Trading:
    """Return what several did."""
    return Trading(*map(sum, zip(NOBODY, *tradings, strict=True)))


def kinds_of(parts: Mapping[str, Trading]) -> dict[str, Flow]:
    """Return the fields of the common models that tell the kinds of investors."""
    whole = {
        **parts,
        "foreign": together((parts["foreign"], parts["resident_foreign"])),
        "institution": together(parts[kind] for kind in INSTITUTIONS),
        "government": NOBODY,
        "other_organization": NOBODY,
    }
    return {kind: trading.flow() for kind, trading in whole.items()}


@dataclass(frozen=True)
class DayOfFlow:
    """Who traded on a day, in plain numbers: the model is large, and candles need little of it."""

    date: dt.date
    close: Decimal
    parts: Mapping[str, Trading]

    @property
    def volume(self) -> Decimal:
        """What all of them bought together, in shares."""
        return Decimal(sum(part.bought for part in self.parts.values()))

    @property
    def turnover(self) -> Decimal:
        """What all of them paid together, in won."""
        return Decimal(sum(part.paid for part in self.parts.values()) * _MILLION)

    def model(self, symbol: str) -> InvestorFlow:
        """Return the day as the common model."""
        return InvestorFlow(symbol=symbol, date=self.date, close=self.close, final=True, **kinds_of(self.parts))


def year_of_flow(seed: int, instrument: Instrument, today: dt.date) -> tuple[DayOfFlow, ...]:
    """Return the investor flow of a year up to the last trading day, the same for the same seed, symbol and day.

    The nets of individual, foreign, institution and other_corporation add up to 0, in shares and in won, and their
    purchases add up to the day's volume. The last close is the instrument's previous close.
    """
    return tuple(reversed(list(_newest_first(seed, instrument, today))))


def newest_flow(seed: int, instrument: Instrument, today: dt.date, count: int) -> tuple[DayOfFlow, ...]:
    """Return the last days of that year alone, ascending: a market has many symbols, and few days are asked for."""
    return tuple(reversed(list(islice(_newest_first(seed, instrument, today), count))))


def _newest_first(seed: int, instrument: Instrument, today: dt.date) -> Iterator[DayOfFlow]:
    random = Random(f"{seed}/{instrument.symbol}/flow")  # noqa: S311 - repeatable on purpose
    close = instrument.previous_close
    for day in reversed(KOREA.days_before(today)):
        yield _divided(random, day, close, likely_volume(random, instrument))
        close = _close_before(random, instrument, close, up=True)


def _close_before(random: Random, instrument: Instrument, close: Decimal, *, up: bool) -> Decimal:
    earlier = close * Decimal(str(round(random.uniform(0.975, 1.025), 4)))
    return round_to_tick(max(earlier, Decimal(100)), instrument.kind, up=up)


class OldDay(NamedTuple):
    """What there is of a day of long ago before somebody asks who traded on it."""

    date: dt.date
    close: Decimal
    volume: Decimal
    turnover: Decimal


def old_days(seed: int, instrument: Instrument, days: Sequence[dt.date], close: Decimal) -> tuple[OldDay, ...]:
    """Return those days, ascending, of which the day after the last one closed at that price."""
    random = Random(f"{seed}/{instrument.symbol}/old")  # noqa: S311 - repeatable on purpose
    found = []
    for day in reversed(days):
        # Over six years, steps that all go up would add up to a price of its own.
        close = _close_before(random, instrument, close, up=random.random() < 0.5)
        volume = likely_volume(random, instrument)
        turnover = _millions(_of_day(seed, instrument.symbol, day), volume, float(close)) * _MILLION
        found.append(OldDay(day, close, Decimal(volume), Decimal(turnover)))
    return tuple(reversed(found))


def flow_of_day(seed: int, symbol: str, day: dt.date, close: Decimal, volume: Decimal) -> DayOfFlow:
    """Return the investor flow of a day that the sandbox played, or of long ago, by its close and volume."""
    return _divided(_of_day(seed, symbol, day), day, close, int(volume))


def _of_day(seed: int, symbol: str, day: dt.date) -> Random:
    return Random(f"{seed}/{symbol}/flow/{day}")  # noqa: S311 - repeatable on purpose


def _divided(random: Random, day: dt.date, close: Decimal, volume: int) -> DayOfFlow:
    return DayOfFlow(day, close, _partition_of_day(random, volume, float(close)))


def _partition_of_day(random: Random, volume: int, close: float) -> dict[str, Trading]:
    turnover = _millions(random, volume, close)
    bought = _shares(random, volume)
    sold = _shares(random, volume)
    paid = _amounts(random, bought, volume, turnover)
    got = _amounts(random, sold, volume, turnover)
    return {kind: Trading(bought[kind], sold[kind], paid[kind], got[kind]) for kind in _WEIGHTS}


def _millions(random: Random, volume: int, close: float) -> int:
    return round(volume * close * random.uniform(0.99, 1.01) / _MILLION)


def _shares(random: Random, volume: int) -> dict[str, int]:
    """Divide the volume among the kinds; what the division leaves over is the individuals', always the largest."""
    weights = {kind: weight * random.uniform(0.6, 1.4) for kind, weight in _WEIGHTS.items()}
    total = sum(weights.values())
    shares = {kind: int(volume * weight / total) for kind, weight in weights.items()}
    shares["individual"] += volume - sum(shares.values())
    return shares


def _amounts(random: Random, shares: dict[str, int], volume: int, turnover: int) -> dict[str, int]:
    """Divide the day's millions like the shares, each kind at a price of its own near the day's."""
    amounts = {
        kind: int(turnover * quantity / volume * random.uniform(0.995, 1.0)) for kind, quantity in shares.items()
    }
    amounts["individual"] += turnover - sum(amounts.values())
    return amounts
