"""Daily candles at Kiwoom."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from brokerkit import clock
from brokerkit.errors import IncompleteListing, WireError
from brokerkit.market.sessions import Phase
from brokerkit.models import Candle
from brokerkit.words import Interval, Venue
from tests.adapters.charts import FRIDAY, WEEK, ChartKit

CHART = "ka10081"


class TestChart(ChartKit):
    candle = Candle(
        time=dt.datetime(2026, 11, 20, tzinfo=clock.KST),
        open=Decimal(71400),
        high=Decimal(71900),
        low=Decimal(70100),
        close=Decimal(70300),
        volume=Decimal(12345678),
        turnover=Decimal(876543000000),
        final=True,
        session=None,
    )


@pytest.mark.parametrize(("adjusted", "code"), [(True, "1"), (False, "0")])
@pytest.mark.parametrize(("venue", "suffix"), [(Venue.KRX, ""), (Venue.NXT, "_NX"), (Venue.SOR, "_AL")])
def test_the_question(adjusted: bool, code: str, venue: Venue, suffix: str, wire: Any) -> None:
    told = wire.broker.candles("005930", Interval.DAY, WEEK[0], FRIDAY, adjusted=adjusted, venue=venue)
    (call,) = wire.of(CHART)
    # Prices are adjusted for what came up to the day that is asked from.
    day = f"{clock.today():%Y%m%d}" if adjusted else "20261120"
    assert call.body == {"stk_cd": "005930" + suffix, "base_dt": day, "upd_stkpc_tp": code}
    assert (told.adjusted, told.venue) == (adjusted, venue)
    assert told[0].session is (Phase.AFTER_MARKET if venue is Venue.SOR else None)


def test_pages_are_followed_to_the_first_day(wire: Any) -> None:
    pages = [wire.rows("chart", *({"dt": f"{day:%Y%m%d}"} for day in days)) for days in (WEEK[:1:-1], WEEK[1::-1])]
    more = ({"cont-yn": "Y", "next-key": f"k{number}"} for number in range(2))
    wire.pages(CHART, *zip(more, pages, strict=True))
    told = wire.broker.candles("005930", Interval.DAY, WEEK[0], FRIDAY)
    assert [each.time.date() for each in told] == WEEK
    assert [call.headers.get("next-key") for call in wire.asked("chart")] == [None, "k0"]


def test_pages_that_go_round_in_a_circle_are_an_error(wire: Any) -> None:
    wire.pages(CHART, *(({"cont-yn": "Y", "next-key": "k"}, wire.good(CHART)) for _ in range(3)))
    with pytest.raises(IncompleteListing):
        wire.broker.candles("005930", Interval.DAY, WEEK[0], FRIDAY)


def test_a_row_of_blanks_is_an_error_and_no_zero(wire: Any) -> None:
    wire.shows("chart", dict.fromkeys(wire.good(CHART)["stk_dt_pole_chart_qry"][0], ""))
    with pytest.raises(WireError, match="dt"):
        wire.broker.candles("005930", Interval.DAY, WEEK[0], FRIDAY)
