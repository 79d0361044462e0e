"""Indices at KIS."""

from __future__ import annotations

import datetime as dt
import json
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from brokerkit import clock
from brokerkit.errors import InvalidRequest, Unsupported, WireError
from brokerkit.market.indices import INDICES
from brokerkit.market.sessions import Phase
from brokerkit.models import Candle, Quote
from brokerkit.words import Interval, Venue

CHART = "FHKUP03500100"
FOLDER = os.environ.get("BROKERKIT_WIRE_EXAMPLES")
DAY = {
    "stck_bsop_date": "20261120",
    "bstp_nmix_prpr": "5210.05",
    "bstp_nmix_oprc": "5198.70",
    "bstp_nmix_hgpr": "5233.10",
    "bstp_nmix_lwpr": "5190.00",
    "acml_vol": "412345",
    "acml_tr_pbmn": "11234567",
    "mod_yn": "N",
}


def answer(code: str = "0001", *days: dict[str, str], **head: str) -> dict[str, Any]:
    value = {
        "bstp_nmix_prpr": "5260.31",
        "bstp_nmix_prdy_vrss": "-10.02",
        "bstp_nmix_prdy_ctrt": "-0.19",
        "prdy_nmix": "5270.33",
        "bstp_nmix_oprc": "5271.00",
        "bstp_nmix_hgpr": "5280.49",
        "bstp_nmix_lwpr": "5255.10",
        "acml_vol": "398765",
        "acml_tr_pbmn": "10987654",
        "hts_kor_isnm": "종합",
        "bstp_cls_code": code,
        **head,
    }
    return {"rt_cd": "0", "msg_cd": "MCA00000", "msg1": "", "output1": value, "output2": list(days or (DAY,))}


def test_a_value_is_in_points_and_what_was_traded_in_shares_and_won(wire: Any) -> None:
    assert wire.answer(CHART, answer()).broker.quote("INDEX:KOSPI") == Quote(
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
    (call,) = wire.of(CHART)
    today, before = clock.today(), clock.today() - dt.timedelta(days=14)
    assert call.query == [
        ("FID_COND_MRKT_DIV_CODE", "U"),
        ("FID_INPUT_ISCD", "0001"),
        ("FID_INPUT_DATE_1", f"{before:%Y%m%d}"),
        ("FID_INPUT_DATE_2", f"{today:%Y%m%d}"),
        ("FID_PERIOD_DIV_CODE", "D"),
    ]


def test_another_index_than_the_one_asked_for_is_never_taken(wire: Any) -> None:
    wire.answer(CHART, answer("1001"))
    with pytest.raises(WireError, match="INDEX:KOSDAQ"):
        wire.broker.quote("INDEX:KOSPI")
    with pytest.raises(WireError, match="INDEX:KOSDAQ"):
        wire.broker.candles("INDEX:KOSPI", Interval.DAY, dt.date(2026, 11, 20), dt.date(2026, 11, 20))


def test_days_are_candles(wire: Any) -> None:
    day = dt.date(2026, 11, 20)
    (told,) = wire.answer(CHART, answer()).broker.candles("INDEX:KOSPI", Interval.DAY, day, day)
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


def test_a_year_is_asked_for_in_spans_of_fifty_days(wire: Any) -> None:
    wire.answer(CHART, answer())
    wire.broker.candles("INDEX:KOSPI", Interval.DAY, dt.date(2025, 11, 20), dt.date(2026, 11, 20))
    spans = [(dict(call.query)["FID_INPUT_DATE_1"], dict(call.query)["FID_INPUT_DATE_2"]) for call in wire.of(CHART)]
    days = [(dt.date.fromisoformat(first), dt.date.fromisoformat(last)) for first, last in spans]
    assert max((last - first).days for first, last in days) < 70
    assert min(days)[0] == dt.date(2025, 11, 20)


def test_every_index_with_a_common_name_is_there_under_a_code_of_its_own(wire: Any) -> None:
    from brokerkit_kis.indices.quotes import CODE, SYMBOL

    assert set(CODE) == set(INDICES)
    assert len(SYMBOL) == len(CODE)


def test_what_is_no_index_or_not_one_of_krx_is_not_sent(wire: Any) -> None:
    with pytest.raises(Unsupported, match="INDEX:KOSPI100"):
        wire.broker.quote("INDEX:KOSPI100")
    with pytest.raises(Unsupported, match="NXT"):
        wire.broker.quote("INDEX:KOSPI", venue=Venue.NXT)
    with pytest.raises(InvalidRequest, match="INDEX:KOSPI"):
        wire.broker.quote("INDEX:0001/")
    assert not wire.of(CHART)


def test_one_that_is_not_there_takes_no_other_with_it(wire: Any) -> None:
    told = wire.answer(CHART, answer()).broker.quotes(["INDEX:KOSPI100", "INDEX:KOSPI"])
    assert [quote.symbol for quote in told] == ["INDEX:KOSPI"]
    assert isinstance(told.failed["INDEX:KOSPI100"], Unsupported)


@pytest.mark.skipif(not FOLDER, reason="BROKERKIT_WIRE_EXAMPLES does not name the folder of examples")
def test_the_official_sample(wire: Any) -> None:
    path = Path(FOLDER or "") / "kis" / "examples" / "domestic_stock__inquire_daily_indexchartprice__official.json"
    body = json.loads(path.read_text(encoding="utf-8"))["response"]["body"]
    told = wire.answer(CHART, {"rt_cd": "0", **body}).broker.quote("INDEX:KOSPI")
    assert (told.price, told.change, told.previous_close) == (
        Decimal("2642.07"),
        Decimal("2.78"),
        Decimal("2639.29"),
    )
    assert (told.volume, told.turnover) == (305_715_000, 4_736_153_000_000)
