"""The catalogue of Kiwoom: its facts, and `kiwoom.toml`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from facts import writing

TABLE = Path(__file__).with_name("kiwoom.toml")
IMPLIED = {2: "hundredths", 3: "thousandths", 6: "millionths"}
"""Decimals without a point, and what they are called here."""


def catalogue(folder: Path) -> list[dict[str, Any]]:
    """Return every API of the folder as the file keeps it."""
    known, table = writing.facts(folder / "kiwoom" / "catalogue.json"), writing.loaded(TABLE)
    effects = writing.effects(table["effect"], known)
    return [_api(name, facts, effects[name], table) for name, facts in known.items()]


def _api(name: str, facts: Mapping[str, Any], effect: str, table: Mapping[str, Any]) -> dict[str, Any]:
    socket = facts["transport"] == "websocket"
    demo = facts["demo_supported"]
    return writing.api(
        name=name,
        label=writing.label(facts["name_ko"]),
        topic=writing.label(facts["category_ko"]),
        ids={environment: {"": name} for environment in ("real", "demo") if environment == "real" or demo is not False},
        unsure=["demo"] if demo is None else None,
        method="SEND" if socket else facts["method"],
        path=facts["path"],
        where="socket" if socket else "body",
        effect=effect,
        pages=[""] if facts["paginated"] else None,
        request=[_asked(name, each, table) for each in facts["request"]],
        response=_answer(name, facts["response"], table),
        frame=[_told(name, {**each, "name": each["fid"]}, table) for each in facts.get("fids", ())],
        order=table["order"].get(name),
    )


def _asked(api: str, facts: Mapping[str, Any], table: Mapping[str, Any]) -> list[Any]:
    name = facts["name"]
    codes = facts.get("values", {})
    return writing.field(
        name,
        writing.label(facts.get("label_ko")),
        length=facts["length"],
        required=bool(facts["required"]) and name not in table["optional"].get(api, ()),
        codes={code: writing.label(text) for code, text in codes.items()},
        unit=facts.get("unit"),
        format=facts.get("format"),
        suffixes=facts.get("code_suffix"),
        fields=[_asked(api, each, table) for each in facts.get("items", ())],
    )


def _answer(api: str, facts: Iterable[Mapping[str, Any]], table: Mapping[str, Any]) -> dict[str, Any]:
    """Return block to its shape and fields. The block without a name is the top level."""
    top: list[Any] = []
    found: dict[str, Any] = {}
    for each in facts:
        if each["type"] == "section":
            found.update(_answer(api, each["items"], table))
        elif each["type"] == "list":
            found[each["name"]] = ["many", [_told(api, row, table) for row in each.get("items", ())]]
        else:
            top.append(_told(api, each, table))
    return {"": ["one", top], **found} if top else found


def _told(api: str, facts: Mapping[str, Any], table: Mapping[str, Any]) -> list[Any]:
    codes = {code: writing.label(text) for code, text in facts.get("values", {}).items()}
    return writing.field(
        facts["name"],
        writing.label(facts.get("label_ko")),
        codes=codes,
        number=number(api, facts, table),
        unit=writing.label(facts.get("unit")),
        format=facts.get("format"),
    )


def number(api: str, facts: Mapping[str, Any], table: Mapping[str, Any]) -> str:
    """Return how the number of a field is written; blank where no fact says that it is one."""
    if implied := facts.get("implied_decimals"):
        return IMPLIED[implied]
    if facts.get("thousands_separator"):
        return "grouped"
    if facts.get("percent_sign"):
        return "percent"
    if facts.get("signed"):
        return "direction" if facts["name"] in table["direction"]["names"] else "double"
    return "plain" if {"unit", "decimals", "zero_pad"} & facts.keys() else ""
