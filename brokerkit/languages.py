"""The language of our own words (한국어): English, in which the code has them, or Korean.

A message is written once, in English, where it is raised. What it is in Korean stands in tables beside the code
(`korean/*.json`; an adapter's package brings a `korean.json`), by the English text with a place for each thing that is
put in. It is looked up when somebody reads the text, not when it is made: an error of another process and an old entry
of the journal are read in the reader's language, logs and programs see one language, and no message has two spellings
in the code. What stands in no table is shown as it is: names, numbers, and the words of a broker.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import NamedTuple

ENGLISH, KOREAN = "en", "ko"
LANGUAGES = (ENGLISH, KOREAN)
VARIABLE = "BROKERKIT_LANGUAGE"
DEEPEST = 5
"""How often a text of ours may stand within another one."""
SHORT = 10
"""Letters of a table's text below which it is not believed to be more than it says: "quote of {0}" fits much."""
MOST_SENTENCES = 40
LONGEST = 5
"""Sentences that one text of a table has at most."""
SAID = ": "
BETWEEN = ("; ", SAID)
"""What stands between texts that are told in a row: one of them must not be taken for a part of another."""
ADVISED = " | "
"""What stands before the advice of an error."""
_chosen: str | None = None


def language(name: str | None = None) -> str:
    """Return the language of our own words in this process, "en" or "ko"; with a name, set it first (언어 설정).

    It is that of the variable BROKERKIT_LANGUAGE, else English, until it is set. The words of a broker stay as they
    are, and so do classes and codes. ValueError for any other language.

        >>> import brokerkit
        >>> brokerkit.language("ko")
        'ko'
    """
    global _chosen
    if name is not None:
        if name not in LANGUAGES:
            raise ValueError(f"{name!r} is no language of brokerkit. There are {' and '.join(LANGUAGES)}.")
        _chosen = name
    if _chosen is not None:
        return _chosen
    variable = os.environ.get(VARIABLE, "").strip().lower()
    return variable if variable in LANGUAGES else ENGLISH


@contextmanager
def speaking(name: str) -> Iterator[None]:
    """Let the process speak a language for a while; then it does as before."""
    global _chosen
    before, _chosen = _chosen, name
    try:
        yield
    finally:
        _chosen = before


def translated(text: str, to: str | None = None) -> str:
    """Return a text of ours in a language, else in that of the process. What is not ours stays as it is."""
    return _in_korean(text, DEEPEST) if (to or language()) == KOREAN else text


class _Entry(NamedTuple):
    """A text of a table that has places."""

    head: str
    tail: str
    inner: tuple[str, ...]
    """What stands between the places, in order."""
    letters: int
    """So many letters are the same in every text that it stands for."""
    korean: str

    def places(self, text: str) -> tuple[str, ...] | None:
        """Return what stands in the places of a text; None if it is another one."""
        if not (text.startswith(self.head) and text.endswith(self.tail)):
            return None
        at, end = len(self.head), len(text) - len(self.tail)
        found = []
        for piece in self.inner:
            next_at = text.find(piece, at, end)
            if next_at < 0:
                return None
            found.append(text[at:next_at])
            at = next_at + len(piece)
        return None if at > end else (*found, text[at:end])

    def is_list(self, value: str) -> bool:
        """Say whether a place holds the rest of a list of such texts: each of them is told by itself."""
        if not _END.search(value):
            return False
        ends = (self.head, self.tail)
        return self.letters < SHORT or any(piece in value for piece in ends if any(map(str.isalpha, piece)))


class _Table(NamedTuple):
    """Without the period at the end of a text: one that is put into another sentence has lost it."""

    whole: Mapping[str, str]
    """Texts without a place."""
    begun: Mapping[str, tuple[_Entry, ...]]
    """Texts that begin with a word of their own, by that word; those that say most first."""
    others: tuple[_Entry, ...]

    def entries(self, text: str) -> tuple[_Entry, ...]:
        """Return what a text may be, what says most first."""
        begun = self.begun.get(text.partition(" ")[0], ())
        return tuple(sorted((*begun, *(each for each in self.others if text.endswith(each.tail))), key=_least))


def _least(entry: _Entry) -> int:
    return -entry.letters


@cache
def _table() -> _Table:
    """Read all tables. Where two know a text the first counts: ours come before those of adapters."""
    whole: dict[str, str] = {}
    begun: dict[str, dict[str, _Entry]] = {}
    for path in _files():
        for english, korean in _read(path).items():
            english, korean = english.strip(" "), korean.strip(" ")
            if english.endswith(".") and korean.endswith("."):
                english, korean = english[:-1], korean[:-1]
            parts = [part.replace("{{", "{").replace("}}", "}") for part in _PLACE.split(english)]
            if len(parts) == 1:
                whole.setdefault(parts[0], korean.replace("{{", "{").replace("}}", "}"))
            elif letters := len(_NO_LETTER.sub("", "".join(parts))):
                word, blank, _ = parts[0].partition(" ")
                entry = _Entry(parts[0], parts[-1], tuple(parts[1:-1]), letters, korean)
                begun.setdefault(word if blank else "", {}).setdefault(english, entry)
    others = tuple(begun.pop("", {}).values())
    return _Table(whole, {word: tuple(each.values()) for word, each in begun.items()}, others)


_NO_LETTER = re.compile("[^A-Za-z]")
_PLACE = re.compile(r"(?<!\{)(?:\{\{)*\{[0-9]+\}(?!\})")


