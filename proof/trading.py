"""An account at a sandbox that breaks on purpose, and a trader who sends it all kinds of orders."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from typing import TypeVar
from unittest import mock

from brokerkit_kis import client as kis
from brokerkit_kis.sandbox import ledger, us_ledger
from brokerkit_kiwoom import client as kiwoom

from brokerkit import Broker, BrokerError, NotSent, Order, OrderRequest, OrderType, OrderUncertain, Side, get_broker
from brokerkit.market.markets import market_named
from brokerkit.market.rules import Rules
from brokerkit.orders import desk
from brokerkit.orders.intents import Intent
from brokerkit.sandbox import Faults, Rule, Sandbox
from brokerkit.sandbox.exchange import ExchangeOrder
from brokerkit.sandbox.face import Purpose, SlidingWindow
from brokerkit.sandbox.faults import Draw
from brokerkit.sandbox.instruments import Instrument
from brokerkit.symbols import HOME
from brokerkit.testing.inside import at_each_look, at_home, journal_of, part_of
from brokerkit.transport import connection
from brokerkit.words import SecurityType
from proof import called
from proof.figures import own_state

T = TypeVar("T")
BROKERS = ("kis", "kiwoom")
MARKETS = ("KR", "US")
STOCK = SecurityType.STOCK
SETTLE = 2.0
"""Seconds after which a list shows every order, as long as the assumption is kept."""
PAGE = 10
MANY = 1_000_000
CHEAP = {"KR": 30_000, "US": 400}
"""What the most expensive symbol that is traded costs at most, so that the cash of the account lasts."""
FAR = Decimal("0.2")
"""How far from the last price orders rest where the day has no limits."""
ON_CREDIT, BY_ITS_FIELDS = 0.25, 0.4
"""Chances that an order is sent by a raw call: to buy on credit, and that or as a verb sends it."""
SYMBOLS = 16
HELD = 10_000
SECONDS = {
    "refuse": 0.5,
    "late_acceptance": 0.9,
    "processed_then_silence": 5.0,
    "unprocessed_silence": 5.0,
    "stalled_body": 5.0,
    "latency": 0.1,
    "slow_close": 0.1,
    "lag": 0.8,
}
"""Of the faults that would make the proof wait, or the lists show an order too late."""


@contextmanager
def quick(seconds: float = 0.6) -> Iterator[None]:
    """Let an order take so long at most, lift the limits of calls, and make the pages of lists small."""
    patches: list[AbstractContextManager[object]] = [
        mock.patch.object(connection, "CONNECT_SECONDS", seconds * 2 / 3),
        mock.patch.object(connection, "READ_SECONDS", seconds * 2 / 3),
        mock.patch.object(connection, "TOTAL_SECONDS", seconds),
        mock.patch.object(desk, "TOTAL_SECONDS", seconds),
        mock.patch.object(ledger, "WORKING_ROWS", PAGE),
        mock.patch.object(us_ledger, "WORKING_ROWS", PAGE),
        mock.patch.dict(us_ledger.DAY_ROWS, real=PAGE),
        mock.patch.dict(kis.CALLS_PER_SECOND, real=MANY),
        mock.patch.dict(kiwoom.CALLS_PER_SECOND, real=MANY),
    ]
    with ExitStack() as stack:
        for patch in patches:
            stack.enter_context(patch)
        folder = stack.enter_context(own_state())
        stack.enter_context(mock.patch.dict("os.environ", {"BROKERKIT_CACHE_DIR": str(folder / "cache")}))
        yield


class Watched(Faults):
    """Faults that count every order that reaches the server, and let the lists be honest every second time."""

    posts = 0
    honest = True

    def next(self, broker: str, purpose: Purpose, content: bytes, page: int = 1) -> Draw:
        """Count a request and return what is to be done to it."""
        self.posts += purpose is Purpose.ORDER
        draw = super().next(broker, purpose, content, page)
        if purpose is Purpose.LISTING and self.honest:
            # A row that no list ever shows is not an order that shows within the settle time.
            return replace(draw, rules=tuple(rule for rule in draw.rules if rule.kind == "lag"))
        return draw


@dataclass(frozen=True)
class Step:
    """One call of order, amend or cancel, and what is known of it behind the library's back."""

    kind: str
    """Of the fault; blank for none."""
    intents: tuple[str, ...]
    """What it wrote into the journal."""
    requests: range
    """Which orders reached the server meanwhile, counted from the first one of the account."""
    is_uncertain: bool
    """Whether the caller was told that it may stand."""

    @property
    def posts(self) -> int:
        """How many orders reached the server."""
        return len(self.requests)


