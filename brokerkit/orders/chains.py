"""Orders that are amended and cancelled have many numbers: which of them mean the same order."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from brokerkit.models import Order
from brokerkit.orders.intents import Intent, keys_of

NumbersOf = Callable[[Order], frozenset[str]]
"""Returns all numbers under which a broker knows what an order names, spelt for comparisons."""


def numbers_of(order: Order) -> frozenset[str]:
    """Return the numbers under which an order may be listed, where its broker tells no more of them."""
    return keys_of((order.id, order.original_id))


def names(intent: Intent, numbers_of: NumbersOf) -> frozenset[str]:
    """Return the numbers of the order that a change names, and the one that the change itself got."""
    named = numbers_of(intent.order) if intent.order is not None else frozenset[str]()
    return named | keys_of([intent.order_id])


def whole_chain(intent: Intent, known: Iterable[Intent], numbers_of: NumbersOf) -> frozenset[str]:
    """Return all numbers of the order that an intent names, as far as the known changes tie them together."""
    links = [names(each, numbers_of) for each in known]
    chain = names(intent, numbers_of)
    while more := frozenset[str]().union(*(link for link in links if link & chain)) - chain:
        chain |= more
    return chain
