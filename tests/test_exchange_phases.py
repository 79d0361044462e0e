"""Phases of the day at the simulated exchange: auctions, closing prices, the evening, and what expires when."""

# mypy: disable-error-code="comparison-overlap"
# Decimals are compared with ints on purpose.

from decimal import Decimal

import pytest

from brokerkit.market.sessions import Phase
from brokerkit.models import OrderRequest
from brokerkit.sandbox.exchange import Exchange, ExchangeRefusal, Refusal
from brokerkit.words import OrderType, TimeInForce, Venue
from tests.exchanges import BUY, SAMSUNG, SELL, TODAY, empty_book, others, parts_of, send, stocked


@pytest.fixture
def exchange() -> Exchange:
    return stocked()


def test_regular_trading_goes_on_until_somebody_sets_another_phase(exchange: Exchange) -> None:
    assert exchange.phase is Phase.REGULAR
    assert exchange.market_open
    exchange.phase = Phase.CLOSED
    assert not exchange.market_open
    exchange.market_open = True
    assert exchange.phase is Phase.REGULAR


def test_an_auction_matches_at_the_one_price_with_most_shares(exchange: Exchange) -> None:
    price = empty_book(exchange)
    exchange.phase = Phase.OPENING_AUCTION
    orders = [
        send(exchange, BUY, 30, price + 200),
        send(exchange, BUY, 20, price + 100),
        send(exchange, BUY, 10, price),
    ]
    others(exchange, SELL, 25, price - 100)
    others(exchange, SELL, 20, price + 100)
    others(exchange, SELL, 50, price + 300)
    assert [parts_of(exchange, order) for order in orders] == [{"remaining": 30}, {"remaining": 20}, {"remaining": 10}]
    volume = exchange.quote(SAMSUNG).volume
    exchange.phase = Phase.REGULAR
    assert [parts_of(exchange, order) for order in orders] == [
        {"filled": 30},
        {"filled": 15, "remaining": 5},
        {"remaining": 10},
    ]
    assert {fill.price for order in orders for fill in exchange.order("one", order.number).executions} == {price + 100}
    quote = exchange.quote(SAMSUNG)
    assert volume is not None
    assert (quote.price, quote.volume) == (price + 100, volume + 45)
    book = exchange.order_book(SAMSUNG)
    assert book.bids[0].price == price + 100
    assert book.asks[0].price == price + 300


def test_how_an_auction_would_end_is_told_while_it_gathers_orders(exchange: Exchange) -> None:
    price = empty_book(exchange)
    assert exchange.expected(SAMSUNG) is None
    exchange.phase = Phase.CLOSING_AUCTION
    assert exchange.expected(SAMSUNG) is None
    order = send(exchange, BUY, 30, price + 200)
    assert exchange.expected(SAMSUNG) is None
    others(exchange, SELL, 25, price - 100)
    told = exchange.expected(SAMSUNG)
    exchange.halt(SAMSUNG)
    assert exchange.expected(SAMSUNG) is None
    exchange.resume(SAMSUNG)
    exchange.phase = Phase.AFTER_CLOSE_CLOSING_PRICE
    (fill,) = exchange.order(order.account, order.number).executions
    assert told is not None
    assert (told.price, told.quantity) == (fill.price, fill.quantity)
    assert exchange.expected(SAMSUNG) is None


def test_of_two_auction_prices_the_one_that_leaves_fewest_over_wins(exchange: Exchange) -> None:
    price = empty_book(exchange)
    exchange.phase = Phase.OPENING_AUCTION
    others(exchange, BUY, 10, price + 500)
    others(exchange, BUY, 5, price)
    sell = send(exchange, SELL, 10, price - 300)
    exchange.phase = Phase.REGULAR
    # At the upper price nobody is left over; at the lower ones five shares would be.
    assert exchange.order("one", sell.number).average_price == price + 500


def test_market_orders_go_first_in_an_auction_and_their_rest_is_cancelled(exchange: Exchange) -> None:
    price = empty_book(exchange)
    exchange.phase = Phase.OPENING_AUCTION
    limited = send(exchange, BUY, 10, price + 1_000)
    unlimited = send(exchange, BUY, 15, account="two")
    assert exchange.account("two").orderable <= 100_000_000 - 15 * exchange.instruments[SAMSUNG].upper_limit
    assert [level.quantity for level in exchange.order_book(SAMSUNG).bids] == [10]
    others(exchange, SELL, 12, price)
    exchange.phase = Phase.REGULAR
    assert parts_of(exchange, unlimited, "two") == {"filled": 12, "canceled": 3}
    assert parts_of(exchange, limited) == {"remaining": 10}
    assert exchange.account("two").orderable == exchange.account("two").cash_d2


