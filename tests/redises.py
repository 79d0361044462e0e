"""Real Redis servers, each of its own, on a free port of this machine."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import pytest
from pydantic import SecretStr

PROGRAM = shutil.which("redis-server")
PASSWORD = "probe-redis-password-0003"
needs_redis = pytest.mark.skipif(PROGRAM is None, reason="redis-server is not installed")
START_SECONDS = 60.0


class RedisServer:
    """A redis-server with a folder of its own; `with` starts and ends it."""

    def __init__(
        self,
        *options: str,
        password: str | None = PASSWORD,
        users: Sequence[str] = (),
        tls: tuple[Path, Path] | None = None,
    ) -> None:
        """`options` are arguments such as "--maxmemory", "users" lines of its access list.

        `tls` names a certificate and its key, for a server that speaks nothing but TLS.
        """
        self.options = options
        self.password = password
        self.users = users
        self.tls = tls
        self.folder = Path(tempfile.mkdtemp(prefix="redis-"))
        self.port = 0
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self) -> None:
        """Start it, at the port that it had if it had one, and wait until it answers."""
        assert PROGRAM is not None, "redis-server is not installed"
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            port = self.port or _free_port()
            self._process = subprocess.Popen(  # noqa: S603 - the server of the system
                [PROGRAM, *self._arguments(port)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
            )
            if self._answers(port, until):
                self.port = port
                return
        raise AssertionError("redis-server does not start")

    def _arguments(self, port: int) -> list[str]:
        place = ["--port", str(port)]
        if self.tls is not None:
            certificate, key = map(str, self.tls)
            place = ["--port", "0", "--tls-port", str(port), "--tls-cert-file", certificate, "--tls-key-file", key]
            place += ["--tls-auth-clients", "no", "--tls-ca-cert-file", certificate]
        basics = ["--bind", "127.0.0.1", "--dir", str(self.folder), "--save", "", "--appendonly", "no"]
        secret = ["--requirepass", self.password] if self.password else ["--protected-mode", "no"]
        access = [part for line in self.users for part in ("--user", *line.split())]
        return [*place, *basics, *secret, *access, *self.options]

    def _answers(self, port: int, until: float) -> bool:
        assert self._process is not None
        while time.monotonic() < until and self._process.poll() is None:
            with socket.socket() as tried:
                tried.settimeout(1.0)
                if tried.connect_ex(("127.0.0.1", port)) == 0:
                    return True
            time.sleep(0.01)
        return False

    def kill(self) -> None:
        """End it at once, with all that it held in memory."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Let it do nothing for a while, as a machine that hangs."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self._process.pid, signal.SIGCONT)

    def url(self, user: str = "", password: str | None = None) -> str:
        """Return the URL of database 0, as its first user or another one."""
        secret = self.password if password is None else password
        whose = f"{user}:{secret}@" if secret else ""
        return f"{'rediss' if self.tls else 'redis'}://{whose}127.0.0.1:{self.port}/0"

    @property
    def state(self) -> SecretStr:
        """The URL as the setting `state` holds it."""
        return SecretStr(self.url())

    def client(self, **options: Any) -> Any:
        """Return a client of the library, to look and to meddle."""
        import redis

        return redis.Redis(port=self.port, password=self.password, **options)


def _free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port: int = held.getsockname()[1]
        return port


@contextmanager
def redis_server(*options: str, **others: Any) -> Iterator[RedisServer]:
    """Run one for as long as the block takes."""
    with RedisServer(*options, **others) as server:
        yield server
