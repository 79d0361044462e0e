"""What a fact refuses is refused before it is sent, of every field of every API; what no fact refuses goes out."""

from __future__ import annotations

import functools
import importlib.metadata
import json
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from brokerkit import Broker, get_broker
from brokerkit.catalogue import Api, Field
from brokerkit.errors import InvalidRequest, Unsupported
from brokerkit.raw.calls import prepared
from brokerkit.sandbox import Sandbox
from tests.test_catalogue import BOTH, needs_facts, samples

FACTS = os.environ.get("BROKERKIT_WIRE_EXAMPLES", "")
OWN = frozenset({"CANO", "ACNT_PRDT_CD", "grant_type", "appkey", "appsecret", "secretkey", "token"})
"""Fields that are filled in."""
NO_CODE = "#"
"""A code that no table has."""


@pytest.fixture(scope="module")
def brokers() -> Iterator[Mapping[tuple[str, str], tuple[Broker, Callable[[], int]]]]:
    """Connect both brokers in both environments; of each it can be told how often something was sent."""
    with Sandbox() as real, Sandbox(environment="demo") as demo:
        made = {
            (name, environment): (
                get_broker(name, environment="sandbox", sandbox=box),
                lambda box=box, name=name: len(box.face(name).requests),
            )
            for environment, box in (("real", real), ("demo", demo))
            for name in BOTH
        }
        for broker, _ in made.values():
            broker.client.token()  # what is given back where none is named
        yield made


def called(api: Api, environment: str = "real") -> Iterator[str]:
    """Yield what an API is called by: its name, with each variant where it has several."""
    variants = list(api.variants(environment))
    yield from [api.name] if len(variants) == 1 else [f"{api.name}/{each}" for each in variants]


def asking(broker: str) -> Iterator[Api]:
    """Yield every API that is called, and not registered for."""
    return (api for api in BOTH[broker] if api.effect != "stream")


def whole(api: Api) -> dict[str, str]:
    """Return a request against which nothing is known: all that has to be there."""
    return {each.name: value(each) for each in api.request if each.required and each.name not in OWN}


def value(field: Field) -> str:
    return next((code for code in field.codes if code), "1")


def without(fields: Mapping[str, str], name: str) -> dict[str, str]:
    return {key: each for key, each in fields.items() if key != name}


# What is refused


