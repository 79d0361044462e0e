"""Investors: who bought and who sold, by symbol and by market."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from pydantic import Field, create_model

from brokerkit import clock
from brokerkit.errors import Rejected, Unsupported
from brokerkit.models import Flow, FlowRank, InvestorFlow, InvestorFlowEstimate, MarketInvestorFlow
from brokerkit.replies import Estimated, FlowRow, Ranked
from brokerkit.transport import Blankable, Block, Codes, Day, Endpoint, Text
from brokerkit.words import Investor
from brokerkit_kis.stocks.quotes import MILLION, QUOTATIONS
from brokerkit_kis.stocks.rankings import NET_BUYING, Bought
from brokerkit_kis.stocks.spelling import Spelling
from brokerkit_kis.wire.types import Rows, block

THOUSAND = Decimal(1_000)
NETS = ("net_quantity", "net_amount")
KINDS: Mapping[str, str] = {
    "individual": "prsn",  # 개인
    "foreign": "frgn",  # 외국인, registered and others together
    "institution": "orgn",  # 기관계
    "financial_investment": "scrt",  # 증권
    "insurance": "insu",  # 보험
    "investment_trust": "ivtr",  # 투자신탁
    "bank": "bank",  # 은행
    "other_finance": "mrbn",  # 종금
    "pension": "fund",  # 기금
    "private_fund": "pe_fund",  # 사모 펀드
    "other_corporation": "etc_corp",  # 기타 법인
    "other_organization": "etc_orgt",  # 기타 단체
    "resident_foreign": "frgn_nreg",  # 외국인 비등록
}
_VOLUMES = frozenset({"pe_fund", "etc_corp", "etc_orgt"})
"""Of these the net quantity is called a volume."""


def _names(short: str, *, detail: bool) -> Mapping[str, str]:
    """Return the names of a kind's figures, by the fields of a Flow."""
    if short == "frgn_nreg":
        names = {
            "net_quantity": "frgn_nreg_ntby_qty",  # 외국인 비등록 순매수 수량
            "buy_quantity": "frgn_nreg_bidp_qty",  # 외국인 비등록 매수 수량
            "sell_quantity": "frgn_nreg_askp_qty",  # 외국인 비등록 매도 수량
            "net_amount": "frgn_nreg_ntby_pbmn",  # 외국인 비등록 순매수 대금
            "buy_amount": "frgn_nreg_bidp_pbmn",  # 외국인 비등록 매수 대금
            "sell_amount": "frgn_nreg_askp_pbmn",  # 외국인 비등록 매도 대금
        }
    else:
        names = {
            "net_quantity": f"{short}_ntby_{'vol' if short in _VOLUMES else 'qty'}",  # 순매수 수량
            "buy_quantity": f"{short}_shnu_vol",  # 매수 거래량
            "sell_quantity": f"{short}_seln_vol",  # 매도 거래량
            "net_amount": f"{short}_ntby_tr_pbmn",  # 순매수 거래 대금
            "buy_amount": f"{short}_shnu_tr_pbmn",  # 매수 거래 대금
            "sell_amount": f"{short}_seln_tr_pbmn",  # 매도 거래 대금
        }
    return names if detail else {name: names[name] for name in NETS}


def _figures(*, detail: bool) -> dict[str, Any]:
    """Return the fields of a row that tells every kind of investor, as `individual_net_quantity`."""
    return {
        f"{kind}_{name}": (Blankable, Field(None, alias=alias))
        for kind, short in KINDS.items()
        for name, alias in _names(short, detail=detail).items()
    }


def _flows(row: Block, kinds: Iterable[str], *, detail: bool, share: Decimal) -> dict[str, dict[str, Decimal | None]]:
    """Return what each kind of investor did, in shares and won: KIS tells million won, and `share` of a quantity."""
    flows: dict[str, dict[str, Decimal | None]] = {}
    for kind in kinds:
        flows[kind] = {}
        for name in FIELDS if detail else NETS:
            value: Decimal | None = getattr(row, f"{kind}_{name}")
            flows[kind][name] = None if value is None else value * (share if name.endswith("quantity") else MILLION)
    return flows


