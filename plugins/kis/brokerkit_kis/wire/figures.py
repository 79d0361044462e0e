"""What every trade by socket tells of its day beside itself, in whatever market: the running price of a symbol."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from brokerkit.stream.events import QuoteEvent
from brokerkit.words import Venue
from brokerkit_kis.wire.columns import change, positive, positive_or_none, total

FIGURES = ("price", "sign", "change", "change_percent", "open", "high", "low", "volume", "turnover", "ask", "bid")
"""Columns of a trade, as layouts name them."""
Head = tuple[str, Venue, dt.datetime, dt.datetime]
"""How an event begins: its symbol and venue, KIS's time, and when it was received."""


def quote_of(head: Head, figures: Sequence[str]) -> QuoteEvent:
    """Return the running price of these figures."""
    price, sign, moved, moved_percent, opening, high, low, volume, turnover, ask, bid = figures
    return QuoteEvent(
        *head,
        positive(price),
        change(moved, sign),
        change(moved_percent, sign),
        positive_or_none(opening),
        positive_or_none(high),
        positive_or_none(low),
        total(volume),
        total(turnover),
        positive_or_none(ask),
        positive_or_none(bid),
    )
