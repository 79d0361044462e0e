"""Rows of the socket about Korean indices, and what becomes of them."""

from __future__ import annotations

import datetime as dt

from brokerkit.stream.events import QuoteEvent
from brokerkit.words import Venue
from brokerkit_kis.indices.quotes import SYMBOL
from brokerkit_kis.wire.columns import Layout, Row, change, moment_of_today, positive, positive_or_none

VALUE = Layout(
    known=30,
    fewest=30,
    symbol=(0, "bstp_cls_code"),  # 업종 구분 코드
    clock=(1, "bsop_hour"),  # 영업 시간
    price=(2, "prpr_nmix"),  # 현재가 지수
    sign=(3, "prdy_vrss_sign"),  # 전일 대비 부호
    change=(4, "bstp_nmix_prdy_vrss"),  # 업종 지수 전일 대비
    change_percent=(9, "prdy_ctrt"),  # 전일 대비율
    open=(10, "oprc_nmix"),  # 시가 지수
    high=(11, "nmix_hgpr"),  # 지수 최고가
    low=(12, "nmix_lwpr"),  # 지수 최저가
)
"""국내지수 실시간체결 (H0UPCNT0). In which units volume and turnover come is not told for sure: they are left."""
_value = VALUE.of("symbol", "clock", "price", "sign", "change", "change_percent", "open", "high", "low")


def value(row: Row, venue: Venue, received_at: dt.datetime) -> QuoteEvent:
    """Return the value of an index with the figures of its day."""
    code, clock, present, sign, moved, moved_percent, opening, high, low = _value(row)
    if code not in SYMBOL:
        raise ValueError("the code of an index is none that is known")
    return QuoteEvent(
        SYMBOL[code],
        venue,
        moment_of_today(clock, received_at),
        received_at,
        positive(present),
        change(moved, sign),
        change(moved_percent, sign),
        positive_or_none(opening),
        positive_or_none(high),
        positive_or_none(low),
    )
