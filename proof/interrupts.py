"""Interrupts at every line of the way of an order: whatever comes, the journal and the words say what the server saw.

A trace function raises at the k-th line of this library that the call runs through, for every k. Real ones, from a
timer, come at moments of chance, between the lines too. After each the account must go on as if nothing had been.
"""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import FrameType

import brokerkit_kis
import brokerkit_kiwoom

import brokerkit
from brokerkit import Broker, BrokerError, NotSent, Order, get_broker
from brokerkit.orders.intents import Intent
from brokerkit.orders.listing import numbers_in
from brokerkit.sandbox import Sandbox
from brokerkit.sandbox.exchange import ExchangeOrder
from brokerkit.sandbox.face import SlidingWindow
from brokerkit.testing.inside import entries_after, journal_of, look_again
from brokerkit.testing.safety.interrupts import Tracer, arrived, contradictions, told_by
from proof.figures import Figure, at_least, none, own_state, say
from proof.trading import BROKERS, MANY, quick

ROOTS = (
    *(str(Path(str(module.__file__)).parent) for module in (brokerkit, brokerkit_kis, brokerkit_kiwoom)),
    *(str(module.__file__) for module in (contextlib, threading)),
)
VERBS = ("order", "amend", "cancel", "part")
KINDS: tuple[type[BaseException], ...] = (KeyboardInterrupt, SystemExit, MemoryError)
SYMBOL = "005930"
REAL = 60
"""Interrupts from a timer at each broker."""
STUCK_SECONDS = 15.0
UNHURRIED_SECONDS = 6.0
"""No server is silent here: a time limit of an order would only tell how busy the machine is."""
SHORT = {
    (kind, is_order): 61 if kind is not KeyboardInterrupt else 7 if is_order else 23
    for kind in KINDS
    for is_order in (True, False)
}
"""Every how many lines are interrupted; for a release it is every line."""


@dataclass
class Tally:
    """What was counted."""

    lines: int = 0
    """Interrupts at a line."""
    real: int = 0
    """Interrupts from a timer that hit a call."""
    noted: int = 0
    """Those that said what they left behind."""
    breaches: list[str] = field(default_factory=list)


class Alarm:
    """Raises a KeyboardInterrupt when the timer ends, unless the call that it is for is over."""

    def __init__(self) -> None:
        self.is_armed = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        if self.is_armed:
            raise KeyboardInterrupt


class Victim:
    """A broker at a sandbox, whose calls are interrupted."""

    def __init__(self, broker: Broker, sandbox: Sandbox, tally: Tally) -> None:
        self.broker = broker
        self._sandbox = sandbox
        self._tally = tally
        self._account = sandbox.face(broker.name).credentials.account
        self._price = sandbox.exchange.instruments[SYMBOL].lower_limit
        self._newest = ""
        """The entry of the journal before the present call."""
        self.alarm = Alarm()

    def tries(self, verb: str, interrupt: Callable[[], Tracer | None], what: str) -> bool:
        """Interrupt a call, and compare what it left; False: the call was over before the interrupt."""
        call = self._call(verb)
        look_again(self.broker)  # its first look belongs to the way as well
        self._newest = max((intent.id for intent in self._new()), default=self._newest)
        before = len(self._rows())
        tracer: Tracer | None = None
        try:
            self.alarm.is_armed = True
            tracer = interrupt()
            if tracer is None:
                call()
            else:
                tracer.watch(call)
            outcome: BaseException | None = None
        except BaseException as error:  # noqa: BLE001 - whatever it was is looked at
            outcome = error
        finally:
            self.alarm.is_armed = False  # it may come now, and would be nobody's
            signal.setitimer(signal.ITIMER_REAL, 0)
        if tracer is not None and not tracer.place:
            self._clear()
            return False
        place = f"{what} {tracer.place if tracer else ''}".strip()
        self._judge(place, outcome, before)
        self._clear()
        self._goes_on(place)
        return True

    def _call(self, verb: str) -> Callable[[], object]:
        if verb == "order":
            return lambda: self.broker.buy(SYMBOL, 2, price=self._price)
        standing = self.broker.buy(SYMBOL, 2, price=self._price)
        if verb == "amend":
            return lambda: self.broker.amend(standing, price=self._price + 100)
        return lambda: self.broker.cancel(standing, quantity=1 if verb == "part" else None)

    def _judge(self, place: str, outcome: BaseException | None, before: int) -> None:
        intents = self._new()
        new = arrived(lambda: self._rows()[before:], intents)
        self._tally.noted += bool(told_by(outcome))
        for words in contradictions(self.broker, new, self._new(), outcome):
            self._tally.breaches.append(f"{place}: {words}")

    def _clear(self) -> None:
        """Decide what is open, as a person would who looks at the exchange; the thread hangs if a lock is held."""

        def clear() -> None:
            for intent in self.broker.unresolved():
                known = journal_of(self.broker).explained(intent.day)
                free = [row for row in self._rows() if str(row.number) not in numbers_in(known)]
                row = next((each for each in reversed(free) if _is_of(intent, each)), None)
                if row is None:
                    self.broker.resolve(intent, absent=True, reason="not at the exchange")
                else:
                    self.broker.resolve(intent, order_id=str(row.number))

        self._elsewhere(clear, "to decide")

    def _goes_on(self, place: str) -> None:
        def cancel() -> None:
            patiently(lambda: self.broker.cancel(order))

        try:
            order = patiently(lambda: self.broker.buy(SYMBOL, 1, price=self._price))
            self._elsewhere(cancel, place)
        except BrokerError as error:
            self._tally.breaches.append(f"{place}: the next order failed: {error}")

    def _elsewhere(self, call: Callable[[], None], place: str) -> None:
        failed: list[BrokerError] = []

        def run() -> None:
            try:
                call()
            except BrokerError as error:
                failed.append(error)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        thread.join(STUCK_SECONDS)
        if thread.is_alive():
            raise RuntimeError(f"{place}: another thread hangs")
        if failed:
            raise failed[0]

    def _rows(self) -> Sequence[ExchangeOrder]:
        return self._sandbox.exchange.orders(self._account)

    def _new(self) -> Sequence[Intent]:
        """Return the entries that the journal, on the disk, has got since the call began."""
        return entries_after(self.broker, self._newest)


