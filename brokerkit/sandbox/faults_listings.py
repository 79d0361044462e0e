"""Faults of lists of orders: pages that lie about what there is."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Mapping
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

from brokerkit import clock
from brokerkit.sandbox.faults import Rule
from brokerkit.sandbox.faults_answers import Edit, refused
from brokerkit.sandbox.faults_turn import Answer, Turn, fields
from brokerkit.words import Venue

Row = dict[str, Any]
OTHER_VENUES = frozenset({str(Venue.NXT), str(Venue.SOR)})


def rows_of(body: object) -> list[Row]:
    """Return the longest list of objects in a body, which is where a list of orders has its rows."""
    lists = [owner[name] for owner, name in fields(body) if isinstance(owner[name], list)]
    return max((rows for rows in lists if rows and all(isinstance(row, dict) for row in rows)), key=len, default=[])


def _rows(change: Callable[[Turn, Rule, list[Row]], list[Row]]) -> Edit:
    """Return an edit that puts other rows in place of the ones there are."""

    def edit(turn: Turn, rule: Rule, answer: Answer) -> Answer:
        body = answer.json()
        rows = rows_of(body)
        changed = change(turn, rule, [dict(row) for row in rows])
        if changed == rows:
            return answer
        rows[:] = changed
        return answer.with_json(body)

    return edit


def _duplicate(turn: Turn, rule: Rule, rows: list[Row]) -> list[Row]:
    if rows:
        place = turn.draw.random.randrange(len(rows))
        rows.insert(place, rows[place])
    return rows


def _missing(turn: Turn, rule: Rule, rows: list[Row]) -> list[Row]:
    if rows:
        del rows[turn.draw.random.randrange(len(rows))]
    return rows


def _shrunken(turn: Turn, rule: Rule, rows: list[Row]) -> list[Row]:
    name = turn.wording.row_quantity
    fitting = [row for row in rows if str(row.get(name, "")).isdigit()]
    if fitting:
        row = turn.draw.random.choice(fitting)
        text = str(row[name])
        row[name] = str(int(text) // 2).zfill(len(text) if text.startswith("0") else 1)
    return rows


def _one_venue(turn: Turn, rule: Rule, rows: list[Row]) -> list[Row]:
    return [row for row in rows if OTHER_VENUES.isdisjoint(map(str, row.values()))]


def _lag(turn: Turn, rule: Rule, rows: list[Row]) -> list[Row]:
    since = time.monotonic() - (rule.seconds or 0.0)
    with turn.memory.lock:
        young = {number for number, taken in turn.memory.orders.items() if taken > since}
    return [row for row in rows if number_of(row.get(turn.wording.row_number)) not in young]


def number_of(text: object) -> int:
    """Return an order number as a number, 0 where it is none."""
    digits = str(text).strip()
    return int(digits) if digits.isascii() and digits.isdigit() else 0


def _ended(turn: Turn, answer: Answer) -> Answer:
    """Return a page that says that it is the last one."""
    wording = turn.wording
    body = {**(answer.json() or {})}
    body.update({name: value for name, value in wording.end_fields.items() if name in body})
    named = {name: value for name, value in wording.end_headers.items() if answer.header(name)}
    return answer.with_json(body).with_headers(named)


_half = _rows(lambda turn, rule, rows: rows[: len(rows) // 2])
_none = _rows(lambda turn, rule, rows: [])


def _cut_page(turn: Turn, rule: Rule, answer: Answer) -> Answer:
    cut = _half(turn, rule, answer)
    return answer if cut is answer else _ended(turn, cut)


def _day_roll(turn: Turn, rule: Rule, answer: Answer) -> Answer:
    if answer.json() is None:
        return answer
    told = answer.header("Date")
    now = parsedate_to_datetime(told) if told else clock.now()
    tomorrow = (now + dt.timedelta(days=1)).astimezone(dt.UTC)
    return _ended(turn, _none(turn, rule, answer)).with_headers({"Date": format_datetime(tomorrow, usegmt=True)})


def _repeated_page(turn: Turn, rule: Rule, answer: Answer) -> Answer:
    return turn.line.listed or answer


def _repeated_key(turn: Turn, rule: Rule, answer: Answer) -> Answer:
    before, body = turn.line.listed, answer.json()
    if before is None or body is None:
        return answer
    told = before.json() or {}
    body.update({name: told[name] for name in turn.wording.end_fields if name in told})
    return answer.with_json(body).with_headers({name: before.header(name) for name in turn.wording.end_headers})


def _error(turn: Turn, rule: Rule, answer: Answer) -> Answer:
    return refused(answer, turn.wording.trouble)


def _data_changed(turn: Turn, rule: Rule, answer: Answer) -> Answer:
    return refused(answer, turn.wording.changed or turn.wording.trouble)


EDITS: Mapping[str, Edit] = {
    "cut_page": _cut_page,
    "repeated_page": _repeated_page,
    "repeated_key": _repeated_key,
    "error_on_page": _error,
    "data_changed": _data_changed,
    "duplicate_row": _rows(_duplicate),
    "missing_row": _rows(_missing),
    "shrunken_quantity": _rows(_shrunken),
    "day_roll": _day_roll,
    "other_venue_omission": _rows(_one_venue),
    "lag": _rows(_lag),
}
