"""Order rows of earlier days."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import chain, islice
from random import Random

from brokerkit.clock import KST
from brokerkit.models import OrderRequest
from brokerkit.sandbox.accounts import Account
from brokerkit.sandbox.roll import Key, Page
from brokerkit.sandbox.rows import Entry, ExchangeOrder

_TIME_OF_DAY = dt.time(10, 0, tzinfo=KST)


def rows_of(account: Account, start: dt.date, end: dt.date) -> Sequence[ExchangeOrder]:
    """Return the rows of these days, ascending by day and number."""
    return [entry.snapshot() for entry in _walk(account, start, end)]


def page_of(
    account: Account,
    size: int,
    days: tuple[dt.date, dt.date],
    wanted: Callable[[ExchangeOrder], bool],
    *,
    after: Key | None = None,
    newest_first: bool = False,
    working: bool = False,
) -> Page:
    """Return the first rows behind a key that are wanted, and whether more of them follow."""
    if working:
        entries = account.working.walk(*days, after=after, newest_first=newest_first)
    else:
        entries = _walk(account, *days, after=after, newest_first=newest_first)
    found = list(islice((row for row in (entry.snapshot() for entry in entries) if wanted(row)), size + 1))
    return Page(found[:size], len(found) > size)


def _walk(
    account: Account, start: dt.date, end: dt.date, *, after: Key | None = None, newest_first: bool = False
) -> Iterator[Entry]:
    rolls = (account.today, account.history) if newest_first else (account.history, account.today)
    return chain.from_iterable(roll.walk(start, end, after=after, newest_first=newest_first) for roll in rolls)


def first_number(seed: int, day: dt.date | None = None) -> int:
    """Return the number of the first order of a day; without a day, of the first day that a sandbox plays."""
    which = f"/{day}" if day else ""
    return Random(f"{seed}/orders{which}").randrange(10_000, 90_001)  # noqa: S311 - repeatable on purpose


def next_number(seed: int, accounts: Iterable[Account], day: dt.date) -> int:
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
    time = dt.datetime.combine(day, _TIME_OF_DAY)
    entry = Entry(number, "NEW", None, number, account, request, time, int(request.quantity), canceled=int(canceled))
    if rejected:
        entry.rejected = int(left)
    else:
        entry.expired = int(left)
    return entry
