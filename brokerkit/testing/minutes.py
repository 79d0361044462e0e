"""The contract of candles within days."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import groupby

import pytest

from brokerkit import clock
from brokerkit.asking.bars import MINUTES
from brokerkit.broker import Broker
from brokerkit.errors import InvalidRequest, Unsupported
from brokerkit.market.minutes import regular_minutes
from brokerkit.models import Candles
from brokerkit.sandbox import Sandbox
from brokerkit.sandbox.exchange import Minute
from brokerkit.sandbox.face import Face
from brokerkit.testing.base import Contract
from brokerkit.testing.declared import needs
from brokerkit.testing.inside import part_of
from brokerkit.words import Interval, Side, Venue

Bar = tuple[dt.datetime, Decimal | int, Decimal | int, Decimal | int, Decimal | int, Decimal | int]
"""Time, open, high, low, close, volume."""
MINUTE = dt.timedelta(minutes=1)


class MinuteContract(Contract):
    """Candles of minutes tell the truth, complete: labelled by their start, of regular trading, each with a trade."""

    level = 1

    def minute_days(self, trader: Broker, sandbox: Sandbox, count: int) -> list[dt.date]:
        """Return the newest days of which the broker has minutes, without today where it has others."""
        part = part_of(trader)
        self.skip_unless(Interval.MINUTE in part.bar_intervals, "candles of minutes")
        kept = [day for day in sandbox.exchange.flow_days(self.stock)[-count:] if day >= part.minutes_since()]
        return kept or [sandbox.exchange.today]

    def same_minutes(self, told: Candles, truth: Iterable[Bar], sandbox: Sandbox) -> None:
        """Fail where candles are not those of the exchange. Of the newest two minutes a broker may tell less."""
        until = sandbox.exchange.now() - MINUTE * (MINUTES[told.interval] + 1)
        real = [bar for bar in truth if bar[0] < until]
        found = [bar for bar in map(bar_of, told) if bar[0] < until]
        times, wanted = [bar[0] for bar in found], [bar[0] for bar in real]
        missing, more = sorted(set(wanted) - set(times)), sorted(set(times) - set(wanted))
        assert times == wanted, (
            f"{len(found)} candles of {told.interval} at {told.venue} and {len(real)} in truth: missing {missing[:3]}, "
            f"too many {more[:3]}. Look at how `minutes` goes back, and at what begins a minute."
        )
        for bar, true in zip(found, real, strict=True):
            assert bar == true, f"At {bar[0]} there is {bar[1:]}, in truth {true[1:]}. Look at the names in `Bars`."

    @needs("candles")
    @pytest.mark.parametrize("symbol", ["stock", "fund"], indirect=True)
    def test_minutes_tell_the_truth(self, symbol: str, trader: Broker, sandbox: Sandbox) -> None:
        days = self.minute_days(trader, sandbox, 2)
        told = trader.candles(symbol, "1m", days[0], days[-1])
        self.same_minutes(told, minutes_of(sandbox, symbol, days), sandbox)
        assert all(each.volume > 0 for each in told)
        assert all(each.final for each in told[:-2])
        assert all(each.final for each in told) or days[-1] == sandbox.exchange.today

    @needs("candles")
    def test_minutes_of_every_venue_tell_the_truth(self, trader: Broker, sandbox: Sandbox) -> None:
        (day,) = self.minute_days(trader, sandbox, 1)
        for venue in part_of(trader).quote_venues:
            told = trader.candles(self.stock, Interval.MINUTE, day, day, venue=venue)
            assert told.venue is venue
            self.same_minutes(told, minutes_of(sandbox, self.stock, [day], venue=venue), sandbox)

    @needs("candles")
    @pytest.mark.parametrize("interval", [Interval.MINUTES_3, Interval.HOUR])
    def test_longer_minutes_are_those_of_their_minutes(
        self, interval: Interval, trader: Broker, sandbox: Sandbox
    ) -> None:
        (day,) = self.minute_days(trader, sandbox, 1)
        told = trader.candles(self.fund, interval, day, day)
        self.same_minutes(told, minutes_of(sandbox, self.fund, [day], MINUTES[interval]), sandbox)

    @needs("candles")
    def test_the_newest_minutes_follow_a_trade_and_say_which_are_final(self, trader: Broker, sandbox: Sandbox) -> None:
        self.minute_days(trader, sandbox, 1)
        sandbox.exchange.trade(self.stock, Side.BUY, Decimal(5), sandbox.exchange.quote(self.stock).upper_limit)
        begun = sandbox.exchange.trades(self.stock)[-1].time.replace(second=0, microsecond=0)
        sandbox.exchange.forward(3 * MINUTE)
        told = trader.candles(self.stock, "1m", count=20)
        assert len(told) == 20
        self.same_minutes(told[-10:], minutes_of(sandbox, self.stock, [sandbox.exchange.today])[-10:], sandbox)
        assert (told[-1].time, told[-1].volume, told[-1].final) == (begun, Decimal(5), True)

    @needs("candles")
    def test_a_span_within_a_day_has_both_its_ends(self, trader: Broker, sandbox: Sandbox) -> None:
        (day,) = self.minute_days(trader, sandbox, 1)
        start, end = (dt.datetime.combine(day, dt.time(9, minute), clock.KST) for minute in (10, 40))
        told = trader.candles(self.stock, "5m", start + 2 * MINUTE, end)
        truth = minutes_of(sandbox, self.stock, [day], 5)
        self.same_minutes(told, [bar for bar in truth if start <= bar[0] <= end], sandbox)

    @needs("candles")
    def test_minutes_that_are_no_longer_kept_are_not_asked_for(
        self, trader: Broker, sandbox: Sandbox, face: Face
    ) -> None:
        self.minute_days(trader, sandbox, 1)
        since = part_of(trader).minutes_since()
        with pytest.raises(Unsupported) as caught:
            trader.candles(self.stock, "1m", since - dt.timedelta(days=1), since)
        assert since.isoformat() in str(caught.value), "The error does not say from which day on there are minutes."
        for asked in ({"start": dt.datetime(2026, 1, 2, 9, 30)}, {"start": clock.today() + dt.timedelta(days=1)}):
            with pytest.raises(InvalidRequest):
                trader.candles(self.stock, "1m", **asked)
        assert not face.requests

    @needs("candles")
    def test_minutes_say_whether_they_are_adjusted_or_cannot_be_chosen(self, trader: Broker, sandbox: Sandbox) -> None:
        self.minute_days(trader, sandbox, 1)
        can_choose = Interval.MINUTE in part_of(trader).adjusts
        assert trader.candles(self.stock, "1m", count=5).adjusted is (False if can_choose else None)
        for adjusted in (True, False):
            if can_choose:
                assert trader.candles(self.stock, "1m", count=5, adjusted=adjusted).adjusted is adjusted
            else:
                with pytest.raises(Unsupported):
                    trader.candles(self.stock, "1m", count=5, adjusted=adjusted)

    @needs("candles")
    def test_candles_of_several_symbols_are_those_of_each(self, trader: Broker, sandbox: Sandbox) -> None:
        told = trader.candles([self.stock, self.unlisted, self.fund, "bad!"], count=30)
        assert list(told) == [self.stock, self.fund]
        assert set(told.failed) == {self.unlisted, "bad!"}
        assert all(told[symbol] == trader.candles(symbol, count=30) for symbol in told)

    @needs("candles")
    def test_single_trades_tell_the_truth(self, trader: Broker, sandbox: Sandbox) -> None:
        self.skip_unless(Interval.TICK in part_of(trader).bar_intervals, "candles of single trades")
        yesterday, today = sandbox.exchange.flow_days(self.stock)[-1], sandbox.exchange.today
        told = trader.candles(self.stock, Interval.TICK, yesterday)
        truth = [trade for day in (yesterday, today) for trade in sandbox.exchange.trades(self.stock, day)]
        counted = [trade for trade in truth if minute_of(trade.time) in regular_minutes(Venue.KRX, trade.time.date())]
        assert [(each.time, each.close, each.volume) for each in told] == [
            (trade.time.replace(microsecond=0), trade.price, trade.quantity) for trade in counted
        ]
        assert [each.time for each in trader.candles(self.stock, "tick", count=7)] == [each.time for each in told[-7:]]


def bar_of(candle: object) -> Bar:
    """Return a candle as it is compared."""
    names = ("time", "open", "high", "low", "close", "volume")
    return tuple(getattr(candle, name) for name in names)


def minute_of(moment: dt.datetime) -> int:
    """Return the minutes since midnight."""
    return moment.hour * 60 + moment.minute


def minutes_of(
    sandbox: Sandbox, symbol: str, days: Sequence[dt.date], length: int = 1, venue: Venue = Venue.KRX
) -> list[Bar]:
    """Return what the exchange traded in the minutes that count, put together to longer ones."""
    bars: list[Bar] = []
    for day in days:
        counted = regular_minutes(venue, day)
        kept = [bar for bar in sandbox.exchange.minutes(symbol, day, venue) if bar.start in counted]
        for number, group in groupby(kept, key=lambda bar: bar.start // length):
            bars.append(_together(day, number * length, list(group)))
    return bars


def _together(day: dt.date, start: int, bars: Sequence[Minute]) -> Bar:
    return (
        dt.datetime.combine(day, dt.time(start // 60, start % 60), clock.KST),
        bars[0].open,
        max(bar.high for bar in bars),
        min(bar.low for bar in bars),
        bars[-1].close,
        sum(bar.volume for bar in bars),
    )
