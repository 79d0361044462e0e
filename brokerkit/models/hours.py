"""When a venue trades on a day."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

from brokerkit.errors import InvalidRequest
from brokerkit.market.markets import market_at
from brokerkit.market.sessions import Phase
from brokerkit.models.base import Model
from brokerkit.models.table import Table
from brokerkit.values import Date, Moment
from brokerkit.words import Venue


class DaySource(StrEnum):
    """Who says that a day is a trading day, or none."""

    TABLE = "TABLE"
    """The table of brokerkit, for a year whose holidays the exchange has confirmed."""
    EXPECTED = "EXPECTED"
    """The table of brokerkit, for a year that the exchange has not confirmed yet: what the law implies."""
    BROKER = "BROKER"
    """The broker's own calendar call."""


class Session(Model):
    """A time in which a venue does one thing."""

    phase: Phase
    """What it does: `REGULAR` is continuous trading of the day (정규장)."""
    start: Moment
    """From this moment on, in Korean time (시작)."""
    end: Moment
    """Until before this moment (종료). Auctions end up to 30 seconds later, by chance."""


class MarketHours(Model):
    """The sessions of a venue on a day (장운영시간)."""

    date: Date
    """The trading day (일자): in Korea, of US venues in New York."""
    venue: Venue
    """Whose sessions (거래소); SOR has the better of both venues at any time."""
    sessions: Table[Session]
    """Oldest first, empty on a day without trading (휴장일). Times between two of them are closed."""
    source: DaySource
    """Who says whether the day is a trading day."""
    note: str = ""
    """What is not sure of this day, or in what the broker's calendar and ours differ; blank on a plain day."""

    @property
    def is_trading_day(self) -> bool:
        """Whether the venue trades on that day."""
        return bool(self.sessions)

    @property
    def regular(self) -> Session | None:
        """The regular session, of NXT the main market; None on a day without one."""
        return next((session for session in self.sessions if session.phase is Phase.REGULAR), None)

    def phase_at(self, moment: dt.datetime) -> Phase:
        """Return what the venue does at an aware moment of that day; InvalidRequest for a moment of another one."""
        market = market_at(self.venue)
        if moment.tzinfo is None or market.day_of(moment) != self.date:
            raise InvalidRequest(f"{moment} is no moment with a time zone of {self.date} in {market.time_zone}.")
        found = (session.phase for session in self.sessions if session.start <= moment < session.end)
        return next(found, Phase.CLOSED)
