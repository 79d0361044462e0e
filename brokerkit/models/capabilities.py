"""What an account can do at its broker, as data."""

from __future__ import annotations

from brokerkit.models.base import Model
from brokerkit.words import OrderType, TimeInForce, Venue


class Capability(Model):
    """What a broker offers in one market and environment. `Broker.capabilities` has one for each market it serves."""

    market: str
    """As `market=` takes it: "KR" for Korean stocks."""
    currency: str | None
    """ISO 4217; None where every instrument has its own."""
    environment: str
    """The one whose ids and hosts are used: "real" or "demo"."""
    verbs: tuple[str, ...]
    """Verbs of `Broker` that it offers."""
    streams: tuple[str, ...]
    """Methods of a stream that follow something of it, such as "trades"."""
    quote_venues: tuple[Venue, ...]
    """Where quotes and order books come from."""
    order_venues: tuple[Venue, ...]
    """Where orders go to."""
    unlisted_venues: tuple[Venue, ...]
    """Those of them whose orders stand in no list: `orders`, `refresh` and `reconcile` cannot tell of them."""
    order_types: tuple[tuple[OrderType, TimeInForce], ...]
    """Order types, each with a time in force, that the broker takes; not every venue takes all of them, nor always."""
    sells_only: tuple[OrderType, ...]
    """Those of them that are taken to sell alone."""
    changes_parts: tuple[str, ...]
    """Verbs that can change a part of what is left of an order; the others take the whole rest only."""
    not_told: dict[str, tuple[str, ...]]
    """Name of a model to the fields of it that the broker does not tell."""
