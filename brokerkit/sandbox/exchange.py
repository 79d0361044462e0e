"""The simulated exchange: symbols, books, accounts and investor flow. Deterministic for a seed; speaks only our models.

It plays one trading day with continuous trading. KRX, NXT and the combined market share one book for each symbol.
"""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from itertools import count
from random import Random

from brokerkit.market.clock import KST
from brokerkit.market.clock import today as real_today
from brokerkit.market.costs import TAX_YEARS, transaction_tax_rate
from brokerkit.market.ticks import is_on_tick
from brokerkit.models import (
    InvestorFlow,
    Level,
    OrderBook,
    OrderRequest,
    OrderType,
    Quote,
    Side,
    TimeInForce,
    Venue,
)
from brokerkit.sandbox.accounts import (
    Account,
    AccountState,
    Costs,
    Entry,
    ExchangeOrder,
    ExchangeRefusal,
    Execution,
    Holding,
    Refusal,
)
from brokerkit.sandbox.books import Book, Match, Resting, open_book
from brokerkit.sandbox.flows import counts_as_trading_day, year_of_flow
from brokerkit.sandbox.instruments import Instrument, Market, list_instruments

__all__ = [
    "AccountState",
    "Costs",
    "Exchange",
    "ExchangeOrder",
    "ExchangeRefusal",
    "Execution",
    "Holding",
    "Instrument",
    "Market",
    "OrderType",
    "Refusal",
    "TimeInForce",
]

_OPENING = dt.time(10, 0, tzinfo=KST)
_MOST_SHARES = Decimal(10) ** 10
"""An order of more is a slip; without an end the arithmetic of Decimal would not stay exact."""
_HUNDREDTH = Decimal("0.01")

_LIMIT_OF: Mapping[OrderType, Callable[[OrderRequest, Book[Entry]], int | None]] = {
    OrderType.LIMIT: lambda request, book: None if request.price is None else int(request.price),
    OrderType.MARKET: lambda request, book: None,
}
"""Order types that are played, and the limit that an order of each gets when it meets the book (None: any price)."""
_TIMES_IN_FORCE = frozenset({TimeInForce.DAY, TimeInForce.IOC, TimeInForce.FOK})


