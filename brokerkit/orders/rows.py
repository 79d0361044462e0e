"""An intent as a row of the journal keeps it: a text that can be read again, whatever an adapter gave."""

from __future__ import annotations

import contextlib

from pydantic import ValidationError
from pydantic_core import PydanticSerializationError

from brokerkit.errors import JournalError
from brokerkit.orders.intents import Intent

_NOT_NEEDED = {"result": None, "answer": None, "code": None, "sent_bytes": None}
"""What a row can do without, where an adapter gave something that cannot be kept."""


def written(intent: Intent) -> str:
    """Return an intent as it is kept, which can be read again; a JournalError if there is no such text."""
    for spared in ({}, _NOT_NEEDED, {**_NOT_NEEDED, "evidence": ("its words cannot be kept",)}):
        with contextlib.suppress(ValidationError, PydanticSerializationError, ValueError):
            content = intent.model_copy(update=spared).model_dump_json(warnings=False)
            Intent.model_validate_json(content)
            return content
    raise JournalError(f"{intent.id} cannot be kept in the journal.", advice="Please report what was ordered.")


def read(content: str) -> Intent:
    """Return the intent that a row keeps; a JournalError if it is damaged."""
    try:
        return Intent.model_validate_json(content)
    except ValidationError as error:
        words = f"a row of it cannot be read ({error.error_count()} fields)"
    raise JournalError(f"The order journal is damaged: {words}.", advice="No order is sent. Keep the file.")
