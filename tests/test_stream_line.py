"""One line to a broker, over real sockets: what it sends and receives, what it refuses, and how it ends."""

from __future__ import annotations

import logging
import re
import socket
import ssl
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr
from websockets.frames import Frame, Opcode
from websockets.utils import accept_key

from brokerkit.errors import ConfigError
from brokerkit.stream.line import MOST_BYTES, Line, LineLost, Waker, Woken, check_address
from tests.paper import PaperBroker
from tests.servers import make_certificate


def frame(text: str | bytes, opcode: Opcode = Opcode.TEXT, *, fin: bool = True, mask: bool = False) -> bytes:
    """Return a frame as a server sends it."""
    return Frame(opcode, text.encode() if isinstance(text, str) else text, fin).serialize(mask=mask)


class RawServer:
    """Answers one connection with bytes: after the request what `answer` makes of it, then what a test sends."""

    def __init__(self, answer: Callable[[str], bytes] | None = None) -> None:
        self._answer = answer or welcome
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"ws://127.0.0.1:{self._listener.getsockname()[1]}/stream"
        self.request = ""
        self.is_connected = threading.Event()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        self.connection, _ = self._listener.accept()
        while "\r\n\r\n" not in self.request:
            if not (data := self.connection.recv(4096)):
                return
            self.request += data.decode()
        with suppress(OSError):
            self.connection.sendall(self._answer(self.request))
        self.is_connected.set()

    def send(self, data: bytes) -> None:
        assert self.is_connected.wait(60)
        self.connection.sendall(data)

    def close(self) -> None:
        with suppress(OSError), socket.create_connection(self._listener.getsockname()):
            pass  # in case nobody came
        self._thread.join()
        self.connection.close()
        self._listener.close()


def welcome(request: str) -> bytes:
    """Return the answer that makes a WebSocket of a request."""
    found = re.search(r"Sec-WebSocket-Key: (\S+)", request)
    assert found is not None
    head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    return f"{head}Sec-WebSocket-Accept: {accept_key(found[1])}\r\n\r\n".encode()


@contextmanager
def raw(answer: Callable[[str], bytes] | None = None) -> Iterator[RawServer]:
    server = RawServer(answer)
    try:
        yield server
    finally:
        server.close()


@contextmanager
def line_to(url: str, verify: str | bool = True) -> Iterator[Line]:
    """Return a line that is connected."""
    waker = Waker()
    line = Line(check_address(url), verify, waker)  # type: ignore[arg-type]
    try:
        line.connect()
        yield line
    finally:
        line.close()
        waker.close()


def receive(line: Line, number: int) -> list[str]:
    """Return so many texts."""
    texts: list[str] = []
    while len(texts) < number:
        texts += line.receive(60) or []
    return texts


def end_of(line: Line) -> str:
    """Read until the line ends, and return why."""
    try:
        while line.receive(60) is not None:
            pass
    except LineLost as lost:
        return lost.words
    raise AssertionError("it goes on")


# Where it may lead


@pytest.mark.parametrize(
    "url",
    [
        "ws://ops.example.com:21000/tryitout",
        "ws://localhost.evil.example:80/",
        "ws://user:secret-word@127.0.0.1:80/",
        "wss://user:secret-word@ops.example.com/",
        "ws://2130706433:80/",
        "http://127.0.0.1:80/",
        "wss://ops.example.com/?token=secret-word",
        "ws://10.0.0.1:21000/",
        "ws://ops.example.com:21001/",
        "",
    ],
)
def test_an_address_that_is_not_encrypted_or_not_plain_is_refused(url: str) -> None:
    with pytest.raises(ConfigError) as refused:
        check_address(url, plain_hosts=["other.example.com:21000"])
    assert "secret-word" not in str(refused.value) or "user" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "is_secret"),
    [
        ("wss://ops.example.com/stream", True),
        ("ws://127.0.0.1:8080/stream", False),
        ("ws://localhost:8080", False),
        ("ws://[::1]:8080/", False),
        ("ws://ops.example.com:21000/tryitout", False),
    ],
)
def test_over_tls_to_this_machine_and_to_a_host_that_is_allowed_without(url: str, is_secret: bool) -> None:
    assert check_address(url, plain_hosts=["ops.example.com:21000"]).is_secret is is_secret


# What comes


