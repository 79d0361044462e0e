"""A sandbox: one exchange, and each broker's server side over it on demand."""

from __future__ import annotations

import atexit
import dataclasses
import json
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError, field_validator

from brokerkit import clock, files
from brokerkit.errors import BrokerError, ConfigError
from brokerkit.extensions import SANDBOXES, extensions, load_class
from brokerkit.files import read_plain, write_private
from brokerkit.sandbox.bourse import Bourse
from brokerkit.sandbox.bourses import BOURSES, KOREA
from brokerkit.sandbox.certificate import make_certificate
from brokerkit.sandbox.controls import controlled
from brokerkit.sandbox.exchange import Exchange
from brokerkit.sandbox.face import Credentials, Face
from brokerkit.sandbox.faults import Faults
from brokerkit.sandbox.faults.relay import Relay
from brokerkit.sandbox.server import Server
from brokerkit.sandbox.state import Saved, Writer
from brokerkit.text import in_english

VERSION = 1
"""Of the state file."""
PLAIN = "plain"
"""Among what a face keeps, the orders that no exchange plays."""
LARGEST_STATE = 2**30
PAUSES = 20
"""So many times as long as saving took `keep` waits before it saves again."""


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
    """Simulated exchanges with the server sides of all installed brokers. Faces start when first asked for.

    `environment` is the one that the faces play: "real" or "demo". Equal seeds give equal markets. With `state`,
    accounts, keys and orders are kept in that file. With `certificate`, faces speak https and it is written there.
    With `faults`, a relay that breaks requests and answers on purpose stands in front of every face. With `lively`,
    others trade the symbols that somebody follows over a WebSocket, about twice a second.
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
        lively: bool = False,
        home: str = KOREA.name,
    ) -> None:
        stored = _read_state(state, environment) if state else None
        saved = {KOREA.name: stored.exchange, **stored.abroad} if stored else {}
        seed = stored.exchange.seed if stored else seed
        self.exchanges: Mapping[str, Exchange] = {
            name: _load(bourse, saved[name], state) if name in saved else Exchange(seed=seed, bourse=bourse)
            for name, bourse in BOURSES.items()
        }
        """By market: "KR" and "US"."""
        self.exchange = self.exchanges[home]
        """The one of the market `home`, for whoever looks behind the brokers: Korea's where nothing is said."""
        self.environment = environment
        self._keys = {name: Credentials(**dict(keys)) for name, keys in stored.keys.items()} if stored else {}
        self._kept: dict[str, dict[str, list[JsonValue]]] = dict(stored.kept) if stored else {}
        """What faces of an earlier run kept of their own."""
        self._host = host
        self._ports = ports or {}
        # Whole paths: the program may change its working directory.
        self._state = state.absolute() if state else None
        self._certificate = certificate.absolute() if certificate else None
        self._faults = faults
        self._is_lively = lively
        self._private_key = make_certificate(self._certificate) if self._certificate else None
        self._faces: dict[str, tuple[Face, Server | Relay]] = {}
        self._lock = threading.RLock()
        self._saving = threading.Lock()
        self._writers = {name: Writer() for name in self.exchanges}
        self._saved: tuple[tuple[int, ...], str, str] | None = None
        self._next_save = 0.0

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
        """Write the state file, if there is one and something changed. The exchange goes on meanwhile."""
        if self._state is None:
            return
        with self._saving:
            keys, kept = json.dumps(self._all_keys()), json.dumps(self._all_kept())
            if self._saved == (self._changes(), keys, kept):
                return
            photos = {name: exchange.photograph() for name, exchange in self.exchanges.items()}
            home, *abroad = (self._writers[name].text(photo) for name, photo in photos.items())
            others = ", ".join(f'"{name}": {text}' for name, text in zip(list(photos)[1:], abroad, strict=True))
            head = json.dumps({"version": VERSION, "environment": self.environment})
            text = f'{head[:-1]}, "keys": {keys}, "kept": {kept}, "exchange": {home}, "abroad": {{{others}}}}}'
            _write_state(self._state, text)
            self._saved = (tuple(photo.changes for photo in photos.values()), keys, kept)

    def _changes(self) -> tuple[int, ...]:
        return tuple(exchange.changes for exchange in self.exchanges.values())

    def keep(self) -> None:
        """Save now and then: as often as it is called as long as that takes a small part of the time only."""
        started = time.monotonic()
        if started >= self._next_save:
            self.save()
            ended = time.monotonic()
            self._next_save = ended + (ended - started) * PAUSES

    def _all_keys(self) -> dict[str, dict[str, str | None]]:
        with self._lock:
            known = {**self._keys, **{name: face.credentials for name, (face, _) in self._faces.items()}}
        return {name: dataclasses.asdict(keys) for name, keys in known.items()}

    def _all_kept(self) -> dict[str, Mapping[str, Sequence[object]]]:
        with self._lock:
            return {**self._kept, **{name: _kept_by(face) for name, (face, _) in self._faces.items()}}

    def close(self) -> None:
        """Stop all faces and save."""
        with self._lock:
            for _, server in self._faces.values():
                server.close()
        self.save()  # not with the lock: another thread that is saving may want it
        with self._lock:
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
                kind = face_class(broker)
                # A broker is at home in Korea, whichever exchange the tests look at: its costs and its won are those.
                korea, *abroad = self.exchanges.values()
                keys = self._keys.get(broker)
                face = kind(korea, environment=self.environment, credentials=keys, abroad=abroad)
                self._restore(face)
                if face.stream is not None:
                    face.stream.is_lively = self._is_lively
                tls = (self._certificate, self._private_key) if self._certificate and self._private_key else None
                self._faces[broker] = (face, self._serve(face, self._ports.get(broker, 0), tls))
            return self._faces[broker]

    def _restore(self, face: Face) -> None:
        kept = dict(self._kept.get(face.name, {}))
        try:
            face.plain.restore(kept.pop(PLAIN, []))
            face.restore(kept)
        except _MISFITS as error:
            raise _unusable(self._state, f"what {face.name} kept does not fit ({_reason(error)})") from None

    def _serve(self, face: Face, port: int, tls: tuple[Path, Path] | None) -> Server | Relay:
        if self._faults is None:
            return Server(controlled(face), host=self._host, port=port, tls=tls)
        return Relay(face, self._faults, host=self._host, port=port, tls=tls)


