"""Reserved orders of KIS: exactly what leaves, and what its list becomes."""

from __future__ import annotations

import datetime as dt
import json
import os
from pathlib import Path
from typing import Any

import pytest

from brokerkit import OrderRequest, OrderType, ReservationStatus, Side, clock
from brokerkit.errors import IncompleteListing, MarketClosed, OrderUncertain, Unsupported

RESERVE, CANCEL, AMEND, LIST = "CTSC0008U", "CTSC0009U", "CTSC0013U", "CTSC0004R"
ACCOUNT = {"CANO": "50012345", "ACNT_PRDT_CD": "01"}
TERMS = {
    **ACCOUNT,
    "PDNO": "005930",
    "ORD_QTY": "10",
    "ORD_UNPR": "70000",
    "SLL_BUY_DVSN_CD": "02",
    "ORD_DVSN_CD": "00",
    "ORD_OBJT_CBLC_DVSN_CD": "10",
    "LOAN_DT": "",
    "RSVN_ORD_END_DT": "",
}
DONE = {"rt_cd": "0", "msg_cd": "KIOK0460", "msg1": "done"}
FOLDER = os.environ.get("BROKERKIT_WIRE_EXAMPLES")


def today() -> str:
    return f"{clock.today():%Y%m%d}"


def row(**changes: str) -> dict[str, str]:
    """Return a row of the list that we made."""
    tomorrow = clock.today() + dt.timedelta(days=1)
    known = {
        "rsvn_ord_seq": "39607",
        "rsvn_ord_ord_dt": f"{tomorrow:%Y%m%d}",
        "rsvn_ord_rcit_dt": today(),
        "pdno": "005930",
        "ord_dvsn_cd": "00",
        "ord_rsvn_qty": "10",
        "tot_ccld_qty": "0",
        "cncl_ord_dt": "",
        "ord_tmd": "",
        "rjct_rson2": "",
        "odno": "",
        "rsvn_ord_rcit_tmd": "165318",
        "kor_item_shtn_name": "삼성전자",
        "sll_buy_dvsn_cd": "02",
        "ord_rsvn_unpr": "70000",
        "prcs_rslt": "미처리",
        "rsvn_end_dt": "",
    }
    return {**known, **changes}


@pytest.fixture
def kept(wire: Any) -> Any:
    """Return the scripted broker, which keeps what is reserved."""
    wire.answer(RESERVE, {**DONE, "msg_cd": "APBK2938", "output": {"RSVN_ORD_SEQ": "39607"}})
    for id in (CANCEL, AMEND):
        wire.answer(id, {**DONE, "msg_cd": "KIOK0430", "output": {"NRML_PRCS_YN": "Y"}})
    return listing(wire, row())


def listing(wire: Any, *rows: dict[str, str]) -> Any:
    keys = {"ctx_area_fk200": " " * 200, "ctx_area_nk200": " !^ !^".ljust(200)}
    return wire.answer(LIST, {**DONE, **keys, "output": list(rows)}, headers={"tr_cont": "D"})


def buying(**changes: Any) -> OrderRequest:
    return OrderRequest(**{"symbol": "005930", "side": Side.BUY, "quantity": 10, "price": 70000, **changes})


def of(wire: Any, id: str) -> list[Any]:
    return [call for call in wire.calls if call.id == id]


def test_reserved_order_to_buy(kept: Any) -> None:
    reserved = kept.broker.reserve(buying())
    (call,) = kept.calls
    assert (call.method, call.id, call.body) == ("POST", RESERVE, TERMS)
    assert call.url.endswith("/uapi/domestic-stock/v1/trading/order-resv")
    assert (reserved.id, reserved.status) == ("39607", ReservationStatus.PENDING)
    assert reserved.handle == f"kis/reserved:{today()}:39607:39607"


@pytest.mark.parametrize(
    ("type", "code"),
    [
        (OrderType.MARKET, "01"),
        (OrderType.PRE_OPEN_CLOSING_PRICE, "05"),
    ],
)
def test_types_without_a_price_and_a_sale_over_several_days(type: OrderType, code: str, kept: Any) -> None:
    until = clock.today() + dt.timedelta(days=7)
    kept.broker.reserve(buying(type=type, price=None, side=Side.SELL), until=until)
    changed = {"ORD_UNPR": "0", "SLL_BUY_DVSN_CD": "01", "ORD_DVSN_CD": code, "RSVN_ORD_END_DT": f"{until:%Y%m%d}"}
    assert kept.calls[-1].body == {**TERMS, **changed}


