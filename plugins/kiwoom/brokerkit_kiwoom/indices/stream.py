"""Realtime of Korean indices: which field (FID) of a row is what, and the event that it becomes."""

from __future__ import annotations

import datetime as dt
from typing import Any

from brokerkit.stream.events import QuoteEvent
from brokerkit.words import Venue
from brokerkit_kiwoom.indices.quotes import MILLION, SYMBOL, THOUSAND
from brokerkit_kiwoom.stocks.stream import everywhere
from brokerkit_kiwoom.wire.fields import change, fids, figure, moment, of_row, price, traded

# 업종지수 (0J) -> QuoteEvent

TIME = "20"  # 체결시간
VALUE = "10"  # 현재가, with decimals; its sign is its direction
CHANGE = "11"  # 전일대비, whose sign is real
CHANGE_PERCENT = "12"  # 등락율
THOUSANDS = "13"  # 누적거래량: in 천주 by the figures of the vendor's example, as in the call for one value
MILLIONS = "14"  # 누적거래대금, 백만원
OPEN = "16"  # 시가
HIGH = "17"  # 고가
LOW = "18"  # 저가


@of_row
def index(row: Any, venue: Venue | None, received_at: dt.datetime) -> QuoteEvent | None:
    """Read 업종지수; None of a row without a value."""
    values = row["values"]
    value = price(values[VALUE])
    if not value:
        return None
    thousands, millions = figure(values[THOUSANDS]), figure(values[MILLIONS])
    return QuoteEvent(
        SYMBOL[row["item"].partition("_")[0]],
        venue or Venue.KRX,
        moment(values.get(TIME), received_at.date()),
        received_at,
        value,
        change(values.get(CHANGE)),
        change(values.get(CHANGE_PERCENT)),
        traded(values.get(OPEN)),
        traded(values.get(HIGH)),
        traded(values.get(LOW)),
        None if thousands is None else thousands * THOUSAND,
        None if millions is None else millions * MILLION,
    )


INDEX_ID = "0J"
INDEX = everywhere(INDEX_ID, index)
KNOWN = {INDEX_ID: fids("10-18 20 25 26")}
