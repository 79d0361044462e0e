"""The US stock market as Korean brokers offer it: trading days, sessions, orders, price steps.

A trading day is a date in New York. The evening before belongs to it: the daytime market of Korean brokers, which opens
when the after-market closes, leads into the pre-market of the same day.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

from brokerkit.clock import KST
from brokerkit.errors import InvalidRequest
from brokerkit.market.rules import Rules
from brokerkit.market.sessions import Offer, Phase, Span
from brokerkit.words import OrderType, SecurityType, TimeInForce, Venue

NEW_YORK = ZoneInfo("America/New_York")

# Public holidays on weekdays, and days of mourning. 2027 is what the exchanges' rules imply.
_WEEKDAYS_WITHOUT_TRADING = {
    2024: "01-01 01-15 02-19 03-29 05-27 06-19 07-04 09-02 11-28 12-25",
    2025: "01-01 01-09 01-20 02-17 04-18 05-26 06-19 07-04 09-01 11-27 12-25",
    2026: "01-01 01-19 02-16 04-03 05-25 06-19 07-03 09-07 11-26 12-25",
    2027: "01-01 01-18 02-15 03-26 05-31 06-18 07-05 09-06 11-25 12-24",
}
_HALF_DAYS = {
    2024: "07-03 11-29 12-24",
    2025: "07-03 11-28 12-24",
    2026: "11-27 12-24",
    2027: "11-26",
}
LAST_CONFIRMED_YEAR = 2026
"""Later years are expected only."""


def _days(table: Mapping[int, str]) -> frozenset[dt.date]:
    return frozenset(dt.date.fromisoformat(f"{year}-{day}") for year, days in table.items() for day in days.split())


_CLOSED = _days(_WEEKDAYS_WITHOUT_TRADING)
HALF_DAYS = _days(_HALF_DAYS)
"""Days on which regular trading ends at 13:00."""
FIRST_KNOWN_DAY = dt.date(min(_WEEKDAYS_WITHOUT_TRADING), 1, 1)
LAST_KNOWN_DAY = dt.date(max(_WEEKDAYS_WITHOUT_TRADING), 12, 31)

_MINUTE = dt.timedelta(minutes=1)
_DAYTIME_OPENS = dt.time(10)
_DAYTIME_CLOSES = {False: dt.time(18), True: dt.time(16)}
"""In Korea. Of summer time KIS's own texts say 16:00, 17:00 and 18:00: the earliest one counts here."""
_UNTIL_MIDNIGHT = dt.timedelta(hours=4)
"""The after-market closes at 20:00 in New York; from then on it is the next trading day's evening before."""


def is_trading_day(day: dt.date) -> bool:
    """Return whether the exchanges trade on that day; InvalidRequest outside the years known."""
    if not FIRST_KNOWN_DAY <= day <= LAST_KNOWN_DAY:
        raise InvalidRequest(
            f"The trading days of {day.year} in the US are not known.",
            advice=f"Nothing was sent. Known are {FIRST_KNOWN_DAY.year} to {LAST_KNOWN_DAY.year}: ask for their days; "
            "a newer brokerkit may know later ones.",
        )
    return day.weekday() < 5 and day not in _CLOSED


def day_of(moment: dt.datetime) -> dt.date:
    """Return the date to whose trading a moment belongs, be it a trading day or not.

    10:00 to 10:00 in Korea, an hour earlier in summer, is one day: its date is Korea's of the first evening.
    """
    return (moment.astimezone(NEW_YORK).replace(tzinfo=None) + _UNTIL_MIDNIGHT).date()


def sessions_of(venue: Venue, day: dt.date) -> tuple[Span, ...]:
    """Return the sessions that a venue has if a day is a trading day, the earliest first."""
    if venue is Venue.DAYTIME:
        closes = _DAYTIME_CLOSES[is_summer(day)]
        return (
            Span(dt.datetime.combine(day, _DAYTIME_OPENS, KST), dt.datetime.combine(day, closes, KST), Phase.DAYTIME),
        )
    close = dt.time(13) if day in HALF_DAYS else dt.time(16)
    # When the after-market of a half day ends is not told alike: no earlier end is made up.
    times = (dt.time(4), dt.time(9, 30), close, dt.time(20))
    moments = [dt.datetime.combine(day, time, NEW_YORK).astimezone(KST) for time in times]
    phases = (Phase.PRE_MARKET, Phase.REGULAR, Phase.AFTER_MARKET)
    return tuple(map(Span, moments, moments[1:], phases))


def phase_at(venue: Venue, moment: dt.datetime) -> Phase:
    """Return what a venue does at an aware moment; InvalidRequest outside the years whose trading days are known."""
    day = day_of(moment)
    spans = sessions_of(venue, day) if is_trading_day(day) else ()
    return next((span.phase for span in spans if span.start <= moment < span.end), Phase.CLOSED)


