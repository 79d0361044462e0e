"""Holdings and their value: kt00018, kt00004 and kt00005, ka10085. Each writes them in its own way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from brokerkit.sandbox.exchange import AccountState, ExchangeOrder, Holding
from brokerkit.words import Side

from .account import MARGIN_RATES, rate_text, with_margin_of
from .common import Branch, Content, Listing
from .numbers import directed, falling, padded, percent_of, whole
from .profits import profit_of

_NOTHING = padded(0)
_SHORT_NOTHING = padded(0, 12)
_FOUR_DECIMALS = Decimal("0.0001")
_NO_DAY = "00000000"


@dataclass(frozen=True)
class Valued:
    """A holding with what selling it now would cost."""

    holding: Holding
    bought: Decimal
    sold: Decimal
    tax: Decimal

    @property
    def net_value(self) -> Decimal:
        return self.holding.market_value - self.bought - self.sold - self.tax

    @property
    def profit(self) -> Decimal:
        return self.net_value - self.holding.cost

    @property
    def settled(self) -> Decimal:
        return self.holding.quantity - self.holding.today_bought + self.holding.today_sold


@dataclass(frozen=True)
class Portfolio:
    """All holdings, in the order of their first purchase, and their sums."""

    state: AccountState
    held: list[tuple[int, Valued]]

    @cached_property
    def cost(self) -> Decimal:
        return sum((each.holding.cost for _, each in self.held), Decimal(0))

    @cached_property
    def value(self) -> Decimal:
        return sum((each.holding.market_value for _, each in self.held), Decimal(0))

    @cached_property
    def profit(self) -> Decimal:
        return sum((each.profit for _, each in self.held), Decimal(0))


def portfolio_of(branch: Branch) -> Portfolio:
    # Whether a row of quantity 0 stays for what was sold today is not known; it is left out.
    state = branch.exchange.account(branch.account)
    known: Portfolio | None = branch.memory.get(("portfolio", branch.account))
    if known is None or known.state is not state:
        held = [_valued(branch, holding) for holding in state.holdings if holding.quantity > 0]
        known = branch.memory["portfolio", branch.account] = Portfolio(state, list(enumerate(held)))
    return known


def _valued(branch: Branch, holding: Holding) -> Valued:
    bought, sold = branch.commission(holding.cost), branch.commission(holding.market_value)
    return Valued(holding, bought, sold, branch.tax(holding.symbol, holding.market_value))


def holdings(branch: Branch, _fields: Mapping[str, str]) -> Content:
    """Answer kt00018, one row per symbol whatever qry_tp says: nothing here is held on a loan."""
    portfolio = portfolio_of(branch)
    cost = portfolio.cost
    head = {
        "tot_pur_amt": padded(cost),
        "tot_evlt_amt": padded(portfolio.value),
        "tot_evlt_pl": padded(portfolio.profit),
        "tot_prft_rt": rate_text(branch, percent_of(portfolio.profit, cost)),
        "prsm_dpst_aset_amt": padded(portfolio.state.cash_d2 + portfolio.value),
        "tot_loan_amt": _NOTHING,
        "tot_crd_loan_amt": _NOTHING,
        "tot_crd_ls_amt": _NOTHING,
    }
    return Listing("acnt_evlt_remn_indv_tot", portfolio.held, lambda each: _holding_row(branch, each, cost), head)


def _holding_row(branch: Branch, valued: Valued, total_cost: Decimal) -> dict[str, str]:
    holding = valued.holding
    instrument = branch.exchange.instruments[holding.symbol]
    return {
        "stk_cd": branch.prefixed(holding.symbol),
        "stk_nm": holding.name,
        "evltv_prft": padded(valued.profit),
        "prft_rt": rate_text(branch, percent_of(valued.profit, holding.cost)),
        "pur_pric": padded(holding.average),
        "pred_close_pric": padded(instrument.previous_close, 12),
        "rmnd_qty": padded(holding.quantity),
        "trde_able_qty": padded(holding.sellable),
        "cur_prc": falling(holding.price, instrument.previous_close, 12),
        "pred_buyq": _NOTHING,
        "pred_sellq": _NOTHING,
        "tdy_buyq": padded(holding.today_bought),
        "tdy_sellq": padded(holding.today_sold),
        "pur_amt": padded(holding.cost),
        "pur_cmsn": padded(valued.bought),
        "evlt_amt": padded(holding.market_value),
        "sell_cmsn": padded(valued.sold),
        "tax": padded(valued.tax),
        "sum_cmsn": padded(valued.bought + valued.sold),
        "poss_rt": rate_text(branch, percent_of(holding.cost, total_cost)),
        "crd_tp": "00",
        "crd_tp_nm": "",
        "crd_loan_dt": "",
    }


_PRINCIPAL = """
    tot_grnt_sella tdy_lspft_amt invt_bsamt lspft_amt tdy_lspft lspft2 lspft