def mutants(api: Api) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Yield every request that a fact refuses: what is wrong with it, the field to be named, and its fields."""
    good = whole(api)
    for field in api.request:
        name = field.name
        if name in OWN:
            continue
        goes_on = name in api.pages  # it is filled in, and as long as the server made it
        is_filled_in = api.is_frame and name in api.only_codes  # there is no other value
        if field.required and not goes_on and not is_filled_in:
            yield "missing", name, without(good, name)
            if "blank" in api.refuses or (field.complete and "" not in field.codes):
                yield "blank", name, {**good, name: ""}
        if field.complete:
            yield "no such code", name, {**good, name: NO_CODE}
        if field.length and "long" in api.refuses and not goes_on:
            yield "too long", name, {**good, name: "1" * (field.length + 1)}
        if api.where != "query" and name.swapcase() not in {name, *api.fields}:
            yield "wrong case", name, {**without(good, name), name.swapcase(): value(field)}
        yield "no text", name, {**good, name: None}
    if "strange" in api.refuses:
        for name in sorted(
            {each for other in asking("kis") if other.order for each in other.fields} - api.fields.keys()
        ):
            yield "of another API", name, {**good, name: "1"}
    for name in api.fields if api.where == "query" else ():  # letter case does not count there: which one is meant?
        for both in ((name, name.swapcase()), (name.swapcase(), name), (name.swapcase(), name.title())):
            if len({*both}) == 2:
                yield "twice", name, {**without(good, name), **dict(zip(both, ("1", "2"), strict=True))}
    for name in {"CANO", "ACNT_PRDT_CD"} & api.fields.keys():
        yield "another account", name, {**good, name: "99999999" if name == "CANO" else "99"}


REFUSED = {
    "kis": {
        "missing": 1367,
        "blank": 22,
        "no such code": 31,
        "too long": 1574,
        "wrong case": 213,
        "no text": 1742,
        "of another API": 1209,
        "another account": 146,
        "twice": 4917,
    },
    "kiwoom": {"missing": 617, "blank": 615, "no such code": 17, "wrong case": 1265, "no text": 1265},
}
"""How many requests of each kind were made and refused: every field of every API, none left out."""


@pytest.mark.parametrize("name", BOTH)
def test_every_field_and_code_that_a_fact_makes_necessary_is_refused_before_anything_is_sent(
    name: str, brokers: Mapping[tuple[str, str], tuple[Broker, Callable[[], int]]]
) -> None:
    broker, sent = brokers[name, "real"]
    before, count, passed = sent(), Counter[str](), []
    for api in asking(name):
        asked = next(called(api))
        assert prepared(broker.client, broker.apis, asked, whole(api)).values.keys() >= whole(api).keys()
        for what, field, fields in mutants(api):
            count[what] += 1
            try:
                broker.call(asked, fields)
            except InvalidRequest as refused:
                if re.search(rf"\b{re.escape(field)}\b", str(refused)):
                    continue
            passed.append((api.name, what, field))
    assert passed == []
    assert sent() == before
    assert count == REFUSED[name]


@pytest.mark.parametrize("name", BOTH)
def test_every_name_and_id_of_the_other_broker_is_refused_and_told_to_be_of_that_one(
    name: str, brokers: Mapping[tuple[str, str], tuple[Broker, Callable[[], int]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Which brokers are installed is read once here, and not for every name.
    monkeypatch.setattr(importlib.metadata, "entry_points", functools.cache(importlib.metadata.entry_points))
    broker, sent = brokers[name, "real"]
    other = next(each for each in BOTH if each != name)
    before, count = sent(), 0
    for api in BOTH[other]:
        for asked in {api.name, *(an_id for ids in api.ids.values() for an_id in ids.values() if an_id)}:
            with pytest.raises(InvalidRequest) as refused:
                broker.call(asked, whole(api))
            assert f"one of {other}" in str(refused.value)
            count += 1
    assert sent() == before
    assert count == {"kis": 338, "kiwoom": 745}[name]


@pytest.mark.parametrize("name", BOTH)
def test_what_the_demo_has_not_got_and_what_is_registered_for_is_refused_before_anything_is_sent(
    name: str, brokers: Mapping[tuple[str, str], tuple[Broker, Callable[[], int]]]
) -> None:
    broker, sent = brokers[name, "demo"]
    before, lacking, registered = sent(), 0, 0
    for api in BOTH[name]:
        missing = [each for each in api.variants("real") if each not in api.variants("demo")]
        for asked in [f"{api.name}/{each}" if each else api.name for each in missing]:
            with pytest.raises(Unsupported):
                broker.call(asked, whole(api))
            lacking += 1
        if api.effect == "stream" and "demo" in api.ids:
            with pytest.raises(Unsupported, match="socket"):
                broker.call(api.name, whole(api))
            registered += 1
    assert sent() == before
    assert (lacking, registered) == {"kis": (298, 5), "kiwoom": (13, 27)}[name]


# What passes


@pytest.mark.parametrize("name", BOTH)
def test_every_code_of_every_table_passes_without_a_word(
    name: str, brokers: Mapping[tuple[str, str], tuple[Broker, Callable[[], int]]]
) -> None:
    broker, _ = brokers[name, "real"]
    count = 0
    for api in asking(name):
        for field in api.request:
            for code in field.codes:
                call = prepared(broker.client, broker.apis, next(called(api)), {**whole(api), field.name: code})
                assert not [each for each in call.warnings if field.name in each], api.name
                count += 1
    assert count == {"kis": 1989, "kiwoom": 4223}[name]


@pytest.mark.parametrize("name", BOTH)
def test_what_no_fact_refuses_passes_and_is_said(
    name: str, brokers: Mapping[tuple[str, str], tuple[Broker, Callable[[], int]]]
) -> None:
    """A code that an incomplete table lacks, too long a value, a field that an API has not got."""
    broker, _ = brokers[name, "real"]
    count = Counter[str]()
    for api in asking(name):
        odd = [("no such code", each, NO_CODE) for each in api.request if each.codes and not each.complete]
        if "long" not in api.refuses:
            told = [each for each in api.request if each.length and each.name not in OWN and not each.complete]
            odd += [("too long", each, "1" * ((each.length or 0) + 1)) for each in told]
        if "strange" not in api.refuses and not api.open:
            odd.append(("no such field", Field("z_no_field_of_any"), "1"))
        for what, field, given in odd:
            call = prepared(broker.client, broker.apis, next(called(api)), {**whole(api), field.name: given})
            assert call.values[field.name] == given
            assert [each for each in call.warnings if field.name in each], (api.name, what)
            count[what] += 1
    assert (
        count
        == {
            "kis": {"no such code": 394, "no such field": 260},
            "kiwoom": {"no such code": 834, "too long": 711, "no such field": 311},
        }[name]
    )


@needs_facts
def test_no_request_of_the_brokers_own_samples_is_refused(
    brokers: Mapping[tuple[str, str], tuple[Broker, Callable[[], int]]],
) -> None:
    count, refused = Counter[str](), []
    for path, api, sent, is_whole in samples():
        broker, _ = brokers["kis" if "/" in api.name else "kiwoom", "real"]
        fields = {name: each for name, each in sent.items() if name not in OWN}
        if not is_whole:  # what a client logged are its own arguments: some are missing
            fields = {**whole(api), **fields}
        count[broker.name] += 1
        try:
            prepared(broker.client, broker.apis, next(called(api)), fields)
        except InvalidRequest as error:
            refused.append((path, str(error)))
    assert refused == []
    assert count == {"kis": 102, "kiwoom": 126}


@needs_facts
def test_no_value_that_the_brokers_tables_give_as_an_example_is_refused(
    brokers: Mapping[tuple[str, str], tuple[Broker, Callable[[], int]]],
) -> None:
    known = json.loads((Path(FACTS) / "kis" / "catalogue.json").read_text(encoding="utf-8"))
    broker, _ = brokers["kis", "real"]
    count, refused = 0, []
    for api in asking("kis"):
        told = {each["name"]: each["example"] for each in known[api.name]["request"] if "example" in each}
        fields = {name: each for name, each in told.items() if name in api.fields and name not in OWN}
        count += len(fields)
        try:
            prepared(broker.client, broker.apis, next(called(api)), {**whole(api), **fields})
        except InvalidRequest as error:
            refused.append((api.name, str(error)))
    assert refused == []
    assert count == 912


# Which id goes out


@pytest.mark.parametrize("environment", ["real", "demo"])
@pytest.mark.parametrize("name", BOTH)
def test_every_id_of_any_environment_is_sent_as_that_of_this_one_and_an_old_one_only_where_it_was_of_it(
    name: str, environment: str, brokers: Mapping[tuple[str, str], tuple[Broker, Callable[[], int]]]
) -> None:
    broker, _ = brokers[name, environment]
    count = Counter[str]()
    for api in asking(name):
        here = api.variants(environment)
        named = {(variant, an_id) for ids in api.ids.values() for variant, an_id in ids.items() if an_id}
        former = {(api.variant(old) or "", old) for old in api.old}
        for variant, asked in sorted(named | former, key=str):
            # In some places orders are cancelled and never amended.
            fields = {**whole(api), **({"RVSE_CNCL_DVSN_CD": "02"} if "RVSE_CNCL_DVSN_CD" in api.fields else {})}
            if variant not in here:
                with pytest.raises(Unsupported):
                    broker.call(asked, fields)
                count["refused"] += 1
                continue
            is_of_here = api.old.get(asked) == here[variant]
            is_of_elsewhere = not is_of_here and asked != here[variant]
            if is_of_elsewhere and api.effect == "order":
                with pytest.raises(Unsupported, match=f"{asked} is no id of the .*There it is {here[variant]}"):
                    broker.call(asked, fields)
                count["order of elsewhere"] += 1
                continue
            call = prepared(broker.client, broker.apis, asked, fields)
            assert call.id == (asked if is_of_here else here[variant]), asked
            assert (call.endpoint.path, call.variant) == (api.path, variant)
            assert is_of_here is any("of former times" in each for each in call.warnings), asked
            assert is_of_elsewhere is any("is no id of the" in each for each in call.warnings), asked
            count["old" if is_of_here else "sent"] += 1
    assert (
        count
        == {
            ("kis", "real"): {"sent": 318, "old": 19, "order of elsewhere": 30},
            ("kis", "demo"): {"sent": 75, "old": 5, "refused": 257, "order of elsewhere": 30},
            ("kiwoom", "real"): {"sent": 311},
            ("kiwoom", "demo"): {"sent": 298, "refused": 13},
        }[name, environment]
    )
