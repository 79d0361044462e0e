"""Reserved orders of US shares at KIS: exactly what leaves, and what the list becomes."""

from __future__ import annotations

import datetime as dt
import json
import os
from pathlib import Path
from typing import Any

import pytest

from brokerkit import OrderRequest, OrderType, ReservationStatus, Side, Venue, clock
from brokerkit.errors import OrderUncertain, UnknownSymbol, Unsupported

BUY, SELL, CANCEL, LIST = "TTTT3014U", "TTTT3016U", "TTTT3017U", "TTTT3039R"
ACCOUNT = {"CANO": "50012345", "ACNT_PRDT_CD": "01"}
RESERVED = {
    **ACCOUNT,
    "RVSE_CNCL_DVSN_CD": "00",
    "PDNO": "AAPL",
    "OVRS_EXCG_CD": "NASD",
    "FT_ORD_QTY": "10",
    "FT_ORD_UNPR3": "271.5",
    "ORD_SVR_DVSN_CD": "0",
    "ORD_DVSN": "00",
}
DONE = {"rt_cd": "0", "msg_cd": "KIOK0510", "msg1": "done"}
FOLDER = os.environ.get("BROKERKIT_WIRE_EXAMPLES")


def row(**changes: str) -> dict[str, str]:
    """Return a row of the list that we made."""
    known = {
        "cncl_yn": "N",
        "rsvn_ord_rcit_dt": "20261125",
        "ovrs_rsvn_odno": "0030138295",
        "ord_dt": "",
        "odno": "",
        "sll_buy_dvsn_cd": "02",
        "sll_buy_dvsn_cd_name": "매수",
        "ovrs_rsvn_ord_stat_cd": "01",
        "ovrs_rsvn_ord_stat_cd_name": "접수",
        "pdno": "AAPL",
        "prdt_name": "애플",
        "ord_rcit_tmd": "161928",
        "ovrs_excg_cd": "NASD",
        "ft_ord_qty": "10",
        "ft_ord_unpr3": "271.50000000",
        "ft_ccld_qty": "0",
        "nprc_rson_text": "",
    }
    return {**known, **changes}


def listing(wire: Any, *rows: dict[str, str]) -> Any:
    keys = {"ctx_area_fk200": "50012345^01^".ljust(200), "ctx_area_nk200": " " * 200}
    return wire.answer(LIST, {**DONE, **keys, "output": list(rows)}, headers={"tr_cont": "D"})


@pytest.fixture
def kept(wire: Any) -> Any:
    """Return the scripted broker, which keeps what is reserved."""
    for id in (BUY, SELL):
        wire.answer(id, {**DONE, "msg_cd": "APBK0013", "output": {"ODNO": "0030138295"}})
    wire.answer(CANCEL, {**DONE, "msg_cd": "APBK1711", "output": {"OVRS_RSVN_ODNO": "0030138295"}})
    return listing(wire, row())


def buying(**changes: Any) -> OrderRequest:
    return OrderRequest(**{"symbol": "US:AAPL", "side": Side.BUY, "quantity": 10, "price": "271.50", **changes})


def test_reserved_order_to_buy(kept: Any) -> None:
    reserved = kept.broker.reserve(buying())
    (call,) = kept.of(BUY)
    assert (call.method, call.body) == ("POST", RESERVED)
    assert call.url.endswith("/uapi/overseas-stock/v1/trading/order-resv")
    assert (reserved.id, reserved.venue, reserved.status) == ("0030138295", Venue.US, ReservationStatus.PENDING)
    assert reserved.handle == "kis/reserved:20261125:0030138295:0030138295"


@pytest.mark.parametrize(
    ("type", "code", "price", "more"),
    [
        (OrderType.MARKET_ON_OPEN, "31", None, {}),
        (OrderType.TWAP_LIMIT, "35", "271.5", {"ALGO_ORD_TMD_DVSN_CD": "02"}),
        (OrderType.VWAP_LIMIT, "36", "271.5", {"ALGO_ORD_TMD_DVSN_CD": "02"}),
    ],
)
def test_reserved_sale(type: OrderType, code: str, price: str | None, more: dict[str, str], kept: Any) -> None:
    kept.broker.reserve(buying(type=type, price=price, side=Side.SELL))
    (call,) = kept.of(SELL)
    assert call.body == {**RESERVED, "FT_ORD_UNPR3": price or "0", "ORD_DVSN": code, **more}


def test_what_kis_does_not_reserve_is_not_sent(kept: Any) -> None:
    for changes in (
        {"type": OrderType.MARKET_ON_OPEN, "price": None},  # a sale alone may be one
        {"type": OrderType.LIMIT_ON_CLOSE},
        {"venue": Venue.DAYTIME},
    ):
        with pytest.raises(Unsupported):
            kept.broker.reserve(buying(**changes))
    with pytest.raises(Unsupported):
        kept.broker.reserve(buying(), until=dt.date(2026, 11, 27))
    with pytest.raises(UnknownSymbol):
        kept.broker.reserve(buying(symbol="US:NOPE"))
    assert kept.of(BUY) == []


