"""Amendments and cancellations of Kiwoom: what goes out, what comes of it, and chains of both."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from brokerkit import clock
from brokerkit.errors import (
    ConfigError,
    Disarmed,
    InvalidOrder,
    InvalidRequest,
    NothingToCancel,
    NotSent,
    OrderUncertain,
    Rejected,
)
from brokerkit.models import Order
from brokerkit.words import OrderStatus, OrderType, Side, TimeInForce, Venue

Connect = Callable[..., Any]
AMEND, CANCEL, LIST = "kt10002", "kt10003", "kt00007"
ROWS = "acnt_ord_cntr_prps_dtl"
TODAY = clock.today()
REQUEST = {"dmst_stex_tp": "KRX", "orig_ord_no": "0000140", "stk_cd": "005930"}
PARTLY_FILLED = {"filled_quantity": 4, "remaining_quantity": 6, "status": OrderStatus.PARTIALLY_FILLED}


def amended(wire: Any, **changes: Any) -> Any:
    answer = {**wire.good(AMEND), **changes}
    return {name: value for name, value in answer.items() if value is not ...}


@pytest.mark.parametrize("state", [{}, PARTLY_FILLED], ids=["untouched", "partly filled"])
@pytest.mark.parametrize(("quantity", "sent"), [(None, "0"), (4, "4"), ("6", "6")])
def test_amendment_names_order_quantity_and_the_new_price_and_zero_means_all(
    wire: Any, state: Any, quantity: Any, sent: str
) -> None:
    wire.broker.amend(wire.order(**state), price=69000, quantity=quantity)
    assert [call.body for call in wire.of(AMEND)] == [
        {**REQUEST, "mdfy_qty": sent, "mdfy_uv": "69000", "mdfy_cond_uv": ""}
    ]


@pytest.mark.parametrize("state", [{}, PARTLY_FILLED], ids=["untouched", "partly filled"])
@pytest.mark.parametrize(("quantity", "sent"), [(None, "0"), (1, "1"), ("6", "6")])
def test_cancellation_of_a_part_names_it_and_zero_means_all(wire: Any, state: Any, quantity: Any, sent: str) -> None:
    wire.broker.cancel(wire.order(**state), quantity=quantity)
    assert [call.body for call in wire.of(CANCEL)] == [{**REQUEST, "cncl_qty": sent}]


@pytest.mark.parametrize(("price", "sent"), [("6.9E+4", "69000"), (69000.0, "69000"), (Decimal("69000.00"), "69000")])
def test_price_of_an_amendment_goes_out_as_plain_digits(wire: Any, price: Any, sent: str) -> None:
    wire.broker.amend(wire.order(), price=price)
    assert wire.of(AMEND)[0].body["mdfy_uv"] == sent


@pytest.mark.parametrize("venue", Venue)
def test_order_is_changed_at_the_venue_it_was_sent_to(wire: Any, venue: Venue) -> None:
    wire.broker.amend(wire.order(venue=venue), price=69000)
    wire.broker.cancel(wire.order(venue=venue))
    changes = wire.of(AMEND) + wire.of(CANCEL)
    assert [call.body["dmst_stex_tp"] for call in changes] == [venue.value] * 2


@pytest.mark.parametrize("told", ["KRX", "NXT", "SOR", ""])
def test_routed_order_is_changed_as_such_wherever_the_list_says_that_it_rests(wire: Any, told: str) -> None:
    listed = wire.good(LIST)
    listed[ROWS][0]["dmst_stex_tp"] = told
    order = wire.answer(LIST, listed).broker.refresh(wire.order(venue=Venue.SOR))
    wire.broker.cancel(order)
    assert (order.venue, wire.of(CANCEL)[0].body["dmst_stex_tp"]) == (Venue.SOR, "SOR")


def test_order_whose_venue_the_list_did_not_tell_is_changed_at_krx(wire: Any) -> None:
    wire.broker.amend(wire.order(venue=None), price=69000)
    assert wire.of(AMEND)[0].body["dmst_stex_tp"] == "KRX"


def test_account_is_asked_for_once_before_the_first_amendment(wire: Any) -> None:
    wire.broker.amend(wire.order(), price=69000)
    wire.broker.amend(wire.order(), price=68000)
    assert [call.id for call in wire.calls] == ["ka00001", AMEND, AMEND]


def test_amended_order_is_an_order_of_its_own_and_pending(wire: Any) -> None:
    assert wire.broker.amend(wire.order(name="Alpha", **PARTLY_FILLED), price=69000) == Order(
        id="0000143",
        symbol="005930",
        name="Alpha",
        side=Side.BUY,
        type=OrderType.LIMIT,
        time_in_force=TimeInForce.DAY,
        venue=Venue.KRX,
        quantity=Decimal(6),
        price=Decimal(69000),
        status=OrderStatus.PENDING,
        original_id="0000140",
        handle=f"kiwoom:{TODAY:%Y%m%d}:0000143:0000143",
    )


@pytest.mark.parametrize(
    ("told", "asked", "moved"),
    [
        ("000000000006", None, 6),
        ("000000000003", 3, 3),
        ("3", 4, 3),
        ("", 4, 4),
        (..., 4, 4),
        ("", None, 10),
        ("000000000000", None, 10),
    ],
)
def test_quantity_of_an_amended_order_is_what_the_broker_moved(
    wire: Any, told: Any, asked: int | None, moved: int
) -> None:
    moved_order = wire.answer(AMEND, amended(wire, mdfy_qty=told)).broker.amend(
        wire.order(), price=69000, quantity=asked
    )
    assert moved_order.quantity == moved


def test_root_of_the_answer_is_not_the_order_that_was_named(wire: Any) -> None:
    wire.answer(AMEND, amended(wire, base_orig_ord_no="0000001"))
    assert wire.broker.amend(wire.order(), price=69000).original_id == "0000140"


def test_chain_of_changes_names_the_newest_number_each_time(wire: Any) -> None:
    wire.answer(AMEND, amended(wire, ord_no="0000150"), amended(wire, ord_no="0000151"))
    first = wire.broker.amend(wire.order(), price=69000)
    second = wire.broker.amend(Order.model_validate_json(first.model_dump_json()), price=68000)
    canceled = wire.broker.cancel(second, quantity=2)
    wire.broker.cancel(canceled)
    named = [call.body["orig_ord_no"] for call in wire.calls if call.id in (AMEND, CANCEL)]
    assert named == ["0000140", "0000150", "0000151", "0000142"]
    assert (first.original_id, second.original_id, canceled.original_id) == ("0000140", "0000150", "0000151")
    assert canceled.handle == f"kiwoom:{TODAY:%Y%m%d}:0000151:0000142"


def test_refresh_of_an_amended_order_finds_its_own_row_and_keeps_its_original(wire: Any) -> None:
    listed = wire.good(LIST)
    (old,) = listed[ROWS]
    gone = {"cntr_qty": "0000000000", "ord_remnq": "0000000000", "cntr_uv": "0000000000"}
    new = {**old, "ord_no": "143", "ori_ord": "140", "ord_uv": "0000069000", "io_tp_nm": "매수정정"}
    wire.answer(LIST, {**listed, ROWS: [new, {**old, **gone}]})
    order = wire.order()
    moved = wire.broker.refresh(wire.broker.amend(order, price=69000))
    assert (moved.id, moved.original_id, moved.price) == ("0000143", "0000140", 69000)
    assert (moved.status, moved.filled_quantity) == (OrderStatus.PARTIALLY_FILLED, 4)
    assert wire.broker.refresh(order).status == OrderStatus.CANCELED


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("[2000](RC4033:nothing left)", NothingToCancel),
        ("[2000](RC4003:step)", InvalidOrder),
        ("[2000](571412:routed)", InvalidOrder),
        ("[2000](123456:other)", Rejected),
    ],
)
def test_refused_amendment_is_no_order(wire: Any, words: str, kind: type[Exception]) -> None:
    wire.answer(AMEND, {"return_code": 20, "return_msg": words})
    with pytest.raises(kind, match=words[-5:-1]):
        wire.broker.amend(wire.order(), price=69000)
    assert len(wire.of(AMEND)) == 1


@pytest.mark.parametrize("body", [b"", b"<html>", b"{}", {"return_code": 5, "return_msg": "fast[1700:x]"}])
def test_amendment_whose_outcome_is_not_told_is_uncertain_and_sent_once(wire: Any, body: Any) -> None:
    wire.answer(AMEND, body)
    with pytest.raises(OrderUncertain) as caught:
        wire.broker.amend(wire.order(), price=69000)
    assert caught.value.intent is not None
    assert (caught.value.intent.order, len(wire.of(AMEND))) == (wire.order(), 1)


@pytest.mark.parametrize(
    "value",
    ["", "0000000", "12a", None, ...],
    ids=repr,
)
def test_amendment_whose_number_cannot_be_read_is_uncertain(wire: Any, value: Any) -> None:
    wire.answer(AMEND, amended(wire, ord_no=value))
    with pytest.raises(OrderUncertain, match="ord_no"):
        wire.broker.amend(wire.order(), price=69000)


@pytest.mark.parametrize("told", ["1_0", "1e1", "ten", "-6", "6.5", 10, None, {}], ids=repr)
def test_amendment_whose_quantity_is_odd_is_accepted_all_the_same(wire: Any, told: Any) -> None:
    moved = wire.answer(AMEND, amended(wire, mdfy_qty=told)).broker.amend(wire.order(), price=69000, quantity=4)
    assert (moved.id, moved.quantity) == ("0000143", 4)


@pytest.mark.parametrize(
    ("order", "arguments"),
    [
        ({}, {"price": 69001}),
        ({}, {"price": 0}),
        ({}, {"price": 69000, "quantity": 11}),
        ({}, {"price": 69000, "quantity": 0}),
        ({}, {"price": 69000, "quantity": "1.5"}),
        (PARTLY_FILLED, {"price": 69000, "quantity": 7}),
        ({"type": OrderType.MARKET, "price": None}, {"price": 69000}),
        ({"handle": "kis:20240105:06010:0001234567"}, {"price": 69000}),
    ],
)
def test_wrong_amendment_is_not_sent(wire: Any, order: Any, arguments: Any) -> None:
    with pytest.raises(InvalidRequest):
        wire.broker.amend(wire.order(**order), **arguments)
    assert wire.of(AMEND) == []


@pytest.mark.parametrize(
    "handle",
    [
        *(
            "kiwoom:",
            "kiwoom",
            "kiwoom:20240105",
            "kiwoom:20240105:140",
            "kiwoom:20240105:140:",
            "kiwoom:20240105:a:140",
        ),
        *("kiwoom:20240230:140:140", "kiwoom:2024010:140:140", "kiwoom:２０２４０１０５:1:1", "kiwoom:20240105:1:1:1"),
        "kiwoom:20240105:0:1",
    ],
)
def test_handle_that_is_none_is_an_invalid_request(wire: Any, handle: str) -> None:
    order = wire.order(handle=handle)
    asks: tuple[Callable[[], object], ...] = (
        lambda: wire.broker.refresh(order),
        lambda: wire.broker.cancel(order),
        lambda: wire.broker.amend(order, price=69000),
    )
    for ask in asks:
        with pytest.raises(InvalidRequest, match="handle"):
            ask()
    assert wire.calls == []


@pytest.mark.parametrize("status", [OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.REJECTED])
def test_finished_order_is_neither_amended_nor_cancelled(wire: Any, status: OrderStatus) -> None:
    with pytest.raises(NothingToCancel):
        wire.broker.amend(wire.order(status=status), price=69000)
    with pytest.raises(NothingToCancel):
        wire.broker.cancel(wire.order(status=status))
    assert wire.calls == []


def test_real_amendments_stay_disarmed_and_nothing_leaves(connect: Connect) -> None:
    wire = connect("real").logged_in()
    with pytest.raises(Disarmed):
        wire.broker.amend(wire.order(), price=69000)
    assert wire.calls == []


def test_amendment_is_not_sent_before_the_account_is_known_nor_for_another_one(connect: Connect) -> None:
    wire = connect("sandbox", plays="real").logged_in().answer("ka00001", b"<html>", status=502)
    with pytest.raises(NotSent, match="account"):
        wire.broker.amend(wire.order(), price=69000)
    other = connect("sandbox", plays="real", account="1234-567-891").logged_in()
    with pytest.raises(ConfigError, match="7890"):
        other.broker.amend(other.order(), price=69000)
    assert wire.of(AMEND) == other.of(AMEND) == []