class GroupsDay(Block):
    """A row of 주식현재가 투자자 (FHKST01010900): the three groups. Shares, and million won (백만원)."""

    date: Day = Field(alias="stck_bsop_date")  # 주식 영업 일자
    close: Blankable = Field(None, alias="stck_clpr")  # 주식 종가
    individual_net_quantity: Blankable = Field(None, alias="prsn_ntby_qty")  # 개인 순매수 수량
    individual_buy_quantity: Blankable = Field(None, alias="prsn_shnu_vol")  # 개인 매수 거래량
    individual_sell_quantity: Blankable = Field(None, alias="prsn_seln_vol")  # 개인 매도 거래량
    individual_net_amount: Blankable = Field(None, alias="prsn_ntby_tr_pbmn")  # 개인 순매수 거래 대금
    individual_buy_amount: Blankable = Field(None, alias="prsn_shnu_tr_pbmn")  # 개인 매수 거래 대금
    individual_sell_amount: Blankable = Field(None, alias="prsn_seln_tr_pbmn")  # 개인 매도 거래 대금
    foreign_net_quantity: Blankable = Field(None, alias="frgn_ntby_qty")  # 외국인 순매수 수량
    foreign_buy_quantity: Blankable = Field(None, alias="frgn_shnu_vol")  # 외국인 매수 거래량
    foreign_sell_quantity: Blankable = Field(None, alias="frgn_seln_vol")  # 외국인 매도 거래량
    foreign_net_amount: Blankable = Field(None, alias="frgn_ntby_tr_pbmn")  # 외국인 순매수 거래 대금
    foreign_buy_amount: Blankable = Field(None, alias="frgn_shnu_tr_pbmn")  # 외국인 매수 거래 대금
    foreign_sell_amount: Blankable = Field(None, alias="frgn_seln_tr_pbmn")  # 외국인 매도 거래 대금
    institution_net_quantity: Blankable = Field(None, alias="orgn_ntby_qty")  # 기관계 순매수 수량
    institution_buy_quantity: Blankable = Field(None, alias="orgn_shnu_vol")  # 기관계 매수 거래량
    institution_sell_quantity: Blankable = Field(None, alias="orgn_seln_vol")  # 기관계 매도 거래량
    institution_net_amount: Blankable = Field(None, alias="orgn_ntby_tr_pbmn")  # 기관계 순매수 거래 대금
    institution_buy_amount: Blankable = Field(None, alias="orgn_shnu_tr_pbmn")  # 기관계 매수 거래 대금
    institution_sell_amount: Blankable = Field(None, alias="orgn_seln_tr_pbmn")  # 기관계 매도 거래 대금


class GroupsAnswer(Block):
    """주식현재가 투자자 (FHKST01010900): thirty days, the newest first."""

    rows: Rows[GroupsDay] = block("output")


class _Day(Block):
    date: Day = Field(alias="stck_bsop_date")  # 주식 영업 일자


_SymbolDay = create_model("_SymbolDay", __base__=_Day, **_figures(detail=True))
_MarketDay = create_model("_MarketDay", __base__=_Day, **_figures(detail=False))


class SymbolDay(_SymbolDay):
    """A row of 종목별 투자자매매동향(일별) (FHPTJ04160001): every kind. Shares, and million won (백만원)."""

    close: Blankable = Field(None, alias="stck_clpr")  # 주식 종가


class SymbolAnswer(Block):
    """종목별 투자자매매동향(일별) (FHPTJ04160001): thirty days back from the one asked for, the newest first."""

    rows: Rows[SymbolDay] = block("output2")


class MarketDay(_MarketDay):
    """A row of 시장별 투자자매매동향(일별) (FHPTJ04040000). Thousand shares, and million won (백만원)."""


class MarketAnswer(Block):
    """시장별 투자자매매동향(일별) (FHPTJ04040000): three hundred days back from the one asked for, the newest first."""

    rows: Rows[MarketDay] = block("output")


class Estimate(Block):
    """A row of 종목별 외인기관 추정가집계 (HHPTJ04160200), in shares."""

    slot: Text = Field(alias="bsop_hour_gb")  # 입력구분: which of the day's publications
    foreign: Blankable = Field(None, alias="frgn_fake_ntby_qty")  # 외국인수량(가집계)
    institution: Blankable = Field(None, alias="orgn_fake_ntby_qty")  # 기관수량(가집계)


