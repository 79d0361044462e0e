"""The catalogue of Kiwoom: its facts, and `kiwoom.toml`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from facts import writing

TABLE = Path(__file__).with_name("kiwoom.toml")


def catalogue(folder: Path) -> list[dict[str, Any]]:
    """Return every API of the folder as the file keeps it."""
    table = writing.loaded(TABLE)
    known = {**writing.facts(folder / "kiwoom" / "catalogue.json"), **table["older"]}
    effects = writing.effects(table["effect"], known)
    return [_api(name, facts, effects[name], table) for name, facts in known.items()]


def _api(name: str, facts: Mapping[str, Any], effect: str, table: Mapping[str, Any]) -> dict[str, Any]:
    socket = facts["transport"] == "websocket"
    demo = facts.get("demo_supported")
    is_seen = facts["path"] in table["mock"]["paths"].split() or name in table["mock"]["apis"].split()
    return writing.api(
        name=name,
        label=writing.label(facts["name_ko"]),
        topic=writing.label(facts["category_ko"]),
        ids={environment: {"": name} for environment in ("real", "demo") if environment == "real" or demo is not False},
        unsure=["real", "demo"] if name in table["older"] else ["demo"] if demo is None and not is_seen else None,
        method="SEND" if socket else facts["method"],
        path=facts["path"],
        where="socket" if socket else "body",
        effect=effect,
        pages=_pages(facts, effect),
        # 1511: a value that has to be there is blank or missing. Logins and sockets have codes of their own.
        refuses=None if socket or effect == "auth" else ["blank"],
        request=[_asked(name, each, table) for each in facts["request"]],
        response=_answer(name, facts["response"], table),
        frame=[_told(name, {**each, "name": each["fid"]}, table) for each in facts.get("fids", ())],
        order=table["order"].get(name),
    )


def _pages(facts: Mapping[str, Any], effect: str) -> list[str]:
    """Return the fields with which a query goes on. Over HTTP headers do it, at whatever answers more than one page."""
    names = [each["name"] for each in facts["request"] if each["name"] in ("cont_yn", "next_key")]
    return names or ([""] if effect == "read" and facts["transport"] == "rest" else [])


def _asked(api: str, facts: Mapping[str, Any], table: Mapping[str, Any]) -> list[Any]:
    name = facts["name"]
    codes = facts.get("values", {})
    return writing.field(
        name,
        writing.label(facts.get("label_ko")),
        # Several symbols are as long as they are many; and no code is too long for its own field.
        length=None if "separator" in facts or not facts["length"] else max(facts["length"], *map(len, codes or " ")),
        required=facts["required"] and name not in table["optional"].get(api, ()),
        codes={code: writing.label(text) for code, text in codes.items()},
        partial=facts.get("values_partial") or "values_when" in facts,
        complete=name in table["complete"].get(api, ()),
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
            found = {**_answer(api, each["items"], table), **found}
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
        number="pointed" if facts["name"] in table["pointed"].get(api, "").split() else number(facts, table),
        implied=facts.get("implied_decimals"),
        unit=_unit(api, facts, table["units"]),
        format=facts.get("format"),
    )


def _unit(api: str, facts: Mapping[str, Any], units: Mapping[str, Any]) -> str:
    unit = facts.get("unit", "")
    return writing.label(units.get(f"{api} {facts['name']}", units["texts"].get(unit, unit)))


def number(facts: Mapping[str, Any], table: Mapping[str, Any]) -> str:
    """Return how the number of a field is written; blank where no fact says that it is one.

    No price is below nothing, so that its sign is never its own; of any other number two minus signs are one.
    """
    if facts.get("thousands_separator"):
        return "grouped"
    if facts.get("percent_sign"):
        return "percent"
    is_price = facts["name"] in {*table["direction"]["names"].split(), *table["direction"]["fids"].split()}
    if is_price and facts.get("unit") != "%":
        return "direction"
    return "double" if {"unit", "decimals", "implied_decimals", "signed", "zero_pad"} & facts.keys() else ""
