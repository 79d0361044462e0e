"""Own orders of an account: notices counted, made whole from the broker's lists, matched to the journal, handed on."""

from __future__ import annotations

import datetime as dt
import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from typing import Any

from brokerkit import clock, watching
from brokerkit.errors import BrokerError, Halted, JournalError, StreamError, Unsupported
from brokerkit.languages import ENGLISH
from brokerkit.logs import about
from brokerkit.market.markets import Market
from brokerkit.market.sessions import Phase
from brokerkit.orders.desk import OrderDesk
from brokerkit.orders.halting import check_halt
from brokerkit.orders.intents import key_of
from brokerkit.orders.trader import Trader
from brokerkit.stream.counting import Counting
from brokerkit.stream.events import Event, Gap, GapReason, Notice, OrderEvent, Stopped
from brokerkit.stream.gaps import tell_gap
from brokerkit.stream.matching import Matching
from brokerkit.stream.reading import Awaited, Outcome, Reader, Schedule
from brokerkit.stream.takers import Taker
from brokerkit.stream.topics import Topic, orders_in
from brokerkit.words import Venue

logger = logging.getLogger("brokerkit")

_SENT = object()
"""In the place of what is sent."""
TICK_SECONDS = 0.25
"""So often the kill switch and the phase are looked at."""
STRANGE_SECONDS = 1.0
"""So often orders are looked at that may be an uncertain one."""
ANSWER_SECONDS = 2.0
"""So long a notice waits for the answer to an order that is just being sent, and that it may be of."""
AWAITING_SECONDS = 0.02
"""So often that answer is looked for."""
BEGIN_SECONDS = 30.0
"""So long the first list is waited for."""
END_SECONDS = 2.0
"""So long the end of a list that is being read is waited for; after it the thread ends by itself."""


class _Follower:
    """Somebody who follows."""

    def __init__(self, taker: Taker, *, hears_switch: bool) -> None:
        self.taker = taker
        self.hears_switch = hears_switch
        self.is_stopped = False
        """What it was told of the kill switch; nothing means that it is off."""


