"""Several processes that trade one account: one journal, one order of a symbol and side at a time, one kill switch."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from brokerkit import NotSent, Order, OrderBlocked, clock
from brokerkit.models import OrderRequest
from brokerkit.orders import desk
from brokerkit.orders.halting import halt, resume
from brokerkit.orders.intents import Intent, IntentKind, IntentState, new_id
from brokerkit.orders.journal import Journal
from brokerkit.orders.limits import Limits
from brokerkit.sandbox import Sandbox
from brokerkit.sandbox.face import SlidingWindow
from brokerkit.testing.inside import journal_of
from brokerkit.words import OrderType, Side
from proof.crowd import crowd
from tests.traders import BROKERS, PRICES, Trader, at_exchange, opened

PRICE = PRICES["005930"]
HELD = {"act": "hold", "point": "before the first byte"}

WRITES = """
import sqlite3, sys
file = sqlite3.connect(sys.argv[1], timeout=0, isolation_level=None)
try:
    file.execute("BEGIN IMMEDIATE")
    print("writes")
except sqlite3.OperationalError as error:
    print(error)
"""


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    monkeypatch.setenv("BROKERKIT_CACHE_DIR", str(tmp_path))
    with Sandbox() as sandbox:
        for name in BROKERS:
            sandbox.face(name).window = SlidingWindow(10**9)
        yield sandbox


@pytest.fixture
def waiting(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Tell when an order of this process waits for its turn."""
    seen = threading.Event()
    recover = Journal.recover

    def looked(journal: Journal, **named: Any) -> tuple[Intent, ...]:
        if threading.current_thread() is not threading.main_thread():
            seen.set()
        return recover(journal, **named)

    monkeypatch.setattr(Journal, "recover", looked)
    return seen


class Call(threading.Thread):
    """A call in a thread of its own."""

    def __init__(self, call: Callable[[], Order]) -> None:
        super().__init__(daemon=True)
        self._call = call
        self.outcome: object = None
        self.start()

    def run(self) -> None:
        try:
            self.outcome = self._call()
        except Exception as error:  # noqa: BLE001 - the test looks at it
            self.outcome = error

    def ends(self) -> object:
        self.join(20)
        return self.outcome


def written(journal: Journal, symbol: str = "005930") -> Intent:
    """Write an order down as SENDING."""
    request = OrderRequest(symbol=symbol, side=Side.BUY, quantity=1, type=OrderType.LIMIT, price=PRICE)
    intent = Intent(
        id=new_id(),
        kind=IntentKind.ORDER,
        day=clock.today(),
        symbol=symbol,
        side=Side.BUY,
        quantity=request.quantity,
        price=request.price,
        request=request,
        created_at=clock.now(),
    )
    return journal.begin(intent, limits=Limits(), value=None, check=lambda: None, seconds=0)


@pytest.mark.parametrize("name", BROKERS)
def test_the_second_process_waits_for_the_first_and_then_sends(
    name: str, box: Sandbox, waiting: threading.Event
) -> None:
    with Trader(box, name, **HELD) as other, opened(box, name) as broker:
        journal = journal_of(broker)
        broker.buy("000660", 1, price=PRICES["000660"])  # looks at what was left, once
        waiting.clear()
        other.tell(["buy", {"symbol": "005930", "quantity": 1, "price": PRICE}, True])
        assert other.hear() == "holding"
        call = Call(lambda: broker.buy("005930", 1, price=PRICE))
        assert waiting.wait(20)
        assert len(at_exchange(box, name)) == 1
        other.tell("go on")
        assert other.hear()[0] == "Order"
        assert isinstance(call.ends(), Order)
        first, second = list(journal.everything())[1:]
    assert first.decided_at is not None
    assert second.sent_at is not None
    assert first.decided_at <= second.sent_at
    assert first.owner != second.owner
    assert len(at_exchange(box, name)) == 3


