"""Lists of orders over real HTTP: every row is the exchange's, in Kiwoom's spelling."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from brokerkit.market.sessions import Phase
from brokerkit.models import OrderRequest, Quote
from brokerkit.words import OrderType, Side, Venue
from plugins.kiwoom.tests.face.customers import DAY, FILLS, FUND, OPEN, SAMSUNG, Customer, cancelling, limit


def test_day_list_has_orders_and_cancels_as_rows(customer: Customer) -> None:
    ask = customer.exchange.order_book(SAMSUNG).asks[0]
    filled = customer.call("kt10000", limit(ask.price, ord_qty=f"{ask.quantity + 5}"))["ord_no"]
    waiting = customer.order()
    gone = customer.call("kt10003", cancelling(waiting, cncl_qty="3"))["ord_no"]
    rows = customer.call("kt00007", {**DAY, "ord_dt": "", "stk_cd": "", "fr_ord_no": ""})["acnt_ord_cntr_prps_dtl"]
    first, second, third = rows
    assert [row["ord_no"] for row in rows] == [filled, waiting, gone]
    assert first["ord_qty"] == f"{ask.quantity + 5:010f}"
    assert (first["cntr_qty"], first["ord_remnq"]) == (f"{ask.quantity:010f}", "0000000005")
    assert first["cntr_uv"] == f"{ask.price:010f}"
    assert (first["stk_cd"], first["io_tp_nm"], first["trde_tp"]) == ("A005930", "현금매수", "보통")
    assert first["ord_tm"].startswith("10:0")
    assert (second["ord_remnq"], second["ori_ord"], second["mdfy_cncl"]) == ("0000000007", "0000000", "")
    assert (third["ord_qty"], third["cnfm_qty"], third["ord_remnq"]) == ("0000000003", "0000000003", "0000000000")
    assert (third["ori_ord"], third["mdfy_cncl"]) == (waiting, "취소")


def test_day_list_is_filtered_sorted_and_paged(customer: Customer) -> None:
    customer.give(FUND, 10, 350_000)
    numbers = [customer.order(ord_qty="1") for _ in range(5)]
    ask = customer.exchange.order_book(FUND).asks[0].price
    sold = customer.order("kt10001", stk_cd=FUND, ord_uv=f"{ask}", dmst_stex_tp="SOR")

    def listed(**changes: str) -> list[str]:
        pages = customer.pages("kt00007", "acnt_ord_cntr_prps_dtl", {**DAY, **changes})
        return [row["ord_no"] for page in pages for row in page]

    assert listed() == [*numbers, sold]
    customer.face.page_size = 2
    assert listed() == [*numbers, sold]
    assert listed(qry_tp="2") == [sold, *numbers[::-1]]
    assert listed(sell_tp="1") == listed(stk_cd=FUND) == listed(dmst_stex_tp="SOR") == [sold]
    assert listed(fr_ord_no=numbers[3]) == [*numbers[3:], sold]
    assert listed(ord_dt="20261120") == [*numbers, sold]
    assert listed(ord_dt="20261119") == listed(stk_bond_tp="2") == listed(qry_tp="4") == []
    customer.exchange.trade(FUND, Side.BUY, Decimal(100_000), ask)
    assert listed(qry_tp="4") == [sold]
    assert listed(qry_tp="3") == numbers


def test_open_orders_are_plain_numbers(customer: Customer) -> None:
    ask = customer.exchange.order_book(SAMSUNG).asks[0]
    number = customer.call("kt10000", limit(ask.price, ord_qty=f"{ask.quantity + 5}"))["ord_no"]
    smart = customer.order(dmst_stex_tp="SOR")
    rows = customer.call("ka10075", OPEN)["oso"]
    assert [row["ord_no"] for row in rows] == [smart, number]
    row = rows[1]
    assert (row["acnt_no"], row["stk_cd"], row["io_tp_nm"]) == (customer.account, SAMSUNG, "+매수")
    assert (row["ord_qty"], row["cntr_qty"], row["oso_qty"]) == (f"{ask.quantity + 5}", f"{ask.quantity}", "5")
    assert (row["ord_pric"], row["cntr_tot_amt"]) == (f"{ask.price}", f"{ask.price * ask.quantity}")
    assert row["cur_prc"].lstrip("+-") == f"{customer.exchange.quote(SAMSUNG).price}"
    assert (rows[0]["stex_tp_txt"], rows[0]["sor_yn"], row["stex_tp_txt"], row["sor_yn"]) == ("SOR", "Y", "KRX", "N")
    assert customer.call("ka10075", {**OPEN, "stex_tp": "1"})["oso"] == [row]
    assert customer.call("ka10075", {**OPEN, "trde_tp": "1"})["oso"] == []
    assert customer.call("ka10075", {**OPEN, "all_stk_tp": "1", "stk_cd": FUND})["oso"] == []


def test_fills_are_one_row_per_order(customer: Customer) -> None:
    asks = customer.exchange.order_book(SAMSUNG).asks
    many = f"{asks[0].quantity + 1}"
    first = customer.call("kt10000", limit(asks[1].price, ord_qty=many))["ord_no"]
    second = customer.call("kt10001", limit(Decimal(0), trde_tp="3", ord_uv="", ord_qty="1"))["ord_no"]
    customer.order()
    newer, older = customer.call("ka10076", FILLS)["cntr"]
    truth = customer.exchange.order(customer.account, int(first))
    assert truth.average_price is not None
    assert (newer["ord_no"], older["ord_no"]) == (second, first)
    assert (older["cntr_qty"], older["oso_qty"], older["cntr_pric"]) == (many, "0", f"{int(truth.average_price)}")
    assert (newer["io_tp_nm"], newer["ord_pric"], newer["trde_tp"]) == ("-매도", "0", "시장가")
    costs = sum(int(row["tdy_trde_cmsn"]) + int(row["tdy_trde_tax"]) for row in (older, newer))
    assert costs == customer.exchange.account(customer.account).fees_today
    assert customer.call("ka10076", {**FILLS, "ord_no": second})["cntr"] == [older]
    assert customer.call("ka10076", {**FILLS, "sell_tp": "1"})["cntr"] == [newer]
    assert customer.call("ka10076", {**FILLS, "qry_tp": "1", "stk_cd": FUND})["cntr"] == []


def test_amendments_are_rows_of_their_own(customer: Customer) -> None:
    number, price = customer.order(), customer.bid(2)
    moved = customer.amend(number, mdfy_qty="4", mdfy_uv=f"{price}")["ord_no"]
    first, second = customer.rows()
    assert (first["ord_qty"], first["ord_remnq"], first["mdfy_cncl"]) == ("0000000010", "0000000006", "")
    assert (second["ord_no"], second["ori_ord"], second["mdfy_cncl"]) == (moved, number, "정정")
    assert (second["ord_qty"], second["ord_remnq"], second["cnfm_qty"]) == ("0000000004",) * 3
    assert second["ord_uv"] == f"{price:010f}"
    assert "매수" in second["io_tp_nm"]
    newer, older = customer.query("ka10075")["oso"]
    assert (newer["ord_no"], newer["orig_ord_no"], newer["io_tp_nm"]) == (moved, number, "매수정정")
    assert (newer["oso_qty"], older["oso_qty"], newer["ord_pric"]) == ("4", "6", f"{price}")
    assert older["orig_ord_no"] == "0000000"


def test_order_that_the_exchange_refuses_later_has_a_row(customer: Customer) -> None:
    customer.exchange.reject_next(customer.account)
    number = customer.order()
    (row,) = customer.rows()
    assert (row["ord_no"], row["acpt_tp"]) == (number, "거부")
    assert (row["ord_qty"], row["ord_remnq"], row["cntr_qty"]) == ("0000000010", "0000000000", "0000000000")
    assert customer.query("ka10075")["oso"] == []


def test_earlier_days_are_listed_by_their_date(customer: Customer) -> None:
    def remember(day: dt.date, **changes: Any) -> str:
        request = OrderRequest(
            symbol=SAMSUNG, side=Side.BUY, quantity=Decimal(10), type=OrderType.LIMIT, price=customer.bid()
        )
        return f"{customer.exchange.remember(customer.account, day, request, **changes).number:07d}"

    day = dt.date(2026, 11, 18)
    filled = remember(day, filled=Decimal(10), average_price=Decimal(65_432))
    expired = remember(day, filled=Decimal(3), average_price=Decimal(65_000))
    refused = remember(day, rejected=True)
    other = remember(dt.date(2026, 11, 19), canceled=Decimal(10))
    today = customer.order()
    rows = customer.rows(ord_dt="20261118")
    assert [row["ord_no"] for row in rows] == sorted([filled, expired, refused])
    by_number = {row["ord_no"]: row for row in rows}
    assert (by_number[filled]["cntr_qty"], by_number[filled]["cntr_uv"]) == ("0000000010", "0000065432")
    assert (by_number[expired]["cntr_qty"], by_number[expired]["ord_remnq"]) == ("0000000003", "0000000000")
    assert by_number[refused]["acpt_tp"] == "거부"
    cancelled, cancellation = customer.rows(ord_dt="20261119")
    assert (cancelled["ord_no"], cancellation["ori_ord"]) == (other, other)
    assert [row["ord_no"] for row in customer.rows(ord_dt="20261120")] == [today]
    assert customer.rows(ord_dt="20261117") == customer.rows(ord_dt="20261121") == []
    customer.face.page_size = 1
    pages = customer.pages("kt00007", "acnt_ord_cntr_prps_dtl", {**DAY, "ord_dt": "20261118", "qry_tp": "2"})
    assert [page[0]["ord_no"] for page in pages] == sorted([filled, expired, refused], reverse=True)


def test_orders_of_the_day_that_expired_have_nothing_left(customer: Customer) -> None:
    number = customer.order()
    customer.exchange.phase = Phase.CLOSED
    (row,) = customer.rows()
    assert (row["ord_no"], row["ord_remnq"], row["ord_qty"]) == (number, "0000000000", "0000000010")
    assert customer.query("ka10075")["oso"] == []


def test_page_writes_only_its_own_rows(customer: Customer, monkeypatch: pytest.MonkeyPatch) -> None:
    for venue in ("KRX", "NXT", "SOR") * 4:
        customer.order(ord_qty="1", dmst_stex_tp=venue)
    asked: list[Venue] = []
    quote = customer.exchange.quote

    def counted(symbol: str, venue: Venue = Venue.KRX) -> Quote:
        asked.append(venue)
        return quote(symbol, venue)

    monkeypatch.setattr(customer.exchange, "quote", counted)
    customer.face.page_size = 2
    assert len(customer.query("ka10075")["oso"]) == 2
    assert asked == [Venue.SOR, Venue.NXT]
    customer.face.page_size = 12
    assert len(customer.query("ka10075")["oso"]) == 12
    assert asked == [Venue.SOR, Venue.NXT, Venue.SOR, Venue.NXT, Venue.KRX]
