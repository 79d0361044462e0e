"""Processes of one host that share the connection of a key: one has the line, and serves the others."""

from __future__ import annotations

import json
import os
import signal
import socket
import struct
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest

from brokerkit.errors import AuthError
from brokerkit.stream import holder as holders
from brokerkit.stream import keeper as keepers
from brokerkit.stream import relay as relays
from brokerkit.stream import relay_words as words
from brokerkit.stream.connection import key_of
from brokerkit.stream.holder import Holder, Holding, holder_of
from brokerkit.stream.pace import Times
from tests.paper import SECRET, PaperBroker, PaperFeed, trades, usual_answer
from tests.sharers import Sharer
from tests.test_stream_connection import QUICK, Told, keepers_left

pytestmark = pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="there are no local sockets here")
OPENED = f"open {SECRET}"
A, B, C = (str(each) for each in trades("A", "B", "C"))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BROKERKIT_CACHE_DIR", str(tmp_path))
    return tmp_path


@pytest.fixture(autouse=True)
def _nothing_runs_on() -> Iterator[None]:
    yield
    assert [thread.name for thread in keepers_left()] == []


@pytest.fixture
def broker() -> Iterator[PaperBroker]:
    with PaperBroker() as made:
        yield made


@pytest.fixture
def sharer(broker: PaperBroker, folder: Path) -> Iterator[Callable[..., Sharer]]:
    with ExitStack() as stack:
        yield lambda **named: stack.enter_context(Sharer(broker.url, folder, **named))


def holding(url: str) -> Holding | None:
    key = key_of(PaperFeed(url))
    return holder_of(key.broker, key.identity)


def path_of(url: str) -> Path:
    found = holding(url)
    assert found is not None
    assert found.socket is not None
    return found.socket


def wait_until(is_there: Callable[[], Any]) -> None:
    deadline = time.monotonic() + 60
    while not is_there():
        assert time.monotonic() < deadline
        time.sleep(0.02)


# Shared


def test_two_processes_have_one_connection_and_the_same_events(
    broker: PaperBroker, sharer: Callable[..., Sharer]
) -> None:
    with Told(broker.url).follow(*trades("A")) as told:
        other = sharer().follow("A", "B")
        assert broker.received == [OPENED, "+ TK A", "+ TK B"]
        broker.say(". TK A 1,2", ". TK B 3", ". TK A 4")
        other.wait(lambda other: len(other.prices) == 4)
        assert [each[1:] for each in other.told] == [[A, 1], [A, 2], [B, 3], [A, 4]]
        told.notebook.wait(lambda notebook: notebook.prices == [1, 2, 4])
        assert len(broker.connections) == 1
        found = holding(broker.url)
        assert found is not None
        assert found.owner is not None
        assert (found.owner.process, [each.process for each in found.clients]) == (os.getpid(), [other.pid])
        other.does("unfollow", "A", "B")
        broker.wait(lambda broker: "- TK B" in broker.received)
        assert "- TK A" not in broker.received, "this process follows it still"


def test_ten_processes_share_one_registration_and_each_is_told_all(
    broker: PaperBroker, sharer: Callable[..., Sharer]
) -> None:
    with Told(broker.url).follow(*trades("A")) as told:
        others = [sharer() for _ in range(9)]
        for other in others:
            other.tell("follow", "A", "B")
        assert [other.answer() for other in others] == [["done"]] * 9
        assert broker.received.count("+ TK B") == 1
        broker.say(*(f". TK {'AB'[number % 2]} {number}" for number in range(1, 201)))
        for other in others:
            other.wait(lambda other: len(other.prices) == 200)
            assert other.prices == [*range(1, 201)]
            assert other.gaps == []
        told.notebook.wait(lambda notebook: len(notebook.prices) == 100)
        assert len(broker.connections) == 1


