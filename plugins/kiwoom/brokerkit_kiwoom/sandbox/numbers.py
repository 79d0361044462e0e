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


def falling(price: Decimal, base: Decimal, width: int) -> str:
    """Write a price of a holding: padded, with a minus in front where it is below the base price.

    The sign is its direction and no part of the value, nor of the width. Clients saw only the minus.
    """
    return f"{'-' if price < base else ''}{padded(price, width)}"


def signed(value: Decimal | int) -> str:
    """Write a change: plus or minus, nothing at 0."""
    return f"{int(value):+d}" if value else "0"


def doubled(value: Decimal | int) -> str:
    """Write a net flow as some market queries do: one plus, two minus signs, nothing at 0."""
    return f"--{-int(value)}" if value < 0 else signed(value)


def directed(price: Decimal | None, base: Decimal, *, none: str = "0") -> str:
    """Write a price with the sign of its direction against the base price; the sign is no part of the value."""
    if price is None:
        return none
    if price == base:
        return whole(price)
    return f"{'+' if price > base else '-'}{int(price)}"


def sign_code(price: Decimal, base: Decimal, limits: tuple[Decimal, Decimal] | None = None) -> str:
    """Return 1 at the upper limit, 2 above the base price, 3 at it, 4 at the lower limit, 5 below it."""
    if price == base:
        return "3"
    if price > base:
        return "1" if limits and price >= limits[1] else "2"
    return "4" if limits and price <= limits[0] else "5"


def percent_of(part: Decimal, all_of_it: Decimal, unit: Decimal = _CENT) -> Decimal:
    """Return a part in percent, rounded half up (to two decimals) as Kiwoom's own samples are; 0 of nothing."""
    return (part * 100 / all_of_it if all_of_it else Decimal(0)).quantize(unit, ROUND_HALF_UP)


def volume_rate(volume: Decimal, before: Decimal) -> str:
    """Write the volume in percent of the day before; the sign only tells which of the two is larger."""
    if not before or volume == before:
        return f"{percent_of(volume, before)}"
    return f"{'+' if volume > before else '-'}{percent_of(volume, before)}"


def signed_rate(rate: Decimal) -> str:
    """Write a rate with two decimals and its sign; nothing in front of 0.00."""
    return f"{rate:+.2f}" if rate else "0.00"


def implied_rate(rate: Decimal) -> str:
    """Write a rate without its point: +6.98 is `+698`."""
    return signed(rate * 100)


def padded_rate(rate: Decimal) -> str:
    """Write a rate as the demo host pads it: nine characters before the point, the minus sign among them."""
    return f"{rate:0{9 - int(rate.as_tuple().exponent) + 1}f}"
