"""What a hook of a part answers: what the broker said, never a finished model.

The core checks that it is about what was asked, and makes the common models.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from brokerkit.market.sessions import Phase
from brokerkit.models import (
    PRICED,
    Balance,
    Instrument,
    InvestorFlow,
    Level,
    Order,
    Position,
    Quote,
    Rank,
    Reservation,
    Trade,
)
from brokerkit.transport import Endpoint, OddRow, Reply, traded
from brokerkit.words import OrderType, PositionKind, ReservationStatus, TransactionKind


@dataclass(frozen=True)
class Sent:
    """What a broker answered to an order, amendment or cancellation that it received."""

    number: str
    """The number that it gave to it."""
    branch: str = ""
    """Where it was numbered, if the broker's numbers are unique within that only."""
    time: dt.datetime | dt.time | None = None
    """When the broker took it; a time of day is one of today."""
    quantity: Decimal | None = None
    """Shares that were moved or cancelled, if the broker tells."""
    original: str | None = None
    """The number that an amendment or cancellation named, if that was not the first one of the order."""


class QuoteReply(Reply[Quote]):
    """A price whose changes count from a base price, in the fields `base`, `moved` and `moved_percent`.

    A base price of 0 means that there is none: from it nothing can have changed.
    """

    extra = frozenset({"base", "moved", "moved_percent"})

    if TYPE_CHECKING:

        @property
        def base(self) -> Decimal | None: ...

        @property
        def moved(self) -> Decimal | None: ...

        @property
        def moved_percent(self) -> Decimal | None: ...

    @property
    def previous_close(self) -> Decimal | None:
        """The base price of the day."""
        return traded(self.base)

    @property
    def change(self) -> Decimal | None:
        """The change from it, signed."""
        return None if self.base == 0 else self.moved

    @property
    def change_percent(self) -> Decimal | None:
        """The change in percent of it, signed."""
        return None if self.base == 0 else self.moved_percent


class TradeReply(Reply[Trade]):
    """A trade of today, as a broker lists it: newest first, by a Korean time of day, or by a moment.

    Where the list goes on over pages that begin with rows of the one before, `volume` tells which trade is which.
    """

    extra = frozenset({"clock"})

    if TYPE_CHECKING:

        @property
        def clock(self) -> dt.time | dt.datetime | None: ...


class RankReply(Reply[Rank]):
    """A row of a ranking. A broker's own number of a place is left: the core counts them."""

    if TYPE_CHECKING:

        @property
        def symbol(self) -> str: ...


@dataclass(frozen=True)
class Ranks:
    """Rows of a ranking as a broker answered them, the first first."""

    endpoint: Endpoint[Any] | None
    rows: Sequence[RankReply]
    is_estimate: bool = False
    """Whether they are estimated while the day runs."""


def levels(pairs: Iterable[tuple[Decimal | None, Decimal | None]]) -> tuple[Level, ...]:
    """Return prices and quantities as a side of a book; a level that lacks one of them is left out."""
    return tuple(Level(price=price, quantity=quantity) for price, quantity in pairs if price and quantity)


def limit_of(type: OrderType | None, price: Decimal | None) -> Decimal | None:
    """Return the limit price of a listed order, None for types without one.

    Whether the limit that a best-price order took on entry stands there is not told: it is not the order's own.
    """
    return traded(price) if type is None or type in PRICED else None


FACTS: Mapping[str, Any] = {
    "branch": "",  # where it was numbered
    "day": None,  # the date under which the list shows it; None where the page knows it
    "clock": None,  # when the broker took it: a moment with its time zone, or the time of day in Korea
    "moments": {},  # when the broker may have taken it, by each way in which it may date and time its rows
    "original_id": None,  # the number of the order that it amends or cancels
    "tells_original": True,  # whether a row that amends or cancels another order would tell that number
    "filled_quantity": None,  # None where it is not sure
    "filled_amount": None,  # what the fills came to, where the row tells it exactly
    "remaining_quantity": None,
    "has_fills": None,  # whether something of it was filled, where the quantity is not sure
    "is_cancellation": False,  # it cancels another order and is none itself
    "is_refused": False,  # it was refused, so it has changed no other order
    "is_rejected": False,  # all of it was refused, so nothing of it stands
    "is_canceled": False,  # the row itself says that it was cancelled or replaced
    "is_elsewhere": False,  # it came by another channel than the API
    "state": None,  # the broker's own word for its OrderStatus, believed only where quantities do not tell
}
"""What a row of orders may tell beside the fields of Order, and what is taken where it does not."""


