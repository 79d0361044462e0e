"""Gold, which no exchange plays: its orders are taken, listed, amended and cancelled, and never filled."""

from __future__ import annotations

from typing import Any

from plugins.kiwoom.tests.face.customers import TODAY, Customer

GOLD = {"stk_cd": "M04020000", "ord_qty": "5", "ord_uv": "190000", "trde_tp": "00"}
DAY = {"ord_dt": f"{TODAY:%Y%m%d}", "qry_tp": "1", "mrkt_deal_tp": "5", "stk_bond_tp": "0"}
LISTS = {
    "kt50030": ("acnt_ord_cntr_prst", {**DAY, "slby_tp": "0"}),
    "kt50031": ("acnt_ord_cntr_prps_dtl", {**DAY, "sell_tp": "0", "dmst_stex_tp": "%"}),
    "kt50075": ("acnt_ord_oso_prst", {**DAY, "sell_tp": "0"}),
}


def rows(customer: Customer, api_id: str, **changes: str) -> list[dict[str, str]]:
    name, body = LISTS[api_id]
    found: list[dict[str, str]] = customer.call(api_id, {**body, **changes})[name]
    return found


def left(customer: Customer, api_id: str = "kt50031", **changes: str) -> dict[str, int]:
    return {row["ord_no"]: int(row["ord_remnq"]) for row in rows(customer, api_id, **changes)}


def change(customer: Customer, number: str, quantity: str, price: str = "") -> dict[str, Any]:
    named = {"orig_ord_no": number, "stk_cd": GOLD["stk_cd"]}
    if price:
        return customer.call("kt50002", {**named, "mdfy_qty": quantity, "mdfy_uv": price})
    return customer.call("kt50003", {**named, "cncl_qty": quantity})


def test_an_order_is_written_as_the_broker_writes_it(customer: Customer) -> None:
    number = customer.call("kt50000", GOLD)["ord_no"]
    (row,) = rows(customer, "kt50030")
    told = {
        "trde_tp": "지정가",
        "io_tp_nm": "매수",
        "data_send_end_tp": "접수",
        "mrkt_deal_tp": "5",
        "dcd_tp_nm": "당일",
    }
    assert {name: row[name] for name in told} == told
    assert (row["ord_no"], len(number), row["orig_ord_no"]) == (number, 7, "0000000")
    assert (row["stk_cd"], row["stk_nm"]) == ("M04020000", "금 99.99_1Kg")
    assert (row["ord_qty"], row["ord_uv"], row["cntr_qty"]) == ("0000000005", "0000190000", "0000000000")
    assert row["ord_remnq"] == ""
    (waiting,) = rows(customer, "kt50075")
    assert waiting == {**row, "ord_remnq": "0000000005"}
    (detail,) = rows(customer, "kt50031")
    assert (detail["ord_no"], detail["ord_remnq"], detail["ori_ord"]) == (number, "0000000005", "0000000")


def test_a_part_is_amended_and_cancelled_and_the_rest_stands(customer: Customer) -> None:
    first = customer.call("kt50000", GOLD)["ord_no"]
    moved = change(customer, first, "2", "189000")
    assert (moved["mdfy_qty"], moved["base_orig_ord_no"]) == ("0" * 11 + "2", first)
    assert left(customer) == {first: 3, moved["ord_no"]: 2}
    again = change(customer, moved["ord_no"], "0", "188000")
    assert (again["mdfy_qty"], again["base_orig_ord_no"]) == ("0" * 11 + "2", first)
    gone = change(customer, first, "1")
    assert (gone["cncl_qty"], gone["base_orig_ord_no"]) == ("0" * 11 + "1", first)
    assert left(customer, "kt50075") == {first: 2, again["ord_no"]: 2}
    change(customer, first, "0")
    assert left(customer, "kt50075") == {again["ord_no"]: 2}
    prices = {row["ord_no"]: int(row["ord_uv"]) for row in rows(customer, "kt50030")}
    assert (prices[again["ord_no"]], prices[gone["ord_no"]]) == (188_000, 190_000)
    named = {"orig_ord_no": first, "stk_cd": GOLD["stk_cd"]}
    assert customer.business("kt50003", {**named, "cncl_qty": "0"}) == "RC4033"
    assert customer.business("kt50003", {**named, "cncl_qty": "0", "orig_ord_no": "0000001"}) == "RC4032"


def test_lists_choose_by_side_code_number_order_and_day(customer: Customer) -> None:
    bought = customer.call("kt50000", GOLD)["ord_no"]
    sold = customer.call("kt50001", {**GOLD, "stk_cd": "M04020100"})["ord_no"]
    at_once = customer.call("kt50000", {**GOLD, "trde_tp": "10"})["ord_no"]
    assert list(left(customer)) == [bought, sold, at_once]
    assert list(left(customer, qry_tp="2")) == [at_once, sold, bought]
    assert left(customer, qry_tp="3") == {bought: 5, sold: 5}
    assert left(customer, qry_tp="4") == {}
    assert list(left(customer, sell_tp="1")) == [sold]
    assert list(left(customer, stk_cd="M04020100")) == [sold]
    assert list(left(customer, fr_ord_no=sold)) == [sold, at_once]
    assert list(left(customer, qry_tp="2", fr_ord_no=sold)) == [sold, bought]
    assert left(customer, ord_dt="20261119") == {}
    assert left(customer, stk_bond_tp="2") == {}
    customer.face.page_size = 2
    name, body = LISTS["kt50031"]
    pages = customer.pages("kt50031", name, body)
    assert [[row["ord_no"] for row in page] for page in pages] == [[bought, sold], [at_once]]


def test_no_order_of_gold_is_guessed(customer: Customer) -> None:
    assert "[1902:" in customer.refusal("kt50000", {**GOLD, "stk_cd": "005930"})[1]
    assert "[1511:" in customer.refusal("kt50000", {**GOLD, "ord_uv": ""})[1]
    assert "[1517:" in customer.refusal("kt50000", {**GOLD, "trde_tp": "0"})[1]
    assert customer.business("kt50000", {**GOLD, "ord_qty": "0"}) == "521790"
    assert left(customer) == {}


def test_the_account_has_its_cash_and_no_gold(customer: Customer) -> None:
    customer.call("kt50000", GOLD)
    cash = int(customer.exchange.account(customer.account).cash)
    assert (int(customer.call("kt50021")["entra"]), int(customer.call("kt50020")["tot_entr"])) == (cash, cash)
    assert customer.call("kt50020")["gold_acnt_evlt_prst"] == []
    assert customer.call("kt50032")["gold_trde_hist"] == []


def test_the_demo_takes_orders_and_tells_no_balance(tester: Customer) -> None:
    number = tester.call("kt50000", GOLD)["ord_no"]
    assert left(tester, "kt50075") == {number: 5}
    assert {tester.business(api_id, {}) for api_id in ("kt50020", "kt50021", "kt50032")} == {"RC9000"}
