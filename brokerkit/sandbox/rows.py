"""What the simulated exchange tells of orders: rows of the order list, pages of it, and why it refuses."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

from brokerkit.models import OrderRequest


class Refusal(StrEnum):
    """Why the exchange or the account desk refused. Faces translate it into their broker's code and words."""

    UNKNOWN_SYMBOL = "UNKNOWN_SYMBOL"
    TRADING_HALTED = "TRADING_HALTED"
    MARKET_CLOSED = "MARKET_CLOSED"
    """Everything is closed, or the venue of the order takes nothing in this phase."""
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
    """Filled, cancelled or replaced already. The detail is the quantity that could be cancelled or amended."""
    UNSUPPORTED_TYPE = "UNSUPPORTED_TYPE"
    """The venue does not take that order type or time in force now, or does not trade the symbol."""


WORDS: Mapping[Refusal, str] = {
    Refusal.UNKNOWN_SYMBOL: "there is no such symbol",
    Refusal.TRADING_HALTED: "trading of the symbol is halted",
    Refusal.MARKET_CLOSED: "the market is closed",
    Refusal.PRICE_STEP: "the price is not on a step",
    Refusal.PRICE_LIMIT: "the price is outside the limits of the day",
    Refusal.QUANTITY: "the quantity is wrong",
    Refusal.INSUFFICIENT_CASH: "there is too little cash",
    Refusal.INSUFFICIENT_SHARES: "there are too few shares",
    Refusal.UNKNOWN_ORDER: "there is no such order",
    Refusal.NOTHING_TO_CANCEL: "nothing of the order is left",
    Refusal.UNSUPPORTED_TYPE: "the venue does not take such an order now",
}


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
    commission: Decimal = Decimal(0)
    """What the broker takes for it, in won."""
    tax: Decimal = Decimal(0)
    """What the state takes of a sale, in won."""
    cost: Decimal = Decimal(0)
    """What the shares that a sale sold had cost on average, before fees; 0 of a purchase."""
    held: Decimal = Decimal(0)
    """Shares of the symbol that the account held after it."""


@dataclass(frozen=True)
class ExchangeOrder:
    """State of one row of an account's order list at the moment it was asked for (immutable snapshot).

    A new order has action NEW. A cancel or an amendment is a row of its own with a new number, action CANCEL or AMEND,
    `original` = number of the order it names and `root` = first order of the chain. An AMEND row is a living order.
    Of NEW and AMEND rows: quantity = filled + remaining + canceled + amended + expired + rejected. Of a CANCEL row
    these are all 0, but `rejected` of one that was refused after it had been taken: it has cancelled nothing.
    """

    number: int
    action: str
    original: int | None
    root: int
    account: str
    request: OrderRequest
    """Of a CANCEL row: the request of the order it names. Of an AMEND row: the order as it is now."""
    time: dt.datetime
    day: dt.date
    """Numbers are unique only together with the day."""
    quantity: Decimal
    """Of the order; for CANCEL the quantity cancelled."""
    filled: Decimal
    remaining: Decimal
    canceled: Decimal
    amended: Decimal
    """Moved to the orders that amend this one."""
    expired: Decimal
    """Left when the session ended for which the order was valid."""
    rejected: Decimal
    """Refused by the exchange after the order had been taken."""
    average_price: Decimal | None
    """Of the fills."""
    executions: tuple[Execution, ...]

    @cached_property
    def amount(self) -> Decimal:
        """What the fills came to, in won."""
        return sum((fill.price * fill.quantity for fill in self.executions), Decimal(0))


class Page(NamedTuple):
    """Some rows of a list."""

    rows: list[ExchangeOrder]
    more: bool
    """Whether others follow."""
