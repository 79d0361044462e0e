"""Lists of today's orders: kt00007 (every row), ka10075 (open), ka10076 (filled)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from brokerkit.models import OrderType, Side, Venue
from brokerkit.sandbox.exchange import ExchangeOrder

from .calls import day
from .common import Answer, Branch, Listing
from .numbers import directed, padded, whole
from .refusals import missing_field

_TYPE_NAMES = {OrderType.LIMIT: "보통", OrderType.MARKET: "시장가"}
_SIDES = {"1": Side.SELL, "2": Side.BUY}
_SIDE_NAMES = {Side.BUY: "매수", Side.SELL: "매도"}
_COLOURS = {Side.BUY: "+매수", Side.SELL: "-매도"}
_VENUE_NUMBERS = {Venue.SOR: "0", Venue.KRX: "1", Venue.NXT: "2"}
_NO_ORDER = "0000000"


def of_the_day(branch: Branch, fields: Mapping[str, str]) -> Answer:
    """Answer kt00007: orders and cancels as rows of their own. Other days than today are empty."""
    backwards = fields["qry_tp"] == "2"
    orders = list(_chosen(branch, fields, fields["sell_tp"]))
    if fields["ord_dt"] and day(fields["ord_dt"]) != branch.exchange.today:
        orders = []
    if fields["stk_bond_tp"] == "2":
        orders = []
    if fields["dmst_stex_tp"] != "%":
        orders = [order for order in orders if order.request.venue == fields["dmst_stex_tp"]]
    if fields["qry_tp"] == "3":
        orders = [order for order in orders if order.remaining > 0]
    if fields["qry_tp"] == "4":
        orders = [order for order in orders if order.filled > 0]
    if fields["fr_ord_no"]:
        start = int(fields["fr_ord_no"])
        # Where a reversed list starts is not known: here it goes on from that number towards the oldest.
        orders = [order for order in orders if (order.number <= start if backwards else order.number >= start)]
    rows = [(order.number, _detail_row(branch, order)) for order in orders]
    return Listing("acnt_ord_cntr_prps_dtl", rows[::-1] if backwards else rows, descending=backwards)


def _chosen(branch: Branch, fields: Mapping[str, str], side: str) -> list[ExchangeOrder]:
    symbol = branch.instrument(fields["stk_cd"]).symbol if fields["stk_cd"] else None
    return [
        order
        for order in branch.exchange.orders(branch.account)
        if (symbol is None or order.request.symbol == symbol) and (side == "0" or order.request.side is _SIDES[side])
    ]


def _detail_row(branch: Branch, order: ExchangeOrder) -> dict[str, str]:
    request = order.request
    change = {"NEW": "", "CANCEL": "취소", "AMEND": "정정"}[order.action]
    # A confirmed cancel has its quantity in cnfm_qty. What the order it names shows there is not known: 0 as before.
    return {
        "ord_no": _order_number(order.number),
        "stk_cd": f"A{request.symbol}",
        "trde_tp": _TYPE_NAMES[request.type],
        "crd_tp": "보통매매",
        "ord_qty": padded(order.quantity, 10),
        "ord_uv": padded(request.price or 0, 10),
        "cnfm_qty": padded(order.quantity if change else 0, 10),
        "acpt_tp": "확인" if change else "접수",
        "rsrv_tp": "",
        "ord_tm": f"{order.time:%H:%M:%S}",
        "ori_ord": _order_number(order.original),
        "stk_nm": branch.exchange.instruments[request.symbol].name,
        "io_tp_nm": f"현금{_SIDE_NAMES[request.side]}{change}",
        "loan_dt": "",
        "cntr_qty": padded(order.filled, 10),
        "cntr_uv": padded(order.average_price or 0, 10),
        "ord_remnq": padded(order.remaining, 10),
        "comm_ord_tp": "REST API",
        "mdfy_cncl": change,
        "cnfm_tm": f"{order.time:%H:%M:%S}" if change else "",
        "dmst_stex_tp": request.venue.value,
        "cond_uv": padded(0, 10),
    }


def open_orders(branch: Branch, fields: Mapping[str, str]) -> Answer:
    """Answer ka10075, newest first."""
    if fields["all_stk_tp"] == "1" and not fields["stk_cd"]:
        raise missing_field("stk_cd")
    chosen = _at_venue(_chosen(branch, _by_symbol(fields, "all_stk_tp"), fields["trde_tp"]), fields)
    rows = [(order.number, _open_row(branch, order)) for order in reversed(chosen) if order.remaining > 0]
    return Listing("oso", rows, descending=True)


def _open_row(branch: Branch, order: ExchangeOrder) -> dict[str, str]:
    request = order.request
    base = branch.exchange.instruments[request.symbol].previous_close
    quote = branch.exchange.quote(request.symbol, request.venue)
    book = branch.exchange.order_book(request.symbol, request.venue)
    last = order.executions[-1] if order.executions else None
    value = sum((each.price * each.quantity for each in order.executions), Decimal(0))
    both = _both_lists(branch, order)
    return {
        "acnt_no": branch.account,
        "mang_empno": "",
        "tsk_tp": "",
        "tm": both.pop("ord_tm"),
        **both,
        "cntr_tot_amt": whole(value),
        "cntr_no": str(last.number) if last else "",
        "cur_prc": directed(quote.price, base),
        "sel_bid": directed(book.asks[0].price if book.asks else None, base),
        "buy_bid": directed(book.bids[0].price if book.bids else None, base),
        "unit_cntr_pric": whole(last.price) if last else "",
        "unit_cntr_qty": whole(last.quantity) if last else "",
        "ind_invsr": "",
    }


def fills(branch: Branch, fields: Mapping[str, str]) -> Answer:
    """Answer ka10076: one row per order with fills, newest first, those older than `ord_no` if it is given."""
    if fields["qry_tp"] == "1" and not fields["stk_cd"]:
        raise missing_field("stk_cd")
    chosen = _at_venue(_chosen(branch, _by_symbol(fields, "qry_tp"), fields["sell_tp"]), fields)
    before = int(fields["ord_no"] or 0)
    filled = [order for order in reversed(chosen) if order.filled > 0 and (not before or order.number < before)]
    return Listing("cntr", [(order.number, _both_lists(branch, order)) for order in filled], descending=True)


def _both_lists(branch: Branch, order: ExchangeOrder) -> dict[str, str]:
    request = order.request
    commission, tax = branch.order_costs(order)
    return {
        "ord_no": _order_number(order.number),
        "stk_nm": branch.exchange.instruments[request.symbol].name,
        "io_tp_nm": _COLOURS[request.side],
        "ord_pric": whole(request.price or 0),
        "ord_qty": whole(order.quantity),
        # Several fills make one row with their average; that it is cut to the won is assumed.
        "cntr_pric": whole(order.average_price or 0),
        "cntr_qty": whole(order.filled),
        "oso_qty": whole(order.remaining),
        "tdy_trde_cmsn": whole(commission),
        "tdy_trde_tax": whole(tax),
        "ord_stt": "체결" if order.filled else "접수",
        "trde_tp": _TYPE_NAMES[request.type],
        "orig_ord_no": _order_number(order.original),
        "ord_tm": f"{order.time:%H%M%S}",
        "stk_cd": request.symbol,
        "stex_tp": _VENUE_NUMBERS[request.venue],
        "stex_tp_txt": request.venue.value,
        "sor_yn": "Y" if request.venue is Venue.SOR else "N",
        "stop_pric": "0",
    }


def _by_symbol(fields: Mapping[str, str], switch: str) -> Mapping[str, str]:
    """Return the fields with the code only if the switch asks for one symbol: else the code is not looked at."""
    return fields if fields[switch] == "1" else {**fields, "stk_cd": ""}


def _at_venue(orders: list[ExchangeOrder], fields: Mapping[str, str]) -> list[ExchangeOrder]:
    # 0 asks for everything. Whether a SOR order also shows under the venue it went to is not known.
    wanted = fields["stex_tp"]
    return [order for order in orders if wanted in ("0", _VENUE_NUMBERS[order.request.venue])]


def _order_number(number: int | None) -> str:
    return _NO_ORDER if number is None else f"{number:07d}"
