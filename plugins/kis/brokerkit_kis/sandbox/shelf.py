"""Where the server keeps reserved orders until it sends them to the exchange."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from brokerkit.market.markets import market_of
from brokerkit.market.sessions import Phase
from brokerkit.models import OrderRequest
from brokerkit.sandbox.exchange import Exchange, ExchangeRefusal, Refusal
from brokerkit.sandbox.happenings import Happening, PhaseBegan


@dataclass
class Kept:
    """A reserved order."""

    number: int
    request: OrderRequest
    code: str
    """How its type was named."""
    received: dt.datetime
    day: dt.date
    until: dt.date | None = None
    canceled: dt.datetime | None = None
    order: int | None = None
    """The number of the order that it became."""
    refusal: Refusal | None = None
    """Why it became none."""

    @property
    def waits(self) -> bool:
        """Whether it may still become an order."""
        return self.canceled is None and self.order is None and self.refusal is None

    def is_due(self, phase: Phase) -> bool:
        """Say whether it is sent when a phase begins."""
        rules, venue = market_of(self.request.symbol).rules, self.request.venue
        terms = (self.request.type, self.request.time_in_force)
        regular = rules is not None and terms in rules.offers(venue, Phase.REGULAR)
        # What regular trading does not take is sent when a phase begins that does.
        taken = phase is Phase.REGULAR if regular else rules is not None and terms in rules.offers(venue, phase)
        return self.waits and taken


@dataclass
class Shelf:
    """What an account has reserved in one market. It listens to the exchange while something waits."""

    kept: dict[int, Kept] = field(default_factory=dict)
    _stop: Callable[[], None] | None = None
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def keep(self, kept: Kept, exchange: Exchange, account: str) -> None:
        """Keep one, to be sent when its phase begins."""
        with self._lock:
            self.kept[kept.number] = kept
            if self._stop is None:
                self._stop = exchange.listen(lambda happening: self._heard(happening, exchange, account))

    def next_number(self, first: int) -> int:
        """Return the number of the next one."""
        return max(self.kept, default=first - 1) + 1

    def _heard(self, happening: Happening, exchange: Exchange, account: str) -> None:
        if not isinstance(happening, PhaseBegan):
            return
        for kept in [each for each in self.kept.values() if each.is_due(happening.phase)]:
            try:
                kept.order = exchange.submit(account, kept.request).number
            except ExchangeRefusal as refusal:
                kept.refusal = refusal.reason
        with self._lock:
            if self._stop is not None and not any(each.waits for each in self.kept.values()):
                self._stop()
                self._stop = None
