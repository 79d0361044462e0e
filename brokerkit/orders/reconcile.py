"""What the broker's lists prove about an intent, and what they do not."""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from itertools import takewhile

from brokerkit import clock
from brokerkit.errors import BrokerError
from brokerkit.languages import ENGLISH
from brokerkit.logs import about
from brokerkit.market.markets import market_named
from brokerkit.models import Model, Order
from brokerkit.orders.intents import (
    OPEN,
    STANDING,
    UNRESOLVED,
    Confidence,
    Intent,
    IntentKind,
    IntentState,
    NumberKey,
    Sighting,
    key_of,
    number_of,
)
from brokerkit.orders.journal import Journal
from brokerkit.orders.listing import (
    EARLY,
    WRONG_CLOCK,
    Listed,
    Unread,
    chain_of,
    checked,
    could_be,
    falls,
    fits,
    is_related,
    numbers_in,
    others,
    others_of_days,
)
from brokerkit.orders.numbers import BranchOf, branch_in, one_branch
from brokerkit.symbols import HOME
from brokerkit.words import OrderStatus, Venue

logger = logging.getLogger("brokerkit")

APART = dt.timedelta(seconds=1)
"""Two lists this far apart have to show the same match."""
LISTS = 3
"""So many complete lists over the settle time have to lack an intent before it is presumed absent."""
KEPT = 40
LAST_WORD = dt.timedelta(days=14)
"""So long the list of a day that is over is asked for, if it could not be had: longer than any row of holidays."""
UNREAD = "?"
"""Stands in sightings for a row whose number cannot be read."""
CUT = "..."
"""Stands in sightings for what a list may lack besides an order that stands."""
POLL_SECONDS = 1.1
_PRESUMED = IntentState.PRESUMED_ABSENT


class Reconciliation(Model):
    """What `reconcile` found out."""

    decided: tuple[Intent, ...] = ()
    """Intents whose state changed, each with its evidence."""
    unresolved: tuple[Intent, ...] = ()
    """What is still not known."""
    late: tuple[Intent, ...] = ()
    """Presumed absent before, standing after all."""
    foreign: tuple[Order, ...] = ()
    """Orders of the days looked at that somebody else placed: they are reported, not adopted."""
    unreadable: tuple[str, ...] = ()
    """Rows of the lists that could not be read, and why. Beside one of them nothing is presumed absent."""
    lacking: tuple[str, ...] = ()
    """Orders that the broker has numbered and that its list should show by now. Beside one of them nothing is presumed
    absent."""
    unlisted: tuple[str, ...] = ()
    """Orders of today at venues that are in no list: what became of them the broker's own app shows."""
    problem: str | None = None
    """Why the list of a market could not be read to its end; such a list decides nothing."""

    def beside(self, other: Reconciliation) -> Reconciliation:
        """Return what this one, and another one of a further market after it, found out."""
        joined = _joined(self, other)
        left = {each.id: each for each in (*self.unresolved, *other.unresolved)}
        problem = "; ".join(filter(None, (self.problem, other.problem))) or None
        return joined.model_copy(update={"problem": problem, "unresolved": tuple(left[key] for key in sorted(left))})


@dataclass(frozen=True)
class Heard:
    """What notices of the broker have settled, and what they leave open."""

    settled: tuple[Intent, ...]
    open: frozenset[NumberKey]
    """Orders that no intent accounts for, and that may be one's: those left are somebody else's."""
    awaited: frozenset[NumberKey]
    """Those of them that may be what is being sent at this moment."""


@dataclass(frozen=True)
class Trust:
    """How far the lists of a broker can be trusted."""

    proves_absence: bool
    settle: dt.timedelta
    exclusive: bool
    alone: bool = False
    """Whether no order but the intent's can stand unexplained in the lists of the days around."""
    unread: tuple[str, ...] = ()
    """Numbers of rows that could not be read: each may be the intent's."""
    is_cut: bool = False
    """Whether the list lacks an order that stands, so that it may lack the intent's too."""


