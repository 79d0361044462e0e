"""What must be true of journal and exchange in the state machine, whatever happens."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from brokerkit.errors import NOT_SENT, Blocked, NotSent, OrderUncertain, Rejected
from brokerkit.models import Order
from brokerkit.orders.halting import halt_file
from brokerkit.orders.intents import OPEN, STANDING, UNRESOLVED, Confidence, Intent, IntentKind, IntentState
from brokerkit.orders.limits import Limits
from brokerkit.orders.reconcile import Reconciliation
from brokerkit.orders.rows import read
from proof.model_exchange import Exchange, Placed, Shown

_S = IntentState
FINAL = frozenset({_S.ACKED, _S.REJECTED, _S.NOT_SENT, _S.LATE, _S.ABSENT_DAY_CLOSED})
AFTER_SENDING = 15.0
"""Seconds after which nothing of an attempt leaves any more."""


class Violation(AssertionError):
    """Something is not as it must be."""


def demand(condition: object, words: str) -> None:
    """Raise a Violation unless the condition holds."""
    if not condition:
        raise Violation(words)


@dataclass(frozen=True)
class Conditions:
    """What holds in one world."""

    exclusive: bool = True
    proves_absence: bool = True
    degraded: bool = False
    settle: float = 20.0
    limits: Limits = field(default_factory=Limits)


class Invariants:
    """Reads the journal's file by itself, and compares it with the truth of the exchange."""

    def __init__(self, path: Path, exchange: Exchange, conditions: Conditions) -> None:
        self._file = sqlite3.connect(path, isolation_level=None)
        self._exchange = exchange
        self._conditions = conditions
        self._rows: dict[str, tuple[str, Intent]] = {}
        self.sent: list[tuple[str, str, float, dt.date]] = []
        """Tag, kind, tick and day of everything that left."""
        self.excused: set[str] = set()
        """Attempts that may stand beside another one: the caller took the risk, or they were called absent."""
        self.by_person: set[str] = set()
        self.in_flight: list[str] = []
        """Attempts whose process waits for the answer."""

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    @property
    def intents(self) -> list[Intent]:
        """Return the journal as it was when it was last checked."""
        return [intent for _, intent in self._rows.values()]

    def numbers_of(self, day: dt.date) -> list[int]:
        """Return the numbers of a day that the journal knows."""
        self._read()
        return [int(intent.order_id) for intent in self.intents if intent.order_id and intent.day == day]

    def _read(self) -> list[tuple[Intent | None, Intent]]:
        """Read what has changed, as pairs of before and after."""
        changed: list[tuple[Intent | None, Intent]] = []
        for id_, content in self._file.execute("SELECT id, content FROM intents ORDER BY id").fetchall():
            known = self._rows.get(id_)
            if known is None or known[0] != content:
                intent = read(content)
                changed.append((known[1] if known else None, intent))
                self._rows[id_] = (content, intent)
        return changed

    # As the first byte leaves

    def check_leaving(self, tag: str, kind: str, inherited: frozenset[str]) -> None:
        """Check that this attempt may leave now, and is written down."""
        demand(all(tag != sent[0] for sent in self.sent), f"{tag} was sent twice")
        self._transitions()
        demand(tag in self._rows and self._rows[tag][1].state is _S.SENDING, f"{tag} left and is not journaled")
        intent = self._rows[tag][1]
        time = self._exchange.time
        self.sent.append((tag, kind, time.ticks, time.now.date()))
        self.in_flight.append(tag)
        for other in self.intents:
            if other.id != tag and other.state in OPEN and other.id not in self.excused:
                demand(not _excludes(intent, other), f"{tag} left beside {other.id}, which is {other.state}")
        if kind != "cancel":
            demand(not halt_file().exists(), f"{tag} left against the kill switch")
            # A full cancellation of uncertain fate holds nothing up: it may be sent again itself.
            open_ = [each for each in self.intents if each.state in UNRESOLVED and each.mutex is not None]
            left = [each.id for each in open_ if each.id in inherited]
            left = [id_ for id_ in left if id_ not in self.excused]
            demand(self._conditions.degraded or not left, f"{tag} left, and {left} of an earlier run is unresolved")
            self._check_limits()

    def _check_limits(self) -> None:
        limits, time = self._conditions.limits, self._exchange.time
        counted = [(tick, day) for _, kind, tick, day in self.sent if kind != "cancel"]
        minute = sum(tick > time.ticks - 60 for tick, _ in counted)
        today = sum(day == time.now.date() for _, day in counted)
        demand(minute <= (limits.max_orders_per_minute or minute), f"{minute} orders in a minute")
        demand(today <= (limits.max_orders_per_day or today), f"{today} orders in a day")
        tags = {tag for tag, kind, _, day in self.sent if kind == "order" and day == time.now.date()}
        value = sum(
            (each.quantity or 0) * (each.price or 0)
            for each in self.intents
            if each.id in tags and each.state is not _S.REJECTED
        )
        demand(value <= (limits.max_daily_value or value), f"{value} won in a day")

    # After everything

    def check(self) -> None:
        """Check the journal against itself and the truth."""
        self._transitions()
        numbers = [(each.day, int(each.order_id)) for each in self.intents if each.order_id]
        demand(len(numbers) == len(set(numbers)), "two intents have one number")
        waiting = [each for each in self.intents if each.state in OPEN and each.id not in self.excused]
        for turn, one in enumerate(waiting):
            for other in waiting[:turn]:
                demand(not _excludes(one, other), f"{one.id} and {other.id} are open at a time")
        for placed in self._exchange.placed:
            if placed.tag is not None:
                demand(placed.tag in self._rows, f"{placed.tag} stands and is not in the journal")
                state = self._rows[placed.tag][1].state
                demand(state not in (_S.NOT_SENT, _S.REJECTED), f"{placed.tag} stands, and the journal says {state}")

    def _transitions(self) -> None:
        tags = {sent[0] for sent in self.sent}
        for before, after in self._read():
            state = after.state
            if before is not None:
                self._check_change(before, after)
            demand(state is not _S.NOT_SENT or after.id not in tags, f"{after.id} left, and is called not sent")
            if before is None or before.state is not state:
                self._check_reason(after)

    def _check_change(self, before: Intent, after: Intent) -> None:
        words = f"{after.id} went from {before.state} {before.order_id} to {after.state} {after.order_id}"
        if before.state in FINAL:
            demand((before.state, before.order_id) == (after.state, after.order_id), words)
        elif before.state is _S.SENDING:
            demand(after.id not in self.in_flight, f"{words}, and its process still waits for the answer")
        else:
            demand(after.state not in (_S.SENDING, _S.REJECTED, _S.NOT_SENT), words)
            demand(before.state is not _S.PRESUMED_ABSENT or after.state is not _S.UNKNOWN, words)

    def _check_reason(self, intent: Intent) -> None:
        if intent.state in (_S.PRESUMED_ABSENT, _S.ABSENT_DAY_CLOSED):
            self.excused.add(intent.id)
        if intent.id in self.by_person:
            return
        if intent.state is _S.PRESUMED_ABSENT:
            self._check_presumed(intent)
        elif intent.state is _S.ABSENT_DAY_CLOSED:
            self._check_closed(intent)
        elif intent.state in STANDING:
            self._check_standing(intent)

    def _check_presumed(self, intent: Intent) -> None:
        demand(self._conditions.proves_absence, f"{intent.id} is presumed absent, and lists prove nothing")
        assert intent.sent_at is not None  # noqa: S101 - it was sent
        settle = dt.timedelta(seconds=self._conditions.settle)
        over = intent.sent_at + dt.timedelta(seconds=AFTER_SENDING) + settle
        demand(self._exchange.time.now >= over, f"{intent.id} is presumed absent before it is settled")
        lists = self._lists_without(intent)
        demand(len(lists) >= 3, f"{intent.id} is presumed absent after {len(lists)} lists")
        demand(lists[-1].at - lists[0].at >= settle, f"{intent.id} is presumed absent after too short a look")

    def _check_closed(self, intent: Intent) -> None:
        demand(self._conditions.proves_absence, f"{intent.id} is called absent, and lists prove nothing")
        lists = [each for each in self._lists_without(intent) if each.at.date() > intent.day]
        demand(len(lists) >= 2 and _span(lists) >= 1, f"{intent.id} is absent after {len(lists)} closing lists")

    def _lists_without(self, intent: Intent) -> list[Shown]:
        """Return the complete lists since it was sent, back to the last one that showed it."""
        own = {each.number for each in self._exchange.placed if each.tag == intent.id}
        lists: list[Shown] = []
        for shown in reversed(self._exchange.shown):
            if shown.day == intent.day:
                if own & shown.numbers or intent.sent_at is None or shown.at < intent.sent_at:
                    break
                lists.insert(0, shown)
        return lists

    def _check_standing(self, intent: Intent) -> None:
        demand(intent.order_id, f"{intent.id} is {intent.state} without a number")
        number = int(intent.order_id or 0)
        placed = self._exchange.find(intent.day, number)
        demand(placed is not None, f"{intent.id} is {intent.state} under {number}, which nobody placed")
        right = placed is not None and placed.tag == intent.id
        if intent.confidence is None:
            demand(right, f"{intent.id} was answered {number}, which is not its own")
            return
        demand(
            self._conditions.exclusive or intent.confidence is not Confidence.EXACT,
            f"{intent.id} is matched as EXACT, and nobody said that the account is exclusive",
        )
        demand(right or not self._conditions.exclusive, f"{intent.id} is matched with {number}, which is not its own")
        seen = [each for each in self._exchange.shown if each.day == intent.day and number in each.numbers]
        demand(len(seen) >= 2 and _span(seen) >= 1, f"{intent.id} is matched after {len(seen)} lists")

    # After some things

    def check_outcome(self, outcome: object, before: int) -> None:
        """Check that what the caller was told is true."""
        if isinstance(outcome, (NotSent, Blocked)) or NOT_SENT in getattr(outcome, "__notes__", ()):
            # What a rival sends meanwhile has an outcome of its own.
            demand(len(self.sent) == before or outcome is None, f"something left, and the caller was told {outcome!r}")
        elif isinstance(outcome, OrderUncertain):
            demand(outcome.intent, "an uncertain order without its intent")
            id_ = outcome.intent.id if outcome.intent else ""
            demand(self._rows[id_][1].state in OPEN, f"{id_} is uncertain, but {self._rows[id_][1].state}")
        elif isinstance(outcome, Rejected):
            last = self._rows[self.sent[before][0]][1]
            demand(last.state is _S.REJECTED, f"{last.id} is {last.state}, and the caller was told {outcome!r}")
        elif isinstance(outcome, Order):
            day = self._exchange.time.now.date()
            own = [each for each in self.intents if each.order_id and int(each.order_id) == int(outcome.id)]
            demand(any(each.day == day and each.state is _S.ACKED for each in own), f"{outcome.id} is not journaled")

    def check_unresolved(self, listed: object, alive: Iterable[str]) -> None:
        """Check that the caller sees all that is not known, and that nothing of a dead process is being sent."""
        for intent in self.intents:
            demand(intent.state is not _S.SENDING or intent.owner in alive, f"{intent.id} is being sent by nobody")
        if isinstance(listed, tuple):
            told = {intent.id for intent in listed}
            kept = {intent.id for intent in self.intents if intent.state in UNRESOLVED}
            demand(told == kept, f"unresolved() tells {told}, and the journal has {kept}")

    def check_report(self, report: Reconciliation, shown: Sequence[Shown]) -> None:
        """Check that every row of the lists is explained, claimed or reported, and that nothing late is passed over."""
        for each in {each.day: each for each in shown}.values():
            known = set(self.numbers_of(each.day))
            decided = {(intent.day, intent.symbol, intent.side) for intent in report.decided}
            foreign = {int(order.id) for order in report.foreign}
            for number in each.numbers - known - foreign:
                placed = self._exchange.find(each.day, number)
                assert placed is not None  # noqa: S101 - the exchange shows what it has
                # What an attempt that was decided just now left over is reported with the next list.
                claimed = self._claimed(placed) or (placed.day, placed.symbol, placed.side) in decided
                demand(claimed, f"{number} of {each.day} is shown and nobody speaks of it")
        for intent in self.intents:
            if intent.state is _S.PRESUMED_ABSENT:
                self._check_passed_over(intent)

    def _claimed(self, placed: Placed) -> bool:
        open_ = {*OPEN, _S.PRESUMED_ABSENT}
        return any(
            (each.day, each.symbol, each.side) == (placed.day, placed.symbol, placed.side) and each.state in open_
            for each in self.intents
        )

    def _check_passed_over(self, intent: Intent) -> None:
        placed = next((each for each in self._exchange.placed if each.tag == intent.id), None)
        decided = intent.decided_at
        if placed is None or decided is None or placed.number in self.numbers_of(intent.day):
            return
        lists = [each for each in self._exchange.shown if each.day == intent.day and each.at > decided]
        lists = [each for each in lists if placed.number in each.numbers]
        rivals = [each for each in self.intents if each.state in OPEN and each.symbol == intent.symbol]
        late = len(lists) >= 3 and _span(lists) >= 2
        demand(rivals or not late, f"{intent.id} stands as {placed.number}, is shown, and is still called absent")

    def check_decided(self) -> None:
        """Check that nothing is UNKNOWN that honest lists decide."""
        for intent in self.intents:
            if intent.state is _S.UNKNOWN and self._conditions.proves_absence and self._is_clear(intent):
                raise Violation(f"{intent.id} is still UNKNOWN, and the lists are clear")

    def _is_clear(self, intent: Intent) -> bool:
        """Say whether nothing but itself, taken in time, can be in question: no other row, no other attempt."""
        assert intent.sent_at is not None  # noqa: S101 - it was sent
        until = intent.sent_at + dt.timedelta(seconds=AFTER_SENDING + self._conditions.settle)
        group = (intent.day, intent.symbol, intent.side)
        known = self.numbers_of(intent.day)
        rows = [each for each in self._exchange.placed if (each.day, each.symbol, each.side) == group]
        rows = [each for each in rows if each.number not in known and (each.tag != intent.id or each.at > until)]
        others = [each for each in self.intents if (each.day, each.symbol, each.side) == group]
        unsure = [each for each in others if each.state in {*OPEN, _S.PRESUMED_ABSENT} and each.id != intent.id]
        return not rows and not unsure


def _excludes(one: Intent, other: Intent) -> bool:
    """Say whether two attempts must not be open at a time."""
    if one.kind is IntentKind.ORDER or other.kind is IntentKind.ORDER:
        return one.kind is other.kind and (one.symbol, one.side) == (other.symbol, other.side)
    if any(each.kind is IntentKind.CANCEL and each.quantity is None for each in (one, other)):
        return False  # all that is left may be cancelled again
    return bool(one.order and other.order and one.order.handle == other.order.handle)


def _span(lists: Sequence[Shown]) -> float:
    return (lists[-1].at - lists[0].at).total_seconds() if lists else 0.0
