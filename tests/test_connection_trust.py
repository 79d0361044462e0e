"""Served sandboxes at addresses of a profile, and over TLS: what is trusted, and what is not."""

from __future__ import annotations

import contextlib
import os
import ssl
from pathlib import Path

import pytest

from brokerkit import BrokerError, ConfigError, NetworkError, get_broker
from brokerkit.sandbox import Sandbox
from brokerkit.sandbox.certificate import make_certificate as make_sandbox_certificate
from brokerkit.transport.connection import Failure, Response, Transmission, new_line, transmit
from tests.servers import Server, make_certificate
from tests.test_connection import prepared

BROKERS = ("kis", "kiwoom")

pytest.importorskip("cryptography", reason="certificates are made with the cryptography package")

from cryptography import x509  # noqa: E402
from cryptography.hazmat.primitives import hashes, serialization  # noqa: E402
from cryptography.hazmat.primitives.asymmetric import ec  # noqa: E402


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


def issued_by(shown: Path, key_file: Path, folder: Path) -> ssl.SSLContext:
    """Return the context of a server whose certificate for localhost is signed with the key of the sandbox."""
    issuer = x509.load_pem_x509_certificate(shown.read_bytes())
    signing = serialization.load_pem_private_key(key_file.read_bytes(), password=None)
    assert isinstance(signing, ec.EllipticCurvePrivateKey)
    key = ec.generate_private_key(ec.SECP256R1())
    made = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")]))
        .issuer_name(issuer.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(issuer.not_valid_before_utc)
        .not_valid_after(issuer.not_valid_after_utc)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(signing, hashes.SHA256())
    )
    chain, private = folder / "forged.pem", folder / "forged.key"
    chain.write_bytes(made.public_bytes(serialization.Encoding.PEM) + shown.read_bytes())
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, private)
    return context


def told_by(context: ssl.SSLContext, shown: Path) -> Response | Failure:
    line = new_line()
    with Server(tls=context) as server:
        told = transmit(line, Transmission(fresh=False, gate=None), prepared(server.url), cap=1000, verify=str(shown))
        line.close()
        assert len(server.requests) == isinstance(told, Response)
    return told


def test_who_has_the_key_of_a_sandbox_can_show_it_and_sign_nothing_with_it(tmp_path: Path) -> None:
    shown = tmp_path / "sandbox.pem"
    key = make_sandbox_certificate(shown)
    own = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    own.load_cert_chain(shown, key)
    assert isinstance(told_by(own, shown), Response)
    told = told_by(issued_by(shown, key, tmp_path), shown)
    assert isinstance(told, Failure)
    assert (told.sent, "SSL" in told.words) == (0, True)
    key.unlink()


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_the_certificate_of_a_sandbox_is_good_for_this_machine_by_strict_rules(host: str, tmp_path: Path) -> None:
    shown = tmp_path / "sandbox.pem"
    key = make_sandbox_certificate(shown)
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(shown, key)
    key.unlink()
    client = ssl.create_default_context(cafile=shown)
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    assert shaken(client, served, host) is True
    with pytest.raises(ssl.SSLCertVerificationError):
        shaken(client, served, "openapi.example")


def shaken(client: ssl.SSLContext, served: ssl.SSLContext, host: str) -> bool:
    """Shake hands in memory; an SSLError if the client does not trust what it is shown."""
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    one = client.wrap_bio(to_client, to_server, server_hostname=host)
    other = served.wrap_bio(to_server, to_client, server_side=True)
    for side in (one, other, one):
        with contextlib.suppress(ssl.SSLWantReadError):
            side.do_handshake()
    return one.getpeercert() is not None


def test_the_certificate_of_a_sandbox_says_what_it_is_for(tmp_path: Path) -> None:
    shown = tmp_path / "sandbox.pem"
    make_sandbox_certificate(shown).unlink()
    extensions = x509.load_pem_x509_certificate(shown.read_bytes()).extensions
    basic = extensions.get_extension_for_class(x509.BasicConstraints)
    usage = extensions.get_extension_for_class(x509.KeyUsage)
    assert (basic.critical, basic.value.ca) == (True, False)
    assert (usage.critical, usage.value.digital_signature, usage.value.key_cert_sign) == (True, True, False)
    purposes = extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(purposes) == [x509.ExtendedKeyUsageOID.SERVER_AUTH]


def test_a_line_that_goes_to_another_server_checks_the_certificate_of_that_one(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    trusted, context = make_certificate(tmp_path)
    _, other = make_certificate(tmp_path / "other")
    line = new_line()
    with Server(tls=context) as first, Server(tls=other) as second:
        outcomes = [
            transmit(line, Transmission(fresh=False, gate=None), prepared(url), cap=1000, verify=str(trusted))
            for url in (first.url, second.url, first.url)
        ]
        line.close()
        assert [type(outcome) for outcome in outcomes] == [Response, Failure, Response]
        assert second.requests == []


def test_a_line_whose_certificates_change_checks_again(tmp_path: Path) -> None:
    trusted, context = make_certificate(tmp_path)
    line = new_line()
    with Server(tls=context) as server:
        outcomes = [
            transmit(line, Transmission(fresh=False, gate=None), prepared(server.url), cap=1000, verify=verify)
            for verify in (str(trusted), True)
        ]
        line.close()
        assert [type(outcome) for outcome in outcomes] == [Response, Failure]
        assert len(server.requests) == 1
