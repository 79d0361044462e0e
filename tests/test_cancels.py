"""A full cancellation is held up by nobody; changes of one order exclude each other, whichever way it was found."""

from __future__ import annotations

import random
import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from brokerkit import Order
from brokerkit.errors import BrokerError, JournalError, OrderBlocked, OrderUncertain
from brokerkit.orders.intents import IntentKind, IntentState
from brokerkit.orders.reconcile import Reconciler, Reconciliation
from brokerkit.testing.inside import look_again
from brokerkit.transport.permits import Permit
from tests.journals import BROKERS, GETS_LOST, GETS_THROUGH, HYNIX, SAMSUNG, Trader, served, trading

State = IntentState


@pytest.fixture(params=BROKERS)
def kept(request: pytest.FixtureRequest) -> Iterator[Trader]:
    """Return a broker whose journal lies on the disk."""
    with served(request.param) as made:
        yield made


@pytest.fixture(params=BROKERS)
def trader(request: pytest.FixtureRequest) -> Iterator[Trader]:
    """Return a broker at a sandbox of its own."""
    with trading(request.param) as made:
        yield made


def states(trader: Trader) -> list[tuple[IntentKind, IntentState]]:
    return [(each.kind, each.state) for each in trader.journal.everything()]


def test_a_full_cancellation_goes_while_another_program_writes_and_is_written_down_afterwards(kept: Trader) -> None:
    order = kept.buy()
    assert kept.journal.path is not None
    with closing(sqlite3.connect(kept.journal.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        kept.broker.cancel(order)
        assert kept.posts == 2
        kept.breaks(GETS_THROUGH)
        with pytest.raises(OrderUncertain):
            kept.broker.cancel(order)
        assert [each.kind for each in kept.broker.unresolved()] == [IntentKind.CANCEL]  # in memory only
        other.execute("ROLLBACK")
    assert states(kept) != []
    kept.journal.recover()
    assert states(kept)[1:] == [(IntentKind.CANCEL, State.ACKED), (IntentKind.CANCEL, State.UNKNOWN)]
    assert kept.journal.kept() == ()


def test_a_cancellation_of_a_part_waits_for_the_journal(kept: Trader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("brokerkit.orders.file.PATIENCE_SECONDS", 0.2)
    order = kept.buy()
    assert kept.journal.path is not None
    with closing(sqlite3.connect(kept.journal.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(JournalError, match="written by others"):
            kept.broker.cancel(order, quantity=1)
    assert kept.posts == 1


def test_a_broken_journal_does_not_stop_a_full_cancellation(kept: Trader) -> None:
    order = kept.buy()
    place = kept.journal.path
    assert place is not None
    kept.journal.close()
    good = place.read_bytes()
    place.write_text("no database " * 500)
    kept.breaks(GETS_THROUGH)
    with pytest.raises(OrderUncertain):
        kept.broker.cancel(order)
    assert kept.posts == 2
    with pytest.raises(JournalError, match="there may stand: cancel all of order"):
        kept.broker.unresolved()
    place.write_bytes(good)
    assert [each.kind for each in kept.broker.unresolved()] == [IntentKind.CANCEL]


def test_a_cancellation_does_not_wait_for_the_first_look_of_another_thread(
    trader: Trader, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = trader.buy(symbol=HYNIX)
    looking, go_on = threading.Event(), threading.Event()

    def look(*given: object, **named: object) -> Reconciliation:
        looking.set()
        go_on.wait(20)
        return Reconciliation(unresolved=trader.broker.unresolved())

    trader.breaks(GETS_LOST)
    with pytest.raises(OrderUncertain):
        trader.buy()
    look_again(trader.broker)
    monkeypatch.setattr(Reconciler, "look", look)

    def blocked() -> None:
        with pytest.raises(OrderBlocked):
            trader.buy()

    first = threading.Thread(target=blocked)
    first.start()
    assert looking.wait(10)
    trader.broker.cancel(order)
    assert first.is_alive()
    go_on.set()
    first.join()


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system has no timer that interrupts")
def test_a_signal_handler_cancels_amid_an_order_of_its_own_thread(kept: Trader) -> None:
    """Whatever the order is doing just then: waiting for its turn, being written down, on its way."""
    chance = random.Random(3)  # noqa: S311 - repeatable on purpose
    outcomes: list[object] = []

    def handler(*given: object) -> None:
        try:
            outcomes.append(kept.broker.cancel(order).id)
        except BrokerError as error:
            outcomes.append(error)

    before = signal.signal(signal.SIGALRM, handler)
    try:
        price = kept.price()  # before: who holds the lock of the exchange may not be interrupted by who waits for it
        for number in range(1, 9):
            order = kept.buy(1, HYNIX)
            signal.setitimer(signal.ITIMER_REAL, chance.uniform(0.0003, 0.008))
            kept.broker.buy(SAMSUNG, 1, price=price)
            while len(outcomes) < number:
                time.sleep(0.001)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert [each for each in outcomes if isinstance(each, BrokerError)] == []
    assert {state for _, state in states(kept)} == {State.ACKED}


def test_what_cancels_all_is_urgent_and_nothing_else(trader: Trader, monkeypatch: pytest.MonkeyPatch) -> None:
    used: list[bool] = []
    use = Permit.use

    def using(self: Permit) -> None:
        used.append(self.urgent)
        use(self)

    monkeypatch.setattr(Permit, "use", using)
    order = trader.buy()
    trader.broker.cancel(order, quantity=1)
    trader.broker.cancel(trader.broker.amend(order, price=trader.price() + 100))
    assert used == [False, False, False, True]


# Changes of one order

WAYS: dict[str, Callable[[Trader, Order], Order]] = {
    "as it was": lambda trader, order: order,
    "as JSON": lambda trader, order: Order.model_validate_json(order.model_dump_json()),
    "from orders()": lambda trader, order: trader.broker.orders()[0],
    "from refresh()": lambda trader, order: trader.broker.refresh(order),
    "from the history": lambda trader, order: trader.broker.order_history(trader.box.exchange.now().date())[0],
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("changed", ["", "partly cancelled"])
def test_a_change_of_uncertain_fate_blocks_changes_of_its_order_however_it_was_found(
    way: str, changed: str, trader: Trader
) -> None:
    order = trader.buy(10)
    if changed:
        order = trader.broker.cancel(order, quantity=1)
        time.sleep(0.01)
    trader.breaks(GETS_THROUGH)
    with pytest.raises(OrderUncertain):
        trader.broker.cancel(order, quantity=4)
    posts = trader.posts
    found = WAYS[way](trader, order)
    for change in (
        lambda: trader.broker.cancel(found, quantity=4),
        lambda: trader.broker.amend(found, price=trader.price() + 100),
    ):
        with pytest.raises(OrderBlocked, match=r"UNKNOWN \("):
            change()
    assert trader.posts == posts
    trader.broker.cancel(found)
    assert trader.posts == posts + 1


def test_an_amended_order_is_still_the_one_whose_change_is_not_known(trader: Trader) -> None:
    order = trader.buy(10)
    amended = trader.broker.amend(order, price=trader.price() + 100)
    trader.breaks(GETS_THROUGH)
    with pytest.raises(OrderUncertain):
        trader.broker.cancel(amended, quantity=4)
    for found in (order, trader.broker.orders()[0]):
        with pytest.raises(OrderBlocked):
            trader.broker.cancel(found, quantity=4)
    trader.broker.cancel(trader.buy(10), quantity=1)  # another order of the same symbol and side


def test_two_threads_change_one_order_one_after_the_other(trader: Trader) -> None:
    order = trader.buy(10)
    found = trader.broker.orders()[0]
    trader.breaks("latency", times=1, seconds=0.3)
    threads = [
        threading.Thread(target=trader.broker.cancel, args=(each,), kwargs={"quantity": 1}) for each in (order, found)
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    changes = sorted(
        (each for each in trader.journal.everything() if each.kind is IntentKind.CANCEL), key=lambda e: e.id
    )
    first, second = sorted(changes, key=lambda each: each.sent_at or each.created_at)
    assert first.decided_at is not None
    assert second.sent_at is not None
    assert first.decided_at <= second.sent_at
