"""What was traded in US stocks on a day: ust21610 (by symbol, with the profit), ust21620 (by symbol and side)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from brokerkit.sandbox.ledger import Traded
from brokerkit.words import Side

from .common import Content, Listing
from .fields import day
from .numbers import padded
from .us import COUNTRY, UsBranch, code_of
from .us_numbers import dollars, rate_of
from .us_profits import EXCHANGE_NAMES, WON, Sold, sales_of, total


def traded_on_a_day(branch: UsBranch, fields: Mapping[str, str]) -> Content:
    """Answer ust21610: by symbol. 0 asks for what was both bought and sold on the day, 1 for all that was sold."""
    asked = day(fields["base_dt"]) if fields["base_dt"] else branch.exchange.today
    times = branch.rate if fields["fc_krw_tp"] == WON else Decimal(1)
    rows = [each for each in sales_of(branch, asked, asked) if fields["qry_tp"] == "1" or each.of.bought]
    sold, bought = total(each.of.sold_amount for each in rows), total(each.of.bought_amount for each in rows)
    costs, profit = total(map(_costs, rows)), total(each.profit for each in rows)
    head = {
        "tot_sell_amt": dollars(sold * times),
        "tot_buy_amt": dollars(bought * times),
        "tot_cmsn_altx": dollars(costs * times),
        "tot_exct_amt": dollars((sold - bought - costs) * times),
        "tot_pl_amt": dollars(profit * times),
        "tot_pl_rt": dollars(rate_of(profit, total(each.of.cost for each in rows)), 2),
        "exch_rate": dollars(branch.rate, 2),
    }
    return Listing("result_list", list(enumerate(rows)), lambda each: _traded_row(branch, each, times), head)


def _costs(sold: Sold) -> Decimal:
    """Return what the trades of the day cost, purchases too."""
    return sold.of.bought_commission + sold.of.sold_commission + sold.of.tax


def _traded_row(branch: UsBranch, sold: Sold, times: Decimal) -> dict[str, str]:
    of = sold.of
    return {
        "stex_nm": EXCHANGE_NAMES[branch.exchange.instruments[of.symbol].market],
        "stk_cd": code_of(of.symbol),
        "stk_nm": branch.exchange.instruments[of.symbol].name,
        "tdy_avg_buy_uv": dollars(of.bought_amount / of.bought * times if of.bought else 0),
        "tdy_buyq": padded(of.bought),
        "tdy_buy_amt": dollars(of.bought_amount * times),
        "tdy_avg_sell_uv": dollars(of.sold_amount / of.sold * times),
        "tdy_sellq": padded(of.sold),
        "tdy_sell_amt": dollars(of.sold_amount * times),
        "cmsn_altx": dollars(_costs(sold) * times),
        "pl_amt": dollars(sold.profit * times),
        "pl_rt": sold.rate,
        "bf_prch_uv": dollars(of.cost / of.sold * times),
        "exch_rate": dollars(branch.rate, 2),
    }


def traded_today(branch: UsBranch, fields: Mapping[str, str]) -> Content:
    """Answer ust21620: what was traded today, a row for each symbol and side."""
    fits, today = branch.chosen(fields), branch.exchange.today
    times = branch.rate if fields["fc_krw_tp"] == WON else Decimal(1)
    traded = [each for each in branch.exchange.traded(branch.account, today, today) if fits(each.symbol)]
    rows = [
        _side_row(branch, each, side, times)
        for each in traded
        for side in (Side.BUY, Side.SELL)
        if (each.bought if side is Side.BUY else each.sold)
    ]
    return Listing("result_list", list(enumerate(rows)), lambda row: row)


def _side_row(branch: UsBranch, of: Traded, side: Side, times: Decimal) -> dict[str, str]:
    is_buy = side is Side.BUY
    quantity, amount = (of.bought, of.bought_amount) if is_buy else (of.sold, of.sold_amount)
    commission, tax = (of.bought_commission, Decimal(0)) if is_buy else (of.sold_commission, of.tax)
    settled = amount + commission if is_buy else amount - commission - tax
    return {
        "stex_nm": EXCHANGE_NAMES[branch.exchange.instruments[of.symbol].market],
        "stk_cd": code_of(of.symbol),
        "stk_nm": branch.exchange.instruments[of.symbol].name,
        "slby_tp_nm": "+" if is_buy else "-",
        "crnc_code": "USD",
        "cntr_uv": dollars(amount / quantity * times),
        "cntr_qty": padded(quantity, 12),
        "engg_amt": dollars(amount * times),
        "cmsn": dollars(commission * times),
        "altx": dollars(tax * times),
        "exct_amt": dollars(settled * times),
        "exch_rate": dollars(branch.rate, 2),
        "natn_nm": COUNTRY,
    }
