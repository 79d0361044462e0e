"""Realtime of Korean stocks and own orders: which field (FID) of a row is what, and the events that rows become.

A row is an entry of a frame: its `item`, as registered, and its `values`, FID to text. What is not in KNOWN is unknown:
it is kept, and counted.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from brokerkit.market.sessions import Phase
from brokerkit.replies import limit_of
from brokerkit.stream.events import (
    BookEvent,
    ConditionEvent,
    Notice,
    OrderChange,
    QuoteEvent,
    SessionEvent,
    TradeEvent,
)
from brokerkit.stream.feed import Channel
from brokerkit.words import OrderType, Side, Venue
from brokerkit_kiwoom.stocks.orders import TYPE_WORDS
from brokerkit_kiwoom.stocks.quotes import MILLION
from brokerkit_kiwoom.stocks.trades import SIDE
from brokerkit_kiwoom.wire.fields import Values, fids, figure, moment, of_row, price, symbol, traded
from brokerkit_kiwoom.wire.rows import (
    ACCOUNT,
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
    REAL,
    SIDE_CODE,
    SIZE,
    STATE,
    SYMBOL,
    TIME,
    TYPE,
    VOLUME,
    bare,
    book_of,
    channel,
    filled_in_all,
    identity_of,
    number_of,
    original_of,
    quote_of,
    side_of,
)

# 주식체결 (0B) -> TradeEvent and QuoteEvent

VENUE = "9081"  # 거래소구분, not in every frame

TOLD_VENUE = {"KRX": Venue.KRX, "1": Venue.KRX, "NXT": Venue.NXT, "2": Venue.NXT}


@of_row
def trade(row: Any, venue: Venue, received_at: dt.datetime) -> TradeEvent | None:
    """Read 주식체결; None of a row without a price or a quantity, which is no trade."""
    values = row["values"]
    paid, size = price(values[PRICE]), values[SIZE]
    quantity = price(size)
    if not paid or not quantity:
        return None
    return TradeEvent(
        symbol(row["item"]),
        TOLD_VENUE.get(values.get(VENUE), venue),
        moment(values.get(TIME), received_at.date()),
        received_at,
        paid,
        quantity,
        SIDE.get(size.lstrip()[:1]),  # + 매수체결, - 매도체결
        figure(values[VOLUME]),
    )


@of_row
def quote(row: Any, venue: Venue, received_at: dt.datetime) -> QuoteEvent | None:
    """Read 주식체결 as the running price of a symbol; its turnover is in 백만원."""
    values = row["values"]
    told_at, told_of = moment(values.get(TIME), received_at.date()), TOLD_VENUE.get(values.get(VENUE), venue)
    return quote_of((symbol(row["item"]), told_of, told_at, received_at), values, MILLION)


# 주식호가잔량 (0D) -> BookEvent

EXPECTED_PRICE = "23"  # 예상체결가
EXPECTED_QUANTITY = "24"  # 예상체결수량


@of_row
def book(row: Any, venue: Venue, received_at: dt.datetime) -> BookEvent:
    """Read 주식호가잔량, which names no venue."""
    values = row["values"]
    expected = traded(values.get(EXPECTED_PRICE)), traded(values.get(EXPECTED_QUANTITY))
    told_at = moment(values.get(BOOK_TIME), received_at.date())
    return book_of((symbol(row["item"]), venue, told_at, received_at), values, expected)


# 장시작시간 (0s) -> SessionEvent

CODE = "215"  # 장운영구분

PHASE: Mapping[str, tuple[Venue, Phase | None]] = {
    "0": (Venue.KRX, None),  # 장시작전 알림
    "3": (Venue.KRX, Phase.REGULAR),  # 장시작
    "2": (Venue.KRX, None),  # 장마감 알림
    "4": (Venue.KRX, Phase.CLOSED),  # 장마감
    "8": (Venue.KRX, Phase.CLOSED),  # 정규장마감
    "9": (Venue.KRX, Phase.CLOSED),  # 전체장마감
    "a": (Venue.KRX, Phase.AFTER_CLOSE_CLOSING_PRICE),  # 시간외 종가매매 시작
    "b": (Venue.KRX, None),  # 시간외 종가매매 종료: whether it tells that the after-market begins is not known
    "c": (Venue.KRX, None),  # 시간외 단일가 시작, abolished
    "d": (Venue.KRX, None),  # 시간외 단일가 종료, abolished
    "P": (Venue.NXT, Phase.PRE_MARKET),  # NXT 프리마켓 시작
    "Q": (Venue.NXT, Phase.CLOSED),  # NXT 프리마켓 종료
    "R": (Venue.NXT, Phase.REGULAR),  # NXT 메인마켓 시작
    "S": (Venue.NXT, Phase.CLOSED),  # NXT 메인마켓 종료
    "T": (Venue.NXT, Phase.AFTER_MARKET),  # NXT 에프터마켓 단일가 시작: of its after-market the first minutes
    "U": (Venue.NXT, Phase.AFTER_MARKET),  # NXT 에프터마켓 시작
    "V": (Venue.NXT, Phase.CLOSED),  # NXT 에프터마켓 종료
}
"""Venue of a code, and what begins there; None where that is not told. KRX's after-market has no code that is known."""


