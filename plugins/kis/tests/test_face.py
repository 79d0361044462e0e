"""The server side of Korea Investment & Securities, called over real HTTP as any client would."""

from __future__ import annotations

import datetime as dt
import json
import os
import socket
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import requests
from brokerkit_kis.sandbox import KisFace

from brokerkit.market import clock
from brokerkit.market.ticks import Kind, tick_size
from brokerkit.models import Side, Venue
from brokerkit.sandbox.exchange import Exchange, Instrument, Market
from brokerkit.sandbox.server import JsonResponse, Server

QUOTATIONS, TRADING = "/uapi/domestic-stock/v1/quotations", "/uapi/domestic-stock/v1/trading"
PRICE, INVESTOR = f"{QUOTATIONS}/inquire-price", f"{QUOTATIONS}/inquire-investor"
ORDER, CANCEL = f"{TRADING}/order-cash", f"{TRADING}/order-rvsecncl"
BALANCE, DAILY = f"{TRADING}/inquire-balance", f"{TRADING}/inquire-daily-ccld"
SAMSUNG = "005930"
Json = dict[str, Any]


class Customer:
    """Somebody with keys and a token. Forgets the limit between calls, which is tested on its own."""

    def __init__(self, environment: str = "real", cash: Decimal = Decimal(100_000_000)) -> None:
        self.exchange = Exchange()
        self.face = KisFace(self.exchange, environment=environment, cash=cash)
        self.server = Server(self.face.app)
        self.session = requests.Session()
        self.keys = self.face.credentials
        self.account = dict(zip(("CANO", "ACNT_PRDT_CD"), self.keys.account.split("-"), strict=True))
        self.letter = "V" if environment == "demo" else "T"
        self.token = self.login().json()["access_token"]

    def close(self) -> None:
        self.session.close()
        self.server.close()

    def login(self, **changes: object) -> requests.Response:
        keys = {"appkey": self.keys.app_key, "appsecret": self.keys.app_secret}
        body = {"grant_type": "client_credentials", **keys, **changes}
        body = {name: value for name, value in body.items() if value is not None}
        return self.session.post(f"{self.server.url}/oauth2/tokenP", json=body, timeout=5)

    def headers(self, tr_id: str, **changes: str | None) -> dict[str, str | None]:
        keys = {"appkey": self.keys.app_key, "appsecret": self.keys.app_secret}
        return {"authorization": f"Bearer {self.token}", **keys, "tr_id": tr_id, **changes}

    def get(self, path: str, tr_id: str, params: Json | str, **headers: str | None) -> requests.Response:
        self.face.window.clear()
        named = self.headers(tr_id, **headers)
        return self.session.get(self.server.url + path, params=params, headers=named, timeout=5)

    def post(self, path: str, tr_id: str, body: object, **headers: str | None) -> requests.Response:
        self.face.window.clear()
        named = self.headers(tr_id, **headers)
        return self.session.post(self.server.url + path, json=body, headers=named, timeout=5)

    def quote(self, symbol: str = SAMSUNG, **changes: str) -> Json:
        params = {"FID_COND_MRKT_DIV_CODE": "J", "FID_INPUT_ISCD": symbol, **changes}
        return body_of(self.get(PRICE, "FHKST01010100", params))

    def order(self, side: str = "buy", **changes: object) -> Json:
        base = {"PDNO": SAMSUNG, "ORD_DVSN": "00", "ORD_QTY": "10", "ORD_UNPR": self.low_price()}
        tr_id = f"{self.letter}TTC001{2 if side == 'buy' else 1}U"
        return body_of(self.post(ORDER, tr_id, {**self.account, **base, **changes}))

    def cancel(self, number: str, **changes: object) -> Json:
        base = {"KRX_FWDG_ORD_ORGNO": "", "ORGN_ODNO": number, "ORD_DVSN": "00", "RVSE_CNCL_DVSN_CD": "02"}
        rest = {"ORD_QTY": "0", "ORD_UNPR": "0", "QTY_ALL_ORD_YN": "Y"}
        return body_of(self.post(CANCEL, f"{self.letter}TTC0013U", {**self.account, **base, **rest, **changes}))

    def balance_fields(self, **changes: str) -> Json:
        codes = {"AFHR_FLPR_YN": "N", "OFL_YN": "", "INQR_DVSN": "01", "UNPR_DVSN": "01", "FUND_STTL_ICLD_YN": "N"}
        more = {"FNCG_AMT_AUTO_RDPT_YN": "N", "PRCS_DVSN": "00", "CTX_AREA_FK100": "", "CTX_AREA_NK100": ""}
        return {**self.account, **codes, **more, **changes}

    def balance(self, tr_cont: str = "", **changes: str) -> requests.Response:
        return self.get(BALANCE, f"{self.letter}TTC8434R", self.balance_fields(**changes), tr_cont=tr_cont)

    def daily_fields(self, **changes: str) -> Json:
        day = f"{self.exchange.today:%Y%m%d}"
        codes = {"INQR_STRT_DT": day, "INQR_END_DT": day, "SLL_BUY_DVSN_CD": "00", "PDNO": "", "ORD_GNO_BRNO": ""}
        more = {"ODNO": "", "CCLD_DVSN": "00", "INQR_DVSN": "00", "INQR_DVSN_1": "", "INQR_DVSN_3": "00"}
        keys = {"EXCG_ID_DVSN_CD": "KRX", "CTX_AREA_FK100": "", "CTX_AREA_NK100": ""}
        return {**self.account, **codes, **more, **keys, **changes}

    def daily(self, tr_id: str | None = None, tr_cont: str = "", **changes: str) -> Json:
        fields = self.daily_fields(**changes)
        return body_of(self.get(DAILY, tr_id or f"{self.letter}TTC0081R", fields, tr_cont=tr_cont))

    def low_price(self, symbol: str = SAMSUNG) -> str:
        return str(int(self.exchange.instruments[symbol].lower_limit))

    def rows(self) -> dict[int, Any]:
        return {row.number: row for row in self.exchange.orders(self.keys.account)}


