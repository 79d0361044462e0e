"""The contract of orders and their refusals."""

from __future__ import annotations

from decimal import Decimal

import pytest

from brokerkit import get_broker
from brokerkit.broker import Broker
from brokerkit.errors import (
    InsufficientFunds,
    InvalidOrder,
    InvalidRequest,
    MarketClosed,
    NothingToCancel,
    UnknownSymbol,
    Unsupported,
)
from brokerkit.models import Order, OrderRequest
from brokerkit.sandbox import Sandbox
from brokerkit.sandbox.face import Face
from brokerkit.testing.base import FUND, STOCK, UNLISTED, Contract
from brokerkit.testing.inside import unchecked
from brokerkit.words import OrderStatus, OrderType, Side, Venue


class OrderContract(Contract):
    """Orders are sent once, told by quantities, and cancelled."""

    level = 3

    def test_a_resting_order_is_pending_and_then_working(self, trader: Broker, sandbox: Sandbox) -> None:
        price = self.bid(sandbox) - 500
        order = trader.buy(STOCK, 7, price=price)
        assert (order.status, order.side, order.type) == (OrderStatus.PENDING, Side.BUY, OrderType.LIMIT)
        assert (order.symbol, order.quantity, order.price, order.venue) == (STOCK, Decimal(7), price, Venue.KRX)
        assert (order.filled_quantity, order.original_id) == (None, None)
        assert trader.refresh(order).status is OrderStatus.WORKING
        assert not self.order_differences(trader.refresh(order), self.truth(sandbox, order), trader)

    def test_a_partial_fill_is_told_by_quantities(self, trader: Broker, sandbox: Sandbox) -> None:
        price = sandbox.exchange.quote(STOCK).price
        offered = sandbox.exchange.order_book(STOCK).asks[0].quantity
        order = trader.refresh(trader.buy(STOCK, offered + 10, price=price))
        assert order.status is OrderStatus.PARTIALLY_FILLED
        assert (order.filled_quantity, order.remaining_quantity) == (offered, Decimal(10))
        assert not self.order_differences(order, self.truth(sandbox, order), trader)

    def test_a_market_order_fills_over_several_prices(self, trader: Broker, sandbox: Sandbox) -> None:
        asks = sandbox.exchange.order_book(STOCK).asks
        order = trader.buy(STOCK, asks[0].quantity + 3, type=OrderType.MARKET)
        assert (order.type, order.price) == (OrderType.MARKET, None)
        order = trader.refresh(order)
        assert order.status is OrderStatus.FILLED
        assert not self.order_differences(order, self.truth(sandbox, order), trader)

    def test_shares_are_sold(self, trader: Broker, sandbox: Sandbox, face: Face) -> None:
        sandbox.exchange.give_holding(face.credentials.account, STOCK, Decimal(100), Decimal(6_500_000))
        order = trader.refresh(trader.sell(STOCK, 40, type=OrderType.MARKET))
        assert (order.side, order.status) == (Side.SELL, OrderStatus.FILLED)
        assert not self.order_differences(order, self.truth(sandbox, order), trader)
        assert trader.balance().positions[0].quantity == 60

    def test_a_fund_has_the_finer_step(self, trader: Broker, sandbox: Sandbox) -> None:
        price = sandbox.exchange.quote(FUND).price // 50 * 50 - 45
        order = trader.refresh(trader.buy(FUND, 3, price=price))
        assert (order.price, order.status) == (price, OrderStatus.WORKING)

    def test_the_whole_rest_is_cancelled(self, trader: Broker, sandbox: Sandbox) -> None:
        order = trader.buy(STOCK, 7, price=self.bid(sandbox) - 500)
        canceled = trader.cancel(order)
        assert (canceled.original_id, canceled.quantity) == (order.id, Decimal(7))
        assert canceled.id != order.id
        canceled = trader.refresh(canceled)
        assert (canceled.status, canceled.remaining_quantity, canceled.filled_quantity) == (
            OrderStatus.CANCELED,
            Decimal(0),
            Decimal(0),
        )
        assert trader.refresh(order).status is OrderStatus.CANCELED
        assert self.truth(sandbox, order).canceled == 7

    def test_a_part_is_cancelled_and_then_the_rest(self, trader: Broker, sandbox: Sandbox) -> None:
        order = trader.buy(STOCK, 7, price=self.bid(sandbox) - 500)
        part = trader.refresh(trader.cancel(order, quantity=3))
        assert (part.status, part.remaining_quantity) == (OrderStatus.WORKING, Decimal(4))
        rest = trader.refresh(trader.cancel(part))
        assert (rest.status, rest.remaining_quantity) == (OrderStatus.CANCELED, Decimal(0))
        assert self.truth(sandbox, order).canceled == 7

    def test_the_rest_of_a_partial_fill_is_cancelled(self, trader: Broker, sandbox: Sandbox) -> None:
        asks = sandbox.exchange.order_book(STOCK).asks
        order = trader.buy(STOCK, asks[0].quantity + 10, price=asks[0].price)
        canceled = trader.refresh(trader.cancel(order))
        assert canceled.status is OrderStatus.CANCELED
        assert (canceled.filled_quantity, canceled.remaining_quantity) == (asks[0].quantity, Decimal(0))

    def test_an_order_survives_as_json_and_a_restart(self, trader: Broker, sandbox: Sandbox) -> None:
        stored = trader.buy(STOCK, 7, price=self.bid(sandbox) - 500).model_dump_json()
        with get_broker(self.broker, environment="sandbox", sandbox=sandbox) as later:
            canceled = later.refresh(later.cancel(Order.model_validate_json(stored)))
        assert canceled.status is OrderStatus.CANCELED

    def test_what_was_filled_cannot_be_cancelled(self, trader: Broker, face: Face) -> None:
        order = trader.buy(STOCK, 1, type=OrderType.MARKET)
        with pytest.raises(NothingToCancel) as caught:
            trader.cancel(order)
        assert caught.value.code
        seen = len(face.requests)
        with pytest.raises(NothingToCancel):
            trader.cancel(trader.refresh(order).model_copy(update={"status": OrderStatus.FILLED}))
        assert len(face.requests) == seen + 1

    def test_an_order_number_of_somebody_else_cannot_be_cancelled(self, trader: Broker, sandbox: Sandbox) -> None:
        order = trader.buy(STOCK, 1, price=self.bid(sandbox) - 500)
        digits = order.id.lstrip("0")
        other = order.model_copy(update={"handle": order.handle.replace(digits, str(int(digits) + 777))})
        with pytest.raises(NothingToCancel):
            trader.cancel(other)
        assert self.truth(sandbox, order).remaining == 1

    def test_an_order_that_the_list_does_not_show_is_not_guessed(self, trader: Broker, sandbox: Sandbox) -> None:
        order = trader.refresh(trader.buy(STOCK, 1, price=self.bid(sandbox) - 500))
        digits = order.id.lstrip("0")
        other = order.model_copy(update={"handle": order.handle.replace(digits, str(int(digits) + 777))})
        assert trader.refresh(other).status is OrderStatus.UNKNOWN


