"""The exact requests of every verb at Kiwoom: method, address, headers, body, and nothing besides."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from brokerkit.errors import ConfigError, NotSent
from brokerkit.orders.limits import Limits, Safety
from brokerkit.testing.inside import kind_of
from brokerkit.words import OrderType
from tests.adapters.login import LoginKit, length_of

Connect = Callable[..., Any]
HOST = {"real": "https://api.kiwoom.com", "demo": "https://mockapi.kiwoom.com", "sandbox": "http://127.0.0.1:9"}
ALWAYS = {
    "Accept-Encoding": "identity",
    "User-Agent": "brokerkit",
    "Content-Type": "application/json;charset=UTF-8",
}
ARMED = Safety(
    arm="7890",
    limits=Limits(max_order_quantity=10, max_order_value=10**6, max_orders_per_minute=9, max_orders_per_day=99),
)


class TestLogin(LoginKit):
    hosts, always = HOST, ALWAYS
    paths = {"login": "/oauth2/token", "revoke": "/oauth2/revoke"}
    login = {"grant_type": "client_credentials"}
    keys = ("appkey", "secretkey")
    no_ends = ("2099-01-02", "２０９９０１０２０３０４０５", "20991302030405", "", 20990102030405, None)
    old_token = "8005"
    key_codes = ("8001", "8030")
    no_keys = [({"return_code": 3, "return_msg": f"no such key [{code}:key]"}, 200) for code in key_codes]
    unknown_symbol = ("1902", "no [1902:")


STOCK_INFO, ACCOUNTS, ORDERS = "/api/dostk/stkinfo", "/api/dostk/acnt", "/api/dostk/ordr"
DAY = dt.date(2024, 1, 5)
CALLS: dict[str, tuple[Callable[[Any], object], str]] = {
    "ka10001": (lambda wire: wire.broker.quote("005930"), STOCK_INFO),
    "ka10100": (lambda wire: kind_of(wire.broker, "005930"), STOCK_INFO),
    "ka10059": (lambda wire: wire.broker.investor_flow("005930", start=DAY, end=DAY), STOCK_INFO),
    "ka00001": (lambda wire: wire.broker.balance(), ACCOUNTS),
    "kt00018": (lambda wire: wire.broker.balance(), ACCOUNTS),
    "kt00001": (lambda wire: wire.broker.balance(), ACCOUNTS),
    "kt00007": (lambda wire: wire.broker.refresh(wire.order()), ACCOUNTS),
    "kt10000": (lambda wire: wire.broker.buy("005930", 10, price=70000), ORDERS),
    "kt10001": (lambda wire: wire.broker.sell("005930", 3, price=70000), ORDERS),
    "kt10002": (
        lambda wire: wire.broker.amend(wire.order(), quantity=4, price=69000),
        ORDERS,
    ),
    "kt10003": (lambda wire: wire.broker.cancel(wire.order()), ORDERS),
    "ka10075": (lambda wire: wire.broker.orders(market="KR"), ACCOUNTS),
    "kt00010": (lambda wire: wire.broker.buying_power("005930", price=70000), ACCOUNTS),
    "ka10004": (lambda wire: wire.broker.order_book("005930"), "/api/dostk/mrkcond"),
}
BALANCE = ("ka00001", "kt00018", "kt00001")
BESIDE = {id: ["ka00001"] for id in ("kt10000", "kt10001", "kt10002", "kt10003")} | {"ka10059": ["ka10059"]}


def with_token(wire: Any, id: str, body: object) -> dict[str, str]:
    return {**ALWAYS, **length_of(body), "authorization": f"Bearer {wire.token}", "api-id": id}


@pytest.mark.parametrize("id", CALLS)
@pytest.mark.parametrize("environment", ["real", "demo"])
def test_every_call_is_a_post_with_its_own_id_the_token_and_no_other_header(
    connect: Connect, environment: str, id: str
) -> None:
    wire = connect(environment, safety=ARMED).logged_in()
    ask, path = CALLS[id]
    ask(wire)
    others = list(BALANCE) if id in BALANCE else [*BESIDE.get(id, []), id]
    assert [call.id for call in wire.calls] == others
    for call in wire.of(id):
        assert (call.method, call.url) == ("POST", HOST[environment] + path)
        assert call.headers == with_token(wire, id, call.body)


def test_account_is_asked_for_once_with_an_empty_body(wire: Any) -> None:
    wire.broker.balance()
    wire.broker.buy("005930", 10, price=70000)
    wire.broker.cancel(wire.order())
    (call,) = wire.of("ka00001")
    assert call.body == {}


def test_quote_and_kind_ask_for_the_plain_code(wire: Any) -> None:
    wire.broker.quote("005930")
    kind_of(wire.broker, "0126Z0")
    assert [call.body for call in wire.calls] == [{"stk_cd": "005930"}, {"stk_cd": "0126Z0"}]


def test_limit_order_names_venue_symbol_quantity_price_and_type(wire: Any) -> None:
    wire.broker.buy("005930", 10, price=70000)
    assert [call.body for call in wire.of("kt10000")] == [
        {"dmst_stex_tp": "KRX", "stk_cd": "005930", "ord_qty": "10", "ord_uv": "70000", "trde_tp": "0", "cond_uv": ""}
    ]


def test_market_order_carries_a_blank_price(wire: Any) -> None:
    wire.broker.sell("005930", "3", type=OrderType.MARKET)
    assert [call.body for call in wire.of("kt10001")] == [
        {"dmst_stex_tp": "KRX", "stk_cd": "005930", "ord_qty": "3", "ord_uv": "", "trde_tp": "3", "cond_uv": ""}
    ]


def test_prices_and_quantities_go_out_as_plain_digits(wire: Any) -> None:
    wire.broker.buy("005930", "1E+1", price="7.00E+4")
    (call,) = wire.of("kt10000")
    assert (call.body["ord_qty"], call.body["ord_uv"]) == ("10", "70000")


@pytest.mark.parametrize(("quantity", "sent"), [(None, "0"), (4, "4")], ids=["all that is left", "a part"])
def test_cancel_names_the_order_and_zero_means_all(wire: Any, quantity: int | None, sent: str) -> None:
    wire.broker.cancel(wire.order(), quantity=quantity)
    assert [call.body for call in wire.of("kt10003")] == [
        {"dmst_stex_tp": "KRX", "orig_ord_no": "0000140", "stk_cd": "005930", "cncl_qty": sent}
    ]


def test_next_cancellation_names_the_number_of_the_last_one(wire: Any) -> None:
    canceled = wire.broker.cancel(wire.order(), quantity=4)
    wire.broker.cancel(canceled)
    assert [call.body["orig_ord_no"] for call in wire.of("kt10003")] == ["0000140", "0000142"]


def test_refresh_asks_for_all_orders_of_the_symbol_on_the_orders_day(wire: Any) -> None:
    wire.broker.refresh(wire.order(handle="kiwoom:20240105:0000140:0000140"))
    assert wire.calls[0].body == {
        "ord_dt": "20240105",
        "qry_tp": "2",
        "stk_bond_tp": "1",
        "sell_tp": "0",
        "stk_cd": "005930",
        "fr_ord_no": "",
        "dmst_stex_tp": "%",
    }


def test_balance_asks_for_holdings_and_then_for_cash(wire: Any) -> None:
    wire.broker.balance()
    bodies = [(call.id, call.body) for call in wire.calls[1:]]
    assert bodies == [("kt00018", {"qry_tp": "2", "dmst_stex_tp": "KRX"}), ("kt00001", {"qry_tp": "3"})]


@pytest.mark.parametrize(
    ("detail", "kinds"), [(False, ["0"]), (True, ["0", "1", "2"])], ids=["nets", "buys and sells too"]
)
def test_investor_flow_asks_for_single_shares_and_for_won(wire: Any, detail: bool, kinds: list[str]) -> None:
    wire.broker.investor_flow("005930", start=DAY, end=DAY, detail=detail)
    base = {"dt": "20240105", "stk_cd": "005930", "unit_tp": "1"}
    asked = [{**base, "trde_tp": kind, "amt_qty_tp": unit} for kind in kinds for unit in ("2", "1")]
    assert [call.body for call in wire.calls] == asked


def test_next_page_repeats_the_body_and_carries_the_key_in_the_headers(wire: Any) -> None:
    more = {"cont-yn": "Y", "next-key": "A005930  7", "api-id": "kt00018"}
    one, two = wire.good("kt00018"), wire.good("kt00018")
    two["acnt_evlt_remn_indv_tot"][0]["stk_cd"] = "A000660"
    one["tot_evlt_amt"] = two["tot_evlt_amt"] = str(2 * int(one["tot_evlt_amt"]))
    wire.pages("kt00018", (more, one), ({"cont-yn": "N", "next-key": ""}, two)).broker.balance()
    first, second = wire.of("kt00018")
    assert first.body == second.body
    assert first.headers == with_token(wire, "kt00018", first.body)
    assert second.headers == {**first.headers, "cont-yn": "Y", "next-key": "A005930  7"}


@pytest.mark.parametrize(
    ("answer", "status"),
    [(b"<html>", 502), (b"<html>", 400), ({"return_code": 0, "return_msg": ""}, 200)],
    ids=["502", "web firewall", "no number"],
)
def test_order_is_not_sent_before_the_account_is_known(wire: Any, answer: Any, status: int) -> None:
    wire.answer("ka00001", answer, status=status)
    with pytest.raises(NotSent, match="account"):
        wire.broker.buy("005930", 10, price=70000)
    with pytest.raises(NotSent, match="account"):
        wire.broker.cancel(wire.order())
    assert {call.id for call in wire.calls} == {"ka00001"}


def test_key_of_another_account_sends_no_order(connect: Connect) -> None:
    wire = connect("sandbox", plays="real", account="1234-567-891").logged_in()
    with pytest.raises(ConfigError, match="7890"):
        wire.broker.buy("005930", 10, price=70000)
    assert wire.of("kt10000") == []
    same = connect("sandbox", plays="real", account="1234-567-890").logged_in()
    assert same.broker.buy("005930", 10, price=70000).id == "0000141"
