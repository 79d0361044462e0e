"""Whatever a person reads of ours has its Korean: complete, with the same facts, and found where it is looked for."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import brokerkit_kis  # noqa: F401 - its table is looked for where it lies
import brokerkit_kiwoom  # noqa: F401
import pytest
from pydantic_core._pydantic_core import list_all_errors

from brokerkit import languages
from brokerkit.korean.particles import filled
from brokerkit.languages import translated
from tests.spoken import PACKAGES, ROOT, spoken, table, tables_of, texts, unspoken, without_doubles

PATHS = [path for package in PACKAGES for path in tables_of(package)]
PAIRS = [(path.relative_to(ROOT).as_posix(), english) for path in PATHS for english in table(path)]
PLACE = re.compile(r"(?<!\{)\{([0-9]+)\}")
each_table = pytest.mark.parametrize("path", PATHS, ids=lambda path: f"{path.parent.name}/{path.stem}")
each_package = pytest.mark.parametrize("package", PACKAGES)


# Complete


@each_package
def test_every_text_has_its_korean(package: str) -> None:
    known = {english for path in (*tables_of("brokerkit"), *tables_of(package)) for english in table(path)}
    lacking = {text: where for text, where in spoken(package).items() if text not in known and text not in unspoken()}
    assert lacking == {}, "write their Korean, or say in tests/data/not_spoken why nobody reads them"


def test_nothing_is_left_out_that_is_not_there() -> None:
    there = {text for package in PACKAGES for text in spoken(package)}
    assert {text for text in unspoken() if text not in there} == set()
    assert all(reason.strip() for reason in unspoken().values())


def test_what_is_said_is_not_called_unsaid() -> None:
    known = {english for path in PATHS for english in table(path)}
    assert known & unspoken().keys() == set()


@each_package
def test_no_table_has_what_nobody_says(package: str) -> None:
    """A text that was changed in the code leaves none of its Korean behind. Typer's own are tested where it speaks."""
    code = "\n".join(_literals(package))
    gone = [
        english
        for path in tables_of(package)
        for english in table(path)
        if path.stem != "typer" and english not in MADE and not all(part in code for part in _pieces(english))
    ]
    assert gone == []


MADE = frozenset({"en and ko", "it is no Adapter", "it is no Face"})
"""Texts that are put together of names."""