"""
"""Amounts of kt00004 about loans and about the principal of a period, which the exchange does not keep."""


def valuation(branch: Branch, _fields: Mapping[str, str]) -> Content:
    """Answer kt00004. Its values are after costs, unlike those of kt00018."""
    portfolio = portfolio_of(branch)
    state, net = portfolio.state, portfolio.cost + portfolio.profit
    no_rate = rate_text(branch, Decimal("0.00"))
    head = {
        "acnt_nm": "모의계좌",
        "brch_nm": "",
        "entr": padded(state.cash, 12),
        "d2_entra": padded(state.cash_d2, 12),
        "tot_est_amt": padded(net, 12),
        "aset_evlt_amt": padded(state.cash_d2 + net, 12),
        "tot_pur_amt": padded(portfolio.cost, 12),
        # How it differs from aset_evlt_amt is not known; without loans both are the same here.
        "prsm_dpst_aset_amt": padded(state.cash_d2 + net, 12),
        **dict.fromkeys(_PRINCIPAL.split(), _SHORT_NOTHING),
        **dict.fromkeys(("tdy_lspft_rt", "lspft_ratio", "lspft_rt"), no_rate),
    }
    return Listing("stk_acnt_evlt_prst", portfolio.held, lambda each: _valuation_row(branch, each), head)


def _valuation_row(branch: Branch, valued: Valued) -> dict[str, str]:
    holding = valued.holding
    return {
        "stk_cd": branch.prefixed(holding.symbol),
        "stk_nm": holding.name,
        "rmnd_qty": padded(holding.quantity, 12),
        "avg_prc": padded(holding.average, 12),
        "cur_prc": falling(holding.price, branch.exchange.instruments[holding.symbol].previous_close, 12),
        "evlt_amt": padded(valued.net_value, 12),
        "pl_amt": padded(valued.profit, 12),
        "pl_rt": rate_text(branch, percent_of(valued.profit, holding.cost, _FOUR_DECIMALS)),
        "loan_dt": "",
        "pur_amt": padded(holding.cost, 12),
        "setl_remn": padded(valued.settled, 12),
        "pred_buyq": _SHORT_NOTHING,
        "pred_sellq": _SHORT_NOTHING,
        "tdy_buyq": padded(holding.today_bought, 12),
        "tdy_sellq": padded(holding.today_sold, 12),
    }


_SETTLED_HEAD = """
    entr entr_d1 entr_d2 pymn_alow_amt uncl_stk_amt repl_amt rght_repl_amt ord_alowa ch_uncla crd_int_npay_gold
    etc_loana nrpy_loan profa_ch repl_profa stk_buy_tot_amt evlt_amt_tot tot_pl_tot tot_pl_rt tot_re_buy_alowa
    20ord_alow_amt 30ord_alow_amt 40ord_alow_amt 50ord_alow_amt 60ord_alow_amt 100ord_alow_amt crd_loan_tot
    crd_loan_ls_tot crd_grnt_rt dpst_grnt_use_amt_amt grnt_loan_amt
"""
"""Amounts (and two rates) of kt00005 in the order of Kiwoom's page."""


