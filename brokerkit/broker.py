"""What every broker can do. Read this first.

The public verbs are written once, here: they check, send once and say what happened. An adapter fills the hooks, whose
names begin with an underscore. What an adapter does not fill is unsupported, and says so.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from functools import partial
from typing import NoReturn, Self

from brokerkit import clock, config
from brokerkit.adapter import Adapter
from brokerkit.arguments import check_days, check_order, check_request, check_venue, check_verb, make_request, masked
from brokerkit.errors import NOT_SENT, BrokerError, InvalidRequest, NamedIntent, Unsupported, WireError
from brokerkit.market.days import is_trading_day
from brokerkit.market.sessions import Phase, phase_at
from brokerkit.models import Balance, BuyingPower, InvestorFlow, Order, OrderBook, OrderRequest, Quote
from brokerkit.orders.attempt import noted
from brokerkit.orders.checks import FINISHED, OrderChecks, PriceChecks
from brokerkit.orders.desk import OrderDesk
from brokerkit.orders.guard import Safety
from brokerkit.orders.intents import Intent
from brokerkit.orders.reconcile import Reconciliation
from brokerkit.symbols import check_symbol
from brokerkit.transport.preparing import preparing
from brokerkit.values import Amount, exact_decimal, exact_seconds
from brokerkit.words import OrderStatus, OrderType, PositionKind, Side, TimeInForce, Venue


class Broker(Adapter):
    """One account at one broker. Made by `get_broker`; safe to use from several threads; refuses to be pickled."""

    def __init__(
        self,
        settings: config.Settings,
        *,
        environment: str,
        wire_environment: str | None = None,
        base_url: str | None = None,
        remember_token: bool = True,
        safety: Safety | None = None,
        phase_of: Callable[[Venue], Phase] | None = None,
    ) -> None:
        self.environment = environment
        self._settings = config.fit_for(base_url, settings)
        self.client = self._connect(settings, wire_environment or environment, base_url, remember_token)
        self._phase_of = phase_of or self._phase
        self._checks = OrderChecks(self.name, PriceChecks(self._kind), self._phase_of)
        # The sandbox inside this process is gone with it, and so are its tokens and its journal.
        self._desk = OrderDesk(self, safety or Safety(), durable=remember_token)

    def quote(self, symbol: str, *, venue: Venue = Venue.KRX) -> Quote:
        """Return the present price of a symbol at a venue (SOR: the combined market).

        Raises InvalidRequest for a text that is no symbol, UnknownSymbol, Unsupported, NetworkError.
        """
        with self._asking(f"quote of {symbol} at {venue}"):
            quote = self._quote(check_symbol(symbol), check_venue(venue))
        self._checks.prices.remember(quote)
        self._desk.guard.remember(quote)
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
            request = make_request(symbol, Side.BUY, quantity, price, type, time_in_force, venue, stop_price)
        return self.order(request)

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
            request = make_request(symbol, Side.SELL, quantity, price, type, time_in_force, venue, stop_price)
        return self.order(request)

    def order(self, request: OrderRequest) -> Order:
        """Send an order once. The answer is PENDING: received by the broker, `refresh` tells what became of it.

        Raises before anything is sent: InvalidRequest, Unsupported, Disarmed, NotSent. After the broker refused:
        Rejected and its kinds. When the outcome is not known: OrderUncertain, with the `intent` in the journal.
        """
        check_request(request)
        what = f"{request.side} {request.quantity:f} {request.symbol} at {request.price or request.type}"
        with self._asking(what), preparing("the step of its price"):
            self._checks.check(request)
        return self._sending(what, lambda: self._desk.order(request, lambda: self._send_order(request)))

    def cancel(self, order: Order, *, quantity: Amount | None = None) -> Order:
        """Cancel an order, or `quantity` shares of what is left of it.

        The answer carries the number of the cancellation as `id` and the order's as `original_id`. It is CANCELED only
        if the broker said so; `refresh` tells. Raises NothingToCancel if the order is finished, else as `order`.
        """
        check_order(order, "cancel")
        what = f"cancel {'all' if quantity is None else quantity} of order {order.id} ({order.symbol})"
        with self._asking(what):
            shares = self._checks.check_named(order, quantity, "cancel")
        return self._sending(what, lambda: self._desk.cancel(order, shares, lambda: self._send_cancel(order, shares)))

    def amend(self, order: Order, *, quantity: Amount | None = None, price: Amount | None = None) -> Order:
        """Move what is left of an order, or `quantity` shares of it, to another price.

        The answer is an order of its own: a new number as `id`, the old one as `original_id`, PENDING, at the back of
        its price. To make an order smaller use `cancel(order, quantity=...)`. Raises as `cancel`.
        """
        check_order(order, "amend")
        what = f"amend {'all' if quantity is None else quantity} of order {order.id} ({order.symbol}) to {price}"
        with self._asking(what):
            shares = self._checks.check_named(order, quantity, "amend")
            if price is None:
                raise InvalidRequest("An amendment needs a price; to make an order smaller, cancel a part of it.")
            new = exact_decimal(price)
            if order.price is None:
                raise InvalidRequest(f"A {order.type} order has no price to amend.")
            with preparing("the step of its price"):
                self._checks.prices.check(order.symbol, new)
        write = partial(self._send_amend, order, shares, new)
        return self._sending(what, lambda: self._desk.amend(order, shares, new, write))

    def refresh(self, order: Order) -> Order:
        """Return the order as the broker's list shows it now.

        An order that the list does not show stays PENDING if nothing more was known, and is UNKNOWN otherwise.
        """
        check_order(order, "refresh")
        with self._asking(f"order {order.id} ({order.symbol})"):
            self._checks.check_named(order.model_copy(update={"status": OrderStatus.UNKNOWN}), None, "find")
            found = self._find_order(order)
        if found is not None:
            return found
        status = order.status if order.status in FINISHED | {OrderStatus.PENDING} else OrderStatus.UNKNOWN
        return order.model_copy(update={"status": status})

    def wait(self, order: Order, *, timeout: float) -> Order:
        """Refresh an order until it is finished, at most `timeout` seconds, and return it as it then is."""
        deadline = time.monotonic() + exact_seconds(timeout)
        while True:
            order = self.refresh(order)
            left = deadline - time.monotonic()
            if order.status in FINISHED or left <= 0:
                return order
            time.sleep(min(left, POLL_SECONDS))

    def orders(self) -> tuple[Order, ...]:
        """Return the working orders of today, oldest first, with what is left of each."""
        with self._asking("working orders"):
            return tuple(sorted(self._open_orders(), key=_by_time))

    def order_history(
        self, start: dt.date, end: dt.date | None = None, *, symbol: str | None = None
    ) -> tuple[Order, ...]:
        """Return the orders and amendments of the days from `start` to `end` (default: today), oldest first.

        A cancellation shows in the order it cancelled. Raises InvalidRequest if no day of the range is a trading day.
        """
        last = clock.today() if end is None else end
        with self._asking(f"orders from {start} to {last}"):
            start, last = check_days(start, last)
            if symbol is not None:
                check_symbol(symbol)
            # The sandbox trades on weekends too.
            today = clock.today() if self.environment == "sandbox" else None
            days = (start + dt.timedelta(number) for number in range((last - start).days + 1))
            if not any(is_trading_day(day) or day == today for day in days):
                raise InvalidRequest("There is no trading day in that range.")
            return tuple(sorted(self._order_history(start, min(last, clock.today()), symbol), key=_by_time))

    def order_book(self, symbol: str, *, venue: Venue = Venue.KRX) -> OrderBook:
        """Return the waiting orders of a symbol by price, best first, as many levels as the broker tells (ten)."""
        with self._asking(f"order book of {symbol} at {venue}"):
            return self._order_book(check_symbol(symbol), check_venue(venue))

    def buying_power(self, symbol: str, *, price: Amount | None = None) -> BuyingPower:
        """Return how much can be bought without margin, at `price` or as a market order (then at the upper limit)."""
        with self._asking(f"buying power for {symbol}"):
            limit = None if price is None else exact_decimal(price)
            if limit is not None:
                self._checks.prices.check(check_symbol(symbol), limit)
            return self._buying_power(check_symbol(symbol), limit)

    def sellable_quantity(self, symbol: str) -> Decimal:
        """Return how many shares of a symbol `sell` can sell now: 0 if none of one's own are held.

        Shares on a loan do not count. Raises WireError where the broker does not tell the number.
        """
        with self._asking(f"sellable shares of {symbol}"):
            check_symbol(symbol)
            held = [position for position in self.balance().positions if symbol in position.symbol]
            own = [position.sellable_quantity for position in held if position.kind is PositionKind.CASH]
            if None in own or any(position.symbol != symbol for position in held):
                raise WireError(f"Of {symbol} {self.name} does not tell how many shares can be sold.")
            return sum((shares for shares in own if shares), Decimal(0))

    def round_price(self, symbol: str, price: Amount, *, side: Side) -> Decimal:
        """Return the nearest valid price that is no worse: down for a buy, up for a sell."""
        with self._asking(f"price {price} of {symbol}"):
            return self._checks.prices.rounded(check_symbol(symbol), exact_decimal(price), side)

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
        last = clock.today() if end is None else end
        with self._asking(f"investor flow of {symbol} from {start or 'the newest'} to {last}"):
            check_symbol(symbol)
            first, last = check_days(last if start is None else start, last)
            start = None if start is None else first
            found = self._investor_flow(symbol, start, min(last, clock.today()), detail)
        rows = sorted(found, key=lambda row: row.date)
        rows = [row for row in rows if row.date <= last and (start is None or row.date >= start)]
        return tuple(rows if start is not None else rows[-NEWEST_FLOWS:])

    def unresolved(self) -> tuple[Intent, ...]:
        """Return the orders, amendments and cancellations that may stand without our knowing, also of earlier runs."""
        with self._asking("unresolved orders"):
            return self._desk.unresolved()

    def reconcile(self, *, wait: bool = False, timeout: float | None = None) -> Reconciliation:
        """Look at the broker's lists and settle what they prove: one look, or with `wait` until all is decided.

        `timeout` is the longest wait in seconds; without it somewhat more than the settle time. Never sends an order.
        """
        with self._asking("the fate of unresolved orders"):
            return self._desk.reconcile(wait=wait, timeout=None if timeout is None else exact_seconds(timeout))

    def resubmit(self, intent: NamedIntent | str, *, accept_risk: bool = False) -> Order:
        """Send the order of an intent again, as a new intent linked to it: the only way in which that happens.

        Raises OrderBlocked while the first one may stand, unless `accept_risk`; else as `order`.
        """
        send = partial(self._desk.resubmit, intent, self._send_checked, accept_risk=accept_risk)
        return self._sending("send an order again", send)

    def resolve(
        self, intent: NamedIntent | str, *, order_id: str | None = None, absent: bool = False, reason: str = ""
    ) -> Intent:
        """Write down what a person found out about an unresolved intent: its order's number, or that there is none."""
        with self._asking("resolve an intent"):
            return self._desk.resolve(intent, order_id=order_id, absent=absent, reason=reason)

    def disarmed(self) -> str | None:
        """Return why orders of real money would be refused now, None if they may go; always None where none moves."""
        with self._asking("arming"):
            return self._desk.disarmed()

    def supports(self, verb: str) -> bool:
        """Say whether this broker offers a verb in this environment, such as "quote" or "amend".

        Raises InvalidRequest for a word that is no verb.
        """
        check_verb(verb, VERBS)
        hook = VERBS[verb]
        needed = self.needs.get(verb, ())
        offered = all(self.client.environment in endpoint.ids for endpoint in needed)
        return offered and getattr(type(self), hook) is not getattr(Broker, hook)

    def account(self) -> str:
        """Return the account number, masked: only its last four digits are shown."""
        with self._asking("account"):
            return masked(self._account_number().get_secret_value())

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

    def _send_checked(self, request: OrderRequest) -> Order:
        self._checks.check(request)
        return self._send_order(request)

    def _unsupported(self, verb: str) -> Unsupported:
        offered = ", ".join(each for each in VERBS if self.supports(each))
        return Unsupported(f"{self.name} does not offer {verb}.", advice=f"Nothing was sent. It offers: {offered}.")

    def _is_over(self, day: dt.date, venue: Venue | None) -> bool:
        """Say whether regular trading of a day has ended, so that what is neither filled nor left has expired."""
        ended = (Phase.CLOSED, Phase.AFTER_CLOSE_CLOSING_PRICE, Phase.AFTER_MARKET)
        return day < clock.today() or self._phase_of(venue or Venue.KRX) in ended

    def _moment_today(self, moment: dt.datetime, venue: Venue) -> dt.datetime | None:
        """Return a moment made of today and a clock time without its day, None where that may be another day's.

        It may be while the market is closed, and is while the moment has yet to come.
        """
        if self.environment != "sandbox" and moment > clock.now() + CLOCKS_DIFFER:
            return None
        return None if self._phase_of(venue) is Phase.CLOSED else moment

    def _phase(self, venue: Venue) -> Phase:
        return Phase.REGULAR if self.environment == "sandbox" else phase_at(venue, clock.now())

    def _sending(self, what: str, send: Callable[[], Order]) -> Order:
        """Name what was asked in errors. Nothing comes after the order, so that no interrupt can take it away."""
        try:
            return send()
        except BaseException as error:
            noted(error, NOT_SENT)  # what interrupted an order on its way says what that leaves behind
            if isinstance(error, BrokerError):
                self._named(error, what)
            raise

    @contextmanager
    def _asking(self, what: str) -> Iterator[None]:
        try:
            yield
        except BrokerError as error:
            self._named(error, what)
            raise

    def _named(self, error: BrokerError, what: str) -> BrokerError:
        error.asked = error.asked or what
        error.broker = error.broker or self.name
        return error


POLL_SECONDS = 0.5
CLOCKS_DIFFER = dt.timedelta(minutes=1)
"""How far the broker's clock may be ahead of ours."""
NEWEST_FLOWS = 30
"""Days of investor flow without a `start`."""
VERBS = {
    "quote": "_quote",
    "order_book": "_order_book",
    "buy": "_send_order",
    "sell": "_send_order",
    "order": "_send_order",
    "cancel": "_send_cancel",
    "amend": "_send_amend",
    "refresh": "_find_order",
    "wait": "_find_order",
    "orders": "_open_orders",
    "order_history": "_order_history",
    "balance": "_balance",
    "buying_power": "_buying_power",
    "sellable_quantity": "_balance",
    "round_price": "_quote",
    "investor_flow": "_investor_flow",
    "reconcile": "_order_rows",
}
"""Every verb and the hook that an adapter fills for it."""


def _by_time(order: Order) -> tuple[dt.datetime, int, str]:
    return (order.submitted_at or clock.now(), len(order.id), order.id)
