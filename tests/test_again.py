"""An order is sent again once, whoever asks for it at the same moment, and the journal need not be read for that."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from brokerkit.errors import BrokerError, OrderBlocked, OrderUncertain
from brokerkit.orders.intents import Intent, IntentState
from brokerkit.orders.journal import Journal
from tests import forks
from tests.journals import BROKERS, GETS_LOST, Trader, begin, intent_of, served, trading
from tests.traders import keys_of

State = IntentState
ROUNDS = 5

RESUBMITS = """
import json, sys
from brokerkit import BrokerError, get_broker
broker, keys, intent = json.loads(sys.argv[1])
with get_broker(broker, environment="sandbox", **keys) as made:
    made.quote("005930")
    print("ready", flush=True)
    sys.stdin.readline()
    try:
        made.resubmit(intent)
        print("sent")
    except BrokerError as error:
        print(type(error).__name__)
"""


@pytest.fixture(params=BROKERS)
def trader(request: pytest.FixtureRequest) -> Iterator[Trader]:
    """Return a broker whose journal lies on the disk."""
    with served(request.param) as made:
        yield made


def gone(trader: Trader) -> Intent:
    """Send an order that gets lost, and decide that it is absent."""
    trader.breaks(GETS_LOST)
    with pytest.raises(OrderUncertain) as caught:
        trader.buy()
    assert caught.value.intent is not None
    return trader.broker.resolve(caught.value.intent, absent=True, reason="not in the app")


@pytest.mark.parametrize("accept_risk", [False, True])
def test_of_two_threads_that_send_one_entry_again_one_does(accept_risk: bool, trader: Trader) -> None:
    for number in range(ROUNDS):
        first, barrier, outcomes = gone(trader), threading.Barrier(2), list[str]()

        def again(first: Intent = first, barrier: threading.Barrier = barrier, told: list[str] = outcomes) -> None:
            barrier.wait()
            try:
                trader.broker.resubmit(first, accept_risk=accept_risk)
                told.append("sent")
            except BrokerError as error:
                told.append(type(error).__name__)

        threads = [threading.Thread(target=again) for _ in range(2)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        # A second one that begins when the first is done is another matter: its caller may accept that risk.
        assert sorted(outcomes) in (["OrderBlocked", "sent"], ["sent", "sent"] if accept_risk else [])
        if not accept_risk:
            assert trader.posts == number + 1


def test_of_two_processes_that_send_one_entry_again_one_does(trader: Trader) -> None:
    first = gone(trader)
    told = json.dumps([trader.name, keys_of(trader.box, trader.name), first.id])
    command = ["-c", RESUBMITS, told]
    processes = [forks.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(2)]
    for each in processes:
        assert each.stdout is not None
        assert each.stdout.readline() == "ready\n"
    for each in processes:
        assert each.stdin is not None
        each.stdin.write("go\n")
        each.stdin.flush()
    assert sorted(each.communicate(timeout=60)[0].strip() for each in processes) == ["OrderBlocked", "sent"]
    assert trader.posts == 1


def test_who_accepts_the_risk_does_not_accept_another_who_sends_it_at_the_same_moment(
    trader: Trader, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = gone(trader)
    once = Journal.begin
    came: list[Intent] = []

    def begin_after_another(self: Journal, intent: Intent, **terms: Any) -> Intent:
        if not came:
            came.append(intent)
            trader.broker.resubmit(first)
        return once(self, intent, **terms)

    monkeypatch.setattr(Journal, "begin", begin_after_another)
    with pytest.raises(OrderBlocked, match="sent again already"):
        trader.broker.resubmit(first, accept_risk=True)
    assert trader.posts == 1


def test_what_it_was_sent_again_as_is_found_by_an_index(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.sqlite3")
    first = begin(journal, intent_of())
    journal.decide(first.moved(State.NOT_SENT, "for the test"))
    second = begin(journal, intent_of(previous=first.id))
    assert [each.id for each in journal.later(first.id)] == [second.id]
    query = "EXPLAIN QUERY PLAN SELECT content FROM intents WHERE previous = ? ORDER BY id"
    plan = journal._read(lambda file: str(file.execute(query, ("x",)).fetchall()))
    assert "sent_again" in plan
    sent = "kind IN ('ORDER', 'AMEND') AND state != 'NOT_SENT'"
    counted = f"EXPLAIN QUERY PLAN SELECT sum(value) FROM intents WHERE {sent} AND currency = ? AND day = ?"  # noqa: S608
    assert "COVERING INDEX counted" in journal._read(lambda file: str(file.execute(counted, ("x", "y")).fetchall()))
    for where, index in (("market = ? AND day = ?", "counted"), ("key = ?", "by_key"), ("claim = ?", "one_claim")):
        query = f"EXPLAIN QUERY PLAN SELECT id FROM intents WHERE {where} AND state NOT IN ('REJECTED', 'NOT_SENT')"  # noqa: S608
        values = ("x",) * where.count("?")
        assert index in journal._read(
            lambda file, query=query, values=values: str(file.execute(query, values).fetchall())
        )
    journal.close()


def test_a_second_try_in_memory_is_decided_in_the_transaction_too() -> None:
    with trading("kis") as trader:
        first = gone(trader)
        trader.broker.resubmit(first)
        with pytest.raises(OrderBlocked, match="sent again already"):
            begin(trader.journal, intent_of(previous=first.id))


def test_who_accepts_the_risk_does_not_accept_what_is_just_being_sent(trader: Trader) -> None:
    """The second call looks while the first is on its way: it cannot have known of it."""
    first = gone(trader)
    journal = trader.journal
    sending = begin(journal, intent_of(previous=first.id))
    assert sending.state is State.SENDING
    with pytest.raises(OrderBlocked, match="sent again already"):
        trader.broker.resubmit(first, accept_risk=True)
    assert trader.posts == 0