class Trader:
    """Trades one account in one market, one call at a time, and keeps what the server saw of each."""

    def __init__(self, broker: Broker, sandbox: Sandbox, faults: Watched, seed: int) -> None:
        self.broker = broker
        self.market = broker.adapter.home
        rules = market_named(self.market).rules
        assert isinstance(rules, Rules)  # noqa: S101 - orders are sent there
        self.rules = rules
        self.exchange = sandbox.exchanges[self.market]
        self.faults = faults
        self.account = sandbox.face(broker.name).credentials.account
        self.random = random.Random(seed)  # noqa: S311 - repeatable on purpose
        self.steps: list[Step] = []
        self.foreign: set[int] = set()
        """Numbers of orders that somebody else placed."""
        stocks = [each for each in self.exchange.instruments.values() if each.kind is STOCK]
        most = CHEAP[self.market]
        cheap = [
            each.symbol for each in stocks if (each.upper_limit if each.has_limits else each.previous_close) < most
        ]
        # From all over the list: symbols of every exchange are among them.
        self.symbols = cheap[:: max(1, len(cheap) // SYMBOLS)][:SYMBOLS]
        for symbol in self.symbols:
            self.exchange.give_holding(self.account, symbol, Decimal(HELD), Decimal(HELD * 1_000))

    def submit(self, call: Callable[[], object], kind: str = "", *, seconds: float | None = None) -> Step:
        """Make a call that meets a fault of that kind, and return what the server saw."""
        seconds = SECONDS.get(kind) if seconds is None else seconds
        self.faults.clear()
        if kind == "refuse":
            self.faults.add(Rule(kind, on="query", nth=1, seconds=seconds))
            patiently(lambda: self.broker.quote(self.symbols[0]))
        elif kind:
            self.faults.add(Rule(kind, on="order", nth=1, seconds=seconds, size=4 if "gzip" in kind else None))
        known, posts = {intent.id for intent in self.journal()}, self.faults.posts
        is_uncertain = False
        try:
            call()
        except BrokerError as error:
            is_uncertain = isinstance(error, OrderUncertain)
            if kind == "refuse" and isinstance(error, NotSent):
                time.sleep(SECONDS[kind])
        new = tuple(intent for intent in self.journal() if intent.id not in known)
        self._let_arrive(posts + sum(intent.sent_bytes != 0 for intent in new))
        requests = range(posts + 1, self.faults.posts + 1)
        step = Step(kind, tuple(intent.id for intent in new), requests, is_uncertain)
        self.steps.append(step)
        return step

    def reconcile(self, *, wait: bool, timeout: float | None = None) -> set[str]:
        """Reconcile, and return the numbers of the orders that are reported as somebody else's."""

        def turn() -> None:
            self.faults.honest = not self.faults.honest

        with at_each_look(self.broker, turn):
            report = self.broker.reconcile(wait=wait, timeout=timeout, market=self.market)
        self.faults.honest = True
        return {str(int(order.id)) for order in report.foreign}

    def journal(self) -> list[Intent]:
        """Return all that the journal holds."""
        return list(journal_of(self.broker).everything())

    def truth(self) -> dict[str, ExchangeOrder]:
        """Return every row of the account at the exchange by its number."""
        return {str(row.number): row for row in self.exchange.orders(self.account)}

    def own_number(self, step: Step) -> str | None:
        """Return the number that the exchange gave to what a step sent, where a fault was played on it."""
        # By its count, not by its place in the log: a busy server may write it down only after the client gave up.
        entries = [each for each in self.faults.log if each.purpose is Purpose.ORDER and each.number in step.requests]
        return next((str(int(each.order_id)) for each in entries if each.order_id), None)

    def wait_for_late_ones(self) -> None:
        """Wait until the exchange has all that it takes late."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and any(
            entry.kind == "late_acceptance" and not entry.processed for entry in self.faults.log
        ):
            time.sleep(0.05)
        time.sleep(0.1)

    def free_sides(self) -> list[tuple[str, Side]]:
        """Return the symbols and sides of which nothing is open, in the order of chance."""
        taken = {(intent.symbol, intent.side) for intent in self.broker.unresolved()}
        sides = [(symbol, side) for symbol in self.symbols for side in Side if (symbol, side) not in taken]
        self.random.shuffle(sides)
        return sides

    def request(self, symbol: str, side: Side) -> OrderRequest:
        """Return one of few orders of a symbol and side, so that many are just alike; one in eight fills at once."""
        crosses = self.random.random() < 0.125
        quantity = Decimal(self.random.randint(1, 3))
        price = self._price(symbol, Side.SELL if (side is Side.BUY) == crosses else Side.BUY)
        return OrderRequest(symbol=symbol, side=side, quantity=quantity, type=OrderType.LIMIT, price=price)

    def sending(self, request: OrderRequest) -> Callable[[], object]:
        """Return what sends an order: a verb, or in Korea now and then the broker's own fields, also on credit."""
        chance = self.random.random()
        if self.market == HOME and request.side is Side.BUY and chance < ON_CREDIT:
            return partial(called.on_credit, self.broker, request)
        if self.market == HOME and chance < BY_ITS_FIELDS:
            return partial(called.as_a_verb, self.broker, request)
        return partial(self.broker.order, request)

    def change(self, order: Order) -> Callable[[], object]:
        """Return an amendment or a cancellation of an order, of part of it or of all that is left."""
        left = order.remaining_quantity or order.quantity
        part = Decimal(1) if left > 1 and self.random.random() < 0.5 else None
        verb = self.random.choice(("cancel", "amend"))
        quantity = part if verb in part_of(self.broker).changes_parts else None
        if verb == "cancel":
            return lambda: self.broker.cancel(order, quantity=quantity)
        price = self._price(order.symbol, order.side)
        return lambda: self.broker.amend(order, quantity=quantity, price=price)

    def _price(self, symbol: str, side: Side) -> Decimal:
        """Return one of three prices far from the last one, at which an order of that side rests."""
        lower, upper = ends_of(self.exchange.instruments[symbol])
        steps, tick = self.random.randint(0, 2), self.rules.tick_size
        if side is Side.BUY:
            return self.rules.round_to_tick(lower + steps * tick(lower, STOCK), STOCK, up=True)
        return self.rules.round_to_tick(upper - steps * tick(upper, STOCK), STOCK, up=False)

    def _let_arrive(self, posts: int) -> None:
        """Give what was sent a moment to be read by the server, where the client did not wait for an answer."""
        deadline = time.monotonic() + 2
        while self.faults.posts < posts and time.monotonic() < deadline:
            time.sleep(0.01)


def ends_of(instrument: Instrument) -> tuple[Decimal, Decimal]:
    """Return the limits of the day, or where it has none prices that are far enough."""
    if instrument.has_limits:
        return instrument.lower_limit, instrument.upper_limit
    return instrument.previous_close * (1 - FAR), instrument.previous_close * (1 + FAR)


def patiently(ask: Callable[[], T]) -> T:
    """Ask again where a busy machine was too slow for the short time limits."""
    for _ in range(20):
        try:
            return ask()
        except BrokerError:
            time.sleep(0.2)
    return ask()


@contextmanager
def trading(name: str, seed: int, *, exclusive: bool, settle: float = SETTLE, market: str = "KR") -> Iterator[Trader]:
    """Yield a trader at a sandbox of its own, reached as a served one is: its journal lies on the disk."""
    faults = Watched(seed=seed)
    with Sandbox(seed=seed, faults=faults) as sandbox:
        face, keys = sandbox.face(name), sandbox.connect(name)
        face.window = SlidingWindow(MANY)
        if name == "kiwoom":
            face.page_size = PAGE  # type: ignore[attr-defined]
        with get_broker(
            name,
            environment="sandbox",
            base_url=keys.base_url,
            account=keys.account,
            app_key=keys.app_key,
            app_secret=keys.app_secret,
            exclusive=exclusive,
            options={"settle_seconds": settle},
        ) as broker:
            at_home(broker, market)
            with mock.patch.object(broker.client, "limits", return_value=()):
                with mock.patch.multiple(connection, CONNECT_SECONDS=10.0, READ_SECONDS=10.0, TOTAL_SECONDS=15.0):
                    broker.client.token()  # one that is answered too late could not be had again for a minute
                patiently(broker.account)
                patiently(broker.orders)
                yield Trader(broker, sandbox, faults, seed)
