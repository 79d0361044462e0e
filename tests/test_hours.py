"""The hours of the venues for applications: of a day, now, and next."""

from __future__ import annotations

import datetime as dt

import pytest

from brokerkit import DaySource, Phase, Venue, clock, get_broker, is_open, market_hours, next_open
from brokerkit.errors import InvalidRequest, Unsupported
from brokerkit.hours import corrected
from brokerkit.market.sessions import phase_at
from brokerkit.sandbox import Sandbox

FRIDAY = dt.date(2026, 11, 27)


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(f"{text}+09:00")


def shown(day: dt.date, venue: Venue) -> str:
    sessions = market_hours(day, venue).sessions
    return " ".join(f"{each.start:%H:%M:%S}-{each.end:%H:%M:%S}={each.phase}" for each in sessions).replace(":00-", "-")


@pytest.mark.parametrize(
    ("venue", "day", "expected"),
    [
        (
            Venue.KRX,
            FRIDAY,
            (
                "08:30-08:40:00=PRE_OPEN_CLOSING_PRICE 08:40-09:00:00=OPENING_AUCTION 09:00-15:20:00=REGULAR "
                "15:20-15:30:00=CLOSING_AUCTION 15:30-16:00:00=AFTER_CLOSE_CLOSING_PRICE 16:00-20:00:00=AFTER_MARKET"
            ),
        ),
        (Venue.NXT, FRIDAY, "08:00-08:50:00=PRE_MARKET 09:00:30-15:20:00=REGULAR 15:30-20:00:00=AFTER_MARKET"),
        (
            Venue.SOR,
            FRIDAY,
            (
                "08:00-08:50:00=PRE_MARKET 08:50-09:00:00=OPENING_AUCTION 09:00-15:20:00=REGULAR "
                "15:20-15:30:00=CLOSING_AUCTION 15:30-20:00:00=AFTER_MARKET"
            ),
        ),
        (
            Venue.KRX,
            dt.date(2026, 9, 11),
            (
                "08:30-08:40:00=PRE_OPEN_CLOSING_PRICE 08:40-09:00:00=OPENING_AUCTION 09:00-15:20:00=REGULAR "
                "15:20-15:30:00=CLOSING_AUCTION 15:30-16:00:00=AFTER_CLOSE_CLOSING_PRICE"
            ),
        ),
        (Venue.NXT, dt.date(2026, 11, 19), "10:00-16:20:00=REGULAR 16:30-20:00:00=AFTER_MARKET"),
        (Venue.NXT, dt.date(2025, 3, 3), ""),
    ],
)
def test_the_sessions_of_a_day(venue: Venue, day: dt.date, expected: str) -> None:
    assert shown(day, venue) == expected


@pytest.mark.parametrize("venue", Venue)
@pytest.mark.parametrize("day", ["2026-11-27", "2026-11-19", "2026-01-02", "2026-11-28", "2025-03-03", "2026-09-11"])
def test_a_day_says_what_every_moment_of_it_is(venue: Venue, day: str) -> None:
    hours = market_hours(dt.date.fromisoformat(day), venue)
    start = at(f"{day}T00:00:00")
    for index in range(24 * 120):
        moment = start + dt.timedelta(seconds=30 * index)
        assert hours.phase_at(moment) is phase_at(venue, moment), moment


def test_a_day_tells_where_it_is_known_from_and_what_is_not_sure() -> None:
    assert (market_hours(FRIDAY).source, market_hours(FRIDAY).note) == (DaySource.TABLE, "")
    assert market_hours(dt.date(2027, 3, 2)).source is DaySource.EXPECTED
    assert "수능" in market_hours(dt.date(2026, 11, 19)).note
    assert "NXT's hours are not told" in market_hours(dt.date(2026, 1, 2), Venue.NXT).note
    closed = market_hours(dt.date(2026, 12, 25))
    assert (closed.is_trading_day, closed.sessions, closed.regular, closed.note) == (False, (), None, "")
    regular = market_hours(FRIDAY).regular
    assert regular is not None
    assert (regular.start, regular.end) == (at("2026-11-27T09:00"), at("2026-11-27T15:20"))


def test_a_venue_is_open_while_it_takes_orders() -> None:
    assert not is_open(Venue.KRX, at("2026-11-27T08:29:59"))
    assert is_open(Venue.KRX, at("2026-11-27T08:30"))
    assert is_open(at=at("2026-11-27T19:59:59"))
    assert not is_open(at=at("2026-11-27T20:00"))
    assert is_open(Venue.NXT, dt.datetime(2026, 11, 26, 23, 10, tzinfo=dt.UTC))
    assert not is_open(at=at("2026-11-28T10:00"))