class OwnOrders:
    """The own orders of one account: takes notices of the connection, and hands events to all who follow.

    It works while somebody follows. Of what there was before nothing is told.
    """

    def __init__(
        self, trader: Trader, desk: Callable[[], OrderDesk], phase_of: Callable[[Venue], Phase], market: Market
    ) -> None:
        """`market` is the one of which the notices are."""
        self.topic = orders_in(market.name)
        self.trader = trader
        self.desk = desk
        self.phase_of = phase_of
        self.market = market
        self._changed = threading.Condition()
        self._work: _Work | None = None
        self._followers: list[_Follower] = []
        self._heard = threading.Condition()
        self._marks: dict[str | None, int] = {}
        """Numbers of orders, and None for all that nobody knows, and when something was last heard of them."""
        self._mark = 0

    # Who follows

    def follow(self, taker: Taker, *, hears_switch: bool = True) -> None:
        """Give somebody the events from now on; return once it is known what there is already.

        To be called when the broker has acknowledged the registration. Who follows several markets hears of the kill
        switch once.
        """
        with self._changed:
            self._followers.append(_Follower(taker, hears_switch=hears_switch))
            if self._work is None or not self._work.is_here:
                self._work = _Work(self)
                self._work.start()
            work = self._work
        work.has_begun.wait(BEGIN_SECONDS)

    def unfollow(self, taker: Taker) -> None:
        """Give somebody nothing any more; with the last one everything ends."""
        with self._changed:
            self._followers = [each for each in self._followers if each.taker is not taker]
            if self._followers or self._work is None:
                return
            work, self._work = self._work, None
            self._changed.notify_all()
        work.join()

    def followers(self) -> Sequence[_Follower]:
        """Return who follows."""
        with self._changed:
            return tuple(self._followers)

    def ended(self, work: _Work) -> None:
        """Learn that the work came to its end, so that who follows next begins anew."""
        with self._changed:
            if self._work is work:
                self._work = None

    # What comes of the connection, in its thread

    def take(self, topic: Topic, events: Sequence[Any]) -> None:
        """Take notices."""
        self.put(events)

    def missed(self, gap: Gap) -> None:
        """Take a gap: after it the lists are read."""
        self.put([gap])

    def failed(self, error: BrokerError) -> None:
        """Learn that no notice will come any more."""
        self.put([error])

    def expect(self) -> None:
        """Learn that an order, an amendment or a cancellation is sent just now: a notice has to come of it."""
        work = self._work
        if work is not None and work.is_here:
            self.put([_SENT])

    def put(self, events: Iterable[Any]) -> None:
        """Let the work begin on something."""
        with self._changed:
            if self._work is not None:
                self._work.inbox.extend(events)
                self._changed.notify_all()

    def next_of(self, work: _Work, seconds: float) -> Sequence[Any] | None:
        """Return what has come, after at most so many seconds; None where the work is over."""
        with self._changed:
            self._changed.wait_for(lambda: work.inbox or self._work is not work, seconds)
            if self._work is not work:
                return None
            found = tuple(work.inbox)
            work.inbox.clear()
            return found

    # Who waits for an order

    def waiter(self, numbers: Collection[str] | None = None) -> Callable[[float], bool]:
        """Return what waits as `woken`, each time for what was heard since it was last asked, at first since now."""
        since = self.mark()

        def wait(seconds: float) -> bool:
            nonlocal since
            is_woken = self.woken(numbers, seconds, since=since)
            since = self.mark()
            return is_woken

        return wait

    def mark(self) -> int:
        """Return the present moment, for `woken`."""
        return self._mark

    def woken(self, numbers: Collection[str] | None, timeout: float, *, since: int) -> bool:
        """Wait until an order is heard of under any of its numbers, and say whether one was after `since`.

        Without numbers: any order of which it is not known whose it is. Where nobody follows only the time passes.
        """
        work = self._work
        if work is None or not work.is_here:
            time.sleep(timeout)
            return False
        wanted = [None] if numbers is None else [key_of(number) or number for number in numbers]
        with self._heard:
            return self._heard.wait_for(lambda: any(self._marks.get(each, 0) > since for each in wanted), timeout)

    def wake(self, numbers: Iterable[str | None]) -> None:
        """Let those go on who wait for these."""
        with self._heard:
            self._mark += 1
            self._marks.update(dict.fromkeys(numbers, self._mark))
            self._heard.notify_all()


