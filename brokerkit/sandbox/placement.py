"""What each order type means when an order comes in: where it may trade, where it waits, what it can cost."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from brokerkit.errors import InvalidRequest
from brokerkit.market.sessions import Offer, Phase
from brokerkit.market.ticks import is_on_tick, round_to_tick
from brokerkit.models import PRICED, OrderRequest
from brokerkit.sandbox.accounts import Entry
from brokerkit.sandbox.books import Book, Place, opposite, step_down, step_up
from brokerkit.sandbox.instruments import Instrument
from brokerkit.sandbox.rows import ExchangeRefusal, Refusal
from brokerkit.words import OrderType, Side, Venue

_MOST_SHARES = Decimal(10) ** 10
"""An order of more is a slip; without an end the arithmetic of Decimal would not stay exact."""


@dataclass(frozen=True)
class Placement:
    """How an order is played."""

    place: Place
    limit: int | None
    """None: any price."""
    dearest: int
    """The highest price that a fill can have."""


def placement_of(request: OrderRequest, instrument: Instrument, book: Book[Entry]) -> Placement:
    """Return the placement of an order as the book stands; refuse what has no price in it."""
    return _PLACEMENTS[request.type](request, instrument, book)


def _limit(request: OrderRequest, instrument: Instrument, book: Book[Entry]) -> Placement:
    price = int(request.price or 0)
    return Placement(Place.LEVEL, price, price)


def _limit_to_market(request: OrderRequest, instrument: Instrument, book: Book[Entry]) -> Placement:
    # It can end as a market order, so it holds back as much cash as one.
    return Placement(Place.LEVEL, int(request.price or 0), int(instrument.upper_limit))


def _market(request: OrderRequest, instrument: Instrument, book: Book[Entry]) -> Placement:
    return Placement(Place.MARKET, None, int(instrument.upper_limit))


def _midpoint(request: OrderRequest, instrument: Instrument, book: Book[Entry]) -> Placement:
    # The middle can move while it waits.
    return Placement(Place.MIDPOINT, None, int(instrument.upper_limit))


def _stop(request: OrderRequest, instrument: Instrument, book: Book[Entry]) -> Placement:
    price = int(request.price or 0)
    return Placement(Place.ASLEEP, price, price)


def _best_opposite(request: OrderRequest, instrument: Instrument, book: Book[Entry]) -> Placement:
    price = book.best(opposite(request.side))
    own = book.best(request.side)
    if price is None and own is not None:
        beyond = step_up if request.side is Side.BUY else step_down
        price = beyond(own, instrument.kind)
    return _at(book.day.price if price is None else price, instrument)


def _best_same_side(request: OrderRequest, instrument: Instrument, book: Book[Entry]) -> Placement:
    price = book.best(request.side)
    if price is None:
        # What the exchange does with an empty own side is not told: no price is made up.
        raise ExchangeRefusal(Refusal.UNSUPPORTED_TYPE)
    return _at(price, instrument)


def _previous_close(request: OrderRequest, instrument: Instrument, book: Book[Entry]) -> Placement:
    price = int(instrument.previous_close)
    return Placement(Place.CLOSING_PRICE, price, price)


def _close(request: OrderRequest, instrument: Instrument, book: Book[Entry]) -> Placement:
    return Placement(Place.CLOSING_PRICE, book.day.price, book.day.price)


def _at(price: int, instrument: Instrument) -> Placement:
    """Return the placement of a limit at a price of the book, which a print at the middle can have put off the step."""
    within = min(max(Decimal(price), instrument.lower_limit), instrument.upper_limit)
    limit = int(round_to_tick(within, instrument.kind, up=False))
    return Placement(Place.LEVEL, limit, limit)


_PLACEMENTS: Mapping[OrderType, Callable[[OrderRequest, Instrument, Book[Entry]], Placement]] = {
    OrderType.LIMIT: _limit,
    OrderType.MARKET: _market,
    OrderType.LIMIT_TO_MARKET_ON_CLOSE: _limit_to_market,
    OrderType.BEST_OPPOSITE: _best_opposite,
    OrderType.BEST_SAME_SIDE: _best_same_side,
    OrderType.MIDPOINT: _midpoint,
    OrderType.STOP_LIMIT: _stop,
    OrderType.PRE_OPEN_CLOSING_PRICE: _previous_close,
    OrderType.AFTER_CLOSE_CLOSING_PRICE: _close,
}


def check_offered(request: OrderRequest, instrument: Instrument, phase: Phase, offered: frozenset[Offer]) -> None:
    """Refuse an order that its venue does not take in this phase, or not for this symbol."""
    refused = (request.type, request.time_in_force) not in offered
    if request.venue is Venue.KRX:
        refused |= phase is Phase.AFTER_MARKET and not instrument.trades_in_the_evening
    elif request.venue is Venue.NXT or phase in (Phase.PRE_MARKET, Phase.AFTER_MARKET):
        refused |= not instrument.nxt
    if refused:
        raise ExchangeRefusal(Refusal.UNSUPPORTED_TYPE)


def check_numbers(instrument: Instrument, quantity: Decimal, *prices: Decimal | None) -> None:
    """Refuse numbers that no order of this symbol may carry."""
    if not is_whole(quantity):
        raise ExchangeRefusal(Refusal.QUANTITY)
    given = [price for price in prices if price is not None]
    if not all(is_on_tick(price, instrument.kind) for price in given):
        raise ExchangeRefusal(Refusal.PRICE_STEP)
    if not all(instrument.lower_limit <= price <= instrument.upper_limit for price in given):
        raise ExchangeRefusal(Refusal.PRICE_LIMIT)


def is_whole(quantity: Decimal) -> bool:
    """Return whether so many shares can be ordered."""
    return 0 < quantity <= _MOST_SHARES and quantity == quantity.to_integral_value()


_FIXED_ON_ENTRY = frozenset({OrderType.BEST_OPPOSITE, OrderType.BEST_SAME_SIDE})


def amended_request(
    entry: Entry, quantity: int, price: Decimal | None, order_type: OrderType | None, stop_price: Decimal | None
) -> OrderRequest:
    """Return the order that an amendment makes of one; what is not given stays as it is."""
    old = entry.request
    asleep = old.type is OrderType.STOP_LIMIT and not entry.awake
    if order_type is None:
        # What took its limit on entry has one since, and so has a stop order that woke: only that can be meant.
        now_limited = price is not None and old.type in _FIXED_ON_ENTRY
        woken = old.type is OrderType.STOP_LIMIT and entry.awake
        order_type = OrderType.LIMIT if now_limited or woken else old.type
    if price is None and order_type in PRICED:
        price = old.price
    if stop_price is None and order_type is OrderType.STOP_LIMIT and asleep:
        stop_price = old.stop_price
    try:
        return old.model_validate(
            {
                **dict(old),
                "quantity": Decimal(quantity),
                "type": order_type,
                "price": price,
                "stop_price": stop_price,
            }
        )
    except InvalidRequest:
        # A price for a type that has none, or none for one that needs it.
        raise ExchangeRefusal(Refusal.UNSUPPORTED_TYPE) from None
