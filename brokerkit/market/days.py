"""Trading days of the Korean stock market (KRX and NXT) and the day a trade is settled.

The table is data with an end: dates outside it raise InvalidRequest instead of an answer that may be wrong. Temporary
holidays come with weeks of notice, so where a broker tells whether a day is a trading day, its answer wins.
"""

from __future__ import annotations

import datetime as dt

from brokerkit.errors import InvalidRequest

# 2027 is what the holiday decree implies; the exchange confirms it in December 2026.
_WEEKDAYS_WITHOUT_TRADING = {
    2024: """01-01 02-09 02-12 03-01 04-10 05-01 05-06 05-15 06-06 08-15 09-16 09-17 09-18 10-01 10-03 10-09 12-25
             12-31""",
    2025: """01-01 01-27 01-28 01-29 01-30 03-03 05-01 05-05 05-06 06-03 06-06 08-15 10-03 10-06 10-07 10-08 10-09
             12-25 12-31""",
    2026: """01-01 02-16 02-17 02-18 03-02 05-01 05-05 05-25 06-03 07-17 08-17 09-24 09-25 10-05 10-09 12-25 12-31""",
    2027: """01-01 02-08 02-09 03-01 05-03 05-05 05-13 07-19 08-16 09-14 09-15 09-16 10-04 10-11 12-27 12-31""",
}
LAST_CONFIRMED_YEAR = 2026
"""Later years are expected only."""
_CLOSED = frozenset(
    dt.date.fromisoformat(f"{year}-{day}") for year, days in _WEEKDAYS_WITHOUT_TRADING.items() for day in days.split()
)
FIRST_KNOWN_DAY = dt.date(min(_WEEKDAYS_WITHOUT_TRADING), 1, 1)
LAST_KNOWN_DAY = dt.date(max(_WEEKDAYS_WITHOUT_TRADING), 12, 31)

_DAYS_TO_SETTLE = ((dt.date.min, 2),)
"""From this trading day on, so many settlement days; a shorter cycle is planned, its first day is not known."""

_DAY = dt.timedelta(days=1)


def is_trading_day(day: dt.date) -> bool:
    """Return whether the market trades on that day; InvalidRequest outside the years known."""
    if not FIRST_KNOWN_DAY <= day <= LAST_KNOWN_DAY:
        raise InvalidRequest(
            f"The trading days of {day.year} are not known.",
            advice=f"Nothing was sent. Known are {FIRST_KNOWN_DAY.year} to {LAST_KNOWN_DAY.year}: ask for their days; "
            "a newer brokerkit may know later ones.",
        )
    return day.weekday() < 5 and day not in _CLOSED


def next_trading_day(day: dt.date) -> dt.date:
    """Return the first trading day after that day."""
    return _move(day, _DAY)


def previous_trading_day(day: dt.date) -> dt.date:
    """Return the last trading day before that day."""
    return _move(day, -_DAY)


def settlement_day(trade_day: dt.date) -> dt.date:
    """Return the day on which shares and cash of a trade change hands (T+2).

    Settlement days are the trading days: December 31 is neither. A day without trading counts from itself.
    """
    settled = trade_day
    for _ in range(next(count for since, count in reversed(_DAYS_TO_SETTLE) if trade_day >= since)):
        settled = next_trading_day(settled)
    return settled


def _move(day: dt.date, step: dt.timedelta) -> dt.date:
    day += step
    while not is_trading_day(day):
        day += step
    return day
