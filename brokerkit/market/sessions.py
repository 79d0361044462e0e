"""When the Korean venues trade, and which orders each takes then.

Hours are dated data: they change by notice, on some days they are moved, and KRX and NXT have each their own. The
tables say what an order may do at the venue itself; a broker can take orders earlier and queue them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from brokerkit.clock import KST
from brokerkit.market.days import FIRST_KNOWN_DAY, is_trading_day, next_trading_day
from brokerkit.words import OrderType, TimeInForce, Venue


class Phase(StrEnum):
    """What a venue is doing."""

    CLOSED = "CLOSED"
    """Nothing trades (휴장, 장 종료)."""
    PRE_MARKET = "PRE_MARKET"
    """Continuous trading before the regular session (프리마켓): at NXT, and in the US."""
    PRE_OPEN_CLOSING_PRICE = "PRE_OPEN_CLOSING_PRICE"
    """KRX trades at yesterday's close (장전 시간외종가), and already takes orders for the opening auction."""
    OPENING_AUCTION = "OPENING_AUCTION"
    """Orders wait for one opening price (시가 동시호가)."""
    REGULAR = "REGULAR"
    """Continuous trading (정규장, 메인마켓)."""
    CLOSING_AUCTION = "CLOSING_AUCTION"
    """Orders wait for one closing price (종가 동시호가)."""
    AFTER_CLOSE_CLOSING_PRICE = "AFTER_CLOSE_CLOSING_PRICE"
    """KRX trades at today's close (장후 시간외종가)."""
    AFTER_MARKET = "AFTER_MARKET"
    """Continuous trading until the evening (애프터마켓); at KRX since 2026-09-14."""
    DAYTIME = "DAYTIME"
    """The daytime market of US shares trades (주간거래)."""


class Span(NamedTuple):
    """A stretch of time in which a venue does one thing: from `start` until before `end`, both in Korean time."""

    start: dt.datetime
    end: dt.datetime
    phase: Phase


Offer = tuple[OrderType, TimeInForce]
Hours = Sequence[tuple[dt.time, Phase]]
"""From when on the venue is in which phase, ascending; before the first it is closed."""
CLOSED_HOURS: Hours = ()

CONTINUOUS = frozenset({Phase.PRE_MARKET, Phase.REGULAR, Phase.AFTER_MARKET, Phase.DAYTIME})
"""Phases in which orders meet as they come."""
AUCTIONS = frozenset({Phase.PRE_OPEN_CLOSING_PRICE, Phase.OPENING_AUCTION, Phase.CLOSING_AUCTION})
"""Phases in which orders wait for one price."""

KRX_AFTER_MARKET_SINCE = dt.date(2026, 9, 14)
NXT_SINCE = dt.date(2025, 3, 4)
CSAT_DAYS = frozenset(
    {
        dt.date(2024, 11, 14),
        dt.date(2025, 11, 13),
        dt.date(2026, 11, 19),
        dt.date(2027, 11, 18),  # expected; one source
    }
)
"""Days of the national entrance examination (수능), on which trading begins and ends an hour later."""


def _hours(text: str) -> Hours:
    """Read `08:30 OPENING_AUCTION 09:00 REGULAR ...`."""
    words = text.split()
    return tuple((dt.time.fromisoformat(words[at]), Phase(words[at + 1])) for at in range(0, len(words), 2))


_KRX_DAY = _hours(
    """08:30 PRE_OPEN_CLOSING_PRICE 08:40 OPENING_AUCTION 09:00 REGULAR 15:20 CLOSING_AUCTION
       15:30 AFTER_CLOSE_CLOSING_PRICE 16:00 AFTER_MARKET 20:00 CLOSED"""
)
# The auction from 09:00 is told by one source only. Whether there is a closing price session before it is not told:
# none is offered.
_KRX_FIRST_DAY = _hours(
    """09:00 OPENING_AUCTION 10:00 REGULAR 15:20 CLOSING_AUCTION
       15:30 AFTER_CLOSE_CLOSING_PRICE 16:00 AFTER_MARKET 20:00 CLOSED"""
)
# Only the hours of trading are told: that closing-price orders are taken ten minutes before, as on other days, is not.
_KRX_CSAT_DAY = _hours(
    """09:30 PRE_OPEN_CLOSING_PRICE 09:40 OPENING_AUCTION 10:00 REGULAR 16:20 CLOSING_AUCTION 16:30 CLOSED
       16:40 AFTER_CLOSE_CLOSING_PRICE 17:00 AFTER_MARKET 20:00 CLOSED"""
)
_NXT_DAY = _hours("""08:00 PRE_MARKET 08:50 CLOSED 09:00:30 REGULAR 15:20 CLOSED 15:30 AFTER_MARKET 20:00 CLOSED""")
# Nothing sure is told of NXT on this day: no pre-market, and the main market begins half a minute after KRX as ever.
_NXT_FIRST_DAY = _hours("10:00:30 REGULAR 15:20 CLOSED 15:30 AFTER_MARKET 20:00 CLOSED")
_NXT_CSAT_DAY = _hours("10:00 REGULAR 16:20 CLOSED 16:30 AFTER_MARKET 20:00 CLOSED")