def test_a_text_with_what_several_want_comes_to_each_once(broker: PaperBroker, sharer: Callable[..., Sharer]) -> None:
    with Told(broker.url).follow(*trades("C")):
        one, two = sharer().follow("A", "B"), sharer().follow("B")
        broker.say(". TK A 1", ". TK B 2", ". TK A 3", ". TK C 4", ". TK B 5")
        assert one.wait(lambda one: len(one.prices) == 4).prices == [1, 2, 3, 5]
        assert two.wait(lambda two: len(two.prices) == 2).prices == [2, 5]


def test_one_too_many_is_the_same_error_in_every_process(broker: PaperBroker, sharer: Callable[..., Sharer]) -> None:
    with Told(broker.url).follow(*trades("A", "B", "C")) as told:
        other = sharer().follow("D", "E")
        kind, name, message = other.does("follow", "F")
        assert (kind, name) == ("raised", "InvalidRequest")
        assert message == "paper takes 5 registrations on one connection, and 6 would be needed: 1 of them new."
        assert "+ TK F" not in broker.received
        told.connection.unsubscribe(trades("C"), told.notebook)
        other.follow("F")
        broker.say(". TK D 1", ". TK F 2")
        other.wait(lambda other: other.prices == [1, 2])


def test_what_the_broker_refuses_is_raised_where_it_was_wanted(
    broker: PaperBroker, sharer: Callable[..., Sharer]
) -> None:
    broker.answer = lambda connection, text: "no such symbol" if "K B" in text else usual_answer(text)
    with Told(broker.url).follow(*trades("A")) as told:
        other = sharer().follow("A")
        assert other.does("follow", "B") == ["raised", "Rejected", "such symbol"]
        other.follow("C")
        broker.say(". TK C 1")
        other.wait(lambda other: other.prices == [1])
        assert told.notebook.errors == []
        assert other.failures == []


def test_questions_go_over_the_one_line(broker: PaperBroker, sharer: Callable[..., Sharer]) -> None:
    with Told(broker.url).follow(*trades("A")):
        other = sharer()
        assert other.does("ask", "? list", "list") == ["answer", "lists"]
        assert other.does("ask", "? silence", "other", 0.2)[:2] == ["raised", "StreamError"]
        assert other.does("ask", "? list", "list") == ["answer", "lists"]
        assert len(broker.connections) == 1


def test_what_is_written_down_is_what_the_broker_sent(broker: PaperBroker, sharer: Callable[..., Sharer]) -> None:
    with Told(broker.url).follow(*trades("A")):
        other = sharer().follow("A")
        other.does("listen")
        broker.say(". TK A 1", "\x1e\x00 odd", ". TK A 2")
        other.wait(lambda other: other.prices == [1, 2])
        wait_until(lambda: len(other.does("heard")[1]) == 3)
        assert other.does("heard") == ["heard", [". TK A 1", "\x1e\x00 odd", ". TK A 2"]]
        assert [gap[0] for gap in other.gaps] == ["UNREADABLE"]


def test_the_process_that_has_the_line_keeps_it_for_the_others(
    broker: PaperBroker, sharer: Callable[..., Sharer]
) -> None:
    with Told(broker.url).follow(*trades("A")) as told:
        other = sharer().follow("B")
        told.connection.unsubscribe(trades("A"), told.notebook)
        broker.wait(lambda broker: "- TK A" in broker.received)
        broker.say(". TK B 1")
        other.wait(lambda other: other.prices == [1])
        assert other.gaps == []


# The broker's line


def test_a_cut_of_the_line_is_a_gap_in_every_process(broker: PaperBroker, sharer: Callable[..., Sharer]) -> None:
    with Told(broker.url).follow(*trades("A")):
        other = sharer().follow("A", "B", "orders")
        for turn in range(3):
            broker.cut()
            other.wait(
                lambda other, turn=turn: sum(A in gap[2] and B in gap[2] and gap[1] for gap in other.gaps) > turn
            )
            broker.say(f". TK A {turn}", f". O me {turn}")
            other.wait(lambda other, turn=turn: other.prices[-2:] == [turn, turn])
        assert {gap[0] for gap in other.gaps} == {"DISCONNECTED"}
        assert any(gap[2] == ["ORDERS"] for gap in other.gaps), "that of own orders ends first"
        told = other.told
        first = next(number for number, each in enumerate(told) if each[0] == "price")
        assert {each[0] for each in told[:first]} == {"gap"}, "a gap comes before what follows it"


