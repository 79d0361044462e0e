"""Kiwoom's ways to write a number. Every number on the wire is a text."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

_CENT = Decimal("0.01")


def whole(value: Decimal | int) -> str:
    """Write a whole number plainly; fractions of a won or share are cut."""
    return str(int(value))


def padded(value: Decimal | int, width: int = 15) -> str:
    """Write a whole number with leading zeros; the width counts the minus sign."""
    number = int(value)
    return f"-{-number:0{width - 1}d}" if number < 0 else f"{number:0{width}d}"


def signed(value: Decimal | int) -> str:
    """Write a change: plus or minus, nothing at 0."""
    return f"{int(value):+d}" if value else "0"


def directed(price: Decimal | None, base: Decimal) -> str:
    """Write a price with the sign of its direction against the base price; the sign is no part of the value."""
    if price is None:
        return "0"
    if price == base:
        return whole(price)
    return f"{'+' if price > base else '-'}{int(price)}"


def percent_of(part: Decimal, all_of_it: Decimal) -> Decimal:
    """Return a part in percent, rounded half up to two decimals as Kiwoom's own samples are; 0 of nothing."""
    return (part * 100 / all_of_it).quantize(_CENT, ROUND_HALF_UP) if all_of_it else Decimal("0.00")


def signed_rate(rate: Decimal) -> str:
    """Write a rate with two decimals and its sign; nothing in front of 0.00."""
    return f"{rate:+.2f}" if rate else "0.00"


def implied_rate(rate: Decimal) -> str:
    """Write a rate without its point: +6.98 is `+698`."""
    return signed(rate * 100)


def padded_rate(rate: Decimal) -> str:
    """Write a rate as the demo host pads it: twelve characters, nine of them before the point."""
    return f"{rate:012.2f}"
