"""What differs between the exchanges that are simulated, in one object; the engine is the same for all of them.

Prices and amounts are whole numbers of the smallest unit inside the engine: of won, or of a hundredth of a cent. They
become Decimals of the currency at its edge.
"""

from __future__ import annotations

import datetime as dt
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import ClassVar

from brokerkit.market.markets import Market
from brokerkit.market.sessions import Offer, Phase
from brokerkit.models import OrderRequest
from brokerkit.sandbox.costs import Costs
from brokerkit.sandbox.days import Calendar
from brokerkit.sandbox.instruments import Instrument
from brokerkit.words import SecurityType, Venue

TaxRate = Callable[[Instrument], Decimal]
"""What the state takes of a sale, as a fraction of it."""


class Bourse(ABC):
    """What is true of one market's exchange here."""

    market: ClassVar[Market]
    calendar: ClassVar[Calendar]
    scale: ClassVar[int]
    """So many units of the engine are one of the currency."""
    salt: ClassVar[str]
    """Stands before what makes numbers of orders from a seed, so that exchanges of a seed differ in them."""
    cash: ClassVar[Decimal]
    """What an account is opened with where nothing is said."""
    costs: ClassVar[Costs]
    """What a broker takes where nothing is said."""
    phases: ClassVar[frozenset[Phase]]
    """What its venues can do."""
    tells_members: ClassVar[bool]
    """Whether it is told which firms traded."""
    lowest_price: ClassVar[int]
    """Below which no price of the past falls, in units."""
    dear: ClassVar[int]
    """Above this price the orders of others get smaller, in units."""

    @property
    def name(self) -> str:
        """Return the prefix of its symbols."""
        return self.market.name

    @property
    def default_venue(self) -> Venue:
        """Return the venue that is meant where none is named."""
        venue = self.market.default_venue
        assert venue is not None  # noqa: S101 - what is simulated has one
        return venue

    # Money

    @staticmethod
    @abstractmethod
    def money(units: int | Decimal) -> Decimal:
        """Return an amount of the engine in the currency."""

    @staticmethod
    @abstractmethod
    def units(amount: Decimal) -> int:
        """Return an amount of the currency in the engine's units; what is finer is cut."""

    @abstractmethod
    def won(self, seed: int, day: dt.date) -> Decimal:
        """Return how many won one of the currency is worth on a day."""

    # Prices

    @abstractmethod
    def step(self, price: int, kind: SecurityType) -> int:
        """Return the price step at a price."""

    @abstractmethod
    def rounded(self, price: Decimal, kind: SecurityType, *, up: bool) -> Decimal:
        """Return the nearest price on the step that is not below (`up`) or not above the given one, in units."""

    def step_up(self, price: int, kind: SecurityType) -> int:
        """Return the next price above one that is on the step."""
        return price + self.step(price, kind)

    def step_down(self, price: int, kind: SecurityType) -> int:
        """Return the next price below one that is on the step; 0 below the lowest."""
        return price - self.step(price - 1, kind) if price > 1 else 0

    @abstractmethod
    def is_on_step(self, price: Decimal, kind: SecurityType) -> bool:
        """Return whether an order may carry a price of the currency, as far as the step goes."""

    @abstractmethod
    def dearest(self, instrument: Instrument, last: int) -> int:
        """Return at which price cash is held back for an order without one, when that is the last price."""

    @abstractmethod
    def taxes(self, today: dt.date) -> TaxRate:
        """Return what tells the tax on a sale of that day."""

    # Time

    @abstractmethod
    def midnight(self, day: dt.date) -> dt.datetime:
        """Return when a date begins where it trades."""

    @abstractmethod
    def opens(self, today: dt.date) -> dt.datetime:
        """Return when regular trading of the day has begun, in Korean time."""

    @abstractmethod
    def begins(self, today: dt.date) -> dt.datetime:
        """Return the time at which the clock starts, in Korean time."""

    @abstractmethod
    def ends(self, today: dt.date) -> dt.datetime:
        """Return the last moment of a day, in Korean time."""

    def day_of(self, moment: dt.datetime) -> dt.date:
        """Return the date to whose trading a moment belongs."""
        rules = self.market.rules
        assert rules is not None  # noqa: S101 - what is simulated has some
        return rules.day_of(moment)

    # What trades

    @abstractmethod
    def listed(self, seed: int) -> Mapping[str, Instrument]:
        """Return everything that is listed, by symbol, with prices of that seed."""

    @abstractmethod
    def on_another_day(self, instrument: Instrument, previous_close: Decimal) -> Instrument:
        """Return an instrument with the base price of another day."""

    @abstractmethod
    def without_limits(self, instrument: Instrument) -> Instrument:
        """Return an instrument on a day without price limits."""

    @abstractmethod
    def trades_at(self, venue: Venue, instrument: Instrument) -> bool:
        """Return whether a symbol is traded at a venue."""

    def phase_at(self, venue: Venue, phase: Phase) -> Phase:
        """Return what a venue does in a phase of the exchange."""
        return phase

    @abstractmethod
    def offers(self, venue: Venue, phase: Phase) -> frozenset[Offer]:
        """Return the order types, each with its times in force, that a venue takes in a phase."""

    @abstractmethod
    def takes(self, request: OrderRequest, instrument: Instrument, phase: Phase) -> bool:
        """Return whether a symbol can be ordered at the venue of an order in a phase that offers its type."""

    @abstractmethod
    def session_of(self, venue: Venue, phase: Phase) -> Phase | None:
        """Return of which session the last price is, as far as the phase proves it."""

    @abstractmethod
    def lives_on(self, request: OrderRequest, phase: Phase) -> bool:
        """Return whether a working order is still valid in the phase that begins, which is not CLOSED."""
