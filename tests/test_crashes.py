"""A process that is killed at the worst moments, and what the next one makes of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from brokerkit import LimitExceeded, OrderBlocked, Side, clock
from brokerkit.orders import desk, reconcile
from brokerkit.orders.intents import Confidence, IntentKind, IntentState
from brokerkit.orders.limits import Limits
from brokerkit.sandbox import Sandbox
from brokerkit.sandbox.face import SlidingWindow
from brokerkit.testing.inside import journal_of
from tests.traders import BROKERS, PRICES, Trader, at_exchange, opened

SENT = ("after the answer", "before the decision is committed")
"""Moments at which the order stands, and nobody has written that down."""


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    monkeypatch.setenv("BROKERKIT_CACHE_DIR", str(tmp_path))
    # Two lists must still show the same, but not a second apart.
    monkeypatch.setattr(reconcile, "APART", dt.timedelta(milliseconds=1))
    monkeypatch.setattr(reconcile, "POLL_SECONDS", 0.01)
    monkeypatch.setattr(desk, "START_SECONDS", 0.2)
    with Sandbox() as sandbox:
        for name in BROKERS:
            sandbox.face(name).window = SlidingWindow(10**9)
        yield sandbox


def crash(box: Sandbox, name: str, point: str, verb: str = "buy", **given: object) -> None:
    """Let a process die at a moment of an order."""
    with Trader(box, name, act="die", point=point) as trader:
        died = trader.buys(armed=True) if verb == "buy" else trader.does(verb, armed=True, **given)
        assert died is None


@pytest.mark.parametrize("name", BROKERS)
def test_a_row_that_was_not_committed_was_not_sent_and_blocks_nothing(name: str, box: Sandbox) -> None:
    crash(box, name, "before the row is committed")
    assert at_exchange(box, name) == []
    with opened(box, name) as broker:
        assert broker.unresolved() == ()
        assert list(journal_of(broker).everything()) == []
        broker.buy("005930", 1, price=PRICES["005930"])
    assert len(at_exchange(box, name)) == 1


@pytest.mark.parametrize("point", ["after the row is committed", "before the first byte"])
@pytest.mark.parametrize("name", BROKERS)
def test_an_order_that_never_left_is_unknown_until_the_lists_have_lacked_it(
    name: str, point: str, box: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    crash(box, name, point)
    with opened(box, name) as broker:
        (left,) = broker.unresolved()
        assert (left.state, left.order_id, left.evidence[-1]) == (
            IntentState.UNKNOWN,
            None,
            "its process ended while it was being sent",
        )
        with pytest.raises(OrderBlocked, match=left.id):
            broker.buy("000660", 1, price=PRICES["000660"])
        assert at_exchange(box, name) == []
        monkeypatch.setattr(broker.client, "_compare_clocks", lambda answer: None)  # the broker's clock goes along
        begun = clock.now()
        for minutes in range(1, 5):
            monkeypatch.setattr(clock, "now", lambda minutes=minutes: begun + dt.timedelta(minutes=minutes))
            broker.reconcile()
        assert journal_of(broker).get(left.id).state is IntentState.PRESUMED_ABSENT
        again = broker.resubmit(left)
    assert [str(row.number) for row in at_exchange(box, name)] == [again.id.lstrip("0")]


@pytest.mark.parametrize("point", SENT)
@pytest.mark.parametrize("name", BROKERS)
def test_an_order_that_stands_is_found_before_the_first_new_one(
    name: str, point: str, box: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk, "START_SECONDS", 30.0)  # however busy the machine is
    crash(box, name, point)
    (standing,) = at_exchange(box, name)
    with opened(box, name) as broker:
        broker.buy("005930", 1, price=PRICES["005930"])
        first, second = journal_of(broker).everything()
        assert (first.state, second.state) == (IntentState.ACKED, IntentState.ACKED)
        assert (first.confidence, second.confidence) == (Confidence.PROBABLE, None)
        assert first.order_id is not None
        assert int(first.order_id) == standing.number
        assert first.decided_at is not None
        assert second.sent_at is not None
        assert first.decided_at <= second.sent_at
        assert broker.unresolved() == ()
    assert len(at_exchange(box, name)) == 2


@pytest.mark.parametrize("name", BROKERS)
def test_a_decision_that_was_committed_is_not_asked_about_again(name: str, box: Sandbox) -> None:
    crash(box, name, "after the decision")
    (standing,) = at_exchange(box, name)
    with opened(box, name) as broker:
        assert broker.unresolved() == ()
        (row,) = journal_of(broker).everything()
        assert row.state is IntentState.ACKED
        assert row.confidence is None
        assert row.order_id is not None
        assert int(row.order_id) == standing.number


@pytest.mark.parametrize("verb", ["amend", "cancel"])
@pytest.mark.parametrize("name", BROKERS)
def test_an_amendment_or_cancellation_that_stands_is_found(name: str, verb: str, box: Sandbox) -> None:
    price = PRICES["005930"]
    with opened(box, name) as broker:
        order = broker.buy("005930", 3, price=price).model_dump_json()
        given = {"quantity": 1} if verb == "cancel" else {"price": price - 1_000}
        crash(box, name, "after the answer", verb, order=order, **given)
        _, changed = at_exchange(box, name)
        (left,) = broker.unresolved()
        assert left.kind is IntentKind(verb.upper())
        broker.reconcile(wait=True, timeout=30)
        found = journal_of(broker).get(left.id)
        assert found.state is IntentState.ACKED
        assert found.order_id is not None
        assert int(found.order_id) == changed.number
    assert len(at_exchange(box, name)) == 2


@pytest.mark.parametrize("name", BROKERS)
def test_degraded_lets_other_sides_go_and_keeps_the_uncertain_one_blocked(name: str, box: Sandbox) -> None:
    crash(box, name, "before the first byte")
    instrument = box.exchange.instruments["005930"]
    box.exchange.give_holding(box.connect(name).account, "005930", Decimal(1), Decimal(60_000))
    with opened(box, name, degraded=True) as broker:
        broker.buy("000660", 1, price=PRICES["000660"])
        broker.sell("005930", 1, price=instrument.upper_limit)
        (left,) = broker.unresolved()
        with pytest.raises(OrderBlocked, match=left.id):
            broker.buy("005930", 1, price=PRICES["005930"])
        assert [each.id for each in broker.unresolved()] == [left.id]
    sent = [(row.request.symbol, row.request.side) for row in at_exchange(box, name)]
    assert sent == [("000660", Side.BUY), ("005930", Side.SELL)]


def test_a_cancellation_goes_out_although_an_order_is_not_known(box: Sandbox) -> None:
    with opened(box, "kis") as broker:
        standing = broker.buy("000660", 1, price=PRICES["000660"])
        crash(box, "kis", "before the first byte")
    with opened(box, "kis") as broker:
        broker.cancel(standing)
        assert len(broker.unresolved()) == 1
    assert [row.action for row in at_exchange(box, "kis")] == ["NEW", "CANCEL"]


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (Limits(max_orders_per_day=3), "max_orders_per_day"),
        (Limits(max_orders_per_minute=3), "max_orders_per_minute"),
        (Limits(max_daily_value=Decimal(40 * PRICES["000660"] + 3 * PRICES["005930"] - 1)), "max_daily_value"),
    ],
)
def test_counters_survive_a_kill(limits: Limits, words: str, box: Sandbox) -> None:
    counted = Limits(max_daily_value=Decimal(10**9))
    with opened(box, "kis", limits=counted) as broker:
        broker.buy("000660", 40, price=PRICES["000660"])
    with Trader(box, "kis", act="die", point="after the answer", limits=counted) as trader:
        assert trader.buys()[0] == "Order"
        assert trader.buys(armed=True) is None
    with opened(box, "kis", limits=limits) as broker:
        with pytest.raises(LimitExceeded, match=words):
            broker.buy("005930", 1, price=PRICES["005930"])
        assert [row.state for row in journal_of(broker).everything()] == [IntentState.ACKED] * 3
    assert len(at_exchange(box, "kis")) == 3


def test_an_order_of_which_nothing_is_known_counts_as_sent(box: Sandbox) -> None:
    crash(box, "kis", "before the first byte")
    with (
        opened(box, "kis", limits=Limits(max_orders_per_day=1), degraded=True) as broker,
        pytest.raises(LimitExceeded, match="max_orders_per_day"),
    ):
        broker.buy("000660", 1, price=PRICES["000660"])
    assert at_exchange(box, "kis") == []


def test_the_next_process_dies_as_it_looks_and_the_one_after_it_finds_the_order(box: Sandbox) -> None:
    crash(box, "kis", "after the answer")
    with Trader(box, "kis", act="die", point="while it looks") as trader:
        assert trader.buys(armed=True) is None
    (standing,) = at_exchange(box, "kis")
    with opened(box, "kis") as broker:
        (left,) = broker.unresolved()
        broker.reconcile(wait=True, timeout=30)
        found = journal_of(broker).get(left.id)
        assert found.order_id is not None
        assert int(found.order_id) == standing.number