_BETTER = (
    Phase.REGULAR,
    Phase.AFTER_MARKET,
    Phase.PRE_MARKET,
    Phase.OPENING_AUCTION,
    Phase.CLOSING_AUCTION,
    Phase.PRE_OPEN_CLOSING_PRICE,
    Phase.AFTER_CLOSE_CLOSING_PRICE,
    Phase.CLOSED,
)
"""For smart routing, the best first: a venue where orders meet at once before one where they wait."""


def phase_at(venue: Venue, moment: dt.datetime) -> Phase:
    """Return what the venue does at an aware moment; InvalidRequest outside the years whose trading days are known.

    SOR has the better of both venues. In the first ten minutes of its after-market NXT gathers orders for one price.
    """
    local = moment.astimezone(KST)
    return _phase(hours_of(venue, local.date()), local.time()) if is_trading_day(local.date()) else Phase.CLOSED


def hours_of(venue: Venue, day: dt.date) -> Hours:
    """Return the hours of a venue on a trading day, in order; the last phase of a day is CLOSED."""
    if venue is Venue.SOR:
        both = [hours_of(each, day) for each in (Venue.KRX, Venue.NXT)]
        times = sorted({since for hours in both for since, _ in hours})
        return _joined((time, min((_phase(hours, time) for hours in both), key=_BETTER.index)) for time in times)
    if venue is Venue.NXT:
        return _hours_of_nxt(day)
    hours = _KRX_CSAT_DAY if day in CSAT_DAYS else _KRX_FIRST_DAY if _is_first(day) else _KRX_DAY
    if day >= KRX_AFTER_MARKET_SINCE:
        return hours
    # Then there was the single price of every ten minutes, which nobody can order any more.
    return _joined((since, Phase.CLOSED if phase is Phase.AFTER_MARKET else phase) for since, phase in hours)


def sessions_of(venue: Venue, day: dt.date) -> tuple[Span, ...]:
    """Return the sessions that a venue has if a day is a trading day, the earliest first."""
    hours = [(dt.datetime.combine(day, since, KST), phase) for since, phase in hours_of(venue, day)]
    return tuple(Span(start, end, phase) for (start, phase), (end, _) in pairwise(hours) if phase is not Phase.CLOSED)


def day_of(moment: dt.datetime) -> dt.date:
    """Return the date in Korea of a moment."""
    return moment.astimezone(KST).date()


def doubt_of(venue: Venue, day: dt.date) -> str:
    """Return what is not sure of the hours of a trading day; blank where nothing is."""
    if not is_trading_day(day):
        return ""
    if day in CSAT_DAYS:
        return "Day of the entrance examination (수능): hours an hour later; closing-price orders as far as told."
    if _is_first(day):
        unsure = (
            "NXT's hours are not told" if venue is not Venue.KRX else "the auction from 09:00 is told by one source"
        )
        return f"First trading day of the year: the market opens at 10:00; {unsure}."
    return ""


def phases_of(venue: Venue) -> frozenset[Phase]:
    """Return the phases that a venue has on a usual day of now."""
    return frozenset(phase for _, phase in hours_of(venue, KRX_AFTER_MARKET_SINCE))


def _phase(hours: Hours, clock: dt.time) -> Phase:
    return next((phase for since, phase in reversed(hours) if clock >= since), Phase.CLOSED)


def _joined(hours: Iterable[tuple[dt.time, Phase]]) -> Hours:
    """Return hours without a phase that goes on."""
    found: list[tuple[dt.time, Phase]] = []
    for since, phase in hours:
        if not found or found[-1][1] is not phase:
            found.append((since, phase))
    return tuple(found)


def _hours_of_nxt(day: dt.date) -> Hours:
    if day < NXT_SINCE:
        return CLOSED_HOURS
    return _NXT_CSAT_DAY if day in CSAT_DAYS else _NXT_FIRST_DAY if _is_first(day) else _NXT_DAY


def _is_first(day: dt.date) -> bool:
    return day == _first_trading_day(day.year)


