"""Prices and the orders that wait at them."""

from __future__ import annotations

from brokerkit.models.base import Model
from brokerkit.values import Exact, Moment
from brokerkit.words import Venue


class Quote(Model):
    """Price of a symbol, in `currency` per share."""

    symbol: str
    venue: Venue
    currency: str
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
    """Shares traded today."""
    turnover: Exact | None = None
    """Value traded today, in currency units (won)."""
    upper_limit: Exact | None = None
    lower_limit: Exact | None = None
    time: Moment | None = None


class Level(Model):
    """One price of an order book."""

    price: Exact
    quantity: Exact


class OrderBook(Model):
    """Waiting orders by price, best first; a level without quantity is left out."""

    symbol: str
    venue: Venue
    time: Moment | None = None
    asks: tuple[Level, ...]
    bids: tuple[Level, ...]
