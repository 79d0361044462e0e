"""What every broker can do. Read this first.

The public verbs are written once, here: they check, send once and say what happened. A broker has an adapter, which
speaks to it in the words of its wire; what no part of the adapter fills in is unsupported, and says so.
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn, Self, TypeVar

from brokerkit import clock
from brokerkit.adapter import Adapter
from brokerkit.arguments import (
    check_days,
    check_order,
    check_request,
    check_type,
    check_venue,
    check_verb,
    make_request,
    plain,
)
from brokerkit.asking.inquiries import HOOKS, STREAMS, Inquiries, capability_of, offers, offers_stream
from brokerkit.errors import NOT_SENT, BrokerError, InvalidRequest, NamedIntent
from brokerkit.languages import ENGLISH
from brokerkit.logs import about
from brokerkit.market.markets import Market, market_at, market_named, market_of
from brokerkit.market.sessions import Phase
from brokerkit.models import (
    Capability,
    Instrument,
    Order,
    OrderRequest,
    Table,
)
from brokerkit.orders.checks import FINISHED, OrderChecks, PriceChecks, check_part
from brokerkit.orders.limits import Safety
from brokerkit.part import Part
from brokerkit.transport.preparing import preparing
from brokerkit.values import Amount, exact_decimal, exact_seconds
from brokerkit.verbs.accounts import Accounts
from brokerkit.verbs.asking import ordering
from brokerkit.verbs.investors import Investors
from brokerkit.verbs.listing import Listing
from brokerkit.verbs.prices import Prices
from brokerkit.verbs.rankings import Rankings
from brokerkit.verbs.raw import RawCalls
from brokerkit.verbs.reservations import Reservations
from brokerkit.verbs.streams import Streams
from brokerkit.words import OrderStatus, OrderType, Side, TimeInForce, Venue

if TYPE_CHECKING:
    from brokerkit.orders.desk import OrderDesk
    from brokerkit.orders.guard import KnownQuotes
    from brokerkit.orders.intents import Intent
    from brokerkit.orders.journal import Journal
    from brokerkit.orders.lease import Lease
    from brokerkit.orders.reconcile import Reconciliation
    from brokerkit.stream.own_orders import OwnOrders

T = TypeVar("T")

logger = logging.getLogger("brokerkit")


class Broker(Prices, Rankings, Listing, Investors, Accounts, Reservations, Streams, RawCalls):
    """One account at one broker. Made by `get_broker`; safe to use from several threads; refuses to be pickled.

    Prices and amounts are Decimal, in the currency of the market; quantities are whole shares; times are Korean, with
    their time zone. None is what the broker does not tell, never 0.

    Verbs raise InvalidRequest before anything is sent, Unsupported for what the broker has not got; where it is asked,
    NetworkError if no answer came, Rejected or one of its kinds (AuthError, RateLimited) if it refused, and WireError
    for an answer that is not what it documents. `order` says what orders raise besides.
    """

    def __init__(
        self,
        adapter: Adapter,
        *,
        environment: str,
        durable: bool = True,
        safety: Safety | None = None,
        phase_of: Callable[[Venue], Phase] | None = None,
    ) -> None:
        """`environment` is "sandbox", "demo" or "real". Without `durable` the order journal ends with the process."""
        self.adapter = adapter
        """What speaks to the broker."""
        self.name = adapter.name
        self.environment = environment
        self.client = adapter.client
        """The adapter's client; `broker.call(...)` reaches what the common verbs lack."""
        self._inquiries = Inquiries(
            adapter,
            environment,
            phase_of or self._phase,
            is_told_phase=phase_of is not None,
            durable=durable,
        )
        adapter.told_phases(self._inquiries.phase_of, self._now)
        self._inquiries.sent_on = lambda market, day: self._desk.sent_on(market, day)
        self._checks = OrderChecks(self.name, PriceChecks(self._inquiries.security_type), self._inquiries.phase_of)
        # The sandbox inside this process is gone with it, and so are its tokens and its journal.
        self._safety = safety or Safety()
        self._durable = durable
        self._quotes: KnownQuotes = {}
        self._order_desk: OrderDesk | None = None
        self._own_orders: dict[str, OwnOrders] = {}
        self._making = threading.RLock()
        self._streams = set()
        self._order_sources = {}
        for part in adapter.served.values():
            part.ask = self._ask
            part.listed, part.relist = self._inquiries.listed, self._inquiries.relist
        for feed in adapter.sockets.values():
            feed.listed = self._inquiries.listed

    @property
    def journal(self) -> Journal:
        """The order journal of the account, which the desk writes: for reading what it knows of every intent.

        Raises JournalError where it cannot be opened.
        """
        return self._desk.journal

    def buy(
        self,
        symbol: str | Instrument,
        quantity: Amount,
        *,
        price: Amount | None = None,
        type: OrderType | None = None,
        time_in_force: TimeInForce = TimeInForce.DAY,
        venue: Venue | None = None,
        stop_price: Amount | None = None,
        key: str | None = None,
    ) -> Order:
        """Buy `quantity` shares at `price`, or with `type=OrderType.MARKET` at any price (매수).

        Prices are in the currency of the symbol's market, on its price step: won, dollars for `US:AAPL`. The answer is
        PENDING: received by the broker; `wait` or `refresh` tells what became of it. A `key` is good for one order.

        Raises before anything is sent: InvalidRequest, Unsupported, Disarmed, Halted, LimitExceeded, OrderBlocked,
        NotSent. After the broker refused: Rejected and its kinds, as InsufficientFunds. When the outcome is not known:
        OrderUncertain; do not send it again then. See `order`.

        Example::

            order = broker.buy("005930", 10, price=70_000)
            order = broker.wait(order, timeout=5)
        """
        symbol = plain(symbol)
        with self._asking(f"BUY {quantity} {symbol}"):
            request = make_request(symbol, Side.BUY, quantity, price, type, time_in_force, venue, stop_price)
        return self.order(request, key=key)

    def sell(
        self,
        symbol: str | Instrument,
        quantity: Amount,
        *,
        price: Amount | None = None,
        type: OrderType | None = None,
        time_in_force: TimeInForce = TimeInForce.DAY,
        venue: Venue | None = None,
        stop_price: Amount | None = None,
        key: str | None = None,
    ) -> Order:
        """Sell `quantity` shares at `price`, or with `type=OrderType.MARKET` at any price (매도).

        Shares of one's own: `sellable_quantity` tells how many. Units and errors as of `buy`: InvalidRequest, Disarmed
        and others before anything is sent, Rejected after the broker refused, OrderUncertain when the outcome is not
        known.

        Example::

            order = broker.sell("005930", 10, type=OrderType.MARKET)
        """
        symbol = plain(symbol)
        with self._asking(f"SELL {quantity} {symbol}"):
            request = make_request(symbol, Side.SELL, quantity, price, type, time_in_force, venue, stop_price)
        return self.order(request, key=key)

    def order(self, request: OrderRequest, *, key: str | None = None) -> Order:
        """Send an order once. The answer is PENDING: received by the broker, `refresh` tells what became of it.

        A `key` of your own is good for one order of the account, however often the program runs again: once that order
        stands, the same call answers it. It is up to 64 letters, digits and `_.:-`; under a key that is another order's
        InvalidRequest is raised, and OrderBlocked while it is not known what became of it.

        Raises before anything is sent: InvalidRequest, Unsupported, Disarmed, Halted, LimitExceeded, OrderBlocked,
        NotSent, JournalError. After the broker refused: Rejected and its kinds. When the outcome is not known:
        OrderUncertain, with the `intent` in the journal.

        Example::

            request = OrderRequest(symbol="005930", side=Side.BUY, quantity=10, price=70_000)
            order = broker.order(request, key="monday-1")
        """
        check_request(request)
        what = ordering(request)
        with self._asking(what):
            intent = self._desk.ordered(request, key)
            if (stands := self._desk.answered(intent)) is not None:
                return stands
            self._check(request)
        return self._sending(what, lambda: self._desk.order(intent, request))

    def cancel(self, order: Order, *, quantity: Amount | None = None, key: str | None = None) -> Order:
        """Cancel an order, or `quantity` shares of what is left of it (취소).

        The answer carries the number of the cancellation as `id` and the order's as `original_id`. It is CANCELED only
        if the broker said so; `refresh` tells. Raises NothingToCancel if the order is finished, else as `order`;
        neither limits nor `halt()` stop it.

        Example::

            order = broker.buy("005930", 10, price=65_000)
            canceled = broker.cancel(order)
        """
        check_order(order, "cancel")
        what = f"cancel {quantity} of order {order.id} ({order.symbol})"
        if quantity is None:
            what = f"cancel all of order {order.id} ({order.symbol})"
        with self._asking(what):
            part = self._offering("cancel", order)
            shares = self._checks.shares_of(order, quantity, "cancel")
            check_part(part, "cancel", shares)
            intent = self._desk.canceling(order, shares, key)
            if (stands := self._desk.answered(intent)) is not None:
                return stands
            self._checks.check_left(order, shares, "cancel")
        return self._sending(what, lambda: self._desk.cancel(intent, order, shares))

    def amend(
        self, order: Order, *, quantity: Amount | None = None, price: Amount | None = None, key: str | None = None
    ) -> Order:
        """Move what is left of an order, or `quantity` shares of it, to another price (정정).

        The answer is an order of its own: a new number as `id`, the old one as `original_id`, PENDING, at the back of
        its price. To make an order smaller use `cancel(order, quantity=...)`. Raises NothingToCancel if the order is
        finished, else as `order`.

        Example::

            order = broker.buy("005930", 10, price=65_000)
            order = broker.amend(order, price=65_500)
        """
        check_order(order, "amend")
        what = f"amend {quantity} of order {order.id} ({order.symbol}) to {price}"
        if quantity is None:
            what = f"amend all of order {order.id} ({order.symbol}) to {price}"
        with self._asking(what):
            part = self._offering("amend", order)
            shares = self._checks.shares_of(order, quantity, "amend")
            check_part(part, "amend", shares)
            new = None if price is None else exact_decimal(price)
            intent = self._desk.amending(order, shares, new, key)
            if (stands := self._desk.answered(intent)) is not None:
                return stands
            self._checks.check_left(order, shares, "amend")
            if new is None:
                raise InvalidRequest("An amendment needs a price; to make an order smaller, cancel a part of it.")
            if order.price is None:
                raise InvalidRequest(f"A {order.type} order has no price to amend.")
            with preparing("the step of its price"):
                self._checks.prices.check(order.symbol, new)
        return self._sending(what, lambda: self._desk.amend(intent, order, shares, new))

    def refresh(self, order: Order) -> Order:
        """Return the order as the broker's list shows it now (주문 상태 확인).

        An order that the list does not show stays PENDING if nothing more was known, and is UNKNOWN otherwise. So does
        one of a venue that is in no list of the broker; of it nothing can be asked. Raises InvalidRequest, Unsupported,
        IncompleteListing, NetworkError.
        """
        check_order(order, "refresh")
        with self._asking(f"order {order.id} ({order.symbol})"):
            self._checks.shares_of(order, None, "find")
            found = self._inquiries.find(order)
        if found is not None:
            return found
        status = order.status if order.status in FINISHED | {OrderStatus.PENDING} else OrderStatus.UNKNOWN
        return order.model_copy(update={"status": status})

    def wait(self, order: Order, *, timeout: float) -> Order:
        """Refresh an order until it is finished, at most `timeout` seconds, and return it (주문 상태 확인).

        While a stream of this broker follows own orders, a notice of the order lets it look at once. For an order of a
        venue that is in no list it does not wait. Raises as `refresh`.
        """
        check_order(order, "wait")
        deadline = time.monotonic() + exact_seconds(timeout)
        order = self.refresh(order)
        if order.venue in self._offering("wait", order).unlisted_venues:
            return order
        pause = self._waiter(self._inquiries.market_of_order(order), order) or time.sleep
        while order.status not in FINISHED and (left := deadline - time.monotonic()) > 0:
            pause(min(left, POLL_SECONDS))
            order = self.refresh(order)
        return order

    def orders(self, *, market: str | None = None) -> Table[Order]:
        """Return the working orders of today in one market or all of them, oldest first (미체결).

        With what is left of each. A market whose list cannot be had, or of which the broker has none, is an error,
        never left out: IncompleteListing, Unsupported, NetworkError. Orders at a venue that is in no list of the broker
        are not among them (`supports("orders", venue=...)`): a warning of the log names those sent today.

        Example::

            for order in broker.orders():
                broker.cancel(order)
        """
        found: list[Order] = []
        meant = self._inquiries.markets(market)
        markets = [each for each in meant if market or self._inquiries.trades(each)] or meant
        for each in markets:
            with self._listing(each, market):
                self._inquiries.offering("orders", each)
        for each in markets:
            with self._listing(each, market):
                found += self._inquiries.lists(each).working()
                if self._inquiries.part(each).unlisted_venues:
                    self._warn_of_unlisted(each)
        # Those of a market that tells no times keep together, in their own order.
        timed = all(order.submitted_at for order in found)
        return Table(Order, sorted(found, key=_by_time) if timed else found)

    def order_history(
        self,
        start: dt.date,
        end: dt.date | None = None,
        *,
        symbol: str | Instrument | None = None,
        market: str | None = None,
    ) -> Table[Order]:
        """Return the orders and amendments from `start` to `end` (default: today), oldest first (주문체결 내역).

        Days are those of the market: an order of one o'clock in the night in Korea is of the evening before in the US.
        Of the market of `symbol`, else of `market`, else of the account's own. A cancellation shows in the order it
        cancelled. Raises InvalidRequest if no day of the range is a trading day, Unsupported, IncompleteListing,
        NetworkError.
        """
        symbol = None if symbol is None else plain(symbol)
        with self._asking(f"orders from {start} to {'today' if end is None else end}"):
            meant = self._inquiries.market_meant(market, symbol)
            today = meant.today()
            start, last = check_days(start, today if end is None else end, today)
            self._inquiries.offering("order_history", meant)
            self._check_trading_days(meant, start, last)
            found = self._inquiries.lists(meant).history(start, min(last, today), symbol)
            return Table(Order, found)

    def unresolved(self, *, market: str | None = None) -> tuple[Intent, ...]:
        """Return the orders, amendments and cancellations that may stand without our knowing, also of earlier runs.

        Of one market, or of all markets of the account. Raises InvalidRequest for what is no market, JournalError.
        """
        with self._asking("unresolved orders"):
            meant = None if market is None else self._inquiries.home(market)
            found = self._desk.unresolved()
            return tuple(intent for intent in found if meant is None or intent.market == meant.name)

    def reconcile(
        self, *, wait: bool = False, timeout: float | None = None, market: str | None = None
    ) -> Reconciliation:
        """Look at the broker's lists and settle what they prove: one look, or with `wait` until all is decided.

        `timeout` is the longest wait in seconds; without it somewhat more than the settle time. Never sends an order.
        Without `market` every market of the account is looked at; the list of one that fails is a `problem` of the
        report, and takes no other market with it. Raises InvalidRequest, Unsupported, JournalError.

        Example::

            for intent in broker.reconcile(wait=True).unresolved:
                print(intent.id, intent.what, intent.state)
        """
        with self._asking("the fate of unresolved orders"):
            markets = self._inquiries.offering_all("reconcile", market)
            if market is None:  # what is not known is told, also of a market that has no list
                open_ = {intent.market for intent in self._desk.unresolved()} | {each.name for each in markets}
                markets = tuple(each for each in self._inquiries.markets() if each.name in open_)
            seconds = None if timeout is None else exact_seconds(timeout)
            return self._desk.reconcile(markets, wait=wait, timeout=seconds)

    def resubmit(self, intent: NamedIntent | str, *, accept_risk: bool = False) -> Order:
        """Send the order of an intent again, as a new intent linked to it: the only way in which that happens.

        Raises OrderBlocked while the first one may stand, unless `accept_risk`; InvalidRequest for what is no intent of
        the journal; else as `order`.
        """
        send = partial(self._desk.resubmit, intent, self._check, accept_risk=accept_risk)
        return self._sending("send an order again", send)

    def resolve(
        self, intent: NamedIntent | str, *, order_id: str | None = None, absent: bool = False, reason: str = ""
    ) -> Intent:
        """Write down what a person found out about an unresolved intent: its order's number, or that there is none.

        Nothing is sent. `reason` says how it was found out. Raises InvalidRequest for what is no unresolved intent or
        says neither, JournalError.

        Example::

            intent = broker.unresolved()[0]
            broker.resolve(intent, absent=True, reason="The app of the broker shows no such order at 10:15.")
        """
        with self._asking("resolve an intent"):
            return self._desk.resolve(intent, order_id=order_id, absent=absent, reason=reason)

    def take_over(self, *, accept_risk: bool = False) -> Lease | None:
        """Let this host trade the account from now on, where hosts share it by `state` of the profile; see `Lease`.

        Of several hosts one trades an account; the others' orders are NotSent from then on, and so are those of all
        before one has taken over, or where the Redis has forgotten which one. Raises OrderBlocked while
        orders of another host may stand, unless `accept_risk`, JournalError where the Redis cannot be had, ConfigError
        where the profile names none. Returns None where hosts shared the account and the profile names none any more:
        this host trades it alone then.
        """
        with self._asking("taking over the account"):
            return self._desk.journal.take_over(accept_risk=accept_risk)

    def lease(self) -> Lease | None:
        """Return which host trades the account; None where the profile names no `state`, or where that is not known.

        It is not known before a host has taken over, and where the Redis has forgotten it. Raises JournalError where
        the Redis cannot be had.
        """
        with self._asking("who trades the account"):
            return self._desk.journal.shared.lease()

    def disarmed(self, *, market: str | None = None) -> str | None:
        """Return why orders of real money would be refused now, None if they may go; always None where none moves.

        Raises InvalidRequest for what is no market.
        """
        with self._asking("arming"):
            return self._desk.disarmed(self._inquiries.home(market))

    def supports(
        self,
        verb: str,
        *,
        market: str | None = None,
        type: OrderType | None = None,
        venue: Venue | None = None,
    ) -> bool:
        """Say whether this broker offers a verb in this environment, such as "quote" or "amend"; nothing is asked.

        In a market (default: that of the `venue`, else the account's own), for orders of a `type`, at a `venue`. What a
        stream follows is asked for as "stream.trades". Raises InvalidRequest for a word that is no verb, no market or
        no venue.
        """
        check_verb(verb, (*HOOKS, *STREAMS))
        venue = None if venue is None else check_venue(venue)
        if market is None and venue is not None and venue not in self._inquiries.home(None).venues:
            market = market_at(venue).name
        meant = self._inquiries.home(market)
        part = self.adapter.served.get(meant.name)
        if part is not None and self._inquiries.barred("orders" if verb == "stream.orders" else verb, meant):
            return False
        if verb in STREAMS:
            named = None if market is None else meant.name
            return offers_stream(self.adapter, STREAMS[verb], named, self.adapter.environment, venue)
        if part is None or not offers(part, verb, part.environment):
            return False
        if verb == "reserve":
            taken = type is None or check_type(type) in part.reservation_types.get(part.environment, ())
            return taken and (venue is None or venue in part.reservation_venues)
        venues = part.quote_venues if verb in QUOTES else part.order_venues.get(part.environment, ())
        if verb in LISTED:
            venues = [each for each in venues if each not in part.unlisted_venues]
        if verb == "rankings":
            venues = {each for those in part.ranking_venues.values() for each in those}
        if venue is not None and venue not in venues:
            return False
        if type is not None and verb == "buy" and check_type(type) in part.sells_only:
            return False
        return type is None or _takes(part, meant, check_type(type), venue)

    def capabilities(self) -> Table[Capability]:
        """Return what this broker offers in each market that it serves, as data; nothing is asked."""
        return Table(Capability, map(self._capability, self.adapter.served.values()))

    def _capability(self, part: Part[Any]) -> Capability:
        told = capability_of(part, part.environment, self.adapter)
        verbs = tuple(verb for verb in told.verbs if not self._inquiries.barred(verb, market_named(told.market)))
        parts = tuple(verb for verb in told.changes_parts if verb in verbs)
        return told.model_copy(update={"verbs": verbs, "changes_parts": parts})

    def close(self) -> None:
        """Close the streams, the connections of this thread, and those of calls that were made together."""
        self._close_streams()
        self._inquiries.together.close()
        self.client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"{type(self).__name__} holds keys and connections and cannot be pickled.")

    def __repr__(self) -> str:
        return f"<Broker {self.name} {self.environment}>"

    @property
    def _desk(self) -> OrderDesk:
        """The order desk, made when it is needed: prices and balances need neither a journal nor its database."""
        with self._making:
            if self._order_desk is None:
                from brokerkit.orders.desk import OrderDesk

                self._order_desk = OrderDesk(
                    self._inquiries, self._safety, durable=self._durable, quotes=self._quotes, waiter=self._waiter
                )
            return self._order_desk

    def _orders_of(self, market: str) -> OwnOrders:
        """Return what tells streams of own orders in a market, made when the first one follows them."""
        with self._making:
            if market not in self._own_orders:
                from brokerkit.stream.own_orders import OwnOrders

                self._own_orders[market] = OwnOrders(
                    self._inquiries, lambda: self._desk, self._inquiries.phase_of, self._inquiries.home(market)
                )
            return self._own_orders[market]

    def _waiter(self, market: Market, order: Order | None = None) -> Callable[[float], object] | None:
        """Return what lets seconds pass, or fewer where a notice comes: of an order, else of one that nobody knows.

        None while no notices come of that market.
        """
        own = self._own_orders.get(market.name)
        if own is None:
            return None
        return own.waiter(None if order is None else self._desk.numbers_of(order))

    @contextmanager
    def _listing(self, each: Market, named: str | None) -> Iterator[None]:
        """Name the market in errors where working orders of several are asked for, and say how to ask the others."""
        several = named is None and len(self._inquiries.markets()) > 1
        with self._asking(f"working orders ({each.title})" if several else "working orders"):
            try:
                yield
            except BrokerError as error:
                if several:
                    others = (other.name for other in self._inquiries.markets() if other is not each)
                    hint = f"Name a market to ask for it alone: {', '.join(f'market={name!r}' for name in others)}."
                    error.remedy = f"{error.remedy or ''} {hint}".strip()
                raise

    def _warn_of_unlisted(self, market: Market) -> None:
        try:
            sent = self._desk.unlisted(market)
        except BrokerError as error:
            logger.warning(
                "Whether orders were sent that no list shows cannot be looked up: %s",
                error.told(ENGLISH),
                extra=about("journal_unreadable", error),
            )
            return
        if sent:
            names = ", ".join(f"{each.order_id or each.state} ({each.what}, {each.venue})" for each in sent)
            logger.warning(
                "%s lists no orders of some venues. Not among the working orders are: %s",
                self.name,
                names,
                extra=about("venue_unlisted", broker=self.name, count=len(sent)),
            )

    def _check(self, request: OrderRequest) -> None:
        """Raise for an order that can be known to be wrong before it is sent."""
        part = self._inquiries.offering("order", market_of(request.symbol))
        with preparing("the step of its price"):
            self._checks.check(request, part)

    def _offering(self, verb: str, order: Order) -> Part[Any]:
        return self._inquiries.offering(verb, self._inquiries.market_of_order(order))

    def _check_trading_days(self, market: Market, start: dt.date, last: dt.date) -> None:
        if market.rules is None:
            return
        # The sandbox trades on weekends too.
        today = market.today() if self.environment == "sandbox" else None
        days = (start + dt.timedelta(number) for number in range((last - start).days + 1))
        if not any(day == today or market.rules.is_trading_day(day) for day in days):
            raise InvalidRequest("There is no trading day in that range.")

    def _phase(self, venue: Venue) -> Phase:
        rules = market_at(venue).rules
        if self.environment == "sandbox" or rules is None:
            # What a served sandbox plays is not seen from here.
            return Phase.DAYTIME if venue is Venue.DAYTIME else Phase.REGULAR
        return rules.phase_at(venue, clock.now())

    def _now(self, market: str) -> dt.datetime | None:
        if self.environment != "sandbox":
            return clock.now()
        return None if self._safety.exchange_clock is None else self._safety.exchange_clock(market)

    def _sending(self, what: str, send: Callable[[], T]) -> T:
        """Name what was asked in errors. Nothing comes after the order, so that no interrupt can take it away."""
        try:
            for own in self._own_orders.values():
                own.expect()
            return send()
        except BaseException as error:
            from brokerkit.orders.attempt import noted  # here, as the desk: only who orders needs it

            noted(error, NOT_SENT)  # what interrupted an order on its way says what that leaves behind
            if isinstance(error, BrokerError):
                self._named(error, what)
            raise


POLL_SECONDS = 0.5
LISTED = frozenset({"orders", "order_history", "fills", "refresh", "wait", "reconcile"})
"""Verbs that lists of orders answer."""
QUOTES = frozenset({"quote", "quotes", "order_book", "trades", "members", "candles", "round_price"})
"""Verbs whose venue is where a price comes from; for the others it is where an order goes."""


def _takes(part: Part[Any], market: Market, type: OrderType, venue: Venue | None) -> bool:
    """Say whether an order type is taken at a venue, or at any of them, in some phase of the day."""
    terms = {each for each in part.terms(part.environment) if each[0] is type}
    if market.rules is None:
        return bool(terms)
    venues = part.order_venues.get(part.environment, ()) if venue is None else (venue,)
    return any(terms & market.rules.offers(each, phase) for each in venues for phase in Phase)


def _by_time(order: Order) -> tuple[Any, int, str]:
    return (order.submitted_at, len(order.id), order.id)
