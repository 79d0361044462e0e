"""Orders, cancellations and the lists of both."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from brokerkit.market.markets import KOREA
from brokerkit.replies import OrderReply, limit_of
from brokerkit.transport import (
    Codes,
    Effect,
    EitherTimeOfDay,
    Endpoint,
    OrderNumber,
    RelatedNumber,
    Row,
    Text,
    Words,
    average,
    traded,
)
from brokerkit.words import OrderType, Side, TimeInForce, Venue
from brokerkit_kiwoom.wire.orders import Accepted, has_side, side_in
from brokerkit_kiwoom.wire.types import Listing, Padded, PaddedOrBlank, Rows, Symbol, ToldQuantity, Unsigned, block

ORDERS = "/api/dostk/ordr"


class AmendAccepted(Accepted):
    """주식 정정주문 (kt10002): a new number, and how many shares it moved."""

    quantity: ToldQuantity = Field(None, alias="mdfy_qty")  # 정정수량


class _Listed(OrderReply):
    """What all lists of orders tell alike."""

    extra = OrderReply.extra | {"time", "limit", "original", "type_words"}

    id: OrderNumber = Field(alias="ord_no")  # 주문번호
    symbol: Symbol = Field(alias="stk_cd")  # 종목코드
    name: Words = Field("", alias="stk_nm")  # 종목명
    type_words: Words = Field("", alias="trde_tp")  # 매매구분
    quantity: Padded = Field(alias="ord_qty")  # 주문수량
    limit: PaddedOrBlank
    original: RelatedNumber
    clock: EitherTimeOfDay

    @property
    def type(self) -> OrderType | None:
        return TYPE_WORDS.get(self.type_words, (None, None))[0]

    @property
    def time_in_force(self) -> TimeInForce | None:
        return TYPE_WORDS.get(self.type_words, (None, None))[1]

    @property
    def price(self) -> Decimal | None:
        return limit_of(self.type, self.limit)

    @property
    def original_id(self) -> str | None:
        return self.original if self.original.strip("0") else None


class _Today(_Listed):
    """What the lists of open and of filled orders tell alike; both are of today."""

    extra = _Listed.extra | {"venue_words", "venue_code", "smart"}

    side: Annotated[Side, BeforeValidator(side_in)] = Field(alias="io_tp_nm")  # 주문구분
    limit: Unsigned = Field(None, alias="ord_pric")  # 주문가격
    remaining_quantity: Padded = Field(alias="oso_qty")  # 미체결수량
    original: RelatedNumber = Field("", alias="orig_ord_no")  # 원주문번호
    venue_words: Words = Field("", alias="stex_tp_txt")  # 거래소구분텍스트
    venue_code: Words = Field("", alias="stex_tp")  # 거래소구분
    smart: Words = Field("", alias="sor_yn")  # SOR 여부값

    @property
    def venue(self) -> Venue | None:
        told = VENUE_BACK.get(self.venue_words) or VENUE_CODE.get(self.venue_code)
        return Venue.SOR if self.smart == "Y" else told


class OrderRow(_Listed):
    """계좌별주문체결내역상세요청 (kt00007) -> Order. The rows do not tell their day."""

    extra = _Listed.extra | {
        "average",
        "state",
        "amendment",
        "venue_code",
        "confirmed",
        "channel",
        "side_words",
    }

    side_words: Annotated[Text, AfterValidator(has_side)] = Field(alias="io_tp_nm")  # 주문구분, 정정 and 취소 too
    limit: Unsigned = Field(None, alias="ord_uv")  # 주문단가
    filled_quantity: Padded = Field(alias="cntr_qty")  # 체결수량
    average: Unsigned = Field(None, alias="cntr_uv")  # 체결단가
    remaining_quantity: Padded = Field(alias="ord_remnq")  # 주문잔량
    confirmed: PaddedOrBlank = Field(None, alias="cnfm_qty")  # 확인수량
    state: Words = Field("", alias="acpt_tp")  # 접수구분
    original: RelatedNumber = Field("", alias="ori_ord")  # 원주문
    amendment: Text = Field("", alias="mdfy_cncl")  # 정정취소
    clock: EitherTimeOfDay = Field(None, alias="ord_tm")  # 주문시간
    venue_code: Words = Field("", alias="dmst_stex_tp")  # 국내거래소구분
    channel: Words = Field("", alias="comm_ord_tp")  # 통신구분

    @property
    def is_elsewhere(self) -> bool:
        """Say whether it was placed in the broker's own programs; what stands there for the API is not told."""
        return "영웅문" in self.channel

    @property
    def side(self) -> Side:
        return Side(str(side_in(self.side_words)))

    @property
    def average_fill_price(self) -> Decimal | None:
        return traded(self.average)

    @property
    def venue(self) -> Venue | None:
        return VENUE_BACK.get(self.venue_code)

    @property
    def is_cancellation(self) -> bool:
        """Say whether this row cancels another one."""
        return self.original_id is not None and "취소" in self.side_words + self.amendment

    @property
    def is_refused(self) -> bool:
        """Say whether it was refused: then it has changed nothing."""
        return "거부" in self.state + self.side_words + self.amendment

    @property
    def is_rejected(self) -> bool:
        return "거부" in self.state and not self.remaining_quantity and self.filled_quantity < self.quantity

    @property
    def is_canceled(self) -> bool:
        return "취소" in self.state or "취소" in self.amendment


class OrdersAnswer(Listing):
    """계좌별주문체결내역상세요청 (kt00007): a page of rows."""

    rows: Rows[Row[OrderRow]] = block("acnt_ord_cntr_prps_dtl")


