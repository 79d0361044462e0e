"""Processes of one or several hosts that call a broker's sandbox when they are told to, and count their tokens."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from brokerkit.sandbox import Sandbox
from tests import forks

TOKEN_PATHS = {"kis": "/oauth2/tokenP", "kiwoom": "/oauth2/token"}

PROGRAM = """
import datetime as dt, json, logging, sys
from brokerkit import BrokerError, clock, get_broker
from brokerkit.transport import connection, shelves

told = json.loads(sys.stdin.readline())
logging.basicConfig(level=logging.INFO)
now, ahead = clock.now, dt.timedelta(seconds=told["ahead"])
clock.now = lambda: now() + ahead
shelves.LOCK_SECONDS = told["patience"]
connection.TOTAL_SECONDS = 60.0
with get_broker(told["broker"], environment="sandbox", **told["keys"]) as broker:
    if told["interval"] is not None:
        broker.client._tokens._minimum_interval = told["interval"]
    print(json.dumps("ready"), flush=True)
    for line in sys.stdin:
        try:
            answer = broker.client.revoke() if line.strip() == "revoke" else str(broker.quote("005930").price)
        except BrokerError as error:
            answer = f"{type(error).__name__}: {error}"
        print(json.dumps(answer), flush=True)
"""


class Host:
    """A machine of its own: folders that no other one sees."""

    def __init__(
        self, folder: Path, state: str | None = None, *, ahead: float = 0.0, secret: str | None = None
    ) -> None:
        """`ahead` says by how many seconds its clock is wrong, `secret` what its profile has as app_secret."""
        self.folder = folder
        self.state = state
        self.ahead = ahead
        self.secret = secret
        folder.mkdir()

    @property
    def tokens(self) -> Path:
        """The folder of its token files."""
        return self.folder / "cache" / "tokens"


class Caller:
    """A process that asks for a quote at each word, and answers with the price or with its error."""

    def __init__(
        self, box: Sandbox, broker: str, host: Host, *, patience: float = 60.0, interval: float | None = None
    ) -> None:
        """`patience` is how long it waits for the lock of the token, `interval` the least seconds between two."""
        given = box.connect(broker)
        keys = {
            "base_url": given.base_url,
            "app_key": given.app_key,
            "app_secret": host.secret or given.app_secret,
            "account": given.account,
        }
        variables = {
            "BROKERKIT_CACHE_DIR": str(host.folder / "cache"),
            "BROKERKIT_STATE_DIR": str(host.folder / "state"),
        }
        if host.state is not None:
            variables[f"BROKERKIT_{broker.upper()}_STATE"] = host.state
        self.complaints = host.folder / f"{id(self)}.log"
        with self.complaints.open("w") as complaints:
            self.process = forks.Popen(
                ["-c", PROGRAM],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=complaints,
                cwd=host.folder,
                env={**os.environ, **variables},
            )
        told = {"broker": broker, "keys": keys, "ahead": host.ahead, "patience": patience, "interval": interval}
        self._say(json.dumps(told))
        assert self.hear() == "ready"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.process.kill()
        self.process.communicate()

    def _say(self, words: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(words + "\n")
        self.process.stdin.flush()

    def ask(self) -> None:
        """Let it ask for a quote."""
        self._say("quote")

    def revoke(self) -> Any:
        self._say("revoke")
        return self.hear()

    def hear(self) -> Any:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.complaints.read_text()
        return json.loads(line)

    def price(self) -> Any:
        self.ask()
        return self.hear()


class Counter:
    """Counts the tokens that a sandbox is asked for, and holds some of the questions back."""

    def __init__(self, box: Sandbox, broker: str, *, minute: float = 0.0) -> None:
        """`minute` is how long the sandbox of KIS gives no second token."""
        self._path = TOKEN_PATHS[broker]
        self.asked = 0
        self.held: set[int] = set()
        """Which questions are held back, counted from 1."""
        self.came = threading.Semaphore(0)
        """One more for each that is held."""
        self.goes = threading.Event()
        """Lets all of them go on."""
        face: Any = box.face(broker)
        face.before = self
        if broker == "kis":
            face.token_minute = minute
            face.token_window.calls = 10**9

    def __call__(self, request: Any) -> None:
        if request.path == self._path:
            self.asked += 1
            if self.asked in self.held:
                self.came.release()
                assert self.goes.wait(60)
