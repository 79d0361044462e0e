"""Kiwoom's ways to write dollars. Every number on the wire is a text."""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

_UNITS = {places: Decimal(1).scaleb(-places) for places in (2, 3, 4, 6)}
_ONE = Decimal(1)


def dollars(value: Decimal | int, places: int = 4) -> str:
    """Write an amount or a price with its decimals."""
    return f"{Decimal(value).quantize(_UNITS[places], ROUND_HALF_UP):f}"


def directed(price: Decimal | None, base: Decimal) -> str:
    """Write a price with the sign of its direction, which is no part of the value; blank where there is none."""
    if price is None:
        return ""
    sign = "+" if price > base else "-" if price < base else ""
    return f"{sign}{dollars(price)}"


def change(value: Decimal) -> str:
    """Write a change: plus or minus, nothing at 0."""
    return f"{value:+.4f}" if value else dollars(0)


def rate_of(part: Decimal, all_of_it: Decimal) -> Decimal:
    """Return a part in percent, cut to two decimals as in the examples of holdings; 0 of nothing."""
    return (part * 100 / all_of_it if all_of_it else Decimal(0)).quantize(_UNITS[2], ROUND_DOWN)


def broken(value: Decimal) -> str:
    """Write a profit as the demo host does: a loss of less than a dollar was seen as `.-203`."""
    return f".{int(value.scaleb(4)):04d}" if -_ONE < value < 0 else dollars(value)
