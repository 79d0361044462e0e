"""Every type of the face's WebSocket against the facts: the catalogue of fields, and the official examples."""

from __future__ import annotations

import json
import os
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from brokerkit_kiwoom.sandbox.stream import KiwoomStream
from brokerkit_kiwoom.sandbox.stream_frames import NAMES
from brokerkit_kiwoom.sandbox.stream_plain import MADE_UP

from brokerkit.market.sessions import Phase
from brokerkit.words import Side
from plugins.kiwoom.tests.face.customers import SAMSUNG, Customer
from plugins.kiwoom.tests.face.listeners import Entry, listening
from plugins.kiwoom.tests.face.test_face_facts import catalogue, shape

WIRE = os.environ.get("BROKERKIT_WIRE_EXAMPLES")
pytestmark = pytest.mark.skipif(
    not WIRE, reason="BROKERKIT_WIRE_EXAMPLES is not set: the vendor's facts and examples are not in the repository"
)
ITEMS = {
    **dict.fromkeys(("00", "04", "0s"), ""),
    **dict.fromkeys(("0J", "0U"), "001"),
    **dict.fromkeys(("0m", "0u"), "57JBHH"),
    "0G": "069500",
    "0I": "MGU",
}
OTHER_WORDS = {("00", "905"), ("00", "906")}
"""Words that the catalogue spells otherwise in places."""


def told(customer: Customer, type: str) -> list[Entry]:
    """Return entries of a type while much happens."""
    exchange = customer.exchange
    assert isinstance(customer.face.stream, KiwoomStream)
    customer.face.stream.tick_seconds = 0.02
    customer.give(quantity=5, cost=300_000)
    with listening(customer) as listener:
        if type == "02":
            listener.ask({"trnm": "CNSRLST"})
            listener.ask({"trnm": "CNSRREQ", "seq": "2", "search_type": "1", "stex_tp": "K"})
            listener.ask({"trnm": "CNSRREQ", "seq": "0", "search_type": "1", "stex_tp": "K"})
            exchange.move("000660", exchange.instruments["000660"].previous_close)
            return [listener.entry(type)]
        listener.register([type], [ITEMS.get(type, SAMSUNG)])
        if type in ("0J", "0U", "0w", *MADE_UP):
            return [listener.entry(type)]
        number = customer.order()
        customer.amend(number, mdfy_qty="2", mdfy_uv=f"{customer.bid(2)}")
        customer.cancel(number, cncl_qty="1")
        customer.call("kt10001", {**_market("5")})
        for side in Side:
            exchange.trade(SAMSUNG, side, Decimal(300), exchange.order_book(SAMSUNG).asks[1].price)
        exchange.phase = Phase.CLOSING_AUCTION
        exchange.trade(SAMSUNG, Side.BUY, Decimal(50), exchange.order_book(SAMSUNG).asks[2].price)
        exchange.phase = Phase.AFTER_CLOSE_CLOSING_PRICE
        return [entry for entry in listener.settle() if entry["type"] == type]


def _market(quantity: str) -> dict[str, str]:
    return {"dmst_stex_tp": "KRX", "stk_cd": SAMSUNG, "ord_qty": quantity, "ord_uv": "", "trde_tp": "3"}


def grammar(field: dict[str, Any]) -> str | None:
    """Return the pattern of a field's texts; None for words."""
    if field.get("format") in ("HHmmss", "YYYYMMDD"):
        return rf"[0-9]{{{6 if field['format'] == 'HHmmss' else 8}}}"
    if "digits" in field:
        return rf"[0-9]{{{field['digits']}}}"
    if "decimals" in field:
        return rf"{'[+-]?' if field.get('signed') else ''}[0-9]+[.][0-9]{{{field['decimals']}}}"
    if "sign_means" in field:
        return r"[+-][0-9]+"
    if "unit" in field:
        return r"[+-]?[0-9]+" if field.get("signed") else r"-?[0-9]+"
    return None


