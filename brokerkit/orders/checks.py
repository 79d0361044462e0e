"""What can be known to be wrong with a price before an order is sent."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

from brokerkit.errors import InvalidRequest
from brokerkit.market import clock
from brokerkit.market.ticks import Kind, is_on_tick, round_to_tick, tick_size
from brokerkit.models import Quote


class PriceChecks:
    """Price steps and the limits of the day, as far as they are known without asking for every order.

    `kind_of` asks the broker what kind of security a symbol is; its answers are kept.
    """

    def __init__(self, kind_of: Callable[[str], Kind | None]) -> None:
        self._kind_of = kind_of
        self._kinds: dict[str, Kind | None] = {}
        self._limits: dict[str, tuple[dt.date, Decimal, Decimal]] = {}

    def remember(self, quote: Quote) -> None:
        """Keep the limits of the day that a quote tells."""
        if quote.lower_limit is not None and quote.upper_limit is not None:
            self._limits[quote.symbol] = (clock.today(), quote.lower_limit, quote.upper_limit)

    def check(self, symbol: str, price: Decimal) -> None:
        """Raise InvalidRequest for a price off the step, or outside the limits of a quote of today."""
        if not self._is_on_step(symbol, price):
            kind = self._kinds.get(symbol) or Kind.STOCK
            step = tick_size(price, kind)
            below = price // step * step
            raise InvalidRequest(
                f"{price} is not a price of {symbol}: the step there is {step} won.",
                advice=f"Nothing was sent. The nearest prices are {below} and {below + step}.",
            )
        day, lower, upper = self._limits.get(symbol, (None, price, price))
        if day == clock.today() and not lower <= price <= upper:
            raise InvalidRequest(
                f"{price} is outside today's limits of {symbol}, {lower} to {upper} won.", advice="Nothing was sent."
            )

    def rounded(self, symbol: str, price: Decimal, *, up: bool) -> Decimal:
        """Return the next price on the step; where the kind of security is not known, one that every kind has."""
        if is_on_tick(price, Kind.STOCK):
            return price
        return round_to_tick(price, self._kind(symbol) or Kind.STOCK, up=up)

    def _is_on_step(self, symbol: str, price: Decimal) -> bool:
        # The step of funds (ETF, ETN) is finer. Only there does it matter what the symbol is, and the broker is asked.
        return is_on_tick(price, Kind.STOCK) or (is_on_tick(price, Kind.FUND) and self._kind(symbol) is not Kind.STOCK)

    def _kind(self, symbol: str) -> Kind | None:
        if symbol not in self._kinds:
            self._kinds[symbol] = self._kind_of(symbol)
        return self._kinds[symbol]
