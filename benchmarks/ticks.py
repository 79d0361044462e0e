"""A process that speaks as KIS does over one socket, and sends frames that were made before as fast as they are taken.

It is no sandbox: it takes every key and every registration. Frames go out in pieces of many, as a busy broker's do.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from itertools import cycle, islice
from typing import Any, Self

from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol

from benchmarks.cores import use
from brokerkit import Side, get_broker
from brokerkit.sandbox import Sandbox

PER_SYMBOL = 120
SYMBOLS = 5
VOLUME = 13
"""The place of the day's volume among the values of a trade; where delays are measured it is when it was sent."""
TOPIC = json.dumps(
    {
        "header": {"approval_key": "bench", "custtype": "P", "tr_type": "1", "content-type": "utf-8"},
        "body": {"input": {"tr_id": "H0STCNT0", "tr_key": "005930"}},
    }
)


def captured() -> list[str]:
    """Return frames of trades as the sandbox sends them: of several symbols, each another one."""
    from decimal import Decimal

    with Sandbox() as box, get_broker("kis", environment="sandbox", sandbox=box) as broker:
        symbols = list(box.exchange.instruments)[:SYMBOLS]
        frames: list[str] = []
        with broker.stream() as stream:
            stream.trades(*symbols)
            stream._sources.listen(lambda socket, texts, at: frames.extend(each for each in texts if each[0] == "0"))
            for number in range(PER_SYMBOL):
                for symbol in symbols:
                    box.exchange.trade(symbol, (Side.BUY, Side.SELL)[number % 2], Decimal(number % 7 + 1))
            for _ in range(PER_SYMBOL * len(symbols)):
                stream.next(timeout=10)
    return [text for text in frames if text.split("|")[2] == "001"]


class Ticks:
    """The process, as long as this is entered."""

    def __init__(self, frames: list[str], core: int | None) -> None:
        self.symbols = sorted({text.split("^", 1)[0].rpartition("|")[2] for text in frames})
        command = [sys.executable, "-m", "benchmarks.ticks", "-" if core is None else str(core)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603
        self._say(frames)
        self.url = f"http://127.0.0.1:{self._heard()}"

    def send(self, count: int, a_second: int | None = None) -> None:
        """Let so many frames go to the connection that was made last."""
        self._say([count, a_second])
        self._heard()

    def seen(self) -> tuple[int, int]:
        """Return how many connections were made, and how many texts came over them."""
        time.sleep(0.2)  # what is on its way may arrive
        self._say(None)
        connections, texts = self._heard()
        return connections, texts

    def _say(self, what: Any) -> None:
        assert self._process.stdin is not None  # noqa: S101 - it is a pipe
        self._process.stdin.write(json.dumps(what) + "\n")
        self._process.stdin.flush()

    def _heard(self) -> Any:
        assert self._process.stdout is not None  # noqa: S101 - it is a pipe
        return json.loads(self._process.stdout.readline())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._process.communicate(timeout=10)


# The process itself


class _Server:
    def __init__(self, frames: list[str]) -> None:
        self._frames = frames
        self._pieces = [_framed(text) for text in frames]
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.last: socket.socket | None = None
        self.connections = self.texts = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._served, args=[connection], daemon=True).start()

    def _served(self, connection: socket.socket) -> None:
        with suppress(OSError):  # who measures has gone
            self._serve(connection)

    def _serve(self, connection: socket.socket) -> None:
        first = connection.recv(65_536)
        if first.startswith(b"POST"):
            while not first.endswith(b"}"):
                first += connection.recv(65_536)
            return self._approve(connection)
        protocol = ServerProtocol()
        protocol.receive_data(first)
        while True:
            for event in protocol.events_received():
                if isinstance(event, Request):
                    protocol.send_response(protocol.accept(event))
                    self.connections += 1
                    self.last = connection
                elif isinstance(event, Frame) and event.opcode is Opcode.TEXT:
                    self.texts += 1
                    protocol.send_text(self._answer(json.loads(bytes(event.data))))
            for data in protocol.data_to_send():
                if data:
                    connection.sendall(data)
            if protocol.close_expected():
                return connection.close()
            data = connection.recv(65_536)
            if not data:
                return None
            protocol.receive_data(data)

    def _approve(self, connection: socket.socket) -> None:
        """Answer whatever is asked by REST with a key, and close: nothing else is asked here."""
        body = json.dumps({"approval_key": "0123456789-bench"}).encode()
        head = [
            "HTTP/1.1 200 OK",
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
            "Connection: close",
        ]
        connection.sendall("\r\n".join([*head, "", ""]).encode() + body)
        connection.close()

    def _answer(self, asked: dict[str, Any]) -> bytes:
        wanted = asked["body"]["input"]
        header = {"tr_id": wanted["tr_id"], "tr_key": wanted["tr_key"], "encrypt": "N"}
        body = {
            "rt_cd": "0",
            "msg_cd": "OPSP0000",
            "msg1": "SUBSCRIBE SUCCESS",
            "output": {"iv": "i" * 16, "key": "k" * 32},
        }
        return json.dumps({"header": header, "body": body}).encode()

    def send(self, count: int, a_second: int | None) -> None:
        """Send frames to the last connection: all that it takes, or so many a second, each with its moment in it."""
        assert self.last is not None  # noqa: S101 - somebody has subscribed
        if a_second is None:
            rounds, rest = divmod(count, len(self._pieces))
            whole = b"".join(self._pieces)  # made before, so that who measures has the machine for himself
            for _ in range(rounds):
                self.last.sendall(whole)
            self.last.sendall(b"".join(self._pieces[:rest]))
            return
        texts = islice(cycle(self._frames), count)
        begun = time.monotonic()
        for number, text in enumerate(texts):
            time.sleep(max(0.0, begun + number / a_second - time.monotonic()))
            values = text.split("^")
            values[VOLUME] = str(time.monotonic_ns() // 1000)
            self.last.sendall(_framed("^".join(values)))


def _framed(text: str) -> bytes:
    data = text.encode()
    head = bytes([0x81, len(data)]) if len(data) < 126 else bytes([0x81, 126, *len(data).to_bytes(2)])
    return head + data


def main(core: str) -> None:
    """Serve until nobody asks any more."""
    if core != "-":
        use(int(core))
    server = _Server(json.loads(sys.stdin.readline()))
    print(server.port, flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        if asked is None:
            print(json.dumps([server.connections, server.texts]), flush=True)
        else:
            print("0", flush=True)
            server.send(*asked)


if __name__ == "__main__":
    main(sys.argv[1])
