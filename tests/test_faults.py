"""A sandbox that breaks on purpose: what our own client makes of it, and what the exchange knows."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import pytest
from brokerkit_kis import client as kis

from brokerkit import (
    Broker,
    BrokerError,
    MarketClosed,
    NetworkError,
    NotSent,
    OrderUncertain,
    WireError,
    get_broker,
)
from brokerkit.errors import ConfigError
from brokerkit.sandbox import Faults, Rule, Sandbox
from brokerkit.sandbox.face import OF_STREAMS, Purpose, SlidingWindow
from brokerkit.sandbox.faults import KINDS, answers, describe, lines, listings, streams
from brokerkit.sandbox.faults.relay import _read
from brokerkit.transport import connection

BROKERS = ("kis", "kiwoom")
SAMSUNG = "005930"
HARMLESS = ("latency", "bandwidth", "slow_close", "slicer")
SILENT = ("processed_then_silence", "unprocessed_silence", "late_acceptance", "stalled_body", "drip")
QUICK = {"latency": 0.05, "slow_close": 0.05, "late_acceptance": 0.8}
"""Seconds of the kinds that would make the tests wait."""
OF_THE_LINE = [kind for kind in lines.FAULTS if kind not in (*HARMLESS, "refuse", "stale_keepalive")]
HUNG_UP = ("accept_then_reset", "close_after_10_bytes", "processed_then_fin", "processed_then_reset")
IN_TROUBLE = ("http_500_unlisted", "http_502")
OF_ANSWERS = [kind for kind in KINDS if KINDS[kind].strikes == "answer"]
NOT_THE_BROKER = {
    *("redirect_to_self", "previous_answer", "html_200", "empty", "null", "wrong_type", "missing_code", "euc_kr"),
    *("duplicate_keys", "nan", "huge_integer", "deep_nesting"),
}
"""What a query sees as an answer that the broker does not give. All else looks like trouble of line or server."""


@contextmanager
def patience(kind: str) -> Iterator[None]:
    """Wait a short time only for an answer that never comes as a whole."""
    with pytest.MonkeyPatch.context() as patched:
        if kind in SILENT:
            patched.setattr(connection, "READ_SECONDS", 0.4)
            patched.setattr(connection, "TOTAL_SECONDS", 0.8)
        yield


@contextmanager
def trading(name: str, faults: Faults, certificate: Path | None = None) -> Iterator[tuple[Broker, Sandbox]]:
    """Yield a broker that has bought one share already, so that the next call of `buy` sends nothing but the order."""
    options = {"ca_file": certificate} if certificate else {}
    with (
        Sandbox(faults=faults, certificate=certificate) as sandbox,
        get_broker(name, environment="sandbox", sandbox=sandbox, options=options) as broker,
    ):
        broker.quote(SAMSUNG)
        broker.account()
        buy(broker, sandbox)
        yield broker, sandbox


def buy(broker: Broker, sandbox: Sandbox, symbol: str = SAMSUNG) -> str:
    return broker.buy(symbol, 1, price=sandbox.exchange.quote(symbol).lower_limit).id


def taken(sandbox: Sandbox, name: str) -> int:
    """Return how many orders the exchange took after the first one."""
    return len(sandbox.exchange.orders(sandbox.face(name).credentials.account)) - 1


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_fault_is_stated_once_by_the_function_that_does_it() -> None:
    assert [kind.does.__name__ for kind in KINDS.values()] == list(KINDS)
    assert len(KINDS) == sum(len(place.FAULTS) for place in (lines, answers, listings, streams))
    assert all(kind.words for kind in KINDS.values())


@pytest.mark.parametrize("kind", [*OF_THE_LINE, *OF_ANSWERS])
@pytest.mark.parametrize("name", BROKERS)
def test_an_order_that_meets_a_fault_is_uncertain_unless_the_broker_refused_it(name: str, kind: str) -> None:
    faults = Faults()
    with trading(name, faults) as (broker, sandbox):
        faults.add(Rule(kind, on="order", times=1, seconds=QUICK.get(kind)))
        with pytest.raises(BrokerError) as caught, patience(kind):
            buy(broker, sandbox)
        assert type(caught.value) is (MarketClosed if kind == "http_500_listed_code" else OrderUncertain)
        if kind == "late_acceptance":
            assert taken(sandbox, name) == 0
            wait_until(lambda: faults.log[0].order_id is not None)
        assert taken(sandbox, name) == KINDS[kind].processed
        (entry,) = faults.log
        assert (entry.kind, entry.broker, entry.purpose, entry.number) == (kind, name, "order", 2)
        assert entry.processed is KINDS[kind].processed
        assert (entry.order_id is not None) is KINDS[kind].processed


@pytest.mark.parametrize("verb", ["cancel", "amend"])
@pytest.mark.parametrize("name", BROKERS)
def test_cancellations_and_amendments_are_orders_too(name: str, verb: str) -> None:
    faults = Faults()
    with trading(name, faults) as (broker, sandbox):
        (order,) = broker.orders()
        assert order.price is not None
        faults.add(Rule("processed_then_reset", on="order"))
        with pytest.raises(OrderUncertain):
            broker.cancel(order) if verb == "cancel" else broker.amend(order, price=order.price + 100)
        assert taken(sandbox, name) == 1
        assert [(entry.kind, entry.purpose) for entry in faults.log] == [("processed_then_reset", "order")]


@pytest.mark.parametrize("kind", HARMLESS)
@pytest.mark.parametrize("name", BROKERS)
def test_an_order_survives_what_is_only_slow_or_cut_up(name: str, kind: str) -> None:
    faults = Faults()
    with trading(name, faults) as (broker, sandbox):
        size = 5_000 if kind == "bandwidth" else None
        faults.add(Rule(kind, on="order", times=1, seconds=QUICK.get(kind), size=size))
        assert {buy(broker, sandbox), buy(broker, sandbox)} >= {entry.order_id for entry in faults.log}
        assert taken(sandbox, name) == 2
        assert [entry.kind for entry in faults.log] == [kind]


@pytest.mark.parametrize("name", BROKERS)
def test_an_order_after_a_refused_connection_is_provably_not_sent(name: str) -> None:
    faults = Faults()
    with trading(name, faults) as (broker, sandbox):
        faults.add(Rule("refuse", on="query", times=1, seconds=1))
        assert broker.quote(SAMSUNG).price > 0
        with pytest.raises(NotSent):
            buy(broker, sandbox)
        assert taken(sandbox, name) == 0

        def back() -> bool:
            with contextlib.suppress(NetworkError):
                return broker.quote(SAMSUNG).price > 0
            return False

        wait_until(back)
        buy(broker, sandbox)
        assert taken(sandbox, name) == 1


@pytest.mark.parametrize("kind", [*OF_THE_LINE, *(kind for kind in OF_ANSWERS if KINDS[kind].on is None)])
@pytest.mark.parametrize("name", BROKERS)
def test_a_query_that_meets_a_fault_fails_by_its_cause_and_works_the_next_time(name: str, kind: str) -> None:
    faults = Faults()
    with trading(name, faults) as (broker, _):
        # Where a kept line was closed or the server is in trouble, our client asks once more by itself.
        twice = (*HUNG_UP, *IN_TROUBLE)
        faults.add(Rule(kind, on="query", times=2 if kind in twice else 1, seconds=QUICK.get(kind)))
        expected = WireError if kind in NOT_THE_BROKER else NetworkError
        with pytest.raises(MarketClosed if kind == "http_500_listed_code" else expected), patience(kind):
            broker.quote(SAMSUNG)
        assert broker.quote(SAMSUNG).price > 0


@pytest.mark.parametrize("kind", [*HUNG_UP, *IN_TROUBLE])
@pytest.mark.parametrize("name", BROKERS)
def test_a_query_is_asked_again_when_a_kept_line_was_closed_or_the_server_was_in_trouble(name: str, kind: str) -> None:
    faults = Faults()
    with trading(name, faults) as (broker, _):
        faults.add(Rule(kind, on="query", times=1))
        assert broker.quote(SAMSUNG).price > 0
        assert len(faults.log) == 1


@pytest.mark.parametrize("name", BROKERS)
def test_an_order_takes_a_new_line_when_the_kept_one_was_closed_before(name: str) -> None:
    faults = Faults()
    with trading(name, faults) as (broker, sandbox):
        faults.add(Rule("stale_keepalive", on="order"))
        for number in (1, 2, 3):
            buy(broker, sandbox)
            assert taken(sandbox, name) == number
            wait_until(lambda: len(relay_threads()) == 1)  # the line is closed, and no order on its way into it


def relay_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("relay-")]


@pytest.mark.parametrize("name", BROKERS)
def test_an_answer_fault_may_hit_an_order_that_the_broker_never_gets(name: str) -> None:
    faults = Faults()
    with trading(name, faults) as (broker, sandbox):
        faults.add(Rule("html_200", on="order", processed=False))
        with pytest.raises(OrderUncertain):
            buy(broker, sandbox)
        assert taken(sandbox, name) == 0
        assert [(entry.processed, entry.order_id) for entry in faults.log] == [(False, None)]


@pytest.mark.parametrize("name", BROKERS)
def test_a_login_that_fails_leaves_the_order_unsent(name: str) -> None:
    with (
        Sandbox(faults=Faults.parse("html_200:on=login")) as sandbox,
        get_broker(name, environment="sandbox", sandbox=sandbox) as broker,
        pytest.raises(BrokerError) as caught,
    ):
        broker.order_book(SAMSUNG)
    assert type(caught.value) is WireError


@pytest.mark.parametrize("kind", ["corrupt_tls_record", "processed_then_reset", "processed_then_fin", "cut_body"])
@pytest.mark.parametrize("name", BROKERS)
def test_an_order_over_tls_is_uncertain_too(name: str, kind: str, tmp_path: Path) -> None:
    faults = Faults()
    with trading(name, faults, tmp_path / "sandbox.pem") as (broker, sandbox):
        assert sandbox.connect(name).base_url.startswith("https://")
        faults.add(Rule(kind, on="order"))
        with pytest.raises(OrderUncertain) as caught:
            buy(broker, sandbox)
        assert ("SSLError" in caught.value.message) == (kind == "corrupt_tls_record")
        assert taken(sandbox, name) == 1


# The relay


def ask(sock: socket.socket, text: str) -> bytes:
    sock.sendall(text.replace("\n", "\r\n").encode())
    sock.shutdown(socket.SHUT_WR)
    parts = []
    while part := sock.recv(65536):
        parts.append(part)
    return b"".join(parts)


def told(answer: bytes) -> bytes:
    """Return an answer without what differs from call to call, its headers in order."""
    # An interim answer has a head of its own before the one with the date.
    head, _, body = re.sub(rb"(?im)^(date|gt_uid):.*\r\n", b"", answer).partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    return b"\n".join([first, *sorted(lines), body])


@pytest.mark.parametrize(
    "request_text",
    [
        "GET /nowhere HTTP/1.1\nHost: x\n\n",
        "HEAD /oauth2/tokenP HTTP/1.1\nHost: x\n\n",
        "GET /api/dostk/acnt HTTP/1.1\nHost: x\n\n",
        "POST /api/dostk/acnt HTTP/1.1\nHost: x\nContent-Length: 2\n\n{}",
        "POST /api/dostk/acnt HTTP/1.1\nHost: x\nExpect: 100-continue\nContent-Length: 2\n\n{}",
        "POST /oauth2/token HTTP/1.0\nContent-Length: 2\n\n{}",
        "GET /nowhere HTTP/1.1\nHost: x\n\nGET /oauth2/token HTTP/1.1\nHost: x\nConnection: close\n\n",
    ],
)
@pytest.mark.parametrize("name", BROKERS)
def test_a_relay_without_rules_changes_nothing(name: str, request_text: str) -> None:
    answers = []
    for faults in (None, Faults()):
        with Sandbox(faults=faults) as sandbox:
            port = int(sandbox.connect(name).base_url.rpartition(":")[2])
            with socket.create_connection(("127.0.0.1", port)) as sock:
                answers.append(told(ask(sock, request_text)))
    assert answers[0] == answers[1]
    assert answers[0].startswith(b"HTTP/1.1 ")


@pytest.mark.parametrize(
    "request_text",
    [
        "nonsense\n\n",
        "POST / HTTP/1.1\nContent-Length: many\n\n",
        "POST / HTTP/1.1\nContent-Length: -1\n\n",
        "POST / HTTP/1.1\nTransfer-Encoding: chunked\n\n0\n\n",
    ],
)
def test_the_relay_says_so_when_it_cannot_read_a_request(request_text: str) -> None:
    with Sandbox(faults=Faults()) as sandbox:
        port = int(sandbox.connect("kis").base_url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as sock:
            assert ask(sock, request_text).startswith(b"HTTP/1.1 400 ")


def test_ports_that_are_asked_for_go_to_the_relay() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with Sandbox(faults=Faults(), ports={"kis": port}) as sandbox:
        connection = sandbox.connect("kis")
        assert connection.base_url == f"http://127.0.0.1:{port}"
        assert connection.websocket_url == f"ws://127.0.0.1:{port}"


def test_a_port_in_use_is_refused_and_nothing_stays_behind() -> None:
    before = threading.active_count()
    with socket.create_server(("127.0.0.1", 0)) as taken_port:
        ports = {"kis": taken_port.getsockname()[1]}
        with (
            Sandbox(faults=Faults(), ports=ports) as sandbox,
            pytest.raises(BrokerError, match="cannot listen"),
        ):
            sandbox.connect("kis")
    assert threading.active_count() == before


@pytest.mark.parametrize("secure", [False, True], ids=["plain", "tls"])
@pytest.mark.parametrize("kind", ["unprocessed_silence", "late_acceptance", "stalled_body", "refuse", "slow_close"])
def test_closing_ends_what_is_being_played_and_leaves_nothing_open(kind: str, secure: bool, tmp_path: Path) -> None:
    certificate = tmp_path / "sandbox.pem" if secure else None
    faults = Faults([Rule(kind, seconds=1_000)])
    before, files = set(threading.enumerate()), open_files()
    sandbox = Sandbox(faults=faults, certificate=certificate)
    port = int(sandbox.connect("kis").base_url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port)) as plain:
        sock: socket.socket = plain
        if certificate:
            sock = ssl.create_default_context(cafile=certificate).wrap_socket(plain, server_hostname="127.0.0.1")
        with sock:
            sock.sendall(b"GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n")
            wait_until(lambda: len(faults.log) == 1)
            sandbox.close()
    assert set(threading.enumerate()) <= before
    assert open_files() <= files
    assert faults.log[0].processed is (kind not in ("unprocessed_silence", "late_acceptance"))


def open_files() -> set[tuple[str, str]]:
    """Return what files and sockets this process has open, where the system tells."""
    folder = Path("/proc/self/fd")
    found = set()
    for each in os.listdir(folder) if folder.exists() else ():
        with contextlib.suppress(OSError):  # the listing itself was one of them
            found.add((each, os.readlink(folder / each)))
    return found


def test_many_clients_share_a_relay() -> None:
    request = "GET /nowhere HTTP/1.1\nHost: x\nConnection: close\n\n"
    with Sandbox(faults=Faults([Rule("slicer", size=1, every=2)])) as sandbox:
        port = int(sandbox.connect("kis").base_url.rpartition(":")[2])
        answers: list[bytes] = []

        def ask_often() -> None:
            for _ in range(10):
                with socket.create_connection(("127.0.0.1", port)) as sock:
                    answers.append(told(ask(sock, request)))

        workers = [threading.Thread(target=ask_often) for _ in range(6)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    assert len(answers) == 60
    assert len(set(answers)) == 1
    assert answers[0].startswith(b"HTTP/1.1 404 ")


def test_a_relay_on_the_other_loopback_address_can_be_reached() -> None:
    with Sandbox(host="::1", faults=Faults()) as sandbox:
        url = sandbox.connect("kis").base_url
        assert url.startswith("http://[::1]:")
        with get_broker("kis", environment="sandbox", sandbox=sandbox) as broker:
            assert broker.quote(SAMSUNG).price > 0


def test_lines_that_end_are_forgotten() -> None:
    with Sandbox(faults=Faults()) as sandbox:
        port = int(sandbox.connect("kis").base_url.rpartition(":")[2])
        for _ in range(20):
            with socket.create_connection(("127.0.0.1", port)) as sock:
                ask(sock, "GET /nowhere HTTP/1.1\nHost: x\n\n")
        wait_until(lambda: [each.name for each in relay_threads()].count(f"relay-{port}") == 1)


def test_equal_seeds_give_equal_faults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(kis.CALLS_PER_SECOND, "real", 1_000)

    def run(seed: int) -> Faults:
        text = "processed_then_reset:on=order,rate=0.4;html_200:on=query,rate=0.3;missing_row:rate=0.5"
        faults = Faults.parse(text, seed=seed)
        with (
            Sandbox(faults=faults) as sandbox,
            get_broker("kis", environment="sandbox", sandbox=sandbox) as broker,
        ):
            sandbox.face("kis").window = SlidingWindow(1_000)
            for symbol in list(sandbox.exchange.instruments)[:12]:
                for verb in (lambda: broker.quote(symbol), lambda: buy(broker, sandbox, symbol), broker.orders):  # noqa: B023
                    with contextlib.suppress(BrokerError):
                        verb()
        return faults

    first, again, other = run(3), run(3), run(4)
    assert {entry.kind for entry in first.log} == {"processed_then_reset", "html_200", "missing_row"}
    assert first.log == again.log
    assert first.log != other.log


# The rules


def hits(faults: Faults, count: int, purpose: Purpose = Purpose.QUERY, broker: str = "kis", page: int = 1) -> list[int]:
    """Return which of so many requests are hit."""
    return [number for number in range(1, count + 1) if faults.next(broker, purpose, b"", page).rules]


def test_rules_choose_by_count() -> None:
    assert hits(Faults([Rule("empty")]), 3) == [1, 2, 3]
    assert hits(Faults([Rule("empty", nth=2)]), 5) == [2]
    assert hits(Faults([Rule("empty", nth=(2, 5))]), 6) == [2, 5]
    assert hits(Faults([Rule("empty", every=3)]), 7) == [3, 6]
    assert hits(Faults([Rule("empty", every=2, times=2)]), 9) == [2, 4]
    assert hits(Faults([Rule("empty", rate=0)]), 50) == []
    assert hits(Faults([Rule("empty", rate=1)]), 3) == [1, 2, 3]


def test_a_rate_is_kept_and_depends_on_the_seed() -> None:
    chosen = hits(Faults([Rule("empty", rate=0.05)], seed=1), 4_000)
    assert 150 < len(chosen) < 250
    assert chosen == hits(Faults([Rule("empty", rate=0.05)], seed=1), 4_000)
    assert chosen != hits(Faults([Rule("empty", rate=0.05)], seed=2), 4_000)
    assert chosen != hits(Faults([Rule("null", rate=0.05)], seed=1), 4_000)


def test_a_rule_hits_its_purpose_and_counts_it_alone() -> None:
    faults = Faults([Rule("empty", on=Purpose.ORDER, nth=2)])
    assert hits(faults, 5) == []
    assert hits(faults, 3, Purpose.ORDER) == [2]


def test_brokers_are_counted_apart() -> None:
    faults = Faults([Rule("empty", nth=2, times=1)])
    assert hits(faults, 3, broker="kis") == [2]
    assert hits(faults, 3, broker="kiwoom") == [2]


def test_a_rule_for_symbols_counts_what_names_one_of_them() -> None:
    faults = Faults([Rule("empty", symbols=("005930", "000660"), nth=2)])
    bodies = [b'{"PDNO":"005930"}', b'{"PDNO":"035420"}', b"GET /?FID_INPUT_ISCD=000660"]
    assert [bool(faults.next("kis", Purpose.ORDER, body).rules) for body in bodies] == [False, False, True]


def test_list_faults_hit_lists_and_their_page_only() -> None:
    faults = Faults([Rule("repeated_page")])
    assert hits(faults, 3, Purpose.QUERY, page=2) == []
    assert hits(faults, 3, Purpose.LISTING, page=1) == []
    assert hits(faults, 1, Purpose.LISTING, page=2) == [1]
    assert hits(Faults([Rule("missing_row", page=3)]), 1, Purpose.LISTING, page=3) == [1]


def test_the_first_rule_wins_and_lag_goes_beside_it() -> None:
    faults = Faults([Rule("lag"), Rule("missing_row", nth=2), Rule("empty", times=2)])
    kinds = [[rule.kind for rule in faults.next("kis", Purpose.LISTING, b"").rules] for _ in range(4)]
    assert kinds == [["lag", "empty"], ["lag", "missing_row"], ["lag", "empty"], ["lag"]]


def test_rules_can_change_while_the_sandbox_runs() -> None:
    faults = Faults()
    assert hits(faults, 2) == []
    faults.add(Rule("empty", nth=1))
    assert hits(faults, 2) == [1]
    faults.clear()
    assert faults.rules == ()
    assert hits(faults, 2) == []


def test_what_is_hit_does_not_depend_on_the_timing_of_threads() -> None:
    purposes = [purpose for purpose in Purpose if purpose not in OF_STREAMS]

    def run(threads: int) -> dict[tuple[Purpose, int], list[str]]:
        faults = Faults([Rule("empty", on=purpose, rate=0.3) for purpose in purposes], seed=9)
        found: dict[tuple[Purpose, int], list[str]] = {}

        def ask_often() -> None:
            for purpose in purposes:
                for _ in range(400 // threads):
                    draw = faults.next("kis", purpose, b"")
                    found[draw.purpose, draw.number] = [rule.kind for rule in draw.rules]

        workers = [threading.Thread(target=ask_often) for _ in range(threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        return found

    alone = run(1)
    assert len(alone) == 1_600
    assert run(8) == alone


def test_rules_can_be_written_as_text() -> None:
    text = (
        "processed_then_reset:rate=0.05, on=order ; lag:seconds=2;html_200:nth=3+5,times=1;"
        "slicer:size=3,every=2,symbols=005930+000660;empty:processed=no;error_on_page:page=3;"
    )
    assert Faults.parse(text, seed=5).rules == (
        Rule("processed_then_reset", on=Purpose.ORDER, rate=0.05),
        Rule("lag", seconds=2),
        Rule("html_200", nth=(3, 5), times=1),
        Rule("slicer", size=3, every=2, symbols=("005930", "000660")),
        Rule("empty", processed=False),
        Rule("error_on_page", page=3),
    )
    assert Faults.parse(text, seed=5).seed == 5
    assert Faults.parse("").rules == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("html_20", "no fault 'html_20'. Did you mean html_200?"),
        ("earthquake", "Kinds of faults: refuse, accept_then_reset"),
        ("empty:when=3", "'when=3' is not understood"),
        ("empty:nth", "'nth' is not understood"),
        ("empty:nth=x", "nth cannot be 'x'"),
        ("empty:nth=0", "nth counts from 1"),
        ("empty:every=0", "every counts from 1"),
        ("empty:rate=2", "a share from 0 to 1"),
        ("empty:rate=nan", "a share from 0 to 1"),
        ("empty:nth=1,rate=0.5", "one of nth, every and rate"),
        ("empty:on=lunch", "on is one of order, listing, query, login"),
        ("missing_row:on=order", "of requests for listing, not order"),
        ("lag:seconds=-1", "seconds cannot be -1"),
        ("empty:seconds=1", "no parameter seconds"),
        ("drip:size=3", "no parameter size"),
        ("empty:page=2", "no parameter page"),
        ("drip:processed=no", "no parameter processed"),
        ("empty:processed=maybe", "processed cannot be 'maybe'"),
    ],
)
def test_a_wrong_rule_is_an_error_that_says_what_is_wrong(text: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Faults.parse(text)
    assert words in str(caught.value)


def test_every_kind_has_a_line_for_people() -> None:
    lines = describe().splitlines()
    assert [line.split()[0] for line in lines] == list(KINDS)
    assert all(len(line) < 200 for line in lines)
    assert [line.split()[0] for line in lines if "provably not sent" in line] == ["refuse"]
    assert "not processed" in lines[1]


class Trickle:
    """A socket from which bytes come one by one."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def recv(self, size: int) -> bytes:
        self._at += 1
        return self._data[self._at - 1 : self._at]

    def sendall(self, data: bytes) -> None:
        raise AssertionError(data)


def test_body_that_comes_byte_by_byte_is_read_once_and_what_follows_stays() -> None:
    body = b"x" * 300_000
    head = b"POST /path HTTP/1.1\r\nContent-Length: 300000\r\n\r\n"
    message, unread = _read(cast("socket.socket", Trickle(head + body)), b"")
    assert message is not None
    assert (message.raw, message.path, unread) == (head + body, "/path", b"")
    message, unread = _read(cast("socket.socket", Trickle(b"")), head + body + b"GET / HT")
    assert message is not None
    assert (len(message.raw), unread) == (len(head) + len(body), b"GET / HT")


@pytest.mark.parametrize("length", ["99999999999", "9" * 5_000, "-1", "1_0", ""])
def test_relay_reads_no_body_without_a_sane_length(length: str) -> None:
    head = f"POST / HTTP/1.1\r\nContent-Length: {length}\r\n\r\n".encode()
    with pytest.raises(ValueError, match=r"length|long"):
        _read(cast("socket.socket", Trickle(b"")), head)
