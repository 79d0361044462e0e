"""Indices of the US, the shares in them, and the dollar in won: bars of days and longer, and minutes of today.

The exchange has no index of its own: each is so many times a fund that follows it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

from brokerkit.models import Quote
from brokerkit.sandbox.days import HISTORY, YEAR
from brokerkit.sandbox.exchange import Candle
from brokerkit.sandbox.face import FaceAnswer
from brokerkit.words import Venue
from brokerkit_kis.sandbox.charts import DAYS_OF
from brokerkit_kis.sandbox.fields import Api, Context, Field, codes, date_field, wrong_field
from brokerkit_kis.sandbox.history import by_period, day_of
from brokerkit_kis.sandbox.us_quotes import QUOTATIONS
from brokerkit_kis.sandbox.us_symbols import NOTHING, local
from brokerkit_kis.sandbox.wording import day_text, done, fixed, percent, time_text, whole

ROWS, MINUTE_ROWS = 100, 102
INDICES = {
    ".DJI": ("다우존스 산업지수", "US:VOO", 77),
    "COMP": ("나스닥 종합지수", "US:QQQ", 38),
    "NDX": ("나스닥 100 지수", "US:QQQ", 41),
    "SPX": ("S&P 500", "US:SPY", 10),
}
"""Code to name, fund, and what to multiply it by."""
DOLLAR = "FX@KRW"
INDEX, RATE = "N", "X"
RATES = codes(RATE, "KX")


class Series(NamedTuple):
    """What is charted."""

    name: str
    candles: Sequence[Candle]
    """Days, ascending, today's last; the one before the last is yesterday's."""
    decimals: int


def chart(context: Context) -> FaceAnswer:
    """Answer inquire-daily-chartprice: at most a hundred bars between two dates, the newest first."""
    start, end = date_field(context, "FID_INPUT_DATE_1"), date_field(context, "FID_INPUT_DATE_2")
    period = context.text("FID_PERIOD_DIV_CODE")
    # Six years take long the first time, and few ask for them.
    is_recent = period == "D" and start > context.exchange.today - dt.timedelta(days=300)
    series = _series(context, YEAR if is_recent else HISTORY)
    bars = [bar for bar in reversed(by_period(series.candles, period)) if start <= bar.time.date() <= end]
    rows = [_row(bar, series.decimals) for bar in bars[:ROWS]]
    last, before = series.candles[-1], series.candles[-2]
    head = {**_head(context, series), "prdy_vol": whole(before.volume), "acml_vol": whole(last.volume)}
    return FaceAnswer(done("MCA00000", "정상처리 되었습니다.", output1=head, output2=rows))


def _series(context: Context, days: int) -> Series:
    code, market = context.text("FID_INPUT_ISCD"), context.text("FID_COND_MRKT_DIV_CODE")
    exchange = context.exchange
    if market in RATES and code == DOLLAR:
        return Series("원/달러", list(_dollar(context, days)), 2)
    if market == INDEX and code in INDICES:
        name, fund, times = INDICES[code]
        return Series(name, [_times(bar, times) for bar in _days_of(context, fund, days)], 2)
    share = exchange.instruments.get(f"US:{code.replace('/', '.')}")
    if market == INDEX and share is not None:
        return Series(share.name, _days_of(context, share.symbol, days), 4)
    # Bonds, gold and other countries' indices are not played. What the server says to a code it lacks is not known.
    raise wrong_field("FID_INPUT_ISCD")


def _days_of(context: Context, symbol: str, days: int) -> Sequence[Candle]:
    exchange = context.exchange
    quote: Quote = exchange.quote(symbol, Venue.US)
    return [*exchange.daily_candles(symbol, days=days)[:-1], day_of(quote, exchange)]


def _times(bar: Candle, times: int) -> Candle:
    prices = (bar.open * times, bar.high * times, bar.low * times, bar.close * times)
    return Candle(bar.time, *prices, bar.volume, bar.turnover)


def _dollar(context: Context, days: int) -> Iterator[Candle]:
    """Yield the rates of days: each begins where the one before ended."""
    exchange = context.exchange
    dates = [bar.time for bar in _days_of(context, "US:SPY", days + 1)]
    rates = [exchange.bourse.won(exchange.seed, time.date()) for time in dates]
    for time, (before, rate) in zip(dates[1:], pairwise(rates), strict=True):
        yield Candle(time, before, max(before, rate), min(before, rate), rate, NOTHING, NOTHING)


def _head(context: Context, series: Series) -> dict[str, object]:
    last, before = series.candles[-1], series.candles[-2]
    change, places = last.close - before.close, series.decimals
    return {
        "ovrs_nmix_prdy_vrss": fixed(change, places),
        "prdy_vrss_sign": "3" if not change else "2" if change > 0 else "5",
        "prdy_ctrt": percent(change, before.close, 2),
        "ovrs_nmix_prdy_clpr": fixed(before.close, places),
        "hts_kor_isnm": series.name,
        "ovrs_nmix_prpr": fixed(last.close, places),
        "stck_shrn_iscd": context.text("FID_INPUT_ISCD"),
        "ovrs_prod_oprc": fixed(last.open, places),
        "ovrs_prod_hgpr": fixed(last.high, places),
        "ovrs_prod_lwpr": fixed(last.low, places),
    }


def _row(bar: Candle, places: int) -> dict[str, object]:
    return {
        "stck_bsop_date": f"{bar.time:%Y%m%d}",
        "ovrs_nmix_prpr": fixed(bar.close, places),
        "ovrs_nmix_oprc": fixed(bar.open, places),
        "ovrs_nmix_hgpr": fixed(bar.high, places),
        "ovrs_nmix_lwpr": fixed(bar.low, places),
        "acml_vol": whole(bar.volume),
        "mod_yn": "N",
    }


def minutes(context: Context) -> FaceAnswer:
    """Answer inquire-time-indexchartprice: the newest minutes of today, by the clock of New York."""
    series = _series(context, YEAR)
    bars = _minutes(context, series)
    rows = [_minute_row(bar, series.decimals) for bar in bars[::-1][:MINUTE_ROWS]]
    head = {**_head(context, series), "acml_vol": whole(series.candles[-1].volume)}
    return FaceAnswer(done("MCA00000", "정상처리 되었습니다.", output1=head, output2=rows))


def _minutes(context: Context, series: Series) -> Sequence[Candle]:
    code, exchange = context.text("FID_INPUT_ISCD"), context.exchange
    if code == DOLLAR:
        # The rate of a day does not move here: one bar of now.
        close = series.candles[-1].close
        return [replace(series.candles[-1], time=exchange.now(), open=close, high=close, low=close)]
    if code in INDICES:
        _, fund, times = INDICES[code]
        return [_times(bar, times) for bar in exchange.minute_candles(fund)]
    return exchange.minute_candles(f"US:{code.replace('/', '.')}")


def _minute_row(bar: Candle, places: int) -> dict[str, object]:
    time = local(bar.time)
    return {
        "stck_bsop_date": day_text(time.date()),
        "stck_cntg_hour": time_text(time.replace(second=0)),
        "optn_prpr": fixed(bar.close, places),
        "optn_oprc": fixed(bar.open, places),
        "optn_hgpr": fixed(bar.high, places),
        "optn_lwpr": fixed(bar.low, places),
        "cntg_vol": whole(bar.volume),
    }


US_CHART = Api(
    f"{QUOTATIONS}/inquire-daily-chartprice",
    (
        Field("FID_COND_MRKT_DIV_CODE", 2, codes=codes(INDEX, RATE, "I", "S")),
        Field("FID_INPUT_ISCD", 12),
        Field("FID_INPUT_DATE_1", 10),
        Field("FID_INPUT_DATE_2", 10),
        Field("FID_PERIOD_DIV_CODE", 32, codes=codes(*DAYS_OF)),
    ),
    chart,
)
US_MINUTES = Api(
    f"{QUOTATIONS}/inquire-time-indexchartprice",
    (
        Field("FID_COND_MRKT_DIV_CODE", 2, codes=codes(INDEX, *RATES)),
        Field("FID_INPUT_ISCD", 12),
        Field("FID_HOUR_CLS_CODE", 5),
        Field("FID_PW_DATA_INCU_YN", 2),
    ),
    minutes,
)
