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
from brokerkit.sandbox.faults.kinds import Edit, FaultPlace, Measure, Table
from brokerkit.sandbox.faults.relayed import HttpAnswer, Relayed, fields, spelled

FAULTS: Table[Edit] = Table(FaultPlace.LISTING, on=Purpose.LISTING)
Row = dict[str, Any]


def _rows_of(body: object) -> list[Row]:
    """Return the longest list of objects in a body, which is where a list of orders has its rows."""
    lists = [owner[name] for owner, name in fields(body) if isinstance(owner[name], list)]
    return max((rows for rows in lists if rows and all(isinstance(row, dict) for row in rows)), key=len, default=[])


def _of_rows(change: Callable[[Relayed, Measure, list[Row]], list[Row]]) -> Edit:
    """Return an edit that puts other rows in place of the ones there are."""

    @wraps(change)
    def edit(relayed: Relayed, measure: Measure, answer: HttpAnswer) -> HttpAnswer:
        body = answer.json()
        rows = _rows_of(body)
        changed = change(relayed, measure, [dict(row) for row in rows])
        if changed == rows:
            return answer
        rows[:] = changed
        return answer.with_json(body)

    return edit


@FAULTS.fault()
def cut_page(relayed: Relayed, measure: Measure, answer: HttpAnswer) -> HttpAnswer:
    """Half of the rows are missing, and it says that it is the last page."""
    cut = _half(relayed, measure, answer)
    return answer if cut is answer else _ended(relayed, cut)


@FAULTS.fault(page=2)
def repeated_page(relayed: Relayed, measure: Measure, answer: HttpAnswer) -> HttpAnswer:
    """The page before comes again."""
    return relayed.line.listed or answer


@FAULTS.fault(page=2)
def repeated_key(relayed: Relayed, measure: Measure, answer: HttpAnswer) -> HttpAnswer:
    """The page names the key of the page before as the next one."""
    before, body = relayed.line.listed, answer.json()
    if before is None or body is None:
        return answer
    told = before.json() or {}
    body.update({name: told[name] for name in relayed.wording.end_fields if name in told})
    return answer.with_json(body).with_headers({name: before.header(name) for name in relayed.wording.end_headers})


@FAULTS.fault(page=2)
def error_on_page(relayed: Relayed, measure: Measure, answer: HttpAnswer) -> HttpAnswer:
    """HTTP 500 instead of page `page`."""
    return refused(answer, relayed.wording.trouble)


@FAULTS.fault(page=2)
def data_changed(relayed: Relayed, measure: Measure, answer: HttpAnswer) -> HttpAnswer:
    """The broker refuses page `page` because the data changed."""
    return refused(answer, relayed.wording.changed or relayed.wording.trouble)


@FAULTS.fault()
@_of_rows
def duplicate_row(relayed: Relayed, measure: Measure, rows: list[Row]) -> list[Row]:
    """One row stands in it twice."""
    if rows:
        place = relayed.random.randrange(len(rows))
        rows.insert(place, rows[place])
    return rows


@FAULTS.fault()
@_of_rows
def missing_row(relayed: Relayed, measure: Measure, rows: list[Row]) -> list[Row]:
    """One row is missing."""
    if rows:
        del rows[relayed.random.randrange(len(rows))]
    return rows


@FAULTS.fault()
@_of_rows
def shrunken_quantity(relayed: Relayed, measure: Measure, rows: list[Row]) -> list[Row]:
    """One row shows half of its quantity."""
    names = relayed.wording.row_quantity
    fitting = [(row, name) for row in rows for name in names if str(row.get(name, "")).isdigit()]
    if fitting:
        row, name = relayed.random.choice(fitting)
        text = str(row[name])
        row[name] = str(int(text) // 2).zfill(len(text) if text.startswith("0") else 1)
    return rows


@FAULTS.fault()
def day_roll(relayed: Relayed, measure: Measure, answer: HttpAnswer) -> HttpAnswer:
    """The next day has begun: the list is empty and the Date header a day ahead."""
    if answer.json() is None:
        return answer
    told = answer.header("Date")
    now = parsedate_to_datetime(told) if told else clock.now()
    tomorrow = (now + dt.timedelta(days=1)).astimezone(dt.UTC)
    return _ended(relayed, _none(relayed, measure, answer)).with_headers(
        {"Date": format_datetime(tomorrow, usegmt=True)}
    )


@FAULTS.fault()
@_of_rows
def other_venue_omission(relayed: Relayed, measure: Measure, rows: list[Row]) -> list[Row]:
    """Rows of other venues than KRX are missing, and those of other US exchanges than NASDAQ."""
    return [row for row in rows if relayed.wording.other_places.isdisjoint(map(str, row.values()))]


@FAULTS.fault(seconds=2.0)
@_of_rows
def lag(relayed: Relayed, measure: Measure, rows: list[Row]) -> list[Row]:
    """Orders show only `seconds` after they were taken."""
    since = time.monotonic() - measure.seconds
    with relayed.memory.lock:
        young = {number for number, taken in relayed.memory.orders.items() if taken > since}
    return [row for row in rows if spelled(row.get(relayed.wording.row_number)) not in young]


@_of_rows
def _half(relayed: Relayed, measure: Measure, rows: list[Row]) -> list[Row]:
    return rows[: len(rows) // 2]


@_of_rows
def _none(relayed: Relayed, measure: Measure, rows: list[Row]) -> list[Row]:
    return []


def _ended(relayed: Relayed, answer: HttpAnswer) -> HttpAnswer:
    """Return a page that says that it is the last one."""
    wording = relayed.wording
    body = {**(answer.json() or {})}
    body.update({name: value for name, value in wording.end_fields.items() if name in body})
    named = {name: value for name, value in wording.end_headers.items() if answer.header(name)}
    return answer.with_json(body).with_headers(named)
