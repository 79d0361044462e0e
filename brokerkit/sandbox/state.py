"""The state of an exchange as JSON: what the seed does not tell.

It is photographed while the exchange stands still, and written down from that while it goes on.
"""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from typing import Annotated, Literal, Self, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict

from brokerkit.clock import KST
from brokerkit.market.sessions import Phase
from brokerkit.models import OrderRequest
from brokerkit.sandbox.accounts import Account, Entry, Lot, Roll
from brokerkit.sandbox.books import Book, Place, Resting
from brokerkit.sandbox.bourse import Bourse
from brokerkit.sandbox.costs import Costs
from brokerkit.sandbox.floor import Floor
from brokerkit.sandbox.instruments import Instrument
from brokerkit.sandbox.ledger import CashKind, CashLine
from brokerkit.sandbox.past import Past, Played, past_of
from brokerkit.sandbox.prints import Day, Trade
from brokerkit.sandbox.rows import ExchangeOrder, Execution
from brokerkit.words import Side

Item = TypeVar("Item")


class _Saved(BaseModel):
    model_config = ConfigDict(extra="forbid", from_attributes=True)


class SavedFill(_Saved):
    """An Execution."""

    number: int
    price: Decimal
    quantity: Decimal
    time: dt.datetime
    commission: Decimal = Decimal(0)
    tax: Decimal = Decimal(0)
    cost: Decimal = Decimal(0)
    held: Decimal = Decimal(0)

    def execution(self, order: int) -> Execution:
        """Return the fill of that order."""
        return Execution(order, **{**dict(self), "time": self.time.astimezone(KST)})


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
        fills = [fill.execution(self.number) for fill in self.executions]
        time = self.time.astimezone(KST)
        return Entry(account=account, executions=fills, time=time, day=account.bourse.day_of(time), **plain)


class SavedLot(_Saved):
    """A holding."""

    symbol: str
    quantity: int
    cost: int
    today_bought: int
    today_sold: int

    @classmethod
    def of(cls, symbol: str, lot: Lot) -> Self:
        """Return what there is to save of a holding."""
        names = ("quantity", "cost", "today_bought", "today_sold")
        return cls(symbol=symbol, **{name: getattr(lot, name) for name in names})


class SavedLine(_Saved):
    """A line of the cash ledger."""

    day: dt.date
    kind: CashKind
    change: Decimal
    symbol: str | None
    quantity: int
    amount: Decimal
    commission: Decimal
    tax: Decimal
    traded_on: dt.date | None


class AccountHead(_Saved):
    """An account without its rows."""

    number: str
    cash: int
    commission_rate: Decimal
    commission_unit: Decimal
    settlements: list[tuple[dt.date, int]]
    lines: list[SavedLine] = []
    lots: list[SavedLot]
    rejections: int
    cancel_rejections: int = 0
    bought: int
    sold: int
    fees: int

    @classmethod
    def of(cls, account: Account) -> Self:
        """Return what there is to save of an account beside its rows."""
        lots = [SavedLot.of(symbol, lot) for symbol, lot in account.lots.items()]
        names = ("number", "cash", "rejections", "cancel_rejections", "bought", "sold", "fees")
        plain = {name: getattr(account, name) for name in names}
        rates = {name: getattr(account.costs, name) for name in ("commission_rate", "commission_unit")}
        lines = [SavedLine.model_validate(line) for line in account.lines]
        return cls(**plain, **rates, settlements=list(account.settlements), lines=lines, lots=lots)


class SavedAccount(AccountHead):
    """An account."""

    entries: list[SavedEntry]
    history: list[SavedEntry]

    def account(self, bourse: Bourse, instruments: Mapping[str, Instrument]) -> Account:
        """Return the account; its working orders hold nothing back until they are in their books."""
        account = Account(bourse, self.number, self.cash, Costs(self.commission_rate, self.commission_unit))
        account.settlements = self.settlements
        account.lines = [CashLine(**dict(line)) for line in self.lines]
        account.rejections, account.cancel_rejections = self.rejections, self.cancel_rejections
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
    seeded: bool = True


class SavedBook(_Saved):
    """A book that no longer stands as the seed made it."""

    day: SavedDay
    waiting: list[SavedResting]
    trades: list[SavedTrade]
    """Those since the sandbox started."""
    crowd: dict[Side, int]

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


def _with_a_day(row: Played) -> Played:
    dt.date.fromisoformat(row[0])
    return row


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
    unpriced: list[str] = []
    unlimited: list[str] = []
    played: dict[str, list[Annotated[Played, AfterValidator(_with_a_day)]]]
    books: dict[str, SavedBook]
    accounts: list[SavedAccount]

    def past_on(self, bourse: Bourse, today: dt.date) -> Past:
        """Return what was before that day: the day that was played too, if it is a later one."""
        day = bourse.day_of(self.now)
        if today < day:
            raise ValueError(f"The exchange has played {day} already and cannot go back to {today}.")
        past = past_of(bourse, self.seed, self.origin)
        past.played = {symbol: list(rows) for symbol, rows in self.played.items()}
        if today == day:
            return past
        last = Floor(bourse, self.seed, past.instruments(), day, lambda: self.now)
        last.salt = past.salt(day)
        quiet = bourse.calendar.days_between(day, today)
        for symbol, instrument in last.instruments.items():
            saved = self.books.get(symbol)
            past.add(symbol, day, saved.figures() if saved else last.book(instrument).day, quiet)
        return past

    def open_accounts(self, bourse: Bourse, instruments: Mapping[str, Instrument]) -> dict[str, Account]:
        """Return the accounts by number."""
        return {saved.number: saved.account(bourse, instruments) for saved in self.accounts}

    def fill_books(self, floor: Floor, accounts: Mapping[str, Account]) -> None:
        """Bring the books that had changed to where they were."""
        for symbol, saved in self.books.items():
            saved.fill(floor.book(floor.instruments[symbol]), accounts)


