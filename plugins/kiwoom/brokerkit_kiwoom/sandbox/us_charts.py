"""Charts of US stocks: usa06010 (trades), usa06011 (minutes), usa06012 to usa06016 (days to years, and quarters).

Nothing is ever split here, so adjusted prices are the raw ones. `strt_dt` is where the rows go back from: so it was
measured of minutes, and so the examples of months, quarters and years have it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby, islice

from brokerkit.market.us import NEW_YORK
from brokerkit.sandbox.days import HISTORY
from brokerkit.sandbox.exchange import Candle, Instrument, Trade

from .candles import Bar, bars, merged, newest_first, ordinal
from .common import Content, Listing
from .fields import day
from .minutes import DAYS_OF_TRADES, KEPT, MOST_TRADES
from .numbers import percent_of, signed_rate, whole
from .us import VENUE, UsBranch, korean_hours
from .us_numbers import change, dollars

_A_DAY = 24 * 60
_OPEN = 9 * 60 + 30
"""Minutes of the day at which longer bars begin to be counted."""
_NOT_TOLD = {"upd_stkpc_tp": "", "upd_rt": ""}


@dataclass(frozen=True)
class _Chart:
    """What was asked of a chart."""

    branch: UsBranch
    instrument: Instrument
    until: dt.date
    rate: Decimal
    """What prices are told in: 1, or won for a dollar with `exrt_appl_tp` 1."""

    def price(self, value: Decimal) -> str:
        """Write a price; charts have no signs of direction."""
        return dollars(value * self.rate)

    def prices(self, opened: Decimal, high: Decimal, low: Decimal) -> dict[str, str]:
        """Write the three prices that are told beside the last one."""
        told = {"open_pric": opened, "high_pric": high, "low_pric": low}
        return {name: self.price(value) for name, value in told.items()}


def _asked(branch: UsBranch, fields: Mapping[str, str]) -> _Chart:
    first = fields.get("strt_dt") or ""
    rate = branch.rate if fields["exrt_appl_tp"] == "1" else Decimal(1)
    return _Chart(branch, branch.asked(fields), day(first) if first else branch.exchange.today, rate)


def daily(branch: UsBranch, fields: Mapping[str, str]) -> Content:
    """Answer usa06012."""
    chart = _asked(branch, fields)

    def row(bar: Bar) -> dict[str, str]:
        long = _long_row(chart, bar)
        moved = {
            "pred_pre": change(bar.change * chart.rate),
            "flu_rt": signed_rate(percent_of(bar.change, bar.base)),
        }
        return {"cur_prc": long["cur_prc"], **moved, **long}

    return Listing("result_list", newest_first(bars(_days(chart)), ordinal), row, descending=True)


def weekly(branch: UsBranch, fields: Mapping[str, str]) -> Content:
    """Answer usa06013."""
    return _longer(branch, fields, lambda date: date.isocalendar()[:2])


def monthly(branch: UsBranch, fields: Mapping[str, str]) -> Content:
    """Answer usa06014."""
    return _longer(branch, fields, lambda date: (date.year, date.month))


def yearly(branch: UsBranch, fields: Mapping[str, str]) -> Content:
    """Answer usa06015."""
    return _longer(branch, fields, lambda date: (date.year, 0))


def quarterly(branch: UsBranch, fields: Mapping[str, str]) -> Content:
    """Answer usa06016."""
    return _longer(branch, fields, lambda date: (date.year, (date.month - 1) // 3))


def _longer(branch: UsBranch, fields: Mapping[str, str], period: Callable[[dt.date], tuple[int, int]]) -> Content:
    # The day of a bar is its first trading day, as in the examples.
    chart = _asked(branch, fields)
    groups = groupby(_days(chart), lambda candle: period(candle.time.date()))
    listed = bars(merged(list(group)) for _, group in groups)
    return Listing("result_list", newest_first(listed, ordinal), lambda bar: _long_row(chart, bar), descending=True)


def _days(chart: _Chart) -> list[Candle]:
    candles = chart.branch.exchange.daily_candles(chart.instrument.symbol, days=HISTORY)
    return [candle for candle in candles if candle.time.date() <= chart.until]


def _long_row(chart: _Chart, bar: Bar) -> dict[str, str]:
    candle = bar.candle
    return {
        "cur_prc": chart.price(candle.close),
        "acc_trde_qty": whole(candle.volume),
        "acc_trde_prica": whole(candle.turnover),
        **chart.prices(candle.open, candle.high, candle.low),
        "dt": f"{candle.time:%Y%m%d}",
        **_NOT_TOLD,
    }


@dataclass(frozen=True)
class _Minutes:
    """A page of bars, the newest first. Only the days of the page are made."""

    chart: _Chart
    scope: int

    def page(self, size: int, after: int | None) -> tuple[dict[str, object], int | None]:
        """Return one page behind the bar numbered `after`, and the number to go on from if there is more."""
        found = list(islice(self._bars(after), size + 1))
        last = found[size - 1][0] if len(found) > size else None
        return {"result_list": [row for _, row in found[:size]]}, last

    def _bars(self, after: int | None) -> Iterator[tuple[int, dict[str, str]]]:
        """Yield bars, each with the number of its minute: a minute without a trade has none."""
        last = self.chart.until if after is None else min(self.chart.until, dt.date.fromordinal(after // _A_DAY))
        exchange = self.chart.branch.exchange
        for date in self._dates(last):
            made = exchange.minute_bars(self.chart.instrument.symbol, date, VENUE)
            groups = [(start, merged(list(group))) for start, group in groupby(made, key=self._start)]
            for start, bar in reversed(groups):
                number = date.toordinal() * _A_DAY + start
                if after is None or number < after:
                    yield number, self._row(date, start, bar)

    def _dates(self, last: dt.date) -> Iterator[dt.date]:
        exchange = self.chart.branch.exchange
        oldest = exchange.today - KEPT
        for candle in reversed(exchange.daily_candles(self.chart.instrument.symbol, days=KEPT.days)):
            date = candle.time.date()
            if date < oldest:
                return
            if date <= last:
                yield date

    def _start(self, bar: Candle) -> int:
        """Return the minute of New York's day at which the bar begins that a minute belongs to."""
        local = bar.time.astimezone(NEW_YORK)
        return (local.hour * 60 + local.minute - _OPEN) // self.scope * self.scope + _OPEN

    def _row(self, date: dt.date, start: int, bar: Candle) -> dict[str, str]:
        begun = dt.datetime.combine(date, dt.time.min, NEW_YORK) + dt.timedelta(minutes=start)
        return {
            "cur_prc": self.chart.price(bar.close),
            "trde_qty": whole(bar.volume),
            **self.chart.prices(bar.open, bar.high, bar.low),
            "cntr_tm": _stamp(self.chart.branch, begun, date),
            "bus_dt": f"{date:%Y%m%d}",
            **_NOT_TOLD,
        }


