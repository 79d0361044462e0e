"""How the server writes: refusals, envelopes, number formats."""

from __future__ import annotations

import datetime as dt
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from brokerkit.sandbox.face import NOT_PLAYED, FaceRefusal

NOT_OFFERED = ("90000000", "제공하지 않는 업무")
"""Seen in the demo for calls that it has not got; the real server has all of them."""
ACCOUNT_MESSAGE_BYTES = 80
"""Account queries pad msg1 to this many bytes of the server's own encoding, in which Korean letters take two."""

_ONE = Decimal(1)
_STEPS = tuple(_ONE.scaleb(-places) for places in range(11))


class Refused(FaceRefusal):
    """A refusal in the usual envelope, HTTP 200: what the ledger and the field checks say."""

    def __init__(self, code: str, words: str, *, result: str = "1") -> None:
        self.code = code
        self.words = words
        self.result = result
        super().__init__(f"{code}: {words}")

    def body(self) -> dict[str, object]:
        """Return the answer's body."""
        return {"rt_cd": self.result, "msg_cd": self.code, "msg1": self.words}


class NotPlayed(Refused):
    """A refusal of ours: the server has the call, this sandbox has not."""

    headers = NOT_PLAYED


class GatewayRefused(Refused):
    """A refusal of the gateway in front of the ledger: the usual envelope, HTTP 500."""

    status = 500


class LoginRefused(Refused):
    """A refusal under /oauth2: an envelope of its own, HTTP 403."""

    # Seen with EGW00133 and EGW00103; that the other refusals under /oauth2 look the same is not known.
    status = 403

    def body(self) -> dict[str, object]:
        """Return the answer's body."""
        return {"error_description": self.words, "error_code": self.code}


def done(code: str, words: str, **blocks: object) -> dict[str, object]:
    """Return the body of a call that was done."""
    return {**blocks, "rt_cd": "0", "msg_cd": code, "msg1": words}


def padded(text: str, size: int) -> str:
    """Fill a text with blanks up to `size` bytes, Korean letters counting two."""
    return text + " " * max(0, size - len(text.encode("cp949", errors="replace")))


def whole(value: Decimal) -> str:
    """Write a price, amount or quantity as integer text, the minus sign first."""
    cut = int(value)  # most are whole already, and rows of the socket have fifty of them
    return str(cut if cut == value else int(value.quantize(_ONE, ROUND_HALF_UP)))


def fixed(value: Decimal, places: int) -> str:
    """Write a number with a fixed count of decimals, the minus sign first, never `-0`."""
    rounded = value.quantize(_STEPS[places], ROUND_HALF_UP)
    return f"{rounded + Decimal(0):f}"


def percent(part: Decimal, base: Decimal, places: int) -> str:
    """Write `part` of `base` in percent; zero where there is no base."""
    return fixed(part * 100 / base if base else Decimal(0), places)


def time_text(time: dt.datetime) -> str:
    """Write a time of day as six digits."""
    # A third of what strftime takes, and long lists have one in every row.
    return f"{time.hour:02d}{time.minute:02d}{time.second:02d}"


@lru_cache(maxsize=1_000)
def day_text(day: dt.date) -> str:
    """Write a day as eight digits."""
    return f"{day:%Y%m%d}"


def order_number(number: int) -> str:
    """Write an order number as the ten digits of the wire."""
    return f"{number:010d}"
