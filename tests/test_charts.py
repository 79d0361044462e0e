"""Candles out of rows: odd texts, holes, and stretches, at a broker that is made of them."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brokerkit.asking.charts import Charts, Question
from brokerkit.errors import BrokerError, IncompleteListing, InvalidRequest, WireError
from brokerkit.market.days import is_trading_day
from brokerkit.market.markets import KOREA
from brokerkit.models import Candles
from brokerkit.replies import Bars
from brokerkit.transport.together import Together
from brokerkit.words import Interval, Venue

FRIDAY = dt.date(2026, 11, 20)
MONDAY = dt.date(2026, 11, 16)
GOOD = {"day": "20261120", "o": "71400", "h": "71900", "l": "70100", "c": "70300", "v": "12345678", "t": "876543"}


class Rows:
    """A part that answers these rows."""

    broker = "rows"
    environment = "real"
    is_simulated = False
    bars_are_newest = False

    def __init__(self, rows: Sequence[Mapping[str, object]], at_once: int = 100) -> None:
        self.rows = rows
        self.bars_at_once = at_once
        self.asked: list[tuple[dt.date, dt.date]] = []

    def intervals(self, environment: str) -> tuple[Interval, ...]:
        return (Interval.DAY,)

    def bars(self, symbol: str, interval: Interval, venue: Venue, adjusted: bool, start: dt.date, end: dt.date) -> Bars:
        self.asked.append((start, end))
        first, last = f"{start:%Y%m%d}", f"{end:%Y%m%d}"
        inside = [row for row in self.rows if not _is_day(row) or first <= str(row["day"]) <= last]
        return Bars(None, inside, "day", "o", "h", "l", "c", "v", "t", turnover_unit=1_000_000)

    def wrong(self, endpoint: object, words: str) -> WireError:
        return WireError(words, broker=self.broker)


def _is_day(row: Mapping[str, object]) -> bool:
    return re.fullmatch("[0-9]{8}", str(row.get("day", ""))) is not None


def candles(part: Rows, start: dt.date | None = MONDAY, end: dt.date = FRIDAY, **more: Any) -> Candles:
    asked = {"interval": Interval.DAY, "venue": Venue.KRX, "adjusted": True, "count": None, **more}
    return Charts(part, KOREA, Together()).candles(Question("005930", start=start, end=end, **asked), None)  # type: ignore[arg-type]


ODD = st.one_of(
    st.text(max_size=12),
    st.sampled_from(["", " ", "-0", "+5", "--5", "1e3", "1,0", "1_0", "0x1", "NaN", "٣", "7.5", "7.50000", "1" * 30]),
    st.none() | st.integers() | st.booleans() | st.floats(allow_nan=True),
)


@pytest.mark.parametrize("field", sorted(GOOD))
@settings(max_examples=120, deadline=None)
@given(value=ODD)
def test_odd_texts_end_in_an_error_or_in_the_digits_that_were_sent(field: str, value: object) -> None:
    try:
        (told,) = candles(Rows([{**GOOD, field: value}]))
    except BrokerError:
        return
    assert isinstance(value, str)
    sent = {**GOOD, field: value}
    names = {"o": told.open, "h": told.high, "l": told.low, "c": told.close, "v": told.volume}
    assert all(number == Decimal(str(sent[name]).strip()) for name, number in names.items())
    assert told.turnover == Decimal(str(sent["t"]).strip()) * 1_000_000


def days(start: dt.date, end: dt.date) -> list[dt.date]:
    return [day for day in (start + dt.timedelta(n) for n in range((end - start).days + 1)) if is_trading_day(day)]


def rows_of(these: Sequence[dt.date]) -> list[dict[str, str]]:
    return [{**GOOD, "day": f"{day:%Y%m%d}", "c": str(70100 + number)} for number, day in enumerate(these)]


@settings(max_examples=40, deadline=None)
@given(
    start=st.dates(dt.date(2024, 1, 2), dt.date(2026, 11, 1)),
    length=st.integers(0, 400),
    at_once=st.sampled_from([10, 30, 100, 600]),
)
def test_any_span_is_whole_and_asked_for_in_stretches_that_fit(start: dt.date, length: int, at_once: int) -> None:
    end = min(start + dt.timedelta(days=length), FRIDAY)
    everything = days(dt.date(2024, 1, 2), FRIDAY)
    wanted = [day for day in everything if start <= day <= end]
    part = Rows(rows_of(everything), at_once)
    if not wanted:
        with pytest.raises(BrokerError):
            candles(part, start, end)
        return
    assert [each.time.date() for each in candles(part, start, end)] == wanted
    assert all(len(days(first, last)) <= at_once for first, last in part.asked)


class Newest(Rows):
    """A part whose answers hold the newest rows of a stretch."""

    bars_are_newest = True

    def bars(self, symbol: str, interval: Interval, venue: Venue, adjusted: bool, start: dt.date, end: dt.date) -> Bars:
        told = super().bars(symbol, interval, venue, adjusted, start, end)
        return replace(told, rows=told.rows[-self.bars_at_once :])


@pytest.mark.parametrize("kind", [Rows, Newest])
@pytest.mark.parametrize("count", [1, 99, 100, 101, 250, 700])
def test_the_newest_are_as_many_as_were_asked_for(count: int, kind: type[Rows]) -> None:
    everything = days(dt.date(2024, 1, 2), FRIDAY)
    part = kind(rows_of(everything))
    told = candles(part, None, count=count)
    assert [each.time.date() for each in told] == everything[-count:]
    if kind is Newest and count <= 100:
        assert len(part.asked) == 1


@pytest.mark.parametrize("venue", [Venue.KRX, Venue.SOR])
def test_a_hole_between_two_stretches_is_found(venue: Venue) -> None:
    everything = days(dt.date(2025, 1, 2), FRIDAY)
    lacking = [day for day in everything if not dt.date(2026, 3, 1) <= day <= dt.date(2026, 8, 1)]
    with pytest.raises(IncompleteListing, match="2026-03-03"):
        candles(Rows(rows_of(lacking)), dt.date(2025, 1, 2), venue=venue)


def test_prices_with_decimals_are_exact_over_all_rows() -> None:
    closes = ["7", "7.5", "7.25", "7", "7.1"]
    rows = [{**row, "c": text} for row, text in zip(rows_of(days(MONDAY, FRIDAY)), closes, strict=True)]
    assert [each.close for each in candles(Rows(rows))] == [Decimal(text) for text in closes]
    assert [each.high for each in candles(Rows(rows))] == [Decimal(71900)] * 5


def test_a_period_that_the_end_cuts_is_whole() -> None:
    everything = days(dt.date(2025, 1, 2), FRIDAY)
    part = Rows(rows_of(everything))
    whole = candles(part, dt.date(2026, 5, 1), dt.date(2026, 5, 29), interval=Interval.MONTH)
    assert list(candles(part, dt.date(2026, 5, 4), dt.date(2026, 5, 15), interval=Interval.MONTH)) == list(whole)
    assert [each.final for each in whole] == [True]


def test_nothing_is_asked_behind_the_beginning() -> None:
    part = Rows(rows_of(days(dt.date(2025, 1, 2), FRIDAY)))
    told = candles(part, dt.date(1, 1, 1))
    assert told[0].time.date() == dt.date(2025, 1, 2)
    assert len(part.asked) <= 24
    assert len(candles(part, None, count=10_000)) == len(told)


def test_a_span_without_a_trading_day_is_not_asked_for() -> None:
    part = Rows(rows_of(days(dt.date(2025, 1, 2), FRIDAY)))
    with pytest.raises(InvalidRequest, match="no trading day"):
        candles(part, dt.date(2026, 11, 14), dt.date(2026, 11, 15))
    assert part.asked == []


def test_an_amount_that_no_column_holds_is_a_wire_error() -> None:
    part = Rows([{**GOOD, "t": "9" * 15}])  # millions
    with pytest.raises(WireError, match="more was traded"):
        candles(part)
