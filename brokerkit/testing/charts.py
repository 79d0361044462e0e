"""The contract of candles."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from itertools import groupby

import pytest

from brokerkit import clock
from brokerkit.asking.bars import offered
from brokerkit.broker import Broker
from brokerkit.errors import BrokerError, InvalidRequest, UnknownSymbol, Unsupported
from brokerkit.market.markets import market_named
from brokerkit.models import Candle, Candles
from brokerkit.sandbox import Sandbox
from brokerkit.sandbox.candles import Candle as Bar
from brokerkit.sandbox.face import Face
from brokerkit.testing.base import Contract, not_told
from brokerkit.testing.declared import needs
from brokerkit.testing.inside import part_of
from brokerkit.testing.truth import differences
from brokerkit.words import Interval, Side, Venue

LONG = 1_400
"""Days: more than any broker tells in one answer."""
FIRST_OF: Mapping[Interval, Callable[[dt.date], dt.date]] = {
    Interval.DAY: lambda day: day,
    Interval.WEEK: lambda day: day - dt.timedelta(days=day.weekday()),
    Interval.MONTH: lambda day: day.replace(day=1),
    Interval.YEAR: lambda day: day.replace(month=1, day=1),
}


class ChartContract(Contract):
    """Candles tell the truth, complete: no gap, none twice, ascending, labelled by their beginning."""

    level = 1

    def same(self, told: Candles, truth: Sequence[Bar], trader: Broker, interval: Interval = Interval.DAY) -> None:
        """Fail where candles are not those of the exchange."""
        folded = [list(group) for _, group in groupby(truth, key=lambda bar: FIRST_OF[interval](bar.time.date()))]
        days = [each.time.date() for each in told]
        assert days == [FIRST_OF[interval](group[0].time.date()) for group in folded], (
            f"{len(told)} candles of {interval} from {days[:1]} to {days[-1:]}, and there are {len(folded)} from "
            f"{folded[0][0].time.date()}: look at how `bars` asks for a stretch, and at `bars_at_once`."
        )
        rounds, absent = self.rounds(trader, Candle), not_told(trader).get(Candle, frozenset())
        for candle, group in zip(told, folded, strict=True):
            real = candle.model_copy(
                update={
                    "open": group[0].open,
                    "high": max(bar.high for bar in group),
                    "low": min(bar.low for bar in group),
                    "close": group[-1].close,
                    "volume": sum((bar.volume for bar in group), Decimal(0)),
                    "turnover": sum((bar.turnover for bar in group), Decimal(0)),
                }
            )
            steps = {name: step * len(group) for name, step in (rounds or {}).items()}
            lines = differences(candle, real, absent=absent, steps=steps)
            assert not lines, f"The candle of {candle.time.date()}: {'; '.join(lines)}. Look at the names in `Bars`."

    @needs("candles")
    @pytest.mark.parametrize("symbol", ["stock", "fund"], indirect=True)
    @pytest.mark.parametrize("adjusted", [True, False])
    def test_daily_candles_tell_the_truth(self, symbol: str, adjusted: bool, trader: Broker, sandbox: Sandbox) -> None:
        told = trader.candles(symbol, count=150, adjusted=adjusted)
        assert told.adjusted is adjusted
        self.same(told, sandbox.exchange.daily_candles(symbol, days=150), trader)

    @needs("candles")
    def test_a_long_span_is_whole(self, trader: Broker, sandbox: Sandbox) -> None:
        truth = sandbox.exchange.daily_candles(self.stock, days=LONG)
        self.same(trader.candles(self.stock, Interval.DAY, truth[0].time.date()), truth, trader)

    @needs("candles")
    def test_a_span_has_both_its_ends(self, trader: Broker, sandbox: Sandbox) -> None:
        truth = sandbox.exchange.daily_candles(self.stock, days=40)[5:20]
        told = trader.candles(self.stock, Interval.DAY, truth[0].time.date(), truth[-1].time.date())
        self.same(told, truth, trader)
        assert all(candle.final for candle in told)

    @needs("candles")
    @pytest.mark.parametrize("interval", [Interval.WEEK, Interval.MONTH, Interval.YEAR])
    def test_longer_candles_are_those_of_their_days(self, interval: Interval, trader: Broker, sandbox: Sandbox) -> None:
        truth = sandbox.exchange.daily_candles(self.stock, days=LONG)
        start = FIRST_OF[interval](truth[400].time.date())
        told = trader.candles(self.stock, interval, truth[400].time.date())
        self.same(told, [bar for bar in truth if bar.time.date() >= start], trader, interval)

    @needs("candles")
    def test_the_candle_of_today_follows_a_trade_and_is_not_final(self, trader: Broker, sandbox: Sandbox) -> None:
        sandbox.exchange.trade(self.stock, Side.BUY, Decimal(5000), sandbox.exchange.quote(self.stock).upper_limit)
        told = trader.candles(self.stock, count=2)
        self.same(told, sandbox.exchange.daily_candles(self.stock, days=2), trader)
        assert [candle.final for candle in told] == [told[0].time.date() + dt.timedelta(1) <= clock.today(), False]
        assert told[-1].session is None

    @needs("candles")
    def test_candles_of_other_venues_are_told_or_unsupported(self, trader: Broker, sandbox: Sandbox) -> None:
        for venue in market_named(self.market).venues:
            if venue in part_of(trader).quote_venues:
                try:
                    told = trader.candles(self.stock, count=3, venue=venue)
                except Unsupported:
                    # Of the daytime market a broker may have quotes and no candles.
                    assert venue is Venue.DAYTIME, f"There are quotes at {venue}, and no candles."
                    continue
                assert told.venue is venue
                self.same(told, sandbox.exchange.daily_candles(self.stock, days=3), trader)
            else:
                with pytest.raises(Unsupported):
                    trader.candles(self.stock, count=3, venue=venue)

    @needs("candles")
    def test_an_interval_that_is_not_there_is_not_sent(self, trader: Broker, face: Face) -> None:
        for interval in set(Interval) - set(offered(part_of(trader))):
            with pytest.raises(Unsupported) as caught:
                trader.candles(self.stock, interval)
            assert Interval.DAY in str(caught.value.advice)
        assert not face.requests

    @needs("candles")
    def test_a_span_that_cannot_be_is_not_sent(self, trader: Broker, face: Face) -> None:
        today = clock.today()
        asks: tuple[Callable[[], object], ...] = (
            lambda: trader.candles(self.stock, "2d"),
            lambda: trader.candles(self.stock, count=0),
            lambda: trader.candles(self.stock, Interval.DAY, today, today - dt.timedelta(days=1)),
            lambda: trader.candles(self.stock, Interval.DAY, today + dt.timedelta(days=1)),
            lambda: trader.candles(self.ground.no_symbols[0]),
        )
        for asked in asks:
            with pytest.raises(InvalidRequest):
                asked()
        assert not face.requests

    @needs("candles")
    def test_candles_of_an_unlisted_symbol_are_refused(self, trader: Broker) -> None:
        with pytest.raises(BrokerError) as caught:
            trader.candles(self.unlisted)
        assert isinstance(caught.value, UnknownSymbol | InvalidRequest), caught.value
        assert self.unlisted in str(caught.value)
