"""Numbers, times and days of the common models: one definition of what goes in, for every field of every model.

A model takes a number as int, str or Decimal. A float is refused, for it is rarely the number that was meant,
and so are true, texts such as "1_000", and what is not finite. A time needs its offset and is kept in Korean time.
"""

from __future__ import annotations

import datetime as dt
import math
import operator
import reprlib
from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation
from numbers import Real
from typing import Annotated, Any, SupportsIndex

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from brokerkit.clock import KST
from brokerkit.errors import InvalidRequest

Amount = int | str | Decimal | float | SupportsIndex
"""A price or quantity as callers give it; integers of array libraries have an index."""
_HIGHEST = Decimal(10) ** 18
"""More digits than any broker's wire takes; a number beyond it is a mistake and would fill pages when written out."""
_NUMBERS = (Decimal, int, str, float)
_NUMBER = r"[+-]?[0-9]{1,80}(\.[0-9]{1,80})?([eE][+-]?[0-9]{1,3})?"
_TIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}.{0,16}"
_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"


def exact_decimal(value: object) -> Decimal:
    """Return a price or quantity given as int, str, Decimal or float as an exact Decimal.

    A float is taken by its shortest text, so 70000.0 is 70000 and 0.1 is 0.1. An integer of an array library is an
    integer. Anything else is an InvalidRequest.
    """
    value = _as_int(value)
    if isinstance(value, bool) or not isinstance(value, _NUMBERS):
        raise InvalidRequest(f"{reprlib.repr(value)} is not a number. Give an int, a str or a Decimal.")
    if isinstance(value, str) and (not value.isascii() or "_" in value or value != value.strip()):
        raise InvalidRequest(f"{_shown(value)} is not a plain number. Give an int, a str like '70000' or a Decimal.")
    try:
        # Not repr(value): the floats of array libraries are floats whose repr is no number.
        number = Decimal(float.__repr__(value) if isinstance(value, float) else value)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise InvalidRequest(f"{_shown(value)} is not a finite number. Give an int, a str like '70000' or a Decimal.")
    if not -_HIGHEST < number < _HIGHEST:
        raise InvalidRequest(f"{_shown(value)} is larger than any price or quantity.")
    return number


def exact_seconds(value: object) -> float:
    """Return the longest time to wait; InvalidRequest for what is no number of seconds."""
    try:
        seconds = float(value) if isinstance(value, Real) and not isinstance(value, bool) else math.nan
    except OverflowError:
        seconds = math.nan
    if math.isnan(seconds):
        raise InvalidRequest(f"timeout must be a number of seconds, not {reprlib.repr(value)}.")
    return seconds


def _as_int(value: object) -> object:
    """Return the int that an integer of another kind stands for: array libraries have their own."""
    if isinstance(value, _NUMBERS) or not hasattr(type(value), "__index__"):
        return value
    try:
        return operator.index(value)  # type: ignore[arg-type]
    except TypeError:  # truth values and arrays of several numbers have the method and refuse
        return value


def _shown(value: object) -> str:
    return f"An int of {value.bit_length()} bits" if isinstance(value, int) else reprlib.repr(value)


class NumberOfModel:
    """The number of a model, checked by the core of pydantic: no function of Python runs for a Decimal.

    `check` reads it instead, where more than that is to be taken or said.
    """

    def __init__(self, check: Callable[[object], Decimal] | None = None) -> None:
        self.check = check

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        # In digits: a nought of eight decimals is no 0E-8.
        written = core_schema.format_ser_schema("f", when_used="json-unless-none")
        if self.check is not None:
            return core_schema.no_info_plain_validator_function(self.check, serialization=written)
        whole = core_schema.no_info_after_validator_function(Decimal, core_schema.int_schema(strict=True))
        text = core_schema.no_info_after_validator_function(
            Decimal, core_schema.str_schema(pattern=rf"\A{_NUMBER}\z", strict=True)
        )
        exact = core_schema.decimal_schema(strict=True, allow_inf_nan=False)
        words = "A number is an int, a str such as '70000' or '0.5', or a Decimal; a float is not exact"
        return _either(exact, [whole, text], "exact_number", words, written)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        text = {"type": "string", "pattern": rf"^{_NUMBER}$"}
        return text if handler.mode == "serialization" else {"anyOf": [{"type": "integer"}, text]}


class _Moment:
    """The time of a model: with its offset, kept in Korean time."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        read = core_schema.datetime_schema(tz_constraint="aware")
        text = core_schema.chain_schema([core_schema.str_schema(pattern=rf"\A{_TIME}\z", strict=True), read])
        given = core_schema.datetime_schema(strict=True, tz_constraint="aware")
        words = "A time needs its offset from UTC, such as 2026-11-20T09:30:01+09:00"
        return core_schema.no_info_after_validator_function(_korean, _either(given, [text], "aware_time", words))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": "string", "format": "date-time"}


class _Date:
    """The day of a model: a date, no moment and no number of seconds."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        text = core_schema.chain_schema(
            [core_schema.str_schema(pattern=rf"\A{_DAY}\z", strict=True), core_schema.date_schema()]
        )
        return _either(core_schema.date_schema(strict=True), [text], "day", "A day is a date, such as 2026-11-20")

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": "string", "format": "date"}


def _either(
    own: CoreSchema,
    others: Sequence[CoreSchema],
    kind: str,
    words: str,
    serialization: core_schema.SerSchema | None = None,
) -> CoreSchema:
    """Return a schema for a Python object of the `own` kind or what stands for it; in JSON only the latter is there."""

    def one_of(choices: Sequence[CoreSchema]) -> CoreSchema:
        return core_schema.union_schema(
            list(choices), mode="left_to_right", custom_error_type=kind, custom_error_message=words
        )

    return core_schema.json_or_python_schema(one_of(others), one_of([own, *others]), serialization=serialization)


def _korean(moment: dt.datetime) -> dt.datetime:
    if moment.tzinfo is KST:
        return moment
    try:
        return moment.astimezone(KST)
    except OverflowError:
        raise ValueError("beyond the calendar") from None


Exact = Annotated[Decimal, NumberOfModel()]
"""A number of a model."""
Moment = Annotated[dt.datetime, _Moment()]
"""A time of a model."""
Date = Annotated[dt.date, _Date()]
"""A day of a model."""