def test_texts_come_in_batches_however_they_are_cut() -> None:
    texts = ["a", "", "b" * 125, "c" * 126, "d" * 70000, "가격", "e" * MOST_BYTES]
    with raw() as server, line_to(server.url) as line:
        sender = threading.Thread(target=server.send, args=(b"".join(map(frame, texts)),))
        sender.start()
        assert receive(line, len(texts)) == texts
        sender.join()


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.text(max_size=300).map(lambda text: ([text], frame(text))),
            st.text(max_size=40).map(lambda text: ([text], frame(text, Opcode.BINARY))),
            st.text(min_size=2, max_size=40).map(
                lambda text: (
                    [text],
                    frame(text[:1], fin=False)
                    + frame("", Opcode.PONG)
                    + frame(text[1:2], Opcode.CONT, fin=False)
                    + frame(text[2:], Opcode.CONT),
                )
            ),
            st.binary(max_size=100).map(lambda data: ([], frame(data, Opcode.PING))),
        ),
        max_size=8,
    ),
    st.lists(st.integers(1, 200), max_size=20),
)
def test_every_text_comes_once_and_in_order(frames: list[tuple[list[str], bytes]], cuts: list[int]) -> None:
    texts = [text for told, _ in frames for text in told] + ["the end"]
    data = b"".join(each for _, each in frames) + frame("the end")
    with raw(lambda request: welcome(request) + data[:10]) as server, line_to(server.url) as line:
        rest = data[10:]
        for cut in cuts:
            server.send(rest[:cut])
            rest = rest[cut:]
        server.send(rest)
        assert receive(line, len(texts)) == texts


def test_a_text_that_is_no_utf_8_is_a_text_all_the_same() -> None:
    with raw() as server, line_to(server.url) as line:
        server.send(frame(b"\xff1"))
        assert receive(line, 1) == ["\ufffd1"]


def test_a_ping_is_answered_without_a_text() -> None:
    with PaperBroker() as broker, line_to(broker.url) as line:
        broker.wait(lambda broker: broker.connections)
        pong = broker.connections[0].ping()
        assert line.receive(60) == []
        assert pong.wait(60)


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        (frame("masked", mask=True), "what is no WebSocket (ProtocolError)"),
        (b"\x83\x00", "what is no WebSocket (ProtocolError)"),
        (b"\x81\x7f" + (MOST_BYTES + 1).to_bytes(8), "what is no WebSocket (PayloadTooBig)"),
        (b"\x81\x7f" + b"\xff" * 8, "what is no WebSocket (PayloadTooBig)"),
        (frame("a", fin=False) + frame("b"), "what is no WebSocket (ProtocolError)"),
        (frame("c", Opcode.CONT), "what is no WebSocket (ProtocolError)"),
        (frame(b"\x03\xe8Bye", Opcode.CLOSE), "the broker closed the line (1000)"),
        (frame(b"", Opcode.CLOSE), "the broker closed the line (1005)"),
    ],
    ids=["masked", "reserved", "too large", "far too large", "cut short", "out of turn", "closed", "closed bare"],
)
def test_what_came_before_the_end_is_told_and_then_why_it_ended(sent: bytes, words: str) -> None:
    with raw() as server, line_to(server.url) as line:
        server.send(frame("good") + sent + frame("after"))
        assert receive(line, 1) == ["good"]
        assert words in end_of(line)


def test_a_message_in_parts_is_as_long_as_any_other_and_no_longer() -> None:
    part = "x" * 65536
    with raw() as server, line_to(server.url) as line:
        sent = frame(part, fin=False) + frame(part, Opcode.CONT, fin=False) * 16
        sender = threading.Thread(target=lambda: _send_quietly(server, sent))
        sender.start()
        assert "PayloadTooBig" in end_of(line)
        line.close()
        sender.join()


def _send_quietly(server: RawServer, data: bytes) -> None:
    with suppress(OSError):
        server.send(data)


def test_a_line_that_is_cut_in_the_middle_of_a_frame_ends() -> None:
    with raw() as server, line_to(server.url) as line:
        server.send(frame("whole") + frame("half of it")[:5])
        assert receive(line, 1) == ["whole"]
        server.connection.close()
        assert end_of(line) == "the broker closed the line"
        with pytest.raises(LineLost):
            line.receive(0)


def test_it_waits_no_longer_than_it_should_and_can_be_woken() -> None:
    with raw() as server:
        waker = Waker()
        line = Line(check_address(server.url), True, waker)
        line.connect()
        assert line.receive(0) is None
        threading.Timer(0.01, waker.wake).start()
        assert line.receive(600) is None
        line.close()
        waker.close()


# What goes


def test_what_is_sent_arrives_also_if_it_is_more_than_the_socket_takes() -> None:
    with PaperBroker() as broker, line_to(broker.url) as line:
        texts = [f"{number} " + "x" * 100_000 for number in range(50)]
        for text in texts:
            line.send(SecretStr(text))
        while line.owes:
            line.receive(0.01)
        broker.wait(lambda broker: len(broker.received) == len(texts))
        assert broker.received == texts


def test_to_send_on_a_line_that_is_lost_shows_nothing_of_it() -> None:
    with raw() as server, line_to(server.url) as line:
        server.send(frame(b"", Opcode.CLOSE))
        end_of(line)
        with pytest.raises(LineLost) as lost:
            line.send(SecretStr("-".join(["approval", "key", "in", "a", "frame"])))  # the source is shown too
        shown = "".join(traceback.TracebackException.from_exception(lost.value, capture_locals=True).format())
    assert "approval-key-in-a-frame" not in shown


