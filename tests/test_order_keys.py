"""The caller's own key: one key, one order, in whatever state it is and whoever asks again."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from brokerkit.errors import InvalidRequest, LimitExceeded, OrderBlocked
from brokerkit.orders.again import Again
from brokerkit.orders.intents import Intent, IntentKind, IntentState
from brokerkit.orders.journal import Journal
from brokerkit.orders.keys import check_key
from brokerkit.orders.limits import Limits
from tests.journals import HYNIX, begin, intent_of, order_of, request_of

State = IntentState
KEY = "rebalance-2026-11-28"
NUMBERS = itertools.count(1001)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    made = Journal(tmp_path / "journals" / "one.journal")
    yield made
    made.close()


def sent(journal: Journal, state: State, **changes: Any) -> Intent:
    """Write an order with the key down, and bring it into a state."""
    mine = begin(journal, intent_of(**{"key": KEY, **changes}), again=Again())
    if state is State.SENDING:
        return mine
    known = {"order_id": str(next(NUMBERS))} if state in (State.ACKED, State.LATE) else {}
    return journal.revise(mine.id, lambda each: each.moved(state, "for the test", **known))


# The key


@pytest.mark.parametrize("key", ["a", "A.b_c:d-9", "x" * 64, None])
def test_a_key_is_letters_digits_and_a_few_signs(key: str | None) -> None:
    assert check_key(key) == key


@pytest.mark.parametrize("key", ["", "x" * 65, "a b", "a\n", "키", "a/b", 7, b"a", "a\u0661"])
def test_what_is_no_key_is_refused(key: object) -> None:
    with pytest.raises(InvalidRequest, match="no key of an order"):
        check_key(key)


# One key, one order


@pytest.mark.parametrize("state", [State.REJECTED, State.NOT_SENT])
def test_what_was_refused_or_never_left_is_sent_again_under_its_key(state: State, journal: Journal) -> None:
    first = sent(journal, state)
    second = begin(journal, intent_of(key=KEY))
    assert [each.id for each in journal.keyed(KEY)] == [first.id, second.id]


@pytest.mark.parametrize("state", sorted(set(State) - {State.INTENT, State.REJECTED, State.NOT_SENT}))
def test_anything_else_is_not_sent_again_under_its_key(state: State, journal: Journal) -> None:
    first = sent(journal, state)
    journal._write(lambda file: file.execute("UPDATE intents SET mutex = NULL").rowcount)  # that is not what stops it
    with pytest.raises(OrderBlocked, match="stands as order" if state in (State.ACKED, State.LATE) else first.id):
        begin(journal, intent_of(key=KEY))
    assert [each.id for each in journal.everything()] == [first.id]
    begin(journal, intent_of(request_of(symbol=HYNIX), key="another"))


def test_a_key_whose_order_was_refused_and_sent_again_may_stand_by_the_older_one(journal: Journal) -> None:
    """The one that was presumed absent came late, the one that was sent again for it was refused."""
    first = sent(journal, State.PRESUMED_ABSENT)
    sent(journal, State.REJECTED, previous=first.id)
    with pytest.raises(OrderBlocked, match="may still appear"):
        begin(journal, intent_of(key=KEY))
    journal.revise(first.id, lambda each: each.moved(State.LATE, "it is in the list", order_id="7"))
    with pytest.raises(OrderBlocked, match="stands as order 7"):
        begin(journal, intent_of(key=KEY))


@pytest.mark.parametrize("state", [State.REJECTED, State.NOT_SENT, State.ACKED, State.UNKNOWN])
@pytest.mark.parametrize(
    "other",
    [
        {"symbol": HYNIX},
        {"side": "SELL"},
        {"quantity": 11},
        {"price": 70_100},
        {"type": "SINGLE_PRICE"},
        {"time_in_force": "IOC"},
        {"venue": "NXT"},
    ],
    ids=str,
)
def test_another_order_under_a_used_key_is_refused(state: State, other: dict[str, Any], journal: Journal) -> None:
    sent(journal, state)
    with pytest.raises(InvalidRequest, match=f"The key {KEY} is that of another order"):
        begin(journal, intent_of(request_of(**other), key=KEY))


def test_the_same_order_in_other_words_is_the_same(journal: Journal) -> None:
    sent(journal, State.REJECTED)
    begin(journal, intent_of(request_of(price="70000.0", quantity="10.00"), key=KEY))


CHANGES = [
    {"kind": IntentKind.AMEND, "price": 71_000},
    {"kind": IntentKind.CANCEL, "quantity": 5},
    {"kind": IntentKind.CANCEL, "quantity": None},
]


@pytest.mark.parametrize("change", CHANGES, ids=["amend", "cancel a part", "cancel all"])
def test_a_change_has_a_key_of_its_own(change: dict[str, Any], journal: Journal) -> None:
    order, other = order_of("101"), order_of("102")
    sent(journal, State.REJECTED, order=order, **change)
    with pytest.raises(InvalidRequest, match="another order"):
        begin(journal, intent_of(order=other, key=KEY, **change))
    with pytest.raises(InvalidRequest, match="another order"):
        begin(journal, intent_of(key=KEY))
    for wrong in CHANGES:
        if wrong is not change:
            with pytest.raises(InvalidRequest, match="another order"):
                begin(journal, intent_of(order=order, key=KEY, **wrong))
    done = sent(journal, State.ACKED, order=order.model_copy(update={"status": "UNKNOWN"}), **change)
    with pytest.raises(OrderBlocked, match=f"stands as order {done.order_id}"):
        begin(journal, intent_of(order=order, key=KEY, **change))


def test_a_key_comes_before_the_limits(journal: Journal) -> None:
    """Who was slower is to get the order of the faster one, and not a limit that the faster one has used up."""
    sent(journal, State.ACKED)
    with pytest.raises(OrderBlocked, match="stands as order"):
        begin(journal, intent_of(key=KEY), limits=Limits(max_orders_per_day=1))
    with pytest.raises(LimitExceeded):
        begin(journal, intent_of(request_of(side="SELL")), limits=Limits(max_orders_per_day=1))


# Sent again by a person's word


@pytest.mark.parametrize("state", [State.PRESUMED_ABSENT, State.ABSENT_DAY_CLOSED, State.REJECTED, State.NOT_SENT])
def test_what_is_sent_again_keeps_the_key_and_holds_it(state: State, journal: Journal) -> None:
    first = sent(journal, state)
    second = begin(journal, intent_of(key=KEY, previous=first.id))
    with pytest.raises(OrderBlocked):
        begin(journal, intent_of(key=KEY))
    journal.revise(second.id, lambda each: each.moved(State.PRESUMED_ABSENT, "for the test"))
    third = begin(journal, intent_of(key=KEY, previous=second.id))
    assert [each.id for each in journal.keyed(KEY)] == [first.id, second.id, third.id]


def test_a_risk_that_is_accepted_is_that_of_what_was_known(journal: Journal) -> None:
    first = sent(journal, State.UNKNOWN)
    with pytest.raises(OrderBlocked):
        begin(journal, intent_of(key=KEY, previous=first.id), again=Again())
    second = begin(journal, intent_of(key=KEY, previous=first.id), again=Again(accept_risk=True))
    journal.decide(second.moved(State.UNKNOWN, "silence"))
    with pytest.raises(OrderBlocked, match=second.id):
        begin(journal, intent_of(key=KEY, previous=first.id), again=Again(accept_risk=True))
    known = Again(accept_risk=True, known=frozenset({first.id, second.id}))
    third = begin(journal, intent_of(key=KEY, previous=second.id), again=known)
    assert [each.id for each in journal.keyed(KEY)] == [first.id, second.id, third.id]


def test_one_that_was_refused_is_not_sent_again_beside_one_of_its_key_that_may_stand(journal: Journal) -> None:
    first = sent(journal, State.REJECTED)
    second = sent(journal, State.UNKNOWN)
    for accept_risk in (False, True):
        with pytest.raises(OrderBlocked, match=second.id):
            begin(journal, intent_of(key=KEY, previous=first.id), again=Again(accept_risk=accept_risk))


def test_the_file_itself_lets_one_order_of_a_key_stand(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    sent(journal, State.ACKED)
    monkeypatch.setattr("brokerkit.orders.journal.check_unused", lambda *given: None)
    with pytest.raises(OrderBlocked):
        begin(journal, intent_of(key=KEY))
