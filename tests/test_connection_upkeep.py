"""What a connection keeps for the next call: deadlines, starts of calls, texts that need no cleaning."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest
import responses
from hypothesis import given
from hypothesis import strategies as st

from brokerkit.transport import connection
from brokerkit.transport.connection import Attempt, _Watchdog
from brokerkit.transport.text import sanitize
from tests.servers import GOOD, READ, ProbeClient, Server


@pytest.fixture
def watchdog(monkeypatch: pytest.MonkeyPatch) -> _Watchdog:
    fresh = _Watchdog()
    monkeypatch.setattr(connection, "_watchdog", fresh)
    return fresh


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    theirs.settimeout(5)
    with ours, theirs:
        yield ours, theirs


def attempt(seconds: float) -> Attempt:
    """Return an attempt that may take so long."""
    return Attempt(deadline=time.monotonic() + seconds, fresh=False, gate=None)


def test_a_call_that_ended_is_not_watched_any_more(watchdog: _Watchdog) -> None:
    with Server() as server, ProbeClient(server.url) as client:
        for _ in range(20):
            client.call(READ)
    assert watchdog._watched == set()


def test_somebody_elses_transport_may_answer_in_place_of_the_network() -> None:
    with responses.RequestsMock() as mock:
        mock.get("https://probe.invalid/read", json=GOOD)
        assert ProbeClient().call(READ).price == 70000


def test_a_short_deadline_is_kept_while_a_longer_one_is_watched(
    watchdog: _Watchdog, pair: tuple[socket.socket, socket.socket]
) -> None:
    patient, hasty = attempt(60), attempt(0.1)
    with socket.socket() as elsewhere:
        patient.begins(elsewhere)
        time.sleep(0.05)  # by now it is asleep until the longer one
        hasty.begins(pair[0])
        assert pair[1].recv(1) == b""  # the other side sees the cut
        assert (patient.cut, hasty.cut) == (False, True)
        assert watchdog._watched == {patient}
        patient.ends()


def test_a_deadline_is_kept_after_others_ended_before_theirs(
    watchdog: _Watchdog, pair: tuple[socket.socket, socket.socket]
) -> None:
    with socket.socket() as elsewhere:
        for seconds in (0.05, 0.1, 0.15):
            early = attempt(seconds)
            early.begins(elsewhere)
            early.ends()
    late = attempt(0.3)
    late.begins(pair[0])
    assert pair[1].recv(1) == b""
    assert late.cut


@given(st.text(max_size=150))
def test_a_text_reads_the_same_whether_or_not_it_has_something_to_clean(text: str) -> None:
    assert sanitize(text) == sanitize(f"{text}\0")
