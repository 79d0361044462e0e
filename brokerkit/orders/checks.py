"""What can be known to be wrong with an order before it is sent."""

from __future__ import annotations

import datetime as dt
import reprlib
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any

from brokerkit import clock
from brokerkit.errors import InvalidRequest, NothingToCancel, Unsupported
from brokerkit.market.markets import market_of
from brokerkit.market.rules import Rules
from brokerkit.market.sessions import Phase
from brokerkit.models import Order, OrderRequest, Quote
from brokerkit.orders.limits import unit_of
from brokerkit.part import Part
from brokerkit.values import Amount, exact_decimal
from brokerkit.words import OrderStatus, OrderType, SecurityType, Side, TimeInForce, Venue

FINISHED = frozenset({OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.REJECTED, OrderStatus.EXPIRED})


class PriceChecks:
    """Price steps and the limits of the day, as far as they are known without asking for every order.

    `type_of` asks the broker what kind of security a symbol is; its answers are kept. In a market whose rules are not
    known there are no steps here: the broker judges.
    """

    def __init__(self, type_of: Callable[[str], SecurityType | None]) -> None:
        self._type_of = type_of
        self._types: dict[str, SecurityType | None] = {}
        self._limits: dict[str, tuple[dt.datetime, Decimal, Decimal]] = {}

    def remember(self, quote: Quote) -> None:
        """Keep the limits of the day that a quote tells; without limits (liquidation trading, ELW) there are none."""
        self._limits.pop(quote.symbol, None)
        if quote.lower_limit and quote.upper_limit:
            self._limits[quote.symbol] = (clock.now(), quote.lower_limit, quote.upper_limit)

    def check(self, symbol: str, price: Decimal) -> None:
        """Raise InvalidRequest for a price off the step, or outside the limits of a quote of today."""
        self.check_step(symbol, price)
        self._check_limits(symbol, price)

    def check_step(self, symbol: str, price: Decimal) -> None:
        """Raise InvalidRequest for a price off the step."""
        rules = market_of(symbol).rules
        if rules is not None and not self._is_on_step(symbol, price, rules):
            step = rules.tick_size(price, self._types.get(symbol) or SecurityType.STOCK)
            below = price // step * step
            near = f"Nothing was sent. The nearest price is {step}."
            if below > 0:
                near = f"Nothing was sent. The nearest prices are {below} and {below + step}."
            told = f"{step} {_unit(symbol)}"
            raise InvalidRequest(f"{price} is not a price of {symbol}: the step there is {told}.", advice=near)

    def _check_limits(self, symbol: str, price: Decimal) -> None:
        told, lower, upper = self._limits.get(symbol, (None, price, price))
        market = market_of(symbol)
        if told and market.day_of(told) == market.today() and not lower <= price <= upper:
            highest = f"{upper} {_unit(symbol)}"
            raise InvalidRequest(
                f"{price} is outside today's limits of {symbol}, {lower} to {highest}.", advice="Nothing was sent."
            )

    def rounded(self, symbol: str, price: Decimal, side: object) -> Decimal:
        """Return the next price on the step; where the kind of security is not known, one that every kind has."""
        try:
            up = Side(side) is Side.SELL  # type: ignore[arg-type]
        except ValueError:
            raise InvalidRequest(f"{reprlib.repr(side)} is no side. There are {', '.join(Side)}.") from None
        rules = market_of(symbol).rules
        if rules is None:
            raise Unsupported(f"The price steps of {market_of(symbol).title} are not known.")
        if rules.is_on_tick(price, SecurityType.STOCK):
            return price
        return rules.round_to_tick(price, self._type(symbol) or SecurityType.STOCK, up=up)

    def _is_on_step(self, symbol: str, price: Decimal, rules: Rules) -> bool:
        # The step of ETF and ETN is finer. Only there does it matter what the symbol is, and the broker is asked.
        if rules.is_on_tick(price, SecurityType.STOCK):
            return True
        return rules.is_on_tick(price, SecurityType.ETF) and rules.is_on_tick(
            price, self._type(symbol) or SecurityType.ETF
        )

    def _type(self, symbol: str) -> SecurityType | None:
        if symbol not in self._types:
            self._types[symbol] = self._type_of(symbol)
        return self._types[symbol]


