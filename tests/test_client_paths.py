"""Which calls move orders, however their path is written, and which paths are none."""

from __future__ import annotations

import dataclasses

import pytest
from brokerkit_kis.client import KisClient
from brokerkit_kiwoom.client import KiwoomClient

from brokerkit.errors import Blocked, InvalidRequest
from brokerkit.transport import Client, Effect
from brokerkit.transport.outgoing import as_read, is_plain
from tests.servers import ORDER, READ, ProbeClient, Server


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


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "post", "Get", "HEAD"])
@pytest.mark.parametrize("path", SPELLINGS)
def test_an_order_path_is_one_however_it_is_written_and_whatever_the_method(path: str, method: str) -> None:
    with Server() as server, Trading(server.url) as client:
        for effect in (Effect.READ, Effect.AUTH):
            with pytest.raises(Blocked, match="order, amend and cancel"):
                client.call(dataclasses.replace(READ, path=path, method=method, effect=effect))
        assert server.requests == []


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
            client.call(dataclasses.replace(ORDER if effect is Effect.ORDER else READ, path=path), body={})
        assert server.requests == []


def test_what_was_checked_once_is_not_taken_for_another_effect() -> None:
    with Server() as server, Trading(server.url) as client:
        order = dataclasses.replace(ORDER, path="/v1/trading/order")
        assert client.call(order, body={}).price == 70000
        with pytest.raises(Blocked):
            client.call(dataclasses.replace(order, effect=Effect.READ), body={})
        assert len(server.requests) == 1


def test_a_path_is_read_as_the_most_generous_server_would() -> None:
    assert as_read("/A//b/../%2e/C;d=e/?f") == "/a/c"
    assert as_read("/../../x") == "/x"


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
                client.call(dataclasses.replace(READ, path=path, method=method))
        assert server.requests == []
        for method, path in queries:
            assert client.call(dataclasses.replace(READ, path=path, method=method)).price == 70000