def body_of(response: requests.Response) -> Json:
    body: Json = response.json()
    return body


def code_of(response: requests.Response) -> tuple[int, str, str]:
    body = body_of(response)
    return response.status_code, body["rt_cd"], body["msg_cd"]


def refusal_of(body: Json) -> tuple[str, str]:
    return body["rt_cd"], body["msg_cd"]


@pytest.fixture
def open_customer() -> Iterator[Callable[..., Customer]]:
    customers: list[Customer] = []

    def opened(*args: Any, **changes: Any) -> Customer:
        customers.append(Customer(*args, **changes))
        return customers[-1]

    yield opened
    for customer in customers:
        customer.close()


@pytest.fixture
def real(open_customer: Callable[..., Customer]) -> Customer:
    return open_customer()


@pytest.fixture
def demo(open_customer: Callable[..., Customer]) -> Customer:
    return open_customer("demo")


def instrument_of(exchange: Exchange, market: Market, kind: Kind) -> Instrument:
    return next(found for found in exchange.instruments.values() if (found.market, found.kind) == (market, kind))


def test_token_has_the_shape_and_life_that_clients_expect(real: Customer) -> None:
    answer = real.face.requests[0].answer
    ends = dt.datetime.strptime(str(answer["access_token_token_expired"]), "%Y-%m-%d %H:%M:%S").replace(
        tzinfo=clock.KST
    )
    assert answer["token_type"] == "Bearer"
    assert answer["expires_in"] == 86400
    assert len(real.token) <= 350
    assert real.token.count(".") == 2
    assert "SANDBOX" in real.token
    assert abs(ends - clock.now() - dt.timedelta(hours=24)) < dt.timedelta(minutes=1)


def test_second_token_within_a_minute_is_refused_in_the_other_envelope(real: Customer) -> None:
    response = real.login()
    assert response.status_code == 403
    assert response.json().keys() == {"error_description", "error_code"}
    assert response.json()["error_code"] == "EGW00133"
    assert real.face.tokens_issued == 1


def test_repeat_after_a_minute_gives_the_same_token_and_a_new_one_after_six_hours(
    real: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = clock.now()
    for hours, same, issued in ((0.1, True, 1), (5.9, True, 1), (6.1, False, 2)):
        real.face.token_window.clear()
        monkeypatch.setattr(clock, "now", lambda hours=hours: start + dt.timedelta(hours=hours))
        assert (real.login().json()["access_token"] == real.token) is same
        assert real.face.tokens_issued == issued
    assert real.quote()["rt_cd"] == "0"
    monkeypatch.setattr(clock, "now", lambda: start + dt.timedelta(hours=25))
    assert real.quote()["msg_cd"] == "EGW00123"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"grant_type": None}, "EGW00115"),
        ({"grant_type": "password"}, "EGW00116"),
        ({"appkey": None}, "EGW00102"),
        ({"appkey": "x" * 36}, "EGW00103"),
        ({"appsecret": None}, "EGW00104"),
        ({"appsecret": "x" * 180}, "EGW00105"),
    ],
)
def test_token_needs_the_right_keys(real: Customer, changes: Json, code: str) -> None:
    response = real.login(**changes)
    assert (response.status_code, response.json()["error_code"]) == (403, code)


