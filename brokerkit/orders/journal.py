"""The order journal: written down durably before the first byte leaves, never forgotten, never unsure of itself.

One SQLite file for each account and environment. What cannot be opened, read or written stops orders.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from weakref import WeakValueDictionary

from pydantic import ValidationError

from brokerkit.errors import InvalidRequest, JournalError, OrderBlocked
from brokerkit.market import clock
from brokerkit.orders.counters import check_counters, won
from brokerkit.orders.forks import new_lock
from brokerkit.orders.guard import Limits
from brokerkit.orders.intents import (
    FOLLOWS,
    OPEN,
    STANDING,
    UNRESOLVED,
    Intent,
    IntentState,
    key_of,
    number_of,
)
from brokerkit.orders.owner import Owner
from brokerkit.orders.storage import opened_file

LONGEST_SENDING = 60.0
"""Seconds after which SENDING is UNKNOWN, whoever owns it: an attempt lasts 15 s at most."""
MOST_WON = 10**15
"""What an order counts at most: sums have to fit into the file's numbers."""
_WRITE = """INSERT INTO intents VALUES (:id, :kind, :state, :day, :symbol, :side, :mutex, :number, :value, :sent_at,
 :monotonic, :owner, :content)"""


class Journal:
    """The journal of one account, shared by all threads and processes of this user. `path` None: in memory only."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._lock = self._new_lock()
        self._file: sqlite3.Connection | None = None
        self._process = os.getpid()
        self._owner: Owner | None = None
        with self._using():
            pass

    # The way of an intent

    def begin(
        self, intent: Intent, *, limits: Limits, value: Decimal | None, check: Callable[[], None], deadline: dt.datetime
    ) -> Intent:
        """Write the intent down as SENDING, durably, or raise: nothing has been sent then.

        In the same transaction `check` is asked (kill switch), the counters are compared with the limits, and another
        open intent of the same symbol and side is an OrderBlocked.
        """
        with self._writing() as file:
            check()
            check_counters(file, intent, limits, value)
            now = clock.now()
            highest, falls, _ = self._day(file, intent.day)
            if intent.previous is not None:
                self._replace(file, intent)
            intent = intent.moved(
                IntentState.SENDING,
                "written down before the first byte",
                sent_at=now,
                deadline=deadline,
                watermark=None if falls else highest,
                owner=self.owner.name if self.path else "",
            )
            try:
                file.execute(_WRITE, self._row(intent, value))
            except sqlite3.IntegrityError:
                raise self._blocked(file, intent) from None
        return intent

    def note(self, intent: Intent) -> None:
        """Keep an intent of which nothing has been sent."""
        with self._writing() as file:
            file.execute(_WRITE, self._row(intent, None))

    def decide(self, intent: Intent) -> Intent:
        """Write what became of an intent, and return it as it then stands.

        An order number that another intent has makes it UNKNOWN. What somebody else has found out meanwhile stays.
        """
        decided = intent.model_copy(update={"decided_at": clock.now()})
        with self._writing() as file:
            present = self._get(file, intent.id)
            if present.state is IntentState.PRESUMED_ABSENT and decided.state is IntentState.ACKED:
                decided = decided.model_copy(update={"state": IntentState.LATE})
            if decided.state is not present.state and decided.state not in FOLLOWS[present.state]:
                return present
            try:
                self._update(file, decided)
            except sqlite3.IntegrityError:
                decided = intent.moved(
                    IntentState.UNKNOWN, f"its number {intent.order_id} is that of another order", order_id=None
                )
                self._update(file, decided)
            number = number_of(decided.order_id)
            # A number below what was known before its order was sent: the broker's numbers do not ascend after all.
            falls = number is not None and decided.watermark is not None and number <= decided.watermark
            self._see(file, decided.day, [number], falls=falls)
        return decided

    def revise(self, intent_id: str, change: Callable[[Intent], Intent]) -> Intent:
        """Change an intent as it now stands in the journal, in one transaction."""
        with self._writing() as file:
            present = self._get(file, intent_id)
            changed = change(present)
            try:
                self._update(file, changed)
            except sqlite3.IntegrityError:
                if changed.order_id != present.order_id:
                    return present  # another intent got that number meanwhile: look again
                # Another open intent blocks its symbol and side already.
                file.execute("UPDATE intents SET mutex = NULL WHERE id = ?", (intent_id,))
                self._update(file, changed)
            self._see(file, changed.day, [number_of(changed.order_id)])
        return changed

    def recover(self) -> tuple[Intent, ...]:
        """Turn what processes that are gone were sending into UNKNOWN, and return it."""
        found = []
        with self._writing() as file:
            for intent in self._select(file, "state = 'SENDING'"):
                age = (clock.now() - (intent.sent_at or intent.created_at)).total_seconds()
                if self.path is None or (self.owner.is_alive(intent.owner) and 0 <= age < LONGEST_SENDING):
                    continue
                unknown = intent.moved(IntentState.UNKNOWN, "its process ended while it was being sent")
                self._update(file, unknown)
                found.append(unknown)
        return tuple(found)

    # What stands in it

    def get(self, intent_id: str) -> Intent:
        """Return an intent; a JournalError if there is none of that id."""
        with self._reading() as file:
            return self._get(file, intent_id)

    def open_intents(self) -> tuple[Intent, ...]:
        """Return what is being sent or not known, oldest first."""
        return self.in_states(OPEN)

    def rivals(self, intent: Intent) -> tuple[Intent, ...]:
        """Return what has to be known before this one may be sent: not the one that it is sent again for."""
        with self._reading() as file:
            found = self._select(file, f"mutex = ? AND state IN {_listed(OPEN)}", intent.mutex)
        return tuple(other for other in found if other.id != intent.previous)

    def blocking(self) -> tuple[Intent, ...]:
        """Return what is not known and holds others up, oldest first."""
        with self._reading() as file:
            return self._select(file, f"mutex IS NOT NULL AND state IN {_listed(UNRESOLVED)}")

    def in_states(self, states: Iterable[IntentState]) -> tuple[Intent, ...]:
        """Return the intents in these states, oldest first."""
        with self._reading() as file:
            return self._select(file, f"state IN {_listed(states)}")

    def unresolved(self) -> tuple[Intent, ...]:
        """Return what is not known, oldest first."""
        return self.in_states(UNRESOLVED)

    def of_day(self, day: dt.date, states: Iterable[IntentState] = tuple(IntentState)) -> Iterator[Intent]:
        """Yield the intents of a day, oldest first, one after the other: there may be many."""
        return self._each(f"day = ? AND state IN {_listed(states)}", day.isoformat())

    def everything(self) -> Iterator[Intent]:
        """Yield all intents, oldest first."""
        return self._each("true")

    def explained(self, day: dt.date) -> frozenset[str]:
        """Return the numbers of the day that the journal explains."""
        with self._reading() as file:
            query = "SELECT number FROM intents WHERE day = ? AND number IS NOT NULL"
            return frozenset(row[0] for row in file.execute(query, (day.isoformat(),)))

    # What is learnt from the broker's lists

    def falls(self, day: dt.date) -> bool:
        """Say whether the broker's numbers were seen not to ascend that day."""
        with self._reading() as file:
            return self._day(file, day)[1]

    def is_shared(self, day: dt.date) -> bool:
        """Say whether somebody else was seen to trade the account that day."""
        with self._reading() as file:
            return self._day(file, day)[2]

    def learn(
        self, day: dt.date, numbers: Iterable[int | None], strangers: Iterable[str], *, falls: bool = False
    ) -> None:
        """Remember the highest number of a list, numbers that are not ours, and whether the numbers do not ascend."""
        with self._writing() as file:
            self._see(file, day, numbers, falls=falls)
            for number in strangers:
                file.execute("INSERT OR IGNORE INTO strangers VALUES (?, ?)", (day.isoformat(), number))
                file.execute("UPDATE days SET shared = 1 WHERE day = ?", (day.isoformat(),))

    def end_exclusive(self, day: dt.date) -> None:
        """Remember that matches of this day are probable at best."""
        with self._writing() as file:
            self._see(file, day, [0])
            file.execute("UPDATE days SET shared = 1 WHERE day = ?", (day.isoformat(),))

    def longest_delay(self) -> float:
        """Return the most seconds after which an order was seen in a list for the first time."""
        with self._reading() as file:
            found = file.execute("SELECT value FROM facts WHERE name = 'delay'").fetchone()
        return float(found[0]) if found else 0.0

    def learn_delay(self, seconds: float) -> None:
        """Remember a delay if it is longer than all before."""
        with self._writing() as file:
            query = "INSERT INTO facts VALUES ('delay', ?) ON CONFLICT DO UPDATE SET value = max(value, excluded.value)"
            file.execute(query, (seconds,))

    @property
    def owner(self) -> Owner:
        """This process, as the rows name it."""
        if self._owner is None:
            assert self.path is not None  # noqa: S101 - a journal in memory dies with its process
            self._owner = Owner(self.path.parent)
        return self._owner

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._file is not None and self._process == os.getpid():
                self._file.close()
            self._file = None

    # How it is done

    def _blocked(self, file: sqlite3.Connection, intent: Intent) -> OrderBlocked:
        others = self._select(file, f"mutex = ? AND state IN {_listed(OPEN)}", intent.mutex)
        return blocked_by(others, intent) if others else OrderBlocked("Another order was just sent.")

    def _row(self, intent: Intent, value: Decimal | None) -> dict[str, object]:
        return {
            "id": intent.id,
            "kind": intent.kind,
            "state": intent.state,
            "day": intent.day.isoformat(),
            "symbol": intent.symbol,
            "side": intent.side,
            "mutex": intent.mutex,
            "number": key_of(intent.order_id),
            "value": 0 if value is None else min(won(value), MOST_WON),
            "sent_at": intent.sent_at.timestamp() if intent.sent_at else None,
            "monotonic": time.monotonic(),
            "owner": intent.owner,
            "content": intent.model_dump_json(),
        }

    def _update(self, file: sqlite3.Connection, intent: Intent) -> None:
        values = (intent.state, key_of(intent.order_id), intent.model_dump_json(), intent.id)
        changed = file.execute("UPDATE intents SET state = ?, number = ?, content = ? WHERE id = ?", values)
        if changed.rowcount != 1:
            raise JournalError(f"The journal has lost the intent {intent.id}.", advice="Do not delete rows of it.")

    def _day(self, file: sqlite3.Connection, day: dt.date) -> tuple[int, bool, bool]:
        found = file.execute("SELECT highest, falls, shared FROM days WHERE day = ?", (day.isoformat(),)).fetchone()
        return (found[0], bool(found[1]), bool(found[2])) if found else (0, False, False)

    def _replace(self, file: sqlite3.Connection, intent: Intent) -> None:
        """Let an intent be sent beside the one that it is sent again for, unless that one is known to stand."""
        old = self._get(file, str(intent.previous))
        if old.state in STANDING:
            raise InvalidRequest(f"{old.what} stands as order {old.order_id}.", advice="Nothing was sent.")
        if old.state in OPEN:
            self._update(file, old.moved(old.state, f"sent again as {intent.id}, at the risk of a second order"))
            file.execute("UPDATE intents SET mutex = NULL WHERE id = ?", (old.id,))

    def _see(
        self, file: sqlite3.Connection, day: dt.date, numbers: Iterable[int | None], *, falls: bool = False
    ) -> None:
        known = [number for number in numbers if number is not None]
        if not known:
            return
        query = """INSERT INTO days VALUES (?, ?, ?, 0) ON CONFLICT DO UPDATE SET
         highest = max(highest, excluded.highest), falls = max(falls, excluded.falls)"""
        file.execute(query, (day.isoformat(), max(known), falls))

    def _get(self, file: sqlite3.Connection, intent_id: str) -> Intent:
        found = self._select(file, "id = ?", intent_id)
        if not found:
            raise JournalError(
                f"The journal has no intent {intent_id!r:.40}.", advice="unresolved() lists the open ones."
            )
        return found[0]

    def _select(self, file: sqlite3.Connection, where: str, *values: object) -> tuple[Intent, ...]:
        query = f"SELECT content FROM intents WHERE {where} ORDER BY id"  # noqa: S608 - `where` is ours
        return tuple(_opened(row[0]) for row in file.execute(query, values))

    def _each(self, where: str, *values: object) -> Iterator[Intent]:
        """Yield intents one after the other, each as it stands when its turn comes."""
        with self._reading() as file:
            query = f"SELECT id FROM intents WHERE {where} ORDER BY id"  # noqa: S608 - `where` is ours
            ids = [row[0] for row in file.execute(query, values)]
        return map(self.get, ids)

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._using() as file:
            yield file

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._using() as file:
            file.execute("BEGIN IMMEDIATE")
            try:
                yield file
                file.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):
                    file.execute("ROLLBACK")
                raise

    def _new_lock(self) -> threading.RLock:
        return threading.RLock() if self.path is None else new_lock()

    @contextmanager
    def _using(self) -> Iterator[sqlite3.Connection]:
        if self._process != os.getpid():
            # A forked process must not touch the file that its parent opened, nor speak in its name.
            self._lock, self._file, self._owner, self._process = self._new_lock(), None, None, os.getpid()
        with self._lock:
            try:
                if self._file is None:
                    self._file = opened_file(self.path)
                yield self._file
            except sqlite3.Error as error:
                raise JournalError(
                    f"The order journal {self.path or 'in memory'} cannot be used: {error}.",
                    advice="No order is sent without it. Free the disk or repair the file; do not delete it.",
                ) from None


