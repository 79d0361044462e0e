"""A broker with a part for US shares beside its Korean one: it tells what a test wants, at the hour that one sets."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, ClassVar, cast
from zoneinfo import ZoneInfo

import pytest
from pydantic import SecretStr

from brokerkit import Broker, Interval, Phase, SecurityType, Segment, Side, Venue, clock, config
from brokerkit.adapter import Adapter
from brokerkit.errors import BrokerError
from brokerkit.models import Balance, ExchangeRate, Instrument, Level, OrderBook, Quote
from brokerkit.part import Part
from brokerkit.replies import (
    AccountReply,
    Bars,
    CashMove,
    Listed,
    OrderPage,
    OrderReply,
    PositionReply,
    Sale,
    TradeReply,
)
from brokerkit.transport import Client, Reply
from tests.fakes import SECRETS, FakeClient

EASTERN = ZoneInfo("America/New_York")
EVENING = dt.datetime(2026, 11, 25, 23, 45, tzinfo=clock.KST)
"""A Wednesday, quarter past the open in New York."""


class Rate(Reply[ExchangeRate]):
    """A rate."""

    rate: Decimal | None
    kind: str | None = None
    date: dt.date | None = None


class Line(Reply[Instrument]):
    """A line of the list."""

    symbol: str
    name: str
    english_name: str | None = None
    market: Segment | None = None
    kind: SecurityType | None = None
    base_price: Decimal | None = None


def line(code: str, name: str = "애플", english_name: str = "APPLE INC", **told: Any) -> Line:
    """Return a line of a US share."""
    values = {"market": Segment.NASDAQ, "kind": SecurityType.STOCK, "base_price": Decimal("271.5"), **told}
    return Line(symbol=f"US:{code}", name=name, english_name=english_name, **values)


class Share(PositionReply):
    """A holding."""

    symbol: str
    quantity: Decimal
    sellable_quantity: Decimal | None
    average_price: Decimal
    price: Decimal | None
    cost: Decimal
    market_value: Decimal


def share(symbol: str = "US:AAPL", quantity: str = "3", price: str = "271.53", **told: Any) -> Share:
    """Return a holding that cost 200.10 a share."""
    number = Decimal(quantity)
    values = {"sellable_quantity": number, "average_price": Decimal("200.10"), "price": Decimal(price)}
    values |= {"cost": Decimal("200.10") * number, "market_value": Decimal(price) * number}
    return Share.model_validate({"symbol": symbol, "quantity": number, **values, **told})


class Filled(OrderReply):
    """A row of the list of orders, of one that was filled."""

    id: str
    symbol: str
    side: Side
    quantity: Decimal
    price: Decimal
    filled_quantity: Decimal
    filled_amount: Decimal | None
    average_fill_price: Decimal
    day: dt.date


def filled(quantity: str, price: str, amount: str | None, day: dt.date) -> Filled:
    """Return a purchase that was filled, with what it came to."""
    number, paid = Decimal(quantity), None if amount is None else Decimal(amount)
    terms = {"quantity": number, "filled_quantity": number, "filled_amount": paid, "day": day}
    values = {"symbol": "US:AAPL", "side": Side.BUY, "price": Decimal(price), "average_fill_price": Decimal(price)}
    return Filled.model_validate({"id": "0000000117", **values, **terms})


class Totals(Reply[Balance]):
    """What the holdings are worth together, and the cash."""

    cash: Decimal
    cost: Decimal
    market_value: Decimal


def bar(time: dt.date, close: str = "271.5300", volume: str = "5") -> dict[str, str]:
    """Return a row of a chart: of a day, or of a minute that is told in Korean time."""
    shown = f"{time:%Y%m%d%H%M%S}" if isinstance(time, dt.datetime) else f"{time:%Y%m%d}"
    return {"t": shown, "o": close, "h": close, "l": close, "c": close, "v": volume, "a": "1000"}


class Price(Reply[Quote]):
    """A price."""

    symbol: str
    price: Decimal
    open: Decimal | None
    upper_limit: Decimal | None = None


class Book(Reply[OrderBook]):
    """A book of nothing."""

    extra = frozenset({"clock"})
    clock: dt.time | dt.datetime | None
    asks: tuple[Level, ...] = ()
    bids: tuple[Level, ...] = ()


class Printed(TradeReply):
    """A trade."""

    clock: dt.time | dt.datetime | None
    price: Decimal
    quantity: Decimal
    volume: Decimal | None


def printed(clock: dt.time | dt.datetime, volume: int | None = None) -> Printed:
    """Return a trade of one share."""
    return Printed(clock=clock, price=Decimal("271.53"), quantity=Decimal(1), volume=volume)


class World:
    """The far side, and the clock on the wall."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = EVENING
        monkeypatch.setattr(clock, "now", lambda: self.now)
        self.calls: list[tuple[Any, ...]] = []
        self.fails: BrokerError | None = None
        self.lines: Sequence[Line] = (
            line("AAPL"),
            line("BRK.B", "버크셔 해서웨이 B", "BERKSHIRE HATHAWAY-B", market=Segment.NYSE),
            line("SPY", "SPDR S&P 500", "SPDR S&P 500 ETF TRUST", market=Segment.AMEX, kind=SecurityType.ETF),
        )
        self.shares: Sequence[Sequence[Share]] = ((share(),),)
        self.total: Decimal | None = None
        """What all of them are worth; without it their sum."""
        self.prices: dict[str, Decimal] = {"US:AAPL": Decimal("271.5301"), "US:SPY": Decimal("650.10")}
        self.bars: Sequence[dict[str, str]] = ()
        self.minutes: Sequence[dict[str, str]] = ()
        """In any order."""
        self.booked_at: dt.time | dt.datetime | None = None
        self.printed: Sequence[Sequence[Printed]] = ()
        self.filled: Sequence[Filled] = ()
        self.sales: Sequence[Sale] = ()
        self.moves: Sequence[CashMove] = ()
        self.rate: Decimal | None = Decimal("1432.50")

    def at(self, text: str) -> World:
        """Set the clock, in Korean time."""
        self.now = dt.datetime.fromisoformat(text).replace(tzinfo=clock.KST)
        return self

    def called(self, *call: Any) -> None:
        """Write a call down, and fail if that is prepared."""
        self.calls.append(call)
        if self.fails is not None:
            raise self.fails

    def broker(self, *, us: type[Abroad] | None = None, **options: Any) -> Broker:
        """Return the broker whose far side this is, without a sandbox: its hours are those of the clock."""
        adapter = NewYorkAdapter(self, us or Abroad)
        return Broker(adapter, environment="real", durable=False, **options)

    def part(self, broker: Broker) -> Part[Any]:
        """Return the US part of a broker."""
        return broker.adapter.served["US"]


