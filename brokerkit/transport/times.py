"""Days and times of day on the wire: digits, and nothing that Python's own readers would take besides."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler, PlainValidator, StringConstraints
from pydantic_core import CoreSchema, core_schema

from brokerkit import clock

_TIME = re.compile(r"([01][0-9]|2[0-3])(:?)[0-5][0-9]\2[0-5][0-9]")


class _TextDay:
    """A day is eight digits, YYYYMMDD. Python's own reader would take weeks, too."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        text = core_schema.str_schema(pattern=r"\A[0-9]{8}\z", strict=True)
        return core_schema.no_info_after_validator_function(dt.date.fromisoformat, text)


def _time_of_day(text: Any) -> str | None:
    return text.strip() if isinstance(text, str) and _TIME.fullmatch(text.strip()) else None


Day = Annotated[dt.date, _TextDay()]
"""A day as YYYYMMDD."""
TimeOfDay = Annotated[str | None, PlainValidator(_time_of_day)]
"""HHMMSS or HH:MM:SS; None for what is no time. Of an order it decides nothing that number and quantities do not."""
ClockOrBlank = Annotated[
    str, StringConstraints(strip_whitespace=True, pattern=r"\A(([01][0-9]|2[0-3])[0-5][0-9][0-5][0-9])?\z")
]
"""HHMMSS, or a blank."""


def day_of(text: str) -> dt.date | None:
    """Return the day of eight digits, None if there is no such day."""
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None


def moment(day: dt.date, time: str) -> dt.datetime:
    """Return the Korean time of a day and a time of day, with or without colons."""
    return dt.datetime.combine(day, dt.time.fromisoformat(time), clock.KST)
