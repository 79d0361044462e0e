"""Answers about the account: ka00001 (its number), kt00001 (cash), kt00010 to kt00013 (what can be ordered)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal

from brokerkit.sandbox.exchange import AccountState
from brokerkit.words import Side

from .common import Branch, Content
from .numbers import padded, padded_rate

MARGIN_RATES = (20, 30, 40, 50, 60, 100)
"""Percent of its value that an order needs, by the class of the symbol."""

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


def number(branch: Branch, _fields: Mapping[str, str]) -> Content:
    """Answer ka00001: the account that the token belongs to."""
    return {"acctNo": branch.account}


def cash(branch: Branch, _fields: Mapping[str, str]) -> Content:
    """Answer kt00001. How the estimate (qry_tp 3) differs from the normal query is not known: both answer alike."""
    state = branch.exchange.account(branch.account)
    amounts = _cash_amounts(state) | _settlements(branch, state)
    body: dict[str, object] = {name: padded(amounts.get(name, Decimal(0))) for name in _CASH_FIELDS.split()}
    body["crd_grnt_rt"] = rate_text(branch, Decimal("0.00"))
    return body | {"stk_entr_prst": []}


def _cash_amounts(state: AccountState) -> dict[str, Decimal]:
    with_margin = {f"{percent}stk_ord_alow_amt": with_margin_of(state, percent) for percent in MARGIN_RATES}
    return with_margin | {
        "entr": state.cash,
        "profa_ch": state.cash_d2 - state.orderable,
        "pymn_alow_amt": state.withdrawable,
        "ord_alow_amt": state.orderable,
        "bncr_buy_alowa": state.orderable,
    }


def _settlements(branch: Branch, state: AccountState) -> dict[str, Decimal]:
    fees = _buy_fees(branch, state)
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


def _buy_fees(branch: Branch, state: AccountState) -> Decimal:
    """Return today's commission on buys. The orders are only gone through after a new fill."""
    traded = (state.bought_today, state.sold_today, state.fees_today)
    known = branch.memory.get(("fees", branch.account))
    if known is None or known[0] != traded:
        buys = [each for each in branch.exchange.orders(branch.account) if each.request.side is Side.BUY]
        known = (traded, sum((branch.order_costs(order)[0] for order in buys), Decimal(0)))
        branch.memory["fees", branch.account] = known
    fees: Decimal = known[1]
    return fees


def with_margin_of(state: AccountState, percent: int) -> Decimal:
    """Return what can be ordered of symbols that need only a part of their value as margin."""
    return (max(state.orderable, Decimal(0)) * 100 / percent).quantize(Decimal(1), ROUND_HALF_UP)


def rate_text(branch: Branch, rate: Decimal) -> str:
    """Write a rate, padded by the demo host."""
    return padded_rate(rate) if branch.demo else str(rate)


def orderable(branch: Branch, fields: Mapping[str, str]) -> Content:
    """Answer kt00010: what can be bought at a price, and what an order of a quantity would cost.

    What it tells of a sale is not known: here the same, as its fields are all about buying. What io_amt and
    exp_buy_unp change is not known either: they are taken and change nothing. A price of 0 counts as the upper limit.
    """
    symbol = branch.instrument(fields["stk_cd"]).symbol
    state = branch.exchange.account(branch.account)
    price = Decimal(fields["uv"]) or branch.exchange.instruments[symbol].upper_limit
    spent = price * Decimal(fields["trde_qty"] or 0)
    commission = branch.commission(spent)
    amounts = {
        # The reuse of sums that are not settled yet is not told apart: it is within ord_alowa.
        "pred_reu_alowa": Decimal(0),
        "tdy_reu_alowa": Decimal(0),
        "entr": state.cash,
        "repl_amt": Decimal(0),
        "uncla": Decimal(0),
        "ord_pos_repl": Decimal(0),
        "ord_alowa": state.orderable,
        "wthd_alowa": state.withdrawable,
        "nxdy_wthd_alowa": max(min(state.cash_d1, state.cash_d2), Decimal(0)),
        "pur_amt": spent,
        "cmsn": commission,
        "pur_exct_amt": spent + commission,
        "d2entra": state.cash_d2,
    }
    body = _by_margin(branch, state, price, affordable=branch.exchange.affordable(branch.account, symbol, price))
    return body | {name: padded(amount, 12) for name, amount in amounts.items()} | {"profa_rdex_aplc_tp": "0"}


def _by_margin(branch: Branch, state: AccountState, price: Decimal, *, affordable: Decimal) -> dict[str, object]:
    body: dict[str, object] = {}
    for percent in MARGIN_RATES:
        amount = with_margin_of(state, percent)
        shares = affordable if percent == 100 else _shares(branch, amount, price)
        for kind in ("", "rdex_") if percent == 60 else ("",):
            body[f"profa_{kind}{percent}ord_alow_amt"] = padded(amount, 12)
            body[f"profa_{kind}{percent}ord_alowq"] = padded(shares, 10)
    return body


def _shares(branch: Branch, amount: Decimal, price: Decimal) -> Decimal:
    # The commission is due on the whole value, however small the margin.
    return amount // (price * (1 + branch.costs.commission_rate))


