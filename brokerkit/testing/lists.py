"""The contract of lists: working orders and the orders of past days, complete or not at all."""

from __future__ import annotations

import contextlib
import datetime as dt
import threading
from collections.abc import Collection, Iterable
from decimal import Decimal

import pytest
from starlette.responses import Response

from brokerkit.broker import Broker
from brokerkit.errors import BrokerError, InvalidRequest
from brokerkit.market.sessions import Phase
from brokerkit.models import Order, OrderRequest
from brokerkit.sandbox import Sandbox
from brokerkit.sandbox.face import Face, JsonResponse, Purpose, ReceivedRequest
from brokerkit.testing.base import Contract, agree, tells
from brokerkit.testing.declared import Declared, needs
from brokerkit.testing.truth import status_of
from brokerkit.words import OrderStatus, OrderType, Side, TimeInForce, Venue


def limit(symbol: str, quantity: int, price: Decimal, venue: Venue) -> OrderRequest:
    """Return a limit order of the day to buy."""
    return OrderRequest(symbol=symbol, side=Side.BUY, quantity=quantity, price=price, venue=venue)


def _shown(orders: Iterable[Order]) -> str:
    """Return quantities and days of orders, as messages tell them."""
    each = [f"{order.quantity}" + (f" ({order.submitted_at:%F})" if order.submitted_at else "") for order in orders]
    return ", ".join(each) or "none"


