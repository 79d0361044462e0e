"""Investors: who bought and sold."""

from __future__ import annotations

import datetime as dt

from brokerkit import clock
from brokerkit.arguments import (
    EXCHANGE_MARKETS,
    check_count,
    check_days,
    check_exchange_market,
    check_flag,
    check_investor,
    check_side,
    plain,
)
from brokerkit.models import (
    FlowRank,
    Instrument,
    InvestorFlow,
    InvestorFlowEstimate,
    InvestorFlowTotal,
    MarketInvestorFlow,
    ProgramTrading,
    Table,
)
from brokerkit.symbols import check_symbol
from brokerkit.transport.together import Progress
from brokerkit.verbs.asking import Asking
from brokerkit.words import Investor, Side


class Investors(Asking):
    """Verbs about those who trade."""

    def investor_flow(
        self,
        symbol: str | Instrument,
        start: dt.date | None = None,
        end: dt.date | None = None,
        *,
        detail: bool = False,
        progress: Progress | None = None,
    ) -> Table[InvestorFlow]:
        """Return who bought and sold a symbol, a row a trading day, oldest first (투자자별 매매동향).

        Quantities are shares, amounts won. Without `start` the newest 30 rows (fewer where the broker gives fewer).
        With `detail` buys and sells as well as nets; without it they may be None. Days before those that the broker
        keeps raise Unsupported. KIS tells all kinds of investors from 15:40 to midnight, not in its demo environment;
        else there are the three groups. Raises InvalidRequest, UnknownSymbol, Unsupported, IncompleteListing,
        NetworkError.

        Example::

            day = broker.investor_flow("005930")[-1]
            print(day.date, day.foreign.net_amount, day.institution.net_amount)
        """
        from brokerkit.asking import investors

        symbol = plain(symbol)
        with self._asking(f"investor flow of {symbol} from {start or 'the newest'} to {end or 'today'}"):
            check_symbol(symbol)
            start, end = _span(start, end)
            detail = check_flag(detail, "detail")
            return Table(InvestorFlow, investors.investor_flow(self._inquiries, symbol, start, end, detail, progress))

    def investor_flow_total(
        self, symbol: str | Instrument, start: dt.date, end: dt.date | None = None, *, progress: Progress | None = None
    ) -> InvestorFlowTotal:
        """Return who bought and sold a symbol from `start` to `end` (default: today), summed (투자자별 합계).

        Kiwoom sums itself, nets only. At KIS it is the sum of the days; IncompleteListing if a trading day is missing.
        Raises also InvalidRequest, UnknownSymbol, Unsupported, NetworkError.
        """
        from brokerkit.asking import investors

        symbol = plain(symbol)
        with self._asking(f"investor flow of {symbol} from {start} to {end or 'today'}, summed"):
            check_symbol(symbol)
            first, last = check_days(start, clock.today() if end is None else end)
            last = min(last, clock.today())
            return investors.investor_flow_total(self._inquiries, symbol, first, last, progress)

    def market_investor_flow(
        self,
        market: str,
        start: dt.date | None = None,
        end: dt.date | None = None,
        *,
        progress: Progress | None = None,
    ) -> Table[MarketInvestorFlow]:
        """Return who bought and sold in KOSPI or KOSDAQ, a row a trading day, oldest first (시장별 투자자매매동향).

        Nets only. Without `start` the newest 30 days. Today is told from 15:40 on. Kiwoom takes two calls a day. Raises
        InvalidRequest, Unsupported, NetworkError.
        """
        from brokerkit.asking import investors

        with self._asking(f"investor flow of {market} from {start or 'the newest'} to {end or 'today'}"):
            market = check_exchange_market(market)
            start, end = _span(start, end)
            found = investors.market_investor_flow(self._inquiries, market, start, end, progress)
            return Table(MarketInvestorFlow, found)

    def investor_flow_estimates(self, symbol: str | Instrument) -> Table[InvestorFlowEstimate]:
        """Return what investors are estimated to have bought and sold of a symbol today (외인기관 추정가집계).

        Oldest first. Brokers publish a few estimates a day, the first at about 09:30; before it, and while the market
        is closed, the table is empty. Raises InvalidRequest, UnknownSymbol, Unsupported, NetworkError.
        """
        from brokerkit.asking import investors

        symbol = plain(symbol)
        with self._asking(f"estimates of the investor flow of {symbol}"):
            check_symbol(symbol)
            return Table(InvestorFlowEstimate, investors.investor_flow_estimates(self._inquiries, symbol))

    def investor_rankings(
        self,
        investor: Investor | str,
        *,
        start: dt.date | None = None,
        end: dt.date | None = None,
        market: str | None = None,
        side: Side | str = Side.BUY,
        count: int = 30,
    ) -> Table[FlowRank]:
        """Return the symbols that a kind of investor bought most in won, or sold: `side` (투자자별 매매상위).

        The first one first. From `start` to `end`, which Kiwoom tells; without a start of the last day that is told, at
        KIS by the estimates of today, of which it tells no more than 30 symbols. Without `market` those of KOSPI and
        KOSDAQ together. Raises InvalidRequest, Unsupported, NetworkError.

        Example::

            rows = broker.investor_rankings("FOREIGN", count=10)
        """
        from brokerkit.asking import investors

        with self._asking(f"symbols that {investor} traded most"):
            kind = check_investor(investor)
            market = None if market is None else check_exchange_market(market)
            sold = check_side(side) is Side.SELL
            wanted = check_count(count) or 1
            start, end = _span(start, end)
            found = investors.investor_rankings(self._inquiries, kind, market, start, end, wanted, sold=sold)
            return Table(FlowRank, found)

    def program_trading(
        self, symbol: str | Instrument, start: dt.date | None = None, end: dt.date | None = None
    ) -> Table[ProgramTrading]:
        """Return what programmes traded in a symbol, or in KOSPI or KOSDAQ, a row a trading day (프로그램매매 추이).

        Oldest first. Without `start` the newest 30 days (fewer where the broker gives fewer). Of markets arbitrage is
        told apart. Raises InvalidRequest, UnknownSymbol, Unsupported, NetworkError.
        """
        from brokerkit.asking import investors

        symbol = plain(symbol)
        with self._asking(f"programme trading of {symbol} from {start or 'the newest'} to {end or 'today'}"):
            is_market = symbol in EXCHANGE_MARKETS
            if not is_market:
                check_symbol(symbol)
            start, end = _span(start, end)
            found = investors.program_trading(self._inquiries, symbol, start, end, is_market=is_market)
            return Table(ProgramTrading, found)

    def program_rankings(
        self, market: str = "KOSPI", *, day: dt.date | None = None, side: Side | str = Side.BUY, count: int = 30
    ) -> Table[FlowRank]:
        """Return the symbols of a market that programmes bought most in won, or sold: `side` (프로그램매매 상위).

        The first one first. Of a day, or without one as of today. Raises InvalidRequest, Unsupported, NetworkError.
        """
        from brokerkit.asking import investors

        with self._asking(f"symbols of {market} that programmes traded most"):
            market = check_exchange_market(market)
            sold = check_side(side) is Side.SELL
            wanted = check_count(count) or 1
            day = None if day is None else check_days(day, day)[0]
            return Table(FlowRank, investors.program_rankings(self._inquiries, market, day, wanted, sold=sold))


def _span(start: dt.date | None, end: dt.date | None) -> tuple[dt.date | None, dt.date]:
    """Return the days that are meant, none of them in the future."""
    last = clock.today() if end is None else end
    first, last = check_days(last if start is None else start, last)
    return None if start is None else first, min(last, clock.today())
