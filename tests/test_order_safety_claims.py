"""What docs/order-safety.md claims is tested: every claim names tests that exist, in both languages the same ones."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from brokerkit.orders.guard import NEEDED_FOR_REAL
from brokerkit.orders.limits import Limits

ROOT = Path(__file__).parent.parent
PAGES = ("order-safety.md", "order-safety.ko.md")
NOT_CLAIMED = {"What is not proven", "입증되지 않은 것"}
"""Sections about what no test can show."""
PROMISE = (
    "brokerkit sends each order at most once by itself; if it cannot learn the outcome it says so and blocks that "
    "side; it does not promise that an order it calls absent cannot still appear."
)


def text_of(page: str) -> str:
    return (ROOT / "docs" / page).read_text(encoding="utf-8")


@cache
def known_tests() -> frozenset[str]:
    """Return the names of all test functions of the repository."""
    folders = [ROOT / "tests", ROOT / "proof", ROOT / "brokerkit" / "testing", *ROOT.glob("plugins/*/tests")]
    texts = (file.read_text(encoding="utf-8") for folder in folders for file in folder.rglob("*.py"))
    return frozenset(name for text in texts for name in re.findall(r"^ *def (test_\w+)\(", text, re.MULTILINE))


def footnotes_of(page: str) -> dict[str, list[str]]:
    """Return the tests that each mark stands for."""
    found = re.findall(r"^\[\^(\w+)\]: (.+)$", text_of(page), re.MULTILINE)
    assert len({mark for mark, _ in found}) == len(found)
    return {mark: re.findall(r"`(\w+)`", tests) for mark, tests in found}


def sections_of(page: str) -> list[list[str]]:
    """Return the claims of each section: its paragraphs, the items of its lists and the rows of its tables."""
    text = re.sub(r"^```.*?^```$", "", text_of(page), flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"^(\[\^\w+\]: .*|<!--.*-->)$", "", text, flags=re.MULTILINE)
    sections = []
    for section in re.split(r"^#+ ", text, flags=re.MULTILINE)[1:]:
        head, _, body = section.partition("\n")
        if head.strip() not in NOT_CLAIMED:
            body = re.sub(r"^\|.*\n\|[-|]+$", "", body, flags=re.MULTILINE)  # the head of a table
            parts = re.split(r"\n\n+|\n(?=- |\|)", body)
            sections.append([" ".join(part.split()) for part in parts if part.strip()])
    return sections


def marks_in(claim: str) -> list[str]:
    return re.findall(r"\[\^(\w+)\]", claim)


@pytest.mark.parametrize("page", PAGES)
def test_every_claim_names_tests_that_exist(page: str) -> None:
    footnotes = footnotes_of(page)
    claims = [claim for section in sections_of(page) for claim in section]
    assert len(claims) > 50
    for claim in claims:
        assert marks_in(claim), claim
        assert claim.startswith("|") or claim.endswith("]"), f"a sentence follows the last mark: {claim}"
    assert {mark for claim in claims for mark in marks_in(claim)} == set(footnotes)
    for mark, tests in footnotes.items():
        assert tests, mark
        assert [name for name in tests if name not in known_tests()] == [], mark


def test_both_languages_claim_the_same() -> None:
    english, korean = ([[marks_in(claim) for claim in part] for part in sections_of(page)] for page in PAGES)
    assert english == korean
    assert footnotes_of(PAGES[0]) == footnotes_of(PAGES[1])


def test_both_languages_show_the_same_code() -> None:
    english, korean = (re.findall(r"^```.*?^```$", text_of(page), re.DOTALL | re.MULTILINE) for page in PAGES)
    assert len(english) == 2
    assert [re.sub(r" *# .*", "", block) for block in english] == [re.sub(r" *# .*", "", block) for block in korean]


@pytest.mark.parametrize("page", PAGES)
def test_every_limit_is_explained(page: str) -> None:
    found = re.search(r"<!-- table: limits -->\n(.*?)<!-- end -->", text_of(page), re.DOTALL)
    assert found
    assert re.findall(r"^\| `(\w+)` \|", found[1], re.MULTILINE) == list(Limits.model_fields)
    (paragraph,) = [claim for part in sections_of(page) for claim in part if "`Disarmed`" in claim and "`arm`" in claim]
    assert set(NEEDED_FOR_REAL) <= set(re.findall(r"`(\w+)`", paragraph))


@pytest.mark.parametrize("document", ["README.md", "docs/order-safety.md"])
def test_the_promise_stands_word_for_word(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    assert PROMISE in " ".join(text.replace("\n> ", " ").split())
