"""Amendments at the simulated exchange: a new order takes over, the named one keeps its row."""

# mypy: disable-error-code="comparison-overlap"
# Decimals are compared with ints on purpose.

from decimal import Decimal

import pytest

from brokerkit.market.sessions import Phase
from brokerkit.sandbox.exchange import Exchange, ExchangeOrder, ExchangeRefusal, Refusal
from brokerkit.words import OrderType, TimeInForce, Venue
from tests.exchanges import BUY, SAMSUNG, SELL, Number, empty_book, others, parts_of, send, stocked


@pytest.fixture
def exchange() -> Exchange:
    return stocked()


def amend(
    exchange: Exchange,
    order: ExchangeOrder,
    price: Number | None = None,
    quantity: int | None = None,
    *,
    kind: OrderType | None = None,
    stop: Number | None = None,
) -> ExchangeOrder:
    return exchange.amend(
        "one",
        order.number,
        price=None if price is None else Decimal(price),
        quantity=None if quantity is None else Decimal(quantity),
        type=kind,
        stop_price=None if stop is None else Decimal(stop),
    )


def refusal(exchange: Exchange, order: ExchangeOrder, *args: Number | None, **other: OrderType) -> tuple[Refusal, str]:
    before, book = exchange.orders("one"), exchange.order_book(SAMSUNG).bids
    with pytest.raises(ExchangeRefusal) as refused:
        amend(exchange, order, *args, **other)  # type: ignore[arg-type]
    assert exchange.orders("one") == before
    assert exchange.order_book(SAMSUNG).bids == book
    return refused.value.reason, refused.value.detail


def test_an_amendment_is_a_living_order_with_a_number_of_its_own(exchange: Exchange) -> None:
    price = empty_book(exchange)
    order = send(exchange, BUY, 10, price)
    row = amend(exchange, order, price - 100)
    assert (row.action, row.original, row.root, row.quantity) == ("AMEND", order.number, order.number, 10)
    assert row.number > order.number
    assert (row.request.price, row.request.quantity) == (price - 100, 10)
    assert parts_of(exchange, order) == {"amended": 10}
    assert parts_of(exchange, row) == {"remaining": 10}
    assert [(level.price, level.quantity) for level in exchange.order_book(SAMSUNG).bids] == [(price - 100, 10)]
    others(exchange, SELL, 4)
    assert parts_of(exchange, row) == {"filled": 4, "remaining": 6}
    assert parts_of(exchange, order) == {"amended": 10}


def test_a_part_can_be_amended_and_the_rest_keeps_its_place(exchange: Exchange) -> None:
    price = empty_book(exchange)
    order = send(exchange, BUY, 10, price)
    later = send(exchange, BUY, 10, price, account="two")
    row = amend(exchange, order, quantity=4)
    assert parts_of(exchange, order) == {"remaining": 6, "amended": 4}
    assert row.request.price == price
    others(exchange, SELL, 17)
    assert parts_of(exchange, order) == {"filled": 6, "amended": 4}
    assert parts_of(exchange, later, "two") == {"filled": 10}
    # The amended part went to the back of its price.
    assert parts_of(exchange, row) == {"filled": 1, "remaining": 3}


def test_the_chain_keeps_its_first_number_and_can_be_cancelled(exchange: Exchange) -> None:
    price = empty_book(exchange)
    order = send(exchange, BUY, 10, price)
    exchange.cancel("one", order.number, Decimal(2))
    first = amend(exchange, order, price - 100)
    second = amend(exchange, first, price - 200, 5)
    cancel = exchange.cancel("one", second.number, Decimal(3))
    assert (second.original, second.root) == (first.number, order.number)
    assert (cancel.action, cancel.original, cancel.root, cancel.quantity) == ("CANCEL", second.number, order.number, 3)
    assert parts_of(exchange, order) == {"canceled": 2, "amended": 8}
    assert parts_of(exchange, first) == {"remaining": 3, "amended": 5}
    assert parts_of(exchange, second) == {"remaining": 2, "canceled": 3}
    assert [row.action for row in exchange.orders("one")] == ["NEW", "CANCEL", "AMEND", "AMEND", "CANCEL"]


def test_an_amendment_trades_at_once_when_its_price_is_met(exchange: Exchange) -> None:
    ask = exchange.order_book(SAMSUNG).asks[0]
    order = send(exchange, BUY, 10, int(exchange.order_book(SAMSUNG).bids[0].price))
    row = amend(exchange, order, int(ask.price))
    assert (row.filled, row.average_price) == (10, ask.price)
    assert row.executions[0].order_number == row.number
    assert exchange.account("one").orderable == exchange.account("one").cash_d2


def test_the_type_can_be_amended(exchange: Exchange) -> None:
    bids = exchange.order_book(SAMSUNG).bids
    order = send(exchange, BUY, 10, int(bids[-1].price))
    better = amend(exchange, order, kind=OrderType.BEST_SAME_SIDE)
    assert better.request.price is None
    assert exchange.order_book(SAMSUNG).bids[0].quantity == bids[0].quantity + 10
    limited = amend(exchange, better, int(bids[1].price))
    assert limited.request.type is OrderType.LIMIT
    assert amend(exchange, limited, kind=OrderType.MARKET).filled == 10


