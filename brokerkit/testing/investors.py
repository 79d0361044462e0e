"""The contract of investors: days, sums, markets, estimates, rankings and programme trading."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence

import pytest

from brokerkit import clock
from brokerkit.broker import Broker
from brokerkit.errors import InvalidRequest, UnknownSymbol, Unsupported
from brokerkit.models import Flow, FlowRank, InvestorFlow, InvestorFlowTotal
from brokerkit.sandbox import Sandbox
from brokerkit.sandbox.face import Face
from brokerkit.sandbox.investors import total_of
from brokerkit.testing.base import Contract, agree, raising
from brokerkit.testing.declared import needs
from brokerkit.testing.ground import KOREA
from brokerkit.testing.truth import differences, nets_of
from brokerkit.words import Investor, Side

EVENING = dt.timedelta(hours=6)
"""After the opening of the sandbox at 10:00."""
MARKETS = ("KOSPI", "KOSDAQ")

STOCK, UNLISTED = KOREA.stock, KOREA.unlisted


class FlowContract(Contract):
    """Investor flow tells the truth and is never short."""

    level = 1

    @pytest.fixture
    def evening(self, sandbox: Sandbox) -> Sandbox:
        """Return a sandbox in whose exchange it is past 16:00: by then everything is told of the days before."""
        sandbox.exchange.forward(EVENING)
        return sandbox

    def same_days(self, told: tuple[InvestorFlow, ...], days: list[dt.date]) -> None:
        """Demand these days, oldest first."""
        found = [day.date for day in told]
        missing, more = sorted(set(days) - set(found)), sorted(set(found) - set(days))
        words = f"missing: {[f'{day}' for day in missing]}, not asked for: {[f'{day}' for day in more]}"
        assert found == days, f"The days are not those that were asked for, oldest first; {words}."

    @needs("investor_flow")
    def test_investor_flow_tells_the_truth(self, trader: Broker, evening: Sandbox) -> None:
        told = trader.investor_flow(STOCK)
        truth = evening.exchange.investor_flow(STOCK)[-30:]
        self.same_days(told, [day.date for day in truth])
        for day, real in zip(told, truth, strict=True):
            agree(self.differences(nets_of(day), nets_of(real), trader))

    @needs("investor_flow")
    def test_investor_flow_in_detail_tells_buys_and_sells(self, trader: Broker, evening: Sandbox) -> None:
        told = trader.investor_flow(STOCK, detail=True)
        truth = evening.exchange.investor_flow(STOCK)[-30:]
        self.same_days(told, [day.date for day in truth])
        for day, real in zip(told, truth, strict=True):
            agree(self.differences(day, real, trader))

    @needs("investor_flow")
    def test_investor_flow_of_a_range(self, trader: Broker, evening: Sandbox) -> None:
        days = [day.date for day in evening.exchange.investor_flow(STOCK)]
        told = trader.investor_flow(STOCK, start=days[-9], end=days[-3])
        self.same_days(told, days[-9:-2])
        assert all(day.final for day in told), "Days that are over are said to be provisional."

    @needs("investor_flow")
    def test_investor_flow_further_back_than_kept_is_never_short(self, trader: Broker, evening: Sandbox) -> None:
        with raising(Unsupported, "Days were asked for that no broker keeps, and less than all days is short"):
            trader.investor_flow(STOCK, start=dt.date(2001, 1, 2))

    @needs("investor_flow")
    def test_a_long_investor_flow_is_whole_or_unsupported(self, trader: Broker, evening: Sandbox) -> None:
        days = list(evening.exchange.flow_days(STOCK))[-250:]
        try:
            told = trader.investor_flow(STOCK, start=days[0], end=days[-30])
        except Unsupported:
            return
        self.same_days(told, days[:-29])

    @needs("investor_flow")
    def test_investor_flow_of_an_unlisted_symbol_is_refused(self, trader: Broker, evening: Sandbox) -> None:
        with raising(UnknownSymbol, f"Nobody lists {UNLISTED}, and its investor flow was asked for"):
            trader.investor_flow(UNLISTED)

    @needs("investor_flow")
    def test_figures_of_the_present_day_are_not_final(
        self, trader: Broker, evening: Sandbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        newest = trader.investor_flow(STOCK)[-1].date
        monkeypatch.setattr(clock, "now", lambda: dt.datetime.combine(newest, dt.time(18), clock.KST))
        told = {day.date: day.final for day in trader.investor_flow(STOCK)[-2:]}
        assert list(told.values()) == [True, False], f"Figures of {newest} are provisional on that day: {told}."

    @needs("investor_flow_total")
    def test_a_total_is_the_sum_of_its_days(self, trader: Broker, evening: Sandbox) -> None:
        days = evening.exchange.investor_flow(STOCK)[-12:-2]
        told = trader.investor_flow_total(STOCK, days[0].date, days[-1].date)
        real = InvestorFlowTotal.model_validate(
            {"symbol": STOCK, "start": days[0].date, "end": days[-1].date, "final": True, **total_of(days)}
        )
        agree(self.differences(nets_of(told), real, trader))

    @needs("market_investor_flow")
    def test_the_flow_of_a_market_tells_the_truth(self, trader: Broker, evening: Sandbox) -> None:
        investors = evening.exchange.investors
        for market in MARKETS:
            days = investors.market_days(market)[-6:-1]
            told = trader.market_investor_flow(market, days[0], days[-1])
            assert [day.date for day in told] == list(days), "The days are not those that were asked for, oldest first."
            for day in told:
                real = investors.market_flow(market, day.date)
                assert real is not None
                agree(self.differences(day, real, trader))

    @needs("market_investor_flow")
    def test_the_newest_days_of_a_market_come_without_a_start(self, trader: Broker, evening: Sandbox) -> None:
        told = [day.date for day in trader.market_investor_flow("KOSDAQ")]
        assert told == list(evening.exchange.investors.market_days("KOSDAQ")[-30:])

    @needs("investor_flow_estimates")
    def test_estimates_tell_the_truth_and_are_not_final(self, trader: Broker, evening: Sandbox) -> None:
        told = trader.investor_flow_estimates(STOCK)
        truth = evening.exchange.investors.estimates(STOCK)
        assert [each.time for each in told] == [each.time for each in truth]
        assert not any(each.final for each in told), "Estimates are said to be final."
        for each, real in zip(told, truth, strict=True):
            agree(self.differences(each, real, trader))

    def same_ranks(self, told: Sequence[FlowRank], truth: Sequence[FlowRank], trader: Broker) -> None:
        """Demand these symbols in this order; of their flows what is told."""
        assert [each.symbol for each in told] == [each.symbol for each in truth[: len(told)]]
        assert told, "The ranking is empty."
        for each, real in zip(told, truth, strict=False):
            assert each.flow.net_amount is not None
            known = {name for name, value in each.flow if value is not None}
            flow = Flow(**{name: getattr(real.flow, name) for name in known})
            agree(differences(each.flow, flow, steps=self.rounds(trader, FlowRank)))
            assert (each.rank, each.name, each.date, each.investor, each.final) == (
                *(real.rank, real.name, real.date, real.investor),
                real.final,
            )
        prices = [each for each in told if each.price is None]
        assert not prices, f"No price is told of {[each.symbol for each in prices]}."

    @needs("investor_rankings")
    @pytest.mark.parametrize("side", Side)
    def test_rankings_by_an_investor_tell_the_truth(self, side: Side, trader: Broker, evening: Sandbox) -> None:
        investors, sold = evening.exchange.investors, side is Side.SELL
        for market in (None, "KOSDAQ"):
            told = trader.investor_rankings(Investor.FOREIGN, market=market, side=side, count=10)
            assert len(told) == 10
            last = investors.market_days("KOSDAQ")[-1]
            truth = (
                investors.ranks(Investor.FOREIGN, last, last, market, sold=sold)
                if told[0].final
                else investors.ranks_of_today(Investor.FOREIGN, market, sold=sold)
            )
            self.same_ranks(told, truth, trader)

    @needs("investor_rankings")
    def test_rankings_of_a_period_tell_the_truth_or_are_not_sent(
        self, trader: Broker, evening: Sandbox, face: Face
    ) -> None:
        days = evening.exchange.investors.market_days("KOSPI")[-4:-1]
        try:
            told = trader.investor_rankings(Investor.PENSION, market="KOSPI", start=days[0], end=days[-1], count=5)
        except Unsupported:
            assert not face.requests, "What is unsupported was asked for all the same."
            return
        truth = evening.exchange.investors.ranks(Investor.PENSION, days[0], days[-1], "KOSPI")
        self.same_ranks(told, truth, trader)

    @needs("program_trading")
    @pytest.mark.parametrize("symbol", [STOCK, *MARKETS])
    def test_programme_trading_tells_the_truth(self, symbol: str, trader: Broker, evening: Sandbox) -> None:
        investors = evening.exchange.investors
        days = list(investors.program_days(symbol))
        told = trader.program_trading(symbol, days[-36], days[-2])
        assert [day.date for day in told] == days[-36:-1], "The days are not those that were asked for, oldest first."
        for day in told:
            real = investors.program(symbol, day.date)
            assert real is not None
            agree(self.differences(day, real, trader))
        assert [day.date for day in trader.program_trading(symbol)] == days[-30:]

    @needs("program_rankings")
    def test_rankings_of_programmes_tell_the_truth(self, trader: Broker, evening: Sandbox) -> None:
        investors = evening.exchange.investors
        day = investors.market_days("KOSDAQ")[-2]
        for side in Side:
            sold = side is Side.SELL
            self.same_ranks(
                trader.program_rankings("KOSDAQ", side=side), investors.program_ranks("KOSDAQ", sold=sold), trader
            )
            told = trader.program_rankings("KOSDAQ", day=day, side=side, count=5)
            self.same_ranks(told, investors.program_ranks("KOSDAQ", day, sold=sold), trader)

    def test_what_no_exchange_has_is_not_sent(self, trader: Broker, face: Face) -> None:
        tomorrow = clock.today() + dt.timedelta(days=1)
        asks: tuple[Callable[[], object], ...] = (
            lambda: trader.market_investor_flow("NASDAQ"),
            lambda: trader.investor_flow_estimates("A005930"),
            lambda: trader.investor_rankings("NOBODY"),
            lambda: trader.investor_rankings(Investor.FOREIGN, market="0001"),
            lambda: trader.investor_flow_total(STOCK, tomorrow),
            lambda: trader.program_trading("KOSPI", clock.today(), clock.today() - dt.timedelta(days=1)),
            lambda: trader.program_trading("NASDAQ"),
            lambda: trader.program_rankings("KOSPI", count=0),
        )
        for asked in asks:
            with pytest.raises(InvalidRequest):
                asked()
        assert not face.requests
