"""The contract of amendments: a moved order is an order of its own, and its chain can be followed."""

from __future__ import annotations

from decimal import Decimal

import pytest

from brokerkit.broker import Broker
from brokerkit.errors import InvalidRequest, MarketClosed
from brokerkit.models import Order
from brokerkit.sandbox import Sandbox
from brokerkit.sandbox.face import Face
from brokerkit.testing.base import Contract, raising, tells
from brokerkit.testing.declared import needs
from brokerkit.words import OrderStatus, OrderType, Side


class AmendmentContract(Contract):
    """Amending moves what is left of an order, or a part of it, to another price."""

    level = 3

    def resting(self, trader: Broker, sandbox: Sandbox, quantity: int = 7) -> Order:
        return trader.refresh(trader.buy(self.stock, quantity, price=self.below(sandbox, 5)))

    @needs("buy", "amend", "refresh")
    def test_an_order_moves_to_another_price(self, trader: Broker, sandbox: Sandbox, face: Face) -> None:
        order = self.resting(trader, sandbox)
        price = self.below(sandbox, 3)
        moved = trader.amend(order, price=price)
        tells(moved, original_id=order.id, status=OrderStatus.PENDING, price=price)
        row = self.rows(sandbox)[-1]
        came = (row.action, row.quantity, row.request.price)
        assert came == ("AMEND", Decimal(7), price), (
            f"The exchange has got {row.action} of {row.quantity} at {row.request.price}: "
            f"7 were to be moved to {price}."
        )
        assert face.order_number(moved.id) == row.number, f"It has the number {row.number}, and {moved.id} is told."
        moved = trader.refresh(moved)
        tells(moved, status=OrderStatus.WORKING, quantity=Decimal(7), price=price)
        old = trader.refresh(order)
        tells(old, status=OrderStatus.CANCELED, remaining_quantity=Decimal(0), filled_quantity=Decimal(0))

    @needs("buy", "refresh", parts=["amend"])
    def test_a_part_moves_and_the_rest_stays(self, trader: Broker, sandbox: Sandbox) -> None:
        order = self.resting(trader, sandbox)
        moved = trader.refresh(trader.amend(order, quantity=3, price=self.below(sandbox, 3)))
        tells(moved, status=OrderStatus.WORKING, quantity=Decimal(3), remaining_quantity=Decimal(3))
        old = trader.refresh(order)
        tells(old, status=OrderStatus.WORKING, remaining_quantity=Decimal(4))

    @needs("buy", "amend", "refresh")
    def test_what_is_left_of_a_partial_fill_moves(self, trader: Broker, sandbox: Sandbox) -> None:
        ask = sandbox.exchange.order_book(self.stock).asks[0]
        order = trader.refresh(trader.buy(self.stock, ask.quantity + 10, price=ask.price))
        moved = trader.refresh(trader.amend(order, price=self.below(sandbox, 3)))
        tells(moved, quantity=Decimal(10), remaining_quantity=Decimal(10), filled_quantity=Decimal(0))
        old = trader.refresh(order)
        tells(old, filled_quantity=ask.quantity, remaining_quantity=Decimal(0))

    @needs("buy", "amend", "cancel", "refresh", "orders")
    def test_a_chain_of_amendments_is_followed_and_cancelled(self, trader: Broker, sandbox: Sandbox) -> None:
        order = self.resting(trader, sandbox)
        for steps in (4, 3, 2):
            order = trader.amend(order, price=self.below(sandbox, steps))
        canceled = trader.refresh(trader.cancel(order))
        tells(canceled, status=OrderStatus.CANCELED)
        assert trader.orders() == ()
        assert sum(row.remaining for row in self.rows(sandbox)) == 0

    @needs("buy", "amend", "refresh")
    def test_an_amended_order_may_fill_at_once(self, trader: Broker, sandbox: Sandbox) -> None:
        order = self.resting(trader, sandbox)
        moved = trader.refresh(trader.amend(order, price=sandbox.exchange.order_book(self.stock).asks[0].price))
        tells(moved, status=OrderStatus.FILLED, filled_quantity=Decimal(7))

    @needs("buy", "amend", "refresh", parts=["cancel"])
    def test_a_part_is_cancelled_after_an_amendment(self, trader: Broker, sandbox: Sandbox) -> None:
        moved = trader.amend(self.resting(trader, sandbox), price=self.below(sandbox, 3))
        part = trader.refresh(trader.cancel(moved, quantity=2))
        tells(part, status=OrderStatus.WORKING, remaining_quantity=Decimal(5))

    @needs("buy", "refresh", parts=["amend"])
    def test_more_than_is_left_is_not_moved(self, trader: Broker, sandbox: Sandbox, face: Face) -> None:
        order = self.resting(trader, sandbox)
        with self.nothing_sent(face), pytest.raises(InvalidRequest):
            trader.amend(order, quantity=8, price=self.below(sandbox, 3))

    @needs("buy", "refresh", parts=["cancel"])
    def test_more_than_is_left_is_not_cancelled(self, trader: Broker, sandbox: Sandbox, face: Face) -> None:
        order = self.resting(trader, sandbox)
        with self.nothing_sent(face), pytest.raises(InvalidRequest):
            trader.cancel(order, quantity=8)

    @needs("buy", "amend", "refresh")
    def test_a_price_that_is_none_is_not_sent(self, trader: Broker, sandbox: Sandbox, face: Face) -> None:
        order = self.resting(trader, sandbox)
        for price in (0, -self.step, self.bid(sandbox) - self.step * 301 / 100, None):
            with self.nothing_sent(face), pytest.raises(InvalidRequest):
                trader.amend(order, price=price)

    @needs("buy", "refresh", parts=["cancel", "amend"])
    def test_more_than_is_left_is_refused_where_we_did_not_know(
        self, trader: Broker, sandbox: Sandbox, face: Face
    ) -> None:
        order = self.resting(trader, sandbox)
        trader.cancel(order, quantity=5)
        with self.nothing_left(face):
            trader.amend(order, quantity=4, price=self.below(sandbox, 3))

    @needs("buy", "amend")
    def test_what_was_filled_cannot_be_amended(self, trader: Broker, sandbox: Sandbox, face: Face) -> None:
        order = trader.buy(self.stock, 1, price=sandbox.exchange.quote(self.stock).price)
        with self.nothing_left(face):
            trader.amend(order, price=self.below(sandbox, 3))

    @needs("buy", "amend", types=[OrderType.MARKET])
    def test_a_market_order_has_no_price_to_amend(self, trader: Broker, face: Face) -> None:
        order = trader.buy(self.stock, 1, type=OrderType.MARKET)
        with self.nothing_sent(face), pytest.raises(InvalidRequest):
            trader.amend(order, price=self.ground.price)

    @needs("buy", "amend", "refresh")
    def test_a_closed_market_takes_no_amendment(self, trader: Broker, sandbox: Sandbox) -> None:
        order = self.resting(trader, sandbox)
        sandbox.exchange.market_open = False
        with raising(MarketClosed, "The market is closed, and the broker refuses an amendment"):
            trader.amend(order, price=self.below(sandbox, 3))
        sandbox.exchange.market_open = True
        tells(trader.refresh(order), status=OrderStatus.WORKING)

    @needs("buy", "cancel", "refresh")
    def test_a_closed_market_takes_no_cancellation(self, trader: Broker, sandbox: Sandbox) -> None:
        order = self.resting(trader, sandbox)
        sandbox.exchange.market_open = False
        with raising(MarketClosed, "The market is closed, and the broker refuses a cancellation"):
            trader.cancel(order)
        sandbox.exchange.market_open = True
        tells(trader.refresh(order), status=OrderStatus.WORKING)

    @needs("buy", "cancel", "refresh")
    def test_a_cancel_that_comes_too_late_is_told(self, trader: Broker, sandbox: Sandbox, face: Face) -> None:
        order = self.resting(trader, sandbox)
        sandbox.exchange.trade(self.stock, Side.SELL, Decimal(50_000), order.price)
        with self.nothing_left(face):
            trader.cancel(order)
        tells(trader.refresh(order), status=OrderStatus.FILLED)

    @needs("sell", "amend", "cancel", "refresh")
    def test_an_amended_sell_is_a_sell_and_so_is_its_cancellation(
        self, trader: Broker, sandbox: Sandbox, face: Face
    ) -> None:
        sandbox.exchange.give_holding(face.credentials.account, self.stock, Decimal(9), self.ground.amount(600_000))
        price = sandbox.exchange.quote(self.stock).price
        moved = trader.amend(
            trader.refresh(trader.sell(self.stock, 9, price=price + 10 * self.step)), price=price + 20 * self.step
        )
        tells(trader.refresh(moved), side=Side.SELL, price=price + 20 * self.step)
        canceled = trader.refresh(trader.cancel(moved))
        tells(canceled, side=Side.SELL, status=OrderStatus.CANCELED)
