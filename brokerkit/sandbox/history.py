"""Order rows of earlier days that tests and stories remember, and the numbers that orders get."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from random import Random

from brokerkit.models import OrderRequest
from brokerkit.sandbox.accounts import Account, Booking, Entry
from brokerkit.sandbox.instruments import Instrument
from brokerkit.words import Side


def first_number(seed: str, day: dt.date | None = None) -> int:
    """Return the number of the first order of a day; without a day, of the first day that a sandbox plays."""
    which = f"/{day}" if day else ""
    return Random(f"{seed}/orders{which}").randrange(10_000, 90_001)  # noqa: S311 - repeatable on purpose


def next_number(seed: str, accounts: Iterable[Account], day: dt.date) -> int:
    """Return the number of the next order that is remembered of an earlier day."""
    newest = (next(account.history.walk(day, day, newest_first=True), None) for account in accounts)
    return max((entry.number for entry in newest if entry is not None), default=first_number(seed, day) - 1) + 1


def remembered(
    account: Account,
    day: dt.date,
    number: int,
    request: OrderRequest,
    done: tuple[Decimal, Decimal],
    *,
    rejected: bool,
) -> Entry:
    """Return a row of an earlier day from what was filled and cancelled; the rest has expired or was rejected."""
    filled, canceled = done
    left = request.quantity - filled - canceled
    whole = all(amount == amount.to_integral_value() for amount in done)
    if not whole or min(filled, canceled, left) < 0 or (rejected and left != request.quantity):
        raise ValueError(f"{filled} filled and {canceled} canceled cannot be of an order of {request.quantity}.")
    time, quantity = account.bourse.begins(day), int(request.quantity)
    entry = Entry(number, "NEW", None, number, account, request, time, day, quantity, canceled=int(canceled))
    if rejected:
        entry.rejected = int(left)
    else:
        entry.expired = int(left)
    return entry


def cancellation(number: int, entry: Entry) -> Entry:
    """Return the row of what cancelled the rest of an order of an earlier day."""
    owner, request = entry.account, entry.request
    return Entry(number, "CANCEL", entry.number, entry.root, owner, request, entry.time, entry.day, entry.canceled)


def booking(
    account: Account, instrument: Instrument, side: Side, day: dt.date, amount: Decimal, cost: Decimal | None
) -> Booking:
    """Return what a fill of an earlier day cost; what was sold had cost just as much unless `cost` tells."""
    bourse, costs, nothing = account.bourse, account.costs, Decimal(0)
    units = bourse.units(amount)
    commission = bourse.money(costs.commission(units))
    if side is Side.BUY:
        return Booking(commission, nothing, nothing, nothing)
    tax = bourse.money(costs.tax(units, bourse.taxes(day)(instrument)))
    return Booking(commission, tax, amount if cost is None else cost, nothing)
