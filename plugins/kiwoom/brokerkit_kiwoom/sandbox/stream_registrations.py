"""What a line is registered for: groups of items and types, and how many of them Kiwoom takes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

MOST_ITEMS = 200
"""Of a connection. A symbol counts once, however many types are registered for it."""
MOST_ITEMS_OF_A_GROUP = 100
"""That a group has a limit of its own was seen, and that it takes so many; the limit itself is not known."""
TOO_MANY = 105115
TOO_MANY_IN_THE_GROUP = 105118


class Wanted(NamedTuple):
    """What is sent once it is registered: a type of an item. Types have a letter case: 0U is not 0u."""

    type: str
    item: str


class Registrations:
    """What one line is registered for, by group."""

    def __init__(self) -> None:
        self._groups: dict[str, set[Wanted]] = {}
        self._all: frozenset[Wanted] = frozenset()
        self._types: frozenset[str] = frozenset()

    def add(self, group: str, wanted: Iterable[Wanted], *, keep: bool) -> int:
        """Register, and forget everything before unless it is kept. Return the code of a refusal, 0 for none.

        A frame is taken whole or not at all; what Kiwoom does with the part of one that still fits is not known.
        """
        groups = {name: set(known) for name, known in self._groups.items()} if keep else {}
        groups.setdefault(group, set()).update(wanted)
        if len(_items(groups[group])) > MOST_ITEMS_OF_A_GROUP:
            return TOO_MANY_IN_THE_GROUP
        if len(_items(each for known in groups.values() for each in known)) > MOST_ITEMS:
            return TOO_MANY
        self._put(groups)
        return 0

    def remove(self, group: str, wanted: Iterable[Wanted]) -> None:
        """Forget some of a group; what is not in it is passed over."""
        groups = dict(self._groups)
        groups[group] = groups.get(group, set()) - set(wanted)
        self._put(groups)

    def __contains__(self, wanted: object) -> bool:
        return wanted in self._all

    def __iter__(self) -> Iterator[Wanted]:
        return iter(self._all)

    def has(self, type: str) -> bool:
        """Say whether a type is registered for any item."""
        return type in self._types

    def items(self, type: str) -> list[str]:
        """Return the items that a type is registered for."""
        return sorted(each.item for each in self._all if each.type == type)

    def _put(self, groups: dict[str, set[Wanted]]) -> None:
        self._groups = groups
        self._all = frozenset(each for known in groups.values() for each in known)
        self._types = frozenset(each.type for each in self._all)


def _items(wanted: Iterable[Wanted]) -> set[str]:
    return {each.item for each in wanted}