@lru_cache
def _first_trading_day(year: int) -> dt.date:
    # January 1 is a holiday in every year, so the first trading day comes after it.
    return next_trading_day(max(dt.date(year, 1, 1), FIRST_KNOWN_DAY))


_DAY = (TimeInForce.DAY,)
_ANY = (TimeInForce.DAY, TimeInForce.IOC, TimeInForce.FOK)
_AT_ONCE = (TimeInForce.IOC, TimeInForce.FOK)
_PRE_MARKET = (TimeInForce.DAY, TimeInForce.GOOD_TILL_PRE_MARKET)


def _offer(table: Mapping[OrderType, Iterable[TimeInForce]]) -> frozenset[Offer]:
    return frozenset((kind, time_in_force) for kind, times in table.items() for time_in_force in times)


_OPENING = {OrderType.LIMIT: _DAY, OrderType.MARKET: _DAY, OrderType.LIMIT_TO_MARKET_ON_CLOSE: _DAY}
_CONTINUOUS_BOTH = {
    OrderType.LIMIT: _ANY,
    OrderType.BEST_OPPOSITE: _ANY,
    OrderType.BEST_SAME_SIDE: _DAY,
    OrderType.MIDPOINT: _ANY,
    OrderType.STOP_LIMIT: _DAY,
}
_KRX = {
    Phase.PRE_OPEN_CLOSING_PRICE: _offer({OrderType.PRE_OPEN_CLOSING_PRICE: _DAY, **_OPENING}),
    Phase.OPENING_AUCTION: _offer(_OPENING),
    Phase.REGULAR: _offer({**_CONTINUOUS_BOTH, OrderType.MARKET: _ANY, OrderType.LIMIT_TO_MARKET_ON_CLOSE: _DAY}),
    Phase.CLOSING_AUCTION: _offer({OrderType.LIMIT: _DAY, OrderType.MARKET: _DAY}),
    Phase.AFTER_CLOSE_CLOSING_PRICE: _offer({OrderType.AFTER_CLOSE_CLOSING_PRICE: _DAY}),
    Phase.AFTER_MARKET: _offer({OrderType.LIMIT: _ANY, OrderType.BEST_OPPOSITE: _ANY, OrderType.BEST_SAME_SIDE: _DAY}),
}
# Whether NXT takes IOC and FOK outside its main market is not told: they are left out.
_NXT = {
    Phase.PRE_MARKET: _offer(
        {
            OrderType.LIMIT: _PRE_MARKET,
            OrderType.BEST_OPPOSITE: _PRE_MARKET,
            OrderType.BEST_SAME_SIDE: _PRE_MARKET,
        }
    ),
    Phase.REGULAR: _offer({**_CONTINUOUS_BOTH, OrderType.MARKET: _AT_ONCE}),
    Phase.AFTER_MARKET: _offer({OrderType.LIMIT: _DAY, OrderType.BEST_OPPOSITE: _DAY, OrderType.BEST_SAME_SIDE: _DAY}),
}
_ROUTED = _offer(
    {OrderType.LIMIT: _ANY, OrderType.MARKET: _ANY, OrderType.BEST_OPPOSITE: _ANY, OrderType.BEST_SAME_SIDE: _DAY}
)
"""What a broker routes, as far as the venue that is open takes it."""
# Whether routing reaches the after-market of KRX is not told, so in the evening it offers what NXT does.
_SOR = {
    Phase.PRE_MARKET: _ROUTED & _NXT[Phase.PRE_MARKET],
    Phase.PRE_OPEN_CLOSING_PRICE: _ROUTED & _KRX[Phase.PRE_OPEN_CLOSING_PRICE],
    Phase.OPENING_AUCTION: _ROUTED & _KRX[Phase.OPENING_AUCTION],
    Phase.REGULAR: _ROUTED,
    Phase.CLOSING_AUCTION: _ROUTED & _KRX[Phase.CLOSING_AUCTION],
    Phase.AFTER_MARKET: _ROUTED & _NXT[Phase.AFTER_MARKET],
}
_OFFERS: Mapping[Venue, Mapping[Phase, frozenset[Offer]]] = {Venue.KRX: _KRX, Venue.NXT: _NXT, Venue.SOR: _SOR}
_NOTHING: frozenset[Offer] = frozenset()


def offers(venue: Venue, phase: Phase) -> frozenset[Offer]:
    """Return the order types, each with its times in force, that the venue takes in a phase; empty if it is closed.

    A symbol can have fewer: NXT trades some shares and no funds, the after-market of KRX no funds.
    """
    return _OFFERS.get(venue, {}).get(phase, _NOTHING)
