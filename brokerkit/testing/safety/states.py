"""Level 4: states that an exchange shows rarely are told as they are, and what is not known is told as None."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any, ClassVar

import pytest

from brokerkit.broker import Broker
from brokerkit.errors import BrokerError, IncompleteListing, UnknownSymbol, WireError
from brokerkit.market.sessions import Phase
from brokerkit.models import Order, OrderRequest, Quote
from brokerkit.sandbox import Sandbox
from brokerkit.sandbox.face import Face, Purpose
from brokerkit.testing.base import Contract, not_told
from brokerkit.testing.declared import Declared, needs
from brokerkit.testing.safety.wire import Change, rewritten
from brokerkit.testing.truth import first
from brokerkit.words import OrderStatus, Side

STRANGE = "ZZ"
"""A code that no table has."""
ALL_OF_IT = Decimal(10_000_000)
"""More shares than wait in a book."""


class RareQuoteContract(Contract):
    """Where there is nothing, brokers write 0: that is None here, and never a price."""

    level: ClassVar[int] = 4

    def wrong_quote(self, trader: Broker, sandbox: Sandbox, declared: Declared) -> list[str]:
        """Return in what the quote of the symbol differs from the truth."""
        truth = sandbox.exchange.quote(self.stock, declared.quote_venue)
        return self.differences(trader.quote(self.stock), truth, trader)

    def wrong_quotes(self, trader: Broker, sandbox: Sandbox, declared: Declared) -> list[str]:
        """Return in what quotes of the symbol differ from the truth: alone, and together with another one."""
        truth = sandbox.exchange.quote(self.stock)
        lines = self.differences(trader.quote(self.stock), truth, trader)
        if "quotes" in declared.verbs:
            told = next(
                (quote for quote in trader.quotes([self.stock, self.ground.another]) if quote.symbol == self.stock),
                None,
            )
            if told is None:
                return [*lines, "quotes of two symbols lacks it"]
            # Such a call may tell what that for one symbol does not.
            told = told.model_copy(update=dict.fromkeys(not_told(trader).get(Quote, ())))
            lines += [f"of two symbols {line}" for line in self.differences(told, truth, trader)]
        return lines

    @needs("quote")
    def test_before_the_first_trade_there_is_no_open_high_and_low(
        self, trader: Broker, sandbox: Sandbox, declared: Declared
    ) -> None:
        sandbox.exchange.unopen(self.stock)
        lines = self.wrong_quote(trader, sandbox, declared)
        assert not lines, (
            f"Before the first trade of the day {first(lines)}. Open, high and low are None until somebody trades: "
            "read the 0 that brokers write there as None (`traded`), and the volume as 0."
        )

    @needs("quote")
    @pytest.mark.parametrize("where", ["upper_limit", "lower_limit", "previous_close"])
    def test_a_quote_at_a_limit_or_unchanged_tells_the_truth(
        self, where: str, trader: Broker, sandbox: Sandbox, declared: Declared
    ) -> None:
        sandbox.exchange.move(self.stock, getattr(sandbox.exchange.instruments[self.stock], where))
        lines = self.wrong_quote(trader, sandbox, declared)
        assert not lines, (
            f"The price is that of {where}, and {first(lines)}. Codes of signs differ at the limits (상한, 하한) and "
            "where nothing moved (보합): read each of them."
        )

    @needs("quote")
    def test_a_symbol_without_limits_has_none(self, trader: Broker, sandbox: Sandbox, declared: Declared) -> None:
        sandbox.exchange.lift_limits(self.stock)
        lines = self.wrong_quote(trader, sandbox, declared)
        assert not lines, f"Without price limits {first(lines)}. Read a limit of 0 or a blank one as None (`traded`)."

    @needs("quote")
    def test_a_symbol_without_a_price_has_no_quote(self, trader: Broker, sandbox: Sandbox, declared: Declared) -> None:
        sandbox.exchange.unprice(self.stock)
        try:
            told: object = trader.quote(self.stock)
        except BrokerError as error:
            told = error
        assert isinstance(told, UnknownSymbol), (
            f"The broker has no price of {self.stock}, and quote says {told!r:.200}: a price of 0 is None in the reply "
            "(`traded`), and the core raises UnknownSymbol."
        )
        if "quotes" in declared.verbs:
            several = trader.quotes([self.stock, self.ground.another])
            assert [quote.symbol for quote in several] == [self.ground.another], (
                f"The broker has no price of one of two symbols, and quotes of both tells {several!r:.200}: a price "
                "of 0 is None in the rows of `several_quotes`, and takes no other quote with it."
            )

    @needs("quote")
    def test_a_halted_symbol_keeps_its_quote(self, trader: Broker, sandbox: Sandbox, declared: Declared) -> None:
        sandbox.exchange.halt(self.stock)
        lines = self.wrong_quote(trader, sandbox, declared)
        assert not lines, f"In a halt {first(lines)}."

    @needs("order_book")
    def test_the_book_of_a_halted_symbol_is_empty(self, trader: Broker, sandbox: Sandbox) -> None:
        sandbox.exchange.halt(self.stock)
        book = trader.order_book(self.stock)
        assert (book.asks, book.bids) == ((), ()), f"{EMPTY} Both sides are empty in a halt: {book!r:.200}"

    @needs("order_book")
    @pytest.mark.parametrize("side", [*Side, None])
    def test_an_empty_side_of_a_book_has_no_levels(self, side: Side | None, trader: Broker, sandbox: Sandbox) -> None:
        for each in Side if side is None else (side,):
            sandbox.exchange.trade(self.stock, each, ALL_OF_IT)
        book, truth = trader.order_book(self.stock), sandbox.exchange.order_book(self.stock)
        assert (book.asks, book.bids) == (truth.asks, truth.bids), f"{EMPTY} These were told: {book!r:.200}"

    @needs("balance")
    def test_a_holding_without_a_price_has_no_value(self, trader: Broker, sandbox: Sandbox, face: Face) -> None:
        sandbox.exchange.give_holding(face.credentials.account, self.stock, Decimal(3), self.ground.amount(200_001))
        sandbox.exchange.unprice(self.stock)
        (told,) = trader.balance().positions
        assert (told.quantity, told.cost) == (Decimal(3), self.ground.amount(200_001))
        values = (told.price, told.market_value, told.unrealized_pnl, told.unrealized_pnl_percent)
        assert values == (None, None, None, None), (
            f"A holding has no price, the broker writes 0, and price, value and profit are told as {values}: "
            "read a price of 0 as None (`traded`), or a loss of all of it is shown."
        )


EMPTY = "A level without a price or a quantity is no level: use `levels` of brokerkit.part."


class RareOrderContract(Contract):
    """An order is what quantities say, and what a row does not tell is not made up."""

    level: ClassVar[int] = 4

    def waiting(self, trader: Broker, sandbox: Sandbox, quantity: int = 5) -> Order:
        """Return an order that waits."""
        return trader.buy(self.stock, quantity, price=self.below(sandbox, 5))

    @needs("buy", "refresh")
    def test_a_fill_of_the_day_before_is_not_one_of_today(
        self, trader: Broker, sandbox: Sandbox, face: Face, declared: Declared
    ) -> None:
        face.lists_old_fills = True
        order = self.waiting(trader, sandbox)
        self.filled_yesterday(sandbox, face, self.truth(sandbox, order).request, face.order_number(order.id))
        told = trader.refresh(order)
        assert told.status is OrderStatus.WORKING, (
            f"An order that works has the number of one that was filled the day before, and is told as {told.status}. "
            f"{DAYS}"
        )
        if "orders" in declared.verbs:
            assert [each.status for each in trader.orders()] == [OrderStatus.WORKING], DAYS

    @needs("order_history")
    def test_a_fill_of_the_day_before_is_not_in_the_history_of_today(
        self, trader: Broker, sandbox: Sandbox, face: Face
    ) -> None:
        face.lists_old_fills = True
        request = OrderRequest(symbol=self.stock, side=Side.BUY, quantity=5, price=self.bid(sandbox))
        self.filled_yesterday(sandbox, face, request, None)
        try:
            told: object = trader.order_history(self.today)
        except IncompleteListing:
            return  # where it cannot be known, that is what is to be said
        assert told == (), f"An order that was filled the day before is listed as one of today: {told!r:.200}. {DAYS}"

    def filled_yesterday(self, sandbox: Sandbox, face: Face, request: OrderRequest, number: int | None) -> None:
        """Let the account have an order that was filled the day before."""
        today, account = sandbox.exchange.today, face.credentials.account
        for day in {self.day_before(today), today - dt.timedelta(1)}:  # the sandbox trades on weekends too
            sandbox.exchange.remember(account, day, request, filled=request.quantity, number=number)

    @needs("orders")
    def test_an_order_that_was_placed_elsewhere_is_listed(
        self, trader: Broker, sandbox: Sandbox, face: Face, declared: Declared
    ) -> None:
        price = self.below(sandbox, 5)
        request = OrderRequest(symbol=self.stock, side=Side.BUY, quantity=5, price=price, venue=declared.order_venue)
        row = sandbox.exchange.submit(face.credentials.account, request)
        told = trader.orders()
        assert [face.order_number(each.id) for each in told] == [row.number], (
            f"An order was placed in another program, and orders() tells {told!r:.200}: all that stands is listed, "
            "whoever placed it."
        )
        assert not (lines := self.order_differences(told[0], row, trader)), first(lines)

    @needs("buy", "refresh")
    def test_an_order_that_was_cancelled_elsewhere_is_canceled(
        self, trader: Broker, sandbox: Sandbox, face: Face, declared: Declared
    ) -> None:
        order = self.waiting(trader, sandbox)
        account, number = face.credentials.account, face.order_number(order.id)
        sandbox.exchange.cancel(account, number, Decimal(2))
        told = trader.refresh(order)
        assert (told.status, told.remaining_quantity) == (OrderStatus.WORKING, Decimal(3)), (
            f"2 of 5 shares were cancelled in another program, and refresh tells {told.status} with "
            f"{told.remaining_quantity} left. {QUANTITIES}"
        )
        sandbox.exchange.cancel(account, number)
        told = trader.refresh(order)
        assert (told.status, told.remaining_quantity) == (OrderStatus.CANCELED, Decimal(0)), (
            f"All of an order was cancelled in another program, and refresh tells {told.status}: `is_canceled` of its "
            "row says so, or the row of the cancellation."
        )
        if "orders" in declared.verbs:
            assert trader.orders() == (), "What was cancelled in another program does not stand any more."

    @needs("buy", "orders")
    def test_a_type_that_is_not_known_is_never_guessed(
        self, trader: Broker, sandbox: Sandbox, face: Face, declared: Declared
    ) -> None:
        order = self.waiting(trader, sandbox)
        with rewritten(face, _strange(face.wording.row_type, "row_type"), Purpose.LISTING):
            told = [("orders", trader.orders())]
            if "order_history" in declared.verbs:
                told.append(("order_history", trader.order_history(self.today)))
        for verb, rows in told:
            (row,) = rows
            assert row.type is None, (
                f"A row has a type that nobody knows, and {verb} tells it as {row.type}: an incoming table has no "
                "default; tell None."
            )
            assert (face.order_number(row.id), row.price) == (face.order_number(order.id), order.price)

    @needs("buy", "orders")
    def test_a_side_that_is_not_known_is_never_guessed(
        self, trader: Broker, sandbox: Sandbox, face: Face, declared: Declared
    ) -> None:
        self.waiting(trader, sandbox)
        asks: list[tuple[str, Callable[[], object]]] = [("orders", trader.orders)]
        if "order_history" in declared.verbs:
            asks.append(("order_history", lambda: trader.order_history(self.today)))
        for verb, ask in asks:
            with rewritten(face, _strange(face.wording.row_side, "row_side"), Purpose.LISTING):
                try:
                    told: object = ask()
                except BrokerError as error:
                    told = error
            assert isinstance(told, WireError), (
                f"A row has a side that nobody knows, and {verb} tells {told!r:.200}: it is neither a purchase nor a "
                "sale, and it must not vanish. Read it into an OddRow (`Row[...]`), without a default."
            )

    @needs("buy", "cancel", "refresh")
    def test_a_cancel_that_does_nothing_leaves_the_order_working(
        self, trader: Broker, sandbox: Sandbox, face: Face, declared: Declared
    ) -> None:
        order = self.waiting(trader, sandbox)
        sandbox.exchange.reject_next_cancel(face.credentials.account)
        canceled = trader.cancel(order)
        for told in (trader.refresh(canceled), trader.refresh(order)):
            assert (told.status, told.remaining_quantity) == (OrderStatus.WORKING, Decimal(5)), (
                f"A cancel was taken and did nothing: all 5 shares still wait, and refresh tells {told.status} with "
                f"{told.remaining_quantity} left. {QUANTITIES}"
            )
        if "orders" in declared.verbs:
            assert [each.remaining_quantity for each in trader.orders()] == [5], QUANTITIES
        sandbox.exchange.phase = Phase.CLOSED
        told = trader.refresh(order)
        assert told.status is OrderStatus.EXPIRED, (
            f"A cancel was refused, and at the close the order expired: refresh tells {told.status}. A cancel that was "
            "refused has changed nothing: `is_refused` of its row says so."
        )

    @needs("buy", "refresh")
    def test_what_expires_after_a_partial_fill_was_not_cancelled(self, trader: Broker, sandbox: Sandbox) -> None:
        ask = sandbox.exchange.order_book(self.stock).asks[0]
        order = trader.buy(self.stock, ask.quantity + 7, price=ask.price)
        sandbox.exchange.phase = Phase.CLOSED
        told = trader.refresh(order)
        assert (told.status, told.filled_quantity, told.remaining_quantity) == (
            OrderStatus.EXPIRED,
            ask.quantity,
            Decimal(0),
        ), (
            f"Of {order.quantity} shares {ask.quantity} were filled and 7 expired at the close: refresh tells "
            f"{told.status}, {told.filled_quantity} filled, {told.remaining_quantity} left. CANCELED is what the "
            "broker shows as cancelled, by its row or by another one."
        )

    @needs("buy", "refresh")
    def test_an_order_that_is_refused_afterwards_is_rejected(
        self, trader: Broker, sandbox: Sandbox, face: Face, declared: Declared
    ) -> None:
        sandbox.exchange.reject_next(face.credentials.account)
        order = self.waiting(trader, sandbox)
        told = [trader.refresh(order)]
        if "order_history" in declared.verbs:
            told += trader.order_history(self.today)
        for each in told:
            assert (each.status, each.filled_quantity, each.remaining_quantity) == (
                OrderStatus.REJECTED,
                Decimal(0),
                Decimal(0),
            ), f"An order was taken and refused afterwards, and is told as {each.status}: `is_rejected` of its row."
        if "orders" in declared.verbs:
            assert trader.orders() == ()


DAYS = "An order is a number on a day: look at the day of a row, and at lists that tell none (`is_dated`)."
QUANTITIES = "What is left decides: look at remaining_quantity and is_canceled of the row."


def _strange(fields: Any, name: str) -> Change:
    """Return what writes a code that nobody knows into rows."""
    assert fields, f"wording.{name} of the face has to name the fields of a row of orders that tell it."

    def change(block: dict[str, Any]) -> None:
        block.update(dict.fromkeys(block.keys() & set(fields), STRANGE))

    return change
