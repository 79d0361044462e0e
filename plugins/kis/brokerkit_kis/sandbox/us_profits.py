"""What US shares earned and how their trades were settled."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import NamedTuple

from brokerkit.sandbox.exchange import ExchangeOrder, Execution
from brokerkit.sandbox.face import FaceAnswer
from brokerkit.sandbox.ledger import Traded, filled
from brokerkit_kis.sandbox.fields import ACCOUNT, Api, Context, Field, codes, date_field
from brokerkit_kis.sandbox.ledger import SIDE_CODE, SIDE_NAME
from brokerkit_kis.sandbox.paging import KEYS, WIDE, Listing, echo_of, paged
from brokerkit_kis.sandbox.us_account import Money
from brokerkit_kis.sandbox.us_orders import EXCHANGES
from brokerkit_kis.sandbox.us_symbols import DOLLARS, NOTHING, TRADING, among, code_of, place_of, won_per_dollar
from brokerkit_kis.sandbox.wording import day_text, fixed, percent, whole

ROWS = 50
"""On a page. How many the server tells is not known."""
FOREIGN, WON = "01", "02"
"""WCRC_FRCR_DVSN_CD here; balances have them the other way round."""


def realised(context: Context) -> FaceAnswer:
    """Answer inquire-period-profit: a row for each symbol that was sold on a day. No answer was ever seen: a guess.

    It is told from the day after the trade on, and costs stand at sales alone.
    """
    start, end = date_field(context, "INQR_STRT_DT"), date_field(context, "INQR_END_DT")
    sold = list(_sold(context, start, min(end, context.exchange.today - dt.timedelta(days=1))))
    listing = Listing(
        rows=sold,
        key=lambda each: f"{day_text(each.day)}{code_of(each.symbol):.<12}",
        write=lambda each: _realised_row(context, each),
        size=ROWS,
    )
    names = ("CANO", "ACNT_PRDT_CD", "OVRS_EXCG_CD", "NATN_CD", "CRCY_CD", "PDNO", "INQR_STRT_DT", "INQR_END_DT")
    return paged(context, listing, echo_of(context, *names), "output1", WIDE, output2=_realised_sums(context, sold))


def _sold(context: Context, start: dt.date, end: dt.date) -> Iterator[Traded]:
    segments, code = among(context.text("OVRS_EXCG_CD")), context.text("PDNO")
    if context.text("NATN_CD") not in ("", "840") or context.text("CRCY_CD") not in ("", DOLLARS):
        return
    for each in context.exchange.traded(context.account, start, end):
        is_meant = context.exchange.instruments[each.symbol].market in segments and code in ("", code_of(each.symbol))
        if each.sold and is_meant:
            yield each


def _money(context: Context) -> Money:
    return Money(won_per_dollar(context) if context.text("WCRC_FRCR_DVSN_CD") == WON else Decimal(1))


def _realised_row(context: Context, of: Traded) -> dict[str, object]:
    money = _money(context)
    cost, amount, fees = money.of(of.cost), money.of(of.sold_amount), money.of(of.sold_commission + of.tax)
    return {
        "trad_day": day_text(of.day),
        "ovrs_pdno": code_of(of.symbol),
        "ovrs_item_name": context.exchange.instruments[of.symbol].name,
        "slcl_qty": whole(of.sold),
        "pchs_avg_pric": fixed(cost / of.sold, 4),
        "frcr_pchs_amt1": fixed(cost, 5),
        "avg_sll_unpr": fixed(amount / of.sold, 4),
        "frcr_sll_amt_smtl1": fixed(amount, 6),
        "stck_sll_tlex": fixed(fees, 4),
        "ovrs_rlzt_pfls_amt": fixed(amount - cost - fees, 5),
        "pftrt": percent(amount - cost - fees, cost, 8),
        "exrt": fixed(won_per_dollar(context), 10),
        "ovrs_excg_cd": place_of(context.exchange.instruments[of.symbol]).ordered,
        "frst_bltn_exrt": fixed(won_per_dollar(context), 8),
    }


def _realised_sums(context: Context, sold: Sequence[Traded]) -> dict[str, object]:
    money = _money(context)
    amount = sum((money.of(each.sold_amount) for each in sold), NOTHING)
    cost = sum((money.of(each.cost) for each in sold), NOTHING)
    fees = sum((money.of(each.sold_commission + each.tax) for each in sold), NOTHING)
    return {
        "stck_sll_amt_smtl": fixed(amount, 4),
        "stck_buy_amt_smtl": fixed(cost, 4),
        "smtl_fee1": fixed(fees, 5),
        "excc_dfrm_amt": fixed(amount - fees, 5),
        "ovrs_rlzt_pfls_tot_amt": fixed(amount - cost - fees, 5),
        "tot_pftrt": percent(amount - cost - fees, cost, 8),
        "bass_dt": day_text(context.exchange.today),
        "exrt": fixed(won_per_dollar(context), 10),
    }


class Settled(NamedTuple):
    """The fills of an order, which are one line of the transactions."""

    order: ExchangeOrder
    quantity: Decimal
    amount: Decimal
    commission: Decimal

    @property
    def is_sale(self) -> bool:
        """Whether it brought cash."""
        return SIDE_CODE[self.order.request.side] == "01"

    @property
    def change(self) -> Decimal:
        """What cash grew by, or fell by."""
        return self.amount - self.commission if self.is_sale else self.amount + self.commission


def transactions(context: Context) -> FaceAnswer:
    """Answer inquire-period-trans: a line for each order that was filled, by the day of the trade."""
    start, end = date_field(context, "ERLM_STRT_DT"), date_field(context, "ERLM_END_DT")
    lines = [line for line in _lines(context, start, end) if _is_wanted(context, line)]
    listing = Listing(
        rows=lines,
        key=lambda line: f"{day_text(line.order.day)}{line.order.number:010d}",
        write=lambda line: _line_row(context, line),
        size=ROWS,
    )
    echo = echo_of(context, "CANO", "ACNT_PRDT_CD", "ERLM_STRT_DT", "ERLM_END_DT", "OVRS_EXCG_CD", "PDNO")
    bought = sum((line.change for line in lines if not line.is_sale), NOTHING)
    sold = sum((line.change for line in lines if line.is_sale), NOTHING)
    sums = {
        "frcr_buy_amt_smtl": fixed(bought, 6),
        "frcr_sll_amt_smtl": fixed(sold, 6),
        "dmst_fee_smtl": fixed(sum((line.commission for line in lines), NOTHING), 6),
        "ovrs_fee_smtl": fixed(NOTHING, 6),
    }
    return paged(context, listing, echo.replace("^", "!^"), "output1", output2=sums)


def _lines(context: Context, start: dt.date, end: dt.date) -> Iterator[Settled]:
    for order in context.exchange.history(context.account, start, end):
        fills: list[Execution] = [fill for _, fill in filled([order])]
        if fills:
            yield Settled(
                order,
                sum((fill.quantity for fill in fills), NOTHING),
                sum((fill.quantity * fill.price for fill in fills), NOTHING),
                sum((fill.commission for fill in fills), NOTHING),
            )


def _is_wanted(context: Context, line: Settled) -> bool:
    request = line.order.request
    return (
        context.text("SLL_BUY_DVSN_CD") in ("", "00", SIDE_CODE[request.side])
        and context.text("PDNO") in ("", "%", code_of(request.symbol))
        and context.exchange.instruments[request.symbol].market in among(context.text("OVRS_EXCG_CD"))
    )


def _line_row(context: Context, line: Settled) -> dict[str, object]:
    request, instrument = line.order.request, context.exchange.instruments[line.order.request.symbol]
    # Amounts in won are estimates until the day of settlement, and zero in some rows of the sample.
    rate, won = won_per_dollar(context), Money(won_per_dollar(context))
    price = line.amount / line.quantity
    return {
        "trad_dt": day_text(line.order.day),
        "sttl_dt": day_text(context.exchange.bourse.calendar.settled_on(line.order.day)),
        "sll_buy_dvsn_cd": SIDE_CODE[request.side],
        "sll_buy_dvsn_name": SIDE_NAME[request.side],
        "pdno": code_of(request.symbol),
        "ovrs_item_name": instrument.name,
        "ccld_qty": whole(line.quantity),
        "amt_unit_ccld_qty": fixed(line.quantity, 8),
        "ft_ccld_unpr2": fixed(price, 8),
        "ovrs_stck_ccld_unpr": fixed(price * rate, 8),
        "tr_frcr_amt2": fixed(line.amount, 6),
        "tr_amt": whole(won.of(line.amount)),
        "frcr_excc_amt_1": fixed(line.change, 6),
        "wcrc_excc_amt": whole(won.of(line.change)),
        "dmst_frcr_fee1": fixed(line.commission, 5),
        "frcr_fee1": fixed(NOTHING, 6),
        "dmst_wcrc_fee": whole(won.of(line.commission)),
        "ovrs_wcrc_fee": "0",
        "crcy_cd": DOLLARS,
        "std_pdno": instrument.isin,
        "erlm_exrt": fixed(rate, 8),
        "loan_dvsn_cd": "01",
        "loan_dvsn_name": "현금",
    }


REALISED = Api(
    f"{TRADING}/inquire-period-profit",
    (
        *ACCOUNT,
        Field("OVRS_EXCG_CD", 4, codes=codes("", *EXCHANGES)),
        Field("NATN_CD", 3),
        Field("CRCY_CD", 3),
        Field("PDNO", 12),
        Field("INQR_STRT_DT", 8),
        Field("INQR_END_DT", 8),
        Field("WCRC_FRCR_DVSN_CD", 2, codes=codes(FOREIGN, WON)),
        *WIDE.fields(),
    ),
    realised,
)
TRANSACTIONS = Api(
    f"{TRADING}/inquire-period-trans",
    (
        *ACCOUNT,
        Field("ERLM_STRT_DT", 8),
        Field("ERLM_END_DT", 8),
        # The broker's own sample asks with the code of prices.
        Field("OVRS_EXCG_CD", 4, codes=codes("", "NAS", *EXCHANGES)),
        Field("PDNO", 12),
        Field("SLL_BUY_DVSN_CD", 2, codes=codes("", "00", "01", "02")),
        Field("LOAN_DVSN_CD", 2),
        *KEYS,
    ),
    transactions,
)
