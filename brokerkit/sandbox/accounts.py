"""Accounts at the simulated exchange: cash, holdings, the order list, and what a broker takes for a trade."""

from __future__ import annotations

import datetime as dt
import math
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from itertools import chain, islice
from typing import NamedTuple

from brokerkit.models import OrderRequest
from brokerkit.sandbox.books import Resting
from brokerkit.sandbox.bourse import Bourse
from brokerkit.sandbox.costs import Costs
from brokerkit.sandbox.instruments import Instrument
from brokerkit.sandbox.ledger import CashLine, deposit, settlements
from brokerkit.sandbox.rows import ExchangeOrder, ExchangeRefusal, Execution, Page, Refusal
from brokerkit.words import Side

Key = tuple[dt.date, int]
"""Day and number of a row: together they are unique."""


@dataclass(frozen=True)
class Holding:
    """Snapshot of a holding."""

    symbol: str
    name: str
    quantity: Decimal
    sellable: Decimal
    """quantity less what working sells reserve."""
    cost: Decimal
    """Before fees."""
    average: Decimal
    """Exact cost / quantity, not rounded; 0 when all of it was sold today."""
    price: Decimal
    """Present price."""
    market_value: Decimal
    today_bought: Decimal
    """In shares."""
    today_sold: Decimal
    """In shares."""


@dataclass(frozen=True)
class AccountState:
    """Snapshot of an account, all in the currency of its exchange."""

    number: str
    cash: Decimal
    """Today's deposit, unchanged by today's trades: those settle on D+2."""
    cash_d1: Decimal
    """The deposit after the settlements of the next trading day."""
    cash_d2: Decimal
    """The deposit after those of the second: today's trades with fees and tax are in it."""
    orderable: Decimal
    """cash_d2 less what working buys reserve, with commission."""
    withdrawable: Decimal
    """The least of cash, cash_d1 and cash_d2, less what is reserved, not below 0."""
    holdings: tuple[Holding, ...]
    """With a quantity or sold today, in order of first purchase."""
    bought_today: Decimal
    """Amount, before fees."""
    sold_today: Decimal
    """Amount, before fees."""
    fees_today: Decimal
    """Commission and tax of today's trades."""

    @cached_property
    def cost(self) -> Decimal:
        """What the holdings have cost."""
        return sum((holding.cost for holding in self.holdings), Decimal(0))

    @cached_property
    def market_value(self) -> Decimal:
        """What the holdings are worth now."""
        return sum((holding.market_value for holding in self.holdings), Decimal(0))

    @cached_property
    def numbered(self) -> tuple[tuple[int, Holding], ...]:
        """The holdings with their place in the list."""
        return tuple(enumerate(self.holdings))


class Booking(NamedTuple):
    """What a fill cost and sold; the last fields of an Execution."""

    commission: Decimal
    tax: Decimal
    cost: Decimal
    held: Decimal


@dataclass
class Lot:
    """What an account holds of one symbol."""

    instrument: Instrument
    quantity: int = 0
    cost: int = 0
    reserved: int = 0
    today_bought: int = 0
    today_sold: int = 0

    def snapshot(self, price: int, money: Callable[[int | Decimal], Decimal]) -> Holding:
        """Return the state at this moment."""
        return Holding(
            symbol=self.instrument.symbol,
            name=self.instrument.name,
            quantity=Decimal(self.quantity),
            sellable=Decimal(self.quantity - self.reserved),
            cost=money(self.cost),
            average=money(self.cost) / self.quantity if self.quantity else Decimal(0),
            price=money(price),
            market_value=money(self.quantity * price),
            today_bought=Decimal(self.today_bought),
            today_sold=Decimal(self.today_sold),
        )


@dataclass(eq=False)
class Entry:
    """A row of the order list as the exchange keeps it, in whole shares and units of its money."""

    number: int
    action: str
    original: int | None
    root: int
    account: Account
    request: OrderRequest
    time: dt.datetime
    day: dt.date
    quantity: int
    remaining: int = 0
    canceled: int = 0
    amended: int = 0
    expired: int = 0
    rejected: int = 0
    executions: list[Execution] = field(default_factory=list)
    resting: Resting[Entry] | None = None
    """Where what is left waits; None if nothing is left."""
    dearest: int = 0
    """The highest price that a fill can have, by which cash is held back."""
    reserved: int = 0
    """Cash that a working buy holds back, or shares of a working sell."""
    awake: bool = False
    """Of a stop order: its stop price was reached, so it is a limit order now."""
    key: tuple[dt.date, int] = field(init=False, repr=False)
    """Day and number: a number alone is unique within its day only."""
    _told: ExchangeOrder | None = field(default=None, init=False, repr=False)
    _told_at: tuple[int, ...] = field(default=(), init=False, repr=False)

    def __post_init__(self) -> None:
        self.key = (self.day, self.number)

    def snapshot(self) -> ExchangeOrder:
        """Return the row as it stands: the same object as long as nothing of it has changed."""
        at = (self.remaining, self.canceled, self.amended, self.expired, self.rejected, len(self.executions))
        if self._told is None or self._told_at != at:
            self._told, self._told_at = self._as_it_stands(), at
        return self._told

    def _as_it_stands(self) -> ExchangeOrder:
        filled = sum((fill.quantity for fill in self.executions), Decimal(0))
        amount = sum((fill.quantity * fill.price for fill in self.executions), Decimal(0))
        return ExchangeOrder(
            number=self.number,
            action=self.action,
            original=self.original,
            root=self.root,
            account=self.account.number,
            request=self.request,
            time=self.time,
            day=self.day,
            quantity=Decimal(self.quantity),
            filled=filled,
            remaining=Decimal(self.remaining),
            canceled=Decimal(self.canceled),
            amended=Decimal(self.amended),
            expired=Decimal(self.expired),
            rejected=Decimal(self.rejected),
            average_price=amount / filled if filled else None,
            executions=tuple(self.executions),
        )


