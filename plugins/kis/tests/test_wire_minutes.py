"""Candles of minutes at KIS: two calls, what each is asked, and what is no minute in their answers."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from brokerkit import clock
from brokerkit.errors import IncompleteListing, Unsupported, WireError
from brokerkit.words import Interval, Venue

TODAY, BEFORE = "FHKST03010200", "FHKST03010230"
FRIDAY = dt.date(2026, 11, 20)
PAST = dt.date(2026, 11, 12)


def row(day: dt.date, hour: str, volume: str = "7", price: str = "71400") -> dict[str, str]:
    return {
        "stck_bsop_date": f"{day:%Y%m%d}",
        "stck_cntg_hour": hour,
        "stck_prpr": price,
        "stck_oprc": price,
        "stck_hgpr": price,
        "stck_lwpr": price,
        "cntg_vol": volume,
        "acml_tr_pbmn": "123456789",
    }


def answer(*rows: dict[str, str]) -> dict[str, Any]:
    return {"rt_cd": "0", "msg_cd": "MCA00000", "msg1": "done", "output1": {"stck_prpr": "71400"}, "output2": [*rows]}


@pytest.fixture
def wire(connect: Any) -> Any:
    return connect("real")


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> Any:
    def stop(hour: int, minute: int, second: int = 30) -> None:
        moment = dt.datetime.combine(FRIDAY, dt.time(hour, minute, second), clock.KST)
        monkeypatch.setattr(clock, "now", lambda: moment)

    stop(10, 0)
    return stop


def times(told: Any) -> list[str]:
    return [f"{each.time:%d %H:%M}" for each in told]


@pytest.mark.parametrize(
    ("venue", "division", "last"),
    [(Venue.KRX, "J", "153900"), (Venue.NXT, "NX", "200000"), (Venue.SOR, "UN", "200000")],
)
def test_a_day_before_is_asked_back_from_its_last_minute(
    venue: Venue, division: str, last: str, wire: Any, now: Any
) -> None:
    wire.answer(BEFORE, answer(row(PAST, "100000"), row(PAST, "090000"), row(dt.date(2026, 11, 11), "195900")))
    told = wire.broker.candles("005930", "1m", PAST, PAST, venue=venue)
    assert times(told) == ["12 09:00", "12 10:00"]
    assert told.adjusted is None
    (call,) = wire.of(BEFORE)
    assert (call.method, call.query) == (
        "GET",
        [
            ("FID_COND_MRKT_DIV_CODE", division),
            ("FID_INPUT_ISCD", "005930"),
            ("FID_INPUT_DATE_1", "20261112"),
            ("FID_INPUT_HOUR_1", last),
            ("FID_PW_DATA_INCU_YN", "Y"),
            ("FID_FAKE_TICK_INCU_YN", "N"),
        ],
    )


def test_a_day_before_goes_on_before_its_oldest_minute_until_the_day_before_shows(wire: Any, now: Any) -> None:
    pages = [
        answer(row(PAST, "153000"), row(PAST, "132100")),
        answer(row(PAST, "132000"), row(PAST, "090000")),
        answer(row(dt.date(2026, 11, 11), "195900")),
    ]
    wire.answer(BEFORE, *pages)
    assert times(wire.broker.candles("005930", "1m", PAST, PAST))[-1] == "12 15:30"
    assert [dict(call.query)["FID_INPUT_HOUR_1"] for call in wire.of(BEFORE)] == ["153900", "132000", "085900"]


def test_a_day_whose_answers_end_before_the_day_before_shows_is_not_taken_for_whole(wire: Any, now: Any) -> None:
    wire.answer(BEFORE, answer(row(PAST, "153000"), row(PAST, "132100")))
    wire.answer("FHKST03010100", wire.rows("chart", {"stck_bsop_date": "20261111"}))
    with pytest.raises(IncompleteListing, match="2026-11-12"):
        wire.broker.candles("005930", "1m", PAST, PAST)
    assert len(wire.of(BEFORE)) == 2  # an answer that was cut would have gone on


def test_what_is_no_row_is_none(wire: Any, now: Any) -> None:
    nothing = row(PAST, "091500", volume="-9223372036854775808")
    wire.answer(BEFORE, answer(row(PAST, "100000"), nothing, row(dt.date(2026, 11, 11), "195900")))
    assert times(wire.broker.candles("005930", "1m", PAST, PAST)) == ["12 10:00"]


def test_today_is_asked_from_two_minutes_ahead_and_the_forming_row_is_left_out(wire: Any, now: Any) -> None:
    rows = [
        row(FRIDAY, "100200", "5", "99"),  # the bar of now, under the minute that was asked for
        row(FRIDAY, "100100", "0"),
        row(FRIDAY, "100000", "0"),
        row(FRIDAY, "095900", "3"),
        row(FRIDAY, "093300", "4"),
    ]
    again = [row(FRIDAY, "093400", "9", "98"), row(FRIDAY, "093300", "4"), row(FRIDAY, "090000", "1")]
    wire.answer(TODAY, answer(*rows), answer(*again), answer(row(FRIDAY, "090000", "1")))
    told = wire.broker.candles("005930", "1m", FRIDAY)
    assert [(f"{each.time:%H:%M}", int(each.volume), each.final) for each in told] == [
        ("09:00", 1, True),
        ("09:33", 4, True),
        ("09:59", 3, False),
    ]
    first, *others = wire.of(TODAY)
    assert first.query == [
        ("FID_COND_MRKT_DIV_CODE", "J"),
        ("FID_INPUT_ISCD", "005930"),
        ("FID_INPUT_HOUR_1", "100200"),
        ("FID_PW_DATA_INCU_YN", "N"),
        ("FID_ETC_CLS_CODE", ""),
    ]
    assert [dict(call.query)["FID_INPUT_HOUR_1"] for call in others] == ["093400", "090100"]


@pytest.mark.parametrize("second", [[], [("095900", "3"), ("093300", "4")], [("095800", "3")]])
def test_a_page_of_today_that_is_empty_or_comes_again_is_an_error(second: Any, wire: Any, now: Any) -> None:
    first = [row(FRIDAY, "095900", "3"), row(FRIDAY, "093300", "4")]
    wire.answer(TODAY, answer(*first), answer(*(row(FRIDAY, *each) for each in second)))
    with pytest.raises(IncompleteListing, match="09:33"):
        wire.broker.candles("005930", "1m", FRIDAY)


def test_a_minute_of_another_day_among_those_of_today_is_none(wire: Any, now: Any) -> None:
    wire.answer(TODAY, answer(row(FRIDAY, "095800"), row(PAST, "153000")))
    assert times(wire.broker.candles("005930", "1m", FRIDAY)) == ["20 09:58"]


def test_a_closing_auction_without_its_trades_is_an_error_while_it_is_known_to_be_hidden(wire: Any, now: Any) -> None:
    first = row(FRIDAY, "090000")
    pages = [answer(row(FRIDAY, "153000", "0"), row(FRIDAY, "151900"), first), answer(first)]
    wire.answer(TODAY, pages[0], *pages, *pages)
    now(15, 35)
    with pytest.raises(IncompleteListing, match="15:30"):
        wire.broker.candles("005930", "1m", FRIDAY)
    until = dt.datetime.combine(FRIDAY, dt.time(15, 20), clock.KST)
    assert times(wire.broker.candles("005930", "1m", FRIDAY, until))[-1] == "20 15:19"
    now(15, 40)
    assert times(wire.broker.candles("005930", "1m", FRIDAY))[-1] == "20 15:19"


def test_bars_without_any_price_are_an_error_and_not_no_trades(wire: Any, now: Any) -> None:
    wire.answer(TODAY, answer(row(FRIDAY, "095900", "0", "0"), row(FRIDAY, "095800", "0", "0")))
    with pytest.raises(WireError, match="price"):
        wire.broker.candles("005930", "1m", FRIDAY, venue=Venue.SOR)


@pytest.mark.parametrize("hour", ["250000", "0900", "nine"])
def test_what_is_no_time_is_an_error(hour: str, wire: Any, now: Any) -> None:
    wire.answer(BEFORE, answer(row(PAST, hour), row(dt.date(2026, 11, 11), "195900")))
    with pytest.raises(WireError):
        wire.broker.candles("005930", "1m", PAST, PAST)


def test_the_demo_environment_has_the_minutes_of_today_only(connect: Any, now: Any) -> None:
    wire = connect("demo")
    with pytest.raises(Unsupported, match="2026-11-20"):
        wire.broker.candles("005930", Interval.MINUTE, PAST, PAST)
    assert wire.calls == []


def test_the_first_day_that_is_kept_is_two_hundred_and_fifty_trading_days_ago(wire: Any, now: Any) -> None:
    with pytest.raises(Unsupported, match="2025-11-13"):
        wire.broker.candles("005930", "5m", dt.date(2025, 11, 12), FRIDAY)
    assert wire.calls == []
