"""The official sample requests, sent to the KIS face: each is answered, or refused for a reason that a fact tells."""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from brokerkit_kis.sandbox.face import APIS

from brokerkit.sandbox.exchange import Exchange

WIRE = os.environ.get("BROKERKIT_WIRE_EXAMPLES")
Json = dict[str, Any]
IDS = {
    "inquire_daily_ccld": "TTTC8001R",
    "order_cash": "TTTC0802U",
    "order_credit": "TTTC0852U",
}
"""Of samples that do not show theirs."""
NOT_RECORDED = {"foreign_institution_total": {"FID_COND_MRKT_DIV_CODE": "V", "FID_COND_SCR_DIV_CODE": "16449"}}
"""Fields that a sample was sent with and does not show."""
TOLD_REFUSALS = {
    ("search_info", "APBK0656"): "asks for a share that is listed abroad",
    ("inquire_time_overtimeconclusion", "APBK0656"): "asks for a symbol that is not listed here",
    ("inquire_period_trade_profit", "OPSQ2001"): "lacks CTX_AREA_NK100, which has to be there",
    ("investor_trade_by_stock_daily", "OPSQ2001"): "is asked before 15:40",
    ("order_rvsecncl", "40320000"): "amends an order that never was",
    ("order_rvsecncl", "APBK0344"): "amends an order that never was",
    ("order_resv_rvsecncl", "APBK0344"): "changes a reserved order that never was",
}


def samples() -> list[tuple[str, Json]]:
    """Return the requests of all examples of calls that are played."""
    found = []
    for path in sorted(Path(WIRE or "nowhere", "kis", "examples").glob("domestic_stock__*.json")):
        request = json.loads(path.read_text(encoding="utf-8")).get("request") or {}
        if request.get("path") in APIS and (request.get("params") or request.get("body")):
            found.append((path.stem.removeprefix("domestic_stock__"), request))
    return found


@pytest.mark.skipif(
    not WIRE, reason="BROKERKIT_WIRE_EXAMPLES is not set: the vendor's examples are not in the repository"
)
def test_every_official_request_is_answered_or_refused_as_a_fact_tells(open_customer: Callable[..., Any]) -> None:
    customers = {letter: open_customer(name) for letter, name in (("V", "demo"), ("T", "real"))}
    sent = samples()
    assert len(sent) > 20
    odd = []
    for name, request in sent:
        api, _, _kind = name.partition("__")
        tr_id = request["headers"].get("tr_id") or IDS[api]
        customer = customers["V" if tr_id.startswith("V") else "T"]
        fields = dict(request.get("params") or request["body"])
        fields |= customer.account if "CANO" in fields else NOT_RECORDED.get(api, {})
        ask = customer.post if request["method"] == "POST" else customer.get
        body = ask(request["path"], tr_id, fields).json()
        if body["rt_cd"] != "0" and (api, body["msg_cd"]) not in TOLD_REFUSALS:
            odd.append((name, body))
    assert odd == []


def test_candles_of_the_spring_of_2022_have_rows_and_windows_of_a_hundred(open_customer: Callable[..., Any]) -> None:
    customer = open_customer(today=dt.date(2026, 11, 20))
    window = {"FID_INPUT_DATE_1": "20220411", "FID_INPUT_DATE_2": "20220509", "FID_ORG_ADJ_PRC": "0"}
    rows = customer.quotation(
        "inquire-daily-itemchartprice", "FHKST03010100", "000660", **window, FID_PERIOD_DIV_CODE="D"
    )["output2"]
    days = [row["stck_bsop_date"] for row in rows]
    assert (days[0], days[-1]) == ("20220509", "20220411")
    assert days == sorted(set(days), reverse=True)
    window["FID_INPUT_DATE_1"] = "20200101"
    for period, count in (("D", 100), ("W", 74), ("M", 17), ("Y", 2)):
        rows = customer.quotation(
            "inquire-daily-itemchartprice", "FHKST03010100", "000660", **window, FID_PERIOD_DIV_CODE=period
        )["output2"]
        assert len(rows) == count, period
        assert [row["stck_bsop_date"] for row in rows] == sorted((row["stck_bsop_date"] for row in rows), reverse=True)


def test_longer_candles_are_made_of_the_days(open_customer: Callable[..., Any]) -> None:
    customer = open_customer(today=dt.date(2026, 11, 20))
    ask = {"FID_INPUT_DATE_1": "20220401", "FID_INPUT_DATE_2": "20220430", "FID_ORG_ADJ_PRC": "0"}
    day_rows, (month,) = (
        customer.quotation("inquire-daily-itemchartprice", "FHKST03010100", **ask, FID_PERIOD_DIV_CODE=period)[
            "output2"
        ]
        for period in ("D", "M")
    )
    assert month["stck_hgpr"] == str(max(int(row["stck_hgpr"]) for row in day_rows))
    assert month["stck_lwpr"] == str(min(int(row["stck_lwpr"]) for row in day_rows))
    assert (month["stck_oprc"], month["stck_clpr"]) == (day_rows[-1]["stck_oprc"], day_rows[0]["stck_clpr"])
    assert int(month["acml_vol"]) == sum(int(row["acml_vol"]) for row in day_rows)


def test_minutes_before_the_first_bar_repeat_that_bar(real: Any) -> None:
    ask = {"FID_INPUT_HOUR_1": "080000", "FID_PW_DATA_INCU_YN": "N", "FID_ETC_CLS_CODE": ""}
    (row,) = real.quotation("inquire-time-itemchartprice", "FHKST03010200", **ask)["output2"]
    assert row["stck_cntg_hour"] == "090000"


def test_history_is_the_same_whenever_it_is_asked_for() -> None:
    first, second = Exchange(seed=5, today=dt.date(2026, 11, 20)), Exchange(seed=5, today=dt.date(2026, 11, 20))
    year = first.daily_candles("005930")
    six_years = second.daily_candles("005930", days=1_500)
    assert (len(year), len(six_years)) == (250, 1_500)
    assert list(year) == list(six_years[-250:])
    assert six_years[0].time.date() < dt.date(2021, 11, 20)
    flows = {flow.date: flow for flow in first.investor_flow("005930", days=1_500)}
    for candle in six_years[:-1]:
        flow = flows[candle.time.date()]
        bought = (flow.individual, flow.foreign, flow.institution, flow.other_corporation)
        assert candle.volume == sum(kind.buy_quantity or Decimal(0) for kind in bought)
        assert candle.close == flow.close
        assert candle.low <= min(candle.open, candle.close) <= max(candle.open, candle.close) <= candle.high
