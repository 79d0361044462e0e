"""What many calls in one process leave behind: connections, counted at the server, and memory."""

from __future__ import annotations

import gc
import sys
import tempfile
import threading
import tracemalloc
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from starlette.types import ASGIApp, Receive, Scope, Send

from benchmarks.calls import CALLS_PER_SECOND, SYMBOLS, connected, surroundings
from benchmarks.process import serving
from brokerkit.broker import Broker
from brokerkit.sandbox import Sandbox
from brokerkit.sandbox.sandbox import Connection
from brokerkit.sandbox.server import Server

QUOTES = 1_000
THREADS = (1, 4)
TRACED = 1_000
_STATE = Path("/proc/self/statm")
_PAGE = 4096


class Counting:
    """An application that notes which connections its requests come from."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.seen: set[tuple[str, int]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.seen.add(tuple(scope["client"]))
        await self.app(scope, receive, send)


def connections_opened(name: str, threads: int, quotes: int = QUOTES) -> int:
    """Return how many connections the server sees while so many threads ask for so many quotes."""
    with ExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        opened.enter_context(surroundings(folder, None))
        sandbox = opened.enter_context(Sandbox())
        face = sandbox.face(name)
        face.window.calls = 10**9
        counting = Counting(face.app)
        server = Server(counting)
        opened.callback(server.close)
        broker = opened.enter_context(connected(name, replace(sandbox.connect(name), base_url=server.url)))
        asking = [threading.Thread(target=_ask, args=(broker, quotes // threads)) for _ in range(threads)]
        for thread in asking:
            thread.start()
        for thread in asking:
            thread.join()
        return len(counting.seen)


@dataclass(frozen=True)
class Memory:
    """What so many quotes added to this process: KiB that the system gave it, and bytes of living Python objects."""

    calls: int
    resident_kib: int | None
    object_bytes: int


def memory_grown(core: int | None, calls: int) -> Memory:
    """Ask for quotes over one connection, after others that fill what is filled once: the limiter's memory."""
    with ExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        opened.enter_context(surroundings(folder, None))
        server = opened.enter_context(serving(core, "--keys"))
        broker = opened.enter_context(connected("kis", Connection(**server.told["kis"])))
        _ask(broker, CALLS_PER_SECOND)
        before = _resident_kib()
        _ask(broker, calls)
        after = _resident_kib()
        grown = after - before if before is not None and after is not None else None
        return Memory(calls, grown, _objects_grown(broker))


def _objects_grown(broker: Broker) -> int:
    tracemalloc.start()
    try:
        _ask(broker, TRACED)
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        _ask(broker, TRACED)
        gc.collect()
        return tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()


def _ask(broker: Broker, quotes: int) -> None:
    for number in range(quotes):
        broker.quote(SYMBOLS[number % len(SYMBOLS)])


def _resident_kib() -> int | None:
    """Return what the system has given this process; None where it does not tell."""
    gc.collect()
    if sys.platform != "linux":
        return None
    return int(_STATE.read_text(encoding="ascii").split()[1]) * _PAGE // 1024
