"""Indices: bars of days, weeks, months and years, with the present value above them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_DOWN, Decimal

from brokerkit.models import Quote
from brokerkit.sandbox.days import HISTORY, YEAR
from brokerkit.sandbox.exchange import Candle
from brokerkit.sandbox.face import FaceAnswer
from brokerkit_kis.sandbox.charts import DAYS_OF
from brokerkit_kis.sandbox.fields import Api, Context, Field, codes, date_field, wrong_field
from brokerkit_kis.sandbox.history import by_period
from brokerkit_kis.sandbox.quotes import QUOTATIONS, known, sign
from brokerkit_kis.sandbox.wording import done, fixed, whole

MILLION = Decimal(1_000_000)
THOUSAND = Decimal(1_000)
ROWS = 50
INDICES: Mapping[str, tuple[str, str]] = {
    "0001": ("INDEX:KOSPI", "종합"),
    "0002": ("INDEX:KOSPI-LARGE", "대형주"),
    "0003": ("INDEX:KOSPI-MEDIUM", "중형주"),
    "0004": ("INDEX:KOSPI-SMALL", "소형주"),
    "0005": ("INDEX:KOSPI-FOOD", "음식료·담배"),
    "0006": ("INDEX:KOSPI-TEXTILES", "섬유·의류"),
    "0007": ("INDEX:KOSPI-PAPER", "종이·목재"),
    "0008": ("INDEX:KOSPI-CHEMICALS", "화학"),
    "0009": ("INDEX:KOSPI-MEDICINE", "제약"),
    "0010": ("INDEX:KOSPI-MINERALS", "비금속"),
    "0011": ("INDEX:KOSPI-METALS", "금속"),
    "0012": ("INDEX:KOSPI-MACHINERY", "기계·장비"),
    "0013": ("INDEX:KOSPI-ELECTRONICS", "전기·전자"),
    "0014": ("INDEX:KOSPI-INSTRUMENTS", "의료·정밀기기"),
    "0015": ("INDEX:KOSPI-VEHICLES", "운송장비·부품"),
    "0016": ("INDEX:KOSPI-RETAIL", "유통"),
    "0017": ("INDEX:KOSPI-UTILITIES", "전기·가스"),
    "0018": ("INDEX:KOSPI-CONSTRUCTION", "건설"),
    "0019": ("INDEX:KOSPI-TRANSPORT", "운송·창고"),
    "0020": ("INDEX:KOSPI-TELECOM", "통신"),
    "0021": ("INDEX:KOSPI-FINANCE", "금융"),
    "0024": ("INDEX:KOSPI-SECURITIES", "증권"),
    "0025": ("INDEX:KOSPI-INSURANCE", "보험"),
    "0026": ("INDEX:KOSPI-SERVICES", "일반서비스"),
    "0027": ("INDEX:KOSPI-INDUSTRY", "제조"),
    "1001": ("INDEX:KOSDAQ", "KOSDAQ"),
    "2001": ("INDEX:KOSPI200", "KOSPI200"),
    "3003": ("INDEX:KOSDAQ150", "KOSDAQ150"),
}
"""Code to the index of the exchange and the name that it has here."""


def chart(context: Context) -> FaceAnswer:
    """Answer inquire-daily-indexchartprice: at most fifty candles between two dates, the newest first."""
    code, period = context.text("FID_INPUT_ISCD"), context.text("FID_PERIOD_DIV_CODE")
    if code not in INDICES:
        # The real server was seen to answer with another index, or without rows. Nobody takes a refusal for either.
        raise wrong_field("FID_INPUT_ISCD")
    start, end = date_field(context, "FID_INPUT_DATE_1"), date_field(context, "FID_INPUT_DATE_2")
    indices, symbol = context.exchange.indices, INDICES[code][0]
    # Six years take long the first time, and few ask for them.
    days = indices.daily_candles(symbol, days=YEAR)
    if start < days[0].time.date() or period != "D":
        days = indices.daily_candles(symbol, days=HISTORY)
    rows = [_row(each) for each in reversed(by_period(days, period)) if start <= each.time.date() <= end]
    head = _head(code, indices.quote(symbol), days[-2])
    return FaceAnswer(done("MCA00000", "정상 처리", output1=head, output2=rows[:ROWS]))


def _thousands(volume: Decimal) -> str:
    return whole((volume / THOUSAND).to_integral_value(ROUND_DOWN))


def _millions(turnover: Decimal) -> str:
    return whole((turnover / MILLION).to_integral_value(ROUND_DOWN))


def _row(candle: Candle) -> dict[str, object]:
    return {
        "stck_bsop_date": f"{candle.time:%Y%m%d}",
        "bstp_nmix_prpr": fixed(candle.close, 2),
        "bstp_nmix_oprc": fixed(candle.open, 2),
        "bstp_nmix_hgpr": fixed(candle.high, 2),
        "bstp_nmix_lwpr": fixed(candle.low, 2),
        "acml_vol": _thousands(candle.volume),
        "acml_tr_pbmn": _millions(candle.turnover),
        "mod_yn": "N",
    }


def _head(code: str, quote: Quote, before: Candle) -> dict[str, object]:
    change = known(quote.change)
    return {
        "bstp_nmix_prdy_vrss": fixed(change, 2),
        "prdy_vrss_sign": sign(change),
        "bstp_nmix_prdy_ctrt": fixed(known(quote.change_percent), 2),
        "prdy_nmix": fixed(known(quote.previous_close), 2),
        "acml_vol": _thousands(known(quote.volume)),
        "acml_tr_pbmn": _millions(known(quote.turnover)),
        "hts_kor_isnm": INDICES[code][1],
        "bstp_nmix_prpr": fixed(quote.price, 2),
        "bstp_cls_code": code,
        "prdy_vol": _thousands(before.volume),
        "bstp_nmix_oprc": fixed(known(quote.open), 2),
        "bstp_nmix_hgpr": fixed(known(quote.high), 2),
        "bstp_nmix_lwpr": fixed(known(quote.low), 2),
        "futs_prdy_oprc": fixed(before.open, 2),
        "futs_prdy_hgpr": fixed(before.high, 2),
        "futs_prdy_lwpr": fixed(before.low, 2),
    }


CHART = Api(
    f"{QUOTATIONS}/inquire-daily-indexchartprice",
    (
        Field("FID_COND_MRKT_DIV_CODE", 2, codes=codes("U")),
        Field("FID_INPUT_ISCD", 12),
        Field("FID_INPUT_DATE_1", 10),
        Field("FID_INPUT_DATE_2", 10),
        Field("FID_PERIOD_DIV_CODE", 32, codes=codes(*DAYS_OF)),
    ),
    chart,
)
