"""The brokers of our own that tests of the face, the order desk and the registry play with: no other test makes one."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar, cast

from pydantic import SecretStr

from brokerkit import clock, config
from brokerkit.adapter import Adapter
from brokerkit.broker import Broker
from brokerkit.errors import NetworkError
from brokerkit.market.markets import KOREA, US
from brokerkit.market.sessions import Phase
from brokerkit.models import InvestorFlow, Order, OrderRequest, Quote
from brokerkit.models.handles import Handle
from brokerkit.orders.limits import Safety
from brokerkit.part import Part
from brokerkit.registry import get_broker
from brokerkit.replies import AccountReply, OrderPage, OrderReply, Sent
from brokerkit.transport import Client, Reply
from brokerkit.words import OrderStatus, OrderType, SecurityType, Side, TimeInForce, Venue

SECRETS = {"app_key": "CANARY-app-key", "app_secret": "CANARY-app-secret", "account": "5001234501"}
PORTS = itertools.count(1024)


class FakeClient:
    """Takes the place of an adapter's client; nothing can be sent."""

    fake: Fake

    closed = 0

    def __init__(self) -> None:
        self.base_url = f"http://127.0.0.1:{next(PORTS)}"  # a journal of its own

    def close(self) -> None:
        """Count how often."""
        self.closed += 1


class Fake:
    """The far side of a broker: writes down what it is asked, and answers what the test prepared."""

    def __init__(self, client: Any = None) -> None:
        self.client = client or FakeClient()
        self.calls: list[tuple[Any, ...]] = []
        self.fails: BaseException | None = None
        """What every call raises, if anything."""
        self.kind: SecurityType | None = SecurityType.STOCK
        self.limits: tuple[int | None, int | None] = (None, None)
        """Lower and upper limit of every quote."""
        self.listed: Order | None = None
        """The order that the list shows, whatever is looked for."""
        self.pages: Callable[[dt.date, dt.date], Iterable[OrderPage]] = lambda start, end: [OrderPage(None, [])]
        """What the lists of the US show under these dates."""
        self.price = Decimal(150)
        """The last price in the US."""
        self.flows: Sequence[InvestorFlow] = (InvestorFlow(symbol="005930", date=clock.today(), final=False),)
        self.numbers = itertools.count(117)
        self.answer: Callable[[], object] = lambda: str(next(self.numbers))
        """What an order is answered: a text is the number that it got, anything else what no adapter should say."""

    def opened(
        self, *, environment: str = "demo", arm: str | None = None, part: type[Part[Any]] | None = None
    ) -> Broker:
        """Return the broker whose far side this is."""
        return self._opened(part or FakePart, environment, arm)

    def unfinished(self) -> Broker:
        """Return a broker whose adapter cannot cancel."""
        return self._opened(UnfinishedPart, "demo", None)

    def abroad(
        self, *parts: type[Part[Any]], environment: str = "demo", safety: Safety | None = None, by_clock: bool = False
    ) -> Broker:
        """Return a broker that has Korea and the US, or other parts. `by_clock`: its phases are those of the hour."""
        return Broker(
            FakeAdapter(self, environment, *(parts or (FakePart, UsPart))),
            environment=environment,
            durable=False,
            safety=safety,
            phase_of=None if by_clock else lambda venue: Phase.DAYTIME if venue is Venue.DAYTIME else Phase.REGULAR,
        )

    def _opened(self, part: type[Part[Any]], environment: str, arm: str | None) -> Broker:
        return Broker(
            FakeAdapter(self, environment, part),
            environment=environment,
            durable=False,
            safety=Safety(arm=arm),
            phase_of=lambda venue: Phase.REGULAR,
        )

    def called(self, *call: Any) -> None:
        """Write a call down, and fail if that is prepared."""
        self.calls.append(call)
        if self.fails is not None:
            raise self.fails


def order_of(**changes: object) -> Order:
    """Return a working order of the fake broker for 10 shares at 70,000 won, 3 of them filled, with changes."""
    values = {
        "id": "117",
        "symbol": "005930",
        "side": Side.BUY,
        "type": OrderType.LIMIT,
        "venue": Venue.KRX,
        "quantity": 10,
        "price": 70000,
        "filled_quantity": 3,
        "remaining_quantity": 7,
        "status": OrderStatus.PARTIALLY_FILLED,
        "handle": "fake:20261120:117:117",
    }
    return Order.model_validate({**values, **changes})