class Home(Part[Any]):
    """Korean shares: an account with won, a price, and nothing else."""

    quote_venues = (Venue.KRX,)

    def quote(self, symbol: str, venue: Venue) -> Price:
        self.client.fake.called("quote", symbol, venue)
        return Price(symbol=symbol, price=Decimal(70_000), open=Decimal(69_000), upper_limit=Decimal(91_000))

    def balance(self) -> AccountReply:
        self.client.fake.called("balance", "KR")
        return AccountReply(None, Totals(cash=Decimal(1_000_000), cost=Decimal(0), market_value=Decimal(0)), ())

    def realized_pnl(self, start: dt.date, end: dt.date) -> Sequence[Sale]:
        self.client.fake.called("realized_pnl", "KR", start, end)
        return ()


class Abroad(Part[Any]):
    """US shares."""

    market = "US"
    quote_venues = (Venue.US,)
    bar_intervals = (Interval.MINUTE, Interval.DAY)
    at_once = 400
    """Minutes of one answer."""

    @property
    def world(self) -> World:
        """The far side."""
        return cast(World, self.client.fake)

    def quote(self, symbol: str, venue: Venue) -> Price:
        self.world.called("quote", symbol, venue)
        return Price(symbol=symbol, price=self.world.prices.get(symbol, Decimal(0)), open=Decimal(270))

    def order_book(self, symbol: str, venue: Venue) -> Book:
        self.world.called("order_book", symbol, venue)
        return Book(clock=self.world.booked_at)

    def trades(self, symbol: str, venue: Venue, count: int | None) -> Iterator[Sequence[Printed]]:
        for page in self.world.printed:
            self.world.called("trades", symbol, venue)
            yield page

    def bars(self, symbol: str, interval: Interval, venue: Venue, adjusted: bool, start: dt.date, end: dt.date) -> Bars:
        self.world.called("bars", start, end)
        first, last = f"{start:%Y%m%d}", f"{end:%Y%m%d}"
        rows = [row for row in self.world.bars if first <= row["t"] <= last]
        return Bars(None, rows, "t", "o", "h", "l", "c", "v", "a", session=Phase.REGULAR)

    def minutes_since(self, venue: Venue) -> dt.date:
        return dt.date(2026, 1, 2)

    def minutes(
        self,
        symbol: str,
        interval: Interval,
        venue: Venue,
        adjusted: bool | None,
        start: dt.datetime,
        end: dt.datetime,
    ) -> Iterator[Bars]:
        self.world.called("minutes", start, end)
        last = f"{end:%Y%m%d%H%M%S}"
        rows = sorted((row for row in self.world.minutes if row["t"] <= last), key=lambda row: row["t"], reverse=True)
        for at in range(0, len(rows), self.at_once):
            page = rows[at : at + self.at_once]
            yield Bars(None, page, "t", "o", "h", "l", "c", "v")
            if page[-1]["t"] < f"{start:%Y%m%d%H%M%S}":
                return

    def instruments(self) -> Listed:
        self.world.called("instruments")
        return Listed(None, self.world.lines)

    def balance(self) -> AccountReply:
        self.world.called("balance", "US")
        rows = [row for page in self.world.shares for row in page]
        total = sum((row.market_value for row in rows), Decimal(0)) if self.world.total is None else self.world.total
        totals = Totals(cash=Decimal("100.25"), cost=sum((row.cost for row in rows), Decimal(0)), market_value=total)
        return AccountReply(None, totals, self.world.shares)

    def rows(self, start: dt.date, end: dt.date, **narrowed: object) -> Iterator[OrderPage]:
        self.world.called("rows", start, end)
        yield OrderPage(None, self.world.filled)

    def realized_pnl(self, start: dt.date, end: dt.date) -> Sequence[Sale]:
        self.world.called("realized_pnl", "US", start, end)
        return self.world.sales

    def transactions(self, start: dt.date, end: dt.date) -> Sequence[CashMove]:
        self.world.called("transactions", "US", start, end)
        return self.world.moves

    def exchange_rate(self, currency: str) -> Rate:
        self.world.called("exchange_rate", currency)
        return Rate(rate=self.world.rate, kind="기준환율")


class NewYorkAdapter(Adapter):
    """An adapter with two parts."""

    api_version = 1
    name = "newyork"
    parts: ClassVar[tuple[type[Part[Any]], ...]] = (Home, Abroad)

    def __init__(self, world: World, us: type[Abroad]) -> None:
        self.parts = (Home, us)  # type: ignore[misc]
        self._world = world
        settings = config.Settings(**{name: SecretStr(value) for name, value in SECRETS.items()})
        super().__init__(settings, environment="real")

    def connect(self, **given: object) -> Client:
        client = FakeClient()
        client.fake = cast(Any, self._world)
        return cast(Client, client)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """Return a world in the evening of a Wednesday."""
    return World(monkeypatch)
