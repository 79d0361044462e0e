"""What holdings are worth, as a broker's total and as the sum of its rows."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

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
