"""The list of the day stays empty on the mock for some: what is open and what was filled is then asked for."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from brokerkit import IncompleteListing, OrderStatus, OrderType, Side, TimeInForce, Venue, WireError, clock

DAY, OPEN, FILLED = "kt00007", "ka10075", "ka10076"


@pytest.fixture
def empty(wire: Any) -> Any:
    """Return an account whose list of the day is empty and that has no open orders."""
    wire.answer(OPEN, {**wire.good(OPEN), "oso": []})
    return wire.answer(DAY, {**wire.good(DAY), "acnt_ord_cntr_prps_dtl": []})


def filled(wire: Any, *changes: dict[str, str]) -> Any:
    good = wire.good(FILLED)
    return wire.answer(FILLED, {**good, "cntr": [{**good["cntr"][0], **each} for each in changes]})


def test_an_order_is_found_in_the_list_of_filled_ones(empty: Any) -> None:
    found = filled(empty, {"cntr_qty": "10", "oso_qty": "0"}).broker.refresh(empty.order())
    assert (found.status, found.filled_quantity, found.remaining_quantity) == (OrderStatus.FILLED, 10, 0)
    assert (found.average_fill_price, found.price, found.quantity) == (69900, 70000, 10)
    assert (found.side, found.type, found.time_in_force) == (Side.BUY, OrderType.LIMIT, TimeInForce.DAY)
    assert (found.venue, found.name, found.handle) == (Venue.KRX, "Alpha", empty.order().handle)
    assert found.submitted_at == dt.datetime.combine(clock.today(), dt.time(10, 11, 12), clock.KST)
    assert [call.id for call in empty.calls if call.id != "ka00001"] == [DAY, OPEN, FILLED]
    body = {"stk_cd": "005930", "qry_tp": "1", "sell_tp": "0", "ord_no": "", "stex_tp": "0"}
    assert empty.of(FILLED)[0].body == body


def test_the_list_of_open_ones_comes_first(empty: Any) -> None:
    empty.answer(OPEN, empty.good(OPEN))
    found = filled(empty, {"cntr_qty": "1", "oso_qty": "9"}).broker.refresh(empty.order())
    good = empty.good(OPEN)["oso"][0]
    assert found.remaining_quantity == Decimal(good["oso_qty"])


@pytest.mark.parametrize(
    ("done", "left", "status"),
    [("4", "6", OrderStatus.PARTIALLY_FILLED), ("10", "0", OrderStatus.FILLED), ("4", "0", OrderStatus.UNKNOWN)],
)
def test_fills_are_judged_by_quantities(empty: Any, done: str, left: str, status: OrderStatus) -> None:
    assert filled(empty, {"cntr_qty": done, "oso_qty": left}).broker.refresh(empty.order()).status == status


def test_an_order_that_stands_twice_cannot_be_told(empty: Any) -> None:
    with pytest.raises(WireError, match="ka10076"):
        filled(empty, {}, {"cntr_qty": "2"}).broker.refresh(empty.order())


def test_history_takes_what_stands_from_there_too(empty: Any) -> None:
    empty.answer(FILLED, {**empty.good(FILLED), "cntr": []})
    empty.answer(OPEN, empty.good(OPEN))
    good = empty.good(OPEN)["oso"]
    assert [order.id for order in empty.broker.order_history(clock.today())] == [row["ord_no"] for row in good]


@pytest.mark.parametrize("environment", ["real", "demo"])
def test_history_takes_no_fill_that_may_be_of_the_day_before(
    connect: Any, monkeypatch: pytest.MonkeyPatch, environment: str
) -> None:
    monkeypatch.setattr(clock, "now", lambda: dt.datetime(2026, 11, 27, 15, 0, tzinfo=clock.KST))
    wire = connect(environment).logged_in()
    wire.answer(OPEN, {**wire.good(OPEN), "oso": []})
    wire.answer(DAY, {**wire.good(DAY), "acnt_ord_cntr_prps_dtl": []})
    wire.answer(FILLED, wire.good(FILLED))
    if environment == "real":  # its list of the day shows every order
        assert wire.broker.order_history(clock.today()) == ()
        return
    with pytest.raises(IncompleteListing, match=r"0000140.*day before"):
        wire.broker.order_history(clock.today())


def test_a_list_of_the_day_with_rows_is_enough(wire: Any) -> None:
    wire.broker.order_history(clock.today())
    assert not wire.of(OPEN)
    assert not wire.of(FILLED)


@pytest.mark.parametrize("field", ["ord_pric", "ord_qty", "cntr_pric", "cntr_qty", "oso_qty", "ord_no"])
def test_text_outside_the_grammar_is_a_wire_error(empty: Any, field: str) -> None:
    with pytest.raises(WireError, match=field):
        filled(empty, {field: "1_000"}).broker.refresh(empty.order())


@pytest.mark.parametrize(
    "change", [{"stk_cd": "000660"}, {"io_tp_nm": "-매도"}, {"ord_qty": "9"}, {"ord_pric": "70100"}], ids=repr
)
def test_fill_of_another_order_with_its_number_is_not_its_own(empty: Any, change: dict[str, str]) -> None:
    done = {"cntr_qty": "10", "oso_qty": "0", **change}
    assert filled(empty, done).broker.refresh(empty.order()) == empty.order()
    working = empty.order(status=OrderStatus.WORKING)
    assert empty.broker.refresh(working).status is OrderStatus.UNKNOWN


@pytest.mark.parametrize(("hour", "known"), [(10, False), (11, True)])
def test_fill_of_a_time_that_is_still_to_come_is_of_the_last_session(
    connect: Any, monkeypatch: pytest.MonkeyPatch, hour: int, known: bool
) -> None:
    monkeypatch.setattr(clock, "now", lambda: dt.datetime(2026, 11, 27, hour, 0, tzinfo=clock.KST))
    wire = connect("demo").logged_in()
    wire.answer(OPEN, {**wire.good(OPEN), "oso": []})
    wire.answer(DAY, {**wire.good(DAY), "acnt_ord_cntr_prps_dtl": []})
    order = wire.order(handle="kiwoom:20261127:0000140:0000140")
    assert (wire.broker.refresh(order).filled_quantity == 4) is known


def test_fills_are_no_orders_of_a_day_without_trading(connect: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: dt.datetime(2026, 11, 28, 15, 0, tzinfo=clock.KST))
    wire = connect("demo").logged_in()
    wire.answer(OPEN, {**wire.good(OPEN), "oso": []})
    wire.answer(DAY, {**wire.good(DAY), "acnt_ord_cntr_prps_dtl": []})
    assert [order.id for order in wire.broker.order_history(dt.date(2026, 11, 27), dt.date(2026, 11, 28))] == []