def test_the_second_process_is_blocked_when_the_first_takes_too_long(
    box: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk, "TURN_SECONDS", 0.1)
    with Trader(box, "kis", **HELD) as other, opened(box, "kis") as broker:
        other.tell(["buy", {"symbol": "005930", "quantity": 1, "price": PRICE}, True])
        assert other.hear() == "holding"
        with pytest.raises(OrderBlocked, match=r"SENDING \("):
            broker.buy("005930", 1, price=PRICE)
        (sending,) = journal_of(broker).everything()
        assert sending.state is IntentState.SENDING  # a living process is not taken for a dead one
        assert broker.unresolved() == ()
        broker.buy("000660", 1, price=PRICES["000660"])
        other.tell("go on")
        assert other.hear()[0] == "Order"
    assert [row.request.symbol for row in at_exchange(box, "kis")] == ["000660", "005930"]


def test_the_second_process_is_blocked_at_once_when_the_first_dies(box: Sandbox, waiting: threading.Event) -> None:
    with Trader(box, "kis", **HELD) as other, opened(box, "kis") as broker:
        broker.buy("000660", 1, price=PRICES["000660"])
        waiting.clear()
        other.tell(["buy", {"symbol": "005930", "quantity": 1, "price": PRICE}, True])
        assert other.hear() == "holding"
        call = Call(lambda: broker.buy("005930", 1, price=PRICE))
        assert waiting.wait(20)
        other.kill()
        assert isinstance(call.ends(), OrderBlocked)
        (left,) = broker.unresolved()
        assert left.evidence[-1] == "its process ended while it was being sent"
    assert len(at_exchange(box, "kis")) == 1


