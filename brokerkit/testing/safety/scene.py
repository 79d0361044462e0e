"""What the safety checks share: a broker at a sandbox that breaks on purpose, its journal, and a clock of their own."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from email.utils import formatdate
from typing import Any, ClassVar

import pytest

from brokerkit import clock, get_broker
from brokerkit.broker import Broker
from brokerkit.market.rules import Rules
from brokerkit.models import Order
from brokerkit.orders import desk
from brokerkit.orders.intents import STANDING, UNRESOLVED, Intent, IntentState
from brokerkit.sandbox import Faults, Rule, Sandbox
from brokerkit.sandbox import face as faces
from brokerkit.sandbox.exchange import ExchangeOrder, Instrument
from brokerkit.sandbox.face import Face, Purpose
from brokerkit.sandbox.faults import Draw
from brokerkit.testing.base import Contract
from brokerkit.testing.declared import Declared
from brokerkit.testing.inside import at_home, entries_after, hurry, journal_of, part_of, send_to, start_over
from brokerkit.transport import connection
from brokerkit.words import SecurityType

LEFT = frozenset({IntentState.NOT_SENT, IntentState.REJECTED})
ABSENT = frozenset({IntentState.PRESUMED_ABSENT, IntentState.ABSENT_DAY_CLOSED})
GETS_THROUGH, GETS_LOST = "processed_then_reset", "accept_then_reset"
LOOKS = 4
STEP_SECONDS = 2.0
DEADLINE_SECONDS = 2.0
"""So long an order is said to be on its way: the clock of the checks need not be put forward so far then."""
SETTLE_SECONDS = 1.0
WAIT_SECONDS = 5.0
ONCE = "Orders go out once: declare the endpoint with Effect.ORDER, and let no hook send again."
LISTS = "Look at rows() of the part: which rows it leaves out, and whether it follows every page."


class Watched(Faults):
    """Faults that count the orders on the line."""

    orders = 0
    """Requests to place, amend or cancel that came to the broker."""

    def next(self, broker: str, purpose: Purpose, content: bytes, page: int = 1) -> Draw:
        """Count a request and return what is to be done to it."""
        self.orders += purpose is Purpose.ORDER
        return super().next(broker, purpose, content, page)


@dataclass(frozen=True)
class Outcome:
    """What one call of an order verb left behind, at the exchange, on the line and in the journal."""

    what: str
    symbol: str
    before: int
    """So many rows the account had at the exchange."""
    requests: int
    entries: tuple[str, ...]
    told: Order | Exception


class Scene:
    """A broker at a sandbox, and what the exchange and the journal know of its orders."""

    def __init__(self, broker: Broker, sandbox: Sandbox, faults: Watched) -> None:
        self.broker = broker
        self.sandbox = sandbox
        self.exchange = sandbox.exchange
        self.faults = faults
        self.face: Face = sandbox.face(broker.name)
        self.account = self.face.credentials.account
        self.part = part_of(broker)
        self.ahead = dt.timedelta(0)
        """By how much the clock is put forward."""
        instruments = [each for each in self.exchange.instruments.values() if self._is_taken(each)]
        self._newest = ""
        """The entry of the journal before the present call."""
        self._symbols = iter(sorted(instruments, key=self._place))

    def _is_taken(self, instrument: Instrument) -> bool:
        """Say whether the environment takes orders of an instrument: a demo may take some alone."""
        return self.part.environment != "demo" or getattr(instrument, "demo", True)

    def _place(self, instrument: Instrument) -> tuple[bool, Decimal]:
        """Return what sorts the instruments that checks order: shares first, and funds where there are too few."""
        return instrument.kind is not SecurityType.STOCK, self.price(instrument.symbol)

    @property
    def proves_absence(self) -> bool:
        """Whether the adapter claims that an order that its lists lack was not placed."""
        return self.part.environment in self.part.lists_prove_absence

    def symbol(self) -> str:
        """Return a symbol that no other order of the check is of: an order that is not known blocks its own only."""
        return next(self._symbols).symbol

    def price(self, symbol: str) -> Decimal:
        """Return a price at which a purchase rests."""
        instrument = self.exchange.instruments[symbol]
        if instrument.has_limits:
            return instrument.lower_limit
        return self.rules.round_to_tick(instrument.previous_close * 7 / 10, instrument.kind, up=True)

    def dear(self, symbol: str) -> Decimal:
        """Return a price at which a purchase is filled at once, and a sale rests."""
        instrument = self.exchange.instruments[symbol]
        if instrument.has_limits:
            return instrument.upper_limit
        return self.rules.round_to_tick(instrument.previous_close * 13 / 10, instrument.kind, up=False)

    def step(self, symbol: str) -> Decimal:
        """Return the step of the price at which a purchase rests."""
        return self.rules.tick_size(self.price(symbol), self.exchange.instruments[symbol].kind)

    @property
    def rules(self) -> Rules:
        """What is true of the market."""
        return self.exchange.bourse.market.calendar

    def buy(self, symbol: str | None = None, quantity: int = 2) -> Order:
        """Send an order that rests."""
        symbol = symbol or self.symbol()
        return self.broker.buy(symbol, quantity, price=self.price(symbol))

    def rows(self) -> Sequence[ExchangeOrder]:
        """Return all rows of the account, whatever a check lets the lists show."""
        return type(self.exchange).orders(self.exchange, self.account)

    def entry(self, outcome: Outcome) -> Intent:
        """Return the entry of the journal that a call wrote."""
        return journal_of(self.broker).get(outcome.entries[-1])

    def number_of(self, order_id: str) -> int:
        """Return the exchange's number of an order."""
        return self.face.order_number(order_id)

    def rows_of(self, outcome: Outcome) -> list[ExchangeOrder]:
        """Return the rows that a call has made at the exchange so far."""
        return [row for row in self.rows()[outcome.before :] if row.request.symbol == outcome.symbol]

    def tries(self, what: str, symbol: str, call: Callable[[], Order]) -> Outcome:
        """Make a call and return what it left behind. No other call of the check is of that symbol."""
        before, requests = len(self.rows()), self.faults.orders
        for entry in entries_after(self.broker, self._newest):
            self._newest = entry.id
        try:
            told: Order | Exception = call()
        except Exception as error:  # noqa: BLE001 - whatever it was is compared with what stands
            told = error
        written = tuple(each.id for each in entries_after(self.broker, self._newest))
        return Outcome(what, symbol, before, self.faults.orders - requests, written, told)

    def meets(self, kind: str, symbol: str, call: Callable[[], Order], *, what: str = "", **measure: Any) -> Outcome:
        """Make a call whose order meets a fault."""
        known = len(self.faults.log)
        self.faults.clear()
        self.faults.add(Rule(kind, on=Purpose.ORDER, times=1, **measure))
        outcome = self.tries(what or kind, symbol, call)
        self.faults.clear()
        if len(self.faults.log) == known and not outcome.requests:
            pytest.fail(f"{kind} hit nothing: purpose() of the face has to tell orders, amendments and cancellations.")
        return outcome

    def lost(self, *, fills: bool = False) -> Outcome:
        """Send an order that stands, or is filled at once, and whose answer never comes."""
        symbol = self.symbol()
        price = self.dear(symbol) if fills else self.price(symbol)
        return self.meets(GETS_THROUGH, symbol, lambda: self.broker.buy(symbol, 2, price=price))

    def look(self, times: int = LOOKS, seconds: float = STEP_SECONDS) -> None:
        """Let time pass and `reconcile`, so many times."""
        for _ in range(times):
            step = dt.timedelta(seconds=seconds)
            self.ahead += step
            self.exchange.forward(step)  # where ids have no order, times tell what came first
            self.broker.reconcile()

    def arrived(self) -> None:
        """Wait for the orders that a fault holds back."""
        deadline = time.monotonic() + WAIT_SECONDS
        while any(entry.kind == "late_acceptance" and entry.order_id is None for entry in self.faults.log):
            if time.monotonic() > deadline:
                pytest.fail("An order that was held back never came: wording.number of the face names its number.")
            time.sleep(0.01)

    def is_on_its_way(self, outcome: Outcome) -> bool:
        """Say whether a list need not show an order yet."""
        deadline = self.entry(outcome).deadline
        return deadline is not None and clock.now() < deadline + dt.timedelta(seconds=SETTLE_SECONDS)

    # What is wrong

    def wrongs(self, outcome: Outcome) -> Iterator[str]:
        """Yield how exchange, line, journal and words contradict each other after a call."""
        what, rows = outcome.what, self.rows_of(outcome)
        if outcome.requests > 1:
            yield f"{what}: {outcome.requests} requests reached the broker for one order. {ONCE}"
        if len(rows) > 1:
            yield f"{what}: {len(rows)} orders stand at the exchange where one was meant. {ONCE}"
        if isinstance(outcome.told, Order) and not rows:
            yield f"{what}: order {outcome.told.id} was answered, and nothing stands at the exchange."
        if len(outcome.entries) != 1:
            if rows or outcome.entries:
                yield f"{what}: {len(outcome.entries)} entries in the journal for one order. {ONCE}"
            return
        state = self.entry(outcome).state
        if rows and state in LEFT | ABSENT:
            yield (
                f"{what}: order {rows[0].number} stands, the journal says {state} and the call {_words(outcome.told)}. "
                "Look at check() and is_definite() of the client: only a code that proves it may refuse an order."
            )
        if not rows and state in STANDING:
            yield f"{what}: nothing stands at the exchange, and the journal says {state}."

    def wrong_in_the_end(self, outcome: Outcome) -> Iterator[str]:
        """Yield what `reconcile` made of a call that is not true."""
        if len(outcome.entries) != 1:
            return
        entry, rows, what = self.entry(outcome), self.rows_of(outcome), outcome.what
        if rows and entry.state in ABSENT:
            yield f"{what}: order {rows[0].number} stands, and reconcile says {entry.evidence[-1]!r}. {LISTS}"
        elif rows and entry.state in UNRESOLVED:
            yield f"{what}: order {rows[0].number} stands, and no list of reconcile shows it as it is. {LISTS}"
        elif entry.state in STANDING and not self._is_one_of(entry, rows):
            yield f"{what}: reconcile takes order {entry.order_id} for it, which is another one. {LISTS}"
        elif not rows and entry.state in UNRESOLVED and self.proves_absence:
            yield f"{what}: nothing stands, lists_prove_absence is declared, and reconcile never says so."

    def _is_one_of(self, entry: Intent, rows: Sequence[ExchangeOrder]) -> bool:
        """Say whether reconcile has found one of these; a cancellation without a row of its own has no number."""
        if entry.order_id is None and not self.part.lists_cancellations:
            return bool(rows)
        return self.number_of(str(entry.order_id)) in {row.number for row in rows}