@dataclass(frozen=True)
class BookPhoto:
    """A book at one moment."""

    day: Day
    crowd: dict[Side, int]
    waiting: list[tuple[Resting[Entry], int]]
    """Each with what was left of it: that goes on to change."""
    trades: list[Trade]

    @classmethod
    def of(cls, book: Book[Entry]) -> Self:
        """Return the book as it stands."""
        waiting = [(order, order.remaining) for order in book.waiting()]
        return cls(replace(book.day), dict(book.crowd), waiting, book.trades[book.seeded :])


Row = tuple[ExchangeOrder, int, bool]
"""A row of an order list at one moment: with the dearest price of a fill, and whether it is awake."""


@dataclass(frozen=True)
class Photo:
    """An exchange at one moment. What can still change is copied; of long lists only the list is."""

    changes: int
    head: dict[str, object]
    books: dict[str, BookPhoto]
    accounts: list[tuple[AccountHead, list[Row], list[Row]]]


def photograph(
    changes: int, seed: int, now: dt.datetime, next_number: int, past: Past, floor: Floor, accounts: Iterable[Account]
) -> Photo:
    """Return an exchange as it stands at this moment."""
    head = {
        "version": 1,
        "seed": seed,
        "origin": past.origin.isoformat(),
        "now": now.isoformat(),
        "phase": floor.phase.value,
        "over": floor.over,
        "next_number": next_number,
        "next_trade": floor.next_trade,
        "halted": sorted(floor.halted),
        "unpriced": sorted(floor.unpriced),
        "unlimited": sorted(floor.unlimited),
        "played": past.played,
    }
    books = {symbol: BookPhoto.of(book) for symbol, book in floor.books.items() if not book.untouched}
    told = [(AccountHead.of(each), _rows(each.today), _rows(each.history)) for each in accounts]
    return Photo(changes, head, books, told)


def _rows(roll: Roll) -> list[Row]:
    return [(entry.snapshot(), entry.dearest, entry.awake) for entry in roll]


class Writer:
    """Writes photographs down as JSON. A row that is as it was the last time is not written anew."""

    AT_ONCE = 200
    """So many rows; after them others may go on."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, dt.date, int], tuple[Row, str]] = {}
        self._trades: dict[str, list[str]] = {}

    def text(self, photo: Photo) -> str:
        """Return a photograph as text."""
        books = [f"{json.dumps(symbol)}: {self._book(symbol, book)}" for symbol, book in photo.books.items()]
        accounts = [
            _with(head.model_dump_json(), entries=self._account_rows(today), history=self._account_rows(before))
            for head, today, before in photo.accounts
        ]
        return _with(json.dumps(photo.head), books=f"{{{', '.join(books)}}}", accounts=f"[{', '.join(accounts)}]")

    def _account_rows(self, rows: list[Row]) -> str:
        return _listed(list(_in_turns(rows, self._row, self.AT_ONCE)))

    def _row(self, row: Row) -> str:
        told, dearest, awake = row
        key = (told.account, told.day, told.number)
        kept = self._rows.get(key)
        if kept is None or kept[0][0] is not told or kept[0][1:] != row[1:]:
            fields = {name: getattr(told, name) for name in SavedEntry.model_fields if hasattr(told, name)}
            entry = SavedEntry.model_validate({**fields, "dearest": dearest, "awake": awake})
            kept = self._rows[key] = (row, entry.model_dump_json())
        return kept[1]

    def _book(self, symbol: str, book: BookPhoto) -> str:
        trades = self._trades.setdefault(symbol, [])
        fresh = book.trades[len(trades) :]
        trades.extend(_in_turns(fresh, lambda trade: SavedTrade.model_validate(trade).model_dump_json(), self.AT_ONCE))
        waiting = list(_in_turns(book.waiting, _resting, self.AT_ONCE))
        head = {"day": asdict(book.day), "crowd": book.crowd}
        return _with(json.dumps(head), waiting=_listed(waiting), trades=_listed(trades[: len(book.trades)]))


def _resting(told: tuple[Resting[Entry], int]) -> str:
    order, remaining = told
    owner = order.owner
    saved = {
        "side": order.side,
        "price": order.price,
        "remaining": remaining,
        "place": order.place,
        "stop": order.stop,
        "account": owner.account.number if owner else None,
        "number": owner.number if owner else None,
    }
    return json.dumps(saved)


def _in_turns(items: Sequence[Item], write: Callable[[Item], str], at_once: int) -> Iterator[str]:
    """Yield each item as text, and let other threads go on now and then: they have customers who wait."""
    for place, item in enumerate(items, start=1):
        yield write(item)
        if place % at_once == 0:
            time.sleep(0)


def _listed(texts: Sequence[str]) -> str:
    return f"[{', '.join(texts)}]"


def _with(text: str, **more: str) -> str:
    """Return the text of an object with more members, which are text already."""
    members = ", ".join(f'"{name}": {value}' for name, value in more.items())
    return f"{text[:-1]}, {members}}}"
