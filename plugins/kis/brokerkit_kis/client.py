"""Logging in at KIS: token, headers, error codes, pages, limits."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from pydantic import Field, SecretStr, field_validator

from brokerkit import config
from brokerkit.errors import BrokerError, IncompleteListing, InsufficientFunds
from brokerkit.transport import (
    Client,
    Effect,
    Endpoint,
    Headers,
    Parameters,
    Response,
    Token,
    Whole,
    preparing,
)
from brokerkit_kis.wire import errors, login
from brokerkit_kis.wire.types import whole_page

KEY_LENGTH, SECRET_LENGTH = 36, 180
CALLS_PER_SECOND = {"real": 18, "demo": 1}


class Settings(config.Settings):
    """Settings of a KIS profile."""

    account: SecretStr = Field(description="Eight digits and the two of the product, as 50012345-01")
    hts_id: SecretStr | None = None
    """Login name at the broker's own programs; execution notices need it."""
    identities: ClassVar = frozenset({"account", "hts_id"})
    use_hashkey: bool = False
    """Send a hash of every order's body. KIS does not ask for it any more, and it costs a call."""

    allow_insecure_websocket: bool = False
    """Use the broker's socket, which is not encrypted: the key that opens it travels there in clear."""

    @field_validator("account")
    @classmethod
    def _ten_digits(cls, account: SecretStr) -> SecretStr:
        digits = SecretStr(account.get_secret_value().replace("-", ""))
        if re.fullmatch("[0-9]{8,9}", digits.get_secret_value()):
            raise ValueError(
                "lacks the product code of two digits after the dash: 01 for stocks, as 50012345-01 "
                "(22 and 29 are pension accounts)"
            )
        if not re.fullmatch("[0-9]{10}", digits.get_secret_value()):
            raise ValueError("must be eight digits and two more, as 50012345-01")
        return digits


