"""Servers that misbehave on purpose, and the small client that the transport tests play against them."""

from __future__ import annotations

import datetime as dt
import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Self

from pydantic import Field, SecretStr

from brokerkit import clock, config
from brokerkit.errors import AuthError, BrokerError, InsufficientFunds, NetworkError, RateLimited
from brokerkit.transport import (
    Block,
    Client,
    Effect,
    Endpoint,
    Headers,
    Limit,
    Number,
    Request,
    Response,
    Text,
    Token,
    auth,
    limits,
)
from brokerkit.transport.permits import Permit, issued

APP_KEY = "probe-app-key-0001"
APP_SECRET = "probe-app-secret-0002"
GOOD = {"code": "0", "words": "done", "price": "70000"}


class Envelope(Block):
    """What every answer of the probe's broker carries."""

    code: Text
    words: Text = ""


class Price(Block):
    """An answer with one number, and the key of the page that follows."""

    price: Number
    next_key: str = ""


class Issued(Block):
    """A token as the probe's broker gives it out."""

    value: SecretStr = Field(alias="token", min_length=1)
    expires_at: dt.datetime


def endpoint(name: str, reply: type[Block] = Price, *, effect: Effect = Effect.READ, method: str = "GET") -> Any:
    return Endpoint({"real": name}, f"/{name}", reply, method, effect)


READ = endpoint("read")
LIST = endpoint("list")
ORDER = endpoint("order", effect=Effect.ORDER, method="POST")
TOKEN = endpoint("token", Issued, effect=Effect.AUTH, method="POST")


class ProbeClient(Client):
    """A client of a broker that exists only here; its tokens cost no call."""

    broker = "probe"
    hosts = {"real": "https://probe.invalid"}
    echo_header = "call-id"
    refusals: ClassVar[Mapping[str, type[BrokerError]]] = {
        "busy": RateLimited,
        "old-token": AuthError,
        "poor": InsufficientFunds,
        "ill": NetworkError,
    }
    token_codes = frozenset({"old-token"})
    definite = frozenset({"busy", "old-token", "poor"})

    def __init__(
        self, base_url: str | None = None, *, remember_token: bool = False, ceiling: int | None = None
    ) -> None:
        settings = config.Settings(
            app_key=SecretStr(APP_KEY), app_secret=SecretStr(APP_SECRET), max_calls_per_second=ceiling
        )
        super().__init__(settings, environment="real", base_url=base_url, remember_token=remember_token)
        self.issued = 0
        self.windows: tuple[Limit, ...] = ()

    def call(self, endpoint: Endpoint[Any], **parts: Any) -> Any:
        """Call as the order desk does: with leave to send one order."""
        with self.sending(self.permit()):
            return super().call(endpoint, **parts)

    def permit(self, check: Callable[[], None] = lambda: None) -> Permit:
        """Return leave to send one order."""
        return issued(lambda: None, check)

    def headers(self, endpoint: Endpoint[Any]) -> Headers:
        names: dict[str, str | SecretStr] = {"Content-Type": "application/json", "app-secret": SecretStr(APP_SECRET)}
        if endpoint.effect is not Effect.AUTH:
            names["authorization"] = self.bearer()
        return names

    def check(self, endpoint: Endpoint[Any], answer: Response) -> None:
        envelope = Envelope.model_validate_json(answer.content)
        if envelope.code != "0":
            self.refuse(endpoint, envelope.code, envelope.words)

    def is_definite(self, code: str) -> bool:
        return code in self.definite

    def issue_token(self) -> Token:
        self.issued += 1
        return new_token(f"probe-token-{self.issued:04}")

    def revoke_token(self, token: SecretStr) -> None:
        raise NotImplementedError

    def next_page(self, endpoint: Endpoint[Any], request: Request, answer: Response, reply: Block) -> Request | None:
        key = reply.next_key if isinstance(reply, Price) else ""
        return Request({**request.params, "key": key}) if key else None

    def limits(self, endpoint: Endpoint[Any]) -> tuple[Limit, ...]:
        return self.windows


class LoginClient(ProbeClient):
    """The same, but its tokens come from the server."""

    def issue_token(self) -> Token:
        issued = self.call(TOKEN, body={"key": SecretStr(APP_KEY), "secret": SecretStr(APP_SECRET)})
        return Token(issued.value, issued.expires_at, clock.now())


