"""The account: what is in it, and what can be done with that."""

from __future__ import annotations

from decimal import Decimal

from brokerkit.arguments import plain
from brokerkit.errors import WireError
from brokerkit.models import (
    Balance,
    BuyingPower,
    Instrument,
    Table,
)
from brokerkit.symbols import check_symbol
from brokerkit.text import masked
from brokerkit.values import Amount, exact_decimal
from brokerkit.verbs.asking import Asking
from brokerkit.words import PositionKind


class Accounts(Asking):
    """Verbs about cash and holdings."""

    def buying_power(self, symbol: str | Instrument, *, price: Amount | None = None) -> BuyingPower:
        """Return how much can be bought without margin, at `price` or as a market order (then at the upper limit)."""
        symbol = plain(symbol)
        with self._asking(f"buying power for {symbol}"):
            limit = None if price is None else exact_decimal(price)
            if limit is not None:
                self._checks.prices.check(check_symbol(symbol), limit)
            return self._inquiries.buying_power(check_symbol(symbol), limit)

    def sellable_quantity(self, symbol: str | Instrument) -> Decimal:
        """Return how many shares of a symbol `sell` can sell now: 0 if none of one's own are held.

        Shares on a loan do not count. Raises WireError where the broker does not tell the number.
        """
        symbol = plain(symbol)
        with self._asking(f"sellable shares of {symbol}"):
            check_symbol(symbol)
            held = [position for position in self.balance().positions if symbol in position.symbol]
            own = [position.sellable_quantity for position in held if position.kind is PositionKind.CASH]
            if None in own or any(position.symbol != symbol for position in held):
                raise WireError(f"Of {symbol} {self.name} does not tell how many shares can be sold.")
            return sum((shares for shares in own if shares), Decimal(0))

    def balance(self, *, market: str | None = None) -> Balance:
        """Return cash and holdings of the account in one market (default: its own), all pages of them."""
        with self._asking("balance"):
            return self._inquiries.balance(self._inquiries.home(market))

    def balances(self) -> Table[Balance]:
        """Return one balance for each market that the account has; amounts of two currencies are never added."""
        with self._asking("balances"):
            return Table(Balance, map(self._inquiries.balance, self._inquiries.markets()))

    def account(self) -> str:
        """Return the account number, masked: only its last four digits are shown."""
        with self._asking("account"):
            return masked(self._inquiries.account_number())