def by_margin_rate(branch: Branch, fields: Mapping[str, str]) -> Content:
    """Answer kt00011: what can be ordered by the margin that a symbol needs. All symbols here need all of it."""
    state, price = branch.exchange.account(branch.account), _price(branch, fields)
    affordable = _affordable(branch, fields, price)
    body = dict.fromkeys(("stk_profa_rt", "profa_rt", "aplc_rt"), "100%")
    for percent in MARGIN_RATES:
        amount = with_margin_of(state, percent)
        shares = affordable if percent == 100 or not price else _shares(branch, amount, price)
        body |= _ways(f"profa_{percent}", amount, shares)
    return {**body, **_ways("min_", state.orderable, affordable), **_funds(state)}


def on_credit(branch: Branch, fields: Mapping[str, str]) -> Content:
    """Answer kt00012. Orders on credit are paid for here, so no more can be ordered than without it."""
    state, price = branch.exchange.account(branch.account), _price(branch, fields)
    affordable, nothing = _affordable(branch, fields, price), padded(0, 12)
    body = {"stk_assr_rt": "", "stk_assr_rt_nm": "100%"}
    for percent in (30, 40, 50, 60):
        body |= _ways(f"assr_{percent}", state.orderable, affordable)
    return {
        **body,
        **_funds(state),
        "out_alowa": nothing,
        "out_pos_qty": nothing,
        "min_amt": padded(state.orderable, 12),
        "min_qty": padded(affordable, 12),
    }


def _price(branch: Branch, fields: Mapping[str, str]) -> Decimal:
    branch.instrument(fields["stk_cd"])
    return Decimal(fields["uv"] or 0)


def _affordable(branch: Branch, fields: Mapping[str, str], price: Decimal) -> Decimal:
    """Return how many shares the cash is enough for. Without a price the example of kt00012 has none."""
    return branch.exchange.affordable(branch.account, fields["stk_cd"], price) if price else Decimal(0)


def _ways(start: str, amount: Decimal, shares: Decimal) -> dict[str, str]:
    """Write what can be ordered in one way. The reuse of sums that are not settled yet is not told apart."""
    nothing = padded(0, 12)
    return {
        f"{start}ord_alow_amt": padded(amount, 12),
        f"{start}ord_alowq": padded(shares, 12),
        f"{start}pred_reu_amt": nothing,
        f"{start}tdy_reu_amt": nothing,
    }


def _funds(state: AccountState) -> dict[str, str]:
    return {
        "entr": padded(state.cash, 12),
        **dict.fromkeys(("repl_amt", "uncla", "ord_pos_repl"), padded(0, 12)),
        "ord_alowa": padded(state.orderable, 12),
    }


_MARGIN_FIELDS = """
    tdy_reu_objt_amt tdy_reu_use_amt tdy_reu_alowa tdy_reu_lmtt_amt tdy_reu_alowa_fin pred_reu_objt_amt
    pred_reu_use_amt pred_reu_alowa pred_reu_lmtt_amt pred_reu_alowa_fin ch_amt ch_profa use_pos_ch ch_use_lmtt_amt
    use_pos_ch_fin repl_amt_amt repl_profa use_pos_repl repl_use_lmtt_amt use_pos_repl_fin crd_grnta_ch crd_grnta_repl
    crd_grnt_ch crd_grnt_repl uncla ls_grnt_reu_gold 20ord_alow_amt 30ord_alow_amt 40ord_alow_amt 50ord_alow_amt
    60ord_alow_amt 100ord_alow_amt tdy_crd_rpya_loss_amt pred_crd_rpya_loss_amt tdy_ls_rpya_loss_repl_profa
    pred_ls_rpya_loss_repl_profa evlt_repl_amt_spg_use_skip evlt_repl_rt crd_repl_profa ch_ord_repl_profa
    crd_ord_repl_profa crd_repl_conv_gold repl_alowa repl_alowa_2 ch_repl_lck_gold crd_repl_lck_gold ch_ord_alow_repla
    crd_ord_alow_repla d2vexct_entr d2ch_ord_alow_amt
"""
"""Amounts (and one rate) of kt00013 in the order of Kiwoom's page."""


def margin(branch: Branch, _fields: Mapping[str, str]) -> Content:
    """Answer kt00013: of what the cash is held back, and what can be ordered."""
    state = branch.exchange.account(branch.account)
    known = {f"{percent}ord_alow_amt": with_margin_of(state, percent) for percent in MARGIN_RATES} | {
        "ch_amt": state.cash,
        "ch_profa": state.cash_d2 - state.orderable,
        "use_pos_ch": state.orderable,
        "use_pos_ch_fin": state.orderable,
        "d2vexct_entr": state.cash_d2,
        "d2ch_ord_alow_amt": state.orderable,
    }
    body: dict[str, object] = {name: padded(known.get(name, Decimal(0))) for name in _MARGIN_FIELDS.split()}
    return body | {"evlt_repl_rt": "0.0000000", "uncla": padded(0, 12)}  # shorter than the others in the example