def test_a_key_that_is_wrong_from_now_on_fails_every_process(
    broker: PaperBroker, sharer: Callable[..., Sharer]
) -> None:
    with Told(broker.url).follow(*trades("A")) as told:
        other = sharer().follow("A")
        broker.say("end the key is withdrawn")
        broker.answer = lambda connection, text: "never with this key"
        told.notebook.wait(lambda notebook: notebook.errors)
        other.wait(lambda other: other.failures)
        assert other.failures == [["AuthError", "the key is withdrawn"]]
        assert other.does("follow", "B") == ["raised", "AuthError", "with this key"]


# The process that has the line


def test_when_it_is_killed_the_next_one_takes_over(broker: PaperBroker, sharer: Callable[..., Sharer]) -> None:
    first = sharer().follow("A")
    others = [sharer().follow("A", "B") for _ in range(3)]
    begun = time.monotonic()
    first.kill()
    for other in others:
        other.wait(lambda other: {topic for gap in other.gaps if gap[1] for topic in gap[2]} == {A, B})
    print(f"taken over within {time.monotonic() - begun:.2f} s")
    assert all({gap[0] for gap in other.gaps} == {"DISCONNECTED"} for other in others)
    assert broker.received.count(OPENED) == 2
    broker.say(". TK A 1", ". TK B 2")
    for other in others:
        other.wait(lambda other: other.prices == [1, 2])
    assert len(broker.connections) == 1
    found = holding(broker.url)
    assert found is not None
    assert found.owner is not None
    assert found.owner.process in {other.pid for other in others}


def test_when_it_closes_the_next_one_takes_over(broker: PaperBroker, sharer: Callable[..., Sharer]) -> None:
    with Told(broker.url).follow(*trades("A")):
        other = sharer().follow("A")
    other.wait(lambda other: any(gap[1] for gap in other.gaps))
    broker.say(". TK A 1")
    other.wait(lambda other: other.prices == [1])
    with Told(broker.url).follow(*trades("A")) as told:
        broker.say(". TK A 2")
        told.notebook.wait(lambda notebook: notebook.prices == [2])
        other.wait(lambda other: other.prices == [1, 2])
    assert broker.received.count(OPENED) == 2


def test_a_child_that_it_has_forked_keeps_nothing_of_it(broker: PaperBroker, sharer: Callable[..., Sharer]) -> None:
    first = sharer().follow("A")
    other = sharer().follow("A")
    _, child = first.does("fork")
    try:
        first.kill()
        other.wait(lambda other: any(gap[1] for gap in other.gaps))
        broker.say(". TK A 1")
        other.wait(lambda other: other.prices == [1])
    finally:
        os.kill(child, signal.SIGKILL)


def test_when_it_stops_that_is_a_gap_until_it_goes_on(broker: PaperBroker, sharer: Callable[..., Sharer]) -> None:
    first = sharer().follow("A")
    other = sharer(outage=0.1).follow("A")
    first.send(signal.SIGSTOP)
    other.wait(lambda other: other.gaps)
    assert other.gaps[0][:3] == ["SILENT", False, [A]]
    late = sharer()
    kind, name, message = late.does("follow", "A")
    assert (kind, name) == ("raised", "KeyInUse")
    assert message.startswith(f"Process {first.pid} (python) has the one connection")
    assert message.endswith("and it does not answer.")
    assert len(broker.connections) == 1
    first.send(signal.SIGCONT)
    other.wait(lambda other: any(gap[1] for gap in other.gaps))
    broker.say(". TK A 1")
    other.wait(lambda other: other.prices == [1])
    assert broker.received.count(OPENED) == 1


