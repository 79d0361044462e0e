"""Prices of US stocks: usa20100 (price and firm), usa20151 and usa20590 (by day)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from brokerkit.market.sessions import Phase
from brokerkit.models import Quote
from brokerkit.sandbox.days import HISTORY
from brokerkit.sandbox.exchange import Candle, Instrument

from .candles import Bar, bars, newest_first, ordinal
from .common import Content, Listing
from .fields import day
from .numbers import percent_of, sign_code, signed_rate, whole
from .us import EXCHANGES, VENUE, UsBranch, code_of
from .us_numbers import change, directed, dollars

_THOUSAND = Decimal(1_000)
_BEFORE_THE_OPEN = frozenset({Phase.DAYTIME, Phase.PRE_MARKET})


@dataclass(frozen=True)
class _Year:
    """The days before today, oldest first."""

    days: list[Candle]

    def of(self, year: int) -> list[Candle]:
        """Return those of a year; on its first trading day the last one before it."""
        return [candle for candle in self.days if candle.time.year == year] or self.days[-1:]


def _year_of(branch: UsBranch, symbol: str) -> _Year:
    key = ("year", symbol)
    if key not in branch.memory:
        branch.memory[key] = _Year(list(branch.exchange.daily_candles(symbol))[:-1])
    found: _Year = branch.memory[key]
    return found


def info(branch: UsBranch, fields: Mapping[str, str]) -> Content:
    """Answer usa20100. What the firm is worth is told in thousand dollars; of limits there are none in the US."""
    instrument = branch.asked(fields)
    quote = branch.exchange.quote(instrument.symbol, VENUE)
    return {
        "stex_tp": EXCHANGES[instrument.market],
        "stk_cd": code_of(instrument.symbol),
        "stk_nm": instrument.name,
        "stk_enm": instrument.english_name,
        **_extremes(branch, instrument, quote),
        "stk_cnt": whole(instrument.listed_shares),
        "mac": whole(instrument.listed_shares * quote.price / _THOUSAND),
        "setl_mm": "",
        "lg_inds_cd": instrument.sector,
        "sm_inds_cd": instrument.sector,
        **last_price(instrument, quote),
        "acc_trde_qty": whole(quote.volume or 0),
        **_day_before(branch, instrument),
        "upl_pric": "",
        "lst_pric": "",
        "trde_qty_unit": "1",
        **dict.fromkeys(("uncert_lv", "comp_adv_tp"), ""),
        "curr_unit": "USD",
        **prices_of_the_day(branch, instrument, quote),
        "trd_susp_tp": "1" if instrument.symbol in branch.exchange.halted else "0",
        "base_exrt": dollars(branch.rate, 2),
    }


def last_price(instrument: Instrument, quote: Quote) -> dict[str, str]:
    """Return the price with its change."""
    base = instrument.previous_close
    moved = quote.change or Decimal(0)
    return {
        "cur_prc": directed(quote.price or None, base),
        "pred_pre_sig": sign_code(quote.price or base, base),
        "pred_pre": change(moved),
        "flu_rt": signed_rate(percent_of(moved, base)),
    }


def prices_of_the_day(branch: UsBranch, instrument: Instrument, quote: Quote) -> dict[str, str]:
    """Return open, high and low: blank before the open of the regular session, whatever traded already."""
    is_open = branch.exchange.phase not in _BEFORE_THE_OPEN
    told = (quote.open, quote.high, quote.low) if is_open else (None, None, None)
    names = ("open_pric", "high_pric", "low_pric")
    return {name: directed(price, instrument.previous_close) for name, price in zip(names, told, strict=True)}


def _day_before(branch: UsBranch, instrument: Instrument) -> dict[str, str]:
    before = _year_of(branch, instrument.symbol).days[-1]
    return {
        "pre_open_pric": dollars(before.open),
        "pre_high_pric": dollars(before.high),
        "pre_low_pric": dollars(before.low),
        "base_close_pric": dollars(instrument.previous_close),
    }


def _extremes(branch: UsBranch, instrument: Instrument, quote: Quote) -> dict[str, str]:
    year, today = _year_of(branch, instrument.symbol), branch.exchange.today
    spans = {"52wk_hgst_pric": year.days, "oyr_hgst": year.of(today.year)}
    told: dict[str, str] = {}
    for name, days in spans.items():
        highest = max([*_traded_today(quote, today, "high"), *((each.high, _date(each)) for each in days)])
        lowest = min([*_traded_today(quote, today, "low"), *((each.low, _date(each)) for each in days)])
        for kind, extreme in ((name, highest), (name.replace("hgst", "lwst"), lowest)):
            told |= _extreme(kind, extreme, instrument.previous_close, quote.price)
    return told


def _date(candle: Candle) -> dt.date:
    return candle.time.date()


def _traded_today(quote: Quote, today: dt.date, name: str) -> list[tuple[Decimal, dt.date]]:
    price = getattr(quote, name)
    return [] if price is None else [(price, today)]


def _extreme(name: str, extreme: tuple[Decimal, dt.date], base: Decimal, price: Decimal) -> dict[str, str]:
    highest, on = extreme
    return {
        name: directed(highest, base),
        f"{name}_pre_rt": signed_rate(percent_of(price - highest, highest)),
        f"{name}_dt": f"{on:%Y%m%d}",
    }


def trades_by_day(branch: UsBranch, fields: Mapping[str, str]) -> Content:
    """Answer usa20151: days up to `base_dt`, newest first."""
    return _by_day(branch, fields, short=True)


def prices_by_day(branch: UsBranch, fields: Mapping[str, str]) -> Content:
    """Answer usa20590: the same with the prices of the day. Its value is called thousand dollars, but is dollars."""
    return _by_day(branch, fields, short=False)


def _by_day(branch: UsBranch, fields: Mapping[str, str], *, short: bool) -> Content:
    instrument = branch.asked(fields)
    until = day(fields["base_dt"]) if fields["base_dt"] else branch.exchange.today
    candles = branch.exchange.daily_candles(instrument.symbol, days=HISTORY)
    listed = [bar for bar in bars(candles) if bar.candle.time.date() <= until]
    row = _trade_row if short else _price_row
    return Listing("result_list", newest_first(listed, ordinal), row, descending=True)


def _trade_row(bar: Bar) -> dict[str, str]:
    candle = bar.candle
    return {
        "dt": f"{candle.time:%Y%m%d}",
        "cur_prc": directed(candle.close, bar.base),
        "pred_pre_sig": sign_code(candle.close, bar.base),
        "pred_pre": change(bar.change),
        "flu_rt": signed_rate(percent_of(bar.change, bar.base)),
        "acc_trde_qty": whole(candle.volume),
    }


def _price_row(bar: Bar) -> dict[str, str]:
    candle, base = bar.candle, bar.base
    prices = {"open": candle.open, "high": candle.high, "low": candle.low}
    return {
        **_trade_row(bar),
        "trde_prica": whole(candle.turnover),
        **{f"{name}_pric": directed(price, base) for name, price in prices.items()},
        "base_pric": dollars(base),
        **{f"base_{name}_flu_rt": signed_rate(percent_of(price - base, base)) for name, price in prices.items()},
    }
