"""Realtime of Korean indices: which field (FID) of a row is what, and the event that it becomes."""

from __future__ import annotations

import datetime as dt
from typing import Any

from brokerkit.stream.events import QuoteEvent
from brokerkit.words import Venue
from brokerkit_kiwoom.indices.quotes import MILLION, SYMBOL, THOUSAND
from brokerkit_kiwoom.wire.fields import fids, figure, moment, of_row, price
from brokerkit_kiwoom.wire.rows import PRICE, TIME, TURNOVER, VOLUME, channel, figures

# 업종지수 (0J) -> QuoteEvent

# By the figures of the vendor's example 누적거래량 (13) is in 천주, as in the call for one value, and 누적거래대금 (14)
# in 백만원.


@of_row
def index(row: Any, venue: Venue | None, received_at: dt.datetime) -> QuoteEvent | None:
    """Read 업종지수; None of a row without a value."""
    values = row["values"]
    value = price(values[PRICE])
    if not value:
        return None
    thousands, millions = figure(values[VOLUME]), figure(values[TURNOVER])
    return QuoteEvent(
        SYMBOL[row["item"].partition("_")[0]],
        venue or Venue.KRX,
        moment(values.get(TIME), received_at.date()),
        received_at,
        value,
        *figures(values),
        None if thousands is None else thousands * THOUSAND,
        None if millions is None else millions * MILLION,
    )


INDEX_ID = "0J"
INDEX = channel(INDEX_ID, index)
KNOWN = {INDEX_ID: fids("10-18 20 25 26")}