@lru_cache(maxsize=4_000)
def counted_minutes(venue: Venue, day: dt.date, is_extended: bool) -> range:
    """Return the minutes since midnight in Korea that count at a venue on a day.

    Those of the regular session and the one in which it closes, with the last prints of the close; where they are
    `is_extended`, all from the pre-market to the end of the after-market. Those of the daytime market may go on until
    the pre-market, because its end is not told alike.
    """
    opened, regular, _ = sessions_of(Venue.US, day)
    midnight = dt.datetime.combine(day, dt.time.min, KST)
    if venue is Venue.DAYTIME:
        first, last = sessions_of(venue, day)[0].start, opened.start
    elif is_extended:
        first, last = opened.start, sessions_of(venue, day)[-1].end
    else:
        first, last = regular.start, regular.end + _MINUTE
    return range((first - midnight) // _MINUTE, (last - midnight) // _MINUTE)


@lru_cache(maxsize=100_000)
def session_of_minute(venue: Venue, day: dt.date, minute: int, is_extended: bool) -> Phase | None:
    """Return the session of such a minute; None where it is not sure.

    Whether what stands beside the regular session is of another one, where a broker tells regular trading alone, is not
    sure: it may be the close, which comes late.
    """
    moment = dt.datetime.combine(day, dt.time.min, KST) + minute * _MINUTE
    phase = next((span.phase for span in sessions_of(venue, day) if span.start <= moment < span.end), None)
    return phase if is_extended or venue is Venue.DAYTIME or phase is Phase.REGULAR else None


def doubt_of(venue: Venue, day: dt.date) -> str:
    """Return what is not sure of the hours of a trading day; blank where nothing is."""
    if not is_trading_day(day):
        return ""
    if venue is Venue.DAYTIME:
        words = "The broker's own hours count: by its texts it closes at 16:00, 17:00 or 18:00."
        return words if is_summer(day) else ""
    if day in HALF_DAYS:
        return "Half day: regular trading ends at 13:00 in New York; when the after-market ends is not told."
    return ""


def is_summer(day: dt.date) -> bool:
    """Return whether New York has summer time at the open of a day."""
    return bool(dt.datetime.combine(day, dt.time(9, 30), NEW_YORK).dst())


@cache
def settlement_day(trade_day: dt.date) -> dt.date:
    """Return the day in New York on which a trade is settled there (T+1); a Korean account sees it a day later."""
    day = trade_day + dt.timedelta(days=1)
    while not is_trading_day(day):
        day += dt.timedelta(days=1)
    return day


def _offer(types: Iterable[OrderType]) -> frozenset[Offer]:
    return frozenset((kind, TimeInForce.DAY) for kind in types)


_LIMIT = _offer([OrderType.LIMIT])
_ON_OPEN = _offer([OrderType.LIMIT_ON_OPEN, OrderType.MARKET_ON_OPEN])
_REGULAR = _offer(
    [
        *(OrderType.MARKET, OrderType.STOP, OrderType.STOP_LIMIT, OrderType.LIMIT_ON_CLOSE, OrderType.MARKET_ON_CLOSE),
        *(OrderType.TWAP, OrderType.TWAP_LIMIT, OrderType.VWAP, OrderType.VWAP_LIMIT),
    ]
)
# Outside the regular session only limit orders are told of. Those for the open can be meant before it alone, but the
# brokers list them among the types of the regular session: they are offered in both, and the broker judges.
_OFFERS: Mapping[Phase, frozenset[Offer]] = {
    Phase.PRE_MARKET: _LIMIT | _ON_OPEN,
    Phase.REGULAR: _LIMIT | _ON_OPEN | _REGULAR,
    Phase.AFTER_MARKET: _LIMIT,
}
_NOTHING: frozenset[Offer] = frozenset()


def offers(venue: Venue, phase: Phase) -> frozenset[Offer]:
    """Return the order types, each with its times in force, that the venue takes in a phase; empty if it is closed."""
    if venue is Venue.DAYTIME:
        return _LIMIT if phase is Phase.DAYTIME else _NOTHING
    return _OFFERS.get(phase, _NOTHING) if venue is Venue.US else _NOTHING


_HIGHEST = Decimal(10) ** 9
_ONE = Decimal(1)
_CENT = Decimal("0.01")
_BELOW_A_DOLLAR = Decimal("0.0001")


def tick_size(price: Decimal, kind: SecurityType = SecurityType.STOCK) -> Decimal:
    """Return the price step of an order at this price, in dollars: a cent, below one dollar a hundredth of it."""
    if not 0 < price < _HIGHEST:
        raise InvalidRequest(f"A price must be more than 0 and less than {_HIGHEST}, not {price}.")
    return _CENT if price >= _ONE else _BELOW_A_DOLLAR


def is_on_tick(price: Decimal, kind: SecurityType = SecurityType.STOCK) -> bool:
    """Return whether an order may carry this price, as far as the step goes."""
    return 0 < price < _HIGHEST and price % tick_size(price) == 0


def round_to_tick(price: Decimal, kind: SecurityType = SecurityType.STOCK, *, up: bool) -> Decimal:
    """Return the nearest price on the step that is not below (`up`) or not above the given one."""
    tick = tick_size(price)
    rounded = (price / tick).to_integral_value(rounding=ROUND_CEILING if up else ROUND_FLOOR) * tick
    if rounded <= 0:
        raise InvalidRequest(f"There is no price at or below {price}: the step is {tick} USD.")
    return rounded


RULES = Rules(
    is_trading_day=is_trading_day,
    first_day=FIRST_KNOWN_DAY,
    last_day=LAST_KNOWN_DAY,
    last_confirmed_year=LAST_CONFIRMED_YEAR,
    day_of=day_of,
    sessions_of=sessions_of,
    doubt_of=doubt_of,
    phase_at=phase_at,
    offers=offers,
    tick_size=tick_size,
    is_on_tick=is_on_tick,
    round_to_tick=round_to_tick,
    highest_rise=Decimal("1.3"),
    counted_minutes=counted_minutes,
    session_of_minute=session_of_minute,
    corrected_after=dt.timedelta(hours=14),
    has_limits=False,
    days_differ=1,
)