def test_processes_that_come_and_go_in_a_crowd_are_served_in_the_end(
    broker: PaperBroker, sharer: Callable[..., Sharer]
) -> None:
    crowd = [sharer() for _ in range(6)]
    for each in crowd:
        each.tell("follow", "A")
    assert [each.answer() for each in crowd] == [["done"]] * 6
    for number in range(4):
        found = holding(broker.url)
        assert found is not None
        assert found.owner is not None
        (owner,) = [each for each in crowd if each.pid == found.owner.process]
        crowd.remove(owner)
        owner.kill()
        for each in crowd:
            each.wait(lambda each, number=number: sum(gap[1] for gap in each.gaps) > number)
    broker.say(". TK A 1")
    for each in crowd:
        each.wait(lambda each: each.prices == [1])
    assert len(broker.connections) == 1


# A process that is served


def test_a_process_that_is_killed_takes_what_it_alone_wanted_with_it(
    broker: PaperBroker, sharer: Callable[..., Sharer]
) -> None:
    with Told(broker.url).follow(*trades("A")) as told:
        other = sharer().follow("A", "B")
        other.kill()
        broker.wait(lambda broker: "- TK B" in broker.received)
        broker.say(". TK A 1")
        told.notebook.wait(lambda notebook: notebook.prices == [1])
        assert "- TK A" not in broker.received
        wait_until(lambda: holding(broker.url).clients == ())  # type: ignore[union-attr]


def test_a_process_that_takes_nothing_is_given_up_and_learns_of_its_gap(
    broker: PaperBroker, sharer: Callable[..., Sharer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("brokerkit.stream.relay_client.MOST_OWED", 100_000)
    monkeypatch.setattr(relays, "BUFFER_BYTES", 10_000)
    with Told(broker.url).follow(*trades("A")) as told:
        slow, quick = sharer().follow("A"), sharer().follow("A")
        slow.send(signal.SIGSTOP)
        number = 0
        while len(holding(broker.url).clients) == 2:  # type: ignore[union-attr]
            broker.say(". TK A " + ",".join(map(str, range(number, number + 10_000))))
            number += 10_000
            told.notebook.wait(lambda notebook, number=number: len(notebook.prices) == number)
            quick.wait(lambda quick, number=number: len(quick.prices) == number)
        assert quick.gaps == []
        slow.send(signal.SIGCONT)
        slow.wait(lambda slow: any(gap[1] for gap in slow.gaps))
        broker.say(". TK A 7")
        slow.wait(lambda slow: slow.prices[-1:] == [7])


# Who else may come


def greeted(path: Path) -> socket.socket:
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    line.settimeout(60)
    line.connect(str(path))
    return line


@pytest.mark.parametrize(
    "garbage",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"W\xff\xff\xff\xff",
        b"W\x00\x00\x00\x02{}",
        b"W\x00\x00\x00\x04\xff\xfe\x00\x00",
        words.said("hello", protocol=0),
        words.said("register", of=[]),
        words.said("hello", protocol=1, process="x", program=None) + words.said("register", of=[[1]]),
        words.said("hello", protocol=1, process=1, program="x") + words.said("register", of=[["a", "b", [["X"]]]]),
        words.said("hello", protocol=1, process=1, program="x") + words.said("ask", frame=1),
        words.said("hello", protocol=1, process=1, program="x") + words.said("dance"),
        words.said("hello", protocol=1, process=1, program="x") + words.texts(["a", "b"]),
    ],
)
def test_garbage_ends_the_line_of_who_sends_it_alone(
    broker: PaperBroker, sharer: Callable[..., Sharer], garbage: bytes
) -> None:
    with Told(broker.url).follow(*trades("A")) as told, greeted(path_of(broker.url)) as stranger:
        with suppress(ConnectionError):
            stranger.sendall(garbage)
            while stranger.recv(4096):
                pass
        broker.say(". TK A 1")
        told.notebook.wait(lambda notebook: notebook.prices == [1])
        assert broker.received == [OPENED, "+ TK A"]


class Impostor:
    """Has the right to the connection of a key, and says to who comes what a test wants."""

    def __init__(self, url: str, answer: bytes | None) -> None:
        key = key_of(PaperFeed(url))
        self._holder = Holder(key.broker, key.identity)
        assert self._holder.take()
        self._path = holders.socket_path(self._holder.path)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(self._path))
        self._listener.listen()
        self._holder.note(self._path)
        self._answer = answer
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                line, _ = self._listener.accept()
                with line:
                    if self._answer is None:
                        continue
                    line.sendall(self._answer)
                    while line.recv(4096):
                        pass

    def __enter__(self) -> Impostor:
        return self

    def __exit__(self, *error: object) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()
        self._path.unlink()
        self._holder.release()


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", "does not speak as this version"),
        (words.said("welcome", protocol=2), "does not speak as this version"),
        (words.said("failed"), "does not speak as this version"),
        (b"", "does not answer"),
        (None, "shares it with no other"),
    ],
)
def test_who_has_the_connection_and_does_not_serve_is_named(
    broker: PaperBroker, monkeypatch: pytest.MonkeyPatch, answer: bytes | None, why: str
) -> None:
    monkeypatch.setattr(keepers, "NOBODY_SECONDS", 0.2)
    monkeypatch.setattr("brokerkit.stream.relay_line.WELCOME_SECONDS", 0.2)
    with (
        Impostor(broker.url, answer),
        Told(broker.url) as told,
        pytest.raises(keepers.StreamError, match=why) as raised,
    ):
        told.follow(*trades("A"))
    assert type(raised.value).__name__ == "KeyInUse"
    assert broker.received == []
    with Told(broker.url).follow(*trades("A")):
        pass


