"""Candles of one symbol or of several: which rules they are made by, and what each symbol has got."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from brokerkit.arguments import check_days, check_moments
from brokerkit.asking.bars import INTRADAY
from brokerkit.asking.charts import Charts, Question
from brokerkit.asking.inquiries import Inquiries, venue_of
from brokerkit.asking.minutes import Minutes, Span
from brokerkit.errors import BrokerError, IncompleteListing, InvalidRequest, UnknownSymbol, WireError
from brokerkit.market.markets import market_of
from brokerkit.models import Candles, ManyCandles
from brokerkit.symbols import check_symbol
from brokerkit.transport.together import Progress
from brokerkit.words import Interval, Venue

OF_ONE_SYMBOL = (InvalidRequest, UnknownSymbol, IncompleteListing, WireError)
"""Errors that are the fault of a symbol, and take no other with it."""


@dataclass(frozen=True)
class Wish:
    """What is asked for, of whatever symbol. Of days and longer start and end are dates."""

    interval: Interval
    start: object
    end: object
    count: int | None
    adjusted: bool | None
    venue: Venue | None


def candles(inquiries: Inquiries, symbol: str, wish: Wish, progress: Progress | None) -> Candles:
    """Return candles of a symbol at a venue, or at the default one of its market."""
    market = market_of(check_symbol(symbol))
    part = inquiries.offering("candles", market)
    venue = venue_of(part, market, wish.venue)
    if wish.interval in INTRADAY:
        start, end = check_moments(wish.start, wish.end, market)
        span = Span(symbol, wish.interval, venue, wish.adjusted, start, end, wish.count)
        return Minutes(part, market, inquiries.together).candles(span, progress)
    first, last = _days(wish, market.today())
    adjusted = wish.adjusted is not False
    asked = Question(symbol, wish.interval, venue, adjusted, first, last, wish.count)
    return Charts(part, market, inquiries.together).candles(asked, progress)


def _days(wish: Wish, today: dt.date) -> tuple[dt.date | None, dt.date]:
    last = today if wish.end is None else wish.end
    first, end = check_days(last if wish.start is None else wish.start, last, today)
    return None if wish.start is None else first, min(end, today)


def several_candles(
    inquiries: Inquiries, symbols: Sequence[object], wish: Wish, progress: Progress | None
) -> ManyCandles:
    """Return candles of symbols; one that is none, or of which the broker has none, takes no other with it."""
    wanted = list(dict.fromkeys(map(str, symbols)))

    def asked(symbol: str) -> Candles | BrokerError:
        try:
            return candles(inquiries, symbol, wish, None)
        except OF_ONE_SYMBOL as error:
            return error

    # Threads of their own, which wait for those that call.
    with inquiries.listings.many(wanted):
        answers = dict(zip(wanted, inquiries.waiting.map(asked, wanted, progress), strict=True))
    return ManyCandles(
        {symbol: answer for symbol, answer in answers.items() if isinstance(answer, Candles)},
        {symbol: answer for symbol, answer in answers.items() if isinstance(answer, BrokerError)},
    )
