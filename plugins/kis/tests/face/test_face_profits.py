"""Realised profit over real HTTP: the exchange's truth in KIS's spelling."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from brokerkit.models import OrderRequest
from brokerkit.words import Side

SAMSUNG, HYNIX, ETN = "005930", "000660", "530031"
THURSDAY, WEDNESDAY = dt.date(2026, 11, 19), dt.date(2026, 11, 18)
Json = dict[str, Any]


@pytest.fixture
def customer(open_customer: Callable[..., Any]) -> Any:
    return open_customer(today=dt.date(2026, 11, 20))


def remembered(customer: Any, day: dt.date, symbol: str, quantity: int, price: int, cost: int | None = None) -> None:
    """Let the account have sold shares on an earlier day, or without a cost have bought them."""
    side = Side.BUY if cost is None else Side.SELL
    request = OrderRequest(symbol=symbol, side=side, quantity=quantity, price=Decimal(price))
    paid = None if cost is None else Decimal(cost)
    customer.exchange.remember(customer.number, day, request, filled=Decimal(quantity), cost=paid)


def asked(customer: Any, name: str = "trade-profit", tr_cont: str = "", **changes: str) -> Any:
    span = {"INQR_STRT_DT": "20261101", "INQR_END_DT": "20261120", "PDNO": "", "SORT_DVSN": "01", "CBLC_DVSN": "00"}
    keys = {"CTX_AREA_FK100": "", "CTX_AREA_NK100": ""}
    tr_id = "TTTC8715R" if name == "trade-profit" else "TTTC8708R"
    return customer.inquire(f"inquire-period-{name}", tr_id, tr_cont, **{**span, **keys, **changes})


def test_a_row_is_a_symbol_on_a_day_with_its_costs(customer: Any) -> None:
    remembered(customer, THURSDAY, SAMSUNG, 3, 70_000, 180_001)
    remembered(customer, THURSDAY, SAMSUNG, 2, 60_000)
    (row,) = asked(customer).json()["output1"]
    assert row == {
        "trad_dt": "20261119",
        "pdno": "00000A005930",
        "prdt_name": "삼성전자",
        "trad_dvsn_name": "현금",
        "loan_dt": "",
        "hldg_qty": "0",
        "pchs_unpr": "60000",
        "buy_qty": "2",
        "buy_amt": "120000",
        "sll_pric": "70000",
        "sll_qty": "3",
        "sll_amt": "210000",
        "rlzt_pfls": "29999",
        "pfls_rt": "16.66601852",
        "fee": "45",
        "tl_tax": "420",
        "loan_int": "0",
    }


def test_what_was_bought_alone_has_a_row_without_a_profit(customer: Any) -> None:
    remembered(customer, THURSDAY, ETN, 2, 10_000)
    (row,) = asked(customer).json()["output1"]
    assert (row["pdno"], row["buy_amt"], row["sll_qty"], row["rlzt_pfls"]) == ("00000Q530031", "20000", "0", "0")
    assert (row["pchs_unpr"], row["pfls_rt"]) == ("10000", "0.00000000")


def test_sums_are_those_of_all_rows(customer: Any) -> None:
    remembered(customer, THURSDAY, SAMSUNG, 3, 70_000, 180_001)
    remembered(customer, WEDNESDAY, HYNIX, 5, 100_000, 520_000)
    remembered(customer, WEDNESDAY, SAMSUNG, 1, 60_000)
    body = asked(customer).json()
    rows, sums = body["output1"], body["output2"]
    assert [(row["trad_dt"], row["pdno"][-6:]) for row in rows] == [
        ("20261118", HYNIX),
        ("20261118", SAMSUNG),
        ("20261119", SAMSUNG),
    ]

    def total(name: str) -> int:
        return sum(int(row[name]) for row in rows)

    for name, summed in (
        *(("sll_qty", "sll_qty_smtl"), ("sll_amt", "sll_tr_amt_smtl"), ("buy_qty", "buyqty_smtl")),
        *(("buy_amt", "buy_tr_amt_smtl"), ("rlzt_pfls", "tot_rlzt_pfls"), ("fee", "tot_fee"), ("tl_tax", "tot_tltx")),
    ):
        assert int(sums[summed]) == total(name), name
    assert sums["tot_pftrt"] == f"{Decimal(29_999 - 20_000) * 100 / 700_001:.8f}"


def test_symbol_days_and_order_are_as_asked(customer: Any) -> None:
    for day, symbol in ((THURSDAY, SAMSUNG), (WEDNESDAY, HYNIX), (WEDNESDAY, SAMSUNG)):
        remembered(customer, day, symbol, 1, 60_000, 50_000)
    for changes, found in (
        ({"SORT_DVSN": "00"}, ["20261119", "20261118", "20261118"]),
        ({"SORT_DVSN": "02", "PDNO": SAMSUNG}, ["20261119", "20261118"]),
        ({"INQR_STRT_DT": "20261119"}, ["20261119"]),
        ({"INQR_END_DT": "20261118"}, ["20261118", "20261118"]),
    ):
        assert [row["trad_dt"] for row in asked(customer, **changes).json()["output1"]] == found


def test_pages_have_fifty_rows_and_keys_of_a_hundred(customer: Any) -> None:
    for number, symbol in enumerate(list(customer.exchange.instruments)[:60]):
        remembered(customer, THURSDAY, symbol, 1, 60_000, 50_000 + number)
    first = asked(customer)
    body = first.json()
    assert (len(body["output1"]), first.headers["tr_cont"], body["msg_cd"]) == (50, "F", "KIOK0500")
    keys = {name.upper(): body[name] for name in ("ctx_area_fk100", "ctx_area_nk100")}
    assert {len(key) for key in keys.values()} == {100}
    second = asked(customer, tr_cont="N", **keys)
    assert (len(second.json()["output1"]), second.headers["tr_cont"]) == (10, "D")
    assert second.json()["output2"] == body["output2"]


def test_days_are_the_sums_of_their_rows(customer: Any) -> None:
    for day, symbol, cost in ((THURSDAY, SAMSUNG, 50_000), (WEDNESDAY, HYNIX, 40_000), (WEDNESDAY, SAMSUNG, 70_000)):
        remembered(customer, day, symbol, 1, 60_000, cost)
    body = asked(customer, "profit", INQR_DVSN="00").json()
    told = [(row["trad_dt"], row["sll_amt"], row["rlzt_pfls"], row["sll_qty1"]) for row in body["output1"]]
    assert told == [("20261118", "120000", "10000", "2"), ("20261119", "60000", "10000", "1")]
    assert body["output2"]["tot_rlzt_pfls"] == "20000"
    assert body["output2"]["buy_qty_smtl"] == "0"


def test_the_demo_has_neither(open_customer: Callable[..., Any]) -> None:
    demo = open_customer("demo")
    refused = asked(demo).json()
    assert refused["rt_cd"] == "1"
    assert refused["msg_cd"] in ("EGW02006", "90000000")
