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
    """What was traded (종목코드)."""
    venue: Venue
    """Where it took place (거래소): SOR, where the broker tells the combined market and not which of the two."""
    time: Moment
    """The second of it (시각); several trades share one."""
    price: Exact
    """A share, in the currency of the market (체결가)."""
    quantity: Exact
    """Shares (체결량)."""
    side: Side | None = None
    """Of the order that came in and took what waited (체결구분)."""
    volume: Exact | None = None
    """Shares traded that day up to and with this trade (누적거래량)."""


class Member(Model):
    """A member firm of the exchange (회원사), and how much of a symbol it has bought or sold today."""

    code: str
    """The exchange's number of the firm (회원사번호), three digits: the same at every broker, whose names of firms
    differ."""
    name: str
    """As the broker writes it (회원사)."""
    quantity: Exact
    """Shares that it has sold or bought today (매도량, 매수량)."""
    is_foreign: bool | None = None
    """Whether it belongs to a foreign firm (외국계)."""


class Members(Model):
    """The member firms that have sold most of a symbol today, and those that have bought most; five each at most."""

    symbol: str
    """The symbol that was asked for (종목코드)."""
    venue: Venue
    """Where they traded; SOR: the combined market (거래소)."""
    sellers: Table[Member]
    """Those that have sold most, the largest first (매도상위)."""
    buyers: Table[Member]
    """Those that have bought most, the largest first (매수상위)."""
    foreign_sold: Exact | None = None
    """Shares that foreign firms have sold, as the broker estimates it (외국계 추정합)."""
    foreign_bought: Exact | None = None
    """Shares that foreign firms have bought, by the same estimate (외국계 매수추정합)."""

    @property
    def foreign_net(self) -> Decimal | None:
        """What foreign firms have bought less what they have sold, None where either is not told."""
        if self.foreign_bought is None or self.foreign_sold is None:
            return None
        return self.foreign_bought - self.foreign_sold
