"""What KIS says over the socket beside data: acknowledgements, refusals and its heartbeat. All of it is JSON."""

from __future__ import annotations

from typing import NamedTuple

from pydantic import Field, SecretStr

from brokerkit.errors import AuthError, BrokerError, KeyInUse, Rejected, StreamError, UnknownSymbol
from brokerkit.transport import Block, Words

HEARTBEAT = "PINGPONG"


class Header(Block):
    """Of what it speaks."""

    channel: Words = Field("", alias="tr_id")  # 거래ID
    key: SecretStr = Field(SecretStr(""), alias="tr_key")  # 구분값; of own orders a login name


class Seals(Block):
    """What opens encrypted frames."""

    key: SecretStr = SecretStr("")  # AES256 Key
    iv: SecretStr = SecretStr("")  # AES256 IV


class Body(Block):
    """An acknowledgement or a refusal."""

    success: str = Field(alias="rt_cd")  # 성공 실패 여부
    code: Words = Field("", alias="msg_cd")  # 응답코드
    words: Words = Field("", alias="msg1")  # 응답메세지
    output: Seals | None = None

    def is_good(self, *, is_wanted: bool) -> bool:
        """Say whether all is as it was to be: registered already is good, not registered only where none is wanted."""
        if self.code == NOT_REGISTERED:
            return not is_wanted
        return self.code == ALREADY_REGISTERED or self.success == "0"


class Spoken(Block):
    """A frame of JSON."""

    header: Header
    body: Body | None = None


ALREADY_REGISTERED, NOT_REGISTERED = "OPSP0002", "OPSP0003"
KEY_UNKNOWN = frozenset({"OPSP0010", "OPSP0011"})
IN_USE = "OPSP8996"


class Meaning(NamedTuple):
    """What a refusal means here."""

    error: type[BrokerError]
    heals: bool
    advice: str | None = None


_NO_USER = "KIS does not take the hts_id of the profile: give the login name of the key's owner, in its letter case."
_OURS = "The frame is not as KIS wants it. Please report the code."
_WRONG_KEY = ("OPSP8992", "OPSP8993")
MEANING = {
    "OPSP0007": Meaning(StreamError, True, "The server is in trouble."),
    "OPSP0008": Meaning(
        StreamError,
        False,
        "KIS takes 41 registrations of a key in all. Close subscriptions that are not needed, or follow fewer symbols.",
    ),
    **dict.fromkeys(KEY_UNKNOWN, Meaning(AuthError, False)),
    "OPSP0017": Meaning(AuthError, False, _NO_USER),  # by two clients; KIS closes the line behind it
    "OPSP8991": Meaning(Rejected, False, "KIS does not know the channel, or has not got it in this environment."),
    **dict.fromkeys(_WRONG_KEY, Meaning(Rejected, False, _NO_USER)),
    IN_USE: Meaning(
        KeyInUse,
        False,
        "KIS takes one connection of a key: end the other program, or give this one keys of its own. A connection that "
        "broke may count for about two minutes.",
    ),
    **dict.fromkeys(
        ("OPSP8997", "OPSP8998", *(f"OPSP{number}" for number in range(9990, 10_000))), Meaning(Rejected, False, _OURS)
    ),
}
"""Refusals over the socket. A code that is not here is a Rejected, which is told and not tried again."""


def meaning(code: str, *, is_of_symbol: bool) -> Meaning:
    """Return what a refusal with a code means, of a channel that is registered with a symbol or of another."""
    if code in _WRONG_KEY and is_of_symbol:
        return Meaning(UnknownSymbol, False)
    return MEANING.get(code, Meaning(Rejected, False))
