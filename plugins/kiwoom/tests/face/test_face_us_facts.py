"""Every answer about US stocks against the catalogue of fields. There are no official examples of them here."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest

from brokerkit.words import Side
from plugins.kiwoom.tests.face.customers import APPLE, US_QUERIES, Customer
from plugins.kiwoom.tests.face.test_face_facts import WIRE, catalogue, grammar, pairs
from plugins.kiwoom.tests.face.us_customers import AAPL, MICROSOFT, amend, bid, cancel, give, limit, order

pytestmark = pytest.mark.skipif(
    not WIRE, reason="BROKERKIT_WIRE_EXAMPLES is not set: the vendor's facts and examples are not in the repository"
)
ORDERS = ("ust20000", "ust20001", "ust20002", "ust20003", "ust31302")
PLAIN = {("ust31490", f"tdy_rebuy_alowa_{rate}"): r"[0-9]+[.][0-9]{2}" for rate in (50, 100)}
"""Dollars, though the catalogue calls them shares: so do the amounts beside them."""
CLOCK = {("usa20101", "bid_tm"): r"[0-9]{2}:[0-9]{2}"}
SIGNED_WITHOUT_PADDING = {("usa20150", "trde_qty"): r"[+-][0-9]+"}
SEPARATED = {("ust21160", "usd_exch_rate"): r"[0-9]{1,3}(,[0-9]{3})*[.][0-9]{2}"}
PATTERNS = {**PLAIN, **CLOCK, **SIGNED_WITHOUT_PADDING, **SEPARATED}
WORDS = {"rsrv_tp"}
"""The catalogue has codes, the pages of the firm show words."""


def answer_of(customer: Customer, api_id: str) -> dict[str, Any]:
    """Return an answer with something in every list."""
    give(customer)
    number = order(customer)
    amended = str(amend(customer, number, bid(customer, 6))["ord_no"])
    cancel(customer, order(customer))
    sale = {**MICROSOFT, "ord_qty": "1", "ord_uv": "1", "trde_tp": "00"}
    customer.call("ust20001", sale)
    customer.us.trade(AAPL, Side.BUY, Decimal(3))
    bodies = {
        **US_QUERIES,
        "ust20000": limit(customer),
        "ust20001": sale,
        "ust20002": {"orig_ord_no": amended, **APPLE, "mdfy_uv": f"{bid(customer, 7)}"},
        "ust20003": {"orig_ord_no": amended, **APPLE},
        "ust31302": {"exch_tp": "2", "fc_exmn_amt": "100"},
    }
    return customer.call(api_id, bodies[api_id])


@pytest.mark.parametrize("environment", ["customer", "tester"])
@pytest.mark.parametrize("api_id", [*US_QUERIES, *ORDERS])
def test_answer_is_what_the_catalogue_says(request: pytest.FixtureRequest, environment: str, api_id: str) -> None:
    if environment == "tester" and api_id == "ust31490":
        pytest.skip("the demo host has not got ust31490")
    customer: Customer = request.getfixturevalue(environment)
    fields = catalogue()[api_id]["response"]
    found = list(pairs(fields, answer_of(customer, api_id)))
    assert len(found) > len([field for field in fields if field["type"] == "list"])
    for field, value in found:
        name = field["name"]
        assert isinstance(value, str), field
        pattern = PATTERNS.get((api_id, name)) or grammar(api_id, field)
        assert pattern is None or value == "" or re.fullmatch(pattern, value), (field, value)
        if "values" in field and value and name not in WORDS:
            assert value in field["values"] or value in field["values"].values(), (field, value)
