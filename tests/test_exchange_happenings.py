"""What the exchange tells those who listen: replaying it rebuilds orders, fills, prints and books exactly."""

from __future__ import annotations

import threading
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brokerkit.market.sessions import Phase
from brokerkit.sandbox.exchange import Exchange, ExchangeOrder, ExchangeRefusal, Execution
from brokerkit.sandbox.happenings import (
    BookChanged,
    HaltChanged,
    Happening,
    OrderChanged,
    PhaseBegan,
    Traded,
    What,
)
from brokerkit.words import OrderType, TimeInForce
from tests.exchanges import BUY, SELL, empty_book, others, send, stocked
from tests.stories import ACCOUNTS, SAMSUNG, STEP, Step, opened, picture, play

INTERRUPTIONS = ("none",) * 4 + ("halt", "resume", "move", "reject", "reject cancel", "unopen")
ENDS = {What.FILLED: "filled", What.AMENDED: "amended", What.CANCELED: "canceled", What.EXPIRED: "expired"}


@dataclass
class Row:
    """A row of an order list, made of what was told alone."""

    is_cancel: bool
    remaining: Decimal
    moved: Counter[str] = field(default_factory=Counter)
    executions: list[Execution] = field(default_factory=list)

    def take(self, what: What, quantity: Decimal) -> None:
        self.remaining -= quantity
        self.moved[ENDS[what]] += int(quantity)

    def check(self, order: ExchangeOrder) -> None:
        told = (self.remaining, *(self.moved[name] for name in (*ENDS.values(), "rejected")))
        assert told == (
            order.remaining,
            order.filled,
            order.amended,
            order.canceled,
            order.expired,
            order.rejected,
        )
        assert tuple(self.executions) == order.executions


