"""Orders of KIS: what an accepted order, a cancellation and a row of the day's list become."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from brokerkit import clock
from brokerkit.errors import IncompleteListing, NothingToCancel, OrderUncertain, Rejected, WireError
from brokerkit.models import Order
from brokerkit.words import OrderStatus, OrderType, Side, TimeInForce, Venue

BUY, CANCEL, LIST = "TTTC0012U", "TTTC0013U", "TTTC0081R"
TODAY = clock.today()


def accepted(wire: Any, id: str, **changes: Any) -> None:
    answer = wire.good(id)
    answer["output"] |= changes
    answer["output"] = {name: value for name, value in answer["output"].items() if value is not ...}
    wire.answer(id, answer)


def row(wire: Any, **changes: Any) -> Any:
    return {**wire.good(LIST)["output1"][0], **changes}


def refreshed(wire: Any, **changes: Any) -> Order:
    wire.answer(LIST, {**wire.good(LIST), "output1": [row(wire, **changes)]})
    order: Order = wire.broker.refresh(wire.order())
    return order


def test_accepted_order_is_pending_with_number_time_and_handle(wire: Any) -> None:
    assert wire.broker.buy("005930", 10, price=70000) == Order(
        id="0001234568",
        symbol="005930",
        side=Side.BUY,
        type=OrderType.LIMIT,
        time_in_force=TimeInForce.DAY,
        venue=Venue.KRX,
        quantity=Decimal(10),
        price=Decimal(70000),
        status=OrderStatus.PENDING,
        submitted_at=dt.datetime.combine(TODAY, dt.time(10, 11, 12), clock.KST),
        handle=f"kis:{TODAY:%Y%m%d}:06010:0001234568",
    )


@pytest.mark.parametrize("number", ["0001569157", "2696", "0000008637", " 2696 "])
def test_order_numbers_come_with_and_without_zeros(wire: Any, number: str) -> None:
    accepted(wire, BUY, ODNO=number)
    order = wire.broker.buy("005930", 10, price=70000)
    assert order.id == number.strip()
    accepted(wire, CANCEL, ODNO="77")
    assert wire.broker.cancel(order).original_id == number.strip()


@pytest.mark.parametrize("number", ["", "0", "0000000000", "12a", "-5", "12345678901", "1 2", "１２", None, 7, ...])
def test_order_whose_number_cannot_be_read_is_uncertain(wire: Any, number: Any) -> None:
    accepted(wire, BUY, ODNO=number)
    with pytest.raises(OrderUncertain, match=f"{BUY} .*ODNO") as caught:
        wire.broker.buy("005930", 10, price=70000)
    assert caught.value.intent is not None
    accepted(wire, CANCEL, ODNO=number)
    with pytest.raises(OrderUncertain, match=f"{CANCEL} .*ODNO") as caught:
        wire.broker.cancel(wire.order())
    assert caught.value.intent is not None
    assert caught.value.intent.order == wire.order()


@pytest.mark.parametrize("time", ["", ...], ids=["blank", "missing"])
def test_order_without_a_time_is_accepted_without_one(wire: Any, time: Any) -> None:
    accepted(wire, BUY, ORD_TMD=time)
    assert wire.broker.buy("005930", 10, price=70000).submitted_at is None


@pytest.mark.parametrize(
    "time", ["", "250000", "90512", "99:99", "10:11:12", "１０１１１２", None, 101112, {}], ids=repr
)
@pytest.mark.parametrize("branch", ["06010", "", None, 6010, ["06010"]], ids=repr)
def test_order_whose_time_or_branch_is_odd_is_accepted_all_the_same(wire: Any, time: Any, branch: Any) -> None:
    accepted(wire, BUY, ORD_TMD=time, KRX_FWDG_ORD_ORGNO=branch)
    order = wire.broker.buy("005930", 10, price=70000)
    told = branch if isinstance(branch, str) else ""
    assert (order.id, order.submitted_at) == ("0001234568", None)
    assert order.handle == f"kis:{TODAY:%Y%m%d}:{told}:0001234568"


@pytest.mark.parametrize("changes", [{"msg_cd": None}, {"msg1": None}, {"msg_cd": 5, "msg1": {}}], ids=repr)
def test_order_whose_words_are_odd_is_accepted_all_the_same(wire: Any, changes: Any) -> None:
    wire.answer(BUY, {**wire.good(BUY), **changes})
    assert wire.broker.buy("005930", 10, price=70000).id == "0001234568"


def test_answer_in_small_letters_and_as_an_array_is_read_too(wire: Any) -> None:
    small = {"krx_fwdg_ord_orgno": "00950", "odno": "51378", "ord_tmd": "095902", "SOR_ODNO": "1"}
    wire.answer(CANCEL, {**wire.good(CANCEL), "output": [small]})
    assert wire.broker.cancel(wire.order()).id == "51378"


def test_cancellation_without_organisation_number_is_accepted(wire: Any) -> None:
    accepted(wire, CANCEL, KRX_FWDG_ORD_ORGNO=...)
    canceled = wire.broker.cancel(wire.order(), quantity=4)
    assert (canceled.id, canceled.original_id, canceled.status) == ("0001234568", "0001234567", OrderStatus.PENDING)


@pytest.mark.parametrize("branch", ["", "00950", "1:2", ":"])
def test_organisation_number_survives_the_way_through_the_handle(wire: Any, branch: str) -> None:
    accepted(wire, BUY, KRX_FWDG_ORD_ORGNO=branch)
    order = Order.model_validate_json(wire.broker.buy("005930", 10, price=70000).model_dump_json())
    wire.broker.cancel(order)
    assert wire.of(CANCEL)[0].body["KRX_FWDG_ORD_ORGNO"] == branch
    assert wire.of(CANCEL)[0].body["ORGN_ODNO"] == order.id


@pytest.mark.parametrize("status", [201, 302, 400, 500])
def test_success_under_another_status_than_200_is_uncertain(wire: Any, status: int) -> None:
    wire.answer(BUY, wire.good(BUY), status=status)
    with pytest.raises(OrderUncertain):
        wire.broker.buy("005930", 10, price=70000)
    assert len(wire.of(BUY)) == 1


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"{}", b"<html>", b'{"rt_cd": "0"', b'{"rt_cd": 0}', b"\xff"])
def test_order_with_an_unreadable_answer_is_uncertain_and_sent_once(wire: Any, body: bytes) -> None:
    wire.answer(BUY, body)
    with pytest.raises(OrderUncertain):
        wire.broker.buy("005930", 10, price=70000)
    assert len(wire.of(BUY)) == 1


@pytest.mark.parametrize("code", ["APBK0013", "40600000", "40590000", "40620000", "40630000"])
def test_refusal_with_the_code_of_an_accepted_order_is_uncertain(wire: Any, code: str) -> None:
    wire.answer(BUY, {"rt_cd": "1", "msg_cd": code, "msg1": "?"})
    with pytest.raises(OrderUncertain):
        wire.broker.buy("005930", 10, price=70000)


@pytest.mark.parametrize("code", ["", "APBK0013", "40600000", "ZZZZ9999"])
def test_success_is_told_by_rt_cd_and_not_by_the_code(wire: Any, code: str) -> None:
    wire.answer(BUY, {**wire.good(BUY), "msg_cd": code})
    assert wire.broker.buy("005930", 10, price=70000).status == OrderStatus.PENDING


def test_row_of_the_list_has_every_field(wire: Any) -> None:
    assert refreshed(wire) == wire.order(
        name="Alpha",
        filled_quantity=4,
        remaining_quantity=6,
        average_fill_price="69950.0000",
        status=OrderStatus.PARTIALLY_FILLED,
        submitted_at=dt.datetime.combine(TODAY, dt.time(10, 11, 12), clock.KST),
    )


OPEN = {"tot_ccld_qty": "0", "rmn_qty": "10", "avg_prvs": "0"}
GONE = {"tot_ccld_qty": "0", "rmn_qty": "0", "avg_prvs": "0"}
BEFORE = f"{TODAY - dt.timedelta(1):%Y%m%d}"


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        (OPEN, OrderStatus.WORKING),
        ({}, OrderStatus.PARTIALLY_FILLED),
        ({"tot_ccld_qty": "10", "rmn_qty": "0"}, OrderStatus.FILLED),
        ({**GONE, "rjct_qty": "10"}, OrderStatus.REJECTED),
        ({**GONE, "cncl_cfrm_qty": "10"}, OrderStatus.CANCELED),
        ({**GONE, "cncl_cfrm_qty": "", "cnc_cfrm_qty": "10", "cncl_yn": ""}, OrderStatus.UNKNOWN),
        ({**GONE, "cncl_yn": "Y"}, OrderStatus.CANCELED),
        ({"tot_ccld_qty": "4", "rmn_qty": "0", "cncl_cfrm_qty": "6"}, OrderStatus.CANCELED),
        (GONE, OrderStatus.UNKNOWN),
        ({**GONE, "rjct_qty": "", "cncl_cfrm_qty": ""}, OrderStatus.UNKNOWN),
        ({**OPEN, "cncl_yn": "Y"}, OrderStatus.WORKING),
        ({**OPEN, "rjct_qty": "3"}, OrderStatus.WORKING),
    ],
)
def test_status_is_judged_by_the_quantities(wire: Any, changes: Any, status: OrderStatus) -> None:
    assert refreshed(wire, **changes).status == status


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        (GONE, OrderStatus.EXPIRED),
        (OPEN, OrderStatus.EXPIRED),
        ({}, OrderStatus.EXPIRED),
        ({**GONE, "cncl_cfrm_qty": "10"}, OrderStatus.CANCELED),
        ({"tot_ccld_qty": "10", "rmn_qty": "0"}, OrderStatus.FILLED),
    ],
)
def test_order_of_an_earlier_day_is_not_open_any_more(wire: Any, changes: Any, status: OrderStatus) -> None:
    wire.answer(LIST, {**wire.good(LIST), "output1": [row(wire, ord_dt=BEFORE, **changes)]})
    order = wire.order(handle=f"kis:{BEFORE}:06010:0001234567")
    assert wire.broker.refresh(order).status == status


def test_quantity_cancelled_has_two_spellings(wire: Any) -> None:
    listed = row(wire, **GONE, cnc_cfrm_qty="10")
    del listed["cncl_cfrm_qty"]
    wire.answer(LIST, {**wire.good(LIST), "output1": listed})
    assert wire.broker.refresh(wire.order()).status == OrderStatus.CANCELED


def test_unknown_types_and_venues_are_none_and_prices_of_zero_too(wire: Any) -> None:
    order = refreshed(wire, ord_dvsn_cd="99", excg_id_dvsn_cd="??", ord_unpr="0", avg_prvs="0.0000")
    assert (order.type, order.time_in_force, order.venue) == (None, None, None)
    assert (order.price, order.average_fill_price) == (None, None)
    assert refreshed(wire, ord_dvsn_cd="01").type == OrderType.MARKET


def test_row_is_found_by_its_number_whatever_the_zeros(wire: Any) -> None:
    found = refreshed(wire, odno="1234567", orgn_odno="0000000000")
    assert (found.id, found.side, found.status) == ("0001234567", Side.BUY, OrderStatus.PARTIALLY_FILLED)


@pytest.mark.parametrize(
    "change",
    [
        {"pdno": "000660"},
        {"sll_buy_dvsn_cd": "01"},
        {"ord_qty": "9"},
        {"ord_unpr": "70100"},
        {"ord_gno_brno": "06020"},
        {"ord_qty": "0"},
    ],
    ids=repr,
)
def test_row_with_the_number_of_an_order_that_differs_leaves_the_order_as_it_was(wire: Any, change: Any) -> None:
    assert refreshed(wire, **change) == wire.order()


@pytest.mark.parametrize("change", [{"ord_gno_brno": ""}, {"pdno": "00000A005930"}, {"pdno": "A005930"}], ids=repr)
def test_row_that_says_less_or_spells_it_otherwise_is_the_order(wire: Any, change: Any) -> None:
    assert refreshed(wire, **change).filled_quantity == 4


@pytest.mark.parametrize("odd", [{"odno": "5", "sll_buy_dvsn_cd": "?"}, {"odno": "x"}, {"ord_qty": "many"}], ids=repr)
def test_odd_row_does_not_hide_the_order(wire: Any, odd: Any) -> None:
    wire.answer(LIST, {**wire.good(LIST), "output1": [row(wire, **odd), row(wire)]})
    assert wire.broker.refresh(wire.order()).filled_quantity == 4


def test_odd_row_of_another_order_leaves_an_order_that_is_not_listed_as_it_was(wire: Any) -> None:
    wire.answer(LIST, {**wire.good(LIST), "output1": [row(wire, odno="0000000005", sll_buy_dvsn_cd="?")]})
    assert wire.broker.refresh(wire.order()) == wire.order()


@pytest.mark.parametrize("number", ["0001234567", "1234567", "x", ""])
def test_odd_row_that_may_be_the_order_is_a_wire_error(wire: Any, number: str) -> None:
    wire.answer(LIST, {**wire.good(LIST), "output1": [row(wire, odno=number, sll_buy_dvsn_cd="?")]})
    with pytest.raises(WireError, match="in the row of"):
        wire.broker.refresh(wire.order())


def test_same_number_of_another_branch_is_passed_over(wire: Any) -> None:
    theirs = row(wire, ord_gno_brno="00950", tot_ccld_qty="10", rmn_qty="0")
    wire.answer(LIST, {**wire.good(LIST), "output1": [theirs, row(wire)]})
    assert wire.broker.refresh(wire.order()).filled_quantity == 4


@pytest.mark.parametrize("branch", ["06020", "00950"])
def test_what_another_branch_cancelled_is_another_order(wire: Any, branch: str) -> None:
    cancellation = row(
        wire, odno="9", orgn_odno="0001234567", ord_gno_brno=branch, sll_buy_dvsn_cd_name="BUY CANCEL*", **GONE
    )
    wire.answer(LIST, {**wire.good(LIST), "output1": [cancellation, row(wire, **GONE)]})
    assert wire.broker.refresh(wire.order()).status is OrderStatus.UNKNOWN


@pytest.mark.parametrize(
    "refused", [{"rjct_qty": "10"}, {"rjct_qty": "", "sll_buy_dvsn_cd_name": "매수취소거부"}], ids=repr
)
def test_refused_cancellation_cancels_nothing(wire: Any, refused: Any) -> None:
    known = {"odno": "9", "orgn_odno": "0001234567", "sll_buy_dvsn_cd_name": "매수취소", **GONE}
    wire.answer(LIST, {**wire.good(LIST), "output1": [row(wire, **{**known, **refused}), row(wire, **GONE)]})
    assert wire.broker.refresh(wire.order()).status is OrderStatus.UNKNOWN
    wire.answer(LIST, {**wire.good(LIST), "output1": [row(wire, **known), row(wire, **GONE)]})
    assert wire.broker.refresh(wire.order()).status is OrderStatus.CANCELED


def test_row_of_another_day_or_number_is_not_the_order(wire: Any) -> None:
    assert refreshed(wire, ord_dt=BEFORE).status == OrderStatus.PENDING
    assert refreshed(wire, odno="0011234567").status == OrderStatus.PENDING


@pytest.mark.parametrize("code", ["KIOK0560", "70070000", "KIOK0510"])
def test_list_without_rows_leaves_the_order_as_it_was(wire: Any, code: str) -> None:
    wire.answer(LIST, {"rt_cd": "0", "msg_cd": code, "msg1": "", "output1": []})
    assert wire.broker.refresh(wire.order()).status == OrderStatus.PENDING
    assert wire.broker.refresh(wire.order(status=OrderStatus.WORKING)).status == OrderStatus.UNKNOWN
    assert wire.broker.refresh(wire.order(status=OrderStatus.FILLED)).status == OrderStatus.FILLED


def test_refused_list_is_not_an_empty_one(wire: Any) -> None:
    wire.answer(LIST, {"rt_cd": "7", "msg_cd": "KIOK0560", "msg1": "none"})
    with pytest.raises(Rejected, match="none"):
        wire.broker.refresh(wire.order())


@pytest.mark.parametrize("side", ["", "00", "03", None])
def test_row_that_is_neither_buy_nor_sell_is_a_wire_error(wire: Any, side: Any) -> None:
    with pytest.raises(WireError, match="sll_buy_dvsn_cd"):
        refreshed(wire, sll_buy_dvsn_cd=side)


def test_order_on_the_second_page_is_found(wire: Any) -> None:
    first = {**wire.good(LIST), "output1": [row(wire, odno="5")], "ctx_area_nk100": "X".ljust(100)}
    wire.answer(LIST, first, wire.good(LIST), headers={"tr_cont": "M"})
    wire.answers[LIST][1] = (200, {"tr_cont": "D"}, wire.answers[LIST][1][2])
    assert wire.broker.refresh(wire.order()).status == OrderStatus.PARTIALLY_FILLED
    assert len(wire.calls) == 2


def test_list_that_turns_in_a_circle_is_incomplete(wire: Any) -> None:
    def page(number: str) -> Any:
        return {**wire.good(LIST), "output1": [row(wire, odno=number)], "ctx_area_nk100": "X".ljust(100)}

    wire.answer(LIST, page("5"), page("6"), page("7"), headers={"tr_cont": "M"})
    with pytest.raises(IncompleteListing):
        wire.broker.refresh(wire.order())


def test_order_that_is_filled_already_cannot_be_cancelled(wire: Any) -> None:
    wire.answer(CANCEL, {"rt_cd": "1", "msg_cd": "40330000", "msg1": "nothing left"})
    with pytest.raises(NothingToCancel, match="nothing left"):
        wire.broker.cancel(wire.order())
