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
    assert call.body == {"stk_cd": "005930" + suffix, "base_dt": "20261120", "upd_stkpc_tp": code}
    assert (told.adjusted, told.venue) == (adjusted, venue)
    assert told[0].session is (Phase.AFTER_MARKET if venue is Venue.SOR else None)


def test_what_is_further_back_is_asked_by_its_day_and_not_by_pages(wire: Any) -> None:
    answer = wire.good(CHART)
    wire.pages(CHART, ({"cont-yn": "Y", "next-key": "k"}, answer))
    (told,) = wire.broker.candles("005930", Interval.DAY, WEEK[0], FRIDAY)
    assert told == TestChart.candle
    assert len(wire.of(CHART)) == 1


def test_a_full_answer_that_does_not_reach_back_is_not_taken(wire: Any) -> None:
    days = [FRIDAY - dt.timedelta(days=number) for number in range(600)]
    wire.shows("chart", *({"dt": f"{day:%Y%m%d}"} for day in days))
    with pytest.raises(WireError, match="reach back"):
        wire.broker.candles("005930", Interval.DAY, FRIDAY - dt.timedelta(days=700), FRIDAY)


def test_a_row_of_blanks_is_an_error_and_no_zero(wire: Any) -> None:
    wire.shows("chart", dict.fromkeys(wire.good(CHART)["stk_dt_pole_chart_qry"][0], ""))
    with pytest.raises(WireError, match="dt"):
        wire.broker.candles("005930", Interval.DAY, WEEK[0], FRIDAY)
    assert not issubclass(WireError, IncompleteListing)
