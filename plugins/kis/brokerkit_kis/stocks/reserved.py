"""Reserved orders: KIS keeps them, and sends them when the market opens. The demo environment has none."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from typing import Literal

from pydantic import AliasChoices, Field

from brokerkit.errors import BrokerError
from brokerkit.models import OrderRequest, Reservation
from brokerkit.models.handles import Handle
from brokerkit.replies import Sent, limit_of
from brokerkit.transport import (
    Blankable,
    Block,
    Codes,
    DayOrNone,
    Effect,
    Endpoint,
    Number,
    OddRow,
    OrderNumber,
    Parameters,
    Row,
    Text,
    TimeOfDay,
    Words,
    preparing,
    wire_text,
)
from brokerkit.words import OrderType, ReservationStatus, Venue
from brokerkit_kis.stocks.orders import TRADING
from brokerkit_kis.stocks.spelling import Spelling
from brokerkit_kis.wire.orders import SIDE
from brokerkit_kis.wire.reserved import ReservedRowBase
from brokerkit_kis.wire.types import One, Rows, Symbol, WidelyPaged, block

KEPT = dt.timedelta(days=14)
"""So much later than it was taken a reserved order may be meant for, when there are holidays."""


class Reserved(Block):
    """주식예약주문 (CTSC0008U): kept, not sent."""

    number: OrderNumber = Field(validation_alias=AliasChoices("RSVN_ORD_SEQ", "rsvn_ord_seq"))  # 예약주문 순번


class ReservedAnswer(Block):
    """주식예약주문 (CTSC0008U)."""

    output: One[Reserved] = block("output")


class Changed(Block):
    """주식예약주문정정취소 (CTSC0009U, CTSC0013U): anything but a plain yes leaves it open what was done."""

    done: Literal["Y"] = Field(validation_alias=AliasChoices("NRML_PRCS_YN", "nrml_prcs_yn"))  # 정상처리여부


class ChangedAnswer(Block):
    """주식예약주문정정취소 (CTSC0009U, CTSC0013U)."""

    output: One[Changed] = block("output")


class ReservedRow(ReservedRowBase):
    """주식예약주문조회 (CTSC0004R), output -> Reservation."""

    extra = ReservedRowBase.extra | {"type_code", "limit", "canceled_on", "refusal", "result"}

    id: OrderNumber = Field(alias="rsvn_ord_seq")  # 예약주문 순번
    clock: TimeOfDay = Field(None, alias="rsvn_ord_rcit_tmd")  # 예약주문접수시각
    day: DayOrNone = Field(None, alias="rsvn_ord_ord_dt")  # 예약주문주문일자
    until: DayOrNone = Field(None, alias="rsvn_end_dt")  # 예약종료일자
    symbol: Symbol = Field(alias="pdno")  # 상품번호
    name: Words = Field("", alias="kor_item_shtn_name")  # 한글종목단축명
    type_code: Words = Field("", alias="ord_dvsn_cd")  # 주문구분코드
    quantity: Number = Field(alias="ord_rsvn_qty")  # 주문예약수량
    limit: Blankable = Field(None, alias="ord_rsvn_unpr")  # 주문예약단가
    canceled_on: DayOrNone = Field(None, alias="cncl_ord_dt")  # 취소주문일자
    refusal: Text = Field("", alias="rjct_rson2")  # 거부사유2
    result: Words = Field("", alias="prcs_rslt")  # 처리결과

    @property
    def type(self) -> OrderType | None:
        return TYPE_BACK.get(self.type_code)

    @property
    def venue(self) -> Venue:
        return Venue.KRX

    @property
    def price(self) -> Decimal | None:
        return limit_of(self.type, self.limit)

    @property
    def status(self) -> ReservationStatus:
        return self.judged(is_canceled=self.canceled_on is not None, refusal=self.refusal, waits=self.result == WAITING)


class ReservedList(WidelyPaged):
    """주식예약주문조회 (CTSC0004R): a page of rows."""

    rows: Rows[Row[ReservedRow]] = block("output")


RESERVE = Endpoint({"real": "CTSC0008U"}, f"{TRADING}/order-resv", ReservedAnswer, "POST", Effect.ORDER)
CANCEL = Endpoint({"real": "CTSC0009U"}, f"{TRADING}/order-resv-rvsecncl", ChangedAnswer, "POST", Effect.ORDER)
AMEND = Endpoint({"real": "CTSC0013U"}, f"{TRADING}/order-resv-rvsecncl", ChangedAnswer, "POST", Effect.ORDER)
RESERVATIONS = Endpoint({"real": "CTSC0004R"}, f"{TRADING}/order-resv-ccnl", ReservedList)

WAITING = "미처리"
CASH = "10"  # ORD_OBJT_CBLC_DVSN_CD 주문대상잔고구분코드
TYPE = Codes(
    "the type of a reserved order at KIS",
    {
        OrderType.LIMIT: "00",
        OrderType.MARKET: "01",
        OrderType.LIMIT_TO_MARKET_ON_CLOSE: "02",
        OrderType.PRE_OPEN_CLOSING_PRICE: "05",
    },
)  # ORD_DVSN_CD 주문구분코드
TYPE_BACK = {code: type_ for type_, code in TYPE.items()}
SIDE_CODE = {side: code for code, side in SIDE.items()}  # SLL_BUY_DVSN_CD 매도매수구분코드


class Reservations(Spelling):
    """Reserved orders of stocks at KIS."""

    calls = {
        "reserve": (RESERVE,),
        "reservations": (RESERVATIONS,),
        "amend_reservation": (AMEND,),
        "cancel_reservation": (CANCEL,),
    }
    reservation_types = {"real": tuple(TYPE)}
    reservation_venues = (Venue.KRX,)  # no field of the call names another one
    reserves_until = True

    def reservations(self, start: dt.date, end: dt.date) -> Iterator[ReservedRow | OddRow]:
        params = {
            # Whether the days are those of taking or of sending is not told: enough of them are asked for either.
            "RSVN_ORD_ORD_DT": f"{start:%Y%m%d}",
            "RSVN_ORD_END_DT": f"{end + KEPT:%Y%m%d}",
            "RSVN_ORD_SEQ": "",
            "TMNL_MDIA_KIND_CD": "00",
            **self.client.account(),
            "PRCS_DVSN_CD": "0",
            "CNCL_YN": "Y",
            "PDNO": "",
            "SLL_BUY_DVSN_CD": "",
            "CTX_AREA_FK200": "",
            "CTX_AREA_NK200": "",
        }
        for page in self.client.listing(RESERVATIONS, params=params):
            yield from page.rows

    def send_reservation(self, request: OrderRequest, until: dt.date | None) -> Sent:
        with preparing("the spelling of the symbol"):
            code = self.code(request.symbol)
        body = self._terms(request, code, until)
        return Sent(self.client.call(RESERVE, body=body, headers=self.client.order_headers(body)).output.number)

    def send_reservation_amend(self, reservation: Reservation, handle: Handle, request: OrderRequest) -> Sent:
        with preparing("the spelling of the symbol"):
            code = self.code(request.symbol)
        body = {**self._terms(request, code, reservation.until), **self._named(reservation, handle)}
        self.client.call(AMEND, body=body, headers=self.client.order_headers(body))
        return Sent(handle.number)

    def send_reservation_cancel(self, reservation: Reservation, handle: Handle) -> Sent:
        body = {**self.client.account(), **self._named(reservation, handle)}
        self.client.call(CANCEL, body=body, headers=self.client.order_headers(body))
        return Sent(handle.number)

    def _terms(self, request: OrderRequest, code: str, until: dt.date | None) -> Parameters:
        return {
            **self.client.account(),
            "PDNO": code,
            "ORD_QTY": wire_text(request.quantity),
            "ORD_UNPR": wire_text(request.price or 0),
            "SLL_BUY_DVSN_CD": SIDE_CODE[request.side],
            "ORD_DVSN_CD": TYPE[request.type],
            "ORD_OBJT_CBLC_DVSN_CD": CASH,
            "LOAN_DT": "",
            "RSVN_ORD_END_DT": "" if until is None else f"{until:%Y%m%d}",
        }

    def _named(self, reservation: Reservation, handle: Handle) -> Parameters:
        """Return what names a reserved order. Its day may be left out; the answer that took it did not tell it."""
        day = reservation.day or self._day_of(handle)
        return {
            "RSVN_ORD_SEQ": handle.number,
            "RSVN_ORD_ORGNO": "",
            "RSVN_ORD_ORD_DT": "" if day is None else f"{day:%Y%m%d}",
        }

    def _day_of(self, handle: Handle) -> dt.date | None:
        with suppress(BrokerError):
            for row in self.reservations(handle.day, handle.day):
                if not isinstance(row, OddRow) and row.id.lstrip("0") == handle.number.lstrip("0"):
                    return row.day
        return None
