"""Numbers and days on the wire: one grammar, enforced while the answer is parsed.

Python's own readers are too kind: Decimal and int take "1_000", full-width digits and "1e3". A text outside the grammar
is an error that names the field; it never becomes 0. Habits of one vendor (direction signs, implied decimals) are
declared with `number_type` in that vendor's wire module.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from brokerkit.errors import InvalidRequest

GRAMMAR = r"[+-]?[0-9]{1,18}(\.[0-9]{1,8})?"


@dataclass(frozen=True)
class TextNumber:
    """How a number is written as text: a regular expression for the whole text and a reader for what matches it."""

    pattern: str = GRAMMAR
    read: Callable[[str], Decimal | None] = Decimal
    blank: bool = False

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        text = core_schema.str_schema(pattern=rf"\A(?:{self.pattern})\z", strict=True)
        number = core_schema.no_info_after_validator_function(self.read, text)
        if not self.blank:
            return number
        empty = core_schema.no_info_after_validator_function(
            lambda _: None, core_schema.str_schema(pattern=r"\A *\z", strict=True)
        )
        return core_schema.union_schema([number, empty], mode="left_to_right")


Number = Annotated[Decimal, TextNumber()]
"""A number that must be there."""
Blankable = Annotated[Decimal | None, TextNumber(blank=True)]
"""A number, or a blank text, which is None."""


class _TextDay:
    """A day is eight digits, YYYYMMDD. Python's own reader would take weeks, too."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        text = core_schema.str_schema(pattern=r"\A[0-9]{8}\z", strict=True)
        return core_schema.no_info_after_validator_function(dt.date.fromisoformat, text)


Day = Annotated[dt.date, _TextDay()]
"""A day as YYYYMMDD."""


def wire_text(number: Decimal | int) -> str:
    """Return a number as brokers want it: plain digits, no exponent, no trailing zeros ("70000", "0.5").

    Raises InvalidRequest for what does not fit the grammar, such as NaN or more than eight decimals.
    """
    text = f"{Decimal(number):f}" if number else "0"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    if not re.fullmatch(GRAMMAR, text, re.ASCII):
        raise InvalidRequest(f"{number} cannot be sent as a number.", advice="At most 18 digits and 8 decimals.")
    return text
