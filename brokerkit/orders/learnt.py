"""What the broker's lists teach about a day: its highest number, other traders, and how late a list can be.

Each market has days, numbers and delays of its own.
"""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Iterable

from brokerkit.orders.file import JournalFile
from brokerkit.orders.intents import NumberKey
from brokerkit.symbols import HOME

KEPT = dt.timedelta(days=14)
"""So long after it was taken a reserved order of one day may become an order: longer than any row of holidays."""


class Learnt(JournalFile):
    """The part of a journal that remembers what lists and answers showed."""

    def explained(self, day: dt.date, market: str = HOME) -> frozenset[NumberKey]:
        """Return the numbers of the day that the journal explains."""
        query = "SELECT number, branch FROM intents WHERE market = ? AND day = ? AND number IS NOT NULL"
        return self._read(lambda file: frozenset(file.execute(query, (market, day.isoformat()))))

    def falls(self, day: dt.date, market: str = HOME) -> bool:
        """Say whether the broker's numbers were seen not to ascend that day."""
        return self._read(lambda file: self._day(file, market, day)[1])

    def is_shared(self, day: dt.date, market: str = HOME) -> bool:
        """Say whether somebody else was seen to trade the account that day."""
        return self._read(lambda file: self._day(file, market, day)[2])

    def learn(
        self,
        day: dt.date,
        numbers: Iterable[int | None],
        strangers: Iterable[NumberKey],
        *,
        falls: bool = False,
        market: str = HOME,
    ) -> None:
        """Remember the highest number of a list, numbers that are not ours, and whether the numbers do not ascend."""

        def write(file: sqlite3.Connection) -> None:
            self._see(file, market, day, numbers, falls=falls)
            for number, branch in strangers:
                values = (market, day.isoformat(), branch, number)
                file.execute("INSERT OR IGNORE INTO strangers VALUES (?, ?, ?, ?)", values)
                self._share(file, market, day)

        self._write(write)

    def end_exclusive(self, day: dt.date, market: str = HOME) -> None:
        """Remember that matches of this day are probable at best."""

        def write(file: sqlite3.Connection) -> None:
            self._share(file, market, day)

        self._write(write)

    def longest_delay(self, market: str = HOME) -> float:
        """Return the most seconds after which an order was seen in a list for the first time."""
        query = "SELECT value FROM facts WHERE market = ? AND name = 'delay'"
        found = self._read(lambda file: file.execute(query, (market,)).fetchone())
        return float(found[0]) if found else 0.0

    def learn_delay(self, seconds: float, market: str = HOME) -> None:
        """Remember a delay if it is longer than all before."""
        query = "INSERT INTO facts VALUES (?, 'delay', ?) ON CONFLICT DO UPDATE SET value = max(value, excluded.value)"

        def write(file: sqlite3.Connection) -> None:
            file.execute(query, (market, seconds))

        self._write(write)

    def _expect(self, file: sqlite3.Connection, market: str, until: dt.date) -> None:
        """Remember until when orders may come of what is reserved."""
        query = (
            "INSERT INTO facts VALUES (?, 'reserved', ?) ON CONFLICT DO UPDATE SET value = max(value, excluded.value)"
        )
        file.execute(query, (market, until.toordinal()))

    def _expected(self, file: sqlite3.Connection, market: str) -> dt.date:
        query = "SELECT value FROM facts WHERE market = ? AND name = 'reserved'"
        found = file.execute(query, (market,)).fetchone()
        return dt.date.fromordinal(int(found[0])) if found else dt.date.min

    def _day(self, file: sqlite3.Connection, market: str, day: dt.date) -> tuple[int, bool, bool]:
        query = "SELECT highest, falls, shared FROM days WHERE market = ? AND day = ?"
        found = file.execute(query, (market, day.isoformat())).fetchone()
        return (found[0], bool(found[1]), bool(found[2])) if found else (0, False, False)

    def _share(self, file: sqlite3.Connection, market: str, day: dt.date) -> None:
        query = "INSERT INTO days VALUES (?, ?, 0, 0, 1) ON CONFLICT DO UPDATE SET shared = 1"
        file.execute(query, (market, day.isoformat()))

    def _see(
        self,
        file: sqlite3.Connection,
        market: str,
        day: dt.date,
        numbers: Iterable[int | None],
        *,
        falls: bool = False,
    ) -> None:
        known = [number for number in numbers if number is not None]
        if not known and not falls:
            return
        query = """INSERT INTO days VALUES (?, ?, ?, ?, 0) ON CONFLICT DO UPDATE SET
         highest = max(highest, excluded.highest), falls = max(falls, excluded.falls)"""
        file.execute(query, (market, day.isoformat(), max(known, default=0), falls))
