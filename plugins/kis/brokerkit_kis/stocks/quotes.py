"""Prices and investor flow."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from operator import attrgetter
from typing import Any

from pydantic import Field, create_model

from brokerkit import clock
from brokerkit.models import Flow, InvestorFlow, Level, OrderBook
from brokerkit.replies import QuoteReply, levels
from brokerkit.transport import Blankable, Block, Codes, Day, Endpoint, Reply, Text, TimeOrBlank, ZeroIsNone
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


def _amount(millions: Decimal | None) -> Decimal | None:
    return None if millions is None else millions * MILLION


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


Traded = dict[str, Decimal | None]
"""The fields of a Flow. The model of the day is made from these at once: a month has ninety flows."""
FIELDS = tuple(Flow.model_fields)
_COLUMNS = {
    who: attrgetter(
        *(f"{who}_{way}_{unit}" for unit in ("quantity", "millions") for way in ("net", "buy", "sell")),
    )
    for who in ("individual", "foreign", "institution")
}


def _traded(row: InvestorRow, who: str) -> Traded:
    *quantities, net, buy, sell = _COLUMNS[who](row)
    return dict(zip(FIELDS, (*quantities, _amount(net), _amount(buy), _amount(sell)), strict=True))


class InvestorRow(Reply[InvestorFlow]):
    """주식현재가 투자자 (FHKST01010900) -> InvestorFlow. Quantities in shares, amounts in million won (백만원)."""

    extra = frozenset(
        f"{who}_{what}_{unit}"
        for who in ("individual", "foreign", "institution")
        for what in ("net", "buy", "sell")
        for unit in ("quantity", "millions")
    )

    date: Day = Field(alias="stck_bsop_date")  # 주식 영업 일자
    close: Blankable = Field(None, alias="stck_clpr")  # 주식 종가
    individual_net_quantity: Blankable = Field(None, alias="prsn_ntby_qty")  # 개인 순매수 수량
    individual_buy_quantity: Blankable = Field(None, alias="prsn_shnu_vol")  # 개인 매수 거래량
    individual_sell_quantity: Blankable = Field(None, alias="prsn_seln_vol")  # 개인 매도 거래량
    individual_net_millions: Blankable = Field(None, alias="prsn_ntby_tr_pbmn")  # 개인 순매수 거래 대금
    individual_buy_millions: Blankable = Field(None, alias="prsn_shnu_tr_pbmn")  # 개인 매수 거래 대금
    individual_sell_millions: Blankable = Field(None, alias="prsn_seln_tr_pbmn")  # 개인 매도 거래 대금
    foreign_net_quantity: Blankable = Field(None, alias="frgn_ntby_qty")  # 외국인 순매수 수량
    foreign_buy_quantity: Blankable = Field(None, alias="frgn_shnu_vol")  # 외국인 매수 거래량
    foreign_sell_quantity: Blankable = Field(None, alias="frgn_seln_vol")  # 외국인 매도 거래량
    foreign_net_millions: Blankable = Field(None, alias="frgn_ntby_tr_pbmn")  # 외국인 순매수 거래 대금
    foreign_buy_millions: Blankable = Field(None, alias="frgn_shnu_tr_pbmn")  # 외국인 매수 거래 대금
    foreign_sell_millions: Blankable = Field(None, alias="frgn_seln_tr_pbmn")  # 외국인 매도 거래 대금
    institution_net_quantity: Blankable = Field(None, alias="orgn_ntby_qty")  # 기관계 순매수 수량
    institution_buy_quantity: Blankable = Field(None, alias="orgn_shnu_vol")  # 기관계 매수 거래량
    institution_sell_quantity: Blankable = Field(None, alias="orgn_seln_vol")  # 기관계 매도 거래량
    institution_net_millions: Blankable = Field(None, alias="orgn_ntby_tr_pbmn")  # 기관계 순매수 거래 대금
    institution_buy_millions: Blankable = Field(None, alias="orgn_shnu_tr_pbmn")  # 기관계 매수 거래 대금
    institution_sell_millions: Blankable = Field(None, alias="orgn_seln_tr_pbmn")  # 기관계 매도 거래 대금

    @property
    def final(self) -> bool:
        """Say whether the figures are final: the day's own ones are provisional until the next morning."""
        return self.date < clock.today()

    @property
    def individual(self) -> Traded:
        return _traded(self, "individual")

    @property
    def foreign(self) -> Traded:
        return _traded(self, "foreign")

    @property
    def institution(self) -> Traded:
        return _traded(self, "institution")


class InvestorAnswer(Block):
    """주식현재가 투자자 (FHKST01010900): a row a day."""

    rows: Rows[InvestorRow] = block("output")


PRICE = Endpoint({"real": "FHKST01010100", "demo": "FHKST01010100"}, f"{QUOTATIONS}/inquire-price", PriceAnswer)
PRICES = Endpoint({"real": "FHKST11300006"}, f"{QUOTATIONS}/intstock-multprice", WatchedAnswer)
PRICES_AT_ONCE = 30
WARRANT = Endpoint({"real": "FHKEW15010000", "demo": "FHKEW15010000"}, f"{QUOTATIONS}/inquire-elw-price", WarrantAnswer)
WARRANTS = "W"  # FID_COND_MRKT_DIV_CODE
BOOK = Endpoint(
    {"real": "FHKST01010200", "demo": "FHKST01010200"}, f"{QUOTATIONS}/inquire-asking-price-exp-ccn", BookAnswer
)
INVESTOR = Endpoint(
    {"real": "FHKST01010900", "demo": "FHKST01010900"}, f"{QUOTATIONS}/inquire-investor", InvestorAnswer
)
MARKET_DIVISION = Codes(
    "a venue for quotes at KIS", {Venue.KRX: "J", Venue.NXT: "NX", Venue.SOR: "UN"}
)  # FID_COND_MRKT_DIV_CODE
