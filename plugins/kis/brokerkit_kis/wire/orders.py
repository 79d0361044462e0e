"""Orders, cancellations and the day's list of both."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated

from pydantic import AliasChoices, BeforeValidator, Field

from brokerkit.market import clock
from brokerkit.models import Order, OrderStatus, OrderType, Side, TimeInForce, Venue
from brokerkit.transport import Blankable, Body, Codes, Effect, Endpoint, Number, Reply, Text
from brokerkit_kis.wire.types import Clock, Day, One, OrderNumber, Rows, block, moment, traded

TRADING = "/uapi/domestic-stock/v1/trading"


class Accepted(Body):
    """주식주문(현금), 주식주문(정정취소): received, not filled."""

    branch: Text = Field("", validation_alias=AliasChoices("KRX_FWDG_ORD_ORGNO", "krx_fwdg_ord_orgno"))  # 주문조직번호
    number: OrderNumber = Field(validation_alias=AliasChoices("ODNO", "odno"))  # 주문번호
    time: Clock | None = Field(None, validation_alias=AliasChoices("ORD_TMD", "ord_tmd"))  # 주문시각


class OrderAnswer(Body):
    output: One[Accepted] = block("output")


def _side(code: object) -> object:
    return SIDE.get(code, code) if isinstance(code, str) else code


class OrderRow(Reply[Order]):
    """주식일별주문체결조회 (TTTC0081R), output1 -> Order."""

    extra = frozenset({"day", "time", "type_code", "limit", "average", "original", "rejected", "canceled"}) | {
        "canceled_flag",
        "branch",
        "venue_code",
    }

    day: Day = Field(alias="ord_dt")  # 주문일자
    branch: Text = Field("", alias="ord_gno_brno")  # 주문채번지점번호
    id: OrderNumber = Field(alias="odno")  # 주문번호
    original: Text = Field("", alias="orgn_odno")  # 원주문번호
    side: Annotated[Side, BeforeValidator(_side)] = Field(alias="sll_buy_dvsn_cd")  # 매도매수구분코드
    symbol: Text = Field(alias="pdno")  # 상품번호
    name: Text = Field("", alias="prdt_name")  # 상품명
    quantity: Number = Field(alias="ord_qty")  # 주문수량
    limit: Blankable = Field(None, alias="ord_unpr")  # 주문단가
    time: Clock = Field(alias="ord_tmd")  # 주문시각
    filled_quantity: Number = Field(alias="tot_ccld_qty")  # 총체결수량
    average: Blankable = Field(None, alias="avg_prvs")  # 평균가
    canceled_flag: Text = Field("", alias="cncl_yn")  # 취소여부
    type_code: Text = Field("", alias="ord_dvsn_cd")  # 주문구분코드
    canceled: Blankable = Field(None, validation_alias=AliasChoices("cncl_cfrm_qty", "cnc_cfrm_qty"))  # 취소확인수량
    remaining_quantity: Number = Field(alias="rmn_qty")  # 잔여수량
    rejected: Blankable = Field(None, alias="rjct_qty")  # 거부수량
    venue_code: Text = Field("", validation_alias=AliasChoices("excg_id_dvsn_cd", "excg_id_dvsn_Cd", "EXCG_ID_DVSN_CD"))

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
        return traded(self.limit)

    @property
    def average_fill_price(self) -> Decimal | None:
        return traded(self.average)

    @property
    def original_id(self) -> str | None:
        return self.original if self.original.strip("0") else None

    @property
    def submitted_at(self) -> dt.datetime:
        return moment(self.day, self.time)

    @property
    def handle(self) -> str:
        return handle(self.day, self.branch, self.id)

    @property
    def status(self) -> OrderStatus:
        """Judge by the quantities; KIS has no status field."""
        if self.rejected and self.rejected >= self.quantity:
            return OrderStatus.REJECTED
        if self.filled_quantity >= self.quantity:
            return OrderStatus.FILLED
        if self.remaining_quantity > 0:
            return OrderStatus.PARTIALLY_FILLED if self.filled_quantity else OrderStatus.WORKING
        if self.canceled or self.canceled_flag == "Y":
            return OrderStatus.CANCELED
        return OrderStatus.EXPIRED if self.day < clock.today() else OrderStatus.UNKNOWN


class OrdersAnswer(Body):
    rows: Rows[OrderRow] = block("output1")
    code: Text = Field("", alias="msg_cd")
    search_key: str = Field("", alias="ctx_area_fk100")  # 연속조회검색조건
    next_key: str = Field("", alias="ctx_area_nk100")  # 연속조회키


def handle(day: dt.date, branch: str, number: str) -> str:
    """Return what is needed to find or cancel the order later: day, organisation number and order number."""
    return f"kis:{day:%Y%m%d}:{branch}:{number}"


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
DAY_ORDERS = Endpoint({"real": "TTTC0081R", "demo": "VTTC0081R"}, f"{TRADING}/inquire-daily-ccld", OrdersAnswer)

ORDER_TYPE = Codes(
    "an order type at KIS",
    {(OrderType.LIMIT, TimeInForce.DAY): "00", (OrderType.MARKET, TimeInForce.DAY): "01"},
)  # ORD_DVSN 주문구분
ORDER_TYPE_BACK = {code: words for words, code in ORDER_TYPE.items()}
VENUE = Codes("a venue for orders at KIS", {Venue.KRX: "KRX"})  # EXCG_ID_DVSN_CD 거래소ID구분코드
VENUE_BACK = {str(venue): venue for venue in Venue}
SIDE = {"01": Side.SELL, "02": Side.BUY}  # SLL_BUY_DVSN_CD 매도매수구분코드


def code_of(order: Order) -> str:
    """Return the type code for a cancellation, which trades nothing: limit where the type is not known."""
    if order.type is None or order.time_in_force is None:
        return ORDER_TYPE[OrderType.LIMIT, TimeInForce.DAY]
    return ORDER_TYPE.get((order.type, order.time_in_force), "00")
