"""The orders of the account: the list of a stretch of days, and what can still be amended or cancelled."""

from __future__ import annotations

import datetime as dt
from calendar import monthrange
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

from brokerkit.sandbox.exchange import ExchangeOrder
from brokerkit.sandbox.face import FaceAnswer
from brokerkit.words import Side, Venue
from brokerkit_kis.sandbox.divisions import division_of
from brokerkit_kis.sandbox.fields import ACCOUNT, INTEGER, Api, Context, Field, codes, date_field, spelled, wrong_field
from brokerkit_kis.sandbox.orders import BRANCH
from brokerkit_kis.sandbox.paging import KEYS, NARROW, Listing, answered, asked_after, echo_of, paged
from brokerkit_kis.sandbox.wording import day_text, fixed, order_number, time_text, whole

Days = tuple[dt.date, dt.date]
SIDE_CODE = {Side.SELL: "01", Side.BUY: "02"}
SIDE_NAME = {Side.SELL: "매도", Side.BUY: "매수"}
ACTION_NAME = {"NEW": "", "AMEND": "정정*", "CANCEL": "취소*"}
OLD_IDS = codes("TTTC8001R", "VTTC8001R")
BEFORE_THREE_MONTHS = codes("CTSC9215R", "CTSC9115R", "VTSC9215R", "VTSC9115R")
MONTHS = 3
SILENT_FIELDS = ("ORD_GNO_BRNO", "INQR_DVSN_1", "INQR_DVSN_3", "EXCG_ID_DVSN_CD")
"""Leaving one of them out was seen to give neither an error nor rows."""
WORKING_ROWS = 50
LOANS: Mapping[str, frozenset[str] | None] = {
    "00": None,
    "01": frozenset({""}),
    "02": frozenset({"21", "22", "23", "24", "25", "26", "27", "28"}),
    "03": frozenset({"12"}),
    "04": frozenset({"22", "24", "26", "28"}),
    "05": frozenset({"14"}),
    "06": frozenset({"21", "25"}),
    "07": frozenset({"23", "27"}),
}
"""INQR_DVSN_3: which kinds of loan (CRDT_TYPE) an order has that is listed; none is cash, and all is no filter."""


def daily_orders(context: Context) -> FaceAnswer:
    """Answer inquire-daily-ccld."""
    start, end = date_field(context, "INQR_STRT_DT"), date_field(context, "INQR_END_DT")
    number = context.text("ODNO")
    if number and not (number.isascii() and INTEGER.fullmatch(number)):
        raise wrong_field("ODNO")
    names = ("CANO", "ACNT_PRDT_CD", "INQR_STRT_DT", "INQR_END_DT", "PDNO", "ODNO", "CCLD_DVSN", "INQR_DVSN")
    echo = echo_of(context, *names)
    days, wanted = _listed_days(context, start, end), _wanted(context)
    # The totals are known to ignore the filter by order number.
    totals = _totals(context, days, wanted)
    if days is None:
        return answered(context, [], "", echo, "output1", output2=totals)
    return _page(
        context,
        (lambda order: order.number == int(number) and wanted(order)) if number else wanted,
        echo,
        "output1",
        size=15 if context.demo else 100,
        days=days,
        newest_first=context.text("INQR_DVSN") != "01",
        output2=totals,
    )


def _page(
    context: Context,
    wanted: Callable[[ExchangeOrder], bool],
    echo: str,
    block: str,
    *,
    size: int,
    days: Days,
    newest_first: bool = True,
    working: bool = False,
    **others: object,
) -> FaceAnswer:
    """Answer a page of orders, without going through those before it."""
    key = asked_after(context, echo)
    found = context.exchange.page(
        context.account,
        size,
        days=days,
        after=None if key is None else _row_of(key),
        newest_first=newest_first,
        working=working,
        wanted=wanted,
    )
    if key is not None and not found.rows:
        raise wrong_field(NARROW.second)
    write = _working_row if working else _row
    rows: list[object] = [write(context, order) for order in found.rows]
    return answered(context, rows, order_key(found.rows[-1]) if found.more else "", echo, block, NARROW, **others)


def order_key(order: ExchangeOrder) -> str:
    """Return what a page that begins behind an order is asked for with."""
    return f"{day_text(order.day)}{order_number(order.number)}"


def _row_of(key: str) -> tuple[dt.date, int]:
    """Return day and number of the row that a key names."""
    try:
        if len(key) != 18 or not key.isascii() or not key.isdigit():
            raise ValueError
        return dt.date(int(key[:4]), int(key[4:6]), int(key[6:8])), int(key[8:])
    except ValueError:
        raise wrong_field(NARROW.second) from None


