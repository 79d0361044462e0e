"""Candles: what was traded by the minute and by the day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from itertools import pairwise
from random import Random

from brokerkit.clock import KST
from brokerkit.market.ticks import round_to_tick
from brokerkit.sandbox.flows import DayOfFlow, OldDay
from brokerkit.sandbox.instruments import Instrument
from brokerkit.sandbox.prints import DAY_BEGINS, Trade

_MINUTE = dt.timedelta(minutes=1)


@dataclass(frozen=True)
class Candle:
    """Trading of a day or a minute, in shares and won."""

    time: dt.datetime
    """Start of the day or minute, Korean time."""
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    turnover: Decimal


class MinuteBars:
    """One candle a minute from a growing list of prints. A minute is final once the next one has begun."""

    def __init__(self, trades: Sequence[Trade]) -> None:
        self._trades = trades
        self._read = 0
        self._bars: list[Candle] = []

    def until(self, now: dt.datetime) -> list[Candle]:
        """Return the candles from 09:00 up to the present minute, ascending; without a trade they stay flat."""
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
            begun = moment.replace(hour=DAY_BEGINS.hour, minute=0, second=0, microsecond=0)
            self._bars.append(_flat(begun, price))
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
    seed: int, instrument: Instrument, flows: Sequence[DayOfFlow | OldDay], *, which: str = "days"
) -> list[Candle]:
    """Return a candle for each day of investor flow but the first, whose close is where the second one starts."""
    random = Random(f"{seed}/{instrument.symbol}/{which}")  # noqa: S311 - repeatable on purpose
    return [_candle_of(random, instrument, flow, before) for before, flow in pairwise(flows)]


def _candle_of(random: Random, instrument: Instrument, flow: DayOfFlow | OldDay, before: DayOfFlow | OldDay) -> Candle:
    close, previous = flow.close, before.close
    volume, turnover = flow.volume, flow.turnover
    average = turnover / volume
    opened = _moved(random, instrument, previous, 0.01)
    high = max(opened, close, _moved(random, instrument, max(opened, close), 0.01))
    low = min(opened, close, _moved(random, instrument, min(opened, close), 0.01))
    if not low <= average <= high:
        # Amounts come in whole millions, which is coarse for a cheap share.
        turnover = (min(max(average, low), high) * volume).to_integral_value(ROUND_FLOOR)
    time = dt.datetime.combine(flow.date, dt.time.min, KST)
    return Candle(time, opened, high, low, close, volume, turnover)


def _moved(random: Random, instrument: Instrument, price: Decimal, spread: float) -> Decimal:
    factor = Decimal(round((1 + random.uniform(-spread, spread)) * 10_000)) / 10_000
    return round_to_tick(max(price * factor, Decimal(1)), instrument.kind, up=True)
