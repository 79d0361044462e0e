"""Every answer of the face against the facts: the catalogue of fields, and the shapes of the official examples."""

from __future__ import annotations

import datetime as dt
import functools
import json
import os
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from brokerkit.models import OrderRequest
from brokerkit.words import Side
from plugins.kiwoom.tests.face.customers import FUND, QUERIES, SAMSUNG, TODAY, Customer, amending, cancelling, limit

WIRE = os.environ.get("BROKERKIT_WIRE_EXAMPLES")
pytestmark = pytest.mark.skipif(
    not WIRE, reason="BROKERKIT_WIRE_EXAMPLES is not set: the vendor's facts and examples are not in the repository"
)
ORDERS = ("kt10000", "kt10001", "kt10002", "kt10003", "kt10006", "kt10007", "kt10008", "kt10009")
GOLD = {"stk_cd": "M04020000", "ord_qty": "5", "ord_uv": "190000", "trde_tp": "00"}
GOLD_DAY = {"ord_dt": f"{TODAY:%Y%m%d}", "qry_tp": "1", "mrkt_deal_tp": "5", "stk_bond_tp": "0"}
OTHERS: dict[str, dict[str, str]] = {
    **dict.fromkeys(("kt50000", "kt50001"), GOLD),
    "kt50030": {**GOLD_DAY, "slby_tp": "0"},
    "kt50031": {**GOLD_DAY, "sell_tp": "0", "dmst_stex_tp": "%"},
    "kt50075": {**GOLD_DAY, "sell_tp": "0"},
    **{api_id: {} for api_id in ("kt50020", "kt50021", "kt50032")},
}
"""What is about gold."""
CHANGES_OF_GOLD = ("kt50002", "kt50003")
TOKENS = ("au10001", "au10002")
EVERY_API = (*TOKENS, *QUERIES, *ORDERS, *OTHERS, *CHANGES_OF_GOLD, "ka10088")
WITHOUT_ROWS = {"kt00001", "ka10040", "kt50020", "kt50032"}
"""Lists in which there is never anything here: currencies, and gold that nobody sells to anybody."""
FORMATS = {
    "YYYYMMDD": r"[0-9]{8}",
    "HHmmss": r"[0-9]{6}",
    "HH:mm:ss": r"[0-9]{2}:[0-9]{2}:[0-9]{2}",
    "YYYYMMDDHHmmss": r"[0-9]{14}",
}
WRONG_FACTS = {
    # The format says a day, the example and the name say a time.
    ("ka10004", "bid_req_base_tm"): "HHmmss",
}
SHORTER = {("kt00013", "uncla"): 12}
"""The example is padded to another width than the catalogue tells."""
SIGNED_ANYWAY = {
    *(("ka10075", "sel_bid"), ("ka10075", "buy_bid"), ("ka10075", "cur_prc"), ("ka10085", "cur_prc")),
    *(("ka10072", "pl_rt"), ("ka10073", "pl_rt"), ("ka10077", "pl_rt"), ("ka10170", "tot_prft_rt")),
    ("ka10170", "prft_rt"),
    ("ka10088", "cur_prc"),
}
"""The examples show a sign of direction that the catalogue does not tell; ka10088, without one, is as ka10075."""
BROKEN_WON = {(api_id, name) for api_id in ("ka10072", "ka10073", "ka10077") for name in ("buy_uv", "tdy_sel_pl")} | {
    ("ka10072", "tdy_sel_pl_1")
}
"""The examples show decimals of won amounts that the catalogue does not tell; a commission with words is one, too."""
OPEN_VALUES = {"stex_tp", "stex_tp_txt"}
"""The examples have other words for orders by SOR than the catalogue."""


@functools.cache
def catalogue() -> dict[str, Any]:
    path = Path(str(WIRE)) / "kiwoom" / "catalogue.json"
    return dict(json.loads(path.read_text(encoding="utf-8")))