class Reconciler:
    """Compares the journal with the broker's lists."""

    def __init__(
        self,
        journal: Journal,
        rows_of: Callable[[dt.date], Iterable[Listed | Unread]],
        *,
        proves_absence: bool,
        settle_seconds: float,
        exclusive: bool,
        times_tell: bool,
        skew: Callable[[], float],
        branch_of: BranchOf = one_branch,
        market: str = HOME,
        numbers_ascend: bool = True,
        lists_cancellations: bool = True,
        ahead: Callable[[], dt.timedelta] = dt.timedelta,
        unlisted: Collection[Venue] = (),
        pause: Callable[[float], object] | None = None,
        book: str | None = None,
    ) -> None:
        """`rows_of` lists a day of one `market`. Where its numbers do not ascend, times tell what came after what.

        `book`: what the journal calls the list, where it is another one than that of the orders of the market.

        Without `lists_cancellations` a cancellation has no row: that of its order says that it was cancelled.
        `ahead` is by how much its rows are of a clock ahead of the broker's: that of the simulated exchange. Orders of
        the venues `unlisted` stand in no list.
        """
        self._journal = journal
        self._rows_of = rows_of
        self._proves_absence = proves_absence
        self._settle_seconds = settle_seconds
        self._exclusive = exclusive
        self._times_tell = times_tell
        self._skew = skew
        self._branch_of = branch_of
        self._market, self._is_of_reserved = book or market, book is not None
        self._today = market_named(market).today
        self._differ = market_named(market).days_differ
        self._ascend = numbers_ascend
        self._lists_cancellations = lists_cancellations
        self._ahead = ahead
        self.pause = pause or time.sleep
        self._unlisted = unlisted
        self._label = "" if market == HOME else f"{market} "

    @property
    def patience(self) -> float:
        """The longest wait in seconds, if nothing else is said."""
        return self._settle_seconds * 1.5 + 30

    def look(self, before: Reconciliation | None = None) -> Reconciliation:
        """Look once, and return what that and the looks `before` have found out."""
        found = self._look()
        return found if before is None else self._with_others_findings(before.unresolved, _joined(before, found))

    def is_open(self, report: Reconciliation) -> bool:
        """Say whether another look may decide more."""
        return any(not self._is_left(intent) for intent in report.unresolved)

    def _is_unlisted(self, intent: Intent) -> bool:
        return intent.venue in self._unlisted

    def _is_left(self, intent: Intent) -> bool:
        """Say whether a person has to settle it: no list shows it, or none tells what it would be like there."""
        return intent.is_raw or self._is_unlisted(intent)

    def _with_others_findings(self, before: Sequence[Intent], report: Reconciliation) -> Reconciliation:
        """Add what somebody else has decided between two looks, such as a notice."""
        known = {intent.id for intent in (*report.decided, *report.unresolved)}
        found = tuple(self._journal.get(intent.id) for intent in before if intent.id not in known)
        return report.model_copy(update={"decided": (*report.decided, *found)}) if found else report

    def heard(self, rows: Sequence[Listed]) -> Heard:
        """Settle what notices of the broker prove. `rows` are orders of today, as notices and lists have told them.

        A notice is one sight where a list is asked for two, but it is of one order, which has just come to be. Where
        another row or another intent could be meant as well nothing is decided: the lists have the last word.
        """
        today, market = self._today(), self._market
        known = list(self._journal.of_day(today, {*OPEN, _PRESUMED}, market))
        free = self._free(self._comparable(rows), today)
        listed = [intent for intent in known if not self._is_left(intent)]
        settled = {intent.id: found for intent in listed if (found := self._settled(intent, free, known))}
        open_ = frozenset(row.key for row in free if any(self._may_be(intent, row) for intent in known))
        strangers = [row.key for row in free if row.is_noticed and row.key not in open_]
        if strangers:
            self._journal.learn(today, [], strangers, market=market)
        if any(intent.state is IntentState.LATE for intent in settled.values()):
            self._journal.end_exclusive(today, market)
        sent = [intent for intent in known if intent.state is IntentState.SENDING]
        awaited = frozenset(row.key for row in free if any(fits(intent, row, until=None) for intent in sent))
        return Heard(tuple(settled.values()), open_, awaited)

    def _settled(self, intent: Intent, free: Sequence[Listed], known: Sequence[Intent]) -> Intent | None:
        """Return an intent that the notice of one order settles, as it then stands."""
        if intent.state not in {*UNRESOLVED, _PRESUMED}:
            return None
        falling = not self._ascend or self._journal.falls(intent.day, self._market)
        unnumbered = intent.model_copy(update={"watermark": None}) if falling else intent
        latest = (intent.deadline or clock.now()) + dt.timedelta(seconds=self.settle()) + EARLY
        until = None if intent.state is _PRESUMED else latest
        fitting = [row for row in free if fits(unnumbered, row, until=until)]
        if len(fitting) != 1 or not fitting[0].is_noticed:
            return None
        row = fitting[0]
        if any(fits(other, row, until=None) for other in known if other.id != intent.id):
            return None
        if any(fits(reserved, row, until=None) for reserved in self._journal.reserved(intent.day, self._market)):
            return None  # the order that this one became has a notice too
        if unnumbered.watermark is None and row.time is None:
            return None  # neither its number nor its time tells whether it came after it
        is_exact = self._exclusive and not self._journal.is_shared(intent.day, self._market)

        def change(present: Intent) -> Intent:
            if present.state is not intent.state:
                return present  # somebody else decided meanwhile
            words = f"the broker's notice of order {row.order.id} is just like it"
            if (told := row.order.submitted_at) is not None:
                words = f"the broker's notice of {told:%H:%M:%S} of order {row.order.id} is just like it"
            return present.moved(
                IntentState.LATE if present.state is _PRESUMED else IntentState.ACKED,
                words,
                order_id=row.order.id,
                result=row.order,
                confidence=Confidence.EXACT if is_exact else Confidence.PROBABLE,
                decided_at=clock.now(),
            )

        found = self._journal.revise(intent.id, change)
        return found if found.order_id == row.order.id else None

    def _look(self) -> Reconciliation:
        recovered = self._journal.recover()
        today = self._today()
        found = (each for each in self._journal.in_states(UNRESOLVED | {_PRESUMED}) if each.book == self._market)
        known = [each for each in found if not self._is_left(each)]
        days = sorted({today, *(intent.day for intent in known if self._is_worth_reading(intent, today))})
        report = Reconciliation(decided=recovered)
        for day in days:
            try:
                asked_on = self._today()
                told = list(self._rows_of(day))
                rows = checked(self._comparable(told), asked_on, self._today())
            except BrokerError as error:
                logger.warning(
                    "The list of %s cannot be used: %s",
                    day,
                    error.told(ENGLISH),
                    extra=about("list_unreadable", error, day=day),
                )
                report = report.model_copy(update={"problem": f"{self._label}{day}: {error.told(ENGLISH)}"})
                continue
            unread = [row for row in told if isinstance(row, Unread)]
            report = _joined(self._judge_day(day, rows, unread, is_over=day < today), report)
        left = [each for each in self._journal.unresolved() if each.book == self._market]
        unresolved = tuple(self._for_a_person(each) if self._is_left(each) else each for each in left)
        return report.model_copy(update={"unresolved": unresolved, "unlisted": self._standing_unlisted(today)})

    def _for_a_person(self, intent: Intent) -> Intent:
        """Write down once that no list will tell what became of an intent."""
        words = f"no list shows orders of {intent.venue}: a person has to settle it"
        if intent.is_raw:
            words = "no list shows what was called by its own fields: a person has to settle it"

        def change(present: Intent) -> Intent:
            is_known = present.state not in UNRESOLVED or words in present.evidence
            return present if is_known else present.moved(present.state, words)

        return self._journal.revise(intent.id, change)

    def _show_beside(self, intent: Intent, rows: Sequence[Listed], now: dt.datetime) -> None:
        """Keep which rows may be what a raw call became: nobody else is given them, and a person has to look there."""

        def change(present: Intent) -> Intent:
            is_open = present.state in UNRESOLVED and (rows or present.sightings)
            return _having_seen(present, (), rows, (), now) if is_open else present

        self._journal.revise(intent.id, change)

    def _standing_unlisted(self, today: dt.date) -> tuple[str, ...]:
        if not self._unlisted:
            return ()
        standing = self._journal.of_day(today, STANDING, self._market)
        return tuple(self._named(today, each) for each in standing if self._is_unlisted(each))

    def _named(self, day: dt.date, intent: Intent) -> str:
        return f"{self._label}{day}, order {intent.order_id}: {intent.what}"

    def _is_worth_reading(self, intent: Intent, today: dt.date) -> bool:
        """Say whether the list of an intent's day can still tell something.

        No order outlives its day, so one that is presumed absent can turn up late in the list of that day only. Where
        lists prove absence, that of the day that is over has the last word. Where they do not, or where that list could
        not be had for so long, nothing more is to be learnt.
        """
        if intent.state is not _PRESUMED or intent.day >= today:
            return True
        return self._proves_absence and today - intent.day <= LAST_WORD

    def _comparable(self, found: Sequence[Listed | Unread]) -> list[Listed]:
        skew = dt.timedelta(seconds=self._skew()) + self._ahead()
        tells_time = self._times_tell and not self._clock_is_wrong()
        return [
            replace(row, tells_time=tells_time, skew=skew, branch=self._branch_in(row))
            for row in found
            if isinstance(row, Listed)
        ]

    def _branch_in(self, row: Listed) -> str:
        # Whether a notice names the branch that the lists name is not told.
        return "" if row.is_noticed else branch_in(row.order, self._branch_of)

    def _judge_day(
        self, day: dt.date, rows: Sequence[Listed], unread: Sequence[Unread], *, is_over: bool
    ) -> Reconciliation:
        now = clock.now()
        lacking = self._compared(day, rows, unread, now)
        found = self._journal.of_day(day, {*OPEN, _PRESUMED}, self._market)
        known = [intent for intent in found if not self._is_unlisted(intent)]
        intents = [each for each in known if each.state in {*UNRESOLVED, _PRESUMED} and not each.is_raw]
        raw = [each for each in known if each.is_raw and each.state in UNRESOLVED]
        sending = [intent for intent in known if intent.state is IntentState.SENDING]
        free = self._free(rows, day)
        reserved = self._journal.reserved(day, self._market)
        dated = [row for row in rows if row.is_dated]
        # A number of another day tells nothing of what comes after it on this one.
        numbers = [number_of(row.order.id) for row in dated if row.is_sure]
        # Whoever else trades the account is known before anything is matched.
        self._journal.learn(
            day,
            numbers,
            self._foreign(free, (*intents, *raw, *sending, *reserved)),
            falls=falls(dated),
            market=self._market,
        )
        explained = numbers_in(self._journal.explained(day, self._market))
        # Where its list may be of another day, a number that is known may be another order's.
        blind = [row for row in unread if self._differ or key_of(row.number) not in explained]
        judged = [
            self._judge(
                intent, rows, free, (*intents, *raw, *sending, *reserved), now, is_over, blind, is_cut=bool(lacking)
            )
            for intent in intents
        ]
        changed = [new for old, new in zip(intents, judged, strict=True) if new.state is not old.state]
        late = tuple(intent for intent in changed if intent.state is IntentState.LATE)
        # What could have been ours until a moment ago may be explained by nobody any more.
        left = self._free(free, day)
        for each in raw:
            self._show_beside(each, [row for row in left if is_related(each, row)], now)
        foreign = self._foreign(left, (*judged, *raw, *sending, *reserved))
        self._journal.learn(day, [], foreign, market=self._market)
        if late:
            self._journal.end_exclusive(day, self._market)
        for row in unread:
            logger.warning(
                "A row of the list of %s cannot be read: %s (order %s)",
                day,
                row.words,
                row.number or "?",
                extra=about("row_unreadable", day=day, order=row.number),
            )
        return Reconciliation(
            decided=tuple(changed),
            late=late,
            # What others reserve is none of ours to tell.
            foreign=() if self._is_of_reserved else tuple(row.order for row in left if row.key in foreign),
            unreadable=tuple(f"{self._label}{day}, order {row.number or '?'}: {row.words}" for row in unread),
            lacking=tuple(self._named(day, each) for each in lacking),
        )

    def _free(self, rows: Sequence[Listed], day: dt.date) -> list[Listed]:
        """Return the rows of a day's lists that no intent accounts for."""
        if not self._differ:
            return others(rows, self._journal.explained(day, self._market))
        days = [day + dt.timedelta(count) for count in range(-self._differ, self._differ + 1)]
        of_day = [row if row.day is not None else replace(row, day=day) for row in rows]
        return others_of_days(of_day, {each: self._journal.explained(each, self._market) for each in days})

    def _compared(
        self, day: dt.date, rows: Sequence[Listed], unread: Sequence[Unread], now: dt.datetime
    ) -> Sequence[Intent]:
        """Compare what was answered with the list, and return the orders that it lacks though it has had its time.

        A number that was answered is taken back where the list shows it as another order: answers can be swapped.
        """
        listed: dict[str, list[Listed]] = {}
        beside: dict[str, list[Listed]] = {}
        for row in rows:
            if row.is_dated:
                listed.setdefault(row.number, []).append(row)
            elif row.day is not None:
                beside.setdefault(row.number, []).append(row)

        def change(present: Intent) -> Intent:
            words = f"the list shows {present.order_id}, the number that was answered, as another order"
            return present.moved(IntentState.UNKNOWN, words, order_id=None, result=None)

        lacking = []
        settle = dt.timedelta(seconds=self.settle())
        shown = {row.number for row in rows if row.is_dated and row.is_in_full}
        shown |= {key_of(row.number) or "" for row in unread}
        for intent in self._journal.of_day(day, {IntentState.ACKED}, self._market):
            if self._is_left(intent) or (intent.is_reserved and not intent.is_new):
                continue  # what changes a reserved order has no number of its own
            number = key_of(intent.order_id) or ""
            is_beside = any(row.is_in_full and could_be(intent, row) for row in beside.get(number, ()))
            if _is_due(intent, now - settle) and number not in shown and not is_beside:
                lacking.append(intent)
            same = listed.get(number, ())
            branch = branch_in(intent.result, self._branch_of) if intent.result else ""
            theirs = [row for row in same if not branch or row.branch in ("", branch)]
            is_other = bool(theirs) and not is_beside and not any(could_be(intent, row) for row in theirs)
            if is_other and intent.confidence is None:
                logger.warning(
                    "Order %s is not what was answered for %s",
                    intent.order_id,
                    intent.what,
                    extra=about("order_differs", intent=intent.id, order=intent.order_id, day=day),
                )
                self._journal.revise(intent.id, change)
        if lacking:
            logger.warning(
                "The list of %s lacks %d orders that stand, %s first",
                day,
                len(lacking),
                lacking[0].order_id,
                extra=about("orders_missing", day=day, order=lacking[0].order_id, count=len(lacking)),
            )
        return lacking

    def settle(self) -> float:
        """Return the seconds after which a list shows an order, longer if it was seen to be later."""
        return max(self._settle_seconds, self._journal.longest_delay(self._market) * 1.5)

    def _foreign(self, free: Sequence[Listed], intents: Sequence[Intent]) -> list[NumberKey]:
        """Return the numbers of rows that are nobody's whom we know, and cannot be."""
        return [row.key for row in free if row.is_dated and not any(self._may_be(intent, row) for intent in intents)]

    def _may_be(self, intent: Intent, row: Listed) -> bool:
        is_unknown = intent.book == self._market and intent.state in UNRESOLVED
        return fits(intent, row, until=None) or (is_unknown and is_related(intent, row))

    def _judge(
        self,
        intent: Intent,
        rows: Sequence[Listed],
        free: Sequence[Listed],
        intents: Sequence[Intent],
        now: dt.datetime,
        is_over: bool,
        blind: Sequence[Unread],
        *,
        is_cut: bool,
    ) -> Intent:
        exclusive = self._exclusive and not self._journal.is_shared(intent.day, self._market) and not blind
        trust = Trust(
            self._proves_absence and not self._clock_is_wrong() and self._shows(intent),
            dt.timedelta(seconds=self.settle()),
            exclusive,
            alone=exclusive and bool(self._differ) and not self._is_open_around(intent),
            unread=tuple(key_of(row.number) or UNREAD for row in blind),
            is_cut=is_cut,
        )
        rivals = [other for other in intents if other.id != intent.id]
        falling = not self._ascend or self._journal.falls(intent.day, self._market)

        def change(present: Intent) -> Intent:
            if present.state not in UNRESOLVED | {_PRESUMED}:
                return present  # somebody else decided meanwhile
            if falling:
                present = present.model_copy(update={"watermark": None})
            if changed := self._changed(present, rows):
                return taken_effect(present, changed, trust, now)
            return judge(present, free, rivals, trust, now, is_over=is_over)

        judged = self._journal.revise(intent.id, change)
        if judged.order_id and judged.state is not intent.state and (delay := _delay(judged)):
            self._journal.learn_delay(delay, self._market)
        return judged

    def _is_open_around(self, intent: Intent) -> bool:
        """Say whether one of its symbol and side is not known or presumed absent on a day around."""
        days = [intent.day + dt.timedelta(count) for count in range(-self._differ, self._differ + 1) if count]
        around = (each for day in days for each in self._journal.of_day(day, {*OPEN, _PRESUMED}, self._market))
        return any(each.is_raw or (each.symbol, each.side) == (intent.symbol, intent.side) for each in around)

    def _shows(self, intent: Intent) -> bool:
        """Say whether the lists would show an intent: where cancellations have no row, none tells of a part."""
        return self._lists_cancellations or not intent.is_cancel or intent.quantity is None

    def _changed(self, intent: Intent, rows: Sequence[Listed]) -> Order | None:
        """Return the order that a change names as it is listed, changed, where nothing else would show it."""
        if intent.is_new or self._lists_cancellations or not (intent.is_cancel or intent.is_reserved):
            return None
        own = (row for row in rows if row.day is None or (row.day == intent.day and row.is_sure))
        named = (row.order for row in own if row.number in chain_of(intent, row.branch))
        return next((order for order in named if _is_changed(intent, order)), None)

    def _clock_is_wrong(self) -> bool:
        return abs(self._skew()) > WRONG_CLOCK


