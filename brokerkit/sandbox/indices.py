"""Indices of the simulated exchange: what a few of its shares are worth together, in points.

In truth hundreds of shares make an index. Here it is a handful, weighed by what all their shares are worth.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from itertools import islice
from types import MappingProxyType
from typing import Protocol

from brokerkit.clock import KST
from brokerkit.market.indices import INDICES
from brokerkit.market.minutes import regular_minutes
from brokerkit.market.sessions import Phase
from brokerkit.models import Quote
from brokerkit.sandbox.bourse import Bourse
from brokerkit.sandbox.candles import Candle
from brokerkit.sandbox.days import HISTORY, YEAR
from brokerkit.sandbox.instruments import Instrument, list_instruments
from brokerkit.sandbox.minutes import Minute
from brokerkit.sandbox.past import KoreanPast, Past
from brokerkit.sandbox.rows import ExchangeRefusal, Refusal
from brokerkit.words import SecurityType, Segment, Venue

_HUNDREDTH = Decimal("0.01")
_WIDE = {
    "INDEX:KOSPI": (Segment.KOSPI, 8, 5_200),
    "INDEX:KOSPI200": (Segment.KOSPI, 6, 740),
    "INDEX:KOSDAQ": (Segment.KOSDAQ, 8, 930),
    "INDEX:KOSDAQ150": (Segment.KOSDAQ, 6, 1_480),
}
"""The first so many shares of a market, and points on the first day."""
_FIRST_OF_OTHERS = 8
_SHARES_OF_OTHERS = 3
"""The other indices have three shares each, and no share is in two of them."""
_POINTS_OF_OTHERS = 1_000


@dataclass(frozen=True)
class Basket:
    """The shares of an index."""

    shares: Mapping[str, int]
    """Symbol to how many there are."""
    worth: int
    """Of all of them on the first day, in won."""
    points: int
    """What they were on that day."""

    def value(self, price: Callable[[str], Decimal | int]) -> Decimal:
        """Return the points that they have at the price that each share has."""
        worth = Decimal(sum(price(symbol) * count for symbol, count in self.shares.items()))
        return (worth * self.points / self.worth).quantize(_HUNDREDTH, ROUND_HALF_UP)


@lru_cache(8)
def baskets(seed: int) -> Mapping[str, Basket]:
    """Return the indices, by symbol."""
    listed = list_instruments(seed).values()
    stocks = {
        market: [each for each in listed if each.market is market and each.kind is SecurityType.STOCK]
        for market in (Segment.KOSPI, Segment.KOSDAQ, Segment.KONEX)
    }
    found = {name: _basket(stocks[market][:count], points) for name, (market, count, points) in _WIDE.items()}
    others = islice(stocks[Segment.KOSPI], _FIRST_OF_OTHERS, None)
    for name in INDICES:
        if name not in found:
            found[name] = _basket(list(islice(others, _SHARES_OF_OTHERS)), _POINTS_OF_OTHERS)
    return MappingProxyType(found)


def _basket(stocks: Sequence[Instrument], points: int) -> Basket:
    shares = {each.symbol: int(each.listed_shares) for each in stocks}
    return Basket(shares, sum(int(each.previous_close) * shares[each.symbol] for each in stocks), points)


class Shares(Protocol):
    """What indices are made of: an exchange."""

    @property
    def instruments(self) -> Mapping[str, Instrument]:
        """Everything that is listed."""

    @property
    def today(self) -> dt.date:
        """The day that is played."""

    def now(self) -> dt.datetime:
        """Return the time there."""

    def quote(self, symbol: str) -> Quote:
        """Return the present price of a share."""

    def minutes(self, symbol: str, day: dt.date) -> Sequence[Minute]:
        """Return the minutes of a day in which a share was traded."""


class Indices:
    """The indices of one day of an exchange. They move with the shares that are in them."""

    def __init__(self, exchange: Shares, past: Past, seed: int) -> None:
        self._exchange = exchange
        self._seed = seed
        self._past = past
        self._baskets = baskets(seed)
        self._before: dict[tuple[str, int], Sequence[Candle]] = {}
        """What was before today, a year or all of it, of those that were asked for."""

    def __iter__(self) -> Iterator[str]:
        return iter(self._baskets)

    def shares(self, symbol: str) -> Sequence[str]:
        """Return the symbols of the shares that are in an index."""
        return tuple(self._basket(symbol).shares)

    def quote(self, symbol: str) -> Quote:
        """Return the present value of an index, with its name; without open, high and low before anybody traded."""
        basket = self._basket(symbol)
        today = self._today(basket)
        listed = self._exchange.instruments
        before = basket.value(lambda share: listed[share].previous_close)
        change = today.close - before
        is_traded = bool(today.volume)
        sessions = {self._exchange.quote(share).session for share in basket.shares}
        return Quote(
            symbol=symbol,
            venue=Venue.KRX,
            currency=None,
            price=today.close,
            name=INDICES[symbol],
            previous_close=before,
            change=change,
            change_percent=(change * 100 / before).quantize(_HUNDREDTH, ROUND_HALF_UP),
            open=today.open if is_traded else None,
            high=today.high if is_traded else None,
            low=today.low if is_traded else None,
            volume=today.volume,
            turnover=today.turnover,
            time=self._exchange.now(),
            session=Phase.REGULAR if Phase.REGULAR in sessions else None,
        )

    def daily_candles(self, symbol: str, *, days: int = YEAR) -> Sequence[Candle]:
        """Return a candle for each of so many trading days up to and including today, ascending; six years at most."""
        basket, key = self._basket(symbol), (symbol, YEAR if days <= YEAR else HISTORY)
        if key not in self._before:
            is_first = not self._past.played
            self._before[key] = (
                _before_the_first(self._past.bourse, self._seed, self._past.origin, *key)
                if is_first
                else _before(basket, self._past, key[1])
            )
        before = self._before[key]
        return [*before[max(len(before) - max(days - 1, 0), 0) :], self._today(basket)]

    def minutes(self, symbol: str, day: dt.date) -> Sequence[Candle]:
        """Return a candle for each minute of regular trading in which any share was traded, ascending.

        The first one opens and the last one closes as the day does. What is between the prices of a minute is not told.
        """
        basket = self._basket(symbol)
        told = {share: self._minutes_of(share, day) for share in basket.shares}
        if not all(told.values()):
            return []
        prices = {share: next(iter(bars.values())).open for share, bars in told.items()}
        found = []
        for start in sorted({start for bars in told.values() for start in bars}):
            opened = basket.value(prices.__getitem__)
            now = [bars[start] for bars in told.values() if start in bars]
            prices |= {share: bars[start].close for share, bars in told.items() if start in bars}
            close = basket.value(prices.__getitem__)
            volume, turnover = sum(bar.volume for bar in now), sum(bar.turnover for bar in now)
            time = dt.datetime.combine(day, dt.time(start // 60, start % 60), KST)
            figures = (opened, max(opened, close), min(opened, close), close, Decimal(volume), Decimal(turnover))
            found.append(Candle(time, *figures))
        return found

    def _minutes_of(self, share: str, day: dt.date) -> Mapping[int, Minute]:
        regular = regular_minutes(Venue.KRX, day)
        return {bar.start: bar for bar in self._exchange.minutes(share, day) if bar.start in regular}

    def _today(self, basket: Basket) -> Candle:
        """Return the candle of today: from quotes, because candles of a share take long the first time."""
        quotes = {share: self._exchange.quote(share) for share in basket.shares}
        time = dt.datetime.combine(self._exchange.today, dt.time.min, KST)
        return _together(basket, {share: _day_of(quote, time) for share, quote in quotes.items()})

    def _basket(self, symbol: str) -> Basket:
        if symbol not in self._baskets:
            raise ExchangeRefusal(Refusal.UNKNOWN_SYMBOL)
        return self._baskets[symbol]


@lru_cache(256)
def _before_the_first(bourse: Bourse, seed: int, origin: dt.date, symbol: str, days: int) -> Sequence[Candle]:
    """Return the days before the first one that is played, the same in every exchange of a seed."""
    return _before(baskets(seed)[symbol], _past_of(bourse, seed, origin), days)


@lru_cache(2)
def _past_of(bourse: Bourse, seed: int, origin: dt.date) -> Past:
    return KoreanPast(bourse, seed, origin)


def _before(basket: Basket, past: Past, days: int) -> Sequence[Candle]:
    return [
        _together(basket, bars)
        for bars in _side_by_side({share: past.candles(share, days - 1) for share in basket.shares})
    ]


def _day_of(quote: Quote, time: dt.datetime) -> Candle:
    """Return the day of a share, a flat one where nobody has traded."""
    flat = quote.price or quote.previous_close or Decimal(0)
    opened, high, low = quote.open or flat, quote.high or flat, quote.low or flat
    return Candle(time, opened, high, low, flat, quote.volume or Decimal(0), quote.turnover or Decimal(0))


def _side_by_side(bars: Mapping[str, Sequence[Candle]]) -> Iterator[Mapping[str, Candle]]:
    for row in zip(*bars.values(), strict=True):
        yield dict(zip(bars, row, strict=True))


def _together(basket: Basket, bars: Mapping[str, Candle]) -> Candle:
    """Return the candle of an index. Its high is what it would be if all shares had theirs at once."""
    return Candle(
        next(iter(bars.values())).time,
        basket.value(lambda share: bars[share].open),
        basket.value(lambda share: bars[share].high),
        basket.value(lambda share: bars[share].low),
        basket.value(lambda share: bars[share].close),
        sum((bar.volume for bar in bars.values()), Decimal(0)),
        sum((bar.turnover for bar in bars.values()), Decimal(0)),
    )
