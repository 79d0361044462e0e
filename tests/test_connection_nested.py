"""A call of ours inside a call of ours: each has its own connection, byte counter, gate and permit."""

from __future__ import annotations

import random
import re
import signal
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from brokerkit.errors import AuthError, Blocked, BrokerError, NotSent, OrderUncertain
from brokerkit.transport import Client, Token, connection, shelves
from brokerkit.transport.connection import GateClosed, _Counted
from brokerkit.transport.permits import Permit
from tests.servers import (
    GOOD,
    ORDER,
    READ,
    Exchange,
    Price,
    ProbeClient,
    Server,
    answer,
    endpoint,
    make_certificate,
    new_token,
)

CANCEL: Any = endpoint("cancel", effect=ORDER.effect, method="POST")
INNER = {"quote": READ, "cancel": CANCEL, "order": ORDER}
STRIKES = 25
MOST_ORDERS = 900

needs_timers = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system has no timers that interrupt")


def echoed(exchange: Exchange) -> bool:
    """Answer with the number that stands in the request: whose answer it is can be told."""
    number = re.search(rb"number\W+([0-9]+)", exchange.request)
    return exchange.send(answer({**GOOD, "price": number[1].decode() if number else "0"}))


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    pytest.importorskip("cryptography", reason="a certificate is made with the cryptography package")
    shown, context = make_certificate(tmp_path)
    monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", str(shown))
    return context


class Sender:
    """Sends numbered calls with permits of their own, and compares what it was told with what the server saw."""

    def __init__(self, client: ProbeClient) -> None:
        self.client = client
        self.permits: dict[int, Permit] = {}
        self.outcomes: dict[int, Price | BrokerError] = {}
        self.gates: dict[int, int] = {}

    def send(self, asked: Any, number: int, check: Callable[[], None] = lambda: None) -> None:
        self.gates[number] = 0

        def counted() -> None:
            self.gates[number] += 1
            check()

        permit = self.permits[number] = self.client.permit(counted)
        text = str(number)
        try:
            with self.client.sending(permit):
                given: dict[str, Any] = {"params": {"number": text}} if asked is READ else {"body": {"number": text}}
                self.outcomes[number] = Client.call(self.client, asked, **given)
        except BrokerError as error:
            self.outcomes[number] = error

    def check(self, server: Server, orders: set[int]) -> None:
        """Demand that every call has its own answer, and every order one gate, a true counter and one request."""
        seen = [int(found[1]) for each in server.requests if (found := re.search(rb"number\W+([0-9]+)", each))]
        assert len(seen) == len(set(seen))
        for number, outcome in self.outcomes.items():
            assert isinstance(outcome, Price), (number, outcome)
            assert outcome.price == number
            assert number in seen
        for number in orders:
            permit = self.permits[number]
            assert permit.used
            assert permit.sent, number
            assert self.gates[number] == 1


@contextmanager
def on_alarm(handler: Callable[[], None]) -> Iterator[None]:
    before = signal.signal(signal.SIGALRM, lambda *_: handler())
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@needs_timers
@pytest.mark.parametrize("inner", INNER)
@pytest.mark.parametrize("over_tls", [False, True])
def test_calls_of_a_signal_handler_take_nothing_from_the_order_that_they_interrupt(
    over_tls: bool, inner: str, certificate: ssl.SSLContext
) -> None:
    chance = random.Random(inner)  # noqa: S311 - moments, not secrets
    called: list[int] = []
    with Server(echoed, tls=certificate if over_tls else None) as server, ProbeClient(server.url) as client:
        sender = Sender(client)

        def handle() -> None:
            called.append(MOST_ORDERS + 1 + len(called))
            sender.send(INNER[inner], called[-1])

        number = 0
        with on_alarm(handle):
            while len(called) < STRIKES and number < MOST_ORDERS:
                number += 1
                if number % 2:
                    client.close()  # every other order has to connect
                signal.setitimer(signal.ITIMER_REAL, chance.uniform(0.0001, 0.005))
                sender.send(ORDER, number)
                signal.setitimer(signal.ITIMER_REAL, 0)
        assert len(called) == STRIKES
        sender.check(server, {*range(1, number + 1), *([] if inner == "quote" else called)})


