"""The figures of a symbol's day as they run on with every print; rows of the socket tell all of them each time."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from decimal import Decimal
from itertools import accumulate

from brokerkit.sandbox.exchange import Exchange, Instrument, Trade
from brokerkit.words import Side


class RunningDay:
    """What has been traded of a symbol today up to a print."""

    def __init__(self, exchange: Exchange, symbol: str) -> None:
        self.symbol = symbol
        self._exchange = exchange
        self._begin()

    def _begin(self) -> None:
        self.last: Trade | None = None
        self.opened: Trade | None = None
        self.highest: Trade | None = None
        self.lowest: Trade | None = None
        self.volume = self.turnover = Decimal(0)
        self.count = dict.fromkeys(Side, 0)
        self.quantity = dict.fromkeys(Side, Decimal(0))
        """Of the orders that came in: what sold is of the side SELL."""

    @property
    def instrument(self) -> Instrument:
        """The symbol as it is listed now."""
        return self._exchange.instruments[self.symbol]

    def reach(self, trade: Trade) -> None:
        """Go on up to a print and with it."""
        if self.volume + trade.quantity == trade.volume:
            self._add(trade)
            return
        self._begin()
        self.catch_up(trade.volume)

    def catch_up(self, volume: Decimal | None = None) -> None:
        """Go on up to the newest print, or to the one with which the day had this volume."""
        for trade in self._exchange.trades(self.symbol):
            if trade.volume > self.volume and (volume is None or trade.volume <= volume):
                self._add(trade)

    def _add(self, trade: Trade) -> None:
        self.last = trade
        self.opened = self.opened or trade
        if self.highest is None or trade.price > self.highest.price:
            self.highest = trade
        if self.lowest is None or trade.price < self.lowest.price:
            self.lowest = trade
        self.volume = trade.volume
        self.turnover += trade.price * trade.quantity
        self.count[trade.side] += 1
        self.quantity[trade.side] += trade.quantity


class DayOfSymbol(RunningDay):
    """The same, and what was traded the day before."""

    def __init__(self, exchange: Exchange, symbol: str) -> None:
        super().__init__(exchange, symbol)
        yesterday = exchange.daily_candles(symbol, days=2)[0]
        self.volume_before = yesterday.volume
        minutes = exchange.minutes(symbol, yesterday.time.date())
        self._starts = [bar.start for bar in minutes]
        self._volumes = [0, *accumulate(bar.volume for bar in minutes)]

    def volume_before_at(self, time: dt.datetime) -> Decimal:
        """Return what was traded the day before up to the same minute."""
        return Decimal(self._volumes[bisect_right(self._starts, time.hour * 60 + time.minute)])
