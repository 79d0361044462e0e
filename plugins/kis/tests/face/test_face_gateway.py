"""The gateway of the KIS face: headers, limits, paths, and what other clients send."""

from __future__ import annotations

import json
import logging
import socket
import time
from typing import Any

import pytest
from brokerkit_kis.sandbox.face import APIS
from brokerkit_kis.sandbox.services import services

from brokerkit.sandbox.face import JsonResponse

QUOTATIONS, TRADING = "/uapi/domestic-stock/v1/quotations", "/uapi/domestic-stock/v1/trading"
PRICE = f"{QUOTATIONS}/inquire-price"
ORDER = f"{TRADING}/order-cash"
BALANCE = f"{TRADING}/inquire-balance"
SAMSUNG = "005930"


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"authorization": None}, (500, "1", "EGW00122")),
        ({"authorization": "Bearer nobody"}, (500, "1", "EGW00121")),
        ({"authorization": "nobody"}, (500, "1", "EGW00205")),
        ({"authorization": "Basic nobody"}, (500, "1", "EGW00205")),
        ({"appkey": None}, (500, "1", "EGW00102")),
        ({"appkey": "x"}, (500, "1", "EGW00103")),
        ({"appsecret": None}, (500, "1", "EGW00104")),
        ({"appsecret": "x"}, (500, "1", "EGW00105")),
        ({"custtype": "X"}, (500, "1", "EGW00208")),
        ({"tr_id": None}, (500, "1", "EGW00101")),
        ({"tr_id": "FHKST99999999"}, (200, "1", "OPSQ0002")),
    ],
)
def test_gateway_refuses_wrong_headers(real: Any, headers: dict[str, str | None], expected: object) -> None:
    fields = {"FID_COND_MRKT_DIV_CODE": "J", "FID_INPUT_ISCD": SAMSUNG}
    named = real.headers("FHKST01010100") | headers
    response = real.session.get(real.server.url + PRICE, params=fields, headers=named, timeout=30)
    assert real.code_of(response) == expected


def test_unknown_paths_and_methods_are_answered_by_a_plain_gateway(real: Any) -> None:
    assert real.get("/uapi/nothing", "X", {}).status_code == 404
    assert real.post(PRICE, "FHKST01010100", {}).status_code == 405


def test_call_above_the_limit_is_refused_and_not_carried_out(real: Any) -> None:
    url, headers = real.server.url + ORDER, real.headers("TTTC0012U")
    body = {**real.account, "PDNO": SAMSUNG, "ORD_DVSN": "00", "ORD_QTY": "1", "ORD_UNPR": real.low_price()}
    assert [real.face.window.admit(real.keys.app_key) for _ in range(17)] == [True] * 17
    first, second = (real.session.post(url, json=body, headers=headers, timeout=30) for _ in range(2))
    assert first.status_code == 200
    assert real.code_of(second) == (500, "1", "EGW00201")
    assert len(real.rows()) == 1


def test_header_names_keep_the_broker_s_letter_case_on_the_wire(real: Any) -> None:
    lines = [f"GET /{PRICE}?fid_cond_mrkt_div_code=J&fid_input_iscd={SAMSUNG} HTTP/1.1", "Host: 127.0.0.1"]
    headers = {name.upper(): value for name, value in real.headers("FHKST01010100").items()}
    lines += [f"{name}: {value}" for name, value in headers.items()] + ["Connection: close", "", ""]
    with socket.create_connection(("127.0.0.1", real.server.port), timeout=30) as line:
        line.sendall("\r\n".join(lines).encode())
        raw = b"".join(iter(lambda: line.recv(65536), b""))
    head, _, body = raw.partition(b"\r\n\r\n")
    names = {part.split(b":")[0] for part in head.split(b"\r\n")[1:]}
    assert {b"tr_id", b"tr_cont", b"gt_uid", b"Content-Type", b"Content-Length", b"Date"} <= names
    assert b"tr_id: FHKST01010100" in head
    assert json.loads(body)["rt_cd"] == "0"


