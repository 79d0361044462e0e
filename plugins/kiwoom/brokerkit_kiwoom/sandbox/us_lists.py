"""Lists of orders of US stocks: ust21050 (open), ust21510 (today), ust21150 (of a day), ust21180 (of a span).

Amendments and cancels are rows of their own. The row that they name stays accepted, with nothing left: that was seen.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from decimal import Decimal

from brokerkit.sandbox.exchange import ExchangeOrder
from brokerkit.words import OrderType, Side

from .common import Content, Listing
from .fields import day
from .lists import SIDE_NAMES
from .numbers import padded
from .refusals import business
from .us import COUNTRY, UsBranch, clock, code_of
from .us_numbers import dollars
from .us_orders import SELLS, order_number

TYPE_CODES = {order_type: code for code, order_type in SELLS.items()}
TYPE_NAMES = {
    OrderType.LIMIT: "지정가",
    OrderType.MARKET: "시장가",
    OrderType.VWAP_LIMIT: "VWAP지정가",
    OrderType.TWAP_LIMIT: "TWAP지정가",
    OrderType.LIMIT_ON_CLOSE: "LOC",
    OrderType.MARKET_ON_CLOSE: "MOC",
    OrderType.STOP_LIMIT: "STOP LIMIT",
    OrderType.STOP: "STOP",
    OrderType.VWAP: "VWAP시장가",
    OrderType.TWAP: "TWAP시장가",
}
"""What lists call a type: only that of limit orders was seen."""
_SIDES = {"1": Side.SELL, "2": Side.BUY}
_SIDE_CODES = {side: code for code, side in _SIDES.items()}
KINDS = {"NEW": "10", "AMEND": "11", "CANCEL": "12"}
_NONE_OPEN = "571758"
_NO_TIME = ":  :"
"""cntr_time of what was not filled, as seen."""
_MANY = 10**9
"""More orders than a day has."""


def open_orders(branch: UsBranch, fields: Mapping[str, str]) -> Content:
    """Answer ust21050: what waits of the orders of a day. None is a refusal."""
    asked = day(fields["ord_dt"]) if fields["ord_dt"] else branch.today()
    fits = _chosen(branch, fields)
    found = [
        order for order in branch.exchange.open_orders(branch.account) if branch.date_of(order) == asked and fits(order)
    ]
    if not found:
        raise business(_NONE_OPEN, "미체결내역이 없습니다", demo=branch.demo)
    listed = [(order.number, order) for order in reversed(found)]
    return Listing("result_list", listed, lambda order: _open_row(branch, order), descending=True)


def of_today(branch: UsBranch, fields: Mapping[str, str]) -> Content:
    """Answer ust21510, newest first."""
    today = branch.today()
    found = _between(branch, today, today, _chosen(branch, fields))
    listed = [(order.number, order) for order in reversed(found)]
    return Listing("result_list", listed, lambda order: _today_row(branch, order), descending=True)


_WANTED: Mapping[str, Callable[[ExchangeOrder], bool]] = {
    **dict.fromkeys(("1", "2"), lambda order: True),
    **dict.fromkeys(("3", "4"), lambda order: order.remaining > 0),
    **dict.fromkeys(("5", "6"), lambda order: order.filled > 0),
}
"""query_tp: all, what waits, what was filled. The even ones are newest first."""


def of_a_day(branch: UsBranch, fields: Mapping[str, str]) -> Content:
    """Answer ust21150. Its rows tell neither day nor original number, and the side as a word alone."""
    asked = day(fields["ord_dt"]) if fields["ord_dt"] else branch.today()
    fits, kind = _chosen(branch, fields), _WANTED[fields["query_tp"]]
    backwards = int(fields["query_tp"]) % 2 == 0
    first = int(fields["fr_ord_no"] or 0)

    def begun(order: ExchangeOrder) -> bool:
        # Where a reversed list starts is not known: here it goes on from that number towards the oldest.
        return not first or (order.number <= first if backwards else order.number >= first)

    found = _between(branch, asked, asked, lambda order: fits(order) and kind(order) and begun(order))
    listed = [(order.number, order) for order in (reversed(found) if backwards else found)]
    return Listing("result_list", listed, lambda order: _day_row(branch, order), descending=backwards)


def of_a_span(branch: UsBranch, fields: Mapping[str, str]) -> Content:
    """Answer ust21180, newest first. What a blank end means is not told: today, and the day that is asked for then."""
    end = day(fields["end_dt"]) if fields["end_dt"] else branch.today()
    start = day(fields["strt_dt"]) if fields["strt_dt"] else end
    found = _between(branch, start, end, _chosen(branch, fields))
    listed = [(order.day.toordinal() * _MANY + order.number, order) for order in reversed(found)]
    return Listing("result_list", listed, lambda order: _span_row(branch, order), descending=True)


def _between(
    branch: UsBranch, start: dt.date, end: dt.date, wanted: Callable[[ExchangeOrder], bool]
) -> list[ExchangeOrder]:
    """Return the orders that the lists have under these dates, oldest first."""
    a_day = dt.timedelta(days=1)
    orders = branch.exchange.history(branch.account, max(start, dt.date(2000, 1, 1)) - a_day, end)
    return [order for order in orders if start <= branch.date_of(order) <= end and wanted(order)]


def _chosen(branch: UsBranch, fields: Mapping[str, str]) -> Callable[[ExchangeOrder], bool]:
    """Return what says of an order whether symbol, exchange, side and kind were asked for."""
    fits, side = branch.chosen(fields), _SIDES.get(fields["slby_tp"])
    # 1 asks for the orders that the broker gives to close a position: there are none.
    forced = fields.get("oppo_trde_tp") == "1"
    return lambda order: not forced and fits(order.request.symbol) and side in (None, order.request.side)


def state(order: ExchangeOrder) -> str:
    """Return the state in words. Those of what was refused, or filled in part, are not known."""
    if order.rejected:
        return "거부"
    if order.action == "CANCEL":
        return "취소완료"
    if order.filled == order.quantity:
        return "체결완료"
    return "부분체결" if order.filled else "접수"


def _common(branch: UsBranch, order: ExchangeOrder) -> dict[str, str]:
    """Return what every list tells alike."""
    request = order.request
    return {
        "ord_no": order_number(order.number),
        "crnc_code": "USD",
        "stk_cd": code_of(request.symbol),
        "slby_tp_nm": SIDE_NAMES[request.side],
        "ord_qty": padded(order.quantity, 12),
        "ord_uv": dollars(request.price or 0),
        "stop_pric": dollars(request.stop_price or 0),
        "cntr_qty": padded(order.filled, 12),
        "cntr_uv": dollars(order.average_price or 0),
        "ord_remnq": padded(order.remaining, 12),
        "ord_time": clock(order.time),
        "stex_nm": COUNTRY,
        "rsrv_tp": "일반",
    }


def _changed(branch: UsBranch, order: ExchangeOrder) -> dict[str, str]:
    """Return what became of an order by amendment and cancel; of the row of a cancel what it cancelled."""
    is_cancel = order.action == "CANCEL"
    canceled = order.quantity - order.rejected if is_cancel else order.canceled
    price = _amended_price(branch, order) if order.amended else None
    return {
        "mdfy_qty": padded(order.amended, 12),
        "mdfy_uv": dollars(price or 0),
        "cncl_qty": padded(canceled, 12),
    }


def _amended_price(branch: UsBranch, order: ExchangeOrder) -> Decimal | None:
    among = branch.exchange.history(branch.account, order.day, order.day)
    amended = [each for each in among if each.action == "AMEND" and each.original == order.number]
    return amended[-1].request.price if amended else None


def _coded(branch: UsBranch, order: ExchangeOrder) -> dict[str, str]:
    """Return what the lists of open orders and of today tell alike."""
    request = order.request
    return {
        "orig_ord_no": order_number(order.original),
        "frgn_stk_nm": branch.exchange.instruments[request.symbol].name,
        "frgn_trde_tp": TYPE_CODES[request.type],
        "frgn_trde_nm": TYPE_NAMES[request.type],
        "slby_tp": _SIDE_CODES[request.side],
        "ord_resp_time": clock(order.time),
        "ord_stat": state(order),
        "natn_nm": COUNTRY,
    }


def _open_row(branch: UsBranch, order: ExchangeOrder) -> dict[str, str]:
    return {
        "ord_cntr_tp": KINDS[order.action],
        **_common(branch, order),
        **_coded(branch, order),
        **_changed(branch, order),
    }


def _today_row(branch: UsBranch, order: ExchangeOrder) -> dict[str, str]:
    confirmed = order.amended + order.canceled if order.action == "NEW" else order.quantity - order.rejected
    return {
        **_common(branch, order),
        **_coded(branch, order),
        "cnfm_qty": padded(confirmed, 12),
        "cntr_time": _filled_at(order),
    }


def _filled_at(order: ExchangeOrder) -> str:
    return clock(order.executions[-1].time) if order.executions else _NO_TIME


def _day_row(branch: UsBranch, order: ExchangeOrder) -> dict[str, str]:
    request = order.request
    return {
        **_common(branch, order),
        **_changed(branch, order),
        "isin_code": branch.exchange.instruments[request.symbol].isin,
        "frgn_trde_tp": TYPE_NAMES[request.type],
        "frgn_msg_code": "",
        "oppo_trde_tp_nm": "일반",
        "comm_ord_tp_nm": "REST API",
        "crnc_nm": "미국달러",
        "frgn_stk_nm": branch.exchange.instruments[request.symbol].name,
        "ord_stat_nm": state(order),
        "text1": "거래소 거부" if order.rejected else "",
        "inpt_chnl_tp": "REST API",
        "ord_resp_time": clock(order.time),
        "cntr_time": _filled_at(order),
    }


def _span_row(branch: UsBranch, order: ExchangeOrder) -> dict[str, str]:
    return {
        "ord_dt": f"{branch.date_of(order):%Y%m%d}",
        **_common(branch, order),
        **_changed(branch, order),
        "trde_tp": TYPE_NAMES[order.request.type],
        "oppo_trde_tp_nm": "일반",
        "inpt_chnl_tp_nm": "REST API",
        "crnc_nm": "미국달러",
        "stk_nm": branch.exchange.instruments[order.request.symbol].name,
        "cntr_amt": dollars(order.amount),
        "comm_ord_tp_nm": "REST API",
    }
