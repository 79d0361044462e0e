"""An intent as a row of the journal keeps it: a text with names of its own, whatever the models are called.

These names never change. Fields may come that are not known here yet; they are passed over. What is needed and missing
is damage.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

from pydantic import BaseModel, ValidationError

from brokerkit.errors import JournalError
from brokerkit.orders.intents import Intent

ROWS = 2
"""Version of the rows. Another one is not understood; a field more is no other version."""


class _Shape(NamedTuple):
    """How a model stands in a row: the name there, and the one of its field here."""

    needed: Mapping[str, str]
    optional: Mapping[str, str]
    """Left out where there is nothing to tell."""
    parts: Mapping[str, _Shape] = {}
    """Shapes of those that are models themselves, or several of one."""


_REQUEST = _Shape(
    needed={
        "sym": "symbol",
        "side": "side",
        "qty": "quantity",
        "type": "type",
        "tif": "time_in_force",
        "venue": "venue",
    },
    optional={"price": "price", "stop": "stop_price"},
)
_ORDER = _Shape(
    needed={"no": "id", "sym": "symbol", "side": "side", "qty": "quantity", "status": "status", "handle": "handle"},
    optional={
        "name": "name",
        "type": "type",
        "tif": "time_in_force",
        "venue": "venue",
        "price": "price",
        "filled": "filled_quantity",
        "left": "remaining_quantity",
        "avg": "average_fill_price",
        "at": "submitted_at",
        "orig": "original_id",
    },
)
_SIGHTING = _Shape(
    needed={"from": "since", "to": "until", "lists": "lists", "fit": "fitting", "odd": "unexplained"}, optional={}
)
_INTENT = _Shape(
    needed={
        "id": "id",
        "kind": "kind",
        "state": "state",
        "market": "market",
        "cur": "currency",
        "day": "day",
        "sym": "symbol",
        "side": "side",
        "qty": "quantity",
        "price": "price",
        "made": "created_at",
    },
    optional={
        "req": "request",
        "order": "order",
        "to": "until",
        "mark": "watermark",
        "sent": "sent_at",
        "until": "deadline",
        "decided": "decided_at",
        "bytes": "sent_bytes",
        "code": "code",
        "answer": "answer",
        "no": "order_id",
        "result": "result",
        "sure": "confidence",
        "why": "evidence",
        "seen": "sightings",
        "prev": "previous",
        "key": "key",
        "owner": "owner",
        "fence": "fence",
        "api": "api",
        "names": "names",
        "terms": "terms",
        "apart": "is_apart",
    },
    parts={"req": _REQUEST, "order": _ORDER, "result": _ORDER, "seen": _SIGHTING},
)
_NOT_NEEDED = {"result": None, "answer": None, "code": None, "sent_bytes": None}
"""What a row can do without, where an adapter gave something that cannot be kept."""


def written(intent: Intent) -> str:
    """Return an intent as it is kept, which can be read again; a JournalError if there is no such text."""
    for spared in ({}, _NOT_NEEDED, {**_NOT_NEEDED, "evidence": ("its words cannot be kept",)}):
        with contextlib.suppress(JournalError, AttributeError, LookupError, TypeError, ValueError, RecursionError):
            content = text_of(_told(intent.model_copy(update=spared) if spared else intent, _INTENT))
            read(content)
            content.encode()  # half a character cannot be written
            return content
    raise JournalError(f"{intent.id} cannot be kept in the journal.", advice="Please report what was ordered.")


def read(content: str) -> Intent:
    """Return the intent that a row keeps; a JournalError if it is damaged."""
    try:
        row = json.loads(content)
        if isinstance(row, dict) and row.get("v") == ROWS:
            return Intent.model_validate(_given(row, _INTENT))
        words = "The order journal is damaged: a row of it is none of this version."
    except KeyError as error:
        words = f"The order journal is damaged: in a row of it {error.args[0]} is missing."
    except ValidationError as error:
        words = f"The order journal is damaged: a row of it cannot be read ({error.error_count()} fields)."
    except (TypeError, ValueError, RecursionError):
        words = "The order journal is damaged: a row of it cannot be read."
    raise JournalError(words, advice="No order is sent. Keep the file.")


def text_of(row: Mapping[str, object]) -> str:
    """Return the text of a row."""
    return _ENCODER.encode({"v": ROWS, **row})


def _text(value: object) -> str:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, dt.date):  # a moment is one too
        return value.isoformat()
    raise TypeError(f"a {type(value).__name__} cannot be kept")


_ENCODER = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":"), default=_text)


def _told(model: BaseModel, shape: _Shape) -> dict[str, object]:
    values, parts = model.__dict__, shape.parts
    row = {name: values[field] for name, field in shape.needed.items()}
    for name, field in shape.optional.items():
        if (value := values[field]) is not None and value != ():
            row[name] = value
    for name in parts.keys() & row.keys():
        value = row[name]
        many = isinstance(value, tuple)
        row[name] = [_told(each, parts[name]) for each in value] if many else _told(value, parts[name])
    return row


def _given(row: Mapping[str, object], shape: _Shape) -> dict[str, object]:
    """Return the fields of a row under their names here; a KeyError names what is needed and missing."""
    values = {field: row[name] for name, field in shape.needed.items()}
    values |= {field: row[name] for name, field in shape.optional.items() if name in row}
    for name, part in shape.parts.items():
        if name in row:
            value = row[name]
            field = shape.optional[name]
            if isinstance(value, list):
                values[field] = [_given(each, part) for each in value]
            elif isinstance(value, dict):
                values[field] = _given(value, part)
    return values
