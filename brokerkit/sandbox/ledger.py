"""What an account earned and paid: trades by day and symbol with their costs, and the lines of its cash ledger."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from itertools import accumulate, groupby
from operator import attrgetter

from brokerkit.sandbox.rows import ExchangeOrder, Execution
from brokerkit.words import Side


@dataclass(frozen=True)
class Traded:
    """What was bought and sold of a symbol on a day, in shares and in the currency."""

    day: dt.date
    symbol: str
    bought: Decimal = Decimal(0)
    bought_amount: Decimal = Decimal(0)
    bought_commission: Decimal = Decimal(0)
    sold: Decimal = Decimal(0)
    sold_amount: Decimal = Decimal(0)
    sold_commission: Decimal = Decimal(0)
    tax: Decimal = Decimal(0)
    cost: Decimal = Decimal(0)
    """What the shares that were sold had cost on average, before fees."""
    held: Decimal = Decimal(0)
    """Shares that were held after the last fill."""

    @property
    def profit(self) -> Decimal:
        """What the sales earned, before commission and tax."""
        return self.sold_amount - self.cost

    def with_fill(self, side: Side, fill: Execution) -> Traded:
        """Return it with one more fill."""
        amount = fill.price * fill.quantity
        if side is Side.BUY:
            return replace(
                self,
                bought=self.bought + fill.quantity,
                bought_amount=self.bought_amount + amount,
                bought_commission=self.bought_commission + fill.commission,
                held=fill.held,
            )
        return replace(
            self,
            sold=self.sold + fill.quantity,
            sold_amount=self.sold_amount + amount,
            sold_commission=self.sold_commission + fill.commission,
            tax=self.tax + fill.tax,
            cost=self.cost + fill.cost,
            held=fill.held,
        )


def filled(orders: Iterable[ExchangeOrder]) -> Iterator[tuple[ExchangeOrder, Execution]]:
    """Yield every fill with its order, in the order in which they were traded."""
    fills = ((order, fill) for order in orders for fill in order.executions)
    return iter(sorted(fills, key=lambda each: (each[0].day, each[1].number)))


def traded(orders: Iterable[ExchangeOrder]) -> Sequence[Traded]:
    """Return what these orders came to, by day and symbol."""
    found: dict[tuple[dt.date, str], Traded] = {}
    for order, fill in filled(orders):
        key = (order.day, order.request.symbol)
        found[key] = found.get(key, Traded(*key)).with_fill(order.request.side, fill)
    return [found[key] for key in sorted(found)]


class CashKind(StrEnum):
    """What moved cash."""

    DEPOSIT = "DEPOSIT"
    WITHDRAWAL = "WITHDRAWAL"
    BUY = "BUY"
    SALE = "SALE"


@dataclass(frozen=True)
class CashLine:
    """A line of the cash ledger, in the currency; trades stand in it on the day of their settlement."""

    day: dt.date
    kind: CashKind
    change: Decimal
    """What cash grew by; below 0 where it fell."""
    symbol: str | None = None
    quantity: int = 0
    amount: Decimal = Decimal(0)
    """Of the trade, before commission and tax."""
    commission: Decimal = Decimal(0)
    tax: Decimal = Decimal(0)
    traded_on: dt.date | None = None


@dataclass(frozen=True)
class BookedLine:
    """A line with its number, counted from the first one, and with the cash after it."""

    number: int
    line: CashLine
    balance: Decimal


def deposit(day: dt.date, amount: Decimal) -> CashLine:
    """Return the line of a deposit, or below 0 of a withdrawal."""
    return CashLine(day, CashKind.DEPOSIT if amount > 0 else CashKind.WITHDRAWAL, amount, amount=abs(amount))


def settlements(orders: Iterable[ExchangeOrder], due: dt.date) -> Iterator[CashLine]:
    """Yield the lines of a day's trades, one for all purchases of a symbol and one for all its sales."""
    for each in traded(orders):
        if each.bought:
            change = -each.bought_amount - each.bought_commission
            kind, costs = CashKind.BUY, (each.bought_commission, Decimal(0))
            yield _settlement(each, due, kind, change, each.bought, each.bought_amount, costs)
        if each.sold:
            change = each.sold_amount - each.sold_commission - each.tax
            costs = (each.sold_commission, each.tax)
            yield _settlement(each, due, CashKind.SALE, change, each.sold, each.sold_amount, costs)


def _settlement(
    of: Traded,
    due: dt.date,
    kind: CashKind,
    change: Decimal,
    quantity: Decimal,
    amount: Decimal,
    costs: tuple[Decimal, Decimal],
) -> CashLine:
    return CashLine(due, kind, change, of.symbol, int(quantity), amount, *costs, of.day)


def booked(lines: Iterable[CashLine], start: dt.date, end: dt.date) -> Sequence[BookedLine]:
    """Return the lines of these days with the cash after each, ascending."""
    ordered = sorted(lines, key=attrgetter("day"))
    balances = accumulate(line.change for line in ordered)
    numbered = enumerate(zip(ordered, balances, strict=True), start=1)
    return [BookedLine(number, line, balance) for number, (line, balance) in numbered if start <= line.day <= end]


def by_day(trades: Iterable[Traded]) -> Mapping[dt.date, Sequence[Traded]]:
    """Return trades by their days, which ascend."""
    return {day: list(group) for day, group in groupby(trades, key=attrgetter("day"))}
