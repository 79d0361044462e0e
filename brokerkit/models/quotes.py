"""Prices and the orders that wait at them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import zip_longest
from types import MappingProxyType
from typing import Any, Self

from brokerkit.errors import BrokerError
from brokerkit.market.sessions import Phase
from brokerkit.models.base import Model
from brokerkit.models.table import Table
from brokerkit.values import Exact, Moment
from brokerkit.words import Venue


class Quote(Model):
    """Price of a symbol, in `currency` per share; of an index its value in points."""

    symbol: str
    venue: Venue
    currency: str | None
    """ISO 4217; None for an index."""
    price: Exact
    name: str | None = None
    previous_close: Exact | None = None
    """Base price of the day (기준가): the last regular close, adjusted on ex-dates."""
    change: Exact | None = None
    """price - previous_close, signed."""
    change_percent: Exact | None = None
    """Signed, 1.23 = 1.23 %."""
    open: Exact | None = None
    high: Exact | None = None
    low: Exact | None = None
    volume: Exact | None = None
    """Shares traded today; of an index those of all that is in it."""
    turnover: Exact | None = None
    """Value traded today, in currency units (won)."""
    upper_limit: Exact | None = None
    lower_limit: Exact | None = None
    time: Moment | None = None
    session: Phase | None = None
    """The session of which the price is; None where the clock and the answer do not prove it, as in the evening."""


class Quotes(Table[Quote]):
    """Quotes of several symbols, in the order in which they were asked for."""

    failed: Mapping[str, BrokerError]
    """The symbols that have no quote here, each with the reason."""

    def __new__(cls, quotes: Iterable[Quote] = (), failed: Mapping[str, BrokerError] = MappingProxyType({})) -> Self:
        made = super().__new__(cls, Quote, quotes)
        made.failed = MappingProxyType(dict(failed))
        return made

    def __eq__(self, other: object) -> bool:
        same = not isinstance(other, Quotes) or self.failed.keys() == other.failed.keys()
        return same and super().__eq__(other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return super().__hash__()

    def __reduce__(self) -> tuple[Any, ...]:
        return Quotes, (tuple(self), dict(self.failed))

    def __repr__(self) -> str:
        lines = [super().__repr__(), *(f"{symbol}: {error.message}" for symbol, error in self.failed.items())]
        return "\n".join(lines)


class Level(Model):
    """One price of an order book."""

    price: Exact
    quantity: Exact


class BookLevel(Model):
    """A level of both sides of an order book, 1 the best; None where a side has no such level."""

    level: int
    ask_quantity: Exact | None = None
    """Shares that wait to be sold."""
    ask_price: Exact | None = None
    bid_price: Exact | None = None
    bid_quantity: Exact | None = None
    """Shares that wait to be bought."""

    @classmethod
    def of(cls, level: int, ask: Level | None, bid: Level | None) -> Self:
        """Return a level of two sides."""
        return cls(
            level=level,
            ask_quantity=ask and ask.quantity,
            ask_price=ask and ask.price,
            bid_price=bid and bid.price,
            bid_quantity=bid and bid.quantity,
        )


class OrderBook(Model):
    """Waiting orders by price, best first; a level without quantity is left out."""

    symbol: str
    venue: Venue
    time: Moment | None = None
    asks: Table[Level]
    bids: Table[Level]

    @property
    def levels(self) -> Table[BookLevel]:
        """Both sides beside each other, the best prices first: what data frames have."""
        pairs = enumerate(zip_longest(self.asks, self.bids), start=1)
        return Table(BookLevel, (BookLevel.of(level, ask, bid) for level, (ask, bid) in pairs))

    def _table(self) -> Table[Any]:
        return self.levels
