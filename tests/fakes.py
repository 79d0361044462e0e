"""The brokers of our own that tests of the face, the order desk and the registry play with: no other test makes one."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, cast

from pydantic import SecretStr

from brokerkit import config
from brokerkit.broker import Broker
from brokerkit.errors import NetworkError
from brokerkit.market.sessions import Phase
from brokerkit.models import Balance, InvestorFlow, Order, OrderRequest, Quote
from brokerkit.orders.guard import Safety
from brokerkit.registry import get_broker
from brokerkit.transport import Client
from brokerkit.words import OrderStatus, OrderType, SecurityType, Side, Venue

SECRETS = {"app_key": "CANARY-app-key", "app_secret": "CANARY-app-secret", "account": "5001234501"}
PORTS = itertools.count(1024)


class FakeClient:
    """Takes the place of an adapter's client; nothing can be sent."""

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
        self.flows: Sequence[InvestorFlow] = ()
        self.numbers = itertools.count(117)
        self.answer: Callable[[], object] = lambda: str(next(self.numbers))
        """What an order is answered: a text is the number that it got, anything else what no adapter should say."""

    def opened(self, *, environment: str = "demo", arm: str | None = None) -> Broker:
        """Return the broker whose far side this is."""
        return _FakeBroker(self, environment=environment, arm=arm)

    def unfinished(self) -> Broker:
        """Return a broker whose adapter cannot cancel."""
        return cast(Any, _Unfinished)(self, environment="demo", arm=None)  # type: ignore[no-any-return]

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
        "handle": "fake:20261120:117",
    }
    return Order.model_validate({**values, **changes})


class _FakeBroker(Broker):
    name = "fake"

    def __init__(self, fake: Fake, *, environment: str, arm: str | None) -> None:
        self._fake = fake
        super().__init__(
            config.Settings(**{name: SecretStr(value) for name, value in SECRETS.items()}),
            environment=environment,
            remember_token=False,
            safety=Safety(arm=arm),
            phase_of=lambda venue: Phase.REGULAR,
        )

    def _connect(self, *given: object) -> Client:
        return cast(Client, self._fake.client)

    def _quote(self, symbol: str, venue: Venue) -> Quote:
        self._fake.called("quote", symbol, venue)
        lower, upper = (None if limit is None else Decimal(limit) for limit in self._fake.limits)
        price = Decimal(70000)
        return Quote(symbol=symbol, venue=venue, currency="KRW", price=price, lower_limit=lower, upper_limit=upper)

    def _kind(self, symbol: str) -> SecurityType | None:
        self._fake.called("kind", symbol)
        return self._fake.kind

    def _send_order(self, request: OrderRequest) -> Order:
        self._fake.called("order", request)
        answer = self._fake.answer()
        if not isinstance(answer, str):
            return cast(Order, answer)
        changes = {name: getattr(request, name) for name in ("symbol", "side", "quantity", "type", "price", "venue")}
        handle = f"fake:20261120:{answer}"
        return order_of(
            **changes, id=answer, status="PENDING", filled_quantity=None, remaining_quantity=None, handle=handle
        )

    def _send_cancel(self, order: Order, quantity: Decimal | None) -> Order:
        self._fake.called("cancel", order.id, quantity)
        number = str(next(self._fake.numbers) + 1)
        return order.model_copy(update={"id": number, "original_id": order.id, "status": OrderStatus.PENDING})

    def _find_order(self, order: Order) -> Order | None:
        self._fake.called("find", order.id)
        return self._fake.listed

    def _balance(self) -> Balance:
        self._fake.called("balance")
        raise NetworkError("silence")

    def _investor_flow(self, symbol: str, start: dt.date | None, end: dt.date, detail: bool) -> Sequence[InvestorFlow]:
        self._fake.called("flow", symbol, start, end, detail)
        return self._fake.flows


class _Unfinished(_FakeBroker):
    _send_cancel = Broker._send_cancel


# Brokers that tell how they were made


class AcmeSettings(config.Settings):
    """Settings of a broker of ours, with one of its own."""

    account: SecretStr
    branch: str | None = None


class AcmeBroker(Broker):
    """A broker that remembers how it was made."""

    name = "acme"
    Settings = AcmeSettings

    def _connect(self, settings: config.Settings, environment: str, base_url: str | None, remember_token: bool) -> Any:
        self.given = (settings, environment, base_url, remember_token)
        return FakeClient()

    _quote = _send_order = _send_cancel = _find_order = _balance = _investor_flow = cast(Any, None)


class NarrowBroker(AcmeBroker):
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
    settings, *connected = cast(AcmeBroker, broker).given
    values = {
        key: value.get_secret_value() if isinstance(value, SecretStr) else value
        for key, value in dict(settings).items()
    }
    return Made(broker, cast(Any, tuple(connected)), values)


THIRD_PARTY = '''
from decimal import Decimal
from brokerkit.broker import Broker
from brokerkit import Order, OrderStatus, Quote

class Client:
    base_url = "https://demo.zephyr.example"
    hosts = {"demo": base_url, "real": "https://zephyr.example"}  # so it is known that no real money moves

    def close(self):
        print("closed")

class ZephyrBroker(Broker):
    """A third party's adapter, without anything of ours but the base class."""

    name = "zephyr"

    def _connect(self, settings, environment, base_url, remember_token):
        self.settings = settings
        return Client()

    def _quote(self, symbol, venue):
        return Quote(symbol=symbol, venue=venue, currency="KRW", price=Decimal(70000))

    def _send_order(self, request):
        return Order(id="1", symbol=request.symbol, side=request.side, quantity=request.quantity,
                     status=OrderStatus.PENDING, handle="zephyr:1")

    def _send_cancel(self, order, quantity):
        return order.model_copy(update={"id": "2", "original_id": order.id})

    def _find_order(self, order):
        return None

    def _balance(self):
        raise NotImplementedError

    def _investor_flow(self, symbol, start, end, detail):
        return []
'''
"""The module of an adapter, as its entry point `zephyr_broker:ZephyrBroker` finds it."""
