"""Requests as the brokers' own samples send them, out of a folder of facts: what is asked where, with which fields.

No request is kept here: the folder tells which APIs a collection of samples has, and what its fields are given there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from brokerkit.catalogue import Api, Catalogue

Facts = Mapping[str, Any]
KIS, KIWOOM = Catalogue.at("brokerkit_kis"), Catalogue.at("brokerkit_kiwoom")
POSTMAN = {"real": "postman-real", "demo": "postman-demo"}


@dataclass(frozen=True)
class Sample:
    """One request of a collection."""

    collection: str
    broker: str
    environment: str
    api: Api
    id: str
    path: str
    fields: Mapping[str, Any] = field(repr=False)

    @property
    def is_right(self) -> bool:
        """Whether it names the address of its API: some samples have that of another one."""
        return self.path == self.api.path

    @property
    def variant(self) -> str:
        """Which of several requests of its API it is."""
        ids = self.api.ids.get(self.environment, {})
        today = self.api.old.get(self.id, self.id)
        return next((variant for variant, an_id in ids.items() if an_id == today), "")


def samples(folder: Path) -> Iterator[Sample]:
    """Yield the requests of all collections."""
    kis, report, kiwoom = (
        json.loads((folder / name).read_text(encoding="utf-8"))
        for name in ("kis/catalogue.json", "kis/catalogue_report.json", "kiwoom/catalogue.json")
    )
    wrong = {(row[0], an_id): row[2] for row in report["postman_wrong_url"] for an_id in [row[3]]}
    for environment, source in POSTMAN.items():
        named = {name: facts for name, facts in kis.items() if source in facts["sources"]}
        yield from _of_kis(f"KIS, {environment} collection", named, environment, wrong)
    samples_of = {name: facts for name, facts in kis.items() if "examples_llm" in facts["sources"]}
    domestic = {name: facts for name, facts in samples_of.items() if name.startswith("domestic_stock/")}
    yield from _of_kis("KIS, domestic samples", domestic, "real", {})
    others = {name: facts for name, facts in samples_of.items() if name not in domestic}
    yield from _of_kis("KIS, other samples", others, "real", {})
    examples = _examples(folder / "kiwoom" / "examples")
    for name, facts in kiwoom.items():
        if not name.startswith("au"):
            place = "US" if "/us/" in facts["path"] else "domestic"
            yield _of_kiwoom(f"Kiwoom, {place} commands", name, facts, examples.get(name))


def _of_kis(
    collection: str, named: Mapping[str, Facts], environment: str, wrong: Mapping[tuple[str, str], str]
) -> Iterator[Sample]:
    """Yield a request for every id of every API; samples have those of former times too."""
    for name, facts in named.items():
        api = KIS.api(name)
        ids = set(api.ids.get(environment, {}).values())
        old = {an_id for an_id, today in api.old.items() if today in ids}
        for an_id in sorted(ids | old):
            path = wrong.get((environment, an_id), api.path)
            yield Sample(collection, "kis", environment, api, an_id, path, _values(facts))


def _of_kiwoom(collection: str, name: str, facts: Facts, example: Mapping[str, Any] | None) -> Sample:
    given = _values(facts) if example is None else dict(example)
    if given.get("trnm") == "REG":
        item = {"jmcode": "AAPL", "stex_tp": "ND"} if "/us/" in facts["path"] else "005930"
        given = {
            "trnm": "REG",
            "grp_no": "1",
            "refresh": "1",
            "data": [{"item": [item], "type": [name]}],
            **dict(example or {}),
        }
    return Sample(collection, "kiwoom", "real", KIWOOM.api(name), name, facts["path"], given)


def _examples(folder: Path) -> dict[str, Mapping[str, Any]]:
    found = {}
    for path in folder.glob("[!_]*.json"):
        told = json.loads(path.read_text(encoding="utf-8"))
        request = told.get("request") or {}
        found[told["api_id"]] = request.get("frame", request.get("body"))
    return {name: given for name, given in found.items() if given is not None}


def _values(facts: Facts) -> dict[str, Any]:
    """Return what a sample gives to the fields: the example of the facts, else the first code, else nothing."""
    return {
        each["name"]: _value(each)
        for each in facts["request"]
        if (each["required"] or "example" in each) and not each["name"].endswith(("…", "..."))
    }


def _value(facts: Facts) -> Any:
    if facts.get("items"):
        return [{each["name"]: _value(each) for each in facts["items"]}]
    # Where a table has code and meaning the wrong way round, its code is longer than the field.
    fits = (code for code in facts.get("values", {}) if len(code) <= (facts.get("length") or len(code)))
    return str(facts.get("example", next(fits, "")))
