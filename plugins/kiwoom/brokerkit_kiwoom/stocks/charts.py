"""Charts at Kiwoom: days, minutes and single trades, each from a day back, page by page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, TypeVar

from pydantic import Field

from brokerkit import clock
from brokerkit.market.sessions import Phase
from brokerkit.models import Candle
from brokerkit.part import Part
from brokerkit.replies import Bars
from brokerkit.transport import Block, Endpoint, PlainRows
from brokerkit.words import Interval, Venue
from brokerkit_kiwoom.client import KiwoomClient
from brokerkit_kiwoom.stocks.quotes import CODE_SUFFIX, MILLION
from brokerkit_kiwoom.wire.types import Symbol

DAY = dt.timedelta(days=1)
A_YEAR = dt.timedelta(days=365)
"""How far minutes reach back for sure: ten days more were counted."""


class ChartAnswer(Block):
    """A page of a chart, the newest rows first."""

    symbol: Symbol = Field("", alias="stk_cd")  # 종목코드
    rows: PlainRows


class DaysAnswer(ChartAnswer):
    """주식일봉차트조회요청 (ka10081)."""

    rows: PlainRows = Field(alias="stk_dt_pole_chart_qry")  # 주식일봉차트조회


class MinutesAnswer(ChartAnswer):
    """주식분봉차트조회요청 (ka10080)."""

    rows: PlainRows = Field(alias="stk_min_pole_chart_qry")  # 주식분봉차트조회


class TradesAnswer(ChartAnswer):
    """주식틱차트조회요청 (ka10079)."""

    rows: PlainRows = Field(alias="stk_tic_chart_qry")  # 주식틱차트조회


A = TypeVar("A", bound=ChartAnswer)
CHART = "/api/dostk/chart"
DAYS = Endpoint({"real": "ka10081", "demo": "ka10081"}, CHART, DaysAnswer, "POST")
MINUTES = Endpoint({"real": "ka10080", "demo": "ka10080"}, CHART, MinutesAnswer, "POST")
TRADES = Endpoint({"real": "ka10079", "demo": "ka10079"}, CHART, TradesAnswer, "POST")
ADJUSTED = {True: "1", False: "0"}  # upd_stkpc_tp
ONE = "1"  # tic_scope: single minutes, single trades


class Charts(Part[KiwoomClient]):
    """What charts tell. Prices are adjusted for what came up to the day that is asked from: so that is today."""

    calls = {"candles": (DAYS,)}
    rounds = {Candle: {"turnover": Decimal(1_000_000)}}
    bar_intervals = (Interval.TICK, Interval.MINUTE, Interval.DAY)
    bars_at_once = 20_000  # pages are followed, and all there is since the market began fits
    adjusts = (Interval.TICK, Interval.MINUTE, Interval.DAY)

    def bars(self, symbol: str, interval: Interval, venue: Venue, adjusted: bool, start: dt.date, end: dt.date) -> Bars:
        body = {
            "stk_cd": symbol + CODE_SUFFIX[venue],
            "base_dt": f"{clock.today() if adjusted else end:%Y%m%d}",
            "upd_stkpc_tp": ADJUSTED[adjusted],
        }
        pages = list(self._back(DAYS, body, "dt", f"{start + DAY:%Y%m%d}"))  # with the first day there are all
        return Bars(
            DAYS,
            [row for page in pages for row in page.rows],
            time="dt",  # 일자
            open="open_pric",  # 시가
            high="high_pric",  # 고가
            low="low_pric",  # 저가
            close="cur_prc",  # 현재가
            volume="trde_qty",  # 거래량
            turnover="trde_prica",  # 거래대금, million won here
            turnover_unit=int(MILLION),
            symbol=pages[0].symbol,
            # What the plain code's close is after a day with an after-market is not told; that of both is of 20:00.
            session=Phase.AFTER_MARKET if venue is Venue.SOR else None,
        )

    def minutes(
        self,
        symbol: str,
        interval: Interval,
        venue: Venue,
        adjusted: bool | None,
        start: dt.datetime,
        end: dt.datetime,
    ) -> Iterator[Bars]:
        body = {"stk_cd": symbol + CODE_SUFFIX[venue], "tic_scope": ONE, "upd_stkpc_tp": ADJUSTED[adjusted is True]}
        endpoint: Endpoint[Any] = TRADES
        if interval is Interval.MINUTE:
            endpoint, body["base_dt"] = MINUTES, f"{clock.today() if adjusted else end:%Y%m%d}"
        for page in self._back(endpoint, body, "cntr_tm", f"{start:%Y%m%d%H%M%S}"):
            yield Bars(
                endpoint,
                page.rows,
                time="cntr_tm",  # 체결시간: the start of the minute, or the second of the trade
                open="open_pric",  # 시가
                high="high_pric",  # 고가
                low="low_pric",  # 저가
                close="cur_prc",  # 현재가
                volume="trde_qty",  # 거래량
                signed=True,
                symbol=page.symbol,
            )

    def minutes_since(self, venue: Venue) -> dt.date:
        return clock.today() - A_YEAR

    def _back(self, endpoint: Endpoint[A], body: dict[str, str], time: str, start: str) -> Iterator[A]:
        """Yield pages until one reaches further back than the start, or to the broker's own end mark."""
        for page in self.client.pages(endpoint, body=body):
            yield page
            if page.rows and (str(page.rows[-1].get(time) or "").strip() or start) < start:
                return