def reconciled(reconcilers: Sequence[Reconciler], *, wait: bool, timeout: float | None) -> Reconciliation:
    """Look at the lists of several markets once, or with `wait` until everything is decided or the time is over."""
    seconds = max((each.patience for each in reconcilers), default=0.0) if timeout is None else timeout
    deadline = time.monotonic() + seconds
    reports = [each.look() for each in reconcilers]
    while wait and (left := deadline - time.monotonic()) > 0:
        open_ = [at for at, each in enumerate(reconcilers) if each.is_open(reports[at])]
        if not open_:
            break
        reconcilers[open_[0]].pause(min(POLL_SECONDS, left))
        for at in open_:
            reports[at] = reconcilers[at].look(reports[at])
    return reduce(Reconciliation.beside, reports, Reconciliation())


def judge(
    intent: Intent, free: Sequence[Listed], rivals: Sequence[Intent], trust: Trust, now: dt.datetime, *, is_over: bool
) -> Intent:
    """Return the intent as a complete list leaves it. `free` are the rows that no intent accounts for.

    `rivals` are the other intents of the day that are being sent, not known or presumed absent: a row could be theirs.
    `is_over`: the day has ended.
    """
    until = (intent.deadline or now) + trust.settle + EARLY
    latest = None if intent.state is _PRESUMED else until
    fitting = [row for row in free if fits(intent, row, until=latest, alone=trust.alone)]
    rest = [row for row in free if is_related(intent, row) and row not in fitting]
    beside = (*trust.unread, *((CUT,) if trust.is_cut else ()))
    seen = _having_seen(intent, fitting, rest, beside, now)
    if intent.watermark is None and not all(row.times for row in fitting + rest):
        return seen  # neither numbers nor times tell which rows came after it
    if len(fitting) > 1:
        return _ambiguous(seen, f"{len(fitting)} orders of the list could be it: {_named(fitting)}")
    if fitting:
        return _matched(seen, fitting[0], rivals, trust)
    if is_over:
        return _after_the_day(seen, trust)
    settled = intent.deadline is not None and now >= intent.deadline + trust.settle
    if seen.state is _PRESUMED or not settled:
        return seen
    if trust.unread or trust.is_cut:
        return seen
    if rest:
        return _ambiguous(seen, f"orders that nobody explains could be it, differently: {_named(rest)}")
    last = seen.sightings[-1]
    if trust.proves_absence and last.lists >= LISTS and last.until - last.since >= trust.settle:
        words = f"not visible after {last.lists} complete lists over {(last.until - last.since).total_seconds():.0f} s"
        return seen.moved(_PRESUMED, words, decided_at=now)
    return seen


