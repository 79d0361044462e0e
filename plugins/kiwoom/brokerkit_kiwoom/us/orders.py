"""Orders for US symbols, cancellations and the lists of both."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from brokerkit.replies import OrderReply, limit_of
from brokerkit.transport import Codes, Effect, OrderNumber, RelatedNumber, Row, Text, Words, traded
from brokerkit.words import OrderType, Side, TimeInForce, Venue
from brokerkit_kiwoom.us.spelling import UsSymbol, us_call
from brokerkit_kiwoom.wire.orders import Accepted, has_side, side_in
from brokerkit_kiwoom.wire.types import Listing, Padded, PaddedOrBlank, Rows, ToldQuantity, Unsigned, block

ORDERS, ACCOUNTS = "ordr", "acnt"
DIGITS = 9
"""Of the number of an order, with zeros in front."""
CANCELED, REFUSED, DESKTOP = "취소", "거부", "영웅문"


class AmendAccepted(Accepted):
    """미국주식 정정 주문 (ust20002): a new number, and how many shares it moved."""

    quantity: ToldQuantity = Field(None, alias="mdfy_ord_qty")  # 정정주문수량


def _side(told: object) -> Side | None:
    """Read 매도매수구분, a code or words."""
    return SIDE_BACK.get(told.strip()) or side_in(told) if isinstance(told, str) else None


class _Listed(OrderReply):
    """What all lists of orders tell alike. None of them tells a date."""

    extra = OrderReply.extra | {"limit", "average", "type_code", "told_at", "status_words"}

    id: OrderNumber = Field(alias="ord_no")  # 주문번호
    symbol: UsSymbol = Field(alias="stk_cd")  # 종목코드
    name: Words = Field("", alias="frgn_stk_nm")  # 종목명
    type_code: Text = Field("", alias="frgn_trde_tp")  # 매매구분
    quantity: Padded = Field(alias="ord_qty")  # 주문수량
    limit: Unsigned = Field(None, alias="ord_uv")  # 주문단가
    filled_quantity: Padded = Field(alias="cntr_qty")  # 체결수량
    average: Unsigned = Field(None, alias="cntr_uv")  # 체결단가
    remaining_quantity: Padded = Field(alias="ord_remnq")  # 주문잔량
    told_at: Text = Field("", alias="ord_time")  # 주문시간
    status_words: Words = Field("", alias="ord_stat")  # 주문상태명
    day: dt.date | None = None
    clock: dt.datetime | None = None
    moments: Mapping[str, dt.datetime] = {}
    """They are set by who asked: by which clock a time is depends on the day that was asked for."""

    @property
    def type(self) -> OrderType | None:
        return TYPE_BACK.get(self.type_code)

    @property
    def time_in_force(self) -> TimeInForce | None:
        return None if self.type is None else TimeInForce.DAY

    @property
    def price(self) -> Decimal | None:
        return limit_of(self.type, self.limit)

    @property
    def venue(self) -> Venue:
        """Return the venue of all of them: no list tells by day from by night."""
        return Venue.US

    @property
    def average_fill_price(self) -> Decimal | None:
        return traded(self.average)

    @property
    def is_refused(self) -> bool:
        """Say whether it was refused: then it has changed nothing."""
        return REFUSED in self.status_words

    @property
    def is_rejected(self) -> bool:
        return self.is_refused and not self.remaining_quantity and self.filled_quantity < self.quantity


class _Numbered(_Listed):
    """What the lists tell that name the original order."""

    extra = _Listed.extra | {"original"}

    side: Annotated[Side, BeforeValidator(_side)] = Field(alias="slby_tp")  # 매도매수구분
    original: RelatedNumber = Field("", alias="orig_ord_no")  # 원주문번호, "000000000" for none

    @property
    def original_id(self) -> str | None:
        return self.original if self.original.strip("0") else None

    @property
    def is_cancellation(self) -> bool:
        """Say whether this row cancels another one: the row of that one stays what it was, with nothing left."""
        return self.original_id is not None and CANCELED in self.status_words


class TodayRow(_Numbered):
    """미국주식 당일 주문체결 확인 (ust21510) -> Order."""


class OpenRow(_Numbered):
    """미국주식 원장 미체결 (ust21050) -> Order."""


class DayRow(_Listed):
    """미국주식 일별 주문체결내역 (ust21150) -> Order. It names no original order, and tells the side in words."""

    extra = _Listed.extra | {"side_words", "amended", "canceled", "channel", "entered", "tells_original"}

    side_words: Annotated[Text, AfterValidator(has_side)] = Field(alias="slby_tp_nm")  # 매도매수구분명
    amended: PaddedOrBlank = Field(None, alias="mdfy_qty")  # 정정수량
    canceled: PaddedOrBlank = Field(None, alias="cncl_qty")  # 취소수량
    status_words: Words = Field("", alias="ord_stat_nm")  # 주문상태명
    channel: Words = Field("", alias="comm_ord_tp_nm")  # 통신주문구분명
    entered: Words = Field("", alias="inpt_chnl_tp")  # 입력매체구분명

    @property
    def tells_original(self) -> bool:
        """Say that it names no order that it amends or cancels, and may do either all the same."""
        return False

    @property
    def side(self) -> Side:
        return Side(str(side_in(self.side_words)))

    @property
    def is_cancellation(self) -> bool:
        """Say whether this row cancels another one: the row of that one stays what it was, with nothing left."""
        return CANCELED in self.status_words

    @property
    def is_canceled(self) -> bool:
        """Say whether what is neither filled nor left was cancelled or moved to a new order."""
        gone = (self.amended or Decimal(0)) + (self.canceled or Decimal(0))
        return not self.remaining_quantity and bool(gone) and self.filled_quantity + gone >= self.quantity

    @property
    def is_elsewhere(self) -> bool:
        """Say whether it was placed in the broker's own programs; what stands there for the API is not told."""
        return DESKTOP in self.channel + self.entered


