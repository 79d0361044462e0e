"""The exact requests of every verb at KIS: method, address, query, headers, body, and nothing besides."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from brokerkit.errors import NotSent, RateLimited, WireError
from brokerkit.orders.limits import Limits, Safety
from brokerkit.words import OrderType
from tests.adapters.login import LoginKit, length_of

Connect = Callable[..., Any]
HOST = {
    "real": "https://openapi.koreainvestment.com:9443",
    "demo": "https://openapivts.koreainvestment.com:29443",
    "sandbox": "http://127.0.0.1:9",
}
TRADING = "/uapi/domestic-stock/v1/trading"
QUOTATIONS = "/uapi/domestic-stock/v1/quotations"
ALWAYS = {
    "Accept-Encoding": "identity",
    "User-Agent": "brokerkit",
    "content-type": "application/json; charset=utf-8",
}
DAY = dt.date(2024, 1, 5)
ACCOUNT = {"CANO": "50012345", "ACNT_PRDT_CD": "01"}
ARMED = Safety(
    arm="4501",
    limits=Limits(max_order_quantity=10, max_order_value=10**6, max_orders_per_minute=9, max_orders_per_day=99),
)
BALANCE_QUERY = [
    ("CANO", "50012345"),
    ("ACNT_PRDT_CD", "01"),
    ("AFHR_FLPR_YN", "N"),
    ("OFL_YN", ""),
    ("INQR_DVSN", "01"),
    ("UNPR_DVSN", "01"),
    ("FUND_STTL_ICLD_YN", "N"),
    ("FNCG_AMT_AUTO_RDPT_YN", "N"),
    ("PRCS_DVSN", "00"),
]


class TestLogin(LoginKit):
    hosts, always = HOST, ALWAYS
    paths = {"login": "/oauth2/tokenP", "revoke": "/oauth2/revokeP"}
    login = {"grant_type": "client_credentials"}
    keys = ("appkey", "appsecret")
    no_ends = (
        *("2099-01-02", "20990102030405", "２０９９-01-02 03:04:05", "2099-13-02 03:04:05", "", 4070908800, None),
    )
    old_token = "EGW00123"
    key_codes = ("EGW00103", "EGW00105")
    no_keys = [({"error_description": "no such key", "error_code": code}, 403) for code in key_codes]
    unknown_symbol = ("APBK0656", "")


CALLS: dict[str, tuple[Callable[[Any], object], str, str]] = {
    "FHKST01010100": (lambda wire: wire.broker.quote("005930"), "GET", f"{QUOTATIONS}/inquire-price"),
    "FHKST01010900": (lambda wire: wire.broker.investor_flow("005930"), "GET", f"{QUOTATIONS}/inquire-investor"),
    "TTTC8434R": (lambda wire: wire.broker.balance(), "GET", f"{TRADING}/inquire-balance"),
    "TTTC0081R": (lambda wire: wire.broker.refresh(wire.order()), "GET", f"{TRADING}/inquire-daily-ccld"),
    "TTTC0012U": (
        lambda wire: wire.broker.buy("005930", 10, price=70000),
        "POST",
        f"{TRADING}/order-cash",
    ),
    "TTTC0011U": (
        lambda wire: wire.broker.sell("005930", 3, price=70000),
        "POST",
        f"{TRADING}/order-cash",
    ),
    "TTTC0013U": (
        lambda wire: wire.broker.cancel(wire.order()),
        "POST",
        f"{TRADING}/order-rvsecncl",
    ),
    "TTTC0084R": (lambda wire: wire.broker.orders(), "GET", f"{TRADING}/inquire-psbl-rvsecncl"),
    "CTSC9215R": (lambda wire: wire.broker.order_history(DAY, DAY), "GET", f"{TRADING}/inquire-daily-ccld"),
    "FHKST01010200": (
        lambda wire: wire.broker.order_book("005930"),
        "GET",
        f"{QUOTATIONS}/inquire-asking-price-exp-ccn",
    ),
    "TTTC8908R": (lambda wire: wire.broker.buying_power("005930"), "GET", f"{TRADING}/inquire-psbl-order"),
}
PAGED = ("TTTC8434R", "TTTC0081R", "CTSC9215R", "TTTC0084R")
REAL_ONLY = ("TTTC0084R",)


def with_keys(wire: Any, id: str) -> dict[str, str]:
    keys = {"appkey": wire.app_key, "appsecret": wire.app_secret}
    return {**ALWAYS, **keys, "authorization": f"Bearer {wire.token}", "tr_id": id, "custtype": "P"}


def in_demo(id: str) -> str:
    return "V" + id[1:] if id[0] in "TJC" else id


@pytest.mark.parametrize(
    ("environment", "id"),
    [
        (environment, id)
        for environment in ("real", "demo")
        for id in CALLS
        if environment == "real" or id not in REAL_ONLY
    ],
)
def test_every_call_carries_its_own_id_and_the_keys_and_no_other_header(
    connect: Connect, environment: str, id: str
) -> None:
    wire = connect(environment, safety=ARMED).logged_in()
    ask, method, path = CALLS[id]
    ask(wire)
    (call,) = wire.calls
    expected = with_keys(wire, id if environment == "real" else in_demo(id))
    if id in PAGED:
        expected["tr_cont"] = ""
    if method == "POST":
        expected |= length_of(call.body)
    assert (call.method, call.url) == (method, HOST[environment] + path)
    assert call.headers == expected
    assert (call.body is None) == (method == "GET")
    assert (call.query == []) == (method == "POST")


@pytest.mark.parametrize("id", ["FHKST01010100", "FHKST01010900"])
def test_quote_and_investor_flow_ask_for_one_symbol_at_krx(wire: Any, id: str) -> None:
    CALLS[id][0](wire)
    assert wire.calls[0].query == [("FID_COND_MRKT_DIV_CODE", "J"), ("FID_INPUT_ISCD", "005930")]


def test_limit_order_names_account_symbol_type_quantity_price_and_venue(wire: Any) -> None:
    wire.broker.buy("005930", 10, price=70000)
    (call,) = wire.calls
    order = {"PDNO": "005930", "ORD_DVSN": "00", "ORD_QTY": "10", "ORD_UNPR": "70000", "EXCG_ID_DVSN_CD": "KRX"}
    assert (call.id, call.body) == ("TTTC0012U", {**ACCOUNT, **order})


def test_market_order_carries_the_price_zero(wire: Any) -> None:
    wire.broker.sell("005930", "3", type=OrderType.MARKET)
    (call,) = wire.calls
    order = {"PDNO": "005930", "ORD_DVSN": "01", "ORD_QTY": "3", "ORD_UNPR": "0", "EXCG_ID_DVSN_CD": "KRX"}
    assert (call.id, call.body) == ("TTTC0011U", {**ACCOUNT, **order})


def test_prices_and_quantities_go_out_as_plain_digits(wire: Any) -> None:
    wire.broker.buy("005930", "1E+1", price="7.00E+4")
    assert (wire.calls[0].body["ORD_QTY"], wire.calls[0].body["ORD_UNPR"]) == ("10", "70000")


@pytest.mark.parametrize(
    ("quantity", "sent", "whole"), [(None, "10", "Y"), (4, "4", "N")], ids=["all that is left", "a part"]
)
def test_cancel_names_the_order_and_its_organisation(wire: Any, quantity: int | None, sent: str, whole: str) -> None:
    wire.broker.cancel(wire.order(), quantity=quantity)
    (call,) = wire.calls
    assert call.body == {
        **ACCOUNT,
        "KRX_FWDG_ORD_ORGNO": "06010",
        "ORGN_ODNO": "0001234567",
        "ORD_DVSN": "00",
        "RVSE_CNCL_DVSN_CD": "02",
        "ORD_QTY": sent,
        "ORD_UNPR": "0",
        "QTY_ALL_ORD_YN": whole,
        "EXCG_ID_DVSN_CD": "KRX",
    }


def test_cancel_of_a_market_order_names_its_type(wire: Any) -> None:
    wire.broker.cancel(wire.order(type=OrderType.MARKET, price=None))
    assert wire.calls[0].body["ORD_DVSN"] == "01"


def test_amendment_goes_the_way_of_a_cancellation(connect: Connect) -> None:
    for environment, id in (("real", "TTTC0013U"), ("demo", "VTTC0013U")):
        wire = connect(environment, safety=ARMED).logged_in()
        wire.broker.amend(wire.order(), quantity=4, price=69000)
        (call,) = wire.calls
        assert (call.method, call.url) == ("POST", f"{HOST[environment]}{TRADING}/order-rvsecncl")
        assert call.headers == {**with_keys(wire, id), **length_of(call.body)}
        assert call.body["RVSE_CNCL_DVSN_CD"] == "01"


def test_refresh_asks_for_all_orders_of_the_symbol_on_the_orders_day(wire: Any) -> None:
    wire.broker.refresh(wire.order(handle="kis:20240105:06010:0001234567"))
    assert wire.calls[0].query == [
        *ACCOUNT.items(),
        ("INQR_STRT_DT", "20240105"),
        ("INQR_END_DT", "20240105"),
        ("SLL_BUY_DVSN_CD", "00"),
        ("PDNO", "005930"),
        ("ORD_GNO_BRNO", ""),
        ("ODNO", ""),
        ("CCLD_DVSN", "00"),
        ("INQR_DVSN", "00"),
        ("INQR_DVSN_1", ""),
        ("INQR_DVSN_3", "00"),
        ("EXCG_ID_DVSN_CD", "ALL"),
        ("CTX_AREA_FK100", ""),
        ("CTX_AREA_NK100", ""),
    ]


def test_balance_sends_the_page_keys_back_as_they_came(wire: Any) -> None:
    search, following = "50012345^01^N^".ljust(100), "005930".ljust(100)
    first = {**wire.good("TTTC8434R"), "ctx_area_fk100": search, "ctx_area_nk100": following}
    last = wire.good("TTTC8434R")
    last["output1"][0]["pdno"] = "000660"
    for page in (first, last):  # the totals are those of both pages
        page["output2"][0]["evlu_amt_smtl_amt"] = str(2 * int(page["output2"][0]["evlu_amt_smtl_amt"]))
    wire.answer("TTTC8434R", first, last)
    wire.answers["TTTC8434R"][0] = (200, {"tr_cont": "F", "tr_id": "TTTC8434R"}, wire.answers["TTTC8434R"][0][2])
    wire.broker.balance()
    one, two = wire.calls
    assert one.query == [*BALANCE_QUERY, ("CTX_AREA_FK100", ""), ("CTX_AREA_NK100", "")]
    assert two.query == [*BALANCE_QUERY, ("CTX_AREA_FK100", search), ("CTX_AREA_NK100", following)]
    assert one.headers == {**with_keys(wire, "TTTC8434R"), "tr_cont": ""}
    assert two.headers == {**with_keys(wire, "TTTC8434R"), "tr_cont": "N"}


def test_revocation_that_is_not_confirmed_is_an_error(wire: Any) -> None:
    wire.answer("revokeP", {"code": 500, "message": "no"})
    with pytest.raises(WireError, match="500"):
        wire.client.revoke()


def test_hashkey_of_the_body_goes_with_the_order_if_the_settings_ask_for_it(connect: Connect) -> None:
    wire = connect("sandbox", plays="real", use_hashkey=True).logged_in()
    wire.broker.buy("005930", 10, price=70000)
    wire.broker.amend(wire.order(), price=69000)
    hashed, order, hashed_again, amendment = wire.calls
    keys = {"appkey": wire.app_key, "appsecret": wire.app_secret}
    assert (hashed.method, hashed.url) == ("POST", HOST["sandbox"] + "/uapi/hashkey")
    assert (hashed.body, hashed_again.body) == (order.body, amendment.body)
    assert hashed.headers == {**ALWAYS, **keys, **length_of(order.body)}
    for call in (order, amendment):
        expected = {**with_keys(wire, call.id), **length_of(call.body), "hashkey": "c0ffee" * 10}
        assert call.headers == expected


@pytest.mark.parametrize(
    ("answer", "status"), [(b"<html>", 502), (b"<html>", 200), ({"BODY": {}}, 200)], ids=["502", "HTML", "no hash"]
)
def test_order_without_its_hashkey_is_not_sent(connect: Connect, answer: Any, status: int) -> None:
    wire = connect("sandbox", plays="real", use_hashkey=True).logged_in()
    wire.answer("hashkey", answer, status=status)
    with pytest.raises(NotSent, match="hashkey"):
        wire.broker.buy("005930", 10, price=70000)
    with pytest.raises(NotSent, match="hashkey"):
        wire.broker.cancel(wire.order())
    with pytest.raises(NotSent, match="hashkey"):
        wire.broker.amend(wire.order(), price=69000)
    assert {call.id for call in wire.calls} == {"hashkey"}


def test_token_that_came_too_early_is_rate_limited(wire: Any) -> None:
    wire.client._tokens._token = None
    wire.answer("tokenP", {"error_description": "wait", "error_code": "EGW00133"}, status=403)
    with pytest.raises(RateLimited, match="wait") as caught:
        wire.broker.quote("005930")
    assert caught.value.code == "EGW00133"
    with pytest.raises(NotSent, match="none is asked for yet"):
        wire.broker.buy("005930", 10, price=70000)
    assert [call.id for call in wire.calls] == ["tokenP"]
