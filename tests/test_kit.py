"""The kit of those who write adapters: what its checks need, and adapters that no distribution brings."""

from __future__ import annotations

import datetime as dt
import importlib
import os
import re
from collections.abc import Mapping
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

from brokerkit import OrderType, TimeInForce, UnknownBroker, Unsupported, Venue, get_broker, installed_brokers
from brokerkit.clock import KST
from brokerkit.errors import ConfigError
from brokerkit.extensions import BROKERS
from brokerkit.models import Order
from brokerkit.orders import halting
from brokerkit.sandbox import Sandbox
from brokerkit.sandbox.exchange import Exchange
from brokerkit.sandbox.face import FaceAnswer
from brokerkit.testing import conform
from brokerkit.testing.declared import Declared, needs, needs_of
from brokerkit.testing.inside import claimed, installed, isolate
from brokerkit.testing.report import Outcome
from brokerkit.testing.truth import differences
from tests.lslike.adapter import LikeAdapter
from tests.lslike.face import LikeFace


def test_an_adapter_is_found_that_no_distribution_brings() -> None:
    before = installed_brokers()
    with installed(LikeAdapter, LikeFace):
        assert installed_brokers() == tuple(sorted([*before, "lslike"]))
        with Sandbox() as sandbox, get_broker("lslike", environment="sandbox", sandbox=sandbox) as broker:
            assert broker.quote("005930").price == sandbox.exchange.quote("005930").price
    assert installed_brokers() == before
    with pytest.raises(UnknownBroker):
        get_broker("lslike", environment="sandbox")


def test_what_is_needed_and_not_declared_is_named() -> None:
    @needs("cancel", types=[OrderType.STOP_LIMIT], times=[TimeInForce.IOC], venues=[Venue.SOR], parts=["amend"])
    def check() -> None:
        """Check nothing."""

    declared = Declared(LikeAdapter, "real")
    wanted = needs_of(check)
    assert declared.lacks(wanted) == "not declared: amend of a part; STOP_LIMIT; orders at SOR"
    assert declared.lacks(needs_of(needs)) is None


def test_a_part_of_an_order_is_changed_only_where_that_is_declared() -> None:
    with installed(LikeAdapter, LikeFace), get_broker("lslike", environment="sandbox") as broker:
        (offered,) = broker.capabilities()
        assert offered.changes_parts == ("cancel",)
        order = broker.buy("005930", 5, price=broker.order_book("005930").bids[-1].price)
        seen = list(broker.journal.everything())
        with pytest.raises(Unsupported, match="no part"):
            broker.amend(order, quantity=2, price=broker.order_book("005930").bids[-2].price)
        assert list(broker.journal.everything()) == seen


def test_every_check_begins_with_an_empty_journal_though_a_port_comes_again() -> None:
    kept, ports = [], {}
    with installed(LikeAdapter, LikeFace):
        for _ in range(2):
            with pytest.MonkeyPatch.context() as patched, Sandbox(ports=ports) as sandbox:
                isolate(patched, "lslike")
                broker = get_broker("lslike", environment="sandbox", sandbox=sandbox)
                kept.append(broker)  # as a frame or a cycle may do
                ports["lslike"] = int(sandbox.connect("lslike").base_url.rpartition(":")[2])
                broker.buy("005930", 1, price=broker.order_book("005930").bids[-1].price)
                assert len(list(broker.journal.everything())) == 1


# Proving an adapter from a program


def test_an_adapter_is_proven_as_often_as_wanted_in_one_process() -> None:
    with installed(LikeAdapter, LikeFace):
        for _ in range(2):
            report = conform("lslike", checks=["test_a_resting_order_is_pending_and_then_working"])
            (check,) = report.checks
            assert (check.outcome, check.subject, check.words, check.where) == (Outcome.PASSED, "OrderContract", "", ())
            assert report.capabilities[0].order_venues == (Venue.KRX,)


class WrongFlow(LikeFace):
    """Tells other prices than the exchange has."""

    def _t1102(self, block: Mapping[str, Any], headers: Mapping[str, str]) -> FaceAnswer:
        answer = super()._t1102(block, headers)
        answer.body["t1102OutBlock"]["volume"] += 1  # type: ignore[index]
        return answer


def test_a_failure_says_what_is_wrong_and_where() -> None:
    with installed(LikeAdapter, WrongFlow):
        report = conform("lslike", level=1, checks=["test_quote_tells_the_truth_field_by_field"])
    assert report.level == 0
    failed = report.failed[0]
    assert (failed.case, failed.level) == ("stock", 1)
    assert re.search(r"volume is \d+, but in truth \d+", failed.words)
    assert re.fullmatch(r"\S*brokerkit/testing/quotes.py:\d+", failed.where[0])


class BrokenAdapter(LikeAdapter):
    """Says nothing of its version, and has another name than its entry point."""

    api_version = 7
    name = "pine"


def test_a_broken_adapter_is_a_failed_level_0_and_no_crash() -> None:
    with claimed(EntryPoint("lslike", "tests.test_kit:BrokenAdapter", BROKERS)):
        report = conform("lslike")
    assert (report.level, report.capabilities) == (None, ())
    assert {check.level for check in report.checks} == {0}
    told = {check.name: check.words for check in report.failed}
    assert (
        "name is 'pine', its entry point is called 'lslike'" in told["test_the_adapter_has_the_name_of_its_entry_point"]
    )
    assert "api_version is 7" in told["test_the_adapter_says_for_which_version_it_is_written"]
    assert "has to declare one" in told["test_the_face_has_the_name_of_its_adapter"]


