"""Rows of the socket about Korean stocks, and what becomes of them.

Columns beyond those that we read are kept in the row. A ValueError is for a row that is not as documented.
"""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal

from brokerkit.market.sessions import Phase
from brokerkit.replies import limit_of
from brokerkit.stream.events import BookEvent, Notice, QuoteEvent, SessionEvent, TradeEvent
from brokerkit.words import Side, Venue
from brokerkit_kis.stocks.orders import ORDER_TYPE_BACK
from brokerkit_kis.wire.columns import (
    Layout,
    Row,
    clocks,
    levels,
    moment,
    moment_of_today,
    positive,
    positive_or_none,
    symbol_of,
    total,
)
from brokerkit_kis.wire.figures import FIGURES, quote_of
from brokerkit_kis.wire.notices import FILL, change_of, identity_of, order_number, original_number, personal, side_of

# Trades

TRADE = Layout(
    known=47,
    fewest=46,
    symbol=(0, "MKSC_SHRN_ISCD"),  # 유가증권 단축 종목코드
    clock=(1, "STCK_CNTG_HOUR"),  # 주식 체결 시간
    price=(2, "STCK_PRPR"),  # 주식 현재가
    sign=(3, "PRDY_VRSS_SIGN"),  # 전일 대비 부호
    change=(4, "PRDY_VRSS"),  # 전일 대비
    change_percent=(5, "PRDY_CTRT"),  # 전일 대비율
    open=(7, "STCK_OPRC"),  # 주식 시가
    high=(8, "STCK_HGPR"),  # 주식 최고가
    low=(9, "STCK_LWPR"),  # 주식 최저가
    ask=(10, "ASKP1"),  # 매도호가1
    bid=(11, "BIDP1"),  # 매수호가1
    quantity=(12, "CNTG_VOL"),  # 체결 거래량
    volume=(13, "ACML_VOL"),  # 누적 거래량
    turnover=(14, "ACML_TR_PBMN"),  # 누적 거래 대금, 원
    side=(21, "CCLD_DVSN"),  # 체결구분; CNTG_CLS_CODE at NXT and of both venues together
    day=(33, "BSOP_DATE"),  # 영업 일자
)
"""국내주식 실시간체결가 (H0STCNT0, H0NXCNT0, H0UNCNT0). The 47th is MARKET_CLS_CODE, since 2026-09-14."""
SIDE = {"1": Side.BUY, "5": Side.SELL, "3": None}
"""CCLD_DVSN 체결구분: 1 매수, 5 매도; 3 장전, which nobody took."""
_SYMBOL, _DAY, _CLOCK, _PRICE, _QUANTITY, _SIDE, _VOLUME = TRADE.places(
    "symbol", "day", "clock", "price", "quantity", "side", "volume"
)
_symbols, _numbers, _clocks = symbol_of.known, positive.known, clocks.known
_new = tuple.__new__
"""Makes an event in half the time that calling its class takes."""
_moment = TRADE.of("symbol", "day", "clock")
_figures = TRADE.of(*FIGURES)


def trade(row: Row, venue: Venue, received_at: dt.datetime) -> TradeEvent | None:
    """Return a trade; None for a row without shares.

    Most of what it says was said before, and is looked up without a call. Only what grows all day is read.
    """
    volume = row[_VOLUME]
    try:
        return _new(
            TradeEvent,
            (
                _symbols[row[_SYMBOL]],
                venue,
                _clocks[row[_DAY]].known[row[_CLOCK]],
                received_at,
                _numbers[row[_PRICE]],
                _numbers[row[_QUANTITY]],
                SIDE[row[_SIDE]],
                Decimal(volume) if volume.isdigit() and volume.isascii() and len(volume) <= 18 else total(volume),
            ),
        )
    except KeyError:
        return _new_trade(row, venue, received_at)


def _new_trade(row: Row, venue: Venue, received_at: dt.datetime) -> TradeEvent | None:
    """Return a trade that says something for the first time, or something odd."""
    if not total(row[_QUANTITY]):
        return None
    return TradeEvent(
        symbol_of(row[_SYMBOL]),
        venue,
        moment(row[_DAY], row[_CLOCK]),
        received_at,
        positive(row[_PRICE]),
        positive(row[_QUANTITY]),
        SIDE.get(row[_SIDE]),
        total(row[_VOLUME]),
    )


def quote(row: Row, venue: Venue, received_at: dt.datetime) -> QuoteEvent:
    """Return the price and the figures of the day that come with every trade."""
    code, day, clock = _moment(row)
    return quote_of((symbol_of(code), venue, moment(day, clock), received_at), _figures(row))


