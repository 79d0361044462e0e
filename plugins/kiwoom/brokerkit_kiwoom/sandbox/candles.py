"""Charts: ka10081 (days), ka10082, ka10083, ka10094 (weeks, months, years)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import groupby, pairwise

from brokerkit.market.ticks import price_limits
from brokerkit.sandbox.days import HISTORY
from brokerkit.sandbox.exchange import Candle, Instrument
from brokerkit.words import SecurityType

from .common import Branch, Content, Listing
from .fields import day
from .numbers import percent_of, sign_code, signed, signed_rate, whole

_MILLION = Decimal(1_000_000)


@dataclass(frozen=True)
class Bar:
    """A candle with the close before it."""

    candle: Candle
    base: Decimal

    @property
    def change(self) -> Decimal:
        """Against the close before."""
        return self.candle.close - self.base


def sign_of_day(price: Decimal, base: Decimal, kind: SecurityType) -> str:
    """Return the sign code of a day's price, whose limits follow from its base price."""
    # The limits are only looked up where the price can be near them.
    near = abs(price - base) * 4 >= base
    return sign_code(price, base, price_limits(base, kind) if near else None)


def bars(candles: Iterable[Candle]) -> list[Bar]:
    """Return ascending candles with the closes before them; the oldest counts as unchanged."""
    listed = list(candles)
    return [Bar(candle, before.close) for before, candle in pairwise([*listed[:1], *listed])]


def newest_first(listed: Sequence[Bar], number: Callable[[Bar], int]) -> list[tuple[int, Bar]]:
    """Return bars for a list that goes back in time, each with a number to go on from."""
    return [(number(bar), bar) for bar in reversed(listed)]


def ordinal(bar: Bar) -> int:
    """Return the number of a bar's day."""
    return bar.candle.time.date().toordinal()


def _days(branch: Branch, fields: Mapping[str, str]) -> tuple[Instrument, list[Candle]]:
    instrument, _ = branch.instrument_at(fields["stk_cd"])
    until = day(fields["base_dt"])
    daily = branch.exchange.daily_candles(instrument.symbol, days=HISTORY)
    return instrument, [candle for candle in daily if candle.time.date() <= until]


def daily(branch: Branch, fields: Mapping[str, str]) -> Content:
    """Answer ka10081: a row a day from `base_dt` back. Nothing is split here, so adjusted prices are the raw ones."""
    instrument, candles = _days(branch, fields)
    return Listing(
        "stk_dt_pole_chart_qry",
        newest_first(bars(candles), ordinal),
        lambda bar: _long_row(instrument, bar, bar.candle.turnover / _MILLION, sign_of_day),
        {"stk_cd": fields["stk_cd"]},
        descending=True,
    )


def weekly(branch: Branch, fields: Mapping[str, str]) -> Content:
    """Answer ka10082."""
    return _longer(branch, fields, "stk_stk_pole_chart_qry", lambda date: date.isocalendar()[:2])


def monthly(branch: Branch, fields: Mapping[str, str]) -> Content:
    """Answer ka10083."""
    return _longer(branch, fields, "stk_mth_pole_chart_qry", lambda date: (date.year, date.month))


def yearly(branch: Branch, fields: Mapping[str, str]) -> Content:
    """Answer ka10094, whose rows tell no change."""
    return _longer(branch, fields, "stk_yr_pole_chart_qry", lambda date: (date.year, 0), change=False)


def _longer(
    branch: Branch,
    fields: Mapping[str, str],
    name: str,
    period: Callable[[dt.date], tuple[int, int]],
    *,
    change: bool = True,
) -> Content:
    # The day of a bar is its first trading day. An official sample of months once has another one; why is not known.
    instrument, candles = _days(branch, fields)
    longer = [merged(list(group)) for _, group in groupby(candles, lambda candle: period(candle.time.date()))]

    def row(bar: Bar) -> dict[str, str]:
        full = _long_row(instrument, bar, bar.candle.turnover, lambda price, base, _kind: sign_code(price, base))
        return full if change else {name: full[name] for name in _WITHOUT_CHANGE}

    return Listing(name, newest_first(bars(longer), ordinal), row, {"stk_cd": fields["stk_cd"]}, descending=True)


_WITHOUT_CHANGE = ("cur_prc", "trde_qty", "trde_prica", "dt", "open_pric", "high_pric", "low_pric")


def merged(candles: Sequence[Candle]) -> Candle:
    """Return one candle for several that follow each other."""
    return replace(
        candles[0],
        high=max(candle.high for candle in candles),
        low=min(candle.low for candle in candles),
        close=candles[-1].close,
        volume=sum((candle.volume for candle in candles), Decimal(0)),
        turnover=sum((candle.turnover for candle in candles), Decimal(0)),
    )


def _long_row(
    instrument: Instrument, bar: Bar, turnover: Decimal, sign: Callable[[Decimal, Decimal, SecurityType], str]
) -> dict[str, str]:
    candle = bar.candle
    return {
        "cur_prc": whole(candle.close),
        "trde_qty": whole(candle.volume),
        "trde_prica": whole(turnover),
        "dt": f"{candle.time:%Y%m%d}",
        "open_pric": whole(candle.open),
        "high_pric": whole(candle.high),
        "low_pric": whole(candle.low),
        "pred_pre": signed(bar.change),
        "pred_pre_sig": sign(candle.close, bar.base, instrument.kind),
        "trde_tern_rt": signed_rate(percent_of(candle.volume, instrument.listed_shares)),
    }
