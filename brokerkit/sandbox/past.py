"""What was before today: six years from the seed, then the days that the sandbox has played since.

The years before the last one are made when somebody asks for them.
"""

from __future__ import annotations

import datetime as dt
from abc import ABC, abstractmethod
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cached_property, lru_cache
from random import Random

from brokerkit.market import markets
from brokerkit.models import InvestorFlow
from brokerkit.sandbox.bourse import Bourse
from brokerkit.sandbox.candles import Candle, candle_of_day, daily_candles
from brokerkit.sandbox.days import HISTORY, YEAR
from brokerkit.sandbox.flows import DayOfFlow, OldDay, flow_of_day, newest_flow, old_days, year_of_flow
from brokerkit.sandbox.instruments import Instrument
from brokerkit.sandbox.minutes import Minute, minutes_of, minutes_of_us, trades_of
from brokerkit.sandbox.prints import Day, Trade, likely_volume
from brokerkit.words import Venue

SYMBOLS_KEPT = 16
FLOWS_KEPT = 4_000
MINUTES_KEPT = 600
"""Days of a symbol at a venue: some 50 MB."""
Played = tuple[str, int, int, int, int, int, int]
"""A day that was played: date, open, high, low, close, volume, turnover."""


class Past(ABC):
    """The days before today of every symbol, and what is listed today because of them."""

    def __init__(self, bourse: Bourse, seed: int, origin: dt.date) -> None:
        self.origin = origin
        """The first day that was played."""
        self.played: dict[str, list[Played]] = {}
        """The days since, by symbol, ascending."""
        self.bourse = bourse
        self._seed = seed
        self._listed = bourse.listed(seed)
        self._candles: dict[str, tuple[Candle, ...]] = {}
        # All are large, and few symbols are asked about years ago.
        self._old_days = lru_cache(SYMBOLS_KEPT)(self._make_old_days)
        self._old_candles = lru_cache(SYMBOLS_KEPT)(self._make_old_candles)
        self._kept_trades = lru_cache(SYMBOLS_KEPT)(self._make_trades)
        self._kept_minutes = lru_cache(MINUTES_KEPT)(self._make_minutes)

    @abstractmethod
    def _seeded(self, symbol: str) -> Sequence[DayOfFlow | OldDay]:
        """Return the year before the first day that was played, ascending."""

    @abstractmethod
    def _make_old_days(self, symbol: str) -> dict[dt.date, OldDay]:
        """Return the days before that year."""

    @abstractmethod
    def _minutes_of(self, symbol: str, candle: Candle, venue: Venue) -> tuple[Minute, ...]:
        """Return the minutes of a day in which a venue traded, ascending."""

    def days(self, symbol: str) -> tuple[dt.date, ...]:
        """Return the days of which there is an investor flow, ascending."""
        return ()

    def flow(self, symbol: str, day: dt.date) -> InvestorFlow | None:
        """Return the investor flow of a day, None for one that is not among those known."""
        return None

    def flow_so_far(self, symbol: str, day: dt.date, price: int, volume: int) -> DayOfFlow | None:
        """Return who has traded so much on a day up to now; None where nobody tells."""
        return None

    def instruments(self) -> Mapping[str, Instrument]:
        """Return what is listed today: the last close of each symbol is its base price."""
        if not self.played:
            return self._listed
        return {
            symbol: self.bourse.on_another_day(instrument, self.bourse.money(self.played[symbol][-1][4]))
            for symbol, instrument in self._listed.items()
        }

    def candles(self, symbol: str, count: int = YEAR - 1) -> tuple[Candle, ...]:
        """Return so many daily candles (six years at most) up to the last day, ascending."""
        if symbol not in self._candles:
            seeded = daily_candles(self.bourse, self._seed, self._listed[symbol], self._seeded(symbol))
            played = (_candle(self.bourse, row) for row in self.played.get(symbol, ()))
            self._candles[symbol] = (*seeded, *played)
        newest = self._candles[symbol]
        if count > len(newest):
            newest = (*self._old_candles(symbol), *newest)
        return newest[max(len(newest) - min(count, HISTORY - 1), 0) :]

    @cached_property
    def _old_dates(self) -> Sequence[dt.date]:
        """The days before the year before the first day that was played."""
        calendar = self.bourse.calendar
        return calendar.days_before(calendar.days_before(self.origin)[0], HISTORY - YEAR)

    def _make_old_candles(self, symbol: str) -> list[Candle]:
        days: list[DayOfFlow | OldDay] = [*self._old_days(symbol).values(), self._seeded(symbol)[0]]
        return daily_candles(self.bourse, self._seed, self._listed[symbol], days, which="old days")

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
        return tuple(trades_of(self.bourse, day, self.minutes(symbol, day, venue)))

    def _make_minutes(self, symbol: str, day: dt.date, venue: Venue) -> tuple[Minute, ...]:
        candle = self._candle_of(symbol, day)
        return () if candle is None else self._minutes_of(symbol, candle, venue)

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
        close = int(self.bourse.rounded(Decimal(close), self._listed[symbol].kind, up=False))
        low, high = min(figures.low, close), max(figures.high, close)
        rows.append((day.isoformat(), figures.open, high, low, close, figures.volume, figures.turnover))
        for other in quiet:
            random = Random(f"{self._seed}/{symbol}/{other}")  # noqa: S311 - repeatable on purpose
            volume = likely_volume(random, self._listed[symbol])
            rows.append((other.isoformat(), close, close, close, close, volume, volume * close))
        del rows[:-HISTORY]


