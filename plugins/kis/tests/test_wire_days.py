"""Days at KIS: which list tells which day of the history, at the border of three months and around it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from brokerkit import clock
from brokerkit.errors import InvalidRequest
from brokerkit.words import OrderStatus

Connect = Callable[..., Any]
RECENT, OLD = "TTTC0081R", "CTSC9215R"
BORDERS = [
    ("2026-11-20", "2026-08-20"),
    ("2026-03-31", "2025-12-31"),
    ("2026-05-31", "2026-02-28"),
    ("2024-05-31", "2024-02-29"),
    ("2024-05-30", "2024-02-29"),
    ("2024-05-29", "2024-02-29"),
    ("2025-05-29", "2025-02-28"),
    ("2026-07-31", "2026-04-30"),
    ("2026-12-31", "2026-09-30"),
    ("2026-01-15", "2025-10-15"),
    ("2026-04-01", "2026-01-01"),
]


@pytest.fixture
def on(monkeypatch: pytest.MonkeyPatch, connect: Connect) -> Callable[..., Any]:
    """Return a function that makes an account on a day of our choice."""

    def make(day: str, environment: str = "real") -> Any:
        noon = dt.datetime.combine(dt.date.fromisoformat(day), dt.time(12), clock.KST)
        monkeypatch.setattr(clock, "now", lambda: noon)
        wire = connect("sandbox", plays=environment).logged_in()
        empty = {**wire.good(RECENT), "output1": []}
        return wire.answer(RECENT, empty).answer(OLD, empty)

    return make


def asked(wire: Any) -> list[tuple[str, str, str]]:
    queries = [(call.id, dict(call.query)) for call in wire.calls]
    return [(id, query["INQR_STRT_DT"], query["INQR_END_DT"]) for id, query in queries]


def digits(day: str | dt.date) -> str:
    return str(day).replace("-", "")


@pytest.mark.parametrize(("today", "border"), BORDERS)
def test_history_is_split_at_the_day_three_months_ago(on: Any, today: str, border: str) -> None:
    wire = on(today)
    first = dt.date.fromisoformat(border)
    before = first - dt.timedelta(1)
    start = first - dt.timedelta(10)
    wire.broker.order_history(start)
    assert asked(wire) == [(RECENT, digits(border), digits(today)), (OLD, digits(start), digits(before))]


@pytest.mark.parametrize(("today", "border"), BORDERS)
def test_range_on_one_side_of_the_border_asks_one_list_only(on: Any, today: str, border: str) -> None:
    wire = on(today)
    first = dt.date.fromisoformat(border)
    before, start, end = first - dt.timedelta(1), first - dt.timedelta(9), first + dt.timedelta(9)
    wire.broker.order_history(start, before)
    wire.broker.order_history(first, end)
    assert asked(wire) == [(OLD, digits(start), digits(before)), (RECENT, digits(first), digits(end))]


@pytest.mark.parametrize(("environment", "recent", "old"), [("real", RECENT, OLD), ("demo", "VTTC0081R", "VTSC9215R")])
def test_both_lists_have_ids_of_their_own_in_demo(on: Any, environment: str, recent: str, old: str) -> None:
    wire = on("2026-11-20", environment)
    wire.broker.order_history(dt.date(2026, 8, 1))
    assert [call.id for call in wire.calls] == [recent, old]
    assert {call.method for call in wire.calls} == {"GET"}
    assert {call.url.rsplit("/", 1)[-1] for call in wire.calls} == {"inquire-daily-ccld"}


@pytest.mark.parametrize(("environment", "venues"), [("real", "ALL"), ("demo", "KRX")])
def test_history_asks_for_all_venues_and_in_demo_for_krx_the_only_one(on: Any, environment: str, venues: str) -> None:
    wire = on("2026-11-20", environment)
    wire.broker.order_history(dt.date(2026, 8, 1))
    wire.broker.refresh(wire.order())
    assert [dict(call.query)["EXCG_ID_DVSN_CD"] for call in wire.calls] == [venues] * 3


def test_history_names_every_field_of_the_list(on: Any) -> None:
    wire = on("2026-11-20")
    wire.broker.order_history(dt.date(2026, 11, 18))
    assert wire.calls[0].query == [
        ("CANO", "50012345"),
        ("ACNT_PRDT_CD", "01"),
        ("INQR_STRT_DT", "20261118"),
        ("INQR_END_DT", "20261120"),
        ("SLL_BUY_DVSN_CD", "00"),
        ("PDNO", ""),
        ("ORD_GNO_BRNO", ""),
        ("ODNO", ""),
        ("CCLD_DVSN", "00"),
        ("INQR_DVSN", "01"),
        ("INQR_DVSN_1", ""),
        ("INQR_DVSN_3", "00"),
        ("EXCG_ID_DVSN_CD", "ALL"),
        ("CTX_AREA_FK100", ""),
        ("CTX_AREA_NK100", ""),
    ]


def test_end_in_the_future_is_today(on: Any) -> None:
    wire = on("2026-11-20")
    wire.broker.order_history(dt.date(2026, 11, 18), dt.date(2026, 12, 24))
    assert asked(wire) == [(RECENT, "20261118", "20261120")]


@pytest.mark.parametrize(("handle_day", "id"), [("20260820", RECENT), ("20260819", OLD), ("20240229", OLD)])
def test_order_is_looked_for_in_the_list_that_reaches_its_day(on: Any, handle_day: str, id: str) -> None:
    wire = on("2026-11-20")
    answer = wire.good(id)
    answer["output1"][0] |= {"ord_dt": handle_day, "tot_ccld_qty": "10", "rmn_qty": "0"}
    wire.answer(id, answer)
    order = wire.order(handle=f"kis:{handle_day}:06010:0001234567")
    assert wire.broker.refresh(order).status == OrderStatus.FILLED
    assert asked(wire) == [(id, handle_day, handle_day)]


@pytest.mark.parametrize(
    ("today", "start", "end"),
    [
        ("2026-02-20", "2026-02-14", "2026-02-18"),
        ("2026-09-30", "2026-09-24", "2026-09-27"),
        ("2026-11-20", "2025-12-31", "2026-01-01"),
    ],
    ids=["Seollal", "Chuseok", "year end"],
)
def test_range_of_holidays_is_refused_before_anything_is_sent(on: Any, today: str, start: str, end: str) -> None:
    wire = on(today)
    with pytest.raises(InvalidRequest, match="no trading day"):
        wire.broker.order_history(dt.date.fromisoformat(start), dt.date.fromisoformat(end))
    assert wire.calls == []


def test_range_that_holds_one_trading_day_is_asked_for_as_it_is(on: Any) -> None:
    wire = on("2026-11-20")
    wire.broker.order_history(dt.date(2026, 9, 24), dt.date(2026, 9, 28))
    assert asked(wire) == [(RECENT, "20260924", "20260928")]


def test_split_history_is_one_list_oldest_first(on: Any) -> None:
    wire = on("2026-11-20")
    for id, day, number in ((RECENT, "20260820", "1"), (OLD, "20260819", "2")):
        answer = wire.good(id)
        answer["output1"][0] |= {"ord_dt": day, "odno": number}
        wire.answer(id, answer)
    found = wire.broker.order_history(dt.date(2026, 8, 1))
    assert [(order.id, order.status) for order in found] == [("2", OrderStatus.EXPIRED), ("1", OrderStatus.EXPIRED)]
