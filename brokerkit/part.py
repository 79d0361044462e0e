"""What an adapter fills in for one market: hooks that ask the broker.

A hook answers what the broker said (`brokerkit.replies`), never a finished model: the core checks that it is about what
was asked, and makes the common models. What a part does not fill in is unsupported, and says so.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from decimal import Decimal
from typing import Any, ClassVar, Generic, TypeVar

from brokerkit import clock
from brokerkit.errors import InvalidRequest, Unsupported, WireError
from brokerkit.market.markets import market_named
from brokerkit.market.sessions import Phase
from brokerkit.models import (
    BuyingPower,
    Condition,
    ExchangeRate,
    Instrument,
    InvestorFlow,
    InvestorFlowTotal,
    Match,
    Members,
    Model,
    Order,
    OrderBook,
    OrderRequest,
    Quote,
    Reservation,
)
from brokerkit.models.handles import Handle, handle_of
from brokerkit.replies import (
    AccountReply,
    Bars,
    CashMove,
    Estimated,
    FlowRow,
    FlowTables,
    Listed,
    OrderPage,
    Programs,
    Ranked,
    Ranks,
    ReservationReply,
    Sale,
    Sent,
    TradeReply,
)
from brokerkit.symbols import HOME
from brokerkit.transport import Client, Endpoint, OddRow, Reply
from brokerkit.words import Interval, Investor, OrderType, RankingKind, SecurityType, Segment, TimeInForce, Venue

C = TypeVar("C", bound=Client)
OrderTerms = tuple[OrderType, TimeInForce]


T = TypeVar("T")


def _added(tables: Iterable[Mapping[type[Model], T]], both: Callable[[T, T], T]) -> dict[type[Model], T]:
    found: dict[type[Model], T] = {}
    for table in tables:
        for model, told in table.items():
            found[model] = both(found[model], told) if model in found else told
    return found


def _no_phase(venue: Venue) -> Phase:
    raise RuntimeError("A part knows the phase of a venue once a Broker has its adapter.")


def _no_list(symbol: str) -> Any:
    raise RuntimeError("A part knows what is listed once a Broker has its adapter.")


Ask = Callable[[str, str], Any]
"""Sends a frame over the broker's socket, and returns the body of the `Answer` of a name."""


def _no_socket() -> AbstractContextManager[Ask]:
    raise RuntimeError("A part can ask over the socket once a Broker has its adapter.")


