"""Texts of a broker as numbers, dates and times, by what its catalogue says of the field."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal, localcontext

_DIGITS = r"[0-9]{1,40}(\.[0-9]{1,40})?"
_PLAIN, _TWICE = rf"[+-]?{_DIGITS}", rf"(\+\+|--|[+-])?{_DIGITS}"


def _double(text: str) -> Decimal:
    return Decimal(text[1:] if text[:2] in ("--", "++") else text)


_GRAMMARS: dict[str, tuple[re.Pattern[str], Callable[[str], Decimal]]] = {
    name: (re.compile(rf" *(?:{pattern}) *", re.ASCII), read)
    for name, pattern, read in (
        ("plain", _PLAIN, Decimal),
        ("direction", _TWICE, lambda text: _double(text).copy_abs()),
        ("double", _TWICE, _double),
        (
            "grouped",
            r"[+-]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]{1,40})?|" + _PLAIN,
            lambda text: Decimal(text.replace(",", "")),
        ),
        ("pointed", r"(\+\+|--|[+-])?([0-9]{1,40}\.[0-9]{1,40}|0{1,40})", _double),
        ("percent", rf"{_PLAIN} *%?", lambda text: Decimal(text.rstrip("% "))),
    )
}
"""How a number is written, by the name that `Field.number` has for it."""


class Odd(ValueError):
    """A text is not what it should be."""

    advice: str | None = None
    """What to do about it, where more is known than that."""

    def of(self, name: str) -> str:
        """Say it of a field."""
        words = {
            "a number": f"{name} is not a number",
            "a number with its point": f"{name} is not a number with its point",
            "a date": f"{name} is not a date",
            "a time": f"{name} is not a time",
        }
        return words[str(self)]


_NO_POINT = "No value was guessed: sources disagree on whether its last digits are decimals. The row has the text."


def number_in(value: object, grammar: str, implied: int = 0) -> Decimal | None:
    """Return a number, of which so many decimals have no point; None for a blank."""
    if value is None:
        return None
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        value = str(value) if isinstance(value, int) else f"{value:f}"
    if not isinstance(value, str):
        raise Odd("a number")
    if not value.strip(" "):
        return None
    pattern, read = _GRAMMARS[grammar or "plain"]
    if not pattern.fullmatch(value):
        odd = Odd("a number with its point" if grammar == "pointed" else "a number")
        odd.advice = _NO_POINT if grammar == "pointed" and number_in(value, "double") is not None else None
        raise odd
    number = read(value.strip(" "))
    with localcontext(prec=100):  # no digit of it is lost
        return number.scaleb(-implied) if implied else number


def date_in(value: object) -> dt.date | None:
    """Return the date of a text that begins with YYYYMMDD; None for a blank or for zeros."""
    text = value.strip() if isinstance(value, str) else str(value)
    if value is None or not text.strip("0"):
        return None
    if re.fullmatch(r"[0-9]{8}([0-9]{6})?", text, re.ASCII):
        try:
            return dt.date(int(text[:4]), int(text[4:6]), int(text[6:8]))
        except ValueError:
            pass
    raise Odd("a date")


def time_in(value: object) -> dt.time | None:
    """Return the time of a text that ends with HHMMSS, with colons or without; None for a blank."""
    text = value.strip().replace(":", "") if isinstance(value, str) else str(value)
    if value is None or not text:
        return None
    if re.fullmatch(r"([0-9]{8})?[0-9]{4}([0-9]{2})?", text, re.ASCII):
        digits = text[8:] if len(text) > 8 else text
        try:
            return dt.time(int(digits[:2]), int(digits[2:4]), int(digits[4:6] or 0))
        except ValueError:
            pass
    raise Odd("a time")
