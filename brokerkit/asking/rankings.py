"""Rankings and saved conditions out of what a broker answers: in one order, numbered, complete, or an error."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from operator import attrgetter
from typing import Any

from brokerkit import clock
from brokerkit.arguments import RANKED, check_venue
from brokerkit.asking.inquiries import Inquiries, call_of, name_of
from brokerkit.errors import IncompleteListing, InvalidRequest, Unsupported
from brokerkit.hours import market_hours
from brokerkit.market.days import FIRST_KNOWN_DAY, LAST_CONFIRMED_YEAR, previous_trading_day
from brokerkit.models import Condition, Instrument, Match, Quote, Rank
from brokerkit.part import Part
from brokerkit.replies import RankReply, Ranks
from brokerkit.words import RankingKind, SecurityType, Segment, Venue

ESTIMATED_FROM = dt.time(10, 10)
"""Foreigners are estimated at 09:30 first, institutions at 10:00, each up to ten minutes later: what is told before may
be another day's."""
FIELDS: Mapping[RankingKind, str] = {
    RankingKind.VOLUME: "volume",
    RankingKind.TURNOVER: "turnover",
    RankingKind.GAINERS: "change",
    RankingKind.LOSERS: "change",
    RankingKind.MARKET_VALUE: "market_value",
    RankingKind.FOREIGN_NET_BUYING: "net_amount",
    RankingKind.INSTITUTION_NET_BUYING: "net_amount",
}
"""What a ranking goes by."""
FIRMS = (SecurityType.STOCK, SecurityType.REIT)
"""What has a value of its own: funds are made of what others are worth."""


def kinds_of(part: Part[Any] | type[Part[Any]]) -> dict[RankingKind, tuple[Venue, ...]]:
    """Return the rankings that there are of a broker, with the venues of each: what it tells, and what we compute."""
    found = {kind: tuple(venues) for kind, venues in part.ranking_venues.items()}
    if part.fills("instruments") and part.fills("quote"):
        found.setdefault(RankingKind.MARKET_VALUE, tuple(part.quote_venues))
    return found


def ranked(
    inquiries: Inquiries, kind: RankingKind, market: Segment | None, count: int, venue: Venue | None
) -> list[Rank]:
    """Return the first so many of a ranking: of one listing market, or of all of them."""
    part = inquiries.offering("rankings", inquiries.home(None))
    venue = _venue(inquiries, part, kind, venue)
    if kind not in part.ranking_venues:
        return _by_value(inquiries, part, market, count, venue or Venue.KRX)
    if part.most_ranks is not None and count > part.most_ranks:
        raise Unsupported(
            f"{part.broker} tells the first {part.most_ranks} of a ranking and no more.",
            advice=f"Nothing was sent. Ask for count={part.most_ranks} or fewer.",
        )
    found = part.ranking(kind, market, venue, count)
    date = present_day(part, venue, is_estimate=found.is_estimate)
    final = date is not None and date < clock.today() and not found.is_estimate
    where = {"venue": venue, "date": date, "final": final}
    rows = _in_order(part, kind, found)[:count]
    return [row.to_model(rank=place, **name_of(row), **where) for place, row in enumerate(rows, start=1)]


def _by_value(inquiries: Inquiries, part: Part[Any], market: Segment | None, count: int, venue: Venue) -> list[Rank]:
    """Return the firms of the largest value, out of the day's list of instruments and the prices of those in question.

    A firm in question without a price is an IncompleteListing.
    """
    listed = inquiries.listings.instruments(inquiries.home(None), market, None)
    firms = [each for each in listed if each.kind in FIRMS and each.market in RANKED and each.listed_shares]
    if venue is Venue.NXT:
        firms = [each for each in firms if each.nxt]
    asked = {each.symbol: each for each in (firms if listed.is_stale else _in_question(firms, count))}
    quotes = inquiries.quotes(list(asked), venue, None)
    if quotes.failed:
        symbol, error = next(iter(quotes.failed.items()))
        words = f"{part.broker} has no price of {symbol}, which may have a place in it: {error.words}"
        raise IncompleteListing(words, broker=part.broker)
    values = [((asked[each.symbol].listed_shares or Decimal(0)) * each.price, each) for each in quotes]
    first = sorted(values, key=lambda each: (-each[0], each[1].symbol))[:count]
    date = present_day(part, venue)
    return [
        _valued(place, value, quote, asked[quote.symbol].name, date)
        for place, (value, quote) in enumerate(first, start=1)
    ]


def _in_question(firms: Sequence[Instrument], count: int) -> list[Instrument]:
    """Return the firms that may have a place today by what they were worth yesterday.

    No price moves by more than the limits of the day, so none that was worth less than half of the last place then: a
    quarter has room for what they leave out. Firms without such limits, or without a price of yesterday, may as well.
    """
    worth = {each.symbol: (each.listed_shares or 0) * (each.base_price or 0) for each in firms}
    last = sorted(worth.values(), reverse=True)[:count][-1] if firms else 0
    yesterday = clock.today() - dt.timedelta(days=1)

    def is_bounded(each: Instrument) -> bool:
        return bool(each.base_price and each.liquidation is not True and each.listed_on and each.listed_on < yesterday)

    return [each for each in firms if worth[each.symbol] * 4 >= last or not is_bounded(each)]


