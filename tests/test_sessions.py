"""Hours of the Korean venues and the orders that each takes in each phase."""

import datetime as dt
from itertools import product

import pytest

from brokerkit.clock import KST
from brokerkit.errors import InvalidRequest
from brokerkit.market.days import is_trading_day, next_trading_day
from brokerkit.market.markets import KOREA
from brokerkit.market.sessions import AUCTIONS, CONTINUOUS, CSAT_DAYS, Phase, offers, phase_at
from brokerkit.words import OrderType, TimeInForce, Venue

DAY, IOC, FOK = TimeInForce.DAY, TimeInForce.IOC, TimeInForce.FOK
TILL = TimeInForce.GOOD_TILL_PRE_MARKET


def phases(venue: Venue, day: str, *times: str) -> list[str]:
    return [phase_at(venue, dt.datetime.fromisoformat(f"{day}T{time}+09:00")).value for time in times]


def boundaries(venue: Venue, day: str) -> str:
    """Return every change of phase of a day, found minute by minute and in half minutes."""
    moment = dt.datetime.fromisoformat(f"{day}T00:00:00+09:00")
    found = []
    before = Phase.CLOSED
    for index in range(24 * 120):
        now = moment + dt.timedelta(seconds=30 * index)
        phase = phase_at(venue, now)
        if phase is not before:
            found.append(f"{now:%H:%M:%S} {phase}")
        before = phase
    return " ".join(found).replace(":00 ", " ")


@pytest.mark.parametrize(
    ("venue", "day", "expected"),
    [
        (
            Venue.KRX,
            "2026-11-20",
            (
                "08:30 PRE_OPEN_CLOSING_PRICE 08:40 OPENING_AUCTION 09:00 REGULAR 15:20 CLOSING_AUCTION "
                "15:30 AFTER_CLOSE_CLOSING_PRICE 16:00 AFTER_MARKET 20:00 CLOSED"
            ),
        ),
        (
            Venue.KRX,
            "2026-09-11",
            (
                "08:30 PRE_OPEN_CLOSING_PRICE 08:40 OPENING_AUCTION 09:00 REGULAR 15:20 CLOSING_AUCTION "
                "15:30 AFTER_CLOSE_CLOSING_PRICE 16:00 CLOSED"
            ),
        ),
        (
            Venue.KRX,
            "2026-11-19",
            (
                "09:30 PRE_OPEN_CLOSING_PRICE 09:40 OPENING_AUCTION 10:00 REGULAR 16:20 CLOSING_AUCTION 16:30 CLOSED "
                "16:40 AFTER_CLOSE_CLOSING_PRICE 17:00 AFTER_MARKET 20:00 CLOSED"
            ),
        ),
        (
            Venue.KRX,
            "2025-01-02",
            "09:00 OPENING_AUCTION 10:00 REGULAR 15:20 CLOSING_AUCTION 15:30 AFTER_CLOSE_CLOSING_PRICE 16:00 CLOSED",
        ),
        (
            Venue.NXT,
            "2026-11-20",
            "08:00 PRE_MARKET 08:50 CLOSED 09:00:30 REGULAR 15:20 CLOSED 15:30 AFTER_MARKET 20:00 CLOSED",
        ),
        (Venue.NXT, "2025-11-13", "10:00 REGULAR 16:20 CLOSED 16:30 AFTER_MARKET 20:00 CLOSED"),
        (Venue.NXT, "2026-01-02", "10:00:30 REGULAR 15:20 CLOSED 15:30 AFTER_MARKET 20:00 CLOSED"),
        (
            Venue.SOR,
            "2026-11-20",
            (
                "08:00 PRE_MARKET 08:50 OPENING_AUCTION 09:00 REGULAR 15:20 CLOSING_AUCTION 15:30 AFTER_MARKET "
                "20:00 CLOSED"
            ),
        ),
    ],
)
def test_each_venue_has_its_hours_on_each_sort_of_day(venue: Venue, day: str, expected: str) -> None:
    assert boundaries(venue, day) == expected


def test_the_after_market_of_krx_began_on_a_monday_in_september_2026() -> None:
    assert phases(Venue.KRX, "2026-09-11", "17:00") == ["CLOSED"]
    assert phases(Venue.KRX, "2026-09-14", "17:00") == ["AFTER_MARKET"]


def test_nxt_began_in_march_2025() -> None:
    assert phases(Venue.NXT, "2025-02-28", "10:00") == ["CLOSED"]
    assert phases(Venue.NXT, "2025-03-04", "10:00") == ["REGULAR"]
    assert phases(Venue.SOR, "2025-02-28", "08:35", "10:00") == ["PRE_OPEN_CLOSING_PRICE", "REGULAR"]


@pytest.mark.parametrize("day", ["2024-11-14", "2025-11-13", "2026-11-19", "2027-11-18"])
def test_trading_begins_and_ends_later_on_the_day_of_the_entrance_examination(day: str) -> None:
    assert dt.date.fromisoformat(day) in CSAT_DAYS
    assert is_trading_day(dt.date.fromisoformat(day))
    assert phases(Venue.KRX, day, "09:20", "10:00", "15:40", "16:25") == [
        "CLOSED",
        "REGULAR",
        "REGULAR",
        "CLOSING_AUCTION",
    ]


def test_each_year_has_one_examination_day_a_thursday_in_november() -> None:
    assert sorted(day.year for day in CSAT_DAYS) == [2024, 2025, 2026, 2027]
    assert all((day.weekday(), day.month) == (3, 11) for day in CSAT_DAYS)