def blocked_by(others: Iterable[Intent], intent: Intent) -> OrderBlocked:
    """Return the error for an intent that has to wait for others."""
    named = "; ".join(f"{other.what} is {other.state} ({other.id})" for other in others)
    return OrderBlocked(
        f"{intent.what} has to wait: {named}.",
        advice="Nothing was sent. Call reconcile(), look at the broker's own list, or decide with resolve().",
    )


def _opened(content: str) -> Intent:
    try:
        return Intent.model_validate_json(content)
    except ValidationError as error:
        words = f"a row of it cannot be read ({error.error_count()} fields)"
    raise JournalError(f"The order journal is damaged: {words}.", advice="No order is sent. Keep the file.")


def _listed(states: Iterable[IntentState]) -> str:
    return f"({', '.join(f'{state!r}' for state in map(str, sorted(states)))})"


_files: dict[tuple[int, Path], Journal] = {}
_in_memory: WeakValueDictionary[tuple[int, str], Journal] = WeakValueDictionary()


def journal_for(path: Path, *, durable: bool) -> Journal:
    """Return the journal that all brokers of this account in this process share; without `durable` it is in memory."""
    if not durable:
        # Gone with the last broker of its account: the simulated exchange that it speaks of is gone then too.
        memory = (os.getpid(), path.name)
        return _in_memory.get(memory) or _in_memory.setdefault(memory, Journal(None))
    file = (os.getpid(), path)
    return _files.get(file) or _files.setdefault(file, Journal(path))
