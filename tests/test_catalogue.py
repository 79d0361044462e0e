"""Every API of the brokers as data: how one is found, and what the data of both plugins says."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from brokerkit.catalogue import Api, Catalogue, Field, Told
from brokerkit.catalogue.apis import EFFECTS, NUMBERS, PLACES
from brokerkit.errors import InvalidRequest

KIS, KIWOOM = Catalogue.at("brokerkit_kis"), Catalogue.at("brokerkit_kiwoom")
BOTH = {"kis": KIS, "kiwoom": KIWOOM}
FACTS = os.environ.get("BROKERKIT_WIRE_EXAMPLES", "")
needs_facts = pytest.mark.skipif(not FACTS, reason="BROKERKIT_WIRE_EXAMPLES names no folder of facts")


def every() -> Iterator[Api]:
    for catalogue in BOTH.values():
        yield from catalogue


# How an API is found


@pytest.mark.parametrize(
    ("asked", "name", "variant"),
    [
        ("domestic_stock/inquire_price", "domestic_stock/inquire_price", None),
        ("FHKST01010100", "domestic_stock/inquire_price", ""),
        ("VTTC0013U", "domestic_stock/order_rvsecncl", ""),
        ("TTTC0012U", "domestic_stock/order_cash", "buy"),
        ("VTTC0011U", "domestic_stock/order_cash", "sell"),
        ("TTTC0802U", "domestic_stock/order_cash", "buy"),
        ("domestic_stock/order_cash/sell", "domestic_stock/order_cash", "sell"),
        ("주식주문(현금)", "domestic_stock/order_cash", None),
        ("관심종목(멀티종목)시세조회", "domestic_stock/intstock_multprice", None),
    ],
)
def test_an_api_is_found_by_name_id_and_label(asked: str, name: str, variant: str | None) -> None:
    assert KIS.api(asked).name == name
    assert KIS.variant(asked) == variant
    assert asked in KIS


def test_ids_that_differ_by_case_alone_are_two_apis() -> None:
    assert KIWOOM.api("0G").label == "ETF NAV"
    assert KIWOOM.api("0g").label == "주식종목정보"


@pytest.mark.parametrize(
    ("asked", "near"),
    [
        ("FHKST0101010", "FHKST01010100"),
        ("inquire_prise", "domestic_stock/inquire_price"),
        ("domestic_stock/order_kash", "domestic_stock/order_cash"),
    ],
)
def test_an_unknown_api_names_the_nearest(asked: str, near: str) -> None:
    with pytest.raises(InvalidRequest, match=asked) as caught:
        KIS.api(asked)
    assert near in str(caught.value.advice)
    assert asked not in KIS


def test_an_api_of_another_installed_broker_is_told_to_be_of_that_one() -> None:
    with pytest.raises(InvalidRequest, match="ka10059") as caught:
        KIS.api("ka10059")
    assert "kiwoom" in str(caught.value.advice)


def test_a_label_that_several_apis_have_names_them(tmp_path: Path) -> None:
    path = tmp_path / "apis.jsonl"
    path.write_text('[["one","Trades"],["two","Trades"]]\n', encoding="utf-8")
    with pytest.raises(InvalidRequest, match="label of several") as caught:
        Catalogue(path).api("trades")
    assert "one, two" in str(caught.value.advice)


@pytest.mark.parametrize(("text", "first"), [("투자자", "domestic_stock/inquire_investor"), ("daytime order", None)])
def test_a_search_finds_korean_and_english_words(text: str, first: str | None) -> None:
    found = KIS.search(text)
    assert found
    for api in found:
        said = f"{api.name} {api.label} {api.topic} {api.request} {api.groups} {api.frame}".casefold()
        assert all(word in said for word in text.split())
    if first:
        assert first in [api.name for api in found]


def test_a_search_finds_a_field_after_what_is_called_so() -> None:
    names = [api.name for api in KIWOOM.search("stk_cd")]
    assert "ka10001" in names
    assert KIS.search("no such word anywhere") == ()
    assert KIS.search("") == ()


def test_nothing_is_read_before_it_is_asked_for(tmp_path: Path) -> None:
    Catalogue(tmp_path / "missing.jsonl")  # no error yet
    path = tmp_path / "apis.jsonl"
    path.write_text('[["one","First"],["two","Second","T2"]]\n{"broken\n' + json.dumps(small("two")), encoding="utf-8")
    catalogue = Catalogue(path)
    assert catalogue.api("T2").name == "two"
    assert catalogue.names == ("one", "two")


def small(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "label": "x", "topic": "y", "ids": {"real": {"": "T2"}}, "path": "/x", **more}


def test_an_api_of_which_nobody_said_what_it_does_is_an_order() -> None:
    assert Api.of(small("two")).effect == "order"


def test_a_word_of_an_order_is_told_by_field_by_variant_or_always() -> None:
    assert Told("buy").of("", {}) == "buy"
    by_field = Told.read({"field": "SIDE", "words": {"01": "sell", "02": "buy"}})
    assert [by_field.of("", {"SIDE": code}) for code in ("01", "02", "03")] == ["sell", "buy", ""]
    by_variant = Told.read({"words": {"sell": "sell", "buy": "buy"}})
    assert [by_variant.of(variant, {}) for variant in ("sell", "buy", "")] == ["sell", "buy", ""]
    with_default = Told.read({"field": "VENUE", "word": "KRX", "words": {"NXT": "NXT"}})
    assert [with_default.of("", given) for given in ({}, {"VENUE": "NXT"}, {"VENUE": "XYZ"})] == ["KRX", "NXT", ""]


# What the data says


def test_both_catalogues_are_whole() -> None:
    assert {name: len(catalogue) for name, catalogue in BOTH.items()} == {"kis": 339, "kiwoom": 337}
    for api in every():
        assert api.effect in EFFECTS
        assert api.where in PLACES
        assert (api.where == "socket") is (api.effect == "stream") is (api.method == "SEND")
        assert "real" in api.ids
        assert api.label


def test_every_path_has_its_effects() -> None:
    """An order goes to a path that the client, too, takes for one; logging in has its own."""
    for api in every():
        assert api.path.startswith("/oauth2/") or api.effect != "auth" or api.name == "auth/hashkey"
    assert {api.name for api in KIS if api.effect == "order"} == {
        api.name for api in KIS if any(an_id.endswith("U") for an_id in api.variants("real").values())
    }
    assert {api.path for api in KIWOOM if api.effect == "order"} == {
        *("/api/dostk/ordr", "/api/dostk/crdordr", "/api/us/ordr", "/api/us/exchange"),
    }


def test_no_id_means_two_apis() -> None:
    for catalogue in BOTH.values():
        ids = [(an_id, api.name) for api in catalogue for variants in api.ids.values() for an_id in variants.values()]
        named = {an_id: name for an_id, name in ids if an_id}
        assert all(named[an_id] == name for an_id, name in ids if an_id)


def fields_of(api: Api) -> Iterator[Field]:
    for each in (*api.request, *api.frame, *(field for group in api.groups for field in group.fields)):
        yield each
        yield from each.fields


def test_labels_are_short_and_numbers_have_a_grammar() -> None:
    for api in every():
        for field in fields_of(api):
            texts = (field.label, field.unit, *field.codes.values())
            assert all(len(text) <= 40 and text == " ".join(text.split()) for text in texts), f"{api.name} {field.name}"
            assert field.number in ("", *NUMBERS)


# Against the facts


@needs_facts
def test_the_catalogues_are_what_the_script_makes_of_the_facts() -> None:
    from facts import kis, kiwoom, writing
    from facts.__main__ import place

    for broker, made in (("kis", kis.catalogue), ("kiwoom", kiwoom.catalogue)):
        assert place(broker).read_text(encoding="utf-8") == writing.written(made(Path(FACTS))), (
            f"make catalogue: {broker}"
        )


@needs_facts
def test_every_row_of_the_seeds_is_found_by_name() -> None:
    seeds = json.loads((Path(FACTS) / "seed-apis.json").read_text(encoding="utf-8"))
    rows = [(BOTH[broker], row) for broker, rows in seeds.items() for row in rows]
    assert len(rows) == 136
    for catalogue, row in rows:
        assert catalogue.api(row["api"]).name == row["api"]
