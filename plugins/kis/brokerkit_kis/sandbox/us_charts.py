"""Bars of US shares: days, weeks and months, and minutes. Dates are those of New York."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import islice

from brokerkit.market import us
from brokerkit.market.sessions import Phase
from brokerkit.sandbox.days import HISTORY, YEAR
from brokerkit.sandbox.exchange import Candle, Instrument
from brokerkit.sandbox.face import FaceAnswer
from brokerkit.words import Venue
from brokerkit_kis.sandbox.fields import INTEGER, Api, Context, Field, codes, date_field, wrong_field
from brokerkit_kis.sandbox.history import by_period, day_of
from brokerkit_kis.sandbox.us_quotes import (
    ASKED_FOR,
    DECIMALS,
    DONE,
    QUOTATIONS,
    asked,
    price_text,
    quoted,
    realtime_symbol,
)
from brokerkit_kis.sandbox.us_symbols import NOTHING, PLACES, direction, korean, local, rate_text
from brokerkit_kis.sandbox.wording import day_text, done, time_text, whole

ROWS = 100
PERIODS = {"0": ("D", 1), "1": ("W", 5), "2": ("M", 23)}
"""GUBN to the period, and the most trading days that one has."""
MINUTE_ROWS = 120
MINUTE_REACH = dt.timedelta(days=31)
"""Minutes go back about a month."""
MINUTE = dt.timedelta(minutes=1)
UNIT = Decimal("0.0001")
"""In which the exchange counts the prices of minutes that are over."""


def period_prices(context: Context) -> FaceAnswer:
    """Answer dailyprice: at most a hundred days, weeks or months up to a date, the newest first."""
    found = asked(context)
    until = date_field(context, "BYMD") if context.text("BYMD") else context.exchange.today
    rows = [] if found is None else list(islice(_bars(context, found, until), ROWS))
    head = {
        "rsym": realtime_symbol(context),
        "zdiv": "" if found is None else str(DECIMALS),
        "nrec": str(len(rows)),
    }
    return FaceAnswer(done(*DONE, output1=head, output2=rows))


def _bars(context: Context, found: tuple[Instrument, Venue], until: dt.date) -> Iterator[dict[str, object]]:
    candles = candles_of(context, found, *PERIODS[context.text("GUBN")])
    pairs = list(zip([None, *candles], candles, strict=False))
    for before, candle in reversed(pairs):
        if candle.time.date() <= until:
            # Volumes are those of Nasdaq alone in truth; here they are all there is. No share here was ever split, so
            # prices with and without adjustment are the same.
            yield _bar(candle, candle.open if before is None else before.close)


def candles_of(context: Context, found: tuple[Instrument, Venue], period: str, days: int) -> Sequence[Candle]:
    """Return all candles of a period, of some days each, ascending: six years of them at most, and today's."""
    count = HISTORY if days > 1 or _is_far_back(context) else YEAR
    past = context.exchange.daily_candles(found[0].symbol, days=count)[:-1]
    return by_period([*past, day_of(quoted(context, found), context.exchange)], period)


def _is_far_back(context: Context) -> bool:
    # Six years take long the first time, and few ask for them: a hundred days back from within half a year need less.
    asked_day = context.text("BYMD")
    return bool(asked_day) and date_field(context, "BYMD") < context.exchange.today - dt.timedelta(days=180)


def _bar(candle: Candle, base: Decimal) -> dict[str, object]:
    change = candle.close - base
    close = price_text(candle.close)
    return {
        "xymd": f"{candle.time:%Y%m%d}",
        "clos": close,
        "sign": direction(change, candle.volume or Decimal(1)),
        "diff": price_text(abs(change)),
        "rate": rate_text(change * 100 / base if base else NOTHING),
        "open": price_text(candle.open),
        "high": price_text(candle.high),
        "low": price_text(candle.low),
        "tvol": whole(candle.volume),
        "tamt": whole(candle.turnover),
        # The last bid and ask of a day are not kept: its close, of nobody.
        "pbid": close,
        "vbid": "0",
        "pask": close,
        "vask": "0",
    }


def minutes(context: Context) -> FaceAnswer:
    """Answer inquire-time-itemchartprice: bars of so many minutes with a trade, the newest first.

    They are named by the local time at which they begin. KEYB leads back: bars at that time and before it.
    """
    found = asked(context)
    gap, wanted = _count(context, "NMIN", 1), min(_count(context, "NREC", MINUTE_ROWS), MINUTE_ROWS)
    bars = iter(()) if found is None else _newest_minutes(context, found, gap)
    key = context.text("KEYB")
    until = _moment(key) if key else None
    rows = list(islice((bar for bar in bars if until is None or local(bar.time) <= until), wanted + 1))
    more = len(rows) > wanted
    told = [_minute_row(bar) for bar in rows[:wanted]]
    return FaceAnswer(done(*DONE, output1=_minute_head(context, len(told), more), output2=told))


