"""What the reply to a call becomes: the common models in it, and rows that are none."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from brokerkit.clock import KST
from brokerkit.models import Model, Quote
from brokerkit.replies import FACTS
from brokerkit.testing.doubts import doubts
from brokerkit.testing.replays import Shown
from brokerkit.transport import Block, OddRow, Reply
from brokerkit.transport.endpoint import deepest_fault
from brokerkit.words import OrderStatus, Venue

ASKED: Mapping[str, Any] = {
    "symbol": "005930",
    "venue": Venue.KRX,
    "account": "?",
    "handle": "?",
    "status": OrderStatus.UNKNOWN,
    "positions": (),
    "time": dt.datetime(2026, 1, 2, 10, tzinfo=KST),
    "cost": 0,
    "market_value": 0,
    "rank": 1,
    "final": False,
}
"""What the core, or another answer, tells of a model where a reply does not."""


def odd_rows(value: Any, place: str = "") -> Iterator[str]:
    """Yield where a row of a reply is odd, and how."""
    if isinstance(value, OddRow):
        yield f"{place}: the row is blank, {value.fault}" if value.is_blank else f"{place}: {value.fault}"
    elif isinstance(value, Block):
        for name in type(value).model_fields:
            yield from odd_rows(getattr(value, name), f"{place}.{name}".strip("."))
    elif isinstance(value, list | tuple):
        for number, each in enumerate(value, start=1):
            yield from odd_rows(each, f"{place} {number}")


@dataclass(frozen=True)
class Made:
    """A model, and which of its fields the reply tells."""

    model: Model
    told: frozenset[str]
    beside: Mapping[str, Any] = field(default_factory=dict)
    """What a row of orders, or a book, tells beside the model."""


def models_of(reply: Block, currency: str | None) -> tuple[list[Made], list[str]]:
    """Return the common models that a reply becomes, in a currency, and what is wrong with any of them."""
    made: list[Made] = []
    faults: list[str] = []
    for each in _replies_in(reply):
        name = each._target.__name__
        try:
            found = _model(each, currency)
        except ValidationError as error:
            faults.append(f"{name}: {deepest_fault(error)}")
        except Exception as error:  # noqa: BLE001 - a property of a reply stumbles in its own way
            faults.append(f"{name}: {type(error).__name__} in a property of {type(each).__name__}")
        else:
            made += [found] if found is not None else []
    return made, list(dict.fromkeys(faults))


def shown_of(made: Iterable[Made]) -> tuple[Shown, ...]:
    """Return the first model of each kind."""
    first: dict[str, Shown] = {}
    for each in made:
        values = each.model.model_dump(mode="json", include=set(each.told), exclude_none=True)
        if any(values.values()):
            values |= {name: str(value) for name, value in each.beside.items() if value not in (None, "", False)}
            first.setdefault(type(each.model).__name__, Shown(model=type(each.model).__name__, values=values))
    return tuple(first.values())


def doubts_of(made: Iterable[Made]) -> tuple[str, ...]:
    """Return what does not add up in any of the models, each once."""
    return tuple(
        dict.fromkeys(f"{type(each.model).__name__}: {doubt}" for each in made for doubt in doubts(each.model))
    )


def _replies_in(value: Any) -> Iterator[Reply[Any]]:
    if isinstance(value, Reply):
        yield value
    if isinstance(value, Block):
        for name in type(value).model_fields:
            yield from _replies_in(getattr(value, name))
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _replies_in(each)


def _model(reply: Reply[Any], currency: str | None) -> Made | None:
    """Return the model of a reply; None of a quote without a price."""
    if reply._target is Quote and not getattr(reply, "price", None):
        return None
    needed = {name for name, info in reply._target.model_fields.items() if info.is_required()}
    # An account is never taken from an answer: the core masks it.
    lacking = {
        name
        for name in needed & {*ASKED, "currency"}
        if name not in reply._mapped or getattr(reply, name, None) in (None, "")
    }
    core = {**ASKED, "currency": currency}
    asked = {name: core[name] for name in lacking | (needed & {"account"})}
    beside = {name: getattr(reply, name, None) for name in ("clock", *FACTS) if name not in reply._mapped}
    return Made(reply.to_model(**asked), frozenset(reply._mapped) - asked.keys(), beside)