class TodayAnswer(Listing):
    """미국주식 당일 주문체결 확인 (ust21510): a page of rows."""

    rows: Rows[Row[TodayRow]] = block("result_list", "result_lsit")


class OpenAnswer(Listing):
    """미국주식 원장 미체결 (ust21050): a page of rows."""

    rows: Rows[Row[OpenRow]] = block("result_list", "result_lsit")


class DayAnswer(Listing):
    """미국주식 일별 주문체결내역 (ust21150): a page of rows."""

    rows: Rows[Row[DayRow]] = block("result_list", "result_lsit")


ORDER = {
    Side.BUY: us_call("ust20000", ORDERS, Accepted, Effect.ORDER),
    Side.SELL: us_call("ust20001", ORDERS, Accepted, Effect.ORDER),
}
AMEND = us_call("ust20002", ORDERS, AmendAccepted, Effect.ORDER)
CANCEL = us_call("ust20003", ORDERS, Accepted, Effect.ORDER)
TODAY = us_call("ust21510", ACCOUNTS, TodayAnswer)
OPEN = us_call("ust21050", ACCOUNTS, OpenAnswer)
OF_A_DAY = us_call("ust21150", ACCOUNTS, DayAnswer)

_BOTH = {
    OrderType.LIMIT: "00",  # 지정가
    OrderType.MARKET: "03",  # 시장가
    OrderType.VWAP_LIMIT: "26",  # VWAP지정가
    OrderType.TWAP_LIMIT: "27",  # TWAP지정가
    OrderType.LIMIT_ON_CLOSE: "30",  # LOC
    OrderType.VWAP: "36",  # VWAP시장가
    OrderType.TWAP: "37",  # TWAP시장가
}
_SALES = {
    OrderType.MARKET_ON_CLOSE: "33",  # MOC
    OrderType.STOP_LIMIT: "34",  # STOP LIMIT
    OrderType.STOP: "35",  # STOP
}
SELLS_ONLY = frozenset(_SALES)
ORDER_TYPE = {
    Side.BUY: Codes("an order type for purchases at Kiwoom", _BOTH),
    Side.SELL: Codes("an order type for sales at Kiwoom", {**_BOTH, **_SALES}),
}
"""trde_tp 해외매매구분."""
TYPE_BACK = {code: type for type, code in ORDER_TYPE[Side.SELL].items()}
TERMS = tuple((type, TimeInForce.DAY) for type in ORDER_TYPE[Side.SELL])
AT_MOCK = ((OrderType.LIMIT, TimeInForce.DAY),)
SIDE_BACK = {"1": Side.SELL, "2": Side.BUY}
OLDEST_FIRST, NEWEST_FIRST = "1", "2"  # query_tp 조회구분: 주문순, 주문역순
BOTH_SIDES = "0"  # slby_tp
ALL = "%"  # oppo_trde_tp 반대매매구분
