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
from decimal import Decimal
from functools import partial
from itertools import product
from pathlib import Path
from types import FrameType

import brokerkit_kis
import brokerkit_kiwoom

import brokerkit
from brokerkit import Broker, BrokerError, NotSent, Order, OrderRequest, Side, get_broker
from brokerkit.market.markets import market_named
from brokerkit.orders.intents import Intent
from brokerkit.orders.listing import numbers_in
from brokerkit.sandbox import Sandbox
from brokerkit.sandbox.exchange import ExchangeOrder
from brokerkit.sandbox.face import SlidingWindow
from brokerkit.symbols import HOME
from brokerkit.testing.inside import at_home, entries_after, journal_of, look_again, part_of
from brokerkit.testing.safety.interrupts import Tracer, arrived, contradictions, told_by
from brokerkit.words import SecurityType
from proof import called
from proof.figures import Figure, at_least, none, own_state, say
from proof.oracles import ACTIONS
from proof.trading import BROKERS, MANY, MARKETS, ends_of, quick

ROOTS = (
    *(str(Path(str(module.__file__)).parent) for module in (brokerkit, brokerkit_kis, brokerkit_kiwoom)),
    *(str(module.__file__) for module in (contextlib, threading)),
)
VERBS = ("order", "amend", "cancel", "part", "call", "credit")
KINDS: tuple[type[BaseException], ...] = (KeyboardInterrupt, SystemExit, MemoryError)
CALLS = {"call": called.as_a_verb, "credit": called.on_credit}
SYMBOLS = {"KR": "005930", "US": "US:AAPL"}
REAL = {"KR": 60, "US": 20}
"""Interrupts from a timer at each broker."""
FEWEST = {"KR": (500, 18_000), "US": (200, 4_000)}
"""Interrupts at lines that there have to be, and those of a release."""
SPARSER = {"KR": 1, "US": 4}
"""The way of an order is that of Korea but for an adapter's own lines: so many times fewer of them are interrupted."""
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
        self._market = market_named(broker.adapter.home)
        self._symbol = SYMBOLS[self._market.name]
        instrument = sandbox.exchange.instruments[self._symbol]
        lowest, _ = ends_of(instrument)
        self._price = self._market.calendar.round_to_tick(lowest, SecurityType.STOCK, up=True)
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
            return lambda: self.broker.buy(self._symbol, 2, price=self._price)
        if verb in CALLS:
            request = OrderRequest(symbol=self._symbol, side=Side.BUY, quantity=Decimal(2), price=self._price)
            return partial(CALLS[verb], self.broker, request)
        standing = self.broker.buy(self._symbol, 2, price=self._price)
        if verb == "amend":
            return lambda: self.broker.amend(standing, price=self._dearer())
        return lambda: self.broker.cancel(standing, quantity=1 if verb == "part" else None)

    def _dearer(self) -> Decimal:
        return self._price + self._market.calendar.tick_size(self._price, SecurityType.STOCK)

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
                known = journal_of(self.broker).explained(intent.day, intent.market)
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
            order = patiently(lambda: self.broker.buy(self._symbol, 1, price=self._price))
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
    return row.action == ACTIONS[intent.kind]


@contextmanager
def victim(name: str, tally: Tally, market: str = "KR") -> Iterator[Victim]:
    """Yield a broker whose calls can be interrupted; its journal lies on the disk."""
    disabled = logging.root.manager.disable
    with quick(UNHURRIED_SECONDS), Sandbox(home=market) as sandbox:
        sandbox.face(name).window = SlidingWindow(MANY)
        keys = sandbox.connect(name)
        own = {key: getattr(keys, key) for key in ("base_url", "account", "app_key", "app_secret")}
        logging.disable(logging.CRITICAL)
        try:
            with get_broker(name, environment="sandbox", **own) as broker:
                if market != HOME:  # there each call has a limit of its own, and all would wait
                    broker.client.limits = lambda *given: ()  # type: ignore[method-assign]
                made = Victim(at_home(broker, market), sandbox, tally)
                broker.cancel(broker.buy(made._symbol, 1, price=made._price))  # what is imported late is here then
                yield made
        finally:
            logging.disable(disabled)


def sweep(
    name: str,
    verb: str,
    kind: type[BaseException],
    tally: Tally,
    *,
    step: int = 1,
    first: int = 1,
    market: str = "KR",
) -> int:
    """Interrupt a verb at every `step`-th line, and return how many lines it has."""
    with victim(name, tally, market) as made:
        number, what = first, f"{name} {market} {verb} {kind.__name__}"
        while made.tries(verb, partial(Tracer, number, kind(1), ROOTS), f"{what} line {number}"):
            tally.lines += 1
            number += step
    return number


def at_random(name: str, count: int, tally: Tally, *, seed: int = 1, seconds: float = 60.0, market: str = "KR") -> None:
    """Interrupt orders, amendments and cancellations by a timer, so many times or for so long."""
    chance = random.Random(seed)  # noqa: S311 - repeatable on purpose
    began = time.monotonic()
    with victim(name, tally, market) as made:
        before = signal.signal(signal.SIGALRM, made.alarm)
        try:
            for number in range(count):
                if time.monotonic() - began > seconds:
                    return

                def timer() -> None:
                    signal.setitimer(signal.ITIMER_REAL, chance.uniform(0.0002, 0.012))

                made.tries(chance.choice(verbs_of(made.broker)), timer, f"{name} {market} timer {number}")
                tally.real += 1
        finally:
            signal.signal(signal.SIGALRM, before)


def verbs_of(broker: Broker) -> Sequence[str]:
    """Return what can be interrupted: a part is not cancelled everywhere, and raw calls are those of Korea."""
    parts = "cancel" in part_of(broker).changes_parts
    calls = broker.adapter.home == HOME
    return [verb for verb in VERBS if (verb != "part" or parts) and (verb not in CALLS or calls)]


def _of_broker(place: tuple[str, str], release: bool) -> Tally:
    """Return what every line and a timer showed in one market of a broker."""
    name, market = place
    tally = Tally()
    with own_state():
        with victim(name, tally, market) as made:
            verbs = verbs_of(made.broker)
        for verb, kind in product(verbs, KINDS):
            step = SPARSER[market] * (1 if release else SHORT[kind, verb == "order"])
            lines = sweep(name, verb, kind, tally, step=step, market=market)
            say(f"interrupts {name} {market} {verb} {kind.__name__}: {lines} lines, {len(tally.breaches)} breaches")
        at_random(name, REAL[market], tally, market=market)
    return tally


def run(release: bool) -> list[Figure]:
    """Return what was found, at both brokers and in both markets at once: most of the time is waiting."""
    context = multiprocessing.get_context("spawn")
    places = [(name, market) for market in MARKETS for name in BROKERS]
    with ProcessPoolExecutor(len(places), mp_context=context) as pool:
        tallies = dict(zip(places, pool.map(partial(_of_broker, release=release), places), strict=True))
    return [figure for market in MARKETS for figure in _figures(market, release, [tallies[n, market] for n in BROKERS])]


def _figures(market: str, release: bool, tallies: Sequence[Tally]) -> list[Figure]:
    lines, real = (sum(getattr(each, name) for each in tallies) for name in ("lines", "real"))
    prefix = "" if market == "KR" else f"{market}: "
    return [
        at_least(
            f"{prefix}interrupts at lines of orders, amendments and cancellations", lines, FEWEST[market][release]
        ),
        at_least(f"{prefix}interrupts from a timer", real, REAL[market]),
        none(
            f"{prefix}interrupts after which journal, words and server differ",
            [each for tally in tallies for each in tally.breaches],
        ),
    ]
