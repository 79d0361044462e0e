"""Rows of the socket about US shares as events: trades, order books and notices of own orders.

A row begins with what was registered: a letter, the exchange and the code, as DNASAAPL. Free are those with D; the
daytime market has those with R.
"""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal

from brokerkit.stream.events import BookEvent, Notice, QuoteEvent, TradeEvent
from brokerkit.words import OrderType, Venue
from brokerkit_kis.us.spelling import quoted_symbol, symbol_of
from brokerkit_kis.wire.columns import (
    Layout,
    Reading,
    Row,
    levels,
    moment,
    number,
    positive,
    positive_or_none,
    total,
)
from brokerkit_kis.wire.figures import FIGURES, quote_of
from brokerkit_kis.wire.notices import FILL, change_of, identity_of, order_number, original_number, personal, side_of

LETTER = {Venue.US: "D", Venue.DAYTIME: "R"}
"""tr_key begins with: D 무료 시세, R 유료 시세와 주간거래."""
_KEY = re.compile(r"[DR][A-Z]{3}[A-Z0-9./]{1,12}")


def _quoted(key: str) -> str:
    if not _KEY.fullmatch(key):
        raise ValueError("a row does not begin with a symbol")
    return quoted_symbol(key)


symbol_of_row = Reading(_quoted)
"""The symbol of what a row begins with."""

# Trades

TRADE = Layout(
    known=26,
    fewest=26,
    symbol=(0, "RSYM"),  # 실시간종목코드
    day=(6, "KYMD"),  # 한국일자
    clock=(7, "KHMS"),  # 한국시간
    open=(8, "OPEN"),  # 시가
    high=(9, "HIGH"),  # 고가
    low=(10, "LOW"),  # 저가
    price=(11, "LAST"),  # 현재가
    sign=(12, "SIGN"),  # 대비구분
    change=(13, "DIFF"),  # 전일대비
    change_percent=(14, "RATE"),  # 등락율
    bid=(15, "PBID"),  # 매수호가
    ask=(16, "PASK"),  # 매도호가
    quantity=(19, "EVOL"),  # 체결량
    volume=(20, "TVOL"),  # 거래량
    turnover=(21, "TAMT"),  # 거래대금
)
"""해외주식 실시간지연체결가 (HDFSCNT0). Of the US it is not late. Who took a trade it does not tell."""
_trade = TRADE.of("symbol", "day", "clock", "price", "quantity", "volume")
_moment = TRADE.of("symbol", "day", "clock")
_figures = TRADE.of(*FIGURES)


def trade(row: Row, venue: Venue, received_at: dt.datetime) -> TradeEvent | None:
    """Return a trade; None for a row without shares."""
    key, day, clock, price, quantity, volume = _trade(row)
    if not total(quantity):
        return None
    return TradeEvent(
        symbol_of_row(key),
        venue,
        moment(day, clock),
        received_at,
        positive(price),
        positive(quantity),
        None,
        total(volume),
    )


def quote(row: Row, venue: Venue, received_at: dt.datetime) -> QuoteEvent:
    """Return the price and the figures of the day that come with every trade."""
    key, day, clock = _moment(row)
    head = (symbol_of_row(key), venue, moment(day, clock), received_at)
    return quote_of(head, [text.strip() for text in _figures(row)])


# Books

LEVELS, PER_LEVEL, FIRST_LEVEL = 10, 6, 11
BOOK = Layout(
    known=71,
    fewest=71,
    most=76,
    symbol=(0, "RSYM"),  # 실시간종목코드
    day=(5, "KYMD"),  # 한국일자
    clock=(6, "KHMS"),  # 한국시간
    total_bid_quantity=(7, "BVOL"),  # 매수총잔량
    total_ask_quantity=(8, "AVOL"),  # 매도총잔량
)
"""해외주식 실시간호가 (HDFSASP0): ten levels of six columns. KIS's own table has the third level twice, which makes 77:
a row of so many cannot be told apart from one with new columns, and is not read."""
_book = BOOK.of("symbol", "day", "clock", "total_ask_quantity", "total_bid_quantity")
_BIDS, _ASKS, _BID_QUANTITIES, _ASK_QUANTITIES = (
    slice(FIRST_LEVEL + place, FIRST_LEVEL + LEVELS * PER_LEVEL, PER_LEVEL) for place in range(4)
)
"""매수호가, 매도호가, 매수잔량, 매도잔량; after them 매수잔량대비, 매도잔량대비."""


def book(row: Row, venue: Venue, received_at: dt.datetime) -> BookEvent:
    """Return the order book."""
    key, day, clock, ask_total, bid_total = _book(row)
    return BookEvent(
        symbol_of_row(key),
        venue,
        moment(day, clock),
        received_at,
        levels(row[_ASKS], row[_ASK_QUANTITIES]),
        levels(row[_BIDS], row[_BID_QUANTITIES]),
        total(ask_total),
        total(bid_total),
        None,
        None,
    )


