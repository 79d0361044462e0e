"""Paths, headers, tokens, limits and the form of a body, over real HTTP."""

from __future__ import annotations

import datetime as dt
import http.client
from decimal import Decimal

import pytest
from brokerkit_kiwoom.sandbox import KiwoomFace
from starlette.responses import Response

from brokerkit.clock import now
from brokerkit.sandbox.exchange import Exchange
from brokerkit.sandbox.face import JsonResponse, ReceivedRequest, RequestLog
from plugins.kiwoom.tests.face.customers import (
    DAY,
    FLOW,
    OPEN,
    QUERIES,
    SAMSUNG,
    TODAY,
    Customer,
    amending,
    cancelling,
    limit,
)


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
    [
        ("", "1514"),
        ("SANDBOX", "1514"),
        ("Bearer a b", "1514"),
        ("Basic abc", "1515"),
        ("Bearer ", "1516"),
        ("bearer", "1516"),
    ],
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
    assert customer.http.get(customer.server.url + "/oauth2/token", timeout=60).status_code == 405
    assert "[1501:" in ask("/api/dostk/acnt")
    assert "[1505:" in ask("/api/dostk/acnt", **{"api-id": "ka99999"})
    assert "[1504:" in ask("/api/dostk/acnt", **{"API-ID": "ka10001"})
    assert "[1504:" in ask("/api/us/acnt", **{"api-id": "kt00001"})
    assert "[1504:" in ask("/api/dostk/acnt", **{"api-id": "ka10060"})


def test_body_is_a_json_object(customer: Customer) -> None:
    assert "[1517:" in customer.refusal("ka00001", ["not", "an", "object"])[1]
    headers = {"api-id": "ka00001", "authorization": f"Bearer {customer.token}", "Content-Type": "application/json"}
    nested = b'{"a":' * 40 + b"1" + b"}" * 40
    for raw in (b"{", b"[" * 50_000, nested, b"\xff", b'{"a": NaN}', b'{"a": "' + b"x" * 70_000 + b'"}', b"1", b"null"):
        answer = customer.http.post(f"{customer.server.url}/api/dostk/acnt", data=raw, headers=headers, timeout=60)
        assert "[1517:" in answer.json()["return_msg"]
        customer.face.window.clear()
    plain = {"api-id": "ka00001", "authorization": f"Bearer {customer.token}", "Content-Type": "text/plain"}
    assert "[1512:" in customer.post("/api/dostk/acnt", {}, plain).json()["return_msg"]


def test_body_without_a_field_may_be_empty(customer: Customer) -> None:
    headers = {"api-id": "ka00001", "authorization": f"Bearer {customer.token}", "Content-Type": "application/json"}
    answer = customer.http.post(f"{customer.server.url}/api/dostk/acnt", data=b"", headers=headers, timeout=60)
    assert answer.json()["acctNo"] == customer.account


def test_half_a_letter_in_a_field_comes_back_as_a_refusal(customer: Customer) -> None:
    headers = {"api-id": "ka10001", "authorization": f"Bearer {customer.token}", "Content-Type": "application/json"}
    raw = b'{"stk_cd": "\\ud800"}'
    answer = customer.http.post(f"{customer.server.url}/api/dostk/stkinfo", data=raw, headers=headers, timeout=60)
    assert "[1902:" in answer.json()["return_msg"]


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_scheme_of_the_authorization_has_no_letter_case(customer: Customer, scheme: str) -> None:
    answer = customer.send("ka00001", {}, authorization=f"{scheme} {customer.token}")
    assert answer.json()["acctNo"] == customer.account


@pytest.mark.parametrize(
    ("api_id", "changes"),
    [
        ("kt00001", {"qry_tp": "1"}),
        ("kt00001", {"qry_tp": 2}),
        ("kt00018", {"dmst_stex_tp": "SOR"}),
        ("kt00007", {"sell_tp": "9"}),
        ("ka10081", {"upd_stkpc_tp": "2"}),
        ("ka10076", {"qry_tp": "2"}),
    ],
)
def test_values_that_no_fact_refuses_are_taken(customer: Customer, api_id: str, changes: dict[str, object]) -> None:
    customer.call(api_id, {**QUERIES[api_id], **changes})


