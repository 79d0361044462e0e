"""What KIS's lists say of an order whose answer never came: odd rows, odd symbols, numbers of another branch."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from brokerkit import Confidence, Intent, IntentState, OrderUncertain, clock
from brokerkit.orders import reconcile
from brokerkit.orders.journal import Journal
from brokerkit.testing.inside import journal_of, keep

DAY, OPEN = "TTTC0081R", "TTTC0084R"
BLOCKS = {DAY: "output1", OPEN: "output"}


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconcile, "POLL_SECONDS", 0.01)
    monkeypatch.setattr(reconcile, "APART", dt.timedelta(seconds=0.01))


@pytest.fixture
def wire(connect: Any) -> Any:
    """Return an account whose journal forgets nothing."""
    made = connect("sandbox", plays="real").logged_in()
    keep(made.broker, Journal(None))
    return made


def listing(wire: Any, id: str, *changes: dict[str, Any]) -> None:
    """Let a list show a row for each of `changes`, the order that was sent with these differences."""
    good = wire.good(id)
    (row,) = good[BLOCKS[id]]
    wire.answer(id, {**good, BLOCKS[id]: [{**row, **each} for each in changes]})


def uncertain(wire: Any) -> Intent:
    """Return the intent of an order whose answer could not be read."""
    for id in BLOCKS:
        listing(wire, id)
    wire.answer("TTTC0012U", b"<html>")
    with pytest.raises(OrderUncertain) as caught:
        wire.broker.buy("005930", 10, price=70000)
    assert caught.value.intent is not None
    return caught.value.intent


def settled(wire: Any, intent: Intent) -> Intent:
    wire.broker.reconcile(wait=True, timeout=0.3)
    found: Intent = journal_of(wire.broker).get(intent.id)
    return found


@pytest.mark.parametrize("symbol", ["005930", "A005930", "00000A005930", "000000005930", "A005930_NX", "005930_AL"])
@pytest.mark.parametrize("id", [DAY, OPEN])
def test_order_is_found_however_its_symbol_is_spelt(wire: Any, id: str, symbol: str) -> None:
    mine = uncertain(wire)
    listing(wire, id, {"pdno": symbol})
    found = settled(wire, mine)
    assert (found.state, found.order_id) == (IntentState.ACKED, "0001234567")


@pytest.mark.parametrize("symbol", ["KR7005930003", "", "5930"])
def test_symbol_that_is_not_understood_is_no_proof_of_absence(wire: Any, symbol: str) -> None:
    mine = uncertain(wire)
    listing(wire, DAY, {"pdno": symbol})
    found = settled(wire, mine)
    assert found.state is IntentState.UNKNOWN
    assert found.sightings[-1].unexplained == ("1234567",)


@pytest.mark.parametrize(
    "odd",
    [
        {"sll_buy_dvsn_cd": "03"},
        {"odno": ""},
        {"ord_qty": "many"},
        {"orgn_odno": "x"},
        {"pdno": None},
        {"ord_dt": "20261399"},
    ],
    ids=repr,
)
def test_odd_row_is_reported_and_its_neighbours_count(wire: Any, odd: dict[str, Any]) -> None:
    mine = uncertain(wire)
    listing(wire, DAY, {"odno": "0001234568", "pdno": "000660", **odd}, {})
    report = wire.broker.reconcile(wait=True, timeout=0.3)
    assert len(report.unreadable) == 1
    assert next(iter(odd)) in report.unreadable[0]
    assert report.problem is None
    found = journal_of(wire.broker).get(mine.id)
    assert (found.state, found.order_id, found.confidence) == (IntentState.ACKED, "0001234567", Confidence.PROBABLE)


def test_odd_row_of_the_working_orders_is_reported_too(wire: Any) -> None:
    mine = uncertain(wire)
    listing(wire, OPEN, {"sll_buy_dvsn_cd": "03"})
    assert len(wire.broker.reconcile().unreadable) == 1
    assert settled(wire, mine).sightings[-1].unexplained == ("1234567",)


@pytest.mark.parametrize("id", [DAY, OPEN])
@pytest.mark.parametrize("time", ["", "90512", "99:99", None])
def test_time_that_is_odd_hides_no_order(wire: Any, id: str, time: Any) -> None:
    mine = uncertain(wire)
    listing(wire, id, {"ord_tmd": time})
    assert settled(wire, mine).order_id == "0001234567"


def test_the_same_number_of_two_branches_is_two_orders(wire: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [dt.datetime.combine(clock.today(), dt.time(10, 11, 10), clock.KST)]
    monkeypatch.setattr(clock, "now", lambda: now[0])
    monkeypatch.setattr(wire.broker, "environment", "demo")  # whose times can be compared with ours
    answered = wire.broker.sell("000660", 1, price=70000)
    mine = uncertain(wire)
    ours = {"odno": answered.id, "pdno": "000660", "sll_buy_dvsn_cd": "01", "ord_qty": "1", "ord_gno_brno": "06010"}
    listing(wire, DAY, ours, {"odno": answered.id, "ord_gno_brno": "00950"})
    reports = []
    for _ in range(2):
        now[0] += dt.timedelta(seconds=3)
        reports.append(wire.broker.reconcile())
    found = journal_of(wire.broker).get(mine.id)
    assert (found.state, found.order_id) == (IntentState.ACKED, answered.id)
    assert found.result.handle.split(":")[2] == "00950"
    assert [(each.foreign, each.problem) for each in reports] == [((), None)] * 2


@pytest.mark.parametrize(("branch", "foreign"), [("06010", 0), ("", 0), ("00950", 1)])
def test_a_row_is_ours_by_number_and_branch(wire: Any, branch: str, foreign: int) -> None:
    answered = wire.broker.buy("005930", 10, price=70000)
    listing(wire, OPEN)
    listing(wire, DAY, {"odno": answered.id, "ord_gno_brno": branch})
    assert len(wire.broker.reconcile().foreign) == foreign


@pytest.mark.parametrize(("branch", "listed"), [("06010", 1), ("", 1), ("00950", 2)])
def test_a_working_order_is_known_from_the_day_by_number_and_branch(wire: Any, branch: str, listed: int) -> None:
    listing(wire, OPEN, {"ord_gno_brno": branch})
    listing(wire, DAY, {})
    assert len(wire.broker.reconcile().foreign) == listed