def _valued(place: int, value: Decimal, quote: Quote, name: str, date: dt.date | None) -> Rank:
    return Rank(
        rank=place,
        symbol=quote.symbol,
        name=quote.name or name,
        date=date,
        venue=quote.venue,
        price=quote.price,
        change=quote.change,
        change_percent=quote.change_percent,
        volume=quote.volume,
        turnover=quote.turnover,
        market_value=value,
        final=date is not None and date < clock.today(),
        computed=True,
    )


def _venue(inquiries: Inquiries, part: Part[Any], kind: RankingKind, named: Venue | None) -> Venue | None:
    """Return the venue that is meant, None of a ranking that is of no single one."""
    kinds = kinds_of(part)
    if kind not in kinds:
        raise Unsupported(
            f"{part.broker} has no ranking by {kind}.",
            advice=f"Nothing was sent. It has: {', '.join(kinds)}.",
        )
    venues = kinds[kind]
    if named is None and not venues:
        return None
    venue = check_venue(inquiries.home(None).default_venue if named is None else named)
    if venue not in venues:
        offered = ", ".join(venues) or "none: leave venue out"
        raise Unsupported(
            f"{venue} is not offered as a venue of a ranking by {kind} at {part.broker}.",
            advice=f"Nothing was sent. Offered here: {offered}.",
        )
    return venue


def present_day(part: Part[Any], venue: Venue | None, *, is_estimate: bool = False) -> dt.date | None:
    """Return the trading day of a ranking, which no row tells: on a holiday the last one is repeated.

    It goes by the table of brokerkit, without a call. None where that does not prove it.
    """
    now = clock.now()
    if part.is_simulated:
        return now.date()  # a sandbox trades on every day
    if now.year > LAST_CONFIRMED_YEAR or now.date() <= FIRST_KNOWN_DAY:
        return None
    regular = market_hours(now.date(), venue or Venue.KRX).regular
    if regular is None:
        return None if is_estimate else previous_trading_day(now.date())
    begin = max(regular.start.time(), ESTIMATED_FROM) if is_estimate else regular.start.time()
    return now.date() if now.time() >= begin else None


def _in_order(part: Part[Any], kind: RankingKind, found: Ranks) -> list[RankReply]:
    """Return the rows that belong to a ranking, the first first.

    Brokers order them by figures of a moment before, and ties each in a way of its own. Where a broker rounds what it
    ranks by, ties stay in its order: it knows more than it tells.
    """
    field = FIELDS[kind]
    seen: set[str] = set()
    rows: list[tuple[Decimal, int | str, RankReply]] = []
    is_rounded = field in part.rounds.get(Rank, {})
    for place, row in enumerate(found.rows):
        if row.symbol in seen:
            raise part.wrong(found.endpoint, f"{row.symbol} stands in it twice")
        seen.add(row.symbol)
        figure = _figure(part, kind, found, row)
        if figure > 0:
            rows.append((-figure, place if is_rounded else row.symbol, row))
    return [row for *_, row in sorted(rows, key=lambda each: each[:2])]


def _figure(part: Part[Any], kind: RankingKind, found: Ranks, row: RankReply) -> Decimal:
    """Return what a row is ranked by, larger for what comes before; of a change its part of the base price."""
    field = FIELDS[kind]
    value: Decimal | None = getattr(row, field, None)
    if value is None:
        raise part.wrong(found.endpoint, f"{row.symbol} has no {field}, by which it is ranked")
    if field != "change":
        return value
    price: Decimal | None = getattr(row, "price", None)
    base = (price or Decimal(0)) - value
    if base <= 0:
        raise part.wrong(found.endpoint, f"{row.symbol} has moved by {value} to {price}, from no price")
    return value / base if kind is RankingKind.GAINERS else -value / base


# Saved conditions


def conditions(inquiries: Inquiries) -> list[Condition]:
    """Return the conditions that are saved at the broker, in its order."""
    part = inquiries.offering("conditions", inquiries.home(None))
    found = [row.to_model() for row in part.conditions()]
    _check_once(part, "conditions", map(attrgetter("id"), found))
    return found


def screened(inquiries: Inquiries, condition: Condition | str) -> list[Match]:
    """Return what meets a condition, which a text names: there has to be one of that name."""
    part = inquiries.offering("screen", inquiries.home(None))
    if isinstance(condition, str):
        condition = _named(conditions(inquiries), condition)
    found = [row.to_model(**name_of(row)) for row in part.screen(condition.id)]
    _check_once(part, "screen", map(attrgetter("symbol"), found))
    return found


def _named(saved: list[Condition], name: str) -> Condition:
    found = [each for each in saved if each.name == name]
    if len(found) != 1:
        words = f"There are several conditions named {name!r}." if found else f"There is no condition named {name!r}."
        names = ", ".join(each.name for each in saved) or "none"
        raise InvalidRequest(words, advice=f"Saved are: {names}.")
    return found[0]


def _check_once(part: Part[Any], verb: str, names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise part.wrong(call_of(part, verb), f"{name} stands in it twice")
        seen.add(name)
