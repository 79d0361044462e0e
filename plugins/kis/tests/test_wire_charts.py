"""Daily candles at KIS."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from brokerkit import clock
from brokerkit.market.sessions import Phase
from brokerkit.models import Candle
from brokerkit.words import Interval, Venue
from tests.adapters.charts import FRIDAY, WEEK, ChartKit

CHART = "FHKST03010100"


class TestChart(ChartKit):
    candle = Candle(
        time=dt.datetime(2026, 11, 20, tzinfo=clock.KST),
        open=Decimal(71400),
        high=Decimal(71900),
        low=Decimal(70100),
        close=Decimal(70300),
        volume=Decimal(12345678),
        turnover=Decimal(876543210900),
        final=True,
        session=Phase.REGULAR,
    )


@pytest.mark.parametrize(("adjusted", "code"), [(True, "0"), (False, "1")])
@pytest.mark.parametrize(("venue", "division"), [(Venue.KRX, "J"), (Venue.NXT, "NX"), (Venue.SOR, "UN")])
def test_the_question(adjusted: bool, code: str, venue: Venue, division: str, wire: Any) -> None:
    told = wire.broker.candles("005930", Interval.DAY, WEEK[0], FRIDAY, adjusted=adjusted, venue=venue)
    (call,) = wire.of(CHART)
    assert call.query == [
        ("FID_COND_MRKT_DIV_CODE", division),
        ("FID_INPUT_ISCD", "005930"),
        ("FID_INPUT_DATE_1", "20261116"),
        ("FID_INPUT_DATE_2", "20261120"),
        ("FID_PERIOD_DIV_CODE", "D"),
        ("FID_ORG_ADJ_PRC", code),
    ]
    assert (told.adjusted, told.venue) == (adjusted, venue)
    assert told[0].session is (Phase.REGULAR if venue is Venue.KRX else Phase.AFTER_MARKET)


def test_a_long_span_is_asked_in_stretches_that_an_answer_holds(wire: Any) -> None:
    wire.broker.candles("005930", Interval.DAY, dt.date(2025, 11, 20), FRIDAY)
    asked = [dict(call.query) for call in wire.of(CHART)]
    spans = sorted((each["FID_INPUT_DATE_1"], each["FID_INPUT_DATE_2"]) for each in asked)
    days = [(dt.date.fromisoformat(first), dt.date.fromisoformat(last)) for first, last in spans]
    assert (days[0][0], days[-1][1]) == (dt.date(2025, 11, 20), FRIDAY)
    for (_, end), (start, _) in pairwise(days):
        assert start == end + dt.timedelta(days=1)
    assert max((end - start).days for start, end in days) < 139


def test_rows_without_anything_are_no_days(wire: Any) -> None:
    wire.shows("chart", {})
    answer = wire.good(CHART)
    wire.answer(CHART, {**answer, "output2": [*answer["output2"], {}]})
    (told,) = wire.broker.candles("005930", Interval.DAY, WEEK[0], FRIDAY)
    assert told == TestChart.candle
