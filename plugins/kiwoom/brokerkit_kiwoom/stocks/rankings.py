"""Rankings, and conditions that are saved at the broker (조건검색), which Kiwoom tells over its WebSocket only."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AliasChoices, BeforeValidator, Field, StringConstraints

from brokerkit.errors import InvalidRequest
from brokerkit.models import Condition, Match, Rank
from brokerkit.part import Ask, Part
from brokerkit.replies import RankReply, Ranks
from brokerkit.transport import Block, Codes, Endpoint, Reply, Text
from brokerkit.words import RankingKind, Segment, Venue
from brokerkit_kiwoom.client import KiwoomClient
from brokerkit_kiwoom.stocks.quotes import MILLION
from brokerkit_kiwoom.wire import errors, frames
from brokerkit_kiwoom.wire.types import Signed, Symbol, Thousandths, Unsigned, ZeroIsNone

RANKING = "/api/dostk/rkinfo"


class Moved(RankReply):
    """What rankings of prices tell in the same words."""

    symbol: Symbol = Field(alias="stk_cd")  # 종목코드, with _AL behind it at both venues together
    name: Text = Field("", alias="stk_nm")  # 종목명
    price: ZeroIsNone = Field(alias="cur_prc")  # 현재가
    change: Signed = Field(None, alias="pred_pre")  # 전일대비
    change_percent: Signed = Field(None, alias="flu_rt")  # 등락률


def _won(millions: Decimal | None) -> Decimal | None:
    return None if millions is None else millions * MILLION


class Volume(Moved):
    """A row of 당일거래량상위요청 (ka10030) -> Rank."""

    extra = frozenset({"millions"})

    volume: Unsigned = Field(None, alias="trde_qty")  # 거래량
    millions: Unsigned = Field(None, alias="trde_amt")  # 거래금액, 백만원

    @property
    def turnover(self) -> Decimal | None:
        return _won(self.millions)


class VolumeAnswer(Block):
    """당일거래량상위요청 (ka10030)."""

    rows: tuple[Volume, ...] = Field(alias="tdy_trde_qty_upper")  # 당일거래량상위


class Turnover(Moved):
    """A row of 거래대금상위요청 (ka10032) -> Rank."""

    extra = frozenset({"millions"})

    volume: Unsigned = Field(None, alias="now_trde_qty")  # 현재거래량
    millions: Unsigned = Field(alias="trde_prica")  # 거래대금, 백만원

    @property
    def turnover(self) -> Decimal | None:
        return _won(self.millions)


class TurnoverAnswer(Block):
    """거래대금상위요청 (ka10032)."""

    rows: tuple[Turnover, ...] = Field(alias="trde_prica_upper")  # 거래대금상위


class Fluctuation(Moved):
    """A row of 전일대비등락률상위요청 (ka10027) -> Rank."""

    volume: Unsigned = Field(None, alias="now_trde_qty")  # 현재거래량


class FluctuationAnswer(Block):
    """전일대비등락률상위요청 (ka10027): what is unchanged comes behind the risers, and behind the fallers."""

    rows: tuple[Fluctuation, ...] = Field(alias="pred_pre_flu_rt_upper")  # 전일대비등락률상위


class Bought(RankReply):
    """A row of 장중투자자별매매상위요청 (ka10065) -> Rank: estimates of the day, in million won as asked."""

    extra = frozenset({"millions"})

    symbol: Symbol = Field(alias="stk_cd")  # 종목코드
    name: Text = Field("", alias="stk_nm")  # 종목명
    millions: Signed = Field(alias="netslmt")  # 순매수, 백만원

    @property
    def net_amount(self) -> Decimal | None:
        return _won(self.millions)


class BoughtAnswer(Block):
    """장중투자자별매매상위요청 (ka10065)."""

    rows: tuple[Bought, ...] = Field(alias="opmr_invsr_trde_upper")  # 장중투자자별매매상위


Number = Annotated[
    str, BeforeValidator(frames.unpadded), StringConstraints(pattern=rf"\A{frames.CONDITION}\z", strict=True)
]
"""What a saved condition is called by."""


def _named(row: object) -> object:
    """Return a row of the list of conditions under the names that its page has; it comes as a pair."""
    return dict(zip(("seq", "name"), row, strict=False)) if isinstance(row, list | tuple) else row


class Saved(Reply[Condition]):
    """A row of 조건검색 목록조회 (ka10171) -> Condition. Its number comes with blanks behind."""

    id: Number = Field(alias="seq")  # 조건검색식 일련번호
    name: Text = Field(alias="name")  # 조건검색식 명


class SavedAnswer(Block):
    """조건검색 목록조회 (ka10171)."""

    rows: tuple[Annotated[Saved, BeforeValidator(_named)], ...] = Field(alias="data")  # 조건검색식 목록


class Hit(Reply[Match]):
    """A row of 조건검색 요청 일반 (ka10172) -> Match: figures with their sign in front of nine digits."""

    symbol: Symbol = Field(validation_alias=AliasChoices("9001", "jmcode"))  # 종목코드
    name: Text = Field("", alias="302")  # 종목명
    price: ZeroIsNone = Field(None, alias="10")  # 현재가
    change: Signed = Field(None, alias="11")  # 전일대비
    change_percent: Thousandths = Field(None, alias="12")  # 등락율, three decimals without their point
    volume: Unsigned = Field(None, alias="13")  # 누적거래량
    open: ZeroIsNone = Field(None, alias="16")  # 시가
    high: ZeroIsNone = Field(None, alias="17")  # 고가
    low: ZeroIsNone = Field(None, alias="18")  # 저가

    @property
    def previous_close(self) -> Decimal | None:
        return None if self.price is None or self.change is None else self.price - self.change


class HitsAnswer(Block):
    """조건검색 요청 일반 (ka10172): a page; whether more follow stands in its body."""

    rows: tuple[Hit, ...] = Field(alias="data")  # 검색결과데이터


VOLUME = Endpoint({"real": "ka10030", "demo": "ka10030"}, RANKING, VolumeAnswer, "POST")
TURNOVER = Endpoint({"real": "ka10032", "demo": "ka10032"}, RANKING, TurnoverAnswer, "POST")
FLUCTUATION = Endpoint({"real": "ka10027", "demo": "ka10027"}, RANKING, FluctuationAnswer, "POST")
BOUGHT = Endpoint({"real": "ka10065", "demo": "ka10065"}, RANKING, BoughtAnswer, "POST")
CONDITIONS = Endpoint({"real": "ka10171", "demo": "ka10171"}, frames.PATH, SavedAnswer, "POST")
HITS = Endpoint({"real": "ka10172", "demo": "ka10172"}, frames.PATH, HitsAnswer, "POST")
MOST_PAGES = 100
"""Of what meets a condition; a list that goes on is none."""

EXCHANGE = Codes("a venue of a ranking at Kiwoom", {Venue.KRX: "1", Venue.NXT: "2", Venue.SOR: "3"})  # stex_tp
MARKET = {None: "000", Segment.KOSPI: "001", Segment.KOSDAQ: "101"}  # mrkt_tp
SORT = {RankingKind.GAINERS: "1", RankingKind.LOSERS: "3"}  # sort_tp 정렬구분: 상승률, 하락률
INVESTOR = {RankingKind.FOREIGN_NET_BUYING: "9000", RankingKind.INSTITUTION_NET_BUYING: "9999"}  # orgn_tp 기관구분
BY_VOLUME = "1"  # sort_tp of ka10030
AMOUNT = "1"  # amt_qty_tp 금액수량구분
NET_BUYING = "1"  # trde_tp 매매구분 of ka10065
WITH_SUPERVISED = "1"  # mang_stk_incls 관리종목포함 of ka10032; at ka10030 the same word is "0"
EVERYTHING = "0"


class Rankings(Part[KiwoomClient]):
    """Rankings and saved conditions at Kiwoom."""

    calls = {
        "rankings": (VOLUME, TURNOVER, FLUCTUATION, BOUGHT),
        "conditions": (CONDITIONS,),
        "screen": (CONDITIONS, HITS),
    }
    not_told = {
        Condition: frozenset({"group"}),
        Match: frozenset({"market_value", "upper_limit", "lower_limit"}),
    }
    rounds = {Rank: {"turnover": MILLION, "net_amount": MILLION}}
    ranking_venues = {
        **dict.fromkeys((RankingKind.VOLUME, RankingKind.TURNOVER, *SORT), tuple(EXCHANGE)),
        **dict.fromkeys(INVESTOR, ()),
    }
    ranks_lack = {
        **dict.fromkeys((RankingKind.VOLUME, RankingKind.TURNOVER), frozenset({"market_value"})),
        **dict.fromkeys(SORT, frozenset({"turnover", "market_value"})),
        **dict.fromkeys(
            INVESTOR,
            frozenset({"price", "change", "change_percent", "volume", "turnover", "market_value", "net_quantity"}),
        ),
    }

    def ranking(self, kind: RankingKind, market: Segment | None, venue: Venue | None, count: int) -> Ranks:
        where = {"mrkt_tp": MARKET[market]}
        if kind in INVESTOR:
            body = {"trde_tp": NET_BUYING, **where, "orgn_tp": INVESTOR[kind], "amt_qty_tp": AMOUNT}
            return self._ranks(BOUGHT, body, count, is_estimate=True)
        exchange = {"stex_tp": EXCHANGE[venue or Venue.KRX]}
        if kind is RankingKind.TURNOVER:
            return self._ranks(TURNOVER, {**where, "mang_stk_incls": WITH_SUPERVISED, **exchange}, count)
        if kind in SORT:
            body = {
                **where,
                "sort_tp": SORT[kind],
                "trde_qty_cnd": "0000",
                "stk_cnd": EVERYTHING,
                "crd_cnd": EVERYTHING,
                "updown_incls": "1",  # what stands at a limit too
                "pric_cnd": EVERYTHING,
                "trde_prica_cnd": EVERYTHING,
                **exchange,
            }
            return self._ranks(FLUCTUATION, body, count)
        body = {
            **where,
            "sort_tp": BY_VOLUME,
            **dict.fromkeys(("mang_stk_incls", "crd_tp", "trde_qty_tp", "pric_tp"), EVERYTHING),
            **dict.fromkeys(("trde_prica_tp", "mrkt_open_tp"), EVERYTHING),
            **exchange,
        }
        return self._ranks(VOLUME, body, count)

    def _ranks(
        self, endpoint: Endpoint[Any], body: Mapping[str, str], count: int, *, is_estimate: bool = False
    ) -> Ranks:
        """Read pages until there are enough rows; a row without a code or a price is none."""
        rows: list[RankReply] = []
        for page in self.client.pages(endpoint, body=body):
            rows += [row for row in page.rows if row.symbol and getattr(row, "price", True)]
            if len(rows) > count:
                break
        return Ranks(endpoint, rows, is_estimate)

    # Saved conditions, over the socket

    def conditions(self) -> Sequence[Saved]:
        with self.ask() as ask:
            return self._saved(ask)

    def _saved(self, ask: Ask) -> Sequence[Saved]:
        body = self._checked(CONDITIONS, ask(frames.frame(frames.LIST), frames.LIST))
        return self.client.read_fields(CONDITIONS, SavedAnswer, body, "answer").rows

    def screen(self, condition: str) -> Sequence[Hit]:
        if not re.fullmatch(frames.CONDITION, condition, re.ASCII):
            raise InvalidRequest(f"{condition!r} is no id of a saved condition at Kiwoom: those are numbers.")
        with self.ask() as ask:
            self._saved(ask)  # before a login has asked for the list, no search of it is answered
            return [row for page in self._hits(condition, ask) for row in page.rows]

    def _hits(self, condition: str, ask: Ask) -> Iterator[HitsAnswer]:
        """Yield the pages of what meets a condition, up to the broker's own end mark."""
        page: dict[str, str] = {}
        for _ in range(MOST_PAGES):
            body = self._checked(HITS, ask(frames.search(condition, frames.ONCE, **page), frames.SEARCH))
            if frames.condition_of(body) not in ("", condition):
                raise self.client.wrong(HITS, "this is the answer about another condition")
            yield self.client.read_fields(HITS, HitsAnswer, body, "answer")
            if not frames.goes_on(body):
                return
            key = str(body.get("next_key") or "")
            if not key.strip() or key == page.get("next_key"):
                break
            page = {"cont_yn": "Y", "next_key": key}
        raise self.client.incomplete(HITS, "more pages follow, and no key leads to them")

    def _checked(self, endpoint: Endpoint[Any], body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return an answer that says yes; raises what the broker refuses."""
        if not frames.succeeded(body):
            code, words = frames.code_and_words(body)
            self.client.refuse(endpoint, errors.code_in(code, words), words)
        return body
