"""The one connection of a key, over real sockets: shared, cut at any moment, and gone when nobody wants it."""

from __future__ import annotations

import json
import logging
import os
import pickle
import random
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.server import ServerConnection

from brokerkit.errors import AuthError, BrokerError, ConfigError, NetworkError, Rejected, StreamError
from brokerkit.stream import keeper as keepers
from brokerkit.stream.connection import Connection, connect, key_of
from brokerkit.stream.events import GapReason
from brokerkit.stream.holder import holder_of
from brokerkit.stream.keeper import Keeper
from brokerkit.stream.pace import SANDBOX, Pace, Times
from brokerkit.stream.topics import Topic
from tests import forks
from tests.paper import ORDERS, SECRET, Notebook, PaperBroker, PaperFeed, regular, trades, usual_answer

QUICK = Times(shortest_wait=0.01, longest_wait=0.02, most_lines=None)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BROKERKIT_CACHE_DIR", str(tmp_path))
    return tmp_path


def keepers_left() -> list[threading.Thread]:
    """Return the threads of connections; journals of other tests in this process have threads too."""
    return [each for each in threading.enumerate() if each.name.startswith("brokerkit stream")]


@pytest.fixture(autouse=True)
def _nothing_runs_on() -> Iterator[None]:
    yield
    assert [thread.name for thread in keepers_left()] == []


@pytest.fixture
def broker() -> Iterator[PaperBroker]:
    with PaperBroker() as made:
        yield made


class Told:
    """A connection, its feed and a taker."""

    def __init__(self, url: str, *, times: Times | None = QUICK, **named: Any) -> None:
        self.feed = PaperFeed(url, **named)
        self.connection: Connection = connect(self.feed, phase_of=regular, times=times)
        self.notebook = Notebook()

    def follow(self, *topics: Topic) -> Told:
        self.connection.subscribe(topics, self.notebook, self.feed)
        return self

    def __enter__(self) -> Told:
        return self

    def __exit__(self, *error: object) -> None:
        self.connection.close()


def in_thread(call: Callable[[], Any]) -> tuple[threading.Thread, list[BaseException]]:
    """Run something in a thread, and keep what it raises."""
    raised: list[BaseException] = []

    def run() -> None:
        try:
            call()
        except BaseException as error:  # noqa: BLE001 - the test looks at it
            raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    return thread, raised


# Shared


def test_ticks_come_and_the_socket_is_closed_at_the_end(broker: PaperBroker) -> None:
    with Told(broker.url) as told:
        assert broker.connections == [], "nothing is opened before something is wanted"
        told.follow(*trades("A"))
        broker.say(". TK A 1,2", ". TK A 3")
        assert told.notebook.wait(lambda notebook: len(notebook.prices) == 3).prices == [1, 2, 3]
        assert broker.received == [f"open {SECRET}", "+ TK A"]
    broker.wait(lambda broker: not broker.connections)


def test_five_hundred_streams_of_a_key_share_one_connection_and_cost_no_frame(broker: PaperBroker) -> None:
    with Told(broker.url).follow(*trades("A")):
        others = [Told(broker.url).follow(*trades("A")) for _ in range(499)]
        assert broker.received == [f"open {SECRET}", "+ TK A"]
        broker.say(". TK A 7")
        for other in others:
            other.notebook.wait(lambda notebook: notebook.prices == [7])
        assert len(broker.connections) == 1
        for other in others:
            other.connection.close()
        broker.say(". TK A 8")
        assert len(broker.connections) == 1
        assert others[0].notebook.prices == [7]
    broker.wait(lambda broker: not broker.connections)


def test_another_key_has_another_connection(broker: PaperBroker) -> None:
    with Told(broker.url).follow(*trades("A")), Told(broker.url, app_key="other").follow(*trades("A")):
        broker.wait(lambda broker: len(broker.connections) == 2)


def test_a_stream_that_closes_takes_what_it_alone_has_followed_with_it(broker: PaperBroker) -> None:
    with Told(broker.url).follow(*trades("A")):
        with Told(broker.url).follow(*trades("A", "B")):
            pass
        broker.wait(lambda broker: "- TK B" in broker.received)
        assert "- TK A" not in broker.received