BAD_MODULES = {
    "import sys; sys.exit(3)": "test_importing_it_neither_fails_nor_ends_the_program",
    "import no_such_module": "test_importing_it_neither_fails_nor_ends_the_program",
    "from tests.lslike.adapter import LikeAdapter as Adapter; print('hello')": "test_importing_it_prints_nothing",
    "Adapter = 3": "test_the_adapter_can_be_used",
}


@pytest.mark.parametrize("code", BAD_MODULES)
def test_what_an_import_does_is_told(code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = f"bad_of_kit_{abs(hash(code))}"
    (tmp_path / f"{module}.py").write_text(code, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    with claimed(EntryPoint("lslike", f"{module}:Adapter", BROKERS)):
        report = conform("lslike", level=0)
    assert BAD_MODULES[code] in {check.name for check in report.failed}


def test_two_distributions_of_one_name_and_a_blank_name_are_told(tmp_path: Path) -> None:
    value = "tests.lslike.adapter:LikeAdapter"
    with claimed(EntryPoint("lslike", value, BROKERS), EntryPoint("lslike", value, BROKERS)):
        report = conform("lslike", level=0)
    assert (
        "Several distributions claim"
        in {check.name: check.words for check in report.failed}["test_one_distribution_alone_claims_the_name"]
    )
    with claimed(EntryPoint(" ", value, BROKERS)):
        report = conform("lslike", level=0)
    assert "has a blank name" in report.failed[0].words


class DifferentFace(LikeFace):
    """Declares differences, of which two cannot be declared."""

    differences = {
        "test_quote_tells_the_truth_field_by_fields": "misspelt",
        "test_the_entry_point_is_found": "of level 0",
    }


def test_only_a_check_that_may_differ_is_declared_to() -> None:
    with installed(LikeAdapter, DifferentFace):
        (failed,) = conform("lslike", level=0).failed
    assert failed.words == (
        "'test_quote_tells_the_truth_field_by_fields' is no check, and cannot differ. "
        "Did you mean test_quote_tells_the_truth_field_by_field?"
    )


class OtherFace(WrongFlow):
    """Declares what is wrong with it, and something that is not."""

    differences = {
        "test_quote_tells_the_truth_field_by_field": "Volumes include the trades of the evening.",
        "test_an_order_that_the_list_does_not_show_is_not_guessed": "It is not.",
    }


def test_a_declared_difference_has_to_be_one() -> None:
    with installed(LikeAdapter, OtherFace):
        report = conform("lslike", checks=list(OtherFace.differences))
    assert {check.words for check in report.of(Outcome.DIFFERS)} == {"Volumes include the trades of the evening."}
    (failed,) = report.failed
    assert (failed.name, report.level) == ("test_an_order_that_the_list_does_not_show_is_not_guessed", 2)


@pytest.mark.parametrize(
    ("declared", "words"),
    [
        ({"not_told": {Order: frozenset({"status"})}}, "names status, without which no Order can be told"),
        ({"not_told": {Order: frozenset({"filled_quantity"})}}, "names filled_quantity, without which"),
        ({"order_types": (OrderType.LIMIT,)}, "order_types holds what it cannot: <OrderType.LIMIT"),
    ],
    ids=lambda given: next(iter(given)) if isinstance(given, dict) else "",
)
def test_what_nobody_understands_of_what_is_declared_is_told(declared: dict[str, Any], words: str) -> None:
    part = type("OddStocks", (LikeAdapter.parts[0],), declared)
    with installed(type("OddAdapter", (LikeAdapter,), {"parts": (part,)}), LikeFace):
        report = conform("lslike", checks=["test_what_the_parts_declare_can_be_understood"])
    (failure,) = report.failed
    assert words in failure.words


def test_a_name_that_is_no_check_is_refused_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match="Did you mean test_quote_follows_a_trade"):
        conform("kis", checks=["test_quote_follows_trade"])


@pytest.mark.parametrize(
    ("told", "is_right"),
    [
        (dt.datetime(2026, 11, 20, 10, 0, 7, tzinfo=KST), True),
        (dt.datetime(2026, 11, 20, 10, 0, tzinfo=KST), True),
        (dt.datetime(2026, 11, 20, 10, 0, 7), False),
        (dt.datetime(2026, 11, 20, 10, 0, 7, tzinfo=dt.UTC), False),
        (None, False),
    ],
)
def test_the_time_of_a_quote_is_told_as_brokers_cut_it(told: dt.datetime | None, is_right: bool) -> None:
    truth = Exchange().quote("005930").model_copy(update={"time": dt.datetime(2026, 11, 20, 10, 0, 7, 999, tzinfo=KST)})
    assert (differences(truth.model_copy(update={"time": told}), truth) == []) is is_right


# Whose machine it is does not matter


def test_what_the_user_has_set_and_stopped_is_no_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BROKERKIT_STATE_DIR", str(tmp_path))
    monkeypatch.setenv("BROKERKIT_CONFIG", str(tmp_path / "there-is-none.toml"))
    monkeypatch.setenv("BROKERKIT_LSLIKE_MAX_CALLS_PER_SECOND", "1")
    halting.halt("no orders of mine")
    with installed(LikeAdapter, LikeFace):
        report = conform("lslike", checks=["test_an_order_is_found_among_400", "test_shares_are_sold"])
    assert {check.outcome for check in report.checks} == {Outcome.PASSED}
    assert os.listdir(tmp_path) == ["HALT"]


def test_assertions_say_what_they_compare() -> None:
    for module in ("brokerkit.testing.orders", "brokerkit.testing.safety.states"):
        assert "@pytest_ar" in vars(importlib.import_module(module))
