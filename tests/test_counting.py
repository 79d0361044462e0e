"""Own orders counted: whatever notices and lists do, each change and each share is told once and in order."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brokerkit import OrderStatus, Side, Venue
from brokerkit.orders.listing import Listed
from brokerkit.stream.counting import PATIENCE_SECONDS, Counting
from brokerkit.stream.events import Notice, OrderChange, OrderEvent, Source
from brokerkit.stream.reading import LONGEST_PAUSE, PACE_SECONDS, SHARE, Schedule
from tests.happenings import PRICE, SETTLE, Account, Living
from tests.journals import SAMSUNG, SENT

ACCEPTED = OrderChange.ACCEPTED
AMENDED = OrderChange.AMENDED
BEGINS = {OrderChange.ACCEPTED, OrderChange.AMENDED}
FILLED, CANCELED, REJECTED = OrderChange.FILLED, OrderChange.CANCELED, OrderChange.REJECTED


def played(chance: random.Random, *, is_cumulative: bool, steps: int = 25) -> tuple[Account, dict[int, Living]]:
    """Return an account after much has happened, and what it was when the stream began."""
    account = Account(chance, is_cumulative)
    for _ in range(chance.randint(0, 4)):
        account.happens()
    account.now += 50
    before = dict(account.orders)
    account.begin(chance.choice([0, 3]))
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


# One thing after the other


class Told:
    """Counts an order of ten shares by notices and lists that a test writes."""

    def __init__(self, *before: Living) -> None:
        self.counting = Counting(SETTLE, Venue.KRX)
        self.counting.begin([each.listed() for each in before])
        self.events: list[OrderEvent] = []

    def notice(self, change: OrderChange, number: int = 1, *, now: float = 0, **known: Any) -> list[str]:
        """Take a notice, and return what is told by it."""
        told: dict[str, Any] = {
            "symbol": SAMSUNG,
            "venue": Venue.KRX,
            "time": SENT,
            "received_at": SENT,
            "change": change,
            "order_id": str(number),
            "original_id": None,
            "side": Side.BUY,
            "quantity": Decimal(10),
            "price": PRICE,
        }
        return self._shown(self.counting.notice(Notice(**{**told, **known}), now))

    def fill(self, shares: int, identity: str = "", *, filled: int | None = None, **known: Any) -> list[str]:
        """Take the notice of a fill."""
        in_all = None if filled is None else Decimal(filled)
        known = {"last_quantity": Decimal(shares), "last_price": PRICE, "filled_quantity": in_all, **known}
        return self.notice(FILLED, identity=identity, **known)

    def lists(self, *rows: Living | Listed, now: float = 0) -> list[str]:
        """Read a list that shows these."""
        found = [row.listed() if isinstance(row, Living) else row for row in rows]
        return self._shown(self.counting.listed(found, now, SENT))

    def passes(self, now: float) -> list[str]:
        """Let time pass."""
        return self._shown(self.counting.passed(now))

    def priced(self) -> list[Decimal | None]:
        """Return the limits of all that was told."""
        return [each.price for each in self.events]

    def _shown(self, events: Sequence[OrderEvent]) -> list[str]:
        self.events += events
        return shown(events)


def shown(events: Sequence[OrderEvent]) -> list[str]:
    """Return events as a test reads them: what, of which order, shares now and in all, and how many are left."""
    return [
        f"{each.change} {each.order_id.lstrip('0')} {each.last_quantity or 0} {each.filled_quantity} "
        f"{each.remaining_quantity} {each.source}"
        for each in events
    ]


def test_notices_tell_an_order_from_its_beginning_to_its_end() -> None:
    told = Told()
    assert told.notice(ACCEPTED) == ["ACCEPTED 1 0 0 10 NOTICE"]
    assert told.notice(ACCEPTED) == []
    assert told.fill(4, "a") == ["FILLED 1 4 4 6 NOTICE"]
    assert told.notice(ACCEPTED, 2, original_id="1", quantity=Decimal(6)) == []
    assert told.notice(AMENDED, 2, original_id="1", quantity=Decimal(6)) == ["AMENDED 2 0 0 6 NOTICE"]
    assert told.notice(CANCELED, 3, original_id="2", quantity=Decimal(6)) == ["CANCELED 3 0 0 0 NOTICE"]
    assert told.notice(CANCELED, 3, original_id="2", quantity=Decimal(6)) == []
    assert not told.counting.is_in_doubt
    assert told.counting.chain("2", SAMSUNG) == {"1", "2"}


def test_a_notice_that_came_twice_may_be_two_fills_and_the_list_tells() -> None:
    for filled, more in ((2, []), (4, ["FILLED 1 2 4 6 LIST"])):
        told = Told()
        told.notice(ACCEPTED)
        assert told.fill(2, "a") == ["FILLED 1 2 2 8 NOTICE"]
        assert told.fill(2, "a") == []
        assert told.counting.is_in_doubt
        assert told.lists(Living(1, 10, filled=filled), now=SETTLE - 1) == more
        assert told.counting.is_in_doubt is (filled == 2)
        assert told.lists(Living(1, 10, filled=filled), now=SETTLE) == []
        assert not told.counting.is_in_doubt


def test_shares_that_only_a_list_told_are_not_told_again_by_their_late_notice() -> None:
    told = Told()
    told.notice(ACCEPTED)
    assert told.lists(Living(1, 10, filled=5)) == ["FILLED 1 5 5 5 LIST"]
    assert told.fill(2, "late") == []
    assert told.lists(Living(1, 10, filled=5)) == []
    assert told.lists(Living(1, 10, filled=8), now=1) == ["FILLED 1 3 8 2 LIST"]
    assert told.fill(2, "later", now=1) == []
    assert told.lists(Living(1, 10, filled=10), now=2) == ["FILLED 1 2 10 0 LIST"]
    assert told.fill(5, "latest", now=3) == []
    assert told.lists(Living(1, 10, filled=10), now=4) == []
    assert not told.counting.is_in_doubt


def test_what_a_notice_tells_in_all_needs_no_list_to_be_told_once() -> None:
    told = Told(Living(1, 10, filled=3))
    assert told.fill(2, "a", filled=5) == ["FILLED 1 2 5 5 NOTICE"]
    assert told.fill(2, "a", filled=5) == []
    assert told.fill(1, "c", filled=8) == []
    assert told.fill(2, "b", filled=7) == ["FILLED 1 2 7 3 NOTICE", "FILLED 1 1 8 2 NOTICE"]
    assert not told.counting.is_in_doubt


def test_a_jump_waits_for_the_list_which_tells_the_average_and_not_for_ever() -> None:
    told = Told(Living(1, 10))
    assert told.fill(1, "c", filled=4) == []
    assert told.passes(PATIENCE_SECONDS - 1) == []
    assert told.passes(PATIENCE_SECONDS) == ["FILLED 1 4 4 6 NOTICE"]
    told = Told(Living(1, 10))
    told.fill(1, "c", filled=4)
    (event,) = told.counting.listed([Living(1, 10, filled=4).listed()], 0, SENT)
    assert (event.last_quantity, event.last_price, event.source) == (4, PRICE, Source.LIST)


def test_a_price_out_of_a_list_keeps_what_is_finer_than_a_cent() -> None:
    """A US share below a dollar moves by ten-thousandths of it; an average of several fills may be finer still."""
    told, row = Told(Living(1, 10)), Living(1, 10, filled=4).listed()
    for filled, average, price in (("4", "0.8741", "0.8741"), ("7", "0.8742", "0.8743")):
        known = {"filled_quantity": Decimal(filled), "average_fill_price": Decimal(average)}
        listed = replace(row, order=row.order.model_copy(update=known))
        (event,) = told.counting.listed([listed], 0, SENT)
        assert event.last_price == Decimal(price)


def test_a_fill_of_an_order_that_nobody_knows_tells_its_acceptance_first() -> None:
    told = Told()
    assert told.fill(2, "a") == []
    assert told.notice(ACCEPTED) == ["ACCEPTED 1 0 0 10 NOTICE", "FILLED 1 2 2 8 NOTICE"]
    assert told.fill(1, "b", number=2) == []
    assert told.passes(PATIENCE_SECONDS) == ["ACCEPTED 2 0 0 10 NOTICE", "FILLED 2 1 1 9 NOTICE"]


def test_the_limit_that_a_fill_does_not_tell_is_that_of_the_acceptance_or_of_the_list() -> None:
    told = Told()
    assert told.fill(2, "a", price=None) == []
    told.notice(ACCEPTED)
    assert told.priced() == [PRICE, PRICE]
    told = Told()
    assert told.fill(2, "a", price=None) == []
    told.lists(Living(1, 10, filled=2))
    assert told.priced() == [PRICE, PRICE]


def test_a_list_that_shows_less_than_was_told_takes_nothing_back() -> None:
    told = Told()
    told.notice(ACCEPTED)
    told.fill(4, "a")
    told.notice(CANCELED, 2, original_id="1", quantity=Decimal(6))
    assert told.lists(Living(1, 10, filled=1)) == []
    assert told.lists() == []
    assert told.lists(Living(1, 10, filled=4, taken=6), Living(2, 6, 1, is_cancellation=True)) == []


def test_more_shares_than_were_ordered_are_not_told() -> None:
    told = Told()
    told.notice(ACCEPTED)
    assert told.fill(8, "a") == ["FILLED 1 8 8 2 NOTICE"]
    assert told.fill(5, "b") == []
    assert told.lists(Living(1, 10, filled=9), now=1) == ["FILLED 1 1 9 1 LIST"]
    assert told.lists(Living(1, 10, filled=9), now=SETTLE) == []
    assert not told.counting.is_in_doubt


def test_a_cancellation_that_does_not_add_up_waits_until_the_fills_before_it_are_told() -> None:
    told = Told()
    told.notice(ACCEPTED)
    assert told.notice(CANCELED, 2, original_id="1", quantity=Decimal(7)) == []
    rows = (Living(1, 10, filled=3, taken=7), Living(2, 7, 1, is_cancellation=True))
    assert told.lists(*rows) == ["FILLED 1 3 3 7 LIST", "CANCELED 2 0 3 0 LIST"]
    told = Told()
    told.notice(ACCEPTED)
    told.notice(CANCELED, 2, original_id="1", quantity=Decimal(7))
    assert told.fill(3, "late") == ["FILLED 1 3 3 7 NOTICE", "CANCELED 2 0 3 0 NOTICE"]


def test_an_order_that_does_not_wait_is_cancelled_under_its_own_number() -> None:
    told = Told()
    told.notice(ACCEPTED)
    assert told.notice(CANCELED) == []
    (event,) = told.counting.listed([Living(1, 10, taken=10).listed()], 0, SENT)
    assert (event.change, event.order_id, event.original_id) == (CANCELED, "1", None)
    assert (event.status, event.remaining_quantity) == (OrderStatus.CANCELED, 0)


def test_shares_that_are_gone_are_told_when_two_lists_show_it_without_a_row_of_what_took_them() -> None:
    told = Told(Living(1, 10))
    assert told.lists(Living(1, 10, taken=4)) == []
    assert told.counting.is_in_doubt
    assert told.lists(Living(1, 10, taken=4), now=1) == ["CANCELED 1 0 0 6 LIST"]
    assert told.lists(Living(1, 10, taken=4), Living(2, 4, 1), now=2) == ["AMENDED 2 0 0 4 LIST"]


def test_a_refused_change_is_told_of_the_order_that_stands() -> None:
    told = Told(Living(1, 10))
    assert told.notice(REJECTED, 2, original_id="1") == ["REJECTED 2 0 0 10 NOTICE"]
    refused = Living(2, 10, 1, is_cancellation=True, is_rejected=True)
    assert told.lists(Living(1, 10), refused, Living(3, 10, 1, is_rejected=True)) == ["REJECTED 3 0 0 10 LIST"]
    assert told.lists(Living(1, 10), refused, Living(3, 10, 1, is_rejected=True)) == []


def test_what_came_before_the_first_list_is_told_although_the_list_shows_it() -> None:
    counting = Counting(SETTLE, Venue.KRX)
    fill = Notice(
        SAMSUNG, Venue.KRX, SENT, SENT, FILLED, "1", None, Side.BUY, Decimal(10), PRICE, last_quantity=Decimal(2)
    )
    rows = [Living(1, 10, filled=5).listed(), Living(2, 10).listed()]
    early = [fill, fill._replace(change=ACCEPTED, order_id="2", last_quantity=None)]
    counting.begin(rows, early)
    told = [event for notice in early for event in counting.notice(notice, 0)]
    told += counting.listed(rows, 0, SENT)
    assert shown(told) == ["ACCEPTED 2 0 0 10 NOTICE", "FILLED 1 2 5 5 LIST"]


# When lists are read


def test_lists_are_read_at_once_then_less_and_less_until_the_settle_time_is_over() -> None:
    schedule, now, read = Schedule(120), 1000.0, []
    schedule.doubt(now)
    for _ in range(4000):
        if schedule.is_due(now):
            read.append(now - 1000)
            schedule.begun()
            assert not schedule.is_due(now)
            schedule.ended(now, now + 0.1, again=False)
        now += 0.1
    assert read[0] == 0
    assert 120 <= read[-1] < 121
    assert len(read) < 12
    assert min(later - earlier for earlier, later in itertools.pairwise(read)) >= PACE_SECONDS


def test_lists_that_take_long_are_read_less_often_and_a_doubt_on_the_way_counts() -> None:
    schedule = Schedule(1)
    schedule.doubt(0)
    schedule.begun()
    schedule.doubt(5)
    schedule.ended(0, 10, again=False)
    assert not schedule.is_due(10 + SHARE * 10 - 1)
    assert schedule.is_due(10 + SHARE * 10)


def test_lists_that_fail_are_read_again_at_least_every_half_minute() -> None:
    schedule, now, read = Schedule(0), 0.0, 0
    schedule.doubt(now)
    while now < 20 * LONGEST_PAUSE:
        if schedule.is_due(now):
            read += 1
            schedule.begun()
            schedule.ended(now, now, again=True)
        now += 0.5
    assert 19 < read < 30
