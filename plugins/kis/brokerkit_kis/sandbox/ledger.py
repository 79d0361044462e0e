"""The orders of the day, as the account's list tells them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

from brokerkit.models import OrderType, Side, Venue
from brokerkit.sandbox.exchange import ExchangeOrder
from brokerkit_kis.sandbox.account import FIRST, KEY_WIDTH, SECOND, paged
from brokerkit_kis.sandbox.fields import ACCOUNT, INTEGER, Api, Context, Field, codes, wrong_field
from brokerkit_kis.sandbox.orders import branch, todays_orders
from brokerkit_kis.sandbox.wording import Answer, fixed, order_number, whole

SIDE_CODE = {Side.SELL: "01", Side.BUY: "02"}
SIDE_NAME = {Side.SELL: "매도", Side.BUY: "매수"}
DIVISION_CODE = {OrderType.LIMIT: "00", OrderType.MARKET: "01"}
DIVISION_NAME = {OrderType.LIMIT: "지정가", OrderType.MARKET: "시장가"}
OLD_IDS = codes("TTTC8001R", "VTTC8001R")
BEFORE_THREE_MONTHS = codes("CTSC9215R", "CTSC9115R", "VTSC9215R", "VTSC9115R")
SILENT_FIELDS = ("ORD_GNO_BRNO", "INQR_DVSN_1", "INQR_DVSN_3", "EXCG_ID_DVSN_CD")
"""Leaving one of them out was seen to give neither an error nor rows."""


def daily_orders(context: Context) -> Answer:
    """Answer inquire-daily-ccld."""
    start, end = _date(context, "INQR_STRT_DT"), _date(context, "INQR_END_DT")
    number = context.text("ODNO")
    if number and not (number.isascii() and INTEGER.fullmatch(number)):
        raise wrong_field("ODNO")
    chosen = [order for order in _listed(context) if start <= order.time.date() <= end and _wanted(context, order)]
    # The totals are known to ignore the filter by order number.
    totals = _totals(context, chosen)
    rows = [_row(context, order) for order in chosen if not number or order.number == int(number)]
    if context.text("INQR_DVSN") == "00":
        rows.reverse()
    names = ("CANO", "ACNT_PRDT_CD", "INQR_STRT_DT", "INQR_END_DT", "PDNO", "ODNO", "CCLD_DVSN", "INQR_DVSN")
    echo = "".join(f"{context.text(name)}^" for name in names)
    return paged(context, rows, echo, 15 if context.demo else 100, totals)


def _listed(context: Context) -> list[ExchangeOrder]:
    """Return the rows that this id can see at all."""
    missing = {name for name in SILENT_FIELDS if name not in context.fields}
    if not context.text("EXCG_ID_DVSN_CD"):
        missing.add("EXCG_ID_DVSN_CD")
    if context.tr_id in OLD_IDS:
        # The old id is older than the exchange field and was seen to be answered without it.
        missing.discard("EXCG_ID_DVSN_CD")
    if missing or context.tr_id in BEFORE_THREE_MONTHS:
        return []
    if context.demo and context.tr_id in OLD_IDS:
        return []  # seen: this list of the demo stays empty all day although orders fill
    return todays_orders(context.exchange, context.account)


def _date(context: Context, name: str) -> dt.date:
    text = context.text(name)
    try:
        if len(text) != 8 or not text.isascii() or not text.isdigit():
            raise ValueError
        return dt.date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        raise wrong_field(name) from None


def _wanted(context: Context, order: ExchangeOrder) -> bool:
    venue = context.text("EXCG_ID_DVSN_CD") or "ALL"
    filled = {"00": True, "01": order.filled > 0, "02": order.remaining > 0}
    return (
        context.text("SLL_BUY_DVSN_CD") in ("00", SIDE_CODE[order.request.side])
        and context.text("PDNO") in ("", order.request.symbol)
        and filled[context.text("CCLD_DVSN")]
        and venue in ("ALL", order.request.venue.value)
        # Every order here is a cash order of a share: other kinds of money or of security leave nothing.
        and context.text("INQR_DVSN_3") in ("00", "01")
        and context.text("INQR_DVSN_1") == ""
    )


def _row(context: Context, order: ExchangeOrder) -> dict[str, object]:
    request = order.request
    new = order.action == "NEW"
    amount = _amount(order)
    return {
        "ord_dt": f"{order.time:%Y%m%d}",
        "ord_gno_brno": branch(context.demo),
        "odno": order_number(order.number),
        "orgn_odno": "" if order.original is None else order_number(order.original),
        "ord_dvsn_name": DIVISION_NAME.get(request.type, ""),
        "sll_buy_dvsn_cd": SIDE_CODE[request.side],
        "sll_buy_dvsn_cd_name": SIDE_NAME[request.side] + ("" if new else "취소*"),
        "pdno": request.symbol,
        "prdt_name": context.exchange.instruments[request.symbol].name,
        "ord_qty": whole(order.quantity),
        "ord_unpr": whole(request.price or Decimal(0)),
        "ord_tmd": f"{order.time:%H%M%S}",
        "tot_ccld_qty": whole(order.filled) if new else "0",
        "avg_prvs": _average(order) if new else "0",
        # Blank where nothing is cancelled, as in the portal's rows; "Y" for the rest is the field's grammar.
        "cncl_yn": "Y" if new and order.canceled > 0 and order.remaining == 0 else "",
        "tot_ccld_amt": whole(amount) if new else "0",
        "ord_dvsn_cd": DIVISION_CODE.get(request.type, ""),
        # What the row of a cancel itself tells here is not known: the quantity it took away.
        "cncl_cfrm_qty": whole(order.canceled if new else order.quantity),
        "rmn_qty": whole(order.remaining) if new else "0",
        **_constants(request.venue),
    }


def _constants(venue: Venue) -> dict[str, object]:
    return {
        "loan_dt": "",
        "ordr_empno": "OpnAPI",
        "rjct_qty": "0",
        "ccld_cndt_name": "없음",
        "inqr_ip_addr": "127.0.0.1",
        "cpbc_ordp_ord_rcit_dvsn_cd": "",
        "cpbc_ordp_infm_mthd_dvsn_cd": "",
        "infm_tmd": "",
        "ctac_tlno": "",
        "prdt_type_cd": "300",
        "excg_dvsn_cd": "02",
        "cpbc_ordp_mtrl_dvsn_cd": "11",
        "ord_orgno": "00000",
        "rsvn_ord_end_dt": "",
        "excg_id_dvsn_Cd": venue.value,  # the capital C stands in the vendor's table
        "stpm_cndt_pric": "",
        "stpm_efct_occr_dtmd": "",
    }


def _amount(order: ExchangeOrder) -> Decimal:
    return sum((fill.price * fill.quantity for fill in order.executions), Decimal(0))


def _average(order: ExchangeOrder) -> str:
    # Seen as whole won; how many decimals a broken average has is not known.
    average = order.average_price or Decimal(0)
    return whole(average) if average == average.to_integral_value() else fixed(average, 4)


def _totals(context: Context, orders: Sequence[ExchangeOrder]) -> dict[str, object]:
    new = [order for order in orders if order.action == "NEW"]
    filled = sum((order.filled for order in new), Decimal(0))
    amount = sum((_amount(order) for order in new), Decimal(0))
    fees = context.exchange.account(context.account).fees_today if filled else Decimal(0)
    return {
        "tot_ord_qty": whole(sum((order.quantity for order in new), Decimal(0))),
        "tot_ccld_qty": whole(filled),
        "tot_ccld_amt": whole(amount),
        "prsm_tlex_smtl": whole(fees),
        "pchs_avg_pric": fixed(amount / filled if filled else Decimal(0), 4),
    }


DAILY = Api(
    path="/uapi/domestic-stock/v1/trading/inquire-daily-ccld",
    method="GET",
    real=codes("TTTC0081R", "TTTC8001R", "CTSC9215R", "CTSC9115R"),
    demo=codes("VTTC0081R", "VTTC8001R", "VTSC9215R", "VTSC9115R"),
    fields=(
        *ACCOUNT,
        Field("INQR_STRT_DT", 8),
        Field("INQR_END_DT", 8),
        Field("SLL_BUY_DVSN_CD", 2, codes=codes("00", "01", "02")),
        Field("PDNO", 12, required=False),
        Field("ORD_GNO_BRNO", 5, required=False),
        Field("ODNO", 10, required=False),
        Field("CCLD_DVSN", 2, codes=codes("00", "01", "02")),
        Field("INQR_DVSN", 2, codes=codes("00", "01")),
        Field("INQR_DVSN_1", 1, required=False, codes=codes("", "1", "2")),
        Field("INQR_DVSN_3", 2, required=False, codes=codes("00", "01", "02", "03", "04", "05", "06", "07")),
        Field("EXCG_ID_DVSN_CD", 3, required=False, codes=codes("KRX", "NXT", "SOR", "ALL")),
        Field(FIRST, KEY_WIDTH),
        Field(SECOND, KEY_WIDTH),
    ),
    handler=daily_orders,
)
