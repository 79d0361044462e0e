"""What the journal keeps of an order: states, ids, numbers, and how it travels."""

from __future__ import annotations

import itertools
import pickle
import time

import pytest

from brokerkit import clock
from brokerkit.errors import OrderUncertain
from brokerkit.orders.intents import (
    FOLLOWS,
    OPEN,
    STANDING,
    Confidence,
    Intent,
    IntentKind,
    IntentState,
    Sighting,
    key_of,
    new_id,
    number_of,
)
from brokerkit.orders.journal import Journal
from tests.journals import SENT, begin, intent_of, order_of

State = IntentState
PATHS = {
    (State.SENDING, State.ACKED),
    (State.SENDING, State.REJECTED),
    (State.SENDING, State.NOT_SENT),
    (State.SENDING, State.UNKNOWN),
    *((one, other) for one in (State.UNKNOWN, State.AMBIGUOUS) for other in (State.ACKED, State.PRESUMED_ABSENT)),
    # The answer may come after the time at which somebody called it unknown.
    *((one, other) for one in (State.UNKNOWN, State.AMBIGUOUS) for other in (State.REJECTED, State.NOT_SENT)),
    *((one, State.ABSENT_DAY_CLOSED) for one in (State.UNKNOWN, State.AMBIGUOUS, State.PRESUMED_ABSENT)),
    (State.UNKNOWN, State.AMBIGUOUS),
    (State.PRESUMED_ABSENT, State.LATE),
}
FINAL = {State.ACKED, State.REJECTED, State.NOT_SENT, State.LATE, State.ABSENT_DAY_CLOSED}


def in_state(journal: Journal, state: State) -> Intent:
    """Write an intent down in a state, with a number where it stands."""
    sent = begin(journal, intent_of(order=order_of(), kind=IntentKind.CANCEL, quantity=None))
    number = str(time.monotonic_ns()) if state in STANDING else None
    return journal.revise(sent.id, lambda _: sent.moved(state, "for the test", order_id=number))


@pytest.mark.parametrize(
    ("old", "new"), list(itertools.product(sorted(set(State) - {State.INTENT}), repeat=2)), ids=str
)
def test_an_answer_moves_an_intent_along_the_paths_of_the_table_only(old: State, new: State) -> None:
    journal = Journal(None)
    present = in_state(journal, old)
    number = str(time.monotonic_ns()) if new in STANDING else None
    decided = journal.decide(present.moved(new, "the answer", order_id=number))
    if (old, new) == (State.PRESUMED_ABSENT, State.ACKED):
        assert decided.state is State.LATE
    elif old is not new:
        assert (decided.state is new) == ((old, new) in PATHS)
        assert decided.state in (old, new)
    assert journal.get(present.id) == decided


def test_the_table_is_this_one_and_what_is_final_leads_nowhere() -> None:
    assert {(old, new) for old in FOLLOWS for new in FOLLOWS[old]} == PATHS | {(State.INTENT, State.SENDING)} | {
        (State.INTENT, State.NOT_SENT)
    }
    assert {state for state in State if not FOLLOWS[state]} == FINAL
    assert not OPEN & FINAL


def test_ids_ascend_by_time_and_never_meet(monkeypatch: pytest.MonkeyPatch) -> None:
    same = [new_id() for _ in range(2_000)]
    assert len(set(same)) == 2_000
    moments = iter(range(10**18, 10**18 + 10**9, 10**6))
    monkeypatch.setattr(time, "time_ns", lambda: next(moments))
    ids = [new_id() for _ in range(500)]
    assert ids == sorted(ids)
    assert {len(each) for each in ids} == {26}


def test_an_intent_survives_as_json_and_pickled_in_an_error() -> None:
    sighting = Sighting(since=SENT, until=clock.now(), lists=2, fitting=("101",), unexplained=())
    full = intent_of(order=order_of(original_id="99"), result=order_of(), confidence=Confidence.PROBABLE).moved(
        IntentState.UNKNOWN, "silence", sightings=(sighting,), watermark=100, sent_at=SENT, deadline=SENT
    )
    assert Intent.model_validate_json(full.model_dump_json()) == full
    error = pickle.loads(pickle.dumps(OrderUncertain("silence", intent=full, code="X", broker="fake")))  # noqa: S301
    assert (error.intent, error.code, str(error)) == (
        full,
        "X",
        str(OrderUncertain("silence", broker="fake", code="X")),
    )


def test_what_was_to_be_sent_is_told_in_one_line() -> None:
    order = order_of("0000101")
    said = [
        intent_of().what,
        intent_of(kind=IntentKind.AMEND, request=None, order=order, price=71_000).what,
        intent_of(kind=IntentKind.CANCEL, request=None, order=order, quantity=None, price=None).what,
    ]
    assert said == [
        "BUY 10 005930 at 70000",
        "amend 10 of order 0000101 (005930) to 71000",
        "cancel all of order 0000101 (005930)",
    ]


@pytest.mark.parametrize(
    ("text", "number"),
    [("0000000101", 101), ("101", 101), ("", None), (None, None), ("１０１", None), ("-1", None), ("9" * 19, None)],
)
def test_numbers_are_compared_without_their_zeros(text: str | None, number: int | None) -> None:
    assert number_of(text) == number
    assert key_of(text) == (text if number is None else str(number))