def _stamp(branch: UsBranch, moment: dt.datetime, date: dt.date) -> str:
    """Write a moment of a trading day as the charts do: on New York's clock, or in Korean hours of that date."""
    if branch.habits.korean_clock:
        return f"{date:%Y%m%d}{korean_hours(moment, date)}"
    return f"{moment.astimezone(NEW_YORK):%Y%m%d%H%M%S}"


def minutes(branch: UsBranch, fields: Mapping[str, str]) -> Content:
    """Answer usa06011: a bar has the time of its beginning."""
    return _Minutes(_asked(branch, fields), int(fields["tic_scope"] or 1))


def ticks(branch: UsBranch, fields: Mapping[str, str]) -> Content:
    """Answer usa06010, newest first: bars of so many trades, counted from the first one of each day that is kept."""
    chart, scope = _asked(branch, fields), int(fields["tic_scope"] or 1)
    symbol, exchange = chart.instrument.symbol, branch.exchange
    items: list[tuple[int, tuple[dt.date, Sequence[Trade]]]] = []
    for candle in exchange.daily_candles(symbol, days=DAYS_OF_TRADES + 1):
        date = candle.time.date()
        trades = exchange.trades(symbol, date, VENUE)
        for start in range(0, len(trades), scope):
            items.append((date.toordinal() * MOST_TRADES + start, (date, trades[start : start + scope])))
    return Listing("result_list", items[::-1], lambda item: _tick_row(chart, *item), descending=True)


def _tick_row(chart: _Chart, date: dt.date, trades: Sequence[Trade]) -> dict[str, str]:
    prices = [trade.price for trade in trades]
    return {
        "cur_prc": chart.price(prices[-1]),
        "trde_qty": whole(sum((trade.quantity for trade in trades), Decimal(0))),
        **chart.prices(prices[0], max(prices), min(prices)),
        "cntr_tm": _stamp(chart.branch, trades[-1].time, date),
        "bus_dt": f"{date:%Y%m%d}",
        **_NOT_TOLD,
    }
