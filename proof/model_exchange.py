"""The exchange in memory of the state machine: it knows which attempt every order came from; no client sees that."""

from __future__ import annotations

import datetime as dt
import time as real_time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum, auto

from brokerkit.clock import KST
from brokerkit.errors import IncompleteListing, NetworkError
from brokerkit.replies import OrderReply
from brokerkit.words import OrderType, Side


class ModelRow(OrderReply):
    """A row of the broker's list."""

    id: str
    symbol: str
    side: Side
    type: OrderType
    quantity: Decimal
    price: Decimal | None
    remaining_quantity: Decimal
    clock: dt.time
    original_id: str | None
    is_cancellation: bool


class Crash(BaseException):
    """The process ends here, as by kill -9: nothing more is written down."""


class VirtualTime:
    """Stands in for the module `time`, and for the clock: time passes when somebody sleeps or the machine says so."""

    def __init__(self) -> None:
        self.time_ns = real_time.time_ns
        self.start_over()

    def start_over(self) -> None:
        """Begin on a day in November, at ten."""
        self.now = dt.datetime(2026, 11, 18, 10, 0, tzinfo=KST)
        self.ticks = 1000.0

    def monotonic(self) -> float:
        """Return seconds that only ascend."""
        return self.ticks

    def sleep(self, seconds: float) -> None:
        """Let time pass; short naps last half a second, so that waiting for a turn takes few of them."""
        self.advance(max(seconds, 0.5))

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.ticks += seconds
        self.now += dt.timedelta(seconds=seconds)

    def to_next_day(self) -> None:
        """Go on at ten in the morning of the next day."""
        morning = (self.now + dt.timedelta(days=1)).replace(hour=10, minute=0, second=0, microsecond=0)
        self.advance((morning - self.now).total_seconds())


class Fault(StrEnum):
    """What happens to one order on its way."""

    NONE = auto()
    REFUSED = auto()
    INDEFINITE = auto()
    INDEFINITE_STANDS = auto()
    LOST = auto()
    VANISHED = auto()
    LATE = auto()
    CUT = auto()
    NO_NUMBER = auto()
    NO_CODE = auto()
    USED_NUMBER = auto()
    TROUBLE = auto()
    NOT_CONNECTED = auto()
    HALT_WHILE_PREPARING = auto()
    HALT_AT_THE_GATE = auto()
    ADAPTER_REPEATS = auto()
    RIVAL = auto()
    INTERRUPT = auto()
    INTERRUPT_UNSENT = auto()
    CRASH_PREPARING = auto()
    CRASH_UNSENT = auto()
    CRASH_VANISHED = auto()
    CRASH_STANDS = auto()


STANDS = frozenset(
    {
        *(Fault.NONE, Fault.INDEFINITE_STANDS, Fault.LOST, Fault.CUT, Fault.NO_NUMBER, Fault.NO_CODE),
        *(Fault.USED_NUMBER, Fault.TROUBLE, Fault.ADAPTER_REPEATS, Fault.RIVAL, Fault.INTERRUPT, Fault.CRASH_STANDS),
    }
)
"""Faults in which the exchange takes the order at once."""


class Lists(StrEnum):
    """How the exchange shows its list of the day."""

    COMPLETE = auto()
    TWICE = auto()
    """A row stands there twice."""
    SHORT = auto()
    """A page in the middle fails."""
    DOWN = auto()
    CONTRADICTING = auto()
    """A row stands there twice, and differently."""
    OVER_MIDNIGHT = auto()