def new_token(value: str, *, life: float = 86_400.0, age: float = 0.0) -> Token:
    now = clock.now()
    return Token(SecretStr(value), now + dt.timedelta(seconds=life), now - dt.timedelta(seconds=age))


def answer(
    content: object = GOOD, *, status: int = 200, headers: Mapping[str, str] | None = None, length: int | None = None
) -> bytes:
    """Return an answer as bytes; `length` overrides what it says of its length."""
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    named = {"Content-Type": "application/json", "Content-Length": str(len(body) if length is None else length)}
    lines = [f"HTTP/1.1 {status} Words", *(f"{name}: {value}" for name, value in {**named, **(headers or {})}.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body


def refusal(code: str, words: str = "no", *, status: int = 200) -> bytes:
    return answer({"code": code, "words": words}, status=status)


def reset(sock: socket.socket) -> None:
    """Close with a reset instead of an orderly end."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


Script = Callable[["Exchange"], bool | None]


class Exchange:
    """One request at a server: which it is, what came, and the line to answer on."""

    def __init__(self, server: Server, sock: socket.socket, request: bytes, number: int, on_connection: int) -> None:
        self.server = server
        self.sock = sock
        self.request = request
        self.number = number
        self.on_connection = on_connection
        """Requests on this connection so far, this one included."""

    @property
    def path(self) -> str:
        return self.request.split(b" ", 2)[1].decode()

    def send(self, data: bytes) -> bool:
        self.sock.sendall(data)
        return True

    def drip(self, data: bytes, *, seconds: float = 0.02) -> None:
        """Send byte after byte until the far end hangs up or the server closes."""
        for position in range(len(data)):
            if self.server.stopped.wait(seconds):
                return
            self.sock.sendall(data[position : position + 1])

    def hold(self) -> None:
        """Keep the line open and silent until the server closes."""
        self.server.stopped.wait(10)


class Server:
    """A server on 127.0.0.1: `script` answers a request (True keeps the line), `at_accept` comes before any reading."""

    def __init__(
        self,
        script: Script | None = None,
        *,
        at_accept: Callable[[socket.socket, Server], bool | None] | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        # A port comes back sooner or later; what clients of the earlier server shared must not.
        auth._caches.clear()
        limits._limiters.clear()
        self.script = script or (lambda exchange: exchange.send(answer()))
        self.at_accept = at_accept
        self.tls = tls
        self.requests: list[bytes] = []
        self.connections = 0
        self.stopped = threading.Event()
        self._lock = threading.Lock()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}" if self.tls else f"http://127.0.0.1:{self.port}"

    def paths(self) -> list[str]:
        return [request.split(b" ", 2)[1].decode() for request in self.requests]

    def orders(self) -> int:
        return sum(request.startswith(b"POST /order") for request in self.requests)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stopped.set()
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for thread in self._threads:
            thread.join(5)

    def _accept(self) -> None:
        while not self.stopped.is_set():
            try:
                sock, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            thread = threading.Thread(target=self._serve, args=(sock,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, sock: socket.socket) -> None:
        sock.settimeout(30)
        try:
            if self.at_accept is not None and not self.at_accept(sock, self):
                return
            if self.tls is not None:
                sock = self.tls.wrap_socket(sock, server_side=True)
            on_connection = 0
            while request := self._request(sock):
                on_connection += 1
                with self._lock:
                    self.requests.append(request)
                    number = len(self.requests)
                if not self.script(Exchange(self, sock, request, number, on_connection)):
                    return
        except OSError:
            return
        finally:
            sock.close()

    def _request(self, sock: socket.socket) -> bytes:
        data = b""
        while b"\r\n\r\n" not in data:
            sock.settimeout(0.05)
            try:
                part = sock.recv(65536)
            except TimeoutError:
                if self.stopped.is_set():
                    return b""
                continue
            if not part:
                return b""
            data += part
        sock.settimeout(30)
        head, _, body = data.partition(b"\r\n\r\n")
        length = next(
            (int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0
        )
        while len(body) < length:
            if not (part := sock.recv(65536)):
                return b""
            body += part
        return head + b"\r\n\r\n" + body


def make_certificate(folder: Path, *, name: str = "localhost", days_old: int = 0) -> tuple[Path, ssl.SSLContext]:
    """Return a certificate file for `name` that signs itself, and the context of a server that shows it."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC) - dt.timedelta(days=days_old)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    shown, private = folder / f"{name}.pem", folder / f"{name}.key"
    shown.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(shown, private)
    return shown, context
