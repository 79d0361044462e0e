"""Answers about symbols: ka10001 (price), ka10100 (instrument), ka10059 (trading by kind of investor)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise

from brokerkit.market.ticks import Kind, price_limits, round_to_tick
from brokerkit.models import Flow, InvestorFlow, Quote
from brokerkit.sandbox.exchange import Instrument, Market

from .calls import day
from .common import Answer, Branch, Listing
from .numbers import directed, implied_rate, padded, percent_of, signed, signed_rate, whole

_MILLION = Decimal(1_000_000)
_HUNDRED_MILLION = Decimal(100_000_000)
_THOUSAND = Decimal(1_000)
_PAR_VALUE = Decimal(5_000)


def info(branch: Branch, fields: Mapping[str, str]) -> Answer:
    """Answer ka10001: the price and what is known of the firm."""
    instrument, venue = branch.instrument_at(fields["stk_cd"])
    quote = branch.exchange.quote(instrument.symbol, venue)
    return {
        "stk_cd": fields["stk_cd"],
        "stk_nm": instrument.name,
        **_firm(instrument, quote.price),
        **_year(instrument, quote, branch.exchange.today),
        **_prices(instrument, quote),
    }


def _firm(instrument: Instrument, price: Decimal) -> dict[str, str]:
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


def _year(instrument: Instrument, quote: Quote, today: dt.date) -> dict[str, str]:
    # The exchange keeps no prices of the year, so its ends are made up around the day's.
    base, kind = instrument.previous_close, instrument.kind
    highest = max(quote.high or quote.price, round_to_tick(base * 5 / 4, kind, up=False))
    lowest = min(quote.low or quote.price, round_to_tick(base * 2 / 3, kind, up=True))
    return {
        "oyr_hgst": directed(highest, base),
        "oyr_lwst": directed(lowest, base),
        "250hgst": directed(highest, base),
        "250lwst": directed(lowest, base),
        "250hgst_pric_dt": f"{today - dt.timedelta(days=40):%Y%m%d}",
        "250hgst_pric_pre_rt": signed_rate(percent_of(quote.price - highest, highest)),
        "250lwst_pric_dt": f"{today - dt.timedelta(days=200):%Y%m%d}",
        "250lwst_pric_pre_rt": signed_rate(percent_of(quote.price - lowest, lowest)),
    }


def _prices(instrument: Instrument, quote: Quote) -> dict[str, str]:
    base = instrument.previous_close
    return {
        "high_pric": directed(quote.high, base),
        "open_pric": directed(quote.open, base),
        "low_pric": directed(quote.low, base),
        "upl_pric": directed(instrument.upper_limit, base),
        "lst_pric": directed(instrument.lower_limit, base),
        "base_pric": whole(base),
        # The expectation of the opening auction: what stands here in the middle of a session is not known.
        "exp_cntr_pric": directed(quote.open, base),
        "exp_cntr_qty": "0",
        "cur_prc": directed(quote.price, base),
        "pre_sig": _direction(quote.price, base, instrument.lower_limit, instrument.upper_limit),
        "pred_pre": signed(quote.price - base),
        "flu_rt": signed_rate(percent_of(quote.price - base, base)),
        "trde_qty": whole(quote.volume or 0),
        "trde_pre": "-12.34",
    }


def _direction(price: Decimal, base: Decimal, lower: Decimal, upper: Decimal) -> str:
    if price == base:
        return "3"
    if price > base:
        return "1" if price >= upper else "2"
    return "4" if price <= lower else "5"


def instrument_info(branch: Branch, fields: Mapping[str, str]) -> Answer:
    """Answer ka10100: name, market and state of an instrument."""
    instrument = branch.instrument(fields["stk_cd"])
    kospi = instrument.market is Market.KOSPI
    fund = instrument.kind is Kind.FUND
    return {
        "code": instrument.symbol,
        "name": instrument.name,
        "listCount": padded(instrument.listed_shares, 16),
        "auditInfo": "정상",
        "regDay": "20000104",
        "lastPrice": padded(instrument.previous_close, 8),
        "state": "증거금100%",
        "marketCode": "8" if fund else "0" if kospi else "10",
        "marketName": "ETF" if fund else "거래소" if kospi else "코스닥",
        "upName": "",
        "upSizeName": "",
        "companyClassName": "",
        "orderWarning": "0",
        "nxtEnable": "Y" if instrument.nxt else "",
    }


_INVESTORS = {
    "ind_invsr": "individual",
    "orgn": "institution",
    "fnnc_invt": "financial_investment",
    "insrnc": "insurance",
    "invtrt": "investment_trust",
    "etc_fnnc": "other_finance",
    "bank": "bank",
    "penfnd_etc": "pension",
    "samo_fund": "private_fund",
    "natn": "government",
    "etc_corp": "other_corporation",
    "natfor": "resident_foreign",
}


def investors(branch: Branch, fields: Mapping[str, str]) -> Answer:
    """Answer ka10059: a row a day, newest first, from `dt` back. The figures are those of all venues together."""
    instrument, _ = branch.instrument_at(fields["stk_cd"])
    days = list(branch.exchange.investor_flow(instrument.symbol))
    until = day(fields["dt"])
    rows: list[tuple[int, dict[str, str]]] = []
    # The close before the oldest day is not known to the exchange: that day counts as unchanged.
    for before, flow in pairwise([days[0], *days] if days else []):
        if flow.date <= until:
            rows.append((flow.date.toordinal(), _day_row(instrument.kind, before, flow, fields)))
    return Listing("stk_invsr_orgn", rows[::-1], descending=True)


def _day_row(kind: Kind, before: InvestorFlow, flow: InvestorFlow, fields: Mapping[str, str]) -> dict[str, str]:
    close, base = flow.close or Decimal(0), before.close or Decimal(0)
    lower, upper = price_limits(base, kind)
    traded = [flow.individual, flow.foreign, flow.institution, flow.other_corporation]
    row = {
        "dt": f"{flow.date:%Y%m%d}",
        "cur_prc": directed(close, base),
        "pre_sig": _direction(close, base, lower, upper),
        "pred_pre": signed(close - base),
        "flu_rt": implied_rate(percent_of(close - base, base)),
        "acc_trde_qty": whole(sum((each.buy_quantity or 0 for each in traded), Decimal(0))),
        "acc_trde_prica": whole(sum((each.buy_amount or 0 for each in traded), Decimal(0)) / _MILLION),
        "ind_invsr": "",
        # Kiwoom's foreigners are without the resident ones, which stand under natfor.
        "frgnr_invsr": _figure(flow.foreign, fields, flow.resident_foreign),
    }
    return row | {name: _figure(getattr(flow, kind_name), fields) for name, kind_name in _INVESTORS.items()}


def _figure(flow: Flow, fields: Mapping[str, str], without: Flow | None = None) -> str:
    side = {"0": "net", "1": "buy", "2": "sell"}[fields["trde_tp"]]
    name = f"{side}_{'amount' if fields['amt_qty_tp'] == '1' else 'quantity'}"
    value: Decimal = getattr(flow, name) or Decimal(0)
    if without is not None:
        value -= getattr(without, name) or Decimal(0)
    # Amounts are in million won whatever unit_tp says. How thousands of shares are rounded is not known.
    unit = _MILLION if fields["amt_qty_tp"] == "1" else Decimal(fields["unit_tp"])
    return whole((value / unit).quantize(Decimal(1), ROUND_HALF_UP))
