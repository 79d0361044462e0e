"""The trading floor: all books, the phase of the day, and what happens when orders meet, wake or expire."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from random import Random
from types import MappingProxyType

from brokerkit.market.sessions import AUCTIONS, CONTINUOUS, Phase
from brokerkit.sandbox.accounts import Entry
from brokerkit.sandbox.books import Book, Pair, Place, Resting, open_book
from brokerkit.sandbox.bourse import Bourse
from brokerkit.sandbox.happenings import Bulletin, OrderChanged, Traded, What
from brokerkit.sandbox.instruments import Instrument
from brokerkit.sandbox.placement import Placement
from brokerkit.sandbox.prints import Trade
from brokerkit.sandbox.rows import Execution
from brokerkit.words import OrderType, Side, TimeInForce

_AFTER_THE_CLOSE = frozenset({Phase.AFTER_CLOSE_CLOSING_PRICE, Phase.AFTER_MARKET, Phase.CLOSED})
_ONCE = frozenset({TimeInForce.IOC, TimeInForce.FOK})
_UNSEEN = frozenset({Place.ASLEEP, Place.OPENING, Place.CLOSING})
"""Where an order waits without meeting anybody as it comes in."""
_CROWD = (100, 500)
"""Shares that others want to trade at a closing price, from and to, on each side."""


class Floor:
    """Everything that trades today. The exchange holds the lock."""

    def __init__(
        self,
        bourse: Bourse,
        seed: int,
        instruments: Mapping[str, Instrument],
        today: dt.date,
        now: Callable[[], dt.datetime],
    ) -> None:
        self.instruments = instruments
        self.phase = Phase.REGULAR
        self.halted: set[str] = set()
        self.unpriced: set[str] = set()
        """Symbols that have no price until somebody trades them."""
        self.unlimited: set[str] = set()
        """Symbols whose price limits were lifted."""
        self.books: dict[str, Book[Entry]] = {}
        """Those that were looked at; the others stand as the seed makes them."""
        self.next_trade = 1
        self.over = False
        """Whether regular trading of the day has ended."""
        self.salt = ""
        """Makes other opening books of the same seed, on a later day."""
        self.bulletin = Bulletin()
        """What happens, for those who listen."""
        self._bourse = bourse
        self._seed = seed
        self._today = today
        self._now = now
        self._tax_rate = bourse.taxes(today)

    def book(self, instrument: Instrument) -> Book[Entry]:
        """Return the book of a symbol."""
        book = self.books.get(instrument.symbol)
        if book is None:
            book = open_book(self._bourse, self._seed, instrument, self._today, salt=self.salt)
            if self.over:
                book.day.close = book.day.price
            self._put(instrument, book)
        return book

    def _put(self, instrument: Instrument, book: Book[Entry]) -> None:
        book.symbol, book.moved = instrument.symbol, self.bulletin.moved
        self.books[instrument.symbol] = book

    def price(self, symbol: str) -> int:
        """Return the present price of a symbol, 0 where it has none."""
        return 0 if symbol in self.unpriced else self.book(self.instruments[symbol]).day.price

    def unopen(self, instrument: Instrument) -> None:
        """Let nobody have traded a symbol today yet."""
        if not self.book(instrument).untouched:
            raise ValueError(f"{instrument.symbol} was traded already, or orders wait in it.")
        book: Book[Entry] = open_book(self._bourse, self._seed, instrument, self._today, salt=self.salt, untraded=True)
        self._put(instrument, book)
        self.bulletin.moved.add(instrument.symbol)

    def lift_limits(self, instrument: Instrument) -> None:
        """Let a symbol have no price limits today."""
        self.unlimited.add(instrument.symbol)
        lifted = self._bourse.without_limits(instrument)
        self.instruments = MappingProxyType({**self.instruments, instrument.symbol: lifted})

    def play(self, instrument: Instrument, entry: Entry, placement: Placement) -> None:
        """Let an order meet those that wait, or wait itself."""
        entry.dearest = placement.dearest
        if placement.place is Place.CLOSING_PRICE:
            self._play_closing_price(instrument, entry, placement)
        elif placement.place in _UNSEEN or self.phase in AUCTIONS:
            self._wait(instrument, entry, placement)
        else:
            self._meet(instrument, entry, placement)
            self._wake(instrument)

    def play_other(self, instrument: Instrument, side: Side, quantity: int, limit: int | None) -> None:
        """Play the order of somebody who has no account here."""
        book = self.book(instrument)
        if self.phase not in AUCTIONS:
            for match in book.match(side, quantity, limit):
                quantity -= match.quantity
                self._settle(instrument, match.price, match.quantity, [match.resting.owner], side)
        if quantity and limit is not None:
            book.rest(Resting(side, limit, quantity))
        elif quantity and self.phase in AUCTIONS:
            book.rest(Resting(side, 0, quantity, place=Place.MARKET))
        self._wake(instrument)

    def withdraw(self, entry: Entry, quantity: int) -> None:
        """Take back so much of a working order; whoever asks tells the row what became of it."""
        assert entry.resting is not None  # noqa: S101 - only working orders are taken back
        self.book(self.instruments[entry.request.symbol]).withdraw(entry.resting, quantity)
        entry.remaining -= quantity
        self._keep_reserved(entry)

    def begin(self, phase: Phase) -> None:
        """End the present phase and begin another: auctions find their price, and what was valid no longer expires."""
        before, self.phase = self.phase, phase
        if before is not phase and Phase.REGULAR in (before, phase):
            self._cross(Place.OPENING if phase is Phase.REGULAR else Place.CLOSING)
        if phase in CONTINUOUS or phase is Phase.AFTER_CLOSE_CLOSING_PRICE or before is Phase.CLOSING_AUCTION:
            for symbol in tuple(self.books):
                self._end_auction(self.instruments[symbol])
        self.over = phase in _AFTER_THE_CLOSE
        for book in self.books.values():
            book.crowd.clear()
            if not self.over:
                book.day.close = None
            elif book.day.close is None:
                book.day.close = book.day.price
            if phase is Phase.CLOSING_AUCTION:
                _turn_into_market_orders(book)
        for entry in self._working():
            if not self._lives_on(entry, phase):
                self._expire(entry)

    def _expire(self, entry: Entry) -> None:
        left = entry.remaining
        self.withdraw(entry, left)
        entry.expired += left
        self.tell(What.EXPIRED, entry)

    def _lives_on(self, entry: Entry, phase: Phase) -> bool:
        """Return whether a working order is still valid in the phase that begins."""
        # No phase follows itself, so another one than its closing price session has begun.
        was_there = entry.resting is not None and entry.resting.place is Place.CLOSING_PRICE
        return phase is not Phase.CLOSED and not was_there and self._bourse.lives_on(entry.request, phase)

    def _cross(self, place: Place) -> None:
        """Match what has waited for the opening or the close with the book, at one price; what is left expires.

        A symbol that is halted has neither: there the orders wait on.
        """
        for symbol, book in tuple(self.books.items()):
            waiting = [] if symbol in self.halted else book.waiting_for(place)
            for order in waiting:
                book.remove(order)
                order.place = Place.LEVEL if order.price else Place.MARKET
                book.rest(order)
            if waiting:
                self._end_auction(self.instruments[symbol])
            for order in waiting:
                if order.owner is not None and order.owner.remaining:
                    self._expire(order.owner)

    def resume(self, symbol: str) -> None:
        """Let a symbol trade again; what an auction should have matched meanwhile is matched now."""
        self.halted.discard(symbol)
        if symbol in self.books and self.phase in CONTINUOUS:
            self._end_auction(self.instruments[symbol])

    def _meet(self, instrument: Instrument, entry: Entry, placement: Placement) -> None:
        """Fill an order as far as it goes; what is left waits, or is cancelled if it does not wait."""
        book = self.book(instrument)
        request = entry.request
        limit = book.middle() if placement.place is Place.MIDPOINT else placement.limit
        priced = limit is not None or placement.place is Place.MARKET
        in_parts = request.time_in_force is not TimeInForce.FOK
        if priced and (in_parts or book.available(request.side, limit) >= entry.remaining):
            for match in book.match(request.side, entry.remaining, limit):
                self._settle(instrument, match.price, match.quantity, [match.resting.owner, entry], request.side)
        if not entry.remaining:
            return
        if request.time_in_force in _ONCE or placement.place is Place.MARKET:
            entry.canceled, entry.remaining = entry.canceled + entry.remaining, 0
            self._keep_reserved(entry)
            self.tell(What.CANCELED, entry)
        else:
            self._wait(instrument, entry, placement)

    def _wait(self, instrument: Instrument, entry: Entry, placement: Placement) -> None:
        stop = self._bourse.units(entry.request.stop_price or Decimal(0)) if placement.place is Place.ASLEEP else 0
        price = placement.limit or 0
        entry.resting = Resting(entry.request.side, price, entry.remaining, entry, placement.place, stop)
        self.book(instrument).rest(entry.resting)
        entry.account.reserve(entry)

    def _play_closing_price(self, instrument: Instrument, entry: Entry, placement: Placement) -> None:
        """Fill an order at the closing price, which leaves the day's prices, volume and prints as they are."""
        book = self.book(instrument)
        price = placement.dearest
        if not book.crowd:
            random = Random(f"{self._seed}/{instrument.symbol}/{self._today}/{self.phase}")  # noqa: S311 - repeatable
            book.crowd = {side: random.randint(*_CROWD) for side in Side}
        for match in book.match_closing_price(entry.request.side, entry.remaining, price):
            self._book_fill([match.resting.owner, entry], instrument, price, match.quantity)
        if entry.remaining:
            self._wait(instrument, entry, placement)

    def _settle(
        self, instrument: Instrument, price: int, quantity: int, owners: Iterable[Entry | None], side: Side
    ) -> None:
        """Tell a trade to the market, and book it at both sides as far as they are accounts here."""
        book = self.book(instrument)
        self.unpriced.discard(instrument.symbol)
        book.day.add(price, quantity)
        trade = Trade(self._now(), self._bourse.money(price), Decimal(quantity), side, Decimal(book.day.volume))
        book.record(trade)
        if self.bulletin.is_heard:
            self.bulletin.note(Traded(instrument.symbol, trade))
        self._book_fill(owners, instrument, price, quantity)

    def _book_fill(self, owners: Iterable[Entry | None], instrument: Instrument, price: int, quantity: int) -> None:
        number, self.next_trade = self.next_trade, self.next_trade + 1
        tax_rate, paid = self._tax_rate(instrument), self._bourse.money(price)
        for entry in owners:
            if entry is None:
                continue
            booking = entry.account.fill(entry.request.side, instrument, quantity, price, tax_rate)
            fill = Execution(entry.number, number, paid, Decimal(quantity), self._now(), *booking)
            entry.executions.append(fill)
            entry.remaining -= quantity
            self._keep_reserved(entry)
            self.tell(What.FILLED, entry, execution=fill)

    def tell(self, what: What, entry: Entry, *, execution: Execution | None = None, named: Entry | None = None) -> None:
        """Tell those who listen what became of a row."""
        if self.bulletin.is_heard:
            snapshot = None if named is None else named.snapshot()
            self.bulletin.note(OrderChanged(entry.account.number, what, entry.snapshot(), execution, snapshot))

    @staticmethod
    def _keep_reserved(entry: Entry) -> None:
        if entry.resting is None:
            return
        entry.account.reserve(entry)
        if not entry.remaining:
            entry.resting = None

    def _wake(self, instrument: Instrument) -> None:
        """Turn stop orders that trades have reached into limit orders, whose trades can wake further ones."""
        book = self.book(instrument)
        while fresh := book.fresh_trades():
            if self.phase is not Phase.REGULAR:
                return
            low, high = (self._bourse.units(end(trade.price for trade in fresh)) for end in (min, max))
            for order in book.reached(low, high):
                entry = order.owner
                assert entry is not None  # noqa: S101 - others send no stop orders
                book.remove(order)
                entry.awake = True
                self.tell(What.STOP_TRIGGERED, entry)
                self._meet(instrument, entry, _awake(order, entry))

    def _end_auction(self, instrument: Instrument) -> None:
        """Match what waits at one price, and cancel the market orders that are left."""
        if instrument.symbol in self.halted:
            return
        book = self.book(instrument)
        before = book.day.price
        for pair in book.uncross():
            side = Side.BUY if pair.price >= before else Side.SELL
            self._settle(instrument, pair.price, pair.quantity, _owners(pair), side)
        for order in book.waiting(Place.MARKET):
            if order.owner is not None:
                left = order.owner.remaining
                self.withdraw(order.owner, left)
                order.owner.canceled += left
                self.tell(What.CANCELED, order.owner)
        self._wake(instrument)

    def _working(self) -> list[Entry]:
        waiting = (order for book in self.books.values() for order in book.waiting())
        return [order.owner for order in waiting if order.owner is not None]


def _owners(pair: Pair[Entry]) -> list[Entry | None]:
    return [pair.buy.owner, pair.sell.owner]


def _turn_into_market_orders(book: Book[Entry]) -> None:
    """Let the limit orders that are to end as market orders do so, the earlier ones first."""
    ending = [
        (order.owner.number, order)
        for order in book.waiting(Place.LEVEL)
        if order.owner is not None and order.owner.request.type is OrderType.LIMIT_TO_MARKET_ON_CLOSE
    ]
    for _, order in sorted(ending, key=lambda numbered: numbered[0]):
        book.remove(order)
        order.place, order.price = Place.MARKET, 0
        book.rest(order)


def _awake(order: Resting[Entry], entry: Entry) -> Placement:
    """Return the placement of a stop order whose price was reached: with its limit, or as a market order."""
    if order.price:
        return Placement(Place.LEVEL, order.price, order.price)
    return Placement(Place.MARKET, None, entry.dearest)
