"""What is asked of an adapter, and the common models that its answers become."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from brokerkit import clock
from brokerkit.adapter import Adapter
from brokerkit.arguments import check_venue
from brokerkit.asking.sessions import session_of
from brokerkit.errors import BrokerError, ConfigError, InvalidRequest, UnknownSymbol, Unsupported
from brokerkit.hours import corrected, market_hours
from brokerkit.market.markets import KOREA, Market, market_at, market_named, market_of
from brokerkit.market.sessions import Phase
from brokerkit.market.valuation import disagreement, terms_of
from brokerkit.models import (
    Balance,
    BuyingPower,
    Capability,
    ExchangeRate,
    Instrument,
    MarketHours,
    Order,
    OrderBook,
    Position,
    Quote,
    Quotes,
)
from brokerkit.models.handles import Handle
from brokerkit.part import Part
from brokerkit.replies import AccountReply, FlowTables, PositionReply
from brokerkit.stream.topics import StreamKind
from brokerkit.symbols import HOME, is_symbol
from brokerkit.text import masked
from brokerkit.transport import Endpoint, Reply
from brokerkit.transport.together import Progress, Together
from brokerkit.words import OrderType, SecurityType, Venue

if TYPE_CHECKING:
    from brokerkit.asking.listing import Listings
    from brokerkit.orders.lease import Choice
    from brokerkit.orders.listing import Sending
    from brokerkit.orders.lists import OrderLists

HOOKS = {
    "quote": "quote",
    "quotes": "quote",
    "order_book": "order_book",
    "trades": "trades",
    "members": "members",
    "candles": "bars",
    "buy": "send_order",
    "sell": "send_order",
    "order": "send_order",
    "cancel": "send_cancel",
    "amend": "send_amend",
    "reserve": "send_reservation",
    "amend_reservation": "send_reservation_amend",
    "cancel_reservation": "send_reservation_cancel",
    "reservations": "reservations",
    "refresh": "rows",
    "wait": "rows",
    "orders": "rows",
    "order_history": "rows",
    "fills": "rows",
    "balance": "balance",
    "balances": "balance",
    "buying_power": "buying_power",
    "sellable_quantity": "balance",
    "realized_pnl": "realized_pnl",
    "transactions": "transactions",
    "exchange_rate": "exchange_rate",
    "round_price": "quote",
    "investor_flow": "investor_flow",
    "rankings": "ranking",
    "conditions": "conditions",
    "screen": "screen",
    "investor_flow_total": "investor_flow",
    "market_investor_flow": "market_investor_flow",
    "investor_flow_estimates": "investor_flow_estimates",
    "investor_rankings": "investor_rankings",
    "program_trading": "program_trading",
    "program_rankings": "program_rankings",
    "reconcile": "rows",
    **dict.fromkeys(("instruments", "instrument", "search"), "instruments"),
}
"""Every verb, and the hook of a part without which it is not offered."""
OF_ACCOUNT = frozenset(
    {
        *(
            "buy",
            "sell",
            "order",
            "cancel",
            "amend",
            "refresh",
            "wait",
            "orders",
            "order_history",
            "fills",
            "reconcile",
        ),
        *("reserve", "amend_reservation", "cancel_reservation", "reservations"),
        *("balance", "balances", "buying_power", "sellable_quantity", "realized_pnl", "transactions"),
    }
)
"""Verbs that only an account has that can hold something in a market."""
SENT = frozenset({"buy", "sell", "order", "amend", "reserve", "amend_reservation"})
"""Those of them that send something new."""
STREAMS = {f"stream.{kind.lower()}": kind for kind in StreamKind}
"""What a stream can follow, as `Broker.supports` takes it: the name of the method that does."""
INDICES = "INDEX"
"""The market of indices."""
_NO_CALENDAR: tuple[dt.date, Mapping[dt.date, bool]] = (dt.date.min, {})
CLOCKS_DIFFER = dt.timedelta(minutes=1)
"""How far the broker's clock may be ahead of ours."""


