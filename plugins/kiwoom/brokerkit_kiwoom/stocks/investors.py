"""Investors: who bought and who sold, by symbol and by market."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from pydantic import ConfigDict, Field

from brokerkit import clock
from brokerkit.market.days import is_trading_day
from brokerkit.models import InvestorFlow, InvestorFlowEstimate, InvestorFlowTotal, MarketInvestorFlow
from brokerkit.part import Part
from brokerkit.replies import Estimated, FlowTables, Ranked
from brokerkit.transport import Block, Codes, Day, EitherTimeOfDay, Endpoint, Text
from brokerkit.words import Investor
from brokerkit_kiwoom.client import KiwoomClient
from brokerkit_kiwoom.stocks.quotes import MILLION, STOCK_INFO
from brokerkit_kiwoom.wire.types import Signed, Symbol, Unsigned, ZeroIsNone

HUNDRED_MILLION = Decimal(100_000_000)
THOUSAND = Decimal(1_000)
TOLD_FROM = dt.time(15, 40)
ENOUGH_FLOWS = 30
"""So many days of investor flow are asked for where no first day is named: the core shows no more."""


class _Kinds(Block):
    """Every kind of investor by the names of 종목별투자자기관별."""

    individual: Signed = Field(alias="ind_invsr")  # 개인투자자
    registered_foreign: Signed = Field(alias="frgnr_invsr")  # 외국인투자자, without the resident ones
    institution: Signed = Field(alias="orgn")  # 기관계
    financial_investment: Signed = Field(None, alias="fnnc_invt")  # 금융투자
    insurance: Signed = Field(None, alias="insrnc")  # 보험
    investment_trust: Signed = Field(None, alias="invtrt")  # 투신
    other_finance: Signed = Field(None, alias="etc_fnnc")  # 기타금융
    bank: Signed = Field(None, alias="bank")  # 은행
    pension: Signed = Field(None, alias="penfnd_etc")  # 연기금등
    private_fund: Signed = Field(None, alias="samo_fund")  # 사모펀드
    government: Signed = Field(None, alias="natn")  # 국가
    other_corporation: Signed = Field(None, alias="etc_corp")  # 기타법인
    resident_foreign: Signed = Field(alias="natfor")  # 내외국인

    @property
    def foreign(self) -> Decimal | None:
        """Return the exchange's figure of foreigners: registered and resident ones."""
        return _both(self.registered_foreign, self.resident_foreign)


def _both(registered: Decimal | None, resident: Decimal | None) -> Decimal | None:
    return None if registered is None or resident is None else registered + resident


class InvestorRow(_Kinds):
    """종목별투자자기관별요청 (ka10059): one day, shares or million won as asked."""

    close: Unsigned = Field(None, alias="cur_prc")  # 현재가


INVESTOR_ROWS = "stk_invsr_orgn"  # 종목별투자자기관별


class InvestorDay(Block):
    """A row of ka10059 of which only the day is read yet: a page has a hundred, and few are wanted of it."""

    model_config = ConfigDict(extra="allow")

    date: Day = Field(alias="dt")  # 일자


class InvestorAnswer(Block):
    """종목별투자자기관별요청 (ka10059): a page of days."""

    rows: tuple[InvestorDay, ...] = Field(alias=INVESTOR_ROWS)


class TotalAnswer(Block):
    """종목별투자자기관별합계요청 (ka10061): one row for all days of a period, shares or million won as asked."""

    rows: tuple[_Kinds, ...] = Field(alias="stk_invsr_orgn_tot")  # 종목별투자자기관별합계


class MarketRow(Block):
    """A row of 업종별투자자순매수요청 (ka10051): thousand shares, or hundred million won as asked."""

    index: Text = Field(alias="inds_cd")  # 업종코드
    individual: Signed = Field(alias="ind_netprps")  # 개인순매수
    registered_foreign: Signed = Field(alias="frgnr_netprps")  # 외국인순매수, without the resident ones
    institution: Signed = Field(alias="orgn_netprps")  # 기관계순매수
    financial_investment: Signed = Field(None, alias="sc_netprps")  # 증권순매수
    insurance: Signed = Field(None, alias="insrnc_netprps")  # 보험순매수
    investment_trust: Signed = Field(None, alias="invtrt_netprps")  # 투신순매수
    other_finance: Signed = Field(None, alias="jnsinkm_netprps")  # 종신금순매수
    bank: Signed = Field(None, alias="bank_netprps")  # 은행순매수
    pension: Signed = Field(None, alias="endw_netprps")  # 기금순매수
    private_fund: Signed = Field(None, alias="samo_fund_netprps")  # 사모펀드순매수
    government: Signed = Field(None, alias="natn_netprps")  # 국가순매수
    other_corporation: Signed = Field(None, alias="etc_corp_netprps")  # 기타법인순매수
    resident_foreign: Signed = Field(alias="native_trmt_frgnr_netprps")  # 내국인대우외국인순매수

    @property
    def foreign(self) -> Decimal | None:
        """Return the exchange's figure of foreigners: registered and resident ones."""
        return _both(self.registered_foreign, self.resident_foreign)


