"""All APIs of a broker: found by name, id or label, and by what their fields are called."""

from __future__ import annotations

import difflib
import importlib.metadata
import importlib.util
import json
import re
from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import NamedTuple

from brokerkit.catalogue.apis import Api
from brokerkit.catalogue.glossary import words_of
from brokerkit.errors import InvalidRequest
from brokerkit.text import sanitize

FILE = "catalogue/apis.jsonl"
"""Where a plugin keeps its APIs: an index in the first line, then one API a line, in the order of the index."""


class Catalogue:
    """The APIs of one broker. The file is read when it is first asked for, and of it only what is asked for."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._read: dict[str, Api] = {}

    @classmethod
    @cache
    def at(cls, package: str) -> Catalogue:
        """Return the catalogue of a plugin, "brokerkit_<name>"; the plugin is not imported for it."""
        found = importlib.util.find_spec(package)
        if found is None or found.origin is None:
            raise LookupError(f"There is no package {package}.")
        return cls(Path(found.origin).parent / FILE)

    @cached_property
    def _lines(self) -> list[bytes]:
        return self.path.read_bytes().split(b"\n")

    @cached_property
    def _index(self) -> list[list[str]]:
        """Name, label, ids and other labels of each line that follows."""
        return list(json.loads(self._lines[0]))

    @cached_property
    def _places(self) -> Mapping[str, tuple[str, int]]:
        """A name to its label and its line."""
        return {row[0]: (row[1], place) for place, row in enumerate(self._index, 1)}

    @cached_property
    def _ids(self) -> Mapping[str, str]:
        """Every id, old ones too, and every other label to the name of its API."""
        return {an_id: row[0] for row in self._index for an_id in row[2:]}

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all APIs, in their order."""
        return tuple(self._places)

    def called(self) -> Iterator[tuple[str, str]]:
        """Yield every name and id with its label: no API is read for it."""
        for name, label, *others in self._index:
            for each in dict.fromkeys((name, *(other for other in others if other.isascii() and " " not in other))):
                yield each, label

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[Api]:
        return (self._api(name) for name in self._places)

    def __contains__(self, asked: object) -> bool:
        return isinstance(asked, str) and self._name(asked) is not None

    def _api(self, name: str) -> Api:
        if name not in self._read:
            self._read[name] = Api.of(json.loads(self._lines[self._places[name][1]]))
        return self._read[name]

    def api(self, asked: str) -> Api:
        """Return an API by name, by an id of any environment or an old one, by name and variant, or by its label.

        Raises InvalidRequest, which names the nearest, where there is none, or where several have that label.
        """
        name = self._name(asked)
        if name is None:
            raise self._unknown(asked)
        return self._api(name)

    def variant(self, asked: str) -> str | None:
        """Return the variant that is meant where a name or id says one: "sell" in "domestic_stock/order_cash/sell"."""
        if asked in self._places:
            return None
        api = self.api(asked)
        if asked in self._ids:
            return api.variant(asked)
        ending = asked.rpartition("/")[2]
        return ending if any(ending in ids for ids in api.ids.values()) else None

    def _name(self, asked: str) -> str | None:
        if asked in self._places:
            return asked
        if asked in self._ids:
            return self._ids[asked]
        name, _, variant = asked.rpartition("/")
        if name in self._places and any(variant in ids for ids in self._api(name).ids.values()):
            return name
        labelled = self._labelled(asked)
        return labelled[0] if len(labelled) == 1 else None

    def _labelled(self, label: str) -> list[str]:
        wanted = _bare(label)
        return [name for name, (each, _) in self._places.items() if wanted and _bare(each) == wanted]

    def _unknown(self, asked: str) -> InvalidRequest:
        shown = sanitize(asked, limit=60)
        if several := self._labelled(asked):
            return InvalidRequest(
                f"{shown} is the label of several APIs.", advice=f"Ask for one: {', '.join(several)}."
            )
        if elsewhere := _elsewhere(asked, self):
            return InvalidRequest(
                f"{shown} is no API of this broker.", advice=f"Nothing was sent. It is one of {elsewhere}."
            )
        if asked.strip() in self:
            shown = f"{sanitize(repr(asked), limit=60)}: it has blanks around its name"
        near = self.nearest(asked)
        advice = f"The nearest are: {', '.join(near)}." if near else "Search for it by a word of its label or fields."
        return InvalidRequest(f"There is no API {shown}.", advice=f"Nothing was sent. {advice}")

    def nearest(self, asked: str, count: int = 3) -> list[str]:
        """Return the names and ids that are written most like what was asked for; Korean words are searched for."""
        if not asked.isascii():
            return [each.name for each in self.search(asked)[:count]]
        known = {each.casefold(): each for each in (*self._places, *self._ids) if each}
        short = {name.casefold().rpartition("/")[2]: name for name in self._places}
        found = difflib.get_close_matches(asked.casefold(), {**short, **known}, count, 0.6)
        return list(dict.fromkeys({**short, **known}[each] for each in found))

    def search(self, text: str) -> tuple[Api, ...]:
        """Return the APIs that have every word of a text in name, ids, label, topic or fields, the likeliest first.

        Those that are called so come before those whose topic or field it is. Among them shares at home come first,
        calls before channels, short labels before long ones. Words may be Korean or English.
        """
        words = words_of(text)
        found = [
            (sum(each.strangeness(word) for word in words), each.rank, place)
            for place, each in enumerate(self._searched)
            if words and all(map(each.has, words))
        ]
        return tuple(self._api(self._searched[place].name) for _, _, place in sorted(found))

    @cached_property
    def _searched(self) -> list[_Searched]:
        """What a search looks at, in small letters."""
        return [_Searched.of(name, label, self._lines[place].decode()) for name, (label, place) in self._places.items()]