class Inquiries:
    """Asks the parts of an adapter, checks that an answer is about what was asked, and makes the common models."""

    def __init__(
        self,
        adapter: Adapter,
        environment: str,
        phase_of: Callable[[Venue], Phase],
        *,
        is_told_phase: bool,
        durable: bool = False,
    ) -> None:
        """With `durable` what is kept for the day is kept in files, too."""
        self.adapter = adapter
        self.environment = environment
        self.durable = durable
        self.phase_of = phase_of
        self.is_told_phase = is_told_phase
        """Whether an exchange in this process says so; else it is read from the clock."""
        self.together = Together()
        """Threads for calls that do not depend on each other."""
        self.waiting = Together()
        """Threads that call nobody themselves: each waits for those that call for one symbol."""
        self.sent_on: Callable[[Market, dt.date], Iterable[Sending]] = lambda market, day: ()
        """Tells when orders of a day left, as the order journal knows it; the broker sets it."""
        self._calendars: dict[str, tuple[dt.date, Mapping[dt.date, bool]]] = {}
        """The day on which the broker's calendar of a market was asked, and what it said."""

    @property
    def name(self) -> str:
        """The broker."""
        return self.adapter.name

    @property
    def client(self) -> object:
        """The adapter's client."""
        return self.adapter.client

    # Which part

    def part(self, market: Market) -> Part[Any]:
        """Return the part of a market; Unsupported, with what there is, if the broker has none."""
        found = self.adapter.served.get(market.name)
        if found is None:
            raise Unsupported(
                f"{self.adapter.name} has no part for {market.title} ({market.name}).",
                advice=f"Nothing was sent. It has: {', '.join(self.adapter.served)}.",
            )
        return found

    def offering(self, verb: str, market: Market) -> Part[Any]:
        """Return the part of a market that offers a verb; Unsupported, with what it offers, otherwise."""
        part = self.part(market)
        if not offers(part, verb, part.environment):
            for endpoint in part.calls.get(verb, ()) if part.fills(HOOKS[verb]) else ():
                endpoint.id(part.environment)
            offered = ", ".join(each for each in HOOKS if offers(part, each, part.environment))
            words = f"{self.adapter.name} does not offer {verb} in the {part.environment} environment."
            if market.name != self.adapter.home:
                words = (
                    f"{self.adapter.name} does not offer {verb} of {market.title} "
                    f"in the {part.environment} environment."
                )
            raise Unsupported(
                words,
                advice=f"Nothing was sent. It offers: {offered}.",
            )
        self._check_words(self.barred(verb, market))
        return part

    def _check_words(self, barred: str) -> None:
        if barred:
            there = ", ".join(each.name for each in self.markets()) or "none"
            raise Unsupported(barred, advice=f"Nothing was sent. Markets of this account: {there}.")

    def barred(self, verb: str, market: Market) -> str:
        """Return why a verb is not for the account of the profile in a market that is served; else blank."""
        if verb in OF_ACCOUNT and (words := self.part(market).lacks_account()):
            return words
        used = self.adapter.settings.markets
        if verb in SENT and used is not None and market.name not in used:  # what became of it would never be looked for
            return f"The setting markets of the profile leaves out {market.title} ({market.name})."
        return ""

    def check_sent(self, market: Market | None, *, abroad: bool) -> None:
        """Raise Unsupported for something new that the account of the profile does not send to a market.

        None: what is traded there has no market here. It may be `abroad`.
        """
        if market is not None:
            words = self.barred("order", market)
        else:
            used = self.adapter.settings.markets
            is_left_out = used is not None and (abroad or HOME not in used)
            words = "The setting markets of the profile leaves out where this is traded." if is_left_out else ""
        self._check_words(words)

    def markets(self, market: str | None = None) -> tuple[Market, ...]:
        """Return the markets that are meant: the one that is named, else all in which an account can hold something."""
        if market is not None:
            named = market_named(market)
            self.part(named)
            return (named,)
        used = self.adapter.settings.markets
        if used is not None and (unknown := [name for name in used if name not in self.adapter.served]):
            raise ConfigError(
                f"{self.adapter.name} does not serve {', '.join(map(repr, unknown))}, which the setting markets names.",
                advice=f"Nothing was sent. It serves: {', '.join(self.adapter.served)}.",
            )
        served = ((market_named(name), part) for name, part in self.adapter.served.items())
        return tuple(
            market
            for market, part in served
            if market.is_held and not part.lacks_account() and (used is None or market.name in used)
        )

    def offering_all(self, verb: str, market: str | None) -> tuple[Market, ...]:
        """Return the markets that are meant and offer a verb; Unsupported for one that is named, or if none does."""
        meant = self.markets(market)
        offering = tuple(each for each in meant if offers(self.part(each), verb, self.part(each).environment))
        if not offering or market is not None:
            self.offering(verb, meant[0])
        return offering

    def trades(self, market: Market) -> bool:
        """Say whether orders can be sent, or those that stand be listed, in a market: else there are none of ours."""
        part = self.part(market)
        return any(offers(part, verb, part.environment) for verb in ("order", "orders"))

    def home(self, market: str | None) -> Market:
        """Return the market that is meant where one is: the one that is named, else the account's own."""
        return market_named(self.adapter.home if market is None else market)

    def market_meant(self, market: str | None, symbol: str | None) -> Market:
        """Return the market of a symbol where one is given, else the one that is named, else the account's own."""
        if symbol is None:
            return self.home(market)
        found = market_of(symbol)
        if market is not None and market_named(market) is not found:
            raise InvalidRequest(f"{symbol} is a symbol of the market {found.name}, not of {market}: leave one out.")
        return found

    def market_of_order(self, order: Order) -> Market:
        """Return where an order stands. Lists show symbols that are not understood too: those are of the own market."""
        return market_of(order.symbol) if is_symbol(order.symbol) else self.home(None)

    # What is listed

    @cached_property
    def listings(self) -> Listings:
        """What is listed, of all markets."""
        from brokerkit.asking.listing import Listings  # here: prices of brokers that tell names need none of it

        return Listings(self.adapter, self.environment, self.offering, durable=self.durable)

    def listed(self, symbol: str) -> Instrument | None:
        """Return what a symbol is by the day's list, which is asked for where it has to be; None for one not there."""
        return self.listings.listed(symbol)

    def relist(self, symbol: str) -> None:
        """Let the list that a symbol stands in be asked for anew when it is next needed."""
        self.listings.relist(symbol)

    # Days

    def market_hours(self, day: dt.date | None, venue: Venue | None) -> MarketHours:
        """Return the sessions of a venue on a day of its market; what the broker's calendar says of the day counts."""
        venue = check_venue(self.home(None).default_venue if venue is None else venue)
        market = market_at(venue)
        hours = market_hours(day, venue)
        is_trading_day = self._days_of(market, hours.date).get(hours.date)
        return hours if is_trading_day is None else corrected(hours, is_trading_day=is_trading_day)

    def _days_of(self, market: Market, day: dt.date) -> Mapping[dt.date, bool]:
        """Return days as the broker's calendar of a market has them; none of the past, and where it has no calendar."""
        part, today = self.adapter.served.get(market.name), market.today()
        if day < today or part is None or not part.fills("trading_days"):
            return {}
        if any(part.environment not in each.ids for each in part.calls.get("market_hours", ())):
            return {}
        asked, days = self._calendars.get(market.name, _NO_CALENDAR)
        if asked != today or day not in days:
            days = {**(days if asked == today else {}), **part.trading_days(day)}
            self._calendars[market.name] = today, days
        return days

    # Prices

    def quote(self, symbol: str, venue: Venue | None) -> Quote:
        """Return the price of a symbol at a venue, or at the default one of its market."""
        market = market_of(symbol)
        part = self.offering("quote", market)
        venue = venue_of(part, market, venue)
        reply = part.quote(symbol, venue)
        return self._quote(symbol, reply, part, market, venue, self.phases_about_now(market, venue))

    def _quote(
        self, symbol: str, reply: Reply[Quote], part: Part[Any], market: Market, venue: Venue, phases: Collection[Phase]
    ) -> Quote:
        self.check_about(symbol, reply, part, "quote")
        if not getattr(reply, "price", None):
            raise self._no_price(symbol, part, venue)
        name = {"name": market.names[symbol]} if symbol in market.names else name_of(reply)
        if not name.get("name") and (listed := self.listings.known(symbol)):
            name = {"name": listed.name}
        session = session_of(reply, venue, phases)
        return reply.to_model(symbol=symbol, venue=venue, currency=market.currency, session=session, **name)

    def phases_about_now(self, market: Market, venue: Venue) -> frozenset[Phase]:
        """Return what a venue does about now, by clocks that may differ a little; CLOSED where that is not known."""
        if self.is_told_phase:
            return frozenset({self.phase_of(venue)})
        now, today, (asked, days) = clock.now(), market.today(), self._calendars.get(market.name, _NO_CALENDAR)
        # A sandbox of another process has a clock that is not known here.
        is_closed = self.environment == "sandbox" or (asked == today and days.get(today) is False)
        try:
            if market.rules is not None and not is_closed:
                return frozenset(market.rules.phase_at(venue, now + late) for late in (-CLOCKS_DIFFER, CLOCKS_DIFFER))
        except InvalidRequest:  # a year whose trading days are not known
            pass
        return frozenset({Phase.CLOSED})

    def _no_price(self, symbol: str, part: Part[Any], venue: Venue) -> UnknownSymbol:
        words = f"{self.adapter.name} has no price of {symbol} at {venue}."
        market = market_of(symbol)
        advice = None if market.name == HOME else market.how_to_search
        return UnknownSymbol(words, broker=self.adapter.name, endpoint=endpoint_of(part, "quote"), advice=advice)

    def quotes(self, symbols: Sequence[object], venue: Venue | None, progress: Progress | None) -> Quotes:
        """Return the prices of symbols; one that is none, or that the broker does not know, takes no other with it."""
        failed: dict[str, BrokerError] = {}
        asked: dict[Market, list[str]] = {}
        for symbol in dict.fromkeys(map(str, symbols)):
            try:
                asked.setdefault(market_of(symbol), []).append(symbol)
            except InvalidRequest as error:
                failed[symbol] = error
        found: dict[str, Quote] = {}
        for market, those in asked.items():
            try:
                part = self.offering("quotes", market)
                where = venue_of(part, market, venue)
            except Unsupported as error:
                if len(asked) == 1:
                    raise
                # The symbols of other markets are asked for.
                failed |= {symbol: Unsupported(error.words, advice=error.remedy) for symbol in those}
                continue
            for symbol, answer in self._quotes(those, part, market, where, progress):
                if isinstance(answer, Quote):
                    found[symbol] = answer
                else:
                    failed[symbol] = answer
        wanted = dict.fromkeys(map(str, symbols))
        return Quotes(
            (found[symbol] for symbol in wanted if symbol in found),
            {symbol: failed[symbol] for symbol in wanted if symbol in failed},
        )

    def _quotes(
        self, symbols: Sequence[str], part: Part[Any], market: Market, venue: Venue, progress: Progress | None
    ) -> Iterator[tuple[str, Quote | BrokerError]]:
        """Yield what each symbol has got: by calls that take several, where the broker has one in this environment."""
        phases = self.phases_about_now(market, venue)
        groups = [symbols[at : at + part.quotes_at_once] for at in range(0, len(symbols), part.quotes_at_once)]
        replies = self._several(groups, part, venue, progress) if part.fills("several_quotes") else None
        if replies is None:
            with self.listings.many(symbols):
                answers = self.together.map(lambda symbol: self._one_of(symbol, part, market, venue), symbols, progress)
            yield from zip(symbols, answers, strict=True)
            return
        phases |= self.phases_about_now(market, venue)
        for symbol in symbols:
            reply = replies.get(symbol)
            if reply is None or not getattr(reply, "price", None):
                yield symbol, self._no_price(symbol, part, venue)
            else:
                yield symbol, self._quote(symbol, reply, part, market, venue, phases)

    def _several(
        self, groups: Sequence[Sequence[str]], part: Part[Any], venue: Venue, progress: Progress | None
    ) -> dict[str, Reply[Quote]] | None:
        """Return what calls for several symbols answer, by symbol; None where this environment has no such call."""
        try:
            return {
                symbol: reply
                for replies in self.together.map(lambda group: self._by_symbol(group, part, venue), groups, progress)
                for symbol, reply in replies.items()
            }
        except Unsupported:
            return None

    def _one_of(self, symbol: str, part: Part[Any], market: Market, venue: Venue) -> Quote | BrokerError:
        try:
            reply = part.quote(symbol, venue)
            return self._quote(symbol, reply, part, market, venue, self.phases_about_now(market, venue))
        except (UnknownSymbol, InvalidRequest, Unsupported) as error:
            return error

    def _by_symbol(self, group: Sequence[str], part: Part[Any], venue: Venue) -> dict[str, Reply[Quote]]:
        """Return the replies of one call; WireError for one that was not asked for, or that comes twice."""
        found: dict[str, Reply[Quote]] = {}
        for reply in part.several_quotes(group, venue):
            symbol = str(getattr(reply, "symbol", ""))
            if symbol not in group or symbol in found:
                is_twice = symbol in found
                words = f"quotes: {symbol!r} is told though nobody asked for it"
                raise part.wrong(None, f"quotes: {symbol!r} is told twice" if is_twice else words)
            found[symbol] = reply
        return found

    def order_book(self, symbol: str, venue: Venue | None) -> OrderBook:
        """Return the waiting orders of a symbol at a venue, or at the default one of its market."""
        market = market_of(symbol)
        part = self.offering("order_book", market)
        venue = venue_of(part, market, venue)
        reply = part.order_book(symbol, venue)
        self.check_about(symbol, reply, part, "order_book")
        time = getattr(reply, "clock", None)
        moment = None if time is None else self.moment_today(time, venue, market)
        return reply.to_model(symbol=symbol, venue=venue, time=moment)

    def security_type(self, symbol: str) -> SecurityType | None:
        """Return what kind of security a symbol is."""
        part = self.part(market_of(symbol))
        listed = self.listings.known(symbol)
        return part.security_type(symbol) if listed is None or listed.kind is None else listed.kind

    # The account

    def account_number(self) -> str:
        """Return the account number, as it is."""
        return self.adapter.account_number().get_secret_value()

    @property
    def choice(self) -> Choice:
        """What of the settings says how hosts share the orders of the account."""
        return self.adapter.settings

    def owner(self) -> str:
        """Return whose journal it is: the account, asked for only where the settings do not tell, else the key."""
        settings = self.adapter.settings
        if settings.account is None and not self.adapter.key_tells_account():
            return settings.app_key.get_secret_value()
        number = self.account_number() if settings.account is None else settings.account.get_secret_value()
        return "".join(filter(str.isdigit, number))

    def check_account(self) -> None:
        """Ask for the account of the key, where the key has one: it has to be the one of the profile."""
        if self.adapter.key_tells_account():
            self.adapter.account_number()

    def balance(self, market: Market) -> Balance:
        """Return cash and holdings of the account in a market."""
        part = self.offering("balance", market)
        account = masked(self.account_number())
        reply = part.balance()
        pages = [[row for row in page if row.quantity] for page in reply.pages]
        positions = tuple(self._position(row, reply, part, market) for page in pages for row in page)
        total = reply.known.get("market_value", getattr(reply.totals, "market_value", None))
        if isinstance(total, Decimal) and (words := disagreement(total, pages)):
            raise part.wrong(reply.endpoint, words)
        return reply.totals.to_model(account=account, currency=market.currency, positions=positions, **reply.known)

    def _position(self, row: PositionReply, reply: AccountReply, part: Part[Any], market: Market) -> Position:
        kind = row.kind
        if kind is None:
            words = f"of {row.quantity:f} {row.symbol} it is not clear whose they are: {row.told}"
            raise part.wrong(reply.endpoint, words)
        terms = terms_of(kind, row.quantity, row.price, row.market_value)
        return row.to_model(currency=market.currency, **name_of(row), **terms)

    def buying_power(self, symbol: str, price: Decimal | None) -> BuyingPower:
        """Return what can be ordered without margin."""
        market = market_of(symbol)
        part = self.offering("buying_power", market)
        reply = part.buying_power(symbol, price)
        self.check_about(symbol, reply, part, "buying_power")
        return reply.to_model(symbol=symbol, currency=market.currency, price=price)

    def exchange_rate(self, currency: str) -> ExchangeRate:
        """Return what a unit of a currency costs in won, by the part of the market whose currency it is."""
        part = self.offering("exchange_rate", self._market_in(currency))
        reply = part.exchange_rate(currency)
        if not getattr(reply, "rate", None) or reply.rate < 0:  # type: ignore[attr-defined]
            raise part.wrong(call_of(part, "exchange_rate"), f"no rate of {currency} is told")
        return reply.to_model(currency=currency, asked_at=clock.now())

    def _market_in(self, currency: str) -> Market:
        """Return the market of the adapter whose amounts are in a foreign currency; Unsupported where it has none."""
        markets = [market for name in self.adapter.served if (market := market_named(name)).is_held]
        for market in markets:
            if market.currency == currency:
                return market
        raise Unsupported(
            f"{self.adapter.name} has no part for a market in {currency}.",
            advice=f"Nothing was sent. It has: {', '.join(f'{each.name} ({each.currency})' for each in markets)}.",
        )

    # Orders

    def lists(self, market: Market) -> OrderLists:
        """Return the lists of orders of a market."""
        from brokerkit.orders.lists import OrderLists  # prices need none of them

        return OrderLists(self.part(market), partial(self.is_over, market), partial(self.sent_on, market))

    def find(self, order: Order) -> Order | None:
        """Return an order as the broker's list shows it, None if it is not there."""
        market = self.market_of_order(order)
        self.offering("refresh", market)
        return self.lists(market).find(order)

    def handle_of(self, order: Order) -> Handle:
        """Return what an order's handle says."""
        return self.part(self.market_of_order(order)).handle_of(order)

    def is_over(self, market: Market, day: dt.date, venue: Venue | None) -> bool:
        """Say whether regular trading of a day has ended, so that what is neither filled nor left has expired."""
        if day < market.today():
            return True
        place = venue or market.default_venue
        if place is None:
            return False
        phase = self.phase_of(place)
        if phase is Phase.CLOSED and not self.is_told_phase and market.rules is not None:
            # Closed before it opens, or after: some trading days begin the evening before.
            return any(span.start <= clock.now() for span in market.rules.sessions_of(place, day))
        return phase in (Phase.CLOSED, Phase.AFTER_CLOSE_CLOSING_PRICE, Phase.AFTER_MARKET)

    def moment_today(self, time: dt.time | dt.datetime, venue: Venue, market: Market = KOREA) -> dt.datetime | None:
        """Return a moment of today in a market, None where a time without its day may be another day's.

        It may be while the market is closed, and is while the moment has yet to come.
        """
        if isinstance(time, dt.datetime):
            return time
        moment = market.moments_of(market.today())(time)
        if self.environment != "sandbox" and moment > clock.now() + CLOCKS_DIFFER:
            return None
        return None if self.phase_of(venue) is Phase.CLOSED else moment

    def check_about(self, symbol: str, reply: Reply[Any] | FlowTables, part: Part[Any], verb: str) -> None:
        """Raise a WireError if an answer tells another symbol than the one that was asked for."""
        told = getattr(reply, "symbol", None)
        if told and told != symbol:
            raise part.wrong(call_of(part, verb), f"the answer is about {told}, not {symbol}")


