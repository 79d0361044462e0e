"""Quotations by the minute: those of today, and those of a year of days before."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import accumulate, islice

from brokerkit.sandbox.exchange import Candle, Minute
from brokerkit.sandbox.face import FaceAnswer
from brokerkit_kis.sandbox.charts import head
from brokerkit_kis.sandbox.depth import time_field
from brokerkit_kis.sandbox.fields import Api, Context, Field, date_field, wrong_field
from brokerkit_kis.sandbox.quotes import QUOTATIONS, SYMBOL_FIELDS, VENUE, find
from brokerkit_kis.sandbox.wording import done, whole

ROWS_TODAY = 30
ROWS_BEFORE = 120
DAYS_BEFORE = 250
"""With today these are the 251 trading days of which there are minutes."""
CLOSING = dt.time(15, 30)
BLANK = (dt.time(15, 31), dt.time(15, 37))
"""When the bar of the closing auction was seen without its trades. When it comes back was not recorded."""
MINUTE = dt.timedelta(minutes=1)


def minutes_of_today(context: Context) -> FaceAnswer:
    """Answer inquire-time-itemchartprice: thirty minutes up to a time of the day, the newest first.

    Asked for the present minute or a later one, it tells the bar that is forming under the time that was asked for, and
    between both minutes that have not been yet, without volume.
    """
    instrument, quote = find(context)
    now = context.exchange.now().replace(second=0, microsecond=0)
    asked = time_field(context, "FID_INPUT_HOUR_1")
    until = now if asked is None else dt.datetime.combine(now.date(), asked, now.tzinfo).replace(second=0)
    bars = [_as_shown(candle, now) for candle in context.exchange.minute_candles(instrument.symbol)]
    listed = _with_turnover(bars)
    if until < now:
        # Asked for a time before the first bar, the server was seen to repeat that bar.
        rows = [row for row in listed if row[0].time <= until] or listed[:1]
    else:
        rows = [*(row for row in listed if row[0].time < now), *_not_yet(listed, now, until)]
    return FaceAnswer(
        done(
            "MCA00000",
            "정상 처리",
            output1=head(instrument, quote),
            output2=[_row(candle, turnover) for candle, turnover in reversed(rows[-ROWS_TODAY:])],
        )
    )


def _as_shown(candle: Candle, now: dt.datetime) -> Candle:
    is_blank = candle.time.time() == CLOSING and BLANK[0] <= now.time() < BLANK[1]
    return replace(candle, volume=Decimal(0), turnover=Decimal(0)) if is_blank else candle


def _with_turnover(bars: Sequence[Candle]) -> list[tuple[Candle, Decimal]]:
    """Return minutes with the turnover of the day up to each."""
    return list(zip(bars, accumulate(bar.turnover for bar in bars), strict=True))


def _not_yet(
    listed: Sequence[tuple[Candle, Decimal]], now: dt.datetime, until: dt.datetime
) -> Iterator[tuple[Candle, Decimal]]:
    """Yield the minutes from the present one on: placeholders, and under the time asked for the one that is forming."""
    if not listed:
        return
    last, turnover = listed[-1]
    flat = Candle(now, *(last.close,) * 4, Decimal(0), Decimal(0))
    for number in range(max(0, int((until - now) / MINUTE) - ROWS_TODAY), int((until - now) / MINUTE)):
        yield replace(flat, time=now + number * MINUTE), turnover
    # Before the first trade of its minute it is a copy of the bar before, with its volume.
    forming = last if last.volume or len(listed) == 1 else listed[-2][0]
    yield replace(forming, time=until), turnover


def minutes_before(context: Context) -> FaceAnswer:
    """Answer inquire-time-dailychartprice: 120 minutes with a trade from a time of a day back, over days if need be."""
    instrument, quote = find(context)
    date, time = date_field(context, "FID_INPUT_DATE_1"), time_field(context, "FID_INPUT_HOUR_1")
    if time is None:  # what a blank hour means is not told
        raise wrong_field("FID_INPUT_HOUR_1")
    rows = islice(_back(context, instrument.symbol, date, time.hour * 60 + time.minute), ROWS_BEFORE)
    return FaceAnswer(done("MCA00000", "정상처리 되었습니다.", output1=head(instrument, quote), output2=list(rows)))


def _back(context: Context, symbol: str, date: dt.date, until: int) -> Iterator[dict[str, object]]:
    """Yield rows, the newest first. Whether it tells the minutes of today too is not known: it does not here."""
    venue = VENUE[context.text("FID_COND_MRKT_DIV_CODE")]
    for day in reversed(context.exchange.flow_days(symbol)[-DAYS_BEFORE:]):
        if day > date:
            continue
        bars = context.exchange.minutes(symbol, day, venue)
        turnover = list(accumulate(bar.turnover for bar in bars))
        for bar, total in zip(reversed(bars), reversed(turnover), strict=True):
            if day < date or bar.start <= until:
                yield _past_row(day, bar, total)


def _row(candle: Candle, turnover: Decimal) -> dict[str, object]:
    return {
        "stck_bsop_date": f"{candle.time:%Y%m%d}",
        "stck_cntg_hour": f"{candle.time:%H%M%S}",
        "stck_prpr": whole(candle.close),
        "stck_oprc": whole(candle.open),
        "stck_hgpr": whole(candle.high),
        "stck_lwpr": whole(candle.low),
        "cntg_vol": whole(candle.volume),
        "acml_tr_pbmn": whole(turnover),
    }


def _past_row(day: dt.date, bar: Minute, turnover: int) -> dict[str, object]:
    return {
        "stck_bsop_date": f"{day:%Y%m%d}",
        "stck_cntg_hour": f"{bar.start // 60:02}{bar.start % 60:02}00",
        "stck_prpr": str(bar.close),
        "stck_oprc": str(bar.open),
        "stck_hgpr": str(bar.high),
        "stck_lwpr": str(bar.low),
        "cntg_vol": str(bar.volume),
        "acml_tr_pbmn": str(turnover),
    }


MINUTES_OF_TODAY = Api(
    f"{QUOTATIONS}/inquire-time-itemchartprice",
    (
        *SYMBOL_FIELDS,
        Field("FID_INPUT_HOUR_1", 10),
        Field("FID_PW_DATA_INCU_YN", 2),
        Field("FID_ETC_CLS_CODE", 2),
    ),
    minutes_of_today,
)
MINUTES_BEFORE = Api(
    f"{QUOTATIONS}/inquire-time-dailychartprice",
    (
        *SYMBOL_FIELDS,
        Field("FID_INPUT_DATE_1", 10),
        Field("FID_INPUT_HOUR_1", 10),
        Field("FID_PW_DATA_INCU_YN", 2),
        Field("FID_FAKE_TICK_INCU_YN", 2),
    ),
    minutes_before,
)
