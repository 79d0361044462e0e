"""Habits of the wire, as types."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal, localcontext
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    AliasChoices,
    Field,
    GetCoreSchemaHandler,
    PlainValidator,
    StringConstraints,
    ValidationInfo,
)
from pydantic_core import CoreSchema, core_schema

from brokerkit import clock
from brokerkit.transport import GRAMMAR, Block, Text, WireNumber, Words

T = TypeVar("T")

_SYMBOL = re.compile(r"[AJQ]?([0-9][0-9A-Z]{5})(?:_(?:NX|AL))?")
_TIME = re.compile(r"([01][0-9]|2[0-3])(:?)[0-5][0-9]\2[0-5][0-9]")


def _magnitude(text: str) -> Decimal:
    return abs(Decimal(text))


def _signed(text: str) -> Decimal:
    return Decimal(text.replace("--", "-"))


Padded = Annotated[Decimal, WireNumber(rf" *{GRAMMAR}")]
"""A number of an account API: zeros in front, minus before the zeros."""
PaddedOrBlank = Annotated[Decimal | None, WireNumber(rf" *{GRAMMAR}", blank=True)]
Unsigned = Annotated[Decimal | None, WireNumber(rf" *{GRAMMAR}", _magnitude, blank=True)]
"""A price, whose sign marks the direction against the base price."""
Mark = Annotated[str, StringConstraints(strip_whitespace=True)]
"""A word or day that decides something here; an error that repeats it cleans it."""
ZeroIsNone = Annotated[Decimal | None, WireNumber(rf" *{GRAMMAR}", lambda text: _magnitude(text) or None, blank=True)]
"""A price like that: where there is none (no trade yet, no limit, no base price), Kiwoom writes 0."""
Signed = Annotated[Decimal | None, WireNumber(rf" *(--|[+-])?{GRAMMAR.removeprefix('[+-]?')}", _signed, blank=True)]
"""A change or a flow, whose sign is real; two minus signs are one."""


def _plain(code: str) -> str:
    found = _SYMBOL.fullmatch(code)
    return found[1] if found else code


def _time_of_day(text: Any) -> str | None:
    return text.strip() if isinstance(text, str) and _TIME.fullmatch(text.strip()) else None


def _positive(text: Any) -> Decimal | None:
    plain = text.strip() if isinstance(text, str) else ""
    return (Decimal(plain) or None) if re.fullmatch("[0-9]{1,18}", plain) else None


def korean_time(text: Any) -> dt.datetime:
    """Read YYYYMMDDHHmmss as Korean time."""
    if not isinstance(text, str) or not re.fullmatch(r"[0-9]{14}", text):
        raise ValueError("not a time")
    return dt.datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=clock.KST)


Symbol = Annotated[Text, AfterValidator(_plain)]
"""종목코드 without the kind letter in front and the venue behind; what is not understood stays as it is."""
OrderNumber = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"\A0*[1-9][0-9]{0,9}\z")]
RelatedNumber = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"\A[0-9]{0,10}\z")]
"""The number of another order; blank or zeros where there is none."""
TimeOfDay = Annotated[str | None, PlainValidator(_time_of_day)]
"""HHMMSS in the lists of open and filled orders, HH:mm:ss in the day's list; None for what is no time.

Which second it was decides nothing that the number and the quantities do not.
"""
ToldQuantity = Annotated[Decimal | None, PlainValidator(_positive)]
"""A quantity that an accepted order repeats; None where it is none."""
PlainClockOrBlank = Annotated[
    str, StringConstraints(strip_whitespace=True, pattern=r"\A(([01][0-9]|2[0-3])[0-5][0-9][0-5][0-9])?\z")
]


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


def block(name: str) -> Any:
    """Return a field for the rows of a list."""
    return Field(None, alias=name, validate_default=True)


def day_of(text: str) -> dt.date | None:
    """Return the day of eight digits, None if there is no such day."""
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None


def moment(day: dt.date, time: str) -> dt.datetime:
    """Return the Korean time of a day and HHMMSS, with or without colons."""
    return dt.datetime.combine(day, dt.time.fromisoformat(time), clock.KST)


def average(amount: Decimal | None, quantity: Decimal | None) -> Decimal | None:
    """Return the average price of `quantity` shares that cost `amount`, to four decimals; None without trades."""
    if not amount or not quantity:
        return None
    with localcontext(prec=60):  # 18 digits before the point and 8 after it, in both
        return (amount / quantity).quantize(Decimal("0.0001"))


def traded(price: Decimal | None) -> Decimal | None:
    """Return None for 0: where there is no such price, Kiwoom writes 0."""
    return price or None
