"""The markets that there are, and what is true of each, whoever the broker is.

Korea and the US have rules by now. Of the others only name, currency and time zone are known here, so that a symbol of
theirs is told apart from a mistake.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache, lru_cache

from brokerkit import clock, symbols
from brokerkit.errors import InvalidRequest
from brokerkit.market import korea, sessions, us
from brokerkit.market.indices import INDICES
from brokerkit.market.rules import Rules
from brokerkit.symbols import HOME, Grammar
from brokerkit.words import Segment, Venue


@dataclass(frozen=True)
class Market:
    """A numbering space of symbols and what is true there."""

    name: str
    """The prefix of its symbols; "KR", Korean stocks, have none."""
    title: str
    currency: str | None
    """ISO 4217; None where every instrument has its own, and for indices, which count points."""
    smallest_amount: Decimal = field(default=Decimal(1), kw_only=True)
    """Of its currency: the won, the cent."""
    time_zone: str
    """IANA name; an order's day is the trading day there."""
    venues: tuple[Venue, ...] = ()
    default_venue: Venue | None = None
    """Where an order goes, or a quote comes from, if nothing is said."""
    segments: tuple[Segment, ...] = ()
    """Where its symbols are listed; none where that is one place."""
    rules: Rules | None = None
    """None: not known yet, so nothing can be ordered there."""
    grammar: Grammar | None = None
    """How its codes are written; needed for a market that the core does not know."""
    is_held: bool = True
    """Whether an account can hold and trade what is there; indices can only be looked at."""
    names: Mapping[str, str] = field(default_factory=dict, compare=False)
    """What its symbols are called, where that does not depend on the broker."""

    def today(self) -> dt.date:
        """Return the date to whose trading this moment belongs there; in Korea where that is not known."""
        return clock.today() if self.rules is None else self.rules.day_of(clock.now())

    def day_of(self, moment: dt.datetime) -> dt.date:
        """Return the date to whose trading an aware moment belongs there; in Korea where that is not known."""
        return sessions.day_of(moment) if self.rules is None else self.rules.day_of(moment)

    @property
    def days_differ(self) -> int:
        """By how many days a broker's list may date an order otherwise."""
        return 0 if self.rules is None else self.rules.days_differ

    @property
    def how_to_search(self) -> str:
        """What to do about a symbol that is not listed."""
        if self.name == HOME:
            return "Look for the name with search()."
        return f"Look for the name with search(..., market='{self.name}')."

    @property
    def calendar(self) -> Rules:
        """The rules of its days and hours: Korea's where it has none of its own, as the indices."""
        return self.rules or KOREA.calendar

    def begin_of(self, day: dt.date) -> dt.datetime:
        """Return the first moment of a trading day there, in Korean time: of the US it is one of the morning."""
        return _begin_of(self.calendar.day_of, day)

    def moments_of(self, day: dt.date) -> Callable[[dt.time], dt.datetime]:
        """Return what makes a moment of a Korean time of day on a trading day there, which may end past midnight."""
        begins, next_day = self.begin_of(day).time(), day + dt.timedelta(days=1)
        return lambda time: dt.datetime.combine(day if time >= begins else next_day, time, clock.KST)

    def trading_days(self) -> Sequence[dt.date]:
        """Return all trading days that are known, ascending."""
        rules = self.calendar
        return _trading_days(rules.is_trading_day, rules.first_day, rules.last_day)


@lru_cache(maxsize=4_000)
def _begin_of(day_of: Callable[[dt.datetime], dt.date], day: dt.date) -> dt.datetime:
    hours = (dt.datetime.combine(day, dt.time(hour), clock.KST) for hour in range(24))
    return next(moment for moment in hours if day_of(moment) == day)


@cache
def _trading_days(is_trading_day: Callable[[dt.date], bool], first: dt.date, last: dt.date) -> tuple[dt.date, ...]:
    every = (first + dt.timedelta(days=number) for number in range((last - first).days + 1))
    return tuple(filter(is_trading_day, every))


KOREA = Market(
    HOME,
    "Korean stocks, funds and ELW",
    "KRW",
    "Asia/Seoul",
    venues=(Venue.KRX, Venue.NXT, Venue.SOR),
    default_venue=Venue.KRX,
    segments=(Segment.KOSPI, Segment.KOSDAQ, Segment.KONEX),
    rules=korea.RULES,
)
US = Market(
    "US",
    "US stocks and funds",
    "USD",
    "America/New_York",
    smallest_amount=Decimal("0.01"),
    venues=(Venue.US, Venue.DAYTIME),
    default_venue=Venue.US,
    segments=(Segment.NASDAQ, Segment.NYSE, Segment.AMEX),
    rules=us.RULES,
)
_MARKETS = {
    market.name: market
    for market in (
        KOREA,
        US,
        Market("HK", "Hong Kong stocks", "HKD", "Asia/Hong_Kong"),
        Market("JP", "Japanese stocks", "JPY", "Asia/Tokyo"),
        Market("VN", "Vietnamese stocks", "VND", "Asia/Ho_Chi_Minh"),
        Market("SH", "Shanghai stocks", "CNY", "Asia/Shanghai"),
        Market("SZ", "Shenzhen stocks", "CNY", "Asia/Shanghai"),
        Market("KRXD", "KRX futures and options", "KRW", "Asia/Seoul"),
        Market("CME", "futures and options of CME Group", None, "America/Chicago"),
        Market("EUREX", "futures and options of Eurex", None, "Europe/Berlin"),
        Market("HKEX", "futures and options of HKEX", None, "Asia/Hong_Kong"),
        Market("GOLD", "KRX gold", "KRW", "Asia/Seoul"),
        Market("BOND", "Korean bonds", "KRW", "Asia/Seoul"),
        Market(
            "INDEX",
            "Korean indices",
            None,
            "Asia/Seoul",
            venues=(Venue.KRX,),
            default_venue=Venue.KRX,
            is_held=False,
            names=INDICES,
        ),
    )
}


def register(markets: Iterable[Market]) -> None:
    """Add the markets of an adapter that the core does not know; those that it knows stay as they are."""
    for market in markets:
        if market.name not in _MARKETS:
            if market.grammar is None:
                raise ValueError(f"The market {market.name} needs a grammar: how are its codes written?")
            symbols.register(market.name, market.grammar)
            _MARKETS[market.name] = market


def market_named(name: object) -> Market:
    """Return a market by its name; InvalidRequest with the ones there are."""
    found = _MARKETS.get(name) if isinstance(name, str) else None
    if found is None:
        raise InvalidRequest(f"{name!r} is no market. There are {', '.join(market_names())}.")
    return found


def market_names() -> list[str]:
    """Return the names of the markets there are."""
    return sorted(_MARKETS)


def market_with(segment: Segment) -> Market:
    """Return the market that a segment is a part of."""
    return next(market for market in _MARKETS.values() if segment in market.segments)


@cache
def market_at(venue: Venue) -> Market:
    """Return the market that trades at a venue."""
    return next(market for market in _MARKETS.values() if venue in market.venues)


def market_of(symbol: object) -> Market:
    """Return the market of a symbol; InvalidRequest for what is none."""
    return market_named(symbols.parse(symbol).market)
