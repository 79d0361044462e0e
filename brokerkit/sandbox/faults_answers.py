"""Faults of the answer: HTTP that is whole and says something else than it should."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

from brokerkit.sandbox.faults import Rule
from brokerkit.sandbox.faults_turn import Answer, Turn, fields

Edit = Callable[[Turn, Rule, Answer], Answer]
"""Returns the broken answer, or the same object where there is nothing to break."""
MEGABYTE = 1_000_000
HTML = b"<html><body>maintenance</body></html>"
DEPTH = 100_000
DIGITS = 5_000


def _html(answer: Answer, status: int, reason: str) -> Answer:
    plain = replace(answer, status=status, reason=reason, body=HTML)
    return plain.with_headers({"Content-Type": "text/html"})


def _body(content: bytes) -> Edit:
    return lambda turn, rule, answer: replace(answer, body=content)


def _wrong_type(turn: Turn, rule: Rule, answer: Answer) -> Answer:
    body = answer.json()
    return answer if body is None else answer.with_json({name: [value] for name, value in body.items()})


def _without(answer: Answer, field: str) -> Answer:
    body = answer.json()
    found = [(owner, name) for owner, name in fields(body) if name == field]
    if not found:
        return answer
    for owner, name in found:
        del owner[name]
    return answer.with_json(body)


def _used_number(turn: Turn, rule: Rule, answer: Answer) -> Answer:
    body = answer.json()
    with turn.memory.lock:
        earlier = [number for number in turn.memory.orders if number != int(turn.order_id or 0)]
    if turn.order_id is None or not earlier:
        return answer
    for owner, name in fields(body):
        if name == turn.wording.number:
            owner[name] = str(earlier[-1]).zfill(len(turn.order_id))
    return answer.with_json(body)


def refused(answer: Answer, refusal: Mapping[str, object]) -> Answer:
    """Return a refusal under HTTP 500 in place of an answer."""
    return replace(answer.with_json(refusal), status=500, reason="Internal Server Error")


@lru_cache(maxsize=1)
def _bomb(megabytes: int) -> bytes:
    return gzip.compress(b" " * (megabytes * MEGABYTE), 6)


def _gzip_bomb(turn: Turn, rule: Rule, answer: Answer) -> Answer:
    return replace(answer, body=_bomb(rule.size or 1)).with_headers({"Content-Encoding": "gzip"})


def _euc_kr(turn: Turn, rule: Rule, answer: Answer) -> Answer:
    body = answer.body.decode(errors="replace").encode("euc-kr", errors="replace")
    return answer if body == answer.body else replace(answer, body=body)


def _duplicate_keys(turn: Turn, rule: Rule, answer: Answer) -> Answer:
    body = answer.json()
    if not body:
        return answer
    again = json.dumps(dict.fromkeys(body), ensure_ascii=False).encode()
    return replace(answer, body=answer.body.rstrip()[:-1] + b"," + again[1:])


def _numbers(value: str) -> Edit:
    """Return an edit that writes `value`, which JSON cannot or hardly hold, for every number but the code."""
    mark = '"\\u0000number"'

    def edit(turn: Turn, rule: Rule, answer: Answer) -> Answer:
        body = answer.json()
        found = [
            (owner, name) for owner, name in fields(body) if name != turn.wording.success and _is_digits(owner[name])
        ]
        for owner, name in found:
            owner[name] = "\0number"
        if not found:
            return answer
        return replace(answer, body=json.dumps(body, ensure_ascii=False).replace(mark, value).encode())

    return edit


def _is_digits(value: Any) -> bool:
    return isinstance(value, str) and value.isascii() and value.lstrip("+-").isdigit()


def _deep(turn: Turn, rule: Rule, answer: Answer) -> Answer:
    body = answer.body.strip() if answer.json() else b'{"":0}'
    return replace(answer, body=body[:-1] + b',"nested":' + b"[" * DEPTH + b"]" * DEPTH + b"}")


EDITS: Mapping[str, Edit] = {
    "html_200": lambda turn, rule, answer: _html(answer, 200, "OK"),
    "empty": _body(b""),
    "null": _body(b"null"),
    "wrong_type": _wrong_type,
    "missing_code": lambda turn, rule, answer: _without(answer, turn.wording.success),
    "success_without_number": lambda turn, rule, answer: _without(answer, turn.wording.number),
    "number_already_used": _used_number,
    "http_500_listed_code": lambda turn, rule, answer: refused(answer, turn.wording.refusal),
    "http_500_unlisted": lambda turn, rule, answer: refused(answer, turn.wording.trouble),
    "http_502": lambda turn, rule, answer: _html(answer, 502, "Bad Gateway"),
    "gzip_bomb": _gzip_bomb,
    "euc_kr": _euc_kr,
    "duplicate_keys": _duplicate_keys,
    "nan": _numbers("NaN"),
    "huge_integer": _numbers("7" * DIGITS),
    "deep_nesting": _deep,
}