class OpenOrderRow(_Today):
    """미체결요청 (ka10075) -> a working Order."""

    extra = _Today.extra | {"filled", "amount"}

    filled: PaddedOrBlank = Field(None, alias="cntr_qty")  # 체결량
    amount: PaddedOrBlank = Field(None, alias="cntr_tot_amt")  # 체결누계금액
    clock: EitherTimeOfDay = Field(None, alias="tm")  # 시간

    @property
    def filled_quantity(self) -> Decimal | None:
        """Tell it only where it is sure: after a partial cancellation the list does not say what was filled in all."""
        untouched = self.filled == 0 and self.amount == 0
        adds_up = self.filled is not None and self.filled + self.remaining_quantity == self.quantity
        return self.filled if adds_up or untouched else None

    @property
    def average_fill_price(self) -> Decimal | None:
        return average(self.amount, self.filled_quantity)

    @property
    def has_fills(self) -> bool:
        return bool(self.filled)


class OpenOrdersAnswer(Listing):
    """미체결요청 (ka10075): a page of rows."""

    rows: Rows[Row[OpenOrderRow]] = block("oso")


class FilledOrderRow(_Today):
    """체결요청 (ka10076) -> an Order of today that was filled, in part or in whole."""

    extra = _Today.extra | {"average"}

    filled_quantity: Padded = Field(alias="cntr_qty")  # 체결량
    average: Unsigned = Field(None, alias="cntr_pric")  # 체결가
    clock: EitherTimeOfDay = Field(None, alias="ord_tm")  # 주문시간

    @property
    def average_fill_price(self) -> Decimal | None:
        return traded(self.average)


class FilledOrdersAnswer(Listing):
    """체결요청 (ka10076): a page of rows."""

    rows: Rows[Row[FilledOrderRow]] = block("cntr")


ORDER = {
    Side.BUY: Endpoint({"real": "kt10000", "demo": "kt10000"}, ORDERS, Accepted, "POST", Effect.ORDER),
    Side.SELL: Endpoint({"real": "kt10001", "demo": "kt10001"}, ORDERS, Accepted, "POST", Effect.ORDER),
}
CANCEL = Endpoint({"real": "kt10003", "demo": "kt10003"}, ORDERS, Accepted, "POST", Effect.ORDER)
AMEND = Endpoint({"real": "kt10002", "demo": "kt10002"}, ORDERS, AmendAccepted, "POST", Effect.ORDER)
OPEN_ORDERS = Endpoint({"real": "ka10075", "demo": "ka10075"}, "/api/dostk/acnt", OpenOrdersAnswer, "POST")
FILLED_ORDERS = Endpoint({"real": "ka10076", "demo": "ka10076"}, "/api/dostk/acnt", FilledOrdersAnswer, "POST")
DAY_ORDERS = Endpoint({"real": "kt00007", "demo": "kt00007"}, "/api/dostk/acnt", OrdersAnswer, "POST")

_DAY, _IOC, _FOK = TimeInForce.DAY, TimeInForce.IOC, TimeInForce.FOK
_TYPES = (
    (OrderType.LIMIT, _DAY, "0", "보통"),
    (OrderType.LIMIT, _IOC, "10", "보통(IOC)"),
    (OrderType.LIMIT, _FOK, "20", "보통(FOK)"),
    (OrderType.MARKET, _DAY, "3", "시장가"),
    (OrderType.MARKET, _IOC, "13", "시장가(IOC)"),
    (OrderType.MARKET, _FOK, "23", "시장가(FOK)"),
    (OrderType.LIMIT_TO_MARKET_ON_CLOSE, _DAY, "5", "조건부지정가"),
    (OrderType.BEST_OPPOSITE, _DAY, "6", "최유리지정가"),
    (OrderType.BEST_OPPOSITE, _IOC, "16", "최유리(IOC)"),
    (OrderType.BEST_OPPOSITE, _FOK, "26", "최유리(FOK)"),
    (OrderType.BEST_SAME_SIDE, _DAY, "7", "최우선지정가"),
    (OrderType.STOP_LIMIT, _DAY, "28", "스톱지정가"),
    (OrderType.MIDPOINT, _DAY, "29", "중간가"),
    (OrderType.MIDPOINT, _IOC, "30", "중간가(IOC)"),
    (OrderType.MIDPOINT, _FOK, "31", "중간가(FOK)"),
    (OrderType.PRE_OPEN_CLOSING_PRICE, _DAY, "61", "장시작전시간외"),
    (OrderType.AFTER_CLOSE_CLOSING_PRICE, _DAY, "81", "장마감후시간외"),
)
ORDER_TYPE = Codes("an order type at Kiwoom", {(type_, time): code for type_, time, code, _ in _TYPES})
"""trde_tp 매매구분 of orders."""
ORDER_TYPE_BACK = {code: (type_, time) for type_, time, code, _ in _TYPES}
TYPE_WORDS = {
    **{words: (type_, time) for type_, time, _, words in _TYPES},
    "시간외단일가": (OrderType.SINGLE_PRICE, _DAY),  # in the history only
}
"""trde_tp of lists, which tell it in words."""
VENUE = {
    "real": Codes("a venue for orders at Kiwoom", {Venue.KRX: "KRX", Venue.NXT: "NXT", Venue.SOR: "SOR"}),
    "demo": Codes("a venue for orders in the demo environment of Kiwoom", {Venue.KRX: "KRX"}),
}  # dmst_stex_tp 국내거래소구분
VENUE_BACK = {str(venue): venue for venue in KOREA.venues}
VENUE_CODE = {"0": Venue.SOR, "1": Venue.KRX, "2": Venue.NXT}  # stex_tp 거래소구분 of ka10075 and ka10076
OLDEST_FIRST, NEWEST_FIRST = "1", "2"  # qry_tp 조회구분
