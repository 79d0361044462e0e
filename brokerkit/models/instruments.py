"""What is listed: names, kinds, states, and the frame of a day's prices."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any, Self

from brokerkit.models.base import Model
from brokerkit.models.table import Table
from brokerkit.values import Date, Exact
from brokerkit.words import MarketAlert, SecurityType, Segment


class Instrument(Model):
    """A listed symbol, as the day's list of the broker has it. Every verb takes one where it takes a symbol."""

    symbol: str
    """What every verb takes, such as 005930 or US:AAPL (종목코드)."""
    name: str
    """Its Korean name (종목명)."""
    english_name: str | None = None
    """Of foreign symbols, whose `name` is Korean (영문명)."""
    market: Segment | None = None
    """Where it is listed (시장)."""
    kind: SecurityType | None = None
    """Stock, fund and so on (종목구분); None for a kind that brokerkit does not know."""
    currency: str
    """ISO 4217: in which it trades (통화)."""
    isin: str | None = None
    """표준코드."""
    sector: str | None = None
    """업종, in the words of the broker."""
    listed_shares: Exact | None = None
    """How many there are (상장주식수)."""
    listed_on: Date | None = None
    """First day of trading (상장일)."""
    base_price: Exact | None = None
    """Base price of the day (기준가); the last close at Kiwoom, which tells that only: on ex-days they differ."""
    upper_limit: Exact | None = None
    """Highest price of the day (상한가), reckoned from `base_price` as `lower_limit` is; None where that takes what is
    not told, such as the multiple of an ETF. The broker's own limits stand in its quotes."""
    lower_limit: Exact | None = None
    """Lowest price of the day (하한가), as `upper_limit`."""
    tick: Exact | None = None
    """The price step at `base_price` (호가단위)."""
    halted: bool | None = None
    """거래정지."""
    administrative: bool | None = None
    """관리종목."""
    liquidation: bool | None = None
    """정리매매: without price limits, before it is taken off the list."""
    alert: MarketAlert | None = None
    """시장경보."""
    overheated: bool | None = None
    """단기과열: traded by single prices."""
    caution: bool | None = None
    """투자주의환기종목, and of funds 투자유의."""
    nxt: bool | None = None
    """Whether NXT trades it today (NXT 거래)."""
    leverage: Exact | None = None
    """The multiple of its index that an ETF or ETN follows (배수); below zero for inverse ones."""
    lot: Exact | None = None
    """Shares of which an order has to be a multiple (매매단위)."""
    daytime: bool | None = None
    """Whether the broker trades a US symbol in its daytime market (주간거래)."""


class Instruments(Table[Instrument]):
    """Listed symbols, with the moment at which the broker was asked for them."""

    taken_at: dt.datetime | None
    """When the list was taken from the broker, in Korean time."""
    is_stale: bool
    """Whether today's list could not be had, so that this is one of the days before."""
    passed_over: Sequence[str]
    """Codes of the list that are no symbols of brokerkit, such as those of funds with nine characters."""

    def __new__(
        cls,
        rows: Iterable[Instrument] = (),
        *,
        taken_at: dt.datetime | None = None,
        is_stale: bool = False,
        passed_over: Iterable[str] = (),
    ) -> Self:
        made = super().__new__(cls, Instrument, rows)
        made.taken_at, made.is_stale, made.passed_over = taken_at, is_stale, tuple(passed_over)
        return made

    def picked(self, rows: Iterable[Instrument]) -> Instruments:
        """Return some of these instruments, with what is known of the list."""
        return Instruments(rows, taken_at=self.taken_at, is_stale=self.is_stale, passed_over=self.passed_over)

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (tuple(self), self.taken_at, self.is_stale, self.passed_over)


def _again(
    rows: Iterable[Instrument], taken_at: dt.datetime | None, is_stale: bool, passed_over: Iterable[str]
) -> Instruments:
    return Instruments(rows, taken_at=taken_at, is_stale=is_stale, passed_over=passed_over)
