"""Trades of today, and the member firms behind them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import AliasChoices, Field, create_model

from brokerkit.models import Member, Members
from brokerkit.part import Part
from brokerkit.replies import TradeReply
from brokerkit.transport import Block, Endpoint, Reply, Text, TimeOrBlank
from brokerkit.words import Side, Venue
from brokerkit_kiwoom.client import KiwoomClient
from brokerkit_kiwoom.stocks.quotes import CODE_SUFFIX, STOCK_INFO
from brokerkit_kiwoom.wire.types import Unsigned

SIDE = {"+": Side.BUY, "-": Side.SELL}  # of cntr_trde_qty; one without a sign was seen too
VENUE = {"KRX": Venue.KRX, "NXT": Venue.NXT}  # stex_tp; 통합 is both


class TradeRow(TradeReply):
    """A row of 체결정보요청 (ka10003) and of 당일전일체결요청 (ka10084) -> Trade."""

    extra = TradeReply.extra | {"signed_quantity", "venue_word"}

    clock: TimeOrBlank = Field(alias="tm")  # 시간
    price: Unsigned = Field(alias="cur_prc")  # 현재가, whose sign is its direction
    signed_quantity: Text = Field(validation_alias=AliasChoices("cntr_trde_qty"))  # 체결거래량, whose sign is the side
    quantity: Unsigned = Field(alias="cntr_trde_qty")  # 체결거래량
    volume: Unsigned = Field(None, alias="acc_trde_qty")  # 누적거래량
    venue_word: Text = Field("", alias="stex_tp")  # 거래소구분

    @property
    def side(self) -> Side | None:
        return SIDE.get(self.signed_quantity[:1])

    @property
    def venue(self) -> Venue | None:
        return VENUE.get(self.venue_word)


class LastTrades(Block):
    """체결정보요청 (ka10003): the newest trades."""

    rows: tuple[TradeRow, ...] = Field(alias="cntr_infr")  # 체결정보


class DayTrades(Block):
    """당일전일체결요청 (ka10084): a page of the trades of a day, the newest first."""

    rows: tuple[TradeRow, ...] = Field(alias="tdy_pred_cntr")  # 당일전일체결


RANKS = range(1, 6)
SIDES = {"sellers": "sel", "buyers": "buy"}


def _rank(side: str, vendor: str, rank: int) -> dict[str, Any]:
    return {
        f"{side}_code_{rank}": (Text, Field("", alias=f"{vendor}_trde_ori_cd_{rank}")),
        f"{side}_name_{rank}": (Text, Field("", alias=f"{vendor}_trde_ori_{rank}")),
        f"{side}_quantity_{rank}": (Unsigned, Field(alias=f"{vendor}_trde_ori_qty_{rank}")),
    }


_Ranks = create_model(
    "_Ranks",
    __base__=Block,
    **{
        name: kind
        for side, vendor in SIDES.items()
        for rank in RANKS
        for name, kind in _rank(side, vendor, rank).items()
    },
)


class Firms(_Ranks, Reply[Members]):
    """당일주요거래원요청 (ka10040) -> Members: sel_trde_ori_1 매도거래원1, sel_trde_ori_qty_1 매도거래원수량1, ..."""

    extra = frozenset(_Ranks.model_fields)

    foreign_sold: Unsigned = Field(None, alias="frgn_sel_prsm_sum")  # 외국계매도추정합
    foreign_bought: Unsigned = Field(None, alias="frgn_buy_prsm_sum")  # 외국계매수추정합

    @property
    def sellers(self) -> tuple[Member, ...]:
        return self._side("sellers")

    @property
    def buyers(self) -> tuple[Member, ...]:
        return self._side("buyers")

    def _side(self, side: str) -> tuple[Member, ...]:
        """Return a side; a rank that no firm has is left out."""
        return tuple(filter(None, (self._at(side, rank) for rank in RANKS)))

    def _at(self, side: str, rank: int) -> Member | None:
        code, name, quantity = (getattr(self, f"{side}_{what}_{rank}") for what in ("code", "name", "quantity"))
        return Member(code=code, name=name, quantity=quantity) if quantity else None


LAST = Endpoint({"real": "ka10003", "demo": "ka10003"}, STOCK_INFO, LastTrades, "POST")
LAST_ROWS = 30
DAY = Endpoint({"real": "ka10084", "demo": "ka10084"}, STOCK_INFO, DayTrades, "POST")
MEMBERS = Endpoint({"real": "ka10040", "demo": "ka10040"}, "/api/dostk/rkinfo", Firms, "POST")


class Trades(Part[KiwoomClient]):
    """What was traded today."""

    not_told = {Member: frozenset({"is_foreign"})}
    calls = {"trades": (LAST, DAY), "members": (MEMBERS,)}

    def trades(self, symbol: str, venue: Venue, count: int | None) -> Iterator[Sequence[TradeReply]]:
        code = symbol + CODE_SUFFIX[venue]
        if count is not None and count <= LAST_ROWS:
            yield from (page.rows for page in self.client.pages(LAST, body={"stk_cd": code}))
            return
        body = {"stk_cd": code, "tdy_pred": "1", "tic_min": "0", "tm": ""}
        yield from (page.rows for page in self.client.pages(DAY, body=body))

    def members(self, symbol: str, venue: Venue) -> Firms:
        return self.client.call(MEMBERS, body={"stk_cd": symbol + CODE_SUFFIX[venue]})
