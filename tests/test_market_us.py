"""What is true of US stocks whoever the broker is: days, sessions, order types, price steps."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from brokerkit import InvalidRequest, OrderType, Phase, TimeInForce, Venue
from brokerkit.clock import KST
from brokerkit.market import us
from brokerkit.market.markets import US, market_at


def korean(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=KST)


@pytest.mark.parametrize(
    ("moment", "phase", "day"),
    [
        ("2026-11-30 09:59", Phase.AFTER_MARKET, None),
        ("2026-12-01 10:00", Phase.CLOSED, "2026-12-01"),
        ("2026-12-01 17:59", Phase.CLOSED, "2026-12-01"),
        ("2026-12-01 18:00", Phase.PRE_MARKET, "2026-12-01"),
        ("2026-12-01 23:29", Phase.PRE_MARKET, "2026-12-01"),
        ("2026-12-01 23:30", Phase.REGULAR, "2026-12-01"),
        ("2026-12-02 05:59", Phase.REGULAR, "2026-12-01"),
        ("2026-12-02 06:00", Phase.AFTER_MARKET, "2026-12-01"),
        ("2026-12-02 10:00", Phase.CLOSED, "2026-12-02"),
        ("2026-07-01 16:59", Phase.CLOSED, "2026-07-01"),  # summer time: an hour earlier
        ("2026-07-01 17:00", Phase.PRE_MARKET, "2026-07-01"),
        ("2026-07-01 22:30", Phase.REGULAR, "2026-07-01"),
        ("2026-07-02 05:00", Phase.AFTER_MARKET, "2026-07-01"),
        ("2026-07-02 09:00", Phase.CLOSED, "2026-07-02"),
        ("2026-11-28 03:00", Phase.AFTER_MARKET, "2026-11-27"),  # half day: 13:00 in New York
        ("2026-11-27 01:00", Phase.CLOSED, "2026-11-26"),  # Thanksgiving
        ("2026-11-29 03:00", Phase.CLOSED, "2026-11-28"),  # Saturday in New York
    ],
)
def test_the_exchanges_are_where_their_clock_says(moment: str, phase: Phase, day: str | None) -> None:
    if day is None:
        moment, day = "2026-12-01 09:59", "2026-11-30"
    assert us.phase_at(Venue.US, korean(moment)) is phase
    assert us.day_of(korean(moment)) == dt.date.fromisoformat(day)


@pytest.mark.parametrize(
    ("moment", "phase"),
    [
        ("2026-12-01 09:59", Phase.CLOSED),
        ("2026-12-01 10:00", Phase.DAYTIME),
        ("2026-12-01 17:59", Phase.DAYTIME),
        ("2026-12-01 18:00", Phase.CLOSED),
        ("2026-07-01 15:59", Phase.DAYTIME),
        ("2026-07-01 16:00", Phase.CLOSED),
        ("2026-11-26 12:00", Phase.CLOSED),
    ],
)
def test_the_daytime_market_is_open_while_it_is_day_in_korea(moment: str, phase: Phase) -> None:
    assert us.phase_at(Venue.DAYTIME, korean(moment)) is phase


def test_a_moment_of_any_zone_belongs_to_the_same_day() -> None:
    assert us.day_of(dt.datetime(2026, 12, 1, 14, 30, tzinfo=dt.UTC)) == dt.date(2026, 12, 1)
    assert us.day_of(dt.datetime(2026, 12, 2, 1, 0, tzinfo=dt.UTC)) == dt.date(2026, 12, 2)


def test_years_that_are_not_known_are_refused() -> None:
    with pytest.raises(InvalidRequest, match="trading days of 2028 in the US are not known"):
        us.is_trading_day(dt.date(2028, 1, 3))


def test_a_trade_is_settled_on_the_next_trading_day() -> None:
    assert us.settlement_day(dt.date(2026, 11, 25)) == dt.date(2026, 11, 27)
    assert us.settlement_day(dt.date(2026, 11, 27)) == dt.date(2026, 11, 30)


def test_half_days_and_the_daytime_market_of_summer_say_what_is_not_sure() -> None:
    assert "13:00" in us.doubt_of(Venue.US, dt.date(2026, 11, 27))
    assert us.doubt_of(Venue.US, dt.date(2026, 11, 30)) == ""
    assert "16:00" in us.doubt_of(Venue.DAYTIME, dt.date(2026, 7, 1))
    assert us.doubt_of(Venue.DAYTIME, dt.date(2026, 12, 1)) == ""
    assert us.doubt_of(Venue.US, dt.date(2026, 11, 26)) == ""


@pytest.mark.parametrize("phase", [Phase.PRE_MARKET, Phase.AFTER_MARKET])
def test_outside_the_regular_session_only_limits_trade(phase: Phase) -> None:
    taken = {kind for kind, _ in us.offers(Venue.US, phase)}
    assert taken - {OrderType.LIMIT_ON_OPEN, OrderType.MARKET_ON_OPEN} == {OrderType.LIMIT}


def test_the_daytime_market_takes_limits_and_nothing_else() -> None:
    assert us.offers(Venue.DAYTIME, Phase.DAYTIME) == {(OrderType.LIMIT, TimeInForce.DAY)}
    assert us.offers(Venue.DAYTIME, Phase.REGULAR) == us.offers(Venue.KRX, Phase.REGULAR) == frozenset()


@pytest.mark.parametrize(
    ("price", "tick"), [("0.0001", "0.0001"), ("0.9999", "0.0001"), ("1", "0.01"), ("150.25", "0.01")]
)
def test_the_step_is_a_cent_from_one_dollar_on(price: str, tick: str) -> None:
    assert us.tick_size(Decimal(price)) == Decimal(tick)
    assert us.is_on_tick(Decimal(price))


@pytest.mark.parametrize("price", ["150.255", "1.0001", "0.00005", "0", "-1"])
def test_a_price_with_too_many_decimals_is_none(price: str) -> None:
    assert not us.is_on_tick(Decimal(price))


def test_prices_are_rounded_to_no_worse_a_one() -> None:
    assert us.round_to_tick(Decimal("150.259"), up=False) == Decimal("150.25")
    assert us.round_to_tick(Decimal("150.251"), up=True) == Decimal("150.26")
    assert us.round_to_tick(Decimal("0.99996"), up=True) == 1
    with pytest.raises(InvalidRequest, match="no price at or below"):
        us.round_to_tick(Decimal("0.00001"), up=False)


def test_venues_lead_to_their_market() -> None:
    assert market_at(Venue.DAYTIME) is US
    assert market_at(Venue.NXT).name == "KR"
