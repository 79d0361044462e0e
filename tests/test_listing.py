"""Rows of a list and what they have to do with an intent."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from brokerkit.errors import IncompleteListing
from brokerkit.orders.intents import Intent, IntentKind
from brokerkit.orders.listing import Listed, chain_of, checked, could_be, fits, is_related, is_same, others
from tests.journals import DAY, SENT, intent_of, order_of, row_of

SECOND = dt.timedelta(seconds=1)
UNTIL = SENT + 200 * SECOND


def sent(**changes: Any) -> Intent:
    return intent_of(**{"sent_at": SENT, "watermark": 100, **changes})


@pytest.mark.parametrize(
    ("changes", "related", "fitting"),
    [
        ({}, True, True),
        ({"symbol": "000660"}, False, False),
        ({"symbol": "A005930_XX"}, True, False),
        ({"symbol": ""}, True, False),
        ({"symbol": "A005930_XX", "side": "SELL"}, False, False),
        ({"symbol": "A005930_XX", "number": "100"}, False, False),
        ({"is_dated": False}, True, True),
        ({"is_dated": False, "submitted_at": None}, True, False),
        ({"side": "SELL"}, False, False),
        ({"number": "100"}, False, False),
        ({"number": "0000000101"}, True, True),
        ({"number": "A7"}, True, True),
        ({"original_id": "90"}, False, False),
        ({"tells_original": False}, True, True),
        ({"tells_original": False, "is_cancellation": True}, False, False),
        ({"tells_original": False, "original_id": "90"}, False, False),
        ({"quantity": 9}, True, False),
        ({"price": 70_100}, True, False),
        ({"type": "LIMIT_TO_MARKET_ON_CLOSE"}, True, False),
        ({"type": None}, True, True),
        ({"is_elsewhere": True}, True, False),
        ({"submitted_at": SENT - 2 * SECOND}, True, True),
        ({"submitted_at": SENT - 3 * SECOND}, True, False),
        ({"submitted_at": SENT - 63 * SECOND}, False, False),
        ({"submitted_at": SENT - 63 * SECOND, "tells_time": False}, True, True),
        ({"submitted_at": UNTIL + SECOND}, True, False),
        ({"submitted_at": None}, True, True),
    ],
    ids=str,
)
def test_what_a_row_has_to_do_with_an_order(changes: dict[str, Any], related: bool, fitting: bool) -> None:
    row = row_of(**changes)
    assert (is_related(sent(), row), fits(sent(), row, until=UNTIL)) == (related, fitting)


@pytest.mark.parametrize(
    ("kind", "intended", "changes", "fitting"),
    [
        (IntentKind.CANCEL, {"quantity": None}, {"is_cancellation": True}, True),
        (IntentKind.CANCEL, {"quantity": 3}, {"is_cancellation": True, "quantity": 3}, True),
        (IntentKind.CANCEL, {"quantity": 3}, {"is_cancellation": True, "quantity": 4}, False),
        (IntentKind.CANCEL, {"quantity": None}, {}, False),
        (IntentKind.CANCEL, {"quantity": None}, {"is_cancellation": True, "original_id": "93"}, False),
        (IntentKind.CANCEL, {"quantity": None}, {"is_cancellation": True, "original_id": "0000090"}, True),
        (IntentKind.AMEND, {"quantity": None, "price": 71_000}, {"price": 71_000}, True),
        (IntentKind.AMEND, {"quantity": 10, "price": 71_000}, {"price": 71_000}, True),
        (IntentKind.AMEND, {"quantity": 9, "price": 71_000}, {"price": 71_000}, False),
        (IntentKind.AMEND, {"quantity": None, "price": 71_000}, {"price": 71_100}, False),
        (IntentKind.AMEND, {"quantity": None, "price": 71_000}, {"price": 71_000, "is_cancellation": True}, False),
        (IntentKind.AMEND, {"quantity": None, "price": 71_000}, {"price": 71_000, "original_id": None}, False),
    ],
    ids=str,
)
def test_what_a_row_has_to_do_with_a_change(
    kind: IntentKind, intended: dict[str, Any], changes: dict[str, Any], fitting: bool
) -> None:
    order = order_of("91", original_id="90", handle="fake:20261120:0091:0092")
    change = sent(kind=kind, request=None, order=order, **intended)
    assert fits(change, row_of(**{"original_id": "92", **changes}), until=UNTIL) is fitting


def test_a_row_without_a_date_fits_only_above_a_number_of_its_day() -> None:
    row = row_of(is_dated=False)
    assert [fits(sent(watermark=mark), row, until=UNTIL) for mark in (100, 0, None)] == [True, False, False]


@pytest.mark.parametrize(
    ("known", "listed", "same"),
    [
        ({}, {}, True),
        ({"number": "0101"}, {}, True),
        ({}, {"number": "102"}, False),
        ({}, {"symbol": "000660"}, False),
        ({}, {"symbol": "A005930_XX"}, True),
        ({}, {"side": "SELL"}, False),
        ({}, {"quantity": 9}, False),
        ({"original_id": "90"}, {"quantity": 9}, True),
        ({}, {"price": 70_100}, False),
        ({}, {"price": None}, True),
        ({"price": None}, {}, True),
    ],
    ids=str,
)
def test_a_row_is_an_order_if_all_that_both_tell_agrees(
    known: dict[str, Any], listed: dict[str, Any], same: bool
) -> None:
    number = known.pop("number", "101")
    assert is_same(order_of(number, **known), order_of(**listed), number=number) is same


@pytest.mark.parametrize(
    ("branch", "explained", "free"),
    [
        ("", [("101", "")], False),
        ("", [("101", "06010")], False),
        ("06010", [("101", "")], False),
        ("06010", [("101", "06010")], False),
        ("06010", [("101", "06020")], True),
        ("06010", [("101", "06020"), ("101", "06010")], False),
        ("06010", [("102", ""), ("10", ""), ("1", "")], True),
        ("", [], True),
    ],
    ids=str,
)
def test_a_row_is_explained_by_its_number_and_its_branch(
    branch: str, explained: list[tuple[str, str]], free: bool
) -> None:
    row = replace(row_of("0101"), branch=branch)
    assert (others([row], frozenset(explained)) == [row]) is free


def test_the_branch_in_a_handle_is_no_number_of_an_order() -> None:
    order = order_of("0091", original_id="0090", handle="fake:20261120:06010:0092")
    cancel = intent_of(kind=IntentKind.CANCEL, request=None, order=order, quantity=None)
    assert chain_of(cancel, "06010") == {"90", "91", "92"}
    theirs = row_of("101", original_id="6010", is_cancellation=True)
    assert not fits(cancel.model_copy(update={"watermark": 100}), replace(theirs, branch="06010"), until=UNTIL)


def test_an_order_id_that_is_a_text_is_one_number_whatever_digits_stand_in_it() -> None:
    order = order_of("Ab12-7f", handle="fake:20261120::b7%3A90:Ab12-7f")
    assert chain_of(intent_of(kind=IntentKind.CANCEL, request=None, order=order, quantity=None)) == {"Ab12-7f", "b7:90"}
    assert row_of("Ab12-7f").key == ("Ab12-7f", "")
    assert not is_same(order, order_of("ab12-7f"), number=order.id)


def test_a_number_may_come_again_in_another_branch() -> None:
    rows = [replace(row_of("101"), branch="06010"), replace(row_of("101", quantity=1), branch="06020")]
    assert checked(rows, DAY, DAY) == tuple(rows)


def test_a_change_knows_every_number_of_its_order() -> None:
    order = order_of("0091", original_id="0090", handle="fake:20261120:03070:0092")
    assert {"90", "91", "92"} <= chain_of(intent_of(kind=IntentKind.CANCEL, request=None, order=order, quantity=None))
    assert chain_of(intent_of()) == frozenset()


def test_a_clock_that_differs_is_made_up_for() -> None:
    """The broker is half a minute behind, so it dates an order before it was sent."""
    late = row_of(submitted_at=SENT - 30 * SECOND)
    assert not fits(sent(), late, until=UNTIL)
    assert fits(sent(), Listed(late.order, skew=-30 * SECOND), until=UNTIL)


def test_a_row_that_stands_in_the_list_twice_counts_once() -> None:
    rows = checked([row_of("101"), row_of("0101"), row_of("102")], DAY, DAY)
    assert [row.key for row in rows] == [("101", ""), ("102", "")]


@pytest.mark.parametrize("change", [{"quantity": 5}, {"side": "SELL"}, {"original_id": "3"}, {"is_cancellation": True}])
def test_a_list_that_contradicts_itself_is_no_list(change: dict[str, Any]) -> None:
    with pytest.raises(IncompleteListing):
        checked([row_of("101"), row_of("101", **change)], DAY, DAY)


def test_a_list_that_was_read_over_midnight_is_no_list() -> None:
    with pytest.raises(IncompleteListing):
        checked([row_of()], DAY, DAY + dt.timedelta(1))


@pytest.mark.parametrize(
    ("kind", "is_cancellation", "could"),
    [
        (IntentKind.AMEND, False, True),
        (IntentKind.AMEND, True, False),
        (IntentKind.CANCEL, True, True),
        (IntentKind.CANCEL, False, False),
    ],
)
def test_a_row_that_does_not_tell_what_it_changes_contradicts_no_change_and_proves_none(
    kind: IntentKind, is_cancellation: bool, could: bool
) -> None:
    intent = sent(kind=kind, order=order_of("90"), quantity=None)
    row = row_of(tells_original=False, is_cancellation=is_cancellation)
    assert (could_be(intent, row), is_related(intent, row), fits(intent, row, until=UNTIL)) == (could, True, False)
    told = row_of(is_cancellation=is_cancellation)
    assert (could_be(intent, told), is_related(intent, told)) == (False, False)
