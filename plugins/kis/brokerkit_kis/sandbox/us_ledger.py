"""The orders of the account in the US: those of some days, those that work, and those that are sent in parts.

With them stand those of other countries, which are kept. Orders of the daytime market are in none of these lists,
and neither are reserved ones.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import partial
from typing import NamedTuple

from brokerkit.sandbox.exchange import ExchangeOrder, Execution
from brokerkit.sandbox.face import FaceAnswer
from brokerkit.words import Venue
from brokerkit_kis.sandbox import elsewhere
from brokerkit_kis.sandbox.fields import ACCOUNT, INTEGER, Api, Context, Field, codes, date_field
from brokerkit_kis.sandbox.ledger import SIDE_CODE, SIDE_NAME
from brokerkit_kis.sandbox.orders import BRANCH
from brokerkit_kis.sandbox.paging import WIDE, Listing, echo_of, paged
from brokerkit_kis.sandbox.us_orders import DIVISIONS, EXCHANGES
from brokerkit_kis.sandbox.us_symbols import DOLLARS, TRADING, among, code_of, korean, place_of
from brokerkit_kis.sandbox.wording import day_text, fixed, order_number, time_text, whole

ACTIONS = {"NEW": ("00", ""), "AMEND": ("01", "정정"), "CANCEL": ("02", "취소")}
OLDEST_FIRST = codes("DS", "")
"""SORT_SQN: DS is the oldest first and AS the newest, the other way round than elsewhere."""
WORKING_ROWS = 40
DAY_ROWS = {"real": 20, "demo": 15}
"""Of a page, as the working ones."""
DONE, REJECTED, SENT = "완료", "거부", "전송"
"""What a row can be called; one that was cancelled or amended away stays 전송."""
Wanted = Callable[[ExchangeOrder], bool]


class Line(NamedTuple):
    """A row of a list, written when its page is asked for."""

    key: str
    write: Callable[[], object]


def orders(context: Context) -> FaceAnswer:
    """Answer inquire-ccnl. Days are New York's. The demo tells everything, whatever else is asked for.

    That the demo does not refuse other words than the blanks it wants is not known; clients send them there.
    """
    start, end = date_field(context, "ORD_STRT_DT"), date_field(context, "ORD_END_DT")
    wanted = _everything if context.demo else _wanted(context)
    found = [Line(_key(row), partial(_row, context, row)) for row in _rows(context, start, end) if wanted(row)]
    kept = [Line(key, partial(elsewhere.row, each)) for key, each in elsewhere.orders(context, start, end)]
    oldest_first = not context.demo and context.text("SORT_SQN") in OLDEST_FIRST
    names = ("CANO", "ACNT_PRDT_CD", "PDNO", "ORD_STRT_DT", "ORD_END_DT", "SLL_BUY_DVSN", "CCLD_NCCS_DVSN")
    listing = Listing(
        rows=_in_order(found, kept, oldest_first=oldest_first),
        key=lambda line: line.key,
        write=lambda line: line.write(),
        size=DAY_ROWS["demo" if context.demo else "real"],
        descending=not oldest_first,
    )
    answer = paged(context, listing, echo_of(context, *names, "OVRS_EXCG_CD", "ODNO"), "output", WIDE)
    # The sample has one blank row where there is none, and repeats a query without a symbol. Clients in use ask for all
    # symbols with "%", and fall over such a row: what decides is not known, so each of them gets what it can read.
    if found or kept or context.demo or context.text("PDNO"):
        return answer
    return FaceAnswer({**answer.body, "output": [BLANK_ROW]}, answer.headers)


def _in_order(found: list[Line], kept: list[Line], *, oldest_first: bool) -> list[Line]:
    """Return what the exchange has and what is kept of other countries, by day and number."""
    lines = sorted([*found, *kept], key=lambda line: line.key) if kept else found
    return lines if oldest_first else lines[::-1]


def _rows(context: Context, start: dt.date, end: dt.date) -> Iterator[ExchangeOrder]:
    """Yield what the lists have of these days, ascending."""
    for row in context.exchange.history(context.account, start, end):
        if row.request.venue is not Venue.DAYTIME:
            yield row


def _everything(row: ExchangeOrder) -> bool:
    return True


def _wanted(context: Context) -> Wanted:
    side, fills = context.text("SLL_BUY_DVSN"), context.text("CCLD_NCCS_DVSN")
    code, segments = context.text("PDNO"), among(context.text("OVRS_EXCG_CD"))

    def wanted(row: ExchangeOrder) -> bool:
        return (
            side in ("", "00", SIDE_CODE[row.request.side])
            and code in ("", "%", code_of(row.request.symbol))
            and (fills in ("", "00") or (row.filled if fills == "01" else row.remaining) > 0)
            and context.exchange.instruments[row.request.symbol].market in segments
        )

    return wanted


def _key(row: ExchangeOrder) -> str:
    return f"{day_text(row.day)}{order_number(row.number)}"


def _common(context: Context, row: ExchangeOrder) -> dict[str, object]:
    """Return the columns that both lists have."""
    request, place = row.request, place_of(context.exchange.instruments[row.request.symbol])
    return {
        "ord_dt": day_text(row.day),
        "ord_gno_brno": BRANCH,
        "odno": order_number(row.number),
        "orgn_odno": "" if row.original is None else order_number(row.original),
        "sll_buy_dvsn_cd": SIDE_CODE[request.side],
        "sll_buy_dvsn_cd_name": SIDE_NAME[request.side],
        "pdno": code_of(request.symbol),
        "prdt_name": context.exchange.instruments[request.symbol].name,
        "ft_ord_qty": whole(row.quantity),
        "ft_ord_unpr3": fixed(request.price or Decimal(0), 8),
        "ft_ccld_qty": whole(row.filled),
        "ft_ccld_unpr3": fixed(row.average_price or Decimal(0), 8),
        "ft_ccld_amt3": fixed((row.average_price or Decimal(0)) * row.filled, 5),
        "nccs_qty": whole(row.remaining),
        "prcs_stat_name": _state(row),
        # Which codes there are for reasons is not told: the words alone.
        "rjct_rson": "",
        "rjct_rson_name": "주문거부" if row.rejected else "",
        "ord_tmd": time_text(korean(row.time)),
        "tr_mket_name": place.name,
        "ovrs_excg_cd": place.ordered,
        "tr_crcy_cd": DOLLARS,
        "loan_type_cd": "10",
        "loan_dt": "",
        "usa_amk_exts_rqst_yn": "N",
        "splt_buy_attr_name": context.memory.spans.get(row.number, ""),
    }


def _state(row: ExchangeOrder) -> str:
    if row.rejected:
        return REJECTED
    is_done = row.action == "CANCEL" or row.filled == row.quantity
    return DONE if is_done else SENT


def _row(context: Context, row: ExchangeOrder) -> dict[str, object]:
    code, name = ACTIONS[row.action]
    return {
        **_common(context, row),
        "rvse_cncl_dvsn": code,
        "rvse_cncl_dvsn_name": name,
        "tr_natn": "840",
        "tr_natn_name": "미국",
        "dmst_ord_dt": day_text(korean(row.time).date()),
        "thco_ord_tmd": time_text(korean(row.time)),
        "mdia_dvsn_name": "OpenAPI",
    }


BLANKS = """
    ord_dt ord_gno_brno odno orgn_odno sll_buy_dvsn_cd sll_buy_dvsn_cd_name rvse_cncl_dvsn rvse_cncl_dvsn_name pdno
    prdt_name prcs_stat_name rjct_rson rjct_rson_name ord_tmd tr_mket_name tr_natn tr_natn_name ovrs_excg_cd
    tr_crcy_cd dmst_ord_dt thco_ord_tmd loan_type_cd loan_dt
