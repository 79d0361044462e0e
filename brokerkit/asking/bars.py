"""The rows of a chart, read as columns: each text has to be of the grammar of its field."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

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
DIGITS = 18
"""Of a whole number: what the columns of candles hold."""
_INTEGERS = re.compile(r"(?:[+-]?[0-9]{1,18},)*")
_FRACTIONS = re.compile(r"(?:[+-]?[0-9]{1,12}(?:\.[0-9]{1,4})?,)*")
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
    rows = [row for row in bars.rows if row.get(bars.time)]
    times = _texts(part, bars, rows, bars.time)
    if "" in times:
        rows = [row for row, time in zip(rows, times, strict=True) if time]
        times = list(filter(None, times))
    if not rows:
        if any(bars.rows):  # a row of blanks was seen for a symbol that had bars
            raise part.wrong(bars.endpoint, f"rows without {bars.time}")
        return None
    if bars.clock is not None:
        clocks = _texts(part, bars, rows, bars.clock)
        times = [day + clock for day, clock in zip(times, clocks, strict=True)]
    _check(part, bars, times, bars.time, _DIGITS)
    if any(len(time) != digits for time in times):
        raise _odd(part, bars, bars.time)
    prices, scale = _scaled([_prices(part, bars, rows, name) for name in (bars.open, bars.high, bars.low, bars.close)])
    turnover = None if bars.turnover is None else _numbers(part, bars, rows, bars.turnover, bars.turnover_unit)
    volume = _numbers(part, bars, rows, bars.volume, bars.volume_unit)
    return Columns(times, prices, scale + bars.implied, volume, turnover)


def _texts(part: Part[Any], bars: Bars, rows: Sequence[Any], name: str) -> list[str]:
    """Return a field of all rows without blanks around it; WireError where it is no text."""
    try:
        values = [row[name] for row in rows]
        text = ",".join(values)
    except (KeyError, TypeError):  # what is no text is no number of any grammar here
        raise _odd(part, bars, name) from None
    return (
        values if text.isascii() and not any(each in text for each in " \t\r\n") else [each.strip() for each in values]
    )


def _prices(part: Part[Any], bars: Bars, rows: Sequence[Any], name: str) -> list[str]:
    texts = _texts(part, bars, rows, name)
    return _check(
        part,
        bars,
        [text[1:] if text[:1] in ("+", "-") else text for text in texts] if bars.signed else texts,
        name,
        _FRACTIONS,
    )


def _numbers(part: Part[Any], bars: Bars, rows: Sequence[Any], name: str, unit: int) -> list[int]:
    numbers = map(int, _check(part, bars, _texts(part, bars, rows, name), name, _INTEGERS))
    return list(numbers) if unit == 1 else [number * unit for number in numbers]


def _check(part: Part[Any], bars: Bars, values: list[str], name: str, grammar: re.Pattern[str]) -> list[str]:
    """Return texts if each is of a grammar, which plain digits are of all of them."""
    joined = "".join(values)
    if joined.isdigit() and joined.isascii() and all(values) and max(map(len, values)) <= DIGITS:
        return values
    text = ",".join(values)
    if text.count(",") != len(values) - 1 or not grammar.fullmatch(f"{text},"):
        raise _odd(part, bars, name)
    return values


def _odd(part: Part[Any], bars: Bars, name: str) -> Exception:
    return part.wrong(bars.endpoint, f"{name} is not in every row what is documented")


def _scaled(columns: Sequence[Sequence[str]]) -> tuple[list[list[int]], int]:
    """Return prices as whole numbers, and how many of their digits are decimals."""
    scale = max((len(_decimals(each)) for column in columns for each in column if "." in each), default=0)
    if not scale:
        return [list(map(int, column)) for column in columns], 0
    return [
        [int(each.partition(".")[0] + _decimals(each).ljust(scale, "0")) for each in column] for column in columns
    ], scale


def _decimals(text: str) -> str:
    return text.partition(".")[2]


def offered(part: Part[Any]) -> tuple[Interval, ...]:
    """Return all intervals of which a part has candles: those that its broker tells, and what is made of them."""
    told = set(part.bar_intervals)
    if Interval.MINUTE in told:
        told |= set(MINUTES)
    if Interval.DAY in told:
        told |= {Interval.WEEK, Interval.MONTH, Interval.YEAR}
    return tuple(each for each in Interval if each in told)