class KoreanPast(Past):
    """The past of the Korean exchange, where it is told who traded."""

    def __init__(self, bourse: Bourse, seed: int, origin: dt.date) -> None:
        super().__init__(bourse, seed, origin)
        self._years: dict[str, tuple[DayOfFlow, ...]] = {}
        self._kept_flow = lru_cache(FLOWS_KEPT)(self._make_flow)

    def days(self, symbol: str) -> tuple[dt.date, ...]:
        return (*self._old_dates, *(day.date for day in self._seeded(symbol)), *self._since(symbol))[-HISTORY:]

    def flow(self, symbol: str, day: dt.date) -> InvestorFlow | None:
        return self._kept_flow(symbol, day)

    def flow_so_far(self, symbol: str, day: dt.date, price: int, volume: int) -> DayOfFlow | None:
        return flow_of_day(self._seed, symbol, day, Decimal(price), Decimal(volume))

    def newest_flows(self, symbol: str, count: int) -> tuple[DayOfFlow, ...]:
        """Return who traded on the last days, ascending, without making the years before them."""
        rows = self.played.get(symbol, ())[-count:]
        played = [_played_flow(self._seed, symbol, row) for row in rows]
        missing = count - len(played)
        if symbol in self._years:
            return (*self._years[symbol][len(self._years[symbol]) - missing :], *played)
        return (*newest_flow(self._seed, self._listed[symbol], self.origin, missing), *played)

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

    def _seeded(self, symbol: str) -> tuple[DayOfFlow, ...]:
        if symbol not in self._years:
            self._years[symbol] = year_of_flow(self._seed, self._listed[symbol], self.origin)
        return self._years[symbol]

    def _since(self, symbol: str) -> dict[dt.date, Played]:
        return {dt.date.fromisoformat(row[0]): row for row in self.played.get(symbol, ())}

    def _make_old_days(self, symbol: str) -> dict[dt.date, OldDay]:
        close = self._seeded(symbol)[0].close
        return {day.date: day for day in old_days(self._seed, self._listed[symbol], self._old_dates, close)}

    def _make_flow(self, symbol: str, day: dt.date) -> InvestorFlow | None:
        found = self.parts(symbol, day)
        return None if found is None else found.model(symbol)

    def _minutes_of(self, symbol: str, candle: Candle, venue: Venue) -> tuple[Minute, ...]:
        return minutes_of(self.bourse, str(self._seed), self._listed[symbol], candle, venue)


class UsPast(Past):
    """The past of the US exchange: prices and volumes alone."""

    def __init__(self, bourse: Bourse, seed: int, origin: dt.date) -> None:
        super().__init__(bourse, seed, origin)
        self._years: dict[str, Sequence[OldDay]] = {}

    def _seeded(self, symbol: str) -> Sequence[OldDay]:
        if symbol not in self._years:
            close = self.bourse.units(self._listed[symbol].previous_close)
            self._years[symbol] = self._wandered(symbol, self.bourse.calendar.days_before(self.origin), Decimal(close))
        return self._years[symbol]

    def _make_old_days(self, symbol: str) -> dict[dt.date, OldDay]:
        first = self._seeded(symbol)[0]
        *days, _ = self._wandered(symbol, [*self._old_dates, first.date], first.close)
        return {day.date: day for day in days}

    def _wandered(self, symbol: str, days: Sequence[dt.date], close: Decimal) -> Sequence[OldDay]:
        """Return these days, of which the last one closed at that price, in units."""
        instrument, lowest = self._listed[symbol], Decimal(self.bourse.lowest_price)
        random = Random(f"{self._seed}/{symbol}/{days[-1]}")  # noqa: S311 - repeatable on purpose
        found = []
        for day in reversed(days):
            volume = likely_volume(random, instrument)
            turnover = (volume * close * Decimal(round(random.uniform(0.99, 1.01), 4))).to_integral_value()
            found.append(OldDay(day, close, Decimal(volume), turnover))
            earlier = max(close * Decimal(str(round(random.uniform(0.975, 1.025), 4))), lowest)
            close = self.bourse.rounded(earlier, instrument.kind, up=random.random() < 0.5)
        return found[::-1]

    def _minutes_of(self, symbol: str, candle: Candle, venue: Venue) -> tuple[Minute, ...]:
        return minutes_of_us(self.bourse, str(self._seed), self._listed[symbol], candle) if venue is Venue.US else ()


_PASTS: Mapping[str, type[Past]] = {markets.KOREA.name: KoreanPast, markets.US.name: UsPast}


def past_of(bourse: Bourse, seed: int, origin: dt.date) -> Past:
    """Return what was before the first day that is played."""
    return _PASTS[bourse.name](bourse, seed, origin)


def _played_flow(seed: int, symbol: str, row: Played) -> DayOfFlow:
    return flow_of_day(seed, symbol, dt.date.fromisoformat(row[0]), Decimal(row[4]), Decimal(row[5]))


def _candle(bourse: Bourse, row: Played) -> Candle:
    return candle_of_day(bourse, dt.date.fromisoformat(row[0]), row[1:])