def test_nothing_of_a_frame_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), raw() as server, line_to(server.url) as line:
        line.send(SecretStr("approval-key-in-a-frame"))
        server.send(frame("iv-and-key-in-an-answer"))
        receive(line, 1)
    assert caplog.text == ""


# How it begins


def test_the_request_names_the_host_and_wants_no_extension() -> None:
    with raw() as server, line_to(server.url):
        assert server.is_connected.wait(60)
        lines = server.request.split("\r\n")
        assert lines[0] == "GET /stream HTTP/1.1"
        assert f"Host: {server.url.split('/')[2]}" in lines
        assert not any(line.startswith("Sec-WebSocket-Extensions") for line in lines)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (
            lambda request: b"HTTP/1.1 404 Not Found\r\ncontent-length: 3\r\n\r\nno!",
            "answers 404 where a stream should",
        ),
        (lambda request: b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n\r\n", "answers 302 where"),
        (lambda request: b"SSH-2.0-OpenSSH_9.6\r\n\r\n", "answers something else where a stream should be"),
        (lambda request: b"HTTP/1.1 101 Fine\r\n\r\n", "is none of a WebSocket (InvalidUpgrade)"),
        (lambda request: welcome(request.replace("Key: ", "Key: x")), "is none of a WebSocket (InvalidHeaderValue)"),
        (
            lambda request: welcome(request)[:-2] + b"Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n",
            "is none of a WebSocket (NegotiationError)",
        ),
        (lambda request: b"HTTP/1.1 101 x\r\n" + b"a: b\r\n" * 20000, "does not end"),
        (lambda request: b"", "closed the line during the handshake"),
    ],
)
def test_what_is_no_stream_is_refused_in_words(answer: Callable[[str], bytes], words: str) -> None:
    def close_after(request: str) -> bytes:
        data = answer(request)
        server.connection.sendall(data)
        server.connection.shutdown(socket.SHUT_WR)
        return b""

    with raw(close_after) as server, pytest.raises(LineLost) as lost, line_to(server.url):
        pass
    assert words in lost.value.words


def test_where_nobody_listens_the_host_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with (
        pytest.raises(LineLost, match=rf"127\.0\.0\.1:{port} cannot be reached \(ECONNREFUSED\)"),
        line_to(f"ws://127.0.0.1:{port}/"),
    ):
        pass


def test_a_host_without_an_address_is_no_stream() -> None:
    with pytest.raises(LineLost, match="gaierror"), line_to("wss://no-such-host.invalid/"):
        pass


def test_it_can_be_given_up_while_it_waits_for_the_handshake() -> None:
    came = threading.Event()

    def silent(request: str) -> bytes:
        came.set()
        return b""

    with raw(silent) as server:
        waker = Waker()
        line = Line(check_address(server.url), True, waker)
        wanted = threading.Event()
        wanted.set()

        def give_up() -> None:
            came.wait(60)
            waker.wake()  # still wanted: it goes on
            wanted.clear()
            waker.wake()

        thread = threading.Thread(target=give_up)
        thread.start()
        with pytest.raises(Woken):
            line.connect(wanted.is_set)
        thread.join()
        waker.close()


# Over TLS


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    pytest.importorskip("cryptography", reason="a certificate is made with the cryptography package")
    return make_certificate(tmp_path_factory.mktemp("tls"))


def by_name(broker: PaperBroker) -> str:
    """Return the address as the certificate names it."""
    return broker.url.replace("127.0.0.1", "localhost")


def test_over_tls_texts_come_and_go(certificate: tuple[Path, ssl.SSLContext]) -> None:
    path, context = certificate
    with PaperBroker(ssl=context) as broker, line_to(by_name(broker), str(path)) as line:
        line.send(SecretStr("x" * 500_000))
        broker.wait(lambda broker: broker.connections)
        texts = [str(number) * 1000 for number in range(300)]
        sender = threading.Thread(target=broker.say, args=texts)
        sender.start()
        assert receive(line, len(texts)) == texts
        while line.owes:
            line.receive(0.01)
        broker.wait(lambda broker: broker.received == ["x" * 500_000])
        sender.join()
        broker.cut()
        assert end_of(line)


def test_a_certificate_that_is_not_trusted_ends_it_before_the_request(
    certificate: tuple[Path, ssl.SSLContext],
) -> None:
    with PaperBroker(ssl=certificate[1]) as broker:
        with pytest.raises(LineLost, match="certificate verify failed") as lost, line_to(by_name(broker)):
            pass
        assert lost.value.advice is not None
        assert broker.received == []


def test_a_server_without_tls_is_none_over_tls() -> None:
    with (
        PaperBroker() as broker,
        pytest.raises(LineLost, match="SSL"),
        line_to(broker.url.replace("ws://", "wss://")),
    ):
        pass
