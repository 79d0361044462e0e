"""The benchmarks run, and the page that they write has their rows. No time is asserted here."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

from benchmarks import calls, lines, programs, report, sharing, streams
from benchmarks.bare import BARE
from benchmarks.calls import connected, surroundings
from benchmarks.page import PAGE, in_korean, pages
from benchmarks.report import DOCUMENT, KOREAN_DOCUMENT
from brokerkit.sandbox import Sandbox

BROKERS = ("kis", "kiwoom")


@pytest.fixture(scope="module")
def page() -> str:
    return DOCUMENT.read_text(encoding="utf-8")


def rows_of(page: str) -> set[str]:
    """Return what stands in the first column of the tables."""
    return {line.split("|")[1].strip() for line in page.splitlines() if line.startswith("|")}


@pytest.mark.parametrize("broker", BROKERS)
def test_the_bare_session_sends_what_brokerkit_sends(broker: str, tmp_path: Path) -> None:
    with surroundings(tmp_path, None), Sandbox() as box:
        given, face = box.connect(broker), box.face(broker)
        face.window.calls = 10**9
        with connected(broker, given) as ours:
            ours.balance()
            bare = BARE[broker](given, ours.client.token().get_secret_value(), True)
            seen = len(face.requests)
            ours.quote("005930")
            ours.balance()
            middle = len(face.requests)
            bare.quote("005930")
            bare.balance()
            bare.close()
        sent, measure = face.requests[seen:middle], face.requests[middle:]
        assert len(sent) == len(measure) > 0
        assert [each.status for each in measure] == [200] * len(measure)
        assert [(each.path, each.query, each.body) for each in measure] == [
            (each.path, each.query, each.body) for each in sent
        ]


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_calls_are_the_rows_of_the_page(page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "CALLS", 2)
    rows = report.call_rows(calls.measured(None, rounds=2))
    assert {row.what for row in rows} <= rows_of(page)
    assert len(rows) == 16
    assert all(len(row.figures) == 6 for row in rows)


@pytest.mark.slow
@pytest.mark.timeout(300)  # eighteen programs are started, the first ones compile all that they import
def test_the_starts_are_the_rows_of_the_page(page: str) -> None:
    rows = report.start_rows(programs.measured(None, rounds=1))
    assert {row.what for row in rows} <= rows_of(page)


def test_the_connections_and_the_memory_are_rows_of_the_page(page: str) -> None:
    rows = report.line_rows(lines.Memory(10, None, 0), quotes=20)
    assert {row.what for row in rows} <= rows_of(page)
    assert [row.met for row in rows] == [True, True, True, True, None, True]


def test_the_page_says_how_to_repeat_it_with_a_command_that_is_there(page: str) -> None:
    assert "    make bench " in page
    assert "    python -m benchmarks.report --calls 100000 --write " in page
    assert callable(importlib.import_module("benchmarks.report").main)


def told_by(page: str) -> dict[str, str]:
    """Return what stands on the English page in the places of its text."""
    places = re.sub(r"\\{(\w+)\\}", r"(?P<\1>.+?)", re.escape(PAGE))
    found = re.fullmatch(places, page, re.DOTALL)
    assert found, "the page is not what the benchmark writes"
    return found.groupdict()


def test_both_pages_are_of_the_same_run(page: str) -> None:
    assert pages(told_by(page)) == (page, KOREAN_DOCUMENT.read_text(encoding="utf-8"))


def test_the_korean_page_has_its_rows_in_korean(page: str) -> None:
    told = told_by(page)
    told["lines"] += "\n" + "\n".join(map(str, report.line_rows(lines.Memory(10, None, 0), quotes=20)))
    told["others"] = "Measured: one. Installed, but cannot be used here: two. Not installed: mojito2, kiwoom-rest-api."
    names = {"kis", "kiwoom", "requests", "brokerkit", "python", "import", "quote", "help", "mojito", "rest", "api"}
    for each in ("calls", "starts", "lines", "others"):
        korean = in_korean(told[each])
        assert set(re.findall(r"[a-z]{3,}", korean)) - names <= {"one", "two"}
        assert sorted(re.findall(r"\d+", korean)) == sorted(re.findall(r"\d+", told[each]))


def test_a_row_says_whether_its_target_is_met() -> None:
    assert str(report.Row("what", ("1",), "<= 2", True)) == "| what | 1 | <= 2 | met |"
    assert str(report.Row("what", ("3",), "<= 2", False)) == "| what | 3 | <= 2 | missed |"
    assert str(report.Row("what", ("3",))) == "| what | 3 |  |  |"


@pytest.mark.slow
def test_the_benchmark_of_streams_reads_all_that_it_sends(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(streams, "ROUNDS", 1)
    monkeypatch.setattr(streams, "SECONDS", 1)
    monkeypatch.setattr(streams, "STREAMS", 20)
    monkeypatch.setattr(streams, "use", lambda *cores: None)
    streams.main(["--frames", "2000"])
    told = capsys.readouterr().out
    for what in ("more connections of 20 streams", "more frames of them", "frames of it that are unreadable"):
        assert re.search(rf"^{what} +0 +0$", told, re.MULTILINE), told


@pytest.mark.slow
def test_the_benchmark_of_what_programs_share_makes_all_its_calls(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sharing, "ROUNDS", 1)
    with sharing.redis() as state:
        found = sharing.permits(sharing.kinds_of(tmp_path / "limits", state))
        assert set(found) == {sharing.ALONE, sharing.EMBEDDED} | ({sharing.REDIS} if state else set())
        assert {len(times) for times in found.values()} == {sharing.CALLS_PER_SECOND}
    together = sharing.crowd(5)
    assert (together.calls, together.refused) == (5 * sharing.PROCESSES, 0)
