"""Journals of format 1, as brokerkit wrote them before there were markets: everything in them is taken over, once.

All of it happens while nobody else can read or write the old file. The new one is written as a whole and put in its
place; then the old one's table gets another name, so that an older program that has it open fails and sends nothing.
Only after that the new one is used. Whoever is stopped on the way leaves the old file as it was, and is done again.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from brokerkit import files
from brokerkit.errors import JournalError
from brokerkit.orders import storage
from brokerkit.orders.counters import MOST
from brokerkit.orders.owner import old_processes
from brokerkit.orders.rows import read, text_of
from brokerkit.symbols import HOME, HOME_CURRENCY

AWAY = "intents_of_format_1"
"""What the table of the old file is called once it was taken over."""
_REQUEST = {
    "symbol": "sym",
    "side": "side",
    "quantity": "qty",
    "type": "type",
    "price": "price",
    "stop_price": "stop",
    "time_in_force": "tif",
    "venue": "venue",
}
_ORDER = {
    "id": "no",
    "symbol": "sym",
    "name": "name",
    "side": "side",
    "type": "type",
    "time_in_force": "tif",
    "venue": "venue",
    "quantity": "qty",
    "price": "price",
    "filled_quantity": "filled",
    "remaining_quantity": "left",
    "average_fill_price": "avg",
    "status": "status",
    "submitted_at": "at",
    "original_id": "orig",
    "handle": "handle",
}
_SIGHTING = {"since": "from", "until": "to", "lists": "lists", "fitting": "fit", "unexplained": "odd"}
_INTENT = {
    "id": "id",
    "kind": "kind",
    "state": "state",
    "day": "day",
    "symbol": "sym",
    "side": "side",
    "quantity": "qty",
    "price": "price",
    "request": "req",
    "order": "order",
    "watermark": "mark",
    "created_at": "made",
    "sent_at": "sent",
    "deadline": "until",
    "decided_at": "decided",
    "sent_bytes": "bytes",
    "code": "code",
    "answer": "answer",
    "order_id": "no",
    "result": "result",
    "confidence": "sure",
    "evidence": "why",
    "sightings": "seen",
    "previous": "prev",
    "owner": "owner",
}
_MAY_LACK = {"qty", "price"}
"""What stands in a row of today although there is nothing to tell."""


def take_over(old: Path, new: Path) -> None:
    """Make the new journal of the old one, unless that was done; sqlite3's busy error while others hold the old one."""
    state = storage.make(old)
    file = storage.connected(old)
    try:
        version = storage.version_of(file)
        if version < storage.VERSION:
            _move(file, old, new)
        elif version > storage.VERSION:
            raise storage.newer(old, version)
        elif not os.path.lexists(new):
            raise JournalError(
                f"The order journal that was made of {old} is missing: {new}.",
                advice="No order is sent. Put it back, or the file `salt` of its folder by which it is found.",
            )
        storage.check_same(old, state)
    finally:
        file.close()


def _move(file: sqlite3.Connection, old: Path, new: Path) -> None:
    storage.check_sound(file, old)
    file.execute("BEGIN EXCLUSIVE")
    version = storage.version_of(file)
    if version >= storage.VERSION:
        return  # somebody else was faster
    if living := old_processes(old.parent):
        raise JournalError(
            f"A program of an older brokerkit still runs, and may order by {old} ({living[0].name} is locked).",
            advice="Nothing was sent. End the programs of the older brokerkit first.",
        )
    is_empty = version == 0 or file.execute("SELECT 1 FROM intents").fetchone() is None
    if not _is_in_use(new):
        _write(file, new, has_tables=version > 0)
    elif not is_empty:
        raise JournalError(
            f"An older brokerkit has ordered by {old}, beside {new}.",
            advice="No order is sent. Look at the broker's own list, then move the older file away.",
        )
    if version > 0:
        file.execute(f"ALTER TABLE intents RENAME TO {AWAY}")
    file.execute(f"PRAGMA user_version = {storage.VERSION}")
    storage.commit(file)


