"""The calendars of the sandbox, which has to play on when the tables of days and taxes have ended."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from brokerkit.errors import InvalidRequest
from brokerkit.market import days, us
from brokerkit.market.costs import TAX_YEARS

YEAR = 250
"""Trading days that a year of history has here."""
HISTORY = 1_500
"""Trading days that prices and investor flow reach back: six years."""
_DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Calendar:
    """The trading days of a market."""

    is_trading_day: Callable[[dt.date], bool]
    """InvalidRequest outside the years known."""
    settlement_day: Callable[[dt.date], dt.date]
    """On which an account here sees a trade of that day settled; InvalidRequest outside the years known."""

    def counts(self, day: dt.date) -> bool:
        """Return whether the sandbox takes the day for a trading day: outside the years known, every weekday is one."""
        try:
            return self.is_trading_day(day)
        except InvalidRequest:
            return day.weekday() < 5

    def next_day(self, day: dt.date) -> dt.date:
        """Return the first trading day after that day."""
        day += _DAY
        while not self.counts(day):
            day += _DAY
        return day

    def days_before(self, today: dt.date, count: int = YEAR) -> Sequence[dt.date]:
        """Return the last trading days before today, ascending."""
        found: list[dt.date] = []
        day = today
        while len(found) < count:
            day -= _DAY
            if self.counts(day):
                found.append(day)
        return found[::-1]

    def days_between(self, first: dt.date, last: dt.date) -> Sequence[dt.date]:
        """Return the trading days after the first and before the last of these days, ascending."""
        found = []
        day = self.next_day(first)
        while day < last:
            found.append(day)
            day = self.next_day(day)
        return found

    def settled_on(self, day: dt.date) -> dt.date:
        """Return the day on which an account here sees a trade of that day settled."""
        try:
            return self.settlement_day(day)
        except InvalidRequest:
            return self.next_day(self.next_day(day))


def _a_day_later(day: dt.date) -> dt.date:
    """Return when an account in Korea sees a trade settled that is settled in the US on the next trading day."""
    return us.settlement_day(us.settlement_day(day))


KOREA = Calendar(days.is_trading_day, days.settlement_day)
US = Calendar(us.is_trading_day, _a_day_later)


def day_of_tax(today: dt.date) -> dt.date:
    """Return a day in the year in which today's trades are settled, or in the nearest year whose tax is known."""
    settled = KOREA.settled_on(today)
    return dt.date(min(max(settled.year, TAX_YEARS[0]), TAX_YEARS[-1]), settled.month, 1)