def offers(part: Part[Any] | type[Part[Any]], verb: str, environment: str) -> bool:
    """Say whether a part offers a verb in an environment: its hook is filled in, and all its calls are there."""
    if verb == "round_price" and market_named(part.market).rules is None:
        return False  # of a market whose price steps are not known, or that has none
    needed: Iterable[Endpoint[Any]] = part.calls.get(verb, ())
    return part.fills(HOOKS[verb]) and all(environment in endpoint.ids for endpoint in needed)


def offers_stream(
    adapter: Adapter | type[Adapter],
    kind: StreamKind,
    market: str | None,
    environment: str,
    venue: Venue | None = None,
) -> bool:
    """Say whether a stream can follow something in a market, at a venue or at any; None is the usual market."""
    if kind is StreamKind.RAW and adapter.catalogue is None:
        return False
    named = (INDICES if kind is StreamKind.INDEX else HOME) if market is None else market
    feed = adapter.feed_kind(named)
    return feed is not None and feed.offers(kind, named, venue, environment)


def capability_of(part: Part[Any] | type[Part[Any]], environment: str, adapter: Adapter | type[Adapter]) -> Capability:
    """Return what a part can do in an environment, as data, with what the adapter's realtime side tells of it."""
    verbs = tuple(verb for verb in HOOKS if offers(part, verb, environment))
    return Capability(
        market=part.market,
        currency=market_named(part.market).currency,
        environment=environment,
        verbs=verbs,
        quote_venues=tuple(part.quote_venues),
        order_venues=tuple(part.order_venues.get(environment, ())),
        order_types=tuple(part.terms(environment)),
        streams=tuple(kind.lower() for kind in StreamKind if offers_stream(adapter, kind, part.market, environment)),
        unlisted_venues=tuple(part.unlisted_venues),
        sells_only=tuple(type_ for type_ in OrderType if type_ in part.sells_only),
        changes_parts=tuple(verb for verb in verbs if verb in part.changes_parts),
        not_told={model.__name__: tuple(sorted(fields)) for model, fields in part.untold(environment).items()},
    )


def venue_of(part: Part[Any], market: Market, named: Venue | None) -> Venue:
    """Return the venue that is meant; Unsupported, with the venues there are, where a part has no quotes of it."""
    venue = check_venue(market.default_venue if named is None else named)
    offered = part.quote_venues or market.venues
    if offered and venue not in offered:
        words = f"{venue} is not offered as a venue for quotes at {part.broker}."
        if market is not KOREA:
            words = f"{venue} is not offered as a venue for quotes of {market.title} at {part.broker}."
        raise Unsupported(
            words,
            advice=f"Nothing was sent. Offered here: {', '.join(offered)}.",
        )
    return venue


def call_of(part: Part[Any], verb: str) -> Endpoint[Any] | None:
    """Return the first call that a verb is made of, None where the adapter names none."""
    return next(iter(part.calls.get(verb, ())), None)


def endpoint_of(part: Part[Any], verb: str) -> str | None:
    """Return the name of the first call that a verb is made of, for errors."""
    call = call_of(part, verb)
    return None if call is None else str(call)


def name_of(reply: object) -> dict[str, object]:
    """Return the name of an answer where it tells one: a blank is none."""
    name = getattr(reply, "name", None)
    return {} if name is None else {"name": name or None}
