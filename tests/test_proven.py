"""The page about the brokers shows how far each verb is proven; what it says of the outside is as it was collected."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from brokerkit.asking.inquiries import HOOKS, offers
from brokerkit.testing import replay
from proof import proven
from proof.proven import BROKERS, EVIDENCE, PAGE, TWIN

FOLDER = Path(os.environ.get("BROKERKIT_WIRE_EXAMPLES", ""))
collected = pytest.mark.skipif(
    not FOLDER.name, reason="BROKERKIT_WIRE_EXAMPLES does not name the folder of what was collected"
)


def calls_of(broker: str, environment: str) -> set[str]:
    """Return the ids of all calls that the verbs of a broker are made of."""
    endpoints = [each for part in proven.parts_of(broker) for verb in HOOKS for each in part.calls.get(verb, ())]
    return {each.ids[environment] for each in endpoints if environment in each.ids}


def catalogue(broker: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((FOLDER / broker / "catalogue.json").read_text(encoding="utf-8"))
    return told


def texts_in(told: object) -> set[str]:
    """Return all texts of a value, whatever they are called by."""
    if isinstance(told, dict):
        return set().union(*(texts_in(each) for name, each in told.items() if name != "old"), set())
    return {told} if isinstance(told, str) else set()


def documented(broker: str, environment: str) -> set[str]:
    """Return the calls that the vendor's catalogue has in an environment."""
    if broker == "kis":
        return set().union(*(texts_in(each["tr_id"][environment]) for each in catalogue(broker).values()))
    said = {id: each for id, each in catalogue(broker).items() if each.get("demo_source") == "official"}
    return (
        set(catalogue(broker)) if environment == "real" else {id for id, each in said.items() if each["demo_supported"]}
    )


@pytest.mark.parametrize("page", [PAGE, TWIN], ids=lambda page: page.name)
def test_a_page_shows_how_far_each_verb_is_proven_today(page: Path) -> None:
    told = proven.page_with(proven.tables(page), page)
    assert told == page.read_text(encoding="utf-8"), "out of date: make proof-table"


@pytest.mark.parametrize("broker", BROKERS)
def test_every_verb_names_the_calls_that_it_is_made_of(broker: str) -> None:
    for part in proven.parts_of(broker):
        assert [verb for verb in HOOKS if offers(part, verb, "real") and not part.calls.get(verb)] == []


@pytest.mark.parametrize("broker", BROKERS)
def test_evidence_is_of_calls_that_the_adapter_makes(broker: str) -> None:
    real, demo = calls_of(broker, "real"), calls_of(broker, "demo")
    documents = EVIDENCE.documents[broker]
    assert set(documents.get("real", ())) | set(EVIDENCE.samples[broker]) <= real
    assert set(documents.get("demo", ())) <= demo
    for report in (each for each in EVIDENCE.reports if each.broker == broker):
        assert report.call in {"real": real, "demo": demo}[report.environment]


@collected
@pytest.mark.parametrize("environment", ["real", "demo"])
@pytest.mark.parametrize("broker", BROKERS)
def test_the_calls_that_are_called_documented_are_those_of_the_catalogue(broker: str, environment: str) -> None:
    ours = calls_of(broker, environment) & documented(broker, environment)
    assert set(EVIDENCE.documents[broker].get(environment, ())) == ours


@collected
@pytest.mark.parametrize("broker", BROKERS)
def test_the_samples_that_are_called_read_are_those_of_the_replay(broker: str) -> None:
    read = {each.call: each.official for each in replay(broker, FOLDER / broker / "examples").calls if each.official}
    assert EVIDENCE.samples[broker] == {id: read[id] for id in read if id in calls_of(broker, "real")}


@collected
@pytest.mark.parametrize("report", EVIDENCE.reports, ids=lambda each: f"{each.call}-{each.date}")
def test_a_report_stands_with_its_day_where_it_was_collected(report: proven.Report) -> None:
    assert report.date in (FOLDER / report.broker / report.file).read_text(encoding="utf-8")


def test_a_verb_is_called_checked_where_checks_about_it_are_run_and_have_to_pass() -> None:
    real, demo = (proven.checked_verbs("kis", "US", environment) for environment in ("real", "demo"))
    assert {"order", "balance", "reserve", "exchange_rate"} <= real
    assert "transactions" not in real, "its one check is declared to differ"
    assert "order" in demo
    assert not {"order_book", "reserve"} & demo, "not offered there, and without a list not to be seen"
    assert proven.checked_verbs("kis", "INDEX", "real") == proven.checked_verbs("kis", "KR", "real")
    assert proven.checked_verbs("kis", "HK", "real") == frozenset()
