"""Lists of orders: kt00007 and kt00009 (every row of a day), ka10075 (open), ka10076 (filled), ka10088 (its parts)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from decimal import Decimal

from brokerkit.sandbox.days import KOREA
from brokerkit.sandbox.exchange import ExchangeOrder, Page
from brokerkit.words import OrderType, Side, TimeInForce, Venue

from .common import Branch, Content, Listing, OrderList
from .fields import day
from .numbers import directed, padded, whole
from .refusals import missing_field

_TYPE_NAMES = {
    OrderType.LIMIT: "보통",
    OrderType.MARKET: "시장가",
    OrderType.LIMIT_TO_MARKET_ON_CLOSE: "조건부지정가",
    OrderType.BEST_OPPOSITE: "최유리지정가",
    OrderType.BEST_SAME_SIDE: "최우선지정가",
    OrderType.MIDPOINT: "중간가",
    OrderType.STOP_LIMIT: "스톱지정가",
    OrderType.PRE_OPEN_CLOSING_PRICE: "장시작전시간외",
    OrderType.AFTER_CLOSE_CLOSING_PRICE: "장마감후시간외",
    OrderType.SINGLE_PRICE: "시간외단일가",
}
_SIDES = {"1": Side.SELL, "2": Side.BUY}
SIDE_NAMES = {Side.BUY: "매수", Side.SELL: "매도"}
COLOURS = {Side.BUY: "+매수", Side.SELL: "-매도"}
_CHANGES = {"NEW": "", "CANCEL": "취소", "AMEND": "정정"}
_VENUE_NUMBERS = {Venue.SOR: "0", Venue.KRX: "1", Venue.NXT: "2"}
_MARKET_CODES: Mapping[str, str] = {"KOSPI": "1", "KOSDAQ": "2"}
_NO_ORDER = "0000000"
_LOANS = {"33": "융자", "99": "융자합"}
"""crd_deal_tp to its word."""


def of_the_day(branch: Branch, fields: Mapping[str, str]) -> Content:
    """Answer kt00007: orders, amendments and cancels as rows of their own, of today or of an earlier day."""
    backwards = fields["qry_tp"] == "2"
    chosen, venue, kind = _chosen(branch, fields), fields["dmst_stex_tp"], fields["qry_tp"]

    def wanted(order: ExchangeOrder) -> bool:
        return (
            fields["stk_bond_tp"] != "2"
            and chosen(order)
            and venue in ("%", order.request.venue)
            and (kind != "3" or order.remaining > 0)
            and (kind != "4" or order.filled > 0)
        )

    # Where a reversed list starts is not known: here it goes on from that number towards the oldest.
    first = int(fields["fr_ord_no"]) + (1 if backwards else -1) if fields["fr_ord_no"] else None
    return OrderList(
        "acnt_ord_cntr_prps_dtl",
        _of(branch, wanted, newest_first=backwards, first=first, asked=fields["ord_dt"]),
        lambda order: _detail_row(branch, order),
    )


def _of(
    branch: Branch,
    wanted: Callable[[ExchangeOrder], bool],
    *,
    newest_first: bool = True,
    working: bool = False,
    first: int | None = None,
    asked: str = "",
    since: dt.date | None = None,
) -> Callable[[int, int | None], Page]:
    """Return what finds a page of the orders of a day that are wanted; the first page begins behind a number."""
    date = day(asked) if asked else branch.exchange.today

    def find(size: int, after: int | None) -> Page:
        number = first if after is None else after
        return branch.exchange.page(
            branch.account,
            size,
            days=(since or date, date),
            after=None if number is None else (date, number),
            newest_first=newest_first,
            working=working,
            wanted=wanted,
        )

    return find


def _chosen(branch: Branch, fields: Mapping[str, str], side: str = "sell_tp") -> Callable[[ExchangeOrder], bool]:
    """Return what says of an order whether symbol and side were asked for."""
    symbol = branch.instrument(fields["stk_cd"]).symbol if fields["stk_cd"] else None
    wanted = _SIDES.get(fields[side])
    return lambda order: symbol in (None, order.request.symbol) and wanted in (None, order.request.side)


def _detail_row(branch: Branch, order: ExchangeOrder) -> dict[str, str]:
    request = order.request
    change = _CHANGES[order.action]
    # A confirmed change has its quantity in cnfm_qty. What the order it names shows there is not known: 0 as before.
    # Nor is what an order that expired or was refused shows as its rest: here 0, because nothing of it waits.
    return {
        "ord_no": order_number(order.number),
        "stk_cd": branch.prefixed(request.symbol),
        "trde_tp": type_name(order),
        "crd_tp": _credit(branch, order),
        "ord_qty": padded(order.quantity, 10),
        "ord_uv": padded(request.price or 0, 10),
        "cnfm_qty": padded(order.quantity if change and not order.rejected else 0, 10),
        "acpt_tp": _state(order),
        "rsrv_tp": "",
        "ord_tm": f"{order.time:%H:%M:%S}",
        "ori_ord": order_number(order.original),
        "stk_nm": branch.exchange.instruments[request.symbol].name,
        "io_tp_nm": _paid(branch, order),
        "loan_dt": loan.day if (loan := branch.loan_of(order)) else "",
        "cntr_qty": padded(order.filled, 10),
        "cntr_uv": padded(order.average_price or 0, 10),
        "ord_remnq": padded(order.remaining, 10),
        "comm_ord_tp": "REST API",
        "mdfy_cncl": change,
        "cnfm_tm": f"{order.time:%H:%M:%S}" if change else "",
        "dmst_stex_tp": request.venue.value,
        "cond_uv": padded(request.stop_price or 0, 10),
    }


def _credit(branch: Branch, order: ExchangeOrder) -> str:
    loan = branch.loan_of(order)
    return "보통매매" if loan is None else _LOANS.get(loan.code, "신용")


def _paid(branch: Branch, order: ExchangeOrder) -> str:
    # The word of an order on credit is a guess: this list was seen with cash alone.
    paid = "현금" if branch.loan_of(order) is None else "신용"
    return f"{paid}{SIDE_NAMES[order.request.side]}{_CHANGES[order.action]}"


def states_of_the_day(branch: Branch, fields: Mapping[str, str]) -> Content:
    """Answer kt00009: the state of the orders of a day, newest first, with what was traded in all."""
    date = day(fields["ord_dt"]) if fields["ord_dt"] else branch.exchange.today
    chosen, venue, market = _chosen(branch, fields), fields["dmst_stex_tp"], fields["mrkt_tp"]
    before = int(fields["fr_ord_no"] or 0)

    def wanted(order: ExchangeOrder) -> bool:
        return (
            fields["stk_bond_tp"] != "2"
            and chosen(order)
            and venue in ("%", order.request.venue)
            and market in ("0", _MARKET_CODES.get(branch.exchange.instruments[order.request.symbol].market))
            and (fields["qry_tp"] == "0" or order.filled > 0)
        )

    orders = [order for order in branch.exchange.history(branch.account, date, date) if wanted(order)]
    amounts = {side: sum((order.amount for order in orders if order.request.side is side), Decimal(0)) for side in Side}
    head = {
        "sell_grntl_engg_amt": padded(amounts[Side.SELL], 12),
        "buy_engg_amt": padded(amounts[Side.BUY], 12),
        "engg_amt": padded(sum(amounts.values(), Decimal(0)), 12),
    }
    listed = [(order.number, order) for order in reversed(orders) if not before or order.number <= before]
    return Listing("acnt_ord_cntr_prst_array", listed, lambda order: _state_row(branch, order), head, descending=True)


def _state_row(branch: Branch, order: ExchangeOrder) -> dict[str, str]:
    request, change = order.request, _CHANGES[order.action]
    last = order.executions[-1] if order.executions else None
    return {
        "stk_bond_tp": "1",
        "ord_no": order_number(order.number),
        "stk_cd": branch.prefixed(request.symbol),
        "trde_tp": type_name(order),
        "io_tp_nm": _paid(branch, order),
        "ord_qty": padded(order.quantity, 10),
        "ord_uv": padded(request.price or 0, 10),
        "cnfm_qty": padded(order.quantity if change and not order.rejected else 0, 10),
        "rsrv_oppo": "",
        # Seven digits, and trades have numbers of their own here.
        "cntr_no": f"{last.number % 10**7:07d}" if last else "0000000",
        "acpt_tp": _state(order),
        "orig_ord_no": order_number(order.original),
        "stk_nm": branch.exchange.instruments[request.symbol].name,
        "setl_tp": "삼일결제",
        "crd_deal_tp": _credit(branch, order),
        "cntr_qty": padded(order.filled, 10),
        "cntr_uv": padded(order.average_price or 0, 10),
        "comm_ord_tp": "REST API",
        "mdfy_cncl_tp": change,
        "cntr_tm": f"{last.time:%H:%M:%S}" if last else "",
        "dmst_stex_tp": request.venue.value,
        "cond_uv": padded(request.stop_price or 0, 10),
    }


def open_orders(branch: Branch, fields: Mapping[str, str]) -> Content:
    """Answer ka10075, newest first."""
    if fields["all_stk_tp"] == "1" and not fields["stk_cd"]:
        raise missing_field("stk_cd")
    chosen, at_venue = _chosen(branch, _by_symbol(fields, "all_stk_tp"), "trde_tp"), _at_venue(fields)
    prices: dict[tuple[str, Venue], dict[str, str]] = {}
    return OrderList(
        "oso",
        _of(branch, lambda order: chosen(order) and at_venue(order), working=True),
        lambda order: _open_row(branch, order, prices),
    )


def _open_row(branch: Branch, order: ExchangeOrder, prices: dict[tuple[str, Venue], dict[str, str]]) -> dict[str, str]:
    where = (order.request.symbol, order.request.venue)
    if where not in prices:
        prices[where] = _present_prices(branch, *where)
    last = order.executions[-1] if order.executions else None
    both = _both_lists(branch, order)
    return {
        "acnt_no": branch.account,
        "mang_empno": "",
        "tsk_tp": "",
        "tm": both.pop("ord_tm"),
        **both,
        "cntr_tot_amt": whole(order.amount),
        "cntr_no": str(last.number) if last else "",
        **prices[where],
        "unit_cntr_pric": whole(last.price) if last else "",
        "unit_cntr_qty": whole(last.quantity) if last else "",
        "ind_invsr": "",
    }


def _present_prices(branch: Branch, symbol: str, venue: Venue) -> dict[str, str]:
    base = branch.exchange.instruments[symbol].previous_close
    book = branch.exchange.order_book(symbol, venue)
    return {
        "cur_prc": directed(branch.exchange.quote(symbol, venue).price, base),
        "sel_bid": directed(book.asks[0].price if book.asks else None, base),
        "buy_bid": directed(book.bids[0].price if book.bids else None, base),
    }


def fills(branch: Branch, fields: Mapping[str, str]) -> Content:
    """Answer ka10076: one row per order with fills, newest first, those older than `ord_no` if it is given."""
    if fields["qry_tp"] == "1" and not fields["stk_cd"]:
        raise missing_field("stk_cd")
    chosen, at_venue = _chosen(branch, _by_symbol(fields, "qry_tp")), _at_venue(fields)
    # Its rows have no date, and at the mock host those of the session before were seen among them.
    old = KOREA.days_before(branch.exchange.today, 1)[0] if branch.habits.lists_old_fills else None
    return OrderList(
        "cntr",
        _of(
            branch,
            lambda order: order.filled > 0 and chosen(order) and at_venue(order),
            first=int(fields["ord_no"] or 0) or None,
            since=old,
        ),
        lambda order: _both_lists(branch, order),
    )


def _both_lists(branch: Branch, order: ExchangeOrder) -> dict[str, str]:
    request = order.request
    commission, tax = branch.order_costs(order)
    return {
        "ord_no": order_number(order.number),
        "stk_nm": branch.exchange.instruments[request.symbol].name,
        "io_tp_nm": _coloured(branch, order),
        "ord_pric": whole(request.price or 0),
        "ord_qty": whole(order.quantity),
        # Several fills make one row with their average; that it is cut to the won is assumed.
        "cntr_pric": whole(order.average_price or 0),
        "cntr_qty": whole(order.filled),
        "oso_qty": whole(order.remaining),
        "tdy_trde_cmsn": whole(commission),
        "tdy_trde_tax": whole(tax),
        "ord_stt": "체결" if order.filled else _state(order),
        "trde_tp": type_name(order),
        "orig_ord_no": order_number(order.original),
        "ord_tm": f"{order.time:%H%M%S}",
        "stk_cd": request.symbol,
        "stex_tp": _VENUE_NUMBERS[request.venue],
        "stex_tp_txt": request.venue.value,
        "sor_yn": "Y" if request.venue is Venue.SOR else "N",
        "stop_pric": whole(request.stop_price or 0),
    }


def _coloured(branch: Branch, order: ExchangeOrder) -> str:
    if order.action == "AMEND":
        return f"{SIDE_NAMES[order.request.side]}정정"
    return COLOURS[order.request.side] + ("" if branch.loan_of(order) is None else "신용")


def parts(branch: Branch, fields: Mapping[str, str]) -> Content:
    """Answer ka10088: into what an order that waits was divided.

    No order of the exchange is divided, so each is its own only part. Of what does not wait there is none.
    """
    number = int(fields["ord_no"])
    rows = [_part(branch, order) for order in branch.exchange.open_orders(branch.account) if order.number == number]
    return {"osop": rows}


def _part(branch: Branch, order: ExchangeOrder) -> dict[str, str]:
    request, both = order.request, _both_lists(branch, order)
    told = (
        "stk_cd",
        "stk_nm",
        "ord_no",
        "ord_qty",
        "ord_pric",
        "io_tp_nm",
        "trde_tp",
        "cntr_qty",
        "ord_stt",
        "stex_tp",
    )
    return {
        **{name: both[name] for name in told},
        "osop_qty": both["oso_qty"],
        "sell_tp": "1" if request.side is Side.SELL else "2",  # as the questions of other lists have it
        "cur_prc": _present_prices(branch, request.symbol, request.venue)["cur_prc"],
        "stex_tp_txt": "통합" if request.venue is Venue.SOR else request.venue.value,
    }


def _state(order: ExchangeOrder) -> str:
    if order.rejected:
        return "거부"
    if order.canceled and not order.remaining:
        # The list was seen with 접수 only; this is the word that execution notices have for it.
        return "취소"
    return "접수" if order.action == "NEW" else "확인"


def type_name(order: ExchangeOrder) -> str:
    """Return the words of trde_tp. How those with IOC and FOK are spelled in lists is taken from the order page."""
    name = _TYPE_NAMES[order.request.type]
    if order.request.time_in_force in (TimeInForce.IOC, TimeInForce.FOK):
        return f"{name.removesuffix('지정가')}({order.request.time_in_force})"
    return name


def _by_symbol(fields: Mapping[str, str], switch: str) -> Mapping[str, str]:
    """Return the fields with the code only if the switch asks for one symbol: else the code is not looked at."""
    return fields if fields[switch] == "1" else {**fields, "stk_cd": ""}


def _at_venue(fields: Mapping[str, str]) -> Callable[[ExchangeOrder], bool]:
    # 0 asks for everything. Whether a SOR order also shows under the venue it went to is not known.
    wanted = fields["stex_tp"]
    return lambda order: wanted in ("0", _VENUE_NUMBERS[order.request.venue])


def order_number(number: int | None) -> str:
    """Write an order number as the seven digits of the wire."""
    return _NO_ORDER if number is None else f"{number:07d}"
