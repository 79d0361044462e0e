"""Orders on credit, and the lists that tell orders: kt00007, kt00009, ka10075, ka10076, ka10088."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from brokerkit.catalogue import Catalogue
from plugins.kiwoom.tests.face.customers import DAY, FILLS, OPEN, QUERIES, SAMSUNG, Customer, cancelling, limit

LISTS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "kt00007": ("acnt_ord_cntr_prps_dtl", DAY),
    "kt00009": ("acnt_ord_cntr_prst_array", QUERIES["kt00009"]),
    "ka10075": ("oso", OPEN),
    "ka10076": ("cntr", FILLS),
}


def rows(customer: Customer, api_id: str) -> dict[str, dict[str, str]]:
    name, body = LISTS[api_id]
    return {row["ord_no"]: row for row in customer.call(api_id, dict(body))[name]}


def parts(customer: Customer, number: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = customer.call("ka10088", {"ord_no": number})["osop"]
    return found


@pytest.fixture(params=["customer", "tester"])
def somebody(request: pytest.FixtureRequest) -> Customer:
    found: Customer = request.getfixturevalue(request.param)
    return found


def test_orders_on_credit_are_taken_listed_amended_and_cancelled(somebody: Customer) -> None:
    somebody.give()
    bought = somebody.call("kt10006", limit(somebody.bid()))["ord_no"]
    sale = {
        **limit(somebody.exchange.order_book(SAMSUNG).asks[4].price),
        "crd_deal_tp": "33",
        "crd_loan_dt": "20261102",
    }
    sold = somebody.call("kt10007", sale)["ord_no"]
    paid = somebody.order()
    details, states, waiting = (rows(somebody, each) for each in ("kt00007", "kt00009", "ka10075"))
    told = {number: (row["crd_tp"], row["io_tp_nm"], row["loan_dt"]) for number, row in details.items()}
    assert told == {
        bought: ("융자", "신용매수", ""),
        sold: ("융자", "신용매도", "20261102"),
        paid: ("보통매매", "현금매수", ""),
    }
    assert {number: row["crd_deal_tp"] for number, row in states.items()} == {
        bought: "융자",
        sold: "융자",
        paid: "보통매매",
    }
    assert {number: row["io_tp_nm"] for number, row in waiting.items()} == {
        bought: "+매수신용",
        sold: "-매도신용",
        paid: "+매수",
    }
    moved = somebody.call(
        "kt10008",
        {
            "dmst_stex_tp": "KRX",
            "orig_ord_no": bought,
            "stk_cd": SAMSUNG,
            "mdfy_qty": "0",
            "mdfy_uv": f"{somebody.bid(3)}",
        },
    )
    assert (moved["base_orig_ord_no"], moved["mdfy_qty"]) == (bought, f"{10:012d}")
    assert rows(somebody, "kt00007")[moved["ord_no"]]["crd_tp"] == "융자"
    gone = somebody.call("kt10009", cancelling(moved["ord_no"]))
    assert (gone["base_orig_ord_no"], gone["cncl_qty"]) == (bought, f"{10:012d}")
    assert rows(somebody, "ka10075").keys() == {sold, paid}


def test_an_order_that_waits_is_its_own_only_part(somebody: Customer) -> None:
    number = somebody.order(ord_qty="7")
    (part,) = parts(somebody, number)
    (told,) = rows(somebody, "ka10075").values()
    same = (
        "stk_cd",
        "stk_nm",
        "ord_no",
        "ord_qty",
        "ord_pric",
        "io_tp_nm",
        "trde_tp",
        "cntr_qty",
        "ord_stt",
        "cur_prc",
    )
    assert {name: part[name] for name in same} == {name: told[name] for name in same}
    assert (part["osop_qty"], part["sell_tp"], part["stex_tp"], part["stex_tp_txt"]) == ("7", "2", "1", "KRX")
    somebody.cancel(number)
    assert parts(somebody, number) == []


def test_an_order_of_both_venues_is_told_under_its_number(customer: Customer) -> None:
    number = customer.order(dmst_stex_tp="SOR")
    assert [(part["ord_no"], part["stex_tp"], part["stex_tp_txt"]) for part in parts(customer, number)] == [
        (number, "0", "통합")
    ]


def test_a_state_has_every_field_of_the_catalogue_as_the_catalogue_writes_it(customer: Customer) -> None:
    ask = customer.exchange.order_book(SAMSUNG).asks[0].price
    filled = customer.order(ord_qty="3", ord_uv=f"{ask}")
    first = customer.order()
    moved = customer.amend(first, mdfy_qty="4", mdfy_uv=f"{customer.bid(3)}")["ord_no"]
    gone = customer.cancel(moved, cncl_qty="1")["ord_no"]
    states = rows(customer, "kt00009")
    api = Catalogue.at("brokerkit_kiwoom").api("kt00009")
    name, body = LISTS["kt00009"]
    answer = customer.call("kt00009", dict(body))
    assert answer.keys() - {"return_code", "return_msg"} == {*api.parts[""].names, name}
    assert {frozenset(row) for row in states.values()} == {frozenset(api.parts[name].names)}
    assert {
        len(row[each])
        for row in states.values()
        for each in ("ord_qty", "ord_uv", "cnfm_qty", "cntr_qty", "cntr_uv", "cond_uv")
    } == {10}
    assert {len(answer[each]) for each in api.parts[""].names} == {12}
    told = ("stk_cd", "ord_qty", "cntr_qty", "cnfm_qty", "orig_ord_no", "mdfy_cncl_tp", "io_tp_nm")
    number = "{:010d}".format
    assert [tuple(states[each][name] for name in told) for each in (filled, first, moved, gone)] == [
        ("A005930", number(3), number(3), number(0), "0000000", "", "현금매수"),
        ("A005930", number(10), number(0), number(0), "0000000", "", "현금매수"),
        ("A005930", number(4), number(0), number(4), first, "정정", "현금매수정정"),
        ("A005930", number(1), number(0), number(1), moved, "취소", "현금매수취소"),
    ]
    fill = customer.exchange.order(customer.account, int(filled)).executions[-1]
    assert (states[filled]["cntr_uv"], states[filled]["cntr_tm"]) == (f"{int(ask):010d}", f"{fill.time:%H:%M:%S}")
    assert (answer["buy_engg_amt"], answer["sell_grntl_engg_amt"]) == (f"{3 * int(ask):012d}", "0" * 12)
    for missing in ("stk_bond_tp", "mrkt_tp", "sell_tp", "qry_tp", "dmst_stex_tp"):
        assert f"파라미터={missing}" in customer.refusal("kt00009", {**body, missing: ""})[1]


def test_states_come_in_pages(customer: Customer) -> None:
    numbers = [customer.order(ord_qty="1") for _ in range(5)]
    customer.face.page_size = 2
    name, body = LISTS["kt00009"]
    pages = customer.pages("kt00009", name, dict(body))
    assert [[row["ord_no"] for row in page] for page in pages] == [numbers[:-3:-1], numbers[2:0:-1], numbers[:1]]