def _count(context: Context, name: str, otherwise: int) -> int:
    text = context.text(name)
    if not text:
        return otherwise
    if not INTEGER.fullmatch(text) or not int(text):
        raise wrong_field(name)
    return int(text)


def _moment(text: str) -> dt.datetime:
    """Return a moment of the key, by the clock of New York."""
    try:
        return dt.datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=us.NEW_YORK)
    except ValueError:
        raise wrong_field("KEYB") from None


def _newest_minutes(context: Context, found: tuple[Instrument, Venue], gap: int) -> Iterator[Candle]:
    """Yield bars of the regular session, the newest first; with PINC "1" those of the days before too."""
    exchange = context.exchange
    # Of the daytime market there are those of one day alone.
    venue, phase = found[1], Phase.DAYTIME if found[1] is Venue.DAYTIME else Phase.REGULAR
    today = [bar for bar in exchange.minute_candles(found[0].symbol) if bar.volume and _is_in(bar, venue, phase)]
    yield from reversed(_together(today, gap))
    if context.text("PINC") == "0" or venue is Venue.DAYTIME:
        return
    for day in reversed(context.past(found[0].symbol).days):
        if day.time.date() < exchange.today - MINUTE_REACH:
            return
        yield from reversed(_together(list(_minutes_of(context, found[0].symbol, day.time.date())), gap))


def _is_in(bar: Candle, venue: Venue, phase: Phase) -> bool:
    spans = us.sessions_of(venue, us.day_of(bar.time))
    return any(span.phase is phase and span.start <= bar.time < span.end for span in spans)


def _minutes_of(context: Context, symbol: str, day: dt.date) -> Iterator[Candle]:
    """Yield the minutes of a day that is over, of its regular session."""
    for minute in context.exchange.minutes(symbol, day, Venue.US):
        time = dt.datetime.combine(day, dt.time(minute.start // 60, minute.start % 60), us.NEW_YORK)
        opened, high, low, close = (each * UNIT for each in (minute.open, minute.high, minute.low, minute.close))
        bar = Candle(time, opened, high, low, close, Decimal(minute.volume), minute.turnover * UNIT)
        if _is_in(bar, Venue.US, Phase.REGULAR):
            yield bar


def _together(bars: Sequence[Candle], gap: int) -> list[Candle]:
    """Return minutes put together to bars of so many, counted from midnight in New York."""
    found: list[Candle] = []
    for bar in bars:
        time = local(bar.time)
        begun = bar.time - MINUTE * ((time.hour * 60 + time.minute) % gap)
        if found and found[-1].time == begun:
            last = found[-1]
            found[-1] = Candle(
                begun,
                last.open,
                max(last.high, bar.high),
                min(last.low, bar.low),
                bar.close,
                last.volume + bar.volume,
                last.turnover + bar.turnover,
            )
        else:
            found.append(Candle(begun, bar.open, bar.high, bar.low, bar.close, bar.volume, bar.turnover))
    return found


def _minute_row(bar: Candle) -> dict[str, object]:
    there, here = local(bar.time), korean(bar.time)
    return {
        "tymd": day_text(us.day_of(bar.time)),
        "xymd": day_text(there.date()),
        "xhms": time_text(there),
        "kymd": day_text(here.date()),
        "khms": time_text(here),
        "open": price_text(bar.open),
        "high": price_text(bar.high),
        "low": price_text(bar.low),
        "last": price_text(bar.close),
        "evol": whole(bar.volume),
        "eamt": whole(bar.turnover),
    }


def _minute_head(context: Context, count: int, more: bool) -> dict[str, object]:
    is_daytime = context.text("EXCD") in {place.daytime for place in PLACES.values()}
    venue, phase = (Venue.DAYTIME, Phase.DAYTIME) if is_daytime else (Venue.US, Phase.REGULAR)
    spans = us.sessions_of(venue, context.exchange.today)
    span = next(span for span in spans if span.phase is phase)
    return {
        "rsym": realtime_symbol(context),
        "zdiv": str(DECIMALS),
        "stim": time_text(local(span.start)),
        "etim": time_text(local(span.end)),
        "sktm": time_text(korean(span.start)),
        "ektm": time_text(korean(span.end)),
        "next": "1" if more else "0",
        "more": "0",
        "nrec": str(count),
    }


DAILY = Api(
    f"{QUOTATIONS}/dailyprice",
    (
        *ASKED_FOR,
        Field("GUBN", 1, codes=codes(*PERIODS)),
        Field("BYMD", 8),
        Field("MODP", 1),
        Field("KEYB", 1, required=False),
    ),
    period_prices,
)
MINUTES = Api(
    f"{QUOTATIONS}/inquire-time-itemchartprice",
    (
        *ASKED_FOR,
        Field("NMIN", 4),
        Field("PINC", 1, codes=codes("", "0", "1")),
        Field("NEXT", 1),
        Field("NREC", 4),
        Field("FILL", 1),
        Field("KEYB", 32),
    ),
    minutes,
)
