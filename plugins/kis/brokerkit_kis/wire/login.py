"""Tokens and the envelope of every answer."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from pydantic import Field, SecretStr, StrictInt

from brokerkit.transport import Block, Effect, Endpoint, KoreanTime, Limit, Number, Words


class Envelope(Block):
    """What every answer carries; the token endpoints report errors in a form of their own."""

    success: str | None = Field(None, alias="rt_cd")  # 성공 실패 여부
    code: Words = Field("", alias="msg_cd")  # 응답코드
    words: Words = Field("", alias="msg1")  # 응답메세지
    error_code: Words = ""
    error_words: Words = Field("", alias="error_description")


class Issued(Block):
    """접근토큰발급 (oauth2/tokenP)."""

    value: SecretStr = Field(alias="access_token", min_length=1)  # 접근토큰
    expires_at: Annotated[dt.datetime, KoreanTime("%Y-%m-%d %H:%M:%S")] = Field(alias="access_token_token_expired")


class Revoked(Block):
    """접근토큰폐기 (oauth2/revokeP)."""

    code: Annotated[StrictInt, Field(ge=0, lt=10**18)] | Number  # a number, although the table says a text


class Hashed(Block):
    """Hashkey (uapi/hashkey)."""

    value: SecretStr = Field(alias="HASH", min_length=1)


class Approved(Block):
    """실시간 (웹소켓) 접속키 발급 (oauth2/Approval)."""

    value: SecretStr = Field(alias="approval_key", min_length=1)  # 웹소켓 접속키


TOKEN = Endpoint(
    {"real": "tokenP", "demo": "tokenP"}, "/oauth2/tokenP", Issued, "POST", Effect.AUTH, limit=Limit("token", 1)
)
REVOKE = Endpoint({"real": "revokeP", "demo": "revokeP"}, "/oauth2/revokeP", Revoked, "POST", Effect.AUTH)
HASHKEY = Endpoint({"real": "hashkey", "demo": "hashkey"}, "/uapi/hashkey", Hashed, "POST", Effect.AUTH)
APPROVAL = Endpoint(
    {"real": "Approval", "demo": "Approval"},
    "/oauth2/Approval",
    Approved,
    "POST",
    Effect.AUTH,
    limit=Limit("approval", 1),
)
