"""What leaves as query, form and JSON: numbers by their digits, secrets on the wire only, and nothing inexact."""

from __future__ import annotations

import json
from decimal import Decimal
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from brokerkit import config
from brokerkit.errors import InvalidRequest, Rejected
from brokerkit.text import HIDDEN
from brokerkit.transport import Encoding, Headers
from brokerkit.transport.bodies import as_json
from tests.servers import APP_SECRET, ORDER, READ, ProbeClient, Server, refusal

POST = READ._replace(method="POST")
FORM = POST._replace(encoding=Encoding.FORM)
CANARY = "Canary+/= &%0123456789"


def sent(server: Server) -> tuple[dict[str, str], str]:
    """Return headers, by small names, and body of the only request."""
    (request,) = server.requests
    head, _, body = request.decode().partition("\r\n\r\n")
    return {name.lower(): value for name, _, value in (line.partition(": ") for line in head.split("\r\n")[1:])}, body


class BareClient(ProbeClient):
    """A client that says nothing about the kind of its bodies."""

    def headers(self, endpoint: Any) -> Headers:
        return {}


def test_a_form_goes_out_as_a_form_with_its_secrets_opened_on_the_wire() -> None:
    body = {"grant_type": "client_credentials", "appsecretkey": SecretStr(CANARY), "이름": "가 나", "count": 3}
    with Server() as server, BareClient(server.url) as client:
        client.call(FORM, body=body)
        headers, content = sent(server)
        assert headers["content-type"] == "application/x-www-form-urlencoded"
        assert headers["content-length"] == str(len(content.encode()))
        assert parse_qsl(content, strict_parsing=True) == [
            ("grant_type", "client_credentials"),
            ("appsecretkey", CANARY),
            ("이름", "가 나"),
            ("count", "3"),
        ]


def test_what_the_adapter_says_of_its_bodies_counts() -> None:
    with Server() as server, ProbeClient(server.url) as client:
        client.call(FORM, body={"a": "b"})
        assert sent(server)[0]["content-type"] == "application/json"


def test_a_body_is_json_unless_the_endpoint_says_otherwise_and_nothing_is_said_without_one() -> None:
    with Server() as server, BareClient(server.url) as client:
        client.call(POST, body={})
        assert sent(server)[0]["content-type"] == "application/json; charset=utf-8"
    with Server() as server, BareClient(server.url) as client:
        client.call(READ, params={"symbol": "005930"})
        assert "content-type" not in sent(server)[0]


def test_a_nested_body_goes_out_as_json_with_numbers_by_their_digits() -> None:
    body = {
        "CSPAT00601InBlock1": {
            "IsuNo": "A005930",
            "OrdQty": 10,
            "OrdPrc": Decimal("70000.50"),
            "Pwd": SecretStr(CANARY),
            "last": True,
            "lists": [1, Decimal("0.1"), 'a"b\\c\n가', {"deep": (Decimal("1E-8"), False)}, []],
        },
        "empty": {},
    }
    with Server() as server, ProbeClient(server.url) as client:
        client.call(ORDER, body=body)
        content = sent(server)[1]
        assert '"OrdQty": 10, "OrdPrc": 70000.5, ' in content
        assert "[1, 0.1, " in content
        read = json.loads(content, parse_float=Decimal)
        inner = read["CSPAT00601InBlock1"]
        assert (inner["Pwd"], inner["last"], read["empty"]) == (CANARY, True, {})
        assert inner["lists"] == [1, Decimal("0.1"), 'a"b\\c\n가', {"deep": [Decimal("0.00000001"), False]}, []]


LARGEST = Decimal("999999999999999999.99999999")


@given(st.decimals(-LARGEST, LARGEST, places=8) | st.integers(-(10**18) + 1, 10**18 - 1))
def test_a_number_in_json_is_the_number_that_was_meant(number: Decimal | int) -> None:
    assert json.loads(as_json({"n": number}), parse_float=Decimal, parse_int=Decimal) == {"n": number}


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_text_in_json_is_the_text_that_was_meant(text: str) -> None:
    assert json.loads(as_json({text: [text, SecretStr(text)]})) == {text: [text, text]}


class Fruit(StrEnum):
    """A word that is a text."""

    PEAR = "pear"


