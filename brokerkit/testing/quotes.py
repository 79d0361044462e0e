"""The contract of quotes."""

from __future__ import annotations

import pytest

from brokerkit.broker import Broker
from brokerkit.errors import InvalidRequest, UnknownSymbol
from brokerkit.market.sessions import Phase
from brokerkit.sandbox import Sandbox
from brokerkit.sandbox.face import Face
from brokerkit.testing.base import Contract, agree, raising
from brokerkit.testing.declared import Declared, needs

SYMBOLS = ("stock", "another", "0", "1", "fund", "lettered")


class QuoteContract(Contract):
    """Quotes tell the truth, and nonsense is not sent."""

    level = 1

    @needs("quote")
    @pytest.mark.parametrize("symbol", SYMBOLS, indirect=True)
    def test_quote_tells_the_truth_field_by_field(
        self, symbol: str, trader: Broker, sandbox: Sandbox, declared: Declared
    ) -> None:
        truth = sandbox.exchange.quote(symbol, declared.quote_venue)
        agree(self.differences(trader.quote(symbol), truth, trader))

    @needs("quote")
    def test_quote_follows_a_trade(self, trader: Broker, sandbox: Sandbox, declared: Declared) -> None:
        before = trader.quote(self.stock)
        self.rise(sandbox)
        after = trader.quote(self.stock)
        assert after.price > before.price, f"After a trade at a higher price the quote still tells {after.price}."
        agree(self.differences(after, sandbox.exchange.quote(self.stock, declared.quote_venue), trader))

    @needs("quote")
    def test_quote_says_of_which_session_its_price_is_where_that_is_proven(
        self, trader: Broker, sandbox: Sandbox, declared: Declared
    ) -> None:
        for phase in (Phase.REGULAR, Phase.CLOSING_AUCTION, Phase.AFTER_MARKET, Phase.CLOSED, Phase.PRE_MARKET):
            if phase not in sandbox.exchange.bourse.phases:
                continue
            sandbox.exchange.phase = phase
            told, truth = trader.quote(self.stock), sandbox.exchange.quote(self.stock, declared.quote_venue)
            assert told.session is truth.session, (
                f"In {phase} the price is of {told.session}, proven is {truth.session}."
            )

    @needs("quote")
    def test_quote_of_an_unlisted_symbol_is_refused(self, trader: Broker) -> None:
        with raising(UnknownSymbol, f"Nobody lists {self.unlisted}, and its quote was asked for") as caught:
            trader.quote(self.unlisted)
        assert self.unlisted in str(caught.error)

    @needs("quote")
    @pytest.mark.parametrize("number", range(6))
    def test_a_text_that_is_no_symbol_is_not_sent(
        self, number: int, trader: Broker, face: Face, declared: Declared
    ) -> None:
        symbol = self.ground.no_symbols[number]
        for verb in ("quote", "investor_flow"):
            with pytest.raises(InvalidRequest):
                getattr(trader, verb)(symbol)
        with pytest.raises(InvalidRequest):
            trader.buy(symbol, 1, price=1000)
        assert not face.requests, f"{symbol!r} is no symbol, and went to {face.requests[0].path} all the same."