def test_the_second_process_waits_also_if_both_looked_before_either_had_written(
    box: Sandbox, waiting: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait_for_turn = desk.OrderDesk._wait_for_turn
    looks: list[bool] = []

    def looked(own: desk.OrderDesk, intent: Intent, deadline: float) -> None:
        looks.append(bool(own.journal.open_intents()))
        if len(looks) > 1:  # as it looked for the first time, there was nothing yet
            wait_for_turn(own, intent, deadline)

    with Trader(box, "kis", **HELD) as other, opened(box, "kis") as broker:
        broker.buy("000660", 1, price=PRICES["000660"])
        monkeypatch.setattr(desk.OrderDesk, "_wait_for_turn", looked)
        waiting.clear()
        other.tell(["buy", {"symbol": "005930", "quantity": 1, "price": PRICE}, True])
        assert other.hear() == "holding"
        call = Call(lambda: broker.buy("005930", 1, price=PRICE))
        assert waiting.wait(20)
        assert len(at_exchange(box, "kis")) == 1
        other.tell("go on")
        assert isinstance(call.ends(), Order)
        assert looks == [True, True]
        assert [row.state for row in journal_of(broker).everything()] == [IntentState.ACKED] * 3
    assert len(at_exchange(box, "kis")) == 3


@pytest.mark.parametrize("name", BROKERS)
def test_processes_that_press_the_same_side_never_overlap(name: str, box: Sandbox) -> None:
    many = 6
    with Trader(box, name) as one, Trader(box, name) as two:
        for trader in (one, two):
            for _ in range(many):
                trader.tell(["buy", {"symbol": "005930", "quantity": 1, "price": PRICE}, False])
        heard = [trader.hear()[0] for trader in (one, two) for _ in range(many)]
    assert heard == ["Order"] * 2 * many
    assert len(at_exchange(box, name)) == 2 * many
    with opened(box, name) as broker:
        rows = sorted(journal_of(broker).everything(), key=lambda row: row.sent_at or row.created_at)
    assert len({row.owner for row in rows}) == 2
    assert all(row.state is IntentState.ACKED for row in rows)
    assert all(
        before.decided_at and after.sent_at and before.decided_at <= after.sent_at for before, after in pairwise(rows)
    )


@pytest.mark.parametrize("name", BROKERS)
def test_the_kill_switch_stops_the_next_order_of_another_process_but_not_its_cancellation(
    name: str, box: Sandbox
) -> None:
    with Trader(box, name) as other:
        kind, order = other.buys()
        assert kind == "Order"
        halt("enough")
        try:
            assert other.buys()[0] == "Halted"
            assert other.does("amend", order=order, price=PRICE - 1_000)[0] == "Halted"
            assert other.does("cancel", order=order)[0] == "Order"
        finally:
            resume()
        assert other.buys()[0] == "Order"
    assert [row.action for row in at_exchange(box, name)] == ["NEW", "CANCEL", "NEW"]


def test_the_kill_switch_stops_an_order_that_was_written_down_and_has_not_left(box: Sandbox) -> None:
    with Trader(box, "kis", **HELD) as other:
        other.tell(["buy", {"symbol": "005930", "quantity": 1, "price": PRICE}, True])
        assert other.hear() == "holding"
        halt("just in time")
        try:
            other.tell("go on")
            assert other.hear()[0] == NotSent.__name__
        finally:
            resume()
    assert at_exchange(box, "kis") == []
    with opened(box, "kis") as broker:
        (row,) = journal_of(broker).everything()
        assert (row.state, row.sent_bytes) == (IntentState.NOT_SENT, 0)


@pytest.mark.parametrize("name", BROKERS)
def test_a_forked_process_has_a_journal_and_a_name_of_its_own(name: str, box: Sandbox) -> None:
    with Trader(box, name) as trader:
        assert trader.buys()[0] == "Order"
        trader.tell(["fork", {"symbol": "005930", "quantity": 1, "price": PRICE}, False])
        assert [trader.hear()[0], trader.hear()[0]] == ["Order", "Order"]
        with opened(box, name) as broker:
            journal = journal_of(broker)
            first, childs, third = journal.everything()
            assert first.owner == third.owner != childs.owner
            assert journal.owner.is_alive(first.owner)
            assert not journal.owner.is_alive(childs.owner)
    assert len(at_exchange(box, name)) == 3


def test_a_child_that_ends_does_not_take_the_name_of_its_parent_with_it(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.sqlite3")
    sending = written(journal)
    child = os.fork()
    if child == 0:
        journal.open_intents()
        os._exit(0 if journal.owner.name != sending.owner else 1)
    assert os.waitpid(child, 0)[1] == 0
    looks = f"""
from pathlib import Path
from typing import Any
from brokerkit.orders.journal import Journal
print(len(Journal(Path({str(journal.path)!r})).recover()))
"""
    found = subprocess.run([sys.executable, "-c", looks], capture_output=True, text=True, check=True)  # noqa: S603
    assert found.stdout.strip() == "0"
    assert journal.get(sending.id).state is IntentState.SENDING
    journal.close()


def test_a_fork_waits_until_another_thread_has_written(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.sqlite3")
    rollback = tmp_path / "journal.sqlite3-journal"
    inside, forked = threading.Event(), threading.Event()
    sizes: list[int] = []

    def write() -> None:
        journal._write(slow)

    def slow(file: sqlite3.Connection) -> None:
        file.execute("INSERT INTO facts VALUES ('KR', 'delay', 1)")
        inside.set()
        forked.wait(0.5)
        sizes.append(rollback.stat().st_size)

    thread = threading.Thread(target=write)
    thread.start()
    inside.wait()
    child = os.fork()
    if child == 0:
        journal.open_intents()  # lets go of its parent's file
        os._exit(0)
    os.waitpid(child, 0)
    forked.set()
    thread.join()
    assert sizes[0] > 0  # what is needed to undo a write that was cut short is still there
    assert journal.longest_delay() == 1
    journal.close()


def test_opening_a_journal_again_does_not_let_another_process_write_amid_a_transaction(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "journal.sqlite3"
    journal = Journal(path)

    def other_process() -> str:
        command = [sys.executable, "-c", WRITES, str(path)]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603

    def writing(file: sqlite3.Connection) -> None:
        file.execute("INSERT INTO facts VALUES ('KR', 'delay', 1)")
        assert other_process() == "database is locked"
        Journal(path).close()
        assert other_process() == "database is locked"

    journal._write(writing)
    assert other_process() == "writes"
    journal.close()


@pytest.mark.slow
@pytest.mark.timeout(180)  # a busy machine needs most of it to start them
def test_many_processes_at_once_wait_for_each_other(tmp_path: Path) -> None:
    """All of them make the file, take their names and write; `make proof` does it with a hundred."""
    assert crowd(tmp_path / "journals" / "journal.sqlite3", 10) == []