def taken_effect(intent: Intent, order: Order, trust: Trust, now: dt.datetime) -> Intent:
    """Return a change whose order the list shows as changed. Its own number stands nowhere."""
    words = f"the broker's list shows order {order.id} as amended"
    if intent.is_cancel:
        words = f"the broker's list shows order {order.id} as cancelled"
    return intent.moved(
        IntentState.LATE if intent.state is _PRESUMED else IntentState.ACKED,
        words,
        result=order,
        confidence=Confidence.EXACT if trust.exclusive else Confidence.PROBABLE,
        decided_at=now,
    )


def _is_changed(intent: Intent, order: Order) -> bool:
    if intent.is_cancel:
        return order.status is OrderStatus.CANCELED
    return (order.quantity, order.price) == (intent.quantity, intent.price)


def _having_seen(
    intent: Intent, fitting: Sequence[Listed], rest: Sequence[Listed], beside: Sequence[str], now: dt.datetime
) -> Intent:
    keys = tuple(row.number for row in fitting)
    unexplained = (*(row.number for row in rest), *beside)
    sightings = intent.sightings
    last, day_of = sightings[-1] if sightings else None, market_named(intent.market).day_of
    if last and (last.fitting, last.unexplained, day_of(last.since)) == (keys, unexplained, day_of(now)):
        longer = last.model_copy(update={"until": now, "lists": last.lists + 1})
        return intent.model_copy(update={"sightings": (*sightings[:-1], longer)})
    first = Sighting(since=now, until=now, lists=1, fitting=keys, unexplained=unexplained)
    return intent.model_copy(update={"sightings": (*sightings, first)[-KEPT:]})


