"""A broker that is made up, with a WebSocket: what all faces share of streams is tried with it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import ClassVar

from websockets.sync.client import ClientConnection, connect

from brokerkit.sandbox.exchange import Costs, Exchange
from brokerkit.sandbox.face import Credentials, Face, FaceAnswer, ReceivedRequest, visible_key
from brokerkit.sandbox.happenings import BookChanged, Happening, OrderChanged, Traded
from brokerkit.sandbox.server import Server
from brokerkit.sandbox.streaming import FaceStream, Line


class WillowStream(FaceStream):
    """A client says `key|<app key>` or nothing, `+symbol` and `-symbol`. Frames of data tell how many records they
    have: `1:trade|symbol|price|quantity`, `1:book|symbol|ask`, `1:order|what|number`.
    """

    paths = frozenset({"/stream"})
    hangs_up_on_keys = True

    def opened(self, line: Line) -> None:
        line.state["symbols"] = set()

    def received(self, line: Line, text: str) -> None:
        symbols = line.state["symbols"]
        if text == "fail":
            raise RuntimeError("the face has a mistake")
        if text == "bye":
            line.send("bye")
            line.close(4000, "as you like")
        elif text.startswith("+"):
            symbols.add(text[1:])
            line.send(f"ok|{text}|{self.exchange.quote(text[1:]).price}")
        elif text.startswith("key|"):
            line.send("ok|key")
        elif text.startswith("-"):
            symbols.discard(text[1:])
            line.send(f"ok|{text}")

    def heartbeat(self, line: Line) -> str | None:
        return "beat"

    def watched(self) -> Collection[str]:
        return {symbol for line in self.lines for symbol in line.state["symbols"]}

    def is_data(self, text: str) -> bool:
        return text[:1].isdigit()

    def with_unknown_columns(self, line: Line, text: str) -> str | None:
        return _framed([f"{record}|new" for record in _records(text)])

    def with_wrong_count(self, line: Line, text: str) -> str | None:
        return f"{len(_records(text)) + 1}:{';'.join(_records(text))}"

    def split(self, line: Line, text: str) -> Sequence[str]:
        return [_framed([record]) for record in _records(text)]

    def merged(self, line: Line, first: str, second: str) -> str | None:
        return _framed([*_records(first), *_records(second)])

    def refusal_of_registration(self, line: Line, text: str) -> str | None:
        return f"no|{text}" if text.startswith("+") else None

    def refusal_of_key(self, line: Line, text: str) -> str | None:
        return "no|key" if text.startswith("key|") else None

    def happened(self, happening: Happening) -> None:
        frame = _frame(self.exchange, happening)
        for line in self.lines if frame else ():
            symbol = getattr(happening, "symbol", None)
            if symbol is None or symbol in line.state["symbols"]:
                line.send(frame)


def _framed(records: Sequence[str]) -> str:
    return f"{len(records)}:{';'.join(records)}"


def _records(text: str) -> list[str]:
    return text.partition(":")[2].split(";")


def _frame(exchange: Exchange, happening: Happening) -> str:
    if isinstance(happening, Traded):
        return f"1:trade|{happening.symbol}|{happening.trade.price}|{happening.trade.quantity}"
    if isinstance(happening, BookChanged):
        asks = exchange.order_book(happening.symbol).asks
        return f"1:book|{happening.symbol}|{asks[0].price if asks else ''}"
    if isinstance(happening, OrderChanged):
        return f"1:order|{happening.what}|{happening.order.number}"
    return ""


class WillowFace(Face):
    name: ClassVar[str] = "willow"
    costs: ClassVar[Mapping[str, Costs]] = {"real": Costs()}
    calls_per_second: ClassVar[Mapping[str, int]] = {"real": 1_000}
    Stream = WillowStream

    def new_credentials(self) -> Credentials:
        return Credentials(visible_key(20), visible_key(20), "7")

    def method_of(self, request: ReceivedRequest) -> str | None:
        return "GET"

    def answer(self, request: ReceivedRequest) -> FaceAnswer:
        return FaceAnswer({})

    def has_key(self, request: ReceivedRequest) -> bool:
        return True

    def kill_tokens(self) -> None:
        """There are none."""


@contextmanager
def served(face: Face) -> Iterator[str]:
    """Yield where the WebSocket of a face is."""
    server = Server(face.app)
    try:
        yield f"{server.url.replace('http', 'ws', 1)}/stream"
    finally:
        server.close()


@contextmanager
def client(url: str) -> Iterator[ClientConnection]:
    """Yield a plain client of another library."""
    with connect(url, open_timeout=60, close_timeout=60) as connection:
        yield connection


def told(connection: ClientConnection, count: int) -> list[str]:
    """Return so many texts as they come."""
    return [str(connection.recv(timeout=60)) for _ in range(count)]


def register(connection: ClientConnection, symbol: str) -> str:
    """Register a symbol and return what the face answers."""
    connection.send(f"+{symbol}")
    return told(connection, 1)[0]
