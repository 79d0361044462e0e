"""The simulated exchange: symbols, books, accounts and investor flow. Deterministic for a seed; speaks only our models.

It plays one trading day, which stays in regular trading unless somebody sets another phase. All venues of a market
share one book for each symbol. Prices and amounts are Decimals of the currency: won, or dollars.
"""

from __future__ import annotations

import datetime as dt
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import ROUND_HALF_UP, Decimal
from typing import Self

from brokerkit import clock
from brokerkit.clock import KST
from brokerkit.market.sessions import AUCTIONS, CONTINUOUS, Phase
from brokerkit.models import InvestorFlow, Level, Members, OrderBook, OrderRequest, Quote
from brokerkit.sandbox import history, members, state
from brokerkit.sandbox.accounts import Account, AccountState, Entry, Holding, Key
from brokerkit.sandbox.books import Book, opposite
from brokerkit.sandbox.bourse import Bourse
from brokerkit.sandbox.bourses import KOREA
from brokerkit.sandbox.candles import Candle, candle_of_day
from brokerkit.sandbox.costs import Costs
from brokerkit.sandbox.days import YEAR
from brokerkit.sandbox.floor import Floor
from brokerkit.sandbox.flows import DayOfFlow
from brokerkit.sandbox.happenings import HaltChanged, Listener, PhaseBegan, What
from brokerkit.sandbox.indices import Indices
from brokerkit.sandbox.instruments import Instrument
from brokerkit.sandbox.investors import Investors
from brokerkit.sandbox.ledger import BookedLine, Traded, booked, traded
from brokerkit.sandbox.minutes import Minute
from brokerkit.sandbox.past import KoreanPast, Past, past_of
from brokerkit.sandbox.placement import amended_request, check_numbers, check_offered, is_whole, placement_of
from brokerkit.sandbox.prints import Day, Trade
from brokerkit.sandbox.rows import ExchangeOrder, ExchangeRefusal, Execution, Page, Refusal
from brokerkit.sandbox.warrants import Warrants
from brokerkit.words import OrderType, Segment, Side, TimeInForce, Venue

__all__ = [
    "AccountState",
    "Candle",
    "Costs",
    "Exchange",
    "ExchangeOrder",
    "ExchangeRefusal",
    "Execution",
    "Holding",
    "Instrument",
    "Minute",
    "OrderType",
    "Page",
    "Phase",
    "Refusal",
    "Segment",
    "TimeInForce",
    "Trade",
]

LARGEST_AMOUNT = 10**15
"""More shares, won or dollars than anybody has."""
_HUNDREDTH = Decimal("0.01")


