"""Frames of the socket: one JSON object a text, read and written, and what a client's frame asks for."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from brokerkit.sandbox.face import json_object

from .stream_registrations import Wanted

NAMES: Mapping[str, str] = {
    "00": "주문체결",
    "02": "조건검색",
    "04": "잔고",
    "0A": "주식기세",
    "0B": "주식체결",
    "0C": "주식우선호가",
    "0D": "주식호가잔량",
    "0E": "주식시간외호가",
    "0F": "주식당일거래원",
    "0G": "ETF NAV",
    "0H": "주식예상체결",
    "0I": "국제금환산가격",
    "0J": "업종지수",
    "0U": "업종등락",
    "0g": "주식종목정보",
    "0m": "ELW 이론가",
    "0s": "장시작시간",
    "0u": "ELW 지표",
    "0w": "종목별프로그램매매",
    "1h": "VI발동/해제",
}
"""All types, with the name that entries of a frame have."""
US_NAMES: Mapping[str, str] = {
    "F4": "미국주식 실시간 주문 확인",
    "F5": "미국주식 실시간 체결",
    "FE": "미국주식 실시간 체결가",
    "FT": "미국주식 10호가",
}
"""The same at the socket for the US. How the names are spelt in frames is not known: as the types are called."""
PING = {"trnm": "PING"}
ERROR = 1
"""The only code of a failure that the pages have; with which code the server refuses most things is not known."""
_LONGEST_GROUP = 4
_UNKNOWN_FIDS = {"99901": "0", "99902": ""}
"""Fields that no page has, for frames that have more of them than anybody knows."""
Frame = dict[str, Any]
Entry = dict[str, Any]


def written(frame: Mapping[str, object]) -> str:
    """Return a frame as a text."""
    # What a client sent can come back in an answer, and JSON can hold halves of letters that no bytes stand for.
    text = json.dumps(frame, ensure_ascii=False, separators=(",", ":"))
    return text if text.isascii() else text.encode(errors="replace").decode()


def read(text: str) -> Frame:
    """Return the object that a text is; a bare PING counts as one, and what is none as an empty one."""
    if text == "PING":
        return dict(PING)
    return json_object(text.encode(errors="replace")) or {}


# What clients ask


def wanted(frame: Frame) -> list[Wanted] | None:
    """Return what a frame names, each type of each item, or None where it is not written as the page says.

    Codes are not looked at: one that there is not is taken, and nothing is ever sent. At the socket for the US an item
    names exchange and code; here it becomes `ND:AAPL`.
    """
    data = frame.get("data", [])
    found: list[Wanted] = []
    for each in data if isinstance(data, list) else [None]:
        if not isinstance(each, dict):
            return None
        items, types = _items(each.get("item", [""])), _texts(each.get("type"))
        if items is None or types is None:
            return None
        found.extend(Wanted(type, item) for item in items for type in types)
    return found


def _items(values: object) -> list[str] | None:
    return _texts([_item(each) for each in values]) if isinstance(values, list) else None


def _item(value: object) -> object:
    if not isinstance(value, dict):
        return value
    names = value.get("stex_tp", ""), value.get("jmcode", "")
    return ":".join(names) if _texts([*names]) else None


def _texts(values: object) -> list[str] | None:
    return values if isinstance(values, list) and all(isinstance(each, str) for each in values) else None


def wrong_field(frame: Frame) -> str:
    """Return the name of a field that is not as the page of REG and REMOVE says, blank for none."""
    group = frame.get("grp_no")
    if not isinstance(group, str | int) or not 0 < len(str(group)) <= _LONGEST_GROUP:
        return "grp_no"
    # REMOVE takes the field and does not look at it: clients leave it out, or blank.
    if frame.get("trnm") == "REG" and frame.get("refresh", "1") not in ("0", "1"):
        return "refresh"
    return "data" if wanted(frame) is None else ""


# What the server tells


def done(name: str) -> Frame:
    """Return that a frame was taken."""
    return refused(name, 0, "")


def refused(name: str, code: int, words: str) -> Frame:
    """Return that a frame was not taken."""
    return {"trnm": name, "return_code": code, "return_msg": words}


def real(entries: Sequence[Entry], *, turned: bool = False) -> str:
    """Write a frame with entries. The order of its keys is not always the same."""
    if not turned:
        return written({"trnm": "REAL", "data": entries})
    return written({"data": [_turned(entry) for entry in entries], "trnm": "REAL"})


def _turned(entry: Entry) -> Entry:
    values = dict(reversed(entry["values"].items()))
    return {"values": values, **{key: told for key, told in entry.items() if key != "values"}}


def entries_of(text: str) -> list[Entry] | None:
    """Return the entries of a frame that tells what happened, None of any other."""
    frame = read(text)
    entries: list[Entry] | None = frame.get("data") if frame.get("trnm") == "REAL" else None
    return entries


def with_unknown_fields(entries: Sequence[Entry]) -> str:
    """Write entries with fields that nobody knows."""
    return real([{**entry, "values": {**entry["values"], **_UNKNOWN_FIDS}} for entry in entries])
