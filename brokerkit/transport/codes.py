"""Code tables that refuse to guess."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import NoReturn, TypeVar

from brokerkit.errors import Unsupported

K = TypeVar("K", bound=Hashable)


class Codes(dict[K, str]):
    """An outgoing table: our word to the broker's code. A word it lacks raises Unsupported with the alternatives."""

    def __init__(self, what: str, table: Mapping[K, str]) -> None:
        super().__init__(table)
        self.what = what

    def __missing__(self, word: K) -> NoReturn:
        offered = ", ".join(_words(known) for known in self) or "none"
        raise Unsupported(
            f"{_words(word)} is not offered as {self.what}.", advice=f"Nothing was sent. Offered here: {offered}."
        )


def _words(key: object) -> str:
    return " ".join(str(part) for part in key) if isinstance(key, tuple) else str(key)