# Books

LEVELS = 10
BOOK = Layout(
    known=66,
    fewest=59,
    symbol=(0, "MKSC_SHRN_ISCD"),  # 유가증권 단축 종목코드
    clock=(1, "BSOP_HOUR"),  # 영업 시간
    state=(2, "HOUR_CLS_CODE"),  # 시간 구분 코드
    asks=(3, "ASKP1"),  # 매도호가1, and nine more
    bids=(13, "BIDP1"),  # 매수호가1, and nine more
    ask_quantities=(23, "ASKP_RSQN1"),  # 매도호가 잔량1, and nine more
    bid_quantities=(33, "BIDP_RSQN1"),  # 매수호가 잔량1, and nine more
    total_ask_quantity=(43, "TOTAL_ASKP_RSQN"),  # 총 매도호가 잔량
    total_bid_quantity=(44, "TOTAL_BIDP_RSQN"),  # 총 매수호가 잔량
    expected_price=(47, "ANTC_CNPR"),  # 예상 체결가
    expected_quantity=(48, "ANTC_CNQN"),  # 예상 체결량
)
"""국내주식 실시간호가 (H0STASP0, H0NXASP0, H0UNASP0): 63, 65 and 66 columns, and 59 once."""
AUCTIONS = frozenset("ABCD")
"""HOUR_CLS_CODE with which prices are expected ones: after the close, before the open, amid the session. 0 장중."""
_book = BOOK.of(
    "symbol", "clock", "state", "total_ask_quantity", "total_bid_quantity", "expected_price", "expected_quantity"
)
_ASKS, _BIDS, _ASK_QUANTITIES, _BID_QUANTITIES = (
    slice(start, start + LEVELS)
    for start, _ in (BOOK.columns[name] for name in ("asks", "bids", "ask_quantities", "bid_quantities"))
)


def book(row: Row, venue: Venue, received_at: dt.datetime) -> BookEvent:
    """Return the order book; what an auction would bring only while there is one."""
    code, clock, state, ask_total, bid_total, expected_price, expected_quantity = _book(row)
    expected = positive_or_none(expected_price) if state in AUCTIONS else None
    return BookEvent(
        symbol_of(code),
        venue,
        moment_of_today(clock, received_at),
        received_at,
        levels(row[_ASKS], row[_ASK_QUANTITIES]),
        levels(row[_BIDS], row[_BID_QUANTITIES]),
        total(ask_total),
        total(bid_total),
        expected,
        None if expected is None else positive_or_none(expected_quantity),
    )


# Sessions

SESSION = Layout(
    known=11,
    fewest=11,
    symbol=(0, "MKSC_SHRN_ISCD"),  # 유가증권 단축 종목코드
    is_halted=(1, "TRHT_YN"),  # 거래정지 여부
    code=(3, "MKOP_CLS_CODE"),  # 장운영 구분 코드
    interrupted=(8, "VI_CLS_CODE"),  # VI적용구분코드
    interrupted_later=(9, "OVTM_VI_CLS_CODE"),  # 시간외단일가VI적용구분코드
)
"""국내주식 장운영정보 (H0STMKO0, H0NXMKO0)."""
SESSION_OF_BOTH = Layout(known=10, fewest=10)
"""국내주식 장운영정보 (H0UNMKO0): the same without the symbol, by the table of KIS."""
PHASE = {
    "110": Phase.OPENING_AUCTION,  # 장전 동시호가 개시
    "112": Phase.REGULAR,  # 장개시
    "121": Phase.CLOSING_AUCTION,  # 장후 동시호가 개시
    "129": Phase.CLOSED,  # 장마감
    "130": Phase.PRE_OPEN_CLOSING_PRICE,  # 장개시전 시간외 개시
    "140": Phase.AFTER_CLOSE_CLOSING_PRICE,  # 시간외 종가 매매 개시
}
"""MKOP_CLS_CODE 장운영 구분 코드, where it says what begins. Of NXT no code is told, nor of the after-market, which
begins as 149 (시간외 종가 매매 종료) comes."""
SHORTEST_SYMBOL = 6
YES_OR_NO = {"Y": True, "N": False}
_session = SESSION.of("symbol", "is_halted", "code", "interrupted", "interrupted_later")


def session(row: Row, venue: Venue, received_at: dt.datetime) -> SessionEvent:
    """Return what a row tells of a symbol and of the venue; of no symbol where the row does not say of which."""
    symbol, halted, code, interrupted, interrupted_later = (text.strip() for text in _session(row))
    told = [YES_OR_NO.get(text) for text in (interrupted, interrupted_later)]
    is_interrupted = True if True in told else told[0]
    if not symbol:
        return SessionEvent(None, venue, None, received_at, PHASE.get(code), code)
    return SessionEvent(
        symbol_of(symbol), venue, None, received_at, PHASE.get(code), code, YES_OR_NO.get(halted), is_interrupted
    )