def answer_of(customer: Customer, api_id: str) -> dict[str, Any]:
    """Return an answer with something in every list."""
    customer.give(SAMSUNG, 5, 300_000)
    customer.give(FUND, 5, 300_000)
    before = OrderRequest(symbol=SAMSUNG, side=Side.SELL, quantity=2, price=Decimal(70_000))
    customer.exchange.remember(customer.account, TODAY - dt.timedelta(days=1), before, filled=Decimal(2))
    number = customer.order()
    venue = "SOR" if customer.face.environment == "real" else "KRX"
    smart = customer.order(dmst_stex_tp=venue)
    customer.amend(number, mdfy_qty="2", mdfy_uv=f"{customer.bid(2)}")
    customer.cancel(smart, dmst_stex_tp=venue, cncl_qty="1")
    customer.call("kt10001", {**limit(Decimal(0), trde_tp="3", ord_qty="1"), "ord_uv": ""})
    customer.exchange.trade(SAMSUNG, Side.BUY, Decimal(3))
    if api_id in TOKENS:
        return customer.issue() if api_id == "au10001" else customer.revoke()
    sale = limit(customer.exchange.order_book(SAMSUNG).asks[3].price, ord_qty="1")
    gold = {"stk_cd": GOLD["stk_cd"], "orig_ord_no": str(customer.call("kt50000", GOLD)["ord_no"])}
    bodies: dict[str, dict[str, str]] = {
        **QUERIES,
        **OTHERS,
        **dict.fromkeys(("kt10000", "kt10006"), limit(customer.bid())),
        "kt10001": sale,
        "kt10007": {**sale, "crd_deal_tp": "33"},
        **dict.fromkeys(("kt10002", "kt10008"), amending(number, mdfy_uv=f"{customer.bid(3)}")),
        **dict.fromkeys(("kt10003", "kt10009"), cancelling(number)),
        "kt50002": {**gold, "mdfy_qty": "2", "mdfy_uv": "189000"},
        "kt50003": {**gold, "cncl_qty": "2"},
        "ka10088": {"ord_no": number},
    }
    return customer.call(api_id, bodies[api_id])


def pairs(fields: list[dict[str, Any]], body: dict[str, Any], path: str = "") -> Iterator[tuple[dict[str, Any], Any]]:
    """Yield each field of the catalogue with each value it has, and demand the same names at the same place."""
    assert {field["name"] for field in fields} == {name for name in body if not name.startswith("return_")}, path
    for field in fields:
        value = body[field["name"]]
        if field["type"] != "list":
            yield field, value
            continue
        assert isinstance(value, list)
        for row in value:
            yield from pairs(field["items"], row, f"{path}/{field['name']}")


def grammar(api_id: str, field: dict[str, Any]) -> str | None:
    """Return the pattern of a field's texts; None for words."""
    name = field["name"]
    known = WRONG_FACTS.get((api_id, name)) or field.get("format")
    if known:
        return FORMATS[known]
    if "digits" in field:
        return rf"[0-9]{{{field['digits']}}}"
    if (api_id, name) in SHORTER:
        return rf"[0-9]{{{SHORTER[api_id, name]}}}"
    if "zero_pad" in field:
        return rf"-[0-9]{{{field['zero_pad'] - 1}}}|[0-9]{{{field['zero_pad']}}}"
    signed = field.get("signed") or (api_id, name) in SIGNED_ANYWAY
    if "implied_decimals" in field:
        return r"[+-]?[0-9]+"
    if "decimals" in field:
        return rf"{'[+-]?' if signed else '-?'}[0-9]+[.][0-9]{{{field['decimals']}}}"
    if field.get("unit") == "지수":
        return r"[+-]?[0-9]+([.][0-9]{2})?"
    if (api_id, name) in BROKEN_WON:
        return r"-?[0-9]+[.][0-9]{2,10}"
    if (api_id, name) == ("ka10073", "tdy_htssel_cmsn"):
        return None  # words in the example
    if "unit" in field and field["unit"] != "%":
        return r"(--|[+-])?[0-9]+" if signed else r"-?[0-9]+"
    return None


