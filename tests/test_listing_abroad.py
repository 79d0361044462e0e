"""What is listed in the US, what a part knows of it, and what a dollar costs."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from brokerkit import ExchangeRate, Segment
from brokerkit.errors import InvalidRequest, NetworkError, UnknownSymbol, Unsupported, WireError
from tests.new_york import World, line, world

__all__ = ["world"]


@pytest.mark.parametrize(
    ("place", "codes"),
    [("US", ["AAPL", "BRK.B", "SPY"]), ("NASDAQ", ["AAPL"]), (Segment.NYSE, ["BRK.B"]), ("AMEX", ["SPY"])],
)
def test_a_market_or_a_segment_of_it_is_listed(place: str, codes: list[str], world: World) -> None:
    found = world.broker().instruments(place)
    assert [each.symbol for each in found] == [f"US:{code}" for code in codes]
    assert world.calls == [("instruments",)]


def test_an_instrument_has_dollars_and_a_step_and_no_limits(world: World) -> None:
    apple = world.broker().instrument("US:AAPL")
    assert (apple.name, apple.english_name, apple.currency) == ("애플", "APPLE INC", "USD")
    assert (apple.tick, apple.upper_limit, apple.lower_limit) == (Decimal("0.01"), None, None)
    world.lines = (line("TINY", base_price=Decimal("0.35")),)
    assert world.broker().instrument("US:TINY").tick == Decimal("0.0001")


@pytest.mark.parametrize("place", ["NASDQ", "us", "", None, 7, "KRX"])
def test_a_place_that_lists_nothing_is_told_with_those_that_do(place: object, world: World) -> None:
    broker = world.broker()
    if place is None:
        with pytest.raises(Unsupported):  # the home market, of which this broker tells no list
            broker.instruments()
        return
    with pytest.raises(InvalidRequest, match=r"NASDAQ.*US"):
        broker.instruments(place)  # type: ignore[arg-type]
    assert world.calls == []


def test_a_market_that_is_not_served_is_unsupported(world: World) -> None:
    with pytest.raises(Unsupported, match="no part for Japanese stocks"):
        world.broker().instruments("JP")


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("애플", ["AAPL"]),
        ("apple", ["AAPL"]),
        ("aapl", ["AAPL"]),
        ("US:AAPL", ["AAPL"]),
        ("ㅇㅍ", ["AAPL"]),
        ("berkshire hathaway", ["BRK.B"]),
        ("brk.b", ["BRK.B"]),
        ("s&p500", ["SPY"]),
        ("us", ["SPY"]),  # in a name; what stands before a code is no part of it
    ],
)
def test_names_in_both_languages_are_found(text: str, codes: list[str], world: World) -> None:
    world.lines = (*world.lines[:2], line("SPY", "SPDR S&P 500", "SPDR S&P 500 ETF TRUST", market=Segment.AMEX))
    found = world.broker().search(text, market="US")
    assert [each.symbol for each in found] == [f"US:{code}" for code in codes]


def test_a_search_may_be_for_a_segment_and_counts_what_it_finds_there(world: World) -> None:
    world.lines = tuple(
        line(f"A{number}", market=Segment.NYSE if number % 2 else Segment.NASDAQ) for number in range(6)
    )
    found = world.broker().search("애플", market="NYSE", count=2)
    assert [each.symbol for each in found] == ["US:A1", "US:A3"]


def test_the_home_market_is_searched_where_none_is_named(world: World) -> None:
    with pytest.raises(Unsupported):
        world.broker().search("애플")
    assert world.calls == []


# What a part knows


def test_a_part_knows_what_is_listed_and_asks_once(world: World) -> None:
    part = world.part(world.broker())
    assert part.listed("US:BRK.B").market is Segment.NYSE  # type: ignore[union-attr]
    assert part.listed("US:NONE") is None
    assert world.calls == [("instruments",)]


def test_what_goes_wrong_with_the_list_is_raised_as_it_is(world: World) -> None:
    part = world.part(world.broker())
    world.fails = NetworkError("the line is down")
    with pytest.raises(NetworkError):
        part.listed("US:AAPL")


def test_a_listing_that_moved_is_read_afresh(world: World) -> None:
    broker = world.broker()
    part = world.part(broker)
    assert part.listed("US:AAPL").market is Segment.NASDAQ  # type: ignore[union-attr]
    world.lines = (line("AAPL", market=Segment.NYSE),)
    world.now += dt.timedelta(hours=1)
    part.relist("US:AAPL")
    assert world.calls == [("instruments",)]  # only when it is needed
    assert part.listed("US:AAPL").market is Segment.NYSE  # type: ignore[union-attr]
    assert broker.instrument("US:AAPL").market is Segment.NYSE
    assert world.calls == [("instruments",)] * 2


def test_a_list_that_has_just_been_read_is_not_read_again_for_each_refusal(world: World) -> None:
    part = world.part(world.broker())
    for _ in range(5):
        part.listed("US:AAPL")
        part.relist("US:AAPL")
        world.now += dt.timedelta(seconds=9)
    assert world.calls == [("instruments",)]


def test_an_old_list_stays_where_the_broker_cannot_be_asked_for_the_new_one(world: World) -> None:
    part = world.part(world.broker())
    part.listed("US:AAPL")
    world.now += dt.timedelta(hours=1)
    part.relist("US:AAPL")
    world.fails = NetworkError("the line is down")
    assert part.listed("US:AAPL").market is Segment.NASDAQ  # type: ignore[union-attr]
    assert world.calls == [("instruments",)] * 2


def test_a_symbol_that_is_not_listed_is_told(world: World) -> None:
    with pytest.raises(UnknownSymbol, match="US:NONE"):
        world.broker().instrument("US:NONE")


# What a dollar costs


def test_the_rate_of_a_currency_is_told_as_the_broker_tells_it(world: World) -> None:
    told = world.broker().exchange_rate()
    assert told == ExchangeRate(currency="USD", rate=Decimal("1432.50"), kind="기준환율", asked_at=world.now)
    assert (told.date, told.time) == (None, None)
    assert world.calls == [("exchange_rate", "USD")]


@pytest.mark.parametrize("rate", [None, Decimal(0), Decimal(-1)])
def test_a_rate_that_is_none_is_not_told(rate: Decimal | None, world: World) -> None:
    world.rate = rate
    with pytest.raises(WireError, match="no rate of USD"):
        world.broker().exchange_rate("USD")


@pytest.mark.parametrize("currency", ["KRW", "usd", "", "DOLLAR", None, 1])
def test_what_is_no_foreign_currency_is_told_before_anything_is_sent(currency: object, world: World) -> None:
    with pytest.raises(InvalidRequest, match="'USD'"):
        world.broker().exchange_rate(currency)  # type: ignore[arg-type]
    assert world.calls == []


def test_a_currency_of_no_market_here_is_unsupported_with_those_there_are(world: World) -> None:
    with pytest.raises(Unsupported, match="JPY") as refused:
        world.broker().exchange_rate("JPY")
    assert "US (USD)" in str(refused.value.advice)
    assert world.calls == []


def test_it_is_a_verb_of_the_market_whose_currency_it_is(world: World) -> None:
    broker = world.broker()
    assert not broker.supports("exchange_rate")
    assert broker.supports("exchange_rate", market="US")
