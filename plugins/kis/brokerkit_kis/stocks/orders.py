"""Orders, cancellations and the lists of both."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from pydantic import AliasChoices, Field

from brokerkit.errors import Unsupported
from brokerkit.market.markets import KOREA
from brokerkit.market.sessions import Phase
from brokerkit.models import Order, OrderRequest
from brokerkit.replies import OrderReply, limit_of
from brokerkit.transport import (
    Blankable,
    Codes,
    Day,
    Effect,
    Endpoint,
    Number,
    OrderNumber,
    RelatedNumber,
    Row,
    Text,
    TimeOfDay,
    Words,
    average,
    traded,
)
from brokerkit.words import OrderType, Side, TimeInForce, Venue
from brokerkit_kis.wire.orders import OrderAnswer, SideCode
from brokerkit_kis.wire.types import Paged, Rows, Symbol, block

TRADING = "/uapi/domestic-stock/v1/trading"


class _Listed(OrderReply):
    """What both lists of orders tell alike."""

    extra = OrderReply.extra | {"type_code", "limit", "original", "venue_code"}

    branch: Words = Field("", alias="ord_gno_brno")  # 주문채번지점번호
    id: OrderNumber = Field(alias="odno")  # 주문번호
    original: RelatedNumber = Field("", alias="orgn_odno")  # 원주문번호
    side: SideCode = Field(alias="sll_buy_dvsn_cd")  # 매도매수구분코드
    symbol: Symbol = Field(alias="pdno")  # 상품번호
    name: Words = Field("", alias="prdt_name")  # 상품명
    quantity: Number = Field(alias="ord_qty")  # 주문수량
    limit: Blankable = Field(None, alias="ord_unpr")  # 주문단가
    clock: TimeOfDay = Field(None, alias="ord_tmd")  # 주문시각
    filled_quantity: Number = Field(alias="tot_ccld_qty")  # 총체결수량
    type_code: Words = Field("", alias="ord_dvsn_cd")  # 주문구분코드
    venue_code: Words = Field(
        "", validation_alias=AliasChoices("excg_id_dvsn_cd", "excg_id_dvsn_Cd", "EXCG_ID_DVSN_CD")
    )

    @property
    def type(self) -> OrderType | None:
        return ORDER_TYPE_BACK.get(self.type_code, (None, None))[0]

    @property
    def time_in_force(self) -> TimeInForce | None:
        return ORDER_TYPE_BACK.get(self.type_code, (None, None))[1]

    @property
    def venue(self) -> Venue | None:
        return VENUE_BACK.get(self.venue_code)

    @property
    def price(self) -> Decimal | None:
        return limit_of(self.type, self.limit)

    @property
    def original_id(self) -> str | None:
        return self.original if self.original.strip("0") else None


class OrderRow(_Listed):
    """주식일별주문체결조회 (TTTC0081R), output1 -> Order."""

    extra = _Listed.extra | {"average", "rejected", "canceled", "canceled_flag", "side_words"}

    day: Day = Field(alias="ord_dt")  # 주문일자
    side_words: Text = Field("", alias="sll_buy_dvsn_cd_name")  # 매도매수구분코드명, tells amendments and cancellations
    average: Blankable = Field(None, alias="avg_prvs")  # 평균가
    filled_amount: Blankable = Field(None, alias="tot_ccld_amt")  # 총체결금액
    canceled_flag: Words = Field("", alias="cncl_yn")  # 취소여부
    canceled: Blankable = Field(None, validation_alias=AliasChoices("cncl_cfrm_qty", "cnc_cfrm_qty"))  # 취소확인수량
    remaining_quantity: Number = Field(alias="rmn_qty")  # 잔여수량
    rejected: Blankable = Field(None, alias="rjct_qty")  # 거부수량

    @property
    def average_fill_price(self) -> Decimal | None:
        return traded(self.average)

    @property
    def is_cancellation(self) -> bool:
        """Say whether this row cancels another order and is none itself."""
        return self.original_id is not None and ("취소" in self.side_words or "CANCEL" in self.side_words.upper())

    @property
    def is_refused(self) -> bool:
        """Say whether it was refused: then it has changed nothing."""
        words = self.side_words.upper()
        return self.is_rejected or "REJECT" in words or "거부" in words

    @property
    def is_rejected(self) -> bool:
        return bool(self.rejected and self.rejected >= self.quantity)

    @property
    def is_canceled(self) -> bool:
        return bool(self.canceled) or self.canceled_flag == "Y"


class OrdersAnswer(Paged):
    """주식일별주문체결조회 (TTTC0081R, CTSC9215R): a page of rows."""

    rows: Rows[Row[OrderRow]] = block("output1")


class OpenOrderRow(_Listed):
    """주식정정취소가능주문조회 (TTTC0084R) -> a working Order."""

    extra = _Listed.extra | {"amount"}

    amount: Blankable = Field(None, alias="tot_ccld_amt")  # 총체결금액
    remaining_quantity: Number = Field(alias="psbl_qty")  # 정정취소 가능수량

    @property
    def average_fill_price(self) -> Decimal | None:
        return average(self.amount, self.filled_quantity)


class OpenOrdersAnswer(Paged):
    """주식정정취소가능주문조회 (TTTC0084R): a page of rows."""

    rows: Rows[Row[OpenOrderRow]] = block("output")


ORDER = {
    Side.SELL: Endpoint(
        {"real": "TTTC0011U", "demo": "VTTC0011U"}, f"{TRADING}/order-cash", OrderAnswer, "POST", Effect.ORDER
    ),
    Side.BUY: Endpoint(
        {"real": "TTTC0012U", "demo": "VTTC0012U"}, f"{TRADING}/order-cash", OrderAnswer, "POST", Effect.ORDER
    ),
}
AMEND_CANCEL = Endpoint(
    {"real": "TTTC0013U", "demo": "VTTC0013U"}, f"{TRADING}/order-rvsecncl", OrderAnswer, "POST", Effect.ORDER
)
OPEN_ORDERS = Endpoint({"real": "TTTC0084R"}, f"{TRADING}/inquire-psbl-rvsecncl", OpenOrdersAnswer)
OLD_ORDERS = Endpoint({"real": "CTSC9215R", "demo": "VTSC9215R"}, f"{TRADING}/inquire-daily-ccld", OrdersAnswer)
DAY_ORDERS = Endpoint({"real": "TTTC0081R", "demo": "VTTC0081R"}, f"{TRADING}/inquire-daily-ccld", OrdersAnswer)

_DAY, _IOC, _FOK = TimeInForce.DAY, TimeInForce.IOC, TimeInForce.FOK
ORDER_TYPE = Codes(
    "an order type at KIS",
    {
        (OrderType.LIMIT, _DAY): "00",
        (OrderType.LIMIT, _IOC): "11",
        (OrderType.LIMIT, _FOK): "12",
        (OrderType.MARKET, _DAY): "01",
        (OrderType.MARKET, _IOC): "13",
        (OrderType.MARKET, _FOK): "14",
        (OrderType.LIMIT_TO_MARKET_ON_CLOSE, _DAY): "02",
        (OrderType.BEST_OPPOSITE, _DAY): "03",
        (OrderType.BEST_OPPOSITE, _IOC): "15",
        (OrderType.BEST_OPPOSITE, _FOK): "16",
        (OrderType.BEST_SAME_SIDE, _DAY): "04",
        (OrderType.MIDPOINT, _DAY): "21",
        (OrderType.MIDPOINT, _IOC): "23",
        (OrderType.MIDPOINT, _FOK): "24",
        (OrderType.STOP_LIMIT, _DAY): "22",
        (OrderType.PRE_OPEN_CLOSING_PRICE, _DAY): "05",
        (OrderType.AFTER_CLOSE_CLOSING_PRICE, _DAY): "06",
        (OrderType.LIMIT, TimeInForce.GOOD_TILL_PRE_MARKET): "27",
        (OrderType.BEST_OPPOSITE, TimeInForce.GOOD_TILL_PRE_MARKET): "28",
        (OrderType.BEST_SAME_SIDE, TimeInForce.GOOD_TILL_PRE_MARKET): "29",
    },
)  # ORD_DVSN 주문구분
AFTER_MARKET_TYPE = Codes(
    "an order type in the after-market at KIS",
    {
        (OrderType.LIMIT, _DAY): "41",
        (OrderType.LIMIT, _IOC): "42",
        (OrderType.LIMIT, _FOK): "43",
        (OrderType.BEST_OPPOSITE, _DAY): "44",
        (OrderType.BEST_OPPOSITE, _IOC): "45",
        (OrderType.BEST_OPPOSITE, _FOK): "46",
        (OrderType.BEST_SAME_SIDE, _DAY): "47",
    },
)  # ORD_DVSN 주문구분, KRX 애프터마켓 since 2026-09-14
ORDER_TYPE_BACK = {
    **{code: words for table in (ORDER_TYPE, AFTER_MARKET_TYPE) for words, code in table.items()},
    "07": (OrderType.SINGLE_PRICE, _DAY),  # in the history only
}
VENUE = {
    "real": Codes("a venue for orders at KIS", {Venue.KRX: "KRX", Venue.NXT: "NXT", Venue.SOR: "SOR"}),
    "demo": Codes("a venue for orders in the demo environment of KIS", {Venue.KRX: "KRX"}),
}  # EXCG_ID_DVSN_CD 거래소ID구분코드
NEWEST_FIRST, OLDEST_FIRST = "00", "01"  # INQR_DVSN 조회구분
ALL_VENUES = {"real": "ALL", "demo": "KRX"}
"""EXCG_ID_DVSN_CD of the list of orders."""
VENUE_BACK = {str(venue): venue for venue in KOREA.venues}


def cancel_code(order: Order, phase: Phase) -> str:
    """Return the type code for a cancellation; limit where the type of the order is not known."""
    if order.type is None or order.time_in_force is None:
        return ORDER_TYPE[OrderType.LIMIT, _DAY]
    return _table(order.venue or Venue.KRX, phase).get((order.type, order.time_in_force), "00")


def amend_code(order: Order, phase: Phase) -> str:
    """Return the type code for an amendment, which at KIS can change the type: so it has to be the order's own."""
    if order.type is None or order.time_in_force is None:
        raise Unsupported(f"The type of order {order.id} is not known, and an amendment names it.", advice=_INSTEAD)
    if order.type is OrderType.STOP_LIMIT:
        # It wants the stop price again (CNDT_PRIC), and what leaving it out does is not told.
        raise Unsupported("Amendments of STOP_LIMIT orders are not offered.", advice=_INSTEAD)
    return _table(order.venue or Venue.KRX, phase)[order.type, order.time_in_force]


_INSTEAD = "Nothing was sent. Use cancel(order) and send a new order."


def type_code(request: OrderRequest, phase: Phase) -> str:
    """Return the code of a request's type."""
    return _table(request.venue, phase)[request.type, request.time_in_force]


def _table(venue: Venue, phase: Phase) -> Codes[tuple[OrderType, TimeInForce]]:
    return AFTER_MARKET_TYPE if venue is Venue.KRX and phase is Phase.AFTER_MARKET else ORDER_TYPE


def three_months_before(day: dt.date) -> dt.date:
    """Return the day from which on the list of recent orders reaches."""
    month = day.month - 3 if day.month > 3 else day.month + 9
    year = day.year if day.month > 3 else day.year - 1
    first = dt.date(year, month, 1)
    last = (first + dt.timedelta(31)).replace(day=1) - dt.timedelta(1)
    return first.replace(day=min(day.day, last.day))
