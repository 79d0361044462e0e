"""Own orders by stream while its line is cut again and again: each change and each share once, in order, nobody else's.

A program trades over HTTP, others trade with it and against it, and somebody cuts the line at moments that nobody
waits for; now and then all of it happens while there is no line. In the end what was told is what the exchange did.
"""

from __future__ import annotations

import multiprocessing
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, nullcontext, suppress
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import Any
from unittest import mock

from brokerkit_kiwoom.sandbox import us_pace

from brokerkit import Broker, BrokerError, Order, Side, TimeInForce, clock, get_broker
from brokerkit.models import OrderRequest
from brokerkit.sandbox import Faults, Rule, Sandbox
from brokerkit.sandbox.exchange import Exchange, ExchangeRefusal
from brokerkit.sandbox.streaming import FaceStream
from brokerkit.stream import connection
from brokerkit.stream.events import Gap, OrderEvent, Source
from brokerkit.stream.pace import Times
from brokerkit.stream.topics import StreamKind
from brokerkit.testing.inside import at_home, part_of
from brokerkit.testing.told import FINEST, wrongs_of
from brokerkit.testing.truth import status_of
from proof.figures import Figure, at_least, none, own_state, say

BROKERS = ("kis", "kiwoom")
CUTS = {"KR": (100, 400), "US": (25, 100)}
"""Of the line of each broker, and for a release: what tells the US is the same but for an adapter's own frames."""
EACH = 1
"""Orders, amendments and cancellations for a cut, at least."""
SYMBOLS = {
    "KR": ("005930", "000660", "035420", "005380", "068270"),
    "US": ("US:AAPL", "US:MSFT", "US:KO", "US:BRK.B", "US:SPY"),
}
ROUNDED = {"KR": Decimal(1), "US": FINEST}
"""To what an average is rounded in a list: to the won at Kiwoom, and in the US to a ten-thousandth of a dollar."""
SETTLE = 2.0
"""Seconds after which a list shows what happened; here it does at once."""
LONGEST = 120.0
"""Seconds that anything is waited for before it counts as lost."""
TIMES = Times(shortest_wait=0.02, longest_wait=0.2, most_lines=None)
"""A line is made anew soon, so that more of them can be cut."""
BROKEN = (Rule("stream_duplicated", rate=0.05), Rule("stream_out_of_order", rate=0.05, seconds=0.2))
"""Frames that come twice or late, beside those that do not come at all."""


@dataclass
class Story:
    """What was done at a broker, and what its stream told of it."""

    broker: str
    market: str
    done: Counter[str] = field(default_factory=Counter)
    cuts: int = 0
    gaps: int = 0
    """That were told after a cut, and say since when and until when."""
    told: Counter[str] = field(default_factory=Counter)
    wrongs: list[str] = field(default_factory=list)
    """Changes and shares that were not told once and in order."""
    foreign: list[str] = field(default_factory=list)
    """Events of orders of another account of the same login."""
    states: list[str] = field(default_factory=list)
    """Orders whose last event says something else than the exchange in the end."""
    trouble: list[str] = field(default_factory=list)
    """What broke down."""
    seconds: float = 0.0


def run(release: bool) -> list[Figure]:
    """Cut the lines of both brokers in both markets, each in a process of its own."""
    return figures({market: cuts[release] for market, cuts in CUTS.items()})


def figures(cuts: Mapping[str, int]) -> list[Figure]:
    """Cut each line so often in each market and return what became of it."""
    places = [(name, market) for market in cuts for name in BROKERS]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(len(places), mp_context=context) as pool:
        stories = list(pool.map(told_by, *zip(*places, strict=True), [cuts[market] for _, market in places]))
    for story in stories:
        words = f"streams: {story.broker} {story.market} in {story.seconds:.0f} s"
        say(f"{words}: {dict(story.done)}, told {dict(story.told)}")
    return [
        figure
        for market, many in cuts.items()
        for figure in _figures(market, many, [story for story in stories if story.market == market])
    ]


def _figures(market: str, cuts: int, stories: Sequence[Story]) -> list[Figure]:
    def of_all(name: str) -> list[str]:
        return [f"{story.broker}: {words}" for story in stories for words in getattr(story, name)]

    title = "streams" if market == "KR" else f"{market} streams"
    return [
        at_least(
            f"{title}: lines cut with orders in flight", sum(story.cuts for story in stories), cuts * len(BROKERS)
        ),
        none(
            f"{title}: cuts without a Gap",
            [story.broker for story in stories for _ in range(story.cuts - story.gaps)],
        ),
        at_least(
            f"{title}: orders, amendments and cancellations meanwhile",
            sum(story.done["changes"] for story in stories),
            cuts * len(BROKERS) * EACH,
        ),
        none(f"{title}: changes and shares that are not told once and in order", of_all("wrongs")),
        none(f"{title}: events of orders of others", of_all("foreign")),
        none(f"{title}: orders whose last event is not how they ended", of_all("states")),
        none(f"{title}: what broke down", of_all("trouble")),
        Figure(
            f"{title}: what was told",
            ", ".join(f"{name} {count:,}" for name, count in sum((each.told for each in stories), Counter()).items()),
            "published",
            True,
        ),
    ]


