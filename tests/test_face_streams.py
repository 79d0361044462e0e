"""The WebSocket side that all faces share, over real sockets with the client of another library."""

from __future__ import annotations

import gc
import logging
import threading
import warnings
from collections.abc import Iterator
from decimal import Decimal

import pytest
import requests
from websockets.exceptions import ConnectionClosed, ConnectionClosedError, InvalidStatus

from brokerkit.market.sessions import Phase
from brokerkit.sandbox.bourses import US
from brokerkit.sandbox.exchange import Exchange
from brokerkit.sandbox.happenings import Happening, Traded
from brokerkit.sandbox.server import Server
from brokerkit.sandbox.streaming import Line
from tests.exchanges import BUY, SAMSUNG, send
from tests.willow import WillowFace, WillowStream, client, register, served, told


@pytest.fixture
def face() -> WillowFace:
    return WillowFace(Exchange())


@pytest.fixture
def stream(face: WillowFace) -> WillowStream:
    assert isinstance(face.stream, WillowStream)
    return face.stream


@pytest.fixture
def url(face: WillowFace) -> Iterator[str]:
    with served(face) as url:
        yield url


def test_a_client_is_told_what_happens_in_the_order_of_the_exchange(url: str, face: WillowFace) -> None:
    price = face.exchange.quote(SAMSUNG).price
    with client(url) as connection:
        assert register(connection, SAMSUNG) == f"ok|+{SAMSUNG}|{price}"
        row = send(face.exchange, BUY, 3, price, account="7")
        assert told(connection, 4) == [
            f"1:order|ACCEPTED|{row.number}",
            f"1:trade|{SAMSUNG}|{price}|3",
            f"1:order|FILLED|{row.number}",
            f"1:book|{SAMSUNG}|{price}",
        ]


def test_the_pipe_and_the_calls_of_a_face_share_a_port(url: str) -> None:
    http = url.replace("ws", "http", 1)
    with client(url):
        assert requests.get(http, timeout=60).status_code == 200


@pytest.mark.parametrize("kind", [WillowFace, type("Dumb", (WillowFace,), {"Stream": None})])
def test_another_path_takes_no_websocket(kind: type[WillowFace]) -> None:
    with served(kind(Exchange())) as url:
        path = f"{url}er" if kind is WillowFace else url
        with pytest.raises(InvalidStatus) as caught, client(path):
            pass
        assert (caught.value.response.status_code, caught.value.response.body) == (404, b"Not Found")
        assert caught.value.response.headers["X-Simulation"] == "brokerkit sandbox"


def test_texts_come_in_their_order_whoever_sends_them(url: str, stream: WillowStream) -> None:
    with client(url) as connection:
        register(connection, SAMSUNG)
        line = stream.lines[0]

        def send(name: int) -> None:
            for number in range(500):
                line.send(f"{name}|{number}")

        threads = [threading.Thread(target=send, args=(name,)) for name in range(4)]
        for thread in threads:
            thread.start()
        texts = told(connection, 2_000)
        for thread in threads:
            thread.join()
        for name in range(4):
            assert [text for text in texts if text.startswith(f"{name}|")] == [f"{name}|{n}" for n in range(500)]


def test_a_line_closes_behind_what_was_sent_and_takes_nothing_more(url: str, stream: WillowStream) -> None:
    with client(url) as connection:
        connection.send("bye")
        assert told(connection, 1) == ["bye"]
        with pytest.raises(ConnectionClosed) as caught:
            connection.recv(timeout=60)
    assert caught.value.rcvd is not None
    assert (caught.value.rcvd.code, caught.value.rcvd.reason) == (4000, "as you like")


def test_a_line_can_be_cut_without_a_word(url: str, stream: WillowStream) -> None:
    with client(url) as connection:
        register(connection, SAMSUNG)
        stream.lines[0].cut()
        with pytest.raises(ConnectionClosedError) as caught:
            connection.recv(timeout=60)
        assert caught.value.rcvd is None


