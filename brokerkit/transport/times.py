"""Days and times of day on the wire: digits, and nothing that Python's own readers would take besides."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler, PlainValidator
from pydantic_core import CoreSchema, core_schema

from brokerkit import clock

_TIME = r"([01][0-9]|2[0-3])(:?)[0-5][0-9]\2[0-5][0-9]"
_DIGITS = {"%Y": "[0-9]{4}", **dict.fromkeys(("%m", "%d", "%H", "%M", "%S"), "[0-9]{2}")}


class _TextDay:
    """A day is eight digits, YYYYMMDD. Python's own reader would take weeks, too."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        text = core_schema.str_schema(pattern=r"\A[0-9]{8}\z", strict=True)
        return core_schema.no_info_after_validator_function(dt.date.fromisoformat, text)


@dataclass(frozen=True)
class KoreanTime:
    """A moment in Korean time as a broker writes it, such as "%Y%m%d%H%M%S": digits, and what stands between them."""

    form: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        parts = re.split("(%[A-Za-z])", self.form)
        pattern = "".join(_DIGITS[part] if part[:1] == "%" else re.escape(part) for part in parts)
        text = core_schema.str_schema(pattern=rf"\A{pattern}\z", strict=True)
        return core_schema.no_info_after_validator_function(self._read, text)

    def _read(self, text: str) -> dt.datetime:
        return dt.datetime.strptime(text, self.form).replace(tzinfo=clock.KST)


@dataclass(frozen=True)
class _TimeOrBlank:
    """A time of day that has to be one."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        pattern = r"\A(([01][0-9]|2[0-3])[0-5][0-9][0-5][0-9])?\z"
        text = core_schema.str_schema(pattern=pattern, strip_whitespace=True, strict=True)
        return core_schema.no_info_after_validator_function(_time_or_blank, text)


class _DayOrNone:
    """A day that need not be there."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        text = core_schema.str_schema(pattern=r"\A(?: *|[0-9]{8})\z", strict=True)
        return core_schema.no_info_after_validator_function(_day_or_none, text)


def _day_or_none(text: str) -> dt.date | None:
    return dt.date.fromisoformat(text) if text.strip(" 0") else None


def _time_of_day(text: Any) -> dt.time | None:
    found = re.fullmatch(_TIME, text.strip()) if isinstance(text, str) else None
    return dt.time.fromisoformat(found[0]) if found else None


def _digits_of_day(text: Any) -> dt.time | None:
    return None if isinstance(text, str) and ":" in text else _time_of_day(text)


def _time_or_blank(text: str) -> dt.time | None:
    return dt.time.fromisoformat(text) if text else None


Day = Annotated[dt.date, _TextDay()]
"""A day as YYYYMMDD."""
DayOrNone = Annotated[dt.date | None, _DayOrNone()]
"""A day as YYYYMMDD; blanks and zeros are none."""
TimeOfDay = Annotated[dt.time | None, PlainValidator(_digits_of_day)]
"""HHMMSS; None for what is no time. Which second it was decides nothing that the number and the quantities do not."""
EitherTimeOfDay = Annotated[dt.time | None, PlainValidator(_time_of_day)]
"""HHMMSS or HH:MM:SS; None for what is no time."""
TimeOrBlank = Annotated[dt.time | None, _TimeOrBlank()]
"""HHMMSS, or a blank, which is None; anything else is refused."""