"""
BLANK_ROW = {
    **dict.fromkeys(BLANKS.split(), ""),
    "ft_ord_qty": "0",
    "ft_ord_unpr3": "0.00000000",
    "ft_ccld_qty": "0",
    "ft_ccld_unpr3": "0.00000000",
    "ft_ccld_amt3": "0.00000",
    "nccs_qty": "0",
    "mdia_dvsn_name": "OpenAPI",
    "usa_amk_exts_rqst_yn": "N",
    "splt_buy_attr_name": "00:00~04:00",
}


def working_orders(context: Context) -> FaceAnswer:
    """Answer inquire-nccs: what is left of today's orders."""
    exchange, segments = context.exchange, among(context.text("OVRS_EXCG_CD"))
    found = [
        Line(_key(row), partial(_working_row, context, row))
        for row in exchange.open_orders(context.account)
        if row.request.venue is not Venue.DAYTIME and exchange.instruments[row.request.symbol].market in segments
    ]
    kept = [Line(key, partial(elsewhere.working_row, each)) for key, each in elsewhere.working_orders(context)]
    oldest_first = context.text("SORT_SQN") in OLDEST_FIRST
    listing = Listing(
        rows=_in_order(found, kept, oldest_first=oldest_first),
        key=lambda line: line.key,
        write=lambda line: line.write(),
        size=WORKING_ROWS,
        descending=not oldest_first,
    )
    echo = echo_of(context, "CANO", "ACNT_PRDT_CD", "OVRS_EXCG_CD", "SORT_SQN")
    answer = paged(context, listing, echo, "output", WIDE)
    if context.text("OVRS_EXCG_CD"):
        return answer
    # A blank exchange is known to break the pages. How it does is not: there is no key to the next one.
    return FaceAnswer({**answer.body, WIDE.second.lower(): "".ljust(WIDE.width)}, answer.headers)


