"""What a connection keeps for the next call, and what it does not: attempts, threads, texts that need no cleaning."""

from __future__ import annotations

import threading

import pytest
import responses
from hypothesis import given
from hypothesis import strategies as st

from brokerkit.errors import NetworkError, NotSent, OrderUncertain
from brokerkit.text import sanitize
from brokerkit.transport import connection
from tests.faults import call, drip
from tests.servers import GOOD, ORDER, READ, ProbeClient, Server, answer


def test_a_call_that_ended_leaves_nothing_of_itself_on_its_line() -> None:
    with Server() as server, ProbeClient(server.url) as client:
        for _ in range(20):
            client.call(READ)
        line = client._line()
        assert (line.attempt, line._inner) == (None, None)
        kept = line._pool[1].pool.get(block=False)
        assert (kept.attempt, kept.owes) == (None, False)
        kept.close()


def test_somebody_elses_transport_may_answer_in_place_of_the_network() -> None:
    with responses.RequestsMock() as mock:
        mock.get("https://probe.invalid/read", json=GOOD)
        assert ProbeClient().call(READ).price == 70000


@pytest.mark.parametrize("endpoint", [ORDER, READ], ids=str)
def test_the_deadline_holds_where_no_thread_can_be_started(endpoint: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "TOTAL_SECONDS", 0.5)
    with Server(drip(answer(headers={"X-Long": "y" * 500}))) as server, monkeypatch.context() as patch:
        client = ProbeClient(server.url)

        def start(thread: threading.Thread) -> None:
            if thread.name == "MainThread" or not thread.name.endswith("(_serve)"):
                raise RuntimeError("can't start new thread")
            begin(thread)

        begin = threading.Thread.start
        patch.setattr(threading.Thread, "start", start)
        error = call(client, endpoint)
        assert type(error) is (OrderUncertain if endpoint is ORDER else NetworkError)
        assert "no complete answer within 0.5 s" in error.message
        assert len(server.requests) == 1


def test_a_line_that_nobody_counts_on_sends_nothing() -> None:
    with Server() as server, ProbeClient(server.url) as client:
        client.call(READ)
        pool = client._line()._pool[1]
        kept = pool.pool.get(block=False)
        with pytest.raises(connection.GateClosed):
            pool.urlopen("POST", "/order", body=b"{}", retries=False)
        with pytest.raises(connection.GateClosed):
            kept.request("POST", "/order", body=b"{}")
        kept.close()
        assert server.paths() == ["/read"]


def test_a_gate_that_takes_too_long_lets_nothing_through(monkeypatch: pytest.MonkeyPatch) -> None:
    with Server() as server, ProbeClient(server.url) as client:
        client.token()
        wait = threading.Event()
        monkeypatch.setattr(connection, "TOTAL_SECONDS", 0.05)
        permit = client.permit(check=lambda: wait.wait(0.1) and None)
        with client.sending(permit), pytest.raises(NotSent, match="before anything was sent"):
            super(ProbeClient, client).call(ORDER, body={})
        assert (server.requests, permit.sent) == ([], 0)


@given(st.text(max_size=150))
def test_a_text_reads_the_same_whether_or_not_it_has_something_to_clean(text: str) -> None:
    assert sanitize(text) == sanitize(f"{text}\0")
