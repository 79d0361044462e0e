"""What holdings are worth, as a broker's total and as the sum of its rows."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Protocol

from brokerkit.words import PositionKind

TOLERANCE = Decimal("0.02")
"""Rows and total of one page may be priced a moment apart."""
TOLERANCE_OF_PAGES = Decimal("0.1")
"""Pages are some seconds apart. At 10 % from its reference price trading of a share stops for two minutes (static
volatility interruption), so prices cannot go further meanwhile."""


class Valued(Protocol):
    """A broker's row of a holding, as far as its value and kind are concerned."""

    @property
    def kind(self) -> PositionKind | None: ...

    @property
    def market_value(self) -> Decimal: ...


def disagreement(total: Decimal, pages: Sequence[Sequence[Valued]]) -> str | None:
    """Say why a total cannot be that of these rows, or None: a row is missing then, or stands twice."""
    rows = [row for page in pages for row in page]
    own = [row for row in rows if row.kind is PositionKind.CASH]
    if len(set(own)) < len(own):
        return "a holding stands in it twice, alike in all"
    parts = sum((row.market_value for row in rows if row.kind is not PositionKind.SHORT), Decimal(0))
    # Whether what is owed adds to the total, is taken off, or left out is not known.
    owed = sum((abs(row.market_value) for row in rows if row.kind is PositionKind.SHORT), Decimal(0))
    tolerance = TOLERANCE if len(pages) < 2 else TOLERANCE_OF_PAGES
    for worth in (parts, parts + owed, parts - owed):
        # What a holding without a price adds to the total is not known either.
        is_more = total > worth and any(not row.market_value for row in rows)
        if is_more or abs(total - worth) <= tolerance * max(abs(total), abs(worth)):
            return None
    return f"the total of the market value ({total}) is not the sum of the holdings"


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
