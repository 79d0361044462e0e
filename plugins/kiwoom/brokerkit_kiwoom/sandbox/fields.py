"""Fields of requests, and the checks that every body goes through."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .refusals import bad_value, missing_field

_NUMBER = re.compile(r"[0-9]+([.][0-9]+)?")


@dataclass(frozen=True)
class Field:
    """A field of a request: a text of at most `length` characters, blank only if it is not required."""

    name: str
    length: int
    values: str = ""
    """The only values, separated by blanks; none where the answer does not depend on them, or has one for the rest."""
    digits: bool = False
    number: bool = False
    """Digits, and perhaps decimals behind a point."""
    date: bool = False
    required: bool = True

    @property
    def choices(self) -> frozenset[str]:
        """The only values; empty if anything goes."""
        return frozenset(self.values.split())


def checked(fields: Sequence[Field], body: Mapping[str, object]) -> dict[str, str]:
    """Return the fields of a body, blank where an optional one is left out. Fields that nobody knows pass by."""
    for field in fields:
        if field.required and body.get(field.name) in (None, ""):
            raise missing_field(field.name)
    return {field.name: _value(field, body.get(field.name)) for field in fields}


def _value(field: Field, value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, int) and not isinstance(value, bool):
        # Every value on Kiwoom's pages is a text. No fact says that an integer is refused: it is read like its digits.
        value = str(value)
    if not isinstance(value, str):
        raise bad_value(field.name, "문자열이 아님")
    if value:
        _check_text(field, value)
    return value


def _check_text(field: Field, text: str) -> None:
    # The length of a code is checked with its spelling, which has a refusal of its own.
    if len(text) > field.length and field.name != "stk_cd":
        raise bad_value(field.name, f"{field.length}자 초과")
    if field.values and text not in field.choices:
        raise bad_value(field.name, "모르는 값")
    if (field.digits or field.date) and not (text.isascii() and text.isdigit()):
        raise bad_value(field.name, "숫자가 아님")
    if field.number and not _NUMBER.fullmatch(text):
        raise bad_value(field.name, "숫자가 아님")
    if field.date:
        try:
            day(text)
        except ValueError:
            raise bad_value(field.name, "날짜가 아님") from None


def day(text: str) -> dt.date:
    """Return the day of a YYYYMMDD text."""
    if len(text) != 8:
        raise ValueError(f"{text!r} is not YYYYMMDD.")
    return dt.date(int(text[:4]), int(text[4:6]), int(text[6:]))