@of_row
def session(row: Any, venue: Venue, received_at: dt.datetime) -> SessionEvent | None:
    """Read 장시작시간, which comes of both venues; a code that nobody knows is told of the one that is asked for."""
    values = row["values"]
    code = values[CODE].strip()
    where, phase = PHASE.get(code, (venue, None))
    if where is not venue:
        return None
    return SessionEvent(None, venue, moment(values.get(TIME), received_at.date()), received_at, phase, code)


# 조건검색 (02) -> ConditionEvent

CONDITION = "841"  # 일련번호, padded with blanks behind
COMES_OR_GOES = "843"  # 삽입삭제 구분

IS_ENTERING = {"I": True, "D": False}
INITIAL = "initial"
"""Key of a row that comes of the list with which a condition begins: as it was sent. It is no vendor's word."""


@of_row
def condition(row: Any, venue: Venue | None, received_at: dt.datetime) -> ConditionEvent:
    """Read 조건검색, which Kiwoom tells of KRX alone."""
    values = row["values"]
    is_entering = IS_ENTERING.get(values[COMES_OR_GOES].strip())
    if is_entering is None:
        raise ValueError("whether a symbol comes or goes is not told in a word that is known")
    return ConditionEvent(
        symbol(values[SYMBOL].strip()),
        venue or Venue.KRX,
        moment(values.get(TIME), received_at.date()),
        received_at,
        values[CONDITION].strip(" "),
        is_entering,
        INITIAL in row,
    )


