"""Lists of orders at the KIS face: of a day, of earlier days, and what can still be changed."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pytest
from brokerkit_kis.sandbox import KisFace
from brokerkit_kis.sandbox.ledger import three_months_before

from brokerkit.market.days import next_trading_day
from brokerkit.models import OrderRequest
from brokerkit.sandbox.exchange import Exchange
from brokerkit.words import Side

QUOTATIONS, TRADING = "/uapi/domestic-stock/v1/quotations", "/uapi/domestic-stock/v1/trading"
DAILY = f"{TRADING}/inquire-daily-ccld"
SAMSUNG = "005930"
HYNIX = "000660"


def test_list_of_orders_is_filtered_and_sorted_as_asked(real: Any) -> None:
    waiting = real.order()["output"]["ODNO"]
    filled = real.order(PDNO="000660", ORD_DVSN="01", ORD_UNPR="0", ORD_QTY="2")["output"]["ODNO"]

    def listed(**changes: str) -> list[str]:
        return [row["odno"] for row in real.daily(**changes)["output1"]]

    assert listed() == [filled, waiting]
    assert listed(INQR_DVSN="01") == [waiting, filled]
    assert listed(ODNO=str(int(filled))) == listed(PDNO="000660") == listed(CCLD_DVSN="01") == [filled]
    assert listed(CCLD_DVSN="02") == [waiting]
    assert listed(SLL_BUY_DVSN_CD="01") == listed(EXCG_ID_DVSN_CD="NXT") == listed(INQR_DVSN_3="02") == []
    assert listed(INQR_STRT_DT="20200101", INQR_END_DT="20200102") == []
    row, truth = real.daily(ODNO=filled)["output1"][0], real.rows()[int(filled)]
    assert (int(row["tot_ccld_qty"]), int(row["rmn_qty"]), row["sll_buy_dvsn_cd"]) == (2, 0, "02")
    assert Decimal(row["avg_prvs"]) == truth.average_price
    assert int(row["tot_ccld_amt"]) == truth.average_price * 2
    assert real.daily(ODNO=waiting)["output2"]["tot_ccld_qty"] == "2"
    assert real.refusal_of(real.daily(INQR_STRT_DT="20261301")) == ("2", "OPSQ2001")


def test_fields_left_out_of_the_list_give_no_rows_and_no_error(real: Any) -> None:
    real.order()
    for name in ("ORD_GNO_BRNO", "INQR_DVSN_1", "INQR_DVSN_3", "EXCG_ID_DVSN_CD"):
        fields = real.daily_fields()
        del fields[name]
        body = real.get(DAILY, "TTTC0081R", fields).json()
        assert (body["rt_cd"], body["msg_cd"], body["output1"]) == ("0", "KIOK0560", [])
        old = real.get(DAILY, "TTTC8001R", fields).json()["output1"]
        assert len(old) == (1 if name == "EXCG_ID_DVSN_CD" else 0)


@pytest.mark.parametrize(
    "changes",
    [
        {"INQR_DVSN_1": "0"},
        {"EXCG_ID_DVSN_CD": ""},
        {"SLL_BUY_DVSN_CD": "", "CCLD_DVSN": "", "INQR_DVSN": "", "INQR_DVSN_3": ""},
    ],
)
def test_blanks_and_zeros_of_the_list_ask_for_all(real: Any, changes: dict[str, str]) -> None:
    numbers = [real.ordered(), real.ordered(EXCG_ID_DVSN_CD="NXT"), real.ordered(EXCG_ID_DVSN_CD="SOR")]
    assert [row["odno"] for row in real.daily(**changes)["output1"]] == numbers[::-1]


@pytest.mark.parametrize("environment", ["real", "demo"])
def test_branch_of_answers_and_lists_is_the_one_that_clients_cancel_with(open_customer: Any, environment: str) -> None:
    customer = open_customer(environment)
    accepted = customer.order()["output"]
    assert accepted["KRX_FWDG_ORD_ORGNO"] == customer.row(accepted["ODNO"])["ord_gno_brno"] == "06010"
    if environment == "real":
        assert customer.working().json()["output"][0]["ord_gno_brno"] == "06010"
    assert customer.cancel(accepted["ODNO"], KRX_FWDG_ORD_ORGNO="06010")["rt_cd"] == "0"
    other = customer.ordered()
    assert customer.cancel(other, KRX_FWDG_ORD_ORGNO="03070")["rt_cd"] != "0"


def limit_order(side: Side = Side.BUY, quantity: int = 5) -> OrderRequest:
    return OrderRequest.model_validate({"symbol": SAMSUNG, "side": side, "quantity": quantity, "price": 70000})


@pytest.mark.parametrize(
    ("day", "border"),
    [
        (dt.date(2026, 11, 20), dt.date(2026, 8, 20)),
        (dt.date(2026, 5, 31), dt.date(2026, 2, 28)),
        (dt.date(2026, 1, 15), dt.date(2025, 10, 15)),
        (dt.date(2026, 3, 1), dt.date(2025, 12, 1)),
    ],
)
def test_three_months_are_counted_by_the_calendar(day: dt.date, border: dt.date) -> None:
    assert three_months_before(day) == border


@pytest.mark.parametrize("environment", ["real", "demo"])
def test_history_is_found_by_the_id_of_its_age(open_customer: Any, environment: str) -> None:
    customer = open_customer(environment, today=dt.date(2026, 11, 20))
    recent, older = dt.date(2026, 8, 20), dt.date(2026, 8, 19)
    for day in (recent, older):
        customer.exchange.remember(customer.number, day, limit_order(), filled=Decimal(2), average_price=Decimal(69900))
    today = customer.ordered()
    asked = {"INQR_STRT_DT": "20260101", "INQR_END_DT": "20261231"}
    first = customer.letter
    rows = customer.daily(f"{first}TTC0081R", **asked)["output1"]
    assert [row["ord_dt"] for row in rows] == ["20261120", "20260820"]
    assert rows[0]["odno"] == today
    before = "VTSC9215R" if environment == "demo" else "CTSC9215R"
    (row,) = customer.daily(before, **asked)["output1"]
    assert row["ord_dt"] == "20260819"
    told = [row[name] for name in ("ord_qty", "tot_ccld_qty", "rmn_qty", "avg_prvs", "tot_ccld_amt")]
    assert told == ["5", "2", "0", "69900", "139800"]
    narrow = {"INQR_STRT_DT": "20260820", "INQR_END_DT": "20260820"}
    assert len(customer.daily(f"{first}TTC0081R", **narrow)["output1"]) == 1
    assert customer.daily(before, **narrow)["output1"] == []


def test_old_ids_of_the_real_environment_list_the_same(real: Any) -> None:
    real.exchange.remember(real.number, real.exchange.today - dt.timedelta(days=200), limit_order())
    real.ordered()
    asked = {"INQR_STRT_DT": "20000101", "INQR_END_DT": "29991231"}
    for new, old in (("TTTC0081R", "TTTC8001R"), ("CTSC9215R", "CTSC9115R")):
        rows = real.daily(new, **asked)["output1"]
        assert len(rows) == 1
        assert real.daily(old, **asked)["output1"] == rows


def test_orders_of_earlier_days_are_filled_cancelled_rejected_or_over(real: Any) -> None:
    day = real.exchange.today - dt.timedelta(days=7)
    real.exchange.remember(real.number, day, limit_order(), filled=Decimal(5), average_price=Decimal(69900))
    real.exchange.remember(real.number, day, limit_order(Side.SELL), canceled=Decimal(5))
    real.exchange.remember(real.number, day, limit_order(), rejected=True)
    real.exchange.remember(real.number, day, limit_order())
    body = real.daily(INQR_STRT_DT=f"{day:%Y%m%d}", INQR_DVSN="01")
    names = ("tot_ccld_qty", "cncl_cfrm_qty", "rjct_qty", "rmn_qty", "cncl_yn")
    told = [tuple(row[name] for name in names) for row in body["output1"]]
    assert told == [
        ("5", "0", "0", "0", ""),
        ("0", "5", "0", "0", "Y"),
        ("0", "5", "0", "0", ""),  # the row of the cancellation itself
        ("0", "0", "5", "0", ""),
        ("0", "0", "0", "0", ""),
    ]
    assert body["output2"]["tot_ccld_amt"] == str(5 * 69900)


@pytest.mark.parametrize("direction", ["00", "01"])
def test_pages_lose_nothing_when_orders_come_in_between(real: Any, direction: str) -> None:
    numbers = [real.ordered(ORD_QTY="1") for _ in range(101)]
    fields = real.daily_fields(INQR_DVSN=direction)
    first = real.inquire("inquire-daily-ccld", "TTTC0081R", **fields).json()
    late = real.ordered(ORD_QTY="1")
    keys = {"CTX_AREA_FK100": first["ctx_area_fk100"], "CTX_AREA_NK100": first["ctx_area_nk100"]}
    second = real.inquire("inquire-daily-ccld", "TTTC0081R", "N", **{**fields, **keys})
    seen = [row["odno"] for row in first["output1"] + second.json()["output1"]]
    assert (len(first["output1"]), second.headers["tr_cont"]) == (100, "D")
    assert seen == (numbers[::-1] if direction == "00" else [*numbers, late])


def test_working_orders_are_those_with_something_left(real: Any) -> None:
    first = real.ordered()
    real.ordered(ORD_DVSN="01", ORD_UNPR="0", ORD_QTY="1")
    gone = real.ordered()
    real.cancel(gone)
    real.exchange.give_holding(real.number, HYNIX, Decimal(3), Decimal(600_000))
    sell = real.ordered("sell", PDNO=HYNIX, ORD_QTY="3", ORD_UNPR=real.high_price(HYNIX), EXCG_ID_DVSN_CD="NXT")
    new = real.amend(first, real.low_price(), QTY_ALL_ORD_YN="N", ORD_QTY="4")["output"]["ODNO"]
    response = real.working()
    body = response.json()
    assert (body["msg_cd"], response.headers["tr_cont"]) == ("KIOK0510", "E")
    assert [row["odno"] for row in body["output"]] == [new, sell, first]
    rows = {row["odno"]: row for row in body["output"]}
    assert [rows[number]["psbl_qty"] for number in (first, new, sell)] == ["6", "4", "3"]
    assert (rows[new]["orgn_odno"], rows[new]["rvse_cncl_dvsn_name"]) == (first, "매수정정*")
    assert (rows[sell]["excg_id_dvsn_cd"], rows[sell]["sll_buy_dvsn_cd"]) == ("NXT", "01")
    answer = real.order()["output"]
    assert rows[first]["ord_gno_brno"] == answer["KRX_FWDG_ORD_ORGNO"]


def test_working_orders_by_side_by_symbol_and_by_the_old_id(real: Any) -> None:
    hynix = real.ordered(PDNO=HYNIX, ORD_QTY="1", ORD_UNPR=real.low_price(HYNIX))
    samsung = real.ordered()
    numbers = [row["odno"] for row in real.working(INQR_DVSN_1="1").json()["output"]]
    assert numbers == [hynix, samsung]
    assert [row["odno"] for row in real.working("TTTC8036R").json()["output"]] == [samsung, hynix]
    assert real.working(INQR_DVSN_2="1").json()["output"] == []
    assert real.working(INQR_DVSN_2="1").json()["msg_cd"] == "KIOK0560"
    assert len(real.working(INQR_DVSN_2="2").json()["output"]) == 2


def test_pages_of_working_orders_lose_nothing_when_orders_are_cancelled_in_between(real: Any) -> None:
    numbers = [real.ordered(ORD_QTY="1") for _ in range(60)]
    first = real.working().json()
    for number in numbers[-3:]:
        real.cancel(number)
    keys = {"CTX_AREA_FK100": first["ctx_area_fk100"], "CTX_AREA_NK100": first["ctx_area_nk100"]}
    second = real.working(tr_cont="N", **keys)
    seen = [row["odno"] for row in first["output"] + second.json()["output"]]
    assert (len(first["output"]), second.headers["tr_cont"]) == (50, "D")
    assert seen == numbers[::-1]
    assert real.refusal_of(real.working(tr_cont="N").json()) == ("2", "OPSQ2001")


def test_account_and_history_are_taken_up_again_with_the_same_keys(real: Any) -> None:
    number = real.ordered()
    state = json.loads(json.dumps(real.exchange.dump()))
    later = Exchange.load(state, today=next_trading_day(real.exchange.today))
    face = KisFace(later, credentials=real.keys)
    assert face.credentials == real.keys
    (order,) = later.history(real.number, real.exchange.today, later.today)
    assert (order.number, order.expired) == (int(number), Decimal(10))
    assert not later.orders(real.number)