def _kept_by(face: Face) -> Mapping[str, Sequence[object]]:
    orders = face.plain.saved()
    return {**face.kept(), **({PLAIN: orders} if orders else {})}


class _Keys(BaseModel):
    model_config = ConfigDict(extra="forbid")

    app_key: str
    app_secret: str
    account: str
    hts_id: str | None


class _StateFile(BaseModel):
    model_config = ConfigDict(extra="forbid")

    version: Literal[1]
    environment: str
    keys: dict[str, _Keys]
    kept: dict[str, dict[str, list[JsonValue]]] = {}
    """By broker, what its server keeps of its own; none in files of before."""
    exchange: Saved
    abroad: dict[str, Saved] = {}
    """By market; none in files of a sandbox that had no other exchange."""

    @field_validator("abroad")
    @classmethod
    def _are_played(cls, abroad: dict[str, Saved]) -> dict[str, Saved]:
        if strange := sorted(set(abroad) - set(BOURSES)):
            raise ValueError(f"there is no exchange {strange[0]!r} here")
        return abroad


def _load(bourse: Bourse, exchange: Saved, path: Path | None) -> Exchange:
    try:
        return Exchange.load(exchange, today=bourse.day_of(clock.now()), bourse=bourse)
    except _MISFITS as error:
        raise _unusable(path, f"its exchange does not fit together ({_reason(error)})") from None


_MISFITS = (BrokerError, ValueError, LookupError, TypeError, ArithmeticError, AttributeError)


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(in_english(error).split())}"


def _read_state(path: Path, environment: str) -> _StateFile | None:
    try:
        stored = _StateFile.model_validate_json(read_plain(path, largest=LARGEST_STATE), strict=True)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unusable(path, files.reason(error)) from None
    except ValidationError as error:
        wrong = error.errors(include_input=False, include_url=False, include_context=False)[0]
        raise _unusable(path, f"{_place(wrong['loc'])}: {wrong['msg']}") from None
    if stored.environment != environment:
        raise ConfigError(f"{path} is of the {stored.environment} environment, not {environment}.")
    return stored


def _place(loc: tuple[int | str, ...]) -> str:
    """Write where something stands in a file: `exchange.accounts[0].cash`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in loc).lstrip(".") or "the file"


def _unusable(path: Path | None, reason: str) -> ConfigError:
    return ConfigError(f"The state file {path} cannot be used: {reason}.", advice="Remove it to start afresh.")


def _write_state(path: Path, text: str) -> None:
    try:
        write_private(path, text)
    except OSError as error:
        raise ConfigError(f"The state file {path} cannot be written: {files.reason(error)}.") from None


def face_class(broker: str) -> type[Face]:
    """Return the server side that a broker's adapter brings; a ConfigError if there is none, or none that is fit."""
    offered = extensions(SANDBOXES)
    if broker not in {entry.name for entry in offered}:
        listed = ", ".join(sorted({entry.name for entry in offered})) or "none"
        raise ConfigError(f"The adapter {broker!r} brings no sandbox.", advice=f"There are sandboxes of {listed}.")
    return load_class(SANDBOXES, broker, offered, Face, lambda kind: None)  # type: ignore[type-abstract]


_shared: list[Sandbox] = []
_lock = threading.Lock()


def shared() -> Sandbox:
    """Return the sandbox of this process; all brokers of environment "sandbox" trade on its one exchange."""
    with _lock:
        if not _shared:
            _shared.append(Sandbox(lively=True))
            atexit.register(_shared[0].close)
        return _shared[0]
