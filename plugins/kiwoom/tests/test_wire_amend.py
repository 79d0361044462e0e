"""Amendments and cancellations of Kiwoom: what goes out, what comes of it, and chains of both."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from brokerkit import clock
from brokerkit.errors import (
    ConfigError,
    InvalidOrder,
    NothingToCancel,
    NotSent,
    Rejected,
)
from brokerkit.models import Order
from tests.adapters.amendments import PARTLY_FILLED, AmendmentKit

Connect = Callable[..., Any]
AMEND, CANCEL, LIST = "kt10002", "kt10003", "kt00007"
ROWS = "acnt_ord_cntr_prps_dtl"
TODAY = clock.today()
REQUEST = {"dmst_stex_tp": "KRX", "orig_ord_no": "0000140", "stk_cd": "005930"}


class TestAmendments(AmendmentKit):
    price_field, venue_field = "mdfy_uv", "dmst_stex_tp"
    amended = {"answer": {}, "number": "0000143", "handle": "kiwoom:{day}:0000143:0000143", "time": None}
    gone = {"cntr_qty": "0000000000", "ord_remnq": "0000000000", "cntr_uv": "0000000000"}
    moved = {"io_tp_nm": "매수정정"}
    refusals = [
        ("RC4033", NothingToCancel),
        ("RC4003", InvalidOrder),
        ("571412", InvalidOrder),
        ("123456", Rejected),
    ]
    untold = (b"", b"<html>", b"{}", {"return_code": 5, "return_msg": "fast[1700:x]"})
    other_handle = "kis:20240105:06010:0001234567"
    no_handles = (
        *("kiwoom:", "kiwoom", "kiwoom:20240105", "kiwoom:20240105:140", "kiwoom:20240105:140:"),
        *("kiwoom:20240105:a:140", "kiwoom:20240230:140:140", "kiwoom:2024010:140:140", "kiwoom:２０２４０１０５:1:1"),
        *("kiwoom:20240105:1:1:1", "kiwoom:20240105:0:1"),
    )


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


def test_account_is_asked_for_once_before_the_first_amendment(wire: Any) -> None:
    wire.broker.amend(wire.order(), price=69000)
    wire.broker.amend(wire.order(), price=68000)
    assert [call.id for call in wire.calls] == ["ka00001", AMEND, AMEND]


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


@pytest.mark.parametrize("told", ["1_0", "1e1", "ten", "-6", "6.5", 10, None, {}], ids=repr)
def test_amendment_whose_quantity_is_odd_is_accepted_all_the_same(wire: Any, told: Any) -> None:
    moved = wire.answer(AMEND, amended(wire, mdfy_qty=told)).broker.amend(wire.order(), price=69000, quantity=4)
    assert (moved.id, moved.quantity) == ("0000143", 4)


def test_amendment_is_not_sent_before_the_account_is_known_nor_for_another_one(connect: Connect) -> None:
    wire = connect("sandbox", plays="real").logged_in().answer("ka00001", b"<html>", status=502)
    with pytest.raises(NotSent, match="account"):
        wire.broker.amend(wire.order(), price=69000)
    other = connect("sandbox", plays="real", account="1234-567-891").logged_in()
    with pytest.raises(ConfigError, match="7890"):
        other.broker.amend(other.order(), price=69000)
    assert wire.of(AMEND) == other.of(AMEND) == []