def patiently(call: Callable[[], Order]) -> Order:
    """Send again what a busy machine was too slow for: the time limits are short."""
    for _ in range(5):
        with contextlib.suppress(NotSent):
            return call()
    return call()


def _is_of(intent: Intent, row: ExchangeOrder) -> bool:
    action = {"ORDER": "NEW", "AMEND": "AMEND", "CANCEL": "CANCEL"}[intent.kind]
    return row.action == action


@contextmanager
def victim(name: str, tally: Tally) -> Iterator[Victim]:
    """Yield a broker whose calls can be interrupted; its journal lies on the disk."""
    disabled = logging.root.manager.disable
    with quick(UNHURRIED_SECONDS), Sandbox() as sandbox:
        sandbox.face(name).window = SlidingWindow(MANY)
        keys = sandbox.connect(name)
        own = {key: getattr(keys, key) for key in ("base_url", "account", "app_key", "app_secret")}
        logging.disable(logging.CRITICAL)
        try:
            with get_broker(name, environment="sandbox", **own) as broker:
                made = Victim(broker, sandbox, tally)
                broker.cancel(broker.buy(SYMBOL, 1, price=made._price))  # what is imported late is here then
                yield made
        finally:
            logging.disable(disabled)


def sweep(name: str, verb: str, kind: type[BaseException], tally: Tally, *, step: int = 1, first: int = 1) -> int:
    """Interrupt a verb at every `step`-th line, and return how many lines it has."""
    with victim(name, tally) as made:
        number = first
        while made.tries(verb, partial(Tracer, number, kind(1), ROOTS), f"{name} {verb} {kind.__name__} line {number}"):
            tally.lines += 1
            number += step
    return number


def at_random(name: str, count: int, tally: Tally, *, seed: int = 1, seconds: float = 60.0) -> None:
    """Interrupt orders, amendments and cancellations by a timer, so many times or for so long."""
    chance = random.Random(seed)  # noqa: S311 - repeatable on purpose
    began = time.monotonic()
    with victim(name, tally) as made:
        before = signal.signal(signal.SIGALRM, made.alarm)
        try:
            for number in range(count):
                if time.monotonic() - began > seconds:
                    return

                def timer() -> None:
                    signal.setitimer(signal.ITIMER_REAL, chance.uniform(0.0002, 0.012))

                made.tries(chance.choice(VERBS), timer, f"{name} timer {number}")
                tally.real += 1
        finally:
            signal.signal(signal.SIGALRM, before)


def _of_broker(name: str, release: bool) -> Tally:
    """Return what every line and a timer showed at one broker."""
    tally = Tally()
    with own_state():
        for verb in VERBS:
            for kind in KINDS:
                step = 1 if release else SHORT[kind, verb == "order"]
                lines = sweep(name, verb, kind, tally, step=step)
                say(f"interrupts {name} {verb} {kind.__name__}: {lines} lines, {len(tally.breaches)} breaches")
        at_random(name, REAL, tally)
    return tally


def run(release: bool) -> list[Figure]:
    """Return what was found, at both brokers at once."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(len(BROKERS), mp_context=context) as pool:
        tallies = list(pool.map(_of_broker, BROKERS, [release] * len(BROKERS)))
    lines, real = (sum(getattr(each, name) for each in tallies) for name in ("lines", "real"))
    return [
        at_least("interrupts at lines of orders, amendments and cancellations", lines, 18_000 if release else 500),
        at_least("interrupts from a timer", real, REAL),
        none(
            "interrupts after which journal, words and server differ",
            [each for tally in tallies for each in tally.breaches],
        ),
    ]
