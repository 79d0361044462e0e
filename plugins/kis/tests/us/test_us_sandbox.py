"""US shares at KIS from one end to the other: the adapter over real HTTP to the face, and the exchange behind it."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest

from brokerkit.broker import Broker
from brokerkit.errors import UnknownSymbol, Unsupported
from brokerkit.market.sessions import Phase
from brokerkit.registry import get_broker
from brokerkit.sandbox import Sandbox
from brokerkit.testing.inside import hurry
from brokerkit.words import OrderStatus, OrderType, Venue

APPLE, BERKSHIRE = "US:AAPL", "US:BRK.B"
FAR = Decimal(20)
"""Dollars so far from the market that nothing is filled."""


@pytest.fixture(params=["real", "demo"])
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    with Sandbox(environment=request.param) as sandbox:
        yield sandbox


@pytest.fixture
def broker(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Broker:
    """Return a broker without limits of calls, on both sides."""
    broker = get_broker("kis", environment="sandbox", sandbox=sandbox)
    hurry(broker, monkeypatch)
    sandbox.face("kis").window.calls = 10**6
    return broker


def test_order_is_bought_amended_canceled_and_found_again(broker: Broker) -> None:
    price = broker.quote(APPLE).price
    bought = broker.refresh(broker.buy(APPLE, 3, price=price + 5))
    assert (bought.status, bought.filled_quantity) == (OrderStatus.FILLED, 3)
    waiting = broker.buy(APPLE, 2, price=price - FAR)
    amended = broker.amend(waiting, price=price - FAR + 1)
    assert broker.refresh(waiting).status is OrderStatus.CANCELED
    assert [(order.id, order.price) for order in broker.orders(market="US")] == [(amended.id, price - FAR + 1)]
    broker.cancel(amended)
    assert broker.refresh(amended).status is OrderStatus.CANCELED
    assert broker.orders(market="US") == ()
    (fill,) = broker.fills(market="US")
    assert (fill.order_id, fill.quantity, fill.currency) == (bought.id, 3, "USD")
    sold = broker.refresh(broker.sell(APPLE, 1, price=price - 5))
    assert (sold.status, sold.filled_quantity) == (OrderStatus.FILLED, 1)
    (position,) = broker.balance(market="US").positions
    assert (position.symbol, position.quantity, position.currency) == (APPLE, 2, "USD")
    assert broker.reconcile().problem is None


def test_symbols_of_all_three_exchanges_are_quoted_and_others_are_unknown(broker: Broker) -> None:
    quotes = broker.quotes([APPLE, BERKSHIRE, "US:SPY", "US:NOPE"])
    assert [quote.symbol for quote in quotes] == [APPLE, BERKSHIRE, "US:SPY"]
    assert isinstance(quotes.failed["US:NOPE"], UnknownSymbol)
    assert len(broker.candles(APPLE, "1d", count=150)) == 150


def test_buying_power_is_in_dollars(broker: Broker) -> None:
    power = broker.buying_power(BERKSHIRE, price=500)
    assert (power.currency, power.cash > 0, power.quantity * 500 <= power.cash) == ("USD", True, True)


def test_orders_of_the_daytime_market_are_changed_by_their_own_calls(sandbox: Sandbox, broker: Broker) -> None:
    if sandbox.environment == "demo":
        with pytest.raises(Unsupported):
            broker.buy(APPLE, 1, price=100, venue=Venue.DAYTIME)
        return
    price = broker.quote(APPLE).price
    sandbox.exchanges["US"].phase = Phase.DAYTIME
    order = broker.buy(APPLE, 1, price=price - FAR, venue=Venue.DAYTIME)
    amended = broker.amend(order, price=price - FAR + 1)
    broker.cancel(amended)
    account = sandbox.face("kis").credentials.account
    assert sandbox.exchanges["US"].open_orders(account) == []
    assert broker.orders(market="US") == ()
    assert broker.refresh(amended).status is OrderStatus.PENDING


def test_no_market_order_is_made_of_another_one(broker: Broker) -> None:
    with pytest.raises(Unsupported):
        broker.buy(APPLE, 1, type=OrderType.MARKET)
    assert broker.orders(market="US") == ()
