"""Accounts at the simulated exchange: cash, holdings, orders, and what a broker takes for a trade."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from brokerkit.market.costs import cut
from brokerkit.models import OrderRequest, Side
from brokerkit.sandbox.books import Resting
from brokerkit.sandbox.instruments import Instrument


class Refusal(StrEnum):
    """Why the exchange or the account desk refused. Faces translate it into their broker's code and words."""

    UNKNOWN_SYMBOL = "UNKNOWN_SYMBOL"
    TRADING_HALTED = "TRADING_HALTED"
    MARKET_CLOSED = "MARKET_CLOSED"
    PRICE_STEP = "PRICE_STEP"
    PRICE_LIMIT = "PRICE_LIMIT"
    QUANTITY = "QUANTITY"
    INSUFFICIENT_CASH = "INSUFFICIENT_CASH"
    """The detail is the quantity that could be bought."""
    INSUFFICIENT_SHARES = "INSUFFICIENT_SHARES"
    """The detail is the quantity that could be sold."""
    UNKNOWN_ORDER = "UNKNOWN_ORDER"
    """A number that this account never had, or of another day."""
    NOTHING_TO_CANCEL = "NOTHING_TO_CANCEL"
    """Filled, cancelled or replaced already. The detail is the quantity that could be cancelled."""
    UNSUPPORTED_TYPE = "UNSUPPORTED_TYPE"
    """This exchange does not play that order type, time in force or venue."""


class ExchangeRefusal(Exception):
    """A refusal; `reason` is the cause, `detail` carries numbers a broker prints (e.g. affordable quantity)."""

    def __init__(self, reason: Refusal, detail: str = "") -> None:
        self.reason = reason
        self.detail = detail
        super().__init__(f"{reason}: {detail}" if detail else str(reason))


@dataclass(frozen=True)
class Execution:
    """One fill of one order. `number` is that of the trade, so both its sides have the same."""

    order_number: int
    number: int
    price: Decimal
    quantity: Decimal
    time: dt.datetime


@dataclass(frozen=True)
class ExchangeOrder:
    """State of one row of an account's order list at the moment it was asked for (immutable snapshot).

    A new order has action NEW. A cancel (or, later, an amendment) is a row of its own with a new number, action CANCEL
    (AMEND), `original` = number of the order it names and `root` = first order of the chain.
    Of a NEW order: quantity = filled + remaining + canceled. Of a CANCEL row these three are 0.
    """

    number: int
    action: str
    original: int | None
    root: int
    account: str
    request: OrderRequest
    """Of a CANCEL row: the request of the order it names."""
    time: dt.datetime
    quantity: Decimal
    """Of the order; for CANCEL the quantity cancelled."""
    filled: Decimal
    remaining: Decimal
    canceled: Decimal
    average_price: Decimal | None
    """Of the fills."""
    executions: tuple[Execution, ...]


@dataclass(frozen=True)
class Holding:
    """Snapshot of a holding."""

    symbol: str
    name: str
    quantity: Decimal
    sellable: Decimal
    """quantity less what working sells reserve."""
    cost: Decimal
    """Before fees, in whole won."""
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
    """Snapshot of an account, all in whole won."""

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


@dataclass(frozen=True)
class Costs:
    """Commission of a broker: rate as a fraction, cut to `commission_unit` won for each fill.

    The tax on sales follows the market's table and is cut to 1 won for each fill. Brokers differ in whether they cut
    by fill or by order, and not all of them tell.
    """

    commission_rate: Decimal = Decimal("0.00015")
    commission_unit: Decimal = Decimal(10)

    def commission(self, amount: int) -> int:
        """Return the commission on an amount traded."""
        return int(cut(amount * self.commission_rate, self.commission_unit))


@dataclass(eq=False)
class Entry:
    """A row of the order list as the exchange keeps it, in whole shares and won."""

    number: int
    action: str
    original: int | None
    root: int
    account: Account
    request: OrderRequest
    time: dt.datetime
    quantity: int
    remaining: int = 0
    canceled: int = 0
    executions: list[Execution] = field(default_factory=list)
    resting: Resting[Entry] | None = None
    reserved: int = 0
    """Cash that a working buy holds back."""

    def snapshot(self) -> ExchangeOrder:
        """Return the row as it stands."""
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
            quantity=Decimal(self.quantity),
            filled=filled,
            remaining=Decimal(self.remaining),
            canceled=Decimal(self.canceled),
            average_price=amount / filled if filled else None,
            executions=tuple(self.executions),
        )


