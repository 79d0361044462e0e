"""Price and firm of a symbol: ka10001, and what other answers take from it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from brokerkit.models import Quote
from brokerkit.sandbox.exchange import Candle, Instrument

from .common import Branch, Content
from .numbers import directed, percent_of, sign_code, signed, signed_rate, volume_rate, whole

_MILLION = Decimal(1_000_000)
_HUNDRED_MILLION = Decimal(100_000_000)
_THOUSAND = Decimal(1_000)
_PAR_VALUE = Decimal(5_000)


@dataclass(frozen=True)
class _Year:
    """The days before today."""

    highest: Candle
    lowest: Candle
    highest_of_year: Decimal
    lowest_of_year: Decimal
    last_volume: Decimal


def _year_of(branch: Branch, symbol: str) -> _Year:
    """Return the days before today of a symbol, gone through once a day."""
    key = ("year", symbol)
    if key not in branch.memory:
        today = branch.exchange.today
        before = [candle for candle in branch.exchange.daily_candles(symbol) if candle.time.date() < today]
        # On the first trading day of a year there is no other one of it.
        this_year = [candle for candle in before if candle.time.year == today.year] or before[-1:]
        branch.memory[key] = _Year(
            max(before, key=lambda candle: candle.high),
            min(before, key=lambda candle: candle.low),
            max(candle.high for candle in this_year),
            min(candle.low for candle in this_year),
            before[-1].volume,
        )
    year: _Year = branch.memory[key]
    return year


def info(branch: Branch, fields: Mapping[str, str]) -> Content:
    """Answer ka10001: the price and what is known of the firm."""
    instrument, venue = branch.instrument_at(fields["stk_cd"])
    quote = branch.exchange.quote(instrument.symbol, venue)
    year = _year_of(branch, instrument.symbol)
    return {
        "stk_cd": fields["stk_cd"],
        "stk_nm": instrument.name,
        **firm(instrument, quote.price),
        **_extremes(instrument, quote, year, branch.exchange.today),
        **prices(instrument, quote),
        "trde_pre": volume_rate(quote.volume or Decimal(0), year.last_volume),
    }


def firm(instrument: Instrument, price: Decimal) -> dict[str, str]:
    """Return what is told of the firm. Only shares and price are the exchange's, the rest is made up."""
    shares = instrument.listed_shares
    return {
        "setl_mm": "12",
        "fav": whole(_PAR_VALUE),
        "cap": whole(shares * _PAR_VALUE / _HUNDRED_MILLION),
        "flo_stk": whole(shares / _THOUSAND),
        "crd_rt": "+1.25",
        "mac": whole(shares * price / _HUNDRED_MILLION),
        "mac_wght": "",
        "for_exh_rt": "+23.40",
        "repl_pric": whole(instrument.previous_close * 7 / 10),
        "per": "12.50",
        "eps": whole(price * 10 / 125),
        "roe": "8.0",
        "pbr": "1.00",
        "ev": "6.20",
        "bps": whole(price),
        "sale_amt": "52000",
        "bus_pro": "3100",
        "cup_nga": "2400",
        "fav_unit": "원",
        "dstr_stk": whole(shares * 3 / 4 / _THOUSAND),
        "dstr_rt": "75.0",
    }


def _extremes(instrument: Instrument, quote: Quote, year: _Year, today: dt.date) -> dict[str, str]:
    base = instrument.previous_close
    high, low = quote.high or quote.price or base, quote.low or quote.price or base
    highest, lowest = max(high, year.highest.high), min(low, year.lowest.low)
    highest_day = today if high >= year.highest.high else year.highest.time.date()
    lowest_day = today if low <= year.lowest.low else year.lowest.time.date()
    return {
        "oyr_hgst": directed(max(high, year.highest_of_year), base),
        "oyr_lwst": directed(min(low, year.lowest_of_year), base),
        "250hgst": directed(highest, base),
        "250lwst": directed(lowest, base),
        "250hgst_pric_dt": f"{highest_day:%Y%m%d}",
        "250hgst_pric_pre_rt": signed_rate(percent_of(quote.price - highest, highest)),
        "250lwst_pric_dt": f"{lowest_day:%Y%m%d}",
        "250lwst_pric_pre_rt": signed_rate(percent_of(quote.price - lowest, lowest)),
    }


def prices(instrument: Instrument, quote: Quote) -> dict[str, str]:
    """Return the prices of the day, each with its own sign against the base price."""
    base = instrument.previous_close
    return {
        "high_pric": directed(quote.high, base),
        "open_pric": directed(quote.open, base),
        "low_pric": directed(quote.low, base),
        "upl_pric": directed(quote.upper_limit, base),
        "lst_pric": directed(quote.lower_limit, base),
        "base_pric": whole(base),
        # The expectation of the opening auction: what stands here in the middle of a session is not known.
        "exp_cntr_pric": directed(quote.open, base),
        "exp_cntr_qty": "0",
        "cur_prc": directed(quote.price or None, base),
        "pre_sig": sign(instrument, quote.price or base),
        "pred_pre": signed(quote.change or Decimal(0)),
        "flu_rt": signed_rate(percent_of(quote.change or Decimal(0), base)),
        "trde_qty": whole(quote.volume or 0),
    }


def sign(instrument: Instrument, price: Decimal) -> str:
    """Return the sign code of a price of today."""
    return sign_code(price, instrument.previous_close, (instrument.lower_limit, instrument.upper_limit))