class Roll:
    """Rows ascending by day and number."""

    def __init__(self) -> None:
        self._keys: list[Key] = []
        self._rows: dict[Key, Entry] = {}

    def __iter__(self) -> Iterator[Entry]:
        return (self._rows[key] for key in self._keys)

    def add(self, entry: Entry) -> None:
        """Put a row at its place; one that is there already stays."""
        key = entry.key
        if key not in self._rows:
            insort(self._keys, key)
            self._rows[key] = entry

    def discard(self, entry: Entry) -> None:
        """Take a row out, if it is there."""
        if self._rows.pop(entry.key, None) is not None:
            del self._keys[bisect_left(self._keys, entry.key)]

    def walk(
        self, start: dt.date, end: dt.date, *, after: Key | None = None, newest_first: bool = False
    ) -> Iterator[Entry]:
        """Yield the rows of these days that come behind the one with a key, without going through the others."""
        first = bisect_left(self._keys, (start, 0))
        last = bisect_right(self._keys, (end, math.inf))
        if after is not None and newest_first:
            last = min(last, bisect_left(self._keys, after))
        elif after is not None:
            first = max(first, bisect_right(self._keys, after))
        places = range(first, last)
        for place in reversed(places) if newest_first else places:
            yield self._rows[self._keys[place]]


