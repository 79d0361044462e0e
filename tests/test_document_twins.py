"""Pages that users need are there in English and in Korean, and say the same: headings, tables, programs, links.

What the words of a twin mean no test can tell. But its facts are the same in both languages: names in code, numbers,
where links lead, and programs but for their comments and Korean texts. A twin that was not changed with its original
is found by these.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
IN_ENGLISH_ALONE = {
    "changelog.md": "what changed, which is one list",
    "terms.md": "has both languages side by side",
}
START = {"index.md": "README.md", "index.ko.md": "README.ko.md"}
"""Pages of the site that show a file of the top folder, which is compared in their place."""


def twin_of(page: Path) -> Path:
    return page.with_name(f"{page.stem}.ko.md")


PAIRS = [(ROOT / "README.md", ROOT / "README.ko.md")] + [
    (page, twin_of(page)) for page in sorted(DOCS.glob("*.md")) if twin_of(page).exists() and page.name not in START
]
TWINS = {twin.name: page.name for page, twin in PAIRS} | {"index.ko.md": "index.md"}
"""The names of all Korean pages, each with that of its original."""
each_pair = pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair[0].stem)
Pair = tuple[Path, Path]


def test_a_page_has_a_twin_or_stands_on_a_list() -> None:
    pages = {page.name for page in DOCS.glob("*.md") if page.name not in TWINS}
    without = pages - {*TWINS.values()}
    assert without == IN_ENGLISH_ALONE.keys()


@dataclass(frozen=True)
class Section:
    """A heading, and what stands below it up to the next one."""

    level: int
    title: str
    prose: str
    tables: tuple[tuple[tuple[str, ...], ...], ...]
    """Rows of cells; the first row is the head."""
    programs: tuple[tuple[str, str], ...]
    """Language and text of each block of code; of one that is only indented the language is `shell`."""


@cache
def sections_of(page: Path) -> list[Section]:
    """Return the sections of a page, the first of them with its title."""
    found: list[Section] = []
    level, title, rest = 0, "", list[str]()
    fence = ""
    for line in page.read_text(encoding="utf-8").splitlines():
        opened = re.match(r" *(`{3,})", line)
        heading = None if fence or opened else re.fullmatch(r"(#{1,6}) +(.+?) *", line)
        if heading:
            found.append(section(level, title, rest))
            level, title, rest = len(heading[1]), heading[2], []
            continue
        if opened and (not fence or line.strip() == fence):
            fence = "" if fence else opened[1]
        rest.append(line)
    return [*found, section(level, title, rest)][1:]


def section(level: int, title: str, lines: list[str]) -> Section:
    text = "\n".join(lines) + "\n"
    programs = []

    def keep(found: re.Match[str]) -> str:
        programs.append((found[3], found[4]))
        return ""

    text = re.sub(r"^( *)(`{3,})([^\n]*)\n(.*?)^\1\2$", keep, text, flags=re.DOTALL | re.MULTILINE)
    indented = re.findall(r"(?:^ {4}.*\n\n?)+", text, re.MULTILINE)
    programs += [("shell", block) for block in indented]
    text = re.sub(r"^ {4}.*$", "", text, flags=re.MULTILINE)
    tables = re.findall(r"(?:^\|.*\|\n)+", text, re.MULTILINE)
    rows = tuple(tuple(map(cells_of, table.splitlines())) for table in tables)
    prose = re.sub(r"^\|.*\|\n", "", text, flags=re.MULTILINE)
    return Section(level, title, prose, rows, tuple(programs))


def cells_of(line: str) -> tuple[str, ...]:
    return tuple(cell.strip() for cell in line.removeprefix("|").removesuffix("|").split(" | "))


def slugs_of(page: Path) -> list[str]:
    """Return the anchors of a page's headings in their order, as code hosts and the site name them."""
    seen: Counter[str] = Counter()
    slugs = []
    for each in sections_of(page):
        slug = re.sub(r"[^\w\- ]", "", each.title.lower()).replace(" ", "-")
        slugs.append(f"{slug}-{seen[slug]}" if seen[slug] else slug)
        seen[slug] += 1
    return slugs


def original(page: Path, target: str) -> str:
    """Return where the same link leads in an English page: the original of a twin, its heading by their order."""
    name, _, anchor = target.partition("#")
    path = (page.parent / name) if name else page
    if path.name not in TWINS:
        return f"{path.name}#{anchor}" if not re.match(r"\w+:", target) else target
    english = path.with_name(TWINS[path.name])
    source, its_twin = (path.parent / START.get(each.name, each.name) for each in (english, path))
    if not anchor:
        return f"{english.name}#"
    return f"{english.name}#{slugs_of(source)[slugs_of(its_twin).index(anchor)]}"