def initial(condition: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row of the list with which a live condition begins as one of those that come later."""
    code = row["jmcode"] if "jmcode" in row else row[SYMBOL]
    values = {CONDITION: condition, SYMBOL: code, COMES_OR_GOES: "I"}
    return {"type": CONDITION_ID, "item": code, "values": values, INITIAL: row}


# 주문체결 (00) -> Notice

# 종목코드 (9001) has a kind letter in front or not. 매매구분 (906) is in words. 주문가격 (901) is 0 without one.
# 주문구분 (905) is 매도, 매수, 매도정정, 매수정정, 매도취소 or 매수취소, with a colour's sign in front.

THIS_PRICE = "914"  # 단위체결가
THIS_QUANTITY = "915"  # 단위체결량
REASON = "919"  # 거부사유, 0 where there is none
VENUE_CODE = "2134"  # 거래소구분
VENUE_WORDS = "2135"  # 거래소구분명
SMART = "2136"  # SOR여부

READ_OF_ORDERS = frozenset(
    {NUMBER, SYMBOL, STATE, QUANTITY, LIMIT, LEFT, ORIGINAL, KIND, TYPE, SIDE_CODE, ORDER_TIME, FILL}
    | {FILL_PRICE, FILLED, THIS_PRICE, THIS_QUANTITY, REASON, VENUE_CODE, VENUE_WORDS, SMART}
)
"""Fields of an own order that are read. None of them tells whose it is."""
SIDE_OF = {"1": Side.SELL, "2": Side.BUY}
TYPE_OF = {words: kind for words, (kind, _) in TYPE_WORDS.items()} | {
    "스톰지정가": OrderType.STOP_LIMIT,  # so it stands in the vendor's page of this call
    "장전시간외": OrderType.PRE_OPEN_CLOSING_PRICE,
    "장후시간외": OrderType.AFTER_CLOSE_CLOSING_PRICE,
}
VENUE_OF = {"통합": Venue.SOR, "KRX": Venue.KRX, "NXT": Venue.NXT, "0": Venue.SOR, "1": Venue.KRX, "2": Venue.NXT}
CHANGE_OF = {
    "접수": OrderChange.ACCEPTED,
    "체결": OrderChange.FILLED,
    "취소": OrderChange.CANCELED,
    "거부": OrderChange.REJECTED,
}
CONFIRMED = "확인"
"""Of an amendment or a cancellation: it is done."""


@of_row
def order(row: Any, venue: Venue | None, received_at: dt.datetime) -> Notice:
    """Read 주문체결. What cannot be told for sure is a ValueError: then the lists are read."""
    values = row["values"]
    what = _what(values)
    quantity, left = figure(values[QUANTITY]), figure(values[LEFT])
    is_fill = what is OrderChange.FILLED
    filled, last, paid = _fill(values, quantity, left) if is_fill else (None, None, None)
    kind = TYPE_OF.get(values.get(TYPE, "").strip())
    reason = values.get(REASON, "").strip()
    return Notice(
        symbol=symbol(values[SYMBOL].strip()),
        venue=_venue(values) or venue or Venue.KRX,
        time=moment(values.get(ORDER_TIME), received_at.date()),
        received_at=received_at,
        change=what,
        order_id=number_of(values[NUMBER]),
        original_id=original_of(values),
        side=side_of(values, SIDE_OF, values[KIND]),
        quantity=quantity,
        price=limit_of(kind, figure(values[LIMIT])),
        type=kind,
        filled_quantity=filled,
        remaining_quantity=left,
        last_quantity=last,
        last_price=paid,
        fill_id=values.get(FILL, "").strip() or None if is_fill else None,
        reason=reason if what is OrderChange.REJECTED and reason.strip("0") else None,
        identity=identity_of(values, READ_OF_ORDERS),
    )


def _what(values: Values) -> OrderChange:
    state, words = values[STATE].strip(), values[KIND]
    if state == CONFIRMED and ("정정" in words) != ("취소" in words):
        return OrderChange.AMENDED if "정정" in words else OrderChange.CANCELED
    if state not in CHANGE_OF:
        raise ValueError("what happened to an order is not told in words that are known")
    return CHANGE_OF[state]


def _fill(
    values: Values, quantity: Decimal | None, left: Decimal | None
) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
    """Return the shares filled in all, those of this fill, and its price; None for what is not told for sure.

    Where the shares in all are not sure, the core counts 단위체결량 (915).
    """
    this, in_all = figure(values.get(THIS_QUANTITY, "")), filled_in_all(values, quantity, left)
    if not this and not in_all:
        raise ValueError("the shares of a fill are not told for sure")
    paid = traded(values.get(THIS_PRICE))
    if paid is None and this == figure(values.get(FILLED, "")):
        paid = traded(values.get(FILL_PRICE))
    return in_all, this or None, paid


def _venue(values: Values) -> Venue | None:
    """Return where an order stands, as the lists of orders tell it: SOR of one that is routed."""
    if values.get(SMART, "").strip() == "Y":
        return Venue.SOR
    return VENUE_OF.get(values.get(VENUE_WORDS, "").strip()) or VENUE_OF.get(values.get(VENUE_CODE, "").strip())


TRADE_ID, BOOK_ID, SESSION_ID, CONDITION_ID, ORDER_ID, BALANCE_ID = "0B", "0D", "0s", "02", "00", "04"


def at_venues(id: str, read: Any) -> dict[Venue | None, Channel]:
    """Return the channels of what comes of symbols: the venue stands behind the code. The mock host has KRX alone."""
    elsewhere = channel(id, read, REAL)
    return {Venue.KRX: channel(id, read), Venue.NXT: elsewhere, Venue.SOR: elsewhere}


SESSIONS: Mapping[Venue | None, Channel] = {
    Venue.KRX: channel(SESSION_ID, session),
    Venue.NXT: channel(SESSION_ID, session, REAL),
}


def without_owner(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a row as it may be written down."""
    kept = {ORDER_ID: READ_OF_ORDERS, BALANCE_ID: KNOWN[BALANCE_ID] - {ACCOUNT}}.get(row["type"])
    return row if kept is None else bare(row, kept)


KNOWN = {
    TRADE_ID: fids(
        "10-18 20 25-32 228 290 311 567 568 620 691 732 851 852 1030-1032 1071 1072 1313-1316 1497 1498 1890-1892 9081"
    ),
    BOOK_ID: fids(
        "13 21 23 24 41-100 121 122 125 126 128 129 138 139 200 201 215 216 238 291-295 299 621-640 6044-6087 6100-6115"
    ),
    SESSION_ID: fids("20 214 215"),
    CONDITION_ID: fids("20 841 843 907 9001"),
    BALANCE_ID: fids("10 27 28 302 307 916-918 924 930-933 945 946 950 951 957-959 990-993 8019 9001 9201"),
    ORDER_ID: fids("10 27 28 302 900-915 919-923 938 939 2134-2136 9001 9201 9203 9205 10010"),
}
"""Channel to the fields that the vendor's pages name."""
