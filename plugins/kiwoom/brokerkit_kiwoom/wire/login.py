"""Tokens, the account number and the envelope of every answer."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from pydantic import AliasChoices, Field, SecretStr, StrictInt

from brokerkit.transport import Block, Effect, Endpoint, KoreanTime, Words


class Envelope(Block):
    """What every answer carries. The class is a number or a text; the real code stands in the words."""

    result: StrictInt | str | None = Field(None, validation_alias=AliasChoices("return_code", "returnCode"))
    words: Words = Field("", validation_alias=AliasChoices("return_msg", "returnMsg"))


class Done(Block):
    """An answer without content."""


class Issued(Block):
    """접근토큰 발급 (au10001)."""

    value: SecretStr = Field(alias="token", min_length=1)  # 접근토큰
    expires_at: Annotated[dt.datetime, KoreanTime("%Y%m%d%H%M%S")] = Field(alias="expires_dt")  # 만료일


class Account(Block):
    """계좌번호조회 (ka00001)."""

    number: SecretStr = Field(alias="acctNo", min_length=1)  # 계좌번호


TOKEN = Endpoint({"real": "au10001", "demo": "au10001"}, "/oauth2/token", Issued, "POST", Effect.AUTH)
REVOKE = Endpoint({"real": "au10002", "demo": "au10002"}, "/oauth2/revoke", Done, "POST", Effect.AUTH)
ACCOUNT = Endpoint({"real": "ka00001", "demo": "ka00001"}, "/api/dostk/acnt", Account, "POST")
