"""Bodies that a server might send: a good one, in which something is odd, down to its bytes."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from typing import Any

DIGITS = ("0", "1", "7", "70000", "00070000", "9" * 18, "1" + "0" * 18, "1" * 400)
NUMBERS = """
0 -0 +0 00000000 1_000 1__0 _1 1_ １２３ ٣ 1２ 1e3 1E3 1e-3 NaN nan -NaN sNaN Infinity -inf 0x10 0b1 1,000 1. .5 1.5.5
--5 ---5 +-5 -+5 ++5 5- (5) 1/2 ½ ² Ⅷ 五 5% +5.25 -5.25 --5.25 0.123456789 0.12345678 5.00000000 0005.50 12345678901
0000000000 0000012345
"""
WORDS = """
20261118 20260230 99999999 ２０２６１１１８ 2026-11-19T10:00:00 20261119100000 20261119246060 000000 245959 235960
235959 10:15:00 24:00:00 １０:15:00 888888 01 02 03 매수 +매도 매도매수 A005930 005930_AL Y N null true {} []
"""
SPACED = (
    *("", " ", "  ", ". 950", "- 5", " 5", "5 ", "\t5", "5\n", "\n5", "5\u00a0", "\u20035", "\ufeff5", "5\u0000"),
    *("\u202e5", "\x1b[31m5", "2026-11-19 10:00:00", "2026-02-30 10:00:00", "0000-00-00 00:00:00"),
)
TEXTS = (*NUMBERS.split(), *WORDS.split(), *SPACED)
TOKENS = "0 1 -1 1.5 1e3 1e400 -0.0 NaN Infinity -Infinity true false null [] {} [[[]]] 01 +1 .5 1. '5' \"5 5\""
RAW = (
    *TOKENS.split(),
    *('[""]', '{"a": "1"}', '"\\ud800"', '"\\u0000"', '"\\uFF15"', '"5\\u0661"', "", f'"{"5" * 5000}"'),
    *("9" * 30, "9" * 5000, "[" * 150 + "]" * 150, "[" * 3000 + "]" * 3000),
)
"""What is put in the place of a value, as it stands."""
SUCCESSES = ('"0"', "0", '"00"', '"1"', "1", '"７"', '"０"', '"+0"', '"-0"', "0.0", "false", '" 0"')
ENCODINGS = ("utf-16", "utf-16-le", "utf-32", "cp949", "utf-8-sig", "utf-7")
BYTES = (
    *(b"\x00", b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xef\xbb\xbf"),
    *(b'"', b",", b"{", b"}", b"\\", b"\n", b"9", b"_"),
)
STATUSES = (200,) * 60 + (201, 204, 302, 400, 401, 403, 429, 500, 502)
MARK = "\ue000raw\ue000"
"""Stands for what is no JSON while the rest is written as JSON."""
Leaf = tuple[Any, Any]


def bodies(template: str, chance: random.Random, count: int) -> Iterator[tuple[int, bytes]]:
    """Yield status and content of so many answers."""
    for _ in range(count):
        yield chance.choice(STATUSES), _body(template, chance)


def _body(template: str, chance: random.Random) -> bytes:
    content = json.loads(template)
    raws: list[str] = []
    for _ in range(chance.choice((0, 1, 1, 1, 2, 4))):
        chance.choice(CHANGES)(content, chance, raws)
    text = json.dumps(content, ensure_ascii=False)
    for raw in raws:
        text = text.replace(f'"{MARK}"', raw, 1)
    kind = chance.random()
    if kind < 0.85:
        return text.encode("utf-8", "surrogatepass")
    if kind < 0.88:
        return _twice(text, chance).encode("utf-8", "surrogatepass")
    return _spoilt(text, chance)


def _leaves(content: Any, found: list[Leaf]) -> list[Leaf]:
    """Return every place of a body, as what holds it and the key there."""
    for key in content if isinstance(content, dict) else range(len(content)):
        found.append((content, key))
        if isinstance(content[key], dict | list):
            _leaves(content[key], found)
    return found


def _place(content: Any, chance: random.Random) -> Leaf:
    return chance.choice(_leaves(content, [(content, next(iter(content)))] if content else [({"": ""}, "")]))


def number(chance: random.Random) -> str:
    """Return a text that is a number, or nearly one."""
    point = chance.choice(("", "", ".", ".", "..", ","))
    digits = chance.choice(DIGITS) if chance.random() < 0.3 else str(chance.randrange(10 ** chance.randrange(1, 20)))
    parts = (chance.choice(("", "", "", "-", "+", "--", "-+", " ", " -", "\u2212")), digits, point)
    return "".join(parts) + (str(chance.randrange(10 ** chance.randrange(1, 10))) if point else "")


def _odd_text(content: Any, chance: random.Random, raws: list[str]) -> None:
    holder, key = _place(content, chance)
    holder[key] = chance.choice(TEXTS)


def _odd_number(content: Any, chance: random.Random, raws: list[str]) -> None:
    holder, key = _place(content, chance)
    holder[key] = number(chance)


def _odd_type(content: Any, chance: random.Random, raws: list[str]) -> None:
    holder, key = _place(content, chance)
    holder[key] = MARK
    raws.append(chance.choice(RAW))


def _missing(content: Any, chance: random.Random, raws: list[str]) -> None:
    holder, key = _place(content, chance)
    del holder[key]


def _wrapped(content: Any, chance: random.Random, raws: list[str]) -> None:
    """Put a list around a block, or take it away, or double its rows."""
    holder, key = _place(content, chance)
    value = holder[key]
    holder[key] = value[0] if isinstance(value, list) and value and chance.random() < 0.5 else [value, value]


def _renamed(content: Any, chance: random.Random, raws: list[str]) -> None:
    holder, key = _place(content, chance)
    if isinstance(holder, dict):
        value = holder.pop(key)
        holder[chance.choice((str.upper, str.lower, str.capitalize, lambda name: f"{name} "))(key)] = value


def _envelope(content: Any, chance: random.Random, raws: list[str]) -> None:
    """Change what says success."""
    if isinstance(content, dict):
        key = chance.choice(("rt_cd", "msg_cd", "msg1", "return_code", "return_msg", "error_code", "returnCode"))
        content[key] = MARK
        raws.append(chance.choice(SUCCESSES))


Change = Callable[[Any, random.Random, list[str]], None]
CHANGES: tuple[Change, ...] = (
    *(_odd_text, _odd_text, _odd_number, _odd_number, _odd_number, _odd_type, _missing, _wrapped, _renamed, _envelope),
)


def _twice(text: str, chance: random.Random) -> str:
    """Let a key stand in its object twice."""
    if '"' not in text:
        return text + text
    start = chance.choice([place for place, character in enumerate(text) if character == '"'])
    quoted = text.split('"')[1::2]
    return f'{text[:start]}"{chance.choice(quoted)}": "{number(chance)}", {text[start:]}'


def _spoilt(text: str, chance: random.Random) -> bytes:
    """Change the bytes: cut, flipped, inserted, in another encoding, or nothing of JSON at all."""
    content = text.encode("utf-8", "surrogatepass")
    place = chance.randrange(len(content) + 1)
    kind = chance.randrange(7)
    if kind == 0:
        return content[:place]
    if kind == 1:
        return content[:place] + chance.choice(BYTES) + content[place:]
    if kind == 2:
        return content[:place] + bytes([chance.randrange(256)]) + content[place + 1 :]
    if kind == 3:
        return text.encode(chance.choice(ENCODINGS), "replace")
    if kind == 4:
        return content + chance.choice((b"\n", b" ", b"\x00", b"{}", b"x", b",", content))
    if kind == 5:
        return b"[" * 500 + content + b"]" * 500
    return chance.choice((b"", b"null", b"[]", b"0", b'"', b"<html></html>", b"{", b"{}", b"\x1f\x8b\x08"))