class OrderReply(Reply[Order]):
    """A row of a broker's list of orders: fields of Order, and what FACTS names, as fields or properties.

    Required are `id` (its number), `symbol`, `side` and `quantity`. The core makes handle, status and time.
    """

    extra = frozenset(FACTS) - set(Order.model_fields)
    _told: ClassVar[frozenset[str]] = frozenset()

    if TYPE_CHECKING:

        @property
        def id(self) -> str: ...

        @property
        def symbol(self) -> str: ...

        @property
        def quantity(self) -> Decimal: ...

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        cls._told = frozenset(name for name in FACTS if name in cls.model_fields or hasattr(cls, name))

    def fact(self, name: str) -> Any:
        """Return what the row tells of one of the FACTS, else what is taken of rows that do not tell it."""
        return getattr(self, name) if name in self._told else FACTS[name]


@dataclass(frozen=True)
class OrderPage:
    """Rows of one list of orders. A page that cannot be had raises: no list is ever silently short."""

    endpoint: Endpoint[Any] | None
    """The list; None where an adapter has a transport of its own."""
    rows: Iterable[OrderReply | OddRow]
    day: dt.date | None = None
    """The day of rows that tell none."""
    shows_all: bool = True
    """Whether this list shows every order of its days; else it is one of open or of filled orders."""
    is_dated: bool = True
    """Whether its rows are surely of that day: some lists have no date."""


class ReservationReply(Reply[Reservation]):
    """A row of a broker's list of reserved orders: fields of Reservation, as fields or properties.

    `received` is the day of its market on which the broker took it, `clock` the time of day in Korea.
    """

    extra = frozenset({"received", "clock"})

    if TYPE_CHECKING:

        @property
        def id(self) -> str: ...

        @property
        def symbol(self) -> str: ...

        @property
        def status(self) -> ReservationStatus: ...

        @property
        def received(self) -> dt.date: ...

        @property
        def clock(self) -> dt.time | None: ...


class PositionReply(Reply[Position]):
    """A row of a broker's list of holdings."""

    extra = frozenset({"told"})

    if TYPE_CHECKING:

        @property
        def symbol(self) -> str: ...

        @property
        def quantity(self) -> Decimal: ...

        @property
        def price(self) -> Decimal | None: ...

        @property
        def market_value(self) -> Decimal: ...

    @property
    def kind(self) -> PositionKind | None:
        """Whose shares these are; None where the row does not tell, or tells two things."""
        return PositionKind.CASH

    @property
    def told(self) -> str:
        """What the row says of that, for the error where it is not clear."""
        return ""


@dataclass(frozen=True)
class AccountReply:
    """Cash and holdings as a broker answered them."""

    endpoint: Endpoint[Any] | None
    """The list of holdings; None where an adapter has a transport of its own."""
    totals: Reply[Balance]
    pages: Sequence[Sequence[PositionReply]]
    """The rows of that list, page by page: rows of two pages may be priced some seconds apart."""
    known: Mapping[str, object] = field(default_factory=dict)
    """Fields of the balance that other answers tell."""


@dataclass(frozen=True)
class Bars:
    """Rows of a chart as a broker answered them: names of its fields, for the core to read as columns.

    A price is a text in the grammar of numbers. Rows without any text in the field of `time` are passed over.
    """

    endpoint: Endpoint[Any] | None
    rows: Sequence[Mapping[str, object]]
    time: str
    """The field with the day, as YYYYMMDD; with minutes and trades that of day and time, as YYYYMMDDHHMMSS."""
    open: str
    high: str
    low: str
    close: str
    volume: str
    turnover: str | None = None
    turnover_unit: int = 1
    """What one of a turnover is, in currency units."""
    clock: str | None = None
    """The field with the time of a minute, as HHMMSS, where that is another one than that of the day."""
    signed: bool = False
    """Whether prices carry a sign that tells a direction and is no part of them."""
    implied: int = 0
    """Decimals of a price that are written without their point."""
    volume_unit: int = 1
    """What one of a volume is, in shares."""
    symbol: str = ""
    """The symbol that the answer names, if it does."""
    session: Phase | None = None
    """Whose price the close of a bar is, once the day is over; None where that is not sure."""


@dataclass(frozen=True)
class Listed:
    """Everything that is listed, as a broker answered it.

    A row whose symbol is blank is none; one whose code is no symbol of brokerkit is counted and left out.
    """

    endpoint: Endpoint[Any] | None
    """The list, or one of them; None where an adapter has a transport of its own."""
    rows: Iterable[Reply[Instrument]]