def settled(branch: Branch, _fields: Mapping[str, str]) -> Content:
    """Answer kt00005: holdings after costs, with the cash of the coming days."""
    portfolio = portfolio_of(branch)
    state = portfolio.state
    known = {f"{percent}ord_alow_amt": with_margin_of(state, percent) for percent in MARGIN_RATES} | {
        "entr": state.cash,
        "entr_d1": state.cash_d1,
        "entr_d2": state.cash_d2,
        "pymn_alow_amt": state.withdrawable,
        "ord_alowa": state.orderable,
        "profa_ch": state.cash_d2 - state.orderable,
        "stk_buy_tot_amt": portfolio.cost,
        "evlt_amt_tot": portfolio.cost + portfolio.profit,
        "tot_pl_tot": portfolio.profit,
        # How what can be bought again differs from what can be bought is not known.
        "tot_re_buy_alowa": state.orderable,
    }
    head = {name: padded(known.get(name, Decimal(0)), 12) for name in _SETTLED_HEAD.split()}
    head["tot_pl_rt"] = rate_text(branch, percent_of(portfolio.profit, portfolio.cost, _FOUR_DECIMALS))
    head["crd_grnt_rt"] = rate_text(branch, Decimal("0.00"))
    return Listing("stk_cntr_remn", portfolio.held, lambda each: _settled_row(branch, each), head)


def _settled_row(branch: Branch, valued: Valued) -> dict[str, str]:
    holding = valued.holding
    return {
        "crd_tp": "00",
        "loan_dt": "",
        "expr_dt": "",
        "stk_cd": branch.prefixed(holding.symbol),
        "stk_nm": holding.name,
        "setl_remn": padded(valued.settled, 12),
        "cur_qty": padded(holding.quantity, 12),
        "cur_prc": padded(holding.price, 12),
        "buy_uv": padded(holding.average, 12),
        "pur_amt": padded(holding.cost, 12),
        "evlt_amt": padded(valued.net_value, 12),
        "evltv_prft": padded(valued.profit, 12),
        "pl_rt": rate_text(branch, percent_of(valued.profit, holding.cost, _FOUR_DECIMALS)),
    }


def returns(branch: Branch, fields: Mapping[str, str]) -> Content:
    """Answer ka10085, plain numbers. Holdings belong to no venue, so those of NXT alone are none."""
    held = [] if fields["stex_tp"] == "2" else portfolio_of(branch).held
    traded: dict[str, list[ExchangeOrder]] = {}
    for order in branch.exchange.orders(branch.account) if held else ():
        if order.executions:
            traded.setdefault(order.request.symbol, []).append(order)
    return Listing("acnt_prft_rt", held, lambda each: _return_row(branch, each, traded.get(each.holding.symbol, ())))


def _return_row(branch: Branch, valued: Valued, orders: Sequence[ExchangeOrder]) -> dict[str, str]:
    holding = valued.holding
    costs = [branch.order_costs(order) for order in orders]
    return {
        "dt": "",
        "stk_cd": holding.symbol,
        "stk_nm": holding.name,
        "cur_prc": directed(holding.price, branch.exchange.instruments[holding.symbol].previous_close),
        "pur_pric": whole(holding.average),
        "pur_amt": whole(holding.cost),
        "rmnd_qty": whole(holding.quantity),
        "tdy_sel_pl": whole(_realised(branch, orders)),
        "tdy_trde_cmsn": whole(sum((commission for commission, _ in costs), Decimal(0))),
        "tdy_trde_tax": whole(sum((tax for _, tax in costs), Decimal(0))),
        "crd_tp": "00",
        "loan_dt": _NO_DAY,
        "setl_remn": whole(valued.settled),
        "clrn_alow_qty": whole(holding.sellable),
        "crd_amt": "0",
        "crd_int": "0",
        "expr_dt": _NO_DAY,
    }


def _realised(branch: Branch, orders: Sequence[ExchangeOrder]) -> Decimal:
    """Return the profit of today's sales after costs."""
    sales = (fill for order in orders if order.request.side is Side.SELL for fill in order.executions)
    return sum((profit_of(branch, fill) for fill in sales), Decimal(0))
