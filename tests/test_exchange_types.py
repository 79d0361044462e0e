"""Order types of the simulated exchange beyond limit and market, while trading is continuous."""

# mypy: disable-error-code="comparison-overlap"
# Decimals are compared with ints on purpose.

from decimal import Decimal
from functools import partial
from itertools import product

import pytest

from brokerkit.market.sessions import Phase, offers
from brokerkit.models import PRICED, STOPS, OrderRequest
from brokerkit.sandbox.exchange import Exchange, ExchangeOrder, ExchangeRefusal, Refusal
from brokerkit.words import OrderType, Side, TimeInForce, Venue
from tests.exchanges import BUY, FUND, SAMSUNG, SELL, empty_book, others, send, stocked

IOC, FOK = TimeInForce.IOC, TimeInForce.FOK


@pytest.fixture
def exchange() -> Exchange:
    return stocked()


def prices_of(exchange: Exchange, order: ExchangeOrder, account: str = "one") -> list[int]:
    return [int(fill.price) for fill in exchange.order(account, order.number).executions]


def state_of(exchange: Exchange, order: ExchangeOrder, account: str = "one") -> tuple[int, int, int]:
    row = exchange.order(account, order.number)
    return int(row.filled), int(row.remaining), int(row.canceled)


def test_every_offered_type_is_taken_and_every_other_one_is_refused(exchange: Exchange) -> None:
    price = int(exchange.order_book(SAMSUNG).bids[3].price)
    for phase, venue, kind, time_in_force in product(Phase, Venue, OrderType, TimeInForce):
        exchange.phase = phase
        limit = price if kind in PRICED else None
        stop = price if kind in STOPS else None
        order = partial(send, exchange, BUY, 1, limit, kind, stop=stop, time_in_force=time_in_force, venue=venue)
        if (kind, time_in_force) in offers(venue, phase):
            row = order()
            assert row.quantity == row.filled + row.remaining + row.canceled == 1
            continue
        with pytest.raises(ExchangeRefusal) as refused:
            order()
        closed = not offers(venue, phase)
        assert refused.value.reason is (Refusal.MARKET_CLOSED if closed else Refusal.UNSUPPORTED_TYPE)


def test_best_opposite_is_a_limit_at_the_best_price_of_the_other_side(exchange: Exchange) -> None:
    ask = exchange.order_book(SAMSUNG).asks[0]
    order = send(exchange, BUY, int(ask.quantity) + 5, kind=OrderType.BEST_OPPOSITE)
    assert state_of(exchange, order) == (ask.quantity, 5, 0)
    assert exchange.order_book(SAMSUNG).bids[0].price == ask.price
    assert order.request.price is None


def test_best_opposite_goes_a_step_beyond_its_own_side_when_the_other_is_empty(exchange: Exchange) -> None:
    price = empty_book(exchange)
    others(exchange, BUY, 10, price)
    send(exchange, BUY, 1, kind=OrderType.BEST_OPPOSITE)
    assert exchange.order_book(SAMSUNG).bids[0].price == price + 100
    empty_book(exchange)
    others(exchange, SELL, 10, price)
    send(exchange, SELL, 1, kind=OrderType.BEST_OPPOSITE)
    assert exchange.order_book(SAMSUNG).asks[0].price == price - 100


def test_best_opposite_takes_the_last_price_when_the_book_is_empty(exchange: Exchange) -> None:
    empty_book(exchange)
    last = exchange.quote(SAMSUNG).price
    send(exchange, BUY, 1, kind=OrderType.BEST_OPPOSITE)
    assert exchange.order_book(SAMSUNG).bids[0].price == last


def test_best_opposite_never_leaves_the_limits_of_the_day(exchange: Exchange) -> None:
    empty_book(exchange)
    upper = int(exchange.instruments[SAMSUNG].upper_limit)
    others(exchange, BUY, 1, upper)
    send(exchange, BUY, 1, kind=OrderType.BEST_OPPOSITE)
    assert [(level.price, level.quantity) for level in exchange.order_book(SAMSUNG).bids] == [(upper, 2)]


def test_best_opposite_can_end_at_once(exchange: Exchange) -> None:
    ask = exchange.order_book(SAMSUNG).asks[0]
    nothing = send(exchange, BUY, int(ask.quantity) + 1, kind=OrderType.BEST_OPPOSITE, time_in_force=FOK)
    part = send(exchange, BUY, int(ask.quantity) + 1, kind=OrderType.BEST_OPPOSITE, time_in_force=IOC)
    assert state_of(exchange, nothing) == (0, 0, ask.quantity + 1)
    assert state_of(exchange, part) == (ask.quantity, 0, 1)


