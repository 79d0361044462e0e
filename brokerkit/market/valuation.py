"""What holdings are worth, as a broker's total and as the sum of its rows."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from brokerkit.words import PositionKind

TOLERANCE = Decimal("0.1")
"""Rows and total may be priced some seconds apart, page after page. At 10 % from its reference price trading of a share
stops for two minutes (static volatility interruption), so prices cannot go further meanwhile."""


def agrees(total: Decimal, values: Iterable[Decimal | None]) -> bool:
    """Say whether a total may be the sum of these values; where one of them is not known, nobody can say that not."""
    known = list(values)
    if None in known:
        return True
    parts = sum((value for value in known if value is not None), Decimal(0))
    return abs(total - parts) <= TOLERANCE * max(abs(total), abs(parts))


def terms_of(kind: PositionKind, quantity: Decimal, price: Decimal | None, market_value: Decimal) -> dict[str, object]:
    """Return the fields of a Position for which a broker's row of that kind does not stand as it is written."""
    terms: dict[str, object] = {"kind": kind}
    if price is None and not market_value:
        terms["market_value"] = None
    if kind is not PositionKind.CASH:
        terms["sellable_quantity"] = Decimal(0)
    if kind is PositionKind.SHORT:
        terms |= {"quantity": -abs(quantity), "average_price": None, "cost": None, "market_value": None}
    return terms
