"""The simulated exchange: listing, opening state, matching, refusals and cancels."""

# mypy: disable-error-code="comparison-overlap"
# Decimals are compared with ints on purpose.

import datetime as dt
import itertools
import threading
from decimal import ROUND_HALF_UP, Decimal

import pytest

from brokerkit.clock import KST
from brokerkit.market.ticks import is_on_tick, price_limits, tick_size
from brokerkit.sandbox.exchange import Exchange, ExchangeOrder, ExchangeRefusal, Refusal, Segment
from brokerkit.words import SecurityType, Side, TimeInForce, Venue
from tests.exchanges import FUND, SAMSUNG, TODAY, empty_book, opened, refusal, send


@pytest.fixture
def exchange() -> Exchange:
    return opened()


def state_of(order: ExchangeOrder) -> tuple[int, int, int]:
    return int(order.filled), int(order.remaining), int(order.canceled)


def test_some_two_hundred_symbols_are_listed_in_every_price_band(exchange: Exchange) -> None:
    listed = exchange.instruments.values()
    stocks = [instrument for instrument in listed if instrument.kind is SecurityType.STOCK]
    assert len(listed) == len({instrument.name for instrument in listed}) == 204
    assert sum(instrument.market is Segment.KOSDAQ for instrument in stocks) == 55
    assert sum(instrument.leverage is not None for instrument in listed) == 25
    assert {tick_size(stock.previous_close) for stock in stocks} == {1, 5, 10, 50, 100, 500, 1_000}
    assert exchange.instruments["0126Z0"].kind is SecurityType.STOCK
    assert abs(exchange.instruments[SAMSUNG].previous_close - 70_000) <= 2_000
    assert abs(exchange.instruments[FUND].previous_close - 35_000) <= 1_000
    assert not any(instrument.nxt for instrument in listed if instrument.kind is SecurityType.ETF)
    assert sum(stock.nxt for stock in stocks) > 100


def test_every_symbol_opens_in_a_consistent_state(exchange: Exchange) -> None:
    for symbol, instrument in exchange.instruments.items():
        quote, book = exchange.quote(symbol), exchange.order_book(symbol)
        assert is_on_tick(instrument.previous_close, instrument.kind)
        assert quote.open
        assert quote.high
        assert quote.low
        assert quote.volume
        assert quote.turnover
        assert instrument.lower_limit <= quote.low <= min(quote.open, quote.price)
        assert max(quote.open, quote.price) <= quote.high <= instrument.upper_limit
        assert abs(quote.price / instrument.previous_close - 1) < Decimal("0.06")
        assert quote.low * quote.volume <= quote.turnover <= quote.high * quote.volume
        assert all(value is not None for value in quote.model_dump().values())
        assert book.asks[0].price == quote.price
        assert book.bids[0].price < quote.price
        prices = [level.price for level in (*book.bids[::-1], *book.asks)]
        assert len(prices) == 20
        assert all(low + tick_size(low, instrument.kind) == high for low, high in itertools.pairwise(prices))
        assert all(5 <= level.quantity <= 900 for level in (*book.bids, *book.asks))
    leveraged = exchange.instruments["122630"]
    assert (leveraged.lower_limit, leveraged.upper_limit) == price_limits(
        leveraged.previous_close, SecurityType.ETF, 60
    )


def test_the_same_seed_gives_the_same_market_and_another_seed_another() -> None:
    def picture(exchange: Exchange) -> tuple[object, ...]:
        quotes = [exchange.quote(symbol).model_dump(exclude={"time"}) for symbol in (SAMSUNG, FUND, "000660")]
        books = [exchange.order_book(symbol).asks for symbol in (SAMSUNG, FUND)]
        number = send(exchange, Side.BUY, 1).number
        return quotes, books, exchange.investor_flow(SAMSUNG), number

    assert picture(opened(7)) == picture(opened(7))
    assert all(one != other for one, other in zip(picture(opened(7)), picture(opened(8)), strict=True))


def test_the_clock_starts_at_ten_of_the_day_that_is_played(exchange: Exchange) -> None:
    late = exchange.now() - dt.datetime(2026, 11, 20, 10, tzinfo=KST)
    assert dt.timedelta(0) <= late < dt.timedelta(seconds=30)
    assert exchange.today == TODAY


def test_change_is_told_against_the_previous_close(exchange: Exchange) -> None:
    close = empty_book(exchange)
    lower = exchange.instruments[SAMSUNG].lower_limit
    send(exchange, Side.BUY, 1, lower)
    exchange.trade(SAMSUNG, Side.SELL, Decimal(1))
    quote = exchange.quote(SAMSUNG)
    assert quote.price == quote.low == lower
    assert quote.change == lower - close
    assert quote.change_percent == ((lower - close) * 100 / close).quantize(Decimal("0.01"), ROUND_HALF_UP)
    for symbol, instrument in exchange.instruments.items():
        quote = exchange.quote(symbol)
        percent = (quote.price - instrument.previous_close) * 100 / instrument.previous_close
        assert quote.change_percent == percent.quantize(Decimal("0.01"), ROUND_HALF_UP)


