"""Prices of US symbols."""

from __future__ import annotations

from pydantic import Field, create_model

from brokerkit.models import Level, OrderBook
from brokerkit.replies import QuoteReply, levels
from brokerkit.transport import Block, Reply, Text
from brokerkit_kiwoom.us.spelling import UsSymbol, us_call
from brokerkit_kiwoom.wire.types import Signed, Unsigned, ZeroIsNone

PRICES = "mrkcond"


class Price(QuoteReply):
    """미국주식 현재가 종목정보 (usa20100) -> Quote. What upl_pric and lst_pric are there means nothing."""

    symbol: UsSymbol = Field("", alias="stk_cd")  # 종목코드
    name: Text = Field("", alias="stk_nm")  # 종목명
    price: ZeroIsNone = Field(alias="cur_prc")  # 현재가
    base: Unsigned = Field(None, alias="base_close_pric")  # 전일종가
    moved: Signed = Field(None, alias="pred_pre")  # 전일대비
    moved_percent: Signed = Field(None, alias="flu_rt")  # 등락률
    open: ZeroIsNone = Field(None, alias="open_pric")  # 시가, blank before the open
    high: ZeroIsNone = Field(None, alias="high_pric")  # 고가
    low: ZeroIsNone = Field(None, alias="low_pric")  # 저가
    volume: Unsigned = Field(None, alias="acc_trde_qty")  # 누적거래량


LEVELS = range(1, 11)
_Levels = create_model(
    "_Levels",
    __base__=Block,
    **{
        f"{side}_{what}_{level}": (Unsigned, Field(None, alias=f"{vendor}_{level}bid{term}"))
        for level in LEVELS
        for side, vendor in (("ask", "sel"), ("bid", "buy"))
        for what, term in (("price", ""), ("quantity", "_req"))
    },  # type: ignore[call-overload]
)


class Book(_Levels, Reply[OrderBook]):
    """미국주식 현재가 10호가 (usa20101) -> OrderBook: sel_1bid 매도1호가, sel_1bid_req 매도1호가잔량, ...

    By which clock bid_tm 호가시간 is, nobody tells.
    """

    extra = frozenset(_Levels.model_fields)

    symbol: UsSymbol = Field("", alias="stk_cd")  # 종목코드

    @property
    def asks(self) -> tuple[Level, ...]:
        return self._side("ask")

    @property
    def bids(self) -> tuple[Level, ...]:
        return self._side("bid")

    def _side(self, side: str) -> tuple[Level, ...]:
        """Return a side, best first; a level without a price or quantity is left out."""
        return levels(
            (getattr(self, f"{side}_price_{level}"), getattr(self, f"{side}_quantity_{level}")) for level in LEVELS
        )


PRICE = us_call("usa20100", PRICES, Price)
BOOK = us_call("usa20101", PRICES, Book)
