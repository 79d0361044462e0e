"""Charts and trades of US symbols at Kiwoom: what is asked, and by which clock the answers are read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from brokerkit import clock
from brokerkit.errors import Unsupported, WireError
from brokerkit.words import Interval, Venue
from plugins.kiwoom.tests.us_answers import NOTHING, page

DAYS, MINUTES, TRADES = "usa06012", "usa06011", "usa20150"
FRIDAY, THURSDAY = dt.date(2026, 11, 20), dt.date(2026, 11, 19)
EVENING = dt.datetime(2026, 11, 20, 23, 42, tzinfo=clock.KST)
"""Regular trading has begun in New York, where it is 09:42."""


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: EVENING)


def prices(close: str) -> dict[str, str]:
    return {"cur_prc": close, "open_pric": close, "high_pric": close, "low_pric": close}


def day(date: str, close: str = "275.2400") -> dict[str, str]:
    return {"dt": date, "acc_trde_qty": "41234567", "acc_trde_prica": "11345678901", **prices(close)}


def minute(told_at: str, of: str = "20261120", close: str = "275.2400") -> dict[str, str]:
    return {"cntr_tm": told_at, "bus_dt": of, "trde_qty": "700", **prices(close)}


def days(us: Any, **options: Any) -> Any:
    return us.broker.candles("US:AAPL", Interval.DAY, dt.date(2026, 11, 12), dt.date(2026, 11, 13), **options)


@pytest.mark.parametrize(("adjusted", "code", "since"), [(True, "1", "20261120"), (False, "0", "20261113")])
def test_days_are_asked_back_from_one_of_them(adjusted: bool, code: str, since: str, us: Any) -> None:
    us.answer(DAYS, page(day("20261113"), day("20261112", "0.1234"), day("20261111")))
    told = days(us, adjusted=adjusted)
    (call,) = us.of(DAYS)
    assert call.url.endswith("/api/us/chart")
    assert call.body == {
        "stex_tp": "ND",
        "stk_cd": "AAPL",
        "strt_dt": since,
        "upd_stkpc_tp": code,
        "exrt_appl_tp": "0",
    }
    assert [f"{each.time:%Y%m%d}" for each in told] == ["20261112", "20261113"]
    assert (told[0].close, told[1].close, told[1].volume) == (Decimal("0.1234"), Decimal("275.24"), 41234567)
    assert (told[1].turnover, told[1].currency if hasattr(told[1], "currency") else told.currency) == (None, "USD")


def test_days_are_asked_for_no_further_than_needed(us: Any) -> None:
    pages = [page(day("20261113")), page(day("20261112"), day("20261111")), page(day("20261110"))]
    marks = [{"cont-yn": "Y", "next-key": f"k{each}"} for each in range(3)]
    us.pages(DAYS, *zip(marks, pages, strict=True))
    assert len(days(us)) == 2
    assert [call.headers.get("next-key") for call in us.of(DAYS)] == [None, "k0"]


def hook(us: Any, start: dt.datetime, end: dt.datetime = EVENING) -> list[Any]:
    part = us.broker.adapter.served["US"]
    part.now = lambda: EVENING
    found: Iterator[Any] = part.minutes("US:AAPL", Interval.MINUTE, Venue.US, None, start, end)
    return list(found)


def moments(answers: list[Any]) -> list[str]:
    return [row[bars.time] for bars in answers for row in bars.rows]


START = dt.datetime(2026, 11, 20, 23, 30, tzinfo=clock.KST)
AT_NIGHT = dt.datetime(2026, 11, 19, 23, 30, tzinfo=clock.KST)
LAST_NIGHT = dt.datetime(2026, 11, 20, 9, 0, tzinfo=clock.KST)


def test_minutes_are_asked_back_from_the_trading_day_of_the_end(us: Any) -> None:
    us.answer(MINUTES, page(minute("20261119300000", "20261119"), minute("20261119232900", "20261119")))
    hook(us, AT_NIGHT, LAST_NIGHT)
    (call,) = us.of(MINUTES)
    assert call.body == {
        "stex_tp": "ND",
        "stk_cd": "AAPL",
        "strt_dt": "20261119",
        "upd_stkpc_tp": "0",
        "exrt_appl_tp": "0",
        "tic_scope": "1",
    }


@pytest.mark.parametrize(
    "told",
    [
        # The same minutes, as Korea's clock has them and as New York's has.
        ("20261119300000", "20261119240000", "20261119233000", "20261119232900"),
        ("20261119160000", "20261119100000", "20261119093000", "20261119092900"),
    ],
)
def test_both_clocks_are_understood(told: tuple[str, ...], us: Any) -> None:
    us.answer(MINUTES, page(*(minute(each, "20261119") for each in told)))
    found = moments(hook(us, AT_NIGHT, LAST_NIGHT))
    assert found == ["20261120060000", "20261120000000", "20261119233000", "20261119232900"]


@pytest.mark.parametrize(
    ("told", "korean"),
    [
        ("20261120234100", "20261120234100"),  # by New York's clock it is still to come
        ("20261120094100", "20261120234100"),  # by Korea's clock it would be of the day before
        ("20261120190000", "20261120190000"),  # before the open in New York by Korea's clock, and by its own to come
    ],
)
def test_the_newest_bar_tells_the_clock_while_the_day_goes_on(told: str, korean: str, us: Any) -> None:
    us.answer(MINUTES, page(minute(told)))
    assert moments(hook(us, START)) == [korean]


def test_pages_are_read_until_a_time_can_be_of_one_clock_alone(us: Any) -> None:
    # From 10:00 to 19:59 a time may be either's. What comes before tells it, of all of them.
    pages = [page(minute("20261119120000", "20261119")), page(minute("20261119093500", "20261119"))]
    marks = [{"cont-yn": "Y", "next-key": "k"}, {"cont-yn": "N", "next-key": ""}]
    us.pages(MINUTES, *zip(marks, pages, strict=True))
    assert moments(hook(us, AT_NIGHT, LAST_NIGHT)) == ["20261120020000", "20261119233500"]


def test_a_clock_that_nothing_tells_is_not_guessed(us: Any) -> None:
    us.answer(MINUTES, page(minute("20261119120000", "20261119"), minute("20261119110000", "20261119")))
    with pytest.raises(WireError, match="may be Korea's or New York's"):
        hook(us, AT_NIGHT, LAST_NIGHT)


@pytest.mark.parametrize(
    "told",
    [
        ("20261119300000", "20261119093000"),  # one of each
        ("20261121120000", "20261119120000"),  # another day than that of the row
        ("20261122000000",),
    ],
)
def test_times_of_neither_clock_are_an_error(told: tuple[str, ...], us: Any) -> None:
    us.answer(MINUTES, page(*(minute(each, "20261119") for each in told)))
    with pytest.raises(WireError, match="neither"):
        hook(us, AT_NIGHT, LAST_NIGHT)


@pytest.mark.parametrize("told", ["2026111912000", "20261119126000", "20261119340000", "20261331120000", "", None])
def test_a_time_that_is_none_is_an_error(told: Any, us: Any) -> None:
    us.answer(MINUTES, page(minute(told)))
    with pytest.raises(WireError, match="cntr_tm"):
        hook(us, START)


def test_no_minutes_are_none(us: Any) -> None:
    us.answer(MINUTES, NOTHING)
    assert moments(hook(us, START)) == []


def test_summer_time_is_that_of_the_day(us: Any) -> None:
    night = dt.datetime(2026, 10, 15, 22, 30, tzinfo=clock.KST)
    us.answer(MINUTES, page(minute("20261015093000", "20261015"), minute("20261015081500", "20261015")))
    found = moments(hook(us, night, night + dt.timedelta(hours=3)))
    assert found == ["20261015223000", "20261015211500"]


def trade(told_at: str, quantity: str = "+12") -> dict[str, str]:
    return {"cntr_tm": told_at, "cur_prc": "-275.2400", "trde_qty": quantity, "pred_pre": "-1.7600"}


def test_trades_have_their_moments(us: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: dt.datetime(2026, 11, 21, 0, 10, tzinfo=clock.KST))
    us.answer(TRADES, page(trade("240912"), trade("235959", "-5")))
    told = us.broker.trades("US:AAPL")
    assert [(call.url.rpartition("/")[2], call.body) for call in us.of(TRADES)] == [
        ("mrkcond", {"stex_tp": "ND", "stk_cd": "AAPL"})
    ]
    seen = [(f"{each.time:%Y-%m-%d %H:%M:%S}", each.price, each.quantity, each.side) for each in told]
    assert seen == [
        ("2026-11-20 23:59:59", Decimal("275.24"), 5, None),
        ("2026-11-21 00:09:12", Decimal("275.24"), 12, None),
    ]


def test_a_trade_without_a_time_is_an_error(us: Any) -> None:
    us.answer(TRADES, page(trade("346000")))
    with pytest.raises(WireError):
        us.broker.trades("US:AAPL")


def test_single_trades_and_other_times_are_not_offered(us: Any) -> None:
    with pytest.raises(Unsupported):
        us.broker.candles("US:AAPL", Interval.TICK, count=5)
    assert us.of("usa06010") == []
