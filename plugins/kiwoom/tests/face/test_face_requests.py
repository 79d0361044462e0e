"""The official sample requests, sent to the Kiwoom face: each is answered, or refused as a fact tells."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from brokerkit_kiwoom.sandbox.apis import calls
from brokerkit_kiwoom.sandbox.calls import FIELDS

from brokerkit.catalogue import Catalogue
from plugins.kiwoom.tests.face.customers import FLOW, PRICES, SAMSUNG, Customer

WIRE = os.environ.get("BROKERKIT_WIRE_EXAMPLES")
TOLD_REFUSALS = {
    *((api_id, "RC4032") for api_id in ("kt10002", "kt10003", "kt10008", "kt10009", "kt50002", "kt50003")),
    ("kt10007", "571552"),
}
"""Changes of orders that never were, and a sale at a price of other years."""


@pytest.mark.skipif(
    not WIRE, reason="BROKERKIT_WIRE_EXAMPLES is not set: the vendor's examples are not in the repository"
)
def test_every_official_request_is_answered_or_refused_as_a_fact_tells(customer: Customer) -> None:
    paths = [Path(str(WIRE), "kiwoom", "examples", f"{api_id}.json") for api_id in calls()]
    sent = [json.loads(path.read_text(encoding="utf-8")) for path in paths if path.exists()]
    assert len(sent) > 120
    odd = []
    for example in sent:
        answer: dict[str, Any] = customer.send(example["api_id"], example["request"]["body"]).json()
        told = [code for api_id, code in TOLD_REFUSALS if api_id == example["api_id"] and code in answer["return_msg"]]
        if answer["return_code"] != 0 and not told:
            odd.append((example["api_id"], answer))
    assert odd == []


OTHERWISE = {("ka90010", "mrkt_tp"): {"P101_AL02"}}
"""Codes that the table most likely misspells: taken beside those that stand there."""


@pytest.mark.parametrize("api_id", FIELDS)
def test_what_the_face_takes_is_what_the_catalogue_tells(api_id: str) -> None:
    told = Catalogue.at("brokerkit_kiwoom").api(api_id).fields
    assert {field.name for field in FIELDS[api_id]} == told.keys()
    for field in FIELDS[api_id]:
        known = told[field.name]
        assert field.required == known.required, field
        # The length of a code of a share is checked with its spelling.
        assert field.length >= (known.length or 0) or field.name == "stk_cd", field
        if field.choices and known.codes:
            assert field.choices == known.codes.keys() | OTHERWISE.get((api_id, field.name), set()), field


@pytest.mark.parametrize("base", ["20220509", "20241107", "20250908"])
def test_days_of_years_ago_are_told(customer: Customer, base: str) -> None:
    chart = {"stk_cd": SAMSUNG, "base_dt": base, "upd_stkpc_tp": "1"}
    (newest, *_), name = customer.call("ka10081", chart)["stk_dt_pole_chart_qry"], "dt"
    assert newest[name] == base
    assert customer.query("ka10059", **{**FLOW, "dt": base})["stk_invsr_orgn"][0]["dt"] == base
    prices = customer.query("ka10086", **{**PRICES, "qry_dt": base})["daly_stkpc"]
    assert (len(prices), prices[0]["date"]) == (100, base)
    assert prices[0]["close_pric"].lstrip("+-") == newest["cur_prc"]
    assert prices[0]["ind"]


def test_six_years_of_days_come_in_pages_of_600(customer: Customer) -> None:
    chart = {"stk_cd": SAMSUNG, "base_dt": "20261120", "upd_stkpc_tp": "1"}
    pages = customer.pages("ka10081", "stk_dt_pole_chart_qry", chart)
    assert [len(page) for page in pages] == [600, 600, 300]
    days = [row["dt"] for page in pages for row in page]
    assert days == sorted(set(days), reverse=True)
    assert days[-1] < "20211120"


@pytest.mark.parametrize(
    ("api_id", "name", "length"),
    [("ka10083", "stk_mth_pole_chart_qry", 6), ("ka10094", "stk_yr_pole_chart_qry", 4)],
)
def test_months_and_years_are_made_of_the_days(customer: Customer, api_id: str, name: str, length: int) -> None:
    chart = {"stk_cd": SAMSUNG, "base_dt": "20261120", "upd_stkpc_tp": "1"}
    days = [row for page in customer.pages("ka10081", "stk_dt_pole_chart_qry", chart) for row in page]
    for row in customer.call(api_id, chart)[name]:
        within = [day for day in days if day["dt"][:length] == row["dt"][:length]]
        assert int(row["high_pric"]) == max(int(day["high_pric"]) for day in within)
        assert int(row["low_pric"]) == min(int(day["low_pric"]) for day in within)
        assert (row["open_pric"], row["cur_prc"]) == (within[-1]["open_pric"], within[0]["cur_prc"])
        assert int(row["trde_qty"]) == sum(int(day["trde_qty"]) for day in within)
