"""Faults of lists of orders: pages that lie about what there is."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from email.utils import format_datetime, parsedate_to_datetime
from functools import wraps
from typing import Any

from brokerkit import clock
from brokerkit.sandbox.face import Purpose
from brokerkit.sandbox.faults.answers import refused
from brokerkit.sandbox.faults.kinds import Edit, Measure, Place, Table
from brokerkit.sandbox.faults.turn import HttpAnswer, Turn, fields
from brokerkit.words import Venue

FAULTS: Table[Edit] = Table(Place.LISTING, on=Purpose.LISTING)
Row = dict[str, Any]
OTHER_VENUES = frozenset({str(Venue.NXT), str(Venue.SOR)})


def number_of(text: object) -> int:
    """Return an order number as a number, 0 where it is none."""
    digits = str(text).strip()
    return int(digits) if digits.isascii() and digits.isdigit() else 0


def _rows_of(body: object) -> list[Row]:
    """Return the longest list of objects in a body, which is where a list of orders has its rows."""
    lists = [owner[name] for owner, name in fields(body) if isinstance(owner[name], list)]
    return max((rows for rows in lists if rows and all(isinstance(row, dict) for row in rows)), key=len, default=[])


def _of_rows(change: Callable[[Turn, Measure, list[Row]], list[Row]]) -> Edit:
    """Return an edit that puts other rows in place of the ones there are."""

    @wraps(change)
    def edit(turn: Turn, measure: Measure, answer: HttpAnswer) -> HttpAnswer:
        body = answer.json()
        rows = _rows_of(body)
        changed = change(turn, measure, [dict(row) for row in rows])
        if changed == rows:
            return answer
        rows[:] = changed
        return answer.with_json(body)

    return edit


@FAULTS.fault()
def cut_page(turn: Turn, measure: Measure, answer: HttpAnswer) -> HttpAnswer:
    """Half of the rows are missing, and it says that it is the last page."""
    cut = _half(turn, measure, answer)
    return answer if cut is answer else _ended(turn, cut)


@FAULTS.fault(page=2)
def repeated_page(turn: Turn, measure: Measure, answer: HttpAnswer) -> HttpAnswer:
    """The page before comes again."""
    return turn.line.listed or answer


@FAULTS.fault(page=2)
def repeated_key(turn: Turn, measure: Measure, answer: HttpAnswer) -> HttpAnswer:
    """The page names the key of the page before as the next one."""
    before, body = turn.line.listed, answer.json()
    if before is None or body is None:
        return answer
    told = before.json() or {}
    body.update({name: told[name] for name in turn.wording.end_fields if name in told})
    return answer.with_json(body).with_headers({name: before.header(name) for name in turn.wording.end_headers})


@FAULTS.fault(page=2)
def error_on_page(turn: Turn, measure: Measure, answer: HttpAnswer) -> HttpAnswer:
    """HTTP 500 instead of page `page`."""
    return refused(answer, turn.wording.trouble)


@FAULTS.fault(page=2)
def data_changed(turn: Turn, measure: Measure, answer: HttpAnswer) -> HttpAnswer:
    """The broker refuses page `page` because the data changed."""
    return refused(answer, turn.wording.changed or turn.wording.trouble)


@FAULTS.fault()
@_of_rows
def duplicate_row(turn: Turn, measure: Measure, rows: list[Row]) -> list[Row]:
    """One row stands in it twice."""
    if rows:
        place = turn.random.randrange(len(rows))
        rows.insert(place, rows[place])
    return rows


@FAULTS.fault()
@_of_rows
def missing_row(turn: Turn, measure: Measure, rows: list[Row]) -> list[Row]:
    """One row is missing."""
    if rows:
        del rows[turn.random.randrange(len(rows))]
    return rows


@FAULTS.fault()
@_of_rows
def shrunken_quantity(turn: Turn, measure: Measure, rows: list[Row]) -> list[Row]:
    """One row shows half of its quantity."""
    name = turn.wording.row_quantity
    fitting = [row for row in rows if str(row.get(name, "")).isdigit()]
    if fitting:
        row = turn.random.choice(fitting)
        text = str(row[name])
        row[name] = str(int(text) // 2).zfill(len(text) if text.startswith("0") else 1)
    return rows


@FAULTS.fault()
def day_roll(turn: Turn, measure: Measure, answer: HttpAnswer) -> HttpAnswer:
    """The next day has begun: the list is empty and the Date header a day ahead."""
    if answer.json() is None:
        return answer
    told = answer.header("Date")
    now = parsedate_to_datetime(told) if told else clock.now()
    tomorrow = (now + dt.timedelta(days=1)).astimezone(dt.UTC)
    return _ended(turn, _none(turn, measure, answer)).with_headers({"Date": format_datetime(tomorrow, usegmt=True)})


@FAULTS.fault()
@_of_rows
def other_venue_omission(turn: Turn, measure: Measure, rows: list[Row]) -> list[Row]:
    """Rows of other venues than KRX are missing."""
    return [row for row in rows if OTHER_VENUES.isdisjoint(map(str, row.values()))]


@FAULTS.fault(seconds=2.0)
@_of_rows
def lag(turn: Turn, measure: Measure, rows: list[Row]) -> list[Row]:
    """Orders show only `seconds` after they were taken."""
    since = time.monotonic() - measure.seconds
    with turn.memory.lock:
        young = {number for number, taken in turn.memory.orders.items() if taken > since}
    return [row for row in rows if number_of(row.get(turn.wording.row_number)) not in young]


@_of_rows
def _half(turn: Turn, measure: Measure, rows: list[Row]) -> list[Row]:
    return rows[: len(rows) // 2]


@_of_rows
def _none(turn: Turn, measure: Measure, rows: list[Row]) -> list[Row]:
    return []


def _ended(turn: Turn, answer: HttpAnswer) -> HttpAnswer:
    """Return a page that says that it is the last one."""
    wording = turn.wording
    body = {**(answer.json() or {})}
    body.update({name: value for name, value in wording.end_fields.items() if name in body})
    named = {name: value for name, value in wording.end_headers.items() if answer.header(name)}
    return answer.with_json(body).with_headers(named)
