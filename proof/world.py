"""The world of the state machine: processes of one account, and an exchange that fails them."""

from __future__ import annotations

import datetime as dt
import itertools
import logging
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast
from unittest import mock

from brokerkit.broker import Broker
from brokerkit.errors import BrokerError
from brokerkit.models import Order, OrderRequest
from brokerkit.orders.halting import halt, halt_file, resume
from brokerkit.orders.intents import UNRESOLVED, Intent, IntentState
from brokerkit.orders.journal import Journal
from brokerkit.orders.limits import Safety
from brokerkit.orders.reconcile import Reconciliation
from brokerkit.testing.inside import keep
from brokerkit.words import OrderType, Side
from proof.invariants import Conditions, Invariants, Violation, demand
from proof.model_broker import ModelClient, model_broker
from proof.model_exchange import Crash, Exchange, Fault, Lists, Placed, VirtualTime

SYMBOLS = ("005930", "000660")
PRICES = (Decimal(70_000), Decimal(70_100))
TIME = VirtualTime()
"""The time of all worlds, one after the other."""
_numbers = itertools.count(1)


def _now() -> dt.datetime:
    return TIME.now


def _new_id() -> str:
    return f"{next(_numbers):026}"


@contextmanager
def stage() -> Iterator[None]:
    """Give the library virtual time and a state folder of its own, in memory where the system has such a place."""
    memory = Path("/dev/shm")  # noqa: S108 - the folder below it gets a random name
    with ExitStack() as stack:
        folder = stack.enter_context(TemporaryDirectory(dir=memory if memory.is_dir() else None))
        stack.enter_context(mock.patch.dict("os.environ", {"BROKERKIT_STATE_DIR": folder}))
        stack.enter_context(mock.patch("brokerkit.clock.now", _now))
        for module in ("counters", "desk", "journal", "reconcile", "guard"):
            stack.enter_context(mock.patch(f"brokerkit.orders.{module}.time", TIME))
        stack.enter_context(mock.patch("brokerkit.orders.desk.new_id", _new_id))
        stack.callback(logging.disable, logging.root.manager.disable)
        logging.disable(logging.CRITICAL)
        yield


class Process:
    """One process that trades the account. It dies without a word when its journal is taken from it."""

    def __init__(self, world: World) -> None:
        self.journal = Journal(world.path)
        conditions = world.conditions
        safety = Safety(
            limits=conditions.limits,
            exclusive=conditions.exclusive,
            degraded=conditions.degraded,
            settle_seconds=conditions.settle,
        )
        self.broker = model_broker(world.exchange, "real" if conditions.proves_absence else "demo", safety)
        keep(self.broker, self.journal)
        cast(ModelClient, self.broker.client).used_number = world.used_number
        self.inherited = frozenset(intent.id for intent in self.journal.open_intents())

    def die(self) -> None:
        """End as by kill -9: an open transaction is rolled back, the lock is free, nothing is written any more."""
        if self.journal._file is not None:
            self.journal._file.close()
        if self.journal._owner is not None:
            self.journal._owner._lock.release()