def test_test_may_answer_in_place_of_the_server_and_reads_every_request(real: Any) -> None:
    real.face.before = lambda request: JsonResponse({"rt_cd": "1"}, status=503) if request.path == PRICE else None
    assert real.quote() == {"rt_cd": "1"}
    request = real.face.requests[-1]
    assert (request.method, request.status, request.answer) == ("GET", 503, {"rt_cd": "1"})
    assert request.query["FID_INPUT_ISCD"] == SAMSUNG
    assert request.headers["tr_id"] == "FHKST01010100"
    assert "rt_cd" in real.order()


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_scheme_of_the_authorization_has_no_letter_case(real: Any, scheme: str) -> None:
    fields = {"FID_COND_MRKT_DIV_CODE": "J", "FID_INPUT_ISCD": SAMSUNG}
    answer = real.get(PRICE, "FHKST01010100", fields, authorization=f"{scheme} {real.token}")
    assert answer.json()["rt_cd"] == "0"


def test_query_is_known_by_its_id_at_another_path_and_an_order_is_not(real: Any) -> None:
    power = {"PDNO": SAMSUNG, "ORD_UNPR": "0", "ORD_DVSN": "01", "CMA_EVLU_AMT_ICLD_YN": "N", "OVRS_ICLD_YN": "N"}
    answer = real.inquire("inquire-daily-ccld", "TTTC8908R", **power).json()
    assert int(answer["output"]["nrcvb_buy_qty"]) > 0
    assert real.code_of(real.post(f"{TRADING}/order-rvsecncl", "TTTC0012U", {})) == (200, "1", "OPSQ0002")
    assert real.rows() == {}


BAD_BODIES = {
    "deep": b"[" * 50_000,
    "nested": b'{"a":' * 40 + b"1" + b"}" * 40,
    "list": b"[1]",
    "number": b"1",
    "broken": b"{",
    "empty": b"",
    "NaN": b'{"PDNO": NaN}',
    "not UTF-8": b"\xff",
    "huge": b'{"PDNO": "' + b"x" * 1_000_000 + b'"}',
}


@pytest.mark.parametrize("raw", BAD_BODIES.values(), ids=BAD_BODIES)
def test_body_that_is_no_object_is_refused_and_hurts_nobody(real: Any, raw: bytes) -> None:
    headers = {**real.headers("TTTC0012U"), "content-type": "application/json"}
    for path, code in ((ORDER, (500, "EGW00101")), ("/oauth2/tokenP", (403, "EGW00101")), ("/uapi/hashkey", (500, ""))):
        real.face.window.clear()
        answer = real.session.post(real.server.url + path, data=raw, headers=headers, timeout=60)
        told = answer.json().get("msg_cd") or answer.json()["error_code"]
        assert (answer.status_code, told) == (code[0], "EGW00101")
    assert real.rows() == {}
    assert real.quote()["rt_cd"] == "0"


def test_half_a_letter_in_a_body_is_answered(real: Any) -> None:
    headers = {**real.headers("TTTC0012U"), "content-type": "application/json"}
    for path in (ORDER, "/uapi/hashkey"):
        real.face.window.clear()
        raw = b'{"\\ud800": "\\ud800"}'
        answer = real.session.post(real.server.url + path, data=raw, headers=headers, timeout=60)
        assert answer.json().get("msg_cd") in ("OPSQ2001", "IGW00007", None)


def test_bodies_without_a_key_are_not_kept(real: Any) -> None:
    real.login(appkey="somebody else's", extra="x" * 1_000)
    real.post(ORDER, "TTTC0012U", {"extra": "x"}, appkey="x")
    assert [request.body for request in real.face.requests[-2:]] == [{}, {}]
    real.order(CTAC_TLNO="")
    assert real.face.requests[-1].body["PDNO"] == SAMSUNG


def test_demo_takes_one_call_a_second(demo: Any) -> None:
    fields = {"FID_COND_MRKT_DIV_CODE": "J", "FID_INPUT_ISCD": SAMSUNG}
    headers = demo.headers("FHKST01010100")
    first, second = (
        demo.session.get(demo.server.url + PRICE, params=fields, headers=headers, timeout=30) for _ in range(2)
    )
    assert first.json()["rt_cd"] == "0"
    assert demo.code_of(second) == (500, "1", "EGW00201")


def test_ids_of_the_demo_are_refused_on_the_real_host(real: Any) -> None:
    assert real.code_of(real.get(BALANCE, "VTTC8434R", real.balance_fields())) == (500, "1", "EGW00356")


