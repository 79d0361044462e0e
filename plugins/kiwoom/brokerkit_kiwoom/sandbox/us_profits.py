"""Realised profit in US stocks: ust21530 (sales of a span), ust21630 (today), ust21640 (a day), ust21660 (by day).

ust21661 tells it by month, ust21170 beside what is held.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

from brokerkit.sandbox.exchange import Holding
from brokerkit.sandbox.ledger import Traded, by_day
from brokerkit.words import Segment

from .common import Content, Listing
from .fields import day
from .numbers import padded
from .refusals import bad_value
from .us import COUNTRY, UsBranch, code_of
from .us_numbers import dollars, rate_of

EXCHANGE_NAMES = {Segment.NASDAQ: "나스닥", Segment.NYSE: "뉴욕", Segment.AMEX: "아멕스"}
WON = "1"


@dataclass(frozen=True)
class Sold:
    """What was sold of a symbol on a day, with the costs of having bought it and of selling it."""

    of: Traded
    commission: Decimal

    @property
    def profit(self) -> Decimal:
        return self.of.profit - self.commission - self.of.tax

    @property
    def rate(self) -> str:
        return dollars(rate_of(self.profit, self.of.cost), 2)


def sales_of(branch: UsBranch, start: dt.date, end: dt.date) -> list[Sold]:
    """Return the sales of these days, newest first."""
    traded = branch.exchange.traded(branch.account, start, end)
    return [Sold(each, each.sold_commission + _bought(branch, each)) for each in reversed(traded) if each.sold]


def _bought(branch: UsBranch, of: Traded) -> Decimal:
    return (of.cost * branch.costs.commission_rate).quantize(branch.costs.commission_unit, ROUND_DOWN)


def _span(branch: UsBranch, fields: Mapping[str, str]) -> tuple[dt.date, dt.date]:
    # What a blank end means is not told: today, and the day that is asked for then.
    end = day(fields["end_dt"]) if fields["end_dt"] else branch.exchange.today
    return (day(fields["strt_dt"]) if fields["strt_dt"] else end), end


def of_a_span(branch: UsBranch, fields: Mapping[str, str]) -> Content:
    """Answer ust21530: in dollars only if `fc_krw_tp` says 0; blank told won in the example."""
    sales = sales_of(branch, *_span(branch, fields))
    times = Decimal(1) if fields["fc_krw_tp"] == "0" else branch.rate
    sold, cost = total(each.of.sold_amount for each in sales), total(each.of.cost for each in sales)
    costs, profit = total(each.commission + each.of.tax for each in sales), total(each.profit for each in sales)
    head = {
        "tot_sell_amt": dollars(sold * times, 2),
        "tot_buy_amt": dollars(cost * times, 2),
        "tot_cmsn_tax": dollars(costs * times, 2),
        "tot_exct_amt": dollars((sold - costs) * times, 2),
        "tot_pl_amt": dollars(profit * times, 2),
        "tot_pl_rt": dollars(rate_of(profit, cost), 2),
    }
    return Listing("result_list", list(enumerate(sales)), lambda each: _span_row(branch, each, times), head)


def total(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, Decimal(0))


def _span_row(branch: UsBranch, sold: Sold, times: Decimal) -> dict[str, str]:
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
        "stex_nm": EXCHANGE_NAMES[instrument.market],
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
    sales = [each for each in sales_of(branch, asked, asked) if fits(each.of.symbol)]
    times = branch.rate if fields["fc_krw_tp"] == WON else Decimal(1)
    profit = total(each.profit for each in sales)
    head = {f"tot_{name}": dollars(profit * times), f"tot_{name}_krw": padded(profit * branch.rate)}
    return Listing("result_list", list(enumerate(sales)), lambda each: _day_row(branch, each, times, name), head)


def _day_row(branch: UsBranch, sold: Sold, times: Decimal, name: str) -> dict[str, str]:
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
    sold: dict[dt.date, list[Sold]] = {}
    for each in sales_of(branch, start, end):
        sold.setdefault(each.of.day, []).append(each)
    trades = by_day(branch.exchange.traded(branch.account, start, end))
    rows = [_sums(sold[of], trades[of]) for of in sold]
    totals = {name: total(row[name] for row in rows) for name in ("buy_amt", "sell_amt", "pl_amt", "cmsn", "tax")}
    head = {f"tot_{name}": dollars(amount) for name, amount in totals.items()}

    def row(item: tuple[dt.date, Mapping[str, Decimal]]) -> dict[str, str]:
        return {"trde_dt": f"{item[0]:%Y%m%d}", **{name: dollars(amount) for name, amount in item[1].items()}}

    return Listing("result_list", list(enumerate(zip(sold, rows, strict=True))), row, head)


def _sums(sold: Sequence[Sold], traded: Sequence[Traded]) -> dict[str, Decimal]:
    return {
        "buy_amt": total(each.bought_amount for each in traded),
        "sell_amt": total(each.sold_amount for each in traded),
        "pl_amt": total(each.profit for each in sold),
        "cmsn": total(each.bought_commission + each.sold_commission for each in traded),
        "tax": total(each.tax for each in traded),
    }


def by_months(branch: UsBranch, fields: Mapping[str, str]) -> Content:
    """Answer ust21661: as ust21660, a row for each month with a sale."""
    end = _month_of(fields["end_dt"], "end_dt") or branch.exchange.today
    start = _month_of(fields["strt_dt"], "strt_dt") or end
    first, last = start.replace(day=1), _last_day(end)
    sold = sales_of(branch, first, last)
    months = dict.fromkeys(f"{each.of.day:%Y%m}" for each in sold)
    trades = branch.exchange.traded(branch.account, first, last)
    rows = [
        (
            month,
            _sums(
                [each for each in sold if f"{each.of.day:%Y%m}" == month],
                [each for each in trades if f"{each.day:%Y%m}" == month],
            ),
        )
        for month in months
    ]
    totals = {name: total(sums[name] for _, sums in rows) for name in ("buy_amt", "sell_amt", "pl_amt", "cmsn", "tax")}
    head = {f"tot_{name}": dollars(amount) for name, amount in totals.items()}

    def row(item: tuple[str, Mapping[str, Decimal]]) -> dict[str, str]:
        return {"trde_dt": item[0], **{name: dollars(amount) for name, amount in item[1].items()}}

    return Listing("result_list", list(enumerate(rows)), row, head)


def _month_of(text: str, name: str) -> dt.date | None:
    try:
        return day(f"{text}01") if text else None
    except ValueError:
        raise bad_value(name, "년월이 아님") from None


def _last_day(of: dt.date) -> dt.date:
    return of.replace(day=calendar.monthrange(of.year, of.month)[1])


def beside_holdings(branch: UsBranch, fields: Mapping[str, str]) -> Content:
    """Answer ust21170: what is held, with what was earned today by selling; what was sold altogether has a row too."""
    times = branch.rate if fields["fc_krw_tp"] == WON else Decimal(1)
    today = branch.exchange.today
    sold = {each.of.symbol: each for each in sales_of(branch, today, today)}
    state = branch.exchange.account(branch.account)
    profits = [_unrealised(branch, each) for each in state.holdings]
    realised = total(each.profit for each in sold.values())
    won = branch.home.account(branch.account)
    head = {
        "crnc_code": "KRW" if fields["fc_krw_tp"] == WON else "USD",
        "tot_evlt_amt": dollars(state.market_value * times),
        "tot_prch_amt": dollars(state.cost * times),
        "tot_pl_amt": dollars(total(profits) * times),
        "tot_pl_rt": dollars(rate_of(total(profits), state.cost), 2),
        "tdy_pl_amt": dollars(realised * times),
        "prsm_aseta_krw": padded(won.cash_d2 + (state.cash_d2 + state.market_value) * branch.rate),
    }
    return Listing(
        "result_list", list(state.numbered), lambda each: _held_row(branch, each, sold.get(each.symbol), times), head
    )


def _costs_of_selling(branch: UsBranch, held: Holding) -> Decimal:
    return (held.market_value * branch.costs.commission_rate).quantize(branch.costs.commission_unit, ROUND_DOWN)


def _unrealised(branch: UsBranch, held: Holding) -> Decimal:
    bought = (held.cost * branch.costs.commission_rate).quantize(branch.costs.commission_unit, ROUND_DOWN)
    return held.market_value - held.cost - bought - _costs_of_selling(branch, held)


def _held_row(branch: UsBranch, held: Holding, sold: Sold | None, times: Decimal) -> dict[str, str]:
    realised, profit = sold.profit if sold else Decimal(0), _unrealised(branch, held)
    return {
        "stex_nm": EXCHANGE_NAMES[branch.exchange.instruments[held.symbol].market],
        "crnc_code": "USD",
        "stk_cd": code_of(held.symbol),
        "frgn_stk_nm": held.name,
        "tdy_pl_amt": dollars(realised * times),
        "evlt_pl_amt": dollars(profit * times),
        "evlt_pl_rt": dollars(rate_of(profit, held.cost), 2),
        "prch_uv": dollars(held.average * times),
        "poss_qty": padded(held.quantity, 12),
        "sell_alowq": padded(held.sellable, 12),
        "now_pric": dollars(held.price * times),
        "prch_amt": dollars(held.cost * times),
        "evlt_amt": dollars(held.market_value * times),
        **dict.fromkeys(("prch_exrt", "sell_exrt"), dollars(branch.rate, 2)),
        "krw_chg_dfrn_pl_amt": padded(0),
        "krw_chg_pl_amt": padded(realised * branch.rate),
        "evlt_amt_cmsn": dollars(_costs_of_selling(branch, held) * times),
        "evlt_amt_tax": dollars(0),
        "natn_nm": COUNTRY,
    }