class World:
    """Everything that the machine can do, with the invariants checked after each of it; a breach is a Violation."""

    def __init__(self, conditions: Conditions) -> None:
        self.conditions = conditions
        number = next(_numbers)
        self.folder = Path(halt_file().parent / f"world-{number}")
        self.path = self.folder / "journal.sqlite3"
        halt_file().unlink(missing_ok=True)
        TIME.start_over()
        self.exchange = Exchange(TIME, on_send=self._left, on_fault=self._fault)
        self.processes: dict[int, Process] = {}
        self.running: list[int] = []
        self.rival: Callable[[], object] | None = None
        self.orders: list[Order] = []
        self._allowed = 0
        self._breach: Violation | None = None
        Journal(self.path).close()
        self.invariants = Invariants(self.path, self.exchange, conditions)

    def close(self) -> None:
        """End all processes and forget the files."""
        for process in self.processes.values():
            process.die()
        self.invariants.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    # What a user does

    def submit(
        self,
        process: int,
        symbol: str,
        side: Side,
        quantity: int,
        price: Decimal = PRICES[0],
        fault: Fault = Fault.NONE,
    ) -> object:
        """Place an order."""
        request = OrderRequest(symbol=symbol, side=side, quantity=Decimal(quantity), type=OrderType.LIMIT, price=price)
        return self._send(process, fault, lambda broker: broker.order(request))

    def amend(self, process: int, order: Order, price: Decimal, fault: Fault = Fault.NONE) -> object:
        """Amend an order."""
        return self._send(process, fault, lambda broker: broker.amend(order, price=price))

    def cancel(self, process: int, order: Order, quantity: int | None = None, fault: Fault = Fault.NONE) -> object:
        """Cancel an order or a part of it."""
        return self._send(process, fault, lambda broker: broker.cancel(order, quantity=quantity))

    def resubmit(self, process: int, intent: Intent, *, accept_risk: bool, fault: Fault = Fault.NONE) -> object:
        """Send an order again."""
        if intent.state in UNRESOLVED and accept_risk:
            self.invariants.excused.add(intent.id)
        sure = {IntentState.REJECTED, IntentState.NOT_SENT, IntentState.PRESUMED_ABSENT, IntentState.ABSENT_DAY_CLOSED}
        allowed = 1 if intent.state in sure or (accept_risk and intent.state in UNRESOLVED) else 0
        return self._send(
            process, fault, lambda broker: broker.resubmit(intent, accept_risk=accept_risk), allowed=allowed
        )

    def reconcile(self, process: int, lists: Lists = Lists.COMPLETE, *, wait: bool = False) -> object:
        """Look at the exchange's lists."""
        self.exchange.lists = lists
        before = len(self.exchange.shown)
        report = self._act(process, lambda broker: broker.reconcile(wait=wait, timeout=5.0))
        self.exchange.lists = Lists.COMPLETE
        if isinstance(report, Reconciliation):
            self.invariants.check_report(report, self.exchange.shown[before:])
        self.look(process)
        return report

    def look_twice(self, process: int) -> None:
        """Look at two lists that are far enough apart for a match."""
        for _ in range(2):
            self.pass_time(1.5)
            self.reconcile(process)

    def look(self, process: int) -> None:
        """Ask what is unresolved: that is what the journal holds, and nothing of a dead process is still being sent."""
        listed = self._act(process, lambda broker: broker.unresolved())
        alive = {each.journal._owner.name for each in self.processes.values() if each.journal._owner is not None}
        self.invariants.check_unresolved(listed, alive)

    def resolve(self, process: int, intent: Intent, *, absent: bool) -> None:
        """Let a person decide: absent, right or wrong, or the true number."""
        standing = next((each for each in self.exchange.placed if each.tag == intent.id), None)
        self.invariants.by_person.add(intent.id)
        if absent:
            self._act(process, lambda broker: broker.resolve(intent, absent=True, reason="asked the broker"))
        elif standing is not None:
            self._act(process, lambda broker: broker.resolve(intent, order_id=f"{standing.number:07}"))

    def restart(self, process: int, *, clean: bool) -> None:
        """End a process; the next thing it does, it does as a new one."""
        old = self.processes.pop(process, None)
        if old is not None:
            if clean:
                old.journal.close()
            old.die()
        self.look(process)

    def halt(self, on: bool) -> None:
        """Set or lift the kill switch."""
        if on:
            halt("the machine says so")
        else:
            resume()

    def foreign(self, symbol: str, side: Side, quantity: int, price: Decimal) -> None:
        """Place an order as somebody else."""
        body = {"kind": "order", "symbol": symbol, "side": str(side), "quantity": str(quantity), "price": str(price)}
        self.exchange.arrive()
        self.exchange.take(None, body, TIME.now)

    def pass_time(self, seconds: float) -> None:
        """Let time pass."""
        TIME.advance(seconds)
        self.exchange.arrive()

    def next_day(self) -> None:
        """Let the night pass."""
        TIME.to_next_day()
        self.exchange.arrive()

    def finish(self) -> None:
        """Look often enough, with honest lists, that all is decided that can be; then check that it is."""
        self.exchange.lag = 0.0
        for _ in range(4):
            self.pass_time(self.conditions.settle * 3 + 60)
            self.reconcile(0)
            self.pass_time(2)
            self.reconcile(0)
        self.invariants.check_decided()

    # How it is done

    def _process(self, number: int) -> Process:
        if number not in self.processes:
            self.processes[number] = Process(self)
        return self.processes[number]

    def _send(self, process: int, fault: Fault, call: Callable[[Broker], Order], *, allowed: int = 1) -> object:
        self.exchange.fault = fault
        before = len(self.invariants.sent)
        outcome = self._act(process, call, allowed=allowed)
        self.exchange.fault, self.rival = Fault.NONE, None
        self.invariants.check_outcome(outcome, before)
        if isinstance(outcome, Order) and outcome.status == "PENDING":
            self.orders.append(outcome)
        return outcome

    def _act(self, process: int, call: Callable[[Broker], object], *, allowed: int = 0) -> object:
        """Do something as a process; whatever it raises is its outcome."""
        outcome: object
        allowed, self._allowed = self._allowed, allowed
        broker = self._process(process).broker
        self.running.append(process)
        waiting = len(self.invariants.in_flight)
        try:
            outcome = call(broker)
        except (BrokerError, KeyboardInterrupt, Crash) as error:
            outcome = error
        finally:
            self.running.pop()
            self._allowed = allowed
        del self.invariants.in_flight[waiting:]
        if self._breach is not None:
            raise self._breach
        self.invariants.check()
        return outcome

    def _left(self, tag: str, kind: str) -> None:
        """Check what has to hold as the first byte leaves; the client would take a breach for a broken line."""
        self._allowed -= 1
        try:
            demand(self._allowed >= 0, f"{tag} was sent, and nobody had asked for that")
            self.invariants.check_leaving(tag, kind, self.processes[self.running[-1]].inherited)
        except Violation as breach:
            self._breach = self._breach or breach
            raise

    def _fault(self, fault: Fault) -> None:
        if fault in (Fault.HALT_WHILE_PREPARING, Fault.HALT_AT_THE_GATE):
            halt("in between")
        elif fault in (Fault.INTERRUPT, Fault.INTERRUPT_UNSENT):
            raise KeyboardInterrupt
        elif fault is Fault.RIVAL:
            if self.rival is not None:
                rival, self.rival = self.rival, None
                try:
                    rival()
                except Violation as breach:
                    self._breach = self._breach or breach
        else:
            self.processes.pop(self.running[-1]).die()
            raise Crash

    def used_number(self, placed: Placed) -> int:
        """Return the number of another order of the day, which a broken answer gives as that of a new one."""
        own = self.invariants.numbers_of(placed.day)
        return max((number for number in own if number != placed.number), default=placed.number)


def open_orders(world: World) -> list[Order]:
    """Return the orders of today that a user still holds."""
    day = f"model:{TIME.now:%Y%m%d}:"
    return [order for order in world.orders if order.handle.startswith(day)]
