"""What is ahead at the simulated exchange: everything that is listed in the order of a figure, and saved screens."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from brokerkit.models import InvestorFlow, Quote
from brokerkit.sandbox.exchange import Exchange, ExchangeRefusal, Instrument
from brokerkit.words import RankingKind, SecurityType, Segment, Venue

ZERO = Decimal(0)
FIRMS = (SecurityType.STOCK, SecurityType.REIT)
"""What has a place among market values."""


@dataclass(frozen=True)
class Standing:
    """A listed symbol with its price of a venue, and the figure by which it is ranked."""

    instrument: Instrument
    quote: Quote
    figure: Decimal

    @property
    def market_value(self) -> Decimal:
        """What all listed shares are worth."""
        return self.instrument.listed_shares * self.quote.price


def growth(quote: Quote) -> Decimal:
    """Return the change since the base price, as a part of it, unrounded."""
    return (quote.change or ZERO) / (quote.previous_close or Decimal(1))


def net_of(flow: InvestorFlow | None, who: str) -> tuple[Decimal, Decimal]:
    """Return the net of an investor in shares and in won, nothing where nobody traded."""
    net = None if flow is None else getattr(flow, who)
    return (ZERO, ZERO) if net is None else (net.net_quantity or ZERO, net.net_amount or ZERO)


INVESTORS: Mapping[RankingKind, str] = {
    RankingKind.FOREIGN_NET_BUYING: "foreign",
    RankingKind.INSTITUTION_NET_BUYING: "institution",
}
_FIGURES: Mapping[RankingKind, Callable[[Instrument, Quote], Decimal]] = {
    RankingKind.VOLUME: lambda _, quote: quote.volume or ZERO,
    RankingKind.TURNOVER: lambda _, quote: quote.turnover or ZERO,
    RankingKind.GAINERS: lambda _, quote: growth(quote),
    RankingKind.LOSERS: lambda _, quote: -growth(quote),
    RankingKind.MARKET_VALUE: lambda instrument, quote: instrument.listed_shares * quote.price,
}


def priced(
    exchange: Exchange, venue: Venue = Venue.KRX, market: Segment | None = None
) -> list[tuple[Instrument, Quote]]:
    """Return what is listed, in one market or both, and has a price at a venue."""
    found = []
    for instrument in list(exchange.instruments.values()):
        if market not in (None, instrument.market):
            continue
        try:
            quote = exchange.quote(instrument.symbol, venue)
        except ExchangeRefusal:  # not traded at that venue
            continue
        if quote.price:
            found.append((instrument, quote))
    return found


def ranking(
    exchange: Exchange, kind: RankingKind, venue: Venue = Venue.KRX, market: Segment | None = None
) -> list[Standing]:
    """Return everything that has a price in the order of a ranking, the first first; ties in the order of symbols.

    Those that have no place in it (fallers among gainers, what did not trade, what is sold more than bought) come last,
    with a figure that is not above 0. Market values are those of firms: funds have none.
    """
    rows = priced(exchange, venue, market)
    if kind in INVESTORS:
        found = [Standing(*row, _net_amount(exchange, kind, row[0])) for row in rows]
    else:
        found = [Standing(*row, _FIGURES[kind](*row)) for row in rows]
    if kind is RankingKind.MARKET_VALUE:
        found = [each for each in found if each.instrument.kind in FIRMS]
    return sorted(found, key=lambda each: (-each.figure, each.instrument.symbol))


def _net_amount(exchange: Exchange, kind: RankingKind, instrument: Instrument) -> Decimal:
    return net_of(exchange.flow_today(instrument.symbol), INVESTORS[kind])[1]


SCREENS: Mapping[str, Callable[[Quote], bool]] = {
    "상승": lambda quote: (quote.change or ZERO) > 0 and quote.price >= 100_000,
    "무거래": lambda quote: not quote.volume,
    "전체": lambda quote: True,
}
"""Saved screens (조건검색) of every account: dear shares that rise, what nobody traded today, and everything."""


def screened(exchange: Exchange, name: str, venue: Venue = Venue.KRX) -> list[tuple[Instrument, Quote]]:
    """Return what meets a saved screen, in the order of the list."""
    return [(instrument, quote) for instrument, quote in priced(exchange, venue) if SCREENS[name](quote)]