def _matched(seen: Intent, row: Listed, rivals: Sequence[Intent], trust: Trust) -> Intent:
    unsure = [rival for rival in rivals if fits(rival, row, until=None, alone=trust.alone)]
    if seen.state is _PRESUMED and any(rival.state in OPEN for rival in unsure):
        return seen  # the one that is not known has to be decided first
    if unsure:
        return _ambiguous(seen, f"order {row.order.id} could also be {', '.join(rival.id for rival in unsure)}")
    same = list(takewhile(lambda sighting: sighting.fitting == (row.number,), reversed(seen.sightings)))
    if same[0].until - same[-1].since < APART:
        return seen
    return seen.moved(
        IntentState.LATE if seen.state is _PRESUMED else IntentState.ACKED,
        f"order {row.order.id} of the broker's list is just like it, in {sum(each.lists for each in same)} lists",
        order_id=row.order.id,
        result=row.order,
        confidence=Confidence.EXACT if trust.exclusive else Confidence.PROBABLE,
        decided_at=same[0].until,
    )


def _is_due(intent: Intent, since: dt.datetime) -> bool:
    """Say whether a list has to show an order that was answered: amendments may show in the order's own row."""
    is_answered = intent.kind is IntentKind.ORDER and intent.result is not None
    return is_answered and intent.deadline is not None and intent.deadline <= since