def told_by(broker: str, market: str, cuts: int) -> Story:
    """Trade at a broker until its line was cut so often, and compare what was told with the exchange."""
    with own_state(), ExitStack() as stack:
        stack.enter_context(mock.patch.object(connection, "SANDBOX", TIMES))
        stack.enter_context(mock.patch.multiple(us_pace, CALLS_PER_SECOND=10**6, BURST=10**6))
        sandbox = stack.enter_context(Sandbox(seed=13, faults=Faults(BROKEN, seed=13), home=market))
        opened = get_broker(broker, environment="sandbox", sandbox=sandbox, options={"settle_seconds": SETTLE})
        trader = at_home(stack.enter_context(opened), market)
        stack.enter_context(mock.patch.object(trader.client, "limits", return_value=()))
        return Market(trader, sandbox).story(cuts)


class Market:
    """A program, others, somebody who cuts, and somebody who listens."""

    def __init__(self, broker: Broker, sandbox: Sandbox) -> None:
        self.broker = broker
        self.exchange: Exchange = sandbox.exchange
        self.face = sandbox.face(broker.name)
        self.face.window.calls = 10**6
        assert self.face.stream is not None  # noqa: S101 - both brokers have one
        self.socket: FaceStream = self.face.stream
        self.account = self.face.credentials.account
        self.other = f"{self.account[:-2]}{(int(self.account[-2:]) + 1) % 100:02}"
        self.market = broker.adapter.home
        self.symbols = SYMBOLS[self.market]
        self.changes_parts = part_of(broker).changes_parts
        self.told = Story(broker.name, self.market)
        self.events: list[OrderEvent] = []
        self.is_over = threading.Event()
        self._gaps = threading.Condition()
        self._gap_until = clock.now()
        """When the last gap ended that was told."""
        self._prepare()

    def _prepare(self) -> None:
        self.exchange.open_account(self.other, cash=Decimal(10**11))
        self.exchange.deposit(self.account, Decimal(10**11))
        self.socket.accounts.add(self.other)
        for symbol in self.symbols:
            for account in (self.account, self.other):
                self.exchange.give_holding(account, symbol, Decimal(100_000), Decimal(10**9))

    def story(self, cuts: int) -> Story:
        """Play it to its end."""
        began = time.monotonic()
        with self.broker.stream() as stream:
            stream.orders()
            works: list[Callable[[], object]] = [partial(self._listen, stream), self._trade, self._trade_as_others]
            threads = [threading.Thread(target=self._safely, args=(work,)) for work in works]
            for thread in threads:
                thread.start()
            self._safely(partial(self._cut, cuts))
            self.is_over.set()
            for thread in threads[1:]:
                thread.join()
            self._settle()
            stream.close()
            threads[0].join()
        self._compare()
        self.told.seconds = time.monotonic() - began
        return self.told

    def _safely(self, work: Callable[[], object]) -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001 - whatever it was, it is a figure
            self.told.trouble.append(f"{type(error).__name__}: {error}")

    # Who listens

    def _listen(self, stream: Any) -> None:
        for event in stream:
            if isinstance(event, OrderEvent):
                self.events.append(event)
            elif isinstance(event, Gap) and event.until is not None:
                is_of_orders = any(topic.kind is StreamKind.ORDERS for topic in event.topics)
                if is_of_orders and event.since <= event.until:
                    with self._gaps:
                        self._gap_until = event.until
                        self._gaps.notify_all()

    # Who cuts

    def _cut(self, cuts: int) -> None:
        chance = random.Random(f"{self.broker.name}/cuts")  # noqa: S311 - repeatable on purpose
        for number in range(1, cuts + 1):
            time.sleep(chance.uniform(0, 0.2))
            self._wait_for_line(number)
            with self.exchange.still() if chance.random() < 0.5 else nullcontext():
                at, lines = clock.now(), [*self.socket.lines]
                for line in lines:
                    line.cut() if chance.random() < 0.7 else line.close(1001, "restarting")
                for _ in range(chance.randint(0, 4)):  # with the exchange standing still nobody hears of it
                    self._act_at_exchange(chance, self.account)
            self.told.cuts = number
            with self._gaps:
                if not self._gaps.wait_for(lambda: self._gap_until >= at, LONGEST):  # noqa: B023 - it is over then
                    raise TimeoutError(f"After cut {number} no Gap was told within {LONGEST:.0f} s.")
                self.told.gaps += 1

    def _wait_for_line(self, number: int) -> None:
        """Wait until there is a line to be cut: a busy machine ends some by itself."""
        deadline = time.monotonic() + LONGEST
        while not self.socket.lines:
            if time.monotonic() > deadline:
                raise RuntimeError(f"There is no line to be cut for the {number}th time.")
            time.sleep(0.01)

    # Who trades

    def _trade(self) -> None:
        """Trade as a program does: over HTTP."""
        chance, orders = random.Random(f"{self.broker.name}/trades"), list[Order]()  # noqa: S311 - as above
        while not self.is_over.is_set():
            try:
                self._act(chance, orders)
                self.told.done["changes"] += 1
            except BrokerError as error:  # what was filled meanwhile cannot be changed any more
                self.told.done[type(error).__name__] += 1
            time.sleep(chance.uniform(0, 0.06))

    def _act(self, chance: random.Random, orders: list[Order]) -> None:
        what, broker = chance.random(), self.broker
        if what < 0.5 or not orders:
            symbol, side = chance.choice(self.symbols), chance.choice([*Side])
            price, ioc = self._price(chance, symbol, side), self.market == "KR" and chance.random() < 0.2
            send = broker.buy if side is Side.BUY else broker.sell
            time_in_force = TimeInForce.IOC if ioc else TimeInForce.DAY
            order = send(symbol, chance.randint(1, 40), price=price, time_in_force=time_in_force)
            orders += [] if ioc else [order]
            del orders[:-20]
            return
        order = orders.pop(chance.randrange(len(orders)))
        verb, part = "amend" if what < 0.75 else "cancel", chance.randint(1, 5) if chance.random() < 0.4 else None
        if verb not in self.changes_parts:
            part = None
        if verb == "amend":
            orders.append(broker.amend(order, price=self._price(chance, order.symbol, order.side), quantity=part))
        else:
            broker.cancel(order, quantity=part)

    def _price(self, chance: random.Random, symbol: str, side: Side) -> Decimal:
        """Return a price among those that wait: of the own side the order rests, of the other it trades."""
        book = self.exchange.order_book(symbol)
        own, others = (book.bids, book.asks) if side is Side.BUY else (book.asks, book.bids)
        levels = others[:2] if chance.random() < 0.3 and others else own[:5] or others
        return chance.choice(levels).price if levels else self.exchange.quote(symbol).price

    def _trade_as_others(self) -> None:
        """Trade as everybody else, some of them with the same login."""
        chance = random.Random(f"{self.broker.name}/others")  # noqa: S311 - as above
        while not self.is_over.is_set():
            for _ in range(chance.randint(1, 3)):  # equal ones in one second among them
                self._act_at_exchange(chance, self.other)
            time.sleep(chance.uniform(0, 0.05))

    def _act_at_exchange(self, chance: random.Random, account: str) -> None:
        symbol, side = chance.choice(self.symbols), chance.choice([*Side])
        with suppress(ExchangeRefusal):
            book = self.exchange.order_book(symbol)
            waiting = book.asks if side is Side.BUY else book.bids
            if chance.random() < 0.6 and waiting:
                most = int(waiting[0].quantity)
                self.exchange.trade(symbol, side, Decimal(chance.choice([3, 3, most, max(1, most - 2)])))
                price = self._price(chance, symbol, side)
                self.exchange.trade(symbol, side, Decimal(chance.randint(1, 60)), price)
            else:
                price = self._price(chance, symbol, side)
                self.exchange.submit(
                    account, OrderRequest(symbol=symbol, side=side, quantity=chance.randint(1, 9), price=price)
                )
            self.told.done["of others"] += 1

    # What was told

    def _wrongs(self) -> Sequence[str]:
        known = {row.number for row in self.exchange.orders(self.account)}
        own = [event for event in [*self.events] if self.face.order_number(event.order_id) in known]
        rounded = ROUNDED[self.market]
        return wrongs_of(own, self.exchange.orders(self.account), self.face.order_number, rounded=rounded)

    def _settle(self) -> None:
        """Wait until everything was told, or nothing more comes for long."""
        count, deadline = -1, time.monotonic() + LONGEST
        while time.monotonic() < deadline and self._wrongs():
            if len(self.events) != count:
                count, deadline = len(self.events), time.monotonic() + LONGEST / 4
            time.sleep(0.5)
        time.sleep(SETTLE)  # lists are read once more, and have nothing to add

    def _compare(self) -> None:
        rows = {row.number: row for row in self.exchange.orders(self.account)}
        self.told.wrongs += self._wrongs()
        last: dict[int, OrderEvent] = {}
        for event in self.events:
            self.told.told[f"{event.change} by {'notice' if event.source is Source.NOTICE else 'list'}"] += 1
            number = self.face.order_number(event.order_id)
            if number not in rows:
                self.told.foreign.append(f"{event.change} of order {event.order_id}")
            elif rows[number].action != "CANCEL":
                last[number] = event
            elif event.original_id is not None:
                last[self.face.order_number(event.original_id)] = event
        for number, event in last.items():
            row = rows[number]
            if row.amended:
                continue  # an amendment is told under its own number, and its shares are counted there
            told = (event.remaining_quantity, event.filled_quantity, event.status)
            real = (row.remaining, row.filled, status_of(row))
            if told != real:
                self.told.states.append(f"order {number}: {told}, in truth {real}")
