"""Calls that no exchange here plays: made up from the catalogue, with the checks that all calls have."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from brokerkit.sandbox.plain import Plain

from .apis import calls
from .fields import Field

_LONG = 1000
"""Longer than any field whose length is not told."""


@cache
def plain_fields(api_id: str) -> tuple[Field, ...]:
    """Return what a call takes."""
    return tuple(
        Field(
            each.name,
            each.length or _LONG,
            " ".join(each.codes) if each.complete and not any(" " in code for code in each.codes) else "",
            required=each.required,
        )
        for each in calls()[api_id].request
    )


def plain_answer(api_id: str, fields: Mapping[str, str], page: int, plain: Plain) -> tuple[dict[str, object], bool]:
    """Return the body of a page, and whether another one follows. Of an account it tells that there is nothing."""
    api = calls()[api_id]
    body, more = plain.answer(api, fields, "shares" if api.path.endswith("/acnt") else "", page)
    for name in ("return_code", "return_msg"):
        body.pop(name, None)
    return body, more
