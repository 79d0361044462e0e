"""The calendar of the exchange."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from brokerkit.transport import Block, Day, Endpoint
from brokerkit_kis.stocks.quotes import QUOTATIONS
from brokerkit_kis.wire.types import Rows, block


class CalendarDay(Block):
    """A day of 국내휴장일조회 (CTCA0903R)."""

    day: Day = Field(alias="bass_dt")  # 기준일자
    is_open: Literal["Y", "N"] = Field(alias="opnd_yn")  # 개장일여부; 거래일여부 was seen with Y on holidays


class CalendarAnswer(Block):
    """국내휴장일조회 (CTCA0903R): about 24 days from the one that is asked for, half a year ahead at most."""

    output: Rows[CalendarDay] = block("output")


CALENDAR = Endpoint({"real": "CTCA0903R"}, f"{QUOTATIONS}/chk-holiday", CalendarAnswer)
