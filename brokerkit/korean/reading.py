"""How a finished English text is read by the tables.

A text of ours may hold others, several may stand in a row, and names, numbers and a broker's words stand among them. Of
all ways to read it the one counts that leaves least of it unread.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from brokerkit.korean import tables
from brokerkit.korean.particles import filled

DEEPEST = 5
"""How often a text of ours may stand within another one."""
MOST_WAYS = 4
"""Ways that are tried to find the places of one text."""
MOST_PARTS = 40
LONGEST = 5
"""Sentences that one text of a table has at most."""
LONGEST_TEXT = 4000
MOST_LOOKS = 2500
"""Times that the tables are searched for one text: whoever tells an error does not wait for its words."""


class Reading(NamedTuple):
    """A way to read a text as ours. The least one counts."""

    unread: int
    """Letters of English words that no table has."""
    texts: int
    """Of how many texts of ours it is made."""
    korean: str
    is_apart: bool = False
    """Whether it is a sentence, or several texts in a row: it seldom stands in another text."""


class _TooMuch(Exception):
    """A text could be read in more ways than can be tried."""


@lru_cache(512)
def in_korean(text: str, packages: tuple[str, ...] = ()) -> str:
    """Return a text in Korean, what no table has as it is. Tables of adapters count for what ours cannot read."""
    if len(text) > LONGEST_TEXT:
        return text
    try:
        found = _Reader(tables.ours()).read(text)
        if found.unread and packages:
            found = min(found, _Reader(tables.with_adapters(packages)).read(text), key=_rank)
    except _TooMuch:
        return text
    return found.korean


class _Reader:
    """Reads one text."""

    def __init__(self, table: tables.Table) -> None:
        self._table = table
        self._known: dict[str, Reading] = {}
        self._looks = 0

    def read(self, text: str, depth: int = DEEPEST) -> Reading:
        """Return the reading that leaves least of a text unread, then that of the fewest texts."""
        found = self._known.get(text)
        if found is None:
            found = self._known[text] = self._best(text, depth)
        return found

    def _best(self, text: str, depth: int) -> Reading:
        plain = literal(text)
        if not plain.unread and not _LETTER.search(text):
            return plain
        best = min(plain, self._one(text, depth), key=_rank)
        for ends in (_SENTENCES, _CLAUSES):
            if _rank(best) > _WHOLE:
                best = min(self._row(text, ends, depth), best, key=_rank)
        if best.unread:
            row = self._row(text, _COMMAS, depth)
            # What a comma parts is a row of ours and of names, or one sentence of somebody's.
            best = best if _is_prose(row) else min(best, row, key=_rank)
        return best

    def _one(self, text: str, depth: int) -> Reading:
        """Read a text as one of ours; the blanks around it stay, and so does a sign at its end."""
        bare = text.strip(" ")
        best = literal(text)
        match = _TAIL.search(bare)
        tail = match[0] if match else ""
        for end in dict.fromkeys((tail, tail.lstrip("."), "")):  # first without it: a place at the end would take it
            found = self._looked_up(bare.removesuffix(end), depth)
            if found is not None and _rank(found) < _rank(best):
                before = len(text) - len(text.lstrip(" "))
                told = text[:before] + found.korean + end + text[before + len(bare) :]
                best = found._replace(korean=told)
        return best

    def _looked_up(self, text: str, depth: int) -> Reading | None:
        if (whole := self._table.whole.get(text)) is not None:
            return Reading(0, 1, filled(whole.korean, []), whole.is_sentence)
        self._looks += 1
        if self._looks > MOST_LOOKS:
            raise _TooMuch
        best = None
        for entry in self._table.entries(text) if depth else ():
            for values in islice(entry.parted(text), MOST_WAYS):
                found = self._with(entry, values, depth)
                if found is not None and (best is None or _rank(found) < _rank(best)):
                    best = found
            if best is not None and not best.unread and best.texts <= 2:
                break
        return best

    def _with(self, entry: tables.Entry, values: tuple[str, ...], depth: int) -> Reading | None:
        """Read a text by an entry; None where what would stand in its places tells that it is another text."""
        told = [
            Reading(0, 0, value) if quoted else self._placed(value, depth - 1)
            for value, quoted in zip(values, entry.quoted, strict=True)
        ]
        open_places = [place for place in zip(told, values, entry.apart, strict=True) if not place[2]]
        strange = [each for each, _, _ in open_places if each.unread]
        if entry.is_short and (
            len(strange) > 1 or any(map(_has_words, strange)) or any(", " in value for _, value, _ in open_places)
        ):
            return None
        if sum(each.unread for each in strange if _is_prose(each)) > entry.letters:
            return None
        texts = 1 + sum(each.texts + each.is_apart for each in told)
        try:
            korean = filled(entry.korean, [each.korean for each in told])
        except IndexError:
            return None
        return Reading(sum(each.unread for each in told), texts, korean, entry.is_sentence)

    def _placed(self, value: str, depth: int) -> Reading:
        """Read what stands in a place: of a list each thing by itself."""
        things = value.split(BETWEEN)
        if len(things) == 1:
            return self.read(value, depth)
        told = [self.read(thing, depth) for thing in things]
        korean = BETWEEN.join(each.korean for each in told)
        return Reading(sum(each.unread for each in told), sum(each.texts for each in told), korean, True)

    def _row(self, text: str, ends: re.Pattern[str], depth: int) -> Reading:
        """Read a text as several in a row."""
        parts = ends.split(text)
        if len(parts) < 2:
            return literal(text)
        longest = LONGEST if len(parts) <= MOST_PARTS else 1
        best = [Reading(0, 0, "", True)]
        for at in range(1, len(parts) + 1):
            ways = []
            for begin in range(max(0, at - longest), at):
                if begin or at < len(parts):  # the whole is no row
                    part, before = "".join(parts[begin:at]), best[begin]
                    # A word among others is a name that somebody types.
                    last = self._one(part, depth) if ends is not _COMMAS or " " in part.strip() else literal(part)
                    told = before.korean + last.korean
                    ways.append(Reading(before.unread + last.unread, before.texts + last.texts, told, True))
            best.append(min(ways, key=_rank))
        return best[-1]


BETWEEN = "; "
_SENTENCES = re.compile(r"(?<=[.?!|] )(?=\S)")
_CLAUSES = re.compile(r"(?<=[.:;?!|] )(?=\S)")
_COMMAS = re.compile(r"(?<=[.:;?!|,] )(?=\S)")
_TAIL = re.compile(r"\.?(?: \||[:;,])?$")
_LETTER = re.compile("[A-Za-z]")
_WHOLE = (0, 1)
"""Rank of a text that is one of ours as a whole."""


def _rank(reading: Reading) -> tuple[int, int]:
    return reading.unread, reading.texts


def literal(text: str) -> Reading:
    """Return a text as it is: names, numbers and code are read, English words are not."""
    return Reading(sum(len(word) for word in _ENGLISH.findall(plain(text))), 0, text)


def _has_words(reading: Reading) -> bool:
    """Say whether several English words stand in what a table could not read, one after the other or not."""
    return reading.unread > 0 and len(_ENGLISH.findall(plain(reading.korean))) > 1


def _is_prose(reading: Reading) -> bool:
    """Say whether English words stand one after the other in what a table could not read."""
    return bool(reading.unread and _PROSE.search(plain(reading.korean)))


def plain(text: str) -> str:
    """Return a text without code, what stands in quotes, paths, names of settings and fields, symbols."""
    return " ".join("§" if _NAME.search(word) else word for word in _QUOTED.sub("§", text).split(" "))


_QUOTED = re.compile(r"`[^`]*`|'[^']*'|\"[^\"]*\"")
_NAME = re.compile(r"[/_=\\§]|[A-Za-z]\d|\d[A-Za-z]")
_ENGLISH = re.compile("[A-Za-z]+")
_PROSE = re.compile("(?:[A-Za-z]?[a-z]+ )+[a-z]+")