def test_each_api_has_five_calls_a_second_of_its_own(customer: Customer) -> None:
    customer.face.window.seconds = 60.0  # however long six calls take here
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
        ("kt10000", limit(Decimal(1), trde_tp="5", ord_uv="0"), "ord_uv"),
        ("kt10000", limit(Decimal(1), trde_tp="28"), "cond_uv"),
        ("kt10002", {"dmst_stex_tp": "KRX"}, "orig_ord_no"),
        ("kt10002", amending("0000001", mdfy_uv=""), "mdfy_uv"),
        ("kt10003", {"dmst_stex_tp": "KRX"}, "orig_ord_no"),
        ("ka10086", {"stk_cd": "005930", "qry_dt": ""}, "qry_dt"),
        ("ka10081", {"stk_cd": "005930", "base_dt": ""}, "base_dt"),
        ("ka10080", {"stk_cd": "005930"}, "tic_scope"),
        ("ka10099", {}, "mrkt_tp"),
        ("kt00010", {"stk_cd": "005930", "trde_tp": "2"}, "uv"),
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
        ("kt00001", {"qry_tp": True}, "qry_tp"),
        ("kt00001", {"qry_tp": 2.0}, "qry_tp"),
        ("kt00001", {"qry_tp": ["2"]}, "qry_tp"),
        ("ka10059", {**FLOW, "dt": "2026-11-20"}, "dt"),
        ("ka10059", {**FLOW, "dt": "20261340"}, "dt"),
        ("kt00007", {**DAY, "fr_ord_no": "12345678"}, "fr_ord_no"),
        ("kt10000", limit(Decimal(70000), ord_qty="1.5"), "ord_qty"),
        ("kt10000", limit(Decimal(70000), trde_tp="99"), "trde_tp"),
        ("kt10000", limit(Decimal(70000), trde_tp="3"), "ord_uv"),
        ("kt10000", limit(Decimal(70000), trde_tp="29"), "ord_uv"),
        ("kt10000", limit(Decimal(70000), cond_uv="70000"), "cond_uv"),
        ("kt10003", cancelling("-1"), "orig_ord_no"),
        ("kt10002", amending("1", mdfy_qty="all"), "mdfy_qty"),
        ("ka10080", {"stk_cd": "005930", "tic_scope": "2", "upd_stkpc_tp": "1"}, "tic_scope"),
        ("ka10079", {"stk_cd": "005930", "tic_scope": "15", "upd_stkpc_tp": "1"}, "tic_scope"),
        ("ka10099", {"mrkt_tp": "1"}, "mrkt_tp"),
    ],
)
def test_value_of_the_wrong_form_is_named(customer: Customer, api_id: str, body: dict[str, str], field: str) -> None:
    kind, message = customer.refusal(api_id, body)
    assert (kind, "[1517:" in message, f"파라미터={field} " in message) == (2, True, True)


def test_header_names_are_in_lower_case_on_the_socket(customer: Customer) -> None:
    line = http.client.HTTPConnection("127.0.0.1", customer.server.port, timeout=60)
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
    def teapot(request: ReceivedRequest) -> Response | None:
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


def test_next_key_belongs_to_its_call(customer: Customer) -> None:
    key = customer.send("ka10059", FLOW).headers["next-key"]
    assert "[1517:" in customer.refusal("ka10059", {**FLOW, "unit_tp": "1000"}, cont_yn="Y", next_key=key)[1]
    assert "[1517:" in customer.refusal("ka10059", FLOW, cont_yn="Y", next_key="")[1]
    again = customer.send("ka10059", FLOW, cont_yn="N", next_key=key).json()
    assert again["stk_invsr_orgn"][0]["dt"] == f"{customer.exchange.investor_flow(SAMSUNG)[-1].date:%Y%m%d}"


def test_unknown_environment_is_an_error() -> None:
    with pytest.raises(ValueError, match="real, demo"):
        KiwoomFace(Exchange(), environment="sandbox")