class _Work:
    """What is done while somebody follows, in a thread of its own, with another one that reads lists for it."""

    def __init__(self, own: OwnOrders) -> None:
        self.inbox: deque[Any] = deque()
        self._own = own
        self._pid = os.getpid()
        self._reader = Reader(own.trader, own.market, lambda outcome: own.put([outcome]))
        self._schedule = Schedule(0)
        self._awaited = Awaited()
        self._matching: Matching | None = None
        self._settle = 0.0
        self.has_begun = threading.Event()
        """It is known what there is already, or that this cannot be had now."""
        self._day = dt.date.min
        self._counting: Counting | None = None
        self._has_baseline = False
        self._early: list[Notice] = []
        """Notices that came before the first list."""
        self._held: dict[str, tuple[float, list[Notice]]] = {}
        """Notices by number that wait for the answer to their order, and until when."""
        self._phases: dict[Venue, Phase] = {}
        self._since: dt.datetime | None = None
        """Since when the lists cannot be read."""
        self._looked = 0.0
        self._thread = threading.Thread(target=self._run, name="brokerkit-orders", daemon=True)

    @property
    def is_here(self) -> bool:
        """Whether its threads are of this process."""
        return self._pid == os.getpid()

    def start(self) -> None:
        self._thread.start()

    def join(self) -> None:
        """Wait for the end."""
        if self.is_here and self._thread is not threading.current_thread():
            self._thread.join()

    def _run(self) -> None:
        self._reader.start()
        try:
            self._begin()
            while (found := self._own.next_of(self, AWAITING_SECONDS if self._held else TICK_SECONDS)) is not None:
                now = time.monotonic()
                for each in found:
                    self._take(each, now)
                self._tick(now)
        except Exception as error:  # noqa: BLE001 - who follows learns it, whatever it is
            logger.critical(
                "Own orders are told no more: %s", type(error).__name__, extra=about("own_orders_ended", error)
            )
            failure = StreamError(f"Own orders are told no more: {type(error).__name__}.")
            for each in self._own.followers():
                each.taker.failed(failure)
        finally:
            self._own.ended(self)
            self.has_begun.set()
            self._reader.stop()
            self._reader.join(END_SECONDS)

    def _begin(self) -> None:
        own = self._own
        try:
            self._matching = Matching(own.trader, own.desk(), own.market)
            self._settle = self._matching.settle_seconds
        except BrokerError as error:
            logger.warning(
                "Notices of orders are not compared with the order journal: %s",
                error.told(ENGLISH),
                extra=about("journal_unreadable", error),
            )
            self._settle = own.trader.part(own.market).settle_seconds
        self._schedule = Schedule(self._settle)
        self._schedule.doubt(time.monotonic())
        self._day = own.market.today()

    def _take(self, found: Any, now: float) -> None:
        match found:
            case Notice():
                self._hear()
                self._notice(found, now)
            case Outcome():
                self._listed(found, now)
            case Gap():
                self._miss(found)
                self._schedule.doubt(now)
            case BrokerError():
                for each in self._own.followers():
                    each.taker.failed(found)
            case _:
                self._awaited.sent(now)

    def _hear(self) -> None:
        """Learn that notices come."""
        if self._awaited.is_missed:
            self._miss_notices(clock.now(), "Notices of own orders come again.")
        self._awaited.heard()

    # Notices

    def _notice(self, notice: Notice, now: float) -> None:
        if self._counting is None:
            self._early.append(notice)
            return
        number = key_of(notice.order_id) or notice.order_id
        if number in self._held:
            self._held[number][1].append(notice)
            return
        is_strange = self._intent_of(notice) is None
        if is_strange and self._matching is not None and self._matching.hear(notice):
            self._held[number] = (now + ANSWER_SECONDS, [notice])
        else:
            self._count(notice, now, is_strange=is_strange)

    def _count(self, notice: Notice, now: float, *, is_strange: bool) -> None:
        assert self._counting is not None  # noqa: S101 - notices that come before are kept
        before = self._counting.waiting
        self._tell(self._counting.notice(notice, now))
        if self._counting.waiting > before:
            self._schedule.doubt(now)
        numbers = self._counting.chain(notice.order_id, notice.symbol)
        if notice.original_id is not None:
            numbers |= self._counting.chain(notice.original_id, notice.symbol)
        self._own.wake([*numbers, *([None] if is_strange else [])])

    def _release(self, now: float) -> None:
        """Count what has waited long enough for the answer to its order."""
        matching = self._matching
        if not self._held or matching is None:
            return
        awaited = matching.look()
        for number, (until, notices) in [*self._held.items()]:
            is_strange = self._intent_of(notices[0]) is None
            if not is_strange or number not in awaited or now >= until:
                del self._held[number]
                for notice in notices:
                    self._count(notice, now, is_strange=is_strange)

    # Lists

    def _listed(self, outcome: Outcome, now: float) -> None:
        if outcome.day != self._day:
            self._schedule.ended(outcome.began, now, again=True)
            return
        received_at = clock.now()
        is_first, counting = self._counting is None, self._counting or self._new_counting()
        self._counting = counting
        if outcome.error is None:
            self._readable(received_at)
        else:
            self._unreadable(outcome.error, received_at)
        if outcome.rows is not None and not self._has_baseline:
            counting.begin(outcome.rows, self._early)
            self._has_baseline = True
        if outcome.rows is not None and self._matching is not None:
            self._matching.listed(outcome.rows)
        if is_first:
            early, self._early = self._early, []
            for notice in early:
                self._notice(notice, now)
        if outcome.rows is not None:
            events = counting.listed(outcome.rows, outcome.began, received_at)
            if self._awaited.listed(outcome.began, self._settle, is_new=bool(events)):
                self._miss_notices(None, "What was sent is in the list of own orders, and no notice came.")
            self._tell(events)
        is_hopeless = isinstance(outcome.error, Unsupported)
        again = (outcome.rows is None or counting.is_in_doubt or self._awaited.is_overdue) and not is_hopeless
        self._schedule.ended(outcome.began, now, again=again)
        self.has_begun.set()

    def _unreadable(self, error: BrokerError, now: dt.datetime) -> None:
        if self._since is not None:
            return
        self._since = now
        words = f"The list of own orders cannot be read, so changes may be missing: {error.told(ENGLISH)}"
        logger.warning("%s", words, extra=about("own_orders_unreadable", error))
        self._miss(Gap((self._own.topic,), now, None, GapReason.UNREADABLE, now, words))

    def _readable(self, now: dt.datetime) -> None:
        if self._since is None:
            return
        since, self._since = self._since, None
        self._miss(
            Gap((self._own.topic,), since, now, GapReason.UNREADABLE, now, "The list of own orders can be read again.")
        )

    def _miss(self, gap: Gap) -> None:
        if watching.observers:
            tell_gap(self._own.trader.name, self._own.trader.environment, gap)
        for each in self._own.followers():
            each.taker.missed(gap)

    def _miss_notices(self, until: dt.datetime | None, words: str) -> None:
        since = self._awaited.since or clock.now()
        logger.warning("%s", words, extra=about("notices_missing", since=since))
        self._miss(Gap((self._own.topic,), since, until, GapReason.SILENT, clock.now(), words))

    def _new_counting(self) -> Counting:
        return Counting(self._settle, self._own.market.default_venue or Venue.KRX)

    # What is looked at again and again

    def _tick(self, now: float) -> None:
        self._look_at_switch()
        if self._own.market.today() != self._day:
            self._begin_day()
        self._release(now)
        if self._matching is not None and self._matching.has_strange and now - self._looked >= STRANGE_SECONDS:
            self._looked = now
            if self._matching.look_again():
                self._own.wake([None])
        if self._matching is not None and self._matching.needs_list():
            self._schedule.doubt(now)
        if self._counting is not None:
            self._look_at_phase(self._counting, now)
            self._tell(self._counting.passed(now))
        if self._awaited.becomes_overdue(now):
            self._schedule.doubt(now)
        if self._schedule.is_due(now):
            self._schedule.begun()
            self._reader.read()

    def _begin_day(self) -> None:
        """Forget the orders of the day that is over: none of them lives longer."""
        self._begin()
        if self._counting is not None:
            self._counting, self._has_baseline = self._new_counting(), True

    def _look_at_phase(self, counting: Counting, now: float) -> None:
        """Read the lists where a venue of an open order begins another phase: it may have expired."""
        for venue in counting.open_venues:
            with suppress(BrokerError):
                phase = self._own.phase_of(venue)
                if self._phases.setdefault(venue, phase) is not phase:
                    self._phases[venue] = phase
                    self._schedule.doubt(now)

    def _look_at_switch(self) -> None:
        words = ""
        try:
            check_halt()
            with suppress(JournalError):  # whether hosts share anything is not known then
                self._own.desk().check_halt()
        except Halted as error:
            words = error.words
        for each in self._own.followers():
            if each.hears_switch and each.is_stopped is not bool(words):
                each.is_stopped = bool(words)
                each.taker.take(self._own.topic, [Stopped(bool(words), words, clock.now())])

    # What is told

    def _tell(self, events: Sequence[OrderEvent]) -> None:
        if not events:
            return
        told: list[Event] = [event._replace(intent=self._intent_of(event)) for event in events]
        for each in self._own.followers():
            each.taker.take(self._own.topic, told)

    def _intent_of(self, told: OrderEvent | Notice) -> str | None:
        return None if self._matching is None else self._matching.intent_of(told.order_id, told.symbol)