@dataclass
class Placed:
    """An order, amendment or cancellation as the exchange has it. `tag`: the attempt, None for somebody else's."""

    tag: str | None
    kind: str
    day: dt.date
    number: int
    symbol: str
    side: Side
    quantity: Decimal
    price: Decimal | None
    original: int | None
    at: dt.datetime
    visible_at: dt.datetime
    left: Decimal

    def as_row(self) -> ModelRow:
        """Return it as the broker's list tells it."""
        return ModelRow(
            id=f"{self.number:07}",
            symbol=self.symbol,
            side=self.side,
            type=OrderType.LIMIT,
            quantity=self.quantity,
            price=self.price,
            remaining_quantity=self.left,
            clock=self.at.time(),
            original_id=None if self.original is None else f"{self.original:07}",
            is_cancellation=self.kind == "cancel",
        )


@dataclass(frozen=True)
class Shown:
    """A complete list that the exchange showed."""

    day: dt.date
    at: dt.datetime
    numbers: frozenset[int]


@dataclass
class Exchange:
    """The truth: what was sent, what stands, what was shown."""

    time: VirtualTime
    on_send: Callable[[str, str], None]
    """Called with tag and kind as the first byte leaves."""
    on_fault: Callable[[Fault], None]
    fault: Fault = Fault.NONE
    delay: float = 0.0
    """Seconds after which a late order arrives."""
    lag: float = 0.0
    """Seconds after which the list shows an order."""
    lists: Lists = Lists.COMPLETE
    placed: list[Placed] = field(default_factory=list)
    held: list[tuple[dt.datetime, str, dict[str, str]]] = field(default_factory=list)
    shown: list[Shown] = field(default_factory=list)

    def arrive(self) -> None:
        """Take the late orders whose time has come; a day that is over takes none."""
        for when, tag, body in sorted(
            (each for each in self.held if each[0] <= self.time.now), key=lambda each: each[:2]
        ):
            self.held.remove((when, tag, body))
            if f"{when:%Y%m%d}" == body["day"]:
                self.take(tag, body, when)

    def take(self, tag: str | None, body: dict[str, str], at: dt.datetime) -> Placed | None:
        """Place an order; None if there is nothing to amend or cancel."""
        quantity, price = Decimal(body["quantity"]), Decimal(body["price"]) if body["price"] else None
        original = None
        if body["kind"] != "order":
            named = self.find(at.date(), int(body["original"]))
            quantity = quantity or (named.left if named else Decimal(0))
            if named is None or not 0 < quantity <= named.left:
                return None
            named.left -= quantity
            original = named.number
        numbers = [each.number for each in self.placed if each.day == at.date()]
        lag = dt.timedelta(seconds=self.lag)
        left = Decimal(0) if body["kind"] == "cancel" else quantity
        known = (body["symbol"], Side(body["side"]), quantity, price, original, at, at + lag, left)
        placed = Placed(tag, body["kind"], at.date(), max(numbers, default=0) + 1, *known)
        self.placed.append(placed)
        return placed

    def find(self, day: dt.date, number: int) -> Placed | None:
        """Return what has that number on that day."""
        return next((each for each in self.placed if (each.day, each.number) == (day, number)), None)

    def list_of(self, day: dt.date) -> Iterator[ModelRow]:
        """Yield the rows of a day, in the way that `lists` says."""
        self.arrive()
        at = self.time.now
        rows = [each for each in self.placed if each.day == day and each.visible_at <= at]
        if self.lists is Lists.DOWN:
            raise NetworkError("The list cannot be had.")
        for turn, row in enumerate(rows):
            if self.lists is Lists.SHORT and turn == len(rows) // 2:
                break
            yield row.as_row()
        if self.lists is Lists.SHORT:
            raise IncompleteListing("A page could not be read.")
        if self.lists is Lists.OVER_MIDNIGHT:
            self.time.to_next_day()
            return
        if rows and self.lists in (Lists.TWICE, Lists.CONTRADICTING):
            again = rows[-1].as_row()
            more = again.quantity + (1 if self.lists is Lists.CONTRADICTING else 0)
            yield again.model_copy(update={"quantity": more})
            if self.lists is Lists.CONTRADICTING:
                return
        self.shown.append(Shown(day, at, frozenset(row.number for row in rows)))