def test_the_list_is_asked_for_the_days_of_taking_and_of_sending(kept: Any) -> None:
    (shown,) = kept.broker.reservations(clock.today())
    (call,) = kept.calls
    assert (call.method, call.id) == ("GET", LIST)
    assert dict(call.query) == {
        "RSVN_ORD_ORD_DT": today(),
        "RSVN_ORD_END_DT": f"{clock.today() + dt.timedelta(days=14):%Y%m%d}",
        "RSVN_ORD_SEQ": "",
        "TMNL_MDIA_KIND_CD": "00",
        **ACCOUNT,
        "PRCS_DVSN_CD": "0",
        "CNCL_YN": "Y",
        "PDNO": "",
        "SLL_BUY_DVSN_CD": "",
        "CTX_AREA_FK200": "",
        "CTX_AREA_NK200": "",
    }
    assert (shown.id, shown.name, shown.quantity, shown.price) == ("39607", "삼성전자", 10, 70000)
    assert (shown.type, shown.side, shown.status) == (OrderType.LIMIT, Side.BUY, ReservationStatus.RESERVED)
    assert shown.submitted_at == dt.datetime.combine(clock.today(), dt.time(16, 53, 18), clock.KST)
    assert (shown.day, shown.until) == (clock.today() + dt.timedelta(days=1), None)


@pytest.mark.parametrize(
    ("changes", "status", "order_id"),
    [
        ({}, ReservationStatus.RESERVED, None),
        ({"odno": "0000123456", "prcs_rslt": "처리"}, ReservationStatus.ORDERED, "0000123456"),
        ({"odno": "0000123456", "rjct_rson2": "too dear"}, ReservationStatus.ORDERED, "0000123456"),
        ({"odno": "0000000000"}, ReservationStatus.RESERVED, None),
        ({"cncl_ord_dt": "20261120"}, ReservationStatus.CANCELED, None),
        ({"rjct_rson2": "too dear", "prcs_rslt": "거부"}, ReservationStatus.REJECTED, None),
        ({"prcs_rslt": "처리"}, ReservationStatus.UNKNOWN, None),
    ],
)
def test_what_became_of_one_is_read_from_what_was_filled_in(
    changes: dict[str, str], status: ReservationStatus, order_id: str | None, kept: Any
) -> None:
    listing(kept, row(**changes))
    (shown,) = kept.broker.reservations()
    assert (shown.status, shown.order_id) == (status, order_id)


def test_market_orders_have_no_price_whatever_stands_there(kept: Any) -> None:
    listing(kept, row(ord_dvsn_cd="01", ord_rsvn_unpr="6000"))
    (shown,) = kept.broker.reservations()
    assert (shown.type, shown.price) == (OrderType.MARKET, None)


def test_pages_follow_by_keys_of_200_characters(kept: Any) -> None:
    keys = {"ctx_area_fk200": "query".ljust(200), "ctx_area_nk200": "next".ljust(200)}
    kept.pages(
        LIST,
        ({"tr_cont": "F"}, {**DONE, **keys, "output": [row()]}),
        ({"tr_cont": "D"}, {**DONE, **keys, "output": [row(rsvn_ord_seq="39608")]}),
    )
    assert [each.id for each in kept.broker.reservations()] == ["39607", "39608"]
    assert dict(kept.calls[1].query)["CTX_AREA_NK200"] == "next".ljust(200)
    assert kept.calls[1].headers["tr_cont"] == "N"


def test_a_page_that_does_not_come_is_no_shorter_list(kept: Any) -> None:
    kept.answer(LIST, {"rt_cd": "7", "msg_cd": "KIOK9999", "msg1": "조회이후에 자료가 변경되었습니다"})
    with pytest.raises(IncompleteListing):
        kept.broker.reservations()


def test_an_amendment_says_all_of_it_again(kept: Any) -> None:
    (shown,) = kept.broker.reservations()
    amended = kept.broker.amend_reservation(shown, price=70100)
    call = kept.calls[-1]
    named = {"RSVN_ORD_SEQ": "39607", "RSVN_ORD_ORGNO": "", "RSVN_ORD_ORD_DT": f"{shown.day:%Y%m%d}"}
    assert (call.method, call.id, call.body) == ("POST", AMEND, {**TERMS, "ORD_UNPR": "70100", **named})
    assert call.url.endswith("/order-resv-rvsecncl")
    assert (amended.id, amended.price, amended.quantity) == ("39607", 70100, 10)


