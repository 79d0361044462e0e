"""What was before today: six years from the seed, then the days that the sandbox has played since.

The years before the last one are made when somebody asks for them.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cached_property, lru_cache
from random import Random

from brokerkit.clock import KST
from brokerkit.market.ticks import round_to_tick
from brokerkit.models import InvestorFlow
from brokerkit.sandbox.candles import Candle, daily_candles
from brokerkit.sandbox.days import HISTORY, YEAR, trading_days_before
from brokerkit.sandbox.flows import DayOfFlow, OldDay, flow_of_day, newest_flow, old_days, year_of_flow
from brokerkit.sandbox.instruments import Instrument, list_instruments, on_another_day
from brokerkit.sandbox.minutes import Minute, minutes_of, trades_of
from brokerkit.sandbox.prints import Day, Trade, likely_volume
from brokerkit.words import Venue

SYMBOLS_KEPT = 16
FLOWS_KEPT = 4_000
MINUTES_KEPT = 600
"""Days of a symbol at a venue: some 50 MB."""
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
        self._years: dict[str, tuple[DayOfFlow, ...]] = {}
        self._candles: dict[str, tuple[Candle, ...]] = {}
        # Both are large, and few symbols are asked about years ago.
        self._old_days = lru_cache(SYMBOLS_KEPT)(self._make_old_days)
        self._old_candles = lru_cache(SYMBOLS_KEPT)(self._make_old_candles)
        self._kept_flow = lru_cache(FLOWS_KEPT)(self._make_flow)
        self._kept_trades = lru_cache(SYMBOLS_KEPT)(self._make_trades)
        self._kept_minutes = lru_cache(MINUTES_KEPT)(self._make_minutes)

    def instruments(self) -> Mapping[str, Instrument]:
        """Return what is listed today: the last close of each symbol is its base price."""
        if not self.played:
            return self._listed
        return {
            symbol: on_another_day(instrument, Decimal(self.played[symbol][-1][4]))
            for symbol, instrument in self._listed.items()
        }

    def days(self, symbol: str) -> tuple[dt.date, ...]:
        """Return the days of which there is an investor flow, ascending."""
        return (*self._old_dates, *(day.date for day in self._seeded(symbol)), *self._since(symbol))[-HISTORY:]

    def flow(self, symbol: str, day: dt.date) -> InvestorFlow | None:
        """Return the investor flow of a day, None for one that is not among those known."""
        return self._kept_flow(symbol, day)

    def newest_flows(self, symbol: str, count: int) -> tuple[DayOfFlow, ...]:
        """Return who traded on the last days, ascending, without making the years before them."""
        rows = self.played.get(symbol, ())[-count:]
        played = [_played_flow(self._seed, symbol, row) for row in rows]
        missing = count - len(played)
        if symbol in self._years:
            return (*self._years[symbol][len(self._years[symbol]) - missing :], *played)
        return (*newest_flow(self._seed, self._listed[symbol], self.origin, missing), *played)

    def candles(self, symbol: str, count: int = YEAR - 1) -> tuple[Candle, ...]:
        """Return so many daily candles (six years at most) up to the last day, ascending."""
        if symbol not in self._candles:
            seeded = daily_candles(self._seed, self._listed[symbol], self._seeded(symbol))
            self._candles[symbol] = (*seeded, *map(_candle, self.played.get(symbol, ())))
        newest = self._candles[symbol]
        if count > len(newest):
            newest = (*self._old_candles(symbol), *newest)
        return newest[max(len(newest) - min(count, HISTORY - 1), 0) :]

    def _seeded(self, symbol: str) -> tuple[DayOfFlow, ...]:
        """Return the flow of the year before the first day that was played."""
        if symbol not in self._years:
            self._years[symbol] = year_of_flow(self._seed, self._listed[symbol], self.origin)
        return self._years[symbol]

    def _since(self, symbol: str) -> dict[dt.date, Played]:
        return {dt.date.fromisoformat(row[0]): row for row in self.played.get(symbol, ())}

    @cached_property
    def _old_dates(self) -> Sequence[dt.date]:
        """The days before the year before the first day that was played."""
        return trading_days_before(trading_days_before(self.origin)[0], HISTORY - YEAR)

    def _make_old_days(self, symbol: str) -> dict[dt.date, OldDay]:
        close = self._seeded(symbol)[0].close
        return {day.date: day for day in old_days(self._seed, self._listed[symbol], self._old_dates, close)}

    def _make_old_candles(self, symbol: str) -> list[Candle]:
        days: list[DayOfFlow | OldDay] = [*self._old_days(symbol).values(), self._seeded(symbol)[0]]
        return daily_candles(self._seed, self._listed[symbol], days, which="old days")

    def _make_flow(self, symbol: str, day: dt.date) -> InvestorFlow | None:
        found = self.parts(symbol, day)
        return None if found is None else found.model(symbol)

    def parts(self, symbol: str, day: dt.date) -> DayOfFlow | None:
        """Return who traded on a day in plain numbers, None if it is not among those known."""
        seeded = self._seeded(symbol)
        if day < seeded[0].date:
            old = self._old_days(symbol).get(day)
            return None if old is None else flow_of_day(self._seed, symbol, day, old.close, old.volume)
        place = bisect_left(seeded, day, key=lambda each: each.date)
        if place < len(seeded):
            return seeded[place] if seeded[place].date == day else None
        row = self._since(symbol).get(day)
        return None if row is None else _played_flow(self._seed, symbol, row)

    def salt(self, day: dt.date) -> str:
        """Return what makes the opening books of a further day others than those of the first."""
        return "" if day == self.origin else f"/{day}"

    def minutes(self, symbol: str, day: dt.date, venue: Venue) -> tuple[Minute, ...]:
        """Return the minutes of a day in which a venue traded, ascending; none of a day that is not among those known.

        A symbol that is not traded there has none.
        """
        return self._kept_minutes(symbol, day, venue)

    def trades(self, symbol: str, day: dt.date, venue: Venue) -> tuple[Trade, ...]:
        """Return trades that the minutes of a day can be made of, ascending."""
        return self._kept_trades(symbol, day, venue)

    def _make_trades(self, symbol: str, day: dt.date, venue: Venue) -> tuple[Trade, ...]:
        return tuple(trades_of(day, self.minutes(symbol, day, venue)))

    def _make_minutes(self, symbol: str, day: dt.date, venue: Venue) -> tuple[Minute, ...]:
        candle = self._candle_of(symbol, day)
        return () if candle is None else minutes_of(str(self._seed), self._listed[symbol], candle, venue)

    def close_of(self, symbol: str, day: dt.date) -> Decimal:
        """Return the close of a day, or of the day before the first one if it is not among those known."""
        candle = self._candle_of(symbol, day)
        return self._listed[symbol].previous_close if candle is None else candle.close

    def _candle_of(self, symbol: str, day: dt.date) -> Candle | None:
        candles = self.candles(symbol)
        if day < candles[0].time.date():
            candles = self.candles(symbol, HISTORY)
        place = bisect_left(candles, day, key=lambda candle: candle.time.date())
        return candles[place] if place < len(candles) and candles[place].time.date() == day else None

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
        del rows[:-HISTORY]


def _played_flow(seed: int, symbol: str, row: Played) -> DayOfFlow:
    return flow_of_day(seed, symbol, dt.date.fromisoformat(row[0]), Decimal(row[4]), Decimal(row[5]))


def _candle(row: Played) -> Candle:
    time = dt.datetime.combine(dt.date.fromisoformat(row[0]), dt.time.min, KST)
    opened, high, low, close, volume, turnover = map(Decimal, row[1:])
    return Candle(time, opened, high, low, close, volume, turnover)
