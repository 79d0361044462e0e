"""The account: what is in it, and what can be done with that."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from brokerkit.arguments import check_currency, check_days, plain
from brokerkit.asking import ledger
from brokerkit.errors import WireError
from brokerkit.market.markets import Market, market_of
from brokerkit.models import (
    Balance,
    BuyingPower,
    ExchangeRate,
    Fill,
    Instrument,
    RealizedPnl,
    Table,
    Transaction,
)
from brokerkit.symbols import check_symbol, is_symbol, parse
from brokerkit.text import masked
from brokerkit.values import Amount, exact_decimal
from brokerkit.verbs.asking import Asking
from brokerkit.words import PositionKind


class Accounts(Asking):
    """Verbs about cash and holdings."""

    def buying_power(self, symbol: str | Instrument, *, price: Amount | None = None) -> BuyingPower:
        """Return how much can be bought without margin, at `price` or as a market order (매수가능).

        A market order counts at the upper limit. Cash is in `currency`, `quantity` in whole shares. Raises
        InvalidRequest, also for a price off the price step, UnknownSymbol, Unsupported, NetworkError.

        Example::

            most = broker.buying_power("005930", price=70_000).quantity
        """
        symbol = plain(symbol)
        with self._asking(f"buying power for {symbol}"):
            limit = None if price is None else exact_decimal(price)
            if limit is not None:
                self._checks.prices.check(check_symbol(symbol), limit)
            return self._inquiries.buying_power(check_symbol(symbol), limit)

    def sellable_quantity(self, symbol: str | Instrument) -> Decimal:
        """Return how many shares of a symbol `sell` can sell now: 0 if none of one's own are held (매도가능수량).

        Shares on a loan do not count. Raises WireError where the broker does not tell the number, else as `balance`.
        """
        symbol = plain(symbol)
        with self._asking(f"sellable shares of {symbol}"):
            market = market_of(check_symbol(symbol))
            code = parse(symbol).code
            held = [
                position
                for position in self.balance(market=market.name).positions
                # A row whose symbol is not understood may be of it, in some spelling.
                if position.symbol == symbol or (not is_symbol(position.symbol) and code in position.symbol)
            ]
            own = [position.sellable_quantity for position in held if position.kind is PositionKind.CASH]
            if None in own or any(position.symbol != symbol for position in held):
                raise WireError(f"Of {symbol} {self.name} does not tell how many shares can be sold.")
            return sum((shares for shares in own if shares), Decimal(0))

    def balance(self, *, market: str | None = None) -> Balance:
        """Return cash and holdings of the account in one market (default: its own), all pages of them (잔고).

        Amounts are in `currency`, quantities in shares. Raises InvalidRequest, Unsupported, IncompleteListing,
        NetworkError.

        Example::

            balance = broker.balance()
            print(balance.cash, [position.symbol for position in balance.positions])
        """
        with self._asking("the balance"):
            return self._inquiries.balance(self._inquiries.home(market))

    def balances(self) -> Table[Balance]:
        """Return one balance for each market that the account has; amounts of two currencies are never added (잔고).

        Raises as `balance`, for all of them where one cannot be had.
        """
        with self._asking("the balances"):
            return Table(Balance, map(self._inquiries.balance, self._inquiries.markets()))

    def fills(
        self,
        start: dt.date | None = None,
        end: dt.date | None = None,
        *,
        symbol: str | Instrument | None = None,
        market: str | None = None,
    ) -> Table[Fill]:
        """Return what was filled from `start`, or on `end` alone, to `end` (default: today), oldest first (체결 내역).

        In the market of `symbol`, else in `market` (default: the account's own); the days are trading days there. Where
        the broker does not tell fills one by one, a row is all that was filled of an order on a day, at its average:
        `is_total` says so. Raises InvalidRequest, Unsupported, NetworkError, and IncompleteListing where a list does
        not tell how much was filled.

        Example::

            for fill in broker.fills():
                print(fill.symbol, fill.side, fill.quantity, fill.price)
        """
        with self._asking(f"fills from {start or end or 'today'} to {end or 'today'}"):
            where, known = self._meant(symbol, market)
            first, last = _days(where, start or end, end)
            return Table(Fill, ledger.fills(self._inquiries, where, first, last, known))

    def realized_pnl(
        self,
        start: dt.date,
        end: dt.date | None = None,
        *,
        symbol: str | Instrument | None = None,
        market: str | None = None,
    ) -> Table[RealizedPnl]:
        """Return what sales earned from `start` to `end` (default: today), a row a day and symbol (실현손익).

        In the market of `symbol`, else in `market` (default: the account's own); the days are trading days there. With
        commission, tax and interest as the broker counts them. Days and symbols without a sale have no row. Sums that
        the broker tells have to agree with its rows, or it is a WireError. Raises also InvalidRequest, Unsupported,
        NetworkError.
        """
        with self._asking(f"realized profit from {start} to {end or 'today'}"):
            where, known = self._meant(symbol, market)
            first, last = _days(where, start, end)
            return Table(RealizedPnl, ledger.realized_pnl(self._inquiries, where, first, last, known))

    def transactions(
        self, start: dt.date, end: dt.date | None = None, *, market: str | None = None
    ) -> Table[Transaction]:
        """Return the cash ledger of a market from `start` to `end` (default: today), oldest first (거래내역).

        Without `market` of the account's own: deposits, withdrawals, and trades on the day of their settlement. Where a
        line tells the cash after it, the lines of its currency have to add up to that, or it is a WireError. Raises
        also InvalidRequest, Unsupported, NetworkError.
        """
        with self._asking(f"transactions from {start} to {end or 'today'}"):
            where = self._inquiries.home(market)
            first, last = _days(where, start, end)
            return Table(Transaction, ledger.transactions(self._inquiries, where, first, last))

    def exchange_rate(self, currency: str = "USD") -> ExchangeRate:
        """Return what a unit of a currency costs in won, as the broker tells it now (환율): an estimate.

        What an exchange really costs is fixed by the firm when it exchanges. brokerkit converts nothing by it. Raises
        InvalidRequest, Unsupported, NetworkError.
        """
        with self._asking(f"exchange rate of {currency}"):
            return self._inquiries.exchange_rate(check_currency(currency))

    def account(self) -> str:
        """Return the account number, masked: only its last four digits are shown (계좌번호).

        Raises ConfigError where nothing tells it; AuthError and NetworkError where the key has to tell it.
        """
        with self._asking("the account"):
            return masked(self._inquiries.account_number())

    def _meant(self, symbol: str | Instrument | None, market: str | None) -> tuple[Market, str | None]:
        """Return the market that is meant, and the symbol where one is."""
        known = None if symbol is None else check_symbol(plain(symbol))
        return self._inquiries.market_meant(market, known), known


def _days(market: Market, start: dt.date | None, end: dt.date | None) -> tuple[dt.date, dt.date]:
    """Return the days that are meant; what is left out is today in the market, and nothing is later than that."""
    today = market.today()
    last = today if end is None else end
    first, last = check_days(last if start is None else start, last, today)
    return first, min(last, today)
