"""What Kiwoom's lists say of an order whose answer never came: odd rows, odd symbols, rows of another day."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from brokerkit import Confidence, Intent, IntentState, OrderUncertain, clock
from brokerkit.orders import reconcile
from brokerkit.orders.journal import Journal
from brokerkit.testing.inside import journal_of, keep

DAY, OPEN, FILLED = "kt00007", "ka10075", "ka10076"
BLOCKS = {DAY: "acnt_ord_cntr_prps_dtl", OPEN: "oso", FILLED: "cntr"}


def remembering(wire: Any) -> Any:
    """Return an account whose journal forgets nothing."""
    keep(wire.broker, Journal(None))
    return wire.logged_in()


@pytest.fixture
def wire(connect: Any) -> Any:
    return remembering(connect("sandbox", plays="real"))


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconcile, "POLL_SECONDS", 0.01)
    monkeypatch.setattr(reconcile, "APART", dt.timedelta(seconds=0.01))


def listing(wire: Any, id: str, *changes: dict[str, Any]) -> None:
    """Let a list show a row for each of `changes`, the order that was sent with these differences."""
    good = wire.good(id)
    (row,) = good[BLOCKS[id]]
    wire.answer(id, {**good, BLOCKS[id]: [{**row, **each} for each in changes]})


def uncertain(wire: Any, *, highest: str | None = "0000139") -> Intent:
    """Return the intent of an order whose answer could not be read; the list has shown a number before it."""
    for id in BLOCKS:
        listing(wire, id)
    if highest:
        listing(wire, DAY, {"ord_no": highest, "stk_cd": "A000660"})
    wire.broker.reconcile()
    wire.answer("kt10000", b"<html>")
    with pytest.raises(OrderUncertain) as caught:
        wire.broker.buy("005930", 10, price=70000)
    listing(wire, DAY)
    assert caught.value.intent is not None
    return caught.value.intent


def settled(wire: Any, intent: Intent) -> Intent:
    wire.broker.reconcile(wait=True, timeout=0.3)
    found: Intent = journal_of(wire.broker).get(intent.id)
    return found


@pytest.mark.parametrize("symbol", ["005930", "A005930", "005930_NX", "A005930_NX", "A005930_AL", "Q005930_NX"])
@pytest.mark.parametrize("id", [DAY, OPEN])
def test_order_is_found_however_its_symbol_is_spelt(wire: Any, id: str, symbol: str) -> None:
    mine = uncertain(wire)
    listing(wire, id, {"stk_cd": symbol})
    found = settled(wire, mine)
    assert (found.state, found.order_id) == (IntentState.ACKED, "0000140")


@pytest.mark.parametrize("symbol", ["A005930_KR", "KR005930", "", "00593"])
def test_symbol_that_is_not_understood_is_no_proof_of_absence(wire: Any, symbol: str) -> None:
    mine = uncertain(wire)
    listing(wire, DAY, {"stk_cd": symbol})
    found = settled(wire, mine)
    assert found.state is IntentState.UNKNOWN
    assert found.sightings[-1].unexplained == ("140",)


@pytest.mark.parametrize(
    "odd", [{"io_tp_nm": "?"}, {"ord_no": ""}, {"ord_qty": "many"}, {"ori_ord": "x"}, {"stk_cd": None}], ids=repr
)
def test_odd_row_is_reported_and_its_neighbours_count(wire: Any, odd: dict[str, Any]) -> None:
    mine = uncertain(wire)
    listing(wire, DAY, {"ord_no": "0000141", "stk_cd": "A000660", **odd}, {})
    report = wire.broker.reconcile(wait=True, timeout=0.3)
    assert len(report.unreadable) == 1
    assert next(iter(odd)) in report.unreadable[0]
    assert report.problem is None
    found = journal_of(wire.broker).get(mine.id)
    assert (found.state, found.order_id, found.confidence) == (IntentState.ACKED, "0000140", Confidence.PROBABLE)


def test_odd_row_of_the_open_or_filled_orders_is_reported_too(wire: Any) -> None:
    mine = uncertain(wire)
    listing(wire, OPEN, {"io_tp_nm": "?"})
    listing(wire, FILLED, {"ord_no": "x"})
    assert len(wire.broker.reconcile().unreadable) == 2
    assert settled(wire, mine).sightings[-1].unexplained == ("140", "?")


@pytest.mark.parametrize("id", [DAY, OPEN])
@pytest.mark.parametrize("time", ["", "90512", "99:99:99", None])
def test_time_that_is_odd_hides_no_order(wire: Any, id: str, time: Any) -> None:
    mine = uncertain(wire)
    listing(wire, id, {"tm" if id == OPEN else "ord_tm": time})
    assert settled(wire, mine).order_id == "0000140"


def test_fill_without_a_date_is_taken_only_above_a_number_and_after_a_time_of_today(
    connect: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that orders the same every day at the same time finds yesterday's fill there."""
    now = [dt.datetime(2026, 11, 27, 10, 11, 10, tzinfo=clock.KST)]
    monkeypatch.setattr(clock, "now", lambda: now[0])
    monkeypatch.setattr(clock, "today", lambda: now[0].date())

    def becomes(*, highest: str | None, **row: Any) -> Intent:
        now[0] = now[0].replace(minute=11, second=10)
        wire = remembering(connect("demo"))
        mine = uncertain(wire, highest=highest)
        listing(wire, FILLED, row)
        for _ in range(2):
            now[0] += dt.timedelta(seconds=3)
            wire.broker.reconcile()
        found: Intent = journal_of(wire.broker).get(mine.id)
        return found

    assert becomes(highest="0000139").order_id == "0000140"
    assert becomes(highest=None).order_id is None
    assert becomes(highest="0000139", ord_tm="").order_id is None
    assert becomes(highest="0000139", ord_tm="101100").order_id is None
    assert becomes(highest="0000139", ord_qty="9").order_id is None


def test_fills_without_a_date_are_nobody_elses_orders_of_today(wire: Any) -> None:
    for id in BLOCKS:
        listing(wire, id)
    listing(wire, FILLED, {"ord_no": "0000900", "stk_cd": "000660"})
    assert wire.broker.reconcile().foreign == ()
    mine = uncertain(wire, highest=None)
    assert mine.watermark == 0