class FakeQuote(Reply[Quote]):
    """A price, and the limits of the day."""

    price: Decimal
    lower_limit: Decimal | None
    upper_limit: Decimal | None


class FakeRow(OrderReply):
    """A row of the fake broker's list of orders."""

    id: str
    symbol: str
    side: Side
    type: OrderType | None
    venue: Venue | None
    quantity: Decimal
    price: Decimal | None
    filled_quantity: Decimal | None
    remaining_quantity: Decimal | None
    average_fill_price: Decimal | None
    state: OrderStatus


@dataclass(frozen=True)
class FakeDay:
    """A day of investor flow, as the test prepared it."""

    told: InvestorFlow

    @property
    def date(self) -> dt.date:
        """The day."""
        return self.told.date

    def to_model(self, *, symbol: str) -> InvestorFlow:
        """Return it."""
        return self.told


class FakePart(Part[Any]):
    """The near side of it."""

    order_types = tuple((type_, time) for type_ in OrderType for time in TimeInForce)
    order_venues = dict.fromkeys(("demo", "real"), KOREA.venues)
    quote_venues = KOREA.venues

    @property
    def fake(self) -> Fake:
        """The far side."""
        fake: Fake = self.client.fake
        return fake

    def quote(self, symbol: str, venue: Venue) -> FakeQuote:
        self.fake.called("quote", symbol, venue)
        lower, upper = (None if limit is None else Decimal(limit) for limit in self.fake.limits)
        return FakeQuote(price=Decimal(70000), lower_limit=lower, upper_limit=upper)

    def security_type(self, symbol: str) -> SecurityType | None:
        self.fake.called("kind", symbol)
        return self.fake.kind

    def send_order(self, request: OrderRequest, key: str) -> Sent:
        self.fake.called("order", request)
        answer = self.fake.answer()
        return Sent(answer) if isinstance(answer, str) else cast(Sent, answer)

    def send_cancel(self, order: Order, handle: Handle, quantity: Decimal | None) -> Sent:
        self.fake.called("cancel", order.id, quantity)
        return Sent(str(next(self.fake.numbers) + 1))

    def rows(
        self,
        start: dt.date,
        end: dt.date,
        *,
        symbol: str | None = None,
        number: str | None = None,
        open_only: bool = False,
    ) -> Iterator[OrderPage]:
        self.fake.called("find", number)
        listed = self.fake.listed
        if listed is not None:
            known = {name: getattr(listed, name) for name in FakeRow.model_fields if name != "state"}
            yield OrderPage(None, [FakeRow(**known, state=listed.status)], start)

    def balance(self) -> AccountReply:
        self.fake.called("balance")
        raise NetworkError("silence")

    def investor_flow(self, symbol: str, start: dt.date | None, end: dt.date, detail: bool) -> Sequence[Any]:
        self.fake.called("flow", symbol, start, end, detail)
        return [FakeDay(told) for told in self.fake.flows]


class UsRow(OrderReply):
    """A row of a list of orders in the US: ten shares of AAPL at 150 dollars, of which nothing was filled."""

    extra = OrderReply.extra | {"told"}

    id: str
    symbol: str = "US:AAPL"
    side: Side = Side.BUY
    type: OrderType | None = OrderType.LIMIT
    venue: Venue | None = Venue.US
    quantity: Decimal = Decimal(10)
    price: Decimal | None = Decimal(150)
    filled_quantity: Decimal | None = Decimal(0)
    remaining_quantity: Decimal | None = Decimal(10)
    original_id: str | None = None
    is_cancellation: bool = False
    tells_original: bool = True
    day: dt.date | None = None
    told: Any = None
    moments: dict[str, dt.datetime] = {}

    @property
    def clock(self) -> Any:
        """When the broker took it, as the test tells it."""
        return self.told


