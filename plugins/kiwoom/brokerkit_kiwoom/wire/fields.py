"""Habits of the realtime wire: values are texts, read by the hundred thousand, so no model stands between."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import lru_cache, wraps
from typing import Any, TypeVar

from brokerkit.clock import KST
from brokerkit.transport import GRAMMAR
from brokerkit_kiwoom.wire.types import plain_symbol

T = TypeVar("T")
Values = Mapping[str, str]
"""FID to its text."""
_SIGNS = frozenset("+-")
_NUMBER = re.compile(rf" *({GRAMMAR}) *", re.ASCII)
_CHANGE = re.compile(rf" *(?:-(?=-))?({GRAMMAR}) *", re.ASCII)
_TIME = re.compile("([01][0-9]|2[0-3])[0-5][0-9][0-5][0-9]", re.ASCII)


def figure(text: str) -> Decimal | None:
    """Return a number whose sign is no part of it, such as a price; None of a blank. ValueError for anything else."""
    digits = text[1:] if text[:1] in _SIGNS else text
    if digits.isdigit() and digits.isascii() and len(digits) <= 18:
        return Decimal(digits)
    return _read(_NUMBER, text, abs)


def change(text: str | None) -> Decimal | None:
    """Return a number whose sign is real, two minus signs being one; None of a blank."""
    return None if text is None else _read(_CHANGE, text, lambda number: number)


def _read(pattern: re.Pattern[str], text: str, made: Callable[[Decimal], Decimal]) -> Decimal | None:
    found = pattern.fullmatch(text)
    if found is not None:
        return made(Decimal(found[1]))
    if text.strip(" "):
        raise ValueError("a number is not as documented")
    return None


price = lru_cache(maxsize=1 << 14)(figure)
"""The same of what comes again and again: prices, and the quantities of levels and trades."""


def traded(text: str | None) -> Decimal | None:
    """Return a price; None where there is none, for which Kiwoom writes a blank or 0."""
    return None if text is None else price(text) or None


@lru_cache(maxsize=1 << 12)
def moment(text: str | None, day: dt.date) -> dt.datetime | None:
    """Return a time of day of a day; None for what is no time, which decides nothing."""
    if text is None or _TIME.fullmatch(text) is None:
        return None
    return dt.datetime.combine(day, dt.time.fromisoformat(text), KST)


@lru_cache(maxsize=1 << 12)
def symbol(text: str) -> str:
    """Return 종목코드 without blanks, the kind letter in front and the venue behind."""
    return plain_symbol(text.strip())


def fids(text: str) -> frozenset[str]:
    """Read the numbers of fields, written `25 81-100`."""
    spans = [word.partition("-") for word in text.split()]
    return frozenset(str(fid) for first, _, last in spans for fid in range(int(first), int(last or first) + 1))


def of_row(read: Callable[..., T]) -> Callable[..., T]:
    """Make a ValueError of whatever a reader of rows stumbles over: a field that is not there, or is no text."""

    @wraps(read)
    def reader(row: Any, venue: Any, received_at: dt.datetime) -> T:
        try:
            return read(row, venue, received_at)
        except KeyError as missing:
            words = f"field {missing.args[0]} is missing"
        except (AttributeError, IndexError, TypeError):
            words = "a field is no text"
        raise ValueError(words)

    return reader
