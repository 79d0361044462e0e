"""Trades of today, complete or an error, and the member firms behind them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from brokerkit import clock
from brokerkit.asking.inquiries import CLOCKS_DIFFER, Inquiries, endpoint_of, venue_of
from brokerkit.errors import IncompleteListing
from brokerkit.market.markets import Market, market_of
from brokerkit.models import Members, Table, Trade
from brokerkit.part import Part
from brokerkit.replies import TradeReply
from brokerkit.words import Venue

Timed = tuple[dt.datetime, TradeReply]
"""A trade, and the moment at which it took place."""


def trades(inquiries: Inquiries, symbol: str, venue: Venue | None, count: int | None) -> Table[Trade]:
    """Return the newest trades of today, oldest first: so many of them, or all where `count` is None."""
    market = market_of(symbol)
    part = inquiries.offering("trades", market)
    venue = venue_of(part, market, venue)
    found = _newest(part, market, part.trades(symbol, venue, count), count)
    return Table(Trade, (_trade(row, symbol, venue, time) for time, row in reversed(found)))


def members(inquiries: Inquiries, symbol: str, venue: Venue | None) -> Members:
    """Return which member firms have traded most of a symbol today."""
    market = market_of(symbol)
    part = inquiries.offering("members", market)
    venue = venue_of(part, market, venue)
    reply = part.members(symbol, venue)
    inquiries.check_about(symbol, reply, part, "members")
    return reply.to_model(symbol=symbol, venue=venue)


def _newest(part: Part[Any], market: Market, pages: Iterable[Sequence[TradeReply]], count: int | None) -> list[Timed]:
    """Return the rows of pages, each trade once: a page may begin with rows of the one before it."""
    found: list[Timed] = []
    today = market.today()
    moments = market.moments_of(today)
    for number, page in enumerate(pages):
        if number and not (page and found):
            raise IncompleteListing(
                f"{part.broker} tells no trades on a page that others follow or that follows others.",
                broker=part.broker,
                endpoint=endpoint_of(part, "trades"),
            )
        timed = [(_moment(part, row, moments), row) for row in page]
        if timed and not found and not _is_of_today(part, market, timed[0][0]):
            return []
        is_dated = bool(page) and isinstance(page[0].clock, dt.datetime)
        kept = [each for each in timed if market.day_of(each[0]) == today] if is_dated else timed
        _add(part, found, kept, is_first=not number)
        if len(kept) < len(timed) or (count is not None and len(found) >= count):
            break
    return found[:count]


def _moment(part: Part[Any], row: TradeReply, moments: Callable[[dt.time], dt.datetime]) -> dt.datetime:
    """Return when a trade of the present day took place: some brokers tell its day, too."""
    if row.clock is None:
        raise part.wrong(None, "trades: one of them has no time of day")
    return row.clock if isinstance(row.clock, dt.datetime) else moments(row.clock)


def _add(part: Part[Any], found: list[Timed], page: Iterable[Timed], *, is_first: bool) -> None:
    """Add the rows of a page that are not there yet; WireError where they are not told newest first."""
    has_begun = is_first
    for time, row in page:
        if found:
            after, last = found[-1]
            step = _step(last, row)
            if (step > 0 and has_begun) or (step < 0 and time > after):
                raise part.wrong(None, "trades: they are not told newest first")
            if step >= 0:
                continue
        has_begun = True
        found.append((time, row))


def _step(newer: TradeReply, row: TradeReply) -> int:
    """Return -1 for an older trade, 0 for the same one, 1 for a newer one; several share a second, none a volume."""
    before, now = getattr(newer, "volume", None), getattr(row, "volume", None)
    return -1 if before is None or now is None else (now > before) - (now < before)


def _is_of_today(part: Part[Any], market: Market, newest: dt.datetime) -> bool:
    """Say whether a list, which may tell no day, is one of today: before the open it is that of the last trading day.

    A trade of an earlier day may be the newest one that a list has, where it tells the days.
    """
    if part.is_simulated:
        return True  # the simulated exchange has a clock and a calendar of its own
    today = market.today()
    is_trading_day = market.rules is None or market.rules.is_trading_day(today)
    return is_trading_day and market.day_of(newest) == today and newest <= clock.now() + CLOCKS_DIFFER


def _trade(row: TradeReply, symbol: str, venue: Venue, time: dt.datetime) -> Trade:
    return row.to_model(symbol=symbol, venue=getattr(row, "venue", None) or venue, time=time)
