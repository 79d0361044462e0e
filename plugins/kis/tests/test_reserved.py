"""Reserved orders of Korean shares from end to end: the adapter over HTTP at the server's face."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from email.utils import formatdate

import pytest

from brokerkit import (
    Broker,
    InsufficientFunds,
    MarketClosed,
    NothingToCancel,
    OrderRequest,
    OrderStatus,
    OrderType,
    OrderUncertain,
    ReservationStatus,
    Side,
    UnknownSymbol,
    clock,
    get_broker,
)
from brokerkit.market.sessions import Phase
from brokerkit.market.us import day_of
from brokerkit.orders import reconcile as reconciling
from brokerkit.sandbox import Faults, Rule, Sandbox
from brokerkit.sandbox import face as faces

SAMSUNG = "005930"
Waiting = ReservationStatus.RESERVED


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(state=None) as made:
        made.exchange.phase = Phase.CLOSED
        yield made


@pytest.fixture
def broker(sandbox: Sandbox) -> Iterator[Broker]:
    with get_broker("kis", environment="sandbox", sandbox=sandbox) as made:
        yield made


def buying(sandbox: Sandbox, quantity: int = 10, **changes: object) -> OrderRequest:
    price = sandbox.exchange.instruments[SAMSUNG].lower_limit
    known = {"symbol": SAMSUNG, "side": Side.BUY, "quantity": quantity, "price": price}
    return OrderRequest.model_validate({**known, **changes})


def test_a_reserved_order_becomes_an_order_when_regular_trading_begins(sandbox: Sandbox, broker: Broker) -> None:
    kept = broker.reserve(buying(sandbox))
    (shown,) = broker.reservations()
    assert (shown.id, shown.status, shown.quantity, shown.type) == (kept.id, Waiting, 10, OrderType.LIMIT)
    assert shown.handle == kept.handle
    assert list(broker.orders()) == []
    sandbox.exchange.phase = Phase.REGULAR
    (order,) = broker.orders()
    (shown,) = broker.reservations()
    assert (shown.status, shown.order_id) == (ReservationStatus.ORDERED, order.id)
    assert (order.quantity, order.price, order.status) == (10, kept.price, OrderStatus.WORKING)
    with pytest.raises(NothingToCancel):
        broker.cancel_reservation(kept)
    broker.cancel(order)
    assert list(broker.orders()) == []


def test_one_that_was_amended_is_sent_as_amended_and_one_that_was_cancelled_never(
    sandbox: Sandbox, broker: Broker
) -> None:
    changed = broker.amend_reservation(broker.reserve(buying(sandbox)), quantity=7)
    gone = broker.reserve(buying(sandbox, 3))
    broker.cancel_reservation(gone)
    assert [each.status for each in broker.reservations()] == [Waiting, ReservationStatus.CANCELED]
    sandbox.exchange.phase = Phase.REGULAR
    (order,) = broker.orders()
    assert (order.quantity, changed.quantity) == (7, 7)


def test_one_that_the_exchange_refuses_is_told_as_rejected(sandbox: Sandbox, broker: Broker) -> None:
    broker.reserve(buying(sandbox, 1_000_000))  # nobody looks at the cash before
    sandbox.exchange.phase = Phase.REGULAR
    (shown,) = broker.reservations()
    assert (shown.status, shown.order_id) == (ReservationStatus.REJECTED, None)
    with pytest.raises(InsufficientFunds):
        broker.order(buying(sandbox, 1_000_000))


def test_closing_price_orders_of_the_morning_are_sent_in_their_phase(sandbox: Sandbox, broker: Broker) -> None:
    broker.reserve(buying(sandbox, type=OrderType.PRE_OPEN_CLOSING_PRICE, price=None))
    sandbox.exchange.phase = Phase.PRE_OPEN_CLOSING_PRICE
    (shown,) = broker.reservations()
    assert shown.status is ReservationStatus.ORDERED


def test_the_brokers_refusals_are_told(sandbox: Sandbox, broker: Broker) -> None:
    with pytest.raises(UnknownSymbol):
        broker.reserve(buying(sandbox, symbol="099999"))
    kept = broker.reserve(buying(sandbox))
    with pytest.raises(NothingToCancel):
        broker.cancel_reservation(kept.model_copy(update={"handle": kept.handle.replace(kept.id, "77")}))


def test_a_long_list_is_read_to_its_end(sandbox: Sandbox, broker: Broker) -> None:
    sent = [broker.reserve(buying(sandbox, quantity)).id for quantity in range(1, 46)]
    assert [each.id for each in broker.reservations()] == sent
    until = clock.today() + dt.timedelta(days=5)
    broker.reserve(buying(sandbox), until=until)
    assert broker.reservations()[-1].until == until


@pytest.mark.parametrize("verb", ["reserve", "cancel_reservation"])
def test_what_got_through_unanswered_is_found_in_the_list(verb: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconciling, "APART", dt.timedelta(0))
    faults = Faults([Rule("processed_then_reset", on="order", nth=1 if verb == "reserve" else 2)])
    with Sandbox(state=None, faults=faults) as sandbox:
        sandbox.exchange.phase = Phase.CLOSED
        with get_broker("kis", environment="sandbox", sandbox=sandbox) as broker:
            if verb == "reserve":
                with pytest.raises(OrderUncertain):
                    broker.reserve(buying(sandbox))
            else:
                kept = broker.reserve(buying(sandbox))
                with pytest.raises(OrderUncertain):
                    broker.cancel_reservation(kept)
            report = broker.reconcile(wait=True, timeout=30)
            assert (len(report.decided), report.unresolved) == (1, ())
            assert len(broker.reservations()) == 1


@pytest.mark.parametrize("hour", [3, 16], ids=["of the day before in New York", "of the same day in New York"])
@pytest.mark.parametrize("verb", ["reserve", "cancel_reservation"])
def test_what_got_through_unanswered_of_a_us_share_is_found_by_the_day_in_new_york(
    verb: str, hour: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconciling, "APART", dt.timedelta(0))
    later = clock.now().replace(hour=hour, minute=0) - clock.now()
    real = clock.now
    monkeypatch.setattr(clock, "now", lambda: real() + later)
    monkeypatch.setattr(faces, "formatdate", lambda **form: formatdate(clock.now().timestamp(), **form))
    faults = Faults([Rule("processed_then_reset", on="order", nth=1 if verb == "reserve" else 2)])
    request = OrderRequest(symbol="US:AAPL", side=Side.BUY, quantity=3, price="100.00")
    with Sandbox(state=None, faults=faults) as sandbox:
        us = sandbox.exchanges["US"]
        us.phase = Phase.PRE_MARKET
        with get_broker("kis", environment="sandbox", sandbox=sandbox) as broker:
            if verb == "cancel_reservation":
                kept = broker.reserve(request)
            with pytest.raises(OrderUncertain):
                broker.reserve(request) if verb == "reserve" else broker.cancel_reservation(kept)
            report = broker.reconcile(wait=True, timeout=30, market="US")
            assert (len(report.decided), report.unresolved) == (1, ())
            (shown,) = broker.reservations(market="US")
    assert shown.handle.split(":")[1] == f"{us.today:%Y%m%d}"
    assert shown.submitted_at is not None
    assert day_of(shown.submitted_at) == us.today


def test_a_reserved_order_of_a_us_share_becomes_an_order_at_the_opening(sandbox: Sandbox, broker: Broker) -> None:
    us = sandbox.exchanges["US"]
    request = OrderRequest(symbol="US:AAPL", side=Side.BUY, quantity=3, price="100.00")
    with pytest.raises(MarketClosed):  # it trades already
        broker.reserve(request)
    us.phase = Phase.PRE_MARKET
    kept, gone = broker.reserve(request), broker.reserve(request)
    broker.cancel_reservation(gone)
    assert [each.status for each in broker.reservations(market="US")] == [Waiting, ReservationStatus.CANCELED]
    us.phase = Phase.REGULAR
    (order,) = broker.orders(market="US")
    shown, _ = broker.reservations(market="US")
    assert (shown.id, shown.status, shown.order_id) == (kept.id, ReservationStatus.ORDERED, order.id)
    assert (order.quantity, order.price) == (3, 100)
