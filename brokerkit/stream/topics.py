"""What can be listened to: kinds of events, and the topics that a stream follows."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from brokerkit.market.markets import market_at, market_named
from brokerkit.symbols import HOME, parse
from brokerkit.words import Venue


class StreamKind(StrEnum):
    """What a stream tells."""

    __hash__ = str.__hash__  # an enum's own is written in Python, and events are sorted by this

    TRADES = "TRADES"
    """Trades as they happen (실시간 체결)."""
    ORDER_BOOK = "ORDER_BOOK"
    """The order book whenever it changes (실시간 호가)."""
    QUOTES = "QUOTES"
    """The price with the day's figures, at every trade (현재가)."""
    INDEX = "INDEX"
    """The same of an index (실시간 지수)."""
    ORDERS = "ORDERS"
    """What becomes of the account's own orders (주문체결통보)."""
    SESSION = "SESSION"
    """Phases of a venue, halts and volatility interruptions (장운영정보)."""
    CONDITION = "CONDITION"
    """Symbols that begin or cease to meet a saved condition (조건검색 실시간)."""
    RAW = "RAW"
    """A channel of the broker by its own name, as it is sent."""


class Topic(NamedTuple):
    """One thing that a stream follows."""

    kind: StreamKind
    """What is told of it."""
    symbol: str = ""
    """Of trades, books, quotes and indices; the id of a condition; blank where the topic has none.

    Of own orders the market that they stand in, blank for Korean stocks. Of a raw topic the key as the broker spells
    it, blank where there is none, or where it tells who somebody is.
    """
    venue: Venue | None = None
    """None where the topic has none: own orders, conditions and raw topics."""
    channel: str = ""
    """Of a raw topic the id of what the broker sends, as its environment has it."""

    @property
    def market(self) -> str:
        """The market that it is about; InvalidRequest for what is no symbol."""
        if self.kind is StreamKind.ORDERS:
            return self.symbol or HOME
        has_symbol = self.kind not in (StreamKind.CONDITION, StreamKind.RAW) and self.symbol
        return parse(self.symbol).market if has_symbol else market_at(self.venue).name if self.venue else HOME

    @property
    def place(self) -> Venue:
        """The venue by whose hours it is judged: its own, else the one where its market's orders go."""
        return self.venue or market_named(self.market).default_venue or Venue.KRX

    def __str__(self) -> str:
        return " ".join(str(part) for part in self if part)


def orders_in(market: str) -> Topic:
    """Return the topic of own orders in a market."""
    return Topic(StreamKind.ORDERS, "" if market == HOME else market)
