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
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from heapq import merge
from itertools import islice, pairwise
from pathlib import Path
from typing import NamedTuple

ENGLISH, KOREAN = "en", "ko"
LANGUAGES = (ENGLISH, KOREAN)
VARIABLE = "BROKERKIT_LANGUAGE"
DEEPEST = 5
"""How often a text of ours may stand within another one."""
MOST_WAYS = 4
"""Ways that are tried to find the places of one text."""
MOST_SENTENCES = 40
LONGEST = 5
"""Sentences that one text of a table has at most."""
SHORT = 10
"""Letters of a text below which prose that no table has is not believed to stand in it: "{0} of {1}" fits much."""
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
    return _Reader().read(text).korean if (to or language()) == KOREAN else text


class _Entry(NamedTuple):
    """A text of a table that has places."""

    pieces: tuple[str, ...]
    """What stands before, between and after the places."""
    korean: str
    is_sentence: bool
    mark: str
    """The longest piece."""
    length: int
    """How much of a text it says itself."""
    is_short: bool
    """Whether it has so few words of its own that it fits much that is not ours."""

    def parted(self, text: str) -> Iterator[tuple[str, ...]]:
        """Yield what may stand in the places of a text, the first from the left; nothing if it is another one."""
        head, *inner, tail = self.pieces
        at, end = len(head), len(text) - len(tail)
        if at <= end and text.startswith(head) and text.endswith(tail):
            yield from _parted(text[at:end], inner)


def _parted(text: str, pieces: list[str]) -> Iterator[tuple[str, ...]]:
    if not pieces:
        yield (text,)
        return
    piece, *others = pieces
    at = text.find(piece)
    while at >= 0:
        for rest in _parted(text[at + len(piece) :], others):
            yield (text[:at], *rest)
        at = text.find(piece, at + 1)


class _Table(NamedTuple):
    """All texts, without the period at their end: one that is put into another sentence has lost it."""

    whole: Mapping[str, _Entry]
    """Texts without a place."""
    begun: Mapping[str, Sequence[_Entry]]
    """Texts that begin with a word of their own, by that word; what says most first."""
    others: Sequence[_Entry]

    def entries(self, text: str) -> Iterator[_Entry]:
        """Yield what a text may be, what says most first."""
        begun = self.begun.get(text.partition(" ")[0], ())
        return merge(begun, (each for each in self.others if each.mark in text), key=_least)


def _least(entry: _Entry) -> int:
    return -entry.length


_LETTER = re.compile("[A-Za-z]")


@cache
def _table() -> _Table:
    """Read all tables. Where two know a text the first counts: ours come before those of adapters."""
    whole: dict[str, _Entry] = {}
    begun: dict[str, dict[str, _Entry]] = {}
    for path in _files():
        for english, korean in _read(path).items():
            english, korean = english.strip(" "), korean.strip(" ")
            is_sentence = english.endswith(".") and korean.endswith(".")
            if is_sentence:
                english, korean = english[:-1], korean[:-1]
            pieces = tuple(piece.replace("{{", "{").replace("}}", "}") for piece in _PLACE.split(english))
            own = "".join(pieces)
            letters = len(_LETTER.findall(own))
            entry = _Entry(pieces, korean, is_sentence, max(pieces, key=len), len(own), letters < SHORT)
            if len(pieces) == 1:
                whole.setdefault(own, entry)
            elif letters:
                word, blank, _ = pieces[0].partition(" ")
                begun.setdefault(word if blank else "", {}).setdefault(english, entry)
    ordered = {word: sorted(each.values(), key=_least) for word, each in begun.items()}
    return _Table(whole, ordered, ordered.pop("", []))


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


class _Reading(NamedTuple):
    """A way to read a text as ours. The least one counts."""

    unread: int
    """Letters of English words that no table has."""
    texts: int
    """Of how many texts of ours it is made."""
    korean: str
    is_apart: bool = False
    """Whether it is a sentence, or several texts in a row: it seldom stands in another text."""


