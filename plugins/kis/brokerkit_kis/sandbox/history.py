"""The days behind a symbol: what charts, extremes and pivots are made of."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from itertools import groupby

from brokerkit.clock import KST
from brokerkit.models import Quote
from brokerkit.sandbox.exchange import Candle, Exchange

YEAR = dt.timedelta(weeks=52)


@dataclass(frozen=True)
class Extreme:
    """The highest and the lowest price of a stretch of days, and when they were."""

    high: Decimal
    high_day: dt.date
    low: Decimal
    low_day: dt.date

    def with_day(self, candle: Candle) -> Extreme:
        """Return the extremes with one more day; of equal prices the later one counts."""
        day = candle.time.date()
        high, high_day = (candle.high, day) if candle.high >= self.high else (self.high, self.high_day)
        low, low_day = (candle.low, day) if candle.low <= self.low else (self.low, self.low_day)
        return Extreme(high, high_day, low, low_day)


class PastDays:
    """The days of a symbol before today, which do not change any more, so they are worked out once."""

    def __init__(self, days: Sequence[Candle], today: dt.date) -> None:
        self.days = tuple(day for day in days if day.time.date() < today)
        self._today = today

    @property
    def last(self) -> Candle:
        """The trading day before today."""
        return self.days[-1]

    @cached_property
    def extremes(self) -> dict[str, Extreme | None]:
        """Extremes of all days, of this calendar year and of 52 weeks; None where no day is in the stretch."""
        return {
            "days": _extreme(self.days),
            "year": _extreme([day for day in self.days if day.time.year == self._today.year]),
            "weeks": _extreme([day for day in self.days if day.time.date() > self._today - YEAR]),
        }


def _extreme(days: Sequence[Candle]) -> Extreme | None:
    if not days:
        return None
    first = days[0].time.date()
    found = Extreme(days[0].high, first, days[0].low, first)
    for day in days[1:]:
        found = found.with_day(day)
    return found


def day_of(quote: Quote, exchange: Exchange) -> Candle:
    """Return today as a candle, a flat one where nobody has traded."""
    flat = quote.price or quote.previous_close or Decimal(0)
    return Candle(
        time=dt.datetime.combine(exchange.today, dt.time(), KST),
        open=quote.open or flat,
        high=quote.high or flat,
        low=quote.low or flat,
        close=flat,
        volume=quote.volume or Decimal(0),
        turnover=quote.turnover or Decimal(0),
    )


def by_period(days: Sequence[Candle], period: str) -> list[Candle]:
    """Return days put together to weeks, months or years (D, W, M, Y), ascending, dated by their last trading day."""
    if period == "D":
        return list(days)
    return list(_put_together(days, period))


def _put_together(days: Sequence[Candle], period: str) -> Iterator[Candle]:
    for _, group in groupby(days, lambda candle: _bucket(candle.time.date(), period)):
        # Which day of a week or month the server dates a row by is not known: the last one traded.
        rows = list(group)
        yield Candle(
            rows[-1].time,
            rows[0].open,
            max(row.high for row in rows),
            min(row.low for row in rows),
            rows[-1].close,
            sum((row.volume for row in rows), Decimal(0)),
            sum((row.turnover for row in rows), Decimal(0)),
        )


def _bucket(day: dt.date, period: str) -> tuple[int, ...]:
    if period == "W":
        return day.isocalendar()[:2]
    return (day.year, day.month) if period == "M" else (day.year,)
