"""Trading by kind of investor: ka10059."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal

from brokerkit.models import Flow, InvestorFlow
from brokerkit.words import SecurityType

from .calls import day
from .candles import sign_of_day
from .common import Branch, Content, Listing
from .numbers import directed, implied_rate, percent_of, signed, whole

_MILLION = Decimal(1_000_000)
_THOUSAND = Decimal(1_000)

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


def investors(branch: Branch, fields: Mapping[str, str]) -> Content:
    """Answer ka10059: a row a day, newest first, from `dt` back. The figures are those of all venues together."""
    instrument, _ = branch.instrument_at(fields["stk_cd"])
    days = branch.exchange.flow_days(instrument.symbol)
    until = bisect_right(days, day(fields["dt"]))

    def row(place: int) -> dict[str, str]:
        # The close before the oldest day is not known to the exchange: that day counts as unchanged.
        before, flow = (branch.exchange.flow_of(instrument.symbol, days[at]) for at in (max(place - 1, 0), place))
        assert before is not None and flow is not None  # noqa: PT018, S101 - all these days have one
        return _day_row(instrument.kind, before, flow, fields)

    rows = [(days[place].toordinal(), place) for place in range(until - 1, -1, -1)]
    return Listing("stk_invsr_orgn", rows, row, descending=True)


def _day_row(kind: SecurityType, before: InvestorFlow, flow: InvestorFlow, fields: Mapping[str, str]) -> dict[str, str]:
    close, base = flow.close or Decimal(0), before.close or Decimal(0)
    traded = [flow.individual, flow.foreign, flow.institution, flow.other_corporation]
    row = {
        "dt": f"{flow.date:%Y%m%d}",
        "cur_prc": directed(close, base),
        "pre_sig": sign_of_day(close, base, kind),
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
    if fields["amt_qty_tp"] == "2" and fields["unit_tp"] == "1":
        return whole(value)
    unit = _MILLION if fields["amt_qty_tp"] == "1" else _THOUSAND
    return whole((value / unit).quantize(Decimal(1), ROUND_HALF_UP))
