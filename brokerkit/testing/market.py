"""The contract of the book, of venues and of price steps."""

from __future__ import annotations

from decimal import Decimal

import pytest

from brokerkit.broker import Broker
from brokerkit.errors import InvalidRequest, UnknownSymbol
from brokerkit.models import OrderBook
from brokerkit.sandbox import Sandbox
from brokerkit.testing.base import Contract, agree, raising
from brokerkit.testing.declared import Declared, needs
from brokerkit.words import SecurityType, Side, Venue


class MarketContract(Contract):
    """Books, venues and price steps tell the truth."""

    level = 1

    @needs("order_book")
    @pytest.mark.parametrize("symbol", ["stock", "another", "fund", "note"], indirect=True)
    def test_order_book_tells_the_truth(
        self, symbol: str, trader: Broker, sandbox: Sandbox, declared: Declared
    ) -> None:
        self.same_book(trader.order_book(symbol), sandbox.exchange.order_book(symbol, declared.quote_venue))

    @needs("order_book")
    def test_an_empty_level_of_the_book_is_left_out(self, trader: Broker, sandbox: Sandbox, declared: Declared) -> None:
        sandbox.exchange.trade(self.stock, Side.BUY, Decimal(50_000))
        book = trader.order_book(self.stock)
        assert book.asks == (), f"Nobody sells, and the book tells {book.asks[0]} as the best offer."
        self.same_book(book, sandbox.exchange.order_book(self.stock, declared.quote_venue))

    def same_book(self, told: OrderBook, truth: OrderBook) -> None:
        """Demand the levels of the exchange, best first."""
        for name in ("symbol", "venue", "asks", "bids"):
            found, real = getattr(told, name), getattr(truth, name)
            assert found == real, f"{name} of the book: {found}, in truth {real}."

    @needs("quote", "order_book")
    @pytest.mark.parametrize("venue", Venue)
    def test_quotes_and_books_of_every_venue_tell_the_truth(
        self, venue: Venue, trader: Broker, sandbox: Sandbox, declared: Declared
    ) -> None:
        self.skip_unless(venue in declared.quote_venues, f"quotes at {venue}")
        agree(
            self.differences(trader.quote(self.stock, venue=venue), sandbox.exchange.quote(self.stock, venue), trader)
        )
        self.same_book(trader.order_book(self.stock, venue=venue), sandbox.exchange.order_book(self.stock, venue))

    @needs("quote")
    def test_a_symbol_that_is_not_traded_at_the_venue_is_unknown_there(
        self, trader: Broker, declared: Declared
    ) -> None:
        self.skip_unless(Venue.NXT in declared.quote_venues, f"quotes at {Venue.NXT}")
        with raising(UnknownSymbol, f"{self.fund} is not traded at {Venue.NXT}, and its quote there was asked for"):
            trader.quote(self.fund, venue=Venue.NXT)

    @needs("order_book")
    def test_the_book_of_an_unlisted_symbol_is_refused(self, trader: Broker) -> None:
        with raising(UnknownSymbol, f"Nobody lists {self.unlisted}, and its book was asked for"):
            trader.order_book(self.unlisted)

    @needs("quote")
    def test_an_etn_is_quoted_by_its_six_characters(self, trader: Broker, sandbox: Sandbox, declared: Declared) -> None:
        truth = sandbox.exchange.quote(self.note, declared.quote_venue)
        agree(self.differences(trader.quote(self.note), truth, trader))

    @needs("round_price")
    def test_prices_are_rounded_to_the_step_and_never_to_a_worse_one(self, trader: Broker, declared: Declared) -> None:
        # Where the broker does not tell a fund from a share, a price that is valid for both is taken.
        step, fine = self.step, self.ground.fund_step
        price, fund_price = 700 * step, 7000 * fine
        coarse = self.trading.calendar.tick_size(fund_price, SecurityType.STOCK)
        dearer = fund_price + (fine if declared.tells_kinds else coarse)
        for symbol, given, side, rounded in (
            (self.stock, price + step * 49 / 100, Side.BUY, price),
            (self.stock, price + step * 49 / 100, Side.SELL, price + step),
            (self.stock, price + step, Side.SELL, price + step),
            (self.fund, fund_price + fine * 3 / 5, Side.BUY, fund_price),
            (self.fund, fund_price + fine * 3 / 5, Side.SELL, dearer),
        ):
            found = trader.round_price(symbol, given, side=side)
            assert found == rounded, f"To {side} {symbol}, {given} is rounded to {found} instead of {rounded}."

    def test_only_verbs_are_asked_whether_they_are_supported(self, trader: Broker) -> None:
        with pytest.raises(InvalidRequest):
            trader.supports("fly")
