"""The order journal of a profile, read and never written: what of it is not known, and whether it can be used."""

from __future__ import annotations

import datetime as dt
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

from brokerkit import clock, files
from brokerkit.broker import Broker
from brokerkit.doctor import locks
from brokerkit.doctor.finding import Finding, error, ok, unknown, warning
from brokerkit.errors import NOT_SENT, BrokerError, JournalError
from brokerkit.orders.intents import OPEN, Intent, IntentState
from brokerkit.orders.journal import LONGEST_SENDING
from brokerkit.orders.owner import SUFFIX
from brokerkit.orders.rows import read
from brokerkit.orders.state import JOURNAL, journal_folder
from brokerkit.orders.storage import UNUSED, VERSION, is_busy, newer, version_of

SUBJECT = "journal"
BUSY_SECONDS = 0.3
"""Longest wait for a program that is just writing in it."""
NAMED = 5
_UNTIDY = (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN)
"""What SQLite says of a file that has to be written before it can be read: a rollback file is left over."""


def journal(broker: Broker, profile: str, *, may_ask: bool) -> Iterator[Finding]:
    """Tell what of the journal of a profile's account is not known, and whether it can be used.

    `may_ask`: ask the broker for the account, where only the key tells it.
    """
    try:
        path = _path(broker, may_ask)
    except BrokerError as failure:
        yield error(SUBJECT, failure.words.rstrip("."), _advice(failure))
        return
    if path is None:
        yield unknown(
            SUBJECT,
            "whose it is, only the broker tells: the profile names no account",
            "Write account into the profile, or add --online.",
        )
    elif not os.path.lexists(path):
        yield ok(SUBJECT, "no order of this account was written down here yet", file=str(path), unresolved=[])
    else:
        yield from _looked_at(path, profile)


def asks_for_account(broker: Broker) -> bool:
    """Say whether the broker is asked whose its journal is."""
    return broker.adapter.settings.account is None and broker.adapter.key_tells_account()


def _path(broker: Broker, may_ask: bool) -> Path | None:
    """Return where the journal lies or will lie; None where the broker would have to be asked."""
    folder = journal_folder()
    try:
        names = os.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        names = []
    except OSError as failure:
        raise JournalError(
            f"The folder {folder} cannot be read: {files.reason(failure)}.",
            advice="Set right the state folder, which has a finding of its own.",
        ) from None
    if "salt" not in names:
        if any(name.endswith(JOURNAL) for name in names):
            raise JournalError(
                f"The file {folder / 'salt'}, by which order journals are found, is missing.",
                advice="No order is sent. Put it back as it was: with another one the journals are not found.",
            )
        return folder / f"{broker.name}-{broker.environment}{JOURNAL}"  # no journal was ever made here
    if asks_for_account(broker) and not may_ask:
        return None
    return broker.journal.path


def _advice(failure: BrokerError) -> str:
    advice = (failure.remedy or "").removeprefix(NOT_SENT).strip()
    return advice or "Keep the file, and look at the broker's own list of orders."


def _looked_at(path: Path, profile: str) -> Iterator[Finding]:
    facts = {"file": str(path)}
    try:
        _judge(path)
        found = _open_intents(path)
    except JournalError as failure:
        yield error(SUBJECT, failure.words.rstrip("."), _advice(failure), **facts)
    except OSError as failure:
        words = f"{path} cannot be used: {files.reason(failure)}"
        yield error(SUBJECT, words, getattr(failure, "advice", None) or f"Run: chmod 600 '{path}'", **facts)
    except sqlite3.Error as failure:
        yield _of_sqlite(path, failure, profile)
    else:
        yield _told(path, found, profile)


def _judge(path: Path) -> None:
    """Raise an OSError for a journal that is not to be used as a file; that of its rollback counts as well."""
    files.judge_private(path, os.lstat(path))
    with suppress(FileNotFoundError):
        rollback = path.with_name(f"{path.name}-journal")
        files.judge_private(rollback, os.lstat(rollback))
    if not os.access(path, os.R_OK | os.W_OK):
        raise files.Unfit("it is not to be written", f"Run: chmod 600 '{path}'")


