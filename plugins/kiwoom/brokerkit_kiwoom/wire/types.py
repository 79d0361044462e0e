"""Habits of the wire, as types."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    AliasChoices,
    BeforeValidator,
    Field,
    GetCoreSchemaHandler,
    PlainValidator,
    ValidationInfo,
)
from pydantic_core import CoreSchema, core_schema

from brokerkit.transport import GRAMMAR, Block, Day, Text, Whole, WireNumber, Words

T = TypeVar("T")

_SYMBOL = re.compile(r"[AJQ]?([0-9][0-9A-Z]{5})(?:_(?:NX|AL))?")


def _magnitude(text: str) -> Decimal:
    return abs(Decimal(text))


def _signed(text: str) -> Decimal:
    return Decimal(text.replace("--", "-"))


Padded = Annotated[Decimal, WireNumber(rf" *{GRAMMAR}")]
"""A number of an account API: zeros in front, minus before the zeros."""
PaddedOrBlank = Annotated[Decimal | None, WireNumber(rf" *{GRAMMAR}", blank=True)]
Price = Annotated[Decimal, WireNumber(rf" *{GRAMMAR}", _magnitude)]
"""A price that has to be told, whose sign is no part of it."""
Unsigned = Annotated[Decimal | None, WireNumber(rf" *{GRAMMAR}", _magnitude, blank=True)]
"""A price, whose sign marks the direction against the base price."""
ZeroIsNone = Annotated[Decimal | None, WireNumber(rf" *{GRAMMAR}", lambda text: _magnitude(text) or None, blank=True)]
"""A price like that: where there is none (no trade yet, no limit, no base price), Kiwoom writes 0."""
Count = Annotated[Decimal | None, WireNumber(r" *[0-9]{1,18}", lambda text: Decimal(text) or None, blank=True)]
"""How many there are, zeros in front; 0 where that is not told."""
Hundredfold = Annotated[
    Decimal | None, WireNumber(r" *[+-]?[0-9]{1,18}", lambda text: _magnitude(text).scaleb(-2) or None, blank=True)
]
"""A value of an index in a chart: "655388" is 6553.88."""
Grouped = Annotated[
    Decimal | None,
    WireNumber(
        r" *([0-9]{1,3}(,[0-9]{3})+|[0-9]{1,18})(\.[0-9]{1,8})?",
        lambda text: Decimal(text.replace(",", "")),
        blank=True,
    ),
]
"""A number that may have commas between its thousands."""
Signed = Annotated[Decimal | None, WireNumber(rf" *(--|[+-])?{GRAMMAR.removeprefix('[+-]?')}", _signed, blank=True)]
"""A change or a flow, whose sign is real; two minus signs are one."""
Thousandths = Annotated[
    Decimal | None, WireNumber(r" *(--|[+-])?[0-9]{1,18}", lambda text: _signed(text).scaleb(-3), blank=True)
]
"""A rate whose three decimals have no point: "000001500" is 1.5; its sign is real."""


def plain_symbol(code: str) -> str:
    """Return 종목코드 without the kind letter in front and the venue behind; what is not understood stays as it is."""
    found = _SYMBOL.fullmatch(code)
    return found[1] if found else code


def _positive(text: Any) -> Decimal | None:
    plain = text.strip() if isinstance(text, str) else ""
    return (Decimal(plain) or None) if re.fullmatch("[0-9]{1,18}", plain) else None


def _day_or_none(text: Any) -> Any:
    return None if isinstance(text, str) and not text.strip("0 ") else text


Symbol = Annotated[Text, AfterValidator(plain_symbol)]
"""종목코드 without the kind letter in front and the venue behind; what is not understood stays as it is."""
DayOrBlank = Annotated[Day | None, BeforeValidator(_day_or_none)]
"""일자, or blanks or zeros where there is none."""
ToldQuantity = Annotated[Decimal | None, PlainValidator(_positive)]
"""A quantity that an accepted order repeats; None where it is none."""


class _OrNothing:
    """Rows may be missing where the words of the answer say that there are none."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        rows = core_schema.nullable_schema(handler(source))
        return core_schema.with_info_after_validator_function(_rows_or_nothing, rows)


def _rows_or_nothing(rows: Any, info: ValidationInfo) -> Any:
    if rows is None and not says_nothing(str(info.data.get("words", ""))):
        raise ValueError("no rows, and no words that there are none")
    return rows or ()


def says_nothing(words: str) -> bool:
    """Say whether the words of an answer mean that there is nothing to list, and no more than that."""
    return _NOTHING.fullmatch(words.replace(" ", "")) is not None


_NOTHING = re.compile(
    r"(\[2000\])?(\(571758:)?([가-힣]{0,12})(내역|자료|데이터)(이|가)?(없습니다|존재하지않습니다)\.?\)?"
)  # an order that is refused lacks money, shares, time or an order, not an entry to list

Rows = Annotated[tuple[T, ...], _OrNothing()]


class Listing(Block):
    """A page of a list, with the words of the answer in front: some lists without rows are a refusal that says so."""

    words: Words = Field("", validation_alias=AliasChoices("return_msg", "returnMsg"))


class WholeListing(Whole, Listing):
    """An answer that is taken as it comes; that it lists nothing is no refusal."""


def block(*names: str) -> Any:
    """Return a field for the rows of a list, which has one name or another."""
    return Field(None, validation_alias=AliasChoices(*names), validate_default=True)
