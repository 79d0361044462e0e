"""Lists of orders of Kiwoom: what is open now, and the days of the past, all pages of both."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from brokerkit import clock
from brokerkit.errors import InvalidRequest, Rejected, WireError
from brokerkit.models import Order
from brokerkit.words import OrderStatus, OrderType, Side, Venue
from tests.adapters import lists
from tests.adapters.lists import ListKit

OPEN, LIST = "ka10075", "kt00007"
BLOCK = {OPEN: "oso", LIST: "acnt_ord_cntr_prps_dtl"}
TODAY = clock.today()
DAY = dt.date(2024, 1, 5)
MORE, END = {"cont-yn": "Y", "next-key": "k1"}, {"cont-yn": "N", "next-key": ""}
GONE = {"cntr_qty": "0000000000", "ord_remnq": "0000000000", "cntr_uv": "0000000000"}
FILLED = {"cntr_qty": "0000000010", "ord_remnq": "0000000000"}


UNTOUCHED = {"cntr_qty": "0", "cntr_tot_amt": "0", "oso_qty": "10"}


class TestLists(ListKit):
    working = [
        (UNTOUCHED, {"status": OrderStatus.WORKING, "filled_quantity": 0, "average_fill_price": None}),
        ({**UNTOUCHED, "cntr_qty": ""}, {"status": OrderStatus.WORKING, "filled_quantity": None}),
        ({"cntr_tot_amt": ""}, {"status": OrderStatus.PARTIALLY_FILLED, "average_fill_price": None}),
        (
            {"cntr_qty": "3", "oso_qty": "7", "cntr_tot_amt": "200000"},
            {"filled_quantity": 3, "average_fill_price": Decimal("66666.6667")},
        ),
        (
            {"cntr_qty": "3", "oso_qty": "5"},
            {"filled_quantity": None, "average_fill_price": None, "status": OrderStatus.PARTIALLY_FILLED},
        ),
        ({"orig_ord_no": "0000139"}, {"original_id": "0000139"}),
        ({"orig_ord_no": ""}, {"original_id": None}),
        ({"io_tp_nm": "-매도"}, {"side": Side.SELL}),
        ({"io_tp_nm": "-매수"}, {"side": Side.BUY}),
        ({"io_tp_nm": "+매수정정"}, {"side": Side.BUY}),
        ({"stex_tp": "2", "stex_tp_txt": "NXT"}, {"venue": Venue.NXT}),
        ({"stex_tp_txt": "KRX", "sor_yn": "Y"}, {"venue": Venue.SOR}),
        ({"stex_tp": "0", "stex_tp_txt": "SOR"}, {"venue": Venue.SOR}),
        ({"stex_tp_txt": "", "stex_tp": "1"}, {"venue": Venue.KRX}),
        ({"stex_tp_txt": "", "stex_tp": "2"}, {"venue": Venue.NXT}),
        ({"stex_tp_txt": "?", "stex_tp": "0"}, {"venue": Venue.SOR}),
        ({"stex_tp_txt": "", "stex_tp": ""}, {"venue": None}),
        ({"stex_tp_txt": "", "stex_tp": "9"}, {"venue": None}),
        ({"trde_tp": "시장가", "ord_pric": "0"}, {"type": OrderType.MARKET, "price": None}),
        ({"trde_tp": "최유리지정가"}, {"type": OrderType.BEST_OPPOSITE, "price": None}),
        ({"stk_cd": "A005930"}, {"symbol": "005930"}),
        ({"stk_cd": "005930_AL"}, {"symbol": "005930"}),
        ({"stk_cd": "A005930_NX"}, {"symbol": "005930"}),
        ({"stk_cd": "A005930_XX"}, {"symbol": "A005930_XX"}),
        ({"stk_nm": "  "}, {"name": None}),
        ({"ord_qty": "0000000010", "oso_qty": "0000000006", "cntr_qty": "0000000004"}, {"filled_quantity": 4}),
        ({"ord_qty": " 10", "ord_pric": "0000070000"}, {"quantity": 10, "price": 70000}),
        ({"ord_stt": "확인"}, {"status": OrderStatus.PARTIALLY_FILLED}),
    ]
    largest = {"ord_qty": "10.00000001", "oso_qty": "10", "cntr_qty": "0.00000001", "cntr_tot_amt": "9" * 18}
    gone, filled = GONE, FILLED
    past_states = [
        (FILLED, OrderStatus.FILLED),
        (GONE, OrderStatus.EXPIRED),
        ({**GONE, "ord_remnq": "0000000010"}, OrderStatus.EXPIRED),
        ({**GONE, "acpt_tp": "거부"}, OrderStatus.REJECTED),
        ({**GONE, "acpt_tp": "취소"}, OrderStatus.CANCELED),
        ({**GONE, "mdfy_cncl": "취소"}, OrderStatus.CANCELED),
    ]
    cancellations = [{"io_tp_nm": "매수취소"}, {"mdfy_cncl": "취소"}]
    amendment = {"io_tp_nm": "매수정정", "mdfy_cncl": "정정"}
    broken = "1999"


def ask(wire: Any, id: str) -> tuple[Order, ...]:
    return lists.ask(wire, "open" if id == OPEN else "history")


@pytest.mark.parametrize("id", [OPEN, LIST])
def test_more_pages_without_a_key_are_an_error_and_not_the_end(wire: Any, id: str) -> None:
    wire.pages(id, ({"cont-yn": "Y"}, rows(wire, id, {"ord_no": "1"})))
    with pytest.raises(WireError, match="next-key"):
        ask(wire, id)


def rows(wire: Any, id: str, *changes: Any) -> Any:
    """Return an answer with one row for each of `changes`."""
    good = wire.good(id)
    (row,) = good[BLOCK[id]]
    return {**good, BLOCK[id]: [{**row, **change} for change in changes]}


def test_working_orders_are_asked_for_of_all_symbols_sides_and_venues(wire: Any) -> None:
    wire.broker.orders(market="KR")
    assert [(call.id, call.body) for call in wire.calls] == [
        (OPEN, {"all_stk_tp": "0", "trde_tp": "0", "stk_cd": "", "stex_tp": "0"})
    ]


@pytest.mark.parametrize("left", ["0", "0000000000", "-0"])
def test_order_with_nothing_left_is_not_working(wire: Any, left: str) -> None:
    assert lists.listed(wire, "open", {"oso_qty": left}) == ()


@pytest.mark.parametrize("words", [" 조회가 완료되었습니다.", "", "모의투자"])
def test_no_working_orders_are_an_empty_tuple_whatever_the_words(wire: Any, words: str) -> None:
    assert ask(wire.answer(OPEN, {"oso": [], "return_code": 0, "return_msg": words}), OPEN) == ()


def test_working_order_can_be_cancelled_by_its_handle(wire: Any) -> None:
    (order,) = wire.broker.orders(market="KR")
    wire.broker.cancel(Order.model_validate_json(order.model_dump_json()), quantity=6)
    assert wire.of("kt10003")[0].body["orig_ord_no"] == "0000140"


@pytest.mark.parametrize("id", [OPEN, LIST])
@pytest.mark.parametrize("block", [None, "", {}, ...], ids=repr)
def test_list_without_its_block_is_a_wire_error_and_not_empty(wire: Any, id: str, block: Any) -> None:
    answer = {**wire.good(id), BLOCK[id]: block}
    wire.answer(id, {name: value for name, value in answer.items() if value is not ...})
    with pytest.raises(WireError, match="rows" if block is ... else BLOCK[id]):
        ask(wire, id)


@pytest.mark.parametrize("id", [OPEN, LIST])
def test_orders_of_all_pages_are_told_and_the_key_goes_back_in_the_headers(wire: Any, id: str) -> None:
    one, two = rows(wire, id, {"ord_no": "1"}, {"ord_no": "2"}), rows(wire, id, {"ord_no": "3"})
    found = ask(wire.pages(id, (MORE, one), (END, two)), id)
    assert [order.id for order in found] == ["1", "2", "3"]
    first, second = wire.calls
    assert first.body == second.body
    assert {"cont-yn", "next-key"}.isdisjoint(first.headers)
    assert (second.headers["cont-yn"], second.headers["next-key"]) == ("Y", "k1")


@pytest.mark.parametrize("id", [OPEN, LIST])
@pytest.mark.parametrize(
    "answer",
    [
        {"return_code": 20, "return_msg": "none"},
        {"return_code": 20, "return_msg": ""},
        {"return_code": 20, "return_msg": "[2000](RC4025:주문가능 금액이 없습니다)"},
        {"return_code": 20, "return_msg": "[2000](571758:내역 조회 중 오류)"},
        {"return_code": 20, "return_msg": "[2000](999999:조회내역이 없습니다.)"},
        {"return_code": 7, "return_msg": "조회내역이 없습니다."},
    ],
    ids=repr,
)
def test_refused_list_is_not_an_empty_one(wire: Any, id: str, answer: Any) -> None:
    with pytest.raises(Rejected):
        ask(wire.answer(id, answer), id)


@pytest.mark.parametrize("id", [OPEN, LIST])
@pytest.mark.parametrize("code", [20, "20", " 20"])
@pytest.mark.parametrize(
    "words",
    [
        "[2000](571758:해당 계좌의미체결내역이 없습니다.)",
        "[2000](571758: 조회내역이 없습니다.)",
        "조회된 데이터가 없습니다",
    ],
)
def test_refusal_that_says_that_there_is_nothing_is_an_empty_list(wire: Any, id: str, code: Any, words: str) -> None:
    assert ask(wire.answer(id, {"return_code": code, "return_msg": words}), id) == ()


def test_refusal_of_a_second_page_that_says_so_ends_the_list(wire: Any) -> None:
    nothing = {"return_code": 20, "return_msg": "[2000](571758:조회내역이 없습니다.)"}
    found = ask(wire.pages(LIST, (MORE, rows(wire, LIST, {"ord_no": "1"})), (END, nothing)), LIST)
    assert [order.id for order in found] == ["1"]


def test_nothing_to_list_is_said_of_lists_only(wire: Any) -> None:
    nothing = {"return_code": 20, "return_msg": "[2000](571758:조회내역이 없습니다.)"}
    for id in ("ka10001", "kt10000", "kt00010"):
        wire.answer(id, nothing)
    with pytest.raises(Rejected):
        wire.broker.quote("005930")
    with pytest.raises(Rejected):
        wire.broker.buying_power("005930", price=70000)
    with pytest.raises(Rejected):
        wire.broker.buy("005930", 1, price=70000)


@pytest.mark.parametrize("id", [OPEN, LIST])
@pytest.mark.parametrize("mark", ["X", "YES", "1", "true"])
def test_mark_that_is_not_known_is_no_end(wire: Any, id: str, mark: str) -> None:
    wire.pages(id, ({"cont-yn": mark, "next-key": "k1"}, rows(wire, id, {})))
    with pytest.raises(WireError, match="cont-yn"):
        ask(wire, id)


def test_symbol_of_the_history_is_checked_before_anything_is_sent(wire: Any) -> None:
    with pytest.raises(InvalidRequest):
        wire.broker.order_history(DAY, DAY, symbol="A005930")
    assert wire.calls == []


@pytest.mark.parametrize(("id", "limit", "average"), [(OPEN, "ord_pric", None), (LIST, "ord_uv", "cntr_uv")])
def test_the_sign_of_a_price_in_a_list_is_its_direction(wire: Any, id: str, limit: str, average: str | None) -> None:
    prices = {limit: "-0000070000", **({average: "-0000069950"} if average else {})}
    (order,) = lists.listed(wire, "open" if id == OPEN else "history", prices)
    assert order.price == 70000
    assert average is None or order.average_fill_price == 69950