class Exchange:
    """200 symbols, matching by price and time, accounts. Every method is safe to call from several threads."""

    def __init__(self, *, seed: int = 1, today: dt.date | None = None) -> None:
        self.market_open = True
        """False refuses every order and cancel with MARKET_CLOSED."""
        self._seed = seed
        self._today = today or real_today()
        self._opened_at = time.monotonic()
        self._opening = dt.datetime.combine(self._today, _OPENING)
        self._end = dt.datetime.combine(self._today, dt.time.max, KST)
        self._instruments = list_instruments(seed)
        self._books: dict[str, Book[Entry]] = {}
        self._flows: dict[str, tuple[InvestorFlow, ...]] = {}
        self._accounts: dict[str, Account] = {}
        self._halted: set[str] = set()
        self._order_numbers = count(Random(f"{seed}/orders").randrange(10_000, 90_001))  # noqa: S311 - repeatable
        self._trade_numbers = count(1)
        self._day_of_tax = _day_of_tax(self._today)
        self._lock = threading.RLock()

    def now(self) -> dt.datetime:
        """Return the time at the exchange: it starts at 10:00 Korean time and runs with the real clock.

        It stops at the end of the day, because an exchange plays one day only.
        """
        return min(self._opening + dt.timedelta(seconds=time.monotonic() - self._opened_at), self._end)

    @property
    def today(self) -> dt.date:
        """The one day that is played."""
        return self._today

    def halt(self, symbol: str) -> None:
        """Stop trading of a symbol: orders in it are refused, waiting ones can be cancelled."""
        with self._lock:
            self._halted.add(self._instrument(symbol).symbol)

    def resume(self, symbol: str) -> None:
        """Let a symbol trade again."""
        with self._lock:
            self._halted.discard(self._instrument(symbol).symbol)

    @property
    def instruments(self) -> Mapping[str, Instrument]:
        """Everything that is listed, by symbol."""
        return self._instruments

    def quote(self, symbol: str, venue: Venue = Venue.KRX) -> Quote:
        """Return the present price with every field filled."""
        with self._lock:
            instrument = self._instrument(symbol, venue)
            day = self._book(instrument).day
            price = Decimal(day.price)
            change = price - instrument.previous_close
            return Quote(
                symbol=symbol,
                venue=venue,
                currency="KRW",
                price=price,
                name=instrument.name,
                previous_close=instrument.previous_close,
                change=change,
                change_percent=(change * 100 / instrument.previous_close).quantize(_HUNDREDTH, ROUND_HALF_UP),
                open=Decimal(day.open),
                high=Decimal(day.high),
                low=Decimal(day.low),
                volume=Decimal(day.volume),
                turnover=Decimal(day.turnover),
                upper_limit=instrument.upper_limit,
                lower_limit=instrument.lower_limit,
                time=self.now(),
            )

    def order_book(self, symbol: str, venue: Venue = Venue.KRX) -> OrderBook:
        """Return the best ten levels a side."""
        with self._lock:
            book = self._book(self._instrument(symbol, venue))
            return OrderBook(
                symbol=symbol,
                venue=venue,
                time=self.now(),
                asks=_levels(book, Side.SELL),
                bids=_levels(book, Side.BUY),
            )

    def investor_flow(self, symbol: str) -> Sequence[InvestorFlow]:
        """Return a year of trading days up to the last one before today, ascending, with every figure filled."""
        with self._lock:
            if symbol not in self._flows:
                self._flows[symbol] = year_of_flow(self._seed, self._instrument(symbol), self._today)
            return self._flows[symbol]

    def open_account(self, number: str, *, cash: Decimal = Decimal(100_000_000), costs: Costs | None = None) -> None:
        """Open an account with settled cash in whole won."""
        with self._lock:
            if number in self._accounts:
                raise ValueError(f"There is an account {number} already.")
            self._accounts[number] = Account(number, _whole("cash", cash), costs or Costs())

    def give_holding(self, account: str, symbol: str, quantity: Decimal, cost: Decimal) -> None:
        """Add shares that the account bought earlier, already settled, for that cost in whole won."""
        with self._lock:
            instrument = self._instrument(symbol)
            self._account(account).give(instrument, _whole("quantity", quantity), _whole("cost", cost))

    def account(self, number: str) -> AccountState:
        """Return cash and holdings of an account."""
        with self._lock:
            return self._account(number).state(lambda symbol: self._book(self._instruments[symbol]).day.price)

    def affordable(self, account: str, symbol: str, price: Decimal | None = None) -> Decimal:
        """Return how many shares the account can buy, commission included; without a price as a market order."""
        with self._lock:
            instrument = self._instrument(symbol)
            return Decimal(self._account(account).affordable(int(price or instrument.upper_limit)))

    def submit(self, account: str, request: OrderRequest) -> ExchangeOrder:
        """Take an order, match it and return its row, or raise ExchangeRefusal.

        What no one takes rests if it is a limit order of the day. Of a market order, also one of the day, the rest is
        cancelled when the book is empty; of IOC what is not filled at once; of FOK everything unless all can be filled.
        """
        with self._lock:
            owner = self._account(account)
            instrument = self._check(request)
            limit = _LIMIT_OF[request.type](request, self._book(instrument))
            quantity = int(request.quantity)
            # A market buy could cost up to the day's upper limit.
            owner.check(request.side, request.symbol, quantity, limit or int(instrument.upper_limit))
            number = next(self._order_numbers)
            entry = Entry(number, "NEW", None, number, owner, request, self.now(), quantity, remaining=quantity)
            owner.entries[number] = entry
            self._play(instrument, entry, limit)
            return entry.snapshot()

    def cancel(self, account: str, number: int, quantity: Decimal | None = None) -> ExchangeOrder:
        """Cancel an order, or part of what is left of it, and return the row of the cancel."""
        with self._lock:
            owner = self._account(account)
            entry = self._entry(account, number)
            if not self.market_open:
                raise ExchangeRefusal(Refusal.MARKET_CLOSED)
            if quantity is not None and not _is_whole(quantity):
                raise ExchangeRefusal(Refusal.QUANTITY)
            if not entry.resting or (quantity is not None and quantity > entry.remaining):
                raise ExchangeRefusal(Refusal.NOTHING_TO_CANCEL, str(entry.remaining))
            canceled = entry.remaining if quantity is None else int(quantity)
            self._withdraw(entry, canceled)
            own = next(self._order_numbers)
            row = Entry(own, "CANCEL", number, entry.root, owner, entry.request, self.now(), canceled)
            owner.entries[own] = row
            return row.snapshot()

    def order(self, account: str, number: int) -> ExchangeOrder:
        """Return a row of the account's order list."""
        with self._lock:
            return self._entry(account, number).snapshot()

    def orders(self, account: str) -> Sequence[ExchangeOrder]:
        """Return today's rows, ascending by number."""
        with self._lock:
            return [entry.snapshot() for entry in self._account(account).entries.values()]

    def trade(self, symbol: str, side: Side, quantity: Decimal, price: Decimal | None = None) -> None:
        """Play somebody else's order: a market order without a price, else a limit order whose rest waits."""
        with self._lock:
            instrument = self._instrument(symbol)
            self._check_open(symbol)
            _check_numbers(instrument, quantity, price)
            limit = None if price is None else int(price)
            book = self._book(instrument)
            matches = book.match(side, int(quantity), limit)
            for match in matches:
                self._settle(instrument, match, None)
            left = int(quantity) - sum(match.quantity for match in matches)
            if left and limit is not None:
                book.rest(Resting(side, limit, left))

    def _play(self, instrument: Instrument, entry: Entry, limit: int | None) -> None:
        book = self._book(instrument)
        request = entry.request
        fills_or_dies = request.time_in_force is TimeInForce.FOK
        if not fills_or_dies or book.available(request.side, limit) >= entry.quantity:
            for match in book.match(request.side, entry.quantity, limit):
                self._settle(instrument, match, entry)
        if not entry.remaining:
            return
        if limit is not None and request.time_in_force is TimeInForce.DAY:
            entry.resting = Resting(request.side, limit, entry.remaining, entry)
            book.rest(entry.resting)
            entry.account.reserve(entry)
        else:
            entry.canceled, entry.remaining = entry.remaining, 0

    def _settle(self, instrument: Instrument, match: Match[Entry], incoming: Entry | None) -> None:
        """Book a trade at both sides, as far as they are accounts here."""
        number = next(self._trade_numbers)
        now = self.now()
        for entry in (match.resting.owner, incoming):
            if entry is None:
                continue
            fill = Execution(entry.number, number, Decimal(match.price), Decimal(match.quantity), now)
            entry.executions.append(fill)
            entry.remaining -= match.quantity
            tax_rate = transaction_tax_rate(self._day_of_tax, instrument.market, instrument.kind)
            entry.account.fill(entry.request.side, instrument, match.quantity, match.price, tax_rate)
            self._keep_reserved(entry)

    def _withdraw(self, entry: Entry, quantity: int) -> None:
        assert entry.resting is not None  # noqa: S101 - cancel has looked
        self._book(self._instruments[entry.request.symbol]).withdraw(entry.resting, quantity)
        entry.remaining -= quantity
        entry.canceled += quantity
        self._keep_reserved(entry)

    @staticmethod
    def _keep_reserved(entry: Entry) -> None:
        if entry.resting is None:
            return
        entry.account.reserve(entry)
        if not entry.remaining:
            entry.resting = None

    def _check(self, request: OrderRequest) -> Instrument:
        """Return the instrument of an order that the exchange can take, whoever sends it."""
        instrument = self._instrument(request.symbol)
        self._check_open(request.symbol)
        if request.type not in _LIMIT_OF or request.time_in_force not in _TIMES_IN_FORCE:
            raise ExchangeRefusal(Refusal.UNSUPPORTED_TYPE)
        at_nxt = request.venue is Venue.NXT
        # NXT takes market orders only when they end at once.
        waits_at_market = request.type is OrderType.MARKET and request.time_in_force is TimeInForce.DAY
        if at_nxt and (waits_at_market or not instrument.nxt):
            raise ExchangeRefusal(Refusal.UNSUPPORTED_TYPE)
        _check_numbers(instrument, request.quantity, request.price)
        return instrument

    def _check_open(self, symbol: str) -> None:
        if symbol in self._halted:
            raise ExchangeRefusal(Refusal.TRADING_HALTED)
        if not self.market_open:
            raise ExchangeRefusal(Refusal.MARKET_CLOSED)

    def _instrument(self, symbol: str, venue: Venue = Venue.KRX) -> Instrument:
        instrument = self._instruments.get(symbol)
        if instrument is None:
            raise ExchangeRefusal(Refusal.UNKNOWN_SYMBOL)
        if venue is Venue.NXT and not instrument.nxt:
            raise ExchangeRefusal(Refusal.UNSUPPORTED_TYPE)
        return instrument

    def _book(self, instrument: Instrument) -> Book[Entry]:
        book = self._books.get(instrument.symbol)
        if book is None:
            book = self._books[instrument.symbol] = open_book(self._seed, instrument)
        return book

    def _account(self, number: str) -> Account:
        account = self._accounts.get(number)
        if account is None:
            raise LookupError(f"There is no account {number}; open_account makes one.")
        return account

    def _entry(self, account: str, number: int) -> Entry:
        entry = self._account(account).entries.get(number)
        if entry is None:
            raise ExchangeRefusal(Refusal.UNKNOWN_ORDER)
        return entry


