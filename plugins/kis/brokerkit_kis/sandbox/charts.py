"""Quotations over time: days, weeks, months and years."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from brokerkit.models import Quote
from brokerkit.sandbox.days import HISTORY
from brokerkit.sandbox.exchange import Candle, Instrument
from brokerkit.sandbox.face import FaceAnswer
from brokerkit_kis.sandbox.depth import best_prices
from brokerkit_kis.sandbox.fields import Api, Context, Field, codes, date_field
from brokerkit_kis.sandbox.history import by_period, day_of
from brokerkit_kis.sandbox.quotes import QUOTATIONS, SYMBOL_FIELDS, find, known, sign, valuation
from brokerkit_kis.sandbox.wording import done, fixed, percent, whole

DAILY_ROWS = 30
CHART_ROWS = 100
DAYS_OF = {"D": 1, "W": 5, "M": 23, "Y": 262}
"""The most trading days that a period has."""


def daily_prices(context: Context) -> FaceAnswer:
    """Answer inquire-daily-price: thirty days, weeks or months, the newest first."""
    instrument, quote = find(context)
    last = context.exchange.investor_flow(instrument.symbol, days=DAILY_ROWS)
    flows = {day.date: day.foreign.net_quantity for day in last}
    by_day = context.text("FID_PERIOD_DIV_CODE") == "D"
    rows: list[dict[str, object]] = []
    for candle, before in _newest_first(context, instrument, quote, DAILY_ROWS):
        # What foreigners bought in a week or month is not asked for often: the exchange tells days.
        foreign = known(flows.get(candle.time.date())) if by_day else Decimal(0)
        rows.append({**_daily_row(candle, before), "frgn_ntby_qty": whole(foreign)})
    return FaceAnswer(done("MCA00000", "정상 처리", output=rows))


def _newest_first(
    context: Context, instrument: Instrument, quote: Quote, count: int
) -> Iterator[tuple[Candle, Candle | None]]:
    """Yield the newest candles of the period asked for, each with the one before it."""
    period = context.text("FID_PERIOD_DIV_CODE")
    days = DAYS_OF[period] * (count + 1)
    past = context.exchange.daily_candles(instrument.symbol, days=days)[:-1]
    candles = by_period([*past, day_of(quote, context.exchange)], period)
    pairs = list(zip([None, *candles], candles, strict=False))[-count:]
    for before, candle in reversed(pairs):
        yield candle, before


def _daily_row(candle: Candle, before: Candle | None) -> dict[str, object]:
    close = candle.close if before is None else before.close
    volume = Decimal(0) if before is None else before.volume
    return {
        **_prices(candle, close),
        # Here it is how much more than the day before, in inquire-price the part of it.
        "prdy_vrss_vol_rate": percent(candle.volume - volume, volume, 2),
        "prdy_ctrt": percent(candle.close - close, close, 2),
        "hts_frgn_ehrt": "0.00",
        "flng_cls_code": "00",
        "acml_prtt_rate": "0.00",
    }


def _prices(candle: Candle, previous_close: Decimal) -> dict[str, object]:
    change = candle.close - previous_close
    return {
        "stck_bsop_date": f"{candle.time:%Y%m%d}",
        "stck_oprc": whole(candle.open),
        "stck_hgpr": whole(candle.high),
        "stck_lwpr": whole(candle.low),
        "stck_clpr": whole(candle.close),
        "acml_vol": whole(candle.volume),
        "prdy_vrss": whole(change),
        "prdy_vrss_sign": sign(change),
    }


def period_chart(context: Context) -> FaceAnswer:
    """Answer inquire-daily-itemchartprice: at most a hundred candles between two dates, the newest first."""
    instrument, quote = find(context)
    start, end = date_field(context, "FID_INPUT_DATE_1"), date_field(context, "FID_INPUT_DATE_2")
    rows: list[dict[str, object]] = []
    for candle, before in _newest_first(context, instrument, quote, HISTORY):
        if start <= candle.time.date() <= end and len(rows) < CHART_ROWS:
            rows.append(_chart_row(candle, before))
    return FaceAnswer(done("MCA00000", "정상 처리", output1=_chart_head(context, instrument, quote), output2=rows))


def _chart_row(candle: Candle, before: Candle | None) -> dict[str, object]:
    # No share here was ever split, so prices with and without adjustment are the same.
    return {
        **_prices(candle, candle.close if before is None else before.close),
        "acml_tr_pbmn": whole(candle.turnover),
        "flng_cls_code": "00",
        "prtt_rate": "0.00",
        "mod_yn": "N",
        "revl_issu_reas": "",
    }


def _chart_head(context: Context, instrument: Instrument, quote: Quote) -> dict[str, object]:
    last = context.past(instrument.symbol).last
    worth = valuation(instrument, quote)
    same = ("vol_tnrt", "stck_fcam", "lstn_stcn", "cpfn", "hts_avls", "per", "eps", "pbr")
    return {
        **head(instrument, quote),
        "stck_shrn_iscd": instrument.symbol,
        "prdy_vol": whole(last.volume),
        "stck_mxpr": whole(known(quote.upper_limit)),
        "stck_llam": whole(known(quote.lower_limit)),
        "stck_oprc": whole(known(quote.open)),
        "stck_hgpr": whole(known(quote.high)),
        "stck_lwpr": whole(known(quote.low)),
        **_yesterday(last),
        **best_prices(context, instrument),
        "prdy_vrss_vol": whole(known(quote.volume) - last.volume),
        **{name: worth[name] for name in same},
        "itewhol_loan_rmnd_ratem": "0.00",
    }


def _yesterday(last: Candle) -> dict[str, object]:
    return {
        "stck_prdy_oprc": whole(last.open),
        "stck_prdy_hgpr": whole(last.high),
        "stck_prdy_lwpr": whole(last.low),
    }


def head(instrument: Instrument, quote: Quote) -> dict[str, object]:
    """Return the block that stands above rows of minutes too."""
    return {
        "prdy_vrss": whole(known(quote.change)),
        "prdy_vrss_sign": sign(known(quote.change), quote),
        "prdy_ctrt": fixed(known(quote.change_percent), 2),
        "stck_prdy_clpr": whole(instrument.previous_close),
        "acml_vol": whole(known(quote.volume)),
        "acml_tr_pbmn": whole(known(quote.turnover)),
        "hts_kor_isnm": instrument.name,
        "stck_prpr": whole(quote.price),
    }


# Any value counts as adjusted or not: clients send it with zeros in front too.
ADJUSTED = Field("FID_ORG_ADJ_PRC", 10)
DAILY_PRICES = Api(
    f"{QUOTATIONS}/inquire-daily-price",
    (*SYMBOL_FIELDS, Field("FID_PERIOD_DIV_CODE", 32, codes=codes("D", "W", "M")), ADJUSTED),
    daily_prices,
)
PERIOD_CHART = Api(
    f"{QUOTATIONS}/inquire-daily-itemchartprice",
    (
        *SYMBOL_FIELDS,
        Field("FID_INPUT_DATE_1", 10),
        Field("FID_INPUT_DATE_2", 10),
        Field("FID_PERIOD_DIV_CODE", 32, codes=codes("D", "W", "M", "Y")),
        ADJUSTED,
    ),
    period_chart,
)
