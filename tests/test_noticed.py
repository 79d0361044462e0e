"""What a broker's notice proves about an uncertain order, and what it does not."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, cast

import pytest

from brokerkit import Side, Venue
from brokerkit.market.markets import market_named
from brokerkit.orders.intents import Confidence, IntentKind, IntentState
from brokerkit.orders.listing import Listed
from brokerkit.stream.events import Notice, OrderChange
from brokerkit.stream.matching import Matching
from tests.journals import DAY, HYNIX, SAMSUNG, SENT, begin, intent_of, order_of, request_of, row_of
from tests.test_reconcile import ABSENT, ACKED, LATE, UNKNOWN, Lists


@pytest.fixture
def lists(monkeypatch: pytest.MonkeyPatch) -> Lists:
    """Return a reconciler in its own time."""
    return Lists(monkeypatch)


def told(number: str = "101", **changes: Any) -> Listed:
    """Return what a notice tells of an order, as a row."""
    return replace(row_of(number, **changes), is_noticed=True)


def test_a_notice_that_is_just_like_an_uncertain_order_settles_it(lists: Lists) -> None:
    mine = lists.uncertain()
    heard = lists.reconciler.heard([told()])
    found = lists.journal.get(mine.id)
    assert (found.state, found.order_id, found.confidence) == (ACKED, "101", Confidence.EXACT)
    assert found.evidence[-1] == "the broker's notice of 10:00:00 of order 101 is just like it"
    assert [each.id for each in heard.settled] == [mine.id]


@pytest.mark.parametrize(
    "changes",
    [
        {"quantity": 9},
        {"price": 70_100},
        {"symbol": HYNIX},
        {"side": Side.SELL},
        {"type": "MARKET", "price": None},
        {"original_id": "90"},
        {"submitted_at": SENT - dt.timedelta(seconds=30)},
        {"submitted_at": SENT + dt.timedelta(minutes=10)},
    ],
)
def test_a_notice_that_differs_settles_nothing(lists: Lists, changes: dict[str, Any]) -> None:
    mine = lists.uncertain()
    lists.reconciler.heard([told(**changes)])
    assert lists.journal.get(mine.id).state is UNKNOWN


def test_where_two_orders_could_be_meant_the_lists_have_the_last_word(lists: Lists) -> None:
    mine = lists.uncertain()
    lists.reconciler.heard([told("101"), told("102")])
    assert lists.journal.get(mine.id).state is UNKNOWN
    lists.reconciler.heard([told("103"), row_of("104")])
    assert lists.journal.get(mine.id).state is UNKNOWN


def test_where_two_intents_could_be_meant_neither_is_settled(lists: Lists) -> None:
    mine = lists.uncertain()
    beside = begin(lists.journal, intent_of(previous=mine.id), again=_at_risk())
    heard = lists.reconciler.heard([told()])
    assert lists.journal.get(mine.id).state is UNKNOWN
    assert heard.awaited == {("101", "")}
    lists.journal.decide(beside.moved(UNKNOWN, "silence too"))
    lists.reconciler.heard([told()])
    assert {lists.journal.get(each.id).state for each in (mine, beside)} == {UNKNOWN}


def test_a_number_that_the_journal_explains_settles_nothing_else(lists: Lists) -> None:
    known = begin(lists.journal, intent_of())
    lists.journal.decide(known.moved(ACKED, "answered", order_id="101", result=order_of("101")))
    mine = lists.uncertain()
    lists.reconciler.heard([told()])
    assert lists.journal.get(mine.id).state is UNKNOWN


def test_what_is_being_sent_is_left_to_its_answer(lists: Lists) -> None:
    mine = begin(lists.journal, intent_of())
    heard = lists.reconciler.heard([told()])
    assert lists.journal.get(mine.id).state is IntentState.SENDING
    assert heard.awaited == heard.open == {("101", "")}


def test_only_a_list_decides_by_what_a_list_alone_has_shown(lists: Lists) -> None:
    mine = lists.uncertain()
    lists.reconciler.heard([row_of("101")])
    assert lists.journal.get(mine.id).state is UNKNOWN


def test_the_notice_of_an_order_of_somebody_else_makes_a_match_probable(lists: Lists) -> None:
    mine = lists.uncertain()
    heard = lists.reconciler.heard([told("100", symbol=HYNIX)])
    assert heard.open == frozenset()
    assert lists.journal.is_shared(DAY)
    lists.reconciler.heard([told()])
    assert lists.journal.get(mine.id).confidence is Confidence.PROBABLE


def test_a_notice_without_a_time_needs_a_number_that_came_later(lists: Lists) -> None:
    lists.journal.learn(DAY, [100], [])
    mine = lists.uncertain()
    lists.reconciler.heard([told("99", submitted_at=None)])
    assert lists.journal.get(mine.id).state is UNKNOWN
    lists.reconciler.heard([told("101", submitted_at=None)])
    assert lists.journal.get(mine.id).order_id == "101"


def test_an_order_that_was_presumed_absent_is_late(lists: Lists) -> None:
    mine = lists.uncertain()
    for _ in range(14):
        lists.look()
    assert lists.journal.get(mine.id).state is ABSENT
    lists.reconciler.heard([told(submitted_at=lists.now)])
    assert lists.journal.get(mine.id).state is LATE
    assert lists.journal.is_shared(DAY)


@pytest.mark.parametrize("kind", [IntentKind.CANCEL, IntentKind.AMEND])
def test_a_change_is_settled_by_the_notice_that_names_its_order(lists: Lists, kind: IntentKind) -> None:
    is_cancel = kind is IntentKind.CANCEL
    price = None if is_cancel else Decimal(69_000)
    mine = lists.uncertain(kind=kind, request=None, order=order_of("90"), quantity=4, price=price)
    for original in ("91", "90"):
        row = told("101", original_id=original, quantity=4, price=price, is_cancellation=is_cancel)
        assert lists.journal.get(mine.id).state is UNKNOWN
        lists.reconciler.heard([row])
    assert lists.journal.get(mine.id).order_id == "101"


def test_what_somebody_has_decided_meanwhile_stays(lists: Lists) -> None:
    mine = lists.uncertain()
    lists.journal.decide(mine.moved(ABSENT, "a person knows"))
    lists.reconciler.heard([told("101", quantity=9), told("102", side=Side.SELL)])
    assert lists.journal.get(mine.id).state is ABSENT


def test_the_price_of_another_order_beside_it_does_not_matter(lists: Lists) -> None:
    mine = lists.uncertain()
    lists.reconciler.heard([told(), told("102", price=70_100), told("103", **request_changes())])
    assert lists.journal.get(mine.id).order_id == "101"


def request_changes() -> dict[str, Any]:
    """Return how another order of the day differs."""
    other = request_of(symbol=HYNIX, quantity=3)
    return {"symbol": other.symbol, "quantity": other.quantity}


def _at_risk() -> Any:
    from brokerkit.orders.again import Again

    return Again(True, frozenset())


def test_the_list_tells_how_an_order_is_named_that_a_notice_has_settled(lists: Lists) -> None:
    mine = lists.uncertain()
    part = SimpleNamespace(handle=lambda day, branch, number: f"fake:{branch}:{number}")
    desk = SimpleNamespace(journal=lists.journal, reconciler=lambda market: lists.reconciler)
    trader = SimpleNamespace(part=lambda market: part)
    matching = Matching(cast(Any, trader), cast(Any, desk), market_named("KR"))
    notice = Notice(
        SAMSUNG,
        Venue.KRX,
        SENT,
        SENT,
        OrderChange.ACCEPTED,
        "0000101",
        None,
        Side.BUY,
        Decimal(10),
        Decimal(70_000),
        branch="11111",
    )
    assert matching.hear(notice) is False
    settled = lists.journal.get(mine.id)
    assert settled.result is not None
    assert settled.result.handle == "fake:11111:0000101"
    assert (matching.needs_list(), matching.needs_list()) == (True, False)
    matching.listed([row_of("101", symbol=HYNIX), row_of("101")])
    named = lists.journal.get(mine.id)
    assert (named.state, named.result) == (ACKED, order_of("101"))
    matching.listed([row_of("101", status="FILLED")])
    assert lists.journal.get(mine.id) == named
