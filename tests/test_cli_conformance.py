"""`brokerkit conformance`: what it says to people and to programs, and how it ends."""

from __future__ import annotations

import json
from importlib.metadata import EntryPoint

import pytest

from brokerkit.cli import main
from brokerkit.cli.exits import DONE, REFUSED, WRONG_USAGE
from brokerkit.extensions import BROKERS
from brokerkit.testing import Report
from brokerkit.testing.inside import claimed, installed
from tests.lslike.adapter import LikeAdapter
from tests.lslike.face import LikeFace
from tests.test_kit import OtherFace, WrongFlow

VALUE = "tests.lslike.adapter:LikeAdapter"


def test_a_person_is_told_what_is_offered_and_what_is_proven(capsys: pytest.CaptureFixture[str]) -> None:
    with installed(LikeAdapter, LikeFace):
        assert main(["conformance", "lslike", "--level", "0"]) == DONE
    told = capsys.readouterr()
    lines = told.out.splitlines()
    assert "parts     cancel" in lines
    assert "level 0  discovered    16 passed" in lines
    assert lines[-1] == "Proven: level 0 (discovered)."
    assert "Proving lslike" in told.err


def test_a_person_is_told_what_failed_and_where(capsys: pytest.CaptureFixture[str]) -> None:
    check = "test_quote_tells_the_truth_field_by_field"
    with installed(LikeAdapter, WrongFlow):
        assert main(["conformance", "lslike", "--level", "1", "--check", check]) == REFUSED
    out = capsys.readouterr().out
    assert "Failed: QuoteContract: quote tells the truth field by field [stock]\n    Not what the exchange knows" in out
    assert "brokerkit/testing/quotes.py:" in out
    assert f"again: --check {check}" in out
    assert out.endswith("Proven: level 0 (discovered).\n")


def test_what_differs_and_what_is_left_out_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    checks = ["test_quote_tells_the_truth_field_by_field", "test_a_stop_order_sleeps_until_its_price_trades"]
    with installed(LikeAdapter, OtherFace):
        assert main(["conformance", "lslike", *(word for check in checks for word in ("--check", check))]) == DONE
    out = capsys.readouterr().out
    assert "Differs, as declared: QuoteContract" in out
    assert "Volumes include the trades of the evening." in out
    assert "Not declared, and so left out: STOP_LIMIT (1)." in out


def test_a_part_for_the_us_is_proven_where_its_market_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    check = "test_quote_tells_the_truth_field_by_field"
    assert main(["conformance", "kis", "--market", "US", "--check", check]) == DONE
    out = capsys.readouterr().out
    assert out.startswith("kis, real environment, US stocks and funds (US), played by its own face\n")
    assert "level 1  market data   6 passed" in out
    assert main(["conformance", "kis", "--market", "US", "--check", check, "--json"]) == DONE
    assert Report.model_validate_json(capsys.readouterr().out).market == "US"


def test_a_program_gets_the_report(capsys: pytest.CaptureFixture[str]) -> None:
    with installed(LikeAdapter, LikeFace):
        assert main(["conformance", "lslike", "--level", "0", "--json"]) == DONE
    told = capsys.readouterr()
    report = Report.model_validate_json(told.out)
    assert (report.broker, report.environment, report.level, report.failed) == ("lslike", "real", 0, ())
    assert told.err == ""


def test_an_adapter_that_cannot_be_loaded_is_told_as_such(capsys: pytest.CaptureFixture[str]) -> None:
    with claimed(EntryPoint("lslike", "tests.no_such_module:Adapter", BROKERS)):
        assert main(["conformance", "lslike"]) == REFUSED
    out = capsys.readouterr().out
    assert "level 1  market data   not looked at" in out
    assert "ModuleNotFoundError: No module named 'tests.no_such_module'" in out
    assert out.endswith("Proven: not even level 0.\n")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nobody"], "'nobody' is no installed adapter"),
        (["kis", "--environment", "sandbox"], "A sandbox plays real or demo"),
        (["kis", "--check", "test_quote_follows_trade"], "Did you mean test_quote_follows_a_trade"),
        (["kis", "--level", "5"], "less than or equal to 4"),
        (["kis", "--market", "HK"], "The kit has no checks for 'HK'. It has some for KR, US."),
        (["kis", "--market", "US", "--check", "test_members_tell_the_truth"], "is no check"),
    ],
)
def test_wrong_use_is_no_failure_of_the_adapter(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["conformance", *arguments, "--json"]) == WRONG_USAGE
    told = capsys.readouterr()
    assert told.out == ""
    error = json.loads(told.err)
    assert words in f"{error['message']} {error['advice']}"


def test_a_name_that_a_blank_entry_point_may_mean_is_looked_for() -> None:
    with claimed(EntryPoint(" ", VALUE, BROKERS)):
        assert main(["conformance", "lslike", "--level", "0", "--json"]) == REFUSED


def test_a_check_above_the_level_is_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["conformance", "kis", "--level", "1", "--check", "test_shares_are_sold"]) == WRONG_USAGE
    assert "None of the checks that were named is of level 1 or below" in capsys.readouterr().err
