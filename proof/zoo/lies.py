"""How the bad adapters say other things than their broker answered."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

from brokerkit.replies import OrderPage
from brokerkit.transport import OddRow

Say = Callable[[Any], Any]
"""Takes what a reply says in a field, and returns what is said instead."""


class Twisted:
    """A reply that says something else in some fields, whatever their types: it is nobody's model that is asked."""

    def __init__(self, reply: Any, **says: Say) -> None:
        self._reply = reply
        self._says = says

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._reply, name)
        return self._says[name](value) if name in self._says else value

    def fact(self, name: str) -> Any:
        """Return a fact of a row of orders."""
        value = self._reply.fact(name)
        return self._says[name](value) if name in self._says else value

    def to_model(self, **known: Any) -> Any:
        """Return the common model with the lies in it, which no type of the model has looked at."""
        model = self._reply.to_model(**known)
        told = {name: say(getattr(model, name)) for name, say in self._says.items() if name in type(model).model_fields}
        return model.model_copy(update=told)


def twisted(reply: Any, **says: Say) -> Any:
    """Return a reply that says something else in some fields."""
    return Twisted(reply, **says)


def always(value: Any) -> Say:
    """Return what says the same whatever is true."""
    return lambda true: value


def per(step: int) -> Say:
    """Return what tells a number in another unit."""
    return lambda true: None if true is None else true / step


def rows_of(pages: Iterable[OrderPage], **says: Say) -> Iterator[OrderPage]:
    """Return lists of orders whose rows say something else."""
    return changed(pages, lambda row: twisted(row, **says))


def changed(pages: Iterable[OrderPage], change: Callable[[Any], Any]) -> Iterator[OrderPage]:
    """Return lists of orders with every row that can be read changed; None leaves it out."""
    for page in pages:
        rows = [row if isinstance(row, OddRow) else change(row) for row in page.rows]
        yield replace(page, rows=[row for row in rows if row is not None])
