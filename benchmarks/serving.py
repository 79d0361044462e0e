"""The process that serves: both faces over one exchange, with an account that has positions and orders.

It tells on its standard output, as JSON, where the faces listen, and which requests our own adapters send for each
question, so that a client can send them again (or with --keys the keys, so that a client can log in itself). After that
it answers every line of its standard input with the processor time it has used, and ends
with the end of its input.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from typing import Any
from unittest import mock

from benchmarks.cores import use
from brokerkit import clock, get_broker
from brokerkit.broker import Broker
from brokerkit.models import OrderRequest
from brokerkit.sandbox import Sandbox
from brokerkit.sandbox.face import Face
from brokerkit.sandbox.server import Server
from brokerkit.words import OrderType, Side

BROKERS = ("kis", "kiwoom")
PLAIN = "plain server"
POSITIONS = 10
_CHEAP = 50_000
"""Shares below this price, so that the account can pay for all orders."""


def symbols(sandbox: Sandbox) -> list[str]:
    """Return the symbols that the account holds and trades."""
    listed = sandbox.exchange.instruments.values()
    return [each.symbol for each in listed if each.previous_close < _CHEAP][:POSITIONS]


def give_positions(sandbox: Sandbox, face: Face) -> None:
    """Give the account of a face its positions."""
    for symbol in symbols(sandbox):
        sandbox.exchange.give_holding(face.credentials.account, symbol, Decimal(10_000), Decimal(100_000_000))


def place_orders(sandbox: Sandbox, face: Face, count: int) -> None:
    """Make so many rows of the day: of ten, five buys wait, three are filled, and a sale is cancelled by the tenth."""
    exchange, account, traded = sandbox.exchange, face.credentials.account, symbols(sandbox)
    for index in range(count):
        symbol, turn = traded[index // 10 % len(traded)], index % 10
        instrument = exchange.instruments[symbol]
        if turn == 9:
            exchange.cancel(account, exchange.orders(account)[-1].number)
            continue
        side = Side.SELL if turn == 8 else Side.BUY
        ask = exchange.order_book(symbol).asks[0].price
        price = instrument.upper_limit if side is Side.SELL else instrument.lower_limit if turn < 5 else ask
        request = OrderRequest(symbol=symbol, side=side, quantity=Decimal(1), type=OrderType.LIMIT, price=price)
        exchange.submit(account, request)


def questions(broker: Broker, traded: list[str]) -> dict[str, Callable[[], object]]:
    """Return what a client asks, by name."""
    today = clock.today()
    return {
        "quote": lambda: [broker.quote(symbol) for symbol in traded],
        "balance": broker.balance,
        "open orders": broker.orders,
        "orders of the day": lambda: broker.order_history(today, today),
    }


def recorded(sandbox: Sandbox, face: Face) -> dict[str, list[dict[str, Any]]]:
    """Return the requests that our adapter sends for each question, every page of the lists."""
    found = {}
    with get_broker(face.name, environment="sandbox", sandbox=sandbox) as broker, unlimited(broker):
        broker.balance()  # what is asked once only, such as the token, is not part of a question
        for name, ask in questions(broker, symbols(sandbox)).items():
            seen = len(face.requests)
            ask()
            found[name] = [
                {
                    "method": request.method,
                    "path": request.path,
                    "query": dict(request.query),
                    "headers": dict(request.headers),
                    "body": json.dumps(request.body) if request.body else "",
                }
                for request in face.requests[seen:]
            ]
    return found


@contextmanager
def unlimited(broker: Broker) -> Iterator[None]:
    """Let a broker send without waiting for the limits of calls."""
    with mock.patch.object(type(broker.client), "limits", return_value=()):
        yield


async def plain(scope: Any, receive: Any, send: Any) -> None:
    """Answer a kilobyte of JSON to whoever asks: what the server that the faces use can do at best."""
    while (await receive()).get("more_body"):
        pass
    body = json.dumps({"plain": "x" * 1_000}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def told_of(sandbox: Sandbox, face: Face, *, keys: bool) -> dict[str, Any]:
    """Return what a client has to know about a face: its keys, or the requests that it may repeat."""
    connection = sandbox.connect(face.name)
    if keys:
        return asdict(connection)
    port = int(connection.base_url.rpartition(":")[2])
    return {"port": port, "questions": recorded(sandbox, face)}


def main() -> None:
    """Serve until the end of the standard input."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=0)
    parser.add_argument("--core", type=int)
    parser.add_argument("--keys", action="store_true")
    parser.add_argument("--certificate", type=Path)
    given = parser.parse_args()
    if given.core is not None:
        use(given.core)
    with Sandbox(certificate=given.certificate) as sandbox:
        told = {}
        for name in BROKERS:
            face = sandbox.face(name)
            face.window.calls = 10**9
            give_positions(sandbox, face)
            place_orders(sandbox, face, given.orders)
            told[name] = told_of(sandbox, face, keys=given.keys)
        bare = Server(plain)
        if not given.keys:
            asked = {"method": "GET", "path": "/", "query": {}, "headers": {}, "body": ""}
            told[PLAIN] = {"port": bare.port, "questions": {"a kilobyte": [asked]}}
        print(json.dumps(told), flush=True)
        for _ in sys.stdin:
            print(time.process_time(), flush=True)
        bare.close()


if __name__ == "__main__":
    main()
