"""Lists of orders of KIS: what is open now, and the days of the past, all pages of both."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from brokerkit import clock
from brokerkit.errors import InvalidRequest, Rejected, Unsupported, WireError
from brokerkit.words import OrderStatus, OrderType, Side, TimeInForce, Venue
from tests.adapters.lists import ListKit, listed

Connect = Callable[..., Any]
OPEN, RECENT, OLD = "TTTC0084R", "TTTC0081R", "CTSC9215R"
TODAY = clock.today()
DAY = dt.date(2024, 1, 5)
GONE = {"tot_ccld_qty": "0", "rmn_qty": "0", "avg_prvs": "0"}
FILLED = {"tot_ccld_qty": "10", "rmn_qty": "0"}


class TestLists(ListKit):
    working = [
        ({"tot_ccld_qty": "0", "tot_ccld_amt": "0"}, {"status": OrderStatus.WORKING, "average_fill_price": None}),
        ({"tot_ccld_amt": ""}, {"status": OrderStatus.PARTIALLY_FILLED, "average_fill_price": None}),
        ({"tot_ccld_qty": "3", "tot_ccld_amt": "200000"}, {"average_fill_price": Decimal("66666.6667")}),
        ({"orgn_odno": "0001234560"}, {"original_id": "0001234560"}),
        ({"orgn_odno": "0000000000"}, {"original_id": None}),
        ({"sll_buy_dvsn_cd": "01"}, {"side": Side.SELL}),
        ({"excg_id_dvsn_cd": "NXT"}, {"venue": Venue.NXT}),
        ({"excg_id_dvsn_cd": "SOR"}, {"venue": Venue.SOR}),
        ({"excg_id_dvsn_cd": ""}, {"venue": None}),
        ({"ord_dvsn_cd": "01", "ord_unpr": "0"}, {"type": OrderType.MARKET, "price": None}),
        ({"ord_dvsn_cd": "41"}, {"type": OrderType.LIMIT, "time_in_force": TimeInForce.DAY}),
        ({"ord_dvsn_cd": "29", "ord_unpr": "70000"}, {"type": OrderType.BEST_SAME_SIDE, "price": None}),
        ({"prdt_name": "   "}, {"name": None}),
        ({"ord_unpr": "70000.0000"}, {"price": Decimal(70000)}),
    ]
    largest = {"tot_ccld_amt": "9" * 18, "tot_ccld_qty": "0.00000001"}
    gone, filled = GONE, FILLED
    past_states = [
        (FILLED, OrderStatus.FILLED),
        (GONE, OrderStatus.EXPIRED),
        ({**GONE, "rmn_qty": "10"}, OrderStatus.EXPIRED),
        ({**GONE, "rjct_qty": "10", "sll_buy_dvsn_cd_name": "BUY REJECT"}, OrderStatus.REJECTED),
        ({**GONE, "cncl_cfrm_qty": "10"}, OrderStatus.CANCELED),
        ({**GONE, "cncl_yn": "Y"}, OrderStatus.CANCELED),
        ({"rmn_qty": "0", "cncl_cfrm_qty": "6"}, OrderStatus.CANCELED),
    ]
    cancellations = [{"sll_buy_dvsn_cd_name": words} for words in ("BUY CANCEL*", "매수취소", "buy cancel")]
    amendment = {"sll_buy_dvsn_cd_name": "BUY AMEND*"}
    broken = "EGW00001"


def rows(wire: Any, id: str, *changes: Any, **answer: Any) -> Any:
    """Return an answer with one row for each of `changes`."""
    good = wire.good(id)
    block = "output" if id == OPEN else "output1"
    (row,) = good[block]
    return {**good, block: [{**row, **change} for change in changes], **answer}


def marked(wire: Any, id: str, *pages: tuple[str, Any]) -> Any:
    wire.answer(id, *(body for _, body in pages))
    wire.answers[id] = [
        (200, {"tr_cont": mark}, script[2]) for (mark, _), script in zip(pages, wire.answers[id], strict=True)
    ]
    return wire


def test_working_orders_are_asked_for_by_order_and_for_both_sides(wire: Any) -> None:
    wire.broker.orders()
    (call,) = wire.calls
    assert dict(call.query) == {
        "CANO": "50012345",
        "ACNT_PRDT_CD": "01",
        "CTX_AREA_FK100": "",
        "CTX_AREA_NK100": "",
        "INQR_DVSN_1": "0",
        "INQR_DVSN_2": "0",
    }
    assert len(call.query) == 6


def test_order_with_nothing_left_to_change_is_not_working(wire: Any) -> None:
    assert listed(wire, "open", {"psbl_qty": "0"}) == ()


@pytest.mark.parametrize("code", ["KIOK0560", "KIOK0510", "70070000"])
def test_no_working_orders_are_an_empty_tuple(wire: Any, code: str) -> None:
    assert wire.answer(OPEN, rows(wire, OPEN, msg_cd=code)).broker.orders() == ()


@pytest.mark.parametrize("block", [None, "", "none", ...], ids=repr)
def test_list_without_its_block_is_a_wire_error(wire: Any, block: Any) -> None:
    answer = {**wire.good(OPEN), "output": block}
    wire.answer(OPEN, {name: value for name, value in answer.items() if value is not ...})
    with pytest.raises(WireError, match="output"):
        wire.broker.orders()


@pytest.mark.parametrize("name", ["output", "Output", "OUTPUT"])
def test_one_working_order_may_come_as_an_object_under_any_letter_case(wire: Any, name: str) -> None:
    answer = wire.good(OPEN)
    (row,) = answer.pop("output")
    assert len(wire.answer(OPEN, {**answer, name: row}).broker.orders()) == 1


def test_working_orders_of_all_pages_are_told_and_the_keys_sent_back(wire: Any) -> None:
    search, following = "50012345^01^".ljust(100), "0000000002".ljust(100)
    one = rows(wire, OPEN, {"odno": "1"}, {"odno": "2"}, ctx_area_fk100=search, ctx_area_nk100=following)
    found = marked(wire, OPEN, ("F", one), ("D", rows(wire, OPEN, {"odno": "3"}))).broker.orders()
    assert [order.id for order in found] == ["1", "2", "3"]
    first, second = wire.calls
    assert (first.headers["tr_cont"], second.headers["tr_cont"]) == ("", "N")
    asked = {"CTX_AREA_FK100": search, "CTX_AREA_NK100": following}
    assert dict(second.query) == {**dict(first.query), **asked}


def test_cancellation_of_another_branch_or_one_that_was_refused_ends_no_order(wire: Any) -> None:
    cancellation = {"odno": "0001234570", "orgn_odno": "1234567", "sll_buy_dvsn_cd_name": "BUY CANCEL*", **GONE}
    for change in ({"ord_gno_brno": "00950"}, {"rjct_qty": "10"}):
        (order,) = listed(wire, "history", {**cancellation, **change}, GONE)
        assert order.status is OrderStatus.EXPIRED


def test_demo_has_no_list_of_working_orders_and_asks_for_nothing_not_even_a_token(connect: Connect) -> None:
    wire = connect("sandbox", plays="demo")
    assert not wire.broker.supports("orders")
    assert wire.broker.supports("order_history")
    with pytest.raises(Unsupported, match="TTTC0084R"):
        wire.broker.orders()
    assert wire.calls == []


def test_same_number_on_another_day_is_another_order(wire: Any) -> None:
    follower = {"odno": "9", "orgn_odno": "0001234567", "ord_dt": "20240104", **FILLED}
    later, first = {"ord_dt": "20240105", **GONE}, {"ord_dt": "20240104", **GONE}
    wire.answer(OLD, rows(wire, OLD, later, follower, first))
    found = wire.broker.order_history(dt.date(2024, 1, 4), DAY)
    assert [(order.id, order.status) for order in found] == [
        ("9", OrderStatus.FILLED),
        ("0001234567", OrderStatus.CANCELED),
        ("0001234567", OrderStatus.EXPIRED),
    ]


def test_past_orders_of_all_pages_come_oldest_first(wire: Any) -> None:
    one = rows(wire, OLD, {"ord_dt": "20240105", "odno": "3"}, ctx_area_nk100="A".ljust(100))
    two = rows(wire, OLD, {"ord_dt": "20240104", "odno": "8"}, {"ord_dt": "20240104", "odno": "7"})
    found = marked(wire, OLD, ("F", one), ("E", two)).broker.order_history(dt.date(2024, 1, 4), DAY)
    assert [order.id for order in found] == ["7", "8", "3"]


def test_refused_history_is_not_an_empty_one(wire: Any) -> None:
    wire.answer(OLD, {"rt_cd": "7", "msg_cd": "KIOK0560", "msg1": "none"})
    with pytest.raises(Rejected, match="none"):
        wire.broker.order_history(DAY, DAY)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (dt.date(2024, 1, 6), dt.date(2024, 1, 7)),
        (dt.date(2024, 2, 9), dt.date(2024, 2, 12)),
        (dt.date(2024, 1, 5), dt.date(2024, 1, 4)),
        (dt.date(2023, 12, 28), dt.date(2023, 12, 29)),
        (TODAY + dt.timedelta(1), TODAY + dt.timedelta(9)),
    ],
    ids=["weekend", "holidays", "backwards", "unknown years", "future"],
)
def test_range_without_a_trading_day_is_refused_before_anything_is_sent(
    wire: Any, start: dt.date, end: dt.date
) -> None:
    with pytest.raises(InvalidRequest):
        wire.broker.order_history(start, end)
    assert wire.calls == []