def test_market_orders_alone_meet_at_the_last_price(exchange: Exchange) -> None:
    empty_book(exchange)
    last = exchange.quote(SAMSUNG).price
    exchange.phase = Phase.OPENING_AUCTION
    buy, sell = send(exchange, BUY, 5), send(exchange, SELL, 7, account="two")
    others(exchange, BUY, 1)
    exchange.phase = Phase.REGULAR
    assert parts_of(exchange, buy) == {"filled": 5}
    assert parts_of(exchange, sell, "two") == {"filled": 6, "canceled": 1}
    assert exchange.order("one", buy.number).average_price == last


def test_the_closing_auction_ends_with_the_session_and_nothing_is_left(exchange: Exchange) -> None:
    price = empty_book(exchange)
    early = send(exchange, SELL, 10, price + 500, OrderType.LIMIT_TO_MARKET_ON_CLOSE)
    waiting = send(exchange, BUY, 10, price - 300)
    exchange.phase = Phase.CLOSING_AUCTION
    assert exchange.order_book(SAMSUNG).asks == ()
    buy = send(exchange, BUY, 6, price, account="two")
    exchange.phase = Phase.CLOSED
    assert parts_of(exchange, buy, "two") == {"filled": 6}
    assert parts_of(exchange, early) == {"filled": 10}
    assert parts_of(exchange, waiting) == {"filled": 4, "expired": 6}
    assert exchange.order("one", early.number).average_price == price - 300
    for account in ("one", "two"):
        state = exchange.account(account)
        assert state.orderable == state.cash_d2
        assert state.holdings[0].sellable == state.holdings[0].quantity


def test_an_opening_auction_that_is_called_off_matches_nothing(exchange: Exchange) -> None:
    price = empty_book(exchange)
    exchange.phase = Phase.OPENING_AUCTION
    buy, sell = send(exchange, BUY, 5, price), send(exchange, SELL, 5, price, account="two")
    exchange.phase = Phase.CLOSED
    assert parts_of(exchange, buy) == parts_of(exchange, sell, "two") == {"expired": 5}


def test_a_closed_switch_refuses_but_nothing_expires_before_the_phase_is_closed(exchange: Exchange) -> None:
    price = empty_book(exchange)
    order = send(exchange, BUY, 5, price)
    exchange.market_open = False
    assert exchange.phase is Phase.CLOSED
    with pytest.raises(ExchangeRefusal) as refused:
        others(exchange, SELL, 1)
    assert refused.value.reason is Refusal.MARKET_CLOSED
    exchange.market_open = True
    others(exchange, SELL, 1)
    assert parts_of(exchange, order) == {"filled": 1, "remaining": 4}
    exchange.market_open = False
    exchange.phase = Phase.CLOSED
    assert parts_of(exchange, order) == {"filled": 1, "expired": 4}


def test_an_auction_is_matched_after_an_interruption(exchange: Exchange) -> None:
    price = empty_book(exchange)
    exchange.phase = Phase.OPENING_AUCTION
    buy = send(exchange, BUY, 5, price)
    send(exchange, SELL, 5, price, account="two")
    exchange.market_open = False
    exchange.market_open = True
    assert parts_of(exchange, buy) == {"filled": 5}


def test_a_halted_symbol_is_matched_when_it_resumes(exchange: Exchange) -> None:
    price = empty_book(exchange)
    exchange.phase = Phase.OPENING_AUCTION
    buy = send(exchange, BUY, 5, price)
    others(exchange, SELL, 5, price)
    exchange.halt(SAMSUNG)
    exchange.phase = Phase.REGULAR
    assert parts_of(exchange, buy) == {"remaining": 5}
    exchange.resume(SAMSUNG)
    assert parts_of(exchange, buy) == {"filled": 5}


def test_stop_and_midpoint_orders_sit_an_auction_out(exchange: Exchange) -> None:
    price = empty_book(exchange)
    asleep = send(exchange, SELL, 5, price - 100, OrderType.STOP_LIMIT, stop=price)
    middle = send(exchange, SELL, 5, kind=OrderType.MIDPOINT)
    exchange.phase = Phase.CLOSING_AUCTION
    buy = send(exchange, BUY, 5, price, account="two")
    others(exchange, SELL, 2, price)
    exchange.phase = Phase.REGULAR
    assert parts_of(exchange, middle) == {"remaining": 5}
    # The price of the auction reached the stop price, and the buyer was still there.
    assert parts_of(exchange, buy, "two") == {"filled": 5}
    assert parts_of(exchange, asleep) == {"filled": 3, "remaining": 2}


