"""Who bought and who sold: investors by their kinds, and programme trading."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StrictBool

from brokerkit.models.base import Model
from brokerkit.values import Date, Exact, Moment
from brokerkit.words import Investor


class Flow(Model):
    """Trading of one kind of investor: quantities in shares, amounts in won, net = buy - sell, signed.

    None where the broker does not tell. Brokers tell amounts in million won, so they are exact to the million.
    """

    net_quantity: Exact | None = None
    """Shares bought less shares sold (순매수수량)."""
    buy_quantity: Exact | None = None
    """Shares bought (매수수량)."""
    sell_quantity: Exact | None = None
    """Shares sold (매도수량)."""
    net_amount: Exact | None = None
    """Won paid less won received, signed (순매수대금)."""
    buy_amount: Exact | None = None
    """Won paid (매수대금)."""
    sell_amount: Exact | None = None
    """Won received (매도대금)."""


class _Kinds(Model):
    """What each kind of investor did."""

    individual: Flow = Flow()
    """개인."""
    foreign: Flow = Flow()
    """외국인: the exchange's figure, registered and other foreigners together."""
    institution: Flow = Flow()
    """기관계: the sum of the eight kinds below."""
    financial_investment: Flow = Flow()
    """금융투자."""
    insurance: Flow = Flow()
    """보험."""
    investment_trust: Flow = Flow()
    """투신."""
    bank: Flow = Flow()
    """은행."""
    other_finance: Flow = Flow()
    """기타금융."""
    pension: Flow = Flow()
    """연기금 등."""
    private_fund: Flow = Flow()
    """사모펀드."""
    government: Flow = Flow()
    """국가·지자체."""
    other_corporation: Flow = Flow()
    """기타법인."""
    resident_foreign: Flow = Flow()
    """내외국인 (기타외국인): already counted in `foreign`."""
    other_organization: Flow = Flow()
    """기타단체: neither an institution nor a corporation; nearly always nobody."""


class _Day(Model):
    symbol: str
    """The symbol that was asked for (종목코드)."""
    date: Date
    """The trading day (일자)."""
    close: Exact | None = None
    """Closing price, in won (종가)."""
    final: StrictBool
    """False while the day's figures are provisional: until the next morning."""


class InvestorFlow(_Kinds, _Day):
    """Who bought and who sold a symbol on one day (투자자별 매매동향)."""

    time_field = "date"


class _Period(Model):
    symbol: str
    """The symbol that was asked for (종목코드)."""
    start: Date
    """First day (시작일자)."""
    end: Date
    """Last day (종료일자)."""
    final: StrictBool
    """False where the last day's figures are provisional or not told yet."""


class InvestorFlowTotal(_Kinds, _Period):
    """Who bought and who sold a symbol over a period, its first and last day included (투자자별 합계)."""

    time_field = "end"


class _MarketDay(Model):
    market: str
    """KOSPI or KOSDAQ (시장구분)."""
    date: Date
    """The trading day (일자)."""
    final: StrictBool
    """False while the day's figures are provisional: until the next morning."""


class MarketInvestorFlow(_Kinds, _MarketDay):
    """Who bought and who sold in a market on one day (시장별 투자자매매동향)."""

    time_field = "date"


class _Moment(Model):
    symbol: str
    """The symbol that was asked for (종목코드)."""
    time: Moment
    """About when the estimate was made (시각): brokers publish a few a day, some minutes off."""
    final: StrictBool = False
    """Never: the exchange tells no investors while it trades, and brokers estimate from what their members report."""


class InvestorFlowEstimate(_Kinds, _Moment):
    """What kinds of investors are estimated to have bought and sold of a symbol so far today (장중 추정)."""

    time_field = "time"


class ProgramTrading(Model):
    """What was bought and sold by programmes on one day: in a symbol, or in a market (프로그램매매)."""

    time_field = "date"

    symbol: str
    """A symbol (종목코드), or KOSPI or KOSDAQ for the whole market."""
    date: Date
    """The trading day (일자)."""
    final: StrictBool
    """False while the day's figures are provisional: until the next morning."""
    total: Flow = Flow()
    """전체."""
    arbitrage: Flow = Flow()
    """차익거래; brokers tell it of markets only."""
    non_arbitrage: Flow = Flow()
    """비차익거래; brokers tell it of markets only."""


class FlowRank(Model):
    """A symbol in a ranking of who was bought or sold most by one kind of investor, or by programmes."""

    rank: Annotated[int, Field(ge=1)]
    """순위: 1 is the one that was bought most, or sold most."""
    symbol: str
    """Which it is (종목코드)."""
    name: str | None = None
    """As the broker writes it (종목명)."""
    date: Date | None = None
    """The day that it is of, of a period the last (일자); None where that cannot be known."""
    investor: Investor | None = None
    """Who (투자자구분); None in a ranking of programme trading."""
    flow: Flow
    """What they bought and sold of it (매매)."""
    price: Exact | None = None
    """현재가."""
    final: StrictBool
    """False where a day's figures are provisional, or estimates."""
