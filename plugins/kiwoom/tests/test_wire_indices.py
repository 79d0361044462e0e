"""Indices at Kiwoom."""

from __future__ import annotations

import datetime as dt
import json
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from brokerkit import clock
from brokerkit.errors import UnknownSymbol, Unsupported, WireError
from brokerkit.market.indices import INDICES
from brokerkit.market.sessions import Phase
from brokerkit.models import Candle, Quote
from brokerkit.words import Interval, Venue

VALUE, CHART = "ka20001", "ka20006"
FOLDER = os.environ.get("BROKERKIT_WIRE_EXAMPLES")
DONE = {"return_code": 0, "return_msg": ""}
NOW = {
    "cur_prc": "-5260.31",
    "pred_pre_sig": "5",
    "pred_pre": "-10.02",
    "flu_rt": "-0.19",
    "trde_qty": "398765",
    "trde_prica": "10987654",
    "open_pric": "+5271.00",
    "high_pric": "+5280.49",
    "low_pric": "-5255.10",
    "inds_cur_prc_tm": [],
    **DONE,
}
DAY = {
    "cur_prc": "521005",
    "trde_qty": "412345",
    "dt": "20261120",
    "open_pric": "519870",
    "high_pric": "523310",
    "low_pric": "519000",
    "trde_prica": "11234567",
}
BEFORE = {**DAY, "dt": "20261119", "cur_prc": "520000"}


def chart(code: str, *days: dict[str, str]) -> dict[str, Any]:
    return {"inds_cd": code, "inds_dt_pole_qry": list(days), **DONE}


def test_a_value_is_in_points_and_what_was_traded_in_shares_and_won(wire: Any) -> None:
    assert wire.answer(VALUE, NOW).broker.quote("INDEX:KOSPI") == Quote(
        symbol="INDEX:KOSPI",
        venue=Venue.KRX,
        currency=None,
        price=Decimal("5260.31"),
        name="코스피",
        previous_close=Decimal("5270.33"),
        change=Decimal("-10.02"),
        change_percent=Decimal("-0.19"),
        open=Decimal("5271.00"),
        high=Decimal("5280.49"),
        low=Decimal("5255.10"),
        volume=Decimal(398_765_000),
        turnover=Decimal(10_987_654_000_000),
        session=Phase.REGULAR,
    )
    assert [call.body for call in wire.of(VALUE)] == [{"mrkt_tp": "0", "inds_cd": "001"}]


@pytest.mark.parametrize(
    ("symbol", "market", "code"),
    [
        ("INDEX:KOSDAQ", "1", "101"),
        ("INDEX:KOSPI200", "2", "201"),
        ("INDEX:KOSPI-LARGE", "0", "002"),
        ("INDEX:KOSPI-METALS", "0", "011"),
    ],
)
def test_an_index_is_asked_for_in_its_market(symbol: str, market: str, code: str, wire: Any) -> None:
    wire.answer(VALUE, NOW).broker.quote(symbol)
    assert [call.body for call in wire.of(VALUE)] == [{"mrkt_tp": market, "inds_cd": code}]


def test_kosdaq_150_is_told_by_the_newest_two_days_of_its_chart(wire: Any) -> None:
    wire.answer(CHART, chart("150", DAY, BEFORE))
    assert wire.broker.quote("INDEX:KOSDAQ150") == Quote(
        symbol="INDEX:KOSDAQ150",
        venue=Venue.KRX,
        currency=None,
        price=Decimal("5210.05"),
        name="코스닥 150",
        previous_close=Decimal("5200.00"),
        change=Decimal("10.05"),
        change_percent=Decimal("0.19"),
        open=Decimal("5198.70"),
        high=Decimal("5233.10"),
        low=Decimal("5190.00"),
        volume=Decimal(412_345_000),
        turnover=Decimal(11_234_567_000_000),
        session=Phase.REGULAR,
    )
    assert [call.body for call in wire.of(CHART)] == [{"inds_cd": "150", "base_dt": f"{clock.today():%Y%m%d}"}]


def test_without_two_days_there_is_no_value(wire: Any) -> None:
    with pytest.raises(UnknownSymbol, match="INDEX:KOSDAQ150"):
        wire.answer(CHART, chart("150", DAY)).broker.quote("INDEX:KOSDAQ150")


def test_a_blank_day_is_an_error_and_no_zero(wire: Any) -> None:
    wire.answer(CHART, chart("150", dict.fromkeys(DAY, ""), BEFORE))
    with pytest.raises(UnknownSymbol, match="INDEX:KOSDAQ150"):
        wire.broker.quote("INDEX:KOSDAQ150")


def test_days_are_candles_whose_values_have_lost_their_point(wire: Any) -> None:
    day = dt.date(2026, 11, 20)
    wire.answer(CHART, chart("001_AL", DAY, BEFORE))
    (told,) = wire.broker.candles("INDEX:KOSPI", Interval.DAY, day, day)
    assert told == Candle(
        time=dt.datetime(2026, 11, 20, tzinfo=clock.KST),
        open=Decimal("5198.70"),
        high=Decimal("5233.10"),
        low=Decimal("5190.00"),
        close=Decimal("5210.05"),
        volume=Decimal(412_345_000),
        turnover=Decimal(11_234_567_000_000),
        final=True,
        session=None,
    )
    assert [call.body for call in wire.of(CHART)] == [{"inds_cd": "001", "base_dt": "20261120"}]