def test_threads_may_come_and_go_at_once(broker: PaperBroker) -> None:
    letters = "ABCDE"
    with Told(broker.url).follow(*trades("A")) as first:

        def come_and_go(seed: int) -> None:
            chance = random.Random(seed)  # noqa: S311 - not for secrets
            with Told(broker.url) as told:
                for _ in range(8):
                    topics = trades(*chance.sample(letters, 2))
                    told.follow(*topics)
                    told.connection.unsubscribe(topics, told.notebook)

        started = [in_thread(lambda seed=seed: come_and_go(seed)) for seed in range(8)]  # type: ignore[misc]
        for thread, _ in started:
            thread.join()
        assert [raised for _, raised in started] == [[]] * 8
        first.follow(*trades("B"))
        held: set[str] = set()
        for text in broker.received[1:]:
            (held.add if text[0] == "+" else held.discard)(text[2:])
        assert {"TK A", "TK B"} <= held
        broker.say(". TK A 1", ". TK B 2")
        first.notebook.wait(lambda notebook: notebook.prices == [1, 2])


# What goes wrong


def test_a_cut_is_healed_with_a_new_opening_and_told_as_a_gap(broker: PaperBroker) -> None:
    with Told(broker.url).follow(*trades("A"), ORDERS) as told:
        opened: list[int] = []
        told.feed.on_open = lambda: opened.append(1)
        broker.cut()
        told.notebook.wait(
            lambda notebook: {topic for gap in notebook.gaps for topic in gap.topics} == {*trades("A"), ORDERS}
        )
        assert opened == [1]
        assert broker.received[3:] == [f"open {SECRET}", "+ O me", "+ TK A"]
        assert all(
            gap.reason is GapReason.DISCONNECTED and gap.since <= gap.until for gap in told.notebook.gaps if gap.until
        )
        broker.say(". TK A 1")
        told.notebook.wait(lambda notebook: notebook.prices == [1])


@pytest.mark.parametrize("seed", range(2))
def test_a_line_that_is_cut_a_hundred_times_at_any_moment_heals_each_time(broker: PaperBroker, seed: int) -> None:
    """What is sent to a line that has all its registrations arrives, and every cut of such a line is a gap."""
    chance = random.Random(seed)  # noqa: S311 - not for secrets
    cuts = 0

    def answer(connection: ServerConnection, text: str) -> str | None:
        nonlocal cuts
        if cuts < 100 and chance.random() < 0.2:
            cuts += 1
            before = chance.random() < 0.5
            if before:
                with suppress(Exception):
                    connection.send(usual_answer(text) or "")
            connection.socket.shutdown(socket.SHUT_RDWR)
            return None
        return usual_answer(text)

    with Told(broker.url).follow(*trades("A", "B"), ORDERS) as told:
        broker.answer = answer
        count = 0
        while cuts < 100:
            count += 1
            cuts += 1
            with suppress(Exception):
                broker.say(f". TK A {count}")
            broker.cut()
            gaps = len(told.notebook.gaps)
            told.notebook.wait(lambda notebook, gaps=gaps: len(notebook.gaps) > gaps or notebook.errors)
            assert told.notebook.errors == []
        broker.answer = lambda connection, text: usual_answer(text)
        told.follow(*trades("C"))
        broker.say(". TK A 1000000", ". TK B 1000001", ". O me 1000002")
        told.notebook.wait(lambda notebook: notebook.prices[-3:] == [1000000, 1000001, 1000002])
        prices = told.notebook.prices
        assert prices == sorted(set(prices)), "each once and in order"


def test_a_half_open_line_is_found_dead_and_made_again(broker: PaperBroker) -> None:
    with Told(broker.url).follow(*trades("A")) as told:
        told.feed.heartbeat_seconds = 0.2  # type: ignore[misc]
        told.notebook.wait(lambda notebook: notebook.gaps)
        assert told.notebook.gaps[0].reason is GapReason.SILENT
        told.feed.heartbeat_seconds = 60  # type: ignore[misc]


def test_a_broker_that_does_not_answer_costs_the_call_alone(broker: PaperBroker) -> None:
    times = Times(shortest_wait=0.01, longest_wait=0.02, answer=0.2)
    with Told(broker.url, times=times) as told:
        told.follow(*trades("A"))
        broker.answer = lambda connection, text: None if "K B" in text else usual_answer(text)
        with pytest.raises(NetworkError, match="did not register"):
            told.follow(*trades("B"))
        told.notebook.wait(lambda notebook: notebook.gaps)
        broker.say(". TK A 1")
        told.notebook.wait(lambda notebook: notebook.prices == [1])


def test_a_slow_broker_is_waited_for(broker: PaperBroker) -> None:
    broker.answer = lambda connection, text: (time.sleep(0.2), usual_answer(text))[1]
    with Told(broker.url).follow(*trades("A", "B")) as told:
        assert told.connection.ask("? list", "list") == "lists"