class MarketAnswer(Block):
    """업종별투자자순매수요청 (ka10051): the market first, then its sectors. It does not tell of which day."""

    rows: tuple[MarketRow, ...] = Field(alias="inds_netprps")  # 업종별순매수


class EstimateRow(Block):
    """A row of 장중투자자별매매차트요청 (ka10064): shares by the thousand, or million won as asked."""

    time: EitherTimeOfDay = Field(alias="tm")  # 시간
    foreign: Signed = Field(alias="frgnr_invsr")  # 외국인투자자
    institution: Signed = Field(alias="orgn")  # 기관계
    investment_trust: Signed = Field(None, alias="invtrt")  # 투신
    insurance: Signed = Field(None, alias="insrnc")  # 보험
    bank: Signed = Field(None, alias="bank")  # 은행
    pension: Signed = Field(None, alias="penfnd_etc")  # 연기금등
    other_corporation: Signed = Field(None, alias="etc_corp")  # 기타법인
    government: Signed = Field(None, alias="natn")  # 국가


class EstimateAnswer(Block):
    """장중투자자별매매차트요청 (ka10064)."""

    rows: tuple[EstimateRow, ...] = Field(alias="opmr_invsr_trde_chart")  # 장중투자자별매매차트


class RankRow(Block):
    """A row of 투자자별일별매매종목요청 (ka10058): shares and won. Whether a sale has a sign depends on the list."""

    symbol: Symbol = Field(alias="stk_cd")  # 종목코드
    name: Text = Field("", alias="stk_nm")  # 종목명
    quantity: Signed = Field(alias="netslmt_qty")  # 순매도수량, of the list of purchases that of them
    amount: Signed = Field(alias="netslmt_amt")  # 순매도금액
    price: ZeroIsNone = Field(None, alias="cur_prc")  # 현재가


class RankAnswer(Block):
    """투자자별일별매매종목요청 (ka10058): a page of symbols."""

    rows: tuple[RankRow, ...] = Field(alias="invsr_daly_trde_stk")  # 투자자별일별매매종목


KINDS = (
    *("individual", "foreign", "institution", "financial_investment", "insurance", "investment_trust", "bank"),
    *("other_finance", "pension", "private_fund", "government", "other_corporation", "resident_foreign"),
)
ESTIMATED = (
    *("foreign", "institution", "investment_trust", "insurance", "bank", "pension", "other_corporation", "government"),
)
BOTH_WAYS = ("buy_quantity", "sell_quantity", "buy_amount", "sell_amount")
TRADE_KIND = {"net": "0", "buy": "1", "sell": "2"}  # trde_tp 매매구분
UNIT = {"amount": "1", "quantity": "2"}  # amt_qty_tp 금액수량구분: million won, or shares
SINGLE_SHARES = "1"  # unit_tp 단위구분
MARKET_UNIT = {"amount": "0", "quantity": "1"}  # amt_qty_tp of ka10051: hundred million won, or thousand shares
ALL_VENUES = {"real": "3", "demo": "1"}  # stex_tp 거래소구분: both together, where the host has both
MARKET = Codes("a market at Kiwoom", {"KOSPI": "0", "KOSDAQ": "1"})  # mrkt_tp of ka10051
WHOLE = {"KOSPI": "001", "KOSDAQ": "101"}  # inds_cd of the market itself
RANKED_MARKET = Codes("a market at Kiwoom", {"KOSPI": "001", "KOSDAQ": "101"})  # mrkt_tp of ka10058
RANKED = Codes(
    "a kind of investor in rankings at Kiwoom",
    {
        Investor.INDIVIDUAL: "8000",
        Investor.FOREIGN: "9000",
        Investor.INSTITUTION: "9999",
        Investor.FINANCIAL_INVESTMENT: "1000",
        Investor.INSURANCE: "2000",
        Investor.INVESTMENT_TRUST: "3000",
        Investor.PRIVATE_FUND: "3100",
        Investor.BANK: "4000",
        Investor.OTHER_FINANCE: "5000",
        Investor.PENSION: "6000",
        Investor.GOVERNMENT: "7000",
        Investor.OTHER_CORPORATION: "7100",
    },
)  # invsr_tp 투자자구분
DAYS = Endpoint({"real": "ka10059", "demo": "ka10059"}, STOCK_INFO, InvestorAnswer, "POST")
DAYS_AT_ONCE = 100
TOTAL = Endpoint({"real": "ka10061", "demo": "ka10061"}, STOCK_INFO, TotalAnswer, "POST")
MARKETS = Endpoint({"real": "ka10051", "demo": "ka10051"}, "/api/dostk/sect", MarketAnswer, "POST")
ESTIMATES = Endpoint({"real": "ka10064", "demo": "ka10064"}, "/api/dostk/chart", EstimateAnswer, "POST")
RANKS = Endpoint({"real": "ka10058", "demo": "ka10058"}, STOCK_INFO, RankAnswer, "POST")


