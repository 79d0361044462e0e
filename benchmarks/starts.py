"""Times of what happens once: an exchange, and the first look at a symbol."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from statistics import median

from brokerkit.sandbox.exchange import Exchange

_ROUNDS = 15


def first_looks() -> dict[str, float]:
    """Return the milliseconds of each thing that is done for the first time, medians over symbols."""
    figures = {"Exchange()": median(_milliseconds(Exchange) for _ in range(_ROUNDS))}
    exchange = Exchange()
    symbols = list(exchange.instruments)
    looks: dict[str, Callable[[str], object]] = {
        "quote of a symbol": exchange.quote,
        "a month of investor_flow": lambda symbol: exchange.investor_flow(symbol, days=31),
        "a year of investor_flow": exchange.investor_flow,
        "daily_candles of a symbol": exchange.daily_candles,
    }
    for index, (name, look) in enumerate(looks.items()):
        # Symbols that nobody has looked at yet.
        fresh = symbols[index * _ROUNDS : (index + 1) * _ROUNDS]
        figures[name] = median(_milliseconds(partial(look, symbol)) for symbol in fresh)
    return figures


def _milliseconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return (time.perf_counter() - begun) * 1000
