"""Orders of Kiwoom: what an accepted order, a cancellation and a row of the day's list become."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from brokerkit import clock
from brokerkit.errors import OrderUncertain, WireError
from brokerkit.models import Order
from brokerkit.words import OrderStatus, Side
from tests.adapters.orders import OrderKit

BUY, CANCEL, LIST = "kt10000", "kt10003", "kt00007"
ROWS = "acnt_ord_cntr_prps_dtl"
TODAY = clock.today()
OPEN = {"cntr_qty": "0000000000", "ord_remnq": "0000000010"}
GONE = {"cntr_qty": "0000000000", "ord_remnq": "0000000000"}
FILLED = {"cntr_qty": "0000000010", "ord_remnq": "0000000000"}


class TestOrders(OrderKit):
    accepted = {"number": "0000141", "handle": "kiwoom:{day}:0000141:0000141", "time": None}
    numbers = ("0121751", "00024", "24", " 0000141 ")
    statuses = (201, 302, 400, 401, 429, 500)
    unreadable = (b"", b"null", b"[]", b"{}", b"<html>", b'{"return_code": 0', b"\xff")
    states = [
        (OPEN, OrderStatus.WORKING),
        ({}, OrderStatus.PARTIALLY_FILLED),
        (FILLED, OrderStatus.FILLED),
        ({**FILLED, "acpt_tp": "취소"}, OrderStatus.FILLED),
        ({**GONE, "acpt_tp": "거부"}, OrderStatus.REJECTED),
        ({**GONE, "acpt_tp": "취소"}, OrderStatus.CANCELED),
        ({**GONE, "mdfy_cncl": "취소"}, OrderStatus.CANCELED),
        (GONE, OrderStatus.UNKNOWN),
        ({**GONE, "acpt_tp": "확인"}, OrderStatus.UNKNOWN),
        ({"ord_remnq": "0000000000"}, OrderStatus.UNKNOWN),
        ({**OPEN, "acpt_tp": "취소"}, OrderStatus.WORKING),
    ]
    old_states = [
        (GONE, OrderStatus.EXPIRED),
        (OPEN, OrderStatus.EXPIRED),
        ({}, OrderStatus.EXPIRED),
        (FILLED, OrderStatus.FILLED),
        ({**GONE, "acpt_tp": "취소"}, OrderStatus.CANCELED),
        ({**GONE, "acpt_tp": "거부"}, OrderStatus.REJECTED),
    ]
    differing = [{"stk_cd": "A000660"}, {"io_tp_nm": "현금매도"}, {"ord_qty": "0000000009"}, {"ord_uv": "0000070100"}]
    spellings = ("0000140", "140", "0000000140")
    no_sides = ("", "+", "매매", "매수매도", None)
    market = "시장가 "
    filled_already = "RC4033"

    def alone(self, wire: Any, **changes: Any) -> Order:
        """Return an order of an earlier day: those of today stand in three lists."""
        order: Order = wire.order(dt.date(2024, 1, 5), **changes)
        return order


def row(wire: Any, **changes: Any) -> Any:
    return {**wire.good(LIST)[ROWS][0], **changes}


def listing(wire: Any, *rows: Any) -> Any:
    return {**wire.good(LIST), ROWS: list(rows)}


def refreshed(wire: Any, **changes: Any) -> Order:
    order: Order = wire.answer(LIST, listing(wire, row(wire, **changes))).broker.refresh(wire.order())
    return order


def test_accepted_cancellation_names_the_order_and_not_the_root(wire: Any) -> None:
    canceled = wire.broker.cancel(wire.order())
    assert (canceled.id, canceled.original_id, canceled.status) == ("0000142", "0000140", OrderStatus.PENDING)
    assert canceled.handle == f"kiwoom:{TODAY:%Y%m%d}:0000140:0000142"


@pytest.mark.parametrize("changes", [{"base_orig_ord_no": ...}, {"cncl_qty": ...}, {"cncl_qty": ""}, {"new": "?"}])
def test_cancellation_needs_no_more_than_its_number(wire: Any, changes: Any) -> None:
    answer = {**wire.good(CANCEL), **changes}
    wire.answer(CANCEL, {name: value for name, value in answer.items() if value is not ...})
    assert wire.broker.cancel(wire.order()).id == "0000142"


@pytest.mark.parametrize("value", ["1_0", "1e1", "ten", "10 ", 10, None, {}], ids=repr)
@pytest.mark.parametrize("name", ["cncl_qty", "base_orig_ord_no", "return_msg"])
def test_cancellation_whose_other_fields_are_odd_is_accepted_all_the_same(wire: Any, name: str, value: Any) -> None:
    wire.answer(CANCEL, {**wire.good(CANCEL), name: value})
    assert wire.broker.cancel(wire.order()).id == "0000142"


@pytest.mark.parametrize("value", ["", "??", 5, None, {}, ...], ids=repr)
@pytest.mark.parametrize("name", ["dmst_stex_tp", "return_msg"])
def test_order_whose_other_fields_are_odd_is_accepted_all_the_same(wire: Any, name: str, value: Any) -> None:
    answer = {**wire.good(BUY), name: value}
    wire.answer(BUY, {key: each for key, each in answer.items() if each is not ...})
    assert wire.broker.buy("005930", 10, price=70000).id == "0000141"


@pytest.mark.parametrize(
    "result", ["", " ", False, True, 0.0, None, "ok", "-0", "0x0", "\ufeff0", "\u06600", "0\x00", [], {}, ...], ids=repr
)
def test_only_zeros_are_success(wire: Any, result: Any) -> None:
    answer = {**wire.good(BUY), "return_code": result}
    wire.answer(BUY, {name: value for name, value in answer.items() if value is not ...})
    with pytest.raises(OrderUncertain):
        wire.broker.buy("005930", 10, price=70000)
    assert len(wire.of(BUY)) == 1


@pytest.mark.parametrize("result", [0, "0", "0000", " 0 "])
@pytest.mark.parametrize("name", ["return_code", "returnCode"])
def test_zeros_are_success_as_number_and_as_text(wire: Any, name: str, result: Any) -> None:
    answer = wire.good(BUY)
    del answer["return_code"]
    wire.answer(BUY, {**answer, name: result, "return_msg": "[1700: more data exist"})
    assert wire.broker.buy("005930", 10, price=70000).status == OrderStatus.PENDING


@pytest.mark.parametrize(
    ("original", "words", "status"),
    [
        ("0000140", "취소", OrderStatus.CANCELED),
        ("140", "매수취소", OrderStatus.CANCELED),
        ("0000139", "취소", OrderStatus.UNKNOWN),
        ("0000140", "정정", OrderStatus.CANCELED),
        ("", "취소", OrderStatus.UNKNOWN),
        ("0000000", "취소", OrderStatus.UNKNOWN),
    ],
)
def test_row_that_follows_the_order_tells_why_nothing_is_left(
    wire: Any, original: str, words: str, status: OrderStatus
) -> None:
    cancellation = row(wire, ord_no="0000142", ori_ord=original, mdfy_cncl=words, **GONE)
    wire.answer(LIST, listing(wire, cancellation, row(wire, **GONE)))
    assert wire.broker.refresh(wire.order()).status == status


@pytest.mark.parametrize(
    "refused", [{"acpt_tp": "거부"}, {"io_tp_nm": "매수취소거부"}, {"mdfy_cncl": "취소거부"}], ids=repr
)
@pytest.mark.parametrize("words", ["취소", "정정"])
def test_refused_change_changes_nothing(wire: Any, refused: Any, words: str) -> None:
    change = {"ord_no": "0000142", "ori_ord": "0000140", "mdfy_cncl": words, **GONE, **refused}
    wire.answer(LIST, listing(wire, row(wire, **change), row(wire, **GONE)))
    assert wire.broker.refresh(wire.order()).status is OrderStatus.UNKNOWN


@pytest.mark.parametrize("original", ["12a", "-5", "1 2", "12345678901", "１", None, 140])
def test_related_number_outside_the_grammar_is_a_wire_error(wire: Any, original: Any) -> None:
    wire.answer(LIST, listing(wire, row(wire, ori_ord=original, mdfy_cncl="취소")))
    with pytest.raises(WireError, match="ori_ord"):
        wire.broker.refresh(wire.order(handle="kiwoom:20240105:0000140:0000140"))


@pytest.mark.parametrize(
    ("words", "side"),
    [
        *(("+매수", Side.BUY), ("-매도", Side.SELL), ("-매수", Side.BUY), ("현금매수", Side.BUY)),
        *(("매수정정", Side.BUY), ("+매수신용", Side.BUY), ("매도취소", Side.SELL), (" 현금매도 ", Side.SELL)),
    ],
)
def test_side_is_told_by_the_word_and_not_by_the_sign(wire: Any, words: str, side: Side) -> None:
    wire.answer(LIST, listing(wire, row(wire, io_tp_nm=words)))
    found = wire.broker.refresh(wire.order(side=side))
    assert (found.side, found.filled_quantity) == (side, 4)


OLD = "kiwoom:20240105:0000140:0000140"


def test_odd_row_of_today_is_made_up_for_by_the_other_lists(wire: Any) -> None:
    wire.answer(LIST, listing(wire, row(wire, io_tp_nm="?")))
    assert wire.broker.refresh(wire.order()).filled_quantity == 4


@pytest.mark.parametrize("symbol", ["005930", "A005930", "005930_NX", "005930_AL", "A005930_NX", "A005930_AL"])
def test_symbol_is_read_with_prefix_and_suffix_in_every_combination(wire: Any, symbol: str) -> None:
    found = refreshed(wire, stk_cd=symbol)
    assert (found.symbol, found.filled_quantity) == ("005930", 4)


@pytest.mark.parametrize("key", ["", "  ", ...], ids=["blank", "blanks", "missing"])
def test_more_pages_without_a_key_are_an_error_and_not_the_end(wire: Any, key: Any) -> None:
    headers = {"cont-yn": "Y"} if key is ... else {"cont-yn": "Y", "next-key": key}
    wire.pages(LIST, (headers, listing(wire, row(wire, ord_no="5"))))
    with pytest.raises(WireError, match="next-key"):
        wire.broker.refresh(wire.order())
