"""Rows of both sockets: fields (FID) that mean the same in every market, and how they are read.

A row is an entry of a frame: its `item`, as registered, and its `values`, FID to text.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from brokerkit.stream.events import BookEvent, QuoteEvent
from brokerkit.stream.feed import Channel
from brokerkit.words import Side, Venue
from brokerkit_kiwoom.wire.fields import Values, change, figure, price, traded
from brokerkit_kiwoom.wire.orders import side_in

Head = tuple[str, Venue, dt.datetime | None, dt.datetime]
"""How an event begins: its symbol and venue, the broker's time, and when it was received."""
Level = tuple[Decimal | None, Decimal | None]
"""A price and a quantity, where they are told."""
Figures = tuple[Decimal | None, Decimal | None, Decimal | None, Decimal | None, Decimal | None]

# Channels

BOTH, REAL = ("real", "demo"), ("real",)
"""Environments."""


def channel(id: str, read: Any, environments: Iterable[str] = BOTH) -> Channel:
    """Return the channel of what these environments have."""
    return Channel(dict.fromkeys(environments, id), read)


# Prices

TIME = "20"  # 체결시간
PRICE = "10"  # 현재가, whose sign is its direction
CHANGE = "11"  # 전일대비, whose sign is real
CHANGE_PERCENT = "12"  # 등락율
VOLUME = "13"  # 누적거래량
TURNOVER = "14"  # 누적거래대금, in a unit of its own in each market
SIZE = "15"  # 거래량 of a trade
OPEN = "16"  # 시가
HIGH = "17"  # 고가
LOW = "18"  # 저가
BEST_ASK = "27"  # (최우선)매도호가
BEST_BID = "28"  # (최우선)매수호가


def figures(values: Values) -> Figures:
    """Return how a price has changed, in all and in percent, and open, high and low."""
    return (
        change(values.get(CHANGE)),
        change(values.get(CHANGE_PERCENT)),
        traded(values.get(OPEN)),
        traded(values.get(HIGH)),
        traded(values.get(LOW)),
    )


def quote_of(head: Head, values: Values, unit: Decimal) -> QuoteEvent | None:
    """Return a running price, whose turnover is told in a unit; None of a row without a price."""
    paid = price(values[PRICE])
    if not paid:
        return None
    turnover = figure(values.get(TURNOVER, ""))
    return QuoteEvent(
        *head,
        paid,
        *figures(values),
        figure(values[VOLUME]),
        None if turnover is None else turnover * unit,
        traded(values.get(BEST_ASK)),
        traded(values.get(BEST_BID)),
    )


# Books

BOOK_TIME = "21"  # 호가시간
ASKS = [(str(40 + level), str(60 + level)) for level in range(1, 11)]  # 매도호가1, 매도호가수량1, ...
BIDS = [(str(50 + level), str(70 + level)) for level in range(1, 11)]  # 매수호가1, 매수호가수량1, ...
ALL_ASKS = "121"  # 매도호가총잔량
ALL_BIDS = "125"  # 매수호가총잔량


def book_of(head: Head, values: Values, expected: Level = (None, None)) -> BookEvent:
    """Return an order book, with the price and the shares that an auction would bring."""
    return BookEvent(
        *head,
        _side(values, ASKS),
        _side(values, BIDS),
        figure(values.get(ALL_ASKS, "")),
        figure(values.get(ALL_BIDS, "")),
        *expected,
    )


def _side(values: Values, levels: Sequence[tuple[str, str]]) -> list[tuple[Decimal, Decimal]]:
    """Return a side, the best first; a level that lacks a price or a quantity ("-0") is left out."""
    pairs = [(price(values[paid]), price(values[quantity])) for paid, quantity in levels]
    return [(paid, quantity) for paid, quantity in pairs if paid and quantity]


# Own orders

ACCOUNT = "9201"  # 계좌번호
NUMBER = "9203"  # 주문번호
SYMBOL = "9001"  # 종목코드
STATE = "913"  # 주문상태
QUANTITY = "900"  # 주문수량
LIMIT = "901"  # 주문가격
LEFT = "902"  # 미체결수량
ORIGINAL = "904"  # 원주문번호, zeros where there is none
KIND = "905"  # 주문구분
TYPE = "906"  # 매매구분
SIDE_CODE = "907"  # 매도수구분
ORDER_TIME = "908"  # 주문/체결시간
FILL = "909"  # 체결번호
FILL_PRICE = "910"  # 체결가
FILLED = "911"  # 체결량


def number_of(text: str) -> str:
    """Return the number of an order; a ValueError for what is none."""
    number = text.strip()
    if not (number.isascii() and number.isdigit() and 0 < len(number.lstrip("0")) <= 10):
        raise ValueError("the number of an order is none")
    return number


def original_of(values: Values) -> str | None:
    """Return the number of the order that another one moves or cancels."""
    return number_of(values[ORIGINAL]) if values.get(ORIGINAL, "").strip(" 0") else None


def side_of(values: Values, codes: Mapping[str, Side], words: str) -> Side:
    """Return the side, which a code and words tell; a ValueError where neither does, or they contradict each other."""
    told = {codes.get(values.get(SIDE_CODE, "").strip()), side_in(words)} - {None}
    if len(told) != 1:
        raise ValueError("the side of an order is not told, or told twice and not the same")
    return next(side for side in told if side)


def filled_in_all(values: Values, quantity: Decimal | None, left: Decimal | None) -> Decimal | None:
    """Return the shares of an order that are filled in all; None where that is not sure.

    Whether 체결량 (911) is the sum or the last fill alone, no page says, and ordered less left counts as filled what
    a partial cancellation took back. But where 체결량 and what is left make up the quantity, nothing was taken back,
    and 체결량 is the sum in either reading.
    """
    told = figure(values.get(FILLED, ""))
    is_sum = told and quantity is not None and left is not None and told + left == quantity
    return told if is_sum else None


def identity_of(values: Values, read: Collection[str]) -> str:
    """Return what tells a notice from others: all that is read of it."""
    return "|".join(values.get(fid, "") for fid in sorted(read))


def bare(row: Mapping[str, Any], read: Collection[str]) -> Mapping[str, Any]:
    """Return the row of an own order as it may be written down: with what is read, which tells not whose it is."""
    return {**row, "values": {fid: text for fid, text in row["values"].items() if fid in read}}
