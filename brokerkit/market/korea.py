"""What is true of trading in Korean stocks, funds and ELW."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from brokerkit.market import days, minutes, sessions, ticks
from brokerkit.market.rules import Rules

RULES = Rules(
    is_trading_day=days.is_trading_day,
    first_day=days.FIRST_KNOWN_DAY,
    last_day=days.LAST_KNOWN_DAY,
    last_confirmed_year=days.LAST_CONFIRMED_YEAR,
    day_of=sessions.day_of,
    sessions_of=sessions.sessions_of,
    doubt_of=sessions.doubt_of,
    phase_at=sessions.phase_at,
    offers=sessions.offers,
    tick_size=ticks.tick_size,
    is_on_tick=ticks.is_on_tick,
    round_to_tick=ticks.round_to_tick,
    highest_rise=Decimal("1.3"),
    counted_minutes=minutes.counted_minutes,
    session_of_minute=minutes.session_of_minute,
    corrected_after=dt.timedelta(hours=8),
    evenings_since=sessions.NXT_SINCE,
)
