"""Certificates: what TLS says of them is told with what to do, and only `ca_file` says which are trusted."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

import pytest

from brokerkit.errors import BrokerError, NetworkError, NotSent
from brokerkit.transport.outgoing import check_certificates
from tests.faults import call
from tests.servers import ORDER, READ, ProbeClient, Server, make_certificate

pytest.importorskip("cryptography", reason="certificates are made with the cryptography package")

ENDPOINTS = pytest.mark.parametrize("endpoint", [ORDER, READ], ids=str)


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, ssl.SSLContext]:
    return make_certificate(tmp_path)


def client_of(server: Server, ca_file: Path | None) -> ProbeClient:
    client = ProbeClient(server.url)
    client._verify = check_certificates(ca_file)
    return client


def refused(server: Server, client: ProbeClient, endpoint: Any) -> BrokerError:
    """Call, and return the error: nothing was sent, and it says so."""
    error = call(client, endpoint)
    assert type(error) is (NotSent if endpoint is ORDER else NetworkError)
    assert error.message.isprintable()
    assert server.requests == []
    return error


@ENDPOINTS
def test_a_certificate_that_nobody_vouches_for_is_told_as_such(
    certificate: tuple[Path, ssl.SSLContext], endpoint: Any
) -> None:
    with Server(tls=certificate[1]) as server:
        error = refused(server, client_of(server, None), endpoint)
    assert "certificate verify failed: self" in error.message  # "self-signed" or, of older versions, "self signed"
    assert "name its certificate as ca_file" in str(error.advice)


@ENDPOINTS
def test_another_certificate_than_the_trusted_one_names_the_file(
    certificate: tuple[Path, ssl.SSLContext], tmp_path: Path, endpoint: Any
) -> None:
    (tmp_path / "other").mkdir()
    other, _ = make_certificate(tmp_path / "other")
    with Server(tls=certificate[1]) as server:
        error = refused(server, client_of(server, other), endpoint)
    assert "certificate verify failed: " in error.message
    assert f"ca_file {other}" in str(error.advice)


@ENDPOINTS
def test_a_certificate_of_another_host_is_told_as_such(certificate: tuple[Path, ssl.SSLContext], endpoint: Any) -> None:
    with Server(tls=certificate[1]) as server:
        client = client_of(server, certificate[0])
        client.base_url = f"https://127.0.0.1:{server.port}"
        error = refused(server, client, endpoint)
    assert "certificate is not valid for '127.0.0.1'" in error.message


@ENDPOINTS
def test_a_certificate_that_has_run_out_is_told_as_such(tmp_path: Path, endpoint: Any) -> None:
    shown, context = make_certificate(tmp_path, days_old=30)
    with Server(tls=context) as server:
        error = refused(server, client_of(server, shown), endpoint)
    assert "certificate has expired" in error.message
    assert "clock of this machine" in str(error.advice)


@ENDPOINTS
def test_a_server_without_tls_is_told_with_the_reason_of_openssl(endpoint: Any) -> None:
    def at_accept(sock: Any, server: Server) -> None:
        sock.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        server.stopped.wait(0.2)

    with Server(at_accept=at_accept) as server:
        error = refused(server, ProbeClient(f"https://127.0.0.1:{server.port}"), endpoint)
    assert "SSLError: " in error.message
    assert "wrong version number" in error.message or "packet length too long" in error.message


@ENDPOINTS
@pytest.mark.parametrize("content", [None, "", "no certificate"])
def test_a_ca_file_that_has_gone_since_the_start_is_named_and_nothing_is_sent(
    certificate: tuple[Path, ssl.SSLContext], content: str | None, endpoint: Any
) -> None:
    shown, context = certificate
    with Server(tls=context) as server:
        client = client_of(server, shown)
        shown.unlink()
        if content is not None:
            shown.write_text(content, encoding="utf-8")
        error = refused(server, client, endpoint)
    assert f"ca_file {shown} cannot be used" in error.message
    assert "Nothing was sent. Name a PEM file." in str(error.advice)


def test_a_ca_file_that_has_gone_ends_no_line_that_is_kept(certificate: tuple[Path, ssl.SSLContext]) -> None:
    shown, context = certificate
    with Server(tls=context) as server, client_of(server, shown) as client:
        client.call(READ)
        shown.unlink()
        assert client.call(ORDER, body={}).price == 70000
        client.close()
        assert type(call(client, ORDER)) is NotSent
        assert server.orders() == 1


@ENDPOINTS
@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_variables_of_the_environment_make_no_certificate_trusted(
    certificate: tuple[Path, ssl.SSLContext], name: str, endpoint: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, str(certificate[0].parent if name == "SSL_CERT_DIR" else certificate[0]))
    with Server(tls=certificate[1]) as server:
        assert "certificate verify failed" in refused(server, client_of(server, None), endpoint).message


def test_variables_of_the_environment_make_no_certificate_untrusted(
    certificate: tuple[Path, ssl.SSLContext], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "missing.pem"))
    with Server(tls=certificate[1]) as server, client_of(server, certificate[0]) as client:
        assert client.call(ORDER, body={}).price == 70000