def test_what_the_broker_refuses_is_raised(broker: PaperBroker) -> None:
    broker.answer = lambda connection, text: "no such symbol" if "K B" in text else usual_answer(text)
    with Told(broker.url) as told:
        with pytest.raises(Rejected, match="such symbol"):
            told.follow(*trades("A", "B"))
        told.follow(*trades("C"))
        assert "- TK A" in broker.received


def test_garbage_is_a_gap_and_the_line_goes_on(broker: PaperBroker) -> None:
    with Told(broker.url).follow(*trades("A")) as told:
        broker.say("\x00\ufffd{[", ". TK A not-a-price", ". TK A 1")
        told.notebook.wait(lambda notebook: notebook.prices == [1])
        assert {gap.reason for gap in told.notebook.gaps} == {GapReason.UNREADABLE}
        assert len(broker.connections) == 1


def test_where_nobody_listens_the_first_call_says_so_and_the_next_one_tries_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"ws://127.0.0.1:{server.getsockname()[1]}/"
    with Told(url) as told:
        for _ in range(2):
            with pytest.raises(NetworkError, match="cannot be reached"):
                told.follow(*trades("A"))


def test_a_key_that_is_wrong_is_raised_and_kept(broker: PaperBroker) -> None:
    broker.answer = lambda connection, text: "never with this key"
    with Told(broker.url) as told:
        for _ in range(2):
            with pytest.raises(AuthError, match="with this key"):
                told.follow(*trades("A"))
        broker.answer = lambda connection, text: usual_answer(text)
        with Told(broker.url) as other:
            other.follow(*trades("A"))


def test_a_key_that_is_wrong_from_now_on_fails_all_who_listen(broker: PaperBroker) -> None:
    def refuse() -> None:
        raise AuthError("the key is withdrawn", code="K1")

    with Told(broker.url).follow(*trades("A")) as told, Told(broker.url).follow(*trades("B")) as other:
        told.feed.on_open = refuse
        broker.cut()
        for each in (told, other):
            each.notebook.wait(lambda notebook: notebook.errors)
            assert [str(error).split(" |")[0] for error in each.notebook.errors] == ["[K1] the key is withdrawn"]
        with pytest.raises(AuthError):
            other.follow(*trades("C"))


def test_a_broker_in_trouble_is_tried_again(broker: PaperBroker) -> None:
    # The last is what this machine says where another process is asking for the token.
    fails = [NetworkError("HTTP 500"), Rejected("maintenance"), AuthError("the lock of the token is held")]

    def trouble() -> None:
        if fails:
            raise fails.pop()

    with Told(broker.url).follow(*trades("A")) as told:
        told.feed.on_open = trouble
        broker.cut()
        told.notebook.wait(lambda notebook: notebook.gaps)
        assert fails == []
        assert told.notebook.errors == []


def test_a_fault_of_the_adapter_ends_in_an_error_and_not_in_silence(broker: PaperBroker) -> None:
    def broken() -> None:
        raise ZeroDivisionError("with a secret in it")

    with Told(broker.url).follow(*trades("A")) as told:
        told.feed.on_open = broken
        broker.cut()
        told.notebook.wait(lambda notebook: notebook.errors)
        assert "ZeroDivisionError" in str(told.notebook.errors[0])
        assert "secret" not in str(told.notebook.errors[0])
        with pytest.raises(StreamError):
            told.follow(*trades("B"))


# Closing


def test_closing_ends_a_call_that_waits_for_the_broker(broker: PaperBroker) -> None:
    broker.answer = lambda connection, text: None if text[0] == "+" else usual_answer(text)
    with Told(broker.url) as told:
        thread, raised = in_thread(lambda: told.follow(*trades("A")))
        broker.wait(lambda broker: "+ TK A" in broker.received)
        told.connection.close()
        thread.join()
    assert [type(error) for error in raised] == [StreamError]
    broker.wait(lambda broker: not broker.connections)
    with pytest.raises(StreamError, match="closed"):
        told.follow(*trades("A"))
    with pytest.raises(StreamError, match="closed"):
        told.connection.ask("? list", "list")


def test_closing_ends_a_call_that_waits_for_a_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        told = Told(f"ws://127.0.0.1:{server.getsockname()[1]}/")
        thread, raised = in_thread(lambda: told.follow(*trades("A")))
        connection, _ = server.accept()
        told.connection.close()
        thread.join()
        connection.close()
    assert [type(error) for error in raised] == [StreamError]


