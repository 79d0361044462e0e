"""Numbers of orders as the journal keeps them: with the branch that gave them, where the broker has branches."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import suppress

from brokerkit.models import Order
from brokerkit.orders.intents import Intent, key_of

BranchOf = Callable[[Order], str]
"""Tells the branch of an order, a blank where its broker has none."""


def one_branch(order: Order) -> str:
    """Return the branch of an order of a broker whose numbers come once a day."""
    return ""


def branch_in(order: Order, branch_of: BranchOf) -> str:
    """Return the branch of an order; a blank where its adapter cannot read what stands in it."""
    with suppress(Exception):
        return branch_of(order)
    return ""


def branch_and_number(intent: Intent, branch_of: BranchOf) -> tuple[str, str | None]:
    """Return the branch, if it is known, and the number of the order that an intent became."""
    # What changes a reserved order has no number of its own; what other lists number is not known to be unique.
    is_numbered = intent.is_new or not (intent.is_reserved or intent.is_apart)
    number = key_of(intent.order_id) if is_numbered else None
    if number is None or intent.result is None:
        return "", number
    return branch_in(intent.result, branch_of), number


def check_free(file: sqlite3.Connection, intent: Intent, branch: str, number: str | None) -> None:
    """Raise as the index of numbers does where another intent has the number, and one of them tells no branch."""
    if number is None:
        return
    query = """SELECT 1 FROM intents WHERE market = ? AND day = ? AND number = ? AND branch != ?
 AND (branch = '' OR ? = '') AND id != ?"""
    values = (intent.book, intent.day.isoformat(), number, branch, branch, intent.id)
    if file.execute(query, values).fetchone():
        raise sqlite3.IntegrityError("another intent has this number")
