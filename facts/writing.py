"""What both catalogues share: how a row of the file is written, and the tables that are kept by hand."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

EFFECTS = ("read", "order", "auth", "stream")
LONGEST = 40
"""Characters of a label; what is longer is no label."""


def loaded(path: Path) -> dict[str, Any]:
    """Return a table that is kept by hand."""
    return tomllib.loads(path.read_text(encoding="utf-8"))


def facts(path: Path) -> dict[str, Any]:
    """Return the facts of a broker."""
    return dict(json.loads(path.read_text(encoding="utf-8")))


def label(text: str | None) -> str:
    """Return the short term of a thing, on one line."""
    return " ".join((text or "").split())[:LONGEST].strip(" .…")


def effects(table: Mapping[str, str], names: Iterable[str]) -> dict[str, str]:
    """Return the effect of every API. ValueError where the table by hand knows more or fewer, or one of them twice."""
    found: dict[str, str] = {}
    for effect in EFFECTS:
        for name in table[effect].split():
            if name in found:
                raise ValueError(f"{name} is listed twice.")
            found[name] = effect
    if wrong := found.keys() ^ set(names):
        raise ValueError(f"Look at each of these by hand, or take it out of the table: {sorted(wrong)}.")
    return found


def field(name: str, text: str, **more: Any) -> list[Any]:
    """Return the row of a field: what is not known of it is left out."""
    known = {key: value for key, value in more.items() if value not in (None, False, "", {}, [], ())}
    return [name, text, known] if known else [name, text]


def api(**values: Any) -> dict[str, Any]:
    """Return the object of an API: what is empty is left out."""
    return {key: value for key, value in values.items() if value not in (None, False, "", {}, [], ())}


def written(apis: Iterable[Mapping[str, Any]]) -> str:
    """Return the text of the file: an index of names, labels and ids, then one API a line."""
    rows = sorted(apis, key=lambda each: each["name"])
    index = [[row["name"], row["label"], *_ids(row)] for row in rows]
    return "".join(f"{_compact(each)}\n" for each in (index, *rows))


def _ids(row: Mapping[str, Any]) -> list[str]:
    """Return every id and other label that means this API."""
    found = [an_id for ids in row["ids"].values() for an_id in ids.values()]
    found += row.get("old", {})
    found += row.get("also", ())
    return [an_id for an_id in dict.fromkeys(found) if an_id and an_id != row["name"]]


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