def test_a_large_buy_at_the_last_price_fills_partly_and_the_rest_waits(exchange: Exchange) -> None:
    before = exchange.quote(SAMSUNG)
    best = exchange.order_book(SAMSUNG).asks[0].quantity
    order = send(exchange, Side.BUY, 1_000, before.price)
    assert state_of(order) == (best, 1_000 - best, 0)
    assert order.average_price == before.price
    assert exchange.order_book(SAMSUNG).bids[0].price == before.price
    assert exchange.order_book(SAMSUNG).bids[0].quantity == 1_000 - best
    after = exchange.quote(SAMSUNG)
    assert before.volume is not None
    assert before.turnover is not None
    assert after.volume == before.volume + best
    assert after.turnover == before.turnover + best * before.price


def test_better_prices_trade_first_and_then_earlier_orders(exchange: Exchange) -> None:
    price = empty_book(exchange)
    tick = tick_size(price)
    late = send(exchange, Side.BUY, 10, price)
    later = send(exchange, Side.BUY, 10, price, account="two")
    better = send(exchange, Side.BUY, 10, price + tick)
    exchange.trade(SAMSUNG, Side.SELL, Decimal(25), price)
    assert state_of(exchange.order("one", better.number)) == (10, 0, 0)
    assert state_of(exchange.order("one", late.number)) == (10, 0, 0)
    assert state_of(exchange.order("two", later.number)) == (5, 5, 0)
    assert [fill.price for fill in exchange.order("one", better.number).executions] == [price + tick]


def test_a_limit_is_never_passed_and_the_rest_of_an_anonymous_limit_order_waits(exchange: Exchange) -> None:
    price = empty_book(exchange)
    send(exchange, Side.BUY, 10, price)
    exchange.trade(SAMSUNG, Side.SELL, Decimal(5), price + tick_size(price))
    exchange.trade(SAMSUNG, Side.SELL, Decimal(15), price)
    assert [level.quantity for level in exchange.order_book(SAMSUNG).asks] == [5, 5]
    assert exchange.order_book(SAMSUNG).bids == ()


def test_a_partial_cancel_keeps_the_place_in_the_queue(exchange: Exchange) -> None:
    price = empty_book(exchange)
    first = send(exchange, Side.BUY, 10, price)
    second = send(exchange, Side.BUY, 10, price)
    exchange.cancel("one", first.number, Decimal(4))
    exchange.trade(SAMSUNG, Side.SELL, Decimal(8))
    assert state_of(exchange.order("one", first.number)) == (6, 0, 4)
    assert state_of(exchange.order("one", second.number)) == (2, 8, 0)


def test_a_market_order_sweeps_the_book_and_its_rest_is_cancelled(exchange: Exchange) -> None:
    asks = exchange.order_book(SAMSUNG).asks
    waiting = sum(level.quantity for level in asks)
    exchange.open_account("rich", cash=Decimal(10**12))
    order = send(exchange, Side.BUY, waiting + 7, account="rich")
    assert state_of(order) == (waiting, 0, 7)
    assert order.average_price == sum(level.price * level.quantity for level in asks) / waiting
    assert [fill.price for fill in order.executions] == [level.price for level in asks]
    assert exchange.order_book(SAMSUNG).asks == ()
    assert exchange.quote(SAMSUNG).price == asks[-1].price


def test_ioc_fills_what_it_can_and_cancels_the_rest(exchange: Exchange) -> None:
    ask = exchange.order_book(SAMSUNG).asks[0]
    order = send(exchange, Side.BUY, ask.quantity + 3, ask.price, time_in_force=TimeInForce.IOC)
    assert state_of(order) == (ask.quantity, 0, 3)
    assert exchange.account("one").orderable == exchange.account("one").cash_d2


def test_fok_fills_all_or_nothing(exchange: Exchange) -> None:
    ask = exchange.order_book(SAMSUNG).asks[0]
    nothing = send(exchange, Side.BUY, ask.quantity + 1, ask.price, time_in_force=TimeInForce.FOK)
    everything = send(exchange, Side.BUY, ask.quantity, ask.price, time_in_force=TimeInForce.FOK)
    assert state_of(nothing) == (0, 0, ask.quantity + 1)
    assert state_of(everything) == (ask.quantity, 0, 0)


