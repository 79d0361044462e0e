"""What is listed: the list of each market (ka10099), and a symbol alone (ka10100)."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from brokerkit.models import Instrument
from brokerkit.part import Part
from brokerkit.replies import Listed
from brokerkit.transport import DayOrNone, Endpoint, Reply, Text
from brokerkit.words import MarketAlert, SecurityType, Segment
from brokerkit_kiwoom.client import KiwoomClient
from brokerkit_kiwoom.stocks.quotes import STOCK_INFO
from brokerkit_kiwoom.wire.types import Count, Listing, Rows, Symbol, ZeroIsNone, block

KIND = {
    **dict.fromkeys(("0", "10", "50"), SecurityType.STOCK),  # 코스피, 코스닥, 코넥스
    "8": SecurityType.ETF,
    **dict.fromkeys(("60", "70", "90"), SecurityType.ETN),  # ETN, 손실제한 ETN, 변동성 ETN
    "6": SecurityType.REIT,  # 리츠종목
    **dict.fromkeys(("2", "4", "9"), SecurityType.INVESTMENT_COMPANY),  # 인프라투융자, 뮤추얼펀드, 하이일드펀드
    **dict.fromkeys(("5", "7"), SecurityType.SUBSCRIPTION_RIGHT),  # 신주인수권, 신주인수권증서
    "3": SecurityType.ELW,
}  # mrkt_tp 시장구분, marketCode 시장구분코드
LISTED_AT = {
    **dict.fromkeys(("0", "8", "60", "70", "90", "6", "3"), Segment.KOSPI),
    "10": Segment.KOSDAQ,
    "50": Segment.KONEX,
}
"""Of the others it is not told where they are listed."""
WANTED = tuple(KIND)
FULL = frozenset({"0", "10", "8"})
"""Markets of which a list without rows cannot be right."""
ALERT = {"0": MarketAlert.NONE, "4": MarketAlert.RISK, "5": MarketAlert.WARNING}
HALTED, ADMINISTRATIVE, CAUTION, NORMAL = "거래정지", "관리종목", "투자주의환기종목", "정상"


class ListedRow(Reply[Instrument]):
    """종목정보 리스트 (ka10099), 종목정보 조회 (ka10100) -> Instrument.

    `orderWarning` is one code a symbol, so that one warning hides the others: of those nothing is told.
    """

    extra = frozenset({"code", "audit", "state", "trade", "warning", "at_nxt"})

    symbol: Symbol = Field("", alias="code")  # 종목코드
    name: Text = Field("", alias="name")  # 종목명
    listed_shares: Count = Field(None, alias="listCount")  # 상장주식수, single shares
    listed_on: DayOrNone = Field(None, alias="regDay")  # 상장일
    base_price: ZeroIsNone = Field(None, alias="lastPrice")  # 전일종가, perhaps with the sign of a price
    audit: Text = Field("", alias="auditInfo")  # 감리구분
    state: Text = Field("", alias="state")  # 종목상태, several of them with | between
    code: Text = Field("", alias="marketCode")  # 시장구분코드
    trade: Text = Field("", alias="upName")  # 업종명
    warning: Text = Field("", alias="orderWarning")  # 투자유의종목여부
    at_nxt: Text = Field("", alias="nxtEnable")  # NXT가능여부

    @property
    def kind(self) -> SecurityType | None:
        return KIND.get(self.code)

    @property
    def market(self) -> Segment | None:
        return LISTED_AT.get(self.code)

    @property
    def sector(self) -> str | None:
        return self.trade or None

    @property
    def halted(self) -> bool | None:
        return self._has(HALTED)

    @property
    def administrative(self) -> bool | None:
        return self._has(ADMINISTRATIVE)

    @property
    def caution(self) -> bool | None:
        if self.audit == CAUTION or self.warning == "1":
            return True
        return False if self.audit == NORMAL else None

    @property
    def liquidation(self) -> bool | None:
        return self._warns("2")

    @property
    def overheated(self) -> bool | None:
        return self._warns("3")

    @property
    def alert(self) -> MarketAlert | None:
        return ALERT.get(self.warning)

    @property
    def nxt(self) -> bool:
        return self.at_nxt == "Y"

    def _has(self, state: str) -> bool | None:
        """Say whether a state is told; None where no state is told at all."""
        told = {*self.state.split("|"), self.audit}
        return state in told if self.state else None

    def _warns(self, code: str) -> bool | None:
        return True if self.warning == code else False if self.warning == "0" else None


class ListedAnswer(Listing):
    """종목정보 리스트 (ka10099): also rows without any text."""

    rows: Rows[ListedRow] = block("list")


LISTED = Endpoint({"real": "ka10099", "demo": "ka10099"}, STOCK_INFO, ListedAnswer, "POST")
LISTED_ONE = Endpoint({"real": "ka10100", "demo": "ka10100"}, STOCK_INFO, ListedRow, "POST")


class Listings(Part[KiwoomClient]):
    """The hooks of what is listed."""

    calls = {**dict.fromkeys(("instruments", "search"), (LISTED,)), "instrument": (LISTED_ONE, LISTED)}
    not_told = {Instrument: frozenset({"isin", "leverage"})}

    def instruments(self) -> Listed:
        return Listed(LISTED, [row for market in WANTED for row in self._listed(market)])

    def one_instrument(self, symbol: str) -> ListedRow:
        return self.client.call(LISTED_ONE, body={"stk_cd": symbol})

    def _listed(self, market: str) -> Iterator[ListedRow]:
        """Yield the rows of a market. The list of KOSPI has the funds too, which have a list of their own."""
        rows = [row for page in self.client.listing(LISTED, body={"mrkt_tp": market}) for row in page.rows]
        if not rows and market in FULL:
            raise self.client.wrong(LISTED, f"nothing is listed in market {market}")
        return (row for row in rows if row.code == market)
