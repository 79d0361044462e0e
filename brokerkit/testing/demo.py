"""The contract of a broker's demo environment, played by the sandbox: its own ids, hosts, limits and gaps."""

from __future__ import annotations

import time
from collections.abc import Iterator
from decimal import Decimal

import pytest

from brokerkit.broker import Broker
from brokerkit.errors import InsufficientFunds, MarketClosed, Unsupported
from brokerkit.sandbox import Sandbox
from brokerkit.sandbox.face import Face
from brokerkit.testing.base import STOCK, Contract
from brokerkit.words import OrderStatus, Side, Venue


class DemoConformance(Contract):
    """Subclass it beside BrokerConformance and name the broker."""

    @pytest.fixture
    def sandbox(self) -> Iterator[Sandbox]:
        with Sandbox(environment="demo") as sandbox:
            yield sandbox

    @pytest.fixture
    def hurried(self, trader: Broker, face: Face, monkeypatch: pytest.MonkeyPatch) -> Broker:
        """Return the trader without the demo's limit of one call a second, on both sides."""
        monkeypatch.setattr(trader.client, "limits", lambda endpoint: ())
        face.window.calls = 10**6
        return trader

    def test_the_whole_story_is_told_in_the_demo_too(self, hurried: Broker, sandbox: Sandbox) -> None:
        ask = sandbox.exchange.order_book(STOCK).asks[0]
        assert not self.differences(hurried.quote(STOCK), sandbox.exchange.quote(STOCK), hurried)
        order = hurried.refresh(hurried.buy(STOCK, ask.quantity + 10, price=ask.price))
        assert order.status is OrderStatus.PARTIALLY_FILLED
        moved = hurried.amend(order, price=self.bid(sandbox) - 300)
        assert hurried.refresh(hurried.cancel(moved)).status is OrderStatus.CANCELED
        assert hurried.balance().positions[0].quantity == ask.quantity
        assert hurried.investor_flow(STOCK)[-1].close == sandbox.exchange.instruments[STOCK].previous_close

    def test_calls_are_paced_as_the_demo_allows(self, trader: Broker, face: Face) -> None:
        trader.quote(STOCK)
        started = time.monotonic()
        trader.quote(STOCK)
        assert time.monotonic() - started > 0.9
        assert {request.status for request in face.requests} == {200}

    def test_only_krx_is_offered(self, hurried: Broker, face: Face) -> None:
        for venue in (Venue.NXT, Venue.SOR):
            with pytest.raises(Unsupported):
                hurried.buy(STOCK, 1, price=60_000, venue=venue)
        assert self.orders_seen(face) == []

    def test_what_is_not_offered_is_known_before_asking(self, hurried: Broker, sandbox: Sandbox, face: Face) -> None:
        order = hurried.buy(STOCK, 7, price=self.bid(sandbox) - 500)
        seen = len(face.requests)
        if hurried.supports("orders"):
            assert [int(each.id) for each in hurried.orders()] == [int(order.id)]
        else:
            with pytest.raises(Unsupported):
                hurried.orders()
            assert len(face.requests) == seen

    def test_every_page_of_45_positions_is_read(self, hurried: Broker, sandbox: Sandbox, face: Face) -> None:
        for symbol in list(sandbox.exchange.instruments)[:45]:
            sandbox.exchange.give_holding(face.credentials.account, symbol, Decimal(3), Decimal(30_000))
        assert len(hurried.balance().positions) == 45

    def test_refusals_have_the_classes_of_the_real_environment(self, hurried: Broker, sandbox: Sandbox) -> None:
        price = sandbox.exchange.quote(STOCK).price
        self.refused(InsufficientFunds, hurried, STOCK, Side.BUY, 1_000_000, price)
        self.refused(InsufficientFunds, hurried, STOCK, Side.SELL, 1, price)
        sandbox.exchange.market_open = False
        self.refused(MarketClosed, hurried, STOCK, Side.BUY, 1, price)
