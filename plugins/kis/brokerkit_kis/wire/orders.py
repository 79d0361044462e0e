"""What the calls that send orders answer, and the codes of sides, alike for stocks of Korea and of the US."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AliasChoices, BeforeValidator, Field

from brokerkit.replies import Sent
from brokerkit.transport import Block, OrderNumber, TimeOfDay, Words
from brokerkit.words import Side
from brokerkit_kis.wire.types import One, block


class Accepted(Block):
    """An order, amendment or cancellation: received, not filled. The number alone has to be as documented."""

    branch: Words = Field("", validation_alias=AliasChoices("KRX_FWDG_ORD_ORGNO", "krx_fwdg_ord_orgno"))  # 주문조직번호
    number: OrderNumber = Field(validation_alias=AliasChoices("ODNO", "odno"))  # 주문번호
    clock: TimeOfDay = Field(None, validation_alias=AliasChoices("ORD_TMD", "ord_tmd"))  # 주문시각


class OrderAnswer(Block):
    """주식주문(현금), 주식주문(정정취소), 해외주식 주문, 해외주식 정정취소주문."""

    output: One[Accepted] = block("output")


def sent_in(content: Mapping[str, Any]) -> Sent:
    """Return what an answer says that was taken as it came."""
    accepted = OrderAnswer.model_validate(content).output
    return Sent(accepted.number, accepted.branch, accepted.clock)


def _side(code: object) -> object:
    return SIDE.get(code) if isinstance(code, str) else code


SIDE = {"01": Side.SELL, "02": Side.BUY}  # SLL_BUY_DVSN_CD 매도매수구분코드
SideCode = Annotated[Side, BeforeValidator(_side)]
"""A side as a row of a list tells it."""
