"""The fast reader of heads takes nothing that the standard library refuses, and reads what it takes alike."""

from __future__ import annotations

import io
import socket
from http.client import HTTPException, HTTPResponse
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brokerkit.transport.heads import MOST_LINES, plain_head
from tests.servers import READ, Exchange, ProbeClient, Server, answer

PLAIN = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\ntr_id: FHKST01010100\r\ntr_cont:\r\n"
    b"Content-Length: 2\r\nDate: Fri, 27 Nov 2026 01:00:00 GMT\r\n\r\n"
)
Read = tuple[int, str, list[tuple[str, str]], int | None]


class Line:
    """A socket from which these bytes come."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(cast(Any, io.BytesIO(self._data)))


def by_the_library(data: bytes) -> Read | None:
    response = HTTPResponse(cast(socket.socket, Line(data)), method="GET")
    try:
        response.begin()
    except (HTTPException, ValueError, OSError):
        return None
    return response.status, response.reason, response.headers.items(), response.length


def fast(data: bytes) -> Read | None:
    found = plain_head(data)
    return None if found is None else (found.status, found.reason, found.fields.items(), found.length)


def test_a_plain_head_is_read_and_its_length_is_where_the_body_begins() -> None:
    found = plain_head(PLAIN + b"{}")
    assert found is not None
    assert fast(PLAIN + b"{}") == by_the_library(PLAIN + b"{}")
    assert (found.status, found.reason, found.size, found.length) == (200, "OK", len(PLAIN), 2)
    assert found.fields["TR_ID"] == "FHKST01010100"
    assert found.fields["tr_cont"] == ""


@pytest.mark.parametrize(
    "data",
    [
        PLAIN[:-1],
        b"",
        PLAIN.replace(b"HTTP/1.1", b"HTTP/1.0"),
        PLAIN.replace(b"200 OK", b"100 Continue"),
        PLAIN.replace(b"200 OK", b"204 No Content"),
        PLAIN.replace(b"200 OK", b"304 Not Modified"),
        PLAIN.replace(b"200 OK", b"20 OK"),
        PLAIN.replace(b"200 OK", b"2000 OK"),
        PLAIN.replace(b"tr_id: F", b"tr_id: F\r\n folded"),
        PLAIN.replace(b"tr_id: F", b"tr_id : F"),
        PLAIN.replace(b"tr_id: F", b"tr_id"),
        PLAIN.replace(b"tr_id: F", b": F"),
        PLAIN.replace(b"tr_id: F", b"tr_id: \xedF"),
        PLAIN.replace(b"tr_id: F", b"tr_id: \x00F"),
        PLAIN.replace(b"tr_id: F", b"tr_id: F\rF"),
        PLAIN.replace(b"tr_id: F", b"tr_id: F\nF"),
        PLAIN.replace(b"\r\ntr_cont:", b" \r\ntr_cont:"),
        PLAIN.replace(b"\r\n", b"\n"),
        PLAIN.replace(b"tr_cont:\r\n", b"a: b\r\n" * MOST_LINES),
        PLAIN.replace(b"Content-Length: 2\r\n", b""),
        PLAIN.replace(b"Content-Length: 2", b"Content-Length: +2"),
        PLAIN.replace(b"Content-Length: 2", b"Content-Length: 2\r\ncontent-length: 2"),
        PLAIN.replace(b"tr_cont:", b"Transfer-Encoding: chunked"),
    ],
)
def test_any_other_head_is_left_to_the_library(data: bytes) -> None:
    assert plain_head(data) is None


LINES = st.lists(
    st.one_of(
        st.from_regex(rb"[A-Za-z_-]{1,12}: ?[ -~]{0,20}", fullmatch=True),
        st.binary(max_size=24),
        st.sampled_from([b"", b" folded", b"\tfolded", b"From x", b"Content-Length: 5", b"Transfer-Encoding: chunked"]),
    ),
    max_size=6,
)
STATUS = st.one_of(
    st.from_regex(rb"HTTP/1\.[01] [0-9]{2,4} ?[ -~]{0,8}", fullmatch=True),
    st.just(b"HTTP/1.1 200 OK"),
    st.binary(max_size=20),
)


@given(STATUS, LINES, st.sampled_from([b"\r\n", b"\n", b"\r"]))
def test_what_is_taken_is_taken_by_the_library_too_and_read_alike(first: bytes, lines: list[bytes], end: bytes) -> None:
    data = end.join([first, *lines, b"", b"body"])
    found = fast(data)
    if found is not None:
        assert found == by_the_library(data)


@given(st.integers(0, len(PLAIN) - 1), st.integers(0, 255))
def test_a_plain_head_with_one_byte_changed_is_read_alike_or_left_to_the_library(place: int, byte: int) -> None:
    data = PLAIN[:place] + bytes([byte]) + PLAIN[place + 1 :]
    found = fast(data)
    if found is not None:
        assert found == by_the_library(data)


@pytest.mark.parametrize("odd", [b"", b"X-Odd: \xed\r\n", b"X-Folded: a\r\n b\r\n"])
def test_a_client_reads_an_answer_whatever_its_head_is_like(odd: bytes) -> None:
    def script(exchange: Exchange) -> bool | None:
        whole = answer()
        head, rest = whole.split(b"\r\n", 1)
        return exchange.send(head + b"\r\n" + odd + rest)

    with Server(script) as server, ProbeClient(server.url) as client:
        assert [client.call(READ).price for _ in range(2)] == [70000, 70000]