class _Searched(NamedTuple):
    """One API as a search sees it."""

    name: str
    called: str
    """Its name, label and ids."""
    topic: str
    line: str
    rank: tuple[int, bool, int]
    """Of those that are called alike: markets in the order of MARKETS, calls before channels, short labels first."""

    @classmethod
    def of(cls, name: str, label: str, line: str) -> _Searched:
        told = {each[1]: each[2] or each[3] for each in _TOLD.finditer(line)}
        topic, called = told.get("topic", ""), f"{name} {label} {told.get('ids', '')} {told.get('old', '')}"
        market = next((place for place, word in enumerate(MARKETS) if word in topic), len(MARKETS))
        rank = (market, told.get("effect") == "stream", len(label.partition("(")[0]))
        return cls(name, called.casefold(), topic.casefold(), line.casefold(), rank)

    def has(self, word: re.Pattern[str]) -> bool:
        """Say whether a word stands anywhere in it."""
        return word.search(self.line) is not None

    def strangeness(self, word: re.Pattern[str]) -> int:
        """Say how far from its name a word stands in it."""
        return 0 if word.search(self.called) else 1 if word.search(self.topic) else 2


MARKETS = ("국내주식", "미국주식", "해외주식")
"""What of a topic says that most people look for it."""
_TOLD = re.compile(r'"(topic|effect|ids|old)": ?(?:"([^"]*)"|(\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}))')


def _bare(label: str) -> str:
    """Return what of a label is compared: brackets, blanks and dashes differ from list to list."""
    return "".join(character for character in label.casefold() if character.isalnum())


def _elsewhere(asked: str, own: Catalogue) -> str:
    """Return the name of another installed broker that has an API of this name or id, blank where none has."""
    for entry in importlib.metadata.entry_points(group="brokerkit.brokers"):
        package = entry.module.partition(".")[0]
        if importlib.util.find_spec(package) is None:
            continue
        other = Catalogue.at(package)
        if other.path != own.path and other.path.is_file() and (asked in other._places or asked in other._ids):
            return entry.name
    return ""
