"""What is asked about investors, and that a sum says when its last day is still open: the same at every broker."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest

from brokerkit import Broker, Venue, clock, get_broker
from brokerkit.sandbox import Sandbox

MONTH = dt.timedelta(days=28)


@pytest.fixture(params=["kis", "kiwoom"])
def broker(request: pytest.FixtureRequest) -> Iterator[Broker]:
    with Sandbox() as sandbox, get_broker(request.param, environment="sandbox", sandbox=sandbox) as broker:
        yield broker


def test_verbs_about_investors_take_an_instrument_as_prices_do(broker: Broker) -> None:
    samsung, start = broker.instrument("005930"), clock.today() - MONTH
    assert broker.investor_flow(samsung) == broker.investor_flow("005930")
    assert broker.investor_flow_total(samsung, start) == broker.investor_flow_total("005930", start)
    assert broker.investor_flow_estimates(samsung) == broker.investor_flow_estimates("005930")
    assert broker.program_trading(samsung, start) == broker.program_trading("005930", start)


def test_days_come_after_the_symbol_as_in_every_verb_with_days(broker: Broker) -> None:
    end = clock.today() - dt.timedelta(days=7)
    start = end - dt.timedelta(days=14)
    assert broker.investor_flow("005930", start, end) == broker.investor_flow("005930", start=start, end=end)


def test_hours_are_asked_of_the_broker_as_of_the_table(broker: Broker) -> None:
    day = dt.date(2026, 11, 19)
    assert broker.market_hours(day, Venue.NXT).venue is Venue.NXT


def test_a_total_up_to_the_present_day_is_not_final(broker: Broker) -> None:
    today = clock.today()
    assert not broker.investor_flow_total("005930", today - MONTH, today).final
    assert broker.investor_flow_total("005930", today - MONTH, today - dt.timedelta(days=1)).final


def test_a_ranking_of_what_investors_bought_says_of_which_day_it_is(broker: Broker) -> None:
    ranked = broker.investor_rankings("FOREIGN", count=3)
    (day,) = {each.date for each in ranked}
    assert day is not None
    assert all(each.final == (day < clock.today()) for each in ranked)
