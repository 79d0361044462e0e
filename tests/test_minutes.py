"""Candles of minutes out of rows: holes, borders and odd answers, at a broker that is made of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brokerkit import clock
from brokerkit.asking.minutes import Minutes, Span
from brokerkit.errors import BrokerError, IncompleteListing, InvalidRequest, Unsupported, WireError
from brokerkit.market.days import is_trading_day
from brokerkit.market.markets import KOREA
from brokerkit.market.minutes import regular_minutes, session_of_minute
from brokerkit.market.sessions import Phase
from brokerkit.models import Candles
from brokerkit.replies import Bars
from brokerkit.testing.inside import made
from brokerkit.transport.together import Together
from brokerkit.words import Interval, Venue

NOW = dt.datetime(2026, 11, 20, 10, 0, 30, tzinfo=clock.KST)
THURSDAY = dt.date(2026, 11, 12)
SINCE = dt.date(2025, 11, 20)
Row = dict[str, str]


@pytest.fixture(autouse=True)
def stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)


def at(day: dt.date, time: str) -> dt.datetime:
    return dt.datetime.combine(day, dt.time.fromisoformat(time), clock.KST)


def row(moment: dt.datetime, close: str = "100", volume: str = "5", **more: str) -> Row:
    return {"t": f"{moment:%Y%m%d%H%M%S}", "o": close, "h": close, "l": close, "c": close, "v": volume, **more}


def rows_of(day: dt.date, *times: str) -> list[Row]:
    return [row(at(day, time)) for time in times]


class Part:
    """A part that answers these pages, or at once what lies before the end that is asked for."""

    broker = "rows"
    environment = "real"
    is_simulated = False
    adjusts: Sequence[Interval] = (Interval.DAY,)
    bars_at_once = 100
    minutes_by_day = False
    minutes_are_extended = False

    def __init__(self, rows: Sequence[Row] = (), *, size: int = 50, by_day: bool = False) -> None:
        self.rows = sorted(rows, key=lambda each: each["t"], reverse=True)
        self.size = size
        self.minutes_by_day = by_day
        self.asked: list[tuple[dt.datetime, dt.datetime]] = []
        self.days: list[Row] = []
        self.pages: list[list[Row]] | None = None

    def intervals(self, environment: str) -> Sequence[Interval]:
        return Interval.TICK, Interval.MINUTE, Interval.DAY

    def now(self) -> dt.datetime:
        return NOW

    def minutes_since(self, venue: Venue) -> dt.date:
        return SINCE

    def minutes(
        self,
        symbol: str,
        interval: Interval,
        venue: Venue,
        adjusted: bool | None,
        start: dt.datetime,
        end: dt.datetime,
    ) -> Iterator[Bars]:
        self.asked.append((start, end))
        last = f"{end:%Y%m%d%H%M%S}" if self.minutes_by_day else f"{end:%Y%m%d}235959"
        found = [each for each in self.rows if each["t"] <= last]
        pages = self.pages or [found[at : at + self.size] for at in range(0, len(found), self.size)]
        for page in pages:
            yield Bars(None, page, "t", "o", "h", "l", "c", "v", signed=True)
            if page and page[-1]["t"] < f"{start:%Y%m%d%H%M%S}":
                return

    def bars(self, *asked: Any) -> Bars:
        return Bars(None, self.days, "day", "o", "h", "l", "c", "v")

    def wrong(self, endpoint: object, words: str) -> WireError:
        return WireError(words, broker=self.broker)


def candles(part: Part, start: object = None, end: object = None, **more: Any) -> Candles:
    whole = {"interval": Interval.MINUTE, "venue": Venue.KRX, "adjusted": None, "count": None, **more}
    first = (
        start if start is None or isinstance(start, dt.datetime) else dt.datetime.combine(start, dt.time.min, clock.KST)
    )  # type: ignore[arg-type]
    last = (
        end if isinstance(end, dt.datetime) else dt.datetime.combine(end or NOW.date(), dt.time(23, 59, 59), clock.KST)
    )  # type: ignore[arg-type]
    return Minutes(part, KOREA, Together()).candles(Span("005930", start=first, end=last, **whole), None)  # type: ignore[arg-type]


def times(told: Candles) -> list[str]:
    return [f"{each.time:%m-%d %H:%M}" for each in told]


FULL = [f"{minute // 60:02}:{minute % 60:02}" for minute in [*range(540, 920), 930]]


def test_regular_trading_with_a_late_close_is_kept_and_the_evening_is_not() -> None:
    part = Part([*rows_of(THURSDAY, "08:59", "09:00", "15:19", "15:30", "15:35", "15:40", "16:00", "19:59")])
    told = candles(part, THURSDAY, THURSDAY)
    assert times(told) == ["11-12 09:00", "11-12 15:19", "11-12 15:30", "11-12 15:35"]
    assert {each.session for each in told} == {Phase.REGULAR}
    assert all(each.final for each in told)


def test_other_venues_keep_their_own_hours_and_say_whose_price_it_is() -> None:
    part = Part(rows_of(THURSDAY, "08:00", "09:00", "15:30", "15:45", "16:30", "20:00"))
    nxt = candles(part, THURSDAY, THURSDAY, venue=Venue.NXT)
    assert [each.session for each in nxt] == [
        *(Phase.PRE_MARKET, Phase.REGULAR, Phase.AFTER_MARKET, Phase.AFTER_MARKET, Phase.AFTER_MARKET),
        None,
    ]
    both = candles(part, THURSDAY, THURSDAY, venue=Venue.SOR)
    assert [each.session for each in both] == [*(Phase.PRE_MARKET, Phase.REGULAR, None, None, Phase.AFTER_MARKET, None)]


def test_days_of_other_hours_have_their_own_regular_trading() -> None:
    examination, first = dt.date(2026, 11, 19), dt.date(2026, 1, 2)
    assert regular_minutes(Venue.KRX, examination) == range(600, 1000)
    assert regular_minutes(Venue.KRX, first) == range(600, 940)
    assert session_of_minute(Venue.KRX, examination, 985, False) is Phase.REGULAR
    assert regular_minutes(Venue.KRX, dt.date(2031, 3, 3)) == range(540, 940)


def test_minutes_without_a_trade_are_left_out_and_signs_are_no_part_of_a_price() -> None:
    quiet = row(at(THURSDAY, "09:01"), volume="0")
    falling = row(at(THURSDAY, "09:02"), close="-95")
    told = candles(Part([*rows_of(THURSDAY, "09:00"), quiet, falling]), THURSDAY, THURSDAY)
    assert [(each.close, each.volume) for each in told] == [(100, 5), (95, 5)]


@settings(max_examples=60, deadline=None)
@given(
    traded=st.sets(st.sampled_from(FULL), min_size=1),
    length=st.sampled_from([Interval.MINUTES_3, Interval.MINUTES_5, Interval.MINUTES_15, Interval.HOUR]),
    by_day=st.booleans(),
    size=st.integers(1, 200),
)
def test_longer_ones_are_made_of_single_minutes(traded: set[str], length: Interval, by_day: bool, size: int) -> None:
    before = THURSDAY - dt.timedelta(days=1)
    rows = [row(at(THURSDAY, time), close=str(100 + number)) for number, time in enumerate(sorted(traded))]
    part = Part([*rows_of(before, "09:00"), *rows], size=size, by_day=by_day)
    told = candles(part, THURSDAY, THURSDAY, interval=length)
    minutes = candles(part, THURSDAY, THURSDAY)
    assert [f"{each.time:%H:%M}" for each in minutes] == sorted(traded)
    assert sum(each.volume for each in told) == 5 * len(traded)
    assert (told[0].open, told[-1].close) == (minutes[0].open, minutes[-1].close)
    step = int(length.value[:-1])
    assert all((each.time.hour * 60 + each.time.minute) % step == 0 for each in told)
    assert len({each.time for each in told}) == len(told)


@pytest.mark.parametrize("by_day", [True, False])
def test_the_newest_are_as_many_as_were_asked_for_over_quiet_days(by_day: bool) -> None:
    days = [day for day in (THURSDAY - dt.timedelta(days=number) for number in range(60)) if is_trading_day(day)]
    part = Part([each for day in days for each in rows_of(day, "09:00", "11:00", "15:30")], by_day=by_day)
    told = candles(part, end=THURSDAY, count=50)
    assert len(told) == 50
    assert times(told)[-3:] == ["11-12 09:00", "11-12 11:00", "11-12 15:30"]
    assert len(candles(part, end=THURSDAY, count=20, interval=Interval.HOUR)) == 20


def test_more_than_there_are_is_unsupported_and_says_how_many() -> None:
    with pytest.raises(Unsupported, match="3 candles of 1m"):
        candles(Part(rows_of(THURSDAY, "09:00", "09:01", "09:02")), end=THURSDAY, count=4)


def test_what_is_no_longer_kept_is_not_asked_for() -> None:
    part = Part(rows_of(THURSDAY, "09:00"))
    with pytest.raises(Unsupported, match="2025-11-20"):
        candles(part, SINCE - dt.timedelta(days=1))
    assert part.asked == []


def test_a_day_in_the_middle_that_is_not_surely_whole_is_a_hole() -> None:
    days = [dt.date(2026, 11, day) for day in (10, 11, 12)]
    part = Part([each for day in days for each in rows_of(day, "09:00", "15:30")], by_day=True)
    assert len(candles(part, days[0], days[-1])) == 6

    class Forgetful(Part):
        def minutes(self, *asked: Any) -> Iterator[Bars]:
            if asked[-1].date() != days[1]:
                yield from super().minutes(*asked)

    with pytest.raises(IncompleteListing, match="2026-11-11"):
        candles(Forgetful(part.rows, by_day=True), days[0], days[-1])


@pytest.mark.parametrize("by_day", [True, False])
def test_what_begins_later_than_asked_for_was_not_listed_before_or_is_an_error(by_day: bool) -> None:
    part = Part(rows_of(THURSDAY, "09:00", "15:30"), by_day=by_day)
    start = THURSDAY - dt.timedelta(days=3)
    assert len(candles(part, start, THURSDAY)) == 2
    part.days = [{"day": "20261110", "o": "1", "h": "1", "l": "1", "c": "1", "v": "7"}]
    with pytest.raises(IncompleteListing, match="2026-11-12"):
        candles(part, start, THURSDAY)


def test_a_span_in_which_nobody_traded_is_empty_where_that_is_proven() -> None:
    part = Part([*rows_of(dt.date(2026, 11, 11), "15:30"), *rows_of(THURSDAY, "09:00", "15:30")])
    assert len(candles(part, at(THURSDAY, "10:00"), at(THURSDAY, "11:00"))) == 0
    with pytest.raises(InvalidRequest, match="not listed"):
        candles(Part(), THURSDAY, THURSDAY)
    with pytest.raises(InvalidRequest, match="no trading day"):
        candles(part, dt.date(2026, 11, 14), dt.date(2026, 11, 15))


GOOD = rows_of(THURSDAY, "09:01")[0]


@pytest.mark.parametrize(
    ("pages", "words"),
    [
        ([[GOOD], [], rows_of(THURSDAY, "09:00")], "without rows"),
        ([[GOOD, GOOD]], "twice"),
        ([[GOOD], [{**GOOD, "c": "90", "l": "90"}]], "other figures"),
        ([[dict.fromkeys(GOOD, "")]], "without t"),
        ([[{**GOOD, "o": "0", "h": "0", "l": "0", "c": "0"}]], "no bar has a price"),
        ([[GOOD, {**GOOD, "t": "20261112090000", "l": "0"}]], "no bar can have"),
        ([[{**GOOD, "h": "99"}]], "no bar can have"),
        ([[{**GOOD, "t": "20261112090130"}]], "within another"),
        ([[{**GOOD, "t": "20261112250000"}]], "no moment"),
        ([[{**GOOD, "t": "20991112090000"}]], "still to come"),
        ([[{**GOOD, "v": "-9223372036854775808"}]], "v is not"),
    ],
)
def test_odd_answers_are_wire_errors(pages: list[list[Row]], words: str) -> None:
    part = Part()
    part.pages = pages
    with pytest.raises(WireError, match=words):
        candles(part, THURSDAY, THURSDAY)


def test_a_row_that_comes_again_at_the_border_of_pages_counts_once() -> None:
    part = Part()
    part.pages = [[GOOD], [GOOD, *rows_of(THURSDAY, "09:00")], rows_of(dt.date(2026, 11, 11), "15:30")]
    assert times(candles(part, THURSDAY, THURSDAY)) == ["11-12 09:00", "11-12 09:01"]


def test_minutes_of_today_are_final_a_minute_after_their_end() -> None:
    today = NOW.date()
    part = Part([*rows_of(THURSDAY, "15:30"), *rows_of(today, "09:57", "09:58", "09:59", "10:00")])
    told = candles(part, today)
    assert [each.final for each in told] == [True, True, False, False]
    assert [each.session for each in told] == [Phase.REGULAR, Phase.REGULAR, None, None]
    assert [each.final for each in candles(part, today, interval=Interval.MINUTES_5)] == [False, False]


def test_what_the_broker_cannot_choose_is_unsupported_and_what_it_can_is_as_traded() -> None:
    part = Part([*rows_of(THURSDAY, "15:30"), *rows_of(NOW.date(), "09:57")])
    assert candles(part, NOW.date()).adjusted is None
    with pytest.raises(Unsupported, match="adjusts"):
        candles(part, NOW.date(), adjusted=True)
    part.adjusts = (Interval.MINUTE,)
    assert candles(part, NOW.date()).adjusted is False
    assert candles(part, NOW.date(), adjusted=True).adjusted is True


def test_single_trades_may_share_a_second_and_need_a_proof_of_their_beginning() -> None:
    moments = [at(THURSDAY, "15:29:59"), *[at(NOW.date(), "09:00:01")] * 3, at(NOW.date(), "09:00:02")]
    rows = [row(moment, close=str(100 + number)) for number, moment in enumerate(moments)]
    part = Part()
    part.pages = [rows[:2:-1], rows[2::-1]]
    told = candles(part, NOW.date(), interval=Interval.TICK)
    assert [each.close for each in told] == [101, 102, 103, 104]
    assert [each.time.second for each in told] == [1, 1, 1, 2]
    assert [each.close for each in candles(part, count=2, interval=Interval.TICK)] == [103, 104]
    with pytest.raises(Unsupported, match="5 trades"):
        candles(part, dt.date(2026, 11, 11), interval=Interval.TICK)
    part.pages = [rows[2::-1], rows[:2:-1]]
    with pytest.raises(WireError, match="newest first"):
        candles(part, count=5, interval=Interval.TICK)


ODD = st.one_of(
    st.text(max_size=12),
    st.sampled_from(["", " ", "-0", "--5", "1e3", "1,0", "1_0", "NaN", "٣", "7.50000", "1" * 30]),
    st.none() | st.integers() | st.booleans() | st.floats(allow_nan=True),
)


@pytest.mark.parametrize("name", sorted(GOOD))
@settings(max_examples=80, deadline=None)
@given(value=ODD)
def test_odd_texts_end_in_an_error_or_in_the_digits_that_were_sent(name: str, value: Any) -> None:
    part = Part()
    part.pages = [[{**GOOD, name: value}]]
    try:
        told = candles(part, THURSDAY, THURSDAY)
    except BrokerError:
        return
    sent = {**GOOD, name: value}
    names = {"o": "open", "h": "high", "l": "low", "c": "close", "v": "volume"}
    for each in told:
        assert all(getattr(each, ours) == abs(Decimal(str(sent[theirs]))) for theirs, ours in names.items())


WRONG: Sequence[Callable[[Any], object]] = (
    lambda broker: broker.candles("005930", "1m", dt.datetime(2026, 11, 12, 9, 30)),
    lambda broker: broker.candles("005930", "1m", at(THURSDAY, "10:00"), at(THURSDAY, "09:00")),
    lambda broker: broker.candles("005930", "1m", at(NOW.date() + dt.timedelta(days=2), "09:00")),
    lambda broker: broker.candles("005930", "1m", "2026-11-12"),
    lambda broker: broker.candles("005930", "1d", at(THURSDAY, "10:00")),
    lambda broker: broker.candles(7),
    lambda broker: broker.candles("005930", "2m"),
)


@pytest.mark.parametrize("asked", WRONG)
def test_wrong_arguments_are_told_before_anything_is_sent(asked: Callable[[Any], object]) -> None:
    keys = {"app_key": "SANDBOX" + "k" * 29, "app_secret": "SANDBOX" + "s" * 173}
    broker = made("kis", environment="sandbox", account="50012345-01", **keys)
    with pytest.raises(InvalidRequest):
        asked(broker)
