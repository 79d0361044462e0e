"""When the Korean venues trade, for applications: the hours of a day, whether it is open, when it opens next.

from brokerkit import Venue, is_open, market_hours, next_open
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from itertools import pairwise

from brokerkit import clock
from brokerkit.arguments import check_day, check_venue
from brokerkit.errors import InvalidRequest
from brokerkit.market import days, sessions
from brokerkit.market.sessions import CLOSED_HOURS, Hours, Phase
from brokerkit.models import DaySource, MarketHours, Session
from brokerkit.words import Venue


def market_hours(date: dt.date | None = None, venue: Venue = Venue.KRX) -> MarketHours:
    """Return the sessions of a venue on a day (default: today in Korea), by the table of brokerkit.

    Temporary holidays come with weeks of notice: `Broker.market_hours` asks the broker's calendar where it has one.
    Raises InvalidRequest outside the years that the table has.
    """
    day, venue = clock.today() if date is None else check_day(date), check_venue(venue)
    source = DaySource.TABLE if day.year <= days.LAST_CONFIRMED_YEAR else DaySource.EXPECTED
    hours = sessions.hours_of(venue, day) if days.is_trading_day(day) else CLOSED_HOURS
    return MarketHours(
        date=day, venue=venue, sessions=tuple(_sessions(day, hours)), source=source, note=sessions.doubt_of(venue, day)
    )


def corrected(hours: MarketHours, *, is_trading_day: bool) -> MarketHours:
    """Return the hours of a day as the broker's calendar has it; where ours differs, its word counts."""
    if is_trading_day is hours.is_trading_day:
        return hours.model_copy(update={"source": DaySource.BROKER})
    if not is_trading_day:
        note = "The table of brokerkit has a trading day here; the broker says that the market is closed."
        return hours.model_copy(update={"source": DaySource.BROKER, "sessions": (), "note": note})
    note = "The table of brokerkit has no trading day here; the broker says that it is one. The hours are the usual."
    usual = tuple(_sessions(hours.date, sessions.hours_of(hours.venue, hours.date)))
    return hours.model_copy(update={"source": DaySource.BROKER, "sessions": usual, "note": note})


def is_open(venue: Venue = Venue.KRX, at: dt.datetime | None = None) -> bool:
    """Return whether a venue takes orders at an aware moment (default: now): it is in any phase but CLOSED.

    `market_hours(day).phase_at(moment)` says in which. Raises InvalidRequest as `market_hours`.
    """
    moment, venue = _moment(at), check_venue(venue)
    return market_hours(moment.date(), venue).phase_at(moment) is not Phase.CLOSED


def next_open(
    venue: Venue = Venue.KRX, after: dt.datetime | None = None, *, phase: Phase = Phase.REGULAR
) -> dt.datetime:
    """Return when a phase of a venue begins next, after an aware moment (default: now): without more, the regular one.

    Raises InvalidRequest where that lies outside the years that the table has, or for a phase that the venue never has.
    """
    moment, venue = _moment(after), check_venue(venue)
    if phase is Phase.CLOSED or phase not in sessions.phases_of(venue):
        raise InvalidRequest(f"{venue} has no phase {phase} that begins.")
    day = moment.date()
    while True:
        for session in market_hours(day, venue).sessions:
            if session.phase is phase and session.start > moment:
                return session.start
        day += dt.timedelta(days=1)


def _sessions(day: dt.date, hours: Hours) -> Iterator[Session]:
    """Yield the sessions of a day; the last phase of a day is CLOSED."""
    for (start, phase), (end, _) in pairwise(hours):
        if phase is not Phase.CLOSED:
            yield Session(phase=phase, start=_at(day, start), end=_at(day, end))


def _at(day: dt.date, time: dt.time) -> dt.datetime:
    return dt.datetime.combine(day, time, clock.KST)


def _moment(moment: object) -> dt.datetime:
    if moment is None:
        return clock.now()
    if not isinstance(moment, dt.datetime) or moment.tzinfo is None:
        raise InvalidRequest(f"A moment is a datetime with a time zone, not {moment!r}.")
    return moment.astimezone(clock.KST)
