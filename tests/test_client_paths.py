"""Which calls move orders, however their path is written, and which paths are none."""

from __future__ import annotations

from typing import Any

import pytest
from brokerkit_kis.client import KisClient
from brokerkit_kiwoom.client import KiwoomClient
from pydantic import SecretStr

from brokerkit.errors import Blocked, InsufficientFunds, InvalidRequest
from brokerkit.transport import Client, Effect
from brokerkit.transport.outgoing import as_read, is_plain
from tests.servers import ORDER, READ, ProbeClient, Server, refusal


class Trading(ProbeClient):
    """A client whose orders have a path."""

    order_calls = "/trading/(order|sell)"


SPELLINGS = [
    "/v1/trading/order",
    "/v1/tr%61ding/order",
    "/v1/tr%2561ding/order",
    "/v1%2Ftrading%2forder",
    "//v1//trading///order",
    "/v1/./trading/./order",
    "/v1/quotes/../trading/order",
    "/v1/trading/x/%2e%2e/order",
    "/V1/TRADING/Order",
    "/v1/trading/order/",
    "/v1/trading/order;a=b",
    "/v1/trading;x/order",
    "/v1/trading/order?a=b",
    "/v1/trading/order#quotes",
    "\\v1\\trading\\order",
    "/v1/ trading /order",
    "/v1/trading/sell%00",
    "v1/trading/order",
]


@pytest.mark.parametrize("path", SPELLINGS)
def test_an_order_path_is_one_however_it_is_written_and_whatever_the_method(path: str) -> None:
    with Server() as server, Trading(server.url) as client:
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "post", "Get", "HEAD"):
            for effect in (Effect.READ, Effect.AUTH):
                with pytest.raises(Blocked, match="order, amend and cancel"):
                    client.call(READ._replace(path=path, method=method, effect=effect))
                assert server.requests == [], (method, effect)


@pytest.mark.parametrize(
    "path",
    [
        *(path for path in SPELLINGS if not is_plain(path)),
        "",
        "/",
        "/read/",
        "@evil.example/read",
        "/read?a=b",
        "/read\r\nX: y",
        "/read HTTP/1.1",
        "/r\xe9ad",
        "/...",
        "/a/.b",
    ],
)
@pytest.mark.parametrize("effect", [Effect.READ, Effect.ORDER])
def test_a_path_that_can_be_read_in_two_ways_is_refused(path: str, effect: Effect) -> None:
    with Server() as server, ProbeClient(server.url) as client:
        with pytest.raises(InvalidRequest, match="names/and/slashes"):
            client.call((ORDER if effect is Effect.ORDER else READ)._replace(path=path), body={})
        assert server.requests == []


@pytest.mark.parametrize("pattern", ["post /v1/trading", "POST /v1/trading", "/V1/Trading"])
def test_a_pattern_of_orders_is_understood_in_any_case(pattern: str) -> None:
    class Shouting(ProbeClient):
        order_calls = pattern

    with Server() as server, Shouting(server.url) as client:
        with pytest.raises(Blocked):
            client.call(READ._replace(path="/v1/trading/order", method="POST"))
        assert client.call(READ._replace(path="/v1/quotes", method="POST")).price == 70000


def test_what_was_checked_once_is_not_taken_for_another_effect() -> None:
    with Server() as server, Trading(server.url) as client:
        order = ORDER._replace(path="/v1/trading/order")
        assert client.call(order, body={}).price == 70000
        with pytest.raises(Blocked):
            client.call(order._replace(effect=Effect.READ), body={})
        assert len(server.requests) == 1


def test_a_path_is_read_as_the_most_generous_server_would() -> None:
    assert as_read("/A//b/../%2e/C;d=e/?f") == "/a/c"
    assert as_read("/../../x") == "/x"


CANCEL = ORDER._replace(path="/orders/{order}/cancel")


@pytest.mark.parametrize(
    ("order", "path"),
    [
        ("0000117", "/orders/0000117/cancel"),
        (117, "/orders/117/cancel"),
        ("aB-_.~9", "/orders/aB-_.~9/cancel"),
        ("a=+:@,", "/orders/a%3D%2B%3A%40%2C/cancel"),
        (SecretStr("x" * 128), f"/orders/{'x' * 128}/cancel"),
    ],
)
def test_a_path_takes_an_id_as_one_part_of_it(order: Any, path: str) -> None:
    with Server() as server, ProbeClient(server.url) as client:
        assert client.call(CANCEL, body={}, path={"order": order}).price == 70000
        assert server.paths() == [path]


