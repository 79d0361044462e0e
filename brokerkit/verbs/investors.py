"""Investors: who bought and sold."""

from __future__ import annotations

import datetime as dt

from brokerkit import clock
from brokerkit.arguments import check_days, plain
from brokerkit.models import (
    Instrument,
    InvestorFlow,
    Table,
)
from brokerkit.symbols import check_symbol
from brokerkit.verbs.asking import Asking


class Investors(Asking):
    """Verbs about those who trade."""

    def investor_flow(
        self,
        symbol: str | Instrument,
        *,
        start: dt.date | None = None,
        end: dt.date | None = None,
        detail: bool = False,
    ) -> Table[InvestorFlow]:
        """Return who bought and sold a symbol, a row a trading day, oldest first.

        Without `start` the newest 30 rows (fewer where the broker gives fewer). With `detail` buys and sells as well as
        nets; without it they may be None. Days before those that the broker keeps raise Unsupported.
        """
        symbol = plain(symbol)
        last = clock.today() if end is None else end
        with self._asking(f"investor flow of {symbol} from {start or 'the newest'} to {last}"):
            check_symbol(symbol)
            first, last = check_days(last if start is None else start, last)
            start = None if start is None else first
            return Table(InvestorFlow, self._inquiries.investor_flow(symbol, start, min(last, clock.today()), detail))
