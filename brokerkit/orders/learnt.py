"""What the broker's lists teach about a day: its highest number, other traders, and how late a list can be."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Iterable

from brokerkit.orders.book import Book


class Learnt(Book):
    """The part of a journal that remembers what lists and answers showed."""

    def explained(self, day: dt.date) -> frozenset[str]:
        """Return the numbers of the day that the journal explains."""
        query = "SELECT number FROM intents WHERE day = ? AND number IS NOT NULL"
        return self._read(lambda file: frozenset(row[0] for row in file.execute(query, (day.isoformat(),))))

    def falls(self, day: dt.date) -> bool:
        """Say whether the broker's numbers were seen not to ascend that day."""
        return self._read(lambda file: self._day(file, day)[1])

    def is_shared(self, day: dt.date) -> bool:
        """Say whether somebody else was seen to trade the account that day."""
        return self._read(lambda file: self._day(file, day)[2])

    def learn(
        self, day: dt.date, numbers: Iterable[int | None], strangers: Iterable[str], *, falls: bool = False
    ) -> None:
        """Remember the highest number of a list, numbers that are not ours, and whether the numbers do not ascend."""

        def write(file: sqlite3.Connection) -> None:
            self._see(file, day, numbers, falls=falls)
            for number in strangers:
                file.execute("INSERT OR IGNORE INTO strangers VALUES (?, ?)", (day.isoformat(), number))
                file.execute("UPDATE days SET shared = 1 WHERE day = ?", (day.isoformat(),))

        self._write(write)

    def end_exclusive(self, day: dt.date) -> None:
        """Remember that matches of this day are probable at best."""

        def write(file: sqlite3.Connection) -> None:
            self._see(file, day, [0])
            file.execute("UPDATE days SET shared = 1 WHERE day = ?", (day.isoformat(),))

        self._write(write)

    def longest_delay(self) -> float:
        """Return the most seconds after which an order was seen in a list for the first time."""
        query = "SELECT value FROM facts WHERE name = 'delay'"
        found = self._read(lambda file: file.execute(query).fetchone())
        return float(found[0]) if found else 0.0

    def learn_delay(self, seconds: float) -> None:
        """Remember a delay if it is longer than all before."""
        query = "INSERT INTO facts VALUES ('delay', ?) ON CONFLICT DO UPDATE SET value = max(value, excluded.value)"

        def write(file: sqlite3.Connection) -> None:
            file.execute(query, (seconds,))

        self._write(write)

    def _day(self, file: sqlite3.Connection, day: dt.date) -> tuple[int, bool, bool]:
        found = file.execute("SELECT highest, falls, shared FROM days WHERE day = ?", (day.isoformat(),)).fetchone()
        return (found[0], bool(found[1]), bool(found[2])) if found else (0, False, False)

    def _see(
        self, file: sqlite3.Connection, day: dt.date, numbers: Iterable[int | None], *, falls: bool = False
    ) -> None:
        known = [number for number in numbers if number is not None]
        if not known:
            return
        query = """INSERT INTO days VALUES (?, ?, ?, 0) ON CONFLICT DO UPDATE SET
         highest = max(highest, excluded.highest), falls = max(falls, excluded.falls)"""
        file.execute(query, (day.isoformat(), max(known), falls))
