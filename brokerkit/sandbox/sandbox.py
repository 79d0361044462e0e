"""A sandbox: one exchange, and each broker's server side over it on demand."""

from __future__ import annotations

import atexit
import dataclasses
import json
import os
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

from brokerkit.errors import ConfigError
from brokerkit.extensions import SANDBOXES, check_single, extensions
from brokerkit.market import clock
from brokerkit.sandbox.certificate import make_certificate
from brokerkit.sandbox.controls import controlled
from brokerkit.sandbox.exchange import Exchange
from brokerkit.sandbox.faults import Faults
from brokerkit.sandbox.relay import Relay
from brokerkit.sandbox.server import Credentials, Face, Server

VERSION = 1
"""Of the state file."""


@dataclass(frozen=True)
class Connection:
    """Where a broker's face listens, and keys it accepts."""

    base_url: str
    websocket_url: str
    app_key: str
    app_secret: str
    account: str
    hts_id: str | None


class Sandbox:
    """One simulated exchange with the server sides of all installed brokers. Faces start when first asked for.

    `environment` is the one that the faces play: "real" or "demo". Equal seeds give equal markets. With `state`,
    accounts, keys and orders are kept in that file. With `certificate`, faces speak https and it is written there.
    With `faults`, a relay that breaks requests and answers on purpose stands in front of every face.
    """

    def __init__(
        self,
        *,
        seed: int = 1,
        environment: str = "real",
        host: str = "127.0.0.1",
        ports: Mapping[str, int] | None = None,
        state: Path | None = None,
        certificate: Path | None = None,
        faults: Faults | None = None,
    ) -> None:
        stored = _read_state(state, environment) if state else {}
        self.exchange = _load(stored["exchange"]) if stored else Exchange(seed=seed)
        self.environment = environment
        self._keys = {name: Credentials(**keys) for name, keys in stored.get("keys", {}).items()}
        self._host = host
        self._ports = ports or {}
        self._state = state
        self._certificate = certificate
        self._faults = faults
        self._private_key = make_certificate(certificate) if certificate else None
        self._faces: dict[str, tuple[Face, Server | Relay]] = {}
        self._lock = threading.RLock()
        self._saved = ""

    def face(self, broker: str) -> Face:
        """Return the running server side of a broker, for tests that look behind it."""
        return self._running(broker)[0]

    def connect(self, broker: str) -> Connection:
        """Return the address of a broker's face and credentials for it."""
        face, server = self._running(broker)
        keys = face.credentials
        websocket_url = server.url.replace("http", "ws", 1)
        return Connection(server.url, websocket_url, keys.app_key, keys.app_secret, keys.account, keys.hts_id)

    def save(self) -> None:
        """Write the state file, if there is one and something changed."""
        if self._state is None:
            return
        with self._lock:
            keys = {name: dataclasses.asdict(face.credentials) for name, (face, _) in self._faces.items()}
            state = {
                "version": VERSION,
                "environment": self.environment,
                "keys": {**{name: dataclasses.asdict(key) for name, key in self._keys.items()}, **keys},
                "exchange": self.exchange.dump(),
            }
            text = json.dumps(state, ensure_ascii=False)
            if text != self._saved:
                _write_state(self._state, text)
                self._saved = text

    def close(self) -> None:
        """Stop all faces and save."""
        with self._lock:
            for _, server in self._faces.values():
                server.close()
            self.save()
            self._faces.clear()
            if self._private_key is not None:
                self._private_key.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _running(self, broker: str) -> tuple[Face, Server | Relay]:
        with self._lock:
            if broker not in self._faces:
                kind = _face(broker)
                face = kind(self.exchange, environment=self.environment, credentials=self._keys.get(broker))
                tls = (self._certificate, self._private_key) if self._certificate and self._private_key else None
                self._faces[broker] = (face, self._serve(face, self._ports.get(broker, 0), tls))
            return self._faces[broker]

    def _serve(self, face: Face, port: int, tls: tuple[Path, Path] | None) -> Server | Relay:
        if self._faults is None:
            return Server(controlled(face), host=self._host, port=port, tls=tls)
        return Relay(face, self._faults, host=self._host, port=port, tls=tls)


def _load(exchange: Mapping[str, object]) -> Exchange:
    try:
        return Exchange.load(exchange, today=clock.today())
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            f"The state of the exchange cannot be taken up again ({type(error).__name__}: {error}).",
            advice="Remove the state file to start afresh.",
        ) from None


def _read_state(path: Path, environment: str) -> dict[str, Any]:
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"The state file {path} cannot be read ({type(error).__name__}).", advice="Remove it to start afresh."
        ) from None
    if not isinstance(stored, dict) or stored.get("version") != VERSION:
        raise ConfigError(f"{path} is not a state file of this version.", advice="Remove it to start afresh.")
    if stored["environment"] != environment:
        raise ConfigError(f"{path} is of the {stored['environment']} environment, not {environment}.")
    return cast("dict[str, Any]", stored)


def _write_state(path: Path, text: str) -> None:
    scratch = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(scratch, path)
    except OSError as error:
        scratch.unlink(missing_ok=True)
        raise ConfigError(f"The state file {path} cannot be written: {error.strerror}.") from None


def _face(broker: str) -> type[Face]:
    offered = extensions(SANDBOXES)
    claims = [entry for entry in offered if entry.name == broker]
    if not claims:
        listed = ", ".join(sorted({entry.name for entry in offered})) or "none"
        raise ConfigError(f"The adapter {broker!r} brings no sandbox.", advice=f"Sandboxes: {listed}.")
    check_single(broker, claims)
    return cast("type[Face]", claims[0].load())


_shared: list[Sandbox] = []
_lock = threading.Lock()


def shared() -> Sandbox:
    """Return the sandbox of this process; all brokers of environment "sandbox" trade on its one exchange."""
    with _lock:
        if not _shared:
            _shared.append(Sandbox())
            atexit.register(_shared[0].close)
        return _shared[0]
