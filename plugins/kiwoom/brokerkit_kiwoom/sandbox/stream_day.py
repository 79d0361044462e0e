"""The figures of a day after each of its trades, which frames tell and the exchange keeps for the last one only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from brokerkit.sandbox.exchange import Exchange, Trade
from brokerkit.words import Side

_ZERO = Decimal(0)


@dataclass
class DayOfSymbol:
    """The day of a symbol up to and with a trade."""

    volume: Decimal = _ZERO
    turnover: Decimal = _ZERO
    open: Trade | None = None
    high: Trade | None = None
    low: Trade | None = None
    bought: Decimal = _ZERO
    """Shares that those took who came to buy."""
    sold: Decimal = _ZERO
    buys: int = 0
    """Trades in which somebody came to buy."""
    sells: int = 0

    def add(self, trade: Trade) -> None:
        """Count one more trade."""
        self.volume = trade.volume
        self.turnover += trade.price * trade.quantity
        self.open = self.open or trade
        self.high = trade if self.high is None or trade.price > self.high.price else self.high
        self.low = trade if self.low is None or trade.price < self.low.price else self.low
        if trade.side is Side.BUY:
            self.bought, self.buys = self.bought + trade.quantity, self.buys + 1
        else:
            self.sold, self.sells = self.sold + trade.quantity, self.sells + 1


class DaysOfSymbols:
    """One for each symbol that somebody wants to know of; each trade is counted once."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._known: dict[str, DayOfSymbol] = {}

    def after(self, symbol: str, trade: Trade) -> DayOfSymbol:
        """Return the day up to and with a trade, for trades in their order."""
        known = self._known.get(symbol)
        if known is not None and known.volume == trade.volume:
            return known
        if known is not None and known.volume + trade.quantity == trade.volume:
            known.add(trade)
            return known
        self._known[symbol] = self._counted(symbol, trade)
        return self._known[symbol]

    def now(self, symbol: str) -> DayOfSymbol:
        """Return the day as it stands."""
        known = self._known.get(symbol)
        volume = self._exchange.quote(symbol).volume
        if known is not None and known.volume == volume:
            return known
        prints = self._exchange.trades(symbol)
        return self.after(symbol, prints[-1]) if prints else DayOfSymbol()

    def _counted(self, symbol: str, last: Trade) -> DayOfSymbol:
        """Count the day anew: nobody wanted to know of the trades before."""
        prints = self._exchange.trades(symbol)
        day = DayOfSymbol()
        for trade in prints:
            if trade.volume <= last.volume:
                day.add(trade)
        turnover = self._exchange.quote(symbol).turnover or _ZERO
        # Of the day's first trades only the sum may be known.
        day.turnover = turnover - _value(trade for trade in prints if trade.volume > last.volume)
        return day


def _value(trades: Iterable[Trade]) -> Decimal:
    return sum((trade.price * trade.quantity for trade in trades), _ZERO)
