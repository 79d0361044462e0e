"""Another reader of both wires, written from the brokers' rules and not from the adapters: what digits mean there.

KIS: plain numbers, each with its own sign. Kiwoom: the sign of a price is a direction, that of a change or flow is real
and may be doubled, amounts of the account are padded. Nothing else is a number.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from pydantic import SecretStr

from brokerkit.models import Side
from brokerkit.transport import Body, Endpoint

PRICES = frozenset({"cur_prc", "base_pric", "open_pric", "high_pric", "low_pric", "upl_pric", "lst_pric", "trde_qty"})
"""Fields of Kiwoom's market calls whose sign is a direction, besides the levels of the book."""
CHANGES = frozenset({"pred_pre", "flu_rt"}) | {
    *("ind_invsr", "frgnr_invsr", "orgn", "fnnc_invt", "insrnc", "invtrt", "etc_fnnc", "bank", "penfnd_etc"),
    *("samo_fund", "natn", "etc_corp", "natfor"),
}
KIWOOM_MARKET = ("/api/dostk/stkinfo", "/api/dostk/mrkcond")
KIS_SIDES = {"01": Side.SELL, "02": Side.BUY}
BLOCKS = frozenset({"output2", "Output2", "OUTPUT2"})
DIGITS = {str(digit): digit for digit in range(10)}


class Wrong(AssertionError):
    """An accepted value is not what was sent."""


class Bare(str):
    """A number of the JSON text that is not in quotes."""

    __slots__ = ()


def compare(broker: str, endpoint: Endpoint[Any], reply: Body, content: bytes) -> None:
    """Raise Wrong unless every value of the reply has the digits that were sent, and the answer says success."""
    text = content.decode("utf-8", "replace")
    sent = json.loads(text, parse_int=Bare, parse_float=Bare, parse_constant=Bare)
    _check_success(broker, endpoint, sent)
    _compare(broker, endpoint, reply, sent)


def _check_success(broker: str, endpoint: Endpoint[Any], sent: Mapping[str, Any]) -> None:
    if broker == "kis":
        code = sent.get("rt_cd")
        good = code is None if endpoint.path.startswith("/oauth2/") or endpoint.path.endswith("hashkey") else False
        good = good or (type(code) is str and code == "0")
    else:
        code = sent["return_code"] if "return_code" in sent else sent.get("returnCode")
        # A number of JSON, not a text, may be written as -0, and is nought.
        good = isinstance(code, str) and (set(code.strip(" ")) == {"0"} or (type(code) is Bare and code == "-0"))
    if not good:
        raise Wrong(f"success with the code {code!r}")


def _compare(broker: str, endpoint: Endpoint[Any], reply: Body, sent: Any) -> None:
    for name, known in type(reply).model_fields.items():
        alias: Any = known.validation_alias
        keys = [str(key) for key in alias.choices] if hasattr(alias, "choices") else [str(alias or name)]
        key = next((key for key in keys if key in sent), None)
        value = getattr(reply, name)
        if key is None:
            if value != known.get_default():
                raise Wrong(f"{name} is {value!r}, and nothing was sent")
            continue
        raw = sent[key]
        if isinstance(value, Body):
            _compare(broker, endpoint, value, raw[0] if isinstance(raw, list) else raw)
        elif isinstance(value, tuple):
            rows = [raw] if isinstance(raw, dict) else raw
            if len(rows) != len(value):
                raise Wrong(f"{key} has {len(value)} rows of {len(rows)}")
            for row, told in zip(value, rows, strict=True):
                _compare(broker, endpoint, row, told)
        else:
            _compare_value(broker, endpoint, key, value, raw)
    _read_all(reply)


def _compare_value(broker: str, endpoint: Endpoint[Any], key: str, value: Any, raw: Any) -> None:
    if isinstance(value, Decimal):
        expected: Any = number(raw, _habit(broker, endpoint, key))
    elif value is None:
        # A blank is None; so is a block that an answer can do without, whatever stands in its place.
        expected = None if key in BLOCKS or (type(raw) is str and not raw.strip(" ")) else raw
    elif isinstance(value, dt.datetime):
        value, expected = f"{value:%Y%m%d%H%M%S}", _digits(raw)
    elif isinstance(value, dt.date):
        value, expected = value.isoformat().replace("-", ""), raw
    elif isinstance(value, SecretStr):
        value, expected = value.get_secret_value(), raw
    elif isinstance(value, Side):
        expected = KIS_SIDES.get(raw) if broker == "kis" else _side(raw)
    elif isinstance(value, int):
        expected = number(str(raw), "plain") if isinstance(raw, str) else raw
    elif key in ("ODNO", "odno", "ord_no"):
        expected = raw.strip() if type(raw) is str and not set(raw.strip()) - DIGITS.keys() else None
    else:
        value, expected = "".join(value.split())[:50], _plain(broker, raw, value)
    if value != expected:
        raise Wrong(f"{key} is {value!r}, and {raw!r} was sent")


def _habit(broker: str, endpoint: Endpoint[Any], key: str) -> str:
    if broker == "kis":
        return "plain"
    if endpoint.path not in KIWOOM_MARKET:
        return "padded"
    if key in PRICES or key.endswith(("_bid", "_req")):
        return "direction"
    if key in CHANGES:
        return "signed"
    raise Wrong(f"the reference does not know {key}")


def number(raw: Any, habit: str) -> Decimal | None:
    """Return what a text means as a number, None if it is none."""
    if type(raw) is not str:
        return None
    text = raw if habit == "plain" else raw.lstrip(" ")
    minus = text.startswith("-")
    if habit == "signed" and text.startswith("--"):
        text = text[2:]
    elif text[:1] in ("-", "+"):
        text = text[1:]
    whole, point, part = text.partition(".")
    if not 1 <= len(whole) <= 18 or (point and not 1 <= len(part) <= 8) or set(whole + part) - DIGITS.keys():
        return None
    digits = tuple(DIGITS[character] for character in whole + part)
    return Decimal((int(minus and habit != "direction"), digits, -len(part)))


def _digits(raw: Any) -> str | None:
    """Return the digits of a moment, in which nothing but its separators stands besides."""
    if type(raw) is not str or set(raw) - DIGITS.keys() - set("-: "):
        return None
    return "".join(character for character in raw if character in DIGITS)


def _side(raw: Any) -> Side | None:
    words = raw if isinstance(raw, str) else ""
    if ("매도" in words) == ("매수" in words):
        return None
    return Side.SELL if "매도" in words else Side.BUY


def _plain(broker: str, raw: Any, value: str) -> Any:
    """Return what is left of a word without blanks, what cannot be printed, and Kiwoom's marks of kind and venue."""
    if type(raw) is not str:
        return None
    words = "".join(raw.split())[:50]
    if value.isprintable() and (words == "".join(value.split())[:50] or not raw.isprintable()):
        return "".join(value.split())[:50]
    marked = raw.strip().removesuffix("_AL").removesuffix("_NX")
    return value if broker == "kiwoom" and value in (marked, marked[1:]) else words


def _read_all(reply: Body) -> None:
    """Ask for everything that the reply computes: that must not fail either."""
    for kind in type(reply).__mro__:
        for name, member in vars(kind).items():
            if isinstance(member, property) and not name.startswith("_") and issubclass(kind, Body):
                getattr(reply, name)
