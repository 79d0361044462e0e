"""The pages about operations list every event of the logs and every metric, as the tables of the code have them."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator

import pytest

from brokerkit.logs import EVENTS, FAILURE
from brokerkit.telemetry import METRICS
from tests.test_documents import blocks, run, text_of

PAGES = ("docs/operations.md", "docs/operations.ko.md")
KINDS = {"히스토그램": "histogram", "카운터": "counter", "게이지": "gauge"}
each_page = pytest.mark.parametrize("page", PAGES)


def rows(page: str) -> list[list[str]]:
    lines = [line for line in text_of(page).splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def names_in(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def fields_in(cell: str) -> set[str]:
    """Return the fields of a cell; "failure" stands for those that an error tells."""
    return {*names_in(cell), *(FAILURE.split() if re.match("failure|오류", cell) else ())}


@each_page
def test_every_event_is_listed_with_its_level_and_its_fields(page: str) -> None:
    listed = {
        names_in(row[0])[0]: (row[1], fields_in(row[2])) for row in rows(page) if len(row) == 5 and row[1].isupper()
    }
    assert listed == {event: (level, set(fields.split())) for event, (level, fields) in EVENTS.items()}


@each_page
def test_every_field_is_explained(page: str) -> None:
    explained = {names_in(row[0])[0] for row in rows(page) if len(row) == 2 and names_in(row[0])}
    used = {field for _, fields in EVENTS.values() for field in fields.split()}
    attributes = {each for metric in METRICS.values() for each in metric.attributes.split()}
    assert explained == used | attributes


@each_page
def test_every_metric_is_listed_with_its_kind_unit_and_attributes(page: str) -> None:
    listed = {
        names_in(row[0])[0]: (KINDS.get(row[1], row[1]), *names_in(row[2]), *names_in(row[3]))
        for row in rows(page)
        if len(row) == 5 and row[0].startswith("`brokerkit.")
    }
    assert listed == {name: (each.kind, each.unit, *each.attributes.split()) for name, each in METRICS.items()}


@each_page
def test_the_bounds_of_the_histograms_are_told(page: str) -> None:
    for metric in METRICS.values():
        if metric.bounds:
            assert ", ".join(f"{bound:g}" for bound in metric.bounds) in text_of(page)


@pytest.fixture
def own_logging() -> Iterator[None]:
    """Let a page set up the logger for as long as it runs."""
    logger = logging.getLogger("brokerkit")
    level, handlers = logger.level, [*logger.handlers]
    yield
    logger.handlers[:] = handlers
    logger.setLevel(level)


@each_page
@pytest.mark.usefixtures("nothing_configured", "own_logging")
def test_the_formatter_writes_a_line_of_json_for_each_record(page: str, capsys: pytest.CaptureFixture[str]) -> None:
    run(blocks(page, "python")[0], page)
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (order,) = [each for each in told if each.get("event") == "order_attempted"]
    assert {"time", "level", "words", "intent", "order"} <= order.keys()
    assert (order["broker"], order["environment"], order["state"]) == ("kis", "sandbox", "ACKED")
    for part in re.findall(r'("\w+": "[^"]*")', re.findall(r"^    (\{.*\})$", text_of(page), re.MULTILINE)[0]):
        name, value = json.loads(f"[{part.replace(': ', ', ', 1)}]")
        assert name == "time" or order[name] == value


@each_page
@pytest.mark.usefixtures("nothing_configured", "own_logging")
def test_the_metrics_of_the_page_are_exported(page: str, capsys: pytest.CaptureFixture[str]) -> None:
    run(blocks(page, "python")[1], page)
    assert '"brokerkit.call.duration"' in capsys.readouterr().out
