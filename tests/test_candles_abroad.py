"""Candles of US shares: days of New York, and minutes of sessions that run past midnight in Korea."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from brokerkit import Candles, Interval, Phase, clock, get_broker
from brokerkit.errors import IncompleteListing, InvalidRequest, Unsupported, WireError
from brokerkit.market import days, us
from brokerkit.sandbox import Sandbox
from tests.new_york import Abroad, World, bar, world

__all__ = ["world"]
MINUTE = dt.timedelta(minutes=1)


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=clock.KST)


def trading_days(first: str, last: str) -> list[dt.date]:
    every = (day(first) + dt.timedelta(days=number) for number in range((day(last) - day(first)).days + 1))
    return [each for each in every if us.is_trading_day(each)]


def dates(candles: Candles) -> list[str]:
    return [f"{each.time:%Y-%m-%d %H:%M}" for each in candles]


class Extended(Abroad):
    """A broker whose minutes are of all sessions."""

    minutes_are_extended = True


# Days


@pytest.mark.parametrize(
    ("now", "today"),
    [("2026-11-25T23:45", "2026-11-25"), ("2026-11-26T03:00", "2026-11-25"), ("2026-11-25T10:00", "2026-11-25")],
)
def test_the_newest_day_is_the_one_of_new_york(now: str, today: str, world: World) -> None:
    world.at(now).bars = [bar(each) for each in trading_days("2026-10-01", "2026-11-25")]
    candles = world.broker().candles("US:AAPL", count=3)
    assert dates(candles) == ["2026-11-23 00:00", "2026-11-24 00:00", "2026-11-25 00:00"]
    assert world.calls[0][2] == day(today)
    assert (candles[0].close, candles.currency, candles[0].session) == (Decimal("271.53"), "USD", Phase.REGULAR)


def test_holidays_of_new_york_are_no_holes_and_those_of_korea_are_trading_days(world: World) -> None:
    world.at("2026-11-28T12:00").bars = [bar(each) for each in trading_days("2026-09-21", "2026-11-27")]
    found = world.broker().candles("US:AAPL", "1d", day("2026-09-21"))
    assert "2026-11-26 00:00" not in dates(found)
    assert "2026-09-24 00:00" in dates(found)
    assert not days.is_trading_day(day("2026-09-24"))  # 추석
    world.bars = [row for row in world.bars if row["t"] != "20260924"]
    with pytest.raises(IncompleteListing, match="2026-09-24, a trading day"):
        world.broker().candles("US:AAPL", "1d", day("2026-09-21"))


def test_weeks_and_months_are_made_of_the_days_of_new_york(world: World) -> None:
    world.at("2026-11-28T02:00").bars = [bar(each) for each in trading_days("2026-06-01", "2026-11-27")]
    weeks = world.broker().candles("US:AAPL", "1w", day("2026-11-16"))
    assert dates(weeks) == ["2026-11-16 00:00", "2026-11-23 00:00"]
    assert [each.volume for each in weeks] == [25, 20]  # Thanksgiving
    months = world.broker().candles("US:AAPL", "1mo", day("2026-10-05"))
    assert [(each.volume, each.final) for each in months] == [(110, True), (95, False)]


@pytest.mark.parametrize(
    ("now", "is_final"),
    [
        ("2026-11-26T09:00", False),  # the after-market still runs
        ("2026-11-26T13:59", False),  # brokers correct it about noon
        ("2026-11-26T14:00", True),
    ],
)
def test_a_day_is_final_once_brokers_have_corrected_it(now: str, is_final: bool, world: World) -> None:
    world.at(now).bars = [bar(each) for each in trading_days("2026-11-20", "2026-11-25")]
    candles = world.broker().candles("US:AAPL", "1d", day("2026-11-24"), day("2026-11-25"))
    assert [each.final for each in candles] == [True, is_final]


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [
        ("2026-11-21", "2026-11-22", "no trading day"),
        ("2026-09-07", "2026-09-07", "no trading day"),  # Labor Day
        ("2026-11-26", None, "in the future"),  # though it is that day in Korea
    ],
)
def test_a_span_without_trading_is_not_asked_for(start: str, end: str | None, words: str, world: World) -> None:
    world.at("2026-11-26T03:00")
    for interval in ("1d", "1m"):
        with pytest.raises(InvalidRequest, match=words):
            world.broker().candles("US:AAPL", interval, day(start), None if end is None else day(end))
    assert world.calls == []


@pytest.mark.parametrize("price", ["0.0001", "197.7320", "271.530125", "748500.00"])
def test_prices_keep_all_their_decimals(price: str, world: World) -> None:
    world.bars = [bar(day("2026-11-24"), price), bar(day("2026-11-25"), "271.53")]
    told = world.broker().candles("US:AAPL", "1d", day("2026-11-24"))
    assert [each.close for each in told] == [Decimal(price), Decimal("271.53")]
    assert told[0].turnover == 1000


# Minutes


def minutes(first: str, last: str) -> Iterator[dict[str, Any]]:
    """Yield a bar for each minute from the first to the last one, both in Korean time."""
    moment = at(first)
    while moment <= at(last):
        yield bar(moment)
        moment += MINUTE


ALL_NIGHT = [*minutes("2026-11-25T18:00", "2026-11-26T09:59")]
BEFORE = [*minutes("2026-11-25T05:00", "2026-11-25T05:59")]


def test_a_day_of_minutes_runs_past_midnight(world: World) -> None:
    world.at("2026-11-26T10:30").minutes = [*BEFORE, *minutes("2026-11-25T23:30", "2026-11-26T06:00")]
    found = world.broker().candles("US:AAPL", "1m", day("2026-11-25"), day("2026-11-25"))
    assert (len(found), dates(found)[0], dates(found)[-1]) == (391, "2026-11-25 23:30", "2026-11-26 06:00")
    assert world.calls == [("minutes", at("2026-11-25T10:00"), at("2026-11-26T09:59"))]
    # The last prints of the close stand in the minute after it, which nothing proves to be of regular trading.
    assert Counter(each.session for each in found) == {Phase.REGULAR: 390, None: 1}
    assert {each.final for each in found} == {True}


def test_where_regular_trading_counts_alone_nothing_else_is_told(world: World) -> None:
    world.at("2026-11-26T10:30").minutes = [*BEFORE, *ALL_NIGHT]
    found = world.broker().candles("US:AAPL", "1m", day("2026-11-25"))
    assert (len(found), dates(found)[0], dates(found)[-1]) == (391, "2026-11-25 23:30", "2026-11-26 06:00")


def test_a_broker_may_tell_the_minutes_of_all_sessions(world: World) -> None:
    world.at("2026-11-26T10:30").minutes = [*BEFORE, *ALL_NIGHT]
    found = world.broker(us=Extended).candles("US:AAPL", "1m", day("2026-11-25"))
    sessions = Counter(each.session for each in found)
    assert sessions == {Phase.PRE_MARKET: 330, Phase.REGULAR: 390, Phase.AFTER_MARKET: 240}


@pytest.mark.parametrize(
    ("date", "opens", "closes", "count"),
    [
        ("2026-11-27", "2026-11-27T23:30", "2026-11-28T03:00", 210),  # half day
        ("2026-07-01", "2026-07-01T22:30", "2026-07-02T05:00", 390),  # summer time
        ("2026-03-06", "2026-03-06T23:30", "2026-03-07T06:00", 390),  # the last day before it
        ("2026-03-09", "2026-03-09T22:30", "2026-03-10T05:00", 390),
        ("2026-10-30", "2026-10-30T22:30", "2026-10-31T05:00", 390),  # and the last of it
        ("2026-11-02", "2026-11-02T23:30", "2026-11-03T06:00", 390),
    ],
)
def test_the_regular_session_is_where_new_york_has_it(
    date: str, opens: str, closes: str, count: int, world: World
) -> None:
    first, last = at(opens) - 6 * 60 * MINUTE, at(closes) + 4 * 60 * MINUTE
    world.minutes = [
        *minutes(f"{first:%Y-%m-%dT%H:%M}", f"{last:%Y-%m-%dT%H:%M}"),
        bar(first - dt.timedelta(days=4)),
    ]
    found = world.at("2026-11-28T12:00").broker().candles("US:AAPL", "1m", day(date), day(date))
    assert (found[0].time, found[-1].time, len(found)) == (at(opens), at(closes), count + 1)
    assert sum(1 for each in found if each.session is Phase.REGULAR) == count


def test_the_newest_minutes_go_back_over_midnight_and_over_days(world: World) -> None:
    world.at("2026-11-26T00:10:30").minutes = [
        *minutes("2026-11-24T23:30", "2026-11-25T06:00"),
        *minutes("2026-11-25T23:30", "2026-11-26T00:10"),
    ]
    found = world.broker().candles("US:AAPL", "1m", count=50)
    assert (dates(found)[0], dates(found)[8], dates(found)[9]) == (
        "2026-11-25 05:52",
        "2026-11-25 06:00",
        "2026-11-25 23:30",
    )
    assert [each.final for each in found[-3:]] == [True, False, False]


def test_longer_candles_are_made_of_minutes_by_the_clock(world: World) -> None:
    world.at("2026-11-26T10:30").minutes = [*BEFORE, *ALL_NIGHT]
    hours = world.broker().candles("US:AAPL", "60m", day("2026-11-25"), day("2026-11-25"))
    assert [f"{each.time:%H:%M}" for each in hours] == ["23:00", *(f"0{hour}:00" for hour in range(7))]
    assert [each.volume for each in hours] == [150, *[300] * 6, 5]
    assert [each.session for each in hours] == [*[Phase.REGULAR] * 7, None]
    of_all = world.broker(us=Extended).candles("US:AAPL", "60m", at("2026-11-25T22:00"), at("2026-11-26T00:59"))
    assert [each.session for each in of_all] == [Phase.PRE_MARKET, None, Phase.REGULAR]  # two sessions in an hour


def test_a_span_may_begin_and_end_at_moments_of_any_zone(world: World) -> None:
    world.at("2026-11-26T10:30").minutes = [*BEFORE, *ALL_NIGHT]
    start = dt.datetime(2026, 11, 25, 14, 58, tzinfo=dt.UTC)
    found = world.broker().candles("US:AAPL", "1m", start, at("2026-11-26T00:01"))
    assert dates(found) == ["2026-11-25 23:58", "2026-11-25 23:59", "2026-11-26 00:00", "2026-11-26 00:01"]


def test_minutes_that_are_no_longer_kept_are_told_by_the_day_of_new_york(world: World) -> None:
    with pytest.raises(Unsupported, match="from 2026-01-02 on"):
        world.broker().candles("US:AAPL", "1m", at("2026-01-02T05:00"))  # of the first of January there
    assert world.calls == []


def test_a_minute_that_is_still_to_come_is_an_error(world: World) -> None:
    world.at("2026-11-26T03:00").minutes = [bar(at("2026-11-26T10:00"))]
    broker = world.broker(us=Liar)
    with pytest.raises(WireError, match="still to come"):
        broker.candles("US:AAPL", "1m", day("2026-11-25"))


class Liar(Abroad):
    """A broker that tells minutes of whatever day."""

    def minutes(self, *asked: Any) -> Iterator[Any]:
        *terms, _ = asked
        yield from super().minutes(*terms, at("2027-01-01T00:00"))


def test_holes_of_days_before_a_symbol_was_listed_are_none(world: World) -> None:
    world.at("2026-11-26T10:30").minutes = [*minutes("2026-11-25T23:30", "2026-11-26T06:00")]
    world.bars = [bar(day("2026-11-25"))]
    assert len(world.broker().candles("US:AAPL", "1m", day("2026-11-20"))) == 391
    world.bars = [bar(each) for each in trading_days("2026-11-02", "2026-11-25")]
    with pytest.raises(IncompleteListing, match="from 2026-11-25 on only"):
        world.broker().candles("US:AAPL", "1m", day("2026-11-20"))


def test_intervals_are_those_that_can_be_made(world: World) -> None:
    broker = world.broker()
    with pytest.raises(Unsupported, match="tick"):
        broker.candles("US:AAPL", Interval.TICK)
    assert world.calls == []


def test_a_part_has_the_clock_of_the_exchange_of_its_market() -> None:
    with Sandbox() as sandbox, get_broker("kis", environment="sandbox", sandbox=sandbox) as broker:
        sandbox.exchanges["US"].forward(dt.timedelta(hours=1))
        for market in ("KR", "US", "INDEX"):
            told, exchange = broker.adapter.served[market].now(), sandbox.exchanges.get(market, sandbox.exchange)
            assert told is not None
            assert dt.timedelta(0) <= exchange.now() - told < dt.timedelta(minutes=1)


# What is made of them


def test_a_picture_has_dollars(world: World, tmp_path: Path) -> None:
    picture = tmp_path / "candles.svg"
    world.bars = [bar(each) for each in trading_days("2026-11-02", "2026-11-25")]
    world.broker().candles("US:AAPL", count=5).plot(picture)
    words = set(re.findall(r"<!-- (.*?) -->", picture.read_text(encoding="utf-8")))
    assert {"US:AAPL US 1d (adjusted)", "price (dollars)", "2026-11-25"} <= words


def test_a_frame_has_all_decimals_and_the_dates_of_new_york(world: World) -> None:
    world.bars = [bar(day("2026-11-24"), "197.7320"), bar(day("2026-11-25"), "0.0001")]
    candles = world.broker().candles("US:AAPL", "1d", day("2026-11-24"))
    frame = candles.to_pandas()
    assert [f"{each:%Y-%m-%d}" for each in frame.index] == ["2026-11-24", "2026-11-25"]
    assert list(frame["close"]) == [Decimal("197.7320"), Decimal("0.0001")]
    assert candles.to_polars()["close"].to_list() == [Decimal("197.7320"), Decimal("0.0001")]
    assert list(candles.to_pandas(floats=True)["close"]) == [197.732, 0.0001]
    assert "2026-11-25 00:00 0.0001" in repr(candles)