class Investors(Part[KiwoomClient]):
    """Investor flow at Kiwoom."""

    not_told = {
        InvestorFlow: frozenset({"other_organization"}),
        InvestorFlowTotal: frozenset({"other_organization", *BOTH_WAYS}),
        MarketInvestorFlow: frozenset({"other_organization", *BOTH_WAYS}),
        InvestorFlowEstimate: frozenset({*KINDS, "other_organization", *BOTH_WAYS}) - frozenset(ESTIMATED),
    }
    rounds = {MarketInvestorFlow: {"net_quantity": 2 * THOUSAND, "net_amount": 2 * HUNDRED_MILLION}}
    calls = {
        "investor_flow": (DAYS,),
        "investor_flow_total": (TOTAL,),
        "market_investor_flow": (MARKETS,),
        "investor_flow_estimates": (ESTIMATES,),
        "investor_rankings": (RANKS,),
    }
    flows_at_once = DAYS_AT_ONCE

    def investor_flow(self, symbol: str, start: dt.date | None, end: dt.date, detail: bool) -> list[FlowTables]:
        def ask(what: str, unit: str) -> dict[dt.date, InvestorDay]:
            return self._investor_days(symbol, start, end, TRADE_KIND[what], UNIT[unit])

        return self.flow_tables(DAYS, ask, detail=detail, kinds=KINDS, amount=MILLION, read=self._row)

    def _investor_days(
        self, symbol: str, start: dt.date | None, end: dt.date, trade: str, unit: str
    ) -> dict[dt.date, InvestorDay]:
        body = {
            "dt": f"{end:%Y%m%d}",
            "stk_cd": symbol,
            "amt_qty_tp": unit,
            "trde_tp": trade,
            "unit_tp": SINGLE_SHARES,
        }
        rows: dict[dt.date, InvestorDay] = {}
        for page in self.client.pages(DAYS, body=body):
            rows |= {row.date: row for row in page.rows}
            if rows and (len(rows) >= ENOUGH_FLOWS if start is None else min(rows) <= start):
                break
        return rows

    def _row(self, day: InvestorDay) -> InvestorRow:
        where = f"{INVESTOR_ROWS}.{day.date}"
        return self.client.read_fields(DAYS, InvestorRow, day.model_extra or {}, where)

    def investor_flow_total(self, symbol: str, start: dt.date, end: dt.date) -> FlowTables:
        rows = {("net", unit): self._total(symbol, start, end, code) for unit, code in UNIT.items()}
        units = {"quantity": Decimal(1), "amount": MILLION}
        return FlowTables(end, rows, lambda row: row, KINDS, units, final=end < clock.today())

    def _total(self, symbol: str, start: dt.date, end: dt.date, unit: str) -> Any:
        body = {
            "stk_cd": symbol,
            "strt_dt": f"{start:%Y%m%d}",
            "end_dt": f"{end:%Y%m%d}",
            "amt_qty_tp": unit,
            "trde_tp": TRADE_KIND["net"],
            "unit_tp": SINGLE_SHARES,
        }
        rows = [row for page in self.client.listing(TOTAL, body=body) for row in page.rows]
        if len(rows) != 1 or rows[0].individual is None:
            raise self.wrong(TOTAL, f"{len(rows)} rows, or a blank one, where one tells the sum")
        return rows[0]

    def market_investor_flow(self, market: str, start: dt.date, end: dt.date) -> list[FlowTables]:
        rows = {("net", unit): self._market(market, end, code) for unit, code in MARKET_UNIT.items()}
        units = {"quantity": THOUSAND, "amount": HUNDRED_MILLION}
        return [FlowTables(end, rows, lambda row: row, KINDS, units, final=end < clock.today())]

    def _market(self, market: str, day: dt.date, unit: str) -> MarketRow:
        body = {
            "mrkt_tp": MARKET[market],
            "amt_qty_tp": unit,
            "base_dt": f"{day:%Y%m%d}",
            "stex_tp": ALL_VENUES[self.environment],
        }
        # The market itself comes first, so its sectors on further pages are not asked for.
        answer = next(iter(self.client.pages(MARKETS, body=body)))
        first = answer.rows[0] if answer.rows else None
        if first is None or first.index.partition("_")[0] != WHOLE[market]:
            told = None if first is None else first.index
            raise self.wrong(MARKETS, f"the first row is {told!r}, not {WHOLE[market]}")
        return first

    def investor_flow_estimates(self, symbol: str) -> list[Estimated]:
        tables = {unit: self._estimates(symbol, code) for unit, code in UNIT.items()}
        if set(tables["quantity"]) != set(tables["amount"]):
            raise self.client.incomplete(ESTIMATES, "the times of quantities and amounts differ")
        return [
            Estimated(
                time,
                {
                    kind: {
                        "net_quantity": getattr(row, kind),
                        "net_amount": _won(getattr(tables["amount"][time], kind)),
                    }
                    for kind in ESTIMATED
                },
            )
            for time, row in tables["quantity"].items()
        ]

    def _estimates(self, symbol: str, unit: str) -> Mapping[dt.time, EstimateRow]:
        body = {"mrkt_tp": "000", "amt_qty_tp": unit, "trde_tp": TRADE_KIND["net"], "stk_cd": symbol}
        rows = [row for page in self.client.listing(ESTIMATES, body=body) for row in page.rows]
        return {row.time: row for row in rows if row.time is not None}

    def investor_rankings(
        self, investor: Investor, market: str | None, start: dt.date | None, end: dt.date, count: int, *, sold: bool
    ) -> Sequence[Ranked]:
        code, markets = RANKED[investor], [market] if market else list(RANKED_MARKET)
        if start is None:
            start = end = self._last_told(end)
        rows = [row for each in markets for row in self._investor_ranks(each, code, start, end, sold=sold)]
        found = [_ranked(row, end, sold=sold) for row in rows if row.symbol]
        # By what Kiwoom sorts is not told, so all of it is read and put in order here.
        return sorted(found, key=lambda each: abs(each.flow["net_amount"] or Decimal(0)), reverse=True)

    def _last_told(self, end: dt.date) -> dt.date:
        """Return the last day whose figures are told: today's are from 15:40 on, in a sandbox not at all."""
        now = clock.now()
        if end == now.date() and (self.is_simulated or now.time() < TOLD_FROM):
            end -= dt.timedelta(days=1)
        while not is_trading_day(end):
            end -= dt.timedelta(days=1)
        return end

    def _investor_ranks(self, market: str, code: str, start: dt.date, end: dt.date, *, sold: bool) -> list[RankRow]:
        body = {
            "strt_dt": f"{start:%Y%m%d}",
            "end_dt": f"{end:%Y%m%d}",
            "trde_tp": "1" if sold else "2",
            "mrkt_tp": RANKED_MARKET[market],
            "invsr_tp": code,
            "stex_tp": ALL_VENUES[self.environment],
        }
        return [row for page in self.client.listing(RANKS, body=body) for row in page.rows]


def _won(millions: Decimal | None) -> Decimal | None:
    return None if millions is None else millions * MILLION


def _ranked(row: RankRow, day: dt.date, *, sold: bool) -> Ranked:
    """Return the row; which way it went is told by the list, and not everywhere by a sign."""
    way = -1 if sold else 1
    flow: dict[str, Decimal | None] = {
        "net_quantity": None if row.quantity is None else abs(row.quantity) * way,
        "net_amount": None if row.amount is None else abs(row.amount) * way,
    }
    return Ranked(row.symbol, flow, name=row.name, price=row.price, final=day < clock.today(), date=day)
