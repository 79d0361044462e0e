"""Arguments of the verbs, checked before anything is sent."""

from __future__ import annotations

import datetime as dt
import operator
import re
import reprlib
from collections.abc import Callable, Collection
from enum import StrEnum
from typing import TypeVar

from brokerkit import clock
from brokerkit.errors import InvalidRequest
from brokerkit.market.markets import KOREA, Market, market_named, market_names, market_with
from brokerkit.models import Condition, Instrument, Order, OrderRequest, Reservation
from brokerkit.words import Interval, Investor, OrderType, RankingKind, SecurityType, Segment, Side, TimeInForce, Venue

E = TypeVar("E", bound=StrEnum)
MOST_CANDLES = 1_000_000
RANKED = (Segment.KOSPI, Segment.KOSDAQ)
"""Where what is ranked is listed."""


def plain(symbol: str | Instrument) -> str:
    """Return the symbol of an instrument; what is none stays as it is, to be checked as a symbol."""
    return symbol.symbol if isinstance(symbol, Instrument) else symbol


EXCHANGE_MARKETS = ("KOSPI", "KOSDAQ")


def check_venue(venue: object) -> Venue:
    """Return the venue, or raise InvalidRequest with the ones there are."""
    try:
        return Venue(venue)  # type: ignore[arg-type]
    except ValueError:
        raise InvalidRequest(f"{venue!r} is no venue. There are {', '.join(Venue)}.") from None


def check_type(type: object) -> OrderType:
    """Return the order type, or raise InvalidRequest with the ones there are."""
    try:
        return OrderType(type)  # type: ignore[arg-type]
    except ValueError:
        raise InvalidRequest(f"{type!r} is no order type. There are {', '.join(OrderType)}.") from None


def check_days(start: object, end: object, today: dt.date | None = None) -> tuple[dt.date, dt.date]:
    """Return both as dates; InvalidRequest unless they are in order, and the first is not in the future.

    `today` is the present day of the market that they are days of; without it Korea's.
    """
    first, last = check_day(start), check_day(end)
    if first > (today or clock.today()):
        raise InvalidRequest(f"start {first} lies in the future.")
    if first > last:
        raise InvalidRequest(f"start {first} is after end {last}.")
    return first, last


def check_day(value: object) -> dt.date:
    """Return a date. A datetime, such as the time stamps of table libraries, is one if it is midnight in Korea."""
    if isinstance(value, dt.datetime) and value == value:  # a time stamp that stands for none differs from itself
        local = value if value.tzinfo is None else value.astimezone(clock.KST)
        if (local.hour, local.minute, local.second, local.microsecond) == (0, 0, 0, 0):
            return dt.date(local.year, local.month, local.day)
        raise InvalidRequest(f"{reprlib.repr(value)} is a moment, and a day is wanted. Give its .date().")
    if not isinstance(value, dt.date) or isinstance(value, dt.datetime):
        raise InvalidRequest(f"{reprlib.repr(value)} is not a datetime.date. Write dt.date(2026, 11, 20).")
    return value


def check_moments(start: object, end: object, market: Market) -> tuple[dt.datetime | None, dt.datetime]:
    """Return from when to when candles within days are wanted: a date is all of its day, None the present day's end.

    Dates are trading days of the market. InvalidRequest unless they are in order, and the start is not in the future.
    """
    today = market.today()
    first = None if start is None else _moment(start, market.begin_of)
    last = _moment(today if end is None else end, lambda day: _end_of(market, day))
    if first is not None and market.day_of(first) > today:
        raise InvalidRequest(f"start {start} lies in the future.")
    if first is not None and first > last:
        raise InvalidRequest(f"start {start} is after end {end}.")
    return first, min(last, _end_of(market, today))


def _end_of(market: Market, day: dt.date) -> dt.datetime:
    return market.begin_of(day + dt.timedelta(days=1)) - dt.timedelta(seconds=1)