class EstimateAnswer(Block):
    """종목별 외인기관 추정가집계 (HHPTJ04160200): the day's publications, the newest first."""

    rows: Rows[Estimate] = block("output2")


FIELDS = tuple(Flow.model_fields)
GROUPS = ("individual", "foreign", "institution")
GROUPS_CALL = Endpoint(
    {"real": "FHKST01010900", "demo": "FHKST01010900"}, f"{QUOTATIONS}/inquire-investor", GroupsAnswer
)
DAYS_CALL = Endpoint({"real": "FHPTJ04160001"}, f"{QUOTATIONS}/investor-trade-by-stock-daily", SymbolAnswer)
DAYS_AT_ONCE = 30
MARKET_CALL = Endpoint({"real": "FHPTJ04040000"}, f"{QUOTATIONS}/inquire-investor-daily-by-market", MarketAnswer)
MARKET_DAYS_AT_ONCE = 300
ESTIMATES_CALL = Endpoint({"real": "HHPTJ04160200"}, f"{QUOTATIONS}/investor-trend-estimate", EstimateAnswer)
MOST_RANKS = 30
SLOTS = {
    "1": dt.time(9, 30),
    "2": dt.time(10, 0),
    "3": dt.time(11, 20),
    "4": dt.time(13, 20),
    "5": dt.time(14, 30),
}  # bsop_hour_gb 입력구분
INDEX = Codes("a market at KIS", {"KOSPI": "0001", "KOSDAQ": "1001"})  # 업종코드
MARKET = {"KOSPI": "KSP", "KOSDAQ": "KSQ"}
RANKED = Codes(
    "a kind of investor in rankings at KIS",
    {Investor.FOREIGN: "1", Investor.INSTITUTION: "2", Investor.OTHER_CORPORATION: "3"},
)  # FID_ETC_CLS_CODE 기타 구분 정렬; the last one is sorted with other organizations, which hardly trade
TIME_LIMIT = "TIME LIMIT"
"""What the call for all kinds is refused with from midnight to 15:40."""
TOLD_FROM = dt.time(15, 40)


