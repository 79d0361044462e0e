"""Candles: what was traded by the minute and by the day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from functools import partial
from itertools import pairwise
from random import Random

from brokerkit.sandbox.bourse import Bourse
from brokerkit.sandbox.flows import DayOfFlow, OldDay
from brokerkit.sandbox.instruments import Instrument
from brokerkit.sandbox.prints import Trade

_MINUTE = dt.timedelta(minutes=1)


@dataclass(frozen=True)
class Candle:
    """Trading of a day or a minute, in shares and in the currency."""

    time: dt.datetime
    """Start of the day where it trades, or of the minute in Korean time."""
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    turnover: Decimal


class MinuteBars:
    """One candle a minute from a growing list of prints. A minute is final once the next one has begun."""

    def __init__(self, trades: Sequence[Trade], begins: dt.datetime) -> None:
        self._trades = trades
        self._begins = begins
        self._read = 0
        self._bars: list[Candle] = []

    def until(self, now: dt.datetime) -> list[Candle]:
        """Return the candles from the opening up to the present minute, ascending; without a trade they stay flat."""
        for trade in self._trades[self._read :]:
            self._fill(trade.time, trade.price)
            self._bars[-1] = _with(self._bars[-1], trade)
        self._read = len(self._trades)
        if self._bars:
            self._fill(now, self._bars[-1].close)
        return list(self._bars)

    def _fill(self, moment: dt.datetime, price: Decimal) -> None:
        """Add the minutes up to that moment: those without a trade at the last close, the first one at the price."""
        if not self._bars:
            self._bars.append(_flat(self._begins, price))
        while self._bars[-1].time + _MINUTE <= moment:
            last = self._bars[-1]
            self._bars.append(_flat(last.time + _MINUTE, last.close))


def _flat(time: dt.datetime, price: Decimal) -> Candle:
    return Candle(time, price, price, price, price, Decimal(0), Decimal(0))


def _with(bar: Candle, trade: Trade) -> Candle:
    price = trade.price
    return Candle(
        time=bar.time,
        open=bar.open if bar.volume else price,
        high=max(bar.high, price) if bar.volume else price,
        low=min(bar.low, price) if bar.volume else price,
        close=price,
        volume=bar.volume + trade.quantity,
        turnover=bar.turnover + price * trade.quantity,
    )


def daily_candles(
    bourse: Bourse, seed: int, instrument: Instrument, flows: Sequence[DayOfFlow | OldDay], *, which: str = "days"
) -> list[Candle]:
    """Return a candle for each day of investor flow but the first, whose close is where the second one starts."""
    random = Random(f"{seed}/{instrument.symbol}/{which}")  # noqa: S311 - repeatable on purpose
    return [_candle_of(bourse, random, instrument, flow, before) for before, flow in pairwise(flows)]


def _candle_of(
    bourse: Bourse, random: Random, instrument: Instrument, flow: DayOfFlow | OldDay, before: DayOfFlow | OldDay
) -> Candle:
    close, previous = flow.close, before.close
    volume, turnover = flow.volume, flow.turnover
    average = turnover / volume
    moved = partial(_moved, bourse, random, instrument)
    opened = moved(previous, 0.01)
    high = max(opened, close, moved(max(opened, close), 0.01))
    low = min(opened, close, moved(min(opened, close), 0.01))
    if not low <= average <= high:
        # Amounts come in whole millions, which is coarse for a cheap share.
        turnover = (min(max(average, low), high) * volume).to_integral_value(ROUND_FLOOR)
    return candle_of_day(bourse, flow.date, (opened, high, low, close, volume, turnover))


def candle_of_day(bourse: Bourse, day: dt.date, figures: Sequence[int | Decimal]) -> Candle:
    """Return a day's candle of its prices in units, its volume and its turnover in units."""
    opened, high, low, close, turnover = map(bourse.money, (*figures[:4], figures[5]))
    return Candle(bourse.midnight(day), opened, high, low, close, Decimal(figures[4]), turnover)


def _moved(bourse: Bourse, random: Random, instrument: Instrument, price: Decimal, spread: float) -> Decimal:
    factor = Decimal(round((1 + random.uniform(-spread, spread)) * 10_000)) / 10_000
    return bourse.rounded(max(price * factor, Decimal(1)), instrument.kind, up=True)