def test_closing_does_not_wait_for_a_key_that_does_not_come(
    monkeypatch: pytest.MonkeyPatch, broker: PaperBroker
) -> None:
    monkeypatch.setattr(keepers, "END_SECONDS", 0.05)
    asked, go_on = threading.Event(), threading.Event()

    def slow() -> None:
        asked.set()
        go_on.wait(60)

    told = Told(broker.url)
    told.feed.on_open = slow
    thread, raised = in_thread(lambda: told.follow(*trades("A")))
    assert asked.wait(60)
    told.connection.close()
    thread.join()
    assert [type(error) for error in raised] == [StreamError]
    go_on.set()
    for each in keepers_left():
        each.join()
    assert broker.received == []


def test_closing_twice_and_from_many_threads_closes_once(broker: PaperBroker) -> None:
    with Told(broker.url).follow(*trades("A")), Told(broker.url).follow(*trades("A")) as told:
        for thread, raised in [in_thread(told.connection.close) for _ in range(8)]:
            thread.join()
            assert raised == []
        assert len(broker.connections) == 1, "the other one goes on"


def test_closing_during_an_outage_ends_the_attempts(broker: PaperBroker) -> None:
    with Told(broker.url, times=Times(shortest_wait=30, longest_wait=60)).follow(*trades("A")):
        broker.cut()
        broker.wait(lambda broker: not broker.connections)
    assert broker.connections == []


def test_another_connection_waits_until_the_one_before_is_gone(broker: PaperBroker) -> None:
    most = [0]
    broker.arrived = lambda connection: most.append(len(broker.connections))
    for _ in range(20):
        with Told(broker.url).follow(*trades("A")):
            pass
        broker.wait(lambda broker: not broker.connections)
    assert max(most) == 1


def test_it_cannot_be_pickled(broker: PaperBroker) -> None:
    with Told(broker.url) as told:
        for each in (told.connection, told.connection._keeper):
            with pytest.raises(TypeError, match="cannot be pickled"):
                pickle.dumps(each)


# Other processes


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_forked_child_has_no_part_in_the_connection_of_its_parent(broker: PaperBroker) -> None:
    told = Told(broker.url).follow(*trades("A"))
    ours, theirs = socket.socketpair()
    child = os.fork()
    if child == 0:
        said = []
        for call in (lambda: told.follow(*trades("B")), lambda: told.connection.ask("? a", "a")):
            try:
                call()
            except BrokerError as error:
                said.append(type(error).__name__)
        told.connection.unsubscribe(trades("A"), told.notebook)
        told.connection.close()
        theirs.send(json.dumps(said).encode())
        theirs.recv(1)  # lives on, with whatever it has inherited
        os._exit(0)
    assert json.loads(ours.recv(1000)) == ["StreamError", "StreamError"]
    broker.say(". TK A 1")
    told.notebook.wait(lambda notebook: notebook.prices == [1])
    told.connection.close()
    broker.wait(lambda broker: not broker.connections)
    ours.send(b"x")
    assert os.waitpid(child, 0)[1] == 0
    ours.close()
    theirs.close()
    assert "+ TK B" not in broker.received


SECOND = """
import sys
from brokerkit.errors import BrokerError
from tests.test_stream_connection import Told, trades

with Told(sys.argv[1]) as told:
    try:
        told.follow(*trades("A"))
        print("followed")
    except BrokerError as error:
        print(type(error).__name__, error)
"""