class Account:
    """Cash, holdings and orders of one account. The exchange holds the lock."""

    def __init__(self, bourse: Bourse, number: str, cash: int, costs: Costs) -> None:
        """Cash and costs are in units of the exchange."""
        self.bourse = bourse
        self.number = number
        self.costs = costs
        self.cash = cash
        """Settled."""
        self.settlements: list[tuple[dt.date, int]] = []
        """What trades of earlier days still bring or take, by the day of settlement, ascending."""
        self.lines: list[CashLine] = []
        """The cash ledger; settlements that are still to come are in it."""
        self.lots: dict[str, Lot] = {}
        self.entries: dict[int, Entry] = {}
        """Today's rows by number, ascending."""
        self.today = Roll()
        """The same rows, to read pages of."""
        self.working = Roll()
        """Those of them of which something waits."""
        self.history = Roll()
        """Rows of earlier days."""
        self.rejections = 0
        """So many of the next orders are refused after they were taken."""
        self.cancel_rejections = 0
        """The same for cancels."""
        self.bought = 0
        self.sold = 0
        self.fees = 0
        self._reserved = 0

    @property
    def settled(self) -> int:
        """Cash when everything traded so far is settled."""
        pending = sum(amount for _, amount in self.settlements)
        return self.cash + pending - self.bought + self.sold - self.fees

    @property
    def orderable(self) -> int:
        """Cash for new buys: the proceeds of today's sales can buy at once."""
        return self.settled - self._reserved

    def enter(self, entry: Entry) -> None:
        """Add a row of today."""
        self.entries[entry.number] = entry
        self.today.add(entry)

    def sellable(self, symbol: str) -> int:
        """Return the shares that no working sell has reserved."""
        lot = self.lots.get(symbol)
        return lot.quantity - lot.reserved if lot else 0

    def affordable(self, price: int, *, freed: int = 0) -> int:
        """Return how many shares can be bought at a price, commission included; with that much more cash."""
        cash = max(self.orderable + freed, 0)
        return bisect_right(range(cash // price + 1), cash, key=lambda shares: self.due(price * shares)) - 1

    def check(self, side: Side, symbol: str, quantity: int, price: int) -> None:
        """Refuse an order that the account cannot pay (at this price) or deliver."""
        if side is Side.BUY:
            self.check_cash(quantity, price)
        elif quantity > self.sellable(symbol):
            raise ExchangeRefusal(Refusal.INSUFFICIENT_SHARES, str(self.sellable(symbol)))

    def check_cash(self, quantity: int, price: int, *, freed: int = 0) -> None:
        """Refuse a buy that the account cannot pay even with the cash that an amended order sets free."""
        if self.due(price * quantity) > self.orderable + freed:
            raise ExchangeRefusal(Refusal.INSUFFICIENT_CASH, str(self.affordable(price, freed=freed)))

    def give(self, instrument: Instrument, quantity: int, cost: int) -> None:
        """Add shares that were bought and settled earlier."""
        lot = self.lots.setdefault(instrument.symbol, Lot(instrument))
        lot.quantity += quantity
        lot.cost += cost

    def reserve(self, entry: Entry) -> None:
        """Hold back what the rest of a working order needs, in place of what it held back before."""
        self.release(entry)
        if entry.remaining:
            self.working.add(entry)
        if entry.request.side is Side.BUY:
            entry.reserved = self.due(entry.dearest * entry.remaining)
            self._reserved += entry.reserved
        else:
            entry.reserved = entry.remaining
            self.lots[entry.request.symbol].reserved += entry.reserved

    def release(self, entry: Entry) -> None:
        """Hold back nothing for an order any more, and count it no longer among those that work."""
        self.working.discard(entry)
        if entry.request.side is Side.BUY:
            self._reserved -= entry.reserved
        elif entry.reserved:
            self.lots[entry.request.symbol].reserved -= entry.reserved
        entry.reserved = 0

    def fill(self, side: Side, instrument: Instrument, quantity: int, price: int, tax_rate: Decimal) -> Booking:
        """Book a trade: shares and cost at once, cash for the settlement after the next."""
        amount = price * quantity
        lot = self.lots.setdefault(instrument.symbol, Lot(instrument))
        commission, tax, cost = self.costs.commission(amount), 0, 0
        if side is Side.BUY:
            self.bought += amount
            lot.quantity += quantity
            lot.cost += amount
            lot.today_bought += quantity
        else:
            tax = self.costs.tax(amount, tax_rate)
            self.sold += amount
            # The average stays: the cost goes down in proportion, and the fraction of a won stays with the holding.
            cost = lot.cost * quantity // lot.quantity
            lot.cost -= cost
            lot.quantity -= quantity
            lot.today_sold += quantity
        self.fees += commission + tax
        money = self.bourse.money
        return Booking(money(commission), money(tax), money(cost), Decimal(lot.quantity))

    def move(self, day: dt.date, amount: int) -> None:
        """Pay cash in, or below 0 out."""
        self.cash += amount
        self.lines.append(deposit(day, self.bourse.money(amount)))

    def state(self, price_of: Callable[[str], int], today: dt.date) -> AccountState:
        """Return a snapshot, with holdings at the present prices."""
        tomorrow, money = self.bourse.calendar.next_day(today), self.bourse.money
        cash_d1 = self.cash + sum(amount for day, amount in self.settlements if day <= tomorrow)
        return AccountState(
            number=self.number,
            cash=money(self.cash),
            cash_d1=money(cash_d1),
            cash_d2=money(self.settled),
            orderable=money(self.orderable),
            withdrawable=money(max(min(self.cash, cash_d1, self.settled) - self._reserved, 0)),
            holdings=tuple(
                lot.snapshot(price_of(symbol), money)
                for symbol, lot in self.lots.items()
                if lot.quantity or lot.today_sold
            ),
            bought_today=money(self.bought),
            sold_today=money(self.sold),
            fees_today=money(self.fees),
        )

    def rows(self, start: dt.date, end: dt.date) -> Sequence[ExchangeOrder]:
        """Return the rows of these days, ascending by day and number."""
        return [entry.snapshot() for entry in self._walk(start, end)]

    def page(
        self,
        size: int,
        days: tuple[dt.date, dt.date],
        wanted: Callable[[ExchangeOrder], bool],
        *,
        after: Key | None = None,
        newest_first: bool = False,
        working: bool = False,
    ) -> Page:
        """Return the first rows behind a key that are wanted, and whether more of them follow."""
        walk = self.working.walk if working else self._walk
        rows = (entry.snapshot() for entry in walk(*days, after=after, newest_first=newest_first))
        found = list(islice(filter(wanted, rows), size + 1))
        return Page(found[:size], len(found) > size)

    def _walk(
        self, start: dt.date, end: dt.date, *, after: Key | None = None, newest_first: bool = False
    ) -> Iterator[Entry]:
        rolls = (self.today, self.history) if newest_first else (self.history, self.today)
        return chain.from_iterable(roll.walk(start, end, after=after, newest_first=newest_first) for roll in rolls)

    def begin_day(self, today: dt.date, *, last: dt.date) -> None:
        """Move on from the last day played: its rows become history, settlements that are due become cash."""
        for entry in self.entries.values():
            entry.expired, entry.remaining = entry.expired + entry.remaining, 0
            self.history.add(entry)
        self.entries.clear()
        self.today, self.working = Roll(), Roll()
        if self.bought or self.sold:
            due = self.bourse.calendar.settled_on(last)
            self.settlements.append((due, self.sold - self.bought - self.fees))
            self.lines += settlements(self.rows(last, last), due)
        self.cash += sum(amount for day, amount in self.settlements if day <= today)
        self.settlements = [(day, amount) for day, amount in self.settlements if day > today]
        self.bought = self.sold = self.fees = 0
        self.lots = {symbol: lot for symbol, lot in self.lots.items() if lot.quantity}
        for lot in self.lots.values():
            lot.today_bought = lot.today_sold = 0

    def due(self, amount: int) -> int:
        """Return what a purchase costs, commission included."""
        return amount + self.costs.commission(amount)
