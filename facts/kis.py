"""The catalogue of KIS: its facts, and `kis.toml`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from facts import writing

TABLE = Path(__file__).with_name("kis.toml")


def catalogue(folder: Path) -> list[dict[str, Any]]:
    """Return every API of the folder as the file keeps it."""
    known, table = writing.facts(folder / "kis" / "catalogue.json"), writing.loaded(TABLE)
    effects = writing.effects(table["effect"], known)
    usual = _usual(known, table)
    return [_api(name, facts, effects[name], table, usual) for name, facts in known.items()]


def _api(
    name: str, facts: Mapping[str, Any], effect: str, table: Mapping[str, Any], usual: Mapping[str, int]
) -> dict[str, Any]:
    socket = facts["transport"] == "websocket"
    more = table["more"].get(name, {})
    ids = _ids(facts["tr_id"], effect)
    refuses = [] if socket or effect == "auth" else _refuses(facts)
    return writing.api(
        name=name,
        label=writing.label(facts["name_ko"]),
        topic=writing.label(facts["category_ko"]),
        ids={**ids, **more.get("ids", {})},
        old={old: ids[environment][variant] for environment, variant, old in _old(facts, table)},
        also=table["also"].get(name),
        unsure=more.get("unsure"),
        method=facts["method"] or "SEND",
        path=facts["path"],
        where="socket" if socket else facts["request_in"],
        effect=effect,
        pages=(facts.get("pagination_keys") or [""])
        if facts["pagination"] and name not in table["once"]["apis"]
        else None,
        open=any(each["name"] == "*" for each in facts["request"]),
        refuses=refuses,
        sealed=facts.get("encrypted"),
        request=_request(name, facts, table, usual, is_strict="strange" in refuses),
        response=None if socket else _answer(name, facts, table),
        frame=_frame(name, facts, table) if socket else None,
        order=table["order"].get(name),
    )


def _refuses(facts: Mapping[str, Any]) -> list[str]:
    """Return what is refused besides: too long a value (OPSQ2002), and a field that a body has not got (IGW00007).

    Logins and sockets have codes of their own, none of which says so.
    """
    return ["long", "strange"] if facts["request_in"] == "body" else ["long"]


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


def _request(
    api: str, facts: Mapping[str, Any], table: Mapping[str, Any], usual: Mapping[str, int], *, is_strict: bool
) -> list[Any]:
    """Return the fields of a request, and those that it may have besides, also where all others are refused."""
    found: dict[str, Any] = {}
    for each in facts["request"]:
        for row in _asked(api, each, table, usual):
            found.setdefault(row[0], row)
    for name in (*table["asked"].get(api, ()), *(table["taken"]["names"] if is_strict else ())):
        found.setdefault(name, [name, ""])
    found.pop("*", None)
    return [*found.values()]


def _asked(api: str, facts: Mapping[str, Any], table: Mapping[str, Any], usual: Mapping[str, int]) -> Iterator[Any]:
    """Yield the fields of a request that a row of the facts tells; "02…" is several."""
    place = f"{api} {facts['name']}"
    if several := table["names"].get(place):
        first, last = several["from"], several["to"]
        names = [f"{several['prefix']}{number:02}" for number in range(first, last + 1)]
    else:
        names = [facts["name"]]
    optional = [*table["optional"].get(api, ()), *table["optional"].get(f"{api.partition('/')[0]}/*", ())]
    needed = facts["required"] or facts["name"] in table["required"].get(api, ())
    own = table["codes"].get(place, {})
    # Some tables have code and meaning the wrong way round.
    codes = {code: text for code, text in facts.get("values", {}).items() if own.get(text) != code} | own
    if place in table["codes"]["sessions"]["fields"]:
        codes |= {code: text for code, text in table["codes"]["sessions"].items() if code != "fields"}
    for name in names:
        yield writing.field(
            name,
            writing.label(facts.get("label_ko")),
            length=_length(api, facts, codes, table, usual),
            required=needed and not any(fnmatchcase(name, each) for each in optional),
            codes=_codes(codes, table),
            partial=place in table["partial"]["fields"],
            complete=facts.get("values_checked") and place not in table["incomplete"]["fields"],
        )


def _codes(codes: Mapping[str, str], table: Mapping[str, Any]) -> dict[str, str]:
    """Return codes with their labels."""
    dropped = tuple(table["labels"]["dropped"])
    return {code: "" if text.startswith(dropped) else writing.label(text) for code, text in codes.items()}


def _length(
    api: str, facts: Mapping[str, Any], codes: Iterable[str], table: Mapping[str, Any], usual: Mapping[str, int]
) -> int | None:
    """Return how long a field may be: no shorter than the same field usually is, and than what is known to be sent."""
    if known := table["lengths"].get(f"{api} {facts['name']}"):
        return int(known)
    if facts["name"].upper() in table["told"]["names"]:
        return None
    told = [usual.get(facts["name"].upper(), 0)]
    if api not in table["shifted"]["apis"]:
        told.append(facts.get("length") or 0)
    if max(told):
        told += map(len, (*codes, facts.get("example") or ""))
    return max(told) or None


def _usual(known: Mapping[str, Any], table: Mapping[str, Any]) -> dict[str, int]:
    """Return field to the length that most tables give it, where several do."""
    found: dict[str, Counter[int]] = {}
    for api, facts in known.items():
        for each in facts["request"]:
            if each.get("length") and api not in table["shifted"]["apis"]:
                found.setdefault(each["name"].upper(), Counter())[each["length"]] += 1
    most = {name: lengths.most_common(1)[0] for name, lengths in found.items()}
    return {name: length for name, (length, count) in most.items() if count > 1}


def _answer(api: str, facts: Mapping[str, Any], table: Mapping[str, Any]) -> dict[str, Any]:
    """Return block to its shape and fields. The names on the wire win over those of the table."""
    found = {}
    for block, fields in facts["response"].items():
        name = "" if block == "_top" else block
        rows = {row[0]: row for row in (_told(api, each, table, bool(name)) for each in fields)}
        for more in table["extra"].get(f"{api} {block}", "").split():
            rows.setdefault(more, writing.field(more, _label_in_sample(facts, more)))
        found[name] = ["many" if facts.get("response_shape", {}).get(block) == "array" else "one", [*rows.values()]]
    return found


def _label_in_sample(facts: Mapping[str, Any], name: str) -> str:
    labels = {each["name"]: each.get("label_ko") for each in facts.get("fields_only_in_sample", ())}
    return writing.label(labels.get(name))


def _told(api: str, facts: Mapping[str, Any], table: Mapping[str, Any], inside: bool = True) -> list[Any]:
    name = table["renamed"].get(f"{api} {facts['name']}", facts["name"])
    text = writing.label(facts.get("label_ko"))
    return writing.field(
        name.upper() if inside and api in table["upper"]["apis"] else name,
        "" if text.startswith(tuple(table["labels"]["dropped"])) else text,
        codes=_codes(facts.get("values", {}), table),
        implied=table["implied"].get(api, {}).get(name),
        number="plain" if name in table["implied"].get(api, ()) else None,
    )


def _frame(api: str, facts: Mapping[str, Any], table: Mapping[str, Any]) -> list[Any]:
    """Return the columns in their order, newer ones at the end. One table lists a level twice."""
    rows = {row[0]: row for row in (_told(api, each, table) for each in facts["columns"])}
    for name in table["columns"].get(api, ()):
        rows[name] = writing.field(name, table["columns"]["labels"][name], codes=table["columns"]["codes"][name])
    return [*rows.values()]