def with_symbol(row: Row, symbol: str) -> Row:
    """Return a row that begins with its symbol; `symbol` where it has none."""
    return row if len(row[0].strip()) >= SHORTEST_SYMBOL else (symbol, *row)


def session_of_venue(row: Row, venue: Venue, received_at: dt.datetime) -> SessionEvent | None:
    """Return what a row tells of the venue as a whole; None where it tells of its symbol alone."""
    told = session(row, venue, received_at)
    return told._replace(symbol=None, is_halted=None, is_interrupted=None) if told.code.strip("0") else None


# Own orders

NOTICE = Layout(
    known=26,
    fewest=18,
    customer=(0, "CUST_ID"),  # 고객 ID
    account=(1, "ACNT_NO"),  # 계좌번호
    number=(2, "ODER_NO"),  # 주문번호
    original=(3, "OODER_NO"),  # 원주문번호
    side=(4, "SELN_BYOV_CLS"),  # 매도매수구분
    action=(5, "RCTF_CLS"),  # 정정구분
    kind=(6, "ODER_KIND"),  # 주문종류
    symbol=(8, "STCK_SHRN_ISCD"),  # 주식 단축 종목코드
    quantity=(9, "CNTG_QTY"),  # 체결 수량; of an order, amendment, cancellation or refusal how much it is about
    price=(10, "CNTG_UNPR"),  # 체결단가; there the limit, or 0
    clock=(11, "STCK_CNTG_HOUR"),  # 주식 체결 시간
    is_refused=(12, "RFUS_YN"),  # 거부여부
    is_fill=(13, "CNTG_YN"),  # 체결여부
    state=(14, "ACPT_YN"),  # 접수여부
    branch=(15, "BRNC_NO"),  # 지점번호
    order_quantity=(16, "ODER_QTY"),  # 주문수량
    name=(17, "ACNT_NAME"),  # 계좌명
    venue=(19, "ORD_EXG_GB"),  # 주문거래소 구분, where there are 26 columns
    limit=(25, "ODER_PRC"),  # 주문가격, where there are 26 columns
)
"""국내주식 실시간체결통보 (H0STCNI0, in the demo environment H0STCNI9). Of 23 columns, seen there, only the first 18
are as told."""
ACCOUNT = NOTICE.columns["account"][0]
PERSONAL = personal(NOTICE)
VENUE = {"1": Venue.KRX, "2": Venue.NXT, "3": Venue.SOR, "4": Venue.SOR}
"""ORD_EXG_GB: 1 KRX, 2 NXT, 3 SOR-KRX, 4 SOR-NXT."""
_notice = NOTICE.of("number", "original", "side", "kind", "symbol", "quantity", "price", "clock", "is_fill", "branch")
_change = NOTICE.of("is_refused", "action", "state")
_order_quantity = NOTICE.of("order_quantity")
_late = NOTICE.of("venue", "limit")
_CODE = re.compile("[0-9A-Z]{6,9}")


def notice(row: Row, venue: Venue, received_at: dt.datetime) -> Notice:
    """Return what a notice tells of an order. Its two quantities differ: of a fill the first is the fill's."""
    number, original, side, kind, code, quantity, last, clock, is_fill, branch = (text.strip() for text in _notice(row))
    order_venue, limit = _late(row) if len(row) >= NOTICE.known else ("", "")
    bought_or_sold = side_of(side, is_fill)
    if not _CODE.fullmatch(code):
        raise ValueError("a notice is of no symbol")
    filled = is_fill == FILL
    # What kind of order it was, the notice of a fill was not seen to tell.
    type = None if filled else ORDER_TYPE_BACK.get(kind, (None, None))[0]
    return Notice(
        symbol_of(code),
        VENUE.get(order_venue.strip(), venue),
        moment_of_today(clock, received_at),
        received_at,
        change_of(*_change(row), is_fill=filled),
        order_number(number),
        original_number(original),
        bought_or_sold,
        positive_or_none(_order_quantity(row).strip() if filled else quantity),
        positive_or_none(limit.strip()) if filled else limit_of(type, positive_or_none(last)),
        type,
        last_quantity=positive(quantity) if filled else None,
        last_price=positive(last) if filled else None,
        branch=branch,
        identity=identity_of(row, PERSONAL),
    )
