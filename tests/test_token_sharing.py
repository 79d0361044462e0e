"""One token for all threads and processes, shown with the simulated brokers."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, cast

import pytest

from brokerkit import get_broker
from brokerkit.sandbox import Sandbox
from tests import forks


@pytest.fixture
def tokens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BROKERKIT_CACHE_DIR", str(tmp_path))
    for name in ("BROKERKIT_CONFIG", "BROKERKIT_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "tokens"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as box:
        yield box


def keys(sandbox: Sandbox, broker: str) -> dict[str, str]:
    given = sandbox.connect(broker)
    return {
        "base_url": given.base_url,
        "app_key": given.app_key,
        "app_secret": given.app_secret,
        "account": given.account,
    }


COLD_START = """
import json, sys
from brokerkit import get_broker
keys = json.loads(sys.stdin.readline())
with get_broker("kis", environment="sandbox", **keys) as broker:
    print(broker.quote("005930").price)
"""


@pytest.mark.slow
def test_sixteen_processes_that_start_cold_take_one_token(sandbox: Sandbox, tokens: Path) -> None:
    face = cast(Any, sandbox.face("kis"))
    given = json.dumps(keys(sandbox, "kis")) + "\n"
    answers = []
    with ExitStack() as stack:
        processes = [
            stack.enter_context(
                subprocess.Popen(  # noqa: S603
                    [sys.executable, "-c", COLD_START],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                    cwd=tokens.parent,
                )
            )
            for _ in range(16)
        ]
        for process in processes:
            stack.callback(process.kill)
            assert process.stdin is not None
            process.stdin.write(given)
            process.stdin.flush()
        for process in processes:
            out, err = process.communicate(timeout=200)  # sixteen interpreters start at once on few cores
            assert process.returncode == 0, err
            answers.append(out)
    assert len(set(answers)) == 1
    assert face.tokens_issued == 1
    assert [request.path for request in face.requests].count("/oauth2/tokenP") == 1
    assert [file.suffix for file in sorted(tokens.iterdir())] == [".json", ".lock"]


REFUSED = """
import json, sys
from brokerkit import RateLimited, get_broker
keys = json.loads(sys.stdin.readline())
with get_broker("kis", environment="sandbox", **keys) as broker:
    try:
        broker.quote("005930")
    except RateLimited as error:
        print(error.code, error.advice)
"""


def test_a_minute_that_has_to_be_waited_out_is_known_to_every_process(sandbox: Sandbox, tokens: Path) -> None:
    face = cast(Any, sandbox.face("kis"))
    given = keys(sandbox, "kis")
    with get_broker("kis", environment="sandbox", **given) as broker:  # type: ignore[arg-type]
        broker.quote("005930")
        broker.client.revoke()
    told = [forks.run(["-c", REFUSED], input=json.dumps(given) + "\n", cwd=tokens.parent).stdout for _ in range(3)]
    assert all(re.match("EGW00133 A token can be had in [0-9]+ s[.]", line) for line in told)
    assert [request.path for request in face.requests].count("/oauth2/tokenP") == 2


def test_sixteen_threads_that_start_cold_take_one_token(sandbox: Sandbox, tokens: Path) -> None:
    face = cast(Any, sandbox.face("kis"))
    given = keys(sandbox, "kis")
    barrier = threading.Barrier(16)
    prices: list[object] = []

    def work() -> None:
        with get_broker("kis", environment="sandbox", **given) as broker:  # type: ignore[arg-type]
            barrier.wait(10)
            prices.append(broker.quote("005930").price)

    threads = [threading.Thread(target=work) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(prices) == 16
    assert face.tokens_issued == 1
    assert [request.path for request in face.requests].count("/oauth2/tokenP") == 1


@pytest.mark.parametrize("broker", ["kis", "kiwoom"])
def test_revoking_tells_the_broker_and_removes_the_file(broker: str, sandbox: Sandbox, tokens: Path) -> None:
    face = sandbox.face(broker)
    with get_broker(broker, environment="sandbox", **keys(sandbox, broker)) as one:  # type: ignore[arg-type]
        token = one.client.token().get_secret_value()
        assert [file.suffix for file in sorted(tokens.iterdir())] == [".json", ".lock"]
        assert one.client.revoke() is True
        assert [file.suffix for file in tokens.iterdir()] == [".lock"]
        assert face.requests[-1].body["token"] == token
        assert face.requests[-1].status == 200
        assert one.client.revoke() is False
