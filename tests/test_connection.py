"""The line over plain HTTP: nothing is sent twice, every wait ends, and what stays open is called uncertain."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
import responses

from brokerkit.errors import BrokerError, NetworkError, NotSent, OrderUncertain, WireError
from brokerkit.transport import connection
from brokerkit.transport.connection import Failure, GateClosed, Line, Response, Transmission, new_line, transmit
from tests.faults import AFTER_THE_REQUEST, GZIPPED, call, drip, hasten, send
from tests.servers import GOOD, ORDER, READ, Exchange, ProbeClient, Server, answer, reset


@pytest.fixture(autouse=True)
def _short_times(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "CONNECT_SECONDS", 0.3)
    hasten(request, monkeypatch, 0.3, 0.6)


@pytest.mark.parametrize("case", AFTER_THE_REQUEST)
def test_an_order_without_a_definite_answer_is_uncertain_and_sent_once(case: str) -> None:
    with Server(AFTER_THE_REQUEST[case]) as server:
        error = call(ProbeClient(server.url), ORDER)
        assert type(error) is OrderUncertain
        assert server.paths() == ["/order"]
        assert server.connections == 1


IN_TROUBLE = ("500 without a code", "502", "success under 500")


@pytest.mark.parametrize("case", [case for case in AFTER_THE_REQUEST if case not in IN_TROUBLE])
def test_a_query_without_an_answer_fails_and_is_not_repeated(case: str) -> None:
    with Server(AFTER_THE_REQUEST[case]) as server:
        error = call(ProbeClient(server.url), READ)
        assert type(error) in (NetworkError, WireError)
        assert server.paths() == ["/read"]


@pytest.mark.parametrize("case", IN_TROUBLE)
def test_a_query_whose_server_is_in_trouble_is_repeated_once(case: str) -> None:
    """A server that says so, whatever else stands in its answer, is asked once more, after a pause."""
    with Server(AFTER_THE_REQUEST[case]) as server:
        assert type(call(ProbeClient(server.url), READ)) is NetworkError
        assert server.paths() == ["/read", "/read"]


@pytest.mark.parametrize(
    "case", ["silence", "body stalls", "no HTTP", "short body", "body drips", "half a status line"]
)
def test_a_query_on_a_kept_line_is_not_repeated_for_other_troubles_than_a_closed_line(case: str) -> None:
    def script(exchange: Exchange) -> bool | None:
        return exchange.send(answer()) if exchange.number == 1 else AFTER_THE_REQUEST[case](exchange)

    with Server(script) as server:
        client = ProbeClient(server.url)
        client.call(READ)
        assert type(call(client, READ)) is NetworkError
        assert server.paths() == ["/read", "/read"]
        assert server.connections == 1


@pytest.mark.parametrize("how", ["close", "reset"])
def test_an_order_is_uncertain_when_the_server_hangs_up_before_reading(how: str) -> None:
    def at_accept(sock: socket.socket, server: Server) -> None:
        sock.recv(1, socket.MSG_PEEK)
        if how == "reset":
            reset(sock)

    with Server(at_accept=at_accept) as server:
        assert type(call(ProbeClient(server.url), ORDER)) is OrderUncertain
        assert server.connections == 1


def test_an_order_takes_a_new_line_when_the_kept_one_was_idle(monkeypatch: pytest.MonkeyPatch) -> None:
    with Server() as server, ProbeClient(server.url) as client:
        client.call(READ)
        client.call(ORDER, body={})
        assert server.connections == 1
        monkeypatch.setattr(connection, "FRESH_SECONDS", 0.05)
        time.sleep(0.1)
        client.call(READ)
        assert server.connections == 1
        time.sleep(0.1)
        client.call(ORDER, body={})
        assert server.connections == 2
        assert server.orders() == 2


def test_the_answer_to_an_order_is_not_read_from_a_line_that_owes_an_earlier_one() -> None:
    def script(exchange: Exchange) -> bool:
        if exchange.path == "/read":
            exchange.server.stopped.wait(0.45)
            return exchange.send(answer({**GOOD, "price": "1"}))
        return exchange.send(answer({**GOOD, "price": "2"}))

    with Server(script) as server:
        client = ProbeClient(server.url)
        assert type(call(client, READ)) is NetworkError
        time.sleep(0.2)
        assert client.call(ORDER, body={}).price == 2
        assert server.connections == 2


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("endpoint", [ORDER, READ], ids=str)
def test_an_interrupt_goes_on_and_nothing_is_sent_again(
    interrupt: type[BaseException],
    endpoint: Any,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def read(*rest: object) -> None:
        try:
            raise ValueError
        except ValueError:
            raise interrupt from None

    monkeypatch.setattr(connection, "_read", read)
    with Server() as server, ProbeClient(server.url) as client:
        with pytest.raises(interrupt) as caught:
            client.call(endpoint)
        assert len(server.requests) == 1
    assert caught.value.__context__ is None
    assert ("an order was on its way" in caplog.text) is (endpoint is ORDER)


def test_running_out_of_memory_leaves_an_order_uncertain(monkeypatch: pytest.MonkeyPatch) -> None:
    def read(*rest: object) -> None:
        raise MemoryError

    monkeypatch.setattr(connection, "_read", read)
    with Server() as server:
        assert type(call(ProbeClient(server.url), ORDER)) is OrderUncertain
        assert server.orders() == 1


def prepared(url: str) -> Callable[[], requests.PreparedRequest]:
    return lambda: requests.Request("POST", f"{url}/order", data=b"{}").prepare()


@pytest.fixture
def line() -> Iterator[Line]:
    adapter = new_line()
    yield adapter
    adapter.close()


def test_the_gate_is_asked_before_the_first_byte(line: Line) -> None:
    asked: list[int] = []

    def gate() -> None:
        asked.append(len(server.requests))
        raise GateClosed("the kill switch is on")

    with Server() as server:
        result = transmit(line, Transmission(fresh=True, gate=gate), prepared(server.url), cap=1000)
        assert result == Failure("the kill switch is on", 0)
        assert (server.requests, asked) == ([], [0])


def test_a_gate_that_fails_in_any_way_lets_nothing_through(line: Line) -> None:
    def gate() -> None:
        raise RuntimeError

    with Server() as server:
        assert transmit(line, Transmission(fresh=True, gate=gate), prepared(server.url), cap=1000) == Failure(
            "RuntimeError", 0
        )
        assert server.requests == []


def test_an_open_gate_is_asked_once_for_a_request(line: Line) -> None:
    asked: list[None] = []
    with Server() as server:
        result = transmit(
            line, Transmission(fresh=True, gate=lambda: asked.append(None)), prepared(server.url), cap=1000
        )
        assert isinstance(result, Response)
    assert asked == [None]


def test_nothing_leaves_after_the_deadline(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "TOTAL_SECONDS", -0.001)
    with Server() as server:
        result = transmit(line, Transmission(fresh=True, gate=None), prepared(server.url), cap=1000)
        assert isinstance(result, Failure)
        assert (result.sent, server.requests) == (0, [])
        assert "before anything was sent" in result.words


def test_a_request_that_cannot_be_written_is_not_sent() -> None:
    with Server() as server, ProbeClient(server.url) as client:
        with pytest.raises(NotSent):
            client.call(ORDER, body={}, headers={"X-Two": "a\r\nX-Lines: b"})
        assert server.requests == []


def test_an_order_is_uncertain_when_somebody_elses_transport_fails() -> None:
    with responses.RequestsMock() as mock:
        mock.post("https://probe.invalid/order", body=requests.ConnectionError("refused"))
        mock.get("https://probe.invalid/read", body=requests.ConnectionError("refused"))
        assert type(call(ProbeClient(), ORDER)) is OrderUncertain
        assert type(call(ProbeClient(), READ)) is NetworkError
        assert len(mock.calls) == 2


def test_a_gzip_bomb_takes_no_memory() -> None:
    resource = pytest.importorskip("resource", reason="memory is measured where the system tells it")
    bomb = answer(gzip.compress(b" " * 200_000_000, 9), headers=GZIPPED)
    with Server(send(bomb)) as server:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        assert type(call(ProbeClient(server.url), READ)) is NetworkError
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 32_000


def test_a_redirect_with_an_endless_body_takes_no_memory_and_no_time() -> None:
    def script(exchange: Exchange) -> None:
        head = b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\n\r\n"
        exchange.send(head)
        for _ in range(100):
            exchange.send(b" " * 1_000_000)

    with Server(script) as server:
        assert "larger than 1048576 bytes" in call(ProbeClient(server.url), ORDER).message
        assert server.paths() == ["/order"]


def test_many_threads_that_start_at_once_are_all_cut_in_time() -> None:
    errors: list[BrokerError] = []
    with Server(drip(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 500)) as server:
        threads = [
            threading.Thread(target=lambda: errors.append(call(ProbeClient(server.url), ORDER))) for _ in range(12)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(4)
        assert [type(error) for error in errors] == [OrderUncertain] * 12
        assert server.orders() == 12
