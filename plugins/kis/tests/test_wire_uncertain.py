"""What KIS's lists say of an order whose answer never came: odd rows, odd symbols, numbers of another branch."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from brokerkit import IntentState, clock
from brokerkit.testing.inside import journal_of, pretend
from tests.adapters.uncertain import UncertainKit, hurry, remembering, settled, uncertain

DAY, OPEN = "TTTC0081R", "TTTC0084R"
BLOCKS = {DAY: "output1", OPEN: "output"}


class TestUncertain(UncertainKit):
    spellings = ("005930", "A005930", "00000A005930", "000000005930", "A005930_NX", "005930_AL")
    no_symbols = ("KR7005930003", "", "5930")
    odd = [
        {"sll_buy_dvsn_cd": "03"},
        {"odno": ""},
        {"ord_qty": "many"},
        {"orgn_odno": "x"},
        {"pdno": None},
        {"ord_dt": "20261399"},
    ]
    no_times = ("", "90512", "99:99", None)


@pytest.fixture
def wire(connect: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return an account whose journal forgets nothing, in a hurry."""
    hurry(monkeypatch)
    return remembering(connect("sandbox", plays="real"))


def listing(wire: Any, id: str, *changes: dict[str, Any]) -> None:
    """Let a list show a row for each of `changes`, the order that was sent with these differences."""
    good = wire.good(id)
    (row,) = good[BLOCKS[id]]
    wire.answer(id, {**good, BLOCKS[id]: [{**row, **each} for each in changes]})


def test_odd_row_of_the_working_orders_is_reported_too(wire: Any) -> None:
    mine = uncertain(wire)
    listing(wire, OPEN, {"sll_buy_dvsn_cd": "03"})
    assert len(wire.broker.reconcile().unreadable) == 1
    assert settled(wire, mine).sightings[-1].unexplained == ("1234567",)


def test_the_same_number_of_two_branches_is_two_orders(wire: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [dt.datetime.combine(clock.today(), dt.time(10, 11, 10), clock.KST)]
    monkeypatch.setattr(clock, "now", lambda: now[0])
    pretend(wire.broker, "demo")  # whose times can be compared with ours
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
