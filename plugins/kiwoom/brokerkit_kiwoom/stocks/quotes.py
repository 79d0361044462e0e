"""Prices."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from pydantic import Field, create_model

from brokerkit.models import Level, OrderBook
from brokerkit.replies import QuoteReply, levels
from brokerkit.transport import Block, Codes, Endpoint, Reply, Text, TimeOrBlank
from brokerkit.words import Venue
from brokerkit_kiwoom.wire.types import Signed, Symbol, Unsigned, ZeroIsNone

STOCK_INFO = "/api/dostk/stkinfo"
MILLION = Decimal(1_000_000)


class Price(QuoteReply):
    """주식기본정보요청 (ka10001) -> Quote."""

    symbol: Symbol = Field("", alias="stk_cd")  # 종목코드
    name: Text = Field("", alias="stk_nm")  # 종목명
    price: ZeroIsNone = Field(alias="cur_prc")  # 현재가
    base: Unsigned = Field(None, alias="base_pric")  # 기준가
    moved: Signed = Field(None, alias="pred_pre")  # 전일대비
    moved_percent: Signed = Field(None, alias="flu_rt")  # 등락율
    open: ZeroIsNone = Field(None, alias="open_pric")  # 시가
    high: ZeroIsNone = Field(None, alias="high_pric")  # 고가
    low: ZeroIsNone = Field(None, alias="low_pric")  # 저가
    volume: Unsigned = Field(None, alias="trde_qty")  # 거래량
    upper_limit: ZeroIsNone = Field(None, alias="upl_pric")  # 상한가, 0 without limits
    lower_limit: ZeroIsNone = Field(None, alias="lst_pric")  # 하한가


class PricesAnswer(Block):
    """관심종목정보요청 (ka10095): a row for each code, without any text where it is none."""

    rows: tuple[Price, ...] = Field(alias="atn_stk_infr")  # 관심종목정보리스트


def _level(level: int) -> dict[str, Any]:
    """Return the four fields of a level: price and quantity, sell and buy. The first one is named otherwise."""
    name = "fpr" if level == 1 else f"{level}th_pre"
    return {
        f"{side}_{what}_{level}": (Unsigned, Field(None, alias=f"{vendor}_{name}_{term}"))
        for side, vendor in (("ask", "sel"), ("bid", "buy"))
        for what, term in (("price", "bid"), ("quantity", "req"))
    }


LEVELS = range(1, 11)
_Levels = create_model(
    "_Levels", __base__=Block, **{name: kind for level in LEVELS for name, kind in _level(level).items()}
)


class Book(_Levels, Reply[OrderBook]):
    """주식호가요청 (ka10004) -> OrderBook: sel_fpr_bid 매도최우선호가, sel_fpr_req 매도최우선잔량, ..."""

    extra = frozenset(_Levels.model_fields) | {"clock"}

    clock: TimeOrBlank = Field(None, alias="bid_req_base_tm")  # 호가잔량기준시간

    @property
    def asks(self) -> tuple[Level, ...]:
        return self._side("ask")

    @property
    def bids(self) -> tuple[Level, ...]:
        return self._side("bid")

    def _side(self, side: str) -> tuple[Level, ...]:
        """Return a side, best first; a level without a price or quantity is left out."""
        pairs = [
            (getattr(self, f"{side}_price_{level}"), getattr(self, f"{side}_quantity_{level}")) for level in LEVELS
        ]
        return levels(pairs)


PRICE = Endpoint({"real": "ka10001", "demo": "ka10001"}, STOCK_INFO, Price, "POST")
PRICES = Endpoint({"real": "ka10095", "demo": "ka10095"}, STOCK_INFO, PricesAnswer, "POST")
PRICES_AT_ONCE = 100
BOOK = Endpoint({"real": "ka10004", "demo": "ka10004"}, "/api/dostk/mrkcond", Book, "POST")
CODE_SUFFIX = Codes("a venue for quotes at Kiwoom", {Venue.KRX: "", Venue.NXT: "_NX", Venue.SOR: "_AL"})
