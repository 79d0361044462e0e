"""Frames of the socket: a mark, an id, a count and the values of so many records; of notices they are encrypted."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from brokerkit_kis.sandbox.stream_columns import service_of
from brokerkit_kis.sandbox.stream_notices import Secret, decrypted, encrypted

FRAME = re.compile(r"([01])\|([A-Z0-9]+)\|([0-9]{3})\|(.*)", re.DOTALL)
MOST_RECORDS = 999
PLAIN, ENCRYPTED = "0", "1"


@dataclass(frozen=True)
class Frame:
    """A frame of data, with its records in plain."""

    id: str
    records: Sequence[str]
    is_encrypted: bool = False

    def written(self, secret: Secret, *, count: int | None = None) -> str:
        """Return it as it is sent; `count` is one that it has not."""
        values = "^".join(self.records)
        mark, told = (ENCRYPTED, encrypted(values, secret)) if self.is_encrypted else (PLAIN, values)
        return f"{mark}|{self.id}|{len(self.records) if count is None else count:03d}|{told}"

    def with_columns(self, values: Sequence[str]) -> Frame:
        """Return it with values more at the end of each record."""
        return replace(self, records=["^".join((record, *values)) for record in self.records])


def read(text: str, secret: Secret) -> Frame | None:
    """Return a frame that was written here, None of a text that is no frame of data."""
    found = FRAME.fullmatch(text)
    if found is None or service_of(found[2]) is None:
        return None
    is_encrypted = found[1] == ENCRYPTED
    values = (decrypted(found[4], secret) if is_encrypted else found[4]).split("^")
    size = len(values) // int(found[3])
    records = ["^".join(values[at : at + size]) for at in range(0, len(values), size)]
    return Frame(found[2], records, is_encrypted)
