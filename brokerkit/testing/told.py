"""What was told of own orders, compared with the exchange's rows: each change and each share once, and in order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from brokerkit.sandbox.exchange import ExchangeOrder
from brokerkit.stream.events import OrderChange, OrderEvent, Source

FINEST = Decimal("0.0001")
"""To which average prices are rounded by us."""


@dataclass
class _Told:
    """An order as far as events tell it."""

    row: ExchangeOrder
    has_begun: bool = False
    has_ended: bool = False
    filled: Decimal = Decimal(0)
    amount: Decimal | None = Decimal(0)
    """None where a price was not told."""
    prices: dict[Decimal, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    """Shares that notices told, by price."""
    canceled: Decimal = Decimal(0)
    rejected: int = 0
    expired: int = 0


class Comparison:
    """Takes events one after the other, and says in words where they are not what the exchange did."""

    def __init__(self, rows: Iterable[ExchangeOrder], number_of: Callable[[str], int], *, rounded: Decimal) -> None:
        """`rows` are those of the account, as they stand in the end; `number_of` reads an order's number.

        To `rounded` lists round average prices, and so those of fills that are told as one.
        """
        self._rounded = max(rounded, FINEST)
        self._number_of = number_of
        self._orders = {row.number: _Told(row) for row in rows}
        self._changes: set[int] = set()
        """Numbers of amendments and cancellations that were told."""
        self.wrongs: list[str] = []

    def take(self, event: OrderEvent) -> None:
        """Take the next event."""
        order = self._orders.get(self._number_of(event.order_id))
        if order is None:
            self.wrongs.append(f"order {event.order_id} is told, and it is none of the account's")
            return
        number, change = event.order_id, event.change
        self.wrongs += [f"order {number} is told as {change} {words}" for words in self._taken(event, order)]

    def _taken(self, event: OrderEvent, order: _Told) -> Iterator[str]:
        row = order.row
        if (event.symbol, event.side) != (row.request.symbol, row.request.side):
            yield f"of {event.symbol}, {event.side}, in truth {row.request.symbol}, {row.request.side}"
        match event.change:
            case OrderChange.ACCEPTED | OrderChange.AMENDED:
                yield from self._begun(event, order)
            case OrderChange.FILLED:
                yield from self._filled(event, order)
            case OrderChange.CANCELED:
                yield from self._canceled(event, order)
            case OrderChange.REJECTED:
                order.rejected += 1
            case OrderChange.EXPIRED:
                order.expired += 1

    def _begun(self, event: OrderEvent, order: _Told) -> Iterator[str]:
        row = order.row
        if order.has_begun:
            yield "again"
        order.has_begun = True
        if row.rejected:
            yield "and the exchange refused it"
        if event.change is not (OrderChange.AMENDED if row.action == "AMEND" else OrderChange.ACCEPTED):
            yield f"and it is a row {row.action}"
        named = None if event.original_id is None else self._number_of(event.original_id)
        if named != row.original:
            yield f"of {named}, in truth of {row.original}"
        if (event.quantity, event.price) != (row.quantity, row.request.price):
            yield f"over {event.quantity} at {event.price}, in truth {row.quantity} at {row.request.price}"

    def _filled(self, event: OrderEvent, order: _Told) -> Iterator[str]:
        if not order.has_begun:
            yield "before the exchange had it"
        if order.has_ended:
            yield "after its end"
        shares = event.last_quantity or Decimal(0)
        order.filled += shares
        if shares <= 0 or event.filled_quantity != order.filled:
            yield f"with {event.last_quantity} shares, {event.filled_quantity} in all, and {order.filled} were told"
            order.filled = event.filled_quantity
        if order.filled > order.row.filled:
            yield f"with {order.filled} in all, in truth {order.row.filled}"
        if event.quantity not in (None, order.row.quantity):
            yield f"of an order over {event.quantity}, in truth {order.row.quantity}"
        if event.last_price is None or order.amount is None:
            order.amount = None
        else:
            order.amount += event.last_price * shares
        if event.last_price is not None and event.source is Source.NOTICE:  # a list tells averages
            order.prices[event.last_price] += shares
            most = sum(fill.quantity for fill in order.row.executions if fill.price == event.last_price)
            if order.prices[event.last_price] > most:
                yield f"with {order.prices[event.last_price]} shares at {event.last_price}, in truth {most}"

    def _canceled(self, event: OrderEvent, order: _Told) -> Iterator[str]:
        named = order if event.original_id is None else self._orders.get(self._number_of(event.original_id))
        if order.row.number in self._changes:
            yield "again"
        self._changes.add(order.row.number)
        if named is None:
            yield f"of {event.original_id}, which is none of the account's"
            return
        if not named.has_begun:
            yield "before the exchange had it"
        if named is order:  # the rest of an order that does not wait
            named.canceled += order.row.quantity - order.filled - order.row.amended - named.canceled
        else:
            named.canceled += event.quantity or Decimal(0)
        named.has_ended = event.remaining_quantity == 0

    def ended(self) -> list[str]:
        """Return all that is wrong, now that everything was told."""
        return self.wrongs + [words for order in self._orders.values() for words in self._missing(order)]

    def _missing(self, order: _Told) -> Iterator[str]:
        row, number = order.row, order.row.number
        if bool(row.rejected) != bool(order.rejected) or order.rejected > 1:
            there = int(bool(row.rejected))
            yield f"of order {number} a refusal was told {order.rejected} times, and there were {there}"
        if row.action == "CANCEL" or row.rejected:
            return
        if not order.has_begun:
            yield f"of order {number} nothing says that the exchange has it"
        if order.filled != row.filled:
            yield f"of order {number} {order.filled} are told as filled, in truth {row.filled}"
        if order.canceled != row.canceled:
            yield f"of order {number} {order.canceled} are told as cancelled, in truth {row.canceled}"
        if order.expired != bool(row.expired):
            yield f"of order {number} {order.expired} are told as expired, in truth {int(bool(row.expired))}"
        if order.amount is not None and abs(order.amount - row.amount) > self._rounded * row.filled:
            yield f"of order {number} the fills came to {order.amount}, in truth {row.amount}"


def wrongs_of(
    events: Iterable[OrderEvent],
    rows: Sequence[ExchangeOrder],
    number_of: Callable[[str], int],
    *,
    rounded: Decimal = FINEST,
) -> list[str]:
    """Return where events of own orders are not what the exchange did."""
    comparison = Comparison(rows, number_of, rounded=rounded)
    for event in events:
        comparison.take(event)
    return comparison.ended()
