"""Reserved orders of US shares: KIS keeps them for the day's opening in New York. Its demo environment lists none."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

from pydantic import AliasChoices, Field

from brokerkit.models import OrderRequest, Reservation
from brokerkit.models.handles import Handle
from brokerkit.replies import Sent
from brokerkit.transport import (
    Blankable,
    Block,
    Codes,
    Effect,
    Endpoint,
    Number,
    OddRow,
    OrderNumber,
    Row,
    Text,
    TimeOfDay,
    Words,
    preparing,
    traded,
    wire_text,
)
from brokerkit.words import OrderType, ReservationStatus, Segment, Side, Venue
from brokerkit_kis.us.orders import SPLIT, UNTIL_CLOSE
from brokerkit_kis.us.spelling import EXCHANGE, Spelling, symbol_of
from brokerkit_kis.wire.reserved import ReservedRowBase
from brokerkit_kis.wire.types import One, Rows, WidelyPaged, block

TRADING = "/uapi/overseas-stock/v1/trading"
SPAN = dt.timedelta(days=6)
"""The list is asked for less than seven days at a time."""


class Reserved(Block):
    """해외주식 예약주문접수 (TTTT3014U, TTTT3016U): kept, not sent. The table's words for its fields are shifted."""

    number: OrderNumber = Field(validation_alias=AliasChoices("OVRS_RSVN_ODNO", "ODNO", "ovrs_rsvn_odno", "odno"))


class ReservedAnswer(Block):
    """해외주식 예약주문접수 (TTTT3014U, TTTT3016U)."""

    output: One[Reserved] = block("output")


class Canceled(Block):
    """해외주식 예약주문접수취소 (TTTT3017U)."""

    number: OrderNumber = Field(validation_alias=AliasChoices("OVRS_RSVN_ODNO", "ovrs_rsvn_odno"))  # 해외예약주문번호


class CanceledAnswer(Block):
    """해외주식 예약주문접수취소 (TTTT3017U)."""

    output: One[Canceled] = block("output")


class ReservedRow(ReservedRowBase):
    """해외주식 예약주문조회 (TTTT3039R), output -> Reservation. TTTS3039R, a letter apart, tells realised profit."""

    extra = ReservedRowBase.extra | {"code", "words", "limit", "is_canceled", "state", "refusal"}

    id: OrderNumber = Field(alias="ovrs_rsvn_odno")  # 해외예약주문번호
    clock: TimeOfDay = Field(None, alias="ord_rcit_tmd")  # 주문접수시각
    code: Text = Field(alias="pdno")  # 상품번호
    name: Words = Field("", alias="prdt_name")  # 상품명
    words: Words = Field("", alias="sll_buy_dvsn_cd_name")  # 매도매수구분명, tells the type where it is TWAP or VWAP
    quantity: Number = Field(alias="ft_ord_qty")  # FT주문수량
    limit: Blankable = Field(None, alias="ft_ord_unpr3")  # FT주문단가3
    is_canceled: Words = Field("", alias="cncl_yn")  # 취소여부
    state: Words = Field("", alias="ovrs_rsvn_ord_stat_cd")  # 해외예약주문상태코드
    refusal: Text = Field("", alias="nprc_rson_text")  # 미처리사유내용

    @property
    def symbol(self) -> str:
        return symbol_of(self.code)

    @property
    def venue(self) -> Venue:
        return Venue.US

    @property
    def type(self) -> OrderType | None:
        """The type that the words name; they do not name one where it is a plain limit, so that is not told."""
        return next((type_ for word, type_ in SPLIT_WORDS.items() if word in self.words), None)

    @property
    def price(self) -> Decimal | None:
        return traded(self.limit)

    @property
    def status(self) -> ReservationStatus:
        return self.judged(is_canceled=self.is_canceled == "Y", refusal=self.refusal, waits=self.state == TAKEN)


class ReservedList(WidelyPaged):
    """해외주식 예약주문조회 (TTTT3039R): a page of rows."""

    rows: Rows[Row[ReservedRow]] = block("output")


