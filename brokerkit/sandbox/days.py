"""The calendar of the sandbox, which has to play on when the tables of days and taxes have ended."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from brokerkit.errors import InvalidRequest
from brokerkit.market.costs import TAX_YEARS
from brokerkit.market.days import is_trading_day, settlement_day

YEAR = 250
"""Trading days that a year of history has here."""
HISTORY = 1_500
"""Trading days that prices and investor flow reach back: six years."""
_DAY = dt.timedelta(days=1)


def counts_as_trading_day(day: dt.date) -> bool:
    """Return whether the sandbox takes the day for a trading day: outside the years known, every weekday is one."""
    try:
        return is_trading_day(day)
    except InvalidRequest:
        return day.weekday() < 5


def next_played_day(day: dt.date) -> dt.date:
    """Return the first trading day after that day."""
    day += _DAY
    while not counts_as_trading_day(day):
        day += _DAY
    return day


def trading_days_before(today: dt.date, count: int = YEAR) -> Sequence[dt.date]:
    """Return the last trading days before today, ascending."""
    days: list[dt.date] = []
    day = today
    while len(days) < count:
        day -= _DAY
        if counts_as_trading_day(day):
            days.append(day)
    return days[::-1]


def trading_days_between(first: dt.date, last: dt.date) -> Sequence[dt.date]:
    """Return the trading days after the first and before the last of these days, ascending."""
    days = []
    day = next_played_day(first)
    while day < last:
        days.append(day)
        day = next_played_day(day)
    return days


def settled_on(day: dt.date) -> dt.date:
    """Return the day on which a trade of that day is settled."""
    try:
        return settlement_day(day)
    except InvalidRequest:
        return next_played_day(next_played_day(day))


def day_of_tax(today: dt.date) -> dt.date:
    """Return a day in the year in which today's trades are settled, or in the nearest year whose tax is known."""
    settled = settled_on(today)
    return dt.date(min(max(settled.year, TAX_YEARS[0]), TAX_YEARS[-1]), settled.month, 1)
