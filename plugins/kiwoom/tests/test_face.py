"""The Kiwoom face over real HTTP: what it answers is the exchange's truth in Kiwoom's spelling."""

from __future__ import annotations

import datetime as dt
import http.client
import json
import os
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import requests
from brokerkit_kiwoom.sandbox import KiwoomFace
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from brokerkit.market.clock import now
from brokerkit.models import OrderType, Side
from brokerkit.sandbox.exchange import Exchange
from brokerkit.sandbox.server import JsonResponse, Request, Server

SAMSUNG = "005930"
FUND = "069500"
TODAY = dt.date(2026, 11, 20)
_FOLDERS = {"ka00001": "acnt", "ka10075": "acnt", "ka10076": "acnt", "ka01690": "acnt"}
_FOLDERS |= {"kt1": "ordr", "kt0": "acnt", "ka1": "stkinfo"}
FLOW = {"dt": "20261120", "stk_cd": SAMSUNG, "amt_qty_tp": "2", "trde_tp": "0", "unit_tp": "1"}
DAY = {"qry_tp": "1", "stk_bond_tp": "0", "sell_tp": "0", "dmst_stex_tp": "%"}
OPEN = {"all_stk_tp": "0", "trde_tp": "0", "stex_tp": "0"}
FILLS = {"qry_tp": "0", "sell_tp": "0", "stex_tp": "0"}
HELD = {"qry_tp": "1", "dmst_stex_tp": "KRX"}


class Street:
    """One server for all tests, because starting one takes longer than a test. Each test puts its face behind it."""

    def __init__(self) -> None:
        self.http = requests.Session()
        self.http.trust_env = False
        self.app: ASGIApp | None = None
        self.server = Server(self)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.app is not None
        await self.app(scope, receive, send)

    def close(self) -> None:
        self.http.close()
        self.server.close()


