"""Own orders by stream: what follows, what it is told, whom it wakes, and what the journal learns by notices."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from brokerkit import BrokerError, Order, Venue, clock
from brokerkit.broker import Broker
from brokerkit.stream.events import Gap, Notice, OrderChange, OrderEvent, Source
from brokerkit.stream.own_orders import ORDERS, OwnOrders
from brokerkit.stream.topics import Topic
from tests.journals import BROKERS, trading


class Follower:
    """Takes what comes, and lets a test wait for it."""

    def __init__(self) -> None:
        self.events: list[Any] = []
        self.errors: list[BrokerError] = []
        self._changed = threading.Condition()

    def take(self, topic: Topic, events: Sequence[Any]) -> None:
        """Take events."""
        with self._changed:
            self.events += events
            self._changed.notify_all()

    def missed(self, gap: Gap) -> None:
        """Take a gap."""
        self.take(ORDERS, [gap])

    def failed(self, error: BrokerError) -> None:
        """Learn that nothing comes any more."""
        with self._changed:
            self.errors.append(error)
            self._changed.notify_all()

    def wait(self, condition: Callable[[], object]) -> None:
        """Wait until something holds of what came."""
        with self._changed:
            assert self._changed.wait_for(condition, 60), self.events

    @property
    def orders(self) -> list[OrderEvent]:
        """What came of orders."""
        return [event for event in self.events if isinstance(event, OrderEvent)]


def own_of(broker: Broker) -> OwnOrders:
    """Return what follows the own orders of a broker."""
    return broker._orders_of_account


@contextmanager
def following(broker: Broker) -> Iterator[Follower]:
    """Follow the own orders of a broker, from after the first list on."""
    follower, own = Follower(), own_of(broker)
    own.follow(follower)
    try:
        yield follower
    finally:
        own.unfollow(follower)


def notice_of(order: Order, change: OrderChange = OrderChange.ACCEPTED, **known: Any) -> Notice:
    """Return a notice of an order that the broker answered."""
    now = clock.now()
    told: dict[str, Any] = {
        "symbol": order.symbol,
        "venue": Venue.KRX,
        "time": now,
        "received_at": now,
        "change": change,
        "order_id": order.id,
        "original_id": order.original_id,
        "side": order.side,
        "quantity": order.quantity,
        "price": order.price,
        "type": order.type,
    }
    return Notice(**{**told, **known})


@pytest.mark.parametrize("name", BROKERS)
def test_who_follows_is_told_of_notices_with_the_intent_and_of_nothing_before(name: str) -> None:
    with trading(name) as trader:
        trader.buy()
        with following(trader.broker) as follower:
            order = trader.buy(5)
            own_of(trader.broker).take(ORDERS, [notice_of(order)])
            follower.wait(lambda: follower.orders)
            event = follower.orders[0]
            known = trader.journal.sent_as(clock.today(), order.id)[0]
            assert (event.change, event.order_id, event.intent) == (OrderChange.ACCEPTED, order.id, known.id)
            assert event.remaining_quantity == 5
        assert not [each for each in threading.enumerate() if each.name.startswith("brokerkit-order")]


@pytest.mark.parametrize("name", BROKERS)
def test_what_no_notice_told_is_told_by_the_list_after_a_gap(name: str) -> None:
    with trading(name) as trader, following(trader.broker) as follower:
        order = trader.buy(5)
        now = clock.now()
        own_of(trader.broker).missed(Gap((ORDERS,), now, now, "DISCONNECTED", now))  # type: ignore[arg-type]
        follower.wait(lambda: follower.orders)
        assert [(each.change, each.order_id, each.source) for each in follower.orders] == [
            (OrderChange.ACCEPTED, order.id, Source.LIST)
        ]
