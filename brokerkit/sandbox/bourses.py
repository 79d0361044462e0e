"""The exchanges that are simulated: what is Korean of the Korean one, and American of the other."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from functools import lru_cache
from random import Random
from typing import ClassVar

from brokerkit.clock import KST
from brokerkit.market import markets, sessions, ticks, us
from brokerkit.market.costs import transaction_tax_rate
from brokerkit.market.markets import Market
from brokerkit.market.sessions import Offer, Phase
from brokerkit.models import OrderRequest
from brokerkit.sandbox import days
from brokerkit.sandbox.bourse import Bourse, TaxRate
from brokerkit.sandbox.costs import Costs
from brokerkit.sandbox.days import Calendar, day_of_tax
from brokerkit.sandbox.instruments import Instrument, list_instruments, on_another_day, without_limits
from brokerkit.sandbox.instruments_us import UsInstrument, list_us_instruments, on_another_us_day
from brokerkit.words import SecurityType, TimeInForce, Venue

OF_THE_DAY = frozenset({Phase.REGULAR, Phase.CLOSING_AUCTION, Phase.AFTER_CLOSE_CLOSING_PRICE})
"""Phases in Korea in which the last price is one of the regular session."""
_NINE, _TEN = dt.time(9), dt.time(10)
_HALF_PAST_NINE = dt.time(9, 30)
_LAST_OF_US = dt.time(19, 59, 59, 999_999)
"""In New York; from 20:00 on it is the next trading day's evening before."""
_WON_PER_DOLLAR = (1_350_00, 1_480_00)
"""In hundredths, from and to."""
_EXTENDED = (Phase.PRE_MARKET, Phase.AFTER_MARKET)


class KoreanBourse(Bourse):
    """KRX and NXT, in whole won."""

    market: ClassVar[Market] = markets.KOREA
    calendar: ClassVar[Calendar] = days.KOREA
    scale: ClassVar[int] = 1
    salt: ClassVar[str] = ""
    cash: ClassVar[Decimal] = Decimal(100_000_000)
    costs: ClassVar[Costs] = Costs()
    phases: ClassVar[frozenset[Phase]] = frozenset(Phase)
    tells_members: ClassVar[bool] = True
    lowest_price: ClassVar[int] = 100
    dear: ClassVar[int] = 100_000

    # The types themselves: every price goes through these.
    money = staticmethod(Decimal)  # type: ignore[assignment]  # it takes more than is asked for
    units = staticmethod(int)  # type: ignore[assignment]  # likewise

    def won(self, seed: int, day: dt.date) -> Decimal:
        return Decimal(1)

    def step(self, price: int, kind: SecurityType) -> int:
        return _korean_step(price, kind)

    def rounded(self, price: Decimal, kind: SecurityType, *, up: bool) -> Decimal:
        return ticks.round_to_tick(price, kind, up=up)

    def is_on_step(self, price: Decimal, kind: SecurityType) -> bool:
        return ticks.is_on_tick(price, kind)

    def dearest(self, instrument: Instrument, last: int) -> int:
        return int(instrument.upper_limit)

    def taxes(self, today: dt.date) -> TaxRate:
        day = day_of_tax(today)
        return lambda instrument: transaction_tax_rate(day, instrument.market, instrument.kind)

    def midnight(self, day: dt.date) -> dt.datetime:
        return dt.datetime.combine(day, dt.time.min, KST)

    def opens(self, today: dt.date) -> dt.datetime:
        return dt.datetime.combine(today, _NINE, KST)

    def begins(self, today: dt.date) -> dt.datetime:
        return dt.datetime.combine(today, _TEN, KST)

    def ends(self, today: dt.date) -> dt.datetime:
        return dt.datetime.combine(today, dt.time.max, KST)

    def listed(self, seed: int) -> Mapping[str, Instrument]:
        return list_instruments(seed)

    def on_another_day(self, instrument: Instrument, previous_close: Decimal) -> Instrument:
        return on_another_day(instrument, previous_close)

    def without_limits(self, instrument: Instrument) -> Instrument:
        return without_limits(instrument)

    def trades_at(self, venue: Venue, instrument: Instrument) -> bool:
        return venue is not Venue.NXT or instrument.nxt

    def offers(self, venue: Venue, phase: Phase) -> frozenset[Offer]:
        return sessions.offers(venue, phase)

    def takes(self, request: OrderRequest, instrument: Instrument, phase: Phase) -> bool:
        if request.venue is Venue.KRX:
            return phase is not Phase.AFTER_MARKET or instrument.trades_in_the_evening
        return instrument.nxt or (request.venue is not Venue.NXT and phase not in _EXTENDED)

    def session_of(self, venue: Venue, phase: Phase) -> Phase | None:
        return Phase.REGULAR if venue is Venue.KRX and phase in OF_THE_DAY else None

    def lives_on(self, request: OrderRequest, phase: Phase) -> bool:
        if request.time_in_force is TimeInForce.GOOD_TILL_PRE_MARKET:
            return phase is Phase.PRE_MARKET
        if phase is not Phase.AFTER_MARKET:
            return True
        # KRX carries nothing over. Where a routed order waits is not told: it ends as at KRX. At NXT the types of the
        # main market end with it.
        offered = (request.type, request.time_in_force) in sessions.offers(Venue.NXT, phase)
        return request.venue is Venue.NXT and offered