def _words(told: Order | Exception) -> str:
    return f"answers {told.id}" if isinstance(told, Order) else f"raises {type(told).__name__}"


def report(lines: Sequence[str]) -> str:
    """Return what is wrong as a message."""
    return "\n".join(["", *lines])


@contextmanager
def short_patience() -> Iterator[None]:
    """Wait a short time only for an answer that never comes as a whole."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(connection, "READ_SECONDS", 0.15)
        patched.setattr(connection, "TOTAL_SECONDS", 0.3)
        yield


@contextmanager
def opened(broker: str, declared: Declared, *, breaks: bool = True) -> Iterator[Scene]:
    """Yield a broker without limits of calls, whose tokens may be asked for at any time.

    Where nothing `breaks` there is no relay before the face, and calls take half the time.
    """
    faults, real = Watched(), clock.now
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(declared.adapter.Client, "token_interval", 0.0)
        with (
            Sandbox(environment=declared.environment, faults=faults if breaks else None, home=declared.home) as sandbox,
            get_broker(
                broker, environment="sandbox", sandbox=sandbox, options={"settle_seconds": SETTLE_SECONDS}
            ) as trader,
        ):
            scene = Scene(at_home(trader, declared.home), sandbox, faults)
            hurry(trader, patched)
            send_to(trader, declared, patched)
            patched.setattr(clock, "now", lambda: real() + scene.ahead)
            # The clock of the broker goes with it: lists prove nothing by a clock that is wrong.
            patched.setattr(faces, "formatdate", lambda **form: formatdate(clock.now().timestamp(), **form))
            patched.setattr(desk, "TOTAL_SECONDS", DEADLINE_SECONDS)
            scene.face.window.calls = 10**6
            if "submitted_at" in scene.part.told_if_sure.get(Order, ()):
                # Where no time tells what came after an order, its number does: from the first known one on.
                scene.buy()
            yield scene


class SafetyContract(Contract):
    """A broker at a sandbox that breaks on purpose."""

    level: ClassVar[int] = 4

    @pytest.fixture
    def scene(self, declared: Declared) -> Iterator[Scene]:
        with opened(self.broker, declared) as scene:
            yield scene

    @pytest.fixture
    def quiet(self, declared: Declared) -> Iterator[Scene]:
        """Yield a scene in which no line breaks."""
        with opened(self.broker, declared, breaks=False) as scene:
            yield scene

    @pytest.fixture
    def stored(self, quiet: Scene) -> Scene:
        """Return a scene whose journal lies on the disk."""
        start_over(quiet.broker)
        return quiet
