"""Prices of US shares. Those that are free are of Nasdaq's own trading alone, about half of all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from decimal import Decimal
from typing import Any

from pydantic import Field, create_model

from brokerkit.errors import UnknownSymbol
from brokerkit.models import Candle, ExchangeRate, Level, OrderBook, Quote
from brokerkit.replies import QuoteReply, levels
from brokerkit.transport import Blankable, Block, Endpoint, Number, Reply, Text, ZeroIsNone
from brokerkit.words import Venue
from brokerkit_kis.us.spelling import QUOTED_AT, Spelling, quoted_symbol, symbol_of
from brokerkit_kis.wire.columns import FALLEN, RISEN
from brokerkit_kis.wire.types import One, PaddedOrBlank, Rows, block

QUOTATIONS = "/uapi/overseas-price/v1/quotations"


def signed(value: Decimal | None, sign: str) -> Decimal | None:
    """Return a change with the sign that its code tells; None where it does not tell one of what is not 0.

    Whether the change has a sign of its own differs between the calls.
    """
    if value is None or not value:
        return value
    return abs(value) if sign in RISEN else -abs(value) if sign in FALLEN else None


class _Priced(QuoteReply):
    """What both calls for prices tell alike."""

    extra = QuoteReply.extra | {"realtime", "sign", "difference", "rate"}

    realtime: Text = Field("", alias="rsym")  # 실시간조회종목코드
    price: ZeroIsNone = Field(alias="last")  # 현재가
    base: Blankable = Field(None, alias="base")  # 전일종가
    sign: Text = ""  # 대비기호
    difference: Blankable = Field(None, alias="diff")  # 대비
    rate: PaddedOrBlank = None  # 등락율
    volume: Blankable = Field(None, alias="tvol")  # 거래량
    turnover: Blankable = Field(None, alias="tamt")  # 거래대금, 달러

    @property
    def moved(self) -> Decimal | None:
        return signed(self.difference, self.sign)

    @property
    def moved_percent(self) -> Decimal | None:
        return signed(self.rate, self.sign)


class Price(_Priced):
    """해외주식 현재체결가 (HHDFS00000300) -> Quote."""

    @property
    def symbol(self) -> str:
        return quoted_symbol(self.realtime)


class PriceAnswer(Block):
    """해외주식 현재체결가 (HHDFS00000300)."""

    output: One[Price] = block("output")


class Watched(_Priced):
    """A row of 해외주식 복수종목 시세조회 (HHDFS76220000) -> Quote. No answer of it was ever seen."""

    extra = _Priced.extra | {"code"}

    code: Text = Field("", alias="symb")  # 종목코드
    name: Text = Field("", alias="knam")  # 종목명
    open: ZeroIsNone = None  # 시가
    high: ZeroIsNone = None  # 고가
    low: ZeroIsNone = None  # 저가

    @property
    def symbol(self) -> str:
        return symbol_of(self.code) or quoted_symbol(self.realtime)


class WatchedAnswer(Block):
    """해외주식 복수종목 시세조회 (HHDFS76220000): a slot that was left blank may have a row that is."""

    rows: Rows[Watched] = block("output2")


LEVELS = range(1, 11)


def _numbered(label: str) -> dict[str, Any]:
    return {f"{label}{level}": (Blankable, None) for level in LEVELS}


_Levels = create_model(
    "_Levels",
    __base__=Block,
    **{name: kind for label in ("pask", "vask", "pbid", "vbid") for name, kind in _numbered(label).items()},
)


class Book(_Levels):
    """Ten levels a side: pask1 매도호가가격1, vask1 매도호가잔량1, pbid1 매수호가가격1, ..."""

    def levels(self, side: str) -> tuple[Level, ...]:
        """Return a side, best first."""
        return levels((getattr(self, f"p{side}{level}"), getattr(self, f"v{side}{level}")) for level in LEVELS)


class BookHead(Block):
    """Whose book it is. By which clock its time (호가시간) goes is not told, and so it is not read."""

    realtime: Text = Field("", alias="rsym")  # 실시간조회종목코드


class BookAnswer(Reply[OrderBook]):
    """해외주식 현재가 호가 (HHDFS76200100) -> OrderBook."""

    extra = frozenset({"head", "book"})

    head: One[BookHead] = block("output1")
    book: One[Book] = block("output2")

    @property
    def symbol(self) -> str:
        return quoted_symbol(self.head.realtime)

    @property
    def asks(self) -> tuple[Level, ...]:
        return self.book.levels("ask")

    @property
    def bids(self) -> tuple[Level, ...]:
        return self.book.levels("bid")


class Detail(Reply[ExchangeRate]):
    """해외주식 현재가상세 (HHDFS76200200) -> ExchangeRate, of which nothing else is read."""

    extra = frozenset({"currency"})

    rate: Number = Field(alias="t_rate")  # 당일환율
    currency: Text = Field(alias="curr")  # 통화

    @property
    def kind(self) -> str:
        return "당일환율"


class DetailAnswer(Block):
    """해외주식 현재가상세 (HHDFS76200200)."""

    output: One[Detail] = block("output")


PRICE = Endpoint({"real": "HHDFS00000300", "demo": "HHDFS00000300"}, f"{QUOTATIONS}/price", PriceAnswer)
PRICES = Endpoint({"real": "HHDFS76220000"}, f"{QUOTATIONS}/multprice", WatchedAnswer)
PRICES_AT_ONCE = 10
BOOK = Endpoint({"real": "HHDFS76200100"}, f"{QUOTATIONS}/inquire-asking-price", BookAnswer)
DETAIL = Endpoint({"real": "HHDFS76200200"}, f"{QUOTATIONS}/price-detail", DetailAnswer)


class Quotes(Spelling):
    """What shares cost now."""

    calls = {**dict.fromkeys(("quote", "quotes", "round_price"), (PRICE,)), "order_book": (BOOK,)}
    quote_venues = tuple(next(iter(QUOTED_AT.values())))
    quotes_at_once = PRICES_AT_ONCE
    rounds = {model: {"turnover": Decimal(1)} for model in (Quote, Candle)}
    not_told = {
        Quote: frozenset({"name", "time", "open", "high", "low", "upper_limit", "lower_limit"}),
        OrderBook: frozenset({"time"}),
    }

    def quote(self, symbol: str, venue: Venue) -> Price:
        return self.client.call(PRICE, params=self.quoted(symbol, venue)).output

    def several_quotes(self, symbols: Sequence[str], venue: Venue) -> Iterable[Watched]:
        slots = []
        for symbol in symbols:
            with suppress(UnknownSymbol):
                slots.append((QUOTED_AT[self.segment(symbol)][venue], self.code(symbol)))
        if not slots:
            return []
        params = {"AUTH": "", "NREC": f"{len(slots)}"}
        blank = [("", "")] * (PRICES_AT_ONCE - len(slots))  # all ten have to be there
        for number, (exchange, code) in enumerate([*slots, *blank], start=1):
            params |= {f"EXCD_{number:02}": exchange, f"SYMB_{number:02}": code}
        return [row for row in self.client.call(PRICES, params=params).rows if row.symbol]

    def order_book(self, symbol: str, venue: Venue) -> BookAnswer:
        return self.client.call(BOOK, params=self.quoted(symbol, venue))