def test_token_and_approval_have_a_limit_of_their_own(real: Customer) -> None:
    body = {"grant_type": "client_credentials", "appkey": real.keys.app_key, "secretkey": real.keys.app_secret}
    first, second = (real.session.post(f"{real.server.url}/oauth2/Approval", json=body, timeout=5) for _ in range(2))
    assert len(first.json()["approval_key"]) == 36
    assert code_of(second) == (500, "1", "EGW00201")
    real.face.token_minute = 0
    assert code_of(real.login()) == (500, "1", "EGW00201")


@pytest.mark.parametrize("helper", ["kill_tokens", "expire_tokens"])
def test_dead_tokens_are_refused_and_a_new_one_can_be_had_at_once(real: Customer, helper: str) -> None:
    getattr(real.face, helper)()
    fields = {"FID_COND_MRKT_DIV_CODE": "J", "FID_INPUT_ISCD": SAMSUNG}
    assert code_of(real.get(PRICE, "FHKST01010100", fields)) == (500, "1", "EGW00123")
    real.token = real.login().json()["access_token"]
    assert real.quote()["rt_cd"] == "0"
    assert real.face.tokens_issued == 2


def test_revoked_token_opens_nothing(real: Customer) -> None:
    body = {"appkey": real.keys.app_key, "appsecret": real.keys.app_secret, "token": real.token}
    first, second = (real.session.post(f"{real.server.url}/oauth2/revokeP", json=body, timeout=5) for _ in range(2))
    assert first.json()["code"] == 200
    assert second.status_code == 403
    assert real.quote()["msg_cd"] == "EGW00121"


def test_hash_key_is_checked_where_an_order_carries_one(real: Customer) -> None:
    body = {**real.account, "PDNO": SAMSUNG, "ORD_DVSN": "00", "ORD_QTY": "1", "ORD_UNPR": real.low_price()}
    hashed = real.post("/uapi/hashkey", "", body).json()
    assert hashed["BODY"] == body
    assert real.post(ORDER, "TTTC0012U", body, hashkey=hashed["HASH"]).json()["rt_cd"] == "0"
    assert code_of(real.post(ORDER, "TTTC0012U", {**body, "ORD_QTY": "2"}, hashkey=hashed["HASH"]))[2] == "EGW00131"


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"authorization": None}, (500, "1", "EGW00122")),
        ({"authorization": "Bearer nobody"}, (500, "1", "EGW00121")),
        ({"authorization": "nobody"}, (500, "1", "EGW00205")),
        ({"appkey": None}, (500, "1", "EGW00102")),
        ({"appkey": "x"}, (500, "1", "EGW00103")),
        ({"appsecret": None}, (500, "1", "EGW00104")),
        ({"appsecret": "x"}, (500, "1", "EGW00105")),
        ({"custtype": "X"}, (500, "1", "EGW00208")),
        ({"tr_id": None}, (500, "1", "EGW00101")),
        ({"tr_id": "FHKST01010900"}, (200, "1", "OPSQ0002")),
    ],
)
def test_gateway_refuses_wrong_headers(real: Customer, headers: dict[str, str | None], expected: object) -> None:
    fields = {"FID_COND_MRKT_DIV_CODE": "J", "FID_INPUT_ISCD": SAMSUNG}
    named = real.headers("FHKST01010100") | headers
    response = real.session.get(real.server.url + PRICE, params=fields, headers=named, timeout=5)
    assert code_of(response) == expected


def test_unknown_paths_and_methods_are_answered_by_a_plain_gateway(real: Customer) -> None:
    assert real.get("/uapi/nothing", "X", {}).status_code == 404
    assert real.post(PRICE, "FHKST01010100", {}).status_code == 405