def test_a_second_process_is_served_by_the_first_and_opens_nothing(broker: PaperBroker, folder: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    with Told(broker.url).follow(*trades("A")):
        assert forks.run(["-c", SECOND, broker.url], env=environment).stdout == "followed\n"
    assert broker.received == [f"open {SECRET}", "+ TK A"], "it has sent nothing"
    assert forks.run(["-c", SECOND, broker.url], env=environment).stdout == "followed\n"
    assert not any("key" in path.name for path in folder.rglob("*"))


def test_a_process_that_is_gone_holds_no_key(broker: PaperBroker) -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    killed = SECOND.replace('print("followed")', "import os; os.kill(os.getpid(), 9)")
    assert forks.run(["-c", killed, broker.url], env=environment).returncode == -9
    with Told(broker.url).follow(*trades("A")) as told:
        assert told.notebook.errors == []


def test_the_key_is_free_again_while_nothing_is_followed_after_a_failure(broker: PaperBroker) -> None:
    broker.answer = lambda connection, text: "no room"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    with Told(broker.url) as told:
        with pytest.raises(Rejected):
            told.follow(*trades("A"))
        broker.answer = lambda connection, text: usual_answer(text)
        assert forks.run(["-c", SECOND, broker.url], env=environment).stdout == "followed\n"


def test_a_holder_that_left_no_name_is_another_process_of_yours(broker: PaperBroker, folder: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    with Told(broker.url).follow(*trades("A")):
        for path in folder.rglob("*.json"):
            path.write_text("{}", encoding="utf-8")
        assert "Another process of yours has" in forks.run(["-c", SECOND, broker.url], env=environment).stdout


def test_who_has_a_key_is_told_to_who_asks(broker: PaperBroker, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["/somewhere/robot.py", "--app-key", "secret"])
    told = Told(broker.url)
    key = key_of(told.feed)
    assert holder_of(key.broker, key.identity) is None
    assert [*folder.iterdir()] == [], "who asks leaves nothing behind"
    with told.follow(*trades("A")):
        holding = holder_of(key.broker, key.identity)
        assert holding is not None
        assert holding.owner == (os.getpid(), "robot.py")
        assert holding.since is not None
        assert holding.clients == ()
        told.follow(*trades("B"))
    assert holder_of(key.broker, key.identity) is None


def test_a_folder_that_cannot_be_used_is_named(
    broker: PaperBroker, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("BROKERKIT_CACHE_DIR", str(folder / "file"))
    with Told(broker.url) as told, pytest.raises(ConfigError, match="The lock of the stream in"):
        told.follow(*trades("A"))


# What may show


def test_no_key_and_no_frame_shows_in_logs_errors_and_names(
    broker: PaperBroker, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("websockets.server").setLevel(logging.ERROR)
    try:
        with Told(broker.url, app_key="CANARY-app-key").follow(*trades("A")) as told:
            broker.cut()
            told.notebook.wait(lambda notebook: notebook.gaps)
            broker.answer = lambda connection, text: None
            shown = [caplog.text, repr(told.connection), repr(told.notebook.told), *map(str, folder.rglob("*"))]
            shown += [path.read_text("utf-8") for path in folder.rglob("*.json")]
    finally:
        logging.getLogger("websockets.server").setLevel(logging.NOTSET)
    assert "paper: paper: The line of the stream was lost" not in caplog.text
    assert "The line of the stream was lost" in caplog.text
    assert not any(secret in text for text in shown for secret in ("CANARY", SECRET))


def test_an_address_without_tls_is_for_the_host_that_the_feed_names_alone() -> None:
    feed = PaperFeed("ws://ops.example.com:21000/")
    with pytest.raises(ConfigError, match="not encrypted"):
        connect(feed, phase_of=regular)
    feed.plain = ("ops.example.com:21000",)
    connect(feed, phase_of=regular).close()
    feed.url = "ws://ops.example.com:31000/"
    with pytest.raises(ConfigError, match="not encrypted"):
        connect(feed, phase_of=regular)


# The pace


def test_the_wait_doubles_by_chance_from_half_a_second_to_half_a_minute() -> None:
    class Longest(random.Random):
        def uniform(self, a: float, b: float) -> float:
            assert a == 0.5
            return b

    pace, waits, now = Pace(Times(most_lines=None), Longest()), [], 0.0
    for _ in range(8):
        assert pace.wait(now) == 0
        pace.begins(now)
        pace.loses(now)
        waits.append(pace.wait(now))
        now += pace.wait(now)
    assert waits == [1, 2, 4, 8, 16, 30, 30, 30]
    pace.begins(now)
    pace.loses(now + 59)
    assert pace.wait(now + 59) == 30
    pace.begins(now + 89)
    pace.loses(now + 149)
    assert pace.wait(now + 149) == 1, "a line that held is forgiven what was before"


def test_so_many_lines_in_a_while_and_then_each_waits_the_longest() -> None:
    pace = Pace(Times())
    for number in range(10):
        assert pace.wait(float(number)) == 0
        pace.begins(float(number))
    assert pace.wait(9.0) == 30
    assert pace.wait(39.0) == 0
    pace.begins(39.0)
    assert pace.wait(40.0) == 29
    assert pace.wait(302.0) == 0


def test_the_pace_is_of_the_key_and_outlives_a_connection(broker: PaperBroker) -> None:
    times = Times(most_lines=2, longest_wait=30)
    for _ in range(2):
        with Told(broker.url, times=times).follow(*trades("A")):
            pass
    told = Told(broker.url, times=times)
    thread, raised = in_thread(lambda: told.follow(*trades("A")))
    threading.Event().wait(0.3)
    assert len([text for text in broker.received if text.startswith("open")]) == 2
    told.connection.close()
    thread.join()
    assert [type(error) for error in raised] == [StreamError]


def test_a_sandbox_on_this_machine_has_a_pace_of_its_own(broker: PaperBroker) -> None:
    with Told(broker.url, times=None).follow(*trades("A")) as told:
        keeper: Keeper = told.connection._keeper
        assert keeper.session.times == SANDBOX
