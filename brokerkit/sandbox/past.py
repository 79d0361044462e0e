"""What was before today: a year from the seed, then the days that the sandbox has played since."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from random import Random

from brokerkit.market.clock import KST
from brokerkit.market.ticks import round_to_tick
from brokerkit.models import InvestorFlow
from brokerkit.sandbox.candles import Candle, daily_candles
from brokerkit.sandbox.days import YEAR
from brokerkit.sandbox.flows import DayOfFlow, flow_of_day, year_of_flow
from brokerkit.sandbox.instruments import Instrument, list_instruments, on_another_day
from brokerkit.sandbox.prints import Day, likely_volume

Played = tuple[str, int, int, int, int, int, int]
"""A day that was played: date, open, high, low, close, volume, turnover."""


class Past:
    """The days before today of every symbol, and what is listed today because of them."""

    def __init__(self, seed: int, origin: dt.date) -> None:
        self.origin = origin
        """The first day that was played."""
        self.played: dict[str, list[Played]] = {}
        """The days since, by symbol, ascending."""
        self._seed = seed
        self._listed = list_instruments(seed)
        self._flows: dict[tuple[str, int], tuple[InvestorFlow, ...]] = {}
        self._years: dict[str, tuple[DayOfFlow, ...]] = {}
        self._candles: dict[str, tuple[Candle, ...]] = {}

    def instruments(self) -> Mapping[str, Instrument]:
        """Return what is listed today: the last close of each symbol is its base price."""
        if not self.played:
            return self._listed
        return {
            symbol: on_another_day(instrument, Decimal(self.played[symbol][-1][4]))
            for symbol, instrument in self._listed.items()
        }

    def flows(self, symbol: str, count: int = YEAR) -> tuple[InvestorFlow, ...]:
        """Return the investor flow of so many days (a year at most) up to the last one, ascending."""
        key = (symbol, min(max(count, 0), YEAR))
        if key not in self._flows:
            since = [
                flow_of_day(self._seed, symbol, dt.date.fromisoformat(row[0]), Decimal(row[4]), Decimal(row[5]))
                for row in self.played.get(symbol, ())
            ]
            days = (*self._seeded(symbol), *since)
            self._flows[key] = tuple(day.model(symbol) for day in days[len(days) - key[1] :])
        return self._flows[key]

    def candles(self, symbol: str) -> tuple[Candle, ...]:
        """Return the daily candles of a year less a day up to the last day, ascending."""
        if symbol not in self._candles:
            seeded = daily_candles(self._seed, self._listed[symbol], self._seeded(symbol))
            since = [_candle(row) for row in self.played.get(symbol, ())]
            self._candles[symbol] = (*seeded, *since)[1 - YEAR :]
        return self._candles[symbol]

    def _seeded(self, symbol: str) -> tuple[DayOfFlow, ...]:
        """Return the flow of the year before the first day that was played."""
        if symbol not in self._years:
            self._years[symbol] = year_of_flow(self._seed, self._listed[symbol], self.origin)
        return self._years[symbol]

    def salt(self, day: dt.date) -> str:
        """Return what makes the opening books of a further day others than those of the first."""
        return "" if day == self.origin else f"/{day}"

    def close_of(self, symbol: str, day: dt.date) -> Decimal:
        """Return the close of a day, or of the day before the first one if it is not among those known."""
        closes = {candle.time.date(): candle.close for candle in self.candles(symbol)}
        return closes.get(day, self._listed[symbol].previous_close)

    def add(self, symbol: str, day: dt.date, figures: Day, quiet: Sequence[dt.date]) -> None:
        """Add the day that was played, and the days since on which nobody was there and the price stood still."""
        rows = self.played.setdefault(symbol, [])
        close = figures.price if figures.close is None else figures.close
        # A print at the middle can be off the step, which a base price cannot.
        close = int(round_to_tick(Decimal(close), self._listed[symbol].kind, up=False))
        low, high = min(figures.low, close), max(figures.high, close)
        rows.append((day.isoformat(), figures.open, high, low, close, figures.volume, figures.turnover))
        for other in quiet:
            random = Random(f"{self._seed}/{symbol}/{other}")  # noqa: S311 - repeatable on purpose
            volume = likely_volume(random, self._listed[symbol])
            rows.append((other.isoformat(), close, close, close, close, volume, volume * close))
        del rows[:-YEAR]


def _candle(row: Played) -> Candle:
    time = dt.datetime.combine(dt.date.fromisoformat(row[0]), dt.time.min, KST)
    opened, high, low, close, volume, turnover = map(Decimal, row[1:])
    return Candle(time, opened, high, low, close, volume, turnover)
