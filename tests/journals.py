"""Intents, rows of lists and brokers for tests of the order journal."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from brokerkit import Broker, Order, OrderRequest, OrderType, Side, Venue, clock, get_broker
from brokerkit.orders.intents import Intent, IntentKind, new_id
from brokerkit.orders.journal import Journal
from brokerkit.orders.limits import Limits
from brokerkit.orders.listing import Listed
from brokerkit.sandbox import Faults, Rule, Sandbox
from brokerkit.testing.inside import journal_of
from tests.program import is_order

BROKERS = ("kis", "kiwoom")
SAMSUNG, HYNIX = "005930", "000660"
GETS_THROUGH, GETS_LOST = "processed_then_reset", "accept_then_reset"
SENT = dt.datetime(2026, 11, 20, 10, 0, tzinfo=clock.KST)
DAY = SENT.date()


def request_of(**changes: Any) -> OrderRequest:
    """Return an order to buy 10 shares at 70,000 won, with changes."""
    known = {"symbol": SAMSUNG, "side": Side.BUY, "quantity": 10, "type": OrderType.LIMIT, "price": 70_000}
    return OrderRequest.model_validate({**known, **changes})


def intent_of(request: OrderRequest | None = None, **changes: Any) -> Intent:
    """Return the intent of an order, not sent yet, with changes."""
    request = request or request_of()
    known = {
        "id": new_id(),
        "kind": IntentKind.ORDER,
        "day": DAY,
        "created_at": SENT,
        "symbol": request.symbol,
        "side": request.side,
        "quantity": request.quantity,
        "price": request.price,
        "request": request,
    }
    return Intent.model_validate({**known, **changes})


def order_of(number: str = "101", **changes: Any) -> Order:
    """Return a working order as a broker lists it, with changes."""
    known: dict[str, Any] = {
        "id": number,
        "symbol": SAMSUNG,
        "side": Side.BUY,
        "type": OrderType.LIMIT,
        "quantity": 10,
        "price": 70_000,
        "status": "WORKING",
        "submitted_at": SENT,
        "handle": f"fake:20261120:{number}",
    }
    return Order.model_validate({**known, **changes})


def row_of(number: str = "101", **changes: Any) -> Listed:
    """Return a row of a broker's list, with changes of the row or of its order."""
    own = {
        name: changes.pop(name)
        for name in ("is_cancellation", "is_elsewhere", "is_dated", "is_in_full", "tells_time", "tells_original")
        if name in changes
    }
    return Listed(order_of(number, **changes), **own)


def begin(
    journal: Journal, intent: Intent, *, limits: Limits | None = None, value: Decimal | None = None, **terms: Any
) -> Intent:
    """Write an intent down as being sent."""
    return journal.begin(intent, limits=limits or Limits(), value=value, check=lambda: None, seconds=15, **terms)


@dataclass
class Trader:
    """A broker at a sandbox of its own whose lines break when told to."""

    name: str
    broker: Broker
    box: Sandbox
    faults: Faults

    @property
    def journal(self) -> Journal:
        """The journal of the account."""
        return journal_of(self.broker)

    @property
    def posts(self) -> int:
        """How many requests to place, amend or cancel reached the broker."""
        return sum(is_order(request) for request in self.box.face(self.name).requests)

    def price(self, symbol: str = SAMSUNG) -> Decimal:
        """Return a price at which a buy rests."""
        return self.box.exchange.quote(symbol).lower_limit

    def buy(self, quantity: int = 10, symbol: str = SAMSUNG) -> Order:
        """Place an order that rests."""
        return self.broker.buy(symbol, quantity, price=self.price(symbol))

    def somebody_buys(self, quantity: int = 10, symbol: str = SAMSUNG) -> None:
        """Let another program place an order of the same account by the same channel."""
        request = request_of(symbol=symbol, quantity=quantity, price=self.price(symbol), venue=Venue.KRX)
        self.box.exchange.submit(self.box.connect(self.name).account, request)

    def breaks(self, kind: str, on: str = "order", **terms: Any) -> None:
        """Let a fault hit the next request of a purpose, or as `terms` say."""
        self.faults.add(Rule(kind, on=on, **(terms or {"times": 1})))


@contextmanager
def trading(name: str, **given: Any) -> Iterator[Trader]:
    """Yield a broker that has its token and its account already; its journal is in memory."""
    faults = Faults()
    environment = given.pop("environment", "real")
    given.setdefault("options", {"settle_seconds": 1})
    with (
        Sandbox(faults=faults, environment=environment) as box,
        get_broker(name, environment="sandbox", sandbox=box, **given) as broker,
    ):
        broker.quote(SAMSUNG)
        broker.account()
        yield Trader(name, broker, box, faults)


@contextmanager
def served(name: str, **given: Any) -> Iterator[Trader]:
    """Yield a broker at a sandbox that counts as another program, so that its journal is on disk."""
    faults = Faults()
    with Sandbox(faults=faults) as box:
        keys = box.connect(name)
        own = {key: getattr(keys, key) for key in ("base_url", "app_key", "app_secret", "account")}
        given.setdefault("options", {"settle_seconds": 1})
        with get_broker(name, environment="sandbox", **own, **given) as broker:
            broker.quote(SAMSUNG)
            broker.account()
            yield Trader(name, broker, box, faults)