def test_call_above_the_limit_is_refused_and_not_carried_out(real: Customer) -> None:
    url, headers = real.server.url + ORDER, real.headers("TTTC0012U")
    body = {**real.account, "PDNO": SAMSUNG, "ORD_DVSN": "00", "ORD_QTY": "1", "ORD_UNPR": real.low_price()}
    assert [real.face.window.admit(real.keys.app_key) for _ in range(17)] == [True] * 17
    first, second = (real.session.post(url, json=body, headers=headers, timeout=5) for _ in range(2))
    assert first.status_code == 200
    assert code_of(second) == (500, "1", "EGW00201")
    assert len(real.rows()) == 1


def test_header_names_keep_the_broker_s_letter_case_on_the_wire(real: Customer) -> None:
    lines = [f"GET /{PRICE}?fid_cond_mrkt_div_code=J&fid_input_iscd={SAMSUNG} HTTP/1.1", "Host: 127.0.0.1"]
    headers = {name.upper(): value for name, value in real.headers("FHKST01010100").items()}
    lines += [f"{name}: {value}" for name, value in headers.items()] + ["Connection: close", "", ""]
    with socket.create_connection(("127.0.0.1", real.server.port), timeout=5) as line:
        line.sendall("\r\n".join(lines).encode())
        raw = b"".join(iter(lambda: line.recv(65536), b""))
    head, _, body = raw.partition(b"\r\n\r\n")
    names = {part.split(b":")[0] for part in head.split(b"\r\n")[1:]}
    assert {b"tr_id", b"tr_cont", b"gt_uid", b"Content-Type", b"Content-Length", b"Date"} <= names
    assert b"tr_id: FHKST01010100" in head
    assert json.loads(body)["rt_cd"] == "0"


@pytest.mark.parametrize("pick", [(Market.KOSPI, Kind.STOCK), (Market.KOSDAQ, Kind.STOCK), (Market.KOSPI, Kind.FUND)])
def test_price_is_the_quote_of_the_exchange(real: Customer, pick: tuple[Market, Kind]) -> None:
    instrument = instrument_of(real.exchange, *pick)
    truth = real.exchange.quote(instrument.symbol)
    output = real.quote(instrument.symbol)["output"]
    told = {
        "stck_prpr": truth.price,
        "prdy_vrss": truth.change,
        "prdy_ctrt": truth.change_percent,
        "stck_sdpr": truth.previous_close,
        "stck_oprc": truth.open,
        "stck_hgpr": truth.high,
        "stck_lwpr": truth.low,
        "stck_mxpr": truth.upper_limit,
        "stck_llam": truth.lower_limit,
        "acml_vol": truth.volume,
        "acml_tr_pbmn": truth.turnover,
        "aspr_unit": tick_size(truth.price, instrument.kind),
        "lstn_stcn": instrument.listed_shares,
    }
    assert {name: Decimal(output[name]) for name in told} == told
    assert "+" not in output["prdy_vrss"]
    assert output["rprs_mrkt_kor_name"] == ("ETF" if instrument.kind is Kind.FUND else instrument.market.value)
    assert all(isinstance(value, str) for value in output.values())


def test_direction_is_told_by_sign_and_code(real: Customer) -> None:
    signs = set()
    for symbol in list(real.exchange.instruments)[:20]:
        output = real.quote(symbol)["output"]
        signs.add(output["prdy_vrss_sign"])
        change = int(output["prdy_vrss"])
        assert output["prdy_vrss_sign"] == ("2" if change > 0 else "5" if change < 0 else "3")
    assert {"2", "5"} <= signs
    base = real.exchange.instruments[SAMSUNG]
    real.exchange.trade(SAMSUNG, Side.BUY, Decimal(10**9), base.upper_limit)
    real.exchange.trade(SAMSUNG, Side.SELL, Decimal(1), base.upper_limit)
    assert real.quote()["output"]["prdy_vrss_sign"] == "1"


def test_names_of_quotations_are_taken_in_either_case_and_others_are_ignored(real: Customer) -> None:
    query = f"fid_cond_mrkt_div_code=J&Fid_Input_Iscd={SAMSUNG}&FID_ORG_ADJ_PRC=0"
    assert real.get("/" + PRICE, "FHKST01010100", query).json()["rt_cd"] == "0"


def test_quotation_of_an_unknown_symbol_or_market_is_refused(real: Customer) -> None:
    assert refusal_of(real.quote("999999")) == ("7", "APBK0656")
    assert refusal_of(real.quote(FID_COND_MRKT_DIV_CODE="Q")) == ("2", "OPSQ2001")


