"""The host for paper trading: what it has not got, and how it answers."""

from __future__ import annotations

from decimal import Decimal

import pytest

from brokerkit.catalogue import Catalogue
from brokerkit.market.sessions import Phase
from plugins.kiwoom.tests.face.customers import HELD, QUERIES, SAMSUNG, Customer, amending, cancelling, limit


def test_demo_allows_one_call_a_second(tester: Customer) -> None:
    headers = {"api-id": "ka10001", "authorization": f"Bearer {tester.token}"}
    answers = [tester.post("/api/dostk/stkinfo", {"stk_cd": SAMSUNG}, headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 429]
    assert "유량=1, API ID=ka10001" in answers[1].json()["return_msg"]


def test_demo_lacks_some_apis_and_all_other_venues(tester: Customer) -> None:
    assert tester.refusal("ka01690", {})[0] == 2
    assert "[8104:" in tester.refusal("ka01690", {})[1]
    assert tester.refusal("kt00005", {})[1].startswith("[2000](RC9000:")
    assert tester.refusal("kt10000", limit(tester.bid(), dmst_stex_tp="NXT"))[1].startswith("[2000](RC9000:")
    assert "[1903:" in tester.refusal("ka10001", {"stk_cd": f"{SAMSUNG}_AL"})[1]
    highest = tester.exchange.instruments[SAMSUNG].upper_limit
    assert tester.refusal("kt10000", limit(highest + 100))[1].startswith("[2000](RC4027:")
    assert "주 매도가능" not in tester.refusal("kt10001", limit(tester.bid()))[1]


def test_demo_pads_rates_and_takes_more_commission(tester: Customer) -> None:
    tester.exchange.give_holding(tester.account, SAMSUNG, Decimal(1), Decimal(50_000))
    body = tester.call("kt00018", HELD)
    row = body["acnt_evlt_remn_indv_tot"][0]
    assert row["poss_rt"] == "000000100.00"
    assert len(body["tot_prft_rt"]) == len(row["prft_rt"]) == 12
    assert int(row["pur_cmsn"]) == 170
    assert body["return_msg"].startswith("모의투자")


def test_demo_refuses_everything_in_the_evening(tester: Customer) -> None:
    number = tester.order()
    for phase in (Phase.AFTER_MARKET, Phase.PRE_MARKET, Phase.CLOSED):
        tester.exchange.phase = phase
        price = tester.bid(3)
        assert tester.business("kt10000", limit(price)) == "RC4058"
        assert tester.business("kt10002", amending(number, mdfy_uv=f"{price}")) in {"RC4058", "RC4033"}
        assert tester.business("kt10003", cancelling(number)) in {"RC4058", "RC4033"}
    tester.exchange.phase = Phase.AFTER_CLOSE_CLOSING_PRICE
    assert "ord_no" in tester.call("kt10000", {**limit(Decimal(0), trde_tp="81", ord_qty="1"), "ord_uv": ""})


def test_real_host_trades_in_the_evening_with_the_old_codes(customer: Customer) -> None:
    customer.exchange.phase = Phase.AFTER_MARKET
    ask = customer.exchange.order_book(SAMSUNG).asks[0].price
    assert customer.exchange.order(customer.account, int(customer.order(ord_uv=f"{ask}"))).filled == 10
    for code in ("6", "7"):
        assert "ord_no" in customer.call("kt10000", {**limit(Decimal(0), trde_tp=code), "ord_uv": ""})
    for code in ("3", "29", "61", "81"):
        body = {**limit(Decimal(0), trde_tp=code), "ord_uv": ""}
        assert customer.business("kt10000", body) == "521790"
    assert customer.business("kt10000", limit(ask, trde_tp="62")) == "521790"


IN_DEMO = [api_id for api_id in QUERIES if Catalogue.at("brokerkit_kiwoom").api(api_id).variants("demo")]


@pytest.mark.parametrize("api_id", IN_DEMO)
def test_demo_answers_in_its_own_words(tester: Customer, api_id: str) -> None:
    assert tester.query(api_id)["return_msg"].startswith("모의투자")


@pytest.mark.parametrize("api_id", ["kt10000", "kt10002", "kt10003"])
def test_refusals_of_orders_are_in_the_words_of_the_demo_too(tester: Customer, api_id: str) -> None:
    price = tester.bid()
    bodies = {
        "kt10000": limit(price + 1),
        "kt10002": amending("0000001", mdfy_uv=f"{price}"),
        "kt10003": cancelling("0000001"),
    }
    kind, message = tester.refusal(api_id, bodies[api_id])
    assert (kind, ":모의투자" in message) == (20, True)


@pytest.mark.parametrize("api_id", ["kt00002", "kt00012", "kt00015", "kt00016", "kt00017", "kt50020", "kt50032"])
def test_demo_says_which_business_it_has_not_got(tester: Customer, api_id: str) -> None:
    assert tester.business(api_id, {}) == "RC9000"


def test_demo_pads_rates_of_four_decimals_too(tester: Customer) -> None:
    tester.give(SAMSUNG, 1, 90_000)
    row = tester.query("kt00004")["stk_acnt_evlt_prst"][0]
    assert (row["pl_rt"][0], len(row["pl_rt"]), row["pl_rt"][9]) == ("-", 14, ".")


@pytest.mark.parametrize("api_id", ["ka10003", "ka10004", "ka10080", "ka10081", "ka10086"])
def test_demo_knows_no_other_venue(tester: Customer, api_id: str) -> None:
    for suffix in ("_NX", "_AL"):
        assert "[1903:" in tester.refusal(api_id, {**QUERIES[api_id], "stk_cd": SAMSUNG + suffix})[1]


def test_demo_amends_too(tester: Customer) -> None:
    moved = tester.amend(tester.order(), mdfy_uv=f"{tester.bid(2)}")
    assert (moved["mdfy_qty"], moved["return_msg"][:4]) == ("000000000010", "모의투자")
    wrong = amending(moved["ord_no"], mdfy_uv=f"{tester.bid(2)}", dmst_stex_tp="NXT")
    assert tester.business("kt10002", wrong) == "RC9000"