def _is_in_use(new: Path) -> bool:
    """Say whether somebody may have written in the new journal already."""
    if not os.path.lexists(new):
        return False
    storage.make(new)
    with contextlib.closing(storage.connected(new)) as file:
        return storage.version_of(file) != storage.UNUSED


def _write(old: sqlite3.Connection, new: Path, *, has_tables: bool) -> None:
    """Write the new file as a whole, and put it in its place."""
    for left in new.parent.glob(f".{new.name}.*"):
        left.unlink(missing_ok=True)  # of one who was stopped; nobody else is here at this moment
    scratch = new.with_name(f".{new.name}.{secrets.token_hex(8)}")
    try:
        files.make_private(scratch)
        with contextlib.closing(storage.connected(scratch)) as file:
            file.execute("PRAGMA journal_mode = MEMORY")
            file.execute("BEGIN IMMEDIATE")
            storage.make_tables(file)
            if has_tables:
                _fill(old, file)
            file.execute(f"PRAGMA user_version = {storage.UNUSED}")
            file.execute("COMMIT")
        files.put_in_place(scratch, new)
    except OSError as error:
        raise JournalError(
            f"The order journal {new} cannot be written: {files.reason(error)}.",
            advice="No order is sent without it. Free the disk or make the folder writable.",
        ) from None
    finally:
        with contextlib.suppress(OSError):
            scratch.unlink(missing_ok=True)


def _fill(old: sqlite3.Connection, new: sqlite3.Connection) -> None:
    new.executemany(storage.WRITE, _rows(old))
    days = old.execute("SELECT day, highest, falls, shared FROM days").fetchall()
    new.executemany("INSERT INTO days VALUES (?, ?, ?, ?, ?)", [(HOME, *day) for day in days])
    for day, key in old.execute("SELECT day, number FROM strangers").fetchall():
        number, branch = _parted(key)
        new.execute("INSERT INTO strangers VALUES (?, ?, ?, ?)", (HOME, day, branch, number))
    facts = old.execute("SELECT name, value FROM facts").fetchall()
    new.executemany("INSERT INTO facts VALUES (?, ?, ?)", [(HOME, *fact) for fact in facts])


def _rows(old: sqlite3.Connection) -> Iterator[dict[str, object]]:
    old.row_factory = sqlite3.Row
    for row in old.execute("SELECT * FROM intents ORDER BY rowid"):
        content = _content(row["content"])
        number, branch = _parted(row["number"]) if row["number"] is not None else (None, "")
        yield {
            **row,
            "content": content,
            "market": HOME,
            "currency": HOME_CURRENCY,
            "branch": branch,
            "number": number,
            "key": None,
            "claim": None,
            "previous": read(content).previous,
            "value": min(row["value"] * 100, MOST),
        }


def _parted(key: str) -> tuple[str, str]:
    """Return number and branch, which stood in one text."""
    number, _, branch = key.partition("@")
    return number, branch


def _content(text: str) -> str:
    """Return the text of a row as it is written today."""
    try:
        told = json.loads(text)
        row: dict[str, Any] = {"market": HOME, "cur": HOME_CURRENCY, **_renamed(told, _INTENT)}
        for name, names in (("req", _REQUEST), ("order", _ORDER), ("result", _ORDER)):
            if name in row:
                row[name] = _renamed(row[name], names)
        if "seen" in row:
            row["seen"] = [_renamed(each, _SIGHTING) for each in row["seen"]]
        return text_of(row)
    except (AttributeError, TypeError, ValueError, RecursionError):
        pass
    raise JournalError(
        "The order journal is damaged: a row of it cannot be read.", advice="No order is sent. Keep the file."
    )


def _renamed(told: Mapping[str, object], names: Mapping[str, str]) -> dict[str, object]:
    return {new: told.get(old) for old, new in names.items() if told.get(old) is not None or new in _MAY_LACK}