class _Reader:
    """Reads one text. A text of ours may hold others, and several may stand in a row: many ways have to be tried."""

    def __init__(self) -> None:
        self._known: dict[str, _Reading] = {}

    def read(self, text: str, depth: int = DEEPEST) -> _Reading:
        """Return the reading that leaves least of a text unread, then that of the fewest texts."""
        found = self._known.get(text)
        if found is None:
            found = self._known[text] = self._best(text, depth)
        return found

    def _best(self, text: str, depth: int) -> _Reading:
        plain = _literal(text)
        if not plain.unread and not _LETTER.search(text):
            return plain
        best = min(plain, self._one(text, depth), key=_rank)
        if _rank(best) > _LEAST:
            best = min(self._row(text, _STRONG, depth), best, key=_rank)
        if best.unread:
            row = self._row(text, _WEAK, depth)
            # What a comma parts is a row of ours and of names, or one sentence of somebody's.
            best = best if _PROSE.search(_NAMES.sub("§", row.korean)) else min(row, best, key=_rank)
        return best

    def _one(self, text: str, depth: int) -> _Reading:
        """Read a text as one of ours; the blanks around it stay, and so does a sign at its end."""
        bare = text.strip(" ")
        best = _literal(text)
        tail = _TAIL.search(bare)[0]  # type: ignore[index]
        for end in dict.fromkeys((tail, tail.lstrip("."), "")):  # first without it: a place at the end would take it
            found = self._looked_up(bare.removesuffix(end), depth)
            if found is not None and _rank(found) < _rank(best):
                before = len(text) - len(text.lstrip(" "))
                told = text[:before] + found.korean + end + text[before + len(bare) :]
                best = found._replace(korean=told)
        return best

    def _looked_up(self, text: str, depth: int) -> _Reading | None:
        table = _table()
        if (whole := table.whole.get(text)) is not None:
            return _Reading(0, 1, _filled(whole.korean, []), whole.is_sentence)
        best = None
        for entry in table.entries(text) if depth else ():
            for values in islice(entry.parted(text), MOST_WAYS):
                told = [
                    _Reading(0, 0, value) if before[-1:] + after[:1] in _QUOTES else self.read(value, depth - 1)
                    for value, (before, after) in zip(values, pairwise(entry.pieces), strict=True)
                ]
                if entry.is_short and any(each.unread and _PROSE.search(_NAMES.sub("§", each.korean)) for each in told):
                    continue
                unread = sum(each.unread for each in told)
                try:
                    korean = _filled(entry.korean, [each.korean for each in told])
                except IndexError:
                    continue
                texts = 1 + sum(each.texts + each.is_apart for each in told)
                found = _Reading(unread, texts, korean, entry.is_sentence)
                if best is None or _rank(found) < _rank(best):
                    best = found
            if best is not None and not best.unread and best.texts <= 2:
                break
        return best

    def _row(self, text: str, ends: re.Pattern[str], depth: int) -> _Reading:
        """Read a text as several in a row."""
        parts = ends.split(text)
        if not 1 < len(parts) <= MOST_SENTENCES:
            return _literal(text)
        best = [_Reading(0, 0, "")]
        for at in range(1, len(parts) + 1):
            ways = []
            for begin in range(max(0, at - LONGEST), at):
                if begin or at < len(parts):  # the whole is no row
                    last = self._one("".join(parts[begin:at]), depth)
                    before = best[begin]
                    told = before.korean + last.korean
                    ways.append(_Reading(before.unread + last.unread, before.texts + last.texts, told, True))
            best.append(min(ways, key=_rank))
        return best[-1]


_STRONG = re.compile(r"(?<=[.:;?!|] )(?=\S)")
_WEAK = re.compile(r"(?<=[.:;?!|,] )(?=\S)")
_TAIL = re.compile(r"\.?(?: \||[:;,])?$")


_LEAST = (0, 1)
"""Rank of a text that is one of ours as a whole."""


def _rank(reading: _Reading) -> tuple[int, int]:
    return reading.unread, reading.texts


def _literal(text: str) -> _Reading:
    """Return a text as it is: names, numbers and code are read, English words are not."""
    return _Reading(sum(len(word) for word in _ENGLISH.findall(_NAMES.sub(" ", text))), 0, text)


_QUOTES = ("``", "''", '""')
_NAMES = re.compile(r"`[^`]*`|'[^']*'|\"[^\"]*\"|\S*[/_=\\]\S*|\S*[A-Za-z]\d\S*|\S*\d[A-Za-z]\S*")
"""Code, what stands in quotes, paths, names of settings and fields, symbols."""
_ENGLISH = re.compile("[A-Za-z]+")
_PROSE = re.compile("(?:[A-Za-z]?[a-z]+ )+[a-z]+")


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