def _open_intents(path: Path) -> list[Intent]:
    uri = f"{path.absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None)) as file:
        version = version_of(file)
        if version > VERSION:
            raise newer(path, version)
        if version not in (VERSION, UNUSED):
            if version == 0:
                return []  # made, and nothing written yet
            raise JournalError(
                f"The order journal {path} has the format {version}, which is not read here.",
                advice="No order is sent. Move the file away, to where an older brokerkit reads it.",
            )
        said = file.execute("PRAGMA quick_check").fetchone()[0]
        if said != "ok":
            raise _damaged(path, str(said))
        states = ", ".join("?" * len(OPEN))
        query = f"SELECT content FROM intents WHERE state IN ({states}) ORDER BY id"  # noqa: S608 - marks alone
        return [read(row[0]) for row in file.execute(query, sorted(OPEN))]


def _damaged(path: Path, said: str) -> JournalError:
    return JournalError(
        f"The order journal {path} is damaged: {said:.100}.",
        advice="No order is sent. Keep the file, look at the broker's own list, then move the file away.",
    )


def _of_sqlite(path: Path, failure: sqlite3.Error, profile: str) -> Finding:
    facts = {"file": str(path)}
    if is_busy(failure):
        return unknown(
            SUBJECT, f"{path} is being written at this moment", "Run `brokerkit doctor` again in a moment.", **facts
        )
    if getattr(failure, "sqlite_errorcode", 0) & 0xFF in _UNTIDY:
        words = f"a program ended while it wrote in {path}"
        advice = f"Run `brokerkit journal list --profile {profile}`: it opens the journal and sets it right."
        return warning(SUBJECT, words, advice, **facts)
    damaged = _damaged(path, str(failure))
    return error(SUBJECT, damaged.words.rstrip("."), _advice(damaged), **facts)


def _told(path: Path, found: list[Intent], profile: str) -> Finding:
    sending = [each for each in found if each.state is IntentState.SENDING and _is_being_sent(each, path.parent)]
    left = [each for each in found if each not in sending]
    facts = {"file": str(path), "sending": len(sending), "unresolved": [_row(each) for each in left]}
    if not left:
        words = "nothing is unresolved"
        if sending:
            words = f"nothing is unresolved; {len(sending)} being sent at this moment"
        return ok(SUBJECT, words, **facts)
    named = [f"{each.what}: {_state(each)}, {_when(_since(each))}" for each in left[:NAMED]]
    if len(left) > NAMED:
        named.append(f"and {len(left) - NAMED} more")
    return error(
        SUBJECT,
        f"{len(left)} may stand without our knowing: {'; '.join(named)}",
        f"Run `brokerkit journal reconcile --wait --profile {profile}`; what it leaves open, settle with "
        "`brokerkit journal resolve` after a look at the broker's own list.",
        **facts,
    )


def _is_being_sent(intent: Intent, folder: Path) -> bool:
    age = (clock.now() - _since(intent)).total_seconds()
    if not 0 <= age < LONGEST_SENDING:
        return False
    return not locks.are_told() or locks.holder_of(folder / f"{os.path.basename(intent.owner)}{SUFFIX}") is not None


def _state(intent: Intent) -> IntentState:
    """Return its state as the next program will write it down: what nobody sends any more is UNKNOWN."""
    return IntentState.UNKNOWN if intent.state is IntentState.SENDING else intent.state


def _since(intent: Intent) -> dt.datetime:
    return intent.sent_at or intent.created_at


def _when(moment: dt.datetime) -> str:
    return f"since {moment:%m-%d} {moment:%H:%M}"


def _row(intent: Intent) -> dict[str, object]:
    return {"id": intent.id, "what": intent.what, "state": _state(intent), "since": _since(intent).isoformat()}