@pytest.mark.parametrize(
    ("phase", "kind"),
    [
        (Phase.PRE_OPEN_CLOSING_PRICE, OrderType.PRE_OPEN_CLOSING_PRICE),
        (Phase.AFTER_CLOSE_CLOSING_PRICE, OrderType.AFTER_CLOSE_CLOSING_PRICE),
    ],
)
def test_closing_price_orders_trade_with_each_other_and_with_a_crowd(
    exchange: Exchange, phase: Phase, kind: OrderType
) -> None:
    before, prints = exchange.quote(SAMSUNG), len(exchange.trades(SAMSUNG))
    at_open = phase is Phase.PRE_OPEN_CLOSING_PRICE
    price = before.previous_close if at_open else before.price
    exchange.phase = phase
    buy = send(exchange, BUY, 1_000, kind=kind)
    filled = int(buy.filled)
    assert 100 <= filled <= 500
    assert buy.average_price == price
    sell = send(exchange, SELL, 10, kind=kind, account="two")
    assert parts_of(exchange, sell, "two") == {"filled": 10}
    assert sell.average_price == price
    assert parts_of(exchange, buy) == {"filled": filled + 10, "remaining": 990 - filled}
    after = exchange.quote(SAMSUNG)
    assert (after.price, after.volume, len(exchange.trades(SAMSUNG))) == (before.price, before.volume, prints)
    exchange.phase = Phase.REGULAR
    assert parts_of(exchange, buy) == {"filled": filled + 10, "expired": 990 - filled}
    assert exchange.account("one").orderable == exchange.account("one").cash_d2


def test_the_crowd_is_the_same_for_the_same_seed(exchange: Exchange) -> None:
    fills = []
    for one in (exchange, Exchange(today=TODAY)):
        if one is not exchange:
            one.open_account("one")
        one.phase = Phase.PRE_OPEN_CLOSING_PRICE
        fills.append(send(one, BUY, 1_000, kind=OrderType.PRE_OPEN_CLOSING_PRICE).filled)
    assert fills[0] == fills[1]


def test_nobody_else_can_be_played_in_the_closing_price_session(exchange: Exchange) -> None:
    exchange.phase = Phase.AFTER_CLOSE_CLOSING_PRICE
    with pytest.raises(ExchangeRefusal) as refused:
        others(exchange, SELL, 1)
    assert refused.value.reason is Refusal.UNSUPPORTED_TYPE


def test_the_evening_begins_without_the_orders_of_krx_and_with_those_of_nxt(exchange: Exchange) -> None:
    price = empty_book(exchange)
    at_krx = send(exchange, BUY, 5, price - 100)
    routed = send(exchange, BUY, 5, price - 100, venue=Venue.SOR)
    at_nxt = send(exchange, BUY, 5, price - 100, venue=Venue.NXT)
    middle = send(exchange, BUY, 5, kind=OrderType.MIDPOINT, venue=Venue.NXT)
    exchange.phase = Phase.AFTER_CLOSE_CLOSING_PRICE
    assert parts_of(exchange, at_krx) == {"remaining": 5}
    exchange.phase = Phase.AFTER_MARKET
    assert parts_of(exchange, at_krx) == parts_of(exchange, routed) == parts_of(exchange, middle) == {"expired": 5}
    assert parts_of(exchange, at_nxt) == {"remaining": 5}
    late = send(exchange, SELL, 5, price - 100, account="two")
    assert parts_of(exchange, late, "two") == parts_of(exchange, at_nxt) == {"filled": 5}
    exchange.phase = Phase.CLOSED
    with pytest.raises(ExchangeRefusal) as refused:
        send(exchange, BUY, 1, price)
    assert refused.value.reason is Refusal.MARKET_CLOSED


def test_orders_for_the_pre_market_end_with_it_and_others_of_nxt_live_on(exchange: Exchange) -> None:
    price = empty_book(exchange)
    exchange.phase = Phase.PRE_MARKET
    till = TimeInForce.GOOD_TILL_PRE_MARKET
    short = send(exchange, BUY, 5, price, time_in_force=till, venue=Venue.NXT)
    long = send(exchange, BUY, 5, price - 100, venue=Venue.NXT)
    with pytest.raises(ExchangeRefusal) as refused:
        send(exchange, BUY, 5, price)
    assert refused.value.reason is Refusal.MARKET_CLOSED
    others(exchange, SELL, 2)
    exchange.phase = Phase.REGULAR
    assert parts_of(exchange, short) == {"filled": 2, "expired": 3}
    assert parts_of(exchange, long) == {"remaining": 5}


def test_closing_expires_every_order_of_every_symbol(exchange: Exchange) -> None:
    symbols = list(exchange.instruments)[:20]
    for symbol in symbols:
        price = exchange.order_book(symbol).bids[-1].price
        request = OrderRequest(symbol=symbol, side=BUY, quantity=Decimal(1), type=OrderType.LIMIT, price=price)
        exchange.submit("one", request)
    exchange.phase = Phase.CLOSED
    assert all(row.expired == 1 and not row.remaining for row in exchange.orders("one"))
    assert exchange.account("one").orderable == 100_000_000