class KisClient(Client):
    """Client of the KIS Open API."""

    settings: Settings
    broker = "kis"
    hosts = {
        "real": "https://openapi.koreainvestment.com:9443",
        "demo": "https://openapivts.koreainvestment.com:29443",
    }
    echo_header = "tr_id"
    refusals = errors.REFUSALS
    advice = errors.ADVICE
    token_codes = errors.TOKEN_CODES
    calls_per_second = CALLS_PER_SECOND
    token_interval = 60.0
    too_soon = "EGW00133"
    # Whatever is not asked with GET; and of GET what another method orders with, but for two lists of reserved orders.
    token_call, revoke_call = login.TOKEN, login.REVOKE
    written_headers = {
        "content-type": "application/json; charset=utf-8",
        "authorization": "Bearer {{token}}",
        "appkey": "{{app_key}}",
        "appsecret": "{{app_secret}}",
        "tr_id": "{{id}}",
        "tr_cont": "",
        "custtype": "P",
    }
    written_fields = {
        "CANO": "{{account}}",
        "ACNT_PRDT_CD": "{{product}}",
        "grant_type": "client_credentials",
        "appkey": "{{app_key}}",
        "appsecret": "{{app_secret}}",
        "secretkey": "{{app_secret}}",
        "token": "{{token}}",
    }
    envelope = frozenset({"rt_cd", "msg_cd", "msg1"})
    order_calls = (
        "^(?!get ).*/trading/"
        "|^(?!get /uapi/(domestic-stock/v1/trading/order-resv-ccnl|overseas-stock/v1/trading/order-resv-list)$)"
        ".*/trading/(daytime-)?(order|buy|sell)"
    )

    def account(self) -> Parameters:
        """Return the account as every account call names it."""
        number = self.settings.account
        return {
            "CANO": SecretStr(number.get_secret_value()[:8]),
            "ACNT_PRDT_CD": number.get_secret_value()[8:],
        }

    def keys(self) -> Parameters:
        """Return the key as the calls that log in name it. The secret of a socket is called otherwise."""
        secret = self.settings.app_secret
        return {
            "grant_type": "client_credentials",
            "appkey": self.settings.app_key,
            "appsecret": secret,
            "secretkey": secret,
        }

    def whole(self, pages: tuple[str, ...], effect: Effect) -> type[Whole]:
        return whole_page(pages) if pages else Whole

    def order_headers(self, body: Parameters) -> Headers:
        """Return the hashkey header of an order if the settings ask for it."""
        if not self.settings.use_hashkey:
            return {}
        with preparing("the hashkey"):
            return {"hashkey": self.call(login.HASHKEY, body=body).value}

    def headers(self, endpoint: Endpoint[Any]) -> Headers:
        headers: Headers = {"content-type": "application/json; charset=utf-8"}
        keys: Headers = {"appkey": self.settings.app_key, "appsecret": self.settings.app_secret}
        if endpoint.path == login.HASHKEY.path:
            return {**headers, **keys}
        if endpoint.effect is Effect.AUTH:
            return headers
        return {
            **headers,
            **({"tr_cont": ""} if endpoint.reply.paging is not None else {}),
            **keys,
            "authorization": self.bearer(),
            "tr_id": endpoint.id(self.environment),
            "custtype": "P",
        }

    def check(self, endpoint: Endpoint[Any], answer: Response) -> None:
        envelope = login.Envelope.model_validate_json(answer.content)
        if envelope.error_code:
            self.refuse(endpoint, envelope.error_code, envelope.error_words)
        if envelope.success is None:
            if endpoint.effect is Effect.AUTH and answer.status == 200:
                return
            raise self.no_verdict(endpoint, answer, f"HTTP {answer.status} without rt_cd")
        if envelope.success != "0":
            if answer.status >= 500 and not envelope.code and not envelope.words:
                raise self.no_verdict(endpoint, answer, f"HTTP {answer.status} without a code and without words")
            self.refuse(endpoint, envelope.code, envelope.words)

    def refusal(self, code: str, words: str) -> type[BrokerError]:
        if code in errors.TWO_MEANINGS and "금액" in words:
            return InsufficientFunds
        if errors.DATA_CHANGED in words:
            return IncompleteListing
        return super().refusal(code, words)

    def advise(self, code: str) -> str | None:
        if code not in errors.TOLD_OF_WRONG_KEYS:
            return super().advise(code)
        key, secret = len(self.settings.app_key), len(self.settings.app_secret)
        if key != KEY_LENGTH and secret != SECRET_LENGTH:
            return (
                f"Look at the keys: the app key has {key} characters, not {KEY_LENGTH} "
                f"and the app secret has {secret} characters, not {SECRET_LENGTH}."
            )
        if key != KEY_LENGTH:
            return f"Look at the keys: the app key has {key} characters, not {KEY_LENGTH}."
        if secret != SECRET_LENGTH:
            return f"Look at the keys: the app secret has {secret} characters, not {SECRET_LENGTH}."
        return super().advise(code)

    def is_definite(self, code: str) -> bool:
        return re.fullmatch(errors.DEFINITE, code) is not None and code not in errors.ACCEPTED

    def issue_token(self) -> Token:
        issued = self.call(
            login.TOKEN,
            body={
                "grant_type": "client_credentials",
                "appkey": self.settings.app_key,
                "appsecret": self.settings.app_secret,
            },
        )
        return Token(issued.value, issued.expires_at)

    def approval_key(self) -> SecretStr:
        """Ask for a key that opens a socket. Its secret is called otherwise there."""
        keys: Parameters = {"appkey": self.settings.app_key, "secretkey": self.settings.app_secret}
        return self.call(login.APPROVAL, body={"grant_type": "client_credentials", **keys}).value

    def revoke_token(self, token: SecretStr) -> None:
        revoked = self.call(
            login.REVOKE,
            body={"appkey": self.settings.app_key, "appsecret": self.settings.app_secret, "token": token},
        )
        if revoked.code != 200:
            raise self.wrong(login.REVOKE, f"code {revoked.code} instead of 200")