def _working_row(context: Context, row: ExchangeOrder) -> dict[str, object]:
    code, name = ACTIONS[row.action]
    return {
        **_common(context, row),
        "rvse_cncl_dvsn_cd": code,
        "rvse_cncl_dvsn_cd_name": name,
        "prcs_stat_name": "",  # blank in the sample
        "natn_cd": "840",
        "natn_kor_name": "미국",
    }


def split_orders(context: Context) -> FaceAnswer:
    """Answer algo-ordno: the orders of a day that are sent in parts."""
    day = date_field(context, "TRAD_DT")
    listing = Listing(
        rows=[row for row in _rows(context, day, day) if _is_split(row)],
        key=_key,
        write=lambda row: _split_row(context, row),
        size=WORKING_ROWS,
    )
    return paged(context, listing, echo_of(context, "CANO", "ACNT_PRDT_CD", "TRAD_DT"), "output", WIDE)


def _is_split(row: ExchangeOrder) -> bool:
    return row.action != "CANCEL" and any(each.is_split for each in DIVISIONS.values() if each.type is row.request.type)


def _split_row(context: Context, row: ExchangeOrder) -> dict[str, object]:
    return {
        "odno": order_number(row.number),
        "trad_dvsn_name": _split_name(row),
        "pdno": code_of(row.request.symbol),
        "item_name": context.exchange.instruments[row.request.symbol].name,
        "ft_ord_qty": whole(row.quantity),
        "ft_ord_unpr3": fixed(row.request.price or Decimal(0), 8),
        "splt_buy_attr_name": context.memory.spans.get(row.number, ""),
        "ft_ccld_qty": whole(row.filled),
        "ord_gno_brno": BRANCH,
    }


def _split_name(row: ExchangeOrder) -> str:
    kind = row.request.type.value.partition("_")[0]
    return f"{kind}지정가{SIDE_NAME[row.request.side]}"


