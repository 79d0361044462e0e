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
from brokerkit.logs import about
from brokerkit.orders.state import make_folder

logger = logging.getLogger("brokerkit")

VERSION = 2
UNUSED = -VERSION
"""Version of a file that was made of an older one, and in which nobody has written since."""
BUSY_SECONDS = 0.05
"""Time for which SQLite waits by itself for others who hold the file; who asks goes on waiting."""
COMMIT_SECONDS = 5.0
"""Longest wait for others who are reading as something is to be written."""
_TABLES = """
CREATE TABLE intents (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, state TEXT NOT NULL, market TEXT NOT NULL, currency TEXT NOT NULL,
    day TEXT NOT NULL, symbol TEXT NOT NULL, side TEXT NOT NULL, mutex TEXT, branch TEXT NOT NULL, number TEXT,
    key TEXT, claim TEXT, previous TEXT, value INTEGER NOT NULL, sent_at REAL, monotonic REAL, owner TEXT NOT NULL,
    content TEXT NOT NULL
);
CREATE UNIQUE INDEX one_open ON intents (market, mutex)
    WHERE mutex IS NOT NULL AND state IN ('SENDING', 'UNKNOWN', 'AMBIGUOUS');
CREATE UNIQUE INDEX one_number ON intents (market, day, number, branch) WHERE number IS NOT NULL;
CREATE UNIQUE INDEX one_claim ON intents (claim) WHERE claim IS NOT NULL AND state NOT IN ('REJECTED', 'NOT_SENT');
CREATE INDEX by_key ON intents (key) WHERE key IS NOT NULL;
CREATE INDEX by_state ON intents (state);
CREATE INDEX counted ON intents (day, currency, kind, state, value);
CREATE INDEX sent_again ON intents (previous) WHERE previous IS NOT NULL;
CREATE TABLE days (
    market TEXT, day TEXT, highest INTEGER NOT NULL, falls INTEGER NOT NULL, shared INTEGER NOT NULL,
    PRIMARY KEY (market, day)
);
CREATE TABLE strangers (market TEXT, day TEXT, branch TEXT, number TEXT, PRIMARY KEY (market, day, branch, number));
CREATE TABLE facts (market TEXT, name TEXT, value REAL NOT NULL, PRIMARY KEY (market, name));
"""
WRITE = """INSERT INTO intents VALUES (:id, :kind, :state, :market, :currency, :day, :symbol, :side, :mutex, :branch,
 :number, :key, :claim, :previous, :value, :sent_at, :monotonic, :owner, :content)"""
"""`value` is in hundredths of the currency. `claim` is the caller's key until the order is sent again for somebody."""


def opened_file(path: Path | None) -> sqlite3.Connection:
    """Return the open file with its tables, made if it is missing; a JournalError if it cannot be trusted."""
    if path is None:
        file = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        make_tables(file)
        return file
    make_folder(path.parent)
    if network := files.network_file_system(path.parent):
        logger.warning(
            "The order journal lies on a network file system (%s): use a local disk.",
            network,
            extra=about("journal_on_network", filesystem=network),
        )
    made = make(path)
    file = connected(path)
    try:
        _prepare(file, path)
        check_same(path, made)
    except BaseException:
        file.close()
        raise
    return file


def connected(path: Path) -> sqlite3.Connection:
    """Return a connection to a file, which may be that of a journal or not."""
    return sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)


def make(path: Path) -> os.stat_result:
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


def check_same(path: Path, made: os.stat_result) -> None:
    """Raise a JournalError if another file was put in the place of the one that was judged."""
    if not os.path.samestat(os.lstat(path), made):
        raise JournalError(f"The order journal {path} was exchanged while it was opened.", advice="No order is sent.")


def _prepare(file: sqlite3.Connection, path: Path) -> None:
    version = check_sound(file, path)
    if version > VERSION:
        raise newer(path, version)
    if version != VERSION:
        _make_ready(file, path)


def check_sound(file: sqlite3.Connection, path: Path) -> int:
    """Return the version of a file that is whole and will be written durably; else a JournalError."""
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
    return version_of(file)


def version_of(file: sqlite3.Connection) -> int:
    """Return the format of a file; 0: nothing was written yet."""
    version: int = file.execute("PRAGMA user_version").fetchone()[0]
    return version


def newer(path: Path, version: int) -> JournalError:
    """Return the error for a file that this brokerkit does not understand yet."""
    return JournalError(
        f"The order journal {path} was written by a newer brokerkit (version {version}).",
        advice="No order is sent. Use that version, or update this one.",
    )


def _make_ready(file: sqlite3.Connection, path: Path) -> None:
    """Make the tables, or begin to use those that were made of an older file, unless somebody was faster."""
    file.execute("BEGIN IMMEDIATE")
    version = version_of(file)
    if version == 0:
        make_tables(file)
    elif version not in (VERSION, UNUSED):
        raise JournalError(
            f"The order journal {path} has the format {version}, which is not read here.",
            advice="No order is sent. Move the file away, to where an older brokerkit reads it.",
        )
    file.execute(f"PRAGMA user_version = {VERSION}")
    commit(file)


def make_tables(file: sqlite3.Connection) -> None:
    """Make the tables, in the transaction that has begun if one has."""
    for statement in _TABLES.split(";"):
        file.execute(statement)


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
