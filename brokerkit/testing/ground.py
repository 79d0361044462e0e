"""What the contract trades with in a market: symbols, a price and a step of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Ground:
    """A market as the checks know it. What it has not is None, and checks of that are left out."""

    market: str
    stock: str
    """What is traded most; its price moves by `step`."""
    another: str
    """Another share."""
    more: Sequence[str]
    """Further shares, of all segments."""
    fund: str
    note: str | None
    """An ETN."""
    lettered: str
    """A symbol that is not of the usual letters alone."""
    unlisted: str
    """Of the market, and listed nowhere."""
    no_symbols: Sequence[str]
    """Texts that nearly are symbols of the market."""
    step: Decimal
    """Of the price of `stock`."""
    fund_step: Decimal
    """Of the price of `fund`."""
    price: Decimal
    """One that orders of `stock` had on earlier days."""
    unit: Decimal
    """What a thousand won of an amount are there: costs of holdings need not be round."""
    is_listed_first: bool
    """Orders and questions name where a symbol is listed, so one that is unlisted is known before anything is sent."""

    def amount(self, won: int) -> Decimal:
        """Return an amount that is of the same size there as so many won are in Korea."""
        return Decimal(won) * self.unit / 1000


KOREA = Ground(
    market="KR",
    stock="005930",
    another="000660",
    more=("035720", "006360"),
    fund="069500",
    note="530031",
    lettered="0126Z0",
    unlisted="999999",
    no_symbols=("A005930", "005930_AL", "5930", "삼성전자", "", "00593O "),
    step=Decimal(100),
    fund_step=Decimal(5),
    price=Decimal(60_000),
    unit=Decimal(1000),
    is_listed_first=False,
)
US = Ground(
    market="US",
    stock="US:AAPL",
    another="US:MSFT",
    more=("US:KO", "US:SOXL"),
    fund="US:SPY",
    note=None,
    lettered="US:BRK.B",
    unlisted="US:ZZZZZ",
    no_symbols=("NASDAQ:AAPL", "AAPL", "US:aapl", "US:애플", "US:", "US:BRK/B"),
    step=Decimal("0.01"),
    fund_step=Decimal("0.01"),
    price=Decimal("200.25"),
    unit=Decimal(1),
    is_listed_first=True,
)
GROUNDS: Mapping[str, Ground] = {ground.market: ground for ground in (KOREA, US)}
