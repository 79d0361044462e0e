"""What the exchange knows, in the common models: the yardstick of every adapter."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import TypeVar

from brokerkit.models import Flow, Model, Position
from brokerkit.sandbox.exchange import ExchangeOrder, Holding
from brokerkit.words import OrderStatus

CUT = dt.timedelta(minutes=1)
"""What brokers leave out of the times of their answers at most: they end with the minute, or with the second."""


def status_of(order: ExchangeOrder) -> OrderStatus:
    """Return the state that the quantities of an order amount to."""
    if order.filled == order.quantity:
        return OrderStatus.FILLED
    if order.remaining:
        return OrderStatus.PARTIALLY_FILLED if order.filled else OrderStatus.WORKING
    if order.rejected:
        return OrderStatus.REJECTED
    return OrderStatus.EXPIRED if order.expired else OrderStatus.CANCELED


def position_of(holding: Holding, currency: str | None) -> Position:
    """Return a holding as a Position, with the exact average."""
    profit = holding.market_value - holding.cost
    percent = (profit / holding.cost * 100).quantize(Decimal("0.0001"), ROUND_HALF_UP)
    return Position(
        symbol=holding.symbol,
        name=holding.name,
        quantity=holding.quantity,
        sellable_quantity=holding.sellable,
        average_price=holding.average,
        price=holding.price,
        cost=holding.cost,
        market_value=holding.market_value,
        unrealized_pnl=profit,
        unrealized_pnl_percent=percent,
        currency=currency,
    )


Flows = TypeVar("Flows", bound=Model)


def nets_of(flow: Flows) -> Flows:
    """Return a model with flows with the nets only."""
    nets = {
        name: Flow(net_quantity=kind.net_quantity, net_amount=kind.net_amount)
        for name, kind in flow
        if isinstance(kind, Flow)
    }
    return flow.model_copy(update=nets)


def without(flow: Flows, fields: Collection[str]) -> Flows:
    """Return a model with flows without what a broker does not tell of any of them."""
    nothing = dict.fromkeys(set(fields) & set(Flow.model_fields))
    return flow.model_copy(
        update={name: kind.model_copy(update=nothing) for name, kind in flow if isinstance(kind, Flow)}
    )


def differences(
    told: Model, truth: Model, *, absent: Collection[str] = (), steps: Mapping[str, Decimal] | None = None
) -> list[str]:
    """Return one line for every field in which an adapter's model differs from the truth.

    A field in `absent` must be empty. A field in `steps` may be off by less than that, for brokers that round.
    """
    lines = []
    for name, real in truth:
        value = getattr(told, name)
        if name in absent:
            if not is_empty(value):
                lines.append(f"{name} is declared absent but is {value!r}")
        elif isinstance(value, Decimal) and isinstance(real, Decimal) and steps and name in steps:
            if abs(value - real) >= steps[name]:
                lines.append(f"{name} is {value}, but in truth {real}")
        elif name == "time" and isinstance(real, dt.datetime) and is_near(value, real):
            continue
        elif isinstance(value, Flow) and isinstance(real, Flow):
            lines += [f"{name}.{line}" for line in differences(value, real, steps=steps)]
        elif value != real:
            lines.append(f"{name} is {shown(value)}, but in truth {shown(real)}")
    return lines


def is_near(told: object, moment: dt.datetime) -> bool:
    """Say whether the time of an answer is that of a moment: brokers cut it, and the exchange is asked for it later."""
    return isinstance(told, dt.datetime) and told.tzinfo is not None and abs(told - moment) <= CUT


def shown(value: object) -> str:
    """Return a value as messages tell it."""
    return "not told" if is_empty(value) else f"{value}" if isinstance(value, Decimal | dt.datetime) else repr(value)


def is_empty(value: object) -> bool:
    """Say whether a field tells nothing."""
    return value is None or value == Flow()


def first(lines: Iterable[str]) -> str:
    """Return the differences as one message."""
    return "; ".join(lines)
