"""Served sandboxes at addresses of a profile, and over TLS: what is trusted, and what is not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from brokerkit import BrokerError, ConfigError, NetworkError, get_broker
from brokerkit.sandbox import Sandbox
from brokerkit.transport.connection import Answer, Failure, new_line, transmit
from tests.servers import Server, make_certificate
from tests.test_connection import prepared

BROKERS = ("kis", "kiwoom")

pytest.importorskip("cryptography", reason="certificates are made with the cryptography package")


@pytest.fixture(autouse=True)
def _nothing_of_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("BROKERKIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("BROKERKIT_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr("platformdirs.user_config_path", lambda *_, **__: tmp_path / "user")


def write_profile(broker: str, box: Sandbox, environment: str = "sandbox", **more: object) -> None:
    """Write a profile that names the sandbox's address and keys."""
    given = box.connect(broker)
    lines = {
        "broker": broker,
        "environment": environment,
        "base_url": given.base_url,
        "app_key": given.app_key,
        "app_secret": given.app_secret,
        "account": given.account,
        **more,
    }
    text = "\n".join(f"{name} = '{value}'" for name, value in lines.items())
    Path("brokerkit.toml").write_text(f"[profiles.served]\n{text}\n", encoding="utf-8")


@pytest.mark.parametrize("broker", BROKERS)
def test_a_sandbox_over_tls_is_trusted_by_its_own_certificate(broker: str, tmp_path: Path) -> None:
    certificate = tmp_path / "sandbox.pem"
    with Sandbox(certificate=certificate) as box:
        with get_broker(broker, environment="sandbox", sandbox=box, options={"ca_file": certificate}) as connected:
            assert connected.quote("005930").symbol == "005930"
            connected.close()
            assert connected.quote("000660").symbol == "000660"
        assert box.connect(broker).base_url.startswith("https://")


@pytest.mark.parametrize("broker", BROKERS)
def test_a_sandbox_over_tls_is_not_trusted_without_its_certificate(broker: str, tmp_path: Path) -> None:
    other, _ = make_certificate(tmp_path)
    with Sandbox(certificate=tmp_path / "sandbox.pem") as box:
        for options in ({}, {"ca_file": other}):
            connected = get_broker(broker, environment="sandbox", sandbox=box, options=options)
            with connected, pytest.raises(NetworkError, match="SSLCertVerificationError"):
                connected.quote("005930")
        assert box.face(broker).requests == []


@pytest.mark.parametrize("broker", BROKERS)
@pytest.mark.parametrize("content", [None, "", "no certificate"])
def test_a_file_without_a_certificate_is_refused_before_anything_is_sent(
    broker: str, content: str | None, tmp_path: Path
) -> None:
    file = tmp_path / "given.pem"
    if content is not None:
        file.write_text(content, encoding="utf-8")
    with Sandbox() as box:
        with pytest.raises(ConfigError, match=r"ca_file .*given\.pem cannot be used") as caught:
            get_broker(broker, environment="sandbox", sandbox=box, options={"ca_file": file})
        assert caught.value.advice == "Name a PEM file."
        assert box.face(broker).requests == []


@pytest.mark.parametrize("broker", BROKERS)
def test_a_profile_names_the_address_and_the_certificate_of_a_served_sandbox(broker: str, tmp_path: Path) -> None:
    certificate = tmp_path / "sandbox.pem"
    with Sandbox(certificate=certificate) as box:
        write_profile(broker, box, ca_file=certificate)
        with get_broker("served") as connected:
            assert connected.client.base_url == box.connect(broker).base_url
            connected.quote("005930")
        assert box.face(broker).requests[-1].status == 200


@pytest.mark.parametrize("environment", ["demo", "real"])
def test_the_address_of_a_profile_is_for_the_sandbox_only(environment: str) -> None:
    with Sandbox() as box:
        write_profile("kis", box, environment)
        with pytest.raises(ConfigError, match="belong to environment='sandbox'"):
            get_broker("served")
        assert box.face("kis").requests == []


@pytest.mark.parametrize("broker", BROKERS)
def test_a_sandbox_that_is_given_counts_more_than_the_address_of_a_profile(broker: str) -> None:
    with Sandbox() as served, Sandbox() as own:
        write_profile(broker, served)
        with get_broker("served", sandbox=own) as connected:
            connected.quote("005930")
        assert served.face(broker).requests == []
        assert own.face(broker).requests[-1].status == 200


def test_an_address_that_is_given_counts_more_than_that_of_a_profile() -> None:
    with Sandbox() as served, Sandbox() as other:
        write_profile("kis", served)
        with (
            get_broker("served", base_url=other.connect("kis").base_url) as connected,
            pytest.raises(BrokerError),  # that one has other keys
        ):
            connected.quote("005930")
        assert served.face("kis").requests == []
        assert len(other.face("kis").requests) == 1


def test_a_line_that_goes_to_another_server_checks_the_certificate_of_that_one(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    trusted, context = make_certificate(tmp_path)
    _, other = make_certificate(tmp_path / "other")
    line = new_line()
    with Server(tls=context) as first, Server(tls=other) as second:
        outcomes = [
            transmit(line, prepared(url), fresh=False, gate=None, cap=1000, verify=str(trusted))
            for url in (first.url, second.url, first.url)
        ]
        line.close()
        assert [type(outcome) for outcome in outcomes] == [Answer, Failure, Answer]
        assert second.requests == []


def test_a_line_whose_certificates_change_checks_again(tmp_path: Path) -> None:
    trusted, context = make_certificate(tmp_path)
    line = new_line()
    with Server(tls=context) as server:
        outcomes = [
            transmit(line, prepared(server.url), fresh=False, gate=None, cap=1000, verify=verify)
            for verify in (str(trusted), True)
        ]
        line.close()
        assert [type(outcome) for outcome in outcomes] == [Answer, Failure]
        assert len(server.requests) == 1