def _moment(value: object, of_day: Callable[[dt.date], dt.datetime]) -> dt.datetime:
    """Return a moment in Korean time; a date, or midnight without a time zone, is a day."""
    if isinstance(value, dt.datetime) and value.tzinfo is not None and value == value:
        return value.astimezone(clock.KST)
    if isinstance(value, dt.datetime) and value == value and value.time() != dt.time.min:
        raise InvalidRequest(
            f"{reprlib.repr(value)} has no time zone, so it is not clear which moment it is.",
            advice="Give a date, or a moment with a zone: tzinfo=ZoneInfo('Asia/Seoul').",
        )
    return of_day(check_day(value))


def _member(kind: type[E], value: object, refusal: Callable[[str, str], str]) -> E:
    """Return a value as one of an enum, or raise InvalidRequest with the words for it and for all there are."""
    try:
        return kind(value)  # type: ignore[arg-type]
    except ValueError:
        raise InvalidRequest(refusal(reprlib.repr(value), ", ".join(kind))) from None


def check_interval(interval: object) -> Interval:
    """Return the interval of candles, or raise InvalidRequest with the ones there are."""
    return _member(Interval, interval, lambda given, all_: f"{given} is no interval of candles. There are {all_}.")


def check_listed(place: object) -> tuple[Market, Segment | None]:
    """Return the market where instruments are listed, and the part of it that is named, such as "NASDAQ".

    InvalidRequest with the places there are.
    """
    if place in tuple(Segment):
        segment = Segment(str(place))
        return market_with(segment), segment
    try:
        return market_named(place), None
    except InvalidRequest as error:
        segments, markets = ", ".join(Segment), ", ".join(market_names())
        words = f"{reprlib.repr(place)} lists nothing. There are {segments}, and the markets {markets}."
        raise InvalidRequest(words) from error


def check_kind(kind: object) -> SecurityType:
    """Return a kind of security, or raise InvalidRequest with the ones there are."""
    return _member(SecurityType, kind, lambda given, all_: f"{given} is no kind of security. There are {all_}.")


def check_exchange_market(market: object) -> str:
    """Return a market of the exchange, or raise InvalidRequest with the ones of which figures are told."""
    if market in EXCHANGE_MARKETS:
        return str(market)
    raise InvalidRequest(f"{reprlib.repr(market)} is not KOSPI or KOSDAQ.")


def check_investor(investor: object) -> Investor:
    """Return the kind of investor, or raise InvalidRequest with the ones there are."""
    return _member(Investor, investor, lambda given, all_: f"{given} is no kind of investor. There are {all_}.")


def check_side(side: object) -> Side:
    """Return the side, or raise InvalidRequest with the ones there are."""
    return _member(Side, side, lambda given, all_: f"{given} is no side. There are {all_}.")


def check_count(count: object) -> int | None:
    """Return how many are wanted; InvalidRequest unless that is a number from 1 on, or None."""
    if count is None:
        return None
    number = operator.index(count) if hasattr(count, "__index__") and not isinstance(count, bool) else 0
    if not 0 < number <= MOST_CANDLES:
        raise InvalidRequest(f"count is a number from 1 to {MOST_CANDLES:,}, not {reprlib.repr(count)}.")
    return number


def check_ranking(kind: object) -> RankingKind:
    """Return the kind of ranking, or raise InvalidRequest with the ones there are."""
    return _member(RankingKind, kind, lambda given, all_: f"{given} is no ranking. There are {all_}.")


def check_ranked(market: object) -> Segment | None:
    """Return where what is ranked is listed, None for everywhere, or raise InvalidRequest with the places there are."""
    if market is None or market in RANKED:
        return None if market is None else Segment(str(market))
    raise InvalidRequest(f"{reprlib.repr(market)} has no rankings. There are {', '.join(RANKED)}.")


