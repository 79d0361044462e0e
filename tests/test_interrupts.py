"""Ways out of Python: whatever ends a call, the journal can be read and says what the server saw; the next one goes."""

from __future__ import annotations

import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any, NoReturn

import pytest

from brokerkit.errors import MAY_STAND, NOT_SENT, JournalError, OrderUncertain
from brokerkit.orders.intents import IntentState
from brokerkit.orders.journal import Journal
from brokerkit.testing.inside import odd_results
from proof.interrupts import KINDS, VERBS, Tally, at_random, sweep
from tests.journals import BROKERS, Trader, begin, intent_of, order_of, served

State = IntentState


@pytest.fixture(params=BROKERS)
def trader(request: pytest.FixtureRequest) -> Iterator[Trader]:
    """Return a broker whose journal lies on the disk."""
    with served(request.param) as made:
        yield made


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("name", BROKERS)
def test_an_interrupt_at_any_line_leaves_words_journal_and_server_of_one_mind(name: str, verb: str) -> None:
    """Here at some lines, in `make proof` at all of them."""
    tally = Tally()
    number = BROKERS.index(name) * len(VERBS) + VERBS.index(verb)
    sweep(name, verb, KINDS[number % len(KINDS)], tally, step=97, first=1 + 11 * number)
    assert tally.breaches == []
    assert tally.lines > 5


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
@pytest.mark.parametrize(("name", "verb"), [("kis", "amend"), ("kiwoom", "order")])
def test_an_interrupt_of_a_us_order_leaves_them_of_one_mind(name: str, verb: str) -> None:
    tally = Tally()
    sweep(name, verb, KeyboardInterrupt, tally, step=197, first=31, market="US")
    assert tally.breaches == []
    assert tally.lines > 5


# An interrupt while a connection is made or closed leaves its end to the garbage collector, which complains.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system has no timer that interrupts")
@pytest.mark.parametrize("name", BROKERS)
def test_an_interrupt_at_any_moment_leaves_them_of_one_mind(name: str) -> None:
    tally = Tally()
    at_random(name, 12, tally, seed=7)
    assert tally.breaches == []
    assert tally.real == 12


@pytest.mark.parametrize("error", [SystemExit(1), SystemExit("enough"), KeyboardInterrupt(), MemoryError()], ids=repr)
def test_the_end_of_a_program_amid_an_order_leaves_a_journal_that_can_be_read(
    error: BaseException, trader: Trader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It came after the answer: the order stands."""
    call = trader.broker.client.call

    def ends(*given: Any, **named: Any) -> NoReturn:
        call(*given, **named)
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(trader.broker.client, "call", ends)
        with pytest.raises(type(error)) as caught:
            trader.buy()
    assert caught.value.__notes__ == [MAY_STAND]
    (row,) = trader.broker.unresolved()
    assert (row.state, row.code) == (State.UNKNOWN, None)
    (at_exchange,) = trader.box.exchange.orders(trader.box.connect(trader.name).account)
    trader.broker.resolve(row, order_id=str(at_exchange.number))
    trader.buy()


def test_an_interrupt_while_the_journal_is_busy_leaves_nothing_open(trader: Trader) -> None:
    order = trader.buy()
    assert trader.journal.path is not None
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        with closing(sqlite3.connect(trader.journal.path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            signal.setitimer(signal.ITIMER_REAL, 0.3)
            with pytest.raises(KeyboardInterrupt) as caught:
                trader.buy()
    finally:
        signal.signal(signal.SIGALRM, before)
    assert caught.value.__notes__ == [NOT_SENT]
    assert trader.posts == 1
    trader.broker.cancel(order)
    trader.buy()
    assert trader.posts == 3
    assert {each.state for each in trader.journal.everything()} <= {State.ACKED, State.NOT_SENT}


@pytest.mark.parametrize(
    "odd",
    [
        {"code": 1},
        {"answer": b"bytes"},
        {"answer": "\ud800"},
        {"sent_bytes": "many"},
        {"result": order_of().model_copy(update={"quantity": object()})},
        {"evidence": ("\udcff",)},
    ],
    ids=["code", "bytes", "surrogate", "number", "quantity", "evidence"],
)
def test_what_cannot_be_read_again_is_not_written(odd: dict[str, object]) -> None:
    journal = Journal(None)
    sent = begin(journal, intent_of())
    journal.decide(sent.moved(State.ACKED, "its number came", order_id="7").model_copy(update=odd))
    (row,) = journal.everything()
    assert (row.state, row.order_id) == (State.ACKED, "7")


def test_an_intent_that_cannot_be_kept_is_not_sent() -> None:
    journal = Journal(None)
    with pytest.raises(JournalError, match="cannot be kept"):
        begin(journal, intent_of().model_copy(update={"symbol": object()}))
    assert list(journal.everything()) == []


def test_an_answer_that_cannot_be_written_down_is_written_as_soon_as_it_can_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(tmp_path / "journal.sqlite3")
    sent = begin(journal, intent_of())

    def full(*given: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "_update", full)
        with pytest.raises(JournalError, match="full"):
            journal.decide(sent.moved(State.UNKNOWN, "silence"))
        assert [each.id for each in journal.unresolved()] == [sent.id]
    journal.learn(sent.day, [1], [])
    assert journal.kept() == ()
    other = Journal(tmp_path / "journal.sqlite3")
    assert [each.id for each in other.unresolved()] == [sent.id]
    for each in (journal, other):
        each.close()


def test_an_order_whose_adapter_gave_an_odd_result_stands_in_the_journal(trader: Trader) -> None:
    with odd_results(trader.broker, quantity=object()):
        order = trader.buy()
    (row,) = trader.journal.everything()
    assert (row.state, row.order_id, row.result) == (State.ACKED, order.id, order)


def test_an_order_of_uncertain_fate_says_so_beneath_an_interrupt(
    trader: Trader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second one comes while the first failure is written down."""
    trader.breaks("processed_then_reset")
    decide = Journal.decide
    came: list[BaseException] = []

    def interrupted(self: Journal, *given: object, **named: object) -> object:
        if not came:
            came.append(KeyboardInterrupt())
            raise came[0]
        return decide(self, *given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(Journal, "decide", interrupted)
    with pytest.raises(KeyboardInterrupt) as caught:
        trader.buy()
    assert caught.value.__notes__ == [MAY_STAND]
    assert isinstance(caught.value.__context__, OrderUncertain)
    assert [each.state for each in trader.broker.unresolved()] == [State.UNKNOWN]


def test_nothing_of_an_order_is_lost_between_its_answer_and_the_caller(trader: Trader) -> None:
    order = trader.buy(3)
    assert order.quantity == Decimal(3)
    assert trader.journal.get(next(iter(trader.journal.everything())).id).result == order


def test_an_interrupt_before_an_order_could_leave_says_that_nothing_was_sent(
    trader: Trader, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    for place in ("recover", "rivals"):  # what an earlier process left, and whose turn it is
        with monkeypatch.context() as patch:
            patch.setattr(Journal, place, interrupted)
            with pytest.raises(KeyboardInterrupt) as caught:
                trader.buy()
        assert caught.value.__notes__ == [NOT_SENT]
    assert trader.posts == 0
