"""What happens at the simulated exchange, as it is told to those who listen: the WebSocket sides of faces do."""

from __future__ import annotations

import datetime as dt
import logging
from collections import deque
from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple

from brokerkit.logs import about
from brokerkit.market.sessions import Phase
from brokerkit.sandbox.prints import Trade
from brokerkit.sandbox.rows import ExchangeOrder, Execution

logger = logging.getLogger("brokerkit")


class What(StrEnum):
    """What became of a row of an order list."""

    ACCEPTED = "ACCEPTED"
    """The exchange has it: a new order, an amendment or a cancel."""
    REJECTED = "REJECTED"
    """It was taken by the broker and refused by the exchange, as the first and only thing that is told of it."""
    STOP_TRIGGERED = "STOP_TRIGGERED"
    """A trade has reached its stop price: it is a limit order from now on."""
    FILLED = "FILLED"
    """Shares of it were traded, all or a part."""
    AMENDED = "AMENDED"
    """The row, an amendment, has moved shares of the order that it names to itself."""
    CANCELED = "CANCELED"
    """The row, a cancel, has taken back shares of the order it names; of another row: its own rest does not wait."""
    EXPIRED = "EXPIRED"
    """Its session has ended, and with it what was left of it."""


class Traded(NamedTuple):
    """A print, whoever traded."""

    symbol: str
    trade: Trade


class BookChanged(NamedTuple):
    """What all can see of a book is another now, or an auction would end otherwise: once in a change, at its end."""

    symbol: str


class OrderChanged(NamedTuple):
    """A row of an account's order list has changed."""

    account: str
    what: What
    order: ExchangeOrder
    """The row right after it."""
    execution: Execution | None = None
    """The fill, of a row that was filled."""
    named: ExchangeOrder | None = None
    """The order that an amendment or a cancel names, right after it was carried out."""


class PhaseBegan(NamedTuple):
    """All venues begin another phase. What it does to orders and books follows."""

    phase: Phase
    time: dt.datetime


class HaltChanged(NamedTuple):
    """A symbol does not trade any more, or trades again."""

    symbol: str
    is_halted: bool


Happening = Traded | BookChanged | OrderChanged | PhaseBegan | HaltChanged
Listener = Callable[[Happening], None]


class Bulletin:
    """What has happened in a change, until those who listen are told. The exchange holds the lock.

    Whatever happens is noted only while somebody listens.
    """

    def __init__(self) -> None:
        self.is_heard = False
        self.moved: set[str] = set()
        """Symbols whose books have moved."""
        self._listeners: tuple[Listener, ...] = ()
        self._untold: deque[Happening] = deque()
        self._is_telling = False

    def add(self, listener: Listener) -> None:
        """Tell one more, from now on."""
        if not self._listeners:
            self.moved.clear()
        self._listeners += (listener,)
        self.is_heard = True

    def remove(self, listener: Listener) -> None:
        """Tell one less."""
        self._listeners = tuple(each for each in self._listeners if each is not listener)
        self.is_heard = bool(self._listeners)

    def note(self, happening: Happening) -> None:
        """Keep what has happened until the change is over; whoever notes asks `is_heard` first."""
        self._untold.append(happening)

    def tell(self) -> None:
        """Tell everybody what has happened, in order; what a listener does to the exchange comes behind it."""
        for symbol in sorted(self.moved):
            self._untold.append(BookChanged(symbol))
        self.moved.clear()
        if self._is_telling:
            return
        self._is_telling = True
        try:
            while self._untold:
                happening = self._untold.popleft()
                for listener in self._listeners:
                    _tell(listener, happening)
        finally:
            self._is_telling = False


def _tell(listener: Listener, happening: Happening) -> None:
    try:
        listener(happening)
    except Exception:  # the exchange goes on whoever listens
        logger.exception("A listener of the simulated exchange failed.", extra=about("listener_failed"))
