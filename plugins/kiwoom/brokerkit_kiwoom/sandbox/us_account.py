"""The account in dollars: ust21070 (holdings), ust21110, ust21111, ust21160 (cash), ust21120 and ust21132 (both).

ust21121 and ust21131 tell what the holdings come to. Of an earlier day nothing is known.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

from brokerkit.clock import KST
from brokerkit.sandbox.days import KOREA
from brokerkit.sandbox.exchange import AccountState, Holding

from .common import Content, Listing
from .fields import day
from .numbers import padded
from .us import COUNTRY, UsBranch, code_of
from .us_numbers import broken, dollars, rate_of

_CENT = Decimal("0.01")
_NOTHING = Decimal(0)
_WITHOUT_BALANCE = {"JPY": ("일본엔", Decimal("9.4")), "GBP": ("영국파운드", Decimal(1930))}
"""Currencies of which the account has nothing, with the won for one: made up."""


@dataclass(frozen=True)
class _Valued:
    """A holding with what it would bring after the costs of having bought and of selling it."""

    holding: Holding
    profit: Decimal


def _valued(branch: UsBranch, holding: Holding) -> _Valued:
    costs = (holding.cost + holding.market_value) * branch.costs.commission_rate
    return _Valued(holding, holding.market_value - holding.cost - costs.quantize(Decimal("0.0001"), ROUND_HALF_UP))


def holdings(branch: UsBranch, fields: Mapping[str, str]) -> Content:
    """Answer ust21070. Profits are after costs; that of a position is broken on the demo host, as was seen there."""
    fits = branch.chosen(fields)
    state = branch.exchange.account(branch.account)
    held = [_valued(branch, each) for each in state.holdings if fits(each.symbol)]
    return Listing("result_list", list(enumerate(held)), lambda each: _row(branch, each), _head(branch, held))


def _head(branch: UsBranch, held: Sequence[_Valued]) -> dict[str, object]:
    value = sum((each.holding.market_value for each in held), _NOTHING)
    cost = sum((each.holding.cost for each in held), _NOTHING)
    profit = sum((each.profit for each in held), _NOTHING)
    sales = _sold_today(branch)
    amounts = {"evlt": value, "prch": cost, "pl": profit}
    today = {"book": sales.cost, "pl": sales.profit}
    return {
        "crnc_code": "USD",
        **{f"tot_{name}_amt": dollars(amount) for name, amount in amounts.items()},
        "tot_pl_rt": dollars(rate_of(profit, cost), 2),
        **{f"tdy_{name}_amt": dollars(amount) for name, amount in today.items()},
        "tdy_pl_rt": dollars(rate_of(sales.profit, sales.cost), 2),
        **{f"tot_{name}_amt_krw": padded(amount * branch.rate) for name, amount in amounts.items()},
        **{f"tdy_{name}_amt_krw": padded(amount * branch.rate) for name, amount in today.items()},
    }


@dataclass(frozen=True)
class _Sales:
    cost: Decimal
    profit: Decimal


def _sold_today(branch: UsBranch) -> _Sales:
    today = branch.exchange.today
    traded = branch.exchange.traded(branch.account, today, today)
    cost = sum((each.cost for each in traded), _NOTHING)
    costs = sum(
        (each.sold_commission + each.tax + each.cost * branch.costs.commission_rate for each in traded), _NOTHING
    )
    return _Sales(cost, sum((each.profit for each in traded), _NOTHING) - costs)


def _row(branch: UsBranch, valued: _Valued) -> dict[str, str]:
    held, rate = valued.holding, branch.rate
    settled = held.quantity - held.today_bought + held.today_sold
    return {
        "stex_nm": COUNTRY,
        "crnc_code": "USD",
        "stk_cd": code_of(held.symbol),
        "frgn_stk_nm": held.name,
        "qty": padded(settled, 12),
        "poss_qty": padded(held.quantity, 12),
        "sell_alowq": padded(held.sellable, 12),
        "pred_cntr_sellq": padded(0, 12),
        "pred_cntr_buyq": padded(0, 12),
        "tdy_cntr_sellq": padded(held.today_sold, 12),
        "tdy_cntr_buyq": padded(held.today_bought, 12),
        "frgn_stk_book_uv": dollars(held.average),
        "now_pric": dollars(held.price),
        "evlt_amt": dollars(held.market_value),
        "pl_amt": broken(valued.profit) if branch.demo else dollars(valued.profit),
        "pl_rt": dollars(rate_of(valued.profit, held.cost), 2),
        "evlt_amt_krw": padded(held.market_value * rate, 12),
        "pl_amt_krw": padded(valued.profit * rate, 12),
        "natn_nm": COUNTRY,
        "exch_rate": dollars(rate, 2),
        "frgn_stk_book_uv_krw": padded(held.average * rate, 12),
        "now_pric_krw": padded(held.price * rate, 12),
        "frgn_stk_book_amt": dollars(held.cost),
        "frgn_stk_book_amt_krw": padded(held.cost * rate, 12),
    }


def cash(branch: UsBranch, _fields: Mapping[str, str]) -> Content:
    """Answer ust21110: won, and a row for each currency.

    What can be ordered with (fc_ord_alowa) counts all other cash of the account: it stands there for currencies that
    the account has nothing of, too, as was seen.
    """
    state, won = branch.exchange.account(branch.account), branch.home.account(branch.account)
    all_won = max(won.orderable, _NOTHING) + max(state.orderable, _NOTHING) * branch.rate
    rows = [_cash_row("USD", "미국달러", state, all_won / branch.rate)]
    rows += [_cash_row(code, name, None, all_won / rate) for code, (name, rate) in _WITHOUT_BALANCE.items()]
    head = {"krw_entra": padded(won.cash), **dict.fromkeys(("ch_uncla", "etc_loana"), padded(0))}
    return Listing("result_list", list(enumerate(rows)), lambda row: row, head)


def _cash_row(code: str, name: str, state: AccountState | None, orderable: Decimal) -> dict[str, str]:
    nothing = dollars(0, 2)
    return {
        "crnc_code": code,
        "crnc_nm": name,
        "fc_entra": dollars(state.cash, 2) if state else nothing,
        "fc_pymn_alowa": dollars(state.withdrawable, 2) if state else nothing,
        "futr_repl_profa": nothing,
        "fc_booka": padded(0),
        "fc_ord_alowa": dollars(orderable.quantize(_CENT, ROUND_DOWN), 2),
        "futr_profa_booka": padded(0),
        "fc_ch_uncla": nothing,
        "fc_etc_loana": nothing,
    }


def cash_detail(branch: UsBranch, _fields: Mapping[str, str]) -> Content:
    """Answer ust21160: the dollars of today and of the next four days of settlement here."""
    state, won = branch.exchange.account(branch.account), branch.home.account(branch.account)
    body = {
        "won_entr": padded(won.cash),
        "won_dfr_amt": padded(0),
        "won_etc_loana": padded(0),
        "krw_ord_set_amt": padded(0, 12),
        "usd_exch_rate": f"{branch.rate:,.2f}",
    }
    amounts = [state.cash, state.cash_d1, state.cash_d2, state.cash_d2, state.cash_d2]
    day = branch.exchange.now().astimezone(KST).date()
    for number, amount in enumerate(amounts):
        before = amounts[number - 1] if number else None
        body |= _settled(branch, f"d{number}", day, amount, before)
        day = KOREA.next_day(day)
    return body


def _settled(branch: UsBranch, name: str, day: dt.date, amount: Decimal, before: Decimal | None) -> dict[str, str]:
    won = branch.home.account(branch.account).withdrawable
    told = {
        f"{name}_setl_dt": f"{day:%Y%m%d}",
        f"{name}_won_conv_alow_ch": padded(won + max(amount, _NOTHING) * branch.rate),
        f"{name}_usd_fx_entr": dollars(amount, 3),
    }
    if before is None:
        return told
    # Purchases and sales of a day are settled in one sum here.
    return told | {
        f"{name}_usd_exct_amt": dollars(amount - before, 3),
        f"{name}_usd_buy_excta": dollars(max(before - amount, _NOTHING), 3),
        f"{name}_usd_sell_excta": dollars(max(amount - before, _NOTHING), 3),
    }


def by_currency(branch: UsBranch, _fields: Mapping[str, str]) -> Content:
    """Answer ust21120. Which rate and which costs were asked for changes nothing: there is one rate here."""
    state, won = branch.exchange.account(branch.account), branch.home.account(branch.account)
    head = {
        "won_entr": padded(won.cash, 12),
        "aset_evlt_amt": padded(won.cash + (state.cash_d2 + state.market_value) * branch.rate, 12),
    }
    return Listing("result_list", [(0, state)], lambda each: _of_dollars(branch, each), head)


def _of_dollars(branch: UsBranch, state: AccountState) -> dict[str, str]:
    """Return what the lists by currency tell of dollars."""
    return {
        "crnc_code": "USD",
        "fx_entr": dollars(state.cash, 2),
        "evlt_amt": dollars(state.market_value),
        "crnc_rt": dollars(branch.rate, 2),
        "chg_entr": padded(state.cash_d2 * branch.rate, 12),
        "chg_evlt_amt": padded(state.market_value * branch.rate, 12),
        "evlt_amt_wght": "100.00" if state.market_value else "0.00",
    }


def in_won(branch: UsBranch, _fields: Mapping[str, str]) -> Content:
    """Answer ust21111. The account has not applied to pay with won (2), so none is held back for that."""
    won = branch.home.account(branch.account)
    return {
        "rgst_abnd_tp": "2",
        "krw_pymn_alow_amt": padded(won.withdrawable, 12),
        "krw_repl_abnd_amt": padded(0, 12),
    }


def value(branch: UsBranch, fields: Mapping[str, str]) -> Content:
    """Answer ust21121. As in ust21120 what was asked for changes nothing."""
    return _value(branch, None)


def value_of_a_day(branch: UsBranch, fields: Mapping[str, str]) -> Content:
    """Answer ust21131, of which only today is known."""
    return _value(branch, day(fields["base_dt"]))


def _value(branch: UsBranch, asked: dt.date | None) -> Content:
    held = [_valued(branch, each) for each in branch.exchange.account(branch.account).holdings]
    if not held or asked not in (None, branch.exchange.today):
        return {"result_list": []}
    worth = sum((each.holding.market_value for each in held), _NOTHING)
    cost = sum((each.holding.cost for each in held), _NOTHING)
    profit = sum((each.profit for each in held), _NOTHING)
    row = {
        "natn_nm": COUNTRY,
        "stex_nm": COUNTRY,
        "crnc_code": "USD",
        "crnc_nm": "미국달러",
        "evlt_amt": dollars(worth, 2),
        "chg_evlt_amt": padded(worth * branch.rate, 12),
        "pl_rt": dollars(rate_of(profit, cost), 2),
        "pl_amt": dollars(profit, 2),
        "chg_profit_amt": padded(profit * branch.rate, 12),
        "evlt_amt_wght": "100.00",
    }
    return {"result_list": [row]}


def of_a_day(branch: UsBranch, fields: Mapping[str, str]) -> Content:
    """Answer ust21132, of which only today is known; without a day it is asked for that."""
    if fields["base_dt"] and day(fields["base_dt"]) != branch.exchange.today:
        return {**dict.fromkeys(_WORTH, padded(0, 12)), "tot_pl_rt": "0.00", "result_list": []}
    state, won = branch.exchange.account(branch.account), branch.home.account(branch.account)
    held = [_valued(branch, each) for each in state.holdings]
    profit = sum((each.profit for each in held), _NOTHING)
    amounts = (
        won.cash,
        state.market_value * branch.rate,
        state.cost * branch.rate,
        profit * branch.rate,
        won.cash + (state.cash_d2 + state.market_value) * branch.rate,
    )
    return {
        **{name: padded(amount, 12) for name, amount in zip(_WORTH, amounts, strict=True)},
        "tot_pl_rt": dollars(rate_of(profit, state.cost), 2),
        "result_list": [_of_dollars(branch, state)],
    }


_WORTH = ("won_entr", "tot_evlt_amt", "book_amt", "tot_pl", "aset_evlt_amt")
"""Amounts of ust21132 in won."""
