"""Rankings, and conditions that are saved at the broker (조건검색)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from pydantic import Field, SecretStr

from brokerkit.errors import ConfigError, Rejected
from brokerkit.models import Condition, Match, Rank
from brokerkit.part import Part
from brokerkit.replies import RankReply, Ranks
from brokerkit.transport import Blankable, Block, Codes, Endpoint, Reply, Text, ZeroIsNone
from brokerkit.words import RankingKind, Segment, Venue
from brokerkit_kis.client import KisClient
from brokerkit_kis.stocks.quotes import MILLION, QUOTATIONS
from brokerkit_kis.wire.types import PaddedOrBlank, PaddedOrNone, Rows, Symbol, block

RANKING = "/uapi/domestic-stock/v1/ranking"
HUNDRED_MILLION = Decimal(100_000_000)
MOST = 30
"""Rows of every ranking, full stop: nothing that is sent brings more."""
MOST_HITS = 100


class Moved(RankReply):
    """What most rankings tell in the same words. A symbol without a price stands in none of them."""

    name: Text = Field("", alias="hts_kor_isnm")  # HTS 한글 종목명
    price: ZeroIsNone = Field(alias="stck_prpr")  # 주식 현재가
    change: Blankable = Field(None, alias="prdy_vrss")  # 전일 대비
    change_percent: Blankable = Field(None, alias="prdy_ctrt")  # 전일 대비율
    volume: Blankable = Field(None, alias="acml_vol")  # 누적 거래량


class Traded(Moved):
    """A row of 거래량순위 (FHPST01710000) -> Rank."""

    extra = frozenset({"shares"})

    symbol: Symbol = Field(alias="mksc_shrn_iscd")  # 유가증권 단축 종목코드
    turnover: Blankable = Field(None, alias="acml_tr_pbmn")  # 누적 거래 대금, 원
    shares: Blankable = Field(None, alias="lstn_stcn")  # 상장 주수

    @property
    def market_value(self) -> Decimal | None:
        return None if self.shares is None or self.price is None else self.shares * self.price


class TradedAnswer(Block):
    """거래량순위 (FHPST01710000)."""

    rows: Rows[Traded] = block("output")


class Fluctuation(Moved):
    """A row of 국내주식 등락률 순위 (FHPST01700000) -> Rank."""

    symbol: Symbol = Field(alias="stck_shrn_iscd")  # 주식 단축 종목코드


class FluctuationAnswer(Block):
    """국내주식 등락률 순위 (FHPST01700000): ranks are of a moment before the prices beside them."""

    rows: Rows[Fluctuation] = block("output")


class Worth(Moved):
    """A row of 국내주식 시가총액 상위 (FHPST01740000) -> Rank. stck_avls is in 억원: shares times price is exact."""

    extra = frozenset({"shares"})

    symbol: Symbol = Field(alias="mksc_shrn_iscd")  # 유가증권 단축 종목코드
    shares: Blankable = Field(None, alias="lstn_stcn")  # 상장 주수

    @property
    def market_value(self) -> Decimal | None:
        return None if self.shares is None or self.price is None else self.shares * self.price


class WorthAnswer(Block):
    """국내주식 시가총액 상위 (FHPST01740000)."""

    rows: Rows[Worth] = block("output")


class Bought(Moved):
    """A row of 국내기관_외국인 매매종목가집계 (FHPTJ04400000) -> Rank: estimates, in shares and 백만원."""

    extra = frozenset(
        f"{who}_{what}" for who in ("foreign", "institution", "other_corporation") for what in ("quantity", "millions")
    )

    symbol: Symbol = Field(alias="mksc_shrn_iscd")  # 유가증권 단축 종목코드
    foreign_quantity: Blankable = Field(None, alias="frgn_ntby_qty")  # 외국인 순매수 수량
    foreign_millions: Blankable = Field(None, alias="frgn_ntby_tr_pbmn")  # 외국인 순매수 거래 대금
    institution_quantity: Blankable = Field(None, alias="orgn_ntby_qty")  # 기관계 순매수 수량
    institution_millions: Blankable = Field(None, alias="orgn_ntby_tr_pbmn")  # 기관계 순매수 거래 대금
    other_corporation_quantity: Blankable = Field(None, alias="etc_corp_ntby_vol")  # 기타 법인 순매수 거래량
    other_corporation_millions: Blankable = Field(None, alias="etc_corp_ntby_tr_pbmn")  # 기타 법인 순매수 거래 대금


class ForeignBought(Bought):
    """Such a row, of which foreigners are wanted."""

    @property
    def net_quantity(self) -> Decimal | None:
        return self.foreign_quantity

    @property
    def net_amount(self) -> Decimal | None:
        return None if self.foreign_millions is None else self.foreign_millions * MILLION


class InstitutionBought(Bought):
    """Such a row, of which institutions are wanted."""

    @property
    def net_quantity(self) -> Decimal | None:
        return self.institution_quantity

    @property
    def net_amount(self) -> Decimal | None:
        return None if self.institution_millions is None else self.institution_millions * MILLION


class BoughtAnswer(Block):
    """국내기관_외국인 매매종목가집계 (FHPTJ04400000)."""

    rows: Rows[Bought] = block("output")


class Saved(Reply[Condition]):
    """A row of 종목조건검색 목록조회 (HHKST03900300) -> Condition."""

    id: Text = Field(alias="seq")  # 조건키값
    name: Text = Field(alias="condition_nm")  # 조건명
    group: Text = Field("", alias="grp_nm")  # 그룹명


class SavedAnswer(Block):
    """종목조건검색 목록조회 (HHKST03900300)."""

    rows: Rows[Saved] = block("output2")


class Hit(Reply[Match]):
    """A row of 종목조건검색조회 (HHKST03900400) -> Match: figures in sixteen characters, with blanks or zeros in front.

    Neither the unit of its 거래대금 nor the sign of its 전일대비 is told: the change is counted from the base price.
    """

    extra = frozenset({"hundred_millions"})

    symbol: Symbol = Field(alias="code")  # 종목코드
    name: Text = ""  # 종목명
    price: PaddedOrNone = None  # 현재가
    previous_close: PaddedOrNone = Field(None, alias="recprice")  # 기준가
    open: PaddedOrNone = None  # 시가
    high: PaddedOrNone = None  # 고가
    low: PaddedOrNone = None  # 저가
    volume: PaddedOrBlank = Field(None, alias="acml_vol")  # 거래량
    upper_limit: PaddedOrNone = Field(None, alias="uplmtprice")  # 상한가
    lower_limit: PaddedOrNone = Field(None, alias="dnlmtprice")  # 하한가
    hundred_millions: PaddedOrBlank = Field(None, alias="stotprice")  # 시가총액, 억원

    @property
    def change(self) -> Decimal | None:
        return None if self.price is None or self.previous_close is None else self.price - self.previous_close

    @property
    def change_percent(self) -> Decimal | None:
        change, base = self.change, self.previous_close
        return None if change is None or base is None else round(change * 100 / base, 2)

    @property
    def market_value(self) -> Decimal | None:
        return None if self.hundred_millions is None else round(self.hundred_millions * HUNDRED_MILLION, 0)


class HitsAnswer(Block):
    """종목조건검색조회 (HHKST03900400): a hundred rows at most."""

    rows: Rows[Hit] = block("output2")


VOLUME = Endpoint({"real": "FHPST01710000"}, f"{QUOTATIONS}/volume-rank", TradedAnswer)
FLUCTUATION = Endpoint({"real": "FHPST01700000"}, f"{RANKING}/fluctuation", FluctuationAnswer)
WORTH = Endpoint({"real": "FHPST01740000"}, f"{RANKING}/market-cap", WorthAnswer)
NET_BUYING = Endpoint({"real": "FHPTJ04400000"}, f"{QUOTATIONS}/foreign-institution-total", BoughtAnswer)
CONDITIONS = Endpoint({"real": "HHKST03900300"}, f"{QUOTATIONS}/psearch-title", SavedAnswer)
HITS = Endpoint({"real": "HHKST03900400"}, f"{QUOTATIONS}/psearch-result", HitsAnswer)
NO_HIT = "MCA05918"
"""So is answered where nothing meets a condition; its words say that a code is wrong."""

DIVISION = Codes("a venue of a ranking at KIS", {Venue.KRX: "J", Venue.NXT: "NX"})  # FID_COND_MRKT_DIV_CODE
MARKET = {None: "0000", Segment.KOSPI: "0001", Segment.KOSDAQ: "1001"}  # FID_INPUT_ISCD
BELONGS = {RankingKind.VOLUME: "0", RankingKind.TURNOVER: "3"}  # FID_BLNG_CLS_CODE
SORT = {RankingKind.GAINERS: "0", RankingKind.LOSERS: "1"}  # FID_RANK_SORT_CLS_CODE, one character
INVESTOR = {RankingKind.FOREIGN_NET_BUYING: "1", RankingKind.INSTITUTION_NET_BUYING: "2"}  # FID_ETC_CLS_CODE
_EVERYTHING = {"FID_DIV_CLS_CODE": "0", "FID_TRGT_CLS_CODE": "0", "FID_TRGT_EXLS_CLS_CODE": "0"}
_NO_BOUNDS = {"FID_INPUT_PRICE_1": "", "FID_INPUT_PRICE_2": "", "FID_VOL_CNT": ""}
ALL_FIRMS = {**_EVERYTHING, **_NO_BOUNDS, "FID_COND_SCR_DIV_CODE": "20174"}
ALL_CHANGES = {
    **_EVERYTHING,
    **_NO_BOUNDS,
    "FID_COND_SCR_DIV_CODE": "20170",
    "FID_INPUT_CNT_1": "0",
    "FID_PRC_CLS_CODE": "0",
    "FID_RSFL_RATE1": "",
    "FID_RSFL_RATE2": "",
}
ALL_TRADED = {
    "FID_COND_SCR_DIV_CODE": "20171",
    "FID_DIV_CLS_CODE": "0",
    "FID_TRGT_CLS_CODE": "111111111",
    "FID_TRGT_EXLS_CLS_CODE": "000000",
    "FID_INPUT_PRICE_1": "0",
    "FID_INPUT_PRICE_2": "0",
    "FID_VOL_CNT": "0",
    "FID_INPUT_DATE_1": "0",
}
BY_AMOUNT = "1"  # FID_DIV_CLS_CODE
BOUGHT = "0"  # FID_RANK_SORT_CLS_CODE


class Rankings(Part[KisClient]):
    """Rankings and saved conditions at KIS, in the real environment only."""

    calls = {
        "rankings": (VOLUME, FLUCTUATION, WORTH, NET_BUYING),
        "conditions": (CONDITIONS,),
        "screen": (HITS,),
    }
    rounds = {
        Rank: {"net_quantity": Decimal(1_000), "net_amount": MILLION},
        Match: {"market_value": Decimal(10_000)},
    }
    most_ranks = MOST
    ranking_venues = {
        **dict.fromkeys((*BELONGS, *SORT, RankingKind.MARKET_VALUE), tuple(DIVISION)),
        **dict.fromkeys(INVESTOR, ()),
    }
    ranks_lack = {
        **dict.fromkeys(SORT, frozenset({"turnover", "market_value"})),
        RankingKind.MARKET_VALUE: frozenset({"turnover"}),
        **dict.fromkeys(INVESTOR, frozenset({"turnover", "market_value"})),
    }

    def ranking(self, kind: RankingKind, market: Segment | None, venue: Venue | None, count: int) -> Ranks:
        if kind in INVESTOR:
            return self._net_buying(kind, market)
        common = {"FID_COND_MRKT_DIV_CODE": DIVISION[venue or Venue.KRX], "FID_INPUT_ISCD": MARKET[market]}
        if kind in SORT:
            return self._ranks(FLUCTUATION, {**common, **ALL_CHANGES, "FID_RANK_SORT_CLS_CODE": SORT[kind]})
        if kind is RankingKind.MARKET_VALUE:
            return self._ranks(WORTH, {**common, **ALL_FIRMS})
        return self._ranks(VOLUME, {**common, **ALL_TRADED, "FID_BLNG_CLS_CODE": BELONGS[kind]})

    def _net_buying(self, kind: RankingKind, market: Segment | None) -> Ranks:
        params = {
            "FID_COND_MRKT_DIV_CODE": "V",
            "FID_COND_SCR_DIV_CODE": "16449",
            "FID_INPUT_ISCD": MARKET[market],
            "FID_DIV_CLS_CODE": BY_AMOUNT,
            "FID_RANK_SORT_CLS_CODE": BOUGHT,
            "FID_ETC_CLS_CODE": INVESTOR[kind],
        }
        bought = ForeignBought if kind is RankingKind.FOREIGN_NET_BUYING else InstitutionBought
        found = self._ranks(NET_BUYING, params, is_estimate=True)
        return replace(found, rows=[bought.model_construct(**dict(row)) for row in found.rows])

    def _ranks(self, endpoint: Endpoint[Any], params: dict[str, str], *, is_estimate: bool = False) -> Ranks:
        answer = self.client.call(endpoint, params=params)
        return Ranks(endpoint, [row for row in answer.rows if row.symbol and row.price], is_estimate)

    def conditions(self) -> Sequence[Saved]:
        return self.client.call(CONDITIONS, params={"user_id": self._user()}).rows

    def screen(self, condition: str) -> Sequence[Hit]:
        try:
            rows = self.client.call(HITS, params={"user_id": self._user(), "seq": condition}).rows
        except Rejected as refused:
            if refused.code == NO_HIT:
                return ()
            raise
        if len(rows) >= MOST_HITS:
            raise self.client.incomplete(HITS, f"{len(rows)} symbols: KIS tells no more of a condition")
        return rows

    def _user(self) -> SecretStr:
        user = self.client.settings.hts_id
        if user is None:
            raise ConfigError(
                "KIS tells saved conditions by the login name of its own programs.",
                advice="Nothing was sent. Set hts_id in the profile, in its own letter case.",
            )
        return user
