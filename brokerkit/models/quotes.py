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
    """The symbol that was asked for (종목코드)."""
    venue: Venue
    """Where the price comes from; SOR: the combined market (거래소)."""
    currency: str | None
    """ISO 4217 (통화); None for an index."""
    price: Exact
    """The last price (현재가)."""
    name: str | None = None
    """As the broker writes it (종목명); None where it does not."""
    previous_close: Exact | None = None
    """Base price of the day (기준가): the last regular close, adjusted on ex-dates."""
    change: Exact | None = None
    """price - previous_close, signed (전일대비)."""
    change_percent: Exact | None = None
    """Signed, 1.23 = 1.23 % (등락률)."""
    open: Exact | None = None
    """First price of the day (시가); None before it."""
    high: Exact | None = None
    """Highest price of the day (고가)."""
    low: Exact | None = None
    """Lowest price of the day (저가)."""
    volume: Exact | None = None
    """Shares traded today (거래량); of an index those of all that is in it."""
    turnover: Exact | None = None
    """Value traded today, in currency units (거래대금)."""
    upper_limit: Exact | None = None
    """Highest price that the day allows (상한가); None where there is none, as in the US."""
    lower_limit: Exact | None = None
    """Lowest price that the day allows (하한가); None where there is none, as in the US."""
    time: Moment | None = None
    """The moment of the quote (시각); None where the broker tells none."""
    session: Phase | None = None
    """The session of which the price is (장구분); None where the clock and the answer do not prove it, as in the
    evening."""


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
    """The price, in the currency of the symbol's market (호가)."""
    quantity: Exact
    """Shares that wait there (잔량)."""


class BookLevel(Model):
    """A level of both sides of an order book, 1 the best; None where a side has no such level."""

    level: int
    """1 is the best one (호가단계)."""
    ask_quantity: Exact | None = None
    """Shares that wait to be sold (매도잔량)."""
    ask_price: Exact | None = None
    """Price of those who want to sell (매도호가)."""
    bid_price: Exact | None = None
    """Price of those who want to buy (매수호가)."""
    bid_quantity: Exact | None = None
    """Shares that wait to be bought (매수잔량)."""

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
    """The symbol that was asked for (종목코드)."""
    venue: Venue
    """Whose orders they are; SOR: the combined market (거래소)."""
    time: Moment | None = None
    """When the book was so (호가시간); None where the broker does not tell it."""
    asks: Table[Level]
    """Those who want to sell, the lowest price first (매도호가)."""
    bids: Table[Level]
    """Those who want to buy, the highest price first (매수호가)."""

    @property
    def levels(self) -> Table[BookLevel]:
        """Both sides beside each other, the best prices first: what data frames have."""
        pairs = enumerate(zip_longest(self.asks, self.bids), start=1)
        return Table(BookLevel, (BookLevel.of(level, ask, bid) for level, (ask, bid) in pairs))

    def _table(self) -> Table[Any]:
        return self.levels
