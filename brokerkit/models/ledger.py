"""What became of an account's orders: fills, what sales earned, and what moved its cash."""

from __future__ import annotations

from pydantic import StrictBool

from brokerkit.models.base import Model
from brokerkit.values import Date, Exact, Moment
from brokerkit.words import Side, TransactionKind, Venue


class Fill(Model):
    """What was filled of an order (체결)."""

    time_field = "date"

    date: Date
    order_id: str
    """What the broker's own app shows."""
    symbol: str
    name: str | None = None
    side: Side
    venue: Venue | None = None
    quantity: Exact
    """Shares."""
    price: Exact | None
    """Of a total the average of its fills, which some brokers cut to the won; None where it is not told."""
    amount: Exact | None = None
    """What all of it came to, exactly; None where the broker tells the price alone."""
    is_total: StrictBool
    """True: all fills of the order on that day in one row, because the broker does not tell them one by one."""
    time: Moment | None = None
    """When it was filled; None for a total."""
    currency: str


class RealizedPnl(Model):
    """What the sales of a symbol earned on a day (실현손익), amounts in `currency`. Days without a sale have no row."""

    time_field = "date"

    date: Date
    symbol: str
    name: str | None = None
    quantity: Exact
    """Shares sold."""
    sell_price: Exact
    """Average of the sales."""
    buy_price: Exact
    """Average that the shares had cost, before fees."""
    pnl: Exact
    """Sales less cost, before commission, tax and interest."""
    commission: Exact | None
    """As the broker counts it for these sales, some with that of the purchases; None where `costs` alone are told."""
    tax: Exact | None
    """None where `costs` alone are told."""
    costs: Exact
    """Commission and tax together (제비용)."""
    interest: Exact | None = None
    """On loans with which the shares were bought; None where the broker does not tell it."""
    net_pnl: Exact
    """pnl - costs - interest."""
    currency: str


class Transaction(Model):
    """A line of the cash ledger (거래내역), amounts in `currency`. A trade stands on the day of its settlement."""

    time_field = "date"

    date: Date
    id: str | None
    """The broker's number of the line; None where it has none."""
    kind: TransactionKind
    description: str | None = None
    """The broker's own words (적요)."""
    amount: Exact | None
    """What cash grew by, below 0 where it fell; None where the broker does not say which, and nothing shows it."""
    balance: Exact | None
    """Cash of that currency after it; None where the broker does not tell it, so that nothing proves the line."""
    symbol: str | None = None
    name: str | None = None
    quantity: Exact | None = None
    """Shares of a trade."""
    commission: Exact | None = None
    tax: Exact | None = None
    traded_on: Date | None = None
    """The day of the trade that is settled."""
    currency: str
