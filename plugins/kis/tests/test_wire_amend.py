"""Amendments and cancellations of KIS: what goes out, what comes of it, and chains of both."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from brokerkit import clock
from brokerkit.errors import (
    Disarmed,
    InvalidOrder,
    InvalidRequest,
    NothingToCancel,
    OrderUncertain,
    Rejected,
    Unsupported,
)
from brokerkit.market.sessions import Phase
from brokerkit.models import Order
from brokerkit.words import OrderStatus, OrderType, Side, TimeInForce, Venue

Connect = Callable[..., Any]
CHANGE, LIST = "TTTC0013U", "TTTC0081R"
TODAY = clock.today()
REQUEST = {
    "CANO": "50012345",
    "ACNT_PRDT_CD": "01",
    "KRX_FWDG_ORD_ORGNO": "06010",
    "ORGN_ODNO": "0001234567",
    "ORD_DVSN": "00",
    "EXCG_ID_DVSN_CD": "KRX",
}
PARTLY_FILLED = {"filled_quantity": 4, "remaining_quantity": 6, "status": OrderStatus.PARTIALLY_FILLED}


def accepted(wire: Any, **changes: Any) -> Any:
    answer = wire.good(CHANGE)
    answer["output"] |= changes
    return answer


@pytest.mark.parametrize(
    ("state", "quantity", "sent", "whole"),
    [({}, None, "10", "Y"), ({}, 4, "4", "N"), (PARTLY_FILLED, None, "6", "Y"), (PARTLY_FILLED, 6, "6", "N")],
    ids=["all", "a part", "all that is left", "as much as is left"],
)
def test_amendment_names_order_quantity_and_the_new_price(
    wire: Any, state: Any, quantity: int | None, sent: str, whole: str
) -> None:
    wire.broker.amend(wire.order(**state), price=69000, quantity=quantity)
    (call,) = wire.calls
    change = {"RVSE_CNCL_DVSN_CD": "01", "ORD_QTY": sent, "ORD_UNPR": "69000", "QTY_ALL_ORD_YN": whole}
    assert (call.id, call.body) == (CHANGE, {**REQUEST, **change})


@pytest.mark.parametrize(
    ("state", "quantity", "sent", "whole"),
    [({}, None, "10", "Y"), ({}, 1, "1", "N"), (PARTLY_FILLED, None, "6", "Y"), (PARTLY_FILLED, "2", "2", "N")],
    ids=["all", "a part", "all that is left", "a part of what is left"],
)
def test_cancellation_of_a_part_says_so_and_carries_the_price_zero(
    wire: Any, state: Any, quantity: Any, sent: str, whole: str
) -> None:
    wire.broker.cancel(wire.order(**state), quantity=quantity)
    (call,) = wire.calls
    change = {"RVSE_CNCL_DVSN_CD": "02", "ORD_QTY": sent, "ORD_UNPR": "0", "QTY_ALL_ORD_YN": whole}
    assert (call.id, call.body) == (CHANGE, {**REQUEST, **change})


@pytest.mark.parametrize(("price", "sent"), [("6.9E+4", "69000"), (69000.0, "69000"), (Decimal("69000.00"), "69000")])
def test_price_of_an_amendment_goes_out_as_plain_digits(wire: Any, price: Any, sent: str) -> None:
    wire.broker.amend(wire.order(), price=price)
    assert wire.calls[0].body["ORD_UNPR"] == sent


@pytest.mark.parametrize("venue", Venue)
def test_order_is_changed_at_the_venue_it_was_sent_to(wire: Any, venue: Venue) -> None:
    wire.broker.amend(wire.order(venue=venue), price=69000)
    wire.broker.cancel(wire.order(venue=venue))
    assert [call.body["EXCG_ID_DVSN_CD"] for call in wire.calls] == [venue.value] * 2


@pytest.mark.parametrize("told", ["KRX", "NXT", "SOR", ""])
def test_routed_order_is_changed_as_such_wherever_the_list_says_that_it_rests(wire: Any, told: str) -> None:
    listed = wire.good(LIST)
    listed["output1"][0]["excg_id_dvsn_cd"] = told
    order = wire.answer(LIST, listed).broker.refresh(wire.order(venue=Venue.SOR))
    wire.broker.cancel(order)
    assert (order.venue, wire.of(CHANGE)[0].body["EXCG_ID_DVSN_CD"]) == (Venue.SOR, "SOR")


def test_order_whose_venue_the_list_did_not_tell_is_changed_at_krx(wire: Any) -> None:
    wire.broker.amend(wire.order(venue=None), price=69000)
    assert wire.calls[0].body["EXCG_ID_DVSN_CD"] == "KRX"


def test_demo_changes_orders_under_its_own_id(connect: Connect) -> None:
    wire = connect("sandbox", plays="demo").logged_in()
    wire.broker.amend(wire.order(), price=69000)
    wire.broker.cancel(wire.order(), quantity=3)
    assert [(call.id, call.body["RVSE_CNCL_DVSN_CD"]) for call in wire.calls] == [
        ("VTTC0013U", "01"),
        ("VTTC0013U", "02"),
    ]


def test_amended_order_is_an_order_of_its_own_and_pending(wire: Any) -> None:
    wire.answer(CHANGE, accepted(wire, KRX_FWDG_ORD_ORGNO="06590", ODNO="0001234570", ORD_TMD="131415"))
    assert wire.broker.amend(wire.order(name="Alpha", **PARTLY_FILLED), price=69000) == Order(
        id="0001234570",
        symbol="005930",
        name="Alpha",
        side=Side.BUY,
        type=OrderType.LIMIT,
        time_in_force=TimeInForce.DAY,
        venue=Venue.KRX,
        quantity=Decimal(6),
        price=Decimal(69000),
        status=OrderStatus.PENDING,
        submitted_at=dt.datetime.combine(TODAY, dt.time(13, 14, 15), clock.KST),
        original_id="0001234567",
        handle=f"kis:{TODAY:%Y%m%d}:06590:0001234570",
    )


@pytest.mark.parametrize(("quantity", "moved"), [(None, 10), (3, 3)])
def test_amended_order_has_the_quantity_that_was_moved(wire: Any, quantity: int | None, moved: int) -> None:
    assert wire.broker.amend(wire.order(), price=69000, quantity=quantity).quantity == moved


@pytest.mark.parametrize("time", ["", ...], ids=["blank", "missing"])
def test_amendment_without_a_time_is_accepted_without_one(wire: Any, time: Any) -> None:
    answer = accepted(wire, ORD_TMD=time)
    answer["output"] = {name: value for name, value in answer["output"].items() if value is not ...}
    assert wire.answer(CHANGE, answer).broker.amend(wire.order(), price=69000).submitted_at is None


def test_names_of_the_answer_may_be_printed_in_lower_case(wire: Any) -> None:
    answer = wire.good(CHANGE)
    answer["output"] = {name.lower(): value for name, value in answer["output"].items()}
    moved = wire.answer(CHANGE, answer).broker.amend(wire.order(), price=69000)
    assert (moved.id, moved.handle) == ("0001234568", f"kis:{TODAY:%Y%m%d}:06010:0001234568")


def test_chain_of_changes_names_the_newest_order_and_its_organisation(wire: Any) -> None:
    answers = [
        accepted(wire, KRX_FWDG_ORD_ORGNO=f"0659{number}", ODNO=f"000000000{number}", ORD_TMD="")
        for number in range(1, 5)
    ]
    wire.answer(CHANGE, *answers)
    first = wire.broker.amend(wire.order(), price=69000)
    second = wire.broker.amend(Order.model_validate_json(first.model_dump_json()), price=68000)
    canceled = wire.broker.cancel(second, quantity=2)
    wire.broker.cancel(canceled)
    named = [(call.body["ORGN_ODNO"], call.body["KRX_FWDG_ORD_ORGNO"]) for call in wire.calls]
    # A cancellation of a part leaves the order its number; only an amendment gives a new one.
    assert named == [
        ("0001234567", "06010"),
        ("0000000001", "06591"),
        ("0000000002", "06592"),
        ("0000000002", "06592"),
    ]
    assert (first.original_id, second.original_id, canceled.original_id) == ("0001234567", "0000000001", "0000000002")


def test_refresh_of_an_amended_order_finds_its_own_row_and_keeps_its_original(wire: Any) -> None:
    listed = wire.good(LIST)
    (old,) = listed["output1"]
    gone = {"tot_ccld_qty": "0", "rmn_qty": "0", "avg_prvs": "0"}
    new = {**old, "odno": "1234568", "orgn_odno": "1234567", "ord_unpr": "69000", "sll_buy_dvsn_cd_name": "BUY AMEND*"}
    wire.answer(LIST, {**listed, "output1": [new, {**old, **gone}]})
    order = wire.order()
    moved = wire.broker.refresh(wire.broker.amend(order, price=69000))
    assert (moved.id, moved.original_id, moved.price) == ("0001234568", "0001234567", 69000)
    assert (moved.status, moved.filled_quantity) == (OrderStatus.PARTIALLY_FILLED, 4)
    assert wire.broker.refresh(order).status == OrderStatus.CANCELED


@pytest.mark.parametrize(
    ("code", "kind"),
    [("40330000", NothingToCancel), ("40320000", NothingToCancel), ("40030000", InvalidOrder), ("APBK9999", Rejected)],
)
def test_refused_amendment_is_no_order(wire: Any, code: str, kind: type[Exception]) -> None:
    wire.answer(CHANGE, {"rt_cd": "1", "msg_cd": code, "msg1": "no"})
    with pytest.raises(kind, match="no"):
        wire.broker.amend(wire.order(), price=69000)
    assert len(wire.calls) == 1


@pytest.mark.parametrize("body", [b"", b"<html>", b"{}", {"rt_cd": "1", "msg_cd": "EGW00301", "msg1": "late"}])
def test_amendment_whose_outcome_is_not_told_is_uncertain_and_sent_once(wire: Any, body: Any) -> None:
    wire.answer(CHANGE, body)
    with pytest.raises(OrderUncertain) as caught:
        wire.broker.amend(wire.order(), price=69000)
    assert caught.value.intent is not None
    assert (caught.value.intent.order, len(wire.calls)) == (wire.order(), 1)


@pytest.mark.parametrize("number", ["", "0", "12a", None])
def test_amendment_whose_new_number_cannot_be_read_is_uncertain(wire: Any, number: Any) -> None:
    wire.answer(CHANGE, accepted(wire, ODNO=number))
    with pytest.raises(OrderUncertain, match="ODNO"):
        wire.broker.amend(wire.order(), price=69000)


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
        ({"handle": "kiwoom:20240105:0000140:0000140"}, {"price": 69000}),
    ],
)
def test_wrong_amendment_is_not_sent(wire: Any, order: Any, arguments: Any) -> None:
    with pytest.raises(InvalidRequest):
        wire.broker.amend(wire.order(**order), **arguments)
    assert wire.of(CHANGE) == []


@pytest.mark.parametrize(
    "handle",
    [
        *("kis:", "kis", "kis:20240105", "kis:20240105:06010", "kis:20240105:06010:", "kis:20240105:06010:abc"),
        *("kis:20240230:06010:1", "kis:2024010:06010:1", "kis:２０２４０１０５:06010:1", "kis:20240105:06010:1\n"),
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


@pytest.mark.parametrize(
    ("order", "code"),
    [
        ({}, "41"),
        ({"venue": Venue.NXT}, "00"),
        ({"venue": Venue.SOR}, "00"),
        ({"venue": Venue.NXT, "time_in_force": TimeInForce.GOOD_TILL_PRE_MARKET}, "27"),
    ],
)
def test_amendment_in_the_evening_names_the_codes_of_the_after_market_at_krx_only(
    connect: Connect, order: Any, code: str
) -> None:
    wire = connect("sandbox", plays="real", phase=Phase.AFTER_MARKET).logged_in()
    wire.broker.amend(wire.order(**order), price=69000)
    assert wire.calls[0].body["ORD_DVSN"] == code


def test_unsupported_amendment_in_demo_asks_for_no_token(connect: Connect) -> None:
    wire = connect("sandbox", plays="demo")
    with pytest.raises(Unsupported):
        wire.broker.amend(wire.order(venue=Venue.NXT), price=69000)
    assert wire.calls == []
