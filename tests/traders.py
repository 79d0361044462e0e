"""Processes that trade when they are told to, at a sandbox of the test, and end or stop at a chosen moment."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from brokerkit import get_broker
from brokerkit.broker import Broker
from brokerkit.orders.limits import Limits
from brokerkit.sandbox import Sandbox
from brokerkit.sandbox.exchange import ExchangeOrder
from tests import forks

BROKERS = ("kis", "kiwoom")
PRICES = {"005930": 60_000, "000660": 150_000}
"""At these a buy rests."""

PROGRAM = """
import json, os, signal, sys
from brokerkit import BrokerError, Order, get_broker
from brokerkit.orders.limits import Limits
from brokerkit.orders.journal import Journal
from brokerkit.transport import http

told = json.loads(sys.stdin.readline())

def die():
    os.kill(os.getpid(), signal.SIGKILL)

def hold():
    print(json.dumps("holding"), flush=True)
    sys.stdin.readline()

act = {"die": die, "hold": hold}.get(told["act"])
transmit, begin, decide, learn = http.transmit, Journal.begin, Journal.decide, Journal.learn
see, row = Journal._see, Journal._row

def sending(*given, **named):
    if named["cap"] != http.ORDER_CAP:
        return transmit(*given, **named)
    if told["point"] == "before the first byte":
        act()
    answer = transmit(*given, **named)
    if told["point"] == "after the answer":
        act()
    return answer

def before(real):
    def stopped(*given, **named):
        act()
        return real(*given, **named)
    return stopped

def after(real):
    def stopped(*given, **named):
        found = real(*given, **named)
        act()
        return found
    return stopped

def arm():
    http.transmit = sending
    match told["point"]:
        case "before the row is committed":
            Journal._row = after(row)
        case "after the row is committed":
            Journal.begin = after(begin)
        case "before the decision is committed":
            Journal._see = before(see)
        case "after the decision":
            Journal.decide = after(decide)
        case "while it looks":
            Journal.learn = after(learn)

def done(broker, verb, given):
    if verb == "fork":
        return forked(broker, given)
    if verb in ("cancel", "amend"):
        order = Order.model_validate_json(given.pop("order"))
        return getattr(broker, verb)(order, **given)
    return getattr(broker, verb)(**given)

def forked(broker, given):
    child = os.fork()
    if child == 0:
        answer(broker, "buy", given)
        sys.exit()
    os.waitpid(child, 0)
    return broker.buy(**given)

def answer(broker, verb, given):
    try:
        found = done(broker, verb, given)
        words = ["None", ""] if found is None else [type(found).__name__, found.model_dump_json()]
    except BrokerError as error:
        words = [type(error).__name__, str(error)]
    print(json.dumps(words), flush=True)

limits = Limits.model_validate_json(told["limits"])
with get_broker(told["broker"], environment="sandbox", limits=limits, **told["keys"]) as broker:
    print(json.dumps("ready"), flush=True)
    for line in sys.stdin:
        verb, given, armed = json.loads(line)
        if armed:
            arm()
        answer(broker, verb, given)
"""


def keys_of(box: Sandbox, name: str) -> dict[str, Any]:
    """Return what `get_broker` needs for a served sandbox."""
    given = box.connect(name)
    return {key: getattr(given, key) for key in ("base_url", "app_key", "app_secret", "account")}


@contextmanager
def opened(box: Sandbox, name: str, **given: Any) -> Iterator[Broker]:
    """Open a broker in this process, whose journal lies beside that of the others."""
    with get_broker(name, environment="sandbox", **keys_of(box, name), **given) as broker:
        yield broker


def at_exchange(box: Sandbox, name: str) -> list[ExchangeOrder]:
    """Return what the exchange knows of the account."""
    return list(box.exchange.orders(box.connect(name).account))


class Trader:
    """A process that trades. With `act` it dies or holds on at `point` of the order that is told to be `armed`."""

    def __init__(
        self,
        box: Sandbox,
        name: str,
        *,
        act: str = "",
        point: str = "",
        limits: Limits | None = None,
        options: Mapping[str, str] | None = None,
        folder: Path | None = None,
    ) -> None:
        """`options` are settings of the profile. `folder`: it is another host, whose state and cache lie there."""
        places = (
            {} if folder is None else {"BROKERKIT_STATE_DIR": folder / "state", "BROKERKIT_CACHE_DIR": folder / "cache"}
        )
        variables = {**os.environ, **{key: str(value) for key, value in places.items()}}
        self._process = forks.Popen(["-c", PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=variables)
        given = (limits or Limits()).model_dump_json()
        keys = {**keys_of(box, name), "options": dict(options or {})}
        self.tell({"broker": name, "keys": keys, "act": act, "point": point, "limits": given})
        assert self.hear() == "ready"

    def does(self, verb: str, *, armed: bool = False, **given: Any) -> Any:
        """Let it call a verb, and return what came of it: the class of the result, and the result itself."""
        self.tell([verb, given, armed])
        return self.hear()

    def buys(self, symbol: str = "005930", *, armed: bool = False, **given: Any) -> Any:
        """Let it buy shares at a price at which the order rests."""
        return self.does("buy", armed=armed, **{"symbol": symbol, "quantity": 1, "price": PRICES[symbol], **given})

    def tell(self, words: object) -> None:
        """Send it a line."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(words) + "\n")
        self._process.stdin.flush()

    def hear(self) -> Any:
        """Wait for its next line; None: it has died."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        return json.loads(line) if line else None

    def ends(self) -> None:
        """Let it come to its end as programs do."""
        self._process.communicate(timeout=60)

    def kill(self) -> None:
        """Kill it, wherever it is."""
        self._process.kill()
        self._process.communicate(timeout=20)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        if not self._process.stdin.closed:
            self._process.kill()
            self._process.communicate()
