"""Realised profit: by day and symbol, and by day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

from brokerkit.sandbox.face import FaceAnswer
from brokerkit.sandbox.ledger import Traded, by_day
from brokerkit_kis.sandbox.fields import ACCOUNT, ETN_ISSUERS, Api, Context, Field, codes, date_field
from brokerkit_kis.sandbox.paging import KEYS, Listing, echo_of, paged
from brokerkit_kis.sandbox.wording import day_text, percent, whole

ROWS = 50
"""On a page; so many stood in the broker's own sample."""
OLDEST_FIRST = "01"
NAMES = ("CANO", "ACNT_PRDT_CD", "INQR_STRT_DT", "INQR_END_DT", "PDNO", "SORT_DVSN", "CBLC_DVSN")
NOTHING = Decimal(0)


def by_symbol(context: Context) -> FaceAnswer:
    """Answer inquire-period-trade-profit: a row for each symbol that was traded on a day, also bought alone."""
    trades = _trades(context)
    # Whether the sums are those of the page or of all rows is not known: of all.
    sums = {**_sums(trades, "buyqty_smtl"), "tot_pftrt": percent(_profit(trades), _total(trades, _cost), 8)}
    listing = Listing(
        rows=_ordered(context, trades),
        key=lambda each: f"{day_text(each.day)}{each.symbol}",
        write=lambda each: _row(context, each),
        size=ROWS,
        descending=context.text("SORT_DVSN") != OLDEST_FIRST,
    )
    return paged(context, listing, echo_of(context, *NAMES), "output1", output2=sums)


def by_days(context: Context) -> FaceAnswer:
    """Answer inquire-period-profit: a row for each day on which anything was traded."""
    trades = _trades(context)
    listing = Listing(
        rows=[(day, each) for day, each in by_day(_ordered(context, trades)).items()],
        key=lambda row: day_text(row[0]),
        write=lambda row: _day_row(*row),
        size=ROWS,
        descending=context.text("SORT_DVSN") != OLDEST_FIRST,
    )
    return paged(context, listing, echo_of(context, *NAMES), "output1", output2=_sums(trades, "buy_qty_smtl"))


def _trades(context: Context) -> Sequence[Traded]:
    start, end = date_field(context, "INQR_STRT_DT"), date_field(context, "INQR_END_DT")
    symbol = context.text("PDNO").removeprefix("Q")
    trades = context.exchange.traded(context.account, start, end)
    return [each for each in trades if symbol in ("", each.symbol)]


def _ordered(context: Context, trades: Sequence[Traded]) -> Sequence[Traded]:
    return trades if context.text("SORT_DVSN") == OLDEST_FIRST else trades[::-1]


def _total(trades: Sequence[Traded], value: Callable[[Traded], Decimal]) -> Decimal:
    return sum(map(value, trades), NOTHING)


def _cost(each: Traded) -> Decimal:
    return each.cost


def _profit(trades: Sequence[Traded]) -> Decimal:
    # Whether the broker's profit is before or after costs is not known (its sample has none): before them, here.
    return _total(trades, lambda each: each.profit)


def _fee(each: Traded) -> Decimal:
    # Both sides: the sums tell them apart and together, and a row has one field for it.
    return each.bought_commission + each.sold_commission


def _row(context: Context, of: Traded) -> dict[str, object]:
    price = of.cost / of.sold if of.sold else of.bought_amount / of.bought
    return {
        "trad_dt": day_text(of.day),
        "pdno": f"{'Q' if of.symbol[0] in ETN_ISSUERS else 'A'}{of.symbol}".rjust(12, "0"),
        "prdt_name": context.exchange.instruments[of.symbol].name,
        "trad_dvsn_name": "현금",
        "loan_dt": "",
        "hldg_qty": whole(of.held),
        "pchs_unpr": str(int(price)),
        "buy_qty": whole(of.bought),
        "buy_amt": whole(of.bought_amount),
        "sll_pric": str(int(of.sold_amount / of.sold)) if of.sold else "0",
        "sll_qty": whole(of.sold),
        "sll_amt": whole(of.sold_amount),
        "rlzt_pfls": whole(of.profit),
        "pfls_rt": percent(of.profit, of.cost, 8),
        "fee": whole(_fee(of)),
        "tl_tax": whole(of.tax),
        "loan_int": "0",
    }


def _day_row(day: dt.date, trades: Sequence[Traded]) -> dict[str, object]:
    return {
        "trad_dt": day_text(day),
        "buy_amt": whole(_total(trades, lambda each: each.bought_amount)),
        "sll_amt": whole(_total(trades, lambda each: each.sold_amount)),
        "rlzt_pfls": whole(_profit(trades)),
        "fee": whole(_total(trades, _fee)),
        "loan_int": "0",
        "tl_tax": whole(_total(trades, lambda each: each.tax)),
        "pfls_rt": percent(_profit(trades), _total(trades, _cost), 8),
        "sll_qty1": whole(_total(trades, lambda each: each.sold)),
        "buy_qty1": whole(_total(trades, lambda each: each.bought)),
    }


def _sums(trades: Sequence[Traded], bought: str) -> Mapping[str, object]:
    """Return the sums of all rows; the two calls have one name of their own."""
    sold_amount, bought_amount = (
        _total(trades, lambda each: each.sold_amount),
        _total(trades, lambda each: each.bought_amount),
    )
    sold_fee, bought_fee = (
        _total(trades, lambda each: each.sold_commission),
        _total(trades, lambda each: each.bought_commission),
    )
    tax = _total(trades, lambda each: each.tax)
    sold_quantity, bought_quantity = _total(trades, lambda each: each.sold), _total(trades, lambda each: each.bought)
    return {
        "sll_qty_smtl": whole(sold_quantity),
        "sll_tr_amt_smtl": whole(sold_amount),
        "sll_fee_smtl": whole(sold_fee),
        "sll_tltx_smtl": whole(tax),
        "sll_excc_amt_smtl": whole(sold_amount - sold_fee - tax),
        bought: whole(bought_quantity),
        "buy_tr_amt_smtl": whole(bought_amount),
        "buy_fee_smtl": whole(bought_fee),
        "buy_tax_smtl": "0",
        "buy_excc_amt_smtl": whole(bought_amount + bought_fee),
        "tot_qty": whole(sold_quantity + bought_quantity),
        "tot_tr_amt": whole(sold_amount + bought_amount),
        "tot_fee": whole(sold_fee + bought_fee),
        "tot_tltx": whole(tax),
        # The sample adds both sides up here, and does not take one from the other.
        "tot_excc_amt": whole(sold_amount - sold_fee - tax + bought_amount + bought_fee),
        "tot_rlzt_pfls": whole(_profit(trades)),
        "loan_int": "0",
    }


TRADING = "/uapi/domestic-stock/v1/trading"
_FIELDS = (
    *ACCOUNT,
    Field("SORT_DVSN", 2, codes=codes("00", "01", "02")),
    Field("PDNO", 12),
    Field("INQR_STRT_DT", 8),
    Field("INQR_END_DT", 8),
    Field("CBLC_DVSN", 2),
    *KEYS,
)
BY_SYMBOL = Api(f"{TRADING}/inquire-period-trade-profit", _FIELDS, by_symbol)
BY_DAYS = Api(f"{TRADING}/inquire-period-profit", (*_FIELDS, Field("INQR_DVSN", 2)), by_days)
