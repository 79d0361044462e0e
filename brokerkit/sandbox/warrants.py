"""Warrants (ELW) of the simulated exchange: two calls that follow their shares. They are quoted, and not traded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Protocol

from brokerkit.models import Quote
from brokerkit.sandbox.instruments import Instrument
from brokerkit.sandbox.rows import ExchangeRefusal, Refusal
from brokerkit.words import Venue

_SHARES: Mapping[str, str] = {"57H714": "005930", "57JBHH": "000660"}
"""Code to the share that it is on. The codes are real, the warrants are not."""
_RATIO = Decimal("0.01")
_STEP = Decimal(5)
_LOT = Decimal(10)
_HUNDREDTH = Decimal("0.01")


@dataclass(frozen=True)
class Warrant:
    """What a warrant is, and what it and its share cost."""

    share: Instrument
    share_quote: Quote
    strike: Decimal
    theory: Decimal
    """What it is worth if it is used now, in won."""
    quote: Quote
    """Without limits: warrants have none."""


class Shares(Protocol):
    """What warrants are on: an exchange."""

    @property
    def instruments(self) -> Mapping[str, Instrument]:
        """Everything that is listed."""

    def quote(self, symbol: str) -> Quote:
        """Return the present price of a share."""


class Warrants:
    """The warrants of an exchange."""

    def __init__(self, exchange: Shares) -> None:
        self._exchange = exchange

    def __iter__(self) -> Iterator[str]:
        return iter(_SHARES)

    def __contains__(self, symbol: object) -> bool:
        return symbol in _SHARES

    def find(self, symbol: str) -> Warrant:
        """Return a warrant as it stands now."""
        if symbol not in _SHARES:
            raise ExchangeRefusal(Refusal.UNKNOWN_SYMBOL)
        share = self._exchange.instruments[_SHARES[symbol]]
        under = self._exchange.quote(share.symbol)
        strike = (share.previous_close * Decimal("0.9")).to_integral_value()
        theory = max((under.price - strike) * _RATIO, Decimal(0))
        return Warrant(share, under, strike, theory, _quote(symbol, share, under, strike))


def _quote(symbol: str, share: Instrument, under: Quote, strike: Decimal) -> Quote:
    price, before = _worth(under.price, strike), _worth(share.previous_close, strike)
    opened, high, low = (None if each is None else _worth(each, strike) for each in (under.open, under.high, under.low))
    change, volume = price - before, (under.volume or Decimal(0)) // 1000 * _LOT
    return Quote(
        symbol=symbol,
        venue=Venue.KRX,
        currency="KRW",
        price=price,
        name=f"모의{share.name}콜",
        previous_close=before,
        change=change,
        change_percent=(change * 100 / before).quantize(_HUNDREDTH, ROUND_HALF_UP),
        open=opened,
        high=high,
        low=low,
        volume=volume,
        turnover=volume * price,
        time=under.time,
        session=under.session,
    )


def _worth(price: Decimal, strike: Decimal) -> Decimal:
    """Return what a warrant costs at a price of its share, in steps of five won."""
    return max((price - strike) * _RATIO // _STEP * _STEP, _STEP)