def test_investor_flow_is_thirty_days_newest_first_in_million_won(real: Customer) -> None:
    fields = {"FID_COND_MRKT_DIV_CODE": "J", "FID_INPUT_ISCD": SAMSUNG}
    rows = real.get(INVESTOR, "FHKST01010900", fields).json()["output"]
    truth = list(reversed(real.exchange.investor_flow(SAMSUNG)))
    assert [row["stck_bsop_date"] for row in rows] == [f"{day.date:%Y%m%d}" for day in truth[:30]]
    for row, day, before in zip(rows, truth, truth[1:], strict=False):
        assert day.close is not None
        assert before.close is not None
        assert int(row["stck_clpr"]) == day.close
        assert int(row["prdy_vrss"]) == day.close - before.close
        for short, flow in (("prsn", day.individual), ("frgn", day.foreign), ("orgn", day.institution)):
            shares = [int(row[f"{short}_{name}"]) for name in ("ntby_qty", "shnu_vol", "seln_vol")]
            assert shares == [flow.net_quantity, flow.buy_quantity, flow.sell_quantity]
            amounts = [int(row[f"{short}_{name}_tr_pbmn"]) * 1_000_000 for name in ("ntby", "shnu", "seln")]
            assert amounts == [flow.net_amount, flow.buy_amount, flow.sell_amount]


def test_limit_order_waits_at_the_exchange_with_its_number(real: Customer) -> None:
    body = real.order()
    (order,) = real.rows().values()
    assert (body["rt_cd"], body["msg_cd"]) == ("0", "APBK0013")
    assert body["output"]["ODNO"] == f"{order.number:010d}"
    assert body["output"].keys() == {"KRX_FWDG_ORD_ORGNO", "ODNO", "ORD_TMD"}
    assert (order.request.side, order.remaining, str(int(order.request.price))) == (Side.BUY, 10, real.low_price())


def test_market_orders_fill_and_old_ids_are_taken(real: Customer) -> None:
    market = {**real.account, "PDNO": SAMSUNG, "ORD_DVSN": "01", "ORD_QTY": "3", "ORD_UNPR": "0"}
    extra = {"CTAC_TLNO": "", "ALGO_NO": "", "SLL_TYPE": "01", "CNDT_PRIC": "", "EXCG_ID_DVSN_CD": "SOR"}
    assert real.post(ORDER, "TTTC0802U", market | extra).json()["rt_cd"] == "0"
    assert real.post(ORDER, "TTTC0801U", market).json()["rt_cd"] == "0"
    bought, sold = real.rows().values()
    assert (bought.filled, bought.request.venue, sold.request.side) == (3, Venue.SOR, Side.SELL)


def test_refusals_of_orders_carry_the_code_of_the_ledger(real: Customer) -> None:
    upper = int(real.exchange.instruments[SAMSUNG].upper_limit)
    assert refusal_of(real.order(ORD_QTY="99999999")) == ("7", "APBK0952")
    assert refusal_of(real.order("sell")) == ("7", "APBK0400")
    assert refusal_of(real.order(PDNO="999999")) == ("7", "APBK0656")
    assert refusal_of(real.order(PDNO="A005930")) == ("7", "APBK0656")
    assert refusal_of(real.order(ORD_UNPR=str(int(real.low_price()) + 1))) == ("1", "40030000")
    assert refusal_of(real.order(ORD_UNPR=str(upper * 2))) == ("1", "40270000")
    assert refusal_of(real.order(ORD_DVSN="02")) == ("1", "90000000")
    real.exchange.halt(SAMSUNG)
    assert refusal_of(real.order()) == ("1", "40070000")
    real.exchange.resume(SAMSUNG)
    real.exchange.market_open = False
    closed = real.order()
    assert refusal_of(closed) == ("7", "APBK0918")
    assert "장운영시간" in closed["msg1"]
    assert not real.rows()