def test_the_next_opening_is_found_over_nights_weekends_and_holidays() -> None:
    assert next_open(after=at("2026-11-27T08:59")) == at("2026-11-27T09:00")
    assert next_open(after=at("2026-11-27T09:00")) == at("2026-11-30T09:00")
    assert next_open(after=at("2026-12-30T18:00")) == at("2027-01-04T10:00")
    assert next_open(Venue.NXT, at("2026-11-27T16:00"), phase=Phase.PRE_MARKET) == at("2026-11-30T08:00")


def test_what_cannot_be_known_or_is_no_question_is_refused() -> None:
    for ask in (
        lambda: market_hours(dt.date(2031, 1, 2)),
        lambda: market_hours(dt.datetime(2026, 11, 27, 9)),
        lambda: market_hours(FRIDAY, "AMEX"),  # type: ignore[arg-type]
        lambda: is_open(at("2026-11-27T09:00")),  # type: ignore[arg-type]
        lambda: market_hours(FRIDAY).phase_at(dt.datetime(2026, 11, 27, 9)),
        lambda: market_hours(FRIDAY).phase_at(at("2026-11-30T09:00")),
        lambda: is_open(at=dt.datetime(2026, 11, 27, 9)),
        lambda: next_open(phase=Phase.CLOSED),
        lambda: next_open(Venue.KRX, phase=Phase.PRE_MARKET),
        lambda: next_open(after=at("2027-12-30T09:01")),
    ):
        with pytest.raises(InvalidRequest):
            ask()


def test_the_word_of_the_broker_wins() -> None:
    hours = market_hours(FRIDAY)
    assert corrected(hours, is_trading_day=True) == hours.model_copy(update={"source": DaySource.BROKER})
    closed = corrected(hours, is_trading_day=False)
    assert (closed.is_trading_day, closed.source) == (False, DaySource.BROKER)
    assert "broker says that the market is closed" in closed.note
    opened = corrected(market_hours(dt.date(2026, 12, 25)), is_trading_day=True)
    assert opened.regular is not None
    assert opened.regular.start == at("2026-12-25T09:00")
    assert "the broker says that it is one" in opened.note


def test_a_broker_with_a_calendar_is_asked_once_a_day_and_not_of_the_past() -> None:
    with Sandbox() as sandbox, get_broker("kis", environment="sandbox", sandbox=sandbox) as broker:
        past = broker.market_hours(FRIDAY - dt.timedelta(days=7))
        assert (past.source, sandbox.face("kis").requests) == (DaySource.TABLE, [])
        today = broker.market_hours()
        assert (today.date, today.source, today.is_trading_day) == (clock.today(), DaySource.BROKER, True)
        assert broker.market_hours(clock.today() + dt.timedelta(days=10), venue=Venue.NXT).source is DaySource.BROKER
        asked = [each for each in sandbox.face("kis").requests if each.path.endswith("chk-holiday")]
        assert [each.query["BASS_DT"] for each in asked] == [f"{clock.today():%Y%m%d}"]


def test_a_broker_without_a_calendar_goes_by_the_table() -> None:
    with Sandbox() as sandbox, get_broker("kiwoom", environment="sandbox", sandbox=sandbox) as broker:
        assert broker.market_hours() == market_hours()
        with pytest.raises(InvalidRequest):
            broker.market_hours(venue="AMEX")  # type: ignore[arg-type]
        assert sandbox.face("kiwoom").requests == []


def test_the_demo_of_kis_has_no_calendar() -> None:
    with Sandbox(environment="demo") as sandbox, get_broker("kis", environment="sandbox", sandbox=sandbox) as broker:
        assert broker.market_hours() == market_hours()
        with pytest.raises(Unsupported):
            broker.adapter.served["KR"].trading_days(clock.today())
        assert not [each for each in sandbox.face("kis").requests if each.path.endswith("chk-holiday")]


def test_days_and_venues_are_taken_as_every_verb_takes_them() -> None:
    assert market_hours(dt.datetime(2026, 11, 27), "NXT") == market_hours(FRIDAY, Venue.NXT)  # type: ignore[arg-type]


def test_a_day_without_sessions_is_shown_with_none() -> None:
    assert "sessions=[],\n" in repr(market_hours(dt.date(2026, 12, 25)))