class UsBourse(Bourse):
    """The exchanges of the US and the daytime market of Korean brokers, in hundredths of a cent.

    Whether a limit order of the pre-market goes on in the regular session is not told: here it does, until the
    after-market ends. What came before the opening or the close for its price alone ends with it.
    """

    market: ClassVar[Market] = markets.US
    calendar: ClassVar[Calendar] = days.US
    scale: ClassVar[int] = 10_000
    salt: ClassVar[str] = "US/"
    cash: ClassVar[Decimal] = Decimal(100_000)
    costs: ClassVar[Costs] = Costs(Decimal("0.0025"), Decimal("0.01"))
    phases: ClassVar[frozenset[Phase]] = frozenset(
        {Phase.PRE_MARKET, Phase.REGULAR, Phase.AFTER_MARKET, Phase.DAYTIME, Phase.CLOSED}
    )
    tells_members: ClassVar[bool] = False
    lowest_price: ClassVar[int] = 500
    dear: ClassVar[int] = 1_000_000

    @staticmethod
    def money(units: int | Decimal) -> Decimal:
        return Decimal(units) / 10_000

    @staticmethod
    def units(amount: Decimal) -> int:
        return int(amount * 10_000)

    def won(self, seed: int, day: dt.date) -> Decimal:
        return Decimal(Random(f"{seed}/won/{day}").randrange(*_WON_PER_DOLLAR)) / 100  # noqa: S311 - repeatable

    def step(self, price: int, kind: SecurityType) -> int:
        return 100 if price >= self.scale else 1

    def rounded(self, price: Decimal, kind: SecurityType, *, up: bool) -> Decimal:
        step = self.step(int(price), kind)
        return (price / step).to_integral_value(ROUND_CEILING if up else ROUND_FLOOR) * step

    def is_on_step(self, price: Decimal, kind: SecurityType) -> bool:
        return us.is_on_tick(price)

    def dearest(self, instrument: Instrument, last: int) -> int:
        # There are no limits of the day, so it is an estimate: a fill can be dearer.
        assert self.market.rules is not None  # noqa: S101 - it is that of the US
        return int(self.rounded(last * self.market.rules.highest_rise, instrument.kind, up=True))

    def taxes(self, today: dt.date) -> TaxRate:
        return lambda instrument: Decimal(0)

    def midnight(self, day: dt.date) -> dt.datetime:
        return dt.datetime.combine(day, dt.time.min, us.NEW_YORK)

    def opens(self, today: dt.date) -> dt.datetime:
        return dt.datetime.combine(today, _HALF_PAST_NINE, us.NEW_YORK).astimezone(KST)

    def begins(self, today: dt.date) -> dt.datetime:
        return dt.datetime.combine(today, _TEN, us.NEW_YORK).astimezone(KST)

    def ends(self, today: dt.date) -> dt.datetime:
        return dt.datetime.combine(today, _LAST_OF_US, us.NEW_YORK).astimezone(KST)

    def listed(self, seed: int) -> Mapping[str, Instrument]:
        return list_us_instruments(seed)

    def on_another_day(self, instrument: Instrument, previous_close: Decimal) -> Instrument:
        return on_another_us_day(instrument, previous_close)

    def without_limits(self, instrument: Instrument) -> Instrument:
        return instrument

    def trades_at(self, venue: Venue, instrument: Instrument) -> bool:
        return venue is Venue.US or (venue is Venue.DAYTIME and _is_of_daytime(instrument))

    def phase_at(self, venue: Venue, phase: Phase) -> Phase:
        return phase if (venue is Venue.DAYTIME) is (phase is Phase.DAYTIME) else Phase.CLOSED

    def offers(self, venue: Venue, phase: Phase) -> frozenset[Offer]:
        return us.offers(venue, phase)

    def takes(self, request: OrderRequest, instrument: Instrument, phase: Phase) -> bool:
        return self.trades_at(request.venue, instrument)

    def session_of(self, venue: Venue, phase: Phase) -> Phase | None:
        return None  # before the first trade after the open it is one of the pre-market

    def lives_on(self, request: OrderRequest, phase: Phase) -> bool:
        return (request.type, request.time_in_force) in us.offers(request.venue, phase)


def _is_of_daytime(instrument: Instrument) -> bool:
    return isinstance(instrument, UsInstrument) and instrument.daytime


@lru_cache(maxsize=100_000)
def _korean_step(price: int, kind: SecurityType) -> int:
    return int(ticks.tick_size(Decimal(price), kind))


KOREA = KoreanBourse()
US = UsBourse()
BOURSES: Mapping[str, Bourse] = {bourse.name: bourse for bourse in (KOREA, US)}
"""By the market, the Korean one first."""
