"""The order journal: written down durably before the first byte leaves, never forgotten, never unsure of itself.

One SQLite file for each account and environment. What cannot be opened, read or written stops orders.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import logging
import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import partial
from pathlib import Path
from weakref import WeakValueDictionary

from brokerkit import clock
from brokerkit.errors import JournalError, OrderBlocked
from brokerkit.languages import ENGLISH
from brokerkit.logs import about
from brokerkit.orders.again import Again, blocked_by, check_again
from brokerkit.orders.chains import NumbersOf, names, numbers_of, whole_chain
from brokerkit.orders.counters import check_counters, counted
from brokerkit.orders.intents import (
    FOLLOWS,
    OPEN,
    UNRESOLVED,
    Intent,
    IntentKind,
    IntentState,
    key_of,
    number_of,
    reserved_book,
)
from brokerkit.orders.keys import check_unused
from brokerkit.orders.learnt import KEPT, Learnt
from brokerkit.orders.lease import Alone, Lease, Shared
from brokerkit.orders.limits import Limits
from brokerkit.orders.numbers import BranchOf, branch_and_number, check_free, one_branch
from brokerkit.orders.records import Records
from brokerkit.orders.rows import read, written
from brokerkit.orders.storage import WRITE
from brokerkit.symbols import HOME

logger = logging.getLogger("brokerkit")

URGENT_SECONDS = 0.5
"""Longest wait for others who write, where what is to be written is no condition of anything."""
LONGEST_SENDING = 60.0
"""Seconds after which SENDING is UNKNOWN, whoever owns it: an attempt lasts 15 s at most."""
CHUNK = 100
"""Rows that are read at once."""
_NO_CLAIMS: Mapping[str, None] = {"mutex": None, "number": None, "claim": None}


class Journal(Learnt):
    """The journal of one account, shared by all threads and processes of this user. `path` None: in memory only.

    A thread of its own reads and writes it, so no interrupt leaves a transaction open. What it could not write yet is
    kept in memory, shown with the rest and written as soon as that is possible.
    """

    branch_of: BranchOf = staticmethod(one_branch)
    shared: Shared = Alone()
    """What other hosts know of it. Once it is shared it stays so, whichever broker of this process asks."""

    # The way of an intent

    def begin(
        self,
        intent: Intent,
        *,
        limits: Limits,
        value: Decimal | None,
        check: Callable[[], None],
        seconds: float,
        again: Again | None = None,
        numbers_of: NumbersOf = numbers_of,
        patience: float | None = None,
        numbers_ascend: bool = True,
    ) -> Intent:
        """Write the intent down as SENDING, durably, or raise: nothing has been sent then.

        In the same transaction `check` is asked (kill switch) and the counters are compared with the limits. An
        OrderBlocked is another open intent of the same symbol and side, another change of the same order, one that has
        the key already, and a second order for the one that it is sent `again` for. It has so many `seconds` to leave.
        `numbers_ascend`: a later order of its market has a higher number.
        """

        def write(file: sqlite3.Connection) -> Intent:
            if intent.key is not None:
                check_unused(intent, self._keyed(file, intent.key), again)
            check()
            check_counters(file, intent, limits, value)
            now = clock.now()
            highest, falls, _ = self._day(file, intent.book, intent.day)
            if intent.previous is not None:
                self._replace(file, intent, again or Again())
            if rivals := self._changing(file, intent, numbers_of):
                raise blocked_by(rivals, intent)
            sending = intent.moved(
                IntentState.SENDING,
                "written down before the first byte",
                sent_at=now,
                deadline=now + dt.timedelta(seconds=seconds),
                watermark=None if falls or not numbers_ascend else highest,
                owner=self.owner.name if self.path else "",
            )
            sending = self.shared.begin(sending, limits, value, Records(file))
            try:
                file.execute(WRITE, self._row(sending, value))
            except sqlite3.IntegrityError:
                raise self._blocked(file, sending) from None
            if sending.is_reserved:
                self._expect(file, sending.market, sending.until or sending.day + KEPT)
            return sending

        try:
            return self._write(write, patience)
        except Exception:
            self.shared.undone(intent)
            raise

    def note(self, intent: Intent) -> None:
        """Keep an intent of which nothing has been sent."""

        def write(file: sqlite3.Connection) -> None:
            file.execute(WRITE, self._row(intent, None))

        self._write(write)
        self.shared.decided(intent)

    def decide(self, intent: Intent, *, patience: float | None = None, begun: bool = True) -> Intent:
        """Write what became of an intent, and return it as it then stands.

        An order number that another intent has makes it UNKNOWN. What somebody else has found out meanwhile stays.
        What cannot be written is kept in memory, and the JournalError is raised. Without `begun` it is not known
        whether the intent was written down at all; if it was not, it is not now.
        """
        decided = intent.model_copy(update={"decided_at": clock.now()})

        def write(file: sqlite3.Connection) -> Intent | None:
            present = self._find(file, intent.id)
            return None if present is None else self._decided(file, present, decided)

        if intent.id in self._kept:
            self.keep(decided)
            raise JournalError("It is in memory only until the order journal can be written.")
        try:
            found = self._write(write, patience)
        except JournalError:
            self.keep(decided)
            raise
        if found is None and begun:
            raise _lacking(intent.id)
        self.shared.decided(found or decided)
        return found or decided

    def revise(self, intent_id: str, change: Callable[[Intent], Intent]) -> Intent:
        """Change an intent as it now stands in the journal, in one transaction."""

        def write(file: sqlite3.Connection) -> Intent:
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
            self._see(file, changed.book, changed.day, [number_of(changed.order_id)])
            return changed

        changed = self._write(write)
        self.shared.decided(changed)
        return changed

    def recover(self, *, patience: float | None = None) -> tuple[Intent, ...]:
        """Turn what processes that are gone were sending into UNKNOWN, and return it."""

        def write(file: sqlite3.Connection) -> tuple[Intent, ...]:
            sending = self._select(file, "state = 'SENDING'")
            found = tuple(self._orphan(each) for each in sending if not self._is_sent_now(each))
            for unknown in found:
                self._update(file, unknown)
            return found

        return self._write(write, patience)

    # Among hosts

    def take_over(self, *, accept_risk: bool) -> Lease | None:
        """Let this host trade the account; see `Shared`."""
        fence = self._read(lambda file: Records(file).fence)
        lease = self.shared.take_over(abs(fence), accept_risk=accept_risk)
        self._write(lambda file: Records(file).keep_fence(lease.fence if lease else 0, self.shared.host))
        return lease

    def lose(self, fence: int) -> None:
        """Write down that another host trades the account: while that cannot be asked nothing leaves from here then.

        No Redis that tells of a lower number than `fence`, which is the other's, is believed later.
        """
        known = self._read(lambda file: Records(file).fence, URGENT_SECONDS)
        if abs(known) < fence:
            self._write(lambda file: Records(file).keep_fence(-fence, self.shared.host), URGENT_SECONDS)

    # What stands in it

    def get(self, intent_id: str) -> Intent:
        """Return an intent; a JournalError if there is none of that id."""
        return self._kept.get(intent_id) or self._read(lambda file: self._get(file, intent_id))

    def sent_as(self, day: dt.date, order_id: str, market: str = HOME) -> tuple[Intent, ...]:
        """Return the intents that became orders of that number, of whatever branch."""
        values = (market, day.isoformat(), key_of(order_id))
        return self._read(lambda file: self._select(file, "market = ? AND day = ? AND number = ?", *values))

    def numbered(self, order_id: str, book: str) -> tuple[Intent, ...]:
        """Return the intents of a book that became something of that number, on whatever day."""
        return self._read(lambda file: self._select(file, "market = ? AND number = ?", book, key_of(order_id)))

    def keyed(self, key: str, *, patience: float | None = None) -> tuple[Intent, ...]:
        """Return everything that was ever to be sent under a key of the caller's, oldest first."""
        found = {each.id: each for each in self._read(lambda file: self._keyed(file, key), patience)}
        found |= {each.id: each for each in self.kept() if each.key == key}
        return tuple(found[id_] for id_ in sorted(found))

    def later(self, intent_id: str) -> tuple[Intent, ...]:
        """Return what an intent was sent again as, oldest first."""
        return self._read(lambda file: self._later(file, intent_id))

    def open_intents(self) -> tuple[Intent, ...]:
        """Return what is being sent or not known, oldest first."""
        return self.in_states(OPEN)

    def rivals(self, intent: Intent, numbers_of: NumbersOf = numbers_of) -> tuple[Intent, ...]:
        """Return what has to be known before this one may be sent: not the one that it is sent again for."""

        def read(file: sqlite3.Connection) -> tuple[Intent, ...]:
            same = self._holding(file, intent)
            return same or self._changing(file, intent, numbers_of)

        return tuple(other for other in self._read(read) if other.id != intent.previous)

    def blocking(self) -> tuple[Intent, ...]:
        """Return what is not known and holds others up, oldest first."""
        where = f"mutex IS NOT NULL AND state IN {_listed(UNRESOLVED)}"
        return self._read(lambda file: self._select(file, where))

    def in_states(self, states: Iterable[IntentState], *, patience: float | None = None) -> tuple[Intent, ...]:
        """Return the intents in these states, oldest first."""
        wanted = frozenset(states)
        found = self._read(lambda file: self._select(file, f"state IN {_listed(wanted)}"), patience)
        newest = {intent.id: intent for intent in found} | self._kept
        return tuple(newest[key] for key in sorted(newest) if newest[key].state in wanted)

    def unresolved(self, *, patience: float | None = None) -> tuple[Intent, ...]:
        """Return what is not known, oldest first."""
        return self.in_states(UNRESOLVED, patience=patience)

    def orphans(self) -> tuple[Intent, ...]:
        """Return what processes that are gone were sending, as `recover` would write it down."""

        def read(file: sqlite3.Connection) -> tuple[Intent, ...]:
            sending = self._select(file, "state = 'SENDING'")
            return tuple(self._orphan(each) for each in sending if not self._is_sent_now(each))

        return self._read(read)

    def of_day(
        self, day: dt.date, states: Iterable[IntentState] = tuple(IntentState), market: str | None = HOME
    ) -> Iterator[Intent]:
        """Yield the intents of a day, oldest first, one after the other: there may be many. `market` None: of all."""
        where, values = ("true", ()) if market is None else ("market = ?", (market,))
        return self._each(f"{where} AND day = ? AND state IN {_listed(states)}", *values, day.isoformat())

    def reserved(self, day: dt.date, market: str = HOME) -> tuple[Intent, ...]:
        """Return the reserved orders that may have become orders of a day, those that may stand among them."""

        def read(file: sqlite3.Connection) -> tuple[Intent, ...]:
            if day > self._expected(file, market):
                return ()
            told = "kind != 'CANCEL_RESERVATION' AND state NOT IN ('REJECTED', 'NOT_SENT')"
            where = f"market = ? AND day <= ? AND {told}"
            return self._select(file, where, reserved_book(market), day.isoformat())

        found = (each for each in self._read(read) if day <= (each.until or each.day + KEPT))
        # What was amended becomes an order as it was amended, or as it was before.
        return tuple(each.model_copy(update={"kind": IntentKind.RESERVE}) for each in found)

    def everything(self) -> Iterator[Intent]:
        """Yield all intents, oldest first."""
        return self._each("true")

    # How it is done

    def _blocked(self, file: sqlite3.Connection, intent: Intent) -> OrderBlocked:
        others = self._holding(file, intent)
        return blocked_by(others, intent) if others else OrderBlocked("Another order was just sent.")

    def _holding(self, file: sqlite3.Connection, intent: Intent) -> tuple[Intent, ...]:
        """Return the open intents that hold what this one needs."""
        where = f"market = ? AND mutex = ? AND state IN {_listed(OPEN)}"
        return self._select(file, where, intent.book, intent.mutex)

    def _row(self, intent: Intent, value: Decimal | None) -> dict[str, object]:
        branch, number = branch_and_number(intent, self.branch_of)
        return {
            "id": intent.id,
            "kind": intent.kind,
            "state": intent.state,
            "market": intent.book,
            "currency": intent.currency,
            "day": intent.day.isoformat(),
            "symbol": intent.symbol,
            "side": intent.side or "",
            "mutex": intent.mutex,
            "branch": branch,
            "number": number,
            "key": intent.key,
            "claim": intent.key,
            "previous": intent.previous,
            "value": counted(value),
            "sent_at": intent.sent_at.timestamp() if intent.sent_at else None,
            "monotonic": time.monotonic(),
            "owner": intent.owner,
            "content": written(intent),
        }

    def _update(self, file: sqlite3.Connection, intent: Intent) -> None:
        branch, number = branch_and_number(intent, self.branch_of)
        check_free(file, intent, branch, number)
        query = "UPDATE intents SET state = ?, branch = ?, number = ?, content = ? WHERE id = ?"
        changed = file.execute(query, (intent.state, branch, number, written(intent), intent.id))
        if changed.rowcount != 1:
            raise JournalError(f"The journal has lost the intent {intent.id}.", advice="Do not delete rows of it.")

    def _decided(self, file: sqlite3.Connection, present: Intent, decided: Intent) -> Intent:
        if present.state is IntentState.PRESUMED_ABSENT and decided.state is IntentState.ACKED:
            decided = decided.model_copy(update={"state": IntentState.LATE})
        if decided.state is not present.state and decided.state not in FOLLOWS[present.state]:
            return present
        try:
            self._update(file, decided)
        except sqlite3.IntegrityError:
            words = f"its number {decided.order_id} is that of another order"
            decided = decided.moved(IntentState.UNKNOWN, words, order_id=None, result=None)
            self._update(file, decided)
        number = number_of(decided.order_id)
        # A number below what was known before its order was sent: the broker's numbers do not ascend after all.
        falls = number is not None and decided.watermark is not None and number <= decided.watermark
        self._see(file, decided.book, decided.day, [number], falls=falls)
        return decided

    def _orphan(self, sending: Intent) -> Intent:
        return sending.moved(IntentState.UNKNOWN, "its process ended while it was being sent")

    def _is_sent_now(self, intent: Intent) -> bool:
        """Say whether a living process is sending it, or may be."""
        if intent.state is not IntentState.SENDING:
            return False
        if intent.id in self._kept:
            return True
        age = (clock.now() - (intent.sent_at or intent.created_at)).total_seconds()
        return self.path is None or (self.owner.is_alive(intent.owner) and 0 <= age < LONGEST_SENDING)

    def _replace(self, file: sqlite3.Connection, intent: Intent, again: Again) -> None:
        """Let an intent be sent beside the one that it is sent again for, unless one of them may stand."""
        old = self._get(file, str(intent.previous))
        check_again(old, self._later(file, old.id), again)
        if old.state in OPEN:
            self._update(file, old.moved(old.state, f"sent again as {intent.id}, at the risk of a second order"))
            file.execute("UPDATE intents SET mutex = NULL WHERE id = ?", (old.id,))
        if intent.key is not None:
            file.execute("UPDATE intents SET claim = NULL WHERE key = ?", (intent.key,))

    def _keyed(self, file: sqlite3.Connection, key: str) -> tuple[Intent, ...]:
        return self._select(file, "key = ?", key)

    def _later(self, file: sqlite3.Connection, intent_id: str) -> tuple[Intent, ...]:
        return self._select(file, "previous = ?", intent_id)

    def _changing(self, file: sqlite3.Connection, intent: Intent, numbers_of: NumbersOf) -> tuple[Intent, ...]:
        """Return the open changes of the order that an intent names, under whichever of its numbers they name it."""
        if intent.mutex is None or intent.order is None:
            return ()
        changes = f"mutex IS NOT NULL AND state IN {_listed(OPEN)} AND kind != 'ORDER' AND market = ? AND symbol = ?"
        rivals = self._select(file, changes, intent.book, intent.symbol)
        if not rivals:
            return ()
        of_day = "market = ? AND day = ? AND kind != 'ORDER' AND symbol = ?"
        known = self._select(file, of_day, intent.book, intent.day.isoformat(), intent.symbol)
        chain = whole_chain(intent, known, numbers_of)
        return tuple(each for each in rivals if names(each, numbers_of) & chain)

    def _get(self, file: sqlite3.Connection, intent_id: str) -> Intent:
        found = self._find(file, intent_id)
        if found is None:
            raise _lacking(intent_id)
        return found

    def _find(self, file: sqlite3.Connection, intent_id: str) -> Intent | None:
        found = self._select(file, "id = ?", intent_id)
        return found[0] if found else None

    def _select(self, file: sqlite3.Connection, where: str, *values: object) -> tuple[Intent, ...]:
        query = f"SELECT content FROM intents WHERE {where} ORDER BY id"  # noqa: S608 - `where` is ours
        return tuple(read(row[0]) for row in file.execute(query, values))

    def _each(self, where: str, *values: object) -> Iterator[Intent]:
        """Yield intents one after the other, each as it stands shortly before its turn comes."""
        query = f"SELECT id FROM intents WHERE {where} ORDER BY id"  # noqa: S608 - `where` is ours
        ids = self._read(lambda file: [row[0] for row in file.execute(query, values)])
        parts = [ids[begin : begin + CHUNK] for begin in range(0, len(ids), CHUNK)]
        return (intent for part in parts for intent in self._read(partial(self._some, part)))

    def _some(self, ids: Sequence[str], file: sqlite3.Connection) -> tuple[Intent, ...]:
        return self._select(file, f"id IN ({', '.join('?' * len(ids))})", *ids)

    def _told(self, intent: Intent) -> None:
        self.shared.decided(intent)

    def _put(self, file: sqlite3.Connection, intent: Intent) -> None:
        """Write what was kept in memory, as well as it can be."""
        present = self._find(file, intent.id)
        if intent.state is IntentState.SENDING and self.path:
            intent = intent.model_copy(update={"owner": self.owner.name})
        try:
            if present is not None:
                self._decided(file, present, intent)
                return
            row = self._row(intent, None)
        except JournalError as error:
            logger.critical(
                "%s: %s",
                intent.what,
                error.told(ENGLISH),
                extra=about("journal_behind", error, intent=intent.id, state=intent.state),
            )
            return
        for spared in ({}, {"mutex": None}, {"mutex": None, "number": None}, {**_NO_CLAIMS}):
            with contextlib.suppress(sqlite3.IntegrityError):
                file.execute(WRITE, {**row, **spared})
                return


def _lacking(intent_id: str) -> JournalError:
    return JournalError(f"The journal has no intent {intent_id!r:.40}.", advice="unresolved() lists the open ones.")


def _listed(states: Iterable[IntentState]) -> str:
    return f"({', '.join(f'{state!r}' for state in map(str, sorted(states)))})"


_files: dict[tuple[int, Path], Journal] = {}
_in_memory: WeakValueDictionary[tuple[int, str], Journal] = WeakValueDictionary()


def journal_for(path: Path, *, old: Path | None = None, branch_of: BranchOf = one_branch) -> Journal:
    """Return the journal that all brokers of this account in this process share. `old`: where it lay in format 1."""
    file = (os.getpid(), path)
    journal = _files.get(file) or _files.setdefault(file, Journal(path, old=old, opens=False))
    journal.branch_of = branch_of
    return journal


def journal_in_memory(name: str, *, branch_of: BranchOf = one_branch) -> Journal:
    """Return a journal that all brokers of this account in this process share, and that ends with the last of them.

    The simulated exchange that it speaks of is gone then too.
    """
    memory = (os.getpid(), name)
    journal = _in_memory.get(memory) or _in_memory.setdefault(memory, Journal(None))
    journal.branch_of = branch_of
    return journal