class Customer:
    """Somebody with an app key."""

    def __init__(self, street: Street, environment: str = "real") -> None:
        self.exchange = Exchange(today=TODAY)
        self.face = KiwoomFace(self.exchange, environment=environment)
        self.server, self.http = street.server, street.http
        street.app = self.face.app
        self.account = self.face.credentials.account
        self.token = str(self.issue()["token"])

    def post(self, path: str, body: object, headers: dict[str, str] | None = None) -> requests.Response:
        typed = {"Content-Type": "application/json;charset=UTF-8", **(headers or {})}
        return self.http.post(self.server.url + path, data=json.dumps(body), headers=typed, timeout=10)

    def issue(self, **changes: object) -> dict[str, Any]:
        keys = self.face.credentials
        body = {"grant_type": "client_credentials", "appkey": keys.app_key, "secretkey": keys.app_secret, **changes}
        return dict(self.post("/oauth2/token", body).json())

    def revoke(self, **changes: object) -> dict[str, Any]:
        keys = self.face.credentials
        body = {"appkey": keys.app_key, "secretkey": keys.app_secret, "token": self.token, **changes}
        return dict(self.post("/oauth2/revoke", body).json())

    def send(self, api_id: str, body: object, **headers: str) -> requests.Response:
        self.face.window.clear()
        folder = _FOLDERS.get(api_id) or _FOLDERS[api_id[:3]]
        sent = {"api-id": api_id, "authorization": f"Bearer {self.token}"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        return self.post(f"/api/dostk/{folder}", body, sent)

    def call(self, api_id: str, body: object = None) -> dict[str, Any]:
        answer: dict[str, Any] = self.send(api_id, body or {}).json()
        assert answer["return_code"] == 0, answer
        return answer

    def pages(self, api_id: str, name: str, body: object) -> list[list[dict[str, str]]]:
        answer, found = self.send(api_id, body), []
        found.append(answer.json()[name])
        while answer.headers["cont-yn"] == "Y":
            answer = self.send(api_id, body, cont_yn="Y", next_key=answer.headers["next-key"])
            found.append(answer.json()[name])
        return found

    def refusal(self, api_id: str, body: object, **headers: str) -> tuple[int, str]:
        answer = self.send(api_id, body, **headers)
        said = answer.json()
        assert answer.status_code == 200
        assert "ord_no" not in said
        return said["return_code"], said["return_msg"]

    def order(self, api_id: str = "kt10000", **changes: str) -> str:
        return str(self.call(api_id, limit(self.bid(), **changes))["ord_no"])

    def bid(self) -> Decimal:
        """A price that waits."""
        return self.exchange.order_book(SAMSUNG).bids[4].price


def limit(price: Decimal, **changes: str) -> dict[str, str]:
    base = {"dmst_stex_tp": "KRX", "stk_cd": SAMSUNG, "ord_qty": "10", "ord_uv": f"{price:f}", "trde_tp": "0"}
    return {**base, **changes}


def cancelling(number: str, **changes: str) -> dict[str, str]:
    return {"dmst_stex_tp": "KRX", "orig_ord_no": number, "stk_cd": SAMSUNG, "cncl_qty": "0", **changes}


@pytest.fixture(scope="module")
def street() -> Iterator[Street]:
    opened = Street()
    yield opened
    opened.close()


@pytest.fixture
def customer(street: Street) -> Customer:
    return Customer(street)


@pytest.fixture
def tester(street: Street) -> Customer:
    return Customer(street, "demo")


def test_keys_have_the_real_lengths_and_a_visible_mark(customer: Customer) -> None:
    keys = customer.face.credentials
    assert (len(keys.app_key), len(keys.app_secret), len(keys.account)) == (43, 43, 10)
    assert keys.app_key.startswith("SANDBOX")
    assert "SANDBOX" in customer.token
    assert customer.call("ka00001")["acctNo"] == keys.account


def test_token_lives_about_18_hours_and_stays_the_same_meanwhile(customer: Customer) -> None:
    first, second = customer.issue(), customer.issue()
    life = dt.datetime.strptime(first["expires_dt"] + "+0900", "%Y%m%d%H%M%S%z") - now()
    assert dt.timedelta(hours=17) < life < dt.timedelta(hours=19)
    assert first["token_type"] == "bearer"
    assert first["token"] == second["token"] == customer.token
    assert first["expires_dt"] == second["expires_dt"]
    assert customer.face.tokens_issued == 3


def test_new_token_ends_the_old_one_if_the_face_is_told_so(customer: Customer) -> None:
    customer.face.replaces_token = True
    fresh = customer.issue()["token"]
    assert fresh != customer.token
    assert customer.refusal("ka00001", {})[1].find("[8005:") > 0
    customer.token = fresh
    customer.call("ka00001")


@pytest.mark.parametrize("end", ["kill_tokens", "expire_tokens"])
def test_ended_tokens_answer_8005_and_a_new_one_can_be_had(customer: Customer, end: str) -> None:
    getattr(customer.face, end)()
    code, message = customer.refusal("ka00001", {})
    assert (code, "[8005:" in message) == (3, True)
    old, customer.token = customer.token, customer.issue()["token"]
    assert customer.token != old
    customer.call("ka00001")


def test_revoked_token_is_dead(customer: Customer) -> None:
    assert customer.revoke()["return_code"] == 0
    assert customer.refusal("ka00001", {})[0] == 3
    assert "[8015:" in customer.revoke()["return_msg"]
    assert customer.issue()["token"] != customer.token


@pytest.mark.parametrize(
    ("changes", "kind", "code"),
    [
        ({"grant_type": ""}, 2, "8011"),
        ({"grant_type": "password"}, 2, "8012"),
        ({"appkey": None}, 2, "8020"),
        ({"secretkey": ""}, 2, "8020"),
        ({"appkey": "somebody else's"}, 3, "8001"),
        ({"secretkey": "a guess"}, 3, "8002"),
    ],
)
def test_token_is_refused_with_the_reason(customer: Customer, changes: dict[str, str], kind: int, code: str) -> None:
    answer = customer.issue(**changes)
    assert (answer["return_code"], f"[{code}:" in answer["return_msg"]) == (kind, True)
    assert "token" not in answer


def test_revoke_asks_for_keys_and_token(customer: Customer) -> None:
    assert "[8016:" in customer.revoke(token=None)["return_msg"]
    assert "[8020:" in customer.revoke(appkey="")["return_msg"]
    assert "[8001:" in customer.revoke(appkey="other")["return_msg"]


@pytest.mark.parametrize(
    ("header", "code"),
    [("", "1514"), ("SANDBOX", "1514"), ("Bearer a b", "1514"), ("Basic abc", "1515"), ("Bearer ", "1516")],
)
def test_authorization_header_has_one_form(customer: Customer, header: str, code: str) -> None:
    kind, message = customer.refusal("ka00001", {}, authorization=header)
    assert (kind, f"[{code}:" in message) == (2, True)


def test_call_without_authorization_header_is_refused(customer: Customer) -> None:
    answer = customer.post("/api/dostk/acnt", {}, {"api-id": "ka00001"}).json()
    assert (answer["return_code"], "[1513:" in answer["return_msg"]) == (2, True)


def test_paths_and_api_ids_are_checked_before_anything_else(customer: Customer) -> None:
    def ask(path: str, **headers: str) -> str:
        return str(customer.post(path, {}, headers).json()["return_msg"])

    assert customer.post("/api/dostk/nothing", {}).status_code == 404
    assert customer.http.get(customer.server.url + "/oauth2/token", timeout=10).status_code == 405
    assert "[1501:" in ask("/api/dostk/acnt")
    assert "[1505:" in ask("/api/dostk/acnt", **{"api-id": "ka99999"})
    assert "[1504:" in ask("/api/dostk/acnt", **{"API-ID": "ka10001"})
    assert "[1505:" in ask("/api/dostk/chart", **{"api-id": "ka10081"})
    assert "[1505:" in ask("/api/dostk/ordr", **{"api-id": "kt10002"})


def test_body_is_a_json_object(customer: Customer) -> None:
    assert "[1517:" in customer.refusal("ka00001", ["not", "an", "object"])[1]
    plain = {"api-id": "ka00001", "authorization": f"Bearer {customer.token}", "Content-Type": "text/plain"}
    assert "[1512:" in customer.post("/api/dostk/acnt", {}, plain).json()["return_msg"]


def test_each_api_has_five_calls_a_second_of_its_own(customer: Customer) -> None:
    headers = {"api-id": "ka10001", "authorization": f"Bearer {customer.token}"}
    answers = [customer.post("/api/dostk/stkinfo", {"stk_cd": SAMSUNG}, headers) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    said = answers[-1].json()
    assert said["return_code"] == 5
    assert "[1700:" in said["return_msg"]
    assert "유량=5, API ID=ka10001" in said["return_msg"]
    assert customer.post("/api/dostk/acnt", {}, headers | {"api-id": "ka00001"}).status_code == 200


@pytest.mark.parametrize(
    ("api_id", "body", "field"),
    [
        ("kt00001", {}, "qry_tp"),
        ("kt00018", {"qry_tp": "1"}, "dmst_stex_tp"),
        ("kt00007", {}, "qry_tp"),
        ("ka10075", {}, "all_stk_tp"),
        ("ka10075", {**OPEN, "all_stk_tp": "1"}, "stk_cd"),
        ("ka10076", {}, "qry_tp"),
        ("ka10001", {"stk_cd": ""}, "stk_cd"),
        ("ka10059", {}, "dt"),
        ("kt10000", {}, "dmst_stex_tp"),
        ("kt10001", limit(Decimal(1), ord_qty=""), "ord_qty"),
        ("kt10000", limit(Decimal(1), ord_uv=""), "ord_uv"),
        ("kt10003", {"dmst_stex_tp": "KRX"}, "orig_ord_no"),
    ],
)
def test_first_missing_field_is_named(customer: Customer, api_id: str, body: dict[str, str], field: str) -> None:
    kind, message = customer.refusal(api_id, body)
    assert kind == 2
    assert "[1511:" in message
    assert message.endswith(f"필수입력 파라미터={field}]")


@pytest.mark.parametrize(
    ("api_id", "body", "field"),
    [
        ("kt00001", {"qry_tp": "1"}, "qry_tp"),
        ("kt00001", {"qry_tp": 2}, "qry_tp"),
        ("kt00018", {"qry_tp": "1", "dmst_stex_tp": "SOR"}, "dmst_stex_tp"),
        ("ka10059", {**FLOW, "dt": "2026-11-20"}, "dt"),
        ("ka10059", {**FLOW, "dt": "20261340"}, "dt"),
        ("kt00007", {**DAY, "fr_ord_no": "12345678"}, "fr_ord_no"),
        ("kt10000", limit(Decimal(70000), ord_qty="1.5"), "ord_qty"),
        ("kt10000", limit(Decimal(70000), trde_tp="99"), "trde_tp"),
        ("kt10000", limit(Decimal(70000), trde_tp="3"), "ord_uv"),
        ("kt10003", cancelling("-1"), "orig_ord_no"),
    ],
)
def test_value_of_the_wrong_form_is_named(customer: Customer, api_id: str, body: dict[str, str], field: str) -> None:
    kind, message = customer.refusal(api_id, body)
    assert (kind, "[1517:" in message, f"파라미터={field} " in message) == (2, True, True)


def test_header_names_are_in_lower_case_on_the_socket(customer: Customer) -> None:
    line = http.client.HTTPConnection("127.0.0.1", customer.server.port, timeout=10)
    headers = {"API-Id": "ka00001", "AUTHORIZATION": f"Bearer {customer.token}", "content-type": "application/json"}
    line.request("POST", "/api/dostk/acnt", "{}", headers)
    answer = line.getresponse()
    names = [name for name, _ in answer.getheaders()]
    assert {"api-id", "cont-yn", "next-key", "access-control-expose-headers"} <= set(names)
    assert (answer.getheader("api-id"), answer.getheader("cont-yn")) == ("ka00001", "N")
    assert answer.getheader("x-simulation")
    answer.read()
    line.close()


def test_requests_are_kept_and_can_be_answered_by_a_test(customer: Customer) -> None:
    def teapot(request: Request) -> Response | None:
        return JsonResponse({"tea": "green"}, status=418) if request.path == "/api/dostk/acnt" else None

    customer.face.before = teapot
    assert customer.send("ka00001", {"a": "b"}).status_code == 418
    seen = customer.face.requests[-1]
    assert (seen.headers["api-id"], seen.body, seen.status, seen.answer) == (
        "ka00001",
        {"a": "b"},
        418,
        {"tea": "green"},
    )


def test_price_carries_the_sign_of_its_direction(customer: Customer) -> None:
    base = customer.exchange.instruments[SAMSUNG].previous_close
    for price, direction in ((base + 300, "2"), (base, "3"), (base - 300, "5")):
        customer.exchange.trade(SAMSUNG, Side.SELL, Decimal(1_000_000), price)
        customer.exchange.trade(SAMSUNG, Side.BUY, Decimal(1), price)
        quote = customer.exchange.quote(SAMSUNG)
        row = customer.call("ka10001", {"stk_cd": SAMSUNG})
        sign = "" if quote.price == base else "+" if quote.price > base else "-"
        assert row["cur_prc"] == f"{sign}{quote.price}"
        assert row["base_pric"] == f"{base}"
        assert (quote.price, row["pre_sig"]) == (price, direction)
        assert Decimal(row["pred_pre"]) == quote.change
        assert Decimal(row["flu_rt"]) == quote.change_percent
        assert row["upl_pric"] == f"+{quote.upper_limit}"
        assert row["lst_pric"] == f"-{quote.lower_limit}"
        assert {row[name].lstrip("+-") for name in ("open_pric", "high_pric", "low_pric")} == {
            f"{price}" for price in (quote.open, quote.high, quote.low)
        }
        assert row["trde_qty"] == f"{quote.volume}"


@pytest.mark.parametrize("code", [SAMSUNG, "005930_NX", "005930_AL"])
def test_code_of_a_quote_comes_back_with_its_venue(customer: Customer, code: str) -> None:
    row = customer.call("ka10001", {"stk_cd": code})
    assert (row["stk_cd"], row["stk_nm"]) == (code, "삼성전자")


def test_codes_that_nobody_trades_are_refused(customer: Customer) -> None:
    assert customer.refusal("ka10001", {"stk_cd": "999999"}) == (
        7,
        "서비스 오류[1902:모르는 종목입니다. 종목코드=999999]",
    )
    assert customer.refusal("ka10001", {"stk_cd": f"A{SAMSUNG}"})[0] == 5
    assert "[1903:" in customer.refusal("ka10001", {"stk_cd": f"{FUND}_NX"})[1]
    assert "[1902:" in customer.refusal("ka10001", {"stk_cd": f"{SAMSUNG}_XX"})[1]
    assert customer.refusal("kt10000", limit(Decimal(1000), stk_cd="999999"))[0] == 7
    assert customer.refusal("kt10000", limit(Decimal(70000), stk_cd=f"A{SAMSUNG}"))[0] == 5


def test_instrument_is_described(customer: Customer) -> None:
    instrument = customer.exchange.instruments[SAMSUNG]
    row = customer.call("ka10100", {"stk_cd": SAMSUNG})
    assert (row["code"], row["name"], row["nxtEnable"]) == (SAMSUNG, "삼성전자", "Y")
    assert row["listCount"] == f"{instrument.listed_shares:016f}"
    assert row["lastPrice"] == f"{instrument.previous_close:08f}"
    assert customer.call("ka10100", {"stk_cd": FUND})["nxtEnable"] == ""


def test_investor_flow_comes_in_pages_newest_first(customer: Customer) -> None:
    truth = customer.exchange.investor_flow(SAMSUNG)
    pages = customer.pages("ka10059", "stk_invsr_orgn", FLOW)
    assert [len(page) for page in pages] == [100, 100, len(truth) - 200]
    rows = [row for page in pages for row in page]
    assert [row["dt"] for row in rows] == [f"{flow.date:%Y%m%d}" for flow in reversed(truth)]
    for row, flow in zip(rows, reversed(truth), strict=True):
        assert Decimal(row["ind_invsr"]) == flow.individual.net_quantity
        assert Decimal(row["frgnr_invsr"]) + Decimal(row["natfor"]) == flow.foreign.net_quantity
        assert Decimal(row["natfor"]) == flow.resident_foreign.net_quantity
        assert row["natn"] == "0"
        assert abs(Decimal(row["cur_prc"])) == flow.close
    named = ("ind_invsr", "frgnr_invsr", "natfor", "orgn", "etc_corp")
    assert all(sum(int(row[name]) for name in named) == 0 for row in rows)
    assert not any("+" in row[name] for row in rows for name in named)


def test_investor_flow_has_two_units_three_sides_and_a_start(customer: Customer) -> None:
    flow = customer.exchange.investor_flow(SAMSUNG)[-2]
    before = customer.exchange.investor_flow(SAMSUNG)[-3]

    def first(**changes: str) -> dict[str, str]:
        body = {**FLOW, "dt": f"{flow.date:%Y%m%d}", **changes}
        row: dict[str, str] = customer.call("ka10059", body)["stk_invsr_orgn"][0]
        return row

    row = first(amt_qty_tp="1", trde_tp="1", unit_tp="1000")
    assert Decimal(row["bank"]) * 1_000_000 == flow.bank.buy_amount
    assert first(trde_tp="2")["orgn"] == f"{flow.institution.sell_quantity}"
    assert Decimal(first(unit_tp="1000")["orgn"]) * 1000 == pytest.approx(flow.institution.net_quantity, abs=500)
    assert flow.close is not None
    assert before.close is not None
    change = flow.close - before.close
    assert int(row["pred_pre"]) == change
    assert Decimal(row["flu_rt"]) / 100 == pytest.approx(change * 100 / before.close, abs=Decimal("0.005"))
    assert "." not in row["flu_rt"]


def test_cash_shows_what_is_settled_and_what_is_bound(customer: Customer) -> None:
    ask = customer.exchange.order_book(SAMSUNG).asks[0].price
    customer.call("kt10000", limit(ask, ord_qty="3"))
    customer.order()
    state = customer.exchange.account(customer.account)
    row = customer.call("kt00001", {"qry_tp": "3"})
    for name, amount in {
        "entr": state.cash,
        "d1_entra": state.cash_d1,
        "d2_entra": state.cash_d2,
        "ord_alow_amt": state.orderable,
        "100stk_ord_alow_amt": state.orderable,
        "20stk_ord_alow_amt": state.orderable * 5,
        "pymn_alow_amt": state.withdrawable,
        "d2_buy_exct_amt": state.bought_today + state.fees_today,
    }.items():
        assert row[name] == f"{amount:015f}", name
    assert row["d2_slby_exct_amt"] == f"-{state.cash - state.cash_d2:014f}"
    assert row["d2_sel_exct_amt"] == "0" * 15
    assert row["stk_entr_prst"] == []


def test_holding_is_valued_net_of_fees_and_tax(customer: Customer) -> None:
    customer.exchange.give_holding(customer.account, SAMSUNG, Decimal(7), Decimal(700_003))
    body = customer.call("kt00018", HELD)
    (row,) = body["acnt_evlt_remn_indv_tot"]
    (held,) = customer.exchange.account(customer.account).holdings
    fees = 100 + int(held.market_value * 15 / 1_000_000) * 10
    tax = int(held.market_value * 2 / 1000)
    net = held.market_value - held.cost - fees - tax
    assert (row["stk_cd"], row["stk_nm"]) == ("A005930", "삼성전자")
    assert (row["rmnd_qty"], row["trde_able_qty"]) == ("0" * 14 + "7",) * 2
    assert row["pur_pric"] == "000000000100000"
    assert row["pur_amt"] == "000000000700003"
    assert row["cur_prc"] == f"{held.price:012f}"
    assert [int(row[name]) for name in ("sum_cmsn", "tax", "evltv_prft")] == [fees, tax, net]
    assert len(row["evltv_prft"]) == 15
    assert row["evltv_prft"].startswith("-")
    assert Decimal(row["prft_rt"]) == pytest.approx(net * 100 / held.cost, abs=Decimal("0.005"))
    assert body["tot_evlt_pl"] == row["evltv_prft"]
    assert int(body["prsm_dpst_aset_amt"]) == 100_000_000 + held.market_value


def test_120_holdings_come_in_four_pages(customer: Customer) -> None:
    symbols = list(customer.exchange.instruments)[:120]
    for symbol in symbols:
        customer.exchange.give_holding(customer.account, symbol, Decimal(1), Decimal(1000))
    pages = customer.pages("kt00018", "acnt_evlt_remn_indv_tot", HELD)
    assert [len(page) for page in pages] == [30] * 4
    assert [row["stk_cd"] for page in pages for row in page] == [f"A{symbol}" for symbol in symbols]
    customer.face.page_size = 119
    assert [len(page) for page in customer.pages("kt00018", "acnt_evlt_remn_indv_tot", HELD)] == [119, 1]


def test_next_key_belongs_to_its_call(customer: Customer) -> None:
    key = customer.send("ka10059", FLOW).headers["next-key"]
    assert "[1517:" in customer.refusal("ka10059", {**FLOW, "unit_tp": "1000"}, cont_yn="Y", next_key=key)[1]
    assert "[1517:" in customer.refusal("ka10059", FLOW, cont_yn="Y", next_key="")[1]
    again = customer.send("ka10059", FLOW, cont_yn="N", next_key=key).json()
    assert again["stk_invsr_orgn"][0]["dt"] == f"{customer.exchange.investor_flow(SAMSUNG)[-1].date:%Y%m%d}"


def test_order_reaches_the_exchange(customer: Customer) -> None:
    answer = customer.call("kt10000", limit(customer.bid(), dmst_stex_tp="SOR"))
    order = customer.exchange.order(customer.account, int(answer["ord_no"]))
    assert (len(answer["ord_no"]), answer["dmst_stex_tp"]) == (7, "SOR")
    assert (order.request.side, order.request.type, order.request.price) == (Side.BUY, OrderType.LIMIT, customer.bid())
    assert order.quantity == order.remaining == 10


@pytest.mark.parametrize("price", ["", "0", None])
def test_market_order_needs_no_price(customer: Customer, price: str | None) -> None:
    customer.exchange.give_holding(customer.account, SAMSUNG, Decimal(10), Decimal(700_000))
    body = {**limit(Decimal(0), trde_tp="3"), "ord_uv": price}
    number = customer.call("kt10001", body)["ord_no"]
    assert customer.exchange.order(customer.account, int(number)).filled == 10


def test_exchange_refusals_have_kiwooms_codes(customer: Customer) -> None:
    price = customer.bid()
    highest = customer.exchange.instruments[SAMSUNG].upper_limit
    affordable = customer.exchange.affordable(customer.account, SAMSUNG, price)

    def refused(api_id: str = "kt10000", **changes: str) -> str:
        kind, message = customer.refusal(api_id, limit(price, **changes))
        assert kind == 20
        assert message.startswith("[2000](")
        return message.removeprefix("[2000](")

    assert refused(ord_uv=f"{price + 1}").startswith("RC4003:")
    assert refused(ord_uv=f"{highest + 100}").startswith("571552:")
    assert f"{affordable}주 매수가능" in refused(ord_qty="999999")
    assert refused(ord_qty="999999").startswith("855056:")
    assert refused("kt10001").startswith("800033:")
    assert "0주 매도가능" in refused("kt10001")
    assert refused(ord_qty="0").startswith("521790:")
    assert refused(trde_tp="6", ord_uv="").startswith("521790:")
    assert refused(trde_tp="3", ord_uv="", dmst_stex_tp="NXT").startswith("521790:")
    assert refused(stk_cd=FUND, dmst_stex_tp="NXT", ord_uv="35000").startswith("521790:")
    customer.exchange.halt(SAMSUNG)
    assert refused().startswith("505217:")
    customer.exchange.resume(SAMSUNG)
    customer.exchange.market_open = False
    assert refused().startswith("RC4058:")
    assert customer.exchange.orders(customer.account) == []


def test_cancel_answers_a_new_number_and_the_root(customer: Customer) -> None:
    number = customer.order()
    part = customer.call("kt10003", cancelling(number, cncl_qty="4"))
    rest = customer.call("kt10003", cancelling(number))
    assert (part["base_orig_ord_no"], part["cncl_qty"]) == (number, "000000000004")
    assert (rest["base_orig_ord_no"], rest["cncl_qty"]) == (number, "000000000006")
    assert len({number, part["ord_no"], rest["ord_no"]}) == 3
    assert "dmst_stex_tp" not in rest
    assert customer.exchange.order(customer.account, int(number)).canceled == 10


def test_cancel_is_refused_with_the_reason(customer: Customer) -> None:
    number, smart = customer.order(), customer.order(dmst_stex_tp="SOR")

    def refused(number: str, **changes: str) -> str:
        return customer.refusal("kt10003", cancelling(number, **changes))[1]

    assert refused(smart).startswith("[2000](571412:")
    assert refused("0000001").startswith("[2000](RC4032:")
    assert refused(number, stk_cd=FUND).startswith("[2000](RC4032:")
    assert refused(number, cncl_qty="11").startswith("[2000](RC4033:")
    customer.call("kt10003", cancelling(number))
    customer.call("kt10003", cancelling(smart, dmst_stex_tp="SOR"))
    assert refused(number).startswith("[2000](RC4033:")


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
    customer.exchange.give_holding(customer.account, FUND, Decimal(10), Decimal(350_000))
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


def test_unknown_environment_is_an_error() -> None:
    with pytest.raises(ValueError, match="real, demo"):
        KiwoomFace(Exchange(), environment="sandbox")


def _keys(value: object) -> set[str]:
    if isinstance(value, list):
        return set().union(*map(_keys, value)) if value else set()
    if not isinstance(value, dict):
        return set()
    return {name for key, inner in value.items() for name in (key, *(f"{key}/{part}" for part in _keys(inner)))}


@pytest.mark.parametrize(
    "api_id",
    [
        *("au10001", "au10002", "ka00001", "kt00001", "kt00018", "kt00007", "ka10075"),
        *("ka10076", "ka10001", "ka10059", "ka10100", "kt10000", "kt10003"),
    ],
)
def test_answer_has_every_key_of_the_official_example(customer: Customer, api_id: str) -> None:
    folder = os.environ.get("BROKERKIT_WIRE_EXAMPLES")
    if not folder:
        pytest.skip("BROKERKIT_WIRE_EXAMPLES is not set: the vendor's examples are not part of the repository")
    example = json.loads((Path(folder) / "kiwoom" / "examples" / f"{api_id}.json").read_text(encoding="utf-8"))
    customer.exchange.give_holding(customer.account, SAMSUNG, Decimal(5), Decimal(300_000))
    number = customer.order()
    customer.call("kt10001", limit(Decimal(0), trde_tp="3", ord_uv="", ord_qty="1"))
    bodies: dict[str, object] = {"kt00001": {"qry_tp": "3"}, "kt00018": HELD, "kt00007": DAY, "ka10075": OPEN}
    bodies |= {"ka10076": FILLS, "ka10059": FLOW, "ka10001": {"stk_cd": SAMSUNG}, "ka10100": {"stk_cd": SAMSUNG}}
    bodies |= {"kt10000": limit(customer.bid()), "kt10003": cancelling(number)}
    tokens = {"au10001": customer.issue, "au10002": customer.revoke}
    answer = tokens[api_id]() if api_id in tokens else customer.call(api_id, bodies.get(api_id))
    # What an example lacks, it says itself; what it has beyond the page is no reason to answer it.
    missing = _keys(example["response"]["body"]) - _keys(answer)
    assert missing == set(), example.get("warning")
    extra = _keys(answer) - _keys(example["response"]["body"])
    known = set(example.get("key_mismatch", {}).get("response_only_in_spec", ()))
    assert {name.rpartition("/")[2] for name in extra} <= known