class Investors(Spelling):
    """Investor flow at KIS."""

    # KIS has no state among the institutions.
    not_told = {
        InvestorFlow: frozenset({"government"}),
        MarketInvestorFlow: frozenset({"government", "buy_quantity", "sell_quantity", "buy_amount", "sell_amount"}),
        InvestorFlowEstimate: frozenset(
            {*KINDS, "government", "net_amount", "buy_quantity", "sell_quantity", "buy_amount", "sell_amount"}
        )
        - {"foreign", "institution"},
    }
    not_told_in = {"demo": {InvestorFlow: frozenset(KINDS) - frozenset(GROUPS)}}
    rounds = {MarketInvestorFlow: {"net_quantity": THOUSAND}, FlowRank: {"net_quantity": THOUSAND}}
    calls = {
        **dict.fromkeys(("investor_flow", "investor_flow_total"), (GROUPS_CALL,)),
        "market_investor_flow": (MARKET_CALL,),
        "investor_flow_estimates": (ESTIMATES_CALL,),
        "investor_rankings": (NET_BUYING,),
    }
    flows_at_once = DAYS_AT_ONCE
    market_flows_at_once = MARKET_DAYS_AT_ONCE

    def investor_flow(self, symbol: str, start: dt.date | None, end: dt.date, detail: bool) -> Sequence[FlowRow]:
        found = self._all_kinds(symbol, end)
        return self._groups(symbol, start, end) if found is None else found

    def _all_kinds(self, symbol: str, end: dt.date) -> Sequence[FlowRow] | None:
        """Return the days back from `end`, None where KIS does not tell all kinds now, or not in this environment."""
        # A sandbox has a clock of its own, and says itself that it is too early.
        is_early = clock.now().time() < TOLD_FROM and not self.is_simulated
        if self.environment not in DAYS_CALL.ids or is_early:
            return None
        params = {
            "FID_COND_MRKT_DIV_CODE": "J",
            "FID_INPUT_ISCD": self.code(symbol),
            "FID_INPUT_DATE_1": f"{end:%Y%m%d}",
            "FID_ORG_ADJ_PRC": "",
            "FID_ETC_CLS_CODE": "",
        }
        try:
            rows = self.client.call(DAYS_CALL, params=params).rows
        except Rejected as refused:
            if TIME_LIMIT not in refused.words:
                raise
            return None
        return [_day(row, KINDS, close=row.close) for row in rows]

    def _groups(self, symbol: str, start: dt.date | None, end: dt.date) -> Sequence[FlowRow]:
        params = {"FID_COND_MRKT_DIV_CODE": "J", "FID_INPUT_ISCD": self.code(symbol)}
        rows = self.client.call(GROUPS_CALL, params=params).rows
        oldest = min((row.date for row in rows), default=end)
        if oldest > (start or end):
            words = f"KIS tells the last thirty days of {symbol} now, from {oldest} on; {start or end} is further back."
            older = (
                "Older days are told from 15:40 to midnight here, or ask for later ones."
                if self.environment in DAYS_CALL.ids
                else "Older days are told from 15:40 to midnight in the real environment, or ask for later ones."
            )
            raise Unsupported(words, broker=self.broker, advice=older)
        return [_day(row, GROUPS, close=row.close) for row in rows]

    def market_investor_flow(self, market: str, start: dt.date, end: dt.date) -> Sequence[FlowRow]:
        index = INDEX[market]
        params = {
            "FID_COND_MRKT_DIV_CODE": "U",
            "FID_INPUT_ISCD": index,
            "FID_INPUT_DATE_1": f"{end:%Y%m%d}",
            "FID_INPUT_ISCD_1": MARKET[market],
            "FID_INPUT_DATE_2": f"{end:%Y%m%d}",
            "FID_INPUT_ISCD_2": index,
        }
        rows = self.client.call(MARKET_CALL, params=params).rows
        return [_day(row, KINDS, detail=False, share=THOUSAND) for row in rows]

    def investor_flow_estimates(self, symbol: str) -> Iterable[Estimated]:
        rows = self.client.call(ESTIMATES_CALL, params={"MKSC_SHRN_ISCD": self.code(symbol)}).rows
        strange = [row.slot for row in rows if row.slot not in SLOTS]
        if strange:
            raise self.wrong(ESTIMATES_CALL, f"bsop_hour_gb {strange[0]!r} is none of {', '.join(SLOTS)}")
        return [
            Estimated(
                SLOTS[row.slot],
                {"foreign": {"net_quantity": row.foreign}, "institution": {"net_quantity": row.institution}},
            )
            for row in rows
        ]

    def investor_rankings(
        self, investor: Investor, market: str | None, start: dt.date | None, end: dt.date, count: int, *, sold: bool
    ) -> Sequence[Ranked]:
        code = RANKED[investor]
        if start is not None or end < clock.today():
            raise Unsupported("KIS ranks by estimates of today alone.", advice="Nothing was sent. Leave the days out.")
        if count > MOST_RANKS:
            raise Unsupported(
                f"KIS ranks {MOST_RANKS} symbols, not {count}.", advice="Nothing was sent. Ask for fewer."
            )
        params = {
            "FID_COND_MRKT_DIV_CODE": "V",
            "FID_COND_SCR_DIV_CODE": "16449",
            "FID_INPUT_ISCD": "0000" if market is None else INDEX[market],
            "FID_DIV_CLS_CODE": "1",
            "FID_RANK_SORT_CLS_CODE": "1" if sold else "0",
            "FID_ETC_CLS_CODE": code,
        }
        rows = self.client.call(NET_BUYING, params=params).rows
        return [_ranked(row, investor) for row in rows]


def _day(
    row: Any, kinds: Iterable[str], *, close: Decimal | None = None, detail: bool = True, share: Decimal = Decimal(1)
) -> FlowRow:
    """Return a day; its figures are provisional until the next morning."""
    flows = _flows(row, kinds, detail=detail, share=share)
    return FlowRow(row.date, flows, final=row.date < clock.today(), close=close)


def _ranked(row: Bought, investor: Investor) -> Ranked:
    kind = investor.lower()
    millions: Decimal | None = getattr(row, f"{kind}_millions")
    flow = {
        "net_quantity": getattr(row, f"{kind}_quantity"),
        "net_amount": None if millions is None else millions * MILLION,
    }
    return Ranked(row.symbol, flow, name=row.name or "", price=row.price, final=False)
