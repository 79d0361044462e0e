"""The contract of indices, for adapters that have a part of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from itertools import groupby

import pytest

from brokerkit.broker import Broker
from brokerkit.errors import Unsupported
from brokerkit.market.indices import INDICES
from brokerkit.models import Candle, Quote
from brokerkit.sandbox import Sandbox
from brokerkit.sandbox.face import Face
from brokerkit.testing.base import Contract, agree
from brokerkit.testing.ground import KOREA
from brokerkit.testing.truth import differences
from brokerkit.words import Interval, Side

KOSPI = "INDEX:KOSPI"
DAYS = 130
"""More than KIS tells in one answer."""

STOCK, UNLISTED = KOREA.stock, KOREA.unlisted


class IndexContract(Contract):
    """Indices are told in points, each under its common name, and only looked at."""

    level = 1

    def skip_without_indices(self, trader: Broker) -> None:
        """Skip the check where the adapter has no part of indices."""
        self.skip_unless("INDEX" in trader.adapter.served, "indices")

    def same_value(self, told: Quote, sandbox: Sandbox, trader: Broker) -> None:
        """Demand the value of the exchange."""
        part = trader.adapter.served["INDEX"]
        absent, steps = part.not_told.get(Quote, frozenset()), part.rounds.get(Quote)
        lines = differences(told, sandbox.exchange.indices.quote(told.symbol), absent=absent, steps=steps)
        agree([f"{told.symbol}: {line}" for line in lines])

    def test_indices_are_told_in_points_under_their_common_names(self, trader: Broker, sandbox: Sandbox) -> None:
        self.skip_without_indices(trader)
        found = trader.quotes(list(INDICES))
        assert KOSPI in {quote.symbol for quote in found}, f"{KOSPI} is not told at all: {found.failed.get(KOSPI)!r}"
        for quote in found:
            self.same_value(quote, sandbox, trader)
        for symbol, error in found.failed.items():
            assert isinstance(error, Unsupported), f"{symbol} is listed, and its value ends in {error!r}."

    def test_an_index_follows_its_shares(self, trader: Broker, sandbox: Sandbox) -> None:
        self.skip_without_indices(trader)
        before = trader.quote(KOSPI)
        sandbox.exchange.trade(STOCK, Side.BUY, Decimal(5000), sandbox.exchange.instruments[STOCK].upper_limit)
        after = trader.quote(KOSPI)
        assert after.price > before.price, f"{STOCK} rose, and {KOSPI} still stands at {after.price}."
        self.same_value(after, sandbox, trader)

    @pytest.mark.parametrize("interval", [Interval.DAY, Interval.WEEK])
    def test_candles_of_an_index_tell_the_truth(self, interval: Interval, trader: Broker, sandbox: Sandbox) -> None:
        self.skip_without_indices(trader)
        truth = sandbox.exchange.indices.daily_candles(KOSPI, days=DAYS)
        told = trader.candles(KOSPI, interval, truth[0].time.date())
        begun: Callable[[dt.date], dt.date] = (
            (lambda day: day) if interval is Interval.DAY else (lambda day: day - dt.timedelta(days=day.weekday()))
        )
        groups = [list(group) for _, group in groupby(truth, key=lambda bar: begun(bar.time.date()))][1:]
        assert [each.time.date() for each in told[1:]] == [begun(group[0].time.date()) for group in groups]
        rounds = trader.adapter.served["INDEX"].rounds.get(Candle, {})
        for candle, group in zip(told[1:], groups, strict=True):
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
            steps = {name: step * len(group) for name, step in rounds.items()}
            agree([f"{candle.time.date()}: {line}" for line in differences(candle, real, steps=steps)])

    def test_minutes_of_an_index_tell_the_truth(self, trader: Broker, sandbox: Sandbox) -> None:
        self.skip_without_indices(trader)
        part = trader.adapter.served["INDEX"]
        self.skip_unless(Interval.MINUTE in part.intervals(part.environment), "minutes of indices")
        days = [bar.time.date() for bar in sandbox.exchange.indices.daily_candles(KOSPI, days=4)][:-1]
        steps = part.rounds.get(Candle, {})
        least = steps.get("volume", Decimal(1))  # of a minute with less there is nothing to tell
        told = [each for each in trader.candles(KOSPI, Interval.MINUTE, days[0], days[-1]) if each.volume >= least]
        every = [bar for day in days for bar in sandbox.exchange.indices.minutes(KOSPI, day)]
        truth = [bar for bar in every if bar.volume >= least]
        assert [each.time for each in told] == [bar.time for bar in truth], (
            f"{len(told)} minutes of {len(days)} days are told, and there are {len(truth)}."
        )
        for candle, bar in zip(told, truth, strict=True):
            names = ("open", "high", "low", "close", "volume")
            real = candle.model_copy(update={name: getattr(bar, name) for name in names})
            agree([f"{candle.time}: {line}" for line in differences(candle, real, steps=steps)])

    def test_an_index_is_only_looked_at(self, trader: Broker, face: Face) -> None:
        offered = "INDEX" in trader.adapter.served
        asks: tuple[Callable[[], object], ...] = (
            lambda: trader.order_book(KOSPI),
            lambda: trader.trades(KOSPI),
            lambda: trader.members(KOSPI),
            lambda: trader.investor_flow(KOSPI),
            lambda: trader.buy(KOSPI, 1, price=100),
            lambda: trader.balance(market="INDEX"),
            lambda: trader.orders(market="INDEX"),
            lambda: trader.reconcile(market="INDEX"),
            *(() if offered else (lambda: trader.quote(KOSPI), lambda: trader.candles(KOSPI))),
        )
        for number, asked in enumerate(asks):
            with pytest.raises(Unsupported):
                asked()
            assert not face.requests, f"Ask {number} about {KOSPI} went to {face.requests[0].path}."
        assert trader.supports("quote", market="INDEX") is offered
        assert not trader.supports("order", market="INDEX")
