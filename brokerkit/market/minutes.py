"""Which minutes of a day belong to regular trading, and of which session a minute is."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache

from brokerkit.errors import InvalidRequest
from brokerkit.market.sessions import KRX_AFTER_MARKET_SINCE, Hours, Phase, hours_of
from brokerkit.words import Venue

LATE = 10
"""Minutes after the closing auction in which a close that came late still counts: seen five minutes late."""
_LAST = dt.timedelta(seconds=59)
_SESSIONS = frozenset({Phase.PRE_MARKET, Phase.REGULAR, Phase.AFTER_MARKET})


@lru_cache(maxsize=4_000)
def regular_minutes(venue: Venue, day: dt.date) -> range:
    """Return the minutes since midnight that count for a venue on a day: at KRX those from the open to the close.

    NXT and the combined market have hours of their own: all minutes count there, to the last prints at 20:00.
    """
    if venue is not Venue.KRX:
        return range(8 * 60, 20 * 60 + 1)
    hours = _hours(venue, day)
    times = [(since.hour * 60 + since.minute, phase) for since, phase in hours]
    opened = next(since for since, phase in times if phase is Phase.REGULAR)
    auction = next(place for place, (_, phase) in enumerate(times) if phase is Phase.CLOSING_AUCTION)
    return range(opened, times[auction + 1][0] + LATE)


def counted_minutes(venue: Venue, day: dt.date, is_extended: bool) -> range:
    """Return the same: which minutes a venue of Korea has does not depend on the broker."""
    return regular_minutes(venue, day)


@lru_cache(maxsize=100_000)
def session_of_minute(venue: Venue, day: dt.date, minute: int, is_extended: bool = True) -> Phase | None:
    """Return the session in which a minute of a day was traded; None where two venues differ, or nobody can say."""
    if venue is Venue.KRX:
        return Phase.REGULAR if minute in regular_minutes(venue, day) else None
    moment = (dt.datetime.combine(day, dt.time(minute // 60, minute % 60)) + _LAST).time()
    venues = (Venue.NXT,) if venue is Venue.NXT else (Venue.KRX, Venue.NXT)
    phases = {_phase(_hours(each, day), moment) for each in venues} - {Phase.CLOSED}
    return phases.pop() if len(phases) == 1 and phases <= _SESSIONS else None


def _phase(hours: Hours, time: dt.time) -> Phase:
    return next((phase for since, phase in reversed(hours) if time >= since), Phase.CLOSED)


def _hours(venue: Venue, day: dt.date) -> Hours:
    try:
        return hours_of(venue, day)
    except InvalidRequest:  # years that are not known have no days of other hours here
        return hours_of(venue, KRX_AFTER_MARKET_SINCE)
