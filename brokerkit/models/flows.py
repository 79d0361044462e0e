"""Who bought and who sold."""

from __future__ import annotations

from pydantic import StrictBool

from brokerkit.models.base import Model
from brokerkit.values import Date, Exact


class Flow(Model):
    """Trading of one kind of investor on one day: quantities in shares, amounts in won, net = buy - sell, signed.

    None where the broker does not tell. Brokers tell amounts in million won, so they are exact to the million.
    """

    net_quantity: Exact | None = None
    buy_quantity: Exact | None = None
    sell_quantity: Exact | None = None
    net_amount: Exact | None = None
    buy_amount: Exact | None = None
    sell_amount: Exact | None = None


class InvestorFlow(Model):
    """Who bought and who sold a symbol on one day (투자자별 매매동향)."""

    time_field = "date"

    symbol: str
    date: Date
    close: Exact | None = None
    final: StrictBool
    """False while the day's figures are provisional: until the next morning."""
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
