"""What finds an order again: an opaque text for users, parts of it for adapters.

`name:day:branch:number`, with `:named` behind it where that is another number; where a broker has no branches
`name:day:number:named`. Such texts stand in users' files: they are read for ever.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, replace
from urllib.parse import quote, unquote

from brokerkit.errors import InvalidRequest

_NUMBER = re.compile(r"[!-~]{1,128}")
_ASCENDING = re.compile(r"0*[1-9][0-9]{0,17}")


def is_number(text: object, *, ascends: bool = False) -> bool:
    """Say whether a text can be the number of an order: brokers have digits that ascend, or opaque ids."""
    return isinstance(text, str) and (_ASCENDING if ascends else _NUMBER).fullmatch(text) is not None


def can_stand_in_a_handle(text: object) -> bool:
    """Say whether a text, such as a branch, can be written into a handle: half a character cannot."""
    return isinstance(text, str) and text == text.encode(errors="replace").decode()


@dataclass(frozen=True)
class Handle:
    """Where an order stands in a broker's lists, and what its next change has to name."""

    broker: str
    day: dt.date
    """Trading day of its market."""
    branch: str | None
    """Where it was numbered, if the broker's numbers are unique within that only; None at brokers without branches."""
    number: str
    """The number of its row in the lists."""
    named: str
    """The newest number of it: that of its last cancellation, else `number`."""

    def after(self, number: str) -> Handle:
        """Return the handle once a cancellation of the order has a number of its own."""
        return replace(self, named=number)

    @property
    def numbers(self) -> tuple[str, ...]:
        """All numbers under which the broker may know the order."""
        return (self.number, self.named)

    def __str__(self) -> str:
        if self.branch is None:
            parts = [self.number, self.named]
        else:
            parts = [self.branch, self.number, *([self.named] if self.named != self.number else [])]
        return ":".join([self.broker, f"{self.day:%Y%m%d}", *(quote(part, safe="-_.~") for part in parts)])


def handle_of(text: str, broker: str, *, has_branches: bool, ascends: bool) -> Handle:
    """Read a handle of an order at a broker; InvalidRequest for any other text."""
    name, _, rest = text.partition(":")
    day, *parts = map(unquote, rest.split(":"))
    branch = parts.pop(0) if has_branches and parts else None
    is_whole = name == broker and len(parts) in ((1, 2) if has_branches else (2,))
    found = _day_of(day) if is_whole else None
    if found is None or not all(is_number(part, ascends=ascends) for part in parts):
        raise InvalidRequest(f"{text!r:.60} is no handle of an order at {broker}.")
    return Handle(broker, found, branch, parts[0], parts[-1])


def _day_of(text: str) -> dt.date | None:
    if not re.fullmatch("[0-9]{8}", text, re.ASCII):
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None
