"""A broker with a part for US shares beside its Korean one: it tells what a test wants, at the hour that one sets."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, ClassVar, cast
from zoneinfo import ZoneInfo

import pytest
from pydantic import SecretStr

from brokerkit import Broker, SecurityType, Segment, Venue, clock, config
from brokerkit.adapter import Adapter
from brokerkit.errors import BrokerError
from brokerkit.models import ExchangeRate, Instrument
from brokerkit.part import Part
from brokerkit.replies import Listed
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

    def broker(self, **options: Any) -> Broker:
        """Return the broker whose far side this is, without a sandbox: its hours are those of the clock."""
        adapter = NewYorkAdapter(self)
        return Broker(adapter, environment="real", durable=False, **options)

    def part(self, broker: Broker) -> Part[Any]:
        """Return the US part of a broker."""
        return broker.adapter.served["US"]


class Home(Part[Any]):
    """Korean shares, of which nothing is told."""


class Abroad(Part[Any]):
    """US shares."""

    market = "US"
    quote_venues = (Venue.US,)

    @property
    def world(self) -> World:
        """The far side."""
        return cast(World, self.client.fake)

    def instruments(self) -> Listed:
        self.world.called("instruments")
        return Listed(None, self.world.lines)

    def exchange_rate(self, currency: str) -> Rate:
        self.world.called("exchange_rate", currency)
        return Rate(rate=self.world.rate, kind="기준환율")


class NewYorkAdapter(Adapter):
    """An adapter with two parts."""

    api_version = 1
    name = "newyork"
    parts: ClassVar[tuple[type[Part[Any]], ...]] = (Home, Abroad)

    def __init__(self, world: World) -> None:
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