def test_best_same_side_waits_at_the_best_price_of_its_own_side(exchange: Exchange) -> None:
    bid = exchange.order_book(SAMSUNG).bids[0]
    order = send(exchange, BUY, 5, kind=OrderType.BEST_SAME_SIDE)
    assert state_of(exchange, order) == (0, 5, 0)
    assert exchange.order_book(SAMSUNG).bids[0].quantity == bid.quantity + 5
    assert exchange.account("one").orderable < 100_000_000 - 5 * bid.price


def test_best_same_side_without_an_own_side_is_refused_and_no_price_is_made_up(exchange: Exchange) -> None:
    price = empty_book(exchange)
    others(exchange, SELL, 10, price)
    with pytest.raises(ExchangeRefusal) as refused:
        send(exchange, BUY, 1, kind=OrderType.BEST_SAME_SIDE)
    assert refused.value.reason is Refusal.UNSUPPORTED_TYPE
    assert exchange.orders("one") == []


def test_midpoint_orders_meet_in_the_middle_between_the_steps(exchange: Exchange) -> None:
    price = empty_book(exchange)
    others(exchange, BUY, 10, price)
    others(exchange, SELL, 10, price + 100)
    sell = send(exchange, SELL, 7, kind=OrderType.MIDPOINT)
    assert state_of(exchange, sell) == (0, 7, 0)
    assert [level.quantity for level in exchange.order_book(SAMSUNG).asks] == [10]
    buy = send(exchange, BUY, 10, kind=OrderType.MIDPOINT, account="two")
    assert prices_of(exchange, sell) == prices_of(exchange, buy, "two") == [price + 50]
    assert state_of(exchange, buy, "two") == (7, 3, 0)
    assert exchange.quote(SAMSUNG).price == price + 50


def test_the_middle_is_cut_below_one_won(exchange: Exchange) -> None:
    symbol = "252670"  # steps of one won
    for side in Side:
        exchange.trade(symbol, side, Decimal(1_000_000))
    price = exchange.instruments[symbol].previous_close
    exchange.trade(symbol, BUY, Decimal(10), price)
    exchange.trade(symbol, SELL, Decimal(10), price + 3)
    for side, account in ((BUY, "one"), (SELL, "two")):
        exchange.give_holding(account, symbol, Decimal(10), Decimal(10_000))
        request = OrderRequest(symbol=symbol, side=side, quantity=Decimal(1), type=OrderType.MIDPOINT)
        row = exchange.submit(account, request)
    assert row.average_price == price + 1


def test_a_waiting_midpoint_order_follows_the_middle_and_comes_before_worse_prices(exchange: Exchange) -> None:
    price = empty_book(exchange)
    others(exchange, BUY, 10, price)
    others(exchange, SELL, 10, price + 400)
    sell = send(exchange, SELL, 5, kind=OrderType.MIDPOINT)
    others(exchange, BUY, 10, price + 100)
    buy = send(exchange, BUY, 7, kind=OrderType.MARKET, account="two")
    assert prices_of(exchange, sell) == [price + 250]
    assert prices_of(exchange, buy, "two") == [price + 250, price + 400]


def test_a_limit_below_the_middle_does_not_meet_it(exchange: Exchange) -> None:
    price = empty_book(exchange)
    others(exchange, BUY, 10, price)
    others(exchange, SELL, 10, price + 300)
    sell = send(exchange, SELL, 5, kind=OrderType.MIDPOINT)
    buy = send(exchange, BUY, 5, price + 100, OrderType.LIMIT, account="two")
    assert state_of(exchange, sell) == state_of(exchange, buy, "two") == (0, 5, 0)
    filled = send(exchange, BUY, 5, price + 200, OrderType.LIMIT, account="two", time_in_force=FOK)
    assert prices_of(exchange, filled, "two") == [price + 200]


def test_midpoint_orders_without_a_middle_wait_or_end(exchange: Exchange) -> None:
    price = empty_book(exchange)
    others(exchange, BUY, 10, price)
    waiting = send(exchange, SELL, 5, kind=OrderType.MIDPOINT)
    ended = send(exchange, SELL, 5, kind=OrderType.MIDPOINT, time_in_force=IOC)
    dead = send(exchange, BUY, 5, kind=OrderType.MIDPOINT, time_in_force=FOK, account="two")
    assert state_of(exchange, waiting) == (0, 5, 0)
    assert state_of(exchange, ended) == state_of(exchange, dead, "two") == (0, 0, 5)
    exchange.cancel("one", waiting.number)
    assert exchange.account("one").holdings[0].sellable == 1_000


def test_a_waiting_midpoint_buy_holds_back_the_upper_limit(exchange: Exchange) -> None:
    send(exchange, BUY, 10, kind=OrderType.MIDPOINT)
    assert exchange.account("one").orderable <= 100_000_000 - 10 * exchange.instruments[SAMSUNG].upper_limit


