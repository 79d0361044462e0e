"""What is told of the account: its orders (00, 주문체결) and what it holds after a fill (04, 잔고)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from brokerkit.market.sessions import Phase
from brokerkit.models import OrderBook
from brokerkit.sandbox.exchange import ExchangeOrder, Holding
from brokerkit.sandbox.happenings import OrderChanged, What
from brokerkit.words import OrderType, Side, Venue

from .common import Branch
from .lists import COLOURS, SIDE_NAMES, order_number, type_name
from .numbers import directed, percent_of, signed_rate, whole

_STATES = {
    What.ACCEPTED: "접수",
    What.FILLED: "체결",
    What.AMENDED: "확인",
    What.CANCELED: "취소",
    What.REJECTED: "거부",
}
"""Nothing tells of a notice when a stop order wakes or an order expires: none is sent."""
_TYPE_NAMES = {OrderType.PRE_OPEN_CLOSING_PRICE: "장전시간외", OrderType.AFTER_CLOSE_CLOSING_PRICE: "장후시간외"}
"""Where notices have other words than lists."""
_SIDES = {Side.SELL: "1", Side.BUY: "2"}
_VENUES = {Venue.KRX: ("1", "KRX"), Venue.NXT: ("2", "NXT")}
_NO_DAY = "00000000"


def order(branch: Branch, told: OrderChanged, *, adds_up: bool) -> dict[str, str] | None:
    """Return the values of 00, None where nothing is sent.

    A cancel is told under its own number: received, and then confirmed with the order it names in 904. An order that
    does not wait is told as cancelled itself. `adds_up` says whether 911 is all that was filled so far or, as 915, what
    was filled now; clients disagree about it.
    """
    state = _STATES.get(told.what)
    if state is None:
        return None
    row, request = told.order, told.order.request
    is_cancel = row.action == "CANCEL"
    if is_cancel and told.what is What.CANCELED:
        state = "확인"
    commission, tax = branch.order_costs(row)
    number, name = _VENUES[_place(branch, request.venue)]
    book = branch.exchange.order_book(request.symbol)
    return {
        "9201": branch.account,
        "9203": order_number(row.number),
        "9205": "",
        "9001": request.symbol,
        "912": "JJ",
        "913": state,
        "302": branch.exchange.instruments[request.symbol].name,
        "900": whole(row.quantity),
        "901": "0" if is_cancel else whole(request.price or 0),
        "902": whole(row.quantity if is_cancel and told.what is What.ACCEPTED else row.remaining),
        "903": whole(row.amount),
        "904": order_number(row.original),
        "905": _kind(row),
        "906": _TYPE_NAMES.get(request.type) or type_name(row),
        "907": _SIDES[request.side],
        "908": f"{_time(branch, told):%H%M%S}",
        **_fill(told, adds_up=adds_up),
        **_prices(branch, request.symbol, book),
        "938": whole(commission),
        "939": whole(tax),
        "919": "거래소 거부" if told.what is What.REJECTED else "0",
        "920": "",
        "921": "0700001",
        "922": "00",
        "923": _NO_DAY,
        "10010": "",
        "2134": number,
        "2135": name,
        "2136": "Y" if request.venue is Venue.SOR else "N",
    }


def _kind(row: ExchangeOrder) -> str:
    if row.action == "NEW":
        return COLOURS[row.request.side]
    return f"{SIDE_NAMES[row.request.side]}{'취소' if row.action == 'CANCEL' else '정정'}"


def _place(branch: Branch, venue: Venue) -> Venue:
    """Return where an order is: one that is routed shows the venue it went to, as in the example."""
    if venue is Venue.SOR:
        return Venue.NXT if branch.exchange.phase is Phase.PRE_MARKET else Venue.KRX
    return venue


def _time(branch: Branch, told: OrderChanged) -> dt.datetime:
    return told.execution.time if told.execution else branch.exchange.now()


def _fill(told: OrderChanged, *, adds_up: bool) -> Mapping[str, str]:
    fill = told.execution
    if fill is None:
        return dict.fromkeys(("909", "910", "911", "914", "915"), "")
    return {
        "909": str(fill.number),
        "910": whole(fill.price),
        "911": whole(told.order.filled if adds_up else fill.quantity),
        "914": whole(fill.price),
        "915": whole(fill.quantity),
    }


def _prices(branch: Branch, symbol: str, book: OrderBook) -> dict[str, str]:
    base = branch.exchange.instruments[symbol].previous_close
    return {
        "10": directed(branch.exchange.quote(symbol).price or None, base),
        "27": directed(book.asks[0].price if book.asks else None, base),
        "28": directed(book.bids[0].price if book.bids else None, base),
    }


def balance(branch: Branch, told: OrderChanged) -> dict[str, str] | None:
    """Return the values of 04, which follows a fill. Its code has a letter in front, as some clients saw it."""
    if told.what is not What.FILLED:
        return None
    symbol, side = told.order.request.symbol, told.order.request.side
    holding = next((each for each in branch.exchange.account(branch.account).holdings if each.symbol == symbol), None)
    book = branch.exchange.order_book(symbol)
    return {
        "9201": branch.account,
        "9001": branch.prefixed(symbol),
        "917": "00",
        "916": _NO_DAY,
        "302": branch.exchange.instruments[symbol].name,
        **_held(holding),
        "946": _SIDES[side],
        "950": "0",
        "951": "0",
        **_prices(branch, symbol, book),
        "307": whole(branch.exchange.instruments[symbol].previous_close),
        "957": "0",
        "958": "0",
        "918": _NO_DAY,
        "990": "0",
        "991": "0.00",
        "992": "0",
        "993": "0.00",
        "959": "0",
        "924": "0",
    }


def _held(holding: Holding | None) -> dict[str, str]:
    if holding is None:
        return {**dict.fromkeys(("930", "931", "932", "933", "945"), "0"), "8019": "0.00"}
    return {
        "930": whole(holding.quantity),
        "931": whole(holding.average),
        "932": whole(holding.cost),
        "933": whole(holding.sellable),
        "945": whole(holding.today_bought - holding.today_sold),
        "8019": signed_rate(percent_of(holding.market_value - holding.cost, holding.cost)),
    }
