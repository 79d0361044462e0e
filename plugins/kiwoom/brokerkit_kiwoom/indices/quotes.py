"""Values of indices."""

from __future__ import annotations

import datetime as dt
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from pydantic import Field

from brokerkit.replies import QuoteReply
from brokerkit.transport import Block, Codes, Endpoint, Text
from brokerkit_kiwoom.wire.types import Hundredfold, Signed, Unsigned, ZeroIsNone

THOUSAND = Decimal(1_000)
MILLION = Decimal(1_000_000)
HUNDREDTH = Decimal("0.01")
CODE = Codes(
    "an index at Kiwoom",
    {
        "INDEX:KOSPI": "001",
        "INDEX:KOSDAQ": "101",
        "INDEX:KOSPI200": "201",
        "INDEX:KOSDAQ150": "150",
        "INDEX:KOSPI-LARGE": "002",
        "INDEX:KOSPI-MEDIUM": "003",
        "INDEX:KOSPI-SMALL": "004",
        "INDEX:KOSPI-FOOD": "005",
        "INDEX:KOSPI-TEXTILES": "006",
        "INDEX:KOSPI-PAPER": "007",
        "INDEX:KOSPI-CHEMICALS": "008",
        "INDEX:KOSPI-MEDICINE": "009",
        "INDEX:KOSPI-MINERALS": "010",
        "INDEX:KOSPI-METALS": "011",
        "INDEX:KOSPI-MACHINERY": "012",
        "INDEX:KOSPI-ELECTRONICS": "013",
        "INDEX:KOSPI-INSTRUMENTS": "014",
        "INDEX:KOSPI-VEHICLES": "015",
        "INDEX:KOSPI-RETAIL": "016",
        "INDEX:KOSPI-UTILITIES": "017",
        "INDEX:KOSPI-CONSTRUCTION": "018",
        "INDEX:KOSPI-TRANSPORT": "019",
        "INDEX:KOSPI-TELECOM": "020",
        "INDEX:KOSPI-FINANCE": "021",
        "INDEX:KOSPI-SECURITIES": "024",
        "INDEX:KOSPI-INSURANCE": "025",
        "INDEX:KOSPI-SERVICES": "026",
        "INDEX:KOSPI-INDUSTRY": "027",
    },
)
"""업종코드 (inds_cd)."""
SYMBOL = {code: symbol for symbol, code in CODE.items()}


class Points(QuoteReply):
    """A value of an index."""

    extra = QuoteReply.extra | {"thousands", "millions"}

    thousands: Unsigned = Field(None, alias="trde_qty")  # 거래량, 천주
    millions: Unsigned = Field(None, alias="trde_prica")  # 거래대금, 백만원

    @property
    def volume(self) -> Decimal | None:
        return None if self.thousands is None else self.thousands * THOUSAND

    @property
    def turnover(self) -> Decimal | None:
        return None if self.millions is None else self.millions * MILLION


class Value(Points):
    """업종현재가요청 (ka20001) -> Quote. Which index it is about is not told."""

    price: ZeroIsNone = Field(alias="cur_prc")  # 현재가
    moved: Signed = Field(None, alias="pred_pre")  # 전일대비
    moved_percent: Signed = Field(None, alias="flu_rt")  # 등락률
    open: ZeroIsNone = Field(None, alias="open_pric")  # 시가
    high: ZeroIsNone = Field(None, alias="high_pric")  # 고가
    low: ZeroIsNone = Field(None, alias="low_pric")  # 저가

    @property
    def base(self) -> Decimal | None:
        """The value that it moved from."""
        return None if self.price is None or self.moved is None else self.price - self.moved


class Day(Points):
    """The newest day of 업종일봉조회요청 (ka20006) -> Quote, with the close of the day before it."""

    price: Hundredfold = Field(alias="cur_prc")  # 현재가
    base: Hundredfold = Field(None, alias="before")
    open: Hundredfold = Field(None, alias="open_pric")  # 시가
    high: Hundredfold = Field(None, alias="high_pric")  # 고가
    low: Hundredfold = Field(None, alias="low_pric")  # 저가

    @property
    def moved(self) -> Decimal | None:
        return None if self.price is None or self.base is None else self.price - self.base

    @property
    def moved_percent(self) -> Decimal | None:
        if self.moved is None or not self.base:
            return None
        return (self.moved * 100 / self.base).quantize(HUNDREDTH, ROUND_HALF_UP)


ROWS = "inds_dt_pole_qry"  # 업종일봉조회


class ChartAnswer(Block):
    """업종일봉조회요청 (ka20006): days back from the one that is asked for, the newest first."""

    code: Text = Field("", alias="inds_cd")  # 업종코드
    rows: list[dict[str, Any]] = Field(alias=ROWS)


class MinutesAnswer(Block):
    """업종분봉조회요청 (ka20005): a page of minutes, the newest first."""

    code: Text = Field("", alias="inds_cd")  # 업종코드
    rows: list[dict[str, Any]] = Field(alias="inds_min_pole_qry")  # 업종분봉조회


PRICE = Endpoint({"real": "ka20001", "demo": "ka20001"}, "/api/dostk/sect", Value, "POST")
CHART = Endpoint({"real": "ka20006", "demo": "ka20006"}, "/api/dostk/chart", ChartAnswer, "POST")
CHART_ROWS = 600
MINUTES = Endpoint({"real": "ka20005", "demo": "ka20005"}, "/api/dostk/chart", MinutesAnswer, "POST")
ONE = "1"  # tic_scope: single minutes
NO_MINUTES = ("888888", "999999")
"""Times of day of what is told after the close, which is no minute."""
A_YEAR = dt.timedelta(days=365)
"""How far minutes of shares reach back for sure. Those of indices may reach less far, which is an error then."""
MARKET = {symbol: "0" for symbol in CODE if symbol.startswith("INDEX:KOSPI")} | {
    "INDEX:KOSDAQ": "1",
    "INDEX:KOSPI200": "2",
}
"""시장구분 (mrkt_tp). That of KOSDAQ 150 is not known, and a wrong one might show another index."""
