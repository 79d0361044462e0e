"""Values of indices."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from pydantic import Field

from brokerkit.replies import QuoteReply
from brokerkit.transport import Blankable, Block, Codes, Endpoint, Text, ZeroIsNone
from brokerkit_kis.wire.types import One, block

THOUSAND = Decimal(1_000)
MILLION = Decimal(1_000_000)
INDEX = "U"  # FID_COND_MRKT_DIV_CODE 업종
DAYS = "D"  # FID_PERIOD_DIV_CODE 일봉
CODE = Codes(
    "an index at KIS",
    {
        "INDEX:KOSPI": "0001",
        "INDEX:KOSDAQ": "1001",
        "INDEX:KOSPI200": "2001",
        "INDEX:KOSDAQ150": "3003",
        "INDEX:KOSPI-LARGE": "0002",
        "INDEX:KOSPI-MEDIUM": "0003",
        "INDEX:KOSPI-SMALL": "0004",
        "INDEX:KOSPI-FOOD": "0005",
        "INDEX:KOSPI-TEXTILES": "0006",
        "INDEX:KOSPI-PAPER": "0007",
        "INDEX:KOSPI-CHEMICALS": "0008",
        "INDEX:KOSPI-MEDICINE": "0009",
        "INDEX:KOSPI-MINERALS": "0010",
        "INDEX:KOSPI-METALS": "0011",
        "INDEX:KOSPI-MACHINERY": "0012",
        "INDEX:KOSPI-ELECTRONICS": "0013",
        "INDEX:KOSPI-INSTRUMENTS": "0014",
        "INDEX:KOSPI-VEHICLES": "0015",
        "INDEX:KOSPI-RETAIL": "0016",
        "INDEX:KOSPI-UTILITIES": "0017",
        "INDEX:KOSPI-CONSTRUCTION": "0018",
        "INDEX:KOSPI-TRANSPORT": "0019",
        "INDEX:KOSPI-TELECOM": "0020",
        "INDEX:KOSPI-FINANCE": "0021",
        "INDEX:KOSPI-SECURITIES": "0024",
        "INDEX:KOSPI-INSURANCE": "0025",
        "INDEX:KOSPI-SERVICES": "0026",
        "INDEX:KOSPI-INDUSTRY": "0027",
    },
)
"""업종코드. They are not those of the exchange, where 1001 is KOSPI and 2001 KOSDAQ."""
SYMBOL = {code: symbol for symbol, code in CODE.items()}


class Value(QuoteReply):
    """국내주식업종기간별시세 (FHKUP03500100), output1 -> Quote: the present value, whatever the days asked for."""

    extra = QuoteReply.extra | {"code", "thousands", "millions"}

    code: Text = Field("", alias="bstp_cls_code")  # 업종 구분 코드
    price: ZeroIsNone = Field(alias="bstp_nmix_prpr")  # 업종 지수 현재가
    base: Blankable = Field(None, alias="prdy_nmix")  # 전일 지수
    moved: Blankable = Field(None, alias="bstp_nmix_prdy_vrss")  # 업종 지수 전일 대비
    moved_percent: Blankable = Field(None, alias="bstp_nmix_prdy_ctrt")  # 업종 지수 전일 대비율
    open: ZeroIsNone = Field(None, alias="bstp_nmix_oprc")  # 업종 지수 시가
    high: ZeroIsNone = Field(None, alias="bstp_nmix_hgpr")  # 업종 지수 최고가
    low: ZeroIsNone = Field(None, alias="bstp_nmix_lwpr")  # 업종 지수 최저가
    thousands: Blankable = Field(None, alias="acml_vol")  # 누적 거래량, 천주
    millions: Blankable = Field(None, alias="acml_tr_pbmn")  # 누적 거래 대금, 백만원

    @property
    def symbol(self) -> str:
        """What the answer is about: a wrong code is answered with another index."""
        return SYMBOL.get(self.code, self.code)

    @property
    def volume(self) -> Decimal | None:
        return None if self.thousands is None else self.thousands * THOUSAND

    @property
    def turnover(self) -> Decimal | None:
        return None if self.millions is None else self.millions * MILLION


class ChartAnswer(Block):
    """국내주식업종기간별시세 (FHKUP03500100): days, the newest first, below the present value."""

    value: One[Value] = block("output1")
    rows: list[dict[str, Any]] = block("output2")


CHART = Endpoint(
    {"real": "FHKUP03500100", "demo": "FHKUP03500100"},
    "/uapi/domestic-stock/v1/quotations/inquire-daily-indexchartprice",
    ChartAnswer,
)
CHART_ROWS = 50
TWO_WEEKS = dt.timedelta(days=14)
"""Longer than any stretch of days without trading."""
