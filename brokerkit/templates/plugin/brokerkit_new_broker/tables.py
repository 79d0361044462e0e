"""Every call of the broker with its fields: our name, type, theirs, and their Korean term.

AN EXAMPLE: this wire is invented, so that the adapter runs before its first line is written. Replace paths, names and
codes by those of the vendor's pages, here and in sandbox.py. Number types and more: `brokerkit.transport`.
"""

from __future__ import annotations

from typing import Generic, TypeVar

from brokerkit.errors import AuthError, BrokerError, RateLimited, UnknownSymbol
from brokerkit.models import Quote
from brokerkit.transport import Block, Effect, Endpoint, JsonNumber, Number, Reply, Text, Words, ZeroIsNone
from pydantic import Field, SecretStr

R = TypeVar("R", bound=Block)
T = TypeVar("T", bound=Block)


def _call(method: str, path: str, reply: type[R], effect: Effect = Effect.READ) -> Endpoint[R]:
    """Return a call that both environments offer; one that the demo lacks has no "demo" among its ids."""
    return Endpoint({"real": path, "demo": path}, path, reply, method, effect)


# What all answers share


class Envelope(Block):
    """What every answer carries."""

    code: Text  # 응답코드
    words: Words = Field("", alias="message")  # 응답메시지


class Answer(Block, Generic[T]):
    """What success carries besides."""

    result: T


DONE = "0"
REFUSALS: dict[str, type[BrokerError]] = {
    "TOKEN": AuthError,
    "KEY": AuthError,
    "LIMIT": RateLimited,
    "SYMBOL": UnknownSymbol,
}
"""Code to error class; what is left out becomes `Rejected`. Page: (its address)."""
TOKEN_CODES = frozenset({"TOKEN"})
"""Codes after which a new token helps."""
DEFINITE: frozenset[str] = frozenset()
"""Codes that prove that an order was not taken. In doubt leave one out: the order is then uncertain, and looked for."""

# The login. Page: (its address)


class Issued(Block):
    """POST /login."""

    value: SecretStr = Field(alias="token", min_length=1)  # 접근토큰
    seconds: JsonNumber = Field(alias="expires_in")  # 유효기간


LOGIN = _call("POST", "/login", Issued, Effect.AUTH)
LOGOUT = _call("POST", "/logout", Block, Effect.AUTH)

# Prices. Page: (its address)


class Price(Reply[Quote]):
    """GET /price -> Quote. Before the first trade of the day the broker writes 0."""

    symbol: Text  # 종목코드
    name: Words = ""  # 종목명
    price: ZeroIsNone = Field(alias="last")  # 현재가
    previous_close: ZeroIsNone = Field(alias="base")  # 기준가
    change: Number  # 전일대비
    change_percent: Number = Field(alias="rate")  # 등락률
    open: ZeroIsNone  # 시가
    high: ZeroIsNone  # 고가
    low: ZeroIsNone  # 저가
    volume: Number  # 누적거래량


PRICE = _call("GET", "/price", Answer[Price])
