"""Habits of the wire, as types."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal, localcontext
from typing import Annotated, Any

from pydantic import AfterValidator, StringConstraints

from brokerkit.market import clock
from brokerkit.transport import GRAMMAR, Text, TextNumber

_PREFIX = re.compile(r"[AJQ]([0-9][0-9A-Z]{5})")
_SUFFIX = re.compile(r"([0-9][0-9A-Z]{5})_(?:NX|AL)")


def _magnitude(text: str) -> Decimal:
    return abs(Decimal(text))


def _signed(text: str) -> Decimal:
    return Decimal(text.replace("--", "-"))


Padded = Annotated[Decimal, TextNumber(rf" *{GRAMMAR}")]
"""A number of an account API: zeros in front, minus before the zeros."""
PaddedOrBlank = Annotated[Decimal | None, TextNumber(rf" *{GRAMMAR}", blank=True)]
Unsigned = Annotated[Decimal | None, TextNumber(rf" *{GRAMMAR}", _magnitude, blank=True)]
"""A price, whose sign marks the direction against the base price."""
ZeroIsNone = Annotated[Decimal | None, TextNumber(rf" *{GRAMMAR}", lambda text: _magnitude(text) or None, blank=True)]
"""A price like that: where there is none (no trade yet, no limit, no base price), Kiwoom writes 0."""
Signed = Annotated[Decimal | None, TextNumber(rf" *(--|[+-])?{GRAMMAR.removeprefix('[+-]?')}", _signed, blank=True)]
"""A change or a flow, whose sign is real; two minus signs are one."""


def _plain(code: str) -> str:
    found = _PREFIX.fullmatch(code) or _SUFFIX.fullmatch(code)
    return found[1] if found else code


def korean_time(text: Any) -> dt.datetime:
    """Read YYYYMMDDHHmmss as Korean time."""
    if not isinstance(text, str) or not re.fullmatch(r"[0-9]{14}", text):
        raise ValueError("not a time")
    return dt.datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=clock.KST)


Symbol = Annotated[Text, AfterValidator(_plain)]
"""종목코드 without the kind letter in front and the venue behind."""
OrderNumber = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"\A0*[1-9][0-9]{0,9}\z")]
RelatedNumber = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"\A[0-9]{0,10}\z")]
"""The number of another order; blank or zeros where there is none."""
PlainClock = Annotated[str, StringConstraints(pattern=r"\A([01][0-9]|2[0-3])[0-5][0-9][0-5][0-9]\z")]
"""HHMMSS, in the lists of open and filled orders; the day's list writes colons."""
PlainClockOrBlank = Annotated[
    str, StringConstraints(strip_whitespace=True, pattern=r"\A(([01][0-9]|2[0-3])[0-5][0-9][0-5][0-9])?\z")
]
Clock = Annotated[str, StringConstraints(pattern=r"\A([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\z")]


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
