"""Answers about the account: ka00001 (its number), kt00001 (cash), kt00018 (holdings)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal

from brokerkit.models import Side
from brokerkit.sandbox.exchange import AccountState, Holding

from .common import Answer, Branch, Listing
from .numbers import padded, padded_rate, percent_of

_NOTHING = padded(0)

_CASH_FIELDS = """
    entr profa_ch bncr_profa_ch nxdy_bncr_sell_exct fc_stk_krw_repl_set_amt crd_grnta_ch crd_grnt_ch add_grnt_ch
    etc_profa uncl_stk_amt shrts_prica crd_set_grnta chck_ina_amt etc_chck_ina_amt crd_grnt_ruse knx_asset_evltv
    elwdpst_evlta crd_ls_rght_frcs_amt lvlh_join_amt lvlh_trns_alowa repl_amt remn_repl_evlta trst_remn_repl_evlta
    bncr_remn_repl_evlta profa_repl crd_grnta_repl crd_grnt_repl add_grnt_repl rght_repl_amt pymn_alow_amt
    wrap_pymn_alow_amt ord_alow_amt bncr_buy_alowa 20stk_ord_alow_amt 30stk_ord_alow_amt 40stk_ord_alow_amt
    100stk_ord_alow_amt ch_uncla ch_uncla_dlfe ch_uncla_tot crd_int_npay int_npay_amt_dlfe int_npay_amt_tot
    etc_loana etc_loana_dlfe etc_loan_tot nrpy_loan loan_sum ls_sum crd_grnt_rt mdstrm_usfe min_ord_alow_yn
    loan_remn_evlt_amt dpst_grntl_remn sell_grntl_remn d1_entra d1_slby_exct_amt d1_buy_exct_amt d1_out_rep_mor
    d1_sel_exct_amt d1_pymn_alow_amt d2_entra d2_slby_exct_amt d2_buy_exct_amt d2_out_rep_mor d2_sel_exct_amt
    d2_pymn_alow_amt 50stk_ord_alow_amt 60stk_ord_alow_amt
"""
"""The won amounts of kt00001 in the order of Kiwoom's page (and one rate among them)."""


def number(branch: Branch, _fields: Mapping[str, str]) -> Answer:
    """Answer ka00001: the account that the token belongs to."""
    return {"acctNo": branch.account}


def cash(branch: Branch, _fields: Mapping[str, str]) -> Answer:
    """Answer kt00001. How the estimate (qry_tp 3) differs from the normal query is not known: both answer alike."""
    state = branch.exchange.account(branch.account)
    amounts = _cash_amounts(state) | _settlements(branch, state)
    body: dict[str, object] = {name: padded(amounts.get(name, Decimal(0))) for name in _CASH_FIELDS.split()}
    body["crd_grnt_rt"] = _rate(branch, Decimal("0.00"))
    return body | {"stk_entr_prst": []}


def _cash_amounts(state: AccountState) -> dict[str, Decimal]:
    with_margin = {
        f"{percent}stk_ord_alow_amt": (state.orderable * 100 / percent).quantize(Decimal(1), ROUND_HALF_UP)
        for percent in (20, 30, 40, 50, 60, 100)
    }
    return with_margin | {
        "entr": state.cash,
        "profa_ch": state.cash_d2 - state.orderable,
        "pymn_alow_amt": state.withdrawable,
        "ord_alow_amt": state.orderable,
        "bncr_buy_alowa": state.orderable,
    }


def _settlements(branch: Branch, state: AccountState) -> dict[str, Decimal]:
    fees = Decimal(0)
    for order in branch.exchange.orders(branch.account):
        if order.request.side is Side.BUY:
            fees += branch.order_costs(order)[0]
    first, second = state.cash_d1 - state.cash, state.cash_d2 - state.cash_d1
    bought = state.bought_today + fees
    nothing = Decimal(0)
    return {
        "d1_entra": state.cash_d1,
        "d1_slby_exct_amt": first,
        "d1_buy_exct_amt": max(-first, nothing),
        "d1_sel_exct_amt": max(first, nothing),
        "d1_pymn_alow_amt": max(min(state.cash_d1, state.cash_d2), nothing),
        "d2_entra": state.cash_d2,
        "d2_slby_exct_amt": second,
        "d2_buy_exct_amt": bought,
        "d2_sel_exct_amt": second + bought,
        "d2_pymn_alow_amt": max(state.cash_d2, nothing),
    }


def holdings(branch: Branch, _fields: Mapping[str, str]) -> Answer:
    """Answer kt00018, one row per symbol whatever qry_tp says: nothing here is held on a loan.

    Whether a row of quantity 0 stays for what was sold today is not known; it is left out.
    """
    state = branch.exchange.account(branch.account)
    held = [holding for holding in state.holdings if holding.quantity > 0]
    cost = sum((holding.cost for holding in held), Decimal(0))
    value = sum((holding.market_value for holding in held), Decimal(0))
    profit = sum((_net_profit(branch, holding) for holding in held), Decimal(0))
    head = {
        "tot_pur_amt": padded(cost),
        "tot_evlt_amt": padded(value),
        "tot_evlt_pl": padded(profit),
        "tot_prft_rt": _rate(branch, percent_of(profit, cost)),
        "prsm_dpst_aset_amt": padded(state.cash_d2 + value),
        "tot_loan_amt": _NOTHING,
        "tot_crd_loan_amt": _NOTHING,
        "tot_crd_ls_amt": _NOTHING,
    }
    rows = [(position, _holding_row(branch, holding, cost)) for position, holding in enumerate(held)]
    return Listing("acnt_evlt_remn_indv_tot", rows, head)


def _fees(branch: Branch, holding: Holding) -> tuple[Decimal, Decimal, Decimal]:
    tax = branch.tax(holding.symbol, holding.market_value)
    return branch.commission(holding.cost), branch.commission(holding.market_value), tax


def _net_profit(branch: Branch, holding: Holding) -> Decimal:
    return holding.market_value - holding.cost - sum(_fees(branch, holding), Decimal(0))


def _holding_row(branch: Branch, holding: Holding, total_cost: Decimal) -> dict[str, str]:
    bought, sold, tax = _fees(branch, holding)
    profit = _net_profit(branch, holding)
    instrument = branch.exchange.instruments[holding.symbol]
    return {
        "stk_cd": f"A{holding.symbol}",
        "stk_nm": holding.name,
        "evltv_prft": padded(profit),
        "prft_rt": _rate(branch, percent_of(profit, holding.cost)),
        "pur_pric": padded(holding.average),
        "pred_close_pric": padded(instrument.previous_close, 12),
        "rmnd_qty": padded(holding.quantity),
        "trde_able_qty": padded(holding.sellable),
        "cur_prc": padded(holding.price, 12),
        "pred_buyq": _NOTHING,
        "pred_sellq": _NOTHING,
        "tdy_buyq": padded(holding.today_bought),
        "tdy_sellq": padded(holding.today_sold),
        "pur_amt": padded(holding.cost),
        "pur_cmsn": padded(bought),
        "evlt_amt": padded(holding.market_value),
        "sell_cmsn": padded(sold),
        "tax": padded(tax),
        "sum_cmsn": padded(bought + sold),
        "poss_rt": _rate(branch, percent_of(holding.cost, total_cost)),
        "crd_tp": "00",
        "crd_tp_nm": "",
        "crd_loan_dt": "",
    }


def _rate(branch: Branch, rate: Decimal) -> str:
    return padded_rate(rate) if branch.demo else f"{rate:.2f}"
