"""What every broker can do. Read this first.

The public verbs are written once, here: they check, send once and say what happened. An adapter fills the hooks, whose
names begin with an underscore. What an adapter does not fill is unsupported, and says so.
"""

from __future__ import annotations

import datetime as dt
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import ClassVar, NoReturn, Self

from brokerkit import config
from brokerkit.errors import BrokerError, Disarmed, InvalidRequest, NothingToCancel, OrderUncertain
from brokerkit.market import clock
from brokerkit.market.symbols import check_symbol
from brokerkit.market.ticks import Kind
from brokerkit.models import (
    Balance,
    InvestorFlow,
    Model,
    Order,
    OrderRequest,
    OrderStatus,
    OrderType,
    Quote,
    Side,
    TimeInForce,
    Venue,
    exact_decimal,
)
from brokerkit.orders.checks import PriceChecks
from brokerkit.transport import Client

logger = logging.getLogger("brokerkit")

FINISHED = frozenset({OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.REJECTED, OrderStatus.EXPIRED})
Amount = int | str | Decimal | float


class Broker(ABC):
    """One account at one broker. Made by `get_broker`; safe to use from several threads; refuses to be pickled."""

    name: ClassVar[str]
    Settings: ClassVar[type[config.Settings]] = config.Settings
    environments: ClassVar[tuple[str, ...]] = ("sandbox", "demo", "real")
    absent: ClassVar[Mapping[type[Model], frozenset[str]]] = {}
    """Fields of the common models that this broker does not tell."""

    client: Client
    """The adapter's client: `broker.client.call(...)` reaches what the common verbs lack."""

    def __init__(
        self,
        settings: config.Settings,
        *,
        environment: str,
        wire_environment: str | None = None,
        base_url: str | None = None,
        remember_token: bool = True,
        arm: str | None = None,
    ) -> None:
        self.environment = environment
        self.client = self._connect(settings, wire_environment or environment, base_url, remember_token)
        self._prices = PriceChecks(self._kind)

    def quote(self, symbol: str, *, venue: Venue = Venue.KRX) -> Quote:
        """Return the present price of a symbol at a venue (SOR: the combined market).

        Raises InvalidRequest for a text that is no symbol, UnknownSymbol, Unsupported, NetworkError.
        """
        with self._asking(f"quote of {symbol} at {venue}"):
            quote = self._quote(check_symbol(symbol), _venue(venue))
        self._prices.remember(quote)
        return quote

    def buy(
        self,
        symbol: str,
        quantity: Amount,
        *,
        price: Amount | None = None,
        type: OrderType | None = None,
        time_in_force: TimeInForce = TimeInForce.DAY,
        venue: Venue = Venue.KRX,
        stop_price: Amount | None = None,
    ) -> Order:
        """Buy `quantity` shares at `price` won, or with `type=OrderType.MARKET` at any price. See `order`."""
        with self._asking(f"BUY {quantity} {symbol}"):
            return self.order(_request(symbol, Side.BUY, quantity, price, type, time_in_force, venue, stop_price))

    def sell(
        self,
        symbol: str,
        quantity: Amount,
        *,
        price: Amount | None = None,
        type: OrderType | None = None,
        time_in_force: TimeInForce = TimeInForce.DAY,
        venue: Venue = Venue.KRX,
        stop_price: Amount | None = None,
    ) -> Order:
        """Sell `quantity` shares at `price` won, or with `type=OrderType.MARKET` at any price. See `order`."""
        with self._asking(f"SELL {quantity} {symbol}"):
            return self.order(_request(symbol, Side.SELL, quantity, price, type, time_in_force, venue, stop_price))

    def order(self, request: OrderRequest) -> Order:
        """Send an order once. The answer is PENDING: received by the broker, `refresh` tells what became of it.

        Raises before anything is sent: InvalidRequest, Unsupported, Disarmed, NotSent. After the broker refused:
        Rejected and its kinds. When the outcome is not known: OrderUncertain, with the request as `intent`.
        """
        what = f"{request.side} {request.quantity:f} {request.symbol} at {request.price or request.type}"
        with self._asking(what):
            self._check_price(request)
            self._guard()
            return self._sent(what, request, lambda: self._send_order(request))

    def cancel(self, order: Order, *, quantity: Amount | None = None) -> Order:
        """Cancel an order, or `quantity` shares of what is left of it.

        The answer carries the number of the cancellation as `id` and the order's as `original_id`. It is CANCELED only
        if the broker said so; `refresh` tells. Raises NothingToCancel if the order is finished, else as `order`.
        """
        what = f"cancel {'all' if quantity is None else quantity} of order {order.id} ({order.symbol})"
        with self._asking(what):
            self._check_owner(order)
            shares = None if quantity is None else self._cancel_quantity(order, quantity)
            if order.status in FINISHED:
                raise NothingToCancel(f"The order is {order.status}; nothing was sent.")
            self._guard()
            return self._sent(what, order, lambda: self._send_cancel(order, shares))

    def refresh(self, order: Order) -> Order:
        """Return the order as the broker's list shows it now.

        An order that the list does not show stays PENDING if nothing more was known, and is UNKNOWN otherwise.
        """
        with self._asking(f"order {order.id} ({order.symbol})"):
            self._check_owner(order)
            found = self._find_order(order)
        if found is not None:
            return found
        status = order.status if order.status in FINISHED | {OrderStatus.PENDING} else OrderStatus.UNKNOWN
        return order.model_copy(update={"status": status})

    def balance(self) -> Balance:
        """Return cash and holdings of the account, all pages of them."""
        with self._asking("balance"):
            return self._balance()

    def investor_flow(
        self, symbol: str, *, start: dt.date | None = None, end: dt.date | None = None, detail: bool = False
    ) -> tuple[InvestorFlow, ...]:
        """Return who bought and sold a symbol, a row a trading day, oldest first.

        Without `start` the newest 30 rows (fewer where the broker gives fewer). With `detail` buys and sells as well as
        nets; without it they may be None. Days before those that the broker keeps raise Unsupported.
        """
        last = end or clock.today()
        with self._asking(f"investor flow of {symbol} from {start or 'the newest'} to {last}"):
            check_symbol(symbol)
            for day in (start, last):
                if day is not None and (not isinstance(day, dt.date) or isinstance(day, dt.datetime)):
                    raise InvalidRequest(f"{day!r} is not a datetime.date.")
            if start is not None and start > last:
                raise InvalidRequest("start is after end.")
            if start is not None and start > clock.today():
                raise InvalidRequest("start lies in the future.")
            rows = sorted(self._investor_flow(symbol, start, last, detail), key=lambda row: row.date)
        rows = [row for row in rows if row.date <= last and (start is None or row.date >= start)]
        return tuple(rows if start is not None else rows[-30:])

    def supports(self, verb: str) -> bool:
        """Say whether this broker offers a verb in this environment, such as "quote" or "amend"."""
        return verb in VERBS

    def close(self) -> None:
        """Close the connections of this thread."""
        self.client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"{type(self).__name__} holds keys and connections and cannot be pickled.")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.environment}>"

    # Hooks of an adapter

    @abstractmethod
    def _connect(
        self, settings: config.Settings, environment: str, base_url: str | None, remember_token: bool
    ) -> Client:
        """Return the adapter's client for the environment whose ids and hosts are to be used: "real" or "demo"."""

    @abstractmethod
    def _quote(self, symbol: str, venue: Venue) -> Quote: ...

    @abstractmethod
    def _send_order(self, request: OrderRequest) -> Order:
        """Send the order once and return it as PENDING; its handle begins with the broker's name and a colon."""

    @abstractmethod
    def _send_cancel(self, order: Order, quantity: Decimal | None) -> Order:
        """Cancel `quantity` shares, or all that is left."""

    @abstractmethod
    def _find_order(self, order: Order) -> Order | None:
        """Return the order as the broker's list shows it, None if it is not there."""

    @abstractmethod
    def _balance(self) -> Balance: ...

    @abstractmethod
    def _investor_flow(
        self, symbol: str, start: dt.date | None, end: dt.date, detail: bool
    ) -> Sequence[InvestorFlow]: ...

    def _kind(self, symbol: str) -> Kind | None:
        """Return what kind of security a symbol is, None if the broker does not tell."""
        return None

    # Checks before anything is sent

    def _check_owner(self, order: Order) -> None:
        if order.handle.split(":")[0] != self.name:
            raise InvalidRequest(f"Order {order.id} is not an order of {self.name}.")

    @contextmanager
    def _asking(self, what: str) -> Iterator[None]:
        try:
            yield
        except BrokerError as error:
            error.asked = error.asked or what
            error.broker = error.broker or self.name
            raise

    def _sent(self, what: str, intent: OrderRequest | Order, send: Callable[[], Order]) -> Order:
        try:
            order = send()
        except BrokerError as error:
            if isinstance(error, OrderUncertain):
                error.intent = intent
            said = f"{type(error).__name__} [{error.code}]" if error.code else type(error).__name__
            logger.info("%s %s: %s -> %s", self.name, self.environment, what, said)
            raise
        logger.info("%s %s: %s -> order %s", self.name, self.environment, what, order.id)
        return order

    def _guard(self) -> None:
        if self.environment == "real":
            raise Disarmed(
                "Real-money orders are not offered yet.",
                advice="Nothing was sent. Reading works; trade in the sandbox or demo environment.",
            )

    def _check_price(self, request: OrderRequest) -> None:
        for price in (request.price, request.stop_price):
            if price is not None:
                self._prices.check(request.symbol, price)

    def _cancel_quantity(self, order: Order, quantity: Amount) -> Decimal:
        shares = exact_decimal(quantity)
        if shares <= 0 or shares != shares.to_integral_value():
            raise InvalidRequest(f"quantity to cancel must be whole shares and more than 0, not {shares}.")
        left = order.remaining_quantity if order.remaining_quantity is not None else order.quantity
        if shares > left:
            raise InvalidRequest(f"{shares} cannot be cancelled: at most {left} shares are left of order {order.id}.")
        return shares


VERBS = ("quote", "order", "buy", "sell", "cancel", "refresh", "balance", "investor_flow")


def _request(
    symbol: str,
    side: Side,
    quantity: Amount,
    price: Amount | None,
    type: OrderType | None,
    time_in_force: TimeInForce,
    venue: Venue,
    stop_price: Amount | None,
) -> OrderRequest:
    return OrderRequest.model_validate(
        {
            "symbol": symbol,
            "side": side,
            "quantity": quantity,
            "price": price,
            "type": type,
            "time_in_force": time_in_force,
            "venue": venue,
            "stop_price": stop_price,
        }
    )


def _venue(venue: Venue | str) -> Venue:
    try:
        return Venue(venue)
    except ValueError:
        raise InvalidRequest(f"{venue!r} is no venue. There are {', '.join(Venue)}.") from None


def masked(account: str) -> str:
    """Return an account number with only its last four digits readable."""
    digits = [character for character in account if character.isdigit()]
    return "*" * max(0, len(digits) - 4) + "".join(digits[-4:])
