"""Charts at KIS: days by their dates, and single minutes, of today by one call and of a year of days by another."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import Field

from brokerkit import clock
from brokerkit.market.days import previous_trading_day
from brokerkit.market.sessions import Phase, hours_of
from brokerkit.replies import Bars
from brokerkit.transport import Block, Endpoint, PlainRows
from brokerkit.words import Interval, Venue
from brokerkit_kis.stocks.quotes import MARKET_DIVISION, QUOTATIONS
from brokerkit_kis.stocks.spelling import Spelling
from brokerkit_kis.wire.types import One, Symbol, block

MINUTE = dt.timedelta(minutes=1)
NO_ROW = "-9223372036854775808"
"""Volume of a minute that there is not."""
DAYS_KEPT = 249
"""Trading days before today whose minutes are asked for: 251 with today were counted, and one proves the last whole."""
BLANK = 10
"""Minutes after the close in which the bar of the closing auction is shown without its trades: at least six."""


class ChartHead(Block):
    """What a chart says of its symbol."""

    symbol: Symbol = Field("", alias="stck_shrn_iscd")  # 주식 단축 종목코드


class DaysAnswer(Block):
    """국내주식기간별시세 (FHKST03010100): days, the newest first; what stck_bsop_date lacks is no day."""

    head: One[ChartHead] = block("output1")
    rows: PlainRows = block("output2")


class MinutesAnswer(Block):
    """주식당일분봉조회 (FHKST03010200), 주식일별분봉조회 (FHKST03010230): minutes, the newest first."""

    rows: PlainRows = block("output2")


DAYS = Endpoint(
    {"real": "FHKST03010100", "demo": "FHKST03010100"}, f"{QUOTATIONS}/inquire-daily-itemchartprice", DaysAnswer
)
DAYS_AT_ONCE = 100
ADJUSTED = {True: "0", False: "1"}  # FID_ORG_ADJ_PRC
MINUTES_OF_TODAY = Endpoint(
    {"real": "FHKST03010200", "demo": "FHKST03010200"}, f"{QUOTATIONS}/inquire-time-itemchartprice", MinutesAnswer
)
MINUTES_BEFORE = Endpoint({"real": "FHKST03010230"}, f"{QUOTATIONS}/inquire-time-dailychartprice", MinutesAnswer)


class Charts(Spelling):
    """What charts tell. Whether minutes are adjusted is not known, and nothing asks for it."""

    calls = {"candles": (DAYS,)}
    bar_intervals = (Interval.MINUTE, Interval.DAY)
    bars_at_once = DAYS_AT_ONCE
    bars_are_newest = True
    minutes_by_day = True

    def bars(self, symbol: str, interval: Interval, venue: Venue, adjusted: bool, start: dt.date, end: dt.date) -> Bars:
        params = {
            "FID_COND_MRKT_DIV_CODE": MARKET_DIVISION[venue],
            "FID_INPUT_ISCD": self.code(symbol),
            "FID_INPUT_DATE_1": f"{start:%Y%m%d}",
            "FID_INPUT_DATE_2": f"{end:%Y%m%d}",
            "FID_PERIOD_DIV_CODE": "D",
            "FID_ORG_ADJ_PRC": ADJUSTED[adjusted],
        }
        answer = self.client.call(DAYS, params=params)
        return Bars(
            DAYS,
            answer.rows,
            time="stck_bsop_date",  # 주식 영업 일자
            open="stck_oprc",  # 주식 시가
            high="stck_hgpr",  # 주식 최고가
            low="stck_lwpr",  # 주식 최저가
            close="stck_clpr",  # 주식 종가
            volume="acml_vol",  # 누적 거래량
            turnover="acml_tr_pbmn",  # 누적 거래 대금, 원
            symbol=answer.head.symbol,
            # Over night the close is corrected to the regular one; those of NXT and of both are the value of 20:00.
            session=Phase.REGULAR if venue is Venue.KRX else Phase.AFTER_MARKET,
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
        params = {"FID_COND_MRKT_DIV_CODE": MARKET_DIVISION[venue], "FID_INPUT_ISCD": self.code(symbol)}
        if end.date() < clock.today():
            return self._minutes_before(params, start, end)
        return self._minutes_of_today(params, start, end)

    def minutes_since(self, venue: Venue) -> dt.date:
        day = clock.today()
        for _ in range(DAYS_KEPT if self.environment in MINUTES_BEFORE.ids else 0):
            day = previous_trading_day(day)
        return day

    def _minutes_before(self, params: dict[str, str], start: dt.datetime, end: dt.datetime) -> Iterator[Bars]:
        """Ask back from the end. An answer runs on into the day before, which proves that its own day is whole."""
        oldest = end + MINUTE
        while True:
            asked = oldest - MINUTE
            answer = self.client.call(
                MINUTES_BEFORE,
                params={
                    **params,
                    "FID_INPUT_DATE_1": f"{asked:%Y%m%d}",
                    "FID_INPUT_HOUR_1": f"{asked:%H%M%S}",
                    "FID_PW_DATA_INCU_YN": "Y",
                    "FID_FAKE_TICK_INCU_YN": "N",
                },
            )
            rows = [row for row in answer.rows if row.get("cntg_vol") != NO_ROW]
            yield _bars(MINUTES_BEFORE, rows)
            reached = self._oldest(MINUTES_BEFORE, rows)
            if reached is None or reached < start or reached >= oldest:
                return
            oldest = reached

    def _minutes_of_today(self, params: dict[str, str], start: dt.datetime, end: dt.datetime) -> Iterator[Bars]:
        """Ask back from two minutes after the last one that is over.

        The row of the minute that is asked for may be the one that is forming, whatever its label says: it is left out.
        Those between it and the present minute have no volume.
        """
        now = self.now()
        asked = (end if now is None else min(end, now)).replace(second=0, microsecond=0) + 2 * MINUTE
        oldest = None
        while True:
            answer = self.client.call(
                MINUTES_OF_TODAY,
                params={
                    **params,
                    "FID_INPUT_HOUR_1": f"{asked:%H%M%S}",
                    "FID_PW_DATA_INCU_YN": "N",
                    "FID_ETC_CLS_CODE": "",
                },
            )
            today = (f"{asked:%Y%m%d}", f"{asked:%H%M%S}")
            rows = [
                row
                for row in answer.rows
                if row.get("stck_bsop_date") == today[0]
                and row.get("stck_cntg_hour") != today[1]
                and row.get("cntg_vol") != NO_ROW
            ]
            self._check_close(rows, start, end)
            if oldest is not None:
                self._check_follows(rows, oldest)
            yield _bars(MINUTES_OF_TODAY, rows)
            reached = self._oldest(MINUTES_OF_TODAY, rows)
            if reached is None or reached < start or (oldest is not None and reached >= oldest):
                return
            oldest = reached
            asked = oldest + MINUTE

    def _check_follows(self, rows: Sequence[Any], oldest: dt.datetime) -> None:
        """Raise unless an answer goes on from the oldest minute before it, with which it has to begin."""
        if max((str(row.get("stck_cntg_hour")) for row in rows), default="") != f"{oldest:%H%M%S}":
            raise self.client.incomplete(MINUTES_OF_TODAY, f"the minutes before {oldest:%H:%M} do not follow")

    def _check_close(self, rows: Sequence[Any], start: dt.datetime, end: dt.datetime) -> None:
        """Raise where the closing auction is wanted and just now shown without its trades."""
        now = self.now()
        hours = [] if now is None else hours_of(Venue.KRX, now.date())
        phases = [phase for _, phase in hours]
        if now is None or Phase.CLOSING_AUCTION not in phases:
            return
        closing = dt.datetime.combine(now.date(), hours[phases.index(Phase.CLOSING_AUCTION) + 1][0], clock.KST)
        is_blank = any(row.get("stck_cntg_hour") == f"{closing:%H%M%S}" and row.get("cntg_vol") == "0" for row in rows)
        if is_blank and start <= closing <= end and closing + MINUTE <= now < closing + BLANK * MINUTE:
            words = (
                f"the bar of the closing auction at {closing:%H:%M} is shown without its trades for some minutes now"
            )
            raise self.client.incomplete(MINUTES_OF_TODAY, words)

    def _oldest(self, endpoint: Endpoint[MinutesAnswer], rows: Sequence[dict[str, Any]]) -> dt.datetime | None:
        """Return the oldest moment of rows."""
        texts = [f"{row.get('stck_bsop_date')}{row.get('stck_cntg_hour')}" for row in rows if row.get("stck_bsop_date")]
        try:
            return dt.datetime.strptime(min(texts), "%Y%m%d%H%M%S").replace(tzinfo=clock.KST) if texts else None
        except ValueError:
            raise self.client.wrong(endpoint, "stck_cntg_hour is no time") from None


def _bars(endpoint: Endpoint[MinutesAnswer], rows: Sequence[dict[str, Any]]) -> Bars:
    return Bars(
        endpoint,
        rows,
        time="stck_bsop_date",  # 주식 영업 일자
        clock="stck_cntg_hour",  # 주식 체결 시간: the start of the minute
        open="stck_oprc",  # 주식 시가
        high="stck_hgpr",  # 주식 최고가
        low="stck_lwpr",  # 주식 최저가
        close="stck_prpr",  # 주식 현재가
        volume="cntg_vol",  # 체결 거래량
    )