class Exchange:
    """Symbols, matching by price and time, accounts. Every method is safe to call from several threads.

    Without a `bourse` it is the Korean one.
    """

    investors: Investors
    """Markets, estimates, rankings and programmes. In Korea alone, as the next two."""
    indices: Indices
    """What its shares are worth together: KOSPI and the like."""
    warrants: Warrants
    """ELW on its shares, which are quoted and not traded."""

    def __init__(self, *, seed: int = 1, today: dt.date | None = None, bourse: Bourse = KOREA) -> None:
        day = today or bourse.day_of(clock.now())
        self._begin(bourse, seed, day, past_of(bourse, seed, day))

    def _begin(self, bourse: Bourse, seed: int, today: dt.date, past: Past) -> None:
        self.bourse = bourse
        """What is true of its market."""
        self._seed = seed
        self._today = today
        self._past = past
        self._opened_at = time.monotonic()
        self._opening = bourse.begins(today)
        self._end = bourse.ends(today)
        self._floor = Floor(bourse, seed, past.instruments(), today, self.now)
        self._floor.salt = past.salt(today)
        self._lock = threading.RLock()
        self._changes = 0
        self._depth = 0
        """Of changes within each other."""
        self._accounts: dict[str, Account] = {}
        self._states: dict[str, tuple[int, AccountState]] = {}
        """What was told of an account at a number of changes: all pages of a balance are of one state."""
        self._next_number = history.first_number(self._seed_of_numbers)
        if isinstance(past, KoreanPast):
            self._equip(past)

    def _equip(self, past: KoreanPast) -> None:
        """Make what Korea alone tells."""
        self.investors = Investors(
            self._seed, past, self._today, self.now, lambda: self._floor.instruments, self.flow_so_far
        )
        self.indices = Indices(self, past, self._seed)
        self.warrants = Warrants(self)

    def now(self) -> dt.datetime:
        """Return the time at the exchange, in Korean time: it starts at 10:00 there and runs with the real clock.

        It stops at the end of the day, because an exchange plays one day only.
        """
        return min(self._opening + dt.timedelta(seconds=time.monotonic() - self._opened_at), self._end)

    def forward(self, time: dt.timedelta) -> None:
        """Put the clock forward; the phase stays as it is."""
        if time < dt.timedelta(0):
            raise ValueError("The clock of the exchange only goes forward.")
        with self._changing():
            self._opening = min(self._opening + time, self._end)

    @property
    def changes(self) -> int:
        """How often something was done here: what was computed or saved at a number still holds at the same number."""
        return self._changes

    @property
    def seed(self) -> int:
        """Equal seeds make equal markets."""
        return self._seed

    @property
    def today(self) -> dt.date:
        """The one day that is played."""
        return self._today

    @property
    def phase(self) -> Phase:
        """What all venues do. Setting it ends what comes before: auctions are matched, orders expire.

        The clock does not change it, so that tests and demonstrations trade at any time of day.
        """
        return self._floor.phase

    @phase.setter
    def phase(self, phase: Phase) -> None:
        if phase not in self.bourse.phases:
            raise ValueError(f"The exchange for {self.bourse.market.title} has no phase {phase}.")
        with self._changing():
            # Closed can also mean that market_open is False; then nothing has expired yet.
            if phase is not self._floor.phase or phase is Phase.CLOSED:
                self._tell_phase(Phase(phase))
                self._floor.begin(Phase(phase))

    def _tell_phase(self, phase: Phase) -> None:
        if phase is not self._floor.phase and self._floor.bulletin.is_heard:
            self._floor.bulletin.note(PhaseBegan(phase, self.now()))

    @property
    def market_open(self) -> bool:
        """Whether orders are taken. False refuses every order and cancel with MARKET_CLOSED, and nothing expires."""
        return self._floor.phase is not Phase.CLOSED

    @market_open.setter
    def market_open(self, is_open: bool) -> None:
        with self._changing():
            if is_open:
                self.phase = Phase.REGULAR
            else:
                self._tell_phase(Phase.CLOSED)
                self._floor.phase = Phase.CLOSED

    def halt(self, symbol: str) -> None:
        """Stop trading of a symbol: orders in it are refused, waiting ones can be cancelled."""
        with self._changing():
            self._tell_halt(symbol, is_halted=True)
            self._floor.halted.add(symbol)

    def resume(self, symbol: str) -> None:
        """Let a symbol trade again."""
        with self._changing():
            self._tell_halt(symbol, is_halted=False)
            self._floor.resume(symbol)

    def _tell_halt(self, symbol: str, *, is_halted: bool) -> None:
        changes = (self._instrument(symbol).symbol in self._floor.halted) is not is_halted
        if changes and self._floor.bulletin.is_heard:
            self._floor.bulletin.note(HaltChanged(symbol, is_halted))
            self._floor.bulletin.moved.add(symbol)

    def unopen(self, symbol: str) -> None:
        """Let nobody have traded a symbol today yet: it stands at yesterday's close, without open, high and low.

        A ValueError where orders wait in it or others than those of the seed have traded.
        """
        with self._changing():
            self._floor.unopen(self._instrument(symbol))

    def lift_limits(self, symbol: str) -> None:
        """Let a symbol have no price limits today, as in liquidation trading."""
        with self._changing():
            self._floor.lift_limits(self._instrument(symbol))

    def unprice(self, symbol: str) -> None:
        """Let a symbol have no price until somebody trades it: its price and the value of holdings are 0."""
        with self._changing():
            self._floor.unpriced.add(self._instrument(symbol).symbol)

    @property
    def halted(self) -> list[str]:
        """The symbols that do not trade."""
        with self._lock:
            return sorted(self._floor.halted)

    @property
    def instruments(self) -> Mapping[str, Instrument]:
        """Everything that is listed, by symbol."""
        return self._floor.instruments

    def phase_at(self, venue: Venue) -> Phase:
        """Return what a venue does."""
        return self.bourse.phase_at(venue, self._floor.phase)

    @property
    def exchange_rate(self) -> Decimal:
        """How many won one of its currency is worth today. Simulated: nothing here turns one into the other."""
        return self.bourse.won(self._seed, self._today)

    def quote(self, symbol: str, venue: Venue | None = None) -> Quote:
        """Return the present price with every field filled but those of a day without trades or limits.

        A symbol without a price has the price 0. The session is told as far as the phase proves it.
        """
        with self._lock:
            instrument, venue = self._instrument(symbol, venue), venue or self.bourse.default_venue
            day, money = self._floor.book(instrument).day, self.bourse.money
            price, base = money(self._floor.price(symbol)), instrument.previous_close
            change = price - base if price else None
            is_traded = bool(price and day.volume)
            return Quote(
                symbol=symbol,
                venue=venue,
                currency=self.bourse.market.currency,
                price=price,
                name=instrument.name,
                previous_close=base,
                change=change,
                change_percent=None if change is None else (change * 100 / base).quantize(_HUNDREDTH, ROUND_HALF_UP),
                open=money(day.open) if is_traded else None,
                high=money(day.high) if is_traded else None,
                low=money(day.low) if is_traded else None,
                volume=Decimal(day.volume),
                turnover=money(day.turnover),
                upper_limit=instrument.upper_limit if instrument.has_limits else None,
                lower_limit=instrument.lower_limit if instrument.has_limits else None,
                time=self.now(),
                session=self.bourse.session_of(venue, self.phase) if is_traded else None,
            )

    def order_book(self, symbol: str, venue: Venue | None = None) -> OrderBook:
        """Return the best ten levels a side. While an auction gathers orders the sides can overlap.

        Of a symbol that is halted nothing is shown.
        """
        with self._lock:
            book = self._floor.book(self._instrument(symbol, venue))
            sides = (Side.SELL, Side.BUY)
            asks, bids = ((), ()) if symbol in self._floor.halted else (self._levels(book, side) for side in sides)
            venue = venue or self.bourse.default_venue
            return OrderBook(symbol=symbol, venue=venue, time=self.now(), asks=asks, bids=bids)

    def _levels(self, book: Book[Entry], side: Side) -> tuple[Level, ...]:
        money = self.bourse.money
        return tuple(Level(price=money(price), quantity=Decimal(quantity)) for price, quantity in book.levels(side))

    def expected(self, symbol: str) -> Level | None:
        """Return price and quantity of the trade in which an auction would end now; None where nobody would trade."""
        with self._lock:
            if self.phase not in AUCTIONS or symbol in self._floor.halted:
                return None
            price, quantity = self._floor.book(self._instrument(symbol)).auction()
            return Level(price=self.bourse.money(price), quantity=Decimal(quantity)) if quantity else None

    def levels(self, symbol: str, side: Side) -> Sequence[tuple[int, int]]:
        """Return price in units and quantity of the best ten levels of a side, the best first; also in a halt."""
        with self._lock:
            return self._floor.book(self._instrument(symbol)).levels(side)

    def trades(self, symbol: str, day: dt.date | None = None, venue: Venue | None = None) -> Sequence[Trade]:
        """Return today's prints, newest last, the same at all venues; of another day those that fit its minutes.

        Those in the closing price sessions are not among them.
        """
        with self._lock:
            if day is not None and day != self._today:
                symbol = self._instrument(symbol, venue).symbol
                return self._past.trades(symbol, day, venue or self.bourse.default_venue)
            return list(self._floor.book(self._instrument(symbol)).trades)

    def members(self, symbol: str, venue: Venue | None = None) -> Members:
        """Return which firms have sold and bought most today, five of each, and what foreign firms have in all."""
        with self._lock:
            instrument = self._instrument(symbol, venue)
            if not self.bourse.tells_members:
                raise ExchangeRefusal(Refusal.UNSUPPORTED_TYPE)
            volume = self._floor.book(instrument).day.volume
            seed = f"{self._seed}/{symbol}/{self._today}"
            sold, bought = (members.traded(seed, side, volume) for side in (Side.SELL, Side.BUY))
            return Members(
                symbol=symbol,
                venue=venue or self.bourse.default_venue,
                sellers=sold[: members.SHOWN],
                buyers=bought[: members.SHOWN],
                foreign_sold=members.of_foreigners(sold),
                foreign_bought=members.of_foreigners(bought),
            )

    def daily_candles(self, symbol: str, *, days: int = YEAR) -> Sequence[Candle]:
        """Return a candle for each of so many trading days up to and including today, ascending; six years at most.

        Those of more than a year take longer the first time.
        """
        with self._lock:
            day = self._floor.book(self._instrument(symbol)).day
            return [*self._past.candles(symbol, days - 1), candle_of_day(self.bourse, self._today, _figures(day))]

    def minute_candles(self, symbol: str) -> Sequence[Candle]:
        """Return a candle for each minute of today from the opening to now, ascending; flat where nobody traded."""
        with self._lock:
            return self._floor.book(self._instrument(symbol)).minutes.until(self.now())

    def minutes(self, symbol: str, day: dt.date, venue: Venue | None = None) -> Sequence[Minute]:
        """Return the minutes of a day in which somebody traded, ascending: those of today are the same at all venues.

        Past days are made of their candles when they are asked for, six years of them. At KRX they add up to those.
        """
        with self._lock:
            self._instrument(symbol, venue)
            if day == self._today:
                return [self._minute_of(candle) for candle in self.minute_candles(symbol) if candle.volume]
            return self._past.minutes(symbol, day, venue or self.bourse.default_venue)

    def minute_bars(self, symbol: str, day: dt.date, venue: Venue | None = None) -> Sequence[Candle]:
        """Return the same minutes as candles of the currency."""
        midnight = self.bourse.midnight(day)
        return [self._bar_of(midnight, minute) for minute in self.minutes(symbol, day, venue)]

    def _bar_of(self, midnight: dt.datetime, minute: Minute) -> Candle:
        opened, high, low, close, turnover = map(self.bourse.money, (*minute[1:5], minute.turnover))
        time = (midnight + dt.timedelta(minutes=minute.start)).astimezone(KST)
        return Candle(time, opened, high, low, close, Decimal(minute.volume), turnover)

    def _minute_of(self, candle: Candle) -> Minute:
        local = candle.time.astimezone(self.bourse.midnight(self._today).tzinfo)
        amounts = (candle.open, candle.high, candle.low, candle.close, candle.turnover)
        opened, high, low, close, turnover = map(self.bourse.units, amounts)
        return Minute(local.hour * 60 + local.minute, opened, high, low, close, int(candle.volume), turnover)

    def investor_flow(self, symbol: str, *, days: int = YEAR) -> Sequence[InvestorFlow]:
        """Return so many trading days up to the last one before today, ascending, with every figure filled.

        A year of them takes much longer than a month the first time.
        """
        with self._lock:
            among = self._past.days(self._instrument(symbol).symbol)
            wanted = among[max(len(among) - max(days, 0), 0) :]
            return [flow for day in wanted if (flow := self._past.flow(symbol, day))]

    def flow_days(self, symbol: str) -> Sequence[dt.date]:
        """Return the trading days of which there is an investor flow, ascending: six years up to the last one."""
        with self._lock:
            return self._past.days(self._instrument(symbol).symbol)

    def flow_of(self, symbol: str, day: dt.date) -> InvestorFlow | None:
        """Return the investor flow of one day, None if there is none."""
        with self._lock:
            return self._past.flow(self._instrument(symbol).symbol, day)

    def flow_today(self, symbol: str) -> InvestorFlow | None:
        """Return who has bought and sold a symbol today so far, None while nobody has traded: what the day's flow
        becomes if nothing follows.
        """
        with self._lock:
            flow = self.flow_so_far(symbol)
            return None if flow is None else flow.model(symbol).model_copy(update={"final": False})

    def flow_so_far(self, symbol: str) -> DayOfFlow | None:
        """Return the same in plain numbers."""
        day = self._floor.book(self._instrument(symbol)).day
        if not day.volume:
            return None
        return self._past.flow_so_far(symbol, self._today, self._floor.price(symbol), day.volume)

    def open_account(self, number: str, *, cash: Decimal | None = None, costs: Costs | None = None) -> None:
        """Open an account with settled cash: 100 million won, or 100,000 dollars, where nothing is said."""
        with self._changing():
            if number in self._accounts:
                raise ValueError(f"There is an account {number} already.")
            paid = self._exact("cash", self.bourse.cash if cash is None else cash)
            costs = (costs or self.bourse.costs).in_units(self.bourse.scale)
            account = self._accounts[number] = Account(self.bourse, number, 0, costs)
            if paid:
                account.move(self._today, paid)

    def deposit(self, account: str, amount: Decimal) -> None:
        """Pay cash into the account, or below 0 out of it; a ValueError where it cannot be withdrawn now."""
        with self._changing():
            if -amount > self.account(account).withdrawable:
                raise ValueError(f"{-amount:,} {self.bourse.market.currency} cannot be withdrawn from {account}.")
            moved = self._exact("amount", abs(amount))
            self._account(account).move(self._today, moved if amount > 0 else -moved)

    def give_holding(self, account: str, symbol: str, quantity: Decimal, cost: Decimal) -> None:
        """Add shares that the account bought earlier, already settled, for that cost."""
        with self._changing():
            instrument = self._instrument(symbol)
            self._account(account).give(instrument, _whole("quantity", quantity), self._exact("cost", cost))

    def account(self, number: str) -> AccountState:
        """Return cash and holdings of an account."""
        with self._lock:
            floor = self._floor
            changes, state = self._states.get(number, (-1, None))
            if state is None or changes != self._changes:
                state = self._account(number).state(floor.price, self._today)
                self._states[number] = (self._changes, state)
            return state

    def affordable(self, account: str, symbol: str, price: Decimal | None = None) -> Decimal:
        """Return how many shares the account can buy, commission included; without a price as a market order."""
        with self._lock:
            instrument = self._instrument(symbol)
            last = self._floor.book(instrument).day.price
            units = self.bourse.units(price) if price else self.bourse.dearest(instrument, last)
            return Decimal(self._account(account).affordable(units))

    def submit(self, account: str, request: OrderRequest) -> ExchangeOrder:
        """Take an order, match it and return its row, or raise ExchangeRefusal.

        While trading is continuous, what no one takes of a limit order of the day rests. Of a market order, also one
        of the day, the rest is cancelled when the book is empty; of IOC what is not filled at once; of FOK everything
        unless all can be filled. In an auction everything rests until the phase ends.
        """
        with self._changing():
            owner = self._account(account)
            instrument = self._check(request)
            placement = placement_of(self.bourse, request, instrument, self._floor.book(instrument))
            quantity = int(request.quantity)
            owner.check(request.side, request.symbol, quantity, placement.dearest)
            entry = self._enter(owner, "NEW", None, request, quantity)
            if owner.rejections:
                owner.rejections -= 1
                entry.rejected = quantity
                self._floor.tell(What.REJECTED, entry)
            else:
                entry.remaining = quantity
                self._floor.tell(What.ACCEPTED, entry)
                self._floor.play(instrument, entry, placement)
            return entry.snapshot()

    def amend(
        self,
        account: str,
        number: int,
        *,
        quantity: Decimal | None = None,
        price: Decimal | None = None,
        type: OrderType | None = None,
        stop_price: Decimal | None = None,
    ) -> ExchangeOrder:
        """Move what is left of an order, or part of it, to a new order with another price or type, and return its row.

        The new order comes in last at its price. If it is refused, the named one stays as it is.
        """
        with self._changing():
            entry = self._entry(account, number)
            self._check_open(entry.request)
            moved = _part_of(entry, quantity)
            request = amended_request(entry, moved, price, type, stop_price)
            instrument = self._check(request)
            placement = placement_of(self.bourse, request, instrument, self._floor.book(instrument))
            if request.side is Side.BUY:
                freed = entry.reserved - entry.account.due(entry.dearest * (entry.remaining - moved))
                entry.account.check_cash(moved, placement.dearest, freed=freed)
            self._floor.withdraw(entry, moved)
            entry.amended += moved
            row = self._enter(entry.account, "AMEND", entry, request, moved)
            row.remaining = moved
            self._tell_both(What.AMENDED, row, entry)
            self._floor.play(instrument, row, placement)
            return row.snapshot()

    def cancel(self, account: str, number: int, quantity: Decimal | None = None) -> ExchangeOrder:
        """Cancel an order, or part of what is left of it, and return the row of the cancel."""
        with self._changing():
            owner = self._account(account)
            entry = self._entry(account, number)
            if not self.market_open:
                raise ExchangeRefusal(Refusal.MARKET_CLOSED)
            canceled = _part_of(entry, quantity)
            row = self._enter(owner, "CANCEL", entry, entry.request, canceled)
            if owner.cancel_rejections:
                owner.cancel_rejections -= 1
                row.rejected = canceled
                self._floor.tell(What.REJECTED, row, named=entry)
            else:
                self._floor.withdraw(entry, canceled)
                entry.canceled += canceled
                self._tell_both(What.CANCELED, row, entry)
            return row.snapshot()

    def _tell_both(self, what: What, row: Entry, named: Entry) -> None:
        """Tell that an amendment or a cancel was accepted and carried out."""
        self._floor.tell(What.ACCEPTED, row, named=named)
        self._floor.tell(what, row, named=named)

    def order(self, account: str, number: int) -> ExchangeOrder:
        """Return a row of the account's order list."""
        with self._lock:
            return self._entry(account, number).snapshot()

    def orders(self, account: str) -> Sequence[ExchangeOrder]:
        """Return today's rows, ascending by number."""
        with self._lock:
            return [entry.snapshot() for entry in self._account(account).entries.values()]

    def open_orders(self, account: str) -> Sequence[ExchangeOrder]:
        """Return those of today's rows of which something waits, ascending by number."""
        with self._lock:
            return [entry.snapshot() for entry in self._account(account).working]

    def history(self, account: str, start: dt.date, end: dt.date) -> Sequence[ExchangeOrder]:
        """Return the rows of these days, today's included, ascending by day and number."""
        with self._lock:
            return self._account(account).rows(start, end)

    def traded(self, account: str, start: dt.date, end: dt.date) -> Sequence[Traded]:
        """Return what was bought and sold in these days by day and symbol, with costs and what the sales earned."""
        with self._lock:
            return traded(self._account(account).rows(start, end))

    def cash_lines(self, account: str, start: dt.date, end: dt.date) -> Sequence[BookedLine]:
        """Return the cash ledger of these days up to today, ascending: trades stand on the day of their settlement."""
        with self._lock:
            return booked(self._account(account).lines, start, min(end, self._today))

    def page(
        self,
        account: str,
        size: int,
        *,
        days: tuple[dt.date, dt.date] | None = None,
        after: Key | None = None,
        newest_first: bool = False,
        working: bool = False,
        wanted: Callable[[ExchangeOrder], bool] = lambda row: True,
    ) -> Page:
        """Return so many rows, of today unless days are given, behind the one with a key; those that wait if `working`.

        Only rows of the page are looked at, and those on the way that are not wanted.
        """
        with self._lock:
            among = days or (self._today, self._today)
            return self._account(account).page(
                size, among, wanted, after=after, newest_first=newest_first, working=working
            )

    def remember(
        self,
        account: str,
        day: dt.date,
        request: OrderRequest,
        *,
        filled: Decimal = Decimal(0),
        average_price: Decimal | None = None,
        canceled: Decimal = Decimal(0),
        rejected: bool = False,
        number: int | None = None,
        cost: Decimal | None = None,
    ) -> ExchangeOrder:
        """Add an order of an earlier day for tests and stories; it leaves cash and holdings as they are.

        What is neither filled nor cancelled has expired; what cancelled it has a row of its own behind it. Without a
        price the fills were at the limit, or at the close of that day. Numbers come again on other days: `number` gives
        it one. What was sold had cost `cost` won, or just what it was sold for.
        """
        with self._changing():
            if day >= self._today:
                raise ValueError(f"{day} is not before {self._today}: submit an order of today.")
            owner = self._account(account)
            close = self._past.close_of(self._instrument(request.symbol).symbol, day)
            number = number or history.next_number(self._seed_of_numbers, self._accounts.values(), day)
            entry = history.remembered(owner, day, number, request, (filled, canceled), rejected=rejected)
            if filled:
                price = average_price or request.price or close
                instrument = self._instrument(request.symbol)
                booking = history.booking(owner, instrument, request.side, day, price * filled, cost)
                entry.executions.append(Execution(number, self._floor.next_trade, price, filled, entry.time, *booking))
                self._floor.next_trade += 1
            owner.history.add(entry)
            if canceled:
                behind = history.next_number(self._seed_of_numbers, self._accounts.values(), day)
                owner.history.add(history.cancellation(behind, entry))
            return entry.snapshot()

    def reject_next(self, account: str) -> None:
        """Let the account's next order be taken and then refused: it gets a row with all of its quantity rejected."""
        with self._changing():
            self._account(account).rejections += 1

    def reject_next_cancel(self, account: str) -> None:
        """Let the account's next cancel be taken and then refused: it gets a row, and cancels nothing."""
        with self._changing():
            self._account(account).cancel_rejections += 1

    def trade(self, symbol: str, side: Side, quantity: Decimal, price: Decimal | None = None) -> None:
        """Play somebody else's order: a market order without a price, else a limit order whose rest waits."""
        with self._changing():
            instrument = self._instrument(symbol)
            self._check_tradable(symbol)
            if self.phase is Phase.AFTER_CLOSE_CLOSING_PRICE:
                raise ExchangeRefusal(Refusal.UNSUPPORTED_TYPE)
            check_numbers(self.bourse, instrument, quantity, price)
            limit = None if price is None else self.bourse.units(price)
            self._floor.play_other(instrument, side, int(quantity), limit)

    def move(self, symbol: str, price: Decimal) -> None:
        """Let others trade until the last price is this one.

        Orders that lie between are filled. Stop orders that this wakes may move the price further.
        """
        with self._changing():
            instrument = self._instrument(symbol)
            self._check_tradable(symbol)
            if self.phase not in CONTINUOUS:
                raise ExchangeRefusal(Refusal.UNSUPPORTED_TYPE)
            check_numbers(self.bourse, instrument, Decimal(1), price)
            book, limit = self._floor.book(instrument), self.bourse.units(price)
            side = Side.BUY if limit > book.day.price else Side.SELL
            if limit != book.day.price and (quantity := book.available(side, limit)):
                self._floor.play_other(instrument, side, quantity, limit)
            if limit != book.day.price:
                self._floor.play_other(instrument, opposite(side), 1, limit)
                self._floor.play_other(instrument, side, 1, limit)

    def photograph(self) -> state.Photo:
        """Return what the seed does not tell, as it stands; it can be written down while the exchange goes on."""
        with self._lock:
            return state.photograph(
                self._changes,
                self._seed,
                self.now(),
                self._next_number,
                self._past,
                self._floor,
                self._accounts.values(),
            )

    def dump(self) -> dict[str, object]:
        """Return everything that the seed does not tell, as plain data for JSON."""
        plain: dict[str, object] = json.loads(state.Writer().text(self.photograph()))
        return plain

    @classmethod
    def load(
        cls, data: Mapping[str, object] | state.Saved, *, today: dt.date | None = None, bourse: Bourse = KOREA
    ) -> Self:
        """Return the exchange that was dumped, on the same day or a later one.

        On a later day orders that were working have expired into history, settlements have moved on, and every base
        price is the last close. Without a day it goes on with its own, at the time of day at which it was dumped.
        """
        saved = (
            data if isinstance(data, state.Saved) else state.Saved.model_validate_json(json.dumps(data), strict=True)
        )
        exchange = cls.__new__(cls)
        day = today or bourse.day_of(saved.now)
        exchange._begin(bourse, saved.seed, day, saved.past_on(bourse, day))
        exchange._restore(saved)
        return exchange

    def _restore(self, saved: state.Saved) -> None:
        self._accounts = saved.open_accounts(self.bourse, self._floor.instruments)
        self._floor.halted.update(saved.halted)
        self._floor.unpriced.update(saved.unpriced)
        self._floor.next_trade = saved.next_trade
        last = self.bourse.day_of(saved.now)
        if self._today > last:
            for account in self._accounts.values():
                account.begin_day(self._today, last=last)
            self._next_number = history.first_number(self._seed_of_numbers, self._today)
            return
        for symbol in saved.unlimited:
            self.lift_limits(symbol)
        self._opening = saved.now.astimezone(KST)
        self._next_number = saved.next_number
        self._floor.phase, self._floor.over = saved.phase, saved.over
        saved.fill_books(self._floor, self._accounts)

    @contextmanager
    def _changing(self) -> Iterator[None]:
        with self._lock:
            self._depth += 1
            try:
                yield
            finally:
                self._changes += 1
                self._depth -= 1
                if not self._depth and self._floor.bulletin.is_heard:
                    self._floor.bulletin.tell()

    @contextmanager
    def still(self) -> Iterator[None]:
        """Let nothing change here while the block runs."""
        with self._lock:
            yield

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Tell a listener all that happens from now on, in its order; return what ends that.

        It is called when a change is over and before another begins, so whatever it asks is as told. It has to be
        quick. What it raises goes into the log of brokerkit, and neither to others who listen nor to the trader.
        """
        with self._lock:
            self._floor.bulletin.add(listener)

        def stop() -> None:
            with self._lock:
                self._floor.bulletin.remove(listener)

        return stop

    def _enter(self, owner: Account, action: str, named: Entry | None, request: OrderRequest, quantity: int) -> Entry:
        """Add a row to the order list."""
        number, self._next_number = self._next_number, self._next_number + 1
        original, root = (named.number, named.root) if named else (None, number)
        entry = Entry(number, action, original, root, owner, request, self.now(), self._today, quantity)
        owner.enter(entry)
        return entry

    def _check(self, request: OrderRequest) -> Instrument:
        """Return the instrument of an order that the exchange can take, whoever sends it."""
        instrument = self._instrument(request.symbol)
        self._check_open(request)
        check_offered(self.bourse, request, instrument, self.phase)
        check_numbers(self.bourse, instrument, request.quantity, request.price, request.stop_price)
        return instrument

    def _check_open(self, request: OrderRequest) -> None:
        self._check_tradable(request.symbol)
        if not self.bourse.offers(request.venue, self.phase):
            raise ExchangeRefusal(Refusal.MARKET_CLOSED)

    def _check_tradable(self, symbol: str) -> None:
        if symbol in self._floor.halted:
            raise ExchangeRefusal(Refusal.TRADING_HALTED)
        if not self.market_open:
            raise ExchangeRefusal(Refusal.MARKET_CLOSED)

    @property
    def _seed_of_numbers(self) -> str:
        return f"{self.bourse.salt}{self._seed}"

    def _exact(self, what: str, amount: Decimal) -> int:
        """Return an amount in units; a ValueError for one that cannot be, or that is finer than they are."""
        if not Decimal(amount).is_finite() or amount > LARGEST_AMOUNT:
            raise ValueError(f"{what} must be at most {LARGEST_AMOUNT:,}.")  # before any arithmetic: it may have no end
        units = self.bourse.units(Decimal(amount)) if amount >= 0 else -1
        if units < 0 or self.bourse.money(units) != amount:
            smallest = self.bourse.money(1)
            raise ValueError(f"{what} must be a whole number of {smallest:f} from 0 on, not {amount}.")
        return units

    def _instrument(self, symbol: str, venue: Venue | None = None) -> Instrument:
        instrument = self._floor.instruments.get(symbol)
        if instrument is None:
            raise ExchangeRefusal(Refusal.UNKNOWN_SYMBOL)
        if venue is not None and not self.bourse.trades_at(venue, instrument):
            raise ExchangeRefusal(Refusal.UNSUPPORTED_TYPE)
        return instrument

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


def _part_of(entry: Entry, quantity: Decimal | None) -> int:
    """Return how many of the shares that wait are meant."""
    if quantity is not None and not is_whole(quantity):
        raise ExchangeRefusal(Refusal.QUANTITY)
    if not entry.resting or (quantity is not None and quantity > entry.remaining):
        raise ExchangeRefusal(Refusal.NOTHING_TO_CANCEL, str(entry.remaining))
    return entry.remaining if quantity is None else int(quantity)


def _whole(what: str, amount: Decimal) -> int:
    if not Decimal(amount).is_finite() or amount > LARGEST_AMOUNT:
        raise ValueError(f"{what} must be at most {LARGEST_AMOUNT:,}.")  # before any arithmetic: it may have no end
    if amount < 0 or amount != amount.to_integral_value():
        raise ValueError(f"{what} must be a whole number from 0 on, not {amount}.")
    return int(amount)


def _figures(day: Day) -> tuple[int, ...]:
    return (day.open, day.high, day.low, day.price, day.volume, day.turnover)
