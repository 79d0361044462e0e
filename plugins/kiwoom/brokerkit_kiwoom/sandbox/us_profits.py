"""Realised profit in US stocks: ust21530 (sales of a span), ust21630 (today), ust21640 (a day), ust21660 (by day)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

from brokerkit.sandbox.ledger import Traded, by_day
from brokerkit.words import Segment

from .common import Content, Listing
from .fields import day
from .numbers import padded
from .us import COUNTRY, UsBranch, code_of
from .us_numbers import dollars, rate_of

_EXCHANGE_NAMES = {Segment.NASDAQ: "나스닥", Segment.NYSE: "뉴욕", Segment.AMEX: "아멕스"}
_WON = "1"


@dataclass(frozen=True)
class _Sold:
    """What was sold of a symbol on a day, with the costs of having bought it and of selling it."""

    of: Traded
    commission: Decimal

    @property
    def profit(self) -> Decimal:
        return self.of.profit - self.commission - self.of.tax

    @property
    def rate(self) -> str:
        return dollars(rate_of(self.profit, self.of.cost), 2)


def _sales(branch: UsBranch, start: dt.date, end: dt.date) -> list[_Sold]:
    """Return the sales of these days, newest first."""
    traded = branch.exchange.traded(branch.account, start, end)
    return [_Sold(each, each.sold_commission + _bought(branch, each)) for each in reversed(traded) if each.sold]


def _bought(branch: UsBranch, of: Traded) -> Decimal:
    return (of.cost * branch.costs.commission_rate).quantize(branch.costs.commission_unit, ROUND_DOWN)


def _span(branch: UsBranch, fields: Mapping[str, str]) -> tuple[dt.date, dt.date]:
    # What a blank end means is not told: today, and the day that is asked for then.
    end = day(fields["end_dt"]) if fields["end_dt"] else branch.exchange.today
    return (day(fields["strt_dt"]) if fields["strt_dt"] else end), end


def of_a_span(branch: UsBranch, fields: Mapping[str, str]) -> Content:
    """Answer ust21530: in dollars only if `fc_krw_tp` says 0; blank told won in the example."""
    sales = _sales(branch, *_span(branch, fields))
    times = Decimal(1) if fields["fc_krw_tp"] == "0" else branch.rate
    sold, cost = _sum(each.of.sold_amount for each in sales), _sum(each.of.cost for each in sales)
    costs, profit = _sum(each.commission + each.of.tax for each in sales), _sum(each.profit for each in sales)
    head = {
        "tot_sell_amt": dollars(sold * times, 2),
        "tot_buy_amt": dollars(cost * times, 2),
        "tot_cmsn_tax": dollars(costs * times, 2),
        "tot_exct_amt": dollars((sold - costs) * times, 2),
        "tot_pl_amt": dollars(profit * times, 2),
        "tot_pl_rt": dollars(rate_of(profit, cost), 2),
    }
    return Listing("result_list", list(enumerate(sales)), lambda each: _span_row(branch, each, times), head)


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, Decimal(0))


def _span_row(branch: UsBranch, sold: _Sold, times: Decimal) -> dict[str, str]:
    of = sold.of
    instrument = branch.exchange.instruments[of.symbol]
    return {
        "sell_dt": f"{of.day:%Y%m%d}",
        "stk_cd": code_of(of.symbol),
        "frgn_stk_nm": instrument.name,
        "sell_qty": padded(of.sold, 12),
        "avg_buy_uv": dollars(of.cost / of.sold * times, 2),
        "buy_amt": dollars(of.cost * times, 2),
        "avg_sell_uv": dollars(of.sold_amount / of.sold * times, 2),
        "sell_amt": dollars(of.sold_amount * times, 2),
        "cmsn_tax": dollars((sold.commission + of.tax) * times, 2),
        "pl_amt": dollars(sold.profit * times, 2),
        "pl_rt": sold.rate,
        # The rate is one and the same here, so nothing is won or lost by it.
        "prch_exrt": dollars(branch.rate, 2),
        "sell_exrt": dollars(branch.rate, 2),
        "krw_chg_dfrn_pl_amt": padded(0),
        "krw_chg_pl_amt": padded(sold.profit * branch.rate),
        "comm_ord_tp": "AB",
        "stex_nm": _EXCHANGE_NAMES[instrument.market],
        "natn_nm": COUNTRY,
    }


def of_today(branch: UsBranch, fields: Mapping[str, str]) -> Content:
    """Answer ust21630."""
    return _of_a_day(branch, fields, branch.exchange.today, "tdy_pl_amt")


def of_a_day(branch: UsBranch, fields: Mapping[str, str]) -> Content:
    """Answer ust21640."""
    return _of_a_day(branch, fields, day(fields["cntr_dt"]), "pl_amt")


def _of_a_day(branch: UsBranch, fields: Mapping[str, str], asked: dt.date, name: str) -> Content:
    fits = branch.chosen(fields)
    sales = [each for each in _sales(branch, asked, asked) if fits(each.of.symbol)]
    times = branch.rate if fields["fc_krw_tp"] == _WON else Decimal(1)
    profit = _sum(each.profit for each in sales)
    head = {f"tot_{name}": dollars(profit * times), f"tot_{name}_krw": padded(profit * branch.rate)}
    return Listing("result_list", list(enumerate(sales)), lambda each: _day_row(branch, each, times, name), head)


def _day_row(branch: UsBranch, sold: _Sold, times: Decimal, name: str) -> dict[str, str]:
    of = sold.of
    return {
        "stex_nm": COUNTRY,
        "stk_cd": code_of(of.symbol),
        "stk_nm": branch.exchange.instruments[of.symbol].name,
        "crnc_code": "USD",
        "cntr_sellq": padded(of.sold, 20),
        "avg_buy_uv": dollars(of.cost / of.sold * times),
        "cntr_sella": dollars(of.sold_amount / of.sold * times),
        name: dollars(sold.profit * times),
        "pl_rt": sold.rate,
        "cmsn": dollars(sold.commission * times),
        "altx": dollars(of.tax * times),
        "exch_rate": dollars(branch.rate, 2),
        "natn_nm": COUNTRY,
    }


def by_days(branch: UsBranch, fields: Mapping[str, str]) -> Content:
    """Answer ust21660: a row for each day with a sale, newest first, in dollars."""
    start, end = _span(branch, fields)
    sold: dict[dt.date, list[_Sold]] = {}
    for each in _sales(branch, start, end):
        sold.setdefault(each.of.day, []).append(each)
    trades = by_day(branch.exchange.traded(branch.account, start, end))
    rows = [_sums(sold[of], trades[of]) for of in sold]
    totals = {name: _sum(row[name] for row in rows) for name in ("buy_amt", "sell_amt", "pl_amt", "cmsn", "tax")}
    head = {f"tot_{name}": dollars(amount) for name, amount in totals.items()}

    def row(item: tuple[dt.date, Mapping[str, Decimal]]) -> dict[str, str]:
        return {"trde_dt": f"{item[0]:%Y%m%d}", **{name: dollars(amount) for name, amount in item[1].items()}}

    return Listing("result_list", list(enumerate(zip(sold, rows, strict=True))), row, head)


def _sums(sold: Sequence[_Sold], traded: Sequence[Traded]) -> dict[str, Decimal]:
    return {
        "buy_amt": _sum(each.bought_amount for each in traded),
        "sell_amt": _sum(each.sold_amount for each in traded),
        "pl_amt": _sum(each.profit for each in sold),
        "cmsn": _sum(each.bought_commission + each.sold_commission for each in traded),
        "tax": _sum(each.tax for each in traded),
    }
