"""A process that trades as fast as it can until it is killed: `python -m proof.killed`.

What it is to do comes as JSON on the standard input; every answer that a caller would see goes to the standard output
at once, a line each.
"""

from __future__ import annotations

import datetime as dt
import json
import random
import sys
from dataclasses import asdict, dataclass, field
from decimal import Decimal

from brokerkit import Broker, BrokerError, Order, OrderBlocked, OrderRequest, OrderType, Side, get_broker
from brokerkit.orders import desk, reconcile
from brokerkit.symbols import HOME
from brokerkit.testing.inside import at_home, part_of
from brokerkit.transport import connection
from proof import called

ORDERS = 40
"""Orders of one life, should it not end before."""
PRICES = 30
CALLED = 0.3
"""Share of the orders at home that are sent by a raw call, half of them on credit where they buy."""
MANY = 1_000_000
SETTLE_SECONDS = 1.0
TOTAL_SECONDS = 1.0
APART = 0.1
READY, OPEN, BLOCKED, DONE = "ready", "open", "blocked", "done"


@dataclass(frozen=True)
class Life:
    """What a process is told."""

    broker: str
    keys: dict[str, str]
    seed: int
    first: int
    """Its first order is the one of this number: no two orders of an account are alike."""
    degraded: bool
    symbols: list[str]
    lowest: list[int]
    """The lowest price of each symbol. Orders to buy rest there, orders to sell at the highest one."""
    highest: list[int]
    steps: list[int] = field(default_factory=list)
    market: str = HOME
    unit: str = "1"
    """What prices and steps count: won, or cents."""

    def request(self, number: int) -> OrderRequest:
        """Return the order of a number."""
        number, place = divmod(number, len(self.symbols))
        number, is_sale = divmod(number, 2)
        number, price = divmod(number, PRICES)
        return OrderRequest(
            symbol=self.symbols[place],
            side=Side.SELL if is_sale else Side.BUY,
            quantity=Decimal(2 + number),
            type=OrderType.LIMIT,
            price=self._price(place, price, is_sale=bool(is_sale)),
        )

    def other_price(self, order: Order) -> Decimal:
        """Return the price to which an order is amended, which no order has at first."""
        place = self.symbols.index(order.symbol)
        return self._price(place, PRICES, is_sale=order.side is Side.SELL)

    def _price(self, place: int, steps: int, *, is_sale: bool) -> Decimal:
        away = steps * self.steps[place]
        return Decimal(self.highest[place] - away if is_sale else self.lowest[place] + away) * Decimal(self.unit)

    def dump(self) -> str:
        """Return it as one line."""
        return json.dumps(asdict(self)) + "\n"


def shorten_waits() -> None:
    """Wait less than in earnest, so that many lives fit into a minute. What is waited for stays the same."""
    connection.TOTAL_SECONDS = TOTAL_SECONDS
    desk.TOTAL_SECONDS = TOTAL_SECONDS  # type: ignore[attr-defined]
    desk.START_SECONDS = 1.0
    reconcile.APART = dt.timedelta(seconds=APART)
    reconcile.POLL_SECONDS = APART


def limits_of(broker: Broker) -> dict[str, int]:
    """Return the table of the adapter's limits."""
    table: dict[str, int] = sys.modules[type(broker.client).__module__].CALLS_PER_SECOND
    return table


def lift_limits(broker: Broker) -> None:
    """Let calls go as fast as they can: those for the US have limits of their own."""
    limits_of(broker).update(real=MANY)
    if broker.adapter.home != HOME:
        broker.client.limits = lambda *given: ()  # type: ignore[method-assign]


def opened(name: str, keys: dict[str, str], *, degraded: bool = False, market: str = HOME) -> Broker:
    """Return the broker at the served sandbox, in a market of it."""
    broker = get_broker(
        name,
        environment="sandbox",
        exclusive=True,
        degraded=degraded,
        options={"settle_seconds": SETTLE_SECONDS},
        **keys,  # type: ignore[arg-type]
    )
    return at_home(broker, market)


def say(word: str, number: str | None = None) -> None:
    """Tell what a caller was told."""
    print(json.dumps([word, number]), flush=True)


def trade(broker: Broker, life: Life) -> None:
    """Send orders, and amend or cancel every other one."""
    chance = random.Random(life.seed)  # noqa: S311 - repeatable on purpose
    for number in range(life.first, life.first + ORDERS):
        try:
            request, way = life.request(number), chance.random()
            if life.market == HOME and way < CALLED:  # by the broker's own fields, on credit where that can be
                is_credit = request.side is Side.BUY and way < CALLED / 2
                reply = called.on_credit(broker, request) if is_credit else called.as_a_verb(broker, request)
                say(OPEN if number == life.first else "call")
                say("order", reply.order_id)
                continue
            order = broker.order(request)
            if number == life.first:
                say(OPEN)
            say("order", order.id)
            change = chance.random()
            if change < 0.2:
                say("amend", broker.amend(order, price=life.other_price(order)).id)
            elif change < 0.35 or (change < 0.5 and "cancel" not in part_of(broker).changes_parts):
                say("cancel", broker.cancel(order).id)
            elif change < 0.5:
                say("cancel", broker.cancel(order, quantity=1).id)
        except OrderBlocked:
            say(BLOCKED)
            if number == life.first and not life.degraded:
                return
            broker.reconcile()  # what it leaves a person settles, after this life
        except BrokerError as error:
            say(f"{type(error).__name__}: {error}")


def main() -> None:
    """Trade, and wait for the end."""
    life = Life(**json.loads(sys.stdin.readline()))
    shorten_waits()
    with opened(life.broker, life.keys, degraded=life.degraded, market=life.market) as broker:
        lift_limits(broker)
        say(READY)
        trade(broker, life)
    say(DONE)
    sys.stdin.readline()


if __name__ == "__main__":
    main()