def check_condition(condition: object) -> Condition | str:
    """Return a saved condition, or the name of one; InvalidRequest for anything else."""
    if isinstance(condition, Condition) or (isinstance(condition, str) and condition.strip()):
        return condition
    raise InvalidRequest(f"{reprlib.repr(condition)} is no condition. Take one from conditions(), or give its name.")


def check_currency(currency: object) -> str:
    """Return a foreign currency; InvalidRequest for the won, and for what is no code of three capital letters."""
    if isinstance(currency, str) and currency != KOREA.currency and re.fullmatch("[A-Z]{3}", currency):
        return currency
    raise InvalidRequest(f"{reprlib.repr(currency)} is no foreign currency. Write one as 'USD'.")


def check_flag(flag: object, name: str) -> bool:
    """Return what is yes or no; InvalidRequest for anything else."""
    if isinstance(flag, bool):
        return flag
    raise InvalidRequest(f"{name} is True or False, not {reprlib.repr(flag)}.")


def check_order(order: object, verb: str) -> Order:
    """Return the order that a verb is about; InvalidRequest that says where to take it from."""
    if isinstance(order, Order):
        return order
    from brokerkit.orders.intents import Intent  # only who mistakes one for an order needs it

    given = f"{type(order).__name__} {reprlib.repr(order)}"
    if isinstance(order, OrderRequest):
        words = (
            f"{verb} needs the Order itself: {given} is what was meant to be ordered; "
            "the answer of order() is the Order."
        )
    elif isinstance(order, Intent):
        words = (
            f"{verb} needs the Order itself: {given} is an entry of the journal; its order is found by reconcile(), "
            "then in orders() or order_history()."
        )
    else:
        words = (
            f"{verb} needs the Order itself: {given} is no Order. A number alone does not say which day's order it is."
        )
    raise InvalidRequest(
        words,
        advice="Nothing was sent. Take the Order from orders() or order_history(), or keep the answer of buy and sell.",
    )


def check_reservation(reservation: object, verb: str) -> Reservation:
    """Return the reserved order that a verb is about; InvalidRequest that says where to take it from."""
    if isinstance(reservation, Reservation):
        return reservation
    raise InvalidRequest(
        f"{verb} needs the Reservation itself, not {type(reservation).__name__} {reprlib.repr(reservation)}.",
        advice="Nothing was sent. Take it from reservations(), or keep the answer of reserve.",
    )


def check_request(request: object) -> OrderRequest:
    """Return what is to be ordered; InvalidRequest that says how to make it."""
    if isinstance(request, OrderRequest):
        return request
    raise InvalidRequest(
        f"order needs an OrderRequest, not {type(request).__name__}.",
        advice="Nothing was sent. Make one with OrderRequest(symbol=..., side=..., quantity=..., price=...), or from a "
        "dict with OrderRequest.model_validate; buy and sell make it themselves.",
    )


def check_verb(verb: object, known: Collection[str]) -> None:
    """Raise InvalidRequest for a word that is no verb, with the nearest one."""
    if verb in known:
        return
    import difflib

    near = difflib.get_close_matches(verb, known, 1) if isinstance(verb, str) else []
    words = f"{reprlib.repr(verb)} is no verb. There are {', '.join(known)}."
    raise InvalidRequest(f"{reprlib.repr(verb)} is no verb. Did you mean {near[0]!r}?" if near else words)


def make_request(
    symbol: str,
    side: Side,
    quantity: object,
    price: object,
    type: OrderType | None,
    time_in_force: TimeInForce,
    venue: Venue | None,
    stop_price: object,
) -> OrderRequest:
    """Return the order that `buy` and `sell` describe; InvalidRequest if it is wrong."""
    return OrderRequest.model_validate(
        {
            "symbol": symbol,
            "side": side,
            "quantity": quantity,
            "price": price,
            "type": type,
            "time_in_force": time_in_force,
            "venue": venue,
            "stop_price": stop_price,
        }
    )
