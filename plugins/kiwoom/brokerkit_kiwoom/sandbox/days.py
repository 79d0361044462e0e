"""Daily lists of the market page: ka10005 and ka10086."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal

from brokerkit.models import InvestorFlow
from brokerkit.sandbox.days import HISTORY
from brokerkit.sandbox.exchange import Instrument

from .candles import Bar, bars, newest_first, ordinal
from .common import Branch, Content, Listing
from .fields import day
from .numbers import directed, doubled, percent_of, signed, signed_rate, whole

_MILLION = Decimal(1_000_000)
_FOREIGN_SHARE = "+23.40"
"""Percent; the exchange does not keep who holds what, so it is made up, as in ka10001."""


def summary(branch: Branch, fields: Mapping[str, str]) -> Content:
    """Answer ka10005: days, newest first."""
    instrument, _ = branch.instrument_at(fields["stk_cd"])
    listed = bars(branch.exchange.daily_candles(instrument.symbol, days=HISTORY))
    return Listing(
        "stk_ddwkmm",
        newest_first(listed, ordinal),
        lambda bar: _summary_row(bar, _flow(branch, instrument, bar)),
        descending=True,
    )


def _flow(branch: Branch, instrument: Instrument, bar: Bar) -> InvestorFlow | None:
    return branch.exchange.flow_of(instrument.symbol, bar.candle.time.date())


def _prices(bar: Bar) -> dict[str, str]:
    candle = bar.candle
    return {
        "date": f"{candle.time:%Y%m%d}",
        "open_pric": directed(candle.open, bar.base),
        "high_pric": directed(candle.high, bar.base),
        "low_pric": directed(candle.low, bar.base),
        "close_pric": directed(candle.close, bar.base),
    }


def _net(flow: InvestorFlow | None, kind: str, *, amount: bool = False) -> Decimal | None:
    """Return the net flow in shares or million won; None for today, which the exchange does not tell yet."""
    if flow is None:
        return None
    unit = "net_amount" if amount else "net_quantity"
    value: Decimal = getattr(getattr(flow, kind), unit)
    if kind == "foreign":
        # As in ka10059 without the resident foreigners; whether these two lists do the same is not known.
        value -= getattr(flow.resident_foreign, unit) or Decimal(0)
    return (value / _MILLION).quantize(Decimal(1), ROUND_HALF_UP) if amount else value


def _summary_row(bar: Bar, flow: InvestorFlow | None) -> dict[str, str]:
    candle = bar.candle
    return {
        **_prices(bar),
        "pre": signed(bar.change),
        "flu_rt": signed_rate(percent_of(bar.change, bar.base)),
        "trde_qty": whole(candle.volume),
        "trde_prica": whole(candle.turnover / _MILLION),
        "for_poss": _FOREIGN_SHARE,
        "for_wght": _FOREIGN_SHARE,
        # Unit and signs of these three are not told: shares, one minus and no plus, like most flows.
        "for_netprps": _plain(_net(flow, "foreign")),
        "orgn_netprps": _plain(_net(flow, "institution")),
        "ind_netprps": _plain(_net(flow, "individual")),
        "frgn": "",
        "crd_remn_rt": "",
        "prm": "",
    }


def _plain(value: Decimal | None) -> str:
    return "" if value is None else whole(value)


def _double(value: Decimal | None) -> str:
    return "" if value is None else doubled(value)


def prices(branch: Branch, fields: Mapping[str, str]) -> Content:
    """Answer ka10086: days from `qry_dt` back, with flows in shares or, if `indc_tp` says so, in million won."""
    instrument, _ = branch.instrument_at(fields["stk_cd"])
    until = day(fields["qry_dt"])
    amount = fields["indc_tp"] == "1"
    candles = branch.exchange.daily_candles(instrument.symbol, days=HISTORY)
    listed = [bar for bar in bars(candles) if bar.candle.time.date() <= until]
    return Listing(
        "daly_stkpc",
        newest_first(listed, ordinal),
        lambda bar: _price_row(bar, _flow(branch, instrument, bar), amount=amount),
        descending=True,
    )


def _price_row(bar: Bar, flow: InvestorFlow | None, *, amount: bool) -> dict[str, str]:
    candle = bar.candle
    individual = _double(_net(flow, "individual", amount=amount))
    institution = _double(_net(flow, "institution", amount=amount))
    # Foreigners are told in shares whatever is asked for.
    foreign = _double(_net(flow, "foreign"))
    return {
        **_prices(bar),
        "pred_rt": signed(bar.change),
        "flu_rt": signed_rate(percent_of(bar.change, bar.base)),
        "trde_qty": whole(candle.volume),
        "amt_mn": whole(candle.turnover / _MILLION),
        "crd_rt": "0.00",
        "ind": individual,
        "orgn": institution,
        "for_qty": foreign,
        # Foreign member firms and programme trading are not played.
        "frgn": "0",
        "prm": "0",
        "for_rt": _FOREIGN_SHARE,
        "for_poss": _FOREIGN_SHARE,
        "for_wght": _FOREIGN_SHARE,
        "for_netprps": foreign,
        "orgn_netprps": institution,
        "ind_netprps": individual,
        "crd_remn_rt": "0.00",
    }
