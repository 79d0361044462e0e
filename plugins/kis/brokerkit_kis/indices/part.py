"""Korean indices at KIS: which call asks what, and with which words."""

from __future__ import annotations

import datetime as dt

from brokerkit import clock
from brokerkit.models import Candle, Quote
from brokerkit.part import Part
from brokerkit.replies import Bars
from brokerkit.words import Interval, Venue
from brokerkit_kis.client import KisClient
from brokerkit_kis.indices import quotes


class Indices(Part[KisClient]):
    """Korean indices at KIS. A call tells days and the present value, and which index it is about."""

    market = "INDEX"
    not_told = {Quote: frozenset({"time"})}
    rounds = {model: {"volume": quotes.THOUSAND, "turnover": quotes.MILLION} for model in (Quote, Candle)}
    calls = dict.fromkeys(("quote", "quotes", "candles"), (quotes.CHART,))
    quote_venues = (Venue.KRX,)
    bar_intervals = (Interval.DAY,)
    bars_at_once = quotes.CHART_ROWS

    def quote(self, symbol: str, venue: Venue) -> quotes.Value:
        # Whether the value is told above a span without a trading day is not known.
        return self._chart(symbol, clock.today() - quotes.TWO_WEEKS, clock.today()).value

    def bars(self, symbol: str, interval: Interval, venue: Venue, adjusted: bool, start: dt.date, end: dt.date) -> Bars:
        answer = self._chart(symbol, start, end)
        return Bars(
            quotes.CHART,
            answer.rows,
            time="stck_bsop_date",  # 주식 영업 일자
            open="bstp_nmix_oprc",  # 업종 지수 시가
            high="bstp_nmix_hgpr",  # 업종 지수 최고가
            low="bstp_nmix_lwpr",  # 업종 지수 최저가
            close="bstp_nmix_prpr",  # 업종 지수 현재가
            volume="acml_vol",  # 누적 거래량, 천주
            volume_unit=1_000,
            turnover="acml_tr_pbmn",  # 누적 거래 대금, 백만원
            turnover_unit=1_000_000,
            symbol=answer.value.symbol,
        )

    def _chart(self, symbol: str, start: dt.date, end: dt.date) -> quotes.ChartAnswer:
        params = {
            "FID_COND_MRKT_DIV_CODE": quotes.INDEX,
            "FID_INPUT_ISCD": quotes.CODE[symbol],
            "FID_INPUT_DATE_1": f"{start:%Y%m%d}",
            "FID_INPUT_DATE_2": f"{end:%Y%m%d}",
            "FID_PERIOD_DIV_CODE": quotes.DAYS,
        }
        return self.client.call(quotes.CHART, params=params)
