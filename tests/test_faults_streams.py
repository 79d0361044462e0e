"""Streams that break on purpose, seen by a plain client of another library, in front of a broker that is made up."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from ssl import create_default_context

import pytest
import requests
from websockets.exceptions import ConnectionClosed, ConnectionClosedError
from websockets.sync.client import ClientConnection, connect

from brokerkit.errors import ConfigError
from brokerkit.sandbox import Faults, Rule, Sandbox
from brokerkit.sandbox.exchange import Exchange
from brokerkit.sandbox.face import Purpose
from brokerkit.sandbox.faults import KINDS, streams
from brokerkit.sandbox.faults.kinds import FaultPlace
from brokerkit.sandbox.faults.relay import Relay
from tests.exchanges import SAMSUNG
from tests.willow import WillowFace, WillowStream, client, register, told

ONE, TWO, THREE = "1:a|1", "1:b|2", "1:c|3"


class Street:
    """A face with a stream behind a relay."""

    def __init__(self, faults: Faults) -> None:
        self.face = WillowFace(Exchange())
        self.faults = faults
        self.relay = Relay(self.face, faults)
        self.url = f"{self.relay.url.replace('http', 'ws', 1)}/stream"

    @property
    def stream(self) -> WillowStream:
        assert isinstance(self.face.stream, WillowStream)
        return self.face.stream

    def send(self, *texts: str) -> None:
        """Let the face send frames of data to the oldest client."""
        for text in texts:
            self.stream.lines[0].send(text)


@contextmanager
def broken(*rules: Rule, seed: int = 1) -> Iterator[tuple[Street, ClientConnection]]:
    street = Street(Faults(rules, seed=seed))
    try:
        with client(street.url) as connection:
            register(connection, SAMSUNG)
            yield street, connection
    finally:
        street.relay.close()


def played(street: Street) -> list[tuple[str, str, int]]:
    return [(entry.kind, entry.purpose, entry.number) for entry in street.faults.log]


def test_without_a_hit_the_relay_hands_everything_on() -> None:
    with broken(Rule("stream_cut", nth=2)) as (street, connection):
        street.send(ONE)
        assert told(connection, 1) == [ONE]
        connection.send("bye")
        assert told(connection, 1) == ["bye"]
        with pytest.raises(ConnectionClosed) as caught:
            connection.recv(timeout=60)
        assert caught.value.rcvd is not None
        assert caught.value.rcvd.code == 4000
    assert played(street) == []


def test_a_stream_is_cut_without_a_word_and_the_frame_is_lost() -> None:
    with broken(Rule("stream_cut", nth=2)) as (street, connection):
        street.send(ONE)
        assert told(connection, 1) == [ONE]
        street.send(TWO)
        with pytest.raises(ConnectionClosedError) as caught:
            connection.recv(timeout=60)
        assert caught.value.rcvd is None
        with client(street.url) as other:
            assert register(other, SAMSUNG).startswith("ok|")
    assert played(street) == [("stream_cut", "frame", 2)]


def test_a_half_open_line_neither_sends_nor_hears_and_is_cut_in_the_end() -> None:
    with broken(Rule("stream_half_open", nth=1, seconds=0.3)) as (street, connection):
        street.send(ONE, TWO)
        connection.send("+000660")
        with pytest.raises(ConnectionClosedError):
            connection.recv(timeout=60)
        assert "000660" not in street.stream.watched()
    assert played(street) == [("stream_half_open", "frame", 1)]


def test_a_silent_line_goes_on_with_answers_and_heartbeats() -> None:
    with broken(Rule("stream_silent", nth=1, seconds=1_000)) as (street, connection):
        street.send(ONE, TWO, "beat")
        assert register(connection, "000660").startswith("beat")
        assert told(connection, 1)[0].startswith("ok|+000660")


def test_data_flows_again_after_a_silence() -> None:
    with broken(Rule("stream_silent", nth=1, seconds=0)) as (street, connection):
        street.send(ONE, TWO)
        assert told(connection, 1) == [TWO]


def test_a_slow_frame_keeps_its_place() -> None:
    with broken(Rule("stream_slow", nth=1, seconds=0.1)) as (street, connection):
        street.send(ONE, "beat", TWO)
        assert told(connection, 3) == [ONE, "beat", TWO]
    assert played(street) == [("stream_slow", "frame", 1)]


@pytest.mark.parametrize(
    ("kind", "seconds", "sent", "expected"),
    [
        ("stream_duplicated", None, [ONE, TWO], [ONE, ONE, TWO]),
        ("stream_out_of_order", 1_000, [ONE, TWO, THREE], [TWO, ONE, THREE]),
        ("stream_out_of_order", 1_000, [ONE, "beat"], ["beat", ONE]),
        ("stream_out_of_order", 0, [ONE], [ONE]),
        ("stream_split", None, ["3:a;b;c", TWO], ["1:a", "1:b", "1:c", TWO]),
        ("stream_split", None, [ONE], [ONE]),
        ("stream_merged", 1_000, [ONE, TWO, THREE], ["2:a|1;b|2", THREE]),
        ("stream_merged", 1_000, [ONE, "beat"], [ONE, "beat"]),
        ("stream_merged", 0, [ONE], [ONE]),
        ("stream_unknown_columns", None, ["2:a|1;b|2", TWO], ["2:a|1|new;b|2|new", TWO]),
        ("stream_wrong_count", None, ["2:a|1;b|2", TWO], ["3:a|1;b|2", TWO]),
    ],
)
def test_frames_are_broken_as_a_fault_says(
    kind: str, seconds: float | None, sent: list[str], expected: list[str]
) -> None:
    with broken(Rule(kind, nth=1, seconds=seconds)) as (street, connection):
        street.send(*sent)
        assert told(connection, len(expected)) == expected
        assert played(street) == ([] if expected == sent == [ONE] and seconds is None else [(kind, "frame", 1)])


def test_garbage_is_no_frame() -> None:
    with broken(Rule("stream_garbage", times=50)) as (street, connection):
        for _ in range(50):
            street.send("2:first|record;second|record")
        street.send(ONE)
        texts = told(connection, 51)
    assert set(texts) == {"2:first|record", "null", "{", "|", "\0", ONE}
    assert texts[-1] == ONE


def test_a_registration_is_refused_and_does_not_stand() -> None:
    with broken(Rule("stream_registration_refused", nth=2)) as (street, connection):
        assert register(connection, "000660") == "no|+000660"
        assert street.stream.watched() == {SAMSUNG}
        assert register(connection, "000660").startswith("ok|")
    assert played(street) == [("stream_registration_refused", "registration", 2)]


def test_a_key_is_refused_and_the_line_ended_where_the_broker_does_so() -> None:
    with broken(Rule("stream_key_refused")) as (street, connection):
        connection.send("key|good")
        assert told(connection, 1) == ["no|key"]
        with pytest.raises(ConnectionClosed):
            connection.recv(timeout=60)
    assert played(street) == [("stream_key_refused", "key", 1)]


def test_a_restart_cuts_every_line_and_refuses_new_ones_for_a_while() -> None:
    with broken(Rule("stream_restart", nth=1, seconds=1_000)) as (street, connection), client(street.url) as other:
        register(other, SAMSUNG)
        street.send(ONE)
        for each in (connection, other):
            with pytest.raises(ConnectionClosedError):
                each.recv(timeout=60)
        with pytest.raises(ConnectionRefusedError), client(street.url):
            pass
    assert played(street) == [("stream_restart", "frame", 1)]


def test_after_a_restart_the_port_takes_lines_again() -> None:
    with broken(Rule("stream_restart", nth=1, seconds=0)) as (street, connection):
        street.send(ONE)
        with pytest.raises(ConnectionClosedError):
            connection.recv(timeout=60)
        with client(street.url) as other:
            assert register(other, SAMSUNG).startswith("ok|")


def test_faults_of_requests_leave_streams_alone_and_the_other_way_round() -> None:
    rules = [Rule("html_200"), Rule("stream_duplicated")]
    with broken(*rules) as (street, connection):
        street.send(ONE)
        assert told(connection, 2) == [ONE, ONE]
        assert "maintenance" in requests.get(street.relay.url, timeout=60).text
    assert {(kind, purpose) for kind, purpose, _ in played(street)} == {
        ("html_200", "query"),
        ("stream_duplicated", "frame"),
    }


def test_frames_are_chosen_by_symbol_and_rate_and_equal_seeds_choose_alike() -> None:
    def kept(seed: int) -> list[str]:
        with broken(Rule("stream_wrong_count", symbols="005930", rate=0.3), seed=seed) as (street, connection):
            street.send(*(f"1:a|{symbol}|{n}" for n in range(60) for symbol in ("005930", "000660")))
            return told(connection, 120)

    first, again, other = kept(3), kept(3), kept(4)
    wrong = [text for text in first if text.startswith("2:")]
    assert first == again != other
    assert 5 < len(wrong) < 35
    assert all("005930" in text for text in wrong)


def test_a_stream_goes_through_a_relay_that_speaks_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = tmp_path / "sandbox.pem"
    monkeypatch.setattr("brokerkit.sandbox.sandbox.face_class", lambda name: WillowFace)
    faults = Faults([Rule("stream_cut", nth=201)])
    with Sandbox(faults=faults, certificate=certificate) as sandbox:
        url = f"{sandbox.connect('willow').websocket_url}/stream"
        assert url.startswith("wss://")
        trusting = create_default_context(cafile=certificate)
        with connect(url, ssl=trusting, open_timeout=60) as connection:
            assert register(connection, SAMSUNG).startswith("ok|")
            stream = sandbox.face("willow").stream
            assert stream is not None
            line = stream.lines[0]
            for number in range(200):
                line.send(f"1:{number}{'x' * 1_000}")
            assert [text[2:].rstrip("x") for text in told(connection, 200)] == [str(n) for n in range(200)]
            line.send(ONE)
            with pytest.raises(ConnectionClosedError):
                connection.recv(timeout=60)


@pytest.mark.parametrize("kind", ["stream_half_open", "stream_slow", "stream_restart", "stream_out_of_order"])
def test_closing_ends_what_is_being_played(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    street = Street(Faults([Rule(kind, seconds=1_000)]))
    with client(street.url) as connection:
        register(connection, SAMSUNG)
        street.send(ONE)
        until_played(street.faults)
        street.relay.close()
        with pytest.raises(ConnectionClosed):
            connection.recv(timeout=60)
    assert not [thread for thread in threading.enumerate() if thread.name == f"relay-{street.relay.port}"]
    assert (caplog.text, street.stream.lines) == ("", [])


def until_played(faults: Faults) -> None:
    """Wait until something was done."""
    pause = threading.Event()
    while not faults.log:
        pause.wait(0.01)


# The rules


def test_every_fault_of_streams_is_named_so_and_of_something_that_goes_over_a_websocket() -> None:
    assert all(name.startswith("stream_") for name in streams.FAULTS)
    assert {kind.on for kind in streams.FAULTS.values()} == {Purpose.FRAME, Purpose.REGISTRATION, Purpose.KEY}
    assert {name for name, kind in KINDS.items() if kind.strikes is FaultPlace.STREAM} == set(streams.FAULTS)


def test_the_text_of_a_command_line_means_the_same() -> None:
    faults = Faults.parse("stream_cut:rate=0.01;stream_slow:seconds=2,nth=3+5;stream_registration_refused:times=1")
    assert faults.rules == (
        Rule("stream_cut", on=Purpose.FRAME, rate=0.01),
        Rule("stream_slow", seconds=2, nth=(3, 5)),
        Rule("stream_registration_refused", on="registration", times=1),
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("stream_cut:on=order", "Fault stream_cut is of requests for frame, not order."),
        ("stream_cut:seconds=1", "Fault stream_cut has no parameter seconds."),
        ("html_200:on=frame", "Fault html_200 is of requests, not of what goes over a WebSocket."),
    ],
)
def test_a_rule_that_cannot_hit_is_an_error(text: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Faults.parse(text)
    assert words in str(caught.value)
