"""The state of an exchange as plain data: what the seed does not tell."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict

from brokerkit.market.clock import KST
from brokerkit.market.sessions import Phase
from brokerkit.models import OrderRequest, Side
from brokerkit.sandbox.accounts import Account, Costs, Lot
from brokerkit.sandbox.books import Book, Place, Resting
from brokerkit.sandbox.candles import Trade
from brokerkit.sandbox.days import trading_days_between
from brokerkit.sandbox.floor import Floor
from brokerkit.sandbox.instruments import Instrument
from brokerkit.sandbox.past import Past, Played
from brokerkit.sandbox.prints import Day
from brokerkit.sandbox.rows import Entry, Execution


class _Saved(BaseModel):
    model_config = ConfigDict(extra="forbid", from_attributes=True)


class SavedFill(_Saved):
    """An Execution."""

    number: int
    price: Decimal
    quantity: Decimal
    time: dt.datetime


class SavedEntry(_Saved):
    """A row of an order list."""

    number: int
    action: str
    original: int | None
    root: int
    request: OrderRequest
    time: dt.datetime
    quantity: int
    remaining: int
    canceled: int
    amended: int
    expired: int
    rejected: int
    executions: list[SavedFill]
    dearest: int
    awake: bool

    def entry(self, account: Account) -> Entry:
        """Return the row of that account."""
        plain = {name: value for name, value in self if name not in ("executions", "time")}
        fills = [
            Execution(self.number, fill.number, fill.price, fill.quantity, fill.time.astimezone(KST))
            for fill in self.executions
        ]
        return Entry(account=account, executions=fills, time=self.time.astimezone(KST), **plain)


class SavedLot(_Saved):
    """A holding."""

    symbol: str
    quantity: int
    cost: int
    today_bought: int
    today_sold: int


class SavedAccount(_Saved):
    """An account."""

    number: str
    cash: int
    commission_rate: Decimal
    commission_unit: Decimal
    settlements: list[tuple[dt.date, int]]
    lots: list[SavedLot]
    entries: list[SavedEntry]
    history: list[SavedEntry]
    rejections: int
    bought: int
    sold: int
    fees: int

    @classmethod
    def of(cls, account: Account) -> Self:
        """Return what there is to save of an account."""
        lots = [
            {
                "symbol": symbol,
                "quantity": lot.quantity,
                "cost": lot.cost,
                "today_bought": lot.today_bought,
                "today_sold": lot.today_sold,
            }
            for symbol, lot in account.lots.items()
        ]
        return cls.model_validate(
            {
                "number": account.number,
                "cash": account.cash,
                "commission_rate": account.costs.commission_rate,
                "commission_unit": account.costs.commission_unit,
                "settlements": account.settlements,
                "lots": lots,
                "entries": [SavedEntry.model_validate(entry) for entry in account.entries.values()],
                "history": [SavedEntry.model_validate(entry) for entry in account.history],
                "rejections": account.rejections,
                "bought": account.bought,
                "sold": account.sold,
                "fees": account.fees,
            }
        )

    def account(self, instruments: Mapping[str, Instrument]) -> Account:
        """Return the account; its working orders hold nothing back until they are in their books."""
        account = Account(self.number, self.cash, Costs(self.commission_rate, self.commission_unit))
        account.settlements = self.settlements
        account.rejections = self.rejections
        account.bought, account.sold, account.fees = self.bought, self.sold, self.fees
        for saved in self.entries:
            account.enter(saved.entry(account))
        for saved in self.history:
            account.history.add(saved.entry(account))
        for lot in self.lots:
            account.lots[lot.symbol] = Lot(
                instruments[lot.symbol],
                quantity=lot.quantity,
                cost=lot.cost,
                today_bought=lot.today_bought,
                today_sold=lot.today_sold,
            )
        return account


class SavedResting(_Saved):
    """An order in a book; without an account somebody else's."""

    side: Side
    price: int
    remaining: int
    place: Place
    stop: int
    account: str | None
    number: int | None


class SavedTrade(_Saved):
    """A print."""

    time: dt.datetime
    price: Decimal
    quantity: Decimal
    side: Side
    volume: Decimal


