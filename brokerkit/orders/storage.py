"""The file of an order journal: made for its owner alone, written durably, checked when it is opened."""

from __future__ import annotations

import logging
import os
import sqlite3
import time
from contextlib import suppress
from pathlib import Path

from brokerkit import files
from brokerkit.errors import JournalError
from brokerkit.orders.state import make_folder, network_file_system

logger = logging.getLogger("brokerkit")

VERSION = 1
BUSY_SECONDS = 0.05
"""Time for which SQLite waits by itself for others who hold the file; who asks goes on waiting."""
COMMIT_SECONDS = 5.0
"""Longest wait for others who are reading as something is to be written."""
_TABLES = f"""
CREATE TABLE intents (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, state TEXT NOT NULL, day TEXT NOT NULL, symbol TEXT NOT NULL,
    side TEXT NOT NULL, mutex TEXT, number TEXT, value INTEGER NOT NULL, sent_at REAL, monotonic REAL,
    owner TEXT NOT NULL, content TEXT NOT NULL
);
CREATE UNIQUE INDEX one_open ON intents (mutex)
    WHERE mutex IS NOT NULL AND state IN ('SENDING', 'UNKNOWN', 'AMBIGUOUS');
CREATE UNIQUE INDEX one_number ON intents (day, number) WHERE number IS NOT NULL;
CREATE INDEX by_state ON intents (state);
CREATE TABLE days (day TEXT PRIMARY KEY, highest INTEGER NOT NULL, falls INTEGER NOT NULL, shared INTEGER NOT NULL);
CREATE TABLE strangers (day TEXT NOT NULL, number TEXT NOT NULL, PRIMARY KEY (day, number));
CREATE TABLE facts (name TEXT PRIMARY KEY, value REAL NOT NULL);
PRAGMA user_version = {VERSION};
"""
_INDEXES = {
    "counted": "CREATE INDEX IF NOT EXISTS counted ON intents (day, kind, state, value)",
    "sent_again": """CREATE INDEX IF NOT EXISTS sent_again ON intents (json_extract(content, '$.previous'))
 WHERE json_extract(content, '$.previous') IS NOT NULL""",
}
"""Made where they are missing: files that were written before lack them."""


def opened_file(path: Path | None) -> sqlite3.Connection:
    """Return the open file with its tables, made if it is missing; a JournalError if it cannot be trusted."""
    if path is None:
        file = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        file.executescript(";".join((_TABLES, *_INDEXES.values())))
        return file
    make_folder(path.parent)
    if network := network_file_system(path.parent):
        logger.warning("The order journal lies on a network file system (%s): use a local disk.", network)
    made = _make(path)
    file = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        _prepare(file, path)
        _check_same(path, made)
    except BaseException:
        file.close()
        raise
    return file


def _make(path: Path) -> os.stat_result:
    """Make the file if it is missing and return its state; a JournalError if it is not private, or not to be written.

    Its rollback file is judged too: what stands there would be written into the journal.
    """
    try:
        files.make_private(path)
        with suppress(FileNotFoundError):
            rollback = path.with_name(f"{path.name}-journal")
            files.judge_private(rollback, os.lstat(rollback))
        if os.access(path, os.R_OK | os.W_OK):
            return os.lstat(path)
        reason, advice = "it is not to be written", None
    except OSError as error:
        reason, advice = files.reason(error), getattr(error, "advice", None)
    raise JournalError(
        f"The order journal {path} cannot be opened: {reason}.",
        advice=f"No order is sent without it. {advice or 'Make it writable, or set BROKERKIT_STATE_DIR.'}",
    )


def _check_same(path: Path, made: os.stat_result) -> None:
    """Raise a JournalError if another file was put in the place of the one that was judged."""
    if not os.path.samestat(os.lstat(path), made):
        raise JournalError(f"The order journal {path} was exchanged while it was opened.", advice="No order is sent.")


def _prepare(file: sqlite3.Connection, path: Path) -> None:
    mode = file.execute("PRAGMA journal_mode = TRUNCATE").fetchone()[0]
    file.execute("PRAGMA synchronous = EXTRA")
    if (mode, file.execute("PRAGMA synchronous").fetchone()[0]) != ("truncate", 3):
        raise JournalError(f"The order journal {path} cannot be written durably here ({mode}).")
    said = file.execute("PRAGMA quick_check").fetchone()[0]
    if said != "ok":
        raise JournalError(
            f"The order journal {path} is damaged: {said:.100}.",
            advice="No order is sent. Keep the file, look at the broker's own list, then move the file away.",
        )
    version = file.execute("PRAGMA user_version").fetchone()[0]
    if version > VERSION:
        raise JournalError(
            f"The order journal {path} was written by a newer brokerkit (version {version}).",
            advice="No order is sent. Use that version, or update this one.",
        )
    indexes = {row[0] for row in file.execute("SELECT name FROM sqlite_master WHERE type = 'index'")}
    if version < VERSION or not indexes >= set(_INDEXES):
        _make_tables(file)


def _make_tables(file: sqlite3.Connection) -> None:
    """Make what is missing, unless another process was faster."""
    file.execute("BEGIN IMMEDIATE")
    if file.execute("PRAGMA user_version").fetchone()[0] == 0:
        for statement in _TABLES.split(";"):
            file.execute(statement)
    for statement in _INDEXES.values():
        file.execute(statement)
    file.execute("DROP INDEX IF EXISTS by_day")  # `counted` begins with the day too
    commit(file)


def commit(file: sqlite3.Connection) -> None:
    """Commit, after others have read what they were reading."""
    until = time.monotonic() + COMMIT_SECONDS
    while True:
        try:
            file.execute("COMMIT")
            return
        except sqlite3.Error as error:
            if not is_busy(error) or time.monotonic() >= until:
                raise


def is_busy(error: sqlite3.Error) -> bool:
    """Say whether somebody else just holds the file."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
