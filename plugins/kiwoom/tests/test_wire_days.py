"""Days at Kiwoom: the history is asked for a day at a time, trading days only, and put together."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from brokerkit import clock
from brokerkit.errors import InvalidRequest, NetworkError
from brokerkit.words import OrderStatus

Connect = Callable[..., Any]
LIST, ROWS = "kt00007", "acnt_ord_cntr_prps_dtl"


@pytest.fixture
def on(monkeypatch: pytest.MonkeyPatch, connect: Connect) -> Callable[..., Any]:
    """Return a function that makes an account on a day of our choice."""

    def make(day: str, environment: str = "real") -> Any:
        noon = dt.datetime.combine(dt.date.fromisoformat(day), dt.time(12), clock.KST)
        monkeypatch.setattr(clock, "now", lambda: noon)
        wire = connect("sandbox", plays=environment).logged_in()
        for other, rows in (("ka10075", "oso"), ("ka10076", "cntr")):
            wire.answer(other, {**wire.good(other), rows: []})
        return wire.answer(LIST, {**wire.good(LIST), ROWS: []})

    return make


def days(wire: Any) -> list[str]:
    return [call.body["ord_dt"] for call in wire.of(LIST)]


def date(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


@pytest.mark.parametrize("environment", ["real", "demo"])
def test_history_names_the_day_oldest_first_for_stocks_of_all_venues(on: Any, environment: str) -> None:
    wire = on("2026-11-20", environment)
    wire.broker.order_history(date("2026-11-20"))
    assert [(call.id, call.body) for call in wire.of(LIST)] == [
        (
            LIST,
            {
                "ord_dt": "20261120",
                "qry_tp": "1",
                "stk_bond_tp": "1",
                "sell_tp": "0",
                "stk_cd": "",
                "fr_ord_no": "",
                "dmst_stex_tp": "%",
            },
        )
    ]


@pytest.mark.parametrize(
    ("start", "end", "asked"),
    [
        ("2026-11-12", "2026-11-17", ["20261112", "20261113", "20261116", "20261117"]),
        ("2026-02-13", "2026-02-19", ["20260213", "20260219"]),
        ("2024-02-28", "2024-03-04", ["20240228", "20240229", "20240304"]),
        ("2025-02-27", "2025-03-04", ["20250227", "20250228", "20250304"]),
        ("2025-12-30", "2026-01-02", ["20251230", "20260102"]),
        ("2026-07-16", "2026-07-20", ["20260716", "20260720"]),
        ("2026-11-19", "2026-12-31", ["20261119", "20261120"]),
    ],
    ids=["weekend", "Seollal", "leap year", "no leap year", "year end", "Constitution Day", "end in the future"],
)
def test_only_trading_days_are_asked_for(on: Any, start: str, end: str, asked: list[str]) -> None:
    wire = on("2026-11-20")
    assert wire.broker.order_history(date(start), date(end)) == ()
    assert days(wire) == asked


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-11-14", "2026-11-15"),
        ("2026-09-24", "2026-09-27"),
        ("2025-12-31", "2026-01-01"),
        ("2026-11-17", "2026-11-16"),
        ("2023-12-28", "2023-12-29"),
        ("2026-11-21", "2026-11-30"),
    ],
    ids=["weekend", "Chuseok", "year end", "backwards", "unknown years", "future"],
)
def test_range_without_a_trading_day_is_refused_before_anything_is_sent(on: Any, start: str, end: str) -> None:
    wire = on("2026-11-20")
    with pytest.raises(InvalidRequest):
        wire.broker.order_history(date(start), date(end))
    assert wire.calls == []


def test_rows_get_the_day_that_was_asked_for_and_followers_count_on_their_own_day_only(on: Any) -> None:
    wire = on("2026-11-20")
    good = wire.good(LIST)
    (row,) = good[ROWS]
    gone = {**row, "cntr_qty": "0000000000", "ord_remnq": "0000000000"}
    follower = {**gone, "ord_no": "0000142", "ori_ord": "0000140", "io_tp_nm": "매수취소"}
    wire.answer(LIST, {**good, ROWS: [gone]}, {**good, ROWS: [follower, gone]}, {**good, ROWS: [row]})
    found = wire.broker.order_history(date("2026-11-18"))
    assert [(order.submitted_at.date().day, order.status) for order in found] == [
        (18, OrderStatus.EXPIRED),
        (19, OrderStatus.CANCELED),
        (20, OrderStatus.PARTIALLY_FILLED),
    ]
    assert [order.handle for order in found] == [f"kiwoom:202611{day}:0000140:0000140" for day in (18, 19, 20)]


def test_day_that_fails_fails_the_whole_history(on: Any) -> None:
    wire = on("2026-11-20")
    wire.answer(LIST, wire.good(LIST), {"return_code": 7, "return_msg": "broken[1999:x]"})
    with pytest.raises(NetworkError, match="broken"):
        wire.broker.order_history(date("2026-11-18"))


def test_pages_of_one_day_are_read_before_the_next_day(on: Any) -> None:
    wire = on("2026-11-20")
    good = wire.good(LIST)
    (row,) = good[ROWS]
    pages = [{**good, ROWS: [{**row, "ord_no": number}]} for number in ("2", "1", "3")]
    more, end = {"cont-yn": "Y", "next-key": "k"}, {"cont-yn": "N"}
    wire.pages(LIST, (more, pages[0]), (end, pages[1]), (end, pages[2]))
    found = wire.broker.order_history(date("2026-11-19"))
    assert [order.id for order in found] == ["1", "2", "3"]
    assert days(wire) == ["20261119", "20261119", "20261120"]


def test_sandbox_trades_today_even_on_a_weekend(on: Any) -> None:
    wire = on("2026-11-15")
    wire.broker.order_history(date("2026-11-13"))
    assert days(wire) == ["20261113", "20261115"]
