"""Lists that surprise: dated on another day, contradicting an answer, showing what was held to be ours."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest

from brokerkit.sandbox import Rule
from proof.trading import BROKERS, Trader, quick, trading


@pytest.fixture(params=BROKERS)
def trader(request: pytest.FixtureRequest) -> Iterator[Trader]:
    with quick(), trading(request.param, 1, exclusive=True, settle=1.0) as each:
        yield each


def test_a_list_that_is_dated_on_another_day_proves_nothing(trader: Trader) -> None:
    symbol, side = trader.free_sides()[0]
    trader.submit(partial(trader.broker.order, trader.request(symbol, side)), "processed_then_reset")
    trader.faults.clear()
    trader.faults.honest = False
    trader.faults.add(Rule("day_roll"))
    report = trader.broker.reconcile(wait=True, timeout=1.8)
    assert trader.journal()[-1].state == "UNKNOWN"
    assert report.problem is not None


def test_the_number_of_another_order_that_was_answered_is_taken_back(trader: Trader) -> None:
    first, second, *_ = [each for each in trader.free_sides() if each[1] == "BUY"]
    for (symbol, side), kind in ((first, "processed_then_reset"), (second, "previous_answer")):
        trader.submit(partial(trader.broker.order, trader.request(symbol, side)), kind)
    trader.faults.clear()
    trader.broker.reconcile(wait=True, timeout=30)
    wanted = [trader.own_number(step) for step in trader.steps]
    assert [str(int(intent.order_id or 0)) for intent in trader.journal()] == wanted


def test_somebody_elses_order_is_reported_although_it_was_held_for_a_moment_to_be_ours(trader: Trader) -> None:
    symbol, side = trader.free_sides()[0]
    request = trader.request(symbol, side)
    theirs = trader.exchange.submit(trader.account, request.model_copy(update={"quantity": request.quantity + 1}))
    trader.submit(partial(trader.broker.order, request), "processed_then_reset")
    trader.faults.clear()
    report = trader.broker.reconcile(wait=True, timeout=30)
    assert report.unresolved == ()
    assert [str(int(order.id)) for order in report.foreign] == [str(theirs.number)]