def test_days_on_further_pages_are_asked_for_until_the_span_is_whole(wire: Any) -> None:
    days = [dt.date(2026, 11, day) for day in (20, 19, 18, 17)]
    pages = [chart("001", {**DAY, "dt": f"{day:%Y%m%d}"}) for day in days]
    wire.pages(CHART, *(({"cont-yn": "Y", "next-key": f"k{n}"}, page) for n, page in enumerate(pages)))
    told = wire.broker.candles("INDEX:KOSPI", Interval.DAY, days[2], days[0])
    assert [each.time.date() for each in told] == days[2::-1]
    assert [call.headers.get("next-key") for call in wire.of(CHART)] == [None, "k0", "k1"]


@pytest.mark.parametrize("symbol", ["INDEX:KOSDAQ150", "INDEX:KOSDAQ"])
def test_a_chart_of_another_index_is_never_taken(symbol: str, wire: Any) -> None:
    wire.answer(CHART, chart("001", DAY, BEFORE))
    with pytest.raises(WireError, match="001"):
        wire.broker.candles(symbol, Interval.DAY, dt.date(2026, 11, 20), dt.date(2026, 11, 20))
    with pytest.raises(WireError, match="001"):
        wire.broker.quote("INDEX:KOSDAQ150")


def test_every_index_with_a_common_name_is_there_under_a_code_of_its_own() -> None:
    from brokerkit_kiwoom.indices.quotes import CODE, SYMBOL

    assert set(CODE) == set(INDICES)
    assert len(SYMBOL) == len(CODE)


def test_what_is_no_index_or_not_one_of_krx_is_not_sent(wire: Any) -> None:
    with pytest.raises(Unsupported, match="INDEX:KRX100"):
        wire.broker.candles("INDEX:KRX100")
    with pytest.raises(Unsupported, match="SOR"):
        wire.broker.quote("INDEX:KOSPI", venue=Venue.SOR)
    assert not wire.of(VALUE)
    assert not wire.of(CHART)


@pytest.mark.skipif(not FOLDER, reason="BROKERKIT_WIRE_EXAMPLES does not name the folder of examples")
def test_the_official_samples(wire: Any) -> None:
    def body(id: str) -> Any:
        path = Path(FOLDER or "") / "kiwoom" / "examples" / f"{id}.json"
        return json.loads(path.read_text(encoding="utf-8"))["response"]["body"]

    told = wire.answer(VALUE, body(VALUE)).broker.quote("INDEX:KOSPI")
    assert (told.price, told.change, told.previous_close) == (
        Decimal("2394.49"),
        Decimal("-278.47"),
        Decimal("2672.96"),
    )
    wire.answer(CHART, body(CHART))
    candles = wire.broker.candles("INDEX:KOSPI", Interval.DAY, dt.date(2025, 2, 7), dt.date(2025, 2, 10))
    assert [(each.close, each.volume) for each in candles] == [
        (Decimal("2521.92"), 419_872_000),
        (Decimal("2521.27"), 393_564_000),
    ]


MINUTE = {
    "cur_prc": "-521005",
    "trde_qty": "522",
    "cntr_tm": "20261120132000",
    "open_pric": "+519870",
    "high_pric": "+523310",
    "low_pric": "-519000",
    "acc_trde_qty": "300000",
    "pred_pre": "-1002",
    "pred_pre_sig": "5",
}


def test_minutes_have_signs_that_are_no_part_of_them_and_what_comes_after_the_close_is_none(wire: Any) -> None:
    rows = [
        {**MINUTE, "cntr_tm": "20261120999999"},
        {**MINUTE, "cntr_tm": "20261120888888"},
        MINUTE,
        {**MINUTE, "cntr_tm": "20261119152900"},
    ]
    wire.answer("ka20005", {"inds_cd": "001", "inds_min_pole_qry": rows, **DONE})
    day = dt.date(2026, 11, 20)
    (told,) = wire.broker.candles("INDEX:KOSPI", Interval.MINUTE, day, day)
    assert (told.time, told.volume) == (dt.datetime(2026, 11, 20, 13, 20, tzinfo=clock.KST), 522_000)
    prices = (told.open, told.high, told.low, told.close)
    assert prices == (Decimal("5198.70"), Decimal("5233.10"), Decimal("5190.00"), Decimal("5210.05"))
    assert [call.body for call in wire.of("ka20005")] == [{"inds_cd": "001", "tic_scope": "1", "base_dt": "20261120"}]


def test_minutes_of_another_index_are_never_taken(wire: Any) -> None:
    wire.answer("ka20005", {"inds_cd": "101", "inds_min_pole_qry": [MINUTE], **DONE})
    day = dt.date(2026, 11, 20)
    with pytest.raises(WireError, match="101"):
        wire.broker.candles("INDEX:KOSPI", Interval.MINUTE, day, day)
