"""What is listed in the US: the whole list (usa10099), and where a symbol alone is listed (usa10098)."""

from __future__ import annotations

from pydantic import Field

from brokerkit.models import Instrument
from brokerkit.replies import Listed
from brokerkit.transport import Reply, Text
from brokerkit.words import SecurityType, Segment
from brokerkit_kiwoom.us.spelling import LISTED_AT, Spelling, UsSymbol, code_of, us_call
from brokerkit_kiwoom.wire.types import Listing, Rows, block

KIND = {"Y": SecurityType.ETF, "N": SecurityType.STOCK}
"""What is no fund counts as a share; whether notes are among the funds is not told."""


class ListedRow(Reply[Instrument]):
    """미국주식 종목리스트 (usa10099), 거래소구분 조회 (usa10098) -> Instrument."""

    extra = frozenset({"exchange", "is_fund", "trade"})

    symbol: UsSymbol = Field("", alias="stk_cd")  # 종목코드
    name: Text = Field("", alias="stk_nm")  # 종목명
    english_name: Text | None = Field(None, alias="stk_enm")  # 종목영문명
    exchange: Text = Field("", alias="stex_tp")  # 거래소구분
    trade: Text = Field("", alias="upgb")  # 업종명
    is_fund: Text = Field("", alias="isEtf")  # ETF 여부

    @property
    def market(self) -> Segment | None:
        return LISTED_AT.get(self.exchange)

    @property
    def kind(self) -> SecurityType | None:
        return KIND.get(self.is_fund)

    @property
    def sector(self) -> str | None:
        return self.trade or None


class ListedAnswer(Listing):
    """미국주식 종목리스트 (usa10099), 거래소구분 조회 (usa10098)."""

    rows: Rows[ListedRow] = block("list")


EVERYWHERE = "%"  # stex_tp 전체
LISTED = us_call("usa10099", "stkinfo", ListedAnswer)
LISTED_ONE = us_call("usa10098", "stkinfo", ListedAnswer)


class Listings(Spelling):
    """The hooks of what is listed."""

    calls = {**dict.fromkeys(("instruments", "search"), (LISTED,)), "instrument": (LISTED_ONE, LISTED)}

    def instruments(self) -> Listed:
        pages = self.client.listing(LISTED, body={"stex_tp": EVERYWHERE})
        return Listed(LISTED, [row for page in pages for row in page.rows])

    def one_instrument(self, symbol: str) -> ListedRow:
        """Return what a symbol is. It is the call that tells the exchange, so that one is enough for both."""
        pages = self.client.listing(LISTED_ONE, body={"stk_cd": code_of(symbol)})
        found = {row.exchange: row for page in pages for row in page.rows if row.symbol == symbol}
        if len(found) > 1:
            raise self.wrong(LISTED_ONE, f"{symbol} is listed at several exchanges: {', '.join(sorted(found))}")
        return next(iter(found.values()), ListedRow.model_validate({}))