@pytest.mark.parametrize("environment", ["customer", "tester"])
@pytest.mark.parametrize("api_id", EVERY_API)
def test_answer_is_what_the_catalogue_says(request: pytest.FixtureRequest, environment: str, api_id: str) -> None:
    if environment == "tester" and catalogue()[api_id]["demo_supported"] is False:
        pytest.skip(f"the demo host has not got {api_id}")
    customer: Customer = request.getfixturevalue(environment)
    answer = answer_of(customer, api_id)
    found = list(pairs(catalogue()[api_id]["response"], answer))
    for field, value in found:
        assert isinstance(value, str), field
        pattern = grammar(api_id, field)
        assert pattern is None or value == "" or re.fullmatch(pattern, value), (field, value)
        if "values" in field and field["name"] not in OPEN_VALUES and value:
            assert value in field["values"], (field, value)
        if "code_prefix" in field and value:
            assert value[0] in field["code_prefix"]
    lists = [field["name"] for field in catalogue()[api_id]["response"] if field["type"] == "list"]
    assert found or api_id == "au10002"
    rows = [row for name in lists for row in answer[name]]
    assert rows or not lists or api_id in WITHOUT_ROWS


def shape(text: str) -> tuple[str, int, int]:
    """Return what a client's parser depends on: kind, width if padded with zeros, decimals."""
    if not re.fullmatch(r"[+-]{0,2}[0-9]+([.][0-9]+)?", text):
        return ("blank" if not text.strip() else "words", 0, 0)
    bare, _, decimals = text.lstrip("+-").partition(".")
    padded = len(bare) > 7 and (bare.startswith("0") or text.startswith("-0"))
    return ("number", len(text.partition(".")[0]) if padded else 0, len(decimals))


def shapes(value: Any, path: str = "") -> dict[str, set[tuple[str, int, int]]]:
    if isinstance(value, list):
        value = {str(number): each for number, each in enumerate(value)}
    if not isinstance(value, dict):
        return {path: {shape(str(value))}}
    found: dict[str, set[tuple[str, int, int]]] = {}
    for name, inner in value.items():
        for key, kinds in shapes(inner, path if name.isdigit() and path else f"{path}/{name}").items():
            found.setdefault(key, set()).update(kinds)
    return found


EXAMPLE_IS_UNLIKE = {
    "ka10001": "values shifted against their keys",
    "ka10004": "nearly all values are 0",
    "ka10005": "its rows are of a stock that does not trade",
    "kt10000": "a shorter order number than the page and the servers",
}
CODES = {"acctNo", "code", "stk_cd"}
"""Digits that are no number."""


@pytest.mark.parametrize("api_id", EVERY_API)
def test_answer_has_the_keys_and_shapes_of_the_official_example(customer: Customer, api_id: str) -> None:
    path = Path(str(WIRE)) / "kiwoom" / "examples" / f"{api_id}.json"
    if api_id == "ka20005":
        pytest.skip("the official example of ka20005 is a copy of that of ka20006")
    if api_id == "kt50032":
        pytest.skip("nobody ever sells gold here: there are no rows that could be like those of the example")
    if not path.exists():
        pytest.skip(f"there is no official example of {api_id}")
    example = json.loads(path.read_text(encoding="utf-8"))
    mismatch = example.get("key_mismatch", {})
    theirs, ours = shapes(example["response"]["body"]), shapes(answer_of(customer, api_id))

    def names(paths: set[str]) -> set[str]:
        return {each.rpartition("/")[2] for each in paths}

    assert names(theirs.keys() - ours.keys()) <= set(mismatch.get("response_only_in_example", ()))
    ends = {"return_code", "return_msg"} if {"returnCode", "returnMsg"} <= names(set(theirs)) else set()
    assert names(ours.keys() - theirs.keys()) <= {*mismatch.get("response_only_in_spec", ()), *ends}
    if api_id in EXAMPLE_IS_UNLIKE:
        return
    for key in theirs.keys() & ours.keys():
        numbers = {kind for kind in theirs[key] if kind[0] == "number"}
        if numbers and not key.startswith("/return_") and key.rpartition("/")[2] not in CODES:
            assert {kind for kind in ours[key] if kind[0] != "blank"} <= _alike(numbers), key


def _alike(numbers: set[tuple[str, int, int]]) -> set[tuple[str, int, int]]:
    # A single 0 tells nothing about the decimals of other values.
    return numbers | ({("number", 0, 0), ("number", 0, 2)} if ("number", 0, 0) in numbers else set())
