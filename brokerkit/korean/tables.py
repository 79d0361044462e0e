"""The tables: English texts, with a place for each thing that is put in, and what they are in Korean."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from heapq import merge
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

SHORT = 10
"""Letters of a text below which it says little: "quote of {0}" fits much."""


class Entry(NamedTuple):
    """A text of a table."""

    pieces: tuple[str, ...]
    """What stands before, between and after the places."""
    korean: str
    is_sentence: bool
    mark: str
    """The longest piece."""
    length: int
    """How many characters it has of its own."""
    letters: int
    """How many of them are letters."""
    apart: tuple[bool, ...]
    """Which places are set apart, in brackets, in quotes or after a colon: anything may stand there."""
    quoted: tuple[bool, ...]
    """Which places stand in quotes: what is there is never told in another language."""

    @property
    def is_short(self) -> bool:
        """Say whether it has so few words of its own that it fits much that is not ours."""
        return self.letters < SHORT

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


class Table(NamedTuple):
    """All texts, without the period at their end: one that is put into another sentence has lost it."""

    whole: Mapping[str, Entry]
    """Texts without a place."""
    begun: Mapping[str, Sequence[Entry]]
    """Texts that begin with a word of their own, by that word; what says most first."""
    others: Sequence[Entry]

    def entries(self, text: str) -> Iterator[Entry]:
        """Yield what a text may be, what says most first."""
        begun = self.begun.get(text.partition(" ")[0], ())
        return merge(*([each for each in some if each.mark in text] for some in (begun, self.others)), key=_least)


def _least(entry: Entry) -> int:
    return -entry.length


@cache
def ours() -> Table:
    """Return the tables of this package."""
    return _table(_pairs(_files()))


@cache
def with_adapters(packages: tuple[str, ...]) -> Table:
    """Return our tables and those that packages of adapters bring; where two know a text, ours counts."""
    folders = [Path(folder) for name in packages for folder in getattr(sys.modules.get(name), "__path__", ())]
    return _table(_pairs([*_files(), *(folder / "korean.json" for folder in folders)]))


def _files() -> list[Path]:
    return sorted(Path(__file__).parent.glob("*.json"))


def _pairs(paths: Iterable[Path]) -> list[tuple[str, str]]:
    return [pair for path in paths for pair in _read(path)]


def _read(path: Path) -> list[tuple[str, str]]:
    """Return what a table holds; nothing of one that is not there or is no table: an error is told all the same."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    pairs = found.items() if isinstance(found, dict) else ()
    return [(english, korean) for english, korean in pairs if isinstance(korean, str) and korean]


def _table(pairs: Iterable[tuple[str, str]]) -> Table:
    whole: dict[str, Entry] = {}
    begun: dict[str, dict[str, Entry]] = {}
    for english, korean in pairs:
        entry = _entry(english.strip(" "), korean.strip(" "))
        if len(entry.pieces) == 1:
            whole.setdefault(entry.mark, entry)
        elif entry.letters:
            word, blank, _ = entry.pieces[0].partition(" ")
            begun.setdefault(word if blank else "", {}).setdefault(english.strip(" ."), entry)
    ordered = {word: sorted(each.values(), key=_least) for word, each in begun.items()}
    return Table(whole, ordered, ordered.pop("", []))


def _entry(english: str, korean: str) -> Entry:
    is_sentence = english.endswith(".") and korean.endswith(".")
    if is_sentence:
        english, korean = english[:-1], korean[:-1]
    pieces = tuple(piece.replace("{{", "{").replace("}}", "}") for piece in _PLACE.split(english))
    around = list(pairwise(pieces))
    quoted = tuple(before[-1:] + after[:1] in ("``", "''", '""') for before, after in around)
    signs = (": ", "(", "[", "— ")
    apart = tuple(before.endswith(signs) or each for (before, _), each in zip(around, quoted, strict=True))
    mark, own = max(pieces, key=len), "".join(pieces)
    return Entry(pieces, korean, is_sentence, mark, len(own), len(_LETTER.findall(own)), apart, quoted)


_PLACE = re.compile(r"(?<!\{)(?:\{\{)*\{[0-9]+\}(?!\})")
_LETTER = re.compile("[A-Za-z]")