def test_a_stop_order_sleeps_unseen_until_a_trade_reaches_its_price(exchange: Exchange) -> None:
    price = empty_book(exchange)
    others(exchange, SELL, 5, price + 100)
    others(exchange, SELL, 20, price + 200)
    order = send(exchange, BUY, 10, price + 200, OrderType.STOP_LIMIT, stop=price + 100)
    assert exchange.order_book(SAMSUNG).bids == ()
    assert exchange.account("one").orderable < 100_000_000 - 10 * (price + 200)
    others(exchange, BUY, 3, price)
    assert state_of(exchange, order) == (0, 10, 0)
    others(exchange, BUY, 4, price + 100)
    assert prices_of(exchange, order) == [price + 100, price + 200]
    assert state_of(exchange, order) == (10, 0, 0)
    assert exchange.account("one").orderable == exchange.account("one").cash_d2


def test_a_trade_before_the_stop_order_does_not_wake_it(exchange: Exchange) -> None:
    price = empty_book(exchange)
    others(exchange, SELL, 1, price + 100)
    others(exchange, BUY, 1)
    order = send(exchange, BUY, 10, price, OrderType.STOP_LIMIT, stop=price + 100)
    assert exchange.order_book(SAMSUNG).bids == ()
    others(exchange, SELL, 1, price + 200)
    others(exchange, BUY, 1)
    assert [(level.price, level.quantity) for level in exchange.order_book(SAMSUNG).bids] == [(price, 10)]
    assert state_of(exchange, order) == (0, 10, 0)


def test_stop_orders_wake_each_other(exchange: Exchange) -> None:
    price = empty_book(exchange)
    for step in (0, 1, 2):
        others(exchange, BUY, 10, price - step * 100)
    first = send(exchange, SELL, 12, price - 200, OrderType.STOP_LIMIT, stop=price)
    second = send(exchange, SELL, 5, price - 200, OrderType.STOP_LIMIT, stop=price - 100, account="two")
    others(exchange, SELL, 1)
    assert prices_of(exchange, first) == [price, price - 100]
    assert prices_of(exchange, second, "two") == [price - 100]
    assert exchange.account("two").holdings[0].sellable == 995


def test_a_sleeping_stop_order_can_be_cancelled_in_parts(exchange: Exchange) -> None:
    price = empty_book(exchange)
    order = send(exchange, SELL, 10, price, OrderType.STOP_LIMIT, stop=price)
    exchange.cancel("one", order.number, Decimal(4))
    assert exchange.account("one").holdings[0].sellable == 994
    exchange.cancel("one", order.number)
    assert state_of(exchange, order) == (0, 0, 10)
    assert exchange.account("one").holdings[0].sellable == 1_000


def test_stop_prices_are_checked_like_prices(exchange: Exchange) -> None:
    price = int(exchange.instruments[SAMSUNG].previous_close)
    upper = int(exchange.instruments[SAMSUNG].upper_limit)
    reasons = []
    for stop in (price + 1, upper + 100):
        with pytest.raises(ExchangeRefusal) as refused:
            send(exchange, BUY, 1, price, OrderType.STOP_LIMIT, stop=stop)
        reasons.append(refused.value.reason)
    assert reasons == [Refusal.PRICE_STEP, Refusal.PRICE_LIMIT]


def test_limit_to_market_on_close_is_a_limit_order_that_could_cost_the_upper_limit(exchange: Exchange) -> None:
    price = empty_book(exchange)
    order = send(exchange, BUY, 10, price, OrderType.LIMIT_TO_MARKET_ON_CLOSE)
    assert exchange.order_book(SAMSUNG).bids[0].price == price
    assert exchange.account("one").orderable <= 100_000_000 - 10 * exchange.instruments[SAMSUNG].upper_limit
    others(exchange, SELL, 10)
    assert prices_of(exchange, order) == [price]


def test_routed_orders_before_and_after_regular_trading_need_a_symbol_of_nxt(exchange: Exchange) -> None:
    price = exchange.instruments[FUND].previous_close
    for phase, venue in (
        (Phase.PRE_MARKET, Venue.SOR),
        (Phase.AFTER_MARKET, Venue.SOR),
        (Phase.AFTER_MARKET, Venue.KRX),
        (Phase.AFTER_MARKET, Venue.NXT),
    ):
        exchange.phase = phase
        request = OrderRequest(
            symbol=FUND, side=BUY, quantity=Decimal(1), type=OrderType.LIMIT, price=price, venue=venue
        )
        with pytest.raises(ExchangeRefusal) as refused:
            exchange.submit("one", request)
        assert refused.value.reason is Refusal.UNSUPPORTED_TYPE