def test_garbage_of_who_serves_is_a_line_that_is_lost(broker: PaperBroker) -> None:
    welcome = words.said("welcome", protocol=1)
    odd = welcome + words.said("acknowledged") + b"garbage"
    with Told(broker.url) as told:
        with Impostor(broker.url, odd):
            told.connection._keeper.session.times = QUICK
            thread = threading.Thread(target=lambda: suppress_errors(lambda: told.follow(*trades("A"))))
            thread.start()
            thread.join()
        told.follow(*trades("A"))
        broker.say(". TK A 1")
        told.notebook.wait(lambda notebook: notebook.prices == [1])


@pytest.mark.parametrize("is_wordless", [True, False])
def test_an_error_travels_with_whose_words_it_has(is_wordless: bool) -> None:
    error = AuthError("the broker gave no reason", broker="paper", code="40")
    error.is_wordless = is_wordless
    came = words.error_of(json.loads(json.dumps(words.error_told(error))), "paper")
    assert isinstance(came, AuthError)
    assert (came.is_wordless, came.told("ko") == error.told("ko")) == (is_wordless, True)
    assert ("증권사" in came.told("ko")) == is_wordless


def suppress_errors(call: Callable[[], Any]) -> None:
    with suppress(keepers.BrokerError):
        call()


def test_a_holder_of_an_older_version_is_named(broker: PaperBroker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keepers, "NOBODY_SECONDS", 0.2)
    key = key_of(PaperFeed(broker.url))
    other = Holder(key.broker, key.identity)
    assert other.take()
    try:
        with Told(broker.url) as told, pytest.raises(keepers.StreamError, match="shares it with no other"):
            told.follow(*trades("A"))
    finally:
        other.release()