def test_calls_that_no_exchange_plays_are_answered_in_their_own_shape_and_say_so(real: Any) -> None:
    assert APIS.keys() < services().keys()
    assert len(services()) - len(APIS) > 150
    fields = {"FID_COND_MRKT_DIV_CODE": "F", "FID_INPUT_ISCD": "101W09"}
    response = real.get("/uapi/domestic-futureoption/v1/quotations/inquire-price", "FHMIF10000000", fields)
    assert real.code_of(response)[:2] == (200, "0")
    assert response.headers["X-Brokerkit-Sandbox"] == "made-up"
    assert {"futs_prpr", "futs_last_tr_date", "hts_rmnn_dynu"} <= response.json()["output1"].keys()
    missing = real.get("/uapi/domestic-futureoption/v1/quotations/inquire-price", "FHMIF10000000", {})
    assert real.code_of(missing) == (200, "2", "OPSQ2001")


def test_calls_of_a_market_of_which_there_is_no_exchange_are_refused_as_not_played(
    real: Any, caplog: pytest.LogCaptureFixture
) -> None:
    real.face.exchanges = {"KR": real.exchange}
    path, tr_id = "/uapi/overseas-price/v1/quotations/price", "HHDFS00000300"
    with caplog.at_level(logging.INFO, "brokerkit"):
        response = real.get(path, tr_id, {})
    assert real.code_of(response) == (200, "1", "90000000")
    assert response.headers["X-Brokerkit-Sandbox"] == "not-played"
    assert response.headers["tr_id"] == tr_id
    (record,) = caplog.records
    assert (record.levelname, record.name) == ("INFO", "brokerkit")
    assert path in record.getMessage()
    assert not {real.token, real.keys.app_key, real.keys.app_secret} & set(record.getMessage().split())


def test_orders_of_markets_that_are_not_played_are_taken_listed_and_cancelled_and_never_filled(real: Any) -> None:
    trading = "/uapi/domestic-futureoption/v1/trading"
    order = {
        **real.account,
        "ORD_PRCS_DVSN_CD": "02",
        "SLL_BUY_DVSN_CD": "02",
        "SHTN_PDNO": "101W09",
        "ORD_QTY": "3",
        "UNIT_PRICE": "370.25",
        "ORD_DVSN_CD": "01",
    }
    taken = real.post(f"{trading}/order", "TTTO1101U", order).json()
    number = taken["output"]["ODNO"]
    listing = {
        **real.account,
        "STRT_ORD_DT": "20261127",
        "END_ORD_DT": "20261127",
        "SLL_BUY_DVSN_CD": "00",
        "CCLD_NCCS_DVSN": "00",
        "SORT_SQN": "DS",
        "STRT_ODNO": "",
        "PDNO": "",
        "MKET_ID_CD": "",
        "CTX_AREA_FK200": "",
        "CTX_AREA_NK200": "",
    }

    def rows() -> dict[str, Any]:
        answer = real.get(f"{trading}/inquire-ccnl", "TTTO5201R", listing).json()
        return {row["odno"].lstrip("0"): row for row in answer["output1"]}

    row = rows()[number.lstrip("0")]
    assert (row["pdno"], row["ord_qty"], row["qty"], row["tot_ccld_qty"], row["ord_idx"], row["sll_buy_dvsn_cd"]) == (
        *("101W09", "3", "3", "0"),
        *("370.25", "02"),
    )
    change = {
        **real.account,
        "ORD_PRCS_DVSN_CD": "02",
        "RVSE_CNCL_DVSN_CD": "02",
        "ORGN_ODNO": number,
        "ORD_QTY": "0",
        "UNIT_PRICE": "0",
        "NMPR_TYPE_CD": "01",
        "KRX_NMPR_CNDT_CD": "0",
        "RMN_QTY_YN": "Y",
        "ORD_DVSN_CD": "01",
    }
    assert real.post(f"{trading}/order-rvsecncl", "TTTO1103U", change).json()["rt_cd"] == "0"
    assert {row["qty"] for row in rows().values()} == {"0"}
    again = real.post(f"{trading}/order-rvsecncl", "TTTO1103U", change)
    assert real.code_of(again) == (200, "7", "APBK0927")
    strange = real.post(f"{trading}/order-rvsecncl", "TTTO1103U", {**change, "RVSE_CNCL_DVSN_CD": "03"})
    assert real.code_of(strange) == (200, "2", "OPSQ2001")
    for quantity in ("0", "", "1.5"):
        nothing = real.post(f"{trading}/order", "TTTO1101U", {**order, "ORD_QTY": quantity})
        assert real.code_of(nothing) == (500, "1", "IGW00014")
    assert len(rows()) == 2


