"""Where an answer ends: lengths and chunks are numbers, and what follows an answer is not the next one."""

from __future__ import annotations

import ssl
import time
from pathlib import Path
from typing import Any

import pytest

from brokerkit.errors import NetworkError, OrderUncertain, WireError
from tests.faults import CHUNKED, call, hasten, send_and_hold
from tests.servers import GOOD, ORDER, READ, Exchange, ProbeClient, Script, Server, answer, make_certificate

BODY = b'{"code": "0", "words": "done", "price": "70000"}'
SIZE = b"%x" % len(BODY)
END = b"\r\n0\r\n\r\n"


@pytest.fixture(autouse=True)
def _short_times(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    hasten(request, monkeypatch, 0.5, 1.0)


def in_chunks(size: bytes, *, after: bytes = END, body: bytes = BODY) -> bytes:
    return CHUNKED + size + b"\r\n" + body + after


def with_length(length: str) -> bytes:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    return head.encode("latin-1") + BODY


def with_coding(coding: str) -> bytes:
    return f"HTTP/1.1 200 OK\r\nTransfer-Encoding: {coding}\r\n\r\n".encode() + SIZE + b"\r\n" + BODY + END


MALFORMED: dict[str, tuple[bytes, str]] = {
    **{
        f"chunk of {size!r}": (in_chunks(size), "the size of a chunk is no number")
        for size in (
            b"-" + SIZE,
            b"-1",
            b"+" + SIZE,
            b"0x" + SIZE,
            SIZE[:1] + b"_" + SIZE[1:],
            b" " + SIZE,
            b"",
            b"zz",
            b"0000000" + SIZE,
            "３０".encode(),
        )
    },
    "chunk of a bare line end": (CHUNKED + SIZE + b"\n" + BODY + END, "the size of a chunk is no number"),
    "chunk longer than it says": (in_chunks(b"%x" % (len(BODY) - 1)), "a chunk is longer than it says"),
    "chunk without its end": (in_chunks(SIZE, after=b"0\r\n\r\n"), "a chunk is longer than it says"),
    "endless line of a chunk": (in_chunks(b"1;" + b"x" * 10_000), "a line between chunks is too long"),
    "endless trailers": (in_chunks(SIZE, after=b"\r\n0\r\n" + b"X: y\r\n" * 100), "too much follows the last chunk"),
    "chunks and a length": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n" + SIZE + b"\r\n" + BODY + END,
        "the answer tells its length and comes in chunks",
    ),
    **{
        f"coding {coding}": (with_coding(coding), "in an encoding other than chunks")
        for coding in ("gzip, chunked", "xchunked", "identity", "chunked, chunked")
    },
    **{
        f"length {length!r}": (with_length(length), "the length of the answer is no number")
        for length in ("-5", "+5", "5_0", "0x30", "abc", "4 8", "\xb2", "4.8e1", "1" * 19, "1" * 5_000)
    },
}


@pytest.mark.parametrize("endpoint", [ORDER, READ], ids=str)
@pytest.mark.parametrize("case", MALFORMED)
def test_an_answer_of_unclear_length_is_an_error_and_an_order_is_uncertain(endpoint: Any, case: str) -> None:
    data, words = MALFORMED[case]
    with Server(send_and_hold(data)) as server:
        error = call(ProbeClient(server.url), endpoint)
        assert type(error) is (OrderUncertain if endpoint is ORDER else NetworkError)
        assert words in error.message
        assert len(server.requests) == 1


@pytest.mark.parametrize("length", [f"{len(BODY)}, 5", ""])
def test_two_lengths_or_a_blank_one_leave_an_order_uncertain(length: str) -> None:
    with Server(send_and_hold(with_length(length))) as server:
        assert type(call(ProbeClient(server.url), ORDER)) is OrderUncertain


@pytest.mark.parametrize(
    "data",
    [
        in_chunks(SIZE),
        in_chunks(SIZE.upper() + b"  ;name=value"),
        in_chunks(SIZE, after=b"\r\n0\r\nX-Trailer: one\r\n\r\n"),
        CHUNKED + b"".join(b"1\r\n%c\r\n" % byte for byte in BODY) + b"0\r\n\r\n",
        in_chunks(b"000" + SIZE),
    ],
)
def test_chunks_are_put_together_and_the_line_is_kept(data: bytes) -> None:
    with Server(lambda exchange: exchange.send(data)) as server, ProbeClient(server.url) as client:
        for _ in range(3):
            assert client.call(ORDER, body={}).price == 70000
        assert (len(server.requests), server.connections) == (3, 1)


def test_the_same_length_twice_is_one_length() -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(BODY)}\r\nContent-Length: {len(BODY)}\r\n\r\n".encode()
    with Server(lambda exchange: exchange.send(head + BODY)) as server, ProbeClient(server.url) as client:
        assert client.call(ORDER, body={}).price == 70000


STALE = answer({**GOOD, "price": "1"})
LONG = {**GOOD, "words": "x" * 12_000}
"""Longer than what a reader takes at once, so that TLS keeps the rest of the record."""


def followed(first: bytes) -> Script:
    """Answer the first request of all with more than one answer, every other one with its own."""
    return lambda exchange: exchange.send(
        first if exchange.number == 1 else answer({**GOOD, "price": str(1000 + exchange.number)})
    )


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    pytest.importorskip("cryptography", reason="a certificate is made with the cryptography package")
    shown, context = make_certificate(tmp_path)
    monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", str(shown))
    return context


@pytest.mark.parametrize("over_tls", [False, True])
@pytest.mark.parametrize("asked", [ORDER, READ], ids=str)
@pytest.mark.parametrize(
    "first",
    [
        answer() + STALE,
        answer(LONG) + STALE,
        answer() + STALE[:20],
        answer() + b"\r\n",
        in_chunks(SIZE) + STALE,
        b"HTTP/1.1 204 No Content\r\n\r\n" + STALE,
    ],
    ids=["an answer", "an answer after a long one", "half an answer", "a line end", "after chunks", "after nothing"],
)
def test_what_follows_an_answer_is_not_the_answer_to_the_next_call(
    first: bytes, asked: Any, over_tls: bool, certificate: ssl.SSLContext
) -> None:
    with Server(followed(first), tls=certificate if over_tls else None) as server, ProbeClient(server.url) as client:
        if first.startswith(b"HTTP/1.1 200"):
            assert client.call(READ).price == 70000
        else:
            with pytest.raises(WireError):
                client.call(READ)
        assert client.call(asked, body={} if asked is ORDER else None).price == 1002
        assert server.connections == 2


def test_what_comes_later_without_being_asked_for_is_not_the_next_answer(certificate: ssl.SSLContext) -> None:
    def script(exchange: Exchange) -> bool:
        exchange.send(answer({**GOOD, "price": str(1000 + exchange.number)}))
        return exchange.send(STALE) if exchange.number == 1 else True

    for tls in (None, certificate):
        with Server(script, tls=tls) as server, ProbeClient(server.url) as client:
            assert client.call(READ).price == 1001
            time.sleep(0.1)
            assert client.call(ORDER, body={}).price == 1002


def test_an_answer_that_was_not_read_to_its_end_is_not_the_next_answer() -> None:
    long = answer(b'{"code": "0", "price": "1", "words": "' + b"x" * 9_000_000 + b'"}')
    with Server(followed(long)) as server, ProbeClient(server.url) as client:
        with pytest.raises(NetworkError, match="larger than"):
            client.call(READ)
        assert client.call(ORDER, body={}).price == 1002
        assert server.connections == 2
