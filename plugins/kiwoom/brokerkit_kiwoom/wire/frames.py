"""Frames of Kiwoom's socket: what is sent, and how an answer says yes or no."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import SecretStr
from pydantic_core import from_json

PATH = "/api/dostk/websocket"
US_PATH = "/api/us/websocket"
HOSTS = {"real": "wss://api.kiwoom.com:10000", "demo": "wss://mockapi.kiwoom.com:10000"}

LOGIN, REGISTER, REMOVE, REAL, PING, SYSTEM = "LOGIN", "REG", "REMOVE", "REAL", "PING", "SYSTEM"
LIST, SEARCH, CLEAR = "CNSRLST", "CNSRREQ", "CNSRCLR"
"""조건검색 목록조회, 요청, 실시간 해제."""
US_LIST, US_SEARCH, US_CLEAR = "GCNSRLST", "GCNSRREQ", "GCNSRCLR"
"""The same at the socket for the US."""
CONDITION = "[0-9]{1,3}"
"""The number (seq) of a saved condition; it comes back with blanks behind."""
ONCE, LIVE = "0", "1"  # search_type 조회타입
KEEP = "1"  # refresh 기존등록유지여부: "0" drops all that was registered before


def frame(trnm: str, **fields: Any) -> str:
    """Return a frame as it is sent."""
    return json.dumps({"trnm": trnm, **fields}, ensure_ascii=False)


def login(token: SecretStr) -> SecretStr:
    """Return the first frame of a connection: the token without "Bearer"."""
    return SecretStr(json.dumps({"trnm": LOGIN, "token": token.get_secret_value()}))


def search(condition: str, how: str, **page: str) -> str:
    """Return the question what meets a condition: once, with a page that is wanted, or once and live."""
    return frame(SEARCH, seq=condition, search_type=how, stex_tp="K", **page)


def loaded(text: str) -> Any:
    """Return what a frame says; a ValueError if it is no JSON. Names of fields are kept for the next one, no values."""
    return from_json(text, cache_strings="keys")


def succeeded(body: Mapping[str, Any]) -> bool:
    """Say whether an answer says yes: its code is a number or a text."""
    return re.fullmatch(" *0+ *", str(body.get("return_code")), re.ASCII) is not None


def code_and_words(body: Mapping[str, Any]) -> tuple[str, str]:
    """Return the class and the words of a refusal."""
    return str(body.get("return_code")), str(body.get("return_msg") or "")


def unpadded(value: object) -> object:
    """Return a text without the blanks around it; other white space is no padding."""
    return value.strip(" ") if isinstance(value, str) else value


def condition_of(body: Mapping[str, Any]) -> str:
    """Return the condition that an answer is about, blank where it does not say."""
    return str(body.get("seq") or "").strip(" ")


def goes_on(body: Mapping[str, Any]) -> bool:
    """Say whether more pages follow the answer of a search: they are told in the body (cont_yn)."""
    return str(body.get("cont_yn") or "").strip() == "Y"


def named(body: Mapping[str, Any], names: Sequence[str]) -> Mapping[str, Any]:
    """Return a body whose rows have names: in the list of conditions they come without. What is more has its place."""
    rows = body.get("data")
    if not isinstance(rows, list):
        return body
    return {**body, "data": [_named(row, names) for row in rows]}


def _named(row: Any, names: Sequence[str]) -> Any:
    if not isinstance(row, list):
        return row
    return {names[place] if place < len(names) else str(place): value for place, value in enumerate(row)}


def rows_of(body: Mapping[str, Any]) -> Sequence[Any]:
    """Return the list in a body; ValueError where there is none."""
    rows = body.get("data")
    if not isinstance(rows, list):
        raise ValueError("no list of data")
    return rows
