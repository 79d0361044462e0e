"""Keys and tokens of the KIS face."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from brokerkit import clock

QUOTATIONS, TRADING = "/uapi/domestic-stock/v1/quotations", "/uapi/domestic-stock/v1/trading"
PRICE = f"{QUOTATIONS}/inquire-price"
ORDER = f"{TRADING}/order-cash"
SAMSUNG = "005930"
Json = dict[str, Any]


def test_token_has_the_shape_and_life_that_clients_expect(real: Any) -> None:
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


def test_second_token_within_a_minute_is_refused_in_the_other_envelope(real: Any) -> None:
    response = real.login()
    assert response.status_code == 403
    assert response.json().keys() == {"error_description", "error_code"}
    assert response.json()["error_code"] == "EGW00133"
    assert real.face.tokens_issued == 1


def test_repeat_after_a_minute_gives_the_same_token_and_a_new_one_after_six_hours(
    real: Any, monkeypatch: pytest.MonkeyPatch
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
def test_token_needs_the_right_keys(real: Any, changes: Json, code: str) -> None:
    response = real.login(**changes)
    assert (response.status_code, response.json()["error_code"]) == (403, code)


def test_token_and_approval_have_a_limit_of_their_own(real: Any) -> None:
    body = {"grant_type": "client_credentials", "appkey": real.keys.app_key, "secretkey": real.keys.app_secret}
    first, second = (real.session.post(f"{real.server.url}/oauth2/Approval", json=body, timeout=30) for _ in range(2))
    assert len(first.json()["approval_key"]) == 36
    assert real.code_of(second) == (500, "1", "EGW00201")
    real.face.token_minute = 0
    assert real.code_of(real.login()) == (500, "1", "EGW00201")


@pytest.mark.parametrize("helper", ["kill_tokens", "expire_tokens"])
def test_dead_tokens_are_refused_and_a_new_one_can_be_had_at_once(real: Any, helper: str) -> None:
    getattr(real.face, helper)()
    fields = {"FID_COND_MRKT_DIV_CODE": "J", "FID_INPUT_ISCD": SAMSUNG}
    assert real.code_of(real.get(PRICE, "FHKST01010100", fields)) == (500, "1", "EGW00123")
    real.token = real.login().json()["access_token"]
    assert real.quote()["rt_cd"] == "0"
    assert real.face.tokens_issued == 2


def test_revoked_token_opens_nothing(real: Any) -> None:
    body = {"appkey": real.keys.app_key, "appsecret": real.keys.app_secret, "token": real.token}
    first, second = (real.session.post(f"{real.server.url}/oauth2/revokeP", json=body, timeout=30) for _ in range(2))
    assert first.json()["code"] == 200
    assert second.status_code == 403
    assert real.quote()["msg_cd"] == "EGW00121"


def test_hash_key_is_checked_where_an_order_carries_one(real: Any) -> None:
    body = {**real.account, "PDNO": SAMSUNG, "ORD_DVSN": "00", "ORD_QTY": "1", "ORD_UNPR": real.low_price()}
    hashed = real.post("/uapi/hashkey", "", body).json()
    assert hashed["BODY"] == body
    assert real.post(ORDER, "TTTC0012U", body, hashkey=hashed["HASH"]).json()["rt_cd"] == "0"
    assert (
        real.code_of(real.post(ORDER, "TTTC0012U", {**body, "ORD_QTY": "2"}, hashkey=hashed["HASH"]))[2] == "EGW00131"
    )
