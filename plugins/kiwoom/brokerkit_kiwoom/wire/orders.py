"""Orders, cancellations and the day's list of both."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator, Field

from brokerkit.market import clock
from brokerkit.models import Order, OrderStatus, OrderType, Side, TimeInForce, Venue
from brokerkit.transport import Body, Codes, Effect, Endpoint, Reply, Text
from brokerkit_kiwoom.wire.types import Clock, OrderNumber, Padded, PaddedOrBlank, Symbol, traded

ORDERS = "/api/dostk/ordr"


def _side(words: object) -> object:
    """Read 매도 or 매수: the sign in front of it is a screen colour."""
    if isinstance(words, str) and ("매도" in words) != ("매수" in words):
        return Side.SELL if "매도" in words else Side.BUY
    return words


class Accepted(Body):
    """주식 매수주문, 매도주문 (kt10000, kt10001): received, not filled."""

    number: OrderNumber = Field(alias="ord_no")  # 주문번호


class CancelAccepted(Body):
    """주식 취소주문 (kt10003). The root is the first order of the chain, not the order that was named."""

    number: OrderNumber = Field(alias="ord_no")  # 주문번호
    root: Text = Field("", alias="base_orig_ord_no")  # 모주문번호
    quantity: PaddedOrBlank = Field(None, alias="cncl_qty")  # 취소수량


class OrderRow(Reply[Order]):
    """계좌별주문체결내역상세요청 (kt00007) -> Order. The rows do not tell their day."""

    extra = frozenset({"time", "limit", "average", "original", "type_words", "state", "amendment", "venue_code"}) | {
        "confirmed",
        "is_cancellation",
    }

    id: OrderNumber = Field(alias="ord_no")  # 주문번호
    symbol: Symbol = Field(alias="stk_cd")  # 종목번호
    name: Text = Field("", alias="stk_nm")  # 종목명
    side: Annotated[Side, BeforeValidator(_side)] = Field(alias="io_tp_nm")  # 주문구분
    type_words: Text = Field("", alias="trde_tp")  # 매매구분
    quantity: Padded = Field(alias="ord_qty")  # 주문수량
    limit: PaddedOrBlank = Field(None, alias="ord_uv")  # 주문단가
    filled_quantity: Padded = Field(alias="cntr_qty")  # 체결수량
    average: PaddedOrBlank = Field(None, alias="cntr_uv")  # 체결단가
    remaining_quantity: Padded = Field(alias="ord_remnq")  # 주문잔량
    confirmed: PaddedOrBlank = Field(None, alias="cnfm_qty")  # 확인수량
    state: Text = Field("", alias="acpt_tp")  # 접수구분
    original: Text = Field("", alias="ori_ord")  # 원주문
    amendment: Text = Field("", alias="mdfy_cncl")  # 정정취소
    time: Clock = Field(alias="ord_tm")  # 주문시간
    venue_code: Text = Field("", alias="dmst_stex_tp")  # 국내거래소구분

    @property
    def type(self) -> OrderType | None:
        return TYPE_WORDS.get(self.type_words, (None, None))[0]

    @property
    def time_in_force(self) -> TimeInForce | None:
        return TYPE_WORDS.get(self.type_words, (None, None))[1]

    @property
    def price(self) -> Decimal | None:
        return traded(self.limit)

    @property
    def average_fill_price(self) -> Decimal | None:
        return traded(self.average)

    @property
    def venue(self) -> Venue | None:
        return VENUE_BACK.get(self.venue_code)

    @property
    def is_cancellation(self) -> bool:
        """Say whether this row cancels another one."""
        return bool(self.original.strip("0")) and "취소" in self.amendment

    def status(self, day: dt.date, canceled: bool) -> OrderStatus:
        """Judge by the quantities; `canceled` says whether the list shows a cancellation of this order."""
        if self.filled_quantity >= self.quantity:
            return OrderStatus.FILLED
        if self.remaining_quantity > 0:
            return OrderStatus.PARTIALLY_FILLED if self.filled_quantity else OrderStatus.WORKING
        if "거부" in self.state:
            return OrderStatus.REJECTED
        if canceled or "취소" in self.state or "취소" in self.amendment:
            return OrderStatus.CANCELED
        return OrderStatus.EXPIRED if day < clock.today() else OrderStatus.UNKNOWN


class OrdersAnswer(Body):
    rows: tuple[OrderRow, ...] = Field(alias="acnt_ord_cntr_prps_dtl")


def handle(day: str, row: str, named: str) -> str:
    """Return what finds the order later: its day, the number of its row, and the number that a cancellation names."""
    return f"kiwoom:{day}:{row}:{named}"


ORDER = {
    Side.BUY: Endpoint({"real": "kt10000", "demo": "kt10000"}, ORDERS, Accepted, "POST", Effect.ORDER),
    Side.SELL: Endpoint({"real": "kt10001", "demo": "kt10001"}, ORDERS, Accepted, "POST", Effect.ORDER),
}
CANCEL = Endpoint({"real": "kt10003", "demo": "kt10003"}, ORDERS, CancelAccepted, "POST", Effect.ORDER)
DAY_ORDERS = Endpoint({"real": "kt00007", "demo": "kt00007"}, "/api/dostk/acnt", OrdersAnswer, "POST")

ORDER_TYPE = Codes(
    "an order type at Kiwoom",
    {(OrderType.LIMIT, TimeInForce.DAY): "0", (OrderType.MARKET, TimeInForce.DAY): "3"},
)  # trde_tp 매매구분
TYPE_WORDS = {
    "보통": (OrderType.LIMIT, TimeInForce.DAY),
    "시장가": (OrderType.MARKET, TimeInForce.DAY),
}  # trde_tp of lists
VENUE = Codes("a venue for orders at Kiwoom", {Venue.KRX: "KRX"})  # dmst_stex_tp 국내거래소구분
VENUE_BACK = {str(venue): venue for venue in Venue}
