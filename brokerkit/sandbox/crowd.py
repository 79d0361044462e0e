"""Others who trade what somebody watches, so that a newcomer sees prices move. They have no accounts."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from random import Random

from brokerkit.market.sessions import CONTINUOUS
from brokerkit.sandbox.books import LEVELS, opposite
from brokerkit.sandbox.exchange import Exchange, ExchangeRefusal
from brokerkit.sandbox.instruments import Instrument
from brokerkit.words import Side

_QUANTITY = (1, 20)
_PULL = 50
"""How much they want the price to stay: at one part in so many away from the first one all of them want it back."""


class Crowd:
    """They take what waits, and others wait in its place, at prices near the first one. Equal seeds trade alike."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._randoms: dict[str, Random] = {}
        self._first: dict[str, int] = {}
        """Prices at which they began."""

    def act(self, symbol: str) -> None:
        """Trade a symbol once, if it trades just now."""
        instrument = self._exchange.instruments.get(symbol)
        if instrument is None or self._exchange.phase not in CONTINUOUS:
            return
        with suppress(ExchangeRefusal):  # a halt, or no price within the limits
            self._act(instrument)

    def _act(self, instrument: Instrument) -> None:
        symbol = instrument.symbol
        random = self._randoms.setdefault(symbol, Random(f"{self._exchange.seed}/{symbol}/crowd"))  # noqa: S311 - repeatable
        side = self._side(random, instrument)
        quantity = Decimal(random.randint(*_QUANTITY))
        if self._exchange.levels(symbol, opposite(side)):
            self._exchange.trade(symbol, side, quantity)
        # Where nobody waits any more somebody does, so that no side stays empty.
        waiting = next(
            (side for side in Side if not self._exchange.levels(symbol, side)), self._side(random, instrument)
        )
        price = self._exchange.bourse.money(self._place(random, instrument, waiting))
        self._exchange.trade(symbol, waiting, quantity, price)

    def _side(self, random: Random, instrument: Instrument) -> Side:
        """Return who comes next, rather a buyer the deeper the price has fallen."""
        first = self._first.setdefault(instrument.symbol, self._price(instrument))
        fallen = 1 - self._price(instrument) / first
        return Side.BUY if random.random() < 0.5 + fallen * _PULL / 2 else Side.SELL

    def _price(self, instrument: Instrument) -> int:
        for side in Side:
            for price, _ in self._exchange.levels(instrument.symbol, side):
                return price
        return self._exchange.bourse.units(instrument.previous_close)

    def _place(self, random: Random, instrument: Instrument, side: Side) -> int:
        """Return where somebody waits: between the best prices where there is room, else among those of the side."""
        bourse = self._exchange.bourse
        up, down = bourse.step_up, bourse.step_down
        outwards, inwards = (up, down) if side is Side.SELL else (down, up)
        own = [price for price, _ in self._exchange.levels(instrument.symbol, side)]
        other = [price for price, _ in self._exchange.levels(instrument.symbol, opposite(side))]
        if not own:
            return outwards(other[0], instrument.kind) if other else bourse.units(instrument.previous_close)
        between = inwards(own[0], instrument.kind)
        if other and between != other[0]:
            return between
        place = random.randrange(LEVELS)
        return own[place] if place < len(own) else outwards(own[-1], instrument.kind)