@pytest.mark.parametrize(
    ("changes", "code", "word"),
    [
        ({"ORD_UNPR": "0"}, "OPSQ2001", "ORD_UNPR"),
        ({"ORD_UNPR": "207.0"}, "OPSQ2001", "ORD_UNPR"),
        ({"ORD_DVSN": "01"}, "OPSQ2001", "ORD_UNPR"),
        ({"ORD_QTY": "0"}, "OPSQ2001", "ORD_QTY"),
        ({"ORD_QTY": "-1"}, "OPSQ2001", "ORD_QTY"),
        ({"ORD_DVSN": "99"}, "OPSQ2001", "ORD_DVSN"),
        ({"EXCG_ID_DVSN_CD": "XXX"}, "OPSQ2001", "EXCG_ID_DVSN_CD"),
        ({"ORD_QTY": "12345678901"}, "OPSQ2002", "[ORD_QTY] [11]"),
        ({"CANO": "00000000"}, "OPSQ2000", "ACNO"),
        ({"pdno": SAMSUNG}, "IGW00007", "pdno"),
        ({"ORD_QTY": 10}, "IGW00007", "ORD_QTY"),
    ],
)
def test_fields_of_orders_are_checked(real: Customer, changes: Json, code: str, word: str) -> None:
    body = real.order(**changes)
    assert body["msg_cd"] == code
    assert word in body["msg1"]
    assert not real.rows()


def test_missing_fields_are_named(real: Customer) -> None:
    fields = real.balance_fields()
    for name in fields.keys() - {"OFL_YN"}:
        left = {key: value for key, value in fields.items() if key != name}
        body = real.get(BALANCE, "TTTC8434R", left).json()
        assert (body["rt_cd"], body["msg_cd"], body["msg1"]) == ("2", "OPSQ2001", f"ERROR : INPUT_FIELD_NAME {name}")
    refused = real.balance(INQR_DVSN="02")
    assert "INVALID_CHECK_INQR_DVSN" in refused.json()["msg1"]
    whole = "&".join(f"{name}={value}" if value else name for name, value in fields.items())
    assert real.get(BALANCE, "TTTC8434R", whole).json()["rt_cd"] == "0"


def test_cancel_takes_the_rest_or_a_part_and_both_rows_are_listed(real: Customer) -> None:
    number = real.order()["output"]["ODNO"]
    part = real.cancel(number, QTY_ALL_ORD_YN="N", ORD_QTY="4")["output"]["ODNO"]
    rest = real.cancel(str(int(number)), KRX_FWDG_ORD_ORGNO=real.daily()["output1"][0]["ord_gno_brno"])
    assert real.rows()[int(number)].canceled == 10
    rows = {row["odno"]: row for row in real.daily(INQR_DVSN="01")["output1"]}
    assert list(rows) == [number, part, rest["output"]["ODNO"]]
    original, cancel = rows[number], rows[part]
    assert (original["rmn_qty"], original["cncl_cfrm_qty"], original["cncl_yn"]) == ("0", "10", "Y")
    assert (original["orgn_odno"], cancel["orgn_odno"], cancel["ord_qty"]) == ("", number, "4")


def test_cancels_of_nothing_are_refused(real: Customer) -> None:
    number = real.order()["output"]["ODNO"]
    assert refusal_of(real.cancel(number, QTY_ALL_ORD_YN="N", ORD_QTY="11")) == ("1", "40330000")
    assert refusal_of(real.cancel(number, RVSE_CNCL_DVSN_CD="01")) == ("1", "90000000")
    assert refusal_of(real.cancel(number, KRX_FWDG_ORD_ORGNO="99999")) == ("1", "40320000")
    assert refusal_of(real.cancel("0000000001")) == ("1", "40320000")
    assert refusal_of(real.cancel("no number")) == ("1", "40320000")
    assert real.cancel(number)["rt_cd"] == "0"
    assert refusal_of(real.cancel(number)) == ("1", "40330000")