def _files() -> Iterator[Path]:
    from importlib.metadata import entry_points  # slow to import, and English needs neither
    from importlib.util import find_spec

    yield from sorted((Path(__file__).parent / "korean").glob("*.json"))
    packages = {entry.module.partition(".")[0] for entry in entry_points(group="brokerkit.brokers")}
    for package in sorted(packages):
        try:
            found = find_spec(package)  # nothing of a package is run for its words
        except (ImportError, ValueError):
            continue
        for folder in (found and found.submodule_search_locations) or ():
            yield Path(folder) / "korean.json"


def _read(path: Path) -> dict[str, str]:
    """Return what a table holds; nothing of one that is not there or is no table: an error is told all the same."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    pairs = found.items() if isinstance(found, dict) else ()
    return {english: korean for english, korean in pairs if isinstance(korean, str) and korean}


def _in_korean(text: str, depth: int) -> str:
    """Return a text in Korean: as a whole, else sentence by sentence, else as it is."""
    if depth == 0 or not any(character.isalpha() and character.isascii() for character in text):
        return text
    if ADVISED in text:
        return ADVISED.join(_in_korean(part, depth) for part in text.split(ADVISED))
    known = _known(text, depth)
    if known is not None:
        return known
    parts = _END.split(text)
    if not 1 < len(parts) <= MOST_SENTENCES:
        return text
    said, at = [], 0
    while at < len(parts):
        for end in range(min(len(parts), at + LONGEST), at, -1):
            known = _known("".join(parts[at:end]), depth)
            if known is not None:
                break
        else:
            known, end = parts[at], at + 1
        said.append(known)
        at = end
    return "".join(said)


_END = re.compile(r"(?<=[.:;?!|,] )(?=\S)")


def _known(text: str, depth: int) -> str | None:
    """Return the Korean of a text that stands in a table; blanks around it and the sign at its end stay."""
    bare = text.strip(" ")
    end = bare[-1:] if bare.endswith(_ENDS) else ""
    known = _looked_up(bare.removesuffix(end), depth)  # first without it: a place at the end would take it
    known = _looked_up(bare, depth) if known is None else known + end
    if known is None:
        return None
    before = len(text) - len(text.lstrip(" "))
    return text[:before] + known + text[before + len(bare) :]


_ENDS = (".", ":", ";", "|", ",")


def _looked_up(text: str, depth: int) -> str | None:
    table = _table()
    found = table.whole.get(text)
    if found is not None:
        return found
    for entry in table.entries(text):
        values = entry.places(text)
        if values is None:
            continue
        if any(_NEXT.search(value) or entry.is_list(value) for value in values):
            continue  # each sentence, and each of a list, is looked for by itself
        if entry.letters < SHORT and any(_is_strange(value, depth - 1) for value in values):
            continue
        row = _instead(text, values, depth)
        if row is not None:
            return row
        told = [_in_korean(value, depth - 1) for value in values]
        try:
            return _filled(entry.korean, told)
        except IndexError:
            continue
    return None


def _instead(text: str, values: tuple[str, ...], depth: int) -> str | None:
    """Return texts of ours in a row where a place would take one for a part of another; None where it would not."""
    for between in BETWEEN:
        held = [value for value in values if between in value and _row(value, between, depth) is None]
        if held and (between != SAID or not any(_known(value, depth) for value in held)):
            row = _row(text, between, depth)
            if row is not None:
                return row
    return None


def _row(text: str, between: str, depth: int) -> str | None:
    """Return texts of ours that stand in a row, each by itself; None where one is not known, or there is but one."""
    items = text.split(between)
    if not 1 < len(items) <= MOST_SENTENCES:
        return None
    told = [_known(item, depth) or (item if _NAME.fullmatch(item) else None) for item in items]
    return between.join(each for each in told if each is not None) if None not in told and told != items else None


_NAME = re.compile(r"[A-Za-z_]\w*")
"""A name that stands in a row with texts: a verb, a type."""


def _is_strange(value: str, depth: int) -> bool:
    """Say whether a value is a sentence that no table has, and no name."""
    return bool(_PROSE.search(value)) and "/" not in value and (depth == 0 or _known(value, depth) is None)


_PROSE = re.compile("[A-Za-z]{2,} [a-z]{2,}")
_NEXT = re.compile(r"[.] [A-Z]")


def _filled(korean: str, values: list[str]) -> str:
    """Put values into their places, each with the form of its particle (조사) that its last letter wants."""

    def put(place: re.Match[str]) -> str:
        value, particle = values[int(place[1])], place[2] or ""
        return value + _form(value, particle)

    return _KOREAN_PLACE.sub(put, korean).replace("{{", "{").replace("}}", "}")


_PARTICLES = {"은(는)": "은는", "이(가)": "이가", "을(를)": "을를", "과(와)": "과와", "(으)로": ("으로", "로")}
_KOREAN_PLACE = re.compile(rf"(?<!\{{)\{{([0-9]+)\}}({'|'.join(map(re.escape, _PARTICLES))})?")
_RIEUL = 8
"""Number of the final consonant ㄹ, after which (으)로 is 로."""
_FINALS = {**dict.fromkeys("036", 1), **dict.fromkeys("178LR", _RIEUL), **dict.fromkeys("MN", 1)}
"""Final consonants of digits and capitals as they are read out; the others have none."""


def _form(value: str, particle: str) -> str:
    """Return a particle as it follows a value; both forms where it is not known how the value is read."""
    forms = _PARTICLES.get(particle)
    letters = re.sub(r"\([^()]*\)|[^\w%]", "", value)
    last = letters[-1:]
    if forms is None or not last or (last.isascii() and last.islower()):
        return particle
    if "가" <= last <= "힣":
        final = (ord(last) - ord("가")) % 28
    elif last == "%" or (last.isascii() and last.isalnum()):
        final = _FINALS.get(last, 0)
    else:
        return particle
    return forms[0] if final and not (final == _RIEUL and particle == "(으)로") else forms[1]
