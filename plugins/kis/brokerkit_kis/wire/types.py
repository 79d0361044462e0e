"""Habits of the wire, as types."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any, TypeVar

from pydantic import AliasChoices, BeforeValidator, Field, StringConstraints

from brokerkit.market import clock

T = TypeVar("T")


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, dict) else value


def _as_object(value: Any) -> Any:
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def korean_time(text: Any) -> dt.datetime:
    return dt.datetime.strptime(str(text), "%Y-%m-%d %H:%M:%S").replace(tzinfo=clock.KST)


def _date(text: Any) -> dt.date:
    if not isinstance(text, str) or len(text) != 8 or not (text.isascii() and text.isdigit()):
        raise ValueError("not a date")
    return dt.date(int(text[:4]), int(text[4:6]), int(text[6:]))


Rows = Annotated[tuple[T, ...], BeforeValidator(_as_list)]
One = Annotated[T, BeforeValidator(_as_object)]
Day = Annotated[dt.date, BeforeValidator(_date)]
OrderNumber = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"\A0*[1-9][0-9]{0,9}\z")]
Clock = Annotated[str, StringConstraints(pattern=r"\A([01][0-9]|2[0-3])[0-5][0-9][0-5][0-9]\z")]


def block(name: str) -> Any:
    """Return a field for a block of the answer, whose name varies in letter case."""
    return Field(validation_alias=AliasChoices(name, name.capitalize(), name.upper()))


def moment(day: dt.date, time: str) -> dt.datetime:
    """Return the Korean time of a day and HHMMSS."""
    return dt.datetime.combine(day, dt.time(int(time[:2]), int(time[2:4]), int(time[4:])), clock.KST)


def traded(price: Decimal | None) -> Decimal | None:
    """Return None for 0: where KIS has no such price yet, it writes 0."""
    return price or None
