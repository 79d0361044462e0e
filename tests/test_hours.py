"""The hours of the venues for applications: of a day, now, and next."""

from __future__ import annotations

import datetime as dt

import pytest

from brokerkit import DaySource, Phase, Venue, clock, get_broker, is_open, market_hours, next_open
from brokerkit.errors import InvalidRequest, Unsupported
from brokerkit.hours import corrected
from brokerkit.market.markets import market_at
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
    rules, hours = market_at(venue).rules, market_hours(dt.date.fromisoformat(day), venue)
    assert rules is not None
    start = at(f"{day}T00:00:00")
    moments = [start + dt.timedelta(seconds=30 * index) for index in range(-120, 48 * 120)]
    asked = [moment for moment in moments if rules.day_of(moment) == hours.date]
    assert len(asked) == 24 * 120
    for moment in asked:
        assert hours.phase_at(moment) is rules.phase_at(venue, moment), moment
    for strange in (asked[0] - dt.timedelta(seconds=1), asked[-1] + dt.timedelta(seconds=30)):
        with pytest.raises(InvalidRequest):
            hours.phase_at(strange)


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


# The US, whose days are New York's


@pytest.mark.parametrize(
    ("day", "regular"),
    [
        ("2026-12-01", "12-01 23:30 - 12-02 06:00"),
        ("2026-07-01", "07-01 22:30 - 07-02 05:00"),
        ("2026-11-27", "11-27 23:30 - 11-28 03:00"),  # half day
        ("2026-03-06", "03-06 23:30 - 03-07 06:00"),  # the Friday before summer time
        ("2026-03-09", "03-09 22:30 - 03-10 05:00"),  # and the Monday after it began
        ("2026-10-30", "10-30 22:30 - 10-31 05:00"),
        ("2026-11-02", "11-02 23:30 - 11-03 06:00"),
        ("2026-11-26", None),
        ("2026-11-28", None),
    ],
)
def test_the_regular_session_of_new_york_is_told_in_korean_time(day: str, regular: str | None) -> None:
    session = market_hours(dt.date.fromisoformat(day), Venue.US).regular
    shown = None if session is None else f"{session.start:%m-%d %H:%M} - {session.end:%m-%d %H:%M}"
    assert shown == regular


def test_a_day_without_a_date_is_today_there(monkeypatch: pytest.MonkeyPatch) -> None:
    with get_broker("kis", environment="sandbox") as broker:
        for now, korea, new_york in (
            ("2026-12-02T03:00", 2, 1),  # past midnight in Korea the session of yesterday's date trades
            ("2026-12-02T09:59", 2, 1),
            ("2026-12-02T10:00", 2, 2),
            ("2026-12-01T23:59", 1, 1),
        ):
            monkeypatch.setattr(clock, "now", lambda now=now: at(now))
            assert market_hours().date == dt.date(2026, 12, korea)
            for venue in (Venue.US, Venue.DAYTIME):
                assert market_hours(venue=venue).date == dt.date(2026, 12, new_york)
                assert broker.market_hours(venue=venue) == market_hours(venue=venue)


def test_it_is_open_across_midnight_in_korea() -> None:
    assert is_open(Venue.US, at("2026-12-02T00:10"))
    assert is_open(Venue.US, at("2026-11-28T09:59"))  # the after-market of Friday
    assert not is_open(Venue.US, at("2026-11-28T10:00"))
    assert not is_open(Venue.US, at("2026-11-27T00:10"))  # Thanksgiving in New York
    assert is_open(Venue.DAYTIME, at("2026-12-01T17:59"))
    assert not is_open(Venue.DAYTIME, at("2026-12-01T18:00"))


def test_the_next_opening_in_new_york_is_found() -> None:
    assert next_open(Venue.US, at("2026-11-26T06:00")) == at("2026-11-27T23:30")  # over Thanksgiving
    assert next_open(Venue.US, at("2026-12-02T00:10")) == at("2026-12-02T23:30")
    assert next_open(Venue.US, at("2026-10-30T23:00")) == at("2026-11-02T23:30")  # summer time has ended
    assert next_open(Venue.US, at("2026-12-02T00:10"), phase=Phase.AFTER_MARKET) == at("2026-12-02T06:00")
    assert next_open(Venue.DAYTIME, at("2026-11-27T17:00")) == at("2026-11-30T10:00")


def test_what_is_not_known_of_the_us_is_told() -> None:
    assert market_hours(dt.date(2026, 12, 1), Venue.US).source is DaySource.TABLE
    assert market_hours(dt.date(2027, 3, 2), Venue.US).source is DaySource.EXPECTED
    assert "13:00" in market_hours(dt.date(2026, 11, 27), Venue.US).note
    assert "16:00, 17:00 or 18:00" in market_hours(dt.date(2026, 7, 1), Venue.DAYTIME).note
    for ask in (
        lambda: market_hours(dt.date(2028, 1, 3), Venue.US),
        lambda: market_hours(dt.date(2023, 1, 3), Venue.DAYTIME),
        lambda: next_open(Venue.US, at("2027-12-31T23:59")),
        lambda: next_open(Venue.DAYTIME, phase=Phase.REGULAR),
        lambda: next_open(Venue.US, phase=Phase.DAYTIME),
        lambda: next_open(Venue.US, phase=Phase.CLOSED),
    ):
        with pytest.raises(InvalidRequest):
            ask()


def test_the_calendar_of_one_market_says_nothing_of_another() -> None:
    with Sandbox() as sandbox, get_broker("kis", environment="sandbox", sandbox=sandbox) as broker:
        assert broker.market_hours().source is DaySource.BROKER
        assert broker.market_hours(dt.date(2027, 12, 27), Venue.US).source is DaySource.EXPECTED
        assert len([each for each in sandbox.face("kis").requests if each.path.endswith("chk-holiday")]) == 1


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
