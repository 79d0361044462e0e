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
from brokerkit.market.sessions import Phase
from brokerkit.models import Candles
from brokerkit.sandbox import Sandbox
from brokerkit.sandbox.candles import Candle
from brokerkit.sandbox.face import Face
from brokerkit.testing.base import Contract, raising
from brokerkit.testing.declared import needs
from brokerkit.testing.inside import part_of
from brokerkit.words import Interval, Side, Venue

Bar = tuple[dt.datetime, Decimal, Decimal, Decimal, Decimal, Decimal]
"""Time, open, high, low, close, volume."""
MINUTE = dt.timedelta(minutes=1)


class MinuteContract(Contract):
    """Candles of minutes tell the truth, complete: labelled by their start, of regular trading, each with a trade."""

    level = 1

    def minute_days(self, trader: Broker, sandbox: Sandbox, count: int, venue: Venue | None = None) -> list[dt.date]:
        """Return the newest days of which the broker has minutes at a venue, without today where it has others."""
        part = part_of(trader)
        self.skip_unless(Interval.MINUTE in part.intervals(part.environment), "candles of minutes")
        since = part.minutes_since(venue or self.declaration().quote_venue)
        days = (bar.time.date() for bar in sandbox.exchange.daily_candles(self.stock, days=count + 1)[:-1])
        return [day for day in days if day >= since] or [sandbox.exchange.today]

    def minutes_of(
        self, sandbox: Sandbox, symbol: str, days: Iterable[dt.date], length: int = 1, venue: Venue | None = None
    ) -> list[Bar]:
        """Return what the exchange traded in the minutes that count, put together to longer ones."""
        bars: list[Bar] = []
        for day in days:
            kept = [
                bar for bar in sandbox.exchange.minute_bars(symbol, day, venue) if self.counts(bar.time, day, venue)
            ]
            for begun, group in groupby(kept, key=lambda bar: begin_of(bar.time, length)):
                bars.append(together(begun, list(group)))
        return bars

    def counts(self, moment: dt.datetime, day: dt.date, venue: Venue | None = None) -> bool:
        """Say whether what is traded at a moment of a day is in its minutes, by the hours of the market."""
        venue = venue or self.declaration().quote_venue
        counted = self.trading.calendar.counted_minutes(venue, day, self.declaration().part.minutes_are_extended)
        return (moment - dt.datetime.combine(day, dt.time.min, clock.KST)) // MINUTE in counted

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
        self.same_minutes(told, self.minutes_of(sandbox, symbol, days), sandbox)
        assert all(each.volume > 0 for each in told)
        assert all(each.final for each in told[:-2])
        assert all(each.final for each in told) or days[-1] == sandbox.exchange.today

    @needs("candles")
    def test_minutes_of_every_venue_tell_the_truth(self, trader: Broker, sandbox: Sandbox) -> None:
        for venue in part_of(trader).quote_venues:
            (day,) = self.minute_days(trader, sandbox, 1, venue)
            truth = self.minutes_of(sandbox, self.stock, [day], venue=venue)
            if not truth:
                with raising(InvalidRequest, f"Minutes of {self.stock} at {venue} are not to be had at the broker"):
                    trader.candles(self.stock, Interval.MINUTE, day, day, venue=venue)
                continue
            told = trader.candles(self.stock, Interval.MINUTE, day, day, venue=venue)
            assert told.venue is venue
            self.same_minutes(told, truth, sandbox)

    @needs("candles")
    @pytest.mark.parametrize("interval", [Interval.MINUTES_3, Interval.HOUR])
    def test_longer_minutes_are_those_of_their_minutes(
        self, interval: Interval, trader: Broker, sandbox: Sandbox
    ) -> None:
        (day,) = self.minute_days(trader, sandbox, 1)
        told = trader.candles(self.fund, interval, day, day)
        self.same_minutes(told, self.minutes_of(sandbox, self.fund, [day], MINUTES[interval]), sandbox)

    @needs("candles")
    def test_the_newest_minutes_follow_a_trade_and_say_which_are_final(self, trader: Broker, sandbox: Sandbox) -> None:
        self.minute_days(trader, sandbox, 1)
        highest = sandbox.exchange.instruments[self.stock].upper_limit
        sandbox.exchange.trade(self.stock, Side.BUY, Decimal(5), highest)
        begun = sandbox.exchange.trades(self.stock)[-1].time.replace(second=0, microsecond=0)
        sandbox.exchange.forward(3 * MINUTE)
        told = trader.candles(self.stock, "1m", count=20)
        assert len(told) == 20
        self.same_minutes(told[-10:], self.minutes_of(sandbox, self.stock, [sandbox.exchange.today])[-10:], sandbox)
        assert (told[-1].time, told[-1].volume, told[-1].final) == (begun, Decimal(5), True)

    @needs("candles")
    def test_a_span_within_a_day_has_both_its_ends(self, trader: Broker, sandbox: Sandbox) -> None:
        (day,) = self.minute_days(trader, sandbox, 1)
        spans = self.trading.calendar.sessions_of(self.declaration().quote_venue, day)
        opened = next(span.start for span in spans if span.phase is Phase.REGULAR)
        start, end = opened + 10 * MINUTE, opened + 40 * MINUTE
        told = trader.candles(self.stock, "5m", start + 2 * MINUTE, end)
        truth = self.minutes_of(sandbox, self.stock, [day], 5)
        self.same_minutes(told, [bar for bar in truth if start <= bar[0] <= end], sandbox)

    @needs("candles")
    def test_minutes_that_are_no_longer_kept_are_not_asked_for(
        self, trader: Broker, sandbox: Sandbox, face: Face
    ) -> None:
        self.minute_days(trader, sandbox, 1)
        since = part_of(trader).minutes_since(self.declaration().quote_venue)
        with pytest.raises(Unsupported) as caught:
            trader.candles(self.stock, "1m", since - dt.timedelta(days=1), since)
        assert since.isoformat() in str(caught.value), "The error does not say from which day on there are minutes."
        for asked in ({"start": dt.datetime(2026, 1, 2, 9, 30)}, {"start": self.today + dt.timedelta(days=1)}):
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
        part = part_of(trader)
        self.skip_unless(Interval.TICK in part.intervals(part.environment), "candles of single trades")
        today = sandbox.exchange.today
        yesterday = self.day_before(today)
        told = trader.candles(self.stock, Interval.TICK, yesterday)
        truth = [trade for day in (yesterday, today) for trade in sandbox.exchange.trades(self.stock, day)]
        counted = [trade for trade in truth if self.counts(trade.time, self.trading.day_of(trade.time))]
        assert [(each.time, each.close, each.volume) for each in told] == [
            (trade.time.replace(microsecond=0), trade.price, trade.quantity) for trade in counted
        ]
        assert [each.time for each in trader.candles(self.stock, "tick", count=7)] == [each.time for each in told[-7:]]


def bar_of(candle: object) -> Bar:
    """Return a candle as it is compared."""
    names = ("time", "open", "high", "low", "close", "volume")
    return tuple(getattr(candle, name) for name in names)


def begin_of(moment: dt.datetime, length: int) -> dt.datetime:
    """Return when the stretch of so many minutes begins in which a minute lies."""
    return moment - (moment.hour * 60 + moment.minute) % length * MINUTE


def together(begun: dt.datetime, bars: Sequence[Candle]) -> Bar:
    """Return some minutes as one bar."""
    return (
        begun,
        bars[0].open,
        max(bar.high for bar in bars),
        min(bar.low for bar in bars),
        bars[-1].close,
        sum((bar.volume for bar in bars), Decimal(0)),
    )
