"""Realtime of US shares and own orders: which field (FID) of a row is what, and the events that rows become.

No frame of a live account was seen by anybody whose word we have. What the pages do not tell is None, or a ValueError:
then the lists of orders are read.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from brokerkit.market.us import NEW_YORK
from brokerkit.replies import limit_of
from brokerkit.stream.events import BookEvent, Notice, OrderChange, QuoteEvent, TradeEvent
from brokerkit.words import Side, Venue
from brokerkit_kiwoom.us.orders import REFUSED, TYPE_BACK
from brokerkit_kiwoom.us.spelling import PREFIX, hours_of
from brokerkit_kiwoom.wire.fields import Values, fids, figure, of_row, price, traded
from brokerkit_kiwoom.wire.rows import (
    BOOK_TIME,
    FILL,
    FILL_PRICE,
    FILLED,
    KIND,
    LEFT,
    LIMIT,
    NUMBER,
    ORDER_TIME,
    ORIGINAL,
    PRICE,
    QUANTITY,
    SIDE_CODE,
    SIZE,
    STATE,
    SYMBOL,
    TIME,
    TYPE,
    VOLUME,
    bare,
    book_of,
    filled_in_all,
    identity_of,
    number_of,
    original_of,
    quote_of,
    side_of,
)

THOUSAND = Decimal(1_000)
_CLOCKS_DIFFER = dt.timedelta(hours=1)
"""So far is a time at most from when it was received; the clocks of Korea and New York differ by 13 hours or 14."""
_DAY = dt.timedelta(days=1)


def code_in(row: Mapping[str, Any]) -> str:
    """Return the code of what a row is about: its item, as a text or as it was registered."""
    item = row["item"]
    code: str = (item["jmcode"] if isinstance(item, Mapping) else item).strip()
    if not code:
        raise ValueError("a row is of no symbol")
    return code


def moment(text: str | None, received_at: dt.datetime) -> dt.datetime | None:
    """Return the time of a row; None where it can be neither Korea's nor New York's: no page tells which it is."""
    hours = hours_of(text or "")
    if hours is None or len(text or "") != len("HHMMSS"):
        return None
    for here in (received_at, received_at.astimezone(NEW_YORK)):
        midnight = dt.timedelta(hours=here.hour, minutes=here.minute, seconds=here.second)
        late = (hours - midnight + _DAY / 2) % _DAY - _DAY / 2
        if abs(late) <= _CLOCKS_DIFFER:
            return received_at.replace(microsecond=0) + late
    return None


# 미국주식 실시간 체결가 (FE) -> TradeEvent and QuoteEvent


@of_row
def trade(row: Any, venue: Venue, received_at: dt.datetime) -> TradeEvent | None:
    """Read 미국주식 실시간 체결가; None of a row without a price or a quantity, which is no trade.

    What the sign of a quantity (15) says is not told. 현지 체결시간 (51020) is 시간 (20) in the vendor's example.
    """
    values = row["values"]
    paid, quantity = price(values[PRICE]), price(values[SIZE])
    if not paid or not quantity:
        return None
    return TradeEvent(
        PREFIX + code_in(row),
        venue,
        moment(values.get(TIME), received_at),
        received_at,
        paid,
        quantity,
        None,
        figure(values[VOLUME]),
    )


@of_row
def quote(row: Any, venue: Venue, received_at: dt.datetime) -> QuoteEvent | None:
    """Read 미국주식 실시간 체결가 as the running price of a symbol; its turnover is in 천 달러."""
    values = row["values"]
    told_at = moment(values.get(TIME), received_at)
    return quote_of((PREFIX + code_in(row), venue, told_at, received_at), values, THOUSAND)


# 미국주식 10호가 (FT) -> BookEvent


@of_row
def book(row: Any, venue: Venue, received_at: dt.datetime) -> BookEvent:
    """Read 미국주식 10호가."""
    values = row["values"]
    told_at = moment(values.get(BOOK_TIME), received_at)
    return book_of((PREFIX + code_in(row), venue, told_at, received_at), values)


# 미국주식 실시간 주문 확인 (F4) and 미국주식 실시간 체결 (F5) -> Notice

# The words of 주문상태 (913) are known of the lists of orders alone. 주문구분 (905) of F5 is 25 in the vendor's
# example; no page tells what that is.

SIDE_WORDS = "50072"  # 매도수구분명
CURRENCY = "8043"  # 통화코드

READ_OF_ORDERS = frozenset(
    {NUMBER, SYMBOL, STATE, KIND, SIDE_CODE, SIDE_WORDS, ORIGINAL, QUANTITY, LIMIT, TYPE, ORDER_TIME, CURRENCY, LEFT}
    | {FILL, FILL_PRICE, FILLED}
)
"""Fields of an own order that are read. None of them tells whose it is."""
SIDE_OF = {"01": Side.SELL, "02": Side.BUY}
NEW, AMENDMENT, CANCELLATION = "10", "11", "12"  # 905
RECEIVED, IS_FILLED = "접수", "체결"
DONE = {AMENDMENT: ("정정", OrderChange.AMENDED), CANCELLATION: ("취소", OrderChange.CANCELED)}
_CODE = re.compile(r"[A-Z][A-Z0-9./ -]{0,11}")


@of_row
def order(row: Any, venue: Venue | None, received_at: dt.datetime) -> Notice:
    """Read F4 or F5. What cannot be told for sure is a ValueError: then the lists are read.

    Of a fill the shares that were filled in all are told. Whether they are those of this fill, who has seen what came
    before knows: only then the price is theirs for sure.
    """
    values = row["values"]
    code = values[SYMBOL].strip()
    if not _CODE.fullmatch(code) or values.get(CURRENCY, "").strip() not in ("", "USD"):
        raise ValueError("an own order is of no US symbol")
    quantity = figure(values[QUANTITY])
    is_fill = row["type"] == FILL_ID
    filled = _filled(values, quantity) if is_fill else None
    kind = TYPE_BACK.get(values.get(TYPE, "").strip())
    return Notice(
        symbol=PREFIX + code,
        venue=venue or Venue.US,
        time=moment(values.get(ORDER_TIME), received_at),
        received_at=received_at,
        change=OrderChange.FILLED if is_fill else _change(values),
        order_id=number_of(values[NUMBER]),
        original_id=original_of(values),
        side=side_of(values, SIDE_OF, values.get(SIDE_WORDS, "")),
        quantity=quantity,
        price=limit_of(kind, _dollars(values[LIMIT])),
        type=kind,
        filled_quantity=filled,
        remaining_quantity=figure(values[LEFT]) if is_fill else None,
        last_quantity=filled,
        last_price=_dollars(values[FILL_PRICE]) if is_fill else None,
        fill_id=values.get(FILL, "").strip() or None if is_fill else None,
        identity=identity_of(values, READ_OF_ORDERS),
    )


def _change(values: Values) -> OrderChange:
    kind, state = values[KIND].strip(), values[STATE].strip()
    if REFUSED in state:
        return OrderChange.REJECTED
    if kind == NEW and state == RECEIVED:
        return OrderChange.ACCEPTED
    words, done = DONE.get(kind, ("", OrderChange.ACCEPTED))
    # Whether an amendment or a cancellation that was received will be told once more when it is done: nobody tells.
    if words and state in (f"{words}완료", f"{words}확인", "확인"):
        return done
    raise ValueError("what happened to an order is not told in words that are known")


def _filled(values: Values, quantity: Decimal | None) -> Decimal:
    """Return the shares filled in all; a ValueError where they are not told for sure."""
    filled = filled_in_all(values, quantity, figure(values[LEFT])) if IS_FILLED in values[STATE] else None
    if filled is None:
        raise ValueError("the shares of a fill are not told for sure")
    return filled


def _dollars(text: str) -> Decimal | None:
    """Return a price; None of one without a point, whose decimals may be implied, as at other brokers."""
    return traded(text) if "." in text else None


TRADE_ID, BOOK_ID, ORDER_ID, FILL_ID = "FE", "FT", "F4", "F5"
OWN = (ORDER_ID, FILL_ID)
"""Channels of own orders: they are registered together, under the first one."""


def without_owner(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a row as it may be written down."""
    return bare(row, READ_OF_ORDERS) if row["type"] in OWN else row


KNOWN = {
    TRADE_ID: fids("10-18 20 22 25 27 28 30 228 290 51020"),
    BOOK_ID: fids("21 41-100 121 122 125 126"),
    ORDER_ID: fids("302 900 901 904-908 913 1091 8043 9001 9201 9203 50072 50073 50810 50841 55190"),
    FILL_ID: fids(
        "302 900-902 904 905 907-911 913 930 931 934 936 1091 8004 8005 8018 8019 8043 8046 8075 9001 9201 9203 13006 "
        "50072 50073 50724 50725 50810 50841 50844 55190"
    ),
}
"""Channel to the fields that the vendor's pages name."""