class Part(Generic[C]):
    """One market of one broker. Hooks never loop over retries, sleep or send again.

    A part may be put together from classes of one subject each: what they declare in `calls`, `not_told` and `rounds`
    is added up.
    """

    market: ClassVar[str] = HOME
    not_told: ClassVar[Mapping[type[Model], frozenset[str]]] = {}
    """Fields of the common models that this broker does not tell. One that is filled after all fails the kit.

    A field of `Flow` named for another model is one of all the flows in it.
    """
    not_told_in: ClassVar[Mapping[str, Mapping[type[Model], frozenset[str]]]] = {}
    """Environment to the fields that it does not tell there, besides."""
    told_if_sure: ClassVar[Mapping[type[Model], frozenset[str]]] = {}
    """Fields of Order that it tells only where its answer leaves no doubt: else they are None, and never wrong."""
    rounds: ClassVar[Mapping[type[Model], Mapping[str, Decimal]]] = {}
    """Fields that this broker rounds, and by how much less than which they may be off."""
    calls: ClassVar[Mapping[str, tuple[Endpoint[Any], ...]]] = {}
    """Verb to the calls that it is made of: it is offered where all of them are offered."""
    order_types: ClassVar[Collection[OrderTerms]] = ()
    """Order types, each with a time in force, that the broker takes."""
    order_types_in: ClassVar[Mapping[str, Collection[OrderTerms]]] = {}
    """Environment to those that it takes there, where they are others."""
    sells_only: ClassVar[frozenset[OrderType]] = frozenset()
    """Those of them that only a sale may have."""
    reservation_types: ClassVar[Mapping[str, Collection[OrderType]]] = {}
    """Environment to the types that a reserved order may have there; `sells_only` counts for them too."""
    reservation_venues: ClassVar[Collection[Venue]] = ()
    """Venues that reserved orders go to."""
    reserves_until: ClassVar[bool] = False
    """Whether one may be reserved for several days, up to a last one."""
    order_venues: ClassVar[Mapping[str, Collection[Venue]]] = {}
    """Environment to the venues that it sends orders to."""
    quote_venues: ClassVar[Collection[Venue]] = ()
    bar_intervals: ClassVar[Collection[Interval]] = ()
    """Intervals that the broker tells: DAY by `bars`; MINUTE and TICK, the trades one by one, by `minutes`."""
    bar_intervals_in: ClassVar[Mapping[str, Collection[Interval]]] = {}
    """Environment to those that it tells there, where they are others."""
    bars_at_once: ClassVar[int] = 100
    """Rows of one answer of `bars`, where the stretch has so many."""
    bars_are_newest: ClassVar[bool] = False
    """Whether an answer of `bars` holds the newest rows of a stretch that has more of them."""
    adjusts: ClassVar[Collection[Interval]] = (Interval.DAY,)
    """Those of them whose prices the broker tells adjusted or as they were, as one asks."""
    minutes_by_day: ClassVar[bool] = False
    """Whether `minutes` is asked for one day, several days at a time; else for all of a span, answer by answer."""
    minutes_are_extended: ClassVar[bool] = False
    """Whether `minutes` of US symbols tells those of the pre- and the after-market too; else regular trading counts."""
    quotes_at_once: ClassVar[int] = 1
    """Symbols that `several_quotes` takes at a time."""
    ranking_venues: ClassVar[Mapping[RankingKind, Collection[Venue]]] = {}
    """Rankings that `ranking` tells, each with the venues whose prices it may be of; none where it is of all."""
    ranks_lack: ClassVar[Mapping[RankingKind, frozenset[str]]] = {}
    """Fields of Rank that a ranking does not tell, beside those that are of no such ranking."""
    most_ranks: ClassVar[int | None] = None
    """Rows of a ranking after which the broker tells no more; None where its list goes on."""
    flows_at_once: ClassVar[int] = 0
    """Days of one call of `investor_flow`; the core asks for longer stretches by several at a time. 0: for one."""
    market_flows_at_once: ClassVar[int] = 1
    """Days of one call of `market_investor_flow`."""
    changes_parts: ClassVar[frozenset[str]] = frozenset({"cancel", "amend"})
    """Verbs that can change a part of what is left of an order; a quantity for any other one is unsupported."""
    lists_prove_absence: ClassVar[frozenset[str]] = frozenset()
    """Environments whose list of the day shows every order sooner or later, so that one it lacks was not placed."""
    settle_seconds: ClassVar[float] = 120.0
    """Seconds after which such a list shows an order; the delays that users report are up to 83 s."""
    numbers_ascend: ClassVar[bool] = True
    """Whether a later order of a day has a higher number. False for opaque ids: time windows decide then."""
    unlisted_venues: ClassVar[Collection[Venue]] = ()
    """Venues whose orders stand in no list of the broker: what became of one is not to be learnt here."""
    lists_cancellations: ClassVar[bool] = True
    """Whether a cancellation has a row of its own. False: the row of its order alone says that it was cancelled."""
    has_branches: ClassVar[bool] = False
    """Whether numbers are unique within a branch only."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        own = [base for base in reversed(cls.__mro__) if issubclass(base, Part)]
        cls.calls = {verb: calls for base in own for verb, calls in base.__dict__.get("calls", {}).items()}
        cls.not_told = _added((base.__dict__.get("not_told", {}) for base in own), frozenset.union)
        cls.rounds = _added((base.__dict__.get("rounds", {}) for base in own), lambda one, other: {**one, **other})

    def __init__(
        self,
        client: C,
        *,
        broker: str,
        environment: str,
        is_simulated: bool,
    ) -> None:
        """`environment` is the one whose ids and hosts are used: "real" or "demo"."""
        self.client = client
        self.broker = broker
        self.environment = environment
        self.is_simulated = is_simulated
        """Whether a sandbox answers: its exchange has a clock and a calendar of its own."""
        self.phase_of: Callable[[Venue], Phase] = _no_phase
        """What a venue is doing now."""
        self.now: Callable[[], dt.datetime | None] = clock.now
        """The present moment where the broker is; None in a sandbox whose clock nobody here can see."""
        self.ask: Callable[[], AbstractContextManager[Ask]] = _no_socket
        """Gives what asks over the broker's socket; all questions of one `with` go out after one login."""
        self.listed: Callable[[str], Instrument | None] = _no_list
        """What a symbol is by the day's list of its market, for which the broker is asked where it has to be.

        None for one that is not listed; what goes wrong on the way is raised as it is.
        """
        self.relist: Callable[[str], object] = _no_list
        """Lets the day's list that a symbol stands in be asked for anew: the broker said that the symbol has moved."""
        self.prepare()

    def prepare(self) -> None:
        """Make what the part keeps between calls."""

    def lacks_account(self) -> str:
        """Return why the account of the profile holds and trades nothing in the market, as some kinds; else blank."""
        return ""

    # Reading

    def quote(self, symbol: str, venue: Venue) -> Reply[Quote]:
        """Return the price of a symbol; where the broker has none, a reply without a price."""
        raise Unsupported("quote")

    def several_quotes(self, symbols: Sequence[str], venue: Venue) -> Iterable[Reply[Quote]]:
        """Return the prices of up to `quotes_at_once` symbols by a call that takes several, in any order.

        Each reply names its symbol; one that the broker has no price of may be left out. Without it, and in an
        environment that lacks the call, `quotes` asks for one after the other.
        """
        raise Unsupported("several quotes at once")

    def order_book(self, symbol: str, venue: Venue) -> Reply[OrderBook]:
        """Return the levels of both sides, best first; `clock` in `extra` is their time of day."""
        raise Unsupported("order_book")

    def trades(self, symbol: str, venue: Venue, count: int | None) -> Iterable[Sequence[TradeReply]]:
        """Yield the trades of today page by page, the newest first; all of them where `count` is None.

        The core asks for no page more than it needs, drops what a page repeats of the one before, and adds the day.
        """
        raise Unsupported("trades")

    def members(self, symbol: str, venue: Venue) -> Reply[Members]:
        """Return the member firms that have sold and bought most of a symbol today, the largest first."""
        raise Unsupported("members")

    def bars(self, symbol: str, interval: Interval, venue: Venue, adjusted: bool, start: dt.date, end: dt.date) -> Bars:
        """Return the bars of one answer that lie between two days, and what else it brings; in any order.

        `interval` is one of `bar_intervals`. The core asks for stretches that `bars_at_once` rows can hold, several at
        a time, puts them together, and makes longer intervals of shorter ones.
        """
        raise Unsupported("candles")

    def minutes(
        self,
        symbol: str,
        interval: Interval,
        venue: Venue,
        adjusted: bool | None,
        start: dt.datetime,
        end: dt.datetime,
    ) -> Iterable[Bars]:
        """Yield answers with bars of a minute, or with trades, the newest first, back from `end`.

        The last one reaches further back than `start`, or the broker said that it has none older: that proves that the
        others are all there are. With `minutes_by_day` both lie on one day. `adjusted` is None where `adjusts` lacks
        the interval. Bars without a trade may be told or left out. The core makes longer ones of these.
        """
        raise Unsupported("candles of minutes")

    def minutes_since(self, venue: Venue) -> dt.date:
        """Return the first day of which the broker still has minutes of a venue."""
        raise Unsupported("candles of minutes")

    def buying_power(self, symbol: str, price: Decimal | None) -> Reply[BuyingPower]:
        """Return what can be bought without margin at a price, or at the market."""
        raise Unsupported("buying_power")

    def balance(self) -> AccountReply:
        """Return cash and holdings, all pages of them."""
        raise Unsupported("balance")

    def exchange_rate(self, currency: str) -> Reply[ExchangeRate]:
        """Return what a unit of the market's currency costs in won."""
        raise Unsupported("exchange_rate")

    def investor_flow(
        self, symbol: str, start: dt.date | None, end: dt.date, detail: bool
    ) -> Iterable[Reply[InvestorFlow] | FlowRow | FlowTables]:
        """Return the days up to `end`, back to `start` or the day before it; without a start as many as are easy."""
        raise Unsupported("investor_flow")

    def ranking(self, kind: RankingKind, market: Segment | None, venue: Venue | None, count: int) -> Ranks:
        """Return at least the first `count` rows of a ranking, or all there are, with what else one answer brings.

        `market` is KOSPI, KOSDAQ or None for both; `venue` is one of `ranking_venues`. The core orders the rows,
        and leaves out those that do not belong to it, such as what is unchanged.
        """
        raise Unsupported("rankings")

    def conditions(self) -> Iterable[Reply[Condition]]:
        """Return the conditions that the user has saved at the broker."""
        raise Unsupported("conditions")

    def screen(self, condition: str) -> Iterable[Reply[Match]]:
        """Return all symbols that meet a condition, which its `id` names; an error where they may be more than told."""
        raise Unsupported("screen")

    def investor_flow_total(self, symbol: str, start: dt.date, end: dt.date) -> FlowTables:
        """Return what was done from `start` to `end` by a call that sums; without it the core sums days."""
        raise Unsupported("a sum of investor flow")

    def market_investor_flow(self, market: str, start: dt.date, end: dt.date) -> Iterable[FlowRow | FlowTables]:
        """Return the days of one answer about KOSPI or KOSDAQ, back from `end`; in any order.

        From `start` to `end` there are at most `market_flows_at_once` trading days. Where that is one, `end` is one.
        """
        raise Unsupported("market_investor_flow")

    def investor_flow_estimates(self, symbol: str) -> Iterable[Estimated]:
        """Return what is estimated so far today."""
        raise Unsupported("investor_flow_estimates")

    def investor_rankings(
        self, investor: Investor, market: str | None, start: dt.date | None, end: dt.date, count: int, *, sold: bool
    ) -> Iterable[Ranked]:
        """Return up to `count` symbols that a kind of investor bought (or sold) most in won, the first one first.

        From `start` to `end`, or without a start as of today; of a market, or of both.
        """
        raise Unsupported("investor_rankings")

    def program_trading(self, symbol: str, start: dt.date | None, end: dt.date) -> Iterable[Programs]:
        """Return the days up to `end`, back to `start` or the day before it; without a start as many as are easy."""
        raise Unsupported("program_trading")

    def market_program_trading(self, market: str, start: dt.date | None, end: dt.date) -> Iterable[Programs]:
        """Return the same of KOSPI or KOSDAQ."""
        raise Unsupported("program_trading of a market")

    def program_rankings(self, market: str, day: dt.date | None, count: int, *, sold: bool) -> Iterable[Ranked]:
        """Return up to `count` symbols that programmes bought (or sold) most in won, on a day or so far today."""
        raise Unsupported("program_rankings")

    def security_type(self, symbol: str) -> SecurityType | None:
        """Return what kind of security a symbol is, None if the broker does not tell."""
        return None

    def instruments(self) -> Listed:
        """Return all that is listed, every page of it. The core asks once a day and keeps a copy."""
        raise Unsupported("instruments")

    def one_instrument(self, symbol: str) -> Reply[Instrument]:
        """Return what a symbol is by a call for it alone; without it `instrument` looks it up among `instruments`."""
        raise Unsupported("an instrument alone")

    def leverage(self, symbol: str) -> Decimal | None:
        """Return the multiple of its index that an ETF or ETN follows, where `instruments` does not tell it."""
        raise Unsupported("leverage")

    def trading_days(self, start: dt.date) -> Mapping[dt.date, bool]:
        """Return days from `start` on as the broker's calendar has them: whether the market trades on each.

        Not a verb: without it `market_hours` goes by the table of brokerkit. It is asked once a day at most.
        """
        raise Unsupported("a calendar")

    def realized_pnl(self, start: dt.date, end: dt.date) -> Iterable[Sale]:
        """Return what sales earned in these days, all pages of it; whatever sums the broker tells agree with them.

        What was bought alone has earned nothing and is left out. A symbol may have several rows of a day.
        """
        raise Unsupported("realized_pnl")

    def transactions(self, start: dt.date, end: dt.date) -> Iterable[CashMove]:
        """Return the cash ledger of these days, all pages of it, oldest first: each line with the cash after it."""
        raise Unsupported("transactions")

    def rows(
        self,
        start: dt.date,
        end: dt.date,
        *,
        symbol: str | None = None,
        number: str | None = None,
        open_only: bool = False,
    ) -> Iterable[OrderPage]:
        """Yield the lists of orders, amendments and cancellations of days, page by page.

        The days are those of the broker's own lists: where they may date an order otherwise than its market, the core
        asks for the days around, too. `symbol` and `open_only` narrow where the broker can. With a `number` that order
        is looked for: newest first, so that what changed an order comes before it, and no page more than needed is
        asked for. A row that is not as documented comes as an OddRow; it is not left out.
        """
        raise Unsupported("a list of orders")

    # What an order is in the broker's own fields, where a raw call uses the API of a verb

    def symbol_told(self, code: str) -> str:
        """Return the symbol of a code as requests spell it."""
        return code

    def terms_told(self, code: str) -> OrderTerms | None:
        """Return type and time in force by the broker's code; None where no word of ours says the same."""
        return None

    def accepted(self, content: Mapping[str, Any]) -> Sent | None:
        """Return what the answer to an order, amendment or cancellation says; None where its number is all of it."""
        return None

    # Ordering: each sends once, or raises before anything leaves

    def send_order(self, request: OrderRequest, key: str) -> Sent:
        """Send the order once.

        `key` is a text of up to 36 letters and digits, for brokers that take an order key of the client's own: another
        one for every order, and the same one in every try under a key of the caller's.
        """
        raise Unsupported("order")

    def send_cancel(self, order: Order, handle: Handle, quantity: Decimal | None) -> Sent:
        """Cancel `quantity` shares, or all that is left."""
        raise Unsupported("cancel")

    def send_amend(self, order: Order, handle: Handle, quantity: Decimal | None, price: Decimal) -> Sent:
        """Move `quantity` shares, or all that is left, to `price`."""
        raise Unsupported("amend")

    # Reserved orders

    def reservations(self, start: dt.date, end: dt.date) -> Iterable[ReservationReply | OddRow]:
        """Return what was reserved on these days, all pages of it, also what became orders or was cancelled.

        Rows of other days may be among them: the core leaves them out.
        """
        raise Unsupported("a list of reserved orders")

    def send_reservation(self, request: OrderRequest, until: dt.date | None) -> Sent:
        """Reserve an order once: for the broker's next day, or for each one up to a last one."""
        raise Unsupported("reserve")

    def send_reservation_amend(self, reservation: Reservation, handle: Handle, request: OrderRequest) -> Sent:
        """Let a reserved order be as the request says, which differs in quantity or price; the number is its own."""
        raise Unsupported("amend_reservation")

    def send_reservation_cancel(self, reservation: Reservation, handle: Handle) -> Sent:
        """Take a reserved order back; the number is its own."""
        raise Unsupported("cancel_reservation")

    # What the core makes of that

    @classmethod
    def untold(cls, environment: str) -> Mapping[type[Model], frozenset[str]]:
        """Return the fields of the common models that the broker does not tell in an environment."""
        tables = [cls.not_told, cls.not_told_in.get(environment, {})]
        if not cls.fills("investor_flow_total"):  # a sum of days has no more than they have
            tables += [{InvestorFlowTotal: table[InvestorFlow]} for table in tables if InvestorFlow in table]
        return _added(tables, frozenset.union)

    @classmethod
    def terms(cls, environment: str) -> Collection[OrderTerms]:
        """Return the order types, each with a time in force, that the broker takes in an environment."""
        return cls.order_types_in.get(environment, cls.order_types)

    @classmethod
    def intervals(cls, environment: str) -> Collection[Interval]:
        """Return the intervals that the broker tells in an environment."""
        return cls.bar_intervals_in.get(environment, cls.bar_intervals)

    @classmethod
    def fills(cls, hook: str) -> bool:
        """Say whether the part fills a hook in."""
        return getattr(cls, hook) is not getattr(Part, hook)

    def handle_of(self, order: Order) -> Handle:
        """Return what an order's handle says; InvalidRequest if it is none of this broker."""
        return handle_of(order.handle, self.broker, has_branches=self.has_branches, ascends=self.numbers_ascend)

    def handle(self, day: dt.date, branch: str, number: str) -> Handle:
        """Return the handle of an order that was numbered on a day."""
        return Handle(self.broker, day, branch if self.has_branches else None, number, number)

    def reservation_handle(self, day: dt.date, number: str) -> Handle:
        """Return the handle of a reserved order that was taken on a day: no order has such a one."""
        return Handle(f"{self.broker}/reserved", day, None, number, number)

    def reservation_handle_of(self, reservation: Reservation) -> Handle:
        """Return what a reserved order's handle says; InvalidRequest if it is none of this broker."""
        return handle_of(reservation.handle, f"{self.broker}/reserved", has_branches=False, ascends=False)

    def days_to_ask(self, start: dt.date, end: dt.date) -> list[dt.date]:
        """Return the days whose lists are worth asking for, one by one: a day that stands alone is, whatever it is."""
        days = [start + dt.timedelta(count) for count in range((end - start).days + 1)]
        return days if start == end else [day for day in days if self._may_list(day)]

    def _may_list(self, day: dt.date) -> bool:
        """Say whether a list may show orders under a date: of a trading day, or dated a day off it."""
        market = market_named(self.market)
        if market.rules is None or day in (market.today(), clock.today()):
            return True
        around = range(-market.days_differ, market.days_differ + 1)
        try:
            return any(market.rules.is_trading_day(day + dt.timedelta(count)) for count in around)
        except InvalidRequest:  # a year whose trading days are not known
            return True

    def price_or_upper_limit(self, symbol: str, price: Decimal | None) -> Decimal:
        """Return the price, else the upper limit of the day, at which brokers count a market order to buy."""
        limit: Decimal | None = price or getattr(self.quote(symbol, Venue.KRX), "upper_limit", None)
        if limit is None:
            raise InvalidRequest(f"{symbol} has no upper limit today, at which a market order counts. Give a price.")
        return limit

    def flow_tables(
        self,
        endpoint: Endpoint[Any],
        ask: Callable[[str, str], Mapping[dt.date, Any]],
        *,
        detail: bool,
        kinds: Sequence[str],
        amount: Decimal,
        read: Callable[[Any], Any] = lambda row: row,
    ) -> list[FlowTables]:
        """Ask for every table, and return the days that they tell; a WireError if those are not the same.

        `ask` returns the rows of ("net" | "buy" | "sell", "quantity" | "amount") by their days; `amount` is what one of
        an amount is, in won.
        """
        units = {"quantity": Decimal(1), "amount": amount}
        ways = ("net", "buy", "sell") if detail else ("net",)
        tables = {(what, unit): ask(what, unit) for what in ways for unit in units}
        days = set(tables["net", "quantity"])
        if any(set(table) != days for table in tables.values()):
            raise self.wrong(endpoint, "the days of quantities and amounts differ")
        return [
            FlowTables(
                day, {name: table[day] for name, table in tables.items()}, read, kinds, units, final=day < clock.today()
            )
            for day in days
        ]

    def wrong(self, endpoint: Endpoint[Any] | None, words: str) -> WireError:
        """Return the error for an answer that parses but cannot be right."""
        if endpoint is None or not isinstance(self.client, Client):
            return WireError(words, broker=self.broker)
        return self.client.wrong(endpoint, words)