def facts_of(text: str, page: Path) -> set[str]:
    """Return what is the same in every language: names in code, and where links lead."""
    text = text.replace(".ko.ipynb", ".ipynb")
    links = {original(page, target) for target in re.findall(r"\]\(([^)\s]+)\)", text)}
    return set(re.findall(r"`([^`]+)`", re.sub(r"\]\([^)\s]+\)", "]", text))) | links


def numbers_of(text: str) -> set[str]:
    """Return the numbers of a text, but for those that one language writes as a word where the other does not."""
    text = re.sub(r"`[^`]+`|\]\([^)\s]+\)|\[\^\w+\]", "", text)
    text = re.sub(r"(\d+)시(?!간)", lambda hour: f"{hour[1]:0>2}:00", text)
    return set(re.findall(r"\d+(?:[.,:]\d+)*", text)) - {"0", "1", "00:00"}


@each_pair
def test_headings_are_the_same_ones(pair: Pair) -> None:
    english, korean = map(sections_of, pair)
    assert [each.level for each in english] == [each.level for each in korean]
    differ = [(one.title, other.title) for one, other in zip(english, korean, strict=True) if said(one) != said(other)]
    assert differ == []


def said(heading: Section) -> tuple[set[str], set[str]]:
    return set(re.findall(r"`([^`]+)`", heading.title)), numbers_of(heading.title)


@each_pair
def test_rows_of_tables_are_the_same_ones(pair: Pair) -> None:
    for one, other in zip(*map(sections_of, pair), strict=True):
        assert list(map(len, one.tables)) == list(map(len, other.tables)), one.title
        rows, its_rows = ([row for table in each.tables for row in table] for each in (one, other))
        differ = [
            (first, second)
            for first, second in zip(rows, its_rows, strict=True)
            if len(first) != len(second) or not same_row(" | ".join(first), " | ".join(second), pair)
        ]
        assert differ == [], one.title


def same_row(english: str, korean: str, pair: Pair) -> bool:
    """Compare two rows. A number below ten that English has as a word may be written in digits in Korean."""
    numbers, its_numbers = numbers_of(english), numbers_of(korean)
    more = {number for number in its_numbers - numbers if len(number) > 1}
    return facts_of(english, pair[0]) == facts_of(korean, pair[1]) and numbers <= its_numbers and not more


@each_pair
def test_sections_have_the_same_names_links_and_numbers(pair: Pair) -> None:
    """A number that English has as a word, such as thirty, may be written in digits in Korean."""
    to_each_other = {f"{page.name}#" for page in pair}
    differ = {}
    for one, other in zip(*map(sections_of, pair), strict=True):
        found = (facts_of(one.prose, pair[0]) ^ facts_of(other.prose, pair[1])) - to_each_other
        found |= numbers_of(one.prose) - numbers_of(other.prose)
        if found:
            differ[one.title] = found
    assert differ == {}


@each_pair
def test_programs_are_the_same_but_for_comments_and_korean_texts(pair: Pair) -> None:
    for one, other in zip(*map(sections_of, pair), strict=True):
        assert [language for language, _ in one.programs] == [language for language, _ in other.programs], one.title
        for (language, english), (_, korean) in zip(one.programs, other.programs, strict=True):
            if language == "python":
                assert different(parsed(english), parsed(korean)) == [], one.title
            elif language == "toml":
                assert tomllib.loads(english) == tomllib.loads(korean), one.title
            else:
                assert without_comments(english) == without_comments(korean), one.title


def parsed(program: str) -> ast.Module:
    """Return the tree of a program, which may be a piece out of a class."""
    lines = [line for line in program.splitlines() if line.strip() and not line.startswith("#")]
    return ast.parse(f"class Whole:\n{program}" if lines[0].startswith(" ") else program)