def at_connect(patch: pytest.MonkeyPatch, strike: Callable[[], None]) -> None:
    create = socket.socket.connect

    def connect(sock: socket.socket, *rest: Any) -> None:
        strike()
        create(sock, *rest)

    patch.setattr(socket.socket, "connect", connect)


def at_handshake(patch: pytest.MonkeyPatch, strike: Callable[[], None]) -> None:
    shake = ssl.SSLSocket.do_handshake

    def do_handshake(sock: ssl.SSLSocket, *rest: Any) -> None:
        strike()
        shake(sock, *rest)

    patch.setattr(ssl.SSLSocket, "do_handshake", do_handshake)


def at_pool(patch: pytest.MonkeyPatch, strike: Callable[[], None]) -> None:
    take = connection._Pool._get_conn

    def get(pool: Any, *rest: Any, **more: Any) -> Any:
        strike()
        found = take(pool, *rest, **more)
        strike()
        return found

    patch.setattr(connection._Pool, "_get_conn", get)


def at_send(patch: pytest.MonkeyPatch, strike: Callable[[], None]) -> None:
    send = _Counted.send

    def sent(line: _Counted, data: Any) -> None:
        strike()
        send(line, data)
        strike()

    patch.setattr(_Counted, "send", sent)


def at_answer(patch: pytest.MonkeyPatch, strike: Callable[[], None]) -> None:
    read = connection.Incoming.readinto

    def readinto(incoming: Any, buffer: Any) -> int | None:
        strike()
        count = read(incoming, buffer)
        strike()
        return count

    patch.setattr(connection.Incoming, "readinto", readinto)


def at_close(patch: pytest.MonkeyPatch, strike: Callable[[], None]) -> None:
    put = connection._Pool._put_conn

    def put_back(pool: Any, conn: Any) -> None:
        strike()
        put(pool, conn)
        strike()

    patch.setattr(connection._Pool, "_put_conn", put_back)


MOMENTS = (at_pool, at_connect, at_handshake, at_send, at_answer, at_close)


@pytest.mark.parametrize("inner", INNER)
@pytest.mark.parametrize("moment", MOMENTS, ids=lambda moment: moment.__name__)
@pytest.mark.parametrize("over_tls", [False, True])
def test_a_call_inside_an_order_leaves_it_counted_and_gated_at_every_moment(
    over_tls: bool, moment: Callable[..., None], inner: str, certificate: ssl.SSLContext
) -> None:
    inside: list[int] = []
    busy = False

    def strike() -> None:
        nonlocal busy
        if busy:
            return
        busy = True
        inside.append(100 + len(inside))
        sender.send(INNER[inner], inside[-1])
        busy = False

    with Server(echoed, tls=certificate if over_tls else None) as server, ProbeClient(server.url) as client:
        sender = Sender(client)
        with pytest.MonkeyPatch.context() as patch:
            moment(patch, strike)
            sender.send(ORDER, 1)
            sender.send(ORDER, 2)
        sender.send(ORDER, 3)
        sender.check(server, {1, 2, 3} | (set() if inner == "quote" else set(inside)))
        client.close()
    assert inside or (moment is at_handshake and not over_tls)


@pytest.mark.parametrize("moment", [at_pool, at_connect, at_handshake], ids=lambda moment: moment.__name__)
def test_the_kill_switch_stops_an_order_also_after_a_call_inside_it(
    moment: Callable[..., None], certificate: ssl.SSLContext
) -> None:
    thrown = False
    busy = False

    def strike() -> None:
        nonlocal thrown, busy
        if not busy:
            busy = True
            sender.send(READ, 100)
            thrown = True

    def check() -> None:
        if thrown:
            raise GateClosed("the kill switch is on")

    with Server(echoed, tls=certificate) as server, ProbeClient(server.url) as client:
        sender = Sender(client)
        with pytest.MonkeyPatch.context() as patch:
            moment(patch, strike)
            sender.send(ORDER, 1, check)
        assert isinstance(sender.outcomes[1], NotSent)
        assert "kill switch" in str(sender.outcomes[1])
        assert sender.permits[1].sent == 0
        assert server.orders() == 0
        assert isinstance(sender.outcomes[100], Price)