class UsPart(Part[Any]):
    """The US part of it, whose lists are what the test prepared."""

    market = "US"
    order_types = tuple((type_, TimeInForce.DAY) for type_ in OrderType)
    order_venues = dict.fromkeys(("demo", "real"), US.venues)
    quote_venues = US.venues
    lists_prove_absence = frozenset({"demo", "real"})

    @property
    def fake(self) -> Fake:
        """The far side."""
        fake: Fake = self.client.fake
        return fake

    def quote(self, symbol: str, venue: Venue) -> FakeQuote:
        self.fake.called("quote", symbol, venue)
        return FakeQuote(price=self.fake.price, lower_limit=None, upper_limit=None)

    def send_order(self, request: OrderRequest, key: str) -> Sent:
        self.fake.called("order", request)
        answer = self.fake.answer()
        return Sent(answer) if isinstance(answer, str) else cast(Sent, answer)

    def send_cancel(self, order: Order, handle: Handle, quantity: Decimal | None) -> Sent:
        self.fake.called("cancel", order.id, quantity)
        return Sent(str(next(self.fake.numbers) + 1))

    def send_amend(self, order: Order, handle: Handle, quantity: Decimal | None, price: Decimal) -> Sent:
        self.fake.called("amend", order.id, quantity, price)
        return Sent(str(next(self.fake.numbers) + 1))

    def rows(self, start: dt.date, end: dt.date, **narrowed: Any) -> Iterator[OrderPage]:
        self.fake.called("rows", start, end, narrowed.get("number"))
        yield from self.fake.pages(start, end)


class UnfinishedPart(FakePart):
    """A part that cannot cancel."""

    send_cancel = Part.send_cancel


class FakeAdapter(Adapter):
    """An adapter whose far side is a Fake."""

    api_version = 1
    name = "fake"
    parts: ClassVar[tuple[type[Part[Any]], ...]] = (FakePart,)

    def __init__(self, fake: Fake, environment: str, *parts: type[Part[Any]]) -> None:
        self.parts = parts  # type: ignore[misc]
        self._fake = fake
        settings = config.Settings(**{name: SecretStr(value) for name, value in SECRETS.items()})
        super().__init__(settings, environment="real" if environment == "sandbox" else environment)

    def connect(self, **given: object) -> Client:
        self._fake.client.fake = self._fake
        return cast(Client, self._fake.client)


# Brokers that tell how they were made


class AcmeSettings(config.Settings):
    """Settings of a broker of ours, with one of its own."""

    account: SecretStr
    branch: str | None = None


class AcmeAdapter(Adapter):
    """An adapter that remembers how it was made."""

    api_version = 1
    name = "acme"
    Settings = AcmeSettings
    parts = (FakePart,)

    def connect(self, *, environment: str, base_url: str | None, remember_token: bool) -> Any:
        self.given = (environment, base_url, remember_token)
        return FakeClient()


class NarrowAdapter(AcmeAdapter):
    """A broker without a paper trading environment."""

    name = "narrow"
    environments = ("sandbox", "real")


@dataclass
class Made:
    """What get_broker made of one of these brokers."""

    broker: Broker
    connected: tuple[str, str | None, bool]
    """The environment that its client speaks, the address given to it, whether it may remember its token."""
    settings: dict[str, object]
    """Its settings, with their secrets readable."""


def made(*arguments: Any, **options: Any) -> Made:
    """Return what get_broker makes of these arguments."""
    broker = get_broker(*arguments, **options)
    adapter = cast(AcmeAdapter, broker.adapter)
    values = {
        key: value.get_secret_value() if isinstance(value, SecretStr) else value
        for key, value in dict(adapter.settings).items()
    }
    return Made(broker, adapter.given, values)


THIRD_PARTY = """
from decimal import Decimal
from brokerkit.adapter import Adapter
from brokerkit.part import Part
from brokerkit.replies import Sent
from brokerkit.models import Quote
from brokerkit.transport import Reply
from brokerkit.words import OrderType, TimeInForce, Venue

class Client:
    base_url = "https://demo.zephyr.example"
    hosts = {"demo": base_url, "real": "https://zephyr.example"}  # so it is known that no real money moves

    def close(self):
        print("closed")

class Price(Reply[Quote]):
    price: Decimal

class Stocks(Part):
    order_types = [(OrderType.LIMIT, TimeInForce.DAY)]
    order_venues = {"demo": [Venue.KRX], "real": [Venue.KRX]}

    def quote(self, symbol, venue):
        return Price(price=Decimal(70000))

    def send_order(self, request, key):
        return Sent("1")

    def send_cancel(self, order, handle, quantity):
        return Sent("2")

    def rows(self, start, end, *, symbol=None, number=None, open_only=False):
        return []

class ZephyrAdapter(Adapter):
    # A third party's adapter with a transport of its own.
    api_version = 1
    name = "zephyr"
    parts = (Stocks,)

    def connect(self, *, environment, base_url, remember_token):
        return Client()
"""
"""The module of an adapter, as its entry point `zephyr_broker:ZephyrAdapter` finds it."""