def test_refusals_come_in_the_order_of_the_checks(exchange: Exchange) -> None:
    upper = exchange.instruments[SAMSUNG].upper_limit
    assert refusal(exchange, Side.BUY, 1, upper, symbol="999999") is Refusal.UNKNOWN_SYMBOL
    exchange.halt(SAMSUNG)
    exchange.market_open = False
    assert refusal(exchange, Side.BUY, 1, upper) is Refusal.TRADING_HALTED
    exchange.resume(SAMSUNG)
    assert refusal(exchange, Side.BUY, 1, upper) is Refusal.MARKET_CLOSED
    exchange.market_open = True
    early = TimeInForce.GOOD_TILL_PRE_MARKET
    assert refusal(exchange, Side.BUY, 10**11, upper + 1, time_in_force=early) is Refusal.UNSUPPORTED_TYPE
    assert refusal(exchange, Side.BUY, 10**11, upper + 1) is Refusal.QUANTITY
    assert refusal(exchange, Side.BUY, 10**9, upper + 1) is Refusal.PRICE_STEP
    assert refusal(exchange, Side.BUY, 10**9, Decimal("1e17")) is Refusal.PRICE_STEP
    assert refusal(exchange, Side.BUY, 10**9, upper + tick_size(upper)) is Refusal.PRICE_LIMIT
    assert refusal(exchange, Side.BUY, 10**9, upper) is Refusal.INSUFFICIENT_CASH
    assert refusal(exchange, Side.SELL, 1, upper) is Refusal.INSUFFICIENT_SHARES
    assert exchange.orders("one") == []


def test_nxt_takes_only_its_own_symbols_and_no_waiting_market_order(exchange: Exchange) -> None:
    price = exchange.quote(SAMSUNG, Venue.NXT).price
    assert send(exchange, Side.BUY, 1, price, venue=Venue.NXT).filled == 1
    assert send(exchange, Side.BUY, 1, venue=Venue.NXT, time_in_force=TimeInForce.IOC).filled == 1
    assert refusal(exchange, Side.BUY, 1, venue=Venue.NXT) is Refusal.UNSUPPORTED_TYPE
    close = exchange.instruments[FUND].previous_close
    assert refusal(exchange, Side.BUY, 1, close, symbol=FUND, venue=Venue.NXT) is Refusal.UNSUPPORTED_TYPE
    assert exchange.quote(SAMSUNG, Venue.SOR).venue is Venue.SOR
    with pytest.raises(ExchangeRefusal):
        exchange.quote(FUND, Venue.NXT)


def test_funds_have_their_own_price_step(exchange: Exchange) -> None:
    bid = exchange.order_book(FUND).bids[0].price
    assert send(exchange, Side.BUY, 1, bid - 5, symbol=FUND).remaining == 1
    assert refusal(exchange, Side.BUY, 1, bid - 1, symbol=FUND) is Refusal.PRICE_STEP


def test_a_cancel_is_a_row_with_a_number_of_its_own(exchange: Exchange) -> None:
    order = send(exchange, Side.BUY, 10, exchange.order_book(SAMSUNG).bids[-1].price)
    part = exchange.cancel("one", order.number, Decimal(4))
    rest = exchange.cancel("one", order.number)
    assert 10_000 <= order.number < part.number < rest.number < 10_000_000
    assert (part.action, part.original, part.root, part.quantity) == ("CANCEL", order.number, order.number, 4)
    assert (rest.quantity, state_of(rest)) == (6, (0, 0, 0))
    assert [row.number for row in exchange.orders("one")] == [order.number, part.number, rest.number]
    assert state_of(exchange.order("one", order.number)) == (0, 0, 10)


def test_cancels_that_name_nothing_are_refused(exchange: Exchange) -> None:
    order = send(exchange, Side.BUY, 10, exchange.order_book(SAMSUNG).bids[-1].price)

    def cancel(account: str, number: int, quantity: str | None = None) -> tuple[Refusal, str]:
        with pytest.raises(ExchangeRefusal) as refused:
            exchange.cancel(account, number, None if quantity is None else Decimal(quantity))
        return refused.value.reason, refused.value.detail

    assert cancel("two", order.number) == (Refusal.UNKNOWN_ORDER, "")
    assert cancel("one", 1) == (Refusal.UNKNOWN_ORDER, "")
    assert cancel("one", order.number, "11") == (Refusal.NOTHING_TO_CANCEL, "10")
    assert cancel("one", order.number, "0") == cancel("one", order.number, "1.5") == (Refusal.QUANTITY, "")
    exchange.market_open = False
    assert cancel("one", order.number) == (Refusal.MARKET_CLOSED, "")
    exchange.market_open = True
    exchange.halt(SAMSUNG)
    row = exchange.cancel("one", order.number)
    assert cancel("one", order.number) == cancel("one", row.number) == (Refusal.NOTHING_TO_CANCEL, "0")


def test_orders_from_many_threads_get_numbers_of_their_own(exchange: Exchange) -> None:
    bid = exchange.order_book(SAMSUNG).bids[-1].price
    numbers: list[int] = []
    threads = [
        threading.Thread(target=lambda: numbers.extend(send(exchange, Side.BUY, 1, bid).number for _ in range(25)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(numbers)) == len(exchange.orders("one")) == 200
    assert [row.number for row in exchange.orders("one")] == sorted(numbers)
