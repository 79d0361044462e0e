"""What rows of reserved orders tell alike, of stocks of Korea and of the US."""

from __future__ import annotations

from pydantic import Field

from brokerkit.replies import ReservationReply
from brokerkit.transport import Day, RelatedNumber
from brokerkit.words import ReservationStatus
from brokerkit_kis.wire.orders import SideCode


class ReservedRowBase(ReservationReply):
    """주식예약주문조회 (CTSC0004R) and 해외주식 예약주문조회 (TTTT3039R): what both tell by the same names."""

    extra = ReservationReply.extra | {"order"}

    received: Day = Field(alias="rsvn_ord_rcit_dt")  # 예약주문접수일자
    side: SideCode = Field(alias="sll_buy_dvsn_cd")  # 매도매수구분코드
    order: RelatedNumber = Field("", alias="odno")  # 주문번호

    @property
    def order_id(self) -> str | None:
        return self.order if self.order.strip("0") else None

    def judged(self, *, is_canceled: bool, refusal: str, waits: bool) -> ReservationStatus:
        """Judge by what was filled in: of the words or codes for the state one alone is known, that of waiting."""
        if self.order_id is not None:
            return ReservationStatus.ORDERED
        if is_canceled:
            return ReservationStatus.CANCELED
        if refusal.strip():
            return ReservationStatus.REJECTED
        return ReservationStatus.RESERVED if waits else ReservationStatus.UNKNOWN
