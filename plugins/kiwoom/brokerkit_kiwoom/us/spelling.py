"""How Kiwoom writes US symbols, exchanges and times, and how its calls for the US are declared."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, TypeVar

from pydantic import AfterValidator

from brokerkit.clock import KST
from brokerkit.errors import UnknownSymbol
from brokerkit.market.us import NEW_YORK, day_of
from brokerkit.part import Part
from brokerkit.transport import Block, Codes, Effect, Endpoint, Text
from brokerkit.words import Segment
from brokerkit_kiwoom.client import KiwoomClient

R = TypeVar("R", bound=Block)
PREFIX = "US:"
EXCHANGE = Codes("an exchange at Kiwoom", {Segment.NASDAQ: "ND", Segment.NYSE: "NY", Segment.AMEX: "NA"})
"""stex_tp 거래소구분 of every call for a US symbol."""
LISTED_AT = {code: segment for segment, code in EXCHANGE.items()}
SEARCH = "Nothing was sent. Look for the name with search(..., market='US')."
MOVED = "Its listing may have moved: the list is asked for anew when the symbol is next needed. Ask again then."
_TIME = re.compile(r"([0-2][0-9]|3[0-3]):?([0-5][0-9]):?([0-5][0-9])")
_CLOCKS_DIFFER = dt.timedelta(minutes=1)


def code_of(symbol: str) -> str:
    """Return 종목코드. That of a class of shares is sent as it is written here (BRK.B); nobody tells how else."""
    return symbol.removeprefix(PREFIX)


def _symbol(code: str) -> str:
    return PREFIX + code if code else ""


UsSymbol = Annotated[Text, AfterValidator(_symbol)]
"""종목코드, with the prefix of the market."""


def us_call(id: str, path: str, reply: type[R], effect: Effect = Effect.READ, *, at_mock: bool = True) -> Endpoint[R]:
    """Return a call under /api/us/."""
    ids = {"real": id, "demo": id} if at_mock else {"real": id}
    return Endpoint(ids, f"/api/us/{path}", reply, "POST", effect)


def hours_of(text: str) -> dt.timedelta | None:
    """Return how far into a day a time lies, HHMMSS or HH:MM:SS, up to 33:59:59; None for what is no time."""
    found = _TIME.fullmatch(text.strip())
    if found is None:
        return None
    hours, minutes, seconds = map(int, found.groups())
    return dt.timedelta(hours=hours, minutes=minutes, seconds=seconds)


def korean(day: dt.date, hours: dt.timedelta) -> dt.datetime:
    """Return a moment whose time is Korea's: hours above 23 are those of the next date there."""
    return dt.datetime.combine(day, dt.time(), KST) + hours


def new_york(day: dt.date, hours: dt.timedelta) -> dt.datetime | None:
    """Return a moment whose time is New York's; None where there is no such hour."""
    if hours >= dt.timedelta(days=1):
        return None
    return dt.datetime.combine(day, (dt.datetime.min + hours).time(), NEW_YORK)


def moments_of(
    day: dt.date, hours: dt.timedelta, now: dt.datetime | None, *, is_of_today: bool = False
) -> dict[str, dt.datetime]:
    """Return when it may have been by a time under a date, of which nobody tells by which clock and calendar they are.

    Each by its way of writing. Of a moment that is still to come it cannot be the time, nor of one a day ago where it
    stands in the list of today, whichever day that is.
    """
    # By the clock of Korea a night goes on under the date on which it began, unless the dates are Korea's too.
    nights = [korean(day, hours), korean(day + dt.timedelta(days=1), hours)]
    told = {
        "Korean clock and dates": nights[0],
        "Korean clock, trading days": next((each for each in nights if day_of(each) == day), None),
        "Korean clock, New York's dates": next((each for each in nights if _new_york_date(each) == day), None),
        "New York's clock and dates": new_york(day, hours),
    }
    known = {way: moment for way, moment in told.items() if moment is not None}
    if now is None:
        return known
    earliest = now - dt.timedelta(days=1) - _CLOCKS_DIFFER if is_of_today else None
    return {
        way: moment
        for way, moment in known.items()
        if moment <= now + _CLOCKS_DIFFER and (earliest is None or moment >= earliest)
    }


def _new_york_date(moment: dt.datetime) -> dt.date:
    return moment.astimezone(NEW_YORK).date()


class Spelling(Part[KiwoomClient]):
    """What every call for a US symbol needs: the exchange where it is listed."""

    market = "US"

    @contextmanager
    def named(self, symbol: str) -> Iterator[Mapping[str, str]]:
        """Give exchange and code of a symbol, for calls that are made meanwhile.

        UnknownSymbol for one that is not listed, before anything is sent. Where the broker knows no such symbol at
        that exchange it is told so, and the list is asked for anew when it is next needed.
        """
        instrument = self.listed(symbol)
        if instrument is None or instrument.market is None:
            raise UnknownSymbol(f"{self.broker} does not list {symbol}.", broker=self.broker, advice=SEARCH)
        try:
            yield {"stex_tp": EXCHANGE[instrument.market], "stk_cd": code_of(symbol)}
        except UnknownSymbol as error:
            self.relist(symbol)
            error.remedy = MOVED
            raise
