"""The zoo of bad adapters: its cages tell what is caught from what is not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from brokerkit.testing import BrokerConformance
from proof import zoo
from proof.zoo.cages import ZOO, Bad, Verdict, blames, put_in, verdict
from proof.zoo.packages import Package, laid_out
from tests.lslike.adapter import LikeAdapter

MASKED = "the_account_number_is_masked"
LIAR = "TellsWhatItDeclaresAbsent"


@pytest.fixture(scope="module", autouse=True)
def full() -> tuple[str, ...]:
    return zoo.animals()


def good(check: str, *words: str) -> Verdict:
    return verdict(Bad("Good", "It is good.", check, words, LikeAdapter))


def test_a_good_adapter_is_not_caught() -> None:
    assert good(MASKED) == Verdict(False, "nothing fails: passed")


def test_a_bad_adapter_is_caught_by_the_check_that_is_named() -> None:
    told = verdict(ZOO[LIAR])
    assert told.caught
    assert "turnover is declared absent" in told.told


def test_a_check_that_says_something_else_does_not_catch() -> None:
    animal = ZOO[LIAR]
    other = Bad(animal.name, animal.lie, animal.check, ("the moon",), animal.adapter)
    found = verdict(other)
    assert not found.caught
    assert found.told.startswith("the check says something else: ")


def test_a_check_that_is_not_about_what_the_adapter_declares_does_not_catch() -> None:
    assert good("a_stop_order_sleeps_until_its_price_trades").told.startswith("nothing fails: not declared")


def test_a_check_that_there_is_not_does_not_catch() -> None:
    found = good("the_moon_is_full")
    assert not found.caught
    assert "'test_the_moon_is_full' is no check" in found.told


def test_a_package_is_found_while_it_is_laid_out_and_not_afterwards() -> None:
    package = Package(code="raise SystemExit", broker="pine")
    animal = Bad("Ends", "It ends.", "importing_it_neither_fails_nor_ends_the_program", ("SystemExit",), package, None)
    assert verdict(animal).caught
    with laid_out(package) as folder:
        assert Path(folder).exists()
    assert not Path(folder).exists()
    assert blames("pine", "real", ["the_entry_point_is_found"]) != []


def test_two_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="two bad adapters called TellsWhat"):
        put_in(ZOO[LIAR])


def test_every_bad_adapter_says_what_is_wrong_with_it_and_names_a_check_and_its_words() -> None:
    assert len(ZOO) >= zoo.LEAST
    for animal in ZOO.values():
        assert re.fullmatch(r"[A-Z].*\.", animal.lie), animal.name
        assert hasattr(BrokerConformance, f"test_{animal.check}"), animal.name
        assert all(len(words) > 1 for words in (*animal.words, animal.check)), animal.name
        assert animal.words, animal.name


def test_what_is_not_caught_is_named_in_the_figures() -> None:
    rows = [zoo.Row("Free", MASKED, False, ""), zoo.Row("Caught", MASKED, True, "")]
    (figure,) = zoo._figures(rows)
    assert (figure.found, figure.met) == ("1 of 2; free: Free", False)
    assert zoo._figures(rows[1:])[0].met