def test_calls_that_are_not_played_are_checked_like_the_others(real: Any) -> None:
    path = f"{QUOTATIONS}/volume-rank"
    assert real.get(path, "FHPST01710000", {}, authorization=None).json()["msg_cd"] == "EGW00122"
    assert real.get(path, "FHPST01710000", {}, appkey="x").json()["msg_cd"] == "EGW00103"
    assert real.get(path, "FHKST99999999", {}).json()["msg_cd"] == "OPSQ0002"
    assert real.post(path, "FHPST01710000", {}).status_code == 405


def test_what_the_demo_has_not_got_is_refused_by_gateway_or_ledger(demo: Any) -> None:
    account = demo.account
    for path, real_id, demo_id in (
        (f"{TRADING}/inquire-psbl-rvsecncl", "TTTC0084R", "VTTC0084R"),
        (f"{TRADING}/inquire-psbl-sell", "TTTC8408R", "VTTC8408R"),
        (f"{QUOTATIONS}/chk-holiday", "CTCA0903R", "VTCA0903R"),
        (f"{QUOTATIONS}/search-info", "CTPF1604R", "VTPF1604R"),
    ):
        assert demo.code_of(demo.get(path, real_id, account)) == (500, "1", "EGW02006")
        refused = demo.get(path, demo_id, account)
        assert demo.code_of(refused) == (200, "1", "90000000")
        assert "X-Brokerkit-Sandbox" not in refused.headers
    assert demo.code_of(demo.get(f"{QUOTATIONS}/inquire-price-2", "FHPST01010000", {})) == (500, "1", "EGW02006")


@pytest.mark.parametrize("path", [f"/{PRICE}", PRICE.replace("/v1/", "//v1//")])
def test_doubled_slashes_are_one(real: Any, path: str) -> None:
    fields = {"FID_COND_MRKT_DIV_CODE": "J", "FID_INPUT_ISCD": SAMSUNG}
    assert real.get(path, "FHKST01010100", fields).json()["rt_cd"] == "0"


def test_names_without_a_value_and_extra_fields_are_taken(real: Any) -> None:
    account = "&".join(f"{name}={value}" for name, value in real.account.items())
    query = f"{account}&INQR_DVSN_1=0&INQR_DVSN_2=0&CTX_AREA_FK100&CTX_AREA_NK100&SOMETHING=else"
    assert real.get(f"{TRADING}/inquire-psbl-rvsecncl", "TTTC0084R", query).json()["rt_cd"] == "0"
    assert real.order(CTAC_TLNO="", ALGO_NO="")["rt_cd"] == "0"


def test_one_core_serves_five_hundred_calls_a_second(real: Any) -> None:
    for _ in range(100):
        real.ordered(ORD_QTY="1")
    fields = {"FID_COND_MRKT_DIV_CODE": "J", "FID_INPUT_ISCD": SAMSUNG}
    real.face.window.calls = 10**6
    headers = real.headers("FHKST01010100")
    url = real.server.url + PRICE
    started = time.process_time()
    for _ in range(200):
        assert real.session.get(url, params=fields, headers=headers, timeout=30).status_code == 200
    # Client and server share this process, so this counts the work of both; the client's is the larger part.
    assert (time.process_time() - started) / 200 < 1 / 100


def test_person_and_corporation_and_nobody_in_particular_may_call(real: Any) -> None:
    fields = {"FID_COND_MRKT_DIV_CODE": "J", "FID_INPUT_ISCD": SAMSUNG}
    for kind in ("P", "B", "", None):
        assert real.get(PRICE, "FHKST01010100", fields, custtype=kind).json()["rt_cd"] == "0"


def test_page_keys_are_taken_in_lower_case_as_clients_in_use_send_them(real: Any) -> None:
    fields = {**real.account, "AFHR_FLPR_YN": "N", "OFL_YN": "", "INQR_DVSN": "01", "UNPR_DVSN": "01"}
    fields |= {"FUND_STTL_ICLD_YN": "N", "FNCG_AMT_AUTO_RDPT_YN": "N", "PRCS_DVSN": "00"}
    path = "/uapi/domestic-stock/v1/trading/inquire-balance"
    assert real.code_of(real.get(path, "TTTC8434R", fields))[2] == "OPSQ2001"
    fields |= {"ctx_area_fk100": "", "ctx_area_nk100": ""}
    assert real.get(path, "TTTC8434R", fields).json()["rt_cd"] == "0"
