"""Orders at a venue that is in no list of the broker: what became of one is never made up."""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Callable
from typing import ClassVar

import pytest

from brokerkit import Broker, Venue
from brokerkit.errors import OrderBlocked, OrderUncertain
from brokerkit.orders.intents import Intent, IntentState
from brokerkit.replies import OrderPage
from brokerkit.words import OrderStatus
from tests.fakes import Fake, FakePart, UsPart, UsRow
from tests.test_order_days import at, fake, korean, shown

__all__ = ["at", "fake"]

At = Callable[[str], None]
NOON = "11-20 12:00"


class DaytimePart(UsPart):
    """A part whose orders of the daytime market are in no list."""

    unlisted_venues: ClassVar = (Venue.DAYTIME,)


@pytest.fixture
def broker(fake: Fake, at: At) -> Broker:
    at(NOON)
    return fake.abroad(FakePart, DaytimePart)


def daytime(broker: Broker, **changes: object) -> object:
    return broker.buy(**{"symbol": "US:AAPL", "quantity": 10, "price": 150, "venue": Venue.DAYTIME, **changes})


def loses(fake: Fake, broker: Broker) -> OrderUncertain:
    answer, fake.answer = fake.answer, lambda: None
    with pytest.raises(OrderUncertain) as caught:
        daytime(broker)
    fake.answer = answer
    return caught.value


def intent_of(error: OrderUncertain, broker: Broker) -> Intent:
    assert error.intent is not None
    return broker.journal.get(error.intent.id)


def test_an_uncertain_one_says_that_a_person_has_to_settle_it(fake: Fake, broker: Broker) -> None:
    error = loses(fake, broker)
    assert "lists no orders of DAYTIME" in str(error)
    assert "resolve()" in str(error)
    assert "reconcile()" not in str(error)


def test_no_list_decides_what_became_of_an_uncertain_one(at: At, fake: Fake, broker: Broker) -> None:
    """Neither a list without it, nor one with an order that is just like it, nor the end of its day."""
    error = loses(fake, broker)
    twin = UsRow(id="117", told=korean(NOON))
    for rows in ([], [twin]):
        shown(fake, *rows)
        for moment in ("11-20 12:05", "11-20 12:07", "11-20 12:09", "11-21 12:00", "11-21 12:02", "11-21 12:04"):
            at(moment)
            report = broker.reconcile(market="US")
            assert (report.decided, [each.id for each in report.unresolved]) == ((), [error.intent.id])
    found = intent_of(error, broker)
    assert (found.state, found.evidence.count(found.evidence[-1])) == (IntentState.UNKNOWN, 1)
    assert "no list shows orders of DAYTIME: a person has to settle it" in found.evidence[-1]


def test_another_of_its_symbol_and_side_waits_for_a_person(fake: Fake, broker: Broker) -> None:
    error = loses(fake, broker)
    with pytest.raises(OrderBlocked):
        broker.buy("US:AAPL", 10, price=150)
    broker.resolve(intent_of(error, broker), absent=True, reason="not in the app")
    assert broker.buy("US:AAPL", 10, price=150).status is OrderStatus.PENDING


def test_nobody_waits_for_what_no_list_will_tell(fake: Fake, broker: Broker) -> None:
    loses(fake, broker)
    began = time.monotonic()
    report = broker.reconcile(market="US", wait=True, timeout=600)
    order = broker.sell("US:MSFT", 1, price=400, venue=Venue.DAYTIME)
    assert broker.wait(order, timeout=600).status is OrderStatus.PENDING
    assert (len(report.unresolved), time.monotonic() - began < 300) == (1, True)


@pytest.mark.parametrize("status", OrderStatus)
def test_refresh_neither_asks_nor_makes_up_what_became_of_one(
    status: OrderStatus, at: At, fake: Fake, broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    order = broker.buy("US:AAPL", 10, price=150, venue=Venue.DAYTIME).model_copy(update={"status": status})
    filled = UsRow(id=order.id, told=korean(NOON), filled_quantity=10, remaining_quantity=0)
    shown(fake, filled)  # of the regular market, whose numbers may be others
    at("11-24 12:00")
    told = broker.refresh(order)
    is_known = status in (OrderStatus.WORKING, OrderStatus.PARTIALLY_FILLED)
    assert told.status is (OrderStatus.UNKNOWN if is_known else status)
    assert not [call for call in fake.calls if call[0] == "rows"]
    assert f"fake lists no orders of DAYTIME: what became of order {order.id} its own app shows" in caplog.text


def test_working_orders_and_reports_name_what_no_list_shows(
    at: At, fake: Fake, broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert broker.orders(market="US") == ()
        assert caplog.text == ""
        daytime(broker)
        loses(fake, broker)
        caplog.clear()
        assert broker.orders(market="US") == ()
    assert "Not among the working orders are: 117 (BUY 10 US:AAPL at 150, DAYTIME), UNKNOWN (BUY 10" in caplog.text
    assert broker.reconcile(market="US").unlisted == ("US 2026-11-20, order 117: BUY 10 US:AAPL at 150",)
    at("11-21 12:00")
    assert broker.reconcile(market="US").unlisted == ()


def test_one_that_stands_is_not_missed_in_the_lists(at: At, fake: Fake, broker: Broker) -> None:
    """Its number may be another order's there: the regular market may count by itself."""
    daytime(broker)
    shown(fake, UsRow(id="117", symbol="US:MSFT", told=korean("11-20 23:31")))
    at("11-20 23:59")
    report = broker.reconcile(market="US")
    assert (report.lacking, report.unresolved) == ((), ())
    (intent,) = broker.journal.everything()
    assert intent.state is IntentState.ACKED


def test_it_is_declared_which_venues_no_list_shows(broker: Broker) -> None:
    us = broker.capabilities()[1]
    assert us.unlisted_venues == (Venue.DAYTIME,)
    for verb in ("orders", "order_history", "fills", "refresh", "wait", "reconcile"):
        assert broker.supports(verb, market="US", venue=Venue.US)
        assert not broker.supports(verb, market="US", venue=Venue.DAYTIME)
    assert broker.supports("cancel", market="US", venue=Venue.DAYTIME)


def test_a_cancellation_of_one_that_is_uncertain_is_not_decided_by_a_list_either(
    at: At, fake: Fake, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = daytime(broker)
    monkeypatch.setattr(DaytimePart, "send_cancel", lambda *given: None)
    with pytest.raises(OrderUncertain, match="lists no orders of DAYTIME"):
        broker.cancel(order)  # type: ignore[arg-type]
    cancel = UsRow(id="118", original_id="117", is_cancellation=True, told=korean("11-20 12:00:01"))
    fake.pages = lambda start, end: [OrderPage(None, [cancel])]
    for moment in ("11-20 12:01", "11-20 12:02", "11-20 12:05"):
        at(moment)
        (left,) = broker.reconcile(market="US").unresolved
    assert left.state is IntentState.UNKNOWN
    with pytest.raises(OrderBlocked):
        broker.cancel(order)  # type: ignore[arg-type]
    assert dt.date(2026, 11, 20) == left.day
