"""The contract of the book, of venues, of buying power and of price steps; and what happens in bad weather."""

from __future__ import annotations

from decimal import Decimal

import pytest
from starlette.responses import Response

from brokerkit import clock
from brokerkit.broker import Broker
from brokerkit.errors import InvalidOrder, InvalidRequest, UnknownSymbol
from brokerkit.inquiry import HOOKS
from brokerkit.models import OrderBook
from brokerkit.sandbox import Sandbox
from brokerkit.sandbox.face import Face, ReceivedRequest
from brokerkit.testing.base import ETN, FUND, STOCK, UNLISTED, Contract
from brokerkit.words import OrderType, Side, Venue


class MarketContract(Contract):
    """Books, venues, buying power and price steps tell the truth."""

    level = 1

    @pytest.mark.parametrize("symbol", [STOCK, "000660", FUND, ETN])
    def test_order_book_tells_the_truth(self, symbol: str, trader: Broker, sandbox: Sandbox) -> None:
        self.same_book(trader.order_book(symbol), sandbox.exchange.order_book(symbol))

    def test_an_empty_level_of_the_book_is_left_out(self, trader: Broker, sandbox: Sandbox) -> None:
        sandbox.exchange.trade(STOCK, Side.BUY, Decimal(50_000))
        book = trader.order_book(STOCK)
        assert book.asks == ()
        self.same_book(book, sandbox.exchange.order_book(STOCK))

    def same_book(self, told: OrderBook, truth: OrderBook) -> None:
        assert (told.symbol, told.venue, told.asks, told.bids) == (truth.symbol, truth.venue, truth.asks, truth.bids)

    @pytest.mark.parametrize("venue", [Venue.NXT, Venue.SOR])
    def test_quotes_and_books_of_other_venues_tell_the_truth(
        self, venue: Venue, trader: Broker, sandbox: Sandbox
    ) -> None:
        assert not self.differences(trader.quote(STOCK, venue=venue), sandbox.exchange.quote(STOCK, venue), trader)
        self.same_book(trader.order_book(STOCK, venue=venue), sandbox.exchange.order_book(STOCK, venue))

    def test_a_symbol_that_is_not_traded_at_the_venue_is_unknown_there(self, trader: Broker) -> None:
        with pytest.raises(UnknownSymbol):
            trader.quote(FUND, venue=Venue.NXT)

    def test_the_book_of_an_unlisted_symbol_is_refused(self, trader: Broker) -> None:
        with pytest.raises(UnknownSymbol):
            trader.order_book(UNLISTED)

    def test_buying_power_is_what_the_account_can_pay(self, trader: Broker, sandbox: Sandbox, face: Face) -> None:
        account = face.credentials.account
        trader.buy(STOCK, 100, price=self.bid(sandbox) - 500)
        price = sandbox.exchange.quote(STOCK).price
        for limit in (price, None):
            power = trader.buying_power(STOCK, price=limit)
            assert power.quantity == sandbox.exchange.affordable(account, STOCK, limit)
            assert power.cash == sandbox.exchange.account(account).orderable
        most = trader.buying_power(STOCK, price=price).quantity
        trader.buy(STOCK, most, price=price)

    def test_sellable_quantity_leaves_out_what_waits_to_be_sold(
        self, trader: Broker, sandbox: Sandbox, face: Face
    ) -> None:
        assert trader.sellable_quantity(STOCK) == 0
        sandbox.exchange.give_holding(face.credentials.account, STOCK, Decimal(10), Decimal(600_000))
        trader.sell(STOCK, 4, price=sandbox.exchange.quote(STOCK).price + 1000)
        assert trader.sellable_quantity(STOCK) == 6

    def test_an_etn_is_traded_by_its_six_characters(self, trader: Broker, sandbox: Sandbox) -> None:
        quote, truth = trader.quote(ETN), sandbox.exchange.quote(ETN)
        assert (quote.symbol, quote.price) == (ETN, truth.price)
        assert trader.buying_power(ETN, price=truth.price).symbol == ETN
        bought = trader.refresh(trader.buy(ETN, 3, type=OrderType.MARKET))
        assert (bought.symbol, bought.filled_quantity) == (ETN, Decimal(3))
        waiting = trader.sell(ETN, 1, price=trader.round_price(ETN, truth.price * Decimal("1.1"), side=Side.SELL))
        assert [order.symbol for order in trader.orders()] == [ETN]
        assert {order.symbol for order in trader.order_history(clock.today(), symbol=ETN)} == {ETN}
        assert [position.symbol for position in trader.balance().positions] == [ETN]
        assert trader.sellable_quantity(ETN) == 2
        assert trader.refresh(trader.cancel(waiting)).symbol == ETN
        assert [day.symbol for day in trader.investor_flow(ETN)][-1] == ETN

    def test_prices_are_rounded_to_the_step_and_never_to_a_worse_one(self, trader: Broker) -> None:
        assert trader.round_price(STOCK, 70_049, side=Side.BUY) == 70_000
        assert trader.round_price(STOCK, 70_049, side=Side.SELL) == 70_100
        assert trader.round_price(STOCK, 70_100, side=Side.SELL) == 70_100
        assert trader.round_price(FUND, 35_003, side=Side.BUY) == 35_000
        assert trader.round_price(FUND, 35_003, side=Side.SELL) == 35_005

    def test_every_verb_is_supported(self, trader: Broker) -> None:
        assert all(trader.supports(verb) for verb in HOOKS)
        with pytest.raises(InvalidRequest):
            trader.supports("fly")


class WeatherContract(Contract):
    """Halts, slow servers and tokens that end in the middle lose nothing."""

    level = 2

    def test_a_halted_symbol_takes_no_order(self, trader: Broker, sandbox: Sandbox) -> None:
        sandbox.exchange.halt(STOCK)
        self.refused(InvalidOrder, trader, STOCK, Side.BUY, 1, sandbox.exchange.quote(STOCK).price)
        sandbox.exchange.resume(STOCK)
        trader.buy(STOCK, 1, type=OrderType.MARKET)

    def test_a_token_that_ends_between_pages_loses_no_row(
        self, trader: Broker, sandbox: Sandbox, face: Face, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.fill(sandbox, face, 120)
        seen: list[ReceivedRequest] = []

        def kill_after_the_second(request: ReceivedRequest) -> Response | None:
            seen.append(request)
            if len(seen) == 3:
                self.kill_tokens(face, monkeypatch)
            return None

        trader.quote(STOCK)
        face.before = kill_after_the_second
        assert len(trader.balance().positions) == 120

    def test_a_limit_that_is_hit_between_pages_loses_no_row(self, paced: Broker, sandbox: Sandbox, face: Face) -> None:
        self.fill(sandbox, face, 120)
        face.window.calls = 2
        assert len(paced.balance().positions) == 120

    def test_balance_asks_once_for_every_page(self, trader: Broker, sandbox: Sandbox, face: Face) -> None:
        self.fill(sandbox, face, 120)
        trader.balance()
        seen = len(face.requests)
        assert len(trader.balance().positions) == 120
        asked = [(each.method, each.path, each.query, each.headers, each.body) for each in face.requests[seen:]]
        assert [each for each in asked if asked.count(each) > 1] == []

    def fill(self, sandbox: Sandbox, face: Face, positions: int) -> None:
        for number, symbol in enumerate(list(sandbox.exchange.instruments)[:positions], start=1):
            sandbox.exchange.give_holding(face.credentials.account, symbol, Decimal(number), Decimal(1000 * number))
