"""An account whose orders live, as its broker's notices and lists tell it: some late, some twice, some never."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from brokerkit import OrderStatus, Side, Venue
from brokerkit.orders.listing import Listed
from brokerkit.stream.counting import Counting
from brokerkit.stream.events import Notice, OrderChange, OrderEvent
from brokerkit.stream.reading import Schedule
from tests.journals import SAMSUNG, SENT, order_of

SETTLE = 20.0
PRICE = Decimal(70_000)


@dataclass(frozen=True)
class Living:
    """An order, amendment or cancellation as it truly is."""

    number: int
    quantity: int
    original: int | None = None
    is_cancellation: bool = False
    is_rejected: bool = False
    filled: int = 0
    taken: int = 0
    expired: int = 0

    @property
    def left(self) -> int:
        """Shares that wait."""
        if self.is_cancellation or self.is_rejected:
            return 0
        return self.quantity - self.filled - self.taken - self.expired

    @property
    def status(self) -> OrderStatus:
        """As a list shows it."""
        if self.is_rejected:
            return OrderStatus.REJECTED
        if self.filled == self.quantity:
            return OrderStatus.FILLED
        if self.left:
            return OrderStatus.PARTIALLY_FILLED if self.filled else OrderStatus.WORKING
        return OrderStatus.EXPIRED if self.expired else OrderStatus.CANCELED

    def listed(self) -> Listed:
        """Return its row of a list."""
        order = order_of(
            f"{self.number:07}",
            quantity=self.quantity,
            price=PRICE,
            filled_quantity=self.filled,
            remaining_quantity=self.left,
            average_fill_price=PRICE if self.filled else None,
            status=self.status,
            original_id=None if self.original is None else f"{self.original:07}",
        )
        return Listed(order, is_cancellation=self.is_cancellation)


@dataclass
class Account:
    """Orders that live, what a stream tells of them, and what is made of it."""

    chance: random.Random
    is_cumulative: bool
    """Whether its broker tells in notices how many shares were filled in all."""
    now: float = 0.0
    orders: dict[int, Living] = field(default_factory=dict)
    past: list[tuple[float, dict[int, Living]]] = field(default_factory=list)
    under_way: list[tuple[float, Notice]] = field(default_factory=list)
    has_lost: bool = False
    is_calm: bool = False
    """Whether every notice comes at once."""
    events: list[OrderEvent] = field(default_factory=list)
    readings: int = 0

    def __post_init__(self) -> None:
        self.counting = Counting(SETTLE, Venue.KRX)
        self.schedule = Schedule(SETTLE)
        self.number = 100
        self.last_lag = 0.0
        self._shown = 0.0

    # What happens

    def happens(self) -> None:
        """Let something happen to the account."""
        waiting = [each for each in self.orders.values() if each.left]
        kind = self.chance.choice(["submit", "fill", "fill", "fill", "fill", "cancel", "amend", "end", "reject"])
        if kind == "submit" or not waiting:
            self._enter(Living(self._next(), self.chance.choice([1, 3, 10])), OrderChange.ACCEPTED)
        elif kind == "reject":
            self._enter(Living(self._next(), 5, is_rejected=True), OrderChange.REJECTED)
        elif kind == "fill":
            self.fill(self.chance.choice(waiting))
        else:
            self.change(kind, self.chance.choice(waiting))

    def fill(self, order: Living) -> None:
        """Let shares of an order be traded."""
        shares = self.chance.choice([1, 1, 1, 2, order.left])
        shares = min(shares, order.left)
        filled = replace(order, filled=order.filled + shares)
        self._set(filled)
        self._notice(filled, OrderChange.FILLED, shares=shares)

    def change(self, kind: str, order: Living) -> None:
        """Move or take back what is left of an order, or a part of it; "end": it does not wait, or its day is over."""
        shares = self.chance.choice([order.left, order.left, self.chance.randint(1, order.left)])
        if kind == "end":
            is_told = self.chance.random() < 0.7
            if not is_told:
                self._set(replace(order, expired=order.left))
                self.schedule.doubt(self.now)  # the phase of its venue has changed
                return
            self._set(replace(order, taken=order.taken + order.left))
            self._notice(replace(order, original=None), OrderChange.CANCELED)
            return
        self._set(replace(order, taken=order.taken + shares))
        row = Living(self._next(), shares, order.number, is_cancellation=kind == "cancel")
        if self.chance.random() < 0.5:
            self._notice(row, OrderChange.ACCEPTED)
        self._enter(row, OrderChange.CANCELED if kind == "cancel" else OrderChange.AMENDED)

    def _next(self) -> int:
        self.number += 1
        return self.number

    def _enter(self, row: Living, change: OrderChange) -> None:
        self._set(row)
        self._notice(row, change)

    def _set(self, row: Living) -> None:
        self.orders[row.number] = row
        if self.past and self.past[-1][0] == self.now:
            self.past.pop()
        self.past.append((self.now, dict(self.orders)))

    # What is told

    def _notice(self, row: Living, change: OrderChange, shares: int | None = None) -> None:
        second = SENT + dt.timedelta(seconds=int(self.now))
        notice = Notice(
            SAMSUNG,
            Venue.KRX,
            second,
            second,
            change,
            f"{row.number:010}",
            None if row.original is None else f"{row.original:010}",
            Side.BUY,
            Decimal(row.quantity),
            None if row.is_cancellation else PRICE,
            filled_quantity=Decimal(row.filled) if shares and self.is_cumulative else None,
            last_quantity=None if shares is None else Decimal(shares),
            last_price=None if shares is None else PRICE,
        )
        notice = notice._replace(identity=f"{notice}{len(self.past) if self.is_calm else ''}")
        fate = 0.5 if self.is_calm else self.chance.random()
        if fate < 0.15:
            self.has_lost = True
            return
        late = 0.0 if fate < 0.7 else self.chance.choice([0.1, 1.0, 3.0, SETTLE * 1.5])
        self.under_way.append((self.now + late, notice))
        if self.chance.random() < 0.15:
            self.under_way.append((self.now + late + self.chance.choice([0.0, 2.0, SETTLE]), notice))

    def begin(self, early: int = 0) -> None:
        """Begin to follow: so many things happen between the registration and the first list."""
        self.under_way.clear()
        self.has_lost, self.is_calm = False, True
        for _ in range(early):
            self.happens()
            self.now += 0.5
        self.is_calm = False
        came = [notice for time, notice in self.under_way if time <= self.now]
        self.under_way = [each for each in self.under_way if each[0] > self.now]
        rows = [each.listed() for each in self.orders.values()]
        self._shown = self.now
        self.counting.begin(rows, came)
        for notice in came:
            self.events += self.counting.notice(notice, self.now)
        self.events += self.counting.listed(rows, self.now, SENT)
        self.schedule.doubt(self.now)

    def rows(self) -> Sequence[Listed]:
        """Return the list, which may lag; never further back than it was."""
        lag = self.chance.choice([0.0, 0.0, 1.0, SETTLE * 0.9])
        self._shown = max(self._shown, self.now - lag)
        shown: dict[int, Living] = {}
        for time, orders in self.past:
            if time <= self._shown:
                shown = orders
        return [each.listed() for each in shown.values()]

    def passes(self, seconds: float) -> None:
        """Let time pass: notices come, lists are read when they are due."""
        end = self.now + seconds
        while self.now < end:
            self.now = min(end, self.now + 0.5)
            due = [each for each in self.under_way if each[0] <= self.now]
            self.under_way = [each for each in self.under_way if each[0] > self.now]
            for _, notice in sorted(due, key=lambda each: each[0]):
                before = self.counting.waiting
                self.events += self.counting.notice(notice, self.now)
                if self.counting.waiting > before:
                    self.schedule.doubt(self.now)
            self.events += self.counting.passed(self.now)
            if self.schedule.is_due(self.now):
                self.reads()

    def reads(self) -> None:
        """Read the lists, which may fail."""
        self.readings += 1
        self.schedule.begun()
        has_failed = self.chance.random() < 0.2
        if not has_failed:
            self.events += self.counting.listed(self.rows(), self.now, SENT)
        self.schedule.ended(self.now, self.now, again=has_failed or self.counting.is_in_doubt)

    def gap(self) -> None:
        """Let the stream say that it may have missed something."""
        self.has_lost = False
        self.schedule.doubt(self.now)

    def calms_down(self) -> None:
        """Let everything come that will come."""
        self.gap()
        self.passes(SETTLE * 20)

    def of(self, number: int) -> Iterator[OrderEvent]:
        """Yield what was told under a number."""
        return (event for event in self.events if int(event.order_id) == number)
