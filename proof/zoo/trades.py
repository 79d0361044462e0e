"""Trades of today, and firms behind them, that are not the truth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from brokerkit_kis.adapter import KisAdapter
from brokerkit_kis.sandbox.face import KisFace
from brokerkit_kis.stocks.part import Stocks as KisStocks
from brokerkit_kiwoom.adapter import KiwoomAdapter
from brokerkit_kiwoom.sandbox.face import KiwoomFace
from brokerkit_kiwoom.stocks.part import Stocks as KiwoomStocks

from brokerkit.words import Side, Venue
from proof.zoo.cages import bad
from proof.zoo.lies import always, per, twisted

NEWEST, ALL = "the_newest_trades_tell_the_truth", "all_trades_of_today_are_told_those_of_one_second_too"
OTHER = {Side.BUY: Side.SELL, Side.SELL: Side.BUY}


@bad(NEWEST, "side is", of=KiwoomAdapter, face=KiwoomFace)
class MakerForTaker(KiwoomStocks):
    """Tells the side of who waited as that of who came in."""

    def trades(self, symbol: str, venue: Venue, count: int | None) -> Iterator[Sequence[Any]]:
        for page in super().trades(symbol, venue, count):
            yield [twisted(row, side=lambda side: side and OTHER[side]) for row in page]


@bad(NEWEST, "quantity is", of=KiwoomAdapter, face=KiwoomFace)
class VolumeForQuantity(KiwoomStocks):
    """Tells the volume so far as the shares of the trade."""

    def trades(self, symbol: str, venue: Venue, count: int | None) -> Iterator[Sequence[Any]]:
        for page in super().trades(symbol, venue, count):
            yield [twisted(row, quantity=always(getattr(row, "volume", None))) for row in page]


@bad(ALL, "trades are told, and there were", of=KisAdapter, face=KisFace)
class OnePageOfTrades(KisStocks):
    """Takes the first page of today for all of it."""

    def trades(self, symbol: str, venue: Venue, count: int | None) -> Iterator[Sequence[Any]]:
        yield next(iter(super().trades(symbol, venue, count)))


@bad(ALL, "trades are told, and there were", of=KisAdapter, face=KisFace)
class OneTradeASecond(KisStocks):
    """Keeps one trade of a second, as if no two could share one."""

    def trades(self, symbol: str, venue: Venue, count: int | None) -> Iterator[Sequence[Any]]:
        for page in super().trades(symbol, venue, count):
            yield list({row.clock: row for row in page}.values())


@bad("members_tell_the_truth", "The sellers are others", of=KisAdapter, face=KisFace)
class BuyersForSellers(KisStocks):
    """Takes the firms that bought for those that sold."""

    def members(self, symbol: str, venue: Venue) -> Any:
        told = super().members(symbol, venue)
        return twisted(told, sellers=always(told.buyers), buyers=always(told.sellers))


@bad("members_tell_the_truth", "foreign_sold is", of=KiwoomAdapter, face=KiwoomFace)
class ForeignersInThousands(KiwoomStocks):
    """Tells what foreign firms sold in thousands of shares."""

    def members(self, symbol: str, venue: Venue) -> Any:
        return twisted(super().members(symbol, venue), foreign_sold=per(1_000))


@bad("a_symbol_that_nobody_has_traded_has_no_members", "stand there", of=KisAdapter, face=KisFace)
class FirmsOfYesterday(KisStocks):
    """Tells firms of a symbol that nobody has traded yet."""

    def members(self, symbol: str, venue: Venue) -> Any:
        told = super().members(symbol, venue)
        return told if told.sellers else twisted(super().members("000660", venue), symbol=always(symbol))
