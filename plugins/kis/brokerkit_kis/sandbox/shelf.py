"""Where the server keeps reserved orders until it sends them to the exchange."""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from pydantic import TypeAdapter

from brokerkit.market.markets import market_of
from brokerkit.market.sessions import Phase
from brokerkit.models import OrderRequest
from brokerkit.sandbox.exchange import Exchange, ExchangeOrder, ExchangeRefusal, Refusal
from brokerkit.sandbox.happenings import Happening, PhaseBegan

CASH = "10"
"""ORD_OBJT_CBLC_DVSN_CD of an order without a loan."""


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
    balance: str = CASH
    """With which money or from which holding (ORD_OBJT_CBLC_DVSN_CD): cash, or one of the loans."""
    loan: str = ""
    """The day of the loan, as it was named."""
    canceled: dt.datetime | None = None
    order: int | None = None
    """The number of the order that it became."""
    sent_on: dt.date | None = None
    """The day of that order: its number is one of that day."""
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

    def order_of(self, exchange: Exchange, account: str) -> ExchangeOrder | None:
        """Return the order that it became, as it stands."""
        if self.order is None or self.sent_on is None:
            return None
        if self.sent_on == exchange.today:
            return exchange.order(account, self.order)
        of_day = exchange.history(account, self.sent_on, self.sent_on)
        return next((each for each in of_day if each.number == self.order), None)


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
        self._listen(exchange, account)

    def saved(self) -> Sequence[object]:
        """Return all that is kept, as JSON holds it."""
        with self._lock:
            rows: list[object] = _ALL.dump_python(list(self.kept.values()), mode="json")
            return rows

    def restore(self, saved: Sequence[object], exchange: Exchange, account: str) -> None:
        """Go on with what an earlier run kept. What was for a day that is over is sent at once if that can be."""
        with self._lock:
            self.kept = {each.number: each for each in _ALL.validate_json(json.dumps(saved))}
        if any(each.waits for each in self.kept.values()):
            self._listen(exchange, account)
            self._send(lambda each: each.day < exchange.today, exchange.phase, exchange, account)

    def next_number(self, first: int) -> int:
        """Return the number of the next one."""
        return max(self.kept, default=first - 1) + 1

    def _listen(self, exchange: Exchange, account: str) -> None:
        with self._lock:
            if self._stop is None:
                self._stop = exchange.listen(lambda happening: self._heard(happening, exchange, account))

    def _heard(self, happening: Happening, exchange: Exchange, account: str) -> None:
        if isinstance(happening, PhaseBegan):
            self._send(lambda each: True, happening.phase, exchange, account)

    def _send(self, which: Callable[[Kept], bool], phase: Phase, exchange: Exchange, account: str) -> None:
        for kept in [each for each in self.kept.values() if each.is_due(phase) and which(each)]:
            try:
                kept.order, kept.sent_on = exchange.submit(account, kept.request).number, exchange.today
            except ExchangeRefusal as refusal:
                kept.refusal = refusal.reason
        with self._lock:
            if self._stop is not None and not any(each.waits for each in self.kept.values()):
                self._stop()
                self._stop = None


_ALL = TypeAdapter(list[Kept])