def different(english: Any, korean: Any) -> list[tuple[str, str]]:
    """Return what differs. Where one has English words, the other may have Korean ones."""
    if type(english) is not type(korean):
        return [(shown(english), shown(korean))]
    if isinstance(english, list):
        if len(english) != len(korean):
            return [(shown(english), shown(korean))]
        return [each for pair in zip(english, korean, strict=True) for each in different(*pair)]
    if isinstance(english, ast.JoinedStr) and is_translated(ast.unparse(english), ast.unparse(korean)):
        one, other = (
            [each for each in text.values if isinstance(each, ast.FormattedValue)] for text in (english, korean)
        )
        return different(one, other)
    if isinstance(english, ast.Call):
        english, korean = without_korean_labels(english), without_korean_labels(korean)
    if isinstance(english, ast.AST):
        fields = [(getattr(english, field, None), getattr(korean, field, None)) for field in english._fields]
        return [each for pair in fields for each in different(*pair)]
    if english == korean or (isinstance(english, str) and is_translated(english, korean)):
        return []
    return [(shown(english), shown(korean))]


def without_korean_labels(call: ast.Call) -> ast.Call:
    """Return a call without `korean=True`, which a picture or a table may have in a Korean page alone."""
    return ast.Call(call.func, call.args, [each for each in call.keywords if each.arg != "korean"])


def is_translated(english: str, korean: str) -> bool:
    return bool(re.search("[가-힣]", korean)) and not re.search("[가-힣]", english)


def shown(node: object) -> str:
    if isinstance(node, list):
        return "; ".join(map(shown, node))
    return ast.unparse(node) if isinstance(node, ast.AST) else repr(node)


def without_comments(lines: str) -> list[str]:
    code = (re.sub(r"(^|\s+)#.*", "", line).rstrip() for line in lines.splitlines())
    return [line for line in code if line]


@each_pair
def test_a_korean_page_leads_to_korean_pages(pair: Pair) -> None:
    page, korean = pair
    text = "".join(part.prose + str(part.tables) for part in sections_of(korean))
    targets = [target for target in re.findall(r"\]\(([^)#\s]+)", text) if "reference/" not in target]
    translated = {*TWINS.values()} - {page.name}
    assert [target for target in targets if Path(target).name in translated] == []


def test_the_korean_start_page_leads_to_every_korean_page() -> None:
    text = (DOCS / "index.ko.md").read_text(encoding="utf-8")
    assert {name for name in TWINS if f"]({name})" in text} == TWINS.keys() - {"README.ko.md", "index.ko.md"}


# That these tests find something

ENGLISH = """# A page

What `orders()` lists, 30 at most.

| verb | calls |
|---|---|
| `buy` | 5 |

## `Quote` and more

```python
print("at most", 30)  # all of them
```

    brokerkit quote 005930  # the price
"""
KOREAN = """# 쪽

`orders()`의 목록, 30개까지.

| 메서드 | 호출 |
|---|---|
| `buy` | 5번 |

## `Quote`와 나머지

```python
print("많아야", 30)  # 전부
```

    brokerkit quote 005930  # 현재가
"""
CHECKS = (
    test_headings_are_the_same_ones,
    test_rows_of_tables_are_the_same_ones,
    test_sections_have_the_same_names_links_and_numbers,
    test_programs_are_the_same_but_for_comments_and_korean_texts,
)


def written_to(folder: Path, korean: str) -> Pair:
    pages = folder / "page.md", folder / "page.ko.md"
    for page, text in zip(pages, (ENGLISH, korean), strict=True):
        page.write_text(text, encoding="utf-8")
    return pages


def test_pages_that_say_the_same_are_twins(tmp_path: Path) -> None:
    assert len(sections_of(written_to(tmp_path, KOREAN)[0])) == 2
    for check in CHECKS:
        check((tmp_path / "page.md", tmp_path / "page.ko.md"))


@pytest.mark.parametrize(
    ("there", "changed"),
    [
        ("`orders()`의", "주문의"),
        ("30개", "50개"),
        ("| `buy` | 5번 |\n", ""),
        ("5번", "6번"),
        ("| `buy` |", "| `sell` |"),
        ("## `Quote`와", "## `Candle`과"),
        ("## ", "### "),
        ('"많아야", 30', '"많아야", 31'),
        ('print("많아야", 30)', "pass"),
        ("quote 005930", "quote 000660"),
        ("    brokerkit quote 005930  # 현재가\n", ""),
    ],
)
def test_what_a_twin_lacks_or_has_otherwise_is_found(tmp_path: Path, there: str, changed: str) -> None:
    assert KOREAN.count(there) == 1
    pair = written_to(tmp_path, KOREAN.replace(there, changed))
    found = []
    for check in CHECKS:
        try:
            check(pair)
        except (AssertionError, ValueError) as error:
            found.append(error)
    assert found
