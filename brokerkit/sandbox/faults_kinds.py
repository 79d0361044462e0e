"""The kinds of faults: what each does, and what it can be told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from brokerkit.sandbox.server import Purpose


@dataclass(frozen=True)
class Kind:
    """One way to break a request; what stands here are the defaults of its parameters, None where it has not got one.

    `processed` tells whether the face gets the request. `sent` is False where the client can know that not a byte of
    what is hit left it.
    """

    group: Literal["transport", "answer", "listing"]
    words: str
    seconds: float | None = None
    size: int | None = None
    page: int | None = None
    processed: bool = True
    sent: bool = True
    on: Purpose | None = None


def _transport(
    words: str,
    *,
    seconds: float | None = None,
    size: int | None = None,
    processed: bool = True,
    sent: bool = True,
) -> Kind:
    return Kind("transport", words, seconds, size, processed=processed, sent=sent)


def _answer(words: str, *, size: int | None = None, processed: bool = True, on: Purpose | None = None) -> Kind:
    return Kind("answer", words, size=size, processed=processed, on=on)


def _listing(words: str, *, page: int | None = None, seconds: float | None = None) -> Kind:
    return Kind("listing", words, seconds, page=page, on=Purpose.LISTING)


HOLD = 60.0
"""Seconds of a silence, if nobody hangs up before."""

KINDS: Mapping[str, Kind] = {
    "refuse": _transport(
        "the request is answered and its line closed; then the port refuses new lines for `seconds`, "
        "so what comes next is not sent",
        seconds=1.0,
        sent=False,
    ),
    "accept_then_reset": _transport("the line is reset before anything is answered", processed=False),
    "close_after_10_bytes": _transport("the line is closed as if ten bytes had been read", processed=False),
    "processed_then_fin": _transport("the request is carried out, then the line is closed"),
    "processed_then_reset": _transport("the request is carried out, then the line is reset"),
    "processed_then_silence": _transport("the request is carried out, then nothing for `seconds`", seconds=HOLD),
    "unprocessed_silence": _transport("nothing happens for `seconds`", seconds=HOLD, processed=False),
    "late_acceptance": _transport("the request is carried out `seconds` later, and never answered", seconds=20.0),
    "half_status_line": _transport("the answer ends in the middle of its first line"),
    "cut_body": _transport("the answer ends in the middle of its body"),
    "stalled_body": _transport("after half of the body nothing comes for `seconds`", seconds=HOLD),
    "drip": _transport("the answer comes byte by byte, one each `seconds`", seconds=0.02),
    "latency": _transport("the answer comes `seconds` late", seconds=1.0),
    "bandwidth": _transport("the answer comes at `size` bytes a second", size=1_000),
    "slow_close": _transport("the answer announces a close that comes `seconds` later", seconds=1.0),
    "slicer": _transport("the answer comes in pieces of `size` bytes, without delay", size=16),
    "corrupt_tls_record": _transport("a broken TLS record comes instead of the answer (plain lines: no HTTP)"),
    "stale_keepalive": _transport("the line is closed after the answer, without a word"),
    "redirect_to_self": _transport("the answer is HTTP 307 to the same address", processed=False),
    "previous_answer": _transport("the answer is the one to the request before"),
    "html_200": _answer("HTML under HTTP 200"),
    "empty": _answer("HTTP 200 without a body"),
    "null": _answer("the body is null"),
    "wrong_type": _answer("every value is a list"),
    "missing_code": _answer("the code of success is missing"),
    "success_without_number": _answer("an order is taken, its number is missing", on=Purpose.ORDER),
    "number_already_used": _answer("an order is taken and gets the number of an earlier one", on=Purpose.ORDER),
    "http_500_listed_code": _answer("HTTP 500 with a refusal that is definite", processed=False),
    "http_500_unlisted": _answer("HTTP 500 with a refusal that proves nothing"),
    "http_502": _answer("HTTP 502 with HTML"),
    "gzip_bomb": _answer("`size` megabytes of blanks as a little gzip that nobody asked for", size=64),
    "euc_kr": _answer("the text is EUC-KR instead of UTF-8"),
    "duplicate_keys": _answer("every key of the body stands in it twice, the second time with null"),
    "nan": _answer("numbers are NaN"),
    "huge_integer": _answer("numbers have 5,000 digits"),
    "deep_nesting": _answer("a value is nested 100,000 lists deep"),
    "cut_page": _listing("half of the rows are missing, and it says that it is the last page"),
    "repeated_page": _listing("the page before comes again", page=2),
    "repeated_key": _listing("the page names the key of the page before as the next one", page=2),
    "error_on_page": _listing("HTTP 500 instead of page `page`", page=2),
    "data_changed": _listing("the broker refuses page `page` because the data changed", page=2),
    "duplicate_row": _listing("one row stands in it twice"),
    "missing_row": _listing("one row is missing"),
    "shrunken_quantity": _listing("one row shows half of its quantity"),
    "day_roll": _listing("the next day has begun: the list is empty and the Date header a day ahead"),
    "other_venue_omission": _listing("rows of other venues than KRX are missing"),
    "lag": _listing("orders show only `seconds` after they were taken", seconds=2.0),
}
"""By name. A name that cannot be resolved is not among them: that fails on the client's side, before any server."""


def describe() -> str:
    """Return a line of text for every kind, for people."""
    width = max(map(len, KINDS))
    lines = []
    for name, kind in KINDS.items():
        state = "processed" if kind.processed else "not processed"
        given = {"seconds": kind.seconds, "size": kind.size, "page": kind.page}
        defaults = [f"{key}={value:g}" for key, value in given.items() if value is not None]
        marks = ", ".join([kind.group, state, *([] if kind.sent else ["provably not sent"]), *defaults])
        lines.append(f"{name:{width}}  {kind.words} ({marks})")
    return "\n".join(lines)
