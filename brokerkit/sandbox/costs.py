"""What a broker and the state take for a trade."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from brokerkit.market.costs import cut


@dataclass(frozen=True)
class Costs:
    """Commission of a broker: rate as a fraction, cut to `commission_unit` of the currency for each fill.

    The tax on sales follows the market's table and is cut to 1 won for each fill. Brokers differ in whether they cut
    by fill or by order, and not all of them tell.
    """

    commission_rate: Decimal = Decimal("0.00015")
    commission_unit: Decimal = Decimal(10)

    def in_units(self, scale: int) -> Costs:
        """Return the same costs for amounts of which so many are one of the currency."""
        return self if scale == 1 else Costs(self.commission_rate, self.commission_unit * scale)

    def commission(self, amount: int) -> int:
        """Return the commission on an amount traded."""
        return int(cut(amount * self.commission_rate, self.commission_unit))

    @staticmethod
    def tax(amount: int, rate: Decimal) -> int:
        """Return the tax on an amount sold."""
        return int(cut(amount * rate, Decimal(1)))