class OrderChecks:
    """Prices, types, venues and quantities of an order, as far as they can be judged here."""

    def __init__(self, broker: str, prices: PriceChecks, phase_of: Callable[[Venue], Phase]) -> None:
        self.prices = prices
        self._broker = broker
        self._phase_of = phase_of

    def check(self, request: OrderRequest, part: Part[Any]) -> None:
        """Raise InvalidRequest for a wrong price, Unsupported for a type that broker or venue does not take now."""
        self._check_venue(request, part)
        terms = [each for each in part.terms(part.environment) if _is_for(request.side, each[0], part)]
        if rules := market_of(request.symbol).rules:
            self._check_type(request, rules, terms)
        self._check_terms(request, part, terms)
        for price in (request.price, request.stop_price):
            if price is not None:
                self.prices.check(request.symbol, price)

    def check_reserved(self, request: OrderRequest, until: dt.date | None, part: Part[Any]) -> None:
        """Raise InvalidRequest for a wrong price or day, Unsupported for what the broker does not reserve.

        It is for a later hour: what a venue takes at present does not matter.
        """
        environment = part.environment
        if request.venue not in part.reservation_venues:
            what = f"a venue for reserved orders at {self._broker}"
            raise _not_offered(f"{request.venue}", what, environment, part.reservation_venues)
        types = [each for each in part.reservation_types.get(environment, ()) if _is_for(request.side, each, part)]
        if request.type not in types or request.time_in_force is not TimeInForce.DAY:
            what = f"a reserved order to buy at {self._broker}"
            if request.side is Side.SELL:
                what = f"a reserved order to sell at {self._broker}"
            raise _not_offered(f"{request.type} {request.time_in_force}", what, environment, types)
        if until is not None and not part.reserves_until:
            raise Unsupported(
                f"{self._broker} reserves no order of {part.market} for several days.",
                advice="Nothing was sent. Leave until out.",
            )
        if until is not None and until < market_of(request.symbol).today():
            raise InvalidRequest(f"until {until} is over.", advice="Nothing was sent.")
        if request.price is not None:
            self.prices.check_step(request.symbol, request.price)  # the limits of today are none of another day

    def shares_of(self, order: Order, quantity: Amount | None, verb: str) -> Decimal | None:
        """Return how many shares of an order of this broker are meant; None: all that is left."""
        if order.handle.split(":")[0] != self._broker:
            raise InvalidRequest(f"Order {order.id} is not an order of {self._broker}.")
        if quantity is None:
            return None
        shares = exact_decimal(quantity)
        if shares <= 0 or shares != shares.to_integral_value():
            raise InvalidRequest(f"quantity to {verb} must be whole shares and more than 0, not {shares}.")
        return shares

    def check_left(self, order: Order, shares: Decimal | None, verb: str) -> None:
        """Raise NothingToCancel if an order is finished, InvalidRequest if there cannot be so many shares of it."""
        if order.status in FINISHED:
            raise NothingToCancel(f"The order is {order.status}; nothing was sent.")
        left = order.quantity if order.remaining_quantity is None else order.remaining_quantity
        if shares is not None and shares > left:
            raise InvalidRequest(f"{verb} {shares} shares: at most {left} are left of order {order.id}.")

    def _check_venue(self, request: OrderRequest, part: Part[Any]) -> None:
        venues = part.order_venues.get(part.environment, ())
        if request.venue not in venues:
            raise _not_offered(f"{request.venue}", f"a venue for orders at {self._broker}", part.environment, venues)

    def _check_terms(
        self, request: OrderRequest, part: Part[Any], terms: Sequence[tuple[OrderType, TimeInForce]]
    ) -> None:
        if (request.type, request.time_in_force) not in terms:
            offered = (f"{type_} {time}" for type_, time in terms)
            wanted = f"{request.type} {request.time_in_force}"
            what = f"an order type to buy at {self._broker}"
            if request.side is Side.SELL:
                what = f"an order type to sell at {self._broker}"
            raise _not_offered(wanted, what, part.environment, offered)

    def _check_type(self, request: OrderRequest, rules: Rules, terms: Sequence[tuple[OrderType, TimeInForce]]) -> None:
        assert request.venue is not None  # noqa: S101 - the face has filled it in
        wanted = (request.type, request.time_in_force)
        phase = self._phase_of(request.venue)
        # When the market is closed the broker says so; our table of hours may lack a special day.
        taken = rules.offers(request.venue, phase)
        if wanted in taken:
            return
        if phase is Phase.CLOSED and any(wanted in rules.offers(request.venue, each) for each in Phase):
            return
        # Of what the venue takes, the broker may send a part only.
        here = (each for each in taken or rules.offers(request.venue, Phase.REGULAR) if each in terms)
        others = ", ".join(sorted(f"{type_} {time}" for type_, time in here)) or "none"
        if request.side is Side.BUY:
            then = f"Nothing was sent. To buy then {self._broker} takes: {others}."
            regular = f"Nothing was sent. To buy in regular trading {self._broker} takes: {others}."
        else:
            then = f"Nothing was sent. To sell then {self._broker} takes: {others}."
            regular = f"Nothing was sent. To sell in regular trading {self._broker} takes: {others}."
        raise Unsupported(
            f"{request.venue} takes no {request.type} {request.time_in_force} order in the phase {phase}.",
            advice=then if taken else regular,
        )


def _is_for(side: Side, type_: OrderType, part: Part[Any]) -> bool:
    """Say whether a broker takes a type of order for that side."""
    return side is Side.SELL or type_ not in part.sells_only


def _unit(symbol: str) -> str:
    """Return what prices of a symbol are called in a sentence."""
    return unit_of(market_of(symbol).currency)


def check_part(part: Part[Any], verb: str, shares: Decimal | None) -> None:
    """Raise Unsupported for a part of an order where the broker changes whole orders only."""
    if shares is not None and verb not in part.changes_parts:
        raise Unsupported(
            f"{part.broker} can {verb} all that is left of an order, but no part of it.",
            advice="Nothing was sent. Leave the quantity out.",
        )


def _not_offered(wanted: str, what: str, environment: str, offered: Iterable[str]) -> Unsupported:
    return Unsupported(
        f"{wanted} is not offered as {what} in the {environment} environment.",
        advice=f"Nothing was sent. Offered here: {', '.join(offered) or 'none'}.",
    )