def test_none_can_be_amended(kept: Any) -> None:
    (shown,) = kept.broker.reservations(market="US")
    assert not kept.broker.supports("amend_reservation", market="US")
    with pytest.raises(Unsupported):
        kept.broker.amend_reservation(shown, price="270.00")


def test_a_cancellation_names_its_day_in_both_spellings(kept: Any) -> None:
    kept.broker.cancel_reservation(kept.broker.reserve(buying()))
    (call,) = kept.of(CANCEL)
    days = {"RSYN_ORD_RCIT_DT": "20261125", "RSVN_ORD_RCIT_DT": "20261125"}
    assert (call.method, call.body) == ("POST", {**ACCOUNT, **days, "OVRS_RSVN_ODNO": "0030138295"})
    assert call.url.endswith("/uapi/overseas-stock/v1/trading/order-resv-ccnl")


def test_an_answer_about_another_one_leaves_it_open(kept: Any) -> None:
    reserved = kept.broker.reserve(buying())
    kept.answer(CANCEL, {**DONE, "output": {"OVRS_RSVN_ODNO": "0030138296"}})
    with pytest.raises(OrderUncertain):
        kept.broker.cancel_reservation(reserved)


def test_the_list_is_asked_for_less_than_seven_days_and_every_exchange(kept: Any) -> None:
    (shown,) = kept.broker.reservations(dt.date(2026, 11, 18), dt.date(2026, 11, 25), market="US")
    asked = [dict(call.query) for call in kept.of(LIST)]
    spans = [(each["INQR_STRT_DT"], each["INQR_END_DT"], each["PRDT_TYPE_CD"], each["OVRS_EXCG_CD"]) for each in asked]
    assert spans == [
        (start, end, product, exchange)
        for start, end in (("20261118", "20261124"), ("20261125", "20261125"))
        for product, exchange in (("512", "NASD"), ("513", "NYSE"), ("529", "AMEX"))
    ]
    assert asked[0] == {
        **ACCOUNT,
        "INQR_STRT_DT": "20261118",
        "INQR_END_DT": "20261124",
        "INQR_DVSN_CD": "00",
        "PRDT_TYPE_CD": "512",
        "OVRS_EXCG_CD": "NASD",
        "CTX_AREA_FK200": "",
        "CTX_AREA_NK200": "",
    }
    assert (shown.id, shown.symbol, shown.price, shown.type) == ("0030138295", "US:AAPL", 271.5, None)
    assert shown.submitted_at == dt.datetime(2026, 11, 25, 16, 19, 28, tzinfo=clock.KST)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, ReservationStatus.RESERVED),
        ({"odno": "0030140000"}, ReservationStatus.ORDERED),
        ({"cncl_yn": "Y"}, ReservationStatus.CANCELED),
        ({"nprc_rson_text": "주문가능금액 부족"}, ReservationStatus.REJECTED),
        ({"ovrs_rsvn_ord_stat_cd": "02"}, ReservationStatus.UNKNOWN),
    ],
)
def test_what_became_of_one_is_read_from_what_was_filled_in(
    changes: dict[str, str], status: ReservationStatus, kept: Any
) -> None:
    listing(kept, row(**changes))
    (shown,) = kept.broker.reservations(market="US")
    assert shown.status is status


def test_a_blank_row_is_none(kept: Any) -> None:
    listing(kept, dict.fromkeys(row(), ""))
    assert list(kept.broker.reservations(market="US")) == []


def test_the_demo_environment_takes_limits_and_shows_nothing(demo: Any) -> None:
    wire = demo.answer(BUY, {**DONE, "output": {"ODNO": "0030138295"}})
    wire.broker.reserve(buying())
    assert [call.id for call in wire.calls if call.method == "POST"] == ["VTTT3014U"]
    with pytest.raises(Unsupported):
        wire.broker.reserve(buying(type=OrderType.TWAP_LIMIT))
    with pytest.raises(Unsupported):
        wire.broker.reservations(market="US")


@pytest.mark.skipif(not FOLDER, reason="BROKERKIT_WIRE_EXAMPLES does not name the folder of examples")
def test_the_list_that_kis_itself_shows(kept: Any) -> None:
    path = Path(FOLDER or "") / "kis" / "examples" / "overseas_stock__order_resv_list__official.json"
    kept.answer(LIST, json.loads(path.read_text("utf-8"))["response"]["body"])
    (shown,) = kept.broker.reservations(dt.date(2025, 5, 23), dt.date(2025, 5, 23), market="US")
    assert (shown.id, shown.symbol, shown.type) == ("0031111234", "US:AAPL", OrderType.TWAP_LIMIT)
    assert (shown.quantity, shown.price, shown.status) == (100, 150, ReservationStatus.RESERVED)
