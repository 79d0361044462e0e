"""What can be true of orders, days and hours of a market. Each market that has rules fills this in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from brokerkit.market.sessions import Offer, Phase, Span
from brokerkit.words import SecurityType, Venue


class Rounding(Protocol):
    """Returns the nearest price on the step that is not below (`up`) or not above the given one."""

    def __call__(self, price: Decimal, kind: SecurityType, *, up: bool) -> Decimal: ...


@dataclass(frozen=True)
class Rules:
    """What orders of a market have to keep to."""

    is_trading_day: Callable[[dt.date], bool]
    """InvalidRequest for a day that is not known yet."""
    first_day: dt.date
    last_day: dt.date
    """The trading days from the first to the last one are known."""
    last_confirmed_year: int
    """Later years are expected only."""
    day_of: Callable[[dt.datetime], dt.date]
    """To the trading of which date an aware moment belongs, be it a trading day or not."""
    sessions_of: Callable[[Venue, dt.date], Sequence[Span]]
    """The sessions that a venue has if a day is a trading day."""
    doubt_of: Callable[[Venue, dt.date], str]
    """What is not sure of the hours of a day; blank where nothing is."""
    phase_at: Callable[[Venue, dt.datetime], Phase]
    offers: Callable[[Venue, Phase], frozenset[Offer]]
    """Order types and times in force that a venue takes in a phase."""
    tick_size: Callable[[Decimal, SecurityType], Decimal]
    is_on_tick: Callable[[Decimal, SecurityType], bool]
    round_to_tick: Rounding
    highest_rise: Decimal
    """What a market order can cost at most, as a multiple of the base price, where no upper limit is told.

    Where the market has no limits of the day, what it is reckoned at: an estimate.
    """
    counted_minutes: Callable[[Venue, dt.date, bool], range]
    """The minutes since midnight in Korea of a day that count at a venue; whether those beside regular trading do, too,
    is said. Of another day than `day` they begin at 1440."""
    session_of_minute: Callable[[Venue, dt.date, int, bool], Phase | None]
    """In which session such a minute was traded; None where that is not sure."""
    corrected_after: dt.timedelta
    """How long after midnight in Korea at the end of a date brokers have corrected the bar of that day; not exact."""
    evenings_since: dt.date = dt.date.min
    """Since when there is trading after the close of a day."""
    has_limits: bool = True
    """Whether prices have limits of the day."""
    days_differ: int = 0
    """By how many days a broker's list may date an order otherwise than `day_of` does."""
