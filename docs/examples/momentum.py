"""Rank the whole market by momentum: the gain of half a year without its last month, of what is traded most."""

import argparse
from collections.abc import Iterable
from decimal import Decimal

from brokerkit import BrokerError, Candles, Instrument, Quote, get_broker

MONTH = 21
"""Trading days: in its last month what rose tends to fall back, so that month does not count."""


def tradable(listed: Iterable[Instrument]) -> list[Instrument]:
    """Leave out what cannot be bought at ease."""
    return [each for each in listed if not (each.halted or each.administrative or each.liquidation or each.overheated)]


def traded(quote: Quote) -> Decimal:
    """Return won traded today, about: not every broker tells the turnover."""
    return quote.price * (quote.volume or 0)


def momentum(candles: Candles) -> Decimal:
    """Return the gain in percent from the first day to a month before the last."""
    days = [day for day in candles if day.final]
    return (days[-MONTH].close / days[0].close - 1) * 100


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("broker", help="kis, kiwoom or a profile of brokerkit.toml")
    parser.add_argument("--environment", default="sandbox")
    parser.add_argument("--days", type=int, choices=range(30, 1001), default=125, metavar="30..1000")
    parser.add_argument("--pool", type=int, default=50, help="so many of what is traded most are looked at")
    parser.add_argument("--top", type=int, default=10)
    given = parser.parse_args()
    try:
        with get_broker(given.broker, environment=given.environment) as broker:
            listed = tradable(broker.instruments(kind="STOCK"))
            quotes = sorted(broker.quotes(listed), key=traded, reverse=True)[: given.pool]
            charts = broker.candles([quote.symbol for quote in quotes], "1d", count=given.days)
    except BrokerError as error:
        raise SystemExit(str(error)) from None
    names = {each.symbol: each.name for each in listed}
    gains = {symbol: momentum(candles) for symbol, candles in charts.items() if len(candles) == given.days}
    print(f"{len(listed)} shares, {len(quotes)} looked at, {len(quotes) - len(gains)} with too few days")
    for place, symbol in enumerate(sorted(gains, key=gains.__getitem__, reverse=True)[: given.top], 1):
        print(f"{place:3} {symbol} {gains[symbol]:+8.1f} %  {names[symbol]}")


if __name__ == "__main__":
    main()
