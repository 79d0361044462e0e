"""The rows of a chart, read as columns: each text has to be of the grammar of its field."""

from __future__ import annotations

import datetime as dt
import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from brokerkit.market.markets import Market
from brokerkit.part import Part
from brokerkit.replies import Bars
from brokerkit.words import Interval

MINUTES = {
    Interval.MINUTE: 1,
    Interval.MINUTES_3: 3,
    Interval.MINUTES_5: 5,
    Interval.MINUTES_10: 10,
    Interval.MINUTES_15: 15,
    Interval.MINUTES_30: 30,
    Interval.HOUR: 60,
}
"""The intervals that are made of minutes, with how many they have."""
INTRADAY = (Interval.TICK, *MINUTES)
DAY = dt.timedelta(days=1)
MOST_DAYS = 20_000
"""More trading days than the market has had."""
DIGITS = 18
"""Of a whole number: what the columns of candles hold."""
LARGEST = 10**DIGITS
_INTEGERS = re.compile(r"(?:[+-]?[0-9]{1,18},)*")
_FRACTIONS = re.compile(r"(?:[+-]?[0-9]{1,12}(?:\.[0-9]{1,6})?,)*")
_DIGITS = re.compile(r"(?:[0-9]+,)*")


@dataclass(frozen=True)
class Columns:
    """Bars of one answer: prices with `scale` decimals."""

    times: Sequence[str]
    prices: Sequence[Sequence[int]]
    """Open, high, low, close."""
    scale: int
    volume: Sequence[int]
    turnover: Sequence[int] | None


def columns_of(part: Part[Any], bars: Bars, digits: int) -> Columns | None:
    """Return the columns of an answer, whose times have so many digits; None where it has no rows.

    A WireError for rows that are not what is documented.
    """
    rows = bars.rows
    if not _all_tell(rows, bars.time):
        rows = [row for row in rows if not _is_blank(row.get(bars.time))]
    if not rows:
        if any(bars.rows):  # a row of blanks was seen for a symbol that had bars
            raise part.wrong(bars.endpoint, f"rows without {bars.time}")
        return None
    times = _column(part, bars, rows, bars.time, _DIGITS)
    if bars.clock is not None:
        clocks = _column(part, bars, rows, bars.clock, _DIGITS)
        times = [day + clock for day, clock in zip(times, clocks, strict=True)]
    if set(map(len, times)) != {digits}:
        raise _odd(part, bars, bars.time)
    prices, scale = _scaled([_prices(part, bars, rows, name) for name in (bars.open, bars.high, bars.low, bars.close)])
    turnover = None if bars.turnover is None else _numbers(part, bars, rows, bars.turnover, bars.turnover_unit)
    volume = _numbers(part, bars, rows, bars.volume, bars.volume_unit)
    return Columns(times, prices, scale + bars.implied, volume, turnover)


def _all_tell(rows: Sequence[Any], name: str) -> bool:
    """Say whether all rows have digits in a field."""
    try:
        values = list(map(itemgetter(name), rows))
        return all(values) and "".join(values).isdigit()
    except (KeyError, TypeError):
        return False


def _is_blank(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _column(
    part: Part[Any], bars: Bars, rows: Sequence[Any], name: str, grammar: re.Pattern[str], *, signed: bool = False
) -> list[str]:
    """Return a field of all rows, each a text of a grammar; plain digits are of all of them."""
    try:
        values: list[str] = list(map(itemgetter(name), rows))
        if signed:
            values = [text[1:] if text[:1] in ("+", "-") else text for text in values]
        joined = "".join(values)
    except (KeyError, TypeError):  # what is no text is no number of any grammar here
        raise _odd(part, bars, name) from None
    if joined.isdigit() and joined.isascii() and all(values) and max(map(len, values)) <= DIGITS:
        return values
    values = [text.strip() for text in values]
    text = ",".join(values)
    if text.count(",") != len(values) - 1 or not grammar.fullmatch(f"{text},"):
        raise _odd(part, bars, name)
    return values


def _prices(part: Part[Any], bars: Bars, rows: Sequence[Any], name: str) -> list[str]:
    return _column(part, bars, rows, name, _FRACTIONS, signed=bars.signed)


def _numbers(part: Part[Any], bars: Bars, rows: Sequence[Any], name: str, unit: int) -> list[int]:
    numbers = map(int, _column(part, bars, rows, name, _INTEGERS))
    if unit == 1:
        return list(numbers)
    multiples = [number * unit for number in numbers]
    if max(map(abs, multiples)) > LARGEST:
        raise part.wrong(bars.endpoint, f"{name}: more was traded than there is")
    return multiples


def _odd(part: Part[Any], bars: Bars, name: str) -> Exception:
    return part.wrong(bars.endpoint, f"{name} is not in every row what is documented")


def _scaled(columns: Sequence[Sequence[str]]) -> tuple[list[list[int]], int]:
    """Return prices as whole numbers, and how many of their digits are decimals."""
    if not any("." in "".join(column) for column in columns):
        return [list(map(int, column)) for column in columns], 0
    scale = max(len(_decimals(each)) for column in columns for each in column)
    return [
        [int(each.partition(".")[0] + _decimals(each).ljust(scale, "0")) for each in column] for column in columns
    ], scale


def _decimals(text: str) -> str:
    return text.partition(".")[2]


def offered(part: Part[Any]) -> tuple[Interval, ...]:
    """Return all intervals of which a part has candles: those that its broker tells, and what is made of them."""
    told = set(part.intervals(part.environment))
    if Interval.MINUTE in told:
        told |= set(MINUTES)
    if Interval.DAY in told:
        told |= {Interval.WEEK, Interval.MONTH, Interval.YEAR}
    return tuple(each for each in Interval if each in told)


def may_trade(part: Part[Any], market: Market, day: dt.date) -> bool:
    """Say whether there can be bars of a day: where our table does not know, every weekday can have some."""
    if part.is_simulated and day == market.today():
        return True  # a sandbox trades today
    return may_trade_by_table(market, day)


def may_trade_by_table(market: Market, day: dt.date) -> bool:
    """Say whether our table does not rule out that a day is a trading day."""
    rules = market.calendar
    is_known = day >= rules.first_day and day.year <= rules.last_confirmed_year
    return rules.is_trading_day(day) if is_known else day.weekday() < 5


def days_back(part: Part[Any], market: Market, day: dt.date, count: int) -> dt.date:
    """Return the first of so many days before a day that can have bars."""
    known, today, rules = market.trading_days(), market.today(), market.calendar
    if part.is_simulated and today < day and not may_trade_by_table(market, today):
        count -= 1  # a sandbox trades today
        if count == 0:
            return today
    place = bisect_left(known, day)
    if count <= place and day <= rules.last_day:
        return known[place - count]
    count = min(count, MOST_DAYS) - place
    while count > 0:  # before the years that are known every weekday can have some
        day = min(day, rules.first_day) - DAY
        count -= day.weekday() < 5
    return day
