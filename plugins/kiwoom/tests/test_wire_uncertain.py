"""What Kiwoom's lists say of an order whose answer never came: odd rows, odd symbols, rows of another day."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from brokerkit import Intent, clock
from brokerkit.testing.inside import journal_of
from tests.adapters import uncertain as shared
from tests.adapters.uncertain import UncertainKit, hurry, remembering, settled

DAY, OPEN, FILLED = "kt00007", "ka10075", "ka10076"
BLOCKS = {DAY: "acnt_ord_cntr_prps_dtl", OPEN: "oso", FILLED: "cntr"}


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


def uncertain(wire: Any, *, highest: str | None = "0000139") -> Intent:
    """Return the intent of an order whose answer could not be read; the list has shown a number before it."""
    wire.empty()
    if highest:
        listing(wire, DAY, {"ord_no": highest, "stk_cd": "A000660"})
    wire.broker.reconcile()
    return shared.uncertain(wire)


class TestUncertain(UncertainKit):
    spellings = ("005930", "A005930", "005930_NX", "A005930_NX", "A005930_AL", "Q005930_NX")
    no_symbols = ("A005930_KR", "KR005930", "", "00593")
    odd = [{"io_tp_nm": "?"}, {"ord_no": ""}, {"ord_qty": "many"}, {"ori_ord": "x"}, {"stk_cd": None}]
    no_times = ("", "90512", "99:99:99", None)

    def uncertain(self, wire: Any) -> Intent:
        return uncertain(wire)


def test_odd_row_of_the_open_or_filled_orders_is_reported_too(wire: Any) -> None:
    mine = uncertain(wire)
    listing(wire, OPEN, {"io_tp_nm": "?"})
    listing(wire, FILLED, {"ord_no": "x"})
    assert len(wire.broker.reconcile().unreadable) == 2
    assert settled(wire, mine).sightings[-1].unexplained == ("140", "?")


def test_fill_without_a_date_is_taken_only_above_a_number_and_after_a_time_of_today(
    connect: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that orders the same every day at the same time finds yesterday's fill there."""
    now = [dt.datetime(2026, 11, 27, 10, 11, 10, tzinfo=clock.KST)]
    monkeypatch.setattr(clock, "now", lambda: now[0])

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
