"""What the order desk needs of the account that it sends for."""

from __future__ import annotations

from typing import Any, Protocol

from brokerkit.market.markets import Market
from brokerkit.models import Order, Quote
from brokerkit.models.handles import Handle
from brokerkit.orders.lease import Choice
from brokerkit.orders.lists import OrderLists
from brokerkit.part import Part
from brokerkit.words import Venue


class Trader(Protocol):
    """An account at a broker, behind which are its adapter's parts."""

    @property
    def name(self) -> str:
        """The broker."""

    @property
    def environment(self) -> str:
        """As the user chose it: "sandbox", "demo" or "real"."""

    @property
    def client(self) -> object:
        """The adapter's client."""

    @property
    def choice(self) -> Choice:
        """What of its settings says how hosts share its orders."""

    def part(self, market: Market) -> Part[Any]:
        """Return the part of a market; Unsupported if the broker has none."""

    def offering(self, verb: str, market: Market) -> Part[Any]:
        """Return the part of a market that offers a verb; Unsupported otherwise."""

    def markets(self, market: str | None = None) -> tuple[Market, ...]:
        """Return the markets that are meant: the one that is named, else all that the account has."""

    def check_sent(self, market: Market | None, *, abroad: bool) -> None:
        """Raise Unsupported for something new that the account does not send to a market, or to none of ours."""

    def market_of_order(self, order: Order) -> Market:
        """Return the market where an order stands."""

    def account_number(self) -> str:
        """Return the account number."""

    def owner(self) -> str:
        """Return whose journal it is."""

    def check_account(self) -> None:
        """Ask for the account of the key, where the key has one, before an order leaves."""

    def quote(self, symbol: str, venue: Venue) -> Quote:
        """Return the price of a symbol."""

    def find(self, order: Order) -> Order | None:
        """Return an order as the broker's list shows it."""

    def lists(self, market: Market) -> OrderLists:
        """Return the lists of orders of a market."""

    def handle_of(self, order: Order) -> Handle:
        """Return what an order's handle says."""
