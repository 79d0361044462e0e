"""A sandbox: one exchange, and each broker's server side over it on demand."""

from __future__ import annotations

import atexit
import threading
from dataclasses import dataclass
from importlib.metadata import entry_points
from types import TracebackType
from typing import Self, cast

from brokerkit.errors import ConfigError
from brokerkit.sandbox.exchange import Exchange
from brokerkit.sandbox.server import Face, Server

SANDBOXES = "brokerkit.sandboxes"


@dataclass(frozen=True)
class Connection:
    """Where a broker's face listens, and keys it accepts."""

    base_url: str
    app_key: str
    app_secret: str
    account: str
    hts_id: str | None


class Sandbox:
    """One simulated exchange with the server sides of all installed brokers. Faces start when first asked for.

    `environment` is the one that the faces play: "real" or "demo". Equal seeds give equal markets.
    """

    def __init__(self, *, seed: int = 1, environment: str = "real") -> None:
        self.exchange = Exchange(seed=seed)
        self.environment = environment
        self._faces: dict[str, tuple[Face, Server]] = {}
        self._lock = threading.Lock()

    def face(self, broker: str) -> Face:
        """Return the running server side of a broker, for tests that look behind it."""
        return self._running(broker)[0]

    def connect(self, broker: str) -> Connection:
        """Return the address of a broker's face and credentials for it."""
        face, server = self._running(broker)
        keys = face.credentials
        return Connection(server.url, keys.app_key, keys.app_secret, keys.account, keys.hts_id)

    def close(self) -> None:
        with self._lock:
            for _, server in self._faces.values():
                server.close()
            self._faces.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _running(self, broker: str) -> tuple[Face, Server]:
        with self._lock:
            if broker not in self._faces:
                face = _face(broker)(self.exchange, environment=self.environment)
                self._faces[broker] = (face, Server(face.app))
            return self._faces[broker]


def _face(broker: str) -> type[Face]:
    found = list(entry_points(group=SANDBOXES, name=broker))
    if not found:
        offered = ", ".join(sorted({entry.name for entry in entry_points(group=SANDBOXES)})) or "none"
        raise ConfigError(f"The adapter {broker!r} brings no sandbox.", advice=f"Sandboxes: {offered}.")
    return cast("type[Face]", found[0].load())


_shared: list[Sandbox] = []
_lock = threading.Lock()


def shared() -> Sandbox:
    """Return the sandbox of this process; all brokers of environment "sandbox" trade on its one exchange."""
    with _lock:
        if not _shared:
            _shared.append(Sandbox())
            atexit.register(_shared[0].close)
        return _shared[0]
