"""The kit for the US: no contract is left out of it without a reason, and whoever writes an adapter can run it."""

from collections.abc import Mapping
from typing import ClassVar

import pytest

from brokerkit import testing
from brokerkit.errors import ConfigError
from brokerkit.testing import BrokerConformance, UsConformance, conform
from brokerkit.testing.conformance import NOT_OF_THE_US
from brokerkit.testing.inside import installed
from brokerkit.testing.report import Outcome
from brokerkit.testing.run import KITS
from tests.lslike.adapter import LikeAdapter
from tests.lslike.face import LikeFace
from tests.lslike.stocks import Stocks


class UsStocks(Stocks):
    market = "US"


class UsAdapter(LikeAdapter):
    parts = (Stocks, UsStocks)


def test_every_contract_is_asked_of_a_part_for_the_us_or_left_out_with_a_reason() -> None:
    asked, all_of_them = set(UsConformance.__bases__), set(BrokerConformance.__bases__)
    assert asked | set(NOT_OF_THE_US) == all_of_them
    assert not asked & set(NOT_OF_THE_US)
    assert all(NOT_OF_THE_US.values())


def test_a_market_is_proven_by_its_own_contract() -> None:
    assert {getattr(testing, kit).market: kit for kit in KITS.values()} == KITS


def test_a_part_for_the_us_is_proven_by_a_function_and_its_report_says_so() -> None:
    checks = ["test_quote_tells_the_truth_field_by_field", "test_the_adapter_can_be_used"]
    report = conform("kis", market="US", level=1, checks=checks)
    assert (report.market, report.level, report.failed) == ("US", 1, ())
    assert {each.name for each in report.of(Outcome.PASSED)} == set(checks)


def test_a_difference_is_one_of_the_market_that_it_names() -> None:
    class Wrong(LikeFace):
        differences: ClassVar[Mapping[str, str]] = {"US:test_quote_tells_the_truth": "There is no such check."}

    check = "test_a_declared_difference_is_a_check_that_may_differ"
    with installed(UsAdapter, Wrong):
        assert conform("lslike", checks=[check]).failed == ()
        (failed,) = conform("lslike", market="US", checks=[check]).failed
    assert "'US:test_quote_tells_the_truth' is no check" in failed.words
    with installed(LikeAdapter, Wrong):
        (failed,) = conform("lslike", checks=[check]).failed
    assert "is of a market that the adapter does not serve" in failed.words


@pytest.mark.parametrize(
    ("market", "words"), [("US", "lslike has no part for US"), ("HK", "The kit has no checks for 'HK'")]
)
def test_a_market_that_cannot_be_proven_is_wrong_use(market: str, words: str) -> None:
    with installed(LikeAdapter, LikeFace), pytest.raises(ConfigError, match=words):
        conform("lslike", market=market)
