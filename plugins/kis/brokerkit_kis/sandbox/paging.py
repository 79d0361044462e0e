"""Lists in pages: the keys that lead to the next one, and the header that says whether there is one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from brokerkit.sandbox.face import FaceAnswer, first_behind
from brokerkit_kis.sandbox.fields import Context, Field, wrong_field
from brokerkit_kis.sandbox.wording import ACCOUNT_MESSAGE_BYTES, done, padded

Row = TypeVar("Row")


@dataclass(frozen=True)
class Keys:
    """The pair of keys of a list, by how many characters they have."""

    width: int

    @property
    def first(self) -> str:
        """Return the name of the one that repeats the query."""
        return f"CTX_AREA_FK{self.width}"

    @property
    def second(self) -> str:
        """Return the name of the one that leads to the next page."""
        return f"CTX_AREA_NK{self.width}"

    def fields(self, *, required: bool = True) -> tuple[Field, Field]:
        """Return both as fields of a request."""
        return Field(self.first, self.width, required), Field(self.second, self.width, required)


NARROW, WIDE = Keys(100), Keys(200)
KEYS = NARROW.fields()


@dataclass(frozen=True)
class Listing(Generic[Row]):
    """Rows in the order of their keys, which are of one length."""

    rows: Sequence[Row]
    key: Callable[[Row], str]
    write: Callable[[Row], object]
    size: int
    descending: bool = False

    def start(self, after: str) -> int:
        """Return where the page behind a key begins; the count of rows where it leads nowhere."""
        if not self.rows or len(self.key(self.rows[0])) != len(after):
            return len(self.rows)
        return first_behind(self.rows, after, self.key, descending=self.descending)


def paged(
    context: Context, listing: Listing[Row], echo: str, block: str, keys: Keys = NARROW, **others: object
) -> FaceAnswer:
    """Answer one page of rows in a block; the other blocks are on every page."""
    after = asked_after(context, echo, keys)
    start = 0 if after is None else listing.start(after)
    if after is not None and start in (0, len(listing.rows)):
        raise wrong_field(keys.second)
    end = start + listing.size
    rows, more = listing.rows[start:end], end < len(listing.rows)
    key = listing.key(rows[-1]) if more else ""
    return answered(context, [listing.write(row) for row in rows], key, echo, block, keys, **others)


def answered(
    context: Context, rows: list[object], key: str, echo: str, block: str, keys: Keys = NARROW, **others: object
) -> FaceAnswer:
    """Answer a page with the key to the next one, blank on the last."""
    further = context.tr_cont == "N"
    if key:
        code, header = "KIOK0500", "M" if further else "F"
    else:
        code, header = ("KIOK0460", "D") if further else ("KIOK0510", "E")
    if not rows:
        code = "KIOK0560"
    if context.demo:
        code = "20310000" if rows else "70070000"
    body = {
        keys.first.lower(): echo.ljust(keys.width),
        keys.second.lower(): key.ljust(keys.width),
        block: rows,
        **others,
    }
    return FaceAnswer(done(code, padded("조회 완료", ACCOUNT_MESSAGE_BYTES), **body), {"tr_cont": header})


def asked_after(context: Context, echo: str, keys: Keys = NARROW) -> str | None:
    """Return the key behind which a further page begins, None for the first one."""
    # The keys count only together with the header that asks for the next page. What keys of another query, or none,
    # bring there is not known: they are refused.
    if context.tr_cont != "N":
        return None
    if context.text(keys.first) not in ("", echo.strip()):
        raise wrong_field(keys.first)
    return context.text(keys.second)


def echo_of(context: Context, *names: str) -> str:
    """Return the query as the first key repeats it."""
    return "".join(f"{context.text(name)}^" for name in names)
