"""US stocks: what the answers of all their APIs share. Whose they are, at which exchange, on which day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from brokerkit.clock import KST
from brokerkit.market.sessions import Phase
from brokerkit.market.us import NEW_YORK
from brokerkit.sandbox.exchange import Costs, Exchange, ExchangeOrder, ExchangeRefusal, Refusal
from brokerkit.sandbox.instruments_us import UsInstrument
from brokerkit.words import Segment, Venue

from .refusals import Refused, business, of_exchange, unknown_at_venue, unknown_symbol

EXCHANGES: Mapping[Segment, str] = {Segment.NASDAQ: "ND", Segment.NYSE: "NY", Segment.AMEX: "NA"}
"""stex_tp."""
PREFIX = "US:"
COUNTRY = "미국"
VENUE = Venue.US
_NO_CASH_ON_DEMO = "RC4025"


@dataclass
class UsHabits:
    """What is disputed of the server, or not told: each both ways."""

    korean_clock: bool = False
    """Whether charts and books tell Korean time, in charts beyond 24:00 of the trading day. The firm's own examples and
    one client have New York's, two clients saw Korean hours."""
    korean_dates: bool = False
    """Whether lists of orders ask for and tell Korean dates; which dates they mean is not told."""
    misspelt_lists: bool = False
    """Whether the lists of orders are called `result_lsit`, as on the page of the firm."""
    misspelt_frames: bool = False
    """Whether answers about saved conditions have the names that the pages have: GCNSRLT and CNSRREQ."""
    told_receipts: bool = False
    """Whether F4 tells amendments and cancels that were received too, before they are done, as at home; not told."""


@dataclass(frozen=True)
class UsBranch:
    """The account that a face serves, with its dollars and its won."""

    abroad: Exchange | None
    """None where the sandbox has no exchange for US stocks: then nobody asks."""
    home: Exchange
    """Where its won are."""
    account: str
    costs: Costs
    demo: bool
    memory: dict[tuple[str, str], Any] = field(default_factory=dict)
    """What was computed once a day, by what it is and whose."""
    habits: UsHabits = field(default_factory=UsHabits)

    @property
    def exchange(self) -> Exchange:
        """Where it trades."""
        assert self.abroad is not None  # noqa: S101 - the door lets nobody in otherwise
        return self.abroad

    @property
    def rate(self) -> Decimal:
        """Won for a dollar today."""
        return self.exchange.exchange_rate

    @property
    def venue(self) -> Venue:
        """Where an order goes now: by day to the daytime market, of which no call of its own is told."""
        return Venue.DAYTIME if self.exchange.phase is Phase.DAYTIME else VENUE

    def instrument(self, code: str, listed_at: str = "") -> UsInstrument:
        """Return the instrument of a ticker at the exchange that was named, if one was, or refuse it."""
        found = self.exchange.instruments.get(PREFIX + code)
        if not isinstance(found, UsInstrument):
            raise unknown_symbol(code)
        if listed_at not in ("", EXCHANGES[found.market]):
            # How a wrong exchange is refused is not known: by the published code for code and exchange together.
            raise unknown_at_venue(code, listed_at)
        return found

    def asked(self, fields: Mapping[str, str]) -> UsInstrument:
        """Return the instrument that a request is about."""
        return self.instrument(fields["stk_cd"], fields["stex_tp"])

    def chosen(self, fields: Mapping[str, str]) -> Callable[[str], bool]:
        """Return what says of a symbol whether a list is asked for it."""
        wanted = self.asked(fields).symbol if fields["stk_cd"] else None
        listed_at = fields["stex_tp"]

        def fits(symbol: str) -> bool:
            return wanted in (None, symbol) and listed_at in ("", EXCHANGES[self.exchange.instruments[symbol].market])

        return fits

    def date_of(self, order: ExchangeOrder) -> dt.date:
        """Return the date under which the lists have an order."""
        return order.time.astimezone(KST).date() if self.habits.korean_dates else order.day

    def today(self) -> dt.date:
        """Return what the lists call today."""
        return self.exchange.now().astimezone(KST).date() if self.habits.korean_dates else self.exchange.today

    def local(self, moment: dt.datetime) -> dt.datetime:
        """Return a moment on the clock of charts and books."""
        return moment.astimezone(KST if self.habits.korean_clock else NEW_YORK)

    def refusal(self, refusal: ExchangeRefusal, code: str) -> Refused:
        """Return Kiwoom's refusal of an order for the exchange's."""
        if refusal.reason is Refusal.INSUFFICIENT_CASH and self.demo:
            return business(_NO_CASH_ON_DEMO, "증거금 부족", demo=True)
        return of_exchange(refusal, code, demo=self.demo)


def code_of(symbol: str) -> str:
    """Return the ticker of a symbol. How Kiwoom spells share classes (`BRK.B`) is not known: as they are listed."""
    return symbol.removeprefix(PREFIX)


def korean_hours(moment: dt.datetime, day: dt.date) -> str:
    """Write a moment of a trading day as Korean time beyond 24:00: 03:35 of the next morning is `273500`."""
    begun = dt.datetime.combine(day, dt.time.min, KST)
    minutes, second = divmod(int((moment - begun).total_seconds()), 60)
    return f"{minutes // 60:02}{minutes % 60:02}{second:02}"


def clock(moment: dt.datetime) -> str:
    """Write the time of day at which something happened to an order: Korean time."""
    return f"{moment.astimezone(KST):%H:%M:%S}"
