"""What each order type means when an order comes in: where it may trade, where it waits, what it can cost."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from brokerkit.errors import InvalidRequest
from brokerkit.market.sessions import Phase
from brokerkit.models import PRICED, STOPS, OrderRequest
from brokerkit.sandbox.accounts import Entry
from brokerkit.sandbox.books import Book, Place, opposite
from brokerkit.sandbox.bourse import Bourse
from brokerkit.sandbox.instruments import Instrument
from brokerkit.sandbox.rows import ExchangeRefusal, Refusal
from brokerkit.words import OrderType, Side

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


_Placing = Callable[[Bourse, OrderRequest, Instrument, Book[Entry]], Placement]


def placement_of(bourse: Bourse, request: OrderRequest, instrument: Instrument, book: Book[Entry]) -> Placement:
    """Return the placement of an order as the book stands; refuse what has no price in it."""
    return _PLACEMENTS[request.type](bourse, request, instrument, book)


def _limit(bourse: Bourse, request: OrderRequest, instrument: Instrument, book: Book[Entry]) -> Placement:
    price = bourse.units(request.price or Decimal(0))
    return Placement(Place.LEVEL, price, price)


def _limit_to_market(bourse: Bourse, request: OrderRequest, instrument: Instrument, book: Book[Entry]) -> Placement:
    # It can end as a market order, so it holds back as much cash as one.
    return Placement(Place.LEVEL, bourse.units(request.price or Decimal(0)), bourse.dearest(instrument, book.day.price))


def _market(bourse: Bourse, request: OrderRequest, instrument: Instrument, book: Book[Entry]) -> Placement:
    return Placement(Place.MARKET, None, bourse.dearest(instrument, book.day.price))


def _midpoint(bourse: Bourse, request: OrderRequest, instrument: Instrument, book: Book[Entry]) -> Placement:
    # The middle can move while it waits.
    return Placement(Place.MIDPOINT, None, bourse.dearest(instrument, book.day.price))


def _stop(bourse: Bourse, request: OrderRequest, instrument: Instrument, book: Book[Entry]) -> Placement:
    # It begins at its stop price and can go on from there.
    stop = bourse.units(request.stop_price or Decimal(0))
    return Placement(Place.ASLEEP, None, bourse.dearest(instrument, stop))


def _stop_limit(bourse: Bourse, request: OrderRequest, instrument: Instrument, book: Book[Entry]) -> Placement:
    price = bourse.units(request.price or Decimal(0))
    return Placement(Place.ASLEEP, price, price)


def _best_opposite(bourse: Bourse, request: OrderRequest, instrument: Instrument, book: Book[Entry]) -> Placement:
    price = book.best(opposite(request.side))
    own = book.best(request.side)
    if price is None and own is not None:
        beyond = bourse.step_up if request.side is Side.BUY else bourse.step_down
        price = beyond(own, instrument.kind)
    return _at(bourse, book.day.price if price is None else price, instrument)


def _best_same_side(bourse: Bourse, request: OrderRequest, instrument: Instrument, book: Book[Entry]) -> Placement:
    price = book.best(request.side)
    if price is None:
        # What the exchange does with an empty own side is not told: no price is made up.
        raise ExchangeRefusal(Refusal.UNSUPPORTED_TYPE)
    return _at(bourse, price, instrument)


def _previous_close(bourse: Bourse, request: OrderRequest, instrument: Instrument, book: Book[Entry]) -> Placement:
    price = bourse.units(instrument.previous_close)
    return Placement(Place.CLOSING_PRICE, price, price)


def _close(bourse: Bourse, request: OrderRequest, instrument: Instrument, book: Book[Entry]) -> Placement:
    return Placement(Place.CLOSING_PRICE, book.day.price, book.day.price)


def _at(bourse: Bourse, price: int, instrument: Instrument) -> Placement:
    """Return the placement of a limit at a price of the book, which a print at the middle can have put off the step."""
    within = min(max(price, bourse.units(instrument.lower_limit)), bourse.units(instrument.upper_limit))
    limit = int(bourse.rounded(Decimal(within), instrument.kind, up=False))
    return Placement(Place.LEVEL, limit, limit)


def _waiting(place: Place) -> _Placing:
    """Return how an order is placed that waits unseen for the opening or the close: with its limit or without one."""

    def placed(bourse: Bourse, request: OrderRequest, instrument: Instrument, book: Book[Entry]) -> Placement:
        if request.price is None:
            return Placement(place, None, bourse.dearest(instrument, book.day.price))
        limit = bourse.units(request.price)
        return Placement(place, limit, limit)

    return placed


_PLACEMENTS: Mapping[OrderType, _Placing] = {
    OrderType.LIMIT: _limit,
    OrderType.MARKET: _market,
    OrderType.LIMIT_TO_MARKET_ON_CLOSE: _limit_to_market,
    OrderType.BEST_OPPOSITE: _best_opposite,
    OrderType.BEST_SAME_SIDE: _best_same_side,
    OrderType.MIDPOINT: _midpoint,
    OrderType.STOP_LIMIT: _stop_limit,
    OrderType.STOP: _stop,
    OrderType.LIMIT_ON_OPEN: _waiting(Place.OPENING),
    OrderType.MARKET_ON_OPEN: _waiting(Place.OPENING),
    OrderType.LIMIT_ON_CLOSE: _waiting(Place.CLOSING),
    OrderType.MARKET_ON_CLOSE: _waiting(Place.CLOSING),
    # In truth the broker trades these in parts, over hours, by the clock or along with the volume. Here the whole of
    # one comes in at once, as the limit or market order that its parts would be: nothing here has a clock of its own.
    OrderType.TWAP: _market,
    OrderType.VWAP: _market,
    OrderType.TWAP_LIMIT: _limit,
    OrderType.VWAP_LIMIT: _limit,
    OrderType.PRE_OPEN_CLOSING_PRICE: _previous_close,
    OrderType.AFTER_CLOSE_CLOSING_PRICE: _close,
}


def check_offered(bourse: Bourse, request: OrderRequest, instrument: Instrument, phase: Phase) -> None:
    """Refuse an order that its venue does not take in this phase, or not for this symbol."""
    is_offered = (request.type, request.time_in_force) in bourse.offers(request.venue, phase)
    if not is_offered or not bourse.takes(request, instrument, phase):
        raise ExchangeRefusal(Refusal.UNSUPPORTED_TYPE)


def check_numbers(bourse: Bourse, instrument: Instrument, quantity: Decimal, *prices: Decimal | None) -> None:
    """Refuse numbers that no order of this symbol may carry."""
    if not is_whole(quantity):
        raise ExchangeRefusal(Refusal.QUANTITY)
    given = [price for price in prices if price is not None]
    if not all(bourse.is_on_step(price, instrument.kind) for price in given):
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
    asleep = old.type in STOPS and not entry.awake
    if order_type is None:
        # What took its limit on entry has one since, and so has a stop order that woke: only that can be meant.
        now_limited = price is not None and old.type in _FIXED_ON_ENTRY
        woken = old.type is OrderType.STOP_LIMIT and entry.awake
        order_type = OrderType.LIMIT if now_limited or woken else old.type
    if price is None and order_type in PRICED:
        price = old.price
    if stop_price is None and order_type in STOPS and asleep:
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