def test_balance_is_the_account_of_the_exchange(real: Customer) -> None:
    real.exchange.give_holding(real.keys.account, SAMSUNG, Decimal(7), Decimal(500_001))
    real.order(PDNO="000660", ORD_DVSN="01", ORD_UNPR="0", ORD_QTY="2")
    real.order("sell", ORD_QTY="3", ORD_UNPR=str(int(real.exchange.instruments[SAMSUNG].upper_limit)))
    response = real.balance()
    body, state = response.json(), real.exchange.account(real.keys.account)
    for row, holding in zip(body["output1"], state.holdings, strict=True):
        told = [row["pdno"], *(int(row[name]) for name in ("hldg_qty", "ord_psbl_qty", "pchs_amt", "evlu_amt"))]
        assert told == [holding.symbol, holding.quantity, holding.sellable, holding.cost, holding.market_value]
        assert int(row["evlu_pfls_amt"]) == holding.market_value - holding.cost
        assert int(row["thdt_buyqty"]) == holding.today_bought
    assert body["output1"][0]["pchs_avg_pric"] == "71428.7143"
    assert len(body["output1"][0]["evlu_erng_rt"].partition(".")[2]) == 8
    (totals,) = body["output2"]
    told = [int(totals[name]) for name in ("dnca_tot_amt", "nxdy_excc_amt", "prvs_rcdl_excc_amt", "thdt_buy_amt")]
    assert told == [state.cash, state.cash_d1, state.cash_d2, state.bought_today]
    assert int(totals["tot_evlu_amt"]) == state.cash_d2 + sum(held.market_value for held in state.holdings)
    assert len(body["msg1"].encode("cp949")) == 80
    assert (len(body["ctx_area_fk100"]), body["ctx_area_nk100"]) == (100, " " * 100)
    assert response.headers["tr_cont"] == "E"


@pytest.mark.parametrize(("environment", "sizes"), [("real", [50, 50, 20]), ("demo", [20] * 6)])
def test_pages_over_120_holdings_are_followed_to_their_end(
    open_customer: Callable[..., Customer], environment: str, sizes: list[int]
) -> None:
    customer = open_customer(environment)
    symbols = list(customer.exchange.instruments)[:120]
    for symbol in symbols:
        customer.exchange.give_holding(customer.keys.account, symbol, Decimal(1), Decimal(1000))
    response, pages, marks = customer.balance(), [], []
    while True:
        body = response.json()
        pages.append([row["pdno"] for row in body["output1"]])
        marks.append(response.headers["tr_cont"])
        if marks[-1] in "DE":
            break
        keys = {"CTX_AREA_FK100": body["ctx_area_fk100"], "CTX_AREA_NK100": body["ctx_area_nk100"]}
        assert customer.balance(**keys).json()["output1"][0]["pdno"] == symbols[0]
        response = customer.balance("N", **keys)
    assert [len(page) for page in pages] == sizes
    assert [symbol for page in pages for symbol in page] == symbols
    assert marks == ["F", *["M"] * (len(sizes) - 2), "D"]
    assert refusal_of(customer.balance("N", CTX_AREA_NK100="7").json()) == ("2", "OPSQ2001")


def test_list_of_orders_is_filtered_and_sorted_as_asked(real: Customer) -> None:
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
    assert refusal_of(real.daily(INQR_STRT_DT="20261301")) == ("2", "OPSQ2001")


def test_fields_left_out_of_the_list_give_no_rows_and_no_error(real: Customer) -> None:
    real.order()
    for name in ("ORD_GNO_BRNO", "INQR_DVSN_1", "INQR_DVSN_3", "EXCG_ID_DVSN_CD"):
        fields = real.daily_fields()
        del fields[name]
        body = real.get(DAILY, "TTTC0081R", fields).json()
        assert (body["rt_cd"], body["msg_cd"], body["output1"]) == ("0", "KIOK0560", [])
        old = real.get(DAILY, "TTTC8001R", fields).json()["output1"]
        assert len(old) == (1 if name == "EXCG_ID_DVSN_CD" else 0)


def test_demo_has_its_own_ids_codes_and_gaps(demo: Customer) -> None:
    bought = demo.order(ORD_QTY="2", ORD_DVSN="01", ORD_UNPR="0")
    sold = demo.order("sell", ORD_QTY="1", ORD_UNPR=str(int(demo.exchange.instruments[SAMSUNG].upper_limit)))
    number = sold["output"]["ODNO"]
    cancelled = demo.cancel(number)
    assert [body["msg_cd"] for body in (bought, sold, cancelled)] == ["40600000", "40590000", "40630000"]
    assert bought["output"]["KRX_FWDG_ORD_ORGNO"] == "00950"
    assert demo.daily("VTTC8001R")["output1"] == []
    assert len(demo.daily()["output1"]) == 3
    assert demo.balance().json()["msg_cd"] == "20310000"
    assert code_of(demo.get(BALANCE, "TTTC8434R", demo.balance_fields())) == (500, "1", "EGW02006")
    assert refusal_of(demo.order(EXCG_ID_DVSN_CD="NXT")) == ("1", "90000000")
    assert refusal_of(demo.order(ORD_QTY="99999999")) == ("1", "40250000")
    assert refusal_of(demo.order("sell", ORD_QTY="9")) == ("1", "40240000")
    assert refusal_of(demo.order(PDNO="999999")) == ("1", "40070000")
    assert refusal_of(demo.cancel(number)) == ("1", "40330000")
    demo.exchange.market_open = False
    assert refusal_of(demo.order()) == ("1", "40580000")


