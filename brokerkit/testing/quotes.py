"""The contract of quotes and investor flow."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from brokerkit import clock
from brokerkit.broker import Broker
from brokerkit.errors import InvalidRequest, UnknownSymbol, Unsupported
from brokerkit.market.sessions import Phase
from brokerkit.models import InvestorFlow
from brokerkit.sandbox import Sandbox
from brokerkit.sandbox.face import Face
from brokerkit.testing.base import FUND, STOCK, UNLISTED, Contract, agree, raising
from brokerkit.testing.declared import Declared, needs
from brokerkit.testing.truth import nets_of
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


class FlowContract(Contract):
    """Investor flow tells the truth and is never short."""

    level = 1

    def same_days(self, told: tuple[InvestorFlow, ...], days: list[dt.date]) -> None:
        """Demand these days, oldest first."""
        found = [day.date for day in told]
        missing, more = sorted(set(days) - set(found)), sorted(set(found) - set(days))
        words = f"missing: {[f'{day}' for day in missing]}, not asked for: {[f'{day}' for day in more]}"
        assert found == days, f"The days are not those that were asked for, oldest first; {words}."

    @needs("investor_flow")
    def test_investor_flow_tells_the_truth(self, trader: Broker, sandbox: Sandbox) -> None:
        told = trader.investor_flow(STOCK)
        truth = sandbox.exchange.investor_flow(STOCK)[-30:]
        self.same_days(told, [day.date for day in truth])
        for day, real in zip(told, truth, strict=True):
            agree(self.differences(nets_of(day), nets_of(real), trader))

    @needs("investor_flow")
    def test_investor_flow_in_detail_tells_buys_and_sells(self, trader: Broker, sandbox: Sandbox) -> None:
        told = trader.investor_flow(STOCK, detail=True)
        truth = sandbox.exchange.investor_flow(STOCK)[-30:]
        self.same_days(told, [day.date for day in truth])
        for day, real in zip(told, truth, strict=True):
            agree(self.differences(day, real, trader))

    @needs("investor_flow")
    def test_investor_flow_of_a_range(self, trader: Broker, sandbox: Sandbox) -> None:
        days = [day.date for day in sandbox.exchange.investor_flow(STOCK)]
        told = trader.investor_flow(STOCK, start=days[-9], end=days[-3])
        self.same_days(told, days[-9:-2])
        assert all(day.final for day in told), "Days that are over are said to be provisional."

    @needs("investor_flow")
    def test_investor_flow_further_back_than_kept_is_never_short(self, trader: Broker) -> None:
        with raising(Unsupported, "Days were asked for that no broker keeps, and less than all days is short"):
            trader.investor_flow(STOCK, start=dt.date(2001, 1, 2))

    @needs("investor_flow")
    def test_investor_flow_of_an_unlisted_symbol_is_refused(self, trader: Broker) -> None:
        with raising(UnknownSymbol, f"Nobody lists {UNLISTED}, and its investor flow was asked for"):
            trader.investor_flow(UNLISTED)

    @needs("investor_flow")
    def test_figures_of_the_present_day_are_not_final(self, trader: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
        newest = trader.investor_flow(STOCK)[-1].date
        monkeypatch.setattr(clock, "now", lambda: dt.datetime.combine(newest, dt.time(18), clock.KST))
        told = {day.date: day.final for day in trader.investor_flow(STOCK)[-2:]}
        assert list(told.values()) == [True, False], f"Figures of {newest} are provisional on that day: {told}."
