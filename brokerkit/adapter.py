"""What an adapter fills in. What it leaves out is unsupported, and says so."""

from __future__ import annotations

import datetime as dt
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar

from pydantic import SecretStr

from brokerkit import config
from brokerkit.errors import ConfigError, Unsupported
from brokerkit.models import Balance, BuyingPower, InvestorFlow, Model, Order, OrderBook, OrderRequest, Quote
from brokerkit.orders.listing import Listed, Unread
from brokerkit.transport import Client, Endpoint
from brokerkit.words import SecurityType, Venue


class Adapter(ABC):
    """Hooks of a broker: words out, words in. They never loop over retries, sleep or send again."""

    name: ClassVar[str]
    Settings: ClassVar[type[config.Settings]] = config.Settings
    environments: ClassVar[tuple[str, ...]] = ("sandbox", "demo", "real")
    absent: ClassVar[Mapping[type[Model], frozenset[str]]] = {}
    """Fields of the common models that this broker does not tell."""
    needs: ClassVar[Mapping[str, tuple[Endpoint[Any], ...]]] = {}
    """What a verb needs beside its hook: endpoints that are not offered in every environment."""

    environment: str
    """ "sandbox", "demo" or "real"."""
    client: Client
    """The adapter's client: `broker.client.call(...)` reaches what the common verbs lack."""
    lists_prove_absence: ClassVar[frozenset[str]] = frozenset()
    """Environments whose list of the day shows every order sooner or later, so that one it lacks was not placed."""
    settle_seconds: ClassVar[float] = 120.0
    """Seconds after which such a list shows an order; the delays that users report are up to 83 s."""

    _settings: config.Settings

    @abstractmethod
    def _connect(
        self, settings: config.Settings, environment: str, base_url: str | None, remember_token: bool
    ) -> Client:
        """Return the adapter's client for the environment whose ids and hosts are to be used: "real" or "demo"."""

    @abstractmethod
    def _quote(self, symbol: str, venue: Venue) -> Quote: ...

    @abstractmethod
    def _send_order(self, request: OrderRequest) -> Order:
        """Send the order once and return it as PENDING; its handle begins with the broker's name and a colon."""

    @abstractmethod
    def _send_cancel(self, order: Order, quantity: Decimal | None) -> Order:
        """Cancel `quantity` shares, or all that is left."""

    @abstractmethod
    def _find_order(self, order: Order) -> Order | None:
        """Return the order as the broker's list shows it, None if it is not there.

        A row with its number has to be the same order in the other respects too: `listing.is_same`.
        """

    def _numbers_of(self, order: Order) -> Iterable[str | None]:
        """Return all numbers under which the broker knows what an order names, whichever way it was found."""
        return (order.id, order.original_id)

    @abstractmethod
    def _balance(self) -> Balance: ...

    @abstractmethod
    def _investor_flow(
        self, symbol: str, start: dt.date | None, end: dt.date, detail: bool
    ) -> Sequence[InvestorFlow]: ...

    def _account_number(self) -> SecretStr:
        """Return the account number; a broker whose keys name the account asks for it."""
        if self._settings.account is None:
            raise ConfigError("The account is not configured.", advice="Add account to the profile.")
        return self._settings.account

    def _kind(self, symbol: str) -> SecurityType | None:
        """Return what kind of security a symbol is, None if the broker does not tell."""
        return None

    def _send_amend(self, order: Order, quantity: Decimal | None, price: Decimal) -> Order:
        """Move `quantity` shares, or all that is left, to `price`."""
        raise self._unsupported("amend")

    def _open_orders(self) -> Iterable[Order]:
        raise self._unsupported("orders")

    def _order_history(self, start: dt.date, end: dt.date, symbol: str | None) -> Iterable[Order]:
        raise self._unsupported("order_history")

    def _order_book(self, symbol: str, venue: Venue) -> OrderBook:
        raise self._unsupported("order_book")

    def _buying_power(self, symbol: str, price: Decimal | None) -> BuyingPower:
        raise self._unsupported("buying_power")

    def _order_rows(self, day: dt.date) -> Iterable[Listed | Unread]:
        """Return everything that the broker lists for a day: orders, amendments and cancellations, to the last page.

        A row that cannot be read is Unread; it is not left out.
        """
        raise self._unsupported("a list of the day")

    @staticmethod
    def _branch_of(order: Order) -> str:
        """Return where an order was numbered, if the broker's numbers are unique within that only; else a blank."""
        return ""

    @abstractmethod
    def _unsupported(self, verb: str) -> Unsupported: ...