@pytest.mark.parametrize(
    "path",
    [
        *(
            {"order": order}
            for order in ("", ".", "..", "a/b", "a\\b", "a%2Fb", "a?b", "a#b", "a;b", "a b", "a\n", "가")
        ),
        *({"order": order} for order in ("x" * 129, None, 1.5, True, ["a"], SecretStr("../x"))),
        {},
        {"other": "1"},
        {"order": "1", "other": "2"},
    ],
)
def test_what_is_not_one_part_of_a_path_is_refused(path: Any) -> None:
    with Server() as server, ProbeClient(server.url) as client:
        with pytest.raises(InvalidRequest):
            client.call(CANCEL, body={}, path=path)
        with pytest.raises(InvalidRequest):
            client.call(READ, path={"order": "1"})
        assert server.requests == []


def test_an_error_names_the_path_without_what_stands_in_it() -> None:
    with Server(lambda exchange: exchange.send(refusal("poor"))) as server, ProbeClient(server.url) as client:
        with pytest.raises(InsufficientFunds) as caught:
            client.call(CANCEL, body={}, path={"order": "canary-1"})
        assert caught.value.endpoint == "order /orders/{order}/cancel"


def test_an_order_path_is_one_whatever_stands_in_it() -> None:
    class Trading(ProbeClient):
        order_calls = "post /orders"

    with Server() as server, Trading(server.url) as client:
        with pytest.raises(Blocked):
            client.call(CANCEL._replace(effect=Effect.READ), path={"order": "1"})
        assert server.requests == []


KIS_ORDERS = [
    ("POST", "/uapi/domestic-stock/v1/trading/order-cash"),
    ("GET", "/uapi/domestic-stock/v1/trading/order-cash"),
    ("PUT", "/uapi/domestic-stock/v1/trading/order-rvsecncl"),
    ("GET", "/uapi/domestic-bond/v1/trading/buy"),
    ("GET", "/uapi/overseas-stock/v1/trading/daytime-order"),
    ("GET", "/uapi/overseas-stock/v1/trading/order-resv-ccnl"),
    ("PUT", "/uapi/domestic-stock/v1/trading/inquire-balance"),
    ("POST", "/uapi/domestic-stock/v1/trading/inquire-balance"),
]
KIS_QUERIES = [
    ("GET", "/uapi/domestic-stock/v1/trading/inquire-balance"),
    ("GET", "/uapi/domestic-stock/v1/trading/inquire-psbl-order"),
    ("GET", "/uapi/domestic-stock/v1/trading/order-resv-ccnl"),
    ("GET", "/uapi/overseas-stock/v1/trading/order-resv-list"),
    ("GET", "/uapi/domestic-stock/v1/quotations/inquire-price"),
    ("POST", "/oauth2/tokenP"),
]
KIWOOM_ORDERS = [
    (method, path)
    for method in ("POST", "GET", "PUT")
    for path in ("/api/dostk/ordr", "/api/dostk/crdordr", "/api/us/ordr", "/api/dostk/ORDR")
]
KIWOOM_QUERIES = [("POST", "/api/dostk/acnt"), ("POST", "/oauth2/token"), ("POST", "/api/us/acnt")]


@pytest.mark.parametrize(
    ("adapter", "orders", "queries"),
    [(KisClient, KIS_ORDERS, KIS_QUERIES), (KiwoomClient, KIWOOM_ORDERS, KIWOOM_QUERIES)],
)
def test_the_brokers_order_paths_are_refused_with_any_method_and_their_queries_are_not(
    adapter: type[Client], orders: list[tuple[str, str]], queries: list[tuple[str, str]]
) -> None:
    class Probe(ProbeClient):
        order_calls = adapter.order_calls

    with Server() as server, Probe(server.url) as client:
        for method, path in orders:
            with pytest.raises(Blocked):
                client.call(READ._replace(path=path, method=method))
        assert server.requests == []
        for method, path in queries:
            assert client.call(READ._replace(path=path, method=method)).price == 70000
