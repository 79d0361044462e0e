"""What the answers of all APIs share: whose they are, lists that come in pages, symbols, costs."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from operator import itemgetter
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from brokerkit.errors import InvalidRequest
from brokerkit.market.costs import TAX_YEARS, cut, transaction_tax_rate
from brokerkit.market.days import settlement_day
from brokerkit.sandbox.exchange import Costs, Exchange, ExchangeOrder, Instrument, Page
from brokerkit.sandbox.face import first_behind
from brokerkit.sandbox.plain import Plain
from brokerkit.words import SecurityType, Venue

from .refusals import RATE, unknown_at_venue, unknown_symbol

_PREFIXED = re.compile(r"[AJQ][0-9][0-9A-Z]{5}(_NX|_AL)?")
_SUFFIXES = {"": Venue.KRX, "NX": Venue.NXT, "AL": Venue.SOR}


@dataclass
class Habits:
    """What a host was seen to do, and need not do."""

    lists_old_fills: bool = False


class Loan(NamedTuple):
    """What an order on credit said of its loan. The exchange does not play loans: there it is paid for."""

    code: str
    """crd_deal_tp."""
    day: str
    """crd_loan_dt, blank where none was named."""


@dataclass(frozen=True)
class Branch:
    """The account that a face serves, and where its orders go."""

    exchange: Exchange
    account: str
    costs: Costs
    demo: bool
    plain: Plain
    """What keeps the orders of markets that no exchange plays."""
    memory: dict[tuple[str, str], Any] = field(default_factory=dict)
    """What was computed once, by what it is and whose, with what it holds for."""
    habits: Habits = field(default_factory=Habits)
    loans: dict[tuple[dt.date, int], Loan] = field(default_factory=dict)
    """Of orders on credit, by day and number of the first of their chain."""

    def loan_of(self, order: ExchangeOrder) -> Loan | None:
        """Return on which loan an order is; None of one that is paid for."""
        return self.loans.get((order.day, order.root))

    def prefixed(self, symbol: str) -> str:
        """Return a code as account queries write it: with the letter of its kind."""
        return f"{'Q' if self.exchange.instruments[symbol].kind is SecurityType.ETN else 'A'}{symbol}"

    def instrument(self, code: str) -> Instrument:
        """Return the instrument of a plain code, or refuse it as Kiwoom does."""
        if _PREFIXED.fullmatch(code):
            # The class of this refusal was seen (5, as for too many calls); the code inside it is not known.
            raise unknown_symbol(code, kind=RATE)
        instrument = self.exchange.instruments.get(code)
        if instrument is None:
            raise unknown_symbol(code)
        return instrument

    def instrument_at(self, code: str) -> tuple[Instrument, Venue]:
        """Return instrument and venue of a code that may carry a suffix: `_NX` is NXT, `_AL` the combined market."""
        plain, bar, suffix = code.partition("_")
        if bar and suffix not in ("NX", "AL"):
            raise unknown_symbol(code)
        venue = _SUFFIXES[suffix]
        if _PREFIXED.fullmatch(code):
            raise unknown_symbol(code, kind=RATE)
        instrument = self.instrument(plain)
        # The demo host has KRX only; how it refuses another venue in a query is not known.
        if (venue is Venue.NXT and not instrument.nxt) or (self.demo and venue is not Venue.KRX):
            raise unknown_at_venue(code, venue)
        return instrument, venue

    def commission(self, amount: Decimal) -> Decimal:
        """Return the commission on an amount of trade."""
        return cut(amount * self.costs.commission_rate, self.costs.commission_unit)

    def tax(self, symbol: str, amount: Decimal) -> Decimal:
        """Return the tax on selling an amount today."""
        instrument = self.exchange.instruments[symbol]
        settled = _settlement_day(self.exchange.today)
        return cut(amount * transaction_tax_rate(settled, instrument.market, instrument.kind), Decimal(1))

    def order_costs(self, order: ExchangeOrder) -> tuple[Decimal, Decimal]:
        """Return commission and tax of an order's fills, each fill cut by itself."""
        fills = order.executions
        return sum((fill.commission for fill in fills), Decimal(0)), sum((fill.tax for fill in fills), Decimal(0))


Item = TypeVar("Item")


class Pages(Protocol):
    """An answer with a list that may need several pages."""

    def page(self, size: int, after: int | None) -> tuple[dict[str, object], int | None]:
        """Return one page behind the row numbered `after`, and the number to go on from if there is more."""


@dataclass(frozen=True)
class Listing(Generic[Item]):
    """An answer with a list that is at hand. Only the rows of the page that is asked for are written."""

    name: str
    items: Sequence[tuple[int, Item]]
    """Each with a number that rises (falls, if descending) through the list: a page goes on from the last one."""
    row: Callable[[Item], Mapping[str, str]]
    head: Mapping[str, object] = field(default_factory=dict)
    descending: bool = False

    def page(self, size: int, after: int | None) -> tuple[dict[str, object], int | None]:
        """Return one page behind the row numbered `after`, and the number to go on from if there is more."""
        start = 0
        if after is not None:
            start = first_behind(self.items, after, itemgetter(0), descending=self.descending)
        chosen = self.items[start : start + size]
        body = {**self.head, self.name: [self.row(item) for _, item in chosen]}
        return body, chosen[-1][0] if start + size < len(self.items) else None


@dataclass(frozen=True)
class OrderList:
    """An answer with orders of a day, by their numbers; a page looks at no rows but its own."""

    name: str
    find: Callable[[int, int | None], Page]
    """Returns so many orders behind a number."""
    row: Callable[[ExchangeOrder], Mapping[str, str]]

    def page(self, size: int, after: int | None) -> tuple[dict[str, object], int | None]:
        """Return one page behind the row numbered `after`, and the number to go on from if there is more."""
        found = self.find(size, after)
        last = found.rows[-1].number if found.more else None
        return {self.name: [self.row(order) for order in found.rows]}, last


Content = Pages | Mapping[str, object]
"""What an API tells: pages of a list, or all at once."""


def _settlement_day(today: dt.date) -> dt.date:
    try:
        return settlement_day(today)
    except InvalidRequest:  # the tables of days end before the sandbox does
        return dt.date(TAX_YEARS[-1], 1, 1)