INDEX_POINTS = {(type, fid) for type in ("0J", "0U") for fid in ("10", "11", "16", "17", "18")}
UNSIGNED_SIZE = {("0J", "15")}
"""The example has no sign, although the catalogue gives one a meaning."""

LIVE_OTHERWISE = {("0B", "9081")}
"""Live frames were seen with other values than the example."""


@pytest.mark.parametrize("type", NAMES)
def test_entry_has_the_fields_of_the_catalogue_in_their_grammar(customer: Customer, type: str) -> None:
    fields = {field["fid"]: field for field in catalogue()["ka10173" if type == "02" else type]["fids"]}
    entries = told(customer, type)
    assert entries
    for entry in entries:
        assert set(entry["values"]) == set(fields)
        for fid, value in entry["values"].items():
            assert isinstance(value, str)
            check(type, fields[fid], value)


def check(type: str, field: dict[str, Any], value: str) -> None:
    place = (type, field["fid"])
    if place in INDEX_POINTS:
        assert re.fullmatch(r"[+-]?[0-9]+[.][0-9]{2}", value), (place, value)
        return
    pattern = r"-?[0-9]+" if place in UNSIGNED_SIZE else grammar(field)
    assert pattern is None or value == "" or re.fullmatch(pattern, value), (place, value)
    if "values" in field and value:
        assert value in field["values"], (place, value)
    if "texts" in field and place not in OTHER_WORDS:
        assert value in field["texts"], (place, value)


@pytest.mark.parametrize("type", NAMES)
def test_entry_is_as_in_the_official_example(customer: Customer, type: str) -> None:
    name = {"02": "ka10173", "0g": "0g-lower", "0u": "0u-lower"}.get(type, type)
    path = Path(str(WIRE)) / "kiwoom" / "examples" / f"{name}.json"
    if not path.exists():
        pytest.skip(f"there is no official example of {type}")
    example = json.loads(path.read_text(encoding="utf-8"))
    theirs = next(each["frame"] for each in example["frames"] if each["frame"]["trnm"] == "REAL")["data"][0]
    ours = told(customer, type)[-1]
    assert (ours["type"], ours["name"]) == (theirs["type"], theirs["name"])
    only_in_spec = set(example.get("key_mismatch", {}).get("response_only_in_spec", ()))
    assert set(ours) == set(theirs)
    assert set(ours["values"]) - only_in_spec == set(theirs["values"])
    for fid, value in theirs["values"].items():
        kind = shape(value)
        if kind[0] == "number" and (type, fid) not in LIVE_OTHERWISE:
            assert shape(ours["values"][fid].strip()) in (kind, ("blank", 0, 0)), fid


def test_answers_are_as_in_the_official_examples(customer: Customer) -> None:
    folder = Path(str(WIRE)) / "kiwoom" / "examples"
    with listening(customer) as listener:
        answers = {
            "0B": listener.register(["0B"]),
            "ka10171": listener.ask({"trnm": "CNSRLST"}),
            "ka10173": listener.ask({"trnm": "CNSRREQ", "seq": "0", "search_type": "1", "stex_tp": "K"}),
            "ka10174": listener.ask({"trnm": "CNSRCLR", "seq": "0"}),
        }
        rows = listener.ask({"trnm": "CNSRREQ", "seq": "0", "search_type": "0", "stex_tp": "K"})["data"]
    for name, answer in answers.items():
        frame = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))["frames"][0]["frame"]
        assert set(answer) - {"return_msg"} == set(frame) - {"return_msg"}
        assert answer["trnm"] == frame["trnm"]
        if "data" in frame:
            assert answer["data"][0].__class__ is frame["data"][0].__class__
    fields = next(each for each in catalogue()["ka10172"]["response"] if each["name"] == "data")["items"]
    for row in rows:
        assert set(row) == {field["name"] for field in fields}
        for field in fields:
            assert "zero_pad" not in field or len(row[field["name"]]) == field["zero_pad"]
