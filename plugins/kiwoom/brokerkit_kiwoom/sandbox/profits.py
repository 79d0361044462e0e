"""Realised profit: ka10072, ka10073 and ka10077 (a row a sale), ka10074 (a row a day), ka10170 (the diary of a day)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal

from brokerkit.sandbox.exchange import ExchangeOrder, Execution
from brokerkit.sandbox.ledger import Traded, by_day, filled
from brokerkit.words import Side

from .common import Branch, Content, Listing
from .fields import day
from .numbers import percent_of, signed_rate, whole

Sale = tuple[ExchangeOrder, Execution]
DIARY_MONTHS = 2
_CENT = Decimal("0.01")
_MANY = Decimal("1e-10")


def of_days(branch: Branch, fields: Mapping[str, str]) -> Content:
    """Answer ka10073, newest first. That each fill is a row is assumed: each sale was seen to have one of its own."""
    sales = _sales(branch, day(fields["strt_dt"]), day(fields["end_dt"]), fields["stk_cd"])

    def row(sale: Sale) -> dict[str, str]:
        return {
            "dt": f"{sale[0].day:%Y%m%d}",
            "tdy_htssel_cmsn": "현금",  # what stands there in Kiwoom's own example
            **_common(branch, sale),
            "pl_rt": _rate(branch, sale),
            "stk_cd": branch.prefixed(sale[0].request.symbol),
            **_costs(branch, sale),
            "wthd_alowa": "0",
            "loan_dt": "",
            "crd_tp": "현금잔고",
        }

    return Listing("dt_stk_rlzt_pl", list(enumerate(sales)), row)


def of_a_day(branch: Branch, fields: Mapping[str, str]) -> Content:
    """Answer ka10072: as ka10073, of one day, without its date and with more decimals."""
    asked = day(fields["strt_dt"])

    def row(sale: Sale) -> dict[str, str]:
        symbol = branch.prefixed(sale[0].request.symbol)
        common = _common(branch, sale, _MANY)
        return {
            **common,
            "pl_rt": _rate(branch, sale),
            "stk_cd": symbol,
            **_costs(branch, sale),
            "wthd_alowa": "0",
            "loan_dt": "",
            "crd_tp": "현금잔고",
            "stk_cd_1": symbol,
            "tdy_sel_pl_1": common["tdy_sel_pl"],
        }

    sales = _sales(branch, asked, asked, fields["stk_cd"])
    return Listing("dt_stk_div_rlzt_pl", list(enumerate(sales)), row)


def of_today(branch: Branch, fields: Mapping[str, str]) -> Content:
    """Answer ka10077: the sales of a symbol today, with their sum."""
    today = branch.exchange.today
    sales = _sales(branch, today, today, fields["stk_cd"])

    def row(sale: Sale) -> dict[str, str]:
        symbol = branch.prefixed(sale[0].request.symbol)
        return {
            **_common(branch, sale),
            "pl_rt": _rate(branch, sale),
            **_costs(branch, sale),
            "stk_cd": symbol,
        }

    head = {"tdy_rlzt_pl": whole(sum((profit_of(branch, fill) for _, fill in sales), Decimal(0)))}
    return Listing("tdy_rlzt_pl_dtl", list(enumerate(sales)), row, head)


def _sales(branch: Branch, start: dt.date, end: dt.date, code: str) -> Sequence[Sale]:
    """Return the sales of these days, newest first."""
    symbol = branch.instrument(code).symbol if code else None
    orders = branch.exchange.history(branch.account, start, end)
    found = [
        (order, fill)
        for order, fill in filled(orders)
        if order.request.side is Side.SELL and symbol in (None, order.request.symbol)
    ]
    return found[::-1]


def profit_of(branch: Branch, fill: Execution) -> Decimal:
    """Return what a sale earned after costs: its own, and the commission on what had been paid for the shares."""
    return fill.price * fill.quantity - fill.cost - commission_of(branch, fill) - fill.tax


def commission_of(branch: Branch, fill: Execution) -> Decimal:
    """Return the commission of a sale and of the purchase before it, each cut by itself."""
    return fill.commission + branch.commission(fill.cost)


def _common(branch: Branch, sale: Sale, unit: Decimal = _CENT) -> dict[str, str]:
    order, fill = sale
    average = (fill.cost / fill.quantity).quantize(unit, ROUND_HALF_UP)
    return {
        "stk_nm": branch.exchange.instruments[order.request.symbol].name,
        "cntr_qty": whole(fill.quantity),
        "buy_uv": f"{average:f}",
        "cntr_pric": whole(fill.price),
        "tdy_sel_pl": f"{profit_of(branch, fill).quantize(unit):f}",
    }


def _rate(branch: Branch, sale: Sale) -> str:
    return signed_rate(percent_of(profit_of(branch, sale[1]), sale[1].cost))


def _costs(branch: Branch, sale: Sale) -> dict[str, str]:
    return {"tdy_trde_cmsn": whole(commission_of(branch, sale[1])), "tdy_trde_tax": whole(sale[1].tax)}


def by_days(branch: Branch, fields: Mapping[str, str]) -> Content:
    """Answer ka10074: the days on which something was sold, newest first, with the sums of all of them.

    The profit is that of ka10073, the commission that of the day's own trades: so the example has it.
    """
    start, end = day(fields["strt_dt"]), day(fields["end_dt"])
    profits: dict[dt.date, Decimal] = {}
    for order, fill in _sales(branch, start, end, ""):
        profits[order.day] = profits.get(order.day, Decimal(0)) + profit_of(branch, fill)
    trades = by_day(branch.exchange.traded(branch.account, start, end))
    sold = [each for profit_day in profits for each in trades[profit_day]]

    def row(of: dt.date) -> dict[str, str]:
        return {
            "dt": f"{of:%Y%m%d}",
            **_sums(trades[of], "buy_amt", "sell_amt"),
            "tdy_sel_pl": whole(profits[of]),
            **_day_costs(trades[of], "tdy_trde_cmsn", "tdy_trde_tax"),
        }

    head = {
        **_sums(sold, "tot_buy_amt", "tot_sell_amt"),
        "rlzt_pl": whole(sum(profits.values(), Decimal(0))),
        **_day_costs(sold, "trde_cmsn", "trde_tax"),
    }
    return Listing("dt_rlzt_pl", list(enumerate(profits)), row, head)


def _total(trades: Iterable[Traded], value: Callable[[Traded], Decimal]) -> Decimal:
    return sum(map(value, trades), Decimal(0))


def _sums(trades: Sequence[Traded], bought: str, sold: str) -> dict[str, str]:
    return {
        bought: whole(_total(trades, lambda each: each.bought_amount)),
        sold: whole(_total(trades, lambda each: each.sold_amount)),
    }


def _day_costs(trades: Sequence[Traded], commission: str, tax: str) -> dict[str, str]:
    return {
        commission: whole(_total(trades, _commissions)),
        tax: whole(_total(trades, lambda each: each.tax)),
    }


def _commissions(each: Traded) -> Decimal:
    return each.bought_commission + each.sold_commission


def diary(branch: Branch, fields: Mapping[str, str]) -> Content:
    """Answer ka10170: what was traded on a day of the last two months, by symbol.

    What stands there of an older day is not known: nothing, here. With `ottks_tp` 1 only what was both bought and sold
    on the day counts.
    """
    asked = day(fields["base_dt"]) if fields["base_dt"] else branch.exchange.today
    known = _first_day(branch.exchange.today) <= asked and fields["ch_crd_tp"] != "2"
    trades = branch.exchange.traded(branch.account, asked, asked) if known else ()
    rows = [each for each in trades if fields["ottks_tp"] == "2" or (each.bought and each.sold)]
    profit = sum((_diary_profit(branch, each) for each in rows), Decimal(0))
    costs = _total(rows, lambda each: _commissions(each) + each.tax)
    bought, sold = _total(rows, lambda each: each.bought_amount), _total(rows, lambda each: each.sold_amount)
    head = {
        "tot_sell_amt": whole(sold),
        "tot_buy_amt": whole(bought),
        "tot_cmsn_tax": whole(costs),
        "tot_exct_amt": whole(sold - bought - costs),
        "tot_pl_amt": whole(profit),
        "tot_prft_rt": signed_rate(percent_of(profit, _total(rows, lambda each: each.cost))),
    }
    return Listing("tdy_trde_diary", list(enumerate(rows)), lambda each: _diary_row(branch, each), head)


def _first_day(today: dt.date) -> dt.date:
    month = today.year * 12 + today.month - 1 - DIARY_MONTHS
    return dt.date(month // 12, month % 12 + 1, min(today.day, 28))


def _diary_profit(branch: Branch, of: Traded) -> Decimal:
    return of.profit - of.sold_commission - branch.commission(of.cost) - of.tax if of.sold else Decimal(0)


def _diary_row(branch: Branch, of: Traded) -> dict[str, str]:
    profit = _diary_profit(branch, of)
    return {
        "stk_nm": branch.exchange.instruments[of.symbol].name,
        "buy_avg_pric": whole(of.bought_amount / of.bought if of.bought else 0),
        "buy_qty": whole(of.bought),
        "sel_avg_pric": whole(of.sold_amount / of.sold if of.sold else 0),
        "sell_qty": whole(of.sold),
        "cmsn_alm_tax": whole(_commissions(of) + of.tax),
        "pl_amt": whole(profit),
        "sell_amt": whole(of.sold_amount),
        "buy_amt": whole(of.bought_amount),
        "prft_rt": signed_rate(percent_of(profit, of.cost)),
        "stk_cd": of.symbol,
    }
