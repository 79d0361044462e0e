"""Candles of minutes and single trades at Kiwoom: what is asked, and what pages may not be."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from brokerkit import clock
from brokerkit.errors import IncompleteListing, Unsupported, WireError
from brokerkit.words import Venue

MINUTES, TRADES = "ka10080", "ka10079"
FRIDAY = dt.date(2026, 11, 20)
PAST = dt.date(2026, 11, 12)


def row(moment: str, volume: str = "7", price: str = "-71400") -> dict[str, str]:
    return {
        "cur_prc": price,
        "trde_qty": volume,
        "cntr_tm": moment,
        "open_pric": price.replace("-", "+"),
        "high_pric": price.lstrip("-"),
        "low_pric": price,
        "pred_pre": "--30433",
        "pred_pre_sig": "5",
    }


def answer(*rows: dict[str, str], block: str = "stk_min_pole_chart_qry") -> dict[str, Any]:
    return {"stk_cd": "005930", block: [*rows], "return_code": 0, "return_msg": "done"}


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> None:
    moment = dt.datetime.combine(FRIDAY, dt.time(10, 0, 30), clock.KST)
    monkeypatch.setattr(clock, "now", lambda: moment)


def times(told: Any) -> list[str]:
    return [f"{each.time:%d %H:%M}" for each in told]


DAY = [row("20261112163000"), row("20261112153000"), row("20261112090000"), row("20261111195900")]


@pytest.mark.parametrize(("venue", "suffix"), [(Venue.KRX, ""), (Venue.NXT, "_NX"), (Venue.SOR, "_AL")])
@pytest.mark.parametrize(
    ("adjusted", "code", "day"), [(None, "0", "20261112"), (False, "0", "20261112"), (True, "1", "20261120")]
)
def test_the_question(adjusted: Any, code: str, day: str, venue: Venue, suffix: str, wire: Any) -> None:
    wire.answer(MINUTES, {**answer(*DAY), "stk_cd": f"005930{suffix}"})
    told = wire.broker.candles("005930", "1m", PAST, PAST, adjusted=adjusted, venue=venue)
    (call,) = wire.of(MINUTES)
    # Prices are adjusted for what came up to the day that is asked from.
    assert call.body == {"stk_cd": f"005930{suffix}", "tic_scope": "1", "upd_stkpc_tp": code, "base_dt": day}
    assert times(told) == ["12 09:00", "12 15:30", *([] if venue is Venue.KRX else ["12 16:30"])]
    assert told.adjusted is (adjusted is True)
    assert told[0].low == 71400


def test_pages_are_followed_until_one_goes_further_back_than_the_span(wire: Any) -> None:
    pages = [answer(*DAY[:2]), answer(DAY[2]), answer(DAY[3])]
    wire.pages(MINUTES, *(({"cont-yn": "Y", "next-key": f"k{n}"}, page) for n, page in enumerate(pages)))
    assert times(wire.broker.candles("005930", "5m", PAST, PAST)) == ["12 09:00", "12 15:30"]
    assert [call.headers.get("next-key") for call in wire.of(MINUTES)] == [None, "k0", "k1"]


def test_a_day_that_is_ignored_costs_pages_and_no_minute(wire: Any) -> None:
    newest = answer(row("20261120095900"), row("20261113090000"))
    wire.pages(MINUTES, ({"cont-yn": "Y", "next-key": "k"}, newest), ({"cont-yn": "N"}, answer(*DAY)))
    assert times(wire.broker.candles("005930", "1m", PAST, PAST)) == ["12 09:00", "12 15:30"]


def test_an_empty_page_in_the_middle_is_an_error(wire: Any) -> None:
    pages = [answer(DAY[1]), answer(), answer(*DAY[2:])]
    wire.pages(MINUTES, *(({"cont-yn": "Y", "next-key": f"k{n}"}, page) for n, page in enumerate(pages)))
    with pytest.raises(WireError, match="without rows"):
        wire.broker.candles("005930", "1m", PAST, PAST)


def test_a_page_that_comes_again_is_an_error(wire: Any) -> None:
    wire.pages(MINUTES, *(({"cont-yn": "Y", "next-key": f"k{n}"}, answer(DAY[1])) for n in range(3)))
    with pytest.raises(IncompleteListing):
        wire.broker.candles("005930", "1m", PAST, PAST)


def test_a_row_of_blanks_is_an_error_and_no_zero(wire: Any) -> None:
    wire.answer(MINUTES, answer(dict.fromkeys(DAY[0], "")))
    with pytest.raises(WireError, match="cntr_tm"):
        wire.broker.candles("005930", "1m", PAST, PAST)


def test_a_list_that_ends_before_the_span_begins_is_an_error_if_it_was_traded_before(wire: Any) -> None:
    wire.answer(MINUTES, answer(*DAY[:3]))
    wire.shows("chart", wire.row("chart", day="20261111", volume="0"))
    assert len(wire.broker.candles("005930", "1m", PAST - dt.timedelta(days=3), PAST)) == 2
    wire.shows("chart", wire.row("chart", day="20261111"))
    with pytest.raises(IncompleteListing, match="2026-11-12"):
        wire.broker.candles("005930", "1m", PAST - dt.timedelta(days=3), PAST)


def test_a_list_that_ends_amid_today_is_an_error_if_it_was_traded_before(wire: Any) -> None:
    wire.answer(MINUTES, answer(row("20261120095800"), row("20261120093000")))
    wire.shows("chart", wire.row("chart", day="20261119", volume="0"))
    assert times(wire.broker.candles("005930", "1m", FRIDAY)) == ["20 09:30", "20 09:58"]
    wire.shows("chart", wire.row("chart", day="20261119"))
    with pytest.raises(IncompleteListing, match="2026-11-20"):
        wire.broker.candles("005930", "1m", FRIDAY)


def test_minutes_of_more_than_a_year_ago_are_not_asked_for(wire: Any) -> None:
    with pytest.raises(Unsupported, match="2025-11-20"):
        wire.broker.candles("005930", "60m", dt.date(2025, 11, 19), FRIDAY)
    assert wire.calls == []


def test_single_trades_come_without_signs_and_with_their_second(wire: Any) -> None:
    rows = [row("20261120095959", "3", "71500"), row("20261120095959", "1", "71400"), row("20261119152959", "9", "1")]
    wire.answer(TRADES, answer(*rows, block="stk_tic_chart_qry"))
    told = wire.broker.candles("005930", "tick", FRIDAY)
    assert [(each.time.second, int(each.close), int(each.volume)) for each in told] == [(59, 71400, 1), (59, 71500, 3)]
    assert wire.of(TRADES)[0].body == {"stk_cd": "005930", "tic_scope": "1", "upd_stkpc_tp": "0"}
