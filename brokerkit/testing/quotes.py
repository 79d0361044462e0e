"""The contract of quotes."""

from __future__ import annotations

from decimal import Decimal

import pytest

from brokerkit.broker import Broker
from brokerkit.errors import InvalidRequest, UnknownSymbol
from brokerkit.market.sessions import Phase
from brokerkit.sandbox import Sandbox
from brokerkit.sandbox.face import Face
from brokerkit.testing.base import FUND, STOCK, UNLISTED, Contract, agree, raising
from brokerkit.testing.declared import Declared, needs
from brokerkit.words import Side

SYMBOLS = (STOCK, "000660", "035720", "006360", FUND, "0126Z0")


class QuoteContract(Contract):
    """Quotes tell the truth, and nonsense is not sent."""

    level = 1

    @needs("quote")
    @pytest.mark.parametrize("symbol", SYMBOLS)
    def test_quote_tells_the_truth_field_by_field(
        self, symbol: str, trader: Broker, sandbox: Sandbox, declared: Declared
    ) -> None:
        truth = sandbox.exchange.quote(symbol, declared.quote_venue)
        agree(self.differences(trader.quote(symbol), truth, trader))

    @needs("quote")
    def test_quote_follows_a_trade(self, trader: Broker, sandbox: Sandbox, declared: Declared) -> None:
        before = trader.quote(STOCK)
        sandbox.exchange.trade(STOCK, Side.BUY, Decimal(5000), sandbox.exchange.instruments[STOCK].upper_limit)
        after = trader.quote(STOCK)
        assert after.price > before.price, f"After a trade at a higher price the quote still tells {after.price}."
        agree(self.differences(after, sandbox.exchange.quote(STOCK, declared.quote_venue), trader))

    @needs("quote")
    def test_quote_says_of_which_session_its_price_is_where_that_is_proven(
        self, trader: Broker, sandbox: Sandbox, declared: Declared
    ) -> None:
        for phase in (Phase.REGULAR, Phase.CLOSING_AUCTION, Phase.AFTER_MARKET, Phase.CLOSED, Phase.PRE_MARKET):
            sandbox.exchange.phase = phase
            told, truth = trader.quote(STOCK), sandbox.exchange.quote(STOCK, declared.quote_venue)
            assert told.session is truth.session, (
                f"In {phase} the price is of {told.session}, proven is {truth.session}."
            )

    @needs("quote")
    def test_quote_of_an_unlisted_symbol_is_refused(self, trader: Broker) -> None:
        with raising(UnknownSymbol, f"Nobody lists {UNLISTED}, and its quote was asked for") as caught:
            trader.quote(UNLISTED)
        assert UNLISTED in str(caught.error)

    @needs("quote")
    @pytest.mark.parametrize("symbol", ["A005930", "005930_AL", "5930", "삼성전자", "", "00593O "])
    def test_a_text_that_is_no_symbol_is_not_sent(
        self, symbol: str, trader: Broker, face: Face, declared: Declared
    ) -> None:
        for verb in ("quote", "investor_flow"):
            with pytest.raises(InvalidRequest):
                getattr(trader, verb)(symbol)
        with pytest.raises(InvalidRequest):
            trader.buy(symbol, 1, price=1000)
        assert not face.requests, f"{symbol!r} is no symbol, and went to {face.requests[0].path} all the same."