def test_ids_of_the_demo_are_refused_on_the_real_host(real: Customer) -> None:
    assert code_of(real.get(BALANCE, "VTTC8434R", real.balance_fields())) == (500, "1", "EGW02004")


def test_demo_takes_one_call_a_second(demo: Customer) -> None:
    fields = {"FID_COND_MRKT_DIV_CODE": "J", "FID_INPUT_ISCD": SAMSUNG}
    headers = demo.headers("FHKST01010100")
    first, second = (
        demo.session.get(demo.server.url + PRICE, params=fields, headers=headers, timeout=5) for _ in range(2)
    )
    assert first.json()["rt_cd"] == "0"
    assert code_of(second) == (500, "1", "EGW00201")


def test_test_may_answer_in_place_of_the_server_and_reads_every_request(real: Customer) -> None:
    real.face.before = lambda request: JsonResponse({"rt_cd": "1"}, status=503) if request.path == PRICE else None
    assert real.quote() == {"rt_cd": "1"}
    request = real.face.requests[-1]
    assert (request.method, request.status, request.answer) == ("GET", 503, {"rt_cd": "1"})
    assert request.query["FID_INPUT_ISCD"] == SAMSUNG
    assert request.headers["tr_id"] == "FHKST01010100"
    assert "rt_cd" in real.order()


def shape(value: object) -> object:
    """Return names and nesting of an answer; a list is told by its first row."""
    if isinstance(value, dict):
        return {name: shape(inner) for name, inner in value.items()}
    return [shape(value[0])] if isinstance(value, list) and value else type(value).__name__


def lacks(official: object, ours: object, where: str = "") -> list[str]:
    if isinstance(official, dict) and isinstance(ours, dict):
        return [gap for name in official for gap in lacks(official[name], ours.get(name), f"{where}.{name}")]
    if isinstance(official, list) and isinstance(ours, list):
        return lacks(official[0], ours[0] if ours else None, where + "[]")
    return [] if official == ours else [f"{where}: {ours}"]


@pytest.mark.parametrize("name", ["inquire_price", "inquire_investor", "inquire_balance", "inquire_daily_ccld"])
def test_answers_have_every_name_of_the_official_examples(real: Customer, name: str) -> None:
    folder = os.environ.get("BROKERKIT_WIRE_EXAMPLES")
    if not folder:
        pytest.skip("BROKERKIT_WIRE_EXAMPLES is not set: the vendor's examples are not in the repository")
    example = Path(folder, "kis", "examples", f"domestic_stock__{name}__official.json")
    official = json.loads(example.read_text(encoding="utf-8"))["response"]["body"]
    real.order(ORD_DVSN="01", ORD_UNPR="0")
    fields = {"FID_COND_MRKT_DIV_CODE": "J", "FID_INPUT_ISCD": SAMSUNG}
    answers: dict[str, Callable[[], Json]] = {
        "inquire_price": real.quote,
        "inquire_investor": lambda: body_of(real.get(INVESTOR, "FHKST01010900", fields)),
        "inquire_balance": lambda: body_of(real.balance()),
        "inquire_daily_ccld": real.daily,
    }
    assert lacks(shape(official), shape(answers[name]())) == []


@pytest.mark.parametrize("name", ["order_cash", "order_rvsecncl"])
def test_answers_to_orders_have_the_names_of_the_official_examples(real: Customer, name: str) -> None:
    folder = os.environ.get("BROKERKIT_WIRE_EXAMPLES")
    if not folder:
        pytest.skip("BROKERKIT_WIRE_EXAMPLES is not set: the vendor's examples are not in the repository")
    example = Path(folder, "kis", "examples", f"domestic_stock__{name}__official.json")
    official = json.loads(example.read_text(encoding="utf-8"))["response"]["body"]
    ours = real.order()
    if name == "order_rvsecncl":
        ours = real.cancel(ours["output"]["ODNO"])
    assert lacks(shape(official), shape(ours)) == []