class SavedDay(_Saved):
    """Prices and volume of a symbol's day."""

    price: int
    open: int
    high: int
    low: int
    volume: int
    turnover: int
    close: int | None


class SavedBook(_Saved):
    """A book that no longer stands as the seed made it."""

    day: SavedDay
    waiting: list[SavedResting]
    trades: list[SavedTrade]
    """Those since the sandbox started."""
    crowd: dict[Side, int]

    @classmethod
    def of(cls, book: Book[Entry]) -> Self:
        """Return what there is to save of a book."""
        waiting = [
            SavedResting(
                side=order.side,
                price=order.price,
                remaining=order.remaining,
                place=order.place,
                stop=order.stop,
                account=order.owner.account.number if order.owner else None,
                number=order.owner.number if order.owner else None,
            )
            for order in book.waiting()
        ]
        trades = [SavedTrade.model_validate(trade) for trade in book.trades[book.seeded :]]
        return cls(day=SavedDay.model_validate(book.day), waiting=waiting, trades=trades, crowd=book.crowd)

    def fill(self, book: Book[Entry], accounts: Mapping[str, Account]) -> None:
        """Make a book that the seed has just opened this one."""
        orders = []
        for saved in self.waiting:
            owner = accounts[saved.account].entries[saved.number] if saved.account and saved.number else None
            order = Resting(saved.side, saved.price, saved.remaining, owner, saved.place, saved.stop)
            orders.append(order)
            if owner is not None:
                owner.resting = order
                owner.account.reserve(owner)
        trades = [
            Trade(trade.time.astimezone(KST), trade.price, trade.quantity, trade.side, trade.volume)
            for trade in self.trades
        ]
        book.restore(self.figures(), orders, trades)
        book.crowd = dict(self.crowd)

    def figures(self) -> Day:
        """Return prices and volume of the day."""
        return Day(**dict(self.day))


class Saved(_Saved):
    """An exchange."""

    version: Literal[1] = 1
    seed: int
    origin: dt.date
    now: dt.datetime
    phase: Phase
    over: bool
    next_number: int
    next_trade: int
    halted: list[str]
    played: dict[str, list[Played]]
    books: dict[str, SavedBook]
    accounts: list[SavedAccount]

    @property
    def day(self) -> dt.date:
        """The day that was played."""
        return self.now.astimezone(KST).date()

    def past_on(self, today: dt.date) -> Past:
        """Return what was before that day: the day that was played too, if it is a later one."""
        if today < self.day:
            raise ValueError(f"The exchange has played {self.day} already and cannot go back to {today}.")
        past = Past(self.seed, self.origin)
        past.played = {symbol: list(rows) for symbol, rows in self.played.items()}
        if today == self.day:
            return past
        last = Floor(self.seed, past.instruments(), self.day, lambda: self.now)
        last.salt = past.salt(self.day)
        quiet = trading_days_between(self.day, today)
        for symbol, instrument in last.instruments.items():
            saved = self.books.get(symbol)
            past.add(symbol, self.day, saved.figures() if saved else last.book(instrument).day, quiet)
        return past

    def open_accounts(self, instruments: Mapping[str, Instrument]) -> dict[str, Account]:
        """Return the accounts by number."""
        return {saved.number: saved.account(instruments) for saved in self.accounts}

    def fill_books(self, floor: Floor, accounts: Mapping[str, Account]) -> None:
        """Bring the books that had changed to where they were."""
        for symbol, saved in self.books.items():
            saved.fill(floor.book(floor.instruments[symbol]), accounts)


def save(
    seed: int, now: dt.datetime, next_number: int, past: Past, floor: Floor, accounts: Iterable[Account]
) -> dict[str, object]:
    """Return an exchange as plain data for JSON."""
    saved = Saved(
        seed=seed,
        origin=past.origin,
        now=now,
        phase=floor.phase,
        over=floor.over,
        next_number=next_number,
        next_trade=floor.next_trade,
        halted=sorted(floor.halted),
        played=past.played,
        books={symbol: SavedBook.of(book) for symbol, book in floor.books.items() if not book.untouched},
        accounts=[SavedAccount.of(account) for account in accounts],
    )
    return saved.model_dump(mode="json")