class RefusalContract(Contract):
    """A refusal has the same class at every broker, and the broker's own code."""

    level = 3

    def test_more_than_the_cash_is_refused(self, trader: Broker, sandbox: Sandbox) -> None:
        self.refused(InsufficientFunds, trader, STOCK, Side.BUY, 1_000_000, sandbox.exchange.quote(STOCK).price)

    def test_more_than_the_shares_is_refused(self, trader: Broker, sandbox: Sandbox) -> None:
        self.refused(InsufficientFunds, trader, STOCK, Side.SELL, 1, sandbox.exchange.quote(STOCK).price)

    def test_a_closed_market_refuses(self, trader: Broker, sandbox: Sandbox) -> None:
        sandbox.exchange.market_open = False
        self.refused(MarketClosed, trader, STOCK, Side.BUY, 1, sandbox.exchange.quote(STOCK).price)

    def test_an_unlisted_symbol_is_refused(self, trader: Broker) -> None:
        self.refused(UnknownSymbol, trader, UNLISTED, Side.BUY, 1, Decimal(1000))

    def test_a_price_beyond_the_limits_is_refused(self, trader: Broker, sandbox: Sandbox) -> None:
        limit = sandbox.exchange.instruments[STOCK].upper_limit
        self.refused(InvalidOrder, trader, STOCK, Side.BUY, 1, limit + 100)

    def test_a_price_off_the_step_is_refused_by_the_broker_too(self, trader: Broker, sandbox: Sandbox) -> None:
        price = sandbox.exchange.quote(STOCK).price + 5
        request = OrderRequest(symbol=STOCK, side=Side.BUY, quantity=Decimal(1), type=OrderType.LIMIT, price=price)
        with unchecked(trader), pytest.raises(InvalidOrder) as caught:
            trader.order(request)
        assert caught.value.code

    def test_a_bad_price_is_not_sent_where_that_can_be_known(self, trader: Broker, face: Face) -> None:
        quote = trader.quote(STOCK)
        assert quote.upper_limit is not None
        orders = self.orders_seen(face)
        for price in (quote.price + 1, quote.price + 5, quote.upper_limit + 1000, 0, -100, 70000.5):
            with pytest.raises(InvalidRequest):
                trader.buy(STOCK, 1, price=price)
        for quantity in (0, -1, 1.5):
            with pytest.raises(InvalidRequest):
                trader.buy(STOCK, quantity, price=quote.price)
        with pytest.raises(InvalidRequest):
            trader.buy(STOCK, 1)
        assert self.orders_seen(face) == orders == []

    def test_a_type_that_is_not_offered_is_not_sent(self, trader: Broker, face: Face) -> None:
        with pytest.raises(Unsupported):
            trader.buy(STOCK, 1, price=70000, type=OrderType.SINGLE_PRICE)
        assert self.orders_seen(face) == []
