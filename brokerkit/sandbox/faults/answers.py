"""Faults of the answer: HTTP that is whole and says something else than it should."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

from brokerkit.sandbox.face import Purpose
from brokerkit.sandbox.faults.kinds import Edit, FaultPlace, Measure, Table
from brokerkit.sandbox.faults.relayed import HttpAnswer, Relayed, fields, spelled

FAULTS: Table[Edit] = Table(FaultPlace.ANSWER)
MEGABYTE = 1_000_000
HTML = b"<html><body>maintenance</body></html>"
DEPTH = 100_000
DIGITS = 5_000


@FAULTS.fault()
def html_200(relayed: Relayed, measure: Measure, answer: HttpAnswer) -> HttpAnswer:
    """HTML under HTTP 200."""
    return _html(answer, 200, "OK")


@FAULTS.fault()
def empty(relayed: Relayed, measure: Measure, answer: HttpAnswer) -> HttpAnswer:
    """HTTP 200 without a body."""
    return replace(answer, body=b"")


@FAULTS.fault()
def null(relayed: Relayed, measure: Measure, answer: HttpAnswer) -> HttpAnswer:
    """The body is null."""
    return replace(answer, body=b"null")


@FAULTS.fault()
def wrong_type(relayed: Relayed, measure: Measure, answer: HttpAnswer) -> HttpAnswer:
    """Every value is a list."""
    body = answer.json()
    return answer if body is None else answer.with_json({name: [value] for name, value in body.items()})


@FAULTS.fault()
def missing_code(relayed: Relayed, measure: Measure, answer: HttpAnswer) -> HttpAnswer:
    """The code of success is missing."""
    return _without(answer, relayed.wording.success)


@FAULTS.fault(on=Purpose.ORDER)
def success_without_number(relayed: Relayed, measure: Measure, answer: HttpAnswer) -> HttpAnswer:
    """An order is taken, its number is missing."""
    return _without(answer, relayed.wording.number)


@FAULTS.fault(on=Purpose.ORDER)
def number_already_used(relayed: Relayed, measure: Measure, answer: HttpAnswer) -> HttpAnswer:
    """An order is taken and gets the number of an earlier one."""
    body = answer.json()
    with relayed.memory.lock:
        earlier = [number for number in relayed.memory.orders if number != spelled(relayed.order_id)]
    if relayed.order_id is None or not earlier:
        return answer
    for owner, name in fields(body):
        if name == relayed.wording.number:
            owner[name] = earlier[-1].zfill(len(relayed.order_id))
    return answer.with_json(body)


@FAULTS.fault(processed=False)
def http_500_listed_code(relayed: Relayed, measure: Measure, answer: HttpAnswer) -> HttpAnswer:
    """HTTP 500 with a refusal that is definite."""
    return refused(answer, relayed.wording.refusal)


@FAULTS.fault()
def http_500_unlisted(relayed: Relayed, measure: Measure, answer: HttpAnswer) -> HttpAnswer:
    """HTTP 500 with a refusal that proves nothing."""
    return refused(answer, relayed.wording.trouble)


@FAULTS.fault()
def http_502(relayed: Relayed, measure: Measure, answer: HttpAnswer) -> HttpAnswer:
    """HTTP 502 with HTML."""
    return _html(answer, 502, "Bad Gateway")


@FAULTS.fault(size=64)
def gzip_bomb(relayed: Relayed, measure: Measure, answer: HttpAnswer) -> HttpAnswer:
    """`size` megabytes of blanks as a little gzip that nobody asked for."""
    return replace(answer, body=_bomb(measure.size)).with_headers({"Content-Encoding": "gzip"})


@FAULTS.fault()
def euc_kr(relayed: Relayed, measure: Measure, answer: HttpAnswer) -> HttpAnswer:
    """The text is EUC-KR instead of UTF-8."""
    body = answer.body.decode(errors="replace").encode("euc-kr", errors="replace")
    return answer if body == answer.body else replace(answer, body=body)


@FAULTS.fault()
def duplicate_keys(relayed: Relayed, measure: Measure, answer: HttpAnswer) -> HttpAnswer:
    """Every key of the body stands in it twice, the second time with null."""
    body = answer.json()
    if not body:
        return answer
    again = json.dumps(dict.fromkeys(body), ensure_ascii=False).encode()
    return replace(answer, body=answer.body.rstrip()[:-1] + b"," + again[1:])


@FAULTS.fault()
def nan(relayed: Relayed, measure: Measure, answer: HttpAnswer) -> HttpAnswer:
    """Numbers are NaN."""
    return _with_numbers(relayed, answer, "NaN")


@FAULTS.fault()
def huge_integer(relayed: Relayed, measure: Measure, answer: HttpAnswer) -> HttpAnswer:
    """Numbers have 5,000 digits."""
    return _with_numbers(relayed, answer, "7" * DIGITS)


@FAULTS.fault()
def deep_nesting(relayed: Relayed, measure: Measure, answer: HttpAnswer) -> HttpAnswer:
    """A value is nested 100,000 lists deep."""
    body = answer.body.strip() if answer.json() else b'{"":0}'
    return replace(answer, body=body[:-1] + b',"nested":' + b"[" * DEPTH + b"]" * DEPTH + b"}")


def refused(answer: HttpAnswer, refusal: Mapping[str, object]) -> HttpAnswer:
    """Return a refusal under HTTP 500 in place of an answer."""
    return replace(answer.with_json(refusal), status=500, reason="Internal Server Error")


def _html(answer: HttpAnswer, status: int, reason: str) -> HttpAnswer:
    plain = replace(answer, status=status, reason=reason, body=HTML)
    return plain.with_headers({"Content-Type": "text/html"})


def _without(answer: HttpAnswer, field: str) -> HttpAnswer:
    body = answer.json()
    found = [(owner, name) for owner, name in fields(body) if name == field]
    if not found:
        return answer
    for owner, name in found:
        del owner[name]
    return answer.with_json(body)


@lru_cache(maxsize=1)
def _bomb(megabytes: int) -> bytes:
    return gzip.compress(b" " * (megabytes * MEGABYTE), 6)


def _with_numbers(relayed: Relayed, answer: HttpAnswer, value: str) -> HttpAnswer:
    """Write `value`, which JSON cannot or hardly hold, for every number but the code."""
    body = answer.json()
    found = [
        (owner, name) for owner, name in fields(body) if name != relayed.wording.success and _is_digits(owner[name])
    ]
    for owner, name in found:
        owner[name] = "\0number"
    if not found:
        return answer
    text = json.dumps(body, ensure_ascii=False).replace('"\\u0000number"', value)
    return replace(answer, body=text.encode())


def _is_digits(value: Any) -> bool:
    return isinstance(value, str) and value.isascii() and value.lstrip("+-").isdigit()
