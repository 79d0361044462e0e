"""Before the first byte and over TLS: what is provably not sent, and what is not."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests.adapters

from brokerkit.errors import NetworkError, NotSent, OrderUncertain
from brokerkit.transport import connection
from tests.faults import AFTER_THE_REQUEST, call, hasten
from tests.servers import ORDER, READ, Exchange, ProbeClient, Server, answer, make_certificate, reset

Accept = Callable[[socket.socket, Server], bool | None]


@pytest.fixture(autouse=True)
def _short_times(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "CONNECT_SECONDS", 0.3)
    hasten(request, monkeypatch, 0.3, 0.6)


def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def close_in_handshake(sock: socket.socket, server: Server) -> None:
    sock.recv(100)


def reset_in_handshake(sock: socket.socket, server: Server) -> None:
    sock.recv(100)
    reset(sock)


def silence_in_handshake(sock: socket.socket, server: Server) -> None:
    server.stopped.wait(5)


def garbage_in_handshake(sock: socket.socket, server: Server) -> None:
    sock.sendall(b"220 mail.example ESMTP\r\n")
    server.stopped.wait(0.2)


def drip_in_handshake(sock: socket.socket, server: Server) -> None:
    for byte in b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc" + b"\x00" * 500:
        if server.stopped.wait(0.05):
            return
        sock.sendall(bytes([byte]))


HANDSHAKES: tuple[Accept, ...] = (
    close_in_handshake,
    reset_in_handshake,
    silence_in_handshake,
    garbage_in_handshake,
    drip_in_handshake,
)


@pytest.mark.parametrize("endpoint", [ORDER, READ], ids=str)
@pytest.mark.parametrize("at_accept", HANDSHAKES, ids=lambda script: script.__name__)
def test_trouble_in_the_handshake_is_not_sent(at_accept: Accept, endpoint: Any) -> None:
    with Server(at_accept=at_accept) as server:
        error = call(ProbeClient(f"https://127.0.0.1:{server.port}"), endpoint)
        assert type(error) is (NotSent if endpoint is ORDER else NetworkError)
        assert server.connections == 1
        assert server.requests == []


@pytest.mark.parametrize("endpoint", [ORDER, READ], ids=str)
def test_a_refused_connection_is_not_sent(endpoint: Any) -> None:
    error = call(ProbeClient(f"http://127.0.0.1:{unused_port()}"), endpoint)
    assert type(error) is (NotSent if endpoint is ORDER else NetworkError)


@pytest.mark.parametrize("endpoint", [ORDER, READ], ids=str)
def test_a_name_that_is_not_found_is_not_sent(endpoint: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    def fail(host: str, *rest: object) -> None:
        asked.append(host)
        raise socket.gaierror(socket.EAI_NONAME, "not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    error = call(ProbeClient(), endpoint)
    assert type(error) is (NotSent if endpoint is ORDER else NetworkError)
    assert "NameResolutionError" in error.message
    assert asked == ["probe.invalid"]


@pytest.mark.parametrize("endpoint", [ORDER, READ], ids=str)
def test_a_connection_that_nobody_takes_is_not_sent(endpoint: Any) -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = [socket.socket() for _ in range(3)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(full.getsockname())
        error = call(ProbeClient(f"http://127.0.0.1:{full.getsockname()[1]}"), endpoint)
        for one in waiting:
            one.close()
    assert type(error) is (NotSent if endpoint is ORDER else NetworkError)
    assert "ConnectTimeout" in error.message


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, ssl.SSLContext]:
    pytest.importorskip("cryptography", reason="a certificate is made with the cryptography package")
    return make_certificate(tmp_path)


@pytest.fixture
def trusted(certificate: tuple[Path, ssl.SSLContext], monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", str(certificate[0]))
    if hasattr(requests.adapters, "_preloaded_ssl_context"):  # of older versions: it has read the usual ones already
        context = ssl.create_default_context(cafile=certificate[0])
        monkeypatch.setattr("requests.adapters._preloaded_ssl_context", context)
    return certificate[1]


def test_an_untrusted_certificate_is_not_sent(certificate: tuple[Path, ssl.SSLContext]) -> None:
    with Server(tls=certificate[1]) as server:
        error = call(ProbeClient(server.url), ORDER)
        assert type(error) is NotSent
        assert "SSLCertVerificationError" in error.message
        assert server.requests == []


def test_a_certificate_for_another_host_is_not_sent(trusted: ssl.SSLContext) -> None:
    with Server(tls=trusted) as server:
        assert type(call(ProbeClient(f"https://127.0.0.1:{server.port}"), ORDER)) is NotSent
        assert server.requests == []


def test_an_order_goes_over_tls_when_the_certificate_is_good(trusted: ssl.SSLContext) -> None:
    with Server(tls=trusted) as server, ProbeClient(server.url) as client:
        assert client.call(ORDER, body={}).price == 70000
        assert client.call(READ).price == 70000
        assert (server.orders(), server.connections) == (1, 1)


@pytest.mark.parametrize("case", ["silence", "body drips", "headers drip", "body drips before a close", "close"])
def test_an_order_over_tls_is_uncertain_after_its_bytes(case: str, trusted: ssl.SSLContext) -> None:
    with Server(AFTER_THE_REQUEST[case], tls=trusted) as server:
        assert type(call(ProbeClient(server.url), ORDER)) is OrderUncertain
        assert server.orders() == 1


def test_a_corrupt_record_after_the_request_is_uncertain(trusted: ssl.SSLContext) -> None:
    def script(exchange: Exchange) -> None:
        with socket.socket(fileno=exchange.sock.detach()) as plain:
            plain.sendall(b"\x17\x03\x03\x00\x20" + b"\x55" * 32)
            exchange.server.stopped.wait(0.2)

    with Server(script, tls=trusted) as server:
        error = call(ProbeClient(server.url), ORDER)
        assert type(error) is OrderUncertain
        assert "SSLError" in error.message
        assert server.orders() == 1


def close_kept_line(exchange: Exchange) -> bool | None:
    """Answer the first request of a connection, and hang up when the second comes."""
    return exchange.send(answer()) if exchange.on_connection == 1 else None


@pytest.mark.parametrize("over_tls", [False, True])
def test_a_query_is_repeated_once_when_the_kept_line_is_closed(over_tls: bool, trusted: ssl.SSLContext) -> None:
    with Server(close_kept_line, tls=trusted if over_tls else None) as server, ProbeClient(server.url) as client:
        client.call(READ)
        assert client.call(READ).price == 70000
        assert server.paths() == ["/read"] * 3
        assert server.connections == 2


def test_a_repeated_query_waits_for_its_turn_like_any_other() -> None:
    with Server(close_kept_line) as server, ProbeClient(server.url, ceiling=2) as client:
        began = time.monotonic()
        client.call(READ)
        client.call(READ)
        assert server.paths() == ["/read"] * 3
        assert time.monotonic() - began > 1  # two calls a second are allowed, and three were made


@pytest.mark.parametrize("over_tls", [False, True])
def test_a_query_is_not_repeated_when_the_new_line_is_closed_too(over_tls: bool, trusted: ssl.SSLContext) -> None:
    def script(exchange: Exchange) -> bool | None:
        return exchange.send(answer()) if exchange.number == 1 else None

    with Server(script, tls=trusted if over_tls else None) as server:
        client = ProbeClient(server.url)
        client.call(READ)
        assert type(call(client, READ)) is NetworkError
        assert server.paths() == ["/read"] * 3


@pytest.mark.parametrize("over_tls", [False, True])
def test_a_query_on_a_new_line_is_not_repeated_although_an_older_line_was_closed(
    over_tls: bool, trusted: ssl.SSLContext
) -> None:
    def script(exchange: Exchange) -> None:
        if exchange.number == 1:
            exchange.send(answer())

    with Server(script, tls=trusted if over_tls else None) as server:
        client = ProbeClient(server.url)
        client.call(READ)
        time.sleep(0.1)
        assert type(call(client, READ)) is NetworkError
        assert server.paths() == ["/read"] * 2


@pytest.mark.parametrize("over_tls", [False, True])
def test_an_order_is_sent_once_when_the_kept_line_is_closed(over_tls: bool, trusted: ssl.SSLContext) -> None:
    with Server(close_kept_line, tls=trusted if over_tls else None) as server:
        client = ProbeClient(server.url)
        client.call(READ)
        assert type(call(client, ORDER)) is OrderUncertain
        assert server.paths() == ["/read", "/order"]