def _listed_days(context: Context, start: dt.date, end: dt.date) -> Days | None:
    """Return those of these days that this id can see at all."""
    missing = {name for name in SILENT_FIELDS if name not in context.fields}
    if context.tr_id in OLD_IDS:
        # The old id is older than the exchange field and was seen to be answered without it.
        missing.discard("EXCG_ID_DVSN_CD")
    if missing or (context.demo and context.tr_id in OLD_IDS):
        return None  # seen: the old id's list stays empty in the demo although orders fill
    # Each id has its own stretch of time. That it leaves the rest out, and does not refuse, is not known.
    border = three_months_before(context.exchange.today)
    if context.tr_id in BEFORE_THREE_MONTHS:
        end = min(end, border - dt.timedelta(days=1))
    else:
        start = max(start, border)
    return (start, end) if start <= end else None


def three_months_before(day: dt.date) -> dt.date:
    """Return the same day three months earlier, or the last one of that month."""
    year, month = divmod(day.year * 12 + day.month - 1 - MONTHS, 12)
    return dt.date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _wanted(context: Context) -> Callable[[ExchangeOrder], bool]:
    """Return what says of an order whether it was asked for."""
    # Every order here is one of a share: other kinds of security leave nothing. A blank or "0" is what the broker's own
    # samples send, and asks for all.
    if context.text("INQR_DVSN_1") not in ("", "0"):
        return lambda order: False
    loans = LOANS.get(context.text("INQR_DVSN_3") or "00", frozenset())
    side, symbol, fills = context.text("SLL_BUY_DVSN_CD"), context.text("PDNO"), context.text("CCLD_DVSN")
    venue = context.text("EXCG_ID_DVSN_CD") or "ALL"

    def wanted(order: ExchangeOrder) -> bool:
        request = order.request
        return (
            side in ("", "00", SIDE_CODE[request.side])
            and symbol.removeprefix("Q") in ("", request.symbol)
            and (fills in ("", "00") or (order.filled if fills == "01" else order.remaining) > 0)
            and venue in ("ALL", request.venue)
            and (loans is None or context.loan(order) in loans)
        )

    return wanted


def _row(context: Context, order: ExchangeOrder) -> Mapping[str, object]:
    """Return a row of the list of days; it is written once for as long as the order stays as it is."""
    key, sent = (order.day, order.number), _sent(context, order)
    kept = context.memory.rows.get(key)
    if kept is None or kept[0] is not order or kept[1] != sent:
        kept = context.memory.rows[key] = (order, sent, _written(context, order))
    return kept[2]


def _sent(context: Context, order: ExchangeOrder) -> str | None:
    """Return the code that an order of today was sent with, where its type alone does not tell."""
    return context.memory.divisions.get(order.number) if order.day == context.exchange.today else None


def _written(context: Context, order: ExchangeOrder) -> dict[str, object]:
    request = order.request
    cancel = order.action == "CANCEL"
    rejected = order.rejected > 0
    # What a row of a refused amendment or cancel is called is not known: both words, and no star for what is done.
    change = ACTION_NAME[order.action]
    return {
        "ord_dt": day_text(order.day),
        **common(context, order),
        "sll_buy_dvsn_cd_name": SIDE_NAME[request.side] + (change.rstrip("*") + "거부" if rejected else change),
        "tot_ccld_qty": whole(order.filled),
        "avg_prvs": average_text(order),
        # Blank where nothing is cancelled, as in the portal's rows; "Y" for the rest is the field's grammar.
        "cncl_yn": "Y" if not cancel and order.canceled > 0 and order.remaining == 0 else "",
        "tot_ccld_amt": whole(_amount(order)),
        # What the row of a cancel itself tells here is not known: the quantity it took away. What was amended away
        # or expired is in none of the columns.
        "cncl_cfrm_qty": whole(order.quantity - order.rejected if cancel else order.canceled),
        "rmn_qty": whole(order.remaining),
        "rjct_qty": whole(order.rejected),
        **_constants(request.venue),
        "stpm_cndt_pric": "" if request.stop_price is None else whole(request.stop_price),
        # The tables give no format for when a stop order woke, and the exchange does not tell it.
        "stpm_efct_occr_dtmd": "",
    }


def common(context: Context, order: ExchangeOrder) -> dict[str, object]:
    """Return the columns that all lists have."""
    request = order.request
    division = division_of(order, _sent(context, order))
    return {
        "ord_gno_brno": BRANCH,
        "odno": order_number(order.number),
        "orgn_odno": "" if order.original is None else order_number(order.original),
        "ord_dvsn_name": "" if division is None else division.name,
        "ord_dvsn_cd": "" if division is None else division.code,
        "sll_buy_dvsn_cd": SIDE_CODE[request.side],
        "pdno": spelled(request.symbol),
        "prdt_name": context.exchange.instruments[request.symbol].name,
        "ord_qty": whole(order.quantity),
        "ord_unpr": whole(request.price or Decimal(0)),
        "ord_tmd": time_text(order.time),
    }


def _constants(venue: Venue) -> dict[str, object]:
    return {
        "loan_dt": "",
        "ordr_empno": "OpnAPI",
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
    }


def _amount(order: ExchangeOrder) -> Decimal:
    if order.executions:
        return order.amount
    return (order.average_price or Decimal(0)) * order.filled


