"""Prices."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from pydantic import Field, create_model

from brokerkit.models import Level, OrderBook
from brokerkit.replies import QuoteReply, levels
from brokerkit.transport import Blankable, Block, Codes, Endpoint, Reply, Text, TimeOrBlank, ZeroIsNone
from brokerkit.words import Venue
from brokerkit_kis.wire.types import MaybeOne, One, Rows, Symbol, block

QUOTATIONS = "/uapi/domestic-stock/v1/quotations"
MILLION = Decimal(1_000_000)


class Price(QuoteReply):
    """주식현재가 시세 (FHKST01010100) -> Quote."""

    extra = QuoteReply.extra | {"tick"}

    symbol: Symbol = Field("", alias="stck_shrn_iscd")  # 주식 단축 종목코드
    price: ZeroIsNone = Field(alias="stck_prpr")  # 주식 현재가
    base: Blankable = Field(None, alias="stck_sdpr")  # 주식 기준가
    moved: Blankable = Field(None, alias="prdy_vrss")  # 전일 대비
    moved_percent: Blankable = Field(None, alias="prdy_ctrt")  # 전일 대비율
    open: ZeroIsNone = Field(None, alias="stck_oprc")  # 주식 시가
    high: ZeroIsNone = Field(None, alias="stck_hgpr")  # 주식 최고가
    low: ZeroIsNone = Field(None, alias="stck_lwpr")  # 주식 최저가
    volume: Blankable = Field(None, alias="acml_vol")  # 누적 거래량
    turnover: Blankable = Field(None, alias="acml_tr_pbmn")  # 누적 거래 대금, 원
    upper_limit: ZeroIsNone = Field(None, alias="stck_mxpr")  # 주식 상한가, 0 without limits
    lower_limit: ZeroIsNone = Field(None, alias="stck_llam")  # 주식 하한가
    tick: Blankable = Field(None, alias="aspr_unit")  # 호가단위


class PriceAnswer(Block):
    """주식현재가 시세 (FHKST01010100)."""

    output: One[Price] = block("output")


class Warrant(QuoteReply):
    """ELW 현재가 시세 (FHKEW15010000) -> Quote."""

    symbol: Symbol = Field("", alias="elw_shrn_iscd")  # ELW 단축 종목코드
    name: Text = Field("", alias="hts_kor_isnm")  # HTS 한글 종목명
    price: ZeroIsNone = Field(alias="elw_prpr")  # ELW 현재가
    base: Blankable = Field(None, alias="elw_sdpr")  # ELW 기준가
    moved: Blankable = Field(None, alias="prdy_vrss")  # 전일 대비
    moved_percent: Blankable = Field(None, alias="prdy_ctrt")  # 전일 대비율
    open: ZeroIsNone = Field(None, alias="elw_oprc")  # ELW 시가
    high: ZeroIsNone = Field(None, alias="elw_hgpr")  # ELW 최고가
    low: ZeroIsNone = Field(None, alias="elw_lwpr")  # ELW 최저가
    volume: Blankable = Field(None, alias="acml_vol")  # 누적 거래량
    turnover: Blankable = Field(None, alias="acml_tr_pbmn")  # 누적 거래 대금, 원


class WarrantAnswer(Block):
    """ELW 현재가 시세 (FHKEW15010000)."""

    output: One[Warrant] = block("output")


class Watched(QuoteReply):
    """A row of 관심종목(멀티종목) 시세조회 (FHKST11300006) -> Quote."""

    symbol: Symbol = Field("", alias="inter_shrn_iscd")  # 관심 단축 종목코드
    name: Text = Field("", alias="inter_kor_isnm")  # 관심 한글 종목명
    price: ZeroIsNone = Field(alias="inter2_prpr")  # 관심2 현재가
    base: Blankable = Field(None, alias="inter2_sdpr")  # 관심2 기준가
    moved: Blankable = Field(None, alias="inter2_prdy_vrss")  # 관심2 전일 대비
    moved_percent: Blankable = Field(None, alias="prdy_ctrt")  # 전일 대비율
    open: ZeroIsNone = Field(None, alias="inter2_oprc")  # 관심2 시가
    high: ZeroIsNone = Field(None, alias="inter2_hgpr")  # 관심2 고가
    low: ZeroIsNone = Field(None, alias="inter2_lwpr")  # 관심2 저가
    volume: Blankable = Field(None, alias="acml_vol")  # 누적 거래량
    turnover: Blankable = Field(None, alias="acml_tr_pbmn")  # 누적 거래 대금, 원
    upper_limit: ZeroIsNone = Field(None, alias="inter2_mxpr")  # 관심2 상한가, 0 without limits
    lower_limit: ZeroIsNone = Field(None, alias="inter2_llam")  # 관심2 하한가


class WatchedAnswer(Block):
    """관심종목(멀티종목) 시세조회 (FHKST11300006). A symbol may lack its row, or have one that is blank or of 0."""

    output: Rows[Watched] = block("output")


LEVELS = range(1, 11)


def _numbered(label: str) -> dict[str, Any]:
    return {f"{label}{level}": (Blankable, None) for level in LEVELS}


_Levels = create_model(
    "_Levels",
    __base__=Block,
    **_numbered("askp"),
    **_numbered("askp_rsqn"),
    **_numbered("bidp"),
    **_numbered("bidp_rsqn"),
)


class Book(_Levels):
    """Ten levels a side; one without a price or quantity is left out."""

    accepted: TimeOrBlank = Field(None, alias="aspr_acpt_hour")  # 호가 접수 시간

    def levels(self, side: str) -> tuple[Level, ...]:
        """Return a side, best first."""
        pairs = [(getattr(self, f"{side}{level}"), getattr(self, f"{side}_rsqn{level}")) for level in LEVELS]
        return levels(pairs)


class Expected(Block):
    """주식현재가 호가 (FHKST01010200), output2: 예상체결."""

    symbol: Symbol = Field("", alias="stck_shrn_iscd")  # 주식 단축 종목코드


class BookAnswer(Reply[OrderBook]):
    """주식현재가 호가 (FHKST01010200) -> OrderBook: askp1 매도호가1, askp_rsqn1 매도호가 잔량1, bidp1 매수호가1, ..."""

    extra = frozenset({"book", "expected", "clock"})

    book: One[Book] = block("output1")
    expected: MaybeOne[Expected] = block("output2", None)

    @property
    def symbol(self) -> str:
        return self.expected.symbol if self.expected else ""

    @property
    def clock(self) -> dt.time | None:
        return self.book.accepted

    @property
    def asks(self) -> tuple[Level, ...]:
        return self.book.levels("askp")

    @property
    def bids(self) -> tuple[Level, ...]:
        return self.book.levels("bidp")


PRICE = Endpoint({"real": "FHKST01010100", "demo": "FHKST01010100"}, f"{QUOTATIONS}/inquire-price", PriceAnswer)
PRICES = Endpoint({"real": "FHKST11300006"}, f"{QUOTATIONS}/intstock-multprice", WatchedAnswer)
PRICES_AT_ONCE = 30
WARRANT = Endpoint({"real": "FHKEW15010000", "demo": "FHKEW15010000"}, f"{QUOTATIONS}/inquire-elw-price", WarrantAnswer)
WARRANTS = "W"  # FID_COND_MRKT_DIV_CODE
BOOK = Endpoint(
    {"real": "FHKST01010200", "demo": "FHKST01010200"}, f"{QUOTATIONS}/inquire-asking-price-exp-ccn", BookAnswer
)
MARKET_DIVISION = Codes(
    "a venue for quotes at KIS", {Venue.KRX: "J", Venue.NXT: "NX", Venue.SOR: "UN"}
)  # FID_COND_MRKT_DIV_CODE
