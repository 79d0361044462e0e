"""Trades of US shares today."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pydantic import Field

from brokerkit.errors import IncompleteListing
from brokerkit.models import Trade
from brokerkit.replies import TradeReply
from brokerkit.transport import Block, Endpoint, Number, TimeOrBlank
from brokerkit.words import Venue
from brokerkit_kis.us.quotes import QUOTATIONS
from brokerkit_kis.us.spelling import Spelling
from brokerkit_kis.wire.types import Rows, block


class LastTrade(TradeReply):
    """A row of 해외주식 체결추이 (HHDFS76200300) -> Trade. It tells the time in Korea, and no day."""

    clock: TimeOrBlank = Field(alias="khms")  # 한국기준시간
    price: Number = Field(alias="last")  # 체결가
    quantity: Number = Field(alias="evol")  # 체결량
    volume: Number = Field(alias="tvol")  # 거래량


class TradesAnswer(Block):
    """해외주식 체결추이 (HHDFS76200300): the newest ones."""

    rows: Rows[LastTrade] = block("output2")


TRADES = Endpoint({"real": "HHDFS76200300"}, f"{QUOTATIONS}/inquire-ccnl", TradesAnswer)


class Trades(Spelling):
    """What was traded today."""

    not_told = {Trade: frozenset({"side"})}
    calls = {"trades": (TRADES,)}

    def trades(self, symbol: str, venue: Venue, count: int | None) -> Iterator[Sequence[TradeReply]]:
        params = {
            **self.quoted(symbol, self.regular(venue, f"KIS tells no trades of {venue}.")),
            "TDAY": "1",
            "KEYB": "",
        }
        rows = self.client.call(TRADES, params=params).rows
        yield rows
        if rows and rows[-1].volume != rows[-1].quantity:
            words = f"KIS tells the newest {len(rows)}, and how those before them are asked for is not known."
            raise IncompleteListing(
                words, broker=self.broker, endpoint=str(TRADES), advice=f"Ask for at most count={len(rows)}."
            )
