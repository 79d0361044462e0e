"""Amendments and cancellations of KIS: what goes out, what comes of it, and chains of both."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from brokerkit import clock
from brokerkit.errors import (
    InvalidOrder,
    NothingToCancel,
    Rejected,
    Unsupported,
)
from brokerkit.market.sessions import Phase
from brokerkit.models import Order
from brokerkit.words import TimeInForce, Venue
from tests.adapters.amendments import PARTLY_FILLED, AmendmentKit

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


class TestAmendments(AmendmentKit):
    price_field, venue_field = "ORD_UNPR", "EXCG_ID_DVSN_CD"
    amended = {
        "answer": {"KRX_FWDG_ORD_ORGNO": "06590", "ODNO": "0001234570", "ORD_TMD": "131415"},
        "number": "0001234570",
        "handle": "kis:{day}:06590:0001234570",
        "time": dt.time(13, 14, 15),
    }
    gone = {"tot_ccld_qty": "0", "rmn_qty": "0", "avg_prvs": "0"}
    moved = {"sll_buy_dvsn_cd_name": "BUY AMEND*"}
    refusals = [
        ("40330000", NothingToCancel),
        ("40320000", NothingToCancel),
        ("40030000", InvalidOrder),
        ("APBK9999", Rejected),
    ]
    untold = (b"", b"<html>", b"{}", {"rt_cd": "1", "msg_cd": "EGW00301", "msg1": "late"})
    other_handle = "kiwoom:20240105:0000140:0000140"
    no_handles = (
        *("kis:", "kis", "kis:20240105", "kis:20240105:06010", "kis:20240105:06010:", "kis:20240105:06010:abc"),
        *("kis:20240230:06010:1", "kis:2024010:06010:1", "kis:２０２４０１０５:06010:1", "kis:20240105:06010:1\n"),
    )


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


def test_demo_changes_orders_under_its_own_id(connect: Connect) -> None:
    wire = connect("sandbox", plays="demo").logged_in()
    wire.broker.amend(wire.order(), price=69000)
    wire.broker.cancel(wire.order(), quantity=3)
    assert [(call.id, call.body["RVSE_CNCL_DVSN_CD"]) for call in wire.calls] == [
        ("VTTC0013U", "01"),
        ("VTTC0013U", "02"),
    ]


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