RESERVE = {
    Side.BUY: Endpoint(
        {"real": "TTTT3014U", "demo": "VTTT3014U"}, f"{TRADING}/order-resv", ReservedAnswer, "POST", Effect.ORDER
    ),
    Side.SELL: Endpoint(
        {"real": "TTTT3016U", "demo": "VTTT3016U"}, f"{TRADING}/order-resv", ReservedAnswer, "POST", Effect.ORDER
    ),
}
CANCEL = Endpoint(
    {"real": "TTTT3017U", "demo": "VTTT3017U"}, f"{TRADING}/order-resv-ccnl", CanceledAnswer, "POST", Effect.ORDER
)
RESERVATIONS = Endpoint({"real": "TTTT3039R"}, f"{TRADING}/order-resv-list", ReservedList)

TAKEN = "01"
SPLIT_WORDS = {"TWAP": OrderType.TWAP_LIMIT, "VWAP": OrderType.VWAP_LIMIT}
TYPE = Codes(
    "the type of a reserved order for US shares at KIS",
    {
        OrderType.LIMIT: "00",
        OrderType.MARKET_ON_OPEN: "31",
        OrderType.TWAP_LIMIT: "35",
        OrderType.VWAP_LIMIT: "36",
    },
)  # ORD_DVSN 주문구분
PRODUCT = {Segment.NASDAQ: "512", Segment.NYSE: "513", Segment.AMEX: "529"}  # PRDT_TYPE_CD 상품유형코드


class Reservations(Spelling):
    """Reserved orders of US shares at KIS. None can be amended."""

    calls = {
        "reserve": tuple(RESERVE.values()),
        "reservations": (RESERVATIONS,),
        "cancel_reservation": (CANCEL,),
    }
    reservation_types = {"real": tuple(TYPE), "demo": (OrderType.LIMIT,)}
    reservation_venues = (Venue.US,)

    def reservations(self, start: dt.date, end: dt.date) -> Iterator[ReservedRow | OddRow]:
        known: set[tuple[dt.date, str]] = set()
        while start <= end:
            last = min(start + SPAN, end)
            for row in self._reserved(start, last):
                if isinstance(row, OddRow):
                    yield row
                elif (key := (row.received, row.id)) not in known:
                    known.add(key)
                    yield row
            start = last + dt.timedelta(days=1)

    def _reserved(self, start: dt.date, end: dt.date) -> Iterator[ReservedRow | OddRow]:
        """Yield the rows of some days. Whether one exchange stands for the others is not told: each is asked for."""
        for segment, product in PRODUCT.items():
            params = {
                **self.client.account(),
                "INQR_STRT_DT": f"{start:%Y%m%d}",
                "INQR_END_DT": f"{end:%Y%m%d}",
                "INQR_DVSN_CD": "00",
                "PRDT_TYPE_CD": product,
                "OVRS_EXCG_CD": EXCHANGE[segment],
                "CTX_AREA_FK200": "",
                "CTX_AREA_NK200": "",
            }
            for page in self.client.listing(RESERVATIONS, params=params):
                yield from (row for row in page.rows if not (isinstance(row, OddRow) and row.is_blank))

    def send_reservation(self, request: OrderRequest, until: dt.date | None) -> Sent:
        with preparing("the exchange of the symbol"):
            exchange, code = EXCHANGE[self.segment(request.symbol)], self.code(request.symbol)
        body = {
            **self.client.account(),
            "RVSE_CNCL_DVSN_CD": "00",
            "PDNO": code,
            "OVRS_EXCG_CD": exchange,
            "FT_ORD_QTY": wire_text(request.quantity),
            "FT_ORD_UNPR3": wire_text(request.price or 0),
            "ORD_SVR_DVSN_CD": "0",
            "ORD_DVSN": TYPE[request.type],
            **({"ALGO_ORD_TMD_DVSN_CD": UNTIL_CLOSE} if request.type in SPLIT else {}),
        }
        with self.naming(request.symbol):
            answer = self.client.call(RESERVE[request.side], body=body, headers=self.client.order_headers(body))
        return Sent(answer.output.number)

    def send_reservation_cancel(self, reservation: Reservation, handle: Handle) -> Sent:
        day = f"{handle.day:%Y%m%d}"
        body = {
            **self.client.account(),
            # The table has the one spelling, the official sample the other.
            "RSYN_ORD_RCIT_DT": day,
            "RSVN_ORD_RCIT_DT": day,
            "OVRS_RSVN_ODNO": handle.number,
        }
        answer = self.client.call(CANCEL, body=body, headers=self.client.order_headers(body))
        if int(answer.output.number) != int(handle.number):
            raise self.client.wrong(CANCEL, f"the answer is about {answer.output.number}, not {handle.number}")
        return Sent(handle.number)