def test_a_query_takes_texts_and_numbers() -> None:
    with Server() as server, ProbeClient(server.url) as client:
        client.call(
            READ, params={"a": 70000, "b": Decimal("0.50"), "c": SecretStr("x y&z"), "d": Fruit.PEAR, "e-f&": ""}
        )
        assert server.paths() == ["/read?a=70000&b=0.5&c=x%20y%26z&d=pear&e-f%26="]


class Odd:
    """Nothing that could be sent."""


INEXACT: list[Any] = [
    *(0.1, 70000.0, float("nan"), None, b"bytes", Odd(), {1, 2}, 1j),
    *(10**18, -(10**18), Decimal("1E-9"), Decimal("NaN"), Decimal("-Infinity"), Decimal("1E+18"), Decimal("1E+999999")),
    *("lone \ud800 half", SecretStr("lone \udfff half"), {1: "a"}, {"a": {None: "b"}}, [[0.5]], {"a": [{"b": None}]}),
]


@pytest.mark.parametrize("value", INEXACT, ids=lambda value: f"{value!a:.30}")
@pytest.mark.parametrize("endpoint", [POST, FORM, ORDER], ids=str)
def test_what_cannot_be_sent_exactly_is_refused_before_anything_leaves(endpoint: Any, value: Any) -> None:
    with Server() as server, ProbeClient(server.url) as client:
        for parts in ({"body": {"price": value}}, {"params": {"price": value}, "body": {}}):
            with pytest.raises(InvalidRequest):
                client.call(endpoint, **parts)
        assert (server.requests, client.issued) == ([], 0)


@pytest.mark.parametrize("value", [True, False, {"a": "b"}, ["a"], ("a",)])
def test_a_query_and_a_form_have_no_truth_values_blocks_and_lists(value: Any) -> None:
    with Server() as server, ProbeClient(server.url) as client:
        for parts in ({"params": {"name": value}}, {"body": {"name": value}}):
            with pytest.raises(InvalidRequest, match="name cannot be sent as"):
                client.call(FORM, **parts)
        client.call(POST, body={"name": value})
        assert len(server.requests) == 1


def test_what_cannot_be_sent_is_named_and_not_repeated() -> None:
    with Server() as server, ProbeClient(server.url) as client:
        with pytest.raises(InvalidRequest) as caught:
            client.call(POST, body={"account": SecretStr("canary-\ud800-canary")})
        assert "account" in str(caught.value)
        assert "canary" not in str(caught.value)
        assert (caught.value.broker, caught.value.endpoint) == ("probe", "read /read")
        assert (caught.value.__cause__, caught.value.__context__) == (None, None)


@pytest.mark.parametrize("endpoint", [POST, FORM], ids=["json", "form"])
def test_a_secret_deep_in_a_body_is_taken_out_of_what_the_broker_says(endpoint: Any) -> None:
    flat = {"key": SecretStr(CANARY)}
    body = flat if endpoint is FORM else {"block": {"rows": [{"number": 1, **flat}]}}
    with Server(lambda exchange: exchange.send(refusal("poor", f"no: {CANARY}"))) as server:
        with ProbeClient(server.url) as client, pytest.raises(Rejected) as caught:
            client.call(endpoint, body=body)
        assert caught.value.message == f"no: {HIDDEN}"
        assert sent(server)[1]


class Settings(config.Settings):
    """Settings with secrets of their own."""

    hts_id: SecretStr | None = None
    pins: tuple[SecretStr, ...] = ()


def test_every_secret_of_the_settings_is_taken_out_of_what_the_broker_says() -> None:
    class Own(ProbeClient):
        settings: Settings

        def __init__(self, url: str) -> None:
            super().__init__(url)
            own = Settings(
                app_key=SecretStr("own-key-01"),
                app_secret=SecretStr("own-secret-02"),
                account=SecretStr("50012345-01"),
                hts_id=SecretStr("own-login-03"),
                pins=(SecretStr("own-pin-04"),),
            )
            super(ProbeClient, self).__init__(own, environment="real", base_url=url, remember_token=False)

    words = "own-key-01 own-secret-02 5001234501 own-login-03 own-pin-04 stays"
    with Server(lambda exchange: exchange.send(refusal("poor", words))) as server, Own(server.url) as client:
        with pytest.raises(Rejected) as caught:
            client.call(READ)
        assert caught.value.message == " ".join([HIDDEN] * 5 + ["stays"])
        assert client.settings.hts_id is not None
        assert APP_SECRET not in repr(vars(client))
