"""The proof over killed processes sees what it is there to see, and the benchmark of the journal measures."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from benchmarks import journal
from benchmarks.calls import surroundings
from brokerkit.models import OrderRequest
from brokerkit.sandbox import Sandbox
from proof import kills
from proof.killed import READY
from proof.kills import Account, Tally
from proof.trading import MARKETS


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Kill processes before they have done anything."""
    monkeypatch.setattr(kills, "AT_THE_START", 1.0)
    monkeypatch.setattr(kills, "LATEST", 0.0)


def found(tally: Tally) -> dict[str, int]:
    return {name: len(getattr(tally, name)) for name in ("missing", "twice", "forgotten", "open", "untrue")}


def order_at(account: Account, number: int) -> OrderRequest:
    """Place an order at the exchange, behind the journal's back."""
    request = account._life.request(number)
    account._exchange.submit(account._number, request)
    return request


@pytest.mark.parametrize("market", MARKETS)
@pytest.mark.parametrize("name", kills.BROKERS)
def test_processes_are_killed_and_nothing_is_found(name: str, market: str) -> None:
    tally = Tally()
    with kills._account(name, seed=5, market=market) as account:
        account.cycle(tally, 2)
        account.settle(tally)
    assert (tally.cycles, tally.kills) == (1, 2)
    assert tally.rows > 0
    assert found(tally) == dict.fromkeys(found(tally), 0)


def test_an_order_that_the_journal_lacks_is_seen(at_once: None) -> None:
    tally = Tally()
    with kills._account("kis", seed=1) as account:
        request = order_at(account, 10_000)
        account.cycle(tally, 1)
    assert tally.missing
    assert request.symbol in tally.missing[0]


def test_an_order_that_stands_twice_is_seen(at_once: None) -> None:
    tally = Tally()
    with kills._account("kis", seed=1) as account:
        account.broker.order(order_at(account, 10_000))
        account.cycle(tally, 1)
    assert found(tally) == {**dict.fromkeys(found(tally), 0), "twice": 1}


def test_an_answer_that_is_not_in_the_journal_is_seen(at_once: None, monkeypatch: pytest.MonkeyPatch) -> None:
    tally = Tally()
    monkeypatch.setattr(kills, "killed", lambda *_: [(READY, None), ("order", "0000012345")])
    with kills._account("kiwoom", seed=1) as account:
        account.cycle(tally, 1)
    assert tally.forgotten == ["order 0000012345"]


def test_commits_and_orders_are_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "ORDERS", 2)
    for times in (*journal.commits(tmp_path, earlier=3, count=5), journal.flushes(tmp_path, count=5)):
        assert len(times.found) == 5
        assert 0 < times.middle <= times.slow
    with surroundings(tmp_path / "cache", None), Sandbox() as box:
        box.face("kis").window.calls = 10**9  # type: ignore[attr-defined]
        kept, bare = journal.orders("kis", box.connect("kis"), rounds=2)
        rows = list(box.exchange.orders(box.connect("kis").account))
    assert (len(kept.found), len(bare.found)) == (4, 4)
    assert len(rows) == 2 * (1 + 4)
    assert {row.quantity for row in rows} == {Decimal(1)}