def split_fills(context: Context) -> FaceAnswer:
    """Answer inquire-algo-ccnl: the fills of one such order; names are in upper case. No sample shows values."""
    # The broker's own sample asks with both of them blank. What that brings is not known: all of today, for nothing
    # would say that there are none.
    number = context.text("ODNO")
    day = date_field(context, "ORD_DT") if context.text("ORD_DT") else context.exchange.today
    orders = [row for row in _rows(context, day, day) if _is_split(row) and _is_named(row, number)]
    listing = Listing(
        rows=[(order, place, fill) for order in orders for place, fill in enumerate(order.executions, start=1)],
        key=lambda row: f"{order_number(row[0].number)}{row[1]:010d}",
        write=lambda row: _fill_row(context, *row),
        size=WORKING_ROWS,
    )
    totals = [_split_totals(context, order) for order in orders]
    echo = echo_of(context, "CANO", "ACNT_PRDT_CD", "ORD_DT", "ODNO")
    return paged(context, listing, echo, "output", WIDE, output3=totals)


def _is_named(row: ExchangeOrder, number: str) -> bool:
    return not number or (INTEGER.fullmatch(number) is not None and row.number == int(number))


def _fill_row(context: Context, order: ExchangeOrder, number: int, fill: Execution) -> dict[str, object]:
    return {
        "CCLD_SEQ": str(number),
        "CCLD_BTWN": time_text(korean(fill.time)),
        "PDNO": code_of(order.request.symbol),
        "ITEM_NAME": context.exchange.instruments[order.request.symbol].name,
        "FT_CCLD_QTY": whole(fill.quantity),
        "FT_CCLD_UNPR3": fixed(fill.price, 8),
        "FT_CCLD_AMT3": fixed(fill.price * fill.quantity, 5),
    }


def _split_totals(context: Context, order: ExchangeOrder) -> dict[str, object]:
    told = {name.upper(): value for name, value in _split_row(context, order).items() if name != "ord_gno_brno"}
    return {
        **told,
        "ORD_TMD": time_text(korean(order.time)),
        "TR_CRCY": DOLLARS,
        "FT_CCLD_UNPR3": fixed(order.average_price or Decimal(0), 8),
        "FT_CCLD_AMT3": fixed((order.average_price or Decimal(0)) * order.filled, 5),
        "CCLD_CNT": str(len(order.executions)),
    }


ORDERS = Api(
    f"{TRADING}/inquire-ccnl",
    (
        *ACCOUNT,
        Field("PDNO", 12),
        Field("ORD_STRT_DT", 8),
        Field("ORD_END_DT", 8),
        Field("SLL_BUY_DVSN", 2, codes=codes("", "00", "01", "02")),
        Field("CCLD_NCCS_DVSN", 2, codes=codes("", "00", "01", "02")),
        Field("OVRS_EXCG_CD", 4, codes=codes("", "%", *EXCHANGES)),
        Field("SORT_SQN", 2, codes=codes("", "DS", "AS")),
        # What stands in these three changes nothing: one order cannot be asked for.
        Field("ORD_DT", 8),
        Field("ORD_GNO_BRNO", 5),
        Field("ODNO", 10),
        *WIDE.fields(),
    ),
    orders,
)
WORKING = Api(
    f"{TRADING}/inquire-nccs",
    (
        *ACCOUNT,
        # NAS was seen to mean the whole US here, too.
        Field("OVRS_EXCG_CD", 4, codes=codes("", "NAS", *EXCHANGES)),
        Field("SORT_SQN", 2, codes=codes("", "DS", "AS")),
        *WIDE.fields(),
    ),
    working_orders,
)
SPLIT_ORDERS = Api(f"{TRADING}/algo-ordno", (Field("TRAD_DT", 8), *ACCOUNT, *WIDE.fields(required=False)), split_orders)
SPLIT_FILLS = Api(
    f"{TRADING}/inquire-algo-ccnl",
    (
        *ACCOUNT,
        Field("ORD_DT", 8),
        Field("ORD_GNO_BRNO", 5, required=False),
        Field("ODNO", 10),
        Field("TTLZ_ICLD_YN", 1, required=False),
        *WIDE.fields(required=False),
    ),
    split_fills,
)
