"""Programs that follow what a test tells them, each in a process of its own, and say what they are told."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from tests import forks

PROGRAM = """
import json, os, signal, sys
from pydantic import SecretStr
from brokerkit.errors import BrokerError
from tests.paper import ORDERS, trades
from brokerkit.stream.pace import Times
from tests.test_stream_connection import Told
from tests.sharers import Teller

named = json.loads(sys.argv[2])
state = SecretStr(named.pop("state")) if "state" in named else None
times = Times(**{"shortest_wait": 0.01, "longest_wait": 0.02, "most_lines": None, **named})
told = Told(sys.argv[1], state=state, times=times)
told.notebook = Teller()
texts = []
for line in sys.stdin:
    act, *given = json.loads(line)
    try:
        if act == "follow":
            told.follow(*[ORDERS if each == "orders" else trades(each)[0] for each in given])
            print(json.dumps(["done"]), flush=True)
        elif act == "unfollow":
            told.connection.unsubscribe(trades(*given), told.notebook)
            print(json.dumps(["done"]), flush=True)
        elif act == "ask":
            print(json.dumps(["answer", told.connection.ask(*given)]), flush=True)
        elif act == "listen":
            told.connection.listen(lambda those, moment: texts.extend(those))
            print(json.dumps(["done"]), flush=True)
        elif act == "heard":
            print(json.dumps(["heard", texts]), flush=True)
        elif act == "fork":
            child = os.fork()
            if child == 0:
                signal.pause()
            print(json.dumps(["forked", child]), flush=True)
        elif act == "close":
            told.connection.close()
            print(json.dumps(["done"]), flush=True)
    except BrokerError as error:
        print(json.dumps(["raised", type(error).__name__, error.message]), flush=True)
told.connection.close()
"""


class Teller:
    """A taker that says what it is told."""

    def take(self, topic: Any, events: Sequence[Any]) -> None:
        for event in events:
            print(json.dumps(["price", str(topic), int(event.price)]), flush=True)

    def missed(self, gap: Any) -> None:
        told = [str(each) for each in gap.topics]
        print(json.dumps(["gap", str(gap.reason), gap.until is not None, sorted(told), gap.detail]), flush=True)

    def failed(self, error: Any) -> None:
        print(json.dumps(["failed", type(error).__name__, error.message]), flush=True)


TOLD = ("price", "gap", "failed", "event", "order")
"""How begins what a program is told, and not what comes of what it does."""


class Sharer:
    """Such a program, as long as this is entered."""

    def __init__(self, url: str, folder: Path, *, program: str = PROGRAM, **named: Any) -> None:
        environment = {
            **os.environ,
            "PYTHONPATH": str(Path(__file__).parent.parent),
            "BROKERKIT_CACHE_DIR": str(folder),
            "BROKERKIT_STATE_DIR": str(folder / "state"),
        }
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        self._process = forks.Popen(["-c", program, url, json.dumps(named)], env=environment, **pipes)
        self.pid = self._process.pid
        self.told: list[list[Any]] = []
        self._answers: list[list[Any]] = []
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._hear)
        self._thread.start()

    def _hear(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            said = json.loads(line)
            with self._changed:
                (self.told if said[0] in TOLD else self._answers).append(said)
                self._changed.notify_all()

    def does(self, act: str, *given: Any) -> list[Any]:
        """Let it do something, and return what comes of it."""
        self.tell(act, *given)
        return self.answer()

    def tell(self, act: str, *given: Any) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([act, *given]) + "\n")
        self._process.stdin.flush()

    def answer(self) -> list[Any]:
        with self._changed:
            assert self._changed.wait_for(lambda: self._answers, timeout=60), self.told
            return self._answers.pop(0)

    def follow(self, *letters: str) -> Self:
        assert self.does("follow", *letters) == ["done"]
        return self

    def wait(self, is_there: Callable[[Sharer], Any]) -> Self:
        """Wait until it has been told something."""
        with self._changed:
            assert self._changed.wait_for(lambda: is_there(self), timeout=60), self.told
        return self

    @property
    def prices(self) -> list[int]:
        return [each[2] for each in self.told if each[0] == "price"]

    @property
    def gaps(self) -> list[list[Any]]:
        return [each[1:] for each in self.told if each[0] == "gap"]

    @property
    def failures(self) -> list[list[Any]]:
        return [each[1:] for each in self.told if each[0] == "failed"]

    def send(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def kill(self) -> None:
        """End it without a word."""
        self.send(signal.SIGKILL)
        self._process.wait(60)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        with suppress(ProcessLookupError):
            self.send(signal.SIGCONT)
        with suppress(OSError):
            self._process.stdin.close()  # type: ignore[union-attr]
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()
        self._thread.join()
        complained = self._process.stderr.read()  # type: ignore[union-attr]
        self._process.stdout.close()  # type: ignore[union-attr]
        self._process.stderr.close()  # type: ignore[union-attr]
        assert "Traceback" not in complained, complained


STREAMER = """
import json, sys, threading
from brokerkit import BrokerError, Gap, OrderEvent, get_broker

named = json.loads(sys.argv[2])
broker = get_broker(named["broker"], environment="sandbox", options=named["options"], **named["keys"])
stream = broker.stream()

def told(event):
    match event:
        case Gap():
            return ["gap", str(event.reason), event.until is not None, sorted(map(str, event.topics)), event.detail]
        case OrderEvent():
            return ["order", str(event.change), event.order_id, str(event.source)]
    name = type(event).__name__
    shown = event.symbol if hasattr(event, "symbol") else event.key
    return ["event", name, shown, str(getattr(event, "quantity", ""))]

def take():
    try:
        for event in stream:
            print(json.dumps(told(event)), flush=True)
    except BrokerError as error:
        print(json.dumps(["failed", type(error).__name__, error.message]), flush=True)

threading.Thread(target=take, daemon=True).start()
for line in sys.stdin:
    act, *given = json.loads(line)
    try:
        if act == "conditions":
            found = [each.name for each in broker.conditions()]
        elif act == "screen":
            found = [each.symbol for each in broker.screen(*given)]
        else:
            getattr(stream, act)(*given)
            found = []
        print(json.dumps(["done", *found]), flush=True)
    except BrokerError as error:
        print(json.dumps(["raised", type(error).__name__, error.message]), flush=True)
stream.close()
broker.close()
"""
"""Follows with the stream of a broker what it is told."""