class Mirror:
    """The exchange, made of what it tells alone: of a book it asks when it is told that it has changed."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.rows: dict[int, Row] = {}
        self.trades = list(exchange.trades(SAMSUNG))
        self.book = _book(exchange)
        self.phase = exchange.phase
        self.halted: set[str] = set(exchange.halted)
        self.told: list[Happening] = []
        self.stop = exchange.listen(self.hear)

    def hear(self, happening: Happening) -> None:
        self.told.append(happening)
        if isinstance(happening, OrderChanged):
            self._change(happening)
        elif isinstance(happening, Traded):
            self.trades.append(happening.trade)
        elif isinstance(happening, BookChanged):
            self.book = _book(self.exchange)
        elif isinstance(happening, PhaseBegan):
            assert self.phase is not happening.phase
            self.phase = happening.phase
        else:
            assert (happening.symbol in self.halted) is not happening.is_halted
            self.halted ^= {happening.symbol}

    def _change(self, told: OrderChanged) -> None:
        order, what = told.order, told.what
        is_cancel = order.action == "CANCEL"
        if what in (What.ACCEPTED, What.REJECTED):
            assert order.number not in self.rows
            is_living = what is What.ACCEPTED and not is_cancel
            self.rows[order.number] = Row(is_cancel, order.quantity if is_living else Decimal(0))
        row = self.rows[order.number]
        if what is What.REJECTED:
            row.moved["rejected"] += int(order.quantity)
        elif what is What.FILLED:
            assert told.execution is not None
            row.take(what, told.execution.quantity)
            row.executions.append(told.execution)
        elif what is What.AMENDED or (what is What.CANCELED and is_cancel):
            assert order.original is not None
            self.rows[order.original].take(what, order.quantity)
        elif what in (What.CANCELED, What.EXPIRED):
            row.take(what, row.remaining)
        row.check(order)
        if told.named is not None:
            assert told.named.number == order.original
            if what is not What.ACCEPTED:
                self.rows[told.named.number].check(told.named)

    def check(self) -> None:
        told = {number: row for account in ACCOUNTS for number, row in self._of(account)}
        assert told == self.rows
        assert self.trades == self.exchange.trades(SAMSUNG)
        assert self.book == _book(self.exchange)
        assert (self.phase, sorted(self.halted)) == (self.exchange.phase, self.exchange.halted)
        changed = [each for each in self.told if isinstance(each, BookChanged)]
        assert len(changed) <= 1
        assert self.told[len(self.told) - len(changed) :] == changed
        self.told.clear()

    def _of(self, account: str) -> list[tuple[int, Row]]:
        orders = self.exchange.orders(account)
        for order in orders:
            self.rows[order.number].check(order)
        return [(order.number, self.rows[order.number]) for order in orders]


def _book(exchange: Exchange) -> tuple[object, object]:
    book = exchange.order_book(SAMSUNG)
    return book.asks, book.bids


def interrupt(exchange: Exchange, what: str, step: Step) -> None:
    """Do to an exchange what no trader can do."""
    with suppress(ExchangeRefusal, ValueError):
        if what == "halt":
            exchange.halt(SAMSUNG)
        elif what == "resume":
            exchange.resume(SAMSUNG)
        elif what == "move":
            exchange.move(SAMSUNG, exchange.instruments[SAMSUNG].previous_close + step.ticks * 100)
        elif what == "reject":
            exchange.reject_next(step.account)
        elif what == "reject cancel":
            exchange.reject_next_cancel(step.account)
        elif what == "unopen":
            exchange.unopen(SAMSUNG)


STORIES = st.lists(st.tuples(STEP, st.sampled_from(INTERRUPTIONS)), min_size=8, max_size=40)


@settings(max_examples=100, deadline=None)
@given(STORIES)
def test_replaying_what_is_told_rebuilds_orders_fills_prints_and_books(story: list[tuple[Step, str]]) -> None:
    exchange = opened()
    mirror = Mirror(exchange)
    for step, interruption in story:
        if interruption == "unopen" and not exchange._floor.books[SAMSUNG].untouched:
            continue
        interrupt(exchange, interruption, step)
        if interruption == "unopen":
            mirror.trades.clear()
        if interruption != "none":
            mirror.check()
        play(exchange, step)
        mirror.check()


@settings(max_examples=20, deadline=None)
@given(STORIES)
def test_who_listens_changes_nothing(story: list[tuple[Step, str]]) -> None:
    heard, alone = opened(), opened()
    heard.listen(lambda happening: None)
    for step, interruption in story:
        for exchange in (heard, alone):
            interrupt(exchange, interruption, step)
        assert play(heard, step) is play(alone, step)
    assert picture(heard) == picture(alone)


def told_by(exchange: Exchange) -> list[Happening]:
    told: list[Happening] = []
    exchange.listen(told.append)
    return told


def changes(told: list[Happening]) -> list[tuple[What, int]]:
    return [(each.what, each.order.number) for each in told if isinstance(each, OrderChanged)]


def test_a_trade_of_two_accounts_is_told_to_both_with_the_fill() -> None:
    exchange = stocked()
    price = empty_book(exchange)
    told = told_by(exchange)
    sale = send(exchange, SELL, 5, price)
    purchase = send(exchange, BUY, 3, price, account="two")
    fills = [each for each in told if isinstance(each, OrderChanged) and each.what is What.FILLED]
    assert [(each.account, each.order.number, each.order.remaining) for each in fills] == [
        ("one", sale.number, 2),
        ("two", purchase.number, 0),
    ]
    assert [each.execution for each in fills] == [
        exchange.order("one", sale.number).executions[0],
        *purchase.executions,
    ]
    assert [type(each) for each in told] == [
        OrderChanged,  # the sale is accepted
        BookChanged,
        OrderChanged,  # the purchase too
        Traded,
        OrderChanged,
        OrderChanged,
        BookChanged,
    ]


def test_what_does_not_wait_is_told_as_cancelled() -> None:
    exchange = stocked()
    price = empty_book(exchange)
    others(exchange, SELL, 2, price)
    told = told_by(exchange)
    at_once = send(exchange, BUY, 5, price, time_in_force=TimeInForce.IOC)
    at_any = send(exchange, BUY, 5)
    assert changes(told) == [
        (What.ACCEPTED, at_once.number),
        (What.FILLED, at_once.number),
        (What.CANCELED, at_once.number),
        (What.ACCEPTED, at_any.number),
        (What.CANCELED, at_any.number),
    ]


def test_amendment_and_cancel_are_told_with_the_order_that_they_name() -> None:
    exchange = stocked()
    price = empty_book(exchange)
    order = send(exchange, BUY, 5, price)
    told = told_by(exchange)
    amended = exchange.amend("one", order.number, quantity=Decimal(3), price=price - 100)
    canceled = exchange.cancel("one", order.number)
    assert changes(told) == [
        (What.ACCEPTED, amended.number),
        (What.AMENDED, amended.number),
        (What.ACCEPTED, canceled.number),
        (What.CANCELED, canceled.number),
    ]
    named = [each.named for each in told if isinstance(each, OrderChanged)]
    assert [(each.number, each.amended, each.canceled, each.remaining) for each in named if each] == [
        (order.number, 3, 0, 2),
        (order.number, 3, 0, 2),
        (order.number, 3, 2, 0),
        (order.number, 3, 2, 0),
    ]


def test_what_the_exchange_refuses_later_is_told_as_refused_alone() -> None:
    exchange = stocked()
    price = empty_book(exchange)
    waiting = send(exchange, BUY, 5, price)
    exchange.reject_next("one")
    exchange.reject_next_cancel("one")
    told = told_by(exchange)
    refused = send(exchange, BUY, 5, price)
    cancel = exchange.cancel("one", waiting.number)
    assert changes(told) == [(What.REJECTED, refused.number), (What.REJECTED, cancel.number)]
    assert len(told) == 2


def test_a_stop_order_that_wakes_is_told_between_the_trades() -> None:
    exchange = stocked()
    price = empty_book(exchange)
    others(exchange, SELL, 1, price)
    others(exchange, SELL, 9, price + 100)
    stop = send(exchange, BUY, 4, price + 100, OrderType.STOP_LIMIT, stop=price)
    told = told_by(exchange)
    others(exchange, BUY, 1, price)
    assert [each.what if isinstance(each, OrderChanged) else type(each) for each in told] == [
        Traded,
        What.STOP_TRIGGERED,
        Traded,
        What.FILLED,
        BookChanged,
    ]
    assert changes(told)[-1] == (What.FILLED, stop.number)


def test_the_end_of_the_day_is_told_before_what_it_ends() -> None:
    exchange = stocked()
    order = send(exchange, BUY, 5, empty_book(exchange))
    told = told_by(exchange)
    exchange.phase = Phase.CLOSED
    exchange.phase = Phase.CLOSED
    assert [each.phase if isinstance(each, PhaseBegan) else each for each in told[:1]] == [Phase.CLOSED]
    assert changes(told) == [(What.EXPIRED, order.number)]
    assert told[2:] == [BookChanged(SAMSUNG)]


def test_a_market_order_that_an_auction_does_not_fill_is_told_as_cancelled() -> None:
    exchange = stocked()
    price = empty_book(exchange)
    exchange.phase = Phase.CLOSING_AUCTION
    order = send(exchange, BUY, 5)
    others(exchange, SELL, 2, price)
    told = told_by(exchange)
    exchange.phase = Phase.AFTER_CLOSE_CLOSING_PRICE
    assert changes(told) == [(What.FILLED, order.number), (What.CANCELED, order.number)]
    assert [type(each) for each in told] == [PhaseBegan, Traded, OrderChanged, OrderChanged, BookChanged]


def test_a_halt_hides_the_book_and_is_told_once() -> None:
    exchange = stocked()
    told = told_by(exchange)
    for act in (exchange.halt, exchange.halt, exchange.resume, exchange.resume):
        act(SAMSUNG)
    assert told == [
        HaltChanged(SAMSUNG, is_halted=True),
        BookChanged(SAMSUNG),
        HaltChanged(SAMSUNG, is_halted=False),
        BookChanged(SAMSUNG),
    ]


def test_who_fails_disturbs_neither_trader_nor_others(caplog: pytest.LogCaptureFixture) -> None:
    exchange = stocked()

    def fail(happening: Happening) -> None:
        raise RuntimeError("no ear")

    exchange.listen(fail)
    told = told_by(exchange)
    assert send(exchange, BUY, 1).filled == 1
    assert len(changes(told)) == 2
    assert "no ear" in caplog.text


def test_what_a_listener_does_itself_comes_behind_what_it_was_told() -> None:
    exchange = stocked()
    price = empty_book(exchange)

    def answer(happening: Happening) -> None:
        if isinstance(happening, OrderChanged) and happening.account == "one" and happening.what is What.ACCEPTED:
            others(exchange, SELL, 1, price)

    exchange.listen(answer)
    told = told_by(exchange)
    order = send(exchange, BUY, 1, price)
    assert exchange.order("one", order.number).filled == 1
    assert [type(each) for each in told] == [OrderChanged, BookChanged, Traded, OrderChanged, BookChanged]


def test_after_the_end_nothing_is_told() -> None:
    exchange = stocked()
    told: list[Happening] = []
    stop = exchange.listen(told.append)
    stop()
    send(exchange, BUY, 1)
    assert told == []


def test_threads_are_told_of_in_the_order_of_the_exchange() -> None:
    exchange = opened()
    mirror = Mirror(exchange)
    mirror.check()

    def trade(account: str) -> None:
        for _ in range(50):
            send(exchange, BUY, 1, account=account)

    threads = [threading.Thread(target=trade, args=(account,)) for account in ACCOUNTS * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert mirror.trades == exchange.trades(SAMSUNG)
    assert {number for account in ACCOUNTS for number, _ in mirror._of(account)} == set(mirror.rows)
