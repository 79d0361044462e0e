"""Figures that are counted, not timed: requests of a balance, and tokens of processes that start at once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from decimal import Decimal
from typing import Any, cast

from benchmarks.serving import unlimited
from brokerkit import get_broker
from brokerkit.sandbox import Sandbox

HELD = 120
PROCESSES = 16
_SETTINGS = ("BROKERKIT_CONFIG", "BROKERKIT_PROFILE")
_COLD_START = """
import json, sys
from brokerkit import get_broker
given = json.loads(sys.stdin.readline())
with get_broker(given.pop("broker"), environment="sandbox", **given) as broker:
    broker.quote("005930")
"""


def balance_requests(name: str) -> int:
    """Return the requests of a second balance over so many positions, which asks no more for token and account."""
    with Sandbox() as sandbox, get_broker(name, environment="sandbox", sandbox=sandbox) as broker, unlimited(broker):
        face = sandbox.face(name)
        face.window.calls = 10**9
        for symbol in list(sandbox.exchange.instruments)[:HELD]:
            sandbox.exchange.give_holding(face.credentials.account, symbol, Decimal(1), Decimal(1_000))
        broker.balance()
        seen = len(face.requests)
        if len(broker.balance().positions) != HELD:
            raise RuntimeError(f"The balance at {name} has not all {HELD} positions.")
        return len(face.requests) - seen


def tokens_of_cold_starts(name: str) -> int:
    """Return the tokens that so many processes take which start at the same time and share a folder of tokens."""
    with Sandbox() as sandbox, tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        face, given = sandbox.face(name), sandbox.connect(name)
        # All of them ask for a quote within the same second: only the tokens are counted here.
        face.window.calls = 10**9
        keys = {
            "broker": name,
            "base_url": given.base_url,
            "app_key": given.app_key,
            "app_secret": given.app_secret,
            "account": given.account,
        }
        environment = {name: value for name, value in os.environ.items() if name not in _SETTINGS}
        _start_all(json.dumps(keys) + "\n", {**environment, "BROKERKIT_CACHE_DIR": folder})
        return int(cast(Any, face).tokens_issued)


def _start_all(keys: str, environment: dict[str, str]) -> None:
    command = [sys.executable, "-c", _COLD_START]
    started: list[subprocess.Popen[str]] = []
    try:
        for _ in range(PROCESSES):
            started.append(
                subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)  # noqa: S603
            )
        for process in started:
            assert process.stdin is not None  # noqa: S101 - it is a pipe
            process.stdin.write(keys)
            process.stdin.flush()
        for process in started:
            _, errors = process.communicate(timeout=120)
            if process.returncode:
                raise RuntimeError(f"A process that started cold failed:\n{errors}")
    finally:
        for process in started:
            process.kill()
            process.wait()
