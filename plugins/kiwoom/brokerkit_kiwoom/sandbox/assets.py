"""What an account is worth, and what is paid into it: ka01690, kt00002, kt00003, kt00008, kt00016, kt00017.

The exchange keeps no value of an earlier day: where one is asked for there is none.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from brokerkit.sandbox.days import KOREA
from brokerkit.sandbox.exchange import AccountState, ExchangeOrder, Execution
from brokerkit.sandbox.ledger import CashKind, filled
from brokerkit.words import Side

from .common import Branch, Content, Listing
from .fields import day
from .lists import SIDE_NAMES
from .numbers import padded, percent_of, whole
from .valuation import Portfolio, Valued, portfolio_of

_NOTHING = Decimal(0)
_TENTH = Decimal("0.1")


def estimate(branch: Branch, _fields: Mapping[str, str]) -> Content:
    """Answer kt00003: cash after all settlements, and what the holdings are worth."""
    return {"prsm_dpst_aset_amt": padded(_worth(portfolio_of(branch)), 12)}


def _worth(portfolio: Portfolio) -> Decimal:
    return portfolio.state.cash_d2 + portfolio.value


def by_days(branch: Branch, fields: Mapping[str, str]) -> Content:
    """Answer kt00002, of which only today is known."""
    today, rows = branch.exchange.today, []
    if day(fields["start_dt"]) <= today <= day(fields["end_dt"]):
        portfolio, nothing = portfolio_of(branch), padded(0, 12)
        rows = [
            {
                "dt": f"{today:%Y%m%d}",
                "entr": padded(portfolio.state.cash, 12),
                **dict.fromkeys(("grnt_use_amt", "crd_loan", "ls_grnt", "repl_amt"), nothing),
                **dict.fromkeys(("prsm_dpst_aset_amt", "prsm_dpst_aset_amt_bncr_skip"), padded(_worth(portfolio), 12)),
            }
        ]
    return {"daly_prsm_dpst_aset_amt_prst": rows}


def of_a_day(branch: Branch, fields: Mapping[str, str]) -> Content:
    """Answer ka01690: holdings of a day with their weights. Only today is known."""
    asked, portfolio = day(fields["qry_dt"]), portfolio_of(branch)
    if asked != branch.exchange.today:
        portfolio = Portfolio(_emptied(portfolio.state), [])
    worth = _worth(portfolio)
    head = {
        "dt": fields["qry_dt"],
        "tot_buy_amt": whole(portfolio.cost),
        "tot_evlt_amt": whole(portfolio.value),
        "tot_evltv_prft": whole(portfolio.profit),
        "tot_prft_rt": f"{percent_of(portfolio.profit, portfolio.cost)}",
        "dbst_bal": whole(portfolio.state.cash),
        "day_stk_asst": whole(worth),
        "buy_wght": f"{percent_of(portfolio.state.cash_d2, worth)}",
    }
    return Listing("day_bal_rt", portfolio.held, lambda each: _weighed(portfolio, each), head)


def _emptied(state: AccountState) -> AccountState:
    return replace(state, cash=_NOTHING, cash_d1=_NOTHING, cash_d2=_NOTHING, orderable=_NOTHING, holdings=())


def _weighed(portfolio: Portfolio, valued: Valued) -> dict[str, str]:
    holding = valued.holding
    return {
        "cur_prc": whole(holding.price),
        "stk_cd": holding.symbol,
        "stk_nm": holding.name,
        "rmnd_qty": whole(holding.quantity),
        "buy_uv": whole(holding.average),
        "buy_wght": f"{percent_of(holding.cost, portfolio.cost, _TENTH)}",
        "evltv_prft": whole(valued.profit),
        "prft_rt": f"{percent_of(valued.profit, holding.cost)}",
        "evlt_amt": whole(holding.market_value),
        "evlt_wght": f"{percent_of(holding.market_value, portfolio.value, _TENTH)}",
    }


def settlements(branch: Branch, fields: Mapping[str, str]) -> Content:
    """Answer kt00008: what is settled on the next trading day, which was traded on the last one. Each fill is a row."""
    (traded_on,) = KOREA.days_before(branch.exchange.today, 1)
    fills = list(filled(branch.exchange.history(branch.account, traded_on, traded_on)))
    sums = {side: sum((_settled(*each) for each in fills if each[0].request.side is side), _NOTHING) for side in Side}
    head = {
        "trde_dt": f"{traded_on:%Y%m%d}",
        "setl_dt": f"{KOREA.next_day(branch.exchange.today):%Y%m%d}",
        "sell_amt_sum": padded(sums[Side.SELL], 12),
        "buy_amt_sum": padded(sums[Side.BUY], 12),
    }
    first = int(fields["strt_dcd_seq"] or 0)
    rows = [(number, (number, *each)) for number, each in enumerate(fills, start=1) if number >= first]
    return Listing("acnt_nxdy_setl_frcs_prps_array", rows, lambda each: _settlement(branch, *each), head)


def _settled(order: ExchangeOrder, fill: Execution) -> Decimal:
    amount = fill.price * fill.quantity
    costs = fill.commission + fill.tax
    return amount - costs if order.request.side is Side.SELL else amount + costs


def _settlement(branch: Branch, number: int, order: ExchangeOrder, fill: Execution) -> dict[str, str]:
    side = SIDE_NAMES[order.request.side]
    return {
        "seq": f"{number:07d}",
        "stk_cd": branch.prefixed(order.request.symbol),
        "loan_dt": "",
        "qty": padded(fill.quantity, 12),
        "engg_amt": padded(fill.price * fill.quantity, 12),
        "cmsn": padded(fill.commission, 12),
        "stk_nm": branch.exchange.instruments[order.request.symbol].name,
        "sell_tp": side,
        "unp": padded(fill.price, 12),
        "exct_amt": padded(_settled(order, fill), 12),
        # Both parts of the tax stand in one sum, as in the example.
        "trde_tax": padded(fill.tax, 12),
        **dict.fromkeys(("incm_tax", "rstx", "resi_tax"), padded(0, 12)),
        "crd_tp": f"현금{side} K",
    }


_AT_BOTH_ENDS = """
    entr scrt_evlt_amt ls_grnt crd_loan ch_uncla krw_asgna ls_evlta rght_evlta loan_amt etc_loana crd_int_npay_gold
    crd_int tot_amt
