"""Own orders counted: whatever notices and lists do, each change and each share is told once and in order."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brokerkit import OrderStatus
from brokerkit.stream.events import OrderChange, OrderEvent
from tests.happenings import Account, Living

BEGINS = {OrderChange.ACCEPTED, OrderChange.AMENDED}
FILLED, CANCELED, REJECTED = OrderChange.FILLED, OrderChange.CANCELED, OrderChange.REJECTED


def played(chance: random.Random, *, is_cumulative: bool, steps: int = 25) -> tuple[Account, dict[int, Living]]:
    """Return an account after much has happened, and what it was when the stream began."""
    account = Account(chance, is_cumulative)
    for _ in range(chance.randint(0, 4)):
        account.happens()
    account.now += 50
    before = dict(account.orders)
    account.begin()
    for _ in range(steps):
        account.happens()
        account.passes(chance.choice([0, 0, 0.5, 2, 10]))
        if chance.random() < 0.2:
            account.gap()
    account.calms_down()
    return account, before


def check(account: Account, before: dict[int, Living]) -> None:
    """Check what was told against what has happened."""
    for number, order in account.orders.items():
        told, was = list(account.of(number)), before.get(number)
        if order.is_cancellation:
            assert [each.change for each in told] == ([] if was else [CANCELED]), number
            assert all(each.quantity == order.quantity for each in told)
            continue
        check_order(order, told, was)
    known = {int(event.order_id) for event in account.events}
    assert known <= set(account.orders)


def check_order(order: Living, told: list[OrderEvent], was: Living | None) -> None:
    """Check what was told of an order itself."""
    if order.is_rejected:
        assert [each.change for each in told] == ([] if was else [REJECTED])
        return
    begins = [each for each in told if each.change in BEGINS]
    assert len(begins) == (0 if was else 1), told
    if begins:
        assert told[0] is begins[0]
        assert (begins[0].change is OrderChange.AMENDED) is (order.original is not None)
    filled = was.filled if was else 0
    for each in told:
        if each.change is FILLED:
            assert each.last_quantity is not None
            assert each.last_quantity > 0
            filled += int(each.last_quantity)
        assert each.filled_quantity == filled
        assert each.remaining_quantity is not None
        assert each.remaining_quantity >= 0
    assert filled == order.filled


def check_ends(account: Account) -> None:
    """Check that nothing is told of an order once it has ended, and that it ends as it truly did."""
    for number, order in account.orders.items():
        if order.is_cancellation:
            continue
        told = [each for each in account.events if number in (int(each.order_id), int(each.original_id or 0))]
        own = [each for each in told if int(each.order_id) == number or each.change in (CANCELED, REJECTED)]
        ended = [place for place, each in enumerate(own) if each.remaining_quantity == 0]
        assert ended in ([], [len(own) - 1]), own
        if own and order.status in (OrderStatus.FILLED, OrderStatus.EXPIRED):
            assert own[-1].status is order.status


@pytest.mark.parametrize("is_cumulative", [True, False])
@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 10**9))
def test_each_change_and_each_share_is_told_once_and_in_order(seed: int, is_cumulative: bool) -> None:
    account, before = played(random.Random(seed), is_cumulative=is_cumulative)  # noqa: S311
    check(account, before)
    check_ends(account)
