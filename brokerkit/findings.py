"""What an adapter's importer makes of a file of another program."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pydantic import SecretStr


@dataclass(frozen=True)
class Found:
    """One account that an adapter found in a file of another program."""

    environment: str | None
    """None where the file does not tell it."""
    settings: Mapping[str, SecretStr]
    lacking: Mapping[str, str]
    """Settings that the file has a place for but no value, with the file's own name of that place."""


@dataclass(frozen=True)
class Findings:
    """What an adapter made of a file of another program: accounts, and how many other variables it left alone."""

    accounts: tuple[Found, ...]
    others: int


Importer = Callable[[Mapping[str, object]], Findings | None]
"""An entry point of the group `brokerkit.importers`, named as its broker: None for a file that it does not know.

The first line of its docstring says what it knows. Numbers of a file are texts, as they are written.
"""
