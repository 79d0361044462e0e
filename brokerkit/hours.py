"""When venues trade, for applications: the hours of a day, whether one is open, when it opens next.

from brokerkit import Venue, is_open, market_hours, next_open
"""

from __future__ import annotations

import datetime as dt

from brokerkit import clock
from brokerkit.arguments import check_day, check_venue
from brokerkit.errors import InvalidRequest
from brokerkit.market.markets import market_at
from brokerkit.market.rules import Rules
from brokerkit.market.sessions import Phase
from brokerkit.models import DaySource, MarketHours, Session
from brokerkit.words import Venue


def market_hours(date: dt.date | None = None, venue: Venue = Venue.KRX) -> MarketHours:
    """Return the sessions of a venue on a trading day of its market (default: today there), by the table of brokerkit.

    The days of US venues are New York's; one of them begins in the morning of Korea and ends on the next. Temporary
    holidays come with weeks of notice: `Broker.market_hours` asks the broker's calendar where it has one. Raises
    InvalidRequest outside the years that the table has.
    """
    venue = check_venue(venue)
    rules = _rules(venue)
    day = rules.day_of(clock.now()) if date is None else check_day(date)
    return MarketHours(
        date=day,
        venue=venue,
        sessions=_sessions(venue, day) if rules.is_trading_day(day) else (),
        source=DaySource.TABLE if day.year <= rules.last_confirmed_year else DaySource.EXPECTED,
        note=rules.doubt_of(venue, day),
    )


def corrected(hours: MarketHours, *, is_trading_day: bool) -> MarketHours:
    """Return the hours of a day as the broker's calendar has it; where ours differs, its word counts."""
    if is_trading_day is hours.is_trading_day:
        return hours.model_copy(update={"source": DaySource.BROKER})
    if not is_trading_day:
        note = "The table of brokerkit has a trading day here; the broker says that the market is closed."
        return hours.model_copy(update={"source": DaySource.BROKER, "sessions": (), "note": note})
    note = "The table of brokerkit has no trading day here; the broker says that it is one. The hours are the usual."
    usual = _sessions(hours.venue, hours.date)
    return hours.model_copy(update={"source": DaySource.BROKER, "sessions": usual, "note": note})


def is_open(venue: Venue = Venue.KRX, at: dt.datetime | None = None) -> bool:
    """Return whether a venue takes orders at an aware moment (default: now): it is in any phase but CLOSED.

    `market_hours(day, venue).phase_at(moment)` says in which. Raises InvalidRequest as `market_hours`.
    """
    moment, venue = _moment(at), check_venue(venue)
    return market_hours(_rules(venue).day_of(moment), venue).phase_at(moment) is not Phase.CLOSED


def next_open(venue: Venue = Venue.KRX, after: dt.datetime | None = None, *, phase: Phase | None = None) -> dt.datetime:
    """Return when a phase of a venue begins next, after an aware moment (default: now).

    Without more that is the regular one, of the daytime market its own. Raises InvalidRequest where it lies outside the
    years that the table has, or for a phase that the venue never has.
    """
    moment, venue = _moment(after), check_venue(venue)
    rules = _rules(venue)
    usual = [span.phase for span in rules.sessions_of(venue, rules.last_day)]
    wanted = phase or (Phase.REGULAR if Phase.REGULAR in usual else usual[0])
    if wanted not in usual:
        raise InvalidRequest(f"{venue} has no phase {wanted} that begins.")
    day = rules.day_of(moment)
    while True:
        for session in market_hours(day, venue).sessions:
            if session.phase is wanted and session.start > moment:
                return session.start
        day += dt.timedelta(days=1)


def _rules(venue: Venue) -> Rules:
    rules = market_at(venue).rules
    if rules is None:
        raise InvalidRequest(f"The hours of {venue} are not known.")
    return rules


def _sessions(venue: Venue, day: dt.date) -> tuple[Session, ...]:
    """Return the sessions that a venue has if a day is a trading day."""
    return tuple(
        Session(phase=span.phase, start=span.start, end=span.end) for span in _rules(venue).sessions_of(venue, day)
    )


def _moment(moment: object) -> dt.datetime:
    if moment is None:
        return clock.now()
    if not isinstance(moment, dt.datetime) or moment.tzinfo is None:
        raise InvalidRequest(f"A moment is a datetime with a time zone, not {moment!r}.")
    return moment.astimezone(clock.KST)