# Own orders

NOTICE = Layout(
    known=25,
    fewest=24,
    customer=(0, "CUST_ID"),  # 고객 ID
    account=(1, "ACNT_NO"),  # 계좌번호
    number=(2, "ODER_NO"),  # 주문번호
    original=(3, "OODER_NO"),  # 원주문번호
    side=(4, "SELN_BYOV_CLS"),  # 매도매수구분
    action=(5, "RCTF_CLS"),  # 정정구분
    kind=(6, "ODER_KIND2"),  # 주문종류2
    symbol=(7, "STCK_SHRN_ISCD"),  # 주식 단축 종목코드
    quantity=(8, "CNTG_QTY"),  # 체결수량; of an order, amendment, cancellation or refusal how much it is about
    price=(9, "CNTG_UNPR"),  # 체결단가, in ten-thousandths of a dollar; there the limit, or 0
    is_refused=(11, "RFUS_YN"),  # 거부여부
    is_fill=(12, "CNTG_YN"),  # 체결여부
    state=(13, "ACPT_YN"),  # 접수여부
    branch=(14, "BRNC_NO"),  # 지점번호
    order_quantity=(15, "ODER_QTY"),  # 주문수량
    name=(16, "ACNT_NAME"),  # 계좌명
    market=(18, "ODER_COND"),  # 해외종목구분
    exact=(24, "CNTG_UNPR12"),  # 체결단가12, with its decimals; the sample of KIS has none
)
"""해외주식 실시간체결통보 (H0GSCNI0, in the demo environment H0GSCNI9). Whose clock STCK_CNTG_HOUR is, is not told."""
ACCOUNT = NOTICE.columns["account"][0]
PERSONAL = personal(NOTICE)
OF_US = frozenset("678")
"""ODER_COND 해외종목구분: 6 NASDAQ, 7 NYSE, 8 AMEX. The others are of other countries, or traded over the counter."""
TYPE = {
    "1": OrderType.MARKET,  # 시장가
    "2": OrderType.LIMIT,  # 지정가
    "A": OrderType.MARKET_ON_OPEN,
    "B": OrderType.LIMIT_ON_OPEN,
    "C": OrderType.MARKET_ON_CLOSE,
    "D": OrderType.LIMIT_ON_CLOSE,
}
SCALE = Decimal("0.0001")
"""CNTG_UNPR has four decimals for the US, without a point."""
WIDEST = Decimal(100_000)
"""Dollars from which the nine places of CNTG_UNPR are too few."""
_notice = NOTICE.of("number", "original", "side", "kind", "symbol", "quantity", "is_fill", "branch", "market")
_change = NOTICE.of("is_refused", "action", "state")
_order_quantity = NOTICE.of("order_quantity")
_CODE = re.compile(r"[A-Z][A-Z0-9./]{0,8}")


def notice(row: Row, venue: Venue, received_at: dt.datetime) -> Notice | None:
    """Return what a notice tells of an order of US shares; None for one of another country."""
    number, original, side, kind, code, quantity, is_fill, branch, market = (text.strip() for text in _notice(row))
    if market not in OF_US:
        return None
    bought_or_sold = side_of(side, is_fill)
    if not _CODE.fullmatch(code):
        raise ValueError("a notice is of no symbol")
    filled, price = is_fill == FILL, _price(row)
    told = change_of(*_change(row), is_fill=filled)
    if filled and price is None:
        raise ValueError("the notice of a fill has no price")
    return Notice(
        symbol_of(code),
        venue,
        None,
        received_at,
        told,
        order_number(number),
        original_number(original),
        bought_or_sold,
        positive_or_none(_order_quantity(row).strip() if filled else quantity),
        None if filled else price,
        None if filled else TYPE.get(kind),
        last_quantity=positive(quantity) if filled else None,
        last_price=price if filled else None,
        branch=branch,
        identity=identity_of(row, PERSONAL),
    )


def _price(row: Row) -> Decimal | None:
    """Return the price of a notice, None for none; a ValueError where its two columns contradict each other."""
    short = row[NOTICE.columns["price"][0]].strip()
    scaled = None if not short.strip("0.") else number(short) * SCALE
    place = NOTICE.columns["exact"][0]
    exact = positive_or_none(row[place].strip()) if len(row) > place else None
    if exact is None:
        return scaled
    is_cut = exact >= WIDEST and exact != number(short or "0")
    if scaled is not None and scaled != exact and not is_cut:
        raise ValueError("the two prices of a notice differ")
    return exact
