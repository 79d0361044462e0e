"""Trades of today, and the member firms behind them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from pydantic import AliasChoices, Field, create_model

from brokerkit import clock
from brokerkit.errors import IncompleteListing
from brokerkit.models import Member, Members, Trade
from brokerkit.replies import TradeReply
from brokerkit.transport import Blankable, Block, Endpoint, Number, Reply, Text, TimeOrBlank
from brokerkit.words import Venue
from brokerkit_kis.stocks.quotes import MARKET_DIVISION, QUOTATIONS
from brokerkit_kis.stocks.spelling import Spelling
from brokerkit_kis.wire.types import One, Rows, block


class LastTrade(TradeReply):
    """A row of 주식현재가 체결 (FHKST01010300) -> Trade."""

    clock: TimeOrBlank = Field(alias="stck_cntg_hour")  # 주식 체결 시간
    price: Number = Field(alias="stck_prpr")  # 주식 현재가
    quantity: Number = Field(alias="cntg_vol")  # 체결 거래량


class LastTrades(Block):
    """주식현재가 체결 (FHKST01010300): the newest thirty, without what was traded before."""

    rows: Rows[LastTrade] = block("output")


class TimedTrade(TradeReply):
    """A row of 주식현재가 당일시간대별체결 (FHPST01060000) -> Trade."""

    clock: TimeOrBlank = Field(alias="stck_cntg_hour")  # 주식 체결 시간
    price: Number = Field(validation_alias=AliasChoices("stck_prpr", "stck_pbpr"))  # 주식 현재가, pbpr in the table
    quantity: Number = Field(alias="cnqn")  # 체결량
    volume: Number = Field(alias="acml_vol")  # 누적 거래량


class TimedTrades(Block):
    """주식현재가 당일시간대별체결 (FHPST01060000): trades up to a time of the day, the newest first."""

    rows: Rows[TimedTrade] = block("output2")


RANKS = range(1, 6)
YES_OR_NO = {"Y": True, "N": False}  # 외국계 여부
SIDES = {"sellers": "seln", "buyers": "shnu"}


def _rank(side: str, rank: int) -> dict[str, Any]:
    return {
        f"{side}_mbcr_no{rank}": (Text, ""),
        f"{side}_mbcr_name{rank}": (Text, ""),
        f"total_{side}_qty{rank}": (Blankable, ...),
        f"{side}_mbcr_glob_yn_{rank}": (Text, ""),
    }


_Firms = create_model(
    "_Firms",
    __base__=Block,
    **{name: kind for side in SIDES.values() for rank in RANKS for name, kind in _rank(side, rank).items()},
)


class Firms(_Firms):
    """주식현재가 회원사 (FHKST01010600), output: seln_mbcr_no1 매도 회원사 번호1, total_seln_qty1 총 매도 수량1, ..."""

    foreign_sold: Blankable = Field(None, alias="glob_total_seln_qty")  # 외국계 총 매도 수량
    foreign_bought: Blankable = Field(None, alias="glob_total_shnu_qty")  # 외국계 총 매수 수량

    def of(self, side: str) -> tuple[Member, ...]:
        """Return a side; a rank that no firm has is left out."""
        return tuple(filter(None, (self._at(SIDES[side], rank) for rank in RANKS)))

    def _at(self, side: str, rank: int) -> Member | None:
        quantity: Decimal | None = getattr(self, f"total_{side}_qty{rank}")
        if not quantity:
            return None
        return Member(
            code=getattr(self, f"{side}_mbcr_no{rank}").removeprefix("00"),  # five digits here, three at the exchange
            name=getattr(self, f"{side}_mbcr_name{rank}"),
            quantity=quantity,
            is_foreign=YES_OR_NO.get(getattr(self, f"{side}_mbcr_glob_yn_{rank}")),
        )


class MembersAnswer(Reply[Members]):
    """주식현재가 회원사 (FHKST01010600) -> Members."""

    extra = frozenset({"firms"})

    firms: One[Firms] = block("output")

    @property
    def sellers(self) -> tuple[Member, ...]:
        return self.firms.of("sellers")

    @property
    def buyers(self) -> tuple[Member, ...]:
        return self.firms.of("buyers")

    @property
    def foreign_sold(self) -> Decimal | None:
        return self.firms.foreign_sold

    @property
    def foreign_bought(self) -> Decimal | None:
        return self.firms.foreign_bought


LAST = Endpoint({"real": "FHKST01010300", "demo": "FHKST01010300"}, f"{QUOTATIONS}/inquire-ccnl", LastTrades)
LAST_ROWS = 30
TIMED = Endpoint(
    {"real": "FHPST01060000", "demo": "FHPST01060000"}, f"{QUOTATIONS}/inquire-time-itemconclusion", TimedTrades
)
MEMBERS = Endpoint({"real": "FHKST01010600", "demo": "FHKST01010600"}, f"{QUOTATIONS}/inquire-member", MembersAnswer)


class Trades(Spelling):
    """What was traded today."""

    not_told = {Trade: frozenset({"side"})}
    calls = {"trades": (LAST, TIMED), "members": (MEMBERS,)}

    def trades(self, symbol: str, venue: Venue, count: int | None) -> Iterator[Sequence[TradeReply]]:
        params = {"FID_COND_MRKT_DIV_CODE": MARKET_DIVISION[venue], "FID_INPUT_ISCD": self.code(symbol)}
        if count is not None and count <= LAST_ROWS:
            yield self.client.call(LAST, params=params).rows
            return
        now = self.now()
        rows = self._until(params, dt.time.max if now is None else _moved(now.time(), 1))
        while rows:
            yield rows
            rows = self._before(params, rows)

    def _until(self, params: Mapping[str, str], time: dt.time) -> Sequence[TimedTrade]:
        return self.client.call(TIMED, params={**params, "FID_INPUT_HOUR_1": f"{time:%H%M%S}"}).rows

    def _before(self, params: Mapping[str, str], newer: Sequence[TimedTrade]) -> Sequence[TimedTrade]:
        """Return the page behind another, which begins with rows of it; none where that has the first of the day."""
        oldest = newer[-1]
        if oldest.clock is None or oldest.volume == oldest.quantity:
            return ()
        # Whether the second that is asked for is among the answer is not told: so one more is asked for, and where the
        # trades of that one alone fill the answer, itself, and then the one before.
        pages = (self._until(params, _moved(oldest.clock, seconds)) for seconds in (1, 0, -1))
        fullest = 0
        is_told = False
        for page in pages:
            if page and page[-1].volume < oldest.volume:
                if all(row.volume not in (oldest.volume, oldest.volume - oldest.quantity) for row in page):
                    raise self._lost(f"those before {oldest.clock} do not follow")
                return page
            fullest = max(fullest, len(page))
            is_told |= any(row.volume == oldest.volume for row in page)
        if not is_told:
            raise self._lost(f"what was told of {oldest.clock} is told no more")
        if fullest >= LAST_ROWS:
            raise self._lost(f"{oldest.clock} has more of them than an answer has rows")
        return ()

    def _lost(self, words: str) -> IncompleteListing:
        return IncompleteListing(f"Trades are missing: {words}.", broker=self.broker, endpoint=str(TIMED))

    def members(self, symbol: str, venue: Venue) -> MembersAnswer:
        params = {"FID_COND_MRKT_DIV_CODE": MARKET_DIVISION[venue], "FID_INPUT_ISCD": self.code(symbol)}
        return self.client.call(MEMBERS, params=params)


def _moved(time: dt.time, seconds: int) -> dt.time:
    """Return the time of day so many seconds later, or the end of the day that lies before."""
    day = clock.today()
    moved = dt.datetime.combine(day, time) + dt.timedelta(seconds=seconds)
    return moved.time() if moved.date() == day else time
