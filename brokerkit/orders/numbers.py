"""Numbers of orders as the journal keeps them: with the branch that gave them, where the broker has branches."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import suppress

from brokerkit.models import Order
from brokerkit.orders.intents import BRANCH, Intent, key_of, with_branch

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


def key_of_intent(intent: Intent, branch_of: BranchOf) -> str | None:
    """Return what tells the order of an intent from all others of its day."""
    number = key_of(intent.order_id)
    if number is None or intent.result is None:
        return number
    return with_branch(number, branch_in(intent.result, branch_of))


def check_free(file: sqlite3.Connection, intent: Intent, key: str | None) -> None:
    """Raise as the index of numbers does where another intent has the number, and one of them tells no branch."""
    if key is None:
        return
    number, with_it, _ = key.partition(BRANCH)
    query = "SELECT 1 FROM intents WHERE day = ? AND number = ? AND id != ?"
    if not with_it:
        query = "SELECT 1 FROM intents WHERE day = ? AND number >= ? || '@' AND number < ? || 'A' AND id != ?"
    values = (number,) if with_it else (number, number)
    if file.execute(query, (intent.day.isoformat(), *values, intent.id)).fetchone():
        raise sqlite3.IntegrityError("another intent has this number")
