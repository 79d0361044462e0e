"""Orders of KIS: what an accepted order, a cancellation and a row of the day's list become."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from brokerkit import clock
from brokerkit.errors import OrderUncertain, Rejected
from brokerkit.models import Order
from brokerkit.words import OrderStatus
from tests.adapters.orders import OrderKit

BUY, CANCEL, LIST = "TTTC0012U", "TTTC0013U", "TTTC0081R"
TODAY = clock.today()
OPEN = {"tot_ccld_qty": "0", "rmn_qty": "10", "avg_prvs": "0"}
GONE = {"tot_ccld_qty": "0", "rmn_qty": "0", "avg_prvs": "0"}
BEFORE = f"{TODAY - dt.timedelta(1):%Y%m%d}"


class TestOrders(OrderKit):
    accepted = {"number": "0001234568", "handle": "kis:{day}:06010:0001234568", "time": dt.time(10, 11, 12)}
    numbers = ("0001569157", "2696", "0000008637", " 2696 ")
    statuses = (201, 302, 400, 500)
    unreadable = (b"", b"null", b"[]", b"{}", b"<html>", b'{"rt_cd": "0"', b'{"rt_cd": 0}', b"\xff")
    states = [
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
    ]
    old_states = [
        (GONE, OrderStatus.EXPIRED),
        (OPEN, OrderStatus.EXPIRED),
        ({}, OrderStatus.EXPIRED),
        ({**GONE, "cncl_cfrm_qty": "10"}, OrderStatus.CANCELED),
        ({"tot_ccld_qty": "10", "rmn_qty": "0"}, OrderStatus.FILLED),
    ]
    differing = [
        {"pdno": "000660"},
        {"sll_buy_dvsn_cd": "01"},
        {"ord_qty": "9"},
        {"ord_unpr": "70100"},
        {"ord_gno_brno": "06020"},
        {"ord_qty": "0"},
    ]
    spellings = ("1234567", "0001234567")
    no_sides = ("", "00", "03", None)
    market = "01"
    filled_already = "40330000"


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


@pytest.mark.parametrize("code", ["APBK0013", "40600000", "40590000", "40620000", "40630000"])
def test_refusal_with_the_code_of_an_accepted_order_is_uncertain(wire: Any, code: str) -> None:
    wire.answer(BUY, {"rt_cd": "1", "msg_cd": code, "msg1": "?"})
    with pytest.raises(OrderUncertain):
        wire.broker.buy("005930", 10, price=70000)


@pytest.mark.parametrize("code", ["", "APBK0013", "40600000", "ZZZZ9999"])
def test_success_is_told_by_rt_cd_and_not_by_the_code(wire: Any, code: str) -> None:
    wire.answer(BUY, {**wire.good(BUY), "msg_cd": code})
    assert wire.broker.buy("005930", 10, price=70000).status == OrderStatus.PENDING


def test_quantity_cancelled_has_two_spellings(wire: Any) -> None:
    listed = row(wire, **GONE, cnc_cfrm_qty="10")
    del listed["cncl_cfrm_qty"]
    wire.answer(LIST, {**wire.good(LIST), "output1": listed})
    assert wire.broker.refresh(wire.order()).status == OrderStatus.CANCELED


@pytest.mark.parametrize("change", [{"ord_gno_brno": ""}, {"pdno": "00000A005930"}, {"pdno": "A005930"}], ids=repr)
def test_row_that_says_less_or_spells_it_otherwise_is_the_order(wire: Any, change: Any) -> None:
    assert refreshed(wire, **change).filled_quantity == 4


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
def test_list_without_rows_may_say_so_by_its_code(wire: Any, code: str) -> None:
    wire.answer(LIST, {"rt_cd": "0", "msg_cd": code, "msg1": "", "output1": []})
    assert wire.broker.refresh(wire.order()).status == OrderStatus.PENDING


def test_refused_list_is_not_an_empty_one(wire: Any) -> None:
    wire.answer(LIST, {"rt_cd": "7", "msg_cd": "KIOK0560", "msg1": "none"})
    with pytest.raises(Rejected, match="none"):
        wire.broker.refresh(wire.order())
