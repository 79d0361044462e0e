"""Trades of a US symbol, of the day that goes on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

from pydantic import Field

from brokerkit.market.markets import US
from brokerkit.market.us import day_of
from brokerkit.models import Trade
from brokerkit.replies import TradeReply
from brokerkit.transport import Text
from brokerkit.words import Venue
from brokerkit_kiwoom.us.quotes import PRICES
from brokerkit_kiwoom.us.spelling import Spelling, hours_of, korean, us_call
from brokerkit_kiwoom.wire.types import Listing, Rows, Unsigned, block

DAY = dt.timedelta(days=1)


class TradeRow(TradeReply):
    """A row of 미국주식 상세 체결내역 (usa20150) -> Trade. What the sign of trde_qty says is not told."""

    extra = TradeReply.extra | {"told_at"}

    told_at: Text = Field(alias="cntr_tm")  # 체결시간, Korean: of the next date there hours from 24 on
    price: Unsigned = Field(alias="cur_prc")  # 현재가, whose sign is its direction
    quantity: Unsigned = Field(alias="trde_qty")  # 거래량

    @property
    def clock(self) -> dt.datetime | None:
        """Return the moment of a trade of the day that goes on in New York, which is Korea's date at its begin."""
        hours, today = hours_of(self.told_at), US.today()
        if hours is None:
            return None
        moment = korean(today, hours)
        return moment if day_of(moment) == today else moment + DAY


class TradesAnswer(Listing):
    """미국주식 상세 체결내역 (usa20150): a page of trades, the newest first."""

    rows: Rows[TradeRow] = block("result_list", "result_lsit")


TRADES = us_call("usa20150", PRICES, TradesAnswer)


class Trades(Spelling):
    """What was traded on the day that goes on."""

    not_told = {Trade: frozenset({"side", "volume"})}
    calls = {"trades": (TRADES,)}

    def trades(self, symbol: str, venue: Venue, count: int | None) -> Iterator[Sequence[TradeReply]]:
        with self.named(symbol) as body:
            yield from (page.rows for page in self.client.pages(TRADES, body=body))