def average_text(order: ExchangeOrder) -> str:
    """Return the average price of what was filled."""
    # Seen as whole won; how many decimals a broken average has is not known.
    average = order.average_price or Decimal(0)
    return whole(average) if average == average.to_integral_value() else fixed(average, 4)


def _totals(context: Context, days: Days | None, wanted: Callable[[ExchangeOrder], bool]) -> dict[str, object]:
    """Return the totals of all pages; they are added up once for as long as nothing happens at the exchange."""
    names = ("SLL_BUY_DVSN_CD", "PDNO", "CCLD_DVSN", "EXCG_ID_DVSN_CD", "INQR_DVSN_1", "INQR_DVSN_3")
    asked = (context.exchange.changes, days, *(context.text(name) for name in names))
    if context.memory.totals[0] != asked:
        orders = context.exchange.history(context.account, *days) if days else ()
        context.memory.totals = (asked, _added_up(context, [order for order in orders if wanted(order)]))
    return context.memory.totals[1]


def _added_up(context: Context, orders: Sequence[ExchangeOrder]) -> dict[str, object]:
    # An amendment moves shares of an order that is counted already.
    asked = sum((order.quantity for order in orders if order.action == "NEW"), Decimal(0))
    traded = [order for order in orders if order.filled]
    filled = sum((order.filled for order in traded), Decimal(0))
    amount = sum((_amount(order) for order in traded), Decimal(0))
    # The exchange keeps the fees of today only.
    fees = context.exchange.account(context.account).fees_today if filled else Decimal(0)
    return {
        "tot_ord_qty": whole(asked),
        "tot_ccld_qty": whole(filled),
        "tot_ccld_amt": whole(amount),
        "prsm_tlex_smtl": whole(fees),
        "pchs_avg_pric": fixed(amount / filled if filled else Decimal(0), 4),
    }


def working_orders(context: Context) -> FaceAnswer:
    """Answer inquire-psbl-rvsecncl: what is left of today's orders, the newest first or by symbol."""
    side = {"1": Side.SELL, "2": Side.BUY}.get(context.text("INQR_DVSN_2"))
    echo, today = echo_of(context, "CANO", "ACNT_PRDT_CD"), context.exchange.today

    def wanted(order: ExchangeOrder) -> bool:
        return side in (None, order.request.side)

    if context.text("INQR_DVSN_1") != "1":
        return _page(context, wanted, echo, "output", size=WORKING_ROWS, days=(today, today), working=True)
    rows = [order for order in context.exchange.open_orders(context.account) if wanted(order)]
    rows.sort(key=_key_by_symbol)
    listing = Listing(rows, _key_by_symbol, lambda order: _working_row(context, order), WORKING_ROWS)
    return paged(context, listing, echo, "output")


def _key_by_symbol(order: ExchangeOrder) -> str:
    return order.request.symbol + order_key(order)


def _working_row(context: Context, order: ExchangeOrder) -> dict[str, object]:
    request = order.request
    changed = ACTION_NAME[order.action]
    return {
        **common(context, order),
        "rvse_cncl_dvsn_name": SIDE_NAME[request.side] + changed if changed else "",
        "tot_ccld_qty": whole(order.filled),
        "tot_ccld_amt": whole(_amount(order)),
        "psbl_qty": whole(order.remaining),
        "mgco_aptm_odno": "",
        "excg_dvsn_cd": "02",
        "excg_id_dvsn_cd": request.venue.value,
        "excg_id_dvsn_name": request.venue.value,
        "stpm_cndt_pric": "" if request.stop_price is None else whole(request.stop_price),
        # A stop order that woke is not told apart here from one that still waits.
        "stpm_efct_occr_yn": "" if request.stop_price is None else "N",
    }


TRADING = "/uapi/domestic-stock/v1/trading"
DAILY = Api(
    f"{TRADING}/inquire-daily-ccld",
    (
        *ACCOUNT,
        Field("INQR_STRT_DT", 8),
        Field("INQR_END_DT", 8),
        Field("SLL_BUY_DVSN_CD", 2, codes=codes("", "00", "01", "02")),
        Field("PDNO", 12, required=False),
        Field("ORD_GNO_BRNO", 5, required=False),
        Field("ODNO", 10, required=False),
        Field("CCLD_DVSN", 2, codes=codes("", "00", "01", "02")),
        Field("INQR_DVSN", 2),
        Field("INQR_DVSN_1", 1, required=False),
        Field("INQR_DVSN_3", 2, required=False),
        Field("EXCG_ID_DVSN_CD", 3, required=False, codes=codes("KRX", "NXT", "SOR", "ALL")),
        *KEYS,
    ),
    daily_orders,
)
WORKING = Api(
    f"{TRADING}/inquire-psbl-rvsecncl",
    (
        *ACCOUNT,
        *KEYS,
        Field("INQR_DVSN_1", 1),
        Field("INQR_DVSN_2", 1, codes=codes("", "0", "1", "2")),
    ),
    working_orders,
)