def _literals(package: str) -> Iterator[str]:
    """Yield all that a package has as text; docstrings too, for those of commands are their help.

    Texts of ours also tell what pydantic and the system said.
    """
    yield from map(os.strerror, range(1, 134))
    yield from (each["message_template_python"] for each in list_all_errors())
    for path in sorted(PACKAGES[package].rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield " ".join(node.value.split()) if "\n" in node.value else node.value


def _pieces(english: str) -> list[str]:
    parts = [part.replace("{{", "{").replace("}}", "}") for part in PLACE.split(english)[::2]]
    return [" ".join(part.split()) if "\n" in part else part for part in parts]


def test_the_search_for_texts_sees_what_it_should() -> None:
    code = '''
class Settings:
    """A docstring is none."""
    ready: "a type is none" = "this is one"
    """Nor is that of an attribute."""
log.warning("a log is none", "not its arguments")
raise Wrong(f"{a!r} is no {b or 'kind of thing'}. " + named + f"{{}} has {c:,d}", advice="two words")
one = "word"
'''
    assert [text for _, text in texts(ast.parse(code))] == [
        "this is one",
        "{0} is no {1}. {2}{{}} has {3}",
        "kind of thing",
        "two words",
    ]


# The same facts


@each_table
def test_nothing_is_lost_in_korean(path: Path) -> None:
    """Places, code, numbers and names of settings stand in both; a whole sentence ends as one in both."""
    assert {english: wrong for english, korean in table(path).items() if (wrong := _wrong(english, korean))} == {}


def _wrong(english: str, korean: str) -> list[str]:
    wrong = []
    if re.search("([a-z]{2,} ){3}[a-z]{2,}", _without_code(korean)):
        wrong.append("it is not Korean")
    if set(PLACE.findall(english)) != set(PLACE.findall(korean)):
        wrong.append("not the same places")
    for name, pattern in SAME.items():
        ours, theirs = (_found(pattern, text) for text in (english, korean))
        if name in SPELT_OUT:
            theirs &= ours
        if ours != theirs:
            wrong.append(f"{name}: {sorted(ours ^ theirs)}")
    if ("  " in korean and "  " not in english) or (korean != korean.strip(" ") and english == english.strip(" ")):
        wrong.append("blanks")
    if english.endswith(".") != korean.endswith(".") and not english.startswith("Try "):
        wrong.append("the end of the sentence")
    return wrong


def _found(pattern: str, text: str) -> set[str]:
    return {each for each in re.findall(pattern, PLACE.sub("§", text)) if "§" not in each} - TRANSLATED


SAME = {
    "code": r"`[^`]+`",
    "settings and functions": r"[a-z]+(?:_[a-z0-9]+)+(?:\(\))?|[a-z_]+\(\)",
    "options": r"(?<![\w-])--[a-z][a-z-]*",
    "numbers": r"(?<![A-Za-z0-9_.,])[0-9](?:[0-9,.]*[0-9])?(?![A-Za-z0-9_])",
    "words in capitals": r"(?<![A-Za-z0-9_])[A-Z]{2,}(?:_[A-Z]+)*(?![A-Za-z0-9_])",
}
SPELT_OUT = ("numbers", "options", "words in capitals")
"""What may be a word in English: one, thirty days, a venue, an address."""
TRANSLATED = frozenset(
    {"US", "USD", "KR", "BUY", "SELL", "CALL", "NOT", "RESERVE", "AMEND", "CANCEL", "CSV", "KIS", "API", "VPN"}
)
"""Words in capitals that have a word in Korean, and those that stand as "APIs" in English."""


def test_what_differs_would_be_found() -> None:
    assert _wrong("Give {0} to `resume`.", "{0}을(를) `resume`에 주십시오.") == []
    assert _wrong("Give {0} shares.", "주식을 주십시오.") == ["not the same places"]
    assert _wrong("Run reconcile() with --yes", "reconcile()을 하십시오.") == [
        "options: ['--yes']",
        "the end of the sentence",
    ]
    assert _wrong("Set max_orders_per_day", "설정하십시오") == ["settings and functions: ['max_orders_per_day']"]
    assert _wrong("at most 30 of NXT", "최대 20개") == ["numbers: ['30']", "words in capitals: ['NXT']"]
    assert _wrong("Nothing of it was sent.", "Nothing of it was sent.") == ["it is not Korean"]


PROMISES = {
    r"\b[Nn]othing was sent\b": "보내지 않|보낸 것이 없|나가지 않",
    r"\bmay stand\b": "들어가 있을 수|들어갔을 수",
    r"\b[Dd]o not send\b": "보내지 마",
}
"""What tells whether an order is there is always told in the same words."""


@pytest.mark.parametrize("promise", PROMISES)
def test_what_tells_whether_an_order_is_there_says_the_same_in_korean(promise: str) -> None:
    said = [(english, korean) for path in PATHS for english, korean in table(path).items()]
    found = [(english, korean) for english, korean in said if re.search(promise, english)]
    assert found
    assert [pair for pair in found if not re.search(PROMISES[promise], pair[1])] == []


def test_a_text_that_stands_in_a_table_twice_would_be_found() -> None:
    with pytest.raises(ValueError, match="'b'"):
        without_doubles([("a", ""), ("b", ""), ("b", "")])


def test_one_text_has_one_korean() -> None:
    said: dict[str, set[str]] = {}
    for path in PATHS:
        for english, korean in table(path).items():
            said.setdefault(english, set()).add(korean)
    assert {english: korean for english, korean in said.items() if len(korean) > 1} == {}


# Found where it is looked for


@pytest.mark.parametrize("values", [("005930", "70000", "kis", "/srv/x.toml", "KRX", "10", "2026-11-27", "key-1")])
@each_table
def test_a_text_is_found_as_itself(path: Path, values: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    """What stands in the places must not make another text of it."""
    monkeypatch.setattr(languages, "_packages", ("brokerkit_kis", "brokerkit_kiwoom"))
    wrong = {}
    for english, korean in table(path).items():
        count = 1 + max(map(int, PLACE.findall(english)), default=-1)
        told, meant = translated(_filled(english, values[:count]), "ko"), filled(korean, values[:count])
        if count <= len(values) and told.strip(" .") != meant.strip(" .") and english not in SAME_AS_OTHERS:
            wrong[english] = told
    assert wrong == {}


SAME_AS_OTHERS = frozenset(
    {
        "{0} cannot be sent as {1}: give a text, an int or a Decimal.",
        "{0}: {1} cannot be written: {2}.",
        "cntr_tm is not in every row what is documented",
        "order {0} of {1} {2} {3} at {4}",
    }
)
"""Texts that with such values read like another one, which says the same."""


def _filled(text: str, values: Sequence[str]) -> str:
    return PLACE.sub(lambda place: values[int(place[1])], text).replace("{{", "{").replace("}}", "}")


def _without_code(text: str) -> str:
    return re.sub(r"`[^`]*`", "", text)