@pytest.mark.parametrize("day", ["2024-01-02", "2025-01-02", "2026-01-02", "2027-01-04"])
def test_the_first_trading_day_of_each_year_opens_at_ten(day: str) -> None:
    assert phases(Venue.KRX, day, "08:35", "09:30", "10:00") == ["CLOSED", "OPENING_AUCTION", "REGULAR"]
    second = next_trading_day(dt.date.fromisoformat(day))
    assert phases(Venue.KRX, second.isoformat(), "09:30") == ["REGULAR"]


@pytest.mark.parametrize("day", ["2026-11-21", "2026-11-22", "2026-12-25", "2026-12-31"])
def test_every_venue_is_closed_all_day_without_trading(day: str) -> None:
    assert all(boundaries(venue, day) == "" for venue in KOREA.venues)


def test_the_moment_counts_not_the_clock_it_is_told_by() -> None:
    moment = dt.datetime(2026, 11, 20, 10, tzinfo=KST)
    assert phase_at(Venue.KRX, moment.astimezone(dt.UTC)) is Phase.REGULAR


def test_hours_of_unknown_years_are_an_error() -> None:
    with pytest.raises(InvalidRequest, match="2028"):
        phase_at(Venue.KRX, dt.datetime(2028, 3, 2, 10, tzinfo=KST))


def offered(venue: Venue, phase: Phase) -> dict[str, set[TimeInForce]]:
    table: dict[str, set[TimeInForce]] = {}
    for kind, time_in_force in offers(venue, phase):
        table.setdefault(kind.value, set()).add(time_in_force)
    return table


def test_krx_takes_everything_in_regular_trading() -> None:
    assert offered(Venue.KRX, Phase.REGULAR) == {
        "LIMIT": {DAY, IOC, FOK},
        "MARKET": {DAY, IOC, FOK},
        "LIMIT_TO_MARKET_ON_CLOSE": {DAY},
        "BEST_OPPOSITE": {DAY, IOC, FOK},
        "BEST_SAME_SIDE": {DAY},
        "MIDPOINT": {DAY, IOC, FOK},
        "STOP_LIMIT": {DAY},
    }


def test_nxt_takes_no_market_order_that_waits_and_none_for_the_close() -> None:
    assert offered(Venue.NXT, Phase.REGULAR) == {
        "LIMIT": {DAY, IOC, FOK},
        "MARKET": {IOC, FOK},
        "BEST_OPPOSITE": {DAY, IOC, FOK},
        "BEST_SAME_SIDE": {DAY},
        "MIDPOINT": {DAY, IOC, FOK},
        "STOP_LIMIT": {DAY},
    }


def test_routing_offers_what_brokers_route() -> None:
    assert offered(Venue.SOR, Phase.REGULAR) == {
        "LIMIT": {DAY, IOC, FOK},
        "MARKET": {DAY, IOC, FOK},
        "BEST_OPPOSITE": {DAY, IOC, FOK},
        "BEST_SAME_SIDE": {DAY},
    }


def test_auctions_take_limit_and_market_orders_of_the_day() -> None:
    opening = {"LIMIT": {DAY}, "MARKET": {DAY}, "LIMIT_TO_MARKET_ON_CLOSE": {DAY}}
    assert offered(Venue.KRX, Phase.OPENING_AUCTION) == opening
    assert offered(Venue.KRX, Phase.PRE_OPEN_CLOSING_PRICE) == {"PRE_OPEN_CLOSING_PRICE": {DAY}, **opening}
    assert offered(Venue.KRX, Phase.CLOSING_AUCTION) == {"LIMIT": {DAY}, "MARKET": {DAY}}
    assert offered(Venue.SOR, Phase.OPENING_AUCTION) == {"LIMIT": {DAY}, "MARKET": {DAY}}
    assert offered(Venue.KRX, Phase.AFTER_CLOSE_CLOSING_PRICE) == {"AFTER_CLOSE_CLOSING_PRICE": {DAY}}


def test_the_evening_at_krx_has_three_types() -> None:
    assert offered(Venue.KRX, Phase.AFTER_MARKET) == {
        "LIMIT": {DAY, IOC, FOK},
        "BEST_OPPOSITE": {DAY, IOC, FOK},
        "BEST_SAME_SIDE": {DAY},
    }
    evening = {"LIMIT": {DAY}, "BEST_OPPOSITE": {DAY}, "BEST_SAME_SIDE": {DAY}}
    assert offered(Venue.NXT, Phase.AFTER_MARKET) == offered(Venue.SOR, Phase.AFTER_MARKET) == evening


def test_only_the_pre_market_of_nxt_has_orders_that_end_with_it() -> None:
    assert offered(Venue.NXT, Phase.PRE_MARKET) == {
        "LIMIT": {DAY, TILL},
        "BEST_OPPOSITE": {DAY, TILL},
        "BEST_SAME_SIDE": {DAY, TILL},
    }
    others = [pair for pair in product(Venue, Phase) if pair != (Venue.NXT, Phase.PRE_MARKET)]
    assert not any(time_in_force is TILL for pair in others for _, time_in_force in offers(*pair))
    assert offers(Venue.KRX, Phase.PRE_MARKET) == frozenset()


def test_rules_that_hold_in_every_phase() -> None:
    for venue, phase in product(Venue, Phase):
        for kind, time_in_force in offers(venue, phase):
            assert kind is not OrderType.SINGLE_PRICE
            assert time_in_force not in (IOC, FOK) or phase in CONTINUOUS
            assert kind not in (OrderType.MIDPOINT, OrderType.STOP_LIMIT) or phase is Phase.REGULAR
            assert kind is not OrderType.LIMIT_TO_MARKET_ON_CLOSE or venue is Venue.KRX
        if phase in AUCTIONS or phase is Phase.AFTER_CLOSE_CLOSING_PRICE:
            assert offers(Venue.NXT, phase) == frozenset()
        assert offers(venue, Phase.CLOSED) == frozenset()