@dataclass(frozen=True)
class FlowRow:
    """A day of investor flow that a broker tells in one row."""

    date: dt.date
    told: Mapping[str, Mapping[str, Decimal | None]]
    """The kinds of investors, named as the fields of InvestorFlow, to the fields of a Flow: in shares and in won."""
    final: bool
    close: Decimal | None = None

    def to_model(self, *, symbol: str) -> InvestorFlow:
        """Return the common model of a symbol's day."""
        values = {"symbol": symbol, "date": self.date, "close": self.close, "final": self.final}
        return InvestorFlow.model_validate({**values, **self.told})

    def flows(self) -> Mapping[str, Mapping[str, Decimal | None]]:
        """Return the fields of a Flow by the kinds."""
        return self.told


@dataclass(frozen=True)
class Estimated:
    """What a broker estimates of a symbol at a time of today."""

    clock: dt.time
    told: Mapping[str, Mapping[str, Decimal | None]]
    """The kinds of investors, named as the fields of InvestorFlow, to the fields of a Flow: in shares and in won."""


@dataclass(frozen=True)
class Programs:
    """What programmes bought and sold on a day: fields of a Flow, in shares and in won."""

    date: dt.date
    total: Mapping[str, Decimal | None]
    final: bool
    arbitrage: Mapping[str, Decimal | None] = field(default_factory=dict)
    non_arbitrage: Mapping[str, Decimal | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Ranked:
    """A row of a ranking of who was bought or sold most."""

    symbol: str
    flow: Mapping[str, Decimal | None]
    """Fields of a Flow, in shares and in won: what is net is below zero where more was sold than bought."""
    final: bool
    name: str = ""
    price: Decimal | None = None
    date: dt.date | None = None
    """The day that was asked for, the last one of a period; None where the broker was asked for the present one."""


@dataclass(frozen=True)
class FlowTables:
    """A day of investor flow that a broker tells in tables: one for nets, buys and sells, in shares and in amounts.

    `Part.flow_tables` makes them.
    """

    date: dt.date
    rows: Mapping[tuple[str, str], Any]
    """("net" | "buy" | "sell", "quantity" | "amount") to the row of the day."""
    read: Callable[[Any], Any]
    """Returns the row with `close` and the kinds as attributes; it is read only if the day is wanted."""
    kinds: Sequence[str]
    """The kinds of investors that a row tells, named as the fields of InvestorFlow."""
    units: Mapping[str, Decimal]
    """What one of a quantity and of an amount is, in shares and in won."""
    final: bool

    def to_model(self, *, symbol: str) -> InvestorFlow:
        """Return the common model of a symbol's day."""
        close = self.read(self.rows["net", "quantity"]).close
        values = {"symbol": symbol, "date": self.date, "close": close, "final": self.final}
        # One validation of it all: a model of its own for each of the kinds would take as long again.
        return InvestorFlow.model_validate({**values, **self.flows()})

    def flows(self) -> dict[str, dict[str, Decimal | None]]:
        """Return the fields of a Flow by the kinds. Sells are magnitudes: brokers write some of them below zero."""
        flows: dict[str, dict[str, Decimal | None]] = {kind: {} for kind in self.kinds}
        for (what, unit), told in self.rows.items():
            row = self.read(told)
            for kind in self.kinds:
                value = getattr(row, kind)
                if value is not None:
                    value = (abs(value) if what == "sell" else value) * self.units[unit]
                flows[kind][f"{what}_{unit}"] = value
        return flows


@dataclass(frozen=True)
class Sale:
    """A row of what sales earned: of one sale of a symbol, or of all of them on a day."""

    date: dt.date
    symbol: str
    name: str
    quantity: Decimal
    """Shares sold."""
    sell_price: Decimal
    buy_price: Decimal
    """What the shares had cost on average, before fees."""
    pnl: Decimal
    """Sales less cost, before commission, tax and interest."""
    commission: Decimal | None
    """None where commission and tax are told together alone, as `costs`."""
    tax: Decimal | None
    interest: Decimal | None = None
    costs: Decimal | None = None


@dataclass(frozen=True)
class CashMove:
    """A row of the cash ledger."""

    date: dt.date
    id: str | None
    kind: TransactionKind
    moved: Decimal
    """By how much cash changed, whichever way."""
    is_in: bool | None
    """Whether it grew, as the words of the row have it; None where they do not tell. The balances have to agree."""
    balance: Decimal | None
    """Cash of its currency after it; None where the ledger does not tell it."""
    description: str = ""
    symbol: str | None = None
    name: str | None = None
    quantity: Decimal | None = None
    commission: Decimal | None = None
    tax: Decimal | None = None
    traded_on: dt.date | None = None
    currency: str | None = None
    """Of its amounts, where they are not all in that of the market."""
