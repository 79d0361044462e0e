"""Prices of US shares: of a venue there, in dollars, at moments of a session that runs past midnight in Korea."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from brokerkit import Venue, clock
from brokerkit.errors import IncompleteListing, InvalidRequest, UnknownSymbol, Unsupported, WireError
from tests.new_york import World, printed, world

__all__ = ["world"]


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=clock.KST)


def time(text: str) -> dt.time:
    return dt.time.fromisoformat(text)


# Quotes


def test_a_quote_is_in_dollars_with_all_its_decimals_and_without_limits(world: World) -> None:
    quote = world.broker().quote("US:AAPL")
    assert (quote.price, quote.currency, quote.venue) == (Decimal("271.5301"), "USD", Venue.US)
    assert (quote.upper_limit, quote.lower_limit) == (None, None)
    assert quote.session is None  # nothing proves whether it is one of the regular session


def test_its_name_is_that_of_the_list_where_that_is_there(world: World) -> None:
    broker = world.broker()
    assert broker.quote("US:AAPL").name is None
    broker.instruments("US")
    assert broker.quote("US:AAPL").name == "애플"


def test_symbols_of_two_markets_are_asked_for_together(world: World) -> None:
    found = world.broker().quotes(["US:AAPL", "005930", "US:SPY", "US:NONE"])
    assert [(each.symbol, each.currency, each.venue) for each in found] == [
        ("US:AAPL", "USD", Venue.US),
        ("005930", "KRW", Venue.KRX),
        ("US:SPY", "USD", Venue.US),
    ]
    assert {symbol: type(error) for symbol, error in found.failed.items()} == {"US:NONE": UnknownSymbol}


def test_a_market_that_is_not_served_takes_no_symbol_of_another_with_it(world: World) -> None:
    found = world.broker().quotes(["005930", "HK:00700", "US:AAPL"])
    assert [each.symbol for each in found] == ["005930", "US:AAPL"]
    assert isinstance(found.failed["HK:00700"], Unsupported)
    with pytest.raises(Unsupported, match="Hong Kong"):
        world.broker().quotes(["HK:00700"])


def test_a_venue_is_that_of_the_symbols_it_has(world: World) -> None:
    found = world.broker().quotes(["005930", "US:AAPL"], venue=Venue.US)
    assert [each.symbol for each in found] == ["US:AAPL"]
    assert isinstance(found.failed["005930"], Unsupported)


@pytest.mark.parametrize("venue", [Venue.KRX, Venue.NXT, Venue.SOR, Venue.DAYTIME])
@pytest.mark.parametrize("verb", ["quote", "order_book", "trades"])
def test_a_venue_that_has_no_such_symbol_is_told_with_those_that_have(verb: str, venue: Venue, world: World) -> None:
    with pytest.raises(Unsupported, match=f"{venue} is not offered") as refused:
        getattr(world.broker(), verb)("US:AAPL", venue=venue)
    assert "Offered here: US." in str(refused.value.advice)
    assert world.calls == []


def test_a_korean_symbol_has_no_venue_in_new_york(world: World) -> None:
    with pytest.raises(Unsupported, match="US is not offered as a venue for quotes at"):
        world.broker().quote("005930", venue=Venue.US)
    with pytest.raises(InvalidRequest, match="no venue"):
        world.broker().quote("US:AAPL", venue="NASD")  # type: ignore[arg-type]
    assert world.calls == []


# The book


@pytest.mark.parametrize(
    ("now", "told", "moment"),
    [
        ("2026-11-25T23:45", time("23:44:59"), at("2026-11-25T23:44:59")),
        ("2026-11-26T00:10", time("00:09:59"), at("2026-11-26T00:09:59")),
        ("2026-11-26T00:10", time("23:59:59"), at("2026-11-25T23:59:59")),  # before midnight, of the same session
        ("2026-11-26T05:59", time("05:58"), at("2026-11-26T05:58")),
        ("2026-11-26T00:10", time("00:12"), None),  # still to come: it is of yesterday
        ("2026-11-26T12:00", time("05:59"), None),  # a day without trading in New York
        ("2026-11-26T12:00", at("2026-11-26T05:59:59"), at("2026-11-26T05:59:59")),  # a moment is sure of its day
        ("2026-11-25T23:45", None, None),
    ],
)
def test_the_time_of_a_book_belongs_to_the_running_session(
    now: str, told: dt.time | dt.datetime | None, moment: dt.datetime | None, world: World
) -> None:
    world.at(now).booked_at = told
    assert world.broker().order_book("US:AAPL").time == moment


# Trades


def test_trades_run_past_midnight_in_korea(world: World) -> None:
    pages = [[time("00:10:02"), time("00:00:01")], [time("23:59:59"), time("23:30:00")], [time("18:00:05")]]
    world.at("2026-11-26T00:11").printed = [[printed(each) for each in page] for page in pages]
    told = world.broker().trades("US:AAPL", count=None)
    assert [each.time for each in told] == [
        at("2026-11-25T18:00:05"),  # before the open
        at("2026-11-25T23:30:00"),
        at("2026-11-25T23:59:59"),
        at("2026-11-26T00:00:01"),
        at("2026-11-26T00:10:02"),
    ]
    assert {each.venue for each in told} == {Venue.US}


def test_a_page_may_begin_with_rows_of_the_one_before_over_midnight(world: World) -> None:
    first, second = printed(time("00:00:01"), 12), printed(time("23:59:59"), 11)
    world.at("2026-11-26T00:11").printed = [[first, second], [second, printed(time("23:59:58"), 10)]]
    assert [each.volume for each in world.broker().trades("US:AAPL", count=None)] == [10, 11, 12]


def test_rows_that_are_not_told_newest_first_are_an_error(world: World) -> None:
    world.at("2026-11-26T00:11").printed = [[printed(time("23:59:59")), printed(time("00:00:01"))]]
    with pytest.raises(WireError, match="newest first"):
        world.broker().trades("US:AAPL")


@pytest.mark.parametrize(
    ("now", "newest"),
    [
        ("2026-11-25T17:30", time("05:59:59")),  # before the pre-market: of the session that has ended
        ("2026-11-25T18:30", time("09:59:59")),
        ("2026-11-27T02:00", time("01:00:00")),  # Thanksgiving
        ("2026-11-25T18:30", at("2026-11-25T05:59:59")),
    ],
)
def test_trades_of_the_session_before_are_none_of_today(now: str, newest: dt.time | dt.datetime, world: World) -> None:
    world.at(now).printed = [[printed(newest)]]
    assert world.broker().trades("US:AAPL") == ()


def test_where_the_days_are_told_those_before_are_left_out(world: World) -> None:
    moments = [at("2026-11-25T23:31"), at("2026-11-25T10:00"), at("2026-11-25T09:59"), at("2026-11-24T23:30")]
    world.printed = [[printed(each) for each in moments], [printed(at("2026-11-24T23:29"))]]
    assert [each.time for each in world.broker().trades("US:AAPL", count=None)] == [moments[1], moments[0]]
    assert len(world.calls) == 1  # no page is asked for that can have none of today


def test_an_empty_page_among_others_is_an_error(world: World) -> None:
    world.printed = [[printed(time("23:31"))], []]
    with pytest.raises(IncompleteListing):
        world.broker().trades("US:AAPL", count=None)
