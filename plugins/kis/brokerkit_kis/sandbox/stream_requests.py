"""What clients send to the socket, how it is read, and how it is answered."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import NamedTuple

from brokerkit import clock
from brokerkit.sandbox.face import json_object

LONGEST_KEY = 20
HEARTBEAT = "PINGPONG"
REGISTER, RELEASE = "1", "2"
UNKNOWN_KEY = ("OPSP0011", "invalid approval : NOT FOUND")
TROUBLE = ("OPSP0007", "SUBSCRIBE INTERNAL ERROR")
WRONG_USER = ("OPSP0017", "ERROR : htsid")
"""Two clients have met this code, for a login name that is not the key's; then the connection is closed."""


class SocketRefused(Exception):
    """A refusal on its way out. The words are those by which clients tell some of them apart."""

    def __init__(self, code: str, words: str) -> None:
        self.code = code
        self.words = words
        super().__init__(f"{code}: {words}")

    def answer(self, asked: Asked) -> str:
        """Return it as the answer to a frame."""
        return answered(asked, "1", self.code, self.words)


class SessionRefused(SocketRefused):
    """A refusal that names neither tr_id nor tr_key: of what could not be read, or of the session as a whole."""

    def answer(self, asked: Asked) -> str:
        """Return it as the answer to a frame."""
        return answered(NOTHING, "9", self.code, self.words)


class Asked(NamedTuple):
    """A frame of a client."""

    approval_key: str
    tr_type: str
    tr_id: str
    tr_key: str
    """As it was sent: blanks around it count in answers only."""

    @property
    def registration(self) -> tuple[str, str]:
        """What is to be registered or released."""
        return self.tr_id, self.tr_key.strip()


NOTHING = Asked("", "", "(null)", "")
"""What a refusal names that names nothing."""


def asked_in(text: str) -> Asked | None:
    """Return what a text asks for, None of a heartbeat that comes back; or raise SessionRefused."""
    body = json_object(text.encode(errors="replace"))
    if body is None:
        raise _unreadable("OPSP9999", "invalid json format")
    named = _named(body)
    return None if _named(named.get("header")).get("tr_id") == HEARTBEAT else _asked(named)


def answered(
    asked: Asked, result: str, code: str, words: str, encrypt: str = "N", output: Mapping[str, str] | None = None
) -> str:
    """Write the answer to a frame."""
    body: dict[str, object] = {"rt_cd": result, "msg_cd": code, "msg1": words}
    if output is not None:
        body["output"] = output
    return _json({"header": {"tr_id": asked.tr_id, "tr_key": asked.tr_key, "encrypt": encrypt}, "body": body})


def heartbeat() -> str:
    """Write a heartbeat, with the time of now."""
    return _json({"header": {"tr_id": HEARTBEAT, "datetime": f"{clock.now().astimezone(clock.KST):%Y%m%d%H%M%S}"}})


def _asked(body: Mapping[str, object]) -> Asked:
    """Read a frame; what else stands in it does not count."""
    header = _named(body.get("header"))
    input = _named(_named(body.get("body")).get("input"))
    for is_wrong, code, words in (
        (not header, "OPSP9998", "header not found"),
        (not header.get("approval_key"), "OPSP9996", "appkey"),
        ("custtype" not in header, "OPSP9997", "custtype not found"),
        (header.get("custtype") not in ("P", "B"), "OPSP8998", "invalid custtype"),
        (str(header.get("tr_type")).strip() not in (REGISTER, RELEASE), "OPSP8997", "invalid tr_type"),
        (not isinstance(body.get("body"), dict), "OPSP9992", "body not found"),
        (not input, "OPSP9991", "input not found"),
        ("tr_key" not in input, "OPSP9990", "tr_key not found"),
        (not _is_key(input.get("tr_key")), "OPSP8993", "invalid tr_key"),
    ):
        if is_wrong:
            raise _unreadable(code, words)
    texts = (header["approval_key"], header["tr_type"], input.get("tr_id", ""), input["tr_key"])
    key, tr_type, tr_id, tr_key = map(str, texts)
    return Asked(key, tr_type.strip(), tr_id.strip(), tr_key)


def _unreadable(code: str, words: str) -> SessionRefused:
    return SessionRefused(code, f"JSON PARSING ERROR : {words}")


def _named(fields: object) -> Mapping[str, object]:
    """Return the fields of an object; whether their letter case counts is not known, so it does not."""
    return {name.lower(): value for name, value in fields.items()} if isinstance(fields, dict) else {}


def _is_key(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value.strip()) <= LONGEST_KEY


def _json(frame: Mapping[str, object]) -> str:
    return json.dumps(frame, ensure_ascii=False, separators=(",", ":"))