def _after_the_day(seen: Intent, trust: Trust) -> Intent:
    last = seen.sightings[-1]
    if not trust.proves_absence or not last.is_empty or market_named(seen.market).day_of(last.since) <= seen.day:
        return seen
    if last.until - last.since < APART:
        return seen
    words = "not in the complete list of its day, which is over"
    return seen.moved(IntentState.ABSENT_DAY_CLOSED, words, decided_at=last.until)


def _delay(judged: Intent) -> float | None:
    """Return after how many seconds the last list that lacked it was shown: it may have come any time after that."""
    shown = [key_of(judged.order_id) in (*each.fitting, *each.unexplained) for each in judged.sightings]
    first = shown.index(True) if True in shown else 0
    if not first or judged.sent_at is None:
        return None
    return (judged.sightings[first - 1].until - judged.sent_at).total_seconds()


def _named(rows: Iterable[Listed]) -> str:
    return ", ".join(row.order.id for row in rows)


def _ambiguous(seen: Intent, words: str) -> Intent:
    if seen.state is IntentState.AMBIGUOUS and seen.evidence[-1:] == (words,):
        return seen
    return seen.moved(IntentState.AMBIGUOUS, words)


def _joined(first: Reconciliation, second: Reconciliation) -> Reconciliation:
    def newest(*groups: Iterable[Intent]) -> tuple[Intent, ...]:
        return tuple({intent.id: intent for group in groups for intent in group}.values())

    return Reconciliation(
        decided=newest(first.decided, second.decided),
        unresolved=second.unresolved,
        late=newest(first.late, second.late),
        foreign=tuple({(order.id, order.handle): order for order in (*first.foreign, *second.foreign)}.values()),
        unreadable=tuple(dict.fromkeys((*first.unreadable, *second.unreadable))),
        lacking=tuple(dict.fromkeys((*first.lacking, *second.lacking))),
        unlisted=tuple(dict.fromkeys((*first.unlisted, *second.unlisted))),
        problem=second.problem,
    )
