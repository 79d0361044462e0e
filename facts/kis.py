"""The catalogue of KIS: its facts, and `kis.toml`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from facts import writing

TABLE = Path(__file__).with_name("kis.toml")


def catalogue(folder: Path) -> list[dict[str, Any]]:
    """Return every API of the folder as the file keeps it."""
    known, table = writing.facts(folder / "kis" / "catalogue.json"), writing.loaded(TABLE)
    effects = writing.effects(table["effect"], known)
    return [_api(name, facts, effects[name], table) for name, facts in known.items()]


def _api(name: str, facts: Mapping[str, Any], effect: str, table: Mapping[str, Any]) -> dict[str, Any]:
    socket = facts["transport"] == "websocket"
    more = table["more"].get(name, {})
    ids = _ids(facts["tr_id"], effect)
    return writing.api(
        name=name,
        label=writing.label(facts["name_ko"]),
        topic=writing.label(facts["category_ko"]),
        ids={**ids, **more.get("ids", {})},
        old={old: ids[environment][variant] for environment, variant, old in _old(facts, table)},
        unsure=more.get("unsure"),
        method=facts["method"] or "SEND",
        path=facts["path"],
        where="socket" if socket else facts["request_in"],
        effect=effect,
        pages=(facts.get("pagination_keys") or [""])
        if facts["pagination"] and name not in table["once"]["apis"]
        else None,
        open=any(each["name"] == "*" for each in facts["request"]),
        sealed=facts.get("encrypted"),
        request=[_asked(name, each, table) for each in facts["request"] if each["name"] != "*"],
        response=None if socket else _answer(name, facts, more),
        frame=_frame(facts, more) if socket else None,
        order=table["order"].get(name),
    )


def _ids(told: Mapping[str, Any], effect: str) -> dict[str, dict[str, str]]:
    """Return environment to variant to id. Logging in has no id: the path says it."""
    found = {environment: told.get(environment) or "" for environment in ("real", "demo")}
    return {
        environment: dict(ids) if isinstance(ids, dict) else {"": ids}
        for environment, ids in found.items()
        if ids or effect == "auth"
    }


def _old(facts: Mapping[str, Any], table: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield environment, variant and id of former times, where servers may still take it."""
    for environment, ids in _ids(facts["tr_id"].get("old", {}), "").items():
        yield from ((environment, variant, old) for variant, old in ids.items() if old not in table["dead"]["ids"])


def _asked(api: str, facts: Mapping[str, Any], table: Mapping[str, Any]) -> list[Any]:
    name = facts["name"]
    optional = table["optional"].get(api, ())
    codes = table["codes"].get(f"{api} {name}", {})
    return writing.field(
        name,
        writing.label(facts.get("label_ko")),
        length=None if api in table["shifted"]["lengths"] else facts.get("length"),
        required=facts["required"] and name not in optional and "*" not in optional,
        codes={code: writing.label(text) for code, text in {**facts.get("values", {}), **codes}.items()},
        complete=facts.get("values_checked"),
    )


def _answer(api: str, facts: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """Return block to its shape and fields. The names on the wire win over those of the table."""
    upper = "output_names_on_the_wire" in facts
    shapes = {**facts.get("response_shape", {}), **more.get("shapes", {})}
    found = {}
    for block, fields in facts["response"].items():
        rows = [_told(each, upper and block != "_top") for each in fields]
        name = "" if block == "_top" else block
        found[name] = ["many" if shapes.get(block) == "array" else "one", rows]
    return found


def _told(facts: Mapping[str, Any], upper: bool) -> list[Any]:
    codes = {code: writing.label(text) for code, text in facts.get("values", {}).items()}
    name = facts["name"].upper() if upper else facts["name"]
    return writing.field(name, writing.label(facts.get("label_ko")), codes=codes)


def _frame(facts: Mapping[str, Any], more: Mapping[str, Any]) -> list[Any]:
    """Return the columns in their order, newer ones at the end."""
    return [*(_told(each, False) for each in facts["columns"]), *more.get("columns", ())]
