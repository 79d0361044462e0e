"""What the state takes of a sale, and how amounts are cut. Commissions are the broker's and not told here."""

from __future__ import annotations

import datetime as dt
from decimal import ROUND_DOWN, Decimal

from brokerkit.errors import InvalidRequest
from brokerkit.words import SecurityType

_TAX_RATES = {
    "KOSPI": {2023: Decimal("0.0020"), 2024: Decimal("0.0018"), 2025: Decimal("0.0015"), 2026: Decimal("0.0020")},
    "KOSDAQ": {2023: Decimal("0.0020"), 2024: Decimal("0.0018"), 2025: Decimal("0.0015"), 2026: Decimal("0.0020")},
    "KONEX": {2023: Decimal("0.0010"), 2024: Decimal("0.0010"), 2025: Decimal("0.0010"), 2026: Decimal("0.0010")},
}
"""Securities transaction tax and rural special tax together, by the year of settlement."""
_LATEST_RATE = 2026
_TAXED = frozenset({SecurityType.STOCK, SecurityType.REIT, SecurityType.INVESTMENT_COMPANY})
"""What is traded like shares is taken to be taxed like them."""
TAX_YEARS = range(2023, 2028)
"""Years of settlement whose rate can be told. For the last one no change is known, so it has the rate before it."""


def transaction_tax_rate(settled: dt.date, market: str, kind: SecurityType) -> Decimal:
    """Return the tax on a sale as a fraction of its amount (0.002 is 0.2 %), by the day of settlement.

    Trades at NXT are taxed like those of the listing market.
    """
    if market not in _TAX_RATES:
        raise InvalidRequest(f"The tax of the market {market!r} is not known, only that of {', '.join(_TAX_RATES)}.")
    if settled.year not in TAX_YEARS:
        raise InvalidRequest(
            f"The transaction tax of {settled.year} is not known, only that of {TAX_YEARS[0]} to {TAX_YEARS[-1]}."
        )
    if kind not in _TAXED:
        return Decimal(0)
    return _TAX_RATES[market][min(settled.year, _LATEST_RATE)]


def cut(amount: Decimal, unit: Decimal) -> Decimal:
    """Return the amount cut down to whole units, as commissions are to 10 won and taxes to 1 won."""
    return (amount / unit).to_integral_value(rounding=ROUND_DOWN) * unit
