"""Symbols in the order of a figure, and those that meet a saved condition."""

from __future__ import annotations

from brokerkit.models.base import Model
from brokerkit.values import Date, Exact
from brokerkit.words import Venue


class Rank(Model):
    """A place in a ranking (순위). What the broker does not tell in that ranking is None."""

    rank: int
    """1 is the first. Ties are in the order of their symbols, but where the broker rounds what it ranks by."""
    symbol: str
    name: str | None = None
    date: Date | None = None
    """The trading day that it is of; None where that cannot be known, such as before the market opens."""
    venue: Venue | None = None
    """Where price and volume are from; None in a ranking of investors."""
    price: Exact | None = None
    change: Exact | None = None
    """Since the base price of the day, signed."""
    change_percent: Exact | None = None
    """Signed, 1.23 = 1.23 %."""
    volume: Exact | None = None
    """Shares traded on the day."""
    turnover: Exact | None = None
    """Value traded on the day, in currency units (won)."""
    market_value: Exact | None = None
    """All listed shares at that price, in currency units."""
    net_quantity: Exact | None = None
    """Shares that the investor bought, less those it sold."""
    net_amount: Exact | None = None
    """The same in currency units."""
    final: bool
    """False on the day itself, and of what is estimated: the figures may still change."""
    computed: bool = False
    """Whether the broker has no such ranking, so that it was made of its list of instruments and its prices."""


class Condition(Model):
    """A search that is saved at the broker (조건검색)."""

    id: str
    """What the broker calls it by; it may be another one after an edit."""
    name: str
    group: str | None = None


class Match(Model):
    """A symbol that meets a saved condition now. What the broker does not tell is None."""

    symbol: str
    name: str | None = None
    price: Exact | None = None
    previous_close: Exact | None = None
    """Base price of the day (기준가)."""
    change: Exact | None = None
    """price - previous_close, signed."""
    change_percent: Exact | None = None
    """Signed, 1.23 = 1.23 %."""
    open: Exact | None = None
    high: Exact | None = None
    low: Exact | None = None
    volume: Exact | None = None
    """Shares traded on the day."""
    market_value: Exact | None = None
    """All listed shares at that price, in currency units."""
    upper_limit: Exact | None = None
    lower_limit: Exact | None = None
