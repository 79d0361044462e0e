"""Arguments of the verbs, checked before anything is sent."""

from __future__ import annotations

import datetime as dt

from brokerkit.errors import InvalidRequest
from brokerkit.market import clock
from brokerkit.models import OrderRequest, OrderType, Side, TimeInForce, Venue


def check_venue(venue: object) -> Venue:
    """Return the venue, or raise InvalidRequest with the ones there are."""
    try:
        return Venue(venue)  # type: ignore[arg-type]
    except ValueError:
        raise InvalidRequest(f"{venue!r} is no venue. There are {', '.join(Venue)}.") from None


def check_days(start: dt.date, end: dt.date) -> None:
    """Raise InvalidRequest unless both are dates, in order, and the first is not in the future."""
    for day in (start, end):
        if not isinstance(day, dt.date) or isinstance(day, dt.datetime):
            raise InvalidRequest(f"{day!r} is not a datetime.date.")
    if start > end:
        raise InvalidRequest(f"start {start} is after end {end}.")
    if start > clock.today():
        raise InvalidRequest(f"start {start} lies in the future.")


def masked(account: str) -> str:
    """Return an account number with only its last four digits readable."""
    digits = [character for character in account if character.isdigit()]
    return "*" * max(0, len(digits) - 4) + "".join(digits[-4:])


def make_request(
    symbol: str,
    side: Side,
    quantity: object,
    price: object,
    type: OrderType | None,
    time_in_force: TimeInForce,
    venue: Venue,
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
