"""What notices of own orders say alike, wherever the order stands."""

from __future__ import annotations

import re
from collections.abc import Collection

from brokerkit.stream.events import OrderChange
from brokerkit.words import Side
from brokerkit_kis.wire.columns import Layout, Row
from brokerkit_kis.wire.orders import SIDE

FILL, ANSWER = "2", "1"  # CNTG_YN 체결여부: 체결, 주문·정정·취소·거부
IS_REFUSED = {"1": True, "0": False, "": False}  # RFUS_YN 거부여부: 거부, 승인
CHANGE = {
    ("0", "1"): OrderChange.ACCEPTED,  # 접수
    ("0", "2"): OrderChange.ACCEPTED,  # 확인
    ("1", "1"): OrderChange.ACCEPTED,  # 정정 접수: nothing is moved yet
    ("1", "2"): OrderChange.AMENDED,  # 정정 확인
    ("2", "1"): OrderChange.ACCEPTED,  # 취소 접수: nothing is taken back yet
    ("2", "2"): OrderChange.CANCELED,  # 취소 확인
    ("0", "3"): OrderChange.CANCELED,  # IOC, FOK 취소
}
"""(RCTF_CLS 정정구분, ACPT_YN 접수여부) to what happened."""
_ORDER_NUMBER = re.compile("0*[1-9][0-9]{0,9}")


def change_of(refused: str, action: str, state: str, *, is_fill: bool) -> OrderChange:
    """Return what happened; a ValueError where that is not told."""
    is_refused = IS_REFUSED.get(refused.strip())
    if is_fill:
        change = None if is_refused else OrderChange.FILLED
    else:
        change = OrderChange.REJECTED if is_refused else CHANGE.get((action.strip(), state.strip()))
    if change is None or is_refused is None:
        raise ValueError("what a notice says has happened is not told")
    return change


def order_number(text: str) -> str:
    """Return the number of an order; a ValueError for what is none."""
    if not _ORDER_NUMBER.fullmatch(text):
        raise ValueError("the number of an order is not written as one")
    return text


def original_number(text: str) -> str | None:
    """Return the number of the order that another one moves or cancels; None for zeros."""
    return order_number(text) if text.strip("0") else None


def side_of(side: str, is_fill: str) -> Side:
    """Return the side; a ValueError where it is not told, or not whether something was filled."""
    if side not in SIDE or is_fill not in (FILL, ANSWER):
        raise ValueError("a notice has a side or a kind that is not told")
    return SIDE[side]


def personal(layout: Layout) -> tuple[int, ...]:
    """Return the columns that tell who somebody is."""
    return layout.places("customer", "account", "name")


def identity_of(row: Row, without: Collection[int]) -> str:
    """Return what tells a notice from others: all of it but these columns."""
    return "^".join(text for place, text in enumerate(row) if place not in without)