def _levels(book: Book[Entry], side: Side) -> tuple[Level, ...]:
    return tuple(Level(price=Decimal(price), quantity=Decimal(quantity)) for price, quantity in book.levels(side))


def _check_numbers(instrument: Instrument, quantity: Decimal, price: Decimal | None) -> None:
    if not _is_whole(quantity):
        raise ExchangeRefusal(Refusal.QUANTITY)
    if price is None:
        return
    if not is_on_tick(price, instrument.kind):
        raise ExchangeRefusal(Refusal.PRICE_STEP)
    if not instrument.lower_limit <= price <= instrument.upper_limit:
        raise ExchangeRefusal(Refusal.PRICE_LIMIT)


def _is_whole(quantity: Decimal) -> bool:
    return 0 < quantity <= _MOST_SHARES and quantity == quantity.to_integral_value()


def _whole(what: str, amount: Decimal) -> int:
    if amount < 0 or amount != amount.to_integral_value():
        raise ValueError(f"{what} must be a whole number from 0 on, not {amount}.")
    return int(amount)


def _day_of_tax(today: dt.date) -> dt.date:
    """Return a day in the year in which today's trades are settled, or in the nearest year whose tax is known.

    The sandbox has to play on when the tables of days and taxes have ended.
    """
    day = today
    for _ in range(2):
        day += dt.timedelta(days=1)
        while not counts_as_trading_day(day):
            day += dt.timedelta(days=1)
    year = min(max(day.year, TAX_YEARS[0]), TAX_YEARS[-1])
    return dt.date(year, day.month, 1)
