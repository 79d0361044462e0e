"""Rows of the socket: texts in columns without names, to which KIS appends new ones without notice.

They come by the hundred thousand, so numbers and times that repeat are read once. The grammar of numbers is that of
all answers: what it does not allow is a ValueError, which never says what stood there.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from operator import itemgetter
from typing import Any, Generic, TypeVar

from brokerkit import clock
from brokerkit.transport import GRAMMAR
from brokerkit_kis.wire.types import plain

T = TypeVar("T")
Row = Sequence[str]
MOST = 2**16
"""Texts that are remembered at a time: all prices and quantities of a busy day are fewer."""
RISEN, FALLEN = frozenset("12"), frozenset("45")
"""전일 대비 부호: 1 상한, 2 상승, 3 보합, 4 하한, 5 하락."""
_NUMBER = re.compile(GRAMMAR)
_DAY = re.compile("[0-9]{8}")
_CLOCK = re.compile("[0-9]{6}")


class Layout:
    """The columns of a kind of rows that we read: our name, place and the name at KIS."""

    def __init__(self, known: int, fewest: int, most: int = 0, **columns: tuple[int, str]) -> None:
        """`known` is how many columns have ever been told, `fewest` and `most` how many a row has.

        Of a row twice as wide as the narrowest one the count is wrong: KIS has appended four columns at most.
        """
        self.known = known
        self.columns = columns
        self.widths = {width: max(0, width - known) for width in range(fewest, most + 1 if most else 2 * fewest)}
        """How wide a row may be, and how many of its columns are none that we know."""

    def places(self, *names: str) -> tuple[int, ...]:
        """Return where these columns stand."""
        return tuple(self.columns[name][0] for name in names)

    def of(self, *names: str) -> Callable[[Row], Any]:
        """Return a function that takes these columns out of a row."""
        return itemgetter(*self.places(*names))

    def rows(self, count: int, values: list[str]) -> list[Row]:
        """Return the rows of a frame; a ValueError if there cannot be so many."""
        width, odd = divmod(len(values), count)
        if odd or width not in self.widths:
            raise ValueError(f"{len(values)} values are not {count} rows")
        return [values[start : start + width] for start in range(0, len(values), width)]


def number(text: str) -> Decimal:
    """Return a number that must be there."""
    if (text.isascii() and text.isdigit() and len(text) <= 18) or _NUMBER.fullmatch(text):
        return Decimal(text)
    raise ValueError("a number is not written as one")


def total(text: str) -> Decimal:
    """Return a number that must be there and is not negative, such as one that grows all day."""
    if text.isdigit() and text.isascii() and len(text) <= 18:
        return Decimal(text)
    value = number(text)
    if value < 0:
        raise ValueError("a quantity is negative")
    return value


def _positive(text: str) -> Decimal:
    value = number(text)
    if value <= 0:
        raise ValueError("a price or quantity is not above 0")
    return value


def _positive_or_none(text: str) -> Decimal | None:
    return (total(text) or None) if text.strip() else None


def _signed(text: str) -> Decimal | None:
    return number(text) if text.strip() else None


class Reading(Generic[T]):
    """Reads texts, each once: `known` has what they were read as."""

    def __init__(self, read: Callable[[str], T], most: int = MOST) -> None:
        self._read = read
        self._most = most
        self.known: dict[str, T] = {}
        """Never another dict, so that it can be looked into without a call."""

    def __call__(self, text: str) -> T:
        known = self.known
        if text in known:
            return known[text]
        value = self._read(text)
        if len(known) >= self._most:
            known.clear()
        known[text] = value
        return value


def _clocks(day: str) -> Reading[dt.datetime]:
    """Return what reads times of a day."""
    if not _DAY.fullmatch(day):
        raise ValueError("a day is not written as one")
    begin = dt.datetime.strptime(day, "%Y%m%d").replace(tzinfo=clock.KST)

    def moment(time: str) -> dt.datetime:
        if not _CLOCK.fullmatch(time):
            raise ValueError("a time is not written as one")
        return begin.replace(hour=int(time[:2]), minute=int(time[2:4]), second=int(time[4:]))

    return Reading(moment)


positive = Reading(_positive)
"""A price or quantity that must be there, above 0."""
positive_or_none = Reading(_positive_or_none)
"""The same, None for a blank and for 0: nothing was traded, or nobody waits."""
signed = Reading(_signed)
"""A number, None for a blank."""
clocks = Reading(_clocks, most=8)
"""What reads times of a day, Korean."""


def levels(prices: Row, quantities: Row) -> tuple[tuple[Decimal, Decimal], ...]:
    """Return the levels of a side that have a price and shares."""
    pairs, known = zip(prices, quantities, strict=True), positive_or_none.known
    try:  # nearly all of it was said before, and is looked up without a call
        found = [(known[price], known[quantity]) for price, quantity in pairs]
    except KeyError:
        pairs = zip(prices, quantities, strict=True)
        found = [(positive_or_none(price), positive_or_none(quantity)) for price, quantity in pairs]
    return tuple([(price, quantity) for price, quantity in found if price is not None and quantity is not None])


def change(text: str, sign: str) -> Decimal | None:
    """Return a change, None for a blank. It carries its own minus; where it has none, the code of its sign tells."""
    value = signed(text)
    if value is None:
        return None
    if sign in FALLEN:
        return -abs(value)
    if sign in RISEN and value < 0:
        raise ValueError("a change has two signs that contradict each other")
    return value


def moment(day: str, time: str) -> dt.datetime:
    """Return a day and a time of that day, Korean."""
    return clocks(day)(time)


def moment_of_today(time: str, received_at: dt.datetime) -> dt.datetime | None:
    """Return a time of day as of the day on which it was received; None for a blank."""
    if not time.strip():
        return None
    there = received_at if received_at.tzinfo is clock.KST else received_at.astimezone(clock.KST)
    return moment(f"{there.year}{there.month:02}{there.day:02}", time)


symbol_of = Reading(plain)
"""A symbol as KIS spells it, as everybody else does."""
