"""The contract of quotes and investor flow."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from brokerkit import clock
from brokerkit.broker import Broker
from brokerkit.errors import (
    InvalidRequest,
    UnknownSymbol,
    Unsupported,
)
from brokerkit.sandbox import Sandbox
from brokerkit.sandbox.face import Face
from brokerkit.testing.base import FUND, STOCK, UNLISTED, Contract
from brokerkit.testing.declared import needs
from brokerkit.testing.truth import nets_of
from brokerkit.words import Side

SYMBOLS = (STOCK, "000660", "035720", "006360", FUND, "0126Z0")


class QuoteContract(Contract):
    """Quotes tell the truth, and nonsense is not sent."""

    level = 1

    @pytest.mark.parametrize("symbol", SYMBOLS)
    def test_quote_tells_the_truth_field_by_field(self, symbol: str, trader: Broker, sandbox: Sandbox) -> None:
        assert not self.differences(trader.quote(symbol), sandbox.exchange.quote(symbol), trader)

    def test_quote_follows_a_trade(self, trader: Broker, sandbox: Sandbox) -> None:
        before = trader.quote(STOCK)
        assert before.upper_limit is not None
        sandbox.exchange.trade(STOCK, Side.BUY, Decimal(5000), before.upper_limit)
        after = trader.quote(STOCK)
        assert after.price > before.price
        assert not self.differences(after, sandbox.exchange.quote(STOCK), trader)

    def test_quote_of_an_unlisted_symbol_is_refused(self, trader: Broker) -> None:
        with pytest.raises(UnknownSymbol) as caught:
            trader.quote(UNLISTED)
        assert UNLISTED in str(caught.value)

    @pytest.mark.parametrize("symbol", ["A005930", "005930_AL", "5930", "삼성전자", "", "00593O "])
    def test_a_text_that_is_no_symbol_is_not_sent(self, symbol: str, trader: Broker, face: Face) -> None:
        for ask in (trader.quote, trader.investor_flow):
            with pytest.raises(InvalidRequest):
                ask(symbol)
        with pytest.raises(InvalidRequest):
            trader.buy(symbol, 1, price=1000)
        assert not face.requests


class FlowContract(Contract):
    """Investor flow tells the truth and is never short."""

    level = 1

    def test_investor_flow_tells_the_truth(self, trader: Broker, sandbox: Sandbox) -> None:
        told = trader.investor_flow(STOCK)
        truth = sandbox.exchange.investor_flow(STOCK)[-30:]
        assert [day.date for day in told] == [day.date for day in truth]
        for day, real in zip(told, truth, strict=True):
            assert not self.differences(nets_of(day), nets_of(real), trader)

    def test_investor_flow_in_detail_tells_buys_and_sells(self, trader: Broker, sandbox: Sandbox) -> None:
        told = trader.investor_flow(STOCK, detail=True)
        truth = sandbox.exchange.investor_flow(STOCK)[-30:]
        for day, real in zip(told, truth, strict=True):
            assert not self.differences(day, real, trader)

    def test_investor_flow_of_a_range(self, trader: Broker, sandbox: Sandbox) -> None:
        days = [day.date for day in sandbox.exchange.investor_flow(STOCK)]
        told = trader.investor_flow(STOCK, start=days[-9], end=days[-3])
        assert [day.date for day in told] == days[-9:-2]
        assert all(day.final for day in told)

    def test_investor_flow_further_back_than_kept_is_never_short(self, trader: Broker) -> None:
        with pytest.raises(Unsupported):
            trader.investor_flow(STOCK, start=dt.date(2001, 1, 2))

    def test_investor_flow_of_an_unlisted_symbol_is_refused(self, trader: Broker) -> None:
        with pytest.raises(UnknownSymbol):
            trader.investor_flow(UNLISTED)

    @needs("investor_flow")
    def test_figures_of_the_present_day_are_not_final(self, trader: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
        newest = trader.investor_flow(STOCK)[-1].date
        monkeypatch.setattr(clock, "now", lambda: dt.datetime.combine(newest, dt.time(18), clock.KST))
        told = {day.date: day.final for day in trader.investor_flow(STOCK)[-2:]}
        assert list(told.values()) == [True, False], f"Figures of {newest} are provisional on that day: {told}."