def test_an_order_is_uncertain_when_its_connection_breaks_after_a_call_inside_it() -> None:
    def script(exchange: Exchange) -> bool | None:
        return None if exchange.path == "/order" else echoed(exchange)

    with Server(script) as server, ProbeClient(server.url) as client:
        sender = Sender(client)
        with pytest.MonkeyPatch.context() as patch:
            once = iter([READ])
            at_send(patch, lambda: next(once, None) is not None and sender.send(READ, 100))
            sender.send(ORDER, 1)
        assert isinstance(sender.outcomes[1], OrderUncertain)
        assert sender.permits[1].sent
        assert server.orders() == 1


@pytest.mark.parametrize("moment", [at_connect, at_send, at_answer], ids=lambda moment: moment.__name__)
def test_a_call_inside_an_order_cannot_use_its_permit(moment: Callable[..., None]) -> None:
    refused: list[BrokerError] = []

    def strike() -> None:
        with pytest.raises(Blocked) as caught:
            Client.call(client, ORDER, body={"number": "666"})
        refused.append(caught.value)

    with Server(echoed) as server, ProbeClient(server.url) as client:
        sender = Sender(client)
        with pytest.MonkeyPatch.context() as patch:
            moment(patch, strike)
            sender.send(ORDER, 1)
        sender.check(server, {1})
        assert server.orders() == 1
    assert refused


def test_closing_the_client_inside_an_order_leaves_the_order_its_connection() -> None:
    for moment in (at_connect, at_send, at_answer, at_close):
        with Server(echoed) as server, ProbeClient(server.url) as client:
            sender = Sender(client)
            with pytest.MonkeyPatch.context() as patch:
                moment(patch, client.close)
                sender.send(ORDER, 1)
            sender.send(ORDER, 2)
            sender.check(server, {1, 2})


@pytest.mark.parametrize("inner", INNER)
@pytest.mark.parametrize("is_old", [False, True], ids=["first token", "next token"])
def test_a_call_inside_one_that_asks_for_a_token_waits_for_nobody(is_old: bool, inner: str) -> None:
    with Server(echoed) as server, ProbeClient(server.url, remember_token=True) as client:
        sender = Sender(client)
        if is_old:
            client.token()
            client._tokens._token = new_token("old-token", life=60, age=3600)
            client._tokens._store(client._tokens._token)
        issue = client.issue_token

        def asked() -> Token:
            began = time.monotonic()
            if not sender.outcomes:
                sender.send(INNER[inner], 100)
            assert time.monotonic() - began < shelves.LOCK_SECONDS / 3
            return issue()

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(client, "issue_token", asked)
            sender.send(ORDER, 1)
        came = sender.outcomes.pop(100)
        if is_old:
            assert isinstance(came, Price)
        else:
            assert type(came) is (AuthError if inner == "quote" else NotSent)
            assert "came upon is asking for the access token" in str(came)
        sender.check(server, {1})
        assert client.issued == 1 + is_old


def test_permits_nest_and_come_back() -> None:
    with Server(echoed) as server, ProbeClient(server.url) as client:
        outer, inner = client.permit(), client.permit()
        with client.sending(outer):
            with client.sending(inner):
                assert Client.call(client, ORDER, body={"number": "2"}).price == 2
            assert (outer.used, inner.used) == (False, True)
            assert Client.call(client, ORDER, body={"number": "1"}).price == 1
            assert outer.used
        with pytest.raises(Blocked):
            Client.call(client, ORDER, body={})
        assert server.orders() == 2
