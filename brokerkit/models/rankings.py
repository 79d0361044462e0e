"""Symbols in the order of a figure, and those that meet a saved condition."""

from __future__ import annotations

from brokerkit.models.base import Model
from brokerkit.values import Date, Exact
from brokerkit.words import Venue


class Rank(Model):
    """A place in a ranking (순위). What the broker does not tell in that ranking is None."""

    rank: int
    """1 is the first (순위). Ties are in the order of their symbols, but where the broker rounds what it ranks by."""
    symbol: str
    """Which it is (종목코드)."""
    name: str | None = None
    """As the broker writes it (종목명)."""
    date: Date | None = None
    """The trading day that it is of (일자); None where that cannot be known, such as before the market opens."""
    venue: Venue | None = None
    """Where price and volume are from (거래소); None in a ranking of investors."""
    price: Exact | None = None
    """Last price, in the currency of the market (현재가)."""
    change: Exact | None = None
    """Since the base price of the day, signed (전일대비)."""
    change_percent: Exact | None = None
    """Signed, 1.23 = 1.23 % (등락률)."""
    volume: Exact | None = None
    """Shares traded on the day (거래량)."""
    turnover: Exact | None = None
    """Value traded on the day, in currency units (거래대금)."""
    market_value: Exact | None = None
    """All listed shares at that price, in currency units (시가총액)."""
    net_quantity: Exact | None = None
    """Shares that the investor bought, less those it sold (순매수수량)."""
    net_amount: Exact | None = None
    """The same in currency units (순매수금액)."""
    final: bool
    """False on the day itself, and of what is estimated: the figures may still change."""
    computed: bool = False
    """Whether the broker has no such ranking, so that it was made of its list of instruments and its prices."""


class Condition(Model):
    """A search that is saved at the broker (조건검색)."""

    id: str
    """What the broker calls it by (조건번호); it may be another one after an edit."""
    name: str
    """What you called it (조건명)."""
    group: str | None = None
    """The group in which you saved it (그룹명); None where the broker has no groups."""


class Match(Model):
    """A symbol that meets a saved condition now. What the broker does not tell is None."""

    symbol: str
    """Which it is (종목코드)."""
    name: str | None = None
    """As the broker writes it (종목명)."""
    price: Exact | None = None
    """Last price, in the currency of the market (현재가)."""
    previous_close: Exact | None = None
    """Base price of the day (기준가)."""
    change: Exact | None = None
    """price - previous_close, signed (전일대비)."""
    change_percent: Exact | None = None
    """Signed, 1.23 = 1.23 % (등락률)."""
    open: Exact | None = None
    """First price of the day (시가)."""
    high: Exact | None = None
    """Highest price of the day (고가)."""
    low: Exact | None = None
    """Lowest price of the day (저가)."""
    volume: Exact | None = None
    """Shares traded on the day (거래량)."""
    market_value: Exact | None = None
    """All listed shares at that price, in currency units (시가총액)."""
    upper_limit: Exact | None = None
    """Highest price that the day allows (상한가)."""
    lower_limit: Exact | None = None
    """Lowest price that the day allows (하한가)."""
