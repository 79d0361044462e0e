"""What a journal tells of what hosts share, read and written inside one of its transactions."""

from __future__ import annotations

import datetime as dt
import sqlite3
from typing import NamedTuple

from brokerkit.orders.counters import COUNTED
from brokerkit.orders.intents import OPEN, Intent, IntentState
from brokerkit.orders.rows import read


class Counted(NamedTuple):
    """What an order counts in the limits."""

    id: str
    currency: str
    day: str
    state: IntentState
    value: int
    """In hundredths of the currency."""
    key: str | None
    """The caller's own."""


class Records:
    """The marks of one journal, in one transaction."""

    def __init__(self, file: sqlite3.Connection) -> None:
        self._file = file

    @property
    def fence(self) -> int:
        """The number under which this host last traded the account; 0: it never did among others.

        It is negative once this host was told that another one trades it.
        """
        found = self._file.execute("SELECT value FROM facts WHERE market = '' AND name = 'fence'").fetchone()
        return int(found[0]) if found else 0

    def keep_fence(self, fence: int, host: str) -> None:
        """Remember the number, negative where another host trades the account now, and the id of this host."""
        query = "INSERT INTO facts VALUES ('', ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value"
        self._file.executemany(query, [("fence", fence), ("fence_host", _digits(host))])

    def is_of(self, host: str) -> bool:
        """Say whether the number is that of a host: a journal that was copied has that of another one."""
        found = self._file.execute("SELECT value FROM facts WHERE market = '' AND name = 'fence_host'").fetchone()
        return bool(found) and int(found[0]) == _digits(host)

    def unsettled(self) -> tuple[Intent, ...]:
        """Return what may stand without our knowing, or is being sent; not what does no harm twice."""
        states = sorted(map(str, OPEN))
        query = f"SELECT content FROM intents WHERE state IN ({', '.join('?' * len(states))})"  # noqa: S608
        found = (read(row[0]) for row in self._file.execute(query, states))
        return tuple(intent for intent in found if not intent.may_be_repeated)

    def counted(self, since: dt.date) -> list[Counted]:
        """Return what counts in the limits of a day, or of one after it."""
        query = f"SELECT id, currency, day, state, value, key FROM intents WHERE day >= ? AND kind IN ({COUNTED})"  # noqa: S608
        rows = self._file.execute(query, (since.isoformat(),))
        return [Counted(*row)._replace(state=IntentState(row[3])) for row in rows]


def _digits(host: str) -> int:
    """Return of the id of a host what a number of a fact can hold."""
    return int(host[:12], 16)
