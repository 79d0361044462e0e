"""Reserved orders of Korean shares from end to end: the adapter over HTTP at the server's face."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from decimal import Decimal
from email.utils import formatdate
from pathlib import Path

import pytest

from brokerkit import (
    Broker,
    ConfigError,
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
    with pytest.raises(NothingToCancel, match=f"ORDERED; nothing was sent.*It has become order {order.id}"):
        broker.cancel_reservation(shown)
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


@pytest.mark.parametrize("symbol", [SAMSUNG, "US:AAPL"])
@pytest.mark.parametrize("verb", ["reserve", "cancel_reservation"])
def test_what_got_through_unanswered_is_found_in_the_list(
    verb: str, symbol: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconciling, "APART", dt.timedelta(0))
    faults = Faults([Rule("processed_then_reset", on="order", nth=1 if verb == "reserve" else 2)])
    with Sandbox(state=None, faults=faults) as sandbox:
        for exchange in sandbox.exchanges.values():
            exchange.phase = Phase.CLOSED
        request = buying(sandbox, symbol=symbol, price=Decimal(60_000 if symbol == SAMSUNG else "150.25"))
        with get_broker("kis", environment="sandbox", sandbox=sandbox) as broker:
            if verb == "reserve":
                with pytest.raises(OrderUncertain):
                    broker.reserve(request)
            else:
                kept = broker.reserve(request)
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


def reserve_in_both_markets(sandbox: Sandbox) -> None:
    for exchange in sandbox.exchanges.values():
        exchange.phase = Phase.CLOSED
    apple = OrderRequest(symbol="US:AAPL", side=Side.BUY, quantity=2, price=Decimal("150.25"))
    with get_broker("kis", environment="sandbox", sandbox=sandbox) as broker:
        near = sandbox.exchange.order_book(SAMSUNG).bids[0].price  # so that the limits of the next day allow it
        broker.reserve(buying(sandbox, price=near))
        broker.cancel_reservation(broker.reserve(buying(sandbox, 7)))
        broker.reserve(apple)


def states(broker: Broker) -> list[tuple[str, Decimal, str]]:
    return sorted((each.symbol, each.quantity, each.status) for each in broker.reservations())


def test_reserved_orders_of_both_markets_survive_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    with Sandbox(state=path) as sandbox:
        reserve_in_both_markets(sandbox)
    waiting = [(SAMSUNG, 7, "CANCELED"), (SAMSUNG, 10, "RESERVED"), ("US:AAPL", 2, "RESERVED")]
    with Sandbox(state=path) as again, get_broker("kis", environment="sandbox", sandbox=again) as broker:
        assert states(broker) == waiting
        assert list(broker.orders()) == []
        for exchange in again.exchanges.values():
            exchange.phase = Phase.REGULAR
        assert [each[2] for each in states(broker)] == ["CANCELED", "ORDERED", "ORDERED"]


def test_reserved_orders_of_a_day_that_is_over_were_sent_when_the_next_one_began(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, told = tmp_path / "state.json", dt.datetime(2026, 11, 20, 20, 0, tzinfo=clock.KST)
    monkeypatch.setattr(clock, "now", lambda: told)
    with Sandbox(state=path) as sandbox:
        reserve_in_both_markets(sandbox)
    told = dt.datetime(2026, 11, 23, 20, 0, tzinfo=clock.KST)
    with Sandbox(state=path) as again, get_broker("kis", environment="sandbox", sandbox=again) as broker:
        days = {name: exchange.today for name, exchange in again.exchanges.items()}
        sent = {
            order.symbol: order.id for name, day in days.items() for order in broker.order_history(day, market=name)
        }
        assert {each.symbol: each.order_id for each in broker.reservations() if each.order_id} == sent
        assert set(sent) == {SAMSUNG, "US:AAPL"}
    told = dt.datetime(2026, 11, 24, 20, 0, tzinfo=clock.KST)
    with Sandbox(state=path) as last, get_broker("kis", environment="sandbox", sandbox=last) as broker:
        broker.buy(SAMSUNG, 1, price=buying(last).price)  # its number may be one of the day before
        assert {each.symbol: each.order_id for each in broker.reservations() if each.order_id} == sent


def test_kept_orders_that_do_not_fit_are_told_and_the_file_stays(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    with Sandbox(state=path) as sandbox:
        reserve_in_both_markets(sandbox)
    written = path.read_text(encoding="utf-8").replace('"code": "00"', '"code": 5')
    path.write_text(written, encoding="utf-8")
    with Sandbox(state=path) as again, pytest.raises(ConfigError, match=r"state\.json.*what kis kept does not fit"):
        again.connect("kis")
    assert json.loads(path.read_text(encoding="utf-8"))["kept"] == json.loads(written)["kept"]