def test_a_client_that_does_not_take_what_it_is_sent_is_cut(
    url: str, stream: WillowStream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("brokerkit.sandbox.streaming.MOST_WAITING", 100)
    with client(url) as connection:
        register(connection, SAMSUNG)
        line = stream.lines[0]
        line.pause(1_000)
        while not line.is_closed:
            line.send("more")
        with pytest.raises(ConnectionClosedError):
            connection.recv(timeout=60)


def test_heartbeats_come_and_a_silent_client_is_closed(face: WillowFace, stream: WillowStream) -> None:
    stream.heartbeat_seconds = 0.02
    with served(face) as url, client(url) as connection:
        assert told(connection, 3) == ["beat"] * 3
        stream.silence_seconds = 0.0
        assert set(connection) <= {"beat"}  # ends with the connection


def test_nobody_listens_to_the_exchange_without_a_line(url: str, face: WillowFace, stream: WillowStream) -> None:
    bulletin = face.exchange._floor.bulletin
    assert not bulletin.is_heard
    with client(url) as one:
        register(one, SAMSUNG)
        with client(url) as other:
            register(other, SAMSUNG)
            assert (bulletin.is_heard, len(stream.lines)) == (True, 2)
    until_gone(stream)
    assert not bulletin.is_heard


def test_a_mistake_of_a_face_ends_its_line_and_no_other(
    url: str, face: WillowFace, caplog: pytest.LogCaptureFixture
) -> None:
    with client(url) as one, client(url) as other:
        register(other, SAMSUNG)
        one.send("fail")
        with pytest.raises(ConnectionClosed):
            one.recv(timeout=60)
        face.exchange.trade(SAMSUNG, BUY, Decimal(1))
        assert told(other, 1)[0].startswith("1:trade|")
    assert "the face has a mistake" in caplog.text


def test_a_mistake_while_telling_reaches_the_log_and_not_the_trader(
    url: str, face: WillowFace, stream: WillowStream, caplog: pytest.LogCaptureFixture
) -> None:
    with client(url) as connection:
        register(connection, SAMSUNG)
        stream.lines[0].state.clear()
        face.exchange.trade(SAMSUNG, BUY, Decimal(1))
        assert "KeyError" in caplog.text


def test_closing_the_server_ends_lines_without_a_trace(face: WillowFace, caplog: pytest.LogCaptureFixture) -> None:
    with warnings.catch_warnings(), caplog.at_level(logging.WARNING):
        warnings.simplefilter("error")
        server = Server(face.app)
        with client(f"{server.url.replace('http', 'ws', 1)}/stream") as connection:
            register(connection, SAMSUNG)
            server.close()
            with pytest.raises(ConnectionClosed):
                connection.recv(timeout=60)
        gc.collect()
    assert (caplog.text, face.stream and face.stream.lines) == ("", [])


def until_gone(stream: WillowStream) -> None:
    """Wait until the face knows that its clients are gone."""
    gone = threading.Event()
    while stream.lines:
        gone.wait(0.01)


class BothMarkets(WillowStream):
    """Takes registrations of every exchange of its face."""

    def received(self, line: Line, text: str) -> None:
        line.state["symbols"].add(text)
        line.send(f"ok|{text}")

    def happened_abroad(self, market: str, happening: Happening) -> None:
        if isinstance(happening, Traded):
            for line in self.lines:
                line.send(f"{market}|{happening.symbol}|{happening.trade.price}")


class BothFaces(WillowFace):
    Stream = BothMarkets


def test_what_happens_abroad_is_told_apart_from_what_happens_at_home() -> None:
    abroad = Exchange(bourse=US)
    face = BothFaces(Exchange(), abroad=[abroad])
    with served(face) as url, client(url) as connection:
        connection.send("US:AAPL")
        assert told(connection, 1) == ["ok|US:AAPL"]
        abroad.trade("US:AAPL", BUY, Decimal(1))
        assert told(connection, 1) == [f"US|US:AAPL|{abroad.quote('US:AAPL').price}"]
        abroad.phase = Phase.AFTER_MARKET  # the home side must not hear of it
        send(face.exchange, BUY, 1, face.exchange.quote(SAMSUNG).price, account="7")
        assert told(connection, 1)[0].startswith("1:order|ACCEPTED|")


def test_a_lively_market_abroad_trades_what_is_followed() -> None:
    abroad = Exchange(bourse=US)
    face = BothFaces(Exchange(), abroad=[abroad])
    assert isinstance(face.stream, WillowStream)
    face.stream.is_lively, face.stream.lively_seconds = True, 0.01
    with served(face) as url:
        with client(url) as connection:
            connection.send("US:AAPL")
            texts = told(connection, 5)[1:]
        until_gone(face.stream)
    assert {text.split("|")[1] for text in texts} == {"US:AAPL"}
    assert not abroad._floor.bulletin.is_heard, "the last line has ended"
