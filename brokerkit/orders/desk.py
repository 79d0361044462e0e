"""The one way for every order, amendment and cancellation: checked, armed, sent once, logged."""

from __future__ import annotations

import logging
from collections.abc import Callable
from decimal import Decimal

from brokerkit.errors import BrokerError, Disarmed, InvalidRequest, NothingToCancel, OrderUncertain, Unsupported
from brokerkit.market.sessions import Phase, offers
from brokerkit.models import Order, OrderRequest, OrderStatus, Venue, exact_decimal
from brokerkit.orders.checks import PriceChecks

logger = logging.getLogger("brokerkit")

FINISHED = frozenset({OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.REJECTED, OrderStatus.EXPIRED})


class OrderDesk:
    """Checks what can be known to be wrong, and sends what is left once. One per Broker."""

    def __init__(self, broker: str, environment: str, prices: PriceChecks, phase_of: Callable[[Venue], Phase]) -> None:
        self.prices = prices
        self._broker = broker
        self._environment = environment
        self._phase_of = phase_of

    def check(self, request: OrderRequest) -> None:
        """Raise InvalidRequest for a wrong price, Unsupported for a type that the venue does not take now."""
        self._check_type(request)
        for price in (request.price, request.stop_price):
            if price is not None:
                self.prices.check(request.symbol, price)

    def check_named(self, order: Order, quantity: int | str | Decimal | float | None, verb: str) -> Decimal | None:
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

    def send(self, what: str, intent: OrderRequest | Order, write: Callable[[], Order]) -> Order:
        """Send once. An uncertain outcome carries the intent."""
        if self._environment == "real":
            raise Disarmed(
                "Real-money orders are not offered yet.",
                advice="Nothing was sent. Reading works; trade in the sandbox or demo environment.",
            )
        try:
            order = write()
        except BrokerError as error:
            if isinstance(error, OrderUncertain):
                error.intent = intent
            said = f"{type(error).__name__} [{error.code}]" if error.code else type(error).__name__
            logger.info("%s %s: %s -> %s", self._broker, self._environment, what, said)
            raise
        logger.info("%s %s: %s -> order %s", self._broker, self._environment, what, order.id)
        return order

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
