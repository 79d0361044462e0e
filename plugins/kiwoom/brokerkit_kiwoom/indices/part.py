"""Korean indices at Kiwoom: which call asks what, and with which words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from brokerkit import clock
from brokerkit.errors import UnknownSymbol
from brokerkit.models import Candle, Quote
from brokerkit.part import Part
from brokerkit.replies import Bars
from brokerkit.transport import Endpoint
from brokerkit.words import Interval, Venue
from brokerkit_kiwoom.client import KiwoomClient
from brokerkit_kiwoom.indices import quotes


class Indices(Part[KiwoomClient]):
    """Korean indices at Kiwoom."""

    market = "INDEX"
    not_told = {Quote: frozenset({"time"})}
    rounds = {model: {"volume": quotes.THOUSAND, "turnover": quotes.MILLION} for model in (Quote, Candle)}
    calls = {**dict.fromkeys(("quote", "quotes"), (quotes.PRICE,)), "candles": (quotes.CHART,)}
    quote_venues = (Venue.KRX,)
    bar_intervals = (Interval.MINUTE, Interval.DAY)
    bars_at_once = quotes.CHART_ROWS

    def quote(self, symbol: str, venue: Venue) -> quotes.Points:
        code, market = quotes.CODE[symbol], quotes.MARKET.get(symbol)
        if market is None:
            return self._newest(symbol)
        return self.client.call(quotes.PRICE, body={"mrkt_tp": market, "inds_cd": code})

    def _newest(self, symbol: str) -> quotes.Day:
        """Return the newest day of the chart, which says what it is about and asks for no market."""
        answer = next(self._charts(symbol, clock.today()))
        if len(answer.rows) < 2:
            raise UnknownSymbol(f"{self.broker} has no value of {symbol}.", broker=self.broker)
        newest, before = answer.rows[:2]
        return self.client.read_fields(
            quotes.CHART, quotes.Day, {**newest, "before": before.get("cur_prc")}, quotes.ROWS
        )

    def _charts(self, symbol: str, end: dt.date) -> Iterator[quotes.ChartAnswer]:
        body = {"inds_cd": quotes.CODE[symbol], "base_dt": f"{end:%Y%m%d}"}
        for page in self.client.pages(quotes.CHART, body=body):
            self._check_code(symbol, quotes.CHART, page.code)
            yield page

    def _check_code(self, symbol: str, endpoint: Endpoint[Any], told: str) -> None:
        if told.partition("_")[0] != quotes.CODE[symbol]:
            raise self.wrong(endpoint, f"the answer is about {told!r}, not {symbol}")

    def minutes(
        self,
        symbol: str,
        interval: Interval,
        venue: Venue,
        adjusted: bool | None,
        start: dt.datetime,
        end: dt.datetime,
    ) -> Iterator[Bars]:
        body = {"inds_cd": quotes.CODE[symbol], "tic_scope": quotes.ONE, "base_dt": f"{end:%Y%m%d}"}
        for page in self.client.pages(quotes.MINUTES, body=body):
            self._check_code(symbol, quotes.MINUTES, page.code)
            times = [str(row.get("cntr_tm") or "").strip() for row in page.rows]
            yield Bars(
                quotes.MINUTES,
                [row for row, time in zip(page.rows, times, strict=True) if not time.endswith(quotes.NO_MINUTES)],
                time="cntr_tm",  # 체결시간: the start of the minute
                open="open_pric",  # 시가
                high="high_pric",  # 고가
                low="low_pric",  # 저가
                close="cur_prc",  # 현재가
                signed=True,
                implied=2,
                volume="trde_qty",  # 거래량, 천주
                volume_unit=1_000,
            )
            if any(time < f"{start:%Y%m%d%H%M%S}" for time in times if time):
                return

    def minutes_since(self, venue: Venue) -> dt.date:
        return clock.today() - quotes.A_YEAR

    def bars(self, symbol: str, interval: Interval, venue: Venue, adjusted: bool, start: dt.date, end: dt.date) -> Bars:
        rows: list[dict[str, Any]] = []
        for page in self._charts(symbol, end):
            rows += page.rows
            days = [str(row.get("dt") or "").strip() for row in page.rows]
            if any(day <= f"{start:%Y%m%d}" for day in days if day):
                break
        return Bars(
            quotes.CHART,
            rows,
            time="dt",  # 일자
            open="open_pric",  # 시가
            high="high_pric",  # 고가
            low="low_pric",  # 저가
            close="cur_prc",  # 현재가
            implied=2,
            volume="trde_qty",  # 거래량, 천주
            volume_unit=1_000,
            turnover="trde_prica",  # 거래대금, 백만원
            turnover_unit=1_000_000,
        )