"""
"""Amounts of kt00016 that it tells of the first and of the last day."""


def of_a_span(branch: Branch, fields: Mapping[str, str]) -> Content:
    """Answer kt00016: cash at both ends, the holdings of today, and what was paid in and out between."""
    start, end = day(fields["fr_dt"]), day(fields["to_dt"])
    portfolio, now = portfolio_of(branch), end >= branch.exchange.today
    profit = portfolio.profit if now else _NOTHING
    value = portfolio.value if now else _NOTHING
    booked = branch.exchange.cash_lines(branch.account, dt.date.min, dt.date.max)
    before = next((each.balance for each in reversed(booked) if each.line.day < start), _NOTHING)
    after = next((each.balance for each in reversed(booked) if each.line.day <= end), _NOTHING)
    told = {
        "entr_fr": before,
        "tot_amt_fr": before,
        "entr_to": after,
        "scrt_evlt_amt_to": value,
        "tot_amt_to": after + value,
    }
    names = [f"{name}_{at}" for name in _AT_BOTH_ENDS.split() for at in ("fr", "to")]
    amounts = {name: told.get(name, _NOTHING) for name in names}
    moved = _paid(branch, start, end)
    amounts |= {"invt_bsamt": before, "evltv_prft": profit}
    amounts |= {"termin_tot_trns": moved[CashKind.DEPOSIT], "termin_tot_pymn": moved[CashKind.WITHDRAWAL]}
    amounts |= dict.fromkeys(("termin_tot_inq", "termin_tot_outq", "futr_repl_sella", "trst_repl_sella"), _NOTHING)
    return {
        **dict.fromkeys(("mang_empno", "mngr_nm", "dept_nm"), ""),
        **{name: padded(amount, 12) for name, amount in amounts.items()},
        "prft_rt": f"{percent_of(profit, portfolio.cost)}",
        "tern_rt": "0.00",
    }


def _paid(branch: Branch, start: dt.date, end: dt.date) -> dict[CashKind, Decimal]:
    lines = [each.line for each in branch.exchange.cash_lines(branch.account, start, end)]
    return {kind: sum((line.amount for line in lines if line.kind is kind), _NOTHING) for kind in CashKind}


def of_today(branch: Branch, _fields: Mapping[str, str]) -> Content:
    """Answer kt00017: where the account stands once everything is settled, and what was moved and traded today."""
    portfolio, today = portfolio_of(branch), branch.exchange.today
    traded, moved = branch.exchange.traded(branch.account, today, today), _paid(branch, today, today)
    known = {
        "d2_entra": portfolio.state.cash_d2,
        "gnrl_stk_evlt_amt_d2": portfolio.value,
        "ina_amt": moved[CashKind.DEPOSIT],
        "outa": moved[CashKind.WITHDRAWAL],
        "sell_amt": portfolio.state.sold_today,
        "buy_amt": portfolio.state.bought_today,
        "cmsn": sum((each.bought_commission + each.sold_commission for each in traded), _NOTHING),
        "tax": sum((each.tax for each in traded), _NOTHING),
    }
    return {name: padded(known.get(name, _NOTHING), 12) for name in _TODAY_FIELDS.split()}


_TODAY_FIELDS = """
    d2_entra crd_int_npay_gold etc_loana gnrl_stk_evlt_amt_d2 dpst_grnt_use_amt_d2 crd_stk_evlt_amt_d2 crd_loan_d2
    crd_loan_evlta_d2 crd_ls_grnt_d2 crd_ls_evlta_d2 ina_amt outa inq_amt outq_amt sell_amt buy_amt cmsn tax
    stk_pur_cptal_loan_amt rp_evlt_amt bd_evlt_amt elsevlt_amt crd_int_amt sel_prica_grnt_loan_int_amt_amt dvida_amt
"""
"""Amounts of kt00017 in the order of Kiwoom's page."""
