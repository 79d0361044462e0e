"""Trading by kind of investor: ka10059 (days), ka10061 (a period), ka10051 (markets), ka10064 (estimates), ka10058."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal

from brokerkit.models import Flow, FlowRank, InvestorFlow, InvestorFlowEstimate, MarketInvestorFlow
from brokerkit.sandbox.investors import MARKET_DAYS, total_of
from brokerkit.words import Investor, SecurityType

from .candles import sign_of_day
from .common import Branch, Content, Listing
from .fields import day
from .numbers import directed, doubled, implied_rate, percent_of, sign_code, signed, signed_rate, whole

_MILLION = Decimal(1_000_000)
_THOUSAND = Decimal(1_000)
_HUNDRED_MILLION = Decimal(100_000_000)

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


def total(branch: Branch, fields: Mapping[str, str]) -> Content:
    """Answer ka10061: one row for all days from `strt_dt` to `end_dt`."""
    instrument, _ = branch.instrument_at(fields["stk_cd"])
    first, last = day(fields["strt_dt"]), day(fields["end_dt"])
    days = [each for each in branch.exchange.flow_days(instrument.symbol) if first <= each <= last]
    flows = [flow for each in days if (flow := branch.exchange.flow_of(instrument.symbol, each))]
    sums = total_of(flows)
    net = "net_amount" if fields["amt_qty_tp"] == "1" else "net_quantity"
    unit = _MILLION if fields["amt_qty_tp"] == "1" else Decimal(fields["unit_tp"])
    nothing = Flow(net_quantity=Decimal(0), net_amount=Decimal(0))

    def figure(kind: str) -> Decimal:
        value: Decimal = getattr(sums.get(kind, nothing), net)
        return (value / unit).quantize(Decimal(1), ROUND_HALF_UP)

    row = {name: doubled(figure(kind)) for name, kind in _INVESTORS.items()}
    foreign = doubled(figure("foreign") - figure("resident_foreign"))
    ordered = {"ind_invsr": row["ind_invsr"], "frgnr_invsr": foreign, **row}
    return Listing("stk_invsr_orgn_tot", [(0, ordered)], lambda each: each)


_MARKETS = {"0": ("KOSPI", "001"), "1": ("KOSDAQ", "101")}
_MARKET_COLUMNS = {
    "sc_netprps": "financial_investment",
    "insrnc_netprps": "insurance",
    "invtrt_netprps": "investment_trust",
    "bank_netprps": "bank",
    "jnsinkm_netprps": "other_finance",
    "endw_netprps": "pension",
    "etc_corp_netprps": "other_corporation",
    "ind_netprps": "individual",
    "frgnr_netprps": "foreign",
    "native_trmt_frgnr_netprps": "resident_foreign",
    "natn_netprps": "government",
    "samo_fund_netprps": "private_fund",
    "orgn_netprps": "institution",
}


def market(branch: Branch, fields: Mapping[str, str]) -> Content:
    """Answer ka10051: a market on a day, or on the last one before it that is known.

    The market stands in the first row. Its sectors, which follow at Kiwoom, are not played.
    """
    name, code = _MARKETS[fields["mrkt_tp"]]
    investors = branch.exchange.investors
    wanted = day(fields["base_dt"]) if fields["base_dt"] else branch.exchange.today
    known = [each for each in investors.market_days(name) if each <= wanted]
    flow = investors.market_flow(name, known[-1]) if known else None
    rows = [] if flow is None else [(0, _market_row(branch, flow, code, fields))]
    return Listing("inds_netprps", rows, lambda row: row)


def _market_row(branch: Branch, flow: MarketInvestorFlow, code: str, fields: Mapping[str, str]) -> dict[str, str]:
    in_amounts = fields["amt_qty_tp"] == "0"
    net, unit = ("net_amount", _HUNDRED_MILLION) if in_amounts else ("net_quantity", _THOUSAND)

    def figure(kind: str) -> Decimal:
        value: Decimal = getattr(getattr(flow, kind), net)
        if kind == "foreign":
            value -= getattr(flow.resident_foreign, net)
        return (value / unit).quantize(Decimal(1), ROUND_HALF_UP)

    candles = branch.exchange.indices.daily_candles(f"INDEX:{flow.market}", days=MARKET_DAYS + 2)
    place = next(at for at, each in enumerate(candles) if each.time.date() == flow.date)
    close, base = candles[place].close, candles[max(place - 1, 0)].close
    bought = flow.individual, flow.foreign, flow.institution, flow.other_corporation
    return {
        "inds_cd": f"{code}_AL" if fields["stex_tp"] == "3" else code,
        "inds_nm": f"종합({flow.market})",
        # Hundredths without their point, as in the example; the page promises decimals.
        "cur_prc": directed(close * 100, base * 100),
        "pre_smbol": sign_code(close, base),
        "pred_pre": signed((close - base) * 100),
        "flu_rt": implied_rate(percent_of(close - base, base)),
        "trde_qty": whole(sum((each.buy_quantity or 0 for each in bought), Decimal(0))),
        **{name: signed(figure(kind)) for name, kind in _MARKET_COLUMNS.items()},
    }


def estimates(branch: Branch, fields: Mapping[str, str]) -> Content:
    """Answer ka10064: what was estimated so far today, oldest first. Purchases and sales apart are not played."""
    instrument, _ = branch.instrument_at(fields["stk_cd"])
    in_amounts = fields["amt_qty_tp"] == "1"

    def row(estimate: InvestorFlowEstimate) -> dict[str, str]:
        kinds = {
            "frgnr_invsr": estimate.foreign,
            "orgn": estimate.institution,
            "invtrt": estimate.investment_trust,
            "insrnc": estimate.insurance,
            "bank": estimate.bank,
            "penfnd_etc": estimate.pension,
            "etc_corp": estimate.other_corporation,
            "natn": estimate.government,
        }
        told = {
            name: (flow.net_amount or Decimal(0)) / _MILLION if in_amounts else flow.net_quantity or Decimal(0)
            for name, flow in kinds.items()
        }
        return {"tm": f"{estimate.time:%H%M%S}", **{name: signed(value) for name, value in told.items()}}

    rows = branch.exchange.investors.estimates(instrument.symbol)
    return Listing("opmr_invsr_trde_chart", list(enumerate(rows)), row)


_INVESTOR_CODES = {
    "8000": Investor.INDIVIDUAL,
    "9000": Investor.FOREIGN,
    "1000": Investor.FINANCIAL_INVESTMENT,
    "3000": Investor.INVESTMENT_TRUST,
    "3100": Investor.PRIVATE_FUND,
    "5000": Investor.OTHER_FINANCE,
    "4000": Investor.BANK,
    "2000": Investor.INSURANCE,
    "6000": Investor.PENSION,
    "7000": Investor.GOVERNMENT,
    "7100": Investor.OTHER_CORPORATION,
    "9999": Investor.INSTITUTION,
}


def ranks(branch: Branch, fields: Mapping[str, str]) -> Content:
    """Answer ka10058: the stocks of a market that a kind of investor bought or sold most in a period."""
    sold = fields["trde_tp"] == "1"
    found = branch.exchange.investors.ranks(
        _INVESTOR_CODES[fields["invsr_tp"]],
        day(fields["strt_dt"]),
        day(fields["end_dt"]),
        {"001": "KOSPI", "101": "KOSDAQ"}[fields["mrkt_tp"]],
        sold=sold,
    )
    return Listing("invsr_daly_trde_stk", list(enumerate(found)), lambda rank: _rank_row(branch, rank, fields))


def _rank_row(branch: Branch, rank: FlowRank, fields: Mapping[str, str]) -> dict[str, str]:
    quote = branch.exchange.quote(rank.symbol)
    base = quote.previous_close or Decimal(0)
    quantity, amount = rank.flow.net_quantity or Decimal(0), rank.flow.net_amount or Decimal(0)
    average = abs(amount / quantity).quantize(Decimal(1)) if quantity else Decimal(0)
    return {
        "stk_cd": f"{rank.symbol}_AL" if fields["stex_tp"] == "3" else rank.symbol,
        "stk_nm": rank.name or "",
        "netslmt_qty": signed(quantity),
        "netslmt_amt": signed(amount),
        "prsm_avg_pric": whole(average),
        "cur_prc": directed(quote.price, base),
        "pre_sig": sign_code(quote.price, base),
        "pred_pre": signed(quote.price - base),
        "avg_pric_pre": doubled(quote.price - average),
        "pre_rt": signed_rate(percent_of(quote.price - average, average)),
        "dt_trde_qty": whole(quote.volume or Decimal(0)),
    }
