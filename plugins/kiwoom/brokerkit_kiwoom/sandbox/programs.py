"""Programme trading: ka90013 (a symbol by day), ka90010 (a market by day), ka90003 and ka90004 (lists of symbols)."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal

from brokerkit.models import Flow, FlowRank, ProgramTrading

from .candles import sign_of_day
from .common import Branch, Content, Listing
from .fields import day
from .numbers import directed, doubled, percent_of, sign_code, signed, signed_rate, whole

_MILLION = Decimal(1_000_000)
_THOUSAND = Decimal(1_000)
_TOP = 50


def millions(value: Decimal | None) -> Decimal:
    """Return an amount in million won."""
    return ((value or Decimal(0)) / _MILLION).quantize(Decimal(1), ROUND_HALF_UP)


def _thousands(value: Decimal | None) -> Decimal:
    return ((value or Decimal(0)) / _THOUSAND).quantize(Decimal(1), ROUND_HALF_UP)


def by_symbol(branch: Branch, fields: Mapping[str, str]) -> Content:
    """Answer ka90013: a row a day, newest first, back from `date`, with amounts and quantities whatever is asked."""
    instrument, _ = branch.instrument_at(fields["stk_cd"])
    days = branch.exchange.investors.program_days(instrument.symbol)
    until = bisect_right(days, day(fields["date"])) if fields["date"] else len(days)

    def row(place: int) -> dict[str, str]:
        investors = branch.exchange.investors
        before, program = (investors.program(instrument.symbol, days[at]) for at in (max(place - 1, 0), place))
        assert before is not None and program is not None  # noqa: PT018, S101 - all these days have one
        return _symbol_row(branch, instrument.symbol, before, program)

    rows = [(days[place].toordinal(), place) for place in range(until - 1, -1, -1)]
    return Listing("stk_daly_prm_trde_trnsn", rows, row, descending=True)


def _symbol_row(branch: Branch, symbol: str, before: ProgramTrading, program: ProgramTrading) -> dict[str, str]:
    flows = [branch.exchange.flow_of(symbol, each.date) for each in (before, program)]
    base, close = (flow.close or Decimal(0) if flow else Decimal(0) for flow in flows)
    total, last = program.total, before.total
    traded = flows[1]
    kinds = (traded.individual, traded.foreign, traded.institution, traded.other_corporation) if traded else ()
    return {
        "dt": f"{program.date:%Y%m%d}",
        "cur_prc": directed(close, base),
        "pre_sig": sign_of_day(close, base, branch.exchange.instruments[symbol].kind),
        "pred_pre": signed(close - base),
        "flu_rt": signed_rate(percent_of(close - base, base)),
        "trde_qty": whole(sum((each.buy_quantity or 0 for each in kinds), Decimal(0))),
        "prm_sell_amt": whole(millions(total.sell_amount)),
        "prm_buy_amt": whole(millions(total.buy_amount)),
        "prm_netprps_amt": doubled(millions(total.net_amount)),
        "prm_netprps_amt_irds": doubled(millions(total.net_amount) - millions(last.net_amount)),
        "prm_sell_qty": whole(total.sell_quantity or 0),
        "prm_buy_qty": whole(total.buy_quantity or 0),
        "prm_netprps_qty": doubled(total.net_quantity or 0),
        "prm_netprps_qty_irds": doubled((total.net_quantity or 0) - (last.net_quantity or 0)),
        "base_pric_tm": "",
        "dbrt_trde_rpy_sum": "",
        "remn_rcvord_sum": "",
        "stex_tp": "KRX",
    }


_MARKETS = {"P00101": "KOSPI", "P001_NX01": "KOSPI", "P001_AL01": "KOSPI"} | dict.fromkeys(
    ("P10102", "P101_NX02", "P101_AL02", "P001_AL02"), "KOSDAQ"
)


def by_market(branch: Branch, fields: Mapping[str, str]) -> Content:
    """Answer ka90010: a row a day, newest first, back from `date`, in million won and thousand shares."""
    market, until = _MARKETS[fields["mrkt_tp"]], day(fields["date"])
    investors = branch.exchange.investors
    days = [each for each in investors.program_days(market) if each <= until]
    closes = {
        each.time.date(): each.close
        for each in branch.exchange.indices.daily_candles("INDEX:KOSPI200", days=len(days) + 60)
    }

    def row(each: dt.date) -> dict[str, str]:
        program = investors.program(market, each)
        assert program is not None  # noqa: S101 - the day is one of those that have one
        return _market_row(program, closes[each], closes[max((one for one in closes if one < each), default=each)])

    return Listing("prm_trde_trnsn", [(each.toordinal(), each) for each in reversed(days)], row, descending=True)


def _market_row(program: ProgramTrading, index: Decimal, base: Decimal) -> dict[str, str]:
    arbitrage, other, total = program.arbitrage, program.non_arbitrage, program.total
    return {
        "cntr_tm": f"{program.date:%Y%m%d}000000",
        **_amounts("dfrt_trde", arbitrage),
        **_amounts("ndiffpro_trde", other),
        **_quantities("dfrt_trde", arbitrage),
        **_quantities("ndiffpro_trde", other),
        **_amounts("all", total),
        "kospi200": directed(index * 100, base * 100),
        # What futures are worth is not played.
        "basis": "0.00",
    }


def _amounts(name: str, flow: Flow) -> dict[str, str]:
    return {
        f"{name}_sel": whole(millions(flow.sell_amount)),
        f"{name}_buy": whole(millions(flow.buy_amount)),
        f"{name}_netprps": signed(millions(flow.net_amount)),
    }


def _quantities(name: str, flow: Flow) -> dict[str, str]:
    return {
        f"{name}_sell_qty": whole(_thousands(flow.sell_quantity)),
        f"{name}_buy_qty": whole(_thousands(flow.buy_quantity)),
        f"{name}_netprps_qty": signed(_thousands(flow.net_quantity)),
    }


def top(branch: Branch, fields: Mapping[str, str]) -> Content:
    """Answer ka90003: fifty symbols that programmes bought or sold most so far today."""
    found = branch.exchange.investors.program_ranks(_MARKETS[fields["mrkt_tp"]], sold=fields["trde_upper_tp"] == "1")
    return Listing("prm_netprps_upper_50", list(enumerate(found[:_TOP])), lambda rank: _top_row(branch, rank))


def _top_row(branch: Branch, rank: FlowRank) -> dict[str, str]:
    quote = branch.exchange.quote(rank.symbol)
    base = quote.previous_close or Decimal(0)
    return {
        "rank": str(rank.rank),
        "stk_cd": rank.symbol,
        "stk_nm": rank.name or "",
        "cur_prc": directed(quote.price, base),
        "flu_sig": sign_code(quote.price, base),
        "pred_pre": signed(quote.price - base),
        "flu_rt": signed_rate(percent_of(quote.price - base, base)),
        "acc_trde_qty": whole(quote.volume or 0),
        "prm_sell_amt": whole(millions(rank.flow.sell_amount)),
        "prm_buy_amt": whole(millions(rank.flow.buy_amount)),
        "prm_netprps_amt": signed(millions(rank.flow.net_amount)),
    }


def listed(branch: Branch, fields: Mapping[str, str]) -> Content:
    """Answer ka90004: all symbols of a market on a day, in thousand shares and million won."""
    market, wanted = _MARKETS[fields["mrkt_tp"]], day(fields["dt"])
    investors = branch.exchange.investors
    ranks = [*investors.program_ranks(market, wanted), *investors.program_ranks(market, wanted, sold=True)]
    ranks.sort(key=lambda rank: rank.symbol)
    total = [_total(ranks, name) for name in ("buy_quantity", "buy_amount", "sell_quantity", "sell_amount")]
    head = {
        "tot_1": whole(_thousands(total[0])),
        "tot_2": whole(millions(total[1])),
        "tot_3": whole(_thousands(total[2])),
        "tot_4": whole(millions(total[3])),
        "tot_5": signed(millions(total[1] - total[3])),
        "tot_6": "",
    }
    return Listing("stk_prm_trde_prst", list(enumerate(ranks)), lambda rank: _listed_row(branch, rank), head)


def _total(ranks: Iterable[FlowRank], name: str) -> Decimal:
    return sum((getattr(each.flow, name) or Decimal(0) for each in ranks), Decimal(0))


def _listed_row(branch: Branch, rank: FlowRank) -> dict[str, str]:
    quote = branch.exchange.quote(rank.symbol)
    base, flow = quote.previous_close or Decimal(0), rank.flow
    return {
        "stk_cd": rank.symbol,
        "stk_nm": rank.name or "",
        "cur_prc": directed(quote.price, base),
        "flu_sig": sign_code(quote.price, base),
        "pred_pre": signed(quote.price - base),
        "buy_cntr_qty": whole(_thousands(flow.buy_quantity)),
        "buy_cntr_amt": whole(millions(flow.buy_amount)),
        "sel_cntr_qty": whole(_thousands(flow.sell_quantity)),
        "sel_cntr_amt": whole(millions(flow.sell_amount)),
        "netprps_prica": signed(millions(flow.net_amount)),
        # Of what this is a part is not told.
        "all_trde_rt": "+0.00",
    }
