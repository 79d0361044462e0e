"""Own orders by stream: what follows, what it is told, whom it wakes, and what the journal learns by notices."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, cast

import pytest

from brokerkit import BrokerError, Order, OrderStatus, OrderUncertain, Side, Venue, clock, halt, resume
from brokerkit.broker import Broker
from brokerkit.errors import JournalError, StreamError, Unsupported
from brokerkit.market.markets import market_named
from brokerkit.market.sessions import Phase
from brokerkit.orders import reconcile
from brokerkit.orders.intents import Confidence, IntentState
from brokerkit.orders.listing import Listed, Unread
from brokerkit.orders.reconcile import Reconciler, Reconciliation
from brokerkit.sandbox import Rule
from brokerkit.stream import reading
from brokerkit.stream.counting import Counting
from brokerkit.stream.events import Gap, GapReason, Notice, OrderChange, OrderEvent, Source
from brokerkit.stream.own_orders import OwnOrders
from brokerkit.stream.topics import Topic, orders_in
from tests.journals import BROKERS, GETS_THROUGH, HYNIX, SAMSUNG, order_of, row_of, trading

ORDERS = orders_in("KR")


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
    def details(self) -> list[str]:
        """What gaps said."""
        return [event.detail for event in self.events if isinstance(event, Gap)]

    @property
    def orders(self) -> list[OrderEvent]:
        """What came of orders."""
        return [event for event in self.events if isinstance(event, OrderEvent)]


def own_of(broker: Broker) -> OwnOrders:
    """Return what follows the own orders of a broker."""
    return broker._orders_of("KR")


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
        own_of(trader.broker).missed(Gap((ORDERS,), now, now, GapReason.DISCONNECTED, now))
        follower.wait(lambda: follower.orders)
        assert [(each.change, each.order_id, each.source) for each in follower.orders] == [
            (OrderChange.ACCEPTED, order.id, Source.LIST)
        ]


@pytest.mark.parametrize("name", BROKERS)
def test_what_is_sent_while_no_notices_come_is_told_by_the_list_and_as_a_gap(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "NOTICE_SECONDS", 0.1)
    with trading(name) as trader, following(trader.broker) as follower:
        own = own_of(trader.broker)
        schedule = cast(Any, own._work)._schedule
        while schedule._is_reading or schedule._due is not None:
            time.sleep(0.01)
        order = trader.buy(5)
        follower.wait(lambda: follower.orders)
        gap, accepted = follower.events
        assert (gap.topics, gap.until, gap.reason) == ((ORDERS,), None, GapReason.SILENT)
        assert (accepted.change, accepted.order_id, accepted.source) == (OrderChange.ACCEPTED, order.id, Source.LIST)
        trader.box.exchange.cancel(trader.box.connect(name).account, int(order.id))
        follower.wait(lambda: len(follower.orders) == 2)  # the lists are read as long as no notice comes
        own.put([notice_of(order)])
        follower.wait(lambda: len(follower.events) == 4)
        assert (follower.events[-1].since, follower.events[-1].reason) == (gap.since, GapReason.SILENT)
        assert follower.events[-1].until is not None


@pytest.mark.parametrize("name", BROKERS)
def test_an_order_whose_answer_was_lost_is_settled_by_its_notice(name: str) -> None:
    with trading(name) as trader, trader.broker.stream() as stream:
        stream.orders()
        trader.breaks(GETS_THROUGH)
        with pytest.raises(OrderUncertain) as lost:
            trader.buy()
        assert lost.value.intent is not None
        event = stream.next(60)
        known = trader.journal.get(lost.value.intent.id)
        assert isinstance(event, OrderEvent)
        assert (event.change, event.intent, event.order_id) == (OrderChange.ACCEPTED, known.id, known.order_id)
        assert (known.state, known.confidence) == (IntentState.ACKED, Confidence.PROBABLE)
        assert "the broker's notice of " in known.evidence[-1]
        assert trader.broker.unresolved() == ()
        assert trader.posts == 1
        assert known.result is not None
        trader.broker.cancel(known.result)
        canceled = stream.next(60)
        assert isinstance(canceled, OrderEvent)
        assert (canceled.change, canceled.remaining_quantity) == (OrderChange.CANCELED, 0)


@pytest.mark.parametrize("name", BROKERS)
def test_every_event_of_an_order_names_its_intent_though_the_notice_comes_before_the_answer(name: str) -> None:
    with trading(name) as trader, trader.broker.stream() as stream:
        stream.orders()
        order = trader.broker.buy(SAMSUNG, 3, price=trader.box.exchange.order_book(SAMSUNG).asks[0].price)
        told = [stream.next(60) for _ in range(2)]
        (intent,) = trader.journal.sent_as(clock.today(), order.id)
        assert [getattr(each, "change", None) for each in told] == [OrderChange.ACCEPTED, OrderChange.FILLED]
        assert {getattr(each, "intent", None) for each in told} == {intent.id}
        trader.somebody_buys(1)
        strange = stream.next(60)
        assert isinstance(strange, OrderEvent)
        assert strange.intent is None


@pytest.mark.parametrize("name", BROKERS)
def test_who_waits_for_an_order_looks_at_once_when_its_notice_comes(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("brokerkit.broker.POLL_SECONDS", 1000.0)
    with trading(name) as trader, trader.broker.stream() as stream:
        stream.orders()
        order = trader.broker.amend(trader.buy(1), price=trader.box.exchange.quote(SAMSUNG).price)
        with ThreadPoolExecutor() as threads:
            waited = threads.submit(trader.broker.wait, order, timeout=1000)
            while not waited.done():  # it may not wait yet when the first one comes
                trader.box.exchange.trade(SAMSUNG, Side.SELL, Decimal(100))
                trader.broker.cancel(trader.buy(1))
                with suppress(TimeoutError):
                    waited.result(1)
            assert waited.result().status is OrderStatus.FILLED


@pytest.mark.parametrize("name", BROKERS)
def test_reconcile_looks_at_once_when_a_notice_of_nobody_comes_and_tells_what_it_settled(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconcile, "POLL_SECONDS", 1000.0)
    look, has_looked = Reconciler._look, threading.Event()

    def looks(reconciler: Reconciler) -> Reconciliation:
        found = look(reconciler)
        has_looked.set()
        return found

    monkeypatch.setattr(Reconciler, "_look", looks)
    with trading(name, options={"settle_seconds": 1000}) as trader:
        trader.breaks(GETS_THROUGH)
        with pytest.raises(OrderUncertain):
            trader.buy()
        with following(trader.broker), ThreadPoolExecutor() as threads:
            (listed,) = trader.broker.orders()
            found = threads.submit(trader.broker.reconcile, wait=True, timeout=2000)
            assert has_looked.wait(60)
            own_of(trader.broker).take(ORDERS, [notice_of(listed)])
            (decided,) = found.result(60).decided
            assert (decided.state, decided.order_id) == (IntentState.ACKED, listed.id)


def test_the_kill_switch_is_told_to_who_follows_also_when_it_was_set_before() -> None:
    halt("by hand")
    with trading("kis") as trader, following(trader.broker) as follower:
        follower.wait(lambda: follower.events)
        with following(trader.broker) as second:
            second.wait(lambda: second.events)
            resume()
            for each in (follower, second):
                each.wait(lambda each=each: len(each.events) == 2)  # type: ignore[misc]
                assert [(event.is_stopped, "by hand" in event.reason) for event in each.events] == [
                    (True, True),
                    (False, False),
                ]


@pytest.mark.parametrize("name", BROKERS)
def test_a_list_that_cannot_be_read_is_told_as_a_gap_and_read_again(name: str) -> None:
    with trading(name) as trader, following(trader.broker) as follower:
        trader.faults.add(Rule("html_200", on="listing", times=1))
        order = trader.buy(5)
        now = clock.now()
        own_of(trader.broker).missed(Gap((ORDERS,), now, now, GapReason.DISCONNECTED, now))
        follower.wait(lambda: follower.orders)
        gaps = [each for each in follower.events if isinstance(each, Gap) and each.reason is GapReason.UNREADABLE]
        assert [each.until is None for each in gaps] == [True, False]
        assert "cannot be read" in gaps[0].detail
        assert [(each.order_id, each.source) for each in follower.orders] == [(order.id, Source.LIST)]


@pytest.mark.parametrize("name", BROKERS)
def test_the_end_of_its_day_is_told_of_an_order_that_still_waits(name: str) -> None:
    with trading(name) as trader, trader.broker.stream() as stream:
        stream.orders()
        order = trader.buy(5)
        assert isinstance(stream.next(60), OrderEvent)
        trader.box.exchange.phase = Phase.CLOSED
        event = stream.next(60)
        assert isinstance(event, OrderEvent)
        assert (event.change, event.order_id, event.status) == (OrderChange.EXPIRED, order.id, OrderStatus.EXPIRED)
        assert (event.source, event.remaining_quantity) == (Source.LIST, 0)


def test_streams_come_and_go_in_several_threads_while_orders_are_told() -> None:
    with trading("kiwoom") as trader, following(trader.broker) as follower:

        def comes_and_goes() -> int:
            told = 0
            for _ in range(10):
                with following(trader.broker) as own:
                    told += len(own.orders)
            return told

        with ThreadPoolExecutor(4) as threads:
            for each in [threads.submit(comes_and_goes) for _ in range(4)]:
                each.result(120)
        order = trader.buy(5)
        own_of(trader.broker).take(ORDERS, [notice_of(order)] * 3)
        own_of(trader.broker).take(ORDERS, [notice_of(order, OrderChange.CANCELED, order_id="9", original_id=order.id)])
        follower.wait(lambda: len(follower.orders) == 2)
        assert [each.change for each in follower.orders] == [OrderChange.ACCEPTED, OrderChange.CANCELED]


def test_a_stream_that_fails_for_good_says_so_to_who_follows() -> None:
    with trading("kis") as trader, following(trader.broker) as follower:
        error = StreamError("The key is used elsewhere.")
        own_of(trader.broker).failed(error)
        follower.wait(lambda: follower.errors)
        assert follower.errors == [error]


def test_without_a_stream_nothing_is_waited_for_but_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    with trading("kis") as trader:
        monkeypatch.setattr(time, "sleep", slept.append)
        assert own_of(trader.broker).woken(["1"], 0.5, since=0) is False
        assert slept == [0.5]


class Bare:
    """An account whose lists a test writes, and that has no journal."""

    name, environment, client = "bare", "real", None

    def __init__(self) -> None:
        self.rows: dict[dt.date, list[Listed | Unread]] = {}
        self.error: BrokerError | None = None
        self.own = OwnOrders(cast(Any, self), self.desk, lambda venue: Phase.REGULAR, market_named("KR"))

    def desk(self) -> Any:
        raise JournalError("The disk is gone.")

    def part(self, market: object) -> Any:
        return SimpleNamespace(settle_seconds=1.0)

    def lists(self, market: object) -> Any:
        return self

    def everything(self, day: dt.date) -> list[Listed | Unread]:
        if self.error is not None:
            raise self.error
        return self.rows.get(day, [])

    @contextmanager
    def followed(self) -> Iterator[Follower]:
        follower = Follower()
        self.own.follow(follower)
        try:
            yield follower
        finally:
            self.own.unfollow(follower)

    def gap(self) -> None:
        now = clock.now()
        self.own.missed(Gap((ORDERS,), now, now, GapReason.DISCONNECTED, now))


def test_without_a_journal_events_come_without_an_intent() -> None:
    bare = Bare()
    with bare.followed() as follower:
        bare.own.take(ORDERS, [notice_of(order_of("101"))])
        follower.wait(lambda: follower.orders)
        assert (follower.orders[0].order_id, follower.orders[0].intent) == ("101", None)


def test_a_new_day_begins_with_the_orders_of_its_own_list(monkeypatch: pytest.MonkeyPatch) -> None:
    bare, today = Bare(), clock.today()
    bare.rows = {today: [row_of("101")], today + dt.timedelta(1): [row_of("101", symbol=HYNIX)]}
    with bare.followed() as follower:
        now = clock.now
        monkeypatch.setattr(clock, "now", lambda: now() + dt.timedelta(1))
        follower.wait(lambda: follower.orders)
        assert [(each.change, each.symbol, each.source) for each in follower.orders] == [
            (OrderChange.ACCEPTED, HYNIX, Source.LIST)
        ]


def test_a_broker_that_lists_no_orders_is_not_asked_again_and_again() -> None:
    bare = Bare()
    bare.error = Unsupported("There is no list.")
    with bare.followed() as follower:
        follower.wait(lambda: follower.events)
        bare.own.take(ORDERS, [notice_of(order_of("101"))])
        follower.wait(lambda: follower.orders)
        assert [each.reason for each in follower.events if isinstance(each, Gap)] == [GapReason.UNREADABLE]


def test_rows_that_cannot_be_read_are_told_and_the_others_count() -> None:
    bare = Bare()
    with bare.followed() as follower:
        bare.rows = {clock.today(): [row_of("101"), Unread("no side", "102")]}
        bare.gap()
        follower.wait(lambda: follower.orders)
        assert any("first order 102: no side" in each for each in follower.details)
        assert follower.orders[0].order_id == "101"


def test_a_fault_of_ours_is_told_and_who_follows_next_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    bare = Bare()
    with monkeypatch.context() as broken, bare.followed() as follower:
        broken.setattr(Counting, "notice", lambda *given: 1 / 0)
        bare.own.take(ORDERS, [notice_of(order_of("101"))])
        follower.wait(lambda: follower.errors)
        assert "ZeroDivisionError" in str(follower.errors[0])
    with bare.followed() as follower:
        bare.own.take(ORDERS, [notice_of(order_of("101"))])
        follower.wait(lambda: follower.orders)


def test_a_list_that_fails_in_a_way_nobody_knows_is_told_and_read_again() -> None:
    bare = Bare()
    with bare.followed() as follower:
        bare.error = cast(Any, ZeroDivisionError())
        bare.gap()
        follower.wait(lambda: any("ZeroDivisionError" in each for each in follower.details))
        bare.rows, bare.error = {clock.today(): [row_of("101")]}, None
        follower.wait(lambda: follower.orders)
