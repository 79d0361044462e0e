"""When the lists of own orders are read, and the thread that reads them: at once after a doubt, then less and less."""

from __future__ import annotations

import datetime as dt
import logging
import threading
import time
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from typing import NamedTuple

from brokerkit import clock
from brokerkit.errors import BrokerError, IncompleteListing, StreamError
from brokerkit.market.markets import Market
from brokerkit.orders.listing import Listed, Unread, checked
from brokerkit.orders.trader import Trader

logger = logging.getLogger("brokerkit")

PACE_SECONDS = 1.0
"""Two readings are at least so far apart."""
SHARE = 3.0
"""So many times as long as a reading took nothing is read after it: the rest of the broker's calls is for orders."""
LONGEST_PAUSE = 30.0
NOTICE_SECONDS = 5.0
"""So long a notice of what was sent is waited for."""


class Outcome(NamedTuple):
    """What came of reading the lists."""

    day: dt.date
    began: float
    rows: Sequence[Listed] | None
    """None where they could not be read."""
    error: BrokerError | None = None
    """Why they could not be read, or not all of them."""


class Schedule:
    """When the lists are to be read. A list may lag: after a doubt they are read until the settle time is over."""

    def __init__(self, settle_seconds: float) -> None:
        self._settle = settle_seconds
        self._until = float("-inf")
        self._due: float | None = None
        self._free = float("-inf")
        """Not before."""
        self._pause = 0.0
        self._is_reading = False

    def doubt(self, now: float) -> None:
        """Something may be in the lists that was not told."""
        self._until = max(self._until, now + self._settle)
        self._pause = 0.0
        self._due = max(now, self._free)

    def is_due(self, now: float) -> bool:
        """Say whether they are to be read now."""
        return not self._is_reading and self._due is not None and now >= self._due

    def begun(self) -> None:
        """They are being read."""
        self._is_reading, self._due = True, None

    def ended(self, began: float, now: float, *, again: bool) -> None:
        """They were read. `again`: they could not be, or did not tell enough."""
        self._is_reading = False
        self._free = now + max(PACE_SECONDS, SHARE * (now - began))
        if self._due is not None:  # a doubt came meanwhile
            self._due = self._free
            return
        is_settled = began >= self._until
        if is_settled and not again:
            return
        self._pause = min(max(PACE_SECONDS, 2 * self._pause), LONGEST_PAUSE)
        self._due = max(self._free, now + self._pause if is_settled else min(now + self._pause, self._until))


class Awaited:
    """Whether notices come of what is sent: a line may stand, and tell nothing of own orders all the same."""

    def __init__(self) -> None:
        self.since: dt.datetime | None = None
        """When the first thing was sent of which nothing was heard."""
        self.is_overdue = False
        """Whether a notice should have come since: the lists are read as long as they may tell more."""
        self.is_missed = False
        """Whether they have told what no notice did."""
        self._until = float("inf")

    def sent(self, now: float) -> None:
        """Something is being sent."""
        if self.since is None:
            self.since, self._until = clock.now(), now + NOTICE_SECONDS

    def heard(self) -> None:
        """A notice came, or none has to come."""
        self.since, self.is_overdue, self.is_missed, self._until = None, False, False, float("inf")

    def becomes_overdue(self, now: float) -> bool:
        """Say once that a notice should have come."""
        if self.is_overdue or now < self._until:
            return False
        self.is_overdue = True
        return True

    def listed(self, began: float, settle_seconds: float, *, is_new: bool) -> bool:
        """Learn what a list has told; say once that no notice told it."""
        if not self.is_overdue or self.is_missed:
            return False
        self.is_missed = is_new
        if not is_new and began >= self._until + settle_seconds:
            self.heard()  # what was sent was refused at once
        return is_new


class Reader:
    """A thread that reads the lists of today when it is told to."""

    def __init__(self, trader: Trader, market: Market, done: Callable[[Outcome], None]) -> None:
        self._trader = trader
        self._market = market
        self._done = done
        self._wanted: SimpleQueue[bool] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="brokerkit-order-lists", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def read(self) -> None:
        """Read them once."""
        self._wanted.put(True)

    def stop(self) -> None:
        """End, after what is being read."""
        self._wanted.put(False)

    def join(self, seconds: float) -> None:
        """Wait for its end, at most so long."""
        self._thread.join(seconds)

    def _run(self) -> None:
        while self._wanted.get():
            self._done(self._read())
        close = getattr(self._trader.client, "close", None)
        if close is not None:
            close()  # the connections of this thread

    def _read(self) -> Outcome:
        began, day = time.monotonic(), self._market.today()
        try:
            found = self._trader.lists(self._market).everything(day)
            # Of days around that a list may show too, those before are not meant.
            of_today = (row for row in found if isinstance(row, Listed) and (row.day is None or row.day >= day))
            rows = checked(of_today, day, self._market.today())
            return Outcome(day, began, rows, _unread([row for row in found if isinstance(row, Unread)]))
        except BrokerError as error:
            return Outcome(day, began, None, error)
        except Exception as error:  # noqa: BLE001 - whatever an adapter does: who follows learns it
            return Outcome(day, began, None, StreamError(f"Reading it failed: {type(error).__name__}."))


def _unread(rows: Sequence[Unread]) -> IncompleteListing | None:
    if not rows:
        return None
    first = rows[0]
    return IncompleteListing(f"{len(rows)} rows cannot be read, first order {first.number or '?'}: {first.words}.")