class ListContract(Contract):
    """What is listed is all there is, told by quantities."""

    level = 3

    def in_order(self, face: Face, told: Iterable[Order], numbers: list[int], declared: Declared) -> None:
        """Demand these orders, oldest first; ids without an order do not tell which of one second came first."""
        found = self.numbers(face, told)
        if not declared.part.numbers_ascend:
            found, numbers = sorted(found), sorted(numbers)
        assert found == numbers, f"Listed, oldest first, are {found}, in truth {numbers}."

    @needs("buy", "orders", "cancel")
    def test_working_orders_are_listed_until_they_end(
        self, trader: Broker, sandbox: Sandbox, face: Face, declared: Declared
    ) -> None:
        assert trader.orders() == (), "Nothing was ordered, and orders are listed."
        ask = sandbox.exchange.order_book(self.stock).asks[0]
        resting = trader.buy(self.stock, 7, price=self.below(sandbox, 5))
        partly = trader.buy(self.stock, ask.quantity + 4, price=ask.price)
        trader.buy(self.other, 1, price=sandbox.exchange.order_book(self.other).asks[-1].price)
        listed = trader.orders()
        self.in_order(face, listed, self.numbers(face, (resting, partly)), declared)
        for order in listed:
            agree(self.order_differences(order, self.truth(sandbox, order), trader))
        trader.cancel(next(each for each in listed if face.order_number(each.id) == face.order_number(resting.id)))
        assert self.numbers(face, trader.orders()) == self.numbers(face, [partly])

    @needs("buy", "orders", "amend", "cancel", "refresh")
    def test_a_listed_order_can_be_cancelled_and_amended(self, trader: Broker, sandbox: Sandbox) -> None:
        for steps in (5, 4):
            trader.buy(self.stock, 7, price=self.below(sandbox, steps))
        first, second = trader.orders()
        trader.amend(first, price=self.below(sandbox, 2))
        tells(trader.refresh(trader.cancel(second)), status=OrderStatus.CANCELED)
        (left,) = trader.orders()
        tells(left, price=self.below(sandbox, 2), remaining_quantity=Decimal(7))

    @needs("orders", "order_history")
    def test_every_page_of_400_orders_is_read(
        self, trader: Broker, sandbox: Sandbox, face: Face, declared: Declared
    ) -> None:
        price = self.below(sandbox, 5)
        sandbox.exchange.deposit(face.credentials.account, self.ground.amount(100_000_000))
        rows = [self.play(sandbox, self.stock, Side.BUY, 1, price) for _ in range(400)]
        for told in (trader.orders(), trader.order_history(sandbox.exchange.today)):
            assert len(told) == len(rows), f"Of {len(rows)} orders {len(told)} are listed: look at the pages."
            self.in_order(face, told, [row.number for row in rows], declared)

    @needs("buy", "refresh")
    def test_an_order_is_found_among_400(self, trader: Broker, sandbox: Sandbox, face: Face) -> None:
        sandbox.exchange.deposit(face.credentials.account, self.ground.amount(100_000_000))
        order = trader.buy(self.stock, 9, price=self.below(sandbox, 5))
        for _ in range(400):
            self.play(sandbox, self.stock, Side.BUY, 1, order.price or Decimal(0))
        agree(self.order_differences(trader.refresh(order), self.truth(sandbox, order), trader))

    @needs("buy", "cancel", "refresh")
    def test_orders_that_are_alike_are_told_apart(self, trader: Broker, sandbox: Sandbox, face: Face) -> None:
        price = self.below(sandbox, 5)
        first, second = (trader.buy(self.stock, 7, price=price) for _ in range(2))
        rows = [row.number for row in self.rows(sandbox)]
        words = f"Two orders alike were sent, and the exchange has got {len(rows)}: look at what the key is made of."
        assert len(rows) == 2, words
        assert self.numbers(face, (first, second)) == rows, "Two orders alike were taken, and have one number."
        trader.cancel(second)
        for order, status in ((first, OrderStatus.WORKING), (second, OrderStatus.CANCELED)):
            told = trader.refresh(order)
            assert told.status is status, (
                f"Of two orders alike one was cancelled; {order.id} is {status}, and told as {told.status}. "
                "A row is found by its number, not by what it looks like."
            )

    @needs("buy", "order_history", "cancel")
    def test_history_tells_filled_partly_filled_cancelled_and_rejected_apart(
        self, trader: Broker, sandbox: Sandbox, face: Face, declared: Declared
    ) -> None:
        ask = sandbox.exchange.order_book(self.stock).asks[0]
        trader.buy(self.stock, 1, price=ask.price)
        trader.buy(self.stock, ask.quantity + 3, price=ask.price)
        trader.cancel(trader.buy(self.stock, 2, price=self.below(sandbox, 5)))
        sandbox.exchange.reject_next(face.credentials.account)
        trader.buy(self.stock, 4, price=self.below(sandbox, 5))
        told = {face.order_number(order.id): order.status for order in trader.order_history(self.today)}
        real = {row.number: status_of(row) for row in self.rows(sandbox) if row.action == "NEW"}
        assert told == real, f"The history tells {', '.join(told.values())}, in truth {', '.join(real.values())}."
        self.in_order(face, trader.order_history(self.today), list(real), declared)
        assert len(set(real.values())) == 4

    @needs("buy", "refresh")
    def test_a_rejected_order_stays_as_rejected(self, trader: Broker, sandbox: Sandbox, face: Face) -> None:
        sandbox.exchange.reject_next(face.credentials.account)
        order = trader.refresh(trader.buy(self.stock, 4, price=self.below(sandbox, 5)))
        tells(order, status=OrderStatus.REJECTED, filled_quantity=Decimal(0), remaining_quantity=Decimal(0))

    @needs("buy", "refresh")
    def test_what_was_left_at_the_close_is_expired(self, trader: Broker, sandbox: Sandbox) -> None:
        order = trader.buy(self.stock, 4, price=self.below(sandbox, 5))
        sandbox.exchange.phase = Phase.CLOSED
        tells(trader.refresh(order), status=OrderStatus.EXPIRED)
        if trader.supports("orders"):
            assert trader.orders() == (), "The market is closed, and an order is told as working."

    @needs("order_history")
    def test_past_days_are_listed_oldest_first(self, trader: Broker, sandbox: Sandbox, face: Face) -> None:
        account = face.credentials.account
        near = self.day_before(sandbox.exchange.today)
        far = self.day_before(near - dt.timedelta(days=10))
        price = self.ground.price
        exchange = sandbox.exchange
        exchange.remember(account, far, limit(self.stock, 5, price, self.venue), filled=Decimal(5), average_price=price)
        exchange.remember(
            account, near, limit(self.other, 6, price, self.venue), filled=Decimal(2), average_price=price
        )
        exchange.remember(account, near, limit(self.stock, 7, price, self.venue), canceled=Decimal(7))
        told = trader.order_history(far, near)
        days = {f"{order.quantity}": self.trading.day_of(order.submitted_at) for order in told if order.submitted_at}
        words = f"Orders of 5 on {far}, of 6 and 7 on {near} were to be listed, and these are, by quantity and day:"
        assert [int(order.quantity) for order in told] == [5, 6, 7], f"{words} {_shown(told)}."
        assert set(days.items()) <= {("5", far), ("6", near), ("7", near)}, f"{words} {_shown(told)}."
        tells(told[0], filled_quantity=Decimal(5), status=OrderStatus.FILLED)
        tells(told[1], filled_quantity=Decimal(2), status=OrderStatus.EXPIRED)
        tells(told[2], filled_quantity=Decimal(0), status=OrderStatus.CANCELED)

    @needs("sell", "orders")
    def test_a_sale_that_is_filled_in_part_is_listed(self, trader: Broker, sandbox: Sandbox, face: Face) -> None:
        sandbox.exchange.give_holding(
            face.credentials.account, self.stock, Decimal(5000), self.ground.amount(300_000_000)
        )
        bid = sandbox.exchange.order_book(self.stock).bids[0]
        sold = trader.sell(self.stock, bid.quantity + 4, price=bid.price)
        listed = trader.orders()
        words = f"A sale of which a part is filled still works, and orders() tells {_shown(listed)}."
        assert self.numbers(face, listed) == self.numbers(face, [sold]), words
        agree(self.order_differences(listed[0], self.truth(sandbox, sold), trader))

    @needs("order_history")
    def test_history_of_days_of_which_one_fails_is_not_short(
        self, trader: Broker, sandbox: Sandbox, face: Face
    ) -> None:
        account, near = face.credentials.account, self.day_before(sandbox.exchange.today)
        far = self.day_before(self.day_before(near))
        for day, quantity in ((far, 5), (near, 6)):
            request = limit(self.stock, quantity, self.ground.price, self.venue)
            sandbox.exchange.remember(account, day, request, filled=Decimal(quantity), average_price=self.ground.price)
        trader.order_history(far, sandbox.exchange.today)
        asked = self.listings(face)
        for failing in range(1, asked + 1):
            count = 0

            def answer(request: ReceivedRequest, failing: int = failing) -> Response | None:
                nonlocal count
                if face.purpose(request.method, request.path, request.headers) is not Purpose.LISTING:
                    return None
                count += 1
                return JsonResponse({}, status=502) if count in (failing, failing + 1) else None  # it is asked again

            face.before = answer
            told = None
            with contextlib.suppress(BrokerError):
                told = trader.order_history(far, sandbox.exchange.today)
            face.before = None
            assert told is None, (
                f"Of {asked} lists of the days from {far} on number {failing} failed, also when asked for again, and "
                f"order_history answers {_shown(told)} as if that were all. Let the error through."
            )

    def listings(self, face: Face) -> int:
        """Return how many lists were asked for."""
        purposes = [face.purpose(each.method, each.path, each.headers) for each in face.requests]
        return purposes.count(Purpose.LISTING)

    @needs("order_history")
    def test_history_of_a_symbol_is_of_it_alone(self, trader: Broker, sandbox: Sandbox, face: Face) -> None:
        near, price = self.day_before(sandbox.exchange.today), self.ground.price
        for symbol, quantity in ((self.stock, 5), (self.other, 6)):
            request = limit(symbol, quantity, price, self.venue)
            filled = Decimal(quantity)
            sandbox.exchange.remember(face.credentials.account, near, request, filled=filled, average_price=price)
        only = trader.order_history(near, near, symbol=self.other)
        words = f"Of {self.other} there is an order of 6, and these are listed, by quantity and day:"
        assert [int(order.quantity) for order in only] == [6], f"{words} {_shown(only)}."

    @needs("order_history")
    def test_history_without_a_trading_day_is_not_asked_for(self, trader: Broker, face: Face) -> None:
        saturday = dt.date(2026, 11, 14)
        for start, end in (
            (saturday, saturday + dt.timedelta(days=1)),
            (self.today + dt.timedelta(days=1), None),
            (self.today, self.today - dt.timedelta(days=1)),
            (dt.date(1999, 1, 4), dt.date(1999, 1, 8)),
        ):
            with pytest.raises(InvalidRequest):
                trader.order_history(start, end)
        assert face.requests == []

    @needs("buy", "wait")
    def test_waiting_ends_with_the_order(self, trader: Broker, sandbox: Sandbox) -> None:
        order = trader.buy(self.stock, 7, price=self.below(sandbox, 1))
        tells(trader.wait(order, timeout=0.1), status=OrderStatus.WORKING)
        seller = threading.Timer(0.3, sandbox.exchange.trade, (self.stock, Side.SELL, Decimal(50_000), order.price))
        seller.start()
        tells(trader.wait(order, timeout=10), status=OrderStatus.FILLED)
        seller.join()

    @needs("order_history")
    def test_every_trading_day_of_four_months_is_listed_once(
        self, trader: Broker, sandbox: Sandbox, face: Face
    ) -> None:
        """Brokers keep recent and older orders in two lists, which meet at a day of their own."""
        days = [sandbox.exchange.today]
        while (sandbox.exchange.today - days[0]).days < 125:
            days.insert(0, self.day_before(days[0]))
        days.pop()
        for number, day in enumerate(days, start=1):
            request = limit(self.stock, number, self.ground.price, self.venue)
            sandbox.exchange.remember(face.credentials.account, day, request, canceled=Decimal(number))
        told = trader.order_history(days[0], days[-1])
        assert [int(order.quantity) for order in told] == list(range(1, len(days) + 1)), (
            "Days are missing or twice, by the quantities of their orders. Look at what the list is asked for."
        )
        for order, day in zip(told, days, strict=True):
            dated = day if order.submitted_at is None else self.trading.day_of(order.submitted_at)
            assert dated == day, f"The order of {order.quantity} was placed on {day}, and is told as one of {dated}."

    @needs("order_history")
    def test_an_order_that_is_placed_while_a_list_is_read_hides_no_other(
        self, trader: Broker, sandbox: Sandbox, face: Face
    ) -> None:
        """A list that is read newest first moves by a row when an order comes between two pages of it."""
        price = self.below(sandbox, 5)
        sandbox.exchange.deposit(face.credentials.account, self.ground.amount(100_000_000))
        numbers = [self.play(sandbox, self.stock, Side.BUY, 1, price).number for _ in range(250)]

        def place_another(received: ReceivedRequest) -> Response | None:
            if face.purpose(received.method, received.path, received.headers) is Purpose.LISTING:
                self.play(sandbox, self.stock, Side.BUY, 1, price)
            return None

        face.before = place_another
        told = [face.order_number(order.id) for order in trader.order_history(sandbox.exchange.today)]
        assert [number for number in numbers if number not in told] == []
        assert len(told) == len(set(told))

    @needs("buy", "orders")
    @pytest.mark.parametrize("venue", Venue)
    def test_a_working_order_tells_where_and_what_it_is(
        self, venue: Venue, trader: Broker, sandbox: Sandbox, declared: Declared
    ) -> None:
        if venue not in declared.order_venues:
            pytest.skip(f"not declared: orders at {venue}")
        self.skip_unless(venue not in declared.part.unlisted_venues, f"lists of orders at {venue}")
        sent = trader.buy(self.stock, 3, price=self.below(sandbox, 5), venue=venue)
        (listed,) = trader.orders()
        tells(listed, id=sent.id, type=self.tellable_type(OrderType.LIMIT, trader))
        assert listed.time_in_force in (TimeInForce.DAY, None)
        assert listed.venue in self.tellable(venue, declared)

    @needs("order_history")
    def test_history_lists_orders_of_every_venue(
        self, trader: Broker, sandbox: Sandbox, face: Face, declared: Declared
    ) -> None:
        day = self.day_before(sandbox.exchange.today)
        venues = [venue for venue in declared.order_venues if venue not in declared.part.unlisted_venues]
        for number, venue in enumerate(venues, start=1):
            request = limit(self.stock, number, self.ground.price, venue)
            sandbox.exchange.remember(face.credentials.account, day, request, filled=Decimal(number))
        told = trader.order_history(day)
        assert [int(order.quantity) for order in told] == list(range(1, len(venues) + 1)), (
            f"Sent to {', '.join(venues)}, listed: {[str(order.venue) for order in told]}."
        )
        for order, venue in zip(told, venues, strict=True):
            assert order.venue in self.tellable(venue, declared)

    def tellable(self, venue: Venue, declared: Declared) -> Collection[Venue | None]:
        """Return what may be told of a venue: a broker that has no other needs not name it."""
        return {venue} if len(declared.order_venues) > 1 else {venue, None}
