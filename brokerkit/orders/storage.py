"""The file of an order journal: made for its owner alone, written durably, checked when it is opened."""

from __future__ import annotations

import logging
import os
import sqlite3
from contextlib import suppress
from pathlib import Path

from brokerkit import files
from brokerkit.errors import JournalError
from brokerkit.orders.state import make_folder, network_file_system

logger = logging.getLogger("brokerkit")

VERSION = 1
BUSY_SECONDS = 5.0
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
CREATE INDEX by_day ON intents (day);
CREATE TABLE days (day TEXT PRIMARY KEY, highest INTEGER NOT NULL, falls INTEGER NOT NULL, shared INTEGER NOT NULL);
CREATE TABLE strangers (day TEXT NOT NULL, number TEXT NOT NULL, PRIMARY KEY (day, number));
CREATE TABLE facts (name TEXT PRIMARY KEY, value REAL NOT NULL);
PRAGMA user_version = {VERSION};
"""


def opened_file(path: Path | None) -> sqlite3.Connection:
    """Return the open file with its tables, made if it is missing; a JournalError if it cannot be trusted."""
    if path is None:
        file = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        file.executescript(_TABLES)
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
    file.execute("BEGIN IMMEDIATE")
    version = file.execute("PRAGMA user_version").fetchone()[0]
    if version == 0:
        for statement in _TABLES.split(";"):
            file.execute(statement)
    file.execute("COMMIT")
    if version > VERSION:
        raise JournalError(
            f"The order journal {path} was written by a newer brokerkit (version {version}).",
            advice="No order is sent. Use that version, or update this one.",
        )