def test_a_cancellation_names_the_day_that_the_list_tells(kept: Any) -> None:
    kept.broker.cancel_reservation(kept.broker.reserve(buying()))
    assert [call.id for call in kept.calls] == [RESERVE, LIST, CANCEL]
    day = f"{clock.today() + dt.timedelta(days=1):%Y%m%d}"
    named = {"RSVN_ORD_SEQ": "39607", "RSVN_ORD_ORGNO": "", "RSVN_ORD_ORD_DT": day}
    assert kept.calls[-1].body == {**ACCOUNT, **named}


def test_without_the_list_a_cancellation_goes_out_without_the_day(kept: Any) -> None:
    kept.answer(LIST, {"rt_cd": "7", "msg_cd": "KIOK9999", "msg1": "later"})
    kept.broker.cancel_reservation(kept.broker.reserve(buying()))
    assert kept.calls[-1].body["RSVN_ORD_ORD_DT"] == ""


def test_hours_of_reserved_orders_are_a_refusal(kept: Any) -> None:
    kept.answer(RESERVE, {"rt_cd": "7", "msg_cd": "KIER3672", "msg1": "not now"})
    with pytest.raises(MarketClosed):
        kept.broker.reserve(buying())
    assert len(of(kept, RESERVE)) == 1


@pytest.mark.parametrize("output", [{}, {"RSVN_ORD_SEQ": ""}, {"RSVN_ORD_SEQ": "0"}, {"RSVN_ORD_SEQ": "many"}])
def test_an_answer_without_a_number_leaves_it_open(output: dict[str, str], kept: Any) -> None:
    kept.answer(RESERVE, {**DONE, "output": output})
    with pytest.raises(OrderUncertain):
        kept.broker.reserve(buying())
    assert len(of(kept, RESERVE)) == 1
    assert len(kept.broker.unresolved()) == 1


@pytest.mark.parametrize("output", [{}, {"NRML_PRCS_YN": "N"}, {"NRML_PRCS_YN": ""}])
def test_a_change_that_is_no_plain_yes_leaves_it_open(output: dict[str, str], kept: Any) -> None:
    (shown,) = kept.broker.reservations()
    kept.answer(CANCEL, {**DONE, "output": output})
    with pytest.raises(OrderUncertain):
        kept.broker.cancel_reservation(shown)
    assert len(of(kept, CANCEL)) == 1


def test_the_demo_environment_has_none_of_it(connect: Any) -> None:
    wire = connect("demo")
    for verb in ("reserve", "reservations", "amend_reservation", "cancel_reservation"):
        assert not wire.broker.supports(verb)
    with pytest.raises(Unsupported):
        wire.broker.reserve(buying())
    assert wire.calls == []


@pytest.mark.skipif(not FOLDER, reason="BROKERKIT_WIRE_EXAMPLES does not name the folder of examples")
def test_the_list_that_kis_itself_shows(kept: Any) -> None:
    text = (Path(FOLDER or "") / "kis/examples/domestic_stock__order_resv_ccnl__official_a.json").read_text("utf-8")
    kept.answer(LIST, json.loads(text)["response"]["body"])
    first, second = kept.broker.reservations(dt.date(2022, 5, 20), dt.date(2022, 5, 20))
    assert (first.id, first.symbol, first.type, first.side) == ("42401", "005940", OrderType.MARKET, Side.BUY)
    assert (first.day, first.until, second.until) == (dt.date(2022, 5, 23), dt.date(2022, 5, 23), None)
    assert {first.status, second.status} == {ReservationStatus.RESERVED}
    assert first.submitted_at == dt.datetime(2022, 5, 20, 16, 53, 18, tzinfo=clock.KST)


@pytest.mark.skipif(not FOLDER, reason="BROKERKIT_WIRE_EXAMPLES does not name the folder of examples")
def test_the_answers_that_kis_itself_shows(kept: Any) -> None:
    for id, name in [(RESERVE, "order_resv"), (AMEND, "order_resv_rvsecncl"), (CANCEL, "order_resv_rvsecncl")]:
        kind = {RESERVE: "official", AMEND: "official_modify", CANCEL: "official_cancel"}[id]
        path = Path(FOLDER or "") / "kis" / "examples" / f"domestic_stock__{name}__{kind}.json"
        kept.answer(id, json.loads(path.read_text("utf-8"))["response"]["body"])
    reserved = kept.broker.reserve(buying())
    amended = kept.broker.amend_reservation(reserved, price=70100)
    assert (amended.id, kept.broker.cancel_reservation(amended).id) == (reserved.id, "39607")
    assert kept.broker.unresolved() == ()
