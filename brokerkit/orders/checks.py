"""What can be known to be wrong with an order before it is sent."""

from __future__ import annotations

import datetime as dt
import reprlib
from collections.abc import Callable
from decimal import Decimal

from brokerkit import clock
from brokerkit.errors import InvalidRequest, NothingToCancel, Unsupported
from brokerkit.market.sessions import Phase, offers
from brokerkit.market.ticks import is_on_tick, round_to_tick, tick_size
from brokerkit.models import Order, OrderRequest, Quote
from brokerkit.values import Amount, exact_decimal
from brokerkit.words import OrderStatus, SecurityType, Side, Venue

FINISHED = frozenset({OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.REJECTED, OrderStatus.EXPIRED})


class PriceChecks:
    """Price steps and the limits of the day, as far as they are known without asking for every order.

    `kind_of` asks the broker what kind of security a symbol is; its answers are kept.
    """

    def __init__(self, kind_of: Callable[[str], SecurityType | None]) -> None:
        self._kind_of = kind_of
        self._kinds: dict[str, SecurityType | None] = {}
        self._limits: dict[str, tuple[dt.date, Decimal, Decimal]] = {}

    def remember(self, quote: Quote) -> None:
        """Keep the limits of the day that a quote tells; without limits (liquidation trading, ELW) there are none."""
        self._limits.pop(quote.symbol, None)
        if quote.lower_limit and quote.upper_limit:
            self._limits[quote.symbol] = (clock.today(), quote.lower_limit, quote.upper_limit)

    def check(self, symbol: str, price: Decimal) -> None:
        """Raise InvalidRequest for a price off the step, or outside the limits of a quote of today."""
        if not self._is_on_step(symbol, price):
            kind = self._kinds.get(symbol) or SecurityType.STOCK
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

    def rounded(self, symbol: str, price: Decimal, side: object) -> Decimal:
        """Return the next price on the step; where the kind of security is not known, one that every kind has."""
        try:
            up = Side(side) is Side.SELL  # type: ignore[arg-type]
        except ValueError:
            raise InvalidRequest(f"{reprlib.repr(side)} is no side. There are {', '.join(Side)}.") from None
        if is_on_tick(price, SecurityType.STOCK):
            return price
        return round_to_tick(price, self._kind(symbol) or SecurityType.STOCK, up=up)

    def _is_on_step(self, symbol: str, price: Decimal) -> bool:
        # The step of funds (ETF, ETN) is finer. Only there does it matter what the symbol is, and the broker is asked.
        return is_on_tick(price, SecurityType.STOCK) or (
            is_on_tick(price, SecurityType.FUND) and self._kind(symbol) is not SecurityType.STOCK
        )

    def _kind(self, symbol: str) -> SecurityType | None:
        if symbol not in self._kinds:
            self._kinds[symbol] = self._kind_of(symbol)
        return self._kinds[symbol]


class OrderChecks:
    """Prices, types, venues and quantities of an order, as far as they can be judged here."""

    def __init__(self, broker: str, prices: PriceChecks, phase_of: Callable[[Venue], Phase]) -> None:
        self.prices = prices
        self._broker = broker
        self._phase_of = phase_of

    def check(self, request: OrderRequest) -> None:
        """Raise InvalidRequest for a wrong price, Unsupported for a type that the venue does not take now."""
        self._check_type(request)
        for price in (request.price, request.stop_price):
            if price is not None:
                self.prices.check(request.symbol, price)

    def check_named(self, order: Order, quantity: Amount | None, verb: str) -> Decimal | None:
        """Return how many shares of an order are meant (None: all that is left), if there can be so many."""
        if order.handle.split(":")[0] != self._broker:
            raise InvalidRequest(f"Order {order.id} is not an order of {self._broker}.")
        shares = None
        if quantity is not None:
            shares = exact_decimal(quantity)
            if shares <= 0 or shares != shares.to_integral_value():
                raise InvalidRequest(f"quantity to {verb} must be whole shares and more than 0, not {shares}.")
        if order.status in FINISHED:
            raise NothingToCancel(f"The order is {order.status}; nothing was sent.")
        left = order.quantity if order.remaining_quantity is None else order.remaining_quantity
        if shares is not None and shares > left:
            raise InvalidRequest(f"{verb} {shares} shares: at most {left} are left of order {order.id}.")
        return shares

    def _check_type(self, request: OrderRequest) -> None:
        wanted = (request.type, request.time_in_force)
        phase = self._phase_of(request.venue)
        # When the market is closed the broker says so; our table of hours may lack a special day.
        taken = offers(request.venue, phase)
        if wanted in taken or (phase is Phase.CLOSED and any(wanted in offers(request.venue, each) for each in Phase)):
            return
        others = sorted(f"{type_} {time}" for type_, time in taken or offers(request.venue, Phase.REGULAR))
        raise Unsupported(
            f"{request.venue} takes no {request.type} {request.time_in_force} order in the phase {phase}.",
            advice=f"Nothing was sent. It takes: {', '.join(others)}.",
        )
