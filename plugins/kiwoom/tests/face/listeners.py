"""Somebody who listens to the WebSocket of the Kiwoom face."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from plugins.kiwoom.tests.face.customers import SAMSUNG, Customer

PATH = "/api/dostk/websocket"
PATIENCE = 20.0
"""Seconds that a test waits for what has to come."""
Entry = dict[str, Any]


class Listener:
    """One connection. Frames are read in their order; REAL frames are kept for whoever asks for entries."""

    def __init__(self, customer: Customer, *, path: str = PATH) -> None:
        self.customer = customer
        url = customer.server.url.replace("http", "ws", 1) + path
        self._open = ExitStack()
        self.socket: ClientConnection = self._open.enter_context(connect(url))
        self.frames: list[Entry] = []
        """The REAL frames so far."""
        self._entries: list[Entry] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def send(self, frame: object) -> None:
        self.socket.send(json.dumps(frame, ensure_ascii=False))

    def text(self) -> str:
        return str(self.socket.recv(PATIENCE))

    def answer(self) -> Entry:
        """Return the next frame that is no REAL one."""
        while True:
            frame: Entry = json.loads(self.text())
            if frame["trnm"] != "REAL":
                return frame
            self._keep(frame)

    def ask(self, frame: object) -> Entry:
        self.send(frame)
        return self.answer()

    def login(self, **changes: object) -> Entry:
        return self.ask({"trnm": "LOGIN", "token": self.customer.token, **changes})

    def register(self, types: Sequence[str], items: Sequence[str] = (SAMSUNG,), **changes: object) -> Entry:
        return self.ask(registering(types, items, **changes))

    def remove(self, types: Sequence[str], items: Sequence[str] = (SAMSUNG,), **changes: object) -> Entry:
        frame = registering(types, items, trnm="REMOVE", **changes)
        del frame["refresh"]
        return self.ask(frame)

    def entry(self, type: str | None = None) -> Entry:
        """Return the next entry of a type; others before it are passed over."""
        while True:
            while self._entries:
                entry = self._entries.pop(0)
                if type in (None, entry["type"]):
                    return entry
            frame = json.loads(self.text())
            if frame["trnm"] == "REAL":
                self._keep(frame)

    def values(self, type: str) -> dict[str, str]:
        return dict(self.entry(type)["values"])

    def settle(self) -> list[Entry]:
        """Return the entries of all that has happened so far: a question of ours is answered behind them."""
        self.send({"trnm": "CNSRLST"})
        while (answer := self.answer())["trnm"] != "CNSRLST":
            assert answer["trnm"] == "PING"
        found, self._entries = self._entries, []
        return found

    def end(self) -> tuple[list[Entry], int, str]:
        """Return what still comes, and the code and reason with which the server closes."""
        found: list[Entry] = []
        with pytest.raises(ConnectionClosed) as closed:
            found.extend(map(json.loads, iter(self.text, None)))
        assert closed.value.rcvd is not None
        return found, closed.value.rcvd.code, closed.value.rcvd.reason

    def _keep(self, frame: Entry) -> None:
        self.frames.append(frame)
        self._entries.extend(frame["data"])


def registering(types: Sequence[str], items: Sequence[str] = (SAMSUNG,), **changes: object) -> Entry:
    data = [{"item": list(items), "type": list(types)}]
    return {"trnm": "REG", "grp_no": "1", "refresh": "1", "data": data, **changes}


def listening(customer: Customer, types: Sequence[str] = (), items: Sequence[str] = (SAMSUNG,)) -> Listener:
    """Return a listener that has logged in and registered."""
    listener = Listener(customer)
    assert listener.login()["return_code"] == 0
    if types:
        assert listener.register(types, items)["return_code"] == 0
    return listener
