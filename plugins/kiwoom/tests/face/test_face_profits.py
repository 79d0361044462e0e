"""Realised profit and the cash ledger over real HTTP: the exchange's truth in Kiwoom's spelling."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from brokerkit_kiwoom.sandbox import KiwoomFace

from brokerkit.models import OrderRequest
from brokerkit.sandbox.exchange import Exchange
from brokerkit.words import Side
from plugins.kiwoom.tests.face.customers import FUND, SAMSUNG, Customer, Street, limit

THURSDAY, TUESDAY = dt.date(2026, 11, 19), dt.date(2026, 11, 24)


def sold(customer: Customer, day: dt.date, quantity: int, price: int, cost: int, symbol: str = SAMSUNG) -> None:
    """Let the account have sold shares on an earlier day."""
    request = OrderRequest(symbol=symbol, side=Side.SELL, quantity=quantity, price=Decimal(price))
    filled = Decimal(quantity)
    customer.exchange.remember(customer.account, day, request, filled=filled, cost=Decimal(cost))


def test_a_sale_is_told_after_its_costs_and_those_of_the_purchase(customer: Customer) -> None:
    sold(customer, THURSDAY, 4, 158_200, 390_411)
    (row,) = customer.query("ka10073")["dt_stk_rlzt_pl"]
    costs = (90 + 50, 4 * 158_200 * 2 // 1000)  # 0.015 % of the sale and of the cost, each cut to ten won
    profit = 4 * 158_200 - 390_411 - sum(costs)
    assert row == {
        "dt": "20261119",
        "tdy_htssel_cmsn": "현금",
        "stk_nm": "삼성전자",
        "cntr_qty": "4",
        "buy_uv": "97602.75",
        "cntr_pric": "158200",
        "tdy_sel_pl": f"{profit}.00",
        "pl_rt": f"+{profit * 100 / 390_411:.2f}",
        "stk_cd": "A005930",
        "tdy_trde_cmsn": f"{costs[0]}",
        "tdy_trde_tax": f"{costs[1]}",
        "wthd_alowa": "0",
        "loan_dt": "",
        "crd_tp": "현금잔고",
    }


def test_each_fill_of_a_sale_is_a_row_and_purchases_are_none(customer: Customer) -> None:
    customer.give(SAMSUNG, 10_000, 500_000_000)
    bids = customer.exchange.order_book(SAMSUNG).bids
    most = int(bids[0].quantity) + 3
    customer.call("kt10001", limit(bids[1].price, ord_qty=f"{most}"))
    customer.call("kt10000", limit(customer.exchange.order_book(SAMSUNG).asks[0].price, ord_qty="2"))
    rows = customer.query("ka10073")["dt_stk_rlzt_pl"]
    assert [(row["cntr_qty"], row["cntr_pric"]) for row in rows] == [
        ("3", f"{bids[1].price}"),
        (f"{bids[0].quantity}", f"{bids[0].price}"),
    ]
    today = customer.query("ka10077")
    assert [row["tdy_sel_pl"] for row in today["tdy_rlzt_pl_dtl"]] == [row["tdy_sel_pl"] for row in rows]
    assert int(today["tdy_rlzt_pl"]) == sum(Decimal(row["tdy_sel_pl"]) for row in rows)


def test_a_loss_has_one_minus_and_no_sign_in_front_of_its_price(customer: Customer) -> None:
    sold(customer, THURSDAY, 1, 50_000, 60_000)
    (row,) = customer.query("ka10073")["dt_stk_rlzt_pl"]
    assert (row["tdy_sel_pl"], row["pl_rt"]) == ("-10100.00", "-16.83")


def test_symbol_and_days_narrow_the_sales(customer: Customer) -> None:
    for day, symbol in ((THURSDAY, SAMSUNG), (THURSDAY, FUND), (dt.date(2026, 11, 18), SAMSUNG)):
        sold(customer, day, 1, 50_000, 40_000, symbol)
    for changes, found in (
        ({}, [("20261119", FUND), ("20261119", SAMSUNG), ("20261118", SAMSUNG)]),
        ({"stk_cd": SAMSUNG}, [("20261119", SAMSUNG), ("20261118", SAMSUNG)]),
        ({"strt_dt": "20261119"}, [("20261119", FUND), ("20261119", SAMSUNG)]),
        ({"end_dt": "20261118"}, [("20261118", SAMSUNG)]),
    ):
        rows = customer.query("ka10073", **changes)["dt_stk_rlzt_pl"]
        assert [(row["dt"], row["stk_cd"][1:]) for row in rows] == found
    of_a_day = customer.query("ka10072", strt_dt="20261118")["dt_stk_div_rlzt_pl"]
    assert [(row["stk_cd"], row["stk_cd_1"], row["buy_uv"]) for row in of_a_day] == [
        ("A005930", "A005930", "40000.0000000000")
    ]


def test_days_have_sums_and_only_those_with_a_sale_are_told(customer: Customer) -> None:
    sold(customer, THURSDAY, 3, 158_200, 290_000)
    sold(customer, THURSDAY, 2, 50_000, 90_000, FUND)
    customer.call("kt10000", limit(customer.exchange.order_book(SAMSUNG).asks[0].price, ord_qty="2"))
    body = customer.query("ka10074")
    (day,) = body["dt_rlzt_pl"]
    rows = customer.query("ka10073")["dt_stk_rlzt_pl"]
    assert (day["dt"], day["sell_amt"], day["buy_amt"]) == ("20261119", "574600", "0")
    assert int(day["tdy_sel_pl"]) == sum(Decimal(row["tdy_sel_pl"]) for row in rows)
    assert int(day["tdy_trde_tax"]) == sum(int(row["tdy_trde_tax"]) for row in rows)
    assert [body[name] for name in ("tot_sell_amt", "rlzt_pl", "trde_cmsn", "trde_tax")] == [
        day[name] for name in ("sell_amt", "tdy_sel_pl", "tdy_trde_cmsn", "tdy_trde_tax")
    ]


def test_the_diary_tells_a_day_of_two_months(customer: Customer) -> None:
    customer.give(SAMSUNG, 10, 500_000)
    bid = customer.exchange.order_book(SAMSUNG).bids[0].price
    customer.call("kt10001", limit(bid, ord_qty="4"))
    ask = customer.exchange.order_book(FUND).asks[0].price
    customer.call("kt10000", limit(ask, ord_qty="2", stk_cd=FUND))
    body = customer.query("ka10170")
    sale, purchase = body["tdy_trde_diary"]
    assert (sale["stk_cd"], sale["sell_qty"], sale["sel_avg_pric"]) == (SAMSUNG, "4", f"{bid}")
    assert (purchase["stk_cd"], purchase["buy_amt"], purchase["pl_amt"]) == (FUND, f"{2 * ask}", "0")
    assert body["tot_pl_amt"] == sale["pl_amt"] == customer.query("ka10077")["tdy_rlzt_pl"]
    assert customer.query("ka10170", ottks_tp="1")["tdy_trde_diary"] == []
    sold(customer, dt.date(2026, 9, 1), 1, 50_000, 40_000)
    assert customer.query("ka10170", base_dt="20260901")["tdy_trde_diary"] == []


def test_the_ledger_tells_deposits_withdrawals_and_settlements(customer: Customer, street: Street) -> None:
    customer.give(SAMSUNG, 10, 500_000)
    bid = customer.exchange.order_book(SAMSUNG).bids[0].price
    customer.call("kt10001", limit(bid, ord_qty="4"))
    customer.exchange.deposit(customer.account, Decimal(-30_000))
    later = on_another_day(customer, street, TUESDAY)
    rows: list[dict[str, Any]] = later.query("kt00015", end_dt="20261124")["trst_ovrl_trde_prps_array"]
    told = [(row["trde_dt"], row["trde_no"], row["io_tp_nm"], int(row["exct_amt"])) for row in rows]
    net = 4 * bid - int(rows[2]["cmsn"]) - int(rows[2]["trde_agri_tax"])
    assert told == [
        ("20261120", "000000001", "입금", 100_000_000),
        ("20261120", "000000002", "출금", 30_000),
        ("20261124", "000000003", "매도", net),
    ]
    assert rows[2]["cntr_dt"] == "20261120"
    assert rows[2]["stk_cd"] == "A005930"
    assert rows[2]["entra_remn"] == f"{later.exchange.account(later.account).cash:015f}"
    newest = later.query("kt00015", end_dt="20261124", qry_sort_tp="1")["trst_ovrl_trde_prps_array"]
    assert newest == rows[::-1]
    for kind, found in (("3", "매도"), ("6", "입금"), ("7", "출금")):
        chosen = later.query("kt00015", end_dt="20261124", tp=kind)["trst_ovrl_trde_prps_array"]
        assert [row["io_tp_nm"] for row in chosen] == [found]


def on_another_day(customer: Customer, street: Street, day: dt.date) -> Customer:
    """Return the customer on a later day."""
    customer.exchange = Exchange.load(customer.exchange.dump(), today=day)
    customer.face = KiwoomFace(customer.exchange, credentials=customer.face.credentials)
    street.app = customer.face.app
    customer.token = str(customer.issue()["token"])
    return customer


def test_the_states_of_a_day_have_what_was_traded(customer: Customer) -> None:
    ask = customer.exchange.order_book(SAMSUNG).asks[0].price
    filled = str(customer.call("kt10000", limit(ask, ord_qty="3"))["ord_no"])
    waiting = customer.order()
    body = customer.query("kt00009")
    rows = body["acnt_ord_cntr_prst_array"]
    assert [(row["ord_no"], row["cntr_qty"]) for row in rows] == [(waiting, "0" * 10), (filled, "0000000003")]
    assert (body["buy_engg_amt"], body["engg_amt"]) == (f"{3 * ask:012f}",) * 2
    assert len(customer.query("kt00009", qry_tp="1")["acnt_ord_cntr_prst_array"]) == 1
    assert customer.query("kt00009", mrkt_tp="2")["acnt_ord_cntr_prst_array"] == []
    assert customer.query("kt00009", ord_dt="20261119")["acnt_ord_cntr_prst_array"] == []