@dataclass
class _Lot:
    """What an account holds of one symbol."""

    instrument: Instrument
    quantity: int = 0
    cost: int = 0
    reserved: int = 0
    today_bought: int = 0
    today_sold: int = 0

    def snapshot(self, price: int) -> Holding:
        return Holding(
            symbol=self.instrument.symbol,
            name=self.instrument.name,
            quantity=Decimal(self.quantity),
            sellable=Decimal(self.quantity - self.reserved),
            cost=Decimal(self.cost),
            average=Decimal(self.cost) / self.quantity if self.quantity else Decimal(0),
            price=Decimal(price),
            market_value=Decimal(self.quantity * price),
            today_bought=Decimal(self.today_bought),
            today_sold=Decimal(self.today_sold),
        )


class Account:
    """Cash, holdings and orders of one account. The exchange holds the lock."""

    def __init__(self, number: str, cash: int, costs: Costs) -> None:
        self.number = number
        self.entries: dict[int, Entry] = {}
        """Today's rows by number, ascending."""
        self._cash = cash
        self._costs = costs
        self._lots: dict[str, _Lot] = {}
        self._reserved = 0
        self._bought = 0
        self._sold = 0
        self._fees = 0

    @property
    def orderable(self) -> int:
        """Cash for new buys: the proceeds of today's sales can buy at once."""
        return self._cash - self._bought + self._sold - self._fees - self._reserved

    def sellable(self, symbol: str) -> int:
        """Return the shares that no working sell has reserved."""
        lot = self._lots.get(symbol)
        return lot.quantity - lot.reserved if lot else 0

    def affordable(self, price: int) -> int:
        """Return how many shares can be bought at a price, commission included."""
        orderable = max(self.orderable, 0)
        return bisect_right(range(orderable // price + 1), orderable, key=lambda shares: self._due(price * shares)) - 1

    def check(self, side: Side, symbol: str, quantity: int, price: int) -> None:
        """Refuse an order that the account cannot pay (at this price) or deliver."""
        if side is Side.BUY and self._due(price * quantity) > self.orderable:
            raise ExchangeRefusal(Refusal.INSUFFICIENT_CASH, str(self.affordable(price)))
        if side is Side.SELL and quantity > self.sellable(symbol):
            raise ExchangeRefusal(Refusal.INSUFFICIENT_SHARES, str(self.sellable(symbol)))

    def give(self, instrument: Instrument, quantity: int, cost: int) -> None:
        """Add shares that were bought and settled earlier."""
        lot = self._lots.setdefault(instrument.symbol, _Lot(instrument))
        lot.quantity += quantity
        lot.cost += cost

    def reserve(self, entry: Entry) -> None:
        """Hold back what the rest of a working order needs, in place of what it held back before."""
        self.release(entry)
        if entry.request.side is Side.BUY:
            assert entry.resting is not None  # noqa: S101 - only what rests in a book is reserved
            entry.reserved = self._due(entry.resting.price * entry.remaining)
            self._reserved += entry.reserved
        else:
            entry.reserved = entry.remaining
            self._lots[entry.request.symbol].reserved += entry.reserved

    def release(self, entry: Entry) -> None:
        """Hold back nothing for an order any more."""
        if entry.request.side is Side.BUY:
            self._reserved -= entry.reserved
        elif entry.reserved:
            self._lots[entry.request.symbol].reserved -= entry.reserved
        entry.reserved = 0

    def fill(self, side: Side, instrument: Instrument, quantity: int, price: int, tax_rate: Decimal) -> None:
        """Book a trade: shares and cost at once, cash for the settlement after the next."""
        amount = price * quantity
        lot = self._lots.setdefault(instrument.symbol, _Lot(instrument))
        self._fees += self._costs.commission(amount)
        if side is Side.BUY:
            self._bought += amount
            lot.quantity += quantity
            lot.cost += amount
            lot.today_bought += quantity
            return
        self._fees += int(cut(amount * tax_rate, Decimal(1)))
        self._sold += amount
        # The average stays: the cost goes down in proportion, and the fraction of a won stays with the holding.
        lot.cost -= lot.cost * quantity // lot.quantity
        lot.quantity -= quantity
        lot.today_sold += quantity

    def state(self, price_of: Callable[[str], int]) -> AccountState:
        """Return a snapshot, with holdings at the present prices."""
        settled = self._cash - self._bought + self._sold - self._fees
        return AccountState(
            number=self.number,
            cash=Decimal(self._cash),
            # Nothing of earlier days waits for settlement: what an account has from before is settled.
            cash_d1=Decimal(self._cash),
            cash_d2=Decimal(settled),
            orderable=Decimal(self.orderable),
            withdrawable=Decimal(max(min(self._cash, settled) - self._reserved, 0)),
            holdings=tuple(
                lot.snapshot(price_of(symbol)) for symbol, lot in self._lots.items() if lot.quantity or lot.today_sold
            ),
            bought_today=Decimal(self._bought),
            sold_today=Decimal(self._sold),
            fees_today=Decimal(self._fees),
        )

    def _due(self, amount: int) -> int:
        return amount + self._costs.commission(amount)
