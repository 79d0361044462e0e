"""The contract of orders and their refusals."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from brokerkit.broker import Broker
from brokerkit.errors import (
    AuthError,
    BrokerError,
    InsufficientFunds,
    InvalidOrder,
    InvalidRequest,
    MarketClosed,
    NothingToCancel,
    UnknownSymbol,
)
from brokerkit.models import Order, OrderRequest
from brokerkit.sandbox import Sandbox
from brokerkit.sandbox.face import Face, Purpose
from brokerkit.testing.base import Contract, agree, raising, tells
from brokerkit.testing.declared import Declared, needs
from brokerkit.testing.inside import unchecked
from brokerkit.text import in_english
from brokerkit.words import OrderStatus, OrderType, Side


class OrderContract(Contract):
    """Orders are sent once, told by quantities, and cancelled."""

    level = 3

    @needs("buy", "refresh")
    def test_a_resting_order_is_pending_and_then_working(self, trader: Broker, sandbox: Sandbox, face: Face) -> None:
        price = self.below(sandbox, 5)
        order = trader.buy(self.stock, 7, price=price)
        tells(order, status=OrderStatus.PENDING, side=Side.BUY, type=OrderType.LIMIT)
        tells(order, symbol=self.stock, quantity=Decimal(7), price=price, venue=self.venue)
        tells(order, filled_quantity=None, original_id=None)
        known = [row.number for row in self.rows(sandbox)]
        words = f"The exchange has got the order {known[0]}, and {order.id} is told: look at the number of the answer."
        assert self.numbers(face, [order]) == known, words
        row = self.truth(sandbox, order)
        sent = (row.request.side, row.request.type, row.quantity, row.request.price, row.request.venue)
        meant = (Side.BUY, OrderType.LIMIT, Decimal(7), price, self.venue)
        assert sent == meant, f"The exchange has got {sent}, and {meant} was meant: look at what send_order sends."
        listed = trader.refresh(order)
        assert listed.status is OrderStatus.WORKING, f"An order that rests is told as {listed.status}."
        agree(self.order_differences(listed, row, trader))

    @needs("buy", "refresh")
    def test_a_partial_fill_is_told_by_quantities(self, trader: Broker, sandbox: Sandbox) -> None:
        price = sandbox.exchange.quote(self.stock).price
        offered = sandbox.exchange.order_book(self.stock).asks[0].quantity
        order = trader.refresh(trader.buy(self.stock, offered + 10, price=price))
        agree(self.order_differences(order, self.truth(sandbox, order), trader))
        tells(order, status=OrderStatus.PARTIALLY_FILLED)
        tells(order, filled_quantity=offered, remaining_quantity=Decimal(10))

    @needs("buy", "refresh", types=[OrderType.MARKET])
    def test_a_market_order_fills_over_several_prices(self, trader: Broker, sandbox: Sandbox) -> None:
        asks = sandbox.exchange.order_book(self.stock).asks
        order = trader.buy(self.stock, asks[0].quantity + 3, type=OrderType.MARKET)
        tells(order, type=OrderType.MARKET, price=None)
        order = trader.refresh(order)
        agree(self.order_differences(order, self.truth(sandbox, order), trader))
        tells(order, status=OrderStatus.FILLED)

    @needs("buy", "refresh")
    def test_a_code_with_a_letter_is_ordered_letter_by_letter(self, trader: Broker, sandbox: Sandbox) -> None:
        lettered = self.ground.lettered
        price = sandbox.exchange.order_book(lettered).bids[-1].price
        try:
            order = trader.buy(lettered, 1, price=price)
        except BrokerError as error:
            pytest.fail(f"An order for {lettered}, which is listed, was refused: {in_english(error)}")
        there = self.truth(sandbox, order).request.symbol
        assert there == lettered, f"An order for {lettered} came to the exchange as one for {there}."
        tells(trader.refresh(order), symbol=lettered)

    @needs("sell", "refresh")
    def test_shares_are_sold(self, trader: Broker, sandbox: Sandbox, face: Face) -> None:
        account, bid = face.credentials.account, sandbox.exchange.order_book(self.stock).bids[-1].price
        sandbox.exchange.give_holding(account, self.stock, Decimal(100), self.ground.amount(6_500_000))
        order = trader.sell(self.stock, 40, price=bid)
        side = self.truth(sandbox, order).request.side
        assert side is Side.SELL, f"Shares were to be sold, and the exchange has got an order to {side}."
        order = trader.refresh(order)
        tells(order, side=Side.SELL, status=OrderStatus.FILLED)
        agree(self.order_differences(order, self.truth(sandbox, order), trader))
        left = sandbox.exchange.account(account).holdings[0].quantity
        assert left == 60, f"Of 100 shares 40 were to be sold, and {left} are left."

    @needs("buy", "refresh")
    def test_a_fund_has_the_finer_step(self, trader: Broker, sandbox: Sandbox) -> None:
        step = self.ground.fund_step
        price = sandbox.exchange.quote(self.fund).price // (10 * step) * 10 * step - 9 * step
        order = trader.buy(self.fund, 3, price=price)
        sent = self.truth(sandbox, order).request.price
        assert sent == price, f"An order at {price} was to be sent, and the exchange has got one at {sent}."
        order = trader.refresh(order)
        tells(order, price=price, status=OrderStatus.WORKING)

    @needs("buy", "sell", "refresh", "orders", "order_history", "cancel", "balance")
    def test_an_etn_is_traded_by_its_six_characters(self, trader: Broker, sandbox: Sandbox) -> None:
        truth = sandbox.exchange.quote(self.note)
        bought = trader.refresh(trader.buy(self.note, 3, price=sandbox.exchange.order_book(self.note).asks[-1].price))
        tells(bought, symbol=self.note, filled_quantity=Decimal(3))
        dear = sandbox.exchange.order_book(self.note).asks[-1].price + 50
        waiting = trader.sell(self.note, 1, price=dear // 5 * 5)
        for told in (trader.orders(), trader.order_history(sandbox.exchange.today, symbol=self.note)):
            assert {order.symbol for order in told} == {self.note}
        assert [position.symbol for position in trader.balance().positions] == [self.note]
        assert trader.refresh(trader.cancel(waiting)).symbol == self.note
        if trader.supports("buying_power"):
            assert trader.buying_power(self.note, price=truth.price).symbol == self.note
        if trader.supports("investor_flow"):
            assert [day.symbol for day in trader.investor_flow(self.note)][-1] == self.note

    @needs("buy", "cancel", "refresh")
    def test_the_whole_rest_is_cancelled(self, trader: Broker, sandbox: Sandbox, face: Face) -> None:
        order = trader.buy(self.stock, 7, price=self.below(sandbox, 5))
        canceled = trader.cancel(order)
        tells(canceled, original_id=order.id, quantity=Decimal(7))
        number = self.rows(sandbox)[-1].number
        if answered := re.search(rf"\b0*{number}\b", face.requests[-1].answered.decode()):
            own = answered[0]
            assert canceled.id == own, f"The cancellation has the number {own}, and {canceled.id} is told."
        row = self.truth(sandbox, order)
        assert row.canceled == 7, f"All 7 shares were to be cancelled, and at the exchange {row.canceled} are."
        for told in (trader.refresh(canceled), trader.refresh(order)):
            assert told.status is OrderStatus.CANCELED, f"What was cancelled is told as {told.status}."
            tells(told, remaining_quantity=Decimal(0), filled_quantity=Decimal(0))

    @needs("buy", "refresh", parts=["cancel"])
    def test_a_part_is_cancelled_and_then_the_rest(self, trader: Broker, sandbox: Sandbox) -> None:
        order = trader.buy(self.stock, 7, price=self.below(sandbox, 5))
        changed = trader.cancel(order, quantity=3)
        canceled = self.truth(sandbox, order).canceled
        assert canceled == 3, f"3 of 7 shares were to be cancelled, and at the exchange {canceled} are."
        part = trader.refresh(changed)
        tells(part, status=OrderStatus.WORKING, remaining_quantity=Decimal(4))
        rest = trader.refresh(trader.cancel(part))
        tells(rest, status=OrderStatus.CANCELED, remaining_quantity=Decimal(0))
        assert self.truth(sandbox, order).canceled == 7

    @needs("buy", "cancel", "refresh")
    def test_the_rest_of_a_partial_fill_is_cancelled(self, trader: Broker, sandbox: Sandbox) -> None:
        asks = sandbox.exchange.order_book(self.stock).asks
        order = trader.buy(self.stock, asks[0].quantity + 10, price=asks[0].price)
        canceled = trader.refresh(trader.cancel(order))
        tells(canceled, status=OrderStatus.CANCELED)
        tells(canceled, filled_quantity=asks[0].quantity, remaining_quantity=Decimal(0))

    @needs("buy", "cancel", "refresh")
    def test_an_order_survives_as_json_and_a_restart(self, trader: Broker, sandbox: Sandbox) -> None:
        stored = trader.buy(self.stock, 7, price=self.below(sandbox, 5)).model_dump_json()
        with self.another(sandbox) as later:
            try:
                canceled = later.refresh(later.cancel(Order.model_validate_json(stored)))
            except BrokerError as error:
                words = in_english(error)
                pytest.fail(f"After a restart the order is not found by its handle, which is all that is kept: {words}")
        tells(canceled, status=OrderStatus.CANCELED)

    @needs("buy", "cancel", "refresh")
    def test_what_was_filled_cannot_be_cancelled(self, trader: Broker, sandbox: Sandbox, face: Face) -> None:
        order = trader.buy(self.stock, 1, price=sandbox.exchange.order_book(self.stock).asks[0].price)
        with self.nothing_left(face):
            trader.cancel(order)
        known = trader.refresh(order)
        tells(known, status=OrderStatus.FILLED)
        seen = len(face.requests)
        with pytest.raises(NothingToCancel):
            trader.cancel(known)
        assert len(face.requests) == seen, "An order that is known to be filled is not worth a question."

    @needs("buy", "cancel")
    def test_an_order_number_of_somebody_else_cannot_be_cancelled(
        self, trader: Broker, sandbox: Sandbox, face: Face
    ) -> None:
        order = trader.buy(self.stock, 1, price=self.below(sandbox, 5))
        other = self.of_somebody_else(trader, face, order)
        with self.nothing_left(face):
            trader.cancel(other)
        assert self.truth(sandbox, order).remaining == 1, "Another order than the one that was named is cancelled."

    @needs("buy", "refresh")
    def test_an_order_that_the_list_does_not_show_is_not_guessed(
        self, trader: Broker, sandbox: Sandbox, face: Face
    ) -> None:
        order = trader.refresh(trader.buy(self.stock, 1, price=self.below(sandbox, 5)))
        told = trader.refresh(self.of_somebody_else(trader, face, order))
        assert told.status is OrderStatus.UNKNOWN, f"No list shows the order, and it is told as {told.status}."

    @needs("buy", "order_history")
    def test_the_face_tells_orders_from_lists_and_logins(self, trader: Broker, sandbox: Sandbox, face: Face) -> None:
        trader.buy(self.stock, 1, price=self.below(sandbox, 5))
        before = len(face.requests)
        trader.order_history(sandbox.exchange.today)
        told = [face.purpose(each.method, each.path, each.headers) for each in face.requests]
        assert told.count(Purpose.ORDER) == 1, (
            f"One order went out, and Face.purpose calls {told.count(Purpose.ORDER)} so."
        )
        assert set(told[before:]) == {Purpose.LISTING}, f"A list was asked for: Face.purpose calls it {told[before:]}."
        assert Purpose.LOGIN in told[:before], "A token was asked for: Face.purpose calls no request a login."

    @needs("buy")
    def test_an_order_is_not_repeated_after_a_killed_token(
        self, trader: Broker, face: Face, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        trader.buy(self.stock, 1, price=self.below(sandbox, 5))
        self.kill_tokens(face, monkeypatch)
        sent = len(self.orders_seen(face))
        with raising(AuthError, "The token has ended, and the broker refuses the order for that"):
            trader.buy(self.stock, 2, price=self.below(sandbox, 5))
        again = len(self.orders_seen(face)) - sent
        assert again == 1, f"An order that is refused for its token goes out once, and {again} requests came."
        trader.buy(self.stock, 3, price=self.below(sandbox, 5))
        assert [row.quantity for row in self.rows(sandbox)] == [1, 3]


class RefusalContract(Contract):
    """A refusal has the same class at every broker, and the broker's own code."""

    level = 3

    @needs("buy")
    def test_more_than_the_cash_is_refused(self, trader: Broker, sandbox: Sandbox) -> None:
        self.refused(
            InsufficientFunds, trader, self.stock, Side.BUY, 1_000_000, sandbox.exchange.quote(self.stock).price
        )

    @needs("sell")
    def test_more_than_the_shares_is_refused(self, trader: Broker, sandbox: Sandbox) -> None:
        self.refused(InsufficientFunds, trader, self.stock, Side.SELL, 1, sandbox.exchange.quote(self.stock).price)

    @needs("buy")
    def test_a_closed_market_refuses(self, trader: Broker, sandbox: Sandbox) -> None:
        sandbox.exchange.market_open = False
        self.refused(MarketClosed, trader, self.stock, Side.BUY, 1, sandbox.exchange.quote(self.stock).price)

    @needs("buy")
    def test_an_unlisted_symbol_is_refused(self, trader: Broker, face: Face) -> None:
        if not self.ground.is_listed_first:
            self.refused(UnknownSymbol, trader, self.unlisted, Side.BUY, 1, Decimal(1000))
            return
        why = f"Nobody lists {self.unlisted}, and it was to be bought"
        with self.nothing_sent(face), raising(UnknownSymbol, why) as caught:
            trader.buy(self.unlisted, 1, price=10 * self.step)
        assert self.unlisted in str(caught.error)

    @needs("buy")
    def test_a_price_beyond_the_limits_is_refused(self, trader: Broker, sandbox: Sandbox) -> None:
        self.skip_unless(self.trading.calendar.has_limits, f"limits of the day in {self.market}")
        limit = sandbox.exchange.instruments[self.stock].upper_limit
        self.refused(InvalidOrder, trader, self.stock, Side.BUY, 1, limit + 100)

    @needs("buy")
    def test_a_halted_symbol_takes_no_order(self, trader: Broker, sandbox: Sandbox) -> None:
        sandbox.exchange.halt(self.stock)
        self.refused(InvalidOrder, trader, self.stock, Side.BUY, 1, sandbox.exchange.quote(self.stock).price)
        sandbox.exchange.resume(self.stock)
        trader.buy(self.stock, 1, price=sandbox.exchange.quote(self.stock).price)

    @needs("buy")
    def test_a_price_off_the_step_is_refused_by_the_broker_too(self, trader: Broker, sandbox: Sandbox) -> None:
        price = sandbox.exchange.quote(self.stock).price + self.step / 20
        request = OrderRequest(symbol=self.stock, side=Side.BUY, quantity=1, price=price, venue=self.venue)
        with unchecked(trader), raising(InvalidOrder, "The broker refuses a price off the step") as caught:
            trader.order(request)
        assert caught.error.code, "InvalidOrder carries no code: the broker's own says what it means."

    @needs("buy", "quote")
    def test_a_bad_price_is_not_sent_where_that_can_be_known(
        self, trader: Broker, face: Face, sandbox: Sandbox, declared: Declared
    ) -> None:
        price, top = trader.quote(self.stock).price, sandbox.exchange.instruments[self.stock].upper_limit
        bad: list[int | float | Decimal] = [price + self.step / 100, 0, -self.step, float(price + self.step / 200)]
        if declared.tells_kinds:  # else the step of funds may be meant
            bad.append(price + self.step / 20)
        if declared.tells_limits:
            bad.append(top + 1000)
        for each in bad:
            with pytest.raises(InvalidRequest):
                trader.buy(self.stock, 1, price=each)
        for quantity in (0, -1, 1.5):
            with pytest.raises(InvalidRequest):
                trader.buy(self.stock, quantity, price=price)
        with pytest.raises(InvalidRequest):
            trader.buy(self.stock, 1)
        assert self.orders_seen(face) == [], "An order that is known to be wrong was sent."
