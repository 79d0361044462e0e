"""Times of what happens once: an exchange, and the first look at a symbol."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

from brokerkit.sandbox.exchange import Exchange

_ROUNDS = 15


def first_looks() -> dict[str, float]:
    """Return the milliseconds of each thing that is done for the first time, medians over symbols."""
    made = [_milliseconds(Exchange) for _ in range(_ROUNDS)]
    exchange = Exchange()
    figures = {"Exchange()": median(made)}
    looks: dict[str, Callable[[str], object]] = {
        "first quote of a symbol": exchange.quote,
        "first investor_flow of a symbol": exchange.investor_flow,
        "first daily_candles after it": exchange.daily_candles,
    }
    symbols = list(exchange.instruments)[:_ROUNDS]
    for name, look in looks.items():
        figures[name] = median(_milliseconds(lambda look=look, symbol=symbol: look(symbol)) for symbol in symbols)
    return figures


def _milliseconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return (time.perf_counter() - begun) * 1000
