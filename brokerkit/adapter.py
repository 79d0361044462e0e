"""What an adapter is: a name, settings, a client and one part for each market that the broker serves."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, ClassVar, NoReturn, Self

from pydantic import SecretStr

from brokerkit import config, transport
from brokerkit.errors import ConfigError
from brokerkit.market.markets import Market
from brokerkit.market.sessions import Phase
from brokerkit.part import Part
from brokerkit.stream.feed import Feed
from brokerkit.symbols import HOME
from brokerkit.text import masked
from brokerkit.words import Venue

AnyFeed = Feed[Any]


class Adapter:
    """One account at one broker, as its adapter makes it. `Broker` has one; nobody subclasses that."""

    api_version: ClassVar[int]
    """The version of this interface that it is written for, as a number: an adapter says it, it inherits none."""
    name: ClassVar[str]
    """As the entry point, small letters."""
    Settings: ClassVar[type[config.Settings]] = config.Settings
    Client: ClassVar[type[transport.Client]]
    environments: ClassVar[tuple[str, ...]] = ("sandbox", "demo", "real")
    parts: ClassVar[tuple[type[Part[Any]], ...]]
    """One for each market."""
    Feed: ClassVar[type[AnyFeed] | None] = None
    """Its realtime side; None where it has none."""
    feeds_of: ClassVar[Mapping[str, type[AnyFeed]]] = {}
    """Market to the realtime side of its own, where that has another socket than `Feed`."""
    catalogue: ClassVar[str | None] = None
    """The package that holds all APIs of the broker as data; None where there is no such data."""
    home: ClassVar[str] = HOME
    """The market that is meant where no symbol tells."""
    markets: ClassVar[tuple[Market, ...]] = ()
    """Markets of these parts that the core does not know; what it knows is never overridden."""

    def __init__(
        self,
        settings: config.Settings,
        *,
        environment: str,
        base_url: str | None = None,
        remember_token: bool = True,
    ) -> None:
        """`environment` is the one whose ids and hosts are used: "real" or "demo"."""
        self.settings = config.fit_for(base_url, settings)
        self.environment = environment
        self.client = self.connect(environment=environment, base_url=base_url, remember_token=remember_token)
        self.served: Mapping[str, Part[Any]] = {
            kind.market: kind(self.client, broker=self.name, environment=environment, is_simulated=base_url is not None)
            for kind in self.parts
        }
        self.feed = None if self.Feed is None else self.Feed(self.client, environment=environment)
        """Frames of its realtime side; None where it has none."""
        self._feeds = {market: kind(self.client, environment=environment) for market, kind in self.feeds_of.items()}
        for feed in self.sockets.values():
            feed.catalogue = self.catalogue
        self._number: SecretStr | None = None

    def told_phases(self, phase_of: Callable[[Venue], Phase], now: Callable[[str], dt.datetime | None]) -> Self:
        """Let the parts know what a venue is doing now, and them and the feeds what time it is in a market."""
        for market, part in self.served.items():
            part.phase_of, part.now = phase_of, partial(now, market)
        for feed in self.sockets.values():
            feed.now = now
        return self

    @classmethod
    def feed_kind(cls, market: str) -> type[AnyFeed] | None:
        """Return the class of the realtime side that tells of a market; None where it has none."""
        return cls.feeds_of.get(market, cls.Feed)

    def feed_for(self, market: str) -> AnyFeed | None:
        """Return the realtime side that tells of a market; None where it has none."""
        return self._feeds.get(market, self.feed)

    @property
    def sockets(self) -> Mapping[str, AnyFeed]:
        """All realtime sides, each with a socket of its own: under the market that it is for, and the main one."""
        return {**({} if self.feed is None else {"": self.feed}), **self._feeds}

    def connect(self, *, environment: str, base_url: str | None, remember_token: bool) -> transport.Client:
        """Return the adapter's client."""
        return self.Client(self.settings, environment=environment, base_url=base_url, remember_token=remember_token)

    def account_of_key(self) -> SecretStr:
        """Ask the broker for the account that the key belongs to. Only for brokers whose keys tell one."""
        raise NotImplementedError

    @classmethod
    def key_tells_account(cls) -> bool:
        """Say whether the key tells the account, so that it has to be the one of the profile."""
        return cls.account_of_key is not Adapter.account_of_key

    def account_number(self) -> SecretStr:
        """Return the account number; a ConfigError if there is none, or if the key belongs to another one."""
        if self._number is None:
            self._number = self._asked() if self.key_tells_account() else self._configured()
        return self._number

    def _configured(self) -> SecretStr:
        if self.settings.account is None:
            raise ConfigError("The account is not configured.", advice="Add account to the profile.")
        return self.settings.account

    def _asked(self) -> SecretStr:
        number, configured = self.account_of_key(), self.settings.account
        if configured is not None and _digits(configured) != _digits(number):
            raise ConfigError(
                f"The key belongs to account {masked(number.get_secret_value())}, "
                f"the profile names {masked(configured.get_secret_value())}.",
                broker=self.name,
                advice="Nothing was ordered. Correct the account or use the key that belongs to it.",
            )
        return number

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"{type(self).__name__} holds keys and connections and cannot be pickled.")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.environment}>"


def _digits(number: SecretStr) -> SecretStr:
    return SecretStr("".join(filter(str.isdigit, number.get_secret_value())))