def test_apis_that_no_exchange_plays_are_answered_in_their_own_shape_and_say_so(customer: Customer) -> None:
    headers = {"api-id": "ka10060", "authorization": f"Bearer {customer.token}"}
    asked = {"dt": "20261120", "stk_cd": "005930", "amt_qty_tp": "1", "trde_tp": "0", "unit_tp": "1"}
    answer = customer.post("/api/dostk/chart", asked, headers)
    assert answer.headers["X-Brokerkit-Sandbox"] == "made-up"
    assert answer.json()["return_code"] == 0
    rows = answer.json()["stk_invsr_orgn_chart"]
    assert {"dt", "cur_prc", "ind_invsr", "orgn"} <= rows[0].keys()
    assert answer.headers["cont-yn"] == "Y"
    further = headers | {"cont-yn": "Y", "next-key": answer.headers["next-key"]}
    second = customer.post("/api/dostk/chart", asked, further)
    assert second.headers["cont-yn"] == "N"
    assert {row["dt"] for row in rows}.isdisjoint(row["dt"] for row in second.json()["stk_invsr_orgn_chart"])
    short = customer.post("/api/dostk/chart", {"dt": "20261120"}, headers)
    assert (short.json()["return_code"], "[1511:" in short.json()["return_msg"]) == (2, True)


def test_what_is_made_up_is_about_what_was_asked_and_in_its_place(customer: Customer) -> None:
    asked = {"stex_tp": "0", "sort_tp": "1"}
    pages = customer.pages("usa20910", "result_list", asked)
    rows = [row for page in pages for row in page]
    assert [row["rank"] for row in rows] == [str(place) for place in range(1, 11)]
    assert all(f"US:{row['stk_cd']}" in customer.us.instruments for row in rows)
    bars = customer.call("ka50081", {"stk_cd": "M04020000", "base_dt": "20261120", "upd_stkpc_tp": "1"})
    days = bars["gds_day_chart_qry"]
    assert (len({row["cur_prc"] for row in days}), len({row["dt"] for row in days})) == (1, len(days))
    (tick, *_) = customer.call("ka20004", {"inds_cd": "001", "tic_scope": "1"})["inds_tic_chart_qry"]
    assert dt.datetime.strptime(tick["cntr_tm"], "%Y%m%d%H%M%S").date() == TODAY


@pytest.mark.parametrize("key", ["", "0", "anything"])
def test_first_calls_may_say_that_they_do_not_go_on(customer: Customer, key: str) -> None:
    rows = customer.send("ka10059", FLOW, cont_yn="N", next_key=key).json()["stk_invsr_orgn"]
    assert len(rows) == 100


def test_what_the_demo_host_has_not_got_is_not_called_unplayed(tester: Customer) -> None:
    for api_id in ("ka01690", "kt00005"):
        answer = tester.send(api_id, {})
        assert answer.json()["return_code"] in (2, 20)
        assert "X-Brokerkit-Sandbox" not in answer.headers


def test_bodies_without_a_key_are_not_kept_and_answers_only_a_while(customer: Customer) -> None:
    headers = {"api-id": "ka00001", "authorization": "Bearer nobody"}
    customer.post("/api/dostk/acnt", {"secret": "x" * 1_000}, headers)
    customer.issue(appkey="somebody else's")
    assert [request.body for request in customer.face.requests[-2:]] == [{}, {}]
    customer.send("ka00001", {"padding": "x" * 5_000})
    assert customer.face.requests[-1].body == {}
    for _ in range(RequestLog.answers_kept):
        customer.send("ka00001", {"small": "1"})
    kept = [bool(request.answer) for request in customer.face.requests]
    assert (kept.count(True), kept[-RequestLog.answers_kept :].count(True)) == (RequestLog.answers_kept,) * 2
    assert customer.face.requests[-1].body == {"small": "1"}


def test_log_of_requests_has_an_end() -> None:
    log = RequestLog()
    for number in range(5_000):
        log.append(ReceivedRequest("POST", f"/{number}", {}, {}, {}))
    assert len(log) <= 2 * RequestLog.kept
    assert log[-1].path == "/4999"


def test_header_names_and_the_content_type_may_have_any_case(customer: Customer) -> None:
    headers = {"API-ID": "ka00001", "Authorization": f"Bearer {customer.token}", "CONT-YN": "N", "Next-Key": ""}
    typed = {"Content-Type": "Application/JSON; charset=utf-8"}
    assert customer.post("/api/dostk/acnt", {}, headers | typed).json()["acctNo"] == customer.account


def test_answers_go_on_while_a_test_holds_one_back(customer: Customer) -> None:
    seen = []
    customer.face.before = lambda request: seen.append(request.path)
    customer.call("ka00001")
    assert seen == ["/api/dostk/acnt"]
    assert customer.face.requests[-1].answer["acctNo"] == customer.account
    assert set(customer.face.requests[-1].answer) == {"acctNo", "return_code", "return_msg"}
