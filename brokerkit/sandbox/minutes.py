"""Minutes of days that are over, made of the day's candle when somebody asks for them.

At KRX they add up to it: open, highest, lowest and last price are those of regular trading, the closing auction has a
tenth of the volume, and the evening belongs to the volume alone. NXT trades beside it and has no auction; the combined
market is both. What is traded little has minutes without a trade, which are not there.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import groupby, pairwise
from random import Random
from typing import NamedTuple

from brokerkit.clock import KST
from brokerkit.errors import InvalidRequest
from brokerkit.market import us
from brokerkit.market.sessions import KRX_AFTER_MARKET_SINCE, NXT_SINCE, Hours, Phase, hours_of
from brokerkit.sandbox.bourse import Bourse
from brokerkit.sandbox.candles import Candle
from brokerkit.sandbox.instruments import Instrument
from brokerkit.sandbox.prints import Trade
from brokerkit.words import SecurityType, Side, Venue

DAY_IN_MINUTES = 24 * 60
_FEWEST = 1_000
"""Shares below which a day has one minute only."""
_BUSY = 300_000
"""Shares of a day from which on something is traded in every minute."""
_AUCTION = 10
_EVENING = 33
"""What part of the volume the closing auction and the evening have: a tenth, three in a hundred."""
_AT_NXT = 0.4
"""Volume of NXT in a minute of that of KRX."""


class Minute(NamedTuple):
    """What was traded in a minute, in shares and in units of the exchange: won, or hundredths of a cent."""

    start: int
    """Minutes since midnight where it trades."""
    open: int
    high: int
    low: int
    close: int
    volume: int
    turnover: int


def minutes_of(bourse: Bourse, seed: str, instrument: Instrument, day: Candle, venue: Venue) -> tuple[Minute, ...]:
    """Return the minutes of a day in which a Korean venue traded, ascending: the same for the same seed and day."""
    if not day.volume:
        return ()
    date = day.time.date()
    random = Random(f"{seed}/{instrument.symbol}/minutes/{date}")  # noqa: S311 - repeatable on purpose
    at_krx = _at_krx(bourse, random, instrument, day)
    if venue is Venue.KRX or not instrument.nxt or date < NXT_SINCE:
        return at_krx if venue is not Venue.NXT else ()
    at_nxt = tuple(_at_nxt(bourse, random, instrument, day, at_krx))
    return at_nxt if venue is Venue.NXT else tuple(_together(at_krx, at_nxt))


def trades_of(bourse: Bourse, date: dt.date, bars: Iterable[Minute]) -> Iterator[Trade]:
    """Yield trades that a day's minutes can be made of, ascending: up to four in each."""
    begun, volume, before = bourse.midnight(date), 0, None
    for bar in bars:
        # A rise goes by its lowest price first.
        way = (bar.low, bar.high) if bar.close >= bar.open else (bar.high, bar.low)
        prices = [price for price, _ in groupby((bar.open, *way, bar.close))][: bar.volume]
        share = bar.volume // len(prices)
        for place, price in enumerate(prices):
            quantity = share if place else bar.volume - share * (len(prices) - 1)
            volume += quantity
            time = begun + dt.timedelta(minutes=bar.start, seconds=place * 60 // len(prices))
            side = Side.SELL if before is not None and price < before else Side.BUY
            yield Trade(time.astimezone(KST), bourse.money(price), Decimal(quantity), side, Decimal(volume))
            before = price


def minutes_of_us(bourse: Bourse, seed: str, instrument: Instrument, day: Candle) -> tuple[Minute, ...]:
    """Return the minutes of a day in which a US share was traded: a little before and after regular trading, too.

    They add up to the day's candle: its prices are those of regular trading, its volume and its amount those of all.
    """
    date, volume = day.time.date(), int(day.volume)
    random = Random(f"{seed}/{instrument.symbol}/minutes/{date}")  # noqa: S311 - repeatable on purpose
    before, regular, after = us.sessions_of(Venue.US, date)
    since, begun, ended, until = (
        _minute_in(bourse, date, moment) for moment in (before.start, regular.start, regular.end, after.end)
    )
    opened, high, low, close = map(bourse.units, (day.open, day.high, day.low, day.close))
    some = volume // _EVENING
    early = _quiet(bourse, random, instrument, opened, some, since, begun)
    late = _quiet(bourse, random, instrument, close, some, ended, until)
    others = ([*early], [*late]) if some else ([], [])
    traded, prices_of = _path(bourse, random, instrument, (opened, high, low, close), volume, ended - begun)
    quantities = _quantities(random, volume - 2 * some, len(traded))
    bars = [
        Minute(begun + at, *prices, quantity, _worth(prices, quantity))
        for at, prices, quantity in zip(traded, prices_of, quantities, strict=True)
    ]
    # The amount of the day is not that of a path of prices: the last minute, with its auction, has the difference.
    rest = bourse.units(day.turnover) - sum(bar.turnover for bar in (*others[0], *bars, *others[1]))
    bars[-1] = bars[-1]._replace(turnover=bars[-1].turnover + rest)
    return (*others[0], *bars, *others[1])


def _minute_in(bourse: Bourse, date: dt.date, moment: dt.datetime) -> int:
    midnight = bourse.midnight(date)
    return int((moment.astimezone(midnight.tzinfo).replace(tzinfo=None) - midnight.replace(tzinfo=None)).seconds) // 60


def _at_krx(bourse: Bourse, random: Random, instrument: Instrument, day: Candle) -> tuple[Minute, ...]:
    date, volume = day.time.date(), int(day.volume)
    hours = _hours(Venue.KRX, date)
    begun, ended = _start(hours, Phase.REGULAR), _start(hours, Phase.CLOSING_AUCTION)
    closing = ended + 10
    if volume < _FEWEST:
        prices = map(int, (day.open, day.high, day.low, day.close, day.volume, day.turnover))
        return (Minute(begun, *prices),)
    evening = volume // _EVENING if _has_evening(instrument, date) else 0
    auction = volume // _AUCTION
    close = int(day.close)
    figures = (int(day.open), int(day.high), int(day.low), close)
    traded, prices_of = _path(bourse, random, instrument, figures, volume, ended - begun)
    after = (
        [*_quiet(bourse, random, instrument, close, evening, _start(hours, Phase.AFTER_MARKET), 20 * 60)]
        if evening
        else []
    )
    quantities = _quantities(random, volume - auction - evening, len(traded))
    bars = [
        Minute(begun + at, *prices, quantity, _worth(prices, quantity))
        for at, prices, quantity in zip(traded, prices_of, quantities, strict=True)
    ]
    # The amount of the day is not that of a path of prices: the auction has what they differ by.
    rest = int(day.turnover) - sum(bar.turnover for bar in (*bars, *after))
    return (*bars, Minute(closing, close, close, close, close, auction, rest), *after)


Prices = tuple[int, int, int, int]
"""Open, high, low, close."""


def _path(
    bourse: Bourse, random: Random, instrument: Instrument, day: Prices, volume: int, length: int
) -> tuple[list[int], list[Prices]]:
    """Return the minutes with a trade, counted from the first one, and prices that touch those of the day."""
    opened, high, low, close = day
    one, other = sorted(random.sample(range(1, length - 1), 2))
    extremes = (high, low) if random.random() < 0.5 else (low, high)
    anchors = [(0, opened), (one, extremes[0]), (other, extremes[1]), (length - 1, close)]
    likely = min(1.0, max(0.2, volume / _BUSY))
    wide, kind = 0.2 * (high - low), instrument.kind
    traded, found, before = [0], [(opened, opened, opened, opened)], opened
    for (since, begun), (until, ended) in pairwise(anchors):
        slope = (ended - begun) / (until - since)
        for at in range(since + 1, until):
            if likely < 1.0 and random.random() >= likely:
                continue
            price = min(max(int(begun + slope * (at - since) + random.uniform(-wide, wide)), low), high)
            price = max(low, price - price % bourse.step(price, kind))
            traded.append(at)
            found.append((before, max(before, price), min(before, price), price))
            before = price
        traded.append(until)
        found.append((before, max(before, ended), min(before, ended), ended))
        before = ended
    return traded, found


def _quantities(random: Random, volume: int, count: int) -> list[int]:
    """Divide a volume among minutes; what the division leaves over is the opening auction's."""
    weights = [random.uniform(0.2, 1.8) for _ in range(count)]
    part = (volume - count) / sum(weights)
    quantities = [1 + int(weight * part) for weight in weights]
    quantities[0] += volume - sum(quantities)
    return quantities


def _worth(prices: Prices, quantity: int) -> int:
    return (prices[1] + prices[2]) * quantity // 2


def _quiet(
    bourse: Bourse, random: Random, instrument: Instrument, around: int, volume: int, since: int, until: int
) -> Iterator[Minute]:
    """Yield minutes of a session in which little is traded, near a price, also beyond those of the day."""
    count = min(volume, max(1, (until - since) // 8))
    before, left = around, volume
    for number, at in enumerate(sorted(random.sample(range(since, until), count))):
        price = max(1, int(around * random.uniform(0.985, 1.015)))
        price = max(1, price - price % bourse.step(price, instrument.kind))
        quantity = left // (count - number)
        left -= quantity
        prices = (before, max(before, price), min(before, price), price)
        yield Minute(at, *prices, quantity, _worth(prices, quantity))
        before = price


def _at_nxt(
    bourse: Bourse, random: Random, instrument: Instrument, day: Candle, at_krx: Iterable[Minute]
) -> Iterator[Minute]:
    """Yield what NXT traded: before KRX opens, beside it at its prices, and in the evening."""
    hours = _hours(Venue.NXT, day.time.date())
    opened, closed = _start(hours, Phase.REGULAR), _end(hours, Phase.REGULAR)
    some = max(1, int(day.volume) // 50)
    if hours[0][1] is Phase.PRE_MARKET:
        since = _start(hours, Phase.PRE_MARKET)
        yield from _quiet(bourse, random, instrument, int(day.open), some, since, opened - 10)
    for bar in at_krx:
        quantity = int(bar.volume * _AT_NXT)
        if opened <= bar.start < closed and quantity:
            yield bar._replace(volume=quantity, turnover=_worth(bar[1:5], quantity))
    # In its first ten minutes NXT gathers orders for one price.
    since = _start(hours, Phase.AFTER_MARKET) + 10
    yield from _quiet(bourse, random, instrument, int(day.close), some, since, 20 * 60)


def _together(one: Iterable[Minute], other: Iterable[Minute]) -> Iterator[Minute]:
    """Yield the minutes of both venues: where both traded, KRX was the first and NXT the last."""
    found = {bar.start: bar for bar in one}
    for bar in other:
        known = found.get(bar.start)
        found[bar.start] = (
            bar
            if known is None
            else Minute(
                bar.start,
                known.open,
                max(known.high, bar.high),
                min(known.low, bar.low),
                bar.close,
                known.volume + bar.volume,
                known.turnover + bar.turnover,
            )
        )
    yield from (found[start] for start in sorted(found))


def _has_evening(instrument: Instrument, date: dt.date) -> bool:
    """Say whether KRX traded a symbol in the evening: no fund."""
    return date >= KRX_AFTER_MARKET_SINCE and instrument.kind is SecurityType.STOCK


def _hours(venue: Venue, date: dt.date) -> Hours:
    try:
        return hours_of(venue, date)
    except InvalidRequest:  # outside the years that are known every day is a usual one
        return hours_of(venue, KRX_AFTER_MARKET_SINCE)


def _start(hours: Hours, phase: Phase) -> int:
    return next(since.hour * 60 + since.minute for since, each in hours if each is phase)


def _end(hours: Hours, phase: Phase) -> int:
    return next(until.hour * 60 + until.minute for (_, each), (until, _) in pairwise(hours) if each is phase)