def test_where_there_are_no_local_sockets_each_process_is_for_itself(
    broker: PaperBroker, sharer: Callable[..., Sharer], monkeypatch: pytest.MonkeyPatch
) -> None:
    other = sharer().follow("A")
    monkeypatch.setattr(keepers, "HAS_LOCAL_SOCKETS", False)
    with Told(broker.url) as told:
        with pytest.raises(keepers.StreamError, match=rf"Process {other.pid} \(python\) has the one connection"):
            told.follow(*trades("A"))
        other.kill()
        told.follow(*trades("A"))
        assert holding(broker.url) is not None
        assert holding(broker.url).socket is None  # type: ignore[union-attr]


def test_the_socket_is_of_this_user_alone(broker: PaperBroker, monkeypatch: pytest.MonkeyPatch) -> None:
    before = os.umask(0)
    try:
        with Told(broker.url).follow(*trades("A")):
            path = path_of(broker.url)
            assert path.stat().st_mode & 0o777 == 0o600
            assert path.parent.stat().st_mode & 0o777 == 0o700
            assert path.stat().st_uid == os.getuid()
            monkeypatch.setattr(relays, "peer_is_mine", lambda connection: False)
            with greeted(path) as stranger, suppress(ConnectionError):
                stranger.sendall(words.said("hello", protocol=1, process=1, program="x"))
                assert stranger.recv(4096) == b""
        assert not path.exists()
    finally:
        os.umask(before)


@pytest.mark.skipif(not hasattr(socket, "SO_PEERCRED"), reason="the system does not tell whose a socket is")
def test_who_listens_in_its_place_and_is_another_user_is_not_spoken_to(
    broker: PaperBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("brokerkit.stream.relay_line.peer_is_mine", lambda connection: False)
    with (
        Impostor(broker.url, words.said("welcome", protocol=1)),
        Told(broker.url) as told,
        pytest.raises(keepers.StreamError, match="is of another user"),
    ):
        told.follow(*trades("A"))
    ours, theirs = socket.socketpair()
    with ours, theirs:
        told_by_system = ours.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        assert struct.unpack("3i", told_by_system)[1] == os.getuid()


def test_a_path_that_is_too_long_for_a_socket_has_a_short_one_elsewhere(
    broker: PaperBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path / ("x" * 60) / ("y" * 60)
    monkeypatch.setenv("BROKERKIT_CACHE_DIR", str(deep))
    with (
        tempfile.TemporaryDirectory(dir="/tmp") as short,
        monkeypatch.context() as patched,
        Told(broker.url) as told,
        Sharer(broker.url, deep) as other,
    ):
        patched.setattr("tempfile.tempdir", short)
        told.follow(*trades("A"))
        path = path_of(broker.url)
        assert path.is_relative_to(short)
        assert path.parent.stat().st_mode & 0o777 == 0o700
        other.follow("A")
        broker.say(". TK A 1")
        other.wait(lambda other: other.prices == [1])
        assert len(broker.connections) == 1


def test_where_no_path_is_short_enough_nothing_is_shared_and_it_is_said(
    broker: PaperBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    deep = tmp_path / ("x" * 100)
    deep.mkdir()
    monkeypatch.setenv("BROKERKIT_CACHE_DIR", str(deep))
    monkeypatch.setattr("tempfile.tempdir", str(deep))
    with Told(broker.url).follow(*trades("A")) as told:
        broker.say(". TK A 1")
        told.notebook.wait(lambda notebook: notebook.prices == [1])
        assert "the connection is shared with no other process: the path of a local socket" in caplog.text


# The pace


def test_lines_of_other_processes_count(broker: PaperBroker, folder: Path) -> None:
    times = Times(most_lines=2, longest_wait=30)
    for _ in range(2):
        with Sharer(broker.url, folder, most_lines=2) as other:
            other.follow("A")
    told = Told(broker.url, times=times)
    thread = threading.Thread(target=lambda: suppress_errors(lambda: told.follow(*trades("A"))))
    thread.start()
    wait_until(lambda: told.connection._keeper._holder.is_held)
    threading.Event().wait(0.3)
    assert broker.received.count(OPENED) == 2
    told.connection.close()
    thread.join()
