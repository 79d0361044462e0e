"""Everything that goes wrong after a request has left, as scripts of a server."""

from __future__ import annotations

import gzip
from typing import Any

import pytest

from brokerkit.errors import BrokerError
from brokerkit.transport import connection
from tests.servers import GOOD, ORDER, Exchange, ProbeClient, Script, answer, reset


def call(client: ProbeClient, endpoint: Any) -> BrokerError:
    """Call and return the error that must come; a call without an end is cut by the time limit of the tests."""
    with client, pytest.raises(BrokerError) as caught:
        client.call(endpoint, body={"quantity": "1"} if endpoint is ORDER else None)
    return caught.value


def send(data: bytes) -> Script:
    """Answer with `data` and close."""

    def script(exchange: Exchange) -> None:
        exchange.send(data)

    return script


def send_and_hold(data: bytes) -> Script:
    def script(exchange: Exchange) -> None:
        exchange.send(data)
        exchange.hold()

    return script


def drip(data: bytes) -> Script:
    def script(exchange: Exchange) -> None:
        exchange.drip(data)

    return script


def send_then_drip(first: bytes, rest: bytes) -> Script:
    def script(exchange: Exchange) -> None:
        exchange.send(first)
        exchange.drip(rest)

    return script


def many_interim(exchange: Exchange) -> None:
    while not exchange.server.stopped.wait(0.02):
        exchange.send(b"HTTP/1.1 100 Continue\r\n\r\n")


def reset_in_the_body(exchange: Exchange) -> None:
    exchange.send(answer(length=500))
    reset(exchange.sock)


def many_headers() -> bytes:
    lines = b"".join(b"X-%d: y\r\n" % number for number in range(200))
    return b"HTTP/1.1 200 OK\r\n" + lines + b"\r\n"


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
UNTIL_CLOSE = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
GZIPPED = {"Content-Encoding": "gzip"}

AFTER_THE_REQUEST: dict[str, Script] = {
    "silence": lambda exchange: exchange.hold(),
    "reset": lambda exchange: reset(exchange.sock),
    "close": lambda exchange: None,
    "half a status line": send(b"HTTP/1.1 20"),
    "status line, then silence": send_and_hold(b"HTTP/1.1 200 OK\r\n"),
    "no HTTP": send(b"\x16\x03\x01 hello, I am something else\r\n\r\n"),
    "too many headers": send(many_headers()),
    "a header too long": send(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000 + b"\r\n\r\n"),
    "closed among the headers": send(b"HTTP/1.1 200 OK\r\nContent-Le"),
    "short body": send(answer(length=500)),
    "reset in the body": reset_in_the_body,
    "bad chunk": send(CHUNKED + b"zz\r\n{}\r\n0\r\n\r\n"),
    "cut chunk": send(CHUNKED + b"ff\r\n{}"),
    "body stalls": send_and_hold(answer(length=500)),
    "headers drip": drip(answer(headers={"X-Long": "y" * 500})),
    "body drips": send_then_drip(answer(b"", length=500), b" " * 500),
    "body drips before a close": send_then_drip(UNTIL_CLOSE, b" " * 500),
    "chunks drip": send_then_drip(CHUNKED, b"1\r\n \r\n" * 100),
    "interim answers without end": many_interim,
    "HTML": send(answer(b"<html>maintenance</html>", headers={"Content-Type": "text/html"})),
    "nothing": send(answer(b"")),
    "204": send(b"HTTP/1.1 204 No Content\r\n\r\n"),
    "cut JSON": send(answer(b'{"code": "0", "pri')),
    "null": send(answer(b"null")),
    "a list": send(answer([GOOD])),
    "no code": send(answer({"price": "1"})),
    "wrong type": send(answer({**GOOD, "price": 70000})),
    "NaN": send(answer(b'{"code": "0", "price": NaN}')),
    "deep nesting": send(answer(b'{"code": "0", "price": ' + b"[" * 100_000)),
    "a number of 5,000 digits": send(answer(b'{"code": "0", "price": ' + b"7" * 5_000 + b"}")),
    "not UTF-8": send(answer(b'{"code": "0", "price": "1", "words": "\xb0\xa1"}')),
    "bad gzip": send(answer(b"no gzip", headers=GZIPPED)),
    "gzip bomb": send(answer(gzip.compress(b" " * 64_000_000, 9), headers=GZIPPED)),
    "oversized": send(answer(b'{"code": "0", "price": "1", "words": "' + b"x" * 9_000_000 + b'"}')),
    "answer to another call": send(answer(headers={"call-id": "other"})),
    "404": send(answer({"title": "not found"}, status=404)),
    "500 without a code": send(answer({"title": "trouble"}, status=500)),
    "502": send(answer(b"<html>bad gateway</html>", status=502)),
    "success under 500": send(answer(status=500)),
    "success under 302": send(answer(status=302, headers={"Location": "/elsewhere"})),
    **{
        f"redirect {status}": send(answer(b"", status=status, headers={"Location": "/elsewhere"}))
        for status in (301, 302, 303, 307, 308)
    },
}

WITHOUT_END = frozenset(
    {
        *("silence", "status line, then silence", "body stalls", "headers drip", "body drips"),
        *("body drips before a close", "chunks drip", "interim answers without end"),
    }
)
"""What ends only because the client waits no longer."""


def hasten(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, read: float, total: float) -> None:
    """Wait for an answer only so many seconds, but for a `case` that ends by itself as long as ever.

    On a machine under load even that takes its time, and hurry would be one more fault, which nobody asked for.
    """
    case = request.node.callspec.params.get("case") if hasattr(request.node, "callspec") else None
    if case is None or case in WITHOUT_END:
        monkeypatch.setattr(connection, "READ_SECONDS", read)
        monkeypatch.setattr(connection, "TOTAL_SECONDS", total)
