"""The contract of a broker's demo environment, played by the sandbox: its own ids, hosts, limits and gaps."""

from __future__ import annotations

import time
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

    environment = "demo"
    level = 3

    def test_the_whole_story_is_told_in_the_demo_too(self, trader: Broker, sandbox: Sandbox) -> None:
        ask = sandbox.exchange.order_book(STOCK).asks[0]
        assert not self.differences(trader.quote(STOCK), sandbox.exchange.quote(STOCK), trader)
        order = trader.refresh(trader.buy(STOCK, ask.quantity + 10, price=ask.price))
        assert order.status is OrderStatus.PARTIALLY_FILLED
        moved = trader.amend(order, price=self.bid(sandbox) - 300)
        assert trader.refresh(trader.cancel(moved)).status is OrderStatus.CANCELED
        assert trader.balance().positions[0].quantity == ask.quantity
        assert trader.investor_flow(STOCK)[-1].close == sandbox.exchange.instruments[STOCK].previous_close

    def test_calls_are_paced_as_the_demo_allows(self, paced: Broker, face: Face) -> None:
        paced.quote(STOCK)
        started = time.monotonic()
        paced.quote(STOCK)
        assert time.monotonic() - started > 0.9
        assert {request.status for request in face.requests} == {200}

    def test_only_krx_is_offered(self, trader: Broker, face: Face) -> None:
        for venue in (Venue.NXT, Venue.SOR):
            with pytest.raises(Unsupported):
                trader.buy(STOCK, 1, price=60_000, venue=venue)
        assert self.orders_seen(face) == []

    def test_what_is_not_offered_is_known_before_asking(self, trader: Broker, sandbox: Sandbox, face: Face) -> None:
        order = trader.buy(STOCK, 7, price=self.bid(sandbox) - 500)
        seen = len(face.requests)
        if trader.supports("orders"):
            assert [int(each.id) for each in trader.orders()] == [int(order.id)]
        else:
            with pytest.raises(Unsupported):
                trader.orders()
            assert len(face.requests) == seen

    def test_every_page_of_45_positions_is_read(self, trader: Broker, sandbox: Sandbox, face: Face) -> None:
        for symbol in list(sandbox.exchange.instruments)[:45]:
            sandbox.exchange.give_holding(face.credentials.account, symbol, Decimal(3), Decimal(30_000))
        assert len(trader.balance().positions) == 45

    def test_refusals_have_the_classes_of_the_real_environment(self, trader: Broker, sandbox: Sandbox) -> None:
        price = sandbox.exchange.quote(STOCK).price
        self.refused(InsufficientFunds, trader, STOCK, Side.BUY, 1_000_000, price)
        self.refused(InsufficientFunds, trader, STOCK, Side.SELL, 1, price)
        sandbox.exchange.market_open = False
        self.refused(MarketClosed, trader, STOCK, Side.BUY, 1, price)