def test_a_sleeping_stop_order_can_be_amended_and_a_woken_one_is_a_limit_order(exchange: Exchange) -> None:
    price = empty_book(exchange)
    order = send(exchange, SELL, 10, price, OrderType.STOP_LIMIT, stop=price - 100)
    row = amend(exchange, order, stop=price + 100)
    assert (row.request.type, row.request.price, row.request.stop_price) == (
        OrderType.STOP_LIMIT,
        price,
        price + 100,
    )
    assert exchange.order_book(SAMSUNG).asks == ()
    others(exchange, BUY, 1, price - 200)
    others(exchange, SELL, 1)
    assert [(level.price, level.quantity) for level in exchange.order_book(SAMSUNG).asks] == [(price, 10)]
    woken = amend(exchange, row, price + 200)
    assert (woken.request.type, woken.request.stop_price) == (OrderType.LIMIT, None)
    assert exchange.order_book(SAMSUNG).asks[0].price == price + 200


def test_amendments_that_name_nothing_or_too_much_are_refused(exchange: Exchange) -> None:
    price = empty_book(exchange)
    order = send(exchange, BUY, 10, price)
    cancel = exchange.cancel("one", order.number, Decimal(1))
    assert refusal(exchange, order, price, 10) == (Refusal.NOTHING_TO_CANCEL, "9")
    assert refusal(exchange, cancel, price) == (Refusal.NOTHING_TO_CANCEL, "0")
    assert refusal(exchange, order, price, 0) == (Refusal.QUANTITY, "")
    with pytest.raises(ExchangeRefusal) as refused:
        exchange.amend("two", order.number, price=Decimal(price))
    assert refused.value.reason is Refusal.UNKNOWN_ORDER
    row = amend(exchange, order, price - 100)
    assert refusal(exchange, order, price) == (Refusal.NOTHING_TO_CANCEL, "0")
    others(exchange, SELL, 9)
    assert refusal(exchange, row, price) == (Refusal.NOTHING_TO_CANCEL, "0")


def test_amendments_to_what_cannot_be_ordered_are_refused_and_change_nothing(exchange: Exchange) -> None:
    price = empty_book(exchange)
    upper = int(exchange.instruments[SAMSUNG].upper_limit)
    order = send(exchange, BUY, 10, price)
    assert refusal(exchange, order, price + 1)[0] is Refusal.PRICE_STEP
    assert refusal(exchange, order, upper + 100)[0] is Refusal.PRICE_LIMIT
    assert refusal(exchange, order, price, kind=OrderType.MARKET)[0] is Refusal.UNSUPPORTED_TYPE
    assert refusal(exchange, order, kind=OrderType.STOP_LIMIT)[0] is Refusal.UNSUPPORTED_TYPE
    assert refusal(exchange, order, kind=OrderType.PRE_OPEN_CLOSING_PRICE)[0] is Refusal.UNSUPPORTED_TYPE
    exchange.halt(SAMSUNG)
    assert refusal(exchange, order, price)[0] is Refusal.TRADING_HALTED
    exchange.resume(SAMSUNG)
    exchange.market_open = False
    assert refusal(exchange, order, price)[0] is Refusal.MARKET_CLOSED


def test_the_cash_of_the_named_order_counts_for_its_amendment(exchange: Exchange) -> None:
    price = empty_book(exchange)
    most = int(exchange.affordable("one", SAMSUNG, Decimal(price)))
    order = send(exchange, BUY, most, price)
    left = exchange.account("one").orderable
    reason, detail = refusal(exchange, order, price + 1_000)
    assert reason is Refusal.INSUFFICIENT_CASH
    # Without the cash of the named order hardly anything could be bought.
    assert int(exchange.affordable("one", SAMSUNG, Decimal(price))) == 0
    assert most - 100 < int(detail) < most
    exchange.cancel("one", order.number, Decimal(100))
    row = amend(exchange, order, price + 1_000)
    assert row.remaining == most - 100
    assert exchange.account("one").orderable >= 0
    exchange.cancel("one", row.number)
    assert exchange.account("one").orderable == 100_000_000 > left


def test_an_amended_sell_keeps_its_shares_reserved(exchange: Exchange) -> None:
    price = empty_book(exchange)
    order = send(exchange, SELL, 1_000, price)
    row = amend(exchange, order, price + 100, 400)
    assert exchange.account("one").holdings[0].sellable == 0
    exchange.cancel("one", row.number)
    assert exchange.account("one").holdings[0].sellable == 400


def test_orders_can_be_amended_in_an_auction(exchange: Exchange) -> None:
    price = empty_book(exchange)
    exchange.phase = Phase.CLOSING_AUCTION
    order = send(exchange, BUY, 10, price)
    row = amend(exchange, order, kind=OrderType.MARKET)
    assert parts_of(exchange, row) == {"remaining": 10}
    others(exchange, SELL, 10, price)
    exchange.phase = Phase.CLOSED
    assert parts_of(exchange, row) == {"filled": 10}


def test_an_order_of_a_type_that_is_over_can_become_a_limit_order(exchange: Exchange) -> None:
    price = empty_book(exchange)
    order = send(exchange, SELL, 10, price, OrderType.STOP_LIMIT, stop=price - 100)
    exchange.phase = Phase.CLOSING_AUCTION
    assert refusal(exchange, order, price - 100)[0] is Refusal.UNSUPPORTED_TYPE
    row = amend(exchange, order, price - 100, kind=OrderType.LIMIT)
    assert (row.request.type, row.request.stop_price, row.remaining) == (OrderType.LIMIT, None, 10)


def test_an_order_of_the_evening_can_be_amended_there(exchange: Exchange) -> None:
    price = empty_book(exchange)
    order = send(exchange, BUY, 5, price, venue=Venue.NXT)
    exchange.phase = Phase.AFTER_MARKET
    row = amend(exchange, order, price + 100)
    assert (row.request.venue, row.request.time_in_force, row.remaining) == (Venue.NXT, TimeInForce.DAY, 5)
