"""What was traded today, and by which member firms."""

from __future__ import annotations

from decimal import Decimal

from brokerkit.models.base import Model
from brokerkit.models.table import Table
from brokerkit.values import Exact, Moment
from brokerkit.words import Side, Venue


class Trade(Model):
    """A trade of a symbol (체결), in `currency` of its market."""

    time_field = "time"

    symbol: str
    venue: Venue
    """Where it took place: SOR, where the broker tells the combined market and not which of the two."""
    time: Moment
    """The second of it; several trades share one."""
    price: Exact
    quantity: Exact
    """Shares."""
    side: Side | None = None
    """Of the order that came in and took what waited."""
    volume: Exact | None = None
    """Shares traded that day up to and with this trade."""


class Member(Model):
    """A member firm of the exchange (회원사), and how much of a symbol it has bought or sold today."""

    code: str
    """The exchange's number of the firm, three digits: the same at every broker, whose names of firms differ."""
    name: str
    quantity: Exact
    """Shares."""
    is_foreign: bool | None = None
    """Whether it belongs to a foreign firm (외국계)."""


class Members(Model):
    """The member firms that have sold most of a symbol today, and those that have bought most; five each at most."""

    symbol: str
    venue: Venue
    sellers: Table[Member]
    """The largest first."""
    buyers: Table[Member]
    foreign_sold: Exact | None = None
    """Shares that foreign firms have sold, as the broker estimates it (외국계 추정합)."""
    foreign_bought: Exact | None = None

    @property
    def foreign_net(self) -> Decimal | None:
        """What foreign firms have bought less what they have sold, None where either is not told."""
        if self.foreign_bought is None or self.foreign_sold is None:
            return None
        return self.foreign_bought - self.foreign_sold
